package funcs

import (
	"fmt"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// formatKernels: to_char, to_number, to_date and to_timestamp with a template.
func formatKernels() kernels {
	stamp := func(zoned bool) kernel {
		return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if a[1].S == "" || infiniteTimestamp(a[0].I) {
				return types.Null, nil
			}
			m := moment{zone: time.UTC}
			ts := a[0].I
			if zoned {
				m.zone, m.zoned = c.zone(), true
				m.name, m.b.zone = goTime(ts).In(m.zone).Zone()
				zone := m.b.zone
				m.b = breakTimestamp(utcToLocal(ts, m.zone))
				m.b.zone = zone
			} else {
				m.b = breakTimestamp(ts)
			}
			return m.format(a[1].S)
		})
	}
	return kernels{
		"timestamp_to_char": stamp(false), "timestamptz_to_char": stamp(true),
		"interval_to_char": scalar(func(a []types.Datum) (types.Datum, error) {
			m := moment{b: breakInterval(a[0].X.(types.Interval)), interval: true}
			return m.format(a[1].S)
		}),
		"int4_to_char":      numberToChar(ofInt(width4)),
		"int8_to_char":      numberToChar(ofInt(width8)),
		"numeric_to_char":   numberToChar((*picture).ofNumeric),
		"float4_to_char":    numberToChar(ofFloat(6)),
		"float8_to_char":    numberToChar(ofFloat(15)),
		"numeric_to_number": scalar(func(a []types.Datum) (types.Datum, error) { return toNumber(a[0].S, a[1].S) }),
		"to_date": scalar(func(a []types.Datum) (types.Datum, error) {
			d, err := toDate(a[0].S, a[1].S)
			return types.NewInt(d), err
		}),
		"to_timestamp": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := toTimestamp(a[0].S, a[1].S, c.zone())
			return types.NewInt(ts), err
		}),
	}
}

// A moment is what to_char prints: a timestamp or an interval.
type moment struct {
	b        broken
	zone     *time.Location
	name     string // of the zone
	zoned    bool
	interval bool
}

var monthNames = strings.Fields("January February March April May June July August September October November December")
var dayNames = strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday")
var romanMonths = strings.Fields("I II III IV V VI VII VIII IX X XI XII")

