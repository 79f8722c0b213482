package pgcatalog

import "zorya/sql/types"

// namesOf is an Env as types.Names.
type namesOf struct{ e *Env }

// NamesOf gives the names of a session's catalog.
func NamesOf(e *Env) types.Names { return namesOf{e} }

func (n namesOf) ResolveName(kind, name string) (types.OID, error) {
	return ResolveName(n.e, kind, name)
}

func (n namesOf) ObjectName(kind string, oid types.OID) (string, bool) {
	return ObjectName(n.e, kind, oid)
}

func (n namesOf) EnumLabel(t types.OID, rank string) (string, bool) {
	d := n.e.Snap.Domain(t)
	if d == nil {
		return "", false
	}
	for i := range d.Labels {
		if string(d.Labels[i].Rank) == rank {
			return d.Labels[i].Label, true
		}
	}
	return "", false
}

func (n namesOf) EnumRank(t types.OID, label string) (string, bool) {
	d := n.e.Snap.Domain(t)
	if d == nil {
		return "", false
	}
	i := d.Label(label)
	if i < 0 {
		return "", false
	}
	return string(d.Labels[i].Rank), true
}

func (n namesOf) EnumRanks(t types.OID) []string {
	var list []string
	if d := n.e.Snap.Domain(t); d != nil {
		for i := range d.Labels {
			list = append(list, string(d.Labels[i].Rank))
		}
	}
	return list
}
