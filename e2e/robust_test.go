package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// alive checks that a connection answers.
func alive(t testing.TB, c *pgx.Conn, when string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var n int
	if err := c.QueryRow(ctx, "SELECT 1").Scan(&n); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}

func (s *server) raw(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.PgAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestGarbageHarmsNobody(t *testing.T) {
	s := start(t)
	good := s.connect(t)
	noise := make([]byte, 4096)
	for range 50 {
		rand.Read(noise)
		c := s.raw(t)
		c.Write(noise)
		c.Close()
		alive(t, good, "after garbage")
	}
	for name, b := range map[string][]byte{
		"huge start-up packet": {0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0},
		"negative length":      {0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0},
		"zero length":          {0, 0, 0, 0},
		"http":                 []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"half a packet":        {0, 0},
	} {
		c := s.raw(t)
		c.Write(b)
		alive(t, good, name)
		if name == "half a packet" {
			continue // the server waits for the rest
		}
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, net.ErrClosed) && !isReset(err) {
			t.Errorf("%s: connection is not closed: %v", name, err)
		}
	}
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}

// Messages that break the protocol end their own connection, with 08P01.
func TestBrokenMessagesEndTheirConnection(t *testing.T) {
	s := start(t)
	good := s.connect(t)
	for name, msg := range map[string][]byte{
		"unknown message":   {'!', 0, 0, 0, 4},
		"oversized message": append([]byte{'Q'}, binary.BigEndian.AppendUint32(nil, 11<<20)...),
		"negative length":   {'Q', 0xff, 0xff, 0xff, 0xff},
	} {
		c, err := pgconn.ConnectConfig(t.Context(), &s.config(t, "admin", s.admin().token(t)).Config)
		if err != nil {
			t.Fatal(err)
		}
		hijacked, err := c.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		defer hijacked.Conn.Close()
		hijacked.Conn.Write(msg)
		hijacked.Conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer, _ := io.ReadAll(hijacked.Conn)
		if !bytes.Contains(answer, []byte("08P01")) {
			t.Errorf("%s: answer %q, want 08P01", name, answer)
		}
		alive(t, good, name)
	}
}

// A statement error leaves the session as it was, whatever protocol it came by.
func TestErrorsLoseNothing(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY)")
	fails(t, c, "42601", "SELEC 1")
	fails(t, c, "42P01", "SELECT * FROM nowhere")
	fails(t, c, "22012", "SELECT 1/0")
	if _, err := c.Exec(t.Context(), "SELECT $1::int", "x"); err == nil {
		t.Error("a parameter that is no number was taken")
	}
	exec(t, c, "BEGIN", "INSERT INTO t VALUES (1)")
	fails(t, c, "22012", "SELECT 1/0")
	fails(t, c, "25P02", "SELECT 1")
	exec(t, c, "ROLLBACK")
	want(t, c, "SELECT count(*) FROM t", "0")
}

// A batch of pipelined statements with an error in the middle: what came before it
// in the same implicit transaction is undone, what follows Sync goes on.
func TestPipelineRecoversAtSync(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	exec(t, c, "CREATE TABLE t (id int PRIMARY KEY)")
	b := &pgx.Batch{}
	b.Queue("INSERT INTO t VALUES (1)")
	b.Queue("SELECT 1/$1::int", 0)
	b.Queue("INSERT INTO t VALUES (2)")
	if err := c.SendBatch(t.Context(), b).Close(); err == nil {
		t.Fatal("the batch succeeded")
	}
	want(t, c, "SELECT count(*) FROM t", "0")
}

// A client that asks for much and reads nothing holds up nobody.
func TestClientThatStopsReading(t *testing.T) {
	s := start(t)
	good := s.connect(t)
	stuck, err := pgconn.ConnectConfig(t.Context(), &s.config(t, "admin", s.admin().token(t)).Config)
	if err != nil {
		t.Fatal(err)
	}
	hijacked, err := stuck.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	defer hijacked.Conn.Close()
	sql := "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)\x00"
	hijacked.Conn.Write(append(binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(len(sql)+4)), sql...))
	for range 20 {
		alive(t, good, "beside a client that does not read")
		time.Sleep(20 * time.Millisecond)
	}
}

func TestCancel(t *testing.T) {
	s := start(t)
	c := s.connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := c.PgConn().Exec(ctx, "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b").ReadAll()
		done <- err
	}()
	time.Sleep(300 * time.Millisecond)
	if err := c.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		wantCode(t, err, "57014", "canceled query")
	case <-time.After(20 * time.Second):
		cancel()
		t.Fatal("the query goes on")
	}
	cancel()
	alive(t, c, "after a cancel")
}

// Plain text is refused unless the server allows it.
func TestPlaintextIsRefused(t *testing.T) {
	s := start(t)
	cfg := s.config(t, "admin", s.admin().token(t))
	cfg.TLSConfig = nil
	if _, err := pgx.ConnectConfig(t.Context(), cfg); err == nil {
		t.Error("a connection without TLS was let in")
	}
}

// Thousands of connections that do nothing cost nobody much.
func TestIdleConnections(t *testing.T) {
	n := 5000
	if testing.Short() {
		n = 200
	}
	raiseFileLimit(t, uint64(2*n+1000))
	s := start(t)
	good := s.connect(t)
	cfg := s.config(t, "admin", s.admin().token(t))
	idle := make([]*pgconn.PgConn, n)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range idle {
		group.Go(func() (err error) {
			idle[i], err = pgconn.ConnectConfig(t.Context(), &cfg.Config)
			return err
		})
	}
	err := group.Wait()
	defer func() {
		for _, c := range idle {
			if c != nil {
				c.Conn().Close()
			}
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		alive(t, good, "beside idle connections")
	}
	if got := one(t, good, "SELECT 1"); got != "1" {
		t.Error(got)
	}
}

// raiseFileLimit lets the process open that many files.
func raiseFileLimit(t *testing.T, n uint64) {
	t.Helper()
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	if lim.Cur < n {
		lim.Cur = min(n, lim.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
	}
	if lim.Cur < n {
		t.Skipf("%d files may be open, %d are needed", lim.Cur, n)
	}
}
