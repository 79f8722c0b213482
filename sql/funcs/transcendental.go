package funcs

import (
	"math"
	"math/big"

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

// maxExponent is the largest absolute value of which PostgreSQL computes e^x.
const maxExponent = 6000

func expDec(a dec) (dec, error) {
	switch {
	case a.nan, a.inf > 0:
		return a, nil
	case a.inf < 0:
		return decInt(0, 0), nil
	}
	val := a.float()
	weight := int(min(max(val*log10e, -2000), 2000))
	return expTo(a, val, min(max(minSigDigits-weight, a.scale, 0), maxScale))
}

// log10e is log10(e), with the digits that PostgreSQL uses to estimate weights.
const log10e = 0.434294481903252

// expTo is e^a, where val is about a, rounded to scale digits.
func expTo(a dec, val float64, scale int) (dec, error) {
	switch {
	case val >= maxExponent:
		return a, errNumericOverflow
	case val <= -maxExponent:
		return dec{n: new(big.Int), scale: scale}, nil
	}
	bits := bitsOf(scale + max(int(val*log10e), 0) + 1)
	return fromFloat(expFloat(a.bigFloat(bits+bitsOf(5)), bits), scale), nil
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

// lnTo is the natural logarithm of a positive number, rounded to scale digits.
func lnTo(a dec, scale int) dec {
	bits := bitsOf(scale + 1)
	return fromFloat(lnFloat(a.bigFloat(bits+64), bits), scale)
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
	weight := wa - wb
	scale := min(max(minSigDigits-weight, base.scale, a.scale, 0), maxScale)
	lnBase := lnTo(base, max(scale+weight-wb+8, 0))
	if lnBase.sign() == 0 {
		return base, errDiv0
	}
	return quoDec(lnTo(a, max(scale+weight-wa+8, 0)), lnBase, scale), nil
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
