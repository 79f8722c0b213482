package types

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"zorya/pgerr"
)

// A pathToken is a token of a jsonpath. kind is the sign or keyword itself, or one of
// ident, string, numeric, int, var and end. raw is what errors show: the text that the
// scanner had last read.
type pathToken struct {
	kind, text, raw string
}

// pathKeywords are the words with a meaning; those that are true are so only in lower
// case.
var pathKeywords = map[string]bool{
	"is": false, "to": false, "abs": false, "lax": false, "flag": false, "last": false, "null": true, "size": false, "true": true,
	"type": false, "with": false, "false": true, "floor": false, "double": false, "exists": false, "starts": false, "strict": false,
	"ceiling": false, "unknown": false, "datetime": false, "keyvalue": false, "like_regex": false,
}

const (
	pathSpecial = "?%$.[]{}()|&!=<>@#,*:-+/"
	pathBlank   = " \t\n\r\f"
)

// pathNumbers are the forms of numbers, in the order in which they win if equally
// long, with the kind of the token or the error.
var pathNumbers = func() (list []struct {
	re          *regexp.Regexp
	kind, fault string
}) {
	const integer = `(?:0|[1-9][0-9]*)`
	const decimal = `(?:` + integer + `\.[0-9]*|\.[0-9]+)`
	const realNumber = `(?:` + integer + `|` + decimal + `)[Ee][-+]?[0-9]+`
	const other = `[^?%$.\[\]{}()|&!=<>@#,*:\-+/\\" \t\n\r\f]`
	const junk = "trailing junk after numeric literal"
	for _, f := range [][3]string{{realNumber, "numeric"}, {decimal, "numeric"}, {integer, "int"},
		{`(?:` + integer + `|` + decimal + `)[Ee][-+]`, "", "invalid numeric literal"},
		{integer + other, "", junk}, {decimal + other, "", junk}, {realNumber + other, "", junk}} {
		re := regexp.MustCompile(`^(?:` + f[0] + `)`)
		re.Longest()
		list = append(list, struct {
			re          *regexp.Regexp
			kind, fault string
		}{re, f[1], f[2]})
	}
	return list
}()

// A pathLexer splits a jsonpath into tokens as PostgreSQL's scanner does.
type pathLexer struct {
	s  string
	at int
}

func pathError(message, raw string) error {
	if raw == "" {
		return pgerr.New(pgerr.SyntaxError, "%s at end of jsonpath input", message)
	}
	return pgerr.New(pgerr.SyntaxError, "%s at or near \"%s\" of jsonpath input", message, raw)
}

func pathOther(c byte) bool {
	return strings.IndexByte(pathSpecial, c) < 0 && strings.IndexByte(pathBlank, c) < 0 && c != '\\' && c != '"'
}

func (l *pathLexer) rest() string { return l.s[l.at:] }

func (l *pathLexer) next() (pathToken, error) {
	for l.at < len(l.s) {
		rest := l.rest()
		if strings.IndexByte(pathBlank, rest[0]) >= 0 {
			l.at++
			continue
		}
		if !strings.HasPrefix(rest, "/*") {
			break
		}
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return pathToken{}, pathError("unexpected end of comment", "")
		}
		l.at += end + 4
	}
	if l.at >= len(l.s) {
		return pathToken{kind: "end"}, nil
	}
	if c := l.s[l.at]; c >= '0' && c <= '9' || c == '.' {
		if t, ok, err := l.number(); ok || err != nil {
			return t, err
		}
	}
	rest := l.rest()
	for _, sign := range []string{"&&", "||", "**", "<=", "==", "<>", "!=", ">="} {
		if strings.HasPrefix(rest, sign) {
			l.at += 2
			if sign == "<>" {
				return pathToken{kind: "!=", raw: sign}, nil
			}
			return pathToken{kind: sign, raw: sign}, nil
		}
	}
	switch {
	case rest[0] == '"':
		l.at++
		return l.quoted("string")
	case strings.HasPrefix(rest, `$"`):
		l.at += 2
		return l.quoted("var")
	case rest[0] == '$' && len(rest) > 1 && pathOther(rest[1]):
		n := 1
		for n < len(rest) && pathOther(rest[n]) {
			n++
		}
		l.at += n
		return pathToken{kind: "var", text: rest[1:n], raw: rest[:n]}, nil
	case strings.IndexByte(pathSpecial, rest[0]) >= 0:
		l.at++
		return pathToken{kind: rest[:1], raw: rest[:1]}, nil
	}
	return l.word()
}

// number reads a number; ok is false if there is none, or a longer word.
func (l *pathLexer) number() (t pathToken, ok bool, err error) {
	rest, fault := l.rest(), ""
	for _, n := range pathNumbers {
		if m := n.re.FindString(rest); len(m) > len(t.raw) {
			t, fault = pathToken{kind: n.kind, text: m, raw: m}, n.fault
		}
	}
	word := 0
	for word < len(rest) && pathOther(rest[word]) {
		word++
	}
	if word > len(t.raw) {
		return pathToken{}, false, nil
	}
	l.at += len(t.raw)
	if fault != "" {
		return t, false, pathError(fault, t.raw)
	}
	return t, t.raw != "", nil
}

