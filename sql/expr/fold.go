package expr

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// IsConst reports whether e has one value for ever: no columns, parameters,
// volatile or stable calls, subqueries or domain checks. Literals that the plan
// cache may replace count as constant.
func IsConst(e rel.Expr) bool {
	ok := true
	rel.WalkExpr(e, func(x rel.Expr) bool {
		switch x := x.(type) {
		case *rel.Param, *rel.Subquery, *rel.SQLValue, *rel.CaseArg:
			ok = false
		case *rel.Col:
			ok = ok && x.ID == -1
		case *rel.Call:
			ok = ok && x.Fn.Volatility == funcs.Immutable && !x.Fn.Set && (x.Fn.Kind == funcs.Plain || x.Fn.Kind == 0)
		case *rel.Cast:
			ok = ok && immutableCast(x)
		case *rel.Case:
			ok = ok && x.Arg == nil
		default:
			ok = ok && known(x)
		}
		return ok
	})
	return ok
}

// known tells whether x is a node of package rel that computes something from
// its parts alone; the planner's own nodes are not.
func known(x rel.Expr) bool {
	switch x.(type) {
	case *rel.Const, *rel.Typmod, *rel.Bool, *rel.IsTest, *rel.Distinct, *rel.AnyAll, *rel.Coalesce, *rel.MinMax,
		*rel.NullIf, *rel.RowExpr, *rel.ArrayExpr, *rel.RowCompare, *rel.Field, *rel.Subscript:
		return true
	}
	return false
}

// immutableCast: casts through text depend on settings for dates and times and on
// the catalog for names of objects and labels of enumerations.
func immutableCast(c *rel.Cast) bool {
	if c.Domain != 0 {
		return false
	}
	switch c.Method {
	case funcs.ByInOut:
		return settled(c.X.Type().OID) && settled(c.T.OID)
	case funcs.ByFunc:
		return c.Fn == nil || c.Fn.Volatility == funcs.Immutable
	}
	return true
}

func settled(t types.OID) bool {
	ty := types.Get(t)
	if ty == nil || types.RegKind(t) != "" {
		return false
	}
	if ty.Category == 'A' {
		return ty.Elem != 0 && settled(ty.Elem)
	}
	return ty.Category != 'D' && ty.Category != 'T' && ty.Category != 'E'
}

// Fold replaces constant subtrees of e by their values and drops arguments of
// AND, OR, CASE and COALESCE that cannot matter. What fails when computed stays
// as it is, and so do literals that the plan cache may replace.
func Fold(c *funcs.Ctx, e rel.Expr) rel.Expr {
	env := &Env{Ctx: c}
	return Map(e, func(x rel.Expr) rel.Expr {
		x = simplify(c, x)
		if _, done := x.(*rel.Const); done || !IsConst(x) || slotted(x) {
			return x
		}
		n, err := Compile(x, nil, nil)
		if err != nil {
			return x
		}
		d, err := n.Row(env, nil)
		if err != nil {
			return x
		}
		return &rel.Const{T: x.Type(), D: d}
	})
}

// Fault returns the data error (SQLSTATE 22…) of a constant part of e, which is folded
// already: PostgreSQL tells it when it plans, whether or not the part would ever be
// computed. Branches that Fold has dropped do not count, nor those of CASE x WHEN.
func Fault(c *funcs.Ctx, e rel.Expr) (fault error) {
	env := &Env{Ctx: c}
	rel.WalkExpr(e, func(x rel.Expr) bool {
		if k, ok := x.(*rel.Case); ok && k.Arg != nil || fault != nil {
			return false
		}
		if _, done := x.(*rel.Const); done || !IsConst(x) || slotted(x) {
			return fault == nil
		}
		n, err := Compile(x, nil, nil)
		if err != nil {
			return false
		}
		if _, err = n.Row(env, nil); strings.HasPrefix(pgerr.Code(err), "22") {
			fault = err
		}
		return false
	})
	return fault
}

