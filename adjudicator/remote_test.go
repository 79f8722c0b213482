package adjudicator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zorya/journal"
	"zorya/kv"
)

// asker asks a Pipeline whose batches become visible at once, unless it is told not to.
type asker struct {
	*Pipeline
	asks    Questions
	elapsed time.Duration
	stuck   bool
}

func newAsker(past Past, max int) *asker {
	return &asker{Pipeline: NewPipeline(past, max, time.Minute), asks: NewQuestions()}
}

func (p *asker) ask(a Ask) Verdict { return p.refusing(a, nil) }

func (p *asker) refusing(a Ask, why error) Verdict {
	var q Question
	p.asks.Fill(&q, a.Request)
	r := p.Receive(&a, &q, why, 0, p.elapsed)
	if !p.stuck {
		p.pass(nil)
	}
	if r.Wait != nil && !r.Wait.Settled() {
		return Verdict{}
	}
	return p.Answer(&a, r).Verdict
}

// pass lets what is open become visible, or fail.
func (p *asker) pass(err error) {
	if b := p.NextAppend(); b != nil {
		p.Appended(b, err)
	}
	if b := p.NextApply(); b != nil {
		p.Applied(b, nil)
	}
}

// blind is a request that claims nothing, so that nothing but its id keeps it from
// committing twice.
func blind(snapshot kv.Timestamp) *Request {
	r := request(snapshot, "k")
	r.Claims = nil
	return r
}

func expect(t *testing.T, what string, v Verdict, want Outcome) {
	t.Helper()
	if v.Outcome != want {
		t.Fatalf("%s: outcome %d (%v), want %d", what, v.Outcome, v.Err, want)
	}
}

// TestAskedTwice: a commit that is asked for again is one, whatever has changed since.
func TestAskedTwice(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100, Epoch: 7}, 100)
	a := Ask{Request: request(100, "a"), Epoch: 7, Since: 100}
	v := p.ask(a)
	expect(t, "first", v, Committed)
	expect(t, "rival", p.ask(Ask{Request: request(100, "a"), Epoch: 7, Since: 100}), Conflicted)
	if again := p.ask(a); again.Outcome != Committed || again.Time != v.Time {
		t.Fatalf("again: %+v, first %+v", again, v)
	}
	a.GiveUp = true
	expect(t, "given up too late", p.ask(a), Committed)
}

// TestIDsAreForgottenWithTheFloor: forgetting an id raises the floor, so that a late
// duplicate cannot commit a second time, and is not told that it has not.
func TestIDsAreForgottenWithTheFloor(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100, Epoch: 7}, 10)
	a := Ask{Request: blind(100), Epoch: 7, Since: 100}
	expect(t, "first", p.ask(a), Committed)
	for range 20 {
		at := p.core.lastCommit
		expect(t, "others", p.ask(Ask{Request: blind(at), Epoch: 7, Since: at}), Committed)
	}
	expect(t, "late duplicate", p.ask(a), Forgotten)
	if j, _, _ := p.Judge(&Question{ID: a.Request.ID, Snapshot: 100}, a.Request, 0, 0); j.Outcome != TooOld {
		t.Fatalf("a plain call with a forgotten id: %+v", j)
	}
	fresh := Ask{Request: blind(100), Epoch: 7, Since: p.core.lastCommit}
	expect(t, "an old snapshot that is asked for now", p.ask(fresh), TooOld)
}

// TestNoIsForEver: what has been given up or refused does not commit when it arrives
// once more.
func TestNoIsForEver(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100, Epoch: 7}, 3)
	up := Ask{Request: request(100, "a"), Epoch: 7, Since: 100, GiveUp: true}
	expect(t, "given up", p.ask(up), Absent)
	up.GiveUp = false
	expect(t, "arrives late", p.ask(up), Absent)
	full := Ask{Request: request(100, "b"), Epoch: 7, Since: 100}
	expect(t, "disk full", p.refusing(full, errors.New("full")), Refused)
	expect(t, "room again", p.ask(full), Refused)

	expect(t, "one more", p.ask(Ask{Request: request(100, "c"), Epoch: 7, Since: 100, GiveUp: true}), Absent)
	expect(t, "too many", p.ask(Ask{Request: request(100, "d"), Epoch: 7, Since: 100, GiveUp: true}), Unknown)
	for range 8 { // Until the floor has passed the bars.
		at := p.core.lastCommit
		expect(t, "others", p.ask(Ask{Request: request(at, fmt.Sprint(at)), Epoch: 7, Since: at}), Committed)
	}
	at := p.core.lastCommit
	expect(t, "room for bars again", p.ask(Ask{Request: request(at, "e"), Epoch: 7, Since: at, GiveUp: true}), Absent)
}

