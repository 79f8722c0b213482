package storage

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ordered is a file system on which a marker never outlives the file that it names.
// Pebble syncs a manifest, creates the marker that says which manifest holds, and only
// then syncs the directory. POSIX lets a power loss between keep the name of the one
// and lose that of the other: syncing a file does not make its name durable.
type ordered struct {
	vfs.FS
}

func (o ordered) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(o.PathBase(name), "marker.") {
		if err := o.syncDir(o.PathDir(name)); err != nil {
			return nil, err
		}
	}
	return o.FS.Create(name, category)
}

func (o ordered) syncDir(name string) error {
	dir, err := o.OpenDir(name)
	if err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		_ = dir.Close()
		return err
	}
	return dir.Close()
}
