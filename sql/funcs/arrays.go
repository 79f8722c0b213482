package funcs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

func arrayDatum(a *types.Array) types.Datum { return types.Datum{Kind: types.KindArray, X: a} }

func arr(d types.Datum) *types.Array { return d.X.(*types.Array) }

// vector makes a one-dimensional array; an empty one has no dimensions.
func vector(elem types.OID, elems []types.Datum) types.Datum {
	a := &types.Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims, a.Lower = []int{len(elems)}, []int{1}
	}
	return arrayDatum(a)
}

func textArray(parts []string) types.Datum {
	elems := make([]types.Datum, len(parts))
	for i, p := range parts {
		elems[i] = types.NewText(p)
	}
	return vector(types.TextOID, elems)
}

func lower(a *types.Array, dim int) int {
	if dim < len(a.Lower) {
		return a.Lower[dim]
	}
	return 1
}

func arrayKernels() kernels {
	return merge(arrayShape(), arrayChange(), arraySearch(), arrayText())
}

func arrayShape() kernels {
	// dim lifts functions of one dimension, NULL if there is none such.
	dim := func(f func(a *types.Array, d int) int) kernel {
		return scalar(func(args []types.Datum) (types.Datum, error) {
			a, d := arr(args[0]), args[1].I-1
			if d < 0 || d >= int64(len(a.Dims)) {
				return types.Null, nil
			}
			return types.NewInt(int64(f(a, int(d)))), nil
		})
	}
	return kernels{
		"array_length": dim(func(a *types.Array, d int) int { return a.Dims[d] }),
		"array_lower":  dim(lower),
		"array_upper":  dim(func(a *types.Array, d int) int { return lower(a, d) + a.Dims[d] - 1 }),
		"array_ndims": scalar(func(args []types.Datum) (types.Datum, error) {
			if n := len(arr(args[0]).Dims); n > 0 {
				return types.NewInt(int64(n)), nil
			}
			return types.Null, nil
		}),
		"array_cardinality": scalar(func(args []types.Datum) (types.Datum, error) {
			return types.NewInt(int64(len(arr(args[0]).Elems))), nil
		}),
		"array_dims": scalar(func(args []types.Datum) (types.Datum, error) {
			a := arr(args[0])
			if len(a.Dims) == 0 {
				return types.Null, nil
			}
			var b strings.Builder
			for d, n := range a.Dims {
				fmt.Fprintf(&b, "[%d:%d]", lower(a, d), lower(a, d)+n-1)
			}
			return types.NewText(b.String()), nil
		}),
	}
}

func arrayChange() kernels {
	return kernels{
		"array_append": {typed: func(_ *Ctx, a []types.Datum, ts []types.T, r types.T) (types.Datum, error) {
			return appendElem(a[0], a[1], r, false)
		}},
		"array_prepend": {typed: func(_ *Ctx, a []types.Datum, ts []types.T, r types.T) (types.Datum, error) {
			return appendElem(a[1], a[0], r, true)
		}},
		"array_cat":     scalar(concatArrays),
		"array_remove":  {typed: removeElems},
		"array_replace": {typed: replaceElems},
		"array_fill":    {typed: fillArray}, "array_fill_with_lower_bounds": {typed: fillArray},
		"trim_array": scalar(func(a []types.Datum) (types.Datum, error) {
			v, n := arr(a[0]), a[1].I
			have := 0
			if len(v.Dims) > 0 {
				have = v.Dims[0]
			}
			if n < 0 || n > int64(have) {
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", have)
			}
			return slice(v, []bound{{lo: lower(v, 0), hi: lower(v, 0) + have - 1 - int(n)}}, len(v.Dims)), nil
		}),
		"array_shuffle": scalar(func(a []types.Datum) (types.Datum, error) {
			v := *arr(a[0])
			v.Elems = append([]types.Datum(nil), v.Elems...)
			rand.Shuffle(len(v.Elems), func(i, j int) { v.Elems[i], v.Elems[j] = v.Elems[j], v.Elems[i] })
			return arrayDatum(&v), nil
		}),
	}
}

func appendElem(array, elem types.Datum, result types.T, front bool) (types.Datum, error) {
	if array.IsNull() {
		return vector(elemOf(result.OID), []types.Datum{elem}), nil
	}
	v := arr(array)
	if len(v.Dims) > 1 {
		return types.Null, pgerr.New("22000", "argument must be empty or one-dimensional array")
	}
	out := &types.Array{Elem: v.Elem, Dims: []int{len(v.Elems) + 1}, Lower: []int{lower(v, 0)}}
	if front {
		out.Elems = append([]types.Datum{elem}, v.Elems...)
	} else {
		out.Elems = append(append(make([]types.Datum, 0, len(v.Elems)+1), v.Elems...), elem)
	}
	return arrayDatum(out), nil
}

