package bind

import (
	"testing"

	"zorya/sql/catalog"
	"zorya/sql/parser"
	"zorya/sql/types"
)

// TestStandalone checks what is refused in checks, defaults, generated columns and
// indexes; the messages are PostgreSQL's (ALTER TABLE, CREATE INDEX).
func TestStandalone(t *testing.T) {
	snap := fixture()
	accounts, transfers := snap.TableByName("public", "accounts"), snap.TableByName("public", "transfers")
	int4 := &catalog.Col{Name: "id", T: types.Of(types.Int4OID)}
	cases := []struct {
		what  string
		table *catalog.Table
		text  string
		want  string
	}{
		{ForCheck, accounts, "balance > 0 and name <> ''", "ok"},
		{ForCheck, accounts, "sum(id) > 1", "42803 aggregate functions are not allowed in check constraints"},
		{ForCheck, accounts, "row_number() over () > 1", "42P20 window functions are not allowed in check constraints"},
		{ForCheck, accounts, "id", "42804 argument of CHECK must be type boolean, not type integer"},
		{ForCheck, accounts, "(select 1) > 1", "0A000 cannot use subquery in check constraint"},
		{ForCheck, accounts, "generate_series(1, 2) > 1", "0A000 set-returning functions are not allowed in check constraints"},
		{ForCheck, accounts, "nope > 1", "42703 column \"nope\" does not exist"},
		{ForDefault, nil, "5", "ok"},
		{ForDefault, nil, "name", "0A000 cannot use column reference in DEFAULT expression"},
		{ForDefault, nil, "'x'", "22P02 invalid input syntax for type integer: \"x\""},
		{ForDefault, nil, "now()", "42804 column \"id\" is of type integer but default expression is of type timestamp with time zone"},
		{ForDefault, nil, "(select 1)", "0A000 cannot use subquery in DEFAULT expression"},
		{ForDefault, nil, "sum(1)", "42803 aggregate functions are not allowed in DEFAULT expressions"},
		{ForDefault, nil, "$1", "42P02 there is no parameter $1"},
		{ForGenerated, transfers, "payer + 1", "ok"},
		{ForGenerated, transfers, "length(now()::text)", "42P17 generation expression is not immutable"},
		{ForGenerated, transfers, "twice + 1", "42P17 cannot use generated column \"twice\" in column generation expression"},
		{ForGenerated, transfers, "note", "42804 column \"id\" is of type integer but default expression is of type text"},
		{ForIndex, accounts, "lower(name)", "ok"},
		{ForIndex, accounts, "now()", "42P17 functions in index expression must be marked IMMUTABLE"},
		{ForIndex, accounts, "created::text", "42P17 functions in index expression must be marked IMMUTABLE"},
		{ForIndex, accounts, "sum(id)", "42803 aggregate functions are not allowed in index expressions"},
		{ForIndexPredicate, accounts, "random() > 0.5", "42P17 functions in index predicate must be marked IMMUTABLE"},
		{ForIndexPredicate, accounts, "id", "42804 argument of WHERE must be type boolean, not type integer"},
	}
	for _, c := range cases {
		x, err := parser.ParseExpr(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if c.what == ForDefault || c.what == ForGenerated {
			_, err = BindDefault(testEnv(), x, c.table, int4)
		} else {
			_, err = BindExpr(testEnv(), x, c.table, types.T{}, c.what)
		}
		if got := brief(err); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.what, c.text, got, c.want)
		}
	}
}

// TestArguments checks what an argument that does not go is told, as PostgreSQL 15 words it.
func TestArguments(t *testing.T) {
	for text, want := range map[string]string{
		"1.5":        "ok",
		"now()":      "42804 parameter $2 of type timestamp with time zone cannot be coerced to the expected type integer",
		"array[1]":   "42804 parameter $2 of type integer[] cannot be coerced to the expected type integer",
		"'x'":        "22P02 invalid input syntax for type integer: \"x\"",
		"sum(1)":     "42803 aggregate functions are not allowed in EXECUTE parameters",
		"(select 1)": "0A000 cannot use subquery in EXECUTE parameter",
	} {
		x, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = BindArgument(testEnv(), x, types.Of(types.Int4OID), 2)
		if got := brief(err); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestUses checks what a view's query and a check are said to use.
func TestUses(t *testing.T) {
	x, err := parser.ParseExpr("balance > 0 and name <> ''")
	if err != nil {
		t.Fatal(err)
	}
	env := testEnv()
	sc, err := BindExpr(env, x, env.Snap.TableByName("public", "accounts"), types.T{}, ForCheck)
	if err != nil || len(sc.Used) != 2 || sc.Used[0] != 1 || sc.Used[1] != 2 {
		t.Errorf("check uses %v, %v", sc, err)
	}
	sel, err := env.ParseSelect("select r.id, double(t.payer) as d from rich r join transfers t on t.payee = r.id")
	if err != nil {
		t.Fatal(err)
	}
	v, err := BindView(env, sel)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Cols) != 2 || v.Cols[1].Name != "d" {
		t.Errorf("columns %v", v.Cols)
	}
	if u := v.Uses[20010]; len(u) != 2 || u[0] != 1 || u[1] != 2 {
		t.Errorf("transfers: uses %v", u)
	}
	if u := v.Uses[20040]; len(u) != 1 || u[0] != 0 {
		t.Errorf("rich: uses %v", u)
	}
	if _, inside := v.Uses[20000]; inside {
		t.Error("what a used view reads counts as the view's own use")
	}
}

// TestPrivileges checks which privileges statements ask for.
func TestPrivileges(t *testing.T) {
	cases := map[string]string{
		"select id from accounts where name = 'x'":                                        "20000 r [0 1]",
		"select count(*) from accounts":                                                   "20000 r []",
		"select a from accounts a":                                                        "20000 r [0 1 2 3 4 5 6 7 8 9 10]",
		"select id from rich":                                                             "20040 r [0]; 20000 r [0 1 2] as 10",
		"insert into accounts (id, name) values (1, 'x')":                                 "20000 a [0 1]",
		"insert into accounts (id) values (1) returning name":                             "20000 a [0]; 20000 r [1]",
		"update accounts set name = 'x' where id = 1":                                     "20000 r [0]; 20000 w [1]",
		"delete from accounts":                                                            "20000 d",
		"delete from pairs using transfers t where t.id = a returning c":                  "20020 r [0 2]; 20010 r [0]; 20020 d",
		"select id from accounts for update":                                              "20000 r [0]; 20000 w []",
		"select * from pairs p join plain using (a)":                                      "20020 r [0 1 2]; 20030 r [0 1]",
		"insert into pairs values (1, 2) on conflict (a, b) do update set c = excluded.b": "20020 a [0 1]; 20020 r [0 1]; 20020 w [2]",
	}
	for sql, want := range cases {
		q, err := bindText(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if got := privileges(q.Privs); got != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
		}
	}
}
