package bind

import (
	"reflect"

	"zorya/sql/ast"
	"zorya/sql/rel"
)

// A boundLink is a subquery of an expression with what it was bound to.
type boundLink struct {
	x     ast.Expr
	bound rel.Expr
}

// alikeLink is what a subquery that is written like x was bound to at this level. As both
// are then one expression, GROUP BY, ORDER BY and DISTINCT find what the select list has.
func (b *binder) alikeLink(s *scope, x ast.Expr) rel.Expr {
	if !seesAll(s.kind) {
		return nil
	}
	for _, l := range s.links {
		if alike(reflect.ValueOf(l.x), reflect.ValueOf(x)) {
			b.useLiterals(reflect.ValueOf(l.x))
			b.useLiterals(reflect.ValueOf(x))
			return l.bound
		}
	}
	return nil
}

// noteLink remembers a subquery, unless each of its kind has values of its own, or it
// computes aggregates of this level, which are not allowed everywhere.
func (b *binder) noteLink(s *scope, x ast.Expr, bound *rel.Subquery) {
	own := false
	rel.WalkExpr(bound, func(e rel.Expr) bool {
		switch e := e.(type) {
		case *rel.Call:
			own = own || e.Fn.Volatility == 'v'
		case *rel.Col:
			info := b.cols[e.ID]
			own = own || info != nil && info.agg && info.scope == s
		}
		return !own
	})
	if !own && seesAll(s.kind) {
		s.links = append(s.links, boundLink{x, bound})
	}
}

// seesAll tells of places where names mean what they mean in the select list.
func seesAll(k exprKind) bool {
	switch k {
	case kindSelect, kindOrderBy, kindGroupBy, kindHaving, kindDistinctOn, kindPartition, kindWindowOrder, kindFilter:
		return true
	}
	return false
}

// textPlaces are fields of syntax trees that tell where something stands.
var textPlaces = map[string]bool{"Pos": true, "At": true, "Slot": true}

// alike compares two syntax trees but for where their parts stand.
func alike(x, y reflect.Value) bool {
	if x.IsValid() != y.IsValid() || x.IsValid() && x.Type() != y.Type() {
		return false
	}
	switch x.Kind() {
	case reflect.Pointer, reflect.Interface:
		if x.IsNil() || y.IsNil() {
			return x.IsNil() == y.IsNil()
		}
		return alike(x.Elem(), y.Elem())
	case reflect.Struct:
		for i := range x.NumField() {
			if !textPlaces[x.Type().Field(i).Name] && !alike(x.Field(i), y.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			if !alike(x.Index(i), y.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Invalid:
		return true
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}

// useLiterals ties the plan to the values of all literals in a syntax tree.
func (b *binder) useLiterals(x reflect.Value) {
	switch x.Kind() {
	case reflect.Pointer, reflect.Interface:
		if c, ok := x.Interface().(*ast.Const); ok {
			b.useSlot(c.Slot)
		} else if !x.IsNil() {
			b.useLiterals(x.Elem())
		}
	case reflect.Struct:
		for i := range x.NumField() {
			b.useLiterals(x.Field(i))
		}
	case reflect.Slice:
		for i := range x.Len() {
			b.useLiterals(x.Index(i))
		}
	}
}
