package e2e

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/node"
)

var faultRounds = flag.Int("faults", 1, "faults of each kind of the disk to go through")

// A fault is what a disk does wrong for a while.
type fault struct {
	name    string
	err     error
	percent int                   // of the operations that it meets
	meets   func(errorfs.Op) bool // those of the cluster's files
}

func writes(op errorfs.Op) bool {
	switch op.Kind {
	case errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate, errorfs.OpFileSync, errorfs.OpFileSyncData:
		// Pebble ends the process if it cannot write the list of its files, which is
		// what scripts/crash.sh does.
		return !strings.Contains(op.Path, "MANIFEST")
	}
	return false
}

func reads(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileReadAt || op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpOpen
}

func within(dir string, meets func(errorfs.Op) bool) func(errorfs.Op) bool {
	return func(op errorfs.Op) bool { return meets(op) && strings.Contains(op.Path, dir) }
}

var faults = []fault{
	{"the disk is full", syscall.ENOSPC, 100, writes},
	{"the disk is full for some writes", syscall.ENOSPC, 10, writes},
	{"the disk is full for storage", syscall.ENOSPC, 100, within("/storage/", writes)},
	{"writes fail", syscall.EIO, 20, writes},
	{"reads fail", syscall.EIO, 100, reads},
	{"some reads fail", syscall.EIO, 10, reads},
}

// A faultyDisk has one fault at a time, or none.
type faultyDisk struct {
	vfs.FS
	fault atomic.Pointer[fault]
	hits  atomic.Int64
}

func newFaultyDisk() *faultyDisk {
	d := &faultyDisk{}
	d.FS = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		f := d.fault.Load()
		if f == nil || !strings.Contains(op.Path, "/clusters/") || !f.meets(op) || rand.IntN(100) >= f.percent {
			return nil
		}
		d.hits.Add(1)
		return f.err
	}))
	return d
}

// failFor lets the disk have a fault for some time, and longer until it was met: what
// is in memory need not be read.
func (d *faultyDisk) failFor(f *fault, least time.Duration) {
	before := d.hits.Load()
	d.fault.Store(f)
	defer d.fault.Store(nil)
	time.Sleep(least)
	for range 100 {
		if d.hits.Load() > before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestDiskFaults lets the disk fail for a while under a bank and a list-append load.
// Clients are told errors, never wrong data; once the disk is well again, the server
// goes on, if need be after it was started anew, with all that was acknowledged.
//
//	go test ./e2e -run TestDiskFaults -v -args -faults 5
func TestDiskFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			disk, dir := newFaultyDisk(), t.TempDir()
			rng := rand.New(rand.NewPCG(*cutsSeed, 1))
			run := func() *server {
				return startIn(t, dir, func(c *node.Config) {
					c.FS = disk
					c.ReplayBytes = 64 << 10
				})
			}
			s, w := run(), newCable(t)
			w.mend(s)
			l := newLoads(t, s, w.port())
			l.start()
			restarts := 0
			for range *faultRounds {
				time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
				disk.failFor(&f, time.Duration(100+rng.IntN(300))*time.Millisecond)
				if !s.commits(t, l) {
					restarts++
					w.freeze()
					w.drop()
					s.end(t)
					s = run()
					w.mend(s)
					if !s.commits(t, l) {
						t.Fatal("no commits after a restart on a disk that works")
					}
				}
				l.checkBank()
			}
			l.finish()
			t.Logf("%d operations failed; %d restarts for %d faults", disk.hits.Load(), restarts, *faultRounds)
			if disk.hits.Load() == 0 && f.err == syscall.ENOSPC {
				t.Error("nothing failed: that tests nothing")
			}
		})
	}
}

// commits tells whether the server commits again soon; any error must say so in a way
// that a client can understand.
func (s *server) commits(t *testing.T, l *loads) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 30 {
		err := func() error {
			conn, err := pgx.ConnectConfig(ctx, s.config(t, "admin", s.admin().token(t)))
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			_, err = conn.Exec(ctx, "INSERT INTO transactions (payer_id, payee_id, amount) VALUES (1, 1, 0)")
			return err
		}()
		var pg *pgconn.PgError
		switch {
		case err == nil:
			return true
		case !errors.As(err, &pg) || strings.HasPrefix(pg.Code, "XX"):
			t.Errorf("after a fault: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// end closes a server that may have stopped by itself; its storage may have failed.
func (s *server) end(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Close(ctx); err != nil {
		t.Logf("closed with: %v", err)
	}
	s.Node = nil
}
