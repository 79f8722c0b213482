package exec

import (
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Unique drops rows that equal the one before.
type uniqueSpec struct {
	in    spec
	feed  feedSpec
	on    []int
	oids  []types.OID
	ncols int
}

func (c *compiler) unique(n *plan.Unique) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	s := &uniqueSpec{in: in, feed: c.feed(n.Input, false), ncols: len(cols)}
	ids := n.On
	if ids == nil {
		for _, col := range cols {
			ids = append(ids, col.ID)
		}
	}
	for _, id := range ids {
		at, err := mustPlace(cols, id)
		if err != nil {
			return nil, err
		}
		s.on = append(s.on, at)
		s.oids = append(s.oids, cols[at].T.OID)
	}
	return s, nil
}

func (s *uniqueSpec) operator(r *run) operator {
	return &unique{feed: feed{feedSpec: s.feed, in: s.in.operator(r)}, r: r, s: s, out: newBatch(s.ncols)}
}

type unique struct {
	feed
	r    *run
	s    *uniqueSpec
	last []*types.Vec // the On columns of the last row kept; nil at the start
	sel  []int
	out  *types.Batch
}

func (u *unique) open() error {
	u.last = nil
	return u.feed.open()
}

func (u *unique) next() (*types.Batch, error) {
	for {
		b, err := u.feed.next()
		if err != nil || b == nil {
			return nil, err
		}
		u.sel = u.sel[:0]
		prev := -1 // row of b; -1: last
		for i := range b.Len {
			if !u.same(b, prev, i) {
				u.sel = append(u.sel, i)
				prev = i
			}
		}
		if len(u.sel) == 0 {
			continue
		}
		u.remember(b, prev)
		if len(u.sel) == b.Len {
			return b, nil
		}
		compact(b, u.sel, u.out)
		return u.out, nil
	}
}

func (u *unique) same(b *types.Batch, prev, i int) bool {
	if prev < 0 && u.last == nil {
		return false
	}
	for k, c := range u.s.on {
		v, at := b.Cols[c], prev
		if prev < 0 {
			v, at = u.last[k], 0
		}
		if !equalAt(u.s.oids[k], v, at, b.Cols[c], i) {
			return false
		}
	}
	return true
}

func (u *unique) remember(b *types.Batch, row int) {
	u.last = make([]*types.Vec, len(u.s.on))
	for k, c := range u.s.on {
		u.last[k] = &types.Vec{}
		gatherVec(b.Cols[c], []int32{int32(row)}, u.last[k])
	}
}

// HashDistinct keeps the first row of each value.
type distinctSpec struct {
	in   spec
	feed feedSpec
	oids []types.OID
}

func (c *compiler) hashDistinct(n *plan.HashDistinct) (spec, error) {
	in, err := c.node(n.Input)
	return &distinctSpec{in, c.feed(n.Input, false), oidsOf(n.Input.Columns())}, err
}

func (s *distinctSpec) operator(r *run) operator {
	return &distinct{feed: feed{feedSpec: s.feed, in: s.in.operator(r)}, r: r, keys: newKeyTable(&r.mem, s.oids), out: newBatch(len(s.oids))}
}

type distinct struct {
	feed
	r    *run
	keys *keyTable
	sel  []int
	out  *types.Batch
}

func (d *distinct) open() error {
	d.keys.reset()
	return d.feed.open()
}

func (d *distinct) close() {
	d.keys.reset()
	d.feed.close()
}

func (d *distinct) next() (*types.Batch, error) {
	for {
		b, err := d.feed.next()
		if err != nil || b == nil {
			return nil, err
		}
		if d.sel, err = newRows(d.keys, b, d.sel[:0]); err != nil {
			return nil, err
		}
		if len(d.sel) == b.Len {
			return b, nil
		}
		if len(d.sel) > 0 {
			compact(b, d.sel, d.out)
			return d.out, nil
		}
		if err := d.r.canceled(); err != nil {
			return nil, err
		}
	}
}

// newRows adds b's rows to keys and appends to sel those that were not there.
func newRows(keys *keyTable, b *types.Batch, sel []int) ([]int, error) {
	h := keys.hashes(b.Cols, b.Len)
	for i := range b.Len {
		_, added, err := keys.put(b.Cols, i, h[i])
		if err != nil {
			return sel, err
		}
		if added {
			sel = append(sel, i)
		}
	}
	return sel, nil
}

// SetOp is INTERSECT and EXCEPT, with and without ALL, by counting R's rows.
type setOpSpec struct {
	op   rel.SetOpKind
	all  bool
	l, r spec
	oids []types.OID
}

func (c *compiler) setOp(n *plan.SetOp) (spec, error) {
	l, err := c.node(n.L)
	if err != nil {
		return nil, err
	}
	r, err := c.node(n.R)
	return &setOpSpec{n.Op, n.All, l, r, oidsOf(n.Columns())}, err
}

func (s *setOpSpec) operator(r *run) operator {
	return &setOp{r: r, s: s, left: s.l.operator(r), right: s.r.operator(r),
		keys: newKeyTable(&r.mem, s.oids), out: newBatch(len(s.oids))}
}

type setOp struct {
	r           *run
	s           *setOpSpec
	left, right operator
	keys        *keyTable
	counts      []int // rows of R with the key that L's rows have not met
	given       []bool
	ready       bool
	sel         []int
	out         *types.Batch
}

func (o *setOp) open() error {
	o.keys.reset()
	o.counts, o.given, o.ready = nil, nil, false
	return nil
}

func (o *setOp) close() {
	o.keys.reset()
	o.left.close()
	o.right.close()
}

func (o *setOp) next() (*types.Batch, error) {
	if !o.ready {
		if err := o.count(); err != nil {
			return nil, err
		}
		if err := o.left.open(); err != nil {
			return nil, err
		}
		o.ready = true
	}
	for {
		b, err := o.left.next()
		if err != nil || b == nil {
			return nil, err
		}
		if err := o.choose(b); err != nil {
			return nil, err
		}
		if len(o.sel) > 0 {
			compact(b, o.sel, o.out)
			return o.out, nil
		}
		if err := o.r.canceled(); err != nil {
			return nil, err
		}
	}
}

// count reads R.
func (o *setOp) count() error {
	if err := o.right.open(); err != nil {
		return err
	}
	for {
		b, err := o.right.next()
		if err != nil {
			return err
		}
		if b == nil {
			return nil
		}
		h := o.keys.hashes(b.Cols, b.Len)
		for i := range b.Len {
			id, err := o.put(b, i, h[i])
			if err != nil {
				return err
			}
			o.counts[id]++
		}
	}
}

func (o *setOp) put(b *types.Batch, i int, h uint64) (int32, error) {
	id, added, err := o.keys.put(b.Cols, i, h)
	if added {
		o.counts, o.given = append(o.counts, 0), append(o.given, false)
	}
	return id, err
}

// choose sets sel to the rows of L's batch that the operation keeps.
func (o *setOp) choose(b *types.Batch) error {
	o.sel = o.sel[:0]
	h := o.keys.hashes(b.Cols, b.Len)
	for i := range b.Len {
		id, err := o.put(b, i, h[i])
		if err != nil {
			return err
		}
		inR := o.counts[id] > 0
		if o.s.all && inR {
			o.counts[id]--
		}
		keep := inR == (o.s.op == rel.Intersect)
		if o.s.op == rel.Union {
			keep = true
		}
		if keep && !o.s.all {
			keep, o.given[id] = !o.given[id], true
		}
		if keep {
			o.sel = append(o.sel, i)
		}
	}
	return nil
}
