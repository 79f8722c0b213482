package bind

import (
	"fmt"
	"slices"
	"sort"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// What BindScalar binds; it decides what is allowed and how errors are worded.
const (
	ForCheck          = "CHECK"
	ForDefault        = "DEFAULT"
	ForGenerated      = "GENERATED"
	ForIndex          = "INDEX"
	ForIndexPredicate = "INDEX PREDICATE"
	ForAlterUsing     = "USING"
	ForCall           = "CALL"
	ForCopyWhere      = "COPY WHERE"
)

var scalarKinds = map[string]exprKind{
	ForCheck: kindCheck, ForDefault: kindDefault, ForGenerated: kindGenerated, ForIndex: kindIndexExpr,
	ForIndexPredicate: kindIndexPred, ForAlterUsing: kindAlterUsing, ForCall: kindCall,
	ForCopyWhere: kindCopyWhere,
}

// A Scalar is a bound expression that stands alone, with what it uses.
type Scalar struct {
	X rel.Expr
	// Cols are columns for the table that it is over, one per Table.Columns entry.
	Cols []rel.Column
	Used []int       // columns that it reads, by index in Table.Columns
	Refs []types.OID // sequences, functions and domains that it relies on
}

// BindScalar binds an expression that stands alone, over the columns of t (nil:
// none), which it returns, one per Table.Columns entry. Conditions (CHECK, INDEX
// PREDICATE, COPY WHERE) become boolean; others are converted to target by
// assignment unless its OID is 0. Expressions of indexes and generated columns
// must be immutable (42P17).
func BindScalar(env *Env, x ast.Expr, t *catalog.Table, target types.T, what string) (rel.Expr, []rel.Column, error) {
	sc, err := BindExpr(env, x, t, target, what)
	if err != nil {
		return nil, nil, err
	}
	return sc.X, sc.Cols, nil
}

// BindExpr is BindScalar that also tells what the expression uses.
func BindExpr(env *Env, x ast.Expr, t *catalog.Table, target types.T, what string) (sc *Scalar, err error) {
	defer catch(&err)
	b := newBinder(env)
	pos := startOf(x)
	return b.standalone(x, t, scalarKinds[what], func(e rel.Expr) rel.Expr {
		switch what {
		case ForCheck:
			return b.toBool(e, "CHECK", pos)
		case ForIndexPredicate, ForCopyWhere:
			return b.toBool(e, "WHERE", pos)
		}
		return b.toTarget(e, target, pos, func(from string) string {
			return fmt.Sprintf("%s expression is of type %s but %s is expected", what, from, typeName(target))
		})
	}), nil
}

// BindDefault binds the DEFAULT of a column, or with t its generation expression
// over t, and converts it to the column's type.
func BindDefault(env *Env, x ast.Expr, t *catalog.Table, col *catalog.Col) (sc *Scalar, err error) {
	defer catch(&err)
	b := newBinder(env)
	k := kindDefault
	if t != nil {
		k = kindGenerated
	}
	return b.standalone(x, t, k, func(e rel.Expr) rel.Expr {
		y, ok := b.tryCoerce(e, col.T, funcs.Assignment, startOf(x))
		if !ok {
			b.throw(0, pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but default expression is of type %s",
				col.Name, typeName(col.T), typeName(e.Type())).WithHint("You will need to rewrite or cast the expression."))
		}
		return b.toDomain(y, col.Domain, 0)
	}), nil
}

// ColumnDefault is the value that a column of t gets by itself, converted to its type:
// the next of its identity, its default or that of its domain, or NULL.
func ColumnDefault(env *Env, t *catalog.Table, attr int) (x rel.Expr, err error) {
	defer catch(&err)
	b := newBinder(env)
	b.params.refuse = true
	return b.defaultOf(t, attr), nil
}

// standalone binds x over the columns of t (nil: none) and gives it its type.
func (b *binder) standalone(x ast.Expr, t *catalog.Table, k exprKind, convert func(rel.Expr) rel.Expr) *Scalar {
	s := &scope{}
	sc := &Scalar{}
	b.params.refuse = true
	used := &privUse{cols: map[int]bool{}}
	if t != nil {
		var row *item
		row, sc.Cols = b.newRow(s, t, t.Name, false, used)
		row.tableoid = k != kindGenerated
		s.items = []*item{row}
	}
	if k == kindGenerated {
		b.noGeneratedRefs(t, x)
	}
	sc.X = convert(b.exprAs(s, x, k))
	b.checkImmutable(sc.X, k)
	sc.Used, sc.Refs = sortedKeys(used.cols), b.refOIDs()
	return sc
}

