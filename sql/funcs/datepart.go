package funcs

import (
	"fmt"
	"math"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A broken is a moment taken apart, or an interval.
type broken struct {
	year, month, day int
	hour, min        int64
	micros           int64 // seconds with their fraction, in microseconds
	jd               int
	epoch            int64 // microseconds since 1970, or length of the interval
	epochSeconds     int64 // what of the same is beyond int64, in seconds
	zone             int   // seconds east of UTC
	hasDate, hasTime bool
	hasZone          bool
	dayMicros        int64
}

func breakTimestamp(ts int64) broken {
	jd, us := split(ts)
	b := breakTime(us)
	b.jd, b.hasDate = jd, true
	b.year, b.month, b.day = civil(jd)
	b.epoch = ts + unixMicros
	if ts > math.MaxInt64-unixMicros {
		b.epoch, b.epochSeconds = ts, unixDays*86400
	}
	return b
}

func breakTime(us int64) broken {
	return broken{hour: us / hourMicros, min: us % hourMicros / minuteMicros, micros: us % minuteMicros, epoch: us, hasTime: true, dayMicros: us}
}

// unitNames maps what users write to a field's name.
var unitNames = func() map[string]string {
	m := map[string]string{}
	for field, names := range map[string]string{
		"microseconds": "microseconds microsecond us usec usecs usecond useconds",
		"milliseconds": "milliseconds millisecond ms msec msecs msecond mseconds",
		"second":       "second seconds s sec secs", "minute": "minute minutes m min mins", "hour": "hour hours h hr hrs",
		"day": "day days d", "month": "month months mon mons", "quarter": "quarter qtr", "week": "week weeks w",
		"year": "year years y yr yrs", "decade": "decade decades dec decs", "century": "century centuries c cent",
		"millennium": "millennium millennia mil mils millenniums", "dow": "dow", "isodow": "isodow", "doy": "doy", "isoyear": "isoyear",
		"epoch": "epoch", "julian": "julian j jd", "timezone": "timezone", "timezone_hour": "timezone_hour timezone_h",
		"timezone_minute": "timezone_minute timezone_m", notAField: "now today tomorrow yesterday infinity -infinity allballs",
	} {
		for _, n := range strings.Fields(names) {
			m[n] = field
		}
	}
	return m
}()

// notAField are words that PostgreSQL knows in the place of a unit, but not as one.
const notAField = "none"

// A number is a field's value: whole and n units of 10^-scale.
type number struct {
	n     int64
	scale int
	whole int64
}

func (v number) float() float64 { return float64(v.n)/math.Pow10(v.scale) + float64(v.whole) }

func (v number) numeric() types.Datum {
	if v.whole == 0 {
		return numericScaled(v.n, v.scale)
	}
	return addDec(decInt(v.whole, 0), decInt(v.n, v.scale)).datum()
}

func badUnit(known bool, unit string, t types.OID) error {
	if known {
		return pgerr.New(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", unit, typeName(t))
	}
	return pgerr.New(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", unit, typeName(t))
}

// part is the value of a field of b; t is for the error.
func part(unit string, b broken, t types.OID) (number, error) {
	low := strings.ToLower(unit)
	field, known := unitNames[low]
	if v, ok := timePart(field, b); ok && b.hasTime {
		return v, nil
	}
	if v, ok := datePart(field, b); ok && b.hasDate {
		return v, nil
	}
	if v, ok := zonePart(field, b); ok && b.hasZone {
		return v, nil
	}
	return number{}, badUnit(known && (field != notAField || b.hasDate), low, t)
}

func timePart(field string, b broken) (number, bool) {
	switch field {
	case "microseconds":
		return number{n: b.micros}, true
	case "milliseconds":
		return number{n: b.micros, scale: 3}, true
	case "second":
		return number{n: b.micros, scale: 6}, true
	case "minute":
		return number{n: b.min}, true
	case "hour":
		return number{n: b.hour}, true
	case "epoch":
		return number{n: b.epoch, scale: 6, whole: b.epochSeconds}, true
	}
	return number{}, false
}

func datePart(field string, b broken) (number, bool) {
	shown := int64(b.year)
	if shown <= 0 {
		shown--
	}
	isoYear, isoWeek := isoWeek(b.jd)
	switch field {
	case "day":
		return number{n: int64(b.day)}, true
	case "month":
		return number{n: int64(b.month)}, true
	case "quarter":
		return number{n: int64(b.month-1)/3 + 1}, true
	case "week":
		return number{n: int64(isoWeek)}, true
	case "year":
		return number{n: shown}, true
	case "decade":
		return number{n: floorDiv(int64(b.year), 10)}, true
	case "century":
		return number{n: era(int64(b.year), 100)}, true
	case "millennium":
		return number{n: era(int64(b.year), 1000)}, true
	case "isoyear":
		y := int64(isoYear)
		if y <= 0 {
			y--
		}
		return number{n: y}, true
	case "dow":
		return number{n: int64(weekday(b.jd))}, true
	case "isodow":
		return number{n: int64((weekday(b.jd)+6)%7 + 1)}, true
	case "doy":
		return number{n: int64(b.jd - julian(b.year, 1, 1) + 1)}, true
	case "epoch":
		return number{n: b.epoch, scale: 6, whole: b.epochSeconds}, true
	}
	return number{}, false
}

// era counts centuries and millennia: there is no number 0.
func era(year, size int64) int64 {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

func zonePart(field string, b broken) (number, bool) {
	switch field {
	case "timezone":
		return number{n: int64(b.zone)}, true
	case "timezone_hour":
		return number{n: int64(b.zone / 3600)}, true
	case "timezone_minute":
		return number{n: int64(b.zone % 3600 / 60)}, true
	}
	return number{}, false
}

// weekday is 0 for Sunday.
func weekday(jd int) int { return ((jd+1)%7 + 7) % 7 }

func isoWeek(jd int) (year, week int) {
	thursday := jd - (weekday(jd)+6)%7 + 3
	y, _, _ := civil(thursday)
	return y, (thursday-julian(y, 1, 1))/7 + 1
}

func breakInterval(v types.Interval) broken {
	b := breakTime(v.Micros)
	b.hasDate = true
	b.year, b.month, b.day = int(v.Months/12), int(v.Months%12), int(v.Days)
	// A year counts as 365.25 days here.
	b.jd = julian(b.year, b.month, b.day)
	b.epochSeconds = int64(v.Months/12)*31557600 + int64(v.Months%12)*30*86400 + int64(v.Days)*86400
	return b
}

func intervalPart(unit string, v types.Interval) (number, error) {
	b := breakInterval(v)
	low := strings.ToLower(unit)
	field, known := unitNames[low]
	if v, ok := timePart(field, b); ok {
		return v, nil
	}
	switch field {
	case "day":
		return number{n: int64(b.day)}, nil
	case "month":
		return number{n: int64(b.month)}, nil
	case "quarter":
		return number{n: int64(b.month/3 + 1)}, nil
	case "year":
		return number{n: int64(b.year)}, nil
	case "decade":
		return number{n: int64(b.year / 10)}, nil
	case "century":
		return number{n: int64(b.year / 100)}, nil
	case "millennium":
		return number{n: int64(b.year / 1000)}, nil
	}
	return number{}, badUnit(known && field != notAField, low, types.IntervalOID)
}

// partOf is a field of a value of type t; infinite values give ±infinity for
// fields that grow and NULL for those that go round.
func partOf(c *Ctx, unit string, d types.Datum, t types.OID) (v number, infinite int, err error) {
	low := strings.ToLower(unit)
	switch t {
	case types.IntervalOID:
		v, err = intervalPart(unit, d.X.(types.Interval))
		return v, 0, err
	case types.TimeOID:
		v, err = part(unit, breakTime(d.I), t)
		return v, 0, err
	case types.TimeTZOID:
		tz := d.X.(types.TimeTZ)
		b := breakTime(tz.Micros)
		b.zone, b.hasZone = -int(tz.Zone), true
		b.epoch += int64(tz.Zone) * secondMicros
		v, err = part(unit, b, t)
		return v, 0, err
	}
	ts := d.I
	if t == types.DateOID {
		if infiniteDate(ts) {
			return infinitePart(low, ts > 0, t)
		}
		b := breakTimestamp(0)
		b.jd = int(ts) + epochJulian
		b.year, b.month, b.day = civil(b.jd)
		b.hasTime, b.epoch = false, (ts+unixDays)*dayMicros
		if unitNames[low] == "epoch" {
			return number{n: (ts + unixDays) * 86400}, 0, nil
		}
		if unitNames[low] == "julian" {
			return number{n: int64(b.jd)}, 0, nil
		}
		v, err = part(unit, b, t)
		return v, 0, err
	}
	if infiniteTimestamp(ts) {
		return infinitePart(low, ts > 0, t)
	}
	b := breakTimestamp(ts)
	if t == types.TimestampTZOID {
		_, b.zone = goTime(ts).In(c.zone()).Zone()
		epoch, seconds := b.epoch, b.epochSeconds
		zone := b.zone
		b = breakTimestamp(utcToLocal(ts, c.zone()))
		b.epoch, b.epochSeconds, b.zone, b.hasZone = epoch, seconds, zone, true
	}
	v, err = part(unit, b, t)
	return v, 0, err
}

func infinitePart(low string, positive bool, t types.OID) (number, int, error) {
	field, known := unitNames[low]
	switch field {
	case "year", "decade", "century", "millennium", "julian", "isoyear", "epoch":
		if positive {
			return number{}, 1, nil
		}
		return number{}, -1, nil
	case "", notAField:
		return number{}, 0, badUnit(known, low, t)
	}
	if timeOnly := strings.Contains("microseconds milliseconds second minute hour timezone timezone_hour timezone_minute", field); timeOnly && t == types.DateOID {
		return number{}, 0, badUnit(true, low, t)
	}
	return number{}, 2, nil
}

func datePartKernels() kernels {
	out := kernels{
		"interval_trunc": scalar(func(a []types.Datum) (types.Datum, error) { return truncInterval(a[0].S, a[1].X.(types.Interval)) }),
		"timestamp_trunc": scalar(func(a []types.Datum) (types.Datum, error) {
			ts, err := truncTimestamp(a[0].S, a[1].I, types.TimestampOID)
			return types.NewInt(ts), err
		}),
		"timestamptz_trunc": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) { return truncZoned(a, c.zone()) }),
		"timestamptz_trunc_zone": ctxual(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if infiniteTimestamp(a[1].I) {
				return a[1], nil
			}
			zone, err := loadZone(a[2].S)
			if err != nil {
				return types.Null, err
			}
			return truncZoned(a, zone)
		}),
		"timestamp_bin":   scalar(binTimestamp),
		"timestamptz_bin": scalar(binTimestamp),
		"timestamp_age":   scalar(func(a []types.Datum) (types.Datum, error) { return age(a[0].I, a[1].I) }),
		"timestamptz_age": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return age(utcToLocal(a[0].I, c.zone()), utcToLocal(a[1].I, c.zone()))
		}),
		"age(1114)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) { return age(c.today(), a[0].I) }),
		"age(1184)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return age(c.today(), utcToLocal(a[0].I, c.zone()))
		}),
	}
	for name, t := range map[string]types.OID{
		"timestamp": types.TimestampOID, "timestamptz": types.TimestampTZOID, "interval": types.IntervalOID,
		"time": types.TimeOID, "timetz": types.TimeTZOID, "date": types.DateOID,
	} {
		out["extract_"+name] = extractKernel(t, true)
		out[name+"_part"] = extractKernel(t, false)
	}
	ofTimestamp := extractKernel(types.TimestampOID, false)
	out["date_part(25,1082)"] = ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		ts, err := castDate(a[1].I)
		if err != nil {
			return types.Null, err
		}
		return ofTimestamp.eval(c, []types.Datum{a[0], types.NewInt(ts)})
	})
	return out
}

