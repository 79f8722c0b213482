package plan

import (
	"fmt"
	"strings"
	"time"

	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/tuple"
)

// ExplainOptions say what EXPLAIN prints. Format is "", "text", "json", "yaml" or "xml".
type ExplainOptions struct {
	Analyze, Verbose, Costs, Timing, Summary bool
	Format                                   string
	// Planning and Execution are for Summary in the other formats than text.
	Planning, Execution time.Duration
}

// Explain prints a plan as the original does (reference §6): PostgreSQL's text,
// and below each scan what storage does for it. actual is nil without ANALYZE.
// Planning and execution times are the caller's to add to the text format.
func Explain(p *Plan, o ExplainOptions, actual map[Node]*Actual) []string {
	x := &explainer{o: o, actual: actual, names: map[rel.ColID]string{}, qualified: relations(p.Root) > 1 || o.Verbose}
	x.nameColumns(p.Root)
	tree := x.node(p.Root, "")
	if write := formats[o.Format]; write != nil {
		return []string{write(x.document(tree))}
	}
	var lines []string
	tree.text(&lines, 0, true)
	return lines
}

// A described node is its line, its properties and what is below it.
type described struct {
	title    string
	cost     string
	props    []property
	children []*described
	storage  []*described // printed without PostgreSQL's wider arrow
	label    string       // "InitPlan 1 (returns $0)", "CTE x": a line above the node
	id       []field      // what title says, for the formats that have it apart
	est      *Estimate
	act      *Actual
	untimed  bool // its rows are counted, its time is not taken
}

// A property is a line below a node. One that is a list of things has them apart too.
type property struct {
	name, value string
	list        []string
}

func (d *described) add(name, value string) {
	if value != "" {
		d.props = append(d.props, property{name: name, value: value})
	}
}

// addList adds a property that is a list.
func (d *described) addList(name string, list []string) {
	if len(list) > 0 {
		d.props = append(d.props, property{name, strings.Join(list, ", "), list})
	}
}

// text prints d with its arrow at an indentation: PostgreSQL indents by six a level,
// the first line of a child by four fewer.
func (d *described) text(lines *[]string, indent int, root bool) {
	pad := strings.Repeat(" ", indent)
	inner := indent + 2
	if root {
		*lines = append(*lines, strings.TrimRight(d.title+gap(d.cost)+d.cost, " "))
	} else {
		if d.label != "" {
			*lines = append(*lines, pad+d.label)
			indent += 2
			pad = strings.Repeat(" ", indent)
		}
		*lines = append(*lines, strings.TrimRight(pad+"->  "+d.title+gap(d.cost)+d.cost, " "))
		inner = indent + 6
	}
	d.below(lines, inner)
}

func (d *described) below(lines *[]string, inner int) {
	pad := strings.Repeat(" ", inner)
	for _, p := range d.props {
		*lines = append(*lines, pad+p.name+": "+p.value)
	}
	for _, s := range d.storage {
		*lines = append(*lines, strings.TrimRight(pad+"-> "+s.title+" "+s.cost, " "))
		s.below(lines, inner+5)
	}
	for _, c := range d.children {
		c.text(lines, inner, false)
	}
}

func ms(d time.Duration, loops int64) float64 {
	return float64(d.Nanoseconds()) / 1e6 / float64(loops)
}

// relations counts the tables and functions that a plan reads.
func relations(n Node) int {
	count := 0
	switch n.(type) {
	case *TableScan, *VirtualScan, *FuncScan, *CTEScan, *WorkScan:
		count = 1
	}
	for _, in := range n.Inputs() {
		count += relations(in)
	}
	return count
}

// An explainer prints one plan.
type explainer struct {
	o         ExplainOptions
	actual    map[Node]*Actual
	names     map[rel.ColID]string
	qualified bool
	plans     []*SubPlan // met in the expressions of the node at hand
}

