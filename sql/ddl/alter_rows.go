package ddl

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/types"
)

// The actions of ALTER TABLE that look at rows or write them. The original has none
// of them. Here they only change the descriptor: statement.work finds what follows
// for the rows.

func (s *statement) setNotNull(t *catalog.Table, a *ast.AlterAction) error {
	c, _, err := column(t, a.Column)
	if err != nil {
		return err
	}
	c.NotNull = true
	s.ed.Put(t)
	return nil
}

// setStatistics checks the column only: statistics have one size.
func (s *statement) setStatistics(t *catalog.Table, a *ast.AlterAction) error {
	_, _, err := column(t, a.Column)
	return err
}

// addColumnNow runs ADD COLUMN with constraints. A default that has one value now is
// that of all rows, and is written into the descriptor; else they are written anew.
func (s *statement) addColumnNow(t *catalog.Table, def *ast.ColumnDef) error {
	if max := s.env.Limits.Columns; max > 0 && len(t.Live()) >= max || len(t.Columns) >= maxColumnsEver {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumnsEver)
	}
	b := &tableBuilder{statement: s, t: t}
	if slices.ContainsFunc(def.Constraints, func(c ast.Constraint) bool { return c.Kind == ast.PrimaryKeyConstraint }) && !t.Primary.Hidden {
		return manyPrimaryKeys(t)
	}
	primary := t.Primary
	if err := b.addColumn(def); err != nil {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	t = s.snap().Table(t.OID).Clone()
	c := &t.Columns[len(t.Columns)-1]
	if c.Identity == 0 && c.Generated == "" && t.Primary == primary {
		text := c.Default
		if d := s.snap().Domain(c.Domain); text == "" && d != nil {
			text = d.Default
		}
		if text == "" && c.Domain == 0 {
			return nil
		}
		value, fixed, err := s.env.Bind.FixedDefault(s.snap(), text, c)
		if err != nil {
			return err
		}
		if fixed {
			c.Missing = value
			s.ed.Put(t)
			return nil
		}
	}
	_, err := s.rewrite(t)
	return err
}

func manyPrimaryKeys(t *catalog.Table) error {
	return pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", t.Name)
}

// addConstraintNow runs ADD CONSTRAINT of a kind that the rows must keep at once.
func (s *statement) addConstraintNow(t *catalog.Table, con *ast.Constraint) error {
	switch con.Kind {
	case ast.CheckConstraint:
		if err := s.addCheck(t, con, true); err != nil {
			return err
		}
		s.ed.Put(t)
		return nil
	case ast.ForeignKeyConstraint:
		return s.addForeignKey(t, con, true)
	case ast.UniqueConstraint, ast.PrimaryKeyConstraint:
		primary := con.Kind == ast.PrimaryKeyConstraint
		if primary && !t.Primary.Hidden {
			return manyPrimaryKeys(t)
		}
		b := &tableBuilder{statement: s, t: t}
		if err := b.addKey(pendingConstraint{con, -1}); err != nil {
			return err
		}
		s.ed.Put(t)
		if !primary {
			return nil
		}
		_, err := s.rewrite(t) // Rows are stored by their primary key.
		return err
	}
	return unsupported("unsupported ALTER TABLE ADD CONSTRAINT statement")
}

// dropPrimaryKey gives a table a hidden key in the place of its primary key.
func (s *statement) dropPrimaryKey(t *catalog.Table, cascade bool) error {
	old := t.Primary
	key := item{itemIndex, old.OID, 0}
	order, err := s.toDrop([]item{key}, cascade)
	if err != nil {
		return err
	}
	for _, it := range order {
		if it == key {
			continue
		}
		if err := s.remove(it); err != nil {
			return err
		}
	}
	t = s.snap().Table(t.OID).Clone()
	if err := (&tableBuilder{statement: s, t: t}).hiddenKey(); err != nil {
		return err
	}
	if err := s.purge(t.OID, []types.OID{old.OID}); err != nil {
		return err
	}
	_, err = s.rewrite(t)
	return err
}

