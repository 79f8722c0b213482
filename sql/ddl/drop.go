package ddl

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// drop runs DROP of anything but roles.
func (s *statement) drop(st *ast.Drop) error {
	if st.Object == "domain" && st.Cascade {
		return unsupported("DROP DOMAIN with CASCADE unsupported")
	}
	var items []item
	for i, n := range st.Names {
		it, err := s.dropTarget(st, i, n)
		if err != nil {
			return err
		}
		if it.class != 0 && !slices.Contains(items, it) {
			items = append(items, it)
		}
	}
	return s.dropAll(items, st.Cascade)
}

// dropTarget finds one object to drop; the zero item if it may be missing and is.
func (s *statement) dropTarget(st *ast.Drop, i int, n ast.Name) (item, error) {
	switch st.Object {
	case "table", "view", "index", "sequence":
		return s.dropRelation(st, n)
	case "schema":
		schema := s.snap().SchemaByName(n.Name)
		if schema == nil {
			return s.missing(st, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Name))
		}
		return item{itemSchema, schema.OID, 0}, s.ownsObject(&schema.Header, "schema")
	case "domain", "type":
		if st.Object == "type" && !s.lifts("enum") {
			break
		}
		d, err := s.typeToDrop(st, n)
		if err != nil {
			return s.missing(st, err)
		}
		return item{itemDomain, d.OID, 0}, s.ownsObject(&d.Header, "type")
	case "function", "routine":
		var args []ast.TypeName
		if i < len(st.Args) {
			args = st.Args[i]
		}
		f, err := s.function(n, args, i < len(st.HasArgs) && st.HasArgs[i])
		if err != nil && st.IfExists && pgerr.As(err).Code == pgerr.UndefinedFunction {
			s.skip("function %s(%s) does not exist", written(n), writtenTypes(args))
			return item{}, nil
		}
		if err != nil {
			return s.missing(st, pgerr.As(err))
		}
		return item{itemFunction, f.OID, 0}, s.ownsObject(&f.Header, "function")
	case "statistics":
		x, err := s.ownedStatistics(n)
		if err != nil {
			return s.missing(st, pgerr.As(err))
		}
		return item{itemStatistics, x.OID, 0}, nil
	case "trigger", "event trigger":
		// There are none. The original knows these kinds, since it accepts IF EXISTS
		// (reference, grammar), so that without it one is missing.
		return item{}, s.noTrigger(st, n)
	}
	return item{}, unsupported("unsupported object in DROP statement")
}

// writtenTypes are types as they were written: keywords are names of pg_catalog.
func writtenTypes(list []ast.TypeName) string {
	var names []string
	for _, t := range list {
		names = append(names, written(ast.Name{Schema: t.Schema, Name: t.Name})+strings.Repeat("[]", min(t.Array, 1)))
	}
	return strings.Join(names, ",")
}

// typeToDrop finds the domain that DROP DOMAIN or DROP TYPE names.
func (s *statement) typeToDrop(st *ast.Drop, n ast.Name) (*catalog.Domain, *pgerr.Error) {
	if n.Schema != "" && s.snap().SchemaByName(n.Schema) == nil {
		return nil, pgerr.As(noSchema(n.Schema))
	}
	system := n.Schema == "pg_catalog" || n.Schema == "" && !slices.Contains(s.env.SearchPath, "pg_catalog")
	if t := types.ByName(n.Name); t != nil && system {
		if st.Object == "domain" {
			return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a domain", written(n))
		}
		return nil, pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system",
			types.FormatType(types.Of(t.OID)))
	}
	d := s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name)
	switch {
	case d != nil && d.IsEnum() && st.Object == "domain":
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a domain", written(n))
	case d != nil:
		return d, nil
	}
	if r, ok := s.snap().Relation(s.env.SearchPath, n.Schema, n.Name).(*catalog.Table); ok && st.Object == "domain" && r.Kind != catalog.RelVirtual {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a domain", written(n)) // but the type of its rows
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", written(n))
}

