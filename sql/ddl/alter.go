package ddl

import (
	"fmt"
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// maxColumnsEver is how many columns a table may have had, dropped ones included.
const maxColumnsEver = 1600

// droppedName is the name of a dropped column, as PostgreSQL writes it.
func droppedName(col int) string { return fmt.Sprintf("........pg.dropped.%d........", col+1) }

// alterTable runs ALTER TABLE and, for owner and sequences, its cousins.
func (s *statement) alterTable(st *ast.AlterTable) error {
	if st.Kind == "type" {
		return unsupported("ALTER TYPE not supported")
	}
	if st.Async {
		s.res.Columns = []string{"job_id"}
	}
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
	if kind := relKindName(r); st.Kind != kind && !(st.Kind == "table" && kind != "index") && st.Kind != "" {
		return wrongKind(r, st.Kind)
	}
	if err := s.owns(r); err != nil {
		return err
	}
	for i := range st.Actions {
		a := &st.Actions[i]
		if a.Kind == "owner to" {
			if err := s.changeOwner(r.ID(), a.Role); err != nil {
				return err
			}
			continue
		}
		t := s.snap().Table(r.ID())
		if t != nil && t.Kind == catalog.RelView && len(a.Options) > 0 {
			if err := s.alterViewOptions(t.Clone(), a); err != nil {
				return err
			}
			continue
		}
		if t == nil || t.Kind == catalog.RelView && a.Kind != "set default" && a.Kind != "drop default" {
			return wrongAction(r, a)
		}
		if err := s.alterAction(t.Clone(), a, st.Async); err != nil {
			return err
		}
	}
	return nil
}

// column finds the column that an action is about.
func column(t *catalog.Table, name string) (*catalog.Col, int, error) {
	if systemColumns[name] {
		return nil, 0, unsupported("cannot alter system column \"%s\"", name)
	}
	col := t.Column(name)
	if col < 0 {
		return nil, 0, noColumn(name, t.Name)
	}
	return &t.Columns[col], col, nil
}

func (s *statement) addColumn(t *catalog.Table, a *ast.AlterAction) error {
	if err := checkColumnName(a.Def.Name); err != nil {
		return err
	}
	if t.Column(a.Def.Name) >= 0 {
		if a.IfNotExists {
			s.notice(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", a.Def.Name, t.Name)
			return nil
		}
		return pgerr.New(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", a.Def.Name, t.Name)
	}
	if s.lifts("add column constraint") {
		return s.addColumnNow(t, a.Def)
	}
	if slices.ContainsFunc(a.Def.Constraints, func(c ast.Constraint) bool { return c.Kind != ast.NullConstraint }) {
		return unsupported("ALTER TABLE ADD COLUMN with constraint not supported")
	}
	c, err := s.newColumn(a.Def)
	if err != nil {
		return err
	}
	if max := s.env.Limits.Columns; max > 0 && len(t.Live()) >= max {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", max)
	}
	if len(t.Columns) >= maxColumnsEver {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumnsEver)
	}
	t.Columns = append(t.Columns, c)
	s.ed.Put(t)
	return nil
}

func (s *statement) dropColumn(t *catalog.Table, a *ast.AlterAction) error {
	if systemColumns[a.Column] {
		return unsupported("cannot drop system column \"%s\"", a.Column)
	}
	col := t.Column(a.Column)
	if col < 0 {
		if a.IfExists {
			s.skip("column \"%s\" of relation \"%s\" does not exist", a.Column, t.Name)
			return nil
		}
		return noColumn(a.Column, t.Name)
	}
	if !t.Primary.Hidden && slices.Contains(keyColumns(t.Primary), col) {
		return unsupported("cannot drop primary key column %s", a.Column)
	}
	return s.dropAll([]item{{itemColumn, t.OID, col}}, a.Cascade)
}

// setColumnDefault runs SET DEFAULT and DROP DEFAULT.
func (s *statement) setColumnDefault(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	drop := a.Kind == "drop default"
	switch {
	case c.Identity != 0:
		err := pgerr.New(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, t.Name)
		if drop {
			return err.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		}
		return err
	case c.Generated != "":
		err := pgerr.New(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is a generated column", c.Name, t.Name)
		if drop {
			return err.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		return err
	}
	if drop {
		c.Default, c.Refs = "", nil
	} else if err := s.setDefault(c, a.X, a.Text); err != nil {
		return err
	}
	c.DefaultOID = 0
	if err := s.defaultOIDs(t); err != nil {
		return err
	}
	s.ed.Put(t)
	return nil
}

func (s *statement) dropNotNull(t *catalog.Table, a *ast.AlterAction) error {
	c, col, err := column(t, a.Column)
	if err != nil {
		return err
	}
	if c.Identity != 0 {
		return pgerr.New(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, t.Name)
	}
	if !t.Primary.Hidden && slices.Contains(keyColumns(t.Primary), col) {
		return pgerr.New(pgerr.InvalidTableDefinition, "column \"%s\" is in a primary key", c.Name)
	}
	c.NotNull = false
	s.ed.Put(t)
	return nil
}

func (s *statement) dropExpression(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	if c.Generated == "" {
		if a.IfExists {
			s.skip("column \"%s\" of relation \"%s\" is not a stored generated column", c.Name, t.Name)
			return nil
		}
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" is not a stored generated column", c.Name, t.Name)
	}
	c.Generated, c.Refs, c.UsesCols, c.DefaultOID = "", nil, nil, 0
	s.ed.Put(t)
	return nil
}

func (s *statement) setStorage(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	word := a.Text
	if word == "" {
		word = a.Name
	}
	if c.Storage, err = storageLetter(word, c.T); err != nil {
		return err
	}
	s.ed.Put(t)
	return nil
}

func (s *statement) addIdentity(t *catalog.Table, a *ast.AlterAction) error {
	c, col, err := column(t, a.Column)
	if err != nil {
		return err
	}
	switch {
	case c.Identity != 0:
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" is already an identity column", c.Name, t.Name)
	case c.Default != "" || c.Generated != "":
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" already has a default value", c.Name, t.Name)
	case !c.NotNull:
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", c.Name, t.Name)
	}
	con := a.Constraint
	if con == nil {
		con = &ast.Constraint{SeqOpts: a.SeqOpts, Always: a.Always != nil && *a.Always}
	}
	b := &tableBuilder{statement: s, t: t}
	if err := b.identity(c, con, col); err != nil {
		return err
	}
	if err := b.makeIdentities(); err != nil {
		return err
	}
	s.ed.Put(t)
	return nil
}

func (s *statement) setIdentity(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	if c.Identity == 0 {
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" is not an identity column", c.Name, t.Name)
	}
	if a.Always != nil {
		c.Identity = 'd'
		if *a.Always {
			c.Identity = 'a'
		}
	}
	s.ed.Put(t)
	if len(a.SeqOpts) == 0 {
		return nil
	}
	return s.changeSequence(s.snap().Sequence(c.Sequence), a.SeqOpts)
}

