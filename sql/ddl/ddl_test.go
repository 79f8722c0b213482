package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/catalog/catalogtest"
	"zorya/sql/types"
)

// A world is a cluster of one map and the session of admin.
type world struct {
	t     *testing.T
	store *catalogtest.Store
	cache *catalog.Cache
	role  string
	path  []string
	last  Result
	tx    *catalogtest.Tx
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: catalogtest.New(), cache: catalog.NewCache(nil), role: "admin", path: []string{"public"}}
	tx := w.store.Begin()
	if err := catalog.Bootstrap(context.Background(), tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) snap() *catalog.Snapshot {
	w.t.Helper()
	s, err := w.cache.At(context.Background(), w.store.Begin())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// try runs a statement in a transaction of its own.
func (w *world) try(st ast.Stmt) error {
	w.t.Helper()
	snap := w.snap()
	w.tx = w.store.Begin()
	env := &Env{Tx: w.tx, Snap: snap, Role: snap.RoleByName(w.role).OID, SearchPath: w.path, Bind: words(),
		SetSequence: func(context.Context, *catalog.Sequence, int64, bool) error { return nil }}
	env.Limits = profile.Limits{}
	res, err := Execute(context.Background(), env, st)
	if err != nil {
		return err
	}
	w.last = res
	return w.tx.Commit()
}

// ok runs a statement that must succeed.
func (w *world) ok(st ast.Stmt) {
	w.t.Helper()
	if err := w.try(st); err != nil {
		w.t.Fatalf("%T: %v", st, err)
	}
}

// fails runs a statement that must fail with a code and text, and, if it is given,
// a detail.
func (w *world) fails(st ast.Stmt, code, message string, detail ...string) {
	w.t.Helper()
	err := w.try(st)
	e := pgerr.As(err)
	switch {
	case e == nil:
		w.t.Errorf("%T gives %v, want %s", st, err, message)
	case e.Code != code || e.Message != message:
		w.t.Errorf("%T gives %s %s, want %s %s", st, e.Code, e.Message, code, message)
	case len(detail) > 0 && e.Detail != detail[0]:
		w.t.Errorf("%T: detail %q, want %q", st, e.Detail, detail[0])
	}
}

func (w *world) notices(want ...string) {
	w.t.Helper()
	var got []string
	for _, n := range w.last.Notices {
		got = append(got, n.Severity+" "+n.Message)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("notices %q, want %q", got, want)
	}
}

// words is a binder that knows types by name and takes expressions by their text:
// each word that is a column counts as used.
func words() Binder {
	bound := func(t *catalog.Table, text string) (Bound, error) {
		b := Bound{Text: text, T: types.Of(types.Int4OID)}
		if t != nil {
			for i := range t.Columns {
				if slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ()<>=*,", r) }), t.Columns[i].Name) {
					b.Cols = append(b.Cols, i)
				}
			}
		}
		return b, nil
	}
	named := map[string]types.OID{"int4": types.Int4OID, "int8": types.Int8OID, "text": types.TextOID, "numeric": types.NumericOID,
		"uuid": types.UUIDOID, "bytea": types.ByteaOID, "varchar": types.VarcharOID, "json": types.JSONOID}
	return Binder{
		ResolveType: func(snap *catalog.Snapshot, n ast.TypeName) (types.T, types.OID, error) {
			if o, ok := named[n.Name]; ok {
				if n.Array > 0 {
					return types.Of(types.TextArrayOID), 0, nil
				}
				t := types.Of(o)
				if len(n.Mods) > 0 {
					var v int32
					fmt.Sscan(n.Mods[0].(*ast.Const).Text, &v)
					t.Typmod = v + 4
				}
				return t, 0, nil
			}
			if d := snap.ResolveDomain([]string{"public"}, n.Schema, n.Name); d != nil {
				return d.Base, d.OID, nil
			}
			return types.T{}, 0, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", n.Name)
		},
		BindDefault: func(snap *catalog.Snapshot, _ ast.Expr, text string, _ *catalog.Col) (Bound, error) {
			b, err := bound(nil, text)
			for _, q := range snap.Sequences() {
				if strings.Contains(text, q.Name) {
					b.Refs = append(b.Refs, q.OID)
				}
			}
			return b, err
		},
		BindGenerated: func(_ *catalog.Snapshot, t *catalog.Table, _ ast.Expr, text string, _ *catalog.Col) (Bound, error) {
			return bound(t, text)
		},
		BindCheck: func(_ *catalog.Snapshot, t *catalog.Table, _ ast.Expr, text string) (Bound, error) {
			return bound(t, text)
		},
		BindDomainCheck: func(_ *catalog.Snapshot, _ types.T, _ ast.Expr, text string) (Bound, error) {
			return bound(nil, text)
		},
		BindIndexExpr: func(_ *catalog.Snapshot, t *catalog.Table, _ ast.Expr, text string, _ bool) (Bound, error) {
			return bound(t, text)
		},
		// A view's text is "table column …": it selects these columns.
		BindView: func(snap *catalog.Snapshot, _ *ast.Select, text string) (BoundView, error) {
			f := strings.Fields(text)
			t, _ := snap.Relation([]string{"public"}, "", f[0]).(*catalog.Table)
			b := BoundView{Text: text, Refs: []types.OID{t.OID}, Uses: map[types.OID][]int{}}
			for _, c := range f[1:] {
				b.Cols = append(b.Cols, catalog.Col{Name: c, T: t.Columns[t.Column(c)].T})
				b.Uses[t.OID] = append(b.Uses[t.OID], t.Column(c))
			}
			return b, nil
		},
	}
}

