package ddl

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
)

// createSchema runs CREATE SCHEMA with its elements.
func (s *statement) createSchema(st *ast.CreateSchema) error {
	if s.env.Role != catalog.AdminRole {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for database postgres")
	}
	owner := s.env.Role
	if st.Owner != nil {
		var err error
		if owner, err = s.role(*st.Owner); err != nil {
			return err
		}
	}
	name := st.Name
	if name == "" {
		name = s.snap().RoleName(owner)
	}
	if err := checkSchemaName(name); err != nil {
		return err
	}
	if s.snap().SchemaByName(name) != nil {
		if st.IfNotExists {
			s.notice(pgerr.DuplicateSchema, "schema \"%s\" already exists, skipping", name)
			return nil
		}
		return pgerr.New(pgerr.DuplicateSchema, "schema \"%s\" already exists", name)
	}
	if max := s.env.Limits.Schemas; max > 0 && s.countSchemas() >= max {
		return pgerr.New(pgerr.ProgramLimitExceeded, "more than %d schemas not allowed", max)
	}
	schema := &catalog.Schema{Header: catalog.Header{Name: name, Owner: owner, ACL: s.defaultACL(catalog.OnSchema, 0)}}
	var err error
	if schema.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	s.shareOwner(owner)
	s.ed.Put(schema)
	return s.schemaElements(schema, st)
}

