package adjudicator

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"zorya/journal"
	"zorya/kv"
)

// ErrClosed is the cause of refusals after Close.
var ErrClosed = errors.New("the cluster is closed")

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
	// LastSeq, LastTime are those of the last record, which has been applied.
	LastSeq  uint64
	LastTime kv.Timestamp
	// Age is how long commits are remembered; 0: Window.
	Age time.Duration
	// MaxClaims bounds the claims remembered; 0: two million, some 150 MB at most.
	MaxClaims int
}

// batchBytes is the size from which on a batch takes no more transactions.
const batchBytes = 32 << 20

// Server is the adjudicator of one cluster. Commit is safe for concurrent use.
//
// There is one lock, mu. It is held to judge and to hand over, never during I/O.
type Server struct {
	o    Options
	seed maphash.Seed

	mu      sync.Mutex
	core    *Core
	seq     uint64 // Of the last record judged.
	open    *batch // Takes transactions; never nil.
	flying  []*batch
	spare   []journal.Record // Memory for the next batch.
	stopped error            // Why nothing commits any more.
	work    sync.Cond        // The open batch has work, or stopped is set.
	room    sync.Cond        // The open batch has room again, or stopped is set.

	applying chan *batch
	ended    sync.WaitGroup
}

// A batch is what becomes durable and visible together. Its records belong to
// the stage that it is in; err is set before done is closed.
type batch struct {
	records []journal.Record
	bytes   int
	first   kv.Timestamp // Commit times of its first and last record.
	last    kv.Timestamp
	done    chan struct{}
	err     error
}

// questions are recycled: a commit should cost few allocations.
var questions = sync.Pool{New: func() any { return new(Question) }}

// NewServer starts the adjudicator of a cluster whose records have all been
// applied. Close ends it.
func NewServer(o Options) *Server {
	if o.Age == 0 {
		o.Age = Window
	}
	if o.MaxClaims == 0 {
		o.MaxClaims = 2 << 20
	}
	s := &Server{
		o:        o,
		seed:     maphash.MakeSeed(),
		core:     NewCore(o.LastTime, o.MaxClaims, o.Age),
		seq:      o.LastSeq,
		open:     &batch{done: make(chan struct{})},
		applying: make(chan *batch),
	}
	s.work.L, s.room.L = &s.mu, &s.mu
	s.ended.Add(2)
	go s.appendBatches()
	go s.applyBatches()
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
	s.ask(q, r)
	j, wait, err := s.judge(ctx, q, r)
	questions.Put(q)
	if err != nil {
		return Verdict{Outcome: Refused, Err: err}
	}
	if wait != nil {
		<-wait.done
	}
	switch {
	case j.Outcome == Committed && wait != nil && wait.err != nil:
		return Verdict{Outcome: Unknown, Err: wait.err}
	case j.Outcome == Committed:
		return Verdict{Outcome: Committed, Time: j.Time}
	case j.Outcome == SchemaChanged:
		return Verdict{Outcome: SchemaChanged, Key: r.References[j.Index]}
	case j.Outcome == Conflicted:
		key := r.Claims[j.Index].Key
		return Verdict{Outcome: conflictKind(key), Key: key}
	}
	return Verdict{Outcome: j.Outcome}
}

// conflictKind tells a conflict over data from one over the schema: over a
// descriptor, or over a name that two transactions create.
func conflictKind(key kv.Key) Outcome {
	if len(key) > 0 && (key[0] == kv.Descriptors || key[0] == kv.Names) {
		return SchemaChanged
	}
	return Conflicted
}

// ask fills in q from r.
func (s *Server) ask(q *Question, r *Request) {
	q.ID, q.Snapshot = r.ID, r.Snapshot
	q.Claims, q.References = q.Claims[:0], q.References[:0]
	for _, c := range r.Claims {
		q.Claims = append(q.Claims, Claim{maphash.Bytes(s.seed, c.Key), c.Strength})
	}
	for _, key := range r.References {
		q.References = append(q.References, maphash.Bytes(s.seed, key))
	}
}

