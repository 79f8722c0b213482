package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// values binds VALUES lists.
func (b *binder) values(s *scope, rows [][]ast.Expr, resolve bool) *query {
	width := 0
	var cols [][]arg
	for r, row := range rows {
		old := s.kind
		s.kind = kindValues
		list := b.exprList(s, row)
		s.kind = old
		if r == 0 {
			width = len(list)
			cols = make([][]arg, width)
		}
		for i, a := range list {
			if i < width {
				cols[i] = append(cols[i], a)
			}
		}
		if len(list) != width {
			b.fail(startOf(row[0]), pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
	}
	n := &rel.Values{Rows: make([][]rel.Expr, len(rows))}
	for r := range n.Rows {
		n.Rows[r] = make([]rel.Expr, width)
	}
	q := &query{node: n, unknown: map[int]rel.Expr{}}
	for i, args := range cols {
		t := b.valuesColumn(n, i, args, resolve)
		if t.OID == types.UnknownOID {
			q.unknown[i] = args[0].x
		}
		n.Cols = append(n.Cols, b.newColumn(s, valuesName(i), t))
		q.pos = append(q.pos, args[0].pos)
	}
	q.cols = n.Cols
	q.set = func(i int, x rel.Expr) {
		for r := range n.Rows {
			y, _ := b.tryCoerce(n.Rows[r][i], types.Of(oidOf(x)), 'i', cols[i][r].pos)
			n.Rows[r][i] = y
		}
		n.Cols[i].T = x.Type()
	}
	return q
}

// valuesColumn fills column i of the rows and returns its type: unknown if all
// its values are untyped and the surroundings are to decide.
func (b *binder) valuesColumn(n *rel.Values, i int, args []arg, resolve bool) types.T {
	untyped := true
	for _, a := range args {
		untyped = untyped && isUnknown(a.x)
	}
	if untyped && !resolve {
		for r, a := range args {
			n.Rows[r][i] = a.x
		}
		return types.Of(types.UnknownOID)
	}
	list, t := b.unify("VALUES", args)
	for r, x := range list {
		n.Rows[r][i] = x
	}
	return t
}

// setOperation binds L op R with what stands around it.
func (b *binder) setOperation(s *scope, sel *ast.Select, o selectOpts) *query {
	b.checkLocking(s, sel, false)
	op := sel.SetOp
	name := map[string]string{"union": "UNION", "intersect": "INTERSECT", "except": "EXCEPT"}[op.Op]
	inner := o
	inner.top, inner.lock, inner.resolve, inner.setop = false, nil, false, op.Op
	l, r := b.bindSelect(op.L, s, inner), b.bindSelect(op.R, s, inner)
	if len(l.cols) != len(r.cols) {
		b.fail(r.posOf(0), pgerr.SyntaxError, "each %s query must have the same number of columns", name)
	}
	n := &rel.SetOp{All: op.All}
	n.Op = map[string]rel.SetOpKind{"union": rel.Union, "intersect": rel.Intersect, "except": rel.Except}[op.Op]
	q := &query{node: n}
	ts := make([]types.T, len(l.cols))
	for i := range l.cols {
		ts[i] = b.commonType(name, []arg{b.columnArg(l, i), b.columnArg(r, i)})
		if !op.All {
			pos := l.posOf(i)
			if l.unknown[i] != nil {
				pos = r.posOf(i)
			}
			b.groupable(&rel.Col{T: ts[i]}, pos)
		}
		n.Cols = append(n.Cols, b.newColumn(s, l.cols[i].Name, ts[i]))
		if len(b.collated) > 0 && collatable(ts[i].OID) {
			rc := b.cols[r.cols[i].ID].collation
			if rc.strength != explicitCollation {
				rc.pos = r.posOf(i)
			}
			c := b.mergeCollations([]collation{b.cols[l.cols[i].ID].collation, rc})
			if !(n.Op == rel.Union && op.All) {
				b.oneCollation(c)
			}
			b.cols[n.Cols[i].ID].collation = c
		}
		if d := b.cols[l.cols[i].ID].domain; d == b.cols[r.cols[i].ID].domain {
			b.cols[n.Cols[i].ID].domain = d
		}
		q.pos = append(q.pos, l.posOf(i))
	}
	n.L, n.R = b.conform(name, l, ts), b.conform(name, r, ts)
	q.cols, q.sides = n.Cols, append(sidesOf(op.L, l), sidesOf(op.R, r)...)
	if b.shapes != nil {
		q.shape = &rel.Shape{SetOp: &rel.ShapeSetOp{Op: n.Op, All: n.All, L: l.shape, R: r.shape}}
	}
	q.node = b.sortSetOp(s, sel, q)
	return q
}

// sidesOf are the queries that a side of a set operation is made of.
func sidesOf(sel *ast.Select, q *query) []*query {
	plain := len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil && sel.With == nil
	if sel.SetOp != nil && plain {
		return q.sides
	}
	return []*query{q}
}

// columnArg is a query's column as an operand of type unification.
func (b *binder) columnArg(q *query, i int) arg {
	if x := q.unknown[i]; x != nil {
		return arg{x, q.posOf(i)}
	}
	return arg{&rel.Col{T: q.cols[i].T, ID: q.cols[i].ID}, q.posOf(i)}
}

// conform converts a query's columns to the given types.
func (b *binder) conform(what string, q *query, ts []types.T) rel.Node {
	p := &rel.Project{}
	changed := false
	for i, t := range ts {
		a := b.columnArg(q, i)
		x := b.toCommon(what, a, t)
		if q.unknown[i] != nil {
			q.set(i, x)
			q.cols[i].T = x.Type()
			x = &rel.Col{T: t, ID: q.cols[i].ID}
		}
		c := q.cols[i]
		if col, ok := x.(*rel.Col); !ok || col.ID != c.ID {
			c = b.newColumn(nil, c.Name, t)
			changed = true
		}
		p.Exprs, p.Cols = append(p.Exprs, x), append(p.Cols, c)
	}
	if !changed {
		return b.strip(q)
	}
	p.Input = q.node
	return p
}

// strip drops columns that are not shown.
func (b *binder) strip(q *query) rel.Node {
	have := q.node.Columns()
	if len(have) == len(q.cols) {
		return q.node
	}
	p := &rel.Project{Input: q.node, Cols: q.cols}
	for _, c := range q.cols {
		p.Exprs = append(p.Exprs, &rel.Col{T: c.T, ID: c.ID})
	}
	return p
}

// sortSetOp puts ORDER BY and LIMIT over a set operation: only its output
// columns can be named.
func (b *binder) sortSetOp(s *scope, sel *ast.Select, q *query) rel.Node {
	sub := &selection{s: s, sel: sel}
	for i, c := range q.cols {
		sub.targets = append(sub.targets, &target{x: &rel.Col{T: c.T, ID: c.ID}, name: c.Name, pos: q.posOf(i), col: c})
	}
	node := q.node
	shown := len(sub.targets)
	it := &item{name: "*SELECT*", colVisible: true}
	for _, c := range q.cols {
		it.cols = append(it.cols, &nsCol{name: c.Name, id: c.ID, t: c.T})
	}
	s.items, s.all = []*item{it}, sideItems(q.sides)
	for _, o := range sel.OrderBy {
		sub.order = append(sub.order, b.orderBy(sub, o))
	}
	if len(sub.targets) > shown {
		b.throw(sub.targets[shown].pos, pgerr.New(pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
			WithDetail("Only result column names can be used, not expressions or functions.").
			WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."))
	}
	s.items = nil
	sub.offset = b.limit(s, sel.Offset, kindOffset)
	if !sel.LimitAll {
		sub.limit = b.limit(s, sel.Limit, kindLimit)
	}
	b.shapeEnd(q.shape, sub)
	return sub.stackLimit(sub.stackSort(node))
}
