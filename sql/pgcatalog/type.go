package pgcatalog

import (
	_ "embed" // the tables of facts
	"strconv"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

//go:embed facts/types.tsv
var factTypes string

//go:embed facts/opclasses.tsv
var factOpclasses string

// A typeRow is what pg_type says of a built-in type.
type typeRow struct {
	oid       types.OID
	name      string
	length    int64
	byVal     bool
	kind      byte // b or p
	category  byte
	preferred bool
	defined   bool
	delim     byte
	subscript types.OID
	elem, arr types.OID
	io        [7]types.OID // input, output, receive, send, modin, modout, analyze
	align     byte
	storage   byte
	collation types.OID
}

// An opclass is a default operator class of btree.
type opclass struct {
	oid, family, intype, keytype types.OID
	name, familyName             string
}

var (
	typeRows  []typeRow
	typeByOID = map[types.OID]*typeRow{}
	opclasses []opclass
	// ioFuncs are the functions that only pg_type refers to.
	ioFuncs   = map[types.OID]string{}
	ioFuncOID = map[string]types.OID{}
)

func oidOf(s string) types.OID {
	n, _ := strconv.Atoi(s)
	return types.OID(n)
}

func init() {
	for line := range strings.Lines(factTypes) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		length, _ := strconv.Atoi(f[2])
		t := typeRow{oid: oidOf(f[0]), name: f[1], length: int64(length), byVal: f[3] == "t", kind: f[4][0], category: f[5][0],
			preferred: f[6] == "t", defined: f[7] == "t", delim: f[8][0], subscript: oidOf(f[10]), elem: oidOf(f[11]), arr: oidOf(f[12]),
			align: f[20][0], storage: f[21][0], collation: oidOf(f[22])}
		for i := range t.io {
			t.io[i] = oidOf(f[13+i])
		}
		for i, oid := range []types.OID{t.io[0], t.io[1], t.io[2], t.io[3], t.subscript, t.io[4], t.io[5]} {
			if oid != 0 {
				ioFuncs[oid], ioFuncOID[f[23+i]] = f[23+i], oid
			}
		}
		typeRows = append(typeRows, t)
	}
	for i, name := range []string{"enum_in", "enum_out", "enum_recv", "enum_send"} {
		ioFuncs[enumIO[i]], ioFuncOID[name] = name, enumIO[i]
	}
	for i := range typeRows {
		typeByOID[typeRows[i].oid] = &typeRows[i]
	}
	for line := range strings.Lines(factOpclasses) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		opclasses = append(opclasses, opclass{oidOf(f[0]), oidOf(f[2]), oidOf(f[4]), oidOf(f[5]), f[1], f[3]})
	}
}

// typeFact is what is known of a built-in type, or nil.
func typeFact(oid types.OID) *typeRow {
	switch {
	case oid>>30 != 1:
		return typeByOID[oid]
	case types.IsEnum(oid):
		f := *typeByOID[types.AnyEnumOID]
		f.oid, f.name, f.kind, f.category, f.defined, f.arr = oid, "", 'e', 'E', true, types.Get(oid).Array
		copy(f.io[:], enumIO)
		return &f
	}
	f := *typeByOID[types.TextArrayOID]
	f.oid, f.name, f.elem, f.collation = oid, "", types.Get(oid).Elem, 0
	return &f
}

// enumOps is the operator class of enumerations.
const enumOps types.OID = 10069

// enumIO are the input, output, receive and send functions of enumerations.
var enumIO = []types.OID{3506, 3507, 3532, 3533}

// classOf is the btree operator class for a type; varchar's is text's.
func classOf(oid types.OID) types.OID {
	switch {
	case oid == types.VarcharOID:
		oid = types.TextOID
	case types.IsEnum(oid):
		return enumOps
	}
	for i := range opclasses {
		if opclasses[i].intype == oid && types.IsIndexable(oid) {
			return opclasses[i].oid
		}
	}
	return 0
}

// equalityOf is the OID of the = between two types, or 0.
func equalityOf(left, right types.OID) types.OID {
	if op := funcs.Comparison('=', left, right); op != nil {
		return op.OID
	}
	return 0
}

var typeSources = map[string]*source{
	"pg_type": {columns: "oid typname typnamespace typowner typlen typbyval typtype typcategory typispreferred typisdefined typdelim typrelid " +
		"typsubscript typelem typarray typinput typoutput typreceive typsend typmodin typmodout typanalyze typalign typstorage typnotnull " +
		"typbasetype typtypmod typndims typcollation typdefaultbin typdefault typacl", rows: typeRowsOf},
	"pg_collation": {columns: "oid collname collnamespace collowner collprovider collisdeterministic collencoding collcollate collctype", rows: func(q *query) {
		q.add(defaultCollation, "default", catalog.PgCatalog, catalog.AdminRole, byte('d'), true, -1, nil, nil)
		q.add(cCollation, "C", catalog.PgCatalog, catalog.AdminRole, byte('c'), true, -1, "C", "C")
		q.add(posixCollation, "POSIX", catalog.PgCatalog, catalog.AdminRole, byte('c'), true, -1, "POSIX", "POSIX")
	}},
	"pg_enum": {columns: "oid enumtypid enumsortorder enumlabel", rows: enumRows},
	"pg_opclass": {columns: "oid opcmethod opcname opcnamespace opcowner opcfamily opcintype opcdefault opckeytype", rows: func(q *query) {
		for _, c := range opclasses {
			if types.IsIndexable(c.intype) && !q.skips("oid", c.oid) {
				q.add(c.oid, indexMethod, c.name, catalog.PgCatalog, catalog.AdminRole, c.family, c.intype, true, c.keytype)
			}
		}
	}},
	"pg_opfamily": {columns: "oid opfmethod opfname opfnamespace opfowner", rows: func(q *query) {
		seen := map[types.OID]bool{}
		for _, c := range opclasses {
			if types.IsIndexable(c.intype) && !seen[c.family] {
				seen[c.family] = true
				q.add(c.family, indexMethod, c.familyName, catalog.PgCatalog, catalog.AdminRole)
			}
		}
	}},
	"pg_amop": {columns: "oid amopfamily amoplefttype amoprighttype amopstrategy amoppurpose amopopr amopmethod amopsortfamily", rows: operatorsOfFamilies},
}

