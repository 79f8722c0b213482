package txn

import (
	"bytes"

	"zorya/kv"
)

// An overlay merges what storage has in a span with own writes. Where both have a
// key, the own write stands.
type overlay struct {
	b         *buffer
	statement int
	span      kv.Span
	o         ScanOptions
	stored    Iterator
	ownStats  ScanStats

	pending bool  // `stored` stands on a pair that has not been returned.
	ended   bool  // `stored` has no more.
	own     int32 // The next own entry; none at the end.

	key, value []byte
	fromStore  bool // The current pair is that of `stored`.
	found      int
	err        error
	closed     bool
}

var _ Iterator = (*overlay)(nil)

// newOverlay returns the iterator over stored and over the writes in b that
// the statement sees. stored has no limit.
func newOverlay(b *buffer, statement int, span kv.Span, o ScanOptions, stored Iterator) *overlay {
	i := &overlay{b: b, statement: statement, span: span, o: o, stored: stored}
	b.scans++
	switch {
	case !o.Reverse:
		i.own = b.seek(span.Start, nil)
	case span.End == nil:
		i.own = b.last()
	default:
		if e := b.seek(span.End, nil); e == none {
			i.own = b.last()
		} else {
			i.own = i.before(e)
		}
	}
	return i
}

// before returns the entry in front of e, none if it is the first.
func (i *overlay) before(e int32) int32 {
	if prev := i.b.entries[e].prev; prev != 0 {
		return prev
	}
	return none
}

// Next implements Iterator.
func (i *overlay) Next() bool {
	if i.err != nil || i.closed || i.o.Limit > 0 && i.found == i.o.Limit {
		return false
	}
	for i.merge() {
		if i.fromStore {
			i.found++
			return true
		}
		ok, err := i.admit()
		if err != nil {
			i.err = err
			return false
		}
		if ok {
			i.found++
			return true
		}
	}
	return false
}

// merge moves to the next pair of either side; false at the end of both.
func (i *overlay) merge() bool {
	for {
		if !i.pending && !i.ended {
			i.pending = i.stored.Next()
			i.ended = !i.pending
			if i.err = i.stored.Err(); i.err != nil {
				return false
			}
		}
		w := i.peekOwn()
		order := i.order(w)
		if w == nil && !i.pending {
			return false
		}
		if order < 0 {
			i.pending, i.fromStore = false, true
			return true
		}
		if order == 0 {
			i.pending = false // Overwritten.
		}
		i.key, i.value, i.fromStore = i.b.entries[i.own].key, w.value, false
		deleted := w.deleted
		i.advanceOwn()
		if !deleted {
			return true
		}
	}
}

// order is negative if the stored pair comes next, positive if the own one
// does, 0 if they have the same key.
func (i *overlay) order(w *write) int {
	switch {
	case !i.pending:
		return 1
	case w == nil:
		return -1
	}
	order := bytes.Compare(i.stored.Key(), i.b.entries[i.own].key)
	if i.o.Reverse {
		return -order
	}
	return order
}

// peekOwn skips to the next own entry with a write that the scan sees.
func (i *overlay) peekOwn() *write {
	for i.own != none && i.span.Contains(i.b.entries[i.own].key) {
		if w := i.b.visible(i.own, i.statement); w != nil {
			return w
		}
		i.advanceOwn()
	}
	i.own = none
	return nil
}

func (i *overlay) advanceOwn() {
	if i.o.Reverse {
		i.own = i.before(i.own)
	} else {
		i.own = i.b.next(i.own, 0)
	}
}

// admit counts an own row and asks the filter, as storage does for stored rows.
func (i *overlay) admit() (bool, error) {
	i.ownStats.Rows++
	i.ownStats.Bytes += int64(len(i.key) + len(i.value))
	if i.o.Filter == nil {
		return true, nil
	}
	match, err := i.o.Filter.Match(i.key, i.value)
	if !match && err == nil {
		i.ownStats.Filtered++
	}
	return match, err
}

// Key implements Iterator.
func (i *overlay) Key() []byte {
	if i.fromStore {
		return i.stored.Key()
	}
	return i.key
}

// Value implements Iterator.
func (i *overlay) Value() []byte {
	if i.fromStore {
		return i.stored.Value()
	}
	return i.value
}

// Time implements Iterator.
func (i *overlay) Time() kv.Timestamp {
	if i.fromStore {
		return i.stored.Time()
	}
	return 0
}

// Err implements Iterator.
func (i *overlay) Err() error { return i.err }

// Stats implements Iterator.
func (i *overlay) Stats() ScanStats {
	s := i.stored.Stats()
	s.Rows += i.ownStats.Rows
	s.Filtered += i.ownStats.Filtered
	s.Bytes += i.ownStats.Bytes
	return s
}

// Close implements Iterator.
func (i *overlay) Close() {
	if !i.closed {
		i.closed = true
		i.b.scans--
		i.stored.Close()
	}
}
