package plan

import (
	"zorya/sql/rel"
)

// What is run again and again with other outer columns (a correlated sub-plan, the
// right side of LATERAL) should not read its tables from end to end each time. Where no
// index serves a condition `column = outer column`, the rows are put into a hash table
// once, by their side of the condition, and each run looks its own rows up. The plan
// above is what it was, so that nothing changes but the time: NULLs, the order of
// evaluation of what is above and errors in it stay as they are. It is a hash join whose
// left side is one row.

// lookupBytes bounds what a lookup may keep, by estimate: a query whose outer rows are
// few must not fail for memory that it could do without.
const lookupBytes = 48 << 20

// rerun plans with the columns in mind that change from one run to the next.
func (b *planner) rerun(outer map[rel.ColID]bool, f func()) {
	old := b.outer
	b.outer = outer
	f()
	b.outer = old
}

// lookedUp reads n's rows that satisfy conds by a hash table over n; nil if that is not
// possible or no use.
func (b *planner) lookedUp(n Node, conds []rel.Expr) Node {
	if len(b.outer) == 0 || !b.env.Settings.HashJoin {
		return nil
	}
	own := idSet(n.Columns())
	var lkeys, rkeys, keys, rest []rel.Expr
	for _, c := range conds {
		if l, r, ok := hashable(c, b.outer, own); ok {
			keys = append(keys, c)
			lkeys, rkeys = append(lkeys, b.expr(l)), append(rkeys, b.expr(r))
		} else {
			rest = append(rest, c)
		}
	}
	e := n.Est()
	if len(keys) == 0 || e.Rows*float64(e.Width+64) > lookupBytes {
		return nil
	}
	if f := find(n, rkeys); !f.constant() || f.volatile {
		return nil
	}
	one := &Result{Base: base(nil, 0, 0, 1)}
	rows := max(e.Rows*b.selectivity(keys), 1)
	// The table is made once, which many runs share.
	total := 2*cpuOp*float64(len(keys)) + rows*cpuRow
	join := &HashJoin{Base: base(n.Columns(), 0, total, rows), Kind: rel.Inner, L: one, R: n, LKeys: lkeys, RKeys: rkeys}
	return b.checked(join, rest)
}

// lookedUpScan is lookedUp for a table, if t, the best access to it, uses no outer column.
func (b *planner) lookedUpScan(t *TableScan, conds []rel.Expr) Node {
	if len(b.outer) == 0 || b.fromOutside(t) {
		return nil
	}
	var own, outer []rel.Expr
	for _, c := range conds {
		if touches(c, b.outer) {
			outer = append(outer, c)
		} else {
			own = append(own, c)
		}
	}
	if len(outer) == 0 {
		return nil
	}
	return b.lookedUp(b.scan(t.Scan, own, nil), outer)
}

// fromOutside reports whether a scan's keys depend on outer columns.
func (b *planner) fromOutside(t *TableScan) bool {
	for _, k := range t.Prefix {
		if k.X != nil && touches(k.X, b.outer) {
			return true
		}
	}
	if t.InList != nil && touches(t.InList, b.outer) {
		return true
	}
	r := t.Range
	return r != nil && (r.Lo != nil && touches(r.Lo, b.outer) || r.Hi != nil && touches(r.Hi, b.outer))
}

// kept is the share of r's cost that each run of a join pays: what a join keeps of a
// side without outer columns is made once for all runs.
func (b *planner) kept(r Node, keys ...rel.Expr) float64 {
	if len(b.outer) > 0 && Constant(r, keys...) {
		return 0
	}
	return 1
}
