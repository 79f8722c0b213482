package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// Names of the queries that SEARCH and CYCLE put around the two terms; PostgreSQL's.
const (
	leftTerm  = "*TLOCRN*"
	rightTerm = "*TROCRN*"
)

// searched rewrites a recursive query with SEARCH or CYCLE as the SQL standard
// explains them (PostgreSQL manual, 7.8.2.1): each term becomes a FROM query, around
// which the columns of order, mark and path are computed. It returns the definition
// without the clauses.
func (b *binder) searched(s *scope, def *ast.CTE) *ast.CTE {
	sel, _ := def.Query.(*ast.Select)
	if sel == nil || sel.SetOp == nil || sel.SetOp.Op != "union" {
		return def // fails for other reasons
	}
	w := &searchRewrite{b: b, def: def, search: def.Search, cycle: def.Cycle}
	w.names = b.termNames(s, def, sel)
	w.check(s)
	left, right := sel.SetOp.L, sel.SetOp.R
	if left.SetOp != nil {
		b.fail(def.Pos, pgerr.FeatureNotSupported, "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT")
	}
	if right.SetOp != nil {
		b.fail(def.Pos, pgerr.FeatureNotSupported, "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT")
	}
	alias, ok := topReference(right.From, def.Name)
	if !ok {
		b.fail(def.Pos, pgerr.FeatureNotSupported,
			"with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its right-hand SELECT", def.Name)
	}
	union, query, out := *sel.SetOp, *sel, *def
	union.L, union.R = w.left(left), w.right(right, alias)
	query.SetOp = &union
	out.Query, out.Search, out.Cycle = &query, nil, nil
	out.Columns = slices.Concat(w.names, w.extra())
	return &out
}

// termNames are the names of the query's own columns.
func (b *binder) termNames(s *scope, def *ast.CTE, sel *ast.Select) []string {
	inner := &scope{outer: s}
	b.bindWith(inner, sel.With)
	q := b.bindSelect(sel.SetOp.L, inner, selectOpts{resolve: true})
	names := slices.Clone(def.Columns)
	for i := len(names); i < len(q.cols); i++ {
		names = append(names, q.cols[i].Name)
	}
	return names
}

// topReference finds the alias of a table in FROM, joins included.
func topReference(from []ast.TableExpr, name string) (alias string, ok bool) {
	for _, t := range from {
		switch t := t.(type) {
		case *ast.TableRef:
			if t.Name.Schema == "" && t.Name.Name == name {
				if t.Alias != "" {
					return t.Alias, true
				}
				return name, true
			}
		case *ast.Join:
			if alias, ok = topReference([]ast.TableExpr{t.L, t.R}, name); ok {
				return alias, true
			}
		}
	}
	return "", false
}

// A searchRewrite is the work on one query.
type searchRewrite struct {
	b      *binder
	def    *ast.CTE
	search *ast.Search
	cycle  *ast.Cycle
	names  []string
}

// extra are the names of the columns that the clauses add.
func (w *searchRewrite) extra() (list []string) {
	if w.search != nil {
		list = append(list, w.search.Sequence)
	}
	if w.cycle != nil {
		list = append(list, w.cycle.Mark, w.cycle.Path)
	}
	return list
}

func (w *searchRewrite) check(s *scope) {
	if w.search != nil {
		w.checkColumns("search", w.search.Columns, w.search.Pos)
		w.checkNew("search sequence column", w.search.Sequence, w.search.Pos)
	}
	c := w.cycle
	if c == nil {
		return
	}
	w.checkColumns("cycle", c.Columns, c.Pos)
	v, d := w.b.expr(s, c.Value), w.b.expr(s, c.Default)
	w.b.commonType("CYCLE", []arg{{v, startOf(c.Value)}, {d, startOf(c.Default)}})
	w.checkNew("cycle mark column", c.Mark, c.Pos)
	w.checkNew("cycle path column", c.Path, c.Pos)
	if c.Mark == c.Path {
		w.fail(c.Pos, "cycle mark column name and cycle path column name are the same")
	}
	if w.search != nil && w.search.Sequence == c.Mark {
		w.fail(w.search.Pos, "search sequence column name and cycle mark column name are the same")
	}
	if w.search != nil && w.search.Sequence == c.Path {
		w.fail(w.search.Pos, "search sequence column name and cycle path column name are the same")
	}
}

func (w *searchRewrite) fail(pos int, format string, args ...any) {
	w.b.fail(pos, pgerr.SyntaxError, format, args...)
}

