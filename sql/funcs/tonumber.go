package funcs

import (
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// toNumber is to_number(): what the template has places for is read from the text.
func toNumber(s, template string) (types.Datum, error) {
	p, err := parsePicture(template)
	switch {
	case err != nil:
		return types.Null, err
	case template == "":
		return types.Null, nil
	case p.exponent:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "\"EEEE\" not supported for input")
	case p.roman:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "\"RN\" not supported for input")
	}
	r := pictureReader{p: p, s: s, sign: ' '}
	text := r.run()
	scale := r.post
	typmod := int32((p.pre+p.multi+scale)<<16|scale) + 4
	d, err := types.Parse(types.T{OID: types.NumericOID, Typmod: typmod}, text, types.DefaultFormat)
	if err != nil || !p.shift {
		return d, err
	}
	factor, err := powDec(decInt(10, 0), decInt(int64(-p.multi), 0))
	if err != nil {
		return types.Null, err
	}
	return mulDec(decOf(d), factor).checked()
}

// A pictureReader reads a number by a picture.
type pictureReader struct {
	p         *picture
	s         string
	at        int
	sign      byte // ' ' until one is read
	digits    strings.Builder
	pre, post int // digits read before and after the point
	point     bool
}

func (r *pictureReader) run() string {
	for _, item := range r.p.items {
		if r.at >= len(r.s) {
			break
		}
		if item.word == "" {
			_, n := utf8.DecodeRuneInString(r.s[r.at:])
			r.at += n
			continue
		}
		if r.pattern(item.word) {
			r.at++
		}
	}
	return string(r.sign) + strings.TrimSuffix(r.digits.String(), ".")
}

func (r *pictureReader) peek() byte {
	if r.at < len(r.s) {
		return r.s[r.at]
	}
	return 0
}

// pattern reads what one pattern asks for; it reports whether the character at
// hand is used.
func (r *pictureReader) pattern(word string) bool {
	switch word {
	case "9", "0", ".", "D":
		r.digitPlace(word)
		return true
	case ",", "G":
		return !r.p.fill && r.peek() == ','
	case "L":
		return r.skipText(1)
	case "TH":
		return r.skipText(2)
	case "MI", "PL", "SG":
		c := r.peek()
		if c == '-' && word != "PL" || c == '+' && word != "MI" {
			r.sign = c
			return true
		}
		return r.skipText(1)
	}
	return false
}

// skipText passes up to n characters that are no part of a number.
func (r *pictureReader) skipText(n int) bool {
	for ; n > 0 && r.at < len(r.s) && strings.IndexByte("0123456789.,+-", r.s[r.at]) < 0; n-- {
		_, size := utf8.DecodeRuneInString(r.s[r.at:])
		r.at += size
	}
	return false
}

func (r *pictureReader) digitPlace(word string) {
	if r.peek() == ' ' {
		r.at++
	}
	if r.at >= len(r.s) {
		return
	}
	if r.sign == ' ' && (word == "0" || word == "9") && r.pre+r.post == 0 {
		r.leadingSign()
	}
	read := false
	switch c := r.peek(); {
	case c == 0 && r.at >= len(r.s):
		return
	case c >= '0' && c <= '9':
		if r.point && r.post == r.p.post {
			return
		}
		r.digits.WriteByte(c)
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case r.p.decimal && !r.point && c == '.':
		r.digits.WriteByte('.')
		r.point, read = true, true
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		r.trailingSign(read)
	}
}

func (r *pictureReader) leadingSign() {
	c := r.peek()
	switch {
	case r.p.locale && r.p.sign != signBefore:
		if c != '-' && c != '+' {
			return
		}
	case c == '<' && r.p.bracket && !r.p.locale:
		c = '-'
	case c != '-' && c != '+':
		return
	}
	r.sign = c
	r.at++
}

// trailingSign reads a sign behind the last digit, whose place the template
// cannot tell.
func (r *pictureReader) trailingSign(read bool) {
	if r.p.locale && read && r.at+1 < len(r.s) {
		if c := r.s[r.at+1]; c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
		return
	}
	if c := r.peek(); !read && !r.p.locale && (r.p.plus || r.p.minus) && (c == '-' || c == '+') {
		r.sign = c
	}
}
