package ddl

import (
	"fmt"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// Work is what a change of the schema demands of the rows that are there: one of
// Rewrite, Build and Query. Tables are those that no one else may write meanwhile.
type Work struct {
	Tables  []*catalog.Table
	Rewrite *Rewrite
	Build   types.OID // an index
	// Query finds a row that breaks the schema, as texts; Broken is then the error.
	Query  string
	Broken func(row []string) error
}

// A Rewrite fills a table's new storage from its old one.
type Rewrite struct {
	Table types.OID
	Old   *catalog.Table
	// Exprs are SQL texts over the old columns, by the column's name; a column that is
	// not named and was there keeps its value, a new one gets its default.
	Exprs map[string]string
}

// rewrite gives t, a copy, new storage that is to be filled from the old one.
func (s *statement) rewrite(t *catalog.Table) (*Rewrite, error) {
	if r := s.rewrites[t.OID]; r != nil {
		return r, nil
	}
	if err := s.newStorage(t); err != nil {
		return nil, err
	}
	if s.rewrites == nil {
		s.rewrites = map[types.OID]*Rewrite{}
	}
	r := &Rewrite{Table: t.OID, Old: s.env.Snap.Table(t.OID), Exprs: map[string]string{}}
	s.rewrites[t.OID] = r
	return r, nil
}

// newStorage gives t's indexes new OIDs, which are the prefixes of their keys; what is
// stored under the old ones will be deleted.
func (s *statement) newStorage(t *catalog.Table) error {
	fresh := map[types.OID]types.OID{}
	var old []types.OID
	for _, x := range t.AllIndexes() {
		oid, err := s.ed.NewOID()
		if err != nil {
			return err
		}
		if s.env.Snap.Index(x.OID) != nil {
			old = append(old, x.OID)
		}
		fresh[x.OID], x.OID = oid, oid
	}
	for i := range t.FKs {
		if t.FKs[i].RefTable == t.OID {
			t.FKs[i].RefIndex = fresh[t.FKs[i].RefIndex]
		}
	}
	s.ed.Put(t)
	for _, oid := range t.RefBy {
		if oid == t.OID {
			continue
		}
		c := s.snap().Table(oid).Clone()
		for i := range c.FKs {
			if c.FKs[i].RefTable == t.OID {
				c.FKs[i].RefIndex = fresh[c.FKs[i].RefIndex]
			}
		}
		s.ed.Put(c)
	}
	if len(old) == 0 {
		return nil
	}
	return s.purge(t.OID, old)
}

// work finds what the changed tables demand of their rows: it compares them with what
// they were before the statement.
func (s *statement) work() {
	if s.env.Lifts == nil {
		return
	}
	var rewritten, checks []Work
	for _, t := range s.ed.Changed() {
		old := s.env.Snap.Table(t.OID)
		if old == nil || t.Kind != catalog.RelTable {
			continue
		}
		if r := s.rewrites[t.OID]; r != nil {
			rewritten = append(rewritten, Work{Tables: []*catalog.Table{t}, Rewrite: r})
			continue
		}
		checks = append(checks, s.verify(old, t)...)
	}
	s.res.Work = append(rewritten, checks...)
}

// verify is what must be looked at if old becomes t.
func (s *statement) verify(old, t *catalog.Table) (list []Work) {
	only := []*catalog.Table{t}
	for _, x := range t.Indexes {
		if x.State == catalog.IndexPublic && old.Index(x.OID) == nil {
			list = append(list, Work{Tables: only, Build: x.OID})
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.NotNull && !c.Dropped && (i >= len(old.Columns) || !old.Columns[i].NotNull) && c.Missing == nil {
			list = append(list, Work{Tables: only, Query: "SELECT 1 FROM " + s.fullName(t) + " WHERE " + funcs.QuoteIdent(c.Name) + " IS NULL LIMIT 1",
				Broken: func([]string) error { return ContainsNulls(t, s.snap().SchemaName(t.Schema), c.Name) }})
		}
	}
	for i := range t.Checks {
		c := &t.Checks[i]
		if c.Valid && !slices.ContainsFunc(old.Checks, func(o catalog.Check) bool { return o.OID == c.OID && o.Valid }) {
			list = append(list, Work{Tables: only, Query: Violation(s.snap(), t, c.OID), Broken: func([]string) error { return CheckViolated(t, s.snap().SchemaName(t.Schema), c.Name) }})
		}
	}
	for i := range t.FKs {
		f := &t.FKs[i]
		if !f.Valid || slices.ContainsFunc(old.FKs, func(o catalog.ForeignKey) bool { return o.OID == f.OID && o.Valid }) {
			continue
		}
		parent := s.snap().Table(f.RefTable)
		list = append(list, Work{Tables: []*catalog.Table{t, parent}, Query: Violation(s.snap(), t, f.OID), Broken: func(row []string) error {
			return s.orphan(t, parent, f, row)
		}})
	}
	return list
}

// ContainsNulls is the error for rows that a new NOT NULL forbids.
func ContainsNulls(t *catalog.Table, schema, column string) error {
	e := pgerr.New(pgerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", column, t.Name)
	e.Schema, e.Table, e.Column = schema, t.Name, column
	return e
}

// CheckViolated is the error for rows that break a new CHECK constraint.
func CheckViolated(t *catalog.Table, schema, constraint string) error {
	e := pgerr.New(pgerr.CheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row", constraint, t.Name)
	e.Schema, e.Table, e.Constraint = schema, t.Name, constraint
	return e
}

func (s *statement) orphan(t, parent *catalog.Table, f *catalog.ForeignKey, row []string) error {
	names := make([]string, len(f.Cols))
	for i, c := range f.Cols {
		names[i] = t.Columns[c].Name
	}
	e := pgerr.New(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", t.Name, f.Name).
		WithDetail("Key (%s)=(%s) is not present in table \"%s\".", strings.Join(names, ", "), strings.Join(row, ", "), parent.Name)
	e.Schema, e.Table, e.Constraint = s.schemaName(t.Schema), t.Name, f.Name
	return e
}

func (s *statement) fullName(t *catalog.Table) string { return qualified(s.snap(), t) }

func qualified(snap *catalog.Snapshot, t *catalog.Table) string {
	return funcs.QuoteIdent(snap.SchemaName(t.Schema)) + "." + funcs.QuoteIdent(t.Name)
}

// Violation is a query for a row that breaks a CHECK or FOREIGN KEY constraint of t;
// of a foreign key it tells the values, as text. It is "" if there is no such
// constraint.
func Violation(snap *catalog.Snapshot, t *catalog.Table, constraint types.OID) string {
	for _, c := range t.Checks {
		if c.OID == constraint {
			return fmt.Sprintf("SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1", qualified(snap, t), c.Expr)
		}
	}
	for _, f := range t.FKs {
		if f.OID != constraint {
			continue
		}
		parent := snap.Table(f.RefTable)
		var on, set, null, out []string
		for i, c := range f.Cols {
			child := "c." + funcs.QuoteIdent(t.Columns[c].Name)
			on = append(on, child+" = p."+funcs.QuoteIdent(parent.Columns[f.RefCols[i]].Name))
			set = append(set, child+" IS NOT NULL")
			null = append(null, child+" IS NULL")
			out = append(out, child+"::text")
		}
		cond := "(" + strings.Join(set, " AND ") + ") AND NOT EXISTS (SELECT 1 FROM " + qualified(snap, parent) + " p WHERE " + strings.Join(on, " AND ") + ")"
		if f.MatchFull {
			cond = "(" + cond + ") OR (" + strings.Join(set, " OR ") + ") AND (" + strings.Join(null, " OR ") + ")"
		}
		return fmt.Sprintf("SELECT %s FROM %s c WHERE %s LIMIT 1", strings.Join(out, ", "), qualified(snap, t), cond)
	}
	return ""
}
