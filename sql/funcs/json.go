package funcs

import (
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A jsonType is json or jsonb: how values of it are read and made.
type jsonType struct {
	name string
	oid  types.OID
}

var (
	plainJSON  = jsonType{"json", types.JSONOID}
	binaryJSON = jsonType{"jsonb", types.JSONBOID}
)

func (t jsonType) parse(d types.Datum) jval {
	if t.oid == types.JSONOID {
		return parseJSON(d.S)
	}
	return parseJSON(string(types.AppendText(nil, types.JSONBOID, d, types.DefaultFormat)))
}

// make returns v as a datum: json keeps the source text.
func (t jsonType) make(v jval) (types.Datum, error) { return t.fromText(v.raw) }

func (t jsonType) fromText(text string) (types.Datum, error) {
	if t.oid == types.JSONOID {
		return types.NewText(text), nil
	}
	return types.Parse(types.Of(types.JSONBOID), text, types.DefaultFormat)
}

// withEscapes is a kernel that resolves the escapes of its first argument, all of
// them, and fails if it cannot.
func withEscapes(k kernel) kernel {
	out := k
	if k.eval != nil {
		out.vec = nil
		out.eval = func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if err := types.CheckJSONEscapes(a[0].S); err != nil {
				return types.Null, err
			}
			return k.eval(c, a)
		}
	}
	if k.rows != nil {
		out.rows = func(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			if err := types.CheckJSONEscapes(a[0].S); err != nil {
				return err
			}
			return k.rows(c, a, emit)
		}
	}
	return out
}

func (t jsonType) rebuild(v jval) (types.Datum, error) { return t.fromText(v.String()) }

func jsonKernels() kernels {
	out := kernels{}
	for _, t := range []jsonType{plainJSON, binaryJSON} {
		for name, k := range merge(t.access(), t.sets()) {
			if t.oid == types.JSONOID && name != "_typeof" && name != "_array_length" {
				k = withEscapes(k)
			}
			out[t.name+name] = k
		}
		for name, k := range merge(t.builders(), t.recordKernels()) {
			out[t.name+name] = k
		}
		out["to_"+t.name] = kernel{typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			return t.fromText(jsonOf(c, ts[0].OID, a[0]))
		}}
		out[t.name+"_agg(2283)"] = kernel{agg: func(_ *Ctx, ts []types.T) Agg { return &jsonAgg{t: t, elem: ts[0].OID} }}
		out[t.name+"_object_agg(2276,2276)"] = kernel{agg: func(_ *Ctx, ts []types.T) Agg {
			return &jsonObjectAgg{t: t, key: ts[0].OID, value: ts[1].OID}
		}}
	}
	pretty := func(at int) kernel {
		return kernel{typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			sep := ","
			if len(a) > at && a[at].Bool() {
				sep = ",\n "
			}
			return types.NewText(jsonJoin(c, ts[0].OID, a[0], sep)), nil
		}}
	}
	out["row_to_json"], out["row_to_json_pretty"] = pretty(1), pretty(1)
	out["array_to_json"], out["array_to_json_pretty"] = pretty(1), pretty(1)
	return merge(out, jsonbOperators(), jsonbCasts())
}

