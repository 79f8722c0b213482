package plan

import (
	"zorya/pgerr"
	"zorya/sql/rel"
)

// checkFull refuses the full joins that PostgreSQL has no method for: those whose
// condition is not constant and has no equality between the two sides.
func (b *planner) checkFull(on []rel.Expr, l, r map[rel.ColID]bool) {
	constant := true
	for _, c := range on {
		if _, ok := c.(*rel.Const); ok {
			continue
		}
		constant = false
		if equatesSides(c, l, r) {
			return
		}
	}
	if !constant && b.err == nil {
		b.err = pgerr.New(pgerr.FeatureNotSupported, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions")
	}
}

// equatesSides reports whether c is an equality of something of one side with something
// of the other.
func equatesSides(c rel.Expr, l, r map[rel.ColID]bool) bool {
	call, ok := c.(*rel.Call)
	if !ok || call.Oper == nil || call.Oper.Strategy != '=' || len(call.Args) != 2 {
		return false
	}
	x, y := call.Args[0], call.Args[1]
	of := func(e rel.Expr, one, other map[rel.ColID]bool) bool { return touches(e, one) && !touches(e, other) }
	return of(x, l, r) && of(y, r, l) || of(x, r, l) && of(y, l, r)
}
