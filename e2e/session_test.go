package e2e

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"zorya/node"
	"zorya/profile"
)

// status is the transaction status that the server last reported: I, T or E.
func status(c *pgx.Conn) string { return string(c.PgConn().TxStatus()) }

func TestTransactionStatus(t *testing.T) {
	c := start(t).connect(t)
	for _, step := range []struct{ sql, code, status string }{
		{"select 1", "", "I"},
		{"select 1/0", "22012", "I"},
		{"begin", "", "T"},
		{"begin", "", "T"},
		{"select 1/0", "22012", "E"},
		{"select 1", "25P02", "E"},
		{"truncate nothing", "25P02", "E"},
		{"begin", "25P02", "E"},
		{"selec 1", "42601", "E"},
		{"commit", "", "I"},
		{"commit", "", "I"},
		{"rollback", "", "I"},
		{"begin; select 1", "", "T"},
		{"rollback; select 1", "", "I"},
		{"begin; select 1/0; commit", "22012", "E"},
		{"rollback", "", "I"},
		{"start transaction read only", "", "T"},
		{"create table no (id int)", "25006", "E"},
		{"abort", "", "I"},
	} {
		if step.code == "" {
			exec(t, c, step.sql)
		} else {
			fails(t, c, step.code, step.sql)
		}
		if got := status(c); got != step.status {
			t.Fatalf("after %s: status %s, want %s", step.sql, got, step.status)
		}
	}
}

func TestCommitOfFailedTransactionRollsBack(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "begin")
	fails(t, c, "22012", "select 1/0")
	tag, err := c.Exec(t.Context(), "commit")
	if err != nil || tag.String() != "ROLLBACK" {
		t.Fatalf("commit: %q, %v, want ROLLBACK", tag, err)
	}
}

func TestQueryStringIsOneTransaction(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key)")
	fails(t, c, "22012", "insert into t values (1); select 1/0")
	want(t, c, "select count(*) from t", "0")
	fails(t, c, "22012", "insert into t values (1); commit; insert into t values (2); select 1/0")
	want(t, c, "select string_agg(id::text, ',') from t", "1")
	exec(t, c, "insert into t values (3); insert into t values (4)")
	want(t, c, "select count(*) from t", "3")
}

func TestSchemaChangesStandAlone(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key)")
	for _, x := range []struct{ first, second, text string }{
		{"create table a (id int)", "create table b (id int)", "multiple ddl statements not supported in a transaction"},
		{"create table a (id int)", "grant select on t to public", "multiple ddl statements not supported in a transaction"},
		{"create table a (id int)", "insert into t values (1)", "ddl and dml are not supported in the same transaction"},
		{"create table a (id int)", "insert into a values (1)", "ddl and dml are not supported in the same transaction"},
		{"insert into t values (1)", "create table a (id int)", "ddl and dml are not supported in the same transaction"},
	} {
		exec(t, c, "begin", x.first)
		if e := fails(t, c, "0A000", x.second); e.Message != x.text {
			t.Errorf("%s; %s: %q, want %q", x.first, x.second, e.Message, x.text)
		}
		exec(t, c, "rollback")
		if e := fails(t, c, "0A000", x.first+"; "+x.second); e.Message != x.text {
			t.Errorf("%s; %s in one string: %q, want %q", x.first, x.second, e.Message, x.text)
		}
	}
	exec(t, c, "begin", "select * from t", "create table a (id int)", "select * from t", "commit", "drop table a")
}

func TestRowLimit(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key, v int)",
		"insert into t select g, 0 from generate_series(1, 3000) g",
		"update t set v = 1", "begin", "update t set v = 2 where id <= 2999", "delete from t where id = 3000", "commit")
	if e := fails(t, c, "54000", "insert into t select g, 0 from generate_series(3001, 6001) g"); e.Message != "transaction row limit exceeded" {
		t.Errorf("3001 rows: %q", e.Message)
	}
	exec(t, c, "begin", "delete from t")
	fails(t, c, "54000", "insert into t select g, 0 from generate_series(1, 2) g")
	exec(t, c, "rollback")
	want(t, c, "select count(*) from t where v = 2", "2999")
}

