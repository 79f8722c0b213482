package funcs

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// maxText is the largest string that a function makes, in bytes (as PostgreSQL's
// 1 GB limit of a value).
const maxText = 1<<30 - 1

var errTextTooLong = pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")

// output is the text of a value as its type's output function gives it.
func output(c *Ctx, t types.OID, d types.Datum) string {
	if d.Kind == types.KindBytes && categoryOf(t) == 'S' || t == types.UnknownOID {
		return d.S
	}
	return string(types.AppendText(nil, t, d, c.format()))
}

func (c *Ctx) format() *types.Format {
	if c == nil || c.Format == nil {
		return types.DefaultFormat
	}
	return c.Format
}

func textKernels() kernels {
	s, n, b := textLane, intLane, boolLane
	return merge(kernels{
		"textlen":            pure1(s, n, func(v string) int64 { return int64(utf8.RuneCountInString(v)) }),
		"bpcharlen":          pure1(s, n, func(v string) int64 { return int64(utf8.RuneCountInString(strings.TrimRight(v, " "))) }),
		"textoctetlen":       pure1(s, n, func(v string) int64 { return int64(len(v)) }),
		"bpcharoctetlen":     pure1(s, n, func(v string) int64 { return int64(len(v)) }),
		"bit_length(25)":     pure1(s, n, func(v string) int64 { return 8 * int64(len(v)) }),
		"textcat":            pure2(s, s, s, func(x, y string) string { return x + y }),
		"lower":              pure1(s, s, strings.ToLower),
		"upper":              pure1(s, s, strings.ToUpper),
		"initcap":            pure1(s, s, initcap),
		"text_reverse":       pure1(s, s, reverseText),
		"text_starts_with":   pure2(s, s, b, strings.HasPrefix),
		"textpos":            pure2(s, s, n, textPosition),
		"replace_text":       scalar(replaceText),
		"translate":          scalar(translate),
		"split_part":         scalar(splitPart),
		"repeat":             lift2(s, n, s, repeatText),
		"ascii":              pure1(s, n, firstCode),
		"chr":                lift1(n, s, chr),
		"text_left":          pure2(s, n, s, leftText),
		"text_right":         pure2(s, n, s, rightText),
		"text_substr":        scalar(substring),
		"text_substr_no_len": scalar(substring),
		"textoverlay":        scalar(overlay),
		"textoverlay_no_len": scalar(overlay),
		"rtrim1":             pure1(s, s, func(v string) string { return strings.TrimRight(v, " ") }),
		"ltrim1":             pure1(s, s, func(v string) string { return strings.TrimLeft(v, " ") }),
		"btrim1":             pure1(s, s, func(v string) string { return strings.Trim(v, " ") }),
		"rtrim":              pure2(s, s, s, func(v, set string) string { return trim(v, set, false, true) }),
		"ltrim":              pure2(s, s, s, func(v, set string) string { return trim(v, set, true, false) }),
		"btrim":              pure2(s, s, s, func(v, set string) string { return trim(v, set, true, true) }),
		"quote_ident":        pure1(s, s, QuoteIdent),
		"quote_literal":      pure1(s, s, QuoteLiteral),
		"parse_ident":        {eval: parseIdent, defaults: []types.Datum{types.NewBool(true)}},
		"unistr":             lift1(s, s, unistr),
	}, textPads(), textConcat(), textNames())
}

// textPads: lpad and rpad, with the fill a space if it is not given.
func textPads() kernels {
	pad := func(left bool) kernel {
		return scalar(func(a []types.Datum) (types.Datum, error) {
			fill := " "
			if len(a) == 3 {
				fill = a[2].S
			}
			v, err := padText(a[0].S, a[1].I, fill, left)
			return types.NewText(v), err
		})
	}
	return kernels{"lpad": pad(true), "lpad(25,23)": pad(true), "rpad": pad(false), "rpad(25,23)": pad(false)}
}

