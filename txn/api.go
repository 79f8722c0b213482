// Package txn is a transaction as the query processor sees it: a snapshot, a
// buffer of writes that nothing else sees, and a commit that may fail.
//
// A Txn belongs to one goroutine. DB is safe for concurrent use.
package txn

import (
	"context"

	"zorya/kv"
)

// A Value is what a key holds.
type Value struct {
	Bytes []byte       // Owned by the caller.
	Time  kv.Timestamp // Commit time; 0 for the transaction's own write.
}

// A RowFilter is evaluated by storage, so that rows which do not matter do not
// travel. It must be pure, and safe to call with bytes that it does not keep.
type RowFilter interface {
	Match(key, value []byte) (bool, error)
}

// A BatchFilter can be asked for many rows at once, which is cheaper.
type BatchFilter interface {
	RowFilter
	// Add takes a row, whose bytes it does not keep.
	Add(key, value []byte) error
	// Passed appends to dst which of the rows added since the last call match, by number
	// from 0 in ascending order.
	Passed(dst []int) ([]int, error)
}

// ScanOptions shape a Scan.
type ScanOptions struct {
	Reverse bool
	// Limit bounds the rows returned after Filter and overlay; 0 means none.
	Limit  int
	Filter RowFilter // nil: every row.
	// Latest shows the running statement's own writes too, as GetLatest does. It must
	// not write while such a scan is open.
	Latest bool
}

// ScanStats count what a Scan read.
type ScanStats struct {
	Rows     int64 // Rows read, before Filter.
	Filtered int64 // Rows that Filter dropped.
	Bytes    int64 // Key and value bytes read.
}

// An Iterator walks key/value pairs in key order (or its reverse). Key and
// Value are valid until the next call of Next or Close.
//
//	for it.Next() { use(it.Key(), it.Value()) }
//	if err := it.Err(); err != nil { … }
//	it.Close()
type Iterator interface {
	Next() bool
	Key() []byte
	Value() []byte
	Time() kv.Timestamp // Commit time of the pair; 0 for an own write.
	Err() error
	Stats() ScanStats
	Close()
}

// Options say how a transaction begins.
type Options struct {
	ReadOnly bool
	Limits   *Limits // nil: the DB's
}

// Tx is what the query processor may do with a transaction. *Txn implements it;
// the interface exists so that SQL is tested over a map.
//
// Reads see the snapshot overlaid with own writes of *earlier* statements: Step
// begins a new statement, and a statement never sees its own writes. The one
// exception is GetLatest, for uniqueness checks inside a statement.
type Tx interface {
	ReadPoint() kv.ReadPoint
	ReadOnly() bool
	// Get returns the value, or ok = false.
	Get(ctx context.Context, key kv.Key) (v Value, ok bool, err error)
	// GetLatest is Get, but sees the current statement's writes too.
	GetLatest(ctx context.Context, key kv.Key) (v Value, ok bool, err error)
	// Reader reads many keys, for one statement.
	Reader(ctx context.Context) Reader
	// Scan iterates over a span. Writes made by later statements while it is
	// open are not seen.
	Scan(ctx context.Context, span kv.Span, opts ScanOptions) Iterator
	// Put, Delete buffer a mutation and claim the key with the strength (None:
	// a blind write). Lock only claims. They fail with 25006 in a read-only
	// transaction.
	Put(key kv.Key, value []byte, s kv.Strength) error
	// PutNew is Put of a key that holds nothing in the snapshot, and that no other
	// transaction can have given a value since if this one commits: because of s, or of
	// another key's claim.
	PutNew(key kv.Key, value []byte, s kv.Strength) error
	Delete(key kv.Key, s kv.Strength) error
	Lock(key kv.Key, s kv.Strength) error
	// Reference says that a statement relied on the descriptor under key: commit
	// fails with 40001 OC001 if it has changed since the snapshot.
	Reference(key kv.Key)
	// Step begins the next statement.
	Step()
	// Enter begins a statement inside of the running one: one of the body of a function
	// that it calls. It sees what the running one has written so far. Leave, given what
	// Enter returned, goes on with the running one, which does not see what the inner
	// one wrote.
	Enter() (outer int)
	Leave(outer int)
	// Overtaken tells whether a statement inside of the running one has written the key.
	Overtaken(key kv.Key) bool
	// CountRows adds base-row modifications; it fails with 54000 past the limit.
	CountRows(n int) error
	// CheckAge fails with 54000 once the transaction is past the age limit.
	CheckAge() error
}
