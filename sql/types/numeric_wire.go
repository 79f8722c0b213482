package types

import (
	"encoding/binary"
	"math/big"

	"zorya/pgerr"
)

// Signs of numeric's binary format.
const (
	wirePositive = 0x0000
	wireNegative = 0x4000
	wireNaN      = 0xc000
	wireInf      = 0xd000
	wireNegInf   = 0xf000
)

// sendNumeric writes PostgreSQL's binary format: number of digits to base 10,000,
// weight of the first, sign, scale, digits; each in two bytes.
func sendNumeric(dst []byte, d Datum) []byte {
	put := binary.BigEndian.AppendUint16
	if v, ok := d.X.(specialNumeric); ok {
		switch int8(v) {
		case NumericNaN:
			return put(put(append(dst, 0, 0, 0, 0), wireNaN), 0)
		case NumericInf:
			return put(put(append(dst, 0, 0, 0, 0), wireInf), 0x20)
		}
		return put(put(append(dst, 0, 0, 0, 0), wireNegInf), 0x20)
	}
	var buf [32]byte
	digits, negative, scale := numericDigits(buf[:0], d)
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	shown := numericScale(d)
	if len(digits) == 0 {
		return put(append(dst, 0, 0, 0, 0, 0, 0), uint16(shown))
	}
	whole := len(digits) - scale
	weight := (whole - 1) >> 2
	first := whole - weight*4 // digits of the first group, 1 to 4
	sign := uint16(wirePositive)
	if negative {
		sign = wireNegative
	}
	dst = put(put(put(put(dst, uint16(1+(len(digits)-first+3)>>2)), uint16(weight)), sign), uint16(shown))
	if len(digits) < first {
		first = len(digits)
	}
	width := whole - weight*4
	for from, to := 0, first; from < len(digits); from, to, width = to, min(to+4, len(digits)), 4 {
		dst = put(dst, group(digits[from:to], width))
	}
	return dst
}

// numericScale is the number of digits after the point of a finite value.
func numericScale(d Datum) int {
	switch v := d.X.(type) {
	case smallNumeric:
		return int(v & maxSmallScale)
	case *bigNumeric:
		return v.scale
	}
	return 0
}

// group is the number that digits, filled up with zeros to width, make.
func group(digits []byte, width int) (n uint16) {
	for i := range width {
		n *= 10
		if i < len(digits) {
			n += uint16(digits[i] - '0')
		}
	}
	return n
}

func badWire(what string) error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"numeric\" value", what)
}

// recvNumeric reads what sendNumeric writes. Digits beyond the scale are cut off.
func recvNumeric(_ T, b []byte, _ *Format) (Datum, error) {
	if len(b) < 8 {
		return Null, errShort
	}
	word := func(i int) uint16 { return binary.BigEndian.Uint16(b[2*i:]) }
	n, weight, sign, scale := int(word(0)), int(int16(word(1))), word(2), int(word(3))
	switch sign {
	case wirePositive, wireNegative, wireNaN, wireInf, wireNegInf:
	default:
		return Null, badWire("sign")
	}
	if scale > numericMaxScale {
		return Null, badWire("scale")
	}
	if err := wantBytes(b[8:], 2*n); err != nil {
		return Null, err
	}
	for i := range n {
		if word(4+i) >= 10000 {
			return Null, badWire("digit")
		}
	}
	switch sign {
	case wireNaN:
		return NewNumericSpecial(NumericNaN), nil
	case wireInf:
		return NewNumericSpecial(NumericInf), nil
	case wireNegInf:
		return NewNumericSpecial(NumericNegInf), nil
	}
	groups := b[8:]
	for len(groups) > 0 && groups[0]|groups[1] == 0 {
		groups, weight = groups[2:], weight-1
	}
	if len(groups) == 0 || 4*(weight+1)+scale <= 0 {
		return NewNumericSmall(0, scale), nil
	}
	if d, ok := recvSmall(groups, weight, scale, sign == wireNegative); ok {
		return d, nil
	}
	digits := make([]byte, 0, 2*len(groups))
	for i := 0; i < len(groups); i += 2 {
		g := binary.BigEndian.Uint16(groups[i:])
		digits = append(digits, '0'+byte(g/1000), '0'+byte(g/100%10), '0'+byte(g/10%10), '0'+byte(g%10))
	}
	coef, _ := new(big.Int).SetString(string(digits), 10)
	// The last group is worth 10000^(weight-groups+1).
	if shift := 4*(weight-len(groups)/2+1) + scale; shift >= 0 {
		coef.Mul(coef, bigPow10(shift))
	} else {
		coef.Quo(coef, bigPow10(-shift))
	}
	if sign == wireNegative {
		coef.Neg(coef)
	}
	return NewNumeric(coef, scale), nil
}

// recvSmall is the way of values of a few groups.
func recvSmall(groups []byte, weight, scale int, negative bool) (Datum, bool) {
	if len(groups) > 8 {
		return Null, false
	}
	var coef int64
	for i := 0; i < len(groups); i += 2 {
		coef = coef*10000 + int64(binary.BigEndian.Uint16(groups[i:]))
	}
	shift := 4*(weight-len(groups)/2+1) + scale
	if shift < 0 {
		if -shift >= len(pow10Int) {
			return Null, false
		}
		coef /= pow10Int[-shift]
	} else {
		var ok bool
		if coef, ok = scaleUp(coef, shift); !ok {
			return Null, false
		}
	}
	if negative {
		coef = -coef
	}
	return NewNumericSmall(coef, scale), true
}
