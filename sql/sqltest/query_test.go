package sqltest

import (
	"fmt"
	"strings"
)

// A relation is what FROM offers under an alias.
type relation struct {
	alias string
	cols  []column
}

// A scope is the relations that an expression may refer to, inner ones first.
type scope []relation

func (s scope) columns(k kind) []string {
	var list []string
	for _, r := range s {
		for _, c := range r.cols {
			if c.kind == k {
				list = append(list, r.alias+"."+c.name)
			}
		}
	}
	return list
}

// from is a FROM clause and its scope.
func (g *gen) from(outer scope) (string, scope) {
	sql, s := g.relation(nil)
	for n := g.IntN(3); n > 0; n-- {
		sql, s = g.join(sql, s, outer)
	}
	return sql, s
}

func (g *gen) relation(lateral scope) (string, scope) {
	alias := g.alias("r")
	switch {
	case len(g.ctes) > 0 && g.chance(40):
		c := pick(g, g.ctes)
		return c.alias + " " + alias, scope{{alias, c.cols}}
	case g.depth < 3 && g.chance(25):
		q, kinds := g.query(lateral, g.kinds(1+g.IntN(3)))
		cols := make([]column, len(kinds))
		names := make([]string, len(kinds))
		for i, k := range kinds {
			cols[i] = column{fmt.Sprintf("c%d", i), k}
			names[i] = cols[i].name
		}
		word := ""
		if lateral != nil {
			word = "lateral "
		}
		return fmt.Sprintf("%s(%s) %s (%s)", word, q, alias, strings.Join(names, ", ")), scope{{alias, cols}}
	case g.chance(5):
		return fmt.Sprintf("(values (1, 'a', true), (%s, 'zz', null), (null, 'b', false)) %s (x, y, w)", g.literal(integer), alias),
			scope{{alias, []column{{"x", integer}, {"y", text}, {"w", boolean}}}}
	case g.chance(5):
		return fmt.Sprintf("generate_series(1, %d) %s (x)", 1+g.IntN(5), alias), scope{{alias, []column{{"x", integer}}}}
	}
	return pick(g, tables) + " " + alias, scope{{alias, tableColumns}}
}

func (g *gen) join(sql string, s, outer scope) (string, scope) {
	kind := pick(g, []string{"join", "join", "left join", "left join", "right join", "full join", "cross join", ","})
	var lateral scope
	if g.chance(20) && (kind == "join" || kind == "left join") {
		lateral = s
	}
	right, r := g.relation(lateral)
	both := append(append(scope{}, s...), r...)
	switch kind {
	case "cross join":
		return sql + " cross join " + right, both
	case ",":
		return sql + " cross join " + right, both
	case "full join":
		if len(s.columns(integer)) == 0 || len(r.columns(integer)) == 0 {
			return sql + " cross join " + right, both
		}
		return fmt.Sprintf("%s full join %s on %s = %s", sql, right, pick(g, s.columns(integer)), pick(g, r.columns(integer))), both
	}
	if g.chance(20) && len(s) == 1 && len(s[0].cols) == len(tableColumns) && len(r[0].cols) == len(tableColumns) {
		return fmt.Sprintf("%s %s %s using (%s)", sql, kind, right, pick(g, []string{"a", "id", "t", "a, b", "d"})), both
	}
	if g.chance(4) && len(r[0].cols) == 2 && strings.HasSuffix(kind, "join") {
		return fmt.Sprintf("%s natural %s %s", sql, kind, right), both
	}
	var on []string
	for range 1 + g.IntN(2) {
		on = append(on, g.link(s, r, both))
	}
	return fmt.Sprintf("%s %s %s on %s", sql, kind, right, strings.Join(on, " and ")), both
}

// link is a condition that mostly compares the two sides.
func (g *gen) link(l, r, both scope) string {
	k := pick(g, []kind{integer, integer, integer, text, date, number})
	x, y := l.columns(k), r.columns(k)
	if len(x) == 0 || len(y) == 0 || g.chance(15) {
		return g.cond(both, 1)
	}
	return pick(g, x) + " " + pick(g, []string{"=", "=", "=", "=", "<", "<>"}) + " " + pick(g, y)
}

func (g *gen) kinds(n int) []kind {
	list := make([]kind, n)
	for i := range list {
		list[i] = kind(g.IntN(6))
	}
	return list
}

