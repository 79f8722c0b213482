package funcs

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zorya/pgerr"
)

// A templateReader reads a text by a date template.
type templateReader struct {
	templateParts
	in     string
	before byte // the character before in, 0 at the beginning
	strict bool // as the SQL standard has it: separators must match
	fixed  bool // FX: spaces count
	extra  int  // characters skipped beyond what the template says
}

// readTemplate reads text by a template.
func readTemplate(text string, nodes []templateNode, strict bool) (*templateMoment, error) {
	r := &templateReader{in: text, strict: strict, fixed: strict}
	for i := range nodes {
		if r.in == "" {
			if strict {
				return nil, pgerr.New(pgerr.InvalidDatetimeFormat, "input string is too short for datetime format")
			}
			break
		}
		if err := r.node(nodes, i); err != nil {
			return nil, err
		}
	}
	if strict && strings.TrimLeft(r.in, " \t\n\v\f\r") != "" {
		return nil, pgerr.New(pgerr.InvalidDatetimeFormat, "trailing characters remain in input string after datetime format")
	}
	return r.resolve(text)
}

func (r *templateReader) node(nodes []templateNode, i int) error {
	n := &nodes[i]
	if !r.fixed && (n.kind == nodeField && n.field.name != "FX" || n.kind != nodeField && i == 0) {
		r.skipSpaces()
	}
	switch n.kind {
	case nodeSpace, nodeSeparator:
		return r.separator(n)
	case nodeText:
		return r.literal(n)
	}
	if err := r.keepTo(n.field.rule); err != nil {
		return err
	}
	if err := r.field(n, digitsEnd(nodes, i)); err != nil {
		return err
	}
	if !r.fixed {
		r.extra = 0
		r.skipSpaces()
	}
	return nil
}

func (r *templateReader) skipSpaces() {
	for r.in != "" && isSpace(r.in[0]) {
		r.skip(1)
		r.extra++
	}
}

func (r *templateReader) skip(n int) {
	if n > 0 {
		r.before, r.in = r.in[n-1], r.in[n:]
	}
}

func (r *templateReader) skipCharacter() {
	_, n := utf8.DecodeRuneInString(r.in)
	r.skip(n)
}

// separator stands for one separator or space of any kind, or for nothing.
func (r *templateReader) separator(n *templateNode) error {
	switch {
	case r.strict && !strings.HasPrefix(r.in, n.text):
		return pgerr.New(pgerr.InvalidDatetimeFormat, "unmatched format separator \"%s\"", n.text)
	case r.fixed:
		r.skipCharacter()
	case r.in != "" && (isSpace(r.in[0]) || isSeparator(r.in[0])):
		r.skip(1)
	default:
		r.extra--
	}
	return nil
}

// literal stands for one character, whichever; one that was skipped before counts.
func (r *templateReader) literal(n *templateNode) error {
	switch {
	case r.strict && !strings.HasPrefix(r.in, n.text):
		return pgerr.New(pgerr.InvalidDatetimeFormat, "unmatched format character \"%s\"", n.text)
	case !r.fixed && r.extra > 0:
		r.extra--
	default:
		r.skipCharacter()
	}
	return nil
}

// digitsEnd tells whether the number of a field ends where its digits do, since
// what follows in the template is no digit.
func digitsEnd(nodes []templateNode, i int) bool {
	if nodes[i].fill || nodes[i].th != "" || i+1 == len(nodes) {
		return true
	}
	next := nodes[i+1]
	if next.kind == nodeField {
		return !next.field.digit
	}
	return next.text[0] < '0' || next.text[0] > '9'
}

// keepTo refuses a mixture of calendars.
func (r *templateReader) keepTo(rule calendarRule) error {
	if rule == anyCalendar || r.calendar == rule {
		return nil
	}
	if r.calendar != anyCalendar {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid combination of date conventions").
			WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
	}
	r.calendar = rule
	return nil
}

