package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

// TestMain lets the test binary be the second process of
// TestSecondProcessIsRefused.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ZORYA_TEST_OPEN"); dir != "" {
		_, err := Open(dir, Options{})
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ZORYA_TEST_OPEN="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "cluster directory "+dir+" is in use by another process") {
		t.Fatalf("another process: %s, %v", out, err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Fatalf("the same process: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_ = open(t, dir, Options{}).Close()
}

func TestReadOnlyDirectory(t *testing.T) {
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return syscall.EROFS
		}
		return nil
	}))
	_, err := Open("/data/c", Options{FS: fs})
	if err == nil || !strings.Contains(err.Error(), "/data") || !strings.Contains(err.Error(), "read-only file system") {
		t.Fatalf("got %v", err)
	}
}

func TestMissingFilesAreNoticed(t *testing.T) {
	for _, missing := range []string{"journal", "storage"} {
		dir := t.TempDir()
		c := open(t, dir, Options{})
		fund(t, c, 10)
		if err := c.Close(); err != nil { // Trims the journal.
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, missing)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "files are missing") {
			t.Fatalf("without %s: %v", missing, err)
		}
	}
}

// TestStorageIsRebuiltFromTheJournal: it is a view.
func TestStorageIsRebuiltFromTheJournal(t *testing.T) {
	fs := vfs.NewCrashableMem()
	c := open(t, "/c", Options{FS: fs})
	fund(t, c, 3000)
	image := fs.CrashClone(vfs.CrashCloneCfg{})
	_ = c.Close()
	if err := image.RemoveAll("/c/storage"); err != nil {
		t.Fatal(err)
	}
	c = open(t, "/c", Options{FS: image})
	defer c.Close()
	if sum, n := total(t, c); sum != 300_000 || n != 3000 {
		t.Fatalf("%d in %d accounts", sum, n)
	}
}

// A tightDisk has as little free space as the test says.
type tightDisk struct {
	vfs.FS
	mu   sync.Mutex
	free uint64
}

func (d *tightDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: d.free}, nil
}

func (d *tightDisk) set(free uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = free
}

// A fakeClock moves when the test says so.
type fakeClock struct {
	mu      sync.Mutex
	elapsed time.Duration
	jump    time.Duration // How far the wall clock is off.
}

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (f *fakeClock) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return start.Add(f.elapsed + f.jump)
}

func (f *fakeClock) Elapsed() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.elapsed
}

func (f *fakeClock) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.elapsed += d
}

func (f *fakeClock) leap(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jump += d
}