// name reads schema.name.
func name(s string) ast.Name {
	if schema, n, ok := strings.Cut(s, "."); ok {
		return ast.Name{Schema: schema, Name: n}
	}
	return ast.Name{Name: s}
}

// columns reads "id int4 pk, v text": columns with their types, and the constraints
// pk, unique, notnull, check(…), default(…), generated(…) and references(table).
func columns(s string) []ast.ColumnDef {
	var defs []ast.ColumnDef
	for _, item := range strings.Split(s, ", ") {
		f := strings.SplitN(item, " ", 3)
		def := ast.ColumnDef{Name: f[0], Type: ast.TypeName{Name: f[1]}}
		if base, ok := strings.CutSuffix(f[1], "[]"); ok {
			def.Type = ast.TypeName{Name: base, Array: 1}
		}
		if base, mod, ok := strings.Cut(f[1], "("); ok {
			def.Type = ast.TypeName{Name: base, Mods: []ast.Expr{&ast.Const{Text: strings.TrimSuffix(mod, ")")}}}
		}
		if len(f) > 2 {
			for _, word := range strings.Split(f[2], "; ") {
				def.Constraints = append(def.Constraints, constraintOf(word))
			}
		}
		defs = append(defs, def)
	}
	return defs
}

func constraintOf(word string) ast.Constraint {
	what, arg, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
	switch what {
	case "pk":
		return ast.Constraint{Kind: ast.PrimaryKeyConstraint}
	case "unique":
		return ast.Constraint{Kind: ast.UniqueConstraint}
	case "notnull":
		return ast.Constraint{Kind: ast.NotNullConstraint}
	case "null":
		return ast.Constraint{Kind: ast.NullConstraint}
	case "check":
		return ast.Constraint{Kind: ast.CheckConstraint, Text: arg}
	case "default":
		return ast.Constraint{Kind: ast.DefaultConstraint, Text: arg}
	case "generated":
		return ast.Constraint{Kind: ast.GeneratedConstraint, Text: arg}
	case "identity":
		c := ast.Constraint{Kind: ast.IdentityConstraint}
		if arg != "" {
			c.SeqOpts = []ast.SeqOpt{{Name: "cache", Value: arg}}
		}
		return c
	}
	return ast.Constraint{Kind: ast.ForeignKeyConstraint, RefTable: name(arg)}
}

func create(n, cols string, cons ...ast.Constraint) *ast.CreateTable {
	return &ast.CreateTable{Name: name(n), Columns: columns(cols), Constraints: cons}
}

func index(n, table string, cols ...string) *ast.CreateIndex {
	st := &ast.CreateIndex{Name: n, Table: name(table), Async: true}
	for _, c := range cols {
		st.Elems = append(st.Elems, ast.IndexElem{Column: c})
	}
	return st
}

func view(n, text string) *ast.CreateView {
	return &ast.CreateView{Name: name(n), Query: &ast.Select{}, Text: text}
}

func dropOf(object string, names ...string) *ast.Drop {
	st := &ast.Drop{Object: object}
	for _, n := range names {
		st.Names = append(st.Names, name(n))
	}
	return st
}

func alter(table string, a ast.AlterAction) *ast.AlterTable {
	return &ast.AlterTable{Name: name(table), Kind: "table", Actions: []ast.AlterAction{a}}
}

func cascade(d *ast.Drop) *ast.Drop { d.Cascade = true; return d }

