package plan

import (
	"math"
	"sort"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Costs are in PostgreSQL's unit, the read of a page in sequence. A scan begins
// with a request to storage.
const (
	requestCost = 100.0
	readRow     = 0.02 // an index entry or row read in order
	fullRow     = 1.25 // of readRow: a whole row is larger than an entry
	lookupRow   = 1.0  // a row looked up by its key
	cpuRow      = 0.01
	cpuOp       = 0.0025
	disabled    = 1e10 // what a switched-off method costs more
)

// equalToExpr is the share of rows in which an indexed expression has a value.
const equalToExpr = 0.005

// defaultRows is assumed of a table that has never been analysed.
const defaultRows = 100000

func sortCost(rows float64) float64 { return 2 * cpuOp * rows * math.Log2(max(rows, 2)) }

func (b *planner) tableRows(t *catalog.Table) float64 {
	if b.env.Snap != nil {
		if st := b.env.Snap.Stats(t.OID); st.Analyzed != 0 {
			return max(st.Rows, 1)
		}
	}
	return defaultRows
}

// stats are a column's statistics; ok is false if there are none.
func (b *planner) stats(id rel.ColID) (st catalog.ColStats, rows float64, t types.OID, ok bool) {
	o, known := b.origin[id]
	if !known || b.env.Snap == nil {
		return st, 0, 0, false
	}
	table := b.env.Snap.Stats(o.table.OID)
	if table.Analyzed == 0 {
		return st, 0, 0, false
	}
	st, ok = table.Columns[o.attr]
	return st, table.Rows, o.table.Columns[o.attr].T.OID, ok
}

// statValues are those in a column's statistics; nil if there are none.
func (b *planner) statValues(id rel.ColID) *catalog.ColValues {
	o := b.origin[id]
	return b.env.Snap.Stats(o.table.OID).Values(o.attr, o.table.Columns[o.attr].T.OID)
}

// distinct estimates the number of distinct values of a column.
func (b *planner) distinctValues(id rel.ColID) float64 {
	if st, rows, _, ok := b.stats(id); ok {
		switch {
		case st.Distinct > 0:
			return st.Distinct
		case st.Distinct < 0:
			return max(-st.Distinct*rows, 1)
		}
	}
	if o, ok := b.origin[id]; ok {
		if p := o.table.Primary; !p.Hidden && len(p.Keys) == 1 && p.Keys[0].Col == o.attr {
			return b.tableRows(o.table)
		}
		for _, x := range o.table.Indexes {
			if x.Unique && len(x.Keys) == 1 && x.Keys[0].Col == o.attr {
				return b.tableRows(o.table)
			}
		}
	}
	return 200
}

// selectivity is the share of rows for which all conditions hold, taken as
// independent of each other.
func (b *planner) selectivity(conds []rel.Expr) float64 {
	s := 1.0
	for _, c := range conds {
		s *= b.selectivityOf(c)
	}
	return s
}

func (b *planner) selectivityOf(c rel.Expr) float64 {
	switch c := c.(type) {
	case *rel.Const:
		if !c.D.IsNull() && c.D.Bool() {
			return 1
		}
		return 0
	case *rel.Bool:
		return b.boolean(c)
	case *rel.IsTest:
		if col, ok := c.X.(*rel.Col); ok && c.What == rel.IsNull {
			frac := 0.005
			if st, _, _, ok := b.stats(col.ID); ok {
				frac = st.NullFrac
			}
			if c.Not {
				return 1 - frac
			}
			return frac
		}
		return 0.5
	case *rel.AnyAll:
		n := 10.0
		if k, ok := c.Array.(*rel.Const); ok {
			if a, ok := k.D.X.(*types.Array); ok {
				n = float64(len(a.Elems))
			}
		} else if a, ok := c.Array.(*rel.ArrayExpr); ok {
			n = float64(len(a.Elems))
		}
		if col := plainCol(c.L); col != nil && c.Oper != nil && c.Oper.Strategy == '=' && !c.All {
			return min(n/b.distinctValues(col.ID), 1)
		}
		return 0.5
	case *rel.Call:
		return b.callSelectivity(c)
	case *rel.Subquery, *SubPlan:
		return 0.5
	}
	return 1.0 / 3
}

func (b *planner) boolean(c *rel.Bool) float64 {
	switch c.Op {
	case rel.And:
		return b.selectivity(c.Args)
	case rel.Or:
		s := 0.0
		for _, a := range c.Args {
			x := b.selectivityOf(a)
			s += x - s*x
		}
		return s
	}
	return 1 - b.selectivityOf(c.Args[0])
}

func (b *planner) callSelectivity(c *rel.Call) float64 {
	if c.Oper == nil || len(c.Args) != 2 {
		return 1.0 / 3
	}
	l, r := plainCol(c.Args[0]), plainCol(c.Args[1])
	switch c.Oper.Sel {
	case "neq":
		if l != nil {
			return 1 - 1/max(b.distinctValues(l.ID), 1)
		}
		return 0.995
	case "like":
		return 0.1
	}
	switch {
	case c.Oper.Strategy == 0:
		return 0.1
	case l != nil && r != nil && c.Oper.Strategy == '=':
		return 1 / max(b.distinctValues(l.ID), b.distinctValues(r.ID), 1)
	case l == nil && r == nil:
		return 1.0 / 3
	}
	op, col, other := c.Oper.Strategy, l, c.Args[1]
	if l == nil {
		col, other = r, c.Args[0]
		op = map[byte]byte{'<': '>', 'l': 'g', '=': '=', 'g': 'l', '>': '<'}[op]
	}
	k, _ := stripped(other).(*rel.Const)
	if op == '=' {
		return b.equalTo(col.ID, k)
	}
	return b.beyond(col.ID, op, k)
}

// stripped takes casts off that change no value.
func stripped(e rel.Expr) rel.Expr {
	for {
		c, ok := e.(*rel.Cast)
		if !ok || c.Method != funcs.Binary {
			return e
		}
		e = c.X
	}
}

// equalTo is the share of rows in which a column has a value; nil: one not known.
func (b *planner) equalTo(id rel.ColID, k *rel.Const) float64 {
	st, _, t, ok := b.stats(id)
	distinct := b.distinctValues(id)
	if !ok {
		return 1 / max(distinct, 1)
	}
	if k == nil || k.D.IsNull() || k.Slot != 0 {
		return (1 - st.NullFrac) / max(distinct, 1)
	}
	rest := 1 - st.NullFrac
	v := b.statValues(id)
	if v == nil {
		return 1 / max(distinct, 1)
	}
	for i, d := range v.MCV {
		if d.Kind == k.D.Kind && types.Compare(t, d, k.D) == 0 {
			return st.MCF[i]
		}
		rest -= st.MCF[i]
	}
	return max(rest, 0) / max(distinct-float64(len(st.MCV)), 1)
}

// beyond is the share of rows in which a column is less or greater than a value.
func (b *planner) beyond(id rel.ColID, op byte, k *rel.Const) float64 {
	st, _, t, ok := b.stats(id)
	if !ok || k == nil || k.D.IsNull() || k.Slot != 0 {
		return 1.0 / 3
	}
	v := b.statValues(id)
	if v == nil || !sameKind(v.MCV, k.D.Kind) || !sameKind(v.Histogram, k.D.Kind) {
		return 1.0 / 3
	}
	less := 0.0 // of the values
	common := 0.0
	for i, d := range v.MCV {
		common += st.MCF[i]
		if c := types.Compare(t, d, k.D); c < 0 || c == 0 && (op == 'l' || op == '>') {
			less += st.MCF[i]
		}
	}
	if n := len(v.Histogram); n > 1 {
		at := sort.Search(n, func(i int) bool { return types.Compare(t, v.Histogram[i], k.D) >= 0 })
		share := 0.0
		switch at {
		case 0:
		case n:
			share = 1
		default:
			share = (float64(at) - 0.5) / float64(n-1)
		}
		less += share * max(1-st.NullFrac-common, 0)
	}
	if op == '>' || op == 'g' {
		less = 1 - st.NullFrac - less
	}
	return min(max(less, 1e-5), 1)
}

func sameKind(list []types.Datum, k types.Kind) bool {
	return len(list) == 0 || list[0].Kind == k
}

// groups estimates the number of distinct rows of columns among so many.
func (b *planner) groups(cols []rel.Column, rows float64) float64 {
	ids := make([]rel.ColID, len(cols))
	for i, c := range cols {
		ids[i] = c.ID
	}
	return b.groupsOf(ids, rows)
}

func (b *planner) groupsOf(ids []rel.ColID, rows float64) float64 {
	n := 1.0
	for _, id := range ids {
		n *= b.distinctValues(id)
	}
	return max(1, min(n, rows))
}
