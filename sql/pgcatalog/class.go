package pgcatalog

import (
	"slices"
	"strconv"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

// The access methods, as the original numbers them.
const (
	indexMethod types.OID = 10003
	tableMethod types.OID = 10004
)

// Collations: a cluster has C only, which is what "default" means too.
const (
	defaultCollation types.OID = 100
	cCollation       types.OID = 950
	posixCollation   types.OID = 951
)

var classSources = map[string]*source{
	// By these pg_dump knows which privileges nobody has granted.
	"pg_init_privs": {columns: "objoid classoid objsubid privtype initprivs", rows: func(q *query) {
		catalog.InitialACL(func(schema types.OID, acl []catalog.ACLItem) {
			q.add(schema, classNamespace, 0, byte('i'), q.acl(acl))
		})
		for i := range relations {
			t := relations[i].table
			q.add(t.OID, catalog.ClassRelation, 0, byte('i'), q.classACL(class{head: &t.Header, kind: relations[i].kind, table: t}))
		}
	}},
	"pg_namespace": {columns: "oid nspname nspowner nspacl", rows: func(q *query) {
		for _, n := range q.Snap.Schemas() {
			if !q.skips("oid", n.OID) && !q.skipsName("nspname", n.Name) {
				q.add(n.OID, n.Name, n.Owner, q.acl(n.ACL))
			}
		}
	}},
	"pg_class": {columns: "oid relname relnamespace reltype reloftype relowner relam relfilenode reltablespace relpages reltuples " +
		"relallvisible reltoastrelid relhasindex relisshared relpersistence relkind relnatts relchecks relhasrules relhastriggers " +
		"relhassubclass relrowsecurity relforcerowsecurity relispopulated relreplident relispartition relrewrite relfrozenxid relminmxid relacl reloptions",
		rows: classRows},
	"pg_attribute": {columns: "attrelid attname atttypid attstattarget attlen attnum attndims attcacheoff atttypmod attbyval attalign attstorage " +
		"attcompression attnotnull atthasdef atthasmissing attidentity attgenerated attisdropped attislocal attinhcount attcollation attacl",
		rows: attributeRows},
	"pg_attrdef": {columns: "oid adrelid adnum adbin", rows: func(q *query) {
		q.tables("adrelid", func(t *catalog.Table) {
			for i := range t.Columns {
				if c := &t.Columns[i]; c.DefaultOID != 0 && !q.skips("oid", c.DefaultOID) {
					q.add(c.DefaultOID, t.OID, i+1, c.Default+c.Generated)
				}
			}
		})
	}},
	"pg_index": {columns: "indexrelid indrelid indnatts indnkeyatts indisunique indnullsnotdistinct indisprimary indisexclusion indimmediate " +
		"indisclustered indisvalid indcheckxmin indisready indislive indisreplident indkey indcollation indclass indoption indexprs indpred",
		rows: indexRows},
	"pg_tables": {columns: "schemaname tablename tableowner hasindexes hasrules hastriggers rowsecurity", rows: func(q *query) {
		for _, r := range q.classes() {
			if r.kind == 'r' && !q.skipsName("tablename", r.head.Name) && !q.skipsName("schemaname", q.Snap.SchemaName(r.head.Schema)) {
				q.add(q.Snap.SchemaName(r.head.Schema), r.head.Name, q.Snap.RoleName(r.head.Owner), r.hasIndex(), false, r.table != nil && len(r.table.FKs)+len(r.table.RefBy) > 0, false)
			}
		}
	}},
	"pg_views": {columns: "schemaname viewname viewowner definition", rows: func(q *query) {
		for _, r := range q.classes() {
			if r.kind == 'v' && !q.skipsName("viewname", r.head.Name) && !q.skipsName("schemaname", q.Snap.SchemaName(r.head.Schema)) {
				q.add(q.Snap.SchemaName(r.head.Schema), r.head.Name, q.Snap.RoleName(r.head.Owner), text(q.viewDef(r.table, ViewStyle{})))
			}
		}
	}},
	"pg_indexes": {columns: "schemaname tablename indexname indexdef", rows: func(q *query) {
		for _, t := range q.Snap.Tables() {
			if q.skipsName("tablename", t.Name) {
				continue
			}
			for _, x := range shownIndexes(t) {
				if !q.skipsName("indexname", x.Name) {
					q.add(q.Snap.SchemaName(t.Schema), t.Name, x.Name, q.indexDef(t, x, false))
				}
			}
		}
	}},
	"pg_sequence": {columns: "seqrelid seqtypid seqstart seqincrement seqmax seqmin seqcache seqcycle", rows: func(q *query) {
		for _, s := range q.Snap.Sequences() {
			if !q.skips("seqrelid", s.OID) {
				q.add(s.OID, s.TypeOID(), s.Start, s.Increment, s.Max, s.Min, s.Cache, s.Cycle)
			}
		}
	}},
	"pg_sequences": {columns: "schemaname sequencename sequenceowner data_type start_value min_value max_value increment_by cycle cache_size last_value", rows: func(q *query) {
		for _, s := range q.Snap.Sequences() {
			q.add(q.Snap.SchemaName(s.Schema), s.Name, q.Snap.RoleName(s.Owner), s.TypeOID(), s.Start, s.Min, s.Max, s.Increment, s.Cycle, s.Cache, q.lastValue(s))
		}
	}},
	"pg_am": {columns: "oid amname amhandler amtype", rows: func(q *query) {
		q.add(indexMethod, q.indexMethodName(), 0, byte('i'))
		q.add(tableMethod, q.tableMethodName(), 0, byte('t'))
	}},
}

// A class is a row of pg_class: a table (or view), an index or a sequence.
type class struct {
	head  *catalog.Header
	kind  byte
	table *catalog.Table // of tables, views and indexes
	index *catalog.Index
	seq   *catalog.Sequence
}

func (c class) hasIndex() bool {
	return c.kind == 'r' && c.table != nil && len(shownIndexes(c.table)) > 0
}

// shownIndexes are a table's indexes but for a hidden primary one.
func shownIndexes(t *catalog.Table) []*catalog.Index {
	if t.Primary == nil || t.Primary.Hidden {
		return t.Indexes
	}
	return t.AllIndexes()
}

// classes are all relations: the users' by OID, then the virtual ones.
func (e *Env) classes() []class {
	var list []class
	for _, t := range e.Snap.Tables() {
		list = append(list, class{&t.Header, byte(t.Kind), t, nil, nil})
		for _, x := range shownIndexes(t) {
			list = append(list, class{&x.Header, 'i', t, x, nil})
		}
	}
	for _, s := range e.Snap.Sequences() {
		list = append(list, class{&s.Header, 'S', nil, nil, s})
	}
	for i := range relations {
		list = append(list, class{&relations[i].table.Header, relations[i].kind, relations[i].table, nil, nil})
	}
	return list
}

// class is the relation of that OID.
func (e *Env) class(oid types.OID) (class, bool) {
	switch r := e.Snap.RelationByOID(oid).(type) {
	case *catalog.Table:
		kind := byte(r.Kind)
		if v := relationOID[oid]; v != nil {
			kind = v.kind
		}
		return class{&r.Header, kind, r, nil, nil}, true
	case *catalog.Index:
		if !r.Hidden {
			return class{&r.Header, 'i', e.Snap.Table(r.Table), r, nil}, true
		}
	case *catalog.Sequence:
		return class{&r.Header, 'S', nil, nil, r}, true
	}
	return class{}, false
}

// tables calls f for the stored tables and views, or for the one that an equality
// on the column names.
func (q *query) tables(column string, f func(*catalog.Table)) {
	if oid, ok := q.wanted(column); ok {
		if t := q.Snap.Table(oid); t != nil && t.Kind != catalog.RelVirtual {
			f(t)
		}
		return
	}
	for _, t := range q.Snap.Tables() {
		f(t)
	}
}

func classRows(q *query) {
	if oid, ok := q.wanted("oid"); ok {
		if c, ok := q.class(oid); ok {
			q.addClass(c)
		}
		return
	}
	for _, c := range q.classes() {
		if !q.skipsName("relname", c.head.Name) && !q.skips("relnamespace", c.head.Schema) {
			q.addClass(c)
		}
	}
}

func (q *query) addClass(c class) {
	h := c.head
	var am, typ types.OID
	natts, checks, tuples, pages := 3, 0, -1.0, 0 // a sequence has three columns
	triggers := false
	switch {
	case c.index != nil:
		am, natts = indexMethod, len(q.indexColumns(c.table, c.index))
		tuples = q.tuples(c.table)
	case c.table != nil:
		natts, checks, typ = len(c.table.Columns), len(c.table.Checks), c.table.Type
		if c.kind == 'r' {
			am, tuples = tableMethod, q.tuples(c.table)
		} else {
			tuples = -1
		}
		pages = int(q.Snap.Stats(h.OID).Bytes / 8192)
		triggers = len(c.table.FKs)+len(c.table.RefBy) > 0
	default:
		tuples, pages = 1, 1
	}
	persistence := byte('p')
	q.add(h.OID, h.Name, h.Schema, typ, 0, h.Owner, am, h.OID, 0, pages, tuples, 0, 0, c.hasIndex(), false, persistence, c.kind, natts, checks,
		c.kind == 'v', triggers, false, false, false, true, replicaIdentity(c.kind), false, 0, 0, 0, q.classACL(c), viewOptions(c))
}

// viewOptions are the parameters of a view's WITH (…); NULL if there are none.
func viewOptions(c class) any {
	if c.kind != 'v' || c.table == nil {
		return nil
	}
	values := map[string]string{}
	if on := c.table.ViewBarrier; on != nil {
		values["security_barrier"] = strconv.FormatBool(*on)
	}
	if on := c.table.ViewInvoker; on != nil {
		values["security_invoker"] = strconv.FormatBool(*on)
	}
	if c.table.ViewCheck != "" {
		values["check_option"] = c.table.ViewCheck
	}
	if len(values) == 0 {
		return nil
	}
	var list []string
	for _, name := range append(c.table.ViewOptions[:len(c.table.ViewOptions):len(c.table.ViewOptions)], "security_barrier", "security_invoker", "check_option") {
		if v, given := values[name]; given {
			list = append(list, name+"="+v)
			delete(values, name)
		}
	}
	return list
}

func replicaIdentity(kind byte) byte {
	if kind == 'r' {
		return 'd'
	}
	return 'n'
}

func (q *query) classACL(c class) any {
	if c.table != nil && c.table.Kind == catalog.RelVirtual && c.table.ACL == nil {
		return []string{"=r/" + q.Snap.RoleName(catalog.AdminRole)}
	}
	return q.acl(c.head.ACL)
}

func (q *query) tuples(t *catalog.Table) float64 {
	if s := q.Snap.Stats(t.OID); s.Analyzed != 0 {
		return s.Rows
	}
	return -1
}

func attributeRows(q *query) {
	if oid, ok := q.wanted("attrelid"); ok {
		if c, ok := q.class(oid); ok {
			q.addAttributes(c)
		}
		return
	}
	for _, c := range q.classes() {
		q.addAttributes(c)
	}
}

// sequenceColumns are what SELECT * FROM a sequence gives.
var sequenceColumns = []catalog.Col{
	{Name: "last_value", T: types.Of(types.Int8OID), NotNull: true},
	{Name: "log_cnt", T: types.Of(types.Int8OID), NotNull: true},
	{Name: "is_called", T: types.Of(types.BoolOID), NotNull: true},
}

func (q *query) addAttributes(c class) {
	switch {
	case c.index != nil:
		q.indexAttributes(c)
	case c.seq != nil:
		for i := range sequenceColumns {
			q.addAttribute(c.head.OID, i, &sequenceColumns[i])
		}
	default:
		for i := range c.table.Columns {
			q.addAttribute(c.head.OID, i, &c.table.Columns[i])
		}
	}
}

// indexAttributes names the columns of an index as its table's, and expressions
// expr, expr1 ….
func (q *query) indexAttributes(c class) {
	exprs := 0
	for i, k := range q.indexColumns(c.table, c.index) {
		col := catalog.Col{T: k.T}
		if k.Col >= 0 {
			col.Name, col.T = c.table.Columns[k.Col].Name, c.table.Columns[k.Col].T
		} else {
			if col.Name = "expr"; exprs > 0 {
				col.Name += string(rune('0' + exprs))
			}
			exprs++
		}
		q.addAttribute(c.head.OID, i, &col)
	}
}

func (q *query) addAttribute(rel types.OID, i int, c *catalog.Col) {
	if q.skipsName("attname", c.Name) || q.skips("attnum", types.OID(i+1)) {
		return
	}
	typ, length, byVal, align, storage, collation := c.T.OID, int64(-1), false, byte('i'), byte('x'), types.OID(0)
	if f := typeFact(c.T.OID); f != nil {
		length, byVal, align, storage, collation = f.length, f.byVal, f.align, f.storage, f.collation
	}
	if r := relationOID[rel]; r != nil && r.kind == 'r' && collation == defaultCollation {
		collation = cCollation // as in all catalogs
	}
	if c.Domain != 0 {
		typ = c.Domain
	}
	if c.Dropped {
		typ = 0
	}
	if c.Storage != 0 {
		storage = c.Storage
	}
	generated, compression := byte(0), byte(0)
	if c.Generated != "" {
		generated = 's'
	}
	dims := 0
	if f := typeFact(c.T.OID); f != nil && f.category == 'A' {
		dims = 1
	}
	q.add(rel, c.Name, typ, -1, length, i+1, dims, -1, c.T.Typmod, byVal, align, storage, compression, c.NotNull, c.DefaultOID != 0,
		c.Missing != nil, c.Identity, generated, c.Dropped, true, 0, collation, q.acl(c.ACL))
}

// indexMethodName is the original's name of the method of indexes, or PostgreSQL's.
func (e *Env) indexMethodName() string {
	if e.PlainIndexes {
		return "btree"
	}
	return "btree_index"
}

func (e *Env) tableMethodName() string {
	if e.PlainIndexes {
		return "heap"
	}
	return "btree-table"
}

// indexColumns are an index's key columns followed by the included ones. A primary
// key includes every other column, since the table is its B-tree.
func (e *Env) indexColumns(t *catalog.Table, x *catalog.Index) []catalog.IndexKey {
	cols := slices.Clone(x.Keys)
	for _, c := range e.includedColumns(t, x) {
		cols = append(cols, catalog.IndexKey{Col: c, T: t.Columns[c].T})
	}
	return cols
}

func (e *Env) includedColumns(t *catalog.Table, x *catalog.Index) []int {
	if !x.Primary || e.PlainIndexes {
		return x.Include
	}
	var rest []int
	for _, c := range t.Live() {
		if !slices.ContainsFunc(x.Keys, func(k catalog.IndexKey) bool { return k.Col == c }) {
			rest = append(rest, c)
		}
	}
	return rest
}

func indexRows(q *query) {
	one := func(t *catalog.Table, x *catalog.Index) {
		if !q.skips("indexrelid", x.OID) {
			q.addIndex(t, x)
		}
	}
	if oid, ok := q.wanted("indexrelid"); ok {
		if x := q.Snap.Index(oid); x != nil && !x.Hidden {
			one(q.Snap.Table(x.Table), x)
		}
		return
	}
	q.tables("indrelid", func(t *catalog.Table) {
		for _, x := range shownIndexes(t) {
			one(t, x)
		}
	})
}

func (q *query) addIndex(t *catalog.Table, x *catalog.Index) {
	var keys, collations, classes, options []int
	var exprs []string
	all := q.indexColumns(t, x)
	for i, k := range all {
		keys = append(keys, k.Col+1)
		if k.Col < 0 {
			exprs = append(exprs, k.Expr)
		}
		if i >= len(x.Keys) {
			continue
		}
		collation := 0
		if f := typeFact(k.T.OID); f != nil {
			collation = int(f.collation)
		}
		collations, classes = append(collations, collation), append(classes, int(classOf(k.T.OID)))
		option := 0
		if k.Desc {
			option = 1
		}
		if k.NullsFirst != k.Desc {
			option += 2
		}
		options = append(options, option)
	}
	valid := x.State == catalog.IndexPublic
	q.add(x.OID, t.OID, len(all), len(x.Keys), x.Unique, x.NullsNotDistinct, x.Primary, false, true, false, valid, false,
		true, true, false, keys, collations, classes, options, text(strings.Join(exprs, ", ")), text(x.Where))
}