// The talk's schema, and the names that PostgreSQL gives.
func TestCreateTable(t *testing.T) {
	w := newWorld(t)
	w.ok(create("accounts", "id int4 pk, owner text unique, balance numeric notnull; check(balance >= 0), created text default(now())"))
	tab := w.snap().TableByName("public", "accounts")
	if tab == nil || tab.Primary.Name != "accounts_pkey" || tab.Primary.Hidden || !tab.Columns[0].NotNull {
		t.Fatalf("table %+v", tab)
	}
	if tab.Indexes[0].Name != "accounts_owner_key" || tab.Checks[0].Name != "accounts_balance_check" || tab.Columns[3].Default != "now()" || tab.Columns[3].DefaultOID == 0 {
		t.Errorf("index %q, check %q, default %q", tab.Indexes[0].Name, tab.Checks[0].Name, tab.Columns[3].Default)
	}
	if tab.Columns[2].T.Typmod != 18<<16|6+4 {
		t.Errorf("numeric has typmod %d", tab.Columns[2].T.Typmod)
	}
	w.ok(create("heap", "a int4, b int4", ast.Constraint{Kind: ast.CheckConstraint, Text: "a < b"}, ast.Constraint{Kind: ast.UniqueConstraint, Columns: []string{"a", "b"}}))
	heap := w.snap().TableByName("public", "heap")
	if !heap.Primary.Hidden || heap.Primary.OID == 0 || heap.Checks[0].Name != "heap_check" || heap.Indexes[0].Name != "heap_a_b_key" {
		t.Errorf("table without key: %+v, %+v, %+v", heap.Primary, heap.Checks, heap.Indexes[0])
	}
	check := func(n, text string) ast.Constraint {
		return ast.Constraint{Kind: ast.CheckConstraint, Name: n, Text: text}
	}
	w.ok(create("x2", "a int4 unique, b int4", check("", "a > b"), check("", "a > 0"), check("", "b > 0"), check("", "a > 3"), check("x2_a_key", "b > 7"),
		ast.Constraint{Kind: ast.UniqueConstraint, Columns: []string{"a", "b"}}, ast.Constraint{Kind: ast.UniqueConstraint, Columns: []string{"a", "b"}},
		ast.Constraint{Kind: ast.UniqueConstraint, Columns: []string{"b"}, Including: []string{"a"}}))
	names := constraintNames(w.snap().TableByName("public", "x2"))
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "x2_a_b_key x2_a_check x2_a_check1 x2_a_key x2_a_key1 x2_b_a_key x2_b_check x2_check" {
		t.Errorf("constraints %s", got)
	}
	w.ok(&ast.CreateTable{Name: name("heap"), IfNotExists: true})
	w.notices(`NOTICE relation "heap" already exists, skipping`)
	if n := w.tx.Claim(catalog.RefOf(catalog.PublicSchema, catalog.KindSchema).Key); n != kv.Share {
		t.Errorf("the schema is claimed with %d", n)
	}
}

func TestCreateTableErrors(t *testing.T) {
	w := newWorld(t)
	w.ok(create("t", "id int4 pk"))
	w.ok(create("nokey", "id int4"))
	pk := func(cols ...string) ast.Constraint {
		return ast.Constraint{Kind: ast.PrimaryKeyConstraint, Columns: cols}
	}
	fk := func(table string, cols, ref []string) ast.Constraint {
		return ast.Constraint{Kind: ast.ForeignKeyConstraint, Columns: cols, RefTable: name(table), RefColumns: ref}
	}
	for _, test := range []struct {
		st            *ast.CreateTable
		code, message string
	}{
		{create("t", "id int4"), "42P07", `relation "t" already exists`},
		{create("nowhere.t", "id int4"), "3F000", `schema "nowhere" does not exist`},
		{create("a", "x int4, x int4"), "42701", `column "x" specified more than once`},
		{create("a", "x int4 pk, y int4 pk"), "42P16", `multiple primary keys for table "a" are not allowed`},
		{create("a", "x int4", pk("z")), "42703", `column "z" named in key does not exist`},
		{create("a", "x int4", pk("x", "x")), "42701", `column "x" appears twice in primary key constraint`},
		{create("a", "x int4 null; notnull"), "42601", `conflicting NULL/NOT NULL declarations for column "x" of table "a"`},
		{create("a", "x int4 default(1); default(2)"), "42601", `multiple default values specified for column "x" of table "a"`},
		{create("a", "x serial"), "42704", `type "serial" does not exist`},
		{create("a", "x money"), "0A000", "datatype money not supported"},
		{create("a", "x bytea pk"), "0A000", "datatype bytea is not supported in a key"},
		{create("a", "x varchar(70000)"), "54000", "Datatype limit greater than 65535 bytes not supported for varchar"},
		{create("a", "x int4 identity(1)"), "0A000", "datatype integer not supported, identity column type must be bigint"},
		{create("a", "x int8 identity"), "0A000", "identity column is not supported without an explicit cache size. please define CACHE greater than or equal to 65536 or equal to 1"},
		{create("a", "x int4 references(nope)"), "42P01", `relation "nope" does not exist`},
		{create("a", "x int4 references(nokey)"), "42704", `there is no primary key for referenced table "nokey"`},
		{create("a", "x text references(t)"), "42804", `foreign key constraint "a_x_fkey" cannot be implemented`},
		{create("a", "x int4", fk("t", []string{"y"}, nil)), "42703", `column "y" referenced in foreign key constraint does not exist`},
		{create("a", "x int4", fk("nokey", []string{"x"}, []string{"id"})), "42830", `there is no unique constraint matching given keys for referenced table "nokey"`},
		{create("a", "x int4, y int4", fk("t", []string{"x", "y"}, []string{"id"})), "42830", "number of referencing and referenced columns for foreign key disagree"},
		{create("a", "ctid int4"), "42701", `column name "ctid" conflicts with a system column name`},
		{&ast.CreateTable{Name: name("a"), Persistence: "temp"}, "0A000", "TEMPORARY or TEMP table not supported for CREATE TABLE"},
	} {
		w.fails(test.st, test.code, test.message)
	}
	w.path = nil
	w.fails(create("b", "x int4"), "3F000", "no schema has been selected to create in")
}

