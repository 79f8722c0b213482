package parser

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

func (c *conv) selectNode(n *pg.Node) *ast.Select {
	if s := n.GetSelectStmt(); s != nil {
		return c.selectStmt(s)
	}
	return nil
}

func (c *conv) selectStmt(n *pg.SelectStmt) *ast.Select {
	s := &ast.Select{With: c.with(n.WithClause), OrderBy: c.sortBy(n.SortClause), Offset: c.expr(n.LimitOffset), Locking: c.locking(n.LockingClause)}
	if n.LimitCount != nil {
		if k := n.LimitCount.GetAConst(); k != nil && k.Isnull {
			s.LimitAll = true
		} else {
			s.Limit = c.expr(n.LimitCount)
		}
	}
	s.WithTies = n.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	switch {
	case n.Op != pg.SetOperation_SETOP_NONE && n.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		ops := map[pg.SetOperation]string{pg.SetOperation_SETOP_UNION: "union", pg.SetOperation_SETOP_INTERSECT: "intersect", pg.SetOperation_SETOP_EXCEPT: "except"}
		s.SetOp = &ast.SetOp{Op: ops[n.Op], All: n.All, L: c.selectStmt(n.Larg), R: c.selectStmt(n.Rarg)}
		s.Pos = s.SetOp.L.Pos
		return s
	case len(n.ValuesLists) > 0:
		for _, row := range n.ValuesLists {
			s.Values = append(s.Values, c.exprs(row.GetList().GetItems()))
		}
		if len(s.Values[0]) > 0 && s.Values[0][0] != nil {
			s.Pos = s.Values[0][0].Position()
		}
		return s
	}
	if len(n.DistinctClause) > 0 {
		s.Distinct = true
		if n.DistinctClause[0].Node != nil {
			s.DistinctOn = c.exprs(n.DistinctClause)
		}
	}
	s.Targets = c.targets(n.TargetList)
	if n.IntoClause != nil {
		name := c.rangeName(n.IntoClause.Rel)
		s.Into = &name
	}
	s.From = c.tables(n.FromClause)
	s.Where = c.expr(n.WhereClause)
	s.GroupBy = c.groups(n.GroupClause)
	s.GroupDistinct = n.GroupDistinct
	s.Having = c.expr(n.HavingClause)
	for _, w := range n.WindowClause {
		s.Windows = append(s.Windows, c.window(w.GetWindowDef()))
	}
	if len(s.Targets) > 0 {
		s.Pos = s.Targets[0].Pos
	}
	return s
}

func (c *conv) targets(list []*pg.Node) []ast.Target {
	var out []ast.Target
	for _, n := range list {
		t := n.GetResTarget()
		out = append(out, ast.Target{X: c.expr(t.Val), As: t.Name, Pos: c.pos(t.Location)})
	}
	return out
}

func (c *conv) groups(list []*pg.Node) []ast.GroupItem {
	var out []ast.GroupItem
	kinds := map[pg.GroupingSetKind]ast.GroupKind{
		pg.GroupingSetKind_GROUPING_SET_EMPTY: ast.GroupEmpty, pg.GroupingSetKind_GROUPING_SET_SETS: ast.GroupSets,
		pg.GroupingSetKind_GROUPING_SET_ROLLUP: ast.GroupRollup, pg.GroupingSetKind_GROUPING_SET_CUBE: ast.GroupCube,
		pg.GroupingSetKind_GROUPING_SET_SIMPLE: ast.GroupList,
	}
	for _, n := range list {
		if g := n.GetGroupingSet(); g != nil {
			out = append(out, ast.GroupItem{Kind: kinds[g.Kind], Items: c.groups(g.Content), Pos: c.pos(g.Location)})
			continue
		}
		if r := n.GetRowExpr(); r != nil && r.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
			out = append(out, ast.GroupItem{Kind: ast.GroupList, Items: c.groups(r.Args), Pos: c.pos(r.Location)})
			continue
		}
		x := c.expr(n)
		out = append(out, ast.GroupItem{X: x, Pos: x.Position()})
	}
	return out
}

func (c *conv) locking(list []*pg.Node) []ast.Locking {
	var out []ast.Locking
	strengths := map[pg.LockClauseStrength]string{
		pg.LockClauseStrength_LCS_FORUPDATE: "update", pg.LockClauseStrength_LCS_FORNOKEYUPDATE: "no key update",
		pg.LockClauseStrength_LCS_FORSHARE: "share", pg.LockClauseStrength_LCS_FORKEYSHARE: "key share",
	}
	for _, n := range list {
		l := n.GetLockingClause()
		x := ast.Locking{Strength: strengths[l.Strength]}
		switch l.WaitPolicy {
		case pg.LockWaitPolicy_LockWaitSkip:
			x.Wait = "skip locked"
		case pg.LockWaitPolicy_LockWaitError:
			x.Wait = "nowait"
		}
		for _, r := range l.LockedRels {
			x.Of = append(x.Of, c.rangeName(r.GetRangeVar()))
		}
		if len(x.Of) > 0 {
			x.Pos = x.Of[0].Pos
		}
		out = append(out, x)
	}
	return out
}

