package expr

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// anyAll compiles x op ANY/ALL (array). Over a constant array, equality looks up
// a table.
func (c *compiler) anyAll(e *rel.AnyAll) (*node, error) {
	args, err := c.nodes([]rel.Expr{e.L, e.Array})
	if err != nil {
		return nil, err
	}
	elem := types.OID(0)
	if t := types.Get(e.Array.Type().OID); t != nil {
		elem = t.Elem
	}
	apply := caller(e.Fn, []types.T{e.L.Type(), types.Of(elem)}, types.Of(types.BoolOID))
	n := over(args...)
	n.safe = false
	set := membership(e, args[1])
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		l, err := args[0].row(env, r)
		if err != nil {
			return types.Null, err
		}
		if set != nil {
			return set.has(l), nil
		}
		array, err := args[1].row(env, r)
		if err != nil || array.IsNull() {
			return types.Null, err
		}
		return quantify(env, e, apply, l, array.X.(*types.Array).Elems)
	}
	return n, nil
}

// quantify applies the operator to each element: ANY is true if one is, ALL is
// false if one is; else NULL if one is NULL.
func quantify(env *Env, e *rel.AnyAll, apply applyFunc, l types.Datum, elems []types.Datum) (types.Datum, error) {
	null := false
	pair := make([]types.Datum, 2)
	for _, x := range elems {
		if e.Fn.Strict && (l.IsNull() || x.IsNull()) {
			null = true
			continue
		}
		pair[0], pair[1] = l, x
		d, err := apply(env.ctx(), pair)
		if err != nil {
			return types.Null, err
		}
		if d.IsNull() {
			null = true
		} else if d.Bool() != e.All {
			return d, nil
		}
	}
	if null {
		return types.Null, nil
	}
	return types.NewBool(e.All), nil
}

// A memberSet answers x = ANY (constant) for numbers and strings.
type memberSet struct {
	ints    map[int64]bool
	strings map[string]bool
	null    bool // the array has a NULL
}

// minMembers is from which length on a table beats comparing one by one.
const minMembers = 5

func membership(e *rel.AnyAll, array *node) *memberSet {
	if e.All || e.Oper == nil || e.Oper.Name != "=" || array.con == nil || array.con.IsNull() {
		return nil
	}
	elems := array.con.X.(*types.Array).Elems
	l, r := e.Oper.Left, e.Oper.Right
	ints := types.KindOf(l) == types.KindInt && types.KindOf(r) == types.KindInt && (l == r || l == types.Int8OID || l == types.Int4OID || l == types.Int2OID)
	strings := l == r && (l == types.TextOID || l == types.UUIDOID)
	if len(elems) < minMembers || !ints && !strings {
		return nil
	}
	s := &memberSet{ints: map[int64]bool{}, strings: map[string]bool{}}
	for _, d := range elems {
		switch d.Kind {
		case types.KindNull:
			s.null = true
		case types.KindInt:
			s.ints[d.I] = true
		default:
			s.strings[d.S] = true
		}
	}
	return s
}

func (s *memberSet) has(d types.Datum) types.Datum {
	switch {
	case d.IsNull():
		return types.Null
	case d.Kind == types.KindInt && s.ints[d.I], d.Kind == types.KindBytes && s.strings[d.S]:
		return types.NewBool(true)
	case s.null:
		return types.Null
	}
	return types.NewBool(false)
}

func (c *compiler) rowExpr(e *rel.RowExpr) (*node, error) {
	args, err := c.nodes(e.Args)
	if err != nil {
		return nil, err
	}
	n, ts := over(args...), typesOf(e.Args)
	var here *node
	if e.Present != nil {
		if here, err = c.node(e.Present); err != nil {
			return nil, err
		}
		n = over(append(args[:len(args):len(args)], here)...)
	}
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		if here != nil {
			if d, err := here.row(env, r); err != nil || d.IsNull() {
				return types.Null, err
			}
		}
		fields, err := rowOf(env, args, r)
		if err != nil {
			return types.Null, err
		}
		return types.Datum{Kind: types.KindRecord, X: &types.Record{Types: ts, Names: e.Names, Fields: fields}}, nil
	}
	return n, nil
}

