package expr

import (
	"strings"

	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// shapeCall prints an aggregate, a window function or GROUPING.
func (p *printer) shapeCall(c *rel.ShapeCall) {
	if c.Grouping {
		p.list("GROUPING(", c.Args, ")")
		return
	}
	p.put(funcs.QuoteIdent(c.Name), "(", pick(c.Distinct, "DISTINCT ", ""))
	switch {
	case c.Star:
		p.put("*")
	case c.Within:
		p.list("", c.Direct, "")
	default:
		p.list("", c.Args, "")
	}
	if c.Within {
		p.put(") WITHIN GROUP (ORDER BY ")
		p.orders(c.Order)
	} else if len(c.Order) > 0 {
		p.put(" ORDER BY ")
		p.orders(c.Order)
	}
	if c.Filter != nil {
		p.put(") FILTER (WHERE ")
		p.expr(c.Filter, false)
	}
	p.put(")")
	if c.Over == nil {
		return
	}
	p.put(" OVER ")
	if c.Over.Name != "" {
		p.put(funcs.QuoteIdent(c.Over.Name))
		return
	}
	p.window(c.Over)
}

func (p *printer) orders(list []rel.ShapeOrder) {
	for i, o := range list {
		p.comma(i)
		p.sortExpr(o.X)
		p.direction(o.Desc, o.NullsFirst)
	}
}

// window prints a window's definition.
func (p *printer) window(w *rel.ShapeWindow) {
	var parts []string
	add := func(f func()) { parts = append(parts, string(p.apart(f))) }
	if w.Ref != "" {
		parts = append(parts, funcs.QuoteIdent(w.Ref))
	}
	if len(w.Partition) > 0 {
		add(func() {
			p.put("PARTITION BY ")
			for i, x := range w.Partition {
				p.comma(i)
				p.sortExpr(x)
			}
		})
	}
	if len(w.Order) > 0 {
		add(func() {
			p.put("ORDER BY ")
			p.orders(w.Order)
		})
	}
	if w.Frame != nil {
		add(func() { p.frame(w.Frame) })
	}
	p.put("(", strings.Join(parts, " "), ")")
}

func (p *printer) frame(f *rel.Frame) {
	p.put(strings.ToUpper(f.Mode), pick(f.Between, " BETWEEN ", " "))
	p.bound(f.Start)
	if f.Between {
		p.put(" AND ")
		p.bound(f.End)
	}
	if f.Exclude != "" {
		p.put(" EXCLUDE ", strings.ToUpper(f.Exclude))
	}
}

func (p *printer) bound(b rel.FrameBound) {
	switch ast.BoundKind(b.Kind) {
	case ast.UnboundedPreceding:
		p.put("UNBOUNDED PRECEDING")
	case ast.CurrentRow:
		p.put("CURRENT ROW")
	case ast.UnboundedFollowing:
		p.put("UNBOUNDED FOLLOWING")
	case ast.OffsetPreceding:
		p.expr(b.Offset, false)
		p.put(" PRECEDING")
	case ast.OffsetFollowing:
		p.expr(b.Offset, false)
		p.put(" FOLLOWING")
	}
}

// sublink prints a subquery of an expression.
func (p *printer) sublink(e *rel.Subquery) {
	p.put(pick(e.Kind == rel.ArrayQuery, "ARRAY(", "("))
	wrap := true
	switch e.Kind {
	case rel.ExistsQuery:
		p.put("EXISTS ")
	case rel.AnyQuery, rel.AllQuery:
		p.compared(e.Cmp)
		op, compare := strings.CutPrefix(e.Op, " ")
		switch {
		case compare:
			p.put(" ", op, " ")
			wrap = true
		case e.Kind == rel.AllQuery:
			p.put(" ", op, " ALL ")
		case op == "" || op == "=":
			p.put(" IN ")
		default:
			p.put(" ", op, " ANY ")
		}
	default:
		wrap = false
	}
	p.put(pick(wrap, "(", ""))
	p.query(e.Shape, nil, false)
	p.put(pick(wrap, "))", ")"))
}

// compared prints the left side of IN, ANY and ALL, given the comparison.
func (p *printer) compared(cmp rel.Expr) {
	switch c := cmp.(type) {
	case *rel.Call:
		p.expr(c.Args[0], true)
	case *rel.RowCompare:
		p.list("(", c.L, ")")
	case *rel.Bool:
		var left []rel.Expr
		for _, a := range c.Args {
			if call, ok := a.(*rel.Call); ok {
				left = append(left, call.Args[0])
			}
		}
		p.list("(", left, ")")
	case *rel.Cast:
		p.compared(c.X)
	}
}

// syntax prints a call in the syntax that SQL has for it; false if it has none.
func (p *printer) syntax(e *rel.Call) bool {
	a := e.Args
	switch n := len(a); {
	case e.Fn.Name == "timezone" && n == 2:
		p.atTimeZone(e)
	case e.Fn.Name == "extract" && n == 2:
		p.extract(e)
	case e.Fn.Name == "pg_collation_for":
		p.parts("COLLATION FOR (", a[0], ")")
	case e.Fn.Name == "overlaps" && n == 4:
		p.parts("((", a[0], ", ", a[1], ") OVERLAPS (", a[2], ", ", a[3], "))")
	case e.Fn.Name == "position" && n == 2:
		p.parts("POSITION((", a[1], ") IN (", a[0], "))")
	case e.Fn.Name == "is_normalized":
		p.put("(")
		p.within(a[0], false, e)
		p.put(" IS", form(a), " NORMALIZED)")
	case e.Fn.Name == "normalize":
		p.put("NORMALIZE(")
		p.expr(a[0], false)
		if f := form(a); f != "" {
			p.put(",", f)
		}
		p.put(")")
	case e.Fn.Name == "overlay" && n >= 3:
		p.parts("OVERLAY(", a[0], " PLACING ", a[1], " FROM ", a[2])
		p.tail(" FOR ", a[3:])
	case e.Fn.Name == "substring" && n == 3 && a[1].Type().OID == types.TextOID:
		p.parts("SUBSTRING(", a[0], " SIMILAR ", a[1], " ESCAPE ", a[2], ")")
	case e.Fn.Name == "substring" && n >= 2 && a[1].Type().OID == types.Int4OID:
		p.parts("SUBSTRING(", a[0], " FROM ", a[1])
		p.tail(" FOR ", a[2:])
	default:
		return p.trim(e)
	}
	return true
}

// form is the second argument of NORMALIZE and IS NORMALIZED.
func form(args []rel.Expr) string {
	if len(args) == 2 {
		if c, ok := args[1].(*rel.Const); ok {
			return " " + c.D.S
		}
	}
	return ""
}

func (p *printer) trim(e *rel.Call) bool {
	side := map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[e.Fn.Name]
	if side == "" {
		return false
	}
	p.put("TRIM(", side)
	if len(e.Args) == 2 {
		p.parts(" ", e.Args[1])
	}
	p.parts(" FROM ", e.Args[0], ")")
	return true
}

// parts prints texts and expressions in turn.
func (p *printer) parts(list ...any) {
	for _, x := range list {
		if s, ok := x.(string); ok {
			p.put(s)
		} else {
			p.expr(x.(rel.Expr), false)
		}
	}
}

func (p *printer) tail(word string, rest []rel.Expr) {
	if len(rest) > 0 {
		p.put(word)
		p.expr(rest[0], false)
	}
	p.put(")")
}
