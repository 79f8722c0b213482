package storage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"zorya/journal"
	"zorya/kv"
)

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
	batch := s.db.NewBatch()
	defer batch.Close()
	defer s.superseded.close()
	s.asked = 0
	s.apply.begin(batch, s.Applied(), replay)
	if err := s.apply.add(records); err != nil {
		return err
	}
	if s.apply.state.Seq == s.Applied().Seq {
		return nil
	}
	return s.publish(batch)
}

// few is how many keys are not worth an iterator.
const few = 3

// newest is the applier's view of the current tree. Many keys of one batch come mostly in
// order.
func (s *Store) newest(key kv.Key) (version, error) {
	if s.asked++; s.asked <= few {
		return s.newestOf(key)
	}
	v, ok, err := s.superseded.find(key)
	if !ok {
		return version{deleted: true}, err
	}
	v.value = slices.Clone(v.value)
	return v, nil
}

func (s *Store) newestOf(key kv.Key) (version, error) {
	s.newestKey = currentKey(s.newestKey[:0], key)
	b, closer, err := s.db.Get(s.newestKey)
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

// publish makes the applier's edits visible: first what readers must know before.
func (s *Store) publish(batch *pebble.Batch) error {
	s.announce(s.apply.buckets)
	s.horizon.Store(uint64(s.apply.state.Horizon)) // Invariant 3: before the commit.
	if err := batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("commit to storage: %w", err)
	}
	state := s.apply.state
	s.state.Store(&state)
	s.changesMu.Lock()
	defer s.changesMu.Unlock()
	for id, n := range s.apply.changes {
		s.changes[id] += n
	}
	return nil
}

// announce lets readers look into buckets (invariant 4). Most commits open none.
func (s *Store) announce(buckets []bucket) {
	for _, b := range buckets {
		known := *s.buckets.Load()
		if i, found := slices.BinarySearch(known, b); !found {
			more := slices.Insert(slices.Clone(known), i, b)
			s.buckets.Store(&more)
		}
	}
}
