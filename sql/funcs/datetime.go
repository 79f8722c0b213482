package funcs

import (
	"math"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// Dates are days, timestamps microseconds, since this day (as a Julian day) and
// since its midnight.
const (
	epochJulian  = 2451545 // 2000-01-01
	unixDays     = 10957   // 1970-01-01 to 2000-01-01
	unixMicros   = int64(unixDays) * dayMicros
	dayMicros    = int64(86400) * 1e6
	hourMicros   = int64(3600) * 1e6
	minuteMicros = int64(60) * 1e6
	secondMicros = int64(1e6)
)

// The range of timestamps, in microseconds, and of dates, in days: 4714-11-24 BC
// to 294276-12-31 and 5874897-12-31.
const (
	minTimestamp = -211813488000000000
	endTimestamp = 9223371331200000000
	minDate      = -2451545
	endDate      = 2147483494 - 2451545
)

var (
	errTimestamp        = pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	errDateForTimestamp = pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	errDate             = pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
	errInterval         = pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
)

func (c *Ctx) zone() *time.Location {
	if z := c.format().Zone; z != nil {
		return z
	}
	return time.UTC
}

// julian is the Julian day of a date of the proleptic Gregorian calendar.
func julian(y, m, d int) int {
	if m > 2 {
		m, y = m+1, y+4800
	} else {
		m, y = m+13, y+4799
	}
	century := y / 100
	return y*365 - 32167 + y/4 - century + century/4 + 7834*m/256 + d
}

// civil is the inverse of julian.
func civil(jd int) (y, m, d int) {
	j := uint64(jd) + 32044
	quad := j / 146097
	extra := (j-quad*146097)*4 + 3
	j += 60 + quad*3 + extra/146097
	quad = j / 1461
	j -= quad * 1461
	yy := int64(j * 4 / 1461)
	if yy != 0 {
		j = (j+305)%365 + 123
	} else {
		j = (j+306)%366 + 123
	}
	y = int(yy+int64(quad)*4) - 4800
	q := int64(j * 2141 / 65536)
	d = int(int64(j) - 7834*q/256)
	return y, int((q+10)%12 + 1), d
}

// split cuts a timestamp into Julian day and microseconds of the day.
func split(ts int64) (jd int, micros int64) {
	day := floorDiv(ts, dayMicros)
	return int(day) + epochJulian, ts - day*dayMicros
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func joinTimestamp(jd int, micros int64) (int64, error) {
	day := int64(jd - epochJulian)
	if day > endTimestamp/dayMicros+1 || day < minTimestamp/dayMicros-1 {
		return 0, errTimestamp
	}
	return checkTimestamp(day*dayMicros + micros)
}

func checkTimestamp(ts int64) (int64, error) {
	if ts < minTimestamp || ts >= endTimestamp {
		return 0, errTimestamp
	}
	return ts, nil
}

func infiniteTimestamp(ts int64) bool {
	return ts == types.TimestampInfinity || ts == types.TimestampNegInfinity
}

func infiniteDate(d int64) bool { return d == types.DateInfinity || d == types.DateNegInfinity }

// dateToTimestamp turns days into microseconds; what does not fit becomes infinite
// (comparisons want that; casts check before).
func dateToTimestamp(d int64) int64 {
	switch {
	case d == types.DateInfinity || d > endTimestamp/dayMicros:
		return types.TimestampInfinity
	case d == types.DateNegInfinity || d < minTimestamp/dayMicros:
		return types.TimestampNegInfinity
	}
	return d * dayMicros
}

func goTime(ts int64) time.Time {
	s := floorDiv(ts, secondMicros)
	return time.Unix(s+unixDays*86400, (ts-s*secondMicros)*1000).UTC()
}

// MicrosOf is the timestamptz of a Go time.
func MicrosOf(t time.Time) int64 { return t.UnixMicro() - unixMicros }

// utcToLocal gives the wall clock time in zone of a moment.
func utcToLocal(ts int64, zone *time.Location) int64 {
	if infiniteTimestamp(ts) {
		return ts
	}
	_, offset := goTime(ts).In(zone).Zone()
	return ts + int64(offset)*secondMicros
}

// localToUTC gives the moment of a wall clock time in zone, as types.OffsetOfWall
// reads one that occurs twice or never.
func localToUTC(ts int64, zone *time.Location) int64 {
	if infiniteTimestamp(ts) {
		return ts
	}
	return ts - int64(types.OffsetOfWall(zone, unixSeconds(ts)))*secondMicros
}

// unixSeconds are the seconds since 1970 at or before a timestamp.
func unixSeconds(ts int64) int64 { return floorDiv(ts, secondMicros) + unixDays*86400 }

func (c *Ctx) txnTime() types.Datum {
	if c == nil || c.TxnTime.IsZero() {
		return types.NewInt(MicrosOf(time.Now()))
	}
	return types.NewInt(MicrosOf(c.TxnTime))
}

func datetimeKernels() kernels {
	return merge(clockKernels(), dateKernels(), timestampKernels(), intervalKernels(), timeKernels(), makeKernels())
}

func clockKernels() kernels {
	return kernels{
		"now": ctxual(func(c *Ctx, _ []types.Datum) (types.Datum, error) { return c.txnTime(), nil }),
		"statement_timestamp": ctxual(func(c *Ctx, _ []types.Datum) (types.Datum, error) {
			return types.NewInt(MicrosOf(c.StatementTime)), nil
		}),
		"clock_timestamp": ctxual(func(*Ctx, []types.Datum) (types.Datum, error) {
			return types.NewInt(MicrosOf(time.Now())), nil
		}),
		"timeofday": ctxual(func(c *Ctx, _ []types.Datum) (types.Datum, error) {
			return types.NewText(time.Now().In(c.zone()).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
		}),
	}
}

func dateKernels() kernels {
	tz := other[types.TimeTZ](types.KindTimeTZ)
	n := intLane
	add := func(d, days int64) (int64, error) {
		if infiniteDate(d) {
			return d, nil
		}
		if r := d + days; r >= minDate && r < endDate {
			return r, nil
		}
		return 0, errDate
	}
	return kernels{
		"date_pli":                 lift2(n, n, n, add),
		"integer_pl_date(23,1082)": lift2(n, n, n, func(days, d int64) (int64, error) { return add(d, days) }),
		"date_mii":                 lift2(n, n, n, func(d, days int64) (int64, error) { return add(d, -days) }),
		"date_mi": lift2(n, n, n, func(a, b int64) (int64, error) {
			if infiniteDate(a) || infiniteDate(b) {
				return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
			}
			return a - b, nil
		}),
		"date_finite":    pure1(n, boolLane, func(d int64) bool { return !infiniteDate(d) }),
		"date_timestamp": lift1(n, n, castDate),
		"date_timestamptz": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := castDate(a[0].I)
			if err != nil || infiniteDate(a[0].I) {
				return types.NewInt(ts), err
			}
			if ts, err = checkTimestamp(localToUTC(ts, c.zone())); err != nil {
				err = errDateForTimestamp
			}
			return types.NewInt(ts), err
		}),
		"timestamp_date": pure1(n, n, timestampDay),
		"timestamptz_date": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewInt(timestampDay(utcToLocal(a[0].I, c.zone()))), nil
		}),
		"datetime_timestamp":       lift2(n, n, n, dateTime),
		"timedate_pl(1083,1082)":   lift2(n, n, n, func(t, d int64) (int64, error) { return dateTime(d, t) }),
		"datetimetz_timestamptz":   lift2(n, tz, n, dateTimeTZ),
		"timetzdate_pl(1266,1082)": lift2(tz, n, n, func(t types.TimeTZ, d int64) (int64, error) { return dateTimeTZ(d, t) }),
		"date_pl_interval":         scalar(func(a []types.Datum) (types.Datum, error) { return shiftDate(a, 1) }),
		"date_mi_interval":         scalar(func(a []types.Datum) (types.Datum, error) { return shiftDate(a, -1) }),
	}
}