// fieldNumbers are the fields that are numbers: how many digits they have if
// another number follows, and where they go.
var fieldNumbers = map[string]struct {
	width int
	place func(*templateParts) *int
}{
	"HH": {2, func(p *templateParts) *int { return &p.hour }}, "HH12": {2, func(p *templateParts) *int { return &p.hour }},
	"HH24": {2, func(p *templateParts) *int { return &p.hour }}, "MI": {2, func(p *templateParts) *int { return &p.minute }},
	"SS": {2, func(p *templateParts) *int { return &p.second }}, "SSSS": {4, func(p *templateParts) *int { return &p.daySeconds }},
	"SSSSS": {5, func(p *templateParts) *int { return &p.daySeconds }}, "MS": {3, func(p *templateParts) *int { return &p.milli }},
	"US": {6, func(p *templateParts) *int { return &p.micro }}, "TZM": {2, func(p *templateParts) *int { return &p.zoneMinute }},
	"TZH": {2, func(p *templateParts) *int { return &p.zoneHour }}, "MM": {2, func(p *templateParts) *int { return &p.month }},
	"DDD": {3, func(p *templateParts) *int { return &p.yearDay }}, "IDDD": {3, func(p *templateParts) *int { return &p.yearDay }},
	"DD": {2, func(p *templateParts) *int { return &p.day }}, "D": {1, func(p *templateParts) *int { return &p.weekday }},
	"ID": {1, func(p *templateParts) *int { return &p.weekday }}, "WW": {2, func(p *templateParts) *int { return &p.week }},
	"IW": {2, func(p *templateParts) *int { return &p.week }}, "Q": {1, nil}, "CC": {2, func(p *templateParts) *int { return &p.century }},
	"W": {1, func(p *templateParts) *int { return &p.monthWeek }}, "J": {1, func(p *templateParts) *int { return &p.julian }},
	"YYYY": {4, yearPlace}, "IYYY": {4, yearPlace}, "YYY": {3, yearPlace}, "IYY": {3, yearPlace},
	"YY": {2, yearPlace}, "IY": {2, yearPlace}, "Y": {1, yearPlace}, "I": {1, yearPlace},
}

func yearPlace(p *templateParts) *int { return &p.year }

// field reads one field; open tells whether its number may have more digits than
// its pattern has letters.
func (r *templateReader) field(n *templateNode, open bool) error {
	name := n.field.name
	if words, known := fieldWords[name]; known {
		return r.word(n, words)
	}
	switch name {
	case "FX":
		r.fixed = true
		return nil
	case "TZ", "OF":
		return pgerr.New(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.text)
	case "TZH":
		r.zoneSign()
	case "TZM":
		if r.sign == 0 {
			r.sign = 1
		}
	case "Y,YYY":
		return r.longYear(n)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		r.precision = int(name[2] - '0')
		return r.fraction(n, "US", r.precision, open)
	case "MS", "US":
		return r.fraction(n, name, fieldNumbers[name].width, open)
	}
	f := fieldNumbers[name]
	var place *int
	if f.place != nil {
		place = f.place(&r.templateParts)
	}
	taken, err := r.number(n, place, f.width, open)
	if err != nil {
		return err
	}
	r.adjust(name, taken)
	r.ordinal(n)
	return nil
}

// adjust is what a field does beside giving its number.
func (r *templateReader) adjust(name string, taken int) {
	switch name {
	case "HH", "HH12":
		r.half = true
	case "ID": // Monday is 1; D counts from Sunday
		if r.weekday++; r.weekday > 7 {
			r.weekday = 1
		}
	case "YYYY", "IYYY", "YYY", "IYY", "YY", "IY", "Y", "I":
		r.yearDigits = len(name)
		if len(name) < 4 && taken < 4 {
			r.year = nearYear(r.year)
		}
	}
}

// nearYear puts a year of few digits near 2020.
func nearYear(n int) int {
	switch {
	case n < 70:
		return n + 2000
	case n < 100:
		return n + 1900
	case n < 520:
		return n + 2000
	case n < 1000:
		return n + 1000
	}
	return n
}

// fieldWords are the fields that are words.
var fieldWords = func() map[string][]string {
	short := func(words []string) (out []string) {
		for _, w := range words {
			out = append(out, w[:3])
		}
		return out
	}
	halves, dottedHalves := []string{"am", "pm"}, []string{"a.m.", "p.m."}
	eras, dottedEras := []string{"ad", "bc"}, []string{"a.d.", "b.c."}
	return map[string][]string{
		"AM": halves, "PM": halves, "A.M.": dottedHalves, "P.M.": dottedHalves,
		"AD": eras, "BC": eras, "A.D.": dottedEras, "B.C.": dottedEras,
		"MONTH": monthNames, "MON": short(monthNames), "DAY": dayNames, "DY": short(dayNames), "RM": romanMonths,
	}
}()

// word reads one of some words, in any case; the longest that fits.
func (r *templateReader) word(n *templateNode, words []string) error {
	found := -1
	for i, w := range words {
		if len(r.in) >= len(w) && strings.EqualFold(r.in[:len(w)], w) && (found < 0 || len(w) > len(words[found])) {
			found = i
		}
	}
	if found < 0 {
		shown := r.in
		if i := strings.IndexFunc(r.in, func(c rune) bool { return c < 0x80 && isSpace(byte(c)) }); i >= 0 {
			shown = r.in[:i]
		}
		return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", shown, n.text).
			WithDetail("The given value did not match any of the allowed values for this field.")
	}
	r.skip(len(words[found]))
	switch n.field.name[0] {
	case 'M', 'R':
		return r.set(n, &r.month, found+1)
	case 'D':
		err := r.set(n, &r.weekday, found)
		r.weekday++
		return err
	}
	if strings.Contains("AM PM A.M. P.M.", n.field.name) {
		r.half = true
		return r.set(n, &r.afternoon, found)
	}
	return r.set(n, &r.beforeChrist, found)
}

