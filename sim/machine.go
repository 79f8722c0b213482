package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/adjudicator"
	"zorya/cluster"
	"zorya/journal"
	"zorya/kv"
	"zorya/pgerr"
	"zorya/profile"
	"zorya/session"
	"zorya/sql/catalog"
	"zorya/sql/jobs"
	"zorya/sql/pgcatalog"
	"zorya/sql/types"
	"zorya/txn"
)

const (
	clusterDir = "/c"
	journalDir = "/c/journal"
	storageDir = "/c/storage"
	// ageLimit is the oldest a transaction may be, so that minutes of history
	// begin and end while a seed runs.
	ageLimit = 40 * time.Second
	// maxClaims is small, so that claims are evicted.
	maxClaims = 60
	// segmentSize is small, so that segments end.
	segmentSize = 16 << 10
	// blockSize is small, so that damage hits some rows and not all.
	blockSize = 512
)

// A machine is one life of the server, from a start to a crash.
type machine struct {
	w      *World
	s      *scheduler
	d      *disk
	c      *cluster.Stepped
	shared session.Shared
	db     *txn.DB
	runner *jobs.Runner
	woken  bool
	broken bool // The journal has failed: nothing commits until the next start.
	fibers []*fiber
}

// clock is the machine's: the wall clock is wrong by what the world says.
type clock struct{ w *World }

func (c clock) Now() time.Time         { return epoch.Add(c.w.s.now + c.w.skew) }
func (c clock) Elapsed() time.Duration { return c.w.s.now }

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// boot starts the server on a disk and checks what it has found there.
func boot(w *World, mem *vfs.MemFS) (*machine, error) {
	m := &machine{w: w, s: w.s, d: newDisk(mem, w)}
	if w.rng.IntN(6) == 0 && w.boots > 0 && w.faults {
		m.d.arm(1 + w.rng.IntN(12)) // The power goes again while the server starts.
	}
	w.boots++
	limits := txn.DSQLLimits
	limits.Age = ageLimit
	var err error
	m.c, err = cluster.OpenStepped(clusterDir, cluster.Options{
		FS: m.d, Clock: clock{w}, Limits: limits, Cache: w.cache, SegmentSize: segmentSize, BlockSize: blockSize, MinFree: w.minFree,
	}, maxClaims)
	if m.d.cut() != nil {
		if err == nil {
			_ = m.c.Abandon()
		}
		return boot(w, m.d.cut())
	}
	m.d.arm(0)
	if err != nil {
		return nil, fmt.Errorf("I1: the server does not start: %w", err)
	}
	if err := m.compare(); err != nil {
		return m, err
	}
	parts := m.c.Parts()
	latest := parts.Latest
	parts.Store, parts.Committer, parts.Sleep = watched{parts.Store, m}, m, m.sleep
	parts.Latest = func() kv.ReadPoint {
		point := latest()
		if point.Time < w.model.newest {
			w.fail(fmt.Errorf("I5: a snapshot at %d lacks the commit at %d, which was acknowledged", point.Time, w.model.newest))
		}
		return point
	}
	db := txn.NewDB(parts)
	m.db = db
	prof, _ := profile.Lookup(profile.Default)
	cache := catalog.NewCache(pgcatalog.Tables())
	m.runner = jobs.New(jobs.Config{DB: db, Catalog: cache, Changes: func() map[uint32]int64 { return nil },
		Limits: session.StatementLimits(prof.Limits), Log: slog.New(slog.DiscardHandler)})
	m.shared = session.Shared{DB: db, Catalog: cache, Profile: prof, Sequences: session.NewSequences(db), Jobs: m, Log: slog.New(slog.DiscardHandler)}
	m.spawn("appender", m.appendAll)
	m.spawn("applier", m.applyAll)
	m.spawn("housekeeper", m.keepHouse)
	m.spawn(jobsFiber, m.runJobs)
	return m, nil
}

