package plan

import (
	"zorya/sql/rel"
)

// A class is columns of a group of joined relations that are equal to each other in all
// rows of the result, as conditions `column = column` say. If one has a fixed value, all
// have it. So a = b and b = c serve to join a with c, and a = b and b = 5 to find the
// rows with a = 5.
type class struct {
	cols  []*rel.Col
	op    *rel.Call // one of the conditions: its operator compares two of them
	value rel.Expr  // nil, or what all are equal to
}

// classes takes the equalities between columns of a set out of conditions, together with
// those of these columns to a fixed value, and makes classes of them. Only columns of one
// type are together, so that equality carries over.
func classes(conds []rel.Expr, set map[rel.ColID]bool) (list []*class, rest []rel.Expr) {
	of := map[rel.ColID]*class{}
	for _, c := range conds {
		call, l, r := equalColumns(c, set)
		if call == nil {
			rest = append(rest, c)
			continue
		}
		a, b := of[l.ID], of[r.ID]
		switch {
		case a == nil && b == nil:
			a = &class{op: call}
			list = append(list, a)
			a.add(of, l)
			a.add(of, r)
		case a == nil:
			b.add(of, l)
		case b == nil:
			a.add(of, r)
		case a != b:
			for _, col := range b.cols {
				a.add(of, col)
			}
			b.cols = nil
		}
	}
	if len(list) == 0 {
		return nil, rest
	}
	conds, rest = rest, nil
	for _, c := range conds {
		col, x := fixedColumn(c, set)
		if col == nil || of[col.ID] == nil || of[col.ID].value != nil {
			rest = append(rest, c)
			continue
		}
		of[col.ID].value = x
	}
	return list, rest
}

func (k *class) add(of map[rel.ColID]*class, c *rel.Col) {
	if of[c.ID] != k {
		of[c.ID] = k
		k.cols = append(k.cols, c)
	}
}

// equal is the condition that two expressions of the class's type are equal.
func (k *class) equal(l, r rel.Expr) rel.Expr {
	c := *k.op
	c.Args = []rel.Expr{l, r}
	return &c
}

// among are the columns that are in a set.
func (k *class) among(set map[rel.ColID]bool) []*rel.Col {
	var list []*rel.Col
	for _, c := range k.cols {
		if set[c.ID] {
			list = append(list, c)
		}
	}
	return list
}

// within are the conditions that the class makes for one relation by itself.
func (k *class) within(set map[rel.ColID]bool) (conds []rel.Expr) {
	own := k.among(set)
	for i, c := range own {
		switch {
		case k.value != nil:
			conds = append(conds, k.equal(c, k.value))
		case i > 0:
			conds = append(conds, k.equal(own[0], c))
		}
	}
	return conds
}

// between is the condition that the class makes when two sets are joined; nil for none.
func (k *class) between(l, r map[rel.ColID]bool) rel.Expr {
	if k.value != nil {
		return nil
	}
	a, b := k.first(l), k.first(r)
	if a == nil || b == nil {
		return nil
	}
	return k.equal(a, b)
}

// first is a column that is in a set; nil if none is.
func (k *class) first(set map[rel.ColID]bool) *rel.Col {
	for _, c := range k.cols {
		if set[c.ID] {
			return c
		}
	}
	return nil
}

// equalColumns takes `column = column` apart, for two columns of a set that have one type.
func equalColumns(c rel.Expr, set map[rel.ColID]bool) (call *rel.Call, l, r *rel.Col) {
	call, ok := c.(*rel.Call)
	if !ok || call.Oper == nil || call.Oper.Strategy != '=' || !call.Oper.Hashes || len(call.Args) != 2 {
		return nil, nil, nil
	}
	l, okL := call.Args[0].(*rel.Col)
	r, okR := call.Args[1].(*rel.Col)
	if !okL || !okR || !set[l.ID] || !set[r.ID] || l.T.OID != r.T.OID || l.ID == r.ID {
		return nil, nil, nil
	}
	return call, l, r
}

// fixedColumn takes `column = value` apart, for a column of a set and a value of its type
// that no row changes and that cannot fail.
func fixedColumn(c rel.Expr, set map[rel.ColID]bool) (*rel.Col, rel.Expr) {
	call, ok := c.(*rel.Call)
	if !ok || call.Oper == nil || call.Oper.Strategy != '=' || !call.Oper.Hashes || len(call.Args) != 2 {
		return nil, nil
	}
	for i, a := range call.Args {
		col, ok := a.(*rel.Col)
		x := call.Args[1-i]
		if !ok || !set[col.ID] || x.Type().OID != col.T.OID {
			continue
		}
		switch v := x.(type) {
		case *rel.Const, *rel.Param:
			return col, x
		case *rel.Col:
			if !set[v.ID] {
				return col, x
			}
		}
	}
	return nil, nil
}

// impliedOn are the conditions on the columns of a set that follow from a join's
// condition and from values that the other side's columns are fixed to.
func impliedOn(on, other []rel.Expr, own, others map[rel.ColID]bool) (conds []rel.Expr) {
	both := map[rel.ColID]bool{}
	for _, set := range []map[rel.ColID]bool{own, others} {
		for id := range set {
			both[id] = true
		}
	}
	for _, c := range on {
		call, l, r := equalColumns(c, both)
		if call == nil {
			continue
		}
		if own[l.ID] {
			l, r = r, l
		}
		if !others[l.ID] || !own[r.ID] {
			continue
		}
		for _, o := range other {
			if col, x := fixedColumn(o, others); col != nil && col.ID == l.ID {
				conds = append(conds, (&class{op: call}).equal(r, x))
			}
		}
	}
	return conds
}
