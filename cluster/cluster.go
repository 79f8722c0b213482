// Package cluster builds one cluster from its parts: a journal, the storage that
// is a view of it, and the adjudicator that decides what enters the journal.
//
//	dir/LOCK      held while the cluster is open
//	dir/journal   the truth
//	dir/storage   a view of it; what it lacks is replayed at Open
//
// Many clusters may be open in one process; they share a block cache. A Cluster
// knows nothing of SQL: keys and values are bytes.
//
// Invariants:
//
//  1. The read point is published after its records have been applied, and
//     before their commits are acknowledged.
//  2. The journal is trimmed only behind what storage has made durable.
//  3. Storage never has what the journal does not know.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/adjudicator"
	"zorya/journal"
	"zorya/kv"
	"zorya/storage"
	"zorya/txn"
)

// Options shape a Cluster. The zero value is a cluster of its own on a disk,
// with no limits on transactions.
type Options struct {
	FS     vfs.FS // nil: the operating system's.
	Clock  Clock  // nil: the machine's.
	Limits txn.Limits
	Log    *slog.Logger // nil: silence.
	// Cache is shared by the clusters of a process; nil: a small one of its own.
	Cache *Cache
	// ReplayBytes bounds the journal that is kept, and that Open may have to replay;
	// 0: 64 MiB. Storage flushes more often by itself, which makes a replay shorter.
	ReplayBytes int64
	// SegmentSize is where a segment of the journal ends, in bytes; 0: 16 MiB.
	SegmentSize int64
	// BlockSize is that of storage's blocks, in bytes; 0: storage's default.
	BlockSize int
	// Existing says that the cluster is there already: if it has no files, they are
	// missing.
	Existing bool
	// ReadOnly keeps all changes in memory: the files stay as they are.
	ReadOnly bool
	// MinFree is the free disk space in bytes below which commits are refused with
	// 53100, so that the journal never meets a full disk; 0: 64 MiB, negative: none.
	MinFree int64
}

// A Clock is the time of a cluster.
type Clock interface {
	// Now is the wall clock: commit times follow it. It may jump.
	Now() time.Time
	// Elapsed is a monotonic clock: ages follow it.
	Elapsed() time.Duration
}

// machine is the Clock of the operating system.
type machine struct{ start time.Time }

func (m machine) Now() time.Time         { return time.Now() }
func (m machine) Elapsed() time.Duration { return time.Since(m.start) }

// A Cluster is one open key space. It is safe for concurrent use.
type Cluster struct {
	o           Options
	dir         string
	lock        io.Closer
	journal     *journal.File
	store       *storage.Store
	adjudicator *adjudicator.Server
	db          *txn.DB
	point       atomic.Pointer[kv.ReadPoint]
	space       space

	chores   chan struct{}    // Wakes the housekeeper.
	replayed int64            // Bytes that Open applied, roughly.
	past     adjudicator.Past // As Open found it.
	ended    sync.WaitGroup
	closed   sync.Once
	// failure is how the last round of housekeeping ended; nil: well.
	failure atomic.Pointer[error]
}

