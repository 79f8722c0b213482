package funcs

import (
	"zorya/sql/types"
)

// A bound is a range of subscripts of one dimension, inclusive.
type bound struct{ lo, hi int }

// ArrayElem is array[subs…]: NULL if the number of subscripts is not that of the
// dimensions or one is out of range.
func ArrayElem(array types.Datum, subs []int64) types.Datum {
	a := arr(array)
	if len(subs) != len(a.Dims) {
		return types.Null
	}
	at := 0
	for d, n := range a.Dims {
		i := subs[d] - int64(lower(a, d))
		if i < 0 || i >= int64(n) {
			return types.Null
		}
		at = at*n + int(i)
	}
	return a.Elems[at]
}

// ArraySlice is array[lo:hi, …]. A nil entry means the array's own bound. The
// result is empty where nothing is in range; its lower bounds are 1.
func ArraySlice(array types.Datum, lo, hi []*int64) types.Datum {
	a := arr(array)
	if len(lo) > len(a.Dims) {
		return arrayDatum(&types.Array{Elem: a.Elem})
	}
	bounds := make([]bound, len(lo))
	for d := range lo {
		b := bound{lower(a, d), lower(a, d) + a.Dims[d] - 1}
		if lo[d] != nil {
			b.lo = int(*lo[d])
		}
		if hi[d] != nil {
			b.hi = int(*hi[d])
		}
		bounds[d] = b
	}
	return slice(a, bounds, len(a.Dims))
}

// slice cuts the first dimensions to bounds and keeps the others whole.
func slice(a *types.Array, bounds []bound, dims int) types.Datum {
	out := &types.Array{Elem: a.Elem}
	var from []int
	for d := 0; d < dims; d++ {
		lo, hi := lower(a, d), lower(a, d)+a.Dims[d]-1
		if d < len(bounds) {
			lo, hi = max(lo, bounds[d].lo), min(hi, bounds[d].hi)
		}
		if lo > hi {
			return arrayDatum(&types.Array{Elem: a.Elem})
		}
		from = append(from, lo-lower(a, d))
		out.Dims, out.Lower = append(out.Dims, hi-lo+1), append(out.Lower, 1)
	}
	var walk func(d, at int)
	walk = func(d, at int) {
		if d == dims {
			out.Elems = append(out.Elems, a.Elems[at])
			return
		}
		for i := 0; i < out.Dims[d]; i++ {
			walk(d+1, at*a.Dims[d]+from[d]+i)
		}
	}
	if dims > 0 {
		walk(0, 0)
	}
	return arrayDatum(out)
}
