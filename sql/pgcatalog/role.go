package pgcatalog

import (
	"cmp"
	"sort"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

var roleSources = map[string]*source{
	"pg_roles": {columns: "rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolconnlimit rolpassword rolvaliduntil " +
		"rolbypassrls rolconfig oid", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if !q.skips("oid", r.OID) && !q.skipsName("rolname", r.Name) {
				q.add(r.Name, r.Super, r.Inherit, r.CreateRole, r.CreateDB, r.Login, r.Replication, r.ConnLimit, "********", nil, r.BypassRLS, q.roleConfig(r), r.OID)
			}
		}
	}},
	"pg_auth_members": {columns: "oid roleid member grantor admin_option inherit_option set_option", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			for _, m := range r.MemberOf {
				if !q.skips("roleid", m.Role) && !q.skips("member", r.OID) {
					q.add(m.OID, m.Role, r.OID, m.Grantor, m.Admin, r.Inherit, true)
				}
			}
		}
	}},
	"pg_user": {columns: "usename usesysid usecreatedb usesuper userepl usebypassrls passwd useconfig", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if r.Login {
				q.add(r.Name, r.OID, r.CreateDB, r.Super, r.Replication, r.BypassRLS, "********", q.roleConfig(r))
			}
		}
	}},
	"pg_shadow": {columns: "usename usesysid usecreatedb usesuper userepl usebypassrls useconfig", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if r.Login {
				q.add(r.Name, r.OID, r.CreateDB, r.Super, r.Replication, r.BypassRLS, q.roleConfig(r))
			}
		}
	}},
	"pg_group": {columns: "groname grosysid grolist", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if r.Login {
				continue
			}
			members := []types.OID{}
			for _, m := range q.Snap.Roles() {
				for _, of := range m.MemberOf {
					if of.Role == r.OID {
						members = append(members, m.OID)
					}
				}
			}
			q.add(r.Name, r.OID, members)
		}
	}},
	"pg_db_role_setting": {columns: "setdatabase setrole setconfig", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if c := q.roleConfig(r); c != nil {
				q.add(0, r.OID, c)
			}
		}
	}},
	"pg_default_acl": {columns: "oid defaclrole defaclnamespace defaclobjtype defaclacl", rows: func(q *query) {
		for _, d := range q.Snap.DefaultACLs() {
			q.add(d.OID, d.Role, d.Schema, d.Object, q.acl(d.ACL))
		}
	}},
	"sys.iam_pg_role_mappings": {columns: "iam_oid arn pg_role_oid pg_role_name grantor_pg_role_oid grantor_pg_role_name", rows: func(q *query) {
		for _, m := range q.Snap.Mappings() {
			q.add(m.OID, m.ARN, m.Role, q.Snap.RoleName(m.Role), m.Grantor, q.Snap.RoleName(m.Grantor))
		}
	}},
}

// roleConfig is pg_roles.rolconfig: name=value in the order of names, which are spelled
// as SHOW spells them.
func (q *query) roleConfig(r *catalog.Role) any {
	if len(r.Settings) == 0 {
		return nil
	}
	spelled := map[string]string{}
	if q.Settings != nil {
		for _, s := range q.Settings() {
			spelled[strings.ToLower(s.Name)] = s.Name
		}
	}
	var list []string
	for name, value := range r.Settings {
		list = append(list, cmp.Or(spelled[name], name)+"="+value)
	}
	sort.Strings(list)
	return list
}
