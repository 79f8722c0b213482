package storage

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
	"zorya/txn"
)

// Scan iterates over what the keys of a span held at time `at`, under the rules
// of Get. The Filter sees stored rows; Limit counts what it lets through.
func (s *Store) Scan(ctx context.Context, span kv.Span, at kv.Timestamp, o txn.ScanOptions) txn.Iterator {
	lower, upper := currentBounds(span)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	i := &iterator{ctx: ctx, s: s, o: o, it: it, err: err, past: history{s: s, at: at}}
	if f, ok := o.Filter.(txn.BatchFilter); ok && o.Limit == 0 {
		i.o.Filter = nil
		return newBatched(i, f)
	}
	return i
}

// An iterator walks the current tree, and steps aside into the history for keys
// that changed after its time.
type iterator struct {
	ctx  context.Context
	s    *Store
	o    txn.ScanOptions
	it   *pebble.Iterator // nil after an error of NewIter.
	past history          // Opened after `it`, so that it has all that `it` finds too new.

	started bool
	key     []byte
	cur     version
	stats   txn.ScanStats
	found   int
	err     error
}

var _ txn.Iterator = (*iterator)(nil)

// Next implements txn.Iterator.
func (i *iterator) Next() bool {
	if i.err != nil || i.o.Limit > 0 && i.found == i.o.Limit {
		return false
	}
	for i.step() {
		visible, err := i.resolve()
		if err == nil && visible {
			visible, err = i.admit()
		}
		if err != nil {
			i.err = err
			return false
		}
		if visible {
			i.found++
			i.err = i.s.checkHorizon(i.past.at)
			return i.err == nil
		}
	}
	if i.err == nil {
		i.err = i.it.Error()
	}
	if i.err == nil {
		i.err = i.s.checkHorizon(i.past.at)
	}
	return false
}

// step moves to the next entry of the current tree.
func (i *iterator) step() bool {
	if i.stats.Rows&1023 == 0 {
		if i.err = i.ctx.Err(); i.err != nil {
			return false
		}
	}
	first := !i.started
	i.started = true
	switch {
	case first && i.o.Reverse:
		return i.it.Last()
	case first:
		return i.it.First()
	case i.o.Reverse:
		return i.it.Prev()
	}
	return i.it.Next()
}

// resolve sets key and cur to the version of the entry at the scan's time, and
// reports whether there was one.
func (i *iterator) resolve() (visible bool, err error) {
	raw, err := i.it.ValueAndErr()
	if err != nil {
		return false, err
	}
	i.key = i.it.Key()[1:]
	if i.cur, err = decodeCurrent(raw); err != nil {
		return false, err
	}
	if i.cur.time > i.past.at {
		i.cur, visible, err = i.past.get(i.key, i.cur.time)
		return visible, err
	}
	return !i.cur.deleted, nil
}

// admit counts the row and asks the filter.
func (i *iterator) admit() (bool, error) {
	i.stats.Rows++
	i.stats.Bytes += int64(len(i.key) + len(i.cur.value))
	if i.o.Filter == nil {
		return true, nil
	}
	match, err := i.o.Filter.Match(i.key, i.cur.value)
	if !match && err == nil {
		i.stats.Filtered++
	}
	return match, err
}

// The current pair; see txn.Iterator.
func (i *iterator) Key() []byte          { return i.key }
func (i *iterator) Value() []byte        { return i.cur.value }
func (i *iterator) Time() kv.Timestamp   { return i.cur.time }
func (i *iterator) Err() error           { return i.s.readError(i.err) }
func (i *iterator) Stats() txn.ScanStats { return i.stats }

// Close implements txn.Iterator.
func (i *iterator) Close() {
	if i.it != nil {
		_ = i.it.Close()
		i.it = nil
	}
	i.past.close()
	i.past.it = nil
}
