package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A conn is one client. Its goroutine owns everything but what mu guards.
type conn struct {
	server  *Server
	nc      net.Conn // the TLS connection once there is one
	tls     *tls.Conn
	pid     uint32
	key     [32]byte
	longKey bool // protocol 3.2: the whole key, else its first four bytes
	log     *slog.Logger

	in      *pgproto3.Backend // reads only
	out     []byte            // messages not yet written
	session Session
	began   time.Time
	// skipping: a message of an extended-protocol batch failed; all until Sync is dropped.
	skipping bool
	// werr is the first failure to write; nothing is written after it.
	werr error

	mu      sync.Mutex
	stop    context.CancelCauseFunc // of the running message; nil when idle
	closing bool
}

// flushSize is how many bytes of answers are gathered before they are written
// without being asked to.
const flushSize = 32 << 10

var (
	errCanceled = errors.New("canceled by the user")
	errShutdown = errors.New("server shutdown")
)

func (c *conn) cancelKey() []byte {
	if c.longKey {
		return c.key[:]
	}
	return c.key[:4]
}

// serve runs the connection from the first byte to the last.
func (c *conn) serve() {
	defer c.server.forget(c)
	defer func() { c.nc.Close() }()
	defer func() {
		// A bug in one session must not take the others down.
		if p := recover(); p != nil {
			c.log.Error("panic in session", "panic", p, "stack", string(debug.Stack()))
			c.fail(pgerr.New(pgerr.InternalError, "internal error").Fatal())
			c.flush()
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := c.start(ctx); err != nil {
		if c.session != nil {
			c.session.Close()
		}
		c.lastWords(err)
		return
	}
	c.server.open.Add(1)
	defer c.server.open.Add(-1)
	defer c.session.Close()
	c.began = time.Now()
	c.lastWords(c.loop(ctx))
}

// lastWords tells the client why the connection ends, if there is something to tell.
func (c *conn) lastWords(err error) {
	if err == nil || errors.Is(err, errDone) {
		return
	}
	e := pgerr.As(err)
	if e == nil {
		c.log.Debug("connection lost", "err", err)
		return
	}
	c.nc.SetWriteDeadline(time.Now().Add(5 * time.Second))
	c.fail(e.Fatal())
	c.flush()
	if c.tls != nil {
		c.tls.CloseWrite()
	}
}

// loop reads and answers messages until the client leaves.
func (c *conn) loop(ctx context.Context) error {
	for {
		msg, err := c.receive()
		if err != nil {
			return err
		}
		if _, ok := msg.(*pgproto3.Terminate); ok {
			return nil
		}
		if err := c.handle(ctx, msg); err != nil {
			return err
		}
	}
}

// receive returns the next message. While it waits, all answers are with the client.
func (c *conn) receive() (pgproto3.FrontendMessage, error) {
	for {
		if c.server.MaxSession > 0 {
			c.nc.SetReadDeadline(c.began.Add(c.server.MaxSession))
		}
		c.mu.Lock()
		if c.closing {
			c.mu.Unlock()
			return nil, shutdownError()
		}
		c.mu.Unlock()
		msg, err := c.in.Receive()
		if err == nil {
			return msg, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, c.receiveError(err)
		}
		c.mu.Lock()
		closing := c.closing
		c.mu.Unlock()
		if closing {
			return nil, shutdownError()
		}
		if c.session.Status() == 'I' {
			return nil, pgerr.New(pgerr.AdminShutdown, "terminating connection because of its maximum duration").Fatal()
		}
		// A transaction begun in time may still run to its own limit.
		c.began = c.began.Add(5 * time.Minute)
	}
}

// receiveError sorts what went wrong: the client left, or it spoke badly.
func (c *conn) receiveError(err error) error {
	var long *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &long) {
		return protocolError("invalid message length")
	}
	var ne net.Error
	if errors.As(err, &ne) || isEOF(err) {
		return errDone
	}
	c.log.Debug("malformed message", "err", err)
	return protocolError("invalid message format")
}

func shutdownError() error {
	return pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command").Fatal()
}

// handle answers one message. It returns an error only to end the connection.
func (c *conn) handle(ctx context.Context, msg pgproto3.FrontendMessage) error {
	if _, ok := msg.(*pgproto3.Sync); ok {
		c.skipping = false
		err := c.run(ctx, func(ctx context.Context) error { return c.session.Sync(ctx, c) })
		if err != nil {
			c.fail(err)
		}
		return c.ready()
	}
	if c.skipping {
		return nil
	}
	switch m := msg.(type) {
	case *pgproto3.Query:
		if err := c.run(ctx, func(ctx context.Context) error { return c.session.Query(ctx, m.String, c) }); err != nil {
			if c.refuse(err) {
				return errDone
			}
		}
		return c.ready()
	case *pgproto3.Flush:
		return c.flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // left over from a COPY that failed (manual 55.2.6)
	}
	if err := c.run(ctx, func(ctx context.Context) error { return c.extended(ctx, msg) }); err != nil {
		c.skipping = true
		if c.refuse(err) {
			return errDone
		}
	}
	return c.werr
}

// refuse reports an error and says whether the connection ends with it.
func (c *conn) refuse(err error) (fatal bool) {
	if c.werr != nil {
		return true
	}
	c.session.Failed(err)
	c.fail(err)
	c.flush()
	e := pgerr.As(err)
	return e != nil && e.Severity == "FATAL"
}

// extended answers a message of the extended query protocol.
func (c *conn) extended(ctx context.Context, msg pgproto3.FrontendMessage) error {
	switch m := msg.(type) {
	case *pgproto3.Parse:
		oids := make([]types.OID, len(m.ParameterOIDs))
		for i, o := range m.ParameterOIDs {
			oids[i] = types.OID(o)
		}
		if err := c.session.Parse(ctx, m.Name, m.Query, oids); err != nil {
			return err
		}
		c.out = append(c.out, '1', 0, 0, 0, 4)
	case *pgproto3.Bind:
		if err := c.session.Bind(ctx, m.DestinationPortal, m.PreparedStatement, m.ParameterFormatCodes, m.Parameters, m.ResultFormatCodes); err != nil {
			return err
		}
		c.out = append(c.out, '2', 0, 0, 0, 4)
	case *pgproto3.Describe:
		switch m.ObjectType {
		case 'S':
			return c.session.DescribeStatement(ctx, m.Name, c)
		case 'P':
			return c.session.DescribePortal(ctx, m.Name, c)
		}
		return pgerr.New(pgerr.ProtocolViolation, "invalid DESCRIBE message subtype %d", m.ObjectType)
	case *pgproto3.Execute:
		return c.session.Execute(ctx, m.Portal, int(m.MaxRows), c)
	case *pgproto3.Close:
		switch m.ObjectType {
		case 'S':
			c.session.CloseStatement(m.Name)
		case 'P':
			c.session.ClosePortal(m.Name)
		default:
			return pgerr.New(pgerr.ProtocolViolation, "invalid CLOSE message subtype %d", m.ObjectType)
		}
		c.out = append(c.out, '3', 0, 0, 0, 4)
	case *pgproto3.FunctionCall:
		return pgerr.New(pgerr.FeatureNotSupported, "function call messages are not supported")
	default:
		return pgerr.New(pgerr.ProtocolViolation, "unexpected message").Fatal()
	}
	return nil
}

// run calls f with a context that CancelRequest and Shutdown end, and turns the
// resulting error into what the client should read.
func (c *conn) run(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	c.mu.Lock()
	c.stop = stop
	if c.closing {
		stop(errShutdown)
	}
	c.mu.Unlock()
	err := c.guarded(ctx, f)
	c.mu.Lock()
	c.stop = nil
	c.mu.Unlock()
	cause := context.Cause(ctx)
	stop(nil)
	if err == nil {
		return nil
	}
	if pgerr.As(err) == nil && cause != nil && errors.Is(err, context.Canceled) {
		if errors.Is(cause, errShutdown) {
			return shutdownError()
		}
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	}
	return err
}

// guarded calls f. A bug in it fails the statement and its transaction, not the
// connection. A panic with an error of PostgreSQL's is no bug: so a limit is reported
// where no error can be returned.
func (c *conn) guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		p := recover()
		if limit, ok := p.(*pgerr.Error); ok {
			err = limit
		} else if p != nil {
			c.log.Error("panic in statement", "panic", p, "stack", string(debug.Stack()))
			err = pgerr.New(pgerr.InternalError, "internal error")
		}
	}()
	return f(ctx)
}

// interrupt ends the running message, if there is one. A nil cause means that
// the user asked for it.
func (c *conn) interrupt(cause error) {
	if cause == nil {
		cause = errCanceled
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop(cause)
	}
}

// shutdown makes the connection end: at once when idle, else with the running message.
func (c *conn) shutdown() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.interrupt(errShutdown)
	c.nc.SetReadDeadline(time.Now())
}
