package e2e

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// The Hermitage list (Martin Kleppmann, 2014): the anomalies of Adya's thesis as
// sessions of SQL. Snapshot isolation forbids all but G2; of conflicting writers the
// first to commit wins.

// hermitage starts n sessions inside a transaction each, over rows (1, 10) and (2, 20).
func hermitage(t *testing.T, n int) []*pgx.Conn {
	t.Helper()
	s := start(t)
	list := make([]*pgx.Conn, n)
	for i := range list {
		list[i] = s.connect(t)
		if i == 0 {
			exec(t, list[0], "CREATE TABLE test (id int PRIMARY KEY, value int)", "INSERT INTO test VALUES (1, 10), (2, 20)")
		}
	}
	for _, c := range list {
		exec(t, c, "BEGIN")
		want(t, c, "SELECT count(*) FROM test", "2") // the snapshot is taken now
	}
	return list
}

const all = "SELECT string_agg(id || '=' || value, ',' ORDER BY id) FROM test"

// Write cycles: the writes of two transactions do not mix.
func TestHermitageG0(t *testing.T) {
	s := hermitage(t, 2)
	exec(t, s[0], "UPDATE test SET value = 11 WHERE id = 1")
	exec(t, s[1], "UPDATE test SET value = 12 WHERE id = 1")
	exec(t, s[0], "UPDATE test SET value = 21 WHERE id = 2", "COMMIT")
	exec(t, s[1], "UPDATE test SET value = 22 WHERE id = 2")
	loses(t, s[1])
	want(t, s[0], all, "1=11,2=21")
}

// Aborted reads.
func TestHermitageG1a(t *testing.T) {
	s := hermitage(t, 2)
	exec(t, s[0], "UPDATE test SET value = 101 WHERE id = 1")
	want(t, s[1], all, "1=10,2=20")
	exec(t, s[0], "ROLLBACK")
	want(t, s[1], all, "1=10,2=20")
}

// Intermediate reads.
func TestHermitageG1b(t *testing.T) {
	s := hermitage(t, 2)
	exec(t, s[0], "UPDATE test SET value = 101 WHERE id = 1")
	want(t, s[1], all, "1=10,2=20")
	exec(t, s[0], "UPDATE test SET value = 11 WHERE id = 1", "COMMIT")
	want(t, s[1], all, "1=10,2=20")
	exec(t, s[1], "COMMIT")
	want(t, s[1], all, "1=11,2=20")
}

// Circular information flow: neither sees what the other wrote.
func TestHermitageG1c(t *testing.T) {
	s := hermitage(t, 2)
	exec(t, s[0], "UPDATE test SET value = 11 WHERE id = 1")
	exec(t, s[1], "UPDATE test SET value = 22 WHERE id = 2")
	want(t, s[0], "SELECT value FROM test WHERE id = 2", "20")
	want(t, s[1], "SELECT value FROM test WHERE id = 1", "10")
	exec(t, s[0], "COMMIT")
	exec(t, s[1], "COMMIT")
}

// Observed transaction vanishes.
func TestHermitageOTV(t *testing.T) {
	s := hermitage(t, 3)
	exec(t, s[0], "UPDATE test SET value = 11 WHERE id = 1", "UPDATE test SET value = 19 WHERE id = 2")
	exec(t, s[1], "UPDATE test SET value = 12 WHERE id = 1")
	exec(t, s[0], "COMMIT")
	want(t, s[2], "SELECT value FROM test WHERE id = 1", "10")
	exec(t, s[1], "UPDATE test SET value = 18 WHERE id = 2")
	want(t, s[2], "SELECT value FROM test WHERE id = 2", "20")
	loses(t, s[1])
	want(t, s[2], all, "1=10,2=20")
}

// Predicate-many-preceders, on reads.
func TestHermitagePMP(t *testing.T) {
	s := hermitage(t, 2)
	want(t, s[0], "SELECT count(*) FROM test WHERE value = 30", "0")
	exec(t, s[1], "INSERT INTO test VALUES (3, 30)", "COMMIT")
	want(t, s[0], "SELECT count(*) FROM test WHERE value % 3 = 0", "0")
}

