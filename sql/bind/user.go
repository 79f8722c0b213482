package bind

import (
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// userFunction finds the user's SQL function that a call means, if the system has
// none that fits better.
func (b *binder) userFunction(c *callSite) *catalog.Function {
	if b.env.Snap == nil {
		return nil
	}
	list := b.env.Snap.ResolveFunctions(b.path, c.x.Schema, c.x.Name)
	if len(list) == 0 {
		return nil
	}
	oids := make([]types.OID, len(c.args))
	for i, a := range c.args {
		oids[i] = oidOf(a.x)
	}
	byFunc := map[*funcs.Func]*catalog.Function{}
	cands := b.lookup(c.x.Schema, c.x.Name)
	for _, f := range list {
		sig := &funcs.Func{OID: f.OID, Name: f.Name, Args: inputTypes(f), Result: f.Result, Strict: f.Strict, Kind: funcs.Plain,
			ArgNames: inputNames(f), Variadic: strings.IndexByte(f.ArgModes, 'v') >= 0, Defaults: make([]types.Datum, len(f.ArgDefaults))}
		byFunc[sig] = f
		cands = append(cands[:len(cands):len(cands)], sig)
	}
	names := c.x.ArgNames
	for names != nil && len(names) < len(oids) {
		names = append(names[:len(names):len(names)], "")
	}
	m, err := funcs.Resolve(cands, c.x.Name, oids, names, c.x.Variadic)
	if err != nil {
		b.throw(c.x.At, err)
	}
	f := byFunc[m.Func]
	if f != nil {
		c.fn, c.match, c.user = m.Func, m, f
	}
	return f
}

// inputNames are the names of a function's IN arguments; nil if none has one.
func inputNames(f *catalog.Function) []string {
	if f.ArgModes == "" || f.ArgNames == nil {
		return f.ArgNames
	}
	var list []string
	for i, n := range f.ArgNames {
		if i < len(f.ArgModes) && f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			list = append(list, n)
		}
	}
	return list
}

// inputTypes are the types of a function's IN arguments.
func inputTypes(f *catalog.Function) []types.OID {
	if f.ArgModes == "" {
		return f.Args
	}
	var list []types.OID
	for i, t := range f.Args {
		if i < len(f.ArgModes) && f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			list = append(list, t)
		}
	}
	return list
}

// callUser puts the body of a user's SQL function in the place of its call: a
// scalar subquery over one row of arguments.
func (b *binder) callUser(s *scope, c *callSite, f *catalog.Function) rel.Expr {
	b.checkPlainCall(c)
	if f.Set {
		b.fail(c.x.At, pgerr.FeatureNotSupported, "set-returning SQL functions are supported in FROM only")
	}
	b.coerceArgs(c)
	values, q := b.functionBody(f, c.exprs, c.x.At)
	x := b.resultOf(q, f)
	one := &rel.Limit{Input: b.strip(q), Count: &rel.Const{T: types.Of(types.Int8OID), D: types.NewInt(1)}}
	out := b.newColumn(nil, f.Name, x.Type())
	b.cols[out.ID].fields = b.rowFields(x)
	node := &rel.Project{
		Input: &rel.Join{Kind: rel.Inner, L: values, R: one, Lateral: true},
		Cols:  []rel.Column{out}, Exprs: []rel.Expr{x},
	}
	sub := rel.Expr(&rel.Subquery{T: out.T, Kind: rel.ScalarQuery, Query: node, Pos: c.x.At})
	if f.Strict {
		sub = b.strictly(c.exprs, sub)
	}
	return sub
}

// tableFunction expands a set-returning SQL function of FROM; nil if x calls none.
func (b *binder) tableFunction(s *scope, x *ast.Func, defs []ast.ColumnDef) (rel.Node, *query, string) {
	if len(b.env.Snap.ResolveFunctions(b.path, x.Schema, x.Name)) == 0 {
		return nil, nil, ""
	}
	c := &callSite{x: x}
	for _, a := range x.Args {
		c.args = append(c.args, arg{b.expr(s, a), startOf(a)})
	}
	f := b.userFunction(c)
	if f == nil || !f.Set {
		return nil, nil, ""
	}
	b.checkPlainCall(c)
	b.coerceArgs(c)
	values, q := b.functionBody(f, c.exprs, x.At)
	if len(q.cols) == 1 && f.Result != types.RecordOID {
		q.cols[0].Name = ""
	}
	if t := b.tableOf(f.Result); t != nil {
		for i, c := range tableFields(t) {
			if i < len(q.cols) && len(q.cols) > 1 {
				q.cols[i].Name = c.Name
			}
		}
	}
	for i, names := 0, outNames(f); i < len(names) && i < len(q.cols); i++ {
		q.cols[i].Name = names[i]
	}
	if f.Result == types.RecordOID && len(outNames(f)) == 0 {
		b.describeRecord(q, defs, x.At)
	}
	return &rel.Join{Kind: rel.Inner, L: values, R: q.node, Lateral: true}, q, f.Name
}

