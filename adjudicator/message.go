package adjudicator

import (
	"time"

	"zorya/journal"
	"zorya/kv"
)

// A Request asks for a commit. Nobody changes it while it is being decided.
type Request struct {
	ID       [16]byte     // Chosen by the client. Asking again with it commits once.
	Snapshot kv.Timestamp // All reads were made as of this time.
	Kind     journal.Kind // 0 means Ordinary.

	Mutations  []kv.Mutation
	Claims     []kv.Claim // One per key.
	References []kv.Key   // Descriptors that must not have changed since Snapshot.

	AsOf       kv.Timestamp // Of a Backfill.
	Descriptor kv.Key       // Of a Backfill.
	Purged     kv.Span      // Of a Purge.
}

// A Verdict is the answer to a Request.
type Verdict struct {
	Outcome Outcome
	Time    kv.Timestamp // Committed: the commit time.
	Key     kv.Key       // Conflicted, SchemaChanged: a key that says why.
	Err     error        // Unknown, Refused, Forgotten: the cause.
}

// An Outcome says what became of a transaction.
type Outcome uint8

// The outcomes. The zero value is invalid, so that a forgotten one is noticed.
const (
	Committed     Outcome = 1 + iota // Durable and visible.
	Conflicted                       // A concurrent transaction claimed the same key first.
	SchemaChanged                    // A descriptor relied upon, or a name, has changed.
	TooOld                           // What it would conflict with may have been forgotten.
	Unknown                          // Given to the journal, which failed. It may be durable.
	Refused                          // Not given to the journal; see Err.
	Absent                           // Asked for from afar: it has not committed, and never will.
	Forgotten                        // Asked for from afar: so long ago that nobody knows.
)

// Window is how long after its snapshot a transaction can commit and read: the
// age limit of 300 s, and some more so that it is the limit that users meet.
const Window = 330 * time.Second
