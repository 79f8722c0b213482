package funcs

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// romanWidth is the width of a Roman numeral that is padded, or too long.
const romanWidth = 15

// numberToChar makes to_char() of the numbers whose digits f gives.
func numberToChar(f func(p *picture, d types.Datum) (pictured, error)) kernel {
	return scalar(func(a []types.Datum) (types.Datum, error) {
		p, err := parsePicture(a[1].S)
		if err != nil || a[1].S == "" {
			return types.NewText(""), err
		}
		v, err := f(p, a[0])
		if err != nil {
			return types.Null, err
		}
		if p.exponent {
			return types.NewText(v.digits), nil
		}
		w := newPictureWriter(p, v)
		text, err := w.run()
		return types.NewText(text), err
	})
}

// pictured is a number as its digits, which a picture is filled with.
type pictured struct {
	digits string // without sign; with EEEE all of the text
	minus  bool
	blanks int // places of the picture before the first digit
}

// place finds how many places stay blank; a number that has more digits than the
// picture has places shows as #.
func (p *picture) place(digits string, minus bool) pictured {
	whole := strings.IndexByte(digits, '.')
	if whole < 0 {
		whole = len(digits)
	}
	if whole > p.pre {
		return pictured{strings.Repeat("#", p.pre) + "." + strings.Repeat("#", p.post), minus, 0}
	}
	return pictured{digits, minus, p.pre - whole}
}

func signless(s string) (digits string, minus bool) {
	digits, minus = strings.CutPrefix(s, "-")
	return digits, minus
}

func (p *picture) ofNumeric(d types.Datum) (pictured, error) {
	v := decOf(d)
	switch {
	case p.roman:
		switch {
		case v.nan:
			return pictured{}, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to integer")
		case v.inf != 0:
			return pictured{}, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to integer")
		}
		n := v.round(0).n
		if !n.IsInt64() || n.Int64() != int64(int32(n.Int64())) {
			return pictured{}, errInt4
		}
		return pictured{digits: romanText(n.Int64())}, nil
	case p.exponent && v.special():
		return pictured{digits: p.unknownExponent()}, nil
	case p.exponent:
		return pictured{digits: scientific(v, p.post)}, nil
	}
	if p.shift {
		v = mulDec(v, dec{n: pow10(p.multi)})
		p.pre += p.multi
	}
	if !v.special() {
		v = v.round(p.post)
	}
	digits, minus := signless(v.text())
	return p.place(digits, minus), nil
}

func ofInt(w intWidth) func(p *picture, d types.Datum) (pictured, error) {
	return func(p *picture, d types.Datum) (pictured, error) {
		switch {
		case p.roman:
			if _, err := width4.check(d.I); err != nil {
				return pictured{}, err
			}
			return pictured{digits: romanText(d.I)}, nil
		case p.exponent && w == width8:
			return pictured{digits: scientific(decInt(d.I, 0), p.post)}, nil
		case p.exponent:
			return pictured{digits: floatExponent(float64(d.I), p.post)}, nil
		}
		v := d.I
		if p.shift {
			product := new(big.Int).Mul(big.NewInt(v), pow10(p.multi))
			if !product.IsInt64() {
				return pictured{}, w.err
			}
			var err error
			if v, err = w.check(product.Int64()); err != nil {
				return pictured{}, err
			}
			p.pre += p.multi
		}
		digits, minus := signless(strconv.FormatInt(v, 10))
		if p.post > 0 {
			digits += "." + strings.Repeat("0", p.post)
		}
		return p.place(digits, minus), nil
	}
}

// ofFloat: a float has so many digits to show and no more.
func ofFloat(significant int) func(p *picture, d types.Datum) (pictured, error) {
	return func(p *picture, d types.Datum) (pictured, error) {
		v := d.F
		switch {
		case p.roman && (math.IsNaN(v) || math.Abs(v) > math.MaxInt32):
			return pictured{digits: romanText(-1)}, nil
		case p.roman:
			return pictured{digits: romanText(int64(math.RoundToEven(v)))}, nil
		case p.exponent && (math.IsNaN(v) || inf(v)):
			return pictured{digits: p.unknownExponent()}, nil
		case p.exponent:
			return pictured{digits: floatExponent(v, p.post)}, nil
		}
		if p.shift {
			v *= math.Pow10(p.multi)
			p.pre += p.multi
		}
		whole := len(fixed(math.Abs(v), 0))
		p.post = max(min(p.post, significant-whole), 0)
		digits, minus := signless(fixed(v, p.post))
		return p.place(digits, minus), nil
	}
}

