package funcs

import (
	"zorya/sql/types"
)

// A sink takes what a path finds. errPathDone ends the search.
type sink func(pathValue) error

// isArray and isObject look at the value itself: a date is none of both.
func (x pathValue) isArray() bool  { return x.kind() == types.JSONArray }
func (x pathValue) isObject() bool { return x.kind() == types.JSONObject }

// structural is an error that lax mode does not have.
func (r *pathRun) structural(code, format string, args ...any) error {
	if !r.strict || r.lenient {
		return nil
	}
	return failPath(code, format, args...)
}

// next goes on with what follows x.
func (r *pathRun) next(x *types.PathItem, v pathValue, out sink) error {
	if x != nil && x.Next != nil {
		return r.item(x.Next, v, !r.strict, out)
	}
	return out(v)
}

// item applies x, and what follows it, to a value. With unwrap, an array stands for
// its elements where x needs something else.
func (r *pathRun) item(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	if r.steps++; r.steps%1024 == 0 && r.c != nil && r.c.Context != nil && r.c.Err() != nil {
		return r.c.Err()
	}
	switch x.Op {
	case types.PathRoot:
		return r.based(r.root, 0, func() error { return r.next(x, pathValue{v: r.root}, out) })
	case types.PathCurrent:
		return r.next(x, r.current, out)
	case types.PathKey:
		return r.key(x, v, unwrap, out)
	case types.PathAnyArray:
		return r.anyElement(x, v, out)
	case types.PathAnyKey:
		return r.anyMember(x, v, unwrap, out)
	case types.PathIndexArray:
		return r.subscripts(x, v, out)
	case types.PathAny:
		return r.descend(x, v, out)
	case types.PathFilter:
		return r.filter(x, v, unwrap, out)
	case types.PathMethod, types.PathDatetime:
		return r.method(x, v, unwrap, out)
	case types.PathAdd, types.PathSub, types.PathMul, types.PathDiv, types.PathMod:
		return r.arithmetic(x, v, out)
	case types.PathPlus, types.PathMinus:
		return r.sign(x, v, out)
	}
	if x.Op.IsPredicate() {
		t, err := r.test(x, v)
		if err != nil {
			return err
		}
		return r.next(x, pathValue{v: t.json()}, out)
	}
	return r.literal(x, out)
}

func (r *pathRun) literal(x *types.PathItem, out sink) error {
	v := &types.JSONB{}
	switch x.Op {
	case types.PathString:
		v = &types.JSONB{Kind: types.JSONString, Str: x.Str}
	case types.PathNumeric:
		v = &types.JSONB{Kind: types.JSONNumber, Num: x.Num}
	case types.PathBool:
		v = &types.JSONB{Kind: types.JSONBool, Bool: x.Bool}
	case types.PathLast:
		v = jsonInt(int64(r.size - 1))
	case types.PathVariable:
		value, err := r.variable(x.Str)
		if err != nil {
			return err
		}
		return r.based(r.vars, 1, func() error { return r.next(x, value, out) })
	}
	return r.next(x, pathValue{v: v}, out)
}

func jsonInt(n int64) *types.JSONB {
	return &types.JSONB{Kind: types.JSONNumber, Num: decInt(n, 0).datum()}
}

// based runs do with another object from which keyvalue() counts.
func (r *pathRun) based(base *types.JSONB, id int64, do func() error) error {
	old, oldID := r.base, r.baseID
	r.base, r.baseID = base, id
	err := do()
	r.base, r.baseID = old, oldID
	return err
}

