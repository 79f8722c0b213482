package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"zorya/journal"
	"zorya/kv"
)

// An applier turns records into one Pebble batch. It is reused; its buffers
// belong to the batch at hand.
type applier struct {
	batch *pebble.Batch
	state State
	// fresh is what the batch at hand has put into the current tree, since Pebble
	// does not see it yet. Hot rows are there several times in a group commit.
	fresh   map[string]version
	changes map[uint32]int64
	replay  bool // See Replay.
	key     []byte
	val     []byte
}

// Apply applies records, which follow those applied so far or repeat them
// (invariant 1). They become visible together. An error leaves the store as it
// was, and means that it can't go on. Keys and values are not kept.
func (s *Store) Apply(records []journal.Record) error { return s.applyAll(records, false) }

// Replay is Apply when nobody reads: it raises the horizon to each record's time,
// so that no version must be looked up to be filed. That is many times faster.
func (s *Store) Replay(records []journal.Record) error { return s.applyAll(records, true) }

func (s *Store) applyAll(records []journal.Record, replay bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &s.apply
	a.replay = replay
	a.begin(s.db.NewBatch(), s.Applied())
	defer a.batch.Close()
	for i := range records {
		r := &records[i]
		if r.Seq <= a.state.Seq {
			continue
		}
		if r.Seq != a.state.Seq+1 || r.Time <= a.state.Time {
			return fmt.Errorf("apply record %d of time %d after record %d of time %d: out of order",
				r.Seq, r.Time, a.state.Seq, a.state.Time)
		}
		if err := s.applyRecord(r); err != nil {
			return fmt.Errorf("apply record %d: %w", r.Seq, err)
		}
	}
	return s.finish()
}

func (a *applier) begin(b *pebble.Batch, st State) {
	a.batch, a.state = b, st
	if a.fresh == nil || len(a.fresh) > 4096 {
		a.fresh = make(map[string]version)
	}
	clear(a.fresh)
	if a.changes == nil {
		a.changes = make(map[uint32]int64)
	}
	clear(a.changes)
}

func (s *Store) applyRecord(r *journal.Record) error {
	a := &s.apply
	a.state.Seq, a.state.Time = r.Seq, r.Time
	a.state.Horizon = max(a.state.Horizon, r.Horizon)
	if a.replay {
		a.state.Horizon = r.Time
	}
	switch r.Kind {
	case journal.Ordinary:
		return s.mutate(r.Mutations, r.Time)
	case journal.Backfill:
		return s.mutate(r.Mutations, r.AsOf)
	case journal.Purge:
		lower, upper := currentBounds(r.Purged)
		for key := range a.fresh {
			if r.Purged.Contains(kv.Key(key)) {
				a.fresh[key] = version{deleted: true}
			}
		}
		return a.batch.DeleteRange(lower, upper, nil)
	}
	return fmt.Errorf("record of unknown kind %d", r.Kind)
}

// mutate gives keys the values that they have from time at on. A key that has a
// newer version already stays as it is: backfilled entries are shadowed.
func (s *Store) mutate(mutations []kv.Mutation, at kv.Timestamp) error {
	a := &s.apply
	for i := range mutations {
		m := &mutations[i]
		old, err := s.superseded(m, at)
		if err != nil {
			return err
		}
		if old.time >= at {
			continue
		}
		if err := s.supersede(m.Key, old, at, m.Delete); err != nil {
			return err
		}
		v := version{time: at, deleted: m.Delete, value: m.Value}
		a.key, a.val = currentKey(a.key[:0], m.Key), appendCurrent(a.val[:0], v)
		if err := a.batch.Set(a.key, a.val, nil); err != nil {
			return err
		}
		a.fresh[string(m.Key)] = v
		a.count(m.Key, at)
	}
	return nil
}

// superseded returns the version that a mutation of time at follows, or is shadowed by.
// In a replay no record but a backfill needs to know, since it is newer than all else,
// and nobody needs to know of a key that held nothing: a tombstone is not filed.
func (s *Store) superseded(m *kv.Mutation, at kv.Timestamp) (version, error) {
	if (s.apply.replay || m.Fresh) && at == s.apply.state.Time {
		return version{deleted: true}, nil
	}
	return s.current(m.Key)
}

// current returns the newest version of a key, with the batch at hand; the zero
// time if there is none.
func (s *Store) current(key kv.Key) (version, error) {
	a := &s.apply
	if v, ok := a.fresh[string(key)]; ok {
		return v, nil
	}
	a.key = currentKey(a.key[:0], key)
	b, closer, err := s.db.Get(a.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return version{deleted: true}, nil
	}
	if err != nil {
		return version{}, err
	}
	v, err := decodeCurrent(b)
	v.value = slices.Clone(v.value)
	return v, errors.Join(err, closer.Close())
}

// supersede files the version that ends at a time, and lists the tombstone that
// takes its place. A tombstone that ends is not filed: what is absent is not there.
func (s *Store) supersede(key kv.Key, old version, at kv.Timestamp, deleted bool) error {
	a := &s.apply
	b := bucketOf(at)
	if !old.deleted || deleted {
		s.announce(b)
	}
	if !old.deleted {
		a.key = historyKey(a.key[:0], b, key, old.time)
		a.val = appendHistory(a.val[:0], at, old.value)
		if err := a.batch.Set(a.key, a.val, nil); err != nil {
			return err
		}
	}
	if !deleted {
		return nil
	}
	a.key = append(bucketKey(a.key[:0], deletedTree, b), key...)
	a.val = binary.BigEndian.AppendUint64(a.val[:0], uint64(at))
	return a.batch.Set(a.key, a.val, nil)
}

// announce lets readers look into a bucket (invariant 4).
func (s *Store) announce(b bucket) {
	known := *s.buckets.Load()
	if i, found := slices.BinarySearch(known, b); !found {
		more := slices.Insert(slices.Clone(known), i, b)
		s.buckets.Store(&more)
	}
}

// count notes a mutation for Changes and for the catalog's version.
func (a *applier) count(key kv.Key, at kv.Timestamp) {
	switch {
	case len(key) >= 5 && key[0] == kv.Data:
		a.changes[binary.BigEndian.Uint32(key[1:])]++
	case len(key) > 0 && key[0] == kv.Descriptors:
		a.state.Catalog = max(a.state.Catalog, at)
	}
}

// finish makes the batch at hand visible.
func (s *Store) finish() error {
	a := &s.apply
	if a.state.Seq == s.Applied().Seq {
		return nil
	}
	if err := a.batch.Set(stateKey, a.state.encode(), nil); err != nil {
		return err
	}
	s.horizon.Store(uint64(a.state.Horizon)) // Invariant 3: before the commit.
	if err := a.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("commit to storage: %w", err)
	}
	state := a.state
	s.state.Store(&state)
	s.changesMu.Lock()
	defer s.changesMu.Unlock()
	for id, n := range a.changes {
		s.changes[id] += n
	}
	return nil
}
