package bind

import (
	"reflect"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A cteEntry is a WITH query as names see it.
type cteEntry struct {
	name string
	def  *ast.CTE
	// written is def as the user wrote it, with SEARCH and CYCLE.
	written *ast.CTE
	cte     *rel.CTE
	cols    []rel.Column
	bound   bool
	// While its own query is being bound:
	state recursion
	refs  int        // references from the recursive term
	base  *scope     // the recursive term's own scope
	inner []*rel.CTE // the WITH queries of a recursive query itself
	rows  bool       // it yields rows (data-modifying ones only with RETURNING)
}

// recursion says which part of a recursive query is being bound.
type recursion uint8

const (
	notRecursive recursion = iota
	inBase                 // the non-recursive term
	inStep                 // the recursive term
	inWith                 // the WITH clause of the whole query
)

func (s *scope) findCTE(name string) *cteEntry {
	for ; s != nil; s = s.outer {
		for i := len(s.ctes) - 1; i >= 0; i-- {
			if s.ctes[i].name == name {
				return s.ctes[i]
			}
		}
	}
	return nil
}

// bindWith binds the WITH clause into s; nil if there is none.
func (b *binder) bindWith(s *scope, w *ast.With) []*rel.CTE {
	if w == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, c := range w.CTEs {
		if seen[c.Name] {
			b.fail(c.Pos, pgerr.DuplicateAlias, "WITH query name \"%s\" specified more than once", c.Name)
		}
		seen[c.Name] = true
		if _, ok := c.Query.(*ast.Select); !ok && !s.top {
			b.fail(c.Pos, pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
		}
	}
	order := make([]int, len(w.CTEs))
	for i := range order {
		order[i] = i
	}
	if w.Recursive {
		order = b.cteOrder(w)
	}
	var list []*rel.CTE
	defer func(outer []string) { b.future = outer }(b.future)
	outer := b.future[:len(b.future):len(b.future)]
	for at, i := range order {
		b.future = outer
		for _, later := range w.CTEs[at:] {
			if !w.Recursive {
				b.future = append(b.future, later.Name)
			}
		}
		def := &w.CTEs[i]
		e := &cteEntry{name: def.Name, def: def, written: def}
		b.bindCTE(s, e, w.Recursive)
		list = append(list, e.inner...)
		list = append(list, e.cte)
	}
	return list
}

// cteOrder sorts the queries of WITH RECURSIVE so that each comes after those
// that it mentions.
func (b *binder) cteOrder(w *ast.With) []int {
	n := len(w.CTEs)
	uses := make([][]bool, n)
	for i := range w.CTEs {
		uses[i] = make([]bool, n)
		for j := range w.CTEs {
			uses[i][j] = i != j && mentions(w.CTEs[i].Query, w.CTEs[j].Name)
		}
	}
	var order []int
	done := make([]bool, n)
	for len(order) < n {
		next := -1
		for i := 0; i < n && next < 0; i++ {
			ready := !done[i]
			for j := range uses[i] {
				ready = ready && (!uses[i][j] || done[j])
			}
			if ready {
				next = i
			}
		}
		if next < 0 {
			for i := range done {
				if !done[i] {
					b.fail(w.CTEs[i].Pos, pgerr.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
				}
			}
		}
		done[next] = true
		order = append(order, next)
	}
	return order
}

// mentions reports whether a statement refers to a table of that name that no
// inner WITH hides.
func mentions(stmt any, name string) bool {
	return mentionsIn(reflect.ValueOf(stmt), name)
}

func mentionsIn(v reflect.Value, name string) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return false
		}
		if t, ok := v.Interface().(*ast.TableRef); ok {
			return t.Name.Schema == "" && t.Name.Name == name
		}
		return mentionsIn(v.Elem(), name)
	case reflect.Slice:
		for i := 0; i < v.Len(); i++ {
			if mentionsIn(v.Index(i), name) {
				return true
			}
		}
	case reflect.Struct:
		if f := v.FieldByName("With"); f.IsValid() && hides(f.Interface(), name) {
			return false
		}
		for i := 0; i < v.NumField(); i++ {
			if v.Type().Field(i).IsExported() && mentionsIn(v.Field(i), name) {
				return true
			}
		}
	}
	return false
}

