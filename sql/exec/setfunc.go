package exec

import (
	"errors"
	"iter"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A setCall is a call of a set-returning function, compiled.
type setCall struct {
	fn    *funcs.Func
	args  []*expr.Compiled
	ncols int
	// record: a single composite column is split into ncols columns, of these types.
	record bool
	cols   []rel.Column
	// scalar, if set, is a function that returns no set: one row.
	scalar *expr.Compiled
}

func (c *compiler) setCall(x rel.Expr, layout []rel.Column, ncols int, record bool) (*setCall, error) {
	s := &setCall{ncols: ncols, record: record}
	call, ok := x.(*rel.Call)
	var err error
	if ok && call.Fn.Set {
		s.fn = call.Fn
		s.args, err = c.exprs(call.Args, layout)
	} else {
		s.scalar, err = c.expr(x, layout)
	}
	return s, err
}

var errStopped = errors.New("exec: reader of a set stopped")

// rows yields the rows of the call for row i of b. It yields batches; each is
// valid until the next one.
func (s *setCall) rows(r *run, b *types.Batch, i int) iter.Seq2[*types.Batch, error] {
	return func(yield func(*types.Batch, error) bool) {
		out := newBatch(s.ncols)
		emit := func(row []types.Datum) error {
			if err := s.add(out, row); err != nil {
				return err
			}
			if out.Len < types.BatchSize {
				return nil
			}
			if err := r.canceled(); err != nil {
				return err
			}
			if !yield(out, nil) {
				return errStopped
			}
			resetBatch(out)
			return nil
		}
		err := s.call(r, b, i, emit)
		switch {
		case err == errStopped:
		case err != nil:
			yield(nil, err)
		case out.Len > 0:
			yield(out, nil)
		}
	}
}

func (s *setCall) call(r *run, b *types.Batch, i int, emit func([]types.Datum) error) error {
	var row []types.Datum
	if b != nil {
		row = make([]types.Datum, len(b.Cols))
		for c, v := range b.Cols {
			row[c] = v.At(i)
		}
	}
	if s.scalar != nil {
		d, err := s.scalar.Row(r.env, row)
		if err != nil {
			return err
		}
		return emit([]types.Datum{d})
	}
	args := make([]types.Datum, len(s.args))
	for k, x := range s.args {
		d, err := x.Row(r.env, row)
		if err != nil {
			return err
		}
		if d.IsNull() && s.fn.Strict {
			return nil
		}
		args[k] = d
	}
	return s.fn.Rows(r.env.Ctx, args, emit)
}

// add appends a row that the function gave to out.
func (s *setCall) add(out *types.Batch, row []types.Datum) error {
	if len(row) == 1 && (s.record || s.ncols > 1) {
		if rec, ok := row[0].X.(*types.Record); ok {
			if err := s.fits(rec); err != nil {
				return err
			}
			row = rec.Fields
		} else if row[0].IsNull() {
			row = make([]types.Datum, s.ncols)
		}
	} else if s.ncols == 1 && len(row) > 1 {
		row = []types.Datum{{Kind: types.KindRecord, X: s.recordOf(row)}}
	}
	for c := range s.ncols {
		var d types.Datum
		if c < len(row) {
			d = row[c]
		}
		if !out.Cols[c].Add(out.Len, d) {
			return kindError(out.Cols[c].Kind, d.Kind)
		}
	}
	out.Len++
	return nil
}

// fits checks that a record has the columns that the query expects of it.
func (s *setCall) fits(rec *types.Record) error {
	const mismatch = "function return row and query-specified return row do not match"
	if len(rec.Fields) != s.ncols {
		plural := "s"
		if len(rec.Fields) == 1 {
			plural = ""
		}
		return pgerr.New(pgerr.DatatypeMismatch, mismatch).
			WithDetail("Returned row contains %d attribute%s, but query expects %d.", len(rec.Fields), plural, s.ncols)
	}
	for i, c := range s.cols {
		if i < len(rec.Types) && c.T.OID != rec.Types[i].OID && types.Get(rec.Types[i].OID) != nil && types.Get(c.T.OID) != nil && !rec.Fields[i].IsNull() {
			return pgerr.New(pgerr.DatatypeMismatch, mismatch).WithDetail("Returned type %s at ordinal position %d, but query expects %s.",
				types.FormatType(types.Of(rec.Types[i].OID)), i+1, types.FormatType(types.Of(c.T.OID)))
		}
	}
	return nil
}

func (s *setCall) recordOf(row []types.Datum) *types.Record {
	rec := &types.Record{Names: s.fn.OutNames, Fields: append([]types.Datum(nil), row...)}
	for _, oid := range s.fn.OutTypes {
		rec.Types = append(rec.Types, types.Of(oid))
	}
	return rec
}

// A setReader walks one call's rows.
type setReader struct {
	call *setCall
	pull func() (*types.Batch, error, bool)
	stop func()
	b    *types.Batch
	at   int
}

func (s *setReader) start(r *run, b *types.Batch, row int) {
	s.close()
	s.pull, s.stop = iter.Pull2(s.call.rows(r, b, row))
	s.b, s.at = nil, 0
}

// batch returns the next batch, nil at the end.
func (s *setReader) batch() (*types.Batch, error) {
	if s.pull == nil {
		return nil, nil
	}
	b, err, ok := s.pull()
	if !ok || err != nil {
		s.close()
		return nil, err
	}
	return b, nil
}

// advance moves to the next row: s.b at s.at-1; false at the end.
func (s *setReader) advance() (bool, error) {
	for s.b == nil || s.at >= s.b.Len {
		b, err := s.batch()
		if b == nil {
			s.b = nil
			return false, err
		}
		s.b, s.at = b, 0
	}
	s.at++
	return true, nil
}

func (s *setReader) close() {
	if s.stop != nil {
		s.stop()
	}
	s.pull, s.stop, s.b, s.at = nil, nil, nil, 0
}

// FuncScan: functions in FROM.
type funcScanSpec struct {
	calls      []*setCall
	ordinality bool
	out        []int // output columns among the functions' and the ordinality
	width      int
	cond       *expr.Compiled
}

func (c *compiler) funcScan(n *plan.FuncScan) (spec, error) {
	s := &funcScanSpec{ordinality: n.Rel.Ordinality != 0}
	for _, f := range n.Rel.Funcs {
		call, err := c.setCall(f.X, nil, f.Ncols, f.Record)
		if err != nil {
			return nil, err
		}
		if at := s.width; at+f.Ncols <= len(n.Rel.Cols) {
			call.cols = n.Rel.Cols[at : at+f.Ncols]
		}
		s.calls = append(s.calls, call)
		s.width += f.Ncols
	}
	all := n.Rel.Cols
	if s.ordinality {
		if place(all, n.Rel.Ordinality) < 0 {
			all = append(append([]rel.Column(nil), all...), rel.Column{ID: n.Rel.Ordinality, T: types.Of(types.Int8OID)})
		}
		s.width++
	}
	cols := n.Columns()
	if len(cols) == 0 {
		cols = all
	}
	var err error
	if s.out, err = mapping(cols, all); err != nil {
		return nil, err
	}
	return c.scanned(n.Filter, cols, func(cond *expr.Compiled) spec {
		s.cond = cond
		return s
	})
}

func (s *funcScanSpec) operator(r *run) operator {
	f := &funcScan{r: r, s: s, buf: newBatch(s.width), sel: newSelection(s.cond, s.width)}
	for _, call := range s.calls {
		f.readers = append(f.readers, &setReader{call: call})
	}
	return f
}

type funcScan struct {
	r       *run
	s       *funcScanSpec
	readers []*setReader
	buf     *types.Batch
	view    types.Batch
	sel     selection
	row     int64
}

func (f *funcScan) open() error {
	for _, rd := range f.readers {
		rd.start(f.r, nil, 0)
	}
	f.row = 0
	return nil
}

func (f *funcScan) close() {
	for _, rd := range f.readers {
		rd.close()
	}
}

func (f *funcScan) next() (*types.Batch, error) {
	for {
		b, err := f.produce()
		if err != nil || b == nil {
			return nil, err
		}
		if b, err = f.sel.apply(f.r.env, f.project(b)); err != nil {
			return nil, err
		}
		if b.Len > 0 {
			return b, nil
		}
	}
}

func (f *funcScan) project(b *types.Batch) *types.Batch {
	if f.s.out == nil {
		return b
	}
	f.view.Len, f.view.Cols = b.Len, f.view.Cols[:0]
	for _, i := range f.s.out {
		f.view.Cols = append(f.view.Cols, b.Cols[i])
	}
	return &f.view
}

func (f *funcScan) produce() (*types.Batch, error) {
	if len(f.readers) == 1 && !f.s.ordinality {
		return f.readers[0].batch()
	}
	resetBatch(f.buf)
	for f.buf.Len < types.BatchSize {
		more, err := zip(f.readers, f.buf)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		f.row++
		if f.s.ordinality {
			f.buf.Cols[f.s.width-1].Add(f.buf.Len, types.NewInt(f.row))
		}
		f.buf.Len++
	}
	if f.buf.Len == 0 {
		return nil, nil
	}
	return f.buf, nil
}

// zip appends the readers' next rows, side by side, to out's columns (out.Len is
// the caller's to raise); those that have ended give NULLs. It returns false when
// all have ended.
func zip(readers []*setReader, out *types.Batch) (bool, error) {
	any := false
	live := make([]bool, len(readers))
	for i, rd := range readers {
		ok, err := rd.advance()
		if err != nil {
			return false, err
		}
		live[i] = ok
		any = any || ok
	}
	if !any {
		return false, nil
	}
	at := 0
	for i, rd := range readers {
		for c := range rd.call.ncols {
			var d types.Datum
			if live[i] {
				d = rd.b.Cols[c].At(rd.at - 1)
			}
			if !out.Cols[at].Add(out.Len, d) {
				return false, kindError(out.Cols[at].Kind, d.Kind)
			}
			at++
		}
	}
	return true, nil
}

// ProjectSet: a projection in which set-returning calls yield rows.
type projectSetSpec struct {
	in    spec
	feed  feedSpec
	calls []*setCall // nil entries are plain
	plain []*expr.Compiled
}

func (c *compiler) projectSet(n *plan.ProjectSet) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	s := &projectSetSpec{in: in, feed: c.feed(n.Input, true), calls: make([]*setCall, len(n.Exprs)), plain: make([]*expr.Compiled, len(n.Exprs))}
	layout := n.Input.Columns()
	for i, x := range n.Exprs {
		if call, ok := x.(*rel.Call); ok && call.Fn.Set {
			s.calls[i], err = c.setCall(x, layout, 1, false)
		} else {
			s.plain[i], err = c.expr(x, layout)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *projectSetSpec) operator(r *run) operator {
	p := &projectSet{r: r, s: s, in: feed{feedSpec: s.feed, in: s.in.operator(r)}, out: newBatch(len(s.plain)), vecs: make([]*types.Vec, len(s.plain))}
	for _, call := range s.calls {
		if call != nil {
			p.readers = append(p.readers, &setReader{call: call})
		}
	}
	p.sets = newBatch(len(p.readers))
	return p
}

type projectSet struct {
	r       *run
	s       *projectSetSpec
	in      feed
	max     int // paced
	readers []*setReader
	b       *types.Batch // the input's
	row     int
	active  bool // readers are on row
	vecs    []*types.Vec
	sets    *types.Batch
	out     *types.Batch
}

func (p *projectSet) open() error {
	p.stop()
	p.b, p.active, p.max = nil, false, 0
	return p.in.open()
}

func (p *projectSet) pace(n int) { p.max = n }

func (p *projectSet) stop() {
	for _, rd := range p.readers {
		rd.close()
	}
}

func (p *projectSet) close() {
	p.stop()
	p.in.close()
}

func (p *projectSet) next() (*types.Batch, error) {
	resetBatch(p.out)
	for p.out.Len < atMost(p.max) {
		if !p.active {
			// The input may reuse what the rows gathered so far were copied from, never
			// what they hold.
			if ok, err := p.nextInput(); err != nil {
				return nil, err
			} else if !ok {
				break
			}
			for _, rd := range p.readers {
				rd.start(p.r, p.b, p.row)
			}
			p.active = true
		}
		resetBatch(p.sets)
		more, err := zip(p.readers, p.sets)
		if err != nil {
			return nil, err
		}
		if !more {
			p.active = false
			continue
		}
		if err := p.put(); err != nil {
			return nil, err
		}
	}
	if p.out.Len == 0 {
		return nil, nil
	}
	return p.out, nil
}

// nextInput moves to the next input row; false at the end.
func (p *projectSet) nextInput() (bool, error) {
	p.row++
	for p.b == nil || p.row >= p.b.Len {
		p.in.pace(0)
		if p.max > 0 {
			p.in.pace(1) // One row may give as many as are wanted.
		}
		b, err := p.in.next()
		if err != nil || b == nil {
			p.b = nil
			return false, err
		}
		p.b, p.row = b, 0
		for i, x := range p.s.plain {
			if x == nil {
				continue
			}
			if p.vecs[i], err = x.Eval(p.r.env, b); err != nil {
				return false, err
			}
		}
		if b.Len > 0 {
			break
		}
	}
	return true, nil
}

func (p *projectSet) put() error {
	set := 0
	for i, call := range p.s.calls {
		var d types.Datum
		if call != nil {
			d = p.sets.Cols[set].At(0)
			set++
		} else {
			d = p.vecs[i].At(p.row)
		}
		if !p.out.Cols[i].Add(p.out.Len, d) {
			return kindError(p.out.Cols[i].Kind, d.Kind)
		}
	}
	p.out.Len++
	return nil
}
