package funcs

import (
	"fmt"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// RecordFuncs are the functions that make records of JSON objects. Their calls have
// one argument more than their signature: a record that shows the row's types and
// names, of which nothing is known if it has no fields.
var RecordFuncs = nameSet(`json_populate_record jsonb_populate_record json_populate_recordset jsonb_populate_recordset
	json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset`)

// recordKernels are their kernels.
func (t jsonType) recordKernels() kernels {
	out := kernels{}
	for _, from := range []string{"_populate_record", "_to_record"} {
		base := from == "_populate_record"
		var defaults []types.Datum
		if base && t.oid == types.JSONOID {
			defaults = []types.Datum{types.NewBool(false)}
		}
		out[from] = kernel{defaults: defaults, eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
			r, in, err := newRecordMaker(c, t, t.name+from, a, base)
			if err != nil || in.IsNull() {
				return r.base, err
			}
			return r.record(t.parse(in))
		}}
		out[from+"set"] = kernel{defaults: defaults, rows: func(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			name := t.name + from + "set"
			r, in, err := newRecordMaker(c, t, name, a, base)
			if err != nil || in.IsNull() {
				return err
			}
			return r.records(name, t.parse(in), emit)
		}}
	}
	return out
}

// A recordMaker turns JSON objects into records like its template.
type recordMaker struct {
	c        *Ctx
	t        jsonType
	template *types.Record
	base     types.Datum // values of members that are missing; may be NULL
}