// access: what reads a part of a value.
func (t jsonType) access() kernels {
	get := func(f func(v jval, arg types.Datum) (jval, bool), text bool) kernel {
		return scalar(func(a []types.Datum) (types.Datum, error) {
			v, ok := f(t.parse(a[0]), a[1])
			switch {
			case !ok:
				return types.Null, nil
			case text:
				return v.asText(), nil
			}
			return t.make(v)
		})
	}
	field := func(v jval, arg types.Datum) (jval, bool) { return v.field(arg.S) }
	elem := func(v jval, arg types.Datum) (jval, bool) {
		if t == binaryJSON && v.kind != '{' && v.kind != '[' { // jsonb keeps a scalar as an array of one
			return v, arg.I == 0 || arg.I == -1
		}
		return v.elem(arg.I)
	}
	path := func(v jval, arg types.Datum) (jval, bool) {
		ok := true
		for _, p := range arr(arg).Elems {
			if p.IsNull() || !ok {
				return jval{}, false
			}
			v, ok = v.step(p.S)
		}
		return v, ok
	}
	return kernels{
		"_object_field": get(field, false), "_object_field_text": get(field, true),
		"_array_element": get(elem, false), "_array_element_text": get(elem, true),
		"_extract_path": get(path, false), "_extract_path_text": get(path, true),
		"_typeof": scalar(func(a []types.Datum) (types.Datum, error) { return types.NewText(t.parse(a[0]).typeName()), nil }),
		"_array_length": scalar(func(a []types.Datum) (types.Datum, error) {
			v := t.parse(a[0])
			switch v.kind {
			case '[':
				return types.NewInt(int64(len(v.elems))), nil
			case '{':
				return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a non-array")
			}
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot get array length of a scalar")
		}),
		"_strip_nulls": scalar(func(a []types.Datum) (types.Datum, error) {
			v := stripNulls(t.parse(a[0]))
			if t.oid == types.JSONOID {
				return types.NewText(compact(v)), nil
			}
			return t.rebuild(v)
		}),
	}
}

func stripNulls(v jval) jval {
	out := v
	out.keys, out.elems = nil, nil
	for i, e := range v.elems {
		if v.kind == '{' {
			if e.kind == 'n' {
				continue
			}
			out.keys = append(out.keys, v.keys[i])
		}
		out.elems = append(out.elems, stripNulls(e))
	}
	return out
}

// compact writes a value without spaces.
func compact(v jval) string {
	if v.kind != '[' && v.kind != '{' {
		return v.String()
	}
	var b strings.Builder
	b.WriteByte(v.kind)
	for i, e := range v.elems {
		if i > 0 {
			b.WriteByte(',')
		}
		if v.kind == '{' {
			b.WriteString(QuoteJSON(v.keys[i]) + ":")
		}
		b.WriteString(compact(e))
	}
	b.WriteByte(v.kind + 2)
	return b.String()
}

