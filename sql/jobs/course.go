package jobs

import (
	"errors"
	"time"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/txn"
)

// A course is how an index build goes: which step is next, and what follows from how
// one ended. It reads no clock and does no I/O; buildIndex takes the steps.
//
//	BUILDING ── fill … fill ──► not unique ─────────────────────────► PUBLIC
//	                        └─► unique: enforce ── check … check ──►
//	                                                  └─ duplicates ─► INVALID
//
// Each arrow is one transaction, and where the build stands between two of them is the
// index's state in the catalog: any step can be the last one of a process. The next
// one begins with the first chunk of that state, since chunks can be repeated.
type course struct {
	state  catalog.IndexState
	unique bool
	from   kv.Key        // Where the next chunk begins; nil: with the first row.
	whole  bool          // All chunks of this state are done.
	pause  time.Duration // Before the next step.
}

// A step is what a build does next.
type step uint8

const (
	stepFill    step = iota // Write the entries of the rows from `from` on.
	stepEnforce             // Turn away writers that do not check uniqueness.
	stepCheck               // Look for duplicates in the rows from `from` on.
	stepPublish             // Let queries use the index.
	stepFinish              // It is public: only the job's row is left.
	stepGiveUp              // It is invalid.
)

// next returns the step to take.
func (c *course) next() step {
	switch c.state {
	case catalog.IndexBuilding:
		switch {
		case !c.whole:
			return stepFill
		case c.unique:
			return stepEnforce
		}
		return stepPublish
	case catalog.IndexEnforcing:
		if !c.whole {
			return stepCheck
		}
		return stepPublish
	case catalog.IndexPublic:
		return stepFinish
	}
	return stepGiveUp
}

// Pauses between chunks let commits pass. A step that must be repeated waits longer
// each time.
const (
	chunkPause = time.Millisecond
	maxPause   = time.Second
)

// chunk says how a chunk ended, and where the next one would begin. It returns an
// error that repeating the chunk does not mend.
func (c *course) chunk(next kv.Key, last bool, err error) error {
	switch {
	case err == nil:
		c.from, c.whole, c.pause = next, last, chunkPause
	case passing(err):
		c.pause = min(2*max(c.pause, chunkPause), maxPause)
	default:
		return err
	}
	return nil
}

// moved says that the index is in a new state.
func (c *course) moved(to catalog.IndexState) {
	*c = course{state: to, unique: c.unique, pause: c.pause}
}

// passing reports whether an error is of the moment: somebody else committed first, the
// machine slept, the disk is full or does not answer. What failed can be repeated.
func passing(err error) bool {
	switch pgerr.Code(err) {
	case pgerr.SerializationFailure:
		return true
	}
	return errors.Is(err, txn.ErrSnapshotTooOld) || txn.TooLong(err) || unable(err)
}

// unable reports whether an error says that the cluster cannot read or commit for now.
// No job has failed because of that.
func unable(err error) bool {
	switch pgerr.Code(err) {
	case pgerr.DiskFull, pgerr.IOError, pgerr.CannotConnectNow, pgerr.StatementCompletionUnknown:
		return true
	}
	return false
}
