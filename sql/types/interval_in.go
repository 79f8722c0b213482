package types

import (
	"math"
	"math/bits"
	"strings"
)

// An intervalSum adds up the parts of an interval as they are read. Its methods
// report whether the sum still fits.
type intervalSum struct {
	years, months, days int32
	micros              int64
}

func addInt64(a *int64, b int64) bool {
	sum := *a + b
	if (sum > *a) != (b > 0) && b != 0 {
		return false
	}
	*a = sum
	return true
}

func addInt32(a *int32, b int64) bool {
	if b < math.MinInt32 || b > math.MaxInt32 {
		return false
	}
	sum := int64(*a) + b
	if sum < math.MinInt32 || sum > math.MaxInt32 {
		return false
	}
	*a = int32(sum)
	return true
}

// addScaled adds n*scale; scale is positive.
func addScaled(a *int64, n, scale int64) bool {
	high, low := bits.Mul64(uint64(absInt(n)), uint64(scale))
	if n == math.MinInt64 && scale != 1 || high != 0 || low > math.MaxInt64 && n != math.MinInt64 {
		return false
	}
	return addInt64(a, n*scale)
}

// fraction adds frac units of scale microseconds.
func (s *intervalSum) fraction(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	us := int64(frac)
	if !addInt64(&s.micros, us) {
		return false
	}
	switch frac -= float64(us); {
	case frac > 0.5:
		return addInt64(&s.micros, 1)
	case frac < -0.5:
		return addInt64(&s.micros, -1)
	}
	return true
}

func (s *intervalSum) dayFraction(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	days := int64(frac)
	return addInt32(&s.days, days) && s.fraction(frac-float64(days), microDay)
}

func (s *intervalSum) clock(n int64, frac float64, scale int64) bool {
	return addScaled(&s.micros, n, scale) && s.fraction(frac, scale)
}