// dateTimeTZ is the instant of a time of day with its zone on a date.
func dateTimeTZ(d int64, t types.TimeTZ) (int64, error) {
	if infiniteDate(d) {
		return dateToTimestamp(d), nil
	}
	if _, err := castDate(d); err != nil {
		return 0, err
	}
	return checkTimestamp(d*dayMicros + t.Micros + int64(t.Zone)*secondMicros)
}

func shiftDate(a []types.Datum, sign int32) (types.Datum, error) {
	ts, err := castDate(a[0].I)
	if err != nil {
		return types.Null, err
	}
	ts, err = addInterval(ts, scaleSign(a[1].X.(types.Interval), sign))
	return types.NewInt(ts), err
}

func castDate(d int64) (int64, error) {
	if infiniteDate(d) {
		return dateToTimestamp(d), nil
	}
	if d >= endTimestamp/dayMicros {
		return 0, errDateForTimestamp
	}
	return d * dayMicros, nil
}

func timestampDay(ts int64) int64 {
	switch ts {
	case types.TimestampInfinity:
		return types.DateInfinity
	case types.TimestampNegInfinity:
		return types.DateNegInfinity
	}
	return floorDiv(ts, dayMicros)
}

func dateTime(d, t int64) (int64, error) {
	ts, err := castDate(d)
	if err != nil || infiniteTimestamp(ts) {
		return ts, err
	}
	return checkTimestamp(ts + t)
}

