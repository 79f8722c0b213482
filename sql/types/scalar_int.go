package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
)

// intOps are the functions of the integers and of the types that are one inside.
func intOps() map[string]*ops {
	out := map[string]*ops{}
	for name, w := range map[string]struct {
		display string
		width   int
	}{"int2": {"smallint", 2}, "int4": {"integer", 4}, "int8": {"bigint", 8}} {
		out[name] = integerOps(w.width, func(s string) (int64, error) { return parseInt(s, w.width*8, w.display) })
	}
	for _, name := range []string{"oid", "xid", "cid"} {
		out[name] = unsignedOps(name)
	}
	xid8 := integerOps(8, func(s string) (int64, error) { return parseUnsigned(s, 64, "xid8") })
	xid8.text = func(dst []byte, d Datum, _ *Format) []byte { return strconv.AppendUint(dst, uint64(d.I), 10) }
	xid8.compare = func(a, b Datum) int { return cmp.Compare(uint64(a.I), uint64(b.I)) }
	xid8.key = func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(d.I)) }
	xid8.unkey = func(b []byte) (Datum, []byte, error) {
		n, rest, err := takeKeyInt(b)
		return NewInt(n ^ math.MinInt64), rest, err
	}
	out["xid8"] = xid8
	out["char"] = charOps()
	return out
}

// integerOps are those of a signed integer of width bytes.
func integerOps(width int, parse func(s string) (int64, error)) *ops {
	return &ops{
		kind: KindInt,
		parse: func(_ T, s string, _ *Format) (Datum, error) {
			n, err := parse(s)
			if err != nil {
				return Null, err
			}
			return NewInt(n), nil
		},
		text: func(dst []byte, d Datum, _ *Format) []byte { return strconv.AppendInt(dst, d.I, 10) },
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, width); err != nil {
				return Null, err
			}
			switch width {
			case 2:
				return NewInt(int64(int16(binary.BigEndian.Uint16(b)))), nil
			case 4:
				return NewInt(int64(int32(binary.BigEndian.Uint32(b)))), nil
			}
			return NewInt(int64(binary.BigEndian.Uint64(b))), nil
		},
		send:    func(dst []byte, d Datum) []byte { return sendInt(dst, d.I, width) },
		compare: compareInts,
		hash:    hashInts,
		key:     func(dst []byte, d Datum) []byte { return appendKeyInt(dst, d.I) },
		unkey: func(b []byte) (Datum, []byte, error) {
			n, rest, err := takeKeyInt(b)
			if err != nil {
				return Null, nil, err
			}
			return NewInt(n), rest, nil
		},
	}
}

// unsignedOps are those of an unsigned 32-bit number: oid, and the types that
// name objects by theirs.
func unsignedOps(name string) *ops {
	o := integerOps(4, func(s string) (int64, error) { return parseUnsigned(s, 32, name) })
	o.recv = func(_ T, b []byte, _ *Format) (Datum, error) {
		if err := wantBytes(b, 4); err != nil {
			return Null, err
		}
		return NewInt(int64(binary.BigEndian.Uint32(b))), nil
	}
	return o
}

// charOps are those of "char": one byte, kept as a signed number but ordered as
// an unsigned one.
func charOps() *ops {
	o := integerOps(1, nil)
	o.parse = func(_ T, s string, _ *Format) (Datum, error) {
		switch {
		case s == "":
			return NewInt(0), nil
		case len(s) == 4 && s[0] == '\\' && digitIn(s[1], 8) >= 0 && digitIn(s[2], 8) >= 0 && digitIn(s[3], 8) >= 0:
			return NewInt(int64(int8(s[1]-'0')<<6 | int8(s[2]-'0')<<3 | int8(s[3]-'0'))), nil
		}
		return NewInt(int64(int8(s[0]))), nil
	}
	o.text = func(dst []byte, d Datum, _ *Format) []byte {
		c := byte(d.I)
		switch {
		case c == 0:
			return dst
		case c >= 0x80:
			return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		}
		return append(dst, c)
	}
	o.recv = func(_ T, b []byte, _ *Format) (Datum, error) {
		if err := wantBytes(b, 1); err != nil {
			return Null, err
		}
		return NewInt(int64(int8(b[0]))), nil
	}
	o.compare = func(a, b Datum) int { return cmp.Compare(uint8(a.I), uint8(b.I)) }
	o.key = func(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) }
	o.unkey = func(b []byte) (Datum, []byte, error) {
		if len(b) == 0 {
			return Null, nil, errKey
		}
		return NewInt(int64(int8(b[0]))), b[1:], nil
	}
	return o
}

