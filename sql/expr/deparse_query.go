package expr

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Printing queries as PostgreSQL prints views: names resolved, one clause a line.

// QueryNames are the names of the catalog, as they must be written to be found.
type QueryNames struct {
	Relation func(*catalog.Table) string
	Schema   func(schema string) string // "" if its objects are found without it
	Type     func(types.OID) string
	// Object is what a value of a reg* type stands for; false for other types.
	Object func(t, oid types.OID) (string, bool)
}

// A QueryStyle says how to print. Lines are broken where they would pass Wrap
// characters; 0: after each item, -1: never.
type QueryStyle struct {
	Pretty bool
	Wrap   int
}

// DeparseQuery prints a query, whose columns have the given names.
func DeparseQuery(s *rel.Shape, columns []string, names QueryNames, style QueryStyle) string {
	q := &queryPrinter{names: names, wrap: style.Wrap}
	p := &printer{b: &bytes.Buffer{}, pretty: style.Pretty, q: q}
	p.query(s, columns, true)
	return p.b.String()
}

// How far clauses, joins and parts of expressions are indented; PostgreSQL's.
const (
	indentStd   = 8
	indentJoin  = 4
	indentVar   = 4
	indentLimit = 40
)

// A queryPrinter is what a printer knows of the queries around an expression.
type queryPrinter struct {
	names  QueryNames
	wrap   int
	indent int
	levels []*level // the outermost query first
}

// A level is a query whose parts are being printed. names are unlike those of all
// enclosing queries.
type level struct {
	shape *rel.Shape
	names map[*rel.ShapeFrom]string
	cols  map[*rel.ShapeFrom]*columnNames
	open  map[*rel.ShapeFrom]bool // joins with an alias whose inside is being printed
}

// keyword puts a keyword on a new line of a query, before and after which the
// indentation changes; extra is for this line only.
func (p *printer) keyword(s string, before, after, extra int) {
	if p.q == nil {
		p.put(s)
		return
	}
	p.q.indent += before
	p.trimSpaces()
	n := max(p.q.indent, 0)
	if n >= indentLimit {
		n = (indentLimit + (p.q.indent-indentLimit)/(indentStd/2)) % indentLimit
	}
	p.put("\n", strings.Repeat(" ", n+extra), s)
	p.q.indent = max(p.q.indent+after, 0)
}

func (p *printer) trimSpaces() {
	text := bytes.TrimRight(p.b.Bytes(), " ")
	p.b.Truncate(len(text))
}

// clause puts a clause's keyword on a line.
func (p *printer) clause(s string, extra int) { p.keyword(s, -indentStd, indentStd, extra) }

// query prints a query. named says that the names of its columns are seen.
func (p *printer) query(s *rel.Shape, columns []string, named bool) {
	q, indent := p.q, p.q.indent
	q.levels = append(q.levels, q.newLevel(s))
	p.with(s)
	switch {
	case s.SetOp != nil:
		p.setOp(s, columns, named, true)
	default:
		p.basic(s, columns, named)
	}
	p.orderAndLimit(s)
	q.levels, q.indent = q.levels[:len(q.levels)-1], indent
}

func (p *printer) orderAndLimit(s *rel.Shape) {
	if len(s.OrderBy) > 0 {
		p.clause(" ORDER BY ", 1)
		for i, o := range s.OrderBy {
			p.comma(i)
			p.sortRef(o.T, s.SetOp != nil)
			p.direction(o.Desc, o.NullsFirst)
		}
	}
	if s.Offset != nil {
		p.clause(" OFFSET ", 0)
		p.expr(s.Offset, false)
	}
	switch {
	case s.LimitAll:
		p.clause(" LIMIT ", 0)
		p.put("ALL")
	case s.Limit != nil && s.WithTies:
		p.clause(" FETCH FIRST ", 0)
		p.put("(")
		p.expr(s.Limit, false)
		p.put(") ROWS WITH TIES")
	case s.Limit != nil:
		p.clause(" LIMIT ", 0)
		p.expr(s.Limit, false)
	}
	for _, l := range s.Locks {
		p.clause(" "+l.Strength, 0)
		p.put(" OF ", funcs.QuoteIdent(p.q.levels[len(p.q.levels)-1].names[l.Of]))
		if l.Wait != "" {
			p.put(" ", strings.ToUpper(l.Wait))
		}
	}
}

func (p *printer) comma(i int) {
	if i > 0 {
		p.put(", ")
	}
}

func (p *printer) direction(desc, nullsFirst bool) {
	switch {
	case desc && nullsFirst:
		p.put(" DESC")
	case desc:
		p.put(" DESC NULLS LAST")
	case nullsFirst:
		p.put(" NULLS FIRST")
	}
}

// sortRef prints what ORDER BY, GROUP BY or DISTINCT ON refers to.
func (p *printer) sortRef(t *rel.ShapeTarget, number bool) {
	if number {
		p.put(strconv.Itoa(t.N))
		return
	}
	p.sortExpr(t.X)
}

