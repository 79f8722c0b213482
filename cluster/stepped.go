package cluster

import (
	"errors"

	"zorya/adjudicator"
	"zorya/journal"
	"zorya/kv"
	"zorya/storage"
	"zorya/txn"
)

// A Stepped is a cluster that starts no goroutine of its own: whoever opened it
// takes each step of a commit, and of housekeeping, when he wants to. The simulated
// world does (package sim). Not safe for concurrent use.
type Stepped struct {
	c    *Cluster
	asks adjudicator.Questions
	// Pipeline is where commits stand.
	Pipeline *adjudicator.Pipeline
}

// OpenStepped is Open; at most maxClaims claims are remembered.
func OpenStepped(dir string, o Options, maxClaims int) (*Stepped, error) {
	o = o.withDefaults()
	if err := makeDir(o.FS, dir); err != nil {
		return nil, err
	}
	lock, err := acquireLock(o.FS, dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{o: o, dir: dir, lock: lock, chores: make(chan struct{}, 1)}
	c.space = space{fs: o.FS, dir: dir, min: o.MinFree, clock: o.Clock}
	if err := c.recover(); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return &Stepped{c: c, asks: adjudicator.NewQuestions(), Pipeline: adjudicator.NewPipeline(c.past, maxClaims, o.window())}, nil
}

// Parts returns what transactions are made of, but for who commits them.
func (s *Stepped) Parts() txn.Parts { return s.c.parts() }

// Judge is the first stage; see adjudicator.Pipeline.
func (s *Stepped) Judge(r *adjudicator.Request) (adjudicator.Judgement, *adjudicator.Batch, error) {
	if err := s.c.space.check(); err != nil {
		return adjudicator.Judgement{}, nil, err
	}
	var q adjudicator.Question
	s.asks.Fill(&q, r)
	return s.Pipeline.Judge(&q, r, kv.Timestamp(s.c.o.Clock.Now().UnixNano()), s.c.o.Clock.Elapsed())
}

// Receive is the first stage of what is asked for over a network.
func (s *Stepped) Receive(a *adjudicator.Ask) adjudicator.Reply {
	var q adjudicator.Question
	s.asks.Fill(&q, a.Request)
	return s.Pipeline.Receive(a, &q, s.c.space.check(), kv.Timestamp(s.c.o.Clock.Now().UnixNano()), s.c.o.Clock.Elapsed())
}

// Append makes records durable: the second stage's work.
func (s *Stepped) Append(records []journal.Record) error { return s.c.journal.Append(records) }

// Apply makes records visible: the third stage's work.
func (s *Stepped) Apply(records []journal.Record) error { return s.c.apply(records) }

// Expire drops some history that the horizon has passed; done says that no more is left.
func (s *Stepped) Expire() (done bool, err error) { return s.c.store.Expire(expireStep) }

// Flush makes storage durable and trims the journal behind it.
func (s *Stepped) Flush() error {
	_, err := s.c.flush()
	return err
}

// FlushStorage makes storage durable.
func (s *Stepped) FlushStorage() error {
	_, err := s.c.store.Flush()
	return err
}

// Mark notes durably how far the journal is durable.
func (s *Stepped) Mark() error { return s.c.journal.Mark() }

// Horizon returns a time so old that no transaction which still may read has an
// older snapshot.
func (s *Stepped) Horizon() kv.Timestamp { return s.Pipeline.Horizon(s.c.o.Clock.Elapsed()) }

// Applied returns the state of storage, and the time below which reads fail.
func (s *Stepped) Applied() (storage.State, kv.Timestamp) {
	return s.c.store.Applied(), s.c.store.Horizon()
}

// Copy takes a copy of all that has been applied.
func (s *Stepped) Copy() (*Copy, error) { return s.c.Copy() }

// Cut returns what opening has cut off the journal.
func (s *Stepped) Cut() journal.Cut { return s.c.journal.Cut() }

// Journal returns the journal.
func (s *Stepped) Journal() journal.Journal { return s.c.journal }

// Abandon closes the files as they are, as the end of the process would.
func (s *Stepped) Abandon() error { return s.c.release() }