// nameColumns finds the text of every column that a plan makes.
func (x *explainer) nameColumns(n Node) {
	for _, in := range n.Inputs() {
		x.nameColumns(in)
	}
	switch n := n.(type) {
	case *TableScan:
		x.fromTable(n.Scan.Cols, aliasOf(n.Scan.Alias, n.Scan.Table.Name))
	case *VirtualScan:
		x.fromTable(n.Virtual.Cols, aliasOf(n.Virtual.Alias, n.Virtual.Table.Name))
	case *FuncScan:
		x.fromTable(n.Columns(), n.Rel.Alias)
	case *CTEScan:
		x.fromTable(n.Columns(), aliasOf(n.Alias, n.CTE.Rel.Name))
	case *WorkScan:
		x.fromTable(n.Columns(), n.CTE.Rel.Name)
	case *Values:
		for i, c := range n.Cols {
			x.names[c.ID] = fmt.Sprintf("\"*VALUES*\".column%d", i+1)
		}
	case *Project:
		for i, c := range n.Cols {
			x.names[c.ID] = x.expr(n.Exprs[i])
		}
	case *ProjectSet:
		for i, c := range n.Cols {
			x.names[c.ID] = x.expr(n.Exprs[i])
		}
	case *Result:
		for i, c := range n.Cols {
			if i < len(n.Exprs) {
				x.names[c.ID] = x.expr(n.Exprs[i])
			}
		}
	case *Aggregate:
		for _, a := range n.Rel.Aggs {
			x.names[a.Out.ID] = x.aggregate(&a)
		}
	case *Window:
		for _, f := range n.Rel.Funcs {
			x.names[f.Out.ID] = f.Fn.Name + "(" + strings.Join(x.exprs(f.Args), ", ") + ") OVER (?)"
		}
	case *Append:
		for i, c := range n.Cols {
			if len(n.In) > 0 && i < len(n.In[0].Columns()) {
				x.names[c.ID] = x.names[n.In[0].Columns()[i].ID]
			}
		}
	case *SetOp:
		for i, c := range n.Cols {
			x.names[c.ID] = x.names[n.L.Columns()[i].ID]
		}
	case *With:
		for _, c := range n.CTEs {
			x.nameColumns(c.Query)
			if c.Recursive != nil {
				x.nameColumns(c.Recursive)
			}
		}
		x.nameColumns(n.Body)
	}
	x.plans = nil
}

func aliasOf(alias, name string) string {
	if alias != "" {
		return alias
	}
	return name
}

func (x *explainer) fromTable(cols []rel.Column, alias string) {
	for _, c := range cols {
		name := funcs.QuoteIdent(c.Name)
		if x.qualified && alias != "" {
			name = funcs.QuoteIdent(alias) + "." + name
		}
		x.names[c.ID] = name
	}
}

func (x *explainer) aggregate(a *rel.AggCall) string {
	args := strings.Join(x.exprs(a.Args), ", ")
	switch {
	case a.Star:
		args = "*"
	case a.Distinct:
		args = "DISTINCT " + args
	}
	text := a.Fn.Name + "(" + args + ")"
	if a.Filter != nil {
		text += " FILTER (WHERE " + x.expr(a.Filter) + ")"
	}
	return text
}

func (x *explainer) exprs(list []rel.Expr) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = x.expr(e)
	}
	return out
}

// expr prints an expression and notes the sub-plans in it.
func (x *explainer) expr(e rel.Expr) string {
	if e == nil {
		return ""
	}
	expr.Walk(e, func(y rel.Expr) bool {
		if s, ok := y.(*SubPlan); ok {
			x.plans = append(x.plans, s)
		}
		return true
	})
	return expr.Deparse(e, func(id rel.ColID) string {
		if n, ok := x.names[id]; ok {
			return n
		}
		return fmt.Sprintf("$%d", id)
	})
}

// Deparse is how a sub-plan stands in an expression.
func (s *SubPlan) Deparse() string {
	switch {
	case s.Hashed:
		return fmt.Sprintf("(hashed SubPlan %d)", s.ID)
	case len(s.Outer) == 0 && s.Sub.Kind == rel.ScalarQuery:
		return fmt.Sprintf("$%d", s.ID-1)
	}
	return fmt.Sprintf("(SubPlan %d)", s.ID)
}

