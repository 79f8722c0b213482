package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"zorya/cluster"
	"zorya/iam"
)

var validID = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Restore makes a data directory of a backup. dir must not exist or be empty; it
// appears once everything in it is durable and verify, which is given the directory
// that will become dir, has found nothing wrong.
func Restore(r io.Reader, dir string, verify func(dir string) error) (*Reader, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".restoring-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp) // Nothing is there any more once it has been renamed.
	b, err := fill(r, tmp)
	if err != nil {
		return nil, err
	}
	if err := verify(tmp); err != nil {
		return nil, err
	}
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return nil, err
	}
	return b, syncDir(filepath.Dir(dir))
}

// vacant makes sure that there is nothing in a directory.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("restore: %s is not empty", dir)
	}
	return err
}

// fill makes the files of a data directory.
func fill(r io.Reader, dir string) (*Reader, error) {
	b, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	if !validID.MatchString(b.About.Cluster) {
		return nil, fmt.Errorf("%w: %q is no cluster id", ErrDamaged, b.About.Cluster)
	}
	for name, content := range b.Files {
		if err := iam.WriteFile(filepath.Join(dir, name), content); err != nil {
			return nil, err
		}
		if name == "ca.pem" {
			if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
				return nil, err
			}
		}
	}
	if err := iam.WriteFile(filepath.Join(dir, "LOCK"), nil); err != nil {
		return nil, err
	}
	p := &cluster.Copy{Record: b.About.Record, Time: b.About.Time, Catalog: b.About.Catalog}
	if err := cluster.Create(filepath.Join(dir, "clusters", b.About.Cluster), cluster.Options{}, p, b.Next); err != nil {
		return nil, err
	}
	return b, iam.WriteFile(filepath.Join(dir, "default"), []byte(b.About.Cluster+"\n"))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
