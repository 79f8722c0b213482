package storage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/kv"
)

// Options shape a Store. The zero value is good for one store on a disk.
type Options struct {
	FS vfs.FS // nil: the operating system's.
	// Cache and FileCache are shared by the stores of a process; nil: an own one.
	Cache        *pebble.Cache
	FileCache    *pebble.FileCache
	MemTableSize uint64        // Bytes; 0: 16 MiB.
	BlockSize    int           // Of tables, in bytes; 0: 16 KiB.
	Logger       pebble.Logger // nil: nothing is logged; a fatal error panics.
}

// A Store holds the versions of a cluster's keys. Reads are safe for concurrent
// use, also with one Apply or Expire at a time.
type Store struct {
	db *pebble.DB

	mu        sync.Mutex // Held by Apply and Expire.
	apply     applier
	expired   []byte // How far Expire has got in the list of tombstones at hand; nil: none is begun.
	newestKey []byte // A buffer of newest.
	// asked counts the keys that the batch at hand asks for; superseded finds them when
	// they are many.
	asked      int
	superseded finder

	horizon atomic.Uint64 // Raised before anything is deleted.
	state   atomic.Pointer[State]
	buckets atomic.Pointer[[]bucket] // Ascending; those that may have entries.

	changesMu sync.Mutex
	changes   map[uint32]int64

	flushMu  sync.Mutex
	flushing <-chan struct{} // Closed when the flush under way has ended; nil: none is.
	flushSeq uint64          // Its last record.

	trouble chan error // The last failure of Pebble's own goroutines.
	damage  atomic.Pointer[Damage]
	logger  pebble.Logger
}

// Open opens the store in dir, or makes one.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{changes: map[uint32]int64{}, trouble: make(chan error, 1)}
	s.apply.newest, s.superseded.s = s.newest, s
	p := pebbleOptions(o)
	s.logger = p.Logger
	p.EventListener = &pebble.EventListener{BackgroundError: s.backgroundError, DataCorruption: s.corruption}
	c := newCompactions()
	p.Experimental.CompactionScheduler = c
	db, err := pebble.Open(dir, p)
	if err == nil {
		s.db = db
		c.begin()
		if err = s.load(); err != nil {
			_ = db.Close()
		}
	}
	switch {
	case err == nil:
		return s, nil
	case s.Damage() != nil:
		return nil, s.Damage()
	}
	return nil, fmt.Errorf("open storage %s: %w", dir, err)
}

func pebbleOptions(o Options) *pebble.Options {
	p := &pebble.Options{
		FS:                          o.FS,
		Cache:                       o.Cache,
		FileCache:                   o.FileCache,
		DisableWAL:                  true, // Durability is the journal's.
		MemTableSize:                o.MemTableSize,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		LBaseMaxBytes:               64 << 20,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      o.Logger,
	}
	if p.FS == nil {
		p.FS = vfs.Default
	}
	p.FS = ordered{p.FS}
	if p.MemTableSize == 0 {
		p.MemTableSize = 16 << 20
	}
	if p.Logger == nil {
		p.Logger = silent{}
	}
	p.Experimental.ReadSamplingMultiplier = -1
	for i := range p.Levels {
		l := &p.Levels[i]
		l.FilterPolicy = bloom.FilterPolicy(10)
		l.BlockSize, l.IndexBlockSize = cmp.Or(o.BlockSize, blockBytes), indexBlockBytes
	}
	return p
}

const (
	blockBytes      = 16 << 10
	indexBlockBytes = 256 << 10
)

// silent is a logger for nobody.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

// Fatalf must not return: Pebble calls it when it can't go on.
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf("storage: "+format, args...)) }

// load reads the state and finds the buckets.
func (s *Store) load() error {
	state, err := readState(s.db)
	if err != nil {
		return err
	}
	s.state.Store(&state)
	s.horizon.Store(uint64(state.Horizon))
	found := map[bucket]bool{}
	for _, tree := range []byte{historyTree, deletedTree} {
		if err := s.findBuckets(tree, found); err != nil {
			return err
		}
	}
	buckets := slices.Sorted(maps.Keys(found))
	s.buckets.Store(&buckets)
	return nil
}

// findBuckets adds the buckets that have entries in a tree.
func (s *Store) findBuckets(tree byte, found map[bucket]bool) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tree}, UpperBound: []byte{tree + 1}})
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; {
		b, err := bucketAt(it.Key())
		if err != nil {
			return err
		}
		found[b] = true
		ok = it.SeekGE(bucketKey(nil, tree, b+1))
	}
	return it.Error()
}

// Applied returns the state that all of the records applied so far make.
func (s *Store) Applied() State { return *s.state.Load() }

// Horizon returns the time below which reads fail.
func (s *Store) Horizon() kv.Timestamp { return kv.Timestamp(s.horizon.Load()) }

// Changes returns how many mutations of each table or index have been applied
// since the store was opened, by the four bytes after kv.Data.
func (s *Store) Changes() map[uint32]int64 {
	s.changesMu.Lock()
	defer s.changesMu.Unlock()
	return maps.Clone(s.changes)
}

// backgroundError is told of failed flushes and compactions. Pebble repeats them
// at once; the pause keeps it from doing nothing else.
func (s *Store) backgroundError(err error) {
	select {
	case s.trouble <- err:
	default:
	}
	time.Sleep(20 * time.Millisecond)
}

// Flush makes everything applied so far durable, and returns its last record. It
// fails if the disk does; what has been applied stays readable, and Flush can be
// repeated. Pebble goes on with a flush that has failed: beginning another one each
// time would queue up memtables, until no write is let through.
func (s *Store) Flush() (seq uint64, err error) {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	select {
	case <-s.trouble: // Of the past.
	default:
	}
	for want := s.Applied().Seq; ; {
		if s.flushing == nil {
			s.flushSeq = s.Applied().Seq
			if s.flushing, err = s.db.AsyncFlush(); err != nil {
				return 0, fmt.Errorf("flush storage: %w", err)
			}
		}
		select {
		case <-s.flushing:
			s.flushing = nil
			if s.flushSeq >= want {
				return s.flushSeq, nil
			}
		case err := <-s.trouble:
			return 0, fmt.Errorf("flush storage: %w", err)
		}
	}
}

// DiskUsage returns the bytes that the store takes on disk, roughly.
func (s *Store) DiskUsage() uint64 { return s.db.Metrics().DiskSpaceUsage() }

// Close ends the store; all iterators must be closed. What has not been flushed
// is lost, and comes back from the journal.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close storage: %w", err)
	}
	return nil
}