func timestampKernels() kernels {
	n := intLane
	iv := other[types.Interval](types.KindInterval)
	minus := lift2(n, n, iv, func(a, b int64) (types.Interval, error) {
		if infiniteTimestamp(a) || infiniteTimestamp(b) {
			return types.Interval{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
		}
		d := a - b
		if (a^b)&(a^d) < 0 {
			return types.Interval{}, errInterval
		}
		return justifyHours(types.Interval{Micros: d})
	})
	shiftTZ := func(sign int32) kernel {
		return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := addIntervalTZ(a[0].I, scaleSign(a[1].X.(types.Interval), sign), c.zone())
			return types.NewInt(ts), err
		})
	}
	finite := pure1(n, boolLane, func(ts int64) bool { return !infiniteTimestamp(ts) })
	return kernels{
		"timestamp_mi":            minus,
		"timestamp_pl_interval":   lift2(n, iv, n, addInterval),
		"timestamp_mi_interval":   lift2(n, iv, n, func(ts int64, v types.Interval) (int64, error) { return addInterval(ts, scaleSign(v, -1)) }),
		"timestamptz_pl_interval": shiftTZ(1),
		"timestamptz_mi_interval": shiftTZ(-1),
		"interval_pl_date(1186,1082)": lift2(iv, n, n, func(v types.Interval, d int64) (int64, error) {
			ts, err := castDate(d)
			if err != nil {
				return 0, err
			}
			return addInterval(ts, v)
		}),
		"interval_pl_timestamp(1186,1114)": lift2(iv, n, n, func(v types.Interval, ts int64) (int64, error) { return addInterval(ts, v) }),
		"interval_pl_timestamptz(1186,1184)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := addIntervalTZ(a[1].I, a[0].X.(types.Interval), c.zone())
			return types.NewInt(ts), err
		}),
		"timestamp_finite": finite, "timestamptz_finite": finite,
		"timestamp_timestamptz": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if infiniteTimestamp(a[0].I) {
				return a[0], nil
			}
			ts, err := checkTimestamp(localToUTC(a[0].I, c.zone()))
			return types.NewInt(ts), err
		}),
		"timestamptz_timestamp": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewInt(utcToLocal(a[0].I, c.zone())), nil
		}),
		"timestamp_zone":     scalar(func(a []types.Datum) (types.Datum, error) { return zoned(a, wallToUTC) }),
		"timestamptz_zone":   scalar(func(a []types.Datum) (types.Datum, error) { return zoned(a, utcToWall) }),
		"timestamp_izone":    ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) { return fixedZoned(c, a, -1) }),
		"timestamptz_izone":  ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) { return fixedZoned(c, a, 1) }),
		"float8_timestamptz": lift1(floatLane, n, fromUnix),
	}
}

