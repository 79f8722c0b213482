package plan

import (
	"zorya/sql/rel"
)

// prune is the rewrite that drops columns which nobody reads: expressions of subqueries
// in FROM, of views and of CTEs, aggregates and window functions, columns of tables. They
// cost time, and they fail where PostgreSQL answers: it does not compute them either
// (remove_unused_subquery_outputs, and pulling up subqueries). What it keeps is kept:
// volatile and set-returning expressions, the columns of DISTINCT and of set operations
// other than UNION ALL, what CTEs yield that run by themselves. In one case PostgreSQL
// keeps more: beside a table whose rows are changed or locked it computes all of a
// subquery with aggregates or LIMIT, since it may have to look at its row again. Nothing
// here does.
//
// Column ids make one pass enough: who reads a column is visited before who makes it,
// which is top-down, the right side of a join first, since LATERAL reads the left one.
//
// CTEs that take the place of their reference do so here.
func prune(n rel.Node) rel.Node {
	p := &pruner{read: map[rel.ColID]bool{}, ctes: map[*rel.CTE]*rel.CTE{}, subs: map[*rel.Subquery]*rel.Subquery{}}
	return p.whole(n)
}

// A pruner knows what those who were visited read.
type pruner struct {
	read map[rel.ColID]bool
	ctes map[*rel.CTE]*rel.CTE           // of those that run by themselves: what became of them
	subs map[*rel.Subquery]*rel.Subquery // what became of them: a tree may have one twice
}

// whole prunes a node whose columns are all read.
func (p *pruner) whole(n rel.Node) rel.Node {
	if n == nil {
		return nil
	}
	p.columns(n.Columns())
	return p.node(n)
}

func (p *pruner) columns(cols []rel.Column) {
	for _, c := range cols {
		p.read[c.ID] = true
	}
}

func (p *pruner) ids(ids ...rel.ColID) {
	for _, id := range ids {
		p.read[id] = true
	}
}

func (p *pruner) keys(keys []rel.SortKey) {
	for _, k := range keys {
		p.read[k.Col] = true
	}
}

func (p *pruner) node(n rel.Node) rel.Node {
	switch n := n.(type) {
	case *rel.Filter:
		cond := p.expr(n.Cond)
		return &rel.Filter{Input: p.node(n.Input), Cond: cond}
	case *rel.Project:
		return p.project(n)
	case *rel.ProjectSet:
		c := *n
		c.Cols, c.Exprs = p.computed(n.Cols, n.Exprs)
		c.Input = p.node(n.Input)
		return &c
	case *rel.Join:
		c := *n
		c.On = p.expr(n.On)
		c.R = p.node(n.R)
		c.L = p.node(n.L)
		return &c
	case *rel.Aggregate:
		return p.aggregate(n)
	case *rel.Window:
		return p.window(n)
	case *rel.DistinctOn:
		p.ids(n.On...)
		if n.On == nil {
			p.columns(n.Input.Columns())
		}
		return &rel.DistinctOn{Input: p.node(n.Input), On: n.On}
	case *rel.SetOp:
		return p.setOp(n)
	case *rel.Sort:
		p.keys(n.Keys)
		return &rel.Sort{Input: p.ordered(n.Input), Keys: n.Keys}
	case *rel.Limit:
		c := *n
		c.Count, c.Offset = p.expr(n.Count), p.expr(n.Offset)
		c.Input = p.ordered(n.Input)
		return &c
	case *rel.With:
		return p.with(n)
	case *rel.LockRows:
		for _, l := range n.Locks {
			p.ids(l.RowID)
		}
		return &rel.LockRows{Input: p.node(n.Input), Locks: n.Locks}
	}
	return p.source(n)
}

// source prunes what has no input.
func (p *pruner) source(n rel.Node) rel.Node {
	switch n := n.(type) {
	case *rel.Scan:
		c := *n
		c.Cols, c.Attrs = p.stored(n.Cols, n.Attrs)
		return &c
	case *rel.Virtual:
		c := *n
		c.Cols, c.Attrs = p.stored(n.Cols, n.Attrs)
		return &c
	case *rel.Values:
		return p.values(n)
	case *rel.FuncScan:
		c := *n
		c.Funcs = append([]rel.TableFunc(nil), n.Funcs...)
		for i := range c.Funcs {
			c.Funcs[i].X = p.expr(c.Funcs[i].X)
		}
		return &c
	case *rel.CTERef:
		return p.cteRef(n)
	case *rel.WorkRef:
		c := *n
		c.CTE = p.ctes[n.CTE]
		return &c
	}
	return p.modification(n)
}