// judge lets Core decide and puts a winner into the open batch. It returns the
// batch to wait for: the winner's, or the one of the loser's rival; nil if that is
// visible already.
func (s *Server) judge(ctx context.Context, q *Question, r *Request) (Judgement, *batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open.bytes > batchBytes && s.stopped == nil {
		s.room.Wait()
	}
	if s.stopped != nil {
		return Judgement{}, nil, s.stopped
	}
	if err := ctx.Err(); err != nil {
		return Judgement{}, nil, err
	}
	elapsed := s.o.Elapsed()
	j := s.core.Judge(q, s.o.Now(), elapsed)
	if j.Outcome == Committed && !j.Repeated {
		s.enter(r, j.Time, s.core.Horizon(elapsed))
		return j, s.open, nil
	}
	return j, s.batchOf(j.Time), nil
}

// enter puts a winner into the open batch.
func (s *Server) enter(r *Request, at, horizon kv.Timestamp) {
	s.seq++
	b := s.open
	if len(b.records) == 0 {
		b.first = at
		s.work.Signal()
	}
	b.records = append(b.records, journal.Record{
		Seq: s.seq, Time: at, Horizon: horizon, TxnID: r.ID,
		Kind: max(r.Kind, journal.Ordinary), Mutations: r.Mutations,
		AsOf: r.AsOf, Descriptor: r.Descriptor, Purged: r.Purged,
	})
	b.last = at
	for i := range r.Mutations {
		b.bytes += len(r.Mutations[i].Key) + len(r.Mutations[i].Value)
	}
}

// batchOf returns the batch that a commit time is in, nil if it is visible.
func (s *Server) batchOf(at kv.Timestamp) *batch {
	for _, b := range s.flying {
		if b.first <= at && at <= b.last {
			return b
		}
	}
	if b := s.open; len(b.records) > 0 && b.first <= at {
		return b
	}
	return nil
}

// appendBatches is the second stage: it makes one batch after the other durable.
func (s *Server) appendBatches() {
	defer s.ended.Done()
	defer close(s.applying)
	for {
		b := s.next()
		if b == nil {
			return
		}
		if err := s.o.Journal.Append(b.records); err != nil {
			s.fail(fmt.Errorf("append to the journal: %w", err), b)
			return
		}
		s.applying <- b
	}
}

// next takes the open batch once it has work; nil at the end.
func (s *Server) next() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open.records) == 0 && s.stopped == nil {
		s.work.Wait()
	}
	if s.stopped != nil && (len(s.open.records) == 0 || s.stopped != ErrClosed) {
		return nil
	}
	b := s.open
	s.flying = append(s.flying, b)
	s.open = &batch{done: make(chan struct{}), records: s.spare}
	s.spare = nil
	s.room.Broadcast()
	return b
}

// applyBatches is the third stage: it makes batches visible and answers.
func (s *Server) applyBatches() {
	defer s.ended.Done()
	broken := false
	for b := range s.applying {
		if broken {
			continue // Already answered by fail.
		}
		if err := s.o.Apply(b.records); err != nil {
			s.fail(fmt.Errorf("apply committed transactions: %w", err), b)
			broken = true
			continue
		}
		s.mu.Lock()
		s.flying = slices.Delete(s.flying, 0, 1)
		clear(b.records)
		s.spare, b.records = b.records[:0], nil
		s.mu.Unlock()
		close(b.done)
	}
}

// fail stops the server: invariant 4. The batch that failed, and all behind it,
// are unknown.
func (s *Server) fail(err error, failed *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped == nil || s.stopped == ErrClosed {
		s.stopped = err
	}
	after := false
	for _, b := range slices.Concat(s.flying, []*batch{s.open}) {
		after = after || b == failed
		if after && b.err == nil {
			b.err = err
			close(b.done)
		}
	}
	s.work.Broadcast()
	s.room.Broadcast()
}

// Horizon returns a time so old that no transaction which still may read has an
// older snapshot.
func (s *Server) Horizon() kv.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.Horizon(s.o.Elapsed())
}

// Err returns why nothing commits any more, nil if all is well.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// Close refuses new commits and waits for those that have been judged.
func (s *Server) Close() {
	s.mu.Lock()
	if s.stopped == nil {
		s.stopped = ErrClosed
	}
	s.work.Broadcast()
	s.room.Broadcast()
	s.mu.Unlock()
	s.ended.Wait()
}
