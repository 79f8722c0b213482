package bind

import (
	"reflect"
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// insert binds INSERT. Its input is the full row: what the statement gives,
// defaults for the rest.
func (b *binder) insert(s *scope, st *ast.Insert) *query {
	d := b.target(st.Table, inserting)
	t := d.t
	b.hideTarget(s, d.shown, st.Alias)
	named := b.insertColumns(d, st)
	w := &rowWriter{b: b, d: d, t: t, st: st, named: named, parts: b.insertParts(s, d, st, named)}
	n := &rel.Insert{Table: t}
	switch {
	case st.Source == nil:
		n.Input = w.rows(s, [][]ast.Expr{nil})
	case plainValues(st.Source) && b.oneRowOfSets(st.Source.Values):
		list := *st
		list.Source = &ast.Select{}
		for _, x := range st.Source.Values[0] {
			list.Source.Targets = append(list.Source.Targets, ast.Target{X: x})
		}
		n.Input = w.fromQuery(s, &list)
	case plainValues(st.Source):
		n.Input = w.rows(s, st.Source.Values)
	default:
		n.Input = w.fromQuery(s, st)
	}
	writes := b.use(d, 'a', false)
	for _, i := range w.written {
		writes(i)
	}
	name, aliased := st.Alias, st.Alias != ""
	if !aliased {
		name = d.shown.Name
	}
	read := b.readTable(d)
	if st.OnConflict != nil {
		n.OnConflict = b.onConflict(s, d, name, aliased, read, st.OnConflict)
	}
	rs := &scope{outer: s.outer, ctes: s.ctes}
	row, ret := b.rowThrough(rs, d, name, aliased, read)
	rs.items = []*item{row}
	if st.OnConflict != nil && st.OnConflict.DoUpdate {
		rs.all = append(rs.all, &item{name: "excluded", aliased: true}) // for the hint of errors
	}
	n.Ret = ret
	n.Returning = b.returning(rs, st.Returning)
	n.Bound = b.bound(d)
	return &query{node: n, cols: returningCols(n.Returning), kind: "INSERT"}
}

// hideTarget makes the table known to hints, though its columns cannot be read.
func (b *binder) hideTarget(s *scope, t *catalog.Table, alias string) {
	it := &item{name: alias, aliased: alias != "", table: t}
	if alias == "" {
		it.name = t.Name
	}
	for _, i := range t.Live() {
		it.cols = append(it.cols, &nsCol{name: t.Columns[i].Name})
	}
	s.all = append(s.all, it)
}

// oneRowOfSets reports whether VALUES is one row in which sets are called: to PostgreSQL
// that is a select list.
func (b *binder) oneRowOfSets(rows [][]ast.Expr) bool {
	if len(rows) != 1 {
		return false
	}
	for _, x := range rows[0] {
		if _, isDefault := x.(*ast.Default); isDefault {
			return false
		}
	}
	return slices.ContainsFunc(rows[0], func(x ast.Expr) bool { return b.callsSet(reflect.ValueOf(x)) })
}

// callsSet reports whether an expression calls a function of which one returns a set,
// subqueries aside.
func (b *binder) callsSet(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return false
		}
		switch x := v.Interface().(type) {
		case *ast.Sublink, *ast.Const:
			return false
		case *ast.Func:
			if slices.ContainsFunc(b.lookup(x.Schema, x.Name), func(f *funcs.Func) bool { return f.Set }) {
				return true
			}
		}
		return b.callsSet(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if b.callsSet(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && b.callsSet(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// plainValues reports whether the source is VALUES with nothing around it.
func plainValues(q *ast.Select) bool {
	return q.Values != nil && q.With == nil && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil && len(q.Locking) == 0
}

// insertColumns finds the columns to insert into, by their index in the relation that
// the statement names; all live ones if none is named.
func (b *binder) insertColumns(d *destination, st *ast.Insert) []int {
	if len(st.Columns) == 0 {
		return d.shown.Live()
	}
	whole, partly := map[int]bool{}, map[int]bool{}
	var attrs []int
	for _, c := range st.Columns {
		i := b.columnOf(d, c.Name, c.Pos)
		if whole[i] || partly[i] && len(c.Path) == 0 {
			b.fail(c.Pos, pgerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
		}
		whole[i], partly[i] = len(c.Path) == 0, len(c.Path) > 0
		attrs = append(attrs, i)
	}
	return attrs
}

// insertParts binds the parts of columns to insert into, one for each of named; nil
// stands for a whole column.
func (b *binder) insertParts(s *scope, d *destination, st *ast.Insert, named []int) []*rel.Subscript {
	parts := make([]*rel.Subscript, len(named))
	for i, c := range st.Columns {
		if len(c.Path) > 0 {
			parts[i] = b.part(s, d.column(named[i]), c.Path, c.Pos, false)
		}
	}
	return parts
}

// A rowWriter makes full rows for a table.
type rowWriter struct {
	b        *binder
	d        *destination
	t        *catalog.Table
	st       *ast.Insert
	named    []int            // columns that the statement names, or all, of the relation that it names
	parts    []*rel.Subscript // of each of named: the part that it gives, nil for all
	written  []int            // those that it gives values for
	defaults map[int]rel.Expr
}

// checkCount compares the number of values with that of columns.
func (w *rowWriter) checkCount(n int, posOf func(i int) int) {
	b := w.b
	if n > len(w.named) {
		b.fail(posOf(len(w.named)), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	if n < len(w.named) && len(w.st.Columns) > 0 && w.st.Source != nil {
		b.fail(w.st.Columns[n].Pos, pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
	if w.st.Source != nil {
		w.written = w.named[:n]
	}
}

// rows binds VALUES lists straight into full rows.
func (w *rowWriter) rows(s *scope, lists [][]ast.Expr) rel.Node {
	b := w.b
	n := &rel.Values{Cols: w.columns()}
	width := 0
	for _, list := range lists {
		var given []arg
		old := s.kind
		s.kind = kindValues
		for _, x := range list {
			if _, isDefault := x.(*ast.Default); isDefault {
				given = append(given, arg{pos: startOf(x)})
			} else {
				given = append(given, b.exprList(s, []ast.Expr{x})...)
			}
		}
		s.kind = old
		if width == 0 {
			width = len(given)
		}
		if len(given) != width {
			b.fail(startOf(list[0]), pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
		w.checkCount(len(given), func(i int) int { return given[i].pos })
		n.Rows = append(n.Rows, w.row(given))
	}
	return n
}

func (w *rowWriter) columns() []rel.Column {
	cols := make([]rel.Column, len(w.t.Columns))
	for i := range w.t.Columns {
		c := &w.t.Columns[i]
		t := c.T
		if c.Dropped && types.Get(t.OID) == nil {
			t = types.Of(types.TextOID)
		}
		cols[i] = w.b.newColumn(nil, c.Name, t)
	}
	return cols
}

// row puts the given values (an arg without an expression means DEFAULT) and the
// defaults in the table's order.
func (w *rowWriter) row(given []arg) []rel.Expr {
	out := make([]rel.Expr, len(w.t.Columns))
	for i, a := range given {
		if a.x == nil {
			if w.parts[i] != nil {
				w.b.refusePartDefault(w.st.Columns[i].Path, w.st.Columns[i].Pos)
			}
			w.b.storedColumn(w.d, w.named[i], inserting)
			continue
		}
		c := w.d.column(w.named[i])
		x := w.value(i, c, a)
		attr, ok := w.b.storedColumn(w.d, w.named[i], inserting)
		if !ok {
			continue
		}
		if w.parts[i] != nil {
			// There is no old value; what the statement has given before stands for it.
			before := out[attr]
			if before == nil {
				before = &rel.Const{T: c.T, D: types.Null}
			}
			x = w.b.within(x.(*rel.Subscript), before, c, a.pos)
		} else if out[attr] != nil {
			w.b.later(pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", w.t.Columns[attr].Name))
		}
		if !w.overridden(c) {
			out[attr] = x
		}
	}
	w.viewDefaults()
	for i := range out {
		if out[i] == nil {
			out[i] = w.missing(i)
		}
	}
	return out
}

// value is what is given to a column, or the part of it.
func (w *rowWriter) value(i int, c *catalog.Col, a arg) rel.Expr {
	if w.parts[i] == nil {
		return w.b.assign(a.x, c, a.pos)
	}
	part := *w.parts[i]
	w.b.assignPart(&part, c, a.x, a.pos)
	return &part
}

// viewDefaults refuses a default of a view for a column that it computes.
func (w *rowWriter) viewDefaults() {
	for i, a := range w.d.attrs {
		if a < 0 && w.d.shown.Columns[i].Default != "" && !slices.Contains(w.named, i) {
			w.b.storedColumn(w.d, i, inserting)
		}
	}
}

// overridden decides what becomes of a value given to an identity or generated
// column: true means that the default takes its place.
func (w *rowWriter) overridden(c *catalog.Col) bool {
	message := "cannot insert a non-DEFAULT value into column \"%s\""
	switch {
	case c.Generated != "":
		w.b.refuseGenerated(c, message)
	case c.Identity != 0 && w.st.Overriding == "user":
		return true
	case c.Identity == 'a' && w.st.Overriding != "system":
		w.b.later(pgerr.New(generatedAlways, message, c.Name).
			WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name).
			WithHint("Use OVERRIDING SYSTEM VALUE to override."))
	}
	return false
}

// missing is the value of a column that the statement does not give.
func (w *rowWriter) missing(attr int) rel.Expr {
	if x := w.defaults[attr]; x != nil {
		return x
	}
	if w.defaults == nil {
		w.defaults = map[int]rel.Expr{}
	}
	x := w.b.defaultAt(w.d, slices.Index(w.d.attrs, attr), attr)
	w.defaults[attr] = x
	return x
}

// fromQuery binds INSERT … SELECT.
func (w *rowWriter) fromQuery(s *scope, st *ast.Insert) rel.Node {
	b := w.b
	q := b.bindSelect(st.Source, s, selectOpts{})
	w.checkCount(len(q.cols), q.posOf)
	given := make([]arg, len(q.cols))
	for i := range q.cols {
		c := w.d.column(w.named[i])
		if x := q.unknown[i]; x != nil {
			x = b.coerceUnknown(x, c.T, q.posOf(i))
			q.set(i, x)
			q.cols[i].T = x.Type()
		}
		given[i] = arg{&rel.Col{T: q.cols[i].T, ID: q.cols[i].ID}, q.posOf(i)}
	}
	return &rel.Project{Input: q.node, Cols: w.columns(), Exprs: w.row(given)}
}

// defaultOf is the value that a column gets by itself: the next of its identity,
// its default, its domain's default, or NULL. Generated columns get NULL, which
// the executor replaces.
func (b *binder) defaultOf(t *catalog.Table, attr int) rel.Expr {
	c := &t.Columns[attr]
	if c.Dropped || c.Generated != "" {
		null := &rel.Const{T: c.T, D: types.Null}
		if types.Get(c.T.OID) == nil {
			null.T = types.Of(types.TextOID)
		}
		return null
	}
	if c.Identity != 0 {
		return b.assign(b.nextval(c.Sequence), c, 0)
	}
	text := c.Default
	if text == "" && c.Domain != 0 {
		if d := b.env.Snap.Domain(c.Domain); d != nil {
			text = d.Default
		}
	}
	if text == "" {
		return b.toDomain(&rel.Const{T: c.T, D: types.Null}, c.Domain, 0)
	}
	return b.assign(b.storedExpr(&scope{}, text, kindDefault), c, 0)
}

// nextval calls nextval of an identity's sequence, which takes no privilege.
func (b *binder) nextval(seq types.OID) rel.Expr {
	b.refObject(seq, "class")
	list := funcs.Lookup("pg_catalog", "nextval")
	if len(list) == 0 {
		b.fail(0, pgerr.UndefinedFunction, "function nextval(regclass) does not exist")
	}
	return &rel.Call{
		T: types.Of(types.Int8OID), Fn: list[0],
		Args: []rel.Expr{&rel.Const{T: types.Of(types.RegclassOID), D: types.NewInt(int64(seq))}},
	}
}

// storedExpr parses and binds a text of the catalog.
func (b *binder) storedExpr(s *scope, text string, k exprKind) rel.Expr {
	x, err := b.env.ParseExpr(text)
	if err != nil {
		b.throw(0, err)
	}
	b.stored++
	e := b.exprAs(s, x, k)
	b.stored--
	return e
}

// onConflict binds ON CONFLICT.
func (b *binder) onConflict(s *scope, d *destination, name string, aliased bool, read *privUse, oc *ast.OnConflict) *rel.OnConflict {
	if oc.DoUpdate && oc.Constraint == "" && len(oc.Infer) == 0 {
		b.throw(oc.Pos, pgerr.New(pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name)."))
	}
	cs := &scope{outer: s.outer, ctes: s.ctes}
	old, oldCols := b.rowThrough(cs, d, name, aliased, read)
	cs.items = []*item{old}
	n := &rel.OnConflict{DoUpdate: oc.DoUpdate, Old: oldCols}
	if oc.Constraint != "" && d.isView() {
		b.fail(0, pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", oc.Constraint, d.shown.Name)
	}
	n.Index = b.arbiter(cs, d.t, oldCols, oc)
	excluded, exCols := b.rowThrough(cs, d, "excluded", true, read)
	n.Excluded = exCols
	if !oc.DoUpdate {
		return n
	}
	cs.items = []*item{old, excluded}
	list := b.assignments(cs, d, oldCols, oc.Set, inserting)
	writes := b.use(d, 'w', false)
	for _, a := range list {
		writes(a.named)
		n.Attrs, n.New = append(n.Attrs, a.attr), append(n.New, a.x)
	}
	if oc.Where != nil {
		n.Where = b.toBool(b.exprAs(cs, oc.Where, kindWhere), "WHERE", startOf(oc.Where))
	}
	return n
}

// arbiter finds the unique index that decides about conflicts; nil: any.
func (b *binder) arbiter(cs *scope, t *catalog.Table, row []rel.Column, oc *ast.OnConflict) *catalog.Index {
	if oc.Constraint != "" {
		for _, x := range t.AllIndexes() {
			if x.Constraint == oc.Constraint && x.Unique && !x.Hidden {
				return x
			}
		}
		b.fail(0, pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", oc.Constraint, t.Name)
	}
	if len(oc.Infer) == 0 {
		return nil
	}
	var want []rel.Expr
	for _, el := range oc.Infer {
		if n := len(el.Collation); n > 0 && el.Collation[n-1] != "default" { // no index has another
			b.later(pgerr.New(pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification"))
		}
		if el.X != nil {
			want = append(want, b.exprAs(cs, el.X, kindIndexExpr))
			continue
		}
		x := b.findColumn(cs, el.Column, el.Pos)
		if x == nil {
			b.missingColumn(cs, "", el.Column, el.Pos)
		}
		want = append(want, x)
	}
	var where rel.Expr
	if oc.InferWhere != nil {
		where = b.toBool(b.exprAs(cs, oc.InferWhere, kindIndexPred), "WHERE", startOf(oc.InferWhere))
	}
	for _, x := range t.AllIndexes() {
		if x.Unique && !x.Hidden && x.State == catalog.IndexPublic && b.indexMatches(t, row, x, want, where) {
			return x
		}
	}
	b.later(pgerr.New(pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification"))
	return nil
}

// indexMatches reports whether an index has just the wanted keys and a predicate
// that the given one implies.
func (b *binder) indexMatches(t *catalog.Table, row []rel.Column, x *catalog.Index, want []rel.Expr, where rel.Expr) bool {
	cs := &scope{items: []*item{shownRow(t, row)}}
	var keys []rel.Expr
	for _, k := range x.Keys {
		if k.Col >= 0 {
			keys = append(keys, &rel.Col{T: row[k.Col].T, ID: row[k.Col].ID})
		} else {
			keys = append(keys, b.storedExpr(cs, k.Expr, kindIndexExpr))
		}
	}
	if !b.subset(keys, want) || !b.subset(want, keys) {
		return false
	}
	if x.Where == "" {
		return true
	}
	if where == nil {
		return false
	}
	pred := b.toBool(b.storedExpr(cs, x.Where, kindIndexPred), "WHERE", 0)
	return b.subset(conjuncts(pred), conjuncts(where))
}

// shownRow is an item for columns of a row of t.
func shownRow(t *catalog.Table, row []rel.Column) *item {
	it := &item{name: t.Name, relVisible: true, colVisible: true, table: t}
	for _, i := range t.Live() {
		it.cols = append(it.cols, &nsCol{name: t.Columns[i].Name, id: row[i].ID, t: row[i].T})
	}
	return it
}

func conjuncts(x rel.Expr) []rel.Expr {
	e, ok := x.(*rel.Bool)
	if !ok || e.Op != rel.And {
		return []rel.Expr{x}
	}
	var list []rel.Expr
	for _, a := range e.Args {
		list = append(list, conjuncts(a)...)
	}
	return list
}

// subset reports whether each of xs is among ys.
func (b *binder) subset(xs, ys []rel.Expr) bool {
	for _, x := range xs {
		found := false
		for _, y := range ys {
			found = found || b.equal(x, y)
		}
		if !found {
			return false
		}
	}
	return true
}
