package funcs

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// formatText is format(): %[position$][-][width]s, I, L and %%.
func formatText(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	f := formatter{c: c, args: a, ts: ts, spec: a[0].S}
	for f.spec != "" {
		i := strings.IndexByte(f.spec, '%')
		if i < 0 {
			f.out.WriteString(f.spec)
			break
		}
		f.out.WriteString(f.spec[:i])
		f.spec = f.spec[i+1:]
		if err := f.directive(); err != nil {
			return types.Null, err
		}
	}
	return types.NewText(f.out.String()), nil
}

type formatter struct {
	c    *Ctx
	args []types.Datum
	ts   []types.T
	spec string // what follows the last %
	last int    // argument used last
	out  strings.Builder
}

var errFormatEnd = pgerr.New(pgerr.InvalidParameterValue, "unterminated format() type specifier").
	WithHint("For a single \"%%\" use \"%%%%\".")

func (f *formatter) directive() error {
	if f.spec == "" {
		return errFormatEnd
	}
	if f.spec[0] == '%' {
		f.out.WriteByte('%')
		f.spec = f.spec[1:]
		return nil
	}
	arg, width, left, err := f.flags()
	if err != nil {
		return err
	}
	if f.spec == "" {
		return errFormatEnd
	}
	conv := f.spec[0]
	if !strings.ContainsRune("sIL", rune(conv)) {
		r, _ := utf8.DecodeRuneInString(f.spec)
		return pgerr.New(pgerr.InvalidParameterValue, "unrecognized format() type specifier \"%c\"", r).
			WithHint("For a single \"%%\" use \"%%%%\".")
	}
	f.spec = f.spec[1:]
	d, t, err := f.take(arg)
	if err != nil {
		return err
	}
	text, err := f.convert(conv, d, t)
	if err != nil {
		return err
	}
	return f.pad(text, width, left)
}

