// Package pgcatalog computes the system catalogs: pg_catalog, information_schema
// and sys as virtual tables over a catalog snapshot, and the functions that read
// the catalog (pg_get_indexdef, has_table_privilege …).
//
// The columns of all relations, and what is known of built-in types, come from
// facts/ (recorded from PostgreSQL). A relation without a source is empty.
package pgcatalog

import (
	"context"
	_ "embed" // the tables of facts
	"strconv"
	"strings"
	"time"

	"zorya/sql/catalog"
	"zorya/sql/types"
	"zorya/txn"
)

// An Env is what the virtual tables and functions may know of their session.
type Env struct {
	Ctx        context.Context // nil: background
	Snap       *catalog.Snapshot
	SearchPath []string
	Role       types.OID         // current_user
	Tx         txn.Tx            // for sys.jobs; nil: no jobs
	Settings   func() []Setting  // for pg_settings
	Prepared   func() []Prepared // for pg_prepared_statements
	Conflicts  func() []Conflict // for sys.conflicts, the latest first
	// PlainIndexes: indexes are shown as PostgreSQL's, of the method btree and primary keys
	// without the table's other columns, as tools that compare schemas expect.
	PlainIndexes bool
	// Updatable tells which columns of a view can be written; nil: none.
	Updatable func(view *catalog.Table) []bool
	// ViewQuery prints a view's query with all names resolved.
	ViewQuery func(view *catalog.Table, style ViewStyle) (string, error)
	// PrettyExpr prints an expression over a table's columns without needless parentheses.
	PrettyExpr func(t *catalog.Table, expr string) (string, error)
	// Sequence is how far a sequence is: its last value, and whether that has been
	// handed out. nil: unknown.
	Sequence func(q *catalog.Sequence) (last int64, called bool, err error)
}

func (e *Env) context() context.Context {
	if e.Ctx != nil {
		return e.Ctx
	}
	return context.Background()
}

//go:embed facts/columns.tsv
var factColumns string

// firstVirtualOID is where the OIDs of relations begin for which PostgreSQL fixes
// none; below FirstUserOID, and apart from the OIDs of schemas.
const firstVirtualOID types.OID = 13200

// added are columns that PostgreSQL 16 has and the facts (of 15) lack, and where
// they stand: after which column ("": first).
var added = map[string][][2]string{
	"pg_stat_all_tables": scanTimes, "pg_stat_user_tables": scanTimes, "pg_stat_sys_tables": scanTimes,
	"pg_stat_xact_all_tables": newPages, "pg_stat_xact_user_tables": newPages, "pg_stat_xact_sys_tables": newPages,
	"pg_stat_all_indexes": lastScan, "pg_stat_user_indexes": lastScan, "pg_stat_sys_indexes": lastScan,
	"pg_auth_members":        {{"", "oid:26!"}, {"admin_option", "inherit_option:16!"}, {"inherit_option", "set_option:16!"}},
	"pg_collation":           {{"colliculocale", "collicurules:25"}},
	"pg_database":            {{"daticulocale", "daticurules:25"}},
	"pg_prepared_statements": {{"parameter_types", "result_types:2211"}},
	"pg_subscription":        {{"subdisableonerr", "subpasswordrequired:16!"}, {"subpasswordrequired", "subrunasowner:16!"}, {"subpublications", "suborigin:25"}},
}

var (
	newPages  = [][2]string{{"n_tup_hot_upd", "n_tup_newpage_upd:20"}}
	lastScan  = [][2]string{{"idx_scan", "last_idx_scan:1184"}}
	scanTimes = [][2]string{{"seq_scan", "last_seq_scan:1184"}, lastScan[0], newPages[0]}
)

// sysColumns are the relations of schema sys.
var sysColumns = [][2]string{
	{"jobs", "job_id:25 status:25 details:25 job_type:25 class_id:26 object_id:26 object_name:25 start_time:1184 update_time:1184"},
	{"conflicts", conflictColumns},
	{"iam_pg_role_mappings", "iam_oid:26 arn:25 pg_role_oid:26 pg_role_name:19 grantor_pg_role_oid:26 grantor_pg_role_name:19"},
}

// refused are relations that nobody may read.
var refused = map[string]bool{"pg_authid": true, "pg_statistic": true, "pg_statistic_ext_data": true, "pg_user_mapping": true}

// A relation is a virtual table with what a catalog.Table cannot say.
type relation struct {
	table *catalog.Table
	kind  byte // relkind that pg_class shows: r or v
}

// relations are all of them, by name within a schema.
var (
	relations   []relation
	relationOID = map[types.OID]*relation{}
)

