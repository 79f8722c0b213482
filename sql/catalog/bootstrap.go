package catalog

import (
	"context"

	"zorya/sql/types"
	"zorya/txn"
)

// DatabaseOwner is the role pg_database_owner, as in PostgreSQL: it owns the
// schemas that are there from the start, so that admin may use public but cannot
// grant the right to create in it.
const DatabaseOwner types.OID = 6171

// bootObjects are the objects of an empty cluster: role admin and the schemas.
func bootObjects() []Object {
	schema := func(oid types.OID, name, comment string, acl ...ACLItem) Object {
		return &Schema{Header{OID: oid, Name: name, Owner: DatabaseOwner, ACL: acl, Comment: comment}}
	}
	usage := ACLItem{Grantee: 0, Grantor: DatabaseOwner, Privs: "U"}
	owner := ACLItem{Grantee: DatabaseOwner, Grantor: DatabaseOwner, Privs: "UC"}
	return []Object{
		&Role{Header: Header{OID: AdminRole, Name: "admin", Owner: AdminRole}, Login: true, CreateRole: true, Inherit: true, ConnLimit: -1},
		&Role{Header: Header{OID: DatabaseOwner, Name: "pg_database_owner", Owner: AdminRole}, Inherit: true, ConnLimit: -1},
		schema(PgCatalog, "pg_catalog", "system catalog schema", owner, usage),
		schema(PublicSchema, "public", "standard public schema", owner, usage,
			ACLItem{Grantee: AdminRole, Grantor: DatabaseOwner, Privs: "UC", Option: "U"}),
		schema(InfoSchema, "information_schema", "", owner, usage),
		schema(SysSchema, "sys", "", owner, usage),
	}
}

// InitialACL calls f for the schemas that are there from the start, with their privileges
// in an empty cluster.
func InitialACL(f func(schema types.OID, acl []ACLItem)) {
	for _, o := range bootObjects() {
		if s, ok := o.(*Schema); ok {
			f(s.OID, s.ACL)
		}
	}
}

// Bootstrap writes the catalog of an empty cluster: the role admin and the schemas
// public, pg_catalog, information_schema and sys. It does nothing if they are there.
func Bootstrap(ctx context.Context, tx txn.Tx) error {
	if _, ok, err := tx.Get(ctx, descriptorKey(KindRole, AdminRole)); ok || err != nil {
		return err
	}
	e := NewEditor(ctx, tx, emptySnapshot(0, newVirtualSet(nil), newStatsStore()))
	for _, o := range bootObjects() {
		e.Put(o)
	}
	return e.Flush()
}
