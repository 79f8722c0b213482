package expr_test

import (
	"context"
	"testing"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

func testEnv() *expr.Env {
	return &expr.Env{Ctx: &funcs.Ctx{Context: context.Background(), Format: types.DefaultFormat}}
}

// TestUnreached: what PostgreSQL does not compute must not fail, in a batch too.
func TestUnreached(t *testing.T) {
	col := &types.Vec{Kind: types.KindInt, I: []int64{0, 1, 2, 0}, Null: []bool{false, false, false, true}}
	b := &types.Batch{Len: 4, Cols: []*types.Vec{col, nil, nil, nil, nil, nil, nil}}
	for sql, want := range map[string]string{
		"a <> 0 and 10 / a > 5":                               "ft f?",
		"a = 0 or 10 / a > 5":                                 "tt f?",
		"case when a = 0 then true else 10 / a > 5 end":       "ttf?",
		"case a when 0 then null else 10 / a > 5 end":         "?tf?",
		"coalesce(nullif(a, 0) > 1, 10 / (a + 1) > 5)":        "tft?",
		"not (a = 0) and coalesce(a, 1/0) > 1":                "!",
		"a is null or a = 0 or case when a = 1 then true end": "tt?t",
	} {
		e, err := parseExpr(sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		c, err := expr.Compile(e, columns, nil)
		if err != nil {
			t.Fatal(sql, err)
		}
		got := ""
		v, err := c.Eval(testEnv(), b)
		if err != nil {
			got = "!"
		}
		for i := 0; i < b.Len && err == nil; i++ {
			switch d := v.At(i); {
			case d.IsNull():
				got += "?"
			default:
				got += "ft"[d.I : d.I+1]
			}
		}
		if want = strip(want); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

func strip(s string) string {
	out := ""
	for _, r := range s {
		if r != ' ' {
			out += string(r)
		}
	}
	return out
}

func TestFilter(t *testing.T) {
	e, err := parseExpr("a <> 0 and 10 / a >= 5")
	if err != nil {
		t.Fatal(err)
	}
	c, err := expr.Compile(e, columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &types.Vec{Kind: types.KindInt}
	var want []int
	for i := range 100 {
		v.I = append(v.I, int64(i%4))
		if i%4 == 1 || i%4 == 2 {
			want = append(want, i)
		}
	}
	got, err := c.Filter(testEnv(), &types.Batch{Len: 100, Cols: []*types.Vec{v}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %v", got)
		}
	}
}

func TestFold(t *testing.T) {
	for sql, want := range map[string]string{
		"a = 1 + 2":                          "(a = 3)",
		"a = 1 / 0":                          "(a = (1 / 0))",
		"true and a = 1":                     "(a = 1)",
		"a = 1 or true":                      "true",
		"case when 1 = 2 then 1 else a end":  "a",
		"coalesce(null, a, 5, 6)":            "COALESCE(a, 5)",
		"balance > 100":                      "(balance > '100'::numeric)",
		"ts > now()":                         "(ts > now())",
		"a in (1, 2)":                        "(a = ANY ('{1,2}'::integer[]))",
		"ts > '2020-01-01'::date::timestamp": "(ts > '2020-01-01 00:00:00'::timestamp without time zone)",
	} {
		e, err := parseExpr(sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		if got := expr.Deparse(expr.Fold(nil, e), columnName); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
	slot := &rel.Const{T: types.Of(types.Int4OID), D: types.NewInt(1), Slot: 1}
	if e := expr.Fold(nil, &rel.Coalesce{T: slot.T, Args: []rel.Expr{slot, slot}}); expr.Equal(e, slot) {
		t.Error("a literal that may be replaced was folded")
	}
}
