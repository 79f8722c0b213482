package ddl

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// objectTag is an object's word in a command tag.
func objectTag(object string) string {
	switch object {
	case "":
		return "TABLE"
	case "type":
		return "TYPE"
	}
	return strings.ToUpper(object)
}

func renameTag(st *ast.Rename) string {
	switch st.Object {
	case "column":
		return "ALTER " + objectTag(st.Of)
	case "constraint":
		return "ALTER TABLE"
	}
	return "ALTER " + objectTag(st.Object)
}

// rename runs ALTER … RENAME.
func (s *statement) rename(st *ast.Rename) error {
	switch st.Object {
	case "table", "view", "index", "sequence", "column", "constraint":
		return s.renameInRelation(st)
	case "schema":
		return s.renameSchema(st)
	case "role":
		return s.renameRole(st)
	case "domain":
		return s.renameDomain(st)
	case "type":
		if s.lifts("enum") {
			return s.renameDomain(st)
		}
	case "function", "routine":
		return s.renameFunction(st)
	case "statistics":
		return s.renameStatistics(st)
	}
	return unsupported("unsupported object in RENAME statement")
}

// renameInRelation renames a relation, a column or a constraint.
func (s *statement) renameInRelation(st *ast.Rename) error {
	r, err := s.relation(st.Name, st.IfExists)
	if err != nil {
		return err
	}
	if r == nil {
		if st.IfExists {
			s.skip("relation \"%s\" does not exist", written(st.Name))
			return nil
		}
		return pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", written(st.Name))
	}
	if err := s.owns(r); err != nil {
		return err
	}
	switch st.Object {
	case "column":
		return s.renameColumn(r, st)
	case "constraint":
		return s.renameConstraint(r, st)
	}
	// ALTER TABLE serves all but an index, ALTER INDEX all.
	if kind := relKindName(r); kind != st.Object && !(st.Object == "table" && kind != "index") && st.Object != "index" {
		return wrongKind(r, st.Object)
	}
	if s.nameTaken(r.Head().Schema, st.NewName) {
		return duplicate(st.NewName)
	}
	if err := s.noStoredText(r.ID(), relKindName(r)+" "+s.shown(r)); err != nil {
		return err
	}
	switch r := r.(type) {
	case *catalog.Sequence:
		c := *r
		c.Name = st.NewName
		s.ed.Put(&c)
	case *catalog.Index:
		t := s.snap().Table(r.Table).Clone()
		x := t.Index(r.OID)
		if x.Name = st.NewName; x.Constraint != "" {
			x.Constraint = st.NewName
		}
		s.ed.Put(t)
	case *catalog.Table:
		t := r.Clone()
		t.Name = st.NewName
		eachText(t, func(text string) string { return renameWord(text, r.Name, st.NewName, true) })
		s.ed.Put(t)
	}
	return nil
}

// eachText rewrites the expressions of a table.
func eachText(t *catalog.Table, f func(string) string) {
	for i := range t.Columns {
		if t.Columns[i].Generated != "" {
			t.Columns[i].Generated = f(t.Columns[i].Generated)
		}
	}
	for i := range t.Checks {
		t.Checks[i].Expr = f(t.Checks[i].Expr)
	}
	for _, x := range t.Indexes {
		for k := range x.Keys {
			if x.Keys[k].Expr != "" {
				x.Keys[k].Expr = f(x.Keys[k].Expr)
			}
		}
		if x.Where != "" {
			x.Where = f(x.Where)
		}
	}
}

