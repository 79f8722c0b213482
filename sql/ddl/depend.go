package ddl

import (
	"fmt"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// An item is something that can depend on something else, or be depended on.
type item struct {
	class byte // one of the constants below
	oid   types.OID
	// sub is the index of a column (classes column and dflt) or the OID of a
	// constraint of table oid.
	sub int
}

const (
	itemTable      byte = 't' // or view
	itemIndex      byte = 'i'
	itemSequence   byte = 'S'
	itemSchema     byte = 'n'
	itemDomain     byte = 'd'
	itemFunction   byte = 'f'
	itemStatistics byte = 'x'
	itemColumn     byte = 'c'
	itemConstraint byte = 'k' // CHECK or FOREIGN KEY
	itemDefault    byte = 'D'
	itemRowType    byte = 'y' // of a table
)

// An edge leads to a dependent. Automatic ones go without being named: a table's
// own indexes, constraints and identity sequences.
type edge struct {
	to   item
	auto bool
}

// describe names an item as PostgreSQL does in messages.
func (s *statement) describe(it item) string {
	snap := s.snap()
	switch it.class {
	case itemTable:
		t := snap.Table(it.oid)
		return relKindName(t) + " " + s.shown(t)
	case itemIndex:
		x := snap.Index(it.oid)
		if x.Constraint != "" {
			return fmt.Sprintf("constraint %s on table %s", quoted(x.Constraint), s.shown(snap.Table(x.Table)))
		}
		return "index " + s.shown(x)
	case itemSequence:
		return "sequence " + s.shown(snap.Sequence(it.oid))
	case itemSchema:
		return "schema " + quoted(s.schemaName(it.oid))
	case itemDomain:
		return "type " + s.shownIn(&snap.Domain(it.oid).Header, func(n string) bool {
			d := snap.ResolveDomain(s.env.SearchPath, "", n)
			return d != nil && d.OID == it.oid
		})
	case itemFunction:
		f := snap.Function(it.oid)
		text := s.signatureText(f)
		if !slices.Contains(s.env.SearchPath, s.schemaName(f.Schema)) {
			text = quoted(s.schemaName(f.Schema)) + "." + text
		}
		return "function " + text
	case itemStatistics:
		x, _ := snap.Object(it.oid).(*catalog.ExtStatistics)
		return "statistics object " + quoted(x.Name)
	}
	t := snap.Table(it.oid)
	on := relKindName(t) + " " + s.shown(t)
	switch it.class {
	case itemColumn:
		return fmt.Sprintf("column %s of %s", quoted(t.Columns[it.sub].Name), on)
	case itemRowType:
		return "type " + s.shown(t)
	case itemDefault:
		return fmt.Sprintf("default value for column %s of %s", quoted(t.Columns[it.sub].Name), on)
	}
	return fmt.Sprintf("constraint %s on %s", quoted(constraintName(t, types.OID(it.sub))), on)
}

func (s *statement) shownIn(h *catalog.Header, visible func(name string) bool) string {
	if visible(h.Name) {
		return quoted(h.Name)
	}
	return quoted(s.schemaName(h.Schema)) + "." + quoted(h.Name)
}

func constraintName(t *catalog.Table, oid types.OID) string {
	for i := range t.Checks {
		if t.Checks[i].OID == oid {
			return t.Checks[i].Name
		}
	}
	for i := range t.FKs {
		if t.FKs[i].OID == oid {
			return t.FKs[i].Name
		}
	}
	return ""
}

// dependents lists what depends on an item.
func (s *statement) dependents(it item) []edge {
	switch it.class {
	case itemTable:
		return append(s.ownParts(it.oid), s.users(it.oid, -1)...)
	case itemColumn:
		return s.columnUsers(it.oid, it.sub)
	case itemIndex:
		return append(s.foreignKeysOn(func(child *catalog.Table, fk *catalog.ForeignKey) bool { return fk.RefIndex == it.oid }), s.users(it.oid, -1)...)
	case itemSequence, itemFunction:
		return s.users(it.oid, -1)
	case itemRowType:
		return s.functionsOf(s.snap().Table(it.oid).Type)
	case itemDomain:
		return append(s.domainColumns(it.oid), s.users(it.oid, -1)...)
	case itemSchema:
		return s.members(it.oid)
	}
	return nil
}

// ownParts are what goes with a table.
func (s *statement) ownParts(table types.OID) []edge {
	list := []edge{{item{itemRowType, table, 0}, true}}
	for _, q := range s.snap().Sequences() {
		if q.OwnedTable == table {
			list = append(list, edge{item{itemSequence, q.OID, 0}, true})
		}
	}
	for _, x := range s.snap().ExtStatistics() {
		if x.Table == table {
			list = append(list, edge{item{itemStatistics, x.OID, 0}, true})
		}
	}
	return append(list, s.foreignKeysOn(func(child *catalog.Table, fk *catalog.ForeignKey) bool {
		return fk.RefTable == table && child.OID != table
	})...)
}

// functionsOf are the functions with a row type among their arguments or as result.
func (s *statement) functionsOf(t types.OID) []edge {
	var list []edge
	for _, f := range s.snap().Functions() {
		if t != 0 && (f.Result == t || slices.Contains(f.Args, t)) {
			list = append(list, edge{item{itemFunction, f.OID, 0}, false})
		}
	}
	return list
}

// foreignKeysOn are the foreign keys for which on holds.
func (s *statement) foreignKeysOn(on func(*catalog.Table, *catalog.ForeignKey) bool) []edge {
	var list []edge
	for _, t := range s.snap().Tables() {
		for i := range t.FKs {
			if on(t, &t.FKs[i]) {
				list = append(list, edge{item{itemConstraint, t.OID, int(t.FKs[i].OID)}, false})
			}
		}
	}
	return list
}

// users are the views, defaults, generated columns, checks and indexes that use an
// object; with col >= 0, the views that use that column of it.
func (s *statement) users(oid types.OID, col int) []edge {
	var list []edge
	for _, t := range s.snap().Tables() {
		if t.OID == oid {
			continue
		}
		if slices.Contains(t.ViewRefs, oid) && (col < 0 || slices.Contains(t.ViewCols[oid], col)) {
			list = append(list, edge{item{itemTable, t.OID, 0}, false})
		}
		if col >= 0 {
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && slices.Contains(c.Refs, oid) {
				class := itemDefault
				if c.Generated != "" {
					class = itemColumn
				}
				list = append(list, edge{item{class, t.OID, i}, false})
			}
		}
		for i := range t.Checks {
			if slices.Contains(t.Checks[i].Refs, oid) {
				list = append(list, edge{item{itemConstraint, t.OID, int(t.Checks[i].OID)}, false})
			}
		}
		for _, x := range t.Indexes {
			if slices.Contains(x.Refs, oid) {
				list = append(list, edge{item{itemIndex, x.OID, 0}, false})
			}
		}
	}
	if col >= 0 {
		return list
	}
	for _, f := range s.snap().Functions() {
		if slices.Contains(f.Refs, oid) {
			list = append(list, edge{item{itemFunction, f.OID, 0}, false})
		}
	}
	return list
}

// columnUsers is what depends on a column.
func (s *statement) columnUsers(table types.OID, col int) []edge {
	list := s.users(table, col)
	t := s.snap().Table(table)
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated != "" && !c.Dropped && i != col && slices.Contains(c.UsesCols, col) {
			list = append(list, edge{item{itemColumn, table, i}, false})
		}
	}
	for _, q := range s.snap().Sequences() {
		if q.OwnedTable == table && q.OwnedCol == col {
			list = append(list, edge{item{itemSequence, q.OID, 0}, true})
		}
	}
	for _, x := range s.snap().ExtStatistics() {
		if x.Table == table && slices.Contains(x.Cols, col) {
			list = append(list, edge{item{itemStatistics, x.OID, 0}, true})
		}
	}
	return append(list, s.foreignKeysOn(func(child *catalog.Table, fk *catalog.ForeignKey) bool {
		return fk.RefTable == table && slices.Contains(fk.RefCols, col) && !(child.OID == table && slices.Contains(fk.Cols, col))
	})...)
}

