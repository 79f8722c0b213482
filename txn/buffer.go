package txn

import (
	"bytes"
	"math/rand/v2"

	"zorya/kv"
)

// A buffer is a transaction's writes and claims, ordered by key. It is a skip
// list: entries are never moved or removed, so that scans walk on while the
// statement that made them writes.
//
// Each key has the writes of several statements, newest first, because a
// statement sees those of earlier ones only.
//
//	key a: claimed Update     stmt 5: "y" → stmt 2: "x"     statement 5 sees "x"
//	key b: claimed Exclusive  (locked, not written)
type buffer struct {
	entries []entry
	towers  []int32          // The next entries of all entries, level by level.
	tail    [maxHeight]int32 // The last entries, level by level: rows are often loaded in order.
	writes  []write
	height  int
	keys    int  // Entries with a write.
	scans   int  // Open scans; while there are any, no write is forgotten.
	nested  int  // Statements inside of others; these may still see what was before.
	saved   bool // There are savepoints, of which the same holds.
	raised  []raised
}

// none marks the end of a list of indices. Entry 0 is a sentinel before all keys.
const none = -1

const maxHeight = 16

type entry struct {
	key      kv.Key
	strength kv.Strength
	newest   int32 // Index in writes.
	tower    int32 // Index in towers of its next entry on level 0.
	prev     int32
	fresh    bool // The snapshot has nothing under the key.
}

type write struct {
	statement int
	older     int32
	deleted   bool
	fresh     bool // No older transaction's value is replaced, if no own write came before.
	value     []byte
}

// init makes the sentinel at the first write.
func (b *buffer) init() {
	if len(b.entries) > 0 {
		return
	}
	b.height = 1
	b.entries = append(make([]entry, 0, 8), entry{newest: none, prev: none})
	b.towers = make([]int32, maxHeight, maxHeight+16)
	for i := range b.towers {
		b.towers[i] = none
	}
}

func (b *buffer) next(e int32, level int) int32 { return b.towers[int(b.entries[e].tower)+level] }

// seek returns the first entry whose key is not less than key, none if there is
// none. If path is not nil it gets the entries before it, level by level.
func (b *buffer) seek(key []byte, path *[maxHeight]int32) int32 {
	if len(b.entries) == 0 {
		return none
	}
	if end := b.tail[0]; end != 0 && bytes.Compare(b.entries[end].key, key) < 0 {
		if path != nil {
			*path = b.tail
		}
		return none
	}
	at, next := int32(0), int32(none)
	for level := b.height - 1; level >= 0; level-- {
		for {
			next = b.next(at, level)
			if next == none || bytes.Compare(b.entries[next].key, key) >= 0 {
				break
			}
			at = next
		}
		if path != nil {
			path[level] = at
		}
	}
	return next
}

// last returns the last entry, none if there is none.
func (b *buffer) last() int32 {
	if len(b.entries) < 2 {
		return none
	}
	return b.tail[0]
}

// find returns the entry of a key, none if there is none.
func (b *buffer) find(key []byte) int32 {
	e := b.seek(key, nil)
	if e != none && bytes.Equal(b.entries[e].key, key) {
		return e
	}
	return none
}

// claim returns the entry of a key, made if need be, claimed at least as strongly
// as s.
func (b *buffer) claim(key kv.Key, s kv.Strength) int32 {
	b.init()
	var path [maxHeight]int32
	e := b.seek(key, &path)
	if e == none || !bytes.Equal(b.entries[e].key, key) {
		e = b.insert(key, &path)
	}
	if old := b.entries[e].strength; s > old {
		if b.saved {
			b.raised = append(b.raised, raised{e, old})
		}
		b.entries[e].strength = s
	}
	return e
}

// insert makes an entry behind path.
func (b *buffer) insert(key kv.Key, path *[maxHeight]int32) int32 {
	height := 1
	for height < maxHeight && rand.Uint32()&3 == 0 {
		height++
	}
	b.height = max(b.height, height) // Above the old height path has 0, the sentinel.
	e, tower := int32(len(b.entries)), int32(len(b.towers))
	b.entries = append(b.entries, entry{key: key, newest: none, tower: tower, prev: path[0]})
	for level := range height {
		before := int(b.entries[path[level]].tower) + level
		b.towers = append(b.towers, b.towers[before])
		b.towers[before] = e
		if b.next(e, level) == none {
			b.tail[level] = e
		}
	}
	if after := b.next(e, 0); after != none {
		b.entries[after].prev = e
	}
	return e
}

// put notes that a statement gave a key a value, or deleted it.
func (b *buffer) put(key kv.Key, s kv.Strength, w write) {
	e := &b.entries[b.claim(key, s)]
	w.older = e.newest
	if w.older == none {
		b.keys++
		e.fresh = e.fresh || w.fresh
	} else if old := &b.writes[w.older]; old.statement == w.statement {
		w.older = old.older // No scan sees the statement that is running.
		*old = w
		return
	} else if b.scans == 0 && b.nested == 0 && !b.saved {
		// Nobody sees what is older than the write before this statement.
		old.older = none
	}
	b.writes = append(b.writes, w)
	e.newest = int32(len(b.writes) - 1)
}

// visible returns the newest write of an entry by a statement before the given
// one, nil if there is none.
func (b *buffer) visible(e int32, statement int) *write {
	for i := b.entries[e].newest; i != none; i = b.writes[i].older {
		if b.writes[i].statement < statement {
			return &b.writes[i]
		}
	}
	return nil
}

// lookup is visible for a key.
func (b *buffer) lookup(key []byte, statement int) *write {
	if e := b.find(key); e != none {
		return b.visible(e, statement)
	}
	return nil
}

// each calls f for every entry in key order, with its newest write or nil.
func (b *buffer) each(f func(e *entry, w *write)) {
	if len(b.entries) == 0 {
		return
	}
	for e := b.next(0, 0); e != none; e = b.next(e, 0) {
		var w *write
		if i := b.entries[e].newest; i != none {
			w = &b.writes[i]
		}
		f(&b.entries[e], w)
	}
}
