package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Advisory locks exclude sessions as PostgreSQL's do: shared or not, by bigint or by two
// integers, until they are unlocked as often as they were taken, or the transaction or
// the session ends.
func TestAdvisoryLocks(t *testing.T) {
	s := start(t, extended)
	a, b := s.connect(t), s.connect(t)
	is := func(c *pgx.Conn, query, want string) {
		t.Helper()
		if got := one(t, c, query); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	exec(t, a, "select pg_advisory_lock(1)", "select pg_advisory_lock(1)")
	is(b, "select pg_try_advisory_lock(1)::text", "false")
	is(b, "select pg_try_advisory_lock_shared(1)::text", "false")
	is(b, "select pg_try_advisory_lock(0, 1)::text", "true")
	is(b, "select pg_advisory_unlock(1)::text", "false")
	is(a, "select pg_advisory_unlock(1)::text", "true")
	is(b, "select pg_try_advisory_lock(1)::text", "false")
	is(a, "select pg_advisory_unlock(1)::text", "true")
	is(a, "select pg_advisory_unlock(1)::text", "false")
	is(b, "select pg_try_advisory_lock_shared(1)::text", "true")
	is(a, "select pg_try_advisory_xact_lock_shared(1)::text", "true")
	is(a, "select pg_try_advisory_xact_lock(1)::text", "false")
	exec(t, b, "select pg_advisory_unlock_all()", "begin", "select pg_advisory_xact_lock(2)")
	is(a, "select pg_try_advisory_lock(2)::text", "false")
	is(b, "select pg_advisory_unlock(2)::text", "false")
	exec(t, b, "rollback")
	is(a, "select pg_try_advisory_lock(2)::text", "true")

	// Who waits gets it, is cancelled, or is told that it would wait for ever.
	got := make(chan error, 1)
	go func() {
		_, err := b.Exec(context.Background(), "select pg_advisory_lock(2)")
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	exec(t, a, "select pg_advisory_unlock(2)")
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	exec(t, a, "set statement_timeout = 50")
	fails(t, a, "57014", "select pg_advisory_lock(2)")
	exec(t, a, "set statement_timeout = 0", "select pg_advisory_lock(3)")
	go func() {
		_, err := b.Exec(context.Background(), "select pg_advisory_lock(3)")
		got <- err
	}()
	time.Sleep(100 * time.Millisecond)
	fails(t, a, "40P01", "select pg_advisory_lock(2)")
	a.Close(t.Context())
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}
