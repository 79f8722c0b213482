package expr

import (
	"strconv"
	"strings"

	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// Deparse prints an expression as EXPLAIN and pg_get_expr() do, with all
// parentheses: (balance > '100'::numeric). name gives a column's text, quoted and
// qualified as wanted.
func Deparse(e rel.Expr, name func(rel.ColID) string) string {
	p := printer{name: name}
	p.expr(e, false)
	return p.b.String()
}

type printer struct {
	b    strings.Builder
	name func(rel.ColID) string
}

func (p *printer) put(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

// expr prints e. Casts that the user did not write are shown only if implicit is
// set: inside operators and arguments, where they tell which operator it is.
func (p *printer) expr(e rel.Expr, implicit bool) {
	switch e := e.(type) {
	case nil:
	case *rel.Const:
		p.constant(e.T, e.D)
	case *rel.Param:
		p.put("$", strconv.Itoa(e.N))
	case *rel.Col:
		p.put(p.name(e.ID))
	case *rel.CaseArg:
		p.put("CASE_TEST_EXPR")
	case *rel.Call:
		p.call(e)
	case *rel.Cast:
		p.cast(e.X, e.T, e.Explicit || implicit)
	case *rel.Typmod:
		p.cast(e.X, e.T, e.Explicit || implicit)
	case *rel.Bool:
		p.boolean(e)
	case *rel.IsTest:
		p.isTest(e)
	case *rel.Distinct:
		p.put("(")
		p.expr(e.L, true)
		p.put(" IS ", pick(e.Not, "NOT ", ""), "DISTINCT FROM ")
		p.expr(e.R, true)
		p.put(")")
	case *rel.AnyAll:
		p.put("(")
		p.expr(e.L, true)
		p.put(" ", e.Op, " ", pick(e.All, "ALL", "ANY"), " (")
		p.expr(e.Array, true)
		p.put("))")
	default:
		p.construct(e)
	}
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func (p *printer) construct(e rel.Expr) {
	switch e := e.(type) {
	case *rel.Case:
		p.caseWhen(e)
	case *rel.Coalesce:
		p.list("COALESCE(", e.Args, ")")
	case *rel.MinMax:
		p.list(pick(e.Greatest, "GREATEST(", "LEAST("), e.Args, ")")
	case *rel.NullIf:
		p.list("NULLIF(", []rel.Expr{e.L, e.R}, ")")
	case *rel.RowExpr:
		p.list("ROW(", e.Args, ")")
	case *rel.ArrayExpr:
		p.list("ARRAY[", e.Elems, "]")
		if len(e.Elems) == 0 {
			p.put("::", types.FormatType(e.T))
		}
	case *rel.RowCompare:
		p.list("(ROW(", e.L, ") "+e.Op+" ")
		p.list("ROW(", e.R, "))")
	case *rel.Field:
		p.put("(")
		p.expr(e.X, true)
		p.put(").", funcs.QuoteIdent(e.Name))
	case *rel.Subscript:
		p.subscript(e)
	case *rel.SQLValue:
		p.put(strings.ToUpper(e.Name))
		if e.Prec >= 0 {
			p.put("(", strconv.Itoa(e.Prec), ")")
		}
	case *rel.Subquery:
		p.put(pick(e.Kind == rel.ExistsQuery, "EXISTS", ""), "(SubPlan)")
	case interface{ Deparse() string }:
		p.put(e.Deparse())
	}
}

func (p *printer) list(open string, args []rel.Expr, end string) {
	p.put(open)
	for i, a := range args {
		if i > 0 {
			p.put(", ")
		}
		p.expr(a, true)
	}
	p.put(end)
}

func (p *printer) call(e *rel.Call) {
	switch {
	case e.Op != "" && len(e.Args) == 1:
		p.put("(", e.Op, " ")
		p.expr(e.Args[0], true)
		p.put(")")
	case e.Op != "":
		p.put("(")
		p.expr(e.Args[0], true)
		p.put(" ", e.Op, " ")
		p.expr(e.Args[1], true)
		p.put(")")
	case e.Fn.Name == "extract" && len(e.Args) == 2:
		p.extract(e)
	case e.Fn.Name == "timezone" && len(e.Args) == 2:
		p.put("(")
		p.expr(e.Args[1], true)
		p.put(" AT TIME ZONE ")
		p.expr(e.Args[0], true)
		p.put(")")
	default:
		if s := e.Fn.Schema; s != "" && s != "pg_catalog" {
			p.put(funcs.QuoteIdent(s), ".")
		}
		p.list(funcs.QuoteIdent(e.Fn.Name)+"(", e.Args, ")")
	}
}

func (p *printer) extract(e *rel.Call) {
	p.put("EXTRACT(")
	if c, ok := e.Args[0].(*rel.Const); ok && !c.D.IsNull() {
		p.put(c.D.S)
	} else {
		p.expr(e.Args[0], true)
	}
	p.put(" FROM ")
	p.expr(e.Args[1], true)
	p.put(")")
}

// cast prints (x)::type, or x alone where the cast is not to be shown. A length
// coercion right over a cast of the same type prints once.
func (p *printer) cast(x rel.Expr, t types.T, show bool) {
	if !show {
		p.expr(x, false)
		return
	}
	if c, ok := x.(*rel.Cast); ok && c.T.OID == t.OID && t.Typmod >= 0 {
		x = c.X
	}
	if c, ok := x.(*rel.Const); ok && c.T.OID == t.OID && c.T.Typmod < 0 {
		p.constant(t, c.D)
		return
	}
	p.put("(")
	p.expr(x, false)
	p.put(")::", types.FormatType(t))
}

func (p *printer) boolean(e *rel.Bool) {
	p.put("(")
	if e.Op == rel.Not {
		p.put("NOT ")
	}
	for i, a := range e.Args {
		if i > 0 {
			p.put(pick(e.Op == rel.And, " AND ", " OR "))
		}
		p.expr(a, false)
	}
	p.put(")")
}

func (p *printer) isTest(e *rel.IsTest) {
	what := map[rel.IsWhat]string{rel.IsNull: "NULL", rel.IsTrue: "TRUE", rel.IsFalse: "FALSE", rel.IsUnknown: "UNKNOWN"}
	p.put("(")
	p.expr(e.X, e.What == rel.IsNull)
	p.put(" IS ", pick(e.Not, "NOT ", ""), what[e.What], ")")
}

func (p *printer) caseWhen(e *rel.Case) {
	p.put("CASE")
	if e.Arg != nil {
		p.put(" ")
		p.expr(e.Arg, true)
	}
	for _, w := range e.Whens {
		p.put(" WHEN ")
		p.expr(tested(e, w.Cond), false)
		p.put(" THEN ")
		p.expr(w.Result, true)
	}
	p.put(" ELSE ")
	if e.Else == nil {
		p.constant(e.T, types.Null)
	} else {
		p.expr(e.Else, true)
	}
	p.put(" END")
}

// tested is what CASE x WHEN … shows: the value that x is compared with.
func tested(e *rel.Case, cond rel.Expr) rel.Expr {
	c, ok := cond.(*rel.Call)
	if e.Arg == nil || !ok || len(c.Args) != 2 {
		return cond
	}
	return c.Args[1]
}

func (p *printer) subscript(e *rel.Subscript) {
	_, plain := e.X.(*rel.Col)
	p.put(pick(plain, "", "("))
	p.expr(e.X, true)
	p.put(pick(plain, "", ")"))
	for i := range e.Hi {
		p.put("[")
		if e.Slice {
			if i < len(e.Lo) {
				p.expr(e.Lo[i], false)
			}
			p.put(":")
		}
		p.expr(e.Hi[i], false)
		p.put("]")
	}
}

// constant prints a literal: bare where the parser would give it the same type,
// else quoted with its type.
func (p *printer) constant(t types.T, d types.Datum) {
	label := "::" + types.FormatType(t)
	if d.IsNull() {
		p.put("NULL")
		if t.OID != types.UnknownOID {
			p.put(label)
		}
		return
	}
	text := string(types.AppendText(nil, t.OID, d, types.DefaultFormat))
	switch t.OID {
	case types.BoolOID:
		p.put(pick(d.Bool(), "true", "false"))
		return
	case types.Int4OID:
		if text[0] != '-' {
			p.put(text)
			return
		}
	case types.NumericOID:
		if text[0] >= '0' && text[0] <= '9' && strings.ContainsAny(text, ".eE") {
			p.put(text, pick(t.Typmod >= 0, label, ""))
			return
		}
	case types.UnknownOID:
		label = ""
	}
	p.put(funcs.QuoteLiteral(text), label)
}
