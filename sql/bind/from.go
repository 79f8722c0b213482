package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// bindFrom binds a FROM list into joins and opens its names in s. nil: no FROM.
func (b *binder) bindFrom(s *scope, list []ast.TableExpr) rel.Node {
	var node rel.Node
	for _, te := range list {
		refs := s.lateralRefs
		n, items := b.fromItem(s, te)
		b.checkNames(s.items, items)
		setLateral(items, true, true)
		s.items = append(s.items, items...)
		if node == nil {
			node = n
		} else {
			node = &rel.Join{Kind: rel.Inner, L: node, R: n, Lateral: s.lateralRefs > refs}
		}
	}
	setLateral(s.items, false, true)
	return node
}

func setLateral(items []*item, only, ok bool) {
	for _, it := range items {
		it.lateralOnly, it.lateralOK = only, ok
	}
}

// checkNames refuses two FROM entries of one name.
func (b *binder) checkNames(a, c []*item) {
	for _, x := range a {
		if !x.relVisible {
			continue
		}
		for _, y := range c {
			if !y.relVisible || x.name != y.name {
				continue
			}
			if x.table != nil && y.table != nil && !x.aliased && !y.aliased && x.table.OID != y.table.OID {
				continue
			}
			b.fail(0, pgerr.DuplicateAlias, "table name \"%s\" specified more than once", x.name)
		}
	}
}

// fromItem binds one entry; items are the names that it makes visible.
func (b *binder) fromItem(s *scope, te ast.TableExpr) (rel.Node, []*item) {
	b.enter()
	defer b.leave()
	var n rel.Node
	var it *item
	switch te := te.(type) {
	case *ast.TableRef:
		n, it = b.tableRef(s, te)
	case *ast.Subquery:
		n, it = b.fromSubquery(s, te)
	case *ast.FuncTable:
		n, it = b.funcTable(s, te)
	case *ast.Join:
		return b.join(s, te)
	}
	it.level = s
	b.shapeItem(te, it)
	s.all = append(s.all, it)
	return n, []*item{it}
}

// rename applies column aliases.
func (b *binder) rename(it *item, names []string) {
	if len(names) > len(it.cols) {
		what := "table"
		if it.join {
			what = "join expression"
		}
		b.fail(0, pgerr.InvalidColumnReference, "%s \"%s\" has %d columns available but %d columns specified", what, it.name, len(it.cols), len(names))
	}
	for i, n := range names {
		c := *it.cols[i]
		c.name = n
		it.cols[i] = &c
		if info := b.cols[c.id]; info != nil {
			info.name = n
		}
	}
}

// tableRef binds a table, view or WITH query by name.
func (b *binder) tableRef(s *scope, te *ast.TableRef) (rel.Node, *item) {
	if te.Sample {
		b.fail(te.Name.Pos, pgerr.FeatureNotSupported, "TABLESAMPLE clause not supported")
	}
	it := &item{name: te.Alias, aliased: te.Alias != "", relVisible: true, colVisible: true}
	if it.name == "" {
		it.name = te.Name.Name
	}
	if te.Name.Schema == "" {
		if e := s.findCTE(te.Name.Name); e != nil {
			n := b.cteRef(s, e, it, te.Name.Pos)
			b.rename(it, te.Columns)
			return n, it
		}
	}
	t := b.table(te.Name)
	if !it.aliased {
		it.schema = b.schemaName(t.Schema)
	}
	it.table = t
	it.priv = b.need(t.OID, 'r', false, false)
	var n rel.Node
	if t.Kind == catalog.RelView && b.shapes == nil {
		n = b.viewItem(s, it, t)
	} else {
		n = b.scanItem(s, it, t)
		b.lockTable(s, it)
	}
	b.rename(it, te.Columns)
	return n, it
}

// scanItem makes the scan of a stored or virtual table and its columns.
func (b *binder) scanItem(s *scope, it *item, t *catalog.Table) rel.Node {
	use := &scanUse{table: t, used: map[int]bool{}, cols: make([]rel.Column, len(t.Columns))}
	it.scan, it.tableoid = use, true
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || b.addedLater(t, i) {
			continue
		}
		col := b.newColumn(s, c.Name, c.T)
		col.Table, col.Attr = t.OID, int16(i+1)
		use.cols[i] = col
		info := b.cols[col.ID]
		info.rel, info.item, info.attr, info.domain = it.name, it, i, c.Domain
		it.cols = append(it.cols, &nsCol{name: c.Name, id: col.ID, t: c.T, origin: t.OID, attr: int16(i + 1),
			touch: []touch{{use, it.priv, i}}})
	}
	b.scans = append(b.scans, use)
	if t.Kind == catalog.RelVirtual {
		use.virtual = &rel.Virtual{Table: t, Alias: it.name}
		return use.virtual
	}
	use.scan = &rel.Scan{Table: t, Alias: it.name}
	return use.scan
}

// addedLater reports whether a column came to its table after the view whose query is
// being bound was made.
func (b *binder) addedLater(t *catalog.Table, attr int) bool {
	width, known := b.widths[t.OID]
	return known && attr >= width
}

