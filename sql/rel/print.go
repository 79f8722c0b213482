package rel

import (
	"fmt"
	"strings"

	"zorya/sql/types"
)

// Print shows a tree, a node a line, for tests and debugging. Columns are
// name@id.
func Print(n Node) string {
	p := &printer{seen: map[*CTE]bool{}}
	p.node(n, 0)
	return p.b.String()
}

// PrintExpr shows an expression as Print does.
func PrintExpr(e Expr) string {
	p := &printer{seen: map[*CTE]bool{}, inline: true}
	return p.expr(e)
}

type printer struct {
	b      strings.Builder
	seen   map[*CTE]bool
	subs   []*Subquery // printed below the node that has them
	inline bool
}

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) node(n Node, depth int) {
	subs := p.subs
	p.subs = nil
	p.line(depth, "%s", p.head(n))
	mine := p.subs
	p.subs = subs
	for i, s := range mine {
		p.line(depth+1, "subquery %d", i+1)
		p.node(s.Query, depth+2)
	}
	if w, ok := n.(*With); ok {
		p.with(w, depth)
		return
	}
	for _, c := range NodeInputs(n) {
		p.node(c, depth+1)
	}
}

func (p *printer) with(w *With, depth int) {
	for _, c := range w.CTEs {
		p.line(depth+1, "cte %s (%s)", c.Name, p.cols(c.Cols))
		p.node(c.Query, depth+2)
		if c.Recursive != nil {
			all := ""
			if c.UnionAll {
				all = " all"
			}
			p.line(depth+1, "union%s", all)
			p.node(c.Recursive, depth+2)
		}
	}
	p.node(w.Body, depth+1)
}

var joinNames = [...]string{"inner", "left", "right", "full", "semi", "anti"}

// head is a node's own line.
func (p *printer) head(n Node) string {
	switch n := n.(type) {
	case *Scan:
		s := "scan " + aliased(n.Table.Name, n.Alias) + " (" + p.cols(n.Cols) + ")"
		if n.RowID != 0 {
			s += fmt.Sprintf(" rowid@%d", n.RowID)
		}
		if n.Whole != 0 {
			s += fmt.Sprintf(" whole@%d", n.Whole)
		}
		return s
	case *Virtual:
		return "virtual " + aliased(n.Table.Name, n.Alias) + " (" + p.cols(n.Cols) + ")"
	case *Values:
		rows := make([]string, len(n.Rows))
		for i, r := range n.Rows {
			rows[i] = "(" + p.exprs(r) + ")"
		}
		return "values (" + p.cols(n.Cols) + ") " + strings.Join(rows, " ")
	case *FuncScan:
		fs := make([]string, len(n.Funcs))
		for i, f := range n.Funcs {
			fs[i] = p.expr(f.X)
			if f.Record {
				fs[i] += " record"
			}
		}
		return "function " + strings.Join(fs, ", ") + " (" + p.cols(n.Cols) + ")"
	case *Filter:
		return "filter " + p.expr(n.Cond)
	case *Project:
		return "project " + p.assigns(n.Cols, n.Exprs)
	case *ProjectSet:
		return "project set " + p.assigns(n.Cols, n.Exprs)
	case *Join:
		return p.join(n)
	case *Aggregate:
		return p.aggregate(n)
	case *Window:
		return p.window(n)
	case *DistinctOn:
		if n.On == nil {
			return "distinct"
		}
		return "distinct on " + ids(n.On)
	case *SetOp:
		return p.setOp(n)
	case *Sort:
		return "sort " + sortKeys(n.Keys)
	case *Limit:
		return p.limit(n)
	case *With:
		return "with"
	case *CTERef:
		return "cte ref " + aliased(n.CTE.Name, n.Alias) + " (" + p.cols(n.Cols) + ")"
	case *WorkRef:
		return "work table " + n.CTE.Name + " (" + p.cols(n.Cols) + ")"
	case *LockRows:
		return p.lockRows(n)
	case *Insert:
		return "insert " + n.Table.Name + p.conflict(n.OnConflict) + p.returning(n.Returning)
	case *Update:
		sets := make([]string, len(n.Attrs))
		for i, a := range n.Attrs {
			sets[i] = fmt.Sprintf("%s=@%d", n.Table.Columns[a].Name, n.New[i])
		}
		return "update " + n.Table.Name + " set " + strings.Join(sets, ", ") + p.returning(n.Returning)
	case *Delete:
		return "delete " + n.Table.Name + p.returning(n.Returning)
	}
	return fmt.Sprintf("%T", n)
}

func (p *printer) join(n *Join) string {
	s := "join " + joinNames[n.Kind]
	if n.Lateral {
		s += " lateral"
	}
	if n.On != nil {
		s += " on " + p.expr(n.On)
	}
	return s
}

