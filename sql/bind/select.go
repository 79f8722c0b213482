package bind

import (
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
	if sel.Into != nil && !o.top {
		b.fail(sel.Into.Pos, pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	s := &scope{outer: outer, top: o.top, setop: o.setop, step: o.step}
	ctes := b.bindWith(s, sel.With)
	s.locking = lockRequests(sel.Locking, o.lock)
	var q *query
	switch {
	case sel.SetOp != nil:
		q = b.setOperation(s, sel, o)
	default:
		q = b.plainSelect(s, sel, o)
	}
	q.node = b.wrapWith(q.node, ctes)
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
		if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
			return v
		}
		q.fromValues(b, v)
	} else {
		q.node = b.bindFrom(s, sel.From)
		q.targets = b.targets(s, sel.Targets, kindSelect)
	}
	b.bindClauses(q)
	if o.resolve {
		for _, t := range q.targets {
			t.x = b.settle(t.x, t.pos)
		}
	}
	b.checkLocking(s, sel, len(s.aggs) > 0)
	return b.build(q)
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
			b.fail(o.pos, pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
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
	var n int64
	for _, d := range c.Text {
		if d < '0' || d > '9' || n > 1<<31 {
			return n, len(c.Text) > 1 && c.Text[0] == '-'
		}
		n = n*10 + int64(d-'0')
	}
	return n, n < 1<<31
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

// values binds VALUES lists.
func (b *binder) values(s *scope, rows [][]ast.Expr, resolve bool) *query {
	width := len(rows[0])
	cols := make([][]arg, width)
	for _, row := range rows {
		old := s.kind
		s.kind = kindValues
		for i, x := range row {
			a := arg{b.expr(s, x), startOf(x)}
			if i < width {
				cols[i] = append(cols[i], a)
			}
		}
		s.kind = old
		if len(row) != width {
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
		q.pos = append(q.pos, l.posOf(i))
	}
	n.L, n.R = b.conform(name, l, ts), b.conform(name, r, ts)
	q.cols = n.Cols
	q.node = b.sortSetOp(s, sel, q)
	return q
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
	s.items = []*item{it}
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
	return sub.stackLimit(sub.stackSort(node))
}
