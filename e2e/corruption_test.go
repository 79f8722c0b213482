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
