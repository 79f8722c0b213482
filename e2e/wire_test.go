package e2e

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A wire speaks the protocol message by message.
type wire struct {
	t *testing.T
	c net.Conn
	*pgproto3.Frontend
}

// dialWire connects with TLS; direct without asking first, by ALPN.
func (s *server) dialWire(t *testing.T, direct bool) *wire {
	t.Helper()
	c, err := net.Dial("tcp", s.PgAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	cfg := s.config(t, "admin", "").TLSConfig
	if direct {
		cfg.NextProtos = []string{"postgresql"}
	} else {
		ask(t, c, 80877103, 'S')
	}
	tc := tls.Client(c, cfg)
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wire{t, tc, pgproto3.NewFrontend(tc, tc)}
}

// ask sends a negotiation request and checks the one-byte answer.
func ask(t *testing.T, c net.Conn, code uint32, want byte) {
	t.Helper()
	c.Write(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, code))
	answer := make([]byte, 1)
	if _, err := io.ReadFull(c, answer); err != nil || answer[0] != want {
		t.Fatalf("request %d: answer %q, %v; want %q", code, answer, err, want)
	}
}

// must receives a message of type M, skipping parameters and notices.
func must[M pgproto3.BackendMessage](w *wire) M {
	w.t.Helper()
	for {
		msg, err := w.Receive()
		if err != nil {
			w.t.Fatal(err)
		}
		if m, ok := msg.(M); ok {
			return m
		}
		switch m := msg.(type) {
		case *pgproto3.ParameterStatus, *pgproto3.BackendKeyData, *pgproto3.NoticeResponse, *pgproto3.AuthenticationOk:
		case *pgproto3.ErrorResponse:
			w.t.Fatalf("error %s %s", m.Code, m.Message)
		default:
			var want M
			w.t.Fatalf("received %T, want %T", msg, want)
		}
	}
}

func (w *wire) send(list ...pgproto3.FrontendMessage) {
	w.t.Helper()
	for _, m := range list {
		w.Send(m)
	}
	if err := w.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

// login goes through start-up to the first ReadyForQuery.
func (w *wire) login(s *server) {
	w.t.Helper()
	w.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "admin", "database": "postgres"}})
	must[*pgproto3.AuthenticationCleartextPassword](w)
	w.send(&pgproto3.PasswordMessage{Password: s.admin().token(w.t)})
	must[*pgproto3.ReadyForQuery](w)
}

func TestNegotiation(t *testing.T) {
	s := start(t)
	c := s.raw(t)
	ask(t, c, 80877104, 'N') // GSSENCRequest
	ask(t, c, 80877103, 'S') // the client goes on with TLS
	s.dialWire(t, false).login(s)
	s.dialWire(t, true).login(s)
}

// A client of a newer minor version, with options that nobody knows, is told what
// there is.
func TestNewerProtocolVersion(t *testing.T) {
	s := start(t)
	w := s.dialWire(t, false)
	w.send(&pgproto3.StartupMessage{ProtocolVersion: 3<<16 | 2, Parameters: map[string]string{"user": "admin", "database": "postgres", "_pq_.nope": "1"}})
	n := must[*pgproto3.NegotiateProtocolVersion](w)
	// PostgreSQL's server sends the whole version, whatever the field's name says.
	if n.NewestMinorProtocol>>16 != 3 || len(n.UnrecognizedOptions) != 1 || n.UnrecognizedOptions[0] != "_pq_.nope" {
		t.Errorf("answer %+v", n)
	}
	must[*pgproto3.AuthenticationCleartextPassword](w)
}

// Portals give as many rows as asked for, and the rest when asked again.
func TestPortalSuspension(t *testing.T) {
	s := start(t)
	w := s.dialWire(t, false)
	w.login(s)
	w.send(
		&pgproto3.Parse{Name: "q", Query: "SELECT g FROM generate_series(1, $1::int) AS g"},
		&pgproto3.Describe{ObjectType: 'S', Name: "q"},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "q", Parameters: [][]byte{[]byte("5")}},
		&pgproto3.Describe{ObjectType: 'P', Name: "p"},
		&pgproto3.Execute{Portal: "p", MaxRows: 2},
		&pgproto3.Execute{Portal: "p", MaxRows: 2},
		&pgproto3.Execute{Portal: "p"},
		&pgproto3.Sync{},
	)
	must[*pgproto3.ParseComplete](w)
	if p := must[*pgproto3.ParameterDescription](w); len(p.ParameterOIDs) != 1 || p.ParameterOIDs[0] != 23 {
		t.Errorf("parameters %v", p.ParameterOIDs)
	}
	must[*pgproto3.RowDescription](w)
	must[*pgproto3.BindComplete](w)
	if d := must[*pgproto3.RowDescription](w); len(d.Fields) != 1 || string(d.Fields[0].Name) != "g" || d.Fields[0].DataTypeOID != 23 {
		t.Errorf("fields %+v", d.Fields)
	}
	for _, n := range []int{2, 2} {
		for range n {
			must[*pgproto3.DataRow](w)
		}
		must[*pgproto3.PortalSuspended](w)
	}
	if row := must[*pgproto3.DataRow](w); string(row.Values[0]) != "5" {
		t.Errorf("last row %q", row.Values[0])
	}
	must[*pgproto3.CommandComplete](w)
	must[*pgproto3.ReadyForQuery](w)
}

