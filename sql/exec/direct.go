package exec

import (
	"sync"

	"zorya/kv"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
)

// The direct path runs statements on single rows, which are most of what an
// application sends, without operators: expressions → key → get or put → a small
// batch. It shares the modifier and the row filters' expressions with the tree.

// A directPath is a compiled statement on single rows. Immutable.
type directPath struct {
	values  []*expr.Compiled // the row of VALUES, if get is nil
	get     *directGet
	project []*expr.Compiled // over the source's columns; nil: none
	modify  *modifySpec      // nil: SELECT
	lock    kv.Strength      // FOR UPDATE, FOR KEY SHARE: claim of the row read
	width   int              // columns of the result
	pool    *sync.Pool       // of *directState
}

// A directGet reads the row of a full primary key.
type directGet struct {
	ranges  *rangeSpec
	decoder *tuple.Decoder
	ndata   int
	rowID   bool
	whole   bool
	conds   []*expr.Compiled // over the row
}

// A directState is what one execution needs; it is used again and again.
type directState struct {
	r    run
	m    modifier
	in   []types.Datum
	out  []types.Datum
	both []types.Datum
	b    *types.Batch
}

// directPath compiles p, or returns nil if its shape is another.
func (c *compiler) directPath(p *plan.Plan) (*directPath, error) {
	d := &directPath{width: len(p.Query.Out)}
	n := p.Root
	if m, ok := n.(*plan.Modify); ok {
		s, err := c.modify(m)
		if err != nil {
			return nil, err
		}
		d.modify = s.(*modifySpec)
		n = m.Input
		if d.modify.returning != nil {
			d.width = len(d.modify.returning)
		}
	}
	n, locks := withoutLocks(n, nil)
	var exprs []rel.Expr
	if pr, ok := n.(*plan.Project); ok {
		exprs, n = pr.Exprs, pr.Input
		n, locks = withoutLocks(n, locks)
	}
	var layout []rel.Column
	var err error
	switch n := n.(type) {
	case *plan.Values:
		if len(n.Rows) != 1 { // the tree evaluates all rows before it inserts one
			return nil, nil
		}
		if d.values, err = c.exprs(n.Rows[0], nil); err != nil {
			return nil, err
		}
		layout = n.Columns()
	case *plan.TableScan:
		if d.get, layout, err = c.directGet(n); err != nil || d.get == nil {
			return nil, err
		}
		for _, l := range locks {
			if l.RowID != n.Scan.RowID {
				return nil, nil
			}
			d.lock = max(d.lock, lockStrength(l.Share))
		}
		if exprs == nil { // put the scan's columns in their order
			for _, col := range n.Columns() {
				exprs = append(exprs, &rel.Col{T: col.T, ID: col.ID})
			}
		}
	default:
		return nil, nil
	}
	if exprs != nil {
		if d.project, err = c.exprs(exprs, layout); err != nil {
			return nil, err
		}
	}
	if c.p.subs > 0 { // sub-plans need operators
		return nil, nil
	}
	d.pool = &sync.Pool{New: func() any { return &directState{b: newBatch(d.width)} }}
	return d, nil
}

// withoutLocks takes a LockRows off n and adds its locks to those given.
func withoutLocks(n plan.Node, locks []rel.RowLock) (plan.Node, []rel.RowLock) {
	if l, ok := n.(*plan.LockRows); ok {
		return l.Input, append(locks, l.Locks...)
	}
	return n, locks
}

// directGet compiles the read of one row; nil if n is not one. The layout is that
// of the rows that it gives.
func (c *compiler) directGet(n *plan.TableScan) (*directGet, []rel.Column, error) {
	if !fullKey(n) || n.Access == plan.IndexScan || n.Limit != nil {
		return nil, nil, nil
	}
	ranges, err := c.ranges(n)
	if err != nil {
		return nil, nil, err
	}
	layout := append([]rel.Column(nil), n.Scan.Cols...)
	g := &directGet{ranges: ranges, decoder: tuple.NewDecoder(n.Scan.Table, n.Index, n.Scan.Attrs), ndata: len(n.Scan.Attrs)}
	if n.Scan.RowID != 0 {
		g.rowID = true
		layout = append(layout, rel.Column{ID: n.Scan.RowID, T: types.Of(types.ByteaOID)})
	}
	if n.Scan.Whole != 0 {
		g.whole = true
		layout = append(layout, rel.Column{ID: n.Scan.Whole, T: types.Of(types.ByteaOID)})
	}
	for _, cond := range []rel.Expr{n.Storage, n.Lookup, n.Filter} {
		if cond == nil {
			continue
		}
		x, err := c.expr(cond, layout)
		if err != nil {
			return nil, nil, err
		}
		g.conds = append(g.conds, x)
	}
	return g, layout, nil
}

