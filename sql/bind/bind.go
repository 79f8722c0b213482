// Package bind turns syntax trees into bound trees (package rel): names, scopes,
// types, overloads and casts are resolved as PostgreSQL resolves them, and what
// it refuses is refused with its SQLSTATE, text and position.
//
// The way of a SELECT (select.go): WITH (cte.go), FROM (from.go, join.go), select
// list (target.go), WHERE, HAVING, ORDER BY, GROUP BY, DISTINCT, LIMIT, WINDOW;
// then aggregates and grouping are checked (group.go) and the nodes are stacked.
// Expressions are bound by expr.go and its neighbours; every conversion of a type
// goes through coerce.go.
//
// Inside the package a failure travels as a panic of type failure, raised by fail
// and turned into an error at the exported functions; nothing else panics.
package bind

import (
	"sort"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// An Env is what binding depends on beside the statement. It is read only; one
// Env may serve many calls, one at a time if FuncCtx is shared.
type Env struct {
	Snap *catalog.Snapshot
	// SearchPath are schema names; pg_catalog comes first unless it is named.
	SearchPath []string
	Role       types.OID // the current user
	// FuncCtx serves the input functions of literals: 'x'::uuid fails while binding.
	// Its Env resolves names of reg* literals. nil: defaults.
	FuncCtx *funcs.Ctx
	// ParseExpr and ParseSelect parse texts of the catalog: defaults, checks, view
	// bodies, SQL functions.
	ParseExpr   func(text string) (ast.Expr, error)
	ParseSelect func(text string) (*ast.Select, error)
	ParseBody   func(text string) ([]ast.Statement, error)
	// NoInline leaves calls of SQL functions as they are: the catalog keeps the call and
	// not what the function does today.
	NoInline bool
	// Extended is the profile that lifts DSQL's own restrictions.
	Extended bool
	// After, if it is set, is the catalog after a renaming: Shape gives what it names the
	// names there.
	After *catalog.Snapshot
	// NoParams refuses $n (42P02): statements of the simple query protocol.
	NoParams bool
}

// Bind binds a query: *ast.Select, *ast.Insert, *ast.Update or *ast.Delete.
// paramTypes are the declared types of $1 …; an OID of 0 or unknown, and
// parameters beyond the list, are inferred from use (42P18 if that fails).
func Bind(env *Env, stmt ast.Stmt, paramTypes []types.T) (q *rel.Query, err error) {
	defer catch(&err)
	b := newBinder(env)
	b.params.declare(paramTypes)
	q = b.statement(stmt)
	b.finish(q)
	return q, nil
}

// A binder holds the state of binding one statement.
type binder struct {
	env    *Env
	path   []string // search path of the text being bound
	lastID rel.ColID
	params params
	// cols knows every column id of the statement, places where column references
	// stand in the text.
	cols   map[rel.ColID]*colInfo
	places map[*rel.Col]int
	// wholeRows are the records that stand for a FROM entry, with its name.
	wholeRows map[*rel.RowExpr]string

	scans []*scanUse
	privs []*privUse
	refs  map[types.OID]catalog.Ref
	slots map[int]bool
	// collated are the expressions to which COLLATE was applied.
	collated map[rel.Expr]collation
	// stored > 0 while a text of the catalog is bound: its literals have no slots,
	// its positions mean nothing to the client.
	stored int
	// bodyAt > 0: what is bound is the body of a function that is being made, from that
	// character of it on, whose positions are kept.
	bodyAt int
	// future are the WITH queries that come later, or are being bound.
	future []string
	// direct are the refs of the text that is bound, not of texts of the catalog in it.
	direct []types.OID
	// viewOwner is the role whose privileges count inside a view; 0 = the user's.
	viewOwner types.OID
	depth     int      // nesting of expressions and queries
	views     int      // nesting of views
	fnArgs    []*nsCol // arguments of the SQL function whose body is being bound
	fnName    string
	// inlining are the functions whose bodies are being bound; routines are those that
	// the statement calls, by their types, and routineOfFunc finds them again.
	inlining      []types.OID
	routines      map[string]*funcs.Func
	routineOfFunc map[*funcs.Func]*funcs.Routine
	shapes        *shapes // set where a query is bound to be printed, not to be run
	// widths are how many columns the tables of the view whose query is bound had when it
	// was made: what was added since is not part of the view. nil: all are seen.
	widths map[types.OID]int

	late        *pgerr.Error
	locks       bool
	writes      bool
	uncacheable bool
	orderHint   bool // the comparison is for ORDER BY, GROUP BY or DISTINCT
}

// A colInfo is what the binder knows of a column id.
type colInfo struct {
	scope  *scope // the query level whose FROM (or aggregation) yields it
	rel    string // alias of its relation, for messages
	name   string
	item   *item // the FROM item, if it is a stored table
	attr   int   // index in Table.Columns, with item
	agg    bool  // result of an aggregate of scope
	window bool  // result of a window function of scope
	// presence: the column is not item's but tells whether its row is there.
	presence bool
	fields   []rel.Column // of a record
	elems    []rel.Column // of the records in an array
	domain   types.OID    // that its values are of
	// collation is set where COLLATE was written somewhere.
	collation collation
}

// A privUse collects the columns that a statement touches of a relation.
type privUse struct {
	check catalog.PrivCheck
	cols  map[int]bool
	// whole: the privilege is needed for the whole relation, not for cols.
	whole bool
	// optional: nothing is needed when cols stays empty.
	optional bool
}

func newBinder(env *Env) *binder {
	b := &binder{
		env:    env,
		cols:   map[rel.ColID]*colInfo{},
		places: map[*rel.Col]int{},

		wholeRows: map[*rel.RowExpr]string{},
		refs:      map[types.OID]catalog.Ref{},
		slots:     map[int]bool{},
	}
	b.path = withCatalog(env.SearchPath)
	b.params.refuse = env.NoParams
	return b
}

// withCatalog puts pg_catalog first unless the path names it.
func withCatalog(path []string) []string {
	for _, s := range path {
		if s == "pg_catalog" {
			return path
		}
	}
	return append([]string{"pg_catalog"}, path...)
}

// A failure is an error on its way to the exported function.
type failure struct{ err error }

// fail ends binding with an error at a position of the statement.
func (b *binder) fail(pos int, code, format string, args ...any) {
	panic(failure{b.errorAt(pos, pgerr.New(code, format, args...))})
}

// throw ends binding with err, at pos if it has no position yet.
func (b *binder) throw(pos int, err error) {
	if e := pgerr.As(err); e != nil {
		err = b.errorAt(pos, e)
	}
	panic(failure{err})
}

// later keeps an error that PostgreSQL raises after analysis, while rewriting or
// planning; errors of the analysis come first.
func (b *binder) later(e *pgerr.Error) {
	if b.late == nil {
		b.late = e
	}
}

func (b *binder) errorAt(pos int, e *pgerr.Error) error {
	e = b.spelled(e)
	switch {
	case b.stored == 0:
		return e.At(pos)
	case b.bodyAt > 0 && b.stored == 1 && pos > 0:
		return e.At(pos + b.bodyAt - 1)
	}
	return e
}

// spelled names the row types in an error.
func (b *binder) spelled(e *pgerr.Error) *pgerr.Error {
	if !strings.Contains(e.Message, "\x02") && !strings.Contains(e.Detail, "\x02") {
		return e
	}
	name := func(t types.OID) string {
		if table := b.tableOf(t); table != nil {
			return table.Name
		}
		return "???"
	}
	c := *e
	c.Message, c.Detail = funcs.Unmark(e.Message, name), funcs.Unmark(e.Detail, name)
	return &c
}

func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.err
	default:
		panic(r)
	}
}

