package ddl

import (
	"maps"
	"slices"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

// PostgreSQL stores trees that name objects by number, so that they follow a renaming.
// Here views are texts, which are printed anew with the names of the new catalog. Other
// texts that name an object of theirs are not; their users are told so.

// noStoredText notes the views that name an object which is to be renamed, and fails if
// another text does. The default of a column can refer to a sequence only as a regclass,
// which is stored by OID.
func (s *statement) noStoredText(oid types.OID, what string) error {
	sequence := s.snap().Sequence(oid) != nil
	for _, e := range s.users(oid, -1) {
		switch {
		case sequence && e.to.class == itemDefault:
		case e.to.class == itemTable && s.env.Bind.RetextView != nil && s.snap().Table(e.to.oid).Kind == catalog.RelView && s.snap().Function(oid) == nil:
			s.follow(e.to.oid, what)
		default:
			return unsupported("cannot rename %s because %s depends on it", what, s.describe(e.to))
		}
	}
	return nil
}

func (s *statement) follow(view types.OID, what string) {
	if s.followers == nil {
		s.followers = map[types.OID]string{}
	}
	s.followers[view] = what
}

// followed prints the views anew that name what a statement has renamed.
func (s *statement) followed(err error) error {
	if err != nil {
		return err
	}
	for _, oid := range slices.Sorted(maps.Keys(s.followers)) {
		v := s.snap().Table(oid).Clone()
		if v.ViewText, err = s.env.Bind.RetextView(s.env.Snap, s.snap(), s.env.Snap.Table(oid), v); err != nil {
			return unsupported("cannot rename %s because %s depends on it", s.followers[oid], s.describe(item{itemTable, oid, 0}))
		}
		s.ed.Put(v)
	}
	return nil
}

// renamedPath is a stored search path after a schema has been renamed.
func renamedPath(path []string, from, to string) []string {
	out := slices.Clone(path)
	for i, name := range out {
		if name == from {
			out[i] = to
		}
	}
	return out
}

// followSchema gives the stored search paths a schema's new name.
func (s *statement) followSchema(from, to string) {
	for _, t := range s.snap().Tables() {
		if slices.Contains(t.ViewPath, from) {
			c := t.Clone()
			c.ViewPath = renamedPath(t.ViewPath, from, to)
			s.ed.Put(c)
		}
	}
	for _, f := range s.snap().Functions() {
		if f.SQLBody && slices.Contains(f.Path, from) {
			c := *f
			c.Path = renamedPath(f.Path, from, to)
			s.ed.Put(&c)
		}
	}
}