// Open opens the cluster in dir, or makes one. It replays the end of the journal.
// It fails if another process has the cluster open, if the journal is damaged, and
// if files of it are missing.
func Open(dir string, o Options) (*Cluster, error) {
	o = o.withDefaults()
	if o.Existing {
		if _, err := o.FS.Stat(dir); err != nil {
			return nil, fmt.Errorf("cluster %s: files are missing: %w", dir, err)
		}
	}
	if o.ReadOnly {
		o.FS = newOverlay(o.FS)
	}
	if err := makeDir(o.FS, dir); err != nil {
		return nil, err
	}
	lock, err := acquireLock(o.FS, dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{o: o, dir: dir, lock: lock, chores: make(chan struct{}, 1)}
	c.space = space{fs: o.FS, dir: dir, min: o.MinFree, clock: o.Clock}
	if err := c.open(); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Clock == nil {
		o.Clock = machine{time.Now()}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ReplayBytes == 0 {
		o.ReplayBytes = 64 << 20
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	return o
}

// open opens the parts and starts them.
func (c *Cluster) open() error {
	if err := c.recover(); err != nil {
		return err
	}
	c.adjudicator = adjudicator.NewServer(adjudicator.Options{
		Journal: c.journal, Apply: c.apply, Admit: c.space.check,
		Now:     func() kv.Timestamp { return kv.Timestamp(c.o.Clock.Now().UnixNano()) },
		Elapsed: c.o.Clock.Elapsed,
		Past:    c.past,
		Age:     c.o.window(),
	})
	c.past.IDs = nil
	parts := c.parts()
	parts.Committer = c.adjudicator
	c.db = txn.NewDB(parts)
	c.ended.Add(1)
	go c.keepHouse()
	return nil
}

// recover opens the files, applies what storage lacks, and publishes the state.
func (c *Cluster) recover() error {
	if err := c.openFiles(); err != nil {
		return err
	}
	from := c.store.Applied()
	c.past = adjudicator.Past{Seq: from.Seq, Time: from.Time, Since: from.Time, Epoch: rand.Uint64()}
	if err := c.replay(from.Seq); err != nil {
		return err
	}
	c.publish()
	return nil
}

// parts returns what transactions are made of, but for who commits them.
func (c *Cluster) parts() txn.Parts {
	return txn.Parts{
		Store: c.store, Elapsed: c.o.Clock.Elapsed, Limits: c.o.Limits,
		Latest: func() kv.ReadPoint { return *c.point.Load() },
	}
}

// openFiles opens journal and storage. What storage has made durable must be in the
// journal or before it: it is looked at first, since opening cuts a journal's torn
// tail, and takes a store without a manifest for a new one.
func (c *Cluster) openFiles() error {
	fs, dir := c.o.FS, c.o.FS.PathJoin(c.dir, "storage")
	o := storage.Options{FS: fs, Logger: logger{c.o.Log}, BlockSize: c.o.BlockSize}
	if c.o.Cache != nil {
		o.Cache, o.FileCache = c.o.Cache.blocks, c.o.Cache.files
	}
	durable, exists, err := storage.Peek(dir, o)
	if err != nil {
		return err
	}
	c.journal, err = journal.OpenFile(fs.PathJoin(c.dir, "journal"), journal.Options{FS: fs, SegmentSize: c.o.SegmentSize, Durable: durable.Seq})
	if err != nil {
		return err
	}
	if cut := c.journal.Cut(); cut.Bytes > 0 {
		c.o.Log.Warn("cut the torn tail of the journal", "file", cut.File, "offset", cut.Offset, "bytes", cut.Bytes)
	}
	first, last := c.journal.Bounds()
	if first > durable.Seq+1 || c.o.Existing && !exists && last == 0 {
		err := fmt.Errorf("cluster %s: storage has records up to %d, but the journal has %d to %d: files are missing",
			c.dir, durable.Seq, first, last)
		if s, eerr := storage.Examine(dir, o); eerr == nil && len(s.Damage) > 0 { // Or storage's list of its files has been cut short.
			err = fmt.Errorf("%w: %w", err, s.Damage[0])
		}
		return err
	}
	if c.store, err = storage.Open(dir, o); err != nil {
		return err
	}
	return syncDir(fs, c.dir) // The directory of storage may be new.
}

// window is how long snapshots can be read and committed. Without an age limit
// history must still end somewhere.
func (o Options) window() time.Duration {
	if o.Limits.Age == 0 {
		return time.Hour
	}
	return o.Limits.Age + adjudicator.Window - txn.DSQLLimits.Age
}

// replay applies the records that storage lacks (invariant 3).
func (c *Cluster) replay(applied uint64) error {
	r, err := c.journal.Read(applied + 1)
	if err != nil {
		return err
	}
	defer r.Close()
	feed := journal.NewFeed(applied)
	for gathered := []journal.Record(nil); ; {
		batch, err := r.Next(context.Background())
		if err != nil && err != io.EOF {
			return err
		}
		batch = feed.Take(batch)
		gathered = append(gathered, batch...)
		c.replayed += size(batch)
		c.past.Add(batch)
		if len(gathered) < 1000 && err == nil {
			continue
		}
		if err := c.store.Replay(gathered); err != nil {
			return err
		}
		if from, missing := feed.Missing(); missing {
			return fmt.Errorf("replay: record %d is missing", from)
		}
		if err == io.EOF {
			return nil
		}
		gathered = gathered[:0]
	}
}

// size returns the bytes that records take, roughly.
func size(records []journal.Record) (n int64) {
	for i := range records {
		n += 50
		for _, m := range records[i].Mutations {
			n += int64(len(m.Key) + len(m.Value) + 4)
		}
	}
	return n
}

// apply is the adjudicator's third stage.
func (c *Cluster) apply(records []journal.Record) error {
	if err := c.store.Apply(records); err != nil {
		return err
	}
	c.publish()
	select {
	case c.chores <- struct{}{}:
	default:
	}
	return nil
}

// publish makes what has been applied the newest read point (invariant 1).
func (c *Cluster) publish() {
	st := c.store.Applied()
	c.point.Store(&kv.ReadPoint{Time: st.Time, Position: st.Seq, Catalog: st.Catalog})
}

// DB returns the cluster's transactions.
func (c *Cluster) DB() *txn.DB { return c.db }

// ReadPoint returns the newest read point.
func (c *Cluster) ReadPoint() kv.ReadPoint { return *c.point.Load() }

// Journal returns the cluster's journal, for reading.
func (c *Cluster) Journal() journal.Journal { return c.journal }

// Changes returns how many mutations of each table or index have been committed
// since Open, by the four bytes after kv.Data.
func (c *Cluster) Changes() map[uint32]int64 { return c.store.Changes() }

// DiskUsage returns the bytes that the cluster's storage takes, roughly.
func (c *Cluster) DiskUsage() uint64 { return c.store.DiskUsage() }

// Metrics are figures of an open cluster, counted since Open.
type Metrics struct {
	Txn          txn.Stats
	JournalBytes int64 // Appended.
	JournalSyncs int64
	Records      uint64 // Sequence number of the last record applied.
	StorageBytes uint64 // That storage takes on the disk, roughly.
}

// Metrics returns the cluster's figures.
func (c *Cluster) Metrics() Metrics {
	return Metrics{
		Txn: c.db.Stats(), JournalBytes: c.journal.Appended(), JournalSyncs: c.journal.Syncs(),
		Records: c.ReadPoint().Position, StorageBytes: c.store.DiskUsage(),
	}
}

// Err returns why the cluster commits nothing any more, or what housekeeping
// fails with; nil if all is well. In the first case only opening it again helps.
func (c *Cluster) Err() error {
	if err := c.adjudicator.Err(); err != nil {
		return err
	}
	if err := c.failure.Load(); err != nil {
		return *err
	}
	return c.store.Damage()
}

// Close refuses new commits, waits for those that are under way, and makes
// storage durable, so that the next Open has nothing to replay. All iterators must
// be closed. Closing again does nothing.
func (c *Cluster) Close() (err error) {
	c.closed.Do(func() {
		c.adjudicator.Close()
		close(c.chores)
		c.ended.Wait()
		_, flushErr := c.flush()
		err = errors.Join(flushErr, c.journal.Mark(), c.release())
	})
	return err
}

// release closes what is open.
func (c *Cluster) release() error {
	var errs []error
	if c.journal != nil {
		errs = append(errs, c.journal.Close())
	}
	if c.store != nil {
		errs = append(errs, c.store.Close())
	}
	return errors.Join(append(errs, c.lock.Close())...)
}
