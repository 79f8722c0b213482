package storage

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"zorya/journal"
	"zorya/kv"
)

// An applier is what storage does with records, without the disk: it turns them into
// edits of the trees. It starts no goroutine, takes no lock, reads no clock and does no
// I/O; what it must know of the trees it asks its caller. The same records over the same
// trees give the same edits. It is reused; its buffers belong to the edits at hand.
type applier struct {
	// newest returns the newest version of a key before the edits at hand; the zero
	// time, deleted, if there is none. The applier keeps it until the next begin.
	newest func(key kv.Key) (version, error)
	edits  edits
	state  State
	// fresh is what the edits at hand have put into the current tree, since newest does
	// not know it yet. Hot rows are there several times in a group commit.
	fresh   map[string]version
	changes map[uint32]int64
	last    bool     // The record at hand is the last: nobody asks for what it puts.
	buckets []bucket // Those with new entries; readers must know before they come (invariant 4).
	replay  bool     // See Store.Replay.
	key     []byte
	val     []byte
}

// Edits of the trees, which become visible together; *pebble.Batch is what a Store makes.
// Keys and values are not kept.
type edits interface {
	Set(key, value []byte, _ *pebble.WriteOptions) error
	DeleteRange(start, end []byte, _ *pebble.WriteOptions) error
}

// begin takes new edits, on top of a state.
func (a *applier) begin(e edits, st State, replay bool) {
	a.edits, a.state, a.replay, a.buckets = e, st, replay, a.buckets[:0]
	if a.fresh == nil || len(a.fresh) > 4096 {
		a.fresh = make(map[string]version)
	}
	clear(a.fresh)
	if a.changes == nil {
		a.changes = make(map[uint32]int64)
	}
	clear(a.changes)
}

// add turns records into edits, but for those applied before; the position among them.
func (a *applier) add(records []journal.Record) error {
	before := a.state.Seq
	for i := range records {
		r := &records[i]
		if r.Seq <= a.state.Seq {
			continue
		}
		if r.Seq != a.state.Seq+1 || r.Time <= a.state.Time {
			return fmt.Errorf("apply record %d of time %d after record %d of time %d: out of order",
				r.Seq, r.Time, a.state.Seq, a.state.Time)
		}
		// A transaction has one mutation of each key.
		a.last = i == len(records)-1 && r.Kind == journal.Ordinary
		if err := a.record(r); err != nil {
			return fmt.Errorf("apply record %d: %w", r.Seq, err)
		}
	}
	if a.state.Seq == before {
		return nil
	}
	return a.edits.Set(stateKey, a.state.encode(), nil)
}

func (a *applier) record(r *journal.Record) error {
	a.state.Seq, a.state.Time = r.Seq, r.Time
	a.state.Horizon = max(a.state.Horizon, r.Horizon)
	if a.replay {
		a.state.Horizon = r.Time
	}
	switch r.Kind {
	case journal.Ordinary:
		return a.mutate(r.Mutations, r.Time)
	case journal.Backfill:
		return a.mutate(r.Mutations, r.AsOf)
	case journal.Purge:
		lower, upper := currentBounds(r.Purged)
		for key := range a.fresh {
			if r.Purged.Contains(kv.Key(key)) {
				a.fresh[key] = version{deleted: true}
			}
		}
		return a.edits.DeleteRange(lower, upper, nil)
	}
	return fmt.Errorf("record of unknown kind %d", r.Kind)
}

// mutate gives keys the values that they have from time at on. A key that has a
// newer version already stays as it is: backfilled entries are shadowed.
func (a *applier) mutate(mutations []kv.Mutation, at kv.Timestamp) error {
	for i := range mutations {
		m := &mutations[i]
		old, err := a.superseded(m, at)
		if err != nil {
			return err
		}
		if old.time >= at {
			continue
		}
		if err := a.supersede(m.Key, old, at, m.Delete); err != nil {
			return err
		}
		v := version{time: at, deleted: m.Delete, value: m.Value}
		a.key, a.val = currentKey(a.key[:0], m.Key), appendCurrent(a.val[:0], v)
		if err := a.edits.Set(a.key, a.val, nil); err != nil {
			return err
		}
		if !a.last {
			a.fresh[string(m.Key)] = v
		}
		a.count(m.Key, at)
	}
	return nil
}

// superseded returns the version that a mutation of time at follows, or is shadowed by.
// In a replay no record but a backfill needs to know, since it is newer than all else,
// and nobody needs to know of a key that held nothing: a tombstone is not filed.
func (a *applier) superseded(m *kv.Mutation, at kv.Timestamp) (version, error) {
	if (a.replay || m.Fresh) && at == a.state.Time {
		return version{deleted: true}, nil
	}
	if v, ok := a.fresh[string(m.Key)]; ok {
		return v, nil
	}
	return a.newest(m.Key)
}

// supersede files the version that ends at a time, and lists the tombstone that
// takes its place. A tombstone that ends is not filed: what is absent is not there.
func (a *applier) supersede(key kv.Key, old version, at kv.Timestamp, deleted bool) error {
	b := bucketOf(at)
	if !old.deleted || deleted {
		a.announce(b)
	}
	if !old.deleted {
		a.key = historyKey(a.key[:0], b, key, old.time)
		a.val = appendHistory(a.val[:0], at, old.value)
		if err := a.edits.Set(a.key, a.val, nil); err != nil {
			return err
		}
	}
	if !deleted {
		return nil
	}
	a.key = append(bucketKey(a.key[:0], deletedTree, b), key...)
	a.val = binary.BigEndian.AppendUint64(a.val[:0], uint64(at))
	return a.edits.Set(a.key, a.val, nil)
}

// announce notes that a bucket has new entries.
func (a *applier) announce(b bucket) {
	if !slices.Contains(a.buckets, b) {
		a.buckets = append(a.buckets, b)
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
