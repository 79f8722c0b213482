package types

// An isoMoment is what readISO found.
type isoMoment struct {
	days    int64 // since 2000
	micros  int64 // of the day
	hasTime bool
	hasZone bool
	east    int // seconds east of UTC
}

// readISO reads the commonest form, 2006-01-02[ 15:04:05[.999999][+07[:30]]], with
// no other blanks. It gives up on everything else, right or wrong, which the
// general reader then judges.
func readISO(s string) (m isoMoment, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return m, false
	}
	year := twoDigits(s)*100 + twoDigits(s[2:])
	month, day := twoDigits(s[5:]), twoDigits(s[8:])
	if twoDigits(s) < 0 || twoDigits(s[2:]) < 0 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month) {
		return m, false
	}
	m.days = int64(julianDay(year, month, day) - julianEpoch)
	if len(s) == 10 {
		return m, true
	}
	if s[10] != ' ' && s[10] != 'T' {
		return m, false
	}
	rest, ok := m.readClock(s[11:])
	if !ok || rest == "" {
		return m, ok
	}
	return m, m.readOffset(rest)
}

// readClock reads 15:04:05 and up to six digits of a fraction.
func (m *isoMoment) readClock(s string) (rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return "", false
	}
	hour, minute, second := twoDigits(s), twoDigits(s[3:]), twoDigits(s[6:])
	if uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 {
		return "", false
	}
	m.hasTime = true
	m.micros = int64(hour*3600+minute*60+second) * microSecond
	s = s[8:]
	if len(s) < 2 || s[0] != '.' {
		return s, true
	}
	unit, i := int64(microSecond), 1
	for ; i < len(s) && isDigit(s[i]); i++ {
		if unit == 1 {
			return "", false
		}
		unit /= 10
		m.micros += int64(s[i]-'0') * unit
	}
	return s[i:], i > 1
}

// readOffset reads +07, -03:30 or Z.
func (m *isoMoment) readOffset(s string) bool {
	m.hasZone = true
	if s == "Z" {
		return true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return false
	}
	hour, minute := twoDigits(s[1:]), 0
	switch {
	case len(s) == 6 && s[3] == ':':
		minute = twoDigits(s[4:])
	case len(s) != 3:
		return false
	}
	if uint(hour) > 15 || uint(minute) > 59 {
		return false
	}
	m.east = hour*3600 + minute*60
	if s[0] == '-' {
		m.east = -m.east
	}
	return true
}

// twoDigits is the number in the first two bytes of s, or negative.
func twoDigits(s string) int {
	a, b := s[0]-'0', s[1]-'0'
	if a > 9 || b > 9 {
		return -1000
	}
	return int(a)*10 + int(b)
}
