package parser

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

// alterKinds are the words for the actions of ALTER TABLE.
var alterKinds = map[pg.AlterTableType]string{
	pg.AlterTableType_AT_AddColumn: "add column", pg.AlterTableType_AT_DropColumn: "drop column", pg.AlterTableType_AT_ColumnDefault: "set default",
	pg.AlterTableType_AT_DropNotNull: "drop not null", pg.AlterTableType_AT_SetNotNull: "set not null", pg.AlterTableType_AT_DropExpression: "drop expression",
	pg.AlterTableType_AT_SetStorage: "set storage", pg.AlterTableType_AT_SetStatistics: "set statistics", pg.AlterTableType_AT_AlterColumnType: "set data type",
	pg.AlterTableType_AT_AddIdentity: "add identity", pg.AlterTableType_AT_SetIdentity: "set identity", pg.AlterTableType_AT_DropIdentity: "drop identity",
	pg.AlterTableType_AT_AddConstraint: "add constraint", pg.AlterTableType_AT_AlterConstraint: "alter constraint",
	pg.AlterTableType_AT_ValidateConstraint: "validate constraint", pg.AlterTableType_AT_DropConstraint: "drop constraint",
	pg.AlterTableType_AT_ChangeOwner:   "owner to",
	pg.AlterTableType_AT_SetRelOptions: "storage parameters", pg.AlterTableType_AT_ResetRelOptions: "storage parameters",
	pg.AlterTableType_AT_EnableTrigAll: "switch triggers", pg.AlterTableType_AT_EnableTrigUser: "switch triggers",
	pg.AlterTableType_AT_DisableTrigAll: "switch triggers", pg.AlterTableType_AT_DisableTrigUser: "switch triggers",
}

// alterWords are the words for the actions in messages (PostgreSQL's
// alter_table_type_to_string).
var alterWords = map[pg.AlterTableType]string{
	pg.AlterTableType_AT_AddColumn: "ADD COLUMN", pg.AlterTableType_AT_DropColumn: "DROP COLUMN",
	pg.AlterTableType_AT_ColumnDefault: "ALTER COLUMN ... SET DEFAULT", pg.AlterTableType_AT_DropNotNull: "ALTER COLUMN ... DROP NOT NULL",
	pg.AlterTableType_AT_SetNotNull: "ALTER COLUMN ... SET NOT NULL", pg.AlterTableType_AT_SetExpression: "ALTER COLUMN ... SET EXPRESSION",
	pg.AlterTableType_AT_DropExpression: "ALTER COLUMN ... DROP EXPRESSION", pg.AlterTableType_AT_SetStatistics: "ALTER COLUMN ... SET STATISTICS",
	pg.AlterTableType_AT_SetOptions: "ALTER COLUMN ... SET", pg.AlterTableType_AT_ResetOptions: "ALTER COLUMN ... RESET",
	pg.AlterTableType_AT_SetStorage: "ALTER COLUMN ... SET STORAGE", pg.AlterTableType_AT_SetCompression: "ALTER COLUMN ... SET COMPRESSION",
	pg.AlterTableType_AT_AlterColumnType: "ALTER COLUMN ... SET DATA TYPE", pg.AlterTableType_AT_AlterColumnGenericOptions: "ALTER COLUMN ... OPTIONS",
	pg.AlterTableType_AT_AddIdentity: "ALTER COLUMN ... ADD IDENTITY", pg.AlterTableType_AT_SetIdentity: "ALTER COLUMN ... SET",
	pg.AlterTableType_AT_DropIdentity: "ALTER COLUMN ... DROP IDENTITY", pg.AlterTableType_AT_AddConstraint: "ADD CONSTRAINT",
	pg.AlterTableType_AT_AlterConstraint: "ALTER CONSTRAINT", pg.AlterTableType_AT_ValidateConstraint: "VALIDATE CONSTRAINT",
	pg.AlterTableType_AT_DropConstraint: "DROP CONSTRAINT", pg.AlterTableType_AT_ChangeOwner: "OWNER TO",
	pg.AlterTableType_AT_ClusterOn: "CLUSTER ON", pg.AlterTableType_AT_DropCluster: "SET WITHOUT CLUSTER",
	pg.AlterTableType_AT_SetAccessMethod: "SET ACCESS METHOD", pg.AlterTableType_AT_SetLogged: "SET LOGGED",
	pg.AlterTableType_AT_SetUnLogged: "SET UNLOGGED", pg.AlterTableType_AT_DropOids: "SET WITHOUT OIDS",
	pg.AlterTableType_AT_SetTableSpace: "SET TABLESPACE", pg.AlterTableType_AT_SetRelOptions: "SET", pg.AlterTableType_AT_ResetRelOptions: "RESET",
	pg.AlterTableType_AT_EnableTrig: "ENABLE TRIGGER", pg.AlterTableType_AT_EnableAlwaysTrig: "ENABLE ALWAYS TRIGGER",
	pg.AlterTableType_AT_EnableReplicaTrig: "ENABLE REPLICA TRIGGER", pg.AlterTableType_AT_DisableTrig: "DISABLE TRIGGER",
	pg.AlterTableType_AT_EnableTrigAll: "ENABLE TRIGGER ALL", pg.AlterTableType_AT_DisableTrigAll: "DISABLE TRIGGER ALL",
	pg.AlterTableType_AT_EnableTrigUser: "ENABLE TRIGGER USER", pg.AlterTableType_AT_DisableTrigUser: "DISABLE TRIGGER USER",
	pg.AlterTableType_AT_EnableRule: "ENABLE RULE", pg.AlterTableType_AT_EnableAlwaysRule: "ENABLE ALWAYS RULE",
	pg.AlterTableType_AT_EnableReplicaRule: "ENABLE REPLICA RULE", pg.AlterTableType_AT_DisableRule: "DISABLE RULE",
	pg.AlterTableType_AT_AddInherit: "INHERIT", pg.AlterTableType_AT_DropInherit: "NO INHERIT",
	pg.AlterTableType_AT_AddOf: "OF", pg.AlterTableType_AT_DropOf: "NOT OF", pg.AlterTableType_AT_ReplicaIdentity: "REPLICA IDENTITY",
	pg.AlterTableType_AT_EnableRowSecurity: "ENABLE ROW SECURITY", pg.AlterTableType_AT_DisableRowSecurity: "DISABLE ROW SECURITY",
	pg.AlterTableType_AT_ForceRowSecurity: "FORCE ROW SECURITY", pg.AlterTableType_AT_NoForceRowSecurity: "NO FORCE ROW SECURITY",
	pg.AlterTableType_AT_GenericOptions: "OPTIONS", pg.AlterTableType_AT_AttachPartition: "ATTACH PARTITION",
	pg.AlterTableType_AT_DetachPartition: "DETACH PARTITION", pg.AlterTableType_AT_DetachPartitionFinalize: "DETACH PARTITION ... FINALIZE",
}

