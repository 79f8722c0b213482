package expr

import (
	"zorya/sql/rel"
	"zorya/sql/types"
)

// boolean compiles AND, OR and NOT. An argument that could fail is computed only
// for the rows that the arguments before it leave open.
func (c *compiler) boolean(e *rel.Bool) (*node, error) {
	args, err := c.nodes(e.Args)
	if err != nil {
		return nil, err
	}
	n := over(args...)
	if e.Op == rel.Not {
		x := args[0]
		n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
			d, err := x.row(env, r)
			if err != nil || d.IsNull() {
				return types.Null, err
			}
			return types.NewBool(!d.Bool()), nil
		}
		n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) { return notVec(env, x, b) }
		return n, nil
	}
	// AND is decided by a false, OR by a true argument.
	decisive := e.Op == rel.Or
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		null := false
		for _, a := range args {
			d, err := a.row(env, r)
			if err != nil {
				return types.Null, err
			}
			if d.IsNull() {
				null = true
			} else if d.Bool() == decisive {
				return d, nil
			}
		}
		if null {
			return types.Null, nil
		}
		return types.NewBool(!decisive), nil
	}
	n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) { return junction(env, args, decisive, b) }
	return n, nil
}

func notVec(env *Env, x *node, b *types.Batch) (*types.Vec, error) {
	v, err := x.eval(env, b)
	if err != nil {
		return nil, err
	}
	if v.Kind == types.KindNull {
		return fill(types.KindBool, types.Null, b.Len), nil
	}
	out := types.NewVec(types.KindBool, b.Len)
	if v.Null != nil {
		out.Null = append([]bool(nil), v.Null[:b.Len]...)
	}
	for i, x := range v.I[:b.Len] {
		out.I[i] = x ^ 1
	}
	return out, nil
}

// junction computes AND (decisive false) or OR (decisive true).
func junction(env *Env, args []*node, decisive bool, b *types.Batch) (*types.Vec, error) {
	out := fill(types.KindBool, types.NewBool(!decisive), b.Len)
	open := allRows(b.Len)
	for _, a := range args {
		if len(open) == 0 {
			break
		}
		whole := a.safe || len(open) == b.Len
		in := b
		if !whole {
			in = a.gather(b, open)
		}
		v, err := a.eval(env, in)
		if err != nil {
			return nil, err
		}
		left := open[:0]
		for k, i := range open {
			at := k
			if whole {
				at = i
			}
			switch {
			case v.IsNull(at):
				out.SetNull(i, b.Len)
			case v.I[at] != 0 == decisive:
				out.Set(i, b.Len, types.NewBool(decisive))
				continue
			}
			left = append(left, i)
		}
		open = left
	}
	return out, nil
}

func allRows(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// onRows computes n for the rows sel of b and hands each value on.
func (n *node) onRows(env *Env, b *types.Batch, sel []int, do func(i int, d types.Datum)) error {
	if len(sel) == 0 {
		return nil
	}
	whole := len(sel) == b.Len
	in := b
	if !whole {
		in = n.gather(b, sel)
	}
	v, err := n.eval(env, in)
	if err != nil {
		return err
	}
	for k, i := range sel {
		do(i, v.At(k))
	}
	return nil
}

// caseWhen compiles CASE. The value of its argument, if it has one, is an extra
// value at the end of the row.
func (c *compiler) caseWhen(e *rel.Case) (*node, error) {
	var arg *node
	var err error
	if e.Arg != nil {
		if arg, err = c.node(e.Arg); err != nil {
			return nil, err
		}
		c.depth++
		defer func() { c.depth-- }()
	}
	conds, results := make([]*node, len(e.Whens)), make([]*node, len(e.Whens))
	for i, w := range e.Whens {
		if conds[i], err = c.node(w.Cond); err != nil {
			return nil, err
		}
		if results[i], err = c.node(w.Result); err != nil {
			return nil, err
		}
	}
	var other *node
	if e.Else != nil {
		if other, err = c.node(e.Else); err != nil {
			return nil, err
		}
	}
	s := &caseNode{arg: arg, conds: conds, results: results, other: other, kind: types.KindOf(e.T.OID), at: len(c.layout) + c.depth - 1}
	n := over(append(append([]*node{arg, other}, conds...), results...)...)
	if arg != nil {
		n.cols = without(n.cols, s.at)
		n.fixed = false
	}
	n.row, n.vec = s.row, s.vec
	return n, nil
}

func without(list []int, x int) []int {
	out := list[:0]
	for _, v := range list {
		if v != x {
			out = append(out, v)
		}
	}
	return out
}

type caseNode struct {
	arg, other     *node
	conds, results []*node
	kind           types.Kind
	at             int // place of the argument's value in the row
}

func (s *caseNode) row(env *Env, r []types.Datum) (types.Datum, error) {
	if s.arg != nil {
		d, err := s.arg.row(env, r)
		if err != nil {
			return types.Null, err
		}
		wide := make([]types.Datum, s.at+1)
		copy(wide, r)
		wide[s.at] = d
		r = wide
	}
	for i, cond := range s.conds {
		d, err := cond.row(env, r)
		if err != nil {
			return types.Null, err
		}
		if !d.IsNull() && d.Bool() {
			return s.results[i].row(env, r)
		}
	}
	if s.other == nil {
		return types.Null, nil
	}
	return s.other.row(env, r)
}

func (s *caseNode) vec(env *Env, b *types.Batch) (*types.Vec, error) {
	if s.arg != nil {
		v, err := s.arg.eval(env, b)
		if err != nil {
			return nil, err
		}
		wide := &types.Batch{Len: b.Len, Cols: make([]*types.Vec, s.at+1)}
		copy(wide.Cols, b.Cols)
		wide.Cols[s.at] = v
		b = wide
	}
	out := types.NewVec(s.kind, b.Len)
	store := func(i int, d types.Datum) { put(&out, i, b.Len, d) }
	open := allRows(b.Len)
	for k, cond := range s.conds {
		var hit, left []int
		err := cond.onRows(env, b, open, func(i int, d types.Datum) {
			if !d.IsNull() && d.Bool() {
				hit = append(hit, i)
			} else {
				left = append(left, i)
			}
		})
		if err != nil {
			return nil, err
		}
		if err := s.results[k].onRows(env, b, hit, store); err != nil {
			return nil, err
		}
		open = left
	}
	if s.other == nil {
		for _, i := range open {
			out.SetNull(i, b.Len)
		}
		return out, nil
	}
	return out, s.other.onRows(env, b, open, store)
}

func (c *compiler) coalesce(e *rel.Coalesce) (*node, error) {
	args, err := c.nodes(e.Args)
	if err != nil {
		return nil, err
	}
	kind := types.KindOf(e.T.OID)
	n := over(args...)
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		for _, a := range args {
			if d, err := a.row(env, r); err != nil || !d.IsNull() {
				return d, err
			}
		}
		return types.Null, nil
	}
	n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) {
		out := types.NewVec(kind, b.Len)
		open := allRows(b.Len)
		for _, a := range args {
			var left []int
			err := a.onRows(env, b, open, func(i int, d types.Datum) {
				if d.IsNull() {
					left = append(left, i)
					return
				}
				put(&out, i, b.Len, d)
			})
			if err != nil {
				return nil, err
			}
			open = left
		}
		for _, i := range open {
			out.SetNull(i, b.Len)
		}
		return out, nil
	}
	return n, nil
}

