package types

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
)

// Limits of numeric: digits before and after the point.
const (
	numericMaxWhole = 131072
	numericMaxScale = 16383
)

// A numeric value is in Datum.X one of three:
//
//   - smallNumeric, whenever the value fits: coefficient and scale in one word,
//     so that a value costs 8 bytes at most (small words cost nothing);
//   - *bigNumeric, whenever it does not;
//   - specialNumeric: NaN and the infinities.
type (
	smallNumeric int64 // coefficient<<6 | scale
	bigNumeric   struct {
		coef  *big.Int
		scale int
	}
	specialNumeric int8
)

// Special values of numerics, as NumericParts gives them. Their order is that of
// the values, 0 standing for all finite ones.
const (
	NumericNegInf int8 = -1
	NumericFinite int8 = 0
	NumericInf    int8 = 1
	NumericNaN    int8 = 2
)

const (
	smallScaleBits = 6
	maxSmallScale  = 1<<smallScaleBits - 1
	maxSmallCoef   = math.MaxInt64 >> smallScaleBits
	minSmallCoef   = math.MinInt64 >> smallScaleBits
)

// pow10Int are the powers of ten that an int64 holds.
var pow10Int = func() (out [19]int64) {
	out[0] = 1
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1] * 10
	}
	return out
}()

var bigTen = big.NewInt(10)

// bigPow10 is 10^n; nobody changes it.
func bigPow10(n int) *big.Int {
	if n < len(bigPowers) {
		return bigPowers[n]
	}
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

var bigPowers = func() (out [64]*big.Int) {
	for i := range out {
		out[i] = new(big.Int).Exp(bigTen, big.NewInt(int64(i)), nil)
	}
	return out
}()

// NumericFromInt is the numeric of an integer, with scale 0.
func NumericFromInt(n int64) Datum { return NewNumericSmall(n, 0) }

// NewNumericSmall is coef · 10^-scale, printed with scale digits after the point.
// scale is 0 to 16383.
func NewNumericSmall(coef int64, scale int) Datum {
	if coef <= maxSmallCoef && coef >= minSmallCoef && uint(scale) <= maxSmallScale {
		return Datum{Kind: KindNumeric, X: smallNumeric(coef<<smallScaleBits | int64(scale))}
	}
	return NewNumeric(big.NewInt(coef), scale)
}

// NewNumeric is coef · 10^-scale, printed with scale digits after the point; a
// negative scale gives an integer. coef must not change afterwards. The limits of
// numeric are the caller's business.
func NewNumeric(coef *big.Int, scale int) Datum {
	if scale < 0 {
		coef, scale = new(big.Int).Mul(coef, bigPow10(-scale)), 0
	}
	if scale <= maxSmallScale && coef.IsInt64() {
		if n := coef.Int64(); n <= maxSmallCoef && n >= minSmallCoef {
			return NewNumericSmall(n, scale)
		}
	}
	return Datum{Kind: KindNumeric, X: &bigNumeric{coef, scale}}
}

// NewNumericSpecial is NaN or an infinity: NumericNaN, NumericInf, NumericNegInf.
func NewNumericSpecial(special int8) Datum {
	return Datum{Kind: KindNumeric, X: specialNumeric(special)}
}

// NumericSmall takes a numeric apart if its coefficient and scale are small (58
// and 6 bits); else ok is false.
func NumericSmall(d Datum) (coef int64, scale int, ok bool) {
	v, ok := d.X.(smallNumeric)
	return int64(v) >> smallScaleBits, int(v & maxSmallScale), ok
}

// NumericParts takes a numeric apart. coef must not be changed; it is nil if
// special is not NumericFinite.
func NumericParts(d Datum) (coef *big.Int, scale int, special int8) {
	switch v := d.X.(type) {
	case smallNumeric:
		return big.NewInt(int64(v) >> smallScaleBits), int(v & maxSmallScale), NumericFinite
	case *bigNumeric:
		return v.coef, v.scale, NumericFinite
	case specialNumeric:
		return nil, 0, int8(v)
	}
	return new(big.Int), 0, NumericFinite
}

// numericOps are the functions of the numeric types.
func numericOps() map[string]*ops {
	return map[string]*ops{"numeric": {
		kind: KindNumeric, parse: parseNumeric, text: appendNumeric, recv: recvNumeric, send: sendNumeric,
		compare: compareNumerics, hash: hashNumeric, typmod: numericTypmod, modText: numericModText,
		key: appendKeyNumeric, unkey: takeKeyNumeric, lossyKey: true,
	}}
}

func compareNumerics(a, b Datum) int {
	x, small1 := a.X.(smallNumeric)
	y, small2 := b.X.(smallNumeric)
	if small1 && small2 {
		if (x^y)&maxSmallScale == 0 {
			return cmp.Compare(x, y)
		}
		return compareSmall(int64(x)>>smallScaleBits, int(x&maxSmallScale), int64(y)>>smallScaleBits, int(y&maxSmallScale))
	}
	n1, s1, special1 := NumericParts(a)
	n2, s2, special2 := NumericParts(b)
	switch {
	case special1 != 0 || special2 != 0:
		return cmp.Compare(special1, special2)
	case n1.Sign() != n2.Sign():
		return cmp.Compare(n1.Sign(), n2.Sign())
	case s1 < s2:
		n1 = new(big.Int).Mul(n1, bigPow10(s2-s1))
	case s1 > s2:
		n2 = new(big.Int).Mul(n2, bigPow10(s1-s2))
	}
	return n1.Cmp(n2)
}

// compareSmall compares x · 10^-sx with y · 10^-sy.
func compareSmall(x int64, sx int, y int64, sy int) int {
	if sx > sy {
		return -compareSmall(y, sy, x, sx)
	}
	if scaled, ok := scaleUp(x, sy-sx); ok {
		return cmp.Compare(scaled, y)
	}
	return cmp.Compare(x, 0) // x scaled is beyond any int64
}

// scaleUp is n · 10^by; ok is false if that is no int64.
func scaleUp(n int64, by int) (scaled int64, ok bool) {
	switch {
	case n == 0 || by == 0:
		return n, true
	case by >= len(pow10Int):
		return 0, false
	}
	hi, lo := bits.Mul64(magnitude(n), uint64(pow10Int[by]))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if n < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

// magnitude is |n|.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// hashNumeric hashes the value without its trailing zeros.
func hashNumeric(d Datum, seed uint64) uint64 {
	switch v := d.X.(type) {
	case smallNumeric:
		return hashSmall(int64(v)>>smallScaleBits, int(v&maxSmallScale), seed)
	case *bigNumeric:
		digits := v.coef.Append(nil, 10)
		scale := v.scale
		for len(digits) > 1 && digits[len(digits)-1] == '0' {
			digits, scale = digits[:len(digits)-1], scale-1
		}
		if len(digits) < 20 {
			if n, ok := new(big.Int).SetString(string(digits), 10); ok && n.IsInt64() {
				return hashSmall(n.Int64(), scale, seed)
			}
		}
		return hashString(string(digits), hashWord(uint64(scale), seed))
	case specialNumeric:
		return hashWord(uint64(v), ^seed)
	}
	return seed
}

func hashSmall(coef int64, scale int, seed uint64) uint64 {
	if coef == 0 {
		return hashWord(0, seed)
	}
	for coef%100 == 0 {
		coef, scale = coef/100, scale-2
	}
	if coef%10 == 0 {
		coef, scale = coef/10, scale-1
	}
	return hashWord(uint64(coef), hashWord(uint64(scale), seed))
}
