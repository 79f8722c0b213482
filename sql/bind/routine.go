package bind

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A BodyStmt is a bound statement of an SQL function's body. Its parameters are the
// function's arguments. The last one yields the function's result in its one column,
// unless that is void.
type BodyStmt struct {
	Query *rel.Query
	Tree  ast.Stmt
}

// BindRoutine binds the body of an SQL function for a call. check refuses statements
// that may not stand in a body.
func BindRoutine(env *Env, r *funcs.Routine, check func(ast.Stmt) error) (list []BodyStmt, err error) {
	defer catch(&err)
	b := newBinder(env)
	f := env.Snap.Function(r.Func)
	if f == nil {
		b.fail(0, pgerr.UndefinedFunction, "function with OID %d does not exist", r.Func)
	}
	return b.body(f, r, check, "during startup"), nil
}

// CheckFunction binds the body of an SQL function that is being created. With open
// types the body makes sense only in a call. refs is what the body depends on.
func CheckFunction(env *Env, f *catalog.Function, check func(ast.Stmt) error) (refs []types.OID, err error) {
	defer catch(&err)
	b := newBinder(env)
	b.bodyAt = 1
	r := &funcs.Routine{Func: f.OID, Name: f.Name, Args: inputTypes(f), Result: f.Result, Set: f.Set}
	if r.Result == types.RecordOID {
		for _, t := range outTypes(f) {
			r.Cols = append(r.Cols, types.Of(t))
		}
	}
	if slices.ContainsFunc(f.Args, isPseudo) {
		_, err := env.ParseBody(f.Body)
		return nil, err
	}
	for _, st := range b.body(f, r, check, "") {
		for _, ref := range st.Query.Refs {
			if !slices.Contains(refs, ref.OID) {
				refs = append(refs, ref.OID)
			}
		}
	}
	return refs, nil
}

// BodyExpr is the expression that a body consists of; nil if it is more than that. The
// arguments are columns numbered from 1.
func BodyExpr(env *Env, f *catalog.Function) (x rel.Expr, err error) {
	defer catch(&err)
	b := newBinder(env)
	sole := b.soleExpr(f)
	if sole == nil || slices.ContainsFunc(f.Args, isPseudo) {
		return nil, nil
	}
	r := &funcs.Routine{Func: f.OID, Name: f.Name, Args: inputTypes(f), Result: f.Result}
	x = b.bodyBinder(f, r).inlineExpr(f, r, sole)
	return rel.MapExpr(x, func(e rel.Expr) (rel.Expr, bool) {
		if p, ok := e.(*rel.Param); ok {
			return &rel.Col{T: p.T, ID: rel.ColID(p.N)}, false
		}
		return e, true
	}), nil
}

// body binds the statements of a function's body.
func (b *binder) body(f *catalog.Function, r *funcs.Routine, check func(ast.Stmt) error, when string) []BodyStmt {
	defer b.where(f, when)
	trees, err := b.env.ParseBody(f.Body)
	if err != nil && b.bodyAt == 0 {
		err = pgerr.Nowhere(err)
	}
	if err != nil {
		b.throw(0, err)
	}
	var list []BodyStmt
	for i, st := range trees {
		if err := check(st.Stmt); err != nil {
			b.throw(0, pgerr.Nowhere(err))
		}
		p := b.bodyBinder(f, r)
		if b.bodyAt > 0 {
			p.bodyAt = 1 + st.Offset
		}
		list = append(list, BodyStmt{p.bodyStmt(f, r, st.Stmt, i == len(trees)-1), st.Stmt})
	}
	if len(list) == 0 {
		b.noResult(f, r)
	}
	return list
}

// where adds to an error that passes by in which function it happened.
func (b *binder) where(f *catalog.Function, when string) {
	switch e := recover().(type) {
	case nil:
	case failure:
		panic(failure{InFunction(e.err, f.Name, when)})
	default:
		panic(e)
	}
}

// InFunction adds to an error in which function it happened.
func InFunction(err error, name, when string) error {
	e := pgerr.As(err)
	if e == nil {
		return err
	}
	c := *e
	if c.Where != "" {
		c.Where += "\n"
	}
	c.Where += strings.TrimSpace("SQL function \"" + name + "\" " + when)
	return &c
}

