package types

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
)

// jsonOps are the functions of json, which is kept as it was written, and of jsonb.
func jsonOps() map[string]*ops {
	return map[string]*ops{
		"jsonpath": jsonPathOps(),
		"json":     {kind: KindBytes, parse: parseJSON, text: jsonText, recv: recvJSON, send: func(dst []byte, d Datum) []byte { return append(dst, d.S...) }},
		"jsonb":    {kind: KindJSONB, parse: parseJSONB, text: jsonbText, recv: recvJSONB, send: sendJSONB, compare: compareJSONB, hash: hashJSONB},
	}
}

func parseJSON(_ T, s string, _ *Format) (Datum, error) {
	p := jsonParser{s: s}
	if _, err := p.document(); err != nil {
		return Null, err
	}
	return NewText(s), nil
}

// CheckJSONEscapes returns the error of text of type json whose escapes mean no
// characters: the input function lets them pass, functions that look inside do not.
func CheckJSONEscapes(s string) error {
	if !strings.Contains(s, `\u`) {
		return nil
	}
	p := jsonParser{s: s, build: true}
	_, err := p.document()
	return err
}

func jsonText(dst []byte, d Datum, _ *Format) []byte { return append(dst, d.S...) }

func recvJSON(t T, b []byte, f *Format) (Datum, error) {
	if err := CheckUTF8(string(b)); err != nil {
		return Null, err
	}
	return parseJSON(t, string(b), f)
}

// maxJSONDepth bounds how deep arrays and objects may be nested.
const maxJSONDepth = 13000

// A jsonParser reads JSON text (RFC 8259) with PostgreSQL's errors (jsonapi.c). With
// build it makes a tree and resolves escapes.
type jsonParser struct {
	s     string
	at    int
	build bool
	depth int
}

// document reads one value and the end of the text.
func (p *jsonParser) document() (*JSONB, error) {
	v, err := p.value("Expected JSON value, but found \"%s\".")
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.s) {
		return nil, p.found("Expected end of input, but found \"%s\".")
	}
	return v, nil
}

func (p *jsonParser) space() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\t' || p.s[p.at] == '\n' || p.s[p.at] == '\r') {
		p.at++
	}
}

