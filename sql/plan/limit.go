package plan

import (
	"zorya/sql/rel"
)

func (b *planner) limit(n *rel.Limit, want []rel.SortKey) Node {
	count, offset := b.expr(n.Count), b.expr(n.Offset)
	b.hint = wanted(n, count, offset)
	in := b.node(n.Input, nil, want)
	b.hint = 0
	e := in.Est()
	rows := e.Rows
	if k, ok := count.(*rel.Const); ok && !k.D.IsNull() {
		rows = min(rows, max(float64(k.D.I), 1))
	} else if n.Count != nil {
		rows = max(rows/10, 1)
	}
	skipped := 0.0
	if k, ok := offset.(*rel.Const); ok && !k.D.IsNull() {
		skipped = min(max(float64(k.D.I), 0), e.Rows)
	}
	l := &Limit{Input: in, Count: count, Offset: offset}
	share := min((rows+skipped)/max(e.Rows, 1), 1)
	l.Base = base(n.Columns(), e.Startup+(e.Total-e.Startup)*skipped/max(e.Rows, 1), e.Startup+(e.Total-e.Startup)*share, rows)
	if n.WithTies {
		if s, ok := n.Input.(*rel.Sort); ok {
			l.WithTies = s.Keys
		}
		return l
	}
	if n.Count != nil {
		pushLimit(in, count, offset)
	}
	return l
}

// wanted is how many rows a Limit reads at most, if that is known; else 0.
func wanted(n *rel.Limit, count, offset rel.Expr) float64 {
	k, ok := count.(*rel.Const)
	if !ok || k.D.IsNull() || n.WithTies {
		return 0
	}
	if offset == nil {
		return float64(k.D.I)
	}
	if o, ok := offset.(*rel.Const); ok && !o.D.IsNull() {
		return float64(k.D.I + o.D.I)
	}
	return 0
}

// pushLimit tells the node below a Limit how much is wanted of it.
func pushLimit(n Node, count, offset rel.Expr) {
	switch n := n.(type) {
	case *Sort:
		n.Limit, n.Offset = count, offset
	case *Project:
		pushLimit(n.Input, count, offset)
	case *Result:
		if n.Input != nil {
			pushLimit(n.Input, count, offset)
		}
	case *TableScan:
		if offset == nil {
			n.Limit = count
		}
	}
}

// sorted puts a Sort on n unless it has the order by itself.
func (b *planner) sorted(n Node, keys []rel.SortKey) Node {
	if len(keys) == 0 {
		return n
	}
	have, fixed := ordering(n)
	at := matching(have, fixed, keys)
	if at == len(keys) {
		return n
	}
	e := n.Est()
	cost := sortCost(e.Rows)
	return &Sort{Base: base(n.Columns(), e.Total+cost, e.Total+cost+e.Rows*cpuOp, e.Rows), Input: n, Keys: keys}
}
