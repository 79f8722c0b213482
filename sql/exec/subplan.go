package exec

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A subSpec is a compiled sub-plan at the one place where an expression uses it.
type subSpec struct {
	slot  int
	sub   *rel.Subquery
	input spec
	ncols int
	oid   types.OID // type of the first column
	cmp   *expr.Compiled
	bind  []binding // outer columns that the expression's input supplies
	once  bool      // its rows do not depend on the outer row
	lkeys []*expr.Compiled
	lcols []int // columns of the expression's input that lkeys read
	keys  []types.OID
	hash  bool
	memo  bool        // its value depends on outer columns only
	outer []rel.ColID // all outer columns that it reads
}

// A binding gives an outer column the value of an input's column.
type binding struct {
	id rel.ColID
	at int
}

// subState is a sub-plan in one execution.
type subState struct {
	r     *run
	spec  *subSpec
	op    operator
	rows  *rowStore // of a once-only sub-plan, when filled
	value types.Datum
	ready bool
	table *keyTable
	nulls []int // rows of the hash table with a NULL in them
	memo  memo
}

// subPlan is the expr.Foreign of the executor.
func (c *compiler) subPlan(e rel.Expr, layout []rel.Column) (func(*expr.Env, *types.Batch, int) (types.Datum, error), bool) {
	p, ok := e.(*plan.SubPlan)
	if !ok {
		return nil, false
	}
	s, err := c.subSpec(p, layout)
	if err != nil {
		c.err = err
		return nil, false
	}
	return s.eval, true
}

func (c *compiler) subSpec(p *plan.SubPlan, layout []rel.Column) (*subSpec, error) {
	s := &subSpec{slot: c.p.subs, sub: p.Sub, once: len(p.Outer) == 0, hash: p.Hashed}
	c.p.subs++
	var err error
	s.memo = !s.once && repeatable(p)
	c.open = append(c.open, s)
	s.input, err = c.again(p.Plan, !s.once)
	c.open = c.open[:len(c.open)-1]
	if err != nil {
		return nil, err
	}
	cols := p.Plan.Columns()
	s.ncols = len(cols)
	if s.ncols > 0 {
		s.oid = cols[0].T.OID
	}
	outer := append([]rel.ColID(nil), p.Outer...)
	if p.Hashed {
		s.keys = oidsOf(cols)
		if s.lkeys, err = c.exprs(p.LKeys, layout); err != nil {
			return nil, err
		}
		s.lcols = reads(p.LKeys, layout)
	} else if p.Sub.Cmp != nil {
		if s.cmp, err = c.expr(p.Sub.Cmp, cols); err != nil {
			return nil, err
		}
		outer = outerReads(outer, p.Sub.Cmp)
	}
	seen := map[rel.ColID]bool{}
	for _, id := range outer {
		if seen[id] || place(cols, id) >= 0 {
			continue
		}
		seen[id] = true
		s.outer = append(s.outer, id)
		if at := place(layout, id); at >= 0 {
			s.bind = append(s.bind, binding{id, at})
		}
	}
	return s, nil
}

// outerReads adds to list the columns that e reads, those included that sub-plans
// inside of it need from outside.
func outerReads(list []rel.ColID, e rel.Expr) []rel.ColID {
	list = append(list, expr.Cols(e)...)
	expr.Walk(e, func(x rel.Expr) bool {
		if p, ok := x.(*plan.SubPlan); ok {
			list = append(list, p.Outer...)
			for _, k := range p.LKeys {
				list = outerReads(list, k)
			}
			if p.Sub.Cmp != nil {
				list = outerReads(list, p.Sub.Cmp)
			}
		}
		return true
	})
	return list
}

// reads lists the columns of a layout that expressions read; all if there is a
// sub-plan among them.
func reads(list []rel.Expr, layout []rel.Column) []int {
	used := make([]bool, len(layout))
	for _, e := range list {
		for _, id := range expr.Cols(e) {
			if at := place(layout, id); at >= 0 {
				used[at] = true
			}
		}
		expr.Walk(e, func(x rel.Expr) bool {
			if _, ok := x.(*plan.SubPlan); ok {
				for i := range used {
					used[i] = true
				}
			}
			return true
		})
	}
	var out []int
	for i, u := range used {
		if u {
			out = append(out, i)
		}
	}
	return out
}