func rowOf(env *Env, args []*node, r []types.Datum) ([]types.Datum, error) {
	out := make([]types.Datum, len(args))
	for i, a := range args {
		d, err := a.row(env, r)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

func (c *compiler) arrayExpr(e *rel.ArrayExpr) (*node, error) {
	args, err := c.nodes(e.Elems)
	if err != nil {
		return nil, err
	}
	n := over(args...)
	n.safe = false
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		elems, err := rowOf(env, args, r)
		if err != nil {
			return types.Null, err
		}
		a := &types.Array{Elem: e.Elem, Elems: elems}
		if e.Multi {
			if a, err = stack(e.Elem, elems); err != nil {
				return types.Null, err
			}
		} else if len(elems) > 0 {
			a.Dims, a.Lower = []int{len(elems)}, []int{1}
		}
		return types.Datum{Kind: types.KindArray, X: a}, nil
	}
	return n, nil
}

// stack makes an array of arrays, which must have the same dimensions and lower bounds.
func stack(elem types.OID, parts []types.Datum) (*types.Array, error) {
	out := &types.Array{Elem: elem}
	var first *types.Array
	n := 0
	for _, p := range parts {
		a, _ := p.X.(*types.Array)
		if a == nil || len(a.Dims) == 0 { // NULL, or empty
			continue
		}
		if first == nil {
			first = a
		}
		if !slices.Equal(first.Dims, a.Dims) || !slices.Equal(first.Lower, a.Lower) {
			return nil, errUneven
		}
		n++
		out.Elems = append(out.Elems, a.Elems...)
	}
	if first == nil {
		return out, nil
	}
	if n != len(parts) {
		return nil, errUneven
	}
	out.Dims = append([]int{n}, first.Dims...)
	out.Lower = append([]int{1}, first.Lower...)
	return out, types.CheckDims(len(out.Dims))
}

var errUneven = pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")

// rowCompare compiles (a, b) op (c, d): the first pair that differs decides.
func (c *compiler) rowCompare(e *rel.RowCompare) (*node, error) {
	l, err := c.nodes(e.L)
	if err != nil {
		return nil, err
	}
	r, err := c.nodes(e.R)
	if err != nil {
		return nil, err
	}
	pairs := make([]comparer, len(l))
	for i := range l {
		ts := []types.T{e.L[i].Type(), e.R[i].Type()}
		pairs[i] = comparer{caller(e.Eqs[i], ts, types.Of(types.BoolOID)), caller(e.Lts[i], ts, types.Of(types.BoolOID))}
	}
	n := over(append(append([]*node(nil), l...), r...)...)
	n.safe = false
	n.row = func(env *Env, row []types.Datum) (types.Datum, error) {
		for i := range l {
			a, err := l[i].row(env, row)
			if err != nil {
				return types.Null, err
			}
			b, err := r[i].row(env, row)
			if err != nil || a.IsNull() || b.IsNull() {
				return types.Null, err
			}
			sign, err := pairs[i].compare(env.ctx(), a, b)
			if err != nil {
				return types.Null, err
			}
			if sign != 0 {
				return types.NewBool(e.Op[0] == '<' == (sign < 0)), nil
			}
		}
		return types.NewBool(len(e.Op) == 2), nil
	}
	return n, nil
}

// A comparer orders two values by the functions for = and <.
type comparer struct{ eq, lt applyFunc }

func (p comparer) compare(c *funcs.Ctx, a, b types.Datum) (int, error) {
	pair := []types.Datum{a, b}
	d, err := p.eq(c, pair)
	if err != nil || d.Bool() {
		return 0, err
	}
	if d, err = p.lt(c, pair); err != nil {
		return 0, err
	}
	if d.Bool() {
		return -1, nil
	}
	return 1, nil
}

func (c *compiler) field(e *rel.Field) (*node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	n := over(x)
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		d, err := x.row(env, r)
		if err != nil || d.IsNull() {
			return types.Null, err
		}
		rec := d.X.(*types.Record)
		if e.N >= len(rec.Fields) {
			return types.Null, nil
		}
		return rec.Fields[e.N], nil
	}
	return n, nil
}

// subscripts compiles the bounds of a subscript.
func (c *compiler) subscripts(e *rel.Subscript) (lo, hi []*node, err error) {
	if lo, err = c.optional(e.Lo); err != nil {
		return nil, nil, err
	}
	hi, err = c.optional(e.Hi)
	return lo, hi, err
}

// positions are the bounds of an element, all of which are there.
func positions(his []*int64) []int64 {
	at := make([]int64, len(his))
	for i, p := range his {
		at[i] = *p
	}
	return at
}

// nameByte is a byte of a name, which PostgreSQL has as an array of 64 from 0 on.
func nameByte(name string, at []int64) types.Datum {
	const size = 64
	switch {
	case len(at) != 1 || at[0] < 0 || at[0] >= size:
		return types.Null
	case at[0] >= int64(len(name)):
		return types.NewInt(0)
	}
	return types.NewInt(int64(name[at[0]]))
}

func (c *compiler) subscript(e *rel.Subscript) (*node, error) {
	if e.Assign {
		return c.assignment(e)
	}
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	lo, hi, err := c.subscripts(e)
	if err != nil {
		return nil, err
	}
	n := over(append(append([]*node{x}, lo...), hi...)...)
	n.safe = false
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		d, err := x.row(env, r)
		if err != nil || d.IsNull() {
			return types.Null, err
		}
		his, null, err := bounds(env, hi, r)
		if err != nil || null {
			return types.Null, err
		}
		if d.Kind == types.KindBytes {
			return nameByte(d.S, positions(his)), nil
		}
		if !e.Slice {
			return funcs.ArrayElem(d, positions(his)), nil
		}
		los, null, err := bounds(env, lo, r)
		if err != nil || null {
			return types.Null, err
		}
		for len(los) < len(his) {
			one := int64(1)
			los = append(los, &one)
		}
		return funcs.ArraySlice(d, los, his), nil
	}
	return n, nil
}

// optional compiles a list in which entries may be nil.
func (c *compiler) optional(list []rel.Expr) ([]*node, error) {
	out := make([]*node, len(list))
	for i, e := range list {
		if e == nil {
			continue
		}
		n, err := c.node(e)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// bounds computes subscripts: nil where none is written; null if one is NULL.
func bounds(env *Env, list []*node, r []types.Datum) (out []*int64, null bool, err error) {
	out = make([]*int64, len(list))
	for i, n := range list {
		if n == nil {
			continue
		}
		d, err := n.row(env, r)
		if err != nil {
			return nil, false, err
		}
		if d.IsNull() {
			return nil, true, nil
		}
		v := d.I
		out[i] = &v
	}
	return out, false, nil
}

// sqlValue compiles CURRENT_DATE, CURRENT_USER and their like through the
// functions that say the same.
func sqlValue(e *rel.SQLValue) *node {
	return &node{fixed: true, row: func(env *Env, _ []types.Datum) (types.Datum, error) {
		d, err := funcs.SQLValue(env.ctx(), e.Name)
		if err != nil || d.IsNull() || e.Prec < 0 {
			return d, err
		}
		return types.ApplyTypmod(types.T{OID: e.T.OID, Typmod: int32(e.Prec)}, d, true)
	}}
}
