package expr_test

import (
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// parseExpr binds an expression without columns, straight from PostgreSQL's
// parse tree: enough of a binder to test functions, operators and casts.
func parseExpr(sql string) (e rel.Expr, err error) {
	tree, err := pg_query.Parse("select " + sql)
	if err != nil {
		return nil, pgerr.New(pgerr.SyntaxError, "%s", err)
	}
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if err, ok = r.(error); !ok {
				panic(r)
			}
			if pgerr.As(err) == nil {
				panic(r)
			}
		}
	}()
	target := tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget()
	x := bindNode(target.Val)
	return settle(x), nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// settle gives a literal of no known type the type text.
func settle(x rel.Expr) rel.Expr {
	if x.Type().OID == types.UnknownOID {
		return coerce(x, types.Of(types.TextOID), funcs.Implicit)
	}
	return x
}

func coerce(x rel.Expr, t types.T, ctx funcs.CastContext) rel.Expr {
	from := x.Type().OID
	if c, ok := x.(*rel.Const); ok && from == types.UnknownOID && t.OID != types.UnknownOID {
		if c.D.IsNull() {
			return &rel.Const{T: t}
		}
		d, err := types.Parse(types.Of(t.OID), c.D.S, types.DefaultFormat)
		check(err)
		d, err = types.ApplyTypmod(t, d, ctx == funcs.Explicit)
		check(err)
		return &rel.Const{T: t, D: d}
	}
	switch t.OID {
	case types.AnyOID, types.AnyArrayOID, types.RecordOID:
		return x
	}
	if from != t.OID {
		entry, ok := funcs.FindCast(from, t.OID, ctx)
		if !ok {
			panic(pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", types.FormatType(types.Of(from)), types.FormatType(types.Of(t.OID))))
		}
		cast := &rel.Cast{T: types.Of(t.OID), X: x, Method: entry.Method, Fn: entry.Func, Explicit: ctx == funcs.Explicit}
		fe, te := elem(from), elem(t.OID)
		if fe != 0 && te != 0 && entry.Method == funcs.ByInOut {
			cast.ElemCast = coerce(&rel.Col{T: types.Of(fe), ID: -1}, types.Of(te), ctx)
		}
		x = cast
	}
	if t.Typmod >= 0 {
		x = &rel.Typmod{T: t, X: x, Explicit: ctx == funcs.Explicit}
	}
	return x
}

func elem(t types.OID) types.OID {
	if ty := types.Get(t); ty != nil && ty.Category == 'A' {
		return ty.Elem
	}
	return 0
}

func bindNodes(list []*pg_query.Node) []rel.Expr {
	out := make([]rel.Expr, len(list))
	for i, n := range list {
		out[i] = bindNode(n)
	}
	return out
}

func bindNode(n *pg_query.Node) rel.Expr {
	switch {
	case n.GetAConst() != nil:
		return bindConst(n.GetAConst())
	case n.GetColumnRef() != nil:
		name := n.GetColumnRef().Fields[0].GetString_().Sval
		for _, c := range columns {
			if c.Name == name {
				return &rel.Col{T: c.T, ID: c.ID}
			}
		}
	case n.GetSqlvalueFunction() != nil:
		return &rel.SQLValue{T: types.Of(types.TimestampTZOID), Name: "current_timestamp", Prec: -1}
	case n.GetBooleanTest() != nil:
		b := n.GetBooleanTest()
		what := map[pg_query.BoolTestType]rel.IsTest{
			pg_query.BoolTestType_IS_TRUE: {What: rel.IsTrue}, pg_query.BoolTestType_IS_NOT_FALSE: {What: rel.IsFalse, Not: true},
		}[b.Booltesttype]
		what.X = bindNode(b.Arg)
		return &what
	case n.GetTypeCast() != nil:
		c := n.GetTypeCast()
		return coerce(bindNode(c.Arg), typeOf(c.TypeName), funcs.Explicit)
	case n.GetFuncCall() != nil:
		return bindFunc(n.GetFuncCall())
	case n.GetAExpr() != nil:
		return bindOper(n.GetAExpr())
	case n.GetBoolExpr() != nil:
		b := n.GetBoolExpr()
		op := map[pg_query.BoolExprType]rel.BoolOp{
			pg_query.BoolExprType_AND_EXPR: rel.And, pg_query.BoolExprType_OR_EXPR: rel.Or, pg_query.BoolExprType_NOT_EXPR: rel.Not,
		}[b.Boolop]
		args := bindNodes(b.Args)
		for i := range args {
			args[i] = coerce(args[i], types.Of(types.BoolOID), funcs.Implicit)
		}
		return &rel.Bool{Op: op, Args: args}
	case n.GetNullTest() != nil:
		t := n.GetNullTest()
		return &rel.IsTest{X: settle(bindNode(t.Arg)), What: rel.IsNull, Not: t.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL}
	case n.GetCoalesceExpr() != nil:
		args, t := common("COALESCE", bindNodes(n.GetCoalesceExpr().Args))
		return &rel.Coalesce{T: t, Args: args}
	case n.GetMinMaxExpr() != nil:
		m := n.GetMinMaxExpr()
		args, t := common("GREATEST", bindNodes(m.Args))
		return &rel.MinMax{T: t, Greatest: m.Op == pg_query.MinMaxOp_IS_GREATEST, Args: args}
	case n.GetCaseExpr() != nil:
		return bindCase(n.GetCaseExpr())
	case n.GetAArrayExpr() != nil:
		return bindArray(n.GetAArrayExpr())
	case n.GetAIndirection() != nil:
		return bindSubscript(n.GetAIndirection())
	case n.GetRowExpr() != nil:
		args := bindNodes(n.GetRowExpr().Args)
		for i := range args {
			args[i] = settle(args[i])
		}
		return &rel.RowExpr{T: types.Of(types.RecordOID), Args: args}
	}
	panic(fmt.Sprintf("the test's binder does not know %v", n))
}

func bindConst(c *pg_query.A_Const) rel.Expr {
	switch {
	case c.Isnull:
		return &rel.Const{T: types.Of(types.UnknownOID)}
	case c.GetSval() != nil:
		return &rel.Const{T: types.Of(types.UnknownOID), D: types.NewText(c.GetSval().Sval)}
	case c.GetBoolval() != nil:
		return &rel.Const{T: types.Of(types.BoolOID), D: types.NewBool(c.GetBoolval().Boolval)}
	case c.GetFval() != nil:
		for _, t := range []types.OID{types.Int4OID, types.Int8OID, types.NumericOID} {
			if d, err := types.Parse(types.Of(t), c.GetFval().Fval, types.DefaultFormat); err == nil {
				return &rel.Const{T: types.Of(t), D: d}
			}
		}
	}
	return &rel.Const{T: types.Of(types.Int4OID), D: types.NewInt(int64(c.GetIval().GetIval()))}
}

func typeOf(n *pg_query.TypeName) types.T {
	name := n.Names[len(n.Names)-1].GetString_().Sval
	ty := types.ByName(name)
	if ty == nil {
		panic(pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", name))
	}
	t := types.Of(ty.OID)
	var mods []int32
	for _, m := range n.Typmods {
		mods = append(mods, m.GetAConst().GetIval().GetIval())
	}
	switch {
	case len(mods) == 2 && ty.OID == types.NumericOID:
		t.Typmod = mods[0]<<16 | mods[1]&0x7ff + 4
	case len(mods) == 1 && ty.OID == types.NumericOID:
		t.Typmod = mods[0]<<16 + 4
	case len(mods) == 1 && (ty.OID == types.VarcharOID || ty.OID == types.BpcharOID):
		t.Typmod = mods[0] + 4
	case len(mods) == 1 && ty.OID != types.IntervalOID:
		t.Typmod = mods[0]
	}
	if len(n.ArrayBounds) > 0 {
		t.OID = ty.Array
	}
	return t
}

func common(what string, args []rel.Expr) ([]rel.Expr, types.T) {
	var oids []types.OID
	for _, a := range args {
		oids = append(oids, a.Type().OID)
	}
	o, err := funcs.CommonType(what, oids)
	check(err)
	for i := range args {
		args[i] = coerce(args[i], types.Of(o), funcs.Implicit)
	}
	return args, types.Of(o)
}

func bindFunc(f *pg_query.FuncCall) rel.Expr {
	name := f.Funcname[len(f.Funcname)-1].GetString_().Sval
	schema := ""
	if len(f.Funcname) > 1 {
		schema = f.Funcname[0].GetString_().Sval
	}
	var args []rel.Expr
	var oids []types.OID
	var names []string
	for _, a := range f.Args {
		argName := ""
		if na := a.GetNamedArgExpr(); na != nil {
			argName, a = na.Name, na.Arg
		}
		x := bindNode(a)
		args, oids, names = append(args, x), append(oids, x.Type().OID), append(names, argName)
	}
	m, err := funcs.Resolve(funcs.Lookup(schema, name), name, oids, names, f.FuncVariadic)
	check(err)
	return callOf(m, args, names)
}

func callOf(m funcs.Match, args []rel.Expr, names []string) rel.Expr {
	var out []rel.Expr
	if strings.Join(names, "") != "" {
		defaults := m.DefaultArgs
		for at, i := range funcs.NamedOrder(m.Func, names) {
			if i < 0 {
				out = append(out, &rel.Const{T: m.Args[at], D: defaults[0]})
				defaults = defaults[1:]
				continue
			}
			out = append(out, coerce(args[i], m.Args[at], funcs.Implicit))
		}
		return &rel.Call{T: m.Result, Fn: m.Func, Args: out}
	}
	for i, a := range args {
		out = append(out, coerce(a, m.Args[i], funcs.Implicit))
	}
	if m.VariadicElem != 0 {
		first := len(m.Func.Args) - 1
		rest := append([]rel.Expr(nil), out[first:]...)
		out = append(out[:first], &rel.ArrayExpr{T: types.Of(types.Get(m.VariadicElem).Array), Elem: m.VariadicElem, Elems: rest})
	}
	for _, d := range m.DefaultArgs {
		out = append(out, &rel.Const{T: types.Of(m.Func.Args[len(out)]), D: d})
	}
	return &rel.Call{T: m.Result, Fn: m.Func, Args: out}
}

func bindOper(e *pg_query.A_Expr) rel.Expr {
	name := e.Name[len(e.Name)-1].GetString_().Sval
	switch e.Kind {
	case pg_query.A_Expr_Kind_AEXPR_IN, pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		return bindAny(e, name)
	case pg_query.A_Expr_Kind_AEXPR_NULLIF:
		c := oper("=", bindNode(e.Lexpr), bindNode(e.Rexpr))
		return &rel.NullIf{T: c.Args[0].Type(), L: c.Args[0], R: c.Args[1], Eq: c.Fn}
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT, pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		c := oper("=", bindNode(e.Lexpr), bindNode(e.Rexpr))
		return &rel.Distinct{L: c.Args[0], R: c.Args[1], Eq: c.Fn, Not: e.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT}
	case pg_query.A_Expr_Kind_AEXPR_SIMILAR:
		return oper("~", bindNode(e.Lexpr), bindNode(e.Rexpr))
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN:
		l := bindNode(e.Lexpr)
		b := e.Rexpr.GetList().Items
		return &rel.Bool{Op: rel.And, Args: []rel.Expr{oper(">=", l, bindNode(b[0])), oper("<=", l, bindNode(b[1]))}}
	}
	if e.Lexpr == nil {
		return oper(name, nil, bindNode(e.Rexpr))
	}
	return oper(name, bindNode(e.Lexpr), bindNode(e.Rexpr))
}

func oper(name string, l, r rel.Expr) *rel.Call {
	left := types.OID(0)
	args := []rel.Expr{r}
	if l != nil {
		left = l.Type().OID
		args = []rel.Expr{l, r}
	}
	o, m, err := funcs.ResolveOperator(name, left, r.Type().OID)
	check(err)
	for i := range args {
		args[i] = coerce(args[i], m.Args[i], funcs.Implicit)
	}
	return &rel.Call{T: m.Result, Fn: m.Func, Op: name, Oper: o, Args: args}
}

func bindAny(e *pg_query.A_Expr, name string) rel.Expr {
	l := bindNode(e.Lexpr)
	var array rel.Expr
	if e.Kind == pg_query.A_Expr_Kind_AEXPR_IN {
		items := bindNodes(e.Rexpr.GetList().Items)
		all, t := common("IN", append(items, l))
		array = &rel.ArrayExpr{T: types.Of(types.Get(t.OID).Array), Elem: t.OID, Elems: all[:len(all)-1]}
		l = all[len(all)-1]
	} else {
		array = bindNode(e.Rexpr)
		if array.Type().OID == types.UnknownOID {
			array = coerce(array, types.Of(types.Get(settle(l).Type().OID).Array), funcs.Implicit)
		}
	}
	from := types.Get(array.Type().OID).Elem
	o, m, err := funcs.ResolveOperator(name, l.Type().OID, from)
	check(err)
	array = coerce(array, types.Of(types.Get(m.Args[1].OID).Array), funcs.Implicit)
	return &rel.AnyAll{
		Op: name, Fn: m.Func, Oper: o, L: coerce(l, m.Args[0], funcs.Implicit), Array: array,
		All: e.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ALL || e.Kind == pg_query.A_Expr_Kind_AEXPR_IN && name == "<>",
	}
}

func bindCase(c *pg_query.CaseExpr) rel.Expr {
	out := &rel.Case{}
	if c.Arg != nil {
		out.Arg = settle(bindNode(c.Arg))
	}
	results := []rel.Expr{}
	if c.Defresult != nil {
		results = append(results, bindNode(c.Defresult))
	}
	for _, w := range c.Args {
		cw := w.GetCaseWhen()
		cond := bindNode(cw.Expr)
		if out.Arg != nil {
			cond = oper("=", &rel.CaseArg{T: out.Arg.Type()}, cond)
		}
		out.Whens = append(out.Whens, rel.When{Cond: coerce(cond, types.Of(types.BoolOID), funcs.Implicit)})
		results = append(results, bindNode(cw.Result))
	}
	results, out.T = common("CASE", results)
	if c.Defresult != nil {
		out.Else, results = results[0], results[1:]
	}
	for i := range out.Whens {
		out.Whens[i].Result = results[i]
	}
	return out
}

func bindArray(a *pg_query.A_ArrayExpr) rel.Expr {
	elems, t := common("ARRAY", bindNodes(a.Elements))
	if e := elem(t.OID); e != 0 {
		return &rel.ArrayExpr{T: t, Elem: e, Elems: elems, Multi: true}
	}
	return &rel.ArrayExpr{T: types.Of(types.Get(t.OID).Array), Elem: t.OID, Elems: elems}
}

func bindSubscript(n *pg_query.A_Indirection) rel.Expr {
	x := bindNode(n.Arg)
	s := &rel.Subscript{X: x, T: types.Of(elem(x.Type().OID))}
	opt := func(n *pg_query.Node) rel.Expr {
		if n == nil {
			return nil
		}
		return coerce(bindNode(n), types.Of(types.Int4OID), funcs.Assignment)
	}
	for _, i := range n.Indirection {
		ix := i.GetAIndices()
		s.Slice = s.Slice || ix.IsSlice
		s.Lo, s.Hi = append(s.Lo, opt(ix.Lidx)), append(s.Hi, opt(ix.Uidx))
	}
	if s.Slice {
		s.T = x.Type()
	}
	return s
}
