package ddl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// createRole runs CREATE ROLE and CREATE USER.
func (s *statement) createRole(st *ast.CreateRole) error {
	if err := s.mayManageRoles("create"); err != nil {
		return err
	}
	if err := checkRoleName(st.Name, st.Pos); err != nil {
		return err
	}
	if s.snap().RoleByName(st.Name) != nil {
		return pgerr.New(pgerr.DuplicateObject, "role \"%s\" already exists", st.Name)
	}
	oid, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	r := &catalog.Role{Header: catalog.Header{OID: oid, Name: st.Name, Owner: oid}, Login: st.User, Inherit: true, ConnLimit: -1}
	if err := s.roleOptions(r, st.Options, "create"); err != nil {
		return err
	}
	s.ed.Put(r)
	for _, o := range st.Options {
		if err := s.roleLists(r.OID, o); err != nil {
			return err
		}
	}
	return nil
}

// mayManageRoles fails unless the role may create, alter or drop roles.
func (s *statement) mayManageRoles(verb string) error {
	if r := s.snap().Role(s.env.Role); r != nil && r.CreateRole {
		return nil
	}
	return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to %s role", verb).
		WithDetail("Only roles with the CREATEROLE attribute may %s roles.", verb)
}

func checkRoleName(name string, pos int) error {
	if strings.HasPrefix(name, "pg_") {
		return pgerr.New(pgerr.ReservedName, "role name \"%s\" is reserved", name).
			WithDetail("Role names starting with \"pg_\" are reserved.")
	}
	if name == "public" || name == "none" {
		return pgerr.New(pgerr.ReservedName, "role name \"%s\" is reserved", name).At(pos)
	}
	return nil
}

// roleOptions applies the attributes among the options.
func (s *statement) roleOptions(r *catalog.Role, opts []ast.RoleOption, verb string) error {
	seen := map[string]bool{}
	for _, o := range opts {
		if seen[o.Name] {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
		}
		seen[o.Name] = true
		switch o.Name {
		case "login":
			r.Login = o.Bool
		case "inherit":
			r.Inherit = o.Bool
		case "createrole":
			r.CreateRole = o.Bool
		case "superuser", "createdb", "replication", "bypassrls":
			if o.Bool {
				word := strings.ToUpper(o.Name)
				return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to %s role", verb).
					WithDetail("Only roles with the %s attribute may %s roles with the %s attribute.", word, verb, word)
			}
		case "connection limit":
			if _, err := fmt.Sscan(o.Text, &r.ConnLimit); err != nil || r.ConnLimit < -1 {
				return pgerr.New(pgerr.InvalidParameterValue, "invalid connection limit: %s", o.Text)
			}
		case "password", "valid until":
			return unsupported("%s is not supported for %s ROLE", strings.ToUpper(o.Name), strings.ToUpper(verb))
		case "in role", "role", "admin":
		default:
			return unsupported("%s is not supported for %s ROLE", strings.ToUpper(o.Name), strings.ToUpper(verb))
		}
	}
	return nil
}

// roleLists applies IN ROLE, ROLE and ADMIN of CREATE ROLE.
func (s *statement) roleLists(oid types.OID, o ast.RoleOption) error {
	for _, spec := range o.Roles {
		other, err := s.role(spec)
		if err != nil {
			return err
		}
		member, role := other, oid
		if o.Name == "in role" {
			member, role = oid, other
		}
		if err := s.addMember(member, role, o.Name == "admin"); err != nil {
			return err
		}
	}
	return nil
}

// alterRole runs ALTER ROLE … options.
func (s *statement) alterRole(st *ast.AlterRole) error {
	r, err := s.changeableRole(st.Role)
	if err != nil {
		return err
	}
	r = r.Clone()
	if err := s.roleOptions(r, st.Options, "alter"); err != nil {
		return err
	}
	s.ed.Put(r)
	return nil
}

// changeableRole finds a role that the current one may change; nobody may change
// admin or the predefined ones.
func (s *statement) changeableRole(spec ast.RoleSpec) (*catalog.Role, error) {
	oid, err := s.role(spec)
	if err != nil {
		return nil, err
	}
	r := s.snap().Role(oid)
	if r == nil {
		return nil, pgerr.New(pgerr.ReservedName, "role name \"%s\" cannot be used here", "public")
	}
	if err := s.mayManageRoles("alter"); err != nil {
		return nil, err
	}
	if oid < catalog.FirstUserOID {
		return nil, unsupported("Role %s not supported", r.Name)
	}
	return r, nil
}

// alterRoleSet runs ALTER ROLE … SET and RESET. A role may change its own.
func (s *statement) alterRoleSet(st *ast.AlterRoleSet) error {
	if st.Role == (ast.RoleSpec{}) { // ALTER ROLE ALL
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to alter setting").
			WithDetail("Only roles with the SUPERUSER attribute may alter settings globally.")
	}
	oid, err := s.role(st.Role)
	if err != nil {
		return err
	}
	r := s.snap().Role(oid)
	if r == nil {
		return noRole(st.Role.Name)
	}
	if oid != s.env.Role {
		if err := s.mayManageRoles("alter"); err != nil {
			return err
		}
	}
	r = r.Clone()
	name := strings.ToLower(st.Set.Name)
	switch {
	case name == "all" && st.Set.Reset:
		clear(r.Settings)
	case st.Set.Reset:
		delete(r.Settings, name)
	default:
		value, err := settingText(name, st.Set.Values)
		if err != nil {
			return err
		}
		r.Settings[name] = value
	}
	s.ed.Put(r)
	return nil
}

