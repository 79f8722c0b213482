package adjudicator

import (
	"context"
	"errors"
	"time"

	"zorya/kv"
)

// ErrNoAnswer is the cause of an unknown outcome that nobody has told.
var ErrNoAnswer = errors.New("the adjudicator does not answer")

// How a Call asks: again after a while, then after twice as long, and so on up to a
// bound; and not for ever.
const (
	askAgain = 200 * time.Millisecond
	askLimit = 5 * time.Second
	patience = 90 * time.Second
)

// A Call is a commit that is asked for over a network which loses, delays, repeats and
// reorders what it carries. It sends nothing and reads no clock; who drives it does:
//
//	                 ┌──────────── time passes, no answer ───────────┐
//	                 ▼                                               │
//	NewCall ──► Send: the same Ask, with the same id ──► Receive: a verdict? ──► done
//	                 ▲                                               │
//	                 └── Cancel: from now on the outcome only ───────┘ Unknown for now
//
// Every Ask carries the same id, so it is one transaction however many of them arrive.
// An Answer counts whichever Ask it is to: what is told for certain stays true (Ask).
type Call struct {
	ask     Ask
	sent    bool
	pause   time.Duration
	next    time.Duration // When to ask again.
	end     time.Duration // When not to wait any longer.
	cause   error         // Why the outcome is unknown for now.
	verdict Verdict       // Zero while there is none.
}

// NewCall returns the Call for a request of the Pipeline of an epoch. since is the
// newest commit that the client knows of; it is not before the request's snapshot.
func NewCall(r *Request, epoch uint64, since kv.Timestamp, now time.Duration) *Call {
	return &Call{ask: Ask{Request: r, Epoch: epoch, Since: since}, pause: askAgain, next: now, end: now + patience, cause: ErrNoAnswer}
}

// Send returns the Ask that is due now, nil if none is.
func (c *Call) Send(now time.Duration) *Ask {
	switch {
	case c.verdict.Outcome != 0 || now < c.next:
		return nil
	case now >= c.end:
		c.verdict = Verdict{Outcome: Unknown, Err: c.cause}
		return nil
	}
	c.sent = true
	c.next = min(now+c.pause, c.end)
	c.pause = min(2*c.pause, askLimit)
	a := c.ask
	return &a
}

// Wake returns when Send is to be called next.
func (c *Call) Wake() time.Duration { return c.next }

// Cancel says that the transaction is not wanted any more: if it has not committed, it
// never will. What has not been sent never is.
func (c *Call) Cancel(now time.Duration) {
	if c.ask.GiveUp || c.verdict.Outcome != 0 {
		return
	}
	if !c.sent {
		c.verdict = Verdict{Outcome: Refused, Err: context.Canceled}
		return
	}
	c.ask.GiveUp, c.next, c.pause = true, now, askAgain
}

// Receive takes an answer, to this call or to another.
func (c *Call) Receive(a Answer) {
	if a.ID != c.ask.Request.ID || c.verdict.Outcome != 0 {
		return
	}
	if a.Verdict.Outcome == Unknown { // For now: the journal failed. Its next life knows.
		c.cause = a.Verdict.Err
		return
	}
	c.verdict = a.Verdict
}

// Verdict returns what became of the transaction, and whether that can be told.
func (c *Call) Verdict() (v Verdict, ok bool) { return c.verdict, c.verdict.Outcome != 0 }