// strategies are btree's strategy numbers by funcs.Operator.Strategy.
var strategies = []byte{'<', 'l', '=', 'g', '>'}

func operatorsOfFamilies(q *query) {
	for _, l := range opclasses {
		for _, r := range opclasses {
			if l.family != r.family || !types.IsIndexable(l.intype) || !types.IsIndexable(r.intype) {
				continue
			}
			for i, s := range strategies {
				if op := funcs.Comparison(s, l.intype, r.intype); op != nil {
					// The row's own OID matters to nobody; the operator's is unique here.
					q.add(op.OID, l.family, l.intype, r.intype, i+1, byte('s'), op.OID, indexMethod, 0)
				}
			}
		}
	}
}

func typeRowsOf(q *query) {
	if oid, ok := q.wanted("oid"); ok {
		if t := typeByOID[oid]; t != nil {
			q.addBuiltin(t)
			return
		}
	} else {
		for i := range typeRows {
			if t := &typeRows[i]; types.Get(t.oid) != nil && !q.skipsName("typname", t.name) && !q.skips("typnamespace", catalog.PgCatalog) {
				q.addBuiltin(t)
			}
		}
	}
	for _, t := range q.Snap.Tables() {
		if t.Type != 0 && !q.skips("oid", t.Type) && !q.skipsName("typname", t.Name) && !q.skips("typnamespace", t.Schema) && !q.skips("typrelid", t.OID) {
			q.addComposite(t)
		}
	}
	for _, d := range q.Snap.Domains() {
		if d.IsEnum() && !q.skips("typnamespace", d.Schema) {
			q.addEnum(d)
			continue
		}
		if !q.skips("oid", d.OID) && !q.skipsName("typname", d.Name) && !q.skips("typnamespace", d.Schema) {
			q.addDomain(d)
		}
	}
}

func (q *query) addBuiltin(t *typeRow) {
	arr := t.arr
	if types.Get(arr) == nil { // which is not shown either
		arr = 0
	}
	q.add(t.oid, t.name, catalog.PgCatalog, catalog.AdminRole, t.length, t.byVal, t.kind, t.category, t.preferred, t.defined, t.delim, 0,
		t.subscript, t.elem, arr, t.io[0], t.io[1], t.io[2], t.io[3], t.io[4], t.io[5], t.io[6], t.align, t.storage, false,
		0, -1, 0, t.collation, nil, nil, nil)
}

// addComposite adds a table's row type.
func (q *query) addComposite(t *catalog.Table) {
	q.add(t.Type, t.Name, t.Schema, t.Owner, -1, false, byte('c'), byte('C'), false, true, byte(','), t.OID,
		0, 0, 0, ioFuncOID["record_in"], ioFuncOID["record_out"], ioFuncOID["record_recv"], ioFuncOID["record_send"], 0, 0, 0, byte('d'), byte('x'), false,
		0, -1, 0, 0, nil, nil, nil)
}

// addEnum adds an enumeration and the type of its arrays.
func (q *query) addEnum(d *catalog.Domain) {
	for _, oid := range []types.OID{d.OID, d.Array} {
		f := typeFact(oid)
		f.name = q.userTypeName(oid)
		if q.skips("oid", oid) || q.skipsName("typname", f.name) {
			continue
		}
		q.add(oid, f.name, d.Schema, d.Owner, f.length, f.byVal, f.kind, f.category, false, true, f.delim, 0,
			f.subscript, f.elem, f.arr, f.io[0], f.io[1], f.io[2], f.io[3], 0, 0, f.io[6], f.align, f.storage, false,
			0, -1, 0, 0, nil, nil, q.acl(d.ACL))
	}
}

// userTypeName is pg_type.typname of an enumeration or of its array.
func (e *Env) userTypeName(oid types.OID) string {
	if d := e.Snap.Domain(oid); d != nil {
		return d.Name
	}
	if d := e.Snap.Domain(types.Get(oid).Elem); d != nil {
		return types.CutName("_" + d.Name)
	}
	return ""
}

func enumRows(q *query) {
	for _, d := range q.Snap.Domains() {
		if q.skips("enumtypid", d.OID) {
			continue
		}
		for _, l := range d.Labels {
			q.add(l.OID, d.OID, float64(l.Sort), l.Label)
		}
	}
}

func (q *query) addDomain(d *catalog.Domain) {
	base := typeFact(d.Base.OID)
	if base == nil {
		return
	}
	q.add(d.OID, d.Name, d.Schema, d.Owner, base.length, base.byVal, byte('d'), base.category, false, true, base.delim, 0,
		0, 0, d.Array, ioFuncOID["domain_in"], base.io[1], ioFuncOID["domain_recv"], base.io[3], 0, 0, 0, base.align, base.storage, d.NotNull,
		d.Base.OID, d.Base.Typmod, 0, base.collation, text(d.Default), text(d.Default), q.acl(d.ACL))
}
