package types

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
)

// maxName is the longest name in bytes.
const maxName = 63

func textOps() map[string]*ops {
	plain := plainText()
	varchar := plainText()
	varchar.typmod, varchar.modText = varcharTypmod, lengthText
	name := plainText()
	name.parse = func(_ T, s string, _ *Format) (Datum, error) {
		if err := CheckUTF8(s); err != nil {
			return Null, err
		}
		return NewText(CutName(s)), nil
	}
	name.recv = func(_ T, b []byte, _ *Format) (Datum, error) {
		if len(b) > maxName {
			return Null, pgerr.New(pgerr.NameTooLong, "identifier too long").WithDetail("Identifier must be less than 64 characters.")
		}
		return newString(string(b))
	}
	void := plainText()
	void.parse = func(T, string, *Format) (Datum, error) { return NewText(""), nil }
	void.recv = func(T, []byte, *Format) (Datum, error) { return NewText(""), nil }
	void.text = func(dst []byte, _ Datum, _ *Format) []byte { return dst }
	void.compare, void.key, void.unkey = nil, nil, nil
	unordered := plainText()
	unordered.compare, unordered.key, unordered.unkey = nil, nil, nil
	return map[string]*ops{
		"text": plain, "varchar": varchar, "bpchar": bpcharOps(), "name": name, "void": void,
		"unknown cstring refcursor": unordered,
		"pg_node_tree":              {kind: KindBytes, hash: hashTexts, send: sendText},
		"aclitem":                   {kind: KindBytes, hash: hashTexts, parse: parseACLItem},
	}
}

// plainText are the functions of text.
func plainText() *ops {
	return &ops{
		kind:    KindBytes,
		parse:   parseText,
		text:    func(dst []byte, d Datum, _ *Format) []byte { return append(dst, d.S...) },
		recv:    func(_ T, b []byte, _ *Format) (Datum, error) { return newString(string(b)) },
		send:    sendText,
		compare: compareTexts,
		hash:    hashTexts,
		key:     func(dst []byte, d Datum) []byte { return appendKeyBytes(dst, d.S) },
		unkey: func(b []byte) (Datum, []byte, error) {
			s, rest, err := takeKeyBytes(b)
			if err != nil {
				return Null, nil, err
			}
			return NewText(s), rest, nil
		},
	}
}

func bpcharOps() *ops {
	trimmed := func(d Datum) string { return strings.TrimRight(d.S, " ") }
	o := plainText()
	o.compare = func(a, b Datum) int { return strings.Compare(trimmed(a), trimmed(b)) }
	o.hash = func(d Datum, seed uint64) uint64 { return hashString(trimmed(d), seed) }
	o.key = func(dst []byte, d Datum) []byte { return appendKeyBytes(dst, trimmed(d)) }
	o.lossyKey = true
	o.typmod, o.modText = bpcharTypmod, lengthText
	return o
}

func compareTexts(a, b Datum) int { return strings.Compare(a.S, b.S) }

func sendText(dst []byte, d Datum) []byte { return append(dst, d.S...) }

func parseText(_ T, s string, _ *Format) (Datum, error) { return newString(s) }

// newString is a value of s if s is text: UTF-8 without NUL.
func newString(s string) (Datum, error) {
	if err := CheckUTF8(s); err != nil {
		return Null, err
	}
	return NewText(s), nil
}

// CheckUTF8 returns PostgreSQL's error if s is not UTF-8 or has a NUL.
func CheckUTF8(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n <= 1 || r == 0 {
			break
		}
		s = s[n:]
	}
	// PostgreSQL shows as many bytes as the first one announces.
	n := 1
	switch c := s[0]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	}
	var shown strings.Builder
	for i := range min(n, len(s)) {
		if i > 0 {
			shown.WriteByte(' ')
		}
		fmt.Fprintf(&shown, "0x%02x", s[i])
	}
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", shown.String())
}

// CutName shortens a name to what fits, between characters.
func CutName(s string) string {
	if len(s) <= maxName {
		return s
	}
	n := maxName
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// splitChars splits s after n characters. ok tells that s has at least n.
func splitChars(s string, n int) (head, tail string, ok bool) {
	if len(s) < n {
		return s, "", false
	}
	for i := range s {
		if n == 0 {
			return s[:i], s[i:], true
		}
		n--
	}
	return s, "", n == 0
}

// cut shortens s to n characters; unless explicit, only blanks may go.
func cut(s string, n int, explicit bool, display string) (string, error) {
	head, tail, _ := splitChars(s, n)
	if !explicit && strings.TrimRight(tail, " ") != "" {
		return "", pgerr.New(pgerr.StringDataRightTruncation, "value too long for type %s(%d)", display, n)
	}
	return head, nil
}

// The modifier of character types is the length in characters plus 4.
const lengthBase = 4

func varcharTypmod(t T, d Datum, explicit bool) (Datum, error) {
	n := int(t.Typmod) - lengthBase
	if n < 0 || len(d.S) <= n {
		return d, nil
	}
	s, err := cut(d.S, n, explicit, "character varying")
	if err != nil {
		return Null, err
	}
	return NewText(s), nil
}

// maxChar is the longest declared char, in characters.
const maxChar = 10485760

// bpcharTypmod cuts or pads with blanks.
func bpcharTypmod(t T, d Datum, explicit bool) (Datum, error) {
	n := int(t.Typmod) - lengthBase
	if n < 0 {
		return d, nil
	}
	s, err := cut(d.S, n, explicit, "character")
	if err != nil {
		return Null, err
	}
	if missing := n - utf8.RuneCountInString(s); missing > 0 {
		if n > maxChar {
			return Null, pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
		}
		s += strings.Repeat(" ", missing)
	}
	return NewText(s), nil
}

func lengthText(mod int32) string {
	if mod < lengthBase {
		return ""
	}
	return "(" + strconv.Itoa(int(mod)-lengthBase) + ")"
}
