package expr

import (
	"bytes"
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
	p := printer{b: &bytes.Buffer{}, name: name}
	p.expr(e, false)
	return p.b.String()
}

// DeparsePretty is Deparse without the parentheses that are not needed.
func DeparsePretty(e rel.Expr, name func(rel.ColID) string) string {
	p := printer{b: &bytes.Buffer{}, name: name, pretty: true}
	p.expr(e, false)
	return p.b.String()
}

// A printer prints expressions, and with q queries too. If pretty is set it leaves out
// the parentheses that are not needed.
type printer struct {
	b      *bytes.Buffer
	name   func(rel.ColID) string
	pretty bool
	q      *queryPrinter
}

func (p *printer) put(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

// open and close are the parentheses around operators, which pretty printing puts only
// where their place needs them.
func (p *printer) open() {
	if !p.pretty {
		p.put("(")
	}
}

func (p *printer) close() {
	if !p.pretty {
		p.put(")")
	}
}

// within prints e as a part of parent, in parentheses if that needs them.
func (p *printer) within(e rel.Expr, implicit bool, parent rel.Expr) {
	wrap := p.pretty && !p.simple(e, parent)
	if wrap {
		p.put("(")
	}
	p.expr(e, implicit)
	if wrap {
		p.put(")")
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
		p.column(e)
	case *rel.CaseArg:
		p.put("CASE_TEST_EXPR")
	case *rel.Call:
		p.call(e)
	case *rel.Cast:
		p.cast(e, e.X, e.T, e.Explicit || implicit)
	case *rel.Typmod:
		p.cast(e, e.X, e.T, e.Explicit || implicit)
	case *rel.Bool:
		p.boolean(e)
	case *rel.IsTest:
		p.isTest(e)
	case *rel.Distinct:
		p.distinct(e)
	case *rel.AnyAll:
		p.anyAll(e)
	default:
		p.construct(e)
	}
}

func (p *printer) column(e *rel.Col) {
	if p.q == nil {
		p.put(p.name(e.ID))
		return
	}
	text, call := p.q.column(e.ID)
	if call != nil {
		p.shapeCall(call)
		return
	}
	p.put(text)
}

// distinct prints IS DISTINCT FROM; PostgreSQL has its opposite as NOT of it.
func (p *printer) distinct(e *rel.Distinct) {
	if e.Not {
		plain := *e
		plain.Not = false
		p.boolean(&rel.Bool{Op: rel.Not, Args: []rel.Expr{&plain}})
		return
	}
	p.open()
	p.within(e.L, true, e)
	p.put(" IS DISTINCT FROM ")
	p.within(e.R, true, e)
	p.close()
}

func (p *printer) anyAll(e *rel.AnyAll) {
	p.open()
	p.within(e.L, true, e)
	p.put(" ", e.Op, " ", pick(e.All, "ALL", "ANY"), " (")
	p.within(e.Array, true, e)
	if q, ok := e.Array.(*rel.Subquery); ok && q.Kind == rel.ScalarQuery {
		p.put("::", types.FormatType(q.T))
	}
	p.put(")")
	p.close()
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
		if p.q == nil || !p.q.wholeRow(p, e) {
			p.list("ROW(", e.Args, ")")
		}
	case *rel.ArrayExpr:
		p.list("ARRAY[", e.Elems, "]")
		if len(e.Elems) == 0 {
			p.put("::", types.FormatType(e.T))
		}
	case *rel.RowCompare:
		p.list("(ROW(", e.L, ") "+e.Op+" ")
		p.list("ROW(", e.R, "))")
	case *rel.Field:
		p.field(e)
	case *rel.Subscript:
		p.subscript(e)
	case *rel.SQLValue:
		p.put(strings.ToUpper(e.Name))
		if e.Prec >= 0 {
			p.put("(", strconv.Itoa(e.Prec), ")")
		}
	case *rel.Subquery:
		if p.q != nil && e.Shape != nil {
			p.sublink(e)
			return
		}
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
		p.open()
		p.put(e.Op, " ")
		p.within(e.Args[0], true, e)
		p.close()
	case e.Op != "":
		p.open()
		p.within(e.Args[0], true, e)
		p.put(" ", e.Op, " ")
		p.within(e.Args[1], true, e)
		p.close()
	case e.Form == nil && e.Fn.Name == "extract" && len(e.Args) == 2:
		p.extract(e)
	case e.Form == nil && e.Fn.Name == "timezone" && len(e.Args) == 2:
		p.atTimeZone(e)
	case e.Form != nil && e.Form.Syntax && p.syntax(e):
	default:
		p.function(e)
	}
}

func (p *printer) atTimeZone(e *rel.Call) {
	p.put("(")
	p.within(e.Args[1], true, e)
	p.put(" AT TIME ZONE ")
	p.within(e.Args[0], true, e)
	p.put(")")
}

