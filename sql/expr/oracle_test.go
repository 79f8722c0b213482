package expr_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

var record = flag.String("record", "", "DSN of a PostgreSQL from which testdata is recorded anew")

// The files in testdata hold expressions and what PostgreSQL says of them:
//
//	1 + 1
//	= integer 2
//	1 / 0
//	! 22012 division by zero
//
// A line that begins with # is a comment.
type answer struct {
	file, sql, want string
}

func readAnswers(t *testing.T) []answer {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	var out []answer
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(f)
		for n := 1; s.Scan(); n++ {
			line := s.Text()
			switch {
			case line == "" || line[0] == '#':
			case strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! "):
				out[len(out)-1].want = line
			default:
				out = append(out, answer{file: fmt.Sprintf("%s:%d", name, n), sql: line})
			}
		}
		f.Close()
	}
	return out
}

// evaluate gives the answer in the form of the files.
func evaluate(sql string) string {
	e, err := parseExpr(sql)
	if err != nil {
		return failure(err)
	}
	env := &expr.Env{Ctx: &funcs.Ctx{Context: context.Background(), Format: types.DefaultFormat, TxnTime: time.Now()}}
	c, err := expr.Compile(e, nil, nil)
	if err != nil {
		return failure(err)
	}
	d, err := c.Row(env, nil)
	v, vecErr := c.Eval(env, &types.Batch{Len: 1})
	if err != nil {
		if vecErr == nil || pgerr.Code(vecErr) != pgerr.Code(err) {
			return fmt.Sprintf("Row fails with %v, Eval with %v", err, vecErr)
		}
		return failure(err)
	}
	if vecErr != nil {
		return fmt.Sprintf("Row works, Eval fails with %v", vecErr)
	}
	one, two := show(e, d), show(e, v.At(0))
	if one != two {
		return fmt.Sprintf("Row gives %s, Eval %s", one, two)
	}
	return one
}

func show(e rel.Expr, d types.Datum) string {
	text := "NULL"
	if !d.IsNull() {
		text = string(types.AppendText(nil, e.Type().OID, d, types.DefaultFormat))
	}
	return "= " + types.FormatType(types.Of(e.Type().OID)) + " " + escapeLine(text)
}

func escapeLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }

func failure(err error) string {
	e := pgerr.As(err)
	if e == nil {
		return "! not an error for users: " + err.Error()
	}
	return "! " + e.Code + " " + e.Message
}

func TestOracle(t *testing.T) {
	if *record != "" {
		recordAnswers(t)
	}
	for _, a := range readAnswers(t) {
		if got := evaluate(a.sql); got != a.want {
			t.Errorf("%s: %s\n got %s\nwant %s", a.file, a.sql, got, a.want)
		}
	}
}

func recordAnswers(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *record)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	pg := conn.PgConn()
	if _, err := pg.Exec(ctx, "set timezone = 'UTC'; set datestyle = 'ISO, MDY'").ReadAll(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("testdata/*.txt")
	for _, name := range files {
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, line := range strings.Split(strings.TrimRight(string(old), "\n"), "\n") {
			if strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") {
				continue
			}
			b.WriteString(line + "\n")
			if line != "" && line[0] != '#' {
				b.WriteString(askPostgres(ctx, pg, line) + "\n")
			}
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func askPostgres(ctx context.Context, pg *pgconn.PgConn, sql string) string {
	res, err := pg.Exec(ctx, "select "+sql).ReadAll()
	if err != nil {
		var pe *pgconn.PgError
		if pe, _ = err.(*pgconn.PgError); pe == nil {
			return "! ? " + err.Error()
		}
		return "! " + pe.Code + " " + escapeLine(pe.Message)
	}
	oid := types.OID(res[0].FieldDescriptions[0].DataTypeOID)
	text := "NULL"
	if v := res[0].Rows[0][0]; v != nil {
		text = string(v)
	}
	name, err := pg.Exec(ctx, fmt.Sprintf("select format_type(%d, null)", oid)).ReadAll()
	if err != nil {
		return "! ? " + err.Error()
	}
	return "= " + string(name[0].Rows[0][0]) + " " + escapeLine(text)
}