// settingText joins the values of SET.
func settingText(name string, values []ast.Expr) (string, error) {
	var words []string
	for _, v := range values {
		var word string
		switch v := v.(type) {
		case *ast.Const:
			word = v.Text
		case *ast.ColumnRef:
			word = strings.Join(v.Parts, ".")
		default:
			return "", pgerr.New(pgerr.SyntaxError, "SET takes constants only").At(v.Position())
		}
		if name == "search_path" {
			word = quoted(word)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", "), nil
}

// dropRole runs DROP ROLE.
func (s *statement) dropRole(st *ast.DropRole) error {
	if r := s.snap().Role(s.env.Role); r == nil || !r.CreateRole {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to drop role").
			WithDetail("Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.")
	}
	for _, spec := range st.Roles {
		if spec.Special != "" {
			return pgerr.New(pgerr.InvalidParameterValue, "cannot use special role specifier in DROP ROLE").At(spec.Pos)
		}
		r := s.snap().RoleByName(spec.Name)
		if r == nil {
			if !st.IfExists {
				return noRole(spec.Name)
			}
			s.skip("role \"%s\" does not exist", spec.Name)
			continue
		}
		if err := s.dropOneRole(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) dropOneRole(r *catalog.Role) error {
	switch {
	case r.OID == s.env.Role:
		return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
	case r.OID < catalog.FirstUserOID:
		return unsupported("Role %s not supported", r.Name)
	}
	if uses := s.roleUses(r.OID); len(uses) > 0 {
		return pgerr.New(pgerr.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", r.Name).
			WithDetail("%s", strings.Join(uses, "\n"))
	}
	for _, m := range s.snap().Roles() {
		if slices.ContainsFunc(m.MemberOf, func(x catalog.Membership) bool { return x.Role == r.OID }) {
			c := m.Clone()
			c.MemberOf = slices.DeleteFunc(c.MemberOf, func(x catalog.Membership) bool { return x.Role == r.OID })
			s.ed.Put(c)
		}
	}
	s.ed.Delete(r)
	return nil
}

// roleUses lists what keeps a role from being dropped, as PostgreSQL words it.
func (s *statement) roleUses(role types.OID) []string {
	var uses []string
	note := func(h *catalog.Header, what string, acls ...[]catalog.ACLItem) {
		if h.Owner == role {
			uses = append(uses, "owner of "+what)
		} else if slices.ContainsFunc(slices.Concat(acls...), func(a catalog.ACLItem) bool { return a.Grantee == role || a.Grantor == role }) {
			uses = append(uses, "privileges for "+what)
		}
	}
	for _, t := range s.snap().Tables() {
		on := relKindName(t) + " " + s.shown(t)
		note(&t.Header, on, t.ACL)
		for i := range t.Columns {
			note(&catalog.Header{}, fmt.Sprintf("column %s of %s", quoted(t.Columns[i].Name), on), t.Columns[i].ACL)
		}
	}
	for _, q := range s.snap().Sequences() {
		note(&q.Header, "sequence "+s.shown(q), q.ACL)
	}
	for _, n := range s.snap().Schemas() {
		note(&n.Header, "schema "+quoted(n.Name), n.ACL)
	}
	for _, d := range s.snap().Domains() {
		note(&d.Header, "type "+quoted(d.Name), d.ACL)
	}
	for _, f := range s.snap().Functions() {
		note(&f.Header, "function "+s.signatureText(f), f.ACL)
	}
	for _, d := range s.snap().DefaultACLs() {
		note(&catalog.Header{Owner: d.Role}, s.describeDefaults(d), d.ACL)
	}
	for _, m := range s.snap().Mappings() {
		if m.Role == role {
			uses = append(uses, "IAM mapping to "+m.ARN)
		}
	}
	return uses
}

// describeDefaults names default privileges as PostgreSQL does.
func (s *statement) describeDefaults(d *catalog.DefaultACL) string {
	on := map[byte]string{catalog.OnTable: "relations", catalog.OnSequence: "sequences", catalog.OnFunction: "functions",
		catalog.OnType: "types", catalog.OnSchema: "schemas"}[d.Object]
	text := fmt.Sprintf("default privileges on new %s belonging to role %s", on, s.snap().RoleName(d.Role))
	if d.Schema != 0 {
		text += " in schema " + s.schemaName(d.Schema)
	}
	return text
}

// grantRole runs GRANT role TO role and REVOKE.
func (s *statement) grantRole(st *ast.GrantRole) error {
	members := make([]types.OID, len(st.Grantees))
	for i, spec := range st.Grantees {
		var err error
		if members[i], err = s.role(spec); err != nil {
			return err
		}
	}
	for _, name := range st.Roles {
		role := s.snap().RoleByName(name)
		if role == nil {
			return noRole(name)
		}
		if !s.snap().AdminOf(s.env.Role, role.OID) {
			verb := strings.ToLower(grantTag(st.Grant))
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to %s role \"%s\"", verb, name).
				WithDetail("Only roles with the ADMIN option on role \"%s\" may %s this role.", name, verb)
		}
		for i, spec := range st.Grantees {
			member, err := members[i], error(nil)
			if member == 0 {
				return pgerr.New(pgerr.ReservedName, "role name \"public\" is reserved").At(spec.Pos)
			}
			if st.Grant {
				err = s.addMember(member, role.OID, st.AdminOption)
			} else {
				s.removeMember(member, role.OID, st.AdminOnly)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// addMember makes member a member of role.
func (s *statement) addMember(member, role types.OID, admin bool) error {
	snap := s.snap()
	m := snap.Role(member).Clone()
	if member == role || memberOfStrictly(snap, role, member) {
		return pgerr.New("0LP01", "role \"%s\" is a member of role \"%s\"", snap.RoleName(role), m.Name)
	}
	if role == catalog.AdminRole || role == catalog.DatabaseOwner {
		return unsupported("Role %s not supported", snap.RoleName(role))
	}
	for i := range m.MemberOf {
		if x := &m.MemberOf[i]; x.Role == role {
			if x.Admin || !admin {
				s.notice("00000", "role \"%s\" has already been granted membership in role \"%s\" by role \"%s\"",
					m.Name, snap.RoleName(role), snap.RoleName(x.Grantor))
				return nil
			}
			x.Admin = true
			s.ed.Put(m)
			return nil
		}
	}
	oid, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	m.MemberOf = append(m.MemberOf, catalog.Membership{Role: role, Grantor: s.env.Role, Admin: admin, OID: oid})
	s.ed.Put(m)
	s.shareOwner(role)
	return nil
}

// memberOfStrictly is MemberOf without admin's exception.
func memberOfStrictly(snap *catalog.Snapshot, member, role types.OID) bool {
	if member == catalog.AdminRole {
		return false
	}
	return snap.MemberOf(member, role)
}

func (s *statement) removeMember(member, role types.OID, adminOnly bool) {
	m := s.snap().Role(member).Clone()
	for i := range m.MemberOf {
		if m.MemberOf[i].Role != role {
			continue
		}
		if adminOnly {
			m.MemberOf[i].Admin = false
		} else {
			m.MemberOf = slices.Delete(m.MemberOf, i, i+1)
		}
		s.ed.Put(m)
		return
	}
	s.warning("01000", "role \"%s\" has not been granted membership in role \"%s\" by role \"%s\"",
		m.Name, s.snap().RoleName(role), s.snap().RoleName(s.env.Role))
}

// arnPattern is what AWS IAM GRANT takes: a role, a user or an account.
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:((role|user)/[\w+=,.@/-]+|root)$`)

// iamGrant runs AWS IAM GRANT and AWS IAM REVOKE.
func (s *statement) iamGrant(st *ast.IAMGrant) error {
	if s.env.Role != catalog.AdminRole {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to grant IAM trust with role %s", st.Role)
	}
	if !arnPattern.MatchString(st.ARN) {
		return pgerr.New(pgerr.InvalidParameterValue, "IAM role must look like an IAM ARN")
	}
	role := s.snap().RoleByName(st.Role)
	switch {
	case role == nil && (st.Role == "public" || strings.HasPrefix(st.Role, "pg_")):
		return unsupported("Role %s not supported", st.Role)
	case role == nil:
		return pgerr.New(pgerr.UndefinedObject, "Role %s does not exist", st.Role)
	case role.OID == catalog.AdminRole:
		return pgerr.New(pgerr.InsufficientPrivilege, "Cannot establish trust with role %s", st.Role)
	case role.OID < catalog.FirstUserOID:
		return unsupported("Role %s not supported", st.Role)
	}
	var old *catalog.IAMMapping
	for _, m := range s.snap().Mappings() {
		if m.ARN == st.ARN && m.Role == role.OID {
			old = m
		}
	}
	if !st.Grant {
		if old == nil {
			return pgerr.New(pgerr.UndefinedObject, "IAM role %s does not exist", st.ARN)
		}
		s.ed.Delete(old)
		return nil
	}
	if !role.Login {
		return pgerr.New(pgerr.InvalidParameterValue, "role %s must have the LOGIN attribute", st.Role)
	}
	if old != nil {
		return pgerr.New(pgerr.DuplicateObject, "IAM role %s is already granted to role %s", st.ARN, st.Role)
	}
	oid, err := s.ed.NewOID()
	if err != nil {
		return err
	}
	s.ed.Share(role)
	s.ed.Put(&catalog.IAMMapping{OID: oid, ARN: st.ARN, Role: role.OID, Grantor: s.env.Role})
	return nil
}
