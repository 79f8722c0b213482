package session

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/types"
)

// A prepared is a parsed statement, with its plan if it has one.
type prepared struct {
	name string
	made origin
	st   *ast.Statement
	tree ast.Stmt    // nil for an empty statement
	oids []types.OID // parameter types that the client gave; 0 = unspecified
	// params are the parameters' types after analysis.
	params []types.T
	// plan is nil for utility statements, and stale once the catalog has changed.
	plan *planned
	// fields describe the rows that come back; nil if none do.
	fields []Field
}

// fault is what planning has found wrong with a constant. PostgreSQL plans when parameters
// are bound, before it describes what comes.
func (p *prepared) fault() error {
	if p.plan == nil {
		return nil
	}
	return p.plan.plan.Fault
}

// origin is where a named statement comes from: a message that was PREPARE, or Parse.
type origin struct {
	text    string
	time    time.Time
	fromSQL bool
}

// A portal is a statement being run.
type portal struct {
	stmt    *prepared
	params  []types.Datum
	formats []int16 // result formats, as Bind gave them
	cursor  *exec.Cursor
	batch   *types.Batch // rows of the cursor not yet sent, from next on
	next    int
	done    bool
	// ctx is that of a portal which may be suspended; cancel ends it, stop its link to
	// the message being served.
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   func() bool
}

// link makes the portal's context, if it has one, end with that of a message.
func (p *portal) link(ctx context.Context) context.Context {
	if p.ctx == nil {
		return ctx
	}
	p.stop = context.AfterFunc(ctx, func() { p.cancel(context.Cause(ctx)) })
	return p.ctx
}

func (p *portal) unlink() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

func (p *portal) close() {
	if p.cancel != nil {
		p.cancel(nil)
	}
	if p.cursor != nil {
		p.cursor.Close()
		p.cursor = nil
	}
	p.batch = nil
}

// format is the format of result column i.
func format(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	default:
		return formats[i]
	}
}

