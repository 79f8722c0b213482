package adjudicator

import (
	"fmt"
	"time"

	"zorya/kv"
)

// A Claim is a claim on a key, known by its hash. Two keys with one hash cost a
// false conflict, never a missed one.
type Claim struct {
	Hash     uint64
	Strength kv.Strength
}

// A Question is what Core must know of a Request.
type Question struct {
	ID         [16]byte
	Snapshot   kv.Timestamp
	Claims     []Claim
	References []uint64 // Hashes of descriptors.
}

// A Judgement is Core's answer.
type Judgement struct {
	Outcome Outcome
	// Time is the commit time of the transaction if it is Committed; else that of the
	// rival, 0 if there is none.
	Time  kv.Timestamp
	Index int // Of the claim or reference that was in conflict.
	// Repeated says that this ID has been committed before, at Time.
	Repeated bool
}

// Core judges transactions under snapshot isolation. Reads are not judged, so
// write skew is possible, as in PostgreSQL's REPEATABLE READ.
//
// Core starts no goroutine, reads no clock and does no I/O. It remembers, for
// each key, the last commit that claimed it at least this strongly:
//
//	time           share  update  exclusive
//	 9   a           9      9        4         <- lastCommit; a was updated at 9
//	 6   b           6      2        2
//	 3  ------------------------------ floor: what is older is forgotten
//	     c           .      .        .
//
// A transaction with snapshot 7 may take a share claim on a here (exclusive was
// 4), but not an update claim. One with snapshot 2 is TooOld.
//
// References are checked like share claims and not remembered, so that those who
// use a table never stand in the way of those who change it.
//
// Invariants:
//
//  1. share >= update >= exclusive, and floor <= share <= lastCommit, for every key.
//  2. Commit times strictly increase.
//  3. A transaction's commit time is after its snapshot.
//  4. Every key in the table is in the queue with its share time.
//  5. The floor is not below that of the ids: what might commit is known if it has.
type Core struct {
	claims     table
	queue      ring[remembered] // In commit order.
	ids        ids
	lastCommit kv.Timestamp
	floor      kv.Timestamp
	window     window
	max        int
}

// remembered is a claim by a commit. If the key has been claimed again since, it
// stands for nothing.
type remembered struct {
	time kv.Timestamp
	hash uint64
}

// NewCore returns a Core that knows of no commits after `last`, when no transaction
// is under way. It remembers at most maxClaims claims, and as many ids: more raise the
// floor. Transactions whose commit is longer ago than age, measured by `elapsed` of
// Judge, are forgotten.
func NewCore(last kv.Timestamp, maxClaims int, age time.Duration) *Core {
	return &Core{
		claims:     newTable(),
		ids:        newIDs(last, maxClaims),
		lastCommit: last,
		floor:      last,
		window:     window{age: age, horizon: last},
		max:        maxClaims,
	}
}

// Judge decides q. The wall clock reads now, which may run behind; the monotonic
// one reads elapsed.
func (c *Core) Judge(q *Question, now kv.Timestamp, elapsed time.Duration) Judgement {
	if t, ok := c.ids.commit(q.ID); ok {
		return Judgement{Outcome: Committed, Time: t, Repeated: true}
	}
	c.forget(elapsed)
	if q.Snapshot < c.floor {
		return Judgement{Outcome: TooOld}
	}
	if q.Snapshot > c.lastCommit {
		panic(fmt.Sprintf("adjudicator invariant 3: snapshot %d is after the last commit %d", q.Snapshot, c.lastCommit))
	}
	for i, hash := range q.References {
		if rival := c.claims.rival(hash, kv.Share); rival > q.Snapshot {
			return Judgement{Outcome: SchemaChanged, Time: rival, Index: i}
		}
	}
	for i, claim := range q.Claims {
		if rival := c.claims.rival(claim.Hash, claim.Strength); rival > q.Snapshot {
			return Judgement{Outcome: Conflicted, Time: rival, Index: i}
		}
	}
	return Judgement{Outcome: Committed, Time: c.commit(q, now)}
}

// commit gives q a commit time and remembers its claims.
func (c *Core) commit(q *Question, now kv.Timestamp) kv.Timestamp {
	c.lastCommit = max(now, c.lastCommit+1)
	c.claims.reserve(len(q.Claims))
	for _, claim := range q.Claims {
		if claim.Strength == kv.None {
			continue
		}
		c.claims.claim(claim.Hash, claim.Strength, c.lastCommit)
		c.queue.push(remembered{c.lastCommit, home(claim.Hash)})
	}
	c.ids.remember(q.ID, c.lastCommit)
	for c.queue.len() > c.max {
		c.floor = max(c.floor, c.evict())
	}
	c.raise(c.ids.floor)
	return c.lastCommit
}

// forget raises the floor to the horizon.
func (c *Core) forget(elapsed time.Duration) {
	horizon, moved := c.window.observe(elapsed, c.lastCommit)
	if !moved {
		return
	}
	c.ids.forget(horizon)
	c.raise(horizon)
}

// raise raises the floor to a time, and forgets the claims up to it.
func (c *Core) raise(floor kv.Timestamp) {
	if floor <= c.floor {
		return
	}
	c.floor = floor
	for c.queue.len() > 0 && c.queue.front().time <= floor {
		c.evict()
	}
}

// evict forgets the oldest remembered claim and returns its commit time.
func (c *Core) evict() kv.Timestamp {
	old := c.queue.pop()
	c.claims.forget(old.hash, old.time)
	return old.time
}

// Horizon returns a time so old that no transaction which still may read has an
// older snapshot.
func (c *Core) Horizon(elapsed time.Duration) kv.Timestamp {
	c.forget(elapsed)
	return c.window.horizon
}

// check returns an error if an invariant of Core is broken.
func (c *Core) check() error {
	if c.floor < c.ids.floor {
		return fmt.Errorf("invariant 5: the floor is %d, that of the ids %d", c.floor, c.ids.floor)
	}
	queued := map[remembered]bool{}
	for i := range c.queue.len() {
		queued[c.queue.at(i)] = true
	}
	for _, s := range c.claims.slots {
		switch {
		case s.hash == 0:
		case s.share < s.update || s.update < s.exclusive || s.share > c.lastCommit || s.share < c.floor:
			return fmt.Errorf("invariant 1: %+v, floor %d, last commit %d", s, c.floor, c.lastCommit)
		case !queued[remembered{s.share, s.hash}]:
			return fmt.Errorf("invariant 4: %+v is not in the queue", s)
		}
	}
	return nil
}
