package types

import "encoding/binary"

// timeOps are the functions of the time types.
func timeOps() map[string]*ops {
	return map[string]*ops{
		"date":        dateOps(),
		"time":        clockOps(),
		"timetz":      clockZoneOps(),
		"timestamp":   timestampOps(false),
		"timestamptz": timestampOps(true),
		"interval":    intervalOps(),
	}
}

// momentRoom and timestampRoom are PostgreSQL's buffers for inputs (see lexMoment).
const (
	momentRoom    = 129
	timestampRoom = 153
	intervalRoom  = 256
)

// clockOps are the functions of time.
func clockOps() *ops {
	return &ops{
		kind: KindInt,
		parse: func(_ T, s string, f *Format) (Datum, error) {
			d, err := decodeClock(s, f)
			if err != nil {
				return Null, momentError(err, "time", s)
			}
			return NewInt(d.clock()), nil
		},
		text: func(dst []byte, d Datum, _ *Format) []byte { return appendClock(dst, d.I) },
		recv: func(_ T, b []byte, _ *Format) (Datum, error) {
			if err := wantBytes(b, 8); err != nil {
				return Null, err
			}
			us := int64(binary.BigEndian.Uint64(b))
			if us < 0 || us > microDay {
				return Null, errTimeRange
			}
			return NewInt(us), nil
		},
		send:    func(dst []byte, d Datum) []byte { return sendInt(dst, d.I, 8) },
		compare: compareInts, hash: hashInts,
		typmod:  func(t T, d Datum, _ bool) (Datum, error) { return NewInt(RoundMicros(d.I, t.Typmod)), nil },
		modText: precisionText,
		key:     func(dst []byte, d Datum) []byte { return appendKeyInt(dst, d.I) },
		unkey:   unkeyInt,
	}
}

func newTimeTZ(us int64, west int32) Datum {
	return Datum{Kind: KindTimeTZ, X: TimeTZ{Micros: us, Zone: west}}
}

// clockZoneOps are the functions of timetz.
func clockZoneOps() *ops {
	return &ops{
		kind: KindTimeTZ,
		parse: func(_ T, s string, f *Format) (Datum, error) {
			d, err := decodeClock(s, f)
			if err != nil {
				return Null, momentError(err, "time with time zone", s)
			}
			return newTimeTZ(d.clock(), int32(d.west)), nil
		},
		text: func(dst []byte, d Datum, _ *Format) []byte {
			v := d.X.(TimeTZ)
			return appendOffset(appendClock(dst, v.Micros), -int(v.Zone))
		},
		recv: recvTimeTZ,
		send: func(dst []byte, d Datum) []byte {
			v := d.X.(TimeTZ)
			return sendInt(sendInt(dst, v.Micros, 8), int64(v.Zone), 4)
		},
		compare: func(a, b Datum) int {
			x, y := a.X.(TimeTZ), b.X.(TimeTZ)
			if c := compareInts(NewInt(x.utc()), NewInt(y.utc())); c != 0 {
				return c
			}
			return compareInts(NewInt(int64(x.Zone)), NewInt(int64(y.Zone)))
		},
		hash: func(d Datum, seed uint64) uint64 {
			v := d.X.(TimeTZ)
			return hashWord(uint64(v.Zone), hashWord(uint64(v.Micros), seed))
		},
		typmod: func(t T, d Datum, _ bool) (Datum, error) {
			v := d.X.(TimeTZ)
			return newTimeTZ(RoundMicros(v.Micros, t.Typmod), v.Zone), nil
		},
		modText: precisionText,
		key: func(dst []byte, d Datum) []byte {
			v := d.X.(TimeTZ)
			return binary.BigEndian.AppendUint32(appendKeyInt(dst, v.utc()), uint32(v.Zone)^1<<31)
		},
		unkey: func(b []byte) (Datum, []byte, error) {
			us, rest, err := takeKeyInt(b)
			if err != nil || len(rest) < 4 {
				return Null, nil, errKey
			}
			west := int32(binary.BigEndian.Uint32(rest) ^ 1<<31)
			return newTimeTZ(us-int64(west)*microSecond, west), rest[4:], nil
		},
	}
}

// utc is the time of day in UTC, not reduced to one day.
func (v TimeTZ) utc() int64 { return v.Micros + int64(v.Zone)*microSecond }

func recvTimeTZ(_ T, b []byte, _ *Format) (Datum, error) {
	if err := wantBytes(b, 12); err != nil {
		return Null, err
	}
	us, west := int64(binary.BigEndian.Uint64(b)), int32(binary.BigEndian.Uint32(b[8:]))
	if us < 0 || us > microDay {
		return Null, errTimeRange
	}
	if limit := int32(maxOffsetHour+1) * 3600; west <= -limit || west >= limit {
		return Null, errOffsetRange
	}
	return newTimeTZ(us, west), nil
}