// textNames: conversions between text, name, "char" and char(n).
func textNames() kernels {
	clip := func(v string) string {
		for len(v) > 63 {
			_, size := utf8.DecodeLastRuneInString(v)
			v = v[:len(v)-size]
		}
		return v
	}
	firstByte := pure1(textLane, intLane, func(v string) int64 {
		d, _ := types.Parse(types.Of(types.CharOID), v, types.DefaultFormat) // no text is wrong
		return d.I
	})
	charText := pure1(intLane, textLane, func(v int64) string {
		if v == 0 {
			return ""
		}
		if byte(v) >= 0x80 {
			return fmt.Sprintf("\\%03o", byte(v))
		}
		return string([]byte{byte(v)})
	})
	return kernels{
		"text_name":   pure1(textLane, textLane, clip),
		"bpchar_name": pure1(textLane, textLane, func(v string) string { return strings.TrimRight(clip(v), " ") }),
		"name_text":   same(), "name_bpchar": same(),
		"text_char": firstByte, "char_text": charText, "char_bpchar": charText, "chartoi4": same(),
		"i4tochar": lift1(intLane, intLane, func(v int64) (int64, error) {
			if v < -128 || v > 127 {
				return 0, pgerr.New(pgerr.NumericValueOutOfRange, "\"char\" out of range")
			}
			return v, nil
		}),
		"nameconcatoid": scalar(func(a []types.Datum) (types.Datum, error) {
			tail := "_" + string(types.AppendText(nil, types.OidOID, a[1], types.DefaultFormat))
			head := a[0].S
			if len(head)+len(tail) > 63 {
				head = head[:63-len(tail)]
			}
			return types.NewText(head + tail), nil
		}),
	}
}

func initcap(v string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, v)
}

func reverseText(v string) string {
	out := make([]byte, len(v))
	at := len(v)
	for i := 0; i < len(v); {
		_, size := utf8.DecodeRuneInString(v[i:])
		at -= size
		copy(out[at:], v[i:i+size])
		i += size
	}
	return string(out)
}

func textPosition(v, sub string) int64 {
	i := strings.Index(v, sub)
	if i < 0 {
		return 0
	}
	return int64(utf8.RuneCountInString(v[:i])) + 1
}

func replaceText(a []types.Datum) (types.Datum, error) {
	if a[1].S == "" {
		return a[0], nil
	}
	return types.NewText(strings.ReplaceAll(a[0].S, a[1].S, a[2].S)), nil
}

func translate(a []types.Datum) (types.Datum, error) {
	from, to := []rune(a[1].S), []rune(a[2].S)
	table := map[rune]rune{}
	for i, r := range from {
		if _, ok := table[r]; ok {
			continue
		}
		table[r] = -1
		if i < len(to) {
			table[r] = to[i]
		}
	}
	return types.NewText(strings.Map(func(r rune) rune {
		if t, ok := table[r]; ok {
			return t
		}
		return r
	}, a[0].S)), nil
}

func splitPart(a []types.Datum) (types.Datum, error) {
	v, sep, n := a[0].S, a[1].S, a[2].I
	if n == 0 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	parts := []string{v}
	if v == "" {
		parts = nil
	} else if sep != "" {
		parts = strings.Split(v, sep)
	}
	if n < 0 {
		n += int64(len(parts)) + 1
	}
	if n < 1 || n > int64(len(parts)) {
		return types.NewText(""), nil
	}
	return types.NewText(parts[n-1]), nil
}

func repeatText(v string, n int64) (string, error) {
	if n <= 0 || v == "" {
		return "", nil
	}
	if int64(len(v)) > maxText/n {
		return "", errTextTooLong
	}
	return strings.Repeat(v, int(n)), nil
}

func firstCode(v string) int64 {
	if v == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(v)
	return int64(r)
}

func chr(n int64) (string, error) {
	switch {
	case n == 0:
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case n < 0:
		return "", pgerr.New(pgerr.InvalidParameterValue, "character number must be positive")
	case n > unicode.MaxRune:
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case !utf8.ValidRune(rune(n)):
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return string(rune(n)), nil
}

// runeOffset is the byte offset of character n (from 0), at most len(v).
func runeOffset(v string, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(v)) && isASCII(v) {
		return len(v)
	}
	for i := range v {
		if n == 0 {
			return i
		}
		n--
	}
	return len(v)
}

