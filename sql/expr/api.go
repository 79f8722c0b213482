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

	// stack holds the arguments of calls while they are computed for a row.
	stack []types.Datum
}

// Foreign compiles an expression node that this package does not know (the
// planner's SubPlan). eval is called once per row with the input row at hand.
type Foreign func(e rel.Expr, layout []rel.Column) (eval func(env *Env, b *types.Batch, row int) (types.Datum, error), ok bool)
