package exec

import (
	"slices"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An aggCall is an aggregate compiled over its node's input.
type aggCall struct {
	fn       *funcs.Func
	args     []*expr.Compiled
	direct   []*expr.Compiled
	argTypes []types.T
	filter   *expr.Compiled
	distinct bool
	order    []sortCol        // ORDER BY inside: places in the kept row
	keep     []*expr.Compiled // what a kept row has: arguments, then sort columns
	kept     bool             // rows are kept per group and added at the end
	sortArgs []sortCol        // DISTINCT: all arguments, after order
}

type aggSpec struct {
	in     spec
	group  []int
	oids   []types.OID
	aggs   []aggCall
	sets   [][]int // nil: one set of all
	sorted bool
	out    []int // output columns among group, aggregates, grouping number
	ncols  int
	again  bool // run many times
}

func (c *compiler) aggregate(n *plan.Aggregate) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	s := &aggSpec{in: in, again: c.inner > 0, sets: n.Rel.Sets, sorted: n.Sorted && n.Rel.Sets == nil && len(n.Rel.Group) > 0}
	for _, g := range n.Rel.Group {
		at, err := mustPlace(cols, g.ID)
		if err != nil {
			return nil, err
		}
		s.group = append(s.group, at)
		s.oids = append(s.oids, cols[at].T.OID)
	}
	for i := range n.Rel.Aggs {
		a, err := c.aggCall(&n.Rel.Aggs[i], cols, groupRow(n.Rel))
		if err != nil {
			return nil, err
		}
		s.aggs = append(s.aggs, a)
	}
	all := n.Rel.Columns()
	s.ncols = len(all)
	s.out, err = mapping(n.Columns(), all)
	return s, err
}

// groupRow is what direct arguments of ordered-set aggregates may read: the grouped
// columns, and the number of the grouping set.
func groupRow(n *rel.Aggregate) []rel.Column {
	return append(n.Group[:len(n.Group):len(n.Group)], rel.Column{ID: n.GroupingID, T: types.Of(types.Int4OID)})
}

func (c *compiler) aggCall(a *rel.AggCall, cols, group []rel.Column) (aggCall, error) {
	s := aggCall{fn: a.Fn, distinct: a.Distinct}
	var err error
	if s.args, err = c.exprs(a.Args, cols); err != nil {
		return s, err
	}
	if s.direct, err = c.exprs(a.Direct, group); err != nil {
		return s, err
	}
	if s.filter, err = c.expr(a.Filter, cols); err != nil {
		return s, err
	}
	for _, x := range a.Direct {
		s.argTypes = append(s.argTypes, x.Type())
	}
	for _, x := range a.Args {
		s.argTypes = append(s.argTypes, x.Type())
	}
	s.kept = len(a.Order) > 0 || a.Distinct && !orderless[a.Fn.Name] || a.Fn.OrderedSet != 0
	if !s.kept {
		return s, nil
	}
	s.keep = slices.Clone(s.args)
	for _, k := range a.Order {
		at, err := mustPlace(cols, k.Col)
		if err != nil {
			return s, err
		}
		x, err := c.expr(&rel.Col{T: cols[at].T, ID: k.Col}, cols)
		if err != nil {
			return s, err
		}
		s.order = append(s.order, sortCol{col: len(s.keep), oid: cols[at].T.OID, desc: k.Desc, nullsFirst: k.NullsFirst})
		s.keep = append(s.keep, x)
	}
	if a.Distinct {
		s.sortArgs = slices.Clone(s.order)
		for i, x := range a.Args {
			s.sortArgs = append(s.sortArgs, sortCol{col: i, oid: x.Type().OID})
		}
	}
	return s, nil
}

// orderless aggregates give the same result in whatever order the distinct values
// come.
var orderless = map[string]bool{"count": true, "min": true, "max": true, "bool_and": true, "bool_or": true, "every": true}

