package bind

import (
	"fmt"
	"slices"
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
	byFunc := map[*funcs.Func]*catalog.Function{}
	cands := b.lookup(c.x.Schema, c.x.Name)
	for _, f := range list {
		sig := b.signatureOf(f)
		byFunc[sig] = f
		cands = append(cands[:len(cands):len(cands)], sig)
	}
	m := b.resolveUser(c, cands)
	if f := byFunc[m.Func]; f != nil && len(m.DefaultArgs) > 0 && slices.ContainsFunc(m.Func.Args, isPseudo) && !named(c.x.ArgNames) {
		// Defaults decide open types, too.
		first := len(m.Func.Args) - len(m.DefaultArgs)
		for i := range m.DefaultArgs {
			x := b.storedExpr(&scope{}, f.ArgDefaults[first+i-(len(m.Func.Args)-len(f.ArgDefaults))], kindDefault)
			if isUnknown(x) && m.Func.Args[first+i] == types.AnyArrayOID {
				b.fail(c.x.At, pgerr.DatatypeMismatch, "cannot determine element type of \"anyarray\" argument")
			}
			c.args = append(c.args, arg{x, c.x.At})
		}
		m = b.resolveUser(c, cands)
	}
	f := byFunc[m.Func]
	if f != nil {
		c.fn, c.match, c.user = m.Func, m, f
	}
	return f
}

func (b *binder) resolveUser(c *callSite, cands []*funcs.Func) funcs.Match {
	oids := make([]types.OID, len(c.args))
	for i, a := range c.args {
		oids[i] = oidOf(a.x)
	}
	names := c.x.ArgNames
	for names != nil && len(names) < len(oids) {
		names = append(names[:len(names):len(names)], "")
	}
	m, err := funcs.Resolve(cands, qualified(c.x.Schema, c.x.Name), oids, names, c.x.Variadic)
	if err != nil {
		b.throw(c.x.At, err)
	}
	return m
}

// signatureOf is a user's function as the resolution of calls sees it.
func (b *binder) signatureOf(f *catalog.Function) *funcs.Func {
	sig := &funcs.Func{OID: f.OID, Name: f.Name, Args: inputTypes(f), Result: f.Result, Set: f.Set, Strict: f.Strict,
		Volatility: funcs.Volatility(f.Volatility), Kind: funcs.Plain, ArgNames: inputNames(f),
		Variadic: strings.IndexByte(f.ArgModes, 'v') >= 0, Defaults: make([]types.Datum, len(f.ArgDefaults))}
	sig.Schema = b.env.Snap.SchemaName(f.Schema)
	return sig
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

// ArgName is the name of a function's IN argument, counted from 1; "" if it has none.
func ArgName(f *catalog.Function, n int) string {
	if names := inputNames(f); n <= len(names) {
		return names[n-1]
	}
	return ""
}

// inputTypes are the types of a function's IN arguments.
func inputTypes(f *catalog.Function) []types.OID {
	if f.ArgModes == "" {
		return f.Args
	}
	var list []types.OID
	for _, i := range f.Inputs() {
		list = append(list, f.Args[i])
	}
	return list
}

// outTypes are the types of OUT and TABLE arguments.
func outTypes(f *catalog.Function) []types.OID {
	var list []types.OID
	for i := range f.ArgModes {
		if f.ArgModes[i] == 'o' || f.ArgModes[i] == 't' || f.ArgModes[i] == 'b' {
			list = append(list, f.Args[i])
		}
	}
	return list
}

// outNames are the names of OUT and TABLE arguments; those without one have the names
// that PostgreSQL gives them.
func outNames(f *catalog.Function) []string {
	var names []string
	for i := range f.ArgModes {
		if f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' && f.ArgModes[i] != 'b' {
			continue
		}
		name := ""
		if i < len(f.ArgNames) {
			name = f.ArgNames[i]
		}
		if name == "" {
			name = fmt.Sprintf("column%d", len(names)+1)
		}
		names = append(names, name)
	}
	return names
}

