package exec

import (
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// cteSpec is a compiled CTE.
type cteSpec struct {
	slot             int
	query, recursive spec
	unionAll         bool
	oids             []types.OID
	modifies         bool
}

type withSpec struct {
	ctes     []*cteSpec
	body     spec
	ncols    int
	modifies bool
}

func (c *compiler) with(n *plan.With) (spec, error) {
	s := &withSpec{ncols: len(n.Columns())}
	for _, cte := range n.CTEs {
		x := &cteSpec{slot: c.p.ctes, unionAll: cte.Rel.UnionAll, modifies: cte.Rel.Modifies}
		x.oids = oidsOf(cte.Query.Columns())
		if cte.Rel.Recursive != nil {
			x.oids = oidsOf(cte.Rel.Cols)
		}
		c.p.ctes++
		c.ctes[cte] = x.slot
		c.bound[cte] = ctePlace{len(c.open), c.inner == 0}
		var err error
		if x.query, err = c.node(cte.Query); err != nil {
			return nil, err
		}
		if cte.Recursive != nil {
			if x.recursive, err = c.again(cte.Recursive, true); err != nil {
				return nil, err
			}
		}
		s.modifies = s.modifies || x.modifies
		s.ctes = append(s.ctes, x)
	}
	var err error
	s.body, err = c.node(n.Body)
	return s, err
}

func (s *withSpec) operator(r *run) operator {
	w := &with{r: r, s: s}
	for _, cte := range s.ctes {
		st := newCTEState(r, cte)
		r.ctes[cte.slot] = st
		w.ctes = append(w.ctes, st)
	}
	w.body = s.body.operator(r)
	return w
}

type with struct {
	r    *run
	s    *withSpec
	ctes []*cteState
	body operator
	rows *rowStore // of the body, when a CTE modifies data
	at   int
}

func (w *with) open() error {
	for _, st := range w.ctes {
		if !st.spec.modifies {
			st.restart()
		}
	}
	w.rows, w.at = nil, 0
	if w.s.modifies {
		return nil
	}
	return w.body.open()
}

func (w *with) close() {
	w.body.close()
	for _, st := range w.ctes {
		st.close()
	}
	if w.rows != nil {
		w.rows.reset()
	}
}

// next passes the body on. When a CTE modifies data, the body and all CTEs run to
// the end first, so that what the client reads does not decide what is changed.
func (w *with) next() (*types.Batch, error) {
	if !w.s.modifies {
		return w.body.next()
	}
	if w.rows == nil {
		rows := newRowStore(&w.r.mem, w.s.ncols)
		if err := drain(w.body, rows, false); err != nil {
			return nil, err
		}
		for _, st := range w.ctes {
			if !st.spec.modifies {
				continue
			}
			if err := st.finish(); err != nil {
				return nil, err
			}
		}
		w.rows = rows
	}
	b := w.rows.batch(w.at)
	if b != nil {
		w.at += b.Len
	}
	return b, nil
}

func (w *with) pace(n int) {
	if !w.s.modifies {
		pace(w.body, n)
	}
}

// A cteState is a CTE in one execution: its rows as far as somebody has asked.
// For a recursive one, the rows of the last round are those from work to workEnd.
type cteState struct {
	r         *run
	spec      *cteSpec
	query     operator
	recursive operator
	rows      *rowStore
	seen      *keyTable // UNION: rows that have come
	opened    bool
	inRound   bool // recursive is open
	work      int
	workEnd   int
	done      bool
	max       int // paced
	sel       []int
}

func newCTEState(r *run, s *cteSpec) *cteState {
	st := &cteState{r: r, spec: s, query: s.query.operator(r), rows: newRowStore(&r.mem, len(s.oids))}
	if s.recursive != nil {
		st.recursive = s.recursive.operator(r)
		if !s.unionAll {
			st.seen = newKeyTable(&r.mem, s.oids)
		}
	}
	return st
}

func (st *cteState) restart() {
	st.rows.reset()
	if st.seen != nil {
		st.seen.reset()
	}
	st.opened, st.inRound, st.work, st.workEnd, st.done = false, false, 0, 0, false
}

func (st *cteState) close() {
	st.query.close()
	if st.recursive != nil {
		st.recursive.close()
	}
	st.rows.reset()
	if st.seen != nil {
		st.seen.reset()
	}
}

// more computes further rows until there are more than n, or no more come; it
// reports whether row n exists. At most max rows are wanted, if that is not 0.
func (st *cteState) more(n, max int) (bool, error) {
	st.max = max
	for st.rows.n <= n && !st.done {
		if err := st.r.canceled(); err != nil {
			return false, err
		}
		if err := st.step(); err != nil {
			return false, err
		}
	}
	return st.rows.n > n, nil
}

// finish computes all rows.
func (st *cteState) finish() error {
	st.max = 0
	for !st.done {
		if err := st.step(); err != nil {
			return err
		}
	}
	return nil
}

// step takes one batch from the query or the current round.
func (st *cteState) step() error {
	if !st.opened {
		if err := st.query.open(); err != nil {
			return err
		}
		st.opened = true
	}
	if !st.inRound {
		pace(st.query, st.max)
		b, err := st.query.next()
		if err != nil {
			return err
		}
		if b != nil {
			return st.add(b)
		}
		st.query.close()
		if st.recursive == nil {
			st.done = true
			return nil
		}
		return st.nextRound()
	}
	pace(st.recursive, st.max)
	b, err := st.recursive.next()
	if err != nil {
		return err
	}
	if b != nil {
		return st.add(b)
	}
	return st.nextRound()
}

// nextRound runs the recursive term over the rows that the last round has added.
func (st *cteState) nextRound() error {
	st.work, st.workEnd = st.workEnd, st.rows.n
	if st.work == st.workEnd {
		st.recursive.close()
		st.done = true
		return nil
	}
	st.inRound = true
	return st.recursive.open()
}

func (st *cteState) add(b *types.Batch) error {
	if st.seen == nil {
		return st.rows.appendBatch(b)
	}
	var err error
	if st.sel, err = newRows(st.seen, b, st.sel[:0]); err != nil {
		return err
	}
	return st.rows.appendFrom(b, st.sel)
}

// cteScanSpec reads a CTE, or the working table of the recursion in it.
type cteScanSpec struct {
	slot  int
	work  bool
	cond  *expr.Compiled
	ncols int
}

func (c *compiler) cteScan(n *plan.CTEScan) (spec, error) {
	c.readsCTE(c.bound[n.CTE])
	return c.scanned(n.Filter, n.Columns(), func(cond *expr.Compiled) spec {
		return &cteScanSpec{slot: c.ctes[n.CTE], cond: cond, ncols: len(n.Columns())}
	})
}

func (c *compiler) workScan(n *plan.WorkScan) (spec, error) {
	c.readsCTE(ctePlace{depth: c.bound[n.CTE].depth})
	return c.scanned(n.Filter, n.Columns(), func(cond *expr.Compiled) spec {
		return &cteScanSpec{slot: c.ctes[n.CTE], work: true, cond: cond, ncols: len(n.Columns())}
	})
}

func (s *cteScanSpec) operator(r *run) operator {
	return &cteScan{r: r, s: s, sel: newSelection(s.cond, s.ncols)}
}

type cteScan struct {
	r     *run
	s     *cteScanSpec
	st    *cteState
	at    int
	limit int // WorkScan: end of the working table
	max   int // paced
	sel   selection
	view  types.Batch
}

func (o *cteScan) open() error {
	o.st = o.r.ctes[o.s.slot]
	o.at, o.max = 0, 0
	if o.s.work {
		o.at, o.limit = o.st.work, o.st.workEnd
	}
	return nil
}

func (o *cteScan) close()     {}
func (o *cteScan) pace(n int) { o.max = n }

func (o *cteScan) next() (*types.Batch, error) {
	for {
		if o.s.work {
			if o.at >= o.limit {
				return nil, nil
			}
		} else if ok, err := o.st.more(o.at, o.max); err != nil || !ok {
			return nil, err
		}
		b := o.st.rows.batch(o.at)
		if o.s.work && b.Len > o.limit-o.at {
			b = sliceBatch(b, 0, o.limit-o.at)
		}
		o.at += b.Len
		out, err := o.sel.apply(o.r.env, o.fix(b))
		if err != nil {
			return nil, err
		}
		if out.Len > 0 {
			return out, nil
		}
		if err := o.r.canceled(); err != nil {
			return nil, err
		}
	}
}

// fix makes a view of b that does not change while more rows are appended to the
// store's last chunk.
func (o *cteScan) fix(b *types.Batch) *types.Batch {
	o.view.Len, o.view.Cols = b.Len, o.view.Cols[:0]
	for _, v := range b.Cols[:o.s.ncols] {
		o.view.Cols = append(o.view.Cols, sliceVec(v, 0, b.Len))
	}
	return &o.view
}
