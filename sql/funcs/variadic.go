package funcs

import "zorya/sql/types"

// SpreadVariadic is a function over VARIADIC "any" for a call that gives all of those
// arguments as one array.
func SpreadVariadic(fn *Func) *Func {
	spread := *fn
	spread.Eval, spread.Vec = nil, nil
	spread.TypedEval = func(c *Ctx, a []types.Datum, ts []types.T, result types.T) (types.Datum, error) {
		last := len(a) - 1
		args, argTypes := append([]types.Datum(nil), a[:last]...), append([]types.T(nil), ts[:last]...)
		switch {
		case !a[last].IsNull():
			elem := types.Of(arr(a[last]).Elem)
			for _, e := range arr(a[last]).Elems {
				args, argTypes = append(args, e), append(argTypes, elem)
			}
		case fn.Name != "format": // format takes NULL for no arguments
			return types.Null, nil
		}
		if fn.Eval != nil {
			return fn.Eval(c, args)
		}
		return fn.TypedEval(c, args, argTypes, result)
	}
	return &spread
}