// callUser binds the call of a user's SQL function: its body's expression in the place
// of the call if it is no more than one, else a call that runs the body.
func (b *binder) callUser(s *scope, c *callSite, f *catalog.Function) rel.Expr {
	b.checkPlainCall(c)
	b.coerceArgs(c)
	b.domainArgs(c, f)
	r, outs := b.routineOf(c, f)
	b.useFunction(f)
	if b.shapes == nil {
		if x := b.inlined(c, f, r); x != nil {
			return x
		}
	}
	fn := b.routineFunc(c.fn, r, outs)
	if f.Set {
		b.checkSet(s, c)
	}
	call := &rel.Call{T: types.Of(r.Result), Fn: fn, Args: c.exprs, Form: b.form(c), Pos: c.x.At}
	if f.Set || b.shapes != nil { // a text to be shown has no checks

		return call
	}
	return b.toDomain(call, f.Domains[-1], c.x.At)
}

// domainArgs checks the arguments whose declared types are domains.
func (b *binder) domainArgs(c *callSite, f *catalog.Function) {
	for i, at := range f.Inputs() {
		if i < len(c.exprs) && b.shapes == nil {
			c.exprs[i] = b.toDomain(c.exprs[i], f.Domains[at], c.x.At)
		}
	}
}

// useFunction notes that the statement depends on a function, and that the user must be
// allowed to run it: the user and not the owner of a view that calls it.
func (b *binder) useFunction(f *catalog.Function) {
	b.refObject(f.OID, "proc")
	p := b.need(f.OID, 'X', true, false)
	p.check.Kind, p.check.As = 'f', 0
}

// routineOf gives a function the types of a call; outs are those of its OUT arguments.
func (b *binder) routineOf(c *callSite, f *catalog.Function) (r *funcs.Routine, outs []types.OID) {
	r = &funcs.Routine{Func: f.OID, Name: f.Name, Result: c.match.Result.OID, Set: f.Set}
	declared := inputTypes(f)
	for i, x := range c.exprs {
		t := oidOf(x)
		if i < len(declared) && !isPseudo(declared[i]) {
			t = declared[i]
		}
		r.Args = append(r.Args, t)
	}
	for _, t := range outTypes(f) {
		if isPseudo(t) {
			solved, err := funcs.SolveOpen(declared, r.Args, t)
			if err != nil {
				b.throw(c.x.At, err)
			}
			t = solved
		}
		outs = append(outs, t)
	}
	if r.Result == types.RecordOID {
		for _, t := range outs {
			r.Cols = append(r.Cols, types.Of(t))
		}
	}
	return r, outs
}

// routineFunc is the function that runs r; the same one for equal calls, so that they
// are equal expressions.
func (b *binder) routineFunc(sig *funcs.Func, r *funcs.Routine, outs []types.OID) *funcs.Func {
	key := fmt.Sprint(*r)
	if fn := b.routines[key]; fn != nil {
		return fn
	}
	full := *sig
	if len(outs) > 0 {
		full.OutNames = outNames(b.env.Snap.Function(r.Func))
		if len(outs) > 1 {
			full.OutTypes = outs
		}
	}
	fn := r.Calling(&full)
	if b.routines == nil {
		b.routines, b.routineOfFunc = map[string]*funcs.Func{}, map[*funcs.Func]*funcs.Routine{}
	}
	b.routines[key], b.routineOfFunc[fn] = fn, r
	return fn
}

// withColumns is a call of a user's function that returns records, told what columns
// the call expects of them.
func (b *binder) withColumns(call *rel.Call, cols []rel.Column) *rel.Call {
	old := b.routineOfFunc[call.Fn]
	if old == nil || old.Result != types.RecordOID || old.Cols != nil {
		return call
	}
	r := *old
	for _, c := range cols {
		r.Cols = append(r.Cols, c.T)
	}
	known := *call
	known.Fn = b.routineFunc(call.Fn, &r, nil)
	return &known
}

