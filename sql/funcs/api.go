// Package funcs is the registry of what a type can do: functions, operators,
// casts, aggregates and window functions as data, and the one place where an
// overload is chosen (PostgreSQL manual, chapter 10). pg_proc, pg_operator,
// pg_cast and pg_aggregate are served from it.
//
// The registry is immutable after package initialisation and safe for concurrent use.
package funcs

import (
	"context"
	"time"

	"zorya/sql/types"
)

// A Ctx is what a function may know of the statement that calls it. One Ctx
// serves one statement on one goroutine.
type Ctx struct {
	context.Context
	Format        *types.Format // DateStyle, TimeZone, extra_float_digits …
	TxnTime       time.Time     // now(): fixed for the transaction
	StatementTime time.Time
	Env           Env
	Memory        any // The executor's: what the statement holds, with those in functions.
}

// Env is the session and catalog behind system functions. Implemented by the
// session; nil in constant folding of immutable functions.
type Env interface {
	CurrentUser() string
	SessionUser() string
	CurrentDatabase() string
	CurrentSchemas(implicit bool) []string
	Setting(name string, missingOK bool) (string, error)
	SetSetting(name, value string, local bool) error
	ResetSetting(name string) error
	BackendPID() int32
	ClientAddr() (host string, port int)
	// Query is the text that the client sent, of which the statement is a part.
	Query() string
	Random() *Random
	// TryInput runs the input function of a type given by name, with modifier, on a
	// text. fault is what is wrong with the text, err what is with the type.
	TryInput(c *Ctx, typeName, text string) (fault, err error)
	// Sequences. seq is the sequence's OID.
	Nextval(ctx context.Context, seq types.OID) (int64, error)
	Currval(seq types.OID) (int64, error)
	Lastval() (int64, error)
	Setval(ctx context.Context, seq types.OID, v int64, called bool) error
	types.Names
	// CatalogFunc answers a function that reads the catalog (pg_get_indexdef,
	// has_table_privilege, obj_description …) by its name.
	CatalogFunc(ctx *Ctx, name string, args []types.Datum, argTypes []types.OID) (types.Datum, error)
	// Advisory takes or releases an advisory lock and tells whether that was done.
	Advisory(c *Ctx, call AdvisoryCall) (bool, error)
	// CallSQL runs the body of a user's function: emit is called once a row of its
	// result, with one value. Without a set there is one row at most.
	CallSQL(ctx *Ctx, r *Routine, args []types.Datum, emit func(row []types.Datum) error) error
}

// Volatility as in pg_proc.provolatile.
type Volatility byte

// The volatilities.
const (
	Immutable Volatility = 'i'
	Stable    Volatility = 's'
	Volatile  Volatility = 'v'
)

// Kind as in pg_proc.prokind.
type Kind byte

// The kinds.
const (
	Plain     Kind = 'f'
	AggKind   Kind = 'a'
	WinKind   Kind = 'w'
	Procedure Kind = 'p'
)

// A Func is one signature. Entries for operators' functions have PostgreSQL's
// own names (int4pl, texteq) and OIDs where known.
type Func struct {
	OID        types.OID
	Schema     string // pg_catalog unless set
	Name       string
	Args       []types.OID   // may hold polymorphic pseudo-types
	ArgNames   []string      // nil: unnamed
	Defaults   []types.Datum // for the last len(Defaults) arguments
	Variadic   bool          // the last argument is an array that takes the rest
	Result     types.OID     // polymorphic ones are resolved at the call
	Set        bool          // returns a set
	OutTypes   []types.OID   // columns, for functions that return records
	OutNames   []string
	Strict     bool // NULL in, NULL out, without a call
	Volatility Volatility
	Kind       Kind

	// Eval computes one value. It may keep nothing of args.
	Eval func(c *Ctx, args []types.Datum) (types.Datum, error)
	// Vec, if set, computes n values at once into out, which has the result's kind
	// and n places. When Strict, rows where any argument is NULL are NULL already in
	// out.Null and may hold any value in args; Vec must not fail on them.
	Vec func(c *Ctx, args []*types.Vec, n int, out *types.Vec) error
	// Rows produces a set: emit is called once a row with its columns (one column
	// unless OutTypes is set).
	Rows func(c *Ctx, args []types.Datum, emit func(row []types.Datum) error) error
	// NewAgg makes the state of an aggregate.
	NewAgg func(c *Ctx, argTypes []types.T) Agg
	// OrderedSet: 'o' ordered-set, 'h' hypothetical-set aggregate; direct arguments
	// come first in Args, in NewAgg's types and in what Add gets; rows are added in the
	// order of WITHIN GROUP.
	OrderedSet byte
	// NewWin makes the state of a window function that is no aggregate.
	NewWin func(c *Ctx) Win
	// TypedEval is Eval for functions that must know their arguments' and result's
	// resolved types (polymorphic ones, to_json, format …). Used when Eval is nil.
	TypedEval func(c *Ctx, args []types.Datum, argTypes []types.T, result types.T) (types.Datum, error)
}

