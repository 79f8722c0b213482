package session

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/ddl"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// ddl runs a statement that changes the catalog.
func (s *Session) ddl(ctx context.Context, tree ast.Stmt) (output, error) {
	if t, ok := tree.(*ast.AlterRoleSet); ok && !t.Set.Reset {
		var err error
		if tree, err = s.roleSetting(t); err != nil {
			return output{}, err
		}
	}
	env := s.ddlEnv(ctx)
	res, err := s.executeDDL(ctx, env, tree)
	if err != nil {
		return output{}, err
	}
	if err := s.work(ctx, res.Snap, res.Work); err != nil {
		return output{}, err
	}
	if x, ok := tree.(*ast.CreateIndex); ok && !x.Async {
		if out := (output{tag: res.Tag, notices: res.Notices}); env.InBlock || len(res.Rows) == 0 {
			s.txn.snap = res.Snap
			return out, nil
		}
		return output{tag: res.Tag}, s.awaitIndex(ctx, res)
	}
	if s.prof.MultipleDDL || s.prof.MixDDLAndDML {
		s.txn.snap = res.Snap
	}
	if t, ok := tree.(*ast.AlterRoleSet); ok {
		if r := s.txn.snap.RoleByName(t.Role.Name); r != nil {
			s.shared.injections.order(r.OID, "") // The next connection finds the new order.
		}
	}
	return output{tag: res.Tag, rows: res.Rows, notices: res.Notices}, nil
}

// roleSetting is ALTER ROLE SET with the value in the place of FROM CURRENT, if the
// profile lets the parameter be set.
func (s *Session) roleSetting(t *ast.AlterRoleSet) (ast.Stmt, error) {
	if !s.prof.SettableParam(t.Set.Name) {
		return nil, unsettable(t.Set.Name)
	}
	if !t.Set.Current {
		return t, nil
	}
	value, _, err := s.settingValue(t.Set.Name)
	if err != nil {
		return nil, err
	}
	words := []string{value}
	if t.Set.Name == "search_path" {
		words = splitIdentifiers(value)
	}
	set := &ast.Set{Name: t.Set.Name}
	for _, w := range words {
		set.Values = append(set.Values, &ast.Const{Kind: ast.StringConst, Text: w})
	}
	return &ast.AlterRoleSet{Role: t.Role, Set: set}, nil
}

// executeDDL runs a statement; names in its expressions are looked up in the catalog as
// the statement leaves it.
func (s *Session) executeDDL(ctx context.Context, env *ddl.Env, tree ast.Stmt) (ddl.Result, error) {
	snap := s.txn.snap
	defer func() { s.txn.snap = snap }()
	return ddl.Execute(ctx, env, tree)
}

// ddlEnv is what DDL may know of the session.
func (s *Session) ddlEnv(ctx context.Context) *ddl.Env {
	env := &ddl.Env{}
	b := ddlBinder{s, ctx, env}
	*env = ddl.Env{
		Tx: s.txn.tx, Snap: s.txn.snap, Role: s.roleOID, SearchPath: s.searchPath(), Limits: s.prof.Limits, Lifts: s.prof.Lifts,
		InBlock: s.status != idle || s.txn.changes > 1,
		Bind: ddl.Binder{
			ResolveType: b.resolveType, BindDefault: b.bindDefault, FixedDefault: b.fixedDefault, BindGenerated: b.bindGenerated, BindCheck: b.bindCheck,
			BindDomainCheck: b.bindDomainCheck, BindIndexExpr: b.bindIndexExpr, BindView: b.bindView, RetextView: b.retextView, NotUpdatable: b.notUpdatable, CheckFunction: b.checkFunction,
		},
		SetSequence: s.shared.Sequences.Set,
	}
	return env
}

// A ddlBinder binds the expressions in DDL for one statement.
type ddlBinder struct {
	s   *Session
	ctx context.Context
	ddl *ddl.Env // CREATE SCHEMA changes role and search path for its elements
}

// env is the session's binding environment over a snapshot that may hold the
// statement's own changes.
func (b ddlBinder) env(snap *catalog.Snapshot) *bind.Env {
	b.s.txn.snap = snap // executeDDL puts it back.
	e := b.s.bindEnv(b.ctx)
	e.Role, e.SearchPath, e.NoInline = b.ddl.Role, b.ddl.SearchPath, true
	return e
}

func (b ddlBinder) resolveType(snap *catalog.Snapshot, n ast.TypeName) (types.T, types.OID, error) {
	return bind.ResolveType(b.env(snap), n)
}

func (b ddlBinder) bindDefault(snap *catalog.Snapshot, x ast.Expr, text string, col *catalog.Col) (ddl.Bound, error) {
	sc, err := bind.BindDefault(b.env(snap), x, nil, col)
	return bound(sc, err, nil, text, col.T)
}

// fixedDefault evaluates a default that has one value for the whole statement.
func (b ddlBinder) fixedDefault(snap *catalog.Snapshot, text string, col *catalog.Col) (*string, bool, error) {
	if text == "" {
		text = "NULL"
	}
	x, err := parser.ParseExpr(text)
	if err != nil {
		return nil, false, err
	}
	sc, err := bind.BindDefault(b.env(snap), x, nil, col)
	if err != nil || bind.IsVolatile(sc) {
		return nil, false, err
	}
	compiled, err := expr.Compile(sc.X, nil, nil)
	if err != nil {
		return nil, false, err
	}
	d, err := compiled.Row(&expr.Env{Ctx: b.s.funcCtx(b.ctx), Domain: b.s.checkDomain}, nil)
	if err != nil || d.IsNull() {
		return nil, err == nil, err
	}
	value := string(types.AppendText(nil, col.T.OID, d, types.DefaultFormat))
	return &value, true, nil
}

