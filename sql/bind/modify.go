package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// modify binds INSERT, UPDATE or DELETE; top: it is the statement itself.
func (b *binder) modify(stmt ast.Stmt, outer *scope, top bool) *query {
	b.enter()
	defer b.leave()
	b.writes = true
	s := &scope{outer: outer, top: top}
	var q *query
	var ctes []*rel.CTE
	switch st := stmt.(type) {
	case *ast.Insert:
		ctes = b.bindWith(s, st.With)
		q = b.insert(s, st)
	case *ast.Update:
		ctes = b.bindWith(s, st.With)
		q = b.update(s, st)
	case *ast.Delete:
		ctes = b.bindWith(s, st.With)
		q = b.delete(s, st)
	default:
		b.fail(0, pgerr.FeatureNotSupported, "this statement cannot stand in WITH")
	}
	q.node = b.wrapWith(q.node, ctes)
	return q
}

// A scanned is the scan of a written table, as the statement sees it.
type scanned struct {
	it    *item // of the relation that the statement names
	scan  *rel.Scan
	node  rel.Node // the scan, with the conditions of the views that it is written through
	old   []rel.Column
	alias string
}

// scanTarget makes the scan of a written table: all columns, the row's key and
// its stored form.
func (b *binder) scanTarget(s *scope, d *destination, alias string) *scanned {
	t := d.t
	it := &item{name: alias, aliased: alias != "", relVisible: true, colVisible: true, table: t}
	if alias == "" {
		it.name = t.Name
		it.schema = b.schemaName(t.Schema)
	}
	it.priv = b.readTable(d)
	sc := b.scanItem(s, it, t).(*rel.Scan)
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			it.scan.use(i)
		}
	}
	sc.RowID, sc.Whole = b.newID(), b.newID()
	if !d.isView() {
		s.all = append(s.all, it)
	}
	shown, conds := b.through(s, d, it, alias)
	return &scanned{it: shown, scan: sc, node: withConds(sc, conds), old: it.scan.cols, alias: alias}
}

// newRow makes columns for a row of t as it will be, one per column of the table,
// and the FROM item that shows them.
func (b *binder) newRow(s *scope, t *catalog.Table, name string, aliased bool, priv *privUse) (*item, []rel.Column) {
	it := &item{name: name, aliased: aliased, relVisible: true, colVisible: true, table: t, priv: priv, tableoid: true}
	if !aliased {
		it.schema = b.schemaName(t.Schema)
	}
	cols := make([]rel.Column, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		cols[i] = b.newColumn(s, c.Name, c.T)
		cols[i].Table, cols[i].Attr = t.OID, int16(i+1)
		b.cols[cols[i].ID].rel, b.cols[cols[i].ID].domain = name, c.Domain
		n := &nsCol{name: c.Name, id: cols[i].ID, t: c.T, origin: t.OID, attr: int16(i + 1)}
		if priv != nil {
			n.touch = []touch{{nil, priv, i}}
		}
		it.cols = append(it.cols, n)
	}
	s.all = append(s.all, it)
	return it, cols
}

// returning binds RETURNING over the items of s; nil if there is none.
func (b *binder) returning(s *scope, list []ast.Target) *rel.Project {
	if len(list) == 0 {
		return nil
	}
	p := &rel.Project{}
	for _, t := range b.targets(s, list, kindReturning) {
		x := b.settle(t.x, t.pos)
		c := b.newColumn(s, t.name, x.Type())
		c.Table, c.Attr = t.origin, t.attr
		b.cols[c.ID].fields, b.cols[c.ID].domain = b.rowFields(x), b.domainOf(x)
		p.Exprs, p.Cols = append(p.Exprs, x), append(p.Cols, c)
	}
	return p
}

func returningCols(p *rel.Project) []rel.Column {
	if p == nil {
		return nil
	}
	return p.Cols
}

// An assignment gives a column a value; x nil: its default. named is the column's index
// in the relation that the statement names, attr that in the table.
type assignment struct {
	named, attr int
	x           rel.Expr
	part        *rel.Subscript // not nil: it gives the value to this part of the column
	pos         int
}

// columnOf finds a column to assign to, by its index in the relation that the
// statement names.
func (b *binder) columnOf(d *destination, name string, pos int) int {
	i := d.shown.Column(name)
	if i < 0 && systemColumns[name] {
		b.fail(pos, pgerr.FeatureNotSupported, "cannot assign to system column \"%s\"", name)
	}
	if i < 0 {
		b.fail(pos, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, d.shown.Name)
	}
	return i
}

// systemColumns are columns that every table of PostgreSQL has.
var systemColumns = map[string]bool{"tableoid": true, "xmin": true, "cmin": true, "xmax": true, "cmax": true, "ctid": true}

