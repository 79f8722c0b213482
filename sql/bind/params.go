package bind

import (
	"zorya/pgerr"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// params infers the types of $n as PostgreSQL's variable parameters do: the first
// use that asks for a type decides.
type params struct {
	types  []types.OID // 0: not mentioned; unknown: mentioned, not yet decided
	mods   []int32
	given  int // how many were declared
	seen   []seenParam
	refuse bool
}

// A seenParam is a place where a parameter entered the tree with some type.
type seenParam struct {
	p   *rel.Param
	pos int
}

// maxParams is what the protocol's 16-bit count allows.
const maxParams = 65535

func (p *params) declare(ts []types.T) {
	for _, t := range ts {
		p.types = append(p.types, t.OID)
		p.mods = append(p.mods, -1)
	}
	p.given = len(ts)
}

// param returns the expression for $n.
func (b *binder) param(n, pos int) rel.Expr {
	if b.fnArgs != nil {
		if n <= 0 || n > len(b.fnArgs) {
			b.fail(pos, pgerr.UndefinedParameter, "there is no parameter $%d", n)
		}
		return b.read(b.fnArgs[n-1], pos)
	}
	p := &b.params
	if n <= 0 || n > maxParams || p.refuse && n > p.given {
		b.fail(pos, pgerr.UndefinedParameter, "there is no parameter $%d", n)
	}
	for len(p.types) < n {
		p.types = append(p.types, 0)
		p.mods = append(p.mods, -1)
	}
	if p.types[n-1] == 0 {
		p.types[n-1] = types.UnknownOID
	}
	x := &rel.Param{T: types.Of(p.types[n-1]), N: n}
	p.seen = append(p.seen, seenParam{x, pos})
	return x
}

// coerceParam gives an undecided parameter the type that its place asks for.
func (b *binder) coerceParam(x *rel.Param, t types.OID, pos int) rel.Expr {
	p := &b.params
	have := p.types[x.N-1]
	switch {
	case have == types.UnknownOID:
		p.types[x.N-1] = t
	case have != t:
		b.throw(pos, pgerr.New(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", x.N).
			WithDetail("%s versus %s", typeName(types.Of(have)), typeName(types.Of(t))))
	}
	for i := range p.seen {
		if p.seen[i].p == x {
			// The undecided reference is no longer part of the tree.
			y := &rel.Param{T: types.Of(t), N: x.N}
			p.seen[i].p = y
			return y
		}
	}
	return &rel.Param{T: types.Of(t), N: x.N}
}

// resolve returns the final types, or fails if some parameter's type never
// became known.
func (p *params) resolve(b *binder) []types.T {
	for _, s := range p.seen {
		if s.p.T.OID != p.types[s.p.N-1] {
			b.fail(s.pos, pgerr.AmbiguousParameter, "could not determine data type of parameter $%d", s.p.N)
		}
	}
	list := make([]types.T, len(p.types))
	for i, t := range p.types {
		if t == 0 || t == types.UnknownOID {
			b.fail(0, pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
		list[i] = types.Of(t)
	}
	return list
}
