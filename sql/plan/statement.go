package plan

import (
	"slices"
	"zorya/sql/funcs"
	"zorya/sql/rel"
)

func (b *planner) with(n *rel.With, conds []rel.Expr, want []rel.SortKey) Node {
	w := &With{}
	cost := 0.0
	for _, c := range n.CTEs {
		x := &CTE{Rel: c}
		b.ctes[c] = x
		x.Query = b.node(c.Query, nil, nil)
		cost += x.Query.Est().Total
		if c.Recursive != nil {
			x.Recursive = b.node(c.Recursive, nil, nil)
			cost += 10 * x.Recursive.Est().Total
		}
		w.CTEs = append(w.CTEs, x)
	}
	w.Body = b.node(n.Body, conds, want)
	e := w.Body.Est()
	w.Base = base(w.Body.Columns(), cost+e.Startup, cost+e.Total, e.Rows)
	return w
}

// inlinable reports whether a CTE can take the place of its one reference.
func inlinable(c *rel.CTE) bool {
	if c.Recursive != nil || c.Modifies || c.Refs != 1 || c.Materialized != nil && *c.Materialized {
		return false
	}
	ok := true
	rel.WalkNode(c.Query, func(x rel.Expr) bool {
		if call, is := x.(*rel.Call); is && call.Fn.Volatility == funcs.Volatile {
			ok = false
		}
		return ok
	})
	return ok && !locks(c.Query)
}

func locks(n rel.Node) bool {
	if _, ok := n.(*rel.LockRows); ok {
		return true
	}
	for _, in := range rel.NodeInputs(n) {
		if locks(in) {
			return true
		}
	}
	return false
}

func (b *planner) cteRef(n *rel.CTERef, conds []rel.Expr) Node {
	cte := b.ctes[n.CTE]
	rows := 1000.0
	if cte != nil && cte.Query != nil {
		rows = cte.Query.Est().Rows
		if n.CTE.Recursive != nil {
			rows *= 10
		}
	}
	cond, rest := b.conjunction(conds)
	return b.filtered(&CTEScan{Base: base(n.Cols, 0, rows*cpuRow, rows*b.selectivity(conds)), CTE: cte, Filter: cond, Alias: n.Alias}, rest)
}

func (b *planner) insert(n *rel.Insert) Node {
	in := b.node(n.Input, nil, nil)
	c := *n
	c.Returning, c.Bound = withExprs(n.Returning, b.exprs), b.bound(n.Bound)
	if n.OnConflict != nil {
		o := *n.OnConflict
		o.New, o.Where = b.exprs(o.New), b.expr(o.Where)
		c.OnConflict = &o
	}
	return &Modify{Base: base(c.Columns(), in.Est().Startup, in.Est().Total, in.Est().Rows), Input: in, Insert: &c}
}

// bound plans the conditions of views among a table's checks, which may have subqueries.
func (b *planner) bound(te *rel.TableExprs) *rel.TableExprs {
	return withChecks(te, b.expr)
}

// withChecks has f applied to the conditions of views among a table's checks.
func withChecks(te *rel.TableExprs, f func(rel.Expr) rel.Expr) *rel.TableExprs {
	if te == nil || !slices.ContainsFunc(te.Checks, func(c rel.BoundCheck) bool { return c.View }) {
		return te
	}
	c := *te
	c.Checks = slices.Clone(te.Checks)
	for i := range c.Checks {
		c.Checks[i].X = f(c.Checks[i].X)
	}
	return &c
}

// withExprs has f applied to the expressions of RETURNING; nil stays nil.
func withExprs(p *rel.Project, f func([]rel.Expr) []rel.Expr) *rel.Project {
	if p == nil {
		return nil
	}
	c := *p
	c.Exprs = f(p.Exprs)
	return &c
}