// assignments binds SET. Values from a row subquery are read from one record. old are
// the columns of the row as it was, of which parts may be assigned.
func (b *binder) assignments(s *scope, d *destination, old []rel.Column, set []ast.Assign, does verb) []assignment {
	var list []assignment
	kind := s.kind
	s.kind = kindUpdateSource
	for _, a := range set {
		if !a.Multi {
			list = append(list, b.assignOne(s, d, a.Columns[0], a.Paths[0], a.X, a.Pos))
			continue
		}
		list = append(list, b.assignRow(s, d, a)...)
	}
	s.kind = kind
	seen := map[int]int{} // where in out a column is, counted from 1
	var out []assignment
	for _, a := range list {
		var ok bool
		if a.attr, ok = b.storedColumn(d, a.named, does); !ok {
			continue
		}
		c := &d.t.Columns[a.attr]
		earlier := seen[a.attr]
		if earlier > 0 && (a.part == nil || out[earlier-1].part == nil) {
			b.later(pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", c.Name))
		}
		if a.part != nil {
			var before rel.Expr = &rel.Col{T: old[a.attr].T, ID: old[a.attr].ID}
			if earlier > 0 && out[earlier-1].part != nil {
				before = out[earlier-1].x
			}
			a.x = b.within(a.part, before, c, a.pos)
			if earlier > 0 {
				out[earlier-1] = a
				continue
			}
		}
		seen[a.attr] = len(out) + 1
		if a.x == nil {
			if c.Generated != "" {
				continue
			}
			a.x = b.resetTo(d, a.named, a.attr)
		} else {
			b.refuseGenerated(c, "column \"%s\" can only be updated to DEFAULT")
		}
		out = append(out, a)
	}
	return out
}

// generatedAlways is the SQLSTATE for values given to columns that make their own.
const generatedAlways = "428C9"

func (b *binder) refuseGenerated(c *catalog.Col, message string) {
	switch {
	case c.Generated != "":
		b.later(pgerr.New(generatedAlways, message, c.Name).WithDetail("Column \"%s\" is a generated column.", c.Name))
	case c.Identity == 'a':
		b.later(pgerr.New(generatedAlways, message, c.Name).
			WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name))
	}
}

func (b *binder) assignOne(s *scope, d *destination, name string, path []ast.Access, x ast.Expr, pos int) assignment {
	if _, isDefault := x.(*ast.Default); isDefault {
		i := b.columnOf(d, name, pos)
		b.refusePartDefault(path, pos)
		return assignment{named: i, pos: pos}
	}
	return b.assignValue(s, d, name, path, b.expr(s, x), pos, startOf(x))
}

// assignValue gives a column, or the part of it at path, the value x, which stands at
// from.
func (b *binder) assignValue(s *scope, d *destination, name string, path []ast.Access, x rel.Expr, pos, from int) assignment {
	i := b.columnOf(d, name, pos)
	c := d.column(i)
	if len(path) == 0 {
		return assignment{named: i, x: b.assign(x, c, from), pos: pos}
	}
	part := b.part(s, c, path, pos, true)
	b.assignPart(part, c, x, from)
	return assignment{named: i, part: part, pos: pos}
}

// assignList binds (a, b) = (x, y); t.* among the values stands for its columns.
func (b *binder) assignList(s *scope, d *destination, a ast.Assign, row *ast.Row) (list []assignment) {
	stars := slices.ContainsFunc(row.Args, func(x ast.Expr) bool { c, ok := x.(*ast.ColumnRef); return ok && c.Star })
	if !stars {
		if len(row.Args) != len(a.Columns) {
			b.fail(row.At, pgerr.SyntaxError, "number of columns does not match number of values")
		}
		for i, name := range a.Columns {
			list = append(list, b.assignOne(s, d, name, a.Paths[i], row.Args[i], a.Pos))
		}
		return list
	}
	values := b.exprList(s, row.Args)
	if len(values) != len(a.Columns) {
		b.fail(row.At, pgerr.SyntaxError, "number of columns does not match number of values")
	}
	for i, name := range a.Columns {
		list = append(list, b.assignValue(s, d, name, a.Paths[i], values[i].x, a.Pos, values[i].pos))
	}
	return list
}

