package exec_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/cluster"
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/plan"
	"zorya/sql/types"
	"zorya/txn"
)

// Expectations are PostgreSQL's: go test ./sql/exec -record=postgres://… runs the
// statements of testdata there and writes the answers down.
var record = flag.String("record", os.Getenv("ZORYA_PG"), "PostgreSQL to record expectations from")

var ctx = context.Background()

// A world is a cluster with the tables of testdata/schema.sql.
type world struct {
	t    testing.TB
	db   *txn.DB
	snap *catalog.Snapshot
	tree bool // force operators
}

func newWorld(t testing.TB) *world {
	c, err := cluster.Open("/c", cluster.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	nextOID = catalog.FirstUserOID
	return &world{t: t, db: c.DB(), snap: catalog.NewSnapshot(1, nil, testTables()...)}
}

// fill runs the INSERTs of the schema.
func (w *world) fill() {
	for _, sql := range statements(w.t, "schema.sql") {
		if strings.HasPrefix(sql, "create") {
			continue
		}
		if answer := w.run(sql); strings.HasPrefix(answer, "ERROR") {
			w.t.Fatalf("%s: %s", sql, answer)
		}
	}
}

func statements(t testing.TB, file string) []string {
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range strings.Split(string(text), ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// compile takes a statement through parser, binder and planner.
func (w *world) compile(sql string) (*exec.Program, error) {
	list, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	env := &bind.Env{
		Snap: w.snap, SearchPath: []string{"public"}, Role: catalog.AdminRole, FuncCtx: funcCtx(),
		ParseExpr: parser.ParseExpr, ParseSelect: parser.ParseSelect, ParseBody: parser.ParseBody, Extended: true,
	}
	q, err := bind.Bind(env, list[0].Stmt, nil)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(&plan.Env{Snap: w.snap, Fold: funcCtx(), Settings: plan.DefaultSettings}, q)
	if err != nil {
		return nil, err
	}
	if w.tree {
		return exec.CompileTree(p)
	}
	return exec.Compile(p)
}

var _ ast.Stmt

func funcCtx() *funcs.Ctx {
	now := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	return &funcs.Ctx{Context: ctx, Format: types.DefaultFormat, TxnTime: now, StatementTime: now}
}

// run runs one statement in its own transaction and prints what the client sees.
func (w *world) run(sql string) string {
	p, err := w.compile(sql)
	if err != nil {
		return printError(err)
	}
	tx, err := w.db.Begin(ctx, txn.Options{})
	if err != nil {
		return printError(err)
	}
	text, err := w.execute(p, tx)
	if err != nil {
		return printError(err)
	}
	if _, err := tx.Commit(ctx); err != nil {
		return printError(err)
	}
	if !ordered(sql) {
		text = sortLines(text)
	}
	return text
}

func (w *world) execute(p *exec.Program, tx txn.Tx, params ...types.Datum) (string, error) {
	cur, err := p.Start(&exec.Context{Ctx: ctx, Env: &expr.Env{Ctx: funcCtx(), Params: params}, Tx: tx, Snap: w.snap, Limits: exec.DefaultLimits})
	if err != nil {
		return "", err
	}
	defer cur.Close()
	var out strings.Builder
	q := p.Plan().Query
	for {
		b, err := cur.Next()
		if err != nil {
			return "", err
		}
		if b == nil {
			break
		}
		if b.Len > types.BatchSize {
			w.t.Errorf("batch of %d rows", b.Len)
		}
		for i := range b.Len {
			for c := range q.Out {
				if c > 0 {
					out.WriteByte('|')
				}
				d := b.Cols[c].At(i)
				if d.IsNull() {
					out.WriteString("∅")
				} else {
					out.Write(types.AppendText(nil, q.Out[c].T.OID, d, types.DefaultFormat))
				}
			}
			out.WriteByte('\n')
		}
	}
	fmt.Fprintf(&out, "%s %d\n", q.Kind, cur.Affected())
	return out.String(), nil
}

func printError(err error) string {
	e := pgerr.As(err)
	if e == nil {
		return "ERROR XX000: " + err.Error() + "\n"
	}
	s := "ERROR " + e.Code + ": " + e.Message + "\n"
	if e.Detail != "" {
		s += "DETAIL: " + e.Detail + "\n"
	}
	if e.Hint != "" {
		s += "HINT: " + e.Hint + "\n"
	}
	return s
}

func ordered(sql string) bool { return strings.Contains(sql, "order by") }

// sortLines sorts all lines but the last.
func sortLines(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines[:len(lines)-1])
	return strings.Join(lines, "\n") + "\n"
}

// TestAgainstPostgres compares the answers to all statements of a file, run one
// after the other, with PostgreSQL's: by operators alone, and with the direct path.
func TestAgainstPostgres(t *testing.T) {
	for _, file := range []string{"select.sql", "modify.sql", "foreign.sql"} {
		if *record != "" {
			recordAnswers(t, file)
		}
		want := answers(t, file)
		for _, tree := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/tree=%v", file, tree), func(t *testing.T) {
				w := newWorld(t)
				w.tree = tree
				w.fill()
				for i, sql := range statements(t, file) {
					if got := w.run(sql); got != want[i] {
						t.Errorf("%s\ngot:\n%swant:\n%s", sql, got, want[i])
					}
				}
			})
		}
	}
}

func answers(t testing.TB, file string) []string {
	text, err := os.ReadFile(filepath.Join("testdata", file+".out"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "----\n")
	for i := range parts { // the statement stands first, for readers
		_, parts[i], _ = strings.Cut(parts[i], ";\n")
	}
	return parts[:len(parts)-1]
}

func recordAnswers(t testing.TB, file string) {
	conn, err := pgconn.Connect(ctx, *record)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	setup := "drop schema if exists exec_test cascade; create schema exec_test; set search_path = exec_test; set timezone = 'UTC';" +
		strings.Join(statements(t, "schema.sql"), ";\n")
	if _, err := conn.Exec(ctx, setup).ReadAll(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, sql := range statements(t, file) {
		out.WriteString(sql + ";\n" + postgres(conn, sql) + "----\n")
	}
	if err := os.WriteFile(filepath.Join("testdata", file+".out"), []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// postgres prints PostgreSQL's answer as world.run does.
func postgres(conn *pgconn.PgConn, sql string) string {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if e, ok := err.(*pgconn.PgError); ok {
		return printError(&pgerr.Error{Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint})
	}
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	r := results[0]
	for _, row := range r.Rows {
		for c, v := range row {
			if c > 0 {
				out.WriteByte('|')
			}
			if v == nil {
				out.WriteString("∅")
			} else {
				out.Write(v)
			}
		}
		out.WriteByte('\n')
	}
	kind, _, _ := strings.Cut(r.CommandTag.String(), " ")
	fmt.Fprintf(&out, "%s %d\n", kind, r.CommandTag.RowsAffected())
	if !ordered(sql) {
		return sortLines(out.String())
	}
	return out.String()
}