// TestFullDiskRefusesBeforeItHurts: commits are refused while space is short and
// succeed again afterwards; reads go on.
func TestFullDiskRefusesBeforeItHurts(t *testing.T) {
	clock, disk := &fakeClock{}, &tightDisk{FS: vfs.NewMem(), free: 1 << 40}
	c := open(t, "/c", Options{FS: disk, Clock: clock})
	defer c.Close()
	fund(t, c, 10)
	for range 2 {
		disk.set(1 << 20)
		clock.pass(2 * time.Second)
		err := transfer(c, 0, 1)
		if pgerr.Code(err) != pgerr.DiskFull || !strings.Contains(err.Error(), "/c") {
			t.Fatalf("got %v", err)
		}
		if sum, _ := total(t, c); sum != 1000 {
			t.Fatalf("sum %d", sum)
		}
		disk.set(1 << 40)
		clock.pass(2 * time.Second)
		if err := transfer(c, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyClustersShareOneCache: they open, work and close beside each other.
func TestManyClustersShareOneCache(t *testing.T) {
	fs, cache := vfs.NewMem(), NewCache()
	defer cache.Close()
	var clusters []*Cluster
	for i := range 10 {
		c := open(t, fmt.Sprintf("/data/%d", i), Options{FS: fs, Cache: cache})
		fund(t, c, 10+i)
		clusters = append(clusters, c)
	}
	for i, c := range clusters {
		if _, n := total(t, c); n != 10+i {
			t.Fatalf("cluster %d has %d accounts", i, n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWallClockJumps: backwards and a year ahead; commits and reads go on.
func TestWallClockJumps(t *testing.T) {
	clock := &fakeClock{}
	c := open(t, "/c", Options{FS: vfs.NewMem(), Clock: clock, Limits: txn.DSQLLimits})
	defer c.Close()
	fund(t, c, 10)
	last := c.ReadPoint().Time
	for _, jump := range []time.Duration{-time.Hour, 365 * 24 * time.Hour, -300 * 24 * time.Hour, time.Minute} {
		reader := begin(c, txn.Options{})
		clock.leap(jump)
		clock.pass(time.Second)
		if err := transfer(c, 0, 1); err != nil {
			t.Fatalf("jump of %v: %v", jump, err)
		}
		if now := c.ReadPoint().Time; now <= last {
			t.Fatalf("jump of %v: time went from %d to %d", jump, last, now)
		}
		last = c.ReadPoint().Time
		if _, ok, err := reader.Get(ctx, account(0)); !ok || err != nil {
			t.Fatalf("jump of %v: an open transaction reads %v, %v", jump, ok, err)
		}
	}
}

// TestHorizonFollowsAge: a transaction reads the past for as long as its age
// allows; afterwards there is an error, and the history is gone.
func TestHorizonFollowsAge(t *testing.T) {
	clock := &fakeClock{}
	c := open(t, "/c", Options{FS: vfs.NewMem(), Clock: clock, Limits: txn.DSQLLimits})
	defer c.Close()
	fund(t, c, 10)
	old := begin(c, txn.Options{})
	for range 300 {
		clock.pass(time.Second)
		if err := transfer(c, 0, 1); err != nil {
			t.Fatal(err)
		}
		if v, _, err := old.Get(ctx, account(0)); err != nil || balance(v) != 100 {
			t.Fatalf("after %v: %v, %v", clock.elapsed, v, err)
		}
	}
	for range 60 {
		clock.pass(time.Second)
		if err := transfer(c, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := old.Get(ctx, account(0)); pgerr.Code(err) != "72000" {
		t.Fatalf("got %v", err)
	}
	want(t, old.CheckAge(), "54000")
}

// TestBackfillAndPurge: entries as old as the scan, shadowed by newer writes,
// refused once the descriptor has changed; and physical deletion after the horizon.
func TestBackfillAndPurge(t *testing.T) {
	clock := &fakeClock{}
	c := open(t, "/c", Options{FS: vfs.NewMem(), Clock: clock, Limits: txn.DSQLLimits})
	defer c.Close()
	descriptor, entry := kv.Key{kv.Descriptors, 9}, func(s string) kv.Key { return kv.Key("\x10\x00\x00\x00\x09" + s) }
	create := begin(c, txn.Options{})
	_ = create.Put(descriptor, []byte("building"), kv.Exclusive)
	created, err := create.Commit(ctx)
	want(t, err, "")
	scan := c.DB().Latest().Time
	newer := begin(c, txn.Options{})
	_ = newer.Put(entry("b"), []byte("newer"), kv.None)
	_ = newer.Delete(entry("c"), kv.None)
	want(t, commit(newer), "")
	chunk := []kv.Mutation{{Key: entry("a")}, {Key: entry("b")}, {Key: entry("c")}}
	for range 2 { // Restartable.
		want(t, c.DB().Backfill(ctx, descriptor, created, scan, chunk), "")
	}
	var got []string
	it := c.DB().ScanLatest(ctx, kv.PrefixSpan(entry("")), txn.ScanOptions{})
	for it.Next() {
		got = append(got, fmt.Sprintf("%s=%s", it.Key()[5:], it.Value()))
	}
	it.Close()
	if fmt.Sprint(got) != "[a= b=newer]" {
		t.Fatalf("entries %v", got)
	}
	drop := begin(c, txn.Options{})
	_ = drop.Delete(descriptor, kv.Exclusive)
	dropped, err := drop.Commit(ctx)
	want(t, err, "")
	want(t, c.DB().Backfill(ctx, descriptor, created, scan, chunk), "40001")
	clock.pass(10 * time.Second)
	fund(t, c, 1) // From now on the window knows when the drop was past.
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := c.DB().Purge(soon, kv.PrefixSpan(entry("")), dropped); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("purge before the horizon: %v", err)
	}
	clock.pass(400 * time.Second)
	want(t, c.DB().Purge(ctx, kv.PrefixSpan(entry("")), dropped), "")
	if v, ok, err := c.DB().GetLatest(ctx, entry("a")); ok || err != nil {
		t.Fatalf("after the purge: %v %v", v, err)
	}
}

// BenchmarkRebuild measures Open without storage: a replay of 64 MB of transfers.
func BenchmarkRebuild(b *testing.B) {
	const accounts = 100_000
	fs := vfs.NewCrashableMem()
	c := open(b, "/c", Options{FS: fs, ReplayBytes: 1 << 40})
	fund(b, c, accounts)
	var wg sync.WaitGroup
	for w := range 100 {
		wg.Go(func() {
			for n := 0; c.journal.Appended() < 64<<20; n++ {
				from := (w*7919 + n*104_729) % accounts
				_ = transferWithReceipt(c, from, (from+1)%accounts, receipt(w, n))
			}
		})
	}
	wg.Wait()
	image := fs.CrashClone(vfs.CrashCloneCfg{})
	_ = c.Close()
	for b.Loop() {
		b.StopTimer()
		copied := image.CrashClone(vfs.CrashCloneCfg{})
		if err := copied.RemoveAll("/c/storage"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		c := open(b, "/c", Options{FS: copied})
		b.StopTimer()
		b.ReportMetric(float64(c.ReadPoint().Position), "records")
		_ = c.Close()
		b.StartTimer()
	}
}