// elements applies x to each element of an array.
func (r *pathRun) elements(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	for _, e := range v.v.Elems {
		var err error
		if x == nil {
			err = out(pathValue{v: e})
		} else {
			err = r.item(x, pathValue{v: e}, unwrap, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *pathRun) key(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	switch {
	case v.isObject():
		if f := v.v.Field(x.Str); f != nil {
			return r.next(x, pathValue{v: f}, out)
		}
		return r.structural(jsonMemberNotFound, "JSON object does not contain key \"%s\"", x.Str)
	case unwrap && v.isArray():
		return r.elements(x, v, false, out)
	}
	return r.structural(jsonMemberNotFound, "jsonpath member accessor can only be applied to an object")
}

func (r *pathRun) anyElement(x *types.PathItem, v pathValue, out sink) error {
	switch {
	case v.isArray():
		return r.elements(x.Next, v, !r.strict, out)
	case !r.strict:
		return r.next(x, v, out)
	}
	return r.structural(jsonArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
}

func (r *pathRun) anyMember(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	switch {
	case v.isObject():
		return r.elements(x.Next, v, !r.strict, out)
	case unwrap && v.isArray():
		return r.elements(x, v, false, out)
	}
	return r.structural(jsonObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
}

func (r *pathRun) subscripts(x *types.PathItem, v pathValue, out sink) error {
	if !v.isArray() && r.strict {
		return r.structural(jsonArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	elems := []pathValue{v}
	if v.isArray() {
		elems = nil
		for _, e := range v.v.Elems {
			elems = append(elems, pathValue{v: e})
		}
	}
	size := r.size
	defer func() { r.size = size }()
	for _, s := range x.Subs {
		r.size = len(elems)
		from, err := r.index(s.From, v)
		if err != nil {
			return err
		}
		to := from
		if s.To != nil {
			if to, err = r.index(s.To, v); err != nil {
				return err
			}
		}
		if from < 0 || from > to || to >= len(elems) {
			if err := r.structural(jsonInvalidSubscript, "jsonpath array subscript is out of bounds"); err != nil {
				return err
			}
		}
		for i := max(from, 0); i <= to && i < len(elems); i++ {
			if err := r.next(x, elems[i], out); err != nil {
				return err
			}
		}
	}
	return nil
}

// index computes a subscript, a number that is cut to an integer.
func (r *pathRun) index(x *types.PathItem, v pathValue) (int, error) {
	list, err := r.collect(x, v, false)
	if err != nil {
		return 0, err
	}
	if len(list) != 1 || list[0].kind() != types.JSONNumber {
		return 0, failPath(jsonInvalidSubscript, "jsonpath array subscript is not a single numeric value")
	}
	n := decOf(list[0].v.Num).trunc(0)
	if cmpDec(n, decInt(-1<<31, 0)) < 0 || cmpDec(n, decInt(1<<31-1, 0)) > 0 {
		return 0, failPath(jsonInvalidSubscript, "jsonpath array subscript is out of integer range")
	}
	return int(n.plain().n.Int64()), nil
}

// descend is .**: the value itself and what is in it, level by level down.
func (r *pathRun) descend(x *types.PathItem, v pathValue, out sink) error {
	if x.First == 0 {
		lenient := r.lenient
		r.lenient = true
		err := r.next(x, v, out)
		r.lenient = lenient
		if err != nil {
			return err
		}
	}
	return r.levels(x, v, 1, out)
}

func (r *pathRun) levels(x *types.PathItem, v pathValue, level uint32, out sink) error {
	if level > x.Last || !v.isArray() && !v.isObject() {
		return nil
	}
	leaves := x.First == types.PathUnbounded && x.Last == types.PathUnbounded
	for _, e := range v.v.Elems {
		scalar := e.Kind < types.JSONArray
		if level >= x.First || leaves && scalar {
			lenient := r.lenient
			r.lenient = true
			err := r.next(x, pathValue{v: e}, out)
			r.lenient = lenient
			if err != nil {
				return err
			}
		}
		if level < x.Last && !scalar {
			if err := r.levels(x, pathValue{v: e}, level+1, out); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *pathRun) filter(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	if unwrap && v.isArray() {
		return r.elements(x, v, false, out)
	}
	outer := r.current
	r.current = v
	t, err := r.test(x.Left, v)
	r.current = outer
	if err != nil || t != isTrue {
		return err
	}
	return r.next(x, v, out)
}

// collect gives all that x finds; with unwrap, elements in place of arrays.
func (r *pathRun) collect(x *types.PathItem, v pathValue, unwrap bool) (list []pathValue, err error) {
	probing := r.probing
	r.probing = false
	defer func() { r.probing = probing }()
	err = r.item(x, v, !r.strict, func(y pathValue) error {
		if unwrap && !r.strict && y.isArray() {
			return r.elements(nil, y, false, func(z pathValue) error { list = append(list, z); return nil })
		}
		list = append(list, y)
		return nil
	})
	return list, err
}