// noTrigger tells that a trigger is missing. A trigger's name stands behind its table's.
func (s *statement) noTrigger(st *ast.Drop, n ast.Name) error {
	var err error
	if st.Object == "event trigger" {
		_, err = s.missing(st, pgerr.New(pgerr.UndefinedObject, "event trigger \"%s\" does not exist", n.Name))
		return err
	}
	table := ast.Name{Schema: n.Catalog, Name: n.Schema, Pos: n.Pos}
	r, err := s.relation(table, false)
	switch {
	case err != nil:
		_, err = s.missing(st, pgerr.As(err))
	case r == nil:
		_, err = s.missing(st, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", written(table)))
	case st.IfExists:
		s.skip("trigger \"%s\" for relation \"%s\" does not exist", n.Name, r.Head().Name)
	default:
		err = pgerr.New(pgerr.UndefinedObject, "trigger \"%s\" for table \"%s\" does not exist", n.Name, r.Head().Name)
	}
	return err
}

// missing is err, or with IF EXISTS a notice of the same text.
func (s *statement) missing(st *ast.Drop, err *pgerr.Error) (item, error) {
	skippable := map[string]bool{pgerr.UndefinedTable: true, pgerr.UndefinedObject: true, pgerr.InvalidSchemaName: true, pgerr.UndefinedFunction: true}
	if st.IfExists && skippable[err.Code] {
		s.skip("%s", err.Message)
		return item{}, nil
	}
	return item{}, err
}

// dropWords say for each kind of relation how to drop it.
var dropWords = map[string]string{
	"table": "Use DROP TABLE to remove a table.", "view": "Use DROP VIEW to remove a view.",
	"index": "Use DROP INDEX to remove an index.", "sequence": "Use DROP SEQUENCE to remove a sequence.",
}

// dropRelation finds a table, view, index or sequence to drop.
func (s *statement) dropRelation(st *ast.Drop, n ast.Name) (item, error) {
	r, err := s.relation(n, false)
	if err != nil {
		return s.missing(st, pgerr.As(err))
	}
	if r == nil {
		code := pgerr.UndefinedTable
		if st.Object == "index" {
			code = pgerr.UndefinedObject
		}
		return s.missing(st, pgerr.New(code, "%s \"%s\" does not exist", st.Object, written(n)))
	}
	kind := relKindName(r)
	if kind != st.Object {
		return item{}, pgerr.As(wrongKind(r, st.Object)).WithHint("%s", dropWords[kind])
	}
	// Owners of the schema may drop as well.
	if schema := s.snap().Schema(r.Head().Schema); schema == nil || !s.snap().HasPrivsOf(s.env.Role, schema.Owner) || r.RelKind() == catalog.RelVirtual {
		if err := s.owns(r); err != nil {
			return item{}, err
		}
	}
	switch r := r.(type) {
	case *catalog.Table:
		return item{itemTable, r.OID, 0}, nil
	case *catalog.Sequence:
		return item{itemSequence, r.OID, 0}, s.freeSequence(r)
	}
	x := r.(*catalog.Index)
	if x.Constraint != "" {
		t := s.snap().Table(x.Table)
		return item{}, pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it",
			s.shown(x), quoted(x.Constraint), s.shown(t)).
			WithHint("You can drop constraint %s on table %s instead.", quoted(x.Constraint), s.shown(t))
	}
	return item{itemIndex, x.OID, 0}, nil
}

// freeSequence refuses to drop the sequence of an identity column.
func (s *statement) freeSequence(q *catalog.Sequence) error {
	t := s.snap().Table(q.OwnedTable)
	if t == nil || q.OwnedCol >= len(t.Columns) || t.Columns[q.OwnedCol].Sequence != q.OID {
		return nil
	}
	on := s.describe(item{itemColumn, t.OID, q.OwnedCol})
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop sequence %s because %s requires it", s.shown(q), on).
		WithHint("You can drop %s instead.", on)
}

// remove takes an item out of the catalog. What depended on it is gone already.
func (s *statement) remove(it item) error {
	snap := s.snap()
	switch it.class {
	case itemTable:
		return s.removeTable(snap.Table(it.oid))
	case itemIndex:
		return s.removeIndex(it.oid)
	case itemColumn:
		if t := snap.Table(it.oid); t != nil {
			return s.removeColumn(t.Clone(), it.sub)
		}
	case itemDefault:
		if t := snap.Table(it.oid); t != nil {
			t = t.Clone()
			c := &t.Columns[it.sub]
			c.Default, c.Refs, c.DefaultOID = "", nil, 0
			s.ed.Put(t)
		}
	case itemConstraint:
		if t := snap.Table(it.oid); t != nil {
			s.removeConstraint(t.Clone(), types.OID(it.sub))
		}
	case itemRowType: // goes with its table
	case itemSchema:
		for _, d := range snap.DefaultACLs() {
			if d.Schema == it.oid {
				s.ed.Delete(d)
			}
		}
		s.ed.Delete(snap.Object(it.oid))
	default:
		if o := snap.Object(it.oid); o != nil {
			s.ed.Delete(o)
		}
	}
	return nil
}

