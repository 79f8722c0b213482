package funcs

import (
	"math"
	"math/big"
	"math/bits"
	"strings"

	"zorya/sql/types"
)

// fromNumeric takes a numeric value apart. The coefficient is shared with the value.
func fromNumeric(d types.Datum) dec {
	n, scale, special := types.NumericParts(d)
	switch special {
	case types.NumericNaN:
		return nan
	case types.NumericInf, types.NumericNegInf:
		return dec{inf: int(special)}
	}
	return dec{n: n, scale: scale}
}

// text prints a as numeric's output function does.
func (a dec) text() string {
	switch {
	case a.nan:
		return "NaN"
	case a.inf > 0:
		return "Infinity"
	case a.inf < 0:
		return "-Infinity"
	}
	s := new(big.Int).Abs(a.n).String()
	if a.scale > 0 {
		if len(s) <= a.scale {
			s = strings.Repeat("0", a.scale-len(s)+1) + s
		}
		s = s[:len(s)-a.scale] + "." + s[len(s)-a.scale:]
	}
	if a.n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

// datum is the value of a, which must not change afterwards.
func (a dec) datum() types.Datum {
	switch {
	case a.nan:
		return types.NewNumericSpecial(types.NumericNaN)
	case a.inf != 0:
		return types.NewNumericSpecial(int8(a.inf))
	}
	return types.NewNumeric(a.n, a.scale)
}

// smallPow10Int are the powers of ten that an int64 holds.
var smallPow10Int = func() (out [19]int64) {
	out[0] = 1
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1] * 10
	}
	return out
}()

// mulSmall is x · y unless that is no int64.
func mulSmall(x, y int64) (product int64, ok bool) {
	hi, lo := bits.Mul64(abs64(x), abs64(y))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (x < 0) != (y < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs64(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// rescaleSmall is x · 10^by unless that is no int64; by is not negative.
func rescaleSmall(x int64, by int) (scaled int64, ok bool) {
	if by == 0 {
		return x, true
	}
	if by >= len(smallPow10Int) {
		return 0, false
	}
	return mulSmall(x, smallPow10Int[by])
}

// addSmall is x · 10^-sx + y · 10^-sy, within an int64.
func addSmall(x int64, sx int, y int64, sy int) (sum int64, scale int, ok bool) {
	if sx < sy {
		x, ok = rescaleSmall(x, sy-sx)
	} else {
		y, ok = rescaleSmall(y, sx-sy)
	}
	sum = x + y
	return sum, max(sx, sy), ok && (x^sum)&(y^sum) >= 0
}

// numericArith makes a kernel of an operation that has a quick way for values
// whose coefficients are small.
func numericArith(small func(x int64, sx int, y int64, sy int) (int64, int, bool), f func(a, b dec) dec) kernel {
	apply := func(a, b types.Datum) (types.Datum, error) {
		if x, sx, ok := types.NumericSmall(a); ok {
			if y, sy, ok := types.NumericSmall(b); ok {
				if r, scale, ok := small(x, sx, y, sy); ok {
					return types.NewNumericSmall(r, scale), nil
				}
			}
		}
		return f(decOf(a), decOf(b)).checked()
	}
	return kernel{
		eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) { return apply(args[0], args[1]) },
		vec: func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
			for i := range n {
				if out.Null != nil && out.Null[i] {
					continue
				}
				d, err := apply(args[0].At(i), args[1].At(i))
				if err != nil {
					return err
				}
				out.X[i] = d.X
			}
			return nil
		},
	}
}

func numericArithKernels() kernels {
	return kernels{
		"numeric_add": numericArith(addSmall, addDec),
		"numeric_sub": numericArith(func(x int64, sx int, y int64, sy int) (int64, int, bool) { return addSmall(x, sx, -y, sy) }, subDec),
		"numeric_mul": numericArith(func(x int64, sx int, y int64, sy int) (int64, int, bool) {
			p, ok := mulSmall(x, y)
			return p, sx + sy, ok
		}, mulDec),
	}
}

// A numericAcc adds numerics: its value is total + small · 10^-scale.
type numericAcc struct {
	total dec
	small int64
	scale int
	n     int64
}

func (a *numericAcc) add(d types.Datum) error {
	a.n++
	if x, scale, ok := types.NumericSmall(d); ok {
		if sum, scale, ok := addSmall(a.small, a.scale, x, scale); ok {
			a.small, a.scale = sum, scale
			return nil
		}
	}
	a.addBig(decInt(a.small, a.scale))
	a.small = 0
	a.addBig(decOf(d))
	return nil
}

// addBig adds to total, whose coefficient belongs to a.
func (a *numericAcc) addBig(v dec) {
	if a.total.n == nil && !a.total.special() {
		a.total = decInt(0, 0)
	}
	if v.special() || a.total.special() || v.scale > a.total.scale {
		a.total = addDec(a.total, v)
		return
	}
	a.total.n.Add(a.total.n, v.rescaled(a.total.scale))
}

func (a *numericAcc) sum() (types.Datum, error) {
	small := decInt(a.small, a.scale)
	if a.total.n == nil && !a.total.special() {
		return small.checked()
	}
	return addDec(a.total, small).checked()
}
