package exec

import (
	"slices"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// modifySpec is a compiled INSERT, UPDATE or DELETE.
type modifySpec struct {
	n         *plan.Modify
	in        spec
	table     *tableSpec
	nin       int
	source    []int // INSERT: by column of the table, place in the input; -1: none
	rowID     int   // UPDATE, DELETE: places in the input
	old       []int // by column of the table; nil: the row is decoded from whole
	whole     int   // -1: the row must be read
	attrs     []int // UPDATE: columns set, and where their values are
	values    []int
	conflict  *conflictSpec
	returning []*expr.Compiled
	nret      int // returning's layout: columns of the row,
	retIn     int // then columns of the input
}

// noColumn is an id that no expression refers to.
const noColumn rel.ColID = -1 << 31

// A conflictSpec is ON CONFLICT. Its expressions are over the existing row, then
// the proposed one.
type conflictSpec struct {
	*rel.OnConflict
	values []*expr.Compiled
	where  *expr.Compiled
}

func (c *compiler) modify(n *plan.Modify) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	s := &modifySpec{n: n, in: in, nin: len(n.Input.Columns()), rowID: -1, whole: -1}
	switch {
	case n.Insert != nil:
		err = c.compileInsert(s, n.Insert, n.Input.Columns())
	case n.Update != nil:
		err = c.compileUpdate(s, n.Update, n.Input.Columns())
	default:
		err = c.compileDelete(s, n.Delete, n.Input.Columns())
	}
	return s, err
}

func (c *compiler) compileInsert(s *modifySpec, n *rel.Insert, cols []rel.Column) error {
	var err error
	if s.table, err = c.table(n.Table, n.Bound); err != nil {
		return err
	}
	s.source = make([]int, len(n.Table.Columns))
	for i := range s.source {
		if s.source[i] = i; i >= len(cols) {
			s.source[i] = -1
		}
	}
	if n.OnConflict != nil {
		if s.conflict, err = c.onConflict(n.OnConflict); err != nil {
			return err
		}
	}
	return c.returning(s, n.Ret, n.Returning, nil)
}

func (c *compiler) onConflict(n *rel.OnConflict) (*conflictSpec, error) {
	s := &conflictSpec{OnConflict: n}
	both := append(append([]rel.Column(nil), n.Old...), n.Excluded...)
	var err error
	if s.values, err = c.exprs(n.New, both); err != nil {
		return nil, err
	}
	s.where, err = c.expr(n.Where, both)
	return s, err
}

func (c *compiler) compileUpdate(s *modifySpec, n *rel.Update, cols []rel.Column) error {
	var err error
	if s.table, err = c.table(n.Table, n.Bound); err != nil {
		return err
	}
	if s.rowID, err = mustPlace(cols, n.RowID); err != nil {
		return err
	}
	s.whole, s.old = place(cols, n.Whole), places(n.Table, n.Old, cols)
	s.attrs = n.Attrs
	for _, id := range n.New {
		at, err := mustPlace(cols, id)
		if err != nil {
			return err
		}
		s.values = append(s.values, at)
	}
	return c.returning(s, n.Ret, n.Returning, cols)
}

func (c *compiler) compileDelete(s *modifySpec, n *rel.Delete, cols []rel.Column) error {
	var err error
	if s.table, err = c.table(n.Table, n.Bound); err != nil {
		return err
	}
	if s.rowID, err = mustPlace(cols, n.RowID); err != nil {
		return err
	}
	s.whole, s.old = place(cols, n.Whole), places(n.Table, n.Old, cols)
	return c.returning(s, n.Ret, n.Returning, cols)
}

// places says where the input has the old row's columns; nil if some are missing.
// Dropped columns are nowhere: -1.
func places(t *catalog.Table, old, input []rel.Column) []int {
	if len(old) != len(t.Columns) {
		return nil
	}
	out := make([]int, len(old))
	for i := range old {
		out[i] = place(input, old[i].ID)
		if t.Columns[i].Dropped {
			out[i] = -1
		} else if out[i] < 0 {
			return nil
		}
	}
	return out
}

