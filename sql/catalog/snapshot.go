package catalog

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"zorya/kv"
	"zorya/sql/types"
)

// A Snapshot is the whole catalog at one version. It is immutable and safe for
// concurrent use, except for an Editor's, which only the editing goroutine has.
type Snapshot struct {
	// Version is the commit time of the newest change that it contains. That of a
	// snapshot with uncommitted changes is unique, and later than every commit.
	Version kv.Timestamp

	objects map[types.OID]Object
	indexes map[types.OID]*Index
	names   map[nameID]types.OID
	funcs   map[nameID][]*Function
	rowType map[types.OID]*Table // by Table.Type
	// holders are the table or domain of each constraint.
	holders map[types.OID]Object
	tables  *tableList
	virtual *virtualSet
	stats   *statsStore
}

// A tableList is all tables in order, made when it is first asked for.
type tableList struct {
	once sync.Once
	list []*Table
}

// A nameID is a name in its name space. Classes: 'r' relations, 't' types, 'n'
// schemas, 'o' roles, 'x' statistics, 'f' functions.
type nameID struct {
	class  byte
	schema types.OID
	name   string
}

// virtualSet are the tables that are computed. They are the same in all snapshots
// of a Cache.
type virtualSet struct {
	list  []*Table
	oids  map[types.OID]*Table
	names map[nameID]*Table
}

func newVirtualSet(tables []*Table) *virtualSet {
	v := &virtualSet{list: tables, oids: map[types.OID]*Table{}, names: map[nameID]*Table{}}
	for _, t := range tables {
		v.oids[t.OID] = t
		v.names[nameID{'r', t.Schema, t.Name}] = t
	}
	return v
}

// NewSnapshot makes a snapshot of given objects: for tests of packages that need
// a catalog without a store. The objects of Bootstrap are added unless the list
// has an object of their OID.
func NewSnapshot(version kv.Timestamp, virtual []*Table, objects ...Object) *Snapshot {
	s := emptySnapshot(version, newVirtualSet(virtual), newStatsStore())
	for _, o := range append(bootObjects(), objects...) {
		if old := s.objects[o.ID()]; old != nil {
			s.remove(old)
		}
		s.add(o)
	}
	return s
}

func emptySnapshot(version kv.Timestamp, virtual *virtualSet, stats *statsStore) *Snapshot {
	return &Snapshot{
		Version: version, virtual: virtual, stats: stats,
		objects: map[types.OID]Object{}, indexes: map[types.OID]*Index{},
		names: map[nameID]types.OID{}, funcs: map[nameID][]*Function{}, rowType: map[types.OID]*Table{},
		holders: map[types.OID]Object{}, tables: &tableList{},
	}
}

// edits numbers the snapshots with uncommitted changes.
var edits atomic.Uint64

// private returns a copy that an Editor may change.
func (s *Snapshot) private() *Snapshot {
	c := *s
	c.Version = kv.MaxTimestamp - kv.Timestamp(edits.Add(1))
	c.objects, c.indexes = maps.Clone(s.objects), maps.Clone(s.indexes)
	c.names, c.funcs, c.rowType = maps.Clone(s.names), maps.Clone(s.funcs), maps.Clone(s.rowType)
	c.holders, c.tables = maps.Clone(s.holders), &tableList{}
	return &c
}

// entries are the names that an object has.
func entries(o Object) []nameID {
	switch o := o.(type) {
	case *Table:
		list := []nameID{{'r', o.Schema, o.Name}}
		for _, x := range o.AllIndexes() {
			if !x.Hidden {
				list = append(list, nameID{'r', o.Schema, x.Name})
			}
		}
		return list
	case *Sequence:
		return []nameID{{'r', o.Schema, o.Name}}
	case *Schema:
		return []nameID{{'n', 0, o.Name}}
	case *Role:
		return []nameID{{'o', 0, o.Name}}
	case *Domain:
		return []nameID{{'t', o.Schema, o.Name}}
	case *ExtStatistics:
		return []nameID{{'x', o.Schema, o.Name}}
	}
	return nil
}

// constraintOIDs are the constraints that an object holds.
func constraintOIDs(o Object) []types.OID {
	var list []types.OID
	switch o := o.(type) {
	case *Table:
		for _, x := range o.AllIndexes() {
			if x.ConstraintOID != 0 {
				list = append(list, x.ConstraintOID)
			}
		}
		for i := range o.Checks {
			list = append(list, o.Checks[i].OID)
		}
		for i := range o.FKs {
			list = append(list, o.FKs[i].OID)
		}
	case *Domain:
		for i := range o.Checks {
			list = append(list, o.Checks[i].OID)
		}
	}
	return list
}

