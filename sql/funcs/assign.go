package funcs

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

// maxAssigned is how many elements an assignment may make an array or a jsonb array
// have. More could not be stored.
const maxAssigned = 1 << 20

var errTooLarge = pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 134217727)

func subscriptError(text string) *pgerr.Error {
	return pgerr.New(pgerr.ArraySubscriptError, "%s", text)
}

// AssignElem is array with x at the subscripts; a NULL array is an empty one. An array
// of one dimension grows, with NULLs in between.
func AssignElem(array types.Datum, elem types.OID, subs []int64, x types.Datum) (types.Datum, error) {
	a := arrayOrEmpty(array, elem)
	if len(a.Dims) == 0 {
		out := &types.Array{Elem: elem, Elems: []types.Datum{x}}
		for _, s := range subs {
			out.Dims, out.Lower = append(out.Dims, 1), append(out.Lower, int(s))
		}
		return arrayDatum(out), nil
	}
	if len(subs) != len(a.Dims) {
		return types.Null, subscriptError("wrong number of array subscripts")
	}
	out, err := grown(a, subs, subs)
	if err != nil {
		return types.Null, err
	}
	at := 0
	for d, n := range out.Dims {
		at = at*n + int(subs[d]) - lower(out, d)
	}
	out.Elems[at] = x
	return arrayDatum(out), nil
}

func arrayOrEmpty(d types.Datum, elem types.OID) *types.Array {
	if d.IsNull() {
		return &types.Array{Elem: elem}
	}
	return arr(d)
}

// AssignSlice is array with the elements of src from lo to hi. A nil entry means the
// array's own bound. Nothing changes if src is NULL.
func AssignSlice(array types.Datum, elem types.OID, lo, hi []*int64, src types.Datum) (types.Datum, error) {
	a := arrayOrEmpty(array, elem)
	if src.IsNull() {
		return arrayDatum(a), nil
	}
	from := arr(src)
	if len(a.Dims) == 0 {
		return sliceOfEmpty(elem, lo, hi, from)
	}
	if len(lo) > len(a.Dims) {
		return types.Null, subscriptError("wrong number of array subscripts")
	}
	los, his := make([]int64, len(a.Dims)), make([]int64, len(a.Dims))
	for d := range a.Dims {
		los[d], his[d] = int64(lower(a, d)), int64(lower(a, d)+a.Dims[d]-1)
		if d < len(lo) && lo[d] != nil {
			los[d] = *lo[d]
		}
		if d < len(hi) && hi[d] != nil {
			his[d] = *hi[d]
		}
		if los[d] > his[d] {
			return types.Null, subscriptError("upper bound cannot be less than lower bound")
		}
	}
	out, err := grown(a, los, his)
	if err != nil {
		return types.Null, err
	}
	size := 1
	for d := range los {
		size *= int(his[d]-los[d]) + 1
	}
	if size > len(from.Elems) {
		return types.Null, subscriptError("source array too small")
	}
	overwrite(out, los, his, from.Elems)
	return arrayDatum(out), nil
}

// sliceOfEmpty makes an array of just the slice.
func sliceOfEmpty(elem types.OID, lo, hi []*int64, from *types.Array) (types.Datum, error) {
	out := &types.Array{Elem: elem}
	size := int64(1)
	for d := range lo {
		if lo[d] == nil || hi[d] == nil {
			return types.Null, subscriptError("array slice subscript must provide both boundaries").
				WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
		}
		n := *hi[d] - *lo[d] + 1
		if n < 0 || n > maxAssigned {
			return types.Null, errTooLarge
		}
		if size *= n; size > maxAssigned {
			return types.Null, errTooLarge
		}
		out.Dims, out.Lower = append(out.Dims, int(n)), append(out.Lower, int(*lo[d]))
	}
	if int64(len(from.Elems)) < size {
		return types.Null, subscriptError("source array too small")
	}
	if size == 0 {
		return arrayDatum(&types.Array{Elem: elem}), nil
	}
	out.Elems = append(out.Elems, from.Elems[:size]...)
	return arrayDatum(out), nil
}