func TestForeignKeys(t *testing.T) {
	w := newWorld(t)
	w.ok(create("parent", "id int4 pk"))
	w.ok(create("child", "id int4 pk, parent_id int4 references(parent)"))
	parent, child := w.snap().TableByName("public", "parent"), w.snap().TableByName("public", "child")
	if child.FKs[0].Name != "child_parent_id_fkey" || child.FKs[0].RefIndex != parent.Primary.OID || !slices.Equal(parent.RefBy, []types.OID{child.OID}) {
		t.Errorf("foreign key %+v, parent referred to by %v", child.FKs[0], parent.RefBy)
	}
	if w.tx.Claim(catalog.KeyOf(parent)) != kv.Exclusive {
		t.Error("the parent is not claimed")
	}
	w.ok(create("self", "id int4 pk, up int4 references(self)"))
	if self := w.snap().TableByName("public", "self"); len(self.FKs) != 1 || !slices.Equal(self.RefBy, []types.OID{self.OID}) {
		t.Errorf("self reference: %+v", self)
	}
	w.fails(dropOf("table", "parent"), "2BP01", "cannot drop table parent because other objects depend on it",
		"constraint child_parent_id_fkey on table child depends on table parent")
	w.ok(cascade(dropOf("table", "parent")))
	w.notices("NOTICE drop cascades to constraint child_parent_id_fkey on table child")
	if child := w.snap().TableByName("public", "child"); len(child.FKs) != 0 {
		t.Error("the child keeps its foreign key")
	}
	w.ok(dropOf("table", "self"))
	w.notices()
}

func TestDrop(t *testing.T) {
	w := newWorld(t)
	w.ok(create("p", "id int4 pk, v text"))
	w.ok(create("c", "id int4 pk, p int4 references(p)"))
	w.ok(view("v", "p id"))
	w.ok(view("v2", "v id"))
	w.fails(dropOf("table", "p"), "2BP01", "cannot drop table p because other objects depend on it",
		"constraint c_p_fkey on table c depends on table p\nview v depends on table p\nview v2 depends on view v")
	w.fails(dropOf("table", "v"), "42809", `"v" is not a table`)
	w.fails(dropOf("index", "p_pkey"), "2BP01", "cannot drop index p_pkey because constraint p_pkey on table p requires it")
	w.fails(dropOf("table", "nope"), "42P01", `table "nope" does not exist`)
	w.fails(dropOf("index", "nope"), "42704", `index "nope" does not exist`)
	missing := dropOf("table", "nope")
	missing.IfExists = true
	w.ok(missing)
	w.notices(`NOTICE table "nope" does not exist, skipping`)
	p := w.snap().TableByName("public", "p")
	w.ok(cascade(dropOf("table", "p", "c")))
	w.notices("NOTICE drop cascades to 2 other objects")
	purges, err := catalog.Purges(context.Background(), w.store.Begin())
	if err != nil || len(purges) != 2 || !slices.Contains(purges[0].Indexes, p.Primary.OID) {
		t.Errorf("purges %v, %v", purges, err)
	}
	jobs, _ := catalog.Jobs(context.Background(), w.store.Begin())
	if len(jobs) != 2 || jobs[0].Type != catalog.JobDrop || jobs[0].ObjectName != "" {
		t.Errorf("jobs %+v", jobs)
	}
}

