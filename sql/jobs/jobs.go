// Package jobs runs what a cluster does by itself, one row of sys.jobs each: index
// builds, validation of constraints, statistics, and the deletion of what was
// dropped. A job's state is in the catalog and in its row, so that one which is cut
// off by a crash begins again where that leaves it.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/types"
	"zorya/txn"
)

// A Config is what a Runner works on.
type Config struct {
	DB      *txn.DB
	Catalog *catalog.Cache
	// Changes returns how many mutations each index (by OID) has seen since the start.
	Changes func() map[uint32]int64
	Limits  exec.Limits
	Log     *slog.Logger
}

// keepFinished is how long a finished job stays in sys.jobs, as in the original.
const keepFinished = 30 * time.Minute

// pollEvery is how often a Runner looks for work that nobody told it of.
const pollEvery = time.Second

// A Runner runs the jobs of one cluster. Safe for concurrent use.
type Runner struct {
	Config
	ctx  context.Context
	stop context.CancelFunc
	wake chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	running map[string]bool
	ended   chan struct{} // closed when a job ends, then replaced
	counter counter
	// slots bounds the jobs that work at the same time; those that only wait for the
	// horizon hold none.
	slots chan struct{}
}

// Start begins to run jobs, those included that an earlier process left.
func Start(c Config) *Runner {
	r := New(c)
	r.done.Add(1)
	go r.loop()
	return r
}

// New returns a Runner that does nothing by itself; see RunPending.
func New(c Config) *Runner {
	ctx, stop := context.WithCancel(context.Background())
	return &Runner{Config: c, ctx: ctx, stop: stop, wake: make(chan struct{}, 1), running: map[string]bool{},
		ended: make(chan struct{}), slots: make(chan struct{}, 1)}
}

// RunPending runs the jobs that are not finished, one after the other, oldest first,
// and returns when they have ended. It is for Runners that were not started.
func (r *Runner) RunPending() error {
	var list []*catalog.Job
	err := r.read(r.ctx, func(tx *txn.Txn, _ *catalog.Snapshot) (err error) {
		list, err = catalog.Jobs(r.ctx, tx)
		return err
	})
	slices.SortFunc(list, func(a, b *catalog.Job) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ObjectID, b.ObjectID), cmp.Compare(a.Type, b.Type))
	})
	for _, j := range list {
		if !j.Done() {
			r.done.Add(1)
			r.run(j)
		}
	}
	return err
}

// Stop ends the runner; unfinished jobs go on with the next Start.
func (r *Runner) Stop() {
	r.stop()
	r.done.Wait()
}

// Wake says that a job may have been added.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Busy reports whether a job is running or waiting.
func (r *Runner) Busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running) > 0
}

func (r *Runner) loop() {
	defer r.done.Done()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := r.look(); err != nil && r.ctx.Err() == nil {
			r.Log.Error("jobs", "err", err)
		}
		select {
		case <-r.wake:
		case <-tick.C:
			if err := r.analyzeChanged(); err != nil && r.ctx.Err() == nil {
				r.Log.Error("automatic analyze", "err", err)
			}
		case <-r.ctx.Done():
			return
		}
	}
}