// validateNow runs VALIDATE CONSTRAINT without a job.
func (s *statement) validateNow(t *catalog.Table, a *ast.AlterAction) error {
	for i := range t.Checks {
		if t.Checks[i].Name == a.Name {
			t.Checks[i].Valid = true
			s.ed.Put(t)
			return nil
		}
	}
	for i := range t.FKs {
		if t.FKs[i].Name == a.Name {
			t.FKs[i].Valid = true
			s.ed.Put(t)
			return nil
		}
	}
	if slices.Contains(constraintNames(t), a.Name) {
		return pgerr.New(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", a.Name, t.Name)
	}
	return noConstraint(a.Name, t.Name)
}

// setDataType runs ALTER COLUMN TYPE: the rows are written anew.
func (s *statement) setDataType(t *catalog.Table, a *ast.AlterAction) error {
	c, col, err := column(t, a.Column)
	if err != nil {
		return err
	}
	to, domain, err := s.columnType(a.Def.Type)
	if err != nil {
		return err
	}
	if a.X == nil && !assignable(c.T.OID, to.OID) {
		shown := types.FormatType(to)
		return pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" cannot be cast automatically to type %s", c.Name, shown).
			WithHint("You might need to specify \"USING %s::%s\".", funcs.QuoteIdent(c.Name), shown)
	}
	if err := s.typeMayChange(t, c, col); err != nil {
		return err
	}
	if c.Identity != 0 && to.OID != types.Int8OID && to.OID != types.Int4OID && to.OID != types.Int2OID {
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	from := c.T
	if c.T, c.Domain = to, domain; c.Default != "" {
		if !assignable(from.OID, to.OID) {
			return pgerr.New(pgerr.DatatypeMismatch, "default for column \"%s\" cannot be cast automatically to type %s", c.Name, types.FormatType(to))
		}
		x, err := parser.ParseExpr(c.Default)
		if err != nil {
			return err
		}
		if err := s.setDefault(c, x, c.Default); err != nil {
			return err
		}
	}
	c.Missing = nil
	if err := s.retype(t, col, to); err != nil {
		return err
	}
	r, err := s.rewrite(t)
	if err == nil && a.X != nil {
		r.Exprs[c.Name] = "(" + a.Text + ")"
	}
	return err
}

// typeMayChange refuses the change of a column's type for what uses it.
func (s *statement) typeMayChange(t *catalog.Table, c *catalog.Col, col int) error {
	for _, v := range s.snap().Tables() {
		if v.Kind == catalog.RelView && slices.Contains(v.ViewCols[t.OID], col) {
			return unsupported("cannot alter type of a column used by a view or rule").(*pgerr.Error).
				WithDetail("rule _RETURN on view %s depends on column \"%s\"", s.shown(v), c.Name)
		}
	}
	for i := range t.Columns {
		if g := &t.Columns[i]; g.Generated != "" && !g.Dropped && slices.Contains(g.UsesCols, col) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column \"%s\" is used by generated column \"%s\".", c.Name, g.Name)
		}
	}
	return nil
}

// retype makes keys, checks and foreign keys of a column agree with its new type.
func (s *statement) retype(t *catalog.Table, col int, to types.T) error {
	for _, x := range t.AllIndexes() {
		for i := range x.Keys {
			if x.Keys[i].Col == col {
				x.Keys[i].T = to
			}
		}
		if !x.Hidden {
			if err := s.checkKeyTypes(x); err != nil {
				return err
			}
		}
	}
	for i := range t.Checks {
		c := &t.Checks[i]
		if !slices.Contains(c.Cols, col) {
			continue
		}
		x, err := parser.ParseExpr(c.Expr)
		if err != nil {
			return err
		}
		e, err := s.env.Bind.BindCheck(s.snap(), t, x, c.Expr)
		if err != nil {
			return err
		}
		c.Expr, c.Cols, c.Refs = e.Text, e.Cols, e.Refs
	}
	for i := range t.FKs {
		f := &t.FKs[i]
		if parent := s.snap().Table(f.RefTable); parent != nil && parent.OID != t.OID && slices.Contains(f.Cols, col) {
			if err := fkTypes(t, parent, f); err != nil {
				return err
			}
		}
	}
	for _, oid := range t.RefBy {
		child := s.snap().Table(oid)
		for i := range child.FKs {
			if f := &child.FKs[i]; child.OID != t.OID && f.RefTable == t.OID && slices.Contains(f.RefCols, col) {
				if err := fkTypes(child, t, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// assignable reports whether values of one type may be assigned to a column of another.
func assignable(from, to types.OID) bool {
	_, ok := funcs.FindCast(from, to, funcs.Assignment)
	return ok || from == to
}
