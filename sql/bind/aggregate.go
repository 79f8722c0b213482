package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An aggregate is a call of an aggregate that a query level computes. Expressions
// refer to its result as a column.
type aggregate struct {
	call  rel.AggCall
	order []orderItem
}

// An orderItem is an expression to sort by.
type orderItem struct {
	x          rel.Expr
	desc       bool
	nullsFirst bool
}

// A groupingCall is GROUPING(…): the bits of the grouping expressions that the
// row's set leaves out.
type groupingCall struct {
	out  rel.Column
	args []arg
	pos  int
	// inner: it stands in a subquery of its level, which can read columns only.
	inner bool
}

// aggregateCall binds an aggregate without OVER and returns a reference to its
// result, which belongs to the innermost query level that its arguments use.
func (b *binder) aggregateCall(s *scope, c *callSite) rel.Expr {
	x := c.x
	a := &aggregate{call: rel.AggCall{Fn: c.fn, Star: x.Star, Distinct: x.Distinct}}
	if c.fn.OrderedSet != 0 {
		direct := len(x.Args)
		a.call.Direct, a.call.Args = c.exprs[:direct], c.exprs[direct:]
		for i, o := range x.OrderBy {
			a.order = append(a.order, b.orderOf(o, c.exprs[direct+i]))
		}
	} else {
		a.call.Args = c.exprs
		a.order = b.aggregateOrder(s, c)
	}
	if x.Distinct {
		b.checkDistinctAgg(c, a)
	}
	if x.Filter != nil {
		a.call.Filter = b.toBool(b.exprAs(s, x.Filter, kindFilter), "FILTER", startOf(x.Filter))
	}
	level := b.aggregateLevel(s, a, x.At)
	b.checkAggPlace(level.kind, false, x.At)
	return b.addAggregate(level, a, c, x.At)
}

// addAggregate registers a at its level; equal calls share one result.
func (b *binder) addAggregate(level *scope, a *aggregate, c *callSite, pos int) rel.Expr {
	for _, old := range level.aggs {
		if b.sameAggregate(old, a) {
			return b.placed(&rel.Col{T: old.call.Out.T, ID: old.call.Out.ID}, pos)
		}
	}
	a.call.Out = b.newColumn(level, c.x.Name, c.match.Result)
	b.cols[a.call.Out.ID].agg = true
	b.shapeAggregate(a, c)
	level.aggs = append(level.aggs, a)
	return b.placed(&rel.Col{T: a.call.Out.T, ID: a.call.Out.ID}, pos)
}

func (b *binder) placed(c *rel.Col, pos int) rel.Expr {
	b.places[c] = pos
	return c
}

func (b *binder) sameAggregate(x, y *aggregate) bool {
	if x.call.Fn != y.call.Fn || x.call.Star != y.call.Star || x.call.Distinct != y.call.Distinct ||
		len(x.call.Args) != len(y.call.Args) || len(x.call.Direct) != len(y.call.Direct) ||
		len(x.order)+len(y.order) > 0 || !b.equal(x.call.Filter, y.call.Filter) {
		return false
	}
	for i := range x.call.Args {
		if !b.equal(x.call.Args[i], y.call.Args[i]) || isVolatile(x.call.Args[i]) {
			return false
		}
	}
	return len(x.call.Direct) == 0
}

// IsVolatile reports whether a bound expression may have another value for each row.
func IsVolatile(sc *Scalar) bool { return isVolatile(sc.X) }

// isVolatile reports whether evaluating x twice may give two values.
func isVolatile(x rel.Expr) bool {
	found := false
	rel.WalkExpr(x, func(e rel.Expr) bool {
		switch e := e.(type) {
		case *rel.Call:
			found = found || e.Fn.Volatility == 'v'
		case *rel.Subquery:
			found = true
		}
		return !found
	})
	return found
}

func (b *binder) aggregateOrder(s *scope, c *callSite) []orderItem {
	var list []orderItem
	for _, o := range c.x.OrderBy {
		e := b.settle(b.exprAs(s, o.X, kindOrderBy), startOf(o.X))
		list = append(list, b.orderOf(o, e))
	}
	return list
}

