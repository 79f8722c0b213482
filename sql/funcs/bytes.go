package funcs

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// uuidKernels: uuid, bytea and digests.
func uuidKernels() kernels {
	s, n := textLane, intLane
	hash := func(f func(v []byte) []byte) kernel {
		return pure1(s, s, func(v string) string { return string(f([]byte(v))) })
	}
	md5Hex := pure1(s, s, func(v string) string {
		sum := md5.Sum([]byte(v))
		return hex.EncodeToString(sum[:])
	})
	return kernels{
		"gen_random_uuid": {
			eval: func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewText(randomUUID()), nil },
			vec: func(_ *Ctx, _ []*types.Vec, n int, out *types.Vec) error {
				for i := range out.S[:n] {
					out.S[i] = randomUUID()
				}
				return nil
			},
		},
		"md5_text": md5Hex, "md5_bytea": md5Hex,
		"sha224_bytea":   hash(func(v []byte) []byte { x := sha256.Sum224(v); return x[:] }),
		"sha256_bytea":   hash(func(v []byte) []byte { x := sha256.Sum256(v); return x[:] }),
		"sha384_bytea":   hash(func(v []byte) []byte { x := sha512.Sum384(v); return x[:] }),
		"sha512_bytea":   hash(func(v []byte) []byte { x := sha512.Sum512(v); return x[:] }),
		"byteacat":       pure2(s, s, s, func(a, b string) string { return a + b }),
		"byteaoctetlen":  pure1(s, n, func(v string) int64 { return int64(len(v)) }),
		"bit_length(17)": pure1(s, n, func(v string) int64 { return 8 * int64(len(v)) }),
		"bytea_bit_count": pure1(s, n, func(v string) int64 {
			total := 0
			for i := 0; i < len(v); i++ {
				total += bits.OnesCount8(v[i])
			}
			return int64(total)
		}),
		"byteapos":     pure2(s, s, n, func(v, sub string) int64 { return int64(strings.Index(v, sub)) + 1 }),
		"bytea_substr": scalar(byteaSubstring), "bytea_substr_no_len": scalar(byteaSubstring),
		"byteatrim":  pure2(s, s, s, func(v, set string) string { return trimBytes(v, set, true, true) }),
		"bytealtrim": pure2(s, s, s, func(v, set string) string { return trimBytes(v, set, true, false) }),
		"byteartrim": pure2(s, s, s, func(v, set string) string { return trimBytes(v, set, false, true) }),
		"byteaGetByte": lift2(s, n, n, func(v string, i int64) (int64, error) {
			if i < 0 || i >= int64(len(v)) {
				return 0, badIndex(i, len(v))
			}
			return int64(v[i]), nil
		}),
		"byteaGetBit": lift2(s, n, n, func(v string, i int64) (int64, error) {
			if i < 0 || i >= 8*int64(len(v)) {
				return 0, badIndex(i, 8*len(v))
			}
			return int64(v[i/8] >> (i % 8) & 1), nil
		}),
		"byteaSetByte": scalar(func(a []types.Datum) (types.Datum, error) {
			if i := a[1].I; i < 0 || i >= int64(len(a[0].S)) {
				return types.Null, badIndex(i, len(a[0].S))
			}
			b := []byte(a[0].S)
			b[a[1].I] = byte(a[2].I)
			return types.NewText(string(b)), nil
		}),
		"binary_encode": lift2(s, s, s, encodeBytes),
		"binary_decode": lift2(s, s, s, decodeBytes),
		"byteaSetBit": scalar(func(a []types.Datum) (types.Datum, error) {
			i, v := a[1].I, a[2].I
			if i < 0 || i >= 8*int64(len(a[0].S)) {
				return types.Null, badIndex(i, 8*len(a[0].S))
			}
			if v != 0 && v != 1 {
				return types.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
			}
			b := []byte(a[0].S)
			b[i/8] = b[i/8]&^(1<<(i%8)) | byte(v<<(i%8))
			return types.NewText(string(b)), nil
		}),
		"byteaoverlay": scalar(overlayBytes), "byteaoverlay_no_len": scalar(overlayBytes),
	}
}

func badIndex(i int64, n int) error {
	return pgerr.New(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", i, n-1)
}

func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime aborts when it has no randomness
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return string(b[:])
}

