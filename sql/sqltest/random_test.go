package sqltest

import (
	"cmp"
	"flag"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	firstSeed = flag.Uint64("seed", uint64(time.Now().UnixNano()%1e9), "of the first schema")
	schemas   = flag.Int("schemas", 3, "how many schemas, with seeds from -seed on")
	queries   = flag.Int("queries", 300, "statements of each")
	only      = flag.String("only", "", "run this statement instead, on the first schema")
)

// plans are settings under which every query must give the same rows.
var plans = []string{"", "enable_hashjoin", "enable_seqscan", "enable_indexscan", "enable_nestloop", "enable_indexonlyscan"}

// TestRandom runs generated statements on both servers.
func TestRandom(t *testing.T) {
	pg := connectPostgres(t)
	// Small heaps of many short statements would spend a third of the time collecting.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	z := startNode(t)
	must(t, z, "set statement_timeout = '10s'")
	p := &pair{t: t, z: z, pg: pg, codes: map[string]int{}}
	for i := range *schemas {
		p.schema(*firstSeed+uint64(i), *queries)
	}
	t.Logf("%d statements, %d of them errors %v; %d too slow; %v in zorya, %v in PostgreSQL", p.ran, p.errors, p.codes, p.tooSlow, p.zTime.Round(time.Second), p.pgTime.Round(time.Second))
	for _, sql := range p.slower {
		t.Logf("too slow in zorya only: %s", sql)
	}
	t.Logf("slowest, %v: %s", p.slowest, p.slow)
	slices.SortFunc(p.differ, func(a, b difference) int { return cmp.Compare(len(a.sql), len(b.sql)) })
	for _, d := range p.differ[:min(len(p.differ), 6)] {
		t.Errorf("seed %d, %s: %s;\nzorya: %s %s\npostgres: %s %s", d.seed, d.setting, d.sql, d.got.message, clip(d.got.String()), d.want.message, clip(d.want.String()))
	}
	if n := len(p.differ); n > 0 {
		t.Errorf("%d differences", n)
	}
}

func clip(s string) string {
	if len(s) > 600 {
		return s[:600] + "…"
	}
	return s
}

// A pair is the two servers.
type pair struct {
	t                      testing.TB
	z, pg                  *pgconn.PgConn
	codes                  map[string]int // of errors
	ran, errors, tooSlow   int
	zTime, pgTime, slowest time.Duration
	slower                 []string // statements that took Zorya too long and PostgreSQL not
	slow                   string   // the statement that took Zorya longest
	differ                 []difference
	seed                   uint64
}

type difference struct {
	seed         uint64
	setting, sql string
	got, want    answer
}

func (p *pair) schema(seed uint64, n int) {
	p.seed = seed
	g := newGen(seed)
	for _, name := range tables {
		must(p.t, p.z, "drop table if exists "+name)
		must(p.t, p.pg, "drop table if exists "+name)
	}
	creates, indexes, inserts := g.schema()
	must(p.t, p.z, creates...)
	must(p.t, p.z, indexes...)
	for _, sql := range slices.Concat(creates, indexes) {
		must(p.t, p.pg, strings.Replace(sql, " ASYNC ", " ", 1))
	}
	p.await()
	for _, sql := range inserts {
		must(p.t, p.z, sql)
		must(p.t, p.pg, sql)
	}
	if g.chance(50) {
		for _, name := range tables {
			must(p.t, p.z, "analyze "+name)
		}
	}
	if *only != "" {
		fmt.Println(strings.Join(run(p.t, p.z, "explain verbose "+*only).rows, "\n"))
		p.query(*only, false, "")
		return
	}
	for range n {
		switch m := g.IntN(100); {
		case m < 10:
			p.change(g.change())
		case m < 14:
			p.transaction(g)
		default:
			p.statement(g)
		}
	}
}

// statement runs a query and reports whether it failed.
func (p *pair) statement(g *gen) bool {
	var params []string
	if g.chance(25) {
		g.params = &params
	}
	sql, ordered := g.statement()
	g.params = nil
	sql, params = usedParams(sql, params)
	return p.query(sql, ordered, plans[g.IntN(len(plans))], params...)
}

var parameter = regexp.MustCompile(`\$\d+`)

// usedParams drops the parameters of expressions that were thrown away.
func usedParams(sql string, params []string) (string, []string) {
	var used []string
	sql = parameter.ReplaceAllStringFunc(sql, func(s string) string {
		n, _ := strconv.Atoi(s[1:])
		used = append(used, params[n-1])
		return fmt.Sprintf("$%d", len(used))
	})
	return sql, used
}

