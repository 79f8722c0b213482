package bind

import (
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A value's type is never a domain here, as the value does not show it. What tells types
// to the user follows domains by these rules, which are PostgreSQL's for types.

// domainOf is the domain that an expression's values are of, 0 if they are of none.
func (b *binder) domainOf(x rel.Expr) types.OID {
	switch x := x.(type) {
	case *rel.Cast:
		return x.Domain
	case *rel.Col:
		if info := b.cols[x.ID]; info != nil {
			return info.domain
		}
	case *rel.Coalesce:
		return b.sameDomain(x.Args)
	case *rel.MinMax:
		return b.sameDomain(x.Args)
	case *rel.Case:
		if x.Else == nil {
			return 0
		}
		list := []rel.Expr{x.Else}
		for _, w := range x.Whens {
			list = append(list, w.Result)
		}
		return b.sameDomain(list)
	case *rel.Subquery:
		if cols := x.Query.Columns(); x.Kind == rel.ScalarQuery && len(cols) > 0 {
			return b.domainOf(&rel.Col{ID: cols[0].ID})
		}
	case *rel.Field:
		if fields := b.fieldsOf(x.X); b.isComposite(oidOf(x.X)) && x.N < len(fields) {
			return b.columnDomain(fields[x.N])
		}
	case *rel.Call:
		return b.domainOfCall(x.Fn, x.Args)
	}
	return 0
}

// columnDomain is the domain of a record's field that comes from a table's column.
func (b *binder) columnDomain(c rel.Column) types.OID {
	if t := b.env.Snap.Table(c.Table); t != nil && c.Attr > 0 && int(c.Attr) <= len(t.Columns) {
		return t.Columns[c.Attr-1].Domain
	}
	return 0
}

// domainOfCall is that of a function which returns what it is given.
func (b *binder) domainOfCall(fn *funcs.Func, args []rel.Expr) types.OID {
	if fn.Result != types.AnyElementOID {
		return 0
	}
	for i, t := range fn.Args {
		if t == types.AnyElementOID && i < len(args) {
			return b.domainOf(args[i])
		}
	}
	return 0
}

func (b *binder) sameDomain(list []rel.Expr) types.OID {
	d := b.domainOf(list[0])
	for _, x := range list[1:] {
		if b.domainOf(x) != d {
			return 0
		}
	}
	return d
}
