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