func concatArrays(a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return a[1], nil
	}
	if a[1].IsNull() {
		return a[0], nil
	}
	x, y := arr(a[0]), arr(a[1])
	switch {
	case len(x.Dims) == 0:
		return a[1], nil
	case len(y.Dims) == 0:
		return a[0], nil
	}
	out := &types.Array{Elem: x.Elem, Elems: append(append([]types.Datum(nil), x.Elems...), y.Elems...)}
	mismatch := func(detail string) error {
		return pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail("%s", detail)
	}
	switch len(x.Dims) - len(y.Dims) {
	case 0:
		if !sameShape(x, 1, y, 1) {
			return types.Null, mismatch("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = append([]int{x.Dims[0] + y.Dims[0]}, x.Dims[1:]...), x.Lower
	case 1:
		if !sameShape(x, 1, y, 0) {
			return types.Null, mismatch("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = append([]int{x.Dims[0] + 1}, x.Dims[1:]...), x.Lower
	case -1:
		if !sameShape(y, 1, x, 0) {
			return types.Null, mismatch("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = append([]int{y.Dims[0] + 1}, y.Dims[1:]...), y.Lower
	default:
		return types.Null, mismatch(fmt.Sprintf("Arrays of %d and %d dimensions are not compatible for concatenation.", len(x.Dims), len(y.Dims)))
	}
	return arrayDatum(out), nil
}

// sameShape compares lengths and lower bounds of the dimensions of x from i on with
// those of y from j on.
func sameShape(x *types.Array, i int, y *types.Array, j int) bool {
	if len(x.Dims)-i != len(y.Dims)-j {
		return false
	}
	for ; i < len(x.Dims); i, j = i+1, j+1 {
		if x.Dims[i] != y.Dims[j] || lower(x, i) != lower(y, j) {
			return false
		}
	}
	return true
}

// sameElem compares as IS NOT DISTINCT FROM.
func sameElem(t types.OID, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return types.Compare(t, a, b) == 0
}

func removeElems(_ *Ctx, a []types.Datum, _ []types.T, _ types.T) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	v := arr(a[0])
	if len(v.Dims) > 1 {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "removing elements from multidimensional arrays is not supported")
	}
	out := &types.Array{Elem: v.Elem}
	for _, e := range v.Elems {
		if !sameElem(v.Elem, e, a[1]) {
			out.Elems = append(out.Elems, e)
		}
	}
	if len(out.Elems) > 0 {
		out.Dims, out.Lower = []int{len(out.Elems)}, v.Lower
	}
	return arrayDatum(out), nil
}

func replaceElems(_ *Ctx, a []types.Datum, _ []types.T, _ types.T) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	v := *arr(a[0])
	v.Elems = append([]types.Datum(nil), v.Elems...)
	for i, e := range v.Elems {
		if sameElem(v.Elem, e, a[1]) {
			v.Elems[i] = a[2]
		}
	}
	return arrayDatum(&v), nil
}

func fillArray(_ *Ctx, a []types.Datum, _ []types.T, result types.T) (types.Datum, error) {
	if a[1].IsNull() || len(a) > 2 && a[2].IsNull() {
		return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
	}
	out := &types.Array{Elem: elemOf(result.OID)}
	total := 1
	for i := range a[1:] {
		if len(arr(a[i+1]).Dims) > 1 {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Dimension array must be one dimensional.")
		}
		if i > 0 && slices.ContainsFunc(arr(a[i+1]).Elems, types.Datum.IsNull) {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
		}
	}
	if err := types.CheckDims(len(arr(a[1]).Elems)); err != nil {
		return types.Null, err
	}
	for _, d := range arr(a[1]).Elems {
		if d.IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
		}
		// PostgreSQL's own limit would let one call take gigabytes.
		if d.I < 0 || d.I > 1<<24 || total*int(max(d.I, 1)) > 1<<24 {
			return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)")
		}
		total *= int(d.I)
		out.Dims, out.Lower = append(out.Dims, int(d.I)), append(out.Lower, 1)
	}
	if len(a) > 2 {
		bounds := arr(a[2]).Elems
		if len(bounds) != len(out.Dims) {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Low bound array has different size than dimensions array.")
		}
		for i, d := range bounds {
			out.Lower[i] = int(d.I)
		}
	}
	if total == 0 || len(out.Dims) == 0 {
		return arrayDatum(&types.Array{Elem: out.Elem}), nil
	}
	out.Elems = make([]types.Datum, total)
	for i := range out.Elems {
		out.Elems[i] = a[0]
	}
	return arrayDatum(out), nil
}