func (s *statement) dropIdentity(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	if c.Identity == 0 {
		if a.IfExists {
			s.skip("column \"%s\" of relation \"%s\" is not an identity column", c.Name, t.Name)
			return nil
		}
		return pgerr.New(pgerr.ObjectNotInPrerequisite, "column \"%s\" of relation \"%s\" is not an identity column", c.Name, t.Name)
	}
	if q := s.snap().Sequence(c.Sequence); q != nil {
		s.ed.Delete(q)
	}
	c.Identity, c.Sequence = 0, 0
	s.ed.Put(t)
	return nil
}

// addConstraint runs ADD CONSTRAINT: CHECK and FOREIGN KEY without a look at the
// rows that are there, and UNIQUE over an index that is built.
func (s *statement) addConstraint(t *catalog.Table, a *ast.AlterAction) error {
	con := a.Constraint
	switch {
	case con.Kind == ast.CheckConstraint && con.NotValid:
		if err := s.addCheck(t, con, false); err != nil {
			return err
		}
		s.ed.Put(t)
		return nil
	case con.Kind == ast.ForeignKeyConstraint && con.NotValid:
		return s.addForeignKey(t, con, false)
	case con.Kind == ast.UniqueConstraint && con.UsingIndex != "":
		return s.useIndex(t, con)
	case con.UsingIndex == "" && s.lifts("add constraint"):
		return s.addConstraintNow(t, con)
	}
	return unsupported("unsupported ALTER TABLE ADD CONSTRAINT statement")
}

