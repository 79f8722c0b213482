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
		text := m.field(n.text, !n.fill && !n.local)
		if n.th != "" && text != "" && (n.field.digit || strings.HasPrefix(n.field.name, "FF")) {
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
	num := func(v int64, width int) string {
		if !fill {
			return fmt.Sprint(v)
		}
		if v < 0 {
			width++
		}
		return fmt.Sprintf("%0*d", width, v)
	}
	if text, ok := m.words(f, fill); ok {
		return text
	}
	f = strings.ToUpper(f)
	if text, ok := m.clock(f, num); ok {
		return text
	}
	return m.calendar(f, num)
}

func (m moment) clock(f string, num func(int64, int) string) (string, bool) {
	b := m.b
	us := b.micros % secondMicros
	switch f {
	case "HH24":
		return num(b.hour, 2), true
	case "HH", "HH12":
		h := b.hour % 12
		if h == 0 {
			h = 12
		}
		return num(h, 2), true
	case "MI":
		return num(b.min, 2), true
	case "SS":
		return num(b.micros/secondMicros, 2), true
	case "SSSS", "SSSSS":
		return num(b.dayMicros/secondMicros, 1), true
	case "MS":
		return fmt.Sprintf("%03d", us/1000), true
	case "US":
		return fmt.Sprintf("%06d", us), true
	case "TZH":
		return m.zoneHour(), true
	case "TZM":
		return fmt.Sprintf("%02d", max(b.zone, -b.zone)/60%60), true
	case "OF":
		abs := max(b.zone, -b.zone)
		text := m.zoneHour()
		if abs/60%60 != 0 {
			text += fmt.Sprintf(":%02d", abs/60%60)
		}
		return text, true
	}
	if strings.HasPrefix(f, "FF") {
		return fmt.Sprintf("%06d", us)[:f[2]-'0'], true
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

// zoneHour is the zone's sign and hours.
func (m moment) zoneHour() string {
	if m.b.zone < 0 {
		return fmt.Sprintf("-%02d", -m.b.zone/3600)
	}
	return fmt.Sprintf("+%02d", m.b.zone/3600)
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

func (m moment) calendar(f string, num func(int64, int) string) string {
	b := m.b
	year := int64(b.year)
	if year <= 0 && !m.interval {
		year = 1 - year
	}
	isoYear, isoWeekNo := isoWeek(b.jd)
	if isoYear <= 0 && !m.interval {
		isoYear = 1 - isoYear
	}
	doy := int64(b.jd - julian(b.year, 1, 1) + 1)
	switch f {
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", year/1000, year%1000)
	case "YYYY":
		return num(year, 4)
	case "YYY":
		return num(year%1000, 3)
	case "YY":
		return num(year%100, 2)
	case "Y":
		return num(year%10, 1)
	case "IYYY":
		return num(int64(isoYear), 4)
	case "IYY":
		return num(int64(isoYear)%1000, 3)
	case "IY":
		return num(int64(isoYear)%100, 2)
	case "I":
		return num(int64(isoYear)%10, 1)
	case "MM":
		return num(int64(b.month), 2)
	case "DDD":
		if m.interval {
			doy = int64(b.year)*360 + int64(b.month)*30 + int64(b.day)
		}
		return num(doy, 3)
	case "IDDD":
		return num(int64(isoWeekNo-1)*7+int64((weekday(b.jd)+6)%7+1), 3)
	case "DD":
		return num(int64(b.day), 2)
	case "D":
		return num(int64(weekday(b.jd)+1), 1)
	case "ID":
		return num(int64((weekday(b.jd)+6)%7+1), 1)
	case "WW":
		return num((doy-1)/7+1, 2)
	case "W":
		return num(int64(b.day-1)/7+1, 1)
	case "IW":
		return num(int64(isoWeekNo), 2)
	case "CC":
		return num(era(int64(b.year), 100), 2)
	case "J":
		return num(int64(b.jd), 1)
	case "Q":
		return num(int64(b.month-1)/3+1, 1)
	}
	return ""
}
