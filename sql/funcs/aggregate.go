package funcs

import (
	"cmp"
	"math"
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

func newSum(_ *Ctx, ts []types.T) Agg {
	switch ts[0].OID {
	case types.Int2OID, types.Int4OID:
		return &intSum{}
	case types.Int8OID:
		return &wideSum{}
	case types.Float4OID:
		return &floatSum{narrow: true}
	case types.Float8OID:
		return &floatSum{}
	case types.IntervalOID:
		return &intervalSum{}
	}
	return &numericSum{}
}

func newAvg(_ *Ctx, ts []types.T) Agg {
	switch ts[0].OID {
	case types.Int2OID, types.Int4OID, types.Int8OID:
		return &wideSum{avg: true}
	case types.Float4OID, types.Float8OID:
		return &floatSum{avg: true}
	case types.IntervalOID:
		return &intervalSum{avg: true}
	}
	return &numericSum{avg: true}
}

// intSum adds smallint and integer into bigint.
type intSum struct {
	sum  int64
	some bool
}

func (a *intSum) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	s := a.sum + args[0].I
	if (a.sum^s)&(args[0].I^s) < 0 {
		return errInt8
	}
	a.sum, a.some = s, true
	return nil
}
func (a *intSum) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	return types.NewInt(a.sum), nil
}
func (a *intSum) Size() int { return 24 }
func (a *intSum) AddVec(c *Ctx, args []*types.Vec, sel []int, n int) error {
	v := args[0]
	if v.Null != nil || v.Kind == types.KindNull || sel != nil || n == 0 {
		return addRows(c, a, v, sel, n)
	}
	// A batch of 32-bit numbers cannot overflow by itself.
	var s int64
	for _, x := range v.I[:n] {
		s += x
	}
	return a.Add(c, []types.Datum{types.NewInt(s)})
}

// wideSum adds integers in 128 bits: sum(bigint), and the averages of integers,
// which are numeric.
type wideSum struct {
	hi  int64
	lo  uint64
	n   int64
	avg bool
}

func (a *wideSum) add(v int64) {
	lo := a.lo + uint64(v)
	if lo < a.lo {
		a.hi++
	}
	a.hi += v >> 63
	a.lo = lo
	a.n++
}

func (a *wideSum) Add(_ *Ctx, args []types.Datum) error {
	if !args[0].IsNull() {
		a.add(args[0].I)
	}
	return nil
}
func (a *wideSum) Result(*Ctx) (types.Datum, error) {
	if a.n == 0 {
		return types.Null, nil
	}
	sum := numericInt128(a.hi, a.lo)
	if a.avg {
		return numericQuo(sum, numericScaled(a.n, 0))
	}
	return sum, nil
}
func (a *wideSum) Size() int { return 40 }
func (a *wideSum) AddVec(_ *Ctx, args []*types.Vec, sel []int, n int) error {
	v := args[0]
	each(sel, n, func(i int) {
		if !v.IsNull(i) {
			a.add(v.I[i])
		}
	})
	return nil
}

// numericSum: sum and avg of numeric.
type numericSum struct {
	acc numericAcc
	avg bool
}

func (a *numericSum) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	return a.acc.add(args[0])
}
func (a *numericSum) Result(*Ctx) (types.Datum, error) {
	if a.acc.n == 0 {
		return types.Null, nil
	}
	sum, err := a.acc.sum()
	if err != nil || !a.avg {
		return sum, err
	}
	return numericQuo(sum, numericScaled(a.acc.n, 0))
}
func (a *numericSum) Size() int { return 64 }
func (a *numericSum) AddVec(c *Ctx, args []*types.Vec, sel []int, n int) error {
	return addRows(c, a, args[0], sel, n)
}

// floatSum: sum and avg of floats. Averages and sums of squares follow Youngs and
// Cramer in PostgreSQL; a plain sum is the same here.
type floatSum struct {
	sum    float64
	n      int64
	avg    bool
	narrow bool
	infIn  bool
}

func (a *floatSum) add(v float64) error {
	s := a.sum + v
	if a.n == 0 && !a.avg {
		s = v // not 0 + v, which for -0 is 0; PostgreSQL's avg begins with 0
	}
	if a.narrow {
		s = float64(float32(s))
	}
	if inf(v) {
		a.infIn = true
	}
	if inf(s) && !a.infIn {
		return errOverflow
	}
	a.sum, a.n = s, a.n+1
	return nil
}
func (a *floatSum) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	return a.add(args[0].F)
}
func (a *floatSum) Result(*Ctx) (types.Datum, error) {
	switch {
	case a.n == 0:
		return types.Null, nil
	case a.avg:
		return types.NewFloat(a.sum / float64(a.n)), nil
	}
	return types.NewFloat(a.sum), nil
}
func (a *floatSum) Size() int { return 32 }
func (a *floatSum) AddVec(_ *Ctx, args []*types.Vec, sel []int, n int) (err error) {
	v := args[0]
	each(sel, n, func(i int) {
		if err == nil && !v.IsNull(i) {
			err = a.add(v.F[i])
		}
	})
	return err
}

type intervalSum struct {
	sum types.Interval
	n   int64
	avg bool
}