func (w *searchRewrite) checkColumns(clause string, cols []string, pos int) {
	for i, c := range cols {
		if !slices.Contains(w.names, c) {
			w.fail(pos, "%s column \"%s\" not in WITH query column list", clause, c)
		}
		if slices.Contains(cols[:i], c) {
			w.b.fail(pos, pgerr.DuplicateColumn, "%s column \"%s\" specified more than once", clause, c)
		}
	}
}

func (w *searchRewrite) checkNew(what, name string, pos int) {
	if slices.Contains(w.names, name) {
		w.fail(pos, "%s name \"%s\" already used in WITH query column list", what, name)
	}
}

func column(parts ...string) ast.Expr { return &ast.ColumnRef{Parts: parts} }

// rowOf is ROW(cols) of a term.
func rowOf(term string, cols []string, first ...ast.Expr) ast.Expr {
	r := &ast.Row{Explicit: true, Args: first}
	for _, c := range cols {
		r.Args = append(r.Args, column(term, c))
	}
	return r
}

func bigint(x ast.Expr) ast.Expr {
	return &ast.Cast{X: x, Type: ast.TypeName{Schema: "pg_catalog", Name: "int8"}}
}

func digits(text string) ast.Expr { return &ast.Const{Kind: ast.IntConst, Text: text} }

func (w *searchRewrite) own(term string) (list []ast.Target) {
	for _, c := range w.names {
		list = append(list, ast.Target{X: column(term, c), As: c})
	}
	return list
}

func (w *searchRewrite) left(term *ast.Select) *ast.Select {
	list := w.own(leftTerm)
	if f := w.search; f != nil {
		var x ast.Expr = &ast.ArrayExpr{Elems: []ast.Expr{rowOf(leftTerm, f.Columns)}}
		if f.Breadth {
			x = rowOf(leftTerm, f.Columns, bigint(digits("0")))
		}
		list = append(list, ast.Target{X: x, As: f.Sequence})
	}
	if c := w.cycle; c != nil {
		never := &ast.Case{Whens: []ast.When{{Cond: &ast.Const{Kind: ast.BoolConst, Text: "false"}, Result: c.Value}}, Else: c.Default}
		list = append(list, ast.Target{X: never, As: c.Mark},
			ast.Target{X: &ast.ArrayExpr{Elems: []ast.Expr{rowOf(leftTerm, c.Columns)}}, As: c.Path})
	}
	return &ast.Select{Targets: list, From: []ast.TableExpr{&ast.Subquery{Query: term, Alias: leftTerm, Columns: w.names}}}
}

func (w *searchRewrite) right(term *ast.Select, alias string) *ast.Select {
	inner := *term
	for _, name := range w.extra() {
		inner.Targets = append(slices.Clip(inner.Targets), ast.Target{X: column(alias, name), As: name})
	}
	list := w.own(rightTerm)
	if f := w.search; f != nil {
		var x ast.Expr = &ast.Binary{Op: "||", L: column(rightTerm, f.Sequence), R: &ast.ArrayExpr{Elems: []ast.Expr{rowOf(rightTerm, f.Columns)}}}
		if f.Breadth {
			depth := &ast.Indirection{X: column(rightTerm, f.Sequence), Path: []ast.Access{{Field: "f1", IsMember: true}}}
			x = rowOf(rightTerm, f.Columns, &ast.Binary{Op: "+", L: bigint(depth), R: bigint(digits("1"))})
		}
		list = append(list, ast.Target{X: x, As: f.Sequence})
	}
	var where ast.Expr
	if c := w.cycle; c != nil {
		seen := &ast.AnyAll{Op: "=", L: rowOf(rightTerm, c.Columns), Array: column(rightTerm, c.Path)}
		path := &ast.Binary{Op: "||", L: column(rightTerm, c.Path), R: &ast.ArrayExpr{Elems: []ast.Expr{rowOf(rightTerm, c.Columns)}}}
		list = append(list, ast.Target{X: &ast.Case{Whens: []ast.When{{Cond: seen, Result: c.Value}}, Else: c.Default}, As: c.Mark},
			ast.Target{X: path, As: c.Path})
		where = &ast.Binary{Op: "<>", L: column(rightTerm, c.Mark), R: c.Value}
	}
	cols := slices.Concat(w.names, w.extra())
	return &ast.Select{Targets: list, Where: where, From: []ast.TableExpr{&ast.Subquery{Query: &inner, Alias: rightTerm, Columns: cols}}}
}
