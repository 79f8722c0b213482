package sqltest

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

var calls = flag.Int("calls", 20000, "how many expressions of TestCalls, from -seed on")

// values are literals of each type, ordinary ones and those at the ends of its range.
var values = map[string][]string{
	"int2":         {"0", "1", "-1", "7", "32767", "-32768"},
	"int4":         {"0", "1", "-1", "2", "3", "17", "100", "2147483647", "-2147483648"},
	"int8":         {"0", "1", "-1", "5", "86400", "9223372036854775807", "-9223372036854775808", "4294967296"},
	"float4":       {"0", "-0", "1.5", "-2.25", "1e-40", "3.4e38", "NaN", "Infinity", "-Infinity", "16777217"},
	"float8":       {"0", "-0", "0.5", "1", "-1.75", "1e300", "1e-300", "123456789.125", "NaN", "Infinity", "-Infinity", "0.1"},
	"numeric":      {"0", "1", "-1", "0.00", "1.50", "-123.456", "99999999999999999999.5", "1e-20", "1e30", "NaN", "Infinity", "-Infinity", "2.5", "3.5"},
	"text":         {"", "a", "abc", "Hello, World", "  x ", "ÄÖü", "日本語", "%_\\", "a,b,c", "12", "-7.5", "2024-02-29", "t", "foo.bar", "a.b|c", "{1,2}", "NULL", "\t\n", "(a)(b)?", "UTC", "America/New_York", "day", "epoch", "YYYY-MM-DD", "FM999.99", "hex", "sha256", "xyzzy"},
	"varchar":      {"", "a", "abc", "Ünï"},
	"bpchar":       {"", "a", "abc  ", "Ünï"},
	"name":         {"", "a", "pg_class", "x_y"},
	"char":         {"", "a", "Z", `\377`, "~"},
	"bytea":        {"", `\x00`, `\xdeadbeef`, `\x616263`, `\xffff`, "abc"},
	"bool":         {"t", "f"},
	"uuid":         {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"date":         {"2024-02-29", "1970-01-01", "2000-01-01", "1999-12-31", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01 BC"},
	"time":         {"00:00", "12:34:56.789", "23:59:59.999999", "24:00:00"},
	"timetz":       {"00:00+00", "12:34:56.789-05", "24:00:00+14", "23:59:59.999999-15:59:59"},
	"timestamp":    {"2024-02-29 12:34:56.789", "1970-01-01", "infinity", "-infinity", "4713-01-01 BC", "294276-12-31 23:59:59", "2000-01-01 00:00:00.000001", "1999-12-31 23:59:59.5", "0044-03-15 BC"},
	"timestamptz":  {"2024-02-29 12:34:56.789+00", "1970-01-01 00:00+00", "infinity", "-infinity", "2024-03-10 07:00+00", "2024-11-03 06:30+00", "0001-01-01 BC", "294276-12-31 00:00+00"},
	"interval":     {"0", "1 day", "1 mon", "-1 year 2 mons", "1 day 02:03:04.567", "-00:00:01", "178000000 years", "1 mon -1 day +01:00", "36500 days", "2 hours", "15 minutes"},
	"json":         {"null", "1", `"a"`, "[]", "{}", `[1,2,{"a":null}]`, `{"a":1,"b":[true,false,null],"a":"x"}`, `{"k":{"x":1.50}}`, "-0", `"\u0041"`, "1e5"},
	"jsonb":        {"null", "1", `"a"`, "[]", "{}", `[1,2,{"a":null}]`, `{"a":1,"b":[true,false,null],"a":"x"}`, `{"k":{"x":1.50}}`, "-0", `"\u0041"`, "1e5", `["a","b"]`, `[[1],[2]]`},
	"jsonpath":     {"$", "$.a", "$[*]", "strict $.a.b", "$.** ? (@ > 1)", "$.b[0 to last]", "1 + 2", "$.a.type()", "exists($.k)", `$ ? (@.a == 1)`},
	"oid":          {"0", "1", "23", "4294967295"},
	"regclass":     {"pg_class", "1"},
	"regtype":      {"int4", "text", "numeric"},
	"regproc":      {"now"},
	"regnamespace": {"pg_catalog", "public"},
	"_int4":        {"{}", "{1}", "{1,2,3}", "{NULL,2}", "{{1,2},{3,4}}", "[0:2]={7,8,9}"},
	"_int8":        {"{}", "{1,-9223372036854775808}", "{NULL}"},
	"_text":        {"{}", "{a}", `{"",b,NULL}`, "{a,b,c}", "{{a,b},{c,d}}", `{"a b","c\"d"}`},
	"_float8":      {"{}", "{0,0.25,1}", "{NaN,-1}", "{0.5}"},
	"_numeric":     {"{}", "{1.5,2}", "{NaN}"},
	"_timestamptz": {"{}", "{2024-01-01,infinity}"},
	"_bool":        {"{}", "{t,f,NULL}"},
	"inet":         {"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "192.168.1.5/24"},
}

// polymorphic are types that stand for the polymorphic ones.
var polymorphic = map[string][]string{
	"any":                {"int4", "text", "numeric", "date", "_int4"},
	"anyelement":         {"int4", "text", "numeric", "timestamptz"},
	"anycompatible":      {"int4", "int8", "text", "numeric", "float8"},
	"anyarray":           {"_int4", "_text", "_numeric"},
	"anycompatiblearray": {"_int4", "_text", "_numeric", "_int8"},
	"anynonarray":        {"int4", "text", "bool"},
}

// A callable is a function, an operator or a cast that both servers have.
type callable struct {
	form string   // with a %s for each argument
	args []string // types
}

const (
	listFunctions = `select p.proname, p.prokind, p.provariadic <> 0, array_to_string(array(select t.typname from unnest(p.proargtypes) with ordinality a(oid, n) join pg_type t on t.oid = a.oid order by a.n), ' ')
from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind in ('f', 'a') and p.provolatile <> 'v' and p.prorettype not in (select oid from pg_type where typname in ('internal', 'cstring', 'trigger'))`
	listOperators = `select o.oprname, coalesce(l.typname || ' ', '') || r.typname from pg_operator o left join pg_type l on l.oid = o.oprleft join pg_type r on r.oid = o.oprright`
	listCasts     = `select a.typname, b.typname from pg_cast c join pg_type a on a.oid = castsource join pg_type b on b.oid = casttarget`
)

// ownAnswers matches functions whose answers depend on the server: its clock,
// addresses, sizes, roles and settings, or on how it hashes.
var ownAnswers = regexp.MustCompile(`^(pg_|has_|current_|inet_(client|server)|(obj|col|shobj)_description|hash|jsonb_hash|row_security|to_reg|session_|version$|now$|(statement|transaction)_timestamp|txid|getdatabaseencoding|format_type|getpgusername|icu_|ri_|binary_upgrade|.*_to_xml|.*xmlschema|currtid|mxid|has_|acl|makeacl)`)

// differs matches calls whose difference is known and wanted.
var differs = regexp.MustCompile(`^select (` + strings.Join([]string{
	`bt\w+cmp\(|byteacmp|uuid_cmp|bpcharcmp`,                   // promise a sign only
	`make_interval`,                                            // PostgreSQL 15 overflows silently
	`(age|timestamp\w*_(mi|age))\('-?infinity|age\(.*infinity`, // PostgreSQL 15 subtracts infinities as numbers
	`.*294276.* - |timestamp\w*_mi\(.*294276`,                  // PostgreSQL 15 overflows silently
	`.*'-infinity'.*generate_series|generate_series.*infinity`, // endless in PostgreSQL 15
}, "|") + `)`)

// TestCalls gives functions, operators and casts that both servers have values of
// their types and compares what comes back.
func TestCalls(t *testing.T) {
	pg := connectPostgres(t)
	z := startNode(t)
	must(t, z, "set statement_timeout = '3s'")
	p := &pair{t: t, z: z, pg: pg, codes: map[string]int{}}
	g := newGen(*firstSeed)
	list := callables(t, z, pg)
	for p.ran < *calls {
		sql := "select " + g.call(list) + " limit 50"
		got, want := p.onBoth(sql)
		if !differs.MatchString(sql) {
			p.compare(sql, "", got, want, true)
		}
	}
	t.Logf("seed %d: %d calls of %d functions, %d of them errors %v", *firstSeed, p.ran, len(list), p.errors, p.codes)
	reportCalls(t, p.differ)
}

// reportCalls prints the shortest difference of each function and pair of outcomes.
func reportCalls(t *testing.T, list []difference) {
	shortest, count := map[string]difference{}, map[string]int{}
	for _, d := range list {
		name := callName.FindString(d.sql) + " " + d.want.code + " " + d.got.code
		count[name]++
		if old, ok := shortest[name]; !ok || len(d.sql) < len(old.sql) {
			shortest[name] = d
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shortest)) {
		d := shortest[name]
		t.Errorf("%d× %s;\nzorya: %s %s\npostgres: %s %s", count[name], d.sql, d.got.message, clip(d.got.String()), d.want.message, clip(d.want.String()))
	}
}

var callName = regexp.MustCompile(`^select \w*\(?|' [^'a-z ]+ '`)

// callables are those that both servers list and whose types have values here.
func callables(t *testing.T, z, pg *pgconn.PgConn) []callable {
	var list []callable
	both := func(sql string) [][]string {
		ours := run(t, z, sql).rows
		var rows [][]string
		for _, row := range run(t, pg, sql).rows {
			if slices.Contains(ours, row) {
				rows = append(rows, splitRow(row))
			}
		}
		return rows
	}
	add := func(form string, args []string) {
		for _, a := range args {
			if values[a] == nil && polymorphic[a] == nil {
				return
			}
		}
		list = append(list, callable{form, args})
	}
	for _, r := range both(listFunctions) {
		if ownAnswers.MatchString(r[0]) {
			continue
		}
		args := strings.Fields(r[3])
		marks := strings.TrimSuffix(strings.Repeat("%s, ", len(args)), ", ")
		switch {
		case r[1] == "a":
			add(r[0]+"("+marks+") from (values (1), (2), (3)) v", args)
		case r[2] == "t":
			add(r[0]+"("+strings.TrimSuffix(marks, "%s")+"variadic %s)", args)
		default:
			add(r[0]+"("+marks+")", args)
		}
	}
	for _, r := range both(listOperators) {
		name := strings.ReplaceAll(r[0], "%", "%%")
		if args := strings.Fields(r[1]); len(args) == 1 {
			add(name+" %s", args)
		} else {
			add("%s "+name+" %s", args)
		}
	}
	for _, r := range both(listCasts) {
		add("(%s)::"+quoteType(r[1]), r[:1])
	}
	for name := range values {
		add("(%s)::text", []string{name})
		add("(%s)::"+quoteType(name), []string{"text"})
	}
	slices.SortFunc(list, func(a, b callable) int {
		return cmp.Or(cmp.Compare(a.form, b.form), slices.Compare(a.args, b.args))
	})
	return list
}

func splitRow(row string) []string {
	// Names of operators may contain the bar that separates the columns.
	if i := strings.LastIndex(row, "|"); i > 0 && strings.Trim(row[:i], "!&*+/<=>@^|~#%?-") == "" {
		return []string{row[:i], row[i+1:]}
	}
	return strings.Split(row, "|")
}

// call is a random function of random values.
func (g *gen) call(list []callable) string {
	c := pick(g, list)
	args := make([]any, len(c.args))
	like := ""
	for i, name := range c.args {
		if choices := polymorphic[name]; choices != nil {
			name = g.like(name, choices, &like)
		}
		args[i] = g.value(name)
	}
	return fmt.Sprintf(c.form, args...)
}

// like chooses a type for a polymorphic one that mostly agrees with the arguments
// before it.
func (g *gen) like(name string, choices []string, like *string) string {
	if *like == "" || g.chance(5) || name == "any" {
		c := pick(g, choices)
		*like = strings.TrimPrefix(c, "_")
		return c
	}
	if strings.HasSuffix(name, "array") && values["_"+*like] != nil {
		return "_" + *like
	}
	return *like
}

func (g *gen) value(name string) string {
	if g.chance(4) {
		return "null::" + quoteType(name)
	}
	return fmt.Sprintf("'%s'::%s", strings.ReplaceAll(g.spoil(pick(g, values[name])), "'", "''"), quoteType(name))
}

// spoil changes a character now and then, so that input meets what it does not expect.
func (g *gen) spoil(s string) string {
	if !g.chance(5) {
		return s
	}
	r := []rune(s)
	at := g.IntN(len(r) + 1)
	c := pick(g, []rune("0159-+.:,;/ eE{}[]()\"$@aAzT%*?|\\é"))
	if at == len(r) || g.chance(50) {
		return string(slices.Insert(r, at, c))
	}
	r[at] = c
	return string(r)
}

// quoteType keeps "char" apart from char, which means character(1).
func quoteType(name string) string {
	if name == "char" {
		return `"char"`
	}
	return name
}
