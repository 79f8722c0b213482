package sim

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sort"

	"zorya/adjudicator"
	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

// A model is what must be true: the records in the order of their judgement, with
// the versions that they make, and the commits with their claims. It keeps all.
type model struct {
	records  []journal.Record // By Seq from base+1 on.
	versions map[string][]version
	keys     []string // Sorted; of versions.
	commits  []judged
	ids      map[[16]byte]kv.Timestamp // When what has committed did.
	denied   map[[16]byte]bool         // What was told not to have committed.
	acked    map[kv.Timestamp]bool
	newest   kv.Timestamp // Of what was acknowledged.
}

// A version is what a key holds from a time on; a nil value: nothing.
// since is the commit time of the record: later than time for a backfill's.
type version struct {
	time, since kv.Timestamp
	value       []byte
}

// judged is a commit and what it was judged by.
type judged struct {
	snapshot, time kv.Timestamp
	claims         map[string]kv.Strength
}

func newModel() *model {
	return &model{versions: map[string][]version{}, acked: map[kv.Timestamp]bool{},
		ids: map[[16]byte]kv.Timestamp{}, denied: map[[16]byte]bool{}}
}

// commit notes a winner, and checks I3 and the schema references: no commit in
// between may have claimed what it relied on.
func (m *model) commit(r *adjudicator.Request, at kv.Timestamp) error {
	if at <= r.Snapshot {
		return fmt.Errorf("I3: commit time %d is not after its snapshot %d", at, r.Snapshot)
	}
	if other, ok := m.ids[r.ID]; ok {
		return fmt.Errorf("I3: transaction %x committed at %d and at %d", r.ID, other, at)
	}
	if m.denied[r.ID] {
		return fmt.Errorf("I2: transaction %x commits at %d, after its client was told that it had not", r.ID, at)
	}
	m.ids[r.ID] = at
	j := judged{snapshot: r.Snapshot, time: at, claims: map[string]kv.Strength{}}
	for _, c := range r.Claims {
		j.claims[string(c.Key)] = c.Strength
	}
	for i := len(m.commits) - 1; i >= 0 && m.commits[i].time > r.Snapshot; i-- {
		other := m.commits[i]
		for key, s := range j.claims {
			if s.Conflicts(other.claims[key]) {
				return fmt.Errorf("I3: key %x was claimed by commits at %d and at %d (snapshot %d)", key, other.time, at, r.Snapshot)
			}
		}
		for _, ref := range r.References {
			if other.claims[string(ref)] == kv.Exclusive {
				return fmt.Errorf("I3: descriptor %x changed at %d, in between snapshot %d and commit %d", ref, other.time, r.Snapshot, at)
			}
		}
	}
	m.commits = append(m.commits, j)
	return nil
}

// append notes records that are about to become durable.
func (m *model) append(records []journal.Record) error {
	for i := range records {
		r := clone(&records[i])
		if n := len(m.records); n > 0 && (r.Seq != m.records[n-1].Seq+1 || r.Time <= m.records[n-1].Time) {
			return fmt.Errorf("I7: record %d of time %d after %d of %d", r.Seq, r.Time, m.records[n-1].Seq, m.records[n-1].Time)
		}
		m.records = append(m.records, r)
		m.apply(&r)
	}
	return nil
}

func clone(r *journal.Record) journal.Record {
	c := *r
	c.Mutations = make([]kv.Mutation, len(r.Mutations))
	for i, u := range r.Mutations {
		c.Mutations[i] = kv.Mutation{Key: bytes.Clone(u.Key), Value: append([]byte{}, u.Value...), Delete: u.Delete}
	}
	return c
}

// apply makes a record's versions.
func (m *model) apply(r *journal.Record) {
	at := r.Time
	switch r.Kind {
	case journal.Backfill:
		at = r.AsOf
	case journal.Purge:
		for _, key := range m.span(r.Purged) {
			delete(m.versions, key)
		}
		m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return m.versions[k] == nil })
		return
	}
	for _, u := range r.Mutations {
		key := string(u.Key)
		vs := m.versions[key]
		if n := len(vs); n > 0 && vs[n-1].time >= at {
			continue // Shadowed: only a backfill's.
		}
		if vs == nil {
			i, _ := slices.BinarySearch(m.keys, key)
			m.keys = slices.Insert(m.keys, i, key)
		}
		v := version{time: at, since: r.Time}
		if !u.Delete {
			v.value = u.Value
		}
		m.versions[key] = append(vs, v)
	}
}

