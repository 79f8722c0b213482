package types

// intervalParts are an interval's parts, each with its sign.
type intervalParts struct {
	year, month, day, hour, minute, second, micros int64
}

func (v Interval) parts() intervalParts {
	m, us := int64(v.Months), v.Micros
	return intervalParts{m / 12, m % 12, int64(v.Days), us / microHour, us / microMinute % 60, us / microSecond % 60, us % microSecond}
}

func (p *intervalParts) hasTime() bool {
	return p.hour != 0 || p.minute != 0 || p.second != 0 || p.micros != 0
}

func (p *intervalParts) negativeTime() bool {
	return p.hour < 0 || p.minute < 0 || p.second < 0 || p.micros < 0
}

func (p *intervalParts) negate() {
	*p = intervalParts{-p.year, -p.month, -p.day, -p.hour, -p.minute, -p.second, -p.micros}
}

func absInt(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// appendInterval appends an interval in a style: "postgres", "postgres_verbose",
// "sql_standard", "iso_8601".
func appendInterval(dst []byte, v Interval, style string) []byte {
	p := v.parts()
	switch style {
	case "sql_standard":
		return p.appendSQL(dst)
	case "iso_8601":
		return p.appendISO(dst)
	case "postgres_verbose":
		return p.appendVerbose(dst)
	}
	return p.appendPostgres(dst)
}

// appendSeconds appends seconds without a sign, of width digits.
func (p *intervalParts) appendSeconds(dst []byte, width int) []byte {
	return appendFraction(appendInt(dst, absInt(p.second), width), absInt(p.micros))
}

// appendHours appends hours of width digits, minutes and seconds, without a sign.
func (p *intervalParts) appendHours(dst []byte, width int) []byte {
	dst = append(appendInt(dst, absInt(p.hour), width), ':')
	dst = append(appendInt(dst, absInt(p.minute), 2), ':')
	return p.appendSeconds(dst, 2)
}

func (p *intervalParts) appendPostgres(dst []byte) []byte {
	from, afterNegative := len(dst), false
	for _, u := range []struct {
		n    int64
		name string
	}{{p.year, "year"}, {p.month, "mon"}, {p.day, "day"}} {
		if u.n == 0 {
			continue
		}
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		if afterNegative && u.n > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(appendInt(dst, u.n, 1), ' '), u.name...)
		if u.n != 1 {
			dst = append(dst, 's')
		}
		afterNegative = u.n < 0
	}
	if len(dst) > from && !p.hasTime() {
		return dst
	}
	if len(dst) > from {
		dst = append(dst, ' ')
	}
	if p.negativeTime() {
		dst = append(dst, '-')
	} else if afterNegative {
		dst = append(dst, '+')
	}
	return p.appendHours(dst, 2)
}

// appendVerbose appends "@ 1 day 2 hours ago": the sign of the first part is that of
// the whole.
func (p *intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	for _, u := range []struct {
		n    int64
		name string
	}{{p.year, "year"}, {p.month, "mon"}, {p.day, "day"}, {p.hour, "hour"}, {p.minute, "min"}} {
		n := u.n
		if n == 0 {
			continue
		}
		if zero {
			before, n, zero = n < 0, absInt(n), false
		} else if before {
			n = -n
		}
		dst = append(appendInt(append(dst, ' '), n, 1), ' ')
		dst = append(dst, u.name...)
		if n != 1 {
			dst = append(dst, 's')
		}
	}
	if p.second != 0 || p.micros != 0 {
		dst = append(dst, ' ')
		if p.second < 0 || p.micros < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, 1), " sec"...)
		if absInt(p.second) != 1 || p.micros != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (p *intervalParts) appendISO(dst []byte) []byte {
	if p.year == 0 && p.month == 0 && p.day == 0 && !p.hasTime() {
		return append(dst, "PT0S"...)
	}
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(appendInt(dst, n, 1), unit)
		}
	}
	dst = append(dst, 'P')
	part(p.year, 'Y')
	part(p.month, 'M')
	part(p.day, 'D')
	if !p.hasTime() {
		return dst
	}
	dst = append(dst, 'T')
	part(p.hour, 'H')
	part(p.minute, 'M')
	if p.second == 0 && p.micros == 0 {
		return dst
	}
	if p.second < 0 || p.micros < 0 {
		dst = append(dst, '-')
	}
	return append(p.appendSeconds(dst, 1), 'S')
}

// appendSQL appends year-month or day-time literals of the SQL standard, or both with
// signs where the standard has no form.
func (p *intervalParts) appendSQL(dst []byte) []byte {
	negative := p.year < 0 || p.month < 0 || p.day < 0 || p.negativeTime()
	positive := p.year > 0 || p.month > 0 || p.day > 0 || p.hour > 0 || p.minute > 0 || p.second > 0 || p.micros > 0
	months, times := p.year != 0 || p.month != 0, p.day != 0 || p.hasTime()
	if !negative && !positive {
		return append(dst, '0')
	}
	if negative && positive || months && times {
		return p.appendSigned(dst)
	}
	if negative {
		dst = append(dst, '-')
		p.negate()
	}
	if months {
		return appendInt(append(appendInt(dst, p.year, 1), '-'), p.month, 1)
	}
	if p.day != 0 {
		dst = append(appendInt(dst, p.day, 1), ' ')
	}
	return p.appendHours(dst, 1)
}

func (p *intervalParts) appendSigned(dst []byte) []byte {
	sign := func(negative bool) {
		if negative {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	sign(p.year < 0 || p.month < 0)
	dst = append(appendInt(dst, absInt(p.year), 1), '-')
	dst = append(appendInt(dst, absInt(p.month), 1), ' ')
	sign(p.day < 0)
	dst = append(appendInt(dst, absInt(p.day), 1), ' ')
	sign(p.negativeTime())
	return p.appendHours(dst, 1)
}