func TestCreateIndex(t *testing.T) {
	w := newWorld(t)
	w.ok(create("t", "id int4 pk, a int4, b bytea"))
	w.ok(index("", "t", "a", "id"))
	x := w.snap().IndexByName("public", "t_a_id_idx")
	if x == nil || x.State != catalog.IndexBuilding || x.Unique {
		t.Fatalf("index %+v", x)
	}
	id := w.last.Rows[0][0].S
	job, err := catalog.GetJob(context.Background(), w.store.Begin(), id)
	if err != nil || job == nil || job.ObjectID != x.OID || job.ObjectName != "public.t_a_id_idx" || job.Type != catalog.JobIndexBuild || w.last.Columns[0] != "job_id" {
		t.Errorf("job %+v, %v", job, err)
	}
	w.ok(index("", "t", "a", "id"))
	if w.snap().IndexByName("public", "t_a_id_idx1") == nil {
		t.Error("the second index has no name of its own")
	}
	again := index("t_a_id_idx", "t", "a")
	w.fails(again, "42P07", `relation "t_a_id_idx" already exists`)
	again.IfNotExists = true
	w.ok(again)
	if job, _ := catalog.GetJob(context.Background(), w.store.Begin(), w.last.Rows[0][0].S); job != nil || len(w.last.Rows) != 1 {
		t.Errorf("an existing index gets a job: %+v", job)
	}
	sync := index("s", "t", "a")
	sync.Async = false
	w.fails(sync, "0A000", "unsupported mode. please use CREATE INDEX ASYNC.")
	w.fails(index("s", "t", "nope"), "42703", `column "nope" does not exist`)
	w.fails(index("s", "t", "b"), "0A000", "datatype bytea is not supported in a key")
	w.fails(index("s", "nope", "b"), "42P01", `relation "nope" does not exist`)
	w.ok(dropOf("index", "t_a_id_idx"))
	if w.snap().IndexByName("public", "t_a_id_idx") != nil || len(w.snap().TableByName("public", "t").Indexes) != 1 {
		t.Error("the index is still there")
	}
}