// flags reads position, minus sign and width; arg is 0 for the next one.
func (f *formatter) flags() (arg int, width int, left bool, err error) {
	n, digits, err := f.number()
	if err != nil {
		return 0, 0, false, err
	}
	if digits && f.spec != "" && f.spec[0] == '$' {
		if n == 0 {
			return 0, 0, false, pgerr.New(pgerr.InvalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
		}
		f.spec = f.spec[1:]
		arg, digits = n, false
		n = 0
	}
	if digits {
		return arg, n, false, nil
	}
	for f.spec != "" && f.spec[0] == '-' {
		left = true
		f.spec = f.spec[1:]
	}
	if f.spec != "" && f.spec[0] == '*' {
		f.spec = f.spec[1:]
		return f.starWidth(arg, left)
	}
	n, _, err = f.number()
	return arg, n, left, err
}

// starWidth takes the width from an argument: * or *n$.
func (f *formatter) starWidth(arg int, left bool) (int, int, bool, error) {
	n, digits, err := f.number()
	if err != nil {
		return 0, 0, false, err
	}
	if digits {
		if f.spec == "" || f.spec[0] != '$' {
			return 0, 0, false, pgerr.New(pgerr.InvalidParameterValue, "width argument position must be ended by \"$\"")
		}
		f.spec = f.spec[1:]
		if n == 0 {
			return 0, 0, false, pgerr.New(pgerr.InvalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
		}
	}
	d, t, err := f.take(n)
	if err != nil || d.IsNull() {
		return arg, 0, left, err
	}
	w := d.I
	if t != types.Int4OID && t != types.Int2OID {
		v, err := types.Parse(types.Of(types.Int4OID), output(f.c, t, d), f.c.format())
		if err != nil {
			return 0, 0, false, err
		}
		w = v.I
	}
	if w == math.MinInt32 {
		return 0, 0, false, errFormatNumber
	}
	if w < 0 {
		left, w = true, -w
	}
	return arg, int(w), left, nil
}

var errFormatNumber = pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")

// number reads digits, if there are any.
func (f *formatter) number() (n int, found bool, err error) {
	for f.spec != "" && f.spec[0] >= '0' && f.spec[0] <= '9' {
		if n = n*10 + int(f.spec[0]-'0'); n > math.MaxInt32 {
			return 0, false, errFormatNumber
		}
		f.spec, found = f.spec[1:], true
	}
	return n, found, nil
}

// take returns argument n (from 1), or the next one if n is 0.
func (f *formatter) take(n int) (types.Datum, types.OID, error) {
	if n == 0 {
		n = f.last + 1
	}
	f.last = n
	if n >= len(f.args) {
		return types.Null, 0, pgerr.New(pgerr.InvalidParameterValue, "too few arguments for format()")
	}
	return f.args[n], f.ts[n].OID, nil
}

func (f *formatter) convert(conv byte, d types.Datum, t types.OID) (string, error) {
	if d.IsNull() {
		switch conv {
		case 's':
			return "", nil
		case 'L':
			return "NULL", nil
		}
		return "", pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	}
	text := output(f.c, t, d)
	switch conv {
	case 'I':
		return QuoteIdent(text), nil
	case 'L':
		return QuoteLiteral(text), nil
	}
	return text, nil
}

func (f *formatter) pad(text string, width int, left bool) error {
	missing := max(width-utf8.RuneCountInString(text), 0)
	size := f.out.Len()
	if left {
		size += len(text)
	}
	if size+missing >= maxText {
		return pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").
			WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", size, missing)
	}
	fill := strings.Repeat(" ", missing)
	if left {
		text, fill = fill, text
	}
	f.out.WriteString(fill)
	f.out.WriteString(text)
	return nil
}

// parseIdent is parse_ident(): a qualified name in its parts.
func parseIdent(_ *Ctx, a []types.Datum) (types.Datum, error) {
	s := a[0].S
	bad := func(detail string) (types.Datum, error) {
		err := pgerr.New(pgerr.InvalidParameterValue, "string is not a valid identifier: \"%s\"", a[0].S)
		if detail != "" {
			err = err.WithDetail("%s", detail)
		}
		return types.Null, err
	}
	var parts []string
	after := false
	for {
		s = strings.TrimLeft(s, " \t\n\r\f\v")
		part, rest, ok := cutIdent(s)
		if !ok {
			switch {
			case strings.HasPrefix(s, `"`):
				return bad("String has unclosed double quotes.")
			case after:
				return bad("No valid identifier after \".\".")
			case strings.HasPrefix(s, "."):
				return bad("No valid identifier before \".\".")
			}
			return bad("")
		}
		parts = append(parts, part)
		s = strings.TrimLeft(rest, " \t\n\r\f\v")
		if !strings.HasPrefix(s, ".") {
			break
		}
		s, after = s[1:], true
	}
	if s != "" && a[1].Bool() {
		return bad("")
	}
	return textArray(parts), nil
}

// cutIdent takes an identifier from the start of s, quoted or not.
func cutIdent(s string) (ident, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			if s[i] != '"' {
				b.WriteByte(s[i])
				continue
			}
			if i+1 < len(s) && s[i+1] == '"' {
				b.WriteByte('"')
				i++
				continue
			}
			return b.String(), s[i+1:], b.Len() > 0
		}
		return "", s, false
	}
	i := 0
	for i < len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '$')) {
			break
		}
		i++
	}
	return lowerASCII(s[:i]), s[i:], i > 0
}

// lowerASCII folds an identifier: letters beyond ASCII stay as they are.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// unistr resolves \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX.
var errSurrogate = pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair")

func unistr(v string) (string, error) {
	var b strings.Builder
	high := rune(0) // the first half of a surrogate pair, without its second
	invalid := pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
		WithHint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
	for i := 0; i < len(v); {
		if high != 0 && v[i] != '\\' {
			return "", errSurrogate
		}
		if v[i] != '\\' {
			b.WriteByte(v[i])
			i++
			continue
		}
		rest := v[i+1:]
		skip, digits := 1, 4
		switch {
		case strings.HasPrefix(rest, `\`):
			if high != 0 {
				return "", errSurrogate
			}
			b.WriteByte('\\')
			i += 2
			continue
		case strings.HasPrefix(rest, "+"):
			skip, digits = 2, 6
		case strings.HasPrefix(rest, "u"):
			skip = 2
		case strings.HasPrefix(rest, "U"):
			skip, digits = 2, 8
		}
		if len(v) < i+skip+digits {
			return "", invalid
		}
		n, err := strconv.ParseUint(v[i+skip:i+skip+digits], 16, 32)
		if err != nil {
			return "", invalid
		}
		r := rune(n)
		i += skip + digits
		switch {
		case n == 0 || n > unicode.MaxRune:
			return "", pgerr.New(pgerr.InvalidParameterValue, "invalid Unicode code point: %04X", n)
		case high != 0 && (r < 0xdc00 || r > 0xdfff), high == 0 && r >= 0xdc00 && r <= 0xdfff:
			return "", errSurrogate
		case high != 0:
			r, high = (high-0xd800)<<10+(r-0xdc00)+0x10000, 0
		case r >= 0xd800 && r < 0xdc00:
			high = r
			continue
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return "", errSurrogate
	}
	return b.String(), nil
}