// useIndex runs ADD CONSTRAINT … UNIQUE USING INDEX.
func (s *statement) useIndex(t *catalog.Table, con *ast.Constraint) error {
	old, _ := s.snap().RelationIn(t.Schema, con.UsingIndex).(*catalog.Index)
	prerequisite := func(format string, args ...any) error {
		return pgerr.New(pgerr.ObjectNotInPrerequisite, format, args...)
	}
	switch {
	case old == nil:
		return pgerr.New(pgerr.UndefinedObject, "index \"%s\" does not exist", con.UsingIndex)
	case old.Constraint != "":
		return prerequisite("index \"%s\" is already associated with a constraint", old.Name)
	case old.Table != t.OID:
		return prerequisite("index \"%s\" does not belong to table \"%s\"", old.Name, t.Name)
	case old.State != catalog.IndexPublic:
		return prerequisite("index \"%s\" is not valid", old.Name)
	}
	refuse := func(format string, args ...any) error {
		return pgerr.New(pgerr.WrongObjectType, format, args...).
			WithDetail("Cannot create a primary key or unique constraint using such an index.")
	}
	switch {
	case !old.Unique:
		return refuse("\"%s\" is not a unique index", old.Name)
	case slices.Contains(keyColumns(old), -1):
		return refuse("index \"%s\" contains expressions", old.Name)
	case old.Where != "":
		return refuse("\"%s\" is a partial index", old.Name)
	}
	x := t.Index(old.OID)
	name := con.Name
	if name == "" {
		name = old.Name
	}
	if name != old.Name {
		if slices.Contains(constraintNames(t), name) {
			return duplicateConstraint(name, t.Name)
		}
		if s.nameTaken(t.Schema, name) {
			return duplicate(name)
		}
		s.notice("00000", "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", old.Name, name)
		x.Name = name
	}
	x.Constraint = name
	var err error
	if x.ConstraintOID, err = s.ed.NewOID(); err != nil {
		return err
	}
	s.ed.Put(t)
	return nil
}

func noConstraint(name, table string) *pgerr.Error {
	return pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", name, table)
}

// alterConstraint changes whether a foreign key is deferrable.
func (s *statement) alterConstraint(t *catalog.Table, a *ast.AlterAction) error {
	name, con := a.Name, a.Constraint
	if con == nil {
		con = &ast.Constraint{}
	}
	if name == "" {
		name = con.Name
	}
	for i := range t.FKs {
		if t.FKs[i].Name == name {
			t.FKs[i].Deferrable, t.FKs[i].Deferred = con.Deferrable || con.Deferred, con.Deferred
			s.ed.Put(t)
			return nil
		}
	}
	if slices.Contains(constraintNames(t), name) {
		return pgerr.New(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", name, t.Name)
	}
	return noConstraint(name, t.Name)
}

// validateConstraint runs ALTER TABLE ASYNC … VALIDATE CONSTRAINT: a job does it.
func (s *statement) validateConstraint(t *catalog.Table, a *ast.AlterAction) error {
	name := a.Name
	if name == "" && a.Constraint != nil {
		name = a.Constraint.Name
	}
	var oid types.OID
	for i := range t.Checks {
		if t.Checks[i].Name == name {
			oid = t.Checks[i].OID
		}
	}
	for i := range t.FKs {
		if t.FKs[i].Name == name {
			oid = t.FKs[i].OID
		}
	}
	if oid == 0 {
		if slices.Contains(constraintNames(t), name) {
			return pgerr.New(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", name, t.Name)
		}
		return noConstraint(name, t.Name)
	}
	job := &catalog.Job{ID: catalog.NewJobID(), Status: catalog.JobSubmitted, Type: catalog.JobValidate, ClassID: catalog.ClassRelation,
		ObjectID: t.OID, ObjectName: s.schemaName(t.Schema) + "." + t.Name, Constraint: oid, Start: s.now, Update: s.now}
	// The descriptor is written again as it is: writers from before get OC001, so
	// that the job's snapshot sees all rows that were not checked.
	t.Fence++
	s.ed.Put(t)
	s.res.Rows = append(s.res.Rows, []types.Datum{types.NewText(job.ID)})
	return catalog.PutJob(s.env.Tx, job)
}

func (s *statement) dropConstraint(t *catalog.Table, a *ast.AlterAction) error {
	name := a.Name
	if name == "" && a.Constraint != nil {
		name = a.Constraint.Name
	}
	if !t.Primary.Hidden && t.Primary.Constraint == name {
		if !s.lifts("drop primary key") {
			return unsupported("unsupported ALTER TABLE DROP CONSTRAINT statement")
		}
		return s.dropPrimaryKey(t, a.Cascade)
	}
	for i := range t.Checks {
		if t.Checks[i].Name == name {
			return s.dropAll([]item{{itemConstraint, t.OID, int(t.Checks[i].OID)}}, a.Cascade)
		}
	}
	for i := range t.FKs {
		if t.FKs[i].Name == name {
			return s.dropAll([]item{{itemConstraint, t.OID, int(t.FKs[i].OID)}}, a.Cascade)
		}
	}
	for _, x := range t.Indexes {
		if x.Constraint == name {
			return s.dropAll([]item{{itemIndex, x.OID, 0}}, a.Cascade)
		}
	}
	if a.IfExists {
		s.skip("constraint \"%s\" of relation \"%s\" does not exist", name, t.Name)
		return nil
	}
	return noConstraint(name, t.Name)
}