func (p *pruner) modification(n rel.Node) rel.Node {
	switch n := n.(type) {
	case *rel.Insert:
		c := *n
		c.Returning, c.Bound = withExprs(n.Returning, p.exprs), p.bound(n.Bound)
		if n.OnConflict != nil {
			o := *n.OnConflict
			o.New, o.Where = p.exprs(o.New), p.expr(o.Where)
			c.OnConflict = &o
		}
		c.Input = p.whole(n.Input)
		return &c
	case *rel.Update:
		c := *n
		c.Returning, c.Bound = withExprs(n.Returning, p.exprs), p.bound(n.Bound)
		p.ids(n.RowID, n.Whole)
		p.ids(n.New...)
		p.columns(n.Old)
		c.Input = p.node(n.Input)
		return &c
	case *rel.Delete:
		c := *n
		c.Returning = withExprs(n.Returning, p.exprs)
		p.ids(n.RowID, n.Whole)
		p.columns(n.Old)
		c.Input = p.node(n.Input)
		return &c
	}
	panic("plan: unknown node")
}

// stored are the columns of a table that are read.
func (p *pruner) stored(cols []rel.Column, attrs []int) (outCols []rel.Column, outAttrs []int) {
	for i, c := range cols {
		if p.read[c.ID] {
			outCols, outAttrs = append(outCols, c), append(outAttrs, attrs[i])
		}
	}
	return outCols, outAttrs
}

// computed are the columns that are read or must be computed all the same.
func (p *pruner) computed(cols []rel.Column, exprs []rel.Expr) (outCols []rel.Column, outExprs []rel.Expr) {
	for i, c := range cols {
		if p.read[c.ID] || volatile(exprs[i]) {
			outCols, outExprs = append(outCols, c), append(outExprs, p.expr(exprs[i]))
		}
	}
	return outCols, outExprs
}

func (p *pruner) project(n *rel.Project) rel.Node {
	c := *n
	c.Cols, c.Exprs = p.computed(n.Cols, n.Exprs)
	c.Input = p.node(n.Input)
	return &c
}

// values prunes a single row, as PostgreSQL does, which makes the outer query of it.
// Of a list it computes all.
func (p *pruner) values(n *rel.Values) rel.Node {
	c := &rel.Values{Cols: n.Cols, Rows: make([][]rel.Expr, len(n.Rows))}
	if len(n.Rows) == 1 && len(n.Cols) == len(n.Rows[0]) {
		c.Cols, c.Rows[0] = p.computed(n.Cols, n.Rows[0])
		return c
	}
	for i, row := range n.Rows {
		c.Rows[i] = p.exprs(row)
	}
	return c
}

func (p *pruner) aggregate(n *rel.Aggregate) rel.Node {
	c := *n
	c.Aggs = nil
	for _, a := range n.Aggs {
		if !p.read[a.Out.ID] && !anyVolatile(a.Filter, a.Args, a.Direct) {
			continue
		}
		a.Args, a.Direct, a.Filter = p.exprs(a.Args), p.exprs(a.Direct), p.expr(a.Filter)
		p.keys(a.Order)
		c.Aggs = append(c.Aggs, a)
	}
	p.columns(n.Group)
	c.Input = p.node(n.Input)
	return &c
}

// window keeps the columns that the window is made of even if no function is left: to
// PostgreSQL they are the subquery's own.
func (p *pruner) window(n *rel.Window) rel.Node {
	c := *n
	c.Funcs = nil
	for _, f := range n.Funcs {
		if !p.read[f.Out.ID] && !anyVolatile(f.Filter, f.Args) {
			continue
		}
		f.Args, f.Filter = p.exprs(f.Args), p.expr(f.Filter)
		f.Frame.Start.Offset, f.Frame.End.Offset = p.expr(f.Frame.Start.Offset), p.expr(f.Frame.End.Offset)
		c.Funcs = append(c.Funcs, f)
	}
	p.ids(n.Partition...)
	p.keys(n.Order)
	c.Input = p.node(n.Input)
	if len(c.Funcs) == 0 {
		return c.Input
	}
	return &c
}

func anyVolatile(x rel.Expr, lists ...[]rel.Expr) bool {
	if x != nil && volatile(x) {
		return true
	}
	for _, list := range lists {
		for _, e := range list {
			if volatile(e) {
				return true
			}
		}
	}
	return false
}

