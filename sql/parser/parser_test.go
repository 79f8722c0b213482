package parser

import (
	"strings"
	"testing"

	"zorya/pgerr"
	"zorya/sql/ast"
)

func one[T ast.Stmt](t *testing.T, sql string) T {
	t.Helper()
	list, err := Parse(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if len(list) != 1 {
		t.Fatalf("%s: %d statements", sql, len(list))
	}
	st, ok := list[0].Stmt.(T)
	if !ok {
		t.Fatalf("%s: %T", sql, list[0].Stmt)
	}
	return st
}

func TestStatements(t *testing.T) {
	list, err := Parse(" -- first\nSELECT 1;; /* é */ SELECT 'é', nope ; AWS IAM GRANT r TO 'arn:x'; INSERT INTO t VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		text   string
		offset int
	}{{"SELECT 1", 10}, {"SELECT 'é', nope", 29}, {"AWS IAM GRANT r TO 'arn:x'", 48}, {"INSERT INTO t VALUES (1)", 76}}
	if len(list) != len(want) {
		t.Fatalf("%d statements, want %d", len(list), len(want))
	}
	for i, w := range want {
		if list[i].Text != w.text || list[i].Offset != w.offset {
			t.Errorf("statement %d: %q at %d, want %q at %d", i, list[i].Text, list[i].Offset, w.text, w.offset)
		}
	}
	sel := list[1].Stmt.(*ast.Select)
	if at := sel.Targets[1].X.Position(); at != 13 {
		t.Errorf("position of a column after é: %d, want 13", at)
	}
}

func TestDialect(t *testing.T) {
	for sql, async := range map[string]bool{
		"CREATE INDEX ASYNC i ON t (a)":              true,
		"create unique index async on t (a)":         true,
		"CREATE INDEX i ON t (a)":                    false,
		"CREATE INDEX ASYNC IF NOT EXISTS i ON t(a)": true,
	} {
		if st := one[*ast.CreateIndex](t, sql); st.Async != async || st.Using != "" {
			t.Errorf("%s: async %v, using %q", sql, st.Async, st.Using)
		}
	}
	if st := one[*ast.AlterTable](t, "ALTER TABLE ASYNC t VALIDATE CONSTRAINT c"); !st.Async || st.Actions[0].Kind != "validate constraint" || st.Actions[0].Name != "c" {
		t.Errorf("ALTER TABLE ASYNC: %+v", st)
	}
	if g := one[*ast.IAMGrant](t, `aws iam revoke "My Role" from 'arn:aws:iam::1:role/x''y'`); g.Grant || g.Role != "My Role" || g.ARN != "arn:aws:iam::1:role/x'y" {
		t.Errorf("AWS IAM REVOKE: %+v", g)
	}
	one[*ast.Select](t, "SELECT async, 'create index async' FROM async")
}

// Codes, texts and positions are PostgreSQL's.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		sql, code, message string
		pos                int
	}{
		{"SELEC 1", "42601", `syntax error at or near "SELEC"`, 1},
		{"SELECT 'é' || FROM t", "42601", `syntax error at or near "FROM"`, 15},
		{"SELECT (1", "42601", "syntax error at end of input", 10},
		{"SELECT 'abc", "42601", `unterminated quoted string at or near "'abc"`, 8},
		{"SELECT $0", "42P02", "there is no parameter $0", 8},
		{"SELECT \"\"", "42601", `zero-length delimited identifier at or near """"`, 8},
		{"AWS IAM GRANT", "42601", "syntax error at end of input", 14},
		{"AWS IAM GRANT r FROM 'x'", "42601", `syntax error at or near "FROM"`, 17},
		{"SELECT '\x00'", "22021", `invalid byte sequence for encoding "UTF8": 0x00`, 0},
		{"SELECT '\xc3('", "22021", `invalid byte sequence for encoding "UTF8": 0xc3 0x28`, 0},
	} {
		_, err := Parse(c.sql)
		e := pgerr.As(err)
		if e == nil || e.Code != c.code || e.Message != c.message || e.Position != c.pos {
			t.Errorf("%q: %+v, want %s %s at %d", c.sql, e, c.code, c.message, c.pos)
		}
	}
}