// fixed is C's %.*f, with PostgreSQL's words for what is no number.
func fixed(v float64, post int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case inf(v):
		return map[bool]string{true: "-Infinity", false: "Infinity"}[v < 0]
	}
	return strconv.FormatFloat(v, 'f', post, 64)
}

func floatExponent(v float64, post int) string {
	s := strconv.FormatFloat(v, 'e', post, 64)
	if s[0] != '-' {
		s = " " + s
	}
	return s
}

// unknownExponent stands for what has no exponent.
func (p *picture) unknownExponent() string {
	s := []byte(strings.Repeat("#", p.pre+p.post+6))
	s[0], s[p.pre+1] = ' ', '.'
	return string(s)
}

// scientific prints v with one digit before the point, post behind it, and an
// exponent.
func scientific(v dec, post int) string {
	exponent := 0
	if v.sign() != 0 {
		exponent = len(new(big.Int).Abs(v.n).String()) - 1 - v.scale
	}
	s := dec{n: v.n, scale: v.scale + exponent}
	if s.scale < 0 {
		s = s.plain()
	}
	text := s.round(post).text()
	if text[0] != '-' {
		text = " " + text
	}
	sign := "+"
	if exponent < 0 {
		sign, exponent = "-", -exponent
	}
	e := strconv.Itoa(exponent)
	if len(e) < 2 {
		e = "0" + e
	}
	return text + "e" + sign + e
}