func (p *printer) sortExpr(x rel.Expr) {
	wrap := false
	switch x := x.(type) {
	case *rel.Const:
		p.typedConst(x)
		return
	case *rel.Col:
		_, call := p.q.column(x.ID)
		wrap = call != nil
	case *rel.Call:
		wrap = p.pretty || x.Op == ""
	case *rel.Cast:
		wrap = p.pretty || x.Method == funcs.ByFunc && x.ElemCast == nil
	case *rel.Typmod:
		wrap = true
	default:
		wrap = p.pretty
	}
	if wrap {
		p.put("(")
	}
	p.expr(x, true)
	if wrap {
		p.put(")")
	}
}

// typedConst prints a literal with its type in any case, so that it is no number of a
// column.
func (p *printer) typedConst(c *rel.Const) {
	start := p.b.Len()
	p.constant(c.T, c.D)
	if label := "::" + types.FormatType(c.T); !strings.HasSuffix(string(p.b.Bytes()[start:]), label) {
		p.put(label)
	}
}

// basic prints SELECT or VALUES up to WINDOW.
func (p *printer) basic(s *rel.Shape, columns []string, named bool) {
	p.q.indent += indentStd
	p.put(" ")
	if s.Values != nil && sameNames(s, columns) {
		p.valuesList(s.Values)
		return
	}
	p.put("SELECT")
	switch {
	case len(s.DistinctOn) > 0:
		p.put(" DISTINCT ON (")
		for i, t := range s.DistinctOn {
			p.comma(i)
			p.sortRef(t, false)
		}
		p.put(")")
	case s.Distinct:
		p.put(" DISTINCT")
	}
	p.targets(s, columns, named)
	p.from(s)
	if s.Where != nil {
		p.clause(" WHERE ", 1)
		p.expr(s.Where, false)
	}
	p.groupBy(s)
	if s.Having != nil {
		p.clause(" HAVING ", 0)
		p.expr(s.Having, false)
	}
	for i, w := range s.Windows {
		if i == 0 {
			p.clause(" WINDOW ", 1)
		}
		p.comma(i)
		p.put(funcs.QuoteIdent(w.Name), " AS ")
		p.window(w)
	}
}

// sameNames reports whether the columns of VALUES have their own names.
func sameNames(s *rel.Shape, columns []string) bool {
	for i, n := range columns {
		if i < len(s.Targets) && s.Targets[i].Name != n {
			return false
		}
	}
	return true
}

func (p *printer) valuesList(rows [][]rel.Expr) {
	p.put("VALUES ")
	for i, row := range rows {
		p.comma(i)
		p.put("(")
		for j, x := range row {
			if j > 0 {
				p.put(",")
			}
			if row, whole := x.(*rel.RowExpr); whole && p.q.wholeRow(p, row) {
				p.put("::", p.q.rowTypeName(row)) // or it would be read as its columns
				continue
			}
			p.expr(x, false)
		}
		p.put(")")
	}
}

func (p *printer) groupBy(s *rel.Shape) {
	if len(s.Group) == 0 {
		return
	}
	p.clause(" GROUP BY ", 1)
	if s.GroupDistinct {
		p.put("DISTINCT ")
	}
	sets := slices.ContainsFunc(s.Group, func(g rel.ShapeGroup) bool { return g.Kind != "" && g.Kind != "(" })
	n := 0
	for _, g := range s.Group {
		if g.Kind == "()" && len(s.Group) > 1 {
			continue // means nothing among others
		}
		if !sets && g.Kind == "(" { // a row is its columns
			for _, it := range g.Items {
				p.comma(n)
				p.groupItem(it, true)
				n++
			}
			continue
		}
		p.comma(n)
		p.groupItem(g, true)
		n++
	}
}

func (p *printer) groupItem(g rel.ShapeGroup, bare bool) {
	switch g.Kind {
	case "":
		p.put(pick(bare, "", "("))
		p.sortRef(g.T, false)
		p.put(pick(bare, "", ")"))
	case "()":
		p.put("()")
	default:
		p.put(g.Kind)
		for i, it := range g.Items {
			p.comma(i)
			p.groupItem(it, g.Kind != "GROUPING SETS (")
		}
		p.put(")")
	}
}

// targets prints the select list.
func (p *printer) targets(s *rel.Shape, columns []string, named bool) {
	multiline := false
	for i, t := range s.Targets {
		if t.N == 0 {
			continue
		}
		p.put(pick(i > 0, ", ", " "))
		name := t.Name
		if i < len(columns) {
			name = columns[i]
		}
		item := p.apart(func() { p.target(t, name, named) })
		p.place(item, i > 0, multiline)
		multiline = bytes.Contains(bytes.TrimPrefix(item, []byte("\n")), []byte("\n"))
	}
}

func (p *printer) target(t *rel.ShapeTarget, name string, named bool) {
	has := pick(named, "", "?column?")
	c, plain := t.X.(*rel.Col)
	row, whole := t.X.(*rel.RowExpr)
	switch {
	case plain && p.q.columnName(c.ID) != "":
		p.expr(c, true)
		has = p.q.columnName(c.ID)
	case whole && p.q.wholeRow(p, row):
		p.put("::", p.q.rowTypeName(row))
	default:
		p.expr(t.X, true)
	}
	if name != has {
		p.put(" AS ", funcs.QuoteIdent(name))
	}
}

