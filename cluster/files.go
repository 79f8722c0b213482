package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/pgerr"
)

// makeDir makes dir and the directories above it that are missing, and makes
// them durable: a directory is an entry of its parent.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	parent := fs.PathDir(dir)
	if parent != dir {
		if err := makeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create directory %s: %w", dir, err)
	}
	return syncDir(fs, parent)
}

// syncDir makes the entries of a directory durable.
func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// ErrInUse is wrapped by the error for a cluster that is open already.
var ErrInUse = errors.New("in use by another process")

// acquireLock keeps other processes, and other Opens of this one, out of dir.
func acquireLock(fs vfs.FS, dir string) (io.Closer, error) {
	name := fs.PathJoin(dir, "LOCK")
	lock, err := fs.Lock(name)
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS), vfs.IsNoSpaceError(err):
		return nil, fmt.Errorf("create lock file %s: %w", name, err)
	}
	return nil, fmt.Errorf("cluster directory %s is %w: %w", dir, ErrInUse, err)
}

// A space watches how much of a disk is free.
type space struct {
	fs    vfs.FS
	dir   string
	min   int64 // Bytes; negative: do not watch.
	clock Clock

	next atomic.Int64 // When to look again, by clock.Elapsed.
	low  atomic.Bool
}

// spaceEvery is how often the file system is asked.
const spaceEvery = time.Second

// check refuses with 53100 while too little is free.
func (s *space) check() error {
	if s.min < 0 {
		return nil
	}
	now, next := int64(s.clock.Elapsed()), s.next.Load()
	if now >= next && s.next.CompareAndSwap(next, now+int64(spaceEvery)) {
		usage, err := s.fs.GetDiskUsage(s.dir)
		s.low.Store(err == nil && int64(min(usage.AvailBytes, 1<<62)) < s.min)
	}
	if s.low.Load() {
		return pgerr.New(pgerr.DiskFull, "could not commit: less than %d MB of disk space are free in %s", s.min>>20, s.dir).
			WithHint("Check free disk space.")
	}
	return nil
}
