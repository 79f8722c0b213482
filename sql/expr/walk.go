package expr

import "zorya/sql/rel"

// Walk calls f for e and, where f returns true, for what is in it, including the
// expressions of subqueries.
func Walk(e rel.Expr, f func(rel.Expr) bool) { rel.WalkExpr(e, f) }

// Map rebuilds e bottom-up: f gets each node with its children mapped already.
// Nodes that do not change are shared. Subqueries' queries are left alone.
func Map(e rel.Expr, f func(rel.Expr) rel.Expr) rel.Expr {
	if e == nil {
		return nil
	}
	top := true
	e = rel.MapExpr(e, func(x rel.Expr) (rel.Expr, bool) {
		if top {
			top = false
			return x, true
		}
		return Map(x, f), false
	})
	return f(e)
}

// Cols returns the columns that e reads, each once, including outer references of
// its subqueries.
func Cols(e rel.Expr) []rel.ColID {
	var out []rel.ColID
	seen := map[rel.ColID]bool{}
	rel.WalkExpr(e, func(x rel.Expr) bool {
		if c, ok := x.(*rel.Col); ok && c.ID >= 0 && !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c.ID)
		}
		return true
	})
	return out
}

// Equal reports whether a and b are the same expression, positions aside.
// Literals of the statement are equal only if their values and slots are.
func Equal(a, b rel.Expr) bool { return rel.Equal(a, b, nil) }