func (p *printer) function(e *rel.Call) {
	schema := e.Fn.Schema
	if e.Form != nil && e.Form.Schema != "" {
		schema = e.Form.Schema
	}
	if p.q != nil {
		schema = p.q.names.Schema(schema)
	}
	if schema != "" && schema != "pg_catalog" {
		p.put(funcs.QuoteIdent(schema), ".")
	}
	p.put(funcs.QuoteIdent(e.Fn.Name), "(")
	for i, a := range e.Args {
		if i > 0 {
			p.put(", ")
		}
		if f := e.Form; f != nil && i < len(f.Names) && f.Names[i] != "" {
			p.put(funcs.QuoteIdent(f.Names[i]), " => ")
		} else if f != nil && f.Variadic && i == len(e.Args)-1 {
			p.put("VARIADIC ")
		}
		p.expr(a, true)
	}
	p.put(")")
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
func (p *printer) cast(e, x rel.Expr, t types.T, show bool) {
	if !show {
		p.within(x, false, e)
		return
	}
	if c, ok := x.(*rel.Cast); ok && c.T.OID == t.OID && t.Typmod >= 0 {
		x = c.X
	}
	if c, ok := x.(*rel.Const); ok && c.T.OID == t.OID && c.T.Typmod < 0 {
		p.constant(t, c.D)
		return
	}
	p.open()
	p.within(x, false, e)
	p.close()
	p.put("::", p.castName(e, t))
}

// castName is the type of a cast: a domain's name where it goes to a domain.
func (p *printer) castName(e rel.Expr, t types.T) string {
	if c, ok := e.(*rel.Cast); ok && c.Domain != 0 && p.q != nil {
		return p.q.names.Type(c.Domain)
	}
	return types.FormatType(t)
}

func (p *printer) boolean(e *rel.Bool) {
	p.open()
	if e.Op == rel.Not {
		p.put("NOT ")
	}
	for i, a := range e.Args {
		if i > 0 {
			p.put(pick(e.Op == rel.And, " AND ", " OR "))
		}
		p.within(a, false, e)
	}
	p.close()
}

func (p *printer) isTest(e *rel.IsTest) {
	what := map[rel.IsWhat]string{rel.IsNull: "NULL", rel.IsTrue: "TRUE", rel.IsFalse: "FALSE", rel.IsUnknown: "UNKNOWN"}
	p.open()
	p.within(e.X, e.What == rel.IsNull, e)
	p.put(" IS ", pick(e.Not, "NOT ", ""), what[e.What])
	p.close()
}

func (p *printer) caseWhen(e *rel.Case) {
	p.keyword("CASE", 0, indentVar, 0)
	if e.Arg != nil {
		p.put(" ")
		p.expr(e.Arg, true)
	}
	for _, w := range e.Whens {
		p.word("WHEN ")
		p.expr(tested(e, w.Cond), false)
		p.put(" THEN ")
		p.expr(w.Result, true)
	}
	p.word("ELSE ")
	if e.Else == nil {
		p.constant(e.T, types.Null)
	} else {
		p.expr(e.Else, true)
	}
	if p.q == nil {
		p.put(" ")
	}
	p.keyword("END", -indentVar, 0, 0)
}

// word is a keyword inside an expression: on a line of its own in queries.
func (p *printer) word(s string) {
	if p.q == nil {
		p.put(" ")
	}
	p.keyword(s, 0, 0, 0)
}

// tested is what CASE x WHEN … shows: the value that x is compared with.
func tested(e *rel.Case, cond rel.Expr) rel.Expr {
	c, ok := cond.(*rel.Call)
	if e.Arg == nil || !ok || len(c.Args) != 2 {
		return cond
	}
	return c.Args[1]
}

func (p *printer) field(e *rel.Field) {
	bare := false
	switch e.X.(type) {
	case *rel.Subscript, *rel.Field:
		bare = p.q != nil
	}
	p.put(pick(bare, "", "("))
	p.expr(e.X, true)
	p.put(pick(bare, "", ")"), ".", funcs.QuoteIdent(e.Name))
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
		if t.OID != types.UnknownOID || p.q != nil {
			p.put(label)
		}
		return
	}
	text := string(types.AppendText(nil, t.OID, d, types.DefaultFormat))
	if p.q == nil && d.I != 0 && types.RegKind(t.OID) != "" {
		text = types.ObjectMark(t.OID, types.OID(d.I))
	} else if p.q != nil && p.q.names.Object != nil {
		if name, ok := p.q.names.Object(t.OID, types.OID(d.I)); ok {
			text = name
		}
	}
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
	p.put("'", strings.ReplaceAll(text, "'", "''"), "'", label)
}
