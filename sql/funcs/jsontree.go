package funcs

import (
	"fmt"
	"strconv"
	"strings"

	"zorya/sql/types"
)

// A jval is a parsed JSON value. raw is its source text; for strings text is the
// decoded content. Objects keep order and duplicates.
type jval struct {
	kind  byte // 'n'ull, 't'rue, 'f'alse, '0' number, '"', '[', '{'
	raw   string
	text  string
	keys  []string
	elems []jval
}

// parseJSON parses text that an input function has accepted already.
func parseJSON(s string) jval {
	p := jparser{s: s}
	return p.value()
}

type jparser struct {
	s  string
	at int
}

func (p *jparser) space() {
	for p.at < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.at]) >= 0 {
		p.at++
	}
}

func (p *jparser) peek() byte {
	p.space()
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

func (p *jparser) value() jval {
	c := p.peek()
	start := p.at
	var v jval
	switch c {
	case '{', '[':
		v = p.container(c)
	case '"':
		v = jval{kind: '"', text: p.str()}
	default:
		for p.at < len(p.s) && strings.IndexByte(" \t\n\r,]}:", p.s[p.at]) < 0 {
			p.at++
		}
		v = jval{kind: '0'}
		if c == 'n' || c == 't' || c == 'f' {
			v.kind = c
		}
	}
	v.raw = p.s[start:p.at]
	return v
}

func (p *jparser) container(open byte) jval {
	v := jval{kind: open}
	end := byte(']')
	if open == '{' {
		end = '}'
	}
	p.at++
	for p.at < len(p.s) && p.peek() != end {
		before := p.at
		if open == '{' {
			v.keys = append(v.keys, p.str())
			p.peek()
			p.at++ // the colon
		}
		v.elems = append(v.elems, p.value())
		if p.peek() == ',' || p.at == before {
			p.at++
		}
	}
	p.at = min(p.at+1, len(p.s))
	return v
}

// str decodes the string at the current place.
func (p *jparser) str() string {
	p.peek()
	p.at++
	start := p.at
	for p.at < len(p.s) && p.s[p.at] != '"' {
		if p.s[p.at] == '\\' {
			p.at++
		}
		p.at++
	}
	body := p.s[start:min(p.at, len(p.s))]
	p.at++
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	return unescapeJSON(body)
}

func unescapeJSON(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, n := hexRune(s[i+1:])
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// hexRune reads XXXX after \u, and a second half of a surrogate pair; n is how
// many bytes it took.
func hexRune(s string) (r rune, n int) {
	if len(s) < 4 {
		return '\uFFFD', len(s)
	}
	hi, _ := strconv.ParseUint(s[:4], 16, 32)
	if hi >= 0xD800 && hi < 0xDC00 && len(s) >= 10 && s[4:6] == `\u` {
		lo, _ := strconv.ParseUint(s[6:10], 16, 32)
		return rune((hi-0xD800)<<10 + (lo - 0xDC00) + 0x10000), 10
	}
	return rune(hi), 4
}

// QuoteJSON writes a string as a JSON literal.
func QuoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c < 0x20 {
				fmt.Fprintf(&b, `\u%04x`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// String writes v anew, with the separators of jsonb's output.
func (v jval) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v jval) write(b *strings.Builder) {
	switch v.kind {
	case 'n':
		b.WriteString("null")
	case 't':
		b.WriteString("true")
	case 'f':
		b.WriteString("false")
	case '"':
		b.WriteString(QuoteJSON(v.text))
	case '[', '{':
		b.WriteByte(v.kind)
		for i, e := range v.elems {
			if i > 0 {
				b.WriteString(", ")
			}
			if v.kind == '{' {
				b.WriteString(QuoteJSON(v.keys[i]) + ": ")
			}
			e.write(b)
		}
		b.WriteByte(v.kind + 2)
	default:
		b.WriteString(v.raw)
	}
}

// field returns the last member of that key, as PostgreSQL does.
func (v jval) field(key string) (jval, bool) {
	if v.kind != '{' {
		return jval{}, false
	}
	for i := len(v.keys) - 1; i >= 0; i-- {
		if v.keys[i] == key {
			return v.elems[i], true
		}
	}
	return jval{}, false
}

// elem returns an array's element; negative indexes count from the end.
func (v jval) elem(i int64) (jval, bool) {
	if v.kind != '[' {
		return jval{}, false
	}
	if i < 0 {
		i += int64(len(v.elems))
	}
	if i < 0 || i >= int64(len(v.elems)) {
		return jval{}, false
	}
	return v.elems[i], true
}

// step follows one part of a path.
func (v jval) step(part string) (jval, bool) {
	if v.kind == '[' {
		i, ok := elementNumber(part)
		if !ok {
			return jval{}, false
		}
		return v.elem(int64(i))
	}
	return v.field(part)
}

func (v jval) typeName() string {
	return map[byte]string{'n': "null", 't': "boolean", 'f': "boolean", '"': "string", '[': "array", '{': "object", '0': "number"}[v.kind]
}

// asText is what ->> gives: strings bare, null as NULL.
func (v jval) asText() types.Datum {
	switch v.kind {
	case 'n':
		return types.Null
	case '"':
		return types.NewText(v.text)
	}
	return types.NewText(v.raw)
}
