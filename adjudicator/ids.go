package adjudicator

import "zorya/kv"

// An ID is a transaction's, and when it committed.
type ID struct {
	ID   [16]byte
	Time kv.Timestamp
}

// ids are the transactions whose outcome is known for certain, so that whoever asks a
// second time is told the same:
//
//	time
//	 9   x  committed           all that committed after the floor are known
//	 7   y  committed
//	 5  ------------------------ floor: older ones are forgotten
//	        z  barred            did not commit, and never will
//
// A bar may go once Core's floor has passed the transaction's snapshot: it could not
// commit any more, barred or not.
type ids struct {
	committed map[[16]byte]kv.Timestamp
	queue     ring[ID] // Those of committed, in commit order.
	floor     kv.Timestamp
	barred    map[[16]byte]Outcome // Absent: its client gave it up. Refused.
	bars      ring[bar]            // Those of barred.
	max       int                  // Of each kind.
}

// A bar is an id that must not commit, though its snapshot may still allow it.
type bar struct {
	id       [16]byte
	snapshot kv.Timestamp
}

// newIDs returns ids that know of no commit up to a time, and of all after it.
func newIDs(floor kv.Timestamp, max int) ids {
	return ids{committed: map[[16]byte]kv.Timestamp{}, barred: map[[16]byte]Outcome{}, floor: floor, max: max}
}

// commit returns when a transaction committed.
func (s *ids) commit(id [16]byte) (at kv.Timestamp, ok bool) {
	at, ok = s.committed[id]
	return at, ok
}

// remember notes a commit, later than all before.
func (s *ids) remember(id [16]byte, at kv.Timestamp) {
	s.committed[id] = at
	s.queue.push(ID{id, at})
	for s.queue.len() > s.max {
		s.pop()
	}
}

// forget raises the floor to a time.
func (s *ids) forget(upTo kv.Timestamp) {
	for s.queue.len() > 0 && s.queue.front().Time <= upTo {
		s.pop()
	}
	s.floor = max(s.floor, upTo)
}

// pop forgets the oldest commit.
func (s *ids) pop() {
	old := s.queue.pop()
	delete(s.committed, old.ID)
	s.floor = max(s.floor, old.Time)
}

// bar makes sure that a transaction which is not known to have committed never will.
// It fails if too many are barred; floor is Core's.
func (s *ids) bar(id [16]byte, why Outcome, snapshot, floor kv.Timestamp) bool {
	for s.bars.len() > 0 && s.bars.front().snapshot < floor {
		delete(s.barred, s.bars.pop().id)
	}
	if snapshot < floor {
		return true
	}
	if s.bars.len() >= s.max {
		return false
	}
	s.barred[id] = why
	s.bars.push(bar{id, snapshot})
	return true
}
