// Package plan turns bound trees into physical plans: rewrites, access paths,
// join order and methods by cost, and their EXPLAIN text. A Plan is immutable
// and may run many times at once.
package plan

import (
	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A Plan is a statement ready to run.
type Plan struct {
	Query *rel.Query
	Root  Node
	// Point is set when the plan reads or writes single rows by full key or inserts
	// VALUES, so that the executor's direct path can take it.
	Point bool
	// Catalog is the version that the plan was made with. A cached plan serves any
	// catalog in which its Query.Refs are unchanged.
	Catalog kv.Timestamp
	// Fault is what is wrong with a constant of the statement: it may be described, and
	// fails when it is to run.
	Fault error
}

// An Estimate is what the planner thinks of a node.
type Estimate struct {
	Startup, Total float64 // cost
	Rows           float64
	Width          int
}

// A Node is a physical operator. Columns are its output. Est is never nil.
type Node interface {
	Columns() []rel.Column
	Est() *Estimate
	Inputs() []Node
}

// Base is embedded in every node.
type Base struct {
	Cols     []rel.Column
	Estimate Estimate
}

func (b *Base) Columns() []rel.Column { return b.Cols }
func (b *Base) Est() *Estimate        { return &b.Estimate }

// An Access is how a TableScan reaches rows.
type Access uint8

const (
	FullScan      Access = iota // Full Scan (btree-table): the primary B-tree from end to end, or a range of it when the key is hidden
	PrimaryScan                 // Index Only Scan on the primary key, within Ranges
	IndexOnlyScan               // secondary index that covers Cols
	IndexScan                   // secondary index, then lookup of the row
)

type (
	// TableScan reads a table. Cols are as in rel.Scan (with RowID, Whole at the end).
	TableScan struct {
		Base
		Scan   *rel.Scan
		Index  *catalog.Index // the primary index for FullScan and PrimaryScan
		Access Access
		// Prefix are equality conditions on the first key columns, then optionally one
		// range on the next. Expressions hold no columns of this scan; they may hold
		// parameters and outer columns (then evaluated for each rescan). A NULL gives no
		// rows.
		Prefix []KeyCond
		Range  *KeyRange
		// InList, if set, gives many values (an array-typed expression) for key column
		// len(Prefix): one range each, in order, duplicates removed.
		InList  rel.Expr
		Reverse bool
		// Storage is evaluated by storage on the scanned rows (columns of the index),
		// Lookup by storage on the looked-up rows, Filter by the query processor.
		Storage, Lookup, Filter rel.Expr
		// Conds is the index condition for EXPLAIN.
		Conds []rel.Expr
		// OneRow: at most one row matches (full unique key).
		OneRow bool
		// Read and Passed are how many rows storage is thought to read, and to yield.
		Read, Passed float64
		// Limit > 0: no more rows than this are wanted (with a plain LIMIT above).
		Limit rel.Expr
	}
	KeyCond struct {
		X      rel.Expr // of the key column's type
		IsNull bool     // the condition is IS NULL; X is nil
	}
	KeyRange struct {
		Lo, Hi         rel.Expr // nil: open
		LoIncl, HiIncl bool
	}
	// VirtualScan reads a computed table. Eq are conditions col = value pushed in:
	// index in Table.Columns → expression without columns.
	VirtualScan struct {
		Base
		Virtual *rel.Virtual
		Eq      map[int]rel.Expr
		Filter  rel.Expr
	}
	Values struct {
		Base
		Rows [][]rel.Expr
	}
	FuncScan struct {
		Base
		Rel    *rel.FuncScan
		Filter rel.Expr
	}
	Filter struct {
		Base
		Input Node
		Cond  rel.Expr
	}
	// Result is a Filter whose condition has no columns: checked once ("One-Time Filter").
	Result struct {
		Base
		Input Node // may be nil: one row
		Cond  rel.Expr
		Exprs []rel.Expr // with Input nil
	}
	Project struct {
		Base
		Input Node
		Exprs []rel.Expr
	}
	ProjectSet struct {
		Base
		Input Node
		Exprs []rel.Expr
	}
	// NestedLoop rescans R for each row of L when R (or On) refers to L's columns
	// (Params lists them); else R is materialised.
	NestedLoop struct {
		Base
		Kind   rel.JoinKind
		L, R   Node
		On     rel.Expr
		Params []rel.ColID
	}
	// HashJoin builds on R. LKeys[i] = RKeys[i]; On is what remains.
	HashJoin struct {
		Base
		Kind         rel.JoinKind
		L, R         Node
		LKeys, RKeys []rel.Expr
		On           rel.Expr
		// NullAware: NOT IN semantics for Anti joins.
		NullAware bool
	}
	// Aggregate. Sorted: the input arrives sorted by the groups (GroupAggregate).
	Aggregate struct {
		Base
		Input  Node
		Rel    *rel.Aggregate
		Sorted bool
	}
	Window struct {
		Base
		Input Node // sorted by partition, then order
		Rel   *rel.Window
	}
	// Unique drops equal neighbours by On (all columns if nil) of a sorted input.
	Unique struct {
		Base
		Input Node
		On    []rel.ColID
	}
	// HashDistinct keeps the first row of each value.
	HashDistinct struct {
		Base
		Input Node
	}
	// Append is UNION ALL; SetOp the hashed others (Union without ALL = HashDistinct
	// over Append).
	Append struct {
		Base
		In []Node
	}
	SetOp struct {
		Base
		Op   rel.SetOpKind
		All  bool
		L, R Node
	}
	Sort struct {
		Base
		Input Node
		Keys  []rel.SortKey
		// Presorted: the input is sorted by that many first keys (Incremental Sort).
		Presorted int
		// Limit, Offset, if set: only the first Limit+Offset rows are wanted (top-N).
		Limit, Offset rel.Expr
	}
	Limit struct {
		Base
		Input         Node
		Count, Offset rel.Expr
		WithTies      []rel.SortKey // nil unless WITH TIES
	}
	// With runs Body with CTEs at hand; those that modify run to the end even if
	// Body does not read them.
	With struct {
		Base
		CTEs []*CTE
		Body Node
	}
	CTEScan struct {
		Base
		CTE    *CTE
		Filter rel.Expr
		Alias  string
	}
	WorkScan struct {
		Base
		CTE    *CTE
		Filter rel.Expr
	}
	LockRows struct {
		Base
		Input Node
		Locks []rel.RowLock
	}
	Modify struct {
		Base
		Input  Node
		Insert *rel.Insert // one of these
		Update *rel.Update
		Delete *rel.Delete
	}
)

// A CTE is a planned CTE.
type CTE struct {
	Rel       *rel.CTE
	Query     Node
	Recursive Node
}

// A SubPlan is how a rel.Subquery that stayed in an expression runs. The planner
// puts it in place of the rel.Subquery.
type SubPlan struct {
	Sub  *rel.Subquery
	Plan Node
	// Outer are the columns of outer queries that it refers to; empty: run once
	// (an InitPlan).
	Outer []rel.ColID
	// Hashed: an uncorrelated AnyQuery that is looked up in a hash table:
	// LKeys (outer) = the plan's columns.
	Hashed bool
	LKeys  []rel.Expr
	ID     int // 1, 2 … for EXPLAIN
}

// Type is the type of the subquery's value.
func (s *SubPlan) Type() types.T { return s.Sub.Type() }

func (n *TableScan) Inputs() []Node   { return nil }
func (n *VirtualScan) Inputs() []Node { return nil }
func (n *Values) Inputs() []Node      { return nil }
func (n *FuncScan) Inputs() []Node    { return nil }
func (n *Filter) Inputs() []Node      { return []Node{n.Input} }
func (n *Result) Inputs() []Node {
	if n.Input == nil {
		return nil
	}
	return []Node{n.Input}
}
func (n *Project) Inputs() []Node      { return []Node{n.Input} }
func (n *ProjectSet) Inputs() []Node   { return []Node{n.Input} }
func (n *NestedLoop) Inputs() []Node   { return []Node{n.L, n.R} }
func (n *HashJoin) Inputs() []Node     { return []Node{n.L, n.R} }
func (n *Aggregate) Inputs() []Node    { return []Node{n.Input} }
func (n *Window) Inputs() []Node       { return []Node{n.Input} }
func (n *Unique) Inputs() []Node       { return []Node{n.Input} }
func (n *HashDistinct) Inputs() []Node { return []Node{n.Input} }
func (n *Append) Inputs() []Node       { return n.In }
func (n *SetOp) Inputs() []Node        { return []Node{n.L, n.R} }
func (n *Sort) Inputs() []Node         { return []Node{n.Input} }
func (n *Limit) Inputs() []Node        { return []Node{n.Input} }
func (n *With) Inputs() []Node         { return []Node{n.Body} }
func (n *CTEScan) Inputs() []Node      { return nil }
func (n *WorkScan) Inputs() []Node     { return nil }
func (n *LockRows) Inputs() []Node     { return []Node{n.Input} }
func (n *Modify) Inputs() []Node       { return []Node{n.Input} }
