package txn

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"zorya/adjudicator"
	"zorya/kv"
)

// A Txn is one transaction. Its zero value is of no use; DB.Begin makes them.
//
// The simple view: reads come from a snapshot, writes go into a buffer, COMMIT
// sends the buffer away. What makes it less simple is that a statement sees own
// writes, but not those of itself: each write carries its statement's number, and
// a read looks at smaller ones only. A statement inside of another one, in a function,
// has a number of its own, higher than all before.
type Txn struct {
	db        *DB
	point     kv.ReadPoint
	began     time.Duration
	readOnly  bool
	limits    Limits
	done      bool
	statement int // Writes of smaller ones are visible.
	last      int // The highest number that a statement has had.
	rows      int
	refs      []kv.Key
	buffer    buffer
}

var _ Tx = (*Txn)(nil)

// ReadPoint implements Tx.
func (t *Txn) ReadPoint() kv.ReadPoint { return t.point }

// ReadOnly implements Tx.
func (t *Txn) ReadOnly() bool { return t.readOnly }

// SetReadOnly says whether the transaction may write from now on.
func (t *Txn) SetReadOnly(on bool) { t.readOnly = on }

// Get implements Tx.
func (t *Txn) Get(ctx context.Context, key kv.Key) (Value, bool, error) {
	return t.get(ctx, key, t.statement)
}

// GetLatest implements Tx.
func (t *Txn) GetLatest(ctx context.Context, key kv.Key) (Value, bool, error) {
	return t.get(ctx, key, t.last+1)
}

func (t *Txn) get(ctx context.Context, key kv.Key, statement int) (Value, bool, error) {
	if w := t.buffer.lookup(key, statement); w != nil {
		if w.deleted {
			return Value{}, false, nil
		}
		return Value{Bytes: bytes.Clone(w.value)}, true, nil
	}
	return t.db.o.Store.Get(ctx, key, t.point.Time)
}

// Scan implements Tx.
func (t *Txn) Scan(ctx context.Context, span kv.Span, o ScanOptions) Iterator {
	if t.buffer.keys == 0 {
		return t.db.o.Store.Scan(ctx, span, t.point.Time, o)
	}
	stored := o
	stored.Limit = 0 // Rows may be missing after the overlay.
	statement := t.statement
	if o.Latest {
		statement = t.last + 1
	}
	return newOverlay(&t.buffer, statement, span, o, t.db.o.Store.Scan(ctx, span, t.point.Time, stored))
}

// Put implements Tx.
func (t *Txn) Put(key kv.Key, value []byte, s kv.Strength) error {
	if err := t.writable(); err != nil {
		return err
	}
	t.buffer.put(key, s, write{statement: t.statement, value: value})
	return nil
}

// PutNew implements Tx.
func (t *Txn) PutNew(key kv.Key, value []byte, s kv.Strength) error {
	if err := t.writable(); err != nil {
		return err
	}
	t.buffer.put(key, s, write{statement: t.statement, value: value, fresh: true})
	return nil
}

// Delete implements Tx.
func (t *Txn) Delete(key kv.Key, s kv.Strength) error {
	if err := t.writable(); err != nil {
		return err
	}
	t.buffer.put(key, s, write{statement: t.statement, deleted: true})
	return nil
}

// Lock implements Tx.
func (t *Txn) Lock(key kv.Key, s kv.Strength) error {
	if err := t.writable(); err != nil {
		return err
	}
	if s != kv.None {
		t.buffer.claim(key, s)
	}
	return nil
}

func (t *Txn) writable() error {
	if t.done {
		return errDone
	}
	if t.readOnly {
		return errReadOnly
	}
	return nil
}

// Reference implements Tx.
func (t *Txn) Reference(key kv.Key) {
	if t.readOnly || slices.ContainsFunc(t.refs, func(k kv.Key) bool { return bytes.Equal(k, key) }) {
		return
	}
	t.refs = append(t.refs, key)
}

// Step implements Tx.
func (t *Txn) Step() {
	t.last++
	t.statement = t.last
}

// Enter implements Tx.
func (t *Txn) Enter() (outer int) {
	outer = t.statement
	t.Step()
	t.buffer.nested++
	return outer
}