// transaction makes changes and looks at them before they are committed, or not.
func (p *pair) transaction(g *gen) {
	end := pick(g, []string{"commit", "rollback"})
	p.both("begin")
	for range 1 + g.IntN(3) {
		sql := g.change()
		got, want := p.onBoth(sql)
		if got.code == "57014" || want.code == "57014" {
			p.tooSlow++
			p.both("rollback")
			return
		}
		if p.compare(sql, "in a transaction", got, want, false) || want.code != "" {
			p.both("rollback")
			return
		}
		for range 2 {
			known := len(p.differ)
			if failed := p.statement(g); failed || len(p.differ) > known {
				p.both("rollback")
				return
			}
		}
	}
	p.both(end)
	p.look()
}

func (p *pair) both(sql string) {
	must(p.t, p.z, sql)
	must(p.t, p.pg, sql)
}

func (p *pair) query(sql string, ordered bool, setting string, params ...string) (failed bool) {
	got, want := p.onBoth(sql, params...)
	if want.code == "57014" || got.code == "57014" {
		if want.code != "57014" {
			p.slower = append(p.slower, note(sql, params))
		}
		p.tooSlow++
		return true
	}
	if p.compare(note(sql, params), "", got, want, ordered) || want.code != "" || setting == "" {
		return want.code != ""
	}
	must(p.t, p.z, "set "+setting+" = off")
	got = p.onZorya(sql, params...)
	must(p.t, p.z, "reset "+setting)
	p.compare(note(sql, params), setting, got, want, ordered)
	return false
}

// onBoth runs a statement on both servers at once.
func (p *pair) onBoth(sql string, params ...string) (zorya, postgres answer) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		postgres = p.onPostgres(sql, params...)
	}()
	zorya = p.onZorya(sql, params...)
	<-done
	if p.t.Failed() { // the other goroutine lost its connection
		p.t.FailNow()
	}
	return zorya, postgres
}

func (p *pair) onZorya(sql string, params ...string) answer {
	start := time.Now()
	a := run(p.t, p.z, sql, params...)
	took := time.Since(start)
	p.zTime += took
	if took > p.slowest {
		p.slow, p.slowest = sql, took
	}
	return a
}

func (p *pair) onPostgres(sql string, params ...string) answer {
	start := time.Now()
	defer func() { p.pgTime += time.Since(start) }()
	return run(p.t, p.pg, sql, params...)
}

// note is a statement with its parameters, for people.
func note(sql string, params []string) string {
	if len(params) == 0 {
		return sql
	}
	return fmt.Sprintf("%s -- %q", sql, params)
}

// compare notes a difference and reports whether there is one.
func (p *pair) compare(sql, setting string, got, want answer, ordered bool) bool {
	p.ran++
	if want.code != "" {
		p.errors++
		p.codes[want.code]++
	}
	if !ordered {
		got, want = got.unordered(), want.unordered()
	}
	if got.String() == want.String() {
		return false
	}
	p.differ = append(p.differ, difference{p.seed, setting, sql, got, want})
	return true
}

// change runs a modifying statement, then compares the tables, through each index.
func (p *pair) change(sql string) {
	got, want := p.onBoth(sql)
	if got.code == "57014" || want.code == "57014" {
		p.tooSlow++
		p.restore()
		return
	}
	if p.compare(sql, "", got, want, false) {
		p.restore()
		return
	}
	if known := len(p.differ); p.look() {
		p.differ[known].sql = "after " + sql + ": " + p.differ[known].sql
		p.restore()
	}
}

// look compares all tables, row by row and through indexes, and reports whether
// they differ.
func (p *pair) look() bool {
	known := len(p.differ)
	for _, name := range tables {
		p.query("select * from "+name, false, "")
		for _, c := range []string{"a", "t", "d"} {
			p.query(fmt.Sprintf("select id, %s from %s where %s >= %s", c, name, c, map[string]string{"a": "0", "t": "''", "d": "date '2000-01-01'"}[c]), false, "enable_seqscan")
		}
	}
	return len(p.differ) > known
}

// restore makes Zorya's tables equal to PostgreSQL's again.
func (p *pair) restore() {
	for _, name := range tables {
		must(p.t, p.z, "delete from "+name)
		rows := run(p.t, p.pg, fmt.Sprintf("select format('(%%L, %%L, %%L, %%L, %%L, %%L, %%L, %%L)', id, a, b, t, n, f, d, z) from %s", name))
		for _, row := range rows.rows {
			must(p.t, p.z, "insert into "+name+" values "+row)
		}
	}
}