// query is a query without ORDER BY, or a whole one in which the rows of a LIMIT are
// determined.
func (g *gen) query(outer scope, kinds []kind) (string, []kind) {
	g.depth++
	defer func() { g.depth-- }()
	q := g.simple(outer, kinds)
	if g.chance(15) && g.depth < 3 {
		op := pick(g, []string{"union", "union all", "intersect", "except", "intersect all", "except all"})
		q = fmt.Sprintf("(%s) %s (%s)", q, op, g.simple(outer, kinds))
		if g.chance(30) {
			q = fmt.Sprintf("%s %s (%s)", q, pick(g, []string{"union", "union all", "except"}), g.simple(outer, kinds))
		}
	}
	if g.chance(20) {
		q += " " + g.order(len(kinds)) + g.limit()
	}
	return q, kinds
}

// order sorts by all columns, in some order.
func (g *gen) order(n int) string {
	var keys []string
	for _, i := range g.Perm(n) {
		keys = append(keys, fmt.Sprint(i+1)+pick(g, []string{"", "", " desc", " nulls first", " desc nulls last"}))
	}
	return "order by " + strings.Join(keys, ", ")
}

func (g *gen) limit() string {
	if g.chance(10) {
		return fmt.Sprintf(" fetch first %d rows with ties", 1+g.IntN(4))
	}
	s := ""
	if g.chance(70) {
		s = fmt.Sprintf(" limit %d", g.IntN(6))
	}
	if g.chance(25) {
		s += fmt.Sprintf(" offset %d", g.IntN(4))
	}
	return s
}

func (g *gen) simple(outer scope, kinds []kind) string {
	switch n := g.IntN(100); {
	case n < 20:
		return g.grouped(outer, kinds)
	case n < 28 && g.depth < 3:
		return g.windowed(outer, kinds)
	case n < 33:
		return g.distinctOn(outer, kinds)
	}
	from, own := g.from(outer)
	all := append(append(scope{}, own...), outer...)
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = g.expr(all, k, 2)
	}
	word := ""
	if g.chance(15) {
		word = "distinct "
	}
	return fmt.Sprintf("select %s%s from %s%s", word, strings.Join(list, ", "), from, g.where(all))
}

func (g *gen) where(s scope) string {
	if g.chance(25) {
		return ""
	}
	list := []string{g.cond(s, 2)}
	for g.chance(40) {
		list = append(list, g.cond(s, 2))
	}
	return " where " + strings.Join(list, " and ")
}

// distinctOn keeps the first row of each group, in an order by all outputs.
func (g *gen) distinctOn(outer scope, kinds []kind) string {
	from, own := g.from(outer)
	all := append(append(scope{}, own...), outer...)
	list, keys := make([]string, len(kinds)), make([]string, len(kinds))
	for i, k := range kinds {
		list[i], keys[i] = g.expr(all, k, 1), fmt.Sprint(i+1)+pick(g, []string{"", " desc", " nulls first"})
	}
	return fmt.Sprintf("select * from (select distinct on (1) %s from %s%s order by %s) q", strings.Join(list, ", "), from, g.where(all), strings.Join(keys, ", "))
}

// recursive is a recursive CTE that walks from ids to b's.
func (g *gen) recursive(name string) string {
	op := pick(g, []string{"union", "union all"})
	table := pick(g, tables)
	first := scope{{"x", tableColumns}}
	next := append(scope{{name, []column{{"c0", integer}, {"c1", integer}}}}, first...)
	return fmt.Sprintf("%s (c0, c1) as (select x.%s, 0 from %s x where %s %s select x.b, %s.c1 + 1 from %s join %s x on x.id = %s.c0 where %s.c1 < 4 and %s)",
		name, pick(g, []string{"a", "b", "id"}), table, g.cond(first, 1), op, name, name, pick(g, tables), name, name, g.cond(next, 1))
}

// grouped is a query with aggregates: outputs are grouping columns or aggregates.
func (g *gen) grouped(outer scope, kinds []kind) string {
	from, own := g.from(outer)
	all := append(append(scope{}, own...), outer...)
	var keys []column
	for n := g.IntN(3); n > 0; n-- {
		k := kind(g.IntN(6))
		if cols := own.columns(k); len(cols) > 0 {
			keys = append(keys, column{pick(g, cols), k})
		}
	}
	out := func(k kind) string {
		for _, key := range keys {
			if key.kind == k && g.chance(60) {
				return key.name
			}
		}
		return g.aggregate(own, k)
	}
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = out(k)
	}
	word := ""
	if g.chance(20) {
		word = "distinct "
	}
	sql := fmt.Sprintf("select %s%s from %s%s", word, strings.Join(list, ", "), from, g.where(all))
	if len(keys) > 0 {
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = k.name
		}
		joined := strings.Join(names, ", ")
		switch g.IntN(8) {
		case 0:
			joined = "rollup (" + joined + ")"
		case 1:
			joined = "cube (" + joined + ")"
		case 2:
			joined = "grouping sets ((" + joined + "), (" + names[0] + "), ())"
		}
		sql += " group by " + joined
	}
	if g.chance(30) {
		sql += fmt.Sprintf(" having %s %s %s", out(integer), pick(g, []string{">", "<", "=", "<>"}), g.literal(integer))
	}
	return sql
}