// domainColumns are the columns of a domain's type.
func (s *statement) domainColumns(domain types.OID) []edge {
	var list []edge
	for _, t := range s.snap().Tables() {
		if t.Kind == catalog.RelView { // which depends on what its query uses
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; (c.Domain == domain || isOfEnum(c.T.OID, domain)) && !c.Dropped {
				list = append(list, edge{item{itemColumn, t.OID, i}, false})
			}
		}
	}
	return list
}

// isOfEnum reports whether a type is an enumeration or the array of it.
func isOfEnum(t, enum types.OID) bool {
	return types.IsEnum(enum) && (t == enum || t == types.Get(enum).Array)
}

// members are the objects in a schema.
func (s *statement) members(schema types.OID) []edge {
	var list []edge
	for _, t := range s.snap().Tables() {
		if t.Schema == schema {
			list = append(list, edge{item{itemTable, t.OID, 0}, false})
		}
	}
	for _, q := range s.snap().Sequences() {
		if q.Schema == schema && q.OwnedTable == 0 {
			list = append(list, edge{item{itemSequence, q.OID, 0}, false})
		}
	}
	for _, d := range s.snap().Domains() {
		if d.Schema == schema {
			list = append(list, edge{item{itemDomain, d.OID, 0}, false})
		}
	}
	for _, f := range s.snap().Functions() {
		if f.Schema == schema {
			list = append(list, edge{item{itemFunction, f.OID, 0}, false})
		}
	}
	for _, x := range s.snap().ExtStatistics() {
		if x.Schema == schema {
			list = append(list, edge{item{itemStatistics, x.OID, 0}, true})
		}
	}
	return list
}

