package types

import (
	"math"
	"strconv"
	"strings"
)

// A moment is a date and time in parts, as it reads in the text. The year counts
// without a gap: 0 is 1 BC, once settleDate has seen to eras.
type moment struct {
	year, month, day, yday int
	hour, minute, second   int
	micros                 int64 // of the second; may be a whole one
	west                   int   // zone, in seconds west of UTC

	twoDigitYear bool
	order        string // "MDY", "DMY", "YMD"
}

// clock is the time of day in microseconds.
func (m *moment) clock() int64 {
	return int64(m.hour)*microHour + int64(m.minute)*microMinute + int64(m.second)*microSecond + m.micros
}

func (m *moment) setClock(us int64) {
	m.hour, m.minute = int(us/microHour), int(us/microMinute%60)
	m.second, m.micros = int(us/microSecond%60), us%microSecond
}

func (m *moment) setDate(jd int) { m.year, m.month, m.day = civilDate(jd) }

// days are the days since 2000; the date must be valid.
func (m *moment) days() int64 { return int64(julianDay(m.year, m.month, m.day) - julianEpoch) }

// clockOverflows reports a time of day after 24:00.
func (m *moment) clockOverflows() bool {
	return m.hour < 0 || m.hour > 24 || m.minute < 0 || m.minute > 59 || m.second < 0 || m.second > 60 ||
		m.micros < 0 || m.micros > microSecond || m.clock() > microDay
}

// leadInt reads a number at the beginning of s and returns what follows; 0 if there
// is none. Not ok means that it does not fit in bits, and n is the nearest that does.
func leadInt(s string, bits int) (n int64, rest string, ok bool) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0, s, true
	}
	n, err := strconv.ParseInt(s[:i], 10, bits)
	return n, s[i:], err == nil
}

// cInt is C's atoi.
func cInt(s string) int {
	n, _, _ := leadInt(s, 64)
	return int(int32(n))
}

// readFraction reads ".123"; the point alone is 0.
func readFraction(s string) (float64, error) {
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, badFormat
		}
	}
	if len(s) == 1 {
		return 0, nil
	}
	v, err := strconv.ParseFloat("0"+s, 64)
	if err != nil {
		return 0, badFormat
	}
	return v, nil
}

// readMicros reads ".123" as microseconds, rounded.
func readMicros(s string) (int64, error) {
	v, err := readFraction(s)
	return int64(math.RoundToEven(v * microSecond)), err
}

// A clockText is a time of day or an interval's time in parts. Two parts are hours
// and minutes unless minuteSecond is asked for or the second has a fraction.
type clockText struct {
	hour, minute, second, micros int64
}

func readClockText(s string, minuteSecond bool) (c clockText, err error) {
	var ok1, ok2, ok3 = true, true, true
	var rest string
	if c.hour, rest, ok1 = leadInt(s, 64); !ok1 {
		return c, badField
	}
	if rest == "" || rest[0] != ':' {
		return c, badFormat
	}
	if c.minute, rest, ok2 = leadInt(rest[1:], 32); !ok2 {
		return c, badField
	}
	shift := minuteSecond && rest == ""
	switch {
	case rest == "":
	case rest[0] == '.':
		shift = true
		c.micros, err = readMicros(rest)
	case rest[0] == ':':
		if c.second, rest, ok3 = leadInt(rest[1:], 32); !ok3 {
			return c, badField
		}
		if rest != "" && rest[0] == '.' {
			c.micros, err = readMicros(rest)
		} else if rest != "" {
			err = badFormat
		}
	default:
		err = badFormat
	}
	if err != nil {
		return c, err
	}
	if shift {
		if c.hour > math.MaxInt32 {
			return c, badField
		}
		c.hour, c.minute, c.second = 0, c.hour, c.minute
	}
	if c.hour < 0 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60 || c.micros > microSecond {
		return c, badField
	}
	return c, nil
}

// readTime reads 15:04[:05[.6]].
func (m *moment) readTime(s string) error {
	c, err := readClockText(s, false)
	if err != nil {
		return err
	}
	if c.hour > math.MaxInt32 {
		return badField
	}
	m.hour, m.minute, m.second, m.micros = int(c.hour), int(c.minute), int(c.second), c.micros
	return nil
}

// readDate reads a date whose parts other marks separate, given the parts known
// from before.
func (m *moment) readDate(s string, have fieldSet) (got fieldSet, err error) {
	parts, err := dateParts(s)
	if err != nil {
		return 0, err
	}
	textMonth := false
	for i, p := range parts {
		if !isAlpha(p[0]) {
			continue
		}
		w := dateWords[clipWord(p)]
		if w.kind == wordIgnored {
			continue
		}
		if w.kind != wordMonth || (have|got)&fMonth != 0 {
			return 0, badFormat
		}
		m.month, textMonth, got = w.value, true, got|fMonth
		parts[i] = ""
	}
	for _, p := range parts {
		if p == "" {
			continue
		}
		more, err := m.readNumber(p, textMonth, have|got)
		if err != nil {
			return 0, err
		}
		if (have|got)&more != 0 {
			return 0, badFormat
		}
		got |= more
	}
	if (have|got)&^(fDayOfYear|fZone) != fDate {
		return 0, badFormat
	}
	return got, nil
}

