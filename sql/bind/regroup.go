package bind

import (
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A regroup rewrites expressions over FROM's columns into expressions over the
// aggregation's output, refusing columns that are not grouped.
type regroup struct {
	b        *binder
	s        *scope
	exprs    []rel.Expr // grouping expressions that are no plain columns
	ids      []rel.ColID
	grouped  map[rel.ColID]bool
	extra    []rel.Column // columns that depend on a grouped primary key
	grouping map[rel.ColID]rel.Expr
	common   map[rel.ColID]bool // columns grouped in every set
	detail   string             // of errors
	// twins are targets that compute what another one does, and are grouped beside it
	// in sets that may leave out one of them.
	twins map[*target]rel.ColID
}

// buildAggregate adds the Aggregate and HAVING, and rewrites what comes after.
func (b *binder) buildAggregate(q *selection, node rel.Node) rel.Node {
	s := q.s
	if s.step != nil && len(s.aggs) > 0 {
		b.fail(b.aggPlace(q), pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
	}
	var xs []rel.Expr
	var sets [][]int
	if q.group != nil {
		node = b.buildSets(s, q.group.targets, node)
		for _, t := range q.group.targets {
			xs = append(xs, t.x)
		}
		sets = q.group.sets
	}
	keys := len(xs)
	for _, a := range s.aggs {
		for _, o := range a.order {
			xs = append(xs, o.x)
		}
	}
	input, ids := b.extend(s, node, xs)
	r := &regroup{b: b, s: s, grouped: map[rel.ColID]bool{}, grouping: map[rel.ColID]rel.Expr{}, common: map[rel.ColID]bool{}}
	if sets != nil {
		input = r.apart(q.group.targets, input, ids)
	}
	n := &rel.Aggregate{Input: input}
	place := b.groupColumns(q, n, r, ids[:keys])
	n.Sets = renumber(sets, place)
	r.commonColumns(n)
	next := keys
	for _, a := range s.aggs {
		call := a.call
		for _, o := range a.order {
			call.Order = append(call.Order, rel.SortKey{Col: ids[next], Desc: o.desc, NullsFirst: o.nullsFirst})
			next++
		}
		n.Aggs = append(n.Aggs, call)
	}
	inner := b.groupingValues(q, n, r, ids[:keys])
	r.direct(n)
	r.rewrite(q)
	r.addDependent(n)
	var out rel.Node = n
	if len(inner) > 0 {
		xs := make([]rel.Expr, len(inner))
		for i, c := range inner {
			xs[i] = r.grouping[c.ID]
		}
		out = pass(n, inner, xs)
	}
	if len(n.Group)+len(n.Aggs) == 0 {
		n.Input = &rel.Values{Rows: [][]rel.Expr{{}}} // nothing depends on the rows
	}
	if q.having != nil {
		return &rel.Filter{Input: out, Cond: q.having}
	}
	return out
}

// apart gives those of the targets that share a column of input columns of their own.
func (r *regroup) apart(targets []*target, input rel.Node, ids []rel.ColID) rel.Node {
	seen := map[rel.ColID]bool{}
	var cols []rel.Column
	var xs []rel.Expr
	r.twins = map[*target]rel.ColID{}
	for i, t := range targets {
		if seen[ids[i]] {
			c := r.b.newColumn(r.s, t.name, t.x.Type())
			cols, xs = append(cols, c), append(xs, &rel.Col{T: c.T, ID: ids[i]})
			ids[i], r.twins[t] = c.ID, c.ID
		}
		seen[ids[i]] = true
	}
	if len(cols) == 0 {
		return input
	}
	return pass(input, cols, xs)
}

// aggPlace is where the first aggregate of the select list stands.
func (b *binder) aggPlace(q *selection) int {
	for _, t := range q.targets {
		pos := 0
		rel.MapExpr(t.x, func(e rel.Expr) (rel.Expr, bool) {
			if c, ok := e.(*rel.Col); ok && pos == 0 && b.cols[c.ID] != nil && b.cols[c.ID].agg {
				pos = b.places[c]
			}
			return e, true
		})
		if pos > 0 {
			return pos
		}
	}
	return 0
}

// groupColumns fills n.Group and returns the place of each expression in it.
func (b *binder) groupColumns(q *selection, n *rel.Aggregate, r *regroup, ids []rel.ColID) []int {
	byID := map[rel.ColID]rel.Column{}
	for _, c := range n.Input.Columns() {
		byID[c.ID] = c
	}
	at := map[rel.ColID]int{}
	place := make([]int, len(ids))
	for i, id := range ids {
		p, ok := at[id]
		if !ok {
			p = len(n.Group)
			at[id] = p
			n.Group = append(n.Group, byID[id])
		}
		place[i] = p
		t := q.group.targets[i]
		if c, plain := t.x.(*rel.Col); plain && c.ID == id {
			r.grouped[id] = true
		} else if r.twins[t] == 0 {
			r.exprs, r.ids = append(r.exprs, t.x), append(r.ids, id)
		}
	}
	return place
}

func renumber(sets [][]int, place []int) [][]int {
	if sets == nil {
		return nil
	}
	out := make([][]int, len(sets))
	for i, s := range sets {
		seen := map[int]bool{}
		out[i] = []int{}
		for _, j := range s {
			if !seen[place[j]] {
				out[i] = append(out[i], place[j])
			}
			seen[place[j]] = true
		}
	}
	return out
}

func (r *regroup) commonColumns(n *rel.Aggregate) {
	for i, c := range n.Group {
		all := true
		for _, s := range n.Sets {
			has := false
			for _, j := range s {
				has = has || i == j
			}
			all = all && has
		}
		if all {
			r.common[c.ID] = true
		}
	}
}

// groupingValues computes what GROUPING() means in each set. It returns those that
// subqueries ask for, which must become columns.
func (b *binder) groupingValues(q *selection, n *rel.Aggregate, r *regroup, ids []rel.ColID) (inner []rel.Column) {
	for _, g := range q.s.grouping {
		var columns []int
		for _, a := range g.args {
			columns = append(columns, b.groupingArg(q, n, a, ids))
		}
		r.grouping[g.out.ID] = b.groupingValue(n, columns)
		if g.inner {
			inner = append(inner, g.out)
		}
	}
	return inner
}

// direct rewrites the direct arguments of ordered-set aggregates, which are computed
// once for each group.
func (r *regroup) direct(n *rel.Aggregate) {
	r.detail = "Direct arguments of an ordered-set aggregate must use only grouped columns."
	for i := range n.Aggs {
		list := n.Aggs[i].Direct
		for k := range list {
			list[k] = r.expr(list[k])
		}
	}
	r.detail = ""
}

func (b *binder) groupingArg(q *selection, n *rel.Aggregate, a arg, ids []rel.ColID) int {
	if q.group != nil {
		for i, t := range q.group.targets {
			if !b.equal(t.x, a.x) {
				continue
			}
			for j, c := range n.Group {
				if c.ID == ids[i] {
					return j
				}
			}
		}
	}
	b.fail(a.pos, pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
	return 0
}

func (b *binder) groupingValue(n *rel.Aggregate, columns []int) rel.Expr {
	int4 := types.Of(types.Int4OID)
	if n.Sets == nil {
		return &rel.Const{T: int4, D: types.NewInt(0)}
	}
	if n.GroupingID == 0 {
		n.GroupingID = b.newID()
	}
	e := &rel.Case{T: int4}
	for k, set := range n.Sets {
		bits := int64(0)
		for _, c := range columns {
			bits <<= 1
			in := false
			for _, j := range set {
				in = in || j == c
			}
			if !in {
				bits |= 1
			}
		}
		cond := b.operator("", "=", &rel.Col{T: int4, ID: n.GroupingID}, &rel.Const{T: int4, D: types.NewInt(int64(k))}, 0, 0)
		e.Whens = append(e.Whens, rel.When{Cond: cond, Result: &rel.Const{T: int4, D: types.NewInt(bits)}})
	}
	return e
}

// rewrite applies the regrouping to everything above the aggregation.
func (r *regroup) rewrite(q *selection) {
	for _, t := range q.targets {
		if id := r.twins[t]; id != 0 {
			t.x = &rel.Col{T: t.x.Type(), ID: id}
			continue
		}
		t.x = r.expr(t.x)
	}
	q.having = r.expr(q.having)
	seen := map[*window]bool{}
	for _, w := range r.s.windowCalls {
		for i := range w.call.Args {
			w.call.Args[i] = r.expr(w.call.Args[i])
		}
		w.call.Filter = r.expr(w.call.Filter)
		if seen[w.win] {
			continue
		}
		seen[w.win] = true
		partition := make([]rel.Expr, len(w.win.partition))
		for i, x := range w.win.partition {
			partition[i] = r.expr(x)
		}
		order := append([]orderItem(nil), w.win.order...)
		for i := range order {
			order[i].x = r.expr(order[i].x)
		}
		w.win.partition, w.win.order = partition, order
	}
}

func (r *regroup) expr(e rel.Expr) rel.Expr {
	return rel.MapExpr(e, func(e rel.Expr) (rel.Expr, bool) {
		for i, g := range r.exprs {
			if r.b.equal(g, e) {
				return &rel.Col{T: e.Type(), ID: r.ids[i]}, false
			}
		}
		switch e := e.(type) {
		case *rel.Col:
			if x := r.grouping[e.ID]; x != nil {
				return x, false
			}
			r.column(e, ungrouped)
		case *rel.RowExpr:
			r.wholeRow(e)
		case *rel.Subquery:
			r.expr(e.Cmp) // what is compared comes before the query
			r.subquery(e)
		}
		return e, true
	})
}

func (r *regroup) subquery(q *rel.Subquery) {
	rel.WalkNode(q.Query, func(e rel.Expr) bool {
		if c, ok := e.(*rel.Col); ok {
			r.column(c, "subquery uses ungrouped column \"%s\" from outer query")
		}
		return true
	})
}

const ungrouped = "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function"

// wholeRow refuses a record that stands for a FROM entry, even if all its columns are
// grouped, unless they depend on the entry's grouped key.
func (r *regroup) wholeRow(row *rel.RowExpr) {
	name := r.b.wholeRows[row]
	if name == "" {
		return
	}
	for _, a := range row.Args {
		c, ok := a.(*rel.Col)
		if !ok {
			continue
		}
		if info := r.b.cols[c.ID]; info != nil && info.scope == r.s && !r.dependsOnKey(info) {
			r.b.fail(r.b.places[c], pgerr.GroupingError, ungrouped, name+".*")
		}
	}
}

// column fails unless c is no column of this level's FROM, or is grouped.
func (r *regroup) column(c *rel.Col, message string) {
	info := r.b.cols[c.ID]
	if info == nil || info.scope != r.s || info.agg || info.window || r.grouped[c.ID] {
		return
	}
	for _, id := range r.ids {
		if id == c.ID {
			return
		}
	}
	if r.dependsOnKey(info) {
		r.grouped[c.ID] = true
		extra := rel.Column{ID: c.ID, Name: info.name, T: c.T}
		if !info.presence {
			extra = info.item.scan.cols[info.attr]
		}
		r.extra = append(r.extra, extra)
		return
	}
	name := info.name
	if info.rel != "" {
		name = info.rel + "." + name
	}
	e := pgerr.New(pgerr.GroupingError, message, name)
	if r.detail != "" {
		e = e.WithDetail("%s", r.detail)
	}
	r.b.throw(r.b.places[c], e)
}

// dependsOnKey reports whether the primary key of the column's table is grouped.
func (r *regroup) dependsOnKey(info *colInfo) bool {
	if info.item == nil || info.item.table == nil || info.item.table.Kind != catalog.RelTable {
		return false
	}
	pk := info.item.table.Primary
	if pk == nil || pk.Hidden || len(pk.Keys) == 0 {
		return false
	}
	for _, k := range pk.Keys {
		if k.Col < 0 || !r.common[info.item.scan.cols[k.Col].ID] {
			return false
		}
	}
	r.b.direct = append(r.b.direct, pk.OID)
	return true
}

// addDependent lets columns that depend on a grouped key through.
func (r *regroup) addDependent(n *rel.Aggregate) {
	for _, c := range r.extra {
		for i := range n.Sets {
			n.Sets[i] = append(n.Sets[i], len(n.Group))
		}
		n.Group = append(n.Group, c)
	}
}