func (b ddlBinder) bindGenerated(snap *catalog.Snapshot, t *catalog.Table, x ast.Expr, text string, col *catalog.Col) (ddl.Bound, error) {
	sc, err := bind.BindDefault(b.env(snap), x, t, col)
	return bound(sc, err, columnNames(t), text, col.T)
}

func (b ddlBinder) bindCheck(snap *catalog.Snapshot, t *catalog.Table, x ast.Expr, text string) (ddl.Bound, error) {
	sc, err := bind.BindExpr(b.env(snap), x, t, types.T{}, bind.ForCheck)
	return bound(sc, err, columnNames(t), text, types.Of(types.BoolOID))
}

func (b ddlBinder) bindDomainCheck(snap *catalog.Snapshot, base types.T, x ast.Expr, text string) (ddl.Bound, error) {
	sc, err := bind.BindDomainCheck(b.env(snap), x, base)
	return bound(sc, err, func(int) string { return "VALUE" }, text, types.Of(types.BoolOID))
}

func (b ddlBinder) bindIndexExpr(snap *catalog.Snapshot, t *catalog.Table, x ast.Expr, text string, predicate bool) (ddl.Bound, error) {
	what := bind.ForIndex
	if predicate {
		what = bind.ForIndexPredicate
	}
	sc, err := bind.BindExpr(b.env(snap), x, t, types.T{}, what)
	if err != nil {
		return ddl.Bound{}, err
	}
	return bound(sc, nil, columnNames(t), text, sc.X.Type())
}

func (b ddlBinder) bindView(snap *catalog.Snapshot, q *ast.Select, text string) (ddl.BoundView, error) {
	v, err := bind.BindView(b.env(snap), q)
	if err != nil {
		return ddl.BoundView{}, err
	}
	out := ddl.BoundView{Text: text, Refs: v.Refs, Uses: v.Uses, Widths: v.Widths, NotUpdatable: v.NotUpdatable}
	for _, c := range v.Cols {
		out.Cols = append(out.Cols, catalog.Col{Name: c.Name, T: c.T})
	}
	return out, nil
}

// retextView prints a view's query with the names of another catalog, and makes sure that
// it is the same there.
func (b ddlBinder) retextView(before, after *catalog.Snapshot, old, v *catalog.Table) (string, error) {
	env := b.env(before)
	env.After = after
	shape, err := bind.Shape(env, old)
	if err != nil {
		return "", err
	}
	e := b.s.catalogEnv()
	e.Snap, e.SearchPath = after, v.ViewPath
	columns := make([]string, len(v.Columns))
	for i := range v.Columns {
		columns[i] = v.Columns[i].Name
	}
	text := strings.TrimSpace(expr.DeparseQuery(shape, columns, queryNames(e), expr.QueryStyle{}))
	q, err := parser.ParseSelect(text)
	if err != nil {
		return "", err
	}
	env = b.env(after)
	env.SearchPath = v.ViewPath
	again, err := bind.BindView(env, q)
	if err != nil {
		return "", err
	}
	if len(again.Cols) != len(v.Columns) {
		return "", errors.New("session: the view's text has other columns")
	}
	for i, c := range again.Cols {
		if c.T != v.Columns[i].T {
			return "", errors.New("session: the view's text has columns of other types")
		}
	}
	return text, nil
}

func (b ddlBinder) notUpdatable(snap *catalog.Snapshot, v *catalog.Table) string {
	return bind.NotUpdatable(b.env(snap), v)
}

func (b ddlBinder) checkFunction(snap *catalog.Snapshot, f *catalog.Function) ([]types.OID, error) {
	env := b.env(snap)
	refs, err := bind.CheckFunction(env, f, func(tree ast.Stmt) error { return b.s.mayStandInBody(f, tree) })
	if err != nil || !strings.HasPrefix(f.Shown, "RETURN ") {
		return refs, err
	}
	if x, err := bind.BodyExpr(env, f); x != nil && err == nil {
		f.Shown = "RETURN " + expr.Deparse(x, func(id rel.ColID) string {
			if name := bind.ArgName(f, int(id)); name != "" {
				return funcs.QuoteIdent(name)
			}
			return "$" + strconv.Itoa(int(id))
		})
	}
	return refs, nil
}

func columnNames(t *catalog.Table) func(i int) string {
	return func(i int) string { return funcs.QuoteIdent(t.Columns[i].Name) }
}

// bound is what the catalog keeps of a bound expression: its text with all names
// resolved, so that it means the same under every search path.
func bound(sc *bind.Scalar, err error, name func(i int) string, text string, t types.T) (ddl.Bound, error) {
	if err != nil {
		return ddl.Bound{}, err
	}
	names := map[rel.ColID]string{}
	for i, c := range sc.Cols {
		if name != nil && c.ID != 0 {
			names[c.ID] = name(i)
		}
	}
	full := expr.Deparse(sc.X, func(id rel.ColID) string { return names[id] })
	// What has no text of its own keeps the one that it was written with.
	if _, perr := parser.ParseExpr(full); perr != nil {
		full = text
	}
	return ddl.Bound{Text: full, T: t, Cols: sc.Used, Refs: sc.Refs}, nil
}