// orderOf checks that e can be sorted as o says.
func (b *binder) orderOf(o ast.SortBy, e rel.Expr) orderItem {
	pos := startOf(o.X)
	item := orderItem{x: e, desc: o.Desc}
	switch o.Using {
	case "", "<":
	case ">":
		item.desc = true
	default:
		b.throw(o.Pos, pgerr.New(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", o.Using).
			WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families."))
	}
	b.ordering(e, pos)
	item.nullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && item.desc
	return item
}

// ordering fails unless values like e can be sorted.
func (b *binder) ordering(e rel.Expr, pos int) {
	b.orderHint = true
	b.comparison('<', oidOf(e), pos)
	b.orderHint = false
}

// grouped fails unless values like e can be told equal.
func (b *binder) groupable(e rel.Expr, pos int) { b.comparison('=', oidOf(e), pos) }

func (b *binder) checkDistinctAgg(c *callSite, a *aggregate) {
	for i, e := range a.call.Args {
		pos := c.x.At
		if i < len(c.args) {
			pos = c.args[i].pos
		}
		b.ordering(e, pos)
	}
	for i, o := range a.order {
		found := false
		for _, e := range a.call.Args {
			found = found || b.equal(o.x, withoutImplicit(e))
		}
		if !found {
			b.fail(startOf(c.x.OrderBy[i].X), pgerr.InvalidColumnReference,
				"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
	}
}

// withoutImplicit is e without the conversion that its place asked for.
func withoutImplicit(e rel.Expr) rel.Expr {
	if c, ok := e.(*rel.Cast); ok && !c.Explicit {
		return c.X
	}
	return e
}

// aggregateLevel finds the query level that an aggregate belongs to: the
// innermost whose columns it reads, its own if it reads none.
func (b *binder) aggregateLevel(s *scope, a *aggregate, pos int) *scope {
	exprs := append(append([]rel.Expr(nil), a.call.Args...), a.call.Filter)
	for _, o := range a.order {
		exprs = append(exprs, o.x)
	}
	level := b.levelOf(s, exprs, pos)
	b.checkDirect(s, level, a.call.Direct)
	return level
}

// checkDirect refuses direct arguments that read levels below that of their aggregate,
// or aggregates of it.
func (b *binder) checkDirect(s, level *scope, direct []rel.Expr) {
	below := map[*scope]bool{}
	for l := s; l != level; l = l.outer {
		below[l] = true
	}
	var low, nested *rel.Col
	for _, e := range direct {
		rel.WalkExpr(e, func(e rel.Expr) bool {
			c, ok := e.(*rel.Col)
			if !ok || b.cols[c.ID] == nil {
				return true
			}
			info := b.cols[c.ID]
			if below[info.scope] && !info.agg && low == nil {
				low = c
			}
			if info.agg && (below[info.scope] || info.scope == level) && nested == nil {
				nested = c
			}
			return true
		})
	}
	if low != nil {
		b.fail(b.places[low], pgerr.GroupingError, "outer-level aggregate cannot contain a lower-level variable in its direct arguments")
	}
	if nested != nil {
		b.fail(b.places[nested], pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
}

func (b *binder) levelOf(s *scope, exprs []rel.Expr, pos int) *scope {
	depth := map[*scope]int{}
	for l, d := s, 0; l != nil; l, d = l.outer, d+1 {
		depth[l] = d
	}
	best, bestDepth := s, -1
	var nested *rel.Col
	nestedDepth := -1
	for _, e := range exprs {
		rel.WalkExpr(e, func(e rel.Expr) bool {
			c, ok := e.(*rel.Col)
			if !ok || b.cols[c.ID] == nil {
				return true
			}
			info := b.cols[c.ID]
			d, inChain := depth[info.scope]
			if !inChain {
				return true
			}
			if info.window && d == 0 {
				b.fail(b.places[c], pgerr.GroupingError, "aggregate function calls cannot contain window function calls")
			}
			if bestDepth < 0 || d < bestDepth {
				best, bestDepth = info.scope, d
			}
			if info.agg && (nestedDepth < 0 || d < nestedDepth) {
				nested, nestedDepth = c, d
			}
			return true
		})
		b.noSetsInAggregate(e)
	}
	if nested != nil && nestedDepth == bestDepth {
		b.fail(b.places[nested], pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
	return best
}

func (b *binder) noSetsInAggregate(e rel.Expr) {
	rel.MapExpr(e, func(c rel.Expr) (rel.Expr, bool) {
		if call, ok := c.(*rel.Call); ok && call.Fn.Set {
			b.throw(call.Pos, pgerr.New(pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
		}
		return c, true
	})
}

// groupingFunc binds GROUPING(a, b); its value is filled in when the level's
// grouping sets are known.
func (b *binder) groupingFunc(s *scope, x *ast.Grouping) rel.Expr {
	if len(x.Args) > 31 {
		b.fail(x.At, pgerr.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	g := &groupingCall{pos: x.At}
	var exprs []rel.Expr
	for _, a := range x.Args {
		e := b.expr(s, a)
		g.args = append(g.args, arg{e, startOf(a)})
		exprs = append(exprs, e)
	}
	level := b.levelOf(s, exprs, x.At)
	b.checkAggPlace(level.kind, true, x.At)
	g.inner = level != s
	g.out = b.newColumn(level, "grouping", types.Of(types.Int4OID))
	b.cols[g.out.ID].agg = true
	b.shapeGrouping(g)
	level.grouping = append(level.grouping, g)
	return b.placed(&rel.Col{T: g.out.T, ID: g.out.ID}, x.At)
}
