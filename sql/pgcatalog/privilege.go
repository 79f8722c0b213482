package pgcatalog

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// roleArg takes the optional first argument of has_…_privilege, a role by name or
// OID, off the arguments. n is how many there are without it.
func (e *Env) roleArg(a []types.Datum, n int) (types.OID, []types.Datum, error) {
	if len(a) <= n {
		return e.Role, a, nil
	}
	if a[0].Kind != types.KindBytes {
		return oidArg(a[0]), a[1:], nil
	}
	if a[0].S == "public" {
		return 0, a[1:], nil
	}
	r := e.Snap.RoleByName(a[0].S)
	if r == nil {
		return 0, nil, pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", a[0].S)
	}
	return r.OID, a[1:], nil
}

// objectArg is an object given by OID or name.
func (e *Env) objectArg(kind string, d types.Datum) (types.OID, error) {
	if d.Kind == types.KindBytes {
		return ResolveName(e, kind, d.S)
	}
	return oidArg(d), nil
}

// A wanted privilege, perhaps with grant option.
type wantedPriv struct {
	letter byte
	option bool
}

// privilegeList reads "SELECT, INSERT WITH GRANT OPTION".
func privilegeList(s string, kind byte) ([]wantedPriv, error) {
	var list []wantedPriv
	for _, word := range strings.Split(s, ",") {
		w := strings.ToUpper(strings.TrimSpace(word))
		name, option := strings.CutSuffix(w, " WITH GRANT OPTION")
		l := catalog.PrivilegeLetter(strings.TrimSpace(name))
		if l == 0 || strings.IndexByte(catalog.AllPrivileges(kind), l) < 0 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.TrimSpace(word))
		}
		list = append(list, wantedPriv{l, option})
	}
	return list, nil
}

// privilege is has_X_privilege([role,] object, privileges): true if the role holds
// any of them.
func privilege(kind byte, names string) catalogFunc {
	return func(e *Env, a []types.Datum) (any, error) {
		role, a, err := e.roleArg(a, 2)
		if err != nil {
			return nil, err
		}
		oid, err := e.objectArg(names, a[0])
		if err != nil {
			return nil, err
		}
		list, err := privilegeList(a[1].S, kind)
		if err != nil {
			return nil, err
		}
		if c, ok := e.class(oid); ok && kind == catalog.OnSequence && c.kind != 'S' {
			return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a sequence", c.head.Name)
		}
		if !e.exists(kind, oid) {
			return nil, nil
		}
		for _, p := range list {
			if !p.option && e.Snap.MayDo(role, catalog.PrivCheck{OID: oid, Kind: kind, Priv: p.letter}) || p.option && e.mayGrant(role, kind, oid, p.letter) {
				return true, nil
			}
		}
		return false, nil
	}
}

// exists reports whether there is an object with privileges of that OID.
func (e *Env) exists(kind byte, oid types.OID) bool {
	switch kind {
	case catalog.OnTable, catalog.OnSequence:
		_, ok := e.class(oid)
		return ok
	case catalog.OnSchema:
		return e.Snap.Schema(oid) != nil
	}
	return true
}

// mayGrant reports whether a role holds a privilege with grant option.
func (e *Env) mayGrant(role types.OID, kind byte, oid types.OID, letter byte) bool {
	var h *catalog.Header
	if c, ok := e.class(oid); ok && kind != catalog.OnSchema {
		h = c.head
	} else if n := e.Snap.Schema(oid); n != nil {
		h = &n.Header
	} else {
		return false
	}
	_, privs := e.Snap.GrantOptions(role, kind, h.Owner, h.ACL, string(letter))
	return privs != ""
}

// columnPrivilege is has_column_privilege([role,] table, column, privileges), and
// with some has_any_column_privilege([role,] table, privileges).
func columnPrivilege(some bool) catalogFunc {
	n := 3
	if some {
		n = 2
	}
	return func(e *Env, a []types.Datum) (any, error) {
		role, a, err := e.roleArg(a, n)
		if err != nil {
			return nil, err
		}
		oid, err := e.objectArg("class", a[0])
		if err != nil {
			return nil, err
		}
		t := e.Snap.Table(oid)
		if t == nil {
			return nil, nil
		}
		cols := []int{}
		if !some {
			col := int(a[1].I) - 1
			if a[1].Kind == types.KindBytes {
				if col = t.Column(a[1].S); col < 0 {
					return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, t.Name)
				}
			}
			if col < 0 || col >= len(t.Columns) || t.Columns[col].Dropped {
				return nil, nil
			}
			cols = append(cols, col)
		}
		list, err := privilegeList(a[len(a)-1].S, catalog.OnColumn)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if e.Snap.MayDo(role, catalog.PrivCheck{OID: oid, Kind: catalog.OnTable, Priv: p.letter, Cols: cols}) {
				return true, nil
			}
		}
		return false, nil
	}
}

// databasePrivilege: everybody may connect; nobody makes temporary tables; admin
// makes schemas.
func (e *Env) databasePrivilege(a []types.Datum) (any, error) {
	role, a, err := e.roleArg(a, 2)
	if err != nil {
		return nil, err
	}
	if a[0].Kind == types.KindBytes && a[0].S != "postgres" {
		return nil, pgerr.New(pgerr.InvalidCatalogName, "database \"%s\" does not exist", a[0].S)
	}
	list, err := privilegeList(a[1].S, catalog.OnDatabase)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.letter == 'c' && !p.option || p.letter == 'C' && role == catalog.AdminRole {
			return true, nil
		}
	}
	return false, nil
}

// hasRole is pg_has_role([member,] role, 'MEMBER' | 'USAGE' | 'SET').
func (e *Env) hasRole(a []types.Datum) (any, error) {
	member, a, err := e.roleArg(a, 2)
	if err != nil {
		return nil, err
	}
	role, err := e.objectArg("role", a[0])
	if err != nil {
		return nil, err
	}
	for _, word := range strings.Split(a[1].S, ",") {
		word = strings.TrimSpace(word)
		name, option, _ := strings.Cut(strings.ToUpper(word), " WITH ")
		switch {
		case option != "" && e.Snap.AdminOf(member, role):
			return true, nil
		case option != "":
		case (name == "MEMBER" || name == "SET") && e.Snap.MemberOf(member, role), name == "USAGE" && e.Snap.HasPrivsOf(member, role):
			return true, nil
		case name != "MEMBER" && name != "SET" && name != "USAGE":
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.TrimSpace(word))
		}
	}
	return false, nil
}
