package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Operators compute whole batches, PostgreSQL's nodes single rows as they are wanted. It
// shows where expressions fail or have effects: under LIMIT, in EXISTS, in a portal that
// is not read to its end. There the reader paces its input.

// A pacer is an operator that can be kept from computing ahead: until the next pace,
// what it computes is no more than n further rows of its need. 0 is no bound. It may
// still yield more rows than n.
type pacer interface{ pace(n int) }

func pace(op operator, n int) {
	if p, ok := op.(pacer); ok {
		p.pace(n)
	}
}

// atMost is the size of a batch when n rows are wanted.
func atMost(n int) int {
	if n > 0 {
		return min(n, types.BatchSize)
	}
	return types.BatchSize
}

func (m *measured) pace(n int) { pace(m.operator, n) }

// A feedSpec says how an operator reads its input when it is paced itself.
type feedSpec struct {
	paced  bool // it shows how far the input computes ahead
	sliced bool // it shows for how many rows the operator's own expressions are computed
}

func (c *compiler) feed(in plan.Node, sliced bool) feedSpec {
	return feedSpec{c.observer.Node(in), sliced}
}

// A feed is an input that gives no more rows than asked for.
type feed struct {
	feedSpec
	in      operator
	max     int          // 0: no bound
	pending *types.Batch // the input's, given up to from
	from    int
}

func (f *feed) open() error {
	f.pending, f.max = nil, 0
	return f.in.open()
}

func (f *feed) close() {
	f.pending = nil
	f.in.close()
}

func (f *feed) pace(n int) { f.max = n }

func (f *feed) next() (*types.Batch, error) {
	if f.pending == nil {
		if f.paced {
			pace(f.in, f.max)
		}
		b, err := f.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		if !f.sliced || f.max == 0 || b.Len <= f.max {
			return b, nil
		}
		f.pending, f.from = b, 0
	}
	to := f.pending.Len
	if f.max > 0 {
		to = min(to, f.from+f.max)
	}
	b := sliceBatch(f.pending, f.from, to)
	if f.from = to; to == f.pending.Len {
		f.pending = nil
	}
	return b, nil
}

// scanned makes a scan with a filter. One that shows for how many rows it is computed is
// an operator of its own, which can be paced.
func (c *compiler) scanned(filter rel.Expr, cols []rel.Column, scan func(*expr.Compiled) spec) (spec, error) {
	cond, err := c.expr(filter, cols)
	if err != nil {
		return nil, err
	}
	if !plan.Observable(filter) {
		return scan(cond), nil
	}
	return &filterSpec{scan(nil), feedSpec{sliced: true}, cond, len(cols)}, nil
}
