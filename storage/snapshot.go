package storage

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
)

// A Snapshot is the newest version of every key as of one record, whatever is
// applied later. It must be closed. It belongs to one goroutine.
type Snapshot struct {
	State State
	s     *Store
	snap  *pebble.Snapshot
}

// NewSnapshot takes a snapshot of what has been applied.
func (s *Store) NewSnapshot() (*Snapshot, error) {
	snap := s.db.NewSnapshot()
	state, err := readState(snap)
	if err != nil {
		return nil, errors.Join(s.readError(err), snap.Close())
	}
	return &Snapshot{State: state, s: s, snap: snap}, nil
}

// Each calls f for every key that is there, in order. What f is given is valid until
// it returns.
func (p *Snapshot) Each(f func(key, value []byte, time kv.Timestamp) error) (err error) {
	it, err := p.snap.NewIter(&pebble.IterOptions{LowerBound: []byte{currentTree}, UpperBound: []byte{currentEnd}})
	if err != nil {
		return p.s.readError(err)
	}
	defer func() {
		if cerr := it.Close(); err == nil {
			err = p.s.readError(cerr)
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		raw, err := it.ValueAndErr()
		if err != nil {
			return p.s.readError(err)
		}
		v, err := decodeCurrent(raw)
		if err != nil {
			return p.s.readError(err)
		}
		if v.deleted {
			continue
		}
		if err := f(it.Key()[1:], v.value, v.time); err != nil {
			return err
		}
	}
	return p.s.readError(it.Error())
}

// Close lets go of the snapshot.
func (p *Snapshot) Close() error { return p.snap.Close() }

// loadBytes is the size of a batch of Create.
const loadBytes = 1 << 20

// Create makes a store in a directory that has none, which holds what next returns,
// a key each until ok is false, and stands at a state. It is durable when Create
// returns.
func Create(dir string, o Options, st State, next func() (key, value []byte, time kv.Timestamp, ok bool, err error)) (err error) {
	if _, exists, err := Peek(dir, o); err != nil || exists {
		return errors.Join(err, fmt.Errorf("create storage: %s has one already", dir))
	}
	s, err := Open(dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for done := false; !done; {
		b := s.db.NewBatch()
		for !done && b.Len() < loadBytes {
			key, value, time, ok, err := next()
			if err != nil {
				return errors.Join(err, b.Close())
			}
			if done = !ok; ok {
				err = b.Set(currentKey(nil, key), appendCurrent(nil, version{time: time, value: value}), nil)
			} else {
				err = b.Set(stateKey, st.encode(), nil)
			}
			if err != nil {
				return errors.Join(err, b.Close())
			}
		}
		if err := errors.Join(b.Commit(pebble.NoSync), b.Close()); err != nil {
			return fmt.Errorf("fill storage: %w", err)
		}
	}
	_, err = s.Flush()
	return err
}
