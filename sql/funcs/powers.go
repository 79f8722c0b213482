package funcs

import (
	"math"
	"math/big"

	"zorya/pgerr"
)

// powDec is a^b: by multiplication if b is an integer of 32 bits, else by logarithms.
func powDec(a, b dec) (dec, error) {
	if v, ok, err := powSpecial(a, b); ok || err != nil {
		return v, err
	}
	whole := b.trunc(0)
	isWhole := cmpDec(b, whole) == 0
	switch {
	case a.sign() == 0 && b.sign() < 0:
		return a, pgerr.New(pgerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case a.sign() < 0 && !isWhole:
		return a, pgerr.New(pgerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	if e := whole.n; isWhole && e.IsInt64() && e.Int64() == int64(int32(e.Int64())) {
		return powInt(a, e.Int64(), min(max(minSigDigits, a.scale), maxScale))
	}
	if a.sign() == 0 {
		return dec{n: new(big.Int), scale: minSigDigits}, nil
	}
	if a.sign() > 0 {
		return powReal(a, b)
	}
	v, err := powReal(a.neg(), b)
	if err == nil && whole.n.Bit(0) == 1 {
		v = v.neg()
	}
	return v, err
}

// powReal is a^b of a positive a. The digits of the result follow from an estimate of
// b·ln(a) to eight digits.
func powReal(a, b dec) (dec, error) {
	weight := lnWeight(a)
	val := mulDec(lnTo(a, max(8-weight, 0)), b).float()
	if math.Abs(val) > maxExponent*1.003 {
		if val > 0 {
			return a, errNumericOverflow
		}
		return dec{n: new(big.Int), scale: maxScale}, nil
	}
	digits := int(val * log10e)
	scale := min(max(minSigDigits-digits, a.scale, b.scale, 0), maxScale)
	// The exponent needs as many digits as the result has, b as many more as it is large.
	product := mulDec(lnTo(a, max(scale+digits, 0)+8+max(-weight, 0)), b)
	return expTo(product, val, scale)
}

// powInt is a^e, rounded to scale digits.
func powInt(a dec, e int64, scale int) (dec, error) {
	if e == 0 {
		return decInt(1, 0).round(scale), nil
	}
	if a.sign() == 0 {
		return dec{n: new(big.Int), scale: scale}, nil
	}
	abs := max(e, -e)
	weight := float64(e) * log10Of(a)
	switch {
	case weight > 3*math.MaxInt16*4:
		return a, errNumericOverflow
	case weight+1 < float64(-scale):
		return dec{n: new(big.Int), scale: scale}, nil
	}
	// Exact as long as that costs no more digits than the result and some to spare.
	p := dec{n: new(big.Int).Set(a.n), scale: a.scale}.toThe(uint64(abs), int(math.Abs(weight))+scale+24)
	if e < 0 {
		// 1 / p, where p's scale may be negative.
		if p.scale < 0 {
			p = p.plain()
		}
		return quoDec(decInt(1, 0), p, scale), nil
	}
	v := p.round(scale)
	if v.digits()-v.scale > maxDigits {
		return a, errNumericOverflow
	}
	return v, nil
}

// toThe is a^e, to digits significant digits. Its scale may be negative.
func (a dec) toThe(e uint64, digits int) dec {
	out := decInt(1, 0)
	for {
		if e&1 != 0 {
			out = dec{n: new(big.Int).Mul(out.n, a.n), scale: out.scale + a.scale}.significant(digits)
		}
		if e >>= 1; e == 0 {
			return out
		}
		a = dec{n: new(big.Int).Mul(a.n, a.n), scale: 2 * a.scale}.significant(digits)
	}
}

// significant drops digits beyond the first ones.
func (a dec) significant(digits int) dec {
	// A cheap lower bound of the digits there are.
	drop := int(float64(a.n.BitLen()-1)*0.30102999566398119) - digits
	if drop <= 0 {
		return a
	}
	return dec{n: new(big.Int).Quo(a.n, pow10(drop)), scale: a.scale - drop}
}

// log10Of estimates log10(|a|).
func log10Of(a dec) float64 {
	digits := a.digits()
	lead := new(big.Int).Quo(new(big.Int).Abs(a.n), pow10(max(digits-17, 0)))
	f, _ := new(big.Float).SetInt(lead).Float64()
	return math.Log10(f) + float64(max(digits-17, 0)-a.scale)
}
