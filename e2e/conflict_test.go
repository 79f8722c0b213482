package e2e

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/node"
	"zorya/profile"
)

func extended(c *node.Config) { c.Profile = profile.Extended }

// race lets two transactions run concurrently and returns how the second one's
// COMMIT fails.
func race(t *testing.T, first, second *pgx.Conn, winner, loser string) *pgconn.PgError {
	t.Helper()
	exec(t, second, "BEGIN", loser)
	exec(t, first, winner)
	return fails(t, second, "40001", "COMMIT")
}

const rival = " by a transaction that committed after this one had begun."

// TestConflictNamesTheKey: DETAIL and HINT of both codes, for every kind of key.
func TestConflictNamesTheKey(t *testing.T) {
	s := start(t, extended)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, `CREATE SCHEMA bank`,
		`CREATE TABLE bank.accounts (branch int, "No" text, email text, balance numeric, PRIMARY KEY (branch, "No"))`,
		`CREATE TABLE heap (v int)`, `INSERT INTO heap VALUES (1)`,
		`CREATE TABLE prices (price numeric(10,2) PRIMARY KEY, day date, CONSTRAINT one_a_day UNIQUE (day))`,
		`INSERT INTO bank.accounts VALUES (5, 'x''1', 'a@b', 10)`, `CREATE UNIQUE INDEX ASYNC accounts_email ON bank.accounts (email)`)
	waitJobs(t, a)
	for _, x := range []struct{ winner, loser, message, detail, table, constraint string }{
		{`UPDATE bank.accounts SET balance = 1`, `UPDATE bank.accounts SET balance = 2`, "change conflicts with another transaction (OC000)",
			`Key (branch, "No")=(5, x'1) of table "bank.accounts" (primary key "accounts_pkey") was changed or claimed` + rival, "accounts", "accounts_pkey"},
		{`INSERT INTO bank.accounts VALUES (6, 'a', 'new@b', 0)`, `INSERT INTO bank.accounts VALUES (7, 'b', 'new@b', 0)`,
			"change conflicts with another transaction (OC000)",
			`Key (email)=(new@b) of table "bank.accounts" (unique index "accounts_email") was changed or claimed` + rival, "accounts", "accounts_email"},
		{`INSERT INTO prices VALUES (1.50, '2026-01-02')`, `INSERT INTO prices VALUES (2.50, '2026-01-02')`,
			"change conflicts with another transaction (OC000)",
			`Key (day)=(2026-01-02) of table "public.prices" (unique constraint "one_a_day") was changed or claimed` + rival, "prices", "one_a_day"},
		{`UPDATE heap SET v = 2`, `UPDATE heap SET v = 3`, "change conflicts with another transaction (OC000)",
			`A row of table "public.heap", which has no primary key, was changed or claimed` + rival, "heap", ""},
		{`ALTER TABLE bank.accounts ADD COLUMN note text`, `UPDATE bank.accounts SET balance = 3`,
			"schema has been updated by another transaction (OC001)", `The table "bank.accounts" was changed or created` + rival, "accounts", ""},
		{`CREATE TABLE twice (a int)`, `CREATE TABLE twice (b int)`,
			"schema has been updated by another transaction (OC001)", `The table "public.twice" was changed or created` + rival, "twice", ""},
	} {
		e := race(t, a, b, x.winner, x.loser)
		if e.Message != x.message || e.Detail != x.detail || e.Hint != "The transaction might succeed if retried." ||
			e.TableName != x.table || e.ConstraintName != x.constraint {
			t.Errorf("%s:\n%q\n%q\n%q %q %q", x.loser, e.Message, e.Detail, e.Hint, e.TableName, e.ConstraintName)
		}
	}
	exec(t, b, "SET zorya.conflict_detail = off")
	if e := race(t, a, b, "UPDATE heap SET v = 4", "UPDATE heap SET v = 5"); e.Detail != "" || e.Hint != "" || e.TableName != "" {
		t.Errorf("told although off: %q %q", e.Detail, e.Hint)
	}
}

// waitJobs waits until all jobs have ended.
func waitJobs(t *testing.T, c *pgx.Conn) {
	t.Helper()
	for one(t, c, "SELECT count(*) FROM sys.jobs WHERE status IN ('submitted', 'processing')") != "0" {
		time.Sleep(20 * time.Millisecond)
	}
}

