package funcs

import (
	"math"
	"math/big"
)

// Exponentials and logarithms of any precision. Both make their argument small, sum
// a series and undo the first step; the more bits are wanted the smaller it is made,
// so that steps and terms stay few.

// bitsOf is how many bits hold decimal digits, and some to spare.
func bitsOf(digits int) uint { return uint(float64(digits)*3.3219280948873626) + 24 }

// bigFloat is a with so many bits.
func (a dec) bigFloat(bits uint) *big.Float {
	x := new(big.Float).SetPrec(bits).SetInt(a.n)
	return x.Quo(x, new(big.Float).SetPrec(bits).SetInt(pow10(a.scale)))
}

// fromFloat is x rounded half away from zero to scale digits.
func fromFloat(x *big.Float, scale int) dec {
	bits := x.Prec() + 64
	y := new(big.Float).SetPrec(bits).SetInt(pow10(scale))
	y.Mul(y, x)
	half := big.NewFloat(0.5)
	if x.Signbit() {
		half.Neg(half)
	}
	n, _ := y.Add(y, half).Int(nil)
	return dec{n: n, scale: scale}
}

// steps is how often an argument is halved for a result of so many bits.
func steps(bits uint) int { return int(math.Sqrt(float64(bits)/2)) + 1 }

// expFloat is e^x to a relative error of 2^-bits.
func expFloat(x *big.Float, bits uint) *big.Float {
	if x.Sign() == 0 {
		return big.NewFloat(1)
	}
	halved := max(x.MantExp(nil)+steps(bits), 0)
	prec := bits + uint(halved) + 32
	r := new(big.Float).SetPrec(prec).SetMantExp(x, -halved)
	sum, term := new(big.Float).SetPrec(prec).SetInt64(1), new(big.Float).SetPrec(prec).SetInt64(1)
	for n := int64(1); term.MantExp(nil) > -int(prec); n++ {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetInt64(n))
		if term.Sign() == 0 {
			break
		}
		sum.Add(sum, term)
	}
	for range halved {
		sum.Mul(sum, sum)
	}
	return sum
}

// lnFloat is the natural logarithm of a positive x to an error of 2^-bits: twice the
// inverse hyperbolic tangent of (z-1)/(z+1), where roots have brought z near 1.
func lnFloat(x *big.Float, bits uint) *big.Float {
	rooted := bitLen(x.MantExp(nil)) + steps(bits)
	prec := bits + uint(rooted) + 32
	one := new(big.Float).SetPrec(prec).SetInt64(1)
	z := new(big.Float).SetPrec(max(prec, x.Prec())).Set(x)
	for range rooted {
		z.Sqrt(z)
	}
	z.SetPrec(prec)
	q := new(big.Float).SetPrec(prec).Sub(z, one)
	q.Quo(q, new(big.Float).SetPrec(prec).Add(z, one))
	square := new(big.Float).SetPrec(prec).Mul(q, q)
	sum, power := new(big.Float).SetPrec(prec).Set(q), q
	for n := int64(3); power.Sign() != 0 && power.MantExp(nil) > -int(prec); n += 2 {
		power = power.Mul(power, square)
		sum.Add(sum, new(big.Float).SetPrec(prec).Quo(power, new(big.Float).SetInt64(n)))
	}
	return sum.SetMantExp(sum, rooted+1)
}

// bitLen is how many bits the absolute value of n has.
func bitLen(n int) int { return big.NewInt(int64(n)).BitLen() }
