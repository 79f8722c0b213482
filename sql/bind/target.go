package bind

import (
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A target is an entry of the select list; junk ones carry values to sort, group
// or lock by and are not shown.
type target struct {
	x      rel.Expr
	name   string
	junk   bool
	pos    int
	origin types.OID
	attr   int16
	col    rel.Column // once projected
}

// targets binds a select list or RETURNING.
func (b *binder) targets(s *scope, list []ast.Target, k exprKind) []*target {
	old := s.kind
	s.kind = k
	var out []*target
	for _, t := range list {
		if c, ok := t.X.(*ast.ColumnRef); ok && c.Star {
			out = append(out, b.expandStar(s, c)...)
			continue
		}
		if c, ok := t.X.(*ast.Indirection); ok && len(c.Path) > 0 && c.Path[len(c.Path)-1].Star {
			out = append(out, b.expandRow(s, c)...)
			continue
		}
		e := b.expr(s, t.X)
		out = append(out, b.newTarget(e, t))
	}
	s.kind = old
	if len(out) > maxTargets {
		b.fail(-1, pgerr.TooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	return out
}

// maxTargets is PostgreSQL's MaxTupleAttributeNumber; the protocol's counts end at 32767.
const maxTargets = 1664

func (b *binder) newTarget(e rel.Expr, t ast.Target) *target {
	n := &target{x: e, name: t.As, pos: startOf(t.X)}
	if n.name == "" {
		n.name = figureName(t.X)
	}
	if c, ok := e.(*rel.Col); ok {
		if info := b.cols[c.ID]; info != nil && info.item != nil && info.item.table != nil {
			n.origin, n.attr = info.item.table.OID, int16(info.attr+1)
		} else {
			n.origin, n.attr = b.originOf(c.ID)
		}
	}
	return n
}

// originOf finds the table column that a FROM entry's column comes from.
func (b *binder) originOf(id rel.ColID) (types.OID, int16) {
	info := b.cols[id]
	if info == nil || info.scope == nil {
		return 0, 0
	}
	for _, it := range info.scope.all {
		for _, c := range it.cols {
			if c.id == id {
				return c.origin, c.attr
			}
		}
	}
	return 0, 0
}

// expandStar makes targets of * or t.*.
func (b *binder) expandStar(s *scope, c *ast.ColumnRef) []*target {
	if x := b.argRow(s, c.Parts, c.At); x != nil {
		return b.fieldTargets(x, c.At)
	}
	var items []*item
	if len(c.Parts) > 0 {
		items = []*item{b.relationOf(s, c.Parts, strings.Join(c.Parts, ".")+".*", c.At)}
	} else {
		for _, it := range s.items {
			if it.colVisible && s.visible(it) {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			b.fail(c.At, pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
	}
	var out []*target
	for _, it := range items {
		for _, col := range it.cols {
			out = append(out, &target{x: b.read(col, c.At), name: col.name, pos: c.At, origin: col.origin, attr: col.attr})
		}
	}
	return out
}

// expandRow makes targets of (expr).*.
func (b *binder) expandRow(s *scope, c *ast.Indirection) []*target {
	inner := *c
	inner.Path = c.Path[:len(c.Path)-1]
	var e rel.Expr
	if len(inner.Path) == 0 {
		e = b.expr(s, c.X)
	} else {
		e = b.expr(s, &inner)
	}
	return b.fieldTargets(e, startOf(c.X))
}

// fieldTargets makes a target of each field of a record.
func (b *binder) fieldTargets(e rel.Expr, pos int) []*target {
	fields := b.fieldsOf(e)
	if len(fields) == 0 {
		b.fail(0, pgerr.WrongObjectType, "type %s is not composite", typeName(e.Type()))
	}
	var out []*target
	for i, f := range fields {
		t := &target{name: f.Name, pos: pos}
		if row, ok := e.(*rel.RowExpr); ok {
			t.x = row.Args[i]
		} else {
			t.x = &rel.Field{T: f.T, X: e, N: i, Name: f.Name}
		}
		out = append(out, t)
	}
	return out
}

// figureName chooses an output column's name as PostgreSQL does.
func figureName(x ast.Expr) string {
	if name, _ := nameOf(x); name != "" {
		return name
	}
	return "?column?"
}

// nameOf returns a name and how good it is: 2 a real one, 1 a type's, 0 none.
func nameOf(x ast.Expr) (string, int) {
	switch x := x.(type) {
	case *ast.ColumnRef:
		if n := len(x.Parts); n > 0 {
			return x.Parts[n-1], 2
		}
	case *ast.Indirection:
		for i := len(x.Path) - 1; i >= 0; i-- {
			if f := x.Path[i].Field; f != "" {
				return f, 2
			}
		}
		return nameOf(x.X)
	case *ast.Func:
		return x.Name, 2
	case *ast.NullIf:
		return "nullif", 2
	case *ast.Cast:
		if name, good := nameOf(x.X); good > 1 {
			return name, good
		}
		return x.Type.Name, 1
	case *ast.Collate:
		return nameOf(x.X)
	case *ast.Grouping:
		return "grouping", 2
	case *ast.Sublink:
		return sublinkName(x)
	case *ast.Case:
		if x.Else != nil {
			if name, good := nameOf(x.Else); good > 1 {
				return name, good
			}
		}
		return "case", 1
	case *ast.ArrayExpr:
		return "array", 2
	case *ast.Row:
		return "row", 2
	case *ast.SpecialFunc:
		return x.Name, 2
	case *ast.JSONExpr:
		if x.Kind != "is json" {
			return x.Kind, 2
		}
	}
	return "", 0
}

func sublinkName(x *ast.Sublink) (string, int) {
	switch x.Kind {
	case ast.ExistsSublink:
		return "exists", 2
	case ast.ArraySublink:
		return "array", 2
	case ast.ScalarSublink:
		q := x.Query
		for q.SetOp != nil {
			q = q.SetOp.L
		}
		if len(q.Values) > 0 {
			return "column1", 2
		}
		if len(q.Targets) > 0 {
			if as := q.Targets[0].As; as != "" {
				return as, 2
			}
			return nameOf(q.Targets[0].X)
		}
	}
	return "", 0
}

func valuesName(i int) string { return "column" + strconv.Itoa(i+1) }
