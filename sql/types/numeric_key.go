package types

import "math/big"

// A key of a numeric is a tag, which tells the class of the value and mostly its
// exponent, then the digits to base 100: 2·digit+1 where more follow, 2·digit for
// the last. The value is 0.d1d2d3… · 100^exponent; neither the first nor the last
// digit is 0. Negative values are complemented.
const (
	keyNegInf      = 0x02
	keyZero        = 0x80
	keyTinyExp     = 0x82 // the exponent follows in three bytes
	keySmallExp    = 0x83 // of exponent minKeyExp
	keyHugeExp     = 0xe3 // the exponent follows in three bytes
	keyInf         = 0xfd
	keyNaN         = 0xfe
	minKeyExp      = -32
	maxKeyExp      = minKeyExp + keyHugeExp - keySmallExp - 1
	keyExpBias     = 1 << 23
	keyExpLimit    = 100000 // beyond any exponent of a numeric
	keyShortDigits = 8      // so many digits to base 100 fit in a small value
)

func appendKeyNumeric(dst []byte, d Datum) []byte {
	if v, ok := d.X.(specialNumeric); ok {
		return append(dst, map[specialNumeric]byte{1: keyInf, -1: keyNegInf, 2: keyNaN}[v])
	}
	var buf [32]byte
	digits, negative, scale := numericDigits(buf[:0], d)
	whole := len(digits) - scale
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		return append(dst, keyZero)
	}
	from := len(dst)
	exp := (whole + 1) >> 1
	switch {
	case exp < minKeyExp:
		dst = appendKeyExp(append(dst, keyTinyExp), exp)
	case exp > maxKeyExp:
		dst = appendKeyExp(append(dst, keyHugeExp), exp)
	default:
		dst = append(dst, byte(keySmallExp+exp-minKeyExp))
	}
	i := 0
	if whole&1 != 0 { // the first digit stands alone
		dst = append(dst, 2*(digits[0]-'0')+1)
		i = 1
	}
	for ; i < len(digits); i += 2 {
		pair := 10 * (digits[i] - '0')
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, 2*pair+1)
	}
	dst[len(dst)-1]--
	if negative {
		invert(dst[from:])
	}
	return dst
}

func appendKeyExp(dst []byte, exp int) []byte {
	u := exp + keyExpBias
	return append(dst, byte(u>>16), byte(u>>8), byte(u))
}

// takeKeyNumeric gives back the value with as few digits after the point as it needs.
func takeKeyNumeric(b []byte) (Datum, []byte, error) {
	if len(b) == 0 {
		return Null, nil, errKey
	}
	switch b[0] {
	case keyZero:
		return NewNumericSmall(0, 0), b[1:], nil
	case keyInf:
		return NewNumericSpecial(NumericInf), b[1:], nil
	case keyNegInf:
		return NewNumericSpecial(NumericNegInf), b[1:], nil
	case keyNaN:
		return NewNumericSpecial(NumericNaN), b[1:], nil
	}
	flip := byte(0)
	if b[0] < keyZero {
		flip = 0xff
	}
	exp, i := 0, 1
	switch tag := b[0] ^ flip; {
	case tag == keyTinyExp || tag == keyHugeExp:
		if len(b) < 4 {
			return Null, nil, errKey
		}
		exp = int(b[1]^flip)<<16 | int(b[2]^flip)<<8 | int(b[3]^flip) - keyExpBias
		i = 4
	case tag >= keySmallExp && tag < keyHugeExp:
		exp = int(tag) - keySmallExp + minKeyExp
	default:
		return Null, nil, errKey
	}
	end := i
	for end < len(b) && (b[end]^flip)&1 != 0 {
		end++
	}
	if end == len(b) || exp > keyExpLimit || exp < -keyExpLimit {
		return Null, nil, errKey
	}
	end++
	return numericOfPairs(b[i:end], flip, exp), b[end:], nil
}

// numericOfPairs is the value of digits to base 100, as they stand in a key.
func numericOfPairs(pairs []byte, flip byte, exp int) Datum {
	scale := 2 * (len(pairs) - exp)
	if len(pairs) <= keyShortDigits {
		var coef int64
		for _, p := range pairs {
			coef = coef*100 + int64((p^flip)>>1)
		}
		if coef%10 == 0 && scale > 0 {
			coef, scale = coef/10, scale-1
		}
		if flip != 0 {
			coef = -coef
		}
		return NewNumeric(big.NewInt(coef), scale)
	}
	digits := make([]byte, 0, 2*len(pairs))
	for _, p := range pairs {
		digits = append(digits, '0'+(p^flip)>>1/10, '0'+(p^flip)>>1%10)
	}
	if digits[len(digits)-1] == '0' && scale > 0 {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	coef, ok := new(big.Int).SetString(string(digits), 10)
	if !ok {
		coef = new(big.Int) // a corrupt pair above 99
	}
	if flip != 0 {
		coef.Neg(coef)
	}
	return NewNumeric(coef, scale)
}
