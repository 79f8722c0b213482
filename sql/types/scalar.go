package types

import (
	"encoding/binary"
	"strings"

	"zorya/pgerr"
)

// scalarOps are the functions of the scalar types.
func scalarOps() map[string]*ops {
	out := map[string]*ops{"bool": boolOps()}
	for _, part := range []map[string]*ops{intOps(), floatOps(), textOps(), byteOps(), regOps(), inetOps()} {
		for names, o := range part {
			out[names] = o
		}
	}
	return out
}

func boolOps() *ops {
	return &ops{
		kind:  KindBool,
		parse: parseBool,
		text: func(dst []byte, d Datum, _ *Format) []byte {
			if d.I != 0 {
				return append(dst, 't')
			}
			return append(dst, 'f')
		},
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, 1); err != nil {
				return Null, err
			}
			return NewBool(b[0] != 0), nil
		},
		send:    func(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) },
		compare: compareInts,
		hash:    hashInts,
		key:     func(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) },
		unkey: func(b []byte) (Datum, []byte, error) {
			if len(b) == 0 || b[0] > 1 {
				return Null, nil, errKey
			}
			return NewBool(b[0] == 1), b[1:], nil
		},
	}
}

// boolWords are the words whose beginnings mean truth values, and how many
// letters a beginning needs.
var boolWords = []struct {
	word  string
	least int
	value bool
}{
	{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
	{"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false},
}

func parseBool(_ T, s string, _ *Format) (Datum, error) {
	v := trimSpace(s)
	for _, w := range boolWords {
		if len(v) >= w.least && len(v) <= len(w.word) && strings.EqualFold(v, w.word[:len(v)]) {
			return NewBool(w.value), nil
		}
	}
	return Null, badSyntax("boolean", s)
}

// badSyntax is the error of text that is no value of the type, or no text at all.
func badSyntax(typeName, s string) error {
	if err := CheckUTF8(s); err != nil {
		return err
	}
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

func outOfRange(typeName, s string) error {
	if err := CheckUTF8(s); err != nil {
		return err
	}
	return pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, typeName)
}

var (
	errShort  = pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	errBinary = pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
)

// wantBytes checks the length of a binary value of fixed width.
func wantBytes(b []byte, n int) error {
	switch {
	case len(b) < n:
		return errShort
	case len(b) > n:
		return errBinary
	}
	return nil
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// trimSpace removes what isSpace finds at both ends.
func trimSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// trimLeftSpace removes what isSpace finds at the beginning.
func trimLeftSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// hexDigit is the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// sendInt writes a big-endian integer of width bytes.
func sendInt(dst []byte, v int64, width int) []byte {
	switch width {
	case 1:
		return append(dst, byte(v))
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(v))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v))
}
