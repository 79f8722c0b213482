package exec

import (
	"sort"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A winCall is a window function compiled.
type winCall struct {
	fn         *funcs.Func
	argAt      int // first of its arguments among the kept argument columns
	nargs      int
	filterAt   int // its FILTER's column, -1 if none
	argTypes   []types.T
	frame      rel.Frame
	start, end *expr.Compiled // offsets
}

type windowSpec struct {
	in        spec
	partition []int
	pOIDs     []types.OID
	order     []sortCol
	args      []*expr.Compiled // arguments and filters of all calls
	calls     []winCall
	nin       int
	out       []int
}

func (c *compiler) window(n *plan.Window) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	s := &windowSpec{in: in, nin: len(cols)}
	for _, id := range n.Rel.Partition {
		at, err := mustPlace(cols, id)
		if err != nil {
			return nil, err
		}
		s.partition, s.pOIDs = append(s.partition, at), append(s.pOIDs, cols[at].T.OID)
	}
	if s.order, err = sortCols(n.Rel.Order, cols); err != nil {
		return nil, err
	}
	all := append([]rel.Column(nil), cols...)
	for i := range n.Rel.Funcs {
		if err := c.winCall(s, &n.Rel.Funcs[i], cols); err != nil {
			return nil, err
		}
		all = append(all, n.Rel.Funcs[i].Out)
	}
	s.out, err = mapping(n.Columns(), all)
	return s, err
}

func (c *compiler) winCall(s *windowSpec, f *rel.WindowCall, cols []rel.Column) error {
	w := winCall{fn: f.Fn, argAt: len(s.args), nargs: len(f.Args), filterAt: -1, frame: f.Frame}
	for _, x := range f.Args {
		cx, err := c.expr(x, cols)
		if err != nil {
			return err
		}
		s.args = append(s.args, cx)
		w.argTypes = append(w.argTypes, x.Type())
	}
	var err error
	if f.Filter != nil {
		cx, err := c.expr(f.Filter, cols)
		if err != nil {
			return err
		}
		w.filterAt = len(s.args)
		s.args = append(s.args, cx)
	}
	if w.start, err = c.expr(f.Frame.Start.Offset, nil); err != nil {
		return err
	}
	if w.end, err = c.expr(f.Frame.End.Offset, nil); err != nil {
		return err
	}
	s.calls = append(s.calls, w)
	return nil
}

func (s *windowSpec) operator(r *run) operator {
	return &window{r: r, s: s, in: s.in.operator(r),
		rows: newRowStore(&r.mem, s.nin), args: newRowStore(&r.mem, len(s.args)), vals: newRowStore(&r.mem, len(s.calls)),
		out: newBatch(s.nin + len(s.calls))}
}

type window struct {
	r    *run
	s    *windowSpec
	in   operator
	rows *rowStore // the input
	args *rowStore // arguments and filters, row by row
	vals *rowStore // results
	done bool
	at   int
	out  *types.Batch
	view types.Batch
}

func (w *window) open() error {
	w.reset()
	w.done, w.at = false, 0
	return w.in.open()
}

func (w *window) reset() {
	w.rows.reset()
	w.args.reset()
	w.vals.reset()
}

func (w *window) close() {
	w.reset()
	w.in.close()
}

func (w *window) next() (*types.Batch, error) {
	if !w.done {
		if err := w.compute(); err != nil {
			return nil, err
		}
		w.done = true
	}
	if w.at >= w.rows.n {
		return nil, nil
	}
	b, v := w.rows.batch(w.at), w.vals.batch(w.at)
	w.view.Len, w.view.Cols = b.Len, w.view.Cols[:0]
	both := append(append([]*types.Vec(nil), b.Cols...), v.Cols...)
	if w.s.out == nil {
		w.view.Cols = append(w.view.Cols, both...)
	}
	for _, i := range w.s.out {
		w.view.Cols = append(w.view.Cols, both[i])
	}
	w.at += b.Len
	return &w.view, nil
}

func (w *window) compute() error {
	if err := w.read(); err != nil {
		return err
	}
	for from := 0; from < w.rows.n; {
		to := from + 1
		for to < w.rows.n && w.samePartition(from, to) {
			to++
		}
		if err := w.partition(from, to); err != nil {
			return err
		}
		from = to
	}
	w.args.reset()
	return nil
}

func (w *window) read() error {
	vecs := make([]*types.Vec, len(w.s.args))
	for {
		b, err := w.in.next()
		if err != nil {
			return err
		}
		if b == nil {
			return nil
		}
		if err := w.rows.appendBatch(b); err != nil {
			return err
		}
		for i, x := range w.s.args {
			if vecs[i], err = x.Eval(w.r.env, b); err != nil {
				return err
			}
		}
		if err := w.args.appendBatch(&types.Batch{Len: b.Len, Cols: vecs}); err != nil {
			return err
		}
		if err := w.r.canceled(); err != nil {
			return err
		}
	}
}

