package plan

import (
	"slices"

	"zorya/sql/expr"
	"zorya/sql/rel"
)

// fault returns the data error of a constant expression in the outermost query: its
// columns, conditions and what its aggregates are called with. PostgreSQL computes constants when it plans, so it tells
// of 1/0 even if no row comes. What may turn out not to be needed, in subqueries in FROM
// or EXISTS, is left to the executor.
func (b *planner) fault(n rel.Node) error {
	if b.env.Fold == nil {
		return nil
	}
	var exprs []rel.Expr
	projected := false
	for n != nil {
		switch x := n.(type) {
		case *rel.Limit:
			n = x.Input
		case *rel.Sort:
			n = x.Input
		case *rel.With:
			n = x.Body
		case *rel.DistinctOn:
			n = x.Input
		case *rel.Aggregate:
			for i := range x.Aggs {
				exprs = append(append(exprs, x.Aggs[i].Args...), x.Aggs[i].Filter)
			}
			n = x.Input
		case *rel.Window:
			for i := range x.Funcs {
				exprs = append(append(exprs, x.Funcs[i].Args...), x.Funcs[i].Filter)
			}
			n = x.Input
		case *rel.Filter:
			exprs = append(exprs, x.Cond)
			n = x.Input
		case *rel.Project:
			if projected {
				n = nil
				break
			}
			projected = slices.ContainsFunc(x.Exprs, computes)
			exprs = append(exprs, x.Exprs...)
			n = x.Input
		default:
			n = nil
		}
	}
	for _, e := range exprs {
		if !computes(e) {
			continue
		}
		if err := expr.Fault(b.env.Fold, expr.Fold(b.env.Fold, e)); err != nil {
			return err
		}
	}
	return nil
}

func computes(e rel.Expr) bool {
	switch e.(type) {
	case *rel.Col, *rel.Const, nil:
		return false
	}
	return true
}
