package e2e

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// sessions starts a node with a table of two accounts of 100 and opens n sessions.
func sessions(t *testing.T, n int) []*pgx.Conn {
	t.Helper()
	s := start(t)
	list := make([]*pgx.Conn, n)
	for i := range list {
		list[i] = s.connect(t)
	}
	exec(t, list[0], "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
		"INSERT INTO accounts VALUES (1, 100), (2, 100)")
	return list
}

// loses commits a session that must lose with 40001 and OC000.
func loses(t *testing.T, c *pgx.Conn) {
	t.Helper()
	e := fails(t, c, "40001", "COMMIT")
	if !strings.Contains(e.Message, "OC000") {
		t.Errorf("COMMIT: %q, want OC000", e.Message)
	}
}

func want(t *testing.T, c *pgx.Conn, sql, value string) {
	t.Helper()
	if got := one(t, c, sql); got != value {
		t.Errorf("%s = %s, want %s", sql, got, value)
	}
}

// Lost update (P4): of two that read a balance and write what they computed from
// it, the second to commit fails.
func TestLostUpdateIsPrevented(t *testing.T) {
	s := sessions(t, 2)
	for _, c := range s {
		exec(t, c, "BEGIN")
		want(t, c, "SELECT balance FROM accounts WHERE id = 1", "100")
	}
	exec(t, s[0], "UPDATE accounts SET balance = 110 WHERE id = 1", "COMMIT")
	exec(t, s[1], "UPDATE accounts SET balance = 120 WHERE id = 1")
	loses(t, s[1])
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 1", "110")
}

// Dirty read (G1a, G1b): what is not committed is seen by nobody.
func TestDirtyReadIsPrevented(t *testing.T) {
	s := sessions(t, 2)
	exec(t, s[0], "BEGIN", "UPDATE accounts SET balance = 0 WHERE id = 1")
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 1", "0")
	want(t, s[1], "SELECT balance FROM accounts WHERE id = 1", "100")
	exec(t, s[0], "ROLLBACK")
	want(t, s[1], "SELECT balance FROM accounts WHERE id = 1", "100")
}

// Read skew (A5A): a transaction sees both sides of a transfer or neither.
func TestReadSkewIsPrevented(t *testing.T) {
	s := sessions(t, 2)
	exec(t, s[0], "BEGIN")
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 1", "100")
	exec(t, s[1], "BEGIN", "UPDATE accounts SET balance = 50 WHERE id = 1", "UPDATE accounts SET balance = 150 WHERE id = 2", "COMMIT")
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 2", "100")
	exec(t, s[0], "COMMIT")
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 2", "150")
}

// Phantom (P3): a predicate gives the same rows throughout a transaction.
func TestPhantomIsPrevented(t *testing.T) {
	s := sessions(t, 2)
	exec(t, s[0], "BEGIN")
	want(t, s[0], "SELECT count(*) FROM accounts WHERE balance >= 100", "2")
	exec(t, s[1], "INSERT INTO accounts VALUES (3, 500)", "DELETE FROM accounts WHERE id = 2")
	want(t, s[0], "SELECT count(*) FROM accounts WHERE balance >= 100", "2")
	want(t, s[0], "SELECT string_agg(id::text, ',' ORDER BY id) FROM accounts", "1,2")
	exec(t, s[0], "COMMIT")
	want(t, s[0], "SELECT string_agg(id::text, ',' ORDER BY id) FROM accounts", "1,3")
}

// skew runs the two withdrawals of write skew (A5B): each reads both balances and
// takes from one of them. lock is appended to the reads.
func skew(t *testing.T, s []*pgx.Conn, lock string) {
	for i, c := range s[:2] {
		exec(t, c, "BEGIN")
		res, err := c.PgConn().Exec(t.Context(), "SELECT balance FROM accounts WHERE id IN (1, 2)"+lock).ReadAll()
		if err != nil || len(res[0].Rows) != 2 {
			t.Fatalf("read: %v", err)
		}
		exec(t, c, []string{"UPDATE accounts SET balance = balance - 150 WHERE id = 1", "UPDATE accounts SET balance = balance - 150 WHERE id = 2"}[i])
	}
	exec(t, s[0], "COMMIT")
}

// Write skew is what snapshot isolation permits, and the original too.
func TestWriteSkewOccurs(t *testing.T) {
	s := sessions(t, 2)
	skew(t, s, "")
	exec(t, s[1], "COMMIT")
	want(t, s[0], "SELECT sum(balance) FROM accounts", "-100")
}

// FOR UPDATE makes the reads of write skew conflict.
func TestForUpdatePreventsWriteSkew(t *testing.T) {
	s := sessions(t, 2)
	skew(t, s, " FOR UPDATE")
	loses(t, s[1])
	want(t, s[0], "SELECT sum(balance) FROM accounts", "50")
}

// A transaction whose catalog changed under it fails with OC001.
func TestSchemaChangeFailsWriters(t *testing.T) {
	s := sessions(t, 2)
	exec(t, s[0], "BEGIN", "UPDATE accounts SET balance = 1 WHERE id = 1")
	exec(t, s[1], "ALTER TABLE accounts ADD COLUMN note text")
	e := fails(t, s[0], "40001", "COMMIT")
	if !strings.Contains(e.Message, "OC001") {
		t.Errorf("COMMIT: %q, want OC001", e.Message)
	}
	want(t, s[0], "SELECT balance FROM accounts WHERE id = 1", "100")
}

// The first of two inserts of one key wins, at COMMIT or at once.
func TestInsertsOfOneKeyConflict(t *testing.T) {
	s := sessions(t, 2)
	for _, c := range s {
		exec(t, c, "BEGIN", "INSERT INTO accounts VALUES (7, 7)")
	}
	exec(t, s[0], "COMMIT")
	loses(t, s[1])
	fails(t, s[1], "23505", "INSERT INTO accounts VALUES (7, 7)")
}
