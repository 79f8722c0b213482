package plan

import (
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
)

// scan chooses how to read a table: of all indexes that could serve, the cheapest,
// the order that is wanted taken into account. Conditions that are the same for all
// rows are checked before anything is read.
func (b *planner) scan(s *rel.Scan, all []rel.Expr, want []rel.SortKey) Node {
	var conds, once []rel.Expr
	for _, c := range all {
		if len(columnsOf(c)) == 0 && movable(c) {
			once = append(once, c)
		} else {
			conds = append(conds, c)
		}
	}
	for i, c := range s.Cols {
		b.origin[c.ID] = origin{s.Table, s.Attrs[i]}
	}
	var best *TableScan
	bestCost := 0.0
	consider := func(idx *catalog.Index) {
		t := b.access(s, idx, conds)
		if t == nil {
			return
		}
		cost, ordered := t.Estimate.Total, true
		if len(want) > 0 {
			have, fixed := ordering(t)
			if matching(have, fixed, want) < len(want) {
				t.Reverse = true
				have, fixed = ordering(t)
				if matching(have, fixed, want) < len(want) {
					t.Reverse = false
					cost += sortCost(t.Estimate.Rows) + t.Estimate.Rows*cpuRow
					ordered = false
				}
			}
		}
		if b.hint > 0 && ordered {
			cost = t.Estimate.Startup + (cost-t.Estimate.Startup)*min(b.hint/t.Estimate.Rows, 1)
		}
		if off := b.env.Settings; t.Access == FullScan && !off.SeqScan || t.Access == IndexScan && !off.IndexScan || t.Access == IndexOnlyScan && !off.IndexOnlyScan {
			cost += disabled
		}
		if best == nil || cost < bestCost {
			best, bestCost = t, cost
		}
	}
	consider(s.Table.Primary)
	for _, idx := range s.Table.Indexes {
		if idx.State == catalog.IndexPublic && (idx.Where == "" || b.implied(idx, s, conds)) {
			consider(idx)
		}
	}
	if n := b.lookedUpScan(best, conds); n != nil {
		return b.filtered(n, once)
	}
	return b.filtered(best, once)
}

// access is the scan of a table through one index; nil if that makes no sense.
func (b *planner) access(s *rel.Scan, idx *catalog.Index, conds []rel.Expr) *TableScan {
	t := &TableScan{Scan: s, Index: idx}
	m := matcher{s: s, own: idSet(s.Columns()), left: append([]rel.Expr(nil), conds...)}
	keySel := 1.0
	if !idx.Hidden {
		keySel = b.matchKeys(t, &m)
	}
	switch {
	case idx.Primary && len(t.Prefix) == 0 && t.Range == nil && t.InList == nil:
		t.Access = FullScan
	case idx.Primary:
		t.Access = PrimaryScan
	case s.Whole == 0 && b.covers(s, idx):
		t.Access = IndexOnlyScan
	default:
		t.Access = IndexScan
	}
	t.OneRow = idx.Unique && !idx.Hidden && len(t.Prefix) == len(idx.Keys)
	for _, k := range t.Prefix {
		t.OneRow = t.OneRow && (!k.IsNull || idx.NullsNotDistinct)
	}
	storageSel, lookupSel := b.split(t, m.left)
	b.cost(t, keySel, storageSel, lookupSel)
	return t
}

func (b *planner) covers(s *rel.Scan, idx *catalog.Index) bool {
	for _, a := range s.Attrs {
		if !tuple.Covers(s.Table, idx, a) {
			return false
		}
	}
	return true
}

// A matcher takes from a list of conditions those that an index's keys serve.
type matcher struct {
	s    *rel.Scan
	own  map[rel.ColID]bool
	left []rel.Expr
}

// matchKeys fills in Prefix, then InList or Range, and returns the share of the
// table's rows that they leave.
func (b *planner) matchKeys(t *TableScan, m *matcher) float64 {
	sel := 1.0
	for i, k := range t.Index.Keys {
		if key := b.keyExpr(t.Index, i, m.s); key != nil {
			x, cond := m.equalExpr(key, k.T.OID, b.folded)
			if cond == nil {
				return sel
			}
			t.Prefix = append(t.Prefix, KeyCond{X: b.expr(x)})
			t.Conds = append(t.Conds, b.expr(cond))
			sel *= equalToExpr
			continue
		}
		id := m.column(k.Col)
		if id == 0 {
			return sel
		}
		if kc, cond := m.equal(id, k.T.OID); cond != nil {
			t.Prefix = append(t.Prefix, KeyCond{X: b.expr(kc.X), IsNull: kc.IsNull})
			t.Conds = append(t.Conds, b.expr(cond))
			sel *= b.selectivityOf(cond)
			continue
		}
		if x, cond := m.inList(id, k.T.OID); cond != nil {
			t.InList = b.expr(x)
			t.Conds = append(t.Conds, b.expr(cond))
			return sel * b.selectivityOf(cond)
		}
		r, used := m.rangeOn(id, k.T.OID)
		if r != nil {
			t.Range = &KeyRange{Lo: b.expr(r.Lo), Hi: b.expr(r.Hi), LoIncl: r.LoIncl, HiIncl: r.HiIncl}
			for _, c := range used {
				t.Conds = append(t.Conds, b.expr(c))
			}
			sel *= b.selectivity(used)
		}
		return sel
	}
	return sel
}