func hides(with any, name string) bool {
	w, _ := with.(*ast.With)
	if w == nil {
		return false
	}
	for _, c := range w.CTEs {
		if c.Name == name {
			return true
		}
	}
	return false
}

func (b *binder) bindCTE(s *scope, e *cteEntry, recursive bool) {
	def := e.def
	e.cte = &rel.CTE{Name: def.Name, Materialized: def.Materialized}
	e.rows = true
	sel, isSelect := def.Query.(*ast.Select)
	self := recursive && mentions(def.Query, def.Name)
	if def.Search != nil || def.Cycle != nil {
		if !self || !isSelect {
			b.fail(def.Pos, pgerr.SyntaxError, "WITH query is not recursive")
		}
		if b.shapes != nil {
			plain := *def
			plain.Search, plain.Cycle = nil, nil
			b.bindCTE(&scope{outer: s}, &cteEntry{name: def.Name, def: &plain, written: def}, recursive)
			e.written = nil
		}
		def = b.searched(s, def)
		e.def, sel = def, def.Query.(*ast.Select)
	}
	switch {
	case !isSelect && self:
		b.fail(def.Pos, pgerr.InvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements", def.Name)
	case !isSelect:
		q := b.modify(def.Query, s, false)
		e.cte.Query, e.cte.Modifies = q.node, true
		e.rows = len(q.cols) > 0
		b.nameCTE(s, e, q.cols)
	case self:
		b.recursiveCTE(s, e, sel)
	default:
		old := s.kind
		s.kind = kindFromSubselect
		q := b.bindSelect(sel, s, selectOpts{resolve: true})
		s.kind = old
		b.shapeCTE(e, q.shape)
		e.cte.Query = b.strip(q)
		b.nameCTE(s, e, q.cols)
	}
	if !e.bound {
		s.ctes = append(s.ctes, e)
		e.bound = true
	}
}

// nameCTE names the columns of a WITH query.
func (b *binder) nameCTE(s *scope, e *cteEntry, cols []rel.Column) {
	if n := len(e.def.Columns); n > len(cols) {
		b.fail(e.def.Pos, pgerr.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified",
			e.name, len(cols), n)
	}
	e.cols = append([]rel.Column(nil), cols...)
	for i, n := range e.def.Columns {
		e.cols[i].Name = n
	}
	e.cte.Cols = e.cols
}

// recursiveCTE binds base UNION [ALL] step.
func (b *binder) recursiveCTE(s *scope, e *cteEntry, sel *ast.Select) {
	def := e.def
	op := sel.SetOp
	if op == nil || op.Op != "union" || sel.Values != nil {
		b.fail(def.Pos, pgerr.InvalidRecursion, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", def.Name)
	}
	b.checkRecursiveForm(sel)
	s.ctes = append(s.ctes, e)
	e.bound = true
	inner := &scope{outer: s}
	e.cte.UnionAll = op.All
	e.cte.Recursive = nil

	e.state = inWith
	withs := b.bindWith(inner, sel.With)
	e.state = inBase
	base := b.bindSelect(op.L, inner, selectOpts{resolve: true})
	e.inner = withs
	e.cte.Query = b.strip(base)
	b.nameCTE(s, e, base.cols)
	for i := range e.cols {
		e.cols[i].Table, e.cols[i].Attr = 0, 0
	}

	e.state = inStep
	e.base = inner
	step := b.bindSelect(op.R, inner, selectOpts{step: e})
	e.state = notRecursive
	if len(step.cols) != len(e.cols) {
		b.fail(step.posOf(0), pgerr.SyntaxError, "each UNION query must have the same number of columns")
	}
	ts := make([]types.T, len(e.cols))
	for i, c := range e.cols {
		ts[i] = c.T
		r := b.columnArg(step, i)
		t := b.commonType("UNION", []arg{{&rel.Col{T: c.T, ID: c.ID}, base.posOf(i)}, r})
		if t.OID != c.T.OID {
			b.throw(base.posOf(i), pgerr.New(pgerr.DatatypeMismatch,
				"recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				def.Name, i+1, typeName(c.T), typeName(t)).WithHint("Cast the output of the non-recursive term to the correct type."))
		}
		if step.cols[i].T.Typmod != c.T.Typmod && c.T.Typmod >= 0 {
			b.throw(base.posOf(i), pgerr.New(pgerr.DatatypeMismatch,
				"recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				def.Name, i+1, types.FormatType(c.T), types.FormatType(types.Of(c.T.OID))).
				WithHint("Cast the output of the non-recursive term to the correct type."))
		}
		if !op.All {
			b.groupable(&rel.Col{T: c.T}, base.posOf(i))
		}
	}
	e.cte.Recursive = b.conform("UNION", step, ts)
	if b.shapes != nil {
		shape := &rel.Shape{SetOp: &rel.ShapeSetOp{Op: rel.Union, All: op.All, L: base.shape, R: step.shape}}
		b.shapeWith(shape, sel.With)
		b.shapeCTE(e, shape)
	}
}

func (b *binder) checkRecursiveForm(sel *ast.Select) {
	switch {
	case len(sel.OrderBy) > 0:
		b.fail(startOf(sel.OrderBy[0].X), pgerr.FeatureNotSupported, "ORDER BY in a recursive query is not implemented")
	case sel.Offset != nil:
		b.fail(startOf(sel.Offset), pgerr.FeatureNotSupported, "OFFSET in a recursive query is not implemented")
	case sel.Limit != nil:
		b.fail(startOf(sel.Limit), pgerr.FeatureNotSupported, "LIMIT in a recursive query is not implemented")
	case len(sel.Locking) > 0:
		b.fail(0, pgerr.FeatureNotSupported, "FOR UPDATE/SHARE in a recursive query is not implemented")
	}
}

// cteRef binds a reference to a WITH query.
func (b *binder) cteRef(s *scope, e *cteEntry, it *item, pos int) rel.Node {
	it.cte = true
	if e.state == inBase {
		b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within its non-recursive term", e.name)
	}
	if e.state == inWith {
		b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within a subquery", e.name)
	}
	if !e.rows {
		b.fail(pos, pgerr.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", e.name)
	}
	var cols []rel.Column
	for _, c := range e.cols {
		col := b.newColumn(s, c.Name, c.T)
		info := b.cols[col.ID]
		info.rel = it.name
		if old := b.cols[c.ID]; old != nil {
			info.fields, info.domain = old.fields, old.domain
		}
		cols = append(cols, col)
		it.cols = append(it.cols, &nsCol{name: c.Name, id: col.ID, t: c.T, origin: c.Table, attr: c.Attr})
	}
	if e.state == inStep {
		b.checkStepRef(s, e, pos)
		return &rel.WorkRef{CTE: e.cte, Cols: cols}
	}
	e.cte.Refs++
	return &rel.CTERef{CTE: e.cte, Cols: cols, Alias: it.name}
}

// checkStepRef allows a recursive term one reference to itself, in its own FROM.
func (b *binder) checkStepRef(s *scope, e *cteEntry, pos int) {
	for l := s; l != nil && l != e.base; l = l.outer {
		if l.outer != nil && l.outer != e.base && l.outer.kind != kindFromSubselect && l.outer.kind != kindOther {
			b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within a subquery", e.name)
		}
		if l.outerJoin > 0 {
			b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within an outer join", e.name)
		}
		if l.setop == "except" || l.setop == "intersect" {
			b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within %s", e.name,
				map[string]string{"except": "EXCEPT", "intersect": "INTERSECT"}[l.setop])
		}
	}
	if e.refs++; e.refs > 1 {
		b.fail(pos, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", e.name)
	}
}

func (b *binder) wrapWith(n rel.Node, ctes []*rel.CTE) rel.Node {
	if len(ctes) == 0 {
		return n
	}
	return &rel.With{CTEs: ctes, Body: n}
}
