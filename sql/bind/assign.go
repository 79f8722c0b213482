package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// part binds a part of a column to assign to, a[1] or j['k']: the subscript with the
// assigned value, whose X, the old value of the column, its user fills in.
func (b *binder) part(s *scope, c *catalog.Col, path []ast.Access, pos int, update bool) *rel.Subscript {
	for _, p := range path {
		if p.Star {
			b.fail(pos, pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		}
		if p.IsMember || p.Field != "" {
			b.fail(pos, pgerr.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type",
				p.Field, c.Name, b.partName(c, path))
		}
	}
	sub := &rel.Subscript{T: c.T, Assign: true}
	if c.T.OID == types.JSONBOID {
		sub.Hi = b.jsonSubscripts(s, path)
		return sub
	}
	if elemOf(c.T.OID) == 0 {
		if !update {
			pos = 0 // PostgreSQL has no expression there to point at.
		}
		b.fail(pos, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", typeName(c.T))
	}
	b.arraySubscripts(s, sub, path)
	return sub
}

// partName is the type of what stands before the first field of a path.
func (b *binder) partName(c *catalog.Col, path []ast.Access) string {
	t := c.T
	if elem := elemOf(t.OID); elem != 0 && !path[0].IsMember && path[0].Field == "" {
		t = types.Of(elem)
	}
	return typeName(t)
}

// assignPart gives a part a value.
func (b *binder) assignPart(sub *rel.Subscript, c *catalog.Col, x rel.Expr, pos int) {
	want := c.T
	if c.T.OID != types.JSONBOID && !sub.Slice {
		want = types.T{OID: elemOf(c.T.OID), Typmod: c.T.Typmod}
	}
	y, ok := b.tryCoerce(x, want, funcs.Assignment, pos)
	if !ok {
		b.throw(pos, pgerr.New(pgerr.DatatypeMismatch, "subscripted assignment to \"%s\" requires type %s but expression is of type %s",
			c.Name, typeName(want), typeName(x.Type())).WithHint("You will need to rewrite or cast the expression."))
	}
	sub.Value = y
}

// refusePartDefault refuses DEFAULT for a part of a column.
func (b *binder) refusePartDefault(path []ast.Access, pos int) {
	if len(path) == 0 {
		return
	}
	if path[0].IsMember || path[0].Field != "" {
		b.fail(pos, pgerr.FeatureNotSupported, "cannot set a subfield to DEFAULT")
	}
	b.fail(pos, pgerr.FeatureNotSupported, "cannot set an array element to DEFAULT")
}

// within puts parts of one column together: sub changes a copy of before, which is the
// old value or that with the parts that were assigned earlier.
func (b *binder) within(sub *rel.Subscript, before rel.Expr, c *catalog.Col, pos int) rel.Expr {
	y := *sub
	y.X = before
	return b.toDomain(&y, c.Domain, pos)
}
