package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var mangled = flag.Int("mangled", 2000, "how many statements of TestMangled, from -seed on")

// token cuts a statement into words, numbers, strings and signs, with the blanks
// before them.
var token = regexp.MustCompile(`\s*(?:'(?:[^']|'')*'|"[^"]*"|\w+|::|[-+*/<>=~!@#%^&|]+|.)`)

// TestMangled runs statements that have lost, gained and swapped tokens. Whatever they
// are, the server answers within its time limit and never with an internal error.
func TestMangled(t *testing.T) {
	z := startNode(t)
	g := newGen(*firstSeed)
	corpus := tokensOfScripts(t)
	setup := slices.Clone(corpus)
	for n := range *mangled {
		if n%500 == 0 { // what statements have made is dropped, and made again
			must(t, z, "rollback", "discard all", "set statement_timeout = '3s'")
			for _, name := range run(t, z, "select tablename from pg_tables where schemaname = 'public'").rows {
				run(t, z, `drop table if exists "`+name+`" cascade`)
			}
			for _, st := range setup {
				run(t, z, strings.Join(st, ""))
			}
			must(t, z, "rollback", "set statement_timeout = '3s'")
		}
		sql := strings.Join(g.mangle(corpus), "")
		if strings.Contains(strings.ToLower(sql), "stdin") {
			continue // It would wait for data; e2e's FuzzMessages sends such statements.
		}
		start := time.Now()
		a := run(t, z, sql)
		if a.code == "XX000" || time.Since(start) > 20*time.Second {
			t.Errorf("seed %d, %v: %s\n%s %s", *firstSeed, time.Since(start), sql, a.code, a.message)
		}
	}
}

func tokensOfScripts(t *testing.T) (corpus [][]string) {
	err := filepath.WalkDir("testdata", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".sql") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, st := range statements(string(text)) {
			corpus = append(corpus, token.FindAllString(st, -1))
		}
		return err
	})
	if err != nil || len(corpus) == 0 {
		t.Fatal("no scripts", err)
	}
	return corpus
}

// mangle changes a statement in one to three places.
func (g *gen) mangle(corpus [][]string) []string {
	st := slices.Clone(pick(g, corpus))
	other := pick(g, corpus)
	for range 1 + g.IntN(3) {
		if len(st) < 2 {
			return st
		}
		at, from := g.IntN(len(st)), g.IntN(len(other))
		switch g.IntN(6) {
		case 0:
			st = slices.Delete(st, at, at+1)
		case 1:
			st = slices.Insert(st, at, st[g.IntN(len(st))])
		case 2:
			to := g.IntN(len(st))
			st[at], st[to] = st[to], st[at]
		case 3:
			st[at] = other[from]
		case 4: // a piece of another statement
			st = slices.Insert(st, at, other[from:min(from+1+g.IntN(8), len(other))]...)
		case 5: // its end
			st = append(st[:at], other[from:]...)
		}
	}
	return st
}
