package pgcatalog

import (
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

const (
	grantColumns       = "grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy"
	columnGrantColumns = "grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable"
)

// grantSources are the views of information_schema that list grants, and those that
// tell which columns and constraints depend on which.
var grantSources = map[string]*source{
	"information_schema.table_privileges":   {columns: grantColumns, rows: tablePrivileges},
	"information_schema.role_table_grants":  {columns: grantColumns, rows: tablePrivileges},
	"information_schema.column_privileges":  {columns: columnGrantColumns, rows: columnPrivileges},
	"information_schema.role_column_grants": {columns: columnGrantColumns, rows: columnPrivileges},
	"information_schema.domain_constraints": {columns: "constraint_catalog constraint_schema constraint_name domain_catalog domain_schema domain_name " +
		"is_deferrable initially_deferred", rows: func(q *query) {
		for _, d := range q.Snap.Domains() {
			schema := q.schemaName(d.Schema)
			for i := range d.Checks {
				q.add(database, schema, d.Checks[i].Name, database, schema, d.Name, false, false)
			}
		}
	}},
	"information_schema.column_column_usage": {columns: "table_catalog table_schema table_name column_name dependent_column", rows: func(q *query) {
		for _, t := range q.Snap.Tables() {
			for i := range t.Columns {
				if c := &t.Columns[i]; c.Generated != "" && !c.Dropped && q.Snap.HasPrivsOf(q.Role, t.Owner) {
					for _, used := range c.UsesCols {
						q.add(database, q.schemaName(t.Schema), t.Name, t.Columns[used].Name, c.Name)
					}
				}
			}
		}
	}},
}

// grants calls f for each privilege of a list that the role gave or has.
func (q *query) grants(owner types.OID, acl []catalog.ACLItem, f func(grantor, grantee string, letter byte, grantable bool)) {
	for _, a := range acl {
		grantee := "PUBLIC"
		if a.Grantee != 0 {
			if !q.Snap.HasPrivsOf(q.Role, a.Grantee) && !q.Snap.HasPrivsOf(q.Role, a.Grantor) {
				continue
			}
			grantee = q.Snap.RoleName(a.Grantee)
		}
		for _, l := range []byte(a.Privs) {
			f(q.Snap.RoleName(a.Grantor), grantee, l, strings.IndexByte(a.Option, l) >= 0 || a.Grantee == owner)
		}
	}
}

func tablePrivileges(q *query) {
	for _, t := range q.Snap.Tables() {
		schema := q.schemaName(t.Schema)
		if q.skipsName("table_name", t.Name) || q.skipsName("table_schema", schema) {
			continue
		}
		q.grants(t.Owner, catalog.EffectiveACL(catalog.OnTable, t.Owner, t.ACL), func(grantor, grantee string, l byte, grantable bool) {
			q.add(grantor, grantee, database, schema, t.Name, catalog.PrivilegeNames[l], grantable, l == 'r')
		})
	}
}

// columnPrivileges lists grants on columns: their own, and those on their tables.
func columnPrivileges(q *query) {
	for _, t := range q.Snap.Tables() {
		schema := q.schemaName(t.Schema)
		if q.skipsName("table_name", t.Name) || q.skipsName("table_schema", schema) {
			continue
		}
		whole := catalog.EffectiveACL(catalog.OnTable, t.Owner, t.ACL)
		for _, i := range t.Live() {
			seen := map[[3]string]bool{}
			for _, acl := range [][]catalog.ACLItem{whole, t.Columns[i].ACL} {
				q.grants(t.Owner, acl, func(grantor, grantee string, l byte, grantable bool) {
					priv := catalog.PrivilegeNames[l]
					if key := [3]string{grantor, grantee, priv}; !seen[key] && strings.IndexByte(catalog.AllPrivileges(catalog.OnColumn), l) >= 0 {
						seen[key] = true
						q.add(grantor, grantee, database, schema, t.Name, t.Columns[i].Name, priv, grantable)
					}
				})
			}
		}
	}
}
