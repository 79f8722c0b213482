package funcs

import (
	"math"
	"math/rand/v2"

	"zorya/pgerr"
	"zorya/sql/types"
)

// version16 are the functions that PostgreSQL 16 has and 15, from which the facts
// are, has not; with PostgreSQL's OIDs.
func version16() []*Func {
	return append(append(version16Numbers(), version16Times()...), version16Texts()...)
}

func version16Numbers() []*Func {
	f8, i4 := types.Float8OID, types.Int4OID
	list := []*Func{
		{
			OID: 6212, Name: "random_normal", Args: []types.OID{f8, f8}, ArgNames: []string{"mean", "stddev"},
			Defaults: []types.Datum{types.NewFloat(0), types.NewFloat(1)}, Result: f8, Strict: true, Volatility: Volatile,
			Eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
				return types.NewFloat(a[1].F*c.random().normal() + a[0].F), nil
			},
		},
		{
			OID: 6215, Name: "array_shuffle", Args: []types.OID{types.AnyArrayOID}, Result: types.AnyArrayOID, Strict: true, Volatility: Volatile,
			Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				v := arr(a[0])
				if len(v.Dims) == 0 || v.Dims[0] < 2 {
					return a[0], nil
				}
				return sampleArray(v, v.Dims[0], lower(v, 0)), nil
			},
		},
		{
			OID: 6216, Name: "array_sample", Args: []types.OID{types.AnyArrayOID, i4}, Result: types.AnyArrayOID, Strict: true, Volatility: Volatile,
			Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				v, have := arr(a[0]), 0
				if len(v.Dims) > 0 {
					have = v.Dims[0]
				}
				if n := a[1].I; n < 0 || n > int64(have) {
					return types.Null, pgerr.New(pgerr.InvalidParameterValue, "sample size must be between 0 and %d", have)
				}
				return sampleArray(v, int(a[1].I), 1), nil
			},
		},
	}
	for oid, f := range map[types.OID]struct {
		name string
		f    func(float64) float64
	}{6219: {"erf", math.Erf}, 6220: {"erfc", math.Erfc}} {
		k := pure1(floatLane, floatLane, f.f)
		list = append(list, &Func{OID: oid, Name: f.name, Args: []types.OID{f8}, Result: f8, Strict: true, Volatility: Immutable, Eval: k.eval, Vec: k.vec})
	}
	return plain(list)
}

// plain marks functions that are neither aggregates nor window functions.
func plain(list []*Func) []*Func {
	for _, f := range list {
		f.Kind = Plain
	}
	return list
}

// sampleArray picks n of the slices along the first dimension, in random order.
func sampleArray(v *types.Array, n, from int) types.Datum {
	if n == 0 {
		return vector(v.Elem, nil)
	}
	size := len(v.Elems) / v.Dims[0]
	out := &types.Array{Elem: v.Elem, Dims: append([]int{n}, v.Dims[1:]...), Lower: []int{from}}
	for d := range v.Dims[1:] {
		out.Lower = append(out.Lower, lower(v, d+1))
	}
	for _, i := range rand.Perm(v.Dims[0])[:n] {
		out.Elems = append(out.Elems, v.Elems[i*size:(i+1)*size]...)
	}
	return arrayDatum(out)
}

func version16Times() []*Func {
	tz, iv := types.TimestampTZOID, types.IntervalOID
	var list []*Func
	shift := func(oid types.OID, name string, sign int32) {
		eval := func(c *Ctx, a []types.Datum) (types.Datum, error) {
			zone := c.zone()
			if len(a) == 3 {
				var err error
				if zone, err = loadZone(a[2].S); err != nil {
					return types.Null, err
				}
			}
			ts, err := addIntervalTZ(a[0].I, scaleSign(a[1].X.(types.Interval), sign), zone)
			return types.NewInt(ts), err
		}
		list = append(list,
			&Func{OID: oid, Name: name, Args: []types.OID{tz, iv}, Result: tz, Strict: true, Volatility: Stable, Eval: eval},
			&Func{OID: oid + 1, Name: name, Args: []types.OID{tz, iv, types.TextOID}, Result: tz, Strict: true, Volatility: Immutable, Eval: eval})
	}
	shift(6221, "date_add", 1)
	shift(6223, "date_subtract", -1)
	list = append(list, &Func{
		OID: 6274, Name: "generate_series", Args: []types.OID{tz, tz, iv, types.TextOID}, Result: tz, Set: true, Strict: true, Volatility: Immutable,
		Rows: func(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			zone, err := loadZone(a[3].S)
			if err != nil {
				return err
			}
			there, format := *c, *c.format()
			format.Zone = zone
			there.Format = &format
			return timeSeries(true)(&there, a[:3], emit)
		},
	})
	return plain(list)
}

func version16Texts() []*Func {
	text := types.TextOID
	// try runs the input function of a named type; fault is its error.
	try := func(c *Ctx, a []types.Datum) (fault, err error) {
		env, err := c.env()
		if err != nil {
			return nil, err
		}
		return env.TryInput(c, a[1].S, a[0].S)
	}
	return plain([]*Func{
		{
			OID: 6210, Name: "pg_input_is_valid", Args: []types.OID{text, text}, Result: types.BoolOID, Strict: true, Volatility: Stable,
			Eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
				fault, err := try(c, a)
				return types.NewBool(fault == nil), err
			},
		},
		{
			OID: 6211, Name: "pg_input_error_info", Args: []types.OID{text, text}, ArgNames: []string{"value", "type_name"}, Result: types.RecordOID,
			OutTypes: []types.OID{text, text, text, text}, OutNames: []string{"message", "detail", "hint", "sql_error_code"}, Strict: true, Volatility: Stable,
			Eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
				fault, err := try(c, a)
				if err != nil {
					return types.Null, err
				}
				return faultRecord(fault), nil
			},
		},
		{
			// How the client authenticated, and as whom: tokens come as passwords.
			OID: 6311, Name: "system_user", Result: text, Volatility: Stable,
			Eval: withEnv(func(env Env) (types.Datum, error) { return types.NewText("password:" + env.SessionUser()), nil }).eval,
		},
	})
}

// faultRecord is an error as pg_input_error_info shows it; NULLs for none.
func faultRecord(fault error) types.Datum {
	rec := &types.Record{Names: []string{"message", "detail", "hint", "sql_error_code"}, Fields: make([]types.Datum, 4)}
	for range rec.Fields {
		rec.Types = append(rec.Types, types.Of(types.TextOID))
	}
	if e := pgerr.As(fault); e != nil {
		for i, s := range []string{e.Message, e.Detail, e.Hint, e.Code} {
			if s != "" {
				rec.Fields[i] = types.NewText(s)
			}
		}
	}
	return types.Datum{Kind: types.KindRecord, X: rec}
}
