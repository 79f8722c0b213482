package sim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/cluster"
	"zorya/sql/catalog"
	"zorya/txn"
)

// A World is one run under one seed.
type World struct {
	rng    *rand.Rand
	s      *scheduler
	m      *machine
	model  *model
	cache  *cluster.Cache
	skew   time.Duration // Of the wall clock.
	boots  int
	faults bool // Crashes happen.
	ended  bool
	net    *network
	twin   *replica // nil: there is none.
	// diskFails says that the seed's disks are full for some time, slow, or fail to sync;
	// minFree whether the server watches their space (cluster.Options).
	diskFails bool
	minFree   int64
	full      atomic.Bool // The disk is full.
	// haunted says that crashes are looked at by shadows.
	haunted bool
	hits    atomic.Int64 // Operations that failed for shadows.

	clients  []*client
	stopping bool
	calls    map[*fiber]int // Commits that a fiber has asked for.
	counts   map[string]int
	hash     uint64
	verbose  func(string)
}

// A Result is what became of a seed.
type Result struct {
	Seed  uint64
	Steps int
	// Trace is a hash of all that happened: the same for the same seed.
	Trace  uint64
	Counts map[string]int
	Err    error // The first violation; nil: none.
}

// Options shape a run.
type Options struct {
	Steps   int // Before faults end; 0: 1,500.
	Verbose func(string)
	Cache   *cluster.Cache // nil: one of its own.
	// Workloads are the names of those to run; none: as the seed says.
	Workloads []string
}

// Run lets a world run under a seed and returns what it found.
func Run(seed uint64, o Options) Result {
	rng := rand.New(rand.NewPCG(seed, 0x5a6f727961))
	w := &World{rng: rng, s: newScheduler(rng), model: newModel(), cache: o.Cache, faults: true,
		calls: map[*fiber]int{}, counts: map[string]int{}, verbose: o.Verbose}
	if w.cache == nil {
		w.cache = cluster.NewCache()
		defer w.cache.Close()
	}
	if o.Steps == 0 {
		o.Steps = 1500
	}
	w.net = newNetwork(w)
	w.diskFails, w.haunted = rng.IntN(3) == 0, rng.IntN(3) == 0
	if w.minFree = -1; w.diskFails && rng.IntN(2) == 0 {
		w.minFree = 1 << 20
	}
	w.run(o)
	return Result{Seed: seed, Steps: w.s.steps, Trace: w.hash, Counts: w.counts, Err: w.s.failure}
}

// fail notes the first violation.
func (w *World) fail(err error) {
	if w.s.failure == nil {
		w.s.failure = fmt.Errorf("step %d: %w", w.s.steps, err)
		w.trace("violation: %v", err)
	}
}

// trace notes what happened.
func (w *World) trace(format string, args ...any) {
	line := fmt.Sprintf("%d %v ", w.s.steps, w.s.now) + fmt.Sprintf(format, args...)
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%x %s", w.hash, line)
	w.hash = h.Sum64()
	if w.verbose != nil {
		w.verbose(line)
	}
}

func (w *World) count(what string) { w.counts[what]++ }

func (w *World) run(o Options) {
	if w.m, w.s.failure = boot(w, vfs.NewCrashableMem()); w.s.failure != nil {
		return
	}
	if w.net.on && w.rng.IntN(2) == 0 {
		if w.twin, w.s.failure = newReplica(w); w.s.failure != nil {
			return
		}
		defer func() { w.twin.close() }()
		w.s.spawn("replica", w.twin.follow)
	}
	defer func() {
		w.ended = true
		if w.m != nil {
			w.m.stop()
		}
		for _, f := range w.s.fibers { // Messages on their way.
			w.s.kill(f)
		}
	}()
	chosen := w.choose(o.Workloads)
	w.faults = false
	w.setup(chosen)
	w.faults = true
	if w.s.failure != nil {
		return
	}
	for i := range 6 {
		c := &client{w: w, name: fmt.Sprintf("client %d", i), work: chosen}
		w.clients = append(w.clients, c)
		w.connect(c)
	}
	for end := w.s.steps + o.Steps; w.s.steps < end && w.s.failure == nil; {
		w.step()
		w.disturb()
	}
	w.finish(chosen)
}

// step lets something happen, and crashes if that is what happened.
func (w *World) step() {
	if !w.s.step() && w.s.failure == nil {
		w.fail(fmt.Errorf("I9: everything waits"))
	}
	if w.s.failure == nil && w.m.d.cut() != nil {
		w.restart("power")
	}
}

// disturb is what the world does to the server.
func (w *World) disturb() {
	if w.s.failure != nil {
		return
	}
	switch w.rng.IntN(1200) {
	case 0:
		w.m.d.powerOff()
		w.restart("power")
	case 1:
		w.restart("kill")
	case 2, 3:
		w.skew += time.Duration(w.rng.IntN(int(4*time.Minute))) - 2*time.Minute
		w.trace("the clock jumps")
	case 4, 5, 6, 7:
		c := w.clients[w.rng.IntN(len(w.clients))]
		w.trace("the connection of %s breaks", c.name)
		w.s.kill(c.f)
		w.connect(c)
	case 8, 9, 10, 11:
		w.net.part(w.clients[w.rng.IntN(len(w.clients))])
	case 12, 13:
		w.fillDisk()
	case 14:
		if w.diskFails {
			w.trace("a sync will fail")
			w.m.d.failSync()
		}
	}
	if w.m != nil && w.m.broken && w.rng.IntN(100) == 0 {
		w.restart("broken")
	}
}

