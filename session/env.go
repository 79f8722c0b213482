package session

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/pgcatalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// format is the session's text format with the transaction's time.
func (s *Session) format() *types.Format {
	f := s.settings.format
	if !f.Now.Equal(s.txn.start) || f.Names == nil {
		c := *f
		c.Now, c.Names = s.txn.start, env{s}
		s.settings.format = &c
		f = &c
	}
	return f
}

// funcCtx is what functions may know of the running statement.
func (s *Session) funcCtx(ctx context.Context) *funcs.Ctx {
	return &funcs.Ctx{Context: ctx, Format: s.format(), TxnTime: s.txn.start, StatementTime: time.Now(), Env: env{s}}
}

// bindEnv is what the binder may know of the session.
func (s *Session) bindEnv(ctx context.Context) *bind.Env {
	return &bind.Env{
		Snap: s.txn.snap, SearchPath: s.searchPath(), Role: s.roleOID, FuncCtx: s.funcCtx(ctx),
		ParseExpr: parser.ParseExpr, ParseSelect: parser.ParseSelect, ParseBody: parser.ParseBody,
		Extended: s.prof.Lifts("run-time types"),
	}
}

// searchPath is the session's search path, schemas that do not exist included.
func (s *Session) searchPath() []string { return s.settings.searchPath(s.role) }

// env is the session as functions see it.
type env struct{ s *Session }

var _ funcs.Env = env{}

func (e env) CurrentUser() string     { return e.s.role }
func (e env) SessionUser() string     { return e.s.user }
func (e env) CurrentDatabase() string { return "postgres" }
func (e env) BackendPID() int32       { return int32(e.s.opts.PID) }

func (e env) CurrentSchemas(implicit bool) []string {
	var out []string
	if implicit {
		out = append(out, "pg_catalog")
	}
	for _, name := range e.s.searchPath() {
		if e.s.txn.snap.SchemaByName(name) != nil && !(implicit && name == "pg_catalog") {
			out = append(out, name)
		}
	}
	return out
}

func (e env) Setting(name string, missingOK bool) (string, error) {
	v, _, err := e.s.settingValue(name)
	if err != nil && missingOK {
		return "", nil
	}
	return v, err
}

func (e env) SetSetting(name, value string, local bool) error {
	if !e.s.prof.SettableParam(name) {
		return unsettable(name)
	}
	return e.s.setParam(name, value, local)
}

func (e env) ResetSetting(name string) error {
	if !e.s.prof.SettableParam(name) {
		return unsettable(name)
	}
	if err := e.s.settings.reset(strings.ToLower(name), true); err != nil {
		return err
	}
	e.s.followRole()
	return nil
}

func (e env) ClientAddr() (string, int) {
	if a, ok := e.s.opts.RemoteAddr.(*net.TCPAddr); ok {
		return a.IP.String(), a.Port
	}
	return "", 0
}

func (e env) Query() string         { return e.s.query }
func (e env) Random() *funcs.Random { return &e.s.random }

// TryInput parses the type's name as one stands in SQL.
func (e env) TryInput(c *funcs.Ctx, typeName, text string) (fault, err error) {
	x, err := parser.ParseExpr("NULL::" + typeName)
	if err != nil {
		return nil, pgerr.New(pgerr.SyntaxError, "invalid type name \"%s\"", typeName)
	}
	cast, ok := x.(*ast.Cast)
	if !ok {
		return nil, pgerr.New(pgerr.SyntaxError, "invalid type name \"%s\"", typeName)
	}
	t, domain, err := bind.ResolveType(e.s.bindEnv(c), cast.Type)
	if err != nil {
		return nil, pgerr.Nowhere(err)
	}
	d, fault := expr.Input(&expr.Env{Ctx: c}, t, text)
	if fault == nil && domain != 0 {
		fault = e.s.checkDomain(domain, d)
	}
	return fault, nil
}

