package ddl

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/types"
)

// createTable runs CREATE TABLE.
func (s *statement) createTable(st *ast.CreateTable) error {
	if err := s.checkTableForm(st); err != nil {
		return err
	}
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	if st.IfNotExists && s.nameTaken(schema.OID, st.Name.Name) {
		s.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", st.Name.Name)
		return nil
	}
	if n := s.countTables(); s.env.Limits.Tables > 0 && n >= s.env.Limits.Tables {
		return pgerr.New(pgerr.ProgramLimitExceeded, "creating more than %d tables not allowed", s.env.Limits.Tables)
	}
	b := &tableBuilder{statement: s, t: &catalog.Table{Kind: catalog.RelTable}}
	b.t.Name, b.t.Schema, b.t.Owner = st.Name.Name, schema.OID, s.env.Role
	b.t.ACL = s.defaultACL(catalog.OnTable, schema.OID)
	return b.build(st)
}

func (s *statement) countTables() int {
	n := 0
	for _, t := range s.snap().Tables() {
		if t.Kind == catalog.RelTable {
			n++
		}
	}
	return n
}

// checkTableForm refuses the forms of CREATE TABLE that no profile has.
func (s *statement) checkTableForm(st *ast.CreateTable) error {
	switch {
	case st.Persistence == "temp":
		return unsupported("TEMPORARY or TEMP table not supported for CREATE TABLE")
	case st.Persistence == "unlogged":
		return unsupported("UNLOGGED table not supported for CREATE TABLE")
	case st.Partition == "by":
		return unsupported("PARTITION BY clause not supported for CREATE TABLE")
	case st.Partition == "of":
		return unsupported("PARTITION OF clause not supported for CREATE TABLE")
	case len(st.Inherits) > 0:
		return unsupported("INHERITS clause not supported for CREATE TABLE")
	case len(st.With) > 0 && !s.lifts("storage parameters"):
		return unsupported("WITH clause not supported for CREATE TABLE")
	case st.Tablespace != "":
		return unsupported("TABLESPACE clause not supported for CREATE TABLE")
	case st.OnCommit != "":
		return unsupported("ON COMMIT clause not supported for CREATE TABLE")
	case st.AccessMethod != "":
		return unsupported("USING clause not supported for CREATE TABLE")
	case st.OfType:
		return unsupported("OF clause not supported for CREATE TABLE")
	}
	return checkStorageParameters(st.With)
}

// storageParameters are those of PostgreSQL's tables. They are accepted and change
// nothing here.
var storageParameters = []string{"fillfactor", "toast_tuple_target", "parallel_workers", "user_catalog_table", "vacuum_index_cleanup", "vacuum_truncate", "oids"}

func checkStorageParameters(names []string) error {
	for _, name := range names {
		if !slices.Contains(storageParameters, name) && !strings.HasPrefix(name, "autovacuum_") && name != "log_autovacuum_min_duration" {
			return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", name)
		}
	}
	return nil
}

// A tableBuilder builds one new table.
type tableBuilder struct {
	*statement
	t *catalog.Table
	// pending are the table's constraints, its columns' included, in the order in
	// which PostgreSQL makes them within a kind.
	pending []pendingConstraint
	// identities are columns whose sequence is still to be made.
	identities []pendingIdentity
}

// A pendingConstraint is a constraint and the column that it was written at, or -1.
type pendingConstraint struct {
	*ast.Constraint
	col int
}

type pendingIdentity struct {
	col  int
	opts []ast.SeqOpt
}

func (b *tableBuilder) build(st *ast.CreateTable) error {
	oid, err := b.ed.NewOID()
	if err != nil {
		return err
	}
	b.t.OID = oid
	if b.t.Type, err = b.ed.NewOID(); err != nil {
		return err
	}
	if err := b.columns(st); err != nil {
		return err
	}
	for i := range st.Constraints {
		b.pending = append(b.pending, pendingConstraint{&st.Constraints[i], -1})
	}
	if n := len(b.t.Columns); b.env.Limits.Columns > 0 && n > b.env.Limits.Columns {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", b.env.Limits.Columns)
	}
	if err := b.keyConstraints(); err != nil {
		return err
	}
	if err := b.checkNames(); err != nil {
		return err
	}
	return b.complete()
}

