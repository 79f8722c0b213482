package rel

import "reflect"

// Equal reports whether a and b compute the same value from the same row.
// Positions do not count. Two constants that come from different literals of the
// statement are equal only if same says so; nil compares their values. Subqueries
// equal only themselves.
func Equal(a, b Expr, same func(a, b *Const) bool) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a == b {
		return true
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) || a.Type() != b.Type() || !sameHead(a, b, same) {
		return false
	}
	ca, cb := children(a), children(b)
	if len(ca) != len(cb) {
		return false
	}
	for i := range ca {
		if !Equal(ca[i], cb[i], same) {
			return false
		}
	}
	return true
}

// children returns the direct children of e, nil places included.
func children(e Expr) []Expr {
	switch e := e.(type) {
	case *Case:
		list := []Expr{e.Arg, e.Else}
		for _, w := range e.Whens {
			list = append(list, w.Cond, w.Result)
		}
		return list
	case *RowCompare:
		return append(append([]Expr(nil), e.L...), e.R...)
	case *Subscript:
		list := append([]Expr{e.X, e.Value}, e.Lo...)
		return append(list, e.Hi...)
	}
	var list []Expr
	mapChildren(e, func(c Expr) Expr {
		list = append(list, c)
		return c
	})
	return list
}

// sameHead compares what two expressions of one Go type have beside children.
func sameHead(a, b Expr, same func(a, b *Const) bool) bool {
	switch a := a.(type) {
	case *Const:
		b := b.(*Const)
		if !reflect.DeepEqual(a.D, b.D) {
			return false
		}
		return same == nil || same(a, b)
	case *Param:
		return a.N == b.(*Param).N
	case *Col:
		return a.ID == b.(*Col).ID
	case *Call:
		return a.Fn == b.(*Call).Fn
	case *Cast:
		b := b.(*Cast)
		return a.Method == b.Method && a.Fn == b.Fn && a.Domain == b.Domain && Equal(a.ElemCast, b.ElemCast, same)
	case *Typmod:
		return a.Explicit == b.(*Typmod).Explicit
	case *Bool:
		return a.Op == b.(*Bool).Op
	case *IsTest:
		b := b.(*IsTest)
		return a.What == b.What && a.Not == b.Not
	case *Distinct:
		return a.Not == b.(*Distinct).Not
	case *AnyAll:
		b := b.(*AnyAll)
		return a.Fn == b.Fn && a.All == b.All
	case *MinMax:
		return a.Greatest == b.(*MinMax).Greatest
	case *ArrayExpr:
		return a.Multi == b.(*ArrayExpr).Multi
	case *RowCompare:
		return a.Op == b.(*RowCompare).Op
	case *Field:
		return a.N == b.(*Field).N
	case *Subscript:
		b := b.(*Subscript)
		return a.Slice == b.Slice && a.Assign == b.Assign && len(a.Lo) == len(b.Lo)
	case *SQLValue:
		b := b.(*SQLValue)
		return a.Name == b.Name && a.Prec == b.Prec
	case *Subquery:
		return false
	}
	return true
}
