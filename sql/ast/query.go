package ast

// Select is a query: SELECT, VALUES, a set operation, with WITH, ORDER BY, LIMIT
// and locking around it.
type Select struct {
	With *With
	// One of these three shapes:
	Values [][]Expr // VALUES (…), (…)
	SetOp  *SetOp
	// or a plain SELECT:
	Distinct      bool
	DistinctOn    []Expr
	Targets       []Target
	Into          *Name // SELECT INTO
	From          []TableExpr
	Where         Expr
	GroupBy       []GroupItem
	GroupDistinct bool
	Having        Expr
	Windows       []WindowDef

	OrderBy  []SortBy
	Limit    Expr
	LimitAll bool
	WithTies bool // FETCH FIRST … WITH TIES
	Offset   Expr
	Locking  []Locking
	Pos      int
}

// SetOp is L op R.
type SetOp struct {
	Op   string // "union", "intersect", "except"
	All  bool
	L, R *Select
}

// A Target is an item of the select list or of RETURNING.
type Target struct {
	X   Expr
	As  string // "" if none
	Pos int
}

// A GroupItem is an expression, or one of the grouping-set forms.
type GroupItem struct {
	Kind  GroupKind
	X     Expr        // GroupExpr
	Items []GroupItem // the others
	Pos   int
}

type GroupKind uint8

const (
	GroupExpr GroupKind = iota
	GroupEmpty
	GroupSets
	GroupRollup
	GroupCube
	GroupList // (a, b) inside sets
)

// Locking is FOR UPDATE … OF … NOWAIT.
type Locking struct {
	Strength string // "update", "no key update", "share", "key share"
	Of       []Name
	Wait     string // "", "nowait", "skip locked"
	Pos      int
}

// With is WITH [RECURSIVE] ….
type With struct {
	Recursive bool
	CTEs      []CTE
}

// A CTE is name (columns) AS [NOT MATERIALIZED] (statement).
type CTE struct {
	Name         string
	Columns      []string
	Materialized *bool // nil: not said
	Query        Stmt  // *Select, *Insert, *Update, *Delete
	Search       *Search
	Cycle        *Cycle
	Pos          int
}

// A Search is SEARCH DEPTH | BREADTH FIRST BY columns SET sequence.
type Search struct {
	Breadth  bool
	Columns  []string
	Sequence string
	Pos      int
}

// A Cycle is CYCLE columns SET mark TO value DEFAULT default USING path.
type Cycle struct {
	Columns        []string
	Mark, Path     string
	Value, Default Expr
	Pos            int
}

// A TableExpr is an item of FROM.
type TableExpr interface{ tableExpr() }

type (
	// TableRef is a table or view or CTE.
	TableRef struct {
		Name    Name
		Only    bool
		Alias   string
		Columns []string // column aliases
		Sample  bool     // TABLESAMPLE was given
	}
	// Subquery is (SELECT …) alias.
	Subquery struct {
		Query   *Select
		Lateral bool
		Alias   string
		Columns []string
		Pos     int
	}
	// FuncTable is func(…) or ROWS FROM (…), WITH ORDINALITY.
	FuncTable struct {
		Funcs      []RowsFunc
		RowsFrom   bool
		Lateral    bool
		Ordinality bool
		Alias      string
		Columns    []string
		Pos        int
	}
	RowsFunc struct {
		X    Expr        // usually a *Func
		Defs []ColumnDef // AS (a int, …)
	}
	// Join is L join R.
	Join struct {
		Kind       JoinKind
		Natural    bool
		Using      []string
		UsingAlias string
		On         Expr
		L, R       TableExpr
		Alias      string
		Columns    []string
		Pos        int
	}
	JoinKind uint8
)

const (
	InnerJoin JoinKind = iota // also CROSS
	LeftJoin
	RightJoin
	FullJoin
)

func (*TableRef) tableExpr()  {}
func (*Subquery) tableExpr()  {}
func (*FuncTable) tableExpr() {}
func (*Join) tableExpr()      {}

// Insert is INSERT.
type Insert struct {
	With       *With
	Table      Name
	Alias      string
	Columns    []InsertColumn
	Overriding string  // "", "user", "system"
	Source     *Select // nil: DEFAULT VALUES
	OnConflict *OnConflict
	Returning  []Target
}

// An InsertColumn is a column to insert into.
type InsertColumn struct {
	Name string
	Pos  int
	Path []Access // of col[1] or col.f
}

// OnConflict is ON CONFLICT ….
type OnConflict struct {
	Constraint string
	Infer      []IndexElem // columns or expressions
	InferWhere Expr
	DoUpdate   bool
	Set        []Assign
	Where      Expr
	Pos        int
}

// An Assign is col = X, or (cols) = X with X a *Row or a *Sublink.
type Assign struct {
	Columns []string
	Paths   [][]Access // of each column: the part of it that is assigned
	Multi   bool
	X       Expr
	Pos     int
}

// Update is UPDATE.
type Update struct {
	With      *With
	Table     Name
	Only      bool
	Alias     string
	Set       []Assign
	From      []TableExpr
	Where     Expr
	CurrentOf string
	Returning []Target
}

// Delete is DELETE.
type Delete struct {
	With      *With
	Table     Name
	Only      bool
	Alias     string
	Using     []TableExpr
	Where     Expr
	CurrentOf string
	Returning []Target
}

func (*Select) stmt() {}
func (*Insert) stmt() {}
func (*Update) stmt() {}
func (*Delete) stmt() {}
