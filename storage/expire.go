package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
)

// bucketAt returns the bucket in a key of the history or of the deleted list.
func bucketAt(key []byte) (bucket, error) {
	if len(key) < 9 {
		return 0, corrupt("bucket")
	}
	return bucket(binary.BigEndian.Uint64(key[1:])), nil
}

// Expire drops buckets that the horizon has passed, with the tombstones that
// they list. It handles about `limit` tombstones, so that Apply does not wait for
// long, and reports whether nothing is left to do. It is repeated after a crash,
// and harmless then.
func (s *Store) Expire(limit int) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *s.buckets.Load()
	if len(known) == 0 || !known[0].passed(s.Horizon()) {
		return true, nil
	}
	batch := s.db.NewBatch()
	defer batch.Close()
	next, err := s.expireTombstones(batch, known[0], limit)
	if err != nil {
		return false, fmt.Errorf("expire history: %w", err)
	}
	if next == nil {
		lower, upper := bucketKey(nil, historyTree, known[0]), bucketKey(nil, historyTree, known[0]+1)
		if err := batch.DeleteRange(lower, upper, nil); err != nil {
			return false, fmt.Errorf("expire history: %w", err)
		}
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return false, fmt.Errorf("expire history: %w", err)
	}
	if s.expired = next; next == nil {
		rest := known[1:]
		s.buckets.Store(&rest)
	}
	return false, nil
}

// expireTombstones removes listed tombstones from the current tree unless the
// key has been written again, and returns where to go on; nil if the list is done. Only then
// the list itself goes, in one range deletion: readers pay for each that memory holds.
func (s *Store) expireTombstones(batch *pebble.Batch, b bucket, limit int) (next []byte, err error) {
	lower, upper := bucketKey(nil, deletedTree, b), bucketKey(nil, deletedTree, b+1)
	from := lower
	if bytes.HasPrefix(s.expired, lower) {
		from = s.expired
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: upper})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		if limit--; limit < 0 {
			return bytes.Clone(it.Key()), nil
		}
		listed, err := it.ValueAndErr()
		if err != nil {
			return nil, err
		}
		if len(listed) != 8 {
			return nil, corrupt("list of tombstones")
		}
		key := currentKey(nil, it.Key()[9:])
		if err := s.dropTombstone(batch, key, kv.Timestamp(binary.BigEndian.Uint64(listed))); err != nil {
			return nil, err
		}
	}
	if err := it.Error(); err != nil {
		return nil, err
	}
	return nil, batch.DeleteRange(lower, upper, nil)
}

// dropTombstone removes an entry of the current tree if it still is the
// tombstone of that time.
func (s *Store) dropTombstone(batch *pebble.Batch, key []byte, time kv.Timestamp) error {
	b, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer closer.Close()
	v, err := decodeCurrent(b)
	if err != nil || !v.deleted || v.time != time {
		return err
	}
	return batch.Delete(key, nil)
}
