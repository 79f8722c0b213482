package types

import (
	"math/big"
	"strconv"
	"strings"

	"zorya/pgerr"
)

var errNumericOverflow = pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")

// parseNumeric reads a decimal number with an optional exponent, an integer in
// base 16, 8 or 2, NaN or an infinity; white space around it allowed.
func parseNumeric(_ T, s string, _ *Format) (Datum, error) {
	if d, ok := parseShortNumeric(s); ok {
		return d, nil
	}
	v := trimSpace(s)
	unsigned, negative := v, false
	if v != "" && (v[0] == '-' || v[0] == '+') {
		unsigned, negative = v[1:], v[0] == '-'
	}
	if unsigned == "" {
		return Null, badSyntax("numeric", s)
	}
	if !isDigit(unsigned[0]) && unsigned[0] != '.' {
		switch {
		case strings.EqualFold(v, "nan"):
			return NewNumericSpecial(NumericNaN), nil
		case !strings.EqualFold(unsigned, "inf") && !strings.EqualFold(unsigned, "infinity"):
			return Null, badSyntax("numeric", s)
		case negative:
			return NewNumericSpecial(NumericNegInf), nil
		}
		return NewNumericSpecial(NumericInf), nil
	}
	var coef *big.Int
	var scale int
	var err error
	if base := intBase(unsigned); base != 10 {
		coef, err = numericInBase(unsigned[2:], base)
	} else {
		coef, scale, err = numericDecimal(unsigned)
	}
	switch {
	case err != nil:
		return Null, err
	case coef == nil:
		return Null, badSyntax("numeric", s)
	case negative:
		coef.Neg(coef)
	}
	return NewNumeric(coef, scale), nil
}

// parseShortNumeric reads what most numbers look like: up to 17 digits, perhaps
// with a sign and a point.
func parseShortNumeric(s string) (Datum, bool) {
	if len(s) == 0 || len(s) > 19 {
		return Null, false
	}
	i := 0
	if s[0] == '-' {
		i++
	}
	coef, digits, point := int64(0), 0, -1
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			coef = coef*10 + int64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = digits
		default:
			return Null, false
		}
	}
	if digits == 0 || digits > 17 {
		return Null, false
	}
	if s[0] == '-' {
		coef = -coef
	}
	if point < 0 {
		return NewNumericSmall(coef, 0), true
	}
	return NewNumericSmall(coef, digits-point), true
}

// numericInBase reads the digits of an integer; nil if they are none.
func numericInBase(s string, base uint64) (*big.Int, error) {
	digits := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i+1 < len(s) {
			i++
		}
		if digitIn(s[i], base) < 0 {
			return nil, nil
		}
		if len(digits) > 0 || s[i] != '0' {
			digits = append(digits, s[i])
		}
	}
	switch {
	case s == "":
		return nil, nil
	case len(digits) == 0:
		return new(big.Int), nil
	case len(digits) > 4*numericMaxWhole: // even in base 2
		return nil, errNumericOverflow
	}
	n, ok := new(big.Int).SetString(string(digits), int(base))
	if !ok {
		return nil, nil
	}
	if n.Cmp(bigPow10(numericMaxWhole)) >= 0 {
		return nil, errNumericOverflow
	}
	return n, nil
}

// numericDecimal reads digits, point and exponent; coef is nil if they are wrong.
func numericDecimal(s string) (coef *big.Int, scale int, err error) {
	digits := make([]byte, 0, len(s))
	whole, point, any, i := 0, false, false, 0
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			if i+1 < len(s) && s[i+1] == '_' {
				return nil, 0, nil
			}
			point = true
			continue
		}
		if c == '_' && any && i+1 < len(s) && isDigit(s[i+1]) {
			continue
		}
		if !isDigit(c) {
			break
		}
		any = true
		switch {
		case point:
			scale++
		case len(digits) > 0 || c != '0':
			whole++
		}
		if len(digits) > 0 || c != '0' {
			digits = append(digits, c)
		} else if point {
			whole-- // a zero that follows the point moves the first digit to the right
		}
	}
	if !any {
		return nil, 0, nil
	}
	if i < len(s) {
		exp, ok, err := numericExponent(s[i:])
		if !ok || err != nil {
			return nil, 0, err
		}
		whole, scale = whole+exp, scale-exp
	}
	zeros := max(-scale, 0) // to append to the digits
	scale = max(scale, 0)
	if scale > numericMaxScale || len(digits) > 0 && whole > numericMaxWhole {
		return nil, 0, errNumericOverflow
	}
	coef = new(big.Int)
	if len(digits) == 0 {
		return coef, scale, nil
	}
	coef.SetString(string(digits), 10)
	if zeros > 0 {
		coef.Mul(coef, bigPow10(zeros))
	}
	return coef, scale, nil
}

