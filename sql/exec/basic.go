package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Values: rows of expressions.
type valuesSpec struct {
	rows  [][]cell
	ncols int
}

// A cell is an expression; x is nil if it is the constant d, as it is in loads.
type cell struct {
	d types.Datum
	x *expr.Compiled
}

func (c *compiler) values(n *plan.Values) (spec, error) {
	s := &valuesSpec{ncols: len(n.Cols)}
	for _, row := range n.Rows {
		cells := make([]cell, len(row))
		for i, e := range row {
			if k, ok := e.(*rel.Const); ok && k.Slot == 0 {
				cells[i].d = k.D
				continue
			}
			var err error
			if cells[i].x, err = c.expr(e, nil); err != nil {
				return nil, err
			}
		}
		s.rows = append(s.rows, cells)
	}
	return s, nil
}

func (s *valuesSpec) operator(r *run) operator {
	return &values{r: r, s: s, out: newBatch(s.ncols)}
}

type values struct {
	r   *run
	s   *valuesSpec
	at  int
	max int // paced
	out *types.Batch
}

func (v *values) open() error { v.at, v.max = 0, 0; return nil }
func (v *values) close()      {}
func (v *values) pace(n int)  { v.max = n }

func (v *values) next() (*types.Batch, error) {
	if v.at >= len(v.s.rows) {
		return nil, nil
	}
	resetBatch(v.out)
	for v.at < len(v.s.rows) && v.out.Len < atMost(v.max) {
		for c := range v.s.rows[v.at] {
			cell := &v.s.rows[v.at][c]
			d := cell.d
			if cell.x != nil {
				var err error
				if d, err = cell.x.Row(v.r.env, nil); err != nil {
					return nil, err
				}
			}
			if !v.out.Cols[c].Add(v.out.Len, d) {
				return nil, kindError(v.out.Cols[c].Kind, d.Kind)
			}
		}
		v.out.Len++
		v.at++
	}
	return v.out, nil
}

// selection applies a condition to batches; nil lets all pass.
type selection struct {
	cond *expr.Compiled
	sel  []int
	out  *types.Batch
}

func newSelection(cond *expr.Compiled, ncols int) selection {
	return selection{cond: cond, out: newBatch(ncols)}
}

// apply returns the rows of b for which the condition holds: b itself if all do.
func (f *selection) apply(env *expr.Env, b *types.Batch) (*types.Batch, error) {
	if f.cond == nil || b == nil || b.Len == 0 {
		return b, nil
	}
	var err error
	if f.sel, err = f.cond.Filter(env, b, f.sel[:0]); err != nil {
		return nil, err
	}
	if len(f.sel) == b.Len {
		return b, nil
	}
	compact(b, f.sel, f.out)
	return f.out, nil
}

// Filter.
type filterSpec struct {
	in    spec
	feed  feedSpec
	cond  *expr.Compiled
	ncols int
}

func (c *compiler) filter(n *plan.Filter) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	cond, err := c.expr(n.Cond, n.Input.Columns())
	return &filterSpec{in, c.feed(n.Input, plan.Observable(n.Cond)), cond, len(n.Input.Columns())}, err
}

func (s *filterSpec) operator(r *run) operator {
	return &filter{feed{feedSpec: s.feed, in: s.in.operator(r)}, r, newSelection(s.cond, s.ncols), 0}
}

type filter struct {
	feed
	r       *run
	sel     selection
	dropped int64
}

func (f *filter) next() (*types.Batch, error) {
	for {
		b, err := f.feed.next()
		if err != nil || b == nil {
			return nil, err
		}
		out, err := f.sel.apply(f.r.env, b)
		if err != nil {
			return nil, err
		}
		f.dropped += int64(b.Len - out.Len)
		if out.Len > 0 {
			return out, nil
		}
		if err := f.r.canceled(); err != nil {
			return nil, err
		}
	}
}

// Result: a condition checked once, over an input or over one computed row.
type resultSpec struct {
	in    spec // may be nil
	cond  *expr.Compiled
	exprs []*expr.Compiled
	ncols int
}

func (c *compiler) result(n *plan.Result) (spec, error) {
	s := &resultSpec{ncols: len(n.Columns())}
	var err error
	if n.Input != nil {
		if s.in, err = c.node(n.Input); err != nil {
			return nil, err
		}
	}
	if s.cond, err = c.expr(n.Cond, nil); err != nil {
		return nil, err
	}
	s.exprs, err = c.exprs(n.Exprs, nil)
	return s, err
}

func (s *resultSpec) operator(r *run) operator {
	res := &result{r: r, s: s, out: newBatch(s.ncols)}
	if s.in != nil {
		res.in = s.in.operator(r)
	}
	return res
}

type result struct {
	r      *run
	s      *resultSpec
	in     operator
	out    *types.Batch
	opened bool
	done   bool
	max    int // paced
}