// compare checks what a start has found against the model: the journal, and all
// that storage holds now (I1, I2, I7).
func (m *machine) compare() error {
	first, last := m.c.Journal().Bounds()
	r, err := m.c.Journal().Read(first)
	if err != nil {
		return fmt.Errorf("I1: read the journal: %w", err)
	}
	defer r.Close()
	var found []journal.Record
	for {
		batch, err := r.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("I1: read the journal: %w", err)
		}
		for i := range batch {
			found = append(found, clone(&batch[i]))
		}
	}
	if err := m.w.model.recovered(found, last); err != nil {
		return err
	}
	state, _ := m.c.Applied()
	if state.Seq != last {
		return fmt.Errorf("I7: the journal ends with %d, storage with %d", last, state.Seq)
	}
	it := watched{m.c.Parts().Store, m}.Scan(context.Background(), kv.Span{}, state.Time, txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
	}
	return m.w.s.failure
}

// spawn makes a fiber that dies with the machine.
func (m *machine) spawn(name string, body func(*fiber)) *fiber {
	f := m.s.spawn(name, body)
	m.fibers = append(m.fibers, f)
	return f
}

// stop ends the machine's life: fibers end where they wait, but for some that wait for
// an answer from the network.
func (m *machine) stop() {
	for _, f := range m.fibers {
		if c := m.w.clientOf(f); c == nil || c.call == nil || m.w.s.failure != nil || m.w.ended || m.s.rng.IntN(2) == 0 {
			m.s.kill(f)
		}
	}
	m.fibers = nil
	if m.runner != nil {
		m.runner.Stop()
	}
	_ = m.c.Abandon()
}

// Commit implements txn.Committer: the fiber of the client waits for the stages.
func (m *machine) Commit(ctx context.Context, r *adjudicator.Request) adjudicator.Verdict {
	f := m.s.current
	if c := m.w.clientOf(f); c != nil && m.w.net.on {
		defer func() { m.w.calls[f]++ }()
		return m.w.net.call(f, c, ctx, r)
	}
	if f.name == jobsFiber && m.s.rng.IntN(2) == 0 { // Clients get in between a job's steps.
		f.sleep(time.Duration(m.s.rng.IntN(400)) * time.Millisecond)
	}
	if f.name == jobsFiber && m.s.rng.IntN(100) == 0 { // So does the horizon.
		f.sleep(time.Duration(m.s.rng.IntN(200)) * time.Second)
	}
	f.yield()
	if err := ctx.Err(); err != nil {
		return adjudicator.Verdict{Outcome: adjudicator.Refused, Err: err}
	}
	j, b, err := m.c.Judge(r)
	if err != nil {
		return adjudicator.Verdict{Outcome: adjudicator.Refused, Err: err}
	}
	if j.Outcome == adjudicator.Committed {
		if err := m.w.model.commit(r, j.Time); err != nil {
			m.w.fail(err)
		}
		if m.s.rng.IntN(10) == 0 { // The answer is lost, and the client asks again.
			f.yield()
			again, _, err := m.c.Judge(r)
			if err == nil && (again.Outcome != adjudicator.Committed || again.Time != j.Time) {
				m.w.fail(fmt.Errorf("I3: a commit at %d is told %d at %d when it asks again", j.Time, again.Outcome, again.Time))
			}
		}
	}
	if b != nil {
		f.await(b.Settled, 0)
	}
	v := j.Answer(r, b)
	m.answered(j, v)
	m.w.calls[f]++
	m.w.trace("%s: outcome %d at %d", f.name, v.Outcome, v.Time)
	return v
}

// Horizon implements txn.Committer.
func (m *machine) Horizon() kv.Timestamp { return m.c.Horizon() }

const jobsFiber = "jobs"

// sleep is what jobs do between their steps: it takes longer than they ask for, so
// that others get in between.
func (m *machine) sleep(ctx context.Context, d time.Duration) error {
	m.s.current.sleep(d * time.Duration(1+m.s.rng.IntN(60)))
	return ctx.Err()
}

