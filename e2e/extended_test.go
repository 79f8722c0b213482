package e2e

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// A change of the schema that has looked at the rows and a writer that overlaps with
// it do not both succeed, whichever commits first.
func TestSchemaChangeThatLooksAtRows(t *testing.T) {
	s := start(t, extended)
	ddl, writer := s.connect(t), s.connect(t)
	for _, c := range []struct{ change, write string }{
		{"alter table t alter column b set not null", "insert into t values (5, null)"},
		{"alter table t add constraint c check (b > 0)", "insert into t values (5, -1)"},
		{"alter table t add constraint u unique (b)", "insert into t values (5, 1)"},
		{"create unique index x on t (b)", "update t set b = 2 where a = 1"},
		{"alter table t alter column b type text", "insert into t values (5, 5)"},
		{"alter table t add primary key (b)", "insert into t values (5, 1)"},
		{"alter table t add foreign key (b) references p", "delete from p where a = 2"},
	} {
		for _, writerFirst := range []bool{true, false} {
			exec(t, ddl, "drop table if exists t", "drop table if exists p", "create table p (a int primary key)", "insert into p values (1), (2)",
				"create table t (a int, b int)", "insert into t values (1, 1), (2, 2)")
			exec(t, writer, "begin", "select count(*) from t", "select count(*) from p", c.write)
			exec(t, ddl, "begin", c.change)
			first, second := ddl, writer
			if writerFirst {
				first, second = writer, ddl
			}
			exec(t, first, "commit")
			fails(t, second, "40001", "commit")
		}
	}
}

// dialWith connects with a start-up parameter.
func (s *server) dialWith(t *testing.T, name, value string) *pgx.Conn {
	t.Helper()
	cfg := s.config(t, "admin", s.admin().token(t))
	cfg.RuntimeParams[name] = value
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A connection may choose the wider profile on a server that has the narrow one, and
// the other way round. Guards hold between the two.
func TestConnectionChoosesProfile(t *testing.T) {
	s := start(t)
	narrow, wide := s.connect(t), s.dialWith(t, "zorya.profile", "extended")
	if got := one(t, wide, "show zorya.profile"); got != "extended" {
		t.Errorf("profile %s", got)
	}
	fails(t, narrow, "42704", "create table q (a serial)")
	exec(t, wide, "create table t (a serial primary key, b int)", "insert into t (b) values (1), (null)", "begin", "savepoint a", "rollback to a", "rollback")
	fails(t, narrow, "0A000", "truncate t")
	fails(t, narrow, "0A000", "set work_mem = '8MB'")
	fails(t, narrow, "42704", "show statement_mem") // no parameter of PostgreSQL 16
	exec(t, narrow, "begin", "update t set b = 2 where b is null")
	exec(t, narrow, "commit", "begin", "insert into t values (10, null)")
	exec(t, wide, "alter table t alter column b set not null")
	fails(t, narrow, "40001", "commit")
	exec(t, wide, "begin", "alter table t add check (b > 0)")
	exec(t, narrow, "insert into t values (11, -1)")
	fails(t, wide, "40001", "commit")
	cfg := s.config(t, "admin", s.admin().token(t))
	cfg.RuntimeParams["zorya.profile"] = "postgres"
	if _, err := pgx.ConnectConfig(t.Context(), cfg); err == nil {
		t.Error("an unknown profile was let in")
	}
}

// CREATE INDEX waits for its job, and leaves nothing behind if the rows are not unique.
func TestPlainCreateIndex(t *testing.T) {
	s := start(t, extended)
	c := s.connect(t)
	exec(t, c, "create table t (a int, b int)", "insert into t select i, i / 2 from generate_series(1, 5000) i", "create index t_a on t (a)")
	if got := one(t, c, "select indisvalid from pg_index where indexrelid = 't_a'::regclass"); got != "t" && got != "true" {
		t.Errorf("valid: %s", got)
	}
	if e := fails(t, c, "23505", "create unique index t_b on t (b)"); e.Message != `could not create unique index "t_b"` {
		t.Error(e.Message)
	}
	fails(t, c, "42704", "drop index t_b")
	exec(t, c, "insert into t values (1, 1)", "truncate t", "insert into t values (1, 1)", "create unique index t_b on t (b)")
	fails(t, c, "23505", "insert into t values (2, 1)")
	if got := one(t, c, "select count(*) from t where a = 1"); got != "1" {
		t.Errorf("%s rows by the index", got)
	}
}

// What ROLLBACK TO undoes reaches neither the commit nor its conflicts.
func TestSavepointsAndConflicts(t *testing.T) {
	s := start(t, extended)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "create table t (a int primary key, b int)", "insert into t values (1, 0), (2, 0), (3, 0)")
	exec(t, a, "begin", "update t set b = 1 where a = 1", "savepoint p", "update t set b = 1 where a = 2", "select * from t where a = 3 for update", "rollback to p")
	exec(t, b, "update t set b = 5 where a = 2", "update t set b = 5 where a = 3")
	exec(t, a, "commit")
	if got := one(t, a, "select string_agg(b::text, ',' order by a) from t"); got != "1,5,5" {
		t.Error(got)
	}
	exec(t, a, "begin", "savepoint p", "update t set b = 2 where a = 1")
	fails(t, a, "22012", "select 1/0")
	fails(t, a, "25P02", "select 1")
	exec(t, a, "rollback to p", "update t set b = 3 where a = 2")
	exec(t, b, "update t set b = 6 where a = 2")
	fails(t, a, "40001", "commit")
}

// A check that is put off until COMMIT conflicts like one that is not.
func TestDeferredCheckClaimsTheParent(t *testing.T) {
	s := start(t)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "create table p (a int primary key)", "create table c (a int primary key, r int references p deferrable initially deferred)", "insert into p values (1)")
	exec(t, a, "begin", "insert into c values (1, 1)")
	exec(t, b, "delete from p where a = 1")
	fails(t, a, "40001", "commit")
	exec(t, a, "insert into p values (2)", "begin", "insert into c values (1, 2)")
	exec(t, b, "insert into p values (3)")
	exec(t, a, "commit")
	exec(t, b, "begin", "delete from p where a = 2")
	fails(t, b, "23503", "commit")
	fails(t, a, "23503", "insert into c values (2, 4)")
}

// What asyncpg's pool sends when a connection comes back to it passes.
func TestPoolReset(t *testing.T) {
	s := start(t, extended)
	c := s.connect(t)
	exec(t, c, "begin", "select pg_advisory_lock(1)", "rollback")
	if _, err := c.PgConn().Exec(t.Context(), "select pg_advisory_unlock_all(); close all; unlisten *; reset all;").ReadAll(); err != nil {
		t.Fatal(err)
	}
	fails(t, c, "0A000", "close c")
	fails(t, s.dialWith(t, "zorya.profile", "dsql"), "0A000", "close all")
}

// A parameter of type void is none: the JDBC driver sends one for what {? = call f(?)} returns.
func TestVoidParameter(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create function f(a int, b text) returns int language sql return a")
	r := c.PgConn().ExecParams(t.Context(), "select * from f($1, $2, $3) as result", [][]byte{nil, []byte("5"), []byte("x")}, []uint32{2278, 23, 1043}, nil, nil).Read()
	if r.Err != nil || len(r.Rows) != 1 || string(r.Rows[0][0]) != "5" {
		t.Errorf("%v %v", r.Rows, r.Err)
	}
}
