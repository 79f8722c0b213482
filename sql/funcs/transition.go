package funcs

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

// transitionKernels are the functions that aggregates are made of in PostgreSQL, where
// they can be called by themselves: a state, an array, goes in and out.
func transitionKernels() kernels {
	return kernels{
		"booland_statefunc":   pure2(boolLane, boolLane, boolLane, func(a, b bool) bool { return a && b }),
		"boolor_statefunc":    pure2(boolLane, boolLane, boolLane, func(a, b bool) bool { return a || b }),
		"float8_accum":        stateKernel(3, accumulate),
		"float8_regr_accum":   stateKernel(6, accumulate),
		"float8_combine":      stateKernel(3, combine),
		"float8_regr_combine": stateKernel(6, combine),
	}
}

// stateKernel calls f with the state that an array of n numbers is, and gives back what
// f made of it.
func stateKernel(n int, f func(m *moments, n int, args []types.Datum) error) kernel {
	return kernel{eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) {
		m, err := momentsOf(args[0], n)
		if err != nil {
			return types.Null, err
		}
		if err := f(m, n, args[1:]); err != nil {
			return types.Null, err
		}
		var elems []types.Datum
		for _, v := range []float64{m.n, m.sx, m.sxx, m.sy, m.syy, m.sxy}[:n] {
			elems = append(elems, types.NewFloat(v))
		}
		return vector(types.Float8OID, elems), nil
	}}
}

func momentsOf(d types.Datum, n int) (*moments, error) {
	list := arr(d).Elems
	v := make([]float64, 6)
	for i, e := range list {
		if e.IsNull() || len(list) != n {
			list = nil
			break
		}
		v[i] = e.F
	}
	if len(list) == 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "expected %d-element float8 array", n)
	}
	return &moments{n: v[0], sx: v[1], sxx: v[2], sy: v[3], syy: v[4], sxy: v[5]}, nil
}

func accumulate(m *moments, _ int, args []types.Datum) error { return m.Add(nil, args) }

// combine adds what another state has seen.
func combine(m *moments, n int, args []types.Datum) error {
	o, err := momentsOf(args[0], n)
	if err != nil || o.n == 0 {
		return err
	}
	if m.n == 0 {
		*m = *o
		return nil
	}
	dx, dy, both := m.sx/m.n-o.sx/o.n, m.sy/m.n-o.sy/o.n, m.n+o.n
	pairs := m.n * o.n
	m.n, m.sx, m.sy = both, m.sx+o.sx, m.sy+o.sy
	m.sxx += o.sxx + pairs*dx*dx/both
	m.syy += o.syy + pairs*dy*dy/both
	m.sxy += o.sxy + pairs*dx*dy/both
	return nil
}