func slotted(e rel.Expr) bool {
	found := false
	rel.WalkExpr(e, func(x rel.Expr) bool {
		if c, ok := x.(*rel.Const); ok && c.Slot > 0 {
			found = true
		}
		return !found
	})
	return found
}

// fixedValue is the value of a literal that stays.
func fixedValue(e rel.Expr) (types.Datum, bool) {
	c, ok := e.(*rel.Const)
	if !ok || c.Slot > 0 {
		return types.Null, false
	}
	return c.D, true
}

func simplify(c *funcs.Ctx, e rel.Expr) rel.Expr {
	switch e := e.(type) {
	case *rel.Call:
		return simplifyCall(c, e)
	case *rel.Bool:
		if e.Op != rel.Not {
			return simplifyJunction(c, e)
		}
	case *rel.Case:
		return simplifyCase(e)
	case *rel.Coalesce:
		return simplifyCoalesce(e)
	}
	return e
}

// simplifyCall makes NULL of a strict function with an argument that is always NULL,
// unless PostgreSQL would fail at another argument first.
func simplifyCall(c *funcs.Ctx, e *rel.Call) rel.Expr {
	if !e.Fn.Strict || e.Fn.Set || e.Fn.Kind != funcs.Plain && e.Fn.Kind != 0 {
		return e
	}
	null := slices.ContainsFunc(e.Args, func(a rel.Expr) bool {
		d, ok := fixedValue(a)
		return ok && d.IsNull()
	})
	if !null || slices.ContainsFunc(e.Args, func(a rel.Expr) bool { return Fault(c, a) != nil }) {
		return e
	}
	return &rel.Const{T: e.T, D: types.Null}
}

// simplifyJunction drops neutral arguments of AND and OR, flattens nested ones,
// and cuts at a decisive one (what comes before it may fail, or not, as in PostgreSQL),
// unless a constant before that one fails.
func simplifyJunction(c *funcs.Ctx, e *rel.Bool) rel.Expr {
	decisive := e.Op == rel.Or
	var args []rel.Expr
	for _, a := range e.Args {
		if inner, ok := a.(*rel.Bool); ok && inner.Op == e.Op {
			args = append(args, inner.Args...)
			continue
		}
		d, ok := fixedValue(a)
		if ok && !d.IsNull() {
			if d.Bool() == decisive {
				if slices.ContainsFunc(args, func(before rel.Expr) bool { return Fault(c, before) != nil }) {
					return e
				}
				return a
			}
			continue
		}
		args = append(args, a)
	}
	switch len(args) {
	case 0:
		return &rel.Const{T: types.Of(types.BoolOID), D: types.NewBool(!decisive)}
	case 1:
		return args[0]
	}
	if len(args) == len(e.Args) {
		return e
	}
	return &rel.Bool{Op: e.Op, Args: args}
}

func simplifyCase(e *rel.Case) rel.Expr {
	if e.Arg != nil {
		return e
	}
	out := *e
	out.Whens = nil
	for _, w := range e.Whens {
		d, ok := fixedValue(w.Cond)
		if !ok {
			out.Whens = append(out.Whens, w)
			continue
		}
		if !d.IsNull() && d.Bool() {
			out.Else = w.Result
			break
		}
	}
	switch {
	case len(out.Whens) == len(e.Whens):
		return e
	case len(out.Whens) > 0:
		return &out
	case out.Else == nil:
		return &rel.Const{T: e.T, D: types.Null}
	}
	return out.Else
}

func simplifyCoalesce(e *rel.Coalesce) rel.Expr {
	var args []rel.Expr
	for _, a := range e.Args {
		d, ok := fixedValue(a)
		if ok && d.IsNull() {
			continue
		}
		args = append(args, a)
		if ok {
			break
		}
	}
	switch {
	case len(args) == 0:
		return &rel.Const{T: e.T, D: types.Null}
	case len(args) == 1:
		return args[0]
	case len(args) == len(e.Args):
		return e
	}
	return &rel.Coalesce{T: e.T, Args: args}
}
