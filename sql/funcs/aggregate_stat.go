package funcs

import (
	"math"
	"strings"

	"zorya/sql/types"
)

// moments accumulates a float's count, sum and sum of squared differences
// (Youngs and Cramer), for y over x where there are two arguments.
type moments struct {
	n                float64
	sx, sxx, sy, syy float64
	sxy              float64
	final            func(m *moments) (float64, bool)
}

func (a *moments) Add(_ *Ctx, args []types.Datum) error {
	for _, d := range args {
		if d.IsNull() {
			return nil
		}
	}
	x := args[len(args)-1].F
	y := args[0].F
	a.n++
	a.sx += x
	a.sy += y
	if a.n == 1 {
		if inf(x) || math.IsNaN(x) {
			a.sxx, a.sxy = math.NaN(), math.NaN()
		}
		if inf(y) || math.IsNaN(y) {
			a.syy, a.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	tx, ty := x*a.n-a.sx, y*a.n-a.sy
	if len(args) == 1 {
		a.sxx += tx * tx / (a.n * (a.n - 1))
		return nil
	}
	scale := 1 / (a.n * (a.n - 1))
	a.sxx += tx * tx * scale
	a.syy += ty * ty * scale
	a.sxy += tx * ty * scale
	return nil
}
func (a *moments) Result(*Ctx) (types.Datum, error) {
	v, ok := a.final(a)
	if !ok {
		return types.Null, nil
	}
	return types.NewFloat(v), nil
}
func (a *moments) Size() int { return 64 }

// momentAggregates: variance, correlation and regression. Over integers and
// numeric, variance is exact.
func momentAggregates() kernels {
	sample := func(m *moments) (float64, bool) { return m.sxx / (m.n - 1), m.n > 1 }
	pop := func(m *moments) (float64, bool) { return m.sxx / m.n, m.n > 0 }
	root := func(f func(*moments) (float64, bool)) func(*moments) (float64, bool) {
		return func(m *moments) (float64, bool) {
			v, ok := f(m)
			return math.Sqrt(v), ok
		}
	}
	out := kernels{}
	for name, f := range map[string]func(*moments) (float64, bool){
		"variance": sample, "var_samp": sample, "var_pop": pop,
		"stddev": root(sample), "stddev_samp": root(sample), "stddev_pop": root(pop),
	} {
		samp, sqrt := !strings.HasSuffix(name, "_pop"), strings.HasPrefix(name, "stddev")
		out["agg "+name] = kernel{agg: func(_ *Ctx, ts []types.T) Agg {
			if types.KindOf(ts[0].OID) == types.KindFloat {
				return &moments{final: f}
			}
			return &exactVariance{sample: samp, root: sqrt, integer: types.KindOf(ts[0].OID) == types.KindInt}
		}}
	}
	for name, f := range regressions {
		out[name+"(701,701)"] = kernel{agg: func(*Ctx, []types.T) Agg { return &moments{final: f} }}
	}
	out["regr_count(701,701)"] = kernel{agg: func(*Ctx, []types.T) Agg { return &pairCount{} }}
	return out
}

var regressions = map[string]func(m *moments) (float64, bool){
	"regr_sxx":  func(m *moments) (float64, bool) { return m.sxx, m.n > 0 },
	"regr_syy":  func(m *moments) (float64, bool) { return m.syy, m.n > 0 },
	"regr_sxy":  func(m *moments) (float64, bool) { return m.sxy, m.n > 0 },
	"regr_avgx": func(m *moments) (float64, bool) { return m.sx / m.n, m.n > 0 },
	"regr_avgy": func(m *moments) (float64, bool) { return m.sy / m.n, m.n > 0 },
	"covar_pop": func(m *moments) (float64, bool) { return m.sxy / m.n, m.n > 0 },
	"covar_samp": func(m *moments) (float64, bool) {
		return m.sxy / (m.n - 1), m.n > 1
	},
	"corr": func(m *moments) (float64, bool) {
		return m.sxy / math.Sqrt(m.sxx*m.syy), m.n > 0 && m.sxx != 0 && m.syy != 0
	},
	"regr_r2": func(m *moments) (float64, bool) {
		if m.syy == 0 {
			return 1, m.n > 0 && m.sxx != 0
		}
		return m.sxy * m.sxy / (m.sxx * m.syy), m.n > 0 && m.sxx != 0
	},
	"regr_slope":     func(m *moments) (float64, bool) { return m.sxy / m.sxx, m.n > 0 && m.sxx != 0 },
	"regr_intercept": func(m *moments) (float64, bool) { return (m.sy - m.sx*m.sxy/m.sxx) / m.n, m.n > 0 && m.sxx != 0 },
}

// pairCount counts rows in which both arguments are given.
type pairCount struct{ n int64 }

func (a *pairCount) Add(_ *Ctx, args []types.Datum) error {
	if !args[0].IsNull() && !args[1].IsNull() {
		a.n++
	}
	return nil
}
func (a *pairCount) Result(*Ctx) (types.Datum, error) { return types.NewInt(a.n), nil }
func (a *pairCount) Size() int                        { return 16 }
