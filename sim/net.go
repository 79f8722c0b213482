package sim

import (
	"context"
	"fmt"
	"time"

	"zorya/adjudicator"
	"zorya/kv"
)

// A network is between the clients' query processors and the adjudicator, in the seeds
// that have one: what is sent may be lost, late, there twice, and overtaken by what was
// sent after it. It outlives the server, and so may a query processor that waits for an
// answer: it asks the server's next life.
type network struct {
	w      *World
	on     bool
	loss   int           // Of 100 messages.
	repeat int           // Of 100 messages.
	late   int           // Of 100 messages.
	slow   time.Duration // The latest of those come so much later.
	hasty  int           // One in so many waits for an answer ends with giving up.
	// silent are the ways that carry nothing until some moment: one direction at a time.
	silent map[way]time.Duration
}

// A way leads from a client to the server, or back.
type way struct {
	client *client
	back   bool
}

func newNetwork(w *World) *network {
	n := &network{w: w, silent: map[way]time.Duration{}}
	if n.on = w.rng.IntN(2) == 0; !n.on {
		return n
	}
	n.loss, n.repeat, n.late = w.rng.IntN(20), w.rng.IntN(20), w.rng.IntN(20)
	n.hasty = []int{6, 40}[w.rng.IntN(2)]
	n.slow = []time.Duration{time.Second, 10 * time.Second, 2 * time.Minute}[w.rng.IntN(3)]
	return n
}

// part makes a way silent for a while.
func (n *network) part(c *client) {
	if !n.on {
		return
	}
	to := way{c, n.w.rng.IntN(2) == 0}
	n.silent[to] = n.w.s.now + time.Duration(n.w.rng.IntN(20_000))*time.Millisecond
	n.w.trace("nothing passes for %s, back: %v", c.name, to.back)
}

// calm ends the faults of the network.
func (n *network) calm() {
	n.loss, n.repeat, n.late = 0, 0, 0
	clear(n.silent)
}

// carry lets a message arrive, or not, or twice.
func (n *network) carry(to way, deliver func()) {
	rnd := n.w.rng.IntN
	copies := 1
	switch {
	case n.w.s.now < n.silent[to], rnd(100) < n.loss:
		copies = 0
		n.w.count("lost")
	case rnd(100) < n.repeat:
		copies = 2
		n.w.count("repeated")
	}
	for range copies {
		delay := time.Duration(rnd(2000)) * time.Microsecond
		if rnd(100) < n.late {
			delay = time.Duration(rnd(int(n.slow)))
		}
		n.w.s.spawn("message", func(f *fiber) {
			f.sleep(delay)
			deliver()
		})
	}
}

// call asks for a client's commit over the network, until it is answered.
func (n *network) call(f *fiber, c *client, ctx context.Context, r *adjudicator.Request) adjudicator.Verdict {
	if err := ctx.Err(); err != nil {
		return adjudicator.Verdict{Outcome: adjudicator.Refused, Err: err}
	}
	w := n.w
	call := adjudicator.NewCall(r, w.m.c.Pipeline.Epoch(), w.m.latest(), w.s.now)
	c.call = call
	defer func() { c.call = nil }()
	for {
		if ask := call.Send(w.s.now); ask != nil {
			w.trace("%s asks: %v", c.name, ask.GiveUp)
			n.carry(way{c, false}, func() {
				if w.m != nil {
					w.m.receive(c, ask)
				}
			})
		}
		if v, ok := call.Verdict(); ok {
			if err := w.model.told(r.ID, v); err != nil {
				w.fail(err)
			}
			return v
		}
		f.awaitUntil(func() bool { _, ok := call.Verdict(); return ok }, call.Wake())
		if w.rng.IntN(n.hasty) == 0 {
			call.Cancel(w.s.now)
		}
	}
}

// receive is what the server does with an Ask.
func (m *machine) receive(c *client, a *adjudicator.Ask) {
	m.spawn("receiver", func(f *fiber) {
		r := m.c.Receive(a)
		j := r.Judgement
		if j.Outcome == adjudicator.Committed && !j.Repeated {
			if err := m.w.model.commit(a.Request, j.Time); err != nil {
				m.w.fail(err)
			}
		}
		if j.Repeated {
			m.w.count("asked again")
		}
		if r.Wait != nil {
			f.await(r.Wait.Settled, 0)
		}
		answer := m.c.Pipeline.Answer(a, r)
		m.answered(j, answer.Verdict)
		m.w.net.carry(way{c, true}, func() {
			if c.call != nil { // Of a commit that may be over by now.
				c.call.Receive(answer)
			}
		})
	})
}

// answered notes what the server says, and checks that it may.
func (m *machine) answered(j adjudicator.Judgement, v adjudicator.Verdict) {
	m.w.count(outcomes[v.Outcome])
	if v.Outcome == adjudicator.Committed {
		m.w.model.ack(v.Time)
		return
	}
	if state, _ := m.c.Applied(); j.Outcome != adjudicator.Committed && state.Time < j.Time && m.c.Pipeline.Err() == nil {
		m.w.fail(fmt.Errorf("I9: a loser is answered before its winner at %d is visible", j.Time))
	}
}

var outcomes = map[adjudicator.Outcome]string{
	adjudicator.Committed: "commits", adjudicator.Conflicted: "conflicts", adjudicator.SchemaChanged: "conflicts",
	adjudicator.TooOld: "conflicts", adjudicator.Unknown: "unknown", adjudicator.Refused: "refused",
	adjudicator.Absent: "absent", adjudicator.Forgotten: "forgotten",
}

// told checks what a client is told of its commit against what the server did, and
// will do: no is no for ever.
func (m *model) told(id [16]byte, v adjudicator.Verdict) error {
	at, committed := m.ids[id]
	switch v.Outcome {
	case adjudicator.Committed:
		if !committed || at != v.Time {
			return fmt.Errorf("I2: a client is told that its commit is at %d, it is at %d", v.Time, at)
		}
	case adjudicator.Unknown, adjudicator.Forgotten:
	default:
		if committed {
			return fmt.Errorf("I1: a client is told %s, but its transaction has committed at %d", outcomes[v.Outcome], at)
		}
		m.denied[id] = true
	}
	return nil
}

// latest is the newest commit that a client knows of.
func (m *machine) latest() kv.Timestamp { return m.db.Latest().Time }
