package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// operator resolves and applies a binary operator (l nil: a prefix operator).
// pos is where the operator stands, start where the expression begins.
func (b *binder) operator(schema, name string, l, r rel.Expr, pos, start int) rel.Expr {
	var left types.OID
	if l != nil {
		left = oidOf(l)
	}
	b.checkSchema(schema, pos)
	if schema != "" && schema != "pg_catalog" {
		b.noOperator(schema+"."+name, l, r, pos)
	}
	op, m, err := funcs.ResolveOperator(name, left, oidOf(r))
	if err != nil && schema != "" {
		b.noOperator(schema+"."+name, l, r, pos)
	}
	if err != nil {
		b.throw(pos, err)
	}
	c := &rel.Call{T: m.Result, Fn: op.Func, Op: name, Oper: op, Pos: pos}
	operands := []rel.Expr{l, r}
	if l == nil {
		operands = operands[1:]
	}
	for i, x := range operands {
		c.Args = append(c.Args, b.implicit(x, m.Args[i], pos))
	}
	return c
}

func (b *binder) noOperator(name string, l, r rel.Expr, pos int) {
	text := name + " " + typeName(r.Type())
	if l != nil {
		text = typeName(l.Type()) + " " + text
	}
	b.throw(pos, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", text).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts."))
}

