package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// copyIn sends data and returns the tag.
func copyIn(t testing.TB, c *pgx.Conn, sql, data string) (string, error) {
	t.Helper()
	tag, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader(data), sql)
	return tag.String(), err
}

func copyOut(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := c.PgConn().CopyTo(t.Context(), &b, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return b.String()
}

const copyText = "1\ta\\tb\t\\N\n2\tx\\ny\t1.50\n3\t\\\\.\t0.00\n"

// Expected are the bytes that PostgreSQL sends.
func TestCopyFormats(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table c (id int primary key, v text, n numeric(10,2))")
	if tag, err := copyIn(t, c, "copy c from stdin", copyText); err != nil || tag != "COPY 3" {
		t.Fatal(tag, err)
	}
	for _, x := range []struct{ sql, out string }{
		{"copy c to stdout", copyText},
		{"copy c to stdout csv header", "id,v,n\n1,a\tb,\n2,\"x\ny\",1.50\n3,\\.,0.00\n"},
		{"copy c to stdout (format csv, delimiter ';', quote '''', force_quote *)", "'1';'a\tb';\n'2';'x\ny';'1.50'\n'3';'\\.';'0.00'\n"},
		{"copy c to stdout (format csv, null 'NIL', force_quote (v))", "1,\"a\tb\",NIL\n2,\"x\ny\",1.50\n3,\"\\.\",0.00\n"},
		{"copy (select v, n from c where id = 1) to stdout", "a\\tb\t\\N\n"},
		{"copy c (n, id) to stdout (delimiter '|', null 'x')", "x|1\n1.50|2\n0.00|3\n"},
	} {
		if got := copyOut(t, c, x.sql); got != x.out {
			t.Errorf("%s:\n got  %q\n want %q", x.sql, got, x.out)
		}
	}
	binary := copyOut(t, c, "copy c to stdout binary")
	exec(t, c, "delete from c")
	if tag, err := copyIn(t, c, "copy c from stdin binary", binary); err != nil || tag != "COPY 3" {
		t.Fatal(tag, err)
	}
	if got := copyOut(t, c, "copy c to stdout"); got != copyText {
		t.Errorf("through binary: %q", got)
	}
	exec(t, c, "delete from c")
	if _, err := copyIn(t, c, "copy c from stdin csv header", "id,v,n\n1,\"a,\"\"q\"\"\",\n2,,2\n3,\"\",3\n"); err != nil {
		t.Fatal(err)
	}
	if got, want := copyOut(t, c, "copy c to stdout"), "1\ta,\"q\"\t\\N\n2\t\\N\t2.00\n3\t\t3.00\n"; got != want {
		t.Errorf("from CSV: %q, want %q", got, want)
	}
}

func TestCopyFailsWhole(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table c (id int primary key, v text, n numeric(10,2))")
	for _, x := range []struct{ sql, data, code string }{
		{"copy c from stdin", "1\ta\t1\nx\tb\t1\n", "22P02"},
		{"copy c from stdin", "1\ta\n", "22P04"},
		{"copy c from stdin", "1\ta\t1\t1\n", "22P04"},
		{"copy c from stdin", "1\ta\t1\n1\tb\t1\n", "23505"},
		{"copy c from stdin", "\\N\ta\t1\n", "23502"},
		{"copy c from stdin csv", "1,\"a,1\n", "22P04"},
		{"copy c from stdin binary", "rubbish", "22P04"},
		{"copy c from stdin (format nope)", "", "22023"},
		{"copy nope from stdin", "", "42P01"},
		{"copy c (zz) from stdin", "", "42703"},
		{"copy c from stdin (format csv, header match)", "id,w,n\n", "22P04"},
		{"copy c from stdin", manyRows(3001), "54000"},
	} {
		_, err := copyIn(t, c, x.sql, x.data)
		wantCode(t, err, x.code, x.sql+" "+x.data[:min(len(x.data), 20)])
		want(t, c, "select count(*) from c", "0")
	}
	if _, err := copyIn(t, c, "copy c from stdin", manyRows(3000)); err != nil {
		t.Errorf("3000 rows: %v", err)
	}
	fails(t, c, "42501", "copy c to '/tmp/never'")
	fails(t, c, "42501", "copy c from program 'never'")
}

func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\ta\t1\n", i)
	}
	return b.String()
}

func TestCopyInsideTransaction(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table c (id int primary key)", "begin")
	if _, err := copyIn(t, c, "copy c from stdin", "1\n2\n"); err != nil {
		t.Fatal(err)
	}
	want(t, c, "select count(*) from c", "2")
	exec(t, c, "rollback")
	want(t, c, "select count(*) from c", "0")
	exec(t, c, "begin read only")
	_, err := copyIn(t, c, "copy c from stdin", "1\n")
	wantCode(t, err, "25006", "copy in a read-only transaction")
	exec(t, c, "rollback")
}
