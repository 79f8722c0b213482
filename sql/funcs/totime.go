package funcs

import (
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
)

// parsedMoment collects what a template finds in a text.
type parsedMoment struct {
	year, month, day, doy int
	hour, min, sec, us    int64
	pm, am, half, bc      bool
	zoned                 bool
	zone                  int64 // seconds east
	julian                int
	text                  string
}

// parseMoment reads text by a template: microseconds of local time, or of UTC if
// the template has a zone.
func parseMoment(text, template string, _ *time.Location) (ts int64, zoned bool, err error) {
	p := parsedMoment{year: 0, month: 1, day: 1, text: text}
	s := text
	for template != "" {
		rest := template
		if len(rest) > 2 && (strings.EqualFold(rest[:2], "FM") || strings.EqualFold(rest[:2], "TM") || strings.EqualFold(rest[:2], "FX")) {
			template = rest[2:]
			continue
		}
		if rest[0] == '"' {
			var literal []string
			literal, template = literalText(rest)
			s = s[min(len(strings.Join(literal, "")), len(s)):]
			continue
		}
		f := nextField(rest)
		if f == "" {
			template = rest[1:]
			s = skipSeparator(s, rest[0])
			continue
		}
		template = rest[len(f):]
		s = strings.TrimLeft(s, " \t")
		if s, err = p.take(f, s, nextField(template) != "" && !strings.HasPrefix(template, " ")); err != nil {
			return 0, false, err
		}
		if len(template) >= 2 && strings.EqualFold(template[:2], "TH") {
			template = template[2:]
			s = s[min(2, len(s)):]
		}
	}
	ts, err = p.timestamp()
	return ts, p.zoned, err
}

// skipSeparator: punctuation and spaces of the template stand for any of their kind.
func skipSeparator(s string, c byte) string {
	if s == "" {
		return s
	}
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	isWord := s[0] >= '0' && s[0] <= '9' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z'
	switch {
	case letter:
		return s[1:]
	case isWord || (s[0] == '+' || s[0] == '-') && c == ' ':
		return s
	}
	return s[1:]
}

// leadingNumber takes at most width digits; packed: another field follows directly.
func leadingNumber(s string, width int, packed bool) (int64, string, bool) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' && (!packed || i-start < width) && i-start < 9 {
		i++
	}
	if i == start {
		return 0, s, false
	}
	n, _ := strconv.ParseInt(s[:i], 10, 64)
	return n, s[i:], true
}

var fieldWidths = map[string]int{
	"HH24": 2, "HH12": 2, "HH": 2, "MI": 2, "SS": 2, "SSSS": 5, "SSSSS": 5, "MS": 3, "US": 6, "YYYY": 4, "YYY": 3, "YY": 2, "Y": 1,
	"MM": 2, "DDD": 3, "DD": 2, "D": 1, "J": 7, "TZH": 3, "TZM": 2, "Q": 1, "WW": 2, "W": 1, "CC": 2,
}

func (p *parsedMoment) take(f, s string, packed bool) (string, error) {
	if rest, ok, err := p.takeWord(f, s); ok || err != nil {
		return rest, err
	}
	width, known := fieldWidths[f]
	if !known {
		return s, pgerr.New(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", f)
	}
	n, rest, ok := leadingNumber(s, width, packed || width == 3 || width == 6 && f == "US")
	if !ok {
		if s == "" {
			return s, nil
		}
		return s, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", s[:min(width, len(s))], f).
			WithDetail("Value must be an integer.")
	}
	taken := len(s) - len(rest)
	switch f {
	case "HH24", "HH", "HH12":
		p.hour = n
		p.half = f != "HH24"
		if p.half && (n < 1 || n > 12) {
			return s, pgerr.New(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", n).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
	case "MI":
		p.min = n
	case "SS":
		p.sec = n
	case "SSSS", "SSSSS":
		p.hour, p.min, p.sec = n/3600, n%3600/60, n%60
	case "MS", "US":
		for ; taken < width; taken++ {
			n *= 10
		}
		if f == "MS" {
			n *= 1000
		}
		p.us = n
	case "YYYY":
		p.year = int(n)
		if taken < 4 {
			p.year = nearYear(int(n), taken)
		}
	case "YYY", "YY", "Y":
		p.year = nearYear(int(n), taken)
	case "MM":
		p.month = int(n)
	case "DD":
		p.day = int(n)
	case "DDD":
		p.doy = int(n)
	case "J":
		p.julian = int(n)
	case "TZH":
		p.zone, p.zoned = p.zone+n*3600, true
	case "TZM":
		p.zone, p.zoned = p.zone+n*60, true
	}
	return rest, nil
}

// nearYear puts a short year near 2020.
func nearYear(n, digits int) int {
	switch {
	case digits <= 2 && n < 70:
		return n + 2000
	case digits <= 2:
		return n + 1900
	case digits == 3 && n < 520:
		return n + 2000
	case digits == 3:
		return n + 1000
	}
	return n
}

// takeWord takes names: of months, days, halves of the day, eras, zones.
func (p *parsedMoment) takeWord(f, s string) (rest string, ok bool, err error) {
	find := func(names []string, short bool) (int, string) {
		for i, n := range names {
			if short {
				n = n[:3]
			}
			if len(s) >= len(n) && strings.EqualFold(s[:len(n)], n) {
				return i, s[len(n):]
			}
		}
		return -1, s
	}
	bad := func() error {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", s[:min(len(s), len(f))], f).
			WithDetail("The given value did not match any of the allowed values for this field.")
	}
	switch strings.ToUpper(f) {
	case "MONTH", "MON":
		i, rest := find(monthNames, strings.EqualFold(f, "MON"))
		if i < 0 {
			return s, true, bad()
		}
		p.month = i + 1
		return rest, true, nil
	case "DAY", "DY":
		i, rest := find(dayNames, strings.EqualFold(f, "DY"))
		if i < 0 {
			return s, true, bad()
		}
		return rest, true, nil
	case "AM", "PM", "A.M.", "P.M.", "BC", "AD", "B.C.", "A.D.":
		if len(s) < len(f) {
			return s, true, bad()
		}
		switch c := s[0] | 0x20; strings.ToUpper(f)[0] {
		case 'A', 'P':
			p.pm, p.am = c == 'p', c == 'a'
			p.bc = false
		case 'B':
			p.bc = c == 'b'
		}
		return s[len(f):], true, nil
	}
	return s, false, nil
}

func (p *parsedMoment) timestamp() (int64, error) {
	outOfRange := func() error {
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", p.text)
	}
	if p.half {
		if p.pm && p.hour < 12 {
			p.hour += 12
		} else if p.am && p.hour == 12 {
			p.hour = 0
		}
	}
	y := p.year
	if p.bc || y == 0 {
		y = 1 - max(y, 1)
	}
	if p.month < 1 || p.month > 12 || p.day < 1 || p.day > daysIn(y, p.month) || p.hour > 24 || p.min > 59 || p.sec > 59 {
		return 0, outOfRange()
	}
	jd := julian(y, p.month, p.day)
	if p.doy > 0 {
		jd = julian(y, 1, 1) + p.doy - 1
	}
	if p.julian > 0 {
		jd = p.julian
	}
	us := p.hour*hourMicros + p.min*minuteMicros + p.sec*secondMicros + p.us - p.zone*secondMicros
	ts, err := joinTimestamp(jd, us)
	if err != nil {
		return 0, outOfRange()
	}
	return ts, nil
}
