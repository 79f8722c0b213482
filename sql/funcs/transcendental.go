package funcs

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"zorya/pgerr"
)

// transcendental: roots, powers and logarithms of numeric, computed to the scale
// that PostgreSQL gives them.
func transcendental() kernels {
	return kernels{
		"numeric_sqrt":  num1(rootOf),
		"numeric_exp":   num1(expDec),
		"numeric_ln":    num1(lnDec),
		"numeric_log":   num2(logDec),
		"log10(1700)":   num1(func(a dec) (dec, error) { return logDec(decInt(10, 0), a) }),
		"log(1700)":     num1(func(a dec) (dec, error) { return logDec(decInt(10, 0), a) }),
		"numeric_power": num2(powDec),
	}
}

func rootOf(a dec) (dec, error) {
	switch {
	case a.nan, a.inf > 0:
		return a, nil
	case a.sign() < 0:
		return a, pgerr.New(pgerr.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	w, _ := a.weight()
	sweight := (w+1)*2 - 1
	scale := min(max(minSigDigits-sweight, a.scale, 0), maxScale)
	return sqrtDec(a, scale), nil
}

// sqrtDec is the root of a rounded to scale digits.
func sqrtDec(a dec, scale int) dec {
	// Two digits more than asked for decide the rounding.
	shift := 2*(scale+1) - a.scale
	x := new(big.Int).Set(a.n)
	if shift >= 0 {
		x.Mul(x, pow10(shift))
	} else {
		x.Quo(x, pow10(-shift))
	}
	return dec{n: x.Sqrt(x), scale: scale + 1}.round(scale)
}

func (a dec) apd() *apd.Decimal {
	d := &apd.Decimal{Exponent: int32(-a.scale), Negative: a.n.Sign() < 0}
	d.Coeff.SetMathBigInt(new(big.Int).Abs(a.n))
	return d
}

func fromAPD(d *apd.Decimal, scale int) dec {
	n := d.Coeff.MathBigInt()
	if d.Negative {
		n = new(big.Int).Neg(n)
	}
	return dec{n: n, scale: int(-d.Exponent)}.plain().round(scale)
}

func precise(digits int) *apd.Context {
	c := apd.BaseContext.WithPrecision(uint32(max(digits, 20)))
	c.MaxExponent, c.MinExponent = apd.MaxExponent, apd.MinExponent
	return c
}

func (a dec) float() float64 {
	switch {
	case a.nan:
		return math.NaN()
	case a.inf != 0:
		return math.Inf(a.inf)
	}
	f, _ := new(big.Rat).SetFrac(a.n, pow10(a.scale)).Float64()
	return f
}

func expDec(a dec) (dec, error) {
	switch {
	case a.nan, a.inf > 0:
		return a, nil
	case a.inf < 0:
		return decInt(0, 0), nil
	}
	val := a.float() * 0.434294481903252
	if val > 131072 {
		return a, errNumericOverflow
	}
	if val < -(maxScale + 2) { // rounds to 0
		return dec{n: new(big.Int), scale: maxScale}, nil
	}
	scale := min(max(minSigDigits-int(val), a.scale, 0), maxScale)
	var out apd.Decimal
	if _, err := precise(int(math.Abs(val))+scale+8).Exp(&out, a.apd()); err != nil {
		return a, errNumericOverflow
	}
	return fromAPD(&out, scale), nil
}

func logDomain(a dec) error {
	switch {
	case a.nan:
	case a.sign() < 0:
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	case a.sign() == 0:
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	}
	return nil
}

// lnWeight estimates the decimal exponent of ln(a).
func lnWeight(a dec) int {
	f := a.float()
	if f >= 0.9 && f <= 1.1 {
		x := subDec(a, decInt(1, 0))
		if x.sign() == 0 {
			return 0
		}
		return x.digits() - x.scale - 1
	}
	ln := math.Log(f)
	if inf(ln) || math.IsNaN(ln) {
		ln = float64(a.digits()-a.scale) * math.Ln10
	}
	return int(math.Log10(math.Abs(ln)))
}

func lnDec(a dec) (dec, error) {
	if err := logDomain(a); err != nil || a.special() {
		return a, err
	}
	scale := min(max(minSigDigits-lnWeight(a), a.scale, 0), maxScale)
	return lnTo(a, scale), nil
}

func lnTo(a dec, scale int) dec {
	var out apd.Decimal
	if _, err := precise(scale+a.digits()+12).Ln(&out, a.apd()); err != nil {
		return decInt(0, scale)
	}
	return fromAPD(&out, scale)
}

func logDec(base, a dec) (dec, error) {
	if base.nan || a.nan {
		return nan, nil
	}
	for _, x := range []dec{base, a} {
		if err := logDomain(x); err != nil {
			return x, err
		}
	}
	if base.inf != 0 || a.inf != 0 {
		switch {
		case base.inf != 0 && a.inf != 0:
			return nan, nil
		case base.inf != 0:
			return decInt(0, 0), nil
		}
		return a, nil
	}
	wb, wa := lnWeight(base), lnWeight(a)
	scale := min(max(minSigDigits-(wa-wb), base.scale, a.scale, 0), maxScale)
	lnBase := lnTo(base, scale+30)
	if lnBase.sign() == 0 {
		return base, errDiv0
	}
	return quoDec(lnTo(a, scale+30), lnBase, scale), nil
}

func powDec(a, b dec) (dec, error) {
	if v, ok, err := powSpecial(a, b); ok || err != nil {
		return v, err
	}
	integer := cmpDec(b, b.trunc(0)) == 0
	switch {
	case a.sign() == 0 && b.sign() < 0:
		return a, pgerr.New(pgerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case a.sign() < 0 && !integer:
		return a, pgerr.New(pgerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	case a.sign() == 0 && b.sign() == 0:
		return dec{n: pow10(minSigDigits), scale: minSigDigits}, nil
	case a.sign() == 0:
		return dec{n: new(big.Int), scale: minSigDigits}, nil
	}
	abs := a
	if a.sign() < 0 {
		abs = a.neg()
	}
	exponent := b.float() * log10Of(abs)
	if exponent > 131072 {
		return a, errNumericOverflow
	}
	if exponent < -2*maxScale {
		return dec{n: new(big.Int), scale: maxScale}, nil
	}
	scale := min(max(minSigDigits-int(exponent), a.scale, b.scale, 0), maxScale)
	if integer {
		scale = min(max(minSigDigits, a.scale), maxScale)
	}
	if integer && b.trunc(0).n.IsInt64() {
		if e := b.trunc(0).n.Int64(); e >= math.MinInt32 && e <= math.MaxInt32 {
			return powInt(a, e, scale, exponent), nil
		}
	}
	digits := int(math.Abs(exponent)) + scale + 24
	var out apd.Decimal
	if _, err := precise(digits).Pow(&out, abs.apd(), b.apd()); err != nil {
		return a, errNumericOverflow
	}
	v := fromAPD(&out, scale)
	if a.sign() < 0 && b.trunc(0).n.Bit(0) == 1 {
		v = v.neg()
	}
	return v, nil
}

func log10Of(a dec) float64 {
	digits := a.digits()
	if digits < 300 && a.scale < 300 {
		return math.Log10(a.float())
	}
	lead := new(big.Int).Quo(new(big.Int).Abs(a.n), pow10(max(digits-17, 0)))
	f, _ := new(big.Float).SetInt(lead).Float64()
	return math.Log10(f) + float64(max(digits-17, 0)-a.scale)
}

// powInt raises to a whole power exactly, or with enough digits for scale.
func powInt(a dec, e int64, scale int, exponent float64) dec {
	if n := int64(a.digits()) * max(e, -e); n < 20000 {
		p := dec{n: new(big.Int).Exp(a.n, big.NewInt(max(e, -e)), nil), scale: a.scale * int(max(e, -e))}
		if e < 0 {
			return quoDec(decInt(1, 0), p, scale)
		}
		return p.round(scale)
	}
	var out apd.Decimal
	exp := apd.New(e, 0)
	if _, err := precise(int(math.Abs(exponent))+scale+24).Pow(&out, a.apd(), exp); err != nil {
		return dec{n: new(big.Int), scale: scale}
	}
	return fromAPD(&out, scale)
}

// powSpecial handles NaN and infinities; ok if it did.
func powSpecial(a, b dec) (v dec, ok bool, err error) {
	if !a.special() && !b.special() {
		return a, false, nil
	}
	one := decInt(1, 0)
	switch {
	case a.nan && b.nan:
		return nan, true, nil
	case a.nan:
		if b.sign() == 0 && !b.special() {
			return one, true, nil
		}
		return nan, true, nil
	case b.nan:
		if !a.special() && cmpDec(a, one) == 0 {
			return one, true, nil
		}
		return nan, true, nil
	}
	f, err := powFloat(a.float(), b.float())
	if err != nil {
		return a, true, err
	}
	switch {
	case math.IsInf(f, 0):
		return dec{inf: int(math.Copysign(1, f))}, true, nil
	case math.IsNaN(f):
		return nan, true, nil
	}
	return decInt(int64(f), 0), true, nil
}
