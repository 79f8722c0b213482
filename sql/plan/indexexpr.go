package plan

import (
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// tableExprs are a table's own expressions, bound, or nil.
func (b *planner) tableExprs(t *catalog.Table) *rel.TableExprs {
	if b.env.Exprs == nil {
		return nil
	}
	if te, ok := b.exprsOf[t.OID]; ok {
		return te
	}
	te, err := b.env.Exprs(t)
	if err != nil {
		te = nil // the index is not used
	}
	b.exprsOf[t.OID] = te
	return te
}

// overScan puts a scan's columns in the place of the table's; nil if the scan lacks
// one of them.
func (b *planner) overScan(e rel.Expr, te *rel.TableExprs, s *rel.Scan) rel.Expr {
	if e == nil {
		return nil
	}
	byID := map[rel.ColID]rel.Expr{}
	for i, a := range s.Attrs {
		if a < len(te.Cols) {
			byID[te.Cols[a].ID] = &rel.Col{T: s.Cols[i].T, ID: s.Cols[i].ID}
		}
	}
	for _, id := range expr.Cols(e) {
		if byID[id] == nil {
			return nil
		}
	}
	out, ok := substitute(e, byID)
	if !ok {
		return nil
	}
	return b.folded(out)
}

// implied reports whether the conditions of a scan imply an index's predicate: each
// part of it is one of them, or says that a column is not NULL which one of them
// needs.
func (b *planner) implied(idx *catalog.Index, s *rel.Scan, conds []rel.Expr) bool {
	te := b.tableExprs(s.Table)
	if te == nil {
		return false
	}
	pred := b.overScan(te.IndexPred[idx.OID], te, s)
	if pred == nil {
		return false
	}
	for _, p := range conjuncts(nil, pred) {
		found := false
		for _, c := range conds {
			found = found || expr.Equal(b.folded(c), p) || notNullBy(p, c)
		}
		if !found {
			return false
		}
	}
	return true
}

// notNullBy reports whether p is `col IS NOT NULL` and c cannot be true otherwise.
func notNullBy(p, c rel.Expr) bool {
	n, ok := p.(*rel.IsTest)
	if !ok || n.What != rel.IsNull || !n.Not {
		return false
	}
	col, ok := n.X.(*rel.Col)
	return ok && rejectsNull(c, map[rel.ColID]bool{col.ID: true})
}

// keyExpr is the expression of an index's key column over the scan's columns; nil if
// it is a plain column, or the scan lacks what it reads.
func (b *planner) keyExpr(idx *catalog.Index, i int, s *rel.Scan) rel.Expr {
	if idx.Keys[i].Col >= 0 {
		return nil
	}
	te := b.tableExprs(s.Table)
	if te == nil || i >= len(te.IndexKeys[idx.OID]) {
		return nil
	}
	return b.overScan(te.IndexKeys[idx.OID][i], te, s)
}

// equalExpr takes the first condition that fixes an expression to one value.
func (m *matcher) equalExpr(key rel.Expr, t types.OID, fold func(rel.Expr) rel.Expr) (rel.Expr, rel.Expr) {
	for i, c := range m.left {
		call, ok := c.(*rel.Call)
		if !ok || call.Oper == nil || call.Oper.Strategy != '=' || len(call.Args) != 2 {
			continue
		}
		for side := range 2 {
			x := call.Args[1-side]
			if !expr.Equal(unrelabelled(fold(call.Args[side])), unrelabelled(key)) || touches(x, m.own) || !steady(x) {
				continue
			}
			if value, ok := asKey(x, t); ok {
				m.drop(i)
				return value, c
			}
		}
	}
	return nil, nil
}

// unrelabelled is an expression without a cast at its top that changes nothing
// between types of text.
func unrelabelled(e rel.Expr) rel.Expr {
	if c, ok := e.(*rel.Cast); ok && c.Domain == 0 && textual(c.T.OID) && textual(c.X.Type().OID) {
		return c.X
	}
	return e
}
