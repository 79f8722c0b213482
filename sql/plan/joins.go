package plan

import (
	"maps"

	"zorya/sql/rel"
)

// joins plans a tree of joins. Inner joins are put in the order that seems
// cheapest; the others stay as they were written.
func (b *planner) joins(n *rel.Join, conds []rel.Expr, want []rel.SortKey) Node {
	n = simplify(n, conds)
	if n.Kind != rel.Inner {
		return b.outerJoin(n, conds, want)
	}
	g := &joinGroup{b: b, conds: append([]rel.Expr(nil), conds...)}
	g.flatten(n)
	return g.plan(n.Columns(), want)
}

// simplify makes an outer join inner where a condition above it drops the rows that
// it would add.
func simplify(n *rel.Join, conds []rel.Expr) *rel.Join {
	if n.Kind != rel.Left && n.Kind != rel.Right && n.Kind != rel.Full {
		return n
	}
	l, r := idSet(n.L.Columns()), idSet(n.R.Columns())
	needL, needR := false, false
	for _, c := range conds {
		needL = needL || rejectsNull(c, l)
		needR = needR || rejectsNull(c, r)
	}
	kind := n.Kind
	switch {
	case kind == rel.Left && needR, kind == rel.Right && needL, kind == rel.Full && needL && needR:
		kind = rel.Inner
	case kind == rel.Full && needL:
		kind = rel.Left
	case kind == rel.Full && needR:
		kind = rel.Right
	}
	if kind == n.Kind {
		return n
	}
	c := *n
	c.Kind = kind
	return &c
}

// outerJoin plans a join that is not inner.
func (b *planner) outerJoin(n *rel.Join, conds []rel.Expr, want []rel.SortKey) Node {
	l, r := idSet(n.L.Columns()), idSet(n.R.Columns())
	var toL, toR, on, here []rel.Expr
	for _, c := range conds {
		switch {
		case !movable(c):
			here = append(here, c)
		case n.Kind != rel.Right && n.Kind != rel.Full && !touches(c, r):
			toL = append(toL, c)
		case n.Kind == rel.Right && !touches(c, l):
			toR = append(toR, c)
		default:
			here = append(here, c)
		}
	}
	for _, c := range b.foldedConjuncts(n.On) {
		switch {
		case !movable(c) || n.Kind == rel.Full:
			on = append(on, c)
		case n.Kind != rel.Right && !touches(c, l) && !n.Lateral:
			toR = append(toR, c)
		case (n.Kind == rel.Right || n.Kind == rel.Semi) && !touches(c, r):
			toL = append(toL, c)
		default:
			on = append(on, c)
		}
	}
	if n.Kind == rel.Full {
		b.checkFull(on, l, r)
	}
	if n.Kind == rel.Left || n.Kind == rel.Semi || n.Kind == rel.Anti {
		toR = append(toR, impliedOn(on, toL, r, l)...)
	}
	if n.Kind == rel.Semi {
		toL = append(toL, impliedOn(on, toR, l, r)...)
	}
	join := b.join(n.Kind, b.node(n.L, toL, want), side{node: n.R, conds: toR}, on, n.Columns())
	if x := b.fromDistinct(n, toL, toR, on); x != nil && x.Est().Total < join.Est().Total {
		join = x
	}
	return b.filtered(join, here)
}

// fromDistinct plans a semi-join from its right side: the values there, each once, are
// looked up in the left side. nil if that is not possible.
func (b *planner) fromDistinct(n *rel.Join, toL, toR, on []rel.Expr) Node {
	if n.Kind != rel.Semi || !readsTable(n.L) || !b.env.Settings.NestLoop {
		return nil
	}
	own := idSet(n.R.Columns())
	p := &rel.Project{Input: n.R}
	for _, c := range on {
		_, r, ok := hashable(c, idSet(n.L.Columns()), own)
		col, plain := r.(*rel.Col)
		if !ok || !plain {
			return nil
		}
		for _, x := range n.R.Columns() {
			if x.ID == col.ID {
				p.Cols, p.Exprs = append(p.Cols, x), append(p.Exprs, col)
			}
		}
	}
	if len(p.Cols) == 0 {
		return nil
	}
	right := b.node(&rel.DistinctOn{Input: p}, toR, nil)
	return b.lookupJoin(rel.Inner, right, side{node: n.L, conds: toL}, on, n.Columns(), false)
}

