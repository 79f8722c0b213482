package sqltest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A kind is a type of the generated expressions.
type kind int

const (
	integer kind = iota
	text
	number
	boolean
	date
	instant
)

var kindNames = []string{"int", "text", "numeric(8,2)", "boolean", "date", "timestamptz"}

// A column is something that expressions can refer to.
type column struct {
	name string
	kind kind
}

// tableColumns are the same in all tables, so that USING has something to use.
var tableColumns = []column{{"id", integer}, {"a", integer}, {"b", integer}, {"t", text}, {"n", number}, {"f", boolean}, {"d", date}, {"z", instant}}

var tables = []string{"t0", "t1", "t2", "t3"}

type gen struct {
	*rand.Rand
	aliases int
	depth   int
	ctes    []relation
	// params are the values of parameters, as text, that stand for some literals;
	// nil: there are none.
	params *[]string
}

func newGen(seed uint64) *gen { return &gen{Rand: rand.New(rand.NewPCG(seed, 1))} }

// chance is true in n of 100 cases.
func (g *gen) chance(n int) bool { return g.IntN(100) < n }

func pick[T any](g *gen, list []T) T { return list[g.IntN(len(list))] }

func (g *gen) alias(prefix string) string {
	g.aliases++
	return fmt.Sprintf("%s%d", prefix, g.aliases)
}

// schema returns the statements that make the tables, with rows, and the indexes,
// which Zorya makes asynchronously.
func (g *gen) schema() (creates, indexes, inserts []string) {
	for i, name := range tables {
		key := pick(g, []string{"id", "id", "a, id", "t, id", "id desc"})
		if i == 3 {
			key = "" // a hidden key
		}
		key = strings.TrimSuffix(key, " desc")
		cols := make([]string, len(tableColumns))
		for k, c := range tableColumns {
			cols[k] = c.name + " " + kindNames[c.kind]
			if strings.Contains(key, c.name+",") || c.name == "id" {
				cols[k] += " not null"
			}
		}
		if key != "" {
			cols = append(cols, "primary key ("+key+")")
		}
		creates = append(creates, fmt.Sprintf("create table %s (%s)", name, strings.Join(cols, ", ")))
		indexes = append(indexes, fmt.Sprintf("create unique index ASYNC %s_u on %s (id)", name, name))
		for n := range g.IntN(4) {
			indexes = append(indexes, fmt.Sprintf("create index ASYNC %s_%d on %s (%s)%s", name, n, name, g.indexKeys(), g.include()))
		}
		rows := pick(g, []int{0, 3, 12, 25, 40})
		for id := range rows {
			inserts = append(inserts, fmt.Sprintf("insert into %s values (%s)", name, g.row(id, strings.HasPrefix(key, "a"), strings.HasPrefix(key, "t"))))
		}
	}
	return creates, indexes, inserts
}

func (g *gen) indexKeys() string {
	names := g.Perm(len(tableColumns) - 1)
	var keys []string
	for _, i := range names[:1+g.IntN(3)] {
		keys = append(keys, tableColumns[i+1].name+pick(g, []string{"", "", " nulls first", " nulls last"}))
	}
	return strings.Join(keys, ", ")
}

func (g *gen) include() string {
	if g.chance(70) {
		return ""
	}
	return " include (" + pick(g, []string{"id", "b", "n", "t"}) + ")"
}

func (g *gen) row(id int, needA, needT bool) string {
	values := []string{fmt.Sprint(id)}
	for _, c := range tableColumns[1:] {
		if g.chance(20) && !(needA && c.name == "a") && !(needT && c.name == "t") {
			values = append(values, "null")
		} else {
			values = append(values, g.literal(c.kind))
		}
	}
	return strings.Join(values, ", ")
}

// literal is a constant of a kind, or a parameter.
func (g *gen) literal(k kind) string {
	if g.params == nil || g.chance(50) {
		return g.constant(k)
	}
	value := g.constant(k)
	if _, quoted, ok := strings.Cut(value, "'"); ok {
		value = strings.TrimSuffix(quoted, "'")
	}
	*g.params = append(*g.params, value)
	return fmt.Sprintf("$%d::%s", len(*g.params), kindNames[k])
}

// constant is from a small range, so that values meet.
func (g *gen) constant(k kind) string {
	switch k {
	case integer:
		return fmt.Sprint(g.IntN(12) - 2)
	case text:
		return "'" + pick(g, []string{"", "a", "b", "ab", "B", "zz", "a b", "é"}) + "'"
	case number:
		return fmt.Sprintf("%d.%02d", g.IntN(8)-2, pick(g, []int{0, 0, 25, 50}))
	case boolean:
		return pick(g, []string{"true", "false"})
	case date:
		return fmt.Sprintf("date '2024-02-%02d'", 26+g.IntN(4))
	}
	return fmt.Sprintf("timestamptz '2024-02-%02d %02d:00:00+00'", 28+g.IntN(2), pick(g, []int{0, 12, 23}))
}
