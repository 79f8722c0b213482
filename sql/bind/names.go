package bind

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// table finds a table, view or virtual table to read, and notes that the
// statement relies on it.
func (b *binder) table(n ast.Name) *catalog.Table {
	full := n.Name
	if n.Schema != "" {
		full = n.Schema + "." + n.Name
	}
	if n.Catalog != "" {
		b.checkDatabase(n.Catalog, "\""+n.Catalog+"."+full+"\"", n.Pos)
	}
	r := b.env.Snap.Relation(b.path, n.Schema, n.Name)
	switch r := r.(type) {
	case *catalog.Table:
		b.usesSchema(n.Schema, r.Schema)
		if r.Kind != catalog.RelVirtual {
			b.refObject(r.OID, "class")
		}
		return r
	case *catalog.Index:
		b.throw(n.Pos, pgerr.New(pgerr.WrongObjectType, "cannot open relation \"%s\"", r.Name).
			WithDetail("This operation is not supported for indexes."))
	case *catalog.Sequence:
		b.usesSchema(n.Schema, r.Schema)
		b.refObject(r.OID, "class")
		return r.AsTable()
	}
	e := pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", full)
	if n.Schema == "" && slices.Contains(b.future, n.Name) {
		e = e.WithDetail("There is a WITH item named \"%s\", but it cannot be referenced from this part of the query.", n.Name).
			WithHint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
	}
	b.throw(n.Pos, e)
	return nil
}

// isSequence reports whether a table is what a sequence shows.
func isSequence(t *catalog.Table) bool {
	return t.Kind == catalog.RelVirtual && t.OID >= catalog.FirstUserOID
}

// usesSchema asks for USAGE of a schema that the statement names.
func (b *binder) usesSchema(name string, oid types.OID) {
	if name == "" || oid < catalog.PublicSchema {
		return
	}
	p := b.need(oid, 'U', true, false)
	p.check.Kind = 'n'
}

// checkSchema fails if a qualified name's schema does not exist.
func (b *binder) checkSchema(name string, pos int) {
	if name != "" && name != funcs.SQLJSON && b.env.Snap != nil && b.env.Snap.SchemaByName(name) == nil {
		b.fail(pos, pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
}

func (b *binder) schemaName(oid types.OID) string { return b.env.Snap.SchemaName(oid) }

func (b *binder) findDomain(schema, name string) *catalog.Domain {
	if b.env.Snap == nil {
		return nil
	}
	return b.env.Snap.ResolveDomain(b.path, schema, name)
}

// refObject notes that the statement relies on a descriptor.
func (b *binder) refObject(oid types.OID, kind string) {
	k := map[string]byte{"class": catalog.KindTable, "type": catalog.KindDomain, "proc": catalog.KindFunction, "procedure": catalog.KindFunction}[kind]
	if kind == "class" {
		if o := b.env.Snap.Object(oid); o != nil {
			if _, seq := o.(*catalog.Sequence); seq {
				k = catalog.KindSequence
			}
		} else {
			return
		}
	}
	if k != 0 && oid >= catalog.FirstUserOID {
		b.refs[oid] = catalog.RefOf(oid, k)
		if b.stored == 0 {
			b.direct = append(b.direct, oid)
		}
	}
}
