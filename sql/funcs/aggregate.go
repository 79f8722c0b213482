package funcs

import (
	"cmp"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// aggregateKernels gives aggregates by name ("agg sum") where one state serves
// all types, and by signature where not.
func aggregateKernels() kernels {
	agg := func(f func(c *Ctx, ts []types.T) Agg) kernel { return kernel{agg: f} }
	fixed := func(f func() Agg) kernel { return agg(func(*Ctx, []types.T) Agg { return f() }) }
	out := kernels{
		"agg count":       fixed(func() Agg { return &countAgg{} }),
		"agg sum":         agg(newSum),
		"agg avg":         agg(newAvg),
		"agg min":         agg(func(c *Ctx, ts []types.T) Agg { return newExtreme(ts, -1) }),
		"agg max":         agg(func(c *Ctx, ts []types.T) Agg { return newExtreme(ts, 1) }),
		"agg bool_and":    fixed(func() Agg { return &boolAgg{all: true} }),
		"agg every":       fixed(func() Agg { return &boolAgg{all: true} }),
		"agg bool_or":     fixed(func() Agg { return &boolAgg{} }),
		"agg bit_and":     fixed(func() Agg { return &bitAgg{op: func(a, b int64) int64 { return a & b }} }),
		"agg bit_or":      fixed(func() Agg { return &bitAgg{op: func(a, b int64) int64 { return a | b }} }),
		"agg bit_xor":     fixed(func() Agg { return &bitAgg{op: func(a, b int64) int64 { return a ^ b }} }),
		"agg string_agg":  fixed(func() Agg { return &stringAgg{} }),
		"array_agg(2776)": agg(func(_ *Ctx, ts []types.T) Agg { return &arrayAgg{elem: ts[0].OID} }),
		"array_agg(2277)": agg(func(_ *Ctx, ts []types.T) Agg { return &arrayAgg{elem: elemOf(ts[0].OID), nested: true} }),
	}
	return merge(out, momentAggregates(), orderedAggregates(), transitionKernels())
}

// countAgg is count(*) and count(x): NULLs do not get here, or there are no
// arguments.
type countAgg struct{ n int64 }

func (a *countAgg) Add(_ *Ctx, args []types.Datum) error {
	if len(args) == 0 || !args[0].IsNull() {
		a.n++
	}
	return nil
}
func (a *countAgg) Result(*Ctx) (types.Datum, error) { return types.NewInt(a.n), nil }
func (a *countAgg) Size() int                        { return 16 }
func (a *countAgg) AddVec(_ *Ctx, args []*types.Vec, sel []int, n int) error {
	if len(args) == 0 || args[0].Null == nil && args[0].Kind != types.KindNull {
		if sel != nil {
			n = len(sel)
		}
		a.n += int64(n)
		return nil
	}
	each(sel, n, func(i int) {
		if !args[0].IsNull(i) {
			a.n++
		}
	})
	return nil
}

// each calls f for the rows of sel, or for all n if sel is nil.
func each(sel []int, n int, f func(i int)) {
	if sel != nil {
		for _, i := range sel {
			f(i)
		}
		return
	}
	for i := 0; i < n; i++ {
		f(i)
	}
}

// addRows is AddVec by way of Add, for aggregates that skip NULLs.
func addRows(c *Ctx, a Agg, v *types.Vec, sel []int, n int) (err error) {
	row := make([]types.Datum, 1)
	each(sel, n, func(i int) {
		if err == nil && !v.IsNull(i) {
			row[0] = v.At(i)
			err = a.Add(c, row)
		}
	})
	return err
}

// extreme is min (sign -1) and max (1). Of equal values the last counts, as with
// 1.5 and 1.50 one can see.
type extreme struct {
	t    types.OID
	sign int
	best types.Datum
}

func newExtreme(ts []types.T, sign int) Agg {
	t := types.TextOID
	if len(ts) > 0 {
		t = ts[0].OID
	}
	return &extreme{t: t, sign: sign}
}

func (a *extreme) Add(_ *Ctx, args []types.Datum) error {
	if d := args[0]; !d.IsNull() && (a.best.IsNull() || types.Compare(a.t, d, a.best)*a.sign >= 0) {
		a.best = d
	}
	return nil
}
func (a *extreme) Result(*Ctx) (types.Datum, error) { return a.best, nil }
func (a *extreme) Size() int                        { return 64 + len(a.best.S) }
func (a *extreme) AddVec(c *Ctx, args []*types.Vec, sel []int, n int) error {
	v := args[0]
	if v.Kind != types.KindInt || a.t == types.XID8OID { // which orders as an unsigned number
		return addRows(c, a, v, sel, n)
	}
	each(sel, n, func(i int) {
		if v.IsNull(i) {
			return
		}
		if x := v.I[i]; a.best.IsNull() || cmp.Compare(x, a.best.I)*a.sign >= 0 {
			a.best = types.NewInt(x)
		}
	})
	return nil
}

type boolAgg struct {
	all       bool // bool_and
	some, val bool
}

func (a *boolAgg) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	b := args[0].Bool()
	switch {
	case !a.some:
		a.some, a.val = true, b
	case a.all:
		a.val = a.val && b
	default:
		a.val = a.val || b
	}
	return nil
}
func (a *boolAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	return types.NewBool(a.val), nil
}
func (a *boolAgg) Size() int { return 8 }