// column is the id under which the scan knows a column of its table, or 0.
func (m *matcher) column(attr int) rel.ColID {
	for i, a := range m.s.Attrs {
		if a == attr {
			return m.s.Cols[i].ID
		}
	}
	return 0
}

func (m *matcher) drop(i int) { m.left = append(m.left[:i:i], m.left[i+1:]...) }

// equal takes the first condition that fixes a key column to one value.
func (m *matcher) equal(id rel.ColID, t types.OID) (KeyCond, rel.Expr) {
	for i, c := range m.left {
		if n, ok := c.(*rel.IsTest); ok && n.What == rel.IsNull && !n.Not {
			if col, ok := n.X.(*rel.Col); ok && col.ID == id {
				m.drop(i)
				return KeyCond{IsNull: true}, c
			}
		}
		col, x, ok := equality(c, m.own)
		if !ok || col.ID != id || !steady(x) {
			continue
		}
		if key, ok := asKey(x, t); ok {
			m.drop(i)
			return KeyCond{X: key}, c
		}
	}
	return KeyCond{}, nil
}

// inList takes a condition `col = ANY (array)`.
func (m *matcher) inList(id rel.ColID, t types.OID) (rel.Expr, rel.Expr) {
	for i, c := range m.left {
		a, ok := c.(*rel.AnyAll)
		if !ok || a.All || a.Oper == nil || a.Oper.Strategy != '=' || touches(a.Array, m.own) || !steady(a.Array) {
			continue
		}
		col := plainCol(a.L)
		elem := types.Get(a.Array.Type().OID)
		if col == nil || col.ID != id || elem == nil || !sameHash(elem.Elem, t) && elem.Elem != t {
			continue
		}
		// The order of the values is the key's: whole numbers of other widths have it too,
		// but a value that the key's type cannot hold would not be found anyway.
		m.drop(i)
		return a.Array, c
	}
	return nil, nil
}

// rangeOn takes conditions that bound a key column.
func (m *matcher) rangeOn(id rel.ColID, t types.OID) (*KeyRange, []rel.Expr) {
	var r *KeyRange
	var used, left []rel.Expr
	for _, c := range m.left {
		col, op, x, ok := comparison(c, m.own)
		if ok && col.ID == id && op != '=' && steady(x) {
			if key, fits := asKey(x, t); fits {
				if r == nil {
					r = &KeyRange{}
				}
				lower := op == '>' || op == 'g'
				if lower && r.Lo == nil {
					r.Lo, r.LoIncl = key, op == 'g'
					used = append(used, c)
					continue
				}
				if !lower && r.Hi == nil {
					r.Hi, r.HiIncl = key, op == 'l'
					used = append(used, c)
					continue
				}
			}
		}
		left = append(left, c)
	}
	m.left = left
	return r, used
}

// steady reports whether an expression may be computed once for a scan.
func steady(x rel.Expr) bool { return !volatile(x) }

// asKey makes a value of a key column's type of an expression with the same values;
// false if it may have others.
func asKey(x rel.Expr, key types.OID) (rel.Expr, bool) {
	t := x.Type().OID
	whole := func(o types.OID) int {
		switch o {
		case types.Int2OID:
			return 2
		case types.Int4OID:
			return 4
		case types.Int8OID:
			return 8
		}
		return 0
	}
	switch {
	case t == key:
		return x, true
	case whole(t) > 0 && whole(key) > 0:
		// All whole numbers have one form, and one order in keys: a value that the key's
		// type cannot hold is equal to none and lies beyond all.
		return &rel.Cast{T: types.Of(key), X: x, Method: funcs.Binary}, true
	case textual(t) && textual(key):
		return &rel.Cast{T: types.Of(key), X: x, Method: funcs.Binary}, true
	}
	return nil, false
}

// split shares the remaining conditions out: what storage can check on the scanned
// entries, what it can check on looked-up rows, what the query processor must.
func (b *planner) split(t *TableScan, conds []rel.Expr) (storageSel, lookupSel float64) {
	var storage, lookup, filter []rel.Expr
	for _, c := range conds {
		switch {
		case !storable(c, t.Scan):
			filter = append(filter, c)
		case t.Access != IndexScan || b.onEntry(c, t):
			storage = append(storage, c)
		default:
			lookup = append(lookup, c)
		}
	}
	t.Storage, t.Lookup, t.Filter = b.expr(and(storage)), b.expr(and(lookup)), b.expr(and(filter))
	return b.selectivity(storage), b.selectivity(lookup) * b.selectivity(filter)
}