// What is nested too deep is refused, what is merely long is not.
func TestDepth(t *testing.T) {
	for name, sql := range map[string]string{
		"parentheses": "SELECT " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000),
		"operators":   "SELECT 1" + strings.Repeat(" + 1", 100000),
		"NOT":         "SELECT " + strings.Repeat("NOT ", 50000) + "true",
		"CASE":        "SELECT " + strings.Repeat("CASE WHEN true THEN ", 20000) + "1" + strings.Repeat(" END", 20000),
		"UNION":       strings.Repeat("SELECT 1 UNION ", 50000) + "SELECT 1",
		"subqueries":  strings.Repeat("SELECT (", 20000) + "1" + strings.Repeat(")", 20000),
	} {
		if _, err := Parse(sql); pgerr.Code(err) != "54001" {
			t.Errorf("%s: %v, want 54001", name, err)
		}
	}
	for name, sql := range map[string]string{
		"AND":    "SELECT " + strings.Repeat("a = 1 AND ", 20000) + "true",
		"WHEN":   "SELECT CASE " + strings.Repeat("WHEN a = 1 THEN 2 ", 5000) + "END",
		"VALUES": "INSERT INTO t VALUES (1, 'x')" + strings.Repeat(", (1 + 2, 'x')", 20000),
		"UNION":  strings.Repeat("SELECT 1 UNION ALL ", 1000) + "SELECT 1",
		"IN":     "SELECT a IN (1" + strings.Repeat(", 1", 50000) + ")",
	} {
		if _, err := Parse(sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Expressions of definitions are kept as text too.
func TestSources(t *testing.T) {
	c := one[*ast.CreateTable](t, "CREATE TABLE t (id uuid DEFAULT gen_random_uuid(), n int CHECK (n > 0 AND n < 5))")
	if got := c.Columns[0].Constraints[0].Text; got != "gen_random_uuid()" {
		t.Errorf("default %q", got)
	}
	if got := c.Columns[1].Constraints[0].Text; got != "n > 0 AND n < 5" {
		t.Errorf("check %q", got)
	}
	if got := one[*ast.CreateView](t, "CREATE VIEW v AS SELECT a FROM t WHERE b LIKE 'x%'").Text; got != "SELECT a FROM t WHERE b LIKE 'x%'" {
		t.Errorf("view %q", got)
	}
	if got := one[*ast.Prepare](t, "PREPARE p AS SELECT $1").Text; got != "SELECT $1" {
		t.Errorf("prepared %q", got)
	}
}

func TestExpressions(t *testing.T) {
	if _, err := ParseExpr("a + 1"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "1, 2", "1 FROM t", "1 AS x", "1; SELECT 2", "1 HAVING true", "1 LIMIT 1", "1 +"} {
		if x, err := ParseExpr(bad); err == nil {
			t.Errorf("ParseExpr(%q) = %#v", bad, x)
		}
	}
	if n, err := ParseType("numeric(10,2)[]"); err != nil || n.Name != "numeric" || len(n.Mods) != 2 || n.Array != 1 {
		t.Errorf("ParseType: %+v, %v", n, err)
	}
}

// Nothing that is sent makes the parser panic.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"SELECT a.b[1:2], count(*) FILTER (WHERE x) OVER (w ROWS 1 PRECEDING) FROM t TABLESAMPLE SYSTEM (1) GROUP BY ROLLUP (a)",
		"CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1), x text CHECK (x <> '') REFERENCES u ON DELETE SET NULL)",
		"CREATE INDEX ASYNC ON t (lower(a)) INCLUDE (b) WHERE c", "ALTER TABLE t ALTER a SET GENERATED ALWAYS, DROP CONSTRAINT c CASCADE",
		"GRANT ALL ON ALL TABLES IN SCHEMA s TO PUBLIC", "AWS IAM GRANT a TO 'b'", "COPY t FROM STDIN (FORMAT csv, FORCE_NULL (a))",
		"SELECT JSON_OBJECT('a': 1), x IS JSON, JSON_ARRAYAGG(y ORDER BY z)", "SET TIME ZONE INTERVAL '1' HOUR TO MINUTE", "COMMENT ON COLUMN t.a IS 'x'",
		"MERGE INTO t USING u ON a WHEN MATCHED THEN DELETE", "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql RETURN a + 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := Parse(sql)
		if err != nil && pgerr.As(err) == nil {
			t.Errorf("%q: error without a code: %v", sql, err)
		}
		for _, st := range list {
			if st.Stmt == nil {
				t.Errorf("%q: no tree", sql)
			}
		}
	})
}
