package exec

import (
	"slices"

	"zorya/sql/funcs"
	"zorya/sql/types"
)

// orderless aggregates give the same result in whatever order the distinct values
// come.
var orderless = map[string]bool{"count": true, "min": true, "max": true, "bool_and": true, "bool_or": true, "every": true}

// An aggState is one aggregate of one group.
type aggState struct {
	agg  funcs.Agg
	seen *keyTable // DISTINCT without order
	rows *rowStore // rows kept
	size int
}

type aggregate struct {
	r      *run
	s      *aggSpec
	in     operator
	sets   []*groupSet
	filled bool
	set    int // being put out
	row    int
	buf    *types.Batch
	view   types.Batch
	size   int64 // of states, charged

	// of the current batch
	args [][]*types.Vec
	keep [][]*types.Vec
	pass [][]int // rows that the aggregate takes; nil: all
	gids []int32

	argRow []types.Datum
	// scratch of byGroup
	perm, part, every []int
	count, touched    []int32

	ended bool // sorted: the input has ended
}

// A groupSet is the groups of one grouping set.
type groupSet struct {
	cols   []int // places in the group list that count
	keys   *keyTable
	states []aggState // len(aggs) a group
	n      int        // groups
}

func (a *aggregate) open() error {
	a.drop()
	a.filled, a.set, a.row, a.ended = false, 0, 0, false
	return a.in.open()
}

func (a *aggregate) close() {
	a.drop()
	a.in.close()
}

func (a *aggregate) drop() {
	for _, g := range a.sets {
		g.keys.reset()
		for i := range g.states {
			g.states[i].free()
		}
	}
	a.sets = nil
	a.r.mem.release(a.size)
	a.size = 0
}

func (st *aggState) free() {
	if st.seen != nil {
		st.seen.reset()
	}
	if st.rows != nil {
		st.rows.reset()
	}
}

// start makes the group sets; a set without columns has its one group from the start.
func (a *aggregate) start() error {
	a.drop()
	a.set, a.row = 0, 0
	sets := a.s.sets
	if sets == nil {
		all := make([]int, len(a.s.group))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	for _, cols := range sets {
		g := &groupSet{cols: cols}
		var oids []types.OID
		for _, c := range cols {
			oids = append(oids, a.s.oids[c])
		}
		g.keys = newKeyTable(&a.r.mem, oids)
		if len(cols) == 0 {
			if err := a.addGroup(g); err != nil {
				return err
			}
		}
		a.sets = append(a.sets, g)
	}
	return nil
}

// Bytes that a group costs beside its keys and its aggregates' own sizes.
const groupBytes = 64

func (a *aggregate) addGroup(g *groupSet) error {
	g.n++
	bytes := int64(groupBytes)
	for i := range a.s.aggs {
		call := &a.s.aggs[i]
		st := aggState{agg: call.fn.NewAgg(a.r.env.Ctx, call.argTypes)}
		switch {
		case call.kept:
			st.rows = newRowStore(&a.r.mem, len(call.keep))
		case call.distinct:
			oids := make([]types.OID, len(call.args))
			for k := range oids {
				oids[k] = call.argTypes[k].OID
			}
			st.seen = newKeyTable(&a.r.mem, oids)
		}
		st.size = st.agg.Size()
		bytes += int64(st.size)
		g.states = append(g.states, st)
	}
	a.size += bytes
	return a.r.mem.grow(bytes)
}

func (a *aggregate) next() (*types.Batch, error) {
	if a.s.sorted {
		return a.nextSorted()
	}
	if !a.filled {
		if err := a.start(); err != nil {
			return nil, err
		}
		if err := a.consume(); err != nil {
			return nil, err
		}
		a.filled = true
	}
	return a.emit()
}

func (a *aggregate) consume() error {
	for {
		b, err := a.in.next()
		if err != nil {
			return err
		}
		if b == nil {
			if !a.s.again {
				a.in.close()
			}
			return nil
		}
		if err := a.r.canceled(); err != nil {
			return err
		}
		if err := a.add(b); err != nil {
			return err
		}
	}
}

// add takes a batch into all sets.
func (a *aggregate) add(b *types.Batch) error {
	if b.Len == 0 {
		return nil
	}
	if err := a.evaluate(b); err != nil {
		return err
	}
	for _, g := range a.sets {
		if err := a.assign(g, b); err != nil {
			return err
		}
		if err := a.accumulate(g, b.Len); err != nil {
			return err
		}
	}
	return nil
}

// assign finds each row's group in g.
func (a *aggregate) assign(g *groupSet, b *types.Batch) error {
	if cap(a.gids) < b.Len {
		a.gids = make([]int32, max(b.Len, types.BatchSize))
	}
	a.gids = a.gids[:b.Len]
	if len(g.cols) == 0 {
		clear(a.gids)
		return nil
	}
	cols := make([]*types.Vec, len(g.cols))
	for i, c := range g.cols {
		cols[i] = b.Cols[a.s.group[c]]
	}
	h := g.keys.hashes(cols, b.Len)
	for i := range b.Len {
		id, added, err := g.keys.put(cols, i, h[i])
		if err != nil {
			return err
		}
		if added {
			if err := a.addGroup(g); err != nil {
				return err
			}
		}
		a.gids[i] = id
	}
	return nil
}

// Up to so many rows are added to an aggregate one by one.
const fewRows = 4

// emit puts out the groups of all sets.
func (a *aggregate) emit() (*types.Batch, error) {
	resetBatch(a.buf)
	for a.buf.Len < types.BatchSize && a.set < len(a.sets) {
		g := a.sets[a.set]
		if a.row >= g.n {
			a.set, a.row = a.set+1, 0
			continue
		}
		if err := a.putGroup(g); err != nil {
			return nil, err
		}
		a.row++
	}
	if a.buf.Len == 0 {
		return nil, nil
	}
	return a.visible(), nil
}

func (a *aggregate) putGroup(g *groupSet) error {
	out, n := a.buf, a.buf.Len
	for i := range a.s.group {
		if k := slices.Index(g.cols, i); k >= 0 {
			out.Cols[i].Add(n, g.keys.rows.at(a.row, k))
		} else {
			out.Cols[i].Add(n, types.Null)
		}
	}
	at := len(a.s.group)
	for i := range a.s.aggs {
		d, err := a.result(&g.states[a.row*len(a.s.aggs)+i], &a.s.aggs[i])
		if err != nil {
			return err
		}
		if !out.Cols[at].Add(n, d) {
			return kindError(out.Cols[at].Kind, d.Kind)
		}
		at++
	}
	if at < len(out.Cols) {
		out.Cols[at].Add(n, types.NewInt(int64(a.set)))
	}
	out.Len++
	return nil
}

// visible is the filled buffer in the order of the plan's columns.
func (a *aggregate) visible() *types.Batch {
	if a.s.out == nil {
		return a.buf
	}
	a.view.Len, a.view.Cols = a.buf.Len, a.view.Cols[:0]
	for _, i := range a.s.out {
		a.view.Cols = append(a.view.Cols, a.buf.Cols[i])
	}
	return &a.view
}