// Predicate-many-preceders, on writes: the second transaction deletes what its
// snapshot has, and loses since that was changed.
func TestHermitagePMPOnWrites(t *testing.T) {
	s := hermitage(t, 2)
	exec(t, s[0], "UPDATE test SET value = value + 10")
	exec(t, s[1], "DELETE FROM test WHERE value = 20")
	exec(t, s[0], "COMMIT")
	loses(t, s[1])
	want(t, s[0], all, "1=20,2=30")
}

// Lost update.
func TestHermitageP4(t *testing.T) {
	s := hermitage(t, 2)
	for i, c := range s {
		want(t, c, "SELECT value FROM test WHERE id = 1", "10")
		exec(t, c, []string{"UPDATE test SET value = 11 WHERE id = 1", "UPDATE test SET value = 11 WHERE id = 1"}[i])
	}
	exec(t, s[0], "COMMIT")
	loses(t, s[1]) // though both wrote the same value
}

// Read skew, and read skew by predicates.
func TestHermitageGSingle(t *testing.T) {
	s := hermitage(t, 2)
	want(t, s[0], "SELECT value FROM test WHERE id = 1", "10")
	exec(t, s[1], "UPDATE test SET value = 12 WHERE id = 1", "UPDATE test SET value = 18 WHERE id = 2", "COMMIT")
	want(t, s[0], "SELECT value FROM test WHERE id = 2", "20")
	want(t, s[0], "SELECT count(*) FROM test WHERE value % 5 = 0", "2")
	want(t, s[0], "SELECT count(*) FROM test WHERE value % 3 = 0", "0")
}

// Read skew on writes: who read the old state cannot delete by it.
func TestHermitageGSingleOnWrites(t *testing.T) {
	s := hermitage(t, 2)
	want(t, s[0], "SELECT value FROM test WHERE id = 1", "10")
	exec(t, s[1], "UPDATE test SET value = 12 WHERE id = 1", "UPDATE test SET value = 18 WHERE id = 2", "COMMIT")
	exec(t, s[0], "DELETE FROM test WHERE value = 20")
	loses(t, s[0])
	want(t, s[1], all, "1=12,2=18")
}

// Write skew on rows (G2-item) and on predicates (G2) is what snapshot isolation
// lets happen.
func TestHermitageG2Occurs(t *testing.T) {
	s := hermitage(t, 2)
	for i, c := range s {
		want(t, c, "SELECT sum(value) FROM test WHERE id IN (1, 2)", "30")
		exec(t, c, []string{"UPDATE test SET value = 11 WHERE id = 1", "UPDATE test SET value = 21 WHERE id = 2"}[i])
	}
	exec(t, s[0], "COMMIT")
	exec(t, s[1], "COMMIT")
	for i, c := range s {
		exec(t, c, "BEGIN")
		want(t, c, "SELECT count(*) FROM test WHERE value % 3 = 0 AND id > 2", "0")
		exec(t, c, []string{"INSERT INTO test VALUES (3, 30)", "INSERT INTO test VALUES (4, 42)"}[i])
	}
	exec(t, s[0], "COMMIT")
	exec(t, s[1], "COMMIT")
	want(t, s[0], all, "1=11,2=21,3=30,4=42")
}

// A reader that began before two writers, of which one saw the other's commit, sees
// neither (G2 with two edges).
func TestHermitageTwoEdges(t *testing.T) {
	s := hermitage(t, 3)
	want(t, s[0], all, "1=10,2=20")
	exec(t, s[1], "UPDATE test SET value = value + 5 WHERE id = 2", "COMMIT")
	exec(t, s[2], "COMMIT", "BEGIN")
	want(t, s[2], all, "1=10,2=25")
	exec(t, s[2], "COMMIT")
	exec(t, s[0], "UPDATE test SET value = 0 WHERE id = 1", "COMMIT")
	want(t, s[0], all, "1=0,2=25")
}

// An update that leaves a row as it is conflicts like any other; one of no row, and
// reads, conflict with nobody.
func TestUpdatesThatChangeNothing(t *testing.T) {
	s := hermitage(t, 3)
	exec(t, s[0], "UPDATE test SET value = value WHERE id = 1")
	exec(t, s[1], "UPDATE test SET value = value WHERE id = 1")
	exec(t, s[2], "UPDATE test SET value = 0 WHERE id = 99", "SELECT * FROM test")
	exec(t, s[0], "COMMIT")
	exec(t, s[2], "COMMIT")
	loses(t, s[1])
}
