package regex

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A set is a set of characters: ranges in order, without overlap.
type set []span

type span struct{ lo, hi rune }

func (s set) has(r rune) bool {
	if len(s) <= 4 {
		for _, p := range s {
			if r >= p.lo && r <= p.hi {
				return true
			}
		}
		return false
	}
	_, ok := slices.BinarySearchFunc(s, r, func(p span, r rune) int {
		switch {
		case p.hi < r:
			return -1
		case p.lo > r:
			return 1
		}
		return 0
	})
	return ok
}

// normal sorts and joins ranges.
func (s set) normal() set {
	slices.SortFunc(s, func(a, b span) int { return int(a.lo - b.lo) })
	var out set
	for _, p := range s {
		if n := len(out); n > 0 && p.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, p.hi)
			continue
		}
		out = append(out, p)
	}
	return out
}

func (s set) complement() set {
	var out set
	next := rune(0)
	for _, p := range s.normal() {
		if p.lo > next {
			out = append(out, span{next, p.lo - 1})
		}
		next = p.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out
}

// folded adds the other case of each character.
func (s set) folded() set {
	out := slices.Clone(s)
	for _, p := range s {
		for r := p.lo; r <= p.hi; r++ {
			for _, c := range []rune{unicode.ToLower(r), unicode.ToUpper(r)} {
				if c != r {
					out = append(out, span{c, c})
				}
			}
		}
	}
	return out.normal()
}

func (s set) without(r rune) set { return append(s.complement(), span{r, r}).complement() }

// appendGo writes the set in the syntax of package regexp.
func (s set) appendGo(b *strings.Builder) {
	switch {
	case len(s) == 0:
		b.WriteString(`[^\x{0}-\x{10FFFF}]`)
		return
	case len(s) == 1 && s[0].lo == s[0].hi:
		b.WriteString(regexp.QuoteMeta(string(s[0].lo)))
		return
	}
	b.WriteByte('[')
	for _, p := range s {
		fmt.Fprintf(b, `\x{%X}-\x{%X}`, p.lo, p.hi)
	}
	b.WriteByte(']')
}

// Characters as the C library's locale C.UTF-8 sorts them into classes.
func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isAlpha(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || unicode.Is(unicode.Nd, r) && !isDigit(r)
}
func isWord(r rune) bool { return r == '_' || isDigit(r) || isAlpha(r) }
func isSpace(r rune) bool {
	return unicode.IsSpace(r) && r != 0x85 && r != 0xa0 && r != 0x2007 && r != 0x202f
}
func isGraph(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

var classTests = map[string]func(rune) bool{
	"alpha": isAlpha, "digit": isDigit, "word": isWord, "space": isSpace, "graph": isGraph,
	"alnum":  func(r rune) bool { return isDigit(r) || isAlpha(r) },
	"upper":  unicode.IsUpper,
	"lower":  unicode.IsLower,
	"punct":  func(r rune) bool { return isGraph(r) && !isDigit(r) && !isAlpha(r) },
	"print":  func(r rune) bool { return isGraph(r) || isSpace(r) && !unicode.IsControl(r) },
	"cntrl":  func(r rune) bool { return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 },
	"blank":  func(r rune) bool { return r == ' ' || r == '\t' || isSpace(r) && unicode.Is(unicode.Zs, r) },
	"xdigit": func(r rune) bool { return isDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' },
}

var classes sync.Map // name → set, computed at first use

// class is the set of a named class.
func class(name string) (set, bool) {
	if s, ok := classes.Load(name); ok {
		return s.(set), true
	}
	test := classTests[name]
	if test == nil {
		return nil, false
	}
	var out set
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !test(r) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].hi == r-1 {
			out[n-1].hi = r
		} else {
			out = append(out, span{r, r})
		}
	}
	classes.Store(name, out)
	return out, true
}

// elements are the characters that [[.name.]] can name, but for those that stand
// for themselves.
var elements = map[string]rune{
	"NUL": 0, "SOH": 1, "STX": 2, "ETX": 3, "EOT": 4, "ENQ": 5, "ACK": 6, "BEL": 7, "alert": 7, "BS": 8, "backspace": 8, "HT": 9, "tab": 9,
	"LF": 10, "newline": 10, "VT": 11, "vertical-tab": 11, "FF": 12, "form-feed": 12, "CR": 13, "carriage-return": 13, "SO": 14, "SI": 15,
	"DLE": 16, "DC1": 17, "DC2": 18, "DC3": 19, "DC4": 20, "NAK": 21, "SYN": 22, "ETB": 23, "CAN": 24, "EM": 25, "SUB": 26, "ESC": 27,
	"IS4": 28, "FS": 28, "IS3": 29, "GS": 29, "IS2": 30, "RS": 30, "IS1": 31, "US": 31, "space": ' ', "exclamation-mark": '!',
	"quotation-mark": '"', "number-sign": '#', "dollar-sign": '$', "percent-sign": '%', "ampersand": '&', "apostrophe": '\'',
	"left-parenthesis": '(', "right-parenthesis": ')', "asterisk": '*', "plus-sign": '+', "comma": ',', "hyphen": '-', "hyphen-minus": '-',
	"period": '.', "full-stop": '.', "slash": '/', "solidus": '/', "zero": '0', "one": '1', "two": '2', "three": '3', "four": '4',
	"five": '5', "six": '6', "seven": '7', "eight": '8', "nine": '9', "colon": ':', "semicolon": ';', "less-than-sign": '<',
	"equals-sign": '=', "greater-than-sign": '>', "question-mark": '?', "commercial-at": '@', "left-square-bracket": '[',
	"backslash": '\\', "reverse-solidus": '\\', "right-square-bracket": ']', "circumflex": '^', "circumflex-accent": '^',
	"underscore": '_', "low-line": '_', "grave-accent": '`', "left-brace": '{', "left-curly-bracket": '{', "vertical-line": '|',
	"right-brace": '}', "right-curly-bracket": '}', "tilde": '~', "DEL": 127,
}
