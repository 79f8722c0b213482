package sqltest

import (
	"fmt"
	"strings"
)

// change is a modifying statement whose effect is determined.
func (g *gen) change() string {
	g.ctes, g.aliases, g.depth = nil, 0, 1
	table := pick(g, tables)
	own := scope{{table, tableColumns}}
	returning := ""
	if g.chance(60) {
		returning = fmt.Sprintf(" returning %s, %s.id", g.expr(own, kind(g.IntN(6)), 1), table)
	}
	switch g.IntN(9) {
	case 7: // rows move from one table to another
		to := pick(g, tables)
		return fmt.Sprintf("with gone as (delete from %s%s returning *), come as (insert into %s select id + 100, coalesce(a, 0), b, coalesce(t, ''), n, f, d, z from gone order by 1, 2, 3, 4, 5, 6, 7, 8 on conflict do nothing returning id) select (select count(*) from gone), (select count(*) from come), (select count(*) from %s)",
			table, g.where(own), to, table)
	case 8:
		return fmt.Sprintf("with x as (update %s set %s%s returning *) select count(*), sum(x.n), max(y.b) from x left join %s y on y.id = x.id", table, g.assignments(own, own), g.where(own), table)
	case 0:
		return fmt.Sprintf("delete from %s%s%s", table, g.where(own), returning)
	case 1:
		from, other := g.relation(nil)
		all := append(append(scope{}, own...), other...)
		return fmt.Sprintf("delete from %s using %s where %s%s", table, from, g.link(own, other, all), returning)
	case 2:
		return fmt.Sprintf("update %s set %s%s%s", table, g.assignments(own, own), g.where(own), returning)
	case 3: // the other row is at most one
		r := g.alias("r")
		all := append(append(scope{}, own...), relation{r, tableColumns})
		return fmt.Sprintf("update %s set %s from %s %s where %s.id = %s.%s%s", table, g.assignments(own, all), pick(g, tables), r, r, table,
			pick(g, []string{"id", "a", "b"}), returning)
	case 4:
		r := g.alias("r")
		from := scope{{r, tableColumns}}
		list := []string{r + ".id + " + fmt.Sprint(20*g.IntN(3))}
		for _, c := range tableColumns[1:] {
			list = append(list, g.assigned(from, c))
		}
		// In order: which of two rows with one key comes first decides which is kept.
		return fmt.Sprintf("insert into %s select %s from %s %s%s order by 1, 2, 3, 4, 5, 6, 7, 8%s", table, strings.Join(list, ", "), pick(g, tables), r, g.where(from),
			pick(g, []string{"", " on conflict do nothing", " on conflict (id) do nothing"})+returning)
	case 5:
		excluded := append(append(scope{}, own...), relation{"excluded", tableColumns})
		where := ""
		if g.chance(30) {
			where = " where " + g.cond(excluded, 1)
		}
		return fmt.Sprintf("insert into %s values (%s) on conflict (id) do update set %s%s%s", table, g.row(g.IntN(40), true, true), g.assignments(own, excluded), where, returning)
	}
	id := g.IntN(50)
	return fmt.Sprintf("insert into %s values (%s), (%s)%s", table, g.row(id, true, true), g.row(id+g.IntN(4), true, true), returning)
}

func (g *gen) assigned(from scope, c column) string {
	x := g.expr(from, c.kind, 1)
	if c.name == "a" || c.name == "t" { // may be of the key
		return fmt.Sprintf("coalesce(%s, %s)", x, g.literal(c.kind))
	}
	return x
}

func (g *gen) assignments(own, from scope) string {
	var list []string
	for _, i := range g.Perm(len(tableColumns) - 1)[:1+g.IntN(3)] {
		c := tableColumns[i+1]
		list = append(list, c.name+" = "+g.assigned(from, c))
	}
	return strings.Join(list, ", ")
}
