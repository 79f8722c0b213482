package bind

import (
	"slices"

	"zorya/sql/rel"
)

// As in PostgreSQL, the select list is computed before ORDER BY, but for what would show
// there: volatile functions are called in the order of the result and only for its rows,
// sets are unfolded in it, and with a LIMIT what is expensive waits too.

// dear is how many calls make an expression expensive.
const dear = 10

// postpones reports whether the select list is to be computed after the sort.
func (b *binder) postpones(q *selection) bool {
	if len(q.order) == 0 || q.sel.Distinct || len(q.on) > 0 || q.sel.WithTies {
		return false
	}
	keys := map[*target]bool{}
	for _, o := range q.order {
		if hasSet(o.t.x) {
			return false
		}
		keys[o.t] = true
	}
	return slices.ContainsFunc(q.targets, func(t *target) bool {
		return !keys[t] && (hasSet(t.x) || shownLate(t.x, q.limit != nil))
	})
}

// shownLate reports whether an expression is volatile or, under a limit, expensive.
func shownLate(x rel.Expr, limited bool) bool {
	calls, volatile := 0, false
	rel.WalkExpr(x, func(e rel.Expr) bool {
		switch e := e.(type) {
		case *rel.Call:
			calls++
			volatile = volatile || e.Fn.Volatility == 'v'
		case *rel.Subquery:
			calls += dear + 1
		}
		return !volatile
	})
	return volatile || limited && calls > dear
}

// sortedFirst sorts the source by the expressions of ORDER BY, which the select list then
// refers to. What PostgreSQL computes before the sort is computed there too.
func (b *binder) sortedFirst(q *selection, node rel.Node) rel.Node {
	var early []*target
	var xs []rel.Expr
	for _, t := range q.targets {
		key := slices.ContainsFunc(q.order, func(o sortItem) bool { return o.t == t })
		if key || !hasSet(t.x) && !shownLate(t.x, q.limit != nil) {
			early, xs = append(early, t), append(xs, t.x)
		}
	}
	node, ids := b.extend(q.s, node, xs)
	n := &rel.Sort{Input: node}
	place := map[*target]rel.ColID{}
	for i, t := range early {
		place[t] = ids[i]
		if _, plain := t.x.(*rel.Col); !plain && !isUnknown(t.x) {
			t.x = &rel.Col{T: t.x.Type(), ID: ids[i]}
		}
	}
	seen := map[rel.ColID]bool{}
	for _, o := range q.order {
		if id := place[o.t]; !seen[id] {
			seen[id] = true
			n.Keys = append(n.Keys, rel.SortKey{Col: id, Desc: o.desc, NullsFirst: o.nullsFirst})
		}
	}
	return n
}
