package plan

import (
	"fmt"
	"strings"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
)

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