// removeTable drops a table or view: its descriptor now, its rows by a job.
func (s *statement) removeTable(t *catalog.Table) error {
	s.ed.Delete(t)
	if t.Kind == catalog.RelView {
		return nil
	}
	for i := range t.FKs {
		s.forgetReference(t.OID, t.FKs[i].RefTable)
	}
	var ids []types.OID
	for _, x := range t.AllIndexes() {
		ids = append(ids, x.OID)
	}
	if err := catalog.PutStats(s.env.Tx, t.OID, nil); err != nil {
		return err
	}
	return s.purge(t.OID, ids)
}

// purge asks for the deletion of all entries of some indexes, with a DROP job.
func (s *statement) purge(object types.OID, indexes []types.OID) error {
	job := &catalog.Job{ID: catalog.NewJobID(), Status: catalog.JobSubmitted, Type: catalog.JobDrop,
		ClassID: catalog.ClassRelation, ObjectID: object, Start: s.now, Update: s.now}
	if err := catalog.PutJob(s.env.Tx, job); err != nil {
		return err
	}
	return catalog.PutPurge(s.env.Tx, &catalog.Purge{ID: indexes[0], Indexes: indexes, Job: job.ID})
}

// forgetReference drops the note at parent that child refers to it, unless child
// still has a foreign key there.
func (s *statement) forgetReference(child, parent types.OID) {
	p := s.snap().Table(parent)
	if p == nil || child == parent {
		return
	}
	if c := s.snap().Table(child); c != nil && slices.ContainsFunc(c.FKs, func(fk catalog.ForeignKey) bool { return fk.RefTable == parent }) {
		return
	}
	p = p.Clone()
	p.RefBy = slices.DeleteFunc(p.RefBy, func(o types.OID) bool { return o == child })
	s.ed.Put(p)
}

// removeIndex drops a secondary index.
func (s *statement) removeIndex(oid types.OID) error {
	x := s.snap().Index(oid)
	if x == nil {
		return nil
	}
	t := s.snap().Table(x.Table).Clone()
	t.Indexes = slices.DeleteFunc(t.Indexes, func(o *catalog.Index) bool { return o.OID == oid })
	s.ed.Put(t)
	return s.purge(oid, []types.OID{oid})
}

// removeConstraint drops a CHECK or FOREIGN KEY constraint of t, a copy.
func (s *statement) removeConstraint(t *catalog.Table, oid types.OID) {
	var parent types.OID
	t.Checks = slices.DeleteFunc(t.Checks, func(c catalog.Check) bool { return c.OID == oid })
	t.FKs = slices.DeleteFunc(t.FKs, func(fk catalog.ForeignKey) bool {
		if fk.OID == oid {
			parent = fk.RefTable
		}
		return fk.OID == oid
	})
	if parent == t.OID && !slices.ContainsFunc(t.FKs, func(fk catalog.ForeignKey) bool { return fk.RefTable == t.OID }) {
		t.RefBy = slices.DeleteFunc(t.RefBy, func(o types.OID) bool { return o == t.OID })
	}
	s.ed.Put(t)
	if parent != 0 {
		s.forgetReference(t.OID, parent)
	}
}

// removeColumn drops a column of t, a copy, with the indexes and constraints that
// it is part of. The place stays, so that rows keep their shape.
func (s *statement) removeColumn(t *catalog.Table, col int) error {
	var indexes []types.OID
	for _, x := range t.Indexes {
		if slices.Contains(keyColumns(x), col) || slices.Contains(x.Include, col) || slices.Contains(x.UsesCols, col) {
			indexes = append(indexes, x.OID)
		}
	}
	var constraints []types.OID
	for i := range t.Checks {
		if slices.Contains(t.Checks[i].Cols, col) {
			constraints = append(constraints, t.Checks[i].OID)
		}
	}
	for i := range t.FKs {
		if fk := &t.FKs[i]; slices.Contains(fk.Cols, col) || fk.RefTable == t.OID && slices.Contains(fk.RefCols, col) {
			constraints = append(constraints, fk.OID)
		}
	}
	t.Primary.Include = slices.DeleteFunc(t.Primary.Include, func(c int) bool { return c == col })
	c := &t.Columns[col]
	// Type and Missing stay: they say how stored rows are read past.
	*c = catalog.Col{Name: droppedName(col), T: c.T, Missing: c.Missing, Dropped: true}
	s.ed.Put(t)
	for _, oid := range indexes {
		if err := s.removeIndex(oid); err != nil {
			return err
		}
	}
	for _, oid := range constraints {
		s.removeConstraint(s.snap().Table(t.OID).Clone(), oid)
	}
	return nil
}