// numericExponent reads e and a number, up to the end of s.
func numericExponent(s string) (exp int, ok bool, err error) {
	const limit = 1<<30 - 1
	if s[0]|0x20 != 'e' {
		return 0, false, nil
	}
	s = s[1:]
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" || s[len(s)-1] == '_' {
		return 0, false, nil
	}
	for i := range len(s) {
		if s[i] == '_' && i > 0 && s[i-1] != '_' {
			continue
		}
		if !isDigit(s[i]) {
			return 0, false, nil
		}
		exp = min(exp*10+int(s[i]-'0'), limit)
	}
	if exp == limit {
		return 0, true, errNumericOverflow
	}
	if negative {
		exp = -exp
	}
	return exp, true, nil
}

// numericDigits are the decimal digits of |coefficient| of a finite value, without
// leading zeros ("0" for 0), appended to buf.
func numericDigits(buf []byte, d Datum) (digits []byte, negative bool, scale int) {
	switch v := d.X.(type) {
	case smallNumeric:
		coef := int64(v) >> smallScaleBits
		return strconv.AppendUint(buf, magnitude(coef), 10), coef < 0, int(v & maxSmallScale)
	case *bigNumeric:
		digits = v.coef.Append(buf, 10)
		if v.coef.Sign() < 0 {
			digits = digits[1:]
		}
		return digits, v.coef.Sign() < 0, v.scale
	}
	return append(buf, '0'), false, 0
}

func appendNumeric(dst []byte, d Datum, _ *Format) []byte {
	if v, ok := d.X.(specialNumeric); ok {
		return append(dst, map[specialNumeric]string{1: "Infinity", -1: "-Infinity", 2: "NaN"}[v]...)
	}
	var buf [32]byte
	digits, negative, scale := numericDigits(buf[:0], d)
	if negative {
		dst = append(dst, '-')
	}
	if scale == 0 {
		return append(dst, digits...)
	}
	whole := len(digits) - scale
	if whole <= 0 {
		dst = append(dst, '0', '.')
		for range -whole {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(append(dst, digits[:whole]...), '.')
	return append(dst, digits[whole:]...)
}

// numericMod takes a modifier apart: digits in all and digits after the point.
func numericMod(mod int32) (precision, scale int) {
	m := int(mod) - lengthBase
	return m >> 16 & 0xffff, (m&0x7ff ^ 1024) - 1024
}

func numericModText(mod int32) string {
	p, s := numericMod(mod)
	return "(" + strconv.Itoa(p) + "," + strconv.Itoa(s) + ")"
}

// numericTypmod rounds half away from zero and refuses what has too many digits.
func numericTypmod(t T, d Datum, _ bool) (Datum, error) {
	if t.Typmod < lengthBase {
		return d, nil
	}
	precision, scale := numericMod(t.Typmod)
	if coef, from, ok := NumericSmall(d); ok {
		if n, ok := rescaleSmall(coef, from, scale); ok {
			if precision < len(pow10Int) && magnitude(n) >= uint64(pow10Int[precision]) {
				return Null, fieldOverflow(precision, scale)
			}
			return NewNumericSmall(n, scale), nil
		}
	}
	coef, from, special := NumericParts(d)
	switch {
	case special == NumericNaN:
		return d, nil
	case special != NumericFinite:
		return Null, errFieldOverflow.WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	case scale > from:
		coef = new(big.Int).Mul(coef, bigPow10(scale-from))
	case scale < from:
		coef = quoRound(coef, bigPow10(from-scale))
	}
	if coef.CmpAbs(bigPow10(precision)) >= 0 {
		return Null, fieldOverflow(precision, scale)
	}
	return NewNumeric(coef, scale), nil
}

// rescaleSmall brings a coefficient to another scale of 0 or more; ok is false if
// it cannot do so within an int64.
func rescaleSmall(coef int64, from, to int) (n int64, ok bool) {
	switch {
	case to < 0 || from-to >= len(pow10Int):
		return 0, false
	case to >= from:
		return scaleUp(coef, to-from)
	}
	p := pow10Int[from-to]
	q, r := coef/p, coef%p
	switch {
	case r >= p-r:
		q++
	case -r >= p+r:
		q--
	}
	return q, true
}

// quoRound is x / y rounded half away from zero; y is positive.
func quoRound(x, y *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Lsh(r, 1).CmpAbs(y) >= 0 {
		return q.Add(q, big.NewInt(int64(x.Sign())))
	}
	return q
}

var errFieldOverflow = pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow")

func fieldOverflow(precision, scale int) error {
	limit := "1"
	if whole := precision - scale; whole != 0 {
		limit = "10^" + strconv.Itoa(whole)
	}
	return errFieldOverflow.WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.",
		precision, scale, limit)
}
