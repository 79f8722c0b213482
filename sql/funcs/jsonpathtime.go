package funcs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// isoMoments are the forms that .datetime() takes without a template: a date, a time,
// both; a time may have a zone.
var isoMoments = regexp.MustCompile(`^(?:(\d+)-(\d+)-(\d+))?(?:([ T]?)(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,6})?)(?: *([-+ ])(\d{1,2})(?::(\d{1,2}))?)?)?$`)

// datetime is .datetime(): a string read as date, time or timestamp.
func (r *pathRun) datetime(x *types.PathItem, v pathValue) (pathValue, error) {
	if v.kind() != types.JSONString {
		return v, failPath(jsonInvalidDatetime, "jsonpath item method .%s() can only be applied to a string", "datetime")
	}
	if x.Left != nil {
		m := stdMoment{in: v.v.Str}
		y, err := m.read(x.Left.Str)
		var pe *pgerr.Error
		if errors.As(err, &pe) {
			err = &pathFail{err}
		}
		return y, err
	}
	unknownFormat := &pathFail{pgerr.New(jsonInvalidDatetime, "datetime format is not recognized: \"%s\"", v.v.Str).
		WithHint("Use a datetime template argument to specify the input data format.")}
	f := isoMoments.FindStringSubmatch(v.v.Str)
	if f == nil || f[0] == "" || (f[1] != "" && f[5] != "") != (f[4] != "") {
		return v, unknownFormat
	}
	m := momentParts{dated: f[1] != "", timed: f[5] != "", zoned: f[9] != "", year: f[1], month: f[2], day: f[3], hour: f[5], minute: f[6], second: f[7]}
	if m.zoned {
		m.west = zoneSeconds(f[8], f[9], f[10])
	}
	y, err := m.value()
	if err != nil {
		return v, unknownFormat
	}
	return y, nil
}

func zoneSeconds(sign, hours, minutes string) int {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if sign == "-" {
		return h*3600 + m*60
	}
	return -h*3600 - m*60
}

// momentParts are the fields of a date or time, as texts.
type momentParts struct {
	dated, timed, zoned       bool
	year, month, day          string
	hour, minute, second, era string
	west                      int
}

// value makes the value of the type that the fields amount to, and its ISO text.
func (m *momentParts) value() (pathValue, error) {
	date := fmt.Sprintf("%s-%s-%s%s", leadZeros(m.year, 4), m.month, m.day, m.era)
	clock := fmt.Sprintf("%s:%s:%s", m.hour, m.minute, m.second)
	sign, off := "+", -m.west
	if off < 0 {
		sign, off = "-", -off
	}
	zone := fmt.Sprintf("%s%02d:%02d", sign, off/3600, off/60%60)
	t, text := types.TimeOID, clock
	switch {
	case m.dated && m.timed && m.zoned:
		t, text = types.TimestampTZOID, fmt.Sprintf("%s-%s-%s %s%s%s", leadZeros(m.year, 4), m.month, m.day, clock, zone, m.era)
	case m.dated && m.timed:
		t, text = types.TimestampOID, fmt.Sprintf("%s-%s-%s %s%s", leadZeros(m.year, 4), m.month, m.day, clock, m.era)
	case m.dated:
		t, text = types.DateOID, date
	case m.zoned:
		t, text = types.TimeTZOID, clock+zone
	}
	d, err := types.Parse(types.Of(t), text, types.DefaultFormat)
	if err != nil {
		return pathValue{}, err
	}
	f := *types.DefaultFormat
	f.Zone = time.FixedZone("", -m.west)
	out := string(types.AppendText(nil, t, d, &f))
	if t == types.TimestampTZOID || t == types.TimestampOID {
		out = strings.Replace(out, " ", "T", 1)
	}
	// JSON shows the minutes of a zone always.
	if i := strings.LastIndexAny(out, "+-"); m.zoned && i > 0 && len(out)-i == 3 {
		out += ":00"
	}
	return pathValue{v: &types.JSONB{Kind: types.JSONString, Str: out}, moment: t, at: d}, nil
}

