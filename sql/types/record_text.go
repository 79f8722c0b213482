package types

import (
	"strings"

	"zorya/pgerr"
)

// ParseRecord reads a row's text, (1,"a b",), as a record of the shape's types.
func ParseRecord(shape *Record, s string, f *Format) (Datum, error) {
	bad := func(detail string) (Datum, error) {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", s).WithDetail("%s", detail)
	}
	p := trimLeftSpace(s)
	if !strings.HasPrefix(p, "(") {
		return bad("Missing left parenthesis.")
	}
	p = p[1:]
	out := &Record{Types: shape.Types, Names: shape.Names}
	for i, t := range shape.Types {
		if i > 0 {
			if !strings.HasPrefix(p, ",") {
				return bad("Too few columns.")
			}
			p = p[1:]
		}
		text, null, rest, ok := takeField(p)
		if !ok {
			return bad("Unexpected end of input.")
		}
		d := Null
		if !null {
			var err error
			if d, err = Parse(t, text, f); err != nil {
				return Null, err
			}
		}
		out.Fields, p = append(out.Fields, d), rest
	}
	if strings.HasPrefix(p, ",") {
		return bad("Too many columns.")
	}
	if !strings.HasPrefix(p, ")") || trimSpace(p[1:]) != "" {
		return bad("Junk after right parenthesis.")
	}
	return Datum{Kind: KindRecord, X: out}, nil
}

// takeField reads up to the next comma or parenthesis outside of quotes. null: there is
// nothing at all; ok is false if the text ends before.
func takeField(s string) (text string, null bool, rest string, ok bool) {
	if s == "" {
		return "", false, "", false
	}
	if s[0] == ',' || s[0] == ')' {
		return "", true, s, true
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			if i++; i >= len(s) {
				return "", false, "", false
			}
			b.WriteByte(s[i])
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			i++
			b.WriteByte('"')
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return b.String(), false, s[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return "", false, "", false
}