func (s *Snapshot) add(o Object) {
	s.objects[o.ID()] = o
	s.tables = &tableList{}
	for _, c := range constraintOIDs(o) {
		s.holders[c] = o
	}
	for _, n := range entries(o) {
		s.names[n] = o.ID()
	}
	switch o := o.(type) {
	case *Table:
		for _, x := range o.AllIndexes() {
			s.indexes[x.OID] = x
			if !x.Hidden {
				s.names[nameID{'r', o.Schema, x.Name}] = x.OID
			}
		}
		if o.Type != 0 {
			s.rowType[o.Type] = o
		}
	case *Function:
		id := nameID{'f', o.Schema, o.Name}
		s.funcs[id] = append(slices.Clone(s.funcs[id]), o)
	}
}

func (s *Snapshot) remove(o Object) {
	delete(s.objects, o.ID())
	s.tables = &tableList{}
	for _, c := range constraintOIDs(o) {
		delete(s.holders, c)
	}
	for _, n := range entries(o) {
		delete(s.names, n)
	}
	switch o := o.(type) {
	case *Table:
		for _, x := range o.AllIndexes() {
			delete(s.indexes, x.OID)
		}
		delete(s.rowType, o.Type)
	case *Function:
		id := nameID{'f', o.Schema, o.Name}
		s.funcs[id] = slices.DeleteFunc(slices.Clone(s.funcs[id]), func(f *Function) bool { return f.OID == o.OID })
	}
}

// object returns the object of that OID if it is a T, else T's zero.
func object[T Object](s *Snapshot, oid types.OID) T {
	o, _ := s.objects[oid].(T)
	return o
}

// Object returns the stored object of that OID, or nil. (Neither indexes nor
// virtual tables.)
func (s *Snapshot) Object(oid types.OID) Object { return s.objects[oid] }

// Table returns the table, view or virtual table, or nil.
func (s *Snapshot) Table(oid types.OID) *Table {
	if t := object[*Table](s, oid); t != nil {
		return t
	}
	return s.virtual.oids[oid]
}

// Index returns the index, or nil.
func (s *Snapshot) Index(oid types.OID) *Index { return s.indexes[oid] }

// Sequence returns the sequence, or nil.
func (s *Snapshot) Sequence(oid types.OID) *Sequence { return object[*Sequence](s, oid) }

// Schema returns the schema, or nil.
func (s *Snapshot) Schema(oid types.OID) *Schema { return object[*Schema](s, oid) }

// Role returns the role, or nil.
func (s *Snapshot) Role(oid types.OID) *Role { return object[*Role](s, oid) }

// Domain returns the domain, or nil.
func (s *Snapshot) Domain(oid types.OID) *Domain { return object[*Domain](s, oid) }

// Function returns the user's function, or nil.
func (s *Snapshot) Function(oid types.OID) *Function { return object[*Function](s, oid) }

// TableOfType returns the table whose row type that is, or nil.
func (s *Snapshot) TableOfType(oid types.OID) *Table { return s.rowType[oid] }

// Relation returns the relation of that OID, or nil.
func (s *Snapshot) RelationByOID(oid types.OID) Relation {
	switch o := s.objects[oid].(type) {
	case *Table:
		return o
	case *Sequence:
		return o
	}
	if x := s.indexes[oid]; x != nil {
		return x
	}
	if t := s.virtual.oids[oid]; t != nil {
		return t
	}
	return nil
}

// listOf returns the objects that are Ts, by OID.
func listOf[T Object](s *Snapshot) []T {
	var list []T
	for _, o := range s.objects {
		if t, ok := o.(T); ok {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b T) int { return int(int64(a.ID()) - int64(b.ID())) })
	return list
}

// Tables returns the stored tables and the views, by OID. The slice is shared.
func (s *Snapshot) Tables() []*Table {
	l := s.tables
	l.once.Do(func() { l.list = listOf[*Table](s) })
	return l.list
}

// ConstraintHolder returns the *Table or *Domain that has the constraint of that
// OID, or nil.
func (s *Snapshot) ConstraintHolder(oid types.OID) Object { return s.holders[oid] }

// Virtual returns the computed tables. The slice is shared.
func (s *Snapshot) Virtual() []*Table { return s.virtual.list }

// Sequences returns all sequences, by OID.
func (s *Snapshot) Sequences() []*Sequence { return listOf[*Sequence](s) }

// Schemas returns all schemas, by OID.
func (s *Snapshot) Schemas() []*Schema { return listOf[*Schema](s) }

// Roles returns all roles, by OID.
func (s *Snapshot) Roles() []*Role { return listOf[*Role](s) }

// Domains returns all domains, by OID.
func (s *Snapshot) Domains() []*Domain { return listOf[*Domain](s) }

// Functions returns the users' functions, by OID.
func (s *Snapshot) Functions() []*Function { return listOf[*Function](s) }

// Mappings returns the IAM mappings, by OID.
func (s *Snapshot) Mappings() []*IAMMapping { return listOf[*IAMMapping](s) }

// DefaultACLs returns what ALTER DEFAULT PRIVILEGES set, by OID.
func (s *Snapshot) DefaultACLs() []*DefaultACL { return listOf[*DefaultACL](s) }

// ExtStatistics returns the extended statistics, by OID.
func (s *Snapshot) ExtStatistics() []*ExtStatistics { return listOf[*ExtStatistics](s) }
