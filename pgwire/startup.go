package pgwire

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"zorya/pgerr"
)

// Codes that stand where a start-up packet has its protocol version.
const (
	cancelCode = 80877102
	sslCode    = 80877103
	gssCode    = 80877104

	version30 = 3 << 16
	version32 = 3<<16 | 2

	maxStartupPacket = 10000
	tlsHandshake     = 0x16 // first byte of a TLS record: direct negotiation
	alpn             = "postgresql"
)

// errDone ends a connection that needs no answer.
var errDone = errors.New("connection done")

// start takes a new connection to the point where a Session exists: TLS,
// protocol version, start-up parameters, password.
func (c *conn) start(ctx context.Context) error {
	c.nc.SetDeadline(time.Now().Add(startupTimeout))
	code, body, err := c.negotiate()
	if err != nil {
		return err
	}
	st := &Startup{TLS: c.tls != nil, RemoteAddr: c.nc.RemoteAddr(), BackendPID: c.pid}
	if c.tls != nil {
		st.SNI = strings.ToLower(c.tls.ConnectionState().ServerName)
	}
	if err := c.readParams(code, body, st); err != nil {
		return err
	}
	if c.tls == nil && !(c.server.Plaintext && isLoopback(c.nc.RemoteAddr())) {
		return pgerr.New(pgerr.InvalidAuthorization, "unable to accept connection, TLS is required").
			WithHint("Connect with sslmode=require or sslmode=verify-full.").Fatal()
	}
	if err := c.server.Door.Check(ctx, st); err != nil {
		return err
	}
	if err := c.askPassword(st); err != nil {
		return err
	}
	session, err := c.server.Door.Open(ctx, st)
	if err != nil {
		return err
	}
	c.session = session
	c.nc.SetDeadline(time.Time{})
	return c.welcome()
}

// negotiate answers SSLRequest, GSSENCRequest and CancelRequest until the
// start-up packet has come, and returns its protocol version and parameters.
func (c *conn) negotiate() (version uint32, body []byte, err error) {
	var first [1]byte
	if _, err := io.ReadFull(c.nc, first[:]); err != nil {
		return 0, nil, errDone
	}
	if first[0] == tlsHandshake {
		if err := c.startTLS(first[:], true); err != nil {
			return 0, nil, err
		}
		first = [1]byte{}
		if _, err := io.ReadFull(c.nc, first[:]); err != nil {
			return 0, nil, errDone
		}
	}
	for range 4 {
		code, body, err := c.readStartupPacket(first)
		if err != nil {
			return 0, nil, err
		}
		switch code {
		case cancelCode:
			if len(body) > 4 {
				c.server.cancel(binary.BigEndian.Uint32(body), body[4:])
			}
			return 0, nil, errDone
		case gssCode:
			_, err = c.nc.Write([]byte{'N'})
		case sslCode:
			if c.tls != nil || c.server.TLS == nil {
				_, err = c.nc.Write([]byte{'N'})
				break
			}
			if _, err = c.nc.Write([]byte{'S'}); err == nil {
				err = c.startTLS(nil, false)
			}
		default:
			return code, body, nil
		}
		if err != nil {
			return 0, nil, errDone
		}
		if _, err := io.ReadFull(c.nc, first[:]); err != nil {
			return 0, nil, errDone
		}
	}
	return 0, nil, protocolError("too many negotiation requests")
}

// readStartupPacket reads the packet whose first byte is at hand. It reads no
// byte too many: what follows an SSLRequest must not pass for encrypted.
func (c *conn) readStartupPacket(first [1]byte) (code uint32, body []byte, err error) {
	var head [8]byte
	head[0] = first[0]
	if _, err := io.ReadFull(c.nc, head[1:4]); err != nil {
		return 0, nil, errDone
	}
	length := int(int32(binary.BigEndian.Uint32(head[:4])))
	if length < 8 || length > maxStartupPacket {
		return 0, nil, protocolError("invalid length of startup packet")
	}
	if _, err := io.ReadFull(c.nc, head[4:]); err != nil {
		return 0, nil, errDone
	}
	body = make([]byte, length-8)
	if _, err := io.ReadFull(c.nc, body); err != nil {
		return 0, nil, errDone
	}
	return binary.BigEndian.Uint32(head[4:]), body, nil
}

// startTLS upgrades the connection; seen are bytes already read from it. With
// direct negotiation the client must ask for the protocol by ALPN.
func (c *conn) startTLS(seen []byte, direct bool) error {
	if c.server.TLS == nil {
		return errDone
	}
	nc := c.nc
	if len(seen) > 0 {
		nc = &prefixConn{Conn: nc, prefix: bytes.Clone(seen)}
	}
	config := c.server.TLS.Clone()
	config.NextProtos = []string{alpn}
	tc := tls.Server(nc, config)
	if err := tc.Handshake(); err != nil {
		c.log.Debug("TLS handshake failed", "err", err)
		return errDone
	}
	if direct && tc.ConnectionState().NegotiatedProtocol != alpn {
		c.log.Debug("direct TLS connection without ALPN")
		tc.Close()
		return errDone
	}
	c.nc, c.tls = tc, tc
	return nil
}

