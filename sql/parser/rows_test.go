package parser

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// values of rows: those that the scanner of rows takes, and those that it must leave.
var (
	plainValues = []string{"0", "1", "-7", "2147483647", "2147483648", "-2147483648", "99999999999999999999", "1.50", "-0.5", "0.0",
		"NULL", "null", "TRUE", "False", "''", "'it''s'", "'Zażółć'", "'a\\n'", "'(1), (2)'", "'--'", "'\n'"}
	oddValues = []string{"007", "-0", "1e3", ".5", "1.", "- 5", "+1", "E'a\\n'", "'a'\n'b'", "$$x$$", "now()", "1 + 1", "DEFAULT",
		"'2020-01-01'::date", "date '2020-01-01'", "$1", "(1)", "/* c */ 1", "1 -- c\n", "x'1f'", "b'1'", "U&'a'", "a.b", "0x1F", "1_000"}
	heads = []string{"INSERT INTO t VALUES ", " \n insert into public.\"T é\" (a, \"b\"\"c\", d) values", "INSERT INTO t AS é OVERRIDING SYSTEM VALUE VALUES",
		"insert into values (a) values ", "WITH x AS (SELECT 1) INSERT INTO t VALUES ", "VALUES ", "insert into t select 1 union values "}
	tails = []string{"", ";", " ; \n", " RETURNING a", "; SELECT 1", " ON CONFLICT DO NOTHING", ",", " ;;", " -- end"}
)

// TestInsertOfLiterals: rows of literals are read as the grammar reads them, and all else
// is left to it.
func TestInsertOfLiterals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	pick := func(list []string) string {
		if rng.IntN(2) == 0 {
			return list[0]
		}
		return list[rng.IntN(len(list))]
	}
	taken := 0
	for n := range 600 {
		var b strings.Builder
		b.WriteString(pick(heads))
		odd, sep := rng.IntN(300), []string{", ", ",", " ,\n\t"}[n%3]
		for row := range 150 {
			if row > 0 {
				b.WriteString(sep)
			}
			b.WriteByte('(')
			for col := range 1 + rng.IntN(3)/2*rng.IntN(2) + 2 {
				if col > 0 {
					b.WriteString(sep)
				}
				if col == 1 && row == odd {
					b.WriteString(oddValues[rng.IntN(len(oddValues))])
				} else {
					b.WriteString(plainValues[rng.IntN(len(plainValues))])
				}
			}
			b.WriteByte(')')
		}
		b.WriteString(pick(tails))
		sql := b.String()
		got := insertOfLiterals(sql)
		if got == nil {
			continue
		}
		taken++
		want, err := parse(sql)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\n%v: got %s, want %s", sql, err, dump(got), dump(want))
		}
	}
	if taken < 100 {
		t.Errorf("%d of 600 were taken", taken)
	}
}

func dump(x any) string { return fmt.Sprintf("%+v", x) }
