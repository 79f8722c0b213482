package pgcatalog

import (
	"encoding/binary"
	"strings"

	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// A Place is what a key of the commit path stands for: a row, a value of a unique
// index, a descriptor, or a name.
type Place struct {
	Table *catalog.Table // nil if it is of no table
	Index *catalog.Index // whose key it is; nil for a descriptor or a name
	Cols  []int          // columns whose values Values shows; for privileges
	// Columns and Values are the key as PostgreSQL shows it: (a, b) and (1, 2). They
	// are empty for a row of a table without a primary key.
	Columns, Values string
	Object          string // what it is if not a key of an index: `table "public.t"`
}

// Locate finds what a key stands for. ok is false for keys that mean nothing to
// users, and for those of objects that the snapshot does not have.
func Locate(snap *catalog.Snapshot, key kv.Key, f *types.Format) (p Place, ok bool) {
	if len(key) < 6 {
		return Place{}, false
	}
	switch key[0] {
	case kv.Data:
		return locateRow(snap, key, f)
	case kv.Descriptors:
		return locateObject(snap, key)
	case kv.Names:
		return locateName(snap, key)
	}
	return Place{}, false
}

// locateRow reads the key of a row or of an entry of a unique index.
func locateRow(snap *catalog.Snapshot, key kv.Key, f *types.Format) (p Place, ok bool) {
	oid, _ := catalog.IndexOfKey(key)
	if p.Index = snap.Index(oid); p.Index == nil {
		return Place{}, false
	}
	if p.Table = snap.Table(p.Index.Table); p.Table == nil {
		return Place{}, false
	}
	if p.Index.Hidden {
		return p, true
	}
	var names, values []string
	rest := []byte(key[5:])
	for _, k := range p.Index.Keys {
		d, after, err := types.DecodeKey(rest, k.T.OID, false, k.NullsFirst)
		if err != nil {
			return Place{}, false
		}
		name, value := k.Expr, "null"
		if k.Col >= 0 {
			name = funcs.QuoteIdent(p.Table.Columns[k.Col].Name)
			p.Cols = append(p.Cols, k.Col)
		}
		if !d.IsNull() {
			value = string(types.AppendText(nil, k.T.OID, d, f))
		}
		names, values, rest = append(names, name), append(values, value), after
	}
	p.Cols = append(p.Cols, p.Index.UsesCols...)
	p.Columns, p.Values = "("+strings.Join(names, ", ")+")", "("+strings.Join(values, ", ")+")"
	return p, true
}

// objectWords are what users call the kinds of objects.
var objectWords = map[byte]string{
	catalog.KindTable: "table", catalog.KindSequence: "sequence", catalog.KindSchema: "schema", catalog.KindRole: "role",
	catalog.KindDomain: "type", catalog.KindFunction: "function", catalog.KindStatistics: "statistics object",
}

// nameWords are what users call what has names of a class (catalog.nameKey).
var nameWords = map[byte]string{
	'r': "relation", 't': "type", 'n': "schema", 'o': "role", 'x': "statistics object", 'f': "function",
}

// locateObject reads the key of a descriptor.
func locateObject(snap *catalog.Snapshot, key kv.Key) (p Place, ok bool) {
	o, named := snap.Object(types.OID(binary.BigEndian.Uint32(key[2:]))).(interface{ Head() *catalog.Header })
	if !named {
		return Place{}, false
	}
	word := objectWords[key[1]]
	if t, isTable := o.(*catalog.Table); isTable {
		p.Table = t
		if t.Kind == catalog.RelView {
			word = "view"
		}
	}
	p.Object = word + " " + quotedName(snap, o.Head().Schema, o.Head().Name)
	return p, true
}

// locateName reads the key that the creation of a name claims.
func locateName(snap *catalog.Snapshot, key kv.Key) (p Place, ok bool) {
	word := nameWords[key[1]]
	if word == "" {
		return Place{}, false
	}
	return Place{Object: word + " " + quotedName(snap, types.OID(binary.BigEndian.Uint32(key[2:])), string(key[6:]))}, true
}

// quotedName is a name with its schema, in double quotes.
func quotedName(snap *catalog.Snapshot, schema types.OID, name string) string {
	if schema != 0 {
		name = snap.SchemaName(schema) + "." + name
	}
	return `"` + name + `"`
}

// Relation is `table "schema.name"` of the place's table.
func (p *Place) Relation(snap *catalog.Snapshot) string {
	return "table " + quotedName(snap, p.Table.Schema, p.Table.Name)
}

// IndexWords is the index with its kind: `primary key "t_pkey"`.
func (p *Place) IndexWords() string {
	switch {
	case p.Index.Primary:
		return `primary key "` + p.Index.Name + `"`
	case p.Index.Constraint != "":
		return `unique constraint "` + p.Index.Constraint + `"`
	}
	return `unique index "` + p.Index.Name + `"`
}

// MayRead reports whether a role may see the place: all of the table, or the
// columns of the key. What is of no table is everyone's to see, as catalogs are.
func (p *Place) MayRead(snap *catalog.Snapshot, role types.OID) bool {
	return p.Table == nil || snap.MayDo(role, catalog.PrivCheck{OID: p.Table.OID, Kind: catalog.OnTable, Priv: 'r', Cols: p.Cols})
}
