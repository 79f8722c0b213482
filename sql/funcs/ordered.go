package funcs

import (
	"math"

	"zorya/pgerr"
	"zorya/sql/types"
)

// orderedAggregates: ordered-set aggregates. Add gets the direct arguments first,
// then the value; rows come in the order of WITHIN GROUP.
func orderedAggregates() kernels {
	cont := func(t types.OID) kernel {
		return kernel{agg: func(*Ctx, []types.T) Agg { return &percentile{elem: t, cont: true} }}
	}
	disc := kernel{agg: func(_ *Ctx, ts []types.T) Agg { return &percentile{elem: ts[len(ts)-1].OID} }}
	return kernels{
		"percentile_cont(701,701)": cont(types.Float8OID), "percentile_cont(1022,701)": cont(types.Float8OID),
		"percentile_cont(701,1186)": cont(types.IntervalOID), "percentile_cont(1022,1186)": cont(types.IntervalOID),
		"percentile_disc(701,2283)": disc, "percentile_disc(1022,2283)": disc,
		"rank(2276)":       hypothetical(func(p Place) types.Datum { return types.NewInt(p.Before + 1) }),
		"dense_rank(2276)": hypothetical(func(p Place) types.Datum { return types.NewInt(p.GroupsBefore + 1) }),
		"percent_rank(2276)": hypothetical(func(p Place) types.Datum {
			if p.Rows == 0 {
				return types.NewFloat(0)
			}
			return types.NewFloat(float64(p.Before) / float64(p.Rows))
		}),
		"cume_dist(2276)": hypothetical(func(p Place) types.Datum {
			return types.NewFloat(float64(p.Before+p.Peers+1) / float64(p.Rows+1))
		}),
		"mode(2283)": {agg: func(_ *Ctx, ts []types.T) Agg { return &modeAgg{t: ts[len(ts)-1].OID} }},
	}
}

// hypotheticalAgg computes a rank from the place of the hypothetical row.
type hypotheticalAgg struct {
	value func(Place) types.Datum
	place Place
}

func hypothetical(value func(Place) types.Datum) kernel {
	return kernel{agg: func(*Ctx, []types.T) Agg { return &hypotheticalAgg{value: value} }}
}

func (a *hypotheticalAgg) Place(p Place)                    { a.place = p }
func (a *hypotheticalAgg) Add(*Ctx, []types.Datum) error    { return nil }
func (a *hypotheticalAgg) Result(*Ctx) (types.Datum, error) { return a.value(a.place), nil }
func (a *hypotheticalAgg) Size() int                        { return 64 }

// percentile keeps the sorted values and picks or interpolates.
type percentile struct {
	elem     types.OID
	cont     bool
	fraction types.Datum
	values   []types.Datum
	size     int
}

func (a *percentile) Add(_ *Ctx, args []types.Datum) error {
	a.fraction = args[0]
	if v := args[len(args)-1]; !v.IsNull() {
		a.values = append(a.values, v)
		a.size += 64 + len(v.S)
	}
	return nil
}

func (a *percentile) Result(*Ctx) (types.Datum, error) {
	if len(a.values) == 0 || a.fraction.IsNull() {
		return types.Null, nil
	}
	if a.fraction.Kind != types.KindArray {
		return a.at(a.fraction)
	}
	f := arr(a.fraction)
	out := *f
	out.Elem, out.Elems = a.elem, make([]types.Datum, len(f.Elems))
	for i, d := range f.Elems {
		v, err := a.at(d)
		if err != nil {
			return types.Null, err
		}
		out.Elems[i] = v
	}
	return arrayDatum(&out), nil
}

func (a *percentile) at(fraction types.Datum) (types.Datum, error) {
	if fraction.IsNull() {
		return types.Null, nil
	}
	p, n := fraction.F, len(a.values)
	if p < 0 || p > 1 || math.IsNaN(p) {
		return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "percentile value %g is not between 0 and 1", p)
	}
	if !a.cont {
		return a.values[max(int(math.Ceil(p*float64(n)))-1, 0)], nil
	}
	pos := p * float64(n-1)
	first := int(math.Floor(pos))
	lo, hi := a.values[first], a.values[int(math.Ceil(pos))]
	part := pos - math.Floor(pos)
	if part == 0 {
		return lo, nil
	}
	if a.elem == types.Float8OID {
		return types.NewFloat(lo.F + part*(hi.F-lo.F)), nil
	}
	diff, err := plusInterval(hi.X.(types.Interval), scaleSign(lo.X.(types.Interval), -1))
	if err != nil {
		return types.Null, err
	}
	if diff, err = scaleInterval(diff, part); err != nil {
		return types.Null, err
	}
	v, err := plusInterval(lo.X.(types.Interval), diff)
	return types.Datum{Kind: types.KindInterval, X: v}, err
}

func (a *percentile) Size() int { return 64 + a.size }

// modeAgg finds the most frequent value of a sorted input, the first of equals.
type modeAgg struct {
	t          types.OID
	best, last types.Datum
	bestN, n   int
}

func (a *modeAgg) Add(_ *Ctx, args []types.Datum) error {
	v := args[len(args)-1]
	if v.IsNull() {
		return nil
	}
	if a.n == 0 || types.Compare(a.t, v, a.last) != 0 {
		a.last, a.n = v, 0
	}
	if a.n++; a.n > a.bestN {
		a.best, a.bestN = a.last, a.n
	}
	return nil
}
func (a *modeAgg) Result(*Ctx) (types.Datum, error) { return a.best, nil }
func (a *modeAgg) Size() int                        { return 160 }