// fillDisk makes the disk full for a while.
func (w *World) fillDisk() {
	if !w.diskFails || w.full.Load() {
		return
	}
	w.count("full")
	w.trace("the disk is full")
	w.full.Store(true)
	d := time.Duration(w.rng.IntN(10_000)) * time.Millisecond
	w.s.spawn("disk", func(f *fiber) {
		f.sleep(d)
		w.makeRoom()
	})
}

// makeRoom ends it. What storage could not write meanwhile it writes at once, since
// nobody can tell when its own goroutines would try again.
func (w *World) makeRoom() {
	if !w.full.Swap(false) {
		return
	}
	w.trace("the disk has room again")
	if w.m == nil || w.m.d.cut() != nil {
		return
	}
	var err error
	for range 100 {
		if err = w.m.c.FlushStorage(); err == nil {
			return
		}
	}
	w.fail(fmt.Errorf("I9: storage does not come back: %w", err))
}

// restart ends the machine's life and begins the next, on what the disk kept.
func (w *World) restart(how string) {
	w.count(how)
	w.trace("crash: %s", how)
	after := w.m.d.cut()
	if after == nil {
		after = keepAll(w.m.d.mem)
	}
	w.m.stop()
	w.m = nil
	var left *vfs.MemFS
	if w.haunted {
		left = keepAll(after)
	}
	boots := w.boots
	m, err := boot(w, after)
	if err != nil && w.full.Load() && errors.Is(err, syscall.ENOSPC) { // It starts once there is room.
		w.count("no room to start")
		w.full.Store(false)
		m, err = boot(w, after)
	}
	w.m = m
	if err != nil {
		w.fail(err)
		return
	}
	if w.boots == boots+1 { // Else the power has gone again, and the model is of later.
		w.haunt(left)
	}
	for _, c := range w.clients {
		if c.call == nil {
			w.connect(c)
		} else {
			w.m.fibers = append(w.m.fibers, c.f)
		}
	}
}

// clientOf returns the client whose connection a fiber is, nil if it is none.
func (w *World) clientOf(f *fiber) *client {
	for _, c := range w.clients {
		if c.f == f {
			return c
		}
	}
	return nil
}

// connect gives a client a connection.
func (w *World) connect(c *client) {
	if c.f != nil && c.pending != nil {
		c.unknown = append(c.unknown, c.pending)
	}
	c.pending, c.call = nil, nil
	c.f = w.m.spawn(c.name, c.run)
}

// choose picks the workloads of a seed.
func (w *World) choose(names []string) (chosen []*workload) {
	for i := range workloads {
		wl := &workloads[i]
		if len(names) == 0 && w.rng.IntN(3) == 0 || strings.Contains(","+strings.Join(names, ",")+",", ","+wl.name+",") {
			chosen = append(chosen, wl)
		}
	}
	if len(chosen) == 0 {
		chosen = append(chosen, &workloads[w.rng.IntN(len(workloads))])
	}
	return chosen
}

// setup makes the catalog and the tables.
func (w *World) setup(chosen []*workload) {
	done := false
	w.m.spawn("setup", func(f *fiber) {
		defer func() { done = true }()
		ctx := context.Background()
		tx, err := w.m.shared.DB.Begin(ctx, txn.Options{})
		if err == nil {
			if err = catalog.Bootstrap(ctx, tx); err == nil {
				_, err = tx.Commit(ctx)
			}
		}
		if err != nil {
			w.fail(err)
			return
		}
		c := &client{w: w, name: "setup", f: f}
		c.open()
		for _, wl := range chosen {
			for _, sql := range wl.setup {
				if _, err := c.sql("%s", sql); err != nil {
					w.fail(fmt.Errorf("%s: %w", sql, err))
					return
				}
			}
		}
	})
	for !done && w.s.failure == nil {
		w.step()
	}
}

// finish ends the faults: everybody must come to an end (I9), and what is left must
// be right, before and after one more start.
func (w *World) finish(chosen []*workload) {
	w.faults, w.stopping = false, true
	w.net.calm()
	w.makeRoom()
	if w.m != nil {
		w.m.d.arm(0)
		w.m.d.healSync()
		if w.m.broken {
			w.restart("broken")
		}
	}
	for end := w.s.steps + 30_000; w.s.failure == nil && w.busy(); {
		w.step()
		if w.s.steps > end {
			w.fail(fmt.Errorf("I9: clients do not come to an end"))
		}
	}
	for range 2 {
		if w.s.failure != nil {
			return
		}
		if w.twin != nil {
			if err := w.twin.check(); err != nil {
				w.fail(err)
				return
			}
		}
		done := false
		w.m.spawn("auditor", func(f *fiber) {
			defer func() { done = true }()
			c := &client{w: w, name: "auditor", f: f}
			c.open()
			if err := jobsEndWell(c); err != nil {
				w.fail(err)
			}
			for _, wl := range chosen {
				if wl.audit == nil {
					continue
				}
				err := wl.audit(c)
				for isConflict(err) {
					_, _ = c.sql("ROLLBACK")
					err = wl.audit(c)
				}
				if err != nil {
					w.fail(fmt.Errorf("%s: %w", wl.name, err))
				}
			}
		})
		for !done && w.s.failure == nil {
			w.step()
		}
		if w.s.failure == nil {
			w.restart("end")
			for w.s.failure == nil && w.busy() {
				w.step()
			}
		}
	}
}

// busy reports whether a client has not come to its end.
func (w *World) busy() bool {
	for _, c := range w.clients {
		if !c.f.ended {
			return true
		}
	}
	return false
}