// format prints the moment by a template.
func (m moment) format(template string) (types.Datum, error) {
	nodes, err := parseTemplate(template, false)
	if err != nil {
		return types.Null, err
	}
	var b strings.Builder
	for _, n := range nodes {
		if n.kind != nodeField {
			b.WriteString(n.text)
			continue
		}
		if m.interval && n.field.needsDate() {
			return types.Null, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
		fill := !n.fill
		switch n.field.name {
		case "MONTH", "MON", "DAY", "DY":
			fill = fill && !n.local
		}
		text := m.field(n.text, fill)
		if n.th != "" && text != "" && n.field.counts() {
			text += ordinal(text, n.th == "TH")
		}
		b.WriteString(text)
	}
	return types.NewText(b.String()), nil
}

// needsDate tells the fields that an interval does not have.
func (f *templateField) needsDate() bool {
	switch f.name {
	case "A.D.", "AD", "B.C.", "BC", "MONTH", "MON", "DAY", "DY", "D", "ID":
		return true
	}
	return f.zoned()
}

// ordinal is the English ending of a number.
func ordinal(digits string, upper bool) string {
	n := strings.TrimSpace(digits)
	end := "th"
	if len(n) > 0 && !(len(n) > 1 && n[len(n)-2] == '1') {
		switch n[len(n)-1] {
		case '1':
			end = "st"
		case '2':
			end = "nd"
		case '3':
			end = "rd"
		}
	}
	if upper {
		return strings.ToUpper(end)
	}
	return end
}

func (m moment) field(f string, fill bool) string {
	if text, ok := m.words(f, fill); ok {
		return text
	}
	f = strings.ToUpper(f)
	if text, ok := m.zoneField(f, fill); ok {
		return text
	}
	v, width, signed := m.number(f)
	switch {
	case f == "Y,YYY":
		return fmt.Sprintf("%d,%03d", v/1000, v%1000)
	case width == 0:
		return ""
	case !fill && !strings.HasPrefix(f, "FF") && f != "MS" && f != "US":
		width = 1
	case signed:
		width++
	}
	return fmt.Sprintf("%0*d", width, v)
}

// number is the value of a field, the width that it is filled to with zeros, and
// whether that is one more for a sign; 0: it shows nothing.
func (m moment) number(f string) (v int64, width int, signed bool) {
	if v, width, ok := m.clock(f); ok {
		return v, width, v < 0 && width == 2 && f[0] != 'F'
	}
	if v, width, ok := m.yearField(f); ok {
		return v, width, m.year() < 0 && width > 1
	}
	v, width = m.calendar(f)
	return v, width, v < 0 && (f == "MM" || f == "CC")
}

func (m moment) clock(f string) (v int64, width int, ok bool) {
	b := m.b
	us := b.micros % secondMicros
	switch f {
	case "HH24":
		return b.hour, 2, true
	case "HH", "HH12":
		h := b.hour % 12
		if h == 0 {
			h = 12
		}
		return h, 2, true
	case "MI":
		return b.min, 2, true
	case "SS":
		return b.micros / secondMicros, 2, true
	case "SSSS", "SSSSS":
		return b.dayMicros / secondMicros, 1, true
	case "MS":
		return us / 1000, 3, true
	case "US":
		return us, 6, true
	}
	if strings.HasPrefix(f, "FF") {
		width = int(f[2] - '0')
		for i := width; i < 6; i++ {
			us /= 10
		}
		return us, width, true
	}
	return 0, 0, false
}

// zoneField is a field of the zone's offset.
func (m moment) zoneField(f string, fill bool) (string, bool) {
	zone := max(m.b.zone, -m.b.zone)
	sign := "+"
	if m.b.zone < 0 {
		sign = "-"
	}
	switch f {
	case "TZH":
		return fmt.Sprintf("%s%02d", sign, zone/3600), true
	case "TZM":
		return fmt.Sprintf("%02d", zone/60%60), true
	case "OF":
		text := sign + fmt.Sprint(zone/3600)
		if fill {
			text = fmt.Sprintf("%s%02d", sign, zone/3600)
		}
		if zone/60%60 != 0 {
			text += fmt.Sprintf(":%02d", zone/60%60)
		}
		return text, true
	}
	return "", false
}

func (m moment) words(f string, fill bool) (string, bool) {
	cased := func(word, pattern string, width int) (string, bool) {
		switch {
		case pattern == strings.ToUpper(pattern):
			word = strings.ToUpper(word)
		case pattern == strings.ToLower(pattern):
			word = strings.ToLower(word)
		}
		if fill && width > 0 {
			word = fmt.Sprintf("%-*s", width, word)
		}
		return word, true
	}
	switch strings.ToUpper(f) {
	case "MONTH":
		return cased(monthNames[m.b.month-1], f, 9)
	case "MON":
		return cased(monthNames[m.b.month-1][:3], f, 3)
	case "DAY":
		return cased(dayNames[weekday(m.b.jd)], f, 9)
	case "DY":
		return cased(dayNames[weekday(m.b.jd)][:3], f, 3)
	case "RM":
		if m.b.month == 0 && m.b.year == 0 {
			return "", true
		}
		return cased(romanMonths[m.romanMonth()], f, 4)
	case "AM", "PM":
		return cased(m.half("AM", "PM"), f, 2)
	case "A.M.", "P.M.":
		return cased(m.half("A.M.", "P.M."), f, 4)
	case "TZ":
		return cased(m.name, f, 0)
	case "BC", "AD":
		return cased(map[bool]string{true: "BC", false: "AD"}[m.b.year <= 0 && !m.interval], f, 2)
	case "B.C.", "A.D.":
		return cased(map[bool]string{true: "B.C.", false: "A.D."}[m.b.year <= 0 && !m.interval], f, 4)
	}
	return "", false
}

// half chooses by the half of the day.
func (m moment) half(am, pm string) string {
	if m.b.hour%24 >= 12 {
		return pm
	}
	return am
}

// romanMonth is the index of the month's Roman numeral. The months of an interval
// count backwards from December if they are negative; full years are its end.
func (m moment) romanMonth() int {
	switch month := m.b.month; {
	case month > 0:
		return month - 1
	case month < 0:
		return month + 12
	case m.b.year >= 0:
		return 11
	}
	return 0
}

// year is the year as it is shown: before Christ without a sign.
func (m moment) year() int64 { return m.shown(m.b.year) }

func (m moment) shown(year int) int64 {
	if year <= 0 && !m.interval {
		year = 1 - year
	}
	return int64(year)
}

func (m moment) yearField(f string) (v int64, width int, ok bool) {
	year := m.year()
	if f[0] == 'I' {
		iso, _ := isoWeek(m.b.jd)
		year = m.shown(iso)
	}
	switch f {
	case "Y,YYY", "YYYY", "IYYY":
		return year, 4, true
	case "YYY", "IYY":
		return year % 1000, 3, true
	case "YY", "IY":
		return year % 100, 2, true
	case "Y", "I":
		return year % 10, 1, true
	}
	return 0, 0, false
}

func (m moment) calendar(f string) (v int64, width int) {
	b := m.b
	_, week := isoWeek(b.jd)
	isoDay := int64((weekday(b.jd)+6)%7 + 1)
	yearDay := int64(b.jd - julian(b.year, 1, 1) + 1)
	century := era(int64(b.year), 100)
	if m.interval {
		yearDay = int64(int32(b.year*360 + b.month*30 + b.day))
		century = int64(b.year / 100)
	}
	switch f {
	case "MM":
		return int64(b.month), 2
	case "DDD":
		return yearDay, 3
	case "IDDD":
		return int64(week-1)*7 + isoDay, 3
	case "DD":
		return int64(b.day), 2
	case "D":
		return int64(weekday(b.jd) + 1), 1
	case "ID":
		return isoDay, 1
	case "WW":
		return (yearDay-1)/7 + 1, 2
	case "W":
		return int64(b.day-1)/7 + 1, 1
	case "IW":
		return int64(week), 2
	case "CC":
		return century, 2
	case "J":
		return int64(int32(b.jd)), 1
	case "Q":
		if b.month == 0 {
			return 0, 0
		}
		return int64(b.month-1)/3 + 1, 1
	}
	return 0, 0
}