// columns adds the columns, those of LIKE where it stands.
func (b *tableBuilder) columns(st *ast.CreateTable) error {
	likes := st.Likes
	for i := 0; i <= len(st.Columns); i++ {
		for len(likes) > 0 && likes[0].At <= i {
			if err := b.like(&likes[0]); err != nil {
				return err
			}
			likes = likes[1:]
		}
		if i < len(st.Columns) {
			if err := b.addColumn(&st.Columns[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish makes what refers to columns, in PostgreSQL's order: keys, identities,
// defaults and checks, foreign keys.
func (b *tableBuilder) finish() error {
	if err := b.keyConstraints(); err != nil {
		return err
	}
	return b.complete()
}

// complete is finish after the keys.
func (b *tableBuilder) complete() error {
	if err := b.expressions(); err != nil {
		return err
	}
	if b.t.Primary == nil {
		if err := b.hiddenKey(); err != nil {
			return err
		}
	}
	if err := b.makeIdentities(); err != nil {
		return err
	}
	if err := b.defaultOIDs(b.t); err != nil {
		return err
	}
	b.shareOwner(b.t.Owner)
	b.ed.Put(b.t)
	return b.foreignKeys()
}

// checkNames checks the columns' names and then the table's.
func (b *tableBuilder) checkNames() error {
	for i := range b.t.Columns {
		if name := b.t.Columns[i].Name; b.t.Column(name) != i {
			return pgerr.New(pgerr.DuplicateColumn, "column \"%s\" specified more than once", name)
		}
	}
	for i := range b.t.Columns {
		if err := checkColumnName(b.t.Columns[i].Name); err != nil {
			return err
		}
	}
	if b.nameTaken(b.t.Schema, b.t.Name) {
		return duplicate(b.t.Name)
	}
	return b.noType(b.t.Schema, b.t.Name)
}

// noType fails if a type has the name of a relation that is to be made.
func (s *statement) noType(schema types.OID, name string) error {
	if s.snap().ResolveDomain(nil, s.schemaName(schema), name) == nil {
		return nil
	}
	return pgerr.New(pgerr.DuplicateObject, "type \"%s\" already exists", name).WithHint("A relation has an associated type of the same name, " +
		"so you must use a name that doesn't conflict with any existing type.")
}

// shareOwner makes the statement depend on a role.
func (s *statement) shareOwner(oid types.OID) {
	if r := s.snap().Role(oid); r != nil {
		s.ed.Share(r)
	}
}

// hiddenKey gives a table without primary key the hidden one.
func (b *tableBuilder) hiddenKey() error {
	oid, err := b.ed.NewOID()
	if err != nil {
		return err
	}
	b.t.Primary = &catalog.Index{Table: b.t.OID, Unique: true, Primary: true, Hidden: true}
	b.t.Primary.OID, b.t.Primary.Schema, b.t.Primary.Owner = oid, b.t.Schema, b.t.Owner
	return nil
}

// addColumn adds a column and takes up its constraints.
func (b *tableBuilder) addColumn(def *ast.ColumnDef) error {
	integer := ""
	if def.Type.Schema == "" && b.lifts("serial") {
		integer = serialTypes[def.Type.Name]
	}
	if integer != "" {
		plain := *def
		plain.Type.Name = integer
		def = &plain
	}
	c, err := b.newColumn(def)
	if err != nil {
		return err
	}
	b.t.Columns = append(b.t.Columns, c)
	if err := b.columnConstraints(def, len(b.t.Columns)-1); err != nil || integer == "" {
		return err
	}
	return b.serial(def, len(b.t.Columns)-1)
}

// serial makes the sequence of a serial column, and its default.
func (b *tableBuilder) serial(def *ast.ColumnDef, col int) error {
	for _, con := range def.Constraints {
		switch con.Kind {
		case ast.NullConstraint:
			return b.clash("conflicting NULL/NOT NULL declarations", def.Name, con.Pos)
		case ast.DefaultConstraint:
			return b.clash("multiple default values specified", def.Name, con.Pos)
		}
	}
	c := &b.t.Columns[col]
	c.NotNull = true
	q, err := b.identitySequence(b.t, col, sequenceAs(c.T.OID))
	if err != nil {
		return err
	}
	text := "nextval(" + funcs.QuoteLiteral(quoted(b.schemaName(q.Schema))+"."+quoted(q.Name)) + "::regclass)"
	x, err := parser.ParseExpr(text)
	if err != nil {
		return err
	}
	return b.setDefault(c, x, text)
}

// columnConstraints takes up the constraints written at a column.
func (b *tableBuilder) columnConstraints(def *ast.ColumnDef, col int) error {
	if n := len(def.Constraints); n > 0 && def.Constraints[n-1].Kind == ast.MisplacedConstraint {
		fault := def.Constraints[n-1]
		return pgerr.New(pgerr.SyntaxError, "%s", fault.Text).At(fault.Pos)
	}
	c := &b.t.Columns[col]
	var null, notNull, dflt, identity, generated bool
	for i := range def.Constraints {
		con := &def.Constraints[i]
		again := false
		switch con.Kind {
		case ast.NullConstraint:
			null = true
		case ast.NotNullConstraint:
			notNull, c.NotNull = true, true
		case ast.DefaultConstraint:
			again, dflt = dflt, true
			b.pending = append(b.pending, pendingConstraint{con, col})
		case ast.GeneratedConstraint:
			again, generated = generated, true
			b.pending = append(b.pending, pendingConstraint{con, col})
		case ast.IdentityConstraint:
			again, identity = identity, true
			if err := b.identity(c, con, col); err != nil {
				return err
			}
			notNull = true
		case ast.PrimaryKeyConstraint:
			if null {
				return b.clash("conflicting NULL/NOT NULL declarations", c.Name, con.Pos)
			}
			notNull, c.NotNull = true, true
			b.pending = append(b.pending, pendingConstraint{con, col})
		default:
			b.pending = append(b.pending, pendingConstraint{con, col})
		}
		what := map[ast.ConstraintKind]string{ast.DefaultConstraint: "default values specified", ast.GeneratedConstraint: "generation clauses specified",
			ast.IdentityConstraint: "identity specifications"}[con.Kind]
		switch {
		case again:
			return b.clash("multiple "+what, c.Name, con.Pos)
		case null && notNull:
			return b.clash("conflicting NULL/NOT NULL declarations", c.Name, con.Pos)
		case dflt && identity:
			return b.clash("both default and identity specified", c.Name, con.Pos)
		case dflt && generated:
			return b.clash("both default and generation expression specified", c.Name, con.Pos)
		case identity && generated:
			return b.clash("both identity and generation expression specified", c.Name, con.Pos)
		}
	}
	return nil
}

func (b *tableBuilder) clash(what, column string, pos int) error {
	return pgerr.New(pgerr.SyntaxError, "%s for column \"%s\" of table \"%s\"", what, column, b.t.Name).At(pos)
}

// identity marks a column as identity; its sequence is made later.
func (b *tableBuilder) identity(c *catalog.Col, con *ast.Constraint, col int) error {
	if c.T.OID != types.Int8OID && !b.lifts("sequence type") {
		return unsupported("datatype %s not supported, identity column type must be bigint", types.FormatType(types.Of(c.T.OID)))
	}
	if !hasCache(con.SeqOpts) && !b.lifts("cache") {
		return unsupported("identity column is not supported without an explicit cache size. please define CACHE greater than or equal to %d or equal to 1", minCache)
	}
	c.NotNull, c.Identity = true, 'd'
	if con.Always {
		c.Identity = 'a'
	}
	opts := con.SeqOpts
	if c.T.OID != types.Int8OID {
		opts = append(sequenceAs(c.T.OID), opts...)
	}
	b.identities = append(b.identities, pendingIdentity{col, opts})
	return nil
}

// makeIdentities makes the sequences of identity columns.
func (b *tableBuilder) makeIdentities() error {
	for _, p := range b.identities {
		if t := b.t.Columns[p.col].T.OID; t != types.Int8OID && t != types.Int4OID && t != types.Int2OID {
			return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
		}
		seq, err := b.identitySequence(b.t, p.col, p.opts)
		if err != nil {
			return err
		}
		b.t.Columns[p.col].Sequence = seq.OID
	}
	return nil
}

// expressions binds defaults, generated columns and checks.
func (b *tableBuilder) expressions() error {
	for _, p := range b.pending {
		if p.Kind != ast.DefaultConstraint && p.Kind != ast.GeneratedConstraint {
			continue
		}
		c := &b.t.Columns[p.col]
		if p.Kind == ast.DefaultConstraint {
			if err := b.setDefault(c, p.X, p.Text); err != nil {
				return err
			}
			continue
		}
		c.Generated = p.Text // It may not refer to itself.
		e, err := b.env.Bind.BindGenerated(b.snap(), b.t, p.X, p.Text, c)
		if err != nil {
			return err
		}
		c.Generated, c.Refs, c.UsesCols = e.Text, e.Refs, e.Cols
		if err := b.shareRefs(e.Refs); err != nil {
			return err
		}
	}
	for _, p := range b.pending {
		if p.Kind == ast.CheckConstraint {
			if err := b.addCheck(b.t, p.Constraint, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreignKeys adds the foreign keys; the table is in the catalog by now, since it
// may refer to itself.
func (b *tableBuilder) foreignKeys() error {
	for _, p := range b.pending {
		if p.Kind != ast.ForeignKeyConstraint {
			continue
		}
		con := *p.Constraint
		if p.col >= 0 {
			con.Columns = []string{b.t.Columns[p.col].Name}
		}
		t := b.snap().Table(b.t.OID).Clone()
		if err := b.addForeignKey(t, &con, true); err != nil {
			return err
		}
		b.t = b.snap().Table(b.t.OID)
	}
	return nil
}
