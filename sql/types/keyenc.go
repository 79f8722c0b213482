package types

import "zorya/pgerr"

// Key encodings begin with a byte that orders NULL before or after the values.
const (
	keyNullFirst = 0x01
	keyValue     = 0x02
	keyNullLast  = 0x03
)

// IsIndexable reports whether values of a type can be keys of an index.
func IsIndexable(oid OID) bool { t := Get(oid); return t != nil && t.ops != nil && t.ops.key != nil }

// KeyRecoverable reports whether DecodeKey gives back the very value that was
// encoded, so that a row need not repeat it.
func KeyRecoverable(oid OID) bool { return IsIndexable(oid) && !Get(oid).ops.lossyKey }

// AppendKey appends the order-preserving encoding of d, which may be NULL:
// bytes.Compare of encodings is the order of the values, turned round by desc
// and with NULLs where nullsFirst says. No encoding is a prefix of another.
// The type must be indexable.
func AppendKey(dst []byte, t OID, d Datum, desc, nullsFirst bool) []byte {
	if d.IsNull() {
		if nullsFirst {
			return append(dst, keyNullFirst)
		}
		return append(dst, keyNullLast)
	}
	dst = append(dst, keyValue)
	from := len(dst)
	dst = Get(t).ops.key(dst, d)
	if desc {
		invert(dst[from:])
	}
	return dst
}

// DecodeKey reads what AppendKey wrote and returns what follows it. Values of
// types that are not KeyRecoverable come back equal, not identical.
func DecodeKey(b []byte, t OID, desc, nullsFirst bool) (Datum, []byte, error) {
	if len(b) == 0 {
		return Null, nil, errKey
	}
	tag, rest := b[0], b[1:]
	if tag != keyValue {
		return Null, rest, nil
	}
	o := opsOf(t)
	if o == nil || o.unkey == nil {
		return Null, nil, errKey
	}
	if !desc {
		return o.unkey(rest)
	}
	turned := append([]byte(nil), rest...)
	invert(turned)
	d, left, err := o.unkey(turned)
	if err != nil {
		return Null, nil, err
	}
	return d, rest[len(rest)-len(left):], nil
}

// TakeInt is DecodeKey of an ascending whole number; ok is false if b begins with another
// thing, which may be NULL.
func TakeInt(b []byte) (n int64, rest []byte, ok bool) {
	if len(b) < 9 || b[0] != keyValue {
		return 0, nil, false
	}
	n, rest, _ = takeKeyInt(b[1:])
	return n, rest, true
}

// SkipKey returns what follows an ascending encoding that AppendKey wrote.
func SkipKey(b []byte, t OID) ([]byte, error) {
	if len(b) == 0 {
		return nil, errKey
	}
	if b[0] != keyValue {
		return b[1:], nil
	}
	switch ty := Get(t); ty.Kind {
	case KindInt:
		if len(b) < 9 {
			return nil, errKey
		}
		return b[9:], nil
	case KindBytes:
		if t == UUIDOID {
			if len(b) < 17 {
				return nil, errKey
			}
			return b[17:], nil
		}
		return skipKeyBytes(b[1:])
	}
	_, rest, err := DecodeKey(b, t, false, false)
	return rest, err
}

func skipKeyBytes(b []byte) ([]byte, error) {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			continue
		}
		if b[i+1] == 1 {
			return b[i+2:], nil
		}
		i++
	}
	return nil, errKey
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

var errKey = pgerr.New(pgerr.DataCorrupted, "index key is corrupt")

// appendKeyBytes appends a string of bytes: each 0 as 0 0xff, then 0 1 at the end.
func appendKeyBytes(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			dst = append(append(dst, s[from:i+1]...), 0xff)
			from = i + 1
		}
	}
	return append(append(dst, s[from:]...), 0, 1)
}

// takeKeyBytes reads what appendKeyBytes wrote.
func takeKeyBytes(b []byte) (string, []byte, error) {
	var out []byte
	from := 0
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			continue
		}
		switch b[i+1] {
		case 1:
			if out == nil {
				return string(b[:i]), b[i+2:], nil
			}
			return string(append(out, b[from:i]...)), b[i+2:], nil
		case 0xff:
			out = append(out, b[from:i+1]...)
			i++
			from = i + 1
		default:
			return "", nil, errKey
		}
	}
	return "", nil, errKey
}

// appendKeyInt appends a signed integer in 8 bytes. All types of KindInt have this
// key, uuid its 16 bytes, all others of KindBytes that of appendKeyBytes: SkipKey
// relies on it.
func appendKeyInt(dst []byte, n int64) []byte {
	u := uint64(n) ^ 1<<63
	return append(dst, byte(u>>56), byte(u>>48), byte(u>>40), byte(u>>32), byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}

// takeKeyInt reads what appendKeyInt wrote.
func takeKeyInt(b []byte) (int64, []byte, error) {
	if len(b) < 8 {
		return 0, nil, errKey
	}
	u := uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
	return int64(u ^ 1<<63), b[8:], nil
}
