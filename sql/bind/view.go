package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Writing through views: a view whose rows are those of one table, each column of
// which is a column of the table or computed from its row, is written by writing the
// table (PostgreSQL's manual, CREATE VIEW, "Updatable Views").

// A destination is the relation that a statement writes.
type destination struct {
	shown *catalog.Table // what the statement names
	t     *catalog.Table // the table that is written
	// layers are the views above t, the outermost first; none if shown is t.
	layers []*viewLayer
	// attrs says by column of shown which column of t it is; -1: it is computed.
	attrs []int
	owner types.OID // whose privileges on t count; 0 = the user's
}

// A viewLayer is a view that is written through, and the relation below it.
type viewLayer struct {
	v     *catalog.Table
	below *catalog.Table
	sel   *ast.Select
	from  *ast.TableRef
	user  types.OID // whose privileges on v count; 0 = the user's
	read  *privUse
	inner []int // by column: the column of below that it is; -1: it is computed
}

// A verb is what a statement does to its target, in the words of errors.
type verb struct{ does, doing, event, column string }

var (
	inserting = verb{"insert into", "inserting into", "INSERT", "insert into"}
	updating  = verb{"update", "updating", "UPDATE", "update"}
	deleting  = verb{"delete from", "deleting from", "DELETE", ""}
)

// target finds the table that a statement writes.
func (b *binder) target(n ast.Name, does verb) *destination {
	return b.destination(b.table(n), does)
}

