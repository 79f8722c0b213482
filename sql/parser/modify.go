package parser

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

func (c *conv) insert(n *pg.InsertStmt) *ast.Insert {
	s := &ast.Insert{With: c.with(n.WithClause), Table: c.rangeName(n.Relation), Source: c.selectNode(n.SelectStmt), Returning: c.targets(n.ReturningList)}
	s.Alias, _ = alias(n.Relation.Alias)
	for _, col := range n.Cols {
		t := col.GetResTarget()
		s.Columns = append(s.Columns, ast.InsertColumn{Name: t.Name, Pos: c.pos(t.Location), Path: c.path(t.Indirection)})
	}
	switch n.Override {
	case pg.OverridingKind_OVERRIDING_USER_VALUE:
		s.Overriding = "user"
	case pg.OverridingKind_OVERRIDING_SYSTEM_VALUE:
		s.Overriding = "system"
	}
	if o := n.OnConflictClause; o != nil {
		x := &ast.OnConflict{DoUpdate: o.Action == pg.OnConflictAction_ONCONFLICT_UPDATE, Set: c.assigns(o.TargetList), Where: c.expr(o.WhereClause), Pos: c.pos(o.Location)}
		if o.Infer != nil {
			x.Constraint, x.Infer, x.InferWhere = o.Infer.Conname, c.indexElems(o.Infer.IndexElems), c.expr(o.Infer.WhereClause)
			for i := range x.Infer { // where PostgreSQL points to
				x.Infer[i].Pos = c.pos(o.Infer.Location)
			}
		}
		s.OnConflict = x
	}
	return s
}

// assigns converts SET. The columns of (a, b) = … come as one entry each.
func (c *conv) assigns(list []*pg.Node) []ast.Assign {
	var out []ast.Assign
	for i := 0; i < len(list); i++ {
		t := list[i].GetResTarget()
		a := ast.Assign{Columns: []string{t.Name}, Paths: [][]ast.Access{c.path(t.Indirection)}, Pos: c.pos(t.Location)}
		m := t.Val.GetMultiAssignRef()
		if m == nil {
			a.X = c.expr(t.Val)
			out = append(out, a)
			continue
		}
		a.Multi, a.X = true, c.expr(m.Source)
		for k := 1; k < int(m.Ncolumns) && i+1 < len(list); k++ {
			i++
			t = list[i].GetResTarget()
			a.Columns, a.Paths = append(a.Columns, t.Name), append(a.Paths, c.path(t.Indirection))
		}
		out = append(out, a)
	}
	return out
}

func (c *conv) update(n *pg.UpdateStmt) *ast.Update {
	s := &ast.Update{With: c.with(n.WithClause), Table: c.rangeName(n.Relation), Only: !n.Relation.Inh, Set: c.assigns(n.TargetList),
		From: c.tables(n.FromClause), Returning: c.targets(n.ReturningList)}
	s.Alias, _ = alias(n.Relation.Alias)
	s.Where, s.CurrentOf = c.whereOrCurrent(n.WhereClause)
	return s
}

func (c *conv) delete(n *pg.DeleteStmt) *ast.Delete {
	s := &ast.Delete{With: c.with(n.WithClause), Table: c.rangeName(n.Relation), Only: !n.Relation.Inh, Using: c.tables(n.UsingClause), Returning: c.targets(n.ReturningList)}
	s.Alias, _ = alias(n.Relation.Alias)
	s.Where, s.CurrentOf = c.whereOrCurrent(n.WhereClause)
	return s
}

func (c *conv) whereOrCurrent(n *pg.Node) (ast.Expr, string) {
	if cur := n.GetCurrentOfExpr(); cur != nil {
		return nil, cur.CursorName
	}
	return c.expr(n), ""
}

func (c *conv) indexElems(list []*pg.Node) []ast.IndexElem {
	var out []ast.IndexElem
	for _, n := range list {
		e := n.GetIndexElem()
		x := ast.IndexElem{Column: e.Name, X: c.expr(e.Expr), Text: c.source(e.Expr), Collation: strs(e.Collation), Opclass: strs(e.Opclass), Nulls: nulls(e.NullsOrdering)}
		switch e.Ordering {
		case pg.SortByDir_SORTBY_ASC:
			x.Order = "asc"
		case pg.SortByDir_SORTBY_DESC:
			x.Order = "desc"
		}
		if x.X != nil {
			x.Pos = x.X.Position()
		}
		out = append(out, x)
	}
	return out
}
