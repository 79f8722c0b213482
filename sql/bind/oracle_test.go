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

var oracle = flag.String("oracle", "", "record testdata/wrong.txt from the PostgreSQL at this URL (an empty database)")

// TestRecord writes what PostgreSQL answers to the wrong statements.
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
	var out strings.Builder
	for _, sql := range lines(t, "testdata/wrong.sql") {
		fmt.Fprintf(&out, "%s\n  %s\n", sql, answer(conn, sql))
	}
	if err := os.WriteFile("testdata/wrong.txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
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
