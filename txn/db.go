package txn

import (
	"context"
	"sync"
	"time"

	"zorya/adjudicator"
	"zorya/journal"
	"zorya/kv"
)

// Limits bound a transaction. 0 means no limit.
type Limits struct {
	Rows  int           // Rows modified: INSERT, UPDATE, DELETE and cascades, not index entries.
	Bytes int64         // Key and value bytes modified; checked at COMMIT.
	Age   time.Duration // From BEGIN.
}

// DSQLLimits are the limits of the original.
var DSQLLimits = Limits{Rows: 3000, Bytes: 10 << 20, Age: 300 * time.Second}

// A Store answers reads as of a time. Its iterators are as Tx.Scan describes.
type Store interface {
	Get(ctx context.Context, key kv.Key, at kv.Timestamp) (Value, bool, error)
	Scan(ctx context.Context, span kv.Span, at kv.Timestamp, o ScanOptions) Iterator
	Reader(ctx context.Context, at kv.Timestamp) StoreReader
}

// A Committer decides commits and knows how far back reads may go.
type Committer interface {
	Commit(ctx context.Context, r *adjudicator.Request) adjudicator.Verdict
	Horizon() kv.Timestamp
}

// Parts are what a DB is made of.
type Parts struct {
	Store     Store
	Committer Committer
	// Latest returns the newest read point.
	Latest func() kv.ReadPoint
	// Elapsed is a monotonic clock.
	Elapsed func() time.Duration
	// Sleep waits; it fails once ctx has ended. nil: on the machine's timer.
	Sleep  func(ctx context.Context, d time.Duration) error
	Limits Limits
}

// A DB is one cluster's key space, as transactions see it. It is safe for
// concurrent use.
type DB struct {
	o     Parts
	stats counters
	// gate is held by commits on their way, so that guarded does not change
	// under them.
	gate    sync.RWMutex
	guarded bool
}

// NewDB returns a DB. Whoever makes the parts ends them.
func NewDB(o Parts) *DB {
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return &DB{o: o}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sleep waits, by the clock that transactions age by; it fails once ctx has ended.
func (db *DB) Sleep(ctx context.Context, d time.Duration) error { return db.o.Sleep(ctx, d) }

// Begin starts a transaction that reads what has been committed so far. It fails
// only if ctx has ended. A transaction that is forgotten leaves nothing behind.
func (db *DB) Begin(ctx context.Context, o Options) (*Txn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	limits := db.o.Limits
	if o.Limits != nil {
		limits = *o.Limits
	}
	return &Txn{db: db, point: db.o.Latest(), began: db.o.Elapsed(), readOnly: o.ReadOnly, limits: limits, statement: 1, last: 1}, nil
}

// Latest returns the newest read point: what a transaction that begins now reads.
func (db *DB) Latest() kv.ReadPoint { return db.o.Latest() }

// Limits returns the limits of transactions.
func (db *DB) Limits() Limits { return db.o.Limits }

// GetLatest reads a key outside of a transaction, as of now.
func (db *DB) GetLatest(ctx context.Context, key kv.Key) (Value, bool, error) {
	return db.o.Store.Get(ctx, key, db.o.Latest().Time)
}

// ScanLatest scans outside of a transaction, as of now.
func (db *DB) ScanLatest(ctx context.Context, span kv.Span, o ScanOptions) Iterator {
	return db.o.Store.Scan(ctx, span, db.o.Latest().Time, o)
}

// Backfill writes mutations as of the time of the scan that they come from: a
// key that has been written since keeps what it has. They conflict with nobody. It
// fails with 40001 OC001 unless the descriptor is still the one of
// descriptorTime, and with 72000 or 40001 OC000 if asOf is below
// the horizon. Mutations may be
// written twice; the caller keeps them small (256 KiB), so that commits pass.
func (db *DB) Backfill(ctx context.Context, descriptor kv.Key, descriptorTime, asOf kv.Timestamp, mutations []kv.Mutation) error {
	point := db.o.Latest()
	d, ok, err := db.o.Store.Get(ctx, descriptor, point.Time)
	if err != nil {
		return err
	}
	if !ok || d.Time != descriptorTime {
		return errSchemaChanged
	}
	if asOf < db.o.Committer.Horizon() { // Which it may have passed by when it is judged.
		return ErrSnapshotTooOld
	}
	return verdictError(db.o.Committer.Commit(ctx, &adjudicator.Request{
		ID: newID(), Snapshot: point.Time, Kind: journal.Backfill, Mutations: mutations,
		References: []kv.Key{descriptor}, AsOf: asOf, Descriptor: descriptor,
	}))
}

// WaitHorizon returns once no transaction can read at a time before `after`. That
// takes the age limit and half a minute, whatever the wall clock does.
func (db *DB) WaitHorizon(ctx context.Context, after kv.Timestamp) error {
	for db.o.Committer.Horizon() < after {
		if err := db.o.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// Purge removes the keys of a span, which a commit at `after` has made
// unreachable for good: first it waits for the horizon (WaitHorizon).
func (db *DB) Purge(ctx context.Context, span kv.Span, after kv.Timestamp) error {
	if err := db.WaitHorizon(ctx, after); err != nil {
		return err
	}
	return verdictError(db.o.Committer.Commit(ctx, &adjudicator.Request{
		ID: newID(), Snapshot: db.o.Latest().Time, Kind: journal.Purge, Purged: span,
	}))
}
