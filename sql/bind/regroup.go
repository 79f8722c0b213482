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
	n := &rel.Aggregate{Input: input}
	r := &regroup{b: b, s: s, grouped: map[rel.ColID]bool{}, grouping: map[rel.ColID]rel.Expr{}, common: map[rel.ColID]bool{}}
	place := b.groupColumns(n, r, xs[:keys], ids[:keys], input)
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
	b.groupingValues(q, n, r, ids[:keys])
	r.rewrite(q)
	r.addDependent(n)
	if q.having != nil {
		return &rel.Filter{Input: n, Cond: q.having}
	}
	return n
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
func (b *binder) groupColumns(n *rel.Aggregate, r *regroup, xs []rel.Expr, ids []rel.ColID, input rel.Node) []int {
	byID := map[rel.ColID]rel.Column{}
	for _, c := range input.Columns() {
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
		if c, plain := xs[i].(*rel.Col); plain && c.ID == id {
			r.grouped[id] = true
			continue
		}
		r.exprs, r.ids = append(r.exprs, xs[i]), append(r.ids, id)
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

// groupingValues computes what GROUPING() means in each set.
func (b *binder) groupingValues(q *selection, n *rel.Aggregate, r *regroup, ids []rel.ColID) {
	for _, g := range q.s.grouping {
		var columns []int
		for _, a := range g.args {
			columns = append(columns, b.groupingArg(q, n, a, ids))
		}
		r.grouping[g.out.ID] = b.groupingValue(n, columns)
	}
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
			r.column(e, "", ungrouped)
		case *rel.RowExpr:
			r.wholeRow(e)
		case *rel.Subquery:
			r.subquery(e.Query)
		}
		return e, true
	})
}

func (r *regroup) subquery(n rel.Node) {
	rel.WalkNode(n, func(e rel.Expr) bool {
		if c, ok := e.(*rel.Col); ok {
			r.column(c, "", "subquery uses ungrouped column \"%s\" from outer query")
		}
		return true
	})
}

const ungrouped = "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function"

// wholeRow checks the columns of a record that stands for a FROM entry.
func (r *regroup) wholeRow(row *rel.RowExpr) {
	name := r.b.wholeRows[row]
	if name == "" {
		return
	}
	for _, a := range row.Args {
		if c, ok := a.(*rel.Col); ok {
			r.column(c, name+".*", ungrouped)
		}
	}
}

// column fails unless c is no column of this level's FROM, or is grouped. name is
// what the message calls it; "" = by its own name.
func (r *regroup) column(c *rel.Col, name, message string) {
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
		r.extra = append(r.extra, info.item.scan.cols[info.attr])
		return
	}
	if name == "" {
		name = info.name
		if info.rel != "" {
			name = info.rel + "." + name
		}
	}
	r.b.fail(r.b.places[c], pgerr.GroupingError, message, name)
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
