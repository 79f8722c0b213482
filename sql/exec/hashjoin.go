package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// HashJoin.
type hashJoinSpec struct {
	*joinSpec
	lKeys, rKeys []*expr.Compiled
	oids         []types.OID
	nullAware    bool
}

func (c *compiler) hashJoin(n *plan.HashJoin) (spec, error) {
	j, err := c.joinSpec(n, n.Kind, n.L, n.R, n.On, false)
	if err != nil {
		return nil, err
	}
	j.keep = c.inner > 0 && plan.Constant(n.R, n.RKeys...) // The table holds the keys, which outer columns may decide.
	s := &hashJoinSpec{joinSpec: j, nullAware: n.NullAware && n.Kind == rel.Anti}
	j.lPaced = j.lPaced || plan.Observable(n.LKeys...)
	if s.lKeys, err = c.exprs(n.LKeys, n.L.Columns()); err != nil {
		return nil, err
	}
	if s.rKeys, err = c.exprs(n.RKeys, n.R.Columns()); err != nil {
		return nil, err
	}
	for _, k := range n.RKeys {
		s.oids = append(s.oids, k.Type().OID)
	}
	return s, nil
}

func (s *hashJoinSpec) operator(r *run) operator {
	h := &hashJoin{joiner: newJoiner(r, s.joinSpec), s: s, build: s.r.operator(r)}
	h.inner = newRowStore(&r.mem, s.nr)
	h.source = h
	h.lVecs = make([]*types.Vec, len(s.lKeys))
	return h
}

type hashJoin struct {
	*joiner
	s     *hashJoinSpec
	build operator
	ready bool
	keys  *rowStore // key columns of inner's rows
	idx   hashIndex
	nulls []int32 // inner rows with a NULL key, when null-aware

	lVecs  []*types.Vec
	hashes []uint64
	row    int32
	cand   int32 // next candidate of row; -1: none left
	nullAt int   // next of nulls
	fresh  bool  // cand is not set for row
}

func (h *hashJoin) open() error {
	h.ready = h.ready && h.s.keep
	return h.start()
}

func (h *hashJoin) close() {
	h.ready = false
	h.l.close()
	h.build.close()
	h.inner.reset()
	h.idx.mem = &h.r.mem
	h.idx.reset()
	if h.keys != nil {
		h.keys.reset()
	}
}

func (h *hashJoin) next() (*types.Batch, error) {
	if !h.ready {
		if empty, err := h.needless(); empty || err != nil {
			return nil, err
		}
		if err := h.fill(); err != nil {
			return nil, err
		}
		h.ready = true
	}
	if h.inner.n == 0 && (h.s.kind == rel.Inner || h.s.kind == rel.Semi || h.s.kind == rel.Right) {
		return nil, nil
	}
	return h.joiner.next()
}

// fill reads R into the hash table.
func (h *hashJoin) fill() error {
	h.inner.reset()
	h.idx.mem = &h.r.mem
	h.idx.reset()
	h.nulls = nil
	if h.keys != nil {
		h.keys.reset()
	}
	h.keys = newRowStore(&h.r.mem, len(h.s.rKeys))
	if err := h.build.open(); err != nil {
		return err
	}
	vecs := make([]*types.Vec, len(h.s.rKeys))
	var hashes []uint64
	for {
		b, err := h.build.next()
		if err != nil {
			return err
		}
		if b == nil {
			if !h.s.again {
				h.build.close()
			}
			return nil
		}
		if hashes, err = h.hash(h.s.rKeys, b, vecs, hashes); err != nil {
			return err
		}
		if err := h.addInner(b, vecs, hashes); err != nil {
			return err
		}
		if err := h.r.canceled(); err != nil {
			return err
		}
	}
}

func (h *hashJoin) addInner(b *types.Batch, vecs []*types.Vec, hashes []uint64) error {
	from := h.inner.n
	if err := h.inner.appendBatch(b); err != nil {
		return err
	}
	if err := h.keys.appendBatch(&types.Batch{Len: b.Len, Cols: vecs}); err != nil {
		return err
	}
	for i := range b.Len {
		if h.s.nullAware && hasNull(vecs, i) {
			h.nulls = append(h.nulls, int32(from+i))
		}
		if err := h.idx.add(hashes[i]); err != nil {
			return err
		}
	}
	return nil
}

// hash evaluates keys over b and hashes each row.
func (h *hashJoin) hash(keys []*expr.Compiled, b *types.Batch, vecs []*types.Vec, buf []uint64) ([]uint64, error) {
	if cap(buf) < b.Len {
		buf = make([]uint64, max(b.Len, types.BatchSize))
	}
	buf = buf[:b.Len]
	clear(buf)
	for i, x := range keys {
		v, err := x.Eval(h.r.env, b)
		if err != nil {
			return buf, err
		}
		vecs[i] = v
		hashInto(h.s.oids[i], v, b.Len, buf)
	}
	return buf, nil
}

func (h *hashJoin) begin(b *types.Batch) error {
	h.row, h.fresh = 0, true
	var err error
	h.hashes, err = h.hash(h.s.lKeys, b, h.lVecs, h.hashes)
	return err
}

func (h *hashJoin) propose(j *joiner) (bool, error) {
	for ; int(h.row) < j.b.Len; h.row++ {
		if h.fresh {
			h.seek()
		}
		null := hasNull(h.lVecs, int(h.row))
		for {
			if j.full() {
				return false, nil
			}
			if j.firstOnly() && j.matched[h.row] {
				break
			}
			r := h.candidate(null)
			if r < 0 {
				break
			}
			j.pair(h.row, r)
			if j.firstOnly() && j.s.on == nil {
				break
			}
		}
		j.alone(h.row)
		h.fresh = true
	}
	return true, nil
}

// seek finds the first candidate of the current row.
func (h *hashJoin) seek() {
	h.fresh, h.nullAt = false, 0
	switch null := hasNull(h.lVecs, int(h.row)); {
	case null && h.s.nullAware: // NULL may equal anything
		h.cand = 0
		if h.inner.n == 0 {
			h.cand = -1
		}
	case null:
		h.cand = -1
	default:
		h.cand = h.idx.first(h.hashes[h.row])
	}
}

// candidate returns the next inner row whose key equals the current row's, or, if
// null-aware, may equal it; -1 at the end.
func (h *hashJoin) candidate(null bool) int32 {
	for h.cand >= 0 {
		r := h.cand
		if null {
			if h.cand++; int(h.cand) >= h.inner.n {
				h.cand = -1
			}
			return r
		}
		h.cand = h.idx.after(r, h.hashes[h.row])
		if h.equal(int(r)) {
			return r
		}
	}
	if !null && h.nullAt < len(h.nulls) {
		h.nullAt++
		return h.nulls[h.nullAt-1]
	}
	return -1
}

func (h *hashJoin) equal(r int) bool {
	for c, v := range h.lVecs {
		kv, i := h.keys.vec(r, c)
		if kv.IsNull(i) || !equalAt(h.s.oids[c], v, int(h.row), kv, i) {
			return false
		}
	}
	return true
}
