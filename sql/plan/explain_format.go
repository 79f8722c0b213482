package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zorya/sql/catalog"
	"zorya/sql/rel"
)

// EXPLAIN's formats for programs have one structure, PostgreSQL's: objects whose fields
// stand in a fixed order.
type (
	field struct {
		name string
		// value is a string, a number, a bool, a list of strings, an object or a list of
		// objects.
		value any
	}
	number string
	object []field
)

// formats write a document, by the name of the format.
var formats = map[string]func(object) string{"json": writeJSON, "yaml": writeYAML, "xml": writeXML}

// document is all that EXPLAIN says.
func (x *explainer) document(root *described) object {
	doc := object{{"Plan", x.object(root, "")}}
	if x.o.Summary {
		doc = append(doc, field{"Planning Time", millis(x.o.Planning)})
	}
	if x.o.Analyze {
		doc = append(doc, field{"Triggers", []object{}})
		if x.o.Summary {
			doc = append(doc, field{"Execution Time", millis(x.o.Execution)})
		}
	}
	return doc
}

func millis(d time.Duration) number { return number(fmt.Sprintf("%.3f", ms(d, 1))) }

// object is a node in its relation to the one above.
func (x *explainer) object(d *described, relation string) object {
	o := object{d.id[0]}
	rest := d.id[1:]
	for len(rest) > 0 && leading[rest[0].name] {
		o, rest = append(o, rest[0]), rest[1:]
	}
	switch kind, _, _ := strings.Cut(d.label, " "); kind {
	case "InitPlan", "CTE":
		relation = "InitPlan"
	case "SubPlan":
		relation = "SubPlan"
	}
	if relation != "" {
		o = append(o, field{"Parent Relationship", relation})
	}
	if d.label != "" {
		o = append(o, field{"Subplan Name", d.label})
	}
	o = append(o, field{"Parallel Aware", false}, field{"Async Capable", false})
	o = append(o, rest...)
	o = append(o, x.measures(d)...)
	o = append(o, properties(d)...)
	var plans []object
	for i, c := range append(append([]*described(nil), d.storage...), d.children...) {
		plans = append(plans, x.object(c, d.relationOf(i)))
	}
	if plans != nil {
		o = append(o, field{"Plans", plans})
	}
	return o
}

// leading are the fields that stand before a node's relation to the one above.
var leading = map[string]bool{"Strategy": true, "Partial Mode": true, "Operation": true}

// relationOf says what child number i is to d.
func (d *described) relationOf(i int) string {
	inputs, last := 0, 0
	for k, c := range d.children {
		if c.label == "" {
			inputs, last = inputs+1, k
		}
	}
	switch {
	case d.id[0].value == "Append":
		return "Member"
	case inputs == 2 && i-len(d.storage) == last:
		return "Inner"
	}
	return "Outer"
}

func (x *explainer) measures(d *described) (o object) {
	if x.o.Costs && d.est != nil {
		o = append(o, field{"Startup Cost", number(fmt.Sprintf("%.2f", d.est.Startup))}, field{"Total Cost", number(fmt.Sprintf("%.2f", d.est.Total))},
			field{"Plan Rows", number(fmt.Sprintf("%.0f", d.est.Rows))}, field{"Plan Width", number(fmt.Sprint(d.est.Width))})
	}
	if !x.o.Analyze {
		return o
	}
	a := d.act
	if a == nil {
		a = &Actual{}
	}
	loops := max(a.Loops, 1)
	if x.o.Timing && !d.untimed {
		o = append(o, field{"Actual Startup Time", number(fmt.Sprintf("%.3f", ms(a.Startup, loops)))},
			field{"Actual Total Time", number(fmt.Sprintf("%.3f", ms(a.Total, loops)))})
	}
	return append(o, field{"Actual Rows", number(fmt.Sprint(a.Rows / loops))}, field{"Actual Loops", number(fmt.Sprint(a.Loops))})
}

// counts are the properties that are numbers.
var counts = map[string]bool{"Rows Removed by Filter": true, "Rows Filtered": true}

func properties(d *described) (o object) {
	var sets []string
	for _, p := range d.props {
		switch {
		case p.name == "Group Key" && d.id[1].value == "Mixed":
			sets = append(sets, p.value)
		case p.list != nil:
			o = append(o, field{p.name, p.list})
		case counts[p.name]:
			o = append(o, field{p.name, number(p.value)})
		default:
			o = append(o, field{p.name, p.value})
		}
	}
	if sets != nil {
		o = append(o, field{"Grouping Sets", sets})
	}
	return o
}

