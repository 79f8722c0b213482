package cluster

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fingerprint is the names and contents of all files below a directory, locks left out.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		data, err := os.ReadFile(name)
		fmt.Fprintf(&b, "%s %x\n", name, sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReadOnlyLeavesFilesAsTheyAre: a cluster that has a journal to replay is opened,
// written to, flushed and closed, and its files are what they were.
func TestReadOnlyLeavesFilesAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, Options{})
	fund(t, c, 500)
	if _, err := c.flush(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := transfer(c, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	crashed := t.TempDir()
	if _, err := vfs.Clone(vfs.Default, vfs.Default, dir, crashed); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	before := fingerprint(t, crashed)
	for range 2 {
		c = open(t, crashed, Options{ReadOnly: true, ReplayBytes: 1})
		if sum, n := total(t, c); sum != 50_000 || n != 500 {
			t.Fatalf("%d in %d accounts", sum, n)
		}
		fund(t, c, 600)
		if _, n := total(t, c); n != 600 {
			t.Fatalf("%d accounts after writing", n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if after := fingerprint(t, crashed); after != before {
			t.Fatalf("files have changed:\n%s\nwere:\n%s", after, before)
		}
	}
	without := t.TempDir()
	if err := os.CopyFS(without, os.DirFS(crashed)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(without, "storage")); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(without, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "files are missing") {
		t.Fatalf("without storage, which the journal no longer has all of: %v, %v", c, err)
	}
	c = open(t, crashed, Options{})
	defer c.Close()
	if sum, n := total(t, c); sum != 50_000 || n != 500 {
		t.Fatalf("%d in %d accounts", sum, n)
	}
}

// TestRefusalChangesNothing: a cluster whose files are damaged stays as it is when
// opening refuses it, so that what is left can still be looked at.
func TestRefusalChangesNothing(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"no manifest marker": func(dir string) error { return removeAll(dir, "storage/marker.manifest.*") },
		"no manifest":        func(dir string) error { return removeAll(dir, "storage/MANIFEST-*") },
		"no tables":          func(dir string) error { return removeAll(dir, "storage/*.sst") },
		"no segments":        func(dir string) error { return removeAll(dir, "journal/*.journal") },
		"no storage":         func(dir string) error { return os.RemoveAll(filepath.Join(dir, "storage")) },
		"truncated manifest": func(dir string) error { return truncateAll(dir, "storage/MANIFEST-*") },
		"nothing":            func(dir string) error { return removeAll(dir, "*") },
	} {
		dir := t.TempDir()
		c := open(t, dir, Options{})
		fund(t, c, 500)
		if err := c.Close(); err != nil { // Trims the journal.
			t.Fatal(err)
		}
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		before := fingerprint(t, dir)
		if c, err := Open(dir, Options{Existing: true}); err == nil {
			_ = c.Close()
			t.Errorf("%s: the cluster opens", name)
		}
		if after := fingerprint(t, dir); after != before && name != "nothing" {
			t.Errorf("%s: files have changed:\n%s\nwere:\n%s", name, after, before)
		}
	}
}

func removeAll(dir, pattern string) error {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	for _, name := range names {
		err = os.RemoveAll(name)
	}
	return err
}

func truncateAll(dir, pattern string) error {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	for _, name := range names {
		info, serr := os.Stat(name)
		if serr != nil {
			return serr
		}
		err = os.Truncate(name, info.Size()-10)
	}
	return err
}

// TestReadOnlyWithoutStorage: what is missing is made in memory, if the journal has it.
func TestReadOnlyWithoutStorage(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	c := open(t, dir, Options{})
	defer c.Close()
	fund(t, c, 500)
	if err := os.CopyFS(filepath.Join(crashed, "journal"), os.DirFS(filepath.Join(dir, "journal"))); err != nil {
		t.Fatal(err)
	}
	copied := open(t, crashed, Options{ReadOnly: true, Existing: true})
	if sum, n := total(t, copied); sum != 50_000 || n != 500 {
		t.Fatalf("%d in %d accounts", sum, n)
	}
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(crashed, "storage")); err == nil {
		t.Fatal("storage has been made on the disk")
	}
}
