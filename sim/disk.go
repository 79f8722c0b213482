package sim

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A disk is a file system in memory that knows what was synced. At a chosen
// change to it the power goes: `after` is what the machine then finds.
type disk struct {
	vfs.FS
	mem *vfs.MemFS

	full *atomic.Bool // Nothing can be written where nothing is yet.

	mu    sync.Mutex
	rng   *rand.Rand
	fuse  int // Changes until the power goes; 0: it stays.
	after *vfs.MemFS
	sick  bool // The next sync of the journal fails.
}

func newDisk(mem *vfs.MemFS, w *World) *disk {
	return &disk{FS: mem, mem: mem, rng: w.rng, full: &w.full}
}

// failSync makes the next sync of the journal fail; healSync takes it back.
func (d *disk) failSync() { d.setSick(true) }
func (d *disk) healSync() { d.setSick(false) }

func (d *disk) setSick(on bool) (was bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was, d.sick = d.sick, on
	return was
}

// spared reports whether writing a file never fails: Pebble ends the process if it
// cannot write the list of its files, and crashes of the process come anyway.
func spared(name string) bool {
	return strings.Contains(name, "MANIFEST") || strings.Contains(name, "marker") || name == storageDir
}

// room fails if the disk is full.
func (d *disk) room(op, name string) error {
	if d.full.Load() && !spared(name) {
		return &os.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
	}
	return nil
}

// GetDiskUsage implements vfs.FS.
func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if d.full.Load() {
		return vfs.DiskUsage{TotalBytes: 1 << 40, UsedBytes: 1 << 40}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40, TotalBytes: 1 << 40}, nil
}

// arm makes the power go at the n-th change from now on; 0: not.
func (d *disk) arm(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fuse = n
}

// cut returns the disk after the power went; nil if it has not.
func (d *disk) cut() *vfs.MemFS {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.after
}

// change is called before each change to a file.
func (d *disk) change() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fuse == 0 || d.after != nil {
		return
	}
	if d.fuse--; d.fuse == 0 {
		d.after = d.crash()
	}
}

// powerOff returns the disk as a machine finds it whose power goes now.
func (d *disk) powerOff() *vfs.MemFS {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.after == nil {
		d.after = d.crash()
	}
	return d.after
}

// crash loses what was not synced: nothing of it, all, or any sectors of what was
// written to the journal.
func (d *disk) crash() *vfs.MemFS {
	if d.rng.IntN(4) == 0 {
		return keepAll(d.mem)
	}
	lost := d.mem.CrashClone(vfs.CrashCloneCfg{})
	if d.rng.IntN(3) > 0 {
		d.tear(lost)
	}
	return lost
}

// keepAll returns a copy of all that was written, synced or not: what a process
// that is killed leaves. The random numbers decide nothing at 100 %.
func keepAll(mem *vfs.MemFS) *vfs.MemFS {
	return mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(0, 0))})
}

const sector = 512

// tear writes some sectors of the journal that were not synced.
func (d *disk) tear(lost *vfs.MemFS) {
	dir := journalDir
	names, err := d.mem.List(dir)
	if err != nil {
		return
	}
	slices.Sort(names)
	for _, name := range names {
		path := lost.PathJoin(dir, name)
		have, err1 := content(lost, path)
		written, err2 := content(d.mem, path)
		if err1 != nil || err2 != nil || bytes.Equal(have, written) {
			continue
		}
		if len(have) < len(written) {
			have = append(have, make([]byte, len(written)-len(have))...)
		}
		torn := slices.Clone(have)
		for at := 0; at < len(written); at += sector {
			end := min(at+sector, len(written))
			if !bytes.Equal(have[at:end], written[at:end]) && d.rng.IntN(2) == 0 {
				copy(torn[at:end], written[at:end])
			}
		}
		f, err := lost.Create(path, "sim")
		if err != nil {
			panic(err)
		}
		_, _ = f.Write(torn)
		_ = f.Sync()
		_ = f.Close()
		if parent, err := lost.OpenDir(dir); err == nil {
			_ = parent.Sync()
			_ = parent.Close()
		}
	}
}

func content(fs vfs.FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// counted reports whether changes of a file count: those of storage are made by
// Pebble's own goroutines, and their number is not the seed's.
func counted(name string) bool { return strings.HasPrefix(name, journalDir) }

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if counted(name) {
		d.change()
	}
	if err := d.room("create", name); err != nil {
		return nil, err
	}
	f, err := d.FS.Create(name, c)
	return d.file(name, f), err
}

func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, c, o...)
	return d.file(name, f), err
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	return d.file(name, f), err
}

func (d *disk) Remove(name string) error {
	if counted(name) {
		d.change()
	}
	return d.FS.Remove(name)
}

func (d *disk) Rename(from, to string) error {
	if counted(to) {
		d.change()
	}
	return d.FS.Rename(from, to)
}

func (d *disk) file(name string, f vfs.File) vfs.File {
	if f == nil {
		return nil
	}
	return &file{File: f, d: d, name: name}
}

// A file is one on the disk. Writes and syncs of the journal's count.
type file struct {
	vfs.File
	d    *disk
	name string
	lost bool // A sync has failed: what was not synced by then never will be.
}

func (f *file) change() {
	if counted(f.name) {
		f.d.change()
	}
}

func (f *file) Write(p []byte) (int, error) {
	f.change()
	if err := f.d.room("write", f.name); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

// WriteAt writes as much as fits: what is within the file always does.
func (f *file) WriteAt(p []byte, at int64) (int, error) {
	f.change()
	if err := f.d.room("write", f.name); err != nil {
		info, serr := f.Stat()
		if fits := info.Size() - at; serr != nil || fits < int64(len(p)) {
			n, _ := f.File.WriteAt(p[:max(fits, 0)], at)
			return n, err
		}
	}
	return f.File.WriteAt(p, at)
}

func (f *file) Sync() error     { return f.sync(f.File.Sync) }
func (f *file) SyncData() error { return f.sync(f.File.SyncData) }

func (f *file) sync(do func() error) error {
	f.change()
	if f.lost {
		return nil
	}
	if counted(f.name) && f.d.setSick(false) {
		f.lost = true
		return &os.PathError{Op: "sync", Path: f.name, Err: syscall.EIO}
	}
	return do()
}

func (f *file) SyncTo(length int64) (bool, error) {
	f.change()
	return f.File.SyncTo(length)
}
