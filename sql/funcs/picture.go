package funcs

import (
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
)

// numberWords are the patterns of number templates, longer ones before their
// beginnings. Case matters only in what th and rn print.
var numberWords = []string{"EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "SP", "TH", "S", "V", "L", "G", "D", "C", "B", "9", "0", ".", ","}

// A pictureItem is a pattern of a number template, or a character that stands
// for itself.
type pictureItem struct {
	word string // "" for a literal
	text string // as written
}

// signPlace says where the sign of an S goes.
type signPlace int

const (
	noSign signPlace = iota
	signBefore
	signAfter
)

// A picture is a number template taken apart.
type picture struct {
	items      []pictureItem
	pre, post  int // digit places before and after the decimal point
	multi      int // digit places after V
	zeroStart  int // places before the first 0, counted from 1; 0: there is no 0
	zeroEnd    int // places up to the last 0
	beforeSign int // places before an S that stands before the point
	sign       signPlace

	zero, decimal, fill, locale, plus, minus, bracket, roman, shift, exponent, blank bool
}

func pictureError(format string, args ...any) error {
	return pgerr.New(pgerr.SyntaxError, format, args...)
}

// parsePicture cuts a template into items and checks that they go together.
func parsePicture(template string) (*picture, error) {
	p := &picture{}
	for t := template; t != ""; {
		if word := numberWord(t); word != "" {
			if err := p.pattern(word); err != nil {
				return nil, err
			}
			p.items = append(p.items, pictureItem{word, t[:len(word)]})
			t = t[len(word):]
			continue
		}
		var literal []string
		literal, t = literalText(t)
		for _, c := range literal {
			p.items = append(p.items, pictureItem{text: c})
		}
	}
	if p.zeroStart > 0 {
		p.zeroStart--
	}
	return p, nil
}

// numberWord is the pattern that t begins with. They are words in either case, not in
// both at once: Sg is S and G.
func numberWord(t string) string {
	for _, w := range numberWords {
		if strings.HasPrefix(t, w) || strings.HasPrefix(t, strings.ToLower(w)) {
			return w
		}
	}
	return ""
}

// literalText takes from a template what stands for itself: one character, or
// what is in double quotes. A backslash quotes the next character within quotes,
// and a double quote outside.
func literalText(t string) (chars []string, rest string) {
	one := func() {
		_, n := utf8.DecodeRuneInString(t)
		chars, t = append(chars, t[:n]), t[n:]
	}
	if t[0] != '"' {
		if strings.HasPrefix(t, `\"`) {
			t = t[1:]
		}
		one()
		return chars, t
	}
	for t = t[1:]; t != ""; one() {
		if t[0] == '"' {
			return chars, t[1:]
		}
		if t[0] == '\\' && len(t) > 1 {
			t = t[1:]
		}
	}
	return chars, ""
}

// pattern notes one pattern of the template.
func (p *picture) pattern(word string) error {
	if p.exponent && word != "EEEE" {
		return pictureError("\"EEEE\" must be the last pattern used")
	}
	switch word {
	case "9", "0":
		return p.digit(word)
	case "B":
		p.blank = p.blank || p.pre == 0 && p.post == 0 && !p.zero
	case "D", ".":
		if p.decimal {
			return pictureError("multiple decimal points")
		}
		if p.shift {
			return pictureError("cannot use \"V\" and decimal point together")
		}
		p.decimal = true
	case "FM":
		p.fill = true
	case "S", "MI", "PL", "SG", "PR":
		return p.signPattern(word)
	case "RN":
		p.roman = true
	case "V":
		if p.decimal {
			return pictureError("cannot use \"V\" and decimal point together")
		}
		p.shift = true
	case "EEEE":
		if p.exponent {
			return pictureError("cannot use \"EEEE\" twice")
		}
		if p.blank || p.fill || p.locale || p.bracket || p.minus || p.plus || p.roman || p.shift {
			return pgerr.New(pgerr.SyntaxError, "\"EEEE\" is incompatible with other formats").
				WithDetail("\"EEEE\" may only be used together with digit and decimal point patterns.")
		}
		p.exponent = true
	}
	return nil
}

func (p *picture) digit(word string) error {
	if p.bracket {
		return pictureError("\"%s\" must be ahead of \"PR\"", word)
	}
	if word == "0" && !p.zero && !p.decimal {
		p.zero, p.zeroStart = true, p.pre+1
	}
	switch {
	case word == "9" && p.shift:
		p.multi++
		return nil
	case p.decimal:
		p.post++
	default:
		p.pre++
	}
	if word == "0" {
		p.zeroEnd = p.pre + p.post
	}
	return nil
}

func (p *picture) signPattern(word string) error {
	switch {
	case word == "S" && p.locale:
		return pictureError("cannot use \"S\" twice")
	case word == "S" && (p.plus || p.minus || p.bracket):
		return pictureError("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
	case word == "PR" && (p.locale || p.plus || p.minus):
		return pictureError("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
	case word != "S" && word != "PR" && p.locale:
		return pictureError("cannot use \"S\" and \"%s\" together", word)
	}
	switch word {
	case "S":
		p.locale = true
		if p.decimal {
			p.sign = signAfter
		} else {
			p.sign, p.beforeSign = signBefore, p.pre
		}
	case "PR":
		p.bracket = true
	case "MI":
		p.minus = true
	case "PL":
		p.plus = true
	default:
		p.minus, p.plus = true, true
	}
	return nil
}