// A prefixConn gives back bytes that were read too early.
type prefixConn struct {
	net.Conn
	prefix []byte
}

func (p *prefixConn) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// readParams takes the start-up parameters apart and settles the protocol version.
func (c *conn) readParams(version uint32, body []byte, st *Startup) error {
	if version>>16 != 3 {
		return pgerr.New(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2",
			version>>16, version&0xffff).Fatal()
	}
	st.Params = map[string]string{}
	var unknown []string
	for {
		key, rest, ok := bytes.Cut(body, []byte{0})
		if !ok {
			return protocolError("invalid startup packet layout: expected terminator as last byte")
		}
		if len(key) == 0 {
			if len(rest) != 0 {
				return protocolError("invalid startup packet layout: expected terminator as last byte")
			}
			break
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return protocolError("invalid startup packet layout: expected terminator as last byte")
		}
		body = rest
		switch k := string(key); {
		case k == "user":
			st.User = string(value)
		case k == "database":
			st.Database = string(value)
		case k == "options":
			if err := parseOptions(string(value), st.Params); err != nil {
				return err
			}
		case strings.HasPrefix(k, "_pq_."):
			unknown = append(unknown, k)
		default:
			st.Params[k] = string(value)
		}
	}
	c.longKey = version >= version32
	if version > version32 || len(unknown) > 0 {
		slices.Sort(unknown)
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: min(version, version32), UnrecognizedOptions: unknown})
	}
	if st.User == "" {
		return pgerr.New(pgerr.InvalidAuthorization, "no PostgreSQL user name specified in startup packet").Fatal()
	}
	if st.Database == "" {
		st.Database = st.User
	}
	return nil
}

// parseOptions reads the "options" parameter: -c name=value, -cname=value and
// --name=value, separated by blanks; a backslash keeps the next character.
func parseOptions(s string, params map[string]string) error {
	words := splitOptions(s)
	for i := 0; i < len(words); i++ {
		setting := ""
		switch w := words[i]; {
		case w == "-c" && i+1 < len(words):
			i++
			setting = words[i]
		case strings.HasPrefix(w, "--"):
			setting = w[2:]
		case strings.HasPrefix(w, "-c") && len(w) > 2:
			setting = w[2:]
		default:
			return pgerr.New(pgerr.SyntaxError, "invalid command-line argument for server process: %s", w).Fatal()
		}
		name, value, ok := strings.Cut(setting, "=")
		if !ok {
			return pgerr.New(pgerr.SyntaxError, "-c %s requires a value", name).Fatal()
		}
		if !strings.Contains(name, "cluster-id") {
			name = strings.ReplaceAll(name, "-", "_")
		}
		params[name] = value
	}
	return nil
}

func splitOptions(s string) []string {
	var words []string
	var word []byte
	in := false
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '\\' && i+1 < len(s):
			i++
			word, in = append(word, s[i]), true
		case b == ' ' || b == '\t' || b == '\n':
			if in {
				words = append(words, string(word))
			}
			word, in = word[:0], false
		default:
			word, in = append(word, b), true
		}
	}
	if in {
		words = append(words, string(word))
	}
	return words
}

// askPassword requests the token: to the protocol it is a cleartext password.
func (c *conn) askPassword(st *Startup) error {
	c.send(&pgproto3.AuthenticationCleartextPassword{})
	if err := c.flush(); err != nil {
		return errDone
	}
	c.in = pgproto3.NewBackend(c.nc, nil)
	c.in.SetMaxBodyLen(64 << 10)
	c.in.SetAuthType(pgproto3.AuthTypeCleartextPassword)
	msg, err := c.in.Receive()
	if err != nil {
		var long *pgproto3.ExceededMaxBodyLenErr
		if errors.As(err, &long) {
			return protocolError("invalid message length")
		}
		return errDone
	}
	pw, ok := msg.(*pgproto3.PasswordMessage)
	if !ok {
		return protocolError(fmt.Sprintf("expected password response, got message type %T", msg))
	}
	st.Password = pw.Password
	c.in.SetMaxBodyLen(c.server.MaxMessage)
	return nil
}

// welcome tells the client that it is in.
func (c *conn) welcome() error {
	c.send(&pgproto3.AuthenticationOk{})
	for _, p := range c.session.Parameters() {
		c.send(&pgproto3.ParameterStatus{Name: p[0], Value: p[1]})
	}
	c.send(&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: c.cancelKey()})
	c.send(&pgproto3.ReadyForQuery{TxStatus: c.session.Status()})
	return c.flush()
}

func protocolError(msg string) error {
	return pgerr.New(pgerr.ProtocolViolation, "%s", msg).Fatal()
}

func isLoopback(a net.Addr) bool {
	ta, ok := a.(*net.TCPAddr)
	return ok && ta.IP.IsLoopback()
}