func init() {
	next := firstVirtualOID
	add := func(schema types.OID, kind byte, oid types.OID, name, columns string) {
		if oid == 0 {
			oid = next
			next++
		}
		t := &catalog.Table{Kind: catalog.RelVirtual}
		t.OID, t.Name, t.Schema, t.Owner = oid, name, schema, catalog.AdminRole
		if refused[name] {
			t.ACL = []catalog.ACLItem{}
		}
		last := ""
		for _, c := range append([]string{""}, strings.Fields(columns)...) {
			if c != "" {
				t.Columns = append(t.Columns, parseColumn(c))
				last = t.Columns[len(t.Columns)-1].Name
			}
			for _, a := range added[name] {
				if last == a[0] {
					t.Columns = append(t.Columns, parseColumn(a[1]))
					last = t.Columns[len(t.Columns)-1].Name
				}
			}
		}
		relations = append(relations, relation{t, kind})
	}
	for line := range strings.Lines(factColumns) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		schema := catalog.PgCatalog
		if f[0] == "i" {
			schema = catalog.InfoSchema
		}
		oid, _ := strconv.Atoi(f[2])
		add(schema, f[1][0], types.OID(oid), f[3], f[4])
	}
	for _, r := range sysColumns {
		add(catalog.SysSchema, 'v', 0, r[0], r[1])
	}
	for i := range relations {
		relationOID[relations[i].table.OID] = &relations[i]
	}
	bindSources()
}

// storedAs are types that the engine lacks, by how it shows them.
var storedAs = map[types.OID]types.OID{
	2277: types.TextArrayOID,                                      // anyarray
	3220: types.TextOID,                                           // pg_lsn
	3361: types.TextOID, 3402: types.TextOID, 5017: types.TextOID, // pg_ndistinct, pg_dependencies, pg_mcv_list
	869: types.TextOID, 5069: types.TextOID, 1041: types.TextArrayOID, // inet, xid8, inet[]
}

// parseColumn reads name:type[/modifier][!].
func parseColumn(s string) catalog.Col {
	name, typ, _ := strings.Cut(s, ":")
	typ, notNull := strings.CutSuffix(typ, "!")
	typ, mod, modified := strings.Cut(typ, "/")
	n, _ := strconv.Atoi(typ)
	oid := types.OID(n)
	if o, ok := storedAs[oid]; ok {
		oid = o
	}
	t := types.Of(oid)
	if modified {
		m, _ := strconv.Atoi(mod)
		t.Typmod = int32(m)
	}
	return catalog.Col{Name: name, T: t, NotNull: notNull}
}

// Tables returns the virtual tables, the same for every snapshot. Their columns'
// Default and the like are unset, their row types too.
func Tables() []*catalog.Table {
	list := make([]*catalog.Table, len(relations))
	for i := range relations {
		list[i] = relations[i].table
	}
	return list
}

// A source computes a relation's rows.
type source struct {
	columns string // those that it gives, in order; the others are NULL
	rows    func(q *query)
	places  []int // where the columns stand in the relation
	table   *catalog.Table
}

// sources are by the relation's OID.
var sources = map[types.OID]*source{}

// sourceLists are the tables of sources, a file each, by name: "pg_class",
// "information_schema.tables".
var sourceLists = []map[string]*source{
	classSources, constraintSources, typeSources, functionSources, roleSources, systemSources, infoSources, grantSources,
	activitySources,
}

// bindSources connects sources with their relations.
func bindSources() {
	for _, list := range sourceLists {
		for name, src := range list {
			schema, rel, ok := strings.Cut(name, ".")
			if !ok {
				schema, rel = "pg_catalog", name
			}
			for i := range relations {
				t := relations[i].table
				if t.Name == rel && schemaNames[t.Schema] == schema {
					src.table = t
					for _, c := range strings.Fields(src.columns) {
						src.places = append(src.places, t.Column(c))
					}
					sources[t.OID] = src
				}
			}
		}
	}
}

var schemaNames = map[types.OID]string{
	catalog.PgCatalog: "pg_catalog", catalog.InfoSchema: "information_schema", catalog.SysSchema: "sys",
}

// A query is one computation of a relation's rows.
type query struct {
	*Env
	src  *source
	eq   map[int]types.Datum
	out  [][]types.Datum
	err  error
	slab []types.Datum // rows are cut from it
}

// Rows computes the rows of a virtual table. eq gives columns (by index) that must
// equal a value: rows that differ may be left out, and mostly are.
func Rows(env *Env, t *catalog.Table, eq map[int]types.Datum) ([][]types.Datum, error) {
	if q := env.Snap.Sequence(t.OID); q != nil && env.Sequence != nil {
		last, called, err := env.Sequence(q)
		return [][]types.Datum{{types.NewInt(last), types.NewInt(0), types.NewBool(called)}}, err
	}
	src := sources[t.OID]
	if src == nil {
		return nil, nil
	}
	q := &query{Env: env, src: src, eq: eq}
	src.rows(q)
	return q.out, q.err
}

