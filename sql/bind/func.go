package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A callSite is a function call while it is being bound.
type callSite struct {
	x     *ast.Func
	args  []arg
	fn    *funcs.Func
	match funcs.Match
	exprs []rel.Expr        // arguments, coerced
	user  *catalog.Function // the user's function that is called, if it is one
}

// callSite binds the arguments of a call.
func (b *binder) callSite(s *scope, x *ast.Func) *callSite {
	c := &callSite{x: x}
	for _, a := range x.Args {
		e := b.expr(s, a)
		// The JDBC driver sends a parameter of type void for what {? = call f()} returns.
		if p, ok := e.(*rel.Param); ok && p.T.OID == types.VoidOID {
			continue
		}
		c.args = append(c.args, arg{e, startOf(a)})
	}
	return c
}

// function binds a call: plain function, aggregate, window function or a cast
// written as a call.
func (b *binder) function(s *scope, x *ast.Func) rel.Expr {
	c := b.callSite(s, x)
	if x.WithinGroup {
		for _, o := range x.OrderBy {
			c.args = append(c.args, arg{b.expr(s, o.X), startOf(o.X)})
		}
	}
	b.checkArgNames(x)
	if x.ByCall {
		b.notProcedure(c)
	}
	if e := b.fieldCall(c); e != nil && !b.overRow(c) {
		return e
	}
	if f := b.userFunction(c); f != nil {
		return b.callUser(s, c, f)
	}
	if e := b.castCall(c); e != nil {
		return e
	}
	b.resolveCall(c)
	if x.IfJSONB != "" {
		c.preferJSONB()
	}
	switch {
	case c.fn.Kind == funcs.AggKind:
		b.checkAggCall(c)
		if c.fn.OrderedSet == 'h' {
			b.matchHypothetical(c)
		}
		b.coerceArgs(c)
		if x.Over != nil {
			return b.windowCall(s, c)
		}
		return b.aggregateCall(s, c)
	case c.fn.Kind == funcs.WinKind:
		b.checkWindowCall(c)
		b.coerceArgs(c)
		return b.windowCall(s, c)
	case c.fn.Kind == funcs.Procedure:
		b.throw(x.At, pgerr.New(pgerr.WrongObjectType, "%s is a procedure", qualified(c.x.Schema, signature(c))).WithHint("To call a procedure, use CALL."))
	}
	b.checkPlainCall(c)
	b.coerceArgs(c)
	if n := len(c.fn.Args); x.Variadic && n > 0 && c.fn.Args[n-1] == types.AnyOID {
		if last := c.exprs[n-1]; elemOf(oidOf(last)) == 0 {
			b.fail(c.args[n-1].pos, pgerr.DatatypeMismatch, "VARIADIC argument must be an array")
		}
		c.fn = funcs.SpreadVariadic(c.fn)
	}
	if funcs.RecordFuncs[c.fn.Name] {
		b.recordCall(c)
	}
	if c.fn.Set {
		b.checkSet(s, c)
	}
	return &rel.Call{T: c.match.Result, Fn: c.fn, Args: c.exprs, Form: b.form(c), Pos: x.At}
}

// checkSet says whether a set-returning function may stand here.
func (b *binder) checkSet(s *scope, c *callSite) {
	b.checkSetPlace(s.kind, c.x.At)
	s.hasSets = s.hasSets || s.kind != kindFromFunction
}

func (b *binder) checkArgNames(x *ast.Func) {
	seen := map[string]bool{}
	for i, n := range x.ArgNames {
		if n == "" && len(seen) > 0 {
			b.fail(startOf(x.Args[i]), pgerr.SyntaxError, "positional argument cannot follow named argument")
		}
		if n != "" && seen[n] {
			b.fail(startOf(x.Args[i]), pgerr.SyntaxError, "argument name \"%s\" used more than once", n)
		}
		if n != "" {
			seen[n] = true
		}
	}
}

// plain reports whether nothing but name and arguments was written.
func (c *callSite) plain() bool {
	x := c.x
	return !x.Star && !x.Distinct && !x.WithinGroup && len(x.OrderBy) == 0 && x.Filter == nil &&
		x.Over == nil && !x.Variadic && x.ArgNames == nil
}

// fieldCall binds f(row) where f is a column of the row.
func (b *binder) fieldCall(c *callSite) rel.Expr {
	if !c.plain() || len(c.args) != 1 || c.x.Schema != "" {
		return nil
	}
	row, ok := c.args[0].x.(*rel.RowExpr)
	if !ok {
		return nil
	}
	for i, n := range row.Names {
		if n == c.x.Name {
			return row.Args[i]
		}
	}
	return nil
}

