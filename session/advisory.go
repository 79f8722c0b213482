package session

import (
	"context"
	"sync"

	"zorya/pgerr"
	"zorya/sql/funcs"
)

// advisoryLocks are the advisory locks of a cluster's sessions. They lock nothing of the
// database's: programs agree on what a key means, and tools for migrations take one so
// that only one of them runs. They live in this process and end with their sessions.
type advisoryLocks struct {
	mu      sync.Mutex
	held    map[funcs.AdvisoryKey]map[*Session]*advisoryHold
	waiting map[*Session]advisoryWait
	changed chan struct{} // closed when a lock is released
}

// An advisoryHold counts how often a session holds a lock. Each holding has to be
// released.
type advisoryHold struct {
	exclusive, shared       int // by the session
	txnExclusive, txnShared int // by its transaction
}

type advisoryWait struct {
	key    funcs.AdvisoryKey
	shared bool
}

func (h *advisoryHold) count(shared, txn bool) *int {
	switch {
	case shared && txn:
		return &h.txnShared
	case shared:
		return &h.shared
	case txn:
		return &h.txnExclusive
	}
	return &h.exclusive
}

func (h *advisoryHold) conflicts(shared bool) bool {
	return h.exclusive+h.txnExclusive > 0 || !shared && h.shared+h.txnShared > 0
}

// Advisory runs pg_advisory_lock and its like.
func (e env) Advisory(c *funcs.Ctx, call funcs.AdvisoryCall) (bool, error) {
	if !e.s.prof.Lifts("advisory locks") {
		// The text is recorded (a user's report, of 2025).
		return false, pgerr.New(pgerr.FeatureNotSupported, "function %s not supported", call.Func)
	}
	e.s.locked = true
	locks := &e.s.shared.advisory
	switch {
	case call.All:
		locks.releaseAll(e.s)
		return true, nil
	case call.Unlock:
		return locks.release(e.s, call.Key, call.Shared), nil
	}
	return locks.acquire(c, e.s, call)
}

// acquire takes a lock and waits for it, unless it is only to be tried.
func (l *advisoryLocks) acquire(ctx context.Context, s *Session, call funcs.AdvisoryCall) (bool, error) {
	for {
		changed, err := l.try(s, call)
		if changed == nil || err != nil || call.Try {
			return changed == nil && err == nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			l.mu.Lock()
			delete(l.waiting, s)
			l.mu.Unlock()
			return false, pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
		}
	}
}

// try takes a lock that is free. Else it notes that s waits for it, and returns what is
// closed when a lock becomes free.
func (l *advisoryLocks) try(s *Session, call funcs.AdvisoryCall) (changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held, l.waiting, l.changed = map[funcs.AdvisoryKey]map[*Session]*advisoryHold{}, map[*Session]advisoryWait{}, make(chan struct{})
	}
	delete(l.waiting, s)
	want := advisoryWait{call.Key, call.Shared}
	if len(l.blockers(s, want)) > 0 {
		if !call.Try {
			if l.waitsFor(s, want, map[*Session]bool{}) {
				return nil, pgerr.New(pgerr.DeadlockDetected, "deadlock detected")
			}
			l.waiting[s] = want
		}
		return l.changed, nil
	}
	if l.held[call.Key] == nil {
		l.held[call.Key] = map[*Session]*advisoryHold{}
	}
	if l.held[call.Key][s] == nil {
		l.held[call.Key][s] = &advisoryHold{}
	}
	*l.held[call.Key][s].count(call.Shared, call.Txn)++
	return nil, nil
}

// blockers are the other sessions that hold what s wants.
func (l *advisoryLocks) blockers(s *Session, want advisoryWait) (list []*Session) {
	for other, h := range l.held[want.key] {
		if other != s && h.conflicts(want.shared) {
			list = append(list, other)
		}
	}
	return list
}

// waitsFor reports whether a session that waits for want waits for s at last.
func (l *advisoryLocks) waitsFor(s *Session, want advisoryWait, seen map[*Session]bool) bool {
	for other := range l.held[want.key] {
		if other == s || seen[other] || !l.held[want.key][other].conflicts(want.shared) {
			continue
		}
		seen[other] = true
		next, waits := l.waiting[other]
		if !waits {
			continue
		}
		if h := l.held[next.key][s]; h != nil && h.conflicts(next.shared) || l.waitsFor(s, next, seen) {
			return true
		}
	}
	return false
}

// release releases one holding of the session; false: it has none.
func (l *advisoryLocks) release(s *Session, key funcs.AdvisoryKey, shared bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.held[key][s]
	if h == nil || *h.count(shared, false) == 0 {
		return false
	}
	*h.count(shared, false)--
	l.dropEmpty(s, key, h)
	return true
}

// releaseAll releases what the session holds but for its transaction.
func (l *advisoryLocks) releaseAll(s *Session) {
	l.each(s, func(h *advisoryHold) { h.exclusive, h.shared = 0, 0 })
}

// endTxn releases what the session's transaction holds.
func (l *advisoryLocks) endTxn(s *Session) {
	l.each(s, func(h *advisoryHold) { h.txnExclusive, h.txnShared = 0, 0 })
}

func (l *advisoryLocks) each(s *Session, f func(*advisoryHold)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, holders := range l.held {
		if h := holders[s]; h != nil {
			f(h)
			l.dropEmpty(s, key, h)
		}
	}
}

// dropEmpty forgets a hold that has become empty and wakes those who wait.
func (l *advisoryLocks) dropEmpty(s *Session, key funcs.AdvisoryKey, h *advisoryHold) {
	if *h == (advisoryHold{}) {
		delete(l.held[key], s)
		if len(l.held[key]) == 0 {
			delete(l.held, key)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}
