package exec

import (
	"zorya/sql/plan"
	"zorya/sql/types"
)

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
