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
	exec(t, c, "create table t (id int primary key, v text)", "create domain d as int", "create sequence s cache 1")
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