func (o *result) open() error { o.opened, o.done, o.max = false, false, 0; return nil }
func (o *result) pace(n int)  { o.max = n }

func (o *result) close() {
	if o.in != nil {
		o.in.close()
	}
}

func (o *result) next() (*types.Batch, error) {
	if o.done {
		return nil, nil
	}
	if !o.opened {
		o.opened = true
		if o.s.cond != nil {
			d, err := o.r.scalar(o.s.cond)
			if err != nil {
				return nil, err
			}
			if d.IsNull() || !d.Bool() {
				o.done = true
				return nil, nil
			}
		}
		if o.in != nil {
			if err := o.in.open(); err != nil {
				return nil, err
			}
		}
	}
	if o.in != nil {
		pace(o.in, o.max)
		return o.in.next()
	}
	o.done = true
	resetBatch(o.out)
	for c, x := range o.s.exprs {
		d, err := o.r.scalar(x)
		if err != nil {
			return nil, err
		}
		o.out.Cols[c].Add(0, d)
	}
	o.out.Len = 1
	return o.out, nil
}

// Project.
type projectSpec struct {
	in    spec
	feed  feedSpec
	exprs []*expr.Compiled
	// byRow is set if the order in which the expressions are evaluated shows: rows are
	// taken one by one then, not expressions.
	byRow bool
}

func (c *compiler) project(n *plan.Project) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	xs, err := c.exprs(n.Exprs, n.Input.Columns())
	return &projectSpec{in, c.feed(n.Input, plan.Observable(n.Exprs...)), xs, sequenceCalls(n.Exprs) > 1}, err
}

// sequenceCalls counts the calls that move or read a sequence.
func sequenceCalls(list []rel.Expr) int {
	n := 0
	for _, x := range list {
		rel.WalkExpr(x, func(e rel.Expr) bool {
			if c, ok := e.(*rel.Call); ok {
				switch c.Fn.Name {
				case "nextval", "currval", "lastval", "setval":
					n++
				}
			}
			return true
		})
	}
	return n
}

func (s *projectSpec) operator(r *run) operator {
	return &project{feed{feedSpec: s.feed, in: s.in.operator(r)}, r, s, types.Batch{Cols: make([]*types.Vec, len(s.exprs))}}
}

type project struct {
	feed
	r   *run
	s   *projectSpec
	out types.Batch
}

func (p *project) next() (*types.Batch, error) {
	b, err := p.feed.next()
	if err != nil || b == nil {
		return nil, err
	}
	if p.s.byRow && b.Len > 1 {
		return p.rows(b)
	}
	for i, x := range p.s.exprs {
		if p.out.Cols[i], err = x.Eval(p.r.env, b); err != nil {
			return nil, err
		}
	}
	p.out.Len = b.Len
	return &p.out, nil
}

// rows computes the expressions row by row.
func (p *project) rows(b *types.Batch) (*types.Batch, error) {
	out := &types.Batch{Len: b.Len, Cols: make([]*types.Vec, len(p.s.exprs))}
	for i := range out.Cols {
		out.Cols[i] = &types.Vec{}
	}
	one := &types.Batch{Len: 1, Cols: make([]*types.Vec, len(b.Cols))}
	for n := range b.Len {
		for i, c := range b.Cols {
			one.Cols[i] = sliceVec(c, n, n+1)
		}
		for i, x := range p.s.exprs {
			v, err := x.Eval(p.r.env, one)
			if err != nil {
				return nil, err
			}
			d := v.At(0)
			if !out.Cols[i].Add(n, d) {
				return nil, kindError(out.Cols[i].Kind, d.Kind)
			}
		}
	}
	return out, nil
}

// Append is UNION ALL.
type appendSpec struct{ in []spec }

func (c *compiler) append(n *plan.Append) (spec, error) {
	s := &appendSpec{}
	for _, in := range n.In {
		x, err := c.node(in)
		if err != nil {
			return nil, err
		}
		s.in = append(s.in, x)
	}
	return s, nil
}

func (s *appendSpec) operator(r *run) operator {
	a := &appendOp{}
	for _, in := range s.in {
		a.in = append(a.in, in.operator(r))
	}
	return a
}

type appendOp struct {
	in     []operator
	at     int
	opened bool
	max    int // paced
}

func (a *appendOp) open() error { a.at, a.opened, a.max = 0, false, 0; return nil }
func (a *appendOp) pace(n int)  { a.max = n }

func (a *appendOp) close() {
	for _, in := range a.in {
		in.close()
	}
}

func (a *appendOp) next() (*types.Batch, error) {
	for ; a.at < len(a.in); a.at++ {
		if !a.opened {
			if err := a.in[a.at].open(); err != nil {
				return nil, err
			}
			a.opened = true
		}
		pace(a.in[a.at], a.max)
		b, err := a.in[a.at].next()
		if err != nil || b != nil {
			return b, err
		}
		a.in[a.at].close()
		a.opened = false
	}
	return nil, nil
}