// extractKernel is EXTRACT (numeric) or date_part (double precision).
func extractKernel(t types.OID, exact bool) kernel {
	return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		if unitNames[strings.ToLower(a[0].S)] == "julian" && (t == types.TimestampOID || t == types.TimestampTZOID) && !infiniteTimestamp(a[1].I) {
			return julianPart(c, a[1].I, t, exact)
		}
		v, infinite, err := partOf(c, a[0].S, a[1], t)
		switch {
		case err != nil || infinite == 2:
			return types.Null, err
		case infinite != 0 && exact:
			return numericInfinity(infinite), nil
		case infinite != 0:
			return types.NewFloat(math.Inf(infinite)), nil
		case exact:
			return v.numeric(), nil
		}
		return types.NewFloat(v.float()), nil
	})
}

func julianPart(c *Ctx, ts int64, t types.OID, exact bool) (types.Datum, error) {
	if t == types.TimestampTZOID {
		ts = utcToLocal(ts, c.zone())
	}
	jd, us := split(ts)
	if !exact {
		return types.NewFloat(float64(jd) + float64(us)/float64(dayMicros)), nil
	}
	day, err := divDec(decInt(us, 0), decInt(dayMicros, 0))
	return addDec(decInt(int64(jd), 0), day).datum(), err
}

// today is midnight, local time, of the transaction's day.
func (c *Ctx) today() int64 {
	local := utcToLocal(c.txnTime().I, c.zone())
	return floorDiv(local, dayMicros) * dayMicros
}

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