func byteaSubstring(a []types.Datum) (types.Datum, error) {
	from, to, err := span(a)
	if err != nil {
		return types.Null, err
	}
	n := int64(len(a[0].S))
	return types.NewText(a[0].S[min(from, n):min(to, n)]), nil
}

func overlayBytes(a []types.Datum) (types.Datum, error) {
	v, put, start := a[0].S, a[1].S, a[2].I
	length := int64(len(put))
	if len(a) == 4 {
		length = a[3].I
	}
	if start <= 0 {
		return types.Null, pgerr.New("22011", "negative substring length not allowed")
	}
	n := int64(len(v))
	if start+length > math.MaxInt32 || start+length < math.MinInt32 {
		return types.Null, errInt4
	}
	return types.NewText(v[:min(start-1, n)] + put + v[min(max(start-1+length, 0), n):]), nil
}

func trimBytes(v, set string, left, right bool) string {
	for left && v != "" && strings.IndexByte(set, v[0]) >= 0 {
		v = v[1:]
	}
	for right && v != "" && strings.IndexByte(set, v[len(v)-1]) >= 0 {
		v = v[:len(v)-1]
	}
	return v
}

func encodeBytes(v, how string) (string, error) {
	switch strings.ToLower(how) {
	case "hex":
		return hex.EncodeToString([]byte(v)), nil
	case "base64":
		text := base64.StdEncoding.EncodeToString([]byte(v))
		var b strings.Builder
		for len(text) > 76 {
			b.WriteString(text[:76] + "\n")
			text = text[76:]
		}
		return b.String() + text, nil
	case "escape":
		var b strings.Builder
		for i := 0; i < len(v); i++ {
			switch c := v[i]; {
			case c == '\\':
				b.WriteString(`\\`)
			case c == 0 || c >= 0x80:
				fmt.Fprintf(&b, `\%03o`, c)
			default:
				b.WriteByte(c)
			}
		}
		return b.String(), nil
	}
	return "", pgerr.New(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", how)
}

func decodeBytes(v, how string) (string, error) {
	switch strings.ToLower(how) {
	case "hex":
		return decodeHex(v)
	case "base64":
		return decodeBase64(v)
	case "escape":
		d, err := types.Parse(types.Of(types.ByteaOID), v, types.DefaultFormat)
		if strings.HasPrefix(v, `\x`) {
			return v, nil
		}
		return d.S, err
	}
	return "", pgerr.New(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", how)
}

// decodeHex reads pairs of digits; there may be blanks between pairs.
func decodeHex(v string) (string, error) {
	var out []byte
	for i := 0; i < len(v); i += 2 {
		if isBlank(v[i]) {
			i--
			continue
		}
		var b byte
		for k := i; k < i+2; k++ {
			if k == len(v) {
				return "", pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
			}
			d := strings.IndexByte("0123456789abcdef", v[k]|0x20)
			if d < 0 || v[k] < '0' {
				r, _ := utf8.DecodeRuneInString(v[k:])
				return "", pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", r)
			}
			b = b<<4 | byte(d)
		}
		out = append(out, b)
	}
	return string(out), nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// decodeBase64 reads groups of four characters; padding ends one and a new one
// may follow.
func decodeBase64(v string) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out []byte
	buf, pos, end := uint32(0), 0, 0
	for i, c := range []byte(v) {
		d := strings.IndexByte(alphabet, c)
		switch {
		case isBlank(c):
			continue
		case c == '=' && end == 0 && pos < 2:
			return "", pgerr.New(pgerr.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
		case c == '=':
			if end == 0 {
				end = pos - 1
			}
			d = 0
		case d < 0:
			r, _ := utf8.DecodeRuneInString(v[i:])
			return "", pgerr.New(pgerr.InvalidParameterValue, "invalid symbol \"%c\" found while decoding base64 sequence", r)
		}
		buf = buf<<6 | uint32(d)
		if pos++; pos == 4 {
			out = append(out, byte(buf>>16))
			if end == 0 || end > 1 {
				out = append(out, byte(buf>>8))
			}
			if end == 0 || end > 2 {
				out = append(out, byte(buf))
			}
			buf, pos = 0, 0
		}
	}
	if pos != 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return string(out), nil
}