// bodyBinder makes the binder of one statement of a body.
func (b *binder) bodyBinder(f *catalog.Function, r *funcs.Routine) *binder {
	p := newBinder(b.env)
	p.stored = 1
	if f.SQLBody || b.env.SearchPath == nil { // Jobs have no search path of their own.
		p.path = withCatalog(f.Path)
	}
	args := make([]types.T, len(r.Args))
	for i, t := range r.Args {
		args[i] = types.Of(t)
	}
	p.params.declare(args)
	return p
}

// argScope makes the arguments of a function visible, as parameters.
func (b *binder) argScope(f *catalog.Function, args []types.OID) *scope {
	names := inputNames(f)
	it := &item{name: f.Name, relVisible: true, colVisible: true, function: true}
	for i, t := range args {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		it.cols = append(it.cols, &nsCol{name: name, t: types.Of(t), merged: &rel.Param{T: types.Of(t), N: i + 1}})
	}
	b.fnArgs, b.fnName = it.cols, f.Name
	if b.fnArgs == nil {
		b.fnArgs = []*nsCol{}
	}
	return &scope{items: []*item{it}, all: []*item{it}}
}

// argField is arg.field or function.arg.field for an argument that is a row; nil if the
// name means something else.
func (b *binder) argField(s *scope, parts []string, pos int) rel.Expr {
	n := len(parts)
	if b.fnArgs == nil || n < 2 || n > 3 || b.findItem(s, "", parts[0], pos) != nil && n == 2 {
		return nil
	}
	for _, c := range b.fnArgs {
		if c.name == parts[n-2] && b.isComposite(c.t.OID) && (n == 2 || parts[0] == b.fnName) {
			return b.field(c.merged, parts[n-1], pos)
		}
	}
	return nil
}

// argRow is the function's argument that arg or function.arg names, if it is a row and
// the name means nothing else; nil if not.
func (b *binder) argRow(s *scope, parts []string, pos int) rel.Expr {
	n := len(parts)
	if b.fnArgs == nil || n < 1 || n > 2 || n == 1 && b.findItem(s, "", parts[0], pos) != nil {
		return nil
	}
	for _, c := range b.fnArgs {
		if c.name == parts[n-1] && b.isComposite(c.t.OID) && (n == 1 || parts[0] == b.fnName) {
			return c.merged
		}
	}
	return nil
}

// bodyStmt binds one statement of a body; last: it yields the result.
func (b *binder) bodyStmt(f *catalog.Function, r *funcs.Routine, tree ast.Stmt, last bool) *rel.Query {
	args := b.argScope(f, r.Args)
	q := &rel.Query{Kind: "SELECT"}
	var body *query
	switch st := tree.(type) {
	case *ast.Select:
		body = b.bindSelect(st, args, selectOpts{top: true, resolve: true})
	case *ast.Insert, *ast.Update, *ast.Delete:
		body = b.modify(st, args, true)
		q.Kind = body.kind
	default:
		b.fail(0, pgerr.FeatureNotSupported, "this statement cannot stand in the body of a function")
	}
	q.Root, q.Out, q.HasRows = body.node, body.cols, len(body.cols) > 0
	if last && r.Result != types.VoidOID {
		if len(body.cols) == 0 {
			b.noResult(f, r)
		}
		q.Root, q.Out = b.result(body, f, r)
	}
	b.finish(q)
	return q
}

