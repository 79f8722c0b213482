package bind

import (
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
)

// rowCompareSublink marks the operator of (a, b) op (SELECT …), which is no ANY.
const rowCompareSublink = " "

// shapes collects what a query looks like while it is bound (rel.Shape). In this mode
// the bound tree is not for running: views and functions are not expanded, arguments
// that were left out stay out.
type shapes struct {
	calls   map[rel.ColID]*rel.ShapeCall
	froms   map[ast.TableExpr]*rel.ShapeFrom
	ctes    map[*ast.CTE]*rel.Shape
	queries map[*ast.Subquery]*rel.Shape
	funcs   map[*ast.FuncTable][]rel.ShapeFunc
}

// Shape binds a view's query, so that it can be printed.
func Shape(env *Env, v *catalog.Table) (shape *rel.Shape, err error) {
	defer catch(&err)
	b := newBinder(env)
	sel, err := env.ParseSelect(v.ViewText)
	if err != nil {
		return nil, err
	}
	b.enterView(v)
	b.shapes = &shapes{
		calls: map[rel.ColID]*rel.ShapeCall{}, froms: map[ast.TableExpr]*rel.ShapeFrom{},
		queries: map[*ast.Subquery]*rel.Shape{}, funcs: map[*ast.FuncTable][]rel.ShapeFunc{},
		ctes: map[*ast.CTE]*rel.Shape{},
	}
	b.stored++
	return b.bindSelect(sel, nil, selectOpts{resolve: true}).shape, nil
}

// keep makes shape the query's, and what later becomes of its untyped literals too.
func (q *query) keep(shape *rel.Shape) {
	q.shape = shape
	if set := q.set; shape != nil {
		q.set = func(i int, x rel.Expr) {
			set(i, x)
			shape.Targets[i].X = x
		}
	}
}

func (b *binder) shapeValues(q *query) {
	if b.shapes != nil {
		q.shape = &rel.Shape{Values: q.node.(*rel.Values).Rows}
		for i, c := range q.cols {
			q.shape.Targets = append(q.shape.Targets, &rel.ShapeTarget{X: &rel.Col{T: c.T, ID: c.ID}, Name: c.Name, N: i + 1})
		}
	}
}

// shapeSelect is the shape of a SELECT whose clauses are bound.
func (b *binder) shapeSelect(q *selection) *rel.Shape {
	if b.shapes == nil {
		return nil
	}
	shape := q.shape
	if shape == nil {
		shape = &rel.Shape{Calls: map[rel.ColID]*rel.ShapeCall{}, Distinct: q.sel.Distinct, Where: q.where, Having: q.having, GroupDistinct: q.sel.GroupDistinct}
	}
	b.shapeEnd(shape, q)
	return shape
}