func leadZeros(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// stdFields are the fields of a template, longest first, with the most digits of
// each (0: no number).
var stdFields = []struct {
	name   string
	digits int
}{
	{"Y,YYY", 0}, {"SSSSS", 5}, {"HH24", 2}, {"HH12", 2}, {"YYYY", 4}, {"RRRR", 4}, {"A.M.", 0}, {"P.M.", 0}, {"YYY", 3}, {"DDD", 3},
	{"TZH", 2}, {"TZM", 2}, {"FF1", 1}, {"FF2", 2}, {"FF3", 3}, {"FF4", 4}, {"FF5", 5}, {"FF6", 6}, {"HH", 2}, {"MI", 2}, {"SS", 2},
	{"MS", 3}, {"US", 6}, {"MM", 2}, {"DD", 2}, {"YY", 2}, {"RR", 2}, {"AM", 0}, {"PM", 0}, {"Y", 1},
}

// A stdMoment reads a string by a template of the SQL standard.
type stdMoment struct {
	in       string
	parts    momentParts
	numbers  map[string]int
	fraction string
	pm, half bool
	sign     string
}

func (m *stdMoment) read(template string) (pathValue, error) {
	m.numbers = map[string]int{}
	rest := template
	for rest != "" {
		size, err := m.step(rest)
		if err != nil {
			return pathValue{}, err
		}
		rest = rest[size:]
	}
	if m.in != "" {
		return pathValue{}, pgerr.New(pgerr.InvalidDatetimeFormat, "trailing characters remain in input string after datetime format")
	}
	return m.finish()
}

var errTooShort = pgerr.New(pgerr.InvalidDatetimeFormat, "input string is too short for datetime format")

// step reads what the head of the template says and returns the head's size.
func (m *stdMoment) step(t string) (int, error) {
	for _, f := range stdFields {
		if len(t) >= len(f.name) && strings.EqualFold(t[:len(f.name)], f.name) {
			if m.in == "" {
				return 0, errTooShort
			}
			return len(f.name), m.field(f.name, t[:len(f.name)], f.digits, t[len(f.name):])
		}
	}
	if t[0] == '"' {
		end := strings.IndexByte(t[1:], '"')
		if end < 0 {
			end = len(t) - 1
		}
		text := t[1:min(1+end, len(t))]
		for _, c := range text {
			if m.in == "" {
				return 0, errTooShort
			}
			if !strings.HasPrefix(m.in, string(c)) {
				return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "unmatched format character \"%c\"", c)
			}
			m.in = m.in[len(string(c)):]
		}
		return min(end+2, len(t)), nil
	}
	if strings.IndexByte("-./,':; ", t[0]) < 0 {
		return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid datetime format separator: \"%s\"", string([]rune(t)[:1]))
	}
	if m.in == "" {
		return 0, errTooShort
	}
	if m.in[0] != t[0] {
		return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "unmatched format separator \"%c\"", t[0])
	}
	m.in = m.in[1:]
	return 1, nil
}

// field reads one field; name is its canonical name, shown how the template has it.
func (m *stdMoment) field(name, shown string, digits int, after string) error {
	switch name {
	case "AM", "PM", "A.M.", "P.M.":
		n := len(name)
		if len(m.in) < n || !strings.EqualFold(m.in[:n], name) && !strings.EqualFold(m.in[:n], strings.NewReplacer("A", "P", "P", "A").Replace(name)) {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", m.in[:min(n, len(m.in))], shown).
				WithDetail("The given value did not match any of the allowed values for this field.")
		}
		m.half, m.pm = true, m.in[0]|0x20 == 'p'
		m.in = m.in[n:]
		return nil
	case "TZH":
		m.parts.zoned = true
		m.sign = "+"
		if c := m.in[0]; c == '+' || c == '-' || c == ' ' {
			if c == '-' {
				m.sign = "-"
			}
			m.in = m.in[1:]
		}
	case "TZM":
		m.parts.zoned = true
	}
	open := after == "" || after[0] < '0' || after[0] > '9'
	for _, f := range stdFields {
		if f.digits > 0 && f.name != "TZH" && len(after) >= len(f.name) && strings.EqualFold(after[:len(f.name)], f.name) {
			open = false
		}
	}
	text, err := m.digits(name, shown, digits, open)
	if err != nil {
		return err
	}
	m.store(name, text)
	return nil
}

