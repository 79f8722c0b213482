package adjudicator

import (
	"errors"
	"time"

	"zorya/kv"
)

// An Ask is a commit request that comes over a network. It may come late, again, or
// never; so may its Answer. A Call makes them.
//
// Four rules make one transaction of all of its Asks:
//
//   - An id that has committed is answered before anything else is looked at.
//   - What is answered with no (Conflicted, SchemaChanged, TooOld, Refused, Absent) can
//     never commit afterwards, whatever is still on its way: its snapshot stays in
//     conflict, or its id is barred.
//   - Only the Pipeline that was asked first judges it. Later ones look it up.
//   - Whether an id has committed that is older than what they remember, nobody
//     claims to know.
type Ask struct {
	Request *Request
	Epoch   uint64 // Of the Pipeline that was asked first.
	// Since is the newest commit that the client knew of when it asked first: if this
	// one has committed, it was later.
	Since kv.Timestamp
	// GiveUp says that the client does not want to commit any more: it only wants to
	// know whether it has.
	GiveUp bool
}

// An Answer says what became of a transaction that was asked for.
type Answer struct {
	ID      [16]byte
	Epoch   uint64 // Of the Pipeline that answers.
	Verdict Verdict
}

var (
	errForgotten  = errors.New("it was asked for so long ago that its outcome is no longer known")
	errRefused    = errors.New("it has been refused before")
	errTooMany    = errors.New("too many transactions are being given up")
	errFromFuture = errors.New("its snapshot is later than the last commit")
)

// A Reply is what an Ask is answered with, once the batch has settled, if there is one.
type Reply struct {
	Judgement Judgement // Zero if it was not judged.
	Wait      *Batch    // nil: it can be answered at once.
	verdict   Verdict   // If it was not judged.
}

// Answer returns the answer to a.
func (p *Pipeline) Answer(a *Ask, r Reply) Answer {
	v := r.verdict
	if r.Judgement.Outcome != 0 {
		v = r.Judgement.Answer(a.Request, r.Wait)
	}
	return Answer{ID: a.Request.ID, Epoch: p.epoch, Verdict: v}
}

// Epoch is what Calls that begin now are to say.
func (p *Pipeline) Epoch() uint64 { return p.epoch }

// Receive decides an Ask; q is what its request was made into. If refuse is not nil
// nothing may be committed for now, for that reason.
func (p *Pipeline) Receive(a *Ask, q *Question, refuse error, now kv.Timestamp, elapsed time.Duration) Reply {
	known := &p.core.ids
	if t, ok := known.commit(q.ID); ok {
		return Reply{Judgement: Judgement{Outcome: Committed, Time: t, Repeated: true}, Wait: p.batchOf(t)}
	}
	no := Verdict{Outcome: Absent}
	switch why := known.barred[q.ID]; {
	case why == Refused:
		return Reply{verdict: Verdict{Outcome: Refused, Err: errRefused}}
	case why == Absent:
		return Reply{verdict: no}
	case a.Since < known.floor:
		return Reply{verdict: Verdict{Outcome: Forgotten, Err: errForgotten}}
	case a.Epoch != p.epoch && a.GiveUp:
		return Reply{verdict: no}
	case a.Epoch != p.epoch: // What it would conflict with has been forgotten.
		return Reply{verdict: Verdict{Outcome: TooOld}}
	case p.stopped != nil: // For good: nobody else will judge it either.
		return Reply{verdict: Verdict{Outcome: Refused, Err: p.stopped}}
	case a.GiveUp:
		return p.bar(q, no)
	case refuse != nil:
		return p.bar(q, Verdict{Outcome: Refused, Err: refuse})
	case q.Snapshot > p.core.lastCommit:
		return p.bar(q, Verdict{Outcome: Refused, Err: errFromFuture})
	}
	j, wait, _ := p.Judge(q, a.Request, now, elapsed)
	return Reply{Judgement: j, Wait: wait}
}

// bar answers v, which is true from now on.
func (p *Pipeline) bar(q *Question, v Verdict) Reply {
	if !p.core.ids.bar(q.ID, v.Outcome, q.Snapshot, p.core.floor) {
		return Reply{verdict: Verdict{Outcome: Unknown, Err: errTooMany}}
	}
	return Reply{verdict: v}
}

// Receive decides what was asked for over a network and returns when the outcome is
// visible.
func (s *Server) Receive(a *Ask) Answer {
	var refuse error
	if s.o.Admit != nil {
		refuse = s.o.Admit()
	}
	q := questions.Get().(*Question)
	s.asks.Fill(q, a.Request)
	s.mu.Lock()
	for s.pipeline.Full() {
		s.room.Wait()
	}
	r := s.pipeline.Receive(a, q, refuse, s.o.Now(), s.o.Elapsed())
	s.mu.Unlock()
	questions.Put(q)
	s.await(r.Wait)
	return s.pipeline.Answer(a, r)
}

// Epoch is what Calls that begin now are to say.
func (s *Server) Epoch() uint64 { return s.pipeline.epoch }