func (p *printer) aggregate(n *Aggregate) string {
	s := "aggregate"
	if len(n.Group) > 0 {
		s += " by " + p.cols(n.Group)
	}
	if n.Sets != nil {
		s += fmt.Sprintf(" sets %v", n.Sets)
	}
	for _, a := range n.Aggs {
		s += fmt.Sprintf(" %s@%d=%s", a.Out.Name, a.Out.ID, p.call(a.Fn.Name, a.Star, a.Distinct, append(append([]Expr(nil), a.Direct...), a.Args...)))
		if len(a.Order) > 0 {
			s += " order " + sortKeys(a.Order)
		}
		if a.Filter != nil {
			s += " filter " + p.expr(a.Filter)
		}
	}
	return s
}

func (p *printer) call(name string, star, distinct bool, args []Expr) string {
	if star {
		return name + "(*)"
	}
	if distinct {
		name += "(distinct "
	} else {
		name += "("
	}
	return name + p.exprs(args) + ")"
}

func (p *printer) window(n *Window) string {
	s := "window"
	if len(n.Partition) > 0 {
		s += " partition " + ids(n.Partition)
	}
	if len(n.Order) > 0 {
		s += " order " + sortKeys(n.Order)
	}
	for _, w := range n.Funcs {
		s += fmt.Sprintf(" %s@%d=%s", w.Out.Name, w.Out.ID, p.call(w.Fn.Name, w.Star, false, w.Args))
		if !w.Frame.Default {
			s += fmt.Sprintf(" %s %d..%d", w.Frame.Mode, w.Frame.Start.Kind, w.Frame.End.Kind)
		}
	}
	return s
}

func (p *printer) setOp(n *SetOp) string {
	s := [...]string{"union", "intersect", "except"}[n.Op]
	if n.All {
		s += " all"
	}
	return s + " (" + p.cols(n.Cols) + ")"
}

func (p *printer) limit(n *Limit) string {
	s := "limit"
	if n.Count != nil {
		s += " " + p.expr(n.Count)
	}
	if n.Offset != nil {
		s += " offset " + p.expr(n.Offset)
	}
	if n.WithTies {
		s += " with ties"
	}
	return s
}

func (p *printer) lockRows(n *LockRows) string {
	s := "lock"
	for _, l := range n.Locks {
		mode := "update"
		if l.Share {
			mode = "share"
		}
		s += fmt.Sprintf(" %s@%d %s", l.Table.Name, l.RowID, mode)
	}
	return s
}

func (p *printer) conflict(c *OnConflict) string {
	if c == nil {
		return ""
	}
	s := " on conflict"
	if c.Index != nil {
		s += " " + c.Index.Name
	}
	if !c.DoUpdate {
		return s + " do nothing"
	}
	s += fmt.Sprintf(" do update (old %s; excluded %s)", p.cols(live(c.Old)), p.cols(live(c.Excluded)))
	for i, a := range c.Attrs {
		s += fmt.Sprintf(" #%d=%s", a+1, p.expr(c.New[i]))
	}
	if c.Where != nil {
		s += " where " + p.expr(c.Where)
	}
	return s
}

func live(cols []Column) []Column {
	var list []Column
	for _, c := range cols {
		if c.ID != 0 {
			list = append(list, c)
		}
	}
	return list
}

func (p *printer) returning(r *Project) string {
	if r == nil {
		return ""
	}
	return " returning " + p.assigns(r.Cols, r.Exprs)
}

func aliased(name, alias string) string {
	if alias == "" || alias == name {
		return name
	}
	return name + " " + alias
}

func (p *printer) cols(cols []Column) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = fmt.Sprintf("%s@%d", c.Name, c.ID)
	}
	return strings.Join(list, ", ")
}

// assigns prints computed columns; one that is passed on is printed alone.
func (p *printer) assigns(cols []Column, xs []Expr) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = fmt.Sprintf("%s@%d", c.Name, c.ID)
		if col, ok := xs[i].(*Col); !ok || col.ID != c.ID {
			list[i] += "=" + p.expr(xs[i])
		}
	}
	return strings.Join(list, ", ")
}

func ids(list []ColID) string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = fmt.Sprintf("@%d", id)
	}
	return strings.Join(out, ", ")
}

func sortKeys(keys []SortKey) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = fmt.Sprintf("@%d", k.Col)
		if k.Desc {
			out[i] += " desc"
		}
		if k.NullsFirst != k.Desc {
			out[i] += map[bool]string{true: " nulls first", false: " nulls last"}[k.NullsFirst]
		}
	}
	return strings.Join(out, ", ")
}

func (p *printer) exprs(list []Expr) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = p.expr(e)
	}
	return strings.Join(out, ", ")
}