func newRecordMaker(c *Ctx, t jsonType, name string, a []types.Datum, base bool) (*recordMaker, types.Datum, error) {
	r := &recordMaker{c: c, t: t, template: a[len(a)-1].X.(*types.Record)}
	in := a[0]
	if base {
		r.base, in = a[0], a[1]
	}
	if len(r.template.Types) == 0 {
		return r, in, pgerr.New(pgerr.FeatureNotSupported, "could not determine row type for result of %s", name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	return r, in, nil
}

func (r *recordMaker) records(name string, v jval, emit func([]types.Datum) error) error {
	if v.kind != '[' {
		switch {
		case r.t.oid == types.JSONBOID:
			return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a non-array", name)
		case v.kind == '{':
			return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on an object", name)
		}
		return pgerr.New(pgerr.InvalidParameterValue, "cannot call %s on a scalar", name)
	}
	for _, e := range v.elems {
		if e.kind != '{' {
			return pgerr.New(pgerr.InvalidParameterValue, "argument of %s must be an array of objects", name)
		}
		d, err := r.record(e)
		if err != nil {
			return err
		}
		if err := emit([]types.Datum{d}); err != nil {
			return err
		}
	}
	return nil
}

func (r *recordMaker) record(v jval) (types.Datum, error) {
	if v.kind != '{' {
		what := "a scalar"
		if v.kind == '[' {
			what = "an array"
		}
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot call populate_composite on %s", what)
	}
	out := &types.Record{Types: r.template.Types, Names: r.template.Names, Fields: make([]types.Datum, len(r.template.Types))}
	if b, ok := r.base.X.(*types.Record); ok {
		copy(out.Fields, b.Fields)
	}
	for i, t := range out.Types {
		m, ok := v.field(out.Names[i])
		if !ok {
			continue
		}
		d, err := r.member(i, t, m)
		if err != nil {
			return types.Null, err
		}
		out.Fields[i] = d
	}
	return types.Datum{Kind: types.KindRecord, X: out}, nil
}

// member converts the value of member i, which may be a row itself.
func (r *recordMaker) member(i int, t types.T, v jval) (types.Datum, error) {
	shape, ok := r.template.Fields[i].X.(*types.Record)
	switch {
	case !ok:
		return r.value(t, v, r.template.Names[i])
	case v.kind == 'n':
		return types.Null, nil
	case v.kind == '"':
		return types.ParseRecord(shape, v.text, r.c.Format)
	}
	inner := recordMaker{c: r.c, t: r.t, template: shape}
	return inner.record(v)
}

// value converts a JSON value to an SQL value.
func (r *recordMaker) value(t types.T, v jval, key string) (types.Datum, error) {
	switch {
	case v.kind == 'n':
		return types.Null, nil
	case t.OID == types.JSONOID:
		return types.NewText(v.raw), nil
	case t.OID == types.JSONBOID:
		return types.Parse(t, v.raw, r.c.Format)
	case v.kind == '"':
		return types.Parse(t, v.text, r.c.Format)
	case !isTrueArray(t.OID):
		return types.Parse(t, v.raw, r.c.Format)
	}
	b := &arrayBuilder{maker: r, elem: types.T{OID: elemOf(t.OID), Typmod: t.Typmod}, key: key}
	if v.kind != '[' {
		return types.Null, b.expected(nil)
	}
	if err := b.fill(v, nil); err != nil {
		return types.Null, err
	}
	a := &types.Array{Elem: b.elem.OID, Elems: b.elems}
	if len(b.elems) > 0 {
		a.Dims = b.dims
		for range b.dims {
			a.Lower = append(a.Lower, 1)
		}
	}
	return types.Datum{Kind: types.KindArray, X: a}, nil
}

// An arrayBuilder makes an array of nested JSON arrays. The first element that is
// none says how many dimensions there are.
type arrayBuilder struct {
	maker *recordMaker
	elem  types.T
	key   string
	dims  []int
	ndims int // 0: not known yet
	elems []types.Datum
}

// fill takes an array at the place that path tells: the index at each level.
func (b *arrayBuilder) fill(v jval, path []int) error {
	depth := len(path) + 1
	for i, e := range v.elems {
		at := append(path[:len(path):len(path)], i)
		if b.ndims == 0 && e.kind != '[' {
			b.ndims = depth
		}
		if b.ndims == 0 || depth < b.ndims {
			if e.kind != '[' {
				return b.expected(at)
			}
			if err := b.fill(e, at); err != nil {
				return err
			}
			continue
		}
		d, err := b.maker.value(b.elem, e, b.key)
		if err != nil {
			return err
		}
		b.elems = append(b.elems, d)
	}
	if b.ndims == 0 {
		b.ndims = depth
	}
	for len(b.dims) < b.ndims {
		b.dims = append(b.dims, -1)
	}
	if b.dims[depth-1] < 0 {
		b.dims[depth-1] = len(v.elems)
	} else if b.dims[depth-1] != len(v.elems) {
		return pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
			WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return nil
}

func (b *arrayBuilder) expected(path []int) error {
	e := pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array")
	if path == nil {
		return e.WithHint("See the value of key \"%s\".", b.key)
	}
	var at strings.Builder
	for _, i := range path {
		fmt.Fprintf(&at, "[%d]", i)
	}
	return e.WithHint("See the array element %s of key \"%s\".", at.String(), b.key)
}

// setLax is jsonb_set_lax: the last argument says what a NULL value means.
func setLax(set func([]types.Datum) (types.Datum, error), remove func([]types.Datum) (types.Datum, error)) func([]types.Datum) (types.Datum, error) {
	return func(a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() || a[1].IsNull() || a[3].IsNull() {
			return types.Null, nil
		}
		if a[4].IsNull() {
			return types.Null, nullTreatment()
		}
		if !a[2].IsNull() {
			return set(a[:4])
		}
		switch a[4].S {
		case "raise_exception":
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
				WithDetail("Exception was raised because null_value_treatment is \"raise_exception\".").
				WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
		case "use_json_null":
			return set([]types.Datum{a[0], a[1], types.NewJSONB(&types.JSONB{}), a[3]})
		case "delete_key":
			return remove(a[:2])
		case "return_target":
			return a[0], nil
		}
		return types.Null, nullTreatment()
	}
}

func nullTreatment() error {
	return pgerr.New(pgerr.InvalidParameterValue,
		"null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
}
