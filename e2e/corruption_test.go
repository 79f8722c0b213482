package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/check"
	"zorya/iam"
	"zorya/node"
)

var (
	corruptions    = flag.Int("corruptions", 25, "how many corruptions TestCorruptions makes")
	corruptionSeed = flag.Uint64("corruption-seed", 1, "the first of them")
)

// TestCorruptions damages files of a data directory that no server uses, one place in
// one file at a time, opens it and reads everything. Each damage must be harmless, be
// repaired from the journal, or be reported: no answer may differ, and nothing that was
// acknowledged may be missing. Half of the directories were closed, half are as
// kill -9 leaves them, a while after the last commit.
func TestCorruptions(t *testing.T) {
	images := []*image{closedImage(t), crashedImage(t)}
	counts, kinds := map[string]int{}, map[string]int{}
	for i := range *corruptions {
		seed := *corruptionSeed + uint64(i)
		im := images[seed%2]
		r := rand.New(rand.NewPCG(seed, 7))
		dir := im.copy(t)
		d := damage(t, r, im, dir)
		outcome, why := im.judge(t, dir)
		counts[outcome]++
		kinds[d.kind+" "+outcome]++
		if testing.Verbose() {
			t.Logf("seed %d: %s: %s %.300s", seed, d, outcome, why)
		}
		if outcome == wrong {
			t.Errorf("seed %d: %s of %s: %s", seed, d, im.name, why)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d corruptions: %v", *corruptions, counts)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%4d %s", kinds[k], k)
	}
}

// Outcomes of a corruption.
const (
	harmless = "harmless"
	unneeded = "answers right, damage found by check" // Repaired from the journal, or not read.
	reported = "reported"
	wrong    = "WRONG"
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

// everything reads all that users have stored, along several ways.
var everything = []string{
	"SELECT * FROM item ORDER BY id",
	"SELECT * FROM part ORDER BY item, no",
	"SELECT id, length(v), md5(v) FROM big ORDER BY id",
	"SELECT nextval('s') > 1",
	"SELECT relname, relkind FROM pg_class WHERE relnamespace = 2200 ORDER BY 1",
	"SELECT rolname FROM pg_roles ORDER BY 1",
	"SELECT has_table_privilege('app', 'item', 'SELECT')",
	"SELECT count(*), sum(item), sum(v) FROM part",
	"SET enable_seqscan = off",
	"SELECT n, code, id FROM item ORDER BY n, code",
	"SELECT id FROM item WHERE n = 50 ORDER BY id",
	"SELECT id, v FROM item WHERE code = 'code 77'",
	"SELECT v FROM part WHERE item = 2001 AND no = 1",
	"SELECT code FROM item WHERE id IN (3, 1003, 2003) ORDER BY id",
}

// read starts a server on a directory, reads everything, and runs a statement. What
// has been read beside an error counts: it must be right too.
func (im *image) read(t *testing.T, dir, then string) (got string, err error) {
	t.Helper()
	var log panicky
	n, err := node.Start(t.Context(), node.Config{Dir: dir, PgAddr: "127.0.0.1:0", Region: region, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return "", fmt.Errorf("start: %w", err)
	}
	s := &server{Node: n, dir: dir, key: im.key}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if cerr := n.Close(ctx); err == nil && cerr != nil {
			err = fmt.Errorf("close: %w", cerr)
		}
		if text := log.panics(); text != "" {
			t.Errorf("panic: %s", text)
		}
	}()
	cfg := s.config(t, "admin", s.admin().token(t))
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		return "", err
	}
	defer c.Close(context.Background())
	var out strings.Builder
	for _, sql := range everything {
		res, qerr := c.PgConn().Exec(t.Context(), sql).ReadAll()
		if qerr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", sql, qerr))
			fmt.Fprintf(&out, "%s\n", failedQuery)
			continue
		}
		h := sha256.New()
		for _, row := range res[0].Rows {
			fmt.Fprintf(h, "%q\n", row)
		}
		fmt.Fprintf(&out, "%d rows %x: %s\n", len(res[0].Rows), h.Sum(nil)[:8], sql)
	}
	if _, qerr := c.PgConn().Exec(t.Context(), then).ReadAll(); qerr != nil {
		err = errors.Join(err, fmt.Errorf("%s: %w", then, qerr))
	}
	return out.String(), err
}

const failedQuery = "failed"

// panicky collects a log, to find panics that the server survived.
type panicky struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *panicky) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *panicky) panics() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := strings.Index(p.text.String(), "panic"); i >= 0 {
		return p.text.String()[i:]
	}
	return ""
}

// judge checks, opens and reads a damaged directory, twice: what has been repaired
// must stay repaired, and go on working.
func (im *image) judge(t *testing.T, dir string) (outcome, why string) {
	t.Helper()
	report, err := check.Directory(t.Context(), dir, check.Options{})
	if err != nil {
		report = nil
	}
	for _, then := range []string{"UPDATE item SET v = v WHERE id < 2000", ""} {
		got, err := im.read(t, dir, then)
		if differs(got, im.want, err) {
			return wrong, fmt.Sprintf("read\n%swant\n%s%v", got, im.want, err)
		}
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "XX000" {
			return wrong, fmt.Sprintf("reported as an internal error: %v", err)
		}
		if err != nil {
			if report != nil && report.Sound() {
				return wrong, fmt.Sprintf("zorya check finds nothing, but the server says: %v", err)
			}
			return reported, err.Error()
		}
	}
	if report == nil || !report.Sound() {
		return unneeded, ""
	}
	return harmless, ""
}

