package history

import (
	"cmp"
	"slices"
)

// cycles searches each level's graph, from the strongest anomalies to those that only
// real time forbids, and tells of one cycle in each strongly connected component.
func (c *checker) cycles() {
	c.report.WriteSkews = c.graph.writeSkews()
	for _, level := range levels {
		s := newSearch(c, level.allowed, level.fresh)
		for _, component := range s.components() {
			if path := s.smallest(component); path != nil {
				c.report.add(c.name(path), func() Violation { return c.describe(path) })
			}
		}
	}
}

// writeSkews counts the pairs of transactions of which neither saw what the other
// appended.
func (g *graph) writeSkews() (pairs int) {
	for i := range g.txns {
		for _, e := range g.out(snapshotOf(i)) {
			other := g.txn(e.to)
			if e.kind != rw || other <= i {
				continue
			}
			back := func(e edge) bool { return e.kind == rw && e.to == commitOf(i) }
			if slices.ContainsFunc(g.out(snapshotOf(other)), back) {
				pairs++
			}
		}
	}
	return pairs
}

// A search looks for cycles in the graph of one level.
type search struct {
	c              *checker
	g              *graph
	allowed, fresh edgeKind

	component []int32 // of each node; -1: none that has a cycle
	// What follows is one breadth-first search's. round tells which one dist is of.
	round    []int32
	dist     []int32
	came     []int32 // index of the edge by which a node was reached
	rounds   int32
	deeper   []int32
	shallow  []int32
	searched int // nodes visited in all searches
}

func newSearch(c *checker, allowed, fresh edgeKind) *search {
	n := c.graph.nodes
	return &search{c: c, g: c.graph, allowed: allowed, fresh: fresh, component: make([]int32, n),
		round: make([]int32, n), dist: make([]int32, n), came: make([]int32, n)}
}

