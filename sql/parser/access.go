package parser

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

// access converts the statements on roles and privileges.
func (c *conv) access(n any) ast.Stmt {
	switch n := n.(type) {
	case *pg.Node_CreateRoleStmt:
		r := n.CreateRoleStmt
		if r.StmtType == pg.RoleStmtType_ROLESTMT_GROUP {
			return &ast.CreateRole{Name: r.Role, Options: c.roleOptions(r.Options)}
		}
		return &ast.CreateRole{Name: r.Role, Options: c.roleOptions(r.Options), User: r.StmtType == pg.RoleStmtType_ROLESTMT_USER}
	case *pg.Node_AlterRoleStmt:
		return &ast.AlterRole{Role: c.role(n.AlterRoleStmt.Role), Options: c.roleOptions(n.AlterRoleStmt.Options)}
	case *pg.Node_AlterRoleSetStmt:
		return &ast.AlterRoleSet{Role: c.role(n.AlterRoleSetStmt.Role), Set: c.set(n.AlterRoleSetStmt.Setstmt)}
	case *pg.Node_DropRoleStmt:
		return &ast.DropRole{Roles: c.roles(n.DropRoleStmt.Roles), IfExists: n.DropRoleStmt.MissingOk}
	case *pg.Node_GrantRoleStmt:
		return c.grantRole(n.GrantRoleStmt)
	case *pg.Node_GrantStmt:
		return c.grant(n.GrantStmt)
	case *pg.Node_AlterDefaultPrivilegesStmt:
		return c.defaultPrivileges(n.AlterDefaultPrivilegesStmt)
	case *pg.Node_ConstraintsSetStmt:
		s := &ast.SetConstraints{Deferred: n.ConstraintsSetStmt.Deferred}
		for _, r := range n.ConstraintsSetStmt.Constraints {
			s.Names = append(s.Names, c.rangeName(r.GetRangeVar()))
		}
		return s
	}
	return unsupportedNode(n)
}

var specialRoles = map[pg.RoleSpecType]string{
	pg.RoleSpecType_ROLESPEC_CURRENT_ROLE: "current_role", pg.RoleSpecType_ROLESPEC_CURRENT_USER: "current_user",
	pg.RoleSpecType_ROLESPEC_SESSION_USER: "session_user", pg.RoleSpecType_ROLESPEC_PUBLIC: "public",
}

func (c *conv) role(n *pg.RoleSpec) ast.RoleSpec {
	if n == nil {
		return ast.RoleSpec{}
	}
	return ast.RoleSpec{Name: n.Rolename, Special: specialRoles[n.Roletype], Pos: c.pos(n.Location)}
}

func (c *conv) roles(list []*pg.Node) []ast.RoleSpec {
	var out []ast.RoleSpec
	for _, n := range list {
		out = append(out, c.role(n.GetRoleSpec()))
	}
	return out
}

// roleOptionNames translates the grammar's names of role options.
var roleOptionNames = map[string]string{
	"canlogin": "login", "isreplication": "replication", "connectionlimit": "connection limit", "validUntil": "valid until",
	"addroleto": "in role", "rolemembers": "role", "adminmembers": "admin",
}

func (c *conv) roleOptions(list []*pg.Node) []ast.RoleOption {
	var out []ast.RoleOption
	for _, n := range list {
		d := n.GetDefElem()
		o := ast.RoleOption{Name: d.Defname}
		if name, ok := roleOptionNames[d.Defname]; ok {
			o.Name = name
		}
		if members := d.Arg.GetList(); members != nil {
			o.Roles = c.roles(members.Items)
		} else {
			o.Text = defText(d)
			o.Bool, _ = strconv.ParseBool(o.Text)
		}
		out = append(out, o)
	}
	return out
}

func (c *conv) grantRole(n *pg.GrantRoleStmt) ast.Stmt {
	g := &ast.GrantRole{Grant: n.IsGrant, Grantees: c.roles(n.GranteeRoles), Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE}
	for _, r := range n.GrantedRoles {
		g.Roles = append(g.Roles, r.GetAccessPriv().GetPrivName())
	}
	for _, o := range n.Opt {
		if d := o.GetDefElem(); d.Defname == "admin" {
			if n.IsGrant {
				g.AdminOption = defText(d) != "false"
			} else {
				g.AdminOnly = true
			}
		}
	}
	return g
}

func (c *conv) grant(n *pg.GrantStmt) *ast.Grant {
	g := &ast.Grant{Grant: n.IsGrant, Object: objectName(n.Objtype), AllInSchema: n.Targtype == pg.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA,
		Grantees: c.roles(n.Grantees), GrantOption: n.GrantOption, Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE}
	for _, p := range n.Privileges {
		a := p.GetAccessPriv()
		g.Privileges = append(g.Privileges, ast.Privilege{Name: a.PrivName, Columns: strs(a.Cols)})
	}
	for _, o := range n.Objects {
		name, args, has := c.object(nil, o)
		g.Names = append(g.Names, name)
		g.Args = append(g.Args, args)
		g.HasArgs = append(g.HasArgs, has)
	}
	return g
}

func (c *conv) defaultPrivileges(n *pg.AlterDefaultPrivilegesStmt) ast.Stmt {
	s := &ast.AlterDefaultPrivileges{Action: c.grant(n.Action)}
	for _, o := range n.Options {
		switch d := o.GetDefElem(); d.Defname {
		case "roles":
			s.Roles = c.roles(d.Arg.GetList().GetItems())
		case "schemas":
			s.Schemas = strs(d.Arg.GetList().GetItems())
		}
	}
	return s
}