// shapeEnd adds the select list and what refers to it.
func (b *binder) shapeEnd(shape *rel.Shape, q *selection) {
	if shape == nil {
		return
	}
	shape.Targets = nil
	made := map[*target]*rel.ShapeTarget{}
	for _, t := range q.targets {
		made[t] = &rel.ShapeTarget{X: t.x, Name: t.name}
		if shape.Targets = append(shape.Targets, made[t]); !t.junk {
			made[t].N = len(shape.Targets)
		}
	}
	for _, o := range q.order {
		shape.OrderBy = append(shape.OrderBy, rel.ShapeSort{T: made[o.t], Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	for _, t := range q.on {
		shape.DistinctOn = append(shape.DistinctOn, made[t])
	}
	shape.Limit, shape.Offset, shape.WithTies = q.limit, q.offset, q.sel.WithTies
	shape.LimitAll = q.limit == nil && (q.sel.LimitAll || q.sel.Limit != nil)
	if shape.SetOp != nil || shape.Values != nil {
		return
	}
	for _, te := range q.sel.From {
		shape.From = append(shape.From, b.shapes.froms[te])
	}
	for _, g := range q.sel.GroupBy {
		shape.Group = append(shape.Group, b.shapeGroup(q, made, g))
	}
	b.shapeCalls(shape, q.s)
	b.shapeLocks(shape, q.sel)
}

func (b *binder) shapeGroup(q *selection, made map[*target]*rel.ShapeTarget, it ast.GroupItem) rel.ShapeGroup {
	if it.Kind == ast.GroupExpr {
		g := &groupSet{}
		b.groupExprs(q, g, it.X)
		if len(g.targets) == 1 {
			return rel.ShapeGroup{T: made[g.targets[0]]}
		}
		list := rel.ShapeGroup{Kind: "("}
		for _, t := range g.targets {
			list.Items = append(list.Items, rel.ShapeGroup{T: made[t]})
		}
		return list
	}
	kinds := map[ast.GroupKind]string{ast.GroupEmpty: "()", ast.GroupList: "(", ast.GroupRollup: "ROLLUP(", ast.GroupCube: "CUBE(", ast.GroupSets: "GROUPING SETS ("}
	out := rel.ShapeGroup{Kind: kinds[it.Kind]}
	for _, sub := range it.Items {
		out.Items = append(out.Items, b.shapeGroup(q, made, sub))
	}
	return out
}

// shapeCalls adds the windows, and what is computed over groups and windows.
func (b *binder) shapeCalls(shape *rel.Shape, s *scope) {
	made := map[*window]*rel.ShapeWindow{}
	for _, w := range s.windows {
		d := &rel.ShapeWindow{Name: w.def.Name, Ref: w.def.Ref}
		if made[w] = d; w.def.Ref == "" {
			d.Partition = w.partition
		}
		if len(w.def.Order) > 0 {
			d.Order = shapeOrders(w.order)
		}
		if !w.frame.Default {
			d.Frame = &w.frame
		}
		if d.Name != "" {
			shape.Windows = append(shape.Windows, d)
		}
	}
	for _, a := range s.aggs {
		shape.Calls[a.call.Out.ID] = b.shapes.calls[a.call.Out.ID]
	}
	for _, g := range s.grouping {
		shape.Calls[g.out.ID] = b.shapes.calls[g.out.ID]
	}
	for _, c := range s.windowCalls {
		shape.Calls[c.call.Out.ID] = &rel.ShapeCall{Name: c.call.Fn.Name, Star: c.call.Star, Args: c.call.Args, Filter: c.call.Filter, Over: made[c.win]}
	}
}

func shapeOrders(list []orderItem) (out []rel.ShapeOrder) {
	for _, o := range list {
		out = append(out, rel.ShapeOrder{X: o.x, Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	return out
}

// shapeLocks lists the locked entries of FROM, as PostgreSQL keeps them.
func (b *binder) shapeLocks(shape *rel.Shape, sel *ast.Select) {
	for _, l := range sel.Locking {
		r := &lockReq{of: l.Of}
		for _, f := range shape.From {
			for _, leaf := range f.Leaves() {
				if r.matches(leaf.RefName()) && (leaf.Table != nil || leaf.Query != nil && len(l.Of) > 0) {
					shape.Locks = append(shape.Locks, rel.ShapeLock{Strength: lockNames[l.Strength], Of: leaf, Wait: l.Wait})
				}
			}
		}
	}
}

func (b *binder) shapeWith(shape *rel.Shape, w *ast.With) {
	if shape == nil || w == nil {
		return
	}
	shape.Recursive = w.Recursive
	for i := range w.CTEs {
		def := &w.CTEs[i]
		c := rel.ShapeCTE{Name: def.Name, Columns: def.Columns, Materialized: def.Materialized, Query: b.shapes.ctes[def]}
		if def.Search != nil {
			c.Search = &rel.ShapeSearch{Breadth: def.Search.Breadth, Columns: def.Search.Columns, Sequence: def.Search.Sequence}
		}
		if def.Cycle != nil {
			c.Cycle = b.shapeCycle(def.Cycle)
		}
		shape.CTEs = append(shape.CTEs, c)
	}
}

func (b *binder) shapeCycle(c *ast.Cycle) *rel.ShapeCycle {
	out := &rel.ShapeCycle{Columns: c.Columns, Mark: c.Mark, Path: c.Path}
	if c.Value != nil && c.Default != nil {
		s := &scope{}
		list, _ := b.unify("CYCLE", []arg{{b.expr(s, c.Value), 0}, {b.expr(s, c.Default), 0}})
		out.Value, out.Default = list[0], list[1]
	}
	return out
}

func (b *binder) shapeCTE(e *cteEntry, shape *rel.Shape) {
	if b.shapes != nil {
		b.shapes.ctes[e.written] = shape
	}
}

func (b *binder) shapeItem(te ast.TableExpr, it *item) {
	if b.shapes == nil {
		return
	}
	f := &rel.ShapeFrom{Name: it.name}
	switch te := te.(type) {
	case *ast.TableRef:
		f.Alias, f.Renamed, f.Only = te.Alias, len(te.Columns) > 0, te.Only
		if f.Table = it.table; f.Table == nil {
			f.CTE = te.Name.Name
		}
		f.Name = te.Name.Name
	case *ast.Subquery:
		f.Alias, f.Renamed, f.Lateral, f.Query = te.Alias, len(te.Columns) > 0, te.Lateral, b.shapes.queries[te]
	case *ast.FuncTable:
		f.Alias, f.Renamed, f.Lateral, f.Funcs = te.Alias, true, te.Lateral, b.shapes.funcs[te]
		f.RowsFrom, f.Ordinality = te.RowsFrom, te.Ordinality
	}
	f.Cols = shapeCols(it)
	b.shapes.froms[te] = f
	if f.Table != nil && b.env.After != nil {
		b.nowNamed(f)
	}
}

// nowNamed gives a table and its columns the names that they have after a renaming.
func (b *binder) nowNamed(f *rel.ShapeFrom) {
	old, now := f.Table, b.env.After.Table(f.Table.OID)
	if q := b.env.After.Sequence(old.OID); q != nil {
		now = q.AsTable()
	}
	if now == nil || now == old || len(now.Columns) != len(old.Columns) {
		return
	}
	f.Table = now
	if f.Name == old.Name {
		f.Name = now.Name
	}
	live := old.Live()
	for i := range f.Cols {
		if c := &f.Cols[i]; i < len(live) && c.Name == old.Columns[live[i]].Name {
			c.Real = now.Columns[live[i]].Name
		}
	}
}

func shapeCols(it *item) (cols []rel.ShapeCol) {
	for _, c := range it.cols {
		cols = append(cols, rel.ShapeCol{ID: c.id, Name: c.name})
	}
	return cols
}

func (b *binder) shapeJoin(j *ast.Join, it *item, using []string, on rel.Expr) {
	if b.shapes == nil {
		return
	}
	shape := &rel.ShapeJoin{Kind: joinKinds[j.Kind], L: b.shapes.froms[j.L], R: b.shapes.froms[j.R], Using: using, UsingAlias: j.UsingAlias, On: on}
	b.shapes.froms[j] = &rel.ShapeFrom{Join: shape, Alias: j.Alias, Renamed: len(j.Columns) > 0, Cols: shapeCols(it)}
}

func (b *binder) shapeSubquery(te *ast.Subquery, q *query) {
	if b.shapes != nil {
		b.shapes.queries[te] = q.shape
	}
}

func (b *binder) shapeFuncs(te *ast.FuncTable, list []tableFunc) {
	if b.shapes == nil {
		return
	}
	var out []rel.ShapeFunc
	for i, f := range list {
		s := rel.ShapeFunc{X: f.x}
		if c, ok := f.x.(*rel.Call); ok && templateOf(c) != nil { // which nobody has written
			plain := *c
			plain.Args = c.Args[:len(c.Args)-1]
			s.X = &plain
		}
		if i < len(te.Funcs) && len(te.Funcs[i].Defs) > 0 {
			s.Defs = f.cols
		}
		out = append(out, s)
	}
	b.shapes.funcs[te] = out
}

func (b *binder) shapeAggregate(a *aggregate, c *callSite) {
	if b.shapes == nil {
		return
	}
	call := &rel.ShapeCall{Name: c.fn.Name, Star: c.x.Star, Distinct: c.x.Distinct, Args: a.call.Args, Filter: a.call.Filter, Order: shapeOrders(a.order)}
	if c.x.WithinGroup {
		call.Direct, call.Within = a.call.Direct, true
	}
	for i := range call.Order { // what is sorted by is an argument, as it is converted for it
		for _, x := range call.Args {
			if b.equal(call.Order[i].X, withoutImplicit(x)) {
				call.Order[i].X = x
			}
		}
	}
	b.shapes.calls[a.call.Out.ID] = call
}

func (b *binder) shapeGrouping(g *groupingCall) {
	if b.shapes == nil {
		return
	}
	call := &rel.ShapeCall{Name: "GROUPING", Grouping: true}
	for _, a := range g.args {
		call.Args = append(call.Args, a.x)
	}
	b.shapes.calls[g.out.ID] = call
}

// form is how a call was written; nil where nobody asks.
func (b *binder) form(c *callSite) *rel.CallForm {
	if b.shapes == nil {
		return nil
	}
	f := &rel.CallForm{Syntax: c.x.SQLSyntax, Variadic: c.x.Variadic || c.match.VariadicElem != 0}
	if c.user != nil {
		f.Schema = b.schemaName(c.user.Schema)
	}
	if named(c.x.ArgNames) {
		for _, i := range funcs.NamedOrder(c.fn, c.x.ArgNames) {
			if i >= 0 {
				f.Names = append(f.Names, c.x.ArgNames[i])
			}
		}
	}
	return f
}
