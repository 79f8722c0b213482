package catalog

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/types"
	"zorya/txn"
)

// An Editor collects the changes of one DDL statement and writes them with
// Flush. The claims that it takes are those of design §3: exclusive ones on the
// descriptors that it changes and the names that it creates, share ones on what
// the change depends on. One goroutine uses it.
type Editor struct {
	ctx  context.Context
	tx   txn.Tx
	snap *Snapshot
	own  bool // snap is a private copy

	puts    map[types.OID]Object
	deletes map[types.OID]Object
	claims  map[string]kv.Strength
	quiet   map[types.OID]bool
	nextOID types.OID // 0: the counter has not been read
	counter bool      // the counter has moved
}

// NewEditor begins a change of the catalog snap, which is that of tx's read point.
func NewEditor(ctx context.Context, tx txn.Tx, snap *Snapshot) *Editor {
	return &Editor{ctx: ctx, tx: tx, snap: snap, puts: map[types.OID]Object{}, deletes: map[types.OID]Object{}, claims: map[string]kv.Strength{}}
}

// Snapshot returns the catalog with the changes made so far. It follows further
// changes of this Editor.
func (e *Editor) Snapshot() *Snapshot { return e.snap }

func (e *Editor) work() *Snapshot {
	if !e.own {
		e.snap, e.own = e.snap.private(), true
	}
	return e.snap
}

// Put adds an object or replaces the one of its OID. Names that were not there
// before are claimed.
func (e *Editor) Put(o Object) {
	s := e.work()
	old := s.objects[o.ID()]
	before := map[nameID]bool{}
	if old != nil {
		for _, n := range entries(old) {
			before[n] = true
		}
		s.remove(old)
	}
	for _, n := range entries(o) {
		if !before[n] {
			e.claim(nameKey(n.class, n.schema, n.name), kv.Exclusive)
		}
	}
	if f, ok := o.(*Function); ok && old == nil {
		e.claim(nameKey('f', f.Schema, f.Name), kv.Exclusive)
	}
	s.add(o)
	e.puts[o.ID()] = o
	delete(e.deletes, o.ID())
}

// Changed returns the tables that have been put, by OID.
func (e *Editor) Changed() []*Table {
	var list []*Table
	for _, oid := range sortedOIDs(e.puts) {
		if t, ok := e.puts[oid].(*Table); ok {
			list = append(list, t)
		}
	}
	return list
}

// PutQuietly replaces an object without turning away the statements that rely on
// the old one: it conflicts with other changes of the object only. For changes that
// make older plans merely less good, as of an index that becomes usable.
func (e *Editor) PutQuietly(o Object) {
	e.Put(o)
	if e.quiet == nil {
		e.quiet = map[types.OID]bool{}
	}
	e.quiet[o.ID()] = true
}

// Delete removes an object. Nothing happens to what depends on it.
func (e *Editor) Delete(o Object) {
	e.work().remove(o)
	delete(e.puts, o.ID())
	e.deletes[o.ID()] = o
}

// Share makes the change depend on an object: it conflicts with a concurrent
// change of that one. Virtual tables and built-in objects need none.
func (e *Editor) Share(o Object) { e.claim(KeyOf(o), kv.Share) }

// ClaimName claims a name that no descriptor carries by itself. class is a letter
// of the caller's ('r' relation, 'o' role …).
func (e *Editor) ClaimName(class byte, schema types.OID, name string) {
	e.claim(nameKey(class, schema, name), kv.Exclusive)
}

func (e *Editor) claim(k kv.Key, s kv.Strength) {
	e.claims[string(k)] = max(e.claims[string(k)], s)
}

// NewOID returns an OID that no object ever had. OIDs come from one counter, so
// that of two concurrent DDL statements which create something one fails with
// OC001; the claim is on a name, not on the counter's row, for that code's sake.
func (e *Editor) NewOID() (types.OID, error) {
	if e.nextOID == 0 {
		e.nextOID = FirstUserOID
		v, ok, err := e.tx.GetLatest(e.ctx, systemKey(counterRow, 0))
		if err != nil {
			return 0, err
		}
		if ok && len(v.Bytes) == 4 {
			e.nextOID = types.OID(binary.BigEndian.Uint32(v.Bytes))
		}
		e.ClaimName('#', 0, "oid")
	}
	if e.nextOID == ^types.OID(0) {
		return 0, pgerr.New(pgerr.ProgramLimitExceeded, "the cluster has used up its object identifiers")
	}
	e.counter = true
	e.nextOID++
	return e.nextOID - 1, nil
}

// Flush writes the changes into the transaction.
func (e *Editor) Flush() error {
	if err := e.takeClaims(); err != nil {
		return err
	}
	for _, oid := range sortedOIDs(e.deletes) {
		if err := e.tx.Delete(KeyOf(e.deletes[oid]), kv.Exclusive); err != nil {
			return err
		}
	}
	for _, oid := range sortedOIDs(e.puts) {
		value, err := encode(e.puts[oid])
		if err != nil {
			return err
		}
		strength := kv.Exclusive
		if e.quiet[oid] {
			strength = kv.Update // references are share claims
		}
		if err := e.tx.Put(KeyOf(e.puts[oid]), value, strength); err != nil {
			return err
		}
	}
	if !e.counter {
		return nil
	}
	return e.tx.Put(systemKey(counterRow, 0), binary.BigEndian.AppendUint32(nil, uint32(e.nextOID)), kv.None)
}

func (e *Editor) takeClaims() error {
	keys := make([]kv.Key, 0, len(e.claims))
	for k := range e.claims {
		keys = append(keys, kv.Key(k))
	}
	slices.SortFunc(keys, func(a, b kv.Key) int { return bytes.Compare(a, b) })
	for _, k := range keys {
		if err := e.tx.Lock(k, e.claims[string(k)]); err != nil {
			return err
		}
	}
	return nil
}

func sortedOIDs(m map[types.OID]Object) []types.OID {
	oids := make([]types.OID, 0, len(m))
	for oid := range m {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	return oids
}
