package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// All joins are one machine. A source proposes pairs (row of the current L batch,
// row of the R store) in L's order; after an L row's last pair it proposes the
// row once more alone. The machine evaluates the join condition over a batch of
// pairs and emits what the join's kind wants.

// joinSpec is what all joins have.
type joinSpec struct {
	kind   rel.JoinKind
	l, r   spec
	on     *expr.Compiled
	nl, nr int   // columns of L and R
	out    []int // output columns among L's and R's; nil: all
	keep   bool  // the join is run many times, and R is the same every time
	again  bool  // the join is run many times
	lFirst bool  // read L before R: without rows of L, R need not be read
	lPaced bool  // it shows how far L computes ahead
	shows  bool  // it shows how many pairs are tried
}

func (c *compiler) joinSpec(n plan.Node, kind rel.JoinKind, l, r plan.Node, on rel.Expr, rescan bool) (*joinSpec, error) {
	s := &joinSpec{kind: kind, nl: len(l.Columns()), nr: len(r.Columns()), keep: c.inner > 0 && plan.Constant(r), again: c.inner > 0,
		lFirst: kind != rel.Right && kind != rel.Full && l.Est().Startup < r.Est().Total,
		lPaced: c.observer.Node(l), shows: plan.Observable(on) || rescan && c.observer.Node(r)}
	var err error
	if s.l, err = c.node(l); err != nil {
		return nil, err
	}
	if s.r, err = c.again(r, rescan); err != nil {
		return nil, err
	}
	both := append(append([]rel.Column(nil), l.Columns()...), r.Columns()...)
	if s.on, err = c.expr(on, both); err != nil {
		return nil, err
	}
	s.out, err = mapping(n.Columns(), both)
	return s, err
}

func (s *joinSpec) lOnly() bool { return s.kind == rel.Semi || s.kind == rel.Anti }

// A pairSource proposes pairs.
type pairSource interface {
	// begin starts on a new batch of L.
	begin(b *types.Batch) error
	// propose calls j.pair and j.alone until j.full() or the batch is through; done
	// reports that it is.
	propose(j *joiner) (done bool, err error)
}

// A joiner is the machine in one execution.
type joiner struct {
	r      *run
	s      *joinSpec
	l      feed
	source pairSource
	inner  *rowStore
	max    int  // paced
	drop   bool // inner holds only the rows of the pairs proposed

	b        *types.Batch // L's current batch
	matched  []bool       // by row of b
	rMatched []bool       // Right, Full: by row of inner
	lIdx     []int32      // pairs; rIdx -1 is a row alone
	rIdx     []int32
	pairs    *types.Batch // pairs side by side
	emit     *types.Batch
	view     types.Batch
	sel      []int
	lSel     []int32
	rSel     []int32
	drained  bool // L is at its end
	rest     int  // Right, Full: next inner row to look at after L's end
}

func newJoiner(r *run, s *joinSpec) *joiner {
	n := s.nl + s.nr
	return &joiner{r: r, s: s, l: feed{feedSpec: feedSpec{s.lPaced, s.lPaced}, in: s.l.operator(r)}, pairs: newBatch(n), emit: newBatch(n)}
}

func (j *joiner) start() error {
	j.b, j.drained, j.rest = nil, false, 0
	j.rMatched = nil
	j.max = 0
	j.clear()
	return j.l.open()
}

func (j *joiner) pace(n int) { j.max = n }

func (j *joiner) clear() {
	j.lIdx, j.rIdx = j.lIdx[:0], j.rIdx[:0]
	if j.drop {
		j.inner.reset()
	}
}

// room is how many more pairs may be proposed, which leaves room for the row alone.
func (j *joiner) room() int {
	if j.s.shows {
		return min(atMost(j.max), types.BatchSize-1) - len(j.lIdx)
	}
	return types.BatchSize - 1 - len(j.lIdx)
}

func (j *joiner) full() bool { return j.room() <= 0 }

func (j *joiner) pair(l, r int32) {
	j.lIdx = append(j.lIdx, l)
	j.rIdx = append(j.rIdx, r)
}

// alone ends the pairs of row l.
func (j *joiner) alone(l int32) {
	if j.s.kind != rel.Inner && j.s.kind != rel.Right {
		j.pair(l, -1)
	}
}

// firstOnly says that one match of an L row is all that matters.
func (j *joiner) firstOnly() bool { return j.s.lOnly() }

func (j *joiner) next() (*types.Batch, error) {
	for {
		if err := j.r.canceled(); err != nil {
			return nil, err
		}
		if j.drained {
			return j.unmatchedInner()
		}
		if j.b == nil {
			if err := j.nextL(); err != nil {
				return nil, err
			}
			continue
		}
		j.clear()
		done, err := j.source.propose(j)
		if err != nil {
			return nil, err
		}
		out, err := j.decide()
		if done {
			// The output does not refer to b any more: rows were copied.
			j.b = nil
		}
		if err != nil || out != nil && out.Len > 0 {
			return out, err
		}
	}
}