func (c *conv) with(n *pg.WithClause) *ast.With {
	if n == nil {
		return nil
	}
	w := &ast.With{Recursive: n.Recursive}
	for _, e := range n.Ctes {
		t := e.GetCommonTableExpr()
		cte := ast.CTE{Name: t.Ctename, Columns: strs(t.Aliascolnames), Query: c.stmt(t.Ctequery), Pos: c.pos(t.Location)}
		if f := t.SearchClause; f != nil {
			cte.Search = &ast.Search{Breadth: f.SearchBreadthFirst, Columns: strs(f.SearchColList), Sequence: f.SearchSeqColumn, Pos: c.pos(f.Location)}
		}
		if f := t.CycleClause; f != nil {
			cte.Cycle = &ast.Cycle{Columns: strs(f.CycleColList), Mark: f.CycleMarkColumn, Path: f.CyclePathColumn,
				Value: c.expr(f.CycleMarkValue), Default: c.expr(f.CycleMarkDefault), Pos: c.pos(f.Location)}
		}
		yes, no := true, false
		switch t.Ctematerialized {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			cte.Materialized = &yes
		case pg.CTEMaterialize_CTEMaterializeNever:
			cte.Materialized = &no
		}
		w.CTEs = append(w.CTEs, cte)
	}
	return w
}

func (c *conv) tables(list []*pg.Node) []ast.TableExpr {
	var out []ast.TableExpr
	for _, n := range list {
		out = append(out, c.table(n))
	}
	return out
}

func alias(a *pg.Alias) (string, []string) {
	if a == nil {
		return "", nil
	}
	return a.Aliasname, strs(a.Colnames)
}

func (c *conv) table(n *pg.Node) ast.TableExpr {
	switch n := n.Node.(type) {
	case *pg.Node_RangeVar:
		t := &ast.TableRef{Name: c.rangeName(n.RangeVar), Only: !n.RangeVar.Inh}
		t.Alias, t.Columns = alias(n.RangeVar.Alias)
		return t
	case *pg.Node_RangeSubselect:
		t := &ast.Subquery{Query: c.selectNode(n.RangeSubselect.Subquery), Lateral: n.RangeSubselect.Lateral}
		t.Alias, t.Columns = alias(n.RangeSubselect.Alias)
		if t.Query != nil {
			t.Pos = t.Query.Pos
		}
		return t
	case *pg.Node_RangeFunction:
		return c.tableFunc(n.RangeFunction)
	case *pg.Node_JoinExpr:
		return c.join(n.JoinExpr)
	case *pg.Node_RangeTableSample:
		t := c.table(n.RangeTableSample.Relation)
		if r, ok := t.(*ast.TableRef); ok {
			r.Sample = true
		}
		return t
	}
	if _, ok := n.Node.(*pg.Node_RangeTableFunc); ok {
		c.noXML()
	}
	c.unsupported("this item of FROM", -1)
	return nil
}

func (c *conv) tableFunc(n *pg.RangeFunction) *ast.FuncTable {
	t := &ast.FuncTable{RowsFrom: n.IsRowsfrom, Lateral: n.Lateral, Ordinality: n.Ordinality}
	t.Alias, t.Columns = alias(n.Alias)
	for _, f := range n.Functions {
		pair := f.GetList().GetItems()
		rf := ast.RowsFunc{X: c.expr(pair[0])}
		if len(pair) > 1 {
			rf.Defs = c.columnDefs(pair[1].GetList().GetItems())
		}
		t.Funcs = append(t.Funcs, rf)
	}
	if len(n.Coldeflist) > 0 && len(t.Funcs) == 1 {
		t.Funcs[0].Defs = c.columnDefs(n.Coldeflist)
	}
	if len(t.Funcs) > 0 && t.Funcs[0].X != nil {
		t.Pos = t.Funcs[0].X.Position()
	}
	return t
}

func (c *conv) columnDefs(list []*pg.Node) []ast.ColumnDef {
	var out []ast.ColumnDef
	for _, n := range list {
		if d := n.GetColumnDef(); d != nil {
			out = append(out, c.columnDef(d))
		}
	}
	return out
}

func (c *conv) join(n *pg.JoinExpr) *ast.Join {
	j := &ast.Join{Natural: n.IsNatural, Using: strs(n.UsingClause), On: c.expr(n.Quals), L: c.table(n.Larg), R: c.table(n.Rarg)}
	switch n.Jointype {
	case pg.JoinType_JOIN_LEFT:
		j.Kind = ast.LeftJoin
	case pg.JoinType_JOIN_RIGHT:
		j.Kind = ast.RightJoin
	case pg.JoinType_JOIN_FULL:
		j.Kind = ast.FullJoin
	}
	if n.JoinUsingAlias != nil {
		j.UsingAlias = n.JoinUsingAlias.Aliasname
	}
	j.Alias, j.Columns = alias(n.Alias)
	return j
}