// differs reports whether an answer is another than it was. An error excuses the
// queries that failed, and no other.
func differs(got, want string, err error) bool {
	if got == "" && err != nil {
		return false
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] && (err == nil || g[i] != failedQuery) {
			return true
		}
	}
	return false
}

// A wound is what was done to a file.
type wound struct{ kind, file, what string }

func (w wound) String() string { return w.file + ": " + w.what }

// kindOf is the kind of a file.
func kindOf(name string) string {
	base := filepath.Base(name)
	switch {
	case strings.HasSuffix(base, ".sst"), strings.HasSuffix(base, ".journal"), strings.HasSuffix(base, ".log"):
		return filepath.Ext(base)
	case strings.HasPrefix(base, "marker."):
		return strings.Join(strings.Split(base, ".")[:2], ".")
	case strings.Contains(base, "-0"):
		return strings.TrimRight(base, "-0123456789")
	}
	return base
}

// damage hurts one file of a copy of the image.
func damage(t *testing.T, r *rand.Rand, im *image, dir string) wound {
	t.Helper()
	byKind := map[string][]string{}
	for _, name := range im.files(t) {
		byKind[kindOf(name)] = append(byKind[kindOf(name)], name)
	}
	kinds := slices.Sorted(maps.Keys(byKind))
	for range 6 { // Where the data is.
		kinds = append(kinds, ".sst", ".journal", ".journal")
	}
	kind := kinds[r.IntN(len(kinds))]
	list := byKind[kind]
	if kind == "MANIFEST" || r.IntN(2) == 0 {
		list = list[len(list)-1:] // The newest: of manifests nobody reads another.
	}
	file := list[r.IntN(len(list))]
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := wound{kind: kind, file: filepath.Base(file)}
	if err := os.Remove(path); err != nil { // It may be a link.
		t.Fatal(err)
	}
	for {
		hurt, what := hurts[r.IntN(len(hurts))](r, bytes.Clone(data))
		w.what = what
		switch {
		case hurt == nil:
			return w
		case bytes.Equal(hurt, data): // Zeros of zeros, say.
			continue
		}
		if err := os.WriteFile(path, hurt, 0o600); err != nil {
			t.Fatal(err)
		}
		return w
	}
}

// place picks an offset: near the beginning, anywhere, or near the end of what is not
// zeros.
func place(r *rand.Rand, data []byte) int {
	end := len(strings.TrimRight(string(data), "\x00"))
	if end == 0 {
		return 0
	}
	switch r.IntN(3) {
	case 0:
		return r.IntN(min(end, 64))
	case 1:
		return end - 1 - r.IntN(min(end, 4096))
	}
	return r.IntN(end)
}

// hurts are the ways to damage a file; nil removes it.
var hurts = []func(r *rand.Rand, data []byte) ([]byte, string){
	func(r *rand.Rand, data []byte) ([]byte, string) {
		at, bit := place(r, data), r.IntN(8)
		if len(data) > 0 {
			data[at] ^= 1 << bit
		}
		return data, fmt.Sprintf("bit %d of byte %d flipped", bit, at)
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		at := place(r, data)
		n := min(1+r.IntN(1<<r.IntN(17)), len(data)-at)
		clear(data[at : at+n])
		return data, fmt.Sprintf("%d bytes from %d on zeroed", n, at)
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		at := place(r, data)
		n := min(1+r.IntN(1<<r.IntN(14)), len(data)-at)
		for i := range n {
			data[at+i] = byte(r.Uint32())
		}
		return data, fmt.Sprintf("%d random bytes from %d on", n, at)
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		at := place(r, data)
		return data[:at], fmt.Sprintf("cut at %d of %d", at, len(data))
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		n := 1 + r.IntN(5000)
		for range n {
			data = append(data, byte(r.Uint32()))
		}
		return data, fmt.Sprintf("%d random bytes appended", n)
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		a, b, n := swapped(r, data)
		for i := range n {
			data[a+i], data[b+i] = data[b+i], data[a+i]
		}
		return data, fmt.Sprintf("%d bytes at %d and %d swapped", n, a, b)
	},
	func(r *rand.Rand, data []byte) ([]byte, string) {
		a, b, n := swapped(r, data)
		copy(data[a:a+n], data[b:b+n])
		return data, fmt.Sprintf("%d bytes at %d overwritten with those at %d", n, a, b)
	},
	func(*rand.Rand, []byte) ([]byte, string) { return nil, "removed" },
	func(*rand.Rand, []byte) ([]byte, string) { return []byte{}, "emptied" },
}

// swapped picks two blocks of one size, as a disk has them if the file is large enough.
func swapped(r *rand.Rand, data []byte) (a, b, n int) {
	n = 4096
	if len(data) < 4*n {
		n = max(len(data)/8, 1)
	}
	if len(data) == 0 {
		return 0, 0, 0
	}
	return r.IntN(len(data)/n) * n, r.IntN(len(data)/n) * n, n
}