// state returns the sub-plan's state in env's execution.
func (s *subSpec) state(env *expr.Env) (*subState, error) {
	r, ok := env.State.(*run)
	if !ok {
		return nil, pgerr.New(pgerr.InternalError, "subquery evaluated outside an execution")
	}
	if r.subs[s.slot] == nil {
		r.subs[s.slot] = &subState{r: r, spec: s, op: s.input.operator(r)}
	}
	return r.subs[s.slot], nil
}

// eval computes the subquery's value for a row of its expression's input.
func (s *subSpec) eval(env *expr.Env, b *types.Batch, row int) (types.Datum, error) {
	st, err := s.state(env)
	if err != nil {
		return types.Null, err
	}
	if s.hash {
		return st.lookup(b, row)
	}
	for _, bd := range s.bind {
		st.r.env.Outer[bd.id] = b.Cols[bd.at].At(row)
	}
	if s.memo {
		return st.remembered()
	}
	if !s.once {
		return st.compute()
	}
	if s.cmp != nil {
		if err := st.fill(); err != nil {
			return types.Null, err
		}
		return st.quantify(st.rows)
	}
	if !st.ready {
		if st.value, err = st.compute(); err != nil {
			return types.Null, err
		}
		st.op.close()
		st.ready = true
	}
	return st.value, nil
}

func (st *subState) close() { st.op.close() }

// remembered is the value for the outer columns, computed if it is not known.
func (st *subState) remembered() (types.Datum, error) {
	d, known, ok := st.memo.find(st.r.env.Outer, st.spec.outer)
	if known || !ok {
		if known {
			return d, nil
		}
		return st.compute()
	}
	key := string(st.memo.key) // The sub-plan may come back here with other values.
	d, err := st.compute()
	if err == nil {
		st.memo.keep(key, d)
	}
	return d, err
}

// compute runs the sub-plan.
func (st *subState) compute() (types.Datum, error) {
	if err := st.op.open(); err != nil {
		return types.Null, err
	}
	switch st.spec.sub.Kind {
	case rel.ScalarQuery:
		return st.scalar()
	case rel.ExistsQuery:
		pace(st.op, 1)
		b, err := st.nextRows()
		return types.NewBool(b != nil), err
	case rel.ArrayQuery:
		return st.array()
	}
	return st.quantify(nil)
}

// nextRows is the sub-plan's next batch that is not empty.
func (st *subState) nextRows() (*types.Batch, error) {
	for {
		b, err := st.op.next()
		if err != nil || b == nil || b.Len > 0 {
			return b, err
		}
	}
}