func compareInts(a, b Datum) int { return cmp.Compare(a.I, b.I) }

// isOctal reports whether s begins with a byte written as \ooo.
func isOctal(s string) bool {
	return len(s) >= 4 && s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7'
}

// intBase is the base that the prefix of a number tells: 0x, 0o, 0b.
func intBase(s string) uint64 {
	if len(s) >= 2 && s[0] == '0' {
		switch s[1] | 0x20 {
		case 'x':
			return 16
		case 'o':
			return 8
		case 'b':
			return 2
		}
	}
	return 10
}

// parseInt reads a signed integer: decimal, hexadecimal, octal or binary, with
// underscores between digits and white space around. As in PostgreSQL, a number
// that is far out of range is reported as such whatever follows it.
func parseInt(s string, bits int, typeName string) (int64, error) {
	v := trimLeftSpace(s)
	negative := false
	if v != "" && (v[0] == '-' || v[0] == '+') {
		negative = v[0] == '-'
		v = v[1:]
	}
	base := intBase(v)
	if base != 10 {
		v = v[2:]
	}
	limit := uint64(1) << (bits - 1)
	n, i := uint64(0), 0
	for base == 10 && i < len(v) && i < 18 && isDigit(v[i]) && n <= limit/10 { // most numbers end here
		n = n*10 + uint64(v[i]-'0')
		i++
	}
	for ; i < len(v); i++ {
		c := v[i]
		if c == '_' && (i > 0 || base != 10) && i+1 < len(v) {
			i++
			if c = v[i]; digitIn(c, base) < 0 {
				return 0, badSyntax(typeName, s)
			}
		}
		d := digitIn(c, base)
		if d < 0 {
			break
		}
		if n > limit/base {
			return 0, outOfRange(typeName, s)
		}
		n = n*base + uint64(d)
	}
	if i == 0 || trimLeftSpace(v[i:]) != "" {
		return 0, badSyntax(typeName, s)
	}
	if n > limit || n == limit && !negative {
		return 0, outOfRange(typeName, s)
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// digitIn is the value of a digit in a base, or -1.
func digitIn(c byte, base uint64) int {
	if d := hexDigit(c); d < int(base) {
		return d
	}
	return -1
}

// parseUnsigned reads an unsigned number as C's strtoul does: with the prefixes
// 0x and 0, and a minus sign that wraps round.
func parseUnsigned(s string, bits int, typeName string) (int64, error) {
	v := trimLeftSpace(s)
	negative := false
	if v != "" && (v[0] == '-' || v[0] == '+') {
		negative = v[0] == '-'
		v = v[1:]
	}
	base := uint64(10)
	switch {
	case intBase(v) == 16 && len(v) > 2 && hexDigit(v[2]) >= 0:
		base, v = 16, v[2:]
	case v != "" && v[0] == '0':
		base = 8
	}
	n, i, over := uint64(0), 0, false
	for ; i < len(v) && digitIn(v[i], base) >= 0; i++ {
		d := uint64(digitIn(v[i], base))
		over = over || n > (math.MaxUint64-d)/base
		n = n*base + d
	}
	if i == 0 {
		return 0, badSyntax(typeName, s)
	}
	if over {
		return 0, outOfRange(typeName, s)
	}
	if trimLeftSpace(v[i:]) != "" {
		return 0, badSyntax(typeName, s)
	}
	if negative {
		n = -n
	}
	if bits == 32 {
		if n != uint64(uint32(n)) && n != uint64(int32(n)) {
			return 0, outOfRange(typeName, s)
		}
		n = uint64(uint32(n))
	}
	return int64(n), nil
}
