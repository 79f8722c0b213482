package bind

import (
	"math"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// exprAs binds x as an expression of the given kind.
func (b *binder) exprAs(s *scope, x ast.Expr, k exprKind) rel.Expr {
	old := s.kind
	s.kind = k
	e := b.expr(s, x)
	s.kind = old
	return e
}

// expr binds an expression of scope s. Literals and parameters may come back with
// the type unknown; who knows the wanted type converts them.
func (b *binder) expr(s *scope, x ast.Expr) rel.Expr {
	b.enter()
	defer b.leave()
	switch x := x.(type) {
	case *ast.Const:
		return b.constant(x)
	case *ast.Param:
		return b.param(x.N, x.At)
	case *ast.ColumnRef:
		return b.columnOrRefuse(s, x)
	case *ast.Binary:
		return b.binary(s, x)
	case *ast.Unary:
		return b.unary(s, x)
	case *ast.AnyAll:
		return b.anyAll(s, x)
	case *ast.Bool:
		return b.boolean(s, x)
	case *ast.Is:
		return b.isTest(s, x)
	case *ast.Distinct:
		return b.distinct(s, x)
	case *ast.NullIf:
		return b.nullIf(s, x)
	case *ast.In:
		return b.in(s, x)
	case *ast.Between:
		return b.between(s, x)
	case *ast.Case:
		return b.caseExpr(s, x)
	case *ast.Cast:
		return b.castExpr(s, x)
	case *ast.Collate:
		return b.collate(s, x)
	case *ast.Func:
		return b.function(s, x)
	case *ast.SpecialFunc:
		return b.special(s, x)
	case *ast.Sublink:
		return b.sublink(s, x)
	case *ast.Row:
		return b.row(s, x)
	case *ast.ArrayExpr:
		return b.array(s, x, 0)
	case *ast.Indirection:
		return b.indirection(s, x)
	case *ast.Grouping:
		return b.groupingFunc(s, x)
	case *ast.JSONValue:
		return b.jsonValue(s, x)
	case *ast.JSONExpr:
		return b.jsonExpr(s, x)
	case *ast.Default:
		b.fail(x.At, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	}
	b.fail(startOf(x), pgerr.FeatureNotSupported, "this kind of expression is not supported")
	return nil
}

// columnOrRefuse binds a column reference where its kind allows one.
func (b *binder) columnOrRefuse(s *scope, x *ast.ColumnRef) rel.Expr {
	if where := kindRules[s.kind].column; where != "" {
		b.fail(x.At, pgerr.FeatureNotSupported, "cannot use column reference in %s", where)
	}
	return b.columnRef(s, x.Parts, x.Star, x.At)
}

// constant types a literal: integers by size, others stay unknown or are clear.
func (b *binder) constant(x *ast.Const) rel.Expr {
	c := &rel.Const{Slot: b.slot(x.Slot), Pos: x.At}
	switch x.Kind {
	case ast.NullConst:
		c.T = types.Of(types.UnknownOID)
	case ast.StringConst:
		c.T, c.D = types.Of(types.UnknownOID), types.NewText(x.Text)
	case ast.BoolConst:
		c.T, c.D = types.Of(types.BoolOID), types.NewBool(x.Text == "true")
	case ast.IntConst, ast.FloatConst:
		b.number(c, x)
	default:
		b.fail(x.At, pgerr.FeatureNotSupported, "datatype bit not supported")
	}
	return c
}

func (b *binder) number(c *rel.Const, x *ast.Const) {
	if x.Kind == ast.IntConst {
		base := 10
		if strings.ContainsAny(x.Text, "xXoObB") {
			base = 0 // 0x1f, 0o17, 0b11
		}
		if n, err := strconv.ParseInt(x.Text, base, 64); err == nil {
			c.D, c.T = types.NewInt(n), types.Of(types.Int8OID)
			if n >= math.MinInt32 && n <= math.MaxInt32 {
				c.T = types.Of(types.Int4OID)
			}
			return
		}
	}
	c.T = types.Of(types.NumericOID)
	d, err := types.Parse(c.T, x.Text, b.format())
	if err != nil {
		b.throw(x.At, err)
	}
	c.D = d
}

func (b *binder) boolean(s *scope, x *ast.Bool) rel.Expr {
	name := [...]string{"AND", "OR", "NOT"}[x.Op]
	e := &rel.Bool{Op: rel.BoolOp(x.Op)}
	for _, a := range x.Args {
		e.Args = append(e.Args, b.toBool(b.expr(s, a), name, startOf(a)))
	}
	return e
}

var isNames = [...]string{ast.IsTrue: "TRUE", ast.IsFalse: "FALSE", ast.IsUnknown: "UNKNOWN"}

// tested is what IS NULL looks at: it asks for no type, so that it decides none for a
// parameter.
func (b *binder) tested(e rel.Expr, pos int) rel.Expr {
	if p, ok := e.(*rel.Param); ok && p.T.OID == types.UnknownOID {
		return p
	}
	return b.settle(e, pos)
}

func (b *binder) isTest(s *scope, x *ast.Is) rel.Expr {
	e := b.expr(s, x.X)
	if x.What != ast.IsNull {
		name := "IS "
		if x.Not {
			name = "IS NOT "
		}
		e = b.toBool(e, name+isNames[x.What], startOf(x.X))
		return &rel.IsTest{X: e, What: rel.IsWhat(x.What), Not: x.Not}
	}
	row, ok := e.(*rel.RowExpr)
	if !ok || b.shapes != nil {
		return &rel.IsTest{X: b.tested(e, startOf(x.X)), What: rel.IsNull, Not: x.Not}
	}
	all := &rel.Bool{Op: rel.And}
	for _, f := range row.Args {
		what := rel.IsNull
		if b.isComposite(oidOf(f)) {
			what = rel.IsUnknown // A row in a row is no NULL, whatever its fields are.
		}
		all.Args = append(all.Args, &rel.IsTest{X: f, What: what, Not: x.Not})
	}
	return conjunction(all)
}

// conjunction simplifies AND and OR of fewer than two arguments.
func conjunction(e *rel.Bool) rel.Expr {
	switch len(e.Args) {
	case 0:
		return &rel.Const{T: types.Of(types.BoolOID), D: types.NewBool(e.Op == rel.And)}
	case 1:
		return e.Args[0]
	}
	return e
}

func (b *binder) caseExpr(s *scope, x *ast.Case) rel.Expr {
	e := &rel.Case{}
	if x.Arg != nil {
		e.Arg = b.settle(b.expr(s, x.Arg), startOf(x.Arg))
	}
	results := []arg{{&rel.Const{T: types.Of(types.UnknownOID)}, 0}}
	for _, w := range x.Whens {
		var cond rel.Expr
		if e.Arg != nil {
			cond = b.operator("", "=", &rel.CaseArg{T: e.Arg.Type()}, b.expr(s, w.Cond), w.At, startOf(w.Cond))
		} else {
			cond = b.expr(s, w.Cond)
		}
		e.Whens = append(e.Whens, rel.When{Cond: b.toBool(cond, "CASE/WHEN", startOf(w.Cond))})
		results = append(results, arg{b.expr(s, w.Result), startOf(w.Result)})
	}
	if x.Else != nil {
		results[0] = arg{b.expr(s, x.Else), startOf(x.Else)}
	}
	e.T = b.typeFor(funcs.ChooseType, "CASE", results)
	if x.Else != nil {
		e.Else = b.toCommon("CASE/ELSE", results[0], e.T)
	}
	for i := range e.Whens {
		e.Whens[i].Result = b.toCommon("CASE/WHEN", results[i+1], e.T)
	}
	b.noSets(e, "CASE", x.At)
	return e
}

// noSets refuses set-returning calls where they would run only sometimes.
func (b *binder) noSets(e rel.Expr, where string, pos int) {
	rel.MapExpr(e, func(c rel.Expr) (rel.Expr, bool) {
		if call, ok := c.(*rel.Call); ok && call.Fn.Set {
			b.throw(call.Pos, pgerr.New(pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", where).
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
		}
		return c, true
	})
}

func (b *binder) castExpr(s *scope, x *ast.Cast) rel.Expr {
	if t := b.rowType(x.Type); t != nil && b.findDomain(x.Type.Schema, x.Type.Name) == nil {
		return b.castToRow(b.expr(s, x.X), t, x.At)
	}
	if a, ok := x.X.(*ast.ArrayExpr); ok && x.Type.Array == 1 {
		row := x.Type
		row.Array = 0
		if t := b.rowType(row); t != nil {
			return b.arrayOfRows(s, a, t)
		}
	}
	b.castToTextSearch(x)
	t, domain := b.resolveType(x.Type)
	if a, ok := x.X.(*ast.ArrayExpr); ok && elemOf(t.OID) != 0 {
		e := b.array(s, a, elemOf(t.OID))
		return b.toDomain(b.cast(e, t, x.At), domain, x.At)
	}
	pos := x.At
	if pos == 0 {
		pos = startOf(x.X)
	}
	e := b.expr(s, x.X)
	y := b.cast(e, t, pos)
	if y == e && domain == 0 && b.domainOf(e) != 0 { // of the base type from now on
		y = &rel.Cast{T: e.Type(), X: e, Method: funcs.Binary}
	}
	return b.toDomain(y, domain, pos)
}

// collations are the names that mean the one order that text has.
var collations = map[string]bool{"C": true, "POSIX": true, "default": true, "ucs_basic": true, "C.UTF-8": true, "C.utf8": true}

func (b *binder) collate(s *scope, x *ast.Collate) rel.Expr {
	e := b.settle(b.expr(s, x.X), startOf(x.X))
	if ty := types.Get(oidOf(e)); ty == nil || ty.Category != 'S' && elemOf(ty.OID) == 0 {
		b.fail(x.At, pgerr.DatatypeMismatch, "collations are not supported by type %s", typeName(e.Type()))
	}
	name := x.Name[len(x.Name)-1]
	if !collations[name] {
		b.fail(x.At, pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	}
	if b.collated == nil {
		b.collated = map[rel.Expr]collation{}
	}
	b.collated[e] = collation{name: name, strength: explicitCollation, pos: x.At}
	return e
}

// sqlValues gives the types of CURRENT_DATE and its like.
var sqlValues = map[string]types.OID{
	"current_date":      types.DateOID,
	"current_time":      types.TimeTZOID,
	"current_timestamp": types.TimestampTZOID,
	"localtime":         types.TimeOID,
	"localtimestamp":    types.TimestampOID,
	"current_role":      types.NameOID,
	"current_user":      types.NameOID,
	"user":              types.NameOID,
	"session_user":      types.NameOID,
	"current_catalog":   types.NameOID,
	"current_schema":    types.NameOID,
}

// special binds COALESCE, GREATEST, LEAST and the SQL value functions.
func (b *binder) special(s *scope, x *ast.SpecialFunc) rel.Expr {
	if t, ok := sqlValues[x.Name]; ok {
		v := &rel.SQLValue{T: types.Of(t), Name: x.Name, Prec: -1}
		if x.Prec >= 0 && t != types.NameOID && t != types.DateOID {
			v.Prec = min(x.Prec, maxPrecision)
			v.T.Typmod = int32(v.Prec)
		}
		return v
	}
	var args []arg
	for _, a := range x.Args {
		args = append(args, arg{b.expr(s, a), startOf(a)})
	}
	switch x.Name {
	case "coalesce":
		list, t := b.unify("COALESCE", args)
		e := &rel.Coalesce{T: t, Args: list}
		b.noSets(e, "COALESCE", x.At)
		return e
	case "greatest", "least":
		what := map[string]string{"greatest": "GREATEST", "least": "LEAST"}[x.Name]
		list, t := b.unify(what, args)
		b.comparison('<', t.OID, x.At)
		return &rel.MinMax{T: t, Greatest: x.Name == "greatest", Args: list}
	}
	b.fail(x.At, pgerr.FeatureNotSupported, "%s is not supported", x.Name)
	return nil
}

// startOf is where the expression's text begins, as PostgreSQL reports the place
// of what it stands for.
func startOf(x ast.Expr) int {
	switch x := x.(type) {
	case nil:
		return 0
	case *ast.Binary:
		return leftmost(x.At, startOf(x.L))
	case *ast.AnyAll:
		return leftmost(x.At, startOf(x.L))
	case *ast.Bool:
		if len(x.Args) > 0 {
			return leftmost(x.At, startOf(x.Args[0]))
		}
	case *ast.Is:
		return leftmost(x.At, startOf(x.X))
	case *ast.Distinct:
		return leftmost(x.At, startOf(x.L))
	case *ast.In:
		return leftmost(x.At, startOf(x.X))
	case *ast.Between:
		return leftmost(x.At, startOf(x.X))
	case *ast.Collate:
		return leftmost(x.At, startOf(x.X))
	case *ast.Cast:
		if c, ok := x.X.(*ast.Const); ok {
			return c.At
		}
		return leftmost(x.At, startOf(x.X))
	case *ast.Indirection:
		return startOf(x.X)
	case *ast.Sublink:
		if x.Test != nil {
			return leftmost(x.At, startOf(x.Test))
		}
	case *ast.Func:
		for _, a := range x.Args {
			if p := startOf(a); p > 0 {
				return leftmost(x.At, p)
			}
		}
	}
	return x.Position()
}

// leftmost is the smaller of two positions, where 0 means unknown.
func leftmost(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