func romanText(n int64) string {
	if n < 1 || n > 3999 {
		return strings.Repeat("#", romanWidth)
	}
	return roman(int(n))
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

// endOfText is what PostgreSQL writes for a digit that the number has not, or the
// sign of a Roman numeral: its result ends there.
const endOfText = 0

// A pictureWriter fills a picture with a number, pattern by pattern.
type pictureWriter struct {
	p        *picture
	v        pictured
	out      strings.Builder
	at       int  // digit places passed
	next     int  // the digit to write next
	last     int  // with FM, the last digit that matters; -1: all do
	places   int  // digit places in all
	signed   bool // the sign is written, or is not to be
	inNumber bool // a digit has just been written
	bracket  bool
	sign     signPlace
}

func newPictureWriter(p *picture, v pictured) *pictureWriter {
	if p.roman {
		*p = picture{items: p.items, fill: p.fill, roman: true}
	}
	w := &pictureWriter{p: p, v: v, last: -1, bracket: p.bracket, sign: p.sign, places: p.pre + p.post - 1}
	if p.plus || p.minus {
		w.signed = p.minus
	} else {
		w.bracket = p.bracket && (v.minus || !p.fill)
		w.signed = !v.minus && p.fill && !p.locale
		if p.sign == signBefore && p.pre == p.beforeSign {
			w.sign = signAfter
		}
	}
	if p.fill && p.decimal {
		w.last = lastRelevant(v.digits)
		if w.last >= 0 && p.zeroEnd > v.blanks {
			w.last = max(w.last, min(len(v.digits)-1, p.zeroEnd-v.blanks))
		}
	}
	if !w.signed && v.blanks == 0 {
		w.places++
	}
	return w
}

// lastRelevant is where the digits could end without a change of value: the last
// one after the point that is not 0, or the point; -1 without a point.
func lastRelevant(digits string) int {
	point := strings.IndexByte(digits, '.')
	if point < 0 {
		return -1
	}
	return max(point, len(strings.TrimRight(digits, "0"))-1)
}

func (w *pictureWriter) run() (string, error) {
	for _, item := range w.p.items {
		switch item.word {
		case "9", "0", ".", "D":
			w.digitPlace(item.word)
		case "TH":
			if w.p.roman || w.v.minus || w.p.decimal || strings.HasPrefix(w.v.digits, "#") {
				continue
			}
			th, err := ordinalOf(w.v.digits)
			if err != nil {
				return "", err
			}
			w.cased(item, th)
		case "RN":
			if !w.p.fill {
				w.out.WriteString(strings.Repeat(" ", max(romanWidth-len(w.v.digits), 0)))
			}
			w.cased(item, w.v.digits)
		default:
			w.mark(item)
		}
	}
	text, _, _ := strings.Cut(w.out.String(), string(rune(endOfText)))
	return text, nil
}

// cased writes text in the case that the pattern is written in.
func (w *pictureWriter) cased(item pictureItem, text string) {
	if item.text == item.word {
		text = strings.ToUpper(text)
	} else {
		text = strings.ToLower(text)
	}
	w.out.WriteString(text)
}

// mark writes what is neither a digit nor made of digits.
func (w *pictureWriter) mark(item pictureItem) {
	blank := func(mark string, shown bool) {
		if shown {
			w.out.WriteString(mark)
		} else if !w.p.fill {
			w.out.WriteByte(' ')
		}
	}
	switch item.word {
	case "":
		w.out.WriteString(item.text)
	case ",", "G":
		blank(",", w.inNumber)
	case "L":
		w.out.WriteByte(' ')
	case "MI":
		blank("-", w.v.minus)
	case "PL":
		blank("+", !w.v.minus && !w.p.roman)
	case "SG":
		w.writeSign()
	}
}

func (w *pictureWriter) writeSign() {
	if w.p.roman {
		w.out.WriteByte(endOfText)
		return
	}
	w.out.WriteByte("+-"[bit(w.v.minus)])
}

// leadingZero tells the 0 before the point that a picture without 0 does not show.
func (w *pictureWriter) leadingZero() bool {
	return !w.p.zero && w.next == 0 && strings.HasPrefix(w.v.digits, "0") && w.p.post != 0
}

// endsInPoint tells that nothing after the point matters.
func (w *pictureWriter) endsInPoint() bool { return w.last >= 0 && w.v.digits[w.last] == '.' }

// digitPlace writes the digit, blank or point of one place, and the sign where
// it is due.
func (w *pictureWriter) digitPlace(word string) {
	if w.p.roman {
		return
	}
	w.inNumber = false
	if !w.signed && (w.at >= w.v.blanks || w.p.zero && w.p.zeroStart == w.at) && (!w.leadingZero() || w.endsInPoint()) {
		w.signBefore()
	}
	switch {
	case w.at < w.v.blanks && (w.p.zeroStart > w.at || !w.p.zero):
		if !w.p.fill {
			w.out.WriteByte(' ')
		}
	case w.at < w.v.blanks:
		w.out.WriteByte('0')
		w.inNumber = true
	default:
		w.digit(word)
	}
	end := w.places + int(bit(w.v.blanks > 0)) + int(bit(w.p.decimal))
	if w.last >= 0 && w.last == w.next {
		end = w.at
	}
	if w.at+1 == end {
		w.signAfter()
	}
	w.at++
}

func (w *pictureWriter) signBefore() {
	switch {
	case w.p.locale:
		if w.sign == signBefore {
			w.writeSign()
			w.signed = true
		}
		return
	case w.bracket:
		w.out.WriteByte(" <"[bit(w.v.minus)])
	case w.v.minus:
		w.out.WriteByte('-')
	case !w.p.fill:
		w.out.WriteByte(' ')
	}
	w.signed = true
}

func (w *pictureWriter) signAfter() {
	switch {
	case w.signed && w.bracket:
		w.out.WriteByte(" >"[bit(w.v.minus)])
	case w.p.locale && w.sign == signAfter:
		w.writeSign()
	}
}

func (w *pictureWriter) digit(word string) {
	c := byte(endOfText)
	if w.next < len(w.v.digits) {
		c = w.v.digits[w.next]
	}
	switch {
	case c == '.':
		w.out.WriteByte('.')
	case w.last >= 0 && w.next > w.last && word != "0":
	case w.leadingZero():
		if !w.p.fill {
			w.out.WriteByte(' ')
		} else if w.endsInPoint() {
			w.out.WriteByte('0')
		}
	default:
		w.out.WriteByte(c)
		w.inNumber = true
	}
	w.next = min(w.next+1, len(w.v.digits))
}

func ordinalOf(digits string) (string, error) {
	last := digits[len(digits)-1]
	if last < '0' || last > '9' {
		return "", pgerr.New(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", digits)
	}
	return ordinal(digits, false), nil
}