// zoned is AT TIME ZONE with a name.
func zoned(a []types.Datum, convert func(int64, types.NamedZone) int64) (types.Datum, error) {
	if infiniteTimestamp(a[1].I) {
		return a[1], nil
	}
	zone, err := types.ParseNamedZone(a[0].S)
	if err != nil {
		return types.Null, err
	}
	ts, err := checkTimestamp(convert(a[1].I, zone))
	return types.NewInt(ts), err
}

func wallToUTC(ts int64, zone types.NamedZone) int64 {
	return ts - int64(zone.OffsetOfWall(unixSeconds(ts)))*secondMicros
}

func utcToWall(ts int64, zone types.NamedZone) int64 {
	return ts + int64(zone.OffsetAt(unixSeconds(ts)))*secondMicros
}

func fixedZoned(c *Ctx, a []types.Datum, sign int64) (types.Datum, error) {
	if infiniteTimestamp(a[1].I) {
		return a[1], nil
	}
	east, err := intervalOffset(c, a[0])
	if err != nil {
		return types.Null, err
	}
	ts, err := addMicros(a[1].I, sign*east*secondMicros)
	return types.NewInt(ts), err
}

// intervalOffset is an interval as seconds east of UTC.
func intervalOffset(c *Ctx, d types.Datum) (int64, error) {
	v := d.X.(types.Interval)
	if v.Months != 0 || v.Days != 0 {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "interval time zone \"%s\" must not include months or days",
			types.AppendText(nil, types.IntervalOID, d, c.format()))
	}
	return v.Micros / secondMicros, nil
}

// timeAt is AT TIME ZONE of a time with time zone, for a zone of that offset.
func timeAt(t types.TimeTZ, east int64) types.Datum {
	utc := t.Micros + int64(t.Zone)*secondMicros
	local := (utc+east*secondMicros)%dayMicros + dayMicros
	return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: local % dayMicros, Zone: int32(-east)}}
}

func fromUnix(v float64) (int64, error) {
	if math.IsNaN(v) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp cannot be NaN")
	}
	if math.IsInf(v, 1) {
		return types.TimestampInfinity, nil
	}
	if math.IsInf(v, -1) {
		return types.TimestampNegInfinity, nil
	}
	if v < -210866803200 || v >= 9224318016000 {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%.6g\"", v)
	}
	v = math.RoundToEven((v - unixDays*86400) * 1e6)
	return checkTimestamp(int64(v))
}

// addInterval adds months, then days, then microseconds to a timestamp.
func addInterval(ts int64, v types.Interval) (int64, error) {
	if infiniteTimestamp(ts) {
		return ts, nil
	}
	ts, err := addMonths(ts, v.Months)
	if err != nil {
		return 0, err
	}
	if ts, err = addDays(ts, v.Days); err != nil {
		return 0, err
	}
	return addMicros(ts, v.Micros)
}

// addIntervalTZ does the calendar parts in local time.
func addIntervalTZ(ts int64, v types.Interval, zone *time.Location) (int64, error) {
	if infiniteTimestamp(ts) {
		return ts, nil
	}
	if v.Months != 0 || v.Days != 0 {
		local, err := addMonths(utcToLocal(ts, zone), v.Months)
		if err != nil {
			return 0, err
		}
		if local, err = addDays(local, v.Days); err != nil {
			return 0, err
		}
		ts = localToUTC(local, zone)
	}
	return addMicros(ts, v.Micros)
}

