package adjudicator

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"zorya/kv"
)

// A bug is a deliberate mistake in Core. A test that can't find it proves
// nothing.
type bug string

const (
	noBug            bug = ""
	forgetClaims     bug = "one claim in sixteen isn't remembered"
	judgeTooOld      bug = "snapshots below the floor are judged"
	updateAsShare    bug = "update claims are taken for share claims"
	exclusiveAsOther bug = "exclusive claims are taken for update claims"
	skipReferences   bug = "references aren't checked"
	rememberRefs     bug = "references are remembered as share claims"
	slowClock        bug = "the commit time is the clock's"
)

// TestCoreSnapshotIsolation runs random schedules against the definition. To
// replay a failure, run its seed alone.
func TestCoreSnapshotIsolation(t *testing.T) {
	for seed := range uint64(1500) {
		if err := runSeed(seed, noBug); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestCoreBugsAreFound proves that the test above can fail.
func TestCoreBugsAreFound(t *testing.T) {
	for _, b := range []bug{forgetClaims, judgeTooOld, updateAsShare, exclusiveAsOther, skipReferences, rememberRefs, slowClock} {
		seed := uint64(0)
		for runSeed(seed, b) == nil {
			if seed++; seed == 200 {
				t.Fatalf("not found in %d seeds: %s", seed, b)
			}
		}
	}
}

// A committedTxn is what the model remembers of a transaction.
type committedTxn struct {
	question Question
	time     kv.Timestamp
}

// A schedule is a Core, its model and the times of both.
type schedule struct {
	rng     *rand.Rand
	core    *Core
	bug     bug
	now     kv.Timestamp
	elapsed time.Duration
	history []committedTxn
	floor   kv.Timestamp // Below it, TooOld is a correct answer.
	seen    map[Outcome]int
}

// runSeed asks a Core to judge transactions of a random schedule, and returns the
// first way in which it broke its promise.
func runSeed(seed uint64, b bug) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	maxClaims := []int{10, 1000}[rng.IntN(2)]
	s := schedule{rng: rng, bug: b, core: NewCore(100, maxClaims, 20*time.Second), now: 100, seen: map[Outcome]int{}}
	for step := range 200 {
		if err := s.step(); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		if err := s.core.check(); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	if s.seen[Committed] < 10 {
		return fmt.Errorf("only %d commits: the schedule tests nothing", s.seen[Committed])
	}
	return nil
}

func (s *schedule) step() error {
	s.now += kv.Timestamp(s.rng.IntN(3)) // May stand still, or fall behind.
	s.elapsed += time.Duration(s.rng.IntN(2000)) * time.Millisecond
	q := s.question()
	if s.bug == judgeTooOld {
		s.core.floor = 0
	}
	asked := q
	switch s.bug {
	case skipReferences:
		asked.References = nil
	case updateAsShare, exclusiveAsOther:
		asked.Claims = weaken(q.Claims, s.bug)
	}
	before := s.core.lastCommit
	j := s.core.Judge(&asked, s.now, s.elapsed)
	s.seen[j.Outcome]++
	if s.bug == slowClock && j.Outcome == Committed {
		j.Time = s.now
	}
	s.floor = s.core.floor
	if err := s.verify(q, j, before); err != nil {
		return err
	}
	if j.Outcome == Committed && !j.Repeated {
		s.history = append(s.history, committedTxn{q, j.Time})
		s.plant(q)
	}
	return nil
}

// plant makes the mistakes that come after a judgement.
func (s *schedule) plant(q Question) {
	c := s.core
	if s.bug == forgetClaims && s.rng.IntN(16) == 0 && len(q.Claims) > 0 {
		c.claims.forget(q.Claims[0].Hash, c.lastCommit)
	}
	for _, hash := range q.References {
		if s.bug == rememberRefs {
			c.claims.claim(hash, kv.Share, c.lastCommit)
			c.queue.push(remembered{c.lastCommit, hash})
		}
	}
}

func weaken(claims []Claim, b bug) []Claim {
	var weak []Claim
	for _, c := range claims {
		if b == updateAsShare && c.Strength == kv.Update || b == exclusiveAsOther && c.Strength == kv.Exclusive {
			c.Strength--
		}
		weak = append(weak, c)
	}
	return weak
}

// question draws a transaction over eight keys. Now and then it is an earlier one
// again.
func (s *schedule) question() Question {
	rng := s.rng
	if n := len(s.history); n > 0 && rng.IntN(20) == 0 {
		return s.history[n-1-rng.IntN(min(n, 3))].question
	}
	ago := kv.Timestamp(rng.IntN(12))
	q := Question{Snapshot: s.core.lastCommit - min(ago, s.core.lastCommit)}
	for i := range q.ID {
		q.ID[i] = byte(rng.Uint32())
	}
	for _, k := range rng.Perm(8)[:rng.IntN(4)] {
		q.Claims = append(q.Claims, Claim{uint64(k + 1), kv.Strength(1 + rng.IntN(3))})
	}
	if rng.IntN(2) == 0 {
		q.References = append(q.References, uint64(1+rng.IntN(8)))
	}
	return q
}

// verify is the model: it says what the answer must be.
func (s *schedule) verify(q Question, j Judgement, before kv.Timestamp) error {
	for _, old := range s.history {
		if old.question.ID == q.ID && old.time > s.floor {
			if !j.Repeated || j.Time != old.time {
				return fmt.Errorf("committed at %d before, now %+v", old.time, j)
			}
			return nil
		}
	}
	if j.Repeated {
		return nil // Remembered for longer than it must be.
	}
	if (j.Outcome == TooOld) != (q.Snapshot < s.floor && j.Outcome != Committed) {
		return fmt.Errorf("snapshot %d, floor %d: %+v", q.Snapshot, s.floor, j)
	}
	if j.Outcome == TooOld {
		return nil
	}
	claims, refs := s.rivals(q)
	want := Committed
	if claims > 0 {
		want = Conflicted
	}
	if refs > 0 {
		want = SchemaChanged
	}
	if j.Outcome != want {
		return fmt.Errorf("snapshot %d, claims %v, references %v: %+v, want outcome %d",
			q.Snapshot, q.Claims, q.References, j, want)
	}
	if j.Outcome == Committed && (j.Time <= before || j.Time <= q.Snapshot || j.Time < s.now) {
		return fmt.Errorf("commit time %d after %d, snapshot %d, clock %d", j.Time, before, q.Snapshot, s.now)
	}
	return nil
}

// rivals returns the last commits after q's snapshot that are in conflict with
// its claims and with its references.
func (s *schedule) rivals(q Question) (claims, refs kv.Timestamp) {
	for _, old := range s.history {
		if old.time <= q.Snapshot {
			continue
		}
		for _, theirs := range old.question.Claims {
			for _, mine := range q.Claims {
				if mine.Hash == theirs.Hash && mine.Strength.Conflicts(theirs.Strength) {
					claims = old.time
				}
			}
			for _, ref := range q.References {
				if ref == theirs.Hash && theirs.Strength == kv.Exclusive {
					refs = old.time
				}
			}
		}
	}
	return claims, refs
}

// TestWallClockJumpsAgeNothing: a clock that leaps a year ahead does not make a
// fresh snapshot too old, and one that goes back does not stop commits.
func TestWallClockJumpsAgeNothing(t *testing.T) {
	const year = kv.Timestamp(365 * 24 * time.Hour)
	c := NewCore(year, 1000, Window)
	for i, now := range []kv.Timestamp{year + 1, 5 * year, 2} {
		q := Question{ID: [16]byte{byte(i)}, Snapshot: c.lastCommit, Claims: []Claim{{uint64(i), kv.Exclusive}}}
		before := c.lastCommit
		j := c.Judge(&q, now, time.Duration(i)*time.Second)
		if j.Outcome != Committed || j.Time <= before {
			t.Fatalf("clock %d: %+v after %d", now, j, before)
		}
	}
	old := Question{ID: [16]byte{9}, Snapshot: year}
	if j := c.Judge(&old, 3, 60*time.Second); j.Outcome != Committed {
		t.Fatalf("a minute old: %+v", j)
	}
	old.ID = [16]byte{10}
	if j := c.Judge(&old, 3, 2*Window); j.Outcome != TooOld {
		t.Fatalf("older than the window: %+v", j)
	}
}

// TestTableAgainstMap grows, shrinks and collides.
func TestTableAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	table, want := newTable(), map[uint64]kv.Timestamp{}
	for at := kv.Timestamp(1); at < 200_000; at++ {
		hash := rng.Uint64N(300) * 64 // All of them begin in the same few slots.
		if rng.IntN(2) == 0 {
			table.claim(hash, kv.Share, at)
			want[home(hash)] = at
		} else {
			table.forget(hash, want[home(hash)])
			delete(want, home(hash))
		}
		if at%100 == 0 {
			if table.used != len(want) {
				t.Fatalf("%d keys, want %d", table.used, len(want))
			}
			for hash := range uint64(300) {
				if got := table.rival(hash*64, kv.Exclusive); got != want[home(hash*64)] {
					t.Fatalf("key %d: %d, want %d", hash, got, want[home(hash*64)])
				}
			}
		}
	}
}