func (b *planner) foldedConjuncts(e rel.Expr) []rel.Expr {
	if e == nil {
		return nil
	}
	return conjuncts(nil, b.folded(e))
}

// A side is a relation that is not planned yet.
type side struct {
	node  rel.Node
	conds []rel.Expr
	plan  *Node // what became of it by itself, once that is known: sides are tried again and again
}

// join joins a planned left side with a right side, by the cheapest method.
func (b *planner) join(kind rel.JoinKind, l Node, r side, on []rel.Expr, cols []rel.Column) Node {
	left, right := idSet(l.Columns()), idSet(r.node.Columns())
	depends := false
	for id := range freeColumns(r.node) {
		depends = depends || left[id]
	}
	var best Node
	consider := func(n Node, allowed bool) {
		if !allowed {
			n.Est().Total += disabled
		}
		if best == nil || n.Est().Total < best.Est().Total {
			best = n
		}
	}
	set := b.env.Settings
	if !depends {
		inner := b.alone(r)
		var lkeys, rkeys, rest []rel.Expr
		for _, c := range on {
			if lk, rk, ok := hashable(c, left, right); ok {
				lkeys, rkeys = append(lkeys, b.expr(lk)), append(rkeys, b.expr(rk))
			} else {
				rest = append(rest, c)
			}
		}
		if len(lkeys) > 0 {
			consider(b.hashJoin(kind, l, inner, lkeys, rkeys, rest, on, cols), set.HashJoin)
			if kind == rel.Inner { // the smaller side is the one to hash
				consider(b.hashJoin(kind, inner, l, rkeys, lkeys, rest, on, cols), set.HashJoin)
			}
		}
		if kind == rel.Right || kind == rel.Full || len(lkeys) == 0 {
			consider(b.nestedLoop(kind, l, inner, on, on, nil, cols), set.NestLoop)
		}
	}
	if kind != rel.Right && kind != rel.Full {
		if n := b.lookupJoin(kind, l, r, on, cols, depends); n != nil {
			consider(n, set.NestLoop)
		}
	}
	return best
}

// alone plans a side that depends on no other.
func (b *planner) alone(r side) Node {
	if r.plan == nil {
		return b.node(r.node, r.conds, nil)
	}
	if *r.plan == nil {
		*r.plan = b.node(r.node, r.conds, nil)
	}
	return *r.plan
}

// readsTable reports whether a tree is a table with conditions and projections only:
// what a join may look rows up in.
func readsTable(n rel.Node) bool {
	switch n := n.(type) {
	case *rel.Scan:
		return true
	case *rel.Filter:
		return readsTable(n.Input)
	case *rel.Project:
		return readsTable(n.Input)
	}
	return false
}

// hashable takes an equality between the two sides apart.
func hashable(c rel.Expr, left, right map[rel.ColID]bool) (l, r rel.Expr, ok bool) {
	call, is := c.(*rel.Call)
	if !is || call.Oper == nil || call.Oper.Strategy != '=' || !call.Oper.Hashes || len(call.Args) != 2 || hasSubquery(c) || volatile(c) {
		return nil, nil, false
	}
	x, y := call.Args[0], call.Args[1]
	if !sameHash(x.Type().OID, y.Type().OID) {
		return nil, nil, false
	}
	switch {
	case touches(x, left) && !touches(x, right) && touches(y, right) && !touches(y, left):
		return x, y, true
	case touches(y, left) && !touches(y, right) && touches(x, right) && !touches(x, left):
		return y, x, true
	}
	return nil, nil, false
}