// assignRow binds (a, b) = ROW (…) or (SELECT …).
func (b *binder) assignRow(s *scope, d *destination, a ast.Assign) []assignment {
	var list []assignment
	switch x := a.X.(type) {
	case *ast.Row:
		return b.assignList(s, d, a, x)
	case *ast.Sublink:
		if x.Kind != ast.ScalarSublink {
			b.fail(startOf(x), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
		}
		q := b.bindSelect(x.Query, s, selectOpts{resolve: true})
		if len(q.cols) != len(a.Columns) {
			b.fail(x.At, pgerr.SyntaxError, "number of columns does not match number of values")
		}
		record := b.recordOf(q, x.At)
		for i, name := range a.Columns {
			f := &rel.Field{T: q.cols[i].T, X: record, N: i, Name: q.cols[i].Name}
			list = append(list, b.assignValue(s, d, name, a.Paths[i], f, a.Pos, x.At))
		}
	default:
		b.fail(startOf(x), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
	}
	return list
}

// recordOf makes one scalar subquery that yields a query's row as a record.
func (b *binder) recordOf(q *query, pos int) rel.Expr {
	row := &rel.RowExpr{T: types.Of(types.RecordOID)}
	for _, c := range q.cols {
		row.Args = append(row.Args, &rel.Col{T: c.T, ID: c.ID})
		row.Names = append(row.Names, c.Name)
	}
	out := b.newColumn(nil, "row", row.T)
	p := &rel.Project{Input: q.node, Cols: []rel.Column{out}, Exprs: []rel.Expr{row}}
	return &rel.Subquery{T: row.T, Kind: rel.ScalarQuery, Query: p, Pos: pos}
}

// shareRecords computes each record that several assignments read only once, as
// a column below the assignments.
func (b *binder) shareRecords(s *scope, node rel.Node, list []assignment) rel.Node {
	ids := map[*rel.Subquery]rel.Column{}
	var cols []rel.Column
	var xs []rel.Expr
	for i := range list {
		list[i].x = rel.MapExpr(list[i].x, func(e rel.Expr) (rel.Expr, bool) {
			f, ok := e.(*rel.Field)
			if !ok {
				return e, true
			}
			sub, ok := f.X.(*rel.Subquery)
			if !ok {
				return e, true
			}
			c, ok := ids[sub]
			if !ok {
				c = b.newColumn(s, "row", sub.T)
				ids[sub] = c
				cols, xs = append(cols, c), append(xs, sub)
			}
			return &rel.Field{T: f.T, X: &rel.Col{T: c.T, ID: c.ID}, N: f.N, Name: f.Name}, false
		})
	}
	if len(xs) == 0 {
		return node
	}
	return pass(node, cols, xs)
}

// noCursor refuses WHERE CURRENT OF: there are no cursors.
func (b *binder) noCursor(name string) {
	if name != "" {
		b.fail(0, pgerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
	}
}

// update binds UPDATE.
func (b *binder) update(s *scope, st *ast.Update) *query {
	d := b.target(st.Table, updating)
	t := d.t
	target := b.scanTarget(s, d, st.Alias)
	node := b.joinFrom(s, target, st.From)
	b.noCursor(st.CurrentOf)
	if st.Where != nil {
		cond := b.toBool(b.exprAs(s, st.Where, kindWhere), "WHERE", startOf(st.Where))
		node = &rel.Filter{Input: node, Cond: cond}
	}
	u := &rel.Update{Table: t, RowID: target.scan.RowID, Whole: target.scan.Whole, Old: target.old}
	rs, ret := b.returningScope(s, d, target)
	u.Ret = ret
	u.Returning = b.returning(rs, st.Returning)
	list := b.assignments(s, d, target.old, st.Set, updating)
	writes := b.use(d, 'w', false)
	s.addPresences()
	node = b.shareRecords(s, node, list)
	var cols []rel.Column
	var xs []rel.Expr
	for _, a := range list {
		writes(a.named)
		c := b.newColumn(s, t.Columns[a.attr].Name, a.x.Type())
		cols, xs = append(cols, c), append(xs, a.x)
		u.Attrs, u.New = append(u.Attrs, a.attr), append(u.New, c.ID)
	}
	b.sortScans()
	u.Input = pass(node, cols, xs)
	u.Bound = b.bound(d)
	return &query{node: u, cols: returningCols(u.Returning), kind: "UPDATE"}
}

// joinFrom opens the names of FROM or USING beside the target's.
func (b *binder) joinFrom(s *scope, target *scanned, from []ast.TableExpr) rel.Node {
	target.it.lateralOnly, target.it.target = true, true
	s.items = []*item{target.it}
	other := b.bindFrom(s, from)
	target.it.lateralOnly = false
	if other == nil {
		return target.node
	}
	return &rel.Join{Kind: rel.Inner, L: target.node, R: other}
}

// returningScope shows the new row in the target's place.
func (b *binder) returningScope(s *scope, d *destination, target *scanned) (*scope, []rel.Column) {
	rs := &scope{outer: s.outer, ctes: s.ctes}
	row, cols := b.rowThrough(rs, d, target.it.name, target.it.aliased, target.it.priv)
	rs.items = append(rs.items, row)
	for _, x := range s.items {
		if x != target.it {
			rs.items = append(rs.items, x)
			rs.all = append(rs.all, x)
		}
	}
	return rs, cols
}

// sortScans orders the columns of all scans, before their lists are copied.
func (b *binder) sortScans() {
	for _, s := range b.scans {
		s.sort()
	}
}

// delete binds DELETE.
func (b *binder) delete(s *scope, st *ast.Delete) *query {
	target := b.target(st.Table, deleting)
	from := b.scanTarget(s, target, st.Alias)
	node := b.joinFrom(s, from, st.Using)
	b.noCursor(st.CurrentOf)
	if st.Where != nil {
		cond := b.toBool(b.exprAs(s, st.Where, kindWhere), "WHERE", startOf(st.Where))
		node = &rel.Filter{Input: node, Cond: cond}
	}
	b.use(target, 'd', true)
	d := &rel.Delete{Table: target.t, Input: node, RowID: from.scan.RowID, Whole: from.scan.Whole, Old: from.old, Ret: from.old}
	d.Returning = b.returning(s, st.Returning)
	s.addPresences()
	d.Bound, _ = b.tableExprs(target.t)
	return &query{node: d, cols: returningCols(d.Returning), kind: "DELETE"}
}