// digits reads a number: as long as it is if the template goes on with no digit, else
// just so many digits.
func (m *stdMoment) digits(name, shown string, n int, open bool) (string, error) {
	end := 0
	for end < len(m.in) && m.in[end] >= '0' && m.in[end] <= '9' && (open || end < n) {
		end++
	}
	text := m.in[:end]
	switch {
	case !open && len(m.in) < n:
		return "", pgerr.New(pgerr.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", shown).
			WithDetail("Field requires %d characters, but only %d remain.", n, len(m.in)).
			WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
	case end == 0:
		return "", pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", m.in[:min(n, len(m.in))], shown).
			WithDetail("Value must be an integer.")
	case !open && end < n:
		return "", pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", m.in[:min(n, len(m.in))], shown).
			WithDetail("Field requires %d characters, but only %d could be parsed.", n, end).
			WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
	}
	if _, err := strconv.ParseInt(text, 10, 32); err != nil {
		return "", pgerr.New(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", shown).
			WithDetail("Value must be in the range %d to %d.", -1<<31, 1<<31-1)
	}
	m.in = m.in[end:]
	return text, nil
}

func (m *stdMoment) store(name, text string) {
	n, _ := strconv.Atoi(text)
	switch name {
	case "YYYY", "YYY", "YY", "Y", "RRRR", "RR":
		if len(text) < 4 && name != "YYYY" {
			n = nearYear(n, len(text))
		}
		m.numbers["year"] = n
		m.parts.dated = true
	case "MM", "DD", "DDD":
		m.numbers[name] = n
		m.parts.dated = true
	case "TZH", "TZM":
		m.numbers[name] = n
	default:
		m.parts.timed = true
		switch name {
		case "HH12":
			m.half = true
			name = "HH"
		case "HH24":
			name = "HH"
		case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "MS", "US":
			m.fraction = text
			return
		}
		m.numbers[name] = n
	}
}

// finish makes the value of what was read.
func (m *stdMoment) finish() (pathValue, error) {
	p := &m.parts
	switch {
	case !p.dated && !p.timed && p.zoned, p.dated && !p.timed && p.zoned:
		return pathValue{}, pgerr.New(pgerr.InvalidDatetimeFormat, "datetime format is zoned but not timed")
	case !p.dated && !p.timed:
		return pathValue{}, pgerr.New(pgerr.InvalidDatetimeFormat, "datetime format is not dated and not timed")
	}
	n := func(name string, def int) int {
		if v, ok := m.numbers[name]; ok {
			return v
		}
		return def
	}
	year := n("year", 0)
	if year == 0 {
		year, p.era = 1, " BC"
	}
	hour := n("HH", 0)
	if m.half {
		if hour < 1 || hour > 12 {
			return pathValue{}, pgerr.New(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		if hour %= 12; m.pm {
			hour += 12
		}
	}
	second := n("SS", 0)
	minute := n("MI", 0)
	if s, ok := m.numbers["SSSSS"]; ok {
		hour, minute, second = s/3600, s/60%60, s%60
	}
	month, day := n("MM", 1), n("DD", 1)
	if d, ok := m.numbers["DDD"]; ok {
		_, month, day = civil(julian(year, 1, 1) + d - 1)
	}
	p.year, p.month, p.day = strconv.Itoa(year), strconv.Itoa(month), strconv.Itoa(day)
	p.hour, p.minute, p.second = strconv.Itoa(hour), strconv.Itoa(minute), strconv.Itoa(second)
	if m.fraction != "" {
		p.second += "." + m.fraction
	}
	if p.zoned {
		p.west = zoneSeconds(m.sign, strconv.Itoa(n("TZH", 0)), strconv.Itoa(n("TZM", 0)))
	}
	return p.value()
}