// span returns the keys of a span that have ever been there.
func (m *model) span(s kv.Span) []string {
	lo := sort.SearchStrings(m.keys, string(s.Start))
	hi := len(m.keys)
	if s.End != nil {
		hi = max(lo, sort.SearchStrings(m.keys, string(s.End)))
	}
	return m.keys[lo:hi]
}

// get returns what a key held at a time; nil: nothing.
func (m *model) get(key string, at kv.Timestamp) *version {
	vs := m.versions[key]
	for i := len(vs) - 1; i >= 0; i-- {
		if vs[i].time <= at {
			if vs[i].value == nil {
				return nil
			}
			return &vs[i]
		}
	}
	return nil
}

// changedSince reports whether a key of a span has been written after a time.
func (m *model) changedSince(s kv.Span, at kv.Timestamp) bool {
	return slices.ContainsFunc(m.span(s), func(key string) bool {
		vs := m.versions[key]
		return len(vs) > 0 && vs[len(vs)-1].time > at
	})
}

// open reports whether a read of the key at a time may or may not find what a
// backfill has filed under an earlier time, with a later record. Nobody relies on
// such an entry: its index is not public yet.
func (m *model) open(key string, at kv.Timestamp) bool {
	for _, v := range m.versions[key] {
		if v.time <= at && at < v.since {
			return true
		}
	}
	return false
}

// A pair is a row of a scan.
type pair struct {
	key string
	version
}

// scan returns what a scan must find; certain is false if that can't be told.
func (m *model) scan(s kv.Span, at kv.Timestamp, o txn.ScanOptions) (found []pair, certain bool) {
	keys := slices.Clone(m.span(s))
	if o.Reverse {
		slices.Reverse(keys)
	}
	for _, key := range keys {
		if m.open(key, at) {
			return nil, false
		}
		v := m.get(key, at)
		if v == nil {
			continue
		}
		if o.Filter != nil {
			match, err := o.Filter.Match([]byte(key), v.value)
			if err != nil {
				return nil, false
			}
			if !match {
				continue
			}
		}
		found = append(found, pair{key, *v})
		if o.Limit > 0 && len(found) == o.Limit {
			break
		}
	}
	return found, true
}

// ack notes that a client was told of a commit.
func (m *model) ack(at kv.Timestamp) {
	m.acked[at] = true
	m.newest = max(m.newest, at)
}

// recovered checks what a restart has found in the journal, from its first record
// on: a prefix of what was judged, whole, with all that was acknowledged (I1, I2).
// The model forgets what was lost.
func (m *model) recovered(found []journal.Record, last uint64) error {
	kept := m.records[:0:0]
	for i := range m.records {
		if m.records[i].Seq <= last {
			kept = append(kept, m.records[i])
		} else if m.acked[m.records[i].Time] {
			return fmt.Errorf("I1: the acknowledged commit at %d (record %d) is lost: the journal ends with %d", m.records[i].Time, m.records[i].Seq, last)
		}
	}
	if n := len(kept); last > 0 && (n == 0 || kept[n-1].Seq != last) {
		return fmt.Errorf("I2: the journal ends with record %d, which nobody appended", last)
	}
	for i := range found {
		want := &kept[found[i].Seq-kept[0].Seq]
		if !same(want, &found[i]) {
			return fmt.Errorf("I2: record %d is not what was appended", found[i].Seq)
		}
	}
	m.records, m.versions, m.keys = nil, map[string][]version{}, nil
	end := kv.Timestamp(0)
	for i := range kept {
		m.records = append(m.records, kept[i])
		m.apply(&kept[i])
		end = kept[i].Time
	}
	m.commits = slices.DeleteFunc(m.commits, func(j judged) bool { return j.time > end })
	maps.DeleteFunc(m.ids, func(_ [16]byte, at kv.Timestamp) bool { return at > end })
	return nil
}

func same(a, b *journal.Record) bool {
	if a.Seq != b.Seq || a.Time != b.Time || a.TxnID != b.TxnID || a.Kind != b.Kind || len(a.Mutations) != len(b.Mutations) {
		return false
	}
	for i, u := range a.Mutations {
		v := b.Mutations[i]
		if !bytes.Equal(u.Key, v.Key) || !bytes.Equal(u.Value, v.Value) || u.Delete != v.Delete {
			return false
		}
	}
	return true
}
