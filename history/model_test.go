package history

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// The model is the definition of strong snapshot isolation: try all orders of all
// moments.

// possible tells whether some order of the moments of txns, and some choice of those
// with unknown outcome, gives what the clients saw.
func possible(txns []Txn) bool {
	var unknown []int
	for i := range txns {
		if txns[i].Outcome == Unknown {
			unknown = append(unknown, i)
		}
	}
	for choice := range 1 << len(unknown) {
		commits := make([]bool, len(txns))
		for i := range txns {
			commits[i] = txns[i].Outcome == OK
		}
		for bit, i := range unknown {
			commits[i] = choice&(1<<bit) != 0
		}
		w := world{txns: txns, commits: commits, snapshots: make([]map[int][]int, len(txns)), began: make([]int, len(txns)), done: make([]bool, 2*len(txns)),
			lists: map[int][]int{}, written: map[int]int{}, replaced: map[int]int{}, kept: map[int]int{}}
		if w.explore(1) {
			return true
		}
	}
	return false
}

// A world is a database in the middle of an order of moments.
type world struct {
	txns      []Txn
	commits   []bool
	snapshots []map[int][]int
	began     []int
	done      []bool
	lists     map[int][]int
	// When a key was last written, replaced or locked, kept by Share.
	written, replaced, kept map[int]int
}

// explore tries all moments that may come next.
func (w *world) explore(now int) bool {
	finished := true
	for m := range w.done {
		if w.done[m] || m%2 == 1 && !w.commits[m/2] {
			continue
		}
		finished = false
		if m%2 == 1 && !w.done[m-1] || !w.timely(m) {
			continue
		}
		w.done[m] = true
		if w.happen(m, now) {
			return true
		}
		w.done[m] = false
	}
	return finished
}

// timely tells whether no moment that is still to come had passed before m could.
func (w *world) timely(m int) bool {
	x := &w.txns[m/2]
	from := x.Begin
	if m%2 == 1 {
		from = max(from, x.Commit)
	}
	for other := range w.done {
		y := &w.txns[other/2]
		if other == m || w.done[other] {
			continue
		}
		if other%2 == 1 && (!w.commits[other/2] || y.Outcome != OK) {
			continue
		}
		passed := y.End
		if other%2 == 0 {
			passed = y.Snapshot
		}
		if passed < from {
			return false
		}
	}
	return true
}

// happen lets a moment be and goes on; it leaves the world as it was.
func (w *world) happen(m, now int) bool {
	i := m / 2
	if m%2 == 0 {
		w.began[i] = now
		for _, op := range w.txns[i].Ops {
			if !op.Kind.appends() && !slices.Equal(op.List, w.visible(i, op.Key)) {
				return false
			}
		}
		return w.explore(now + 1)
	}
	lists, written, replaced, kept := w.lists, w.written, w.replaced, w.kept
	defer func() { w.lists, w.written, w.replaced, w.kept = lists, written, replaced, kept }()
	w.lists, w.written, w.replaced, w.kept = map[int][]int{}, maps.Clone(written), maps.Clone(replaced), maps.Clone(kept)
	for k, l := range lists {
		w.lists[k] = slices.Clone(l)
	}
	for _, op := range w.txns[i].Ops {
		since := func(times map[int]int) bool { return times[op.Key] > w.began[i] }
		exclusive := op.Kind == Replace || op.Kind == Lock
		switch {
		case op.Kind == Read:
			continue
		case op.Kind == Share:
			if since(replaced) {
				return false
			}
			w.kept[op.Key] = now
			continue
		case since(written) || exclusive && since(kept):
			return false
		}
		w.written[op.Key] = now
		if exclusive {
			w.replaced[op.Key] = now
		}
		if op.Kind.appends() {
			w.lists[op.Key] = append(w.lists[op.Key], op.Value)
		}
	}
	return w.explore(now + 1)
}

// visible is the list at the snapshot of a transaction; the generator puts reads
// before the transaction's own appends.
func (w *world) visible(_, key int) []int { return w.lists[key] }

