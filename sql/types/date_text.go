package types

import "strconv"

// appendInt appends a number of at least width digits.
func appendInt(dst []byte, n int64, width int) []byte {
	if width == 2 && n >= 0 && n < 100 {
		return append(dst, byte('0'+n/10), byte('0'+n%10))
	}
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	for limit := int64(10); width > 1; width-- {
		if n < limit {
			for ; width > 1; width-- {
				dst = append(dst, '0')
			}
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendYear appends the year of an era, whose BC follows the whole by appendEra.
func appendYear(dst []byte, y int) []byte {
	if y <= 0 {
		y = 1 - y
	}
	if y < 10000 {
		return append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	}
	return strconv.AppendInt(dst, int64(y), 10)
}

func appendEra(dst []byte, y int) []byte {
	if y <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// appendFraction appends the digits of a second's microseconds, if any.
func appendFraction(dst []byte, us int64) []byte {
	if us == 0 {
		return dst
	}
	dst = append(dst, '.', byte('0'+us/100000), byte('0'+us/10000%10), byte('0'+us/1000%10), byte('0'+us/100%10), byte('0'+us/10%10), byte('0'+us%10))
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendClock appends a time of day: 14:05:06.7.
func appendClock(dst []byte, us int64) []byte {
	s := int(us / microSecond)
	dst = append(append2(dst, s/3600), ':')
	dst = append(append2(dst, s/60%60), ':')
	return appendFraction(append2(dst, s%60), us%microSecond)
}

// appendOffset appends seconds east of UTC: +02, -03:30.
func appendOffset(dst []byte, east int) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = appendInt(append(dst, sign), int64(east/3600), 2)
	if east%3600 == 0 {
		return dst
	}
	dst = append2(append(dst, ':'), east/60%60)
	if east%60 == 0 {
		return dst
	}
	return append2(append(dst, ':'), east%60)
}

var monthNames = [13]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

var dayNames = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// appendDate appends a date in the style of the format. The Postgres style here is
// that of the type date; timestamps have another.
func appendDate(dst []byte, y, m, d int, f *Format) []byte {
	first, second := m, d
	if f.DateOrder == "DMY" {
		first, second = d, m
	}
	separator := byte('/')
	switch f.DateStyle {
	case "SQL":
	case "German":
		first, second, separator = d, m, '.'
	case "Postgres":
		separator = '-'
	default:
		dst = append(appendYear(dst, y), '-')
		return append2(append(append2(dst, m), '-'), d)
	}
	dst = append(append2(dst, first), separator)
	dst = append(append2(dst, second), separator)
	return appendYear(dst, y)
}

// appendTimestamp appends a finite timestamp as it reads on a wall clock, followed
// by the zone if there is one.
func appendTimestamp(dst []byte, local int64, zone *zoneAt, f *Format) []byte {
	days, us := splitMicros(local)
	y, m, d := civilDate(int(days) + julianEpoch)
	if f.DateStyle == "Postgres" {
		dst = append(append(dst, dayNames[(int(days)+julianEpoch+1)%7]...), ' ')
		if f.DateOrder == "DMY" {
			dst = append(append(append2(dst, d), ' '), monthNames[m]...)
		} else {
			dst = append2(append(append(dst, monthNames[m]...), ' '), d)
		}
		dst = append(appendClock(append(dst, ' '), us), ' ')
		dst = appendYear(dst, y)
	} else {
		dst = appendClock(append(appendDate(dst, y, m, d, f), ' '), us)
	}
	if zone != nil {
		if f.DateStyle == "ISO" || f.DateStyle == "" {
			dst = appendOffset(dst, zone.east)
		} else {
			const longest = 10
			dst = append(append(dst, ' '), zone.name[:min(len(zone.name), longest)]...)
		}
	}
	return appendEra(dst, y)
}
