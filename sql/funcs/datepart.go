package funcs

import (
	"math"
	"strings"

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