func TestAlterTable(t *testing.T) {
	w := newWorld(t)
	w.ok(create("t", "id int4 pk, a int4 check(a > 0), b text"))
	w.ok(index("t_b_idx", "t", "b"))
	w.ok(view("v", "t a"))
	def := func(s string) *ast.ColumnDef { return &columns(s)[0] }
	w.ok(alter("t", ast.AlterAction{Kind: "add column", Def: def("c int4")}))
	w.fails(alter("t", ast.AlterAction{Kind: "add column", Def: def("c int4")}), "42701", `column "c" of relation "t" already exists`)
	w.fails(alter("t", ast.AlterAction{Kind: "add column", Def: def("d int4 default(1)")}), "0A000", "ALTER TABLE ADD COLUMN with constraint not supported")
	w.fails(alter("t", ast.AlterAction{Kind: "drop column", Column: "id"}), "0A000", "cannot drop primary key column id")
	w.fails(alter("t", ast.AlterAction{Kind: "drop column", Column: "a"}), "2BP01", "cannot drop column a of table t because other objects depend on it",
		"view v depends on column a of table t")
	w.fails(alter("t", ast.AlterAction{Kind: "drop column", Column: "z"}), "42703", `column "z" of relation "t" does not exist`)
	w.fails(alter("t", ast.AlterAction{Kind: "drop not null", Column: "id"}), "42P16", `column "id" is in a primary key`)
	w.fails(alter("t", ast.AlterAction{Kind: "set data type", Words: "ALTER COLUMN ... SET DATA TYPE", Column: "a"}), "0A000", "unsupported ALTER TABLE ALTER COLUMN ... SET DATA TYPE statement")
	w.fails(alter("t", ast.AlterAction{Kind: "add constraint", Constraint: &ast.Constraint{Kind: ast.CheckConstraint, Text: "a > 1"}}), "0A000", "unsupported ALTER TABLE ADD CONSTRAINT statement")
	w.fails(alter("t", ast.AlterAction{Kind: "add constraint", Constraint: &ast.Constraint{Kind: ast.UniqueConstraint, UsingIndex: "t_b_idx"}}), "55000", `index "t_b_idx" is not valid`)
	w.fails(alter("t", ast.AlterAction{Kind: "drop constraint", Name: "nope"}), "42704", `constraint "nope" of relation "t" does not exist`)
	w.fails(alter("t", ast.AlterAction{Kind: "drop constraint", Name: "t_pkey"}), "0A000", "unsupported ALTER TABLE DROP CONSTRAINT statement")
	w.ok(alter("t", ast.AlterAction{Kind: "add constraint", Constraint: &ast.Constraint{Kind: ast.CheckConstraint, Name: "k", Text: "c > 1", NotValid: true}}))
	w.ok(alter("t", ast.AlterAction{Kind: "set default", Column: "c", Text: "7"}))
	if tab := w.snap().TableByName("public", "t"); tab.Checks[0].Name != "k" || tab.Checks[0].Valid || tab.Columns[3].Default != "7" {
		t.Errorf("checks %+v, default %q", tab.Checks, tab.Columns[3].Default)
	}
	w.ok(&ast.Rename{Object: "column", Name: name("t"), Sub: "c", NewName: "cc"})
	if tab := w.snap().TableByName("public", "t"); tab.Checks[0].Expr != "cc > 1" {
		t.Errorf("the check says %q", tab.Checks[0].Expr)
	}
	w.ok(alter("t", ast.AlterAction{Kind: "drop column", Column: "cc"}))
	w.ok(alter("t", ast.AlterAction{Kind: "drop column", Column: "b"}))
	tab := w.snap().TableByName("public", "t")
	if len(tab.Indexes) != 0 || len(tab.Checks) != 1 || len(tab.Columns) != 4 || len(tab.Live()) != 2 {
		t.Errorf("after DROP COLUMN: %d indexes, %d checks, %d columns", len(tab.Indexes), len(tab.Checks), len(tab.Columns))
	}
	w.ok(&ast.Rename{Object: "index", Name: name("t_pkey"), NewName: "key"})
	if x := w.snap().IndexByName("public", "key"); x == nil || x.Constraint != "key" {
		t.Error("the index is not renamed with its constraint")
	}
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	w.ok(create("t", "id int8 identity(1)"))
	q := w.snap().SequenceByName("public", "t_id_seq")
	if q == nil || q.OwnedTable == 0 || w.snap().TableByName("public", "t").Columns[0].Sequence != q.OID {
		t.Fatalf("sequence %+v", q)
	}
	w.fails(dropOf("sequence", "t_id_seq"), "2BP01", "cannot drop sequence t_id_seq because column id of table t requires it")
	w.ok(dropOf("table", "t"))
	w.notices()
	if w.snap().SequenceByName("public", "t_id_seq") != nil {
		t.Error("the sequence outlives its table")
	}
	w.fails(&ast.CreateSequence{Name: name("s")}, "0A000",
		"CREATE SEQUENCE is not supported without an explicit cache size. please define CACHE greater than or equal to 65536 or equal to 1")
	opts := func(more ...ast.SeqOpt) []ast.SeqOpt {
		return append([]ast.SeqOpt{{Name: "cache", Value: "1"}}, more...)
	}
	w.fails(&ast.CreateSequence{Name: name("s"), Opts: opts(ast.SeqOpt{Name: "start", Value: "0"})}, "22023", "START value (0) cannot be less than MINVALUE (1)")
	w.fails(&ast.CreateSequence{Name: name("s"), Opts: opts(ast.SeqOpt{Name: "increment", Value: "0"})}, "22023", "INCREMENT must not be zero")
	w.ok(&ast.CreateSequence{Name: name("s"), Opts: opts()})
	w.ok(create("u", "id int8 default(nextval('s'))"))
	w.fails(dropOf("sequence", "s"), "2BP01", "cannot drop sequence s because other objects depend on it", "default value for column id of table u depends on sequence s")
	w.ok(cascade(dropOf("sequence", "s")))
	if c := w.snap().TableByName("public", "u").Columns[0]; c.Default != "" {
		t.Errorf("default %q outlives its sequence", c.Default)
	}
}

