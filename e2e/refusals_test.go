package e2e

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// Each line of testdata/refusals.txt is a statement, its SQLSTATE and its text, as
// the original answers it (reference, §1, §3, §4.1 and recorded probes).
func TestRefusals(t *testing.T) {
	c := start(t).connect(t)
	exec(t, c, "create table t (id int primary key, v text)", "create table c (id bigint primary key, parent text)", "create domain d as int", "create sequence s cache 1")
	f, err := os.Open("testdata/refusals.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sql, rest, ok := strings.Cut(lines.Text(), " => ")
		if !ok {
			continue
		}
		code, text, _ := strings.Cut(rest, " ")
		if e := fails(t, c, code, sql); e.Message != text {
			t.Errorf("%s\n got  %s\n want %s", sql, e.Message, text)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// What the original fails on in LEFT JOIN LATERAL is refused; what it answers, or is not
// known to fail on, is not, and the extended profile answers all.
func TestLeftJoinLateral(t *testing.T) {
	n := start(t)
	c := n.connect(t)
	exec(t, c, "create table p (id text primary key, n int)", "create table c (id bigint primary key, parent text)")
	const failing = "select x.y from p left join lateral (select p.id as y from c where c.parent = p.id) x on true"
	fails(t, c, "42804", failing)
	exec(t, c,
		"select x.y from p join lateral (select p.id as y from c where c.parent = p.id) x on true",
		"select x.y from p left join lateral (select c.parent as y from c where c.parent = p.id) x on true",
		"select x.y from p left join lateral (select p.id as y from c where c.parent = p.id limit 1) x on true",
		"select x.y from p left join lateral (select p.id as y from p q) x on true",
		"create view v as "+failing)
	fails(t, c, "42804", "select * from v")
	exec(t, n.dialWith(t, "zorya.profile", "extended"), failing, "select * from v")
}
