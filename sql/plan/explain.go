package plan

import (
	"fmt"
	"strings"
	"time"

	"zorya/sql/rel"
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
