package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A window is a window definition: of the WINDOW clause, or written in OVER.
type window struct {
	def       *ast.WindowDef
	partition []rel.Expr
	order     []orderItem
	frame     rel.Frame
}

// A windowCall is a call of a window function; expressions refer to its result as
// a column.
type windowCall struct {
	call rel.WindowCall
	win  *window
}

// windowCall binds a call with OVER.
func (b *binder) windowCall(s *scope, c *callSite) rel.Expr {
	x := c.x
	w := &windowCall{call: rel.WindowCall{Fn: c.fn, Star: x.Star, Args: c.exprs}}
	if x.Filter != nil {
		w.call.Filter = b.toBool(b.exprAs(s, x.Filter, kindFilter), "FILTER", startOf(x.Filter))
	}
	for _, e := range append(c.exprs[:len(c.exprs):len(c.exprs)], w.call.Filter) {
		b.noNestedWindow(s, e)
	}
	b.checkWindowPlace(s.kind, x.At)
	w.win = b.windowOf(s, x.Over)
	w.call.Out = b.newColumn(s, x.Name, c.match.Result)
	b.cols[w.call.Out.ID].window, b.cols[w.call.Out.ID].domain = true, b.domainOfCall(c.fn, c.exprs)
	s.windowCalls = append(s.windowCalls, w)
	return b.placed(&rel.Col{T: w.call.Out.T, ID: w.call.Out.ID}, x.At)
}