// An aggState is one aggregate of one group.
type aggState struct {
	agg  funcs.Agg
	seen *keyTable // DISTINCT without order
	rows *rowStore // rows kept
	size int
}

func (s *aggSpec) operator(r *run) operator {
	return &aggregate{r: r, s: s, in: s.in.operator(r), buf: newBatch(s.ncols)}
}

type aggregate struct {
	r      *run
	s      *aggSpec
	in     operator
	sets   []*groupSet
	filled bool
	set    int // being put out
	row    int
	buf    *types.Batch
	view   types.Batch
	size   int64 // of states, charged

	// of the current batch
	args [][]*types.Vec
	keep [][]*types.Vec
	pass [][]int // rows that the aggregate takes; nil: all
	gids []int32

	argRow []types.Datum
	// scratch of byGroup
	perm, part, every []int
	count, touched    []int32

	ended bool // sorted: the input has ended
}

// A groupSet is the groups of one grouping set.
type groupSet struct {
	cols   []int // places in the group list that count
	keys   *keyTable
	states []aggState // len(aggs) a group
	n      int        // groups
}

func (a *aggregate) open() error {
	a.drop()
	a.filled, a.set, a.row, a.ended = false, 0, 0, false
	return a.in.open()
}

func (a *aggregate) close() {
	a.drop()
	a.in.close()
}

func (a *aggregate) drop() {
	for _, g := range a.sets {
		g.keys.reset()
		for i := range g.states {
			g.states[i].free()
		}
	}
	a.sets = nil
	a.r.mem.release(a.size)
	a.size = 0
}

func (st *aggState) free() {
	if st.seen != nil {
		st.seen.reset()
	}
	if st.rows != nil {
		st.rows.reset()
	}
}

