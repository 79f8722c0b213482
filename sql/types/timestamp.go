package types

import (
	"encoding/binary"
)

// timestampOps are the functions of timestamp, and with zoned those of timestamptz.
func timestampOps(zoned bool) *ops {
	o := &ops{
		kind: KindInt, parse: parseTimestamp, text: appendTimestampText,
		recv:    recvTimestamp,
		send:    func(dst []byte, d Datum) []byte { return sendInt(dst, d.I, 8) },
		compare: compareInts, hash: hashInts,
		typmod: func(t T, d Datum, _ bool) (Datum, error) {
			if !finiteTimestamp(d.I) {
				return d, nil
			}
			return NewInt(RoundMicros(d.I, t.Typmod)), nil
		},
		modText: precisionText,
		key:     func(dst []byte, d Datum) []byte { return appendKeyInt(dst, d.I) },
		unkey:   unkeyInt,
	}
	if zoned {
		o.parse, o.text = parseTimestampTZ, appendTimestampTZText
	}
	return o
}

func recvTimestamp(_ T, b []byte, _ *Format) (Datum, error) {
	if err := wantBytes(b, 8); err != nil {
		return Null, err
	}
	ts := int64(binary.BigEndian.Uint64(b))
	if finiteTimestamp(ts) && !validTimestamp(ts) {
		return Null, errTimestampRange
	}
	return NewInt(ts), nil
}

func parseTimestamp(_ T, s string, f *Format) (Datum, error) {
	if m, ok := readISO(s); ok {
		return NewInt(m.days*microDay + m.micros), nil
	}
	return readMoment(s, "timestamp", false, f)
}

func parseTimestampTZ(_ T, s string, f *Format) (Datum, error) {
	if m, ok := readISO(s); ok {
		ts := m.days*microDay + m.micros
		if !m.hasZone {
			m.east = OffsetOfWall(f.Zone, unixOf(ts))
		}
		return NewInt(ts - int64(m.east)*microSecond), nil
	}
	return readMoment(s, "timestamp with time zone", true, f)
}

// readMoment reads what readISO gave up on.
func readMoment(s, typeName string, zoned bool, f *Format) (Datum, error) {
	d, err := decodeMoment(s, timestampRoom, f)
	if err != nil {
		return Null, momentError(err, typeName, s)
	}
	ts, ok := d.timestamp(zoned)
	if !ok {
		return Null, rangeError("timestamp", s)
	}
	return NewInt(ts), nil
}

// appendInfinity appends the name of an infinite timestamp.
func appendInfinity(dst []byte, ts int64) []byte {
	if ts == TimestampInfinity {
		return append(dst, "infinity"...)
	}
	return append(dst, "-infinity"...)
}

func appendTimestampText(dst []byte, d Datum, f *Format) []byte {
	if !finiteTimestamp(d.I) {
		return appendInfinity(dst, d.I)
	}
	return appendTimestamp(dst, d.I, nil, f)
}

func appendTimestampTZText(dst []byte, d Datum, f *Format) []byte {
	if !finiteTimestamp(d.I) {
		return appendInfinity(dst, d.I)
	}
	zone := zoneOf(f.Zone, d.I)
	return appendTimestamp(dst, d.I+int64(zone.east)*microSecond, &zone, f)
}