// wanted returns the value that an equality asks for in a column of an OID type.
func (q *query) wanted(column string) (types.OID, bool) {
	if len(q.eq) == 0 {
		return 0, false
	}
	d, ok := q.eq[q.src.table.Column(column)]
	if !ok || d.Kind != types.KindInt {
		return 0, false
	}
	return types.OID(d.I), true
}

// skips reports whether an equality rules out a value of an OID column.
func (q *query) skips(column string, oid types.OID) bool {
	want, ok := q.wanted(column)
	return ok && want != oid
}

// skipsName is skips for a column of text.
func (q *query) skipsName(column, name string) bool {
	if len(q.eq) == 0 {
		return false
	}
	d, ok := q.eq[q.src.table.Column(column)]
	return ok && d.Kind == types.KindBytes && d.S != name
}

// add emits a row: one value for each of the source's columns, as Go values. nil is
// NULL.
func (q *query) add(values ...any) {
	n := len(q.src.table.Columns)
	if len(q.slab) < n {
		q.slab = make([]types.Datum, 64*n)
	}
	row := q.slab[:n:n]
	q.slab = q.slab[n:]
	for i, v := range values {
		if text, ok := v.(string); ok {
			v = types.Unmark(text, namesOf{q.Env})
		}
		row[q.src.places[i]] = datum(q.src.table.Columns[q.src.places[i]].T.OID, v)
	}
	q.out = append(q.out, row)
}

// datum makes a value of a column's type.
func datum(t types.OID, v any) types.Datum {
	switch v := v.(type) {
	case nil:
		return types.Null
	case types.Datum:
		return v
	case bool:
		// Columns of the SQL standard's yes_or_no are text.
		if t != types.BoolOID {
			return types.NewText(yesNo(v))
		}
		return types.NewBool(v)
	case byte:
		if t != types.CharOID {
			return types.NewText(string(rune(v)))
		}
		return types.NewInt(int64(v))
	case int:
		if t == types.Float4OID || t == types.Float8OID {
			return types.NewFloat(float64(v))
		}
		return types.NewInt(int64(v))
	case int16:
		return types.NewInt(int64(v))
	case int32:
		return types.NewInt(int64(v))
	case int64:
		return types.NewInt(v)
	case types.OID:
		return types.NewInt(int64(v))
	case float64:
		return types.NewFloat(v)
	case string:
		return types.NewText(v)
	case []string:
		return stringArray(t, v)
	case []int:
		return intArray(t, v)
	case []types.OID:
		ints := make([]int, len(v))
		for i, o := range v {
			ints[i] = int(o)
		}
		return intArray(t, ints)
	case time.Time:
		if v.IsZero() {
			return types.Null
		}
		return types.NewInt(v.UnixMicro() - unixEpoch)
	}
	return types.Null
}

// unixEpoch is 1970 before 2000, in microseconds.
const unixEpoch = 946684800_000_000

func yesNo(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

// elemOf are the element types of the array types that catalogs have.
var elemOf = map[types.OID]types.OID{
	types.Int2VectorOID: types.Int2OID, types.OidVectorOID: types.OidOID, types.Int2ArrayOID: types.Int2OID,
	types.OidArrayOID: types.OidOID, types.TextArrayOID: types.TextOID, types.NameArrayOID: types.NameOID,
	types.AclItemArrayOID: types.AclItemOID, types.CharArrayOID: types.CharOID, types.Float4ArrayOID: types.Float4OID,
	types.RegtypeArrayOID: types.RegtypeOID,
}

func array(t types.OID, elems []types.Datum) types.Datum {
	a := &types.Array{Elem: elemOf[t], Elems: elems}
	lower := 1
	if t == types.Int2VectorOID || t == types.OidVectorOID {
		lower = 0
	}
	if len(elems) > 0 || lower == 0 {
		a.Dims, a.Lower = []int{len(elems)}, []int{lower}
	}
	return types.Datum{Kind: types.KindArray, X: a}
}

func stringArray(t types.OID, v []string) types.Datum {
	elems := make([]types.Datum, len(v))
	for i, s := range v {
		elems[i] = types.NewText(s)
		if elemOf[t] == types.CharOID {
			elems[i] = types.NewInt(int64(s[0]))
		}
	}
	return array(t, elems)
}

func intArray(t types.OID, v []int) types.Datum {
	elems := make([]types.Datum, len(v))
	for i, n := range v {
		elems[i] = types.NewInt(int64(n))
		if elemOf[t] == types.Float4OID {
			elems[i] = types.NewFloat(float64(n))
		}
	}
	return array(t, elems)
}

// acl is a list of privileges as aclitem[]; NULL if it is the default.
func (e *Env) acl(list []catalog.ACLItem) any {
	if list == nil {
		return nil
	}
	items := make([]string, len(list))
	for i, a := range list {
		items[i] = e.Snap.FormatACLItem(a)
	}
	return items
}

// text is s, or NULL if it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}