// comparison finds the operator that a sort, grouping or row comparison uses.
func (b *binder) comparison(strategy byte, t types.OID, pos int) *funcs.Operator {
	op := funcs.Comparison(strategy, t, t)
	if op != nil || t == types.RecordOID {
		return op
	}
	if strategy == '=' {
		b.fail(pos, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", typeName(types.Of(t)))
	}
	if strategy == '<' && b.orderHint {
		b.throw(pos, pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", typeName(types.Of(t))).
			WithHint("Use an explicit ordering operator or modify the query."))
	}
	b.fail(pos, pgerr.UndefinedFunction, "could not identify a comparison function for type %s", typeName(types.Of(t)))
	return nil
}

func (b *binder) unary(s *scope, x *ast.Unary) rel.Expr {
	return b.operator(x.Schema, x.Op, nil, b.expr(s, x.X), x.At, x.At)
}

func (b *binder) binary(s *scope, x *ast.Binary) rel.Expr {
	lrow, lok := x.L.(*ast.Row)
	if lok {
		if rrow, ok := x.R.(*ast.Row); ok {
			l, r := b.exprList(s, lrow.Args), b.exprList(s, rrow.Args)
			return b.rowOperator(x.Schema, x.Op, l, r, x.At)
		}
		if q, ok := x.R.(*ast.Sublink); ok && q.Kind == ast.ScalarSublink {
			return b.rowSublink(s, lrow, x, q)
		}
	}
	return b.operator(x.Schema, x.Op, b.expr(s, x.L), b.expr(s, x.R), x.At, startOf(x))
}

// rowOperator compares two rows column by column.
func (b *binder) rowOperator(schema, op string, l, r []arg, pos int) rel.Expr {
	if len(l) != len(r) {
		b.fail(pos, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(l) == 0 {
		b.fail(pos, pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	calls := make([]*rel.Call, len(l))
	for i := range l {
		c := b.operator(schema, op, l[i].x, r[i].x, pos, l[i].pos).(*rel.Call)
		if c.T.OID != types.BoolOID {
			b.fail(pos, pgerr.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", typeName(c.T))
		}
		calls[i] = c
	}
	if len(calls) == 1 {
		return calls[0]
	}
	switch op {
	case "=", "<>":
		e := &rel.Bool{Op: rel.And}
		if op == "<>" {
			e.Op = rel.Or
		}
		for _, c := range calls {
			e.Args = append(e.Args, c)
		}
		return e
	case "<", "<=", ">", ">=":
		return b.rowCompare(op, calls, pos)
	}
	b.throw(pos, pgerr.New(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
		WithHint("Row comparison operators must be associated with btree operator families."))
	return nil
}

func (b *binder) rowCompare(op string, calls []*rel.Call, pos int) rel.Expr {
	e := &rel.RowCompare{Op: op}
	for _, c := range calls {
		l, r := oidOf(c.Args[0]), oidOf(c.Args[1])
		eq, lt := funcs.Comparison('=', l, r), funcs.Comparison('<', l, r)
		if eq == nil || lt == nil {
			b.throw(pos, pgerr.New(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
				WithHint("Row comparison operators must be associated with btree operator families."))
		}
		e.L, e.R = append(e.L, c.Args[0]), append(e.R, c.Args[1])
		e.Eqs, e.Lts = append(e.Eqs, eq.Func), append(e.Lts, lt.Func)
	}
	return e
}

func (b *binder) distinct(s *scope, x *ast.Distinct) rel.Expr {
	lrow, lok := x.L.(*ast.Row)
	rrow, rok := x.R.(*ast.Row)
	if lok && rok {
		l, r := b.exprList(s, lrow.Args), b.exprList(s, rrow.Args)
		if len(l) != len(r) {
			b.fail(x.At, pgerr.SyntaxError, "unequal number of entries in row expressions")
		}
		e := &rel.Bool{Op: rel.Or}
		for i := range l {
			e.Args = append(e.Args, b.distinctPair(l[i].x, r[i].x, false, x.At))
		}
		if x.Not {
			return &rel.Bool{Op: rel.Not, Args: []rel.Expr{conjunction(e)}}
		}
		return conjunction(e)
	}
	l, r := b.expr(s, x.L), b.expr(s, x.R)
	switch { // IS NULL looks into rows.
	case b.isComposite(oidOf(l)) || b.isComposite(oidOf(r)):
	case isNullConst(r):
		return &rel.IsTest{X: b.tested(l, startOf(x.L)), What: rel.IsNull, Not: !x.Not}
	case isNullConst(l):
		return &rel.IsTest{X: b.tested(r, startOf(x.R)), What: rel.IsNull, Not: !x.Not}
	}
	return b.distinctPair(l, r, x.Not, x.At)
}

// isNullConst reports whether x is a bare NULL.
func isNullConst(x rel.Expr) bool {
	c, ok := x.(*rel.Const)
	return ok && c.T.OID == types.UnknownOID && c.D.IsNull()
}

func (b *binder) distinctPair(l, r rel.Expr, not bool, pos int) rel.Expr {
	c := b.equality(l, r, "IS DISTINCT FROM", pos)
	return &rel.Distinct{L: c.Args[0], R: c.Args[1], Eq: c.Fn, Not: not}
}

// equality applies "=", which must yield a boolean.
func (b *binder) equality(l, r rel.Expr, what string, pos int) *rel.Call {
	c := b.operator("", "=", l, r, pos, pos).(*rel.Call)
	if c.T.OID != types.BoolOID {
		b.fail(pos, pgerr.DatatypeMismatch, "%s requires = operator to yield boolean", what)
	}
	return c
}

func (b *binder) nullIf(s *scope, x *ast.NullIf) rel.Expr {
	c := b.equality(b.expr(s, x.L), b.expr(s, x.R), "NULLIF", x.At)
	e := &rel.NullIf{T: c.Args[0].Type(), L: c.Args[0], R: c.Args[1], Eq: c.Fn}
	b.noSets(e, "NULLIF", x.At)
	return e
}

func (b *binder) between(s *scope, x *ast.Between) rel.Expr {
	low, high, join := ">=", "<=", rel.And
	if x.Not {
		low, high, join = "<", ">", rel.Or
	}
	pair := func(lo, hi ast.Expr) rel.Expr {
		return &rel.Bool{Op: join, Args: []rel.Expr{
			b.operator("", low, b.expr(s, x.X), b.expr(s, lo), x.At, x.At),
			b.operator("", high, b.expr(s, x.X), b.expr(s, hi), x.At, x.At),
		}}
	}
	e := pair(x.Lo, x.Hi)
	if !x.Symmetric {
		return e
	}
	outer := rel.Or
	if x.Not {
		outer = rel.And
	}
	return &rel.Bool{Op: outer, Args: []rel.Expr{e, pair(x.Hi, x.Lo)}}
}

// anyAll binds x op ANY (array).
func (b *binder) anyAll(s *scope, x *ast.AnyAll) rel.Expr {
	l, array := b.expr(s, x.L), b.expr(s, x.Array)
	elem := types.UnknownOID
	if !isUnknown(array) {
		if elem = elemOf(oidOf(array)); elem == 0 {
			b.fail(x.At, pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
	}
	op, m, err := funcs.ResolveOperator(x.Op, oidOf(l), elem)
	if err != nil {
		b.throw(x.At, err)
	}
	return b.anyAllCall(op, m, x.Op, x.All, l, array, x.At)
}

func (b *binder) anyAllCall(op *funcs.Operator, m funcs.Match, name string, all bool, l, array rel.Expr, pos int) rel.Expr {
	if m.Result.OID != types.BoolOID {
		b.fail(pos, pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	arr := arrayOf(m.Args[1].OID)
	if arr == 0 {
		b.fail(pos, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(m.Args[1]))
	}
	return &rel.AnyAll{
		Op: name, Fn: op.Func, Oper: op, All: all, Pos: pos,
		L: b.implicit(l, m.Args[0], pos), Array: b.implicit(array, types.Of(arr), pos),
	}
}

// in binds x IN (list): values without columns go into one array, the others are
// compared one by one.
func (b *binder) in(s *scope, x *ast.In) rel.Expr {
	name, join := "=", rel.Or
	if x.Not {
		name, join = "<>", rel.And
	}
	if row, ok := x.X.(*ast.Row); ok {
		return b.inRows(s, x, row, name, join)
	}
	l := arg{b.expr(s, x.X), startOf(x.X)}
	var plain, others []arg
	for _, item := range x.List {
		a := arg{b.expr(s, item), startOf(item)}
		if b.hasColumns(a.x) || b.isComposite(oidOf(a.x)) {
			others = append(others, a)
		} else {
			plain = append(plain, a)
		}
	}
	e := &rel.Bool{Op: join}
	if len(plain) > 1 {
		if list := b.inArray(l, plain, name, x); list != nil {
			e.Args = append(e.Args, list)
			plain = nil
		}
	}
	for _, a := range append(plain, others...) {
		c := b.operator("", name, l.x, a.x, x.At, l.pos)
		e.Args = append(e.Args, b.toBool(c, "IN", x.At))
		if isUnknown(l.x) {
			l.x = b.expr(s, x.X)
		}
	}
	return conjunction(e)
}

// inArray compares with an array of the list's values; nil if they have no type
// in common.
func (b *binder) inArray(l arg, list []arg, name string, x *ast.In) rel.Expr {
	oids := []types.OID{oidOf(l.x)}
	for _, a := range list {
		oids = append(oids, oidOf(a.x))
	}
	t, err := funcs.CommonType("IN", oids)
	if err != nil || b.isComposite(t) {
		return nil
	}
	if t == types.UnknownOID {
		t = types.TextOID
	}
	arr := arrayOf(t)
	if arr == 0 {
		return nil
	}
	e := &rel.ArrayExpr{T: types.Of(arr), Elem: t}
	for _, a := range list {
		e.Elems = append(e.Elems, b.toCommon("IN", a, types.Of(t)))
	}
	op, m, err := funcs.ResolveOperator(name, oidOf(l.x), t)
	if err != nil {
		b.throw(x.At, err)
	}
	return b.anyAllCall(op, m, name, x.Not, l.x, e, x.At)
}

func (b *binder) inRows(s *scope, x *ast.In, row *ast.Row, name string, join rel.BoolOp) rel.Expr {
	e := &rel.Bool{Op: join}
	for _, item := range x.List {
		l := b.exprList(s, row.Args)
		r, ok := item.(*ast.Row)
		if !ok {
			e.Args = append(e.Args, b.operator("", name, b.row(s, row), b.expr(s, item), x.At, x.At))
			continue
		}
		e.Args = append(e.Args, b.rowOperator("", name, l, b.exprList(s, r.Args), x.At))
	}
	return conjunction(e)
}

// hasColumns reports whether x refers to columns of any query level.
func (b *binder) hasColumns(x rel.Expr) bool {
	found := false
	rel.WalkExpr(x, func(e rel.Expr) bool {
		if _, ok := e.(*rel.Col); ok {
			found = true
		}
		return !found
	})
	return found
}