func addMonths(ts int64, months int32) (int64, error) {
	if months == 0 {
		return ts, nil
	}
	jd, micros := split(ts)
	y, m, d := civil(jd)
	total := int64(y)*12 + int64(m-1) + int64(months)
	y, m = int(floorDiv(total, 12)), int(total-floorDiv(total, 12)*12)+1
	d = min(d, daysIn(y, m))
	if y > 294277 || y < -4714 {
		return 0, errTimestamp
	}
	return joinTimestamp(julian(y, m, d), micros)
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func addDays(ts int64, days int32) (int64, error) {
	jd, micros := split(ts)
	return joinTimestamp(jd+int(days), micros)
}

func addMicros(ts, micros int64) (int64, error) {
	r := ts + micros
	if (ts^r)&(micros^r) < 0 {
		return 0, errTimestamp
	}
	return checkTimestamp(r)
}

func timeKernels() kernels {
	n := intLane
	iv := other[types.Interval](types.KindInterval)
	tz := other[types.TimeTZ](types.KindTimeTZ)
	wrap := func(v int64) int64 { return v - floorDiv(v, dayMicros)*dayMicros }
	later := func(t types.TimeTZ, v types.Interval) types.TimeTZ {
		return types.TimeTZ{Micros: wrap(t.Micros + v.Micros%dayMicros), Zone: t.Zone}
	}
	return kernels{
		"time_mi_time":                  pure2(n, n, iv, func(a, b int64) types.Interval { return types.Interval{Micros: a - b} }),
		"time_pl_interval":              pure2(n, iv, n, func(t int64, v types.Interval) int64 { return wrap(t + v.Micros%dayMicros) }),
		"time_mi_interval":              pure2(n, iv, n, func(t int64, v types.Interval) int64 { return wrap(t - v.Micros%dayMicros) }),
		"interval_pl_time(1186,1083)":   pure2(iv, n, n, func(v types.Interval, t int64) int64 { return wrap(t + v.Micros%dayMicros) }),
		"timetz_pl_interval":            pure2(tz, iv, tz, later),
		"interval_pl_timetz(1186,1266)": pure2(iv, tz, tz, func(v types.Interval, t types.TimeTZ) types.TimeTZ { return later(t, v) }),
		"timetz_mi_interval": pure2(tz, iv, tz, func(t types.TimeTZ, v types.Interval) types.TimeTZ {
			return types.TimeTZ{Micros: wrap(t.Micros - v.Micros%dayMicros), Zone: t.Zone}
		}),
		"time_interval": pure1(n, iv, func(t int64) types.Interval { return types.Interval{Micros: t} }),
		"interval_time": pure1(iv, n, func(v types.Interval) int64 { return wrap(v.Micros) }),
		"timetz_time":   pure1(tz, n, func(t types.TimeTZ) int64 { return t.Micros }),
		"time_timetz": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			_, offset := goTime(c.txnTime().I).In(c.zone()).Zone()
			return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: a[0].I, Zone: int32(-offset)}}, nil
		}),
		"timestamp_time": scalar(func(a []types.Datum) (types.Datum, error) { return timeOf(a[0].I), nil }),
		"timetz_izone": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			east, err := intervalOffset(c, a[0])
			if err != nil {
				return types.Null, err
			}
			return timeAt(a[1].X.(types.TimeTZ), east), nil
		}),
		"timestamptz_time": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return timeOf(utcToLocal(a[0].I, c.zone())), nil
		}),
		"timestamptz_timetz": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if infiniteTimestamp(a[0].I) {
				return types.Null, nil
			}
			_, offset := goTime(a[0].I).In(c.zone()).Zone()
			return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: timeOf(utcToLocal(a[0].I, c.zone())).I, Zone: int32(-offset)}}, nil
		}),
	}
}

func timeOf(ts int64) types.Datum {
	if infiniteTimestamp(ts) {
		return types.Null
	}
	_, micros := split(ts)
	return types.NewInt(micros)
}
