package catalog

import (
	"slices"

	"zorya/sql/types"
)

// SchemaByName returns the schema, or nil.
func (s *Snapshot) SchemaByName(name string) *Schema {
	return s.Schema(s.names[nameID{'n', 0, name}])
}

// RoleByName returns the role, or nil.
func (s *Snapshot) RoleByName(name string) *Role {
	return s.Role(s.names[nameID{'o', 0, name}])
}

// relation finds a relation in one schema.
func (s *Snapshot) relation(schema types.OID, name string) Relation {
	id := nameID{'r', schema, name}
	if oid, ok := s.names[id]; ok {
		return s.RelationByOID(oid)
	}
	if t := s.virtual.names[id]; t != nil {
		return t
	}
	return nil
}

// RelationIn returns the relation of that name in a schema, or nil.
func (s *Snapshot) RelationIn(schema types.OID, name string) Relation {
	return s.relation(schema, name)
}

// Path returns the OIDs of the schemas that unqualified names are looked for in:
// pg_catalog first unless path names it, without schemas that do not exist.
func (s *Snapshot) Path(path []string) []types.OID {
	list := make([]types.OID, 0, len(path)+1)
	if !slices.Contains(path, "pg_catalog") {
		list = append(list, PgCatalog)
	}
	for _, name := range path {
		if sc := s.SchemaByName(name); sc != nil {
			list = append(list, sc.OID)
		}
	}
	return list
}

// schemasFor are the schemas to look in: the named one, or the path's.
func (s *Snapshot) schemasFor(path []string, schema string) []types.OID {
	if schema == "" {
		return s.Path(path)
	}
	if sc := s.SchemaByName(schema); sc != nil {
		return []types.OID{sc.OID}
	}
	return nil
}

// Relation resolves a relation's name as written: in the schema if one is given,
// else along the search path. nil if there is none.
func (s *Snapshot) Relation(path []string, schema, name string) Relation {
	for _, oid := range s.schemasFor(path, schema) {
		if r := s.relation(oid, name); r != nil {
			return r
		}
	}
	return nil
}

// TableByName returns the table, view or virtual table of that schema, or nil.
func (s *Snapshot) TableByName(schema, name string) *Table {
	t, _ := s.Relation(nil, schema, name).(*Table)
	return t
}

// IndexByName returns the index of that schema, or nil.
func (s *Snapshot) IndexByName(schema, name string) *Index {
	x, _ := s.Relation(nil, schema, name).(*Index)
	return x
}

// SequenceByName returns the sequence of that schema, or nil.
func (s *Snapshot) SequenceByName(schema, name string) *Sequence {
	q, _ := s.Relation(nil, schema, name).(*Sequence)
	return q
}

// ResolveDomain resolves a domain's name as Relation does.
func (s *Snapshot) ResolveDomain(path []string, schema, name string) *Domain {
	for _, oid := range s.schemasFor(path, schema) {
		if d := s.Domain(s.names[nameID{'t', oid, name}]); d != nil {
			return d
		}
	}
	return nil
}

// ResolveStatistics resolves the name of extended statistics as Relation does.
func (s *Snapshot) ResolveStatistics(path []string, schema, name string) *ExtStatistics {
	for _, oid := range s.schemasFor(path, schema) {
		if x := object[*ExtStatistics](s, s.names[nameID{'x', oid, name}]); x != nil {
			return x
		}
	}
	return nil
}

// ResolveFunctions returns the users' functions of that name: in the schema if one
// is given, else all along the search path, nearer schemas first.
func (s *Snapshot) ResolveFunctions(path []string, schema, name string) []*Function {
	var list []*Function
	for _, oid := range s.schemasFor(path, schema) {
		list = append(list, s.funcs[nameID{'f', oid, name}]...)
	}
	return list
}

// Visible reports whether an unqualified name finds this relation.
func (s *Snapshot) Visible(path []string, r Relation) bool {
	found := s.Relation(path, "", r.Head().Name)
	return found != nil && found.ID() == r.ID()
}

// SchemaName returns the name of a schema, or "" if there is none.
func (s *Snapshot) SchemaName(oid types.OID) string {
	if sc := s.Schema(oid); sc != nil {
		return sc.Name
	}
	return ""
}

// RoleName returns the name of a role, or "" if there is none.
func (s *Snapshot) RoleName(oid types.OID) string {
	if r := s.Role(oid); r != nil {
		return r.Name
	}
	return ""
}
