package txn

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/adjudicator"
	"zorya/kv"
	"zorya/pgerr"
)

// ErrSnapshotTooOld is returned by reads below the horizon. Users meet the age
// limit before it, unless that is lifted.
var ErrSnapshotTooOld = pgerr.New("72000", "snapshot too old")

// Outcomes that are an error, but for those that carry figures.
var (
	errConflict = pgerr.New(pgerr.SerializationFailure,
		"change conflicts with another transaction (OC000)")
	errSchemaChanged = pgerr.New(pgerr.SerializationFailure,
		"schema has been updated by another transaction (OC001)")
	errReadOnly = pgerr.New(pgerr.ReadOnlySQLTransaction,
		"cannot write in a read-only transaction")
	errRows = pgerr.New(pgerr.ProgramLimitExceeded, "transaction row limit exceeded")
	errDone = pgerr.New(pgerr.NoActiveSQLTransaction, "the transaction has ended")
	// errCanceled is an answer for a commit that never began.
	errCanceled = pgerr.New("57014", "canceling statement due to user request")
)

// errAge says that a transaction of this age may go no further.
func errAge(age, limit time.Duration) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, agePrefix+" of %ds exceeded", int64(limit.Seconds())).
		WithDetail("Current transaction age %ds exceeds %ds", int64(age.Seconds()), int64(limit.Seconds()))
}

// TooLong reports whether an error says that a transaction has been open for too long:
// the same from the start may succeed.
func TooLong(err error) bool {
	e := pgerr.As(err)
	return e != nil && e.Code == pgerr.ProgramLimitExceeded && strings.HasPrefix(e.Message, agePrefix)
}

const agePrefix = "transaction age limit"

// errSize says that a transaction has modified this many bytes.
func errSize(bytes, limit int64) error {
	const mb = 1 << 20
	return pgerr.New(pgerr.ProgramLimitExceeded, "transaction size limit %dmb exceeded", limit/mb).
		WithDetail("Current transaction size %dmb > %dmb", (bytes+mb-1)/mb, limit/mb)
}

// A Conflict is the error of a commit that lost to another transaction. It wraps
// what the user is told.
type Conflict struct {
	Key  kv.Key // What the two met at; nil: that has been forgotten.
	told *pgerr.Error
}

// Error returns what the user is told.
func (c *Conflict) Error() string { return c.told.Error() }

// Unwrap returns what the user is told, as a *pgerr.Error.
func (c *Conflict) Unwrap() error { return c.told }

// Injected is the error of a commit that is made to fail, so that a client's
// retries can be tested. It is what a real conflict's is.
func Injected(schema bool) error {
	if schema {
		return errSchemaChanged
	}
	return errConflict
}

// verdictError turns a verdict into what the user is told; nil if the transaction
// committed.
func verdictError(v adjudicator.Verdict) error {
	switch v.Outcome {
	case adjudicator.Committed:
		return nil
	case adjudicator.Conflicted, adjudicator.TooOld:
		return &Conflict{Key: v.Key, told: errConflict}
	case adjudicator.SchemaChanged:
		return &Conflict{Key: v.Key, told: errSchemaChanged}
	case adjudicator.Unknown, adjudicator.Forgotten:
		err := pgerr.New(pgerr.StatementCompletionUnknown,
			"the outcome of the transaction is unknown").
			WithDetail("%v", v.Err)
		if v.Outcome == adjudicator.Unknown {
			err = err.WithHint("The server must be restarted. Whether the transaction took effect can be seen afterwards.")
		}
		return err
	case adjudicator.Absent:
		return errCanceled
	}
	return refusal(v.Err)
}

// refusal is the error for a transaction that certainly did not commit.
func refusal(err error) error {
	switch {
	case pgerr.As(err) != nil:
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errCanceled
	case errors.Is(err, adjudicator.ErrClosed):
		return pgerr.New(pgerr.CannotConnectNow, "the cluster is shutting down")
	case vfs.IsNoSpaceError(err):
		return pgerr.New(pgerr.DiskFull, "could not commit: %v", err).WithHint("Check free disk space.")
	}
	return pgerr.New(pgerr.IOError, "could not commit: %v", err)
}