// look starts the jobs that are not finished and not running.
func (r *Runner) look() error {
	var list []*catalog.Job
	err := r.read(r.ctx, func(tx *txn.Txn, _ *catalog.Snapshot) (err error) {
		list, err = catalog.Jobs(r.ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	started := false
	for _, j := range list {
		if j.Done() {
			continue
		}
		r.mu.Lock()
		fresh := !r.running[j.ID]
		r.running[j.ID] = true
		r.mu.Unlock()
		if fresh {
			started = true
			r.done.Add(1)
			go r.run(j)
		}
	}
	if started {
		return r.forgetFinished(list)
	}
	return nil
}

// forgetFinished deletes the rows of jobs that ended a while ago.
func (r *Runner) forgetFinished(list []*catalog.Job) error {
	old := time.Now().Add(-keepFinished)
	return r.write(func(tx *txn.Txn, _ *catalog.Snapshot) error {
		for _, j := range list {
			if j.Done() && j.Update.Before(old) {
				if err := catalog.DeleteJob(tx, j.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// run runs one job to its end.
func (r *Runner) run(j *catalog.Job) {
	defer r.done.Done()
	defer func() {
		r.mu.Lock()
		delete(r.running, j.ID)
		close(r.ended)
		r.ended = make(chan struct{})
		r.mu.Unlock()
	}()
	err := r.work(j)
	if r.ctx.Err() != nil {
		return
	}
	var f failure
	switch {
	case err == nil:
	case errors.As(err, &f):
		err = r.finish(j, catalog.JobFailed, f.details)
	case unable(err), pgerr.Code(err) == pgerr.SerializationFailure: // It stays as it is, and is taken up again.
		r.Log.Warn("job waits", "job", j.ID, "type", string(j.Type), "err", err)
		err = nil
	default:
		// The cluster cannot commit, or an error that no retry mends.
		r.Log.Error("job failed", "job", j.ID, "type", string(j.Type), "err", err)
		err = r.finish(j, catalog.JobFailed, err.Error())
	}
	if err != nil && r.ctx.Err() == nil {
		r.Log.Error("job row", "job", j.ID, "err", err)
	}
}

// A failure ends a job; details is what its row says.
type failure struct{ details string }

func (f failure) Error() string { return f.details }

// skipped is what the row of a job says whose object is gone.
const skipped = "Skipped job for nonexistent table."

// work does a job and leaves its row in its final state, or returns why it failed.
func (r *Runner) work(j *catalog.Job) error {
	if j.Type == catalog.JobDrop {
		return r.drop(j)
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	if err := r.setStatus(j, catalog.JobProcessing, ""); err != nil {
		return err
	}
	switch j.Type {
	case catalog.JobIndexBuild:
		return r.buildIndex(j)
	case catalog.JobValidate:
		return r.validate(j)
	case catalog.JobAnalyze:
		return r.analyzeJob(j)
	}
	return failure{"unknown type of job"}
}

// read runs f in a read-only transaction with its catalog.
func (r *Runner) read(ctx context.Context, f func(*txn.Txn, *catalog.Snapshot) error) error {
	tx, err := r.DB.Begin(ctx, txn.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	snap, err := r.Catalog.At(ctx, tx)
	if err != nil {
		return err
	}
	return f(tx, snap)
}

// write runs f in a transaction and commits it, again as long as it loses, or the
// machine sleeps meanwhile.
func (r *Runner) write(f func(*txn.Txn, *catalog.Snapshot) error) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := func() error {
			tx, err := r.DB.Begin(r.ctx, txn.Options{})
			if err != nil {
				return err
			}
			defer tx.Rollback()
			snap, err := r.Catalog.At(r.ctx, tx)
			if err != nil {
				return err
			}
			if err := f(tx, snap); err != nil {
				return err
			}
			_, err = tx.Commit(r.ctx)
			return err
		}()
		if pgerr.Code(err) != pgerr.SerializationFailure && !txn.TooLong(err) {
			return err
		}
		if err := r.pause(pause); err != nil {
			return err
		}
	}
}

func (r *Runner) pause(d time.Duration) error { return r.DB.Sleep(r.ctx, d) }

func (r *Runner) setStatus(j *catalog.Job, status catalog.JobStatus, details string) error {
	return r.write(func(tx *txn.Txn, _ *catalog.Snapshot) error { return putStatus(tx, j, status, details) })
}

func (r *Runner) finish(j *catalog.Job, status catalog.JobStatus, details string) error {
	return r.setStatus(j, status, details)
}

// putStatus writes a job's row in its new state.
func putStatus(tx *txn.Txn, j *catalog.Job, status catalog.JobStatus, details string) error {
	c := *j
	c.Status, c.Details, c.Update = status, details, time.Now()
	return catalog.PutJob(tx, &c)
}

// Wait waits for the end of a job and says whether it succeeded. What cannot be a
// job's id, and an id of no job, are errors with PostgreSQL's codes.
func (r *Runner) Wait(ctx context.Context, id string) (bool, error) {
	if err := catalog.CheckJobID(id); err != nil {
		return false, err
	}
	for {
		r.mu.Lock()
		ended := r.ended
		r.mu.Unlock()
		var j *catalog.Job
		err := r.read(ctx, func(tx *txn.Txn, _ *catalog.Snapshot) (err error) {
			j, err = catalog.GetJob(ctx, tx, id)
			return err
		})
		switch {
		case err != nil:
			return false, err
		case j == nil:
			return false, pgerr.New(pgerr.UndefinedObject, "job \"%s\" does not exist", id)
		case j.Done():
			return j.Status == catalog.JobCompleted, nil
		}
		select {
		case <-ended:
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return false, pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
		case <-r.ctx.Done():
			return false, pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command")
		}
	}
}

// drop deletes the rows of a dropped table or index, once nobody can read them.
func (r *Runner) drop(j *catalog.Job) error {
	var p *catalog.Purge
	err := r.read(r.ctx, func(tx *txn.Txn, _ *catalog.Snapshot) error {
		list, err := catalog.Purges(r.ctx, tx)
		for _, q := range list {
			if q.Job == j.ID {
				p = q
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if p != nil {
		if err := r.DB.WaitHorizon(r.ctx, p.Time); err != nil {
			return err
		}
		if err := r.setStatus(j, catalog.JobProcessing, ""); err != nil {
			return err
		}
		for _, oid := range p.Indexes {
			if err := r.DB.Purge(r.ctx, indexSpan(oid), p.Time); err != nil {
				return err
			}
		}
	}
	return r.write(func(tx *txn.Txn, _ *catalog.Snapshot) error {
		if p != nil {
			if err := catalog.DeletePurge(tx, p.ID); err != nil {
				return err
			}
		}
		return putStatus(tx, j, catalog.JobCompleted, "")
	})
}

// tableOf finds a stored table; nil if there is none.
func tableOf(snap *catalog.Snapshot, oid types.OID) *catalog.Table {
	if t := snap.Table(oid); t != nil && t.Kind == catalog.RelTable {
		return t
	}
	return nil
}
