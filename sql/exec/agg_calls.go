package exec

import (
	"zorya/sql/funcs"
	"zorya/sql/types"
)

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