func (c *conv) alterTable(n *pg.AlterTableStmt) ast.Stmt {
	s := &ast.AlterTable{Name: c.rangeName(n.Relation), Kind: objectName(n.Objtype), IfExists: n.MissingOk, Only: !n.Relation.Inh, Async: c.async}
	for _, cmd := range n.Cmds {
		s.Actions = append(s.Actions, c.alterAction(cmd.GetAlterTableCmd()))
	}
	return s
}

func (c *conv) alterAction(n *pg.AlterTableCmd) ast.AlterAction {
	a := ast.AlterAction{
		Kind: alterKinds[n.Subtype], Words: alterWords[n.Subtype], Column: n.Name,
		IfExists: n.MissingOk, Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE,
	}
	switch n.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		d := c.columnDef(n.Def.GetColumnDef())
		a.Def, a.Column, a.IfNotExists, a.IfExists = &d, d.Name, n.MissingOk, false
	case pg.AlterTableType_AT_ColumnDefault:
		if a.X, a.Text = c.expr(n.Def), c.source(n.Def); n.Def == nil {
			a.Kind = "drop default"
		}
	case pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetStatistics:
		a.Text = strings.ToLower(nodeText(n.Def))
	case pg.AlterTableType_AT_AlterColumnType:
		d := c.columnDef(n.Def.GetColumnDef())
		a.Def, a.X, a.Text = &d, c.expr(n.Def.GetColumnDef().RawDefault), c.source(n.Def.GetColumnDef().RawDefault)
	case pg.AlterTableType_AT_AddIdentity:
		k := c.constraint(n.Def.GetConstraint())
		a.Constraint, a.SeqOpts, a.Always = &k, k.SeqOpts, &k.Always
	case pg.AlterTableType_AT_SetIdentity:
		for _, o := range n.Def.GetList().GetItems() {
			if d := o.GetDefElem(); d.Defname == "generated" {
				always := nodeText(d.Arg) == "97" // 'a'
				a.Always = &always
			} else {
				a.SeqOpts = append(a.SeqOpts, c.seqOpts([]*pg.Node{o})...)
			}
		}
	case pg.AlterTableType_AT_AddConstraint, pg.AlterTableType_AT_AlterConstraint:
		k := c.constraint(n.Def.GetConstraint())
		a.Constraint, a.Name, a.Column = &k, k.Name, ""
	case pg.AlterTableType_AT_ValidateConstraint, pg.AlterTableType_AT_DropConstraint:
		a.Name, a.Column = n.Name, ""
	case pg.AlterTableType_AT_ChangeOwner:
		a.Role = c.role(n.Newowner)
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions:
		a.Options = c.relOptions(n.Def.GetList().GetItems())
	}
	if a.Kind == "" {
		a.Kind = "other"
	}
	return a
}

// relOptions are the parameters of WITH (…) and SET (…).
func (c *conv) relOptions(list []*pg.Node) []ast.RelOption {
	var out []ast.RelOption
	for _, n := range list {
		d := n.GetDefElem()
		out = append(out, ast.RelOption{Name: d.Defname, Value: nodeText(d.Arg), HasValue: d.Arg != nil})
	}
	return out
}

func (c *conv) rename(n *pg.RenameStmt) ast.Stmt {
	s := &ast.Rename{Object: objectName(n.RenameType), Sub: n.Subname, NewName: n.Newname, IfExists: n.MissingOk}
	s.Name, s.Args, s.HasArgs = c.object(n.Relation, n.Object)
	if s.Object == "column" {
		s.Of = objectName(n.RelationType)
	}
	if n.RenameType == pg.ObjectType_OBJECT_ROLE || n.RenameType == pg.ObjectType_OBJECT_SCHEMA || n.RenameType == pg.ObjectType_OBJECT_DATABASE {
		s.Name, s.Sub = ast.Name{Name: n.Subname}, ""
	}
	return s
}
