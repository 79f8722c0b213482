package funcs

import (
	"zorya/sql/types"
)

// A lane says how values of one physical kind are taken from and put into datums
// and vectors.
type lane[T any] struct {
	get func(d types.Datum) T
	put func(v T) types.Datum
	at  func(v *types.Vec, i int) T
	set func(v *types.Vec, i int, x T)
}

var (
	intLane = lane[int64]{
		get: func(d types.Datum) int64 { return d.I }, put: types.NewInt,
		at: func(v *types.Vec, i int) int64 { return v.I[i] }, set: func(v *types.Vec, i int, x int64) { v.I[i] = x },
	}
	boolLane = lane[bool]{
		get: func(d types.Datum) bool { return d.I != 0 }, put: types.NewBool,
		at: func(v *types.Vec, i int) bool { return v.I[i] != 0 },
		set: func(v *types.Vec, i int, x bool) {
			v.I[i] = 0
			if x {
				v.I[i] = 1
			}
		},
	}
	floatLane = lane[float64]{
		get: func(d types.Datum) float64 { return d.F }, put: types.NewFloat,
		at: func(v *types.Vec, i int) float64 { return v.F[i] }, set: func(v *types.Vec, i int, x float64) { v.F[i] = x },
	}
	textLane = lane[string]{
		get: func(d types.Datum) string { return d.S }, put: types.NewText,
		at: func(v *types.Vec, i int) string { return v.S[i] }, set: func(v *types.Vec, i int, x string) { v.S[i] = x },
	}
)

// other is the lane of a kind whose values are boxed.
func other[T any](k types.Kind) lane[T] {
	return lane[T]{
		get: func(d types.Datum) T { return d.X.(T) },
		put: func(v T) types.Datum { return types.Datum{Kind: k, X: v} },
		at:  func(v *types.Vec, i int) T { return v.X[i].(T) },
		set: func(v *types.Vec, i int, x T) { v.X[i] = x },
	}
}

// lift1 makes a kernel of a function of one value that may fail.
func lift1[A, R any](a lane[A], r lane[R], f func(A) (R, error)) kernel {
	return kernel{
		eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) {
			x, err := f(a.get(args[0]))
			if err != nil {
				return types.Null, err
			}
			return r.put(x), nil
		},
		vec: func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
			for i := 0; i < n; i++ {
				if out.Null != nil && out.Null[i] {
					continue
				}
				x, err := f(a.at(args[0], i))
				if err != nil {
					return err
				}
				r.set(out, i, x)
			}
			return nil
		},
	}
}

// lift2 makes a kernel of a function of two values that may fail.
func lift2[A, B, R any](a lane[A], b lane[B], r lane[R], f func(A, B) (R, error)) kernel {
	return kernel{
		eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) {
			x, err := f(a.get(args[0]), b.get(args[1]))
			if err != nil {
				return types.Null, err
			}
			return r.put(x), nil
		},
		vec: func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
			for i := 0; i < n; i++ {
				if out.Null != nil && out.Null[i] {
					continue
				}
				x, err := f(a.at(args[0], i), b.at(args[1], i))
				if err != nil {
					return err
				}
				r.set(out, i, x)
			}
			return nil
		},
	}
}

// pure1 and pure2 lift functions that cannot fail.
func pure1[A, R any](a lane[A], r lane[R], f func(A) R) kernel {
	return lift1(a, r, func(x A) (R, error) { return f(x), nil })
}

func pure2[A, B, R any](a lane[A], b lane[B], r lane[R], f func(A, B) R) kernel {
	return lift2(a, b, r, func(x A, y B) (R, error) { return f(x, y), nil })
}

// scalar makes a kernel of a function of datums.
func scalar(f func(args []types.Datum) (types.Datum, error)) kernel {
	return kernel{eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) { return f(args) }}
}

// ctxual makes a kernel of a function that looks at the statement.
func ctxual(f func(c *Ctx, args []types.Datum) (types.Datum, error)) kernel { return kernel{eval: f} }

// same returns its first argument: casts that change nothing.
func same() kernel {
	return kernel{
		eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) { return args[0], nil },
	}
}

func merge(tables ...kernels) kernels {
	out := kernels{}
	for _, t := range tables {
		for name, k := range t {
			out[name] = k
		}
	}
	return out
}
