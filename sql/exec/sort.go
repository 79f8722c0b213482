package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/types"
)

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

	first *firstRows // bounded: those of the rows that may be wanted

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
	if o.bound > 0 && len(o.s.keys) > 0 {
		o.first = &firstRows{sorter: newSorter(o.rows, o.s.keys), want: o.bound}
	}
	if err := o.read(); err != nil {
		return err
	}
	o.peak = max(o.peak, o.rows.bytes)
	if err := o.r.mem.grow(int64(o.rows.n) * 24); err != nil {
		return err
	}
	if o.first != nil {
		o.order = o.first.order()
	} else {
		o.order = sortRows(o.rows, o.s.keys)
	}
	o.r.mem.release(int64(o.rows.n) * 24)
	if o.bound >= 0 {
		o.order = o.order[:min(len(o.order), o.bound)]
		o.topN = true
	}
	return nil
}

// read collects the rows to sort.
func (o *sortOp) read() error {
	for {
		b, err := o.input()
		if err != nil {
			return err
		}
		if b == nil {
			o.ended = true
			return nil
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
		if err := o.prune(); err != nil {
			return err
		}
		if n < b.Len {
			o.pending, o.from = b, n
			return nil
		}
		o.pending = nil
		if err := o.r.canceled(); err != nil {
			return err
		}
	}
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
	if o.bound < 0 {
		return nil
	}
	var left []sortEntry
	if o.first != nil {
		o.first.take()
		left = o.first.entries
	}
	if o.rows.n < 2*o.bound+4*types.BatchSize {
		return nil
	}
	ids := make([]int32, len(left))
	for i := range left {
		ids[i] = left[i].row
		left[i].row = int32(i)
	}
	kept := newRowStore(&o.r.mem, o.s.ncols)
	for at := 0; at < len(ids); at += types.BatchSize {
		o.rows.gatherBatch(ids[at:min(len(ids), at+types.BatchSize)], o.out, 0)
		if err := kept.appendBatch(o.out); err != nil {
			return err
		}
	}
	o.peak = max(o.peak, o.rows.bytes)
	o.rows.reset()
	o.rows = kept
	if o.first != nil {
		o.first.sorter.s, o.first.seen = kept, kept.n
	}
	return nil
}
