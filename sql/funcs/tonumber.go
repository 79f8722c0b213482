package funcs

import (
	"math/big"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// numberFields are the patterns of number templates, longer ones first.
var numberFields = []string{"EEEE", "FM", "MI", "PL", "SG", "PR", "RN", "TH", "V", "L", "S", "D", "G", "9", "0", ".", ","}

// splitNumberTemplate cuts a template into patterns; literal text is marked by a
// leading quote, TH and RN keep their case.
func splitNumberTemplate(t string) []string {
	var out []string
next:
	for t != "" {
		if t[0] == '"' {
			end := strings.IndexByte(t[1:], '"')
			if end < 0 {
				end = len(t) - 1
			}
			out = append(out, t[:end+1])
			t = t[min(end+2, len(t)):]
			continue
		}
		for _, f := range numberFields {
			if len(t) >= len(f) && strings.EqualFold(t[:len(f)], f) {
				if f == "TH" || f == "RN" {
					f = t[:2]
				}
				out = append(out, f)
				t = t[len(f):]
				continue next
			}
		}
		out = append(out, `"`+t[:1])
		t = t[1:]
	}
	return out
}

// A numberPicture is a number template taken apart.
type numberPicture struct {
	parts           []string
	pre, post       int // digits before and after the point
	shift           int // digits after V
	firstZero       int // place of the first 0 before the point, or pre
	lastZero        int // number of digits after the point up to the last 0
	fm, signed      bool
	roman, exponent bool
}

func newPicture(template string) numberPicture {
	p := numberPicture{parts: splitNumberTemplate(template), firstZero: -1}
	point, v := false, false
	for _, f := range p.parts {
		switch f {
		case "9", "0":
			switch {
			case point:
				p.post++
				if f == "0" {
					p.lastZero = p.post
				}
			default:
				if f == "0" && p.firstZero < 0 {
					p.firstZero = p.pre
				}
				p.pre++
				if v {
					p.shift++
				}
			}
		case "D", ".":
			point = true
		case "V":
			v = true
		case "FM":
			p.fm = true
		case "S", "MI", "SG", "PR":
			p.signed = true
		case "EEEE":
			p.exponent = true
		}
		p.roman = p.roman || strings.EqualFold(f, "RN")
	}
	if p.firstZero < 0 {
		p.firstZero = p.pre
	}
	return p
}

// numberToChar is to_char() of a number.
func numberToChar(v dec, template string) (string, error) {
	p := newPicture(template)
	switch {
	case p.roman:
		return p.romanText(v), nil
	case p.exponent:
		return "", pgerr.New(pgerr.FeatureNotSupported, "\"EEEE\" is not supported")
	}
	digits, fraction := strings.Repeat("#", p.pre), strings.Repeat("#", p.post)
	negative := v.sign() < 0
	if !v.special() {
		v = dec{n: v.n, scale: v.scale - p.shift}
		if v.scale < 0 {
			v = v.plain()
		}
		v = v.round(p.post)
		digits = new(big.Int).Abs(v.n).String()
		if len(digits) <= p.post {
			digits = strings.Repeat("0", p.post-len(digits)+1) + digits
		}
		whole := digits[:len(digits)-p.post]
		fraction, digits = digits[len(digits)-p.post:], whole
		if v.n.Sign() == 0 {
			negative = false
		}
		if len(digits) > p.pre && !(digits == "0" && p.pre == 0) {
			digits, fraction = strings.Repeat("#", p.pre), strings.Repeat("#", p.post)
		}
	}
	w := numberWriter{p: p, digits: digits, fraction: fraction, negative: negative}
	return w.run(), nil
}

type numberWriter struct {
	p                numberPicture
	digits, fraction string
	negative         bool
	b                strings.Builder
	at, after        int // digit places passed before and after the point
	started          bool
	point            bool
	signAt           bool // an S before the number waits for the first digit
}

func (w *numberWriter) run() string {
	for i, f := range w.p.parts {
		w.part(f, i)
	}
	text := w.b.String()
	if contains := indexName(w.p.parts, "PR"); contains >= 0 {
		return w.angle(text)
	}
	return text
}

// angle puts a negative number in angle brackets.
func (w *numberWriter) angle(text string) string {
	trimmed := strings.TrimLeft(text, " ")
	blank := text[:len(text)-len(trimmed)]
	switch {
	case w.negative:
		return blank + "<" + trimmed + ">"
	case w.p.fm:
		return text
	}
	return blank + " " + trimmed + " "
}

// sign writes the sign before the first digit.
func (w *numberWriter) sign() {
	if w.started {
		return
	}
	w.started = true
	switch {
	case w.signAt:
		w.b.WriteByte("+-"[bit(w.negative)])
	case w.p.signed:
	case w.negative:
		w.b.WriteByte('-')
	case !w.p.fm:
		w.b.WriteByte(' ')
	}
}

func (w *numberWriter) blank() {
	if !w.p.fm {
		w.b.WriteByte(' ')
	}
}

func (w *numberWriter) part(f string, i int) {
	switch f {
	case "9", "0":
		w.digit(f)
	case "D", ".":
		w.sign()
		w.point = true
		if !w.p.fm || w.shown() > 0 || f == "." && w.p.lastZero > 0 || w.p.fm {
			w.b.WriteByte('.')
		}
	case "G", ",":
		if w.started {
			w.b.WriteByte(',')
		} else {
			w.blank()
		}
	case "S":
		if w.at == 0 && !w.point {
			w.signAt = true
		} else {
			w.b.WriteByte("+-"[bit(w.negative)])
		}
	case "MI":
		if w.negative {
			w.b.WriteByte('-')
		} else {
			w.blank()
		}
	case "PL":
		if !w.negative {
			w.b.WriteByte('+')
		} else {
			w.blank()
		}
	case "SG":
		w.b.WriteByte("+-"[bit(w.negative)])
	case "TH", "th":
		if !w.negative {
			w.b.WriteString(ordinal(w.digits, f == "TH"))
		}
	case "L":
		w.blank()
	case "FM", "PR", "V":
	default:
		w.b.WriteString(strings.TrimPrefix(f, `"`))
	}
}

// shown is how many digits after the point are printed: with FM, trailing zeros
// go unless the template has a 0 there.
func (w *numberWriter) shown() int {
	if !w.p.fm {
		return w.p.post
	}
	n := len(strings.TrimRight(w.fraction, "0"))
	return max(n, w.p.lastZero)
}

func (w *numberWriter) digit(f string) {
	if w.point {
		if w.after < w.shown() {
			w.b.WriteByte(w.fraction[w.after])
		}
		w.after++
		return
	}
	k := len(w.digits) - (w.p.pre - w.at)
	place := w.at
	w.at++
	last := w.at == w.p.pre
	switch {
	case k >= 0 && !(w.digits == "0" && w.p.post > 0 && f == "9" && !w.started && place < w.p.firstZero && last):
		w.sign()
		w.b.WriteByte(w.digits[k])
	case place >= w.p.firstZero:
		w.sign()
		w.b.WriteByte('0')
	default:
		w.blank()
	}
}

func (p numberPicture) romanText(v dec) string {
	text := strings.Repeat("#", 15)
	if r := v.round(0); !v.special() && r.n.IsInt64() && r.n.Int64() > 0 && r.n.Int64() < 4000 {
		text = roman(int(r.n.Int64()))
		if !p.fm {
			text = strings.Repeat(" ", 15-len(text)) + text
		}
	}
	if indexName(p.parts, "rn") >= 0 {
		return strings.ToLower(text)
	}
	return text
}

func roman(n int) string {
	var b strings.Builder
	values := []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	for i, sym := range strings.Fields("M CM D CD C XC L XL X IX V IV I") {
		for n >= values[i] {
			b.WriteString(sym)
			n -= values[i]
		}
	}
	return b.String()
}

// toNumber is to_number(): digits, sign and point are taken from the text, as far
// as the template has places for them.
func toNumber(s, template string) (types.Datum, error) {
	p := newPicture(template)
	var digits strings.Builder
	negative, point, scale, left := false, false, 0, p.pre+p.post
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-' || c == '<':
			negative = true
		case c == '.' && !point:
			point = true
		case c >= '0' && c <= '9' && left > 0:
			left--
			if point {
				scale++
			}
			if !point || scale <= p.post {
				digits.WriteByte(c)
			}
		}
	}
	scale = min(scale, p.post)
	if digits.Len() == 0 {
		return types.Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", " ")
	}
	n, _ := new(big.Int).SetString(digits.String(), 10)
	v := dec{n: n, scale: scale}
	if p.shift > 0 {
		v = quoDec(v, dec{n: pow10(p.shift)}, p.shift)
	}
	if negative {
		v = v.neg()
	}
	return v.checked()
}
