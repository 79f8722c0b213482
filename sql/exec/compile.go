package exec

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A compiler turns a plan into specs. Expressions with sub-plans call back into it.
type compiler struct {
	p    *Program
	ctes map[*plan.CTE]int
	err  error // of a sub-plan inside an expression
	// inner > 0: what is compiled may be run many times in one execution, by a
	// correlated sub-plan or a nested loop.
	inner int
	// open are the correlated sub-plans that are being compiled, the innermost last.
	open []*subSpec
	// bound says where a CTE was compiled.
	bound map[*plan.CTE]ctePlace
	// observer tells what must not compute ahead of its reader.
	observer interface{ Node(plan.Node) bool }
}

// A ctePlace is where a CTE was compiled: in how many open sub-plans, and whether it is
// run once in an execution.
type ctePlace struct {
	depth int
	once  bool
}

// again compiles n as something that is run many times.
func (c *compiler) again(n plan.Node, many bool) (spec, error) {
	if many {
		c.inner++
		defer func() { c.inner-- }()
	}
	return c.node(n)
}

func compile(p *plan.Plan, direct bool) (*Program, error) {
	prog := &Program{plan: p, main: mainModify(p.Root)}
	c := &compiler{p: prog, ctes: map[*plan.CTE]int{}, bound: map[*plan.CTE]ctePlace{}, observer: plan.NewObserver()}
	root, err := c.node(p.Root)
	if err != nil {
		return nil, err
	}
	prog.root, prog.paced = root, c.observer.Node(p.Root)
	if n := len(p.Query.Out); n < len(p.Root.Columns()) {
		prog.out = make([]int, n)
		for i := range prog.out {
			prog.out[i] = i
		}
	}
	if direct && p.Point {
		if prog.direct, err = c.directPath(p); err != nil {
			return nil, err
		}
	}
	return prog, nil
}

// mainModify is the Modify whose count is the statement's: the one at the top,
// not those inside WITH.
func mainModify(n plan.Node) *plan.Modify {
	switch n := n.(type) {
	case *plan.Modify:
		return n
	case *plan.With:
		return mainModify(n.Body)
	case *plan.Project:
		return mainModify(n.Input)
	}
	return nil
}

// node compiles n and its inputs.
func (c *compiler) node(n plan.Node) (spec, error) {
	s, err := c.build(n)
	if err != nil {
		return nil, err
	}
	return &instrumented{s, n}, nil
}

// instrumented measures its node if the execution asks for it.
type instrumented struct {
	spec
	n plan.Node
}

func (s *instrumented) operator(r *run) operator {
	op := s.spec.operator(r)
	if r.actuals == nil {
		return op
	}
	a := r.actuals[s.n]
	if a == nil {
		a = &plan.Actual{}
		r.actuals[s.n] = a
	}
	if d, ok := op.(detailed); ok {
		d.detail(a)
	}
	return &measured{operator: op, a: a}
}

// A detailed operator reports more than rows and times.
type detailed interface{ detail(a *plan.Actual) }

func (c *compiler) build(n plan.Node) (spec, error) {
	switch n := n.(type) {
	case *plan.TableScan:
		return c.tableScan(n)
	case *plan.VirtualScan:
		return c.virtualScan(n)
	case *plan.Values:
		return c.values(n)
	case *plan.FuncScan:
		return c.funcScan(n)
	case *plan.Filter:
		return c.filter(n)
	case *plan.Result:
		return c.result(n)
	case *plan.Project:
		return c.project(n)
	case *plan.ProjectSet:
		return c.projectSet(n)
	case *plan.NestedLoop:
		return c.nestedLoop(n)
	case *plan.HashJoin:
		return c.hashJoin(n)
	case *plan.Aggregate:
		return c.aggregate(n)
	case *plan.Window:
		return c.window(n)
	case *plan.Unique:
		return c.unique(n)
	case *plan.HashDistinct:
		return c.hashDistinct(n)
	case *plan.Append:
		return c.append(n)
	case *plan.SetOp:
		return c.setOp(n)
	case *plan.Sort:
		return c.sort(n)
	case *plan.Limit:
		return c.limit(n)
	case *plan.With:
		return c.with(n)
	case *plan.CTEScan:
		return c.cteScan(n)
	case *plan.WorkScan:
		return c.workScan(n)
	case *plan.LockRows:
		return c.lockRows(n)
	case *plan.Modify:
		return c.modify(n)
	}
	return nil, pgerr.New(pgerr.InternalError, "unrecognized plan node: %T", n)
}

// expr compiles e over layout; nil stays nil.
func (c *compiler) expr(e rel.Expr, layout []rel.Column) (*expr.Compiled, error) {
	if e == nil {
		return nil, nil
	}
	x, err := expr.Compile(e, layout, c.subPlan)
	if c.err != nil { // why a sub-plan was not compiled
		return nil, c.err
	}
	return x, err
}

func (c *compiler) exprs(es []rel.Expr, layout []rel.Column) ([]*expr.Compiled, error) {
	out := make([]*expr.Compiled, len(es))
	for i, e := range es {
		var err error
		if out[i], err = c.expr(e, layout); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// place is the index of column id in cols, -1 if it is not there.
func place(cols []rel.Column, id rel.ColID) int {
	return slices.IndexFunc(cols, func(c rel.Column) bool { return c.ID == id })
}

// mustPlace is place for a column that the plan promises.
func mustPlace(cols []rel.Column, id rel.ColID) (int, error) {
	if i := place(cols, id); i >= 0 {
		return i, nil
	}
	return 0, pgerr.New(pgerr.InternalError, "column %d not found in plan", id)
}

// mapping says where in from each of the columns to is; nil if both are the same.
func mapping(to, from []rel.Column) ([]int, error) {
	same := len(to) == len(from)
	m := make([]int, len(to))
	for i, col := range to {
		at, err := mustPlace(from, col.ID)
		if err != nil {
			return nil, err
		}
		m[i] = at
		same = same && at == i
	}
	if same {
		return nil, nil
	}
	return m, nil
}

// sortCols resolves sort keys against an input's columns.
func sortCols(keys []rel.SortKey, cols []rel.Column) ([]sortCol, error) {
	out := make([]sortCol, len(keys))
	for i, k := range keys {
		at, err := mustPlace(cols, k.Col)
		if err != nil {
			return nil, err
		}
		out[i] = sortCol{col: at, oid: cols[at].T.OID, desc: k.Desc, nullsFirst: k.NullsFirst}
	}
	return out, nil
}

// oidsOf are the columns' types.
func oidsOf(cols []rel.Column) []types.OID {
	out := make([]types.OID, len(cols))
	for i, c := range cols {
		out[i] = c.T.OID
	}
	return out
}

// scalar evaluates an expression without columns; NULL if x is nil.
func (r *run) scalar(x *expr.Compiled) (types.Datum, error) {
	if x == nil {
		return types.Null, nil
	}
	return x.Row(r.env, nil)
}
