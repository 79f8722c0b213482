package adjudicator

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"zorya/journal"
	"zorya/kv"
)

// Options are what a Server works with.
type Options struct {
	Journal journal.Journal
	// Apply makes durable records visible, in order. The records are not kept.
	Apply func([]journal.Record) error
	// Admit is asked before each commit; an error refuses it. May be nil.
	Admit func() error
	// Now is the wall clock, Elapsed the monotonic one.
	Now     func() kv.Timestamp
	Elapsed func() time.Duration
	Past    Past
	// Age is how long commits are remembered; 0: Window.
	Age time.Duration
	// MaxClaims bounds the claims remembered; 0: DefaultMaxClaims.
	MaxClaims int
}

// DefaultMaxClaims is how many claims are remembered: some 150 MB at most.
const DefaultMaxClaims = 2 << 20

// Server is the adjudicator of one cluster: a Pipeline with its goroutines, clocks
// and I/O. Commit is safe for concurrent use.
//
// There is one lock, mu. It is held to judge and to hand over, never during I/O.
type Server struct {
	o    Options
	asks Questions

	mu         sync.Mutex
	pipeline   *Pipeline
	appendable sync.Cond // There may be a batch to append.
	appliable  sync.Cond // There may be a batch to apply.
	room       sync.Cond // The open batch has room again, or nothing commits any more.

	ended sync.WaitGroup
}

// Questions make what Core is asked of a Request. Its hashes are secret, so that
// nobody can choose keys that collide.
type Questions struct{ seed maphash.Seed }

// NewQuestions returns Questions with a seed of their own.
func NewQuestions() Questions { return Questions{maphash.MakeSeed()} }

// questions are recycled: a commit should cost few allocations.
var questions = sync.Pool{New: func() any { return new(Question) }}

// NewServer starts the adjudicator of a cluster whose records have all been
// applied. Close ends it.
func NewServer(o Options) *Server {
	if o.Age == 0 {
		o.Age = Window
	}
	if o.MaxClaims == 0 {
		o.MaxClaims = DefaultMaxClaims
	}
	s := &Server{o: o, asks: NewQuestions(), pipeline: NewPipeline(o.Past, o.MaxClaims, o.Age)}
	s.appendable.L, s.appliable.L, s.room.L = &s.mu, &s.mu, &s.mu
	s.ended.Add(2)
	go s.run(&s.appendable, s.pipeline.NextAppend, s.append)
	go s.run(&s.appliable, s.pipeline.NextApply, s.apply)
	return s
}

// Commit decides r and returns when the outcome is visible. Once r is judged it
// is no longer in anyone's hand: ctx is looked at before and never after.
func (s *Server) Commit(ctx context.Context, r *Request) Verdict {
	if s.o.Admit != nil {
		if err := s.o.Admit(); err != nil {
			return Verdict{Outcome: Refused, Err: err}
		}
	}
	q := questions.Get().(*Question)
	s.asks.Fill(q, r)
	j, wait, err := s.judge(ctx, q, r)
	questions.Put(q)
	if err != nil {
		return Verdict{Outcome: Refused, Err: err}
	}
	s.await(wait)
	return j.Answer(r, wait)
}

// Fill fills in q from r.
func (a Questions) Fill(q *Question, r *Request) {
	q.ID, q.Snapshot = r.ID, r.Snapshot
	q.Claims, q.References = q.Claims[:0], q.References[:0]
	for _, c := range r.Claims {
		q.Claims = append(q.Claims, Claim{maphash.Bytes(a.seed, c.Key), c.Strength})
	}
	for _, key := range r.References {
		q.References = append(q.References, maphash.Bytes(a.seed, key))
	}
}

// judge is Pipeline.Judge once there is room.
func (s *Server) judge(ctx context.Context, q *Question, r *Request) (Judgement, *Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.pipeline.Full() {
		s.room.Wait()
	}
	if err := s.pipeline.Err(); err != nil {
		return Judgement{}, nil, err
	}
	if err := ctx.Err(); err != nil {
		return Judgement{}, nil, err
	}
	return s.pipeline.Judge(q, r, s.o.Now(), s.o.Elapsed())
}

// await returns when a batch is settled; nil is.
func (s *Server) await(b *Batch) {
	if b == nil {
		return
	}
	s.carry()
	<-b.Done
}

// carry takes the open batch through the stages if they are free: a commit that has the
// machine for itself is not handed to other goroutines and back. What gathers meanwhile
// is left to run. Each open batch has waiters, and the first of them comes here.
func (s *Server) carry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.pipeline.NextAppend()
	if b == nil {
		return
	}
	s.append(b)
	if b := s.pipeline.NextApply(); b != nil {
		s.apply(b)
	}
	s.wake()
}

// run is a stage: it takes one batch after the other and does its work with it,
// until nothing can come any more.
func (s *Server) run(ready *sync.Cond, next func() *Batch, work func(*Batch)) {
	defer s.ended.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if b := next(); b != nil {
			work(b)
			s.wake()
			continue
		}
		if s.pipeline.Err() != nil && s.pipeline.Idle() {
			return
		}
		ready.Wait()
	}
}

// wake tells the stages that have something to do, or that will never have.
func (s *Server) wake() {
	if s.pipeline.CanAppend() || s.pipeline.Err() != nil {
		s.appendable.Signal()
	}
	if s.pipeline.CanApply() || s.pipeline.Err() != nil {
		s.appliable.Signal()
	}
}

// append and apply work on a batch without the lock, which they hold when they
// are called and when they return.
func (s *Server) append(b *Batch) {
	s.room.Broadcast()
	s.mu.Unlock()
	err := s.o.Journal.Append(b.Records)
	s.mu.Lock()
	s.pipeline.Appended(b, err)
	s.room.Broadcast()
}

func (s *Server) apply(b *Batch) {
	s.wake() // The next append may begin.
	s.mu.Unlock()
	err := s.o.Apply(b.Records)
	s.mu.Lock()
	s.pipeline.Applied(b, err)
	s.room.Broadcast()
}

// Horizon returns a time so old that no transaction which still may read has an
// older snapshot.
func (s *Server) Horizon() kv.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pipeline.Horizon(s.o.Elapsed())
}

// Err returns why nothing commits any more, nil if all is well.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pipeline.Err()
}

// Close refuses new commits and waits for those that have been judged.
func (s *Server) Close() {
	s.mu.Lock()
	s.pipeline.Stop(ErrClosed)
	s.wake()
	s.room.Broadcast()
	s.mu.Unlock()
	s.ended.Wait()
}
