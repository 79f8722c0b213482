package rel

import "zorya/sql/catalog"

// A Shape is a query as it was written, with all in it resolved: what is needed to print
// it again as PostgreSQL prints a view. Plans come from Nodes, never from Shapes.
type Shape struct {
	Recursive bool
	CTEs      []ShapeCTE
	// One of these: VALUES, a set operation, or the rest.
	Values [][]Expr
	SetOp  *ShapeSetOp

	Distinct      bool
	DistinctOn    []*ShapeTarget
	Targets       []*ShapeTarget
	From          []*ShapeFrom
	Where, Having Expr
	Group         []ShapeGroup
	GroupDistinct bool
	Windows       []*ShapeWindow // those of the WINDOW clause

	OrderBy       []ShapeSort
	Limit, Offset Expr
	LimitAll      bool
	WithTies      bool
	Locks         []ShapeLock
	// Calls are the aggregates, window functions and GROUPING calls of this query, which
	// expressions refer to as columns.
	Calls map[ColID]*ShapeCall
}

type (
	// A ShapeCTE is a WITH query.
	ShapeCTE struct {
		Name         string
		Columns      []string
		Materialized *bool
		Query        *Shape
		Search       *ShapeSearch
		Cycle        *ShapeCycle
	}
	// A ShapeSearch is SEARCH … SET, a ShapeCycle CYCLE … SET … USING.
	ShapeSearch struct {
		Breadth  bool
		Columns  []string
		Sequence string
	}
	ShapeCycle struct {
		Columns        []string
		Mark, Path     string
		Value, Default Expr // nil: true and false
	}
	// A ShapeSetOp is L Op R.
	ShapeSetOp struct {
		Op   SetOpKind
		All  bool
		L, R *Shape
	}
	// A ShapeTarget is an entry of the select list; N its number from 1, 0 for one that
	// is not shown.
	ShapeTarget struct {
		X    Expr
		Name string
		N    int
	}
	// A ShapeSort is an item of ORDER BY.
	ShapeSort struct {
		T                *ShapeTarget
		Desc, NullsFirst bool
	}
	// A ShapeGroup is an item of GROUP BY: an expression (Kind 0), or "()", "(", "ROLLUP(",
	// "CUBE(" or "GROUPING SETS (" over items.
	ShapeGroup struct {
		Kind  string
		T     *ShapeTarget
		Items []ShapeGroup
	}
	// A ShapeWindow is a window definition. Ref is the window that it builds on.
	ShapeWindow struct {
		Name, Ref string
		Partition []Expr
		Order     []ShapeOrder
		Frame     *Frame // nil: the default
	}
	// A ShapeOrder sorts by an expression.
	ShapeOrder struct {
		X                Expr
		Desc, NullsFirst bool
	}
	// A ShapeLock is FOR UPDATE and its like, of one FROM entry.
	ShapeLock struct {
		Strength string
		Of       *ShapeFrom
		Wait     string
	}
	// A ShapeCall is an aggregate, a window function (with Over), or GROUPING.
	ShapeCall struct {
		Name     string
		Star     bool
		Distinct bool
		Direct   []Expr // arguments before WITHIN GROUP
		Within   bool
		Args     []Expr
		Order    []ShapeOrder
		Filter   Expr
		Over     *ShapeWindow
		Grouping bool
	}
)

// A ShapeFrom is a FROM entry: a table, a subquery, functions, a WITH query or a join.
type ShapeFrom struct {
	Table      *catalog.Table
	Query      *Shape
	Funcs      []ShapeFunc
	CTE        string
	Join       *ShapeJoin
	Only       bool
	Lateral    bool
	RowsFrom   bool
	Ordinality bool
	Alias      string
	Name       string // that it has without an alias
	Renamed    bool   // the user named its columns
	Cols       []ShapeCol
}

type (
	// A ShapeFunc is a function of FROM, with a column definition list if it has one.
	ShapeFunc struct {
		X    Expr
		Defs []Column
	}
	// A ShapeJoin is L JOIN R; of a join with an alias, only the alias is visible outside.
	ShapeJoin struct {
		Kind       JoinKind
		L, R       *ShapeFrom
		Using      []string
		UsingAlias string
		On         Expr
	}
	// A ShapeCol is a column that a FROM entry shows. Real, if not "", is the name that a
	// table's column has by now.
	ShapeCol struct {
		ID         ColID
		Name, Real string
	}
	// A CallForm says how a call was written.
	CallForm struct {
		Schema   string // of a user's function
		Syntax   bool   // as SQL's own syntax: EXTRACT(…), AT TIME ZONE
		Variadic bool
		Names    []string // of named arguments, "" where positional
	}
)

// Leaves are the entries that a FROM entry consists of, from left to right.
func (f *ShapeFrom) Leaves() []*ShapeFrom {
	if f.Join == nil {
		return []*ShapeFrom{f}
	}
	l := f.Join.L.Leaves()
	return append(l[:len(l):len(l)], f.Join.R.Leaves()...)
}

// RefName is the name by which the query refers to the entry.
func (f *ShapeFrom) RefName() string {
	if f.Alias != "" {
		return f.Alias
	}
	return f.Name
}
