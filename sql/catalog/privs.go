package catalog

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// Check reports the first of the checks that role fails, as 42501 with
// PostgreSQL's text; nil if it may do all. Objects that do not exist pass: whoever
// uses them finds out.
func (s *Snapshot) Check(role types.OID, checks []PrivCheck) error {
	for i := range checks {
		c := &checks[i]
		r := role
		if c.As != 0 {
			r = c.As
		}
		if !s.allowed(r, c) {
			return s.denied(c)
		}
	}
	return nil
}

// MayDo reports whether a role may do one thing.
func (s *Snapshot) MayDo(role types.OID, c PrivCheck) bool { return s.allowed(role, &c) }

func (s *Snapshot) allowed(role types.OID, c *PrivCheck) bool {
	if role == AdminRole && s.virtual.oids[c.OID] == nil {
		return true
	}
	kind, owner, acl, ok := s.aclOf(c.OID, c.Kind)
	if !ok {
		return true
	}
	if kind == OnTable {
		if x := s.Index(c.OID); x != nil {
			return s.allowed(role, &PrivCheck{OID: x.Table, Kind: OnTable, Priv: c.Priv})
		}
	}
	roles := s.rolesOf(role)
	if holds(roles, EffectiveACL(kind, owner, acl), c.Priv) {
		return true
	}
	return kind == OnTable && c.Cols != nil && s.columnsAllowed(roles, c)
}

// columnsAllowed reports whether column privileges suffice.
func (s *Snapshot) columnsAllowed(roles map[types.OID]bool, c *PrivCheck) bool {
	t := s.Table(c.OID)
	if t == nil || t.Kind == RelVirtual {
		return false
	}
	if len(c.Cols) == 0 {
		for i := range t.Columns {
			if !t.Columns[i].Dropped && holds(roles, t.Columns[i].ACL, c.Priv) {
				return true
			}
		}
		return false
	}
	for _, i := range c.Cols {
		if i < 0 || i >= len(t.Columns) || !holds(roles, t.Columns[i].ACL, c.Priv) {
			return false
		}
	}
	return true
}

func holds(roles map[types.OID]bool, acl []ACLItem, priv byte) bool {
	for _, a := range acl {
		if (a.Grantee == 0 || roles[a.Grantee]) && strings.IndexByte(a.Privs, priv) >= 0 {
			return true
		}
	}
	return false
}

// aclOf finds an object's owner and privileges, and what kind they are of.
func (s *Snapshot) aclOf(oid types.OID, kind byte) (k byte, owner types.OID, acl []ACLItem, ok bool) {
	var h *Header
	switch o := s.objects[oid].(type) {
	case *Table:
		h, k = &o.Header, OnTable
	case *Sequence:
		h, k = &o.Header, OnSequence
	case *Schema:
		h, k = &o.Header, OnSchema
	case *Function:
		h, k = &o.Header, OnFunction
	case *Domain:
		h, k = &o.Header, OnType
	default:
		if t := s.virtual.oids[oid]; t != nil {
			return OnTable, AdminRole, virtualACL(t), true
		}
		if x := s.indexes[oid]; x != nil {
			return OnTable, x.Owner, nil, true
		}
		return 0, 0, nil, false
	}
	return k, h.Owner, h.ACL, true
}

// virtualACL is what may be done with a computed table: everybody reads, unless
// its own list says otherwise; nobody writes.
func virtualACL(t *Table) []ACLItem {
	if t.ACL != nil {
		return t.ACL
	}
	return []ACLItem{{Grantor: AdminRole, Privs: "r"}}
}

// rolesOf returns a role and all whose privileges it has by membership.
func (s *Snapshot) rolesOf(role types.OID) map[types.OID]bool {
	return s.closure(role, func(r *Role) bool { return r.Inherit })
}

// closure follows memberships from role; follow says whether a role's count.
func (s *Snapshot) closure(role types.OID, follow func(*Role) bool) map[types.OID]bool {
	found := map[types.OID]bool{role: true}
	queue := []types.OID{role}
	for len(queue) > 0 {
		r := s.Role(queue[0])
		queue = queue[1:]
		if r == nil || !follow(r) {
			continue
		}
		for _, m := range r.MemberOf {
			if !found[m.Role] {
				found[m.Role] = true
				queue = append(queue, m.Role)
			}
		}
	}
	return found
}

// MemberOf reports whether member is role or, directly or not, a member of it.
// admin counts as a member of every role.
func (s *Snapshot) MemberOf(member, role types.OID) bool {
	return member == AdminRole || s.closure(member, func(*Role) bool { return true })[role]
}

// HasPrivsOf reports whether member may act as role without SET ROLE: as
// MemberOf, but through roles that inherit.
func (s *Snapshot) HasPrivsOf(member, role types.OID) bool {
	return member == AdminRole || s.rolesOf(member)[role]
}

// AdminOf reports whether member may grant membership in role.
func (s *Snapshot) AdminOf(member, role types.OID) bool {
	if member == AdminRole {
		return true
	}
	for oid := range s.closure(member, func(*Role) bool { return true }) {
		if r := s.Role(oid); r != nil {
			for _, m := range r.MemberOf {
				if m.Role == role && m.Admin {
					return true
				}
			}
		}
	}
	return false
}

// CheckOwner fails with 42501 `must be owner of …` unless role owns the object.
// what is the kind's name ("table", "schema", "function" …).
func (s *Snapshot) CheckOwner(role types.OID, h *Header, what string) error {
	if s.virtual.oids[h.OID] == nil && s.HasPrivsOf(role, h.Owner) {
		return nil
	}
	return pgerr.New(pgerr.InsufficientPrivilege, "must be owner of %s %s", what, h.Name)
}

// GrantOptions returns the privileges of an object that role may grant, and the
// role as which it grants them: the owner if role may act for it, else role or a
// role that it is a member of (PostgreSQL's select_best_grantor).
func (s *Snapshot) GrantOptions(role types.OID, kind byte, owner types.OID, acl []ACLItem, wanted string) (grantor types.OID, privs string) {
	if s.HasPrivsOf(role, owner) && owner != DatabaseOwner {
		return owner, wanted
	}
	grantor = role
	for r := range s.rolesOf(role) {
		var held string
		for _, a := range EffectiveACL(kind, owner, acl) {
			if a.Grantee == r {
				held = union(held, intersect(a.Option, wanted))
			}
		}
		if len(held) > len(privs) {
			grantor, privs = r, held
		}
	}
	return grantor, privs
}

func intersect(a, b string) string { return without(a, without(a, b)) }

// denied is the error of a failed check.
func (s *Snapshot) denied(c *PrivCheck) error {
	what, name := "table", ""
	switch o := s.objects[c.OID].(type) {
	case *Table:
		name = o.Name
		if o.Kind == RelView {
			what = "view"
		}
	case *Sequence:
		what, name = "sequence", o.Name
	case *Schema:
		what, name = "schema", o.Name
	case *Function:
		what, name = "function", o.Name
	case *Domain:
		what, name = "type", o.Name
	default:
		if r := s.RelationByOID(c.OID); r != nil {
			name = r.Head().Name
		}
	}
	return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for %s %s", what, name)
}
