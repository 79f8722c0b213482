package plan

import (
	"zorya/sql/expr"
	"zorya/sql/rel"
)

// Constant reports whether n yields the same rows however often it is opened in
// one execution: nothing in it refers to a column from outside, or reads a CTE.
// What a join has built of such an input outlives a rescan.
func Constant(n Node, keys ...rel.Expr) bool {
	f := find(n, keys)
	return f.constant()
}

func find(n Node, keys []rel.Expr) *finder {
	f := &finder{made: map[rel.ColID]bool{}, used: map[rel.ColID]bool{}}
	f.node(n)
	for _, k := range keys {
		f.expr(k)
	}
	return f
}

func (f *finder) constant() bool {
	for id := range f.used {
		if !f.made[id] {
			return false
		}
	}
	return !f.varies
}

// A finder collects the columns that a tree makes and uses.
type finder struct {
	made, used map[rel.ColID]bool
	varies     bool
	volatile   bool // calls a volatile function
}

func (f *finder) node(n Node) {
	for _, c := range n.Columns() {
		f.made[c.ID] = true
	}
	for _, e := range f.own(n) {
		f.expr(e)
	}
	for _, in := range n.Inputs() {
		f.node(in)
	}
}

// own lists the expressions of a node itself.
func (f *finder) own(n Node) []rel.Expr {
	switch n := n.(type) {
	case *TableScan:
		f.scan(n)
		return []rel.Expr{n.InList, n.Storage, n.Lookup, n.Filter, n.Limit}
	case *VirtualScan:
		list := []rel.Expr{n.Filter}
		for _, c := range n.Virtual.Cols {
			f.made[c.ID] = true
		}
		for _, e := range n.Eq {
			list = append(list, e)
		}
		return list
	case *Values:
		var list []rel.Expr
		for _, row := range n.Rows {
			list = append(list, row...)
		}
		return list
	case *FuncScan:
		list := []rel.Expr{n.Filter}
		for _, fn := range n.Rel.Funcs {
			list = append(list, fn.X)
		}
		return list
	case *Filter:
		return []rel.Expr{n.Cond}
	case *Result:
		return append([]rel.Expr{n.Cond}, n.Exprs...)
	case *Project:
		return n.Exprs
	case *ProjectSet:
		return n.Exprs
	case *NestedLoop:
		return []rel.Expr{n.On}
	case *HashJoin:
		return append(append([]rel.Expr{n.On}, n.LKeys...), n.RKeys...)
	case *Aggregate:
		var list []rel.Expr
		for _, a := range n.Rel.Aggs {
			list = append(append(append(list, a.Args...), a.Direct...), a.Filter)
		}
		return list
	case *Window:
		var list []rel.Expr
		for _, w := range n.Rel.Funcs {
			list = append(append(list, w.Args...), w.Filter, w.Frame.Start.Offset, w.Frame.End.Offset)
		}
		return list
	case *Sort:
		return []rel.Expr{n.Limit, n.Offset}
	case *Limit:
		return []rel.Expr{n.Count, n.Offset}
	case *Unique, *HashDistinct, *Append, *SetOp:
		return nil
	}
	f.varies = true
	return nil
}

func (f *finder) scan(n *TableScan) {
	for _, c := range n.Scan.Columns() {
		f.made[c.ID] = true
	}
	for _, k := range n.Prefix {
		f.expr(k.X)
	}
	if n.Range != nil {
		f.expr(n.Range.Lo)
		f.expr(n.Range.Hi)
	}
}

func (f *finder) expr(e rel.Expr) {
	if e == nil {
		return
	}
	for _, id := range expr.Cols(e) {
		f.used[id] = true
	}
	expr.Walk(e, func(x rel.Expr) bool {
		f.volatile = f.volatile || volatileCall(x)
		if p, ok := x.(*SubPlan); ok {
			f.node(p.Plan)
			for _, id := range p.Outer {
				f.used[id] = true
			}
			for _, k := range append([]rel.Expr{p.Sub.Cmp}, p.LKeys...) {
				f.expr(k)
			}
		}
		return true
	})
}
