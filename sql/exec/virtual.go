package exec

import (
	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// virtualSpec reads a computed table.
type virtualSpec struct {
	n     *plan.VirtualScan
	attrs []int // by output column
	eq    map[int]*expr.Compiled
	cond  *expr.Compiled
}

func (c *compiler) virtualScan(n *plan.VirtualScan) (spec, error) {
	s := &virtualSpec{n: n, eq: map[int]*expr.Compiled{}}
	for _, col := range n.Columns() {
		at, err := mustPlace(n.Virtual.Cols, col.ID)
		if err != nil {
			return nil, err
		}
		s.attrs = append(s.attrs, n.Virtual.Attrs[at])
	}
	for attr, x := range n.Eq {
		cx, err := c.expr(x, nil)
		if err != nil {
			return nil, err
		}
		s.eq[attr] = cx
	}
	return c.scanned(n.Filter, n.Columns(), func(cond *expr.Compiled) spec {
		s.cond = cond
		return s
	})
}

func (s *virtualSpec) operator(r *run) operator {
	return &virtualScan{r: r, s: s, out: newBatch(len(s.attrs)), sel: newSelection(s.cond, len(s.attrs))}
}

type virtualScan struct {
	r    *run
	s    *virtualSpec
	rows [][]types.Datum
	at   int
	out  *types.Batch
	sel  selection
}

func (o *virtualScan) open() error {
	o.rows, o.at = nil, 0
	eq := map[int]types.Datum{}
	for attr, x := range o.s.eq {
		d, err := o.r.scalar(x)
		if err != nil {
			return err
		}
		if d.IsNull() { // column = NULL holds for no row
			return nil
		}
		eq[attr] = d
	}
	if o.r.Virtual == nil {
		return pgerr.New(pgerr.InternalError, "no virtual tables in this context")
	}
	var err error
	o.rows, err = o.r.Virtual(o.s.n.Virtual.Table, eq)
	return err
}

func (o *virtualScan) close() { o.rows = nil }

func (o *virtualScan) next() (*types.Batch, error) {
	for o.at < len(o.rows) {
		resetBatch(o.out)
		for o.at < len(o.rows) && o.out.Len < types.BatchSize {
			row := o.rows[o.at]
			for c, attr := range o.s.attrs {
				if !o.out.Cols[c].Add(o.out.Len, row[attr]) {
					return nil, kindError(o.out.Cols[c].Kind, row[attr].Kind)
				}
			}
			o.out.Len++
			o.at++
		}
		// eq narrows what is computed; it need not be exact.
		b, err := o.sel.apply(o.r.env, o.out)
		if err != nil {
			return nil, err
		}
		if b.Len > 0 {
			return b, nil
		}
	}
	return nil, nil
}
