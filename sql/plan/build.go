package plan

import (
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Settings are the planner's switches (enable_hashjoin …): what is off is used
// only where nothing else will do.
type Settings struct {
	HashJoin, MergeJoin, NestLoop, HashAgg, Sort                 bool
	SeqScan, IndexScan, IndexOnlyScan, Material, BatchedNestLoop bool
}

// DefaultSettings has everything on.
var DefaultSettings = Settings{true, true, true, true, true, true, true, true, true, true}

// An Env is what planning depends on beside the tree.
type Env struct {
	Snap     *catalog.Snapshot // for statistics
	Fold     *funcs.Ctx        // for folding constants; nil: none is folded
	Settings Settings
	// Exprs binds a table's own expressions, so that partial and expression indexes
	// can be used; nil: they are not.
	Exprs func(*catalog.Table) (*rel.TableExprs, error)
}

// Build makes the plan of a bound statement. It fails only if the tree is none
// that the binder makes.
func Build(env *Env, q *rel.Query) (p *Plan, err error) {
	b := &planner{env: env, origin: map[rel.ColID]origin{}, ctes: map[*rel.CTE]*CTE{}, planned: map[*rel.Subquery]*SubPlan{}, exprsOf: map[types.OID]*rel.TableExprs{}}
	tree := prune(q.Root)
	root := b.node(tree, nil, nil)
	if b.err != nil {
		return nil, b.err
	}
	p = &Plan{Query: q, Root: root, Point: isPoint(root), Fault: b.fault(tree)}
	if env.Snap != nil {
		p.Catalog = env.Snap.Version
	}
	return p, nil
}

// A planner plans one statement.
type planner struct {
	env     *Env
	err     error
	subs    int
	ctes    map[*rel.CTE]*CTE
	exprsOf map[types.OID]*rel.TableExprs
	planned map[*rel.Subquery]*SubPlan // alternatives share the subqueries in their conditions
	origin  map[rel.ColID]origin       // of columns that come straight from a table
	// outer are columns from outside that change each time when what is being planned is
	// run again; empty: it is run once.
	outer map[rel.ColID]bool
	// hint > 0: no more rows than that are wanted of the node being planned.
	hint float64
}

// An origin is where a column's statistics are.
type origin struct {
	table *catalog.Table
	attr  int
}

// node plans n restricted by conds (which may be pushed down into it). want is the
// order that the caller would like; see ordering for whether it got it.
func (b *planner) node(n rel.Node, conds []rel.Expr, want []rel.SortKey) Node {
	once, each := b.once(n, conds)
	if len(once) == 0 {
		return b.restricted(n, conds, want)
	}
	return b.gated(b.restricted(n, each, want), once)
}

// restricted is node for conditions that are checked for each row.
func (b *planner) restricted(n rel.Node, conds []rel.Expr, want []rel.SortKey) Node {
	switch n.(type) {
	case *rel.Scan, *rel.Filter, *rel.Project, *rel.Sort, *rel.With, *rel.CTERef, *rel.LockRows:
	default: // has to read more than it yields
		defer func(hint float64) { b.hint = hint }(b.hint)
		b.hint = 0
	}
	switch n := n.(type) {
	case *rel.Scan:
		return b.scan(n, conds, want)
	case *rel.Virtual:
		return b.virtual(n, conds)
	case *rel.Values:
		return b.filtered(b.values(n), conds)
	case *rel.FuncScan:
		return b.funcScan(n, conds)
	case *rel.Filter:
		return b.filter(n, conds, want)
	case *rel.Project:
		return b.project(n, conds, want)
	case *rel.ProjectSet:
		in := b.node(n.Input, nil, nil)
		return b.filtered(&ProjectSet{Base: base(n.Cols, in.Est().Startup, in.Est().Total+in.Est().Rows*cpuRow, in.Est().Rows*10), Input: in, Exprs: b.exprs(n.Exprs)}, conds)
	case *rel.Join:
		return b.joins(n, conds, want)
	case *rel.Aggregate:
		return b.aggregate(n, conds)
	case *rel.Window:
		return b.filtered(b.window(n), conds)
	case *rel.DistinctOn:
		return b.distinct(n, conds)
	case *rel.SetOp:
		return b.setOp(n, conds)
	case *rel.Sort:
		in := b.node(n.Input, conds, n.Keys)
		return b.sorted(in, n.Keys)
	case *rel.Limit:
		return b.filtered(b.limit(n, want), conds)
	case *rel.With:
		return b.with(n, conds, want)
	case *rel.CTERef:
		return b.cteRef(n, conds)
	case *rel.WorkRef:
		cte := b.ctes[n.CTE]
		return b.filtered(&WorkScan{Base: base(n.Cols, 0, 1, 100), CTE: cte}, conds)
	case *rel.LockRows:
		in := b.node(n.Input, conds, want)
		return &LockRows{Base: base(n.Columns(), in.Est().Startup, in.Est().Total, in.Est().Rows), Input: in, Locks: n.Locks}
	case *rel.Insert:
		return b.insert(n)
	case *rel.Update:
		in := b.node(n.Input, nil, nil)
		c := *n
		c.Returning, c.Bound = withExprs(n.Returning, b.exprs), b.bound(n.Bound)
		return &Modify{Base: base(c.Columns(), in.Est().Startup, in.Est().Total, in.Est().Rows), Input: in, Update: &c}
	case *rel.Delete:
		in := b.node(n.Input, nil, nil)
		c := *n
		c.Returning = withExprs(n.Returning, b.exprs)
		return &Modify{Base: base(c.Columns(), in.Est().Startup, in.Est().Total, in.Est().Rows), Input: in, Delete: &c}
	}
	panic("plan: unknown node")
}

// base makes a node's Base.
func base(cols []rel.Column, startup, total, rows float64) Base {
	return Base{Cols: cols, Estimate: Estimate{Startup: startup, Total: max(total, startup), Rows: max(rows, 1), Width: width(cols)}}
}

// width is the average bytes of a row, as PostgreSQL guesses it from types.
func width(cols []rel.Column) int {
	n := 0
	for _, c := range cols {
		t := types.Get(c.T.OID)
		switch {
		case t != nil && t.Len > 0:
			n += int(t.Len)
		case c.T.Typmod > 4 && (c.T.OID == types.VarcharOID || c.T.OID == types.BpcharOID):
			n += min(int(c.T.Typmod-4), 32)
		default:
			n += 32
		}
	}
	return n
}

func (b *planner) values(n *rel.Values) Node {
	rows := make([][]rel.Expr, len(n.Rows))
	for i, r := range n.Rows {
		rows[i] = b.exprs(r)
	}
	if len(rows) == 1 && len(n.Cols) == 0 {
		return &Result{Base: base(n.Cols, 0, cpuRow, 1), Exprs: rows[0]}
	}
	return &Values{Base: base(n.Cols, 0, float64(len(rows))*cpuRow, float64(len(rows))), Rows: rows}
}

func (b *planner) funcScan(n *rel.FuncScan, conds []rel.Expr) Node {
	c := *n
	c.Funcs = append([]rel.TableFunc(nil), n.Funcs...)
	rows := 1.0
	for i := range c.Funcs {
		c.Funcs[i].X = b.expr(c.Funcs[i].X)
		if call, ok := c.Funcs[i].X.(*rel.Call); ok && call.Fn.Set {
			rows = 1000
		}
	}
	cond, rest := b.conjunction(conds)
	f := &FuncScan{Base: base(n.Columns(), 0, rows*cpuRow, rows*b.selectivity(conds)), Rel: &c, Filter: cond}
	return b.filtered(f, rest)
}

func (b *planner) virtual(n *rel.Virtual, conds []rel.Expr) Node {
	v := &VirtualScan{Virtual: n, Eq: map[int]rel.Expr{}}
	own := idSet(n.Cols)
	for _, c := range conds {
		col, x, ok := equality(c, own)
		if !ok || volatile(x) || hasSubquery(x) {
			continue
		}
		for i, have := range n.Cols {
			if _, taken := v.Eq[n.Attrs[i]]; have.ID == col.ID && !taken && have.T.OID == x.Type().OID {
				v.Eq[n.Attrs[i]] = b.expr(x)
			}
		}
	}
	cond, rest := b.conjunction(conds)
	v.Filter = cond
	rows := 100 * b.selectivity(conds)
	v.Base = base(n.Columns(), 0, 100*cpuRow, rows)
	return b.filtered(v, rest)
}

func (b *planner) project(n *rel.Project, conds []rel.Expr, want []rel.SortKey) Node {
	byID := map[rel.ColID]rel.Expr{}
	for i, c := range n.Cols {
		byID[c.ID] = n.Exprs[i]
		if col, ok := n.Exprs[i].(*rel.Col); ok {
			if o, ok := b.origin[col.ID]; ok {
				b.origin[c.ID] = o
			}
		}
	}
	var down, here []rel.Expr
	for _, c := range conds {
		if x, ok := substitute(c, byID); ok {
			down = append(down, x)
		} else {
			here = append(here, c)
		}
	}
	// One row of constants needs no input.
	if v, ok := n.Input.(*rel.Values); ok && len(v.Cols) == 0 && len(v.Rows) == 1 && len(down) == 0 {
		return b.filtered(&Result{Base: base(n.Cols, 0, cpuRow, 1), Exprs: b.exprs(n.Exprs)}, here)
	}
	var inner []rel.SortKey
	for _, k := range want {
		col, ok := byID[k.Col].(*rel.Col)
		if !ok {
			inner = nil
			break
		}
		inner = append(inner, rel.SortKey{Col: col.ID, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	in := b.node(n.Input, down, inner)
	for i, c := range n.Cols {
		if col, ok := n.Exprs[i].(*rel.Col); ok {
			if o, ok := b.origin[col.ID]; ok {
				b.origin[c.ID] = o
			}
		}
	}
	e := in.Est()
	var out Node = &Project{Base: base(n.Cols, e.Startup, e.Total+e.Rows*cpuOp*float64(len(n.Exprs)), e.Rows), Input: in, Exprs: b.exprs(n.Exprs)}
	return b.filtered(out, here)
}

func (b *planner) aggregate(n *rel.Aggregate, conds []rel.Expr) Node {
	var down, here []rel.Expr
	group := idSet(n.Group)
	for _, c := range conds {
		if len(n.Group) > 0 && n.Sets == nil && within(c, group) && movable(c) {
			down = append(down, c)
		} else {
			here = append(here, c)
		}
	}
	in := b.node(n.Input, down, nil)
	c := *n
	c.Aggs = append([]rel.AggCall(nil), n.Aggs...)
	for i := range c.Aggs {
		a := &c.Aggs[i]
		a.Args, a.Direct, a.Filter = b.exprs(a.Args), b.exprs(a.Direct), b.expr(a.Filter)
	}
	e := in.Est()
	rows := 1.0
	if len(n.Group) > 0 {
		rows = b.groups(n.Group, e.Rows) * float64(max(1, len(n.Sets)))
	}
	work := e.Rows * cpuOp * float64(1+len(n.Aggs)+len(n.Group))
	startup := e.Total + work
	agg := &Aggregate{Base: base(n.Columns(), startup, startup+rows*cpuRow, rows), Input: in, Rel: &c}
	return b.filtered(agg, here)
}

func (b *planner) window(n *rel.Window) Node {
	var keys []rel.SortKey
	for _, id := range n.Partition {
		keys = append(keys, rel.SortKey{Col: id})
	}
	keys = append(keys, n.Order...)
	in := b.sorted(b.node(n.Input, nil, keys), keys)
	c := *n
	c.Funcs = append([]rel.WindowCall(nil), n.Funcs...)
	for i := range c.Funcs {
		f := &c.Funcs[i]
		f.Args, f.Filter = b.exprs(f.Args), b.expr(f.Filter)
		f.Frame.Start.Offset, f.Frame.End.Offset = b.expr(f.Frame.Start.Offset), b.expr(f.Frame.End.Offset)
	}
	e := in.Est()
	return &Window{Base: base(n.Columns(), e.Startup, e.Total+e.Rows*cpuOp*float64(len(n.Funcs)), e.Rows), Input: in, Rel: &c}
}

func (b *planner) distinct(n *rel.DistinctOn, conds []rel.Expr) Node {
	var down, here []rel.Expr
	on := map[rel.ColID]bool{}
	for _, id := range n.On {
		on[id] = true
	}
	for _, c := range conds {
		if movable(c) && (n.On == nil || within(c, on)) {
			down = append(down, c)
		} else {
			here = append(here, c)
		}
	}
	in := b.node(n.Input, down, nil)
	e := in.Est()
	if n.On != nil {
		rows := b.groupsOf(n.On, e.Rows)
		return b.filtered(&Unique{Base: base(n.Columns(), e.Startup, e.Total+e.Rows*cpuOp, rows), Input: in, On: n.On}, here)
	}
	rows := b.groups(n.Columns(), e.Rows)
	return b.filtered(&HashDistinct{Base: base(n.Columns(), e.Startup, e.Total+e.Rows*cpuRow, rows), Input: in}, here)
}

func (b *planner) setOp(n *rel.SetOp, conds []rel.Expr) Node {
	side := func(in rel.Node) (down []rel.Expr) {
		byID := map[rel.ColID]rel.Expr{}
		for i, c := range in.Columns() {
			if i < len(n.Cols) {
				byID[n.Cols[i].ID] = &rel.Col{T: c.T, ID: c.ID}
			}
		}
		for _, c := range conds {
			x, ok := substitute(c, byID)
			if !ok {
				return nil
			}
			down = append(down, x)
		}
		return down
	}
	dl, dr := side(n.L), side(n.R)
	here := conds
	if len(dl) == len(conds) && len(dr) == len(conds) {
		here = nil
	} else {
		dl, dr = nil, nil
	}
	l, r := b.node(n.L, dl, nil), b.node(n.R, dr, nil)
	le, re := l.Est(), r.Est()
	rows, total := le.Rows+re.Rows, le.Total+re.Total
	var out Node
	switch {
	case n.Op == rel.Union:
		var in []Node
		for _, x := range []Node{l, r} { // UNION ALL of UNION ALLs is one list
			if a, ok := x.(*Append); ok {
				in = append(in, a.In...)
			} else {
				in = append(in, x)
			}
		}
		out = &Append{Base: base(n.Cols, min(le.Startup, re.Startup), total, rows), In: in}
		if !n.All {
			out = &HashDistinct{Base: base(n.Cols, total, total+rows*cpuRow, rows), Input: out}
		}
	default:
		out = &SetOp{Base: base(n.Cols, total, total+rows*cpuRow, le.Rows/2), Op: n.Op, All: n.All, L: l, R: r}
	}
	return b.filtered(out, here)
}

// isPoint reports whether the executor's direct path may take a plan: single rows
// by full key, or one row of VALUES.
func isPoint(n Node) bool {
	switch n := n.(type) {
	case *Modify:
		if n.Insert != nil && n.Insert.OnConflict != nil {
			return false
		}
		return isPoint(n.Input)
	case *Project:
		return isPoint(n.Input)
	case *LockRows:
		return isPoint(n.Input)
	case *Values:
		return len(n.Rows) == 1
	case *TableScan:
		return n.OneRow && n.Index.Primary
	}
	return false
}

// exprs and expr put plans in the place of subqueries and fold constants.
func (b *planner) exprs(list []rel.Expr) []rel.Expr {
	if list == nil {
		return nil
	}
	out := make([]rel.Expr, len(list))
	for i, e := range list {
		out[i] = b.expr(e)
	}
	return out
}

func (b *planner) expr(e rel.Expr) rel.Expr {
	if e == nil {
		return nil
	}
	e = rel.MapExpr(e, func(x rel.Expr) (rel.Expr, bool) {
		if s, ok := x.(*rel.Subquery); ok {
			return b.subPlan(s), false
		}
		return x, true
	})
	if b.env.Fold != nil {
		e = expr.Fold(b.env.Fold, e)
	}
	return e
}

// folded is e with its constants folded, subqueries left as they are.
func (b *planner) folded(e rel.Expr) rel.Expr {
	if b.env.Fold == nil || e == nil {
		return e
	}
	return expr.Fold(b.env.Fold, e)
}