// sets: functions that give a row per part.
func (t jsonType) sets() kernels {
	elements := func(name string, text bool) kernel {
		return kernel{rows: func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			v := t.parse(a[0])
			if v.kind != '[' {
				return t.wrongKind(v, name)
			}
			for _, e := range v.elems {
				d, err := t.part(e, text)
				if err != nil {
					return err
				}
				if err := emit([]types.Datum{d}); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	members := func(name string, text bool) kernel {
		return kernel{rows: func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			v := t.parse(a[0])
			if v.kind != '{' {
				if v.kind == '[' && t.oid == types.JSONOID {
					return pgerr.New(pgerr.InvalidParameterValue, "cannot deconstruct an array as an object")
				}
				if t.oid == types.JSONOID {
					return pgerr.New(pgerr.InvalidParameterValue, "cannot deconstruct a scalar")
				}
				return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a non-object", t.name+name)
			}
			for i, e := range v.elems {
				d, err := t.part(e, text)
				if err != nil {
					return err
				}
				if err := emit([]types.Datum{types.NewText(v.keys[i]), d}); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return kernels{
		"_array_elements": elements("_array_elements", false), "_array_elements_text": elements("_array_elements_text", true),
		"_each": members("_each", false), "_each_text": members("_each_text", true),
		"_object_keys": {rows: func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			v := t.parse(a[0])
			if v.kind != '{' {
				what := "a scalar"
				if v.kind == '[' {
					what = "an array"
				}
				return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s_object_keys on %s", t.name, what)
			}
			for _, k := range v.keys {
				if err := emit([]types.Datum{types.NewText(k)}); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

func (t jsonType) part(v jval, text bool) (types.Datum, error) {
	if text {
		return v.asText(), nil
	}
	return t.make(v)
}

func (t jsonType) wrongKind(v jval, name string) error {
	if t.oid == types.JSONBOID {
		if v.kind == '{' {
			return pgerr.New(pgerr.InvalidParameterValue, "cannot extract elements from an object")
		}
		return pgerr.New(pgerr.InvalidParameterValue, "cannot extract elements from a scalar")
	}
	if v.kind == '{' {
		return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a non-array", t.name+name)
	}
	return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a scalar", t.name+name)
}

// builders: functions that make values from SQL values.
func (t jsonType) builders() kernels {
	return kernels{
		"_build_array_noargs":  scalar(func([]types.Datum) (types.Datum, error) { return t.fromText("[]") }),
		"_build_object_noargs": scalar(func([]types.Datum) (types.Datum, error) { return t.fromText("{}") }),
		"_build_array": {typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			parts := make([]string, len(a))
			for i, d := range a {
				parts[i] = jsonOf(c, ts[i].OID, d)
			}
			return t.fromText("[" + strings.Join(parts, ", ") + "]")
		}},
		"_build_object": {typed: t.buildObject},
		"_object": scalar(func(a []types.Datum) (types.Datum, error) {
			elems, dims := arr(a[0]).Elems, arr(a[0]).Dims
			switch {
			case len(dims) > 2:
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			case len(dims) == 2 && dims[1] != 2:
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
			case len(elems)%2 != 0:
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
			}
			var parts []string
			for i := 0; i < len(elems); i += 2 {
				if elems[i].IsNull() {
					return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
				}
				parts = append(parts, QuoteJSON(elems[i].S)+" : "+quoteOrNull(elems[i+1]))
			}
			return t.fromText("{" + strings.Join(parts, ", ") + "}")
		}),
		"_object_two_arg": scalar(func(a []types.Datum) (types.Datum, error) {
			if len(arr(a[0]).Dims) > 1 || len(arr(a[1]).Dims) > 1 {
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			}
			keys, values := arr(a[0]).Elems, arr(a[1]).Elems
			if len(keys) != len(values) {
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
			}
			var parts []string
			for i, k := range keys {
				if k.IsNull() {
					return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
				}
				parts = append(parts, QuoteJSON(k.S)+" : "+quoteOrNull(values[i]))
			}
			return t.fromText("{" + strings.Join(parts, ", ") + "}")
		}),
	}
}

func quoteOrNull(d types.Datum) string {
	if d.IsNull() {
		return "null"
	}
	return QuoteJSON(d.S)
}

func (t jsonType) buildObject(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	if len(a)%2 != 0 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "argument list must have even number of elements").
			WithHint("The arguments of %s_build_object() must consist of alternating keys and values.", t.name)
	}
	parts := make([]string, 0, len(a)/2)
	for i := 0; i < len(a); i += 2 {
		if a[i].IsNull() {
			if t.oid == types.JSONBOID {
				return types.Null, pgerr.New(pgerr.InvalidParameterValue, "argument %d: key must not be null", i+1)
			}
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "argument %d cannot be null", i+1).
				WithHint("Object keys should be text.")
		}
		if err := scalarKey(ts[i].OID); err != nil {
			return types.Null, err
		}
		parts = append(parts, jsonKey(c, ts[i].OID, a[i])+" : "+jsonOf(c, ts[i+1].OID, a[i+1]))
	}
	return t.fromText("{" + strings.Join(parts, ", ") + "}")
}

// scalarKey refuses a type whose values cannot be an object's keys.
func scalarKey(t types.OID) error {
	k := types.KindOf(t)
	if k == types.KindArray || k == types.KindRecord || t == types.JSONOID || t == types.JSONBOID {
		return pgerr.New(pgerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
	return nil
}

// jsonKey is an SQL value as the key of an object: its JSON text, as a string.
func jsonKey(c *Ctx, t types.OID, d types.Datum) string {
	text := jsonOf(c, t, d)
	if text[0] == '"' {
		return text
	}
	return QuoteJSON(text)
}

// jsonOf is the JSON text of an SQL value of type t.
func jsonOf(c *Ctx, t types.OID, d types.Datum) string { return jsonJoin(c, t, d, ",") }

func jsonJoin(c *Ctx, t types.OID, d types.Datum, sep string) string {
	if d.IsNull() {
		return "null"
	}
	switch t {
	case types.JSONOID:
		return d.S
	case types.JSONBOID:
		return output(c, t, d)
	case types.BoolOID:
		return strconv.FormatBool(d.Bool())
	case types.DateOID, types.TimestampOID, types.TimestampTZOID:
		return QuoteJSON(isoTime(c, t, d))
	}
	switch d.Kind {
	case types.KindArray:
		a := arr(d)
		return jsonArray(c, a, a.Elems, a.Dims, sep)
	case types.KindRecord:
		return jsonRecord(c, d.X.(*types.Record), sep)
	}
	text := output(c, t, d)
	if categoryOf(t) == 'N' && types.KindOf(t) != types.KindBytes && text != "NaN" && !strings.Contains(text, "nfinity") && types.RegKind(t) == "" {
		return text
	}
	return QuoteJSON(text)
}

// isoTime is XML's and JSON's form of a date or time: a T between, and minutes in
// the zone.
func isoTime(c *Ctx, t types.OID, d types.Datum) string {
	f := *types.DefaultFormat
	f.Zone = c.zone()
	text := string(types.AppendText(nil, t, d, &f))
	text, bc := strings.CutSuffix(text, " BC")
	text = strings.Replace(text, " ", "T", 1)
	if i := strings.LastIndexAny(text, "+-"); t == types.TimestampTZOID && i > 10 && len(text)-i == 3 {
		text += ":00"
	}
	if bc {
		text += " BC"
	}
	return text
}

func jsonArray(c *Ctx, a *types.Array, elems []types.Datum, dims []int, sep string) string {
	var parts []string
	switch len(dims) {
	case 0:
	case 1:
		for _, e := range elems {
			parts = append(parts, jsonOf(c, a.Elem, e))
		}
	default:
		n := len(elems) / dims[0]
		for i := 0; i < dims[0]; i++ {
			parts = append(parts, jsonArray(c, a, elems[i*n:(i+1)*n], dims[1:], ","))
		}
	}
	return "[" + strings.Join(parts, sep) + "]"
}

func jsonRecord(c *Ctx, r *types.Record, sep string) string {
	parts := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		name := "f" + strconv.Itoa(i+1)
		if i < len(r.Names) && r.Names[i] != "" {
			name = r.Names[i]
		}
		parts[i] = QuoteJSON(name) + ":" + jsonOf(c, r.Types[i].OID, f)
	}
	return "{" + strings.Join(parts, sep) + "}"
}

// jsonAgg is json_agg and jsonb_agg.
type jsonAgg struct {
	t     jsonType
	elem  types.OID
	parts []string
	some  bool
	size  int
}

func (a *jsonAgg) Add(c *Ctx, args []types.Datum) error {
	a.some = true
	text := jsonOf(c, a.elem, args[0])
	a.parts = append(a.parts, text)
	a.size += len(text) + 16
	return nil
}
func (a *jsonAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	sep := ", "
	if a.elem == types.RecordOID || types.Get(a.elem) == nil || isTrueArray(a.elem) {
		sep = ", \n "
	}
	return a.t.fromText("[" + strings.Join(a.parts, sep) + "]")
}
func (a *jsonAgg) Size() int { return 64 + a.size }

type jsonObjectAgg struct {
	t          jsonType
	key, value types.OID
	parts      []string
	size       int
}

func (a *jsonObjectAgg) Add(c *Ctx, args []types.Datum) error {
	if args[0].IsNull() {
		return pgerr.New(pgerr.InvalidParameterValue, "field name must not be null")
	}
	if err := scalarKey(a.key); err != nil {
		return err
	}
	text := jsonKey(c, a.key, args[0]) + " : " + jsonOf(c, a.value, args[1])
	a.parts = append(a.parts, text)
	a.size += len(text) + 16
	return nil
}
func (a *jsonObjectAgg) Result(*Ctx) (types.Datum, error) {
	if a.parts == nil {
		return types.Null, nil
	}
	return a.t.fromText("{ " + strings.Join(a.parts, ", ") + " }")
}
func (a *jsonObjectAgg) Size() int { return 64 + a.size }