// Parse makes a prepared statement.
func (s *Session) Parse(ctx context.Context, name, sql string, oids []types.OID) error {
	if name != "" && s.stmts[name] != nil {
		return pgerr.New(pgerr.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", name)
	}
	list, err := s.shared.parse(sql)
	if err != nil {
		return s.inFailed(err)
	}
	if len(list) > 1 {
		return pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	st := &ast.Statement{}
	if len(list) == 1 {
		st = &list[0]
	}
	p, err := s.prepare(ctx, st, oids)
	if err != nil {
		return inQuery(err, st)
	}
	p.name, p.made = name, origin{text: sql, time: time.Now()}
	s.stmts[name] = p
	return nil
}

func (s *Session) statement(name string) (*prepared, error) {
	p := s.stmts[name]
	if p == nil {
		if name == "" {
			return nil, pgerr.New(pgerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
		}
		return nil, pgerr.New(pgerr.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
	}
	return p, nil
}

func (s *Session) portal(name string) (*portal, error) {
	p := s.portals[name]
	if p == nil {
		return nil, pgerr.New(pgerr.InvalidCursorName, "portal \"%s\" does not exist", name)
	}
	return p, nil
}

// Bind makes a portal of a statement and its parameters.
func (s *Session) Bind(ctx context.Context, name, stmt string, paramFormats []int16, values [][]byte, resultFormats []int16) error {
	p, err := s.statement(stmt)
	if err != nil {
		return err
	}
	if name != "" && s.portals[name] != nil {
		return pgerr.New(pgerr.DuplicateCursor, "portal \"%s\" already exists", name)
	}
	if s.status == failed && !s.endsFailure(p.tree) {
		return errAborted
	}
	if len(paramFormats) > 1 && len(paramFormats) != len(values) {
		return pgerr.New(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(paramFormats), len(values))
	}
	if len(values) != len(p.params) {
		return pgerr.New(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(values), stmt, len(p.params))
	}
	if n := len(resultFormats); n > 1 && n != len(p.fields) {
		return pgerr.New(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, len(p.fields))
	}
	params, err := s.decodeParams(ctx, p.params, paramFormats, values)
	if err != nil {
		return err
	}
	if err := p.fault(); err != nil {
		return err
	}
	s.ClosePortal(name)
	s.portals[name] = &portal{stmt: p, params: params, formats: append([]int16(nil), resultFormats...)}
	return nil
}

// decodeParams reads parameter values in their formats.
func (s *Session) decodeParams(ctx context.Context, ts []types.T, formats []int16, values [][]byte) ([]types.Datum, error) {
	if len(values) == 0 {
		return nil, nil
	}
	f := s.format()
	env := &expr.Env{Ctx: s.funcCtx(ctx)}
	params := make([]types.Datum, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		var err error
		switch format(formats, i) {
		case 0:
			params[i], err = expr.Input(env, ts[i], string(v))
		case 1:
			params[i], err = types.ParseBinary(ts[i], v, f)
		default:
			err = pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", format(formats, i))
		}
		if err != nil {
			return nil, err
		}
	}
	return params, nil
}

// DescribeStatement sends a statement's parameter types and result fields.
func (s *Session) DescribeStatement(ctx context.Context, name string, w Results) error {
	p, err := s.statement(name)
	if err != nil {
		return err
	}
	oids := make([]types.OID, len(p.params))
	for i, t := range p.params {
		oids[i] = t.OID
	}
	if err := w.ParamTypes(oids); err != nil {
		return err
	}
	if p.fields == nil {
		return w.NoData()
	}
	return s.describe(p, nil, w)
}

// DescribePortal sends a portal's result fields.
func (s *Session) DescribePortal(ctx context.Context, name string, w Results) error {
	po, err := s.portal(name)
	if err != nil {
		return err
	}
	if po.stmt.fields == nil {
		return w.NoData()
	}
	return s.describe(po.stmt, po.formats, w)
}

// describe sends RowDescription, if the statement returns rows.
func (s *Session) describe(p *prepared, formats []int16, w Results) error {
	if p.fields == nil {
		return nil
	}
	fields := make([]Field, len(p.fields))
	copy(fields, p.fields)
	for i := range fields {
		fields[i].Format = format(formats, i)
	}
	return w.Fields(fields)
}

// Execute runs a portal, up to maxRows rows (0: all).
func (s *Session) Execute(ctx context.Context, name string, maxRows int, w Results) error {
	po, err := s.portal(name)
	if err != nil {
		return err
	}
	if po.stmt.tree == nil {
		return w.Empty()
	}
	s.query = po.stmt.st.Text
	tag, suspended, err := s.run(ctx, po, maxRows, w)
	if err != nil {
		return err
	}
	if suspended {
		return w.Suspended()
	}
	if err := s.report(w); err != nil {
		return err
	}
	return w.Complete(tag)
}

// CloseStatement forgets a prepared statement; it is no error if there is none.
func (s *Session) CloseStatement(name string) { delete(s.stmts, name) }

// ClosePortal forgets a portal; it is no error if there is none.
func (s *Session) ClosePortal(name string) {
	if p := s.portals[name]; p != nil {
		p.close()
		delete(s.portals, name)
	}
}

func (s *Session) closePortals() {
	for name, p := range s.portals {
		p.close()
		delete(s.portals, name)
	}
}

// appendRow appends a DataRow message with row i of a batch.
func appendRow(buf []byte, b *types.Batch, row int, fields []Field, formats []int16, f *types.Format) ([]byte, error) {
	start := len(buf)
	buf = append(buf, 'D', 0, 0, 0, 0)
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(fields)))
	for c := range fields {
		d := b.Cols[c].At(row)
		if d.IsNull() {
			buf = append(buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(buf)
		buf = append(buf, 0, 0, 0, 0)
		if format(formats, c) == 1 {
			buf = types.AppendBinary(buf, fields[c].Type, types.Spelled(fields[c].Type, d, f))
		} else {
			buf = types.AppendText(buf, fields[c].Type, d, f)
		}
		binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
		if len(buf)-start > maxRow {
			return slices.Clone(buf[:start]), pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").WithDetail("A row of the result is longer than %d bytes.", maxRow)
		}
	}
	binary.BigEndian.PutUint32(buf[start+1:], uint32(len(buf)-start-1))
	return buf, nil
}

// maxRow is the longest row that is sent, in bytes; PostgreSQL's messages end there too.
const maxRow = 1<<30 - 1
