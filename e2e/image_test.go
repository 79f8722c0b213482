package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/check"
	"zorya/iam"
	"zorya/node"
)

// An image is a data directory that is damaged again and again, and what is in it.
type image struct {
	name string
	dir  string
	key  iam.AccessKey
	want string // See everything.
}

// contents fills a server in steps, each durable in storage but the last.
func contents(r *rand.Rand, step int) []string {
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(64)]
		}
		return string(b)
	}
	var list []string
	if step == 0 {
		list = append(list, "CREATE TABLE item (id int PRIMARY KEY, code text UNIQUE, v text, n int)", "CREATE INDEX ASYNC item_n ON item (n) INCLUDE (code)",
			"CREATE TABLE part (item int REFERENCES item, no int, v numeric, PRIMARY KEY (item, no))", "CREATE TABLE big (id int PRIMARY KEY, v text)",
			"CREATE SEQUENCE s CACHE 1", "CREATE ROLE app WITH LOGIN", "GRANT SELECT ON item TO app")
	}
	for i := range 20 {
		var items, parts []string
		for k := range 50 {
			id := step*1000 + i*50 + k
			items = append(items, fmt.Sprintf("(%d, 'code %d', '%s', %d)", id, id, text(60), r.IntN(100)))
			parts = append(parts, fmt.Sprintf("(%d, %d, %d.%d)", id, k, id, k))
		}
		list = append(list, "INSERT INTO item VALUES "+strings.Join(items, ", "), "INSERT INTO part VALUES "+strings.Join(parts, ", "))
	}
	return append(list, fmt.Sprintf("UPDATE item SET n = n + 1, v = '%s' WHERE id %% 7 = %d", text(30), step),
		fmt.Sprintf("DELETE FROM part WHERE no %% 11 = %d", step), "SELECT nextval('s')", fmt.Sprintf("INSERT INTO big VALUES (%d, '%s')", step, text(100_000)))
}

// fill runs steps on a data directory, closing it after each but the last.
func fill(t *testing.T, dir string, steps int) *server {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for step := range steps {
		s := startIn(t, dir, func(c *node.Config) { c.SegmentSize = 256 << 10 })
		c := s.connect(t)
		for _, sql := range contents(r, step) { // An index build may change the schema meanwhile.
			for !ran(t, c, sql) {
			}
		}
		waitJobs(t, c)
		if step == steps-1 {
			return s
		}
		s.stop(t)
	}
	return nil
}

// ran runs a statement, and reports false if it must be run again.
func ran(t *testing.T, c *pgx.Conn, sql string) bool {
	t.Helper()
	_, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "40001" {
		return false
	}
	if err != nil {
		t.Fatalf("%.100s: %v", sql, err)
	}
	return true
}

func closedImage(t *testing.T) *image {
	t.Helper()
	s := fill(t, t.TempDir(), 4)
	im := &image{name: "a closed directory", dir: s.dir, key: s.key}
	s.stop(t)
	im.want = im.reread(t)
	return im
}

// crashedImage has a journal of more than one segment that storage lacks.
func crashedImage(t *testing.T) *image {
	t.Helper()
	s := fill(t, t.TempDir(), 3)
	c := s.connect(t)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 60 {
		v := strings.Repeat(fmt.Sprintf("%016x", r.Uint64()), 1000)
		if _, err := c.Exec(t.Context(), "INSERT INTO big VALUES ($1, $2)", 100+i, v); err != nil {
			t.Fatal(err)
		}
	}
	s.quiet(t) // Statistics are computed in the background, and logged.
	for i := range 20 {
		exec(t, c, fmt.Sprintf("UPDATE item SET v = 'last %d' WHERE id = %d", i, i))
	}
	if segments := s.quiet(t); segments < 4 {
		t.Fatalf("%d segments", segments)
	}
	im := &image{name: "a directory after kill -9", dir: crashCopy(t, s.dir), key: s.key}
	s.stop(t)
	im.want = im.reread(t)
	return im
}

// quiet waits until nothing has been logged for a while and the journal is marked
// to its end. It returns the number of segments.
func (s *server) quiet(t *testing.T) (segments int) {
	t.Helper()
	for last, since := uint64(0), time.Now(); ; time.Sleep(200 * time.Millisecond) {
		report, err := check.Directory(t.Context(), crashCopy(t, s.dir), check.Options{Quick: true})
		if err != nil {
			t.Fatal(err)
		}
		j := report.Clusters[0].Journal
		if j.Last != last {
			last, since = j.Last, time.Now()
		}
		if time.Since(since) > 3*time.Second && j.Marked == j.Last {
			return j.Segments
		}
	}
}

// crashCopy is a data directory as it would be found after kill -9.
func crashCopy(t *testing.T, dir string) string {
	t.Helper()
	im := &image{dir: dir}
	return im.copy(t)
}

// reread reads an undamaged copy.
func (im *image) reread(t *testing.T) string {
	t.Helper()
	got, err := im.read(t, im.copy(t), "")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// copy copies the directory. Large files are linked: nobody writes into those.
func (im *image) copy(t *testing.T) string {
	t.Helper()
	to, err := os.MkdirTemp(t.TempDir(), "d")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range im.files(t) {
		from, target := filepath.Join(im.dir, name), filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(from); err == nil && info.Size() > 1<<20 && filepath.Ext(name) == ".sst" {
			err = os.Link(from, target)
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(target, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// files are the names of the directory's files.
func (im *image) files(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(im.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var name string
			name, err = filepath.Rel(im.dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
