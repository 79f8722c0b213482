// Package ast is Zorya's syntax tree: what the parser makes of a statement and
// the binder reads. Nodes are plain data. Pos fields are 1-based character
// offsets into the statement text, as ErrorResponse wants them; 0 = unknown.
package ast

// A Stmt is one statement.
type Stmt interface{ stmt() }

// An Expr is a scalar expression.
type Expr interface {
	expr()
	// Position is where the expression starts; for operators, where the operator stands.
	Position() int
}

// Pos is embedded in every expression.
type Pos struct{ At int }

// Position returns the 1-based character offset.
func (p Pos) Position() int { return p.At }
func (p Pos) expr()         {}

// A Name is a possibly qualified object name: schema (may be "") and name.
type Name struct {
	Catalog string
	Schema  string
	Name    string
	Pos     int
}

// A TypeName is a type as written: name parts, modifiers, array bounds.
type TypeName struct {
	Schema  string // "" or e.g. "pg_catalog"
	Name    string // internal name: int4, varchar, bpchar, timestamptz …
	Mods    []Expr // e.g. (10, 2); for interval: fields mask as PostgreSQL gives it
	Array   int    // number of dimensions; 0 = not an array
	SetOf   bool
	PctType bool // name%TYPE
	Pos     int
}

// Expressions.
type (
	// A ConstKind is the lexical kind of a literal.
	ConstKind uint8

	// Const is a literal. Slot numbers the literal in the statement's text, from
	// 1, in order of appearance, as Normalize does; 0 = not a literal of the text.
	Const struct {
		Pos
		Kind ConstKind
		Text string // digits, string contents, "true"/"false", bits; "" for NULL
		Slot int
	}
	// Param is $n.
	Param struct {
		Pos
		N int
	}
	// ColumnRef is a, t.a, s.t.a; Star if the last part is *.
	ColumnRef struct {
		Pos
		Parts []string
		Star  bool
	}
	// Binary is an operator with two operands, Unary with one (prefix). Op is the
	// operator's name ("+", "=", "~~" for LIKE, "!~~", "~~*", "!~~*"). Schema is
	// that of OPERATOR(schema.op), usually "".
	Binary struct {
		Pos
		Schema, Op string
		L, R       Expr
	}
	Unary struct {
		Pos
		Schema, Op string
		X          Expr
	}
	// AnyAll is L op ANY (array) or L op ALL (array).
	AnyAll struct {
		Pos
		Schema, Op string
		All        bool
		L, Array   Expr
	}
	// Bool is AND, OR (flattened) or NOT.
	Bool struct {
		Pos
		Op   BoolOp
		Args []Expr
	}
	BoolOp uint8
	// Is is X IS [NOT] NULL / TRUE / FALSE / UNKNOWN.
	Is struct {
		Pos
		X    Expr
		Not  bool
		What IsWhat
	}
	IsWhat uint8
	// Distinct is L IS [NOT] DISTINCT FROM R.
	Distinct struct {
		Pos
		L, R Expr
		Not  bool
	}
	// NullIf is NULLIF(L, R).
	NullIf struct {
		Pos
		L, R Expr
	}
	// In is X [NOT] IN (list). (IN with a subquery is a Sublink.)
	In struct {
		Pos
		X    Expr
		Not  bool
		List []Expr
	}
	// Between is X [NOT] BETWEEN [SYMMETRIC] Lo AND Hi.
	Between struct {
		Pos
		X, Lo, Hi      Expr
		Not, Symmetric bool
	}
	// Case is CASE [Arg] WHEN … THEN … ELSE … END.
	Case struct {
		Pos
		Arg   Expr // nil for a searched CASE
		Whens []When
		Else  Expr // nil: NULL
	}
	When struct {
		Pos
		Cond, Result Expr
	}
	// Cast is CAST(X AS Type) or X::Type.
	Cast struct {
		Pos
		X    Expr
		Type TypeName
	}
	// Collate is X COLLATE name.
	Collate struct {
		Pos
		X    Expr
		Name []string
	}
	// Func is a function call, aggregate or window function.
	Func struct {
		Pos
		Schema, Name string
		Args         []Expr
		ArgNames     []string // named arguments; "" where positional; nil if none
		Star         bool     // count(*)
		Distinct     bool
		Variadic     bool
		OrderBy      []SortBy
		WithinGroup  bool // OrderBy is WITHIN GROUP's
		ByCall       bool // the procedure of CALL
		Filter       Expr
		Over         *WindowDef // nil: no OVER
		// SQLSyntax says that the call was written with special syntax (EXTRACT,
		// SUBSTRING … FROM, AT TIME ZONE …), for deparsing and column names.
		SQLSyntax bool
		// IfJSONB is the name of the function to call instead if an argument is jsonb.
		IfJSONB string
	}
	// SpecialFunc is GREATEST, LEAST, COALESCE, or an SQL value function
	// (CURRENT_DATE, CURRENT_TIMESTAMP(p), SESSION_USER …). Name is lower case.
	SpecialFunc struct {
		Pos
		Name string
		Args []Expr
		Prec int // precision of CURRENT_TIMESTAMP(p) …; -1 if none
	}
	// Sublink is a subquery in an expression.
	Sublink struct {
		Pos
		Kind   SublinkKind
		Test   Expr // left side of IN / ANY / ALL; nil otherwise
		Schema string
		Op     string // operator of ANY / ALL; "=" for IN
		Query  *Select
	}
	SublinkKind uint8
	// Row is ROW(a, b) or (a, b).
	Row struct {
		Pos
		Args     []Expr
		Explicit bool // with the word ROW
	}
	// ArrayExpr is ARRAY[…].
	ArrayExpr struct {
		Pos
		Elems []Expr
	}
	// Index is X[…], X[lo:hi] or (X).field or (X).*, applied in order.
	Indirection struct {
		Pos
		X    Expr
		Path []Access
	}
	Access struct {
		Field    string // .field
		Star     bool   // .*
		Slice    bool   // [Lo:Hi]; either may be nil
		Lo, Hi   Expr   // [Hi] when not a slice
		IsMember bool   // Field is meant
	}
	// Default is the word DEFAULT in VALUES or SET.
	Default struct{ Pos }
	// Grouping is GROUPING(a, b).
	Grouping struct {
		Pos
		Args []Expr
	}
	// JSONExpr is one of the SQL/JSON constructors and predicates: JSON_OBJECT,
	// JSON_ARRAY, JSON_OBJECTAGG, JSON_ARRAYAGG, IS JSON. Kind is the lower-case name.
	JSONExpr struct {
		Pos
		Kind                     string
		Keys, Values             []Expr
		Query                    *Select
		AbsentOnNull, UniqueKeys bool
		Not                      bool
		ItemType                 string // IS JSON OBJECT …
		Returning                *TypeName
		Format                   JSONFormat // of RETURNING
		OrderBy                  []SortBy
		Filter                   Expr
		Over                     *WindowDef
	}
	// JSONValue is an expression with FORMAT JSON behind it.
	JSONValue struct {
		Pos
		X      Expr
		Format JSONFormat
	}
	// JSONFormat is FORMAT JSON ENCODING …; without the latter Encoding is empty.
	JSONFormat struct {
		Pos
		Encoding string
	}
)

