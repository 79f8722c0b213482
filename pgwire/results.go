package pgwire

import (
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"zorya/pgerr"
	"zorya/session"
	"zorya/sql/types"
)

// conn is the session.Results of its session.
var _ session.Results = (*conn)(nil)

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// send encodes a message into the output buffer.
func (c *conn) send(msg pgproto3.BackendMessage) {
	out, err := msg.Encode(c.out)
	if err != nil {
		// Only a message over 1 GiB cannot be encoded.
		c.werr = err
		return
	}
	c.out = out
}

// flush writes the output buffer.
func (c *conn) flush() error {
	if c.werr != nil || len(c.out) == 0 {
		return c.werr
	}
	c.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := c.nc.Write(c.out); err != nil {
		c.werr = errDone
		c.log.Debug("client is gone", "err", err)
	}
	if cap(c.out) > 4*flushSize {
		c.out = nil
	}
	c.out = c.out[:0]
	return c.werr
}

// spill flushes once enough has gathered.
func (c *conn) spill() error {
	if len(c.out) < flushSize {
		return c.werr
	}
	return c.flush()
}

// ready ends an answer.
func (c *conn) ready() error {
	c.out = append(c.out, 'Z', 0, 0, 0, 5, c.session.Status())
	return c.flush()
}

// fail writes an ErrorResponse. An error without SQLSTATE is ours: it is logged
// and the client reads XX000.
func (c *conn) fail(err error) {
	e := pgerr.As(err)
	if e == nil {
		c.log.Error("internal error", "err", err)
		e = pgerr.New(pgerr.InternalError, "internal error: %v", err)
	}
	if c.session != nil {
		e = c.session.Worded(e)
	}
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	c.send(&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: e.Message,
		Detail: e.Detail, Hint: e.Hint, Position: int32(e.Position), Where: e.Where, SchemaName: e.Schema, TableName: e.Table,
		ColumnName: e.Column, DataTypeName: e.DataType, ConstraintName: e.Constraint})
}

// Fields sends RowDescription.
func (c *conn) Fields(fields []session.Field) error {
	start := len(c.out)
	c.out = append(c.out, 'T', 0, 0, 0, 0)
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(len(fields)))
	for _, f := range fields {
		c.out = append(c.out, f.Name...)
		c.out = append(c.out, 0)
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(f.Table))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(f.Attr))
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(f.Type))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(f.Size))
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(f.Typmod))
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(f.Format))
	}
	binary.BigEndian.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
	return c.spill()
}

// ParamTypes sends ParameterDescription.
func (c *conn) ParamTypes(oids []types.OID) error {
	c.out = append(c.out, 't')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(6+4*len(oids)))
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(len(oids)))
	for _, o := range oids {
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(o))
	}
	return c.spill()
}

// NoData says that a statement returns no rows.
func (c *conn) NoData() error {
	c.out = append(c.out, 'n', 0, 0, 0, 4)
	return c.spill()
}

// RowBuffer returns the output buffer, for DataRow messages.
func (c *conn) RowBuffer() []byte { return c.out }

// PutRows takes the output buffer back.
func (c *conn) PutRows(buf []byte) error {
	c.out = buf
	return c.spill()
}

// Complete sends CommandComplete.
func (c *conn) Complete(tag string) error {
	c.out = append(c.out, 'C')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(5+len(tag)))
	c.out = append(c.out, tag...)
	c.out = append(c.out, 0)
	return c.spill()
}

// Empty sends EmptyQueryResponse.
func (c *conn) Empty() error {
	c.out = append(c.out, 'I', 0, 0, 0, 4)
	return c.spill()
}

// Suspended sends PortalSuspended.
func (c *conn) Suspended() error {
	c.out = append(c.out, 's', 0, 0, 0, 4)
	return c.spill()
}

// Notice sends a NoticeResponse, and everything before it, now.
func (c *conn) Notice(n *pgerr.Error) error {
	n = c.session.Worded(n)
	c.send(&pgproto3.NoticeResponse{Severity: n.Severity, SeverityUnlocalized: n.Severity, Code: n.Code, Message: n.Message,
		Detail: n.Detail, Hint: n.Hint, Position: int32(n.Position)})
	return c.flush()
}

// ParameterStatus tells of a changed setting.
func (c *conn) ParameterStatus(name, value string) error {
	c.send(&pgproto3.ParameterStatus{Name: name, Value: value})
	return c.spill()
}

// CopyIn asks the client for data.
func (c *conn) CopyIn(columns int, binary bool) (io.Reader, error) {
	c.send(&pgproto3.CopyInResponse{OverallFormat: format(binary), ColumnFormatCodes: formats(columns, binary)})
	return &copyReader{c: c}, c.flush()
}

// CopyOut tells the client that data follows.
func (c *conn) CopyOut(columns int, binary bool) (io.WriteCloser, error) {
	c.send(&pgproto3.CopyOutResponse{OverallFormat: format(binary), ColumnFormatCodes: formats(columns, binary)})
	return copyWriter{c}, c.spill()
}

func format(binary bool) byte {
	if binary {
		return 1
	}
	return 0
}

func formats(n int, binary bool) []uint16 {
	codes := make([]uint16, n)
	for i := range codes {
		codes[i] = uint16(format(binary))
	}
	return codes
}

// A copyReader reads the data of CopyData messages up to CopyDone.
type copyReader struct {
	c    *conn
	rest []byte
	end  error
}

func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.end != nil {
			return 0, r.end
		}
		if err := r.next(); err != nil {
			r.end = err
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *copyReader) next() error {
	msg, err := r.c.receive()
	if err != nil {
		return err
	}
	switch m := msg.(type) {
	case *pgproto3.CopyData:
		r.rest = m.Data
	case *pgproto3.CopyDone:
		r.end = io.EOF
		return io.EOF
	case *pgproto3.CopyFail:
		return pgerr.New(pgerr.QueryCanceled, "COPY from stdin failed: %s", m.Message)
	case *pgproto3.Flush, *pgproto3.Sync: // ignored during COPY (manual 55.2.6)
	case *pgproto3.Terminate:
		return errDone
	default:
		return pgerr.New(pgerr.ProtocolViolation, "unexpected message type during COPY from stdin").Fatal()
	}
	return nil
}

type copyWriter struct{ c *conn }

func (w copyWriter) Write(p []byte) (int, error) {
	w.c.out = append(w.c.out, 'd')
	w.c.out = binary.BigEndian.AppendUint32(w.c.out, uint32(4+len(p)))
	w.c.out = append(w.c.out, p...)
	return len(p), w.c.spill()
}

func (w copyWriter) Close() error {
	w.c.out = append(w.c.out, 'c', 0, 0, 0, 4)
	return w.c.spill()
}
