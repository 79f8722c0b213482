package adjudicator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"zorya/journal"
	"zorya/kv"
)

// ErrClosed is the cause of refusals after Close.
var ErrClosed = errors.New("the cluster is closed")

// batchBytes is the size from which on a batch takes no more transactions.
const batchBytes = 32 << 20

// A Pipeline is all that a Server knows: Core, and the batches on their way
// through the stages. It starts no goroutine, takes no lock, reads no clock and
// does no I/O; who drives it does, and calls one method at a time. The simulated
// world (package sim) drives the same Pipeline.
//
//	Judge        → open → NextAppend → appending → Appended → durable
//	             → NextApply → applying → Applied → settled: visible, answered
//
// While one batch is being appended the next is open, and the one before is
// applied. Batches become durable and visible in the order of their judgement. A
// batch is settled only when it has been applied, or when its outcome is unknown
// because the journal or storage failed.
type Pipeline struct {
	core    *Core
	seq     uint64 // Of the last record judged.
	open    *Batch // Takes transactions; never nil.
	flying  []*Batch
	spare   []journal.Record // Memory for the next batch.
	stopped error            // Why nothing commits any more.
	failed  *Batch           // The first whose outcome is unknown; so is that of all commits after it.
	epoch   uint64           // See Past.
}

// A Past is what a Pipeline begins with.
type Past struct {
	Seq  uint64 // Of the last record, which has been applied.
	Time kv.Timestamp
	// IDs are the commits after Since, in order, as far as they are known: who asked for
	// them of an earlier Pipeline may ask again.
	IDs   []ID
	Since kv.Timestamp
	// Epoch is a number that no earlier Pipeline of the cluster had.
	Epoch uint64
}

// Add adds records to the past. No more ids are kept than a Pipeline remembers.
func (p *Past) Add(records []journal.Record) {
	for i := range records {
		r := &records[i]
		p.IDs = append(p.IDs, ID{r.TxnID, r.Time})
		p.Seq, p.Time = r.Seq, r.Time
	}
	if drop := len(p.IDs) - DefaultMaxClaims; drop > DefaultMaxClaims {
		p.Since = p.IDs[drop-1].Time
		p.IDs = slices.Delete(p.IDs, 0, drop)
	}
}

// A Batch is what becomes durable and visible together. Records belong to the
// stage that the batch is in.
type Batch struct {
	Records []journal.Record
	// Done is closed when the batch is settled. Err is set before: nil if its
	// commits are visible, else why their outcome is unknown.
	Done chan struct{}
	Err  error

	stage stage
	bytes int
	first kv.Timestamp // Commit times of its first and last record.
	last  kv.Timestamp
}

type stage uint8

const (
	gathering stage = iota
	appending
	durable
	applying
	settled
)

func newBatch(memory []journal.Record) *Batch {
	return &Batch{Done: make(chan struct{}), Records: memory}
}

// Settled reports whether the outcome of the batch's transactions can be told.
func (b *Batch) Settled() bool { return b.stage == settled }

func (b *Batch) settle(err error) {
	b.stage, b.Err = settled, err
	close(b.Done)
}

// NewPipeline returns the Pipeline of a cluster with this past. For the others see
// NewCore.
func NewPipeline(past Past, maxClaims int, age time.Duration) *Pipeline {
	p := &Pipeline{core: NewCore(past.Time, maxClaims, age), seq: past.Seq, open: newBatch(nil), epoch: past.Epoch}
	p.core.ids = newIDs(past.Since, maxClaims)
	for _, id := range past.IDs {
		p.core.ids.remember(id.ID, id.Time)
	}
	return p
}

// Full reports whether the open batch takes no more transactions for now.
func (p *Pipeline) Full() bool { return p.open.bytes > batchBytes && p.stopped == nil }

// Err returns why nothing commits any more, nil if all is well.
func (p *Pipeline) Err() error { return p.stopped }

// Horizon returns a time so old that no transaction which still may read has an
// older snapshot.
func (p *Pipeline) Horizon(elapsed time.Duration) kv.Timestamp { return p.core.Horizon(elapsed) }

// Judge lets Core decide q, which r was made into, and puts a winner into the open
// batch. It returns the batch to wait for before the answer is given (Answer): the
// winner's, or the one of the loser's rival; nil if that is visible already.
func (p *Pipeline) Judge(q *Question, r *Request, now kv.Timestamp, elapsed time.Duration) (Judgement, *Batch, error) {
	if p.stopped != nil {
		if t, ok := p.core.ids.commit(q.ID); ok { // It may be on its way, or unknown.
			return Judgement{Outcome: Committed, Time: t, Repeated: true}, p.batchOf(t), nil
		}
		return Judgement{}, nil, p.stopped
	}
	horizon := p.core.Horizon(elapsed)
	if r.Kind == journal.Backfill && r.AsOf < horizon {
		// What has been deleted since its scan may have been forgotten: its entries would
		// bring it back.
		return Judgement{Outcome: TooOld}, nil, nil
	}
	j := p.core.Judge(q, now, elapsed)
	if j.Outcome == Committed && !j.Repeated {
		p.enter(r, j.Time, horizon)
		return j, p.open, nil
	}
	return j, p.batchOf(j.Time), nil
}