// Leave implements Tx.
func (t *Txn) Leave(outer int) {
	t.statement = outer
	t.buffer.nested--
}

// Overtaken implements Tx.
func (t *Txn) Overtaken(key kv.Key) bool {
	if t.last == t.statement {
		return false
	}
	e := t.buffer.find(key)
	if e == none || t.buffer.entries[e].newest == none {
		return false
	}
	return t.buffer.writes[t.buffer.entries[e].newest].statement > t.statement
}

// HasWrites reports whether there is something to commit: a write or a claim.
func (t *Txn) HasWrites() bool { return len(t.buffer.entries) > 0 }

// CountRows implements Tx.
func (t *Txn) CountRows(n int) error {
	t.rows += n
	if limit := t.limits.Rows; limit > 0 && t.rows > limit {
		return errRows
	}
	return nil
}

// CheckAge implements Tx.
func (t *Txn) CheckAge() error {
	limit := t.limits.Age
	if age := t.db.o.Elapsed() - t.began; limit > 0 && age > limit {
		return errAge(age, limit)
	}
	return nil
}

// Rollback ends the transaction without a trace. It does nothing if it has ended.
func (t *Txn) Rollback() {
	if !t.done && len(t.buffer.entries) > 0 {
		t.db.stats.rollbacks.Add(1)
	}
	t.done = true
	t.refs = nil
	if t.buffer.scans == 0 {
		t.buffer = buffer{}
	}
}

// Commit ends the transaction. After nil its writes are durable, and visible to
// every transaction that begins from now on. The errors:
//
//	40001  nothing was done; a retry of the whole transaction may succeed
//	54000  a limit was exceeded; nothing was done
//	57014  ctx had ended before the transaction was handed over; nothing was done
//	53100, 57P03, 58030  the cluster can't commit; nothing was done
//	40003  the journal failed while the transaction was in it: it may or may not be
//	       there. Only a restart of the server tells.
//
// Once handed over, the transaction is decided whatever becomes of ctx. The time
// returned is that of the commit, 0 if the transaction had nothing to commit.
func (t *Txn) Commit(ctx context.Context) (kv.Timestamp, error) {
	if t.done {
		return 0, errDone
	}
	defer t.Rollback()
	if err := t.CheckAge(); err != nil {
		return 0, err
	}
	t.db.gate.RLock()
	defer t.db.gate.RUnlock()
	r, size := t.request()
	if len(r.Mutations) == 0 && len(r.Claims) == 0 {
		return 0, nil
	}
	if limit := t.limits.Bytes; limit > 0 && size > limit {
		return 0, errSize(size, limit)
	}
	t.done = true
	began := t.db.o.Elapsed()
	v := t.db.o.Committer.Commit(ctx, r)
	t.db.stats.count(v.Outcome, t.db.o.Elapsed()-began)
	return v.Time, verdictError(v)
}

// request makes the commit request, and returns how many bytes it modifies.
func (t *Txn) request() (r *adjudicator.Request, size int64) {
	r = &adjudicator.Request{ID: newID(), Snapshot: t.point.Time, References: t.refs}
	n := max(len(t.buffer.entries)-1, 0)
	r.Mutations = make([]kv.Mutation, 0, t.buffer.keys)
	r.Claims = make([]kv.Claim, 0, n)
	t.buffer.each(func(e *entry, w *write) {
		if e.strength != kv.None {
			r.Claims = append(r.Claims, kv.Claim{Key: e.key, Strength: e.strength})
		}
		if w != nil {
			r.Mutations = append(r.Mutations, kv.Mutation{Key: e.key, Value: w.value, Delete: w.deleted, Fresh: e.fresh})
			size += int64(len(e.key) + len(w.value))
		}
	})
	if t.db.guarded && len(r.Mutations) > 0 {
		for _, ref := range t.refs {
			r.Claims = append(r.Claims, kv.Claim{Key: guardKey(ref), Strength: kv.Share})
		}
	}
	return r, size
}

// newID returns a transaction id: random, so that nobody has to hand them out.
func newID() (id [16]byte) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	return id
}
