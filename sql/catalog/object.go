package catalog

import (
	"maps"
	"slices"

	"zorya/sql/types"
)

// An Object is what a descriptor holds: *Table, *Sequence, *Schema, *Role,
// *Domain, *Function, *IAMMapping, *DefaultACL or *ExtStatistics. (An *Index
// lives in its table's descriptor.)
type Object interface {
	// ID is the object's OID, unique among all objects of a cluster.
	ID() types.OID
	// kind is the letter that the descriptor's key has.
	kind() byte
}

// A Relation is what a relation's name may mean: *Table, *Index or *Sequence.
type Relation interface {
	ID() types.OID
	Head() *Header
	RelKind() RelKind
}

// ID returns the OID.
func (h *Header) ID() types.OID { return h.OID }

// Head returns the header itself, so that objects of all kinds share code.
func (h *Header) Head() *Header { return h }

// ID returns the OID.
func (m *IAMMapping) ID() types.OID { return m.OID }

// ID returns the OID.
func (d *DefaultACL) ID() types.OID { return d.OID }

// Letters of descriptor kinds, as they stand in keys.
const (
	KindTable      byte = 't' // tables and views, with their indexes
	KindSequence   byte = 'S'
	KindSchema     byte = 'n'
	KindRole       byte = 'o'
	KindDomain     byte = 'd'
	KindFunction   byte = 'f'
	KindIAM        byte = 'm'
	KindDefaultACL byte = 'a'
	KindStatistics byte = 'x'
)

func (*Table) kind() byte         { return KindTable }
func (*Sequence) kind() byte      { return KindSequence }
func (*Schema) kind() byte        { return KindSchema }
func (*Role) kind() byte          { return KindRole }
func (*Domain) kind() byte        { return KindDomain }
func (*Function) kind() byte      { return KindFunction }
func (*IAMMapping) kind() byte    { return KindIAM }
func (*DefaultACL) kind() byte    { return KindDefaultACL }
func (*ExtStatistics) kind() byte { return KindStatistics }

// TypeOID is the type of the sequence's values.
func (q *Sequence) TypeOID() types.OID {
	if q.Type == 0 {
		return types.Int8OID
	}
	return q.Type
}

// AsTable is what SELECT reads from the sequence: its one row.
func (q *Sequence) AsTable() *Table {
	t := &Table{Header: q.Header, Kind: RelVirtual}
	for _, c := range []struct {
		name string
		t    types.OID
	}{{"last_value", types.Int8OID}, {"log_cnt", types.Int8OID}, {"is_called", types.BoolOID}} {
		t.Columns = append(t.Columns, Col{Name: c.name, T: types.Of(c.t), NotNull: true})
	}
	return t
}

// IsEnum reports whether the type is an enumeration.
func (d *Domain) IsEnum() bool { return types.IsEnum(d.OID) }

// Label returns the index of a label, or -1.
func (d *Domain) Label(label string) int {
	return slices.IndexFunc(d.Labels, func(l EnumLabel) bool { return l.Label == label })
}

// Declared is the type of an argument (by index in Args; -1: the result) as declared.
func (f *Function) Declared(i int) types.OID {
	switch d := f.Domains[i]; {
	case d != 0:
		return d
	case i < 0:
		return f.Result
	}
	return f.Args[i]
}

// Inputs are the indexes in Args of the arguments that a call gives.
func (f *Function) Inputs() []int {
	var list []int
	for i := range f.Args {
		if i >= len(f.ArgModes) || f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			list = append(list, i)
		}
	}
	return list
}

// newObject makes an empty object of a kind; nil for a kind that does not exist.
func newObject(kind byte) Object {
	switch kind {
	case KindTable:
		return &Table{}
	case KindSequence:
		return &Sequence{}
	case KindSchema:
		return &Schema{}
	case KindRole:
		return &Role{}
	case KindDomain:
		return &Domain{}
	case KindFunction:
		return &Function{}
	case KindIAM:
		return &IAMMapping{}
	case KindDefaultACL:
		return &DefaultACL{}
	case KindStatistics:
		return &ExtStatistics{}
	}
	return nil
}

// RelKind returns the kind of relation.
func (t *Table) RelKind() RelKind { return t.Kind }

// RelKind returns RelIndex.
func (*Index) RelKind() RelKind { return RelIndex }

// RelKind returns RelSequence.
func (*Sequence) RelKind() RelKind { return RelSequence }

// Clone returns a copy that shares nothing that may be changed with t.
func (t *Table) Clone() *Table {
	c := *t
	c.ACL = slices.Clone(t.ACL)
	c.Columns = slices.Clone(t.Columns)
	for i := range c.Columns {
		c.Columns[i].ACL = slices.Clone(c.Columns[i].ACL)
	}
	if t.Primary != nil {
		c.Primary = t.Primary.Clone()
	}
	c.Indexes = slices.Clone(t.Indexes)
	for i, x := range c.Indexes {
		c.Indexes[i] = x.Clone()
	}
	c.Checks = slices.Clone(t.Checks)
	c.FKs = slices.Clone(t.FKs)
	c.RefBy = slices.Clone(t.RefBy)
	c.ViewPath = slices.Clone(t.ViewPath)
	c.ViewWidths = maps.Clone(t.ViewWidths)
	c.ViewRefs = slices.Clone(t.ViewRefs)
	return &c
}

// Clone returns a copy that shares nothing that may be changed with x.
func (x *Index) Clone() *Index {
	c := *x
	c.ACL = slices.Clone(x.ACL)
	c.Keys = slices.Clone(x.Keys)
	c.Include = slices.Clone(x.Include)
	return &c
}

// Clone returns a copy whose memberships and settings may be changed.
func (r *Role) Clone() *Role {
	c := *r
	c.MemberOf = slices.Clone(r.MemberOf)
	c.Settings = make(map[string]string, len(r.Settings))
	for k, v := range r.Settings {
		c.Settings[k] = v
	}
	return &c
}

// Column returns the index of the live column of that name, or -1.
func (t *Table) Column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name && !t.Columns[i].Dropped {
			return i
		}
	}
	return -1
}

// Live returns the indexes of the columns that are not dropped, in order.
func (t *Table) Live() []int {
	live := make([]int, 0, len(t.Columns))
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			live = append(live, i)
		}
	}
	return live
}

// AllIndexes returns the primary index, if the user asked for one or a hidden one
// is there, and then the secondary ones.
func (t *Table) AllIndexes() []*Index {
	if t.Primary == nil {
		return t.Indexes
	}
	return append([]*Index{t.Primary}, t.Indexes...)
}

// Index returns the index with that OID, or nil.
func (t *Table) Index(oid types.OID) *Index {
	for _, x := range t.AllIndexes() {
		if x.OID == oid {
			return x
		}
	}
	return nil
}