// BindDomainCheck binds a CHECK of a domain over base: a condition on VALUE, which
// is the one column that it returns.
func BindDomainCheck(env *Env, x ast.Expr, base types.T) (*Scalar, error) {
	value := &catalog.Table{Kind: catalog.RelTable, Columns: []catalog.Col{{Name: "value", T: base}}}
	return BindExpr(env, x, value, types.T{}, ForCheck)
}

func sortedKeys(m map[int]bool) []int {
	list := make([]int, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Ints(list)
	return list
}

// refOIDs are the objects that the text itself names, not those that only the views
// and functions in it use.
func (b *binder) refOIDs() []types.OID {
	slices.Sort(b.direct)
	return slices.Compact(b.direct)
}

// A View is what a view's query gives and uses.
type View struct {
	Cols []rel.Column
	Refs []types.OID // relations, functions and domains
	// Uses are the columns read of each relation, by index in Table.Columns.
	Uses map[types.OID][]int
	// Widths are how many columns each relation has that the query names.
	Widths map[types.OID]int
	// NotUpdatable says why rows cannot be written through it; "": they can.
	NotUpdatable string
}

// BindView binds the query of a view that is being created.
func BindView(env *Env, sel *ast.Select) (v *View, err error) {
	defer catch(&err)
	b := newBinder(env)
	b.params.refuse = true
	q := b.bindSelect(sel, nil, selectOpts{top: true, resolve: true})
	if b.writes {
		b.fail(0, pgerr.FeatureNotSupported, "views must not contain data-modifying statements in WITH")
	}
	for _, c := range q.cols {
		if ty := types.Get(c.T.OID); ty != nil && ty.OID == types.RecordArrayOID {
			b.fail(0, pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", c.Name, typeName(c.T))
		}
	}
	v = &View{Cols: q.cols, Refs: b.refOIDs(), Uses: map[types.OID][]int{}, Widths: map[types.OID]int{}}
	for _, oid := range v.Refs {
		if t := env.Snap.Table(oid); t != nil {
			v.Widths[oid] = len(t.Columns)
		}
	}
	for _, p := range b.privs {
		if p.check.Kind == 'r' && p.check.Priv == 'r' && p.check.As == 0 {
			v.Uses[p.check.OID] = merge(v.Uses[p.check.OID], p.cols)
		}
	}
	v.NotUpdatable = newBinder(env).whyNotUpdatable(&viewLayer{v: &catalog.Table{Columns: make([]catalog.Col, len(q.cols))}, sel: sel})
	return v, nil
}

func merge(have []int, more map[int]bool) []int {
	all := map[int]bool{}
	for _, i := range have {
		all[i] = true
	}
	for i := range more {
		all[i] = true
	}
	return sortedKeys(all)
}

// toTarget converts e by assignment; refusal words that its type does not go.
func (b *binder) toTarget(e rel.Expr, target types.T, pos int, refusal func(from string) string) rel.Expr {
	if target.OID == 0 || target.OID == types.UnknownOID {
		return b.settle(e, pos)
	}
	y, ok := b.tryCoerce(e, target, funcs.Assignment, pos)
	if !ok {
		b.throw(pos, pgerr.New(pgerr.DatatypeMismatch, "%s", refusal(typeName(e.Type()))).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return y
}

// BindArgument binds the n-th argument of EXECUTE or the like, without columns, and
// converts it to target by assignment (OID 0: leaves its type).
func BindArgument(env *Env, x ast.Expr, target types.T, n int) (e rel.Expr, err error) {
	defer catch(&err)
	b := newBinder(env)
	pos := startOf(x)
	sc := b.standalone(x, nil, kindExecute, func(e rel.Expr) rel.Expr {
		return b.toTarget(e, target, pos, func(from string) string {
			return fmt.Sprintf("parameter $%d of type %s cannot be coerced to the expected type %s", n, from, typeName(target))
		})
	})
	return sc.X, nil
}

// BindTableExprs binds a table's own expressions: checks, generated columns,
// expression indexes and partial indexes' predicates.
func BindTableExprs(env *Env, t *catalog.Table) (te *rel.TableExprs, err error) {
	defer catch(&err)
	te, _ = newBinder(env).tableExprs(t)
	return te, nil
}

// tableExprs binds a table's own expressions; row is what they are over.
func (b *binder) tableExprs(t *catalog.Table) (te *rel.TableExprs, row *item) {
	s := &scope{}
	row, cols := b.newRow(s, t, t.Name, false, nil)
	s.items = []*item{row}
	te = &rel.TableExprs{Cols: cols, Generated: map[int]rel.Expr{}, IndexKeys: map[types.OID][]rel.Expr{}, IndexPred: map[types.OID]rel.Expr{}}
	path := b.path
	b.path = withCatalog([]string{b.schemaName(t.Schema), "public"})
	for _, c := range t.Checks {
		x := b.toBool(b.storedExpr(s, c.Expr, kindCheck), "CHECK", 0)
		te.Checks = append(te.Checks, rel.BoundCheck{Name: c.Name, X: x, Text: c.Expr})
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated != "" && !c.Dropped {
			te.Generated[i] = b.assign(b.storedExpr(s, c.Generated, kindGenerated), c, 0)
		}
	}
	for _, x := range t.AllIndexes() {
		b.indexExprs(s, te, x)
	}
	b.path = path
	return te, row
}

func (b *binder) indexExprs(s *scope, te *rel.TableExprs, x *catalog.Index) {
	keys := make([]rel.Expr, len(x.Keys))
	any := false
	for i, k := range x.Keys {
		if k.Col < 0 {
			keys[i] = b.settle(b.storedExpr(s, k.Expr, kindIndexExpr), 0)
			any = true
		}
	}
	if any {
		te.IndexKeys[x.OID] = keys
	}
	if x.Where != "" {
		te.IndexPred[x.OID] = b.toBool(b.storedExpr(s, x.Where, kindIndexPred), "WHERE", 0)
	}
}

// noGeneratedRefs refuses generated columns in a generation expression.
func (b *binder) noGeneratedRefs(t *catalog.Table, x ast.Expr) {
	if t == nil {
		return
	}
	walkRefs(x, func(c *ast.ColumnRef) {
		if len(c.Parts) == 0 {
			return
		}
		if i := t.Column(c.Parts[len(c.Parts)-1]); i >= 0 && t.Columns[i].Generated != "" {
			b.throw(c.At, pgerr.New(pgerr.InvalidObjectDefinition, "cannot use generated column \"%s\" in column generation expression", t.Columns[i].Name).
				WithDetail("A generated column cannot reference another generated column."))
		}
	})
}

// checkImmutable refuses functions whose value may change where it is stored.
func (b *binder) checkImmutable(e rel.Expr, k exprKind) {
	message := map[exprKind]string{
		kindGenerated: "generation expression is not immutable",
		kindIndexExpr: "functions in index expression must be marked IMMUTABLE",
		kindIndexPred: "functions in index predicate must be marked IMMUTABLE",
	}[k]
	if message == "" {
		return
	}
	rel.WalkExpr(e, func(e rel.Expr) bool {
		var fn *funcs.Func
		switch e := e.(type) {
		case *rel.Call:
			fn = e.Fn
		case *rel.Cast:
			fn = e.Fn
			if e.Method == funcs.ByInOut && (volatileText(oidOf(e.X)) || volatileText(e.T.OID)) {
				b.fail(0, pgerr.InvalidObjectDefinition, "%s", message)
			}
		case *rel.SQLValue, *rel.Subquery:
			b.fail(0, pgerr.InvalidObjectDefinition, "%s", message)
		}
		if fn != nil && fn.Volatility != funcs.Immutable {
			b.fail(0, pgerr.InvalidObjectDefinition, "%s", message)
		}
		return true
	})
}

// volatileText reports whether a type's text form depends on settings or the catalog,
// or PostgreSQL takes it to.
func volatileText(t types.OID) bool {
	switch t {
	case types.DateOID, types.TimestampOID, types.TimestampTZOID, types.TimeTZOID, types.IntervalOID, types.ByteaOID, types.RecordOID:
		return true
	}
	ty := types.Get(t)
	return ty == nil || ty.Category == 'A' || ty.Category == 'E' || types.RegKind(t) != ""
}
