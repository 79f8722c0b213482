package funcs

import (
	"cmp"
	"strings"

	"zorya/sql/types"
)

// overlapKernels: (start, end) OVERLAPS (start, end), where an end may be given as
// an interval from the start.
func overlapKernels() kernels {
	out := kernels{}
	for name, t := range map[string]types.OID{
		"timestamp": types.TimestampOID, "time": types.TimeOID, "timetz": types.TimeTZOID, "timestamptz": types.TimestampTZOID,
	} {
		out["overlaps_"+name] = kernel{eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) { return overlaps(t, a), nil }}
	}
	eachLine(factFuncs, func(f []string) {
		if f[1] != "overlaps" || !strings.HasPrefix(f[9], "overlaps(") {
			return
		}
		ts := oidsOf(f[2])
		out[f[9]] = kernel{eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
			b := append([]types.Datum(nil), a...)
			for _, i := range []int{1, 3} {
				if ts[i] != types.IntervalOID {
					continue
				}
				if b[i].IsNull() || b[i-1].IsNull() {
					b[i] = types.Null
					continue
				}
				var err error
				if b[i], err = plusAny(c, ts[0], b[i-1], b[i].X.(types.Interval)); err != nil {
					return types.Null, err
				}
			}
			return overlaps(ts[0], b), nil
		}}
	})
	return out
}

// plusAny adds an interval to a timestamp or time.
func plusAny(c *Ctx, t types.OID, d types.Datum, v types.Interval) (types.Datum, error) {
	switch t {
	case types.TimestampTZOID:
		ts, err := addIntervalTZ(d.I, v, c.zone())
		return types.NewInt(ts), err
	case types.TimestampOID:
		ts, err := addInterval(d.I, v)
		return types.NewInt(ts), err
	}
	us := d.I + v.Micros%dayMicros
	return types.NewInt(us - floorDiv(us, dayMicros)*dayMicros), nil
}

// overlaps follows the SQL standard: ends are put in order, NULL ends are unknown.
func overlaps(t types.OID, a []types.Datum) types.Datum {
	order := func(s, e types.Datum) (types.Datum, types.Datum, bool) {
		switch {
		case s.IsNull():
			return e, types.Null, !e.IsNull()
		case !e.IsNull() && types.Compare(t, s, e) > 0:
			return e, s, true
		}
		return s, e, true
	}
	s1, e1, ok1 := order(a[0], a[1])
	s2, e2, ok2 := order(a[2], a[3])
	if !ok1 || !ok2 {
		return types.Null
	}
	switch cmp.Compare(types.Compare(t, s1, s2), 0) {
	case 0:
		if e1.IsNull() || e2.IsNull() {
			return types.Null
		}
		return types.NewBool(true)
	case -1:
		s1, e1, s2, e2 = s2, e2, s1, e1
	}
	// Now s1 is the later start: they overlap if it lies before the other's end.
	if e2.IsNull() {
		return types.Null
	}
	if types.Compare(t, s1, e2) < 0 {
		return types.NewBool(true)
	}
	if e1.IsNull() {
		return types.Null
	}
	return types.NewBool(false)
}
