// Package rel is the bound tree: relational nodes over column ids and typed
// scalar expressions in which every name, overload and cast is resolved. The
// binder makes it, the planner rewrites it, plans carry its expressions.
//
// Trees are immutable: a rewrite makes new nodes and shares what it keeps.
package rel

import (
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// A ColID names a column of some node's output; unique in a statement.
type ColID int32

// An Expr is a typed scalar expression.
type Expr interface {
	Type() types.T
}

type (
	// Const is a value. Slot > 0: it was literal number Slot of the statement's
	// text, and the plan may be used again with another value there (see plan cache).
	Const struct {
		T    types.T
		D    types.Datum
		Slot int
		Pos  int
	}
	// Param is $N (from 1).
	Param struct {
		T types.T
		N int
	}
	// Col is a column of an input, or of an outer query (then no input has it, and
	// the executor binds it when it runs the subquery).
	Col struct {
		T  types.T
		ID ColID
	}
	// Call calls a function, or an operator's function (then Op is its name).
	// Arguments have been cast to the function's types.
	Call struct {
		T    types.T
		Fn   *funcs.Func
		Op   string // for printing and for index matching; "" for a function
		Oper *funcs.Operator
		Args []Expr
		Form *CallForm // as it was written, in Shapes only
		Pos  int
	}
	// Cast converts X to T. Method Binary changes nothing but the type (Relabel);
	// ByInOut goes through text; ByFunc calls Fn(x [, typmod [, explicit]]).
	// ElemCast is set when an array's elements are cast each (its X is a Col with ID -1).
	Cast struct {
		T        types.T
		X        Expr
		Method   funcs.CastMethod
		Fn       *funcs.Func
		Explicit bool // written by the user
		ElemCast Expr
		Domain   types.OID // not 0: check this domain's constraints
		Pos      int
	}
	// Typmod applies T's modifier to X (length coercion).
	Typmod struct {
		T        types.T
		X        Expr
		Explicit bool
	}
	// Bool is AND, OR or NOT, three-valued.
	Bool struct {
		Op   BoolOp
		Args []Expr
	}
	BoolOp uint8
	// IsTest is X IS [NOT] NULL/TRUE/FALSE/UNKNOWN.
	IsTest struct {
		X    Expr
		What IsWhat
		Not  bool
	}
	IsWhat uint8
	// Distinct is L IS [NOT] DISTINCT FROM R; Eq compares.
	Distinct struct {
		L, R Expr
		Eq   *funcs.Func
		Not  bool
	}
	// AnyAll is L op ANY/ALL (Array). Also IN with a list of constants.
	AnyAll struct {
		Op    string
		Fn    *funcs.Func
		Oper  *funcs.Operator
		All   bool
		L     Expr
		Array Expr
		Pos   int
	}
	// Case is a searched CASE. (CASE x WHEN … becomes one; x is evaluated once
	// through CaseArg.)
	Case struct {
		T     types.T
		Arg   Expr // nil, or the value that CaseArg stands for
		Whens []When
		Else  Expr // nil: NULL
	}
	When    struct{ Cond, Result Expr }
	CaseArg struct{ T types.T }
	// Coalesce, MinMax (GREATEST/LEAST, with the type's comparison).
	Coalesce struct {
		T    types.T
		Args []Expr
	}
	MinMax struct {
		T        types.T
		Greatest bool
		Args     []Expr
	}
	NullIf struct {
		T    types.T
		L, R Expr
		Eq   *funcs.Func
	}
	// RowExpr makes a record, ArrayExpr an array (Multi: its elements are arrays).
	// Present, if not nil, is a boolean: where it is NULL, so is the record.
	RowExpr struct {
		T       types.T
		Args    []Expr
		Names   []string
		Present Expr
	}
	ArrayExpr struct {
		T     types.T
		Elem  types.OID
		Elems []Expr
		Multi bool
	}
	// RowCompare is (a, b) op (c, d) with op < <= >= > (= and <> become AND/OR).
	RowCompare struct {
		Op       string
		L, R     []Expr
		Eqs, Lts []*funcs.Func // per column: equality and "less than"
	}
	// Field is the field number N (from 0) of a record.
	Field struct {
		T    types.T
		X    Expr
		N    int
		Name string
	}
	// Subscript is X[…] of an array. With Assign it is X, an array or a jsonb, in
	// which Value has taken the place of that part.
	Subscript struct {
		T      types.T
		X      Expr
		Lo, Hi []Expr // Lo nil for plain subscripts; entries may be nil in slices
		Slice  bool
		Assign bool
		Value  Expr // of an assignment
	}
	// Subquery is a subquery as a value. Test and Cmp are for Any and All: Cmp is a
	// condition over the query's output columns and Test's columns.
	Subquery struct {
		T     types.T
		Kind  SubqueryKind
		Query Node
		Cmp   Expr // AnyQuery, AllQuery: boolean over Query's columns and outer ones
		Shape *Shape
		Op    string // of AnyQuery and AllQuery, in Shapes only
		Pos   int
	}
	SubqueryKind uint8
	// SQLValue is CURRENT_USER and its like ("current_user", "user", "session_user",
	// "current_role", "current_catalog", "current_schema", "current_date",
	// "current_time", "current_timestamp", "localtime", "localtimestamp").
	SQLValue struct {
		T    types.T
		Name string
		Prec int // -1: none
	}
	// Default stands for a column's default in INSERT or UPDATE; the binder
	// replaces it before anyone else sees a tree.
	// Nextval of an identity column is a Call of nextval.
)

// Boolean operators.
const (
	And BoolOp = iota
	Or
	Not
)

// What IsTest tests for.
const (
	IsNull IsWhat = iota
	IsTrue
	IsFalse
	IsUnknown
)

// Kinds of Subquery.
const (
	ScalarQuery SubqueryKind = iota // no row: NULL; more than one: 21000
	ExistsQuery
	AnyQuery
	AllQuery
	ArrayQuery
)

var boolT = types.Of(types.BoolOID)

func (e *Const) Type() types.T      { return e.T }
func (e *Param) Type() types.T      { return e.T }
func (e *Col) Type() types.T        { return e.T }
func (e *Call) Type() types.T       { return e.T }
func (e *Cast) Type() types.T       { return e.T }
func (e *Typmod) Type() types.T     { return e.T }
func (e *Bool) Type() types.T       { return boolT }
func (e *IsTest) Type() types.T     { return boolT }
func (e *Distinct) Type() types.T   { return boolT }
func (e *AnyAll) Type() types.T     { return boolT }
func (e *Case) Type() types.T       { return e.T }
func (e *CaseArg) Type() types.T    { return e.T }
func (e *Coalesce) Type() types.T   { return e.T }
func (e *MinMax) Type() types.T     { return e.T }
func (e *NullIf) Type() types.T     { return e.T }
func (e *RowExpr) Type() types.T    { return e.T }
func (e *ArrayExpr) Type() types.T  { return e.T }
func (e *RowCompare) Type() types.T { return boolT }
func (e *Field) Type() types.T      { return e.T }
func (e *Subscript) Type() types.T  { return e.T }
func (e *Subquery) Type() types.T   { return e.T }
func (e *SQLValue) Type() types.T   { return e.T }
