package adjudicator

import "zorya/kv"

// A table maps hashes of keys to the times of their last claims. It is an open
// addressing hash table without pointers, so that the garbage collector does not
// look at it, whatever its size.
type table struct {
	slots []slot // A power of two of them.
	used  int
}

// A slot holds the last commits that claimed a key at least this strongly. An
// empty one has hash 0.
type slot struct {
	hash                     uint64
	share, update, exclusive kv.Timestamp
}

func newTable() table { return table{slots: make([]slot, 64)} }

// home makes a usable hash: 0 marks an empty slot.
func home(hash uint64) uint64 { return max(hash, 1) }

// find returns the index of a hash's slot, or of the empty one where it belongs.
func (t *table) find(hash uint64) int {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].hash != 0 && t.slots[i].hash != hash {
		i = (i + 1) & mask
	}
	return int(i)
}

// rival returns the last commit whose claim on the key conflicts with a claim of
// this strength; 0 if there is none (kv.Strength).
func (t *table) rival(hash uint64, s kv.Strength) kv.Timestamp {
	slot := &t.slots[t.find(home(hash))]
	switch s {
	case kv.Exclusive:
		return slot.share
	case kv.Update:
		return slot.update
	case kv.Share:
		return slot.exclusive
	}
	return 0
}

// reserve makes room for n more claims at once.
func (t *table) reserve(n int) {
	size := len(t.slots)
	for 4*(t.used+n) >= 3*size {
		size *= 2
	}
	if size > len(t.slots) {
		t.resize(size)
	}
}

// claim notes a commit's claim. Times increase from call to call.
func (t *table) claim(hash uint64, s kv.Strength, at kv.Timestamp) {
	hash = home(hash)
	if 4*t.used >= 3*len(t.slots) {
		t.resize(2 * len(t.slots))
	}
	slot := &t.slots[t.find(hash)]
	if slot.hash == 0 {
		slot.hash = hash
		t.used++
	}
	slot.share = at
	if s >= kv.Update {
		slot.update = at
	}
	if s == kv.Exclusive {
		slot.exclusive = at
	}
}

// forget removes a key unless it has been claimed after the time.
func (t *table) forget(hash uint64, at kv.Timestamp) {
	i := t.find(home(hash))
	if t.slots[i].hash == 0 || t.slots[i].share != at {
		return
	}
	t.remove(i)
	if len(t.slots) > 1<<16 && 8*t.used < len(t.slots) {
		t.resize(len(t.slots) / 2)
	}
}

// remove empties slot i, and moves up those behind it that would be cut off from
// where their search begins.
func (t *table) remove(i int) {
	mask := len(t.slots) - 1
	t.used--
	for j := (i + 1) & mask; t.slots[j].hash != 0; j = (j + 1) & mask {
		start := int(t.slots[j].hash) & mask
		if (j-start)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot{}
}

func (t *table) resize(n int) {
	old := t.slots
	t.slots = make([]slot, n)
	for _, s := range old {
		if s.hash != 0 {
			t.slots[t.find(s.hash)] = s
		}
	}
}

// A ring is a queue that grows.
type ring[T any] struct {
	items []T // A power of two of them.
	head  int
	n     int
}

func (r *ring[T]) len() int   { return r.n }
func (r *ring[T]) front() T   { return r.items[r.head] }
func (r *ring[T]) at(i int) T { return r.items[(r.head+i)&(len(r.items)-1)] }

func (r *ring[T]) push(v T) {
	if r.n == len(r.items) {
		grown := make([]T, max(64, 2*len(r.items)))
		for i := range r.n {
			grown[i] = r.at(i)
		}
		r.items, r.head = grown, 0
	}
	r.items[(r.head+r.n)&(len(r.items)-1)] = v
	r.n++
}

func (r *ring[T]) pop() T {
	v := r.items[r.head]
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.n--
	return v
}