// storable: storage computes what is immutable, from columns and given values.
func storable(c rel.Expr, s *rel.Scan) bool {
	ok := !hasSubquery(c)
	rel.WalkExpr(c, func(x rel.Expr) bool {
		switch x := x.(type) {
		case *rel.Call:
			ok = ok && x.Fn.Volatility == funcs.Immutable && !x.Fn.Set
		case *rel.Cast:
			ok = ok && x.Domain == 0 && x.Method != funcs.ByInOut && (x.Fn == nil || x.Fn.Volatility == funcs.Immutable)
		case *rel.SQLValue:
			ok = false
		case *rel.Col:
			ok = ok && x.ID != s.RowID && x.ID != s.Whole
		}
		return ok
	})
	return ok
}

// onEntry reports whether the scanned index's entries hold all columns of c.
func (b *planner) onEntry(c rel.Expr, t *TableScan) bool {
	for _, id := range columnsOf(c) {
		for i, col := range t.Scan.Cols {
			if col.ID == id && !tuple.Covers(t.Scan.Table, t.Index, t.Scan.Attrs[i]) {
				return false
			}
		}
	}
	return true
}

// cost estimates a scan. Rows pass the keys, then storage's filter, then look-up
// and the query processor's filter.
func (b *planner) cost(t *TableScan, keySel, storageSel, lookupSel float64) {
	rows := b.tableRows(t.Scan.Table)
	read := max(rows*keySel, 1)
	if t.OneRow {
		read = 1
	}
	passed := max(read*storageSel, 1)
	total := requestCost + read*readRow
	if t.Index.Primary && t.Access == FullScan {
		total = requestCost + read*readRow*fullRow
	}
	if t.Access == IndexScan {
		total += passed * lookupRow
	}
	total += passed * cpuOp
	out := max(passed*lookupSel, 1)
	t.Base, t.Read, t.Passed = base(t.Scan.Columns(), requestCost, total, out), read, passed
}

// ordering is the order in which a node's rows come, and the columns that have one
// value in all of them.
func ordering(n Node) ([]rel.SortKey, map[rel.ColID]bool) {
	switch n := n.(type) {
	case *TableScan:
		return scanOrder(n)
	case *Sort:
		return n.Keys, nil
	case *Filter:
		return ordering(n.Input)
	case *Result:
		if n.Input != nil {
			return ordering(n.Input)
		}
	case *LockRows:
		return ordering(n.Input)
	case *Limit:
		return ordering(n.Input)
	case *Window:
		return ordering(n.Input)
	case *Project:
		keys, fixed := ordering(n.Input)
		return projected(n, keys, fixed)
	case *NestedLoop:
		if keepsLeft(n.Kind) {
			return ordering(n.L)
		}
	case *HashJoin:
		if keepsLeft(n.Kind) {
			return ordering(n.L)
		}
	}
	return nil, nil
}

// keepsLeft: joins propose pairs in the order of L.
func keepsLeft(k rel.JoinKind) bool {
	return k == rel.Inner || k == rel.Left || k == rel.Semi || k == rel.Anti
}

func scanOrder(n *TableScan) (keys []rel.SortKey, fixed map[rel.ColID]bool) {
	if n.Index.Hidden {
		return nil, nil
	}
	fixed = map[rel.ColID]bool{}
	m := matcher{s: n.Scan}
	for i, k := range n.Index.Keys {
		id := m.column(k.Col)
		if i < len(n.Prefix) {
			fixed[id] = true
			continue
		}
		if id == 0 {
			return keys, fixed
		}
		keys = append(keys, rel.SortKey{Col: id, Desc: n.Reverse, NullsFirst: k.NullsFirst != n.Reverse})
	}
	if !n.Index.Primary && !n.Scan.Table.Primary.Hidden {
		// Entries of one key stand in the order of their rows' keys.
		for _, k := range n.Scan.Table.Primary.Keys {
			id := m.column(k.Col)
			if id == 0 || n.Index.Unique {
				break
			}
			keys = append(keys, rel.SortKey{Col: id, Desc: n.Reverse, NullsFirst: k.NullsFirst != n.Reverse})
		}
	}
	return keys, fixed
}

func projected(n *Project, keys []rel.SortKey, fixed map[rel.ColID]bool) ([]rel.SortKey, map[rel.ColID]bool) {
	to := map[rel.ColID]rel.ColID{}
	for i, e := range n.Exprs {
		if c, ok := e.(*rel.Col); ok {
			if _, taken := to[c.ID]; !taken {
				to[c.ID] = n.Cols[i].ID
			}
		}
	}
	out, outFixed := []rel.SortKey(nil), map[rel.ColID]bool{}
	for i, e := range n.Exprs {
		if c, ok := e.(*rel.Col); ok && fixed[c.ID] {
			outFixed[n.Cols[i].ID] = true
		}
	}
	for _, k := range keys {
		id, ok := to[k.Col]
		if !ok {
			break
		}
		out = append(out, rel.SortKey{Col: id, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	return out, outFixed
}

// matching counts how many of the first wanted keys an order satisfies.
func matching(have []rel.SortKey, fixed map[rel.ColID]bool, want []rel.SortKey) int {
	i := 0
	for n, w := range want {
		if fixed[w.Col] {
			continue
		}
		if i >= len(have) || have[i] != w {
			return n
		}
		i++
	}
	return len(want)
}
