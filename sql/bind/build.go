package bind

import (
	"zorya/sql/rel"
)

// build stacks the nodes of a bound selection: source, WHERE, aggregation,
// HAVING, windows, sets, projection, DISTINCT, ORDER BY, locks, LIMIT.
func (b *binder) build(q *selection) *query {
	s := q.s
	s.addPresences()
	node := q.node
	if node == nil {
		node = &rel.Values{Rows: [][]rel.Expr{{}}}
	}
	if q.where != nil {
		node = &rel.Filter{Input: node, Cond: q.where}
	}
	if len(s.aggs) > 0 || q.group != nil || q.having != nil || len(s.grouping) > 0 {
		node = b.buildAggregate(q, node)
	}
	node = b.buildWindows(q, node)
	sorted := b.postpones(q)
	if sorted {
		node = b.sortedFirst(q, node)
	}
	node = b.buildSets(s, q.targets, node)
	locks := q.s.locks
	node = b.buildProject(q, node, locks)

	out := &query{unknown: map[int]rel.Expr{}}
	p, _ := node.(*rel.Project)
	for i, t := range q.targets {
		if t.junk {
			break
		}
		out.cols = append(out.cols, t.col)
		out.pos = append(out.pos, t.pos)
		if isUnknown(t.x) {
			out.unknown[i] = t.x
		}
	}
	out.set = func(i int, x rel.Expr) {
		p.Exprs[i], p.Cols[i].T = x, x.Type()
	}
	switch {
	case len(q.on) > 0:
		node = q.stackDistinctOn(node)
	case q.sel.Distinct:
		// What GROUP BY added is not part of what must be distinct.
		shown := b.strip(&query{node: node, cols: out.cols})
		node = q.stackSort(&rel.DistinctOn{Input: shown})
	case sorted:
	default:
		node = q.stackSort(node)
	}
	node, out.locks = b.stackLocks(q, node, locks)
	out.node = q.stackLimit(node)
	return out
}

// stackLocks puts LockRows over the rows, or leaves the work to the enclosing
// query where it asked for the locks and sees all rows.
func (b *binder) stackLocks(q *selection, node rel.Node, locks []*rowLock) (rel.Node, []*rowLock) {
	var here []rel.RowLock
	var outer []*rowLock
	limited := q.limit != nil || q.offset != nil
	for _, l := range locks {
		if l.pushed && !limited {
			up := *l
			up.pushed = false
			for _, r := range q.s.outer.lockings() {
				up.pushed = up.pushed || r.pushed
			}
			outer = append(outer, &up)
			continue
		}
		here = append(here, l.lock)
	}
	if len(here) > 0 {
		node = &rel.LockRows{Input: node, Locks: here}
	}
	return node, outer
}

func (s *scope) lockings() []*lockReq {
	if s == nil {
		return nil
	}
	return s.locking
}

// stackSort sorts by the items of ORDER BY.
func (q *selection) stackSort(node rel.Node) rel.Node {
	if len(q.order) == 0 {
		return node
	}
	n := &rel.Sort{Input: node}
	seen := map[rel.ColID]bool{}
	for _, o := range q.order {
		if !seen[o.t.col.ID] {
			n.Keys = append(n.Keys, rel.SortKey{Col: o.t.col.ID, Desc: o.desc, NullsFirst: o.nullsFirst})
		}
		seen[o.t.col.ID] = true
	}
	return n
}

// stackDistinctOn sorts by ON's expressions, those of ORDER BY first, and keeps
// the first row of each value.
func (q *selection) stackDistinctOn(node rel.Node) rel.Node {
	d := &rel.DistinctOn{}
	ordered := map[*target]bool{}
	for _, o := range q.order {
		ordered[o.t] = true
	}
	for _, t := range q.on {
		d.On = append(d.On, t.col.ID)
		if !ordered[t] {
			ordered[t] = true
			q.order = append(q.order, sortItem{t: t})
		}
	}
	d.Input = q.stackSort(node)
	return d
}

func (q *selection) stackLimit(node rel.Node) rel.Node {
	if q.limit == nil && q.offset == nil {
		return node
	}
	return &rel.Limit{Input: node, Count: q.limit, Offset: q.offset, WithTies: q.sel.WithTies}
}

// buildProject computes the targets. A plain column of the level keeps its id.
func (b *binder) buildProject(q *selection, node rel.Node, locks []*rowLock) rel.Node {
	p := &rel.Project{Input: node}
	input := map[rel.ColID]bool{}
	for _, c := range node.Columns() {
		input[c.ID] = true
	}
	b.shownFirst(q)
	for _, t := range q.targets {
		c, ok := t.x.(*rel.Col)
		if ok && input[c.ID] {
			t.col = rel.Column{ID: c.ID, Name: t.name, T: c.T}
			delete(input, c.ID)
		} else {
			t.col = b.newColumn(q.s, t.name, t.x.Type())
			b.cols[t.col.ID].fields, b.cols[t.col.ID].domain = b.rowFields(t.x), b.domainOf(t.x)
		}
		if info := b.cols[t.col.ID]; len(b.collated) > 0 && info != nil {
			info.collation = b.collationOf(t.x)
		}
		t.col.Table, t.col.Attr = t.origin, t.attr
		p.Exprs, p.Cols = append(p.Exprs, t.x), append(p.Cols, t.col)
	}
	for _, l := range locks {
		p.Exprs, p.Cols = append(p.Exprs, &rel.Col{T: l.col.T, ID: l.col.ID}), append(p.Cols, l.col)
	}
	return p
}

