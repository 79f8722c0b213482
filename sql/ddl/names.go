package ddl

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// maxName is the length of names in bytes; longer ones are cut.
const maxName = 63

// written is a name as error messages repeat it.
func written(n ast.Name) string {
	if n.Schema != "" {
		return n.Schema + "." + n.Name
	}
	return n.Name
}

func checkCatalog(n ast.Name) error {
	if n.Catalog == "" || n.Catalog == "postgres" {
		return nil
	}
	return unsupported("cross-database references are not implemented: \"%s.%s.%s\"", n.Catalog, n.Schema, n.Name)
}

func noSchema(name string) error {
	return pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
}

func duplicate(name string) *pgerr.Error {
	return pgerr.New(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
}

// creationSchema is the schema in which a name is to be created: the one written,
// or the first of the search path. The role must be allowed to create there.
func (s *statement) creationSchema(n ast.Name) (*catalog.Schema, error) {
	if err := checkCatalog(n); err != nil {
		return nil, err
	}
	var schema *catalog.Schema
	if n.Schema != "" {
		if schema = s.snap().SchemaByName(n.Schema); schema == nil {
			return nil, noSchema(n.Schema)
		}
	} else {
		for _, name := range s.env.SearchPath {
			if schema = s.snap().SchemaByName(name); schema != nil {
				break
			}
		}
		if schema == nil {
			return nil, pgerr.New(pgerr.InvalidSchemaName, "no schema has been selected to create in")
		}
	}
	if err := s.mayCreateIn(schema, n.Name); err != nil {
		return nil, err
	}
	s.ed.Share(schema)
	return schema, nil
}

func (s *statement) mayCreateIn(schema *catalog.Schema, name string) error {
	switch schema.OID {
	case catalog.PgCatalog:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to create \"pg_catalog.%s\"", name).
			WithDetail("System catalog modifications are currently disallowed.")
	case catalog.InfoSchema, catalog.SysSchema:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for schema %s", schema.Name)
	}
	return s.snap().Check(s.env.Role, []catalog.PrivCheck{{OID: schema.OID, Kind: catalog.OnSchema, Priv: 'C'}})
}

// relation finds a relation by its name as written; nil if there is none. A schema
// that does not exist is an error unless missingOK.
func (s *statement) relation(n ast.Name, missingOK bool) (catalog.Relation, error) {
	if err := checkCatalog(n); err != nil {
		return nil, err
	}
	if n.Schema != "" && s.snap().SchemaByName(n.Schema) == nil {
		if missingOK {
			return nil, nil
		}
		return nil, noSchema(n.Schema)
	}
	return s.snap().Relation(s.env.SearchPath, n.Schema, n.Name), nil
}

// mustRelation is relation, and an error if there is none.
func (s *statement) mustRelation(n ast.Name) (catalog.Relation, error) {
	r, err := s.relation(n, false)
	if err == nil && r == nil {
		err = pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", written(n))
	}
	return r, err
}

// ownedTable finds a table that the role owns, to be changed.
func (s *statement) ownedTable(n ast.Name) (*catalog.Table, error) {
	r, err := s.mustRelation(n)
	if err != nil {
		return nil, err
	}
	t, ok := r.(*catalog.Table)
	if !ok || t.Kind == catalog.RelView {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a table", r.Head().Name)
	}
	return t, s.owns(t)
}

// relKindName is a relation's kind in messages.
func relKindName(r catalog.Relation) string {
	switch r.RelKind() {
	case catalog.RelView:
		return "view"
	case catalog.RelIndex:
		return "index"
	case catalog.RelSequence:
		return "sequence"
	}
	return "table"
}

// notSupportedFor is the detail of an error about a relation of the wrong kind.
func notSupportedFor(r catalog.Relation) string {
	kind := relKindName(r) + "s"
	if kind == "indexs" {
		kind = "indexes"
	}
	return "This operation is not supported for " + kind + "."
}

// owns fails unless the role owns the relation, or it is the system's.
func (s *statement) owns(r catalog.Relation) error {
	if r.RelKind() == catalog.RelVirtual {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", r.Head().Name)
	}
	return s.snap().CheckOwner(s.env.Role, r.Head(), relKindName(r))
}

// role finds the role that a RoleSpec means; PUBLIC is 0 if allowed.
func (s *statement) role(r ast.RoleSpec) (types.OID, error) {
	switch r.Special {
	case "public":
		return 0, nil
	case "current_user", "session_user", "current_role":
		return s.env.Role, nil
	}
	d := s.snap().RoleByName(r.Name)
	if d == nil {
		return 0, noRole(r.Name)
	}
	return d.OID, nil
}

func noRole(name string) error {
	return pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
}

// nameTaken reports whether a relation of that name is in the schema.
func (s *statement) nameTaken(schema types.OID, name string) bool {
	return s.snap().RelationIn(schema, name) != nil
}

// objectName joins names as PostgreSQL makes the names of indexes and constraints:
// the longer of the first two is cut until all fits.
func objectName(name1, name2, label string) string {
	over := len(label)
	if label != "" {
		over++
	}
	if name2 != "" {
		over++
	}
	n1, n2 := len(name1), len(name2)
	for n1+n2+over > maxName {
		if n1 > n2 {
			n1--
		} else {
			n2--
		}
	}
	parts := []string{clip(name1, n1)}
	if name2 != "" {
		parts = append(parts, clip(name2, n2))
	}
	if label != "" {
		parts = append(parts, label)
	}
	return strings.Join(parts, "_")
}

// clip cuts s to at most n bytes at a character's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// freeName makes a name that taken does not know: with label, label1, label2 ….
func freeName(name1, name2, label string, taken func(string) bool) string {
	for i := 0; ; i++ {
		l := label
		if i > 0 {
			l += strconv.Itoa(i)
		}
		if name := objectName(name1, name2, l); !taken(name) {
			return name
		}
	}
}

// columnsLabel joins column names for the name of an index or a foreign key.
func columnsLabel(cols []string) string {
	var b strings.Builder
	for i, c := range cols {
		if i > 0 {
			b.WriteByte('_')
		}
		b.WriteString(c)
		if b.Len() >= maxName {
			break
		}
	}
	return clip(b.String(), maxName)
}

// constraintNames are the names of a table's constraints.
func constraintNames(t *catalog.Table) []string {
	var names []string
	for _, x := range t.AllIndexes() {
		if x.Constraint != "" {
			names = append(names, x.Constraint)
		}
	}
	for i := range t.Checks {
		names = append(names, t.Checks[i].Name)
	}
	for i := range t.FKs {
		names = append(names, t.FKs[i].Name)
	}
	return names
}

// constraintInSchema reports whether any table of t's schema, t itself included,
// has a constraint of that name. Generated names avoid them all.
func (s *statement) constraintInSchema(t *catalog.Table, name string) bool {
	if slices.Contains(constraintNames(t), name) {
		return true
	}
	for _, o := range s.snap().Tables() {
		if o.Schema == t.Schema && o.OID != t.OID && slices.Contains(constraintNames(o), name) {
			return true
		}
	}
	return false
}

// schemaName is the schema's name.
func (s *statement) schemaName(oid types.OID) string { return s.snap().SchemaName(oid) }

// shown is a relation's name in messages: qualified unless the search path finds it.
func (s *statement) shown(r catalog.Relation) string {
	if s.snap().Visible(s.env.SearchPath, r) {
		return quoted(r.Head().Name)
	}
	return quoted(s.schemaName(r.Head().Schema)) + "." + quoted(r.Head().Name)
}

// quoted is an identifier, in quotes if it needs them.
func quoted(name string) string {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '$')) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}
