package funcs

import (
	"errors"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

func init() {
	types.CheckPathRegex = func(text, flags string) error {
		_, err := compilePattern(text, flags)
		return err
	}
}

// jsonPathKernels: the functions that apply a jsonpath; those with _tz may convert
// between zoned and other times.
func jsonPathKernels() kernels {
	out := kernels{
		"jsonpath_send": scalar(func(a []types.Datum) (types.Datum, error) {
			return types.NewText(string(types.AppendBinary(nil, types.JSONPathOID, a[0]))), nil
		}),
	}
	none := []types.Datum{types.NewJSONB(&types.JSONB{Kind: types.JSONObject}), types.NewBool(false)}
	for _, zoned := range []bool{false, true} {
		suffix := map[bool]string{true: "_tz"}[zoned]
		one := func(f func(r *pathRun, silent bool) (types.Datum, error)) kernel {
			return kernel{defaults: none, eval: func(c *Ctx, a []types.Datum) (types.Datum, error) {
				r, silent := newPathRun(c, a, zoned)
				return f(r, silent)
			}}
		}
		out["jsonb_path_exists"+suffix], out["jsonb_path_match"+suffix] = one((*pathRun).exists), one((*pathRun).match)
		out["jsonb_path_query_array"+suffix] = one(func(r *pathRun, silent bool) (types.Datum, error) {
			list, err := r.query(silent)
			return types.NewJSONB(&types.JSONB{Kind: types.JSONArray, Elems: list}), err
		})
		out["jsonb_path_query_first"+suffix] = one(func(r *pathRun, silent bool) (types.Datum, error) {
			list, err := r.query(silent)
			if err != nil || len(list) == 0 {
				return types.Null, err
			}
			return types.NewJSONB(list[0]), nil
		})
		out["jsonb_path_query"+suffix] = kernel{defaults: none, rows: func(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			r, silent := newPathRun(c, a, zoned)
			list, err := r.query(silent)
			for i := 0; i < len(list) && err == nil; i++ {
				err = emit([]types.Datum{types.NewJSONB(list[i])})
			}
			return err
		}}
	}
	out["jsonb_path_exists_opr"], out["jsonb_path_match_opr"] = out["jsonb_path_exists"], out["jsonb_path_match"]
	for _, name := range []string{"jsonb_path_exists_opr", "jsonb_path_match_opr"} {
		k := out[name]
		k.defaults = nil
		out[name] = k
	}
	return out
}

// A pathValue is an item that a path met: a JSON value, or a date or time made of
// one, whose text v is then.
type pathValue struct {
	v      *types.JSONB
	moment types.OID // 0: no date or time
	at     types.Datum
}

func (x pathValue) kind() types.JSONKind {
	if x.moment != 0 {
		return pathMoment
	}
	return x.v.Kind
}

// pathMoment is the kind of dates and times.
const pathMoment = types.JSONObject + 1

// A pathFail is an error that a predicate takes for unknown and silent suppresses.
type pathFail struct{ err error }

func (f *pathFail) Error() string { return f.err.Error() }

func failPath(code, format string, args ...any) error {
	return &pathFail{pgerr.New(code, format, args...)}
}

// The SQLSTATEs of SQL/JSON.
const (
	jsonInvalidDatetime  = "22031"
	jsonInvalidSubscript = "22033"
	jsonNonNumeric       = "22036"
	jsonNotSingleton     = "22038"
	jsonArrayNotFound    = "22039"
	jsonMemberNotFound   = "2203A"
	jsonNumberNotFound   = "2203B"
	jsonObjectNotFound   = "2203C"
)

// A pathRun applies one path to one value.
type pathRun struct {
	c       *Ctx
	strict  bool
	expr    *types.PathItem
	root    *types.JSONB
	vars    *types.JSONB // nil: none were given
	zoned   bool
	current pathValue
	size    int  // of the array that "last" belongs to
	lenient bool // below .**, structural errors do not count
	probing bool // it only matters whether anything is found
	base    *types.JSONB
	baseID  int64
	lastID  int64
	steps   int
}

func newPathRun(c *Ctx, a []types.Datum, zoned bool) (r *pathRun, silent bool) {
	path := a[1].X.(*types.JSONPath)
	r = &pathRun{c: c, strict: path.Strict, expr: path.Expr, root: a[0].X.(*types.JSONB), zoned: zoned, size: -1, lastID: 1}
	r.current = pathValue{v: r.root}
	silent = true
	if len(a) > 2 {
		r.vars, silent, r.lastID = a[2].X.(*types.JSONB), a[3].Bool(), 2
	}
	return r, silent
}

// run collects what the path finds; with stop it may end at the first. failed tells of
// an error that silent suppressed.
func (r *pathRun) run(silent, stop bool) (list []pathValue, failed bool, err error) {
	if r.vars != nil && r.vars.Kind != types.JSONObject {
		return nil, false, pgerr.New(pgerr.InvalidParameterValue, "\"vars\" argument is not an object").
			WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")
	}
	r.probing = stop && !r.strict
	err = r.item(r.expr, pathValue{v: r.root}, !r.strict, func(x pathValue) error {
		list = append(list, x)
		if stop && !r.strict {
			return errPathDone
		}
		return nil
	})
	var f *pathFail
	switch {
	case err == errPathDone:
		err = nil
	case errors.As(err, &f):
		failed, err = true, f.err
		if silent {
			err = nil
		}
	}
	return list, failed, err
}

// errPathDone ends a search that has found what it needs.
var errPathDone = errors.New("found")

func (r *pathRun) query(silent bool) ([]*types.JSONB, error) {
	list, _, err := r.run(silent, false)
	if err != nil {
		return nil, err
	}
	out := make([]*types.JSONB, len(list))
	for i, x := range list {
		out[i] = x.v
	}
	return out, nil
}

func (r *pathRun) exists(silent bool) (types.Datum, error) {
	list, failed, err := r.run(silent, true)
	if failed || err != nil {
		return types.Null, err
	}
	return types.NewBool(len(list) > 0), nil
}

func (r *pathRun) match(silent bool) (types.Datum, error) {
	list, _, err := r.run(silent, false)
	if err != nil {
		return types.Null, err
	}
	if len(list) == 1 {
		switch list[0].kind() {
		case types.JSONBool:
			return types.NewBool(list[0].v.Bool), nil
		case types.JSONNull:
			return types.Null, nil
		}
	}
	if silent {
		return types.Null, nil
	}
	return types.Null, pgerr.New(jsonNotSingleton, "single boolean result is expected")
}

// variable is the value of $name.
func (r *pathRun) variable(name string) (pathValue, error) {
	if r.vars == nil { // of the operators @? and @@
		return pathValue{v: &types.JSONB{Kind: types.JSONNull}}, nil
	}
	if v := r.vars.Field(name); v != nil {
		return pathValue{v: v}, nil
	}
	return pathValue{}, pgerr.New(pgerr.UndefinedObject, "could not find jsonpath variable \"%s\"", name)
}

// matchRegex applies like_regex; a value that is no string is unknown.
func matchRegex(x *types.PathItem, v pathValue) (truth, error) {
	if v.kind() != types.JSONString {
		return unknown, nil
	}
	flags, err := x.EngineFlags()
	if err != nil {
		return unknown, err
	}
	p, err := compilePattern(x.Str, flags)
	if err != nil {
		return unknown, err
	}
	ok, err := p.match(v.v.Str)
	return truthOf(ok), err
}

func startsWith(v, init pathValue) truth {
	if v.kind() != types.JSONString || init.kind() != types.JSONString {
		return unknown
	}
	return truthOf(strings.HasPrefix(v.v.Str, init.v.Str))
}
