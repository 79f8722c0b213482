package types

import "encoding/binary"

func dateOps() *ops {
	return &ops{
		kind: KindInt, parse: parseDate, text: appendDateText,
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, 4); err != nil {
				return Null, err
			}
			d := int64(int32(binary.BigEndian.Uint32(b)))
			if finiteDate(d) && !ValidDate(d) {
				return Null, errDateRange
			}
			return NewInt(d), nil
		},
		send:    func(dst []byte, d Datum) []byte { return sendInt(dst, d.I, 4) },
		compare: compareInts, hash: hashInts,
		key:   func(dst []byte, d Datum) []byte { return appendKeyInt(dst, d.I) },
		unkey: unkeyInt,
	}
}

func unkeyInt(b []byte) (Datum, []byte, error) {
	n, rest, err := takeKeyInt(b)
	return NewInt(n), rest, err
}

// ValidDate reports whether a date may lie so many days after 2000-01-01.
func ValidDate(days int64) bool { return days >= -julianEpoch && days < julianEnd-julianEpoch }

func parseDate(_ T, s string, f *Format) (Datum, error) {
	if m, ok := readISO(s); ok {
		return NewInt(m.days), nil
	}
	d, err := decodeMoment(s, momentRoom, f)
	if err != nil {
		return Null, momentError(err, "date", s)
	}
	switch d.special {
	case wordInfinity:
		return NewInt(DateInfinity), nil
	case wordNegInfinity:
		return NewInt(DateNegInfinity), nil
	case wordEpoch:
		return NewInt(-unixEpochDays), nil
	}
	if !ValidJulian(d.year, d.month) || !ValidDate(d.days()) {
		return Null, rangeError("date", s)
	}
	return NewInt(d.days()), nil
}

func appendDateText(dst []byte, d Datum, f *Format) []byte {
	switch d.I {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	y, month, day := civilDate(int(d.I) + julianEpoch)
	return appendEra(appendDate(dst, y, month, day, f), y)
}
