package bind

import (
	"zorya/pgerr"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// All collations order text in the same way. Where COLLATE was written, PostgreSQL's rules
// say which one an expression has, and refuse those that differ (parse_collate.c).

type collationStrength uint8

const (
	noCollation collationStrength = iota
	implicitCollation
	conflictingCollation
	explicitCollation
)

// A collation is what an expression has. Of implicit ones in conflict, other is the
// second; pos is where that, or an explicit one, was written.
type collation struct {
	name, other string
	strength    collationStrength
	pos         int
}

func collatable(t types.OID) bool {
	ty := types.Get(t)
	if ty != nil && ty.Elem != 0 && ty.Category == 'A' {
		ty = types.Get(ty.Elem)
	}
	return ty != nil && ty.Category == 'S'
}

// checkCollations checks the expressions of a query in which COLLATE was written.
func (b *binder) checkCollations(q *selection) {
	if len(b.collated) == 0 || b.shapes != nil {
		return
	}
	states := map[*target]collation{}
	for _, t := range q.targets {
		states[t] = b.collationOf(t.x)
	}
	b.collationOf(q.where)
	b.collationOf(q.having)
	for _, o := range q.order {
		b.oneCollation(states[o.t])
	}
}

// oneCollation refuses implicit collations that differ.
func (b *binder) oneCollation(c collation) {
	if c.strength == conflictingCollation {
		b.throw(c.pos, pgerr.New(pgerr.CollationMismatch, "collation mismatch between implicit collations \"%s\" and \"%s\"", c.name, c.other).
			WithHint("You can choose the collation by applying the COLLATE clause to one or both expressions."))
	}
}

func (b *binder) mergeCollations(list []collation) (out collation) {
	for _, c := range list {
		switch {
		case c.strength > out.strength:
			out = c
		case c.strength != out.strength || c.name == out.name:
		case c.strength == explicitCollation:
			b.fail(c.pos, pgerr.CollationMismatch, "collation mismatch between explicit collations \"%s\" and \"%s\"", out.name, c.name)
		case c.strength == implicitCollation && out.name == "default":
			out = c
		case c.strength == implicitCollation && c.name != "default":
			out.strength, out.other, out.pos = conflictingCollation, c.name, c.pos
		}
	}
	return out
}

// collationOf is the collation of an expression, which is checked with all in it.
func (b *binder) collationOf(x rel.Expr) collation {
	if x == nil {
		return collation{}
	}
	var inside []collation
	results := x
	rel.MapExpr(x, func(e rel.Expr) (rel.Expr, bool) {
		if e == x {
			return e, true
		}
		inside = append(inside, b.collationOf(e))
		return e, false
	})
	if c, ok := b.collated[x]; ok {
		return c
	}
	own := collation{name: "default", strength: implicitCollation}
	switch x := results.(type) {
	case *rel.Col:
		if info := b.cols[x.ID]; info != nil && info.collation.strength != noCollation {
			own = info.collation
		}
		own.pos = b.places[x]
	case *rel.Case:
		inside = []collation{b.collationOf(x.Else)}
		for i := len(x.Whens) - 1; i >= 0; i-- {
			inside = append([]collation{b.collationOf(x.Whens[i].Result)}, inside...)
		}
	case *rel.Subquery:
		if cols := x.Query.Columns(); len(cols) > 0 && b.cols[cols[0].ID] != nil {
			if c := b.cols[cols[0].ID].collation; c.strength != noCollation {
				own = collation{name: c.name, strength: implicitCollation, pos: x.Pos}
			}
		}
	}
	merged := b.mergeCollations(inside)
	if what := needsCollation(x); what != "" && merged.strength == conflictingCollation {
		b.later(pgerr.New(pgerr.IndeterminateCollation, "could not determine which collation to use for %s", what).
			WithHint("Use the COLLATE clause to set the collation explicitly."))
	}
	switch {
	case !collatable(x.Type().OID):
		return collation{}
	case merged.strength == noCollation:
		return own
	}
	return merged
}

// needsCollation says what an expression needs one collation for; "" if it needs none.
func needsCollation(x rel.Expr) string {
	switch x := x.(type) {
	case *rel.MinMax, *rel.NullIf, *rel.Distinct, *rel.AnyAll:
		return "string comparison"
	case *rel.Call:
		switch x.Fn.Name {
		case "lower", "upper", "initcap":
			return x.Fn.Name + "() function"
		}
		if x.Oper != nil && x.Oper.Strategy != 0 {
			return "string comparison"
		}
	}
	return ""
}