func (g *gen) aggregate(s scope, k kind) string {
	arg := func(k kind) string { return g.expr(s, k, 1) }
	filter := ""
	if g.chance(15) {
		filter = " filter (where " + g.cond(s, 1) + ")"
	}
	distinct := ""
	if g.chance(15) {
		distinct = "distinct "
	}
	switch k {
	case integer:
		switch g.IntN(4) {
		case 0:
			return "count(*)" + filter + "::int"
		case 1:
			return "count(" + distinct + arg(kind(g.IntN(6))) + ")" + filter + "::int"
		case 2:
			return "sum(" + distinct + arg(integer) + ")" + filter + "::int"
		}
	case text:
		if g.chance(40) {
			x := arg(text)
			return fmt.Sprintf("string_agg(%s, ',' order by %s)%s", x, x, filter)
		}
	case number:
		switch g.IntN(3) {
		case 0:
			return "sum(" + distinct + arg(number) + ")" + filter
		case 1:
			return "round(avg(" + distinct + arg(integer) + ")" + filter + ", 2)"
		}
	case boolean:
		return pick(g, []string{"bool_and", "bool_or"}) + "(" + arg(boolean) + ")" + filter
	}
	return pick(g, []string{"min", "max"}) + "(" + arg(k) + ")" + filter
}

// windowed is a query over a table with window functions, whose order is unique.
func (g *gen) windowed(outer scope, kinds []kind) string {
	r := g.alias("r")
	table := pick(g, tables)
	own := scope{{r, tableColumns}}
	list := make([]string, len(kinds))
	for i, k := range kinds {
		order := fmt.Sprintf("order by %s.%s%s, %s.id", r, pick(g, []string{"a", "b", "t", "d", "n"}), pick(g, []string{"", " desc", " nulls first"}), r)
		over := fmt.Sprintf("over (partition by %s.%s %s)", r, pick(g, []string{"a", "f", "t", "d"}), order)
		if g.chance(40) {
			over = "over (" + order + pick(g, []string{"", " rows between 1 preceding and 1 following", " rows between unbounded preceding and 1 preceding", " rows between current row and unbounded following", " groups 1 preceding"}) + ")"
		}
		switch {
		case k == integer && g.chance(40):
			list[i] = pick(g, []string{"row_number()", "rank()", "dense_rank()", "count(*)", "ntile(3)", "count(" + g.expr(own, text, 1) + ")"}) + " " + over + "::int"
		case k == number && g.chance(40):
			list[i] = "sum(" + g.expr(own, number, 1) + ") " + over
		case k == boolean:
			list[i] = "bool_or(" + g.expr(own, boolean, 1) + ") " + over
		default:
			list[i] = pick(g, []string{"lag", "lead", "first_value", "last_value", "min", "max"}) + "(" + g.known(own, k) + ") " + over
		}
	}
	all := append(append(scope{}, own...), outer...)
	word := ""
	if g.chance(20) {
		word = "distinct "
	}
	return fmt.Sprintf("select %s%s from %s %s%s", word, strings.Join(list, ", "), table, r, g.where(all))
}

// known is an expression whose type needs no guess: a literal of text gets a cast.
func (g *gen) known(s scope, k kind) string {
	x := g.expr(s, k, 1)
	if strings.HasPrefix(x, "'") {
		x += "::text"
	}
	return x
}

// statement is a whole query: with CTEs, perhaps, and an order.
func (g *gen) statement() (sql string, ordered bool) {
	g.ctes, g.aliases, g.depth = nil, 0, 0
	var with []string
	word := "with "
	if g.chance(6) {
		name := g.alias("w")
		with = append(with, g.recursive(name))
		g.ctes = append(g.ctes, relation{name, []column{{"c0", integer}, {"c1", integer}}})
		word = "with recursive "
	}
	for g.chance(20) && len(with) < 2 {
		q, kinds := g.query(nil, g.kinds(2))
		name := g.alias("w")
		mat := pick(g, []string{"", "", "materialized ", "not materialized "})
		with = append(with, fmt.Sprintf("%s (c0, c1) as %s(%s)", name, mat, q))
		g.ctes = append(g.ctes, relation{name, []column{{"c0", kinds[0]}, {"c1", kinds[1]}}})
	}
	kinds := g.kinds(1 + g.IntN(4))
	q, _ := g.query(nil, kinds)
	if len(with) > 0 {
		q = word + strings.Join(with, ", ") + " " + q
	}
	if !strings.Contains(q, "order by") && g.chance(50) {
		return q + " " + g.order(len(kinds)) + g.limit(), true
	}
	return q, false
}
