// Package pgwire is the PostgreSQL wire protocol, version 3.0 and 3.2 (manual,
// chapter 55): connections, TLS, start-up, authentication, the message loop. It
// knows no SQL; it drives a Session.
package pgwire

import (
	"context"
	"net"

	"zorya/pgerr"
	"zorya/session"
	"zorya/sql/types"
)

// A Session is what a connection drives: *session.Session. One goroutine calls
// it; only Cancel may be called from others.
type Session interface {
	// Query runs a simple-protocol query string: any number of statements, one
	// implicit transaction.
	Query(ctx context.Context, sql string, w session.Results) error
	Parse(ctx context.Context, name, sql string, params []types.OID) error
	Bind(ctx context.Context, portal, stmt string, paramFormats []int16, params [][]byte, resultFormats []int16) error
	DescribeStatement(ctx context.Context, name string, w session.Results) error
	DescribePortal(ctx context.Context, name string, w session.Results) error
	Execute(ctx context.Context, portal string, maxRows int, w session.Results) error
	CloseStatement(name string)
	ClosePortal(name string)
	// Sync ends an implicit transaction: it commits unless a message of the batch
	// failed. Its error is reported before ReadyForQuery.
	Sync(ctx context.Context, w session.Results) error
	// Failed tells the session that a message failed (its own methods' errors too):
	// the transaction becomes aborted, an implicit one is rolled back at Sync.
	Failed(err error)
	// Worded is an error or notice as the client is to read it.
	Worded(e *pgerr.Error) *pgerr.Error
	// Status is ReadyForQuery's byte: I, T or E.
	Status() byte
	// Parameters are reported by ParameterStatus after authentication, in order.
	Parameters() [][2]string
	Close()
}

// A Startup is what a client says before it may speak SQL.
type Startup struct {
	SNI        string // "" without TLS or SNI
	TLS        bool
	User       string
	Database   string
	Params     map[string]string // all startup parameters but user and database; "options" is taken apart into these
	Password   string            // the token
	RemoteAddr net.Addr
	BackendPID uint32
}

// A Door decides who may come in. Open verifies the password and returns the
// session, or a *pgerr.Error that is sent as FATAL. Check is asked before the
// password is requested (unknown cluster, bad startup parameter, too many
// connections); it may return nil.
type Door interface {
	Check(ctx context.Context, s *Startup) error
	Open(ctx context.Context, s *Startup) (Session, error)
}
