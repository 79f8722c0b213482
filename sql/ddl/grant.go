package ddl

import (
	"cmp"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// SQLSTATEs of GRANT that package pgerr has no name for.
const (
	invalidGrantOperation = "0LP01"
	privilegeNotGranted   = "01007"
	privilegeNotRevoked   = "01006"
)

// A grantTarget is an object whose privileges change.
type grantTarget struct {
	kind  byte // as in catalog.On…
	what  string
	head  *catalog.Header
	table types.OID // of columns
}

// grantKinds are the kinds by the words of GRANT … ON.
var grantKinds = map[string]byte{
	"table": catalog.OnTable, "sequence": catalog.OnSequence, "schema": catalog.OnSchema,
	"function": catalog.OnFunction, "routine": catalog.OnFunction, "type": catalog.OnType, "domain": catalog.OnType,
}

// kindWords are the kinds' names in messages.
var kindWords = map[byte]string{catalog.OnTable: "table", catalog.OnSequence: "sequence", catalog.OnSchema: "schema",
	catalog.OnFunction: "function", catalog.OnType: "type", catalog.OnColumn: "column"}

// grant runs GRANT and REVOKE on objects.
func (s *statement) grant(st *ast.Grant) error {
	kind, ok := grantKinds[st.Object]
	if !ok {
		return unsupported("unsupported object type in %s", grantTag(st.Grant))
	}
	targets, err := s.grantTargets(st, kind)
	if err != nil {
		return err
	}
	grantees, err := s.grantees(st)
	if err != nil {
		return err
	}
	for _, t := range targets {
		whole, columns, err := splitPrivileges(st.Privileges, t.kind)
		if err != nil {
			return err
		}
		if err := s.grantOn(t, st, grantees, whole, columns); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) grantees(st *ast.Grant) ([]types.OID, error) {
	var list []types.OID
	for _, spec := range st.Grantees {
		oid, err := s.role(spec)
		if err != nil {
			return nil, err
		}
		if oid == 0 && st.GrantOption && st.Grant {
			return nil, pgerr.New(invalidGrantOperation, "grant options can only be granted to roles")
		}
		if r := s.snap().Role(oid); r != nil {
			s.ed.Share(r)
		}
		list = append(list, oid)
	}
	return list, nil
}

// splitPrivileges turns the words into letters: for the whole object, and by column.
func splitPrivileges(list []ast.Privilege, kind byte) (whole string, columns map[string]string, err error) {
	if len(list) == 0 {
		return catalog.AllPrivileges(kind), nil, nil
	}
	columns = map[string]string{}
	for _, p := range list {
		letters := catalog.AllPrivileges(kind)
		if len(p.Columns) > 0 {
			letters = catalog.AllPrivileges(catalog.OnColumn)
		}
		if p.Name != "" && !strings.EqualFold(p.Name, "all") {
			l := catalog.PrivilegeLetter(p.Name)
			if l == 0 {
				return "", nil, pgerr.New(pgerr.SyntaxError, "unrecognized privilege type \"%s\"", strings.ToLower(p.Name))
			}
			if strings.IndexByte(letters, l) < 0 {
				what := kindWords[kind]
				if len(p.Columns) > 0 {
					what = "column"
				} else if kind == catalog.OnTable && strings.IndexByte(catalog.AllPrivileges(catalog.OnSequence), l) < 0 {
					what = "relation" // so worded as long as it may be a sequence
				}
				return "", nil, pgerr.New(invalidGrantOperation, "invalid privilege type %s for %s", strings.ToUpper(p.Name), what)
			}
			letters = string(l)
		}
		if len(p.Columns) == 0 {
			whole += letters
			continue
		}
		if kind != catalog.OnTable {
			return "", nil, pgerr.New(invalidGrantOperation, "column privileges are only valid for relations")
		}
		for _, c := range p.Columns {
			columns[c] += letters
		}
	}
	return whole, columns, nil
}

// grantTargets finds the objects.
func (s *statement) grantTargets(st *ast.Grant, kind byte) ([]grantTarget, error) {
	if st.AllInSchema {
		return s.allInSchemas(st, kind)
	}
	var list []grantTarget
	for i, n := range st.Names {
		t, err := s.grantTarget(st, kind, i, n)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func (s *statement) grantTarget(st *ast.Grant, kind byte, i int, n ast.Name) (grantTarget, error) {
	switch kind {
	case catalog.OnTable, catalog.OnSequence:
		r, err := s.mustRelation(n)
		if err != nil {
			return grantTarget{}, err
		}
		return s.relationTarget(r, kind)
	case catalog.OnSchema:
		schema := s.snap().SchemaByName(n.Name)
		if schema == nil {
			return grantTarget{}, noSchema(n.Name)
		}
		return grantTarget{kind: kind, what: "schema", head: &schema.Header}, nil
	case catalog.OnFunction:
		var args []ast.TypeName
		has := i < len(st.HasArgs) && st.HasArgs[i]
		if i < len(st.Args) {
			args = st.Args[i]
		}
		f, err := s.function(n, args, has)
		if err != nil {
			return grantTarget{}, err
		}
		return grantTarget{kind: kind, what: "function", head: &f.Header}, nil
	}
	d := s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name)
	if d == nil {
		return grantTarget{}, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", written(n))
	}
	return grantTarget{kind: kind, what: "type", head: &d.Header}, nil
}

// relationTarget makes a target of a relation. GRANT ON TABLE takes sequences too.
func (s *statement) relationTarget(r catalog.Relation, kind byte) (grantTarget, error) {
	h := r.Head()
	switch {
	case r.RelKind() == catalog.RelIndex:
		return grantTarget{}, pgerr.New(pgerr.WrongObjectType, "\"%s\" is an index", h.Name)
	case r.RelKind() == catalog.RelVirtual:
		return grantTarget{}, pgerr.New(pgerr.InsufficientPrivilege, "permission denied for table %s", h.Name)
	case r.RelKind() == catalog.RelSequence:
		return grantTarget{kind: catalog.OnSequence, what: "sequence", head: h}, nil
	case kind == catalog.OnSequence:
		return grantTarget{}, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a sequence", h.Name)
	}
	return grantTarget{kind: kind, what: relKindName(r), head: h, table: h.OID}, nil
}

// allInSchemas finds the objects of ALL … IN SCHEMA.
func (s *statement) allInSchemas(st *ast.Grant, kind byte) ([]grantTarget, error) {
	var list []grantTarget
	for _, n := range st.Names {
		schema := s.snap().SchemaByName(n.Name)
		if schema == nil {
			return nil, noSchema(n.Name)
		}
		switch kind {
		case catalog.OnTable:
			for _, t := range s.snap().Tables() {
				if t.Schema == schema.OID {
					list = append(list, grantTarget{kind: kind, what: relKindName(t), head: &t.Header, table: t.OID})
				}
			}
		case catalog.OnSequence:
			for _, q := range s.snap().Sequences() {
				if q.Schema == schema.OID {
					list = append(list, grantTarget{kind: kind, what: "sequence", head: &q.Header})
				}
			}
		case catalog.OnFunction:
			for _, f := range s.snap().Functions() {
				if f.Schema == schema.OID {
					list = append(list, grantTarget{kind: kind, what: "function", head: &f.Header})
				}
			}
		}
	}
	return list, nil
}

// grantOn changes the privileges of one object and its columns.
func (s *statement) grantOn(t grantTarget, st *ast.Grant, grantees []types.OID, whole string, columns map[string]string) error {
	acl := t.head.ACL
	if whole != "" {
		grantor, privs, err := s.grantable(t, t.kind, acl, whole, st.Grant, "")
		if err != nil {
			return err
		}
		if acl, err = changeACL(catalog.EffectiveACL(t.kind, t.head.Owner, acl), grantor, grantees, privs, st); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(columns))
	for c := range columns {
		names = append(names, c)
	}
	slices.Sort(names)
	changed := map[int][]catalog.ACLItem{}
	for _, c := range names {
		table := s.snap().Table(t.table)
		col := table.Column(c)
		if col < 0 {
			return noColumn(c, table.Name)
		}
		grantor, privs, err := s.grantable(t, catalog.OnColumn, table.Columns[col].ACL, columns[c], st.Grant, c)
		if err != nil {
			return err
		}
		if changed[col], err = changeACL(table.Columns[col].ACL, grantor, grantees, privs, st); err != nil {
			return err
		}
	}
	// REVOKE from the whole table takes the privilege from its columns too.
	if !st.Grant && whole != "" && t.table != 0 {
		table := s.snap().Table(t.table)
		for i := range table.Columns {
			if changed[i] == nil && len(table.Columns[i].ACL) > 0 {
				columnACL, err := changeACL(table.Columns[i].ACL, t.head.Owner, grantees, whole, st)
				if err != nil {
					return err
				}
				changed[i] = columnACL
			}
		}
	}
	s.putACL(t, acl, changed)
	return nil
}

// grantable finds as whom the role grants, and which of the privileges it may. What
// it may not is left out with a warning; nothing at all is an error, unless it has
// some privilege on the object.
func (s *statement) grantable(t grantTarget, kind byte, acl []catalog.ACLItem, wanted string, grant bool, column string) (types.OID, string, error) {
	grantor, privs := s.snap().GrantOptions(s.env.Role, kind, t.head.Owner, acl, wanted)
	if privs == "" && kind == catalog.OnColumn {
		grantor, privs = s.snap().GrantOptions(s.env.Role, t.kind, t.head.Owner, t.head.ACL, wanted)
	}
	if len(privs) == len(wanted) {
		return grantor, privs, nil
	}
	if privs == "" && !s.hasAny(t) {
		return 0, "", pgerr.New(pgerr.InsufficientPrivilege, "permission denied for %s %s", t.what, t.head.Name)
	}
	code := privilegeNotGranted
	if !grant {
		code = privilegeNotRevoked
	}
	on := "\"" + t.head.Name + "\""
	if column != "" {
		on = "column \"" + column + "\" of relation " + on
	}
	switch {
	case privs == "" && grant:
		s.warning(code, "no privileges were granted for %s", on)
	case privs == "":
		s.warning(code, "no privileges could be revoked for %s", on)
	case grant:
		s.warning(code, "not all privileges were granted for %s", on)
	default:
		s.warning(code, "not all privileges could be revoked for %s", on)
	}
	return grantor, privs, nil
}

// hasAny reports whether the role has some privilege on the object.
func (s *statement) hasAny(t grantTarget) bool {
	for _, l := range []byte(catalog.AllPrivileges(t.kind)) {
		if s.snap().MayDo(s.env.Role, catalog.PrivCheck{OID: t.head.OID, Kind: t.kind, Priv: l}) {
			return true
		}
	}
	return false
}

// changeACL grants or revokes.
func changeACL(acl []catalog.ACLItem, grantor types.OID, grantees []types.OID, privs string, st *ast.Grant) ([]catalog.ACLItem, error) {
	if privs == "" {
		return acl, nil
	}
	for _, g := range grantees {
		if st.Grant {
			acl = catalog.GrantACL(acl, grantor, g, privs, st.GrantOption)
			continue
		}
		acl = catalog.RevokeACL(acl, grantor, g, privs, st.GrantOption)
		var err error
		if acl, err = revokeDependent(acl, g, privs, st, 0); err != nil {
			return nil, err
		}
	}
	return acl, nil
}

// maxGrantChain bounds the chains of grants that a revocation follows.
const maxGrantChain = 64

// revokeDependent takes away what a role granted with an option that it lost.
func revokeDependent(acl []catalog.ACLItem, role types.OID, privs string, st *ast.Grant, depth int) ([]catalog.ACLItem, error) {
	for _, a := range acl {
		if a.Grantor != role || a.Grantee == role || depth > maxGrantChain {
			continue
		}
		var lost string
		for _, l := range []byte(a.Privs) {
			still := slices.ContainsFunc(acl, func(o catalog.ACLItem) bool {
				return o.Grantee == role && strings.IndexByte(o.Option, l) >= 0
			})
			if strings.IndexByte(privs, l) >= 0 && !still {
				lost += string(l)
			}
		}
		if lost == "" {
			continue
		}
		if !st.Cascade {
			return nil, pgerr.New(pgerr.DependentObjectsStillExist, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		var err error
		acl = catalog.RevokeACL(acl, role, a.Grantee, lost, false)
		if acl, err = revokeDependent(acl, a.Grantee, lost, st, depth+1); err != nil {
			return nil, err
		}
	}
	return acl, nil
}

// putACL stores changed privileges.
func (s *statement) putACL(t grantTarget, acl []catalog.ACLItem, columns map[int][]catalog.ACLItem) {
	switch o := s.snap().Object(t.head.OID).(type) {
	case *catalog.Table:
		c := o.Clone()
		c.ACL = acl
		for i, a := range columns {
			c.Columns[i].ACL = a
		}
		s.ed.Put(c)
	case *catalog.Sequence:
		c := *o
		c.ACL = acl
		s.ed.Put(&c)
	case *catalog.Schema:
		c := *o
		c.ACL = acl
		s.ed.Put(&c)
	case *catalog.Function:
		c := *o
		c.ACL = acl
		s.ed.Put(&c)
	case *catalog.Domain:
		c := *o
		c.ACL = acl
		s.ed.Put(&c)
	}
}

// defaultKinds are DefaultACL.Object by the words of ALTER DEFAULT PRIVILEGES.
var defaultKinds = map[string]byte{
	"table": catalog.OnTable, "sequence": catalog.OnSequence, "schema": catalog.OnSchema,
	"function": catalog.OnFunction, "routine": catalog.OnFunction, "type": catalog.OnType,
}

// alterDefaultPrivileges runs ALTER DEFAULT PRIVILEGES.
func (s *statement) alterDefaultPrivileges(st *ast.AlterDefaultPrivileges) error {
	kind, ok := defaultKinds[st.Action.Object]
	if !ok {
		return unsupported("unsupported object type in ALTER DEFAULT PRIVILEGES")
	}
	if kind == catalog.OnSchema && len(st.Schemas) > 0 {
		return pgerr.New(invalidGrantOperation, "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS")
	}
	privs, _, err := splitPrivileges(st.Action.Privileges, kind)
	if err != nil {
		return err
	}
	grantees, err := s.grantees(st.Action)
	if err != nil {
		return err
	}
	roles, schemas := []types.OID{s.env.Role}, []types.OID{0}
	if len(st.Roles) > 0 {
		roles = roles[:0]
		for _, spec := range st.Roles {
			oid, err := s.role(spec)
			if err != nil {
				return err
			}
			if !s.snap().MemberOf(s.env.Role, oid) {
				return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to change default privileges")
			}
			roles = append(roles, oid)
		}
	}
	if len(st.Schemas) > 0 {
		schemas = schemas[:0]
		for _, name := range st.Schemas {
			schema := s.snap().SchemaByName(name)
			if schema == nil {
				return noSchema(name)
			}
			s.ed.Share(schema)
			schemas = append(schemas, schema.OID)
		}
	}
	for _, role := range roles {
		for _, schema := range schemas {
			if err := s.changeDefault(role, schema, kind, privs, grantees, st.Action); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameACL compares lists whatever their order.
func sameACL(a, b []catalog.ACLItem) bool {
	order := func(x, y catalog.ACLItem) int {
		return cmp.Or(cmp.Compare(x.Grantee, y.Grantee), cmp.Compare(x.Grantor, y.Grantor))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}

// changeDefault changes the default privileges of a role in a schema (0: in all).
// Those for all schemas start from the kind's own default; those of one add to it.
func (s *statement) changeDefault(role, schema types.OID, kind byte, privs string, grantees []types.OID, st *ast.Grant) error {
	d := &catalog.DefaultACL{Role: role, Schema: schema, Object: kind}
	base := []catalog.ACLItem{}
	if schema == 0 {
		base = catalog.EffectiveACL(kind, role, nil)
	}
	d.ACL = base
	for _, o := range s.snap().DefaultACLs() {
		if o.Role == role && o.Schema == schema && o.Object == kind {
			c := *o
			d = &c
		}
	}
	acl, err := changeACL(d.ACL, role, grantees, privs, st)
	if err != nil {
		return err
	}
	d.ACL = acl
	if sameACL(acl, base) {
		if d.OID != 0 {
			s.ed.Delete(d)
		}
		return nil
	}
	if d.OID == 0 {
		if d.OID, err = s.ed.NewOID(); err != nil {
			return err
		}
	}
	s.ed.Put(d)
	return nil
}

// defaultACL is the list of privileges of a new object of the current role; nil if
// nothing but the kind's default applies.
func (s *statement) defaultACL(kind byte, schema types.OID) []catalog.ACLItem {
	var global, local *catalog.DefaultACL
	for _, d := range s.snap().DefaultACLs() {
		switch {
		case d.Role != s.env.Role || d.Object != kind:
		case d.Schema == 0:
			global = d
		case d.Schema == schema:
			local = d
		}
	}
	if global == nil && local == nil {
		return nil
	}
	acl := catalog.EffectiveACL(kind, s.env.Role, nil)
	if global != nil {
		acl = global.ACL
	}
	if local != nil {
		for _, a := range local.ACL {
			acl = catalog.GrantACL(acl, a.Grantor, a.Grantee, a.Privs, false)
		}
	}
	return slices.Clone(acl)
}