// dateParts cuts a date into runs of digits and of letters. The byte after a run is
// a separator whatever it is.
func dateParts(s string) ([]string, error) {
	var parts []string
	for i := 0; i < len(s) && len(parts) < maxTokens; i++ {
		for i < len(s) && !isAlnum(s[i]) {
			i++
		}
		if i == len(s) {
			return nil, badFormat
		}
		from, class := i, isAlpha
		if isDigit(s[i]) {
			class = isDigit
		}
		for i < len(s) && class(s[i]) {
			i++
		}
		parts = append(parts, s[from:i])
	}
	return parts, nil
}

// readNumber decides by its length, by the parts known and by the order of the
// session what a number in a date is.
func (m *moment) readNumber(s string, textMonth bool, have fieldSet) (got fieldSet, err error) {
	n, rest, ok := leadInt(s, 32)
	if !ok {
		return 0, badField
	}
	if rest == s {
		return 0, badFormat
	}
	if rest != "" {
		if rest[0] != '.' {
			return 0, badFormat
		}
		if len(s)-len(rest) > 2 {
			return m.readPacked(s, have|fDate)
		}
		if m.micros, err = readMicros(rest); err != nil {
			return 0, err
		}
	}
	v, long := int(n), len(s) >= 3
	if len(s) == 3 && have&fDate == fYear && v >= 1 && v <= 366 {
		m.yday = v
		return fDayOfYear | fMonth | fDay, nil
	}
	yearFirst := long || m.order == "YMD"
	switch have & fDate {
	case 0:
		switch {
		case yearFirst:
			got = fYear
		case m.order == "DMY":
			got = fDay
		default:
			got = fMonth
		}
	case fYear, fDay:
		got = fMonth
	case fMonth:
		got = fDay
		if textMonth && yearFirst {
			got = fYear
		}
	case fYear | fMonth:
		if textMonth && long && m.twoDigitYear { // what seemed the year was the day
			m.day, m.year, m.twoDigitYear = m.year, v, false
			return fDay, nil
		}
		got = fDay
	case fMonth | fDay:
		got = fYear
	case fDate:
		return m.readPacked(s, have)
	default:
		return 0, badFormat
	}
	switch got {
	case fYear:
		m.year, m.twoDigitYear = v, len(s) <= 2
	case fMonth:
		m.month = v
	default:
		m.day = v
	}
	return got, nil
}

// readPacked reads a date or time without separators: 20040102, 040102, 150405, 1504, 150405.6.
func (m *moment) readPacked(s string, have fieldSet) (fieldSet, error) {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		us, err := readMicros(s[i:])
		if err != nil {
			return 0, err
		}
		m.micros, s = us, s[:i]
	} else if have&fDate != fDate && len(s) >= 6 {
		year, month := len(s)-4, len(s)-2
		m.year, m.month, m.day = cInt(s[:year]), cInt(s[year:month]), cInt(s[month:])
		m.twoDigitYear = m.twoDigitYear || year == 2
		return fDate, nil
	}
	if have&fTime == fTime || len(s) != 4 && len(s) != 6 {
		return 0, badFormat
	}
	m.hour, m.minute, m.second = cInt(s[:2]), cInt(s[2:4]), 0
	if len(s) == 6 {
		m.second = cInt(s[4:])
	}
	return fTime, nil
}

const maxOffsetHour = 15

// readOffset reads +8, -08:30, +0830, +08:30:15 as seconds west of UTC.
func readOffset(s string) (west int, err error) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, badFormat
	}
	hour, rest, ok := leadInt(s[1:], 32)
	if !ok {
		return 0, badOffset
	}
	var minute, second int64
	if rest != "" && rest[0] == ':' {
		if minute, rest, ok = leadInt(rest[1:], 32); !ok {
			return 0, badOffset
		}
		if rest != "" && rest[0] == ':' {
			if second, rest, ok = leadInt(rest[1:], 32); !ok {
				return 0, badOffset
			}
		}
	} else if rest == "" && len(s) > 3 {
		hour, minute = hour/100, hour%100
	}
	if hour < 0 || hour > maxOffsetHour || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, badOffset
	}
	if rest != "" {
		return 0, badFormat
	}
	west = -int(hour*3600 + minute*60 + second)
	if s[0] == '-' {
		west = -west
	}
	return west, nil
}

// settleDate completes the year by its era or century, the date by its day of the
// year, and checks them.
func (m *moment) settleDate(have fieldSet, julian, bc bool) error {
	if have&fYear != 0 && !julian {
		switch {
		case bc:
			if m.year <= 0 {
				return badField
			}
			m.year = 1 - m.year
		case m.twoDigitYear:
			switch {
			case m.year < 0:
				return badField
			case m.year < 70:
				m.year += 2000
			case m.year < 100:
				m.year += 1900
			}
		case m.year <= 0:
			return badField
		}
	}
	if have&fDayOfYear != 0 {
		m.setDate(julianDay(m.year, 1, 1) + m.yday - 1)
	}
	if have&fMonth != 0 && (m.month < 1 || m.month > 12) || have&fDay != 0 && (m.day < 1 || m.day > 31) {
		return badMonthDay
	}
	if have&fDate == fDate && m.day > daysOfMonth(m.year, m.month) {
		return badField
	}
	return nil
}

// settleHour applies AM or PM.
func (m *moment) settleHour(meridian int) error {
	switch {
	case meridian != hours24 && m.hour > 12:
		return badField
	case meridian == hoursAM && m.hour == 12:
		m.hour = 0
	case meridian == hoursPM && m.hour != 12:
		m.hour += 12
	}
	return nil
}
