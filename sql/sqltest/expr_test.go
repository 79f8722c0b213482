package sqltest

import (
	"fmt"
	"strings"
)

// expr is an expression of a kind that fails for no values of its columns.
func (g *gen) expr(s scope, k kind, depth int) string {
	if cols := s.columns(k); len(cols) > 0 && (depth == 0 || g.chance(50)) {
		return pick(g, cols)
	}
	if depth == 0 || g.chance(15) {
		if g.chance(10) {
			return "null::" + strings.TrimSuffix(kindNames[k], "(8,2)")
		}
		return g.literal(k)
	}
	sub := func(k kind) string { return g.expr(s, k, depth-1) }
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("case when %s then %s else %s end", g.cond(s, depth-1), sub(k), sub(k))
	case 1:
		return fmt.Sprintf("coalesce(%s, %s)", sub(k), sub(k))
	case 2:
		return fmt.Sprintf("nullif(%s, %s)", sub(k), sub(k))
	case 3:
		if k != boolean {
			return fmt.Sprintf("%s(%s, %s)", pick(g, []string{"greatest", "least"}), sub(k), sub(k))
		}
	case 4:
		if g.depth < 3 {
			return g.scalar(s, k)
		}
	}
	switch k {
	case integer:
		return pick(g, []string{
			"(" + sub(integer) + " + " + sub(integer) + ")", "(" + sub(integer) + " - " + sub(integer) + ")",
			"length(" + sub(text) + ")", "(" + sub(integer) + " % 3)", "abs(" + sub(integer) + ")", "(-" + sub(integer) + ")",
			"(" + sub(date) + " - " + sub(date) + ")", sub(boolean) + "::int", "extract(day from " + sub(date) + ")::int",
		})
	case text:
		return pick(g, []string{
			"(" + sub(text) + " || " + sub(text) + ")", "upper(" + sub(text) + ")", "(" + sub(integer) + ")::text", "(" + sub(boolean) + ")::text",
			"(" + sub(date) + ")::text", "substr(" + sub(text) + ", 1, 1)", "concat(" + sub(text) + ", " + sub(integer) + ")",
		})
	case number:
		return pick(g, []string{"(" + sub(number) + " + " + sub(number) + ")", "(" + sub(number) + " * 2)", "(" + sub(integer) + ")::numeric", "round(" + sub(number) + ")", "(" + sub(number) + " / 4)"})
	case boolean:
		return "(" + g.cond(s, depth-1) + ")"
	case date:
		return pick(g, []string{"(" + sub(date) + " + 1)", "(" + sub(date) + " + " + sub(integer) + ")", "(" + sub(instant) + ")::date"})
	}
	return pick(g, []string{"(" + sub(instant) + " + interval '1 day')", "(" + sub(date) + ")::timestamptz", "date_trunc('day', " + sub(instant) + ")"})
}

// scalar is a subquery of one row at most.
func (g *gen) scalar(outer scope, k kind) string {
	g.depth++
	defer func() { g.depth-- }()
	from, own := g.from(outer)
	all := append(append(scope{}, own...), outer...)
	if g.chance(60) {
		return fmt.Sprintf("(select %s from %s%s)", g.aggregate(own, k), from, g.where(all))
	}
	return fmt.Sprintf("(select %s from %s%s order by 1 limit 1)", g.expr(all, k, 1), from, g.where(all))
}

// cond is a condition, true, false or unknown.
func (g *gen) cond(s scope, depth int) string {
	k := pick(g, []kind{integer, integer, integer, text, text, number, date, instant, boolean})
	d := max(depth-1, 0)
	sub := func() string { return g.expr(s, k, d) }
	n := g.IntN(20)
	if depth == 0 {
		n = g.IntN(9)
	}
	switch n {
	case 0, 1, 2:
		return sub() + " " + pick(g, []string{"=", "<>", "<", "<=", ">", ">="}) + " " + sub()
	case 3, 4:
		return g.expr(s, k, 0) + " " + pick(g, []string{"=", "=", "<", "<=", ">", ">="}) + " " + g.literal(k)
	case 5:
		return sub() + " is " + pick(g, []string{"", "not "}) + "null"
	case 6:
		list := []string{g.literal(k), g.literal(k), g.literal(k)}
		if g.chance(15) {
			list[1] = "null"
		}
		return sub() + pick(g, []string{" in (", " not in ("}) + strings.Join(list, ", ") + ")"
	case 7:
		return sub() + " is " + pick(g, []string{"", "not "}) + "distinct from " + sub()
	case 8:
		return sub() + pick(g, []string{" between ", " not between "}) + g.literal(k) + " and " + g.literal(k)
	case 9:
		return "(" + g.cond(s, d) + " or " + g.cond(s, d) + ")"
	case 10:
		return "(" + g.cond(s, d) + " and " + g.cond(s, d) + ")"
	case 11:
		return "not (" + g.cond(s, d) + ")"
	case 12:
		return "(" + g.cond(s, d) + ") is " + pick(g, []string{"true", "not true", "false", "not false", "unknown", "not unknown"})
	case 13:
		return g.expr(s, text, d) + pick(g, []string{" like ", " not like "}) + pick(g, []string{"'a%'", "'%b'", "'_'", "'%'"})
	case 14:
		return fmt.Sprintf("%s %s %s (array[%s, %s])", sub(), pick(g, []string{"=", "<", "<>"}), pick(g, []string{"any", "all"}), g.literal(k), sub())
	}
	if g.chance(15) {
		return g.rows(s, k, d)
	}
	if g.depth >= 3 {
		return sub() + " = " + sub()
	}
	g.depth++
	defer func() { g.depth-- }()
	switch n {
	case 15, 16:
		from, own := g.from(s)
		all := append(append(scope{}, own...), s...)
		where := g.where(all)
		if x, y := own.columns(integer), s.columns(integer); len(x) > 0 && len(y) > 0 && g.chance(70) {
			where = " where " + pick(g, x) + " = " + pick(g, y) + strings.Replace(where, " where ", " and ", 1)
		}
		return pick(g, []string{"exists", "not exists"}) + " (select 1 from " + from + where + ")"
	case 17, 18:
		outer := s
		if g.chance(60) {
			outer = nil
		}
		q, _ := g.query(outer, []kind{k})
		return sub() + pick(g, []string{" in (", " not in (", " in ("}) + q + ")"
	default:
		q, _ := g.query(nil, []kind{k})
		return fmt.Sprintf("%s %s %s (%s)", sub(), pick(g, []string{"=", "<>", "<", ">="}), pick(g, []string{"any", "all"}), q)
	}
}

// rows is a comparison of rows of two values.
func (g *gen) rows(s scope, k kind, depth int) string {
	pair := func() string { return "(" + g.expr(s, k, depth) + ", " + g.expr(s, integer, depth) + ")" }
	switch g.IntN(4) {
	case 0:
		return pair() + pick(g, []string{" = ", " <> ", " < ", " >= "}) + pair()
	case 1:
		return fmt.Sprintf("%s in ((%s, %s), %s)", pair(), g.literal(k), g.literal(integer), pair())
	case 2:
		return pair() + " is " + pick(g, []string{"", "not "}) + "distinct from " + pair()
	}
	if g.depth >= 3 {
		return "row" + pair() + " is null"
	}
	g.depth++
	defer func() { g.depth-- }()
	var outer scope
	if g.chance(40) {
		outer = s
	}
	q, _ := g.query(outer, []kind{k, integer})
	return pair() + pick(g, []string{" in (", " not in ("}) + q + ")"
}
