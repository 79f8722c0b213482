package catalog_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/catalog/catalogtest"
	"zorya/sql/types"
)

var ctx = context.Background()

// change commits what f does with an Editor.
func change(t *testing.T, s *catalogtest.Store, c *catalog.Cache, f func(*catalog.Editor)) {
	t.Helper()
	tx := s.Begin()
	if err := edit(t, tx, c, f).Commit(); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, tx *catalogtest.Tx, c *catalog.Cache, f func(*catalog.Editor)) *catalogtest.Tx {
	t.Helper()
	e := catalog.NewEditor(ctx, tx, at(t, c, tx))
	f(e)
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	return tx
}

func at(t *testing.T, c *catalog.Cache, tx *catalogtest.Tx) *catalog.Snapshot {
	t.Helper()
	s, err := c.At(ctx, tx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T) (*catalogtest.Store, *catalog.Cache) {
	t.Helper()
	s := catalogtest.New()
	tx := s.Begin()
	if err := catalog.Bootstrap(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return s, catalog.NewCache(nil)
}

func newTable(t *testing.T, e *catalog.Editor, name string) *catalog.Table {
	t.Helper()
	oid, err := e.NewOID()
	if err != nil {
		t.Fatal(err)
	}
	index, _ := e.NewOID()
	missing := "7"
	tab := &catalog.Table{Kind: catalog.RelTable, Columns: []catalog.Col{
		{Name: "id", T: types.Of(types.Int8OID), NotNull: true},
		{Name: "v", T: types.T{OID: types.NumericOID, Typmod: 655366}, Default: "0", Missing: &missing},
	}}
	tab.OID, tab.Name, tab.Schema, tab.Owner = oid, name, catalog.PublicSchema, catalog.AdminRole
	tab.Primary = &catalog.Index{Table: oid, Unique: true, Primary: true, Constraint: name + "_pkey", Keys: []catalog.IndexKey{{Col: 0, T: types.Of(types.Int8OID)}}}
	tab.Primary.OID, tab.Primary.Name, tab.Primary.Schema = index, name+"_pkey", catalog.PublicSchema
	return tab
}

func TestBootstrap(t *testing.T) {
	s, c := open(t)
	snap := at(t, c, s.Begin())
	if r := snap.RoleByName("admin"); r == nil || r.OID != catalog.AdminRole || !r.Login || r.Super {
		t.Errorf("admin is %+v", r)
	}
	for _, name := range []string{"public", "pg_catalog", "information_schema", "sys"} {
		if snap.SchemaByName(name) == nil {
			t.Errorf("no schema %s", name)
		}
	}
	again := s.Begin()
	if err := catalog.Bootstrap(ctx, again); err != nil {
		t.Fatal(err)
	}
	if again.Claim(catalog.RefOf(catalog.AdminRole, catalog.KindRole).Key) != kv.None {
		t.Error("a second Bootstrap writes")
	}
}

// What is stored comes back equal; older snapshots do not change.
func TestVersions(t *testing.T) {
	s, c := open(t)
	before := at(t, c, s.Begin())
	var tab *catalog.Table
	change(t, s, c, func(e *catalog.Editor) { tab = newTable(t, e, "t"); e.Put(tab) })
	after := at(t, c, s.Begin())
	if !reflect.DeepEqual(after.Table(tab.OID), tab) {
		t.Errorf("stored %+v, read %+v", tab, after.Table(tab.OID))
	}
	if before.Table(tab.OID) != nil || before.Version >= after.Version {
		t.Error("an older snapshot sees a newer table")
	}
	if after.Index(tab.Primary.OID) == nil || after.TableByName("public", "t") == nil || after.IndexByName("public", "t_pkey") == nil {
		t.Error("names do not lead to the table and its index")
	}
	admin := after.Role(catalog.AdminRole)
	change(t, s, c, func(e *catalog.Editor) { e.Delete(tab) })
	last := at(t, c, s.Begin())
	if last.Table(tab.OID) != nil || last.Index(tab.Primary.OID) != nil || last.TableByName("public", "t") != nil {
		t.Error("a dropped table is found")
	}
	if last.Role(catalog.AdminRole) != admin {
		t.Error("an unchanged descriptor was decoded again")
	}
}

func TestCacheLoadsOnce(t *testing.T) {
	s, c := open(t)
	at(t, c, s.Begin())
	tx := s.Begin()
	at(t, c, tx)
	if tx.Scans != 0 {
		t.Errorf("a known version was scanned %d times", tx.Scans)
	}
}

func TestOIDsAreNeverReused(t *testing.T) {
	s, c := open(t)
	seen := map[types.OID]bool{}
	for range 3 {
		change(t, s, c, func(e *catalog.Editor) {
			tab := newTable(t, e, "t")
			if seen[tab.OID] || seen[tab.Primary.OID] || tab.OID < catalog.FirstUserOID {
				t.Errorf("OID %d again", tab.OID)
			}
			seen[tab.OID], seen[tab.Primary.OID] = true, true
			e.Put(tab)
		})
		change(t, s, c, func(e *catalog.Editor) { e.Delete(e.Snapshot().TableByName("public", "t")) })
	}
}

// Concurrent changes that create something conflict, with the code of a changed schema.
func TestConcurrentCreate(t *testing.T) {
	s, c := open(t)
	one := edit(t, s.Begin(), c, func(e *catalog.Editor) { e.Put(newTable(t, e, "a")) })
	two := edit(t, s.Begin(), c, func(e *catalog.Editor) { e.Put(newTable(t, e, "b")) })
	if err := one.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := two.Commit(); err == nil || !strings.Contains(err.Error(), "OC001") {
		t.Errorf("the second commit gives %v", err)
	}
}

// What a change depends on may not be changed meanwhile; writers of data are not stopped.
func TestSharedDependency(t *testing.T) {
	s, c := open(t)
	change(t, s, c, func(e *catalog.Editor) { e.Put(newTable(t, e, "t")) })
	tab := at(t, c, s.Begin()).TableByName("public", "t")
	dependent := edit(t, s.Begin(), c, func(e *catalog.Editor) { e.Share(tab) })
	writer := s.Begin()
	writer.Reference(catalog.KeyOf(tab))
	change(t, s, c, func(e *catalog.Editor) { e.Delete(tab) })
	if dependent.Commit() == nil || writer.Commit() == nil {
		t.Error("a change that depends on a dropped table commits")
	}
}

// An Editor's snapshot follows its changes.
func TestEditorSnapshot(t *testing.T) {
	s, c := open(t)
	before := at(t, c, s.Begin())
	e := catalog.NewEditor(ctx, s.Begin(), before)
	if len(e.Snapshot().Tables()) != 0 {
		t.Error("tables from nowhere")
	}
	tab := newTable(t, e, "t")
	tab.Checks = []catalog.Check{{OID: 77, Name: "c"}}
	e.Put(tab)
	if len(e.Snapshot().Tables()) != 1 || e.Snapshot().TableByName("public", "t") != tab || e.Snapshot().ConstraintHolder(77) != tab {
		t.Error("a new table is not found")
	}
	moved := tab.Clone()
	moved.Name, moved.Checks = "u", nil
	e.Put(moved)
	if e.Snapshot().TableByName("public", "t") != nil || e.Snapshot().Tables()[0] != moved || e.Snapshot().ConstraintHolder(77) != nil {
		t.Error("a renamed table is found under its old name")
	}
	e.Delete(moved)
	if len(e.Snapshot().Tables()) != 0 || len(before.Tables()) != 0 {
		t.Error("a deleted table is found")
	}
}

func TestSearchPath(t *testing.T) {
	table := func(oid, schema types.OID, name string) *catalog.Table {
		tab := &catalog.Table{Kind: catalog.RelTable}
		tab.OID, tab.Schema, tab.Name = oid, schema, name
		return tab
	}
	virtual := table(1259, catalog.PgCatalog, "pg_class")
	virtual.Kind = catalog.RelVirtual
	other := &catalog.Schema{Header: catalog.Header{OID: 20000, Name: "other"}}
	snap := catalog.NewSnapshot(1, []*catalog.Table{virtual}, other,
		table(20001, catalog.PublicSchema, "t"), table(20002, 20000, "t"), table(20003, catalog.PublicSchema, "pg_class"))
	for _, test := range []struct {
		path         []string
		schema, name string
		want         types.OID
	}{
		{[]string{"public"}, "", "t", 20001},
		{[]string{"other", "public"}, "", "t", 20002},
		{[]string{"nowhere", "public"}, "", "t", 20001},
		{[]string{"public"}, "other", "t", 20002},
		{[]string{"public"}, "", "pg_class", 1259},
		{[]string{"public", "pg_catalog"}, "", "pg_class", 20003},
		{nil, "", "t", 0},
		{[]string{"public"}, "nowhere", "t", 0},
	} {
		var got types.OID
		if r := snap.Relation(test.path, test.schema, test.name); r != nil {
			got = r.ID()
		}
		if got != test.want {
			t.Errorf("%v %s.%s is %d, want %d", test.path, test.schema, test.name, got, test.want)
		}
	}
}

func TestPrivileges(t *testing.T) {
	role := func(oid types.OID, name string, inherit bool, of ...types.OID) *catalog.Role {
		r := &catalog.Role{Header: catalog.Header{OID: oid, Name: name}, Inherit: inherit}
		for _, o := range of {
			r.MemberOf = append(r.MemberOf, catalog.Membership{Role: o})
		}
		return r
	}
	tab := &catalog.Table{Kind: catalog.RelTable, Columns: []catalog.Col{{Name: "a"},
		{Name: "b", ACL: []catalog.ACLItem{{Grantee: 103, Grantor: 100, Privs: "r"}}}}}
	tab.OID, tab.Name, tab.Schema, tab.Owner = 200, "t", catalog.PublicSchema, 100
	tab.ACL = []catalog.ACLItem{{Grantee: 100, Grantor: 100, Privs: "arwd"}, {Grantee: 101, Grantor: 100, Privs: "r"}}
	snap := catalog.NewSnapshot(1, nil, tab, role(100, "owner", true), role(101, "reader", true),
		role(102, "heir", true, 101), role(103, "column", true), role(104, "stranger", true), role(105, "no_inherit", false, 101))
	for _, test := range []struct {
		role types.OID
		priv byte
		cols []int
		want string
	}{
		{100, 'd', nil, ""},
		{101, 'r', nil, ""},
		{101, 'w', nil, "permission denied for table t"},
		{102, 'r', []int{0, 1}, ""},
		{103, 'r', nil, "permission denied for table t"},
		{103, 'r', []int{1}, ""},
		{103, 'r', []int{0, 1}, "permission denied for table t"},
		{103, 'r', []int{}, ""},
		{104, 'r', []int{}, "permission denied for table t"},
		{105, 'r', nil, "permission denied for table t"},
		{catalog.AdminRole, 'd', nil, ""},
	} {
		err := snap.Check(test.role, []catalog.PrivCheck{{OID: 200, Kind: 'r', Priv: test.priv, Cols: test.cols}})
		got := ""
		if e := pgerr.As(err); e != nil {
			got = e.Message
		}
		if got != test.want {
			t.Errorf("role %d, %c of %v: %q, want %q", test.role, test.priv, test.cols, got, test.want)
		}
	}
	if !snap.MemberOf(105, 101) || snap.HasPrivsOf(105, 101) || snap.MemberOf(104, 101) {
		t.Error("memberships")
	}
	if err := snap.Check(104, []catalog.PrivCheck{{OID: catalog.PublicSchema, Kind: 'n', Priv: 'C'}}); err == nil || pgerr.As(err).Message != "permission denied for schema public" {
		t.Errorf("CREATE in public gives %v", err)
	}
}

// Statistics are seen without a new version of the catalog.
func TestStatistics(t *testing.T) {
	s, c := open(t)
	snap := at(t, c, s.Begin())
	version := snap.StatsVersion()
	if snap.Stats(77).Analyzed != 0 {
		t.Error("statistics of nothing")
	}
	tx := s.Begin()
	if err := catalog.PutStats(tx, 77, &catalog.TableStats{Rows: 12, Analyzed: 1, Columns: map[int]catalog.ColStats{0: {Distinct: -1}}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	c.StatsChanged()
	if at(t, c, s.Begin()) != snap {
		t.Error("statistics made a new catalog")
	}
	if st := snap.Stats(77); st.Rows != 12 || st.Columns[0].Distinct != -1 || snap.StatsVersion() == version {
		t.Errorf("statistics are %+v", st)
	}
}

func TestJobs(t *testing.T) {
	s := catalogtest.New()
	tx := s.Begin()
	id := catalog.NewJobID()
	if err := catalog.CheckJobID(id); err != nil || len(id) != 26 {
		t.Errorf("job id %q: %v", id, err)
	}
	if err := catalog.CheckJobID("nonsense"); pgerr.Code(err) != pgerr.InvalidTextRepresentation {
		t.Errorf("bad id gives %v", err)
	}
	if err := catalog.PutJob(tx, &catalog.Job{ID: id, Type: catalog.JobDrop, Status: catalog.JobSubmitted}); err != nil {
		t.Fatal(err)
	}
	if err := catalog.PutPurge(tx, &catalog.Purge{ID: 5, Indexes: []types.OID{5, 6}, Job: id}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	jobs, err := catalog.Jobs(ctx, s.Begin())
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		t.Errorf("jobs %v, %v", jobs, err)
	}
	purges, err := catalog.Purges(ctx, s.Begin())
	if err != nil || len(purges) != 1 || len(purges[0].Indexes) != 2 || purges[0].Time == 0 {
		t.Errorf("purges %v, %v", purges, err)
	}
}

// The text of privileges is PostgreSQL's.
func TestACLText(t *testing.T) {
	odd := &catalog.Role{Header: catalog.Header{OID: 100, Name: "odd name"}}
	snap := catalog.NewSnapshot(1, nil, odd)
	acl := catalog.GrantACL(nil, catalog.AdminRole, 100, "wr", false)
	acl = catalog.GrantACL(acl, catalog.AdminRole, 100, "a", true)
	acl = catalog.GrantACL(acl, catalog.AdminRole, 0, "r", false)
	acl = catalog.RevokeACL(acl, catalog.AdminRole, 100, "w", false)
	for i, want := range []string{`"odd name"=a*r/admin`, `=r/admin`} {
		if got := snap.FormatACLItem(acl[i]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
