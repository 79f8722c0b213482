package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"zorya/pgerr"
)

// quietNaN is NaN with the bits that PostgreSQL gives it.
var quietNaN = math.Float64frombits(0x7ff8 << 48)

func floatOps() map[string]*ops {
	return map[string]*ops{
		"float4": floatType(32, "real"),
		"float8": floatType(64, "double precision"),
	}
}

func floatType(bits int, display string) *ops {
	return &ops{
		kind: KindFloat,
		parse: func(_ T, s string, _ *Format) (Datum, error) {
			v, err := parseFloat(s, bits, display)
			if err != nil {
				return Null, err
			}
			return NewFloat(v), nil
		},
		text: func(dst []byte, d Datum, f *Format) []byte { return appendFloat(dst, d.F, bits, f.ExtraFloat) },
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, bits/8); err != nil {
				return Null, err
			}
			if bits == 32 {
				return NewFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
			}
			return NewFloat(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
		},
		send: func(dst []byte, d Datum) []byte {
			if bits == 32 {
				return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(d.F)))
			}
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(d.F))
		},
		compare:  compareFloats,
		hash:     hashFloats,
		key:      appendKeyFloat,
		unkey:    takeKeyFloat,
		lossyKey: true, // -0 and the bits of NaNs
	}
}

// compareFloats puts NaN above all else and equal to itself.
func compareFloats(a, b Datum) int {
	switch {
	case a.F < b.F:
		return -1
	case a.F > b.F:
		return 1
	case a.F == b.F:
		return 0
	case a.F == a.F:
		return -1
	case b.F == b.F:
		return 1
	}
	return 0
}

func appendKeyFloat(dst []byte, d Datum) []byte {
	u := math.Float64bits(d.F)
	switch {
	case d.F != d.F:
		u = math.MaxInt64
	case d.F == 0:
		u = 0
	}
	if u>>63 != 0 {
		u = ^u
	} else {
		u |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, u)
}

func takeKeyFloat(b []byte) (Datum, []byte, error) {
	if len(b) < 8 {
		return Null, nil, errKey
	}
	u := binary.BigEndian.Uint64(b)
	if u>>63 != 0 {
		u &^= 1 << 63
	} else {
		u = ^u
	}
	v := math.Float64frombits(u)
	if v != v {
		v = quietNaN
	}
	return NewFloat(v), b[8:], nil
}

// appendFloat prints as PostgreSQL does: the shortest digits that read back as
// the same value if extra is positive, else extra more than the digits that are
// always right.
func appendFloat(dst []byte, v float64, bits, extra int) []byte {
	switch {
	case v != v:
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	case extra <= 0 && bits == 32:
		return strconv.AppendFloat(dst, v, 'g', max(6+extra, 1), 64)
	case extra <= 0:
		return strconv.AppendFloat(dst, v, 'g', max(15+extra, 1), 64)
	case bits == 32:
		from := len(dst)
		dst = strconv.AppendFloat(dst, v, 'g', -1, 32)
		if math.Abs(v) >= 1<<22 && halfway32(v, dst[from:]) {
			return longer(dst[:from], v, 32)
		}
		return dst
	}
	abs := math.Abs(v)
	if abs >= 1e-4 && abs < 1e15 || v == 0 {
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
	if abs >= 1<<52 && abs < 1e41 && halfway64(v, dst[from:]) {
		return longer(dst[:from], v, 64)
	}
	return dst
}

// The shortest digits may stand for a number halfway between two floats, which
// reads back as v only because v's last bit is even. PostgreSQL does not rely on
// readers to round so and prints more digits. Only large numbers can be such.
func halfway64(v float64, digits []byte) bool {
	x, _, err := big.ParseFloat(string(digits), 10, 256, big.ToNearestEven)
	if err != nil {
		return false
	}
	x.Sub(x, big.NewFloat(v))
	for _, next := range []float64{math.Nextafter(v, math.Inf(1)), math.Nextafter(v, math.Inf(-1))} {
		if x.Cmp(big.NewFloat((next-v)/2)) == 0 {
			return true
		}
	}
	return false
}

func halfway32(v float64, digits []byte) bool {
	x, err := strconv.ParseFloat(string(digits), 64)
	if err != nil || x == v {
		return false
	}
	next := math.Nextafter32(float32(v), float32(math.Inf(int(math.Copysign(1, x-v)))))
	return x-v == (float64(next)-v)/2
}

// longer prints the fewest digits that read back as v and are not halfway.
func longer(dst []byte, v float64, bits int) []byte {
	from := len(dst)
	halfway := halfway64
	if bits == 32 {
		halfway = halfway32
	}
	for n := range 18 {
		dst = strconv.AppendFloat(dst[:from], v, 'e', n, 64)
		if x, err := strconv.ParseFloat(string(dst[from:]), bits); err == nil && x == v && !halfway(v, dst[from:]) {
			break
		}
	}
	return dst
}

// parseFloat reads what C's strtod reads, white space around it allowed.
func parseFloat(s string, bits int, display string) (float64, error) {
	v := trimLeftSpace(s)
	n, special := floatWord(v)
	value := special
	if n == 0 {
		var hex, zero bool
		if n, hex, zero = scanFloat(v); n == 0 {
			return 0, badSyntax(display, s)
		}
		num := v[:n]
		if hex && !strings.ContainsAny(num, "pP") {
			num += "p0"
		}
		var err error
		if value, err = strconv.ParseFloat(num, bits); err != nil || value == 0 && !zero {
			return 0, pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", v[:n], display)
		}
	}
	if trimLeftSpace(v[n:]) != "" {
		return 0, badSyntax(display, s)
	}
	return value, nil
}

// floatWord reads NaN or an infinity; n is its length, 0 if there is none.
func floatWord(s string) (n int, v float64) {
	sign := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign = 1
	}
	word := s[sign:]
	has := func(w string) bool { return len(word) >= len(w) && strings.EqualFold(word[:len(w)], w) }
	switch {
	case has("infinity"):
		n, v = 8, math.Inf(1)
	case has("inf"):
		n, v = 3, math.Inf(1)
	case has("nan"):
		n, v = 3, quietNaN
		if end := strings.IndexByte(word, ')'); len(word) > 3 && word[3] == '(' && end > 0 && isWord(word[4:end]) {
			n = end + 1
		}
	default:
		return 0, 0
	}
	if s[0] == '-' {
		v = -v
	}
	return n + sign, v
}

func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'z') && s[i] != '_' {
			return false
		}
	}
	return true
}

// scanFloat finds the end of a number; zero tells that all its digits are 0.
func scanFloat(s string) (n int, hex, zero bool) {
	i, digits, exp := 0, 0, byte('e')
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	base := uint64(10)
	if intBase(s[i:]) == 16 {
		hex, base, exp = true, 16, 'p'
		i += 2
	}
	zero = true
	for point := false; i < len(s); i++ {
		if s[i] == '.' && !point {
			point = true
			continue
		}
		if digitIn(s[i], base) < 0 {
			break
		}
		digits++
		zero = zero && s[i] == '0'
	}
	if digits == 0 {
		return 0, false, false
	}
	if i < len(s) && s[i]|0x20 == exp {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for i = j; i < len(s) && isDigit(s[i]); i++ {
			}
		}
	}
	return i, hex, zero
}
