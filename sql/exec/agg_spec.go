package exec

import (
	"slices"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An aggCall is an aggregate compiled over its node's input.
type aggCall struct {
	fn       *funcs.Func
	args     []*expr.Compiled
	direct   []*expr.Compiled
	argTypes []types.T
	filter   *expr.Compiled
	distinct bool
	order    []sortCol        // ORDER BY inside: places in the kept row
	keep     []*expr.Compiled // what a kept row has: arguments, then sort columns
	kept     bool             // rows are kept per group and added at the end
	sortArgs []sortCol        // DISTINCT: all arguments, after order
}

type aggSpec struct {
	in     spec
	group  []int
	oids   []types.OID
	aggs   []aggCall
	sets   [][]int // nil: one set of all
	sorted bool
	out    []int // output columns among group, aggregates, grouping number
	ncols  int
	again  bool // run many times
}

func (c *compiler) aggregate(n *plan.Aggregate) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	s := &aggSpec{in: in, again: c.inner > 0, sets: n.Rel.Sets, sorted: n.Sorted && n.Rel.Sets == nil && len(n.Rel.Group) > 0}
	for _, g := range n.Rel.Group {
		at, err := mustPlace(cols, g.ID)
		if err != nil {
			return nil, err
		}
		s.group = append(s.group, at)
		s.oids = append(s.oids, cols[at].T.OID)
	}
	for i := range n.Rel.Aggs {
		a, err := c.aggCall(&n.Rel.Aggs[i], cols, groupRow(n.Rel))
		if err != nil {
			return nil, err
		}
		s.aggs = append(s.aggs, a)
	}
	all := n.Rel.Columns()
	s.ncols = len(all)
	s.out, err = mapping(n.Columns(), all)
	return s, err
}

// groupRow is what direct arguments of ordered-set aggregates may read: the grouped
// columns, and the number of the grouping set.
func groupRow(n *rel.Aggregate) []rel.Column {
	return append(n.Group[:len(n.Group):len(n.Group)], rel.Column{ID: n.GroupingID, T: types.Of(types.Int4OID)})
}

func (c *compiler) aggCall(a *rel.AggCall, cols, group []rel.Column) (aggCall, error) {
	s := aggCall{fn: a.Fn, distinct: a.Distinct}
	var err error
	if s.args, err = c.exprs(a.Args, cols); err != nil {
		return s, err
	}
	if s.direct, err = c.exprs(a.Direct, group); err != nil {
		return s, err
	}
	if s.filter, err = c.expr(a.Filter, cols); err != nil {
		return s, err
	}
	for _, x := range a.Direct {
		s.argTypes = append(s.argTypes, x.Type())
	}
	for _, x := range a.Args {
		s.argTypes = append(s.argTypes, x.Type())
	}
	s.kept = len(a.Order) > 0 || a.Distinct && !orderless[a.Fn.Name] || a.Fn.OrderedSet != 0
	if !s.kept {
		return s, nil
	}
	s.keep = slices.Clone(s.args)
	for _, k := range a.Order {
		at, err := mustPlace(cols, k.Col)
		if err != nil {
			return s, err
		}
		x, err := c.expr(&rel.Col{T: cols[at].T, ID: k.Col}, cols)
		if err != nil {
			return s, err
		}
		s.order = append(s.order, sortCol{col: len(s.keep), oid: cols[at].T.OID, desc: k.Desc, nullsFirst: k.NullsFirst})
		s.keep = append(s.keep, x)
	}
	if a.Distinct {
		s.sortArgs = slices.Clone(s.order)
		for i, x := range a.Args {
			s.sortArgs = append(s.sortArgs, sortCol{col: i, oid: x.Type().OID})
		}
	}
	return s, nil
}

func (s *aggSpec) operator(r *run) operator {
	return &aggregate{r: r, s: s, in: s.in.operator(r), buf: newBatch(s.ncols)}
}
