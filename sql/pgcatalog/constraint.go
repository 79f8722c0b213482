package pgcatalog

import (
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// OIDs of the catalogs whose rows pg_depend and pg_description refer to.
const (
	classNamespace  types.OID = 2615
	classRelation   types.OID = 1259
	classConstraint types.OID = 2606
	classType       types.OID = 1247
	classProc       types.OID = 1255
	classAttrdef    types.OID = 2604
	classAuthid     types.OID = 1260
	classDatabase   types.OID = 1262
	classStatistics types.OID = 3381
	classRewrite    types.OID = 2618
)

var constraintSources = map[string]*source{
	"pg_constraint": {columns: "oid conname connamespace contype condeferrable condeferred convalidated conrelid contypid conindid conparentid " +
		"confrelid confupdtype confdeltype confmatchtype conislocal coninhcount connoinherit conkey confkey conpfeqop conppeqop conffeqop confdelsetcols conbin",
		rows: constraintRows},
	"pg_description": {columns: "objoid classoid objsubid description", rows: func(q *query) {
		q.comments(func(class, oid types.OID, sub int, comment string) {
			if class != classAuthid && comment != "" && !q.skips("objoid", oid) {
				q.add(oid, class, sub, comment)
			}
		})
	}},
	"pg_shdescription": {columns: "objoid classoid description", rows: func(q *query) {
		q.comments(func(class, oid types.OID, _ int, comment string) {
			if class == classAuthid && comment != "" {
				q.add(oid, class, comment)
			}
		})
	}},
	"pg_depend": {columns: "classid objid objsubid refclassid refobjid refobjsubid deptype", rows: dependRows},
	"pg_statistic_ext": {columns: "oid stxrelid stxname stxnamespace stxowner stxstattarget stxkeys stxkind", rows: func(q *query) {
		for _, x := range q.Snap.ExtStatistics() {
			if q.skips("oid", x.OID) || q.skips("stxrelid", x.Table) {
				continue
			}
			var kinds []string
			for _, k := range x.Kinds {
				kinds = append(kinds, statisticsKinds[k])
			}
			target := -1
			if x.Target != nil {
				target = *x.Target
			}
			q.add(x.OID, x.Table, x.Name, x.Schema, x.Owner, target, attnums(x.Cols), kinds)
		}
	}},
}

var statisticsKinds = map[string]string{"ndistinct": "d", "dependencies": "f", "mcv": "m"}

// attnums are attribute numbers of columns; nil for none.
func attnums(cols []int) []int {
	if cols == nil {
		return nil
	}
	out := make([]int, len(cols))
	for i, c := range cols {
		out[i] = c + 1
	}
	return out
}

// keyNums are the attribute numbers of an index's key.
func keyNums(x *catalog.Index) []int {
	out := make([]int, len(x.Keys))
	for i, k := range x.Keys {
		out[i] = k.Col + 1
	}
	return out
}

// A constraint is a row of pg_constraint.
type constraint struct {
	oid    types.OID
	name   string
	kind   byte // p u c f
	table  *catalog.Table
	domain *catalog.Domain
	index  *catalog.Index
	check  *catalog.Check
	fk     *catalog.ForeignKey
}

// constraintsOf are a table's constraints.
func constraintsOf(t *catalog.Table) []constraint {
	var list []constraint
	for _, x := range shownIndexes(t) {
		if x.Constraint != "" {
			kind := byte('u')
			if x.Primary {
				kind = 'p'
			}
			list = append(list, constraint{oid: x.ConstraintOID, name: x.Constraint, kind: kind, table: t, index: x})
		}
	}
	for i := range t.Checks {
		list = append(list, constraint{oid: t.Checks[i].OID, name: t.Checks[i].Name, kind: 'c', table: t, check: &t.Checks[i]})
	}
	for i := range t.FKs {
		list = append(list, constraint{oid: t.FKs[i].OID, name: t.FKs[i].Name, kind: 'f', table: t, fk: &t.FKs[i]})
	}
	return list
}

func domainConstraints(d *catalog.Domain) []constraint {
	var list []constraint
	for i := range d.Checks {
		list = append(list, constraint{oid: d.Checks[i].OID, name: d.Checks[i].Name, kind: 'c', domain: d, check: &d.Checks[i]})
	}
	return list
}

// constraint finds a constraint by OID.
func (e *Env) constraint(oid types.OID) (constraint, bool) {
	var list []constraint
	switch o := e.Snap.ConstraintHolder(oid).(type) {
	case *catalog.Table:
		list = constraintsOf(o)
	case *catalog.Domain:
		list = domainConstraints(o)
	}
	for _, c := range list {
		if c.oid == oid {
			return c, true
		}
	}
	return constraint{}, false
}

func constraintRows(q *query) {
	emit := func(list []constraint) {
		for _, c := range list {
			if !q.skips("oid", c.oid) && !q.skipsName("conname", c.name) && (c.fk == nil && !q.has("confrelid") || c.fk != nil && !q.skips("confrelid", c.fk.RefTable)) {
				q.addConstraint(c)
			}
		}
	}
	if !q.has("contypid") {
		q.tables("conrelid", func(t *catalog.Table) { emit(constraintsOf(t)) })
	}
	if q.has("conrelid") {
		return
	}
	for _, d := range q.Snap.Domains() {
		if !q.skips("contypid", d.OID) {
			emit(domainConstraints(d))
		}
	}
}

// has reports whether an equality on the column asks for an object.
func (q *query) has(column string) bool {
	oid, ok := q.wanted(column)
	return ok && oid != 0
}

func (q *query) addConstraint(c constraint) {
	var rel, typ, index, schema types.OID
	var cols []int
	if c.domain != nil {
		typ, schema = c.domain.OID, c.domain.Schema
	} else {
		rel, schema = c.table.OID, c.table.Schema
	}
	if q.skips("connamespace", schema) {
		return
	}
	if c.fk == nil {
		var bin any
		valid := true
		if c.index != nil {
			index, cols = c.index.OID, keyNums(c.index)
		} else {
			cols, bin, valid = attnums(c.check.Cols), c.check.Expr, c.check.Valid
		}
		q.add(c.oid, c.name, schema, c.kind, false, false, valid, rel, typ, index, 0, 0, byte(' '), byte(' '), byte(' '),
			true, 0, c.index != nil, orNull(cols), nil, nil, nil, nil, nil, bin)
		return
	}
	fk := c.fk
	match := byte('s')
	if fk.MatchFull {
		match = 'f'
	}
	parent := q.Snap.Table(fk.RefTable)
	var eq []types.OID
	for i, col := range fk.Cols {
		if parent != nil {
			eq = append(eq, equalityOf(parent.Columns[fk.RefCols[i]].T.OID, c.table.Columns[col].T.OID))
		}
	}
	q.add(c.oid, c.name, schema, c.kind, fk.Deferrable, fk.Deferred, fk.Valid, rel, typ, fk.RefIndex, 0, fk.RefTable, fk.OnUpdate, fk.OnDelete, match,
		true, 0, true, attnums(fk.Cols), attnums(fk.RefCols), eq, eq, eq, orNull(attnums(fk.DeleteCols)), nil)
}

func orNull(v []int) any {
	if len(v) == 0 {
		return nil
	}
	return v
}

// comments calls f for every object that can have a comment.
func (e *Env) comments(f func(class, oid types.OID, sub int, comment string)) {
	for _, n := range e.Snap.Schemas() {
		f(classNamespace, n.OID, 0, n.Comment)
	}
	for _, t := range e.Snap.Tables() {
		f(classRelation, t.OID, 0, t.Comment)
		for i := range t.Columns {
			f(classRelation, t.OID, i+1, t.Columns[i].Comment)
		}
		for _, x := range t.AllIndexes() {
			f(classRelation, x.OID, 0, x.Comment)
			f(classConstraint, x.ConstraintOID, 0, x.ConstraintComment)
		}
		for i := range t.Checks {
			f(classConstraint, t.Checks[i].OID, 0, t.Checks[i].Comment)
		}
		for i := range t.FKs {
			f(classConstraint, t.FKs[i].OID, 0, t.FKs[i].Comment)
		}
	}
	for _, s := range e.Snap.Sequences() {
		f(classRelation, s.OID, 0, s.Comment)
	}
	for _, d := range e.Snap.Domains() {
		f(classType, d.OID, 0, d.Comment)
	}
	for _, p := range e.Snap.Functions() {
		f(classProc, p.OID, 0, p.Comment)
	}
	for _, x := range e.Snap.ExtStatistics() {
		f(classStatistics, x.OID, 0, x.Comment)
	}
	for _, r := range e.Snap.Roles() {
		f(classAuthid, r.OID, 0, r.Comment)
	}
}

// dependRows gives the dependencies that tools look at: of sequences on their
// columns, of indexes and constraints on their tables, of views on theirs.
func dependRows(q *query) {
	add := func(class, oid types.OID, sub int, refClass, refOID types.OID, refSub int, kind byte) {
		if !q.skips("objid", oid) && !q.skips("refobjid", refOID) {
			q.add(class, oid, sub, refClass, refOID, refSub, kind)
		}
	}
	for _, s := range q.Snap.Sequences() {
		if t := q.Snap.Table(s.OwnedTable); t != nil {
			kind := byte('a')
			if s.OwnedCol < len(t.Columns) && t.Columns[s.OwnedCol].Sequence == s.OID {
				kind = 'i'
			}
			add(classRelation, s.OID, 0, classRelation, t.OID, s.OwnedCol+1, kind)
		}
		add(classRelation, s.OID, 0, classNamespace, s.Schema, 0, 'n')
	}
	for _, t := range q.Snap.Tables() {
		add(classRelation, t.OID, 0, classNamespace, t.Schema, 0, 'n')
		for _, r := range t.ViewRefs {
			add(classRewrite, ruleOID(t), 0, classRelation, r, 0, 'n')
		}
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.DefaultOID != 0 {
				add(classAttrdef, c.DefaultOID, 0, classRelation, t.OID, i+1, 'a')
			}
			for _, r := range c.Refs {
				if q.Snap.Sequence(r) != nil {
					add(classAttrdef, c.DefaultOID, 0, classRelation, r, 0, 'n')
				}
			}
		}
		for _, c := range constraintsOf(t) {
			q.constraintDepends(c, add)
		}
		for _, x := range t.Indexes {
			if x.Constraint == "" {
				for _, k := range x.Keys {
					add(classRelation, x.OID, 0, classRelation, t.OID, k.Col+1, 'a')
				}
			}
		}
	}
}

func (q *query) constraintDepends(c constraint, add func(class, oid types.OID, sub int, refClass, refOID types.OID, refSub int, kind byte)) {
	switch {
	case c.index != nil:
		add(classRelation, c.index.OID, 0, classConstraint, c.oid, 0, 'i')
		for _, k := range c.index.Keys {
			add(classConstraint, c.oid, 0, classRelation, c.table.OID, k.Col+1, 'a')
		}
	case c.fk != nil:
		for _, col := range c.fk.Cols {
			add(classConstraint, c.oid, 0, classRelation, c.table.OID, col+1, 'a')
		}
		for _, col := range c.fk.RefCols {
			add(classConstraint, c.oid, 0, classRelation, c.fk.RefTable, col+1, 'n')
		}
	default:
		for _, col := range c.check.Cols {
			add(classConstraint, c.oid, 0, classRelation, c.table.OID, col+1, 'a')
		}
	}
}

// ruleOID is the OID of a view's rule in pg_rewrite: its row type's, which no other
// row of pg_rewrite has.
func ruleOID(t *catalog.Table) types.OID { return t.Type }