// overRow tells whether a function, or a user's for the very row, takes what a call gives
// it: it goes before a field of the same name.
func (b *binder) overRow(c *callSite) bool {
	if _, err := funcs.Resolve(b.lookup("", c.x.Name), c.x.Name, []types.OID{oidOf(c.args[0].x)}, nil, false); err == nil {
		return true
	}
	if b.env.Snap == nil {
		return false
	}
	return slices.ContainsFunc(b.env.Snap.ResolveFunctions(b.path, "", c.x.Name), func(f *catalog.Function) bool {
		in := inputTypes(f)
		return len(in) == 1 && in[0] == oidOf(c.args[0].x)
	})
}

// castCall binds type(x): a cast in a call's clothes, unless a function of that
// very signature exists.
func (b *binder) castCall(c *callSite) rel.Expr {
	if !c.plain() || len(c.args) != 1 || c.x.Schema != "" && c.x.Schema != "pg_catalog" {
		return nil
	}
	ty := types.ByName(c.x.Name)
	if ty == nil || ty.Category == 'P' {
		return nil
	}
	from := oidOf(c.args[0].x)
	for _, f := range funcs.Lookup(c.x.Schema, c.x.Name) {
		if len(f.Args) == 1 && f.Args[0] == from {
			return nil
		}
	}
	if from != types.UnknownOID {
		e, ok := funcs.FindCast(from, ty.OID, funcs.Explicit)
		if !ok || e.Method == funcs.ByFunc || e.Method == funcs.ByInOut && b.isComposite(from) {
			return nil
		}
	}
	return b.cast(c.args[0].x, types.Of(ty.OID), c.x.At)
}

// lookup returns the functions that a name can mean.
func (b *binder) lookup(schema, name string) []*funcs.Func {
	if schema != "" {
		return funcs.Lookup(schema, name)
	}
	var list []*funcs.Func
	for _, s := range b.path {
		list = append(list, funcs.Lookup(s, name)...)
	}
	return list
}

// seesUnknown are functions that tell a literal without a type from text.
var seesUnknown = map[string]bool{"pg_typeof": true, "pg_column_size": true}

func (b *binder) resolveCall(c *callSite) {
	x := c.x
	oids := make([]types.OID, len(c.args))
	for i, a := range c.args {
		oids[i] = oidOf(a.x)
	}
	name := x.Name
	if x.Schema != "" {
		name = x.Schema + "." + name
	}
	names := x.ArgNames
	for names != nil && len(names) < len(oids) {
		names = append(names[:len(names):len(names)], "")
	}
	b.checkSchema(x.Schema, x.At)
	m, err := funcs.Resolve(b.lookup(x.Schema, x.Name), name, oids, names, x.Variadic)
	if err != nil {
		b.noTextSearch(c)
		b.throw(x.At, err)
	}
	c.fn, c.match = m.Func, m
}

// coerceArgs converts the arguments, adds defaults and gathers variadic ones.
func (b *binder) coerceArgs(c *callSite) {
	m := c.match
	given := func(i, want int) rel.Expr {
		e := c.args[i].x
		if want < len(m.Args) {
			e = b.implicit(e, m.Args[want], c.args[i].pos)
		}
		if isUnknown(e) && (seesUnknown[c.fn.Name] || b.shapes != nil && c.fn.Args[min(want, len(c.fn.Args)-1)] == types.AnyOID) {
			return e
		}
		e = b.settle(e, c.args[i].pos)
		if d := b.domainOf(e); d != 0 && c.fn.Name == "pg_typeof" && b.shapes == nil {
			e = &rel.Cast{T: types.Of(d), X: e, Method: funcs.Binary}
		}
		return e
	}
	if named(c.x.ArgNames) {
		defaults := m.DefaultArgs
		for at, i := range funcs.NamedOrder(c.fn, c.x.ArgNames) {
			if i >= 0 {
				c.exprs = append(c.exprs, given(i, at))
				continue
			}
			if b.shapes != nil {
				defaults = defaults[1:]
				continue
			}
			c.exprs = append(c.exprs, b.defaultArg(c, at, m.Args[at], defaults[0]))
			defaults = defaults[1:]
		}
		return
	}
	for i := range c.args {
		c.exprs = append(c.exprs, given(i, i))
	}
	if m.VariadicElem != 0 {
		first := len(c.fn.Args) - 1
		rest := c.exprs[first:len(c.exprs):len(c.exprs)]
		c.exprs = append(c.exprs[:first:first], &rel.ArrayExpr{
			T: types.Of(arrayOf(m.VariadicElem)), Elem: m.VariadicElem, Elems: rest,
		})
	}
	if b.shapes != nil {
		return // what was not written is not printed
	}
	first := len(c.fn.Args) - len(m.DefaultArgs)
	for i, d := range m.DefaultArgs {
		c.exprs = append(c.exprs, b.defaultArg(c, first+i, types.Of(c.fn.Args[first+i]), d))
	}
}