// A drop is a set of items to drop and what depends on them.
type drop struct {
	*statement
	original map[item]bool
	found    map[item]int // index in order
	order    []item       // dependents before what they depend on
	auto     map[item]bool
	because  map[item]item
}

// dropAll drops items, and with cascade what depends on them; without, it fails if
// something does.
func (s *statement) dropAll(items []item, cascade bool) error {
	order, err := s.toDrop(items, cascade)
	if err != nil {
		return err
	}
	for _, it := range order {
		if err := s.remove(it); err != nil {
			return err
		}
	}
	return nil
}

// toDrop lists items and what depends on them, dependents first.
func (s *statement) toDrop(items []item, cascade bool) ([]item, error) {
	d := &drop{statement: s, original: map[item]bool{}, found: map[item]int{}, auto: map[item]bool{}, because: map[item]item{}}
	for _, it := range items {
		d.original[it] = true
	}
	for _, it := range items {
		d.visit(it)
	}
	return d.order, d.report(items, cascade)
}

// visit collects an item and what depends on it, the newest first.
func (d *drop) visit(it item) {
	if _, ok := d.found[it]; ok {
		return
	}
	d.found[it] = -1
	edges := d.dependents(it)
	slices.SortStableFunc(edges, func(a, b edge) int { return d.age(b.to) - d.age(a.to) })
	for _, e := range edges {
		if _, ok := d.found[e.to]; !ok {
			d.because[e.to] = it
			if e.auto {
				d.auto[e.to] = true
			}
		} else if e.auto {
			d.auto[e.to] = true
		}
		d.visit(e.to)
	}
	d.found[it] = len(d.order)
	d.order = append(d.order, it)
}

// age orders items by when they were made.
func (d *drop) age(it item) int {
	switch it.class {
	case itemConstraint:
		return it.sub
	case itemDefault:
		return int(d.snap().Table(it.oid).Columns[it.sub].DefaultOID)
	}
	return int(it.oid)
}

// implied reports whether an item goes with another one that is dropped.
func (d *drop) implied(it item) bool {
	if d.original[it] || d.auto[it] {
		return true
	}
	switch it.class {
	case itemConstraint, itemDefault, itemColumn, itemRowType:
		_, ok := d.found[item{itemTable, it.oid, 0}]
		return ok
	case itemIndex:
		_, ok := d.found[item{itemTable, d.snap().Index(it.oid).Table, 0}]
		return ok
	}
	return false
}

// maxReported is how many dependent objects a message lists.
const maxReported = 100

// report fails if something depends on the items, or says what else is dropped.
func (d *drop) report(items []item, cascade bool) error {
	var blocked, also []string
	for _, it := range slices.Backward(d.order) {
		if d.implied(it) {
			continue
		}
		what := d.describe(it)
		if len(also) < maxReported {
			blocked = append(blocked, what+" depends on "+d.cause(it))
		}
		also = append(also, "drop cascades to "+what)
	}
	switch {
	case len(also) == 0:
		return nil
	case !cascade:
		if n := len(also) - len(blocked); n > 0 {
			blocked = append(blocked, fmt.Sprintf("and %d other object%s (see server log for list)", n, plural(n)))
		}
		msg := "cannot drop desired object(s) because other objects depend on them"
		if len(items) == 1 {
			msg = fmt.Sprintf("cannot drop %s because other objects depend on it", d.describe(items[0]))
		}
		return pgerr.New(pgerr.DependentObjectsStillExist, "%s", msg).WithDetail("%s", strings.Join(blocked, "\n")).
			WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	case len(also) == 1:
		d.notice("00000", "%s", also[0])
	default:
		n := d.notice("00000", "drop cascades to %d other objects", len(also))
		n.Detail = strings.Join(also[:min(len(also), maxReported)], "\n")
	}
	return nil
}

// cause describes what an item depends on. A foreign key depends on the index under a
// constraint, a view on the constraint.
func (d *drop) cause(it item) string {
	on := d.because[it]
	if on.class == itemIndex && it.class == itemConstraint {
		return "index " + d.shown(d.snap().Index(on.oid))
	}
	return d.describe(on)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
