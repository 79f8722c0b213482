package e2e

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// encode is messages as a client sends them.
func encode(t testing.TB, messages ...pgproto3.FrontendMessage) (out []byte) {
	t.Helper()
	for _, m := range messages {
		b, err := m.Encode(out)
		if err != nil {
			t.Fatal(err)
		}
		out = b
	}
	return out
}

// FuzzMessages: whatever bytes come after the start of a connection, they are no
// internal error, the server lets the connection go once the client has, and others
// are served as before.
func FuzzMessages(f *testing.F) {
	s := start(f)
	good := s.connect(f)
	exec(f, good, "create table t (id int primary key, v text)")
	cfg := s.config(f, "admin", s.admin().token(f)).Config
	f.Add(encode(f, &pgproto3.Query{String: "select 1; begin; insert into t values (1, 'a'); rollback"}))
	f.Add(encode(f, &pgproto3.Parse{Name: "s", Query: "select $1::int, $2::text", ParameterOIDs: []uint32{23, 25}},
		&pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s", ParameterFormatCodes: []int16{1, 0}, Parameters: [][]byte{{0, 0, 0, 7}, nil}, ResultFormatCodes: []int16{1}},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"}, &pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, &pgproto3.Sync{}))
	f.Add(encode(f, &pgproto3.Query{String: "copy t from stdin"}, &pgproto3.CopyData{Data: []byte("1\tx\n")}, &pgproto3.CopyDone{}))
	f.Add(encode(f, &pgproto3.Query{String: "copy t from stdin (format binary)"}, &pgproto3.CopyData{Data: []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")}, &pgproto3.CopyFail{Message: "no"}, &pgproto3.Sync{}))
	f.Add(encode(f, &pgproto3.Parse{Query: "selec"}, &pgproto3.Flush{}, &pgproto3.FunctionCall{}, &pgproto3.Sync{}, &pgproto3.Terminate{}))
	f.Fuzz(func(t *testing.T, sent []byte) {
		c, err := pgconn.ConnectConfig(t.Context(), &cfg)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Conn.Close()
		answer := say(t, raw.Conn, sent)
		if bytes.Contains(answer, []byte("CXX000")) {
			t.Fatalf("internal error: %q", answer)
		}
		alive(t, good, "after the messages")
	})
}

// say sends bytes and leaves, and returns all that the server answers.
func say(t *testing.T, c net.Conn, sent []byte) []byte {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan []byte)
	go func() {
		answer, err := io.ReadAll(c)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("the server does not let the connection go")
		}
		done <- answer
	}()
	// The server may have closed already: then there is nothing more to send.
	if _, err := c.Write(sent); err == nil {
		c.(*tls.Conn).CloseWrite()
	}
	return <-done
}