func (w *window) samePartition(a, b int) bool {
	for i, c := range w.s.partition {
		va, x := w.rows.vec(a, c)
		vb, y := w.rows.vec(b, c)
		if !equalAt(w.s.pOIDs[i], va, x, vb, y) {
			return false
		}
	}
	return true
}

// partition computes all calls over the rows from..to.
func (w *window) partition(from, to int) error {
	p := &winPartition{w: w, from: from, n: to - from}
	p.findPeers()
	row := make([]types.Datum, len(w.s.calls))
	eval := make([]func(row int) (types.Datum, error), len(w.s.calls))
	for i := range w.s.calls {
		f, err := w.evaluator(p, &w.s.calls[i])
		if err != nil {
			return err
		}
		eval[i] = f
	}
	for i := range p.n {
		if i&chunkMask == 0 {
			if err := w.r.canceled(); err != nil {
				return err
			}
		}
		for k := range eval {
			d, err := eval[k](i)
			if err != nil {
				return err
			}
			row[k] = d
		}
		if err := w.vals.appendRow(row); err != nil {
			return err
		}
	}
	return nil
}

// evaluator returns the function that gives a call's value at each row, in order.
func (w *window) evaluator(p *winPartition, call *winCall) (func(int) (types.Datum, error), error) {
	f := &framed{winPartition: p, call: call}
	if err := f.offsets(); err != nil {
		return nil, err
	}
	if call.fn.NewWin != nil {
		win := call.fn.NewWin(w.r.env.Ctx)
		return func(row int) (types.Datum, error) {
			d, err := win.Value(w.r.env.Ctx, f, row)
			if f.call.frame.InRange != nil {
				f.Frame(row) // It may fail, wanted or not.
			}
			if err == nil {
				err = f.err
			}
			return d, err
		}, nil
	}
	a := &frameAgg{f: f, agg: call.fn.NewAgg(w.r.env.Ctx, call.argTypes), from: -1}
	return a.value, nil
}

// A winPartition is a partition's rows; peers are rows equal by the order.
type winPartition struct {
	w     *window
	from  int
	n     int
	group []int32 // by row: its peer group
	first []int32 // by peer group: its first row; one entry more at the end
}

func (p *winPartition) findPeers() {
	p.group = make([]int32, p.n)
	for i := range p.n {
		if i == 0 || len(p.w.s.order) > 0 && p.w.rows.compareRows(p.w.s.order, p.from+i-1, p.from+i) != 0 {
			p.first = append(p.first, int32(i))
		}
		p.group[i] = int32(len(p.first) - 1)
	}
	p.first = append(p.first, int32(p.n))
}

// framed is a partition as one call sees it: a funcs.WinPartition.
type framed struct {
	*winPartition
	call       *winCall
	start, end types.Datum // offsets
	err        error       // of a comparison inside Frame
	row        int         // whose frame is lo..hi; -1 none
	lo, hi     int
	known      bool
}

func (f *framed) Len() int { return f.n }

func (f *framed) Arg(row, arg int) types.Datum {
	return f.w.args.at(f.from+row, f.call.argAt+arg)
}

func (f *framed) PeerGroup(row int) (int, int) {
	g := f.group[row]
	return int(f.first[g]), int(f.first[g+1])
}

func (f *framed) InFrame(row, i int) bool {
	lo, hi := f.Frame(row)
	return i >= lo && i < hi && !f.excluded(row, i)
}

func (f *framed) excluded(row, i int) bool {
	switch f.call.frame.Exclude {
	case "current row":
		return i == row
	case "group":
		return f.group[i] == f.group[row]
	case "ties":
		return i != row && f.group[i] == f.group[row]
	}
	return false
}

// offsets evaluates the frame's offsets, which are the same for all rows.
func (f *framed) offsets() error {
	for _, b := range []struct {
		what string
		x    *expr.Compiled
		d    *types.Datum
	}{{"starting", f.call.start, &f.start}, {"ending", f.call.end, &f.end}} {
		if b.x == nil {
			continue
		}
		d, err := f.w.r.scalar(b.x)
		if err != nil {
			return err
		}
		if d.IsNull() {
			return pgerr.New(pgerr.NullValueNotAllowed, "frame %s offset must not be null", b.what)
		}
		if f.call.frame.Mode != "range" && d.I < 0 {
			return pgerr.New("22013", "frame %s offset must not be negative", b.what)
		}
		*b.d = d
	}
	return nil
}