func (a *intervalSum) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	s, err := plusInterval(a.sum, args[0].X.(types.Interval))
	a.sum, a.n = s, a.n+1
	return err
}
func (a *intervalSum) Result(*Ctx) (types.Datum, error) {
	if a.n == 0 {
		return types.Null, nil
	}
	v := a.sum
	if a.avg {
		var err error
		if v, err = divideInterval(v, float64(a.n)); err != nil {
			return types.Null, err
		}
	}
	return types.Datum{Kind: types.KindInterval, X: v}, nil
}
func (a *intervalSum) Size() int { return 40 }

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

// moments accumulates a float's count, sum and sum of squared differences
// (Youngs and Cramer), for y over x where there are two arguments.
type moments struct {
	n                float64
	sx, sxx, sy, syy float64
	sxy              float64
	final            func(m *moments) (float64, bool)
}

func (a *moments) Add(_ *Ctx, args []types.Datum) error {
	for _, d := range args {
		if d.IsNull() {
			return nil
		}
	}
	x := args[len(args)-1].F
	y := args[0].F
	a.n++
	a.sx += x
	a.sy += y
	if a.n == 1 {
		if inf(x) || math.IsNaN(x) {
			a.sxx, a.sxy = math.NaN(), math.NaN()
		}
		if inf(y) || math.IsNaN(y) {
			a.syy, a.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	tx, ty := x*a.n-a.sx, y*a.n-a.sy
	if len(args) == 1 {
		a.sxx += tx * tx / (a.n * (a.n - 1))
		return nil
	}
	scale := 1 / (a.n * (a.n - 1))
	a.sxx += tx * tx * scale
	a.syy += ty * ty * scale
	a.sxy += tx * ty * scale
	return nil
}
func (a *moments) Result(*Ctx) (types.Datum, error) {
	v, ok := a.final(a)
	if !ok {
		return types.Null, nil
	}
	return types.NewFloat(v), nil
}
func (a *moments) Size() int { return 64 }

// momentAggregates: variance, correlation and regression. Over integers and
// numeric, variance is exact.
func momentAggregates() kernels {
	sample := func(m *moments) (float64, bool) { return m.sxx / (m.n - 1), m.n > 1 }
	pop := func(m *moments) (float64, bool) { return m.sxx / m.n, m.n > 0 }
	root := func(f func(*moments) (float64, bool)) func(*moments) (float64, bool) {
		return func(m *moments) (float64, bool) {
			v, ok := f(m)
			return math.Sqrt(v), ok
		}
	}
	out := kernels{}
	for name, f := range map[string]func(*moments) (float64, bool){
		"variance": sample, "var_samp": sample, "var_pop": pop,
		"stddev": root(sample), "stddev_samp": root(sample), "stddev_pop": root(pop),
	} {
		samp, sqrt := !strings.HasSuffix(name, "_pop"), strings.HasPrefix(name, "stddev")
		out["agg "+name] = kernel{agg: func(_ *Ctx, ts []types.T) Agg {
			if types.KindOf(ts[0].OID) == types.KindFloat {
				return &moments{final: f}
			}
			return &exactVariance{sample: samp, root: sqrt, integer: types.KindOf(ts[0].OID) == types.KindInt}
		}}
	}
	for name, f := range regressions {
		out[name+"(701,701)"] = kernel{agg: func(*Ctx, []types.T) Agg { return &moments{final: f} }}
	}
	out["regr_count(701,701)"] = kernel{agg: func(*Ctx, []types.T) Agg { return &pairCount{} }}
	return out
}

var regressions = map[string]func(m *moments) (float64, bool){
	"regr_sxx":  func(m *moments) (float64, bool) { return m.sxx, m.n > 0 },
	"regr_syy":  func(m *moments) (float64, bool) { return m.syy, m.n > 0 },
	"regr_sxy":  func(m *moments) (float64, bool) { return m.sxy, m.n > 0 },
	"regr_avgx": func(m *moments) (float64, bool) { return m.sx / m.n, m.n > 0 },
	"regr_avgy": func(m *moments) (float64, bool) { return m.sy / m.n, m.n > 0 },
	"covar_pop": func(m *moments) (float64, bool) { return m.sxy / m.n, m.n > 0 },
	"covar_samp": func(m *moments) (float64, bool) {
		return m.sxy / (m.n - 1), m.n > 1
	},
	"corr": func(m *moments) (float64, bool) {
		return m.sxy / math.Sqrt(m.sxx*m.syy), m.n > 0 && m.sxx != 0 && m.syy != 0
	},
	"regr_r2": func(m *moments) (float64, bool) {
		if m.syy == 0 {
			return 1, m.n > 0 && m.sxx != 0
		}
		return m.sxy * m.sxy / (m.sxx * m.syy), m.n > 0 && m.sxx != 0
	},
	"regr_slope":     func(m *moments) (float64, bool) { return m.sxy / m.sxx, m.n > 0 && m.sxx != 0 },
	"regr_intercept": func(m *moments) (float64, bool) { return (m.sy - m.sx*m.sxy/m.sxx) / m.n, m.n > 0 && m.sxx != 0 },
}

// pairCount counts rows in which both arguments are given.
type pairCount struct{ n int64 }

func (a *pairCount) Add(_ *Ctx, args []types.Datum) error {
	if !args[0].IsNull() && !args[1].IsNull() {
		a.n++
	}
	return nil
}
func (a *pairCount) Result(*Ctx) (types.Datum, error) { return types.NewInt(a.n), nil }
func (a *pairCount) Size() int                        { return 16 }