func (b *binder) noNestedWindow(s *scope, e rel.Expr) {
	rel.MapExpr(e, func(e rel.Expr) (rel.Expr, bool) {
		if c, ok := e.(*rel.Col); ok && b.cols[c.ID] != nil && b.cols[c.ID].window && b.cols[c.ID].scope == s {
			b.fail(b.places[c], pgerr.WindowingError, "window function calls cannot be nested")
		}
		if c, ok := e.(*rel.Call); ok && c.Fn.Set {
			b.throw(c.Pos, pgerr.New(pgerr.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
		}
		return e, true
	})
}

// windowOf finds the definition that OVER names, or adds the one written there.
func (b *binder) windowOf(s *scope, def *ast.WindowDef) *window {
	if def.Name != "" {
		if w := s.namedWindow(def.Name); w != nil {
			return w
		}
		b.fail(def.Pos, pgerr.UndefinedObject, "window \"%s\" does not exist", def.Name)
	}
	w := &window{def: def}
	s.windows = append(s.windows, w)
	return w
}

func (s *scope) namedWindow(name string) *window {
	for _, w := range s.windows {
		if w.def.Name == name {
			return w
		}
	}
	return nil
}

// declareWindows enters the WINDOW clause.
func (b *binder) declareWindows(s *scope, defs []ast.WindowDef) {
	for i := range defs {
		s.windows = append(s.windows, &window{def: &defs[i]})
	}
}

// bindWindows binds the definitions: partition, order and frame.
func (b *binder) bindWindows(s *scope, find func(x ast.Expr, k exprKind) rel.Expr) {
	for i, w := range s.windows {
		d := w.def
		if d.Name != "" {
			for _, e := range s.windows[:i] {
				if e.def.Name == d.Name {
					b.fail(d.Pos, pgerr.WindowingError, "window \"%s\" is already defined", d.Name)
				}
			}
		}
		var base *window
		if d.Ref != "" {
			base = b.baseWindow(s.windows[:i], d)
		}
		b.bindWindow(s, w, base, find)
	}
}

func (b *binder) baseWindow(before []*window, d *ast.WindowDef) *window {
	for _, w := range before {
		if w.def.Name == d.Ref {
			return w
		}
	}
	b.fail(d.Pos, pgerr.UndefinedObject, "window \"%s\" does not exist", d.Ref)
	return nil
}

func (b *binder) bindWindow(s *scope, w, base *window, find func(x ast.Expr, k exprKind) rel.Expr) {
	d := w.def
	for _, o := range d.Order {
		item := b.orderOf(o, find(o.X, kindWindowOrder))
		// What is ordered by already orders nothing.
		if !slices.ContainsFunc(w.order, func(old orderItem) bool { return b.equal(old.x, item.x) && !isVolatile(item.x) }) {
			w.order = append(w.order, item)
		}
	}
	for _, p := range d.Partition {
		e := find(p, kindPartition)
		b.ordering(e, startOf(p))
		w.partition = append(w.partition, e)
	}
	if base != nil {
		b.inherit(w, base)
	}
	if d.Frame == nil {
		w.frame = rel.Frame{Mode: "range", Default: true, Start: rel.FrameBound{Kind: uint8(ast.UnboundedPreceding)},
			End: rel.FrameBound{Kind: uint8(ast.CurrentRow)}}
		return
	}
	b.bindFrame(s, w)
}

// inherit copies the partition and order of the window that w builds on.
func (b *binder) inherit(w, base *window) {
	d := w.def
	switch {
	case len(d.Partition) > 0:
		b.fail(d.Pos, pgerr.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", d.Ref)
	case len(d.Order) > 0 && len(base.order) > 0:
		b.fail(d.Pos, pgerr.WindowingError, "cannot override ORDER BY clause of window \"%s\"", d.Ref)
	case base.def.Frame != nil:
		e := pgerr.New(pgerr.WindowingError, "cannot copy window \"%s\" because it has a frame clause", d.Ref)
		if d.Name == "" && len(d.Order) == 0 && d.Frame == nil {
			e = e.WithHint("Omit the parentheses in this OVER clause.")
		}
		b.throw(d.Pos, e)
	}
	w.partition = base.partition
	if len(w.order) == 0 {
		w.order = base.order
	}
}

func (b *binder) bindFrame(s *scope, w *window) {
	f := w.def.Frame
	w.frame = rel.Frame{Mode: f.Mode, Exclude: f.Exclude, Between: f.Between,
		Start: rel.FrameBound{Kind: uint8(f.Start.Kind)}, End: rel.FrameBound{Kind: uint8(f.End.Kind)}}
	if f.Mode == "groups" && len(w.order) == 0 {
		b.fail(w.def.Pos, pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause")
	}
	offset := f.Start.Offset != nil || f.End.Offset != nil
	if f.Mode == "range" && offset && len(w.order) != 1 {
		b.fail(w.def.Pos, pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	w.frame.Start.Offset = b.frameOffset(s, w, f.Start.Offset)
	w.frame.End.Offset = b.frameOffset(s, w, f.End.Offset)
}

func (b *binder) frameOffset(s *scope, w *window, x ast.Expr) rel.Expr {
	if x == nil {
		return nil
	}
	pos := startOf(x)
	switch w.frame.Mode {
	case "range":
		e := b.exprAs(s, x, kindFrameRange)
		b.noVariables(s, e, "RANGE", pos)
		return b.rangeOffset(w, e, pos)
	case "groups":
		e := b.toType(b.exprAs(s, x, kindFrameGroups), types.Int8OID, "GROUPS", pos)
		b.noVariables(s, e, "GROUPS", pos)
		return e
	}
	e := b.toType(b.exprAs(s, x, kindFrameRows), types.Int8OID, "ROWS", pos)
	b.noVariables(s, e, "ROWS", pos)
	return e
}

// rangeOffset finds the in_range function for the sort column and the offset.
func (b *binder) rangeOffset(w *window, e rel.Expr, pos int) rel.Expr {
	key := oidOf(w.order[0].x)
	if key == types.VarcharOID || key == types.NameOID {
		key = types.TextOID
	}
	var cands []*funcs.Func
	for _, f := range funcs.Lookup("pg_catalog", "in_range") {
		if len(f.Args) == 5 && f.Args[0] == key && f.Args[1] == key {
			cands = append(cands, f)
		}
	}
	if len(cands) == 0 {
		b.fail(pos, pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", typeName(types.Of(key)))
	}
	best := cands[0]
	if len(cands) > 1 || isUnknown(e) {
		for _, f := range cands {
			if f.Args[2] == oidOf(e) || isUnknown(e) && f.Args[2] == key {
				best = f
			}
		}
	}
	y, ok := b.tryCoerce(e, types.Of(best.Args[2]), funcs.Implicit, pos)
	if !ok {
		b.throw(pos, pgerr.New(pgerr.FeatureNotSupported,
			"RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
			typeName(types.Of(key)), typeName(e.Type())).WithHint("Cast the offset value to an appropriate type."))
	}
	w.frame.InRange = best
	return y
}

// noVariables refuses columns of the query level itself.
func (b *binder) noVariables(s *scope, e rel.Expr, what string, pos int) {
	rel.WalkExpr(e, func(e rel.Expr) bool {
		if c, ok := e.(*rel.Col); ok && b.cols[c.ID] != nil && b.cols[c.ID].scope == s {
			b.fail(leftmost(b.places[c], 0), pgerr.InvalidColumnReference, "argument of %s must not contain variables", what)
		}
		return true
	})
}

// windowKey is a column that a window sorts by.
type windowKey struct {
	n                int // its number among the query's
	desc, nullsFirst bool
}

// windowsInOrder lists the windows as PostgreSQL computes them, which decides the order
// of rows that nobody asked for: by their columns, the later ones in the query first, and
// of windows that begin alike the longer one, whose sort serves the other too.
func (b *binder) windowsInOrder(q *selection) []*window {
	var seen []rel.Expr
	number := func(x rel.Expr) int {
		at := slices.IndexFunc(seen, func(y rel.Expr) bool { return b.equal(x, y) })
		if at < 0 {
			at = len(seen)
			seen = append(seen, x)
		}
		return at
	}
	for _, t := range q.sortTargets() {
		number(t.x)
	}
	keys := map[*window][]windowKey{}
	for _, w := range q.s.windows {
		order := make([]windowKey, len(w.order))
		for i, o := range w.order { // numbered before the partition's
			order[i] = windowKey{number(o.x), o.desc, o.nullsFirst}
		}
		for _, p := range w.partition {
			keys[w] = append(keys[w], windowKey{n: number(p)})
		}
		for _, k := range order {
			if !slices.Contains(keys[w], k) {
				keys[w] = append(keys[w], k)
			}
		}
	}
	list := slices.Clone(q.s.windows)
	slices.SortStableFunc(list, func(v, w *window) int { return compareWindows(keys[v], keys[w]) })
	return list
}

func compareWindows(v, w []windowKey) int {
	for i := range min(len(v), len(w)) {
		a, b := v[i], w[i]
		switch {
		case a.n != b.n:
			return b.n - a.n
		case a.desc != b.desc:
			return first(a.desc)
		case a.nullsFirst != b.nullsFirst:
			return first(a.nullsFirst)
		}
	}
	return len(w) - len(v)
}

// first is a comparison's result: the one for which is holds comes first.
func first(is bool) int {
	if is {
		return -1
	}
	return 1
}

// sortTargets are the targets that the query sorts or groups by.
func (q *selection) sortTargets() []*target {
	var list []*target
	for _, o := range q.order {
		list = append(list, o.t)
	}
	if q.group != nil {
		list = append(list, q.group.targets...)
	}
	if q.sel.Distinct {
		list = append(list, q.targets...)
	}
	return append(list, q.on...)
}