func (j *joiner) nextL() error {
	j.l.pace(0)
	if j.max > 0 {
		j.l.pace(1) // One row may give as many as are wanted.
	}
	b, err := j.l.next()
	if err != nil {
		return err
	}
	if b == nil {
		j.drained = true
		return nil
	}
	if b.Len == 0 {
		return nil
	}
	j.b = b
	if cap(j.matched) < b.Len {
		j.matched = make([]bool, types.BatchSize)
	}
	j.matched = j.matched[:b.Len]
	clear(j.matched)
	return j.source.begin(b)
}

// needless reports that L has no rows and R therefore need not be read. It reads
// L's first rows.
func (j *joiner) needless() (bool, error) {
	if !j.s.lFirst {
		return false, nil
	}
	for j.b == nil && !j.drained {
		if err := j.r.canceled(); err != nil {
			return false, err
		}
		if err := j.nextL(); err != nil {
			return false, err
		}
	}
	return j.b == nil, nil
}

// decide evaluates the condition over the pairs and returns the output rows.
func (j *joiner) decide() (*types.Batch, error) {
	if len(j.lIdx) == 0 {
		return nil, nil
	}
	pass, err := j.passing()
	if err != nil {
		return nil, err
	}
	j.lSel, j.rSel = j.lSel[:0], j.rSel[:0]
	real := 0 // pairs proper seen so far
	for i, l := range j.lIdx {
		r := j.rIdx[i]
		if r < 0 {
			if j.wantsAlone(j.matched[l]) {
				j.lSel, j.rSel = append(j.lSel, l), append(j.rSel, -1)
			}
			continue
		}
		ok := true
		if pass != nil {
			ok = len(pass) > 0 && pass[0] == real
			if ok {
				pass = pass[1:]
			}
		}
		real++
		if !ok {
			continue
		}
		j.matched[l] = true
		if j.s.lOnly() {
			continue
		}
		if j.s.kind == rel.Right || j.s.kind == rel.Full {
			j.markInner(r)
		}
		j.lSel, j.rSel = append(j.lSel, l), append(j.rSel, r)
	}
	return j.output(), nil
}

// passing returns which of the pairs proper satisfy the condition, by their
// number; nil if there is no condition.
func (j *joiner) passing() ([]int, error) {
	if j.s.on == nil {
		return nil, nil
	}
	j.lSel, j.rSel = j.lSel[:0], j.rSel[:0]
	for i, r := range j.rIdx {
		if r >= 0 {
			j.lSel, j.rSel = append(j.lSel, j.lIdx[i]), append(j.rSel, r)
		}
	}
	if len(j.lSel) == 0 {
		return []int{}, nil
	}
	j.combine(j.pairs, true)
	var err error
	if j.sel, err = j.s.on.Filter(j.r.env, j.pairs, j.sel[:0]); err != nil {
		return nil, err
	}
	if j.sel == nil {
		j.sel = []int{}
	}
	return j.sel, nil
}

// combine fills out with the rows lSel and rSel side by side.
func (j *joiner) combine(out *types.Batch, withR bool) {
	for c := range j.s.nl {
		gatherVec(j.b.Cols[c], j.lSel, out.Cols[c])
	}
	if withR {
		j.inner.gatherBatch(j.rSel, out, j.s.nl)
	}
	out.Len = len(j.lSel)
}

func (j *joiner) wantsAlone(matched bool) bool {
	if j.s.kind == rel.Semi {
		return matched
	}
	return !matched
}

func (j *joiner) markInner(r int32) {
	if len(j.rMatched) < j.inner.n {
		j.rMatched = append(j.rMatched, make([]bool, j.inner.n-len(j.rMatched))...)
	}
	j.rMatched[r] = true
}

func (j *joiner) output() *types.Batch {
	if len(j.lSel) == 0 {
		return nil
	}
	j.combine(j.emit, !j.s.lOnly())
	return j.project(j.emit)
}

func (j *joiner) project(b *types.Batch) *types.Batch {
	if j.s.out == nil {
		return b
	}
	j.view.Len, j.view.Cols = b.Len, j.view.Cols[:0]
	for _, i := range j.s.out {
		j.view.Cols = append(j.view.Cols, b.Cols[i])
	}
	return &j.view
}

// unmatchedInner returns, after L's end, rows of R that nothing has matched.
func (j *joiner) unmatchedInner() (*types.Batch, error) {
	if j.s.kind != rel.Right && j.s.kind != rel.Full {
		return nil, nil
	}
	j.rSel = j.rSel[:0]
	for ; j.rest < j.inner.n && len(j.rSel) < types.BatchSize; j.rest++ {
		if j.rest >= len(j.rMatched) || !j.rMatched[j.rest] {
			j.rSel = append(j.rSel, int32(j.rest))
		}
	}
	if len(j.rSel) == 0 {
		return nil, nil
	}
	for c := range j.s.nl {
		*j.emit.Cols[c] = types.Vec{} // all NULL, with no marks of the rows before
	}
	j.inner.gatherBatch(j.rSel, j.emit, j.s.nl)
	return j.project(j.emit), nil
}

