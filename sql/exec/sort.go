package exec

import (
	"cmp"
	"slices"

	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// A sortEntry is a row with eight bytes of its first key that order as the key does.
type sortEntry struct {
	prefix uint64
	row    int32
}

// sortRows returns the numbers of all rows of s in the order of keys; rows with
// equal keys keep their order.
func sortRows(s *rowStore, keys []sortCol) []int32 {
	out := make([]int32, 0, s.n)
	if len(keys) == 0 {
		for i := range s.n {
			out = append(out, int32(i))
		}
		return out
	}
	k := &keys[0]
	entries := make([]sortEntry, 0, s.n)
	var nulls []sortEntry
	exact := true
	for i := range s.n {
		v, at := s.vec(i, k.col)
		if v.IsNull(at) {
			nulls = append(nulls, sortEntry{0, int32(i)})
			continue
		}
		p, ok := prefixOf(k.oid, v, at)
		exact = exact && ok
		if k.desc {
			p = ^p
		}
		entries = append(entries, sortEntry{p, int32(i)})
	}
	sortEntries(s, entries, keys, exact)
	sortEntries(s, nulls, keys, true)
	if k.nullsFirst {
		entries, nulls = nulls, entries
	}
	for _, part := range [][]sortEntry{entries, nulls} {
		for _, e := range part {
			out = append(out, e.row)
		}
	}
	return out
}

// sortEntries sorts rows of one side of the first key's NULLs. exact: equal
// prefixes are equal first keys.
func sortEntries(s *rowStore, entries []sortEntry, keys []sortCol, exact bool) {
	if exact && len(keys) > 0 {
		keys = keys[1:]
	}
	slices.SortFunc(entries, func(a, b sortEntry) int {
		if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
			return c
		}
		if len(keys) > 0 {
			if c := s.compareRows(keys, int(a.row), int(b.row)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.row, b.row)
	})
}

// prefixOf gives eight bytes of a value that order as values of the type do, and
// whether equal bytes mean equal values.
func prefixOf(oid types.OID, v *types.Vec, i int) (p uint64, exact bool) {
	switch {
	case oid == types.CharOID, oid == types.XID8OID: // ordered as unsigned numbers
		return uint64(v.I[i]), true
	case v.Kind == types.KindInt || v.Kind == types.KindBool:
		return uint64(v.I[i]) ^ 1<<63, true
	case v.Kind == types.KindFloat:
		b := floatBits(v.F[i])
		if b>>63 != 0 {
			return ^b, true
		}
		return b | 1<<63, true
	case v.Kind == types.KindBytes && plainBytes(oid):
		s := v.S[i]
		for k := range 8 {
			p <<= 8
			if k < len(s) {
				p |= uint64(s[k])
			}
		}
		return p, false
	}
	return 0, false
}

// Sort.
type sortSpec struct {
	in            spec
	keys          []sortCol
	presorted     int
	count, offset *expr.Compiled
	bounded       bool
	ncols         int
}

func (c *compiler) sort(n *plan.Sort) (spec, error) {
	s := &sortSpec{presorted: n.Presorted, bounded: n.Limit != nil, ncols: len(n.Input.Columns())}
	var err error
	if s.in, err = c.node(n.Input); err != nil {
		return nil, err
	}
	if s.count, err = c.expr(n.Limit, nil); err != nil {
		return nil, err
	}
	if s.offset, err = c.expr(n.Offset, nil); err != nil {
		return nil, err
	}
	s.keys, err = sortCols(n.Keys, n.Input.Columns())
	return s, err
}

func (s *sortSpec) operator(r *run) operator {
	return &sortOp{r: r, s: s, in: s.in.operator(r), rows: newRowStore(&r.mem, s.ncols), out: newBatch(s.ncols)}
}

type sortOp struct {
	r     *run
	s     *sortSpec
	in    operator
	rows  *rowStore
	order []int32
	at    int
	bound int // rows wanted; -1: all
	out   *types.Batch

	pending *types.Batch // presorted: the input's batch, taken up to from
	from    int
	ended   bool
	peak    int64
	topN    bool
}

func (o *sortOp) open() error {
	o.rows.reset()
	o.order, o.at, o.ended, o.pending = nil, 0, false, nil
	o.bound = -1
	if o.s.bounded {
		offset, count, err := o.r.limits(o.s.count, o.s.offset)
		if err != nil {
			return err
		}
		// Past some size a bound saves nothing.
		if total := offset + count; count >= 0 && total >= 0 && total < 1<<20 {
			o.bound = int(total)
		}
	}
	return o.in.open()
}

func (o *sortOp) close() {
	o.rows.reset()
	o.order = nil
	o.in.close()
}

func (o *sortOp) next() (*types.Batch, error) {
	for o.at >= len(o.order) {
		if o.ended {
			return nil, nil
		}
		if err := o.fill(); err != nil {
			return nil, err
		}
	}
	rows := o.order[o.at:min(len(o.order), o.at+types.BatchSize)]
	o.rows.gatherBatch(rows, o.out, 0)
	o.at += len(rows)
	return o.out, nil
}

// fill reads the input, or with presorted keys its next run of equal ones, and sorts.
func (o *sortOp) fill() error {
	o.rows.reset()
	o.at = 0
	for {
		b, err := o.input()
		if err != nil {
			return err
		}
		if b == nil {
			o.ended = true
			break
		}
		n := b.Len
		if o.s.presorted > 0 {
			n = o.sameRun(b)
		}
		if n > 0 {
			if err := o.rows.appendBatch(sliceBatch(b, 0, n)); err != nil {
				return err
			}
		}
		if n < b.Len {
			o.pending, o.from = b, n
			break
		}
		o.pending = nil
		if err := o.prune(); err != nil {
			return err
		}
		if err := o.r.canceled(); err != nil {
			return err
		}
	}
	o.peak = max(o.peak, o.rows.bytes)
	if err := o.r.mem.grow(int64(o.rows.n) * 20); err != nil {
		return err
	}
	o.order = sortRows(o.rows, o.s.keys)
	o.r.mem.release(int64(o.rows.n) * 20)
	if o.bound >= 0 {
		o.order = o.order[:min(len(o.order), o.bound)]
		o.topN = true
	}
	return nil
}

func (o *sortOp) input() (*types.Batch, error) {
	if o.pending != nil {
		return sliceBatch(o.pending, o.from, o.pending.Len), nil
	}
	return o.in.next()
}

// sameRun counts the rows at b's head that continue the run being collected.
func (o *sortOp) sameRun(b *types.Batch) int {
	keys := o.s.keys[:o.s.presorted]
	for i := range b.Len {
		for k := range keys {
			col := keys[k].col
			v, at := b.Cols[col], 0
			if o.rows.n > 0 {
				v, at = o.rows.vec(0, col)
			}
			if !equalAt(keys[k].oid, v, at, b.Cols[col], i) {
				return i
			}
		}
	}
	return b.Len
}

// prune forgets rows that cannot be among the first bound ones.
func (o *sortOp) prune() error {
	if o.bound < 0 || o.rows.n < 2*o.bound+4*types.BatchSize {
		return nil
	}
	best := sortRows(o.rows, o.s.keys)[:o.bound]
	// Rows keep their order of arrival, so that ties stay as they are.
	slices.Sort(best)
	kept := newRowStore(&o.r.mem, o.s.ncols)
	for at := 0; at < len(best); at += types.BatchSize {
		o.rows.gatherBatch(best[at:min(len(best), at+types.BatchSize)], o.out, 0)
		if err := kept.appendBatch(o.out); err != nil {
			return err
		}
	}
	o.peak = max(o.peak, o.rows.bytes)
	o.rows.reset()
	o.rows = kept
	return nil
}