func TestSettings(t *testing.T) {
	c := start(t).connect(t)
	zone := func(w string) { t.Helper(); want(t, c, "show timezone", w) }
	exec(t, c, "set timezone = 'Europe/Berlin'")
	zone("Europe/Berlin")
	exec(t, c, "begin", "set timezone = 'Asia/Tokyo'", "rollback")
	zone("Europe/Berlin")
	exec(t, c, "begin", "set timezone = 'Asia/Tokyo'", "commit")
	zone("Asia/Tokyo")
	exec(t, c, "begin", "set local timezone = 'America/New_York'")
	zone("America/New_York")
	exec(t, c, "commit")
	zone("Asia/Tokyo")
	exec(t, c, "begin", "reset timezone", "rollback")
	zone("Asia/Tokyo")
	exec(t, c, "begin", "set timezone = 'UTC'")
	fails(t, c, "22012", "select 1/0")
	exec(t, c, "rollback")
	zone("Asia/Tokyo")
	exec(t, c, "reset all")
	zone("UTC")
	exec(t, c, "begin", "select set_config('application_name', 'x', true)")
	want(t, c, "show application_name", "x")
	exec(t, c, "commit")
	want(t, c, "show application_name", "")
	fails(t, c, "22023", "set timezone = 'Nowhere/Land'")
	fails(t, c, "22023", "set extra_float_digits = 9")
	fails(t, c, "42704", "show nothing")
}

func TestSettingsReachTheClient(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "begin", "set timezone = 'Asia/Tokyo'")
	if got := c.PgConn().ParameterStatus("TimeZone"); got != "Asia/Tokyo" {
		t.Errorf("TimeZone told: %s", got)
	}
	exec(t, c, "rollback")
	if got := c.PgConn().ParameterStatus("TimeZone"); got != "UTC" {
		t.Errorf("TimeZone told after ROLLBACK: %s", got)
	}
}

func TestPrepareInSQL(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key, v text)", "prepare ins(int, text) as insert into t values ($1, $2)", "execute ins(1, 'a')", "execute ins(1+1, 'b')")
	exec(t, c, "prepare sel as select v from t where id = $1")
	want(t, c, "execute sel(2)", "b")
	fails(t, c, "42601", "execute sel(1, 2)")
	fails(t, c, "26000", "execute nothing")
	fails(t, c, "42P05", "prepare sel as select 1")
	exec(t, c, "begin", "prepare kept as select 1", "rollback")
	want(t, c, "execute kept", "1")
	exec(t, c, "deallocate sel")
	fails(t, c, "26000", "execute sel(1)")
	exec(t, c, "deallocate all")
	fails(t, c, "26000", "execute kept")
}

func TestSequencesAcrossSessions(t *testing.T) {
	s := start(t)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "create sequence one cache 1", "create sequence many cache 65536")
	want(t, a, "select nextval('one')", "1")
	want(t, b, "select nextval('one')", "2")
	want(t, a, "select currval('one')", "1")
	exec(t, a, "begin", "select nextval('one')", "rollback")
	want(t, b, "select nextval('one')", "4")
	fails(t, s.connect(t), "55000", "select currval('one')")
	want(t, a, "select setval('one', 100)", "100")
	want(t, b, "select nextval('one')", "101")
	seen := map[string]bool{}
	for range 3 {
		for _, c := range []*pgx.Conn{a, b} {
			v := one(t, c, "select nextval('many')")
			if seen[v] {
				t.Fatalf("nextval gave %s twice", v)
			}
			seen[v] = true
		}
	}
	fails(t, a, "42P01", "select nextval('nothing')")
}

func TestGrantsHold(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key, v text, secret text)", "insert into t values (1, 'a', 's')",
		"create role reader", "create role writer", "create schema app", "create table app.u (id int)", "create sequence sq cache 1")
	as := func(role string) { t.Helper(); exec(t, c, "set role "+role) }
	exec(t, c, "grant reader to admin", "grant writer to admin")
	as("reader")
	want(t, c, "select current_user || ' ' || session_user", "reader admin")
	fails(t, c, "42501", "select * from t")
	exec(t, c, "reset role", "grant select (id, v) on t to reader", "grant insert, update (v) on t to writer")
	as("reader")
	want(t, c, "select v from t", "a")
	fails(t, c, "42501", "select secret from t")
	fails(t, c, "42501", "select * from t")
	fails(t, c, "42501", "insert into t values (2)")
	fails(t, c, "42501", "select * from app.u")
	fails(t, c, "42501", "select nextval('sq')")
	fails(t, c, "42501", "drop table t")
	fails(t, c, "42501", "create table mine (id int)")
	as("writer")
	exec(t, c, "insert into t values (2, 'b', 'x')", "update t set v = 'c'")
	fails(t, c, "42501", "update t set secret = 'c'")
	fails(t, c, "42501", "delete from t")
	exec(t, c, "reset role", "revoke select (id, v) on t from reader")
	as("reader")
	fails(t, c, "42501", "select v from t")
	exec(t, c, "reset role")
	fails(t, c, "22023", "set role nobody")
	exec(t, c, "begin", "set local role reader", "commit")
	want(t, c, "select current_user", "admin")
}