// returning compiles RETURNING over the row's columns and the input's.
func (c *compiler) returning(s *modifySpec, ret []rel.Column, p *rel.Project, input []rel.Column) error {
	if p == nil {
		return nil
	}
	s.nret, s.retIn = len(ret), len(input)
	layout := append([]rel.Column(nil), ret...)
	for _, col := range input {
		if place(ret, col.ID) >= 0 { // the row as it has become goes first
			col.ID = noColumn
		}
		layout = append(layout, col)
	}
	var err error
	s.returning, err = c.exprs(p.Exprs, layout)
	return err
}

func (s *modifySpec) operator(r *run) operator {
	if r.touched == nil {
		r.touched = map[string]bool{}
	}
	return &modifyOp{r: r, s: s, in: s.in.operator(r), m: modifier{r, s, writer{r, s.table}}}
}

// A modifier makes the changes that input rows ask for, in one execution.
type modifier struct {
	r *run
	s *modifySpec
	w writer
}

// apply makes the change that an input row asks for. It returns the row that
// RETURNING sees; nil if nothing was changed.
func (m *modifier) apply(in []types.Datum) ([]types.Datum, error) {
	var row []types.Datum
	var err error
	switch {
	case m.s.n.Insert != nil:
		row, err = m.insert(in)
	case m.s.n.Update != nil:
		row, err = m.update(in)
	default:
		row, err = m.delete(in)
	}
	if row != nil && err == nil && m.s.n == m.r.main {
		m.r.changed++
	}
	return row, err
}

func (m *modifier) insert(in []types.Datum) ([]types.Datum, error) {
	row := make([]types.Datum, len(m.s.source))
	for c, at := range m.s.source {
		if at >= 0 {
			row[c] = in[at]
		}
	}
	if err := m.w.complete(row); err != nil {
		return nil, err
	}
	if m.s.conflict != nil {
		base, err := m.w.conflict(m.s.conflict.Index, row)
		if err != nil {
			return nil, err
		}
		if base != nil {
			return m.resolve(base, row)
		}
	}
	return row, m.w.insert(row)
}

// resolve does what ON CONFLICT says about the existing row under base.
func (m *modifier) resolve(base kv.Key, proposed []types.Datum) ([]types.Datum, error) {
	c := m.s.conflict
	if !c.DoUpdate {
		return nil, nil
	}
	if m.r.touched[string(base)] || m.r.Tx.Overtaken(base) {
		return nil, pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
	}
	old, err := m.read(base)
	if err != nil || old == nil {
		return nil, err
	}
	both := append(append(make([]types.Datum, 0, 2*len(old)), old...), proposed...)
	if c.where != nil {
		d, err := c.where.Row(m.r.env, both)
		if err != nil {
			return nil, err
		}
		if d.IsNull() || !d.Bool() {
			// PostgreSQL locks a row that it has looked at, too.
			return nil, m.r.Tx.Lock(base, kv.Update)
		}
	}
	row := slices.Clone(old)
	for k, attr := range c.Attrs {
		if row[attr], err = c.values[k].Row(m.r.env, both); err != nil {
			return nil, err
		}
	}
	if err := m.w.complete(row); err != nil {
		return nil, err
	}
	if m.r.touched[string(base)] {
		return nil, nil // Another part of the statement has changed it, on behalf of the values.
	}
	if err := m.notOvertaken(base, "updated"); err != nil {
		return nil, err
	}
	return row, m.w.update(base, old, row)
}

// notOvertaken refuses to change a row of which the statement knows an older state: a
// function that it calls has changed it since.
func (m *modifier) notOvertaken(base kv.Key, what string) error {
	if !m.r.Tx.Overtaken(base) {
		return nil
	}
	return pgerr.New(pgerr.TriggeredDataChangeViolation, "tuple to be %s was already modified by an operation triggered by the current command", what).
		WithHint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")
}

// read returns the row under base as this statement sees it; nil if there is none.
func (m *modifier) read(base kv.Key) ([]types.Datum, error) {
	v, ok, err := m.r.lookup(base)
	if err != nil || !ok {
		return nil, err
	}
	return m.w.decode(base, v.Bytes)
}