// describeRecord gives the columns of a function that returns records their names from
// the column definition list, which must have the types that the body has.
func (b *binder) describeRecord(q *query, defs []ast.ColumnDef, pos int) {
	if len(defs) == 0 {
		b.fail(pos, pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
	}
	if len(defs) != len(q.cols) {
		b.wrongRow()
	}
	for i, d := range defs {
		if b.valueType(d.Type).OID != q.cols[i].T.OID {
			b.wrongRow()
		}
		q.cols[i].Name = d.Name
	}
}

func (b *binder) wrongRow() {
	b.fail(0, pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return record")
}

// outNames are the names of OUT and TABLE arguments.
func outNames(f *catalog.Function) []string {
	var names []string
	for i := range f.ArgModes {
		if (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't' || f.ArgModes[i] == 'b') && i < len(f.ArgNames) {
			names = append(names, f.ArgNames[i])
		}
	}
	return names
}

// functionBody binds the query of an SQL function over a row of its arguments.
func (b *binder) functionBody(f *catalog.Function, given []rel.Expr, pos int) (*rel.Values, *query) {
	if b.views++; b.views > maxViewDepth {
		b.fail(pos, pgerr.StatementTooComplex, "stack depth limit exceeded")
	}
	b.refObject(f.OID, "proc")
	b.need(f.OID, 'X', true, false).check.Kind = 'f'
	sel, err := b.env.ParseSelect(f.Body)
	if err != nil {
		b.throw(pos, err)
	}
	args := &scope{}
	values := &rel.Values{Rows: [][]rel.Expr{given}}
	it := &item{name: f.Name, relVisible: true, colVisible: true, function: true}
	names := inputNames(f)
	for i, e := range given {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		col := b.newColumn(args, name, e.Type())
		values.Cols = append(values.Cols, col)
		it.cols = append(it.cols, &nsCol{name: name, id: col.ID, t: col.T})
	}
	args.items, args.all = []*item{it}, []*item{it}
	path, saved := b.path, b.fnArgs
	if f.Path != nil {
		b.path = withCatalog(f.Path)
	}
	b.fnArgs = it.cols
	if b.fnArgs == nil {
		b.fnArgs = []*nsCol{}
	}
	b.stored++
	q := b.bindSelect(sel, args, selectOpts{resolve: true})
	b.stored--
	b.path, b.fnArgs = path, saved
	b.views--
	return values, q
}

func (b *binder) wrongResult(f *catalog.Function) {
	b.fail(0, pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", typeName(types.Of(f.Result)))
}

// CheckFunction binds the body of an SQL function that is being created, and tells
// which relations, functions and domains it uses.
func CheckFunction(env *Env, f *catalog.Function) (refs []types.OID, err error) {
	defer catch(&err)
	b := newBinder(env)
	var args []rel.Expr
	for _, t := range inputTypes(f) {
		// With open types the body makes sense only in a call.
		if isPseudo(t) {
			_, err := env.ParseSelect(f.Body)
			return nil, err
		}
		args = append(args, &rel.Const{T: types.Of(t), D: types.Null})
	}
	_, q := b.functionBody(f, args, 0)
	switch {
	case f.Result == types.VoidOID || f.Result == types.RecordOID:
	default:
		b.resultOf(q, f)
	}
	for _, oid := range b.refOIDs() {
		if oid != f.OID {
			refs = append(refs, oid)
		}
	}
	return refs, nil
}

// resultOf is the value of a row of the body: its one column, or all of them as a
// record.
func (b *binder) resultOf(q *query, f *catalog.Function) rel.Expr {
	if f.Result == types.VoidOID {
		return &rel.Const{T: types.Of(types.VoidOID), D: types.Null}
	}
	if f.Result == types.RecordOID && (len(q.cols) != 1 || oidOf(&rel.Col{T: q.cols[0].T}) != types.RecordOID) {
		row := &rel.RowExpr{T: types.Of(types.RecordOID)}
		names := outNames(f)
		for i, c := range q.cols {
			row.Args, row.Names = append(row.Args, &rel.Col{T: c.T, ID: c.ID}), append(row.Names, "f"+strconv.Itoa(i+1))
			if i < len(names) {
				row.Names[i] = names[i]
			}
		}
		return row
	}
	if t := b.tableOf(f.Result); t != nil {
		return b.rowResult(q, f, t)
	}
	if len(q.cols) != 1 {
		b.wrongResult(f)
	}
	col := &rel.Col{T: q.cols[0].T, ID: q.cols[0].ID}
	x, ok := b.tryCoerce(col, types.Of(f.Result), funcs.Assignment, 0)
	if !ok {
		b.wrongResult(f)
	}
	return x
}

// rowResult is a row of the body as a table's row type: its columns, or its one column
// that is such a row.
func (b *binder) rowResult(q *query, f *catalog.Function, t *catalog.Table) rel.Expr {
	row := &rel.RowExpr{T: types.Of(types.RecordOID)}
	for _, c := range q.cols {
		row.Args = append(row.Args, &rel.Col{T: c.T, ID: c.ID})
	}
	if len(row.Args) == 1 && b.isComposite(oidOf(row.Args[0])) {
		return b.castToRow(row.Args[0], t, 0)
	}
	if len(row.Args) != len(tableFields(t)) {
		b.wrongResult(f)
	}
	return b.castToRow(row, t, 0)
}

// strictly yields NULL if any argument is NULL.
func (b *binder) strictly(args []rel.Expr, x rel.Expr) rel.Expr {
	any := &rel.Bool{Op: rel.Or}
	for _, a := range args {
		any.Args = append(any.Args, &rel.IsTest{X: a, What: rel.IsNull})
	}
	if len(any.Args) == 0 {
		return x
	}
	null := &rel.Const{T: x.Type(), D: types.Null}
	return &rel.Case{T: x.Type(), Whens: []rel.When{{Cond: conjunction(any), Result: null}}, Else: x}
}