func fits32(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

func (s *intervalSum) addDays(n, scale int64) bool { return fits32(n) && addInt32(&s.days, n*scale) }

func (s *intervalSum) addYears(n int64, frac float64, scale int64) bool {
	return fits32(n) && addInt32(&s.years, n*scale) && addInt32(&s.months, int64(math.RoundToEven(frac*float64(scale)*12)))
}

// add adds n and a fraction of a unit and tells the parts that it fills.
func (s *intervalSum) add(n int64, frac float64, unit int) (got fieldSet, err error) {
	ok := true
	got = unitFields[unit]
	switch unit {
	case unitMicro:
		ok = s.clock(n, frac, 1)
	case unitMilli:
		ok = s.clock(n, frac, 1000)
	case unitSecond:
		ok = s.clock(n, frac, microSecond)
		if frac != 0 {
			got = fAnySecond
		}
	case unitMinute:
		ok = s.clock(n, frac, microMinute)
	case unitHour:
		ok = s.clock(n, frac, microHour)
	case unitDay:
		ok = s.addDays(n, 1) && s.fraction(frac, microDay)
	case unitWeek:
		ok = s.addDays(n, 7) && s.dayFraction(frac, 7)
	case unitMonth:
		ok = addInt32(&s.months, n) && s.dayFraction(frac, 30)
	case unitYear:
		ok = s.addYears(n, frac, 1)
	case unitDecade:
		ok = s.addYears(n, frac, 10)
	case unitCentury:
		ok = s.addYears(n, frac, 100)
	case unitMillennium:
		ok = s.addYears(n, frac, 1000)
	default:
		return 0, badFormat
	}
	if !ok {
		return 0, badField
	}
	return got, nil
}

// interval is the sum; not ok: it has too many months.
func (s *intervalSum) interval() (Interval, bool) {
	months := int64(s.years)*12 + int64(s.months)
	return Interval{Months: int32(months), Days: s.days, Micros: s.micros}, fits32(months)
}

func parseInterval(t T, s string, f *Format) (Datum, error) {
	sum, err := decodeInterval(s, intervalRange(t.Typmod), f.IntervalStyle == "sql_standard")
	if err == badFormat {
		sum, err = decodeISOInterval(s)
	}
	if err == badField {
		err = badInterval
	}
	if err != nil {
		return Null, momentError(err, "interval", s)
	}
	v, ok := sum.interval()
	if !ok {
		return Null, errIntervalRange
	}
	return newInterval(v), nil
}

// An intervalReader reads the tokens of an interval from the last to the first, so
// that units come before their numbers.
type intervalReader struct {
	intervalSum
	mask     int  // the range of the modifier
	negative bool // the sign of the first part is that of all
	unit     int  // of the next number; unitNone: the modifier tells
	before   bool // "ago"
}

func decodeInterval(s string, mask int, sqlStandard bool) (*intervalSum, error) {
	tokens, err := lexMoment(s, intervalRoom)
	if err != nil {
		return nil, err
	}
	r := intervalReader{mask: mask, negative: sqlStandard && len(tokens) > 0 && tokens[0].text[0] == '-'}
	for i := 1; i < len(tokens); i++ {
		if c := tokens[i].text[0]; c == '-' || c == '+' {
			r.negative = false
		}
	}
	var have fieldSet
	for i := len(tokens) - 1; i >= 0; i-- {
		got, err := r.token(tokens[i])
		if err != nil {
			return nil, err
		}
		if got&have != 0 {
			return nil, badFormat
		}
		have |= got
	}
	if have == 0 {
		return nil, badFormat
	}
	if r.before && !r.negate() {
		return nil, badField
	}
	return &r.intervalSum, nil
}

func (s *intervalSum) negate() bool {
	if s.micros == math.MinInt64 || min(s.years, s.months, s.days) == math.MinInt32 {
		return false
	}
	s.years, s.months, s.days, s.micros = -s.years, -s.months, -s.days, -s.micros
	return true
}

func (r *intervalReader) token(t token) (fieldSet, error) {
	switch t.kind {
	case tokTime:
		err := r.time(t.text)
		return fTime, err
	case tokZone:
		if strings.Contains(t.text[1:], ":") && r.time(t.text[1:]) == nil {
			if t.text[0] == '-' {
				r.micros = -r.micros
			}
			r.force(&r.micros)
			return fTime, nil
		}
		return r.number(t.text)
	case tokDate, tokNumber:
		return r.number(t.text)
	}
	return 0, r.word(t.text)
}

func (r *intervalReader) force(n *int64) {
	if r.negative && *n > 0 {
		*n = -*n
	}
}

// time reads 15:04:05; a number before it counts days.
func (r *intervalReader) time(s string) error {
	c, err := readClockText(s, r.mask == maskMinute|maskSecond)
	if err != nil {
		return err
	}
	us := c.micros
	if !addScaled(&us, c.hour, microHour) || !addScaled(&us, c.minute, microMinute) || !addScaled(&us, c.second, microSecond) {
		return badField
	}
	r.micros, r.unit = us, unitDay
	r.force(&r.micros)
	return nil
}

func (r *intervalReader) word(s string) error {
	switch w := intervalWords[clipWord(s)]; w.kind {
	case wordIgnored:
	case wordUnit:
		r.unit = w.value
	case wordAgo:
		r.before, r.unit = true, unitOther
	default:
		return badFormat
	}
	return nil
}

// number reads a number, perhaps with a sign and a fraction, or years-months.
func (r *intervalReader) number(s string) (fieldSet, error) {
	if r.unit == unitNone {
		r.unit = unitSecond
		if mod, ok := intervalMods[r.mask]; ok {
			r.unit = mod.unit
		}
	}
	n, rest, ok := leadInt(s, 64)
	if !ok {
		return 0, badField
	}
	frac := 0.0
	switch {
	case rest == "":
	case rest[0] == '-':
		months, after, ok := leadInt(rest[1:], 32)
		if !ok || months < 0 || months >= 12 {
			return 0, badField
		}
		if after != "" {
			return 0, badFormat
		}
		if s[0] == '-' {
			months = -months
		}
		if !addScaled(&months, n, 12) {
			return 0, badField
		}
		n, r.unit = months, unitMonth
	case rest[0] == '.':
		var err error
		if frac, err = readFraction(rest); err != nil {
			return 0, err
		}
		if s[0] == '-' {
			frac = -frac
		}
	default:
		return 0, badFormat
	}
	if r.negative {
		r.force(&n)
		frac = -math.Abs(frac)
	}
	got, err := r.add(n, frac, r.unit)
	if r.unit == unitHour {
		r.unit = unitDay
	}
	return got, err
}
