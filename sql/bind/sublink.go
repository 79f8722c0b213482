package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// sublink binds a subquery in an expression.
func (b *binder) sublink(s *scope, x *ast.Sublink) rel.Expr {
	b.checkSubqueryPlace(s.kind, x.At)
	if old := b.alikeLink(s, x); old != nil {
		return old
	}
	q := b.bindSelect(x.Query, s, selectOpts{resolve: true})
	sub := &rel.Subquery{T: types.Of(types.BoolOID), Query: b.strip(q), Shape: q.shape, Op: x.Op, Pos: x.At}
	switch x.Kind {
	case ast.ExistsSublink:
		sub.Kind, sub.Query = rel.ExistsQuery, rowsOnly(sub.Query)
	case ast.ScalarSublink:
		sub.Kind, sub.T = rel.ScalarQuery, b.oneColumn(q, x.At).T
	case ast.ArraySublink:
		t := b.oneColumn(q, x.At).T
		arr := arrayOf(t.OID)
		if types.Get(t.OID).Stacks() {
			arr = t.OID
		}
		if arr == 0 {
			b.fail(x.At, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(t))
		}
		sub.Kind, sub.T = rel.ArrayQuery, types.Of(arr)
	case ast.AnySublink, ast.AllSublink:
		sub.Kind = rel.AnyQuery
		if x.Kind == ast.AllSublink {
			sub.Kind = rel.AllQuery
		}
		sub.Cmp = b.compareRows(x.Schema, x.Op, b.testList(s, x.Test), q.cols, x.At)
	}
	b.noteLink(s, x, sub)
	return sub
}

// rowsOnly is a query whose rows are counted and not looked at: what it selects and
// how it sorts is dropped, so that EXISTS (SELECT 1/0 …) does not fail. As in
// PostgreSQL, that does not hold for queries that group.
func rowsOnly(n rel.Node) rel.Node {
	switch x := n.(type) {
	case *rel.Sort:
		return rowsOnly(x.Input)
	case *rel.DistinctOn:
		return rowsOnly(x.Input)
	case *rel.Project:
		below := x.Input
		for {
			f, ok := below.(*rel.Filter)
			if !ok {
				break
			}
			below = f.Input
		}
		switch below.(type) {
		case *rel.Aggregate, *rel.Window:
			return n
		}
		if from, ok := x.Input.(*rel.Project); ok {
			return &rel.Project{Input: from} // a subquery's list does not pass for this one
		}
		return x.Input
	}
	return n
}

func (b *binder) oneColumn(q *query, pos int) rel.Column {
	if len(q.cols) != 1 {
		b.fail(pos, pgerr.SyntaxError, "subquery must return only one column")
	}
	return q.cols[0]
}

// testList binds the left side of IN, ANY and ALL.
func (b *binder) testList(s *scope, x ast.Expr) []arg {
	if row, ok := x.(*ast.Row); ok {
		return b.exprList(s, row.Args)
	}
	return []arg{{b.expr(s, x), startOf(x)}}
}

// compareRows compares a row with the columns of a subquery.
func (b *binder) compareRows(schema, op string, left []arg, cols []rel.Column, pos int) rel.Expr {
	if op == "" {
		op = "="
	}
	switch {
	case len(left) < len(cols):
		b.fail(pos, pgerr.SyntaxError, "subquery has too many columns")
	case len(left) > len(cols):
		b.fail(pos, pgerr.SyntaxError, "subquery has too few columns")
	}
	right := make([]arg, len(cols))
	for i, c := range cols {
		right[i] = arg{&rel.Col{T: c.T, ID: c.ID}, pos}
	}
	return b.rowOperator(schema, op, left, right, pos)
}

// rowSublink binds (a, b) op (SELECT …): the query yields the comparison's result.
func (b *binder) rowSublink(s *scope, row *ast.Row, x *ast.Binary, l *ast.Sublink) rel.Expr {
	b.checkSubqueryPlace(s.kind, l.At)
	q := b.bindSelect(l.Query, s, selectOpts{resolve: true})
	cmp := b.compareRows(x.Schema, x.Op, b.exprList(s, row.Args), q.cols, x.At)
	if b.shapes != nil {
		return &rel.Subquery{T: cmp.Type(), Kind: rel.AnyQuery, Query: q.node, Cmp: cmp, Shape: q.shape, Op: rowCompareSublink + x.Op, Pos: x.At}
	}
	out := b.newColumn(nil, "?column?", cmp.Type())
	p := &rel.Project{Input: q.node, Cols: []rel.Column{out}, Exprs: []rel.Expr{cmp}}
	return &rel.Subquery{T: out.T, Kind: rel.ScalarQuery, Query: p, Pos: x.At}
}
