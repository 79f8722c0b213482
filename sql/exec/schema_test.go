package exec_test

import (
	"slices"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

// The tables of testdata/schema.sql as descriptors.

func col(name string, oid types.OID) catalog.Col { return catalog.Col{Name: name, T: types.Of(oid)} }

func modified(c catalog.Col, typmod int32) catalog.Col {
	c.T.Typmod = typmod
	return c
}

func notNull(c catalog.Col) catalog.Col {
	c.NotNull = true
	return c
}

func withDefault(c catalog.Col, text string) catalog.Col {
	c.Default = text
	return c
}

var nextOID = catalog.FirstUserOID

func newOID() types.OID {
	nextOID++
	return nextOID
}

// table makes a table with the named primary key; none if it is empty.
func table(name string, primary []string, cols ...catalog.Col) *catalog.Table {
	t := &catalog.Table{Header: catalog.Header{OID: newOID(), Name: name, Schema: catalog.PublicSchema, Owner: catalog.AdminRole},
		Kind: catalog.RelTable, Columns: cols, Type: newOID()}
	t.Primary = index(t, name+"_pkey", true, primary...)
	t.Primary.Primary, t.Primary.Hidden = true, len(primary) == 0
	for _, k := range t.Primary.Keys {
		t.Columns[k.Col].NotNull = true
	}
	t.Indexes = nil
	return t
}

// index adds a secondary index to t.
func index(t *catalog.Table, name string, unique bool, cols ...string) *catalog.Index {
	x := &catalog.Index{Header: catalog.Header{OID: newOID(), Name: name, Schema: t.Schema, Owner: t.Owner}, Table: t.OID, Unique: unique}
	for _, c := range cols {
		for i := range t.Columns {
			if t.Columns[i].Name == c {
				x.Keys = append(x.Keys, catalog.IndexKey{Col: i, T: t.Columns[i].T})
			}
		}
	}
	t.Indexes = append(t.Indexes, x)
	return x
}

func testTables() []catalog.Object {
	const money = 12<<16 + 2 + 4 // numeric(12,2)
	account := table("account", []string{"id"}, col("id", types.Int4OID), notNull(col("owner", types.TextOID)),
		withDefault(notNull(modified(col("balance", types.NumericOID), money)), "0"), col("branch", types.Int4OID), col("opened", types.TimestampOID))
	account.Checks = []catalog.Check{{OID: newOID(), Name: "positive", Expr: "balance >= 0", Valid: true}}

	transfer := table("transfer", []string{"id"}, col("id", types.Int8OID), col("payer_id", types.Int4OID), col("payee_id", types.Int4OID),
		modified(col("amount", types.NumericOID), money), modified(col("kind", types.VarcharOID), 14), col("created_at", types.TimestampOID))
	index(transfer, "transfer_payer", false, "payer_id", "created_at")

	branch := table("branch", []string{"no"}, col("no", types.Int4OID), col("city", types.TextOID), col("open", types.BoolOID),
		col("founded", types.DateOID), col("code", types.UUIDOID))
	index(branch, "branch_code_key", true, "code").Constraint = "branch_code_key"

	loose := table("loose", nil, col("a", types.Int4OID), col("b", types.TextOID), col("c", types.Float8OID))

	pair := table("pair", []string{"a", "b"}, col("a", types.Int4OID), col("b", types.Int4OID), col("c", types.TextOID))
	index(pair, "pair_c", true, "c").Constraint = "pair_c"

	wide := table("wide", []string{"k"}, col("k", types.TextOID), col("i2", types.Int2OID), col("i8", types.Int8OID), col("f4", types.Float4OID),
		col("f8", types.Float8OID), col("n", types.NumericOID), modified(col("v", types.VarcharOID), 9), modified(col("ch", types.BpcharOID), 8),
		col("by", types.ByteaOID), col("bo", types.BoolOID), col("d", types.DateOID), col("ts", types.TimestampOID), col("tz", types.TimestampTZOID),
		col("iv", types.IntervalOID), col("u", types.UUIDOID), col("gen", types.Int4OID))
	wide.Columns[15].Generated = "i2 * 2"

	part := table("part", []string{"id"}, col("id", types.Int4OID), col("tag", types.TextOID), col("v", types.Int4OID))
	index(part, "part_tag", true, "tag").Where = "v > 0"

	parent := table("parent", []string{"id"}, col("id", types.Int4OID), col("code", types.TextOID), col("note", types.TextOID))
	index(parent, "parent_code_key", true, "code").Constraint = "parent_code_key"
	child := table("child", []string{"id"}, col("id", types.Int4OID), col("pid", types.Int4OID), col("code", types.TextOID))
	index(child, "child_pid_idx", false, "pid")
	grandchild := table("grandchild", []string{"id"}, col("id", types.Int4OID), col("cid", types.Int4OID))
	tree := table("tree", []string{"id"}, col("id", types.Int4OID), col("up", types.Int4OID))
	refer(child, "child_pid", 1, parent, 0, 'a', 'a')
	refer(child, "child_code", 2, parent, 1, 'n', 'c')
	refer(grandchild, "grand", 1, child, 0, 'c', 'c')
	refer(tree, "tree_up", 1, tree, 0, 'a', 'a')

	return []catalog.Object{account, transfer, branch, loose, pair, wide, part, parent, child, grandchild, tree}
}

// refer adds a foreign key from a column of t to one of to.
func refer(t *catalog.Table, name string, from int, to *catalog.Table, at int, onDelete, onUpdate byte) {
	t.FKs = append(t.FKs, catalog.ForeignKey{OID: newOID(), Name: name, Cols: []int{from}, RefTable: to.OID, RefCols: []int{at},
		RefIndex: to.Primary.OID, OnDelete: onDelete, OnUpdate: onUpdate, Valid: true})
	if !slices.Contains(to.RefBy, t.OID) {
		to.RefBy = append(to.RefBy, t.OID)
	}
}
