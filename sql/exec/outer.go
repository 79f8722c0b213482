package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
)

// constant reports whether n yields the same rows however often it is opened in
// one execution: nothing in it refers to a column from outside, or reads a CTE.
// What a join has built of such an input outlives a rescan.
func constant(n plan.Node, keys ...rel.Expr) bool {
	f := finder{made: map[rel.ColID]bool{}, used: map[rel.ColID]bool{}}
	f.node(n)
	for _, k := range keys {
		f.expr(k)
	}
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
}

func (f *finder) node(n plan.Node) {
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
func (f *finder) own(n plan.Node) []rel.Expr {
	switch n := n.(type) {
	case *plan.TableScan:
		f.scan(n)
		return []rel.Expr{n.InList, n.Storage, n.Lookup, n.Filter, n.Limit}
	case *plan.VirtualScan:
		list := []rel.Expr{n.Filter}
		for _, c := range n.Virtual.Cols {
			f.made[c.ID] = true
		}
		for _, e := range n.Eq {
			list = append(list, e)
		}
		return list
	case *plan.Values:
		var list []rel.Expr
		for _, row := range n.Rows {
			list = append(list, row...)
		}
		return list
	case *plan.FuncScan:
		list := []rel.Expr{n.Filter}
		for _, fn := range n.Rel.Funcs {
			list = append(list, fn.X)
		}
		return list
	case *plan.Filter:
		return []rel.Expr{n.Cond}
	case *plan.Result:
		return append([]rel.Expr{n.Cond}, n.Exprs...)
	case *plan.Project:
		return n.Exprs
	case *plan.ProjectSet:
		return n.Exprs
	case *plan.NestedLoop:
		return []rel.Expr{n.On}
	case *plan.HashJoin:
		return append(append([]rel.Expr{n.On}, n.LKeys...), n.RKeys...)
	case *plan.MergeJoin:
		return []rel.Expr{n.On}
	case *plan.Aggregate:
		var list []rel.Expr
		for _, a := range n.Rel.Aggs {
			list = append(append(append(list, a.Args...), a.Direct...), a.Filter)
		}
		return list
	case *plan.Window:
		var list []rel.Expr
		for _, w := range n.Rel.Funcs {
			list = append(append(list, w.Args...), w.Filter, w.Frame.Start.Offset, w.Frame.End.Offset)
		}
		return list
	case *plan.Sort:
		return []rel.Expr{n.Limit, n.Offset}
	case *plan.Limit:
		return []rel.Expr{n.Count, n.Offset}
	case *plan.Unique, *plan.HashDistinct, *plan.Append, *plan.SetOp:
		return nil
	}
	f.varies = true
	return nil
}

func (f *finder) scan(n *plan.TableScan) {
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
		if p, ok := x.(*plan.SubPlan); ok {
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