func (s *statement) renameColumn(r catalog.Relation, st *ast.Rename) error {
	t, ok := r.(*catalog.Table)
	if !ok {
		return pgerr.New(pgerr.WrongObjectType, "cannot rename columns of relation \"%s\"", r.Head().Name).
			WithDetail("%s", notSupportedFor(r))
	}
	if systemColumns[st.Sub] {
		return unsupported("cannot rename system column \"%s\"", st.Sub)
	}
	col := t.Column(st.Sub)
	if col < 0 {
		return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", st.Sub)
	}
	if err := checkColumnName(st.NewName); err != nil {
		return err
	}
	if t.Column(st.NewName) >= 0 {
		return pgerr.New(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", st.NewName, t.Name)
	}
	for _, e := range s.users(t.OID, col) { // They are views.
		what := s.describe(item{itemColumn, t.OID, col})
		if s.env.Bind.RetextView == nil {
			return unsupported("cannot rename %s because %s depends on it", what, s.describe(e.to))
		}
		s.follow(e.to.oid, what)
	}
	c := t.Clone()
	c.Columns[col].Name = st.NewName
	eachText(c, func(text string) string { return renameWord(text, st.Sub, st.NewName, false) })
	s.ed.Put(c)
	return nil
}

func (s *statement) renameConstraint(r catalog.Relation, st *ast.Rename) error {
	t, ok := r.(*catalog.Table)
	if !ok || t.Kind == catalog.RelView {
		return wrongKind(r, "table")
	}
	c := t.Clone()
	if !slices.Contains(constraintNames(t), st.Sub) {
		return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", st.Sub, t.Name)
	}
	if slices.Contains(constraintNames(t), st.NewName) {
		return duplicateConstraint(st.NewName, t.Name)
	}
	for _, x := range c.AllIndexes() {
		if x.Constraint == st.Sub && !x.Hidden {
			if s.nameTaken(t.Schema, st.NewName) {
				return duplicate(st.NewName)
			}
			x.Constraint, x.Name = st.NewName, st.NewName
			s.ed.Put(c)
			return nil
		}
	}
	for i := range c.Checks {
		if c.Checks[i].Name == st.Sub {
			c.Checks[i].Name = st.NewName
			s.ed.Put(c)
			return nil
		}
	}
	for i := range c.FKs {
		if c.FKs[i].Name == st.Sub {
			c.FKs[i].Name = st.NewName
			s.ed.Put(c)
			return nil
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", st.Sub, t.Name)
}

func (s *statement) renameSchema(st *ast.Rename) error {
	schema, err := s.ownedSchema(st.Name.Name)
	if err != nil {
		return err
	}
	if s.snap().SchemaByName(st.NewName) != nil {
		return pgerr.New(pgerr.DuplicateSchema, "schema \"%s\" already exists", st.NewName)
	}
	if err := checkSchemaName(st.NewName); err != nil {
		return err
	}
	for _, e := range s.members(schema.OID) {
		if err := s.noStoredText(e.to.oid, "schema "+quoted(schema.Name)); err != nil {
			return err
		}
	}
	c := *schema
	c.Name = st.NewName
	s.ed.Put(&c)
	s.followSchema(schema.Name, st.NewName)
	return nil
}

func (s *statement) renameRole(st *ast.Rename) error {
	r, err := s.changeableRole(ast.RoleSpec{Name: st.Name.Name})
	if err != nil {
		return err
	}
	if err := checkRoleName(st.NewName, 0); err != nil {
		return err
	}
	if r.OID == s.env.Role {
		return unsupported("current user cannot be renamed")
	}
	if s.snap().RoleByName(st.NewName) != nil {
		return pgerr.New(pgerr.DuplicateObject, "role \"%s\" already exists", st.NewName)
	}
	c := r.Clone()
	c.Name = st.NewName
	s.ed.Put(c)
	return nil
}

func (s *statement) renameDomain(st *ast.Rename) error {
	d, err := s.domain(st.Name)
	if err != nil {
		return err
	}
	if s.snap().ResolveDomain(nil, s.schemaName(d.Schema), st.NewName) != nil {
		return pgerr.New(pgerr.DuplicateObject, "type \"%s\" already exists", st.NewName)
	}
	if err := s.noStoredText(d.OID, "type "+quoted(d.Name)); err != nil {
		return err
	}
	c := *d
	c.Name = st.NewName
	s.ed.Put(&c)
	return nil
}

func (s *statement) renameFunction(st *ast.Rename) error {
	f, err := s.function(st.Name, st.Args, st.HasArgs)
	if err != nil {
		return err
	}
	if err := s.ownsObject(&f.Header, "function"); err != nil {
		return err
	}
	if st.NewName == f.Name {
		return pgerr.New(pgerr.DuplicateFunction, "function %s already exists in schema \"%s\"", s.signatureText(f), s.schemaName(f.Schema))
	}
	if err := s.noStoredText(f.OID, "function "+s.signatureText(f)); err != nil {
		return err
	}
	c := *f
	c.Name = st.NewName
	if err := s.freeSignature(&c); err != nil {
		return err
	}
	s.ed.Put(&c)
	return nil
}

// freeSignature fails if another function has the name, schema and arguments of f.
func (s *statement) freeSignature(f *catalog.Function) error {
	schema := s.schemaName(f.Schema)
	for _, o := range s.snap().ResolveFunctions(nil, schema, f.Name) {
		if o.OID != f.OID && slices.Equal(inputArgs(o), inputArgs(f)) {
			return pgerr.New(pgerr.DuplicateFunction, "function %s already exists in schema \"%s\"", s.signatureText(f), schema)
		}
	}
	s.ed.ClaimName('f', f.Schema, f.Name)
	return nil
}

// setSchema runs ALTER … SET SCHEMA.
func (s *statement) setSchema(st *ast.SetSchema) error {
	schema := s.snap().SchemaByName(st.NewSchema)
	if schema == nil {
		return noSchema(st.NewSchema)
	}
	switch st.Object {
	case "table", "view", "sequence":
		return s.relationSchema(st, schema)
	case "statistics":
		return s.statisticsSchema(st, schema)
	case "domain", "type":
		if st.Object == "type" && !s.lifts("enum") {
			break
		}
		d, err := s.domain(st.Name)
		if err != nil {
			return err
		}
		if err := s.moveInto(schema, d.Name, d.OID, "type "+quoted(d.Name)); err != nil {
			return err
		}
		if s.snap().ResolveDomain(nil, schema.Name, d.Name) != nil && d.Schema != schema.OID {
			return pgerr.New(pgerr.DuplicateObject, "type \"%s\" already exists in schema \"%s\"", d.Name, schema.Name)
		}
		c := *d
		c.Schema = schema.OID
		s.ed.Put(&c)
		return nil
	case "function", "routine":
		f, err := s.function(st.Name, st.Args, st.HasArgs)
		if err != nil {
			return err
		}
		if err := s.ownsObject(&f.Header, "function"); err != nil {
			return err
		}
		if err := s.moveInto(schema, f.Name, f.OID, "function "+s.signatureText(f)); err != nil {
			return err
		}
		c := *f
		c.Schema = schema.OID
		if err := s.freeSignature(&c); err != nil {
			return err
		}
		s.ed.Put(&c)
		return nil
	}
	return unsupported("unsupported object in ALTER ... SET SCHEMA statement")
}

// moveInto checks that an object may be moved into a schema.
func (s *statement) moveInto(schema *catalog.Schema, name string, oid types.OID, what string) error {
	if err := s.mayCreateIn(schema, name); err != nil {
		return err
	}
	s.ed.Share(schema)
	return s.noStoredText(oid, what)
}

// relationSchema moves a table with its indexes and identity sequences, a view or
// a sequence.
func (s *statement) relationSchema(st *ast.SetSchema, schema *catalog.Schema) error {
	r, err := s.relation(st.Name, st.IfExists)
	if err != nil {
		return err
	}
	if r == nil {
		if st.IfExists {
			s.skip("relation \"%s\" does not exist", written(st.Name))
			return nil
		}
		return pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", written(st.Name))
	}
	if err := s.owns(r); err != nil {
		return err
	}
	if kind := relKindName(r); kind != st.Object && !(st.Object == "table" && kind != "index") {
		return wrongKind(r, st.Object)
	}
	h := r.Head()
	if h.Schema == schema.OID {
		return nil
	}
	if err := s.moveInto(schema, h.Name, h.OID, relKindName(r)+" "+s.shown(r)); err != nil {
		return err
	}
	if s.nameTaken(schema.OID, h.Name) {
		return pgerr.New(pgerr.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", h.Name, schema.Name)
	}
	if q, ok := r.(*catalog.Sequence); ok {
		if t := s.snap().Table(q.OwnedTable); t != nil {
			return unsupported("cannot move an owned sequence into another schema").(*pgerr.Error).
				WithDetail("Sequence \"%s\" is linked to table \"%s\".", q.Name, t.Name)
		}
		c := *q
		c.Schema = schema.OID
		s.ed.Put(&c)
		return nil
	}
	return s.moveTable(r.(*catalog.Table).Clone(), schema)
}

func (s *statement) moveTable(t *catalog.Table, schema *catalog.Schema) error {
	t.Schema = schema.OID
	for _, x := range t.AllIndexes() {
		if !x.Hidden && s.nameTaken(schema.OID, x.Name) {
			return pgerr.New(pgerr.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", x.Name, schema.Name)
		}
		x.Schema = schema.OID
	}
	s.ed.Put(t)
	for _, q := range s.snap().Sequences() {
		if q.OwnedTable == t.OID {
			if s.nameTaken(schema.OID, q.Name) {
				return pgerr.New(pgerr.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", q.Name, schema.Name)
			}
			c := *q
			c.Schema = schema.OID
			s.ed.Put(&c)
		}
	}
	return nil
}

// alterOwner runs ALTER … OWNER TO of what is no table.
func (s *statement) alterOwner(st *ast.AlterOwner) error {
	switch st.Object {
	case "table", "view", "sequence", "index":
		r, err := s.mustRelation(st.Name)
		if err != nil {
			return err
		}
		if err := s.owns(r); err != nil {
			return err
		}
		return s.changeOwner(r.ID(), st.Role)
	case "schema":
		schema, err := s.ownedSchema(st.Name.Name)
		if err != nil {
			return err
		}
		return s.changeOwner(schema.OID, st.Role)
	case "domain", "type":
		if st.Object == "type" && !s.lifts("enum") {
			break
		}
		d, err := s.domain(st.Name)
		if err != nil {
			return err
		}
		return s.changeOwner(d.OID, st.Role)
	case "statistics":
		x, err := s.ownedStatistics(st.Name)
		if err != nil {
			return err
		}
		return s.changeOwner(x.OID, st.Role)
	case "function", "routine":
		f, err := s.function(st.Name, st.Args, st.HasArgs)
		if err != nil {
			return err
		}
		if err := s.ownsObject(&f.Header, "function"); err != nil {
			return err
		}
		return s.changeOwner(f.OID, st.Role)
	}
	return unsupported("unsupported object in ALTER ... OWNER TO statement")
}

// changeOwner gives an object to a role that the current one can become.
func (s *statement) changeOwner(oid types.OID, spec ast.RoleSpec) error {
	owner, err := s.role(spec)
	if err != nil {
		return err
	}
	if !s.snap().MemberOf(s.env.Role, owner) {
		return pgerr.New(pgerr.InsufficientPrivilege, "must be able to SET ROLE \"%s\"", s.snap().RoleName(owner))
	}
	s.shareOwner(owner)
	switch o := s.snap().Object(oid).(type) {
	case *catalog.Table:
		if err := s.ownerMayCreate(owner, o.Schema); err != nil {
			return err
		}
		return s.changeTableOwner(o.Clone(), owner)
	case *catalog.Sequence:
		if t := s.snap().Table(o.OwnedTable); t != nil && t.Owner != owner {
			return unsupported("cannot change owner of sequence \"%s\"", o.Name).(*pgerr.Error).
				WithDetail("Sequence \"%s\" is linked to table \"%s\".", o.Name, t.Name)
		}
		c := *o
		setOwner(&c.Header, owner)
		s.ed.Put(&c)
	case *catalog.Schema:
		c := *o
		setOwner(&c.Header, owner)
		s.ed.Put(&c)
	case *catalog.Domain:
		c := *o
		setOwner(&c.Header, owner)
		s.ed.Put(&c)
	case *catalog.Function:
		c := *o
		setOwner(&c.Header, owner)
		s.ed.Put(&c)
	case *catalog.ExtStatistics:
		c := *o
		setOwner(&c.Header, owner)
		s.ed.Put(&c)
	}
	return nil
}

func (s *statement) ownerMayCreate(owner, schema types.OID) error {
	return s.snap().Check(owner, []catalog.PrivCheck{{OID: schema, Kind: catalog.OnSchema, Priv: 'C'}})
}

func (s *statement) changeTableOwner(t *catalog.Table, owner types.OID) error {
	setOwner(&t.Header, owner)
	for _, x := range t.AllIndexes() {
		x.Owner = owner
	}
	s.ed.Put(t)
	for _, q := range s.snap().Sequences() {
		if q.OwnedTable == t.OID {
			c := *q
			setOwner(&c.Header, owner)
			s.ed.Put(&c)
		}
	}
	return nil
}

// setOwner changes the owner, and the grants that the old one made or had.
func setOwner(h *catalog.Header, owner types.OID) {
	old := h.Owner
	h.Owner = owner
	if h.ACL == nil {
		return
	}
	merged := []catalog.ACLItem{}
	for _, a := range h.ACL {
		if a.Grantee == old {
			a.Grantee = owner
		}
		if a.Grantor == old {
			a.Grantor = owner
		}
		merged = catalog.GrantACL(merged, a.Grantor, a.Grantee, a.Privs, false)
		merged = catalog.GrantACL(merged, a.Grantor, a.Grantee, a.Option, a.Option != "")
	}
	h.ACL = merged
}

// renameWord replaces an identifier in an expression's text where it stands for a
// column (before = false) or qualifies one (before = true: a dot follows). Names of
// functions and types, and literals, stay.
func renameWord(text, from, to string, before bool) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := tokenLen(text[i:])
		tok := text[i : i+n]
		rest := strings.TrimLeft(text[i+n:], " ")
		qualifies, calls := strings.HasPrefix(rest, "."), strings.HasPrefix(rest, "(")
		cast := strings.HasSuffix(strings.TrimRight(text[:i], " "), "::")
		if identifier(tok) == from && from != "" && !cast && (before && qualifies || !before && !qualifies && !calls) {
			tok = quoted(to)
		}
		b.WriteString(tok)
		i += n
	}
	return b.String()
}

// identifier is the name that a token means, or "" if it is none.
func identifier(tok string) string {
	switch {
	case len(tok) > 1 && tok[0] == '"':
		return strings.ReplaceAll(tok[1:len(tok)-1], `""`, `"`)
	case isWord(tok[0]) && !(tok[0] >= '0' && tok[0] <= '9'):
		return strings.ToLower(tok)
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c > 127
}

// tokenLen is the length of the token at the start of text: a quoted string or
// identifier, a word, or one byte.
func tokenLen(text string) int {
	c := text[0]
	switch {
	case c == '\'' || c == '"':
		for i := 1; i < len(text); i++ {
			if text[i] == c {
				if i+1 < len(text) && text[i+1] == c {
					i++
					continue
				}
				return i + 1
			}
		}
		return len(text)
	case isWord(c):
		n := 1
		for n < len(text) && isWord(text[n]) {
			n++
		}
		return n
	}
	return 1
}
