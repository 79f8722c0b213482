package rel

import (
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// A Column is an output column of a node.
type Column struct {
	ID   ColID
	Name string
	T    types.T
	// Origin, for RowDescription: table and attribute number; 0 if computed.
	Table types.OID
	Attr  int16
}

// A Node is a relational operator. Columns are its output, in order.
type Node interface {
	Columns() []Column
}

type (
	// Scan reads a stored table. Cols[i] is column Attrs[i] of the table (index in
	// Table.Columns). The binder emits every column that the statement mentions.
	// RowID, if not 0, is an extra last column (bytea) that holds the row's key, for
	// UPDATE, DELETE and LockRows.
	Scan struct {
		Table *catalog.Table
		Alias string
		Cols  []Column
		Attrs []int
		RowID ColID
		// Whole is set when the executor must also pass on the stored row (for
		// UPDATE): an extra column after RowID (bytea).
		Whole ColID
		// Select tells for which privilege check this stands; see Query.Privs.
	}
	// Virtual reads a table that is computed: pg_catalog, information_schema, sys.
	Virtual struct {
		Table *catalog.Table
		Alias string
		Cols  []Column
		Attrs []int
	}
	// Values is rows of expressions. One empty row is SELECT without FROM.
	Values struct {
		Cols []Column
		Rows [][]Expr
	}
	// FuncScan is a function in FROM: set-returning or not; several are ROWS FROM,
	// padded with NULLs. Ordinality, if not 0, is a last bigint column.
	FuncScan struct {
		Funcs      []TableFunc
		Cols       []Column
		Ordinality ColID
		Alias      string
	}
	TableFunc struct {
		X     Expr // a *Call; if its function returns no set: one row
		Ncols int  // columns that it yields
		// Record: a single composite result that is to be split into Ncols columns.
		Record bool
	}
	Filter struct {
		Input Node
		Cond  Expr
	}
	// Project computes columns. Exprs[i] gives Cols[i].
	Project struct {
		Input Node
		Cols  []Column
		Exprs []Expr
	}
	// ProjectSet is a Project in which calls of set-returning functions, at the top
	// of an expression, yield rows (padded with NULLs to the longest).
	ProjectSet struct {
		Input Node
		Cols  []Column
		Exprs []Expr
	}
	// Join. On may be nil (true). Lateral: R refers to columns of L. Semi and Anti
	// put out L's columns only.
	Join struct {
		Kind    JoinKind
		L, R    Node
		On      Expr
		Lateral bool
	}
	JoinKind uint8
	// Aggregate groups by columns of its input. Output: Group columns, then Aggs'.
	// With grouping sets, Sets lists for each set the indexes in Group that count;
	// nil means one set of all. GroupingID, if not 0, is a last column: the number of
	// the set, for GROUPING().
	Aggregate struct {
		Input      Node
		Group      []Column
		Aggs       []AggCall
		Sets       [][]int
		GroupingID ColID
	}
	AggCall struct {
		Out      Column
		Fn       *funcs.Func
		Args     []Expr // over the input's columns
		Direct   []Expr // direct arguments of an ordered-set aggregate
		Star     bool
		Distinct bool
		Order    []SortKey // ORDER BY inside, or WITHIN GROUP
		Filter   Expr
	}
	// Window computes window functions; its output is the input's columns, then Funcs'.
	// All Funcs of one node share the partition and order.
	Window struct {
		Input     Node
		Partition []ColID
		Order     []SortKey
		Funcs     []WindowCall
	}
	WindowCall struct {
		Out         Column
		Fn          *funcs.Func
		Args        []Expr
		Star        bool
		Filter      Expr
		Frame       Frame
		IgnoreNulls bool
	}
	// Distinct keeps one row per value of On (all columns if nil). With On, the input
	// is sorted by On first and the first row of each is kept.
	DistinctOn struct {
		Input Node
		On    []ColID
	}
	// SetOp. Output columns are new; L's and R's columns match by place and type.
	SetOp struct {
		Op   SetOpKind
		All  bool
		L, R Node
		Cols []Column
	}
	SetOpKind uint8
	Sort      struct {
		Input Node
		Keys  []SortKey
	}
	// Limit. Count and Offset are bigint expressions without columns; nil = none.
	Limit struct {
		Input    Node
		Count    Expr
		Offset   Expr
		WithTies bool // the input is a Sort
	}
	// With binds CTEs for Body. A CTE is run at most once (or inlined by the planner).
	With struct {
		CTEs []*CTE
		Body Node
	}
	// CTERef reads a CTE; Cols[i] is column i of the CTE.
	CTERef struct {
		CTE   *CTE
		Cols  []Column
		Alias string
	}
	// WorkRef reads the working table inside a recursive CTE's recursive term.
	WorkRef struct {
		CTE  *CTE
		Cols []Column
	}
	// LockRows is FOR UPDATE / FOR KEY SHARE: claims the rows whose keys are in the
	// RowID columns. Output is the input's columns.
	LockRows struct {
		Input Node
		Locks []RowLock
	}
	RowLock struct {
		Table *catalog.Table
		RowID ColID
		Share bool // FOR KEY SHARE
	}
	// Insert, Update, Delete. Returning is over the columns that Ret names.
	Insert struct {
		Table      *catalog.Table
		Input      Node // its columns are the full row, in the order of Table.Columns; generated ones are computed by the executor
		OnConflict *OnConflict
		Ret        []Column // columns of the new row visible to Returning: Ret[i] is Table.Columns[i]
		Returning  *Project // Input nil; Exprs over Ret; nil if none
		// Checks, generated columns and defaults come from Table; bound here once:
		Bound *TableExprs
	}
	Update struct {
		Table *catalog.Table
		// Input has the target's RowID and Whole columns, all columns of the old row
		// (Old) and one column for each new value (New, parallel to Attrs).
		Input Node
		RowID ColID
		Whole ColID
		Old   []Column // one per Table.Columns entry (0 ID for dropped ones)
		Attrs []int    // columns that are set
		New   []ColID
		// Ret is the new row (ids of its own). Returning is over Ret and over Input's
		// columns (those of FROM).
		Ret       []Column
		Returning *Project
		Bound     *TableExprs
	}
	Delete struct {
		Table     *catalog.Table
		Input     Node
		RowID     ColID
		Whole     ColID
		Old       []Column
		Ret       []Column // the same as Old
		Returning *Project // over Input's columns
		Bound     *TableExprs
	}
	OnConflict struct {
		// Index is the arbiter; nil with DO NOTHING means any.
		Index    *catalog.Index
		DoUpdate bool
		// For DO UPDATE: Old are columns of the existing row, Excluded of the proposed
		// one (both one per Table.Columns entry); New[i] gives column Attrs[i].
		Old, Excluded []Column
		Attrs         []int
		New           []Expr
		Where         Expr
	}
	// TableExprs are a table's own expressions, bound over Cols (one per
	// Table.Columns entry).
	TableExprs struct {
		Cols      []Column
		Checks    []BoundCheck
		Generated map[int]Expr         // by index in Table.Columns
		IndexKeys map[types.OID][]Expr // expression indexes: by index OID, one per key column (nil for plain columns)
		IndexPred map[types.OID]Expr   // partial indexes
	}
	BoundCheck struct {
		Name string
		View bool // the condition of the view of that name, which asks for it by WITH CHECK OPTION
		X    Expr
		Text string
	}
)

// A SortKey orders by a column.
type SortKey struct {
	Col        ColID
	Desc       bool
	NullsFirst bool
}

// Frame is a window frame with its offsets bound.
type Frame struct {
	Mode       string // "rows", "range", "groups"
	Start, End FrameBound
	Exclude    string
	Between    bool // it was written so
	Default    bool // none was given: RANGE UNBOUNDED PRECEDING .. CURRENT ROW
	// InRange compares for RANGE with offset: (value, base, offset, sub, less) → bool.
	InRange *funcs.Func
}

// A FrameBound is an end of a frame. Kind as ast.BoundKind.
type FrameBound struct {
	Kind   uint8
	Offset Expr
}

// A CTE is a named query of WITH.
type CTE struct {
	Name         string
	Query        Node // for a recursive one: the non-recursive term
	Recursive    Node // nil unless recursive; refers to the CTE through WorkRef
	UnionAll     bool
	Cols         []Column
	Materialized *bool
	Refs         int  // how often CTERef refers to it
	Modifies     bool // it is INSERT, UPDATE or DELETE: run to the end exactly once
}

// Join kinds.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
)

