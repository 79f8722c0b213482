package bind

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var oracle = flag.String("oracle", "", "record testdata/*.txt from the PostgreSQL at this URL (an empty database)")

// TestRecord writes what PostgreSQL answers to the statements of testdata.
func TestRecord(t *testing.T) {
	if *oracle == "" {
		t.Skip("no -oracle")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *oracle)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "drop schema public cascade; create schema public;"+readFile(t, "testdata/schema.sql")); err != nil {
		t.Fatal(err)
	}
	record(t, "wrong", func(sql string) string { return answer(conn, sql) })
	record(t, "right", func(sql string) string { return description(t, conn, sql) })
}

// record writes name.txt: each statement of name.sql with its answer.
func record(t *testing.T, name string, answer func(sql string) string) {
	t.Helper()
	var out strings.Builder
	for _, sql := range lines(t, "testdata/"+name+".sql") {
		fmt.Fprintf(&out, "%s\n  %s\n", sql, answer(sql))
	}
	if err := os.WriteFile("testdata/"+name+".txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// description is what Describe says of a statement: types of parameters, and name,
// type, modifier and column number of results.
func description(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	sd, err := conn.PgConn().Prepare(context.Background(), "", sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var parts []string
	for i, p := range sd.ParamOIDs {
		parts = append(parts, fmt.Sprintf("$%d:%d", i+1, p))
	}
	for _, f := range sd.Fields {
		parts = append(parts, field(f.Name, f.DataTypeOID, f.TypeModifier, int(f.TableAttributeNumber)))
	}
	return strings.Join(parts, " ")
}

func field(name string, oid uint32, mod int32, attr int) string {
	s := fmt.Sprintf("%s:%d", name, oid)
	if mod >= 0 {
		s += fmt.Sprintf("(%d)", mod)
	}
	if attr > 0 {
		s += fmt.Sprintf("#%d", attr)
	}
	return s
}

// answer prepares a statement, and runs EXPLAIN for the errors that PostgreSQL
// raises while rewriting and planning.
func answer(conn *pgx.Conn, sql string) string {
	ctx := context.Background()
	const explain = "explain "
	_, err := conn.PgConn().Prepare(ctx, "", sql, nil)
	shift := 0
	if err == nil && !strings.Contains(sql, "$") {
		err = conn.PgConn().ExecParams(ctx, explain+sql, nil, nil, nil, nil).Read().Err
		shift = len(explain)
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return "ok"
	}
	return describe(e.Code, max(0, int(e.Position)-shift), e.Message)
}

func describe(code string, pos int, message string) string {
	return fmt.Sprintf("%s @%d %s", code, pos, message)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lines(t *testing.T, name string) []string {
	return strings.Split(strings.TrimSpace(readFile(t, name)), "\n")
}
