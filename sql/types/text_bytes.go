package types

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
)

// byteOps are the functions of the types made of bytes: bytea, uuid, tid.
func byteOps() map[string]*ops {
	bytea := plainText()
	bytea.parse = parseBytea
	bytea.recv = func(_ T, b []byte, _ *Format) (Datum, error) { return NewText(string(b)), nil }
	bytea.text = func(dst []byte, d Datum, f *Format) []byte {
		if f.ByteaEscape {
			return appendEscaped(dst, d.S)
		}
		return hex.AppendEncode(append(dst, `\x`...), []byte(d.S))
	}
	bytea.key, bytea.unkey = nil, nil // DSQL allows no bytea in a key
	uuid := plainText()
	uuid.parse = parseUUID
	uuid.text = func(dst []byte, d Datum, _ *Format) []byte { return appendUUID(dst, d.S) }
	uuid.recv = func(_ T, b []byte, _ *Format) (Datum, error) {
		if err := wantBytes(b, 16); err != nil {
			return Null, err
		}
		return NewText(string(b)), nil
	}
	uuid.key = sendText
	uuid.unkey = func(b []byte) (Datum, []byte, error) {
		if len(b) < 16 {
			return Null, nil, errKey
		}
		return NewText(string(b[:16])), b[16:], nil
	}
	return map[string]*ops{"bytea": bytea, "uuid": uuid, "tid": tidOps()}
}

// parseBytea reads the hex format, which begins with \x, or the escape format.
func parseBytea(_ T, s string, _ *Format) (Datum, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHex(s[2:])
	}
	if strings.IndexByte(s, '\\') < 0 {
		return NewText(s), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case isOctal(s[i:]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case strings.HasPrefix(s[i:], `\\`):
			out = append(out, '\\')
			i++
		default:
			return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return NewText(string(out)), nil
}

// parseHex reads pairs of digits, with white space between pairs.
func parseHex(s string) (Datum, error) {
	digit := func(i int) (int, error) {
		if v := hexDigit(s[i]); v >= 0 {
			return v, nil
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[i:i+n])
	}
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi, err := digit(i)
		if err != nil {
			return Null, err
		}
		if i+1 >= len(s) {
			return Null, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo, err := digit(i + 1)
		if err != nil {
			return Null, err
		}
		out = append(out, byte(hi<<4|lo))
		i += 2
	}
	return NewText(string(out)), nil
}

// appendEscaped prints bytea in the escape format.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// parseUUID reads 32 digits, in braces or not, with hyphens after any group of four.
func parseUUID(_ T, s string, _ *Format) (Datum, error) {
	v, braces := strings.CutPrefix(s, "{")
	var out [16]byte
	for i := range out {
		if len(v) < 2 {
			return Null, badSyntax("uuid", s)
		}
		hi, lo := hexDigit(v[0]), hexDigit(v[1])
		if hi < 0 || lo < 0 {
			return Null, badSyntax("uuid", s)
		}
		out[i] = byte(hi<<4 | lo)
		v = v[2:]
		if i%2 == 1 && i < 15 {
			v = strings.TrimPrefix(v, "-")
		}
	}
	if braces && v != "}" || !braces && v != "" {
		return Null, badSyntax("uuid", s)
	}
	return NewText(string(out[:])), nil
}

func appendUUID(dst []byte, s string) []byte {
	if len(s) != 16 {
		return hex.AppendEncode(dst, []byte(s))
	}
	const digits = "0123456789abcdef"
	for i := range 16 {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[s[i]>>4], digits[s[i]&15])
	}
	return dst
}

// tidOps are those of tid, kept as its text: (block,offset).
func tidOps() *ops {
	o := plainText()
	o.parse = func(_ T, s string, _ *Format) (Datum, error) {
		block, offset, ok := tidParts(s)
		if !ok {
			return Null, badSyntax("tid", s)
		}
		return newTid(block, offset), nil
	}
	o.compare = func(a, b Datum) int {
		x, i, ok1 := tidParts(a.S)
		y, j, ok2 := tidParts(b.S)
		if !ok1 || !ok2 {
			return strings.Compare(a.S, b.S)
		}
		return compareInts(NewInt(int64(x)<<16|int64(i)), NewInt(int64(y)<<16|int64(j)))
	}
	o.recv = func(_ T, b []byte, _ *Format) (Datum, error) {
		if err := wantBytes(b, 6); err != nil {
			return Null, err
		}
		return newTid(binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:])), nil
	}
	o.send = func(dst []byte, d Datum) []byte {
		block, offset, _ := tidParts(d.S)
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(dst, block), offset)
	}
	o.key, o.unkey = nil, nil
	return o
}

func newTid(block uint32, offset uint16) Datum {
	b := strconv.AppendUint([]byte{'('}, uint64(block), 10)
	b = strconv.AppendUint(append(b, ','), uint64(offset), 10)
	return NewText(string(append(b, ')')))
}

// tidParts reads (block,offset), white space around it allowed before the end.
func tidParts(s string) (block uint32, offset uint16, ok bool) {
	left, right, ok := strings.Cut(s, ",")
	open := strings.IndexByte(left, '(')
	end := strings.IndexByte(right, ')')
	if !ok || open < 0 || end < 0 {
		return 0, 0, false
	}
	b, err1 := parseUnsigned(left[open+1:], 32, "tid")
	o, err2 := parseUnsigned(right[:end], 32, "tid")
	if err1 != nil || err2 != nil || o > math.MaxUint16 {
		return 0, 0, false
	}
	return uint32(b), uint16(o), true
}
