package storage

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
	"zorya/txn"
)

// Get returns what key held at time `at`, which is not after the state that
// Applied returned to the caller. It fails with ErrHorizon below the horizon.
func (s *Store) Get(_ context.Context, key kv.Key, at kv.Timestamp) (v txn.Value, ok bool, err error) {
	var space [128]byte
	b, closer, err := s.db.Get(currentKey(space[:0], key))
	if errors.Is(err, pebble.ErrNotFound) {
		return txn.Value{}, false, s.checkHorizon(at)
	}
	if err != nil {
		return txn.Value{}, false, s.readError(err)
	}
	cur, err := decodeCurrent(b)
	if err == nil && cur.time <= at && !cur.deleted {
		v, ok = txn.Value{Bytes: slices.Clone(cur.value), Time: cur.time}, true
	}
	if err := errors.Join(err, closer.Close()); err != nil {
		return txn.Value{}, false, s.readError(err)
	}
	if cur.time > at {
		h := history{s: s, at: at}
		defer h.close()
		old, found, err := h.get(key, cur.time)
		if err != nil {
			return txn.Value{}, false, s.readError(err)
		}
		if found {
			v, ok = txn.Value{Bytes: slices.Clone(old.value), Time: old.time}, true
		}
	}
	if err := s.checkHorizon(at); err != nil {
		return txn.Value{}, false, err
	}
	return v, ok, nil
}

// checkHorizon returns ErrHorizon if what a read at a time saw may be wrong.
// Readers call it last (invariant 3).
func (s *Store) checkHorizon(at kv.Timestamp) error {
	if at < s.Horizon() {
		return ErrHorizon
	}
	return nil
}

// A history looks up superseded versions as of one time. The Pebble iterator is
// made at the first use: most reads never need it.
type history struct {
	s    *Store
	at   kv.Timestamp
	it   *pebble.Iterator
	seek []byte
}

// get returns the version of key at h.at, if it had one. The key's current
// version is of time `current`, after h.at. The value is valid until the next call.
func (h *history) get(key []byte, current kv.Timestamp) (v version, ok bool, err error) {
	for _, b := range *h.s.buckets.Load() {
		if b < bucketOf(h.at) {
			continue
		}
		if b > bucketOf(current) {
			break
		}
		v, ok, err := h.inBucket(b, key)
		if ok || err != nil {
			return v, ok, err
		}
	}
	return version{}, false, nil
}

// inBucket looks for the newest version of key not after h.at. Such a version
// may have been superseded before h.at, in the same minute; then the one to be
// found is in a later bucket, or there is none.
func (h *history) inBucket(b bucket, key []byte) (v version, ok bool, err error) {
	if h.it == nil {
		o := pebble.IterOptions{LowerBound: []byte{historyTree}, UpperBound: []byte{historyEnd}}
		if h.it, err = h.s.db.NewIter(&o); err != nil {
			return version{}, false, err
		}
	}
	h.seek = historyKey(h.seek[:0], b, key, h.at)
	if !h.it.SeekGE(h.seek) {
		return version{}, false, h.it.Error()
	}
	found, prefix := h.it.Key(), h.seek[:len(h.seek)-8]
	if len(found) != len(h.seek) || !bytes.HasPrefix(found, prefix) {
		return version{}, false, nil
	}
	raw, err := h.it.ValueAndErr()
	if err != nil {
		return version{}, false, err
	}
	until, value, err := decodeHistory(raw)
	if err != nil || until <= h.at {
		return version{}, false, err
	}
	return version{time: versionTime(found), value: value}, true, nil
}

func (h *history) close() {
	if h.it != nil {
		_ = h.it.Close()
	}
}
