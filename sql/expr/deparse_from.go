package expr

import (
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// newLevel names the FROM entries of a query.
func (q *queryPrinter) newLevel(s *rel.Shape) *level {
	l := &level{shape: s, names: map[*rel.ShapeFrom]string{}, cols: map[*rel.ShapeFrom]*columnNames{}, open: map[*rel.ShapeFrom]bool{}}
	used := map[string]bool{}
	for _, outer := range q.levels {
		for _, n := range outer.names {
			used[n] = true
		}
	}
	for _, f := range s.From {
		l.name(f, used)
	}
	l.nameColumns()
	return l
}

// name gives an entry and what is in it names that are not in use.
func (l *level) name(f *rel.ShapeFrom, used map[string]bool) {
	if f.Join != nil {
		l.name(f.Join.L, used)
		l.name(f.Join.R, used)
	}
	base := f.Alias
	switch {
	case base != "":
	case f.Table != nil:
		base = f.Table.Name
	case f.Join == nil:
		base = f.Name
	}
	if base == "" {
		return
	}
	n := base
	for i := 1; used[n]; i++ {
		n = numbered(base, i)
	}
	used[n] = true
	l.names[f] = n
}

// find looks a column up: the name of its FROM entry ("" for a join without an alias)
// and its own, or the call whose result it is.
func (q *queryPrinter) find(id rel.ColID) (entry *rel.ShapeFrom, ref, col string, call *rel.ShapeCall) {
	for i := len(q.levels) - 1; i >= 0; i-- {
		l := q.levels[i]
		for _, f := range l.shape.From {
			if e, c := l.findIn(f, id); e != nil {
				return e, l.names[e], c, nil
			}
		}
		if n := valuesName(l.shape, id); n != "" {
			return nil, "*VALUES*", n, nil
		}
		if c := l.shape.Calls[id]; c != nil {
			return nil, "", "", c
		}
	}
	return nil, "", "", nil
}

func (l *level) findIn(f *rel.ShapeFrom, id rel.ColID) (*rel.ShapeFrom, string) {
	if f.Join != nil && (f.Alias == "" || l.open[f]) {
		for _, side := range []*rel.ShapeFrom{f.Join.L, f.Join.R} {
			if e, c := l.findIn(side, id); e != nil {
				return e, c
			}
		}
	}
	for i, c := range f.Cols {
		if c.ID == id {
			return f, l.cols[f].names[i]
		}
	}
	return nil, ""
}

// column is how a column is referred to, or the call whose result it is.
func (q *queryPrinter) column(id rel.ColID) (text string, call *rel.ShapeCall) {
	_, ref, col, call := q.find(id)
	if ref == "" {
		return funcs.QuoteIdent(col), call
	}
	return funcs.QuoteIdent(ref) + "." + funcs.QuoteIdent(col), nil
}

// valuesName is the name of a column of VALUES with something around it, which has no
// entry in FROM.
func valuesName(s *rel.Shape, id rel.ColID) string {
	if s.Values == nil {
		return ""
	}
	for _, t := range s.Targets {
		if c, ok := t.X.(*rel.Col); ok && c.ID == id {
			return t.Name
		}
	}
	return ""
}

// columnName is a column's own name, "" for the result of a call.
func (q *queryPrinter) columnName(id rel.ColID) string {
	_, _, col, _ := q.find(id)
	return col
}

// entryOf is the FROM entry whose whole row e is; nil if it is none's.
func (q *queryPrinter) entryOf(e *rel.RowExpr) (*rel.ShapeFrom, string) {
	if len(e.Names) == 0 || len(e.Names) != len(e.Args) {
		return nil, ""
	}
	c, ok := e.Args[0].(*rel.Col)
	if !ok {
		return nil, ""
	}
	f, ref, _, _ := q.find(c.ID)
	if f == nil || len(f.Cols) != len(e.Args) {
		return nil, ""
	}
	return f, ref
}

// wholeRow prints the whole row of a FROM entry; false if e is none.
func (q *queryPrinter) wholeRow(p *printer, e *rel.RowExpr) bool {
	f, ref := q.entryOf(e)
	if f == nil {
		return false
	}
	p.put(funcs.QuoteIdent(ref), ".*")
	return true
}

// rowTypeName is the type of a whole row.
func (q *queryPrinter) rowTypeName(e *rel.RowExpr) string {
	if f, _ := q.entryOf(e); f != nil && f.Table != nil {
		return q.names.Relation(f.Table)
	}
	return "record"
}

// from prints FROM.
func (p *printer) from(s *rel.Shape) {
	if s.Values != nil {
		p.clause(" FROM ", 2)
		p.put("(")
		p.valuesList(s.Values)
		p.put(") \"*VALUES*\"")
		return
	}
	for i, f := range s.From {
		if i == 0 {
			p.clause(" FROM ", 2)
			p.fromItem(f)
			continue
		}
		p.put(", ")
		item := p.apart(func() { p.fromItem(f) })
		p.place(item, true, false)
	}
}

func (p *printer) fromItem(f *rel.ShapeFrom) {
	if f.Join != nil {
		p.join(f)
		return
	}
	if f.Lateral {
		p.put("LATERAL ")
	}
	switch {
	case f.Table != nil:
		if f.Only {
			p.put("ONLY ")
		}
		p.put(p.q.names.Relation(f.Table))
	case f.Query != nil:
		p.put("(")
		p.query(f.Query, nil, true)
		p.put(")")
	case f.CTE != "":
		p.put(funcs.QuoteIdent(f.CTE))
	default:
		p.tableFuncs(f)
	}
	p.alias(f)
}

// alias prints an entry's alias where it is needed, and its columns' names.
func (p *printer) alias(f *rel.ShapeFrom) {
	name := p.q.levels[len(p.q.levels)-1].names[f]
	if f.Alias != "" || f.Funcs != nil || p.q.levels[len(p.q.levels)-1].cols[f].print || name != f.Name && f.Join == nil {
		p.put(" ", funcs.QuoteIdent(name))
	}
	cols := p.q.levels[len(p.q.levels)-1].cols[f]
	if len(f.Funcs) == 1 && len(f.Funcs[0].Defs) > 0 && !f.RowsFrom {
		p.columnDefs(cols.names, f.Funcs[0].Defs)
		return
	}
	if !cols.print {
		return
	}
	p.put("(")
	for i, c := range cols.all {
		p.comma(i)
		p.put(funcs.QuoteIdent(c.name))
	}
	p.put(")")
}

func (p *printer) columnDefs(names []string, defs []rel.Column) {
	p.put("(")
	for i, d := range defs {
		p.comma(i)
		name := d.Name
		if i < len(names) {
			name = names[i]
		}
		p.put(funcs.QuoteIdent(name), " ", types.FormatType(d.T))
	}
	p.put(")")
}

func (p *printer) tableFuncs(f *rel.ShapeFrom) {
	switch {
	case len(f.Funcs) == 1 && (len(f.Funcs[0].Defs) == 0 || !f.Ordinality):
		p.tableFunc(f.Funcs[0].X)
	case !f.RowsFrom:
		p.put("UNNEST(")
		for i, x := range f.Funcs {
			p.comma(i)
			if c, ok := x.X.(*rel.Call); ok {
				p.expr(c.Args[0], true)
			}
		}
		p.put(")")
	default:
		p.put("ROWS FROM(")
		for i, x := range f.Funcs {
			p.comma(i)
			p.tableFunc(x.X)
			if len(x.Defs) > 0 {
				p.put(" AS ")
				p.columnDefs(nil, x.Defs)
			}
		}
		p.put(")")
	}
	if f.Ordinality {
		p.put(" WITH ORDINALITY")
	}
}

// tableFunc prints a function of FROM, which must look like one.
func (p *printer) tableFunc(x rel.Expr) {
	switch e := x.(type) {
	case *rel.Call:
		if e.Op == "" {
			p.expr(x, true)
			return
		}
	case *rel.Coalesce, *rel.MinMax, *rel.NullIf, *rel.SQLValue:
		p.expr(x, true)
		return
	}
	p.put("CAST(")
	p.expr(x, false)
	p.put(" AS ", types.FormatType(x.Type()), ")")
}

var joinWords = map[rel.JoinKind]string{rel.Inner: " JOIN ", rel.Left: " LEFT JOIN ", rel.Right: " RIGHT JOIN ", rel.Full: " FULL JOIN "}

func (p *printer) join(f *rel.ShapeFrom) {
	j, l := f.Join, p.q.levels[len(p.q.levels)-1]
	l.open[f] = true
	bare := p.pretty && f.Alias == ""
	p.put(pick(bare, "", "("))
	p.fromItem(j.L)
	if j.Kind == rel.Inner && j.On == nil {
		p.keyword(" CROSS JOIN ", -indentStd, indentStd, indentJoin)
	} else {
		p.keyword(joinWords[j.Kind], -indentStd, indentStd, indentJoin)
	}
	wrap := p.pretty && j.R.Join != nil && j.R.Alias == ""
	p.put(pick(wrap, "(", ""))
	p.fromItem(j.R)
	p.put(pick(wrap, ")", ""))
	switch {
	case len(j.Using) > 0:
		p.put(" USING (", identList(l.cols[f].using), ")")
		if j.UsingAlias != "" {
			p.put(" AS ", funcs.QuoteIdent(j.UsingAlias))
		}
	case j.On != nil:
		p.put(" ON ")
		p.open()
		p.expr(j.On, false)
		p.close()
	case j.Kind != rel.Inner:
		p.put(" ON TRUE")
	}
	p.put(pick(bare, "", ")"))
	l.open[f] = false
	if f.Alias != "" {
		p.alias(f)
	}
}
