package exec

import (
	"zorya/sql/types"
)

// nextSorted aggregates as the input comes: after each batch it puts out all
// groups but the last, which the next batch may continue.
func (a *aggregate) nextSorted() (*types.Batch, error) {
	if a.sets == nil {
		if err := a.start(); err != nil {
			return nil, err
		}
	}
	for !a.ended {
		b, err := a.in.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			a.ended = true
			break
		}
		if err := a.r.canceled(); err != nil {
			return nil, err
		}
		if err := a.add(b); err != nil {
			return nil, err
		}
		if a.sets[0].n > 1 {
			return a.flush()
		}
	}
	return a.emit()
}

// flush puts out all groups but the last.
func (a *aggregate) flush() (*types.Batch, error) {
	g := a.sets[0]
	resetBatch(a.buf)
	for a.row = 0; a.row < g.n-1; a.row++ {
		if err := a.putGroup(g); err != nil {
			return nil, err
		}
	}
	if err := a.carry(g); err != nil {
		return nil, err
	}
	a.row = 0
	return a.visible(), nil
}

// carry drops all groups but the last.
func (a *aggregate) carry(g *groupSet) error {
	last := g.n - 1
	cols := make([]*types.Vec, len(g.cols))
	for i := range cols {
		v, at := g.keys.rows.vec(last, i)
		cols[i] = sliceVec(v, at, at+1)
	}
	at := last * len(a.s.aggs)
	for i := range g.states[:at] {
		g.states[i].free()
	}
	g.states = append(g.states[:0], g.states[at:]...)
	g.keys.reset()
	a.r.mem.release(a.size)
	a.size = groupBytes
	for i := range g.states {
		a.size += int64(g.states[i].size)
	}
	g.n = 1
	if err := a.r.mem.grow(a.size); err != nil {
		return err
	}
	_, _, err := g.keys.put(cols, 0, g.keys.hashes(cols, 1)[0])
	return err
}
