package expr

import (
	"sync/atomic"

	"zorya/pgerr"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A Compiled is an expression ready to run over rows of one layout. It is
// immutable and safe for concurrent use.
type Compiled struct {
	root *node
	t    types.T
	and  []*node // the root's conjuncts; the root alone if it is no AND
}

// A node computes one expression, over a batch or one row. row must be set; vec
// falls back on it. Rows hold a value per column of the layout, then those of the
// CASE arguments around the node.
type node struct {
	t    types.T
	vec  func(env *Env, b *types.Batch) (*types.Vec, error)
	row  func(env *Env, r []types.Datum) (types.Datum, error)
	cols []int // columns that it reads
	// safe: it cannot fail and has no effect, so that it may be computed for rows in
	// which nobody asks for it.
	safe bool
	// fixed: it has the same value for all rows of a statement.
	fixed bool
	// shared: vec returns memory that others use too.
	shared bool
	width  int // values in a row
	con    *types.Datum
}

// A compiler holds what is the same for all nodes of an expression.
type compiler struct {
	layout  []rel.Column
	place   map[rel.ColID]int
	foreign Foreign
	depth   int // CASE arguments around the node
}

// Compile prepares e to run over rows of the layout. Columns that are not in it
// are read from Env.Outer. foreign may be nil. Errors: expressions that have no
// value by themselves (set-returning functions, subqueries without foreign).
func Compile(e rel.Expr, layout []rel.Column, foreign Foreign) (*Compiled, error) {
	c := &compiler{layout: layout, foreign: foreign, place: make(map[rel.ColID]int, len(layout))}
	for i, col := range layout {
		c.place[col.ID] = i
	}
	root, err := c.node(e)
	if err != nil {
		return nil, err
	}
	out := &Compiled{root: root, t: e.Type(), and: []*node{root}}
	if b, ok := e.(*rel.Bool); ok && b.Op == rel.And {
		if out.and, err = c.nodes(b.Args); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Type is the type of the expression's value.
func (c *Compiled) Type() types.T { return c.t }

// Eval computes the expression for the b.Len rows of b. The Vec has b.Len values
// at least; it may be a column of b itself, otherwise it is the caller's.
func (c *Compiled) Eval(env *Env, b *types.Batch) (*types.Vec, error) {
	v, err := c.root.eval(env, b)
	if err != nil || !c.root.shared {
		return v, err
	}
	return copyVec(v, b.Len), nil
}

// Row computes the expression for one row: a value per column of the layout.
func (c *Compiled) Row(env *Env, row []types.Datum) (types.Datum, error) { return c.root.row(env, row) }

// Filter returns the rows of b for which the expression is true, in order, in the
// storage of sel.
func (c *Compiled) Filter(env *Env, b *types.Batch, sel []int) ([]int, error) {
	sel = sel[:0]
	for i := 0; i < b.Len; i++ {
		sel = append(sel, i)
	}
	for _, n := range c.and {
		if len(sel) == 0 {
			break
		}
		var err error
		if sel, err = n.keepTrue(env, b, sel); err != nil {
			return nil, err
		}
	}
	return sel, nil
}

// keepTrue narrows sel to the rows where n is true.
func (n *node) keepTrue(env *Env, b *types.Batch, sel []int) ([]int, error) {
	whole := len(sel) == b.Len || n.safe && 4*len(sel) > b.Len
	in := b
	if !whole {
		in = n.gather(b, sel)
	}
	v, err := n.eval(env, in)
	if err != nil {
		return nil, err
	}
	out := sel[:0]
	for k, i := range sel {
		at := k
		if whole {
			at = i
		}
		if !v.IsNull(at) && v.I[at] != 0 {
			out = append(out, i)
		}
	}
	return out, nil
}

func (n *node) eval(env *Env, b *types.Batch) (*types.Vec, error) {
	if n.vec != nil {
		return n.vec(env, b)
	}
	return n.byRow(env, b)
}

// byRow computes a Vec row by row.
func (n *node) byRow(env *Env, b *types.Batch) (*types.Vec, error) {
	out := types.NewVec(types.KindOf(n.t.OID), b.Len)
	if n.fixed && b.Len > 0 {
		d, err := n.row(env, nil)
		if err != nil {
			return nil, err
		}
		return fill(types.KindOf(n.t.OID), d, b.Len), nil
	}
	r := make([]types.Datum, n.width)
	for i := 0; i < b.Len; i++ {
		for _, c := range n.cols {
			r[c] = b.Cols[c].At(i)
		}
		d, err := n.row(env, r)
		if err != nil {
			return nil, err
		}
		put(&out, i, b.Len, d)
	}
	return out, nil
}

// put stores d, changing the Vec's kind if it had none or does not fit: a type
// that is not known before run time (record fields, unknown) may have any.
func put(v **types.Vec, i, n int, d types.Datum) {
	if d.Kind != (*v).Kind && !d.IsNull() {
		old := *v
		*v = types.NewVec(d.Kind, n)
		for k := 0; k < i; k++ {
			if x := old.At(k); x.Kind == d.Kind {
				(*v).Set(k, n, x)
			} else {
				(*v).SetNull(k, n)
			}
		}
	}
	(*v).Set(i, n, d)
}

// fill is n times d.
func fill(k types.Kind, d types.Datum, n int) *types.Vec {
	if !d.IsNull() {
		k = d.Kind
	}
	v := types.NewVec(k, n)
	if d.IsNull() {
		if k != types.KindNull && n > 0 {
			v.Null = make([]bool, n)
			for i := range v.Null {
				v.Null[i] = true
			}
		}
		return v
	}
	switch k {
	case types.KindBool, types.KindInt:
		fillSlice(v.I, d.I)
	case types.KindFloat:
		fillSlice(v.F, d.F)
	case types.KindBytes:
		fillSlice(v.S, d.S)
	default:
		fillSlice(v.X, d.X)
	}
	return v
}

func fillSlice[T any](s []T, x T) {
	for i := range s {
		s[i] = x
	}
}

func copyVec(v *types.Vec, n int) *types.Vec {
	out := &types.Vec{Kind: v.Kind}
	if v.Null != nil {
		out.Null = append([]bool(nil), v.Null[:n]...)
	}
	switch v.Kind {
	case types.KindNull:
	case types.KindBool, types.KindInt:
		out.I = append([]int64(nil), v.I[:n]...)
	case types.KindFloat:
		out.F = append([]float64(nil), v.F[:n]...)
	case types.KindBytes:
		out.S = append([]string(nil), v.S[:n]...)
	default:
		out.X = append([]any(nil), v.X[:n]...)
	}
	return out
}

// gather makes a batch of the rows sel with the columns that n reads.
func (n *node) gather(b *types.Batch, sel []int) *types.Batch {
	out := &types.Batch{Len: len(sel), Cols: make([]*types.Vec, len(b.Cols))}
	for _, c := range n.cols {
		out.Cols[c] = take(b.Cols[c], sel)
	}
	return out
}

func take(v *types.Vec, sel []int) *types.Vec {
	out := &types.Vec{Kind: v.Kind}
	if v.Null != nil {
		out.Null = takeSlice(v.Null, sel)
	}
	switch v.Kind {
	case types.KindNull:
	case types.KindBool, types.KindInt:
		out.I = takeSlice(v.I, sel)
	case types.KindFloat:
		out.F = takeSlice(v.F, sel)
	case types.KindBytes:
		out.S = takeSlice(v.S, sel)
	default:
		out.X = takeSlice(v.X, sel)
	}
	return out
}

func takeSlice[T any](s []T, sel []int) []T {
	out := make([]T, len(sel))
	for k, i := range sel {
		out[k] = s[i]
	}
	return out
}

func (c *compiler) nodes(list []rel.Expr) ([]*node, error) {
	out := make([]*node, len(list))
	for i, e := range list {
		n, err := c.node(e)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// node compiles e and notes which columns it reads.
func (c *compiler) node(e rel.Expr) (*node, error) {
	n, err := c.build(e)
	if err != nil {
		return nil, err
	}
	n.t = e.Type()
	n.width = len(c.layout) + c.depth
	return n, nil
}

func (c *compiler) build(e rel.Expr) (*node, error) {
	switch e := e.(type) {
	case *rel.Const:
		return constant(e), nil
	case *rel.Param:
		return param(e), nil
	case *rel.Col:
		return c.column(e), nil
	case *rel.CaseArg:
		return columnAt(len(c.layout) + c.depth - 1), nil
	case *rel.Call:
		return c.call(e)
	case *rel.Cast:
		return c.cast(e)
	case *rel.Typmod:
		return c.typmod(e)
	case *rel.Bool:
		return c.boolean(e)
	case *rel.IsTest:
		return c.isTest(e)
	case *rel.Distinct:
		return c.distinct(e)
	case *rel.AnyAll:
		return c.anyAll(e)
	case *rel.Case:
		return c.caseWhen(e)
	case *rel.Coalesce:
		return c.coalesce(e)
	case *rel.MinMax:
		return c.minMax(e)
	case *rel.NullIf:
		return c.nullIf(e)
	case *rel.RowExpr:
		return c.rowExpr(e)
	case *rel.ArrayExpr:
		return c.arrayExpr(e)
	case *rel.RowCompare:
		return c.rowCompare(e)
	case *rel.Field:
		return c.field(e)
	case *rel.Subscript:
		return c.subscript(e)
	case *rel.SQLValue:
		return sqlValue(e), nil
	}
	return c.other(e)
}

// other compiles what only the executor knows. Its row path runs over a batch of
// one row.
func (c *compiler) other(e rel.Expr) (*node, error) {
	if c.foreign != nil {
		if eval, ok := c.foreign(e, c.layout); ok {
			n := &node{width: len(c.layout) + c.depth}
			n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) {
				out := types.NewVec(types.KindOf(e.Type().OID), b.Len)
				for i := 0; i < b.Len; i++ {
					d, err := eval(env, b, i)
					if err != nil {
						return nil, err
					}
					put(&out, i, b.Len, d)
				}
				return out, nil
			}
			layout := c.layout
			n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
				return eval(env, oneRow(layout, r), 0)
			}
			for i := range n.width {
				n.cols = append(n.cols, i)
			}
			return n, nil
		}
	}
	if _, ok := e.(*rel.Subquery); ok {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery in this context")
	}
	return nil, pgerr.New(pgerr.FeatureNotSupported, "expression is not supported in this context")
}

func oneRow(layout []rel.Column, r []types.Datum) *types.Batch {
	b := &types.Batch{Len: 1, Cols: make([]*types.Vec, len(r))}
	for i, d := range r {
		k := d.Kind
		if k == types.KindNull && i < len(layout) {
			k = types.KindOf(layout[i].T.OID)
		}
		b.Cols[i] = fill(k, d, 1)
	}
	return b
}

// constant is a literal, which the statement's slots may replace. The filled
// vector is kept and shared.
func constant(e *rel.Const) *node {
	d := e.D
	k := types.KindOf(e.T.OID)
	n := &node{safe: true, fixed: true, shared: true}
	if e.Slot == 0 {
		n.con = &d
	}
	value := func(env *Env) types.Datum {
		if e.Slot > 0 && env != nil && e.Slot <= len(env.Slots) && env.SlotOK[e.Slot-1] {
			return env.Slots[e.Slot-1]
		}
		return d
	}
	var kept atomic.Pointer[types.Vec]
	n.vec = func(env *Env, b *types.Batch) (*types.Vec, error) {
		if e.Slot > 0 {
			return fill(k, value(env), b.Len), nil
		}
		if d.IsNull() && k == types.KindNull {
			return fill(k, d, b.Len), nil
		}
		v := kept.Load()
		if v == nil || v.Len() < b.Len {
			v = fill(k, d, b.Len)
			kept.Store(v)
		}
		return v, nil
	}
	n.row = func(env *Env, _ []types.Datum) (types.Datum, error) { return value(env), nil }
	return n
}

func param(e *rel.Param) *node {
	n := &node{safe: true, fixed: true}
	n.row = func(env *Env, _ []types.Datum) (types.Datum, error) {
		if env == nil || e.N > len(env.Params) {
			return types.Null, pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", e.N)
		}
		return env.Params[e.N-1], nil
	}
	return n
}

func (c *compiler) column(e *rel.Col) *node {
	if i, ok := c.place[e.ID]; ok {
		return columnAt(i)
	}
	return &node{safe: true, fixed: true, row: func(env *Env, _ []types.Datum) (types.Datum, error) {
		return env.Outer[e.ID], nil
	}}
}

func columnAt(i int) *node {
	return &node{
		safe: true, cols: []int{i},
		vec: func(_ *Env, b *types.Batch) (*types.Vec, error) { return b.Cols[i], nil },
		row: func(_ *Env, r []types.Datum) (types.Datum, error) { return r[i], nil },
	}
}

// over is a node that reads what its parts read; with fixed parts it is fixed.
func over(parts ...*node) *node {
	n := &node{fixed: true, safe: true}
	seen := map[int]bool{}
	for _, p := range parts {
		if p == nil {
			continue
		}
		n.fixed = n.fixed && p.fixed
		n.safe = n.safe && p.safe
		for _, c := range p.cols {
			if !seen[c] {
				seen[c] = true
				n.cols = append(n.cols, c)
			}
		}
	}
	return n
}