// viewItem expands a view: its query, with its owner's privileges.
func (b *binder) viewItem(s *scope, it *item, t *catalog.Table) rel.Node {
	it.subquery = true
	lock := b.pushLock(s, it.name)
	if lock != nil {
		b.need(t.OID, 'w', false, false)
	}
	q := b.viewQuery(t, lock)
	s.locks = append(s.locks, q.locks...)
	if len(q.cols) < len(t.Columns) {
		b.fail(0, pgerr.InvalidTableDefinition, "view \"%s\" has fewer columns than its definition", t.Name)
	}
	for i := range t.Columns {
		if b.addedLater(t, i) {
			break
		}
		c := b.adopt(s, it, q.cols[i], t.Columns[i].Name)
		c.origin, c.attr = t.OID, int16(i+1)
		c.touch = []touch{{nil, it.priv, i}}
		it.cols = append(it.cols, c)
	}
	return q.node
}

// maxViewDepth stops views that refer to each other in a circle.
const maxViewDepth = 100

func (b *binder) viewQuery(t *catalog.Table, lock *lockReq) *query {
	if b.views++; b.views > maxViewDepth {
		b.fail(0, pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", t.Name)
	}
	sel, err := b.env.ParseSelect(t.ViewText)
	if err != nil {
		b.throw(0, err)
	}
	path, owner, widths := b.path, b.viewOwner, b.widths
	b.enterView(t)
	b.stored++
	q := b.bindSelect(sel, nil, selectOpts{resolve: true, lock: lock})
	b.stored--
	b.path, b.viewOwner, b.widths = path, owner, widths
	b.views--
	return q
}

// adopt makes a subquery's output column a column of level s.
func (b *binder) adopt(s *scope, it *item, c rel.Column, name string) *nsCol {
	info := b.cols[c.ID]
	copied := colInfo{}
	if info != nil {
		copied.fields, copied.domain, copied.collation = info.fields, info.domain, info.collation
		copied.collation.strength = min(copied.collation.strength, implicitCollation)
	}
	copied.scope, copied.rel, copied.name = s, it.name, name
	b.cols[c.ID] = &copied
	return &nsCol{name: name, id: c.ID, t: c.T, origin: c.Table, attr: c.Attr}
}

func (b *binder) fromSubquery(s *scope, te *ast.Subquery) (rel.Node, *item) {
	it := &item{name: te.Alias, aliased: true, relVisible: te.Alias != "", colVisible: true, subquery: true}
	old := s.lateralActive
	kind := s.kind
	s.lateralActive, s.kind = te.Lateral, kindFromSubselect
	q := b.bindSelect(te.Query, s, selectOpts{resolve: true, lock: b.pushLock(s, te.Alias)})
	s.lateralActive, s.kind = old, kind
	s.locks = append(s.locks, q.locks...)
	for _, c := range q.cols {
		it.cols = append(it.cols, b.adopt(s, it, c, c.Name))
	}
	b.rename(it, te.Columns)
	b.shapeSubquery(te, q)
	return q.node, it
}

// A tableFunc is a function of FROM while it is being bound.
type tableFunc struct {
	x    rel.Expr
	name string
	cols []rel.Column // names and types, without ids
	fn   rel.TableFunc
}

func (b *binder) funcTable(s *scope, te *ast.FuncTable) (rel.Node, *item) {
	old, kind := s.lateralActive, s.kind
	s.lateralActive, s.kind = true, kindFromFunction
	if n, it := b.sqlFunctionItem(s, te); it != nil {
		s.lateralActive, s.kind = old, kind
		return n, it
	}
	var list []tableFunc
	for _, f := range te.Funcs {
		list = append(list, b.rowsFunc(s, f, te)...)
	}
	b.shapeFuncs(te, list)
	s.lateralActive, s.kind = old, kind

	it := &item{name: te.Alias, aliased: te.Alias != "", relVisible: true, colVisible: true, function: true}
	if it.name == "" {
		it.name = list[0].name
	}
	n := &rel.FuncScan{Alias: it.name}
	for _, f := range list {
		if len(f.cols) == 1 && f.cols[0].Name == "" {
			f.cols[0].Name = f.name
			if len(list) == 1 && te.Alias != "" {
				f.cols[0].Name = te.Alias
			}
		}
		// A function of one value is that value where its name stands for a row.
		it.scalarRow = len(list) == 1 && len(f.cols) == 1 && !te.Ordinality && !b.isComposite(oidOf(f.x))
		if len(list) == 1 && !te.Ordinality && b.tableOf(oidOf(f.x)) != nil {
			it.rowType = oidOf(f.x)
		}
		n.Funcs = append(n.Funcs, f.fn)
		for _, c := range f.cols {
			col := b.newColumn(s, c.Name, c.T)
			n.Cols = append(n.Cols, col)
		}
	}
	cols := n.Cols
	if te.Ordinality {
		col := b.newColumn(s, "ordinality", types.Of(types.Int8OID))
		n.Ordinality = col.ID
		n.Cols = append(n.Cols[:len(n.Cols):len(n.Cols)], col)
		cols = n.Cols
	}
	for _, c := range cols {
		b.cols[c.ID].rel = it.name
		it.cols = append(it.cols, &nsCol{name: c.Name, id: c.ID, t: c.T})
	}
	b.rename(it, te.Columns)
	if _, call := list[0].x.(*rel.Call); !call && len(list) == 1 && !te.Ordinality && !list[0].fn.Record {
		one := &rel.Values{Rows: [][]rel.Expr{{}}}
		return &rel.Project{Input: one, Cols: n.Cols, Exprs: []rel.Expr{list[0].x}}, it
	}
	return n, it
}

// rowsFunc binds one function; unnest of several arrays is several functions.
func (b *binder) rowsFunc(s *scope, f ast.RowsFunc, te *ast.FuncTable) []tableFunc {
	if call, ok := f.X.(*ast.Func); ok && call.Name == "unnest" && len(call.Args) > 1 && call.Schema == "" && len(f.Defs) == 0 {
		var list []tableFunc
		for _, a := range call.Args {
			one := *call
			one.Args = []ast.Expr{a}
			list = append(list, b.rowFunc(s, ast.RowsFunc{X: &one}, te))
		}
		return list
	}
	return []tableFunc{b.rowFunc(s, f, te)}
}

func (b *binder) rowFunc(s *scope, f ast.RowsFunc, te *ast.FuncTable) tableFunc {
	pos := startOf(f.X)
	x := b.settle(b.expr(s, f.X), pos)
	t := tableFunc{x: x, name: figureName(f.X)}
	t.fn = rel.TableFunc{X: x}
	call, _ := x.(*rel.Call)
	if call != nil {
		for _, a := range call.Args {
			if hasSet(a) {
				b.fail(pos, pgerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM")
			}
		}
	} else if hasSet(x) {
		b.fail(pos, pgerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM")
	}
	t.cols = b.functionColumns(x, call, f, pos)
	t.fn.Ncols = len(t.cols)
	user := call != nil && b.routineOfFunc[call.Fn] != nil
	t.fn.Record = (call == nil || !call.Fn.Set || templateOf(call) != nil || user) && b.isComposite(oidOf(x))
	if user {
		known := b.withColumns(call, t.cols)
		t.x, t.fn.X = known, known
	}
	rec := templateOf(call)
	if rec != nil && len(rec.Types) > 0 {
		b.sameRow(rec, t.cols)
	}
	if rec != nil && len(rec.Types) == 0 {
		known := *call
		known.Args = append(call.Args[:len(call.Args)-1:len(call.Args)-1], b.recordTemplate(t.cols))
		t.x = &known
		t.fn.X = &known
	}
	return t
}

// functionColumns finds the columns that a function of FROM yields; a scalar's
// has no name yet.
func (b *binder) functionColumns(x rel.Expr, call *rel.Call, f ast.RowsFunc, pos int) []rel.Column {
	if call != nil && len(call.Fn.OutTypes) > 0 {
		if len(f.Defs) > 0 {
			b.fail(f.Defs[0].Pos, pgerr.SyntaxError, "a column definition list is redundant for a function with OUT parameters")
		}
		return b.outColumns(call.Fn, call)
	}
	if t := b.tableOf(oidOf(x)); t != nil && len(f.Defs) == 0 {
		return tableFields(t)
	}
	if oidOf(x) != types.RecordOID {
		if len(f.Defs) > 0 {
			b.fail(f.Defs[0].Pos, pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
		}
		if call != nil && len(call.Fn.OutNames) == 1 {
			return []rel.Column{{Name: call.Fn.OutNames[0], T: x.Type()}}
		}
		return []rel.Column{{Name: b.singleOut(f.X), T: x.Type()}}
	}
	if len(f.Defs) == 0 {
		if fields := b.fieldsOf(x); len(fields) > 0 {
			return fields
		}
		b.fail(pos, pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
	}
	var cols []rel.Column
	for _, d := range f.Defs {
		t := b.valueType(d.Type)
		cols = append(cols, rel.Column{Name: d.Name, T: t})
	}
	return cols
}

// singleOut is the name of the one OUT parameter of a user's function, "" for others.
func (b *binder) singleOut(x ast.Expr) string {
	call, ok := x.(*ast.Func)
	if !ok || b.env.Snap == nil {
		return ""
	}
	list := b.env.Snap.ResolveFunctions(b.path, call.Schema, call.Name)
	if len(list) != 1 {
		return ""
	}
	if names := outNames(list[0]); len(names) == 1 {
		return names[0]
	}
	return ""
}

// outColumns are the OUT parameters of a function, polymorphic types taken from
// the call's first argument.
func (b *binder) outColumns(fn *funcs.Func, call *rel.Call) []rel.Column {
	var cols []rel.Column
	for i, t := range fn.OutTypes {
		if isPseudo(t) && len(call.Args) > 0 {
			t = oidOf(call.Args[0])
		}
		cols = append(cols, rel.Column{Name: fn.OutNames[i], T: types.Of(t)})
	}
	return cols
}
