package pgcatalog

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/tuple"
	"zorya/sql/types"
)

// findTable finds a virtual table by name.
func findTable(name string) *catalog.Table {
	schema, n, ok := strings.Cut(name, ".")
	if !ok {
		schema, n = "pg_catalog", name
	}
	for i := range relations {
		if t := relations[i].table; t.Name == n && schemaNames[t.Schema] == schema {
			return t
		}
	}
	return nil
}

// All that psql's commands and tab completion refer to exists.
func TestPsqlReferences(t *testing.T) {
	f, err := os.Open("testdata/psql.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for lines.Scan() {
		w := strings.Fields(lines.Text())
		if len(w) < 2 || w[0] == "#" {
			continue
		}
		n++
		switch w[0] {
		case "relation":
			rel := findTable(w[1])
			if rel == nil {
				t.Errorf("no relation %s", w[1])
				continue
			}
			for _, c := range w[2:] {
				if rel.Column(c) < 0 && !systemColumn(c) {
					t.Errorf("no column %s.%s", w[1], c)
				}
			}
		case "any":
			found := false
			for _, r := range strings.Split(w[2], ",") {
				rel := findTable(r)
				found = found || rel != nil && rel.Column(w[1]) >= 0
			}
			if !found {
				t.Errorf("no column %s in %s", w[1], w[2])
			}
		case "function":
			if len(funcs.Lookup("", w[1])) == 0 {
				t.Logf("no function %s", w[1])
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d references", n)
	}
}

func systemColumn(name string) bool { return name == "tableoid" }

// bank is a small schema with an object of each kind.
func bank() *Env {
	key := func(oid types.OID, name string, cols ...int) *catalog.Index {
		x := &catalog.Index{Unique: true, Constraint: name, ConstraintOID: oid + 1000}
		x.OID, x.Name, x.Schema, x.Owner = oid, name, catalog.PublicSchema, catalog.AdminRole
		for _, c := range cols {
			x.Keys = append(x.Keys, catalog.IndexKey{Col: c, T: types.Of(types.Int4OID)})
		}
		return x
	}
	table := func(oid types.OID, name string, cols ...catalog.Col) *catalog.Table {
		tab := &catalog.Table{Kind: catalog.RelTable, Columns: cols, Type: oid + 5000}
		tab.OID, tab.Name, tab.Schema, tab.Owner = oid, name, catalog.PublicSchema, catalog.AdminRole
		return tab
	}
	parent := table(20000, "parent", catalog.Col{Name: "id", T: types.Of(types.Int4OID), NotNull: true},
		catalog.Col{Name: "v", T: types.Of(types.TextOID), Comment: "a value"},
		catalog.Col{Name: "twice", T: types.Of(types.Int4OID), Generated: "(id * 2)", UsesCols: []int{0}})
	parent.Primary = key(20001, "parent_pkey", 0)
	parent.Primary.Table, parent.Primary.Primary = 20000, true
	parent.Indexes = []*catalog.Index{key(20002, "parent_v_key", 1)}
	parent.Indexes[0].Table = 20000
	parent.RefBy = []types.OID{20010}
	child := table(20010, "child", catalog.Col{Name: "id", T: types.Of(types.Int8OID), NotNull: true, Identity: 'd', Sequence: 20020},
		catalog.Col{Name: "p", T: types.Of(types.Int4OID)},
		catalog.Col{Name: "gone", T: types.Of(types.Int4OID), Dropped: true},
		catalog.Col{Name: "Amount", T: types.T{OID: types.NumericOID, Typmod: 655366}, Default: "0", DefaultOID: 20013})
	child.Primary = key(20011, "child_pkey", 0)
	child.Primary.Table, child.Primary.Primary = 20010, true
	partial := key(20012, "child_p_idx", 1)
	partial.Table, partial.Unique, partial.Constraint, partial.ConstraintOID = 20010, false, "", 0
	partial.Where, partial.Include, partial.Keys[0].NullsFirst = "p IS NOT NULL", []int{3}, true
	child.Indexes = []*catalog.Index{partial}
	child.Checks = []catalog.Check{{OID: 20014, Name: "child_Amount_check", Expr: `"Amount" > 0`, Valid: true, Cols: []int{3}}}
	child.FKs = []catalog.ForeignKey{{OID: 20015, Name: "child_p_fkey", Cols: []int{1}, RefTable: 20000, RefCols: []int{0}, RefIndex: 20001,
		OnDelete: 'c', OnUpdate: 'a', Valid: false}}
	child.Comment = "children"
	seq := &catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: 1 << 62, Cache: 1, OwnedTable: 20010}
	seq.OID, seq.Name, seq.Schema, seq.Owner = 20020, "child_id_seq", catalog.PublicSchema, catalog.AdminRole
	free := *seq
	free.OID, free.Name, free.OwnedTable = 20021, "free_seq", 0
	view := table(20030, "v", catalog.Col{Name: "id", T: types.Of(types.Int8OID)})
	view.Kind, view.ViewText, view.ViewRefs = catalog.RelView, "SELECT id FROM child", []types.OID{20010}
	role := &catalog.Role{Header: catalog.Header{OID: 20040, Name: "app"}, Login: true, Inherit: true,
		MemberOf: []catalog.Membership{{Role: 20042, Grantor: catalog.AdminRole, OID: 20041}}, Settings: map[string]string{"timezone": "UTC"}}
	group := &catalog.Role{Header: catalog.Header{OID: 20042, Name: "team"}, Inherit: true}
	mapping := &catalog.IAMMapping{OID: 20050, ARN: "arn:aws:iam::012345678912:role/example", Role: 20040, Grantor: catalog.AdminRole}
	domain := &catalog.Domain{Base: types.Of(types.TextOID), Checks: []catalog.Check{{OID: 20061, Name: "d_check", Expr: "(VALUE <> '')", Valid: true}}, Array: 20062}
	domain.OID, domain.Name, domain.Schema, domain.Owner = 20060, "d", catalog.PublicSchema, catalog.AdminRole
	enum := &catalog.Domain{Labels: []catalog.EnumLabel{{OID: 20064, Label: "on", Rank: []byte{1}, Sort: 1}}}
	enum.OID, enum.Name, enum.Schema, enum.Owner = types.EnumOID(20063), "e", catalog.PublicSchema, catalog.AdminRole
	enum.Base, enum.Array = types.Of(enum.OID), types.Get(enum.OID).Array
	fn := &catalog.Function{Args: []types.OID{types.Int4OID}, ArgNames: []string{"a"}, ArgModes: "i", Result: types.Int4OID, Body: "select a", Volatility: 'i'}
	fn.OID, fn.Name, fn.Schema, fn.Owner = 20070, "f", catalog.PublicSchema, catalog.AdminRole
	stat := &catalog.ExtStatistics{Table: 20010, Cols: []int{0, 1}, Kinds: []string{"ndistinct", "dependencies", "mcv"}}
	stat.OID, stat.Name, stat.Schema, stat.Owner = 20080, "st", catalog.PublicSchema, catalog.AdminRole
	defaults := &catalog.DefaultACL{OID: 20090, Role: catalog.AdminRole, Object: 'r', ACL: []catalog.ACLItem{{Grantee: 20040, Grantor: catalog.AdminRole, Privs: "r"}}}
	snap := catalog.NewSnapshot(7, Tables(), parent, child, seq, &free, view, role, group, mapping, domain, enum, fn, stat, defaults)
	snap.SetStats(20010, &catalog.TableStats{Rows: 100, Bytes: 8192, Analyzed: 1, Columns: map[int]catalog.ColStats{1: {Distinct: 4, MCV: []string{"1"}, MCF: []float64{.5}}}})
	lost := Conflict{Key: tuple.BaseKey(child, []types.Datum{types.NewInt(7), types.Null, types.Null, types.Null}), Code: "OC000", Count: 2, Last: time.Unix(1, 0)}
	return &Env{Snap: snap, SearchPath: []string{"public"}, Role: catalog.AdminRole, Prepared: func() []Prepared { return []Prepared{{Name: "q", Text: "select 1"}} }, Settings: func() []Setting { return []Setting{{Name: "TimeZone", Value: "UTC", Default: "UTC", Kind: "string"}} },
		Conflicts: func() []Conflict { return []Conflict{lost} }}
}

// Every source gives rows that fit its relation, and all of those that the bank has
// objects for give some.
func TestSources(t *testing.T) {
	env := bank()
	for i := range relations {
		tab := relations[i].table
		src := sources[tab.OID]
		if src == nil {
			continue
		}
		for n, place := range src.places {
			if place < 0 {
				t.Errorf("%s has no column %s", tab.Name, strings.Fields(src.columns)[n])
			}
		}
		rows, err := Rows(env, tab, nil)
		if err != nil {
			t.Errorf("%s: %v", tab.Name, err)
		}
		// The system has neither indexes nor sequences.
		if len(rows) == 0 && tab.Name != "jobs" && tab.Name != "pg_shdescription" && !regexp.MustCompile("_sys_(indexes|sequences)").MatchString(tab.Name) {
			t.Errorf("%s is empty", tab.Name)
		}
	}
	connected := 0
	for _, list := range sourceLists {
		connected += len(list)
	}
	if connected != len(sources) {
		t.Errorf("%d sources, %d of them belong to a relation", connected, len(sources))
	}
}

// column returns the values of a column where another one equals an OID.
func column(t *testing.T, env *Env, rel, where string, oid types.OID, name string) []types.Datum {
	t.Helper()
	tab := findTable(rel)
	rows, err := Rows(env, tab, map[int]types.Datum{tab.Column(where): types.NewInt(int64(oid))})
	if err != nil {
		t.Fatal(err)
	}
	var out []types.Datum
	for _, r := range rows {
		if r[tab.Column(where)].I == int64(oid) {
			out = append(out, r[tab.Column(name)])
		}
	}
	if len(rows) > len(out)+2 {
		t.Errorf("%s: %d rows for %s = %d, of which %d match", rel, len(rows), where, oid, len(out))
	}
	return out
}

func TestPushdown(t *testing.T) {
	env := bank()
	for _, test := range []struct {
		rel, where string
		oid        types.OID
		column     string
		want       []string
	}{
		{"pg_class", "oid", 20010, "relname", []string{"child"}},
		{"pg_class", "oid", 20012, "relname", []string{"child_p_idx"}},
		{"pg_class", "oid", 1259, "relname", []string{"pg_class"}},
		{"pg_attribute", "attrelid", 20010, "attname", []string{"id", "p", "gone", "Amount"}},
		{"pg_attribute", "attrelid", 20011, "attname", []string{"id", "p", "Amount"}},
		{"pg_constraint", "conrelid", 20010, "conname", []string{"child_pkey", "child_Amount_check", "child_p_fkey"}},
		{"pg_constraint", "confrelid", 20000, "conname", []string{"child_p_fkey"}},
		{"pg_constraint", "contypid", 20060, "conname", []string{"d_check"}},
		{"pg_type", "oid", 20060, "typname", []string{"d"}},
		{"pg_type", "oid", 25, "typname", []string{"text"}},
		{"pg_namespace", "oid", 2200, "nspname", []string{"public"}},
	} {
		var got []string
		for _, d := range column(t, env, test.rel, test.where, test.oid, test.column) {
			got = append(got, d.S)
		}
		if strings.Join(got, " ") != strings.Join(test.want, " ") {
			t.Errorf("%s of %s where %s = %d: %v, want %v", test.column, test.rel, test.where, test.oid, got, test.want)
		}
	}
}

// The texts are PostgreSQL's, but for the access method and what a primary key
// includes.
func TestCatalogFuncs(t *testing.T) {
	env := bank()
	oid := func(o types.OID) types.Datum { return types.NewInt(int64(o)) }
	text := types.NewText
	for _, test := range []struct {
		name string
		args []types.Datum
		want string
	}{
		{"pg_get_indexdef", []types.Datum{oid(20011)}, `CREATE UNIQUE INDEX child_pkey ON public.child USING btree_index (id) INCLUDE (p, "Amount")`},
		{"pg_get_indexdef", []types.Datum{oid(20012)}, `CREATE INDEX child_p_idx ON public.child USING btree_index (p NULLS FIRST) INCLUDE ("Amount") WHERE (p IS NOT NULL)`},
		{"pg_get_indexdef", []types.Datum{oid(20012), oid(1), types.NewBool(true)}, "p"},
		{"pg_get_constraintdef", []types.Datum{oid(20014)}, `CHECK (("Amount" > 0))`},
		{"pg_get_constraintdef", []types.Datum{oid(20061)}, `CHECK ((VALUE <> ''))`},
		{"pg_get_constraintdef", []types.Datum{oid(20015)}, "FOREIGN KEY (p) REFERENCES parent(id) ON DELETE CASCADE NOT VALID"},
		{"pg_get_constraintdef", []types.Datum{oid(21002)}, "UNIQUE (v)"},
		{"pg_get_viewdef", []types.Datum{oid(20030)}, " SELECT id FROM child;"},
		{"pg_get_viewdef", []types.Datum{text("v")}, " SELECT id FROM child;"},
		{"pg_get_userbyid", []types.Datum{oid(20040)}, "app"},
		{"pg_get_userbyid", []types.Datum{oid(1)}, "unknown (OID=1)"},
		{"pg_get_serial_sequence", []types.Datum{text("child"), text("id")}, "public.child_id_seq"},
		{"obj_description", []types.Datum{oid(20010), text("pg_class")}, "children"},
		{"col_description", []types.Datum{oid(20000), oid(2)}, "a value"},
		{"pg_get_function_arguments", []types.Datum{oid(20070)}, "a " + types.FormatType(types.Of(types.Int4OID))},
		{"pg_get_statisticsobjdef_columns", []types.Datum{oid(20080)}, "id, p"},
	} {
		got, err := CatalogFunc(env, test.name, test.args)
		if err != nil || got.S != test.want {
			t.Errorf("%s%v is %q, %v; want %q", test.name, test.args, got.S, err, test.want)
		}
	}
	for _, test := range []struct {
		name string
		args []types.Datum
		want bool
	}{
		{"has_table_privilege", []types.Datum{text("app"), text("child"), text("SELECT")}, false},
		{"has_table_privilege", []types.Datum{text("admin"), oid(20010), text("select, insert")}, true},
		{"has_table_privilege", []types.Datum{text("app"), text("pg_class"), text("SELECT")}, true},
		{"has_table_privilege", []types.Datum{text("admin"), text("pg_authid"), text("SELECT")}, false},
		{"has_schema_privilege", []types.Datum{text("app"), text("public"), text("CREATE")}, false},
		{"has_schema_privilege", []types.Datum{text("app"), text("public"), text("USAGE")}, true},
		{"pg_table_is_visible", []types.Datum{oid(20010)}, true},
		{"pg_has_role", []types.Datum{text("app"), text("team"), text("MEMBER")}, true},
		{"pg_has_role", []types.Datum{text("app"), text("admin"), text("MEMBER")}, false},
	} {
		got, err := CatalogFunc(env, test.name, test.args)
		if err != nil || got.Bool() != test.want {
			t.Errorf("%s%v is %v, %v; want %v", test.name, test.args, got, err, test.want)
		}
	}
	if d, err := CatalogFunc(env, "pg_get_viewdef", []types.Datum{types.Null}); err != nil || !d.IsNull() {
		t.Errorf("NULL gives %v, %v", d, err)
	}
}

func TestResolveName(t *testing.T) {
	env := bank()
	for _, test := range []struct {
		kind, name string
		want       types.OID
		err        string
	}{
		{"class", "child", 20010, ""},
		{"class", "public.child", 20010, ""},
		{"class", `"child"`, 20010, ""},
		{"class", "Child", 20010, ""},
		{"class", "pg_class", 1259, ""},
		{"class", "20010", 0, `relation "20010" does not exist`},
		{"class", "-", 0, `relation "-" does not exist`},
		{"class", "nope", 0, `relation "nope" does not exist`},
		{"class", "public.nope", 0, `relation "public.nope" does not exist`},
		{"class", "a.", 0, "invalid name syntax"},
		{"type", "integer", 23, ""},
		{"type", "numeric(10,2)", 1700, ""},
		{"type", "d", 20060, ""},
		{"type", "int4[]", 1007, ""},
		{"type", "e", types.EnumOID(20063), ""},
		{"type", "e[]", types.Get(types.EnumOID(20063)).Array, ""},
		{"type", "nope", 0, `type "nope" does not exist`},
		{"namespace", "public", 2200, ""},
		{"namespace", "nope", 0, `schema "nope" does not exist`},
		{"role", "app", 20040, ""},
		{"role", "nope", 0, `role "nope" does not exist`},
		{"proc", "f", 20070, ""},
		{"proc", "array_in", 750, ""},
		{"procedure", "f(int4)", 20070, ""},
		{"procedure", "f(text)", 0, `function "f(text)" does not exist`},
	} {
		got, err := ResolveName(env, test.kind, test.name)
		if msg := errText(err); got != test.want || msg != test.err {
			t.Errorf("%s %s is %d, %q; want %d, %q", test.kind, test.name, got, msg, test.want, test.err)
		}
	}
	for _, test := range []struct {
		kind string
		oid  types.OID
		want string
	}{
		{"class", 20010, "child"}, {"class", 13000 + 10000, ""}, {"role", 20040, "app"}, {"proc", 20070, "f"}, {"procedure", 20070, "f(" + types.FormatType(types.Of(types.Int4OID)) + ")"},
		{"type", 20060, "d"}, {"type", types.EnumOID(20063), "e"}, {"type", types.Get(types.EnumOID(20063)).Array, "e[]"},
	} {
		if got, _ := ObjectName(env, test.kind, test.oid); got != test.want {
			t.Errorf("%s %d is %q, want %q", test.kind, test.oid, got, test.want)
		}
	}
	env.SearchPath = nil
	if got, _ := ObjectName(env, "class", 20010); got != "public.child" {
		t.Errorf("outside the search path: %q", got)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	text, _, _ := strings.Cut(err.Error(), " (SQLSTATE")
	return text
}