// TestConflictAsTheOriginal: the strict profile says no more than the original, until
// it is asked.
func TestConflictAsTheOriginal(t *testing.T) {
	s := start(t)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t VALUES (1, 0)")
	e := race(t, a, b, "UPDATE t SET v = 1", "UPDATE t SET v = 2")
	if e.Detail != "" || e.Hint != "" || e.TableName != "" || e.ConstraintName != "" || e.SchemaName != "" {
		t.Errorf("more than the original says: %+v", e)
	}
	exec(t, b, "SET zorya.conflict_detail = on")
	if e := race(t, a, b, "UPDATE t SET v = 1", "UPDATE t SET v = 2"); !strings.HasPrefix(e.Detail, `Key (id)=(1) of table "public.t"`) {
		t.Errorf("DETAIL %q", e.Detail)
	}
	if e := race(t, a, b, "CREATE TABLE twice (a int)", "CREATE TABLE twice (b int)"); e.Detail != "The schema was changed"+rival {
		t.Errorf("DETAIL %q", e.Detail)
	}
}

// TestConflictsAreShownToReaders: sys.conflicts counts by key, and neither it nor a
// DETAIL shows a key to those who may not read the table.
func TestConflictsAreShownToReaders(t *testing.T) {
	s := start(t, extended)
	admin := s.connect(t)
	login := app(t, s, admin)
	exec(t, admin, "CREATE TABLE secret (id int PRIMARY KEY, v int)", "CREATE TABLE open (id int PRIMARY KEY, v int)",
		"INSERT INTO open VALUES (7, 0)", "GRANT INSERT ON secret TO app", "GRANT SELECT, UPDATE ON open TO app")
	c, err := pgx.ConnectConfig(t.Context(), s.config(t, "app", login.token(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if e := race(t, admin, c, "INSERT INTO secret VALUES (42, 0)", "INSERT INTO secret VALUES (42, 1)"); e.Detail != "" || e.TableName != "" {
		t.Errorf("a role that may not read the table is told %q", e.Detail)
	}
	for range 3 {
		if e := race(t, admin, c, "UPDATE open SET v = v + 1", "UPDATE open SET v = v + 1 WHERE id = 7"); e.Detail == "" {
			t.Error("no DETAIL")
		}
	}
	const list = `SELECT string_agg(concat_ws(' ', code, schema_name, table_name, index_name, key, conflicts, last_time > now() - interval '1 minute'), ';' ORDER BY table_name)
		FROM sys.conflicts`
	want(t, c, list, "OC000 public open open_pkey (id)=(7) 3 t")
	want(t, admin, list, "OC000 public open open_pkey (id)=(7) 3 t;OC000 public secret secret_pkey (id)=(42) 1 t")
	exec(t, admin, "DROP TABLE secret")
	want(t, admin, list, "OC000 public open open_pkey (id)=(7) 3 t")
}

// TestConflictsAreRememberedUpToABound: the oldest are forgotten.
func TestConflictsAreRememberedUpToABound(t *testing.T) {
	s := start(t, extended)
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY)")
	exec(t, b, "SET zorya.conflict_detail = off")
	for i := range 1010 {
		x := "INSERT INTO t VALUES (" + strconv.Itoa(i) + ")"
		race(t, a, b, x, x)
	}
	want(t, a, "SELECT count(*) || ' ' || max(key) FROM sys.conflicts WHERE key IN ('(id)=(9)', '(id)=(10)', '(id)=(1009)')", "2 (id)=(1009)")
	want(t, a, "SELECT count(*) FROM sys.conflicts", "1000")
}

// TestInjectedConflicts: the next commits that have something to commit fail, with
// nothing done, and then no more.
func TestInjectedConflicts(t *testing.T) {
	for _, p := range []string{profile.Default, profile.Extended} {
		s := start(t, func(c *node.Config) { c.Profile = p })
		c := s.connect(t)
		exec(t, c, "CREATE TABLE t (id int PRIMARY KEY)", "SET zorya.inject_conflicts = 'OC000:2, oc001'")
		want(t, c, "SHOW zorya.inject_conflicts", "OC000:2, OC001:1")
		exec(t, c, "SELECT * FROM t", "BEGIN", "SELECT 1", "COMMIT")
		if e := fails(t, c, "40001", "INSERT INTO t VALUES (1)"); e.Message != "change conflicts with another transaction (OC000)" || e.Detail != "" {
			t.Errorf("%+v", e)
		}
		exec(t, c, "BEGIN", "INSERT INTO t VALUES (1)")
		fails(t, c, "40001", "COMMIT")
		if got := status(c); got != "I" {
			t.Errorf("status %s after a COMMIT that failed", got)
		}
		want(t, c, "SHOW zorya.inject_conflicts", "OC001:1")
		_, err := c.Exec(t.Context(), "INSERT INTO t VALUES ($1)", 1)
		if e := wantCode(t, err, "40001", "extended protocol"); e.Message != "schema has been updated by another transaction (OC001)" {
			t.Error(e.Message)
		}
		want(t, c, "SELECT count(*) FROM t", "0")
		exec(t, c, "INSERT INTO t VALUES (1)")
		want(t, c, "SHOW zorya.inject_conflicts", "")
		want(t, c, "SELECT count(*) FROM sys.conflicts", "0")
		for _, bad := range []string{"OC002:1", "OC000:-1", "OC000:x", "OC000:1,", "3"} {
			if e := fails(t, c, "22023", "SET zorya.inject_conflicts = '"+bad+"'"); e.Hint == "" {
				t.Errorf("%s: no hint", bad)
			}
		}
	}
}

// TestInjectedConflictsOfARole: ALTER ROLE orders them for all connections of a role
// together, and other roles meet none.
func TestInjectedConflictsOfARole(t *testing.T) {
	s := start(t)
	admin := s.connect(t)
	login := app(t, s, admin)
	exec(t, admin, "CREATE TABLE t (id int PRIMARY KEY)", "GRANT SELECT, INSERT ON t TO app", "ALTER ROLE app SET zorya.inject_conflicts = 'OC000:3'")
	connect := func() *pgx.Conn {
		c, err := pgx.ConnectConfig(t.Context(), s.config(t, "app", login.token(t)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(context.Background()) })
		return c
	}
	a, b := connect(), connect()
	exec(t, admin, "INSERT INTO t VALUES (0)")
	fails(t, a, "40001", "INSERT INTO t VALUES (1)")
	fails(t, b, "40001", "INSERT INTO t VALUES (1)")
	fails(t, connect(), "40001", "INSERT INTO t VALUES (1)")
	exec(t, a, "INSERT INTO t VALUES (1)")
	exec(t, connect(), "INSERT INTO t VALUES (2)")
	exec(t, admin, "ALTER ROLE app SET zorya.inject_conflicts = 'OC001:1'")
	exec(t, a, "INSERT INTO t VALUES (3)") // as any setting of a role, from the next connection on
	fails(t, connect(), "40001", "INSERT INTO t VALUES (4)")
	exec(t, admin, "ALTER ROLE app SET zorya.inject_conflicts = 'OC001:1'")
	fails(t, connect(), "40001", "INSERT INTO t VALUES (4)")
	exec(t, admin, "ALTER ROLE app RESET zorya.inject_conflicts")
	exec(t, connect(), "INSERT INTO t VALUES (4)")
	want(t, admin, "SELECT string_agg(id::text, ',' ORDER BY id) FROM t", "0,1,2,3,4")
}

// TestMetrics: /metrics counts what happened.
func TestMetrics(t *testing.T) {
	s := start(t, func(c *node.Config) { c.HTTPAddr = "127.0.0.1:0" })
	a, b := s.connect(t), s.connect(t)
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t VALUES (1, 0)")
	waitJobs(t, a)
	before := s.metrics(t)
	race(t, a, b, "UPDATE t SET v = 1", "UPDATE t SET v = 2")
	race(t, a, b, "ALTER TABLE t ADD COLUMN w int", "UPDATE t SET v = 2")
	exec(t, a, "BEGIN", "UPDATE t SET v = 9", "ROLLBACK")
	after := s.metrics(t)
	id := `{cluster="` + s.ClusterID() + `"}`
	for name, more := range map[string]float64{
		"zorya_commits_total" + id: 2, "zorya_aborts_total" + id: 1, "zorya_commit_seconds_count" + id: 4, "zorya_journal_fsyncs_total" + id: 2,
		`zorya_conflicts_total{cluster="` + s.ClusterID() + `",code="OC000"}`: 1,
		`zorya_conflicts_total{cluster="` + s.ClusterID() + `",code="OC001"}`: 1,
		"zorya_commits_unknown_total" + id:                                    0, "zorya_sessions": 0,
	} {
		if _, ok := after[name]; !ok || after[name]-before[name] != more {
			t.Errorf("%s went from %g to %g, want %g more", name, before[name], after[name], more)
		}
	}
	if after["zorya_sessions"] != 2 || after["zorya_journal_bytes_total"+id] <= before["zorya_journal_bytes_total"+id] {
		t.Errorf("%g sessions, journal %g to %g", after["zorya_sessions"], before["zorya_journal_bytes_total"+id], after["zorya_journal_bytes_total"+id])
	}
}

// metrics reads /metrics.
func (s *server) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	res, err := http.Get("http://" + s.HTTPAddr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %s, %v\n%s", res.Status, err, text)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if f, err := strconv.ParseFloat(value, 64); ok && err == nil {
			values[name] = f
		}
	}
	return values
}