type bitAgg struct {
	op   func(a, b int64) int64
	some bool
	v    int64
}

func (a *bitAgg) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	if !a.some {
		a.some, a.v = true, args[0].I
		return nil
	}
	a.v = a.op(a.v, args[0].I)
	return nil
}
func (a *bitAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	return types.NewInt(a.v), nil
}
func (a *bitAgg) Size() int { return 24 }

type stringAgg struct {
	some bool
	b    strings.Builder
}

func (a *stringAgg) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	if a.some && !args[1].IsNull() {
		a.b.WriteString(args[1].S)
	}
	a.some = true
	a.b.WriteString(args[0].S)
	if a.b.Len() > maxText {
		return errTextTooLong
	}
	return nil
}
func (a *stringAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	return types.NewText(strings.Clone(a.b.String())), nil
}
func (a *stringAgg) Size() int { return 32 + a.b.Cap() }

// arrayAgg collects values, NULLs too, or (nested) arrays of one shape.
type arrayAgg struct {
	elem   types.OID
	nested bool
	some   bool
	elems  []types.Datum
	dims   []int
	count  int
	size   int
}

func (a *arrayAgg) Add(_ *Ctx, args []types.Datum) error {
	d := args[0]
	a.some = true
	if !a.nested {
		a.elems = append(a.elems, d)
		a.size += 64 + len(d.S)
		return nil
	}
	if d.IsNull() {
		return pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
	}
	v := arr(d)
	switch {
	case len(v.Dims) == 0:
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
	case a.dims == nil:
		a.dims = v.Dims
	case !slices.Equal(a.dims, v.Dims):
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	a.count++
	a.elems = append(a.elems, v.Elems...)
	a.size += 64 * len(v.Elems)
	return nil
}
func (a *arrayAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	elems := append([]types.Datum(nil), a.elems...)
	if !a.nested {
		return vector(a.elem, elems), nil
	}
	out := &types.Array{Elem: a.elem, Elems: elems, Dims: append([]int{a.count}, a.dims...)}
	for range out.Dims {
		out.Lower = append(out.Lower, 1)
	}
	return arrayDatum(out), nil
}
func (a *arrayAgg) Size() int { return 64 + a.size }

// anyValue keeps the first value.
type anyValue struct{ v types.Datum }

func newAnyValue(*Ctx, []types.T) Agg { return &anyValue{} }

func (a *anyValue) Add(_ *Ctx, args []types.Datum) error {
	if a.v.IsNull() {
		a.v = args[0]
	}
	return nil
}
func (a *anyValue) Result(*Ctx) (types.Datum, error) { return a.v, nil }
func (a *anyValue) Size() int                        { return 64 + len(a.v.S) }