// components finds the strongly connected components of more than one node, as
// Tarjan does, without recursion. It returns the edges of fresh kinds inside of each.
func (s *search) components() [][]int32 {
	const unvisited = 0
	n := s.g.nodes
	index, low := make([]int32, n), make([]int32, n)
	onStack := make([]bool, n)
	var stack []int32
	type frame struct{ node, next int32 }
	var frames []frame
	counter, found := int32(0), int32(0)
	for i := range s.component {
		s.component[i] = -1
	}
	visit := func(v int32) {
		counter++
		index[v], low[v] = counter, counter
		stack, onStack[v] = append(stack, v), true
		frames = append(frames, frame{v, s.g.first[v]})
	}
	for root := range int32(n) {
		if index[root] != unvisited {
			continue
		}
		visit(root)
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			v := f.node
			if f.next < s.g.first[v+1] {
				e := s.g.edges[f.next]
				f.next++
				switch {
				case e.kind&s.allowed == 0:
				case index[e.to] == unvisited:
					visit(e.to)
				case onStack[e.to]:
					low[v] = min(low[v], index[e.to])
				}
				continue
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				up := frames[len(frames)-1].node
				low[up] = min(low[up], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			single := stack[len(stack)-1] == v
			for {
				w := stack[len(stack)-1]
				stack, onStack[w] = stack[:len(stack)-1], false
				if !single {
					s.component[w] = found
				}
				if w == v {
					break
				}
			}
			if !single {
				found++
			}
		}
	}
	return s.freshEdges(int(found))
}

// freshEdges returns the edges of fresh kinds inside of each component.
func (s *search) freshEdges(components int) [][]int32 {
	inside := make([][]int32, components)
	for i, e := range s.g.edges {
		if at := s.component[e.from]; at >= 0 && at == s.component[e.to] && e.kind&s.fresh != 0 {
			inside[at] = append(inside[at], int32(i))
		}
	}
	return inside
}

// Bounds of the search for small cycles: candidates tried in a component, and nodes
// visited in a level. A component's first candidate is always tried.
const (
	maxCandidates = 64
	maxSearched   = 30_000_000
)

// smallest returns the edges of the smallest cycle found through one of the
// candidates, nil if all that were found belong to a level before this one.
func (s *search) smallest(candidates []int32) (best []edge) {
	if len(candidates) == 0 {
		return nil
	}
	if s.allowed&realTime != 0 {
		slices.SortStableFunc(candidates, func(a, b int32) int { return cmp.Compare(s.rank(a), s.rank(b)) })
	}
	for n, candidate := range candidates {
		if n > 0 && (n == maxCandidates || s.searched > maxSearched || best != nil && len(steps(s.g, best)) == 2) {
			break
		}
		path := s.through(candidate)
		if path != nil && (best == nil || len(steps(s.g, path)) < len(steps(s.g, best))) {
			best = path
		}
	}
	return best
}

// rank orders candidates by what real time alone says against them: those that it
// contradicts come first, reads that miss something before all others.
func (s *search) rank(candidate int32) int {
	e := s.g.edges[candidate]
	t, u := s.g.txn(e.from), s.g.txn(e.to)
	if e.kind == rw {
		for _, to := range s.g.out(e.to) { // Behind a node for many, one will do.
			if u >= 0 {
				break
			}
			if w := s.g.txn(to.to); s.before(commitOf(w), e.from) {
				return 0
			}
		}
	}
	switch {
	case t < 0 || u < 0 || !s.before(e.to, e.from):
		return 3
	case e.kind == rw:
		return 1
	}
	return 2
}

// before tells whether a moment had passed in real time when another could come.
func (s *search) before(a, b int32) bool {
	t, u := &s.c.txns[s.g.txn(a)], &s.c.txns[s.g.txn(b)]
	passed, from := t.End, u.Begin
	if a%2 == 0 {
		if passed = t.Snapshot; passed == 0 {
			return false
		}
	} else if t.Outcome != OK {
		return false
	}
	if b%2 == 1 && u.Commit != 0 {
		from = u.Commit
	}
	return passed < from
}

// through returns the smallest cycle that begins with an edge; nil if it has no
// edge that only this level has.
func (s *search) through(first int32) []edge {
	e := s.g.edges[first]
	if !s.reach(e.to, e.from) {
		return nil
	}
	var path []edge
	for at := e.from; at != e.to; at = s.g.edges[s.came[at]].from {
		path = append(path, s.g.edges[s.came[at]])
	}
	path = append(path, e)
	slices.Reverse(path)
	if s.allowed&realTime != 0 && !slices.ContainsFunc(path, func(e edge) bool { return e.kind&(realTime|overlap) != 0 }) {
		return nil
	}
	return path
}

// reach searches the shortest way between two nodes of a component, counting the
// edges that will be told as steps.
func (s *search) reach(from, to int32) bool {
	s.rounds++
	s.shallow, s.deeper = append(s.shallow[:0], from), s.deeper[:0]
	s.round[from], s.dist[from] = s.rounds, 0
	for depth := int32(0); len(s.shallow) > 0; depth++ {
		for len(s.shallow) > 0 {
			v := s.shallow[len(s.shallow)-1]
			s.shallow = s.shallow[:len(s.shallow)-1]
			if s.dist[v] < depth {
				continue // it was reached on a shorter way, and done then
			}
			if v == to {
				return true
			}
			s.searched++
			for i := s.g.first[v]; i < s.g.first[v+1]; i++ {
				s.relax(i, depth)
			}
		}
		s.shallow, s.deeper = s.deeper, s.shallow
	}
	return false
}

// relax takes an edge of the search.
func (s *search) relax(i, depth int32) {
	e := s.g.edges[i]
	if e.kind&s.allowed == 0 || s.component[e.to] != s.component[e.from] {
		return
	}
	free := e.kind&(within|chain) != 0
	if !free {
		depth++
	}
	if s.round[e.to] == s.rounds && s.dist[e.to] <= depth {
		return
	}
	s.round[e.to], s.dist[e.to], s.came[e.to] = s.rounds, depth, i
	if free {
		s.shallow = append(s.shallow, e.to)
	} else {
		s.deeper = append(s.deeper, e.to)
	}
}
