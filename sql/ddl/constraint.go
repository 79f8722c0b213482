package ddl

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// keyConstraints makes the indexes of PRIMARY KEY and UNIQUE, the primary key first.
func (b *tableBuilder) keyConstraints() error {
	primary := 0
	for _, p := range b.pending {
		switch p.Kind {
		case ast.PrimaryKeyConstraint:
			if primary++; primary > 1 {
				return pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.t.Name).At(p.Pos)
			}
		case ast.ExcludeConstraint:
			return unsupported("EXCLUDE constraint not supported for CREATE TABLE")
		}
	}
	for _, kind := range []ast.ConstraintKind{ast.PrimaryKeyConstraint, ast.UniqueConstraint} {
		for _, p := range b.pending {
			if p.Kind != kind {
				continue
			}
			if err := b.addKey(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// addKey makes the index of a PRIMARY KEY or UNIQUE constraint.
func (b *tableBuilder) addKey(p pendingConstraint) error {
	if p.Deferrable || p.Deferred {
		return unsupported("DEFERRABLE is only supported for foreign key constraints")
	}
	names := p.Columns
	if p.col >= 0 {
		names = []string{b.t.Columns[p.col].Name}
	}
	x := &catalog.Index{Table: b.t.OID, Unique: true, Primary: p.Kind == ast.PrimaryKeyConstraint, NullsNotDistinct: p.NullsNotDistinct}
	word := "unique"
	if x.Primary {
		word = "primary key"
	}
	for _, name := range names {
		col := b.t.Column(name)
		if col < 0 {
			return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name).At(p.Pos)
		}
		if slices.ContainsFunc(x.Keys, func(k catalog.IndexKey) bool { return k.Col == col }) {
			return pgerr.New(pgerr.DuplicateColumn, "column \"%s\" appears twice in %s constraint", name, word).At(p.Pos)
		}
		if x.Primary {
			b.t.Columns[col].NotNull = true
		}
		x.Keys = append(x.Keys, catalog.IndexKey{Col: col, T: b.t.Columns[col].T})
	}
	for _, name := range p.Including {
		col := b.t.Column(name)
		if col < 0 {
			return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name).At(p.Pos)
		}
		x.Include = append(x.Include, col)
	}
	if !x.Primary && sameKey(b.t, x) && p.Name == "" {
		return nil
	}
	return b.installKey(x, p.Name, append(slices.Clone(names), p.Including...))
}

// sameKey reports whether the table has a unique constraint over the same columns:
// PostgreSQL makes one index of UNIQUE written twice.
func sameKey(t *catalog.Table, x *catalog.Index) bool {
	return slices.ContainsFunc(t.Indexes, func(o *catalog.Index) bool {
		return o.Unique && slices.Equal(o.Keys, x.Keys) && slices.Equal(o.Include, x.Include) && o.NullsNotDistinct == x.NullsNotDistinct
	})
}

// installKey names a key's index and adds it to the table. cols are the columns that
// a generated name tells.
func (b *tableBuilder) installKey(x *catalog.Index, name string, cols []string) error {
	taken := func(n string) bool {
		return b.nameTaken(b.t.Schema, n) || n == b.t.Name || b.constraintInSchema(b.t, n) ||
			slices.ContainsFunc(b.pending, func(p pendingConstraint) bool { return p.Name == n })
	}
	switch {
	case name != "":
		if slices.Contains(constraintNames(b.t), name) || b.nameTaken(b.t.Schema, name) || name == b.t.Name {
			return duplicate(name)
		}
	case x.Primary:
		name = freeName(b.t.Name, "", "pkey", taken)
	default:
		name = freeName(b.t.Name, columnsLabel(cols), "key", taken)
	}
	x.Name, x.Constraint, x.Schema, x.Owner = name, name, b.t.Schema, b.t.Owner
	if err := b.checkIndex(b.t, x); err != nil {
		return err
	}
	if err := b.indexOIDs(x); err != nil {
		return err
	}
	if x.Primary {
		b.t.Primary = x
	} else {
		b.t.Indexes = append(b.t.Indexes, x)
	}
	return nil
}

func (s *statement) indexOIDs(x *catalog.Index) (err error) {
	if x.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	if x.Constraint != "" {
		x.ConstraintOID, err = s.ed.NewOID()
	}
	return err
}

// addCheck binds a CHECK constraint and adds it to t.
func (s *statement) addCheck(t *catalog.Table, con *ast.Constraint, valid bool) error {
	e, err := s.env.Bind.BindCheck(s.snap(), t, con.X, con.Text)
	if err != nil {
		return err
	}
	name := con.Name
	if name == "" {
		column := ""
		if len(e.Cols) == 1 {
			column = t.Columns[e.Cols[0]].Name
		}
		name = freeName(t.Name, column, "check", func(n string) bool { return s.constraintInSchema(t, n) })
	} else if slices.ContainsFunc(t.Checks, func(c catalog.Check) bool { return c.Name == name }) {
		if s.env.Snap.Table(t.OID) == nil {
			return pgerr.New(pgerr.DuplicateObject, "check constraint \"%s\" already exists", name)
		}
		return duplicateConstraint(name, t.Name)
	} else if slices.Contains(constraintNames(t), name) {
		return duplicateConstraint(name, t.Name)
	}
	oid, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	t.Checks = append(t.Checks, catalog.Check{OID: oid, Name: name, Expr: e.Text, Valid: valid, NoInherit: con.NoInherit, Cols: e.Cols, Refs: e.Refs})
	// PostgreSQL checks, and reports, constraints in the order of their names.
	slices.SortStableFunc(t.Checks, func(a, b catalog.Check) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return s.shareRefs(e.Refs)
}

func duplicateConstraint(name, table string) error {
	return pgerr.New(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", name, table)
}

// actionLetters are the letters of pg_constraint.confdeltype.
var actionLetters = map[string]byte{"": 'a', "no action": 'a', "restrict": 'r', "cascade": 'c', "set null": 'n', "set default": 'd'}

// addForeignKey adds a foreign key to t, a copy that this puts into the catalog,
// and notes it at the table referred to.
func (s *statement) addForeignKey(t *catalog.Table, con *ast.Constraint, valid bool) error {
	parent, err := s.referenced(con)
	if err != nil {
		return err
	}
	if parent.OID == t.OID {
		parent = t
	} else {
		parent = parent.Clone()
	}
	fk := catalog.ForeignKey{RefTable: parent.OID, OnDelete: actionLetters[con.OnDelete], OnUpdate: actionLetters[con.OnUpdate],
		MatchFull: con.Match == "full", Deferrable: con.Deferrable || con.Deferred, Deferred: con.Deferred, Valid: valid}
	if con.Match == "partial" {
		return unsupported("MATCH PARTIAL not yet implemented").(*pgerr.Error).At(con.Pos)
	}
	if fk.Cols, err = fkColumns(t, con.Columns); err != nil {
		return err
	}
	if fk.RefCols, fk.RefIndex, err = matchKey(parent, con.RefColumns); err != nil {
		return err
	}
	if len(fk.Cols) != len(fk.RefCols) {
		return pgerr.New(pgerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	if fk.Name, err = s.fkName(t, con); err != nil {
		return err
	}
	if err := s.fkDetails(t, parent, &fk, con); err != nil {
		return err
	}
	if fk.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	t.FKs = append(t.FKs, fk)
	if !slices.Contains(parent.RefBy, t.OID) {
		parent.RefBy = append(parent.RefBy, t.OID)
	}
	// Writers of both ends must now behave differently: a claim on both.
	s.ed.Put(t)
	if parent != t {
		s.ed.Put(parent)
	}
	return nil
}

// referenced finds the table that a foreign key refers to.
func (s *statement) referenced(con *ast.Constraint) (*catalog.Table, error) {
	r, err := s.mustRelation(con.RefTable)
	if err != nil {
		return nil, err
	}
	parent, ok := r.(*catalog.Table)
	if !ok || parent.Kind == catalog.RelView {
		return nil, pgerr.New(pgerr.WrongObjectType, "referenced relation \"%s\" is not a table", r.Head().Name)
	}
	if parent.Kind == catalog.RelVirtual {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", parent.Name)
	}
	return parent, nil
}

func fkColumns(t *catalog.Table, names []string) ([]int, error) {
	cols := make([]int, 0, len(names))
	for _, name := range names {
		if systemColumns[name] {
			return nil, unsupported("system columns cannot be used in foreign keys")
		}
		col := t.Column(name)
		if col < 0 {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist", name)
		}
		cols = append(cols, col)
	}
	return cols, nil
}

// matchKey finds the columns referred to and the unique index that they are: the
// primary key if no columns are named.
func matchKey(parent *catalog.Table, names []string) ([]int, types.OID, error) {
	if len(names) == 0 {
		if parent.Primary == nil || parent.Primary.Hidden {
			return nil, 0, pgerr.New(pgerr.UndefinedObject, "there is no primary key for referenced table \"%s\"", parent.Name)
		}
		return keyColumns(parent.Primary), parent.Primary.OID, nil
	}
	cols, err := fkColumns(parent, names)
	if err != nil {
		return nil, 0, err
	}
	for i, c := range cols {
		if slices.Contains(cols[:i], c) {
			return nil, 0, pgerr.New(pgerr.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
		}
	}
	for _, x := range parent.AllIndexes() {
		if x.Hidden || !x.Unique || x.Where != "" || x.State != catalog.IndexPublic || len(x.Keys) != len(cols) {
			continue
		}
		if !slices.ContainsFunc(keyColumns(x), func(c int) bool { return !slices.Contains(cols, c) }) {
			return cols, x.OID, nil
		}
	}
	return nil, 0, pgerr.New(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"", parent.Name)
}

// keyColumns are the columns of an index's key; -1 for expressions.
func keyColumns(x *catalog.Index) []int {
	cols := make([]int, len(x.Keys))
	for i, k := range x.Keys {
		cols[i] = k.Col
	}
	return cols
}

func (s *statement) fkName(t *catalog.Table, con *ast.Constraint) (string, error) {
	if con.Name == "" {
		return freeName(t.Name, columnsLabel(con.Columns), "fkey", func(n string) bool { return s.constraintInSchema(t, n) }), nil
	}
	if slices.Contains(constraintNames(t), con.Name) {
		return "", duplicateConstraint(con.Name, t.Name)
	}
	return con.Name, nil
}

// families are the types between which a foreign key can compare, by letter.
var families = map[types.OID]byte{
	types.Int2OID: 'i', types.Int4OID: 'i', types.Int8OID: 'i', types.NumericOID: 'n',
	types.Float4OID: 'f', types.Float8OID: 'f', types.TextOID: 't', types.VarcharOID: 't', types.BpcharOID: 'b',
	types.TimestampOID: 'd', types.TimestampTZOID: 'd', types.DateOID: 'd',
}

// comparableTypes reports whether a column of type from may refer to one of type to.
func comparableTypes(from, to types.OID) bool {
	if from == to {
		return true
	}
	a, b := families[from], families[to]
	return a != 0 && (a == b || a == 'i' && (b == 'n' || b == 'f') || a == 'n' && b == 'f')
}

// fkTypes checks that a foreign key's columns can be compared.
func fkTypes(t, parent *catalog.Table, fk *catalog.ForeignKey) error {
	for i, c := range fk.Cols {
		from, to := &t.Columns[c], &parent.Columns[fk.RefCols[i]]
		if !comparableTypes(from.T.OID, to.T.OID) {
			return pgerr.New(pgerr.DatatypeMismatch, "foreign key constraint \"%s\" cannot be implemented", fk.Name).
				WithDetail("Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.",
					from.Name, to.Name, types.FormatType(from.T), types.FormatType(to.T))
		}
	}
	return nil
}

// fkDetails checks types, actions and privileges of a foreign key.
func (s *statement) fkDetails(t, parent *catalog.Table, fk *catalog.ForeignKey, con *ast.Constraint) error {
	if err := fkTypes(t, parent, fk); err != nil {
		return err
	}
	for _, c := range fk.Cols {
		from := &t.Columns[c]
		if from.Generated != "" && (fk.OnUpdate == 'n' || fk.OnUpdate == 'd' || fk.OnUpdate == 'c') {
			return pgerr.New(pgerr.SyntaxError, "invalid ON UPDATE action for foreign key constraint containing generated column")
		}
		if from.Generated != "" && (fk.OnDelete == 'n' || fk.OnDelete == 'd') {
			return pgerr.New(pgerr.SyntaxError, "invalid ON DELETE action for foreign key constraint containing generated column")
		}
	}
	for _, name := range con.OnDeleteColumns {
		col := t.Column(name)
		if col < 0 {
			return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist", name)
		}
		if !slices.Contains(fk.Cols, col) {
			return pgerr.New(pgerr.InvalidColumnReference, "column \"%s\" referenced in ON DELETE SET action must be part of foreign key", name)
		}
		fk.DeleteCols = append(fk.DeleteCols, col)
	}
	return s.snap().Check(s.env.Role, []catalog.PrivCheck{{OID: parent.OID, Kind: catalog.OnTable, Priv: 'x', Cols: fk.RefCols}})
}