// grown copies an array so that the range from lo to hi lies within it: one of one
// dimension gets larger, others must contain it.
func grown(a *types.Array, lo, hi []int64) (*types.Array, error) {
	out := &types.Array{Elem: a.Elem, Dims: append([]int(nil), a.Dims...)}
	for d := range a.Dims {
		out.Lower = append(out.Lower, lower(a, d))
	}
	if len(a.Dims) > 1 {
		for d, n := range a.Dims {
			if first := int64(lower(a, d)); lo[d] < first || hi[d] >= first+int64(n) {
				return nil, subscriptError("array subscript out of range")
			}
		}
		out.Elems = append(out.Elems, a.Elems...)
		return out, nil
	}
	first, last := min(lo[0], int64(lower(a, 0))), max(hi[0], int64(lower(a, 0)+a.Dims[0]-1))
	if last-first >= maxAssigned {
		return nil, errTooLarge
	}
	out.Elems = make([]types.Datum, last-first+1)
	for i := range out.Elems {
		out.Elems[i] = types.Null
	}
	copy(out.Elems[int64(lower(a, 0))-first:], a.Elems)
	out.Dims, out.Lower = []int{len(out.Elems)}, []int{int(first)}
	return out, nil
}

// overwrite fills the range from lo to hi with elements in their order.
func overwrite(a *types.Array, lo, hi []int64, elems []types.Datum) {
	var walk func(d, at int)
	walk = func(d, at int) {
		if d == len(a.Dims) {
			a.Elems[at], elems = elems[0], elems[1:]
			return
		}
		for i := lo[d]; i <= hi[d]; i++ {
			walk(d+1, at*a.Dims[d]+int(i)-lower(a, d))
		}
	}
	walk(0, 0)
}

// AssignJSON is a jsonb with x at a path, which is made where it is missing. A NULL
// jsonb is an empty array (list) or object.
func AssignJSON(j types.Datum, path []string, list bool, x types.Datum) (types.Datum, error) {
	b := binaryJSON
	v, value := jval{kind: '{'}, jval{kind: 'n', raw: "null"}
	if list {
		v.kind = '['
	}
	if !j.IsNull() {
		v = b.parse(j)
	}
	if !x.IsNull() {
		value = b.parse(x)
	}
	v, err := v.assign(path, 0, value)
	if err != nil {
		return types.Null, err
	}
	return b.rebuild(v)
}

// assign is v with x at the path from a depth on.
func (v jval) assign(path []string, depth int, x jval) (jval, error) {
	if depth == len(path) {
		return x, nil
	}
	switch v.kind {
	case '{':
		return v.assignField(path, depth, x)
	case '[':
		return v.assignElement(path, depth, x)
	}
	return v, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
		WithDetail("The path assumes key is a composite object, but it is a scalar value.")
}

func (v jval) assignField(path []string, depth int, x jval) (jval, error) {
	if i := v.place(path[depth]); i >= 0 {
		y, err := v.elems[i].assign(path, depth+1, x)
		return v.with(i, y), err
	}
	y, err := madeOf(path[depth+1:], x)
	out := v
	out.keys = append(append([]string(nil), v.keys...), path[depth])
	out.elems = append(append([]jval(nil), v.elems...), y)
	return out, err
}

func (v jval) assignElement(path []string, depth int, x jval) (jval, error) {
	part := path[depth]
	if err := v.numbered(part, depth+1); err != nil {
		return v, err
	}
	i, _ := elementNumber(part)
	n := len(v.elems)
	if i < 0 && -i > n {
		return v, pgerr.New(pgerr.InvalidParameterValue, "path element at position %d is out of range: %d", depth+1, i)
	}
	if i < 0 {
		i += n
	}
	if i < n {
		y, err := v.elems[i].assign(path, depth+1, x)
		return v.with(i, y), err
	}
	out, err := v.padded(i)
	if err != nil {
		return v, err
	}
	y, err := madeOf(path[depth+1:], x)
	out.elems = append(out.elems, y)
	return out, err
}

// padded is a copy of an array with n elements, null where it had none.
func (v jval) padded(n int) (jval, error) {
	if n >= maxAssigned {
		return v, errTooLarge
	}
	out := v
	out.elems = append(make([]jval, 0, n+1), v.elems...)
	for len(out.elems) < n {
		out.elems = append(out.elems, jval{kind: 'n', raw: "null"})
	}
	return out, nil
}

// madeOf wraps x in the objects and arrays that a path goes through: an integer is
// the place in an array.
func madeOf(path []string, x jval) (jval, error) {
	for len(path) > 0 {
		part := path[len(path)-1]
		path = path[:len(path)-1]
		i, isNumber := elementNumber(part)
		if !isNumber {
			x = jval{kind: '{', keys: []string{part}, elems: []jval{x}}
			continue
		}
		list, err := jval{kind: '['}.padded(max(0, i))
		if err != nil {
			return x, err
		}
		list.elems = append(list.elems, x)
		x = list
	}
	return x, nil
}
