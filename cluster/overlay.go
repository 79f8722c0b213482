package cluster

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// An overlay is a file system whose changes stay in memory: a file of the one below
// is read where it is until it is replaced or removed. So a cluster can be opened,
// with all that its opening cuts, replays and compacts, and stay as it was. Files
// below are never written into: what opens one for that gets a copy. It is safe for
// concurrent use.
type overlay struct {
	vfs.FS // The one below.
	mem    vfs.FS

	mu   sync.Mutex
	gone map[string]bool // Files below that have been removed or replaced.
}

var errOverlay = errors.New("not possible in a file system that is only read")

func newOverlay(below vfs.FS) *overlay {
	return &overlay{FS: below, mem: vfs.NewMem(), gone: map[string]bool{}}
}

// inMemory reports whether a name stands for a file in memory.
func (o *overlay) inMemory(name string) bool {
	_, err := o.mem.Stat(name)
	return err == nil
}

// hidden reports whether the file below of that name is gone.
func (o *overlay) hidden(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone[name]
}

func (o *overlay) hide(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone[name] = true
}

func notExist(op, name string) error {
	return &os.PathError{Op: op, Path: name, Err: os.ErrNotExist}
}

// Create implements vfs.FS.
func (o *overlay) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := o.mem.MkdirAll(o.PathDir(name), 0o755); err != nil {
		return nil, err
	}
	o.hide(name)
	return o.mem.Create(name, category)
}

// Open implements vfs.FS.
func (o *overlay) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	switch {
	case o.inMemory(name):
		return o.mem.Open(name, opts...)
	case o.hidden(name):
		return nil, notExist("open", name)
	}
	return o.FS.Open(name, opts...)
}

// OpenReadWrite implements vfs.FS.
func (o *overlay) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if err := o.raise(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := o.mem.MkdirAll(o.PathDir(name), 0o755); err != nil {
		return nil, err
	}
	o.hide(name)
	return o.mem.OpenReadWrite(name, category, opts...)
}

// raise copies a file from below into memory, unless it is there.
func (o *overlay) raise(name string) error {
	if o.inMemory(name) {
		return nil
	}
	from, err := o.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := o.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// OpenDir implements vfs.FS. The directory is in memory: it is only synced.
func (o *overlay) OpenDir(name string) (vfs.File, error) {
	if err := o.mem.MkdirAll(name, 0o755); err != nil {
		return nil, err
	}
	return o.mem.OpenDir(name)
}

// Remove implements vfs.FS.
func (o *overlay) Remove(name string) error {
	if _, err := o.Stat(name); err != nil {
		return err
	}
	o.hide(name)
	if o.inMemory(name) {
		return o.mem.Remove(name)
	}
	return nil
}

// Rename implements vfs.FS.
func (o *overlay) Rename(from, to string) error {
	if err := o.raise(from); err != nil {
		return err
	}
	o.hide(from)
	o.hide(to)
	return o.mem.Rename(from, to)
}

// Link implements vfs.FS.
func (o *overlay) Link(from, to string) error {
	if err := o.raise(from); err != nil {
		return err
	}
	return o.mem.Link(from, to)
}

// RemoveAll implements vfs.FS.
func (o *overlay) RemoveAll(string) error { return errOverlay }

// ReuseForWrite implements vfs.FS.
func (o *overlay) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := o.Remove(from); err != nil {
		return nil, err
	}
	return o.Create(to, category)
}

// MkdirAll implements vfs.FS.
func (o *overlay) MkdirAll(dir string, perm os.FileMode) error { return o.mem.MkdirAll(dir, perm) }

// Lock implements vfs.FS: the real lock, unless the directory is in memory only.
func (o *overlay) Lock(name string) (io.Closer, error) {
	if _, err := o.FS.Stat(o.PathDir(name)); err != nil {
		return o.mem.Lock(name)
	}
	return o.FS.Lock(name)
}

// List implements vfs.FS.
func (o *overlay) List(dir string) ([]string, error) {
	names, err := o.FS.List(dir)
	above, memErr := o.mem.List(dir)
	if err != nil && memErr != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return o.hidden(o.PathJoin(dir, n)) })
	names = append(names, above...)
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Stat implements vfs.FS.
func (o *overlay) Stat(name string) (vfs.FileInfo, error) {
	if info, err := o.mem.Stat(name); err == nil {
		return info, nil
	}
	if o.hidden(name) {
		return nil, notExist("stat", name)
	}
	return o.FS.Stat(name)
}

// GetDiskUsage implements vfs.FS. A directory that is in memory only has the disk of
// the one above it.
func (o *overlay) GetDiskUsage(dir string) (vfs.DiskUsage, error) {
	for {
		if _, err := o.FS.Stat(dir); err == nil || o.PathDir(dir) == dir {
			return o.FS.GetDiskUsage(dir)
		}
		dir = o.PathDir(dir)
	}
}

// Unwrap implements vfs.FS.
func (o *overlay) Unwrap() vfs.FS { return o.FS }