// identity is what a node's title says, taken apart.
func identity(n Node) []field {
	switch n := n.(type) {
	case *TableScan:
		return scanIdentity(n)
	case *VirtualScan:
		return append([]field{{"Node Type", "Seq Scan"}}, relation(n.Virtual.Table, n.Virtual.Alias)...)
	case *FuncScan:
		id := []field{{"Node Type", "Function Scan"}}
		if call, ok := n.Rel.Funcs[0].X.(*rel.Call); ok && len(n.Rel.Funcs) == 1 {
			id = append(id, field{"Function Name", call.Fn.Name})
		}
		return append(id, field{"Alias", n.Rel.Alias})
	case *CTEScan:
		return []field{{"Node Type", "CTE Scan"}, {"CTE Name", n.CTE.Rel.Name}, {"Alias", aliasOf(n.Alias, n.CTE.Rel.Name)}}
	case *WorkScan:
		return []field{{"Node Type", "WorkTable Scan"}, {"CTE Name", n.CTE.Rel.Name}, {"Alias", n.CTE.Rel.Name}}
	case *Values:
		if len(n.Rows) == 1 {
			return []field{{"Node Type", "Result"}}
		}
		return []field{{"Node Type", "Values Scan"}, {"Alias", "*VALUES*"}}
	case *NestedLoop:
		return []field{{"Node Type", "Nested Loop"}, joinType(n.Kind), {"Inner Unique", false}}
	case *HashJoin:
		return []field{{"Node Type", "Hash Join"}, joinType(n.Kind), {"Inner Unique", false}}
	case *Aggregate:
		strategy := "Hashed"
		switch {
		case n.Rel.Sets != nil:
			strategy = "Mixed"
		case len(n.Rel.Group) == 0:
			strategy = "Plain"
		case n.Sorted:
			strategy = "Sorted"
		}
		return []field{{"Node Type", "Aggregate"}, {"Strategy", strategy}, {"Partial Mode", "Simple"}}
	case *HashDistinct:
		return []field{{"Node Type", "Aggregate"}, {"Strategy", "Hashed"}, {"Partial Mode", "Simple"}}
	case *SetOp:
		command := map[rel.SetOpKind]string{rel.Intersect: "Intersect", rel.Except: "Except"}[n.Op]
		if n.All {
			command += " All"
		}
		return []field{{"Node Type", "SetOp"}, {"Strategy", "Hashed"}, {"Command", command}}
	case *Modify:
		return modifyIdentity(n)
	}
	return []field{{"Node Type", nodeTypes[fmt.Sprintf("%T", n)]}}
}

var nodeTypes = map[string]string{
	"*plan.Result": "Result", "*plan.ProjectSet": "ProjectSet", "*plan.Window": "WindowAgg", "*plan.Unique": "Unique",
	"*plan.Append": "Append", "*plan.Sort": "Sort", "*plan.Limit": "Limit", "*plan.LockRows": "LockRows", "*plan.With": "Result",
}

func joinType(k rel.JoinKind) field {
	if word := strings.TrimSpace(joinWord(k)); word != "" {
		return field{"Join Type", word}
	}
	return field{"Join Type", "Inner"}
}

func relation(t *catalog.Table, alias string) []field {
	return []field{{"Relation Name", t.Name}, {"Alias", aliasOf(alias, t.Name)}}
}

func scanIdentity(n *TableScan) []field {
	access, index := n.shown()
	if access == FullScan {
		return append([]field{{"Node Type", "Full Scan (btree-table)"}}, relation(n.Scan.Table, n.Scan.Alias)...)
	}
	what, direction := "Index Only Scan", "Forward"
	if access == IndexScan {
		what = "Index Scan"
	}
	if n.Reverse {
		direction = "Backward"
	}
	return append([]field{{"Node Type", what}, {"Scan Direction", direction}, {"Index Name", index.Name}}, relation(n.Scan.Table, n.Scan.Alias)...)
}

