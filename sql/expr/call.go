package expr

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

func (c *compiler) call(e *rel.Call) (*node, error) {
	args, err := c.nodes(e.Args)
	if err != nil {
		return nil, err
	}
	if e.Fn.Set {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
	}
	apply := caller(e.Fn, typesOf(e.Args), e.T)
	if apply == nil {
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not a scalar function", e.Fn.Name)
	}
	n := over(args...)
	volatile := e.Fn.Volatility == funcs.Volatile
	n.fixed = n.fixed && !volatile
	n.safe = n.safe && infallible(e)
	strict := e.Fn.Strict
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		if env == nil {
			env = &Env{}
		}
		base, null := len(env.stack), false
		defer func() { env.stack = env.stack[:base] }()
		for _, a := range args {
			d, err := a.row(env, r)
			if err != nil {
				return types.Null, err
			}
			null = null || d.IsNull()
			env.stack = append(env.stack, d)
		}
		if strict && null {
			return types.Null, nil
		}
		return apply(env.Ctx, env.stack[base:])
	}
	if n.fixed {
		return n, nil // byRow computes it once
	}
	n.vec = vecCall(e, args, apply)
	return n, nil
}

func (env *Env) ctx() *funcs.Ctx {
	if env == nil {
		return nil
	}
	return env.Ctx
}

func typesOf(list []rel.Expr) []types.T {
	out := make([]types.T, len(list))
	for i, e := range list {
		out[i] = e.Type()
	}
	return out
}

type applyFunc func(c *funcs.Ctx, args []types.Datum) (types.Datum, error)

// caller binds a function to the types of a call; nil if it computes no scalar.
func caller(fn *funcs.Func, ts []types.T, result types.T) applyFunc {
	if fn.Eval != nil {
		return fn.Eval
	}
	if fn.TypedEval == nil {
		return nil
	}
	return func(c *funcs.Ctx, args []types.Datum) (types.Datum, error) { return fn.TypedEval(c, args, ts, result) }
}

// infallible tells whether the function itself can never fail: comparisons.
func infallible(e *rel.Call) bool {
	return e.Oper != nil && (e.Oper.Strategy != 0 || e.Oper.Name == "<>")
}

// vecCall computes a call over a batch: through the function's own kernel if it
// has one, else value by value.
func vecCall(e *rel.Call, args []*node, apply applyFunc) func(*Env, *types.Batch) (*types.Vec, error) {
	kind := types.KindOf(e.T.OID)
	fn := e.Fn
	return func(env *Env, b *types.Batch) (*types.Vec, error) {
		in := make([]*types.Vec, len(args))
		for i, a := range args {
			v, err := a.eval(env, b)
			if err != nil {
				return nil, err
			}
			in[i] = v
		}
		// Only now: another argument may have failed.
		if fn.Strict && slices.ContainsFunc(in, func(v *types.Vec) bool { return v.Kind == types.KindNull }) {
			return fill(kind, types.Null, b.Len), nil
		}
		out := types.NewVec(kind, b.Len)
		if fn.Strict {
			out.Null = anyNull(in, b.Len)
		}
		if fn.Vec != nil && kindsFit(fn, in) {
			return out, fn.Vec(env.ctx(), in, b.Len, out)
		}
		vals := make([]types.Datum, len(in))
		for i := 0; i < b.Len; i++ {
			if fn.Strict && out.Null != nil && out.Null[i] {
				continue
			}
			for k, v := range in {
				vals[k] = v.At(i)
			}
			d, err := apply(env.ctx(), vals)
			if err != nil {
				return nil, err
			}
			put(&out, i, b.Len, d)
		}
		return out, nil
	}
}

// kindsFit guards kernels against vectors of another kind than declared, which
// polymorphic and unknown-typed arguments may have.
func kindsFit(fn *funcs.Func, in []*types.Vec) bool {
	for i, v := range in {
		if i < len(fn.Args) && v.Kind != types.KindOf(fn.Args[i]) {
			return false
		}
	}
	return true
}

// anyNull marks the rows in which any argument is NULL; nil if there is none.
func anyNull(in []*types.Vec, n int) []bool {
	var out []bool
	for _, v := range in {
		if v.Null == nil {
			continue
		}
		if out == nil {
			out = append([]bool(nil), v.Null[:n]...)
			continue
		}
		for i, null := range v.Null[:n] {
			out[i] = out[i] || null
		}
	}
	return out
}
