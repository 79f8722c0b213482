package funcs

import (
	"math"

	"zorya/pgerr"
	"zorya/sql/types"
)

var errFrameOffset = pgerr.New("22013", "invalid preceding or following size in window function")

// rangeKernels: in_range(value, base, offset, sub, less) says whether value lies
// before (less) or after the bound base ± offset; window frames with RANGE ask it.
func rangeKernels() kernels {
	out := kernels{}
	for i, v := range widths {
		for j, o := range widths {
			if i == 0 || i == 1 || i == j {
				out["in_range_int"+v.digit+"_int"+o.digit] = inRange(intBound, types.Int8OID, func(d types.Datum) bool { return d.I < 0 })
			}
		}
	}
	negativeInterval := func(d types.Datum) bool {
		return types.Compare(types.IntervalOID, d, interval(0, 0, 0)) < 0
	}
	negativeFloat := func(d types.Datum) bool { return d.F != d.F || d.F < 0 }
	stamp := func(t types.OID) kernel {
		return inRange(func(c *Ctx, base, offset types.Datum, sub bool) (types.Datum, int, error) {
			v := offset.X.(types.Interval)
			if sub {
				v = scaleSign(v, -1)
			}
			b, err := plusAny(c, t, base, v)
			return b, 0, err
		}, t, negativeInterval)
	}
	out["in_range_timestamp_interval"], out["in_range_timestamptz_interval"] = stamp(types.TimestampOID), stamp(types.TimestampTZOID)
	inner := stamp(types.TimestampOID)
	out["in_range_date_interval"] = ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		for _, d := range a[:2] {
			if _, err := castDate(d.I); err != nil {
				return types.Null, err
			}
		}
		b := append([]types.Datum(nil), a...)
		b[0], b[1] = types.NewInt(dateToTimestamp(a[0].I)), types.NewInt(dateToTimestamp(a[1].I))
		return inner.eval(c, b)
	})
	out["in_range_time_interval"] = inRange(func(_ *Ctx, base, offset types.Datum, sub bool) (types.Datum, int, error) {
		us := offset.X.(types.Interval).Micros
		if sub {
			us = -us
		}
		return types.NewInt(base.I + us), 0, nil
	}, types.Int8OID, func(d types.Datum) bool { return d.X.(types.Interval).Micros < 0 })
	out["in_range_interval_interval"] = inRange(func(_ *Ctx, base, offset types.Datum, sub bool) (types.Datum, int, error) {
		v := offset.X.(types.Interval)
		if sub {
			v = scaleSign(v, -1)
		}
		sum, err := plusInterval(base.X.(types.Interval), v)
		return types.Datum{Kind: types.KindInterval, X: sum}, 0, err
	}, types.IntervalOID, negativeInterval)
	float := unbounded(floatEnds, func(_ *Ctx, base, offset types.Datum, sub bool) (types.Datum, int, error) {
		if sub {
			return types.NewFloat(base.F - offset.F), 0, nil
		}
		return types.NewFloat(base.F + offset.F), 0, nil
	}, types.Float8OID, negativeFloat)
	out["in_range_float8_float8"], out["in_range_float4_float8"] = float, float
	out["in_range_numeric_numeric"] = unbounded(numericEnds, func(_ *Ctx, base, offset types.Datum, sub bool) (types.Datum, int, error) {
		b, o := decOf(base), decOf(offset)
		if sub {
			o = o.neg()
		}
		return addDec(b, o).datum(), 0, nil
	}, types.NumericOID, func(d types.Datum) bool { o := decOf(d); return o.nan || o.sign() < 0 })
	return out
}

// intBound adds integers; beyond is the sign of an overflow.
func intBound(_ *Ctx, base, offset types.Datum, sub bool) (bound types.Datum, beyond int, err error) {
	if sub {
		s := base.I - offset.I
		if (base.I^offset.I)&(base.I^s) < 0 {
			return types.Null, -1, nil
		}
		return types.NewInt(s), 0, nil
	}
	s := base.I + offset.I
	if (base.I^s)&(offset.I^s) < 0 {
		return types.Null, 1, nil
	}
	return types.NewInt(s), 0, nil
}

// A boundFunc computes base ± offset.
type boundFunc func(c *Ctx, base, offset types.Datum, sub bool) (bound types.Datum, beyond int, err error)

// unbounded is inRange for numbers with infinities and NaN, which ends tells apart.
// NaN lies in range of NaN alone and after all else; where ∞ - ∞ would be the bound,
// all that is a number lies in range.
func unbounded(ends func(types.Datum) (inf int, nan bool), bound boundFunc, t types.OID, negative func(types.Datum) bool) kernel {
	plain := inRange(bound, t, negative)
	return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		if negative(a[2]) {
			return types.Null, errFrameOffset
		}
		_, nan := ends(a[0])
		base, baseNaN := ends(a[1])
		offset, _ := ends(a[2])
		sub, less := a[3].Bool(), a[4].Bool()
		switch {
		case nan:
			return types.NewBool(baseNaN || !less), nil
		case baseNaN:
			return types.NewBool(less), nil
		case offset != 0 && base != 0 && (base > 0) == sub:
			return types.NewBool(true), nil
		}
		return plain.eval(c, a)
	})
}

func floatEnds(d types.Datum) (inf int, nan bool) {
	switch {
	case d.F > math.MaxFloat64:
		return 1, false
	case d.F < -math.MaxFloat64:
		return -1, false
	}
	return 0, d.F != d.F
}

func numericEnds(d types.Datum) (inf int, nan bool) {
	v := decOf(d)
	return v.inf, v.nan
}

// inRange makes the kernel from what computes the bound, of type t.
func inRange(bound boundFunc, t types.OID, negative func(types.Datum) bool) kernel {
	return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		if negative(a[2]) {
			return types.Null, errFrameOffset
		}
		sub, less := a[3].Bool(), a[4].Bool()
		b, beyond, err := bound(c, a[1], a[2], sub)
		if err != nil {
			return types.Null, err
		}
		order := -beyond
		if beyond == 0 {
			order = types.Compare(t, a[0], b)
		}
		if less {
			return types.NewBool(order <= 0), nil
		}
		return types.NewBool(order >= 0), nil
	})
}

// nullKernels: functions that count NULLs, and other small ones.
func nullKernels() kernels {
	count := func(null bool) kernel {
		return scalar(func(a []types.Datum) (types.Datum, error) {
			n := 0
			for _, d := range a {
				if d.IsNull() == null {
					n++
				}
			}
			return types.NewInt(int64(n)), nil
		})
	}
	return kernels{
		"pg_num_nulls": count(true), "pg_num_nonnulls": count(false),
		"timestamptz(1082,1083)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			ts, err := dateTime(a[0].I, a[1].I)
			return types.NewInt(localToUTC(ts, c.zone())), err
		}),
		"timetz_zone": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			zone, err := loadZone(a[0].S)
			if err != nil {
				return types.Null, err
			}
			_, offset := goTime(c.txnTime().I).In(zone).Zone()
			t := a[1].X.(types.TimeTZ)
			us := t.Micros + (int64(t.Zone)+int64(offset))*secondMicros
			us -= floorDiv(us, dayMicros) * dayMicros
			return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: us, Zone: int32(-offset)}}, nil
		}),
	}
}
