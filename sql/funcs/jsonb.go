package funcs

import (
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// jsonbOperators: containment, existence, concatenation, deletion and change.
func jsonbOperators() kernels {
	b := binaryJSON
	test := func(f func(v jval, a []types.Datum) bool) kernel {
		return scalar(func(a []types.Datum) (types.Datum, error) { return types.NewBool(f(b.parse(a[0]), a)), nil })
	}
	change := func(f func(v jval, a []types.Datum) (jval, error)) kernel {
		return scalar(func(a []types.Datum) (types.Datum, error) {
			v, err := f(b.parse(a[0]), a)
			if err != nil {
				return types.Null, err
			}
			return b.rebuild(v)
		})
	}
	set := change(func(v jval, a []types.Datum) (jval, error) {
		if err := onePath(a[1]); err != nil {
			return v, err
		}
		if len(v.elems) == 0 && !a[3].Bool() && (v.kind == '{' || v.kind == '[') {
			return v, nil
		}
		return setPath(v, arr(a[1]).Elems, b.parse(a[2]), a[3].Bool(), false)
	})
	set.defaults = []types.Datum{types.NewBool(true)}
	insert := change(func(v jval, a []types.Datum) (jval, error) {
		if err := onePath(a[1]); err != nil {
			return v, err
		}
		return setPath(v, arr(a[1]).Elems, b.parse(a[2]), a[3].Bool(), true)
	})
	insert.defaults = []types.Datum{types.NewBool(false)}
	removePath := func(a []types.Datum) (types.Datum, error) {
		if err := onePath(a[1]); err != nil {
			return types.Null, err
		}
		v := b.parse(a[0])
		if v.kind != '{' && v.kind != '[' {
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot delete path in scalar")
		}
		if len(v.elems) == 0 {
			return a[0], nil
		}
		v, err := deletePath(v, arr(a[1]).Elems, 1)
		if err != nil {
			return types.Null, err
		}
		return b.rebuild(v)
	}
	lax := scalar(setLax(func(a []types.Datum) (types.Datum, error) { return set.eval(nil, a) }, removePath))
	lax.defaults = []types.Datum{types.NewBool(true), types.NewText("use_json_null")}
	return kernels{
		"jsonb_set_lax":   lax,
		"jsonb_contains":  test(func(v jval, a []types.Datum) bool { return contains(v, b.parse(a[1])) }),
		"jsonb_contained": test(func(v jval, a []types.Datum) bool { return contains(b.parse(a[1]), v) }),
		"jsonb_exists":    test(func(v jval, a []types.Datum) bool { return hasKey(v, a[1].S) }),
		"jsonb_exists_any": test(func(v jval, a []types.Datum) bool {
			for _, k := range arr(a[1]).Elems {
				if !k.IsNull() && hasKey(v, k.S) {
					return true
				}
			}
			return false
		}),
		"jsonb_exists_all": test(func(v jval, a []types.Datum) bool {
			for _, k := range arr(a[1]).Elems {
				if !k.IsNull() && !hasKey(v, k.S) {
					return false
				}
			}
			return true
		}),
		"jsonb_concat": change(func(v jval, a []types.Datum) (jval, error) { return concatJSON(v, b.parse(a[1])) }),
		"jsonb_delete": change(func(v jval, a []types.Datum) (jval, error) { return deleteKeys(v, a[1:2]) }),
		"jsonb_delete_array": change(func(v jval, a []types.Datum) (jval, error) {
			if err := onePath(a[1]); err != nil {
				return v, err
			}
			return deleteKeys(v, arr(a[1]).Elems)
		}),
		"jsonb_delete_idx": change(func(v jval, a []types.Datum) (jval, error) {
			switch v.kind {
			case '{':
				return v, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from object using integer index")
			case '[':
				i := a[1].I
				if i < 0 {
					i += int64(len(v.elems))
				}
				if i < 0 || i >= int64(len(v.elems)) {
					return v, nil
				}
				return v.drop(int(i)), nil
			}
			return v, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
		}),
		"jsonb_delete_path": scalar(removePath),
		"jsonb_set":         set, "jsonb_insert": insert,
		"jsonb_pretty": scalar(func(a []types.Datum) (types.Datum, error) {
			var s strings.Builder
			prettyJSON(&s, b.parse(a[0]), 0)
			return types.NewText(s.String()), nil
		}),
	}
}

// contains is @>: every part of w is in v, at the same place; an array may also
// contain a bare scalar.
func contains(v, w jval) bool {
	if v.kind == '[' && w.kind != '[' && w.kind != '{' {
		return containsElem(v, w)
	}
	return inside(v, w)
}

func inside(v, w jval) bool {
	if v.kind != w.kind {
		return false
	}
	switch w.kind {
	case '{':
		for i, k := range w.keys {
			x, ok := v.field(k)
			if !ok || !inside(x, w.elems[i]) {
				return false
			}
		}
		return true
	case '[':
		for _, e := range w.elems {
			if !containsElem(v, e) {
				return false
			}
		}
		return true
	}
	return equalScalar(v, w)
}

func containsElem(v, e jval) bool {
	for _, x := range v.elems {
		if inside(x, e) {
			return true
		}
	}
	return false
}

func equalScalar(v, w jval) bool {
	switch v.kind {
	case '"':
		return v.text == w.text
	case '0':
		return cmpDec(parseDec(v.raw), parseDec(w.raw)) == 0
	}
	return true
}

// parseDec reads a number of JSON, which may have an exponent.
func parseDec(s string) dec {
	d, err := types.Parse(types.Of(types.NumericOID), s, types.DefaultFormat)
	if err != nil {
		return decInt(0, 0)
	}
	return decOf(d)
}

// hasKey: a key of an object, a string in an array, or the string itself.
func hasKey(v jval, key string) bool {
	switch v.kind {
	case '{':
		_, ok := v.field(key)
		return ok
	case '[':
		for _, e := range v.elems {
			if e.kind == '"' && e.text == key {
				return true
			}
		}
		return false
	}
	return v.kind == '"' && v.text == key
}

func concatJSON(v, w jval) (jval, error) {
	if v.kind == '{' && w.kind == '{' {
		out := v
		out.keys = append(append([]string(nil), v.keys...), w.keys...)
		out.elems = append(append([]jval(nil), v.elems...), w.elems...)
		return out, nil
	}
	list := func(x jval) []jval {
		if x.kind == '[' {
			return x.elems
		}
		return []jval{x}
	}
	return jval{kind: '[', elems: append(append([]jval(nil), list(v)...), list(w)...)}, nil
}

// drop returns v without element or member i.
func (v jval) drop(i int) jval {
	out := v
	out.elems = append(append([]jval(nil), v.elems[:i]...), v.elems[i+1:]...)
	if v.kind == '{' {
		out.keys = append(append([]string(nil), v.keys[:i]...), v.keys[i+1:]...)
	}
	return out
}

func deleteKeys(v jval, keys []types.Datum) (jval, error) {
	if v.kind != '{' && v.kind != '[' {
		return v, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
	}
	for _, k := range keys {
		for i := len(v.elems) - 1; i >= 0 && !k.IsNull(); i-- {
			if v.kind == '{' && v.keys[i] == k.S || v.kind == '[' && v.elems[i].kind == '"' && v.elems[i].text == k.S {
				v = v.drop(i)
			}
		}
	}
	return v, nil
}

// place finds the member or element that a part of a path names; -1 if missing.
func (v jval) place(part string) int {
	if v.kind == '{' {
		for i := len(v.keys) - 1; i >= 0; i-- {
			if v.keys[i] == part {
				return i
			}
		}
		return -1
	}
	n, ok := elementNumber(part)
	if !ok {
		return -1
	}
	if n < 0 {
		n += len(v.elems)
	}
	if n < 0 || n >= len(v.elems) {
		return -1
	}
	return n
}

// elementNumber reads a part of a path as the number of an element, as C does: spaces
// may stand before it, not after.
func elementNumber(part string) (n int, ok bool) {
	v, err := strconv.ParseInt(strings.TrimLeft(part, " \t\n\v\f\r"), 10, 32)
	return int(v), err == nil
}

// onePath refuses arrays of more dimensions than one.
func onePath(path types.Datum) error {
	if len(arr(path).Dims) > 1 {
		return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	return nil
}

func deletePath(v jval, path []types.Datum, depth int) (jval, error) {
	if len(path) == 0 {
		return v, nil
	}
	if path[0].IsNull() {
		return v, pgerr.New(pgerr.NullValueNotAllowed, "path element at position %d is null", depth)
	}
	if v.kind != '{' && v.kind != '[' {
		return v, nil
	}
	if err := v.numbered(path[0].S, depth); err != nil {
		return v, err
	}
	i := v.place(path[0].S)
	if i < 0 {
		return v, nil
	}
	if len(path) == 1 {
		return v.drop(i), nil
	}
	y, err := deletePath(v.elems[i], path[1:], depth+1)
	return v.with(i, y), err
}

// numbered refuses a part of a path that should be the number of an element and is
// none.
func (v jval) numbered(part string, depth int) error {
	if v.kind != '[' {
		return nil
	}
	if _, ok := elementNumber(part); !ok {
		return pgerr.New(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", depth, part)
	}
	return nil
}

// with returns v with element i replaced.
func (v jval) with(i int, x jval) jval {
	out := v
	out.elems = append([]jval(nil), v.elems...)
	out.elems[i] = x
	return out
}

// setPath is jsonb_set (flag: create what is missing) and jsonb_insert (flag:
// after the element).
func setPath(v jval, path []types.Datum, x jval, flag, insert bool) (jval, error) {
	if v.kind != '{' && v.kind != '[' {
		return v, pgerr.New(pgerr.InvalidParameterValue, "cannot set path in scalar")
	}
	return setAt(v, path, x, flag, insert, 1)
}

func setAt(v jval, path []types.Datum, x jval, flag, insert bool, depth int) (jval, error) {
	if len(path) == 0 || v.kind != '{' && v.kind != '[' {
		return v, nil
	}
	if path[0].IsNull() {
		return v, pgerr.New(pgerr.NullValueNotAllowed, "path element at position %d is null", depth)
	}
	part := path[0].S
	if err := v.numbered(part, depth); err != nil {
		return v, err
	}
	i := v.place(part)
	if len(path) > 1 {
		if i < 0 {
			return v, nil
		}
		y, err := setAt(v.elems[i], path[1:], x, flag, insert, depth+1)
		return v.with(i, y), err
	}
	switch {
	case v.kind == '{' && i >= 0 && insert:
		return v, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
			WithHint("Try using the function jsonb_set to replace key value.")
	case i >= 0 && !insert:
		return v.with(i, x), nil
	case !insert && !flag:
		return v, nil
	case v.kind == '{':
		out := v
		out.keys, out.elems = append(append([]string(nil), v.keys...), part), append(append([]jval(nil), v.elems...), x)
		return out, nil
	}
	at := insertPlace(v, part, i, flag && insert)
	out := v
	out.elems = append(append(append([]jval(nil), v.elems[:at]...), x), v.elems[at:]...)
	return out, nil
}

// insertPlace is where in an array an element goes: at or after i, or at the end
// that a missing index points to.
func insertPlace(v jval, part string, i int, after bool) int {
	switch {
	case i >= 0 && after:
		return i + 1
	case i >= 0:
		return i
	case strings.HasPrefix(strings.TrimSpace(part), "-"):
		return 0
	}
	return len(v.elems)
}

func prettyJSON(b *strings.Builder, v jval, depth int) {
	if v.kind != '[' && v.kind != '{' {
		v.write(b)
		return
	}
	b.WriteByte(v.kind)
	for i, e := range v.elems {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + strings.Repeat("    ", depth+1))
		if v.kind == '{' {
			b.WriteString(QuoteJSON(v.keys[i]) + ": ")
		}
		prettyJSON(b, e, depth+1)
	}
	b.WriteString("\n" + strings.Repeat("    ", depth))
	b.WriteByte(v.kind + 2)
}

// jsonbCasts: from jsonb scalars to SQL's types.
func jsonbCasts() kernels {
	refuse := func(v jval, name string) error {
		what := map[byte]string{'n': "null", 't': "boolean", 'f': "boolean", '"': "string", '[': "array", '{': "object", '0': "numeric"}[v.kind]
		return pgerr.New(pgerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", what, name)
	}
	number := func(name string, t types.OID) kernel {
		return kernel{eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
			v := binaryJSON.parse(a[0])
			if v.kind != '0' {
				return types.Null, refuse(v, name)
			}
			d := parseDec(v.raw).datum()
			if t == types.NumericOID {
				return d, nil
			}
			e := registry.castKeys[castKey{types.NumericOID, t}]
			return e.Func.Eval(c, []types.Datum{d})
		}}
	}
	return kernels{
		"jsonb_bool": scalar(func(a []types.Datum) (types.Datum, error) {
			v := binaryJSON.parse(a[0])
			if v.kind != 't' && v.kind != 'f' {
				return types.Null, refuse(v, "boolean")
			}
			return types.NewBool(v.kind == 't'), nil
		}),
		"jsonb_numeric": number("numeric", types.NumericOID), "jsonb_int2": number("smallint", types.Int2OID),
		"jsonb_int4": number("integer", types.Int4OID), "jsonb_int8": number("bigint", types.Int8OID),
		"jsonb_float4": number("real", types.Float4OID), "jsonb_float8": number("double precision", types.Float8OID),
	}
}