func modifyIdentity(n *Modify) []field {
	operation, t := "Delete", (*catalog.Table)(nil)
	switch {
	case n.Insert != nil:
		operation, t = "Insert", n.Insert.Table
	case n.Update != nil:
		operation, t = "Update", n.Update.Table
	default:
		t = n.Delete.Table
	}
	return append([]field{{"Node Type", "ModifyTable"}, {"Operation", operation}}, relation(t, "")...)
}

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // of a string never fails
	return strings.TrimSuffix(b.String(), "\n")
}

func scalar(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return quoted(v), true
	case number:
		return string(v), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

func writeJSON(doc object) string {
	var b strings.Builder
	b.WriteString("[\n  ")
	jsonObject(&b, doc, 1)
	b.WriteString("\n]")
	return b.String()
}

func jsonObject(b *strings.Builder, o object, depth int) {
	pad := strings.Repeat("  ", depth)
	b.WriteString("{")
	for i, f := range o {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(b, "\n%s  %s: ", pad, quoted(f.name))
		switch v := f.value.(type) {
		case object:
			jsonObject(b, v, depth+1)
		case []object:
			b.WriteString("[")
			for j, x := range v {
				if j > 0 {
					b.WriteString(",")
				}
				b.WriteString("\n" + pad + "    ")
				jsonObject(b, x, depth+2)
			}
			b.WriteString("\n" + pad + "  ]")
		case []string:
			b.WriteString("[")
			for j, x := range v {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteString(quoted(x))
			}
			b.WriteString("]")
		default:
			text, _ := scalar(v)
			b.WriteString(text)
		}
	}
	b.WriteString("\n" + pad + "}")
}

func writeYAML(doc object) string {
	var b strings.Builder
	yamlObject(&b, doc, 1, "- ")
	return strings.TrimSuffix(b.String(), "\n")
}

// yamlObject writes fields a level each below the last; first stands before the first
// of them, in the place of its indentation.
func yamlObject(b *strings.Builder, o object, depth int, first string) {
	pad := strings.Repeat("  ", depth)
	for i, f := range o {
		if i == 0 && first != "" {
			b.WriteString(pad[:len(pad)-len(first)] + first)
		} else {
			b.WriteString(pad)
		}
		switch v := f.value.(type) {
		case object:
			b.WriteString(f.name + ": \n")
			yamlObject(b, v, depth+1, "")
		case []object:
			b.WriteString(f.name + ": \n")
			for _, x := range v {
				yamlObject(b, x, depth+2, "- ")
			}
		case []string:
			b.WriteString(f.name + ": \n")
			for _, x := range v {
				b.WriteString(pad + "  - " + quoted(x) + "\n")
			}
		default:
			text, _ := scalar(v)
			b.WriteString(f.name + ": " + text + "\n")
		}
	}
}

func writeXML(doc object) string {
	var b strings.Builder
	b.WriteString("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n")
	xmlFields(&b, doc, 2)
	b.WriteString("  </Query>\n</explain>")
	return b.String()
}

// items are the names of what is in a list.
var items = map[string]string{"Plans": "Plan", "Triggers": "Trigger"}

func xmlFields(b *strings.Builder, o object, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, f := range o {
		tag := strings.NewReplacer(" ", "-", "/", "-").Replace(f.name)
		switch v := f.value.(type) {
		case object:
			fmt.Fprintf(b, "%s<%s>\n", pad, tag)
			xmlFields(b, v, depth+1)
			fmt.Fprintf(b, "%s</%s>\n", pad, tag)
		case []object:
			fmt.Fprintf(b, "%s<%s>\n", pad, tag)
			for _, x := range v {
				fmt.Fprintf(b, "%s  <%s>\n", pad, items[f.name])
				xmlFields(b, x, depth+2)
				fmt.Fprintf(b, "%s  </%s>\n", pad, items[f.name])
			}
			fmt.Fprintf(b, "%s</%s>\n", pad, tag)
		case []string:
			fmt.Fprintf(b, "%s<%s>\n", pad, tag)
			for _, x := range v {
				fmt.Fprintf(b, "%s  <Item>%s</Item>\n", pad, escaped(x))
			}
			fmt.Fprintf(b, "%s</%s>\n", pad, tag)
		case string:
			fmt.Fprintf(b, "%s<%s>%s</%s>\n", pad, tag, escaped(v), tag)
		default:
			text, _ := scalar(v)
			fmt.Fprintf(b, "%s<%s>%s</%s>\n", pad, tag, text, tag)
		}
	}
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#x0d;").Replace(s)
}
