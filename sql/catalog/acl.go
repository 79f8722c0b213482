package catalog

import (
	"slices"
	"strings"

	"zorya/sql/types"
)

// Kinds of objects with privileges, as in PrivCheck.Kind and DefaultACL.Object.
const (
	OnTable    byte = 'r'
	OnSequence byte = 'S'
	OnSchema   byte = 'n'
	OnFunction byte = 'f'
	OnType     byte = 'T'
	OnColumn   byte = 'c'
	OnDatabase byte = 'd'
)

// aclOrder is the order in which PostgreSQL prints privileges.
const aclOrder = "arwdDxtXUCTc"

// privilegesOf are the privileges that a kind of object has.
var privilegesOf = map[byte]string{
	OnTable: "arwdDxt", OnSequence: "rwU", OnSchema: "UC", OnFunction: "X", OnType: "U", OnColumn: "arwx", OnDatabase: "CTc",
}

// AllPrivileges returns the letters of the privileges that a kind of object has.
func AllPrivileges(kind byte) string { return privilegesOf[kind] }

// PrivilegeNames are the SQL names of the privileges, by letter.
var PrivilegeNames = map[byte]string{
	'a': "INSERT", 'r': "SELECT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER",
	'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE", 'T': "TEMPORARY", 'c': "CONNECT",
}

// PrivilegeLetter returns the letter of a privilege's SQL name in any case, or 0.
func PrivilegeLetter(name string) byte {
	for l, n := range PrivilegeNames {
		if strings.EqualFold(n, name) {
			return l
		}
	}
	if strings.EqualFold(name, "TEMP") {
		return 'T'
	}
	return 0
}

// EffectiveACL is an object's list of privileges: its own, or its kind's default
// when it has none.
func EffectiveACL(kind byte, owner types.OID, acl []ACLItem) []ACLItem {
	if acl != nil || kind == OnColumn {
		return acl
	}
	list := []ACLItem{{Grantee: owner, Grantor: owner, Privs: privilegesOf[kind]}}
	if kind == OnFunction || kind == OnType {
		list = append([]ACLItem{{Grantor: owner, Privs: privilegesOf[kind]}}, list...)
	}
	return list
}

// GrantACL returns acl with privileges (letters) added.
func GrantACL(acl []ACLItem, grantor, grantee types.OID, privs string, option bool) []ACLItem {
	acl = slices.Clone(acl)
	i := slices.IndexFunc(acl, func(a ACLItem) bool { return a.Grantee == grantee && a.Grantor == grantor })
	if i < 0 {
		acl = append(acl, ACLItem{Grantee: grantee, Grantor: grantor})
		i = len(acl) - 1
	}
	acl[i].Privs = union(acl[i].Privs, privs)
	if option {
		acl[i].Option = union(acl[i].Option, privs)
	}
	return acl
}

// RevokeACL returns acl without privileges (or, with optionOnly, without their
// grant options) that grantor gave to grantee. The result is not nil.
func RevokeACL(acl []ACLItem, grantor, grantee types.OID, privs string, optionOnly bool) []ACLItem {
	list := make([]ACLItem, 0, len(acl))
	for _, a := range acl {
		if a.Grantee == grantee && a.Grantor == grantor {
			a.Option = without(a.Option, privs)
			if !optionOnly {
				a.Privs = without(a.Privs, privs)
			}
			if a.Privs == "" {
				continue
			}
		}
		list = append(list, a)
	}
	return list
}

// union of two sets of letters, in PostgreSQL's order.
func union(a, b string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(a, r) || strings.ContainsRune(b, r) {
			return r
		}
		return -1
	}, aclOrder)
}

func without(a, b string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(b, r) {
			return -1
		}
		return r
	}, a)
}

// FormatACLItem prints an item as PostgreSQL does: admin=arw*d/admin.
func (s *Snapshot) FormatACLItem(a ACLItem) string {
	var b strings.Builder
	if a.Grantee != 0 {
		b.WriteString(quoteRole(s.RoleName(a.Grantee)))
	}
	b.WriteByte('=')
	for i := range aclOrder {
		if strings.IndexByte(a.Privs, aclOrder[i]) >= 0 {
			b.WriteByte(aclOrder[i])
			if strings.IndexByte(a.Option, aclOrder[i]) >= 0 {
				b.WriteByte('*')
			}
		}
	}
	b.WriteByte('/')
	b.WriteString(quoteRole(s.RoleName(a.Grantor)))
	return b.String()
}

// quoteRole quotes as aclitemout does: unless all letters, digits and underscores.
func quoteRole(name string) string {
	for _, r := range name {
		if !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}
