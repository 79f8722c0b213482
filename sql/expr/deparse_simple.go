package expr

import (
	"zorya/sql/funcs"
	"zorya/sql/rel"
)

// simple reports whether e can stand inside parent without parentheses, by the rules
// of PostgreSQL's pretty printing.
func (p *printer) simple(e, parent rel.Expr) bool {
	switch e := e.(type) {
	case *rel.Cast:
		return e.Method == funcs.ByFunc && e.ElemCast == nil && e.Domain == 0 || p.simple(e.X, e)
	case *rel.Field:
		_, field := parent.(*rel.Field)
		return !field
	case *rel.Call:
		return e.Op == "" || arithmetic(e, parent) || contains(parent)
	case *rel.Subquery, *rel.IsTest:
		return contains(parent)
	case *rel.Distinct:
		if e.Not {
			return p.simple(&rel.Bool{Op: rel.Not}, parent)
		}
		return contains(parent)
	case *rel.Bool:
		if above, ok := parent.(*rel.Bool); ok {
			return above.Op == rel.Or && e.Op == rel.Or || above.Op != rel.Not && e.Op != rel.Or
		}
		return contains(parent)
	case *rel.RowCompare, *rel.AnyAll:
		return false
	}
	return true
}

// contains reports whether what stands inside parent is set off by it: as an argument,
// or because it binds less tightly than all operators.
func contains(parent rel.Expr) bool {
	switch parent := parent.(type) {
	case *rel.Call:
		return parent.Op == "" && (parent.Form == nil || !parent.Form.Syntax)
	case *rel.Bool, *rel.Subscript, *rel.ArrayExpr, *rel.RowExpr, *rel.Coalesce, *rel.MinMax, *rel.NullIf, *rel.Case:
		return true
	}
	return false
}

// ranks says how tightly the operators of arithmetic bind.
var ranks = map[string]int{"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}

// arithmetic reports whether e binds tightly enough in the operator parent; operators
// of one rank group from the left.
func arithmetic(e *rel.Call, parent rel.Expr) bool {
	above, ok := parent.(*rel.Call)
	if !ok || len(e.Args) != 2 || len(above.Args) != 2 {
		return false
	}
	inner, outer := ranks[e.Op], ranks[above.Op]
	switch {
	case inner == 0 || outer == 0:
		return false
	case inner != outer:
		return inner > outer
	}
	return above.Args[0] == rel.Expr(e)
}
