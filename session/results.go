// Package session is one client's conversation with a cluster: settings,
// prepared statements, portals and the transaction status. It is driven by a
// door (pgwire, or a test) and writes what it has to say to a Results.
package session

import (
	"io"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A Field describes a result column, as RowDescription does.
type Field struct {
	Name   string
	Table  types.OID
	Attr   int16
	Type   types.OID
	Size   int16
	Typmod int32
	Format int16 // 0 text, 1 binary
}

// Results takes a session's answers in order. The door implements it. Methods
// that return an error fail only when the client is gone; the session then stops.
type Results interface {
	// Fields is RowDescription; ParamTypes is ParameterDescription; NoData says that
	// a described statement returns no rows.
	Fields(fields []Field) error
	ParamTypes(oids []types.OID) error
	NoData() error
	// RowBuffer returns the buffer to which whole DataRow messages (type byte and
	// length included) are appended; PutRows hands it back, longer. It may flush.
	RowBuffer() []byte
	PutRows(buf []byte) error
	// Complete is CommandComplete; Empty is EmptyQueryResponse; Suspended is PortalSuspended.
	Complete(tag string) error
	Empty() error
	Suspended() error
	// Notice sends a NoticeResponse at once; n.Severity is set.
	Notice(n *pgerr.Error) error
	// ParameterStatus tells the client of a changed setting.
	ParameterStatus(name, value string) error
	// CopyIn sends CopyInResponse and returns the client's data: Read fails with a
	// *pgerr.Error (57014) after CopyFail. CopyOut sends CopyOutResponse and returns
	// where data goes, one CopyData a Write; Close is CopyDone.
	CopyIn(columns int, binary bool) (io.Reader, error)
	CopyOut(columns int, binary bool) (io.WriteCloser, error)
}