func checkSchemaName(name string) error {
	if strings.HasPrefix(name, "pg_") {
		return pgerr.New(pgerr.ReservedName, "unacceptable schema name \"%s\"", name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	return nil
}

// countSchemas counts the schemas that users made.
func (s *statement) countSchemas() int {
	n := 0
	for _, sc := range s.snap().Schemas() {
		if sc.OID >= catalog.FirstUserOID {
			n++
		}
	}
	return n
}

// schemaElements runs the statements inside CREATE SCHEMA, in the new schema and
// as its owner.
func (s *statement) schemaElements(schema *catalog.Schema, st *ast.CreateSchema) error {
	outer := *s.env
	defer func() { *s.env = outer }()
	s.env.SearchPath = append([]string{schema.Name}, outer.SearchPath...)
	s.env.Role = schema.Owner
	elements := slices.Clone(st.Elements)
	slices.SortStableFunc(elements, func(a, b ast.Stmt) int { return elementTurn(a) - elementTurn(b) })
	for _, e := range elements {
		if err := elementSchema(e, schema.Name); err != nil {
			return err
		}
		if err := s.run(e); err != nil {
			return err
		}
	}
	return nil
}

// elementTurn orders the elements: what others may use is made first, in whatever
// order the statement has them.
func elementTurn(e ast.Stmt) int {
	switch e.(type) {
	case *ast.CreateSequence:
		return 0
	case *ast.CreateTable:
		return 1
	case *ast.CreateView:
		return 2
	case *ast.CreateIndex:
		return 3
	}
	return 4
}

// elementSchema refuses an element that names another schema.
func elementSchema(e ast.Stmt, schema string) error {
	var n ast.Name
	switch t := e.(type) {
	case *ast.CreateTable:
		n = t.Name
	case *ast.CreateView:
		n = t.Name
	case *ast.CreateSequence:
		n = t.Name
	case *ast.CreateIndex:
		return unsupported("CREATE INDEX is not supported in CREATE SCHEMA")
	}
	if n.Schema != "" && n.Schema != schema {
		return pgerr.New(pgerr.InvalidSchemaDefinition, "CREATE specifies a schema (%s) different from the one being created (%s)", n.Schema, schema)
	}
	return nil
}

// ownedSchema finds a schema that the role owns.
func (s *statement) ownedSchema(name string) (*catalog.Schema, error) {
	schema := s.snap().SchemaByName(name)
	if schema == nil {
		return nil, noSchema(name)
	}
	return schema, s.ownsObject(&schema.Header, "schema")
}

// ownsObject fails unless the role owns a named object that is no relation.
func (s *statement) ownsObject(h *catalog.Header, what string) error {
	if h.OID < catalog.FirstUserOID {
		return pgerr.New(pgerr.InsufficientPrivilege, "must be owner of %s %s", what, h.Name)
	}
	return s.snap().CheckOwner(s.env.Role, h, what)
}

// createDomain runs CREATE DOMAIN.
func (s *statement) createDomain(st *ast.CreateDomain) error {
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	if s.snap().ResolveDomain(nil, schema.Name, st.Name.Name) != nil || s.nameTaken(schema.OID, st.Name.Name) {
		return pgerr.New(pgerr.DuplicateObject, "type \"%s\" already exists", st.Name.Name)
	}
	if len(st.Collation) > 0 {
		return unsupported("COLLATE clause not supported")
	}
	if name := s.pseudoType(st.Type); name != "" {
		return pgerr.New(pgerr.DatatypeMismatch, "\"%s\" is not a valid base type for a domain", name)
	}
	t, over, err := s.columnType(st.Type)
	if err != nil {
		return err
	}
	if over != 0 {
		return unsupported("domains over domains are not supported")
	}
	d := &catalog.Domain{Base: t}
	d.Name, d.Schema, d.Owner = st.Name.Name, schema.OID, s.env.Role
	if d.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	if d.Array, err = s.ed.NewOID(); err != nil {
		return err
	}
	for i := range st.Constraints {
		if err := s.domainConstraint(d, &st.Constraints[i]); err != nil {
			return err
		}
	}
	s.shareOwner(d.Owner)
	s.ed.Put(d)
	return nil
}

// domainConstraint adds one constraint of CREATE DOMAIN.
func (s *statement) domainConstraint(d *catalog.Domain, con *ast.Constraint) error {
	switch con.Kind {
	case ast.NotNullConstraint:
		d.NotNull = true
	case ast.NullConstraint:
		if d.NotNull {
			return pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints").At(con.Pos)
		}
	case ast.DefaultConstraint:
		if d.Default != "" {
			return pgerr.New(pgerr.SyntaxError, "multiple default expressions").At(con.Pos)
		}
		b, err := s.env.Bind.BindDefault(s.snap(), con.X, con.Text, &catalog.Col{Name: d.Name, T: d.Base})
		if err != nil {
			return err
		}
		d.Default = b.Text
	case ast.CheckConstraint:
		if con.NoInherit {
			return pgerr.New(pgerr.InvalidObjectDefinition, "check constraints for domains cannot be marked NO INHERIT").At(con.Pos)
		}
		b, err := s.env.Bind.BindDomainCheck(s.snap(), d.Base, con.X, con.Text)
		if err != nil {
			return err
		}
		name := con.Name
		if name == "" {
			name = freeName(d.Name, "", "check", func(n string) bool { return hasCheck(d, n) })
		} else if hasCheck(d, name) {
			return pgerr.New(pgerr.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", name, d.Name)
		}
		oid, err := s.ed.NewOID()
		if err != nil {
			return err
		}
		d.Checks = append(d.Checks, catalog.Check{OID: oid, Name: name, Expr: b.Text, Valid: true, Refs: b.Refs})
		return s.shareRefs(b.Refs)
	case ast.MisplacedConstraint:
		return unsupported("specifying constraint deferrability not supported for domains")
	default:
		return pgerr.New(pgerr.SyntaxError, "%s constraints not possible for domains", domainRefusals[con.Kind]).At(con.Pos)
	}
	return nil
}

var domainRefusals = map[ast.ConstraintKind]string{
	ast.UniqueConstraint: "unique", ast.PrimaryKeyConstraint: "primary key", ast.ExcludeConstraint: "exclusion",
	ast.ForeignKeyConstraint: "foreign key", ast.GeneratedConstraint: "generated", ast.IdentityConstraint: "identity",
}

func hasCheck(d *catalog.Domain, name string) bool {
	for i := range d.Checks {
		if d.Checks[i].Name == name {
			return true
		}
	}
	return false
}

// domain finds a domain by name, to be changed by its owner.
func (s *statement) domain(n ast.Name) (*catalog.Domain, error) {
	if n.Schema != "" && s.snap().SchemaByName(n.Schema) == nil {
		return nil, noSchema(n.Schema)
	}
	d := s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name)
	if d == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", written(n))
	}
	return d, s.ownsObject(&d.Header, "type")
}

// alterDomain runs ALTER DOMAIN.
func (s *statement) alterDomain(st *ast.AlterDomain) error {
	old, err := s.domain(st.Name)
	if err != nil {
		return err
	}
	d := *old
	switch st.Kind {
	case "set default":
		b, err := s.env.Bind.BindDefault(s.snap(), st.X, st.Text, &catalog.Col{Name: d.Name, T: d.Base})
		if err != nil {
			return err
		}
		d.Default = b.Text
	case "drop default":
		d.Default = ""
	case "drop not null":
		d.NotNull = false
	case "drop constraint":
		d.Checks = slices.DeleteFunc(slices.Clone(d.Checks), func(c catalog.Check) bool { return c.Name == st.ConstraintName })
		if len(d.Checks) == len(old.Checks) {
			return s.noConstraint(st, d.Name)
		}
	default:
		return unsupported("unsupported ALTER DOMAIN %s statement", strings.ToUpper(st.Kind))
	}
	s.ed.Put(&d)
	return nil
}

// noConstraint tells that a domain has no constraint of the name.
func (s *statement) noConstraint(st *ast.AlterDomain, domain string) error {
	if st.IfExists {
		s.skip("constraint \"%s\" of domain \"%s\" does not exist", st.ConstraintName, domain)
		return nil
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", st.ConstraintName, domain)
}