// noResult refuses a body whose end yields no rows; nil result types want none.
func (b *binder) noResult(f *catalog.Function, r *funcs.Routine) {
	if r.Result != types.VoidOID {
		b.wrongResult(r, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
}

func (b *binder) wrongResult(r *funcs.Routine, detail string, args ...any) {
	b.throw(0, pgerr.New(pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", typeName(types.Of(r.Result))).
		WithDetail(detail, args...))
}

// result puts a function's result over the rows of its last statement: one column. The
// first row is enough for a function that returns no set.
func (b *binder) result(q *query, f *catalog.Function, r *funcs.Routine) (rel.Node, []rel.Column) {
	from, cols := q.node, q.cols
	if q.kind != "" && !(len(cols) == 1 && cols[0].T.OID == r.Result) {
		from, cols = b.rowsOf(q)
	}
	x := b.resultExpr(cols, r)
	col, same := x.(*rel.Col)
	node := from
	if same && len(from.Columns()) == 1 && col.ID == cols[0].ID {
		cols = cols[:1]
	} else {
		out := b.newColumn(nil, f.Name, x.Type())
		node, cols = &rel.Project{Input: from, Cols: []rel.Column{out}, Exprs: []rel.Expr{x}}, []rel.Column{out}
	}
	if !r.Set && q.kind == "" {
		node = &rel.Limit{Input: node, Count: &rel.Const{T: types.Of(types.Int8OID), D: types.NewInt(1)}}
	}
	return node, cols
}

// rowsOf makes the rows that a data-modifying statement returns the source of a query.
func (b *binder) rowsOf(q *query) (rel.Node, []rel.Column) {
	cte := &rel.CTE{Name: "returning", Query: q.node, Cols: q.cols, Modifies: true, Refs: 1}
	var all []*rel.CTE
	if w, ok := q.node.(*rel.With); ok {
		cte.Query, all = w.Body, w.CTEs
	}
	ref := &rel.CTERef{CTE: cte, Alias: cte.Name}
	for _, c := range q.cols {
		col := b.newColumn(nil, c.Name, c.T)
		b.cols[col.ID].fields, b.cols[col.ID].domain = b.cols[c.ID].fields, b.cols[c.ID].domain
		ref.Cols = append(ref.Cols, col)
	}
	return &rel.With{CTEs: append(all[:len(all):len(all)], cte), Body: ref}, ref.Cols
}

// resultExpr is the value of a row of the last statement: its one column, or all of
// them as a record.
func (b *binder) resultExpr(cols []rel.Column, r *funcs.Routine) rel.Expr {
	list := make([]rel.Expr, len(cols))
	for i, c := range cols {
		list[i] = &rel.Col{T: c.T, ID: c.ID}
	}
	table := b.tableOf(r.Result)
	if table == nil && r.Result != types.RecordOID {
		if len(list) != 1 {
			b.wrongResult(r, "Final statement must return exactly one column.")
		}
		x, ok := b.tryCoerce(list[0], types.Of(r.Result), funcs.Assignment, 0)
		if !ok {
			b.wrongResult(r, "Actual return type is %s.", typeName(list[0].Type()))
		}
		return x
	}
	if len(list) == 1 && b.isComposite(oidOf(list[0])) && (oidOf(list[0]) == r.Result || r.Cols == nil || len(r.Cols) != 1) {
		if table == nil || oidOf(list[0]) == r.Result {
			return list[0]
		}
		if len(b.fieldsOf(list[0])) == len(tableFields(table)) {
			return b.castToRow(list[0], table, 0)
		}
	}
	want := r.Cols
	if table != nil {
		want = nil
		for _, c := range tableFields(table) {
			want = append(want, c.T)
		}
	}
	return b.resultRow(list, cols, want, r, table)
}

// resultRow makes a record of the columns, which must be as wanted.
func (b *binder) resultRow(list []rel.Expr, cols []rel.Column, want []types.T, r *funcs.Routine, table *catalog.Table) rel.Expr {
	row := &rel.RowExpr{T: types.Of(r.Result), Args: []rel.Expr{}}
	for i, x := range list {
		name := "f" + strconv.Itoa(i+1)
		if want == nil {
			name = cols[i].Name
		} else if i >= len(want) {
			b.wrongResult(r, "Final statement returns too many columns.")
		} else {
			y, ok := b.tryCoerce(x, want[i], funcs.Assignment, 0)
			if !ok {
				b.wrongResult(r, "Final statement returns %s instead of %s at column %d.", typeName(x.Type()), typeName(want[i]), i+1)
			}
			x = y
		}
		row.Args, row.Names = append(row.Args, x), append(row.Names, name)
	}
	if len(list) < len(want) {
		b.wrongResult(r, "Final statement returns too few columns.")
	}
	if table != nil {
		for i, c := range tableFields(table) {
			row.Names[i] = c.Name
		}
	} else if f := b.env.Snap.Function(r.Func); f != nil {
		if names := outNames(f); len(names) == len(row.Names) {
			row.Names = names
		}
	}
	return row
}

// bare tells whether a query is SELECT with one expression and nothing else.
func bare(sel *ast.Select) bool {
	if len(sel.Targets) != 1 {
		return false
	}
	if c, ok := sel.Targets[0].X.(*ast.ColumnRef); ok && c.Star {
		return false
	}
	return reflect.DeepEqual(sel, &ast.Select{Targets: sel.Targets, Pos: sel.Pos})
}