// Frame gives the rows of row's frame, before exclusion.
func (f *framed) Frame(row int) (int, int) {
	if f.known && f.row == row {
		return f.lo, f.hi
	}
	lo := f.bound(row, f.call.frame.Start, f.start, true)
	hi := f.bound(row, f.call.frame.End, f.end, false)
	f.lo = max(0, min(lo, f.n))
	f.hi = max(f.lo, min(hi, f.n))
	f.row, f.known = row, true
	return f.lo, f.hi
}

// bound is the first row of the frame (start), or the row after its last.
func (f *framed) bound(row int, b rel.FrameBound, offset types.Datum, start bool) int {
	switch ast.BoundKind(b.Kind) {
	case ast.UnboundedPreceding:
		return 0
	case ast.UnboundedFollowing:
		return f.n
	case ast.CurrentRow:
		if f.call.frame.Mode == "rows" {
			return step(row, 0, start)
		}
		lo, hi := f.PeerGroup(row)
		if start {
			return lo
		}
		return hi
	}
	preceding := ast.BoundKind(b.Kind) == ast.OffsetPreceding
	switch f.call.frame.Mode {
	case "rows":
		n := int(min(offset.I, int64(f.n)))
		if preceding {
			n = -n
		}
		return step(row, n, start)
	case "groups":
		return f.groupBound(row, int(min(offset.I, int64(f.n))), preceding, start)
	}
	return f.rangeBound(row, offset, preceding, start)
}

func step(row, n int, start bool) int {
	if start {
		return row + n
	}
	return row + n + 1
}

func (f *framed) groupBound(row, n int, preceding, start bool) int {
	g := int(f.group[row])
	if preceding {
		g -= n
	} else {
		g += n
	}
	groups := len(f.first) - 1
	switch {
	case g < 0:
		return 0
	case g >= groups:
		return f.n
	case start:
		return int(f.first[g])
	}
	return int(f.first[g+1])
}

// rangeBound finds the end of a RANGE frame by the type's in_range function.
func (f *framed) rangeBound(row int, offset types.Datum, preceding, start bool) int {
	key := &f.w.s.order[0]
	base := f.w.rows.at(f.from+row, key.col)
	if base.IsNull() { // the frame of a NULL is its peers
		lo, hi := f.PeerGroup(row)
		if start {
			return lo
		}
		return hi
	}
	// In a descending order "preceding" means greater values.
	sub := preceding != key.desc
	// Ascending, a start asks for value >= bound and an end for value <= bound.
	less := key.desc == start
	inside := func(i int) bool {
		v := f.w.rows.at(f.from+i, key.col)
		if v.IsNull() {
			return key.nullsFirst == !start
		}
		d, err := f.call.frame.InRange.Eval(f.w.r.env.Ctx, []types.Datum{v, base, offset, types.NewBool(sub), types.NewBool(less)})
		if err != nil {
			f.err = err
			return false
		}
		return d.Bool()
	}
	// Rows before, inside and after the bound follow each other.
	return sort.Search(f.n, func(i int) bool { return inside(i) == start })
}

// A frameAgg computes an aggregate over frames. While frames only grow at the end
// it adds to one state; else it begins anew.
type frameAgg struct {
	f     *framed
	agg   funcs.Agg
	from  int // the state holds rows from..to of the partition; -1: nothing
	to    int
	last  types.Datum
	fresh bool // last is the state's
	args  []types.Datum
}

func (a *frameAgg) value(row int) (types.Datum, error) {
	lo, hi := a.f.Frame(row)
	if a.f.err != nil {
		return types.Null, a.f.err
	}
	exclude := a.f.call.frame.Exclude != ""
	if a.from != lo || hi < a.to || exclude {
		a.agg = a.f.call.fn.NewAgg(a.f.w.r.env.Ctx, a.f.call.argTypes)
		a.from, a.to, a.fresh = lo, lo, false
	}
	for ; a.to < hi; a.to++ {
		if exclude && a.f.excluded(row, a.to) {
			continue
		}
		if err := a.add(a.to); err != nil {
			return types.Null, err
		}
		a.fresh = false
	}
	if !a.fresh {
		d, err := a.agg.Result(a.f.w.r.env.Ctx)
		if err != nil {
			return types.Null, err
		}
		a.last, a.fresh = d, true
	}
	return a.last, nil
}

func (a *frameAgg) add(row int) error {
	call := a.f.call
	if call.filterAt >= 0 {
		d := a.f.w.args.at(a.f.from+row, call.filterAt)
		if d.IsNull() || !d.Bool() {
			return nil
		}
	}
	a.args = a.args[:0]
	for i := range call.nargs {
		d := a.f.Arg(row, i)
		if d.IsNull() && call.fn.Strict {
			return nil
		}
		a.args = append(a.args, d)
	}
	return a.agg.Add(a.f.w.r.env.Ctx, a.args)
}
