package plan

import (
	"zorya/sql/expr"
	"zorya/sql/rel"
)

// fault returns the data error of a constant expression in the outermost query: its
// columns and conditions. PostgreSQL computes constants when it plans, so it tells
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
		case *rel.Aggregate:
			n = x.Input
		case *rel.Window:
			n = x.Input
		case *rel.Filter:
			exprs = append(exprs, x.Cond)
			n = x.Input
		case *rel.Project:
			if projected {
				n = nil
				break
			}
			projected = true
			exprs = append(exprs, x.Exprs...)
			n = x.Input
		default:
			n = nil
		}
	}
	for _, e := range exprs {
		switch e.(type) {
		case *rel.Col, *rel.Const, nil:
			continue
		}
		if err := expr.Fault(b.env.Fold, expr.Fold(b.env.Fold, e)); err != nil {
			return err
		}
	}
	return nil
}