// peek is the next character that is no space; 0 at the end.
func (p *jsonParser) peek() byte {
	p.space()
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

// token measures the token at p.at and says whether it is a proper one.
func (p *jsonParser) token() (end int, ok bool) {
	switch c := p.s[p.at]; {
	case strings.IndexByte("{}[]:,", c) >= 0:
		return p.at + 1, true
	case c == '"':
		q := *p
		_, err := q.str()
		return q.at, err == nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	end = p.at
	for end < len(p.s) && wordByte(p.s[end]) {
		end++
	}
	if end == p.at {
		_, n := utf8.DecodeRuneInString(p.s[p.at:])
		return p.at + n, false
	}
	w := p.s[p.at:end]
	return end, w == "true" || w == "false" || w == "null"
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// number measures a number; a malformed one ends where its word does.
func (p *jsonParser) number() (end int, ok bool) {
	i := p.at
	digits := func() bool {
		from := i
		for i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
			i++
		}
		return i > from
	}
	if p.s[i] == '-' {
		i++
	}
	ok = true
	if i < len(p.s) && p.s[i] == '0' {
		i++
	} else {
		ok = digits()
	}
	if i < len(p.s) && p.s[i] == '.' {
		i++
		ok = digits() && ok
	}
	if i < len(p.s) && (p.s[i] == 'e' || p.s[i] == 'E') {
		i++
		if i < len(p.s) && (p.s[i] == '+' || p.s[i] == '-') {
			i++
		}
		ok = digits() && ok
	}
	for i < len(p.s) && wordByte(p.s[i]) {
		i, ok = i+1, false
	}
	return i, ok
}

// found is the error that another token was expected.
func (p *jsonParser) found(format string) error {
	p.space()
	if p.at >= len(p.s) {
		return p.invalid(p.at, "The input string ended unexpectedly.")
	}
	end, ok := p.token()
	if !ok {
		if p.s[p.at] == '"' {
			_, err := p.str()
			return err
		}
		return p.invalid(end, "Token \"%s\" is invalid.", p.s[p.at:end])
	}
	return p.invalid(end, format, p.s[p.at:end])
}

// invalid is an error at the token that ends at a place.
func (p *jsonParser) invalid(end int, detail string, args ...any) error {
	e := pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type json").WithDetail(detail, args...)
	e.Where = p.context(end)
	return e
}

// context shows the line that ends with the wrong token, at most 50 bytes of it.
func (p *jsonParser) context(end int) string {
	end = min(end, len(p.s))
	start := strings.LastIndexByte(p.s[:end], '\n') + 1
	line := 1 + strings.Count(p.s[:start], "\n")
	from := start
	for end-from >= 50 {
		_, n := utf8.DecodeRuneInString(p.s[from:])
		from += n
	}
	if from-start <= 3 {
		from = start
	}
	prefix, suffix := "", ""
	if from > start {
		prefix = "..."
	}
	if end < len(p.s) && p.s[end] != '\n' && p.s[end] != '\r' {
		suffix = "..."
	}
	return fmt.Sprintf("JSON data, line %d: %s%s%s", line, prefix, p.s[from:end], suffix)
}

func (p *jsonParser) value(expected string) (*JSONB, error) {
	switch c := p.peek(); c {
	case 0:
		return nil, p.found(expected)
	case '{', '[':
		if p.depth++; p.depth > maxJSONDepth {
			return nil, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
				WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
		}
		defer func() { p.depth-- }()
		p.at++
		if c == '{' {
			return p.object()
		}
		return p.array()
	case '"':
		s, err := p.str()
		return &JSONB{Kind: JSONString, Str: s}, err
	}
	end, ok := p.token()
	if c := p.s[p.at]; !ok || c == '}' || c == ']' || c == ':' || c == ',' {
		return nil, p.found(expected)
	}
	word := p.s[p.at:end]
	p.at = end
	switch word[0] {
	case 't', 'f':
		return &JSONB{Kind: JSONBool, Bool: word == "true"}, nil
	case 'n':
		return jsonNull, nil
	}
	if !p.build {
		return jsonNull, nil
	}
	d, err := Parse(Of(NumericOID), word, DefaultFormat)
	return &JSONB{Kind: JSONNumber, Num: d}, err
}

var jsonNull = &JSONB{Kind: JSONNull}

func (p *jsonParser) array() (*JSONB, error) {
	a := &JSONB{Kind: JSONArray}
	if p.peek() == ']' {
		p.at++
		return a, nil
	}
	expected := "Expected array element or \"]\", but found \"%s\"."
	for {
		v, err := p.value(expected)
		if err != nil {
			return nil, err
		}
		if p.build {
			a.Elems = append(a.Elems, v)
		}
		expected = "Expected JSON value, but found \"%s\"."
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.at++
			return a, nil
		default:
			return nil, p.found("Expected \",\" or \"]\", but found \"%s\".")
		}
	}
}

func (p *jsonParser) object() (*JSONB, error) {
	o := &JSONB{Kind: JSONObject}
	if p.peek() == '}' {
		p.at++
		return o, nil
	}
	expected := "Expected string or \"}\", but found \"%s\"."
	for {
		if p.peek() != '"' {
			return nil, p.found(expected)
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		if p.peek() != ':' {
			return nil, p.found("Expected \":\", but found \"%s\".")
		}
		p.at++
		v, err := p.value("Expected JSON value, but found \"%s\".")
		if err != nil {
			return nil, err
		}
		if p.build {
			o.Keys, o.Elems = append(o.Keys, key), append(o.Elems, v)
		}
		expected = "Expected string, but found \"%s\"."
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.at++
			if p.build {
				o.sortKeys()
			}
			return o, nil
		default:
			return nil, p.found("Expected \",\" or \"}\", but found \"%s\".")
		}
	}
}

// str reads a string; p.at is at the quote.
func (p *jsonParser) str() (string, error) {
	from := p.at
	p.at++
	var b strings.Builder
	plain := p.at
	high := rune(-1)
	surrogate := func(what string) error {
		return p.invalid(p.at, "Unicode %s surrogate must %s a high surrogate.", what, map[string]string{"high": "not follow", "low": "follow"}[what])
	}
	for {
		if p.at >= len(p.s) {
			return "", p.invalid(len(p.s), "Token \"%s\" is invalid.", p.s[from:])
		}
		c := p.s[p.at]
		if c == '\\' || c == '"' {
			if p.build {
				b.WriteString(p.s[plain:p.at])
			}
			if high >= 0 && (c == '"' || p.at+1 >= len(p.s) || p.s[p.at+1] != 'u') || high >= 0 && plain < p.at {
				return "", surrogate("low")
			}
		}
		switch {
		case c == '"':
			p.at++
			return b.String(), nil
		case c < ' ':
			return "", p.invalid(p.at, "Character with value 0x%02x must be escaped.", c)
		case c != '\\':
			p.at++
			continue
		}
		if p.at+1 >= len(p.s) {
			p.at = len(p.s)
			return "", p.invalid(len(p.s), "Token \"%s\" is invalid.", p.s[from:])
		}
		esc := p.s[p.at+1]
		if esc != 'u' {
			i := strings.IndexByte(`"\/bfnrt`, esc)
			if i < 0 {
				_, n := utf8.DecodeRuneInString(p.s[p.at+1:])
				return "", p.invalid(p.at+1+n, "Escape sequence \"\\%s\" is invalid.", p.s[p.at+1:p.at+1+n])
			}
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			p.at += 2
			plain = p.at
			continue
		}
		r, err := p.hex4()
		if err != nil {
			return "", err
		}
		plain = p.at
		if !p.build {
			continue
		}
		switch {
		case r == 0:
			e := pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").WithDetail("\\u0000 cannot be converted to text.")
			e.Where = p.context(p.at)
			return "", e
		case r >= 0xd800 && r < 0xdc00:
			if high >= 0 {
				return "", surrogate("high")
			}
			high = r
		case r >= 0xdc00 && r < 0xe000:
			if high < 0 {
				return "", surrogate("low")
			}
			b.WriteRune((high-0xd800)<<10 + (r - 0xdc00) + 0x10000)
			high = -1
		case high >= 0:
			return "", surrogate("low")
		default:
			b.WriteRune(r)
		}
	}
}

// hex4 reads \uXXXX.
func (p *jsonParser) hex4() (rune, error) {
	var r rune
	for i := range 4 {
		at := p.at + 2 + i
		if at >= len(p.s) || strings.IndexByte("0123456789abcdefABCDEF", p.s[at]) < 0 {
			end := min(at+1, len(p.s))
			return 0, p.invalid(end, "\"\\u\" must be followed by four hexadecimal digits.")
		}
		r = r<<4 | hexRune(p.s[at])
	}
	p.at += 6
	return r, nil
}

// hexRune is the value of a hexadecimal digit.
func hexRune(c byte) rune {
	switch {
	case c <= '9':
		return rune(c - '0')
	case c <= 'F':
		return rune(c-'A') + 10
	}
	return rune(c-'a') + 10
}