func TestSchemas(t *testing.T) {
	w := newWorld(t)
	w.ok(&ast.CreateSchema{Name: "s", Elements: []ast.Stmt{create("t", "id int4 pk"), create("u", "id int4 references(t)")}})
	if w.snap().TableByName("s", "u") == nil {
		t.Fatal("elements are not in the schema")
	}
	w.fails(&ast.CreateSchema{Name: "s"}, "42P06", `schema "s" already exists`)
	w.fails(&ast.CreateSchema{Name: "pg_s"}, "42939", `unacceptable schema name "pg_s"`, `The prefix "pg_" is reserved for system schemas.`)
	w.fails(dropOf("schema", "s"), "2BP01", "cannot drop schema s because other objects depend on it", "table s.t depends on schema s\ntable s.u depends on schema s")
	w.ok(cascade(dropOf("schema", "s")))
	w.notices("NOTICE drop cascades to 2 other objects")
	if len(w.snap().Tables()) != 0 {
		t.Error("tables outlive their schema")
	}
	w.fails(dropOf("schema", "public"), "42501", "must be owner of schema public")
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	role := func(n string, opts ...ast.RoleOption) *ast.CreateRole { return &ast.CreateRole{Name: n, Options: opts} }
	login := ast.RoleOption{Name: "login", Bool: true}
	arn := "arn:aws:iam::012345678912:role/example"
	w.ok(role("app", login))
	w.ok(role("team"))
	w.fails(role("app"), "42710", `role "app" already exists`)
	w.fails(role("pg_app"), "42939", `role name "pg_app" is reserved`, `Role names starting with "pg_" are reserved.`)
	w.ok(&ast.IAMGrant{Grant: true, Role: "app", ARN: arn})
	if m := w.snap().Mappings(); len(m) != 1 || m[0].ARN != arn || w.last.Tag != "AWS IAM GRANT" {
		t.Errorf("mappings %v, tag %s", m, w.last.Tag)
	}
	w.fails(&ast.IAMGrant{Grant: true, Role: "app", ARN: "example"}, "22023", "IAM role must look like an IAM ARN")
	w.fails(&ast.IAMGrant{Grant: true, Role: "team", ARN: arn}, "22023", "role team must have the LOGIN attribute")
	w.fails(&ast.IAMGrant{Grant: true, Role: "nope", ARN: arn}, "42704", "Role nope does not exist")
	w.fails(&ast.DropRole{Roles: []ast.RoleSpec{{Name: "app"}}}, "2BP01", `role "app" cannot be dropped because some objects depend on it`)
	w.ok(&ast.GrantRole{Grant: true, Roles: []string{"team"}, Grantees: []ast.RoleSpec{{Name: "app"}}})
	w.fails(&ast.GrantRole{Grant: true, Roles: []string{"app"}, Grantees: []ast.RoleSpec{{Name: "team"}}}, "0LP01", `role "app" is a member of role "team"`)
	w.role = "app"
	w.fails(&ast.IAMGrant{Role: "app", ARN: arn}, "42501", "permission denied to grant IAM trust with role app")
	w.fails(role("other"), "42501", "permission denied to create role")
	w.fails(create("t", "id int4"), "42501", "permission denied for schema public")
	w.fails(&ast.CreateSchema{Name: "mine"}, "42501", "permission denied for database postgres")
	w.role = "admin"
	w.ok(&ast.IAMGrant{Role: "app", ARN: arn})
	w.ok(&ast.DropRole{Roles: []ast.RoleSpec{{Name: "app"}}})
}

func TestGrant(t *testing.T) {
	w := newWorld(t)
	w.ok(&ast.CreateRole{Name: "app"})
	w.ok(&ast.CreateRole{Name: "other"})
	w.ok(create("t", "id int4 pk, v text"))
	app := []ast.RoleSpec{{Name: "app"}}
	grant := func(object, n string, privs ...ast.Privilege) *ast.Grant {
		return &ast.Grant{Grant: true, Object: object, Names: []ast.Name{name(n)}, Privileges: privs, Grantees: app}
	}
	may := func(priv byte, cols ...int) bool {
		snap := w.snap()
		return snap.MayDo(snap.RoleByName("app").OID, catalog.PrivCheck{OID: snap.TableByName("public", "t").OID, Kind: 'r', Priv: priv, Cols: cols})
	}
	w.ok(grant("table", "t", ast.Privilege{Name: "select", Columns: []string{"id"}}))
	if !may('r', 0) || may('r', 1) {
		t.Error("column privileges")
	}
	w.ok(grant("table", "t", ast.Privilege{Name: "insert"}))
	if !may('a') || may('d') || !strings.HasPrefix(w.last.Tag, "GRANT") {
		t.Error("table privileges")
	}
	w.fails(grant("table", "t", ast.Privilege{Name: "usage"}), "0LP01", "invalid privilege type USAGE for table")
	w.fails(grant("schema", "nope"), "3F000", `schema "nope" does not exist`)
	w.fails(grant("table", "t", ast.Privilege{Name: "select", Columns: []string{"z"}}), "42703", `column "z" of relation "t" does not exist`)
	w.fails(grant("database", "postgres"), "0A000", "unsupported object type in GRANT")
	w.ok(&ast.Grant{Object: "table", Names: []ast.Name{name("t")}, Grantees: app})
	if may('a') || may('r', 0) {
		t.Error("REVOKE ALL leaves privileges")
	}
	w.ok(grant("schema", "public", ast.Privilege{Name: "create"}))
	w.notices(`WARNING no privileges were granted for "public"`)
	w.ok(grant("schema", "public", ast.Privilege{Name: "usage"}))
	w.notices()
	option := grant("table", "t", ast.Privilege{Name: "select"})
	option.GrantOption = true
	w.ok(option)
	w.role = "app"
	onward := grant("table", "t", ast.Privilege{Name: "select"})
	onward.Grantees = []ast.RoleSpec{{Name: "other"}}
	w.ok(onward)
	w.role = "other"
	w.ok(grant("table", "t", ast.Privilege{Name: "insert"}))
	w.notices(`WARNING no privileges were granted for "t"`)
	w.role = "admin"
	revoke := *option
	revoke.Grant = false
	revoke.GrantOption = false
	w.fails(&revoke, "2BP01", "dependent privileges exist")
	revoke.Cascade = true
	w.ok(&revoke)
	if may('r', 0) {
		t.Error("REVOKE … CASCADE leaves a privilege")
	}
	w.role = "other"
	w.fails(grant("table", "t", ast.Privilege{Name: "insert"}), "42501", "permission denied for table t")
}

