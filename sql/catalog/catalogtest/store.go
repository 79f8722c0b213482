// Package catalogtest is a database of one map, for tests of packages that change
// or read the catalog: transactions with snapshots and claims, and no durability.
package catalogtest

import (
	"bytes"
	"context"
	"sort"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

type version struct {
	time  kv.Timestamp
	value []byte // nil: deleted
}

// A Store holds versions of pairs and the claims of commits. Use it from one goroutine
// at a time.
type Store struct {
	pairs   map[string][]version // oldest first
	claims  map[string]map[kv.Strength]kv.Timestamp
	now     kv.Timestamp
	catalog kv.Timestamp
}

// New returns an empty store.
func New() *Store {
	return &Store{pairs: map[string][]version{}, claims: map[string]map[kv.Strength]kv.Timestamp{}}
}

// Begin begins a transaction.
func (s *Store) Begin() *Tx {
	return &Tx{store: s, point: kv.ReadPoint{Time: s.now, Catalog: s.catalog}, writes: map[string]write{}, claims: map[string]kv.Strength{}}
}

// A Tx is a transaction: a txn.Tx with Commit. Its statements see the writes of
// earlier ones.
type Tx struct {
	store     *Store
	point     kv.ReadPoint
	statement int
	writes    map[string]write
	claims    map[string]kv.Strength
	refs      []string
	Scans     int // how many scans were made
}

type write struct {
	value     []byte
	statement int
}

var _ txn.Tx = (*Tx)(nil)

// ReadPoint implements txn.Tx, like the methods below.
func (t *Tx) ReadPoint() kv.ReadPoint { return t.point }

// ReadOnly is false.
func (t *Tx) ReadOnly() bool { return false }

func (t *Tx) at(key string, latest bool) (txn.Value, bool) {
	if w, ok := t.writes[key]; ok && (latest || w.statement < t.statement) {
		return txn.Value{Bytes: w.value}, w.value != nil
	}
	vs := t.store.pairs[key]
	for i := len(vs) - 1; i >= 0; i-- {
		if vs[i].time <= t.point.Time {
			return txn.Value{Bytes: vs[i].value, Time: vs[i].time}, vs[i].value != nil
		}
	}
	return txn.Value{}, false
}

// Get reads a pair.
func (t *Tx) Get(_ context.Context, key kv.Key) (txn.Value, bool, error) {
	v, ok := t.at(string(key), false)
	return v, ok, nil
}

// GetLatest reads a pair, this statement's writes included.
func (t *Tx) GetLatest(_ context.Context, key kv.Key) (txn.Value, bool, error) {
	v, ok := t.at(string(key), true)
	return v, ok, nil
}

// Reader reads pairs one by one.
func (t *Tx) Reader(ctx context.Context) txn.Reader { return reader{ctx, t} }

type reader struct {
	ctx context.Context
	t   *Tx
}

func (r reader) Get(key kv.Key) (txn.Value, bool, error)       { return r.t.Get(r.ctx, key) }
func (r reader) GetLatest(key kv.Key) (txn.Value, bool, error) { return r.t.GetLatest(r.ctx, key) }
func (r reader) Close()                                        {}

// Scan reads a span forwards.
func (t *Tx) Scan(_ context.Context, span kv.Span, _ txn.ScanOptions) txn.Iterator {
	t.Scans++
	keys := map[string]bool{}
	for k := range t.store.pairs {
		keys[k] = true
	}
	for k := range t.writes {
		keys[k] = true
	}
	it := &iterator{at: -1}
	for k := range keys {
		if v, ok := t.at(k, false); ok && span.Contains(kv.Key(k)) {
			it.keys, it.values = append(it.keys, kv.Key(k)), append(it.values, v)
		}
	}
	sort.Sort(it)
	return it
}

// Put buffers a write.
func (t *Tx) PutNew(key kv.Key, value []byte, s kv.Strength) error { return t.Put(key, value, s) }

func (t *Tx) Put(key kv.Key, value []byte, s kv.Strength) error {
	t.writes[string(key)] = write{bytes.Clone(value), t.statement}
	return t.Lock(key, s)
}

// Delete buffers a deletion.
func (t *Tx) Delete(key kv.Key, s kv.Strength) error {
	t.writes[string(key)] = write{nil, t.statement}
	return t.Lock(key, s)
}

// Lock claims a key.
func (t *Tx) Lock(key kv.Key, s kv.Strength) error {
	t.claims[string(key)] = max(t.claims[string(key)], s)
	return nil
}

// Reference notes a descriptor relied upon.
func (t *Tx) Reference(key kv.Key) { t.refs = append(t.refs, string(key)) }

// Step begins the next statement.
func (t *Tx) Step() { t.statement++ }

// Enter begins a statement inside of the running one, which sees only what was
// before both: a key has one write here.
func (t *Tx) Enter() int {
	t.statement++
	return t.statement - 1
}

// Leave goes on with the outer statement.
func (t *Tx) Leave(outer int) { t.statement = outer }

// Overtaken is false.
func (t *Tx) Overtaken(kv.Key) bool { return false }

// CountRows does nothing.
func (t *Tx) CountRows(int) error { return nil }

// CheckAge does nothing.
func (t *Tx) CheckAge() error { return nil }

// Claim returns the strength with which the transaction has claimed a key.
func (t *Tx) Claim(key kv.Key) kv.Strength { return t.claims[string(key)] }

// Commit makes the writes visible, unless a claim or a reference conflicts with a
// commit since the snapshot: 40001, with OC001 for descriptors and names.
func (t *Tx) Commit() error {
	s := t.store
	for _, ref := range t.refs {
		if s.rival(ref, kv.Share) > t.point.Time {
			return conflict(ref)
		}
	}
	for key, strength := range t.claims {
		if s.rival(key, strength) > t.point.Time {
			return conflict(key)
		}
	}
	s.now++
	for key, strength := range t.claims {
		if s.claims[key] == nil {
			s.claims[key] = map[kv.Strength]kv.Timestamp{}
		}
		s.claims[key][strength] = s.now
	}
	for key, w := range t.writes {
		s.pairs[key] = append(s.pairs[key], version{s.now, w.value})
		if key[0] == kv.Descriptors {
			s.catalog = s.now
		}
	}
	return nil
}

// rival is the time of the last commit that conflicts with a claim.
func (s *Store) rival(key string, strength kv.Strength) kv.Timestamp {
	var last kv.Timestamp
	for other, t := range s.claims[key] {
		if strength.Conflicts(other) {
			last = max(last, t)
		}
	}
	return last
}

func conflict(key string) error {
	if key[0] == kv.Descriptors || key[0] == kv.Names {
		return pgerr.New(pgerr.SerializationFailure, "schema has been updated by another transaction (OC001)")
	}
	return pgerr.New(pgerr.SerializationFailure, "change conflicts with another transaction (OC000)")
}

type iterator struct {
	keys   []kv.Key
	values []txn.Value
	at     int
}

func (i *iterator) Next() bool           { i.at++; return i.at < len(i.keys) }
func (i *iterator) Key() []byte          { return i.keys[i.at] }
func (i *iterator) Value() []byte        { return i.values[i.at].Bytes }
func (i *iterator) Time() kv.Timestamp   { return i.values[i.at].Time }
func (i *iterator) Err() error           { return nil }
func (i *iterator) Stats() txn.ScanStats { return txn.ScanStats{Rows: int64(len(i.keys))} }
func (i *iterator) Close()               {}
func (i *iterator) Len() int             { return len(i.keys) }
func (i *iterator) Less(a, b int) bool   { return bytes.Compare(i.keys[a], i.keys[b]) < 0 }
func (i *iterator) Swap(a, b int) {
	i.keys[a], i.keys[b] = i.keys[b], i.keys[a]
	i.values[a], i.values[b] = i.values[b], i.values[a]
}