// TestUnknownUntilTheNextLife: what was in the journal's hands when it failed is
// unknown, though it is asked for again; the next life knows, from its journal.
func TestUnknownUntilTheNextLife(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100, Epoch: 7}, 100)
	p.stuck = true
	a := Ask{Request: request(100, "a"), Epoch: 7, Since: 100}
	lost := Ask{Request: request(100, "b"), Epoch: 7, Since: 100}
	p.ask(a)
	first := p.NextAppend()
	p.ask(lost)
	p.Appended(first, errors.New("the disk has failed"))
	expect(t, "appended", p.ask(a), Unknown)
	expect(t, "judged only", p.ask(lost), Unknown)
	expect(t, "never judged", p.ask(Ask{Request: request(100, "c"), Epoch: 7, Since: 100}), Refused)
	if j, b, err := p.Judge(&Question{ID: a.Request.ID, Snapshot: 100}, a.Request, 0, 0); err != nil || j.Answer(a.Request, b).Outcome != Unknown {
		t.Fatalf("a plain call again: %+v, %v", j, err)
	}

	past := Past{Seq: 1, Time: 100, Since: 100, Epoch: 8}
	past.Add([]journal.Record{{Seq: 2, Time: 101, TxnID: a.Request.ID}})
	p = newAsker(past, 100)
	if v := p.ask(a); v.Outcome != Committed || v.Time != 101 {
		t.Fatalf("in the journal: %+v", v)
	}
	expect(t, "not in the journal", p.ask(lost), TooOld)
	lost.Since = 99
	expect(t, "older than what the journal told", p.ask(lost), Forgotten)
	expect(t, "of an earlier life, never judged", p.ask(Ask{Request: request(101, "z"), Epoch: 7, Since: 101}), TooOld)
}

// TestReceive: the shell answers when the commit is visible.
func TestReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		a := Ask{Request: request(1000, "a"), Epoch: s.Epoch(), Since: 1000}
		var mu sync.Mutex // Guards answers.
		var answers []Answer
		for range 2 {
			go func() {
				answer := s.Receive(&a)
				mu.Lock()
				defer mu.Unlock()
				answers = append(answers, answer)
			}()
			synctest.Wait()
		}
		if len(answers) > 0 {
			t.Fatal("answered before it was visible")
		}
		g.pass(1)
		synctest.Wait()
		if len(answers) != 2 || answers[0].Verdict.Outcome != Committed || answers[0].Verdict.Time != answers[1].Verdict.Time || len(g.appended) != 1 {
			t.Fatalf("%+v", answers)
		}
	})
}