func arraySearch() kernels {
	return kernels{
		"array_position":       scalar(arrayPosition),
		"array_position_start": scalar(arrayPosition),
		"array_positions": scalar(func(a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			v := arr(a[0])
			if len(v.Dims) > 1 {
				return types.Null, errSearchDims
			}
			var out []types.Datum
			for i, e := range v.Elems {
				if sameElem(v.Elem, e, a[1]) {
					out = append(out, types.NewInt(int64(i+lower(v, 0))))
				}
			}
			return vector(types.Int4OID, out), nil
		}),
		"arraycontains": scalar(func(a []types.Datum) (types.Datum, error) {
			return types.NewBool(containsAll(arr(a[0]), arr(a[1]))), nil
		}),
		"arraycontained": scalar(func(a []types.Datum) (types.Datum, error) {
			return types.NewBool(containsAll(arr(a[1]), arr(a[0]))), nil
		}),
		"arrayoverlap": scalar(func(a []types.Datum) (types.Datum, error) {
			x, y := arr(a[0]), arr(a[1])
			for _, e := range y.Elems {
				if !e.IsNull() && hasElem(x, e) {
					return types.NewBool(true), nil
				}
			}
			return types.NewBool(false), nil
		}),
		"width_bucket_array": scalar(func(a []types.Datum) (types.Datum, error) {
			v := arr(a[1])
			if len(v.Dims) > 1 {
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
			}
			if slices.ContainsFunc(v.Elems, types.Datum.IsNull) {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
			}
			n := sort.Search(len(v.Elems), func(i int) bool { return types.Compare(v.Elem, v.Elems[i], a[0]) > 0 })
			return types.NewInt(int64(n)), nil
		}),
	}
}

var errSearchDims = pgerr.New(pgerr.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")

func arrayPosition(a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	v := arr(a[0])
	if len(v.Dims) > 1 {
		return types.Null, errSearchDims
	}
	from := 0
	if len(a) == 3 {
		if len(v.Elems) == 0 {
			return types.Null, nil
		}
		if a[2].IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
		}
		from = max(int(a[2].I)-lower(v, 0), 0)
	}
	for i := from; i < len(v.Elems); i++ {
		if sameElem(v.Elem, v.Elems[i], a[1]) {
			return types.NewInt(int64(i + lower(v, 0))), nil
		}
	}
	return types.Null, nil
}

func hasElem(a *types.Array, e types.Datum) bool {
	for _, x := range a.Elems {
		if !x.IsNull() && types.Compare(a.Elem, x, e) == 0 {
			return true
		}
	}
	return false
}

func containsAll(a, b *types.Array) bool {
	for _, e := range b.Elems {
		if e.IsNull() || !hasElem(a, e) {
			return false
		}
	}
	return true
}

func arrayText() kernels {
	return kernels{
		"array_to_text": {typed: arrayToString}, "array_to_text_null": {typed: arrayToString},
		"text_to_array":      scalar(func(a []types.Datum) (types.Datum, error) { return splitArray(a) }),
		"text_to_array_null": scalar(func(a []types.Datum) (types.Datum, error) { return splitArray(a) }),
		"text_to_table":      {rows: splitRows}, "text_to_table_null": {rows: splitRows},
	}
}

func arrayToString(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return types.Null, nil
	}
	var b strings.Builder
	first := true
	v := arr(a[0])
	for _, e := range v.Elems {
		text := ""
		switch {
		case !e.IsNull():
			text = output(c, v.Elem, e)
		case len(a) < 3 || a[2].IsNull():
			continue
		default:
			text = a[2].S
		}
		if !first {
			b.WriteString(a[1].S)
		}
		first = false
		b.WriteString(text)
	}
	return types.NewText(b.String()), nil
}

// splitText is string_to_array and its like: a NULL separator cuts at every
// character; parts equal to the null string become NULL.
func splitText(a []types.Datum) []types.Datum {
	s := a[0].S
	if s == "" {
		return nil
	}
	var parts []string
	switch {
	case a[1].IsNull():
		parts = strings.Split(s, "")
	case a[1].S == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, a[1].S)
	}
	out := make([]types.Datum, len(parts))
	for i, p := range parts {
		if len(a) < 3 || a[2].IsNull() || a[2].S != p {
			out[i] = types.NewText(p)
		}
	}
	return out
}

func splitArray(a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	return vector(types.TextOID, splitText(a)), nil
}

func splitRows(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	if a[0].IsNull() {
		return nil
	}
	for _, p := range splitText(a) {
		if err := emit([]types.Datum{p}); err != nil {
			return err
		}
	}
	return nil
}