// joinRows estimates the rows of a join.
func (b *planner) joinRows(kind rel.JoinKind, l, r float64, on []rel.Expr) float64 {
	n := l * r * b.selectivity(on)
	switch kind {
	case rel.Left:
		n = max(n, l)
	case rel.Right:
		n = max(n, r)
	case rel.Full:
		n = max(n, l, r)
	case rel.Semi:
		n = min(max(n, 1), l)
	case rel.Anti:
		n = max(l-n, 1)
	}
	return max(n, 1)
}

func (b *planner) hashJoin(kind rel.JoinKind, l, r Node, lkeys, rkeys, rest, on []rel.Expr, cols []rel.Column) Node {
	le, re := l.Est(), r.Est()
	rows := b.joinRows(kind, le.Rows, re.Rows, on)
	startup := le.Startup + (re.Total+re.Rows*(cpuRow+cpuOp))*b.kept(r, rkeys...)
	total := startup + (le.Total - le.Startup) + le.Rows*(cpuOp*2) + rows*cpuRow
	return &HashJoin{Base: base(cols, startup, total, rows), Kind: kind, L: l, R: r, LKeys: lkeys, RKeys: rkeys, On: b.expr(and(rest))}
}

func (b *planner) nestedLoop(kind rel.JoinKind, l, r Node, on, all []rel.Expr, params []rel.ColID, cols []rel.Column) Node {
	le, re := l.Est(), r.Est()
	rows := b.joinRows(kind, le.Rows, re.Rows, on)
	total := le.Total + re.Total*b.kept(r) + le.Rows*re.Rows*cpuOp
	if params != nil {
		rows = b.joinRows(kind, le.Rows, re.Rows, nil)
		// A request per row of L, without its fixed part: they go to this very machine.
		total = le.Total + le.Rows*max(re.Total-requestCost, re.Rows*lookupRow, lookupRow)
	}
	return &NestedLoop{Base: base(cols, le.Startup+re.Startup, total+rows*cpuRow, rows), Kind: kind, L: l, R: r, On: b.expr(and(on)), Params: params}
}

// lookupJoin runs the right side once per row of the left, with the join's
// conditions inside; nil if that helps nothing.
func (b *planner) lookupJoin(kind rel.JoinKind, l Node, r side, on []rel.Expr, cols []rel.Column, must bool) Node {
	left, right := idSet(l.Columns()), idSet(r.node.Columns())
	var inside, outside []rel.Expr
	for _, c := range on {
		if movable(c) && !hasSubquery(c) && touches(c, right) {
			inside = append(inside, c)
		} else {
			outside = append(outside, c)
		}
	}
	if !must && (len(inside) == 0 || !readsTable(r.node)) {
		return nil
	}
	var again map[rel.ColID]bool
	if must {
		again = maps.Clone(left)
		maps.Copy(again, b.outer)
	}
	var inner Node
	b.rerun(again, func() { inner = b.node(r.node, append(append([]rel.Expr(nil), r.conds...), inside...), nil) })
	if !must && !keyed(inner, left) {
		return nil
	}
	var params []rel.ColID
	seen := map[rel.ColID]bool{}
	note := func(id rel.ColID) {
		if left[id] && !seen[id] {
			seen[id] = true
			params = append(params, id)
		}
	}
	for _, c := range inside {
		for _, id := range columnsOf(c) {
			note(id)
		}
	}
	for id := range freeColumns(r.node) {
		note(id)
	}
	sortIDs(params)
	if params == nil {
		params = []rel.ColID{}
	}
	return b.nestedLoop(kind, l, inner, outside, on, params, cols)
}

