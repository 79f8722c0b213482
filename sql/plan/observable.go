package plan

import (
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An observer finds out whether it shows how many rows a plan computes ahead of its
// reader: whether an expression on the way can fail, or has effects. It passes each node
// once.
type observer map[Node]bool

// NewObserver makes an observer for one plan.
func NewObserver() observer { return observer{} }

// Node reports it of what n computes row by row as its reader asks. What n reads to the
// end before it yields anything does not count.
func (o observer) Node(n Node) bool {
	if known, ok := o[n]; ok {
		return known
	}
	o[n] = false // a recursive CTE reads itself
	o[n] = o.node(n)
	return o[n]
}

func (o observer) node(n Node) bool {
	switch n := n.(type) {
	case *TableScan:
		return Observable(n.Filter)
	case *VirtualScan:
		return Observable(n.Filter)
	case *FuncScan:
		return Observable(n.Filter)
	case *Values:
		for _, row := range n.Rows {
			if Observable(row...) {
				return true
			}
		}
	case *Filter:
		return Observable(n.Cond) || o.Node(n.Input)
	case *Project:
		return Observable(n.Exprs...) || o.Node(n.Input)
	case *Result:
		return Observable(n.Exprs...) || n.Input != nil && o.Node(n.Input)
	case *NestedLoop:
		return Observable(n.On) || o.Node(n.L) || len(n.Params) > 0 && o.Node(n.R)
	case *HashJoin:
		return Observable(n.On) || Observable(n.LKeys...) || o.Node(n.L)
	case *Unique:
		return o.Node(n.Input)
	case *HashDistinct:
		return o.Node(n.Input)
	case *Append:
		for _, in := range n.In {
			if o.Node(in) {
				return true
			}
		}
	case *Limit:
		return o.Node(n.Input)
	case *With:
		return o.Node(n.Body)
	case *CTEScan:
		return Observable(n.Filter) || n.CTE != nil && (o.Node(n.CTE.Query) || n.CTE.Recursive != nil && o.Node(n.CTE.Recursive))
	case *WorkScan:
		return Observable(n.Filter)
	case *LockRows, *ProjectSet:
		return true
	}
	return false
}

// Observable reports whether it shows for how many rows expressions are computed: they
// may fail, or have effects. What is not known is taken to.
func Observable(list ...rel.Expr) bool {
	found := false
	for _, e := range list {
		rel.WalkExpr(e, func(x rel.Expr) bool {
			found = found || shows(x)
			return !found
		})
	}
	return found
}

func shows(e rel.Expr) bool {
	switch e := e.(type) {
	case *rel.Const, *rel.Param, *rel.Col, *rel.CaseArg, *rel.SQLValue, *rel.Bool, *rel.IsTest, *rel.Case, *rel.Coalesce,
		*rel.NullIf, *rel.Distinct, *rel.RowExpr, *rel.Field:
		return false
	case *rel.Call:
		return e.Oper == nil || e.Oper.Strategy == 0 && e.Op != "<>" || !plain(e.Args...)
	case *rel.AnyAll:
		return e.Oper == nil || e.Oper.Strategy == 0 && e.Op != "<>"
	case *rel.MinMax:
		return !plain(e.Args...)
	case *rel.Cast:
		return e.Domain != 0 || e.Method != funcs.Binary && !widens(e.X.Type().OID, e.T.OID)
	}
	return true
}

// plain reports whether values are of types whose comparison cannot fail.
func plain(list ...rel.Expr) bool {
	for _, e := range list {
		if t := types.Get(e.Type().OID); t == nil || t.Elem != 0 || e.Type().OID == types.RecordOID {
			return false
		}
	}
	return true
}

// widens reports whether each value of a number's type is one of another.
func widens(from, to types.OID) bool {
	rank := map[types.OID]int{types.Int2OID: 1, types.Int4OID: 2, types.Int8OID: 3, types.NumericOID: 4}
	return rank[from] > 0 && rank[from] < rank[to]
}