// inlined is the body of a function that is one expression, in the place of its call;
// nil if the function must be called. As in PostgreSQL, the expression must not be less
// constant than the function says, and an argument that is used twice must be simple.
func (b *binder) inlined(c *callSite, f *catalog.Function, r *funcs.Routine) rel.Expr {
	if f.Set || r.Result == types.RecordOID || r.Result == types.VoidOID || b.tableOf(r.Result) != nil ||
		b.env.NoInline || slices.Contains(b.inlining, f.OID) || len(b.inlining) >= maxInlining {
		return nil
	}
	sole := b.soleExpr(f)
	if sole == nil {
		return nil
	}
	p := b.bodyBinder(f, r)
	p.inlining = append(b.inlining[:len(b.inlining):len(b.inlining)], f.OID)
	x := p.inlineExpr(f, r, sole)
	if x == nil || f.Strict && slices.ContainsFunc(c.exprs, func(a rel.Expr) bool { return b.isComposite(oidOf(a)) }) || rank(volatilityOf(x)) > rank(f.Volatility) || !simpleEnough(x, c.exprs, f.Strict) {
		return nil
	}
	b.adoptUses(p)
	x = rel.MapExpr(x, func(e rel.Expr) (rel.Expr, bool) {
		if p, ok := e.(*rel.Param); ok {
			return c.exprs[p.N-1], false
		}
		return e, true
	})
	if f.Strict {
		x = b.strictly(c.exprs, x)
	}
	return b.toDomain(x, f.Domains[-1], 0)
}

// maxInlining bounds bodies within bodies.
const maxInlining = 20

// soleExpr is the expression of a body that consists of SELECT and one expression.
func (b *binder) soleExpr(f *catalog.Function) ast.Expr {
	list, err := b.env.ParseBody(f.Body)
	if err != nil || len(list) != 1 {
		return nil
	}
	sel, ok := list[0].Stmt.(*ast.Select)
	if !ok || !bare(sel) {
		return nil
	}
	return sel.Targets[0].X
}

// inlineExpr binds the expression of a body over parameters; nil if it is more than an
// expression of scalars.
func (b *binder) inlineExpr(f *catalog.Function, r *funcs.Routine, sole ast.Expr) (x rel.Expr) {
	defer b.where(f, "during inlining")
	s := &scope{outer: b.argScope(f, r.Args), kind: kindSelect}
	x = b.settle(b.expr(s, sole), 0)
	if len(s.aggs) > 0 || len(s.windowCalls) > 0 || len(s.grouping) > 0 || s.hasSets || b.late != nil {
		return nil
	}
	x, ok := b.tryCoerce(x, types.Of(r.Result), funcs.Assignment, 0)
	if !ok {
		return nil // The call says what is wrong.
	}
	query := false
	rel.WalkExpr(x, func(e rel.Expr) bool {
		_, is := e.(*rel.Subquery)
		query = query || is
		return !query
	})
	if query {
		return nil
	}
	return x
}

// adoptUses takes over what the binder of a body has found that the body depends on.
func (b *binder) adoptUses(p *binder) {
	for oid, ref := range p.refs {
		b.refs[oid] = ref
	}
	b.privs = append(b.privs, p.privs...)
	b.uncacheable = b.uncacheable || p.uncacheable
}

func rank(volatility byte) int { return strings.IndexByte("isv", volatility) }

// volatilityOf is the volatility of the least constant part of an expression.
func volatilityOf(x rel.Expr) byte {
	worst := byte('i')
	note := func(v byte) {
		if rank(v) > rank(worst) {
			worst = v
		}
	}
	rel.WalkExpr(x, func(e rel.Expr) bool {
		switch e := e.(type) {
		case *rel.Call:
			note(byte(e.Fn.Volatility))
		case *rel.Cast:
			if e.Fn != nil {
				note(byte(e.Fn.Volatility))
			}
		case *rel.SQLValue:
			note('s')
		}
		return true
	})
	return worst
}

// simpleEnough tells whether arguments may stand where x has parameters.
func simpleEnough(x rel.Expr, args []rel.Expr, strict bool) bool {
	uses := make([]int, len(args))
	rel.WalkExpr(x, func(e rel.Expr) bool {
		if p, ok := e.(*rel.Param); ok {
			uses[p.N-1]++
		}
		return true
	})
	for i, a := range args {
		if strict {
			uses[i]++
		}
		if uses[i] != 1 && !simple(a) {
			return false
		}
	}
	return true
}

// simple tells whether an expression may be computed several times, or never.
func simple(x rel.Expr) bool {
	ok, size := true, 0
	rel.WalkExpr(x, func(e rel.Expr) bool {
		_, query := e.(*rel.Subquery)
		size++
		ok = ok && !query && size < 10
		return ok
	})
	return ok && volatilityOf(x) != 'v' && !hasSet(x)
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