// target returns the key and the row that an input row names; a nil key if the
// statement has changed it before, or there is none.
func (m *modifier) target(in []types.Datum) (kv.Key, []types.Datum, error) {
	id := in[m.s.rowID]
	if id.IsNull() || m.r.touched[id.S] {
		return nil, nil, nil
	}
	base := kv.Key(id.S)
	if m.s.old != nil {
		old := make([]types.Datum, len(m.s.old))
		for i, at := range m.s.old {
			if at >= 0 {
				old[i] = in[at]
			}
		}
		return base, old, nil
	}
	if m.s.whole >= 0 {
		old, err := m.w.decode(base, []byte(in[m.s.whole].S))
		return base, old, err
	}
	old, err := m.read(base)
	if old == nil {
		return nil, nil, err
	}
	return base, old, err
}

func (m *modifier) update(in []types.Datum) ([]types.Datum, error) {
	base, old, err := m.target(in)
	if err != nil || base == nil {
		return nil, err
	}
	row := slices.Clone(old)
	for k, attr := range m.s.attrs {
		row[attr] = in[m.s.values[k]]
	}
	if err := m.w.complete(row); err != nil {
		return nil, err
	}
	if err := m.notOvertaken(base, "updated"); err != nil {
		return nil, err
	}
	return row, m.w.update(base, old, row)
}

func (m *modifier) delete(in []types.Datum) ([]types.Datum, error) {
	base, old, err := m.target(in)
	if err != nil || base == nil {
		return nil, err
	}
	if err := m.notOvertaken(base, "deleted"); err != nil {
		return nil, err
	}
	return old, m.w.remove(base, old)
}

// modifyOp is INSERT, UPDATE or DELETE over an input of many rows.
type modifyOp struct {
	r    *run
	s    *modifySpec
	in   operator
	m    modifier
	rows *rowStore // RETURNING's, when all is done
	at   int
	done bool

	changed *rowStore // rows changed of the current batch, for RETURNING
	sel     []int32   // and their input rows
}

func (o *modifyOp) open() error {
	o.at = 0
	return nil
}

func (o *modifyOp) close() {
	o.in.close()
	if o.rows != nil {
		o.rows.reset()
	}
}

// next makes all changes at its first call: what a client reads of RETURNING does
// not decide what happens.
func (o *modifyOp) next() (*types.Batch, error) {
	if !o.done {
		if err := o.run(); err != nil {
			return nil, err
		}
		o.done = true
	}
	if o.rows == nil {
		return nil, nil
	}
	b := o.rows.batch(o.at)
	if b != nil {
		o.at += b.Len
	}
	return b, nil
}

func (o *modifyOp) run() error {
	if o.s.returning != nil {
		o.rows = newRowStore(&o.r.mem, len(o.s.returning))
		o.changed = newRowStore(&o.r.mem, len(o.s.table.t.Columns))
	}
	if err := o.in.open(); err != nil {
		return err
	}
	in := make([]types.Datum, o.s.nin)
	for {
		b, err := o.in.next()
		if err != nil {
			return err
		}
		if b == nil {
			o.in.close()
			return nil
		}
		if err := o.r.canceled(); err != nil {
			return err
		}
		for i := range b.Len {
			for c, v := range b.Cols[:o.s.nin] {
				in[c] = v.At(i)
			}
			row, err := o.m.apply(in)
			if err != nil {
				return err
			}
			if row == nil || o.rows == nil {
				continue
			}
			o.sel = append(o.sel, int32(i))
			if err := o.changed.appendRow(row); err != nil {
				return err
			}
		}
		if err := o.answer(b); err != nil {
			return err
		}
	}
}

// answer evaluates RETURNING over the rows that b has changed.
func (o *modifyOp) answer(b *types.Batch) error {
	if o.rows == nil || len(o.sel) == 0 {
		return nil
	}
	for from := 0; from < o.changed.n; from += types.BatchSize {
		part := o.changed.batch(from)
		full := newBatch(o.s.nret + o.s.retIn)
		full.Len = part.Len
		copy(full.Cols[:o.s.nret], part.Cols)
		for c := range o.s.retIn {
			gatherVec(b.Cols[c], o.sel[from:from+part.Len], full.Cols[o.s.nret+c])
		}
		out := &types.Batch{Len: part.Len, Cols: make([]*types.Vec, len(o.s.returning))}
		for k, x := range o.s.returning {
			v, err := x.Eval(o.r.env, full)
			if err != nil {
				return err
			}
			out.Cols[k] = v
		}
		if err := o.rows.appendBatch(out); err != nil {
			return err
		}
	}
	o.changed.reset()
	o.sel = o.sel[:0]
	return nil
}
