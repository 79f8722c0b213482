package rel

// MapExpr rebuilds e top-down: f returns what stands for an expression and
// whether its children are to be mapped too. Nodes that do not change are
// shared. Queries inside Subquery are left alone; their Cmp is mapped.
func MapExpr(e Expr, f func(Expr) (Expr, bool)) Expr {
	if e == nil {
		return nil
	}
	x, down := f(e)
	if !down {
		return x
	}
	m := func(c Expr) Expr { return MapExpr(c, f) }
	return mapChildren(x, m)
}

// mapChildren returns e with m applied to each direct child.
func mapChildren(e Expr, m func(Expr) Expr) Expr {
	one := func(x Expr) Expr {
		if x == nil {
			return nil
		}
		return m(x)
	}
	switch e := e.(type) {
	case *Call:
		if args, ok := mapList(e.Args, one); ok {
			c := *e
			c.Args = args
			return &c
		}
	case *Cast:
		if x := one(e.X); x != e.X {
			c := *e
			c.X = x
			return &c
		}
	case *Typmod:
		if x := one(e.X); x != e.X {
			c := *e
			c.X = x
			return &c
		}
	case *Bool:
		if args, ok := mapList(e.Args, one); ok {
			c := *e
			c.Args = args
			return &c
		}
	case *IsTest:
		if x := one(e.X); x != e.X {
			c := *e
			c.X = x
			return &c
		}
	case *Distinct:
		if l, r := one(e.L), one(e.R); l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *AnyAll:
		if l, a := one(e.L), one(e.Array); l != e.L || a != e.Array {
			c := *e
			c.L, c.Array = l, a
			return &c
		}
	case *Case:
		return mapCase(e, one)
	case *Coalesce:
		if args, ok := mapList(e.Args, one); ok {
			return &Coalesce{e.T, args}
		}
	case *MinMax:
		if args, ok := mapList(e.Args, one); ok {
			return &MinMax{e.T, e.Greatest, args}
		}
	case *NullIf:
		if l, r := one(e.L), one(e.R); l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *RowExpr:
		args, ok := mapList(e.Args, one)
		if here := one(e.Present); ok || here != e.Present {
			return &RowExpr{e.T, args, e.Names, here}
		}
	case *ArrayExpr:
		if args, ok := mapList(e.Elems, one); ok {
			c := *e
			c.Elems = args
			return &c
		}
	case *RowCompare:
		l, okL := mapList(e.L, one)
		r, okR := mapList(e.R, one)
		if okL || okR {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *Field:
		if x := one(e.X); x != e.X {
			c := *e
			c.X = x
			return &c
		}
	case *Subscript:
		x := one(e.X)
		lo, okL := mapList(e.Lo, one)
		hi, okH := mapList(e.Hi, one)
		value := e.Value
		if value != nil {
			value = one(value)
		}
		if x != e.X || okL || okH || value != e.Value {
			c := *e
			c.X, c.Lo, c.Hi, c.Value = x, lo, hi, value
			return &c
		}
	case *Subquery:
		if x := one(e.Cmp); x != e.Cmp {
			c := *e
			c.Cmp = x
			return &c
		}
	}
	return e
}

func mapCase(e *Case, one func(Expr) Expr) Expr {
	c := *e
	c.Arg = one(e.Arg)
	same := c.Arg == e.Arg
	c.Whens = make([]When, len(e.Whens))
	for i, w := range e.Whens {
		c.Whens[i] = When{one(w.Cond), one(w.Result)}
		same = same && c.Whens[i] == w
	}
	if c.Else = one(e.Else); same && c.Else == e.Else {
		return e
	}
	return &c
}

// mapList maps a list; ok tells that something changed.
func mapList(list []Expr, m func(Expr) Expr) (out []Expr, ok bool) {
	for i, x := range list {
		y := m(x)
		if y != x && !ok {
			out, ok = append([]Expr(nil), list...), true
		}
		if ok {
			out[i] = y
		}
	}
	if !ok {
		return list, false
	}
	return out, true
}

// WalkExpr calls f for e and, where f returns true, for what is in it, including
// the expressions of subqueries.
func WalkExpr(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	if s, ok := e.(*Subquery); ok {
		WalkNode(s.Query, f)
	}
	mapChildren(e, func(c Expr) Expr {
		WalkExpr(c, f)
		return c
	})
	if c, ok := e.(*Cast); ok && c.ElemCast != nil {
		WalkExpr(c.ElemCast, f)
	}
}

// WalkNode calls WalkExpr for every expression of the tree n, CTEs included.
func WalkNode(n Node, f func(Expr) bool) {
	if n == nil {
		return
	}
	for _, e := range NodeExprs(n) {
		WalkExpr(e, f)
	}
	for _, c := range NodeInputs(n) {
		WalkNode(c, f)
	}
}

// NodeInputs returns the nodes directly below n: CTEs' queries come before the
// body of a With.
func NodeInputs(n Node) []Node {
	switch n := n.(type) {
	case *Filter:
		return []Node{n.Input}
	case *Project:
		return nonNil(n.Input)
	case *ProjectSet:
		return []Node{n.Input}
	case *Join:
		return []Node{n.L, n.R}
	case *Aggregate:
		return []Node{n.Input}
	case *Window:
		return []Node{n.Input}
	case *DistinctOn:
		return []Node{n.Input}
	case *SetOp:
		return []Node{n.L, n.R}
	case *Sort:
		return []Node{n.Input}
	case *Limit:
		return []Node{n.Input}
	case *LockRows:
		return []Node{n.Input}
	case *Insert:
		return []Node{n.Input}
	case *Update:
		return []Node{n.Input}
	case *Delete:
		return []Node{n.Input}
	case *With:
		var list []Node
		for _, c := range n.CTEs {
			list = append(list, nonNil(c.Query)...)
			list = append(list, nonNil(c.Recursive)...)
		}
		return append(list, n.Body)
	}
	return nil
}

func nonNil(n Node) []Node {
	if n == nil {
		return nil
	}
	return []Node{n}
}

// NodeExprs returns the expressions that stand at n itself; none is nil.
func NodeExprs(n Node) []Expr {
	var list []Expr
	add := func(es ...Expr) {
		for _, e := range es {
			if e != nil {
				list = append(list, e)
			}
		}
	}
	switch n := n.(type) {
	case *Values:
		for _, r := range n.Rows {
			add(r...)
		}
	case *FuncScan:
		for _, f := range n.Funcs {
			add(f.X)
		}
	case *Filter:
		add(n.Cond)
	case *Project:
		add(n.Exprs...)
	case *ProjectSet:
		add(n.Exprs...)
	case *Join:
		add(n.On)
	case *Aggregate:
		for _, a := range n.Aggs {
			add(a.Args...)
			add(a.Direct...)
			add(a.Filter)
		}
	case *Window:
		for _, w := range n.Funcs {
			add(w.Args...)
			add(w.Filter, w.Frame.Start.Offset, w.Frame.End.Offset)
		}
	case *Limit:
		add(n.Count, n.Offset)
	case *Insert:
		if c := n.OnConflict; c != nil {
			add(c.New...)
			add(c.Where)
		}
		add(returningExprs(n.Returning)...)
	case *Update:
		add(returningExprs(n.Returning)...)
	case *Delete:
		add(returningExprs(n.Returning)...)
	}
	return list
}

func returningExprs(p *Project) []Expr {
	if p == nil {
		return nil
	}
	return p.Exprs
}
