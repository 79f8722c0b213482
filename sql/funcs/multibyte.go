package funcs

import (
	"unicode/utf8"

	"zorya/sql/types"
)

// A mbForm is how the bytes of an encoding form characters, which says nothing of
// whether a character exists.
type mbForm struct {
	// size is what the first bytes promise: how many bytes the character has.
	size func(v string) int
	// good tells whether a character of more than one byte is formed well.
	good func(char string) bool
}

// mbForms are the multibyte encodings that have conversions. UTF8 is checked elsewhere.
var mbForms = map[string]mbForm{
	"EUC_JP": {size: func(v string) int {
		switch {
		case v[0] == 0x8f:
			return 3
		case v[0] >= 0x80:
			return 2
		}
		return 1
	}, good: func(c string) bool {
		if c[0] == 0x8e { // half-width kana
			return within(c[1], 0xa1, 0xdf)
		}
		return eucRange(c[1:]) && (c[0] == 0x8f || eucRange(c[:1]))
	}},
	"EUC_CN": {size: doubled, good: eucRange},
	"EUC_KR": {size: doubled, good: eucRange},
	"SJIS": {size: func(v string) int {
		if within(v[0], 0xa1, 0xdf) {
			return 1
		}
		return doubled(v)
	}, good: func(c string) bool {
		return (within(c[0], 0x81, 0x9f) || within(c[0], 0xe0, 0xfc)) && (within(c[1], 0x40, 0x7e) || within(c[1], 0x80, 0xfc))
	}},
	"BIG5": {size: doubled, good: noZero},
	"GBK":  {size: doubled, good: noZero},
	"UHC":  {size: doubled, good: noZero},
	"GB18030": {size: func(v string) int {
		if v[0] >= 0x80 && len(v) > 1 && within(v[1], '0', '9') {
			return 4
		}
		return doubled(v)
	}, good: func(c string) bool {
		if len(c) == 4 {
			return within(c[0], 0x81, 0xfe) && within(c[2], 0x81, 0xfe) && within(c[3], '0', '9')
		}
		return within(c[0], 0x81, 0xfe) && (within(c[1], 0x40, 0x7e) || within(c[1], 0x80, 0xfe))
	}},
}

func within(b, lo, hi byte) bool { return b >= lo && b <= hi }

func doubled(v string) int {
	if v[0] >= 0x80 {
		return 2
	}
	return 1
}

func eucRange(char string) bool {
	for i := range len(char) {
		if !within(char[i], 0xa1, 0xfe) {
			return false
		}
	}
	return true
}

func noZero(char string) bool { return char[1] != 0 }

// next is the first character of v, which is not empty; false if its bytes are none.
func (c *charset) next(v string) (char string, ok bool) {
	form, multibyte := mbForms[c.name]
	if !multibyte {
		return v[:1], v[0] != 0
	}
	n := form.size(v)
	if n > len(v) {
		return v, false
	}
	char = v[:n]
	return char, n > 1 && form.good(char) || n == 1 && v[0] != 0
}

// verify counts the characters of v; an error if the bytes do not form any.
func (c *charset) verify(v string) (n int64, err error) {
	if c.id == utf8ID {
		return int64(utf8.RuneCountInString(v)), types.CheckUTF8(v)
	}
	for ; v != ""; n++ {
		char, ok := c.next(v)
		if !ok {
			return 0, c.badBytes(char)
		}
		v = v[len(char):]
	}
	return n, nil
}