// condition prints a condition in parentheses, as PostgreSQL does.
func (x *explainer) condition(e rel.Expr) string {
	text := x.expr(e)
	if text == "" || strings.HasPrefix(text, "(") {
		return text
	}
	return "(" + text + ")"
}

func (x *explainer) keys(list []rel.SortKey) []string {
	var out []string
	for _, k := range list {
		s := x.names[k.Col]
		if k.Desc {
			s += " DESC"
		}
		if k.NullsFirst != k.Desc {
			s += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
		out = append(out, s)
	}
	return out
}

func (x *explainer) ids(list []rel.ColID) []string {
	var out []string
	for _, id := range list {
		out = append(out, x.names[id])
	}
	return out
}

// gap stands before a node's numbers: PostgreSQL puts two blanks before the costs.
func gap(numbers string) string {
	if strings.HasPrefix(numbers, "(cost") {
		return "  "
	}
	return " "
}

// numbers prints a node's estimate and what it really did.
func (x *explainer) numbers(n Node, timed bool) string {
	return x.figures(n.Est(), x.actual[n], timed)
}

func (x *explainer) figures(e *Estimate, a *Actual, timed bool) string {
	var parts []string
	if x.o.Costs {
		parts = append(parts, fmt.Sprintf("(cost=%.2f..%.2f rows=%.0f width=%d)", e.Startup, e.Total, e.Rows, e.Width))
	}
	if !x.o.Analyze {
		return strings.Join(parts, " ")
	}
	switch {
	case a == nil || a.Loops == 0:
		parts = append(parts, "(never executed)")
	case x.o.Timing && timed:
		parts = append(parts, fmt.Sprintf("(actual time=%.3f..%.3f rows=%d loops=%d)", ms(a.Startup, a.Loops), ms(a.Total, a.Loops), a.Rows/a.Loops, a.Loops))
	default:
		parts = append(parts, fmt.Sprintf("(actual rows=%d loops=%d)", a.Rows/a.Loops, a.Loops))
	}
	return strings.Join(parts, " ")
}

// node describes n and what is below it. Projections have no line of their own, as
// in PostgreSQL.
func (x *explainer) node(n Node, label string) *described {
	if p, ok := n.(*Project); ok {
		d := x.node(p.Input, label)
		before := len(x.plans)
		for _, e := range p.Exprs {
			x.expr(e)
		}
		x.subPlans(d, before)
		if x.o.Verbose {
			x.output(d, x.exprs(p.Exprs))
		}
		return d
	}
	if f, ok := n.(*Filter); ok { // a property of what it filters
		d := x.node(f.Input, label)
		before := len(x.plans)
		d.add("Filter", x.condition(f.Cond))
		d.cost, d.est = x.numbers(n, true), n.Est()
		if x.o.Analyze {
			d.act = x.actual[n]
			if in := x.actual[f.Input]; d.act != nil && in != nil && d.act.Loops > 0 {
				d.add("Rows Removed by Filter", fmt.Sprint((in.Rows-d.act.Rows)/d.act.Loops))
			}
		}
		x.subPlans(d, before)
		return d
	}
	before := len(x.plans)
	d := &described{label: label, cost: x.numbers(n, true), est: n.Est(), id: identity(n)}
	if x.o.Analyze {
		d.act = x.actual[n]
	}
	x.describe(d, n)
	x.subPlans(d, before)
	return d
}

// output puts the list of output columns first, as VERBOSE has it.
func (x *explainer) output(d *described, cols []string) {
	if len(d.props) > 0 && d.props[0].name == "Output" {
		d.props[0].value, d.props[0].list = strings.Join(cols, ", "), cols
		return
	}
	d.props = append([]property{{"Output", strings.Join(cols, ", "), cols}}, d.props...)
}

// subPlans adds the sub-plans that the node's expressions have.
func (x *explainer) subPlans(d *described, before int) {
	list := append([]*SubPlan(nil), x.plans[before:]...)
	x.plans = x.plans[:before]
	seen := map[*SubPlan]bool{}
	var initial []*described
	for _, s := range list {
		if seen[s] {
			continue
		}
		seen[s] = true
		x.nameColumns(s.Plan)
		if len(s.Outer) == 0 && s.Sub.Kind == rel.ScalarQuery { // before what uses it, as PostgreSQL has it
			initial = append(initial, x.node(s.Plan, fmt.Sprintf("InitPlan %d (returns $%d)", s.ID, s.ID-1)))
			continue
		}
		d.children = append(d.children, x.node(s.Plan, fmt.Sprintf("SubPlan %d", s.ID)))
	}
	d.children = append(initial, d.children...)
}

func joinWord(k rel.JoinKind) string {
	return map[rel.JoinKind]string{rel.Left: " Left", rel.Right: " Right", rel.Full: " Full", rel.Semi: " Semi", rel.Anti: " Anti"}[k]
}

// describe fills in title, properties and children by the kind of node.
func (x *explainer) describe(d *described, n Node) {
	switch n := n.(type) {
	case *TableScan:
		x.tableScan(d, n)
		return
	case *VirtualScan:
		d.title = "Seq Scan on " + relationTitle(n.Virtual.Table, n.Virtual.Alias)
		d.add("Filter", x.condition(n.Filter))
	case *Values:
		d.title = "Values Scan on \"*VALUES*\""
		if len(n.Rows) == 1 {
			d.title = "Result"
		}
		for _, r := range n.Rows {
			x.exprs(r)
		}
	case *FuncScan:
		d.title = "Function Scan on " + n.Rel.Alias
		if call, ok := n.Rel.Funcs[0].X.(*rel.Call); ok && len(n.Rel.Funcs) == 1 && call.Fn.Name != n.Rel.Alias {
			d.title = "Function Scan on " + call.Fn.Name + " " + n.Rel.Alias
		}
		d.add("Filter", x.condition(n.Filter))
	case *Result:
		d.title = "Result"
		x.exprs(n.Exprs)
		if n.Cond != nil {
			d.add("One-Time Filter", strings.TrimSpace(x.expr(n.Cond)))
		}
	case *ProjectSet:
		d.title = "ProjectSet"
		x.exprs(n.Exprs)
	case *NestedLoop:
		d.title = "Nested Loop" + joinWord(n.Kind)
		if n.Kind == rel.Inner {
			d.title = "Nested Loop"
		} else {
			d.title += " Join"
		}
		d.add("Join Filter", x.condition(n.On))
	case *HashJoin:
		x.hashJoin(d, n)
		return
	case *Aggregate:
		x.aggregateNode(d, n)
	case *Window:
		d.title = "WindowAgg"
	case *Unique:
		d.title = "Unique"
	case *HashDistinct:
		d.title = "HashAggregate"
		d.addList("Group Key", x.ids(columnIDs(n.Input.Columns())))
	case *Append:
		d.title = "Append"
	case *SetOp:
		word := map[rel.SetOpKind]string{rel.Intersect: "Intersect", rel.Except: "Except"}[n.Op]
		if n.All {
			word += " All"
		}
		d.title = "HashSetOp " + word
	case *Sort:
		d.title = "Sort"
		d.addList("Sort Key", x.keys(n.Keys))
		if x.o.Analyze && x.actual[n] != nil {
			method := "quicksort"
			if n.Limit != nil {
				method = "top-N heapsort"
			}
			d.add("Sort Method", method)
		}
	case *Limit:
		d.title = "Limit"
		x.expr(n.Count)
		x.expr(n.Offset)
	case *With:
		x.with(d, n)
		return
	case *CTEScan:
		d.title = "CTE Scan on " + n.CTE.Rel.Name
		if n.Alias != "" && n.Alias != n.CTE.Rel.Name {
			d.title += " " + n.Alias
		}
		d.add("Filter", x.condition(n.Filter))
	case *WorkScan:
		d.title = "WorkTable Scan on " + n.CTE.Rel.Name
		d.add("Filter", x.condition(n.Filter))
	case *LockRows:
		d.title = "LockRows"
	case *Modify:
		x.modify(d, n)
	}
	for _, in := range n.Inputs() {
		d.children = append(d.children, x.node(in, ""))
	}
}

func columnIDs(cols []rel.Column) []rel.ColID {
	out := make([]rel.ColID, len(cols))
	for i, c := range cols {
		out[i] = c.ID
	}
	return out
}

func relationTitle(t *catalog.Table, alias string) string {
	name := funcs.QuoteIdent(t.Name)
	if alias != "" && alias != t.Name {
		name += " " + funcs.QuoteIdent(alias)
	}
	return name
}

// shown is the access that EXPLAIN shows, and its index. The original calls a table that
// is read backwards an index scan.
func (n *TableScan) shown() (Access, *catalog.Index) {
	if n.Access == FullScan && n.Reverse && !n.Scan.Table.Primary.Hidden {
		return IndexOnlyScan, n.Scan.Table.Primary
	}
	return n.Access, n.Index
}

// tableScan describes a scan and what storage does for it.
func (x *explainer) tableScan(d *described, n *TableScan) {
	table := relationTitle(n.Scan.Table, n.Scan.Alias)
	access, index := n.shown()
	backward := ""
	if n.Reverse {
		backward = " Backward"
	}
	switch access {
	case FullScan:
		d.title = "Full Scan (btree-table) on " + table
	case IndexScan:
		d.title = "Index Scan" + backward + " using " + funcs.QuoteIdent(index.Name) + " on " + table
	default:
		d.title = "Index Only Scan" + backward + " using " + funcs.QuoteIdent(index.Name) + " on " + table
	}
	d.add("Filter", x.condition(n.Filter))
	if a := x.actual[n]; x.o.Analyze && n.Filter != nil && a != nil {
		d.add("Rows Removed by Filter", fmt.Sprint(a.Removed/max(a.Loops, 1)))
	}
	cond := x.conditionList(n.Conds)
	source := n.Scan.Table.Name
	if access != FullScan {
		d.add("Index Cond", cond)
		source = index.Name
	}
	scan := x.storage("Storage Scan", source, n, n.Passed, func(a *Actual) int64 { return a.Read - a.Filtered })
	scan.addList("Projections", x.projections(n, index))
	scan.add("Filters", x.condition(n.Storage))
	if x.o.Analyze && n.Storage != nil && x.actual[n] != nil {
		scan.add("Rows Filtered", fmt.Sprint(x.actual[n].Filtered))
	}
	tree := x.storage("B-Tree Scan", source, n, n.Read, func(a *Actual) int64 { return a.Read })
	if n.Access != FullScan {
		tree.add("Index Cond", cond)
	}
	scan.storage = append(scan.storage, tree)
	d.storage = append(d.storage, scan)
	if n.Access == IndexScan {
		table := n.Scan.Table.Name
		lookup := x.storage("Storage Lookup", table, n, n.Est().Rows, func(a *Actual) int64 { return a.Lookups - a.LookupFiltered })
		lookup.addList("Projections", x.projections(n, n.Scan.Table.Primary))
		lookup.add("Filters", x.condition(n.Lookup))
		lookup.storage = append(lookup.storage, x.storage("B-Tree Lookup", table, n, n.Passed, func(a *Actual) int64 { return a.Lookups }))
		if x.o.Analyze && n.Lookup != nil && x.actual[n] != nil {
			lookup.add("Rows Filtered", fmt.Sprint(x.actual[n].LookupFiltered))
		}
		d.storage = append(d.storage, lookup)
	}
}

// storage describes what storage does for a scan: rows are those that it is thought to
// yield, actual those that it did, over all loops.
func (x *explainer) storage(what, source string, n *TableScan, rows float64, actual func(*Actual) int64) *described {
	e := *n.Est()
	e.Rows = max(rows, 1)
	d := &described{title: what + " on " + funcs.QuoteIdent(source), est: &e, untimed: true,
		id: []field{{"Node Type", what}, {"Relation Name", source}}}
	if a := x.actual[n]; x.o.Analyze && a != nil {
		c := *a
		c.Rows = actual(a)
		d.act = &c
	}
	d.cost = x.figures(&e, d.act, false)
	return d
}

func (x *explainer) conditionList(conds []rel.Expr) string {
	if len(conds) == 1 {
		return x.condition(conds[0])
	}
	var out []string
	for _, c := range conds {
		out = append(out, x.condition(c))
	}
	if len(out) == 0 {
		return ""
	}
	return "(" + strings.Join(out, " AND ") + ")"
}

// projections are the columns that storage reads from an index.
func (x *explainer) projections(n *TableScan, idx *catalog.Index) []string {
	var out []string
	for i, c := range n.Scan.Cols {
		if tuple.Covers(n.Scan.Table, idx, n.Scan.Attrs[i]) {
			out = append(out, funcs.QuoteIdent(c.Name))
		}
	}
	return out
}

func (x *explainer) hashJoin(d *described, n *HashJoin) {
	d.title = "Hash" + joinWord(n.Kind) + " Join"
	var conds []string
	for i := range n.LKeys {
		conds = append(conds, "("+x.expr(n.LKeys[i])+" = "+x.expr(n.RKeys[i])+")")
	}
	cond := strings.Join(conds, " AND ")
	if len(conds) > 1 {
		cond = "(" + cond + ")"
	}
	d.add("Hash Cond", cond)
	d.add("Join Filter", x.condition(n.On))
	r := x.node(n.R, "")
	e := *n.R.Est()
	e.Startup = e.Total
	hash := &described{title: "Hash", id: []field{{"Node Type", "Hash"}}, est: &e, children: []*described{r}}
	if x.o.Costs {
		hash.cost = fmt.Sprintf("(cost=%.2f..%.2f rows=%.0f width=%d)", e.Startup, e.Total, e.Rows, e.Width)
	}
	d.children = append(d.children, x.node(n.L, ""), hash)
}

func (x *explainer) aggregateNode(d *described, n *Aggregate) {
	switch {
	case len(n.Rel.Group) == 0 && n.Rel.Sets == nil:
		d.title = "Aggregate"
	case n.Rel.Sets != nil:
		d.title = "MixedAggregate"
	case n.Sorted:
		d.title = "GroupAggregate"
	default:
		d.title = "HashAggregate"
	}
	if n.Rel.Sets == nil {
		d.addList("Group Key", x.ids(columnIDs(n.Rel.Group)))
	} else {
		for _, set := range n.Rel.Sets {
			var ids []rel.ColID
			for _, i := range set {
				ids = append(ids, n.Rel.Group[i].ID)
			}
			key := x.ids(ids)
			if len(key) == 0 {
				key = []string{"()"}
			}
			d.addList("Group Key", key)
		}
	}
	for i := range n.Rel.Aggs {
		x.aggregate(&n.Rel.Aggs[i])
	}
}

func (x *explainer) with(d *described, n *With) {
	body := x.node(n.Body, d.label)
	*d = *body
	var ctes []*described
	for _, c := range n.CTEs {
		if c.Recursive == nil {
			ctes = append(ctes, x.node(c.Query, "CTE "+c.Rel.Name))
			continue
		}
		e := *c.Query.Est()
		union := &described{title: "Recursive Union", id: []field{{"Node Type", "Recursive Union"}}, label: "CTE " + c.Rel.Name, est: &e}
		if x.o.Costs {
			union.cost = fmt.Sprintf("(cost=%.2f..%.2f rows=%.0f width=%d)", e.Startup, e.Total, e.Rows, e.Width)
		}
		union.children = append(union.children, x.node(c.Query, ""), x.node(c.Recursive, ""))
		ctes = append(ctes, union)
	}
	d.children = append(ctes, d.children...)
}

func (x *explainer) modify(d *described, n *Modify) {
	switch {
	case n.Insert != nil:
		d.title = "Insert on " + funcs.QuoteIdent(n.Insert.Table.Name)
		if o := n.Insert.OnConflict; o != nil {
			d.add("Conflict Resolution", map[bool]string{true: "UPDATE", false: "NOTHING"}[o.DoUpdate])
			if o.Index != nil {
				d.addList("Conflict Arbiter Indexes", []string{funcs.QuoteIdent(o.Index.Name)})
			}
		}
	case n.Update != nil:
		d.title = "Update on " + funcs.QuoteIdent(n.Update.Table.Name)
	default:
		d.title = "Delete on " + funcs.QuoteIdent(n.Delete.Table.Name)
	}
}
