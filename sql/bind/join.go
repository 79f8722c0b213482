package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
)

var joinKinds = map[ast.JoinKind]rel.JoinKind{
	ast.InnerJoin: rel.Inner, ast.LeftJoin: rel.Left, ast.RightJoin: rel.Right, ast.FullJoin: rel.Full,
}

// join binds L JOIN R with its condition. The result's items are those of both
// sides, whose columns are now reached through one more item for the join.
func (b *binder) join(s *scope, j *ast.Join) (rel.Node, []*item) {
	locks := len(s.locks)
	l, left := b.joinSide(s, j.L, j.Kind == ast.RightJoin || j.Kind == ast.FullJoin)
	leftLocks := len(s.locks)
	innerOrLeft := j.Kind == ast.InnerJoin || j.Kind == ast.LeftJoin
	setLateral(left, true, innerOrLeft)
	before := len(s.items)
	refs := s.lateralRefs
	s.items = append(s.items, left...)
	r, right := b.joinSide(s, j.R, j.Kind == ast.LeftJoin || j.Kind == ast.FullJoin)
	s.items = s.items[:before]
	b.checkNullable(j.Kind, leftLocks > locks, len(s.locks) > leftLocks)
	b.checkNames(left, right)

	n := &rel.Join{Kind: joinKinds[j.Kind], L: l, R: r, Lateral: s.lateralRefs > refs}
	hang(j.L, left, &n.L, s.outerJoin > 0 || j.Kind == ast.RightJoin || j.Kind == ast.FullJoin)
	hang(j.R, right, &n.R, s.outerJoin > 0 || j.Kind == ast.LeftJoin || j.Kind == ast.FullJoin)
	both := append(left[:len(left):len(left)], right...)
	setLateral(both, false, true)
	lcols, rcols := columnsOf(left), columnsOf(right)
	b.checkLeftLateral(j.Kind, lcols, r)
	using := j.Using
	if j.Natural {
		using = commonNames(lcols, rcols)
	}
	joined := &item{name: j.Alias, aliased: j.Alias != "", relVisible: j.Alias != "", colVisible: true, join: true}
	var merged []*nsCol
	if len(using) > 0 {
		var conds []rel.Expr
		merged, conds = b.using(s, j, using, lcols, rcols)
		n.On = conjunction(&rel.Bool{Op: rel.And, Args: conds})
	} else if j.On != nil {
		n.On = b.joinOn(s, both, j.On)
	}
	joined.cols = append(joined.cols, merged...)
	joined.cols = append(joined.cols, without(lcols, using)...)
	joined.cols = append(joined.cols, without(rcols, using)...)
	s.all = append(s.all, joined)
	if j.Alias != "" {
		b.rename(joined, j.Columns)
		b.shapeJoin(j, joined, using, n.On)
		return n, []*item{joined}
	}
	b.shapeJoin(j, joined, using, n.On)
	for _, it := range both {
		it.colVisible = false
	}
	items := append(both, joined)
	if j.UsingAlias != "" {
		as := &item{name: j.UsingAlias, aliased: true, relVisible: true, join: true, cols: merged}
		b.checkNames(both, []*item{as})
		s.all = append(s.all, as)
		items = append(items, as)
	}
	return n, items
}

// joinSide binds one side of a join, which may be missing from the result's rows.
func (b *binder) joinSide(s *scope, te ast.TableExpr, nullable bool) (rel.Node, []*item) {
	if nullable {
		s.outerJoin++
		defer func() { s.outerJoin-- }()
	}
	return b.fromItem(s, te)
}

// joinOn binds ON: it sees the two sides only.
func (b *binder) joinOn(s *scope, both []*item, on ast.Expr) rel.Expr {
	saved := s.items
	s.items = both
	x := b.toBool(b.exprAs(s, on, kindJoinOn), "JOIN/ON", startOf(on))
	s.items = saved
	return x
}

// columnsOf lists what * means for a side of a join.
func columnsOf(items []*item) []*nsCol {
	var list []*nsCol
	for _, it := range items {
		if it.colVisible {
			list = append(list, it.cols...)
		}
	}
	return list
}

func commonNames(l, r []*nsCol) []string {
	var names []string
	for _, c := range l {
		for _, d := range r {
			if c.name == d.name {
				names = append(names, c.name)
				break
			}
		}
	}
	return names
}

func without(cols []*nsCol, names []string) []*nsCol {
	drop := map[string]bool{}
	for _, n := range names {
		drop[n] = true
	}
	var list []*nsCol
	for _, c := range cols {
		if !drop[c.name] {
			list = append(list, c)
		}
	}
	return list
}

// using binds the merged columns of USING or NATURAL and the conditions that
// make them equal.
func (b *binder) using(s *scope, j *ast.Join, names []string, l, r []*nsCol) (merged []*nsCol, conds []rel.Expr) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			b.fail(0, pgerr.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name)
		}
		seen[name] = true
		lc, rc := b.usingColumn(l, name, "left"), b.usingColumn(r, name, "right")
		merged = append(merged, b.mergeColumns(j.Kind, name, lc, rc))
		conds = append(conds, b.operator("", "=", b.read(lc, 0), b.read(rc, 0), 0, 0))
	}
	return merged, conds
}

func (b *binder) usingColumn(cols []*nsCol, name, side string) *nsCol {
	var found *nsCol
	for _, c := range cols {
		if c.name != name {
			continue
		}
		if found != nil {
			b.fail(0, pgerr.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side)
		}
		found = c
	}
	if found == nil {
		b.fail(0, pgerr.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return found
}

// mergeColumns makes the one column that stands for two equal ones: the side
// that is never NULL-extended, or their COALESCE in a FULL JOIN.
func (b *binder) mergeColumns(kind ast.JoinKind, name string, l, r *nsCol) *nsCol {
	le, re := b.read(l, 0), b.read(r, 0)
	t := b.commonType("JOIN/USING", []arg{{le, 0}, {re, 0}})
	le, re = b.toCommon("JOIN/USING", arg{le, 0}, t), b.toCommon("JOIN/USING", arg{re, 0}, t)
	c := &nsCol{name: name, t: t, touch: append(l.touch[:len(l.touch):len(l.touch)], r.touch...)}
	from, x := l, le
	switch kind {
	case ast.InnerJoin:
		if _, plain := le.(*rel.Col); !plain {
			if _, plain := re.(*rel.Col); plain {
				from, x = r, re
			}
		}
	case ast.RightJoin:
		from, x = r, re
	case ast.FullJoin:
		x = &rel.Coalesce{T: t, Args: []rel.Expr{le, re}}
		if b.shapes == nil {
			c.merged = x
			return c
		}
	}
	if _, plain := x.(*rel.Col); plain && from.merged == nil {
		c.id, c.origin, c.attr = from.id, from.origin, from.attr
		return c
	}
	if b.shapes != nil {
		c.id = b.newColumn(nil, name, t).ID // printed by the join's name for it
		return c
	}
	c.merged = x
	return c
}
