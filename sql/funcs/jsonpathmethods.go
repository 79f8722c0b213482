package funcs

import (
	"math"

	"zorya/sql/types"
)

// method applies .name() to a value.
func (r *pathRun) method(x *types.PathItem, v pathValue, unwrap bool, out sink) error {
	name := x.Str
	if x.Op == types.PathDatetime {
		name = "datetime"
	}
	// type() and size() look at an array itself.
	if unwrap && v.isArray() && name != "type" && name != "size" {
		return r.elements(x, v, false, out)
	}
	give := func(y *types.JSONB) error { return r.next(x, pathValue{v: y}, out) }
	switch name {
	case "type":
		return give(&types.JSONB{Kind: types.JSONString, Str: v.typeName()})
	case "size":
		switch {
		case v.isArray():
			return give(jsonInt(int64(len(v.v.Elems))))
		case r.strict:
			return r.structural(jsonArrayNotFound, "jsonpath item method .%s() can only be applied to an array", name)
		}
		return give(jsonInt(1))
	case "double":
		y, err := r.double(v)
		if err != nil {
			return err
		}
		return give(y)
	case "datetime":
		y, err := r.datetime(x, v)
		if err != nil {
			return err
		}
		return r.next(x, y, out)
	case "keyvalue":
		return r.keyValues(x, v, out)
	}
	if v.kind() != types.JSONNumber {
		return failPath(jsonNonNumeric, "jsonpath item method .%s() can only be applied to a numeric value", name)
	}
	return give(&types.JSONB{Kind: types.JSONNumber, Num: roundPath(name, decOf(v.v.Num)).datum()})
}

func roundPath(name string, d dec) dec {
	switch {
	case name == "floor":
		return floorDec(d)
	case name == "ceiling":
		return floorDec(d.neg()).neg()
	case d.sign() < 0:
		return d.neg()
	}
	return d
}

// typeName is what .type() says.
func (x pathValue) typeName() string {
	if x.moment != 0 {
		return typeName(x.moment)
	}
	return [...]string{"null", "string", "number", "boolean", "array", "object"}[x.v.Kind]
}

// double is .double(): a number that double precision can hold, or a string of one.
func (r *pathRun) double(v pathValue) (*types.JSONB, error) {
	text := ""
	switch v.kind() {
	case types.JSONNumber:
		text = decOf(v.v.Num).text()
	case types.JSONString:
		text = v.v.Str
	default:
		return nil, failPath(jsonNonNumeric, "jsonpath item method .%s() can only be applied to a string or numeric value", "double")
	}
	d, err := types.Parse(types.Of(types.Float8OID), text, types.DefaultFormat)
	switch {
	case err != nil && v.kind() == types.JSONNumber:
		return nil, failPath(jsonNonNumeric, "numeric argument of jsonpath item method .%s() is out of range for type double precision", "double")
	case err != nil || v.kind() == types.JSONString && (math.IsInf(d.F, 0) || math.IsNaN(d.F)):
		return nil, failPath(jsonNonNumeric, "string argument of jsonpath item method .%s() is not a valid representation of a double precision number", "double")
	case v.kind() == types.JSONNumber:
		return v.v, nil
	}
	e := registry.castKeys[castKey{types.Float8OID, types.NumericOID}]
	n, err := e.Func.Eval(r.c, []types.Datum{d})
	return &types.JSONB{Kind: types.JSONNumber, Num: n}, err
}

// keyValues is .keyvalue(): an object for each member, with an id of the object that
// it is of.
func (r *pathRun) keyValues(x *types.PathItem, v pathValue, out sink) error {
	if !v.isObject() {
		return failPath(jsonObjectNotFound, "jsonpath item method .%s() can only be applied to an object", "keyvalue")
	}
	id := jsonInt(r.baseID*10000000000 + int64(offsetIn(r.base, v.v)))
	for i, k := range v.v.Keys {
		o := types.NewJSONObject([]string{"id", "key", "value"}, []*types.JSONB{id, {Kind: types.JSONString, Str: k}, v.v.Elems[i]})
		r.lastID++
		err := r.based(o, r.lastID-1, func() error { return r.next(x, pathValue{v: o}, out) })
		if err != nil {
			return err
		}
	}
	return nil
}

// offsetIn is the place of a part in PostgreSQL's binary form of a value; 0 if it is
// not there.
func offsetIn(base, part *types.JSONB) int {
	if base == nil || base == part {
		return 0
	}
	l := jsonLayout{want: part, at: -1}
	l.container(base, 0)
	return max(l.at, 0)
}

// jsonLayout follows the layout of jsonb: a header, an entry of four bytes for each
// key and value, then their bytes; numbers and containers are aligned to four.
type jsonLayout struct {
	want *types.JSONB
	at   int
}

// container returns where the container that begins at an offset ends.
func (l *jsonLayout) container(v *types.JSONB, at int) int {
	if v == l.want && l.at < 0 {
		l.at = at
	}
	at += 4 + 4*(len(v.Keys)+len(v.Elems))
	for _, k := range v.Keys {
		at += len(k)
	}
	for _, e := range v.Elems {
		switch e.Kind {
		case types.JSONString:
			at += len(e.Str)
		case types.JSONNumber:
			at = (at+3)&^3 + numericSize(e.Num)
		case types.JSONArray, types.JSONObject:
			at = l.container(e, (at+3)&^3)
		}
	}
	return at
}

// numericSize is the size of PostgreSQL's numeric: two headers and a word for each
// four decimal digits that are not zeros at the ends.
func numericSize(d types.Datum) int {
	sent := types.AppendBinary(nil, types.NumericOID, d)
	digits := int(sent[0])<<8 | int(sent[1])
	weight := int(int16(uint16(sent[2])<<8 | uint16(sent[3])))
	scale := int(sent[6])<<8 | int(sent[7])
	if scale > 63 || weight < -64 || weight > 63 {
		return 8 + 2*digits
	}
	return 6 + 2*digits
}
