package storage

import (
	"bytes"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
	"zorya/txn"
)

// ascents is how many keys in a row must have been greater than those before them for a
// finder to believe that its keys come in order.
const ascents = 4

// A finder finds the newest versions of many keys with one iterator of the current tree,
// which costs far less than as many look-ups from scratch. It sees the tree as it was at
// the first one.
type finder struct {
	s      *Store
	it     *pebble.Iterator // nil before the first key
	seek   []byte
	last   []byte
	ascent int // how many keys in a row were greater than those before them
}

// find returns the newest version of a key, if it has one. The value is valid until the
// next call.
func (f *finder) find(key kv.Key) (v version, ok bool, err error) {
	if f.it == nil {
		o := pebble.IterOptions{LowerBound: []byte{currentTree}, UpperBound: []byte{currentEnd}, UseL6Filters: true}
		if f.it, err = f.s.db.NewIter(&o); err != nil {
			return version{}, false, err
		}
	}
	f.seek, f.last = currentKey(f.last[:0], key), f.seek
	if !f.position() {
		return version{}, false, f.it.Error()
	}
	if !bytes.Equal(f.it.Key(), f.seek) {
		return version{}, false, nil
	}
	raw, err := f.it.ValueAndErr()
	if err != nil {
		return version{}, false, err
	}
	v, err = decodeCurrent(raw)
	return v, err == nil, err
}

// position moves the iterator to seek. Keys in order are near each other, or all fall in
// one gap between stored ones, where the iterator already stands. Others are spared the
// files that do not have them, by Bloom filters.
func (f *finder) position() bool {
	if bytes.Compare(f.seek, f.last) > 0 {
		f.ascent++
	} else {
		f.ascent = 0
	}
	if f.ascent >= ascents {
		return f.it.SeekGE(f.seek)
	}
	return f.it.SeekPrefixGE(f.seek)
}

// close lets go of the tree; the finder can be used again.
func (f *finder) close() {
	if f.it != nil {
		_ = f.it.Close()
		f.it = nil
	}
}

// A reader answers Gets. It steps aside into the history as iterators do.
type reader struct {
	finder
	past history // Opened after the finder's iterator, so that it has all that is found too new.
}

// Reader returns a reader of many keys as of a time, under the rules of Get.
func (s *Store) Reader(_ context.Context, at kv.Timestamp) txn.StoreReader {
	return &reader{finder{s: s}, history{s: s, at: at}}
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

// Close implements txn.StoreReader.
func (r *reader) Close() {
	r.close()
	r.past.close()
	r.past.it = nil
}
