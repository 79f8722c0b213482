package e2e

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zorya/node"
)

var replayMB = flag.Int("replay-mb", 4, "MiB of journal to replay")

// TestReplay measures how long a server takes to come up after a crash with a long
// journal: with the storage that the crash has left, which has flushed some of it by
// itself, and without any, which is to replay everything. The bound on the journal is
// lifted for it.
//
//	go test ./e2e -run TestReplay -v -timeout 30m -args -replay-mb 1024
func TestReplay(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	unbounded := func(c *node.Config) { c.ReplayBytes = 1 << 40 }
	s := startIn(t, dir, unbounded)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL)")
	const rows = 3000
	n := 0
	for ; journalBytes(t, dir) < int64(*replayMB)<<20; n++ {
		exec(t, c, fmt.Sprintf("INSERT INTO t SELECT %d + g, repeat(md5(g::text), 10) FROM generate_series(0, %d) AS g", n*rows, rows-1))
	}
	// Nothing is under way, so that a copy is what a crash would leave.
	copyFiles(t, crashed, dir)
	s.stop(t)
	for _, without := range []bool{false, true} {
		what := "with the storage that was flushed"
		if without {
			what = "without storage"
			for _, storage := range glob(t, crashed, "storage") {
				if err := os.RemoveAll(storage); err != nil {
					t.Fatal(err)
				}
			}
		}
		bytes := journalBytes(t, crashed)
		began := time.Now()
		s := startIn(t, crashed, unbounded)
		t.Logf("%d MiB of journal, %s: up after %v", bytes>>20, what, time.Since(began).Round(time.Millisecond))
		want(t, s.connect(t), "SELECT count(*) || ' ' || sum(id) FROM t", fmt.Sprintf("%d %d", n*rows, n*rows*(n*rows-1)/2))
		crash := t.TempDir()
		copyFiles(t, crash, crashed)
		s.stop(t)
		crashed = crash
	}
}

// copyFiles copies the regular files of a data directory; others, such as sockets,
// belong to the server that runs.
func copyFiles(t *testing.T, to, from string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// glob finds the directories of a name in the clusters of a data directory.
func glob(t *testing.T, dir, name string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "clusters", "*", name))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s: %v", name, dir, err)
	}
	return found
}

// journalBytes is the size of the journal.
func journalBytes(t *testing.T, dir string) (sum int64) {
	t.Helper()
	for _, journal := range glob(t, dir, "journal") {
		files, err := os.ReadDir(journal)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			sum += info.Size()
		}
	}
	return sum
}