func (e env) sequence(oid types.OID, priv byte) (*catalog.Sequence, error) {
	snap := e.s.txn.snap
	d := snap.Sequence(oid)
	if r := snap.RelationByOID(oid); d == nil && r != nil {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a sequence", r.Head().Name)
	}
	if d == nil {
		return nil, pgerr.New(pgerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	return d, snap.Check(e.s.roleOID, []catalog.PrivCheck{{OID: oid, Kind: 'S', Priv: priv}})
}

// mayChangeSequence fails in a read-only transaction.
func (e env) mayChangeSequence(function string) error {
	if e.s.txn.tx.ReadOnly() {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s() in a read-only transaction", function)
	}
	return nil
}

func (e env) Nextval(ctx context.Context, oid types.OID) (int64, error) {
	d, err := e.sequence(oid, 'U')
	if err != nil {
		return 0, err
	}
	if err := e.mayChangeSequence("nextval"); err != nil {
		return 0, err
	}
	v, err := e.s.shared.Sequences.Next(ctx, d)
	if err == nil {
		e.s.currval[oid], e.s.lastSeq = v, oid
	}
	return v, err
}

func (e env) Currval(oid types.OID) (int64, error) {
	d, err := e.sequence(oid, 'U')
	if err != nil {
		return 0, err
	}
	v, ok := e.s.currval[oid]
	if !ok {
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisite, "currval of sequence \"%s\" is not yet defined in this session", d.Name)
	}
	return v, nil
}

func (e env) Lastval() (int64, error) {
	if e.s.txn.snap.Sequence(e.s.lastSeq) == nil { // none, or it is dropped
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisite, "lastval is not yet defined in this session")
	}
	return e.s.currval[e.s.lastSeq], nil
}

func (e env) Setval(ctx context.Context, oid types.OID, v int64, called bool) error {
	d, err := e.sequence(oid, 'w')
	if err != nil {
		return err
	}
	if err := e.mayChangeSequence("setval"); err != nil {
		return err
	}
	if err := e.s.shared.Sequences.Set(ctx, d, v, called); err != nil {
		return err
	}
	if called {
		e.s.currval[oid], e.s.lastSeq = v, oid
	}
	return nil
}

func (e env) names() types.Names { return pgcatalog.NamesOf(e.s.catalogEnv()) }

func (e env) ResolveName(kind, name string) (types.OID, error) {
	return e.names().ResolveName(kind, name)
}

func (e env) ObjectName(kind string, oid types.OID) (string, bool) {
	return e.names().ObjectName(kind, oid)
}

// lightNames are the names of enumerations' values, for which the snapshot is enough.
func (e env) lightNames() types.Names { return pgcatalog.NamesOf(&pgcatalog.Env{Snap: e.s.txn.snap}) }

func (e env) EnumLabel(t types.OID, rank string) (string, bool) {
	return e.lightNames().EnumLabel(t, rank)
}

func (e env) EnumRank(t types.OID, label string) (string, bool) {
	return e.lightNames().EnumRank(t, label)
}

func (e env) EnumRanks(t types.OID) []string { return e.lightNames().EnumRanks(t) }

// Worded is an error or notice as the client reads it: with the names of types where
// those who raised it did not know them.
func (s *Session) Worded(e *pgerr.Error) *pgerr.Error {
	if s.lastSnap == nil || e == nil {
		return e
	}
	env := s.catalogEnv()
	if env.Snap == nil {
		env.Snap = s.lastSnap
	}
	names, out := pgcatalog.NamesOf(env), *e
	out.Message, out.Detail, out.Hint = types.Unmark(e.Message, names), types.Unmark(e.Detail, names), types.Unmark(e.Hint, names)
	return &out
}

func (e env) CatalogFunc(c *funcs.Ctx, name string, args []types.Datum, argTypes []types.OID) (types.Datum, error) {
	return pgcatalog.CatalogFunc(e.s.catalogEnv(), name, args)
}

