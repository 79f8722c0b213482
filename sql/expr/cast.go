package expr

import (
	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

func (c *compiler) cast(e *rel.Cast) (*node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	convert, err := c.conversion(e)
	if err != nil {
		return nil, err
	}
	n := over(x)
	if e.Domain != 0 {
		convert, n.fixed = checkDomain(convert, e.Domain), false
	}
	if convert == nil {
		n.row, n.vec, n.shared, n.con = x.row, x.eval, x.shared, x.con
		return n, nil
	}
	n.safe = false
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		d, err := x.row(env, r)
		if err != nil {
			return types.Null, err
		}
		return convert(env, d)
	}
	if e.Method == funcs.ByFunc && e.ElemCast == nil && e.Domain == 0 && len(e.Fn.Args) == 1 && !n.fixed {
		call := &rel.Call{T: e.T, Fn: e.Fn}
		n.vec = vecCall(call, []*node{x}, caller(e.Fn, []types.T{e.X.Type()}, e.T))
	}
	return n, nil
}

type convertFunc func(env *Env, d types.Datum) (types.Datum, error)

func checkDomain(convert convertFunc, domain types.OID) convertFunc {
	return func(env *Env, d types.Datum) (types.Datum, error) {
		if convert != nil {
			var err error
			if d, err = convert(env, d); err != nil {
				return types.Null, err
			}
		}
		if env.Domain == nil {
			return d, nil
		}
		return d, env.Domain(domain, d)
	}
}

// conversion returns what a cast does to a value, nil if nothing.
func (c *compiler) conversion(e *rel.Cast) (convertFunc, error) {
	from := e.X.Type()
	switch {
	case e.ElemCast != nil:
		return c.elementwise(e)
	case e.Method == funcs.Binary && from.OID == types.Int4OID && isOid(e.T.OID):
		return relabelled(func(v int64) int64 { return int64(uint32(v)) }), nil
	case e.Method == funcs.Binary && isOid(from.OID) && e.T.OID == types.Int4OID:
		return relabelled(func(v int64) int64 { return int64(int32(v)) }), nil
	case e.Method == funcs.Binary && otherNames(from.OID, e.T.OID):
		return renamed(types.Get(e.T.OID).Elem), nil
	case e.Method == funcs.Binary:
		return nil, nil
	case e.Method == funcs.ByInOut:
		return func(env *Env, d types.Datum) (types.Datum, error) {
			if d.IsNull() {
				return d, nil
			}
			return throughText(env, from.OID, e.T, d)
		}, nil
	}
	if from.OID == types.Int2OID && isOid(e.T.OID) { // by way of int4, whose bits it takes
		return relabelled(func(v int64) int64 { return int64(uint32(v)) }), nil
	}
	extra := []types.Datum{types.NewInt(int64(e.T.Typmod)), types.NewBool(e.Explicit)}
	extra = extra[:max(len(e.Fn.Args)-1, 0)]
	apply := caller(e.Fn, append([]types.T{from}, types.Of(types.Int4OID), types.Of(types.BoolOID))[:len(extra)+1], e.T)
	return func(env *Env, d types.Datum) (types.Datum, error) {
		if d.IsNull() && e.Fn.Strict {
			return types.Null, nil
		}
		return apply(env.ctx(), append([]types.Datum{d}, extra...))
	}, nil
}

// isOid reports whether a type's values are unsigned numbers of 32 bits.
func isOid(t types.OID) bool { return t == types.OidOID || types.RegKind(t) != "" }

// relabelled reads the same 32 bits as another number.
func relabelled(f func(int64) int64) convertFunc {
	return func(_ *Env, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		return types.NewInt(f(d.I)), nil
	}
}

// otherNames reports whether two types are arrays whose elements are objects of
// different kinds: an array knows what its elements are, and shows them so.
func otherNames(from, to types.OID) bool {
	f, t := types.Get(from), types.Get(to)
	return f != nil && t != nil && f.Elem != 0 && t.Elem != 0 && types.RegKind(f.Elem) != types.RegKind(t.Elem)
}

func renamed(elem types.OID) convertFunc {
	return func(_ *Env, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		a := *d.X.(*types.Array)
		a.Elem = elem
		return types.Datum{Kind: types.KindArray, X: &a}, nil
	}
}

// elementwise casts each element of an array; the element is a row of its own.
func (c *compiler) elementwise(e *rel.Cast) (convertFunc, error) {
	elem, err := Compile(e.ElemCast, []rel.Column{{ID: -1}}, c.foreign)
	if err != nil {
		return nil, err
	}
	t := types.Get(e.T.OID)
	if t == nil || t.Elem == 0 {
		return nil, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", types.FormatType(e.X.Type()), types.FormatType(e.T))
	}
	return func(env *Env, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		in := d.X.(*types.Array)
		out := *in
		out.Elem, out.Elems = t.Elem, make([]types.Datum, len(in.Elems))
		row := make([]types.Datum, 1)
		for i, x := range in.Elems {
			row[0] = x
			v, err := elem.Row(env, row)
			if err != nil {
				return types.Null, err
			}
			out.Elems[i] = v
		}
		return types.Datum{Kind: types.KindArray, X: &out}, nil
	}, nil
}

// throughText converts by one type's output and the other's input function.
func throughText(env *Env, from types.OID, to types.T, d types.Datum) (types.Datum, error) {
	text, err := Text(env, from, d)
	if err != nil {
		return types.Null, err
	}
	return Input(env, types.Of(to.OID), text)
}

// Input is the input function of a type.
func Input(env *Env, t types.T, text string) (types.Datum, error) {
	return types.Parse(t, text, env.format())
}

func (env *Env) format() *types.Format {
	if env == nil || env.Ctx == nil || env.Format == nil {
		return types.DefaultFormat
	}
	return env.Format
}

// Text is the text of a value as its type's output function gives it.
func Text(env *Env, t types.OID, d types.Datum) (string, error) {
	if d.Kind == types.KindBytes && (t == types.TextOID || t == types.VarcharOID || t == types.UnknownOID || t == types.NameOID) {
		return d.S, nil
	}
	return string(types.AppendText(nil, t, d, env.format())), nil
}

func (c *compiler) typmod(e *rel.Typmod) (*node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	n := over(x)
	n.safe = false
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		d, err := x.row(env, r)
		if err != nil || d.IsNull() {
			return d, err
		}
		return types.ApplyTypmod(e.T, d, e.Explicit)
	}
	return n, nil
}
