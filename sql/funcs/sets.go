package funcs

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// setKernels: set-returning functions that belong to no other group.
func setKernels() kernels {
	return kernels{
		"generate_series_int4": {rows: intSeries(width4)}, "generate_series_step_int4": {rows: intSeries(width4)},
		"generate_series_int8": {rows: intSeries(width8)}, "generate_series_step_int8": {rows: intSeries(width8)},
		"generate_series_timestamp": {rows: timeSeries(false)}, "generate_series_timestamptz": {rows: timeSeries(true)},
		"generate_subscripts": {rows: subscripts}, "generate_subscripts_nodir": {rows: subscripts},
		"pg_get_keywords": {rows: keywordRows},
		// No table is a partition.
		"pg_partition_ancestors": {rows: func(*Ctx, []types.Datum, func([]types.Datum) error) error { return nil }},
		"pg_options_to_table":    {rows: optionRows},
		"array_unnest": {rows: func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			for _, e := range arr(a[0]).Elems {
				if err := emit([]types.Datum{e}); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

// optionRows are names and values of options written name=value.
func optionRows(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	for _, e := range arr(a[0]).Elems {
		name, value, given := strings.Cut(e.S, "=")
		row := []types.Datum{types.NewText(name), types.Null}
		if given {
			row[1] = types.NewText(value)
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

var errStepZero = pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")

func intSeries(w intWidth) func(*Ctx, []types.Datum, func([]types.Datum) error) error {
	return func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		v, end, step := a[0].I, a[1].I, optionalInt(a, 2, 1)
		if step == 0 {
			return errStepZero
		}
		for step > 0 && v <= end || step < 0 && v >= end {
			if err := emit([]types.Datum{types.NewInt(v)}); err != nil {
				return err
			}
			next := v + step
			if (v^next)&(step^next) < 0 || next < w.min || next > w.max {
				return nil
			}
			v = next
		}
		return nil
	}
}

func timeSeries(zoned bool) func(*Ctx, []types.Datum, func([]types.Datum) error) error {
	return func(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		v, end, step := a[0].I, a[1].I, a[2].X.(types.Interval)
		sign := types.Compare(types.IntervalOID, a[2], interval(0, 0, 0))
		if sign == 0 {
			return errStepZero
		}
		for sign > 0 && v <= end || sign < 0 && v >= end {
			if err := emit([]types.Datum{types.NewInt(v)}); err != nil {
				return err
			}
			var err error
			if zoned {
				v, err = addIntervalTZ(v, step, c.zone())
			} else {
				v, err = addInterval(v, step)
			}
			if err != nil {
				return err
			}
			if infiniteTimestamp(v) {
				return nil
			}
		}
		return nil
	}
}

func subscripts(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	v, d := arr(a[0]), a[1].I-1
	if d < 0 || d >= int64(len(v.Dims)) {
		return nil
	}
	n := v.Dims[d]
	for i := 0; i < n; i++ {
		s := lower(v, int(d)) + i
		if len(a) == 3 && a[2].Bool() {
			s = lower(v, int(d)) + n - 1 - i
		}
		if err := emit([]types.Datum{types.NewInt(int64(s))}); err != nil {
			return err
		}
	}
	return nil
}

// expandArray gives each element with its number, from 1.
func expandArray(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	for i, e := range arr(a[0]).Elems {
		if err := emit([]types.Datum{e, types.NewInt(int64(i + 1))}); err != nil {
			return err
		}
	}
	return nil
}