func (p *printer) expr(e Expr) string {
	switch e := e.(type) {
	case nil:
		return "-"
	case *Const:
		return p.constant(e)
	case *Param:
		return fmt.Sprintf("$%d:%s", e.N, types.FormatType(e.T))
	case *Col:
		return fmt.Sprintf("@%d", e.ID)
	case *Call:
		return p.callExpr(e)
	case *Cast:
		s := p.expr(e.X) + "::" + types.FormatType(e.T)
		if e.Domain != 0 {
			s += fmt.Sprintf("[domain %d]", e.Domain)
		}
		return s
	case *Typmod:
		return p.expr(e.X) + "::" + types.FormatType(e.T)
	case *Bool:
		return p.boolean(e)
	case *IsTest:
		s := p.expr(e.X) + " is "
		if e.Not {
			s += "not "
		}
		return s + [...]string{"null", "true", "false", "unknown"}[e.What]
	case *Distinct:
		if e.Not {
			return p.expr(e.L) + " is not distinct from " + p.expr(e.R)
		}
		return p.expr(e.L) + " is distinct from " + p.expr(e.R)
	case *AnyAll:
		return p.expr(e.L) + " " + e.Op + map[bool]string{true: " all ", false: " any "}[e.All] + "(" + p.expr(e.Array) + ")"
	case *Case:
		return p.caseExpr(e)
	case *CaseArg:
		return "case-arg"
	case *Coalesce:
		return "coalesce(" + p.exprs(e.Args) + ")"
	case *MinMax:
		return map[bool]string{true: "greatest(", false: "least("}[e.Greatest] + p.exprs(e.Args) + ")"
	case *NullIf:
		return "nullif(" + p.exprs([]Expr{e.L, e.R}) + ")"
	case *RowExpr:
		return "row(" + p.exprs(e.Args) + ")"
	case *ArrayExpr:
		return "array[" + p.exprs(e.Elems) + "]"
	case *RowCompare:
		return "(" + p.exprs(e.L) + ") " + e.Op + " (" + p.exprs(e.R) + ")"
	case *Field:
		return p.expr(e.X) + "." + e.Name
	case *Subscript:
		return p.subscript(e)
	case *Subquery:
		return p.subquery(e)
	case *SQLValue:
		return e.Name
	}
	return fmt.Sprintf("%T", e)
}

func (p *printer) constant(e *Const) string {
	s := "null"
	if !e.D.IsNull() {
		s = p.datum(e)
	}
	if e.Slot > 0 {
		s += fmt.Sprintf("#%d", e.Slot)
	}
	return s
}

func (p *printer) datum(e *Const) string {
	t := types.FormatType(types.Of(e.T.OID))
	text := string(types.AppendText(nil, e.T.OID, e.D, types.DefaultFormat))
	switch e.T.OID {
	case types.Int4OID:
		return text
	case types.BoolOID:
		return map[bool]string{true: "true", false: "false"}[e.D.Bool()]
	}
	return "'" + text + "':" + t
}

func (p *printer) callExpr(e *Call) string {
	switch {
	case e.Op != "" && len(e.Args) == 2:
		return "(" + p.expr(e.Args[0]) + " " + e.Op + " " + p.expr(e.Args[1]) + ")"
	case e.Op != "":
		return "(" + e.Op + " " + p.exprs(e.Args) + ")"
	}
	return e.Fn.Name + "(" + p.exprs(e.Args) + ")"
}

func (p *printer) boolean(e *Bool) string {
	if e.Op == Not {
		return "not " + p.exprs(e.Args)
	}
	out := make([]string, len(e.Args))
	for i, a := range e.Args {
		out[i] = p.expr(a)
	}
	return "(" + strings.Join(out, map[BoolOp]string{And: " and ", Or: " or "}[e.Op]) + ")"
}

func (p *printer) caseExpr(e *Case) string {
	s := "case"
	if e.Arg != nil {
		s += " " + p.expr(e.Arg)
	}
	for _, w := range e.Whens {
		s += " when " + p.expr(w.Cond) + " then " + p.expr(w.Result)
	}
	if e.Else != nil {
		s += " else " + p.expr(e.Else)
	}
	return s + " end"
}

func (p *printer) subscript(e *Subscript) string {
	s := p.expr(e.X)
	for i := range e.Hi {
		if e.Slice {
			s += "[" + p.expr(e.Lo[i]) + ":" + p.expr(e.Hi[i]) + "]"
		} else {
			s += "[" + p.expr(e.Hi[i]) + "]"
		}
	}
	if e.Assign {
		s += " := " + p.expr(e.Value)
	}
	return s
}

func (p *printer) subquery(e *Subquery) string {
	kind := [...]string{"scalar", "exists", "any", "all", "array"}[e.Kind]
	if p.inline {
		return kind + "(…)"
	}
	p.subs = append(p.subs, e)
	s := fmt.Sprintf("%s(subquery %d", kind, len(p.subs))
	if e.Cmp != nil {
		s += ": " + p.expr(e.Cmp)
	}
	return s + ")"
}
