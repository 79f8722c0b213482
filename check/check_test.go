package check_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/check"
	"zorya/cluster"
	"zorya/iam"
	"zorya/kv"
	"zorya/node"
	"zorya/sql/catalog"
	"zorya/sql/pgcatalog"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// schema has every kind of key, index and constraint.
const schema = `
CREATE TABLE parent (id int PRIMARY KEY, code text NOT NULL UNIQUE, v numeric(10,2));
CREATE TABLE child (a int, b text, p int REFERENCES parent, c text REFERENCES parent (code), d float8, PRIMARY KEY (b, a));
CREATE TABLE heap (x int, y text);
CREATE TABLE dropped (id int PRIMARY KEY);
INSERT INTO dropped SELECT generate_series(1, 20);
INSERT INTO parent SELECT i, 'c' || i, i / 7.0 FROM generate_series(1, 200) i;
INSERT INTO child SELECT i, 'b' || i % 3, CASE WHEN i % 5 > 0 THEN i END, 'c' || i, i / 3.0 FROM generate_series(1, 200) i;
INSERT INTO heap SELECT i % 10, repeat('y', i) FROM generate_series(1, 100) i;
CREATE INDEX ASYNC child_d ON child (d, p) INCLUDE (c);
CREATE INDEX ASYNC child_half ON child (a) WHERE a % 2 = 0;
CREATE INDEX ASYNC child_upper ON child (upper(b), (a + 1));
CREATE INDEX ASYNC heap_x ON heap (x NULLS FIRST);
UPDATE child SET d = d + 1 WHERE a % 4 = 0;
DELETE FROM child WHERE a % 7 = 0;
UPDATE heap SET x = NULL WHERE x = 3;
DROP TABLE dropped;
CREATE SEQUENCE s CACHE 1;
SELECT nextval('s');
CREATE ROLE app WITH LOGIN`

// made runs the schema on a new data directory and closes it.
func made(t *testing.T) (dir, cluster string) {
	t.Helper()
	dir = t.TempDir()
	n, err := node.Start(t.Context(), node.Config{Dir: dir, PgAddr: "127.0.0.1:0", Plaintext: true, Profile: "extended", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, dir, n)
	for sql := range strings.SplitSeq(schema, ";\n") {
		_, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
		for pgErr := new(pgconn.PgError); errors.As(err, &pgErr) && pgErr.Code == "40001"; { // An index build changes the schema.
			_, err = c.PgConn().Exec(t.Context(), sql).ReadAll()
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for {
		var open int
		if err := c.QueryRow(t.Context(), "SELECT count(*) FROM sys.jobs WHERE job_type <> 'DROP' AND status IN ('submitted', 'processing')").Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = c.Close(t.Context())
	cluster = filepath.Join(dir, "clusters", n.ClusterID())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := check.Directory(t.Context(), dir, check.Options{}); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("check beside a server: %v", err)
	}
	if _, err := check.Directory(t.Context(), cluster, check.Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("check of a cluster beside a server: %v", err)
	}
	if err := n.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return dir, cluster
}

func TestSoundDirectory(t *testing.T) {
	dir, _ := made(t)
	r, err := check.Directory(t.Context(), dir, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.Print(&out)
	if !r.Sound() || !strings.HasSuffix(out.String(), "is sound\n") {
		t.Fatalf("%s", out.String())
	}
	// 200 parents, 172 children, 100 rows in the heap.
	n := r.Clusters[0].Content
	if n.Rows != 472 || n.Tables != 3 || n.Purging != 20 || n.Entries != 200+172+86+172+100 {
		t.Errorf("%+v", n)
	}
	if r.Clusters[0].Storage.Blocks == 0 || r.Clusters[0].Journal.Segments == 0 {
		t.Errorf("%+v", r.Clusters[0])
	}
}

// TestFindings: what breaks the rules of the database is found, by table, index and
// key. The changes are made below SQL, with checksums that are right.
func TestFindings(t *testing.T) {
	_, dir := made(t)
	for _, x := range []struct {
		name   string
		change func(tx *txn.Txn, snap *catalog.Snapshot) error
		want   []string
	}{
		{"an entry is missing", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			return tx.Delete(first(t, tx, snap, "child_d"), kv.None)
		},
			[]string{`table "public.child", primary key "child_pkey", key (b, a)=(b1, 1): the row has no entry in index "child_d"`}},
		{"a row is missing", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			return tx.Delete(first(t, tx, snap, "child_pkey"), kv.None)
		},
			[]string{`key (b, a)=(b0, 3): index "child_d" has an entry of this row, which does not exist`,
				`key (b, a)=(b0, 3): index "child_upper" has an entry of this row, which does not exist`}},
		{"an entry differs", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			return tx.Put(first(t, tx, snap, "child_d"), []byte{1, 2, 3}, kv.None)
		},
			[]string{`its entry in index "child_d" differs from the row`}},
		{"a unique entry of another row", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			other := first(t, tx, snap, "parent_pkey") // id 1, made 2
			other[len(other)-1]++
			return tx.Put(first(t, tx, snap, "parent_code_key"), append([]byte{9}, other[5:]...), kv.None)
		}, []string{`another row has the same key in unique index "parent_code_key": table "public.parent", unique constraint "parent_code_key", key (code)=(c1)`}},
		{"a parent is missing", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			p := first(t, tx, snap, "parent_pkey")
			if err := tx.Delete(p, kv.None); err != nil {
				return err
			}
			return tx.Delete(first(t, tx, snap, "parent_code_key"), kv.None)
		}, []string{`key (b, a)=(b1, 1): foreign key "child_p_fkey" refers to a row that does not exist`, `foreign key "child_c_fkey" refers to`}},
		{"a row is not a row", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			return tx.Put(first(t, tx, snap, "parent_pkey"), []byte("nonsense"), kv.None)
		}, []string{`table "public.parent", primary key "parent_pkey", key (id)=(1): the row cannot be decoded`}},
		{"a value is NULL", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			tab := snap.Index(index(t, snap, "parent_pkey")).Table
			key := first(t, tx, snap, "parent_pkey")
			row, err := get(tx, snap, tab, key)
			if err != nil {
				return err
			}
			return tx.Put(key, row, kv.None)
		}, []string{`key (id)=(1): column "code" is NULL`}},
		{"a descriptor is not one", func(tx *txn.Txn, snap *catalog.Snapshot) error {
			return tx.Put(catalog.KeyOf(snap.Table(snap.Index(index(t, snap, "child_pkey")).Table)), []byte("\x01{nonsense"), kv.None)
		}, []string{"the descriptor cannot be read"}},
		{"a stray key", func(tx *txn.Txn, _ *catalog.Snapshot) error {
			return tx.Put(kv.Key{kv.Data, 0, 99, 99, 99, 1}, []byte("x"), kv.None)
		}, []string{"key 100063636301: the key belongs to no table"}},
		{"a key of no namespace", func(tx *txn.Txn, _ *catalog.Snapshot) error { return tx.Put(kv.Key{0x77, 1}, []byte("x"), kv.None) },
			[]string{"key 7701: the key is of no namespace"}},
	} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		below(t, copied, x.change)
		r, err := check.Directory(t.Context(), copied, check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		r.Print(&out)
		for _, w := range x.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: found\n%swant %s", x.name, out.String(), w)
			}
		}
	}
}