func (b *binder) destination(t *catalog.Table, does verb) *destination {
	d := &destination{shown: t, t: t}
	path, owner, widths := b.path, b.viewOwner, b.widths
	for d.t.Kind == catalog.RelView {
		l := b.viewLayer(d.t, does)
		if l == nil {
			d.t = writable(d.t)
			break
		}
		d.layers = append(d.layers, l)
		d.t = l.below
	}
	d.owner = b.viewOwner
	b.path, b.viewOwner, b.widths = path, owner, widths
	if d.t.Kind == catalog.RelVirtual {
		refusal := pgerr.New(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", d.t.Name)
		if b.env.Snap.Sequence(d.t.OID) != nil {
			refusal = pgerr.New(pgerr.WrongObjectType, "cannot change sequence \"%s\"", d.t.Name)
		}
		b.later(refusal)
		d.t = writable(d.t)
	}
	d.attrs = make([]int, len(t.Columns))
	for i := range d.attrs {
		d.attrs[i] = i
	}
	for _, l := range d.layers {
		for i, a := range d.attrs {
			if a >= 0 {
				d.attrs[i] = l.inner[a]
			}
		}
	}
	if len(d.layers) == 0 {
		d.shown = d.t
	}
	return d
}

// writable stands in for a relation that cannot be written, so that errors of the
// rest of the statement come first.
func writable(t *catalog.Table) *catalog.Table {
	c := *t
	c.Kind = catalog.RelTable
	if c.Primary == nil {
		c.Primary = &catalog.Index{Header: catalog.Header{Name: t.Name}, Table: t.OID, Hidden: true}
	}
	return &c
}

// viewLayer analyses a view that is to be written; nil, with an error for later, if it
// cannot be. The binder is left with the path and owner under which the view's query
// runs.
func (b *binder) viewLayer(v *catalog.Table, does verb) *viewLayer {
	sel, err := b.env.ParseSelect(v.ViewText)
	if err != nil {
		b.throw(0, err)
	}
	l := &viewLayer{v: v, sel: sel, user: b.viewOwner, read: b.need(v.OID, 'r', false, true)}
	b.enterView(v)
	if b.views++; b.views > maxViewDepth {
		b.fail(0, pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", v.Name)
	}
	if why := b.whyNotUpdatable(l); why != "" {
		b.later(pgerr.New(pgerr.ObjectNotInPrerequisite, "cannot %s view \"%s\"", does.does, v.Name).WithDetail("%s", why).
			WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.",
				does.doing, does.event, does.event))
		return nil
	}
	return l
}

// enterView sets the path and the role for a view's query.
func (b *binder) enterView(v *catalog.Table) {
	b.path, b.widths = withCatalog(v.ViewPath), v.ViewWidths
	b.viewOwner = v.Owner
	if v.ViewInvoker != nil && *v.ViewInvoker {
		b.viewOwner = 0 // the user's, also inside a view of another owner
	}
}

// whyNotUpdatable says why rows cannot be written through a view, and completes the
// layer if they can.
func (b *binder) whyNotUpdatable(l *viewLayer) string {
	if why := notUpdatable(l.sel); why != "" {
		return why
	}
	return b.analyseView(l)
}

// NotUpdatable says why rows cannot be written through a view; "": they can.
func NotUpdatable(env *Env, v *catalog.Table) (why string) {
	var err error
	defer func() {
		if err != nil {
			why = err.Error()
		}
	}()
	defer catch(&err)
	b := newBinder(env)
	sel, perr := env.ParseSelect(v.ViewText)
	if perr != nil {
		return perr.Error()
	}
	b.enterView(v)
	return b.whyNotUpdatable(&viewLayer{v: v, sel: sel})
}

// UpdatableColumns tells which columns of a view can be written, one per Columns
// entry; nil if none can.
func UpdatableColumns(env *Env, v *catalog.Table) (cols []bool) {
	var err error
	defer func() {
		if err != nil {
			cols = nil
		}
	}()
	defer catch(&err)
	b := newBinder(env)
	d := b.destination(v, updating)
	if b.late != nil {
		return nil
	}
	for _, a := range d.attrs {
		cols = append(cols, a >= 0)
	}
	return cols
}

// notUpdatable says what in a view's query stands between its rows and a table's.
func notUpdatable(q *ast.Select) string {
	switch {
	case q.Distinct || len(q.DistinctOn) > 0:
		return "Views containing DISTINCT are not automatically updatable."
	case len(q.GroupBy) > 0:
		return "Views containing GROUP BY are not automatically updatable."
	case q.Having != nil:
		return "Views containing HAVING are not automatically updatable."
	case q.SetOp != nil:
		return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable."
	case q.With != nil:
		return "Views containing WITH are not automatically updatable."
	case q.Limit != nil || q.Offset != nil:
		return "Views containing LIMIT or OFFSET are not automatically updatable."
	}
	return ""
}

// analyseView finds the relation below a view and which of its columns the view's
// are; it says why the view cannot be written.
func (b *binder) analyseView(l *viewLayer) string {
	const notOne = "Views that do not select from a single table or view are not automatically updatable."
	if l.sel.Values != nil {
		return notOne
	}
	isTable := false
	if len(l.sel.From) == 1 {
		l.from, isTable = l.sel.From[0].(*ast.TableRef)
	}
	if isTable {
		l.below = b.table(l.from.Name)
		isTable = !isSequence(l.below)
	}
	s := &scope{}
	var below *item
	places := map[rel.ColID]int{}
	switch {
	case isTable:
		var cols []rel.Column
		below, cols = b.newRow(s, l.below, l.below.Name, true, nil)
		below.cols = slices.DeleteFunc(below.cols, func(c *nsCol) bool {
			return b.addedLater(l.below, slices.IndexFunc(cols, func(col rel.Column) bool { return col.ID == c.id }))
		})
		for i, c := range cols {
			if c.ID != 0 {
				places[c.ID] = i
			}
		}
		b.nameBelow(l, below)
		s.items = []*item{below}
	case len(l.sel.From) > 0:
		b.bindFrom(s, l.sel.From)
	}
	if l.sel.Values != nil {
		return notOne
	}
	b.declareWindows(s, l.sel.Windows)
	targets := b.viewTargets(s, l)
	switch {
	case len(s.aggs) > 0:
		return "Views that return aggregate functions are not automatically updatable."
	case len(s.windowCalls) > 0:
		return "Views that return window functions are not automatically updatable."
	case s.hasSets:
		return "Views that return set-returning functions are not automatically updatable."
	case !isTable:
		return notOne
	}
	for _, t := range targets {
		inner := -1
		if c, plain := t.x.(*rel.Col); plain {
			if i, ours := places[c.ID]; ours {
				inner = i
			}
		}
		l.inner = append(l.inner, inner)
	}
	if !slices.ContainsFunc(l.inner, func(i int) bool { return i >= 0 }) {
		return "Views that have no updatable columns are not automatically updatable."
	}
	return ""
}

// nameBelow gives the item of the relation below the names that the view's query
// knows it by.
func (b *binder) nameBelow(l *viewLayer, it *item) {
	it.name, it.aliased = l.from.Alias, l.from.Alias != ""
	if !it.aliased {
		it.name, it.schema = l.below.Name, b.schemaName(l.below.Schema)
	}
	b.rename(it, l.from.Columns)
}

// viewTargets binds the select list of a view over s.
func (b *binder) viewTargets(s *scope, l *viewLayer) []*target {
	b.stored++
	defer func() { b.stored-- }()
	list := b.targets(s, l.sel.Targets, kindSelect)
	if len(list) < len(l.v.Columns) {
		b.fail(0, pgerr.InvalidTableDefinition, "view \"%s\" has fewer columns than its definition", l.v.Name)
	}
	return list[:len(l.v.Columns)]
}

// isView reports whether the statement names a view.
func (d *destination) isView() bool { return len(d.layers) > 0 }

// use adds a privilege on the table and all views above it. The result marks a column
// of the relation that the statement names.
func (b *binder) use(d *destination, priv byte, whole bool) func(attr int) {
	var uses []*privUse
	owner := b.viewOwner
	for _, l := range d.layers {
		b.viewOwner = l.user
		uses = append(uses, b.need(l.v.OID, priv, whole, false))
	}
	b.viewOwner = d.owner
	uses = append(uses, b.need(d.t.OID, priv, whole, false))
	b.viewOwner = owner
	return func(attr int) {
		for i, u := range uses {
			u.cols[attr] = true
			if i < len(d.layers) {
				if attr = d.layers[i].inner[attr]; attr < 0 {
					return
				}
			}
		}
	}
}

// readTable is the use of columns of the table that is written.
func (b *binder) readTable(d *destination) *privUse {
	owner := b.viewOwner
	b.viewOwner = d.owner
	p := b.need(d.t.OID, 'r', false, true)
	b.viewOwner = owner
	return p
}

// through shows a row of the table, given as an item, as the rows of the views above
// it: the result is the item of the outermost. The conditions of the views are over
// the same row, the innermost first; nil for a view without.
func (b *binder) through(s *scope, d *destination, it *item, alias string) (out *item, conds []rel.Expr) {
	path, owner, widths, kind := b.path, b.viewOwner, b.widths, s.kind
	for i := len(d.layers) - 1; i >= 0; i-- {
		l := d.layers[i]
		b.viewOwner = l.user
		b.enterView(l.v)
		var cond rel.Expr
		it, cond = b.throughLayer(l, it)
		conds = append(conds, cond)
	}
	b.path, b.viewOwner, b.widths, s.kind = path, owner, widths, kind
	if !d.isView() {
		return it, nil
	}
	it.relVisible, it.colVisible, it.tableoid = true, true, false
	it.name, it.aliased, it.schema = alias, alias != "", ""
	if !it.aliased {
		it.name, it.schema = d.shown.Name, b.schemaName(d.shown.Schema)
	}
	s.all = append(s.all, it)
	return it, conds
}

func (b *binder) throughLayer(l *viewLayer, below *item) (out *item, cond rel.Expr) {
	inner := *below
	inner.relVisible, inner.colVisible, inner.lateralOnly = true, true, false
	touches := make([][]touch, len(l.below.Columns))
	read := &privUse{cols: map[int]bool{}}
	inner.cols = nil
	at := 0
	for i := range l.below.Columns {
		if l.below.Columns[i].Dropped {
			continue
		}
		c := *below.cols[at]
		at++
		if b.addedLater(l.below, i) {
			continue
		}
		touches[i], c.touch = c.touch, []touch{{nil, read, i}}
		inner.cols = append(inner.cols, &c)
	}
	b.nameBelow(l, &inner)
	s := &scope{items: []*item{&inner}, all: []*item{&inner}}
	out = &item{table: l.v, subquery: true}
	for i, t := range b.viewTargets(s, l) {
		x := b.settle(t.x, 0)
		n := &nsCol{name: l.v.Columns[i].Name, t: x.Type(), origin: l.v.OID, attr: int16(i + 1)}
		if c, plain := x.(*rel.Col); plain {
			n.id = c.ID
		} else {
			n.merged = x
		}
		n.touch = []touch{{nil, l.read, i}}
		out.cols = append(out.cols, n)
	}
	if l.sel.Where != nil {
		b.stored++
		cond = b.toBool(b.exprAs(s, l.sel.Where, kindWhere), "WHERE", 0)
		b.stored--
	}
	// As in PostgreSQL, who reads a column of the view needs to read all that the view reads.
	for _, n := range out.cols {
		for _, u := range sortedKeys(read.cols) {
			n.touch = append(n.touch, touches[u]...)
		}
	}
	return out, cond
}

// rowThrough makes columns for a row of the table as it will be, and the item that
// shows it as the relation that the statement names. priv is for reading the table.
func (b *binder) rowThrough(s *scope, d *destination, name string, aliased bool, priv *privUse) (*item, []rel.Column) {
	if !d.isView() {
		return b.newRow(s, d.t, name, aliased, priv)
	}
	row, cols := b.newRow(&scope{}, d.t, name, aliased, priv)
	shown, _ := b.through(s, d, row, "")
	shown.name, shown.aliased = name, aliased
	if aliased {
		shown.schema = ""
	}
	return shown, cols
}

// column is a column of the relation that the statement names, with the domain and
// type that the table's has.
func (d *destination) column(named int) *catalog.Col {
	attr := d.attrs[named]
	if !d.isView() || attr < 0 {
		return &d.shown.Columns[named]
	}
	c := d.t.Columns[attr]
	c.Name = d.shown.Columns[named].Name
	return &c
}

// defaultAt is the default of a column: of the view that has one, or the table's.
func (b *binder) defaultAt(d *destination, named, attr int) rel.Expr {
	if x := b.viewDefault(d, named, attr); x != nil {
		return x
	}
	return b.defaultOf(d.t, attr)
}

// resetTo is what SET … = DEFAULT gives: through a view its own default or NULL, as
// PostgreSQL has it.
func (b *binder) resetTo(d *destination, named, attr int) rel.Expr {
	if x := b.viewDefault(d, named, attr); x != nil || !d.isView() {
		if x == nil {
			x = b.defaultOf(d.t, attr)
		}
		return x
	}
	c := &d.t.Columns[attr]
	return b.toDomain(&rel.Const{T: c.T, D: types.Null}, c.Domain, 0)
}

// viewDefault is the default that a view has for a column, the outermost's first; nil
// if none has one.
func (b *binder) viewDefault(d *destination, named, attr int) rel.Expr {
	if named < 0 {
		return nil
	}
	at := named
	for _, l := range d.layers {
		if c := &l.v.Columns[at]; c.Default != "" {
			return b.assign(b.storedExpr(&scope{}, c.Default, kindDefault), &d.t.Columns[attr], 0)
		}
		at = l.inner[at]
	}
	return nil
}

// withConds puts the conditions of views over the scan of their table.
func withConds(node rel.Node, conds []rel.Expr) rel.Node {
	for _, c := range conds {
		if c != nil {
			node = &rel.Filter{Input: node, Cond: c}
		}
	}
	return node
}

// bound are the expressions of the table that is written, with the conditions that
// WITH CHECK OPTION of the views above it asks of a new row, the innermost first.
func (b *binder) bound(d *destination) *rel.TableExprs {
	te, row := b.tableExprs(d.t)
	if !d.isView() {
		return te
	}
	_, conds := b.through(&scope{}, d, row, "")
	cascaded := false
	var checks []rel.BoundCheck
	for i, l := range d.layers {
		cascaded = cascaded || l.v.ViewCheck == "cascaded"
		cond := conds[len(conds)-1-i]
		if cond != nil && (cascaded || l.v.ViewCheck != "") {
			checks = append(checks, rel.BoundCheck{Name: l.v.Name, View: true, X: &rel.IsTest{X: cond, What: rel.IsTrue}})
		}
	}
	slices.Reverse(checks)
	te.Checks = append(te.Checks, checks...)
	return te
}

// storedColumn is the column of the table that column i of the relation is that the
// statement names; ok is false, with an error for later, if a view computes it.
func (b *binder) storedColumn(d *destination, i int, does verb) (attr int, ok bool) {
	if a := d.attrs[i]; a >= 0 {
		return a, true
	}
	at, v := i, d.shown
	for _, l := range d.layers {
		if v = l.v; l.inner[at] < 0 {
			break
		}
		at = l.inner[at]
	}
	b.later(pgerr.New(pgerr.FeatureNotSupported, "cannot %s column \"%s\" of view \"%s\"", does.column, v.Columns[at].Name, v.Name).
		WithDetail("View columns that are not columns of their base relation are not updatable."))
	return 0, false
}