// Wake, Wait and Analyze implement session.Jobs.
func (m *machine) Wake() { m.w.m.woken = true }

func (m *machine) Wait(context.Context, string) (bool, error) {
	return false, errors.New("the simulated clients do not wait for jobs")
}

func (m *machine) Analyze(context.Context, types.OID) error { return nil }

// appendAll is the second stage.
func (m *machine) appendAll(f *fiber) {
	for {
		var b *adjudicator.Batch
		f.await(func() bool {
			if b == nil {
				b = m.c.Pipeline.NextAppend()
			}
			return b != nil
		}, 0)
		if err := m.w.model.append(b.Records); err != nil {
			m.w.fail(err)
		}
		if m.w.faults && m.s.rng.IntN(60) == 0 {
			m.d.arm(1 + m.s.rng.IntN(4))
		}
		f.yield()
		if m.w.diskFails && m.s.rng.IntN(40) == 0 { // A slow sync.
			f.sleep(time.Duration(m.s.rng.IntN(5000)) * time.Millisecond)
		}
		err := m.c.Append(b.Records)
		if m.d.cut() != nil {
			f.await(func() bool { return false }, 0)
		}
		m.d.arm(0)
		if err != nil {
			m.broken = true
			m.tolerate("append", err)
		} else if m.w.twin != nil {
			m.w.twin.stream(b.Records)
		}
		m.w.trace("appended %d: %v", len(b.Records), err)
		f.yield()
		m.c.Pipeline.Appended(b, err)
	}
}

// applyAll is the third stage.
func (m *machine) applyAll(f *fiber) {
	for {
		var b *adjudicator.Batch
		f.await(func() bool {
			if b == nil {
				b = m.c.Pipeline.NextApply()
			}
			return b != nil
		}, 0)
		f.yield()
		err := m.c.Apply(b.Records)
		if err != nil {
			m.w.fail(fmt.Errorf("I7: apply: %w", err))
		}
		f.yield()
		m.c.Pipeline.Applied(b, err)
	}
}

// tolerate lets an error pass that the disk has caused.
func (m *machine) tolerate(what string, err error) {
	if !m.w.diskFails || !isDiskError(err) {
		m.w.fail(fmt.Errorf("I9: %s: %w", what, err))
	}
}

func isDiskError(err error) bool {
	code := pgerr.Code(err)
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EIO) || code == pgerr.DiskFull || code == pgerr.IOError
}

// keepHouse drops history, flushes and trims now and then.
func (m *machine) keepHouse(f *fiber) {
	for {
		f.sleep(time.Duration(m.s.rng.IntN(3000)) * time.Millisecond)
		if _, err := m.c.Expire(); err != nil {
			m.tolerate("expire", err)
		}
		if m.s.rng.IntN(4) == 0 {
			if m.w.faults && m.s.rng.IntN(8) == 0 {
				m.d.arm(1 + m.s.rng.IntN(4)) // While the journal is trimmed.
			}
			err := m.c.Flush()
			if err != nil {
				m.tolerate("flush", err)
			}
			m.w.trace("flushed: %v", err != nil)
		}
		if err := m.c.Mark(); err != nil {
			m.tolerate("mark", err)
		}
		if m.d.cut() == nil {
			m.d.arm(0)
		}
	}
}

// runJobs runs the jobs that DDL leaves.
func (m *machine) runJobs(f *fiber) {
	for {
		f.sleep(time.Duration(m.s.rng.IntN(300)) * time.Millisecond)
		m.woken = false
		if err := m.runner.RunPending(); err != nil {
			m.tolerate("jobs", err)
		}
		if !m.w.diskFails {
			f.await(func() bool { return m.woken }, 0)
			continue
		}
		// What the disk has kept from ending is looked for again.
		f.awaitUntil(func() bool { return m.woken }, m.s.now+time.Duration(m.s.rng.IntN(5000))*time.Millisecond)
	}
}
