package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/backup"
	"zorya/check"
	"zorya/node"
)

// sound is the verification of zorya restore.
func sound(t *testing.T) func(dir string) error {
	return func(dir string) error {
		r, err := check.Directory(t.Context(), dir, check.Options{})
		if err != nil {
			return err
		}
		if !r.Sound() {
			var out strings.Builder
			r.Print(&out)
			return errors.New(out.String())
		}
		return nil
	}
}

func restored(t *testing.T, archive []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := backup.Restore(bytes.NewReader(archive), dir, sound(t)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestBackupUnderLoad: backups of a bank that works hold all that was acknowledged
// before they began, no half of a transfer, and start as a cluster of their own.
func TestBackupUnderLoad(t *testing.T) {
	s := startIn(t, filepath.Join(t.TempDir(), strings.Repeat("long", 30))) // Too long for a socket's path.
	admin := s.connect(t)
	login := app(t, s, admin)
	exec(t, admin, "CREATE TABLE account (id int PRIMARY KEY, balance int)", "INSERT INTO account SELECT generate_series(1, 50), 100",
		"CREATE TABLE transfer (worker int, n int, note text UNIQUE, PRIMARY KEY (worker, n))",
		"GRANT SELECT ON account TO app", "CREATE SEQUENCE s CACHE 1", "SELECT nextval('s')", "CREATE INDEX ASYNC account_balance ON account (balance)")
	waitJobs(t, admin)
	const workers = 4
	var done [workers]atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for w := range workers {
		c := s.connect(t)
		running.Go(func() { transfers(ctx, c, w, &done[w]) })
	}
	var archives [][]byte
	var before [][workers]int64
	for range 5 {
		var acked [workers]int64
		for w := range workers {
			for have := done[w].Load(); done[w].Load() < have+20; {
				time.Sleep(time.Millisecond)
			}
			acked[w] = done[w].Load()
		}
		var b bytes.Buffer
		if err := node.Backup(t.Context(), &b, s.dir, ""); err != nil {
			t.Fatal(err)
		}
		archives, before = append(archives, b.Bytes()), append(before, acked)
	}
	stop()
	running.Wait()
	id := s.ClusterID()
	for i, archive := range archives {
		n := startIn(t, restored(t, archive))
		if n.ClusterID() != id {
			t.Errorf("cluster %s, was %s", n.ClusterID(), id)
		}
		c := n.connect(t)
		want(t, c, "SELECT sum(balance) FROM account", "5000")
		for w := range workers {
			var count, last int64
			if err := c.QueryRow(t.Context(), "SELECT count(*), max(n) FROM transfer WHERE worker = $1", w).Scan(&count, &last); err != nil {
				t.Fatal(err)
			}
			if count != last || count < before[i][w] {
				t.Errorf("backup %d has %d transfers of worker %d, up to %d; %d had been acknowledged", i, count, w, last, before[i][w])
			}
		}
		want(t, c, "SELECT nextval('s') > 1", "t")
		exec(t, c, "UPDATE account SET balance = balance + 1", "CREATE TABLE more (id int PRIMARY KEY)", "INSERT INTO more VALUES (1)")
		ready, err := pgx.ConnectConfig(t.Context(), n.config(t, "app", login.token(t)))
		if err != nil {
			t.Fatal(err)
		}
		want(t, ready, "SELECT sum(balance) FROM account", "5050")
		_ = ready.Close(t.Context())
		n.stop(t)
		n = startIn(t, n.dir)
		want(t, n.connect(t), "SELECT sum(balance) FROM account", "5050")
		n.stop(t)
		if err := sound(t)(n.dir); err != nil {
			t.Error(err)
		}
	}
}

// transfers moves money until ctx ends, and counts what was acknowledged.
func transfers(ctx context.Context, c *pgx.Conn, worker int, done *atomic.Int64) {
	for n := int64(1); ctx.Err() == nil; {
		from, to := 1+rand.IntN(50), 1+rand.IntN(50)
		sql := fmt.Sprintf(`BEGIN; UPDATE account SET balance = balance - 1 WHERE id = %d; UPDATE account SET balance = balance + 1 WHERE id = %d;
			INSERT INTO transfer VALUES (%d, %d, 'transfer %d of %d'); COMMIT`, from, to, worker, n, n, worker)
		_, err := c.PgConn().Exec(context.Background(), sql).ReadAll()
		var e *pgconn.PgError
		switch {
		case err == nil:
			done.Store(n)
			n++
		case errors.As(err, &e) && e.Code == "40001":
		default:
			panic(err)
		}
	}
}

// TestBackupIsRefused: a backup that is cut or changed anywhere is not restored, and
// neither is one onto something else; nothing is left behind.
func TestBackupIsRefused(t *testing.T) {
	s := start(t)
	exec(t, s.connect(t), "CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i")
	dir := s.dir
	var live, closed bytes.Buffer
	if err := node.Backup(t.Context(), &live, dir, s.ClusterID()); err != nil {
		t.Fatal(err)
	}
	if err := node.Backup(t.Context(), io.Discard, dir, "none"); err == nil || !strings.Contains(err.Error(), "is not here") {
		t.Errorf("a cluster that does not exist: %v", err)
	}
	s.stop(t)
	if err := node.Backup(t.Context(), &closed, dir, ""); err != nil {
		t.Fatal(err)
	}
	a, err := backup.Verify(bytes.NewReader(live.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := backup.Verify(&closed); err != nil || b.Keys != a.Keys || b.About.Record != a.About.Record {
		t.Errorf("of the closed directory: %+v, %v; of the server: %+v", b, err, a)
	}
	parent := t.TempDir()
	target := filepath.Join(parent, "new")
	refused := func(what string, archive []byte, says string) {
		t.Helper()
		_, err := backup.Restore(bytes.NewReader(archive), target, sound(t))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Fatalf("%s: %v, want %q", what, err, says)
		}
		if left, _ := os.ReadDir(parent); len(left) > 0 {
			t.Fatalf("%s: %s is left behind", what, left[0].Name())
		}
	}
	whole := live.Bytes()
	for i := range 60 {
		at := i * len(whole) / 60
		bad := bytes.Clone(whole)
		bad[at] ^= 1 << (i % 8)
		says := "damaged at offset"
		if at < 8 {
			says = "not a backup"
		}
		refused(fmt.Sprintf("a bit at %d of %d flipped", at, len(whole)), bad, says)
		refused(fmt.Sprintf("cut at %d of %d", at, len(whole)), whole[:at], "it is cut short")
	}
	refused("more at the end", append(bytes.Clone(whole), 0), "more behind its end")
	if err := os.MkdirAll(filepath.Join(target, "something"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(bytes.NewReader(whole), target, sound(t)); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("onto a directory that is not empty: %v", err)
	}
	if err := os.Remove(filepath.Join(target, "something")); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(bytes.NewReader(whole), target, sound(t)); err != nil {
		t.Errorf("into an empty directory: %v", err)
	}
	n := startIn(t, target)
	want(t, n.connect(t), "SELECT count(*) FROM t WHERE v = repeat('x', 100)", "1000")
}

// TestBackupDuringIndexBuild: the build goes on where the backup was made of it.
func TestBackupDuringIndexBuild(t *testing.T) {
	s := start(t, extended)
	c := s.connect(t)
	for _, sql := range []string{"CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t SELECT i, i % 1000 FROM generate_series(1, 30000) i",
		"CREATE TABLE dropped (id int PRIMARY KEY)", "INSERT INTO dropped SELECT generate_series(1, 100)", "CREATE INDEX ASYNC t_v ON t (v)",
		"DROP TABLE dropped", "CREATE UNIQUE INDEX ASYNC t_id ON t (id, v)"} {
		for !ran(t, c, sql) { // Builds change the schema meanwhile.
		}
	}
	var archive bytes.Buffer
	if err := node.Backup(t.Context(), &archive, s.dir, ""); err != nil {
		t.Fatal(err)
	}
	n := startIn(t, restored(t, archive.Bytes()), extended)
	c = n.connect(t)
	for one(t, c, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid") != "3" {
		time.Sleep(20 * time.Millisecond)
	}
	exec(t, c, "SET enable_seqscan = off")
	want(t, c, "SELECT count(*) FROM t WHERE v = 7", "30")
	exec(t, c, "UPDATE t SET v = v + 1 WHERE id <= 1000")
	n.stop(t)
	if err := sound(t)(n.dir); err != nil {
		t.Error(err)
	}
}
