package history

import (
	"fmt"
	"slices"
)

// A step is an edge between moments of two transactions, with what lies between them
// left out.
type step struct {
	from, to int32
	kind     edgeKind
	key      int32
}

// steps puts the edges of a cycle together to steps. Two moments of one transaction
// make no step.
func steps(g *graph, path []edge) []step {
	start := slices.IndexFunc(path, func(e edge) bool { return g.txn(e.from) >= 0 })
	var list []step
	var current step
	for n := range path {
		e := path[(start+n)%len(path)]
		if g.txn(e.from) >= 0 {
			current = step{from: e.from, kind: within, key: -1}
		}
		if e.kind&(within|chain) == 0 {
			current.kind, current.key = e.kind, e.key
		}
		if current.to = e.to; g.txn(e.to) >= 0 && current.kind != within {
			list = append(list, current)
		}
	}
	return list
}

// name names the anomaly that a cycle is.
func (c *checker) name(path []edge) string {
	n := map[edgeKind]int{}
	list := steps(c.graph, path)
	for _, s := range list {
		n[s.kind]++
	}
	n[ww] += n[before]
	time := n[realTime] > 0
	if n[overlap] > 0 || time && n[ww] > 0 && n[wr]+n[rw]+n[waits] == 0 {
		return "concurrent writes"
	}
	switch {
	case n[waits] > 0:
		return "lock not held"
	case !time && n[wr]+n[rw] == 0:
		return "write cycle (G0)"
	case !time && n[rw] == 0:
		return "circular information flow (G1c)"
	case !time && n[rw] == 1:
		return c.single(list)
	case !time && n[rw] == 2 && n[wr] == 2 && len(list) == 4:
		return "long fork (G-SI)"
	case !time:
		return "G-SI"
	case n[rw] == 1 && n[ww]+n[wr] == 0:
		return c.missed(list)
	case n[rw] == 1 && n[wr] == 1 && n[ww] == 0 && enters(list, realTime, rw):
		return "non-monotonic read"
	case n[rw] == 0 && n[wr] > 0:
		return "read from the future"
	case n[rw] == 1:
		return "G-single in real time"
	}
	return "G-SI in real time"
}

// enters tells whether a step of one kind is followed by one of another.
func enters(list []step, kind, next edgeKind) bool {
	for i, s := range list {
		if s.kind == kind && list[(i+1)%len(list)].kind == next {
			return true
		}
	}
	return false
}

// single tells a lost update from other read skew: it overwrites what it did not see.
func (c *checker) single(list []step) string {
	i := slices.IndexFunc(list, func(s step) bool { return s.kind == rw })
	for _, s := range list {
		if len(list) == 2 && s.kind&(ww|before) != 0 && s.key == list[i].key {
			return "lost update (P4)"
		}
	}
	return "read skew (G-single)"
}

// missed tells a lost append from one that was only seen late: nobody who began after
// the acknowledgement has it.
func (c *checker) missed(list []step) string {
	i := slices.IndexFunc(list, func(s step) bool { return s.kind == rw })
	k, writer := c.sorted[list[i].key], c.graph.txn(list[i].to)
	value := c.appended(writer, int(list[i].key))
	for _, r := range k.reads {
		if c.txns[r.txn].Begin > c.txns[writer].End && slices.Contains(r.list, value) {
			return "stale read"
		}
	}
	return "lost append"
}

// appended is the first value that a transaction appended to a key, by its number.
func (c *checker) appended(i, key int) int {
	for _, op := range c.txns[i].Ops {
		if op.Kind == Append && op.Key == c.sorted[key].id {
			return op.Value
		}
	}
	return 0
}

// describe tells a cycle, from the transaction that began first.
func (c *checker) describe(path []edge) Violation {
	list := steps(c.graph, path)
	first := 0
	for i, s := range list {
		if c.txns[c.graph.txn(s.from)].Begin < c.txns[c.graph.txn(list[first].from)].Begin {
			first = i
		}
	}
	var v Violation
	for n := range list {
		s := list[(first+n)%len(list)]
		from, to := c.graph.txn(s.from), c.graph.txn(s.to)
		if id := c.txns[from].ID; !slices.Contains(v.Txns, id) {
			v.Txns = append(v.Txns, id)
		}
		because := c.because(s, from, to)
		v.Cycle = append(v.Cycle, Step{From: c.txns[from].ID, To: c.txns[to].ID, Edge: edgeNames[s.kind], Because: because})
		if n > 0 {
			v.Text += "; "
		}
		v.Text += because
	}
	return v
}

// because says why the moment of one transaction came before that of another.
func (c *checker) because(s step, from, to int) string {
	t, u := c.txns[from].ID, c.txns[to].ID
	if s.kind == realTime {
		passed, could := fmt.Sprintf("T%d was acknowledged", t), fmt.Sprintf("T%d began", u)
		if s.from%2 == 0 {
			passed = fmt.Sprintf("T%d had its snapshot", t)
		}
		if s.to%2 == 1 && c.txns[to].Commit != 0 {
			could = fmt.Sprintf("T%d asked to commit", u)
		}
		return passed + " before " + could
	}
	k, n := c.sorted[s.key], int(s.key)
	switch s.kind {
	case ww:
		return fmt.Sprintf("T%d appended %d to key %d after T%d's %d", u, c.appended(to, n), k.id, t, c.appended(from, n))
	case before:
		return fmt.Sprintf("T%d wrote back what key %d was before T%d's append of %d", t, k.id, u, c.appended(to, n))
	case wr:
		return fmt.Sprintf("T%d saw T%d's append of %d to key %d", u, t, c.appended(from, n), k.id)
	case rw:
		return fmt.Sprintf("T%d did not see T%d's append of %d to key %d", t, u, c.appended(to, n), k.id)
	case waits:
		return fmt.Sprintf("T%d held a lock on key %d before T%d's append of %d", t, k.id, u, c.appended(to, n))
	}
	return fmt.Sprintf("T%d and T%d wrote the same version of key %d, and T%d had its snapshot before T%d asked to commit", t, u, k.id, t, u)
}
