package storage

import (
	"bytes"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
	"zorya/txn"
)

// ascents is how many keys in a row must have been greater than those before them for a
// reader to believe that its keys come in order.
const ascents = 4

// A reader answers Gets with one iterator of the current tree, which costs far less than a
// look-up from scratch. It steps aside into the history as iterators do.
type reader struct {
	s      *Store
	it     *pebble.Iterator // nil before the first Get
	past   history          // Opened after `it`, so that it has all that `it` finds too new.
	seek   []byte
	last   []byte
	ascent int // how many keys in a row were greater than those before them
}

// Reader returns a reader of many keys as of a time, under the rules of Get.
func (s *Store) Reader(_ context.Context, at kv.Timestamp) txn.StoreReader {
	return &reader{s: s, past: history{s: s, at: at}}
}

// Get implements txn.StoreReader.
func (r *reader) Get(key kv.Key) (v txn.Value, ok bool, err error) {
	cur, ok, err := r.find(key)
	if err == nil && ok && cur.time > r.past.at {
		cur, ok, err = r.past.get(key, cur.time)
	}
	if err != nil {
		return txn.Value{}, false, r.s.readError(err)
	}
	if err := r.s.checkHorizon(r.past.at); err != nil {
		return txn.Value{}, false, err
	}
	if !ok || cur.deleted {
		return txn.Value{}, false, nil
	}
	return txn.Value{Bytes: cur.value, Time: cur.time}, true, nil
}

// find returns the newest version of a key.
func (r *reader) find(key kv.Key) (v version, ok bool, err error) {
	if r.it == nil {
		o := pebble.IterOptions{LowerBound: []byte{currentTree}, UpperBound: []byte{currentEnd}, UseL6Filters: true}
		if r.it, err = r.s.db.NewIter(&o); err != nil {
			return version{}, false, err
		}
	}
	r.seek, r.last = currentKey(r.last[:0], key), r.seek
	if !r.position() {
		return version{}, false, r.it.Error()
	}
	if !bytes.Equal(r.it.Key(), r.seek) {
		return version{}, false, nil
	}
	raw, err := r.it.ValueAndErr()
	if err != nil {
		return version{}, false, err
	}
	v, err = decodeCurrent(raw)
	return v, err == nil, err
}

// position moves the iterator to seek. Keys in order are near each other, or all fall in
// one gap between stored ones, where the iterator already stands. Others are spared the
// files that do not have them, by Bloom filters.
func (r *reader) position() bool {
	if bytes.Compare(r.seek, r.last) > 0 {
		r.ascent++
	} else {
		r.ascent = 0
	}
	if r.ascent >= ascents {
		return r.it.SeekGE(r.seek)
	}
	return r.it.SeekPrefixGE(r.seek)
}

// Close implements txn.StoreReader.
func (r *reader) Close() {
	if r.it != nil {
		_ = r.it.Close()
		r.it = nil
	}
	r.past.close()
	r.past.it = nil
}