// catalogEnv is what the virtual tables may know of the session.
func (s *Session) catalogEnv() *pgcatalog.Env {
	sequence := func(q *catalog.Sequence) (int64, bool, error) {
		return s.shared.Sequences.Last(context.Background(), q)
	}
	e := &pgcatalog.Env{Sequence: sequence, Snap: s.txn.snap, SearchPath: s.searchPath(), Role: s.roleOID, Tx: s.txn.tx, Settings: s.settingRows, Prepared: s.preparedRows,
		Conflicts: s.shared.conflicts.all, PlainIndexes: s.prof.Lifts("catalog of indexes"), Updatable: func(v *catalog.Table) []bool { return bind.UpdatableColumns(s.bindEnv(context.Background()), v) }}
	e.PrettyExpr = s.prettyExpr
	e.ViewQuery = func(v *catalog.Table, style pgcatalog.ViewStyle) (string, error) { return s.viewQuery(e, v, style) }
	return e
}

// viewQuery prints a view's query as PostgreSQL does.
func (s *Session) viewQuery(e *pgcatalog.Env, v *catalog.Table, style pgcatalog.ViewStyle) (string, error) {
	shape, err := bind.Shape(s.bindEnv(context.Background()), v)
	if err != nil {
		return "", err
	}
	columns := make([]string, len(v.Columns))
	for i := range v.Columns {
		columns[i] = v.Columns[i].Name
	}
	return expr.DeparseQuery(shape, columns, queryNames(e), expr.QueryStyle{Pretty: style.Pretty, Wrap: style.Wrap}), nil
}

// prettyExpr prints an expression over a table's columns as pg_get_expr does if that is
// to look pretty.
func (s *Session) prettyExpr(t *catalog.Table, text string) (string, error) {
	x, err := parser.ParseExpr(text)
	if err != nil {
		return "", err
	}
	e, cols, err := bind.BindScalar(s.bindEnv(context.Background()), x, t, types.T{}, "")
	if err != nil {
		return "", err
	}
	names := map[rel.ColID]string{}
	for i, c := range cols {
		names[c.ID] = funcs.QuoteIdent(t.Columns[i].Name)
	}
	return expr.DeparsePretty(e, func(id rel.ColID) string { return names[id] }), nil
}

// queryNames are the names of the catalog as e's search path finds them.
func queryNames(e *pgcatalog.Env) expr.QueryNames {
	return expr.QueryNames{Relation: e.RelationName, Type: e.TypeName, Object: e.RegName, Schema: func(schema string) string {
		if slices.Contains(e.SearchPath, schema) {
			return ""
		}
		return schema
	}}
}

// preparedRows are the named statements, for pg_prepared_statements.
func (s *Session) preparedRows() []pgcatalog.Prepared {
	var rows []pgcatalog.Prepared
	for name, p := range s.stmts {
		if name == "" {
			continue
		}
		row := pgcatalog.Prepared{Name: name, Text: p.made.text, Time: p.made.time, FromSQL: p.made.fromSQL}
		for _, t := range p.params {
			row.Params = append(row.Params, t.OID)
		}
		for _, f := range p.fields {
			row.Results = append(row.Results, f.Type)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b pgcatalog.Prepared) int { return strings.Compare(a.Name, b.Name) })
	return rows
}

// settingRows are the parameters, for pg_settings.
func (s *Session) settingRows() []pgcatalog.Setting {
	var rows []pgcatalog.Setting
	for i, st := range settingList {
		if s.settings.knows(i) {
			rows = append(rows, pgcatalog.Setting{Name: st.name, Value: s.settings.values[i], Default: st.def, Kind: cmp.Or(st.kind, "string"), Unit: st.unit, ReadOnly: st.readOnly})
		}
	}
	return rows
}

// settingValue is a parameter's value as SHOW prints it.
func (s *Session) settingValue(name string) (value, spelled string, err error) {
	switch strings.ToLower(name) {
	case "transaction_read_only":
		if s.txn.readOnly {
			return "on", "transaction_read_only", nil
		}
	case "session_authorization":
		return s.user, "session_authorization", nil
	}
	return s.settings.get(name)
}
