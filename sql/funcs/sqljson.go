package funcs

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// SQLJSON is the schema of the functions behind SQL/JSON's constructors and IS JSON.
// No user can name it.
const SQLJSON = "\x00json"

const duplicateJSONKey = "22030"

// A JSONForm says which function of SQLJSON a constructor or predicate is.
type JSONForm struct {
	Kind   string // json_object, json_array, json_objectagg, json_arrayagg, is json
	Binary bool   // makes jsonb
	Absent bool   // ABSENT ON NULL
	Unique bool   // WITH UNIQUE KEYS
	Item   string // of IS JSON: "", object, array, scalar
}

// Name is the function's name.
func (f JSONForm) Name() string {
	name := f.Kind + " " + f.Item
	for _, o := range []struct {
		on   bool
		word string
	}{{f.Binary, "jsonb"}, {f.Absent, "absent"}, {f.Unique, "unique"}} {
		if o.on {
			name += " " + o.word
		}
	}
	return name
}

// sqlJSONFuncs are the functions of SQLJSON.
func sqlJSONFuncs() []*Func {
	var list []*Func
	flags := []bool{false, true}
	for _, unique := range flags {
		for _, item := range []string{"", "object", "array", "scalar"} {
			f := JSONForm{Kind: "is json", Unique: unique, Item: item}
			list = append(list, &Func{Schema: SQLJSON, Name: f.Name(), Args: []types.OID{types.AnyOID}, Result: types.BoolOID, Strict: true,
				Volatility: Immutable, Kind: Plain, TypedEval: f.is})
		}
		for _, binary := range flags {
			for _, absent := range flags {
				f := JSONForm{Binary: binary, Absent: absent, Unique: unique}
				list = append(list, f.constructors()...)
			}
		}
	}
	return list
}

func (f JSONForm) jsonType() jsonType {
	if f.Binary {
		return binaryJSON
	}
	return plainJSON
}

func (f JSONForm) constructors() []*Func {
	one := func(kind string, fn Func) *Func {
		f.Kind = kind
		fn.Schema, fn.Name, fn.Result, fn.Volatility = SQLJSON, f.Name(), f.jsonType().oid, Stable
		return &fn
	}
	list := []types.OID{types.AnyOID}
	return []*Func{
		one("json_object", Func{Args: list, Variadic: true, Kind: Plain, TypedEval: f.object}),
		one("json_array", Func{Args: list, Variadic: true, Kind: Plain, TypedEval: f.array}),
		one("json_objectagg", Func{Args: []types.OID{types.AnyOID, types.AnyOID}, Kind: AggKind, NewAgg: func(_ *Ctx, ts []types.T) Agg {
			return &membersAgg{members: f.newMembers(), key: ts[0].OID, value: ts[1].OID}
		}}),
		one("json_arrayagg", Func{Args: list, Kind: AggKind, NewAgg: func(_ *Ctx, ts []types.T) Agg {
			return &elementsAgg{jsonAgg: jsonAgg{t: f.jsonType(), elem: ts[0].OID}, absent: f.Absent}
		}}),
	}
}

// jsonMembers gathers the members of an object.
type jsonMembers struct {
	form  JSONForm
	parts []string
	seen  map[string]bool
	size  int
}

func (f JSONForm) newMembers() jsonMembers { return jsonMembers{form: f, seen: map[string]bool{}} }

// add appends a member. A member that is left out counts for uniqueness.
func (m *jsonMembers) add(c *Ctx, key, value types.OID, k, v types.Datum) error {
	skip := m.form.Absent && v.IsNull()
	if skip && !m.form.Unique {
		return nil
	}
	if err := scalarKey(key); err != nil {
		return err
	}
	name := jsonKey(c, key, k)
	if m.form.Unique {
		switch {
		case m.seen[name] && m.form.Binary:
			return pgerr.New(duplicateJSONKey, "duplicate JSON object key value")
		case m.seen[name]:
			return pgerr.New(duplicateJSONKey, "duplicate JSON object key value: %s", name)
		}
		m.seen[name] = true
	}
	if !skip {
		text := name + " : " + jsonOf(c, value, v)
		m.parts = append(m.parts, text)
		m.size += len(text) + 16
	}
	return nil
}

func (f JSONForm) object(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	m := f.newMembers()
	for i := 0; i+1 < len(a); i += 2 {
		switch {
		case a[i].IsNull() && f.Binary:
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "argument %d: key must not be null", i+1)
		case a[i].IsNull():
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
		}
		if err := m.add(c, ts[i].OID, ts[i+1].OID, a[i], a[i+1]); err != nil {
			return types.Null, err
		}
	}
	return f.jsonType().fromText("{" + strings.Join(m.parts, ", ") + "}")
}

func (f JSONForm) array(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	var parts []string
	for i, d := range a {
		if !f.Absent || !d.IsNull() {
			parts = append(parts, jsonOf(c, ts[i].OID, d))
		}
	}
	return f.jsonType().fromText("[" + strings.Join(parts, ", ") + "]")
}

// membersAgg is JSON_OBJECTAGG.
type membersAgg struct {
	members    jsonMembers
	key, value types.OID
	some       bool
}

func (a *membersAgg) Add(c *Ctx, args []types.Datum) error {
	a.some = true
	if args[0].IsNull() {
		if a.members.form.Binary {
			return pgerr.New(pgerr.InvalidParameterValue, "field name must not be null")
		}
		return pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
	}
	return a.members.add(c, a.key, a.value, args[0], args[1])
}

func (a *membersAgg) Result(*Ctx) (types.Datum, error) {
	if !a.some {
		return types.Null, nil
	}
	return a.members.form.jsonType().fromText("{ " + strings.Join(a.members.parts, ", ") + " }")
}

func (a *membersAgg) Size() int { return 64 + a.members.size }

// elementsAgg is JSON_ARRAYAGG.
type elementsAgg struct {
	jsonAgg
	absent bool
}

func (a *elementsAgg) Add(c *Ctx, args []types.Datum) error {
	if a.absent && args[0].IsNull() {
		a.some = true
		return nil
	}
	return a.jsonAgg.Add(c, args)
}

// is tests a value that IS JSON may be asked of.
func (f JSONForm) is(_ *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
	t := plainJSON
	if ts[0].OID == types.JSONBOID {
		t = binaryJSON
	} else if _, err := types.Parse(types.Of(types.JSONOID), a[0].S, types.DefaultFormat); err != nil {
		return types.NewBool(false), nil
	}
	v := t.parse(a[0])
	ok := true
	switch f.Item {
	case "object":
		ok = v.kind == '{'
	case "array":
		ok = v.kind == '['
	case "scalar":
		ok = v.kind != '{' && v.kind != '['
	}
	return types.NewBool(ok && (!f.Unique || uniqueKeys(v))), nil
}

func uniqueKeys(v jval) bool {
	seen := map[string]bool{}
	for i, e := range v.elems {
		if v.kind == '{' {
			if seen[v.keys[i]] {
				return false
			}
			seen[v.keys[i]] = true
		}
		if !uniqueKeys(e) {
			return false
		}
	}
	return true
}