// keyed reports whether a plan reads a table by keys that come from a set of
// columns.
func keyed(n Node, from map[rel.ColID]bool) bool {
	t, ok := n.(*TableScan)
	if !ok {
		switch n := n.(type) {
		case *Filter:
			return keyed(n.Input, from)
		case *Project:
			return keyed(n.Input, from)
		case *Result:
			return n.Input != nil && keyed(n.Input, from)
		}
		return false
	}
	for _, k := range t.Prefix {
		if k.X != nil && touches(k.X, from) {
			return true
		}
	}
	return false
}

// A joinGroup is relations that are inner-joined, in any order.
type joinGroup struct {
	b     *planner
	sides []side
	conds []rel.Expr
}

// flatten collects the relations and conditions below an inner join.
func (g *joinGroup) flatten(n rel.Node) {
	switch j := n.(type) {
	case *rel.Join:
		if j = simplify(j, g.conds); j.Kind == rel.Inner {
			g.conds = append(g.conds, g.b.foldedConjuncts(j.On)...)
			g.flatten(j.L)
			g.flatten(j.R)
			return
		}
		n = j
	case *rel.Filter:
		g.conds = append(g.conds, g.b.foldedConjuncts(j.Cond)...)
		for i := len(g.conds) - 1; i >= 0; i-- {
			if s := semiJoin(j.Input, g.conds[i]); s != nil && within(g.conds[i], idSet(j.Input.Columns())) {
				g.conds = append(g.conds[:i:i], g.conds[i+1:]...)
				g.sides = append(g.sides, side{node: s, plan: new(Node)})
				return
			}
		}
		g.flatten(j.Input)
		return
	}
	g.sides = append(g.sides, side{node: n, plan: new(Node)})
}

// plan joins the group's relations: the smallest first, then always the one that
// makes the cheapest step, of those that a condition connects if there are any. Those
// that refer to others (LATERAL) wait for them.
func (g *joinGroup) plan(cols []rel.Column, want []rel.SortKey) Node {
	o := &joinOrder{g: g, b: g.b, done: make([]bool, len(g.sides)), joined: map[rel.ColID]bool{}, all: map[rel.ColID]bool{}, want: want}
	for i := range g.sides {
		set := idSet(g.sides[i].node.Columns())
		o.sets = append(o.sets, set)
		o.needs = append(o.needs, freeColumns(g.sides[i].node))
		for id := range set {
			o.all[id] = true
		}
	}
	after := o.share(g.conds)
	for range g.sides {
		if !o.step() {
			break // cannot be: the binder lets LATERAL refer to the left only
		}
	}
	return reordered(g.b.filtered(o.cur, append(o.left, after...)), cols)
}

// A joinOrder is a joinGroup while its relations are put in order.
type joinOrder struct {
	g       *joinGroup
	b       *planner
	sets    []map[rel.ColID]bool // by side: its columns
	needs   []map[rel.ColID]bool // by side: columns of others that it refers to
	all     map[rel.ColID]bool
	classes [][]*class // by side: those with a column of it
	left    []rel.Expr // conditions on several sides that have not been used
	want    []rel.SortKey

	done   []bool // by side
	joined map[rel.ColID]bool
	cur    Node
}

// share gives each side its own conditions and keeps those on several sides. It returns
// what must be checked when all is joined.
func (o *joinOrder) share(conds []rel.Expr) (after []rel.Expr) {
	var movables []rel.Expr
	for _, c := range conds {
		if movable(c) {
			movables = append(movables, c)
		} else {
			after = append(after, c)
		}
	}
	list, movables := classes(movables, o.all)
	o.classes = make([][]*class, len(o.g.sides))
	for i := range o.g.sides {
		for _, k := range list {
			if k.first(o.sets[i]) != nil {
				o.classes[i] = append(o.classes[i], k)
				o.g.sides[i].conds = append(o.g.sides[i].conds, k.within(o.sets[i])...)
			}
		}
	}
	for _, c := range movables {
		if i := o.sideOf(c); i >= 0 {
			o.g.sides[i].conds = append(o.g.sides[i].conds, c)
		} else {
			o.left = append(o.left, c)
		}
	}
	return after
}

