package expr_test

import (
	"os"
	"strings"
	"testing"

	"zorya/sql/expr"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// columns is the table of the expressions in testdata/deparse, which hold what
// pg_get_expr() prints of a CHECK constraint, CASE on one line as EXPLAIN has it:
//
//	create table t(a int, balance numeric, status varchar(20), note text, ok bool, ts timestamptz, tags text[])
var columns = []rel.Column{
	{ID: 1, Name: "a", T: types.Of(types.Int4OID)},
	{ID: 2, Name: "balance", T: types.Of(types.NumericOID)},
	{ID: 3, Name: "status", T: types.T{OID: types.VarcharOID, Typmod: 24}},
	{ID: 4, Name: "note", T: types.Of(types.TextOID)},
	{ID: 5, Name: "ok", T: types.Of(types.BoolOID)},
	{ID: 6, Name: "ts", T: types.Of(types.TimestampTZOID)},
	{ID: 7, Name: "tags", T: types.Of(types.TextArrayOID)},
}

func columnName(id rel.ColID) string { return columns[id-1].Name }

func TestDeparse(t *testing.T) {
	text, err := os.ReadFile("testdata/deparse/checks.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		e, err := parseExpr(lines[i])
		if err != nil {
			t.Errorf("%s: %v", lines[i], err)
			continue
		}
		if got, want := expr.Deparse(e, columnName), lines[i+1][2:]; got != want {
			t.Errorf("%s\n got %s\nwant %s", lines[i], got, want)
		}
	}
}