// An error skips to Sync; what was not executed is not there, and the session goes
// on.
func TestErrorSkipsToSync(t *testing.T) {
	s := start(t)
	w := s.dialWire(t, false)
	w.login(s)
	w.send(
		&pgproto3.Parse{Query: "SELECT nope"},
		&pgproto3.Bind{},
		&pgproto3.Execute{},
		&pgproto3.Sync{},
		&pgproto3.Query{String: "SELECT 1; SELECT 2"},
	)
	msg, err := w.Receive()
	if e, ok := msg.(*pgproto3.ErrorResponse); !ok || err != nil || e.Code != "42703" || e.Severity != "ERROR" || e.Position != 8 {
		t.Fatalf("received %#v, %v", msg, err)
	}
	if r := must[*pgproto3.ReadyForQuery](w); r.TxStatus != 'I' {
		t.Errorf("status %c", r.TxStatus)
	}
	for range 2 {
		must[*pgproto3.RowDescription](w)
		must[*pgproto3.DataRow](w)
		must[*pgproto3.CommandComplete](w)
	}
	must[*pgproto3.ReadyForQuery](w)
	w.send(&pgproto3.Terminate{})
	if _, err := w.Receive(); err == nil {
		t.Error("the connection goes on after Terminate")
	}
}

// A statement whose constants cannot be computed is parsed and described; it fails when
// it is bound, as PostgreSQL plans then. So what stands before it in a pipeline is done.
func TestFaultOfConstant(t *testing.T) {
	s := start(t)
	w := s.dialWire(t, false)
	w.login(s)
	w.send(&pgproto3.Parse{Name: "ok", Query: "select 7"}, &pgproto3.Parse{Name: "bad", Query: "select 1/0"},
		&pgproto3.Describe{ObjectType: 'S', Name: "bad"},
		&pgproto3.Bind{PreparedStatement: "ok"}, &pgproto3.Execute{},
		&pgproto3.Bind{PreparedStatement: "bad"}, &pgproto3.Execute{}, &pgproto3.Sync{})
	must[*pgproto3.ParseComplete](w)
	must[*pgproto3.ParseComplete](w)
	must[*pgproto3.ParameterDescription](w)
	must[*pgproto3.RowDescription](w)
	must[*pgproto3.BindComplete](w)
	must[*pgproto3.DataRow](w)
	must[*pgproto3.CommandComplete](w)
	if e := must[*pgproto3.ErrorResponse](w); e.Code != "22012" {
		t.Errorf("%s %s", e.Code, e.Message)
	}
	must[*pgproto3.ReadyForQuery](w)
	w.send(&pgproto3.Query{String: "select 1/0"})
	must[*pgproto3.ErrorResponse](w) // and no RowDescription before it
}

// The name of an encoding is read as PostgreSQL reads it: asyncpg sends it quoted.
func TestEncodingNames(t *testing.T) {
	s := start(t)
	for _, name := range []string{"'utf-8'", "UTF8", "Unicode", "utf_8"} {
		c := s.dialWith(t, "client_encoding", name)
		if got := c.PgConn().ParameterStatus("client_encoding"); got != "UTF8" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The header of binary COPY data comes in one message with the first row, or with the
// trailer if there is none: drivers that read row by row look for it there.
func TestBinaryCopyMessages(t *testing.T) {
	s := start(t)
	w := s.dialWire(t, false)
	w.login(s)
	for query, sizes := range map[string][]int{
		"copy (select 1 where false) to stdout (format binary)":                  {19 + 2},
		"copy (select x from generate_series(1, 2) x) to stdout (format binary)": {19 + 10, 10, 2},
	} {
		w.send(&pgproto3.Query{String: query})
		must[*pgproto3.CopyOutResponse](w)
		for _, size := range sizes {
			if m := must[*pgproto3.CopyData](w); len(m.Data) != size {
				t.Errorf("%s: %d bytes, not %d", query, len(m.Data), size)
			}
		}
		must[*pgproto3.CopyDone](w)
		must[*pgproto3.CommandComplete](w)
		must[*pgproto3.ReadyForQuery](w)
	}
}
