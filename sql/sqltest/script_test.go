package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var record = flag.Bool("record", false, "write PostgreSQL's answers to the scripts down")

// TestScripts runs testdata/*.sql, statements that once had wrong answers, and
// compares with what PostgreSQL answered (-record with ZORYA_TEST_PG writes that).
// Rows are compared in their order where the statement ends in ORDER BY, errors by their
// SQLSTATE, in the folder errors with all that they say.
func TestScripts(t *testing.T) {
	files := scripts(t)
	if *record {
		for _, f := range files {
			t.Run("record "+filepath.Base(f), func(t *testing.T) { // so that its connections go with it
				pg := connectPostgres(t)
				if err := os.WriteFile(f+".out", []byte(strings.Join(script(t, pg, f, false), "")), 0o644); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	z := startNode(t)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f + ".out")
			if err != nil {
				t.Fatal(err)
			}
			got := script(t, z, f, true)
			if want := string(text); strings.Join(got, "") != want {
				for _, g := range got {
					if !strings.Contains(want, g) {
						t.Errorf("not PostgreSQL's answer:\n%s", g)
					}
				}
				if !t.Failed() {
					t.Error("answers in another order than PostgreSQL's")
				}
			}
		})
	}
}

// TestScriptsAreRecorded: what stands beside the scripts is what PostgreSQL answers.
func TestScriptsAreRecorded(t *testing.T) {
	for _, f := range scripts(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			pg := connectPostgres(t)
			text, err := os.ReadFile(f + ".out")
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range script(t, pg, f, false) {
				if !strings.Contains(string(text), g) {
					t.Errorf("not what is recorded:\n%s", g)
				}
			}
		})
	}
}

// scripts are the files with statements.
func scripts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	folders, err := filepath.Glob("testdata/*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, folders...)
}

// script runs a file's statements and returns each with its answer.
func script(t testing.TB, c *pgconn.PgConn, file string, zorya bool) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, sql := range statements(string(text)) {
		sent := sql
		if !zorya {
			sent = strings.Replace(sql, " ASYNC ", " ", 1)
		}
		a, copied := copying(t, c, sent)
		if copied {
			out = append(out, sql+";\n"+a.full()+"\n")
			continue
		}
		a = run(t, c, sent)
		if strings.Contains(sql, " ASYNC ") {
			a = answer{tag: "CREATE INDEX"}
			if zorya {
				(&pair{t: t, z: c}).await()
			}
		}
		if last := sql[strings.LastIndexByte(sql, ')')+1:]; !strings.Contains(last, "order by") {
			a = a.unordered()
		}
		text := a.String()
		if filepath.Base(filepath.Dir(file)) == "errors" {
			text = a.whole()
		}
		out = append(out, sql+";\n"+text+"\n")
	}
	return out
}

// statements are those of a script.
func statements(text string) (list []string) {
	for _, sql := range strings.Split(text, ";\n") {
		if sql = strings.TrimSpace(sql); sql != "" {
			list = append(list, sql)
		}
	}
	return list
}

// await waits until all indexes are built.
func (p *pair) await() {
	for range 600 {
		if a := run(p.t, p.z, "select 1 from pg_index where not indisvalid"); len(a.rows) == 0 && a.code == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatal("indexes are not built after 30 s")
}