// TestCallOverABadNetwork: whatever a network does to what is sent, a Call's verdict is
// what became of the transaction.
func TestCallOverABadNetwork(t *testing.T) {
	seen := map[Outcome]int{}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := newAsker(Past{Seq: 1, Time: 100, Since: 100, Epoch: 1}, 6)
		r := request(100, "a")
		c, now := NewCall(r, 1, 100, 0), time.Duration(0)
		var asks []Ask
		var answers []Answer
		committed := kv.Timestamp(0)
		for step := 0; step < 400; step++ {
			now += time.Duration(rng.IntN(400)) * time.Millisecond
			p.elapsed = now
			if a := c.Send(now); a != nil {
				asks = append(asks, *a)
			}
			switch rng.IntN(12) {
			case 0:
				other := request(p.core.lastCommit, []string{"a", "b"}[rng.IntN(2)])
				p.ask(Ask{Request: other, Epoch: p.epoch, Since: p.core.lastCommit})
			case 1:
				c.Cancel(now)
			case 2, 3, 4, 5: // One of all that were ever sent arrives.
				if len(asks) > 0 {
					a := asks[rng.IntN(len(asks))]
					var why error
					if rng.IntN(8) == 0 {
						why = errors.New("full")
					}
					before := p.seq
					v := p.refusing(a, why)
					if p.seq > before {
						if committed != 0 {
							t.Fatalf("seed %d: committed at %d and at %d", seed, committed, v.Time)
						}
						committed = v.Time
					}
					answers = append(answers, Answer{ID: r.ID, Verdict: v})
				}
			case 6, 7:
				if len(answers) > 0 {
					c.Receive(answers[rng.IntN(len(answers))])
				}
			case 8:
				c.Receive(Answer{ID: [16]byte{15: 1}, Verdict: Verdict{Outcome: Committed, Time: 1}})
			}
			v, ok := c.Verdict()
			switch {
			case !ok || v.Outcome == Unknown || v.Outcome == Forgotten:
			case v.Outcome == Committed && v.Time != committed, v.Outcome != Committed && committed != 0:
				t.Fatalf("seed %d: told %+v, committed at %d", seed, v, committed)
			}
		}
		v, _ := c.Verdict()
		seen[v.Outcome]++
	}
	for _, o := range []Outcome{Committed, Conflicted, Absent, Refused, Forgotten} {
		if seen[o] == 0 {
			t.Errorf("outcome %d never came: %v", o, seen)
		}
	}
}

// TestCallsPatienceEnds: a Call that nobody answers asks ever more seldom, and ends
// unknown; one that was not sent is refused.
func TestCallsPatienceEnds(t *testing.T) {
	c := NewCall(request(1, "a"), 1, 1, 0)
	sent := 0
	for {
		if a := c.Send(c.Wake()); a != nil {
			sent++
			continue
		}
		break
	}
	if v, _ := c.Verdict(); v.Outcome != Unknown || !errors.Is(v.Err, ErrNoAnswer) || sent < 10 || sent > 40 {
		t.Errorf("%d asks, then %+v", sent, v)
	}
	c = NewCall(request(1, "a"), 1, 1, 0)
	c.Cancel(0)
	if v, _ := c.Verdict(); v.Outcome != Refused {
		t.Errorf("canceled before it was sent: %+v", v)
	}
}

// TestBackfillBelowTheHorizon: the scan that a backfill comes from may have been
// overtaken by the horizon since the backfill was asked for.
func TestBackfillBelowTheHorizon(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100}, 100)
	commit := func(r *Request) Verdict {
		var q Question
		p.asks.Fill(&q, r)
		j, b, err := p.Judge(&q, r, 0, p.elapsed)
		if err != nil {
			t.Fatal(err)
		}
		p.pass(nil)
		return j.Answer(r, b)
	}
	for range 30 {
		p.elapsed += 5 * time.Second
		expect(t, "ordinary", commit(blind(p.core.lastCommit)), Committed)
	}
	old := blind(p.core.lastCommit)
	old.Kind, old.AsOf = journal.Backfill, 100
	expect(t, "as of long ago", commit(old), TooOld)
	fresh := blind(p.core.lastCommit)
	fresh.Kind, fresh.AsOf = journal.Backfill, p.core.lastCommit
	expect(t, "as of now", commit(fresh), Committed)
}

// TestFailsWhileTheNextIsAppended: a batch that is unknown because the one before it
// could not be applied stays settled, though its own append ends well.
func TestFailsWhileTheNextIsAppended(t *testing.T) {
	p := newAsker(Past{Seq: 1, Time: 100, Since: 100}, 100)
	p.stuck = true
	p.ask(Ask{Request: request(100, "a"), Since: 100})
	first := p.NextAppend()
	p.Appended(first, nil)
	p.NextApply()
	p.ask(Ask{Request: request(100, "b"), Since: 100})
	second := p.NextAppend()
	p.Applied(first, errors.New("storage has failed"))
	p.Appended(second, nil)
	if !second.Settled() || second.Err == nil || p.NextApply() != nil {
		t.Fatalf("settled %v, %v", second.Settled(), second.Err)
	}
}