func (c *compiler) isTest(e *rel.IsTest) (*node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	n := over(x)
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		d, err := x.row(env, r)
		if err != nil {
			return types.Null, err
		}
		return types.NewBool(isTrue(e, d)), nil
	}
	n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) {
		v, err := x.eval(env, b)
		if err != nil {
			return nil, err
		}
		out := types.NewVec(types.KindBool, b.Len)
		for i := range out.I {
			out.I[i] = types.NewBool(isTrue(e, v.At(i))).I
		}
		return out, nil
	}
	return n, nil
}

func isTrue(e *rel.IsTest, d types.Datum) bool {
	switch e.What {
	case rel.IsTrue:
		return (!d.IsNull() && d.Bool()) != e.Not
	case rel.IsFalse:
		return (!d.IsNull() && !d.Bool()) != e.Not
	case rel.IsUnknown:
		return d.IsNull() != e.Not
	}
	// A row is NULL if all its fields are, and NOT NULL if none is.
	if rec, ok := d.X.(*types.Record); ok && d.Kind == types.KindRecord {
		for _, f := range rec.Fields {
			if f.IsNull() == e.Not {
				return false
			}
		}
		return true
	}
	return d.IsNull() != e.Not
}

// distinct compiles IS [NOT] DISTINCT FROM.
func (c *compiler) distinct(e *rel.Distinct) (*node, error) {
	return c.binary(e.L, e.R, func(env *Env, eq applyFunc, l, r types.Datum) (types.Datum, error) {
		same := l.IsNull() && r.IsNull()
		if !l.IsNull() && !r.IsNull() {
			d, err := eq(env.ctx(), []types.Datum{l, r})
			if err != nil {
				return types.Null, err
			}
			same = d.Bool()
		}
		return types.NewBool(same == e.Not), nil
	}, caller(e.Eq, typesOf([]rel.Expr{e.L, e.R}), types.Of(types.BoolOID)))
}

// nullIf compiles NULLIF(l, r).
func (c *compiler) nullIf(e *rel.NullIf) (*node, error) {
	return c.binary(e.L, e.R, func(env *Env, eq applyFunc, l, r types.Datum) (types.Datum, error) {
		if l.IsNull() || r.IsNull() {
			return l, nil
		}
		d, err := eq(env.ctx(), []types.Datum{l, r})
		if err != nil || d.Bool() {
			return types.Null, err
		}
		return l, nil
	}, caller(e.Eq, typesOf([]rel.Expr{e.L, e.R}), types.Of(types.BoolOID)))
}

func (c *compiler) binary(l, r rel.Expr, f func(env *Env, eq applyFunc, l, r types.Datum) (types.Datum, error), eq applyFunc) (*node, error) {
	args, err := c.nodes([]rel.Expr{l, r})
	if err != nil {
		return nil, err
	}
	n := over(args...)
	n.safe = false
	n.row = func(env *Env, row []types.Datum) (types.Datum, error) {
		a, err := args[0].row(env, row)
		if err != nil {
			return types.Null, err
		}
		b, err := args[1].row(env, row)
		if err != nil {
			return types.Null, err
		}
		return f(env, eq, a, b)
	}
	return n, nil
}

// minMax compiles GREATEST and LEAST, which pass over NULLs.
func (c *compiler) minMax(e *rel.MinMax) (*node, error) {
	args, err := c.nodes(e.Args)
	if err != nil {
		return nil, err
	}
	sign := -1
	if e.Greatest {
		sign = 1
	}
	n := over(args...)
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		best := types.Null
		for _, a := range args {
			d, err := a.row(env, r)
			if err != nil {
				return types.Null, err
			}
			if !d.IsNull() && (best.IsNull() || types.Compare(e.T.OID, d, best)*sign > 0) {
				best = d
			}
		}
		return best, nil
	}
	return n, nil
}
