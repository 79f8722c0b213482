package plan

import (
	"zorya/sql/rel"
	"zorya/sql/types"
)

// freeColumns are the columns that a tree reads and does not make: those of outer
// queries.
func freeColumns(n rel.Node) map[rel.ColID]bool {
	g := gatherer{made: map[rel.ColID]bool{}, used: map[rel.ColID]bool{}, ctes: map[*rel.CTE]bool{}}
	g.node(n)
	for id := range g.made {
		delete(g.used, id)
	}
	return g.used
}

// A gatherer notes which columns a tree makes and uses. It passes each part once: its
// time must not double with every level of subqueries, or of CTEs read twice.
type gatherer struct {
	made, used map[rel.ColID]bool
	ctes       map[*rel.CTE]bool
}

func (g *gatherer) node(n rel.Node) {
	if n == nil {
		return
	}
	g.makes(n.Columns())
	switch n := n.(type) {
	case *rel.Insert:
		g.makes(n.Ret)
		if n.OnConflict != nil {
			g.makes(n.OnConflict.Old)
			g.makes(n.OnConflict.Excluded)
		}
	case *rel.Update:
		g.makes(n.Ret)
		g.makes(n.Old)
	case *rel.Delete:
		g.makes(n.Ret)
		g.makes(n.Old)
	case *rel.CTERef:
		// What the CTE reads from outside, its readers depend on.
		if !g.ctes[n.CTE] {
			g.ctes[n.CTE] = true
			g.node(n.CTE.Query)
			g.node(n.CTE.Recursive)
		}
	}
	for _, e := range rel.NodeExprs(n) {
		g.expr(e)
	}
	for _, in := range rel.NodeInputs(n) {
		g.node(in)
	}
}

func (g *gatherer) makes(cols []rel.Column) {
	for _, c := range cols {
		g.made[c.ID] = true
	}
}

func (g *gatherer) expr(e rel.Expr) {
	rel.MapExpr(e, func(x rel.Expr) (rel.Expr, bool) {
		switch x := x.(type) {
		case *rel.Col:
			if x.ID > 0 {
				g.used[x.ID] = true
			}
		case *rel.Subquery:
			g.node(x.Query)
		}
		return x, true
	})
}

// semiJoin turns a condition that is EXISTS, NOT EXISTS or IN with a subquery into a
// join of n, if the subquery can stand without n's columns once its condition is
// the join's; nil if not.
func semiJoin(n rel.Node, cond rel.Expr) rel.Node {
	kind := rel.Semi
	if not, ok := cond.(*rel.Bool); ok && not.Op == rel.Not {
		cond, kind = not.Args[0], rel.Anti
	}
	s, ok := cond.(*rel.Subquery)
	if !ok || s.Kind != rel.ExistsQuery && !(s.Kind == rel.AnyQuery && kind == rel.Semi) {
		return nil
	}
	outer := idSet(n.Columns())
	q, on := s.Query, rel.Expr(nil)
	byID := map[rel.ColID]rel.Expr{}
	if p, ok := q.(*rel.Project); ok {
		for i, c := range p.Cols {
			byID[c.ID] = p.Exprs[i]
		}
		q = p.Input
	}
	if f, ok := q.(*rel.Filter); ok && !hasSubquery(f.Cond) && !volatile(f.Cond) {
		on, q = f.Cond, f.Input
	}
	if v, ok := q.(*rel.Values); ok && len(v.Cols) == 0 {
		return nil
	}
	for id := range freeColumns(q) {
		if outer[id] {
			return nil
		}
	}
	if s.Kind == rel.AnyQuery {
		cmp, ok := substitute(s.Cmp, byID)
		if !ok || hasSubquery(cmp) {
			return nil
		}
		on = and(conjuncts(conjuncts(nil, on), cmp))
	}
	return &rel.Join{Kind: kind, L: n, R: q, On: on}
}

// subPlan plans a subquery that stays in an expression.
func (b *planner) subPlan(s *rel.Subquery) rel.Expr {
	if p := b.planned[s]; p != nil {
		return p
	}
	b.subs++
	sub := *s
	p := &SubPlan{Sub: &sub, ID: b.subs}
	b.planned[s] = p
	outer := freeColumns(s.Query)
	b.rerun(outer, func() { p.Plan = b.node(s.Query, nil, nil) })
	for id := range outer {
		p.Outer = append(p.Outer, id)
	}
	sortIDs(p.Outer)
	sub.Cmp = b.expr(s.Cmp)
	if s.Kind == rel.AnyQuery && len(p.Outer) == 0 {
		p.LKeys = hashKeys(s.Cmp, s.Query.Columns())
		p.Hashed = p.LKeys != nil
		p.LKeys = b.exprs(p.LKeys)
	}
	return p
}

func sortIDs(ids []rel.ColID) {
	for i := 1; i < len(ids); i++ {
		for k := i; k > 0 && ids[k] < ids[k-1]; k-- {
			ids[k], ids[k-1] = ids[k-1], ids[k]
		}
	}
}

// hashKeys are the left sides of a comparison that is an equality for each of the
// subquery's columns, in their order; nil if it is not.
func hashKeys(cmp rel.Expr, cols []rel.Column) []rel.Expr {
	keys := make([]rel.Expr, len(cols))
	inner := idSet(cols)
	list := conjuncts(nil, cmp)
	if len(list) != len(cols) {
		return nil
	}
	for _, e := range list {
		call, ok := e.(*rel.Call)
		if !ok || call.Oper == nil || call.Oper.Strategy != '=' || !call.Oper.Hashes || len(call.Args) != 2 {
			return nil
		}
		l, r := call.Args[0], call.Args[1]
		col, ok := r.(*rel.Col)
		if !ok || !inner[col.ID] || touches(l, inner) || !sameHash(l.Type().OID, col.T.OID) || volatile(l) {
			return nil
		}
		for i, c := range cols {
			if c.ID == col.ID {
				keys[i] = l
			}
		}
	}
	for _, k := range keys {
		if k == nil {
			return nil
		}
	}
	return keys
}

// sameHash reports whether equal values of two types hash equally.
func sameHash(a, b types.OID) bool {
	whole := func(t types.OID) bool { return t == types.Int2OID || t == types.Int4OID || t == types.Int8OID }
	return a == b || whole(a) && whole(b) || textual(a) && textual(b)
}