// An Agg accumulates values of one group.
type Agg interface {
	// Add takes one row's arguments. Strict aggregates get no NULLs.
	Add(c *Ctx, args []types.Datum) error
	// Result returns the value; the state stays usable (moving frames, windows).
	Result(c *Ctx) (types.Datum, error)
	// Size is the state's memory in bytes, roughly, for the query's account.
	Size() int
}

// A HypotheticalAgg is a hypothetical-set aggregate: instead of rows it is told where
// the hypothetical row would stand among them.
type HypotheticalAgg interface {
	Agg
	Place(p Place)
}

// A Place counts the rows of a sorted set, those before a hypothetical one and its
// peers, and the distinct values among those before.
type Place struct{ Rows, Before, Peers, GroupsBefore int64 }

// A VecAgg is an Agg with a fast path: add values of a column without boxing.
// sel lists the rows to take; nil means all n.
type VecAgg interface {
	Agg
	AddVec(c *Ctx, args []*types.Vec, sel []int, n int) error
}

// A WinPartition is what a window function sees of its partition.
type WinPartition interface {
	Len() int                            // rows in the partition
	Arg(row, arg int) types.Datum        // an argument's value at a row
	PeerGroup(row int) (first, last int) // rows that are peers of row: [first, last)
	Frame(row int) (first, last int)     // frame of row: [first, last), before exclusion
	InFrame(row, i int) bool             // after EXCLUDE
}

// A Win computes a window function's value at each row of a partition, in order.
type Win interface {
	Value(c *Ctx, p WinPartition, row int) (types.Datum, error)
}

// An Operator is one signature of an operator.
type Operator struct {
	OID         types.OID
	Name        string
	Left, Right types.OID // Left is 0 for a prefix operator
	Result      types.OID
	Func        *Func
	Commutator  string
	Negator     string
	// For comparison operators: the btree strategy: '<', 'l' (<=), '=', 'g' (>=), '>'; 0 otherwise.
	Strategy byte
	Hashes   bool // equality usable for hash joins and grouping
	// Sel names the selectivity estimator: "eq", "neq", "ineq", "like", "contain", "".
	Sel string
}

// CastContext says where a cast may happen by itself.
type CastContext byte

// The contexts, as in pg_cast.castcontext.
const (
	Implicit   CastContext = 'i'
	Assignment CastContext = 'a'
	Explicit   CastContext = 'e'
)

// A CastMethod is how a cast works.
type CastMethod byte

// The methods, as in pg_cast.castmethod.
const (
	ByFunc  CastMethod = 'f'
	ByInOut CastMethod = 'i'
	Binary  CastMethod = 'b' // same representation: no work
)

// A CastEntry is a row of pg_cast. Func takes (value [, typmod int4 [, explicit bool]]).
type CastEntry struct {
	OID      types.OID
	From, To types.OID
	Context  CastContext
	Method   CastMethod
	Func     *Func
}

// A Match is a chosen overload: cast argument i to Args[i], then call. Trailing
// arguments of a variadic call are to be put in an array of VariadicElem, unless
// that is 0.
type Match struct {
	Func         *Func
	Args         []types.T // types the arguments are coerced to, resolved
	Result       types.T   // resolved
	VariadicElem types.OID
	DefaultArgs  []types.Datum // appended after the given arguments
}
