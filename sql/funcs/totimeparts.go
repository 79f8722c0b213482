package funcs

import (
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// templateParts are the numbers that a template has found in a text; 0: not found.
type templateParts struct {
	calendar                   calendarRule
	year, yearDigits, century  int
	month, day, yearDay        int
	week, monthWeek            int
	weekday                    int // from Sunday, which is 1
	julian                     int
	hour, minute, second       int
	daySeconds                 int
	milli, micro               int
	half                       bool // the clock has 12 hours
	afternoon, beforeChrist    int
	sign, zoneHour, zoneMinute int
	precision                  int // of FF1 to FF6
}

// A templateMoment is the date and time that was read by a template.
type templateMoment struct {
	text             string // that was read
	year, month, day int    // year 0 is 1 BC
	micros           int64  // of the day
	zoned            bool
	east             int64 // seconds, if zoned
	precision        int   // digits of a second to round to, 0: all

	hasYear, hasMonth, hasDay bool
}

// resolve makes date and time of the numbers.
func (p *templateParts) resolve(text string) (*templateMoment, error) {
	m := &templateMoment{text: text, month: 1, day: 1, precision: p.precision}
	clockFits, err := m.setClock(p)
	if err != nil {
		return nil, err
	}
	m.setYear(p)
	if err := m.setDate(p); err != nil {
		return nil, err
	}
	if !clockFits || m.hasMonth && (m.month < 1 || m.month > 12) || m.hasDay && (m.day < 1 || m.day > 31) ||
		m.hasYear && m.hasMonth && m.hasDay && m.day > daysIn(m.year, m.month) {
		return nil, pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	}
	if p.sign != 0 {
		if p.zoneHour < 0 || p.zoneHour > 15 || p.zoneMinute < 0 || p.zoneMinute > 59 {
			return nil, pgerr.New(pgerr.InvalidTimeZoneDisplacement, "time zone displacement out of range: \"%s\"", text)
		}
		m.zoned, m.east = true, int64(p.sign)*int64(p.zoneHour*3600+p.zoneMinute*60)
	}
	return m, nil
}

// setClock sets the time of the day; fits tells whether its fields are in range,
// which is told after what is wrong with the date.
func (m *templateMoment) setClock(p *templateParts) (fits bool, err error) {
	hour, minute, second := p.daySeconds/3600, p.daySeconds%3600/60, p.daySeconds%60
	if p.second != 0 {
		second = p.second
	}
	if p.minute != 0 {
		minute = p.minute
	}
	if p.hour != 0 {
		hour = p.hour
	}
	if p.half {
		if hour < 1 || hour > 12 {
			return false, pgerr.New(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		hour = hour%12 + 12*p.afternoon
	}
	fraction := p.milli*1000 + p.micro
	m.micros = int64(hour)*hourMicros + int64(minute)*minuteMicros + int64(second)*secondMicros + int64(fraction)
	within := func(v, end int) bool { return v >= 0 && v < end }
	return within(hour, 24) && within(minute, 60) && within(second, 60) && within(fraction, 1e6), nil
}

// setYear sets the year from year and century: the 21st century begins in 2001.
func (m *templateMoment) setYear(p *templateParts) {
	century := p.century
	if p.beforeChrist == 1 {
		century = -century
	}
	m.hasYear = p.year != 0 || century != 0
	switch rest := p.year % 100; {
	case p.year != 0 && (century == 0 || p.yearDigits > 2):
		m.year = p.year
		if p.beforeChrist == 1 {
			m.year = -m.year
		}
		if m.year < 0 {
			m.year++
		}
	case p.year != 0 && rest == 0 && century >= 0:
		m.year = century * 100
	case p.year != 0 && rest == 0:
		m.year = century*100 + 1
	case p.year != 0 && century >= 0:
		m.year = (century-1)*100 + rest
	case p.year != 0:
		m.year = (century+1)*100 - rest + 1
	case century > 0:
		m.year = (century-1)*100 + 1
	case century < 0:
		m.year = century*100 + 1
	}
}

// setDate sets the date from what names a day: later ways win over earlier ones.
func (m *templateMoment) setDate(p *templateParts) error {
	if p.julian != 0 {
		m.setJulian(int(uint32(p.julian)))
	}
	yearDay, day := p.yearDay, p.day
	switch {
	case p.week != 0 && p.calendar == isoWeeks:
		m.setJulian(isoWeekStart(m.year, p.week) + daysAfterMonday(p.weekday))
	case p.week != 0:
		yearDay = (p.week-1)*7 + 1
	}
	if p.monthWeek != 0 {
		day = (p.monthWeek-1)*7 + 1
	}
	if day != 0 {
		m.day, m.hasDay = day, true
	}
	if p.month != 0 {
		m.month, m.hasMonth = p.month, true
	}
	if yearDay == 0 || m.month > 1 && m.day > 1 {
		return nil
	}
	if m.year == 0 && p.beforeChrist == 0 {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "cannot calculate day of year without year information")
	}
	if p.calendar == isoWeeks {
		m.setJulian(isoWeekStart(m.year, 1) - 1 + yearDay)
		return nil
	}
	m.setYearDay(yearDay)
	return nil
}

func (m *templateMoment) setJulian(jd int) {
	m.year, m.month, m.day = civil(jd)
	m.hasYear, m.hasMonth, m.hasDay = true, true, true
}

// setYearDay sets month and day, where they are not set, from the day of the year.
func (m *templateMoment) setYearDay(n int) {
	month, before := 1, 0
	for ; month <= 12 && n > before+daysIn(m.year, month); month++ {
		before += daysIn(m.year, month)
	}
	if m.month <= 1 {
		m.month = month
	}
	if m.day <= 1 {
		m.day = n - before
	}
	m.hasMonth, m.hasDay = true, true
}

// isoWeekStart is the Monday of a week of a year as ISO counts them.
func isoWeekStart(year, week int) int {
	fourth := julian(year, 1, 4)
	return (week-1)*7 + fourth - (weekday(fourth)+6)%7
}

// daysAfterMonday counts from Monday to a weekday of the same week, or to Monday if
// there is none (0).
func daysAfterMonday(weekday int) int {
	switch {
	case weekday > 1:
		return weekday - 2
	case weekday == 1:
		return 6
	}
	return 0
}

// date is the day since 2000.
func (m *templateMoment) date() (int64, error) {
	d := int64(julian(m.year, m.month, m.day) - epochJulian)
	if !types.ValidJulian(m.year, m.month) || !types.ValidDate(d) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", m.text)
	}
	return d, nil
}

// wall is the timestamp without a zone, rounded.
func (m *templateMoment) wall() (int64, error) {
	if !types.ValidJulian(m.year, m.month) {
		return 0, errTimestamp
	}
	ts, err := joinTimestamp(julian(m.year, m.month, m.day), m.micros)
	return m.round(ts), err
}

// timestamp is the moment in UTC; a text without a zone is in that of the session.
func (m *templateMoment) timestamp(zone *time.Location) (int64, error) {
	if !types.ValidJulian(m.year, m.month) {
		return 0, errTimestamp
	}
	day := int64(julian(m.year, m.month, m.day) - epochJulian)
	if day < minTimestamp/dayMicros-1 || day > endTimestamp/dayMicros {
		return 0, errTimestamp
	}
	ts := day*dayMicros + m.micros
	if m.zoned {
		ts -= m.east * secondMicros
	} else {
		ts = localToUTC(ts, zone)
	}
	ts, err := checkTimestamp(ts)
	return m.round(ts), err
}

// round rounds to the digits that the template asks for.
func (m *templateMoment) round(us int64) int64 {
	if m.precision == 0 {
		return us
	}
	return types.RoundMicros(us, int32(m.precision))
}
