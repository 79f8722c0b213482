package exec

// firstRows keeps those rows of a growing store that may be among the first ones
// wanted: all of them at first, and from twice as many as are wanted on a heap with
// the last of them on top. Like the sorter it makes PostgreSQL's choices among rows with
// equal keys.
type firstRows struct {
	sorter  *sorter
	want    int
	entries []sortEntry
	heaped  bool
	seen    int // rows of the store that have been taken
}

// take considers the rows that have come into the store.
func (f *firstRows) take() {
	for ; f.seen < f.sorter.s.n; f.seen++ {
		e := f.sorter.entry(f.seen)
		if f.heaped {
			f.offer(e)
			continue
		}
		f.entries = append(f.entries, e)
		if len(f.entries) > 2*f.want {
			f.makeHeap()
		}
	}
}

// order returns the rows in order.
func (f *firstRows) order() []int32 {
	if !f.heaped {
		f.sorter.sort(f.entries)
	}
	all := f.entries
	for n := len(all); f.heaped && n > 1; n-- {
		top, last := all[0], all[n-1]
		f.sink(all[:n-1], last)
		all[n-1] = top
	}
	out := make([]int32, len(all))
	for i := range all {
		out[i] = all[i].row
	}
	return out
}

func (f *firstRows) makeHeap() {
	all := f.entries
	f.entries, f.heaped = nil, true
	for _, e := range all {
		f.offer(e)
	}
}

// offer puts e into the heap, if it belongs there.
func (f *firstRows) offer(e sortEntry) {
	if len(f.entries) == f.want {
		if f.sorter.compare(&e, &f.entries[0]) < 0 {
			f.sink(f.entries, e)
		}
		return
	}
	f.entries = append(f.entries, e)
	at := len(f.entries) - 1
	for at > 0 {
		up := (at - 1) / 2
		if f.sorter.compare(&e, &f.entries[up]) <= 0 {
			break
		}
		f.entries[at] = f.entries[up]
		at = up
	}
	f.entries[at] = e
}

// sink puts e in the place of the heap's top.
func (f *firstRows) sink(heap []sortEntry, e sortEntry) {
	at := 0
	for {
		down := 2*at + 1
		if down >= len(heap) {
			break
		}
		if down+1 < len(heap) && f.sorter.compare(&heap[down], &heap[down+1]) < 0 {
			down++
		}
		if f.sorter.compare(&e, &heap[down]) >= 0 {
			break
		}
		heap[at] = heap[down]
		at = down
	}
	heap[at] = e
}
