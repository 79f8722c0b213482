// Package expr evaluates bound scalar expressions: compiled once against a row
// layout, then run over batches or single rows.
//
// A Compiled is immutable and safe for concurrent use; an Env belongs to one
// running statement.
package expr

import (
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An Env is what expressions may read beside their input columns.
type Env struct {
	*funcs.Ctx
	Params []types.Datum // $1 is Params[0]
	Slots  []types.Datum // values of literals that differ from the plan's: Slots[n-1]; NULL-kind with SlotSet false = use the plan's
	SlotOK []bool
	// Outer holds the values of columns of outer queries and of nested-loop
	// parameters, by column id.
	Outer map[rel.ColID]types.Datum
	// Domain checks a value against a domain's constraints.
	Domain func(domain types.OID, d types.Datum) error
	// State is the executor's, for Foreign.
	State any
}

// Foreign compiles an expression node that this package does not know (the
// planner's SubPlan). eval is called once per row with the input row at hand.
type Foreign func(e rel.Expr, layout []rel.Column) (eval func(env *Env, b *types.Batch, row int) (types.Datum, error), ok bool)

// What this package offers (compile.go, fold.go, walk.go, deparse.go):
//
//	Compile(e rel.Expr, layout []rel.Column, foreign Foreign) (*Compiled, error)
//	(*Compiled).Eval(env *Env, b *types.Batch) (*types.Vec, error)      // b.Len values; owned by the Compiled's caller until the next Eval with the same env… (fresh Vec each call is fine)
//	(*Compiled).Row(env *Env, row []types.Datum) (types.Datum, error)  // one row, for the direct path
//	(*Compiled).Filter(env *Env, b *types.Batch, sel []int) ([]int, error) // rows where true
//	IsConst(e) bool: no columns, params, volatile or stable calls, subqueries
//	Fold(c *funcs.Ctx, e rel.Expr) rel.Expr         // constant-folds immutable subtrees; errors (1/0) leave the tree as it is
//	Walk(e rel.Expr, f func(rel.Expr) bool); Map(e rel.Expr, f func(rel.Expr) rel.Expr) rel.Expr  // rebuild bottom-up
//	Cols(e rel.Expr) []rel.ColID                     // incl. outer references
//	Equal(a, b rel.Expr) bool                        // structural
//	Deparse(e rel.Expr, name func(rel.ColID) string) string   // as EXPLAIN and pg_get_expr print: (balance > '100'::numeric)
