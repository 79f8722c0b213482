package cluster

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

// two returns a cluster with a = b = "0", and two transactions that begin together.
func two(t *testing.T) (c *Cluster, t1, t2 *txn.Txn) {
	c = open(t, "/c", Options{FS: vfs.NewMem(), Limits: txn.DSQLLimits})
	t.Cleanup(func() { _ = c.Close() })
	tx := begin(c, txn.Options{})
	set(tx, "a", "0")
	set(tx, "b", "0")
	want(t, commit(tx), "")
	return c, begin(c, txn.Options{}), begin(c, txn.Options{})
}

func set(tx *txn.Txn, key, value string) {
	_ = tx.Put(kv.Key("\x10"+key), []byte(value), kv.Update)
}

func get(t *testing.T, tx *txn.Txn, key string) string {
	t.Helper()
	v, ok, err := tx.Get(ctx, kv.Key("\x10"+key))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "nothing"
	}
	return string(v.Bytes)
}

// want fails unless err has the SQLSTATE; "" for success.
func want(t *testing.T, err error, code string) {
	t.Helper()
	if pgerr.Code(err) != code {
		t.Fatalf("got %v, want %q", err, code)
	}
}

// count returns how many keys a transaction sees.
func count(t *testing.T, tx *txn.Txn) (n int) {
	t.Helper()
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key("\x10")), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		n++
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return n
}

func TestLostUpdateIsPrevented(t *testing.T) {
	c, t1, t2 := two(t)
	set(t1, "a", get(t, t1, "a")+"1")
	set(t2, "a", get(t, t2, "a")+"2")
	want(t, commit(t2), "")
	want(t, commit(t1), "40001")
	if v := get(t, begin(c, txn.Options{}), "a"); v != "02" {
		t.Fatalf("a is %q", v)
	}
}

func TestDirtyReadIsPrevented(t *testing.T) {
	_, t1, t2 := two(t)
	set(t1, "a", "dirty")
	if v := get(t, t2, "a"); v != "0" {
		t.Fatalf("a is %q", v)
	}
	t1.Rollback()
	if v := get(t, t2, "a"); v != "0" {
		t.Fatalf("a is %q", v)
	}
}

func TestReadSkewIsPrevented(t *testing.T) {
	_, t1, t2 := two(t)
	first := get(t, t1, "a")
	set(t2, "a", "1")
	set(t2, "b", "1")
	want(t, commit(t2), "")
	if second := get(t, t1, "b"); first != "0" || second != "0" {
		t.Fatalf("a is %q, b is %q", first, second)
	}
}

func TestPhantomIsPrevented(t *testing.T) {
	c, t1, t2 := two(t)
	before := count(t, t1)
	set(t2, "aa", "new")
	_ = t2.Delete(kv.Key("\x10b"), kv.Exclusive)
	set(t2, "c", "new")
	want(t, commit(t2), "")
	if after := count(t, t1); before != 2 || after != 2 || get(t, t1, "aa") != "nothing" || get(t, t1, "b") != "0" {
		t.Fatalf("%d keys, then %d", before, after)
	}
	if n := count(t, begin(c, txn.Options{})); n != 3 {
		t.Fatalf("%d keys afterwards", n)
	}
}

func TestOwnWritesAreSeenByLaterStatements(t *testing.T) {
	_, t1, _ := two(t)
	set(t1, "a", "mine")
	if v := get(t, t1, "a"); v != "0" {
		t.Fatalf("the statement sees its own write: %q", v)
	}
	t1.Step()
	if v := get(t, t1, "a"); v != "mine" {
		t.Fatalf("a is %q", v)
	}
}

// TestWriteSkewOccurs: snapshot isolation allows it, as PostgreSQL's REPEATABLE
// READ does.
func TestWriteSkewOccurs(t *testing.T) {
	c, t1, t2 := two(t)
	set(t1, "a", get(t, t1, "b")+"1")
	set(t2, "b", get(t, t2, "a")+"2")
	want(t, commit(t1), "")
	want(t, commit(t2), "")
	after := begin(c, txn.Options{})
	if a, b := get(t, after, "a"), get(t, after, "b"); a != "01" || b != "02" {
		t.Fatalf("a is %q, b is %q", a, b)
	}
}

// TestForUpdatePreventsWriteSkew: locking what was read makes it a conflict.
func TestForUpdatePreventsWriteSkew(t *testing.T) {
	_, t1, t2 := two(t)
	set(t1, "a", get(t, t1, "b")+"1")
	want(t, t1.Lock(kv.Key("\x10b"), kv.Exclusive), "")
	set(t2, "b", get(t, t2, "a")+"2")
	want(t, t2.Lock(kv.Key("\x10a"), kv.Exclusive), "")
	want(t, commit(t1), "")
	want(t, commit(t2), "40001")
}

// TestLockAloneIsRemembered: a transaction that only locks is a rival too.
func TestLockAloneIsRemembered(t *testing.T) {
	_, t1, t2 := two(t)
	want(t, t1.Lock(kv.Key("\x10a"), kv.Exclusive), "")
	want(t, commit(t1), "")
	set(t2, "a", "1")
	want(t, commit(t2), "40001")
}

// TestStrengths: key updates stop foreign key checks, other updates don't.
func TestStrengths(t *testing.T) {
	for _, c := range []struct {
		first, second kv.Strength
		code          string
	}{
		{kv.Update, kv.Share, ""}, {kv.Share, kv.Update, ""}, {kv.Share, kv.Share, ""},
		{kv.Exclusive, kv.Share, "40001"}, {kv.Share, kv.Exclusive, "40001"}, {kv.Update, kv.Update, "40001"},
	} {
		_, t1, t2 := two(t)
		_ = t1.Lock(kv.Key("\x10a"), c.first)
		_ = t2.Lock(kv.Key("\x10a"), c.second)
		want(t, commit(t1), "")
		want(t, commit(t2), c.code)
	}
}

// TestReaderSeesWhatWasAcknowledged: a transaction that begins after a commit
// was answered reads it.
func TestReaderSeesWhatWasAcknowledged(t *testing.T) {
	c, _, _ := two(t)
	for i := range 200 {
		tx := begin(c, txn.Options{})
		set(tx, "a", string(rune('A'+i)))
		at, err := tx.Commit(ctx)
		want(t, err, "")
		after := begin(c, txn.Options{ReadOnly: true})
		if v := get(t, after, "a"); v != string(rune('A'+i)) || after.ReadPoint().Time < at {
			t.Fatalf("after commit %d: %q at %d", i, v, after.ReadPoint().Time)
		}
	}
}

// TestSchemaChange: DML that relied on a descriptor gets OC001 once it has
// changed, and never stands in the way of the change.
func TestSchemaChange(t *testing.T) {
	c, t1, t2 := two(t)
	descriptor := kv.Key{kv.Descriptors, 1}
	version := c.ReadPoint().Catalog
	early := begin(c, txn.Options{})
	early.Reference(descriptor)
	set(early, "b", "1")
	want(t, commit(early), "")
	_ = t1.Put(descriptor, []byte("new"), kv.Exclusive)
	want(t, commit(t1), "")
	set(t2, "a", "1")
	t2.Reference(descriptor)
	err := commit(t2)
	want(t, err, "40001")
	if pgerr.As(err).Message != "schema has been updated by another transaction (OC001)" {
		t.Fatal(err)
	}
	if now := c.ReadPoint(); now.Catalog == version || now.Catalog != now.Time {
		t.Fatalf("catalog version %d at %d, was %d", now.Catalog, now.Time, version)
	}
}