// row reads the row into buf; the key is nil if there is none.
func (g *directGet) row(r *run, buf []types.Datum) ([]types.Datum, kv.Key, error) {
	key, err := g.ranges.key(r)
	if err != nil || key == nil {
		return buf, nil, err
	}
	v, ok, err := r.Tx.Get(r.Ctx, key)
	if err != nil || !ok {
		return buf, nil, err
	}
	for len(buf) < g.ndata {
		buf = append(buf, types.Null)
	}
	if err := g.decoder.Decode(key, v.Bytes, buf); err != nil {
		return buf, nil, err
	}
	if g.rowID {
		buf = append(buf, types.NewText(string(key)))
	}
	if g.whole {
		buf = append(buf, types.NewText(string(v.Bytes)))
	}
	for _, x := range g.conds {
		d, err := x.Row(r.env, buf)
		if err != nil || d.IsNull() || !d.Bool() {
			return buf, nil, err
		}
	}
	return buf, key, nil
}

// startDirect runs the whole statement.
func (p *Program) startDirect(c *Context) (*Cursor, error) {
	d := p.direct
	st := d.pool.Get().(*directState)
	st.r = run{Context: c, env: c.Env, mem: account{limit: c.Limits.Memory}, main: p.main}
	resetBatch(st.b)
	err := d.run(st)
	if err == nil {
		err = st.r.finish()
	}
	if err != nil {
		st.release(d)
		return nil, err
	}
	return &Cursor{p: p, direct: st, changed: st.r.changed}, nil
}

// release gives the state back; its batch is void then.
func (st *directState) release(d *directPath) {
	st.r.release()
	st.r = run{}
	d.pool.Put(st)
}

func (d *directPath) run(st *directState) error {
	r := &st.r
	if err := r.canceled(); err != nil {
		return err
	}
	if d.modify != nil {
		st.m = modifier{r, d.modify, writer{r, d.modify.table}}
	}
	if d.get != nil {
		row, key, err := d.get.row(r, st.in[:0])
		st.in = row
		if err != nil || key == nil {
			return err
		}
		if d.lock != kv.None {
			if err := r.Tx.Lock(key, d.lock); err != nil {
				return err
			}
		}
		return d.row(st, row)
	}
	st.in = st.in[:0]
	for _, x := range d.values {
		v, err := x.Row(r.env, nil)
		if err != nil {
			return err
		}
		st.in = append(st.in, v)
	}
	return d.row(st, st.in)
}

// row takes one row of the source to the result.
func (d *directPath) row(st *directState, row []types.Datum) error {
	if d.project != nil {
		st.out = st.out[:0]
		for _, x := range d.project {
			v, err := x.Row(st.r.env, row)
			if err != nil {
				return err
			}
			st.out = append(st.out, v)
		}
		row = st.out
	}
	if d.modify == nil {
		return st.put(row[:d.width])
	}
	changed, err := st.m.apply(row)
	if err != nil || changed == nil || d.modify.returning == nil {
		return err
	}
	st.both = append(st.both[:0], changed[:d.modify.nret]...)
	if d.modify.retIn > 0 {
		st.both = append(st.both, row...)
	}
	st.out = st.out[:0]
	for _, x := range d.modify.returning {
		v, err := x.Row(st.r.env, st.both)
		if err != nil {
			return err
		}
		st.out = append(st.out, v)
	}
	return st.put(st.out)
}

// put adds a row to the result.
func (st *directState) put(row []types.Datum) error {
	for c, d := range row {
		if !st.b.Cols[c].Add(st.b.Len, d) {
			return kindError(st.b.Cols[c].Kind, d.Kind)
		}
	}
	st.b.Len++
	return nil
}