func isASCII(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func leftText(v string, n int64) string {
	if n < 0 {
		n += int64(utf8.RuneCountInString(v))
	}
	return v[:runeOffset(v, n)]
}

func rightText(v string, n int64) string {
	total := int64(utf8.RuneCountInString(v))
	switch {
	case n == math.MinInt32: // has no positive counterpart, in PostgreSQL
		return v
	case n < 0:
		return v[runeOffset(v, -n):]
	}
	return v[runeOffset(v, total-min(n, total)):]
}

// span turns SQL's start (from 1, may be below) and length into [from, to) over
// units of characters or bytes, counted from 0.
func span(a []types.Datum) (from, to int64, err error) {
	start := a[1].I
	from, to = max(start-1, 0), maxText
	if len(a) == 3 {
		length := a[2].I
		if length < 0 && start+length < start {
			return 0, 0, pgerr.New("22011", "negative substring length not allowed")
		}
		to = max(min(start-1+length, maxText), 0)
	}
	return from, max(from, to), nil
}

func substring(a []types.Datum) (types.Datum, error) {
	from, to, err := span(a)
	if err != nil {
		return types.Null, err
	}
	v := a[0].S[runeOffset(a[0].S, from):]
	return types.NewText(v[:runeOffset(v, to-from)]), nil
}

func overlay(a []types.Datum) (types.Datum, error) {
	v, put, start := a[0].S, a[1].S, a[2].I
	length := int64(utf8.RuneCountInString(put))
	if len(a) == 4 {
		length = a[3].I
	}
	if start <= 0 {
		return types.Null, pgerr.New("22011", "negative substring length not allowed")
	}
	if start+length > math.MaxInt32 || start+length < math.MinInt32 {
		return types.Null, errInt4
	}
	head := v[:runeOffset(v, start-1)]
	return types.NewText(head + put + v[runeOffset(v, start-1+length):]), nil
}

// trim removes characters of set from the ends.
func trim(v, set string, left, right bool) string {
	in := func(r rune) bool { return strings.ContainsRune(set, r) }
	if left {
		v = strings.TrimLeftFunc(v, in)
	}
	if right {
		v = strings.TrimRightFunc(v, in)
	}
	return v
}

func padText(v string, n int64, fill string, left bool) (string, error) {
	have := int64(utf8.RuneCountInString(v))
	n = max(n, 0)
	if fill == "" {
		n = min(n, have)
	}
	if n > maxText/4 {
		return "", errTextTooLong
	}
	if have >= n || fill == "" {
		return v[:runeOffset(v, n)], nil
	}
	fillLen := int64(utf8.RuneCountInString(fill))
	missing := n - have
	pad := strings.Repeat(fill, int(missing/fillLen)) + fill[:runeOffset(fill, missing%fillLen)]
	if left {
		return pad + v, nil
	}
	return v + pad, nil
}

// textConcat: functions of "any": they need the types of what they print.
func textConcat() kernels {
	anyText := kernel{typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
		return types.NewText(castText(c, ts[0].OID, a[0]) + castText(c, ts[1].OID, a[1])), nil
	}}
	return kernels{
		"textanycat(25,2776)": anyText,
		"anytextcat(2776,25)": anyText,
		"text_concat": {typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			return types.NewText(join(c, "", a, ts)), nil
		}},
		"text_concat_ws": {typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			return types.NewText(join(c, a[0].S, a[1:], ts[1:])), nil
		}},
		"text_format":          {typed: formatText},
		"text_format_nv":       {typed: formatText},
		"quote_literal(2283)":  {typed: quoteAny},
		"quote_nullable(2283)": {typed: quoteAny},
		"quote_nullable": scalar(func(a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.NewText("NULL"), nil
			}
			return types.NewText(QuoteLiteral(a[0].S)), nil
		}),
	}
}

// castText is a value cast to text, which is its output but for booleans, char(n)
// and inet.
func castText(c *Ctx, t types.OID, d types.Datum) string {
	switch {
	case t == types.BoolOID && d.Bool():
		return "true"
	case t == types.BoolOID:
		return "false"
	case t == types.BpcharOID:
		return strings.TrimRight(d.S, " ")
	case t == types.InetOID: // with the length of its prefix, always
		return output(c, types.CidrOID, d)
	}
	return output(c, t, d)
}

func quoteAny(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	if a[0].IsNull() {
		return types.NewText("NULL"), nil
	}
	return types.NewText(QuoteLiteral(castText(c, ts[0].OID, a[0]))), nil
}

func join(c *Ctx, sep string, a []types.Datum, ts []types.T) string {
	var b strings.Builder
	first := true
	for i, d := range a {
		if d.IsNull() {
			continue
		}
		if !first {
			b.WriteString(sep)
		}
		first = false
		b.WriteString(output(c, ts[i].OID, d))
	}
	return b.String()
}

// QuoteIdent quotes an identifier if it needs quotes, as quote_ident() does.
func QuoteIdent(v string) string {
	safe := v != "" && (v[0] >= 'a' && v[0] <= 'z' || v[0] == '_')
	for i := 0; safe && i < len(v); i++ {
		c := v[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe && !quotedKeywords[v] {
		return v
	}
	return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
}

// QuoteLiteral quotes a string as quote_literal() does: E'…' if it has backslashes.
func QuoteLiteral(v string) string {
	q := "'" + strings.ReplaceAll(v, "'", "''") + "'"
	if strings.Contains(v, `\`) {
		return "E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}