// rowFields are the columns of a record-valued expression.
func (b *binder) rowFields(x rel.Expr) []rel.Column {
	if !b.isComposite(oidOf(x)) {
		return nil
	}
	return b.fieldsOf(x)
}

// shownFirst moves junk targets behind the visible ones.
func (b *binder) shownFirst(q *selection) {
	var shown, junk []*target
	for _, t := range q.targets {
		if t.junk {
			junk = append(junk, t)
		} else {
			shown = append(shown, t)
		}
	}
	q.targets = append(shown, junk...)
}

// extend returns a node that has all columns of input and the given expressions;
// ids[i] is the column of xs[i]. Plain columns need no work.
func (b *binder) extend(s *scope, input rel.Node, xs []rel.Expr) (rel.Node, []rel.ColID) {
	ids := make([]rel.ColID, len(xs))
	have := map[rel.ColID]bool{}
	for _, c := range input.Columns() {
		have[c.ID] = true
	}
	var extra []rel.Expr
	var cols []rel.Column
next:
	for i, x := range xs {
		if c, ok := x.(*rel.Col); ok && have[c.ID] {
			ids[i] = c.ID
			continue
		}
		for j, y := range extra {
			if b.equal(x, y) && !isVolatile(x) {
				ids[i] = cols[j].ID
				continue next
			}
		}
		c := b.newColumn(s, "?column?", x.Type())
		ids[i] = c.ID
		extra, cols = append(extra, x), append(cols, c)
	}
	if len(extra) == 0 {
		return input, ids
	}
	return pass(input, cols, extra), ids
}

// pass projects all columns of input and more.
func pass(input rel.Node, cols []rel.Column, xs []rel.Expr) *rel.Project {
	p := &rel.Project{Input: input}
	for _, c := range input.Columns() {
		p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, &rel.Col{T: c.T, ID: c.ID})
	}
	p.Cols, p.Exprs = append(p.Cols, cols...), append(p.Exprs, xs...)
	return p
}

// buildWindows computes the window functions, one node per partition and order.
func (b *binder) buildWindows(q *selection, node rel.Node) rel.Node {
	done := map[*windowCall]bool{}
	for _, win := range b.windowsInOrder(q) {
		var calls []rel.WindowCall
		for _, w := range q.s.windowCalls {
			if !done[w] && b.sameWindow(win, w.win) {
				done[w] = true
				w.call.Frame = w.win.frame
				calls = append(calls, w.call)
			}
		}
		if calls == nil {
			continue
		}
		var xs []rel.Expr
		xs = append(xs, win.partition...)
		for _, o := range win.order {
			xs = append(xs, o.x)
		}
		input, ids := b.extend(q.s, node, xs)
		n := &rel.Window{Input: input, Partition: ids[:len(win.partition):len(win.partition)], Funcs: calls}
		for i, o := range win.order {
			n.Order = append(n.Order, rel.SortKey{Col: ids[len(n.Partition)+i], Desc: o.desc, NullsFirst: o.nullsFirst})
		}
		node = n
	}
	return node
}

func (b *binder) sameWindow(x, y *window) bool {
	if len(x.partition) != len(y.partition) || len(x.order) != len(y.order) {
		return false
	}
	for i := range x.partition {
		if !b.equal(x.partition[i], y.partition[i]) {
			return false
		}
	}
	for i, o := range x.order {
		p := y.order[i]
		if o.desc != p.desc || o.nullsFirst != p.nullsFirst || !b.equal(o.x, p.x) {
			return false
		}
	}
	return true
}

// buildSets computes set-returning functions of the select list, innermost calls
// first; what remains of the targets refers to their results.
func (b *binder) buildSets(s *scope, targets []*target, node rel.Node) rel.Node {
	if !s.hasSets {
		return node
	}
	for {
		var calls []*rel.Call
		for _, t := range targets {
			collectSets(t.x, &calls)
		}
		if len(calls) == 0 {
			return node
		}
		n := &rel.ProjectSet{Input: node}
		base := pass(node, nil, nil)
		n.Cols, n.Exprs = base.Cols, base.Exprs
		done := map[*rel.Call]rel.Column{}
		for _, c := range calls {
			if _, dup := done[c]; dup {
				continue
			}
			col := b.newColumn(s, c.Fn.Name, c.T)
			b.cols[col.ID].fields = b.rowFields(c)
			done[c] = col
			n.Cols, n.Exprs = append(n.Cols, col), append(n.Exprs, c)
		}
		for _, t := range targets {
			t.x = rel.MapExpr(t.x, func(e rel.Expr) (rel.Expr, bool) {
				if c, ok := e.(*rel.Call); ok {
					if col, found := done[c]; found {
						return &rel.Col{T: col.T, ID: col.ID}, false
					}
				}
				return e, true
			})
		}
		node = n
	}
}

// collectSets appends the set-returning calls in x that have none in their
// arguments.
func collectSets(x rel.Expr, calls *[]*rel.Call) {
	rel.MapExpr(x, func(e rel.Expr) (rel.Expr, bool) {
		c, ok := e.(*rel.Call)
		if !ok || !c.Fn.Set {
			return e, true
		}
		for _, a := range c.Args {
			if hasSet(a) {
				return e, true
			}
		}
		*calls = append(*calls, c)
		return e, false
	})
}
