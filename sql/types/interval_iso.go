package types

import (
	"math"
	"strconv"
)

// An isoInterval reads ISO 8601 intervals: P1Y2M3DT4H5M6S, P0001-02-03T04:05:06, P00010203T040506.
type isoInterval struct {
	intervalSum
	rest string
}

func decodeISOInterval(s string) (*intervalSum, error) {
	if len(s) < 2 || s[0] != 'P' {
		return nil, badFormat
	}
	r := &isoInterval{rest: s[1:]}
	inDate, first := true, true
	for r.rest != "" {
		if r.rest[0] == 'T' {
			inDate, first, r.rest = false, true, r.rest[1:]
			continue
		}
		read := r.timePart
		if inDate {
			read = r.datePart
		}
		if err := read(first); err != nil {
			return nil, err
		}
		first = false
	}
	return &r.intervalSum, nil
}

// next takes one byte, 0 at the end.
func (r *isoInterval) next() byte {
	if r.rest == "" {
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	return c
}

// number takes a number: the whole part, its fraction, and how many digits the whole
// part has.
func (r *isoInterval) number() (n int64, frac float64, width int, err error) {
	s := r.rest
	if s == "" || !isDigit(s[0]) && s[0] != '-' && s[0] != '.' {
		return 0, 0, 0, badFormat
	}
	i := 0
	if s[0] == '-' {
		i++
	}
	from := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	width = i - from
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
	}
	if e := i + 1; i < len(s) && s[i]|0x20 == 'e' {
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		for ; e < len(s) && isDigit(s[e]); e++ {
			i = e + 1
		}
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, 0, 0, badFormat
	}
	if v < -1e15 || v > 1e15 {
		return 0, 0, 0, badField
	}
	r.rest = s[i:]
	whole := math.Trunc(v)
	return int64(whole), v - whole, width, nil
}

var isoDateUnits = map[byte]int{'Y': unitYear, 'M': unitMonth, 'W': unitWeek, 'D': unitDay}

var isoTimeUnits = map[byte]int{'H': unitHour, 'M': unitMinute, 'S': unitSecond}

// datePart reads one number with its unit, or the whole date in one of the forms
// without units, after which only T may come.
func (r *isoInterval) datePart(first bool) error {
	n, frac, width, err := r.number()
	if err != nil {
		return err
	}
	if len(r.rest) > 0 {
		if unit, ok := isoDateUnits[r.rest[0]]; ok {
			r.next()
			_, err = r.add(n, frac, unit)
			return err
		}
		if r.rest[0] != 'T' && r.rest[0] != '-' {
			return badFormat
		}
	}
	if !first {
		return badFormat
	}
	if width == 8 && (r.rest == "" || r.rest[0] == 'T') {
		if !r.addYears(n/10000, 0, 1) || !addInt32(&r.months, n/100%100) || !r.addDays(n%100, 1) || !r.fraction(frac, microDay) {
			return badField
		}
		return nil
	}
	return r.series(n, frac, '-', 'T', []int{unitYear, unitMonth, unitDay})
}

func (r *isoInterval) timePart(first bool) error {
	n, frac, width, err := r.number()
	if err != nil {
		return err
	}
	if len(r.rest) > 0 {
		if unit, ok := isoTimeUnits[r.rest[0]]; ok {
			r.next()
			_, err = r.add(n, frac, unit)
			return err
		}
		if r.rest[0] != ':' {
			return badFormat
		}
	}
	if !first {
		return badFormat
	}
	if width == 6 && r.rest == "" {
		if !r.clock(n/10000, 0, microHour) || !r.clock(n/100%100, 0, microMinute) || !r.clock(n%100, 0, microSecond) || !r.fraction(frac, 1) {
			return badField
		}
		return nil
	}
	return r.series(n, frac, ':', 0, []int{unitHour, unitMinute, unitSecond})
}

// series reads the numbers after the first of three that separators part, up to the
// end or to stop.
func (r *isoInterval) series(n int64, frac float64, separator, stop byte, units []int) (err error) {
	for i, unit := range units {
		if _, err = r.add(n, frac, unit); err != nil {
			return err
		}
		if r.rest == "" || stop != 0 && r.rest[0] == stop {
			return nil
		}
		if i == len(units)-1 || r.next() != separator {
			return badFormat
		}
		if n, frac, _, err = r.number(); err != nil {
			return err
		}
	}
	return nil
}