// word reads a name or keyword, in which there may be escapes. Its end has been read
// too, for the scanner, if that is a space.
func (l *pathLexer) word() (pathToken, error) {
	var b strings.Builder
	for l.at < len(l.s) && (pathOther(l.s[l.at]) || l.s[l.at] == '\\') {
		if l.s[l.at] != '\\' {
			b.WriteByte(l.s[l.at])
			l.at++
			continue
		}
		if err := l.escape(&b); err != nil {
			return pathToken{}, err
		}
	}
	t := pathToken{kind: "ident", text: b.String()}
	if strings.HasPrefix(l.rest(), "/*") {
		// PostgreSQL's scanner loses a word that a comment follows at once.
		return l.next()
	}
	n := l.at
	for n < len(l.s) && strings.IndexByte(pathBlank, l.s[n]) >= 0 {
		n++
	}
	t.raw = l.s[l.at:n]
	key := strings.ToLower(t.text)
	if exact, ok := pathKeywords[key]; ok && (!exact || key == t.text) {
		t.kind = key
	}
	return t, nil
}

// quoted reads a string or a variable's name up to its quote.
func (l *pathLexer) quoted(kind string) (pathToken, error) {
	var b strings.Builder
	for l.at < len(l.s) {
		switch c := l.s[l.at]; c {
		case '"':
			l.at++
			return pathToken{kind: kind, text: b.String(), raw: `"`}, nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return pathToken{}, err
			}
		default:
			b.WriteByte(c)
			l.at++
		}
	}
	return pathToken{}, pathError("unexpected end of quoted string", "")
}

// escape reads what stands for a character; l.at is at the backslash.
func (l *pathLexer) escape(b *strings.Builder) error {
	rest := l.rest()
	if len(rest) == 1 {
		return pathError("unexpected end after backslash", `\`)
	}
	if i := strings.IndexByte("bfnrtv", rest[1]); i >= 0 {
		b.WriteByte("\b\f\n\r\t\v"[i])
		l.at += 2
		return nil
	}
	switch rest[1] {
	case 'x':
		n := hexDigits(rest[2:], 2)
		if n < 2 {
			return pathError("invalid hex character sequence", rest[:2+n])
		}
		l.at += 4
		v, _ := strconv.ParseUint(rest[2:4], 16, 8)
		return writePathRune(b, rune(v))
	case 'u':
		return l.unicode(b)
	}
	_, n := utf8.DecodeRuneInString(rest[1:])
	b.WriteString(rest[1 : 1+n])
	l.at += 1 + n
	return nil
}

func hexDigits(s string, most int) int {
	n := 0
	for n < len(s) && n < most && hexDigit(s[n]) >= 0 {
		n++
	}
	return n
}

func writePathRune(b *strings.Builder, r rune) error {
	if r == 0 {
		return pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail("\\u0000 cannot be converted to text.")
	}
	b.WriteRune(r)
	return nil
}

// unicode reads a run of \uXXXX and \u{X…}, in which surrogates go in pairs.
func (l *pathLexer) unicode(b *strings.Builder) error {
	from, high := l.at, rune(-1)
	var runes []rune
	for strings.HasPrefix(l.rest(), `\u`) {
		rest := l.rest()[2:]
		if strings.HasPrefix(rest, "{") {
			n := hexDigits(rest[1:], 6)
			if n == 0 || len(rest) < n+2 || rest[n+1] != '}' {
				return pathError("invalid unicode sequence", l.s[from:l.at+3+n])
			}
			v, _ := strconv.ParseUint(rest[1:1+n], 16, 32)
			if v > unicode.MaxRune {
				return pgerr.New(pgerr.SyntaxError, "invalid Unicode code point")
			}
			runes = append(runes, rune(v))
			l.at += n + 4
			continue
		}
		n := hexDigits(rest, 4)
		if n < 4 {
			return pathError("invalid unicode sequence", l.s[from:l.at+2+n])
		}
		v, _ := strconv.ParseUint(rest[:4], 16, 32)
		runes = append(runes, rune(v))
		l.at += 6
	}
	surrogate := func(what string) error {
		return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s", "jsonpath").WithDetail("Unicode %s", what)
	}
	const lowAlone = "low surrogate must follow a high surrogate."
	for _, r := range runes {
		switch {
		case r >= 0xd800 && r < 0xdc00:
			if high >= 0 {
				return surrogate("high surrogate must not follow a high surrogate.")
			}
			high = r
			continue
		case r >= 0xdc00 && r < 0xe000:
			if high < 0 {
				return surrogate(lowAlone)
			}
			r = (high-0xd800)<<10 + (r - 0xdc00) + 0x10000
			high = -1
		case high >= 0:
			return surrogate(lowAlone)
		}
		if err := writePathRune(b, r); err != nil {
			return err
		}
	}
	if high >= 0 {
		return surrogate(lowAlone)
	}
	return nil
}
