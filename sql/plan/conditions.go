package plan

import (
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// conjuncts takes a condition apart at its ANDs.
func conjuncts(dst []rel.Expr, e rel.Expr) []rel.Expr {
	if e == nil {
		return dst
	}
	if a, ok := e.(*rel.Bool); ok && a.Op == rel.And {
		for _, x := range a.Args {
			dst = conjuncts(dst, x)
		}
		return dst
	}
	if k, ok := e.(*rel.Const); ok && k.Slot == 0 && !k.D.IsNull() && k.D.Bool() {
		return dst
	}
	return append(dst, e)
}

// and is the conjunction of conditions; nil for none.
func and(list []rel.Expr) rel.Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &rel.Bool{Op: rel.And, Args: list}
}

// conjunction makes one expression of the conditions that a node may check itself:
// all of them.
func (b *planner) conjunction(conds []rel.Expr) (rel.Expr, []rel.Expr) {
	return b.expr(and(conds)), nil
}

// once parts the conditions on a relation that read no column of it: they hold for all
// of its rows or for none, so that they are checked before any is read.
func (b *planner) once(n rel.Node, conds []rel.Expr) (once, each []rel.Expr) {
	if len(conds) == 0 {
		return nil, conds
	}
	own, all := idSet(n.Columns()), map[rel.ColID]bool(nil)
	reads := func(c rel.Expr) bool {
		cols := columnsOf(c)
		if len(cols) == 0 || touches(c, own) {
			return len(cols) > 0
		}
		if all == nil { // Conditions that are on their way down may read what is not put out.
			g := gatherer{made: map[rel.ColID]bool{}, used: map[rel.ColID]bool{}, ctes: map[*rel.CTE]bool{}}
			g.node(n)
			all = g.made
		}
		return touches(c, all)
	}
	for _, c := range conds {
		if movable(c) && !reads(c) {
			once = append(once, c)
		} else {
			each = append(each, c)
		}
	}
	return once, each
}

// gated puts conditions before a node that are checked once. One that is constant and
// does not hold leaves nothing of it.
func (b *planner) gated(n Node, once []rel.Expr) Node {
	e := n.Est()
	g := &Result{Base: base(n.Columns(), e.Startup, e.Total, e.Rows), Input: n, Cond: b.expr(and(once))}
	if k, ok := g.Cond.(*rel.Const); ok && k.Slot == 0 && (k.D.IsNull() || !k.D.Bool()) {
		g.Base, g.Input = base(n.Columns(), 0, 0, 0), nil
		g.Cond = &rel.Const{T: k.T, D: types.NewBool(false)}
		for _, c := range n.Columns() {
			g.Exprs = append(g.Exprs, &rel.Const{T: c.T})
		}
	}
	return g
}

// filtered puts conditions on a node.
func (b *planner) filtered(n Node, conds []rel.Expr) Node {
	if len(conds) == 0 {
		return n
	}
	var once, each []rel.Expr
	for _, c := range conds {
		if len(columnsOf(c)) == 0 && movable(c) {
			once = append(once, c)
		} else {
			each = append(each, c)
		}
	}
	if x := b.lookedUp(n, each); x != nil {
		n, each = x, nil
	}
	n = b.checked(n, each)
	if len(once) > 0 {
		n = b.gated(n, once)
	}
	return n
}

// checked puts conditions on a node that are checked for each row.
func (b *planner) checked(n Node, each []rel.Expr) Node {
	e := n.Est()
	if len(each) > 0 {
		n = &Filter{Base: base(n.Columns(), e.Startup, e.Total+e.Rows*cpuOp*float64(len(each)), e.Rows*b.selectivity(each)), Input: n, Cond: b.expr(and(each))}
	}
	return n
}

// filter plans a Filter: subqueries that stand alone become joins, the rest moves
// down.
func (b *planner) filter(n *rel.Filter, conds []rel.Expr, want []rel.SortKey) Node {
	own := n.Cond
	if b.env.Fold != nil {
		own = expr.Fold(b.env.Fold, own)
	}
	conds = append(conjuncts(nil, own), conds...) // as PostgreSQL, the nearest first
	input := n.Input
	var rest []rel.Expr
	for _, c := range conds {
		if j := semiJoin(input, c); j != nil {
			input = j
		} else {
			rest = append(rest, c)
		}
	}
	return b.node(input, rest, want)
}

// columnsOf are the columns that a condition reads, subqueries' outer ones included.
func columnsOf(e rel.Expr) []rel.ColID { return expr.Cols(e) }

// within reports whether all columns of e are in a set.
func within(e rel.Expr, set map[rel.ColID]bool) bool {
	for _, id := range columnsOf(e) {
		if !set[id] {
			return false
		}
	}
	return true
}

// touches reports whether e reads a column of a set.
func touches(e rel.Expr, set map[rel.ColID]bool) bool {
	for _, id := range columnsOf(e) {
		if set[id] {
			return true
		}
	}
	return false
}

func idSet(cols []rel.Column) map[rel.ColID]bool {
	m := make(map[rel.ColID]bool, len(cols))
	for _, c := range cols {
		m[c.ID] = true
	}
	return m
}

// movable reports whether a condition may be checked at another place, and another
// number of times, than where it was written.
func movable(e rel.Expr) bool { return !volatile(e) }