// start makes the group sets; a set without columns has its one group from the start.
func (a *aggregate) start() error {
	a.drop()
	a.set, a.row = 0, 0
	sets := a.s.sets
	if sets == nil {
		all := make([]int, len(a.s.group))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	for _, cols := range sets {
		g := &groupSet{cols: cols}
		var oids []types.OID
		for _, c := range cols {
			oids = append(oids, a.s.oids[c])
		}
		g.keys = newKeyTable(&a.r.mem, oids)
		if len(cols) == 0 {
			if err := a.addGroup(g); err != nil {
				return err
			}
		}
		a.sets = append(a.sets, g)
	}
	return nil
}

// Bytes that a group costs beside its keys and its aggregates' own sizes.
const groupBytes = 64

func (a *aggregate) addGroup(g *groupSet) error {
	g.n++
	bytes := int64(groupBytes)
	for i := range a.s.aggs {
		call := &a.s.aggs[i]
		st := aggState{agg: call.fn.NewAgg(a.r.env.Ctx, call.argTypes)}
		switch {
		case call.kept:
			st.rows = newRowStore(&a.r.mem, len(call.keep))
		case call.distinct:
			oids := make([]types.OID, len(call.args))
			for k := range oids {
				oids[k] = call.argTypes[k].OID
			}
			st.seen = newKeyTable(&a.r.mem, oids)
		}
		st.size = st.agg.Size()
		bytes += int64(st.size)
		g.states = append(g.states, st)
	}
	a.size += bytes
	return a.r.mem.grow(bytes)
}

func (a *aggregate) next() (*types.Batch, error) {
	if a.s.sorted {
		return a.nextSorted()
	}
	if !a.filled {
		if err := a.start(); err != nil {
			return nil, err
		}
		if err := a.consume(); err != nil {
			return nil, err
		}
		a.filled = true
	}
	return a.emit()
}

func (a *aggregate) consume() error {
	for {
		b, err := a.in.next()
		if err != nil {
			return err
		}
		if b == nil {
			if !a.s.again {
				a.in.close()
			}
			return nil
		}
		if err := a.r.canceled(); err != nil {
			return err
		}
		if err := a.add(b); err != nil {
			return err
		}
	}
}

// add takes a batch into all sets.
func (a *aggregate) add(b *types.Batch) error {
	if b.Len == 0 {
		return nil
	}
	if err := a.evaluate(b); err != nil {
		return err
	}
	for _, g := range a.sets {
		if err := a.assign(g, b); err != nil {
			return err
		}
		if err := a.accumulate(g, b.Len); err != nil {
			return err
		}
	}
	return nil
}

// evaluate computes arguments and filters over b.
func (a *aggregate) evaluate(b *types.Batch) error {
	if a.args == nil {
		a.args = make([][]*types.Vec, len(a.s.aggs))
		a.keep = make([][]*types.Vec, len(a.s.aggs))
		a.pass = make([][]int, len(a.s.aggs))
		for i := range a.s.aggs {
			a.args[i] = make([]*types.Vec, len(a.s.aggs[i].args))
			a.keep[i] = make([]*types.Vec, len(a.s.aggs[i].keep))
		}
	}
	for i := range a.s.aggs {
		if err := a.evaluateCall(i, b); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggregate) evaluateCall(i int, b *types.Batch) error {
	call := &a.s.aggs[i]
	in := b
	if call.filter != nil {
		// Arguments are evaluated where the filter holds, and nowhere else.
		sel, err := call.filter.Filter(a.r.env, b, nil)
		if err != nil {
			return err
		}
		a.pass[i] = sel
		if sel == nil {
			a.pass[i] = []int{}
		}
		if len(sel) < b.Len {
			in = newBatch(len(b.Cols))
			compact(b, sel, in)
		}
	} else {
		a.pass[i] = nil
	}
	xs, vecs := call.args, a.args[i]
	if call.kept {
		xs, vecs = call.keep, a.keep[i]
	}
	for k, x := range xs {
		v, err := x.Eval(a.r.env, in)
		if err != nil {
			return err
		}
		if in != b {
			v = spread(v, a.pass[i], b.Len)
		}
		vecs[k] = v
	}
	if call.kept {
		copy(a.args[i], vecs)
	}
	if call.fn.Strict && call.fn.OrderedSet == 0 {
		a.pass[i] = withoutNulls(a.args[i], a.pass[i], b.Len)
	}
	if call.fn.OrderedSet == 'o' {
		a.pass[i] = withoutNulls(a.args[i], a.pass[i], b.Len)
	}
	return nil
}

// spread puts the values of v at the places sel of a vector of n.
func spread(v *types.Vec, sel []int, n int) *types.Vec {
	idx := make([]int32, n)
	for i := range idx {
		idx[i] = -1
	}
	for i, at := range sel {
		idx[at] = int32(i)
	}
	out := &types.Vec{}
	gatherVec(v, idx, out)
	return out
}

// withoutNulls drops the rows where an argument is NULL. sel nil is all n rows.
func withoutNulls(args []*types.Vec, sel []int, n int) []int {
	any := false
	for _, v := range args {
		any = any || v.Kind == types.KindNull || v.Null != nil
	}
	if !any {
		return sel
	}
	out := make([]int, 0, n)
	if sel != nil {
		for _, i := range sel {
			if !hasNull(args, i) {
				out = append(out, i)
			}
		}
		return out
	}
	for i := range n {
		if !hasNull(args, i) {
			out = append(out, i)
		}
	}
	return out
}

// assign finds each row's group in g.
func (a *aggregate) assign(g *groupSet, b *types.Batch) error {
	if cap(a.gids) < b.Len {
		a.gids = make([]int32, max(b.Len, types.BatchSize))
	}
	a.gids = a.gids[:b.Len]
	if len(g.cols) == 0 {
		clear(a.gids)
		return nil
	}
	cols := make([]*types.Vec, len(g.cols))
	for i, c := range g.cols {
		cols[i] = b.Cols[a.s.group[c]]
	}
	h := g.keys.hashes(cols, b.Len)
	for i := range b.Len {
		id, added, err := g.keys.put(cols, i, h[i])
		if err != nil {
			return err
		}
		if added {
			if err := a.addGroup(g); err != nil {
				return err
			}
		}
		a.gids[i] = id
	}
	return nil
}

// accumulate adds the rows of the evaluated batch to their groups.
func (a *aggregate) accumulate(g *groupSet, n int) error {
	if g.n == 1 {
		for i := range a.s.aggs {
			if err := a.addTo(g, 0, i, a.pass[i], n); err != nil {
				return err
			}
		}
		return nil
	}
	all := a.byGroup(g, nil, n, a.perm)
	a.perm = all
	for i := range a.s.aggs {
		rows := all
		if a.pass[i] != nil {
			rows = a.byGroup(g, a.pass[i], n, a.part)
			a.part = rows
		}
		for from := 0; from < len(rows); {
			gid := a.gids[rows[from]]
			to := from + 1
			for to < len(rows) && a.gids[rows[to]] == gid {
				to++
			}
			if err := a.addTo(g, int(gid), i, rows[from:to], n); err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

// byGroup lists the rows sel (nil: all n) so that those of a group are together,
// each group's in order. It uses buf's storage.
func (a *aggregate) byGroup(g *groupSet, sel []int, n int, buf []int) []int {
	if sel == nil {
		if len(a.every) < n {
			a.every = make([]int, max(n, types.BatchSize))
			for i := range a.every {
				a.every[i] = i
			}
		}
		sel = a.every[:n]
	}
	// count[gid] is how many rows a group has, then where its next row goes.
	if len(a.count) < g.n {
		a.count = append(a.count, make([]int32, g.n+g.n/2-len(a.count)+1)...)
	}
	a.touched = a.touched[:0]
	for _, i := range sel {
		gid := a.gids[i]
		if a.count[gid] == 0 {
			a.touched = append(a.touched, gid)
		}
		a.count[gid]++
	}
	at := int32(0)
	for _, gid := range a.touched {
		a.count[gid], at = at, at+a.count[gid]
	}
	if cap(buf) < len(sel) {
		buf = make([]int, max(len(sel), types.BatchSize))
	}
	buf = buf[:len(sel)]
	for _, i := range sel {
		gid := a.gids[i]
		buf[a.count[gid]] = i
		a.count[gid]++
	}
	for _, gid := range a.touched {
		a.count[gid] = 0
	}
	return buf
}

// addTo adds rows sel (nil: all n) of aggregate i's arguments to a group.
func (a *aggregate) addTo(g *groupSet, gid, i int, sel []int, n int) error {
	call := &a.s.aggs[i]
	st := &g.states[gid*len(a.s.aggs)+i]
	if sel == nil && (call.kept || call.distinct) {
		sel = make([]int, n)
		for k := range sel {
			sel[k] = k
		}
	}
	switch {
	case call.kept:
		return st.rows.appendFrom(&types.Batch{Len: n, Cols: a.keep[i]}, sel)
	case call.distinct:
		var err error
		if sel, err = a.firstSeen(st, a.args[i], sel, n); err != nil {
			return err
		}
	}
	if err := a.addRows(st.agg, a.args[i], sel, n); err != nil {
		return err
	}
	size := st.agg.Size()
	grown := int64(size - st.size)
	st.size = size
	a.size += grown
	return a.r.mem.grow(grown)
}

// firstSeen drops the rows whose arguments the group has had.
func (a *aggregate) firstSeen(st *aggState, args []*types.Vec, sel []int, n int) ([]int, error) {
	if len(args) == 0 {
		return sel, nil
	}
	h := st.seen.hashes(args, n)
	out := make([]int, 0, len(sel))
	for _, i := range sel {
		_, added, err := st.seen.put(args, i, h[i])
		if err != nil {
			return nil, err
		}
		if added {
			out = append(out, i)
		}
	}
	return out, nil
}

// Up to so many rows are added to an aggregate one by one.
const fewRows = 4

// addRows adds rows of columns to an aggregate's state.
func (a *aggregate) addRows(agg funcs.Agg, args []*types.Vec, sel []int, n int) error {
	if v, ok := agg.(funcs.VecAgg); ok && (sel == nil || len(sel) > fewRows) {
		return v.AddVec(a.r.env.Ctx, args, sel, n)
	}
	if sel == nil {
		for i := range n {
			if err := a.addRow(agg, args, i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := a.addRow(agg, args, i); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggregate) addRow(agg funcs.Agg, args []*types.Vec, i int) error {
	a.argRow = a.argRow[:0]
	for _, v := range args {
		a.argRow = append(a.argRow, v.At(i))
	}
	return agg.Add(a.r.env.Ctx, a.argRow)
}

// result finishes an aggregate of a group.
func (a *aggregate) result(st *aggState, call *aggCall) (types.Datum, error) {
	if call.kept {
		if err := a.addKept(st, call); err != nil {
			return types.Null, err
		}
	}
	return st.agg.Result(a.r.env.Ctx)
}

// directArgs are the direct arguments of an ordered-set aggregate, of the group that is
// being put out.
func (a *aggregate) directArgs(call *aggCall) ([]types.Datum, error) {
	if len(call.direct) == 0 {
		return nil, nil
	}
	n := len(a.s.group)
	row := newBatch(n + 1)
	for i := range n {
		row.Cols[i].Add(0, a.buf.Cols[i].At(a.buf.Len))
	}
	row.Cols[n].Add(0, types.NewInt(int64(a.set)))
	row.Len = 1
	direct := make([]types.Datum, len(call.direct))
	for i, x := range call.direct {
		v, err := x.Eval(a.r.env, row)
		if err != nil {
			return nil, err
		}
		direct[i] = v.At(0)
	}
	return direct, nil
}

// placeHypothetical tells an aggregate where a row of the direct arguments would stand
// among the rows.
func placeHypothetical(agg funcs.HypotheticalAgg, rows *rowStore, call *aggCall, direct []types.Datum) error {
	row := make([]*types.Vec, len(direct))
	for i, d := range direct {
		kind := types.KindOf(call.order[i].oid)
		row[i] = types.NewVec(kind, 1)
		row[i].Set(0, 1, d)
	}
	compare := func(id int32) int {
		for i := range call.order {
			v, at := rows.vec(int(id), call.order[i].col)
			if c := call.order[i].compare(v, at, row[i], 0); c != 0 {
				return c
			}
		}
		return 0
	}
	var p funcs.Place
	p.Rows = int64(rows.n)
	order := sortRows(rows, call.order)
	for i, id := range order {
		switch c := compare(id); {
		case c < 0:
			p.Before++
			if i == 0 || rows.compareRows(call.order, int(order[i-1]), int(id)) != 0 {
				p.GroupsBefore++
			}
		case c == 0:
			p.Peers++
		}
	}
	agg.Place(p)
	return nil
}

// addKept adds the kept rows in order, and only distinct ones if so asked.
func (a *aggregate) addKept(st *aggState, call *aggCall) error {
	direct, err := a.directArgs(call)
	if err != nil {
		return err
	}
	if agg, ok := st.agg.(funcs.HypotheticalAgg); ok {
		return placeHypothetical(agg, st.rows, call, direct)
	}
	keys := call.order
	if call.distinct {
		keys = call.sortArgs
	}
	order := sortRows(st.rows, keys)
	row := make([]types.Datum, len(call.keep))
	args := make([]types.Datum, 0, len(direct)+len(call.args))
	for i, id := range order {
		if call.distinct && i > 0 && st.rows.compareRows(call.sortArgs, int(order[i-1]), int(id)) == 0 {
			continue
		}
		st.rows.row(int(id), row)
		args = append(append(args[:0], direct...), row[:len(call.args)]...)
		if err := st.agg.Add(a.r.env.Ctx, args); err != nil {
			return err
		}
	}
	return nil
}

// emit puts out the groups of all sets.
func (a *aggregate) emit() (*types.Batch, error) {
	resetBatch(a.buf)
	for a.buf.Len < types.BatchSize && a.set < len(a.sets) {
		g := a.sets[a.set]
		if a.row >= g.n {
			a.set, a.row = a.set+1, 0
			continue
		}
		if err := a.putGroup(g); err != nil {
			return nil, err
		}
		a.row++
	}
	if a.buf.Len == 0 {
		return nil, nil
	}
	return a.visible(), nil
}

func (a *aggregate) putGroup(g *groupSet) error {
	out, n := a.buf, a.buf.Len
	for i := range a.s.group {
		if k := slices.Index(g.cols, i); k >= 0 {
			out.Cols[i].Add(n, g.keys.rows.at(a.row, k))
		} else {
			out.Cols[i].Add(n, types.Null)
		}
	}
	at := len(a.s.group)
	for i := range a.s.aggs {
		d, err := a.result(&g.states[a.row*len(a.s.aggs)+i], &a.s.aggs[i])
		if err != nil {
			return err
		}
		if !out.Cols[at].Add(n, d) {
			return kindError(out.Cols[at].Kind, d.Kind)
		}
		at++
	}
	if at < len(out.Cols) {
		out.Cols[at].Add(n, types.NewInt(int64(a.set)))
	}
	out.Len++
	return nil
}

// nextSorted aggregates as the input comes: after each batch it puts out all
// groups but the last, which the next batch may continue.
func (a *aggregate) nextSorted() (*types.Batch, error) {
	if a.sets == nil {
		if err := a.start(); err != nil {
			return nil, err
		}
	}
	for !a.ended {
		b, err := a.in.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			a.ended = true
			break
		}
		if err := a.r.canceled(); err != nil {
			return nil, err
		}
		if err := a.add(b); err != nil {
			return nil, err
		}
		if a.sets[0].n > 1 {
			return a.flush()
		}
	}
	return a.emit()
}

// flush puts out all groups but the last.
func (a *aggregate) flush() (*types.Batch, error) {
	g := a.sets[0]
	resetBatch(a.buf)
	for a.row = 0; a.row < g.n-1; a.row++ {
		if err := a.putGroup(g); err != nil {
			return nil, err
		}
	}
	if err := a.carry(g); err != nil {
		return nil, err
	}
	a.row = 0
	return a.visible(), nil
}

// carry drops all groups but the last.
func (a *aggregate) carry(g *groupSet) error {
	last := g.n - 1
	cols := make([]*types.Vec, len(g.cols))
	for i := range cols {
		v, at := g.keys.rows.vec(last, i)
		cols[i] = sliceVec(v, at, at+1)
	}
	at := last * len(a.s.aggs)
	for i := range g.states[:at] {
		g.states[i].free()
	}
	g.states = append(g.states[:0], g.states[at:]...)
	g.keys.reset()
	a.r.mem.release(a.size)
	a.size = groupBytes
	for i := range g.states {
		a.size += int64(g.states[i].size)
	}
	g.n = 1
	if err := a.r.mem.grow(a.size); err != nil {
		return err
	}
	_, _, err := g.keys.put(cols, 0, g.keys.hashes(cols, 1)[0])
	return err
}

// visible is the filled buffer in the order of the plan's columns.
func (a *aggregate) visible() *types.Batch {
	if a.s.out == nil {
		return a.buf
	}
	a.view.Len, a.view.Cols = a.buf.Len, a.view.Cols[:0]
	for _, i := range a.s.out {
		a.view.Cols = append(a.view.Cols, a.buf.Cols[i])
	}
	return &a.view
}
