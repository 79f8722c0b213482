package funcs

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

// A Routine is a function of a user, whose body is SQL, with the types of a call.
type Routine struct {
	Func   types.OID
	Name   string
	Args   []types.OID
	Result types.OID
	// Cols are the columns of its rows, if the result is a record and the declaration
	// or the call says which.
	Cols []types.T
	Set  bool
}

// Calling returns sig as a function that runs r.
func (r *Routine) Calling(sig *Func) *Func {
	fn := *sig
	fn.Result = r.Result
	if r.Set {
		fn.Rows = func(c *Ctx, args []types.Datum, emit func([]types.Datum) error) error { return r.call(c, args, emit) }
		return &fn
	}
	fn.Eval = func(c *Ctx, args []types.Datum) (out types.Datum, err error) {
		err = r.call(c, args, func(row []types.Datum) error {
			out = row[0]
			return nil
		})
		return out, err
	}
	return &fn
}

func (r *Routine) call(c *Ctx, args []types.Datum, emit func([]types.Datum) error) error {
	if c == nil || c.Env == nil {
		return pgerr.New(pgerr.FeatureNotSupported, "function %s cannot be called here", r.Name)
	}
	return c.Env.CallSQL(c, r, args, emit)
}

// SolveOpen is the type that an open (polymorphic) type of a function's declaration
// has in a call: declared and given are the types of its arguments.
func SolveOpen(declared, given []types.OID, t types.OID) (types.OID, error) {
	_, out, err := solve(declared, given, t)
	return out, err
}