func volatile(e rel.Expr) bool {
	found := false
	rel.WalkExpr(e, func(x rel.Expr) bool {
		if s, ok := x.(*rel.Subquery); ok {
			rel.WalkNode(s.Query, func(y rel.Expr) bool {
				found = found || volatileCall(y)
				return !found
			})
		}
		found = found || volatileCall(x)
		return !found
	})
	return found
}

func volatileCall(x rel.Expr) bool {
	switch x := x.(type) {
	case *rel.Call:
		return x.Fn.Volatility == funcs.Volatile || x.Fn.Set
	case *rel.Cast:
		return x.Fn != nil && x.Fn.Volatility == funcs.Volatile
	}
	return false
}

func hasSubquery(e rel.Expr) bool {
	found := false
	rel.WalkExpr(e, func(x rel.Expr) bool {
		switch x.(type) {
		case *rel.Subquery, *SubPlan:
			found = true
		}
		return !found
	})
	return found
}

// substitute puts expressions in the place of columns, so that a condition on a
// projection's output holds for its input; false if that would compute something
// volatile, or a subquery, twice.
func substitute(e rel.Expr, byID map[rel.ColID]rel.Expr) (rel.Expr, bool) {
	if volatile(e) || hasSubquery(e) && touchesKeys(e, byID) {
		return nil, false
	}
	for _, id := range columnsOf(e) {
		if x, ok := byID[id]; ok && (volatile(x) || hasSubquery(x)) {
			return nil, false
		}
	}
	return rel.MapExpr(e, func(x rel.Expr) (rel.Expr, bool) {
		if c, ok := x.(*rel.Col); ok {
			if y, ok := byID[c.ID]; ok {
				return y, false
			}
		}
		return x, true
	}), true
}

func touchesKeys(e rel.Expr, byID map[rel.ColID]rel.Expr) bool {
	for _, id := range columnsOf(e) {
		if _, ok := byID[id]; ok {
			return true
		}
	}
	return false
}

// plainCol is the column that an expression is, casts that change nothing aside.
func plainCol(e rel.Expr) *rel.Col {
	for {
		switch x := e.(type) {
		case *rel.Col:
			return x
		case *rel.Cast:
			from := x.X.Type().OID
			if x.Method != funcs.Binary || x.Domain != 0 || from != x.T.OID && !(textual(x.T.OID) && textual(from)) {
				return nil
			}
			e = x.X
		default:
			return nil
		}
	}
}

// textual types share values and order.
func textual(t types.OID) bool { return t == types.TextOID || t == types.VarcharOID }

// comparison takes `col op x` or `x op col` apart, for a column of a set and an x
// without columns of it. op is that of `col op x`.
func comparison(e rel.Expr, own map[rel.ColID]bool) (col *rel.Col, op byte, x rel.Expr, ok bool) {
	call, is := e.(*rel.Call)
	if !is || call.Oper == nil || call.Oper.Strategy == 0 || len(call.Args) != 2 {
		return nil, 0, nil, false
	}
	turned := map[byte]byte{'<': '>', 'l': 'g', '=': '=', 'g': 'l', '>': '<'}
	if c := plainCol(call.Args[0]); c != nil && own[c.ID] && !touches(call.Args[1], own) {
		return c, call.Oper.Strategy, call.Args[1], true
	}
	if c := plainCol(call.Args[1]); c != nil && own[c.ID] && !touches(call.Args[0], own) {
		return c, turned[call.Oper.Strategy], call.Args[0], true
	}
	return nil, 0, nil, false
}

// equality is comparison for `=`.
func equality(e rel.Expr, own map[rel.ColID]bool) (*rel.Col, rel.Expr, bool) {
	col, op, x, ok := comparison(e, own)
	return col, x, ok && op == '='
}

// rejectsNull reports whether a condition cannot be true when all columns of a set
// are NULL.
func rejectsNull(e rel.Expr, set map[rel.ColID]bool) bool {
	switch e := e.(type) {
	case *rel.Call:
		return e.Fn.Strict && strictOn(e, set)
	case *rel.IsTest:
		return (e.What == rel.IsNull && e.Not || e.What != rel.IsUnknown && e.What != rel.IsNull && !e.Not) && strictOn(e.X, set)
	case *rel.AnyAll:
		return !e.All && strictOn(e.L, set)
	case *rel.Bool:
		switch e.Op {
		case rel.And:
			for _, a := range e.Args {
				if rejectsNull(a, set) {
					return true
				}
			}
			return false
		case rel.Or:
			for _, a := range e.Args {
				if !rejectsNull(a, set) {
					return false
				}
			}
			return true
		default:
			return strictOn(e.Args[0], set)
		}
	case *rel.Col:
		return set[e.ID]
	}
	return false
}

// strictOn reports whether e is NULL when the columns of a set are.
func strictOn(e rel.Expr, set map[rel.ColID]bool) bool {
	switch e := e.(type) {
	case *rel.Col:
		return set[e.ID]
	case *rel.Call:
		if !e.Fn.Strict || e.Fn.Set {
			return false
		}
		for _, a := range e.Args {
			if strictOn(a, set) {
				return true
			}
		}
	case *rel.Cast:
		return e.Domain == 0 && strictOn(e.X, set)
	case *rel.Typmod:
		return strictOn(e.X, set)
	}
	return false
}
