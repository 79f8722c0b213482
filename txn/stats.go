package txn

import (
	"sync/atomic"
	"time"

	"zorya/adjudicator"
)

// Stats say what became of the transactions of a DB that wrote or claimed
// something.
type Stats struct {
	Commits       uint64
	Conflicts     uint64 // OC000 over a key.
	TooOld        uint64 // OC000 since what it might conflict with was forgotten.
	SchemaChanges uint64 // OC001.
	Unknown       uint64 // The journal failed.
	Refused       uint64 // The cluster could not commit.
	Rollbacks     uint64 // Ended without asking for a commit.
	// Latency counts commits, whatever their outcome, by the time they took: index i
	// those of at most LatencyBounds[i], the last index all others.
	Latency    [len(LatencyBounds) + 1]uint64
	LatencySum time.Duration
}

// LatencyBounds are the upper ends of the classes of Stats.Latency.
var LatencyBounds = [...]time.Duration{
	250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond,
	8 * time.Millisecond, 16 * time.Millisecond, 32 * time.Millisecond, 64 * time.Millisecond, 128 * time.Millisecond,
	256 * time.Millisecond, 512 * time.Millisecond, time.Second, 4 * time.Second,
}

// counters are Stats being counted.
type counters struct {
	outcomes  [adjudicator.Forgotten + 1]atomic.Uint64
	rollbacks atomic.Uint64
	latency   [len(LatencyBounds) + 1]atomic.Uint64
	sum       atomic.Int64
}

// count notes the outcome of a commit and how long it took.
func (c *counters) count(o adjudicator.Outcome, took time.Duration) {
	if int(o) < len(c.outcomes) {
		c.outcomes[o].Add(1)
	}
	class := 0
	for class < len(LatencyBounds) && took > LatencyBounds[class] {
		class++
	}
	c.latency[class].Add(1)
	c.sum.Add(int64(took))
}

// Stats returns what has been counted since the DB was made.
func (db *DB) Stats() Stats {
	c := &db.stats
	s := Stats{
		Commits: c.outcomes[adjudicator.Committed].Load(), Conflicts: c.outcomes[adjudicator.Conflicted].Load(),
		TooOld: c.outcomes[adjudicator.TooOld].Load(), SchemaChanges: c.outcomes[adjudicator.SchemaChanged].Load(),
		Unknown:   c.outcomes[adjudicator.Unknown].Load() + c.outcomes[adjudicator.Forgotten].Load(),
		Refused:   c.outcomes[adjudicator.Refused].Load() + c.outcomes[adjudicator.Absent].Load(),
		Rollbacks: c.rollbacks.Load(), LatencySum: time.Duration(c.sum.Load()),
	}
	for i := range s.Latency {
		s.Latency[i] = c.latency[i].Load()
	}
	return s
}
