package funcs

import (
	"fmt"
	"math"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// truncMicros are the units that divide a day evenly or less.
var truncMicros = map[string]int64{"microseconds": 1, "milliseconds": 1000, "second": secondMicros, "minute": minuteMicros, "hour": hourMicros, "day": dayMicros}

func truncTimestamp(unit string, ts int64, t types.OID) (int64, error) {
	low := strings.ToLower(unit)
	if infiniteTimestamp(ts) { // of any unit, even one that does not exist
		return ts, nil
	}
	field, known := unitNames[low]
	if size := truncMicros[field]; size != 0 {
		return floorDiv(ts, size) * size, nil
	}
	jd, _ := split(ts)
	y, m, _ := civil(jd)
	switch field {
	case "week":
		return joinTimestamp(jd-(weekday(jd)+6)%7, 0)
	case "month":
	case "quarter":
		m = (m-1)/3*3 + 1
	case "year":
		m = 1
	case "decade":
		y, m = int(floorDiv(int64(y), 10)*10), 1
	case "century":
		y, m = int(floorDiv(int64(y)-1, 100)*100+1), 1
	case "millennium":
		y, m = int(floorDiv(int64(y)-1, 1000)*1000+1), 1
	default:
		return 0, badUnit(known && strings.HasPrefix(field, "timezone"), low, t)
	}
	return joinTimestamp(julian(y, m, 1), 0)
}

func truncZoned(a []types.Datum, zone *time.Location) (types.Datum, error) {
	size := truncMicros[unitNames[strings.ToLower(a[0].S)]]
	local := utcToLocal(a[1].I, zone)
	ts, err := truncTimestamp(a[0].S, local, types.TimestampTZOID)
	if err != nil || infiniteTimestamp(a[1].I) {
		return types.NewInt(a[1].I), err
	}
	if size != 0 && size < dayMicros {
		// Within the same hour the offset from UTC is that of the value.
		return types.NewInt(a[1].I - (local - ts)), nil
	}
	return types.NewInt(localToUTC(ts, zone)), nil
}

func truncInterval(unit string, v types.Interval) (types.Datum, error) {
	low := strings.ToLower(unit)
	field := unitNames[low]
	if size := truncMicros[field]; size != 0 && size < dayMicros {
		return interval(v.Months, v.Days, v.Micros/size*size), nil
	}
	if field == "day" {
		return interval(v.Months, v.Days, 0), nil
	}
	months := map[string]int32{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}[field]
	if months == 0 {
		err := pgerr.As(badUnit(field == "week" || strings.HasPrefix(field, "timezone"), low, types.IntervalOID))
		if field == "week" {
			err = err.WithDetail("Months usually have fractional weeks.")
		}
		return types.Null, err
	}
	return interval(v.Months/months*months, 0, 0), nil
}

func binTimestamp(a []types.Datum) (types.Datum, error) {
	stride, ts, origin := a[0].X.(types.Interval), a[1].I, a[2].I
	if infiniteTimestamp(ts) {
		return a[1], nil
	}
	if infiniteTimestamp(origin) {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "origin out of range")
	}
	if stride.Months != 0 {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	days, fits := mulSmall(int64(stride.Days), dayMicros)
	size := days + stride.Micros
	if !fits || (size < days) != (stride.Micros < 0) {
		return types.Null, errInterval
	}
	if size <= 0 {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	if (ts-origin < 0) != (ts < origin) {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	}
	binned, err := addMicros(origin, floorDiv(ts-origin, size)*size)
	return types.NewInt(binned), err
}

// age is the symbolic difference of two timestamps: years, months, days, time.
func age(a, b int64) (types.Datum, error) {
	if infiniteTimestamp(a) || infiniteTimestamp(b) {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	sign := int32(1)
	later, earlier := a, b
	if a < b {
		sign, later, earlier = -1, b, a
	}
	jl, ul := split(later)
	je, ue := split(earlier)
	yl, ml, dl := civil(jl)
	ye, me, de := civil(je)
	us, days, months := ul-ue, dl-de, (yl-ye)*12+ml-me
	if us < 0 {
		us, days = us+dayMicros, days-1
	}
	if days < 0 {
		days, months = days+daysIn(ye, me), months-1
	}
	return interval(sign*int32(months), sign*int32(days), int64(sign)*us), nil
}

func makeKernels() kernels {
	// makeDate names in errors the year that told gives it, from that as written.
	makeDate := func(a []types.Datum, told func(written, counted int64) int64) (int64, error) {
		y, m, d := a[0].I, a[1].I, a[2].I
		if y == math.MinInt32 {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", a[0].I, a[1].I, a[2].I)
		}
		if y < 0 {
			y++
		} else if y == 0 {
			m = 0
		}
		if m < 1 || m > 12 || d < 1 || d > int64(daysIn(int(y), int(m))) {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", told(a[0].I, y), a[1].I, a[2].I)
		}
		if y < -4713 || y > 5874897 {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", told(a[0].I, y), m, d)
		}
		return int64(julian(int(y), int(m), int(d)) - epochJulian), nil
	}
	makeTime := func(h, m int64, s float64) (int64, error) {
		if h < 0 || m < 0 || m > 59 || math.IsNaN(s) || s < 0 || s > 60 || h > 24 || h == 24 && (m > 0 || s > 0) {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", h, m, secondsText(s))
		}
		return h*hourMicros + m*minuteMicros + int64(math.RoundToEven(s*1e6)), nil
	}
	stamp := func(a []types.Datum) (int64, error) {
		day, err := makeDate(a, func(written, _ int64) int64 { return written })
		if err != nil {
			return 0, err
		}
		t, err := makeTime(a[3].I, a[4].I, a[5].F)
		if err != nil {
			return 0, err
		}
		ts, err := joinTimestamp(int(day)+epochJulian, t)
		if err != nil {
			return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
				a[0].I, a[1].I, a[2].I, a[3].I, a[4].I, secondsText(a[5].F))
		}
		return ts, nil
	}
	return kernels{
		"make_date": scalar(func(a []types.Datum) (types.Datum, error) {
			d, err := makeDate(a, func(_, counted int64) int64 { return counted })
			return types.NewInt(d), err
		}),
		"make_time": scalar(func(a []types.Datum) (types.Datum, error) {
			t, err := makeTime(a[0].I, a[1].I, a[2].F)
			return types.NewInt(t), err
		}),
		"make_timestamp": scalar(func(a []types.Datum) (types.Datum, error) {
			ts, err := stamp(a)
			return types.NewInt(ts), err
		}),
		"make_timestamptz": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := stamp(a)
			if err != nil {
				return types.Null, err
			}
			ts, err = checkTimestamp(localToUTC(ts, c.zone()))
			return types.NewInt(ts), err
		}),
		"make_timestamptz_at_timezone": ctxual(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := stamp(a)
			if err != nil {
				return types.Null, err
			}
			zone, err := zoneForMake(a[6].S)
			if err != nil {
				return types.Null, err
			}
			ts, err = checkTimestamp(wallToUTC(ts, zone))
			return types.NewInt(ts), err
		}),
	}
}

// zoneForMake finds the zone of make_timestamptz: a numeric offset, an abbreviation
// or a name.
func zoneForMake(name string) (zone types.NamedZone, err error) {
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return zone, pgerr.New(pgerr.InvalidParameterValue, "invalid input syntax for type numeric time zone: \"%s\"", name).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	if east, numeric, err := types.ParseOffset(name); numeric {
		return types.NamedZone{Location: types.OffsetZone(east)}, err
	}
	return types.ParseNamedZone(name)
}

// secondsText prints seconds as C's %02g.
func secondsText(s float64) string {
	v := fmt.Sprintf("%.6g", s)
	switch {
	case math.IsInf(s, 1):
		v = "Infinity"
	case math.IsInf(s, -1):
		v = "-Infinity"
	}
	return strings.Repeat("0", max(0, 2-len(v))) + v
}