// Lexical kinds of a Const.
const (
	NullConst  ConstKind = iota
	IntConst             // digits that may or may not fit an int4
	FloatConst           // with point or exponent
	StringConst
	BoolConst
	BitConst // text keeps the leading b or x
)

const (
	And BoolOp = iota
	Or
	Not
)

const (
	IsNull IsWhat = iota
	IsTrue
	IsFalse
	IsUnknown
)

const (
	ScalarSublink SublinkKind = iota
	ExistsSublink
	AnySublink // Test op ANY (query); IN
	AllSublink
	ArraySublink
)

// A SortBy is one item of ORDER BY.
type SortBy struct {
	X     Expr
	Desc  bool
	Nulls NullsOrder
	Using string // USING op
	Pos   int
}

// NullsOrder is NULLS FIRST / LAST.
type NullsOrder uint8

const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// A WindowDef is OVER (…) or an item of WINDOW.
type WindowDef struct {
	Name      string // WINDOW name AS, or OVER name
	Ref       string // OVER (ref …)
	Partition []Expr
	Order     []SortBy
	Frame     *Frame
	Pos       int
}

// A Frame is ROWS/RANGE/GROUPS BETWEEN … EXCLUDE ….
type Frame struct {
	Mode       string // "rows", "range", "groups"
	Start, End Bound
	Between    bool   // it was written with BETWEEN
	Exclude    string // "", "current row", "group", "ties"
}

// A Bound is an end of a frame.
type Bound struct {
	Kind   BoundKind
	Offset Expr
}

// BoundKind says which end.
type BoundKind uint8

const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)
