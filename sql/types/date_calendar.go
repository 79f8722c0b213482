package types

import (
	"time"

	"zorya/pgerr"
)

// Microseconds of a second, minute, hour and day.
const (
	microSecond = 1_000_000
	microMinute = 60 * microSecond
	microHour   = 60 * microMinute
	microDay    = 24 * microHour
)

// Julian days, and days and microseconds between the epochs.
const (
	julianEpoch   = 2451545             // 2000-01-01
	unixEpochDays = 10957               // from 1970-01-01 to 2000-01-01
	julianEnd     = 2147483494          // 5874898-01-01: no date is as late
	timestampMin  = -211813488000000000 // 4714-11-24 BC
	timestampEnd  = 9223371331200000000 // 294277-01-01: no timestamp is as late
)

// julianDay is the Julian day of a date of the proleptic Gregorian calendar, in
// which year 0 is 1 BC.
func julianDay(y, m, d int) int {
	if m > 2 {
		m, y = m+1, y+4800
	} else {
		m, y = m+13, y+4799
	}
	century := y / 100
	return y*365 - 32167 + y/4 - century + century/4 + 7834*m/256 + d
}

// civilDate is the inverse of julianDay, for days from 0.
func civilDate(jd int) (y, m, d int) {
	// Days are counted from 1 March of a year that begins a cycle of 400 years.
	n := jd + 32044
	cycle := n / 146097
	n -= cycle * 146097
	century := min(n/36524, 3)
	n -= century * 36524
	quad := n / 1461
	n -= quad * 1461
	year := min(n/365, 3)
	n -= year * 365
	month := (5*n + 2) / 153
	d = n - (153*month+2)/5 + 1
	y = cycle*400 + century*100 + quad*4 + year - 4800
	if m = month + 3; m > 12 {
		m, y = m-12, y+1
	}
	return y, m, d
}

// ValidJulian reports whether the Julian day of a date of a month can be told.
func ValidJulian(y, m int) bool {
	return (y > -4713 || y == -4713 && m >= 11) && (y < 5874898 || y == 5874898 && m < 6)
}

// monthDays are the days of the months of a common year.
var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func daysOfMonth(y, m int) int {
	if m == 2 && isLeap(y) {
		return 29
	}
	return monthDays[m]
}

// splitMicros cuts a timestamp into days since 2000 and the microseconds of the day.
func splitMicros(ts int64) (days, micros int64) {
	days = ts / microDay
	if micros = ts - days*microDay; micros < 0 {
		days, micros = days-1, micros+microDay
	}
	return days, micros
}

// joinMicros is the inverse of splitMicros; ok tells whether the result is a timestamp.
func joinMicros(days, micros int64) (ts int64, ok bool) {
	if days < timestampMin/microDay-2 || days > timestampEnd/microDay {
		return 0, false
	}
	if days > 0 { // the last days may pass the end of int64 on the way
		days, micros = days-1, micros+microDay
	}
	ts = days*microDay + micros
	return ts, validTimestamp(ts)
}

func validTimestamp(ts int64) bool { return ts >= timestampMin && ts < timestampEnd }

func finiteTimestamp(ts int64) bool { return ts != TimestampInfinity && ts != TimestampNegInfinity }

func finiteDate(d int64) bool { return d != DateInfinity && d != DateNegInfinity }

// momentOf is the timestamptz of a Go time.
func momentOf(t time.Time) int64 { return t.UnixMicro() - unixEpochDays*microDay }

// unixOf are the seconds since 1970 at or before a timestamp.
func unixOf(ts int64) int64 {
	s := ts / microSecond
	if ts%microSecond < 0 {
		s--
	}
	return s + unixEpochDays*86400
}

// RoundMicros rounds to a precision of digits after the point, halves away from zero.
func RoundMicros(us int64, digits int32) int64 {
	if digits < 0 || digits >= 6 {
		return us
	}
	scale := int64(1)
	for ; digits < 6; digits++ {
		scale *= 10
	}
	if us >= 0 {
		return (us + scale/2) / scale * scale
	}
	return -((-us + scale/2) / scale * scale)
}

// precisionText prints the modifier of a type with a precision.
func precisionText(mod int32) string { return "(" + string(appendInt(nil, int64(mod), 1)) + ")" }

var (
	errTimestampRange = pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	errDateRange      = pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
	errTimeRange      = pgerr.New(pgerr.DatetimeFieldOverflow, "time out of range")
	errIntervalRange  = pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	errOffsetRange    = pgerr.New(invalidTimeZoneDisplacement, "time zone displacement out of range")
)