// Set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// A Query is a bound statement.
type Query struct {
	Root   Node
	Kind   string // "SELECT", "INSERT", "UPDATE", "DELETE": the command tag
	Params []types.T
	// HasRows: the statement returns rows (SELECT or RETURNING).
	HasRows bool
	// Out are the visible result columns, a prefix of Root's (junk columns for ORDER
	// BY come after).
	Out []Column
	// Refs are the descriptors that the statement relied on: checked at commit.
	Refs []catalog.Ref
	// Privs are to be checked against the catalog whenever the plan is used.
	Privs []catalog.PrivCheck
	// UsedSlots are literals whose value binding used: they belong to the plan
	// cache's key.
	UsedSlots []int
	// Writes: the statement modifies data. Locks: FOR UPDATE or FOR KEY SHARE.
	Writes, Locks bool
	// Stable is false when the plan must not be cached.
	Uncacheable bool
}

func (n *Scan) Columns() []Column {
	cols := n.Cols
	if n.RowID == 0 && n.Whole == 0 {
		return cols
	}
	cols = append([]Column(nil), cols...)
	if n.RowID != 0 {
		cols = append(cols, Column{ID: n.RowID, Name: "ctid", T: types.Of(types.ByteaOID)})
	}
	if n.Whole != 0 {
		cols = append(cols, Column{ID: n.Whole, Name: "whole", T: types.Of(types.ByteaOID)})
	}
	return cols
}
func (n *Virtual) Columns() []Column    { return n.Cols }
func (n *Values) Columns() []Column     { return n.Cols }
func (n *FuncScan) Columns() []Column   { return n.Cols }
func (n *Filter) Columns() []Column     { return n.Input.Columns() }
func (n *Project) Columns() []Column    { return n.Cols }
func (n *ProjectSet) Columns() []Column { return n.Cols }
func (n *Join) Columns() []Column {
	if n.Kind == Semi || n.Kind == Anti {
		return n.L.Columns()
	}
	return append(append([]Column(nil), n.L.Columns()...), n.R.Columns()...)
}
func (n *Aggregate) Columns() []Column {
	cols := append([]Column(nil), n.Group...)
	for _, a := range n.Aggs {
		cols = append(cols, a.Out)
	}
	if n.GroupingID != 0 {
		cols = append(cols, Column{ID: n.GroupingID, Name: "grouping", T: types.Of(types.Int4OID)})
	}
	return cols
}
func (n *Window) Columns() []Column {
	cols := append([]Column(nil), n.Input.Columns()...)
	for _, f := range n.Funcs {
		cols = append(cols, f.Out)
	}
	return cols
}
func (n *DistinctOn) Columns() []Column { return n.Input.Columns() }
func (n *SetOp) Columns() []Column      { return n.Cols }
func (n *Sort) Columns() []Column       { return n.Input.Columns() }
func (n *Limit) Columns() []Column      { return n.Input.Columns() }
func (n *With) Columns() []Column       { return n.Body.Columns() }
func (n *CTERef) Columns() []Column     { return n.Cols }
func (n *WorkRef) Columns() []Column    { return n.Cols }
func (n *LockRows) Columns() []Column   { return n.Input.Columns() }
func (n *Insert) Columns() []Column     { return returned(n.Returning) }
func (n *Update) Columns() []Column     { return returned(n.Returning) }
func (n *Delete) Columns() []Column     { return returned(n.Returning) }

func returned(p *Project) []Column {
	if p == nil {
		return nil
	}
	return p.Cols
}