// apart prints into a buffer of its own.
func (p *printer) apart(f func()) []byte {
	outer := p.b
	p.b = &bytes.Buffer{}
	f()
	item := p.b.Bytes()
	p.b = outer
	return item
}

// place puts an item of a list on the line, or on the next if it would be too long.
func (p *printer) place(item []byte, more, force bool) {
	switch {
	case p.q.wrap < 0:
	case bytes.HasPrefix(item, []byte("\n")):
		p.trimSpaces()
	case more:
		line := p.b.Bytes()
		line = line[bytes.LastIndexByte(line, '\n')+1:]
		if force || len(line)+len(item) > p.q.wrap {
			p.keyword("", -indentStd, indentStd, indentVar)
		}
	}
	p.b.Write(item)
}

// setOp prints L op R. top says that s is the query and not an operand.
func (p *printer) setOp(s *rel.Shape, columns []string, named, top bool) {
	op := s.SetOp
	nested := op.L.SetOp != nil && plainOperand(op.L)
	wrap := nested && (op.L.SetOp.Op != op.Op || op.L.SetOp.All != op.All)
	sub := 0
	if wrap {
		sub = indentStd
		p.put("(")
		p.keyword("", sub, 0, 0)
	}
	p.operand(op.L, columns, named)
	if wrap {
		p.keyword(") ", -sub, 0, 0)
	} else {
		p.keyword("", -sub, 0, 0)
	}
	p.put([]string{rel.Union: "UNION ", rel.Intersect: "INTERSECT ", rel.Except: "EXCEPT "}[op.Op], pick(op.All, "ALL ", ""))
	sub = 0
	wrap = op.R.SetOp != nil && plainOperand(op.R)
	if wrap {
		sub = indentStd
		p.put("(")
	}
	p.keyword("", sub, 0, 0)
	p.operand(op.R, columns, false)
	p.q.indent -= sub
	if wrap {
		p.keyword(")", 0, 0, 0)
	}
}

// plainOperand reports whether a set operation is an operand of another as it is; with
// WITH, ORDER BY or LIMIT it is a query of its own.
func plainOperand(s *rel.Shape) bool {
	return len(s.CTEs) == 0 && len(s.OrderBy) == 0 && s.Limit == nil && s.Offset == nil && !s.LimitAll && len(s.Locks) == 0
}

func (p *printer) operand(s *rel.Shape, columns []string, named bool) {
	switch {
	case !plainOperand(s):
		p.put("(")
		p.query(s, columns, named)
		p.put(")")
	case s.SetOp != nil:
		p.setOp(s, columns, named, false)
	default:
		p.query(s, columns, named)
	}
}

func (p *printer) with(s *rel.Shape) {
	if len(s.CTEs) == 0 {
		return
	}
	p.q.indent += indentStd
	p.put(" ", pick(s.Recursive, "WITH RECURSIVE ", "WITH "))
	for i, c := range s.CTEs {
		p.comma(i)
		p.put(funcs.QuoteIdent(c.Name))
		if len(c.Columns) > 0 {
			p.put("(", identList(c.Columns), ")")
		}
		p.put(" AS ")
		if c.Materialized != nil {
			p.put(pick(*c.Materialized, "MATERIALIZED ", "NOT MATERIALIZED "))
		}
		p.put("(")
		p.keyword("", 0, 0, 0)
		p.query(c.Query, nil, true)
		p.keyword("", 0, 0, 0)
		p.put(")")
		p.searchAndCycle(c)
	}
	p.q.indent -= indentStd
	p.keyword("", 0, 0, 0)
}

func (p *printer) searchAndCycle(c rel.ShapeCTE) {
	if s := c.Search; s != nil {
		p.put(" SEARCH ", pick(s.Breadth, "BREADTH", "DEPTH"), " FIRST BY ", identList(s.Columns), " SET ", funcs.QuoteIdent(s.Sequence))
	}
	if y := c.Cycle; y != nil {
		p.put(" CYCLE ", identList(y.Columns), " SET ", funcs.QuoteIdent(y.Mark))
		if y.Value != nil && !defaultMarks(y) {
			p.put(" TO ")
			p.expr(y.Value, false)
			p.put(" DEFAULT ")
			p.expr(y.Default, false)
		}
		p.put(" USING ", funcs.QuoteIdent(y.Path))
	}
}

func defaultMarks(y *rel.ShapeCycle) bool {
	v, okV := y.Value.(*rel.Const)
	d, okD := y.Default.(*rel.Const)
	return okV && okD && v.T.OID == types.BoolOID && d.T.OID == types.BoolOID && v.D.Bool() && !d.D.Bool()
}

func identList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = funcs.QuoteIdent(n)
	}
	return strings.Join(quoted, ", ")
}
