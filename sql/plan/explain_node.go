package plan

import (
	"fmt"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/tuple"
)

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