// sideOf is the side that a condition is about alone, -1 if there is none.
func (o *joinOrder) sideOf(c rel.Expr) int {
	cols := columnsOf(c)
	for i, set := range o.sets {
		own, some := true, false
		for _, id := range cols {
			own = own && (set[id] || !o.all[id])
			some = some || set[id]
		}
		if own && some {
			return i
		}
	}
	return -1
}

// ready reports whether a side may come next.
func (o *joinOrder) ready(i int) bool {
	if o.done[i] {
		return false
	}
	for id := range o.needs[i] {
		if o.all[id] && !o.joined[id] {
			return false
		}
	}
	return true
}

// on are the conditions that can be checked when side i is joined, among them used of
// those that are left; link tells that one connects it.
func (o *joinOrder) on(i int) (on, used []rel.Expr, link bool) {
	for _, k := range o.classes[i] {
		if c := k.between(o.joined, o.sets[i]); c != nil {
			on, link = append(on, c), true
		}
	}
	for _, c := range o.left {
		ok := true
		for _, id := range columnsOf(c) {
			ok = ok && (o.joined[id] || o.sets[i][id] || !o.all[id])
		}
		if ok {
			on, used = append(on, c), append(used, c)
			link = link || touches(c, o.joined) && touches(c, o.sets[i])
		}
	}
	return on, used, link
}

// step joins the next side; false if there is none.
func (o *joinOrder) step() bool {
	type choice struct {
		side     int
		on, used []rel.Expr
	}
	var linked, others []choice
	for i := range o.g.sides {
		if !o.ready(i) {
			continue
		}
		c := choice{side: i}
		link := false
		if o.cur != nil {
			c.on, c.used, link = o.on(i)
		}
		if link {
			linked = append(linked, c)
		} else {
			others = append(others, c)
		}
	}
	if len(linked) == 0 {
		linked = others
	}
	var next Node
	var best choice
	for _, c := range linked {
		n := o.join(c.side, c.on)
		if next == nil || o.g.cheaper(n, next, o.cur == nil) {
			next, best = n, c
		}
	}
	if next == nil {
		return false
	}
	o.cur, o.done[best.side] = next, true
	for id := range o.sets[best.side] {
		o.joined[id] = true
	}
	o.left = without(o.left, best.used)
	return true
}

func (o *joinOrder) join(i int, on []rel.Expr) Node {
	s := o.g.sides[i]
	if o.cur == nil {
		return o.b.node(s.node, s.conds, o.want)
	}
	out := append(append([]rel.Column(nil), o.cur.Columns()...), s.node.Columns()...)
	return o.b.join(rel.Inner, o.cur, s, on, out)
}

// cheaper compares two next steps. At the start the smaller relation is better.
func (g *joinGroup) cheaper(a, than Node, first bool) bool {
	if first {
		return a.Est().Rows < than.Est().Rows
	}
	return a.Est().Total+a.Est().Rows*cpuRow < than.Est().Total+than.Est().Rows*cpuRow
}

func without(list, gone []rel.Expr) []rel.Expr {
	var out []rel.Expr
	for _, c := range list {
		found := false
		for _, g := range gone {
			found = found || g == c
		}
		if !found {
			out = append(out, c)
		}
	}
	return out
}

// reordered gives a join's columns the order in which they were written.
func reordered(n Node, cols []rel.Column) Node {
	switch j := n.(type) {
	case *HashJoin:
		j.Cols = cols
	case *NestedLoop:
		j.Cols = cols
	case *Filter:
		reordered(j.Input, cols)
		j.Cols = j.Input.Columns()
	case *Result:
		if j.Input != nil {
			reordered(j.Input, cols)
			j.Cols = j.Input.Columns()
		}
	}
	return n
}