// enter guards against expressions nested too deeply; leave undoes it.
func (b *binder) enter() {
	if b.depth++; b.depth > maxDepth {
		panic(failure{pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")})
	}
}

func (b *binder) leave() { b.depth-- }

// maxDepth is how deeply expressions and queries may nest; far above what people
// write, far below what would exhaust a stack.
const maxDepth = 5000

func (b *binder) newID() rel.ColID {
	b.lastID++
	return b.lastID
}

// newColumn makes a column of the given level.
func (b *binder) newColumn(s *scope, name string, t types.T) rel.Column {
	c := rel.Column{ID: b.newID(), Name: name, T: t}
	b.cols[c.ID] = &colInfo{scope: s, name: name}
	return c
}

func (b *binder) slot(n int) int {
	if b.stored > 0 {
		return 0
	}
	return n
}

// useSlot records that the value of a literal shaped the tree.
func (b *binder) useSlot(n int) {
	if n > 0 && b.stored == 0 {
		b.slots[n] = true
	}
}

// sameConst allows two constants to count as one expression, and ties the plan to
// their values if they are different literals.
func (b *binder) sameConst(x, y *rel.Const) bool {
	if x.Slot != y.Slot {
		for _, s := range []int{x.Slot, y.Slot} {
			if s > 0 {
				b.slots[s] = true
			}
		}
	}
	return true
}

func (b *binder) equal(x, y rel.Expr) bool { return rel.Equal(x, y, b.sameConst) }

// statement binds any of the four query statements at the top level.
func (b *binder) statement(stmt ast.Stmt) *rel.Query {
	q := &rel.Query{}
	switch s := stmt.(type) {
	case *ast.Select:
		q.Kind, q.HasRows = "SELECT", true
		if s.Into != nil {
			b.fail(s.Into.Pos, pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
		}
		r := b.bindSelect(s, nil, selectOpts{top: true, resolve: true})
		q.Root, q.Out = r.node, r.cols
	case *ast.Insert, *ast.Update, *ast.Delete:
		r := b.modify(stmt, nil, true)
		q.Root, q.Out, q.Kind = r.node, r.cols, r.kind
		q.HasRows = len(r.cols) > 0
		b.writes = true
	default:
		b.fail(0, pgerr.FeatureNotSupported, "this statement cannot be bound as a query")
	}
	return q
}

// finish fills in what binding collected.
func (b *binder) finish(q *rel.Query) {
	q.Params = b.params.resolve(b)
	if b.late != nil {
		panic(failure{b.late})
	}
	for _, s := range b.scans {
		s.sort()
	}
	q.Refs = b.sortedRefs()
	q.Privs = b.privChecks()
	for s := range b.slots {
		q.UsedSlots = append(q.UsedSlots, s)
	}
	sort.Ints(q.UsedSlots)
	q.Writes, q.Locks, q.Uncacheable = b.writes, b.locks, b.uncacheable
}

func (b *binder) sortedRefs() []catalog.Ref {
	list := make([]catalog.Ref, 0, len(b.refs))
	for _, r := range b.refs {
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].OID < list[j].OID })
	return list
}

func (b *binder) privChecks() []catalog.PrivCheck {
	var list []catalog.PrivCheck
	for _, p := range b.privs {
		if p.optional && len(p.cols) == 0 {
			continue
		}
		c := p.check
		if !p.whole {
			c.Cols = make([]int, 0, len(p.cols))
			for i := range p.cols {
				c.Cols = append(c.Cols, i)
			}
			sort.Ints(c.Cols)
		}
		list = append(list, c)
	}
	return list
}

// need adds a privilege to be checked for a relation.
func (b *binder) need(oid types.OID, priv byte, whole, optional bool) *privUse {
	p := &privUse{
		check: catalog.PrivCheck{OID: oid, Kind: 'r', Priv: priv, As: b.viewOwner},
		cols:  map[int]bool{}, whole: whole, optional: optional,
	}
	b.privs = append(b.privs, p)
	return p
}
