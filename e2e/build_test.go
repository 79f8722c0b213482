package e2e

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// churn changes random rows of table t, hot ones more often, until ctx ends. Only
// conflicts may fail its statements; schema counts those because the schema changed.
func churn(ctx context.Context, c *pgx.Conn, seed uint64, schema *atomic.Int64) error {
	r := rand.New(rand.NewPCG(seed, seed))
	statements := []string{
		"UPDATE t SET a = a + $1 WHERE id = $2", "UPDATE t SET b = left(b || $1::int::text, 20) WHERE id = $2", "DELETE FROM t WHERE id = $2 AND $1 < 4",
		"INSERT INTO t VALUES ($2, $1, 'new') ON CONFLICT (id) DO UPDATE SET a = excluded.a", "UPDATE t SET id = id + 10000 * $1 WHERE id = $2 AND id < 2000",
	}
	for ctx.Err() == nil {
		id := r.IntN(2000)
		if r.IntN(2) == 0 {
			id = r.IntN(5)
		}
		_, err := c.Exec(context.Background(), statements[r.IntN(len(statements))], 1+r.IntN(9), id)
		var e *pgconn.PgError
		switch {
		case err == nil:
		case errors.As(err, &e) && e.Code == "40001":
			if strings.Contains(e.Message, "OC001") {
				schema.Add(1)
			}
		case errors.As(err, &e) && e.Code == "23505": // a moved row meets another
		default:
			return err
		}
	}
	return nil
}

// Indexes that are built while rows change agree with the table afterwards, and the
// builds stop nobody.
func TestBuildsUnderLoad(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text)", "INSERT INTO t SELECT g, g % 50, 'x' FROM generate_series(0, 1999) AS g")
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	var schema atomic.Int64
	for i := range 4 {
		w := s.connect(t)
		group.Go(func() error { return churn(ctx, w, uint64(i), &schema) })
	}
	for range 3 {
		var jobs []string
		for _, sql := range []string{"CREATE INDEX ASYNC t_a ON t (a)", "CREATE INDEX ASYNC t_ab ON t (a) INCLUDE (b)", "CREATE UNIQUE INDEX ASYNC t_u ON t (id, a)",
			"CREATE INDEX ASYNC t_p ON t (b) WHERE a > 20"} {
			jobs = append(jobs, define(t, c, sql))
		}
		for _, job := range jobs {
			want(t, c, "CALL sys.wait_for_job('"+job+"')", "t")
		}
		time.Sleep(50 * time.Millisecond)
		agree(t, c)
		for _, name := range []string{"t_a", "t_ab", "t_u", "t_p"} {
			define(t, c, "DROP INDEX "+name)
		}
	}
	stop()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	// Each writer meets each of the 24 changes of the schema at most once: creations,
	// fences of unique indexes, drops.
	if n := schema.Load(); n > 4*27 {
		t.Errorf("%d statements failed because of the schema", n)
	}
}

// define runs a statement of DDL, again when a job changed the table at the same time,
// and returns the value that it answers, if any.
func define(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	for {
		res, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
		var e *pgconn.PgError
		switch {
		case errors.As(err, &e) && e.Code == "40001":
			continue
		case err != nil:
			t.Fatalf("%s: %v", sql, err)
		case len(res[0].Rows) == 1:
			return string(res[0].Rows[0][0])
		}
		return ""
	}
}

// agree compares, in one snapshot, what each index gives with the whole table.
func agree(t *testing.T, c *pgx.Conn) {
	t.Helper()
	exec(t, c, "BEGIN")
	defer exec(t, c, "COMMIT")
	for _, q := range []string{
		"SELECT md5(string_agg(id || ':' || a, ',' ORDER BY id)) FROM t WHERE a >= -1000000",
		"SELECT md5(string_agg(a || coalesce(b, ''), ',' ORDER BY a, b)) FROM t WHERE a BETWEEN 3 AND 30",
		"SELECT md5(string_agg(id::text, ',' ORDER BY id)) FROM t WHERE a > 20 AND b >= ''",
	} {
		exec(t, c, "SET LOCAL enable_seqscan = on", "SET LOCAL enable_indexscan = off", "SET LOCAL enable_indexonlyscan = off")
		whole := one(t, c, q)
		exec(t, c, "SET LOCAL enable_seqscan = off", "SET LOCAL enable_indexscan = on", "SET LOCAL enable_indexonlyscan = on")
		if got := one(t, c, q); got != whole {
			t.Errorf("%s: by index %s, by table %s\n%s", q, got, whole, explain(t, c, q))
		}
	}
}

// A node that is stopped in the middle of a build goes on with it.
func TestBuildSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	s := startIn(t, dir)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text)")
	for from := 0; from < 30000; from += 3000 {
		if _, err := c.Exec(t.Context(), "INSERT INTO t SELECT g, g % 97, 'x' FROM generate_series($1::int, $1::int + 2999) AS g", from); err != nil {
			t.Fatal(err)
		}
	}
	job := one(t, c, "CREATE UNIQUE INDEX ASYNC t_u ON t (a, id)")
	c.Close(t.Context())
	s.stop(t)
	s = startIn(t, dir)
	c = s.connect(t)
	want(t, c, "CALL sys.wait_for_job('"+job+"')", "t")
	want(t, c, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_u'::regclass", "t")
	agree(t, c)
	fails(t, c, "23505", "INSERT INTO t VALUES (5, 5, 'again')")
}