// A loopSource pairs each row of L with all rows of a materialised R.
type loopSource struct {
	l int32
	r int
	n int
}

func (s *loopSource) begin(b *types.Batch) error {
	s.l, s.r, s.n = 0, 0, b.Len
	return nil
}

func (s *loopSource) propose(j *joiner) (bool, error) {
	for ; int(s.l) < s.n; s.l++ {
		if j.full() {
			return false, nil
		}
		for ; s.r < j.inner.n; s.r++ {
			if j.full() {
				return false, nil
			}
			if j.firstOnly() && (j.matched[s.l] || j.s.on == nil && s.r > 0) {
				break
			}
			j.pair(s.l, int32(s.r))
		}
		j.alone(s.l)
		s.r = 0
	}
	return true, nil
}

// A rescanSource runs R once for each row of L.
type rescanSource struct {
	op     operator
	bind   []binding
	r      *run
	b      *types.Batch
	l      int32
	active bool // R is open for row l

	pending *types.Batch // of R, taken up to at
	at      int
}

func (s *rescanSource) begin(b *types.Batch) error {
	s.b, s.l, s.active = b, 0, false
	return nil
}

func (s *rescanSource) propose(j *joiner) (bool, error) {
	for ; int(s.l) < s.b.Len; s.l++ {
		for _, bd := range s.bind {
			s.r.env.Outer[bd.id] = s.b.Cols[bd.at].At(int(s.l))
		}
		if !s.active {
			if err := s.op.open(); err != nil {
				return false, err
			}
			s.active, s.pending = true, nil
		}
		if more, err := s.row(j); more || err != nil {
			return false, err
		}
		j.alone(s.l)
		s.active = false
	}
	return true, nil
}

// row pairs the current row of L with R's rows; more reports that the joiner was
// full before they ended.
func (s *rescanSource) row(j *joiner) (more bool, err error) {
	for {
		if j.full() {
			return true, nil
		}
		if j.firstOnly() && j.matched[s.l] {
			return false, nil
		}
		if s.pending == nil {
			if j.max > 0 {
				pace(s.op, j.room())
			}
			if s.pending, err = s.op.next(); err != nil || s.pending == nil {
				return false, err
			}
			s.at = 0
		}
		n := min(s.pending.Len-s.at, j.room())
		if j.firstOnly() && j.s.on == nil {
			n = min(n, 1)
		}
		from := j.inner.n
		if err := j.inner.appendBatch(sliceBatch(s.pending, s.at, s.at+n)); err != nil {
			return false, err
		}
		for i := range n {
			j.pair(s.l, int32(from+i))
		}
		if s.at += n; s.at == s.pending.Len {
			s.pending = nil
		}
		if j.firstOnly() && j.s.on == nil && n > 0 {
			return false, nil
		}
	}
}

// NestedLoop.
type nestedLoopSpec struct {
	*joinSpec
	bind   []binding
	rescan bool
}

func (c *compiler) nestedLoop(n *plan.NestedLoop) (spec, error) {
	j, err := c.joinSpec(n, n.Kind, n.L, n.R, n.On, len(n.Params) > 0)
	if err != nil {
		return nil, err
	}
	s := &nestedLoopSpec{joinSpec: j, rescan: len(n.Params) > 0}
	for _, id := range n.Params {
		if at := place(n.L.Columns(), id); at >= 0 {
			s.bind = append(s.bind, binding{id, at})
		}
	}
	return s, nil
}

func (s *nestedLoopSpec) operator(r *run) operator {
	n := &nestedLoop{joiner: newJoiner(r, s.joinSpec), inner: s.r.operator(r)}
	n.joiner.inner = newRowStore(&r.mem, s.nr)
	if s.rescan {
		n.drop = true
		n.source = &rescanSource{op: n.inner, bind: s.bind, r: r}
	} else {
		n.source = &loopSource{}
	}
	return n
}

type nestedLoop struct {
	*joiner
	inner operator
	ready bool
}

func (n *nestedLoop) open() error {
	n.ready = n.ready && n.s.keep && !n.drop
	return n.start()
}

func (n *nestedLoop) close() {
	n.ready = false
	n.joiner.l.close()
	n.inner.close()
	n.joiner.inner.reset()
}

func (n *nestedLoop) next() (*types.Batch, error) {
	if !n.ready && !n.drop {
		if empty, err := n.needless(); empty || err != nil {
			return nil, err
		}
		n.joiner.inner.reset()
		if err := drain(n.inner, n.joiner.inner, n.s.again); err != nil {
			return nil, err
		}
	}
	n.ready = true
	return n.joiner.next()
}

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