func TestRowsOfPortalsComeInPieces(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key)", "insert into t select generate_series(1, 2500)")
	rows, err := c.Query(t.Context(), "select id from t order by id")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
		var id int
		if err := rows.Scan(&id); err != nil || id != n {
			t.Fatalf("row %d: %d, %v", n, id, err)
		}
	}
	if n != 2500 || rows.Err() != nil {
		t.Fatal(fmt.Sprint(n, rows.Err()))
	}
}

// A statement by the extended protocol, without a block, is committed, also if the
// query string before it has failed, by the simple protocol.
func TestCommitAfterFailedQuery(t *testing.T) {
	s := start(t)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "CREATE TABLE t (k int PRIMARY KEY, n int)", "INSERT INTO t VALUES (1, 0)")
	increment := func() {
		if _, err := b.Exec(t.Context(), "UPDATE t SET n = n + $1 WHERE k = 1", 1); err != nil {
			t.Fatal(err)
		}
	}
	fails(t, b, "42703", "SELECT nothing FROM t")
	increment()
	want(t, a, "SELECT n FROM t", "1")
	exec(t, b, "BEGIN", "UPDATE t SET n = 7 WHERE k = 1")
	exec(t, a, "UPDATE t SET n = 10 WHERE k = 1")
	fails(t, b, "40001", "COMMIT")
	increment()
	want(t, a, "SELECT n FROM t", "11")
}

func TestStatementTimeout(t *testing.T) {
	c := start(t, func(cfg *node.Config) { cfg.Profile = profile.Extended }).connect(t)
	for set, want := range map[string]string{"1500": "1500ms", "'2 s'": "2s", "'120s'": "2min", "'36e5'": "1h", "0": "0"} {
		exec(t, c, "set statement_timeout = "+set)
		if got := one(t, c, "show statement_timeout"); got != want {
			t.Errorf("set to %s: %s, want %s", set, got, want)
		}
	}
	fails(t, c, "22023", "set statement_timeout = '1 fortnight'")
	fails(t, c, "22023", "set statement_timeout = -1")
	exec(t, c, "set statement_timeout = '50ms'")
	fails(t, c, "57014", "select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b")
	exec(t, c, "reset statement_timeout", "select 1")
}

// SET ROLE is undone with its transaction, back to the role before it; a role that the
// start-up packet names is taken on.
func TestRoleFollowsItsSetting(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "create role first", "create role second", "grant first to admin", "grant second to admin")
	exec(t, c, "set role first", "begin", "set role second")
	want(t, c, "select current_user", "second")
	exec(t, c, "rollback")
	want(t, c, "select current_user", "first")
	exec(t, c, "set session authorization default")
	want(t, c, "select current_user", "admin")
	want(t, s.dialWith(t, "role", "first"), "select current_user || ' ' || session_user", "first admin")
}

func TestChainedTransactions(t *testing.T) {
	s := start(t)
	fails(t, s.connect(t), "0A000", "commit and chain")
	c := s.dialWith(t, "zorya.profile", "extended")
	exec(t, c, "begin read only", "commit and chain")
	want(t, c, "show transaction_read_only", "on")
	exec(t, c, "rollback and chain", "rollback")
	fails(t, c, "25P01", "rollback and chain")
}

// In a read-only transaction the error names the statement by its tag.
func TestReadOnlyNames(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key)", "create sequence s cache 1")
	for sql, name := range map[string]string{
		"drop table t": "DROP TABLE", "select * from t for update": "SELECT FOR UPDATE", "select * from t for key share": "SELECT FOR KEY SHARE",
		"explain analyze delete from t": "DELETE", "select setval('s', 5)": "setval()", "aws iam grant admin to 'x'": "AWS IAM GRANT",
	} {
		exec(t, c, "begin read only")
		if e := fails(t, c, "25006", sql); e.Message != "cannot execute "+name+" in a read-only transaction" {
			t.Errorf("%s: %s", sql, e.Message)
		}
		exec(t, c, "rollback")
	}
}