// below changes a closed cluster below SQL.
func below(t *testing.T, dir string, change func(*txn.Txn, *catalog.Snapshot) error) {
	t.Helper()
	c, err := cluster.Open(dir, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tx, err := c.DB().Begin(t.Context(), txn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := catalog.NewCache(pgcatalog.Tables()).At(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if err := change(tx, snap); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// first is the first key of an index.
func first(t *testing.T, tx *txn.Txn, snap *catalog.Snapshot, name string) kv.Key {
	t.Helper()
	it := tx.Scan(t.Context(), kv.PrefixSpan(tuple.Prefix(snap.Index(index(t, snap, name)))), txn.ScanOptions{})
	defer it.Close()
	if !it.Next() {
		t.Fatalf("index %s is empty: %v", name, it.Err())
	}
	return append(kv.Key(nil), it.Key()...)
}

// index finds an index by its name.
func index(t *testing.T, snap *catalog.Snapshot, name string) (oid types.OID) {
	t.Helper()
	for _, tab := range snap.Tables() {
		for _, i := range tab.AllIndexes() {
			if i.Name == name {
				return i.OID
			}
		}
	}
	t.Fatalf("no index %s", name)
	return 0
}

// get returns a stored row of parent with NULL for its code.
func get(tx *txn.Txn, snap *catalog.Snapshot, table types.OID, key kv.Key) ([]byte, error) {
	t := snap.Table(table)
	v, _, err := tx.Get(context.Background(), key)
	if err != nil {
		return nil, err
	}
	row, err := tuple.DecodeRow(t, key, v.Bytes)
	if err != nil {
		return nil, err
	}
	row[1] = types.Null
	return tuple.EncodeRow(t, row), nil
}

// dial connects as admin.
func dial(t *testing.T, dir string, n *node.Node) *pgx.Conn {
	t.Helper()
	ids, err := iam.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ids.RootKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=admin dbname=postgres sslmode=disable", n.PgAddr().Port))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = iam.Sign(key, "localhost", node.DefaultRegion, iam.ConnectAdmin, time.Minute, time.Now())
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
