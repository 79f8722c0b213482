package ddl

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// truncate runs TRUNCATE: the tables get new, empty storage, whatever their size.
func (s *statement) truncate(st *ast.Truncate) error {
	var list []types.OID
	for _, n := range st.Names {
		r, err := s.mustRelation(n)
		if err != nil {
			return err
		}
		t, ok := r.(*catalog.Table)
		if !ok || t.Kind == catalog.RelView {
			return pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a table", r.Head().Name)
		}
		if t.Kind == catalog.RelVirtual {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", t.Name)
		}
		if !slices.Contains(list, t.OID) {
			list = append(list, t.OID)
		}
	}
	for i := 0; i < len(list); i++ {
		t := s.snap().Table(list[i])
		if err := s.snap().Check(s.env.Role, []catalog.PrivCheck{{OID: t.OID, Kind: catalog.OnTable, Priv: 'D'}}); err != nil {
			return err
		}
		for _, oid := range t.RefBy {
			if slices.Contains(list, oid) {
				continue
			}
			c := s.snap().Table(oid)
			if !st.Cascade {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table \"%s\" references \"%s\".", c.Name, t.Name).
					WithHint("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", c.Name)
			}
			s.notice("00000", "truncate cascades to table \"%s\"", c.Name)
			list = append(list, oid)
		}
	}
	for _, oid := range list {
		if err := s.newStorage(s.snap().Table(oid).Clone()); err != nil {
			return err
		}
		if st.Restart {
			if err := s.restartOwned(oid); err != nil {
				return err
			}
		}
	}
	return nil
}

// restartOwned starts the sequences of a table's columns anew.
func (s *statement) restartOwned(table types.OID) error {
	for _, q := range s.snap().Sequences() {
		if q.OwnedTable == table {
			if err := s.env.SetSequence(s.ctx, q, q.Start, false); err != nil {
				return err
			}
		}
	}
	return nil
}
