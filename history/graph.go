package history

import (
	"cmp"
	"slices"
)

// An edgeKind says why a moment came before another.
type edgeKind uint16

const (
	within   edgeKind = 1 << iota // S(t) < C(t), and what only joins edges
	ww                            // t's append stands before u's
	wr                            // u saw t's append
	rw                            // t did not see u's append
	before                        // t wrote the list back, unchanged, as it was before u's append
	waits                         // u's write waited for t's lock
	realTime                      // t's moment had passed before u's could come
	chain                         // goes on with realTime
	overlap                       // both wrote the same version, and t's snapshot is older than u's commit
)

// names of the kinds in steps; within and chain are never steps of their own.
var edgeNames = map[edgeKind]string{ww: "ww", wr: "wr", rw: "rw", before: "ww", waits: "waits", realTime: "rt", overlap: "ww"}

// levels are the graphs that are searched one after the other: what is in a smaller
// one is a stronger anomaly. fresh are the kinds that a level adds.
var levels = []struct{ allowed, fresh edgeKind }{
	{within | ww | before, ww | before},
	{within | ww | before | wr, wr},
	{within | ww | before | wr | rw | waits, rw | waits},
	{within | ww | before | wr | rw | waits | realTime | chain | overlap, ww | before | wr | rw | waits | overlap},
}

// An edge goes from one moment to a later one. key is the index in checker.sorted.
type edge struct {
	from, to int32
	key      int32
	kind     edgeKind
}

// A graph has the nodes 2i = S and 2i+1 = C of transaction i, and after them nodes
// that stand for no moment and only keep the number of edges small.
type graph struct {
	txns  int
	nodes int
	edges []edge  // sorted by from once it is built
	first []int32 // of each node, its first edge; one more at the end
}

func snapshotOf(i int) int32 { return int32(2 * i) }
func commitOf(i int) int32   { return int32(2*i + 1) }

// txn returns the transaction of a node, -1 if it has none.
func (g *graph) txn(node int32) int {
	if int(node) >= 2*g.txns {
		return -1
	}
	return int(node / 2)
}

func (g *graph) add(from, to int32, kind edgeKind, key int) {
	g.edges = append(g.edges, edge{from, to, int32(key), kind})
}

func (g *graph) newNode() int32 {
	g.nodes++
	return int32(g.nodes - 1)
}

// out returns the edges that leave a node.
func (g *graph) out(node int32) []edge { return g.edges[g.first[node]:g.first[node+1]] }

// build makes the graph of all moments.
func (c *checker) build() {
	g := &graph{txns: len(c.txns), nodes: 2 * len(c.txns)}
	c.graph = g
	for i := range c.txns {
		if c.happened(i) {
			g.add(snapshotOf(i), commitOf(i), within, -1)
		}
	}
	for n, k := range c.sorted {
		c.dependencies(n, k)
	}
	c.addRealTime()
	slices.SortFunc(g.edges, func(a, b edge) int { return cmp.Compare(a.from, b.from) })
	g.first = make([]int32, g.nodes+1)
	for _, e := range g.edges {
		g.first[e.from+1]++
	}
	for n := range g.nodes {
		g.first[n+1] += g.first[n]
	}
}

// dependencies adds the edges of key number n.
func (c *checker) dependencies(n int, k *key) {
	g := c.graph
	chain := c.writersInOrder(k)
	last := -1
	for _, w := range chain {
		if w < 0 {
			continue
		}
		if last >= 0 && last != w {
			g.add(commitOf(last), snapshotOf(w), ww, n)
		}
		last = w
	}
	// Appends that nobody saw come after all that somebody saw. Readers and writers
	// of the whole list reach them through one node each.
	unseen, afterRead, afterWrite := c.unseenWriters(k, chain), g.newNode(), g.newNode()
	for _, u := range unseen {
		g.add(afterRead, commitOf(u), within, n)
		g.add(afterWrite, snapshotOf(u), within, n)
		if last >= 0 {
			g.add(commitOf(last), snapshotOf(u), ww, n)
		}
	}
	for _, r := range k.reads {
		if r.forked {
			continue
		}
		at := len(r.list)
		c.shared(n, k, r, chain[at:], unseen)
		if at > 0 && chain[at-1] >= 0 && chain[at-1] != r.txn {
			g.add(commitOf(chain[at-1]), snapshotOf(r.txn), wr, n)
		}
		next := -1
		if at < len(chain) {
			if next = chain[at]; next < 0 || next == r.txn || at > 0 && chain[at-1] == next {
				continue
			}
			g.add(snapshotOf(r.txn), commitOf(next), rw, n)
			c.claimed(n, r, snapshotOf(next), commitOf(next))
		} else if len(unseen) > 0 && !slices.Equal(unseen, []int{r.txn}) {
			g.add(snapshotOf(r.txn), afterRead, rw, n)
			if !slices.Contains(unseen, r.txn) {
				c.claimed(n, r, afterWrite, afterRead)
			}
		}
	}
	c.overlaps(n, k, unseen)
}

// claimed adds what follows for the next writer from a read that wrote the list back
// or locked it.
func (c *checker) claimed(n int, r read, nextSnapshot, nextCommit int32) {
	switch {
	case !c.happened(r.txn):
	case r.touch || r.lock && !c.options.LocksWait:
		c.graph.add(commitOf(r.txn), nextSnapshot, before, n)
	case r.lock:
		c.graph.add(commitOf(r.txn), nextCommit, waits, n)
	}
}