// enter puts a winner into the open batch.
func (p *Pipeline) enter(r *Request, at, horizon kv.Timestamp) {
	p.seq++
	b := p.open
	if len(b.Records) == 0 {
		b.first = at
	}
	b.Records = append(b.Records, journal.Record{
		Seq: p.seq, Time: at, Horizon: horizon, TxnID: r.ID,
		Kind: max(r.Kind, journal.Ordinary), Mutations: r.Mutations,
		AsOf: r.AsOf, Descriptor: r.Descriptor, Purged: r.Purged,
	})
	b.last = at
	for i := range r.Mutations {
		b.bytes += len(r.Mutations[i].Key) + len(r.Mutations[i].Value)
	}
}

// batchOf returns the batch that a commit time is in, nil if it is visible. A commit
// that is unknown is in the batch that failed.
func (p *Pipeline) batchOf(at kv.Timestamp) *Batch {
	if p.failed != nil && p.failed.first <= at {
		return p.failed
	}
	for _, b := range p.flying {
		if b.first <= at && at <= b.last {
			return b
		}
	}
	if b := p.open; len(b.Records) > 0 && b.first <= at {
		return b
	}
	return nil
}

// Answer is what the client is told, once the batch that Judge returned, if any,
// is settled.
func (j Judgement) Answer(r *Request, b *Batch) Verdict {
	switch {
	case j.Outcome == Committed && b != nil && b.Err != nil:
		return Verdict{Outcome: Unknown, Err: b.Err}
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

// NextAppend takes the open batch, to be appended to the journal; nil if it is
// empty, or while a batch is being appended or a durable one waits to be applied:
// what comes meanwhile shares one append.
func (p *Pipeline) NextAppend() *Batch {
	if !p.CanAppend() {
		return nil
	}
	b := p.open
	b.stage = appending
	p.flying = append(p.flying, b)
	p.open, p.spare = newBatch(p.spare), nil
	return b
}

// CanAppend reports whether NextAppend has a batch.
func (p *Pipeline) CanAppend() bool {
	if len(p.open.Records) == 0 || p.stopped != nil && p.stopped != ErrClosed {
		return false
	}
	for _, b := range p.flying {
		if b.stage == appending || b.stage == durable {
			return false
		}
	}
	return true
}

// Appended says how the append of a batch ended.
func (p *Pipeline) Appended(b *Batch, err error) {
	if err != nil {
		p.fail(fmt.Errorf("append to the journal: %w", err), b)
		return
	}
	if b.stage != settled { // The batch before may have failed meanwhile, and this one with it.
		b.stage = durable
	}
}

// NextApply returns the batch that is to be applied to storage, nil if there is
// none: only what is durable is applied.
func (p *Pipeline) NextApply() *Batch {
	if !p.CanApply() {
		return nil
	}
	p.flying[0].stage = applying
	return p.flying[0]
}

// CanApply reports whether NextApply has a batch.
func (p *Pipeline) CanApply() bool { return len(p.flying) > 0 && p.flying[0].stage == durable }

// Applied says how the application of a batch ended. After nil its records are
// visible, and its transactions are answered.
func (p *Pipeline) Applied(b *Batch, err error) {
	if err != nil {
		p.fail(fmt.Errorf("apply committed transactions: %w", err), b)
		return
	}
	p.flying = slices.Delete(p.flying, 0, 1)
	clear(b.Records)
	p.spare, b.Records = b.Records[:0], nil
	b.settle(nil)
}

// fail stops everything: the batch that failed, and all behind it, are unknown.
func (p *Pipeline) fail(err error, failed *Batch) {
	p.Stop(err)
	after := false
	for _, b := range append(p.flying, p.open) {
		after = after || b == failed
		if after && b.stage != settled {
			b.settle(err)
		}
	}
	if p.failed == nil || failed.first < p.failed.first {
		p.failed = failed
	}
	p.flying = slices.DeleteFunc(p.flying, (*Batch).Settled)
	p.open = newBatch(nil)
}

// Stop refuses all commits from now on. Those that have been judged go on if the
// reason is ErrClosed.
func (p *Pipeline) Stop(why error) {
	if p.stopped == nil || p.stopped == ErrClosed {
		p.stopped = why
	}
}

// Idle reports whether no batch is on its way or can be.
func (p *Pipeline) Idle() bool { return len(p.flying) == 0 && len(p.open.Records) == 0 }
