package bind

import (
	"slices"
	"strconv"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// selectOpts say how a query stands in its surroundings.
type selectOpts struct {
	top bool // the statement itself: its WITH may modify data
	// resolve gives untyped literals of the select list the type text. Set operations,
	// INSERT and recursive terms decide for themselves.
	resolve bool
	lock    *lockReq  // the enclosing query's locking clause
	step    *cteEntry // the recursive term of this WITH query
	setop   string    // the set operation that this is a side of
}

// A query is a bound query: its columns are the first of the node's columns.
type query struct {
	node rel.Node
	cols []rel.Column
	kind string // command tag, for data-modifying statements
	pos  []int  // where each column's expression stands
	// unknown holds the untyped literals among the columns; set replaces one.
	unknown map[int]rel.Expr
	set     func(i int, x rel.Expr)
	locks   []*rowLock // rows that the enclosing query is to lock
	sides   []*query   // of a set operation, those of nested ones included
	shape   *rel.Shape
}

func (q *query) posOf(i int) int {
	if i < len(q.pos) {
		return q.pos[i]
	}
	return 0
}

// bindSelect binds a query whose expressions may refer to outer's columns.
func (b *binder) bindSelect(sel *ast.Select, outer *scope, o selectOpts) *query {
	b.enter()
	defer b.leave()
	if sel.Into != nil && o.setop != "" {
		b.fail(sel.Into.Pos, pgerr.SyntaxError, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT")
	}
	if sel.Into != nil && !o.top {
		b.fail(sel.Into.Pos, pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	s := &scope{outer: outer, top: o.top, setop: o.setop, step: o.step}
	ctes := b.bindWith(s, sel.With)
	b.checkStrengths(sel.Locking)
	s.locking = lockRequests(sel.Locking, o.lock)
	var q *query
	switch {
	case sel.SetOp != nil:
		q = b.setOperation(s, sel, o)
	default:
		q = b.plainSelect(s, sel, o)
	}
	q.node = b.wrapWith(q.node, ctes)
	b.shapeWith(q.shape, sel.With)
	return q
}

// A selection is a plain SELECT (or VALUES) while it is being bound.
type selection struct {
	s       *scope
	sel     *ast.Select
	node    rel.Node
	targets []*target
	where   rel.Expr
	having  rel.Expr
	order   []sortItem
	group   *groupSet
	on      []*target // DISTINCT ON
	limit   rel.Expr
	offset  rel.Expr
	shape   *rel.Shape // of VALUES
}

// A sortItem orders by a target.
type sortItem struct {
	t          *target
	desc       bool
	nullsFirst bool
	pos        int
}

func (b *binder) plainSelect(s *scope, sel *ast.Select, o selectOpts) *query {
	q := &selection{s: s, sel: sel}
	b.declareWindows(s, sel.Windows)
	if sel.Values != nil {
		b.checkLocking(s, sel, false)
		v := b.values(s, sel.Values, o.resolve || len(sel.OrderBy) > 0)
		b.shapeValues(v)
		if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
			return v
		}
		q.shape = v.shape
		q.fromValues(b, v)
	} else {
		q.node = b.bindFrom(s, sel.From)
		q.targets = b.targets(s, sel.Targets, kindSelect)
	}
	b.bindClauses(q)
	b.checkCollations(q)
	if o.resolve {
		for _, t := range q.targets {
			t.x = b.settle(t.x, t.pos)
		}
	}
	b.checkLocking(s, sel, len(s.aggs) > 0)
	shape := b.shapeSelect(q)
	out := b.build(q)
	out.keep(shape)
	return out
}

// fromValues makes VALUES the source of a selection, for ORDER BY and LIMIT.
func (q *selection) fromValues(b *binder, v *query) {
	it := &item{name: "*VALUES*", relVisible: true, colVisible: true}
	for _, c := range v.cols {
		it.cols = append(it.cols, b.adopt(q.s, it, c, c.Name))
	}
	q.s.items, q.s.all = []*item{it}, []*item{it}
	q.node = v.node
	for i, c := range it.cols {
		q.targets = append(q.targets, &target{x: b.read(c, 0), name: c.name, pos: v.posOf(i)})
	}
}

// bindClauses binds what follows the select list, in PostgreSQL's order.
func (b *binder) bindClauses(q *selection) {
	s, sel := q.s, q.sel
	if sel.Where != nil {
		q.where = b.toBool(b.exprAs(s, sel.Where, kindWhere), "WHERE", startOf(sel.Where))
	}
	if sel.Having != nil {
		q.having = b.toBool(b.exprAs(s, sel.Having, kindHaving), "HAVING", startOf(sel.Having))
	}
	for _, o := range sel.OrderBy {
		q.order = append(q.order, b.orderBy(q, o))
	}
	q.group = b.groupBy(q)
	for _, x := range sel.DistinctOn {
		t := b.findTarget92(q, x, kindDistinctOn)
		b.groupable(t.x, startOf(x))
		q.on = append(q.on, t)
	}
	q.offset = b.limit(s, sel.Offset, kindOffset)
	if !sel.LimitAll {
		q.limit = b.limit(s, sel.Limit, kindLimit)
	}
	if sel.WithTies && len(sel.OrderBy) == 0 {
		b.fail(0, pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
	}
	if c, ok := q.limit.(*rel.Const); sel.WithTies && (sel.LimitAll || ok && c.D.IsNull()) {
		b.fail(0, pgerr.InvalidRowCountInLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	b.bindWindows(s, func(x ast.Expr, k exprKind) rel.Expr { return b.findTarget99(q, x, k).x })
	b.checkDistinct(q)
}

func (b *binder) orderBy(q *selection, o ast.SortBy) sortItem {
	t := b.findTarget92(q, o.X, kindOrderBy)
	item := b.orderOf(o, t.x)
	return sortItem{t: t, desc: item.desc, nullsFirst: item.nullsFirst, pos: startOf(o.X)}
}

// limit binds LIMIT or OFFSET.
func (b *binder) limit(s *scope, x ast.Expr, k exprKind) rel.Expr {
	if x == nil {
		return nil
	}
	name := kindRules[k].name
	e := b.toType(b.exprAs(s, x, k), types.Int8OID, name, startOf(x))
	b.noVariables(s, e, name, startOf(x))
	if c, ok := x.(*ast.Const); ok && c.Kind == ast.NullConst {
		return nil
	}
	return e
}

// checkDistinct makes DISTINCT and ORDER BY agree.
func (b *binder) checkDistinct(q *selection) {
	if len(q.sel.DistinctOn) > 0 {
		b.checkDistinctOn(q)
		return
	}
	if !q.sel.Distinct {
		return
	}
	for _, o := range q.order {
		if o.t.junk {
			b.fail(o.pos, pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
	}
	for _, t := range q.targets {
		if !t.junk {
			t.x = b.settle(t.x, t.pos)
			b.groupable(t.x, t.pos)
		}
	}
}

func (b *binder) checkDistinctOn(q *selection) {
	on := map[*target]bool{}
	for _, t := range q.on {
		on[t] = true
	}
	matched := map[*target]bool{}
	skipped := false
	for _, o := range q.order {
		switch {
		case on[o.t] && skipped:
			at := startOf(q.sel.DistinctOn[slices.Index(q.on, o.t)])
			b.fail(at, pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		case on[o.t]:
			matched[o.t] = true
		default:
			skipped = true
		}
	}
	for i, t := range q.on {
		if skipped && !matched[t] {
			b.fail(startOf(q.sel.DistinctOn[i]), pgerr.InvalidColumnReference,
				"SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
}

// findTarget92 resolves an item of ORDER BY, GROUP BY or DISTINCT ON by the rules
// of SQL-92: an output column's name or number, else an expression.
func (b *binder) findTarget92(q *selection, x ast.Expr, k exprKind) *target {
	name := kindRules[k].name
	switch c := x.(type) {
	case *ast.ColumnRef:
		if t := b.targetByName(q, c, k, name); t != nil {
			return b.usedTarget(q, t, k, name, c.At)
		}
	case *ast.Const:
		n, ok := smallInt(c)
		if !ok {
			b.fail(c.At, pgerr.SyntaxError, "non-integer constant in %s", name)
		}
		b.useSlot(c.Slot)
		i := 0
		for _, t := range q.targets {
			if t.junk {
				continue
			}
			if i++; int64(i) == n {
				return b.usedTarget(q, t, k, name, c.At)
			}
		}
		b.fail(c.At, pgerr.InvalidColumnReference, "%s position %d is not in select list", name, n)
	}
	return b.findTarget99(q, x, k)
}

func smallInt(c *ast.Const) (int64, bool) {
	if c.Kind != ast.IntConst {
		return 0, false
	}
	n, err := strconv.ParseInt(c.Text, 10, 32)
	return n, err == nil
}

func (b *binder) targetByName(q *selection, c *ast.ColumnRef, k exprKind, clause string) *target {
	if len(c.Parts) != 1 || c.Star {
		return nil
	}
	name := c.Parts[0]
	if k == kindGroupBy && b.hasOwnColumn(q.s, name, c.At) {
		return nil
	}
	var found *target
	for _, t := range q.targets {
		if t.junk || t.name != name {
			continue
		}
		if found != nil && !b.equal(found.x, t.x) {
			b.fail(c.At, pgerr.AmbiguousColumn, "%s \"%s\" is ambiguous", clause, name)
		}
		if found == nil {
			found = t
		}
	}
	return found
}

// hasOwnColumn reports whether FROM of this very level has such a column.
func (b *binder) hasOwnColumn(s *scope, name string, pos int) bool {
	found := false
	for _, it := range s.items {
		if it.colVisible && it.find(b, name, pos) != nil {
			if found {
				b.fail(pos, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
			}
			found = true
		}
	}
	return found
}

// usedTarget checks a target that GROUP BY names by its alias or number.
func (b *binder) usedTarget(q *selection, t *target, k exprKind, clause string, pos int) *target {
	t.x = b.settle(t.x, t.pos)
	if k != kindGroupBy {
		return t
	}
	rel.MapExpr(t.x, func(e rel.Expr) (rel.Expr, bool) {
		if c, ok := e.(*rel.Col); ok && b.cols[c.ID] != nil && b.cols[c.ID].scope == q.s {
			if b.cols[c.ID].agg {
				b.fail(b.places[c], pgerr.GroupingError, "aggregate functions are not allowed in %s", clause)
			}
			if b.cols[c.ID].window {
				b.fail(b.places[c], pgerr.WindowingError, "window functions are not allowed in %s", clause)
			}
		}
		return e, true
	})
	return t
}

// findTarget99 resolves an expression, which becomes a junk target unless the
// select list has it.
func (b *binder) findTarget99(q *selection, x ast.Expr, k exprKind) *target {
	e := b.settle(b.exprAs(q.s, x, k), startOf(x))
	for _, t := range q.targets {
		if b.equal(t.x, e) {
			return t
		}
	}
	t := &target{x: e, name: figureName(x), junk: true, pos: startOf(x)}
	q.targets = append(q.targets, t)
	return t
}
