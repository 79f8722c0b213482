package funcs

import (
	"math"
	"math/big"
	"strconv"

	"zorya/pgerr"
	"zorya/sql/types"
)

// Limits of numeric's arithmetic, as PostgreSQL's.
const (
	minSigDigits = 16   // significant digits that division and roots give at least
	maxScale     = 1000 // digits after the point that they give at most
	maxDigits    = 131072
)

var errNumericOverflow = pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")

// A dec is a numeric taken apart: n · 10^-scale, or one of the special values.
type dec struct {
	n     *big.Int
	scale int
	nan   bool
	inf   int // sign of an infinity, else 0
}

var bigTen = big.NewInt(10)

func pow10(n int) *big.Int {
	if n < len(smallPow10) {
		return smallPow10[n]
	}
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

var smallPow10 = func() (out [64]*big.Int) {
	for i := range out {
		out[i] = new(big.Int).Exp(bigTen, big.NewInt(int64(i)), nil)
	}
	return out
}()

func (a dec) special() bool { return a.nan || a.inf != 0 }

// sign is -1, 0 or 1; of NaN 1.
func (a dec) sign() int {
	switch {
	case a.nan:
		return 1
	case a.inf != 0:
		return a.inf
	}
	return a.n.Sign()
}

var nan = dec{nan: true}

func decInt(v int64, scale int) dec { return dec{n: big.NewInt(v), scale: scale} }

// rescaled returns the coefficient of a at a larger scale.
func (a dec) rescaled(scale int) *big.Int {
	if scale == a.scale {
		return a.n
	}
	return new(big.Int).Mul(a.n, pow10(scale-a.scale))
}

// digits is the number of decimal digits of the coefficient, at least 1.
func (a dec) digits() int {
	if a.n.Sign() == 0 {
		return 1
	}
	// The estimate from bits is at most one too large.
	d := int(float64(a.n.BitLen())*0.30102999566398120) + 1
	if new(big.Int).Abs(a.n).Cmp(pow10(d-1)) < 0 {
		d--
	}
	return d
}

// checked returns a as a datum, or an error if it is too large for numeric.
func (a dec) checked() (types.Datum, error) {
	if !a.special() && a.digits()-a.scale > maxDigits {
		return types.Null, errNumericOverflow
	}
	return a.datum(), nil
}

// quoRound is x / y rounded half away from zero.
func quoRound(x, y *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(y) >= 0 {
		if x.Sign()*y.Sign() < 0 {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}

// round rounds half away from zero to scale digits, which may be negative.
func (a dec) round(scale int) dec {
	if a.special() {
		return a
	}
	if scale >= a.scale {
		return dec{n: a.rescaled(scale), scale: scale}
	}
	n := quoRound(a.n, pow10(a.scale-scale))
	return dec{n: n, scale: scale}.plain()
}

// plain brings a negative scale to 0.
func (a dec) plain() dec {
	if a.scale >= 0 {
		return a
	}
	return dec{n: new(big.Int).Mul(a.n, pow10(-a.scale)), scale: 0}
}

func (a dec) trunc(scale int) dec {
	if a.special() {
		return a
	}
	if scale >= a.scale {
		return dec{n: a.rescaled(scale), scale: scale}
	}
	return dec{n: new(big.Int).Quo(a.n, pow10(a.scale-scale)), scale: scale}.plain()
}

func (a dec) neg() dec {
	if a.special() {
		return dec{nan: a.nan, inf: -a.inf}
	}
	return dec{n: new(big.Int).Neg(a.n), scale: a.scale}
}

func addDec(a, b dec) dec {
	switch {
	case a.nan || b.nan, a.inf != 0 && b.inf == -a.inf:
		return nan
	case a.inf != 0:
		return a
	case b.inf != 0:
		return b
	}
	scale := max(a.scale, b.scale)
	return dec{n: new(big.Int).Add(a.rescaled(scale), b.rescaled(scale)), scale: scale}
}

func subDec(a, b dec) dec { return addDec(a, b.neg()) }

func mulDec(a, b dec) dec {
	switch {
	case a.nan || b.nan:
		return nan
	case a.inf != 0 || b.inf != 0:
		if s := a.sign() * b.sign(); s != 0 {
			return dec{inf: s}
		}
		return nan
	}
	p := dec{n: new(big.Int).Mul(a.n, b.n), scale: a.scale + b.scale}
	if p.scale > 16383 {
		return p.round(16383)
	}
	return p
}

// weight is the exponent of the first digit to base 10,000, and that digit.
func (a dec) weight() (w int, first int64) {
	if a.n.Sign() == 0 {
		return 0, 0
	}
	top := a.digits() - a.scale - 1 // decimal exponent of the first digit
	w = int(floorDiv(int64(top), 4))
	shift := w*4 + a.scale
	x := new(big.Int).Abs(a.n)
	if shift >= 0 {
		x.Quo(x, pow10(shift))
	} else {
		x.Mul(x, pow10(-shift))
	}
	return w, x.Int64()
}

// divScale is the scale of a quotient: at least 16 significant digits, and no
// less than either operand's scale.
func divScale(a, b dec) int {
	w1, f1 := a.weight()
	w2, f2 := b.weight()
	q := w1 - w2
	if f1 <= f2 {
		q--
	}
	return min(max(minSigDigits-q*4, a.scale, b.scale, 0), maxScale)
}

func divDec(a, b dec) (dec, error) {
	switch {
	case a.nan || b.nan, a.inf != 0 && b.inf != 0:
		return nan, nil
	case b.sign() == 0:
		return nan, errDiv0
	case a.inf != 0:
		return dec{inf: a.inf * b.sign()}, nil
	case b.inf != 0:
		return decInt(0, 0), nil
	}
	return quoDec(a, b, divScale(a, b)), nil
}

// quoDec is a / b rounded to scale digits.
func quoDec(a, b dec, scale int) dec {
	shift := scale + b.scale - a.scale
	x, y := a.n, b.n
	if shift >= 0 {
		x = new(big.Int).Mul(x, pow10(shift))
	} else {
		y = new(big.Int).Mul(y, pow10(-shift))
	}
	return dec{n: quoRound(x, y), scale: scale}
}

func modDec(a, b dec) (dec, error) {
	switch {
	case a.nan || b.nan:
		return nan, nil
	case a.inf != 0 && b.sign() == 0, b.sign() == 0:
		return nan, errDiv0
	case a.inf != 0:
		return nan, nil
	case b.inf != 0:
		return a, nil
	}
	scale := max(a.scale, b.scale)
	return dec{n: new(big.Int).Rem(a.rescaled(scale), b.rescaled(scale)), scale: scale}, nil
}

// divTruncDec is div(a, b): the integer part of the quotient.
func divTruncDec(a, b dec) (dec, error) {
	if a.special() || b.special() || b.sign() == 0 {
		return divDec(a, b)
	}
	scale := max(a.scale, b.scale)
	return dec{n: new(big.Int).Quo(a.rescaled(scale), b.rescaled(scale))}, nil
}

func floorDec(a dec) dec {
	t := a.trunc(0)
	if !a.special() && a.sign() < 0 && cmpDec(t, a) != 0 {
		return dec{n: new(big.Int).Sub(t.n, big.NewInt(1))}
	}
	return t
}

func cmpDec(a, b dec) int {
	scale := max(a.scale, b.scale)
	return a.rescaled(scale).Cmp(b.rescaled(scale))
}

func decOf(d types.Datum) dec { return fromNumeric(d) }

// num1 and num2 make kernels of functions on numeric.
func num1(f func(a dec) (dec, error)) kernel {
	return scalar(func(args []types.Datum) (types.Datum, error) {
		v, err := f(decOf(args[0]))
		if err != nil {
			return types.Null, err
		}
		return v.checked()
	})
}

func num2(f func(a, b dec) (dec, error)) kernel {
	return scalar(func(args []types.Datum) (types.Datum, error) {
		v, err := f(decOf(args[0]), decOf(args[1]))
		if err != nil {
			return types.Null, err
		}
		return v.checked()
	})
}

func sure1(f func(a dec) dec) kernel { return num1(func(a dec) (dec, error) { return f(a), nil }) }
func sure2(f func(a, b dec) dec) kernel {
	return num2(func(a, b dec) (dec, error) { return f(a, b), nil })
}

func numericKernels() kernels {
	return merge(kernels{
		"numeric_div": num2(divDec), "numeric_mod": num2(modDec), "numeric_div_trunc": num2(divTruncDec),
		"numeric_uminus": sure1(dec.neg), "numeric_uplus": same(),
		"numeric_abs": sure1(func(a dec) dec {
			if a.sign() < 0 {
				return a.neg()
			}
			return a
		}),
		"numeric_sign": sure1(func(a dec) dec {
			if a.nan {
				return a
			}
			return decInt(int64(a.sign()), 0)
		}),
		"numeric_floor": sure1(floorDec),
		"numeric_ceil":  sure1(func(a dec) dec { return floorDec(a.neg()).neg() }),
		"round(1700)":   sure1(func(a dec) dec { return a.round(0) }),
		"trunc(1700)":   sure1(func(a dec) dec { return a.trunc(0) }),
		"numeric_round": scaled(dec.round), "numeric_trunc": scaled(dec.trunc),
		"numeric_inc": sure1(func(a dec) dec { return addDec(a, decInt(1, 0)) }),
		"numeric_scale": scalar(func(args []types.Datum) (types.Datum, error) {
			a := decOf(args[0])
			if a.special() {
				return types.Null, nil
			}
			return types.NewInt(int64(a.scale)), nil
		}),
		"numeric_min_scale": scalar(func(args []types.Datum) (types.Datum, error) {
			a := decOf(args[0])
			if a.special() {
				return types.Null, nil
			}
			return types.NewInt(int64(trimScale(a).scale)), nil
		}),
		"numeric_trim_scale": sure1(trimScale),
		"numeric_gcd":        sure2(gcdDec),
		"numeric_lcm":        sure2(lcmDec),
		"numeric_fac": scalar(func(args []types.Datum) (types.Datum, error) {
			n := args[0].I
			if n < 0 {
				return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
			}
			if n > 32177 {
				return types.Null, errNumericOverflow
			}
			return dec{n: new(big.Int).MulRange(1, max(n, 1))}.datum(), nil
		}),
		"generate_series_numeric":      {rows: numericSeries},
		"generate_series_step_numeric": {rows: numericSeries},
		"width_bucket_numeric":         scalar(widthBucketNumeric),
		"pg_size_pretty_numeric": scalar(func(args []types.Datum) (types.Datum, error) {
			return types.NewText(sizePretty(decOf(args[0]))), nil
		}),
	}, numericArithKernels(), numericCasts(), transcendental())
}

func scaled(f func(a dec, scale int) dec) kernel {
	return scalar(func(args []types.Datum) (types.Datum, error) {
		scale := min(max(args[1].I, -16383), 16383)
		return f(decOf(args[0]), int(scale)).checked()
	})
}

func trimScale(a dec) dec {
	if a.special() {
		return a
	}
	for a.scale > 0 {
		q, r := new(big.Int).QuoRem(a.n, bigTen, new(big.Int))
		if r.Sign() != 0 {
			break
		}
		a = dec{n: q, scale: a.scale - 1}
	}
	return a
}

func gcdDec(a, b dec) dec {
	if a.special() || b.special() {
		return nan
	}
	scale := max(a.scale, b.scale)
	x, y := new(big.Int).Abs(a.rescaled(scale)), new(big.Int).Abs(b.rescaled(scale))
	return dec{n: new(big.Int).GCD(nil, nil, x, y), scale: scale}
}

func lcmDec(a, b dec) dec {
	if a.special() || b.special() {
		return nan
	}
	g := gcdDec(a, b)
	if g.n.Sign() == 0 || a.n.Sign() == 0 || b.n.Sign() == 0 {
		return dec{n: new(big.Int), scale: g.scale}
	}
	x, y := a.rescaled(g.scale), b.rescaled(g.scale)
	n := new(big.Int).Mul(new(big.Int).Quo(x, g.n), y)
	return dec{n: n.Abs(n), scale: g.scale}
}

func numericCasts() kernels {
	toInt := func(w intWidth, name string) kernel {
		return scalar(func(args []types.Datum) (types.Datum, error) {
			if n, scale, ok := types.NumericSmall(args[0]); ok && scale == 0 {
				v, err := w.check(n)
				return types.NewInt(v), err
			}
			a := decOf(args[0])
			switch {
			case a.nan:
				return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to %s", name)
			case a.inf != 0:
				return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to %s", name)
			}
			r := a.round(0)
			if !r.n.IsInt64() {
				return types.Null, w.err
			}
			v, err := w.check(r.n.Int64())
			return types.NewInt(v), err
		})
	}
	fromInt := scalar(func(args []types.Datum) (types.Datum, error) { return types.NumericFromInt(args[0].I), nil })
	toFloat := func(bits int) kernel {
		return scalar(func(args []types.Datum) (types.Datum, error) {
			// Both numbers are floats exactly, so that the quotient is rounded once.
			if n, scale, ok := types.NumericSmall(args[0]); ok && bits == 64 && scale < len(smallPow10Int) && n > -1<<53 && n < 1<<53 {
				return types.NewFloat(float64(n) / float64(smallPow10Int[scale])), nil
			}
			a := decOf(args[0])
			v, err := strconv.ParseFloat(a.text(), bits)
			vanished := v == 0 && !a.special() && a.sign() != 0
			if err != nil && !a.special() || vanished {
				return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", a.text(),
					map[int]string{32: "real", 64: "double precision"}[bits])
			}
			return types.NewFloat(v), nil
		})
	}
	fromFloat := func(digits, bits int) kernel {
		return scalar(func(args []types.Datum) (types.Datum, error) {
			v := args[0].F
			switch {
			case math.IsNaN(v):
				return nan.datum(), nil
			case inf(v):
				return numericInfinity(int(math.Copysign(1, v))), nil
			}
			return types.Parse(types.Of(types.NumericOID), strconv.FormatFloat(v, 'g', digits, bits), types.DefaultFormat)
		})
	}
	return kernels{
		"numeric_int2": toInt(width2, "smallint"), "numeric_int4": toInt(width4, "integer"), "numeric_int8": toInt(width8, "bigint"),
		"int2_numeric": fromInt, "int4_numeric": fromInt, "int8_numeric": fromInt,
		"numeric_float4": toFloat(32), "numeric_float8": toFloat(64),
		"float4_numeric": fromFloat(6, 64), "float8_numeric": fromFloat(15, 64),
	}
}

func numericSeries(_ *Ctx, args []types.Datum, emit func([]types.Datum) error) error {
	v, end, step := decOf(args[0]), decOf(args[1]), decInt(1, 0)
	if len(args) == 3 {
		step = decOf(args[2])
	}
	for _, p := range []struct {
		d    dec
		what string
	}{{v, "start value"}, {end, "stop value"}, {step, "step size"}} {
		if p.d.nan {
			return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be NaN", p.what)
		}
		if p.d.inf != 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be infinity", p.what)
		}
	}
	if step.sign() == 0 {
		return errStepZero
	}
	for cmpDec(v, end)*step.sign() <= 0 {
		if err := emit([]types.Datum{v.datum()}); err != nil {
			return err
		}
		v = addDec(v, step)
	}
	return nil
}

func widthBucketNumeric(args []types.Datum) (types.Datum, error) {
	v, lo, hi, n := decOf(args[0]), decOf(args[1]), decOf(args[2]), args[3].I
	bad := func(text string) (types.Datum, error) { return types.Null, pgerr.New("2201G", "%s", text) }
	switch {
	case n <= 0:
		return bad("count must be greater than zero")
	case v.nan || lo.nan || hi.nan:
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case lo.inf != 0 || hi.inf != 0:
		return bad("lower and upper bounds must be finite")
	case cmpDec(lo, hi) == 0:
		return bad("lower bound cannot equal upper bound")
	}
	if cmpDec(lo, hi) > 0 {
		v, lo, hi = v.neg(), lo.neg(), hi.neg()
	}
	switch {
	case v.inf < 0, v.inf == 0 && cmpDec(v, lo) < 0:
		return types.NewInt(0), nil
	case v.inf > 0, cmpDec(v, hi) >= 0:
		if n == math.MaxInt32 {
			return types.Null, errInt4
		}
		return types.NewInt(n + 1), nil
	}
	q, err := divTruncDec(mulDec(subDec(v, lo), decInt(n, 0)), subDec(hi, lo))
	if err != nil {
		return types.Null, err
	}
	return types.NewInt(q.n.Int64() + 1), nil
}

func numericInfinity(sign int) types.Datum { return dec{inf: sign}.datum() }

func numericScaled(v int64, scale int) types.Datum { return decInt(v, scale).datum() }

func numericQuo(a, b types.Datum) (types.Datum, error) {
	q, err := divDec(decOf(a), decOf(b))
	if err != nil {
		return types.Null, err
	}
	return q.checked()
}

// numericInt128 is a 128-bit two's complement number.
func numericInt128(hi int64, lo uint64) types.Datum {
	n := new(big.Int).Lsh(big.NewInt(hi), 64)
	return dec{n: n.Add(n, new(big.Int).SetUint64(lo))}.datum()
}

// exactVariance is variance and standard deviation of integers and numerics.
type exactVariance struct {
	sample, root, integer bool
	n                     int64
	sx, sxx               dec
}

func (a *exactVariance) Add(_ *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return nil
	}
	v := decInt(args[0].I, 0)
	if !a.integer {
		v = decOf(args[0])
	}
	if a.n == 0 {
		a.sx, a.sxx = decInt(0, 0), decInt(0, 0)
	}
	a.n++
	a.sx, a.sxx = addDec(a.sx, v), addDec(a.sxx, mulDec(v, v))
	return nil
}

func (a *exactVariance) Result(*Ctx) (types.Datum, error) {
	if a.n == 0 || a.sample && a.n == 1 {
		return types.Null, nil
	}
	if a.sx.special() {
		return nan.datum(), nil
	}
	n := decInt(a.n, 0)
	top := subDec(mulDec(n, a.sxx), mulDec(a.sx, a.sx))
	if top.sign() <= 0 {
		return decInt(0, 0).datum(), nil
	}
	below := mulDec(n, n)
	if a.sample {
		below = mulDec(n, decInt(a.n-1, 0))
	}
	scale := divScale(top, below)
	v := quoDec(top, below, scale)
	if a.root {
		v = sqrtDec(v, scale)
	}
	return v.checked()
}
func (a *exactVariance) Size() int { return 160 }