// randomHistory runs a few transactions in a random order of moments, in a database
// that may not keep its promises, and lets clients see it with random delays.
func randomHistory(rng *rand.Rand, touches bool) []Txn {
	n := 2 + rng.IntN(3)
	txns := make([]Txn, n, n+1)
	var moments []int
	value := 0
	for i := range txns {
		outcome := OK
		switch rng.IntN(10) {
		case 0:
			outcome = Failed
		case 1:
			outcome = Unknown
		}
		txns[i] = Txn{ID: i + 1, Outcome: outcome}
		for key := range 2 {
			switch r := rng.IntN(6); {
			case r < 3:
				txns[i].Ops = append(txns[i].Ops, Op{Kind: Read, Key: key})
			case r == 3 && touches:
				txns[i].Ops = append(txns[i].Ops, Op{Kind: []Kind{Touch, Lock, Share, Share}[rng.IntN(4)], Key: key})
			}
		}
		for key := range 2 {
			if rng.IntN(2) == 0 {
				value++
				kind := Append
				if touches && rng.IntN(2) == 0 {
					kind = Replace
				}
				txns[i].Ops = append(txns[i].Ops, Op{Kind: kind, Key: key, Value: value})
			}
		}
		moments = append(moments, i, i)
	}
	rng.Shuffle(len(moments), func(a, b int) { moments[a], moments[b] = moments[b], moments[a] })
	slack := int64(1 + 10*rng.IntN(4))
	lists, began := map[int][]int{}, make([]bool, n)
	bug := rng.IntN(12)
	for at, i := range moments {
		x, now := &txns[i], int64(1000+10*at)
		if !began[i] {
			began[i] = true
			x.Begin, x.Snapshot = now-rng.Int64N(slack), now+rng.Int64N(slack)
			for o := range x.Ops {
				x.Ops[o].List = seen(rng, lists[x.Ops[o].Key], bug, x.Ops[o].Kind)
			}
			continue
		}
		x.Commit, x.End = max(x.Begin, now-rng.Int64N(slack)), max(x.Snapshot, now+rng.Int64N(slack))
		x.Commit = min(max(x.Commit, x.Begin), x.End)
		if x.Outcome == Failed && bug != 1 || x.Outcome == Unknown && rng.IntN(2) == 0 || bug == 2 && rng.IntN(3) == 0 {
			continue
		}
		for _, op := range x.Ops {
			if op.Kind.appends() {
				lists[op.Key] = append(lists[op.Key], op.Value)
			}
		}
	}
	last := Txn{ID: n + 1, Begin: 5000, Snapshot: 5001, Commit: 5002, End: 5003, Outcome: OK}
	for key := range 2 {
		last.Ops = append(last.Ops, Op{Kind: Read, Key: key, List: slices.Clone(lists[key])})
	}
	return append(txns, last)
}

// seen is what a read returns: sometimes not what is there.
func seen(rng *rand.Rand, list []int, bug int, kind Kind) []int {
	if kind.appends() {
		return nil
	}
	list = slices.Clone(list)
	if bug == 3 && len(list) > 0 && rng.IntN(2) == 0 {
		list = list[:len(list)-1]
	}
	if bug == 4 && len(list) > 1 && rng.IntN(3) == 0 {
		list[0], list[1] = list[1], list[0]
	}
	return list
}

// TestAgainstModel compares the checker with the definition. With equal-value writes
// it may miss something, since their order is not known, but never the other way.
func TestAgainstModel(t *testing.T) {
	valid, invalid, missed := 0, 0, 0
	for seed := range uint64(30_000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		touches := seed%3 == 0
		txns := randomHistory(rng, touches)
		report, err := Check(txns, Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := possible(txns)
		switch {
		case report.Valid() && want:
			valid++
		case !report.Valid() && !want:
			invalid++
		case report.Valid() && touches:
			missed++
		default:
			for _, x := range txns {
				t.Logf("%+v", x)
			}
			t.Fatalf("seed %d: possible %v, found %v", seed, want, fmt.Sprint(report.Violations))
		}
	}
	t.Logf("%d possible, %d impossible, %d missed", valid, invalid, missed)
	if valid < 5000 || invalid < 5000 || missed > invalid/100 {
		t.Error("the generator or the checker is too weak")
	}
}
