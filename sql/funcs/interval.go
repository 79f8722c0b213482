package funcs

import (
	"math"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"zorya/sql/types"
)

func intervalKernels() kernels {
	iv := other[types.Interval](types.KindInterval)
	f := floatLane
	mul := func(v types.Interval, by float64) (types.Interval, error) { return scaleInterval(v, by) }
	return kernels{
		"interval_um": lift1(iv, iv, func(v types.Interval) (types.Interval, error) {
			if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
				return v, errInterval
			}
			return scaleSign(v, -1), nil
		}),
		"interval_pl":    lift2(iv, iv, iv, plusInterval),
		"interval_mi":    lift2(iv, iv, iv, minusInterval),
		"interval_mul":   lift2(iv, f, iv, mul),
		"mul_d_interval": lift2(f, iv, iv, func(by float64, v types.Interval) (types.Interval, error) { return scaleInterval(v, by) }),
		"interval_div": lift2(iv, f, iv, func(v types.Interval, by float64) (types.Interval, error) {
			if by == 0 {
				return v, errDiv0
			}
			return divideInterval(v, by)
		}),
		"interval_finite":           pure1(iv, boolLane, func(types.Interval) bool { return true }),
		"interval_justify_hours":    lift1(iv, iv, justifyHours),
		"interval_justify_days":     lift1(iv, iv, justifyDays),
		"interval_justify_interval": lift1(iv, iv, justifyInterval),
		"make_interval":             makeInterval(),
	}
}

func scaleSign(v types.Interval, sign int32) types.Interval {
	return types.Interval{Months: v.Months * sign, Days: v.Days * sign, Micros: v.Micros * int64(sign)}
}

func plusInterval(a, b types.Interval) (types.Interval, error) {
	m, d := int64(a.Months)+int64(b.Months), int64(a.Days)+int64(b.Days)
	us := a.Micros + b.Micros
	if m != int64(int32(m)) || d != int64(int32(d)) || (a.Micros^us)&(b.Micros^us) < 0 {
		return a, errInterval
	}
	return types.Interval{Months: int32(m), Days: int32(d), Micros: us}, nil
}

func minusInterval(a, b types.Interval) (types.Interval, error) {
	m, d := int64(a.Months)-int64(b.Months), int64(a.Days)-int64(b.Days)
	us := a.Micros - b.Micros
	if m != int64(int32(m)) || d != int64(int32(d)) || (a.Micros^b.Micros)&(a.Micros^us) < 0 {
		return a, errInterval
	}
	return types.Interval{Months: int32(m), Days: int32(d), Micros: us}, nil
}

// scaleInterval multiplies each part; fractions of months become days (of 30),
// fractions of days become time.
func scaleInterval(v types.Interval, by float64) (types.Interval, error) {
	return partInterval(v, float64(v.Months)*by, float64(v.Days)*by, float64(v.Micros)*by)
}

func divideInterval(v types.Interval, by float64) (types.Interval, error) {
	return partInterval(v, float64(v.Months)/by, float64(v.Days)/by, float64(v.Micros)/by)
}

func partInterval(_ types.Interval, months, days, micros float64) (types.Interval, error) {
	if !fits32(months) || !fits32(days) {
		return types.Interval{}, errInterval
	}
	m, d := int32(months), int32(days)
	// Rounding to microseconds keeps 1/3 month and the like from losing a day.
	monthDays := roundMicro((months - float64(m)) * 30)
	seconds := roundMicro((days - float64(d) + monthDays - math.Trunc(monthDays)) * 86400)
	if math.Abs(seconds) >= 86400 {
		d += int32(seconds / 86400)
		seconds -= math.Trunc(seconds/86400) * 86400
	}
	d += int32(monthDays)
	us := math.RoundToEven(micros + seconds*1e6)
	if math.IsNaN(us) || us < -0x1p63 || us >= 0x1p63 {
		return types.Interval{}, errInterval
	}
	return types.Interval{Months: m, Days: d, Micros: int64(us)}, nil
}

func fits32(v float64) bool { return v >= math.MinInt32 && v <= math.MaxInt32 }

func roundMicro(v float64) float64 { return math.RoundToEven(v*1e6) / 1e6 }

func justifyHours(v types.Interval) (types.Interval, error) {
	days := v.Micros / dayMicros
	us := v.Micros % dayMicros
	d := int64(v.Days) + days
	if d > 0 && us < 0 {
		us, d = us+dayMicros, d-1
	} else if d < 0 && us > 0 {
		us, d = us-dayMicros, d+1
	}
	if d != int64(int32(d)) {
		return v, errInterval
	}
	return types.Interval{Months: v.Months, Days: int32(d), Micros: us}, nil
}

func justifyDays(v types.Interval) (types.Interval, error) {
	m := int64(v.Months) + int64(v.Days/30)
	d := v.Days % 30
	if m > 0 && d < 0 {
		d, m = d+30, m-1
	} else if m < 0 && d > 0 {
		d, m = d-30, m+1
	}
	if m != int64(int32(m)) {
		return v, errInterval
	}
	return types.Interval{Months: int32(m), Days: d, Micros: v.Micros}, nil
}

func justifyInterval(v types.Interval) (types.Interval, error) {
	d := int64(v.Days) + v.Micros/dayMicros
	us := v.Micros % dayMicros
	m := int64(v.Months) + d/30
	d %= 30
	if m > 0 && (d < 0 || d == 0 && us < 0) {
		d, m = d+30, m-1
	} else if m < 0 && (d > 0 || d == 0 && us > 0) {
		d, m = d-30, m+1
	}
	if d > 0 && us < 0 {
		us, d = us+dayMicros, d-1
	} else if d < 0 && us > 0 {
		us, d = us-dayMicros, d+1
	}
	if m != int64(int32(m)) {
		return v, errInterval
	}
	return types.Interval{Months: int32(m), Days: int32(d), Micros: us}, nil
}

func makeInterval() kernel {
	zero := types.NewInt(0)
	return kernel{
		defaults: []types.Datum{zero, zero, zero, zero, zero, zero, types.NewFloat(0)},
		eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if math.IsNaN(a[6].F) || inf(a[6].F) {
				return types.Null, errInterval
			}
			months := a[0].I*12 + a[1].I
			days := a[2].I*7 + a[3].I
			us := float64(a[4].I)*float64(hourMicros) + float64(a[5].I)*float64(minuteMicros) + math.RoundToEven(a[6].F*1e6)
			if !fits32(float64(months)) || !fits32(float64(days)) || us >= 0x1p63 || us < -0x1p63 {
				return types.Null, errInterval
			}
			return interval(int32(months), int32(days), a[4].I*hourMicros+a[5].I*minuteMicros+int64(math.RoundToEven(a[6].F*1e6))), nil
		},
	}
}

func interval(months, days int32, micros int64) types.Datum {
	return types.Datum{Kind: types.KindInterval, X: types.Interval{Months: months, Days: days, Micros: micros}}
}

// loadZone finds a time zone by abbreviation, name or POSIX rule (UTC+3, whose sign is
// west).
func loadZone(name string) (*time.Location, error) {
	if z, ok := types.ParseAbbrev(lowerASCII(name)); ok {
		return z, nil
	}
	return types.ParseZone(name)
}