// shared adds what follows from a read that kept the list's row: whoever replaced it
// next did not overlap with the reader.
func (c *checker) shared(n int, k *key, r read, later, unseen []int) {
	if !r.share || !c.happened(r.txn) {
		return
	}
	at := len(k.order) - len(later)
	for i, w := range later {
		if w >= 0 && w != r.txn && c.writes[version{k.id, k.order[at+i]}].replaces {
			c.notOverlapping(n, r.txn, w)
			return // All others come after it.
		}
	}
	for _, w := range unseen {
		if w != r.txn && c.replaced(k, w) {
			c.notOverlapping(n, r.txn, w)
		}
	}
}

// notOverlapping adds that a writer came after a reader whose lock keeps it away.
func (c *checker) notOverlapping(n, reader, writer int) {
	if c.options.LocksWait {
		c.graph.add(commitOf(reader), commitOf(writer), waits, n)
		return
	}
	c.graph.add(commitOf(reader), snapshotOf(writer), before, n)
}

// replaced tells whether a transaction replaced the row of a list.
func (c *checker) replaced(k *key, txn int) bool {
	for _, op := range c.txns[txn].Ops {
		if op.Key == k.id && op.Kind == Replace {
			return true
		}
	}
	return false
}

// writersInOrder returns the transaction of each place in the order; -1 where it is
// not known or did not happen.
func (c *checker) writersInOrder(k *key) []int {
	chain := make([]int, len(k.order))
	for at, value := range k.order {
		w, ok := c.writes[version{k.id, value}]
		chain[at] = -1
		if ok && c.happened(w.txn) {
			chain[at] = w.txn
		}
	}
	return chain
}

// unseenWriters are the transactions that appended to k and happened, but of which
// no list has anything.
func (c *checker) unseenWriters(k *key, chain []int) []int {
	seen := make(map[int]bool, len(chain))
	for _, w := range chain {
		seen[w] = true
	}
	var unseen []int
	for _, w := range k.writers {
		if c.happened(w) && !seen[w] {
			unseen = append(unseen, w)
		}
	}
	return unseen
}

// maxOverlaps bounds the writers of one version that are compared in pairs.
const maxOverlaps = 300

// overlaps compares the transactions that wrote the same version back or locked it, and
// those whose appends nobody saw: whichever of two was first, the other's snapshot must come
// after its commit. If one's snapshot was taken before the other can have committed,
// that order is known.
func (c *checker) overlaps(n int, k *key, unseen []int) {
	claims := map[int][]claim{}
	for _, r := range k.reads {
		x := claim{txn: r.txn, writes: r.touch || r.lock && !c.options.LocksWait, locks: r.lock, share: r.share && !c.options.LocksWait}
		if (x.writes || x.share) && !r.forked && c.happened(r.txn) {
			claims[len(r.list)] = append(claims[len(r.list)], x)
		}
	}
	for at := range len(k.order) + 1 {
		c.overlapping(n, claims[at])
	}
	var writers []claim
	for _, w := range unseen {
		writers = append(writers, claim{txn: w, writes: true})
	}
	c.overlapping(n, writers)
}

// A claim is what a transaction did to a version without changing it.
type claim struct {
	txn                  int
	writes, locks, share bool
}

// conflicts tells whether two transactions with these claims must not overlap.
func (a claim) conflicts(b claim) bool {
	return a.writes && b.writes || a.share && b.locks || a.locks && b.share
}

func (c *checker) overlapping(n int, claims []claim) {
	if len(claims) > maxOverlaps {
		claims = claims[:maxOverlaps]
	}
	for _, a := range claims {
		for _, b := range claims {
			if a.txn != b.txn && a.conflicts(b) && c.txns[a.txn].Snapshot != 0 && c.txns[a.txn].Snapshot < c.txns[b.txn].Commit {
				c.graph.add(commitOf(a.txn), snapshotOf(b.txn), overlap, n)
			}
		}
	}
}

// A bound is a time before which, or after which, a moment lies.
type bound struct {
	time  int64
	node  int32
	after bool // the moment comes after time
}

// addRealTime adds an edge from each moment that had passed at some time to each that
// came later, through a chain of nodes that stand for times.
func (c *checker) addRealTime() {
	var bounds []bound
	for i := range c.txns {
		t := &c.txns[i]
		bounds = append(bounds, bound{t.Begin, snapshotOf(i), true})
		if t.Snapshot != 0 {
			bounds = append(bounds, bound{t.Snapshot, snapshotOf(i), false})
		}
		if c.happened(i) && t.Commit != 0 {
			bounds = append(bounds, bound{t.Commit, commitOf(i), true})
		}
		if t.Outcome == OK {
			bounds = append(bounds, bound{t.End, commitOf(i), false})
		}
	}
	slices.SortStableFunc(bounds, func(a, b bound) int {
		if a.time == b.time && a.after != b.after { // Equal times say nothing.
			if a.after {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.time, b.time)
	})
	g, barrier, passed := c.graph, int32(-1), []int32(nil)
	for _, b := range bounds {
		if !b.after {
			passed = append(passed, b.node)
			continue
		}
		if len(passed) > 0 {
			next := g.newNode()
			for _, p := range passed {
				g.add(p, next, realTime, -1)
			}
			if barrier >= 0 {
				g.add(barrier, next, chain, -1)
			}
			barrier, passed = next, passed[:0]
		}
		if barrier >= 0 {
			g.add(barrier, b.node, chain, -1)
		}
	}
}