func TestViews(t *testing.T) {
	w := newWorld(t)
	w.ok(create("t", "id int4 pk, v text"))
	w.ok(view("vw", "t id v"))
	w.fails(view("vw", "t id"), "42P07", `relation "vw" already exists`)
	replace := view("vw", "t id")
	replace.Replace = true
	w.fails(replace, "42P16", "cannot drop columns from view")
	replace = view("vw", "t v id")
	replace.Replace = true
	w.fails(replace, "42P16", `cannot change name of view column "id" to "v"`)
	over := view("t", "t id")
	over.Replace = true
	w.fails(over, "42809", `"t" is not a view`)
	w.fails(&ast.Rename{Object: "column", Name: name("t"), Sub: "v", NewName: "w"}, "0A000", "cannot rename column v of table t because view vw depends on it")
	w.ok(dropOf("view", "vw"))
}

func TestDomains(t *testing.T) {
	w := newWorld(t)
	domain := &ast.CreateDomain{Name: name("d"), Type: ast.TypeName{Name: "text"}, Constraints: []ast.Constraint{{Kind: ast.CheckConstraint, Text: "value <> ''"}}}
	w.ok(domain)
	if d := w.snap().Domains()[0]; d.Checks[0].Name != "d_check" {
		t.Errorf("check %q", d.Checks[0].Name)
	}
	w.fails(domain, "42710", `type "d" already exists`)
	w.ok(create("t", "v d"))
	w.fails(dropOf("domain", "d"), "2BP01", "cannot drop type d because other objects depend on it", "column v of table t depends on type d")
	w.fails(cascade(dropOf("domain", "d")), "0A000", "DROP DOMAIN with CASCADE unsupported")
}

// Two statements that change one table conflict; so do one that drops it and one
// that refers to it.
func TestConcurrentDDL(t *testing.T) {
	w := newWorld(t)
	w.ok(create("p", "id int4 pk"))
	run := func(st ast.Stmt) *catalogtest.Tx {
		tx := w.store.Begin()
		snap := w.snap()
		if _, err := Execute(context.Background(), &Env{Tx: tx, Snap: snap, Role: catalog.AdminRole, SearchPath: w.path, Bind: words()}, st); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	child, gone := run(create("c", "id int4 references(p)")), run(dropOf("table", "p"))
	writer := w.store.Begin()
	writer.Reference(catalog.KeyOf(w.snap().TableByName("public", "p")))
	if err := gone.Commit(); err != nil {
		t.Fatal(err)
	}
	for what, tx := range map[string]*catalogtest.Tx{"a foreign key to": child, "a write into": writer} {
		if err := tx.Commit(); err == nil || !strings.Contains(err.Error(), "OC001") {
			t.Errorf("%s a dropped table: %v", what, err)
		}
	}
}

func TestObjectName(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, test := range []struct{ a, b, label, want string }{
		{"t", "", "pkey", "t_pkey"},
		{"t", "a_b", "key", "t_a_b_key"},
		{long, long, "key", strings.Repeat("x", 29) + "_" + strings.Repeat("x", 29) + "_key"},
		{long, "", "pkey", strings.Repeat("x", 58) + "_pkey"},
	} {
		if got := objectName(test.a, test.b, test.label); got != test.want || len(got) > maxName {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}

func TestRenameWord(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a > 0", `"B c" > 0`},
		{"(t.a = 'a') AND a(a) IS NOT NULL", `(t."B c" = 'a') AND a("B c") IS NOT NULL`},
		{`"a" = A AND aa = x::a`, `"B c" = "B c" AND aa = x::a`},
		{"a.x = 1", "a.x = 1"},
	} {
		if got := renameWord(test.text, "a", "B c", false); got != test.want {
			t.Errorf("%s becomes %s, want %s", test.text, got, test.want)
		}
	}
}
