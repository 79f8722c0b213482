package bind

import (
	"slices"

	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// sqlFunctionItem binds a FROM entry that is one set-returning SQL function of a user
// as a subquery, so that it is planned with the rest; no item if it must be called. As
// in PostgreSQL its body must be one SELECT and it must not be volatile or strict; here
// its arguments must be constant, too.
func (b *binder) sqlFunctionItem(s *scope, te *ast.FuncTable) (rel.Node, *item) {
	if len(te.Funcs) != 1 || te.Ordinality || len(te.Funcs[0].Defs) > 0 || b.env.NoInline || b.env.Snap == nil {
		return nil, nil
	}
	x, ok := te.Funcs[0].X.(*ast.Func)
	if !ok || len(b.env.Snap.ResolveFunctions(b.path, x.Schema, x.Name)) == 0 || slices.ContainsFunc(x.Args, varies) {
		return nil, nil
	}
	b.checkArgNames(x)
	c := b.callSite(s, x)
	f := b.userFunction(c)
	if f == nil {
		return nil, nil
	}
	sel := b.soleSelect(f)
	if sel == nil {
		return nil, nil
	}
	b.checkPlainCall(c)
	b.coerceArgs(c)
	r, _ := b.routineOf(c, f)
	if r.Result == types.VoidOID || r.Result == types.RecordOID && r.Cols == nil {
		return nil, nil
	}
	b.useFunction(f)
	q := b.inlineQuery(f, r, sel, c.exprs)
	it := &item{name: te.Alias, aliased: te.Alias != "", relVisible: true, colVisible: true, function: true}
	if it.name == "" {
		it.name = f.Name
	}
	names := b.resultNames(f, r, it.name)
	for i, col := range q.cols {
		it.cols = append(it.cols, b.adopt(s, it, col, names[i]))
	}
	if b.tableOf(r.Result) != nil {
		it.rowType = r.Result
	}
	it.scalarRow = len(q.cols) == 1 && !b.isComposite(r.Result)
	b.rename(it, te.Columns)
	return q.node, it
}

// varies tells whether an argument may have another value for each row.
func varies(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Const, *ast.Param:
		return false
	case *ast.Cast:
		return varies(x.X)
	}
	return true
}

// soleSelect is the body of a set-returning function that may be expanded, or nil.
func (b *binder) soleSelect(f *catalog.Function) *ast.Select {
	if !f.Set || f.Volatility == 'v' || f.Strict || slices.Contains(b.inlining, f.OID) || len(b.inlining) >= maxInlining {
		return nil
	}
	trees, err := b.env.ParseBody(f.Body)
	if err != nil || len(trees) != 1 {
		return nil
	}
	sel, ok := trees[0].Stmt.(*ast.Select)
	if !ok || len(sel.Locking) > 0 || sel.Into != nil {
		return nil
	}
	if sel.With != nil {
		for _, c := range sel.With.CTEs {
			if _, ok := c.Query.(*ast.Select); !ok {
				return nil
			}
		}
	}
	return sel
}

// resultNames are the names of the columns of a function in FROM.
func (b *binder) resultNames(f *catalog.Function, r *funcs.Routine, alias string) []string {
	if t := b.tableOf(r.Result); t != nil {
		var names []string
		for _, c := range tableFields(t) {
			names = append(names, c.Name)
		}
		return names
	}
	if names := outNames(f); len(names) > 0 {
		return names
	}
	return []string{alias}
}

// inlineQuery binds the query of a function's body over values of its arguments. Its
// columns are those of the result.
func (b *binder) inlineQuery(f *catalog.Function, r *funcs.Routine, sel *ast.Select, given []rel.Expr) *query {
	defer b.where(f, "during inlining")
	path, saved, active, owner := b.path, b.fnArgs, b.inlining, b.viewOwner
	if f.SQLBody {
		b.path = withCatalog(f.Path)
	}
	args := b.argScope(f, r.Args)
	for i, c := range b.fnArgs {
		c.merged = given[i]
	}
	b.inlining = append(active[:len(active):len(active)], f.OID)
	b.viewOwner = 0
	b.stored++
	q := b.bindSelect(sel, args, selectOpts{resolve: true})
	x := b.resultExpr(q.cols, r)
	b.stored--
	b.path, b.fnArgs, b.inlining, b.viewOwner = path, saved, active, owner
	exprs := []rel.Expr{x}
	if b.isComposite(r.Result) {
		row, ok := x.(*rel.RowExpr)
		if !ok {
			exprs = nil
			for i, c := range b.fieldsOf(x) {
				exprs = append(exprs, &rel.Field{T: c.T, X: x, N: i, Name: c.Name})
			}
		} else {
			exprs = row.Args
		}
	}
	p := &rel.Project{Input: q.node, Exprs: exprs}
	for _, e := range exprs {
		col := b.newColumn(nil, f.Name, types.Of(oidOf(e)))
		b.cols[col.ID].fields = b.rowFields(e)
		p.Cols = append(p.Cols, col)
	}
	return &query{node: p, cols: p.Cols}
}
