package types

import (
	"encoding/binary"
	"math/bits"
)

func newInterval(v Interval) Datum { return Datum{Kind: KindInterval, X: v} }

func intervalOps() *ops {
	return &ops{
		kind: KindInterval, parse: parseInterval,
		text: func(dst []byte, d Datum, f *Format) []byte {
			return appendInterval(dst, d.X.(Interval), f.IntervalStyle)
		},
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, 16); err != nil {
				return Null, err
			}
			return newInterval(Interval{
				Micros: int64(binary.BigEndian.Uint64(b)),
				Days:   int32(binary.BigEndian.Uint32(b[8:])),
				Months: int32(binary.BigEndian.Uint32(b[12:])),
			}), nil
		},
		send: func(dst []byte, d Datum) []byte {
			v := d.X.(Interval)
			return sendInt(sendInt(sendInt(dst, v.Micros, 8), int64(v.Days), 4), int64(v.Months), 4)
		},
		compare: func(a, b Datum) int { return a.X.(Interval).span().compare(b.X.(Interval).span()) },
		hash: func(d Datum, seed uint64) uint64 {
			s := d.X.(Interval).span()
			return hashWord(uint64(s.high), hashWord(s.low, seed))
		},
		typmod:  cutInterval,
		modText: intervalModText,
		key: func(dst []byte, d Datum) []byte {
			s := d.X.(Interval).span()
			return binary.BigEndian.AppendUint64(appendKeyInt(dst, s.high), s.low)
		},
		unkey: func(b []byte) (Datum, []byte, error) {
			high, rest, err := takeKeyInt(b)
			if err != nil || len(rest) < 8 {
				return Null, nil, errKey
			}
			v, ok := span{high, binary.BigEndian.Uint64(rest)}.interval()
			if !ok {
				return Null, nil, errKey
			}
			return newInterval(v), rest[8:], nil
		},
		lossyKey: true,
	}
}

// A span is the length of an interval in microseconds, in 128 bits, with months of
// 30 days: that is how intervals compare.
type span struct {
	high int64
	low  uint64
}

func (v Interval) span() span {
	days := int64(v.Months)*30 + int64(v.Days)
	high, low := bits.Mul64(uint64(days), microDay)
	if days < 0 {
		high -= microDay
	}
	low, carry := bits.Add64(low, uint64(v.Micros), 0)
	high, _ = bits.Add64(high, uint64(v.Micros>>63), carry)
	return span{int64(high), low}
}

// Length is the interval in microseconds, a month being 30 days; what does not fit
// loses its upper half. Intervals that are equal have the same length.
func (v Interval) Length() int64 { return int64(v.span().low) }

func (a span) compare(b span) int {
	switch {
	case a.high != b.high:
		return compareInts(NewInt(a.high), NewInt(b.high))
	case a.low < b.low:
		return -1
	case a.low > b.low:
		return 1
	}
	return 0
}

// interval is one of the intervals of this length; not ok: there is none.
func (a span) interval() (Interval, bool) {
	// The range of spans is far less than 2^64 days.
	negative := a.high < 0
	high, low := uint64(a.high), a.low
	if negative {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	if high >= microDay {
		return Interval{}, false
	}
	udays, us := bits.Div64(high, low, microDay)
	days, micros := int64(udays), int64(us)
	if negative {
		days, micros = -days, -micros
	}
	if days > 1<<40 || days < -1<<40 {
		return Interval{}, false
	}
	months := max(min(days/30, 1<<31-1), -1<<31)
	days -= months * 30
	rest := max(min(days, 1<<31-1), -1<<31)
	micros += (days - rest) * microDay
	return Interval{Months: int32(months), Days: int32(rest), Micros: micros}, true
}

// The parts of intervals that a modifier may name, as PostgreSQL numbers them, and
// the modifier's two halves.
const (
	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12

	fullRange     = 0x7fff
	fullPrecision = 0xffff
)

func intervalRange(mod int32) int {
	if mod < 0 {
		return fullRange
	}
	return int(mod>>16) & fullRange
}

// An intervalMod is a range of an interval's parts.
type intervalMod struct {
	text  string
	unit  int   // of a number without one
	cut   int64 // microseconds are cut to multiples of it; 0: there are none
	dated bool  // days and months stay as they are
	years bool  // months are cut to years
}

var intervalMods = map[int]intervalMod{
	fullRange:                       {"", unitSecond, 1, true, false},
	maskYear:                        {" year", unitYear, 0, false, true},
	maskMonth:                       {" month", unitMonth, 0, false, false},
	maskYear | maskMonth:            {" year to month", unitMonth, 0, false, false},
	maskDay:                         {" day", unitDay, 0, true, false},
	maskHour:                        {" hour", unitHour, microHour, true, false},
	maskMinute:                      {" minute", unitMinute, microMinute, true, false},
	maskSecond:                      {" second", unitSecond, 1, true, false},
	maskDay | maskHour:              {" day to hour", unitHour, microHour, true, false},
	maskDay | maskHour | maskMinute: {" day to minute", unitMinute, microMinute, true, false},
	maskDay | maskHour | maskMinute | maskSecond: {" day to second", unitSecond, 1, true, false},
	maskHour | maskMinute:                        {" hour to minute", unitMinute, microMinute, true, false},
	maskHour | maskMinute | maskSecond:           {" hour to second", unitSecond, 1, true, false},
	maskMinute | maskSecond:                      {" minute to second", unitSecond, 1, true, false},
}

func intervalModText(mod int32) string {
	text := intervalMods[intervalRange(mod)].text
	if p := mod & fullPrecision; p != fullPrecision {
		text += precisionText(p)
	}
	return text
}

// cutInterval drops the parts that the modifier does not name and rounds seconds to
// its precision.
func cutInterval(t T, d Datum, _ bool) (Datum, error) {
	v := d.X.(Interval)
	mod, ok := intervalMods[intervalRange(t.Typmod)]
	if !ok {
		mod = intervalMods[fullRange]
	}
	if mod.years {
		v.Months = v.Months / 12 * 12
	}
	if !mod.dated {
		v.Days = 0
	}
	if mod.cut == 0 {
		v.Micros = 0
	} else {
		v.Micros = v.Micros / mod.cut * mod.cut
	}
	if p := t.Typmod & fullPrecision; p != fullPrecision {
		v.Micros = RoundMicros(v.Micros, p)
	}
	return newInterval(v), nil
}