func (st *subState) scalar() (types.Datum, error) {
	var d types.Datum
	rows := 0
	for {
		pace(st.op, 2-rows)
		b, err := st.nextRows()
		if err != nil {
			return types.Null, err
		}
		if b == nil {
			return d, nil
		}
		if rows += b.Len; rows > 1 {
			return types.Null, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		d = b.Cols[0].At(0)
	}
}

func (st *subState) array() (types.Datum, error) {
	var elems []types.Datum
	for {
		b, err := st.nextRows()
		if err != nil {
			return types.Null, err
		}
		if b == nil {
			break
		}
		for i := range b.Len {
			elems = append(elems, b.Cols[0].At(i))
		}
		if err := st.r.mem.grow(rangeBytes(b.Cols[0], 0, b.Len)); err != nil {
			return types.Null, err
		}
	}
	return arrayOf(st.spec.oid, elems)
}

// arrayOf makes an array of elements; arrays of equal dimensions become one more
// dimension.
func arrayOf(elem types.OID, elems []types.Datum) (types.Datum, error) {
	a := &types.Array{Elem: elem}
	ty := types.Get(elem)
	if !ty.Stacks() {
		if len(elems) > 0 {
			a.Dims, a.Lower, a.Elems = []int{len(elems)}, []int{1}, elems
		}
		return types.Datum{Kind: types.KindArray, X: a}, nil
	}
	a.Elem = ty.Elem
	for i, e := range elems {
		in, ok := e.X.(*types.Array)
		if !ok {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
		}
		if i == 0 {
			a.Dims = append([]int{len(elems)}, in.Dims...)
			a.Lower = append([]int{1}, in.Lower...)
		} else if !slices.Equal(a.Dims[1:], in.Dims) {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
		}
		a.Elems = append(a.Elems, in.Elems...)
	}
	if len(a.Elems) == 0 {
		a.Dims, a.Lower = nil, nil
	}
	return types.Datum{Kind: types.KindArray, X: a}, nil
}

// fill keeps the rows of a sub-plan that does not depend on outer rows.
func (st *subState) fill() error {
	if st.rows != nil {
		return nil
	}
	rows := newRowStore(&st.r.mem, st.spec.ncols)
	if err := drain(st.op, rows, false); err != nil {
		return err
	}
	st.rows = rows
	return nil
}

// drain opens op and copies all that it yields. It closes op then, unless op may be
// wanted again.
func drain(op operator, into *rowStore, again bool) error {
	if err := op.open(); err != nil {
		return err
	}
	for {
		b, err := op.next()
		if err != nil {
			return err
		}
		if b == nil {
			if !again {
				op.close()
			}
			return nil
		}
		if err := into.appendBatch(b); err != nil {
			return err
		}
	}
}

// quantify is ANY or ALL of the comparison over the rows: those kept, or, if rows
// is nil, those that the open sub-plan yields.
func (st *subState) quantify(rows *rowStore) (types.Datum, error) {
	all := st.spec.sub.Kind == rel.AllQuery
	unknown := false
	for at := 0; ; {
		var b *types.Batch
		var err error
		if rows != nil {
			b = rows.batch(at)
		} else {
			pace(st.op, 1)
			b, err = st.nextRows()
		}
		if err != nil {
			return types.Null, err
		}
		if b == nil {
			break
		}
		at += b.Len
		v, err := st.spec.cmp.Eval(st.r.env, b)
		if err != nil {
			return types.Null, err
		}
		for i := range b.Len {
			switch {
			case v.IsNull(i):
				unknown = true
			case (v.I[i] != 0) != all:
				return types.NewBool(!all), nil
			}
		}
	}
	if unknown {
		return types.Null, nil
	}
	return types.NewBool(all), nil
}

// build fills the hash table of an uncorrelated IN.
func (st *subState) build() error {
	t := newKeyTable(&st.r.mem, st.spec.keys)
	if err := st.op.open(); err != nil {
		return err
	}
	for {
		b, err := st.op.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		h := t.hashes(b.Cols, b.Len)
		for i := range b.Len {
			id, added, err := t.put(b.Cols, i, h[i])
			if err != nil {
				return err
			}
			if added && hasNull(b.Cols, i) {
				st.nulls = append(st.nulls, int(id))
			}
		}
	}
	st.op.close()
	st.table = t
	return nil
}

func hasNull(cols []*types.Vec, i int) bool {
	for _, v := range cols {
		if v.IsNull(i) {
			return true
		}
	}
	return false
}

// lookup answers x IN (sub-plan) for one row.
func (st *subState) lookup(b *types.Batch, row int) (types.Datum, error) {
	if st.table == nil {
		if err := st.build(); err != nil {
			return types.Null, err
		}
	}
	if st.table.rows.n == 0 {
		return types.NewBool(false), nil
	}
	one := &types.Batch{Len: 1, Cols: make([]*types.Vec, len(b.Cols))}
	for _, c := range st.spec.lcols {
		one.Cols[c] = sliceVec(b.Cols[c], row, row+1)
	}
	keys := make([]*types.Vec, len(st.spec.lkeys))
	for i, x := range st.spec.lkeys {
		v, err := x.Eval(st.r.env, one)
		if err != nil {
			return types.Null, err
		}
		keys[i] = v
	}
	candidates := st.nulls
	if hasNull(keys, 0) {
		candidates = nil
		for id := range st.table.rows.n {
			candidates = append(candidates, id)
		}
	} else if st.table.find(keys, 0, st.table.hashes(keys, 1)[0]) >= 0 {
		return types.NewBool(true), nil
	}
	for _, id := range candidates {
		if st.maybeEqual(keys, id) {
			return types.Null, nil
		}
	}
	return types.NewBool(false), nil
}

// maybeEqual reports whether the key equals row id where neither is NULL.
func (st *subState) maybeEqual(keys []*types.Vec, id int) bool {
	for c, v := range keys {
		kv, j := st.table.rows.vec(id, c)
		if !v.IsNull(0) && !kv.IsNull(j) && !equalAt(st.spec.keys[c], v, 0, kv, j) {
			return false
		}
	}
	return true
}
