package ddl

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// maxLabel is the longest label in bytes.
const maxLabel = 63

// createEnum runs CREATE TYPE … AS ENUM.
func (s *statement) createEnum(st *ast.CreateEnum) error {
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	if s.snap().ResolveDomain(nil, schema.Name, st.Name.Name) != nil || s.nameTaken(schema.OID, st.Name.Name) {
		return pgerr.New(pgerr.DuplicateObject, "type \"%s\" already exists", st.Name.Name)
	}
	n, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	d := &catalog.Domain{}
	d.OID, d.Name, d.Schema, d.Owner = types.EnumOID(n), st.Name.Name, schema.OID, s.env.Role
	d.Base, d.Array = types.Of(d.OID), types.Get(d.OID).Array
	for _, label := range st.Labels {
		if d.Label(label) >= 0 {
			return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithDetail("Key (enumtypid, enumlabel)=(%d, %s) already exists.", d.OID, label)
		}
		if err := s.addLabel(d, label, len(d.Labels)); err != nil {
			return err
		}
	}
	s.shareOwner(d.Owner)
	s.ed.Put(d)
	return nil
}

// addLabel puts a label before the one at a place.
func (s *statement) addLabel(d *catalog.Domain, label string, at int) error {
	if len(label) > maxLabel {
		return pgerr.New(pgerr.InvalidName, "invalid enum label \"%s\"", label).WithDetail("Labels must be %d bytes or less.", maxLabel)
	}
	oid, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	l := catalog.EnumLabel{OID: oid, Label: label, Sort: 1}
	low, high := "", ""
	if at > 0 {
		before := d.Labels[at-1]
		low, l.Sort = string(before.Rank), before.Sort+1
	}
	if at < len(d.Labels) {
		after := d.Labels[at]
		high, l.Sort = string(after.Rank), after.Sort-1
	}
	if at > 0 && at < len(d.Labels) {
		l.Sort = (d.Labels[at-1].Sort + d.Labels[at].Sort) / 2
	}
	l.Rank = []byte(types.RankBetween(low, high))
	crowded := at > 0 && l.Sort == d.Labels[at-1].Sort || at < len(d.Labels) && l.Sort == d.Labels[at].Sort
	if d.Labels = slices.Insert(slices.Clone(d.Labels), at, l); crowded {
		for i := range d.Labels {
			d.Labels[i].Sort = float32(i + 1)
		}
	}
	return nil
}

// enum finds an enumeration that the role owns.
func (s *statement) enum(n ast.Name) (*catalog.Domain, error) {
	if t := types.ByName(n.Name); t != nil && (n.Schema == "" || n.Schema == "pg_catalog") {
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not an enum", types.FormatType(types.Of(t.OID)))
	}
	d, err := s.domain(n)
	if err == nil && !d.IsEnum() {
		err = pgerr.New(pgerr.WrongObjectType, "%s is not an enum", s.describe(item{itemDomain, d.OID, 0})[len("type "):])
	}
	return d, err
}

// alterEnum runs ALTER TYPE … ADD VALUE and RENAME VALUE.
func (s *statement) alterEnum(st *ast.AlterEnum) error {
	old, err := s.enum(st.Name)
	if err != nil {
		return err
	}
	d := *old
	d.Labels = slices.Clone(old.Labels)
	missing := func(label string) error {
		return pgerr.New(pgerr.InvalidParameterValue, "\"%s\" is not an existing enum label", label)
	}
	at, exists := d.Label(st.Old), d.Label(st.New) >= 0
	switch {
	case st.Old != "" && at < 0:
		return missing(st.Old)
	case exists && st.IfNotExists:
		s.notice(pgerr.DuplicateObject, "enum label \"%s\" already exists, skipping", st.New)
		return nil
	case exists:
		return pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists", st.New)
	case st.Old != "":
		d.Labels[at].Label = st.New
		s.ed.Put(&d)
		return nil
	}
	if at = len(d.Labels); st.Neighbor != "" {
		if at = d.Label(st.Neighbor); at < 0 {
			return missing(st.Neighbor)
		}
		if st.After {
			at++
		}
	}
	if err := s.addLabel(&d, st.New, at); err != nil {
		return err
	}
	s.ed.Put(&d)
	return nil
}