// ordinal skips the two letters that TH stands for.
func (r *templateReader) ordinal(n *templateNode) {
	if n.th != "" && n.field.counts() {
		r.skipCharacter()
		r.skipCharacter()
	}
}

// zoneSign takes the sign of TZH, which may have been skipped as a separator.
func (r *templateReader) zoneSign() {
	switch c := r.in[0]; {
	case c == '+' || c == '-' || c == ' ':
		r.sign = 1
		if c == '-' {
			r.sign = -1
		}
		r.skip(1)
	case r.extra > 0 && r.before == '-':
		r.sign = -1
	default:
		r.sign = 1
	}
}

// fraction reads the digits of a part of a second: 25 is a quarter, 025 is not.
func (r *templateReader) fraction(n *templateNode, field string, width int, open bool) error {
	place := fieldNumbers[field].place(&r.templateParts)
	taken, err := r.number(n, place, width, open)
	if err != nil {
		return err
	}
	for full := fieldNumbers[field].width; taken < full; taken++ {
		*place *= 10
	}
	r.ordinal(n)
	return nil
}

func (r *templateReader) longYear(n *templateNode) error {
	thousands, rest, ok := leadingInt(r.in)
	years, after, ok2 := int64(0), "", false
	if ok && strings.HasPrefix(rest, ",") {
		head := rest[1:min(4, len(rest))]
		var left string
		years, left, ok2 = leadingInt(head)
		after = rest[1+len(head)-len(left):]
	}
	if !ok2 {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
	}
	if err := r.set(n, &r.year, int(int32(years+thousands*1000))); err != nil {
		return err
	}
	r.yearDigits = 4
	r.skip(len(r.in) - len(after))
	r.ordinal(n)
	return nil
}

// leadingInt reads what C's strtol reads: spaces, a sign, digits. A number that
// does not fit has the value of the nearest that does.
func leadingInt(s string) (v int64, rest string, ok bool) {
	end := 0
	for end < len(s) && isSpace(s[end]) {
		end++
	}
	start := end
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	digits := end
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == digits {
		return 0, s, false
	}
	v, _ = strconv.ParseInt(s[start:end], 10, 64)
	return v, s[end:], true
}

// number reads a number into place, if that is not nil, and tells how many
// characters it had.
func (r *templateReader) number(n *templateNode, place *int, width int, open bool) (taken int, err error) {
	trimmed := strings.TrimLeft(r.in, " \t\n\v\f\r")
	copied := trimmed[:min(width, len(trimmed))]
	bad := func(text, format string, args ...any) error {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "%s", text).WithDetail(format, args...)
	}
	invalid := "invalid value \"" + copied + "\" for \"" + n.text + "\""
	const hint = "If your source string is not fixed-width, try using the \"FM\" modifier."
	v, rest, ok := leadingInt(r.in)
	if !open {
		if len(trimmed) < width {
			return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.text).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(trimmed)).WithHint(hint)
		}
		var left string
		v, left, ok = leadingInt(copied)
		if used := width - len(left); ok && used < width {
			return 0, pgerr.As(bad(invalid, "Field requires %d characters, but only %d could be parsed.", width, used)).WithHint(hint)
		}
		if rest = trimmed[len(copied):]; !ok {
			// Spaces alone count as the number 0.
			rest, ok = trimmed, len(trimmed) < len(r.in)
		}
	}
	if !ok {
		return 0, bad(invalid, "Value must be an integer.")
	}
	if int64(int32(v)) != v {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.text).
			WithDetail("Value must be in the range %d to %d.", -1<<31, 1<<31-1)
	}
	taken = len(r.in) - len(rest)
	r.skip(taken)
	if place != nil {
		err = r.set(n, place, int(v))
	}
	return taken, err
}

// set notes a value; one that was noted before must be the same.
func (r *templateReader) set(n *templateNode, place *int, v int) error {
	if *place != 0 && *place != v {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", n.text).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	*place = v
	return nil
}

// toTimestamp is to_timestamp of a text and a template.
func toTimestamp(text, template string, zone *time.Location) (int64, error) {
	nodes, err := parseTemplate(template, false)
	if err != nil {
		return 0, err
	}
	m, err := readTemplate(text, nodes, false)
	if err != nil {
		return 0, err
	}
	return m.timestamp(zone)
}

// toDate is to_date of a text and a template.
func toDate(text, template string) (int64, error) {
	nodes, err := parseTemplate(template, false)
	if err != nil {
		return 0, err
	}
	m, err := readTemplate(text, nodes, false)
	if err != nil {
		return 0, err
	}
	return m.date()
}