// ordered prunes below ORDER BY and LIMIT: a set operation that has them itself yields
// all of its columns.
func (p *pruner) ordered(n rel.Node) rel.Node {
	if _, ok := n.(*rel.SetOp); ok {
		return p.whole(n)
	}
	return p.node(n)
}

// setOp prunes the sides of UNION ALL. All others compare whole rows.
func (p *pruner) setOp(n *rel.SetOp) rel.Node {
	if !unionAll(n) {
		p.columns(n.Cols)
	}
	c := *n
	c.Cols = nil
	var kept []int
	for i, col := range n.Cols {
		if p.read[col.ID] {
			c.Cols, kept = append(c.Cols, col), append(kept, i)
		}
	}
	c.L, c.R = p.side(n.L, kept), p.side(n.R, kept)
	return &c
}

// unionAll reports whether a tree of set operations is of UNION ALL alone.
func unionAll(n rel.Node) bool {
	s, ok := n.(*rel.SetOp)
	return !ok || s.Op == rel.Union && s.All && unionAll(s.L) && unionAll(s.R)
}

// side prunes a side of a set operation to the columns in these places. They match the
// other side's by place, so what else the side must compute ends here.
func (p *pruner) side(n rel.Node, kept []int) rel.Node {
	only := &rel.Project{}
	have := n.Columns()
	for _, i := range kept {
		p.ids(have[i].ID)
		only.Cols = append(only.Cols, have[i])
		only.Exprs = append(only.Exprs, &rel.Col{T: have[i].T, ID: have[i].ID})
	}
	only.Input = p.node(n)
	have = only.Input.Columns()
	same := len(have) == len(only.Cols)
	for i := 0; same && i < len(have); i++ {
		same = have[i].ID == only.Cols[i].ID
	}
	if same {
		return only.Input
	}
	return only
}

func (p *pruner) with(n *rel.With) rel.Node {
	c := &rel.With{}
	for _, x := range n.CTEs {
		if !inlinable(x) {
			y := *x
			p.ctes[x] = &y
			c.CTEs = append(c.CTEs, &y)
		}
	}
	c.Body = p.node(n.Body)
	for _, x := range c.CTEs {
		x.Query, x.Recursive = p.whole(x.Query), p.whole(x.Recursive)
	}
	if len(c.CTEs) == 0 {
		return c.Body
	}
	return c
}

// cteRef puts the CTE in the place of its only reference, if it may stand there.
func (p *pruner) cteRef(n *rel.CTERef) rel.Node {
	if cte, ok := p.ctes[n.CTE]; ok {
		c := *n
		c.CTE = cte
		return &c
	}
	in := &rel.Project{Input: n.CTE.Query, Cols: n.Cols}
	have := n.CTE.Query.Columns()
	for i := range n.Cols {
		in.Exprs = append(in.Exprs, &rel.Col{T: have[i].T, ID: have[i].ID})
	}
	return p.project(in)
}

// bound prunes the conditions of views among a table's checks, which may have subqueries.
func (p *pruner) bound(te *rel.TableExprs) *rel.TableExprs {
	return withChecks(te, p.expr)
}

func (p *pruner) exprs(list []rel.Expr) []rel.Expr {
	if list == nil {
		return nil
	}
	out := make([]rel.Expr, len(list))
	for i, e := range list {
		out[i] = p.expr(e)
	}
	return out
}

// expr notes what an expression reads, and prunes its subqueries.
func (p *pruner) expr(e rel.Expr) rel.Expr {
	return rel.MapExpr(e, func(x rel.Expr) (rel.Expr, bool) {
		switch x := x.(type) {
		case *rel.Col:
			p.ids(x.ID)
		case *rel.Subquery:
			return p.subquery(x), false
		}
		return x, true
	})
}

func (p *pruner) subquery(s *rel.Subquery) rel.Expr {
	if c := p.subs[s]; c != nil {
		return c
	}
	c := *s
	p.subs[s] = &c
	c.Cmp = p.expr(s.Cmp)
	if s.Kind == rel.ExistsQuery && onlyRows(s.Query) {
		c.Query = p.node(s.Query)
	} else {
		c.Query = p.whole(s.Query)
	}
	return &c
}

// onlyRows reports whether a query of EXISTS is what the binder has left of one without
// its list: FROM and WHERE.
func onlyRows(n rel.Node) bool {
	switch n.(type) {
	case *rel.Scan, *rel.Virtual, *rel.Join, *rel.Filter:
		return true
	}
	return false
}
