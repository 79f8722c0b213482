package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
)

// CheckTrees reads every entry of the store's trees, and tells found of those that
// cannot be, with the key that they are of. It returns the number of superseded
// versions.
func (s *Store) CheckTrees(found func(key []byte, problem string)) (versions int64, err error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return 0, s.readError(err)
	}
	defer func() {
		if cerr := it.Close(); err == nil {
			err = s.readError(cerr)
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return versions, s.readError(err)
		}
		of, err := s.checkEntry(it.Key(), value)
		if err != nil {
			found(of, err.Error())
		}
		if it.Key()[0] == historyTree {
			versions++
		}
	}
	return versions, s.readError(it.Error())
}

// checkEntry checks an entry of any tree, and returns the key that it is of.
func (s *Store) checkEntry(key, value []byte) (of []byte, err error) {
	switch key[0] {
	case currentTree:
		return key[1:], s.checkCurrent(key[1:], value)
	case deletedTree:
		if len(key) < 9 || len(value) != 8 || bucketOf(kv.Timestamp(binary.BigEndian.Uint64(value))) != bucket(binary.BigEndian.Uint64(key[1:])) {
			return key, corrupt("entry of the list of tombstones")
		}
		return key[9:], nil
	case historyTree:
		return checkHistory(key, value)
	}
	if bytes.Equal(key, stateKey) {
		return key, nil
	}
	return key, corrupt("key")
}

// checkCurrent checks an entry of the current tree. A tombstone must be listed, or it
// would stay for ever.
func (s *Store) checkCurrent(key, value []byte) error {
	v, err := decodeCurrent(value)
	if err != nil {
		return err
	}
	if v.time > s.Applied().Time {
		return fmt.Errorf("%w: the version is of time %d, after the last record", ErrCorrupt, v.time)
	}
	if !v.deleted {
		return nil
	}
	listed, closer, err := s.db.Get(append(bucketKey(nil, deletedTree, bucketOf(v.time)), key...))
	if errors.Is(err, pebble.ErrNotFound) {
		return fmt.Errorf("%w: the tombstone of time %d is not listed", ErrCorrupt, v.time)
	}
	if err != nil {
		return s.readError(err)
	}
	defer closer.Close()
	if len(listed) != 8 || kv.Timestamp(binary.BigEndian.Uint64(listed)) < v.time {
		return fmt.Errorf("%w: the tombstone of time %d is listed with another time", ErrCorrupt, v.time)
	}
	return nil
}

// checkHistory checks an entry of the history.
func checkHistory(key, value []byte) (of []byte, err error) {
	if len(key) < 9+2+8 {
		return key, corrupt("key of the history")
	}
	of, ok := unescape(key[9 : len(key)-8])
	if !ok {
		return key, corrupt("key of the history")
	}
	until, _, err := decodeHistory(value)
	if err == nil && (until <= versionTime(key) || bucketOf(until) != bucket(binary.BigEndian.Uint64(key[1:]))) {
		err = fmt.Errorf("%w: a version from %d to %d in bucket %d", ErrCorrupt, versionTime(key), until, binary.BigEndian.Uint64(key[1:]))
	}
	return of, err
}

// unescape reads what appendEscaped wrote.
func unescape(b []byte) (key []byte, ok bool) {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 || i+1 == len(b) {
			return nil, false
		}
		key = append(key, b[:i]...)
		switch {
		case b[i+1] == 1 && i+2 == len(b):
			return key, true
		case b[i+1] != 0xff:
			return nil, false
		}
		key, b = append(key, 0), b[i+2:]
	}
}
