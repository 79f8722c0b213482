package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// checkLeftLateral refuses what the original fails on, so that a statement which runs
// here runs there. In p LEFT JOIN LATERAL (SELECT p.x … FROM c …), with nothing in the
// subquery that keeps it a query of its own, the original computes p.x while it scans c,
// and takes the attribute of that number from c's row. If the types differ it sees that
// (recorded, with and without WHERE; an inner join works). If they are the same, or c has
// no such attribute, nothing is recorded, and we answer the query.
func (b *binder) checkLeftLateral(kind ast.JoinKind, left []*nsCol, right rel.Node) {
	if kind != ast.LeftJoin || b.env.Extended || b.env.NoInline {
		return
	}
	p, ok := right.(*rel.Project)
	if !ok {
		return
	}
	input := p.Input
	if f, ok := input.(*rel.Filter); ok {
		input = f.Input
	}
	scan, ok := input.(*rel.Scan)
	if !ok {
		return
	}
	for _, x := range p.Exprs {
		c := outerColumn(left, x)
		if c == nil || c.origin == 0 || int(c.attr) > len(scan.Table.Columns) {
			continue
		}
		if has := scan.Table.Columns[c.attr-1].T; has.OID != c.t.OID {
			err := pgerr.New(pgerr.DatatypeMismatch, "attribute %d of type %s has wrong type", c.attr, scan.Table.Name).
				WithDetail("Table has type %s, but query expects %s.", typeName(types.Of(has.OID)), typeName(types.Of(c.t.OID))).
				WithHint("Aurora DSQL cannot select a column of the outer table in LEFT JOIN LATERAL; select it outside the subquery.")
			b.throw(0, err)
		}
	}
}

// outerColumn is the column of left that x is; nil if it is none.
func outerColumn(left []*nsCol, x rel.Expr) *nsCol {
	ref, ok := x.(*rel.Col)
	if !ok {
		return nil
	}
	for _, c := range left {
		if c.id == ref.ID && c.id != 0 && c.attr > 0 {
			return c
		}
	}
	return nil
}
