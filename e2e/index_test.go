package e2e

import (
	"strings"
	"testing"
)

// Partial and expression indexes are built, and used where a condition implies the
// predicate or names the expression; the answers are those of a full scan.
func TestPartialAndExpressionIndexes(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE e (id int PRIMARY KEY, email text, active boolean, n int)",
		"INSERT INTO e SELECT g, 'User' || g || '@x.org', g % 10 = 0, g FROM generate_series(1, 2000) AS g")
	for _, sql := range []string{
		"CREATE INDEX ASYNC e_lower ON e (lower(email))",
		"CREATE INDEX ASYNC e_active ON e (n) WHERE active",
		"CREATE UNIQUE INDEX ASYNC e_email ON e (email) WHERE n > 0 AND email IS NOT NULL",
	} {
		job := one(t, c, sql)
		if ok := one(t, c, "CALL sys.wait_for_job('"+job+"')"); ok != "t" {
			t.Fatalf("%s: %s", sql, one(t, c, "SELECT details FROM sys.jobs WHERE job_id = '"+job+"'"))
		}
	}
	exec(t, c, "ANALYZE e")
	for _, q := range []struct{ sql, index, answer string }{
		{"SELECT id FROM e WHERE lower(email) = 'user7@x.org'", "e_lower", "7"},
		{"SELECT count(*) FROM e WHERE lower(email) = 'USER7@x.org'", "e_lower", "0"},
		{"SELECT id FROM e WHERE active AND n = 20", "e_active", "20"},
		{"SELECT id FROM e WHERE n > 0 AND email = 'User9@x.org'", "e_email", "9"},
	} {
		want(t, c, q.sql, q.answer)
		if plan := explain(t, c, q.sql); !strings.Contains(plan, "using "+q.index+" on e") {
			t.Errorf("%s does not use %s:\n%s", q.sql, q.index, plan)
		}
	}
	for _, sql := range []string{"SELECT id FROM e WHERE n = 20", "SELECT id FROM e WHERE NOT active AND n = 20"} {
		if plan := explain(t, c, sql); strings.Contains(plan, "e_active") {
			t.Errorf("%s uses an index that lacks its rows:\n%s", sql, plan)
		}
	}
	exec(t, c, "UPDATE e SET active = NOT active WHERE n IN (20, 21)")
	want(t, c, "SELECT string_agg(n::text, ',') FROM e WHERE active AND n BETWEEN 20 AND 21", "21")
	fails(t, c, "23505", "INSERT INTO e VALUES (5000, 'User9@x.org', false, 1)")
	exec(t, c, "INSERT INTO e VALUES (5000, 'User9@x.org', false, -1)")
}

// A unique index over values that are there twice fails, and says so.
func TestUniqueIndexBuildFails(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, a int)", "INSERT INTO t SELECT g, g / 2 FROM generate_series(1, 100) AS g")
	job := one(t, c, "CREATE UNIQUE INDEX ASYNC t_a ON t (a)")
	want(t, c, "CALL sys.wait_for_job('"+job+"')", "f")
	want(t, c, "SELECT status || ': ' || details FROM sys.jobs WHERE job_id = '"+job+"'", "failed: found duplicate key(s) while validating index uniqueness")
	want(t, c, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass", "f")
	exec(t, c, "DROP INDEX t_a")
	job = one(t, c, "CREATE INDEX ASYNC t_a ON t (a)")
	want(t, c, "CALL sys.wait_for_job('"+job+"')", "t")
	fails(t, c, "22P02", "CALL sys.wait_for_job('nonsense')")
}
