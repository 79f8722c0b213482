package exec

import (
	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// passThrough is embedded by operators over one input.
type passThrough struct{ in operator }

func (p *passThrough) open() error { return p.in.open() }
func (p *passThrough) close()      { p.in.close() }

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

// Limit.
type limitSpec struct {
	in            spec
	count, offset *expr.Compiled
	ties          []sortCol
	ncols         int
	paced         bool
}

func (c *compiler) limit(n *plan.Limit) (spec, error) {
	s := &limitSpec{ncols: len(n.Input.Columns()), paced: c.observer.Node(n.Input)}
	var err error
	if s.in, err = c.node(n.Input); err != nil {
		return nil, err
	}
	if s.count, err = c.expr(n.Count, nil); err != nil {
		return nil, err
	}
	if s.offset, err = c.expr(n.Offset, nil); err != nil {
		return nil, err
	}
	s.ties, err = sortCols(n.WithTies, n.Input.Columns())
	return s, err
}

func (s *limitSpec) operator(r *run) operator {
	return &limit{passThrough: passThrough{s.in.operator(r)}, r: r, s: s}
}

type limit struct {
	passThrough
	r    *run
	s    *limitSpec
	skip int64
	left int64     // rows still wanted; -1: all
	max  int       // paced
	last *rowStore // WITH TIES: the last row within the limit
}

func (l *limit) open() error {
	var err error
	if l.skip, l.left, err = l.r.limits(l.s.count, l.s.offset); err != nil {
		return err
	}
	l.last, l.max = nil, 0
	return l.in.open()
}

func (l *limit) pace(n int) { l.max = n }

// budget is how many rows of the input the next batch may need; 0: no bound.
func (l *limit) budget() int {
	n := l.left
	switch {
	case n == 0: // ties end with the first row that is none
		return 1
	case l.max > 0 && (n < 0 || int64(l.max) < n):
		n = int64(l.max)
	case n < 0:
		return 0
	}
	return int(min(l.skip+n, types.BatchSize))
}

// limits evaluates LIMIT and OFFSET; count is -1 without LIMIT.
func (r *run) limits(countX, offsetX *expr.Compiled) (offset, count int64, err error) {
	d, err := r.scalar(offsetX)
	if err != nil {
		return 0, 0, err
	}
	if offset = d.I; offset < 0 {
		return 0, 0, pgerr.New(pgerr.InvalidRowCountInOffset, "OFFSET must not be negative")
	}
	if d, err = r.scalar(countX); err != nil {
		return 0, 0, err
	}
	if d.IsNull() {
		return offset, -1, nil
	}
	if d.I < 0 {
		return 0, 0, pgerr.New(pgerr.InvalidRowCountInLimit, "LIMIT must not be negative")
	}
	return offset, d.I, nil
}

func (l *limit) next() (*types.Batch, error) {
	for {
		if l.left == 0 && (l.last == nil || len(l.s.ties) == 0) {
			return nil, nil
		}
		if l.s.paced {
			pace(l.in, l.budget())
		}
		b, err := l.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		if l.skip >= int64(b.Len) {
			l.skip -= int64(b.Len)
			continue
		}
		if l.left == 0 {
			return l.peers(b)
		}
		from := int(l.skip)
		l.skip = 0
		to := b.Len
		if l.left >= 0 {
			to = int(min(int64(b.Len), int64(from)+l.left))
			l.left -= int64(to - from)
		}
		if l.left == 0 && len(l.s.ties) > 0 {
			l.last = newRowStore(&l.r.mem, l.s.ncols)
			if err := l.last.appendFrom(b, []int{to - 1}); err != nil {
				return nil, err
			}
			to += l.countPeers(b, to)
		}
		if from == 0 && to == b.Len {
			return b, nil
		}
		return sliceBatch(b, from, to), nil
	}
}

// countPeers counts the rows of b, from at on, that tie with the last row; it
// ends the ties if one does not.
func (l *limit) countPeers(b *types.Batch, at int) int {
	n := 0
	for ; at < b.Len; at++ {
		for _, k := range l.s.ties {
			v, i := l.last.vec(0, k.col)
			if k.compare(v, i, b.Cols[k.col], at) != 0 {
				l.last = nil
				return n
			}
		}
		n++
	}
	return n
}

func (l *limit) peers(b *types.Batch) (*types.Batch, error) {
	n := l.countPeers(b, 0)
	if n == 0 {
		return nil, nil
	}
	return sliceBatch(b, 0, n), nil
}

// LockRows claims the rows that pass.
type lockSpec struct {
	in    spec
	feed  feedSpec
	locks []rowLock
}

func (c *compiler) lockRows(n *plan.LockRows) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	s := &lockSpec{in: in, feed: c.feed(n.Input, true)}
	for _, l := range n.Locks {
		at, err := mustPlace(n.Input.Columns(), l.RowID)
		if err != nil {
			return nil, err
		}
		s.locks = append(s.locks, rowLock{at, lockStrength(l.Share)})
	}
	return s, nil
}

func (s *lockSpec) operator(r *run) operator {
	return &lockOp{feed{feedSpec: s.feed, in: s.in.operator(r)}, r, s}
}

type rowLock struct {
	at       int
	strength kv.Strength
}

func lockStrength(share bool) kv.Strength {
	if share {
		return kv.Share
	}
	return kv.Exclusive
}

type lockOp struct {
	feed
	r *run
	s *lockSpec
}

func (l *lockOp) next() (*types.Batch, error) {
	b, err := l.feed.next()
	if err != nil || b == nil {
		return nil, err
	}
	for _, lock := range l.s.locks {
		ids := b.Cols[lock.at]
		for i := range b.Len {
			if ids.IsNull(i) { // no row on this side of an outer join
				continue
			}
			if err := l.r.Tx.Lock(kv.Key(ids.S[i]), lock.strength); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}