// defaultArg is the default of argument at: a value, or a user's expression.
func (b *binder) defaultArg(c *callSite, at int, t types.T, d types.Datum) rel.Expr {
	if c.user == nil {
		return &rel.Const{T: t, D: d}
	}
	text := c.user.ArgDefaults[at-(len(c.fn.Args)-len(c.user.ArgDefaults))]
	e := b.storedExpr(&scope{}, text, kindDefault)
	if isPseudo(t.OID) {
		t = b.openDefault(c, t)
	}
	x, ok := b.tryCoerce(e, t, funcs.Assignment, c.x.At)
	if !ok {
		x = b.implicit(e, t, c.x.At)
	}
	return b.settle(x, c.x.At)
}

// openDefault is the type that the given arguments of a call with names decide for a
// default.
func (b *binder) openDefault(c *callSite, t types.T) types.T {
	given := make([]types.OID, len(c.fn.Args))
	for at, i := range funcs.NamedOrder(c.fn, c.x.ArgNames) {
		given[at] = types.UnknownOID
		if i >= 0 {
			given[at] = oidOf(c.args[i].x)
		}
	}
	if solved, err := funcs.SolveOpen(c.fn.Args, given, t.OID); err == nil {
		return types.Of(solved)
	}
	return t
}

func named(names []string) bool {
	for _, n := range names {
		if n != "" {
			return true
		}
	}
	return false
}

// signature prints the call's name and argument types.
func qualified(schema, name string) string {
	if schema == "" {
		return name
	}
	return schema + "." + name
}

func signature(c *callSite) string {
	text := c.x.Name + "("
	for i, a := range c.args {
		if i > 0 {
			text += ", "
		}
		text += typeName(a.x.Type())
	}
	return text + ")"
}

// notProcedure refuses CALL of a function, or of nothing.
func (b *binder) notProcedure(c *callSite) {
	if b.userFunction(c) == nil {
		b.resolveCall(c)
	}
	b.throw(c.x.At, pgerr.New(pgerr.WrongObjectType, "%s is not a procedure", qualified(c.x.Schema, signature(c))).WithHint("To call a function, use SELECT."))
}

// checkPlainCall refuses what only aggregates and window functions take.
func (b *binder) checkPlainCall(c *callSite) {
	x, name := c.x, c.x.Name
	refuse := func(format string, args ...any) { b.fail(x.At, pgerr.WrongObjectType, format, args...) }
	switch {
	case x.Star:
		refuse("%s(*) specified, but %s is not an aggregate function", name, name)
	case x.Distinct:
		refuse("DISTINCT specified, but %s is not an aggregate function", name)
	case x.WithinGroup:
		refuse("WITHIN GROUP specified, but %s is not an aggregate function", name)
	case len(x.OrderBy) > 0:
		refuse("ORDER BY specified, but %s is not an aggregate function", name)
	case x.Filter != nil:
		refuse("FILTER specified, but %s is not an aggregate function", name)
	case x.Over != nil:
		refuse("OVER specified, but %s is not a window function nor an aggregate function", name)
	}
}

func (b *binder) checkAggCall(c *callSite) {
	x, name := c.x, c.x.Name
	switch {
	case c.fn.OrderedSet != 0 && !x.WithinGroup:
		b.fail(x.At, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", name)
	case c.fn.OrderedSet != 0 && x.Over != nil:
		b.fail(x.At, pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name)
	case c.fn.OrderedSet == 0 && x.WithinGroup:
		b.fail(x.At, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	case len(x.Args) == 0 && !x.Star && c.fn.OrderedSet == 0:
		b.fail(x.At, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", name)
	case x.Over != nil && x.Distinct:
		b.fail(x.At, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case x.Over != nil && len(x.OrderBy) > 0:
		b.fail(x.At, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	}
}

// matchHypothetical brings each direct argument of a hypothetical-set aggregate and the
// ordering column that it is compared with to one type.
func (b *binder) matchHypothetical(c *callSite) {
	direct, ordering := len(c.x.Args), len(c.x.OrderBy)
	if direct != ordering {
		err := pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(c)).
			WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).",
				c.x.Name, direct, ordering)
		b.throw(c.x.At, err)
	}
	for i := range direct {
		pair := []arg{c.args[direct+i], c.args[i]}
		t := b.commonType("WITHIN GROUP", pair)
		c.args[direct+i].x = b.implicit(pair[0].x, t, pair[0].pos)
		c.args[i].x = b.implicit(pair[1].x, t, pair[1].pos)
	}
	c.match.Args = nil // they have their types
}

func (b *binder) checkWindowCall(c *callSite) {
	x, name := c.x, c.x.Name
	switch {
	case x.Over == nil:
		b.fail(x.At, pgerr.WrongObjectType, "window function %s requires an OVER clause", name)
	case x.WithinGroup:
		b.fail(x.At, pgerr.WrongObjectType, "window function %s cannot have WITHIN GROUP", name)
	case x.Distinct:
		b.fail(x.At, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case len(x.OrderBy) > 0:
		b.fail(x.At, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case x.Filter != nil:
		b.fail(x.At, pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	}
}
