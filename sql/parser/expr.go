package parser

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/pgerr"
	"zorya/sql/ast"
)

func (c *conv) exprs(list []*pg.Node) []ast.Expr {
	if len(list) == 0 {
		return nil
	}
	out := make([]ast.Expr, len(list))
	for i, n := range list {
		out[i] = c.expr(n)
	}
	return out
}

// expr converts a scalar expression; nil gives nil.
func (c *conv) expr(n *pg.Node) ast.Expr {
	if n == nil || n.Node == nil {
		return nil
	}
	switch n := n.Node.(type) {
	case *pg.Node_AConst:
		return c.constant(n.AConst)
	case *pg.Node_ColumnRef:
		return c.columnRef(n.ColumnRef)
	case *pg.Node_ParamRef:
		c.params = max(c.params, int(n.ParamRef.Number))
		if n.ParamRef.Number <= 0 {
			fail(pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", n.ParamRef.Number).At(c.pos(n.ParamRef.Location)))
		}
		return &ast.Param{Pos: c.at(n.ParamRef.Location), N: int(n.ParamRef.Number)}
	case *pg.Node_AExpr:
		return c.operator(n.AExpr)
	case *pg.Node_BoolExpr:
		op := ast.And
		switch n.BoolExpr.Boolop {
		case pg.BoolExprType_OR_EXPR:
			op = ast.Or
		case pg.BoolExprType_NOT_EXPR:
			op = ast.Not
		}
		return &ast.Bool{Pos: c.at(n.BoolExpr.Location), Op: op, Args: c.exprs(n.BoolExpr.Args)}
	case *pg.Node_FuncCall:
		return c.call(n.FuncCall)
	case *pg.Node_TypeCast:
		return c.cast(n.TypeCast)
	case *pg.Node_SubLink:
		return c.sublink(n.SubLink)
	case *pg.Node_NullTest:
		return &ast.Is{Pos: c.at(n.NullTest.Location), X: c.expr(n.NullTest.Arg), What: ast.IsNull, Not: n.NullTest.Nulltesttype == pg.NullTestType_IS_NOT_NULL}
	case *pg.Node_BooleanTest:
		return c.booleanTest(n.BooleanTest)
	case *pg.Node_CaseExpr:
		x := &ast.Case{Pos: c.at(n.CaseExpr.Location), Arg: c.expr(n.CaseExpr.Arg), Else: c.expr(n.CaseExpr.Defresult)}
		for _, w := range n.CaseExpr.Args {
			x.Whens = append(x.Whens, ast.When{Pos: c.at(w.GetCaseWhen().Location), Cond: c.expr(w.GetCaseWhen().Expr), Result: c.expr(w.GetCaseWhen().Result)})
		}
		return x
	case *pg.Node_CoalesceExpr:
		return &ast.SpecialFunc{Pos: c.at(n.CoalesceExpr.Location), Name: "coalesce", Args: c.exprs(n.CoalesceExpr.Args), Prec: -1}
	case *pg.Node_MinMaxExpr:
		name := "greatest"
		if n.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			name = "least"
		}
		return &ast.SpecialFunc{Pos: c.at(n.MinMaxExpr.Location), Name: name, Args: c.exprs(n.MinMaxExpr.Args), Prec: -1}
	case *pg.Node_SqlvalueFunction:
		f := sqlValues[n.SqlvalueFunction.Op]
		x := &ast.SpecialFunc{Pos: c.at(n.SqlvalueFunction.Location), Name: f.name, Prec: -1}
		if f.prec {
			x.Prec = int(n.SqlvalueFunction.Typmod)
		}
		return x
	case *pg.Node_RowExpr:
		return &ast.Row{Pos: c.at(n.RowExpr.Location), Args: c.exprs(n.RowExpr.Args), Explicit: n.RowExpr.RowFormat == pg.CoercionForm_COERCE_EXPLICIT_CALL}
	case *pg.Node_AArrayExpr:
		return &ast.ArrayExpr{Pos: c.at(n.AArrayExpr.Location), Elems: c.exprs(n.AArrayExpr.Elements)}
	case *pg.Node_AIndirection:
		x := c.expr(n.AIndirection.Arg)
		return &ast.Indirection{Pos: ast.Pos{At: x.Position()}, X: x, Path: c.path(n.AIndirection.Indirection)}
	case *pg.Node_CollateClause:
		return &ast.Collate{Pos: c.at(n.CollateClause.Location), X: c.expr(n.CollateClause.Arg), Name: strs(n.CollateClause.Collname)}
	case *pg.Node_SetToDefault:
		return &ast.Default{Pos: c.at(n.SetToDefault.Location)}
	case *pg.Node_GroupingFunc:
		return &ast.Grouping{Pos: c.at(n.GroupingFunc.Location), Args: c.exprs(n.GroupingFunc.Args)}
	case *pg.Node_NamedArgExpr:
		return c.expr(n.NamedArgExpr.Arg)
	case *pg.Node_List:
		return &ast.Row{Args: c.exprs(n.List.Items)}
	case *pg.Node_String_:
		return &ast.Const{Kind: ast.StringConst, Text: n.String_.Sval}
	case *pg.Node_Integer:
		return &ast.Const{Kind: ast.IntConst, Text: strconv.Itoa(int(n.Integer.Ival))}
	case *pg.Node_Float:
		return &ast.Const{Kind: ast.FloatConst, Text: n.Float.Fval}
	case *pg.Node_Boolean:
		return &ast.Const{Kind: ast.BoolConst, Text: strconv.FormatBool(n.Boolean.Boolval)}
	case *pg.Node_CurrentOfExpr:
		fail(pgerr.New(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", n.CurrentOfExpr.CursorName)) // There are none.
	case *pg.Node_XmlExpr, *pg.Node_XmlSerialize:
		c.noXML()
	}
	return c.json(n)
}

// sqlValues are the names of SQL's value functions, and whether they have a precision.
var sqlValues = map[pg.SQLValueFunctionOp]struct {
	name string
	prec bool
}{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:        {"current_date", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME:        {"current_time", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:      {"current_time", true},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:   {"current_timestamp", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: {"current_timestamp", true},
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME:           {"localtime", false},
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:         {"localtime", true},
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:      {"localtimestamp", false},
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:    {"localtimestamp", true},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:        {"current_role", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:        {"current_user", false},
	pg.SQLValueFunctionOp_SVFOP_USER:                {"user", false},
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER:        {"session_user", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:     {"current_catalog", false},
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:      {"current_schema", false},
}

func (c *conv) constant(n *pg.A_Const) *ast.Const {
	x := &ast.Const{Pos: c.at(n.Location)}
	if n.Isnull {
		return x
	}
	switch v := n.Val.(type) {
	case *pg.A_Const_Ival:
		x.Kind, x.Text = ast.IntConst, strconv.Itoa(int(v.Ival.GetIval()))
	case *pg.A_Const_Fval:
		x.Text = v.Fval.Fval
		if x.Kind = ast.FloatConst; strings.Trim(x.Text, "0123456789") == "" || strings.Trim(strings.TrimPrefix(x.Text, "-"), "0123456789") == "" {
			x.Kind = ast.IntConst
		}
	case *pg.A_Const_Boolval:
		x.Kind, x.Text = ast.BoolConst, strconv.FormatBool(v.Boolval.GetBoolval())
	case *pg.A_Const_Sval:
		x.Kind, x.Text = ast.StringConst, v.Sval.GetSval()
	case *pg.A_Const_Bsval:
		x.Kind, x.Text = ast.BitConst, v.Bsval.GetBsval()
	}
	return x
}

func (c *conv) columnRef(n *pg.ColumnRef) *ast.ColumnRef {
	x := &ast.ColumnRef{Pos: c.at(n.Location)}
	for _, f := range n.Fields {
		if f.GetAStar() != nil {
			x.Star = true
		} else {
			x.Parts = append(x.Parts, f.GetString_().Sval)
		}
	}
	return x
}

// opName takes an operator's possibly qualified name apart.
func opName(list []*pg.Node) (schema, op string) {
	parts := strs(list)
	if len(parts) == 0 {
		return "", ""
	}
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	return schema, parts[len(parts)-1]
}

func (c *conv) operator(n *pg.A_Expr) ast.Expr {
	at := c.at(n.Location)
	schema, op := opName(n.Name)
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return &ast.AnyAll{Pos: at, Schema: schema, Op: op, All: n.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL, L: c.expr(n.Lexpr), Array: c.expr(n.Rexpr)}
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return &ast.Distinct{Pos: at, L: c.expr(n.Lexpr), R: c.expr(n.Rexpr), Not: n.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT}
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return &ast.NullIf{Pos: at, L: c.expr(n.Lexpr), R: c.expr(n.Rexpr)}
	case pg.A_Expr_Kind_AEXPR_IN:
		return &ast.In{Pos: at, X: c.expr(n.Lexpr), Not: op == "<>", List: c.exprs(n.Rexpr.GetList().GetItems())}
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		bounds := n.Rexpr.GetList().GetItems()
		return &ast.Between{
			Pos: at, X: c.expr(n.Lexpr), Lo: c.expr(bounds[0]), Hi: c.expr(bounds[1]),
			Not:       n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM,
			Symmetric: n.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM,
		}
	}
	if n.Lexpr == nil {
		return &ast.Unary{Pos: at, Schema: schema, Op: op, X: c.expr(n.Rexpr)}
	}
	return &ast.Binary{Pos: at, Schema: schema, Op: op, L: c.expr(n.Lexpr), R: c.expr(n.Rexpr)}
}

func (c *conv) booleanTest(n *pg.BooleanTest) ast.Expr {
	x := &ast.Is{Pos: c.at(n.Location), X: c.expr(n.Arg)}
	switch n.Booltesttype {
	case pg.BoolTestType_IS_TRUE, pg.BoolTestType_IS_NOT_TRUE:
		x.What = ast.IsTrue
	case pg.BoolTestType_IS_FALSE, pg.BoolTestType_IS_NOT_FALSE:
		x.What = ast.IsFalse
	default:
		x.What = ast.IsUnknown
	}
	switch n.Booltesttype {
	case pg.BoolTestType_IS_NOT_TRUE, pg.BoolTestType_IS_NOT_FALSE, pg.BoolTestType_IS_NOT_UNKNOWN:
		x.Not = true
	}
	return x
}

func (c *conv) cast(n *pg.TypeCast) ast.Expr {
	// TRUE and FALSE come as casts.
	if k := n.Arg.GetAConst(); k != nil {
		if _, ok := k.Val.(*pg.A_Const_Boolval); ok && !k.Isnull && strings.Join(strs(n.TypeName.GetNames()), ".") == "pg_catalog.bool" {
			x := c.constant(k)
			x.At = c.pos(max(k.Location, n.Location))
			return x
		}
	}
	return &ast.Cast{Pos: c.at(n.Location), X: c.expr(n.Arg), Type: c.typeName(n.TypeName)}
}

func (c *conv) call(n *pg.FuncCall) ast.Expr {
	name := c.nameOf(n.Funcname, n.Location)
	f := &ast.Func{
		Pos: c.at(n.Location), Schema: name.Schema, Name: name.Name, Star: n.AggStar, Distinct: n.AggDistinct, Variadic: n.FuncVariadic,
		OrderBy: c.sortBy(n.AggOrder), WithinGroup: n.AggWithinGroup, Filter: c.expr(n.AggFilter),
		SQLSyntax: n.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX,
	}
	for i, a := range n.Args {
		f.Args = append(f.Args, c.expr(a))
		if named := a.GetNamedArgExpr(); named != nil {
			if f.ArgNames == nil {
				f.ArgNames = make([]string, len(n.Args))
			}
			f.ArgNames[i] = named.Name
		}
	}
	if n.Over != nil {
		w := c.window(n.Over)
		f.Over = &w
	}
	return f
}

func (c *conv) sublink(n *pg.SubLink) ast.Expr {
	x := &ast.Sublink{Pos: c.at(n.Location), Test: c.expr(n.Testexpr), Query: c.selectNode(n.Subselect)}
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		x.Kind = ast.ExistsSublink
	case pg.SubLinkType_ANY_SUBLINK:
		x.Kind = ast.AnySublink
	case pg.SubLinkType_ALL_SUBLINK:
		x.Kind = ast.AllSublink
	case pg.SubLinkType_ARRAY_SUBLINK:
		x.Kind = ast.ArraySublink
	}
	if x.Kind == ast.AnySublink || x.Kind == ast.AllSublink {
		if x.Schema, x.Op = opName(n.OperName); x.Op == "" {
			x.Op = "="
		}
	}
	return x
}

// path converts [1], [1:2], .field and .*.
func (c *conv) path(list []*pg.Node) []ast.Access {
	var out []ast.Access
	for _, n := range list {
		switch n := n.Node.(type) {
		case *pg.Node_String_:
			out = append(out, ast.Access{Field: n.String_.Sval, IsMember: true})
		case *pg.Node_AStar:
			out = append(out, ast.Access{Star: true})
		case *pg.Node_AIndices:
			out = append(out, ast.Access{Slice: n.AIndices.IsSlice, Lo: c.expr(n.AIndices.Lidx), Hi: c.expr(n.AIndices.Uidx)})
		}
	}
	return out
}

func (c *conv) sortBy(list []*pg.Node) []ast.SortBy {
	var out []ast.SortBy
	for _, n := range list {
		s := n.GetSortBy()
		x := ast.SortBy{X: c.expr(s.Node), Desc: s.SortbyDir == pg.SortByDir_SORTBY_DESC, Nulls: nulls(s.SortbyNulls)}
		if s.SortbyDir == pg.SortByDir_SORTBY_USING {
			_, x.Using = opName(s.UseOp)
		}
		if x.Pos = c.pos(s.Location); x.Pos == 0 && x.X != nil {
			x.Pos = x.X.Position()
		}
		out = append(out, x)
	}
	return out
}

func nulls(n pg.SortByNulls) ast.NullsOrder {
	switch n {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		return ast.NullsFirst
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		return ast.NullsLast
	}
	return ast.NullsDefault
}

// The bits of WindowDef.frameOptions (PostgreSQL's parsenodes.h).
const (
	frameNonDefault = 1 << iota
	frameRange
	frameRows
	frameGroups
	frameBetween
	frameStartUnboundedPreceding
	frameEndUnboundedPreceding
	frameStartUnboundedFollowing
	frameEndUnboundedFollowing
	frameStartCurrentRow
	frameEndCurrentRow
	frameStartOffsetPreceding
	frameEndOffsetPreceding
	frameStartOffsetFollowing
	frameEndOffsetFollowing
	frameExcludeCurrentRow
	frameExcludeGroup
	frameExcludeTies
)

func (c *conv) window(n *pg.WindowDef) ast.WindowDef {
	w := ast.WindowDef{Name: n.Name, Ref: n.Refname, Partition: c.exprs(n.PartitionClause), Order: c.sortBy(n.OrderClause), Pos: c.pos(n.Location)}
	o := n.FrameOptions
	if o&frameNonDefault == 0 {
		return w
	}
	f := &ast.Frame{Mode: "range", Between: o&frameBetween != 0}
	switch {
	case o&frameRows != 0:
		f.Mode = "rows"
	case o&frameGroups != 0:
		f.Mode = "groups"
	}
	bound := func(unboundedPreceding, offsetPreceding, current, offsetFollowing int32, offset *pg.Node) ast.Bound {
		switch {
		case o&unboundedPreceding != 0:
			return ast.Bound{Kind: ast.UnboundedPreceding}
		case o&offsetPreceding != 0:
			return ast.Bound{Kind: ast.OffsetPreceding, Offset: c.expr(offset)}
		case o&current != 0:
			return ast.Bound{Kind: ast.CurrentRow}
		case o&offsetFollowing != 0:
			return ast.Bound{Kind: ast.OffsetFollowing, Offset: c.expr(offset)}
		}
		return ast.Bound{Kind: ast.UnboundedFollowing}
	}
	f.Start = bound(frameStartUnboundedPreceding, frameStartOffsetPreceding, frameStartCurrentRow, frameStartOffsetFollowing, n.StartOffset)
	f.End = bound(frameEndUnboundedPreceding, frameEndOffsetPreceding, frameEndCurrentRow, frameEndOffsetFollowing, n.EndOffset)
	switch {
	case o&frameExcludeCurrentRow != 0:
		f.Exclude = "current row"
	case o&frameExcludeGroup != 0:
		f.Exclude = "group"
	case o&frameExcludeTies != 0:
		f.Exclude = "ties"
	}
	w.Frame = f
	return w
}

func (c *conv) typeNames(list []*pg.Node) []ast.TypeName {
	var out []ast.TypeName
	for _, n := range list {
		if t := n.GetTypeName(); t != nil {
			out = append(out, c.typeName(t))
		}
	}
	return out
}

func (c *conv) typeName(n *pg.TypeName) ast.TypeName {
	if n == nil {
		return ast.TypeName{}
	}
	name := c.nameOf(n.Names, n.Location)
	return ast.TypeName{Schema: name.Schema, Name: name.Name, Mods: c.exprs(n.Typmods), Array: len(n.ArrayBounds), SetOf: n.Setof,
		PctType: n.PctType, Pos: name.Pos}
}
