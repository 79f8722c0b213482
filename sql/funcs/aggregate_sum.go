package funcs

import (
	"zorya/sql/types"
)

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
