package parser

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// ddl converts the statements that define things and those that are not supported.
func (c *conv) ddl(n any) ast.Stmt {
	switch n := n.(type) {
	case *pg.Node_CreateStmt:
		return c.createTable(n.CreateStmt)
	case *pg.Node_CreateTableAsStmt:
		return c.createTableAs(n.CreateTableAsStmt)
	case *pg.Node_AlterTableStmt:
		return c.alterTable(n.AlterTableStmt)
	case *pg.Node_RenameStmt:
		return c.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		a := n.AlterObjectSchemaStmt
		s := &ast.SetSchema{Object: objectName(a.ObjectType), NewSchema: a.Newschema, IfExists: a.MissingOk}
		s.Name, s.Args, s.HasArgs = c.object(a.Relation, a.Object)
		return s
	case *pg.Node_AlterOwnerStmt:
		a := n.AlterOwnerStmt
		s := &ast.AlterOwner{Object: objectName(a.ObjectType), Role: c.role(a.Newowner)}
		s.Name, s.Args, s.HasArgs = c.object(a.Relation, a.Object)
		return s
	case *pg.Node_IndexStmt:
		return c.createIndex(n.IndexStmt)
	case *pg.Node_ViewStmt:
		return c.createView(n.ViewStmt)
	case *pg.Node_CreateSeqStmt:
		s := n.CreateSeqStmt
		return &ast.CreateSequence{Name: c.rangeName(s.Sequence), IfNotExists: s.IfNotExists, Temp: s.Sequence.Relpersistence == "t", Opts: c.seqOpts(s.Options)}
	case *pg.Node_AlterSeqStmt:
		s := n.AlterSeqStmt
		return &ast.AlterSequence{Name: c.rangeName(s.Sequence), IfExists: s.MissingOk, Opts: c.seqOpts(s.Options)}
	case *pg.Node_CreateSchemaStmt:
		return c.createSchema(n.CreateSchemaStmt)
	case *pg.Node_CreateDomainStmt:
		d := n.CreateDomainStmt
		s := &ast.CreateDomain{Name: c.nameOf(d.Domainname, -1), Type: c.typeName(d.TypeName), Constraints: c.constraints(d.Constraints)}
		if d.CollClause != nil {
			s.Collation = strs(d.CollClause.Collname)
		}
		return s
	case *pg.Node_CreateEnumStmt:
		e := n.CreateEnumStmt
		return &ast.CreateEnum{Name: c.nameOf(e.TypeName, -1), Labels: strs(e.Vals)}
	case *pg.Node_AlterEnumStmt:
		e := n.AlterEnumStmt
		return &ast.AlterEnum{Name: c.nameOf(e.TypeName, -1), Old: e.OldVal, New: e.NewVal, Neighbor: e.NewValNeighbor, After: e.NewValIsAfter,
			IfNotExists: e.SkipIfNewValExists}
	case *pg.Node_AlterDomainStmt:
		return c.alterDomain(n.AlterDomainStmt)
	case *pg.Node_CreateFunctionStmt:
		return c.createFunction(n.CreateFunctionStmt)
	case *pg.Node_DropStmt:
		return c.drop(n.DropStmt)
	case *pg.Node_CommentStmt:
		return c.comment(n.CommentStmt)
	case *pg.Node_CreateStatsStmt:
		return c.createStatistics(n.CreateStatsStmt)
	case *pg.Node_AlterStatsStmt:
		return c.alterStatistics(n.AlterStatsStmt)
	}
	return c.access(n)
}

// objectNames are the words for kinds of objects; kinds that are not in it are
// made from their names.
func objectName(t pg.ObjectType) string {
	switch t {
	case pg.ObjectType_OBJECT_MATVIEW:
		return "materialized view"
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return "constraint"
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return "domain constraint"
	case pg.ObjectType_OBJECT_STATISTIC_EXT:
		return "statistics"
	}
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(t.String(), "OBJECT_"), "_", " "))
}

// nodeTags are the tags that are not spelt as their protocol buffers.
var nodeTags = map[string]string{
	"AlterTsconfiguration": "AlterTSConfiguration", "AlterTsdictionary": "AlterTSDictionary", "CreatePlang": "CreatePLang",
}

// unsupportedNode names a statement for which there is no syntax tree.
func unsupportedNode(n any) *ast.Unsupported {
	tag := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", n), "*pg_query.Node_"), "Stmt")
	if t := nodeTags[tag]; t != "" {
		tag = t
	}
	u := &ast.Unsupported{Tag: tag}
	switch n := n.(type) {
	case *pg.Node_DefineStmt:
		u.Detail = objectName(n.DefineStmt.Kind)
	case *pg.Node_CompositeTypeStmt:
		u.Detail = "composite type"
	case *pg.Node_CreateTrigStmt:
		u.Detail = n.CreateTrigStmt.Trigname
	case *pg.Node_ClosePortalStmt:
		u.Detail = n.ClosePortalStmt.Portalname // none: all
	case *pg.Node_UnlistenStmt:
		u.Detail = n.UnlistenStmt.Conditionname
	}
	return u
}

// object is a name in the several shapes in which statements hold one.
func (c *conv) object(rel *pg.RangeVar, n *pg.Node) (name ast.Name, args []ast.TypeName, hasArgs bool) {
	if rel != nil {
		return c.rangeName(rel), nil, false
	}
	if n == nil {
		return ast.Name{}, nil, false
	}
	switch v := n.Node.(type) {
	case *pg.Node_ObjectWithArgs:
		return c.nameOf(v.ObjectWithArgs.Objname, -1), c.typeNames(v.ObjectWithArgs.Objargs), !v.ObjectWithArgs.ArgsUnspecified
	case *pg.Node_TypeName:
		t := c.typeName(v.TypeName)
		return ast.Name{Schema: t.Schema, Name: t.Name, Pos: t.Pos}, nil, false
	case *pg.Node_String_:
		return ast.Name{Name: v.String_.Sval}, nil, false
	case *pg.Node_RangeVar:
		return c.rangeName(v.RangeVar), nil, false
	case *pg.Node_List:
		return c.nameOf(v.List.Items, -1), nil, false
	}
	return ast.Name{}, nil, false
}

func (c *conv) createTable(n *pg.CreateStmt) ast.Stmt {
	t := &ast.CreateTable{Name: c.rangeName(n.Relation), IfNotExists: n.IfNotExists, Tablespace: n.Tablespacename, AccessMethod: n.AccessMethod, OfType: n.OfTypename != nil}
	switch n.Relation.Relpersistence {
	case "t":
		t.Persistence = "temp"
	case "u":
		t.Persistence = "unlogged"
	}
	if n.Partspec != nil {
		t.Partition = "by"
	}
	if n.Partbound != nil {
		t.Partition = "of"
	}
	for _, r := range n.InhRelations {
		t.Inherits = append(t.Inherits, c.rangeName(r.GetRangeVar()))
	}
	for _, o := range n.Options {
		t.With = append(t.With, o.GetDefElem().Defname)
	}
	switch n.Oncommit {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		t.OnCommit = "delete rows"
	case pg.OnCommitAction_ONCOMMIT_DROP:
		t.OnCommit = "drop"
	case pg.OnCommitAction_ONCOMMIT_PRESERVE_ROWS:
		t.OnCommit = "preserve rows"
	}
	for _, e := range n.TableElts {
		switch e := e.Node.(type) {
		case *pg.Node_ColumnDef:
			t.Columns = append(t.Columns, c.columnDef(e.ColumnDef))
		case *pg.Node_Constraint:
			t.Constraints = append(t.Constraints, c.constraint(e.Constraint))
		case *pg.Node_TableLikeClause:
			l := c.like(e.TableLikeClause)
			l.At = len(t.Columns)
			t.Likes = append(t.Likes, l)
		}
	}
	t.Constraints = append(t.Constraints, c.constraints(n.Constraints)...)
	return t
}

// likeOptions are the bits of TableLikeClause.options.
var likeOptions = []string{"comments", "compression", "constraints", "defaults", "generated", "identity", "indexes", "statistics", "storage"}

func (c *conv) like(n *pg.TableLikeClause) ast.Like {
	l := ast.Like{Source: c.rangeName(n.Relation), Options: map[string]bool{}}
	for i, name := range likeOptions {
		if n.Options&(1<<i) != 0 {
			l.Options[name] = true
		}
	}
	return l
}

func (c *conv) columnDef(n *pg.ColumnDef) ast.ColumnDef {
	d := ast.ColumnDef{Name: n.Colname, Type: c.typeName(n.TypeName), Storage: strings.ToLower(n.StorageName), Compression: n.Compression,
		Constraints: c.constraints(n.Constraints), Pos: c.pos(n.Location)}
	if n.CollClause != nil {
		d.Collation = strs(n.CollClause.Collname)
	}
	return d
}

// constraints converts a list, in which DEFERRABLE and its like follow the
// constraint that they belong to.
func (c *conv) constraints(list []*pg.Node) []ast.Constraint {
	var out []ast.Constraint
	var seen deferral
	for _, n := range list {
		k := n.GetConstraint()
		if k == nil {
			continue
		}
		if attributes[k.Contype] == "" {
			out, seen = append(out, c.constraint(k)), deferral{}
			continue
		}
		var last ast.Constraint
		if len(out) > 0 {
			last = out[len(out)-1]
		}
		if fault := seen.add(&last, k.Contype); fault != "" {
			return append(out, ast.Constraint{Kind: ast.MisplacedConstraint, Text: fault, Pos: c.pos(k.Location)})
		}
		out[len(out)-1] = last
	}
	return out
}

// attributes are what may follow a constraint.
var attributes = map[pg.ConstrType]string{
	pg.ConstrType_CONSTR_ATTR_DEFERRABLE: "DEFERRABLE", pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE: "NOT DEFERRABLE",
	pg.ConstrType_CONSTR_ATTR_DEFERRED: "INITIALLY DEFERRED", pg.ConstrType_CONSTR_ATTR_IMMEDIATE: "INITIALLY IMMEDIATE",
}

// A deferral is which attributes a constraint has had.
type deferral struct{ deferrable, initially bool }

// add gives a constraint one more attribute; fault says why it cannot.
func (d *deferral) add(k *ast.Constraint, attr pg.ConstrType) (fault string) {
	switch k.Kind {
	case ast.PrimaryKeyConstraint, ast.UniqueConstraint, ast.ExcludeConstraint, ast.ForeignKeyConstraint:
	default:
		return "misplaced " + attributes[attr] + " clause"
	}
	seen, which := &d.deferrable, "DEFERRABLE/NOT DEFERRABLE"
	if attr == pg.ConstrType_CONSTR_ATTR_DEFERRED || attr == pg.ConstrType_CONSTR_ATTR_IMMEDIATE {
		seen, which = &d.initially, "INITIALLY IMMEDIATE/DEFERRED"
	}
	if *seen {
		return "multiple " + which + " clauses not allowed"
	}
	*seen = true
	switch attr {
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE:
		k.Deferrable = true
	case pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE:
		k.NotDeferrable = true
	case pg.ConstrType_CONSTR_ATTR_DEFERRED:
		k.Deferrable, k.Deferred = true, true
	}
	if k.Deferred && k.NotDeferrable {
		return "constraint declared INITIALLY DEFERRED must be DEFERRABLE"
	}
	return ""
}

var constraintKinds = map[pg.ConstrType]ast.ConstraintKind{
	pg.ConstrType_CONSTR_NULL: ast.NullConstraint, pg.ConstrType_CONSTR_NOTNULL: ast.NotNullConstraint, pg.ConstrType_CONSTR_DEFAULT: ast.DefaultConstraint,
	pg.ConstrType_CONSTR_IDENTITY: ast.IdentityConstraint, pg.ConstrType_CONSTR_GENERATED: ast.GeneratedConstraint, pg.ConstrType_CONSTR_CHECK: ast.CheckConstraint,
	pg.ConstrType_CONSTR_PRIMARY: ast.PrimaryKeyConstraint, pg.ConstrType_CONSTR_UNIQUE: ast.UniqueConstraint, pg.ConstrType_CONSTR_EXCLUSION: ast.ExcludeConstraint,
	pg.ConstrType_CONSTR_FOREIGN: ast.ForeignKeyConstraint,
}

var fkActions = map[string]string{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}

var fkMatches = map[string]string{"s": "simple", "f": "full", "p": "partial"}

func (c *conv) constraint(n *pg.Constraint) ast.Constraint {
	k := ast.Constraint{
		Kind: constraintKinds[n.Contype], Name: n.Conname, X: c.expr(n.RawExpr), Text: c.source(n.RawExpr), Columns: strs(n.Keys),
		Including: strs(n.Including), NullsNotDistinct: n.NullsNotDistinct, UsingIndex: n.Indexname,
		Deferrable: n.Deferrable, Deferred: n.Initdeferred, NotValid: n.SkipValidation, NoInherit: n.IsNoInherit, Pos: c.pos(n.Location),
	}
	switch k.Kind {
	case ast.ForeignKeyConstraint:
		k.Columns, k.RefColumns, k.RefTable = strs(n.FkAttrs), strs(n.PkAttrs), c.rangeName(n.Pktable)
		k.Match, k.OnDelete, k.OnUpdate = fkMatches[n.FkMatchtype], fkActions[n.FkDelAction], fkActions[n.FkUpdAction]
		k.OnDeleteColumns = strs(n.FkDelSetCols)
	case ast.IdentityConstraint:
		k.Always, k.SeqOpts = n.GeneratedWhen == "a", c.seqOpts(n.Options)
	case ast.GeneratedConstraint:
		k.Always = n.GeneratedWhen == "a"
	}
	return k
}

func (c *conv) seqOpts(list []*pg.Node) []ast.SeqOpt {
	var out []ast.SeqOpt
	for _, n := range list {
		d := n.GetDefElem()
		o := ast.SeqOpt{Pos: c.pos(d.Location), Name: d.Defname, Value: defText(d)}
		switch d.Defname {
		case "as":
			t := c.typeName(d.Arg.GetTypeName())
			o.Type, o.Value = &t, ""
		case "owned_by", "sequence_name":
			o.Owned, o.Value = strs(d.Arg.GetList().GetItems()), ""
		case "cycle":
			o.No = o.Value == "false"
		case "minvalue", "maxvalue":
			o.No = d.Arg == nil
		}
		out = append(out, o)
	}
	return out
}

func (c *conv) createIndex(n *pg.IndexStmt) ast.Stmt {
	s := &ast.CreateIndex{
		Name: n.Idxname, Table: c.rangeName(n.Relation), Unique: n.Unique, Async: c.async, Concurrently: n.Concurrent, IfNotExists: n.IfNotExists,
		Elems: c.indexElems(n.IndexParams), Include: c.indexElems(n.IndexIncludingParams), NullsNotDistinct: n.NullsNotDistinct,
		Where: c.expr(n.WhereClause), WhereText: c.source(n.WhereClause), With: len(n.Options) > 0, Tablespace: n.TableSpace,
	}
	// The grammar fills in btree, written or not.
	if n.AccessMethod != "btree" || containsFold(c.src[c.base:], "using") {
		s.Using = n.AccessMethod
	}
	return s
}

func (c *conv) createTableAs(n *pg.CreateTableAsStmt) ast.Stmt {
	into := n.Into
	s := &ast.CreateTableAs{Name: c.rangeName(into.GetRel()), Materialized: n.Objtype == pg.ObjectType_OBJECT_MATVIEW, Columns: strs(into.GetColNames()),
		IfNotExists: n.IfNotExists, NoData: into.GetSkipData(), Persistence: persistence(into.GetRel())}
	s.OnlyForm = len(into.GetOptions()) > 0 || into.GetTableSpaceName() != "" || into.GetAccessMethod() != "" ||
		into.GetOnCommit() != pg.OnCommitAction_ONCOMMIT_NOOP
	if !s.Materialized {
		s.Query, s.QueryText = c.stmt(n.Query), deparse(n.Query)
	}
	return s
}

// persistence is "", "temp" or "unlogged".
func persistence(r *pg.RangeVar) string {
	return map[string]string{"t": "temp", "u": "unlogged"}[r.GetRelpersistence()]
}

func (c *conv) createView(n *pg.ViewStmt) ast.Stmt {
	v := &ast.CreateView{Name: c.rangeName(n.View), Columns: strs(n.Aliases), Query: c.selectNode(n.Query), Text: deparse(n.Query), Replace: n.Replace,
		Temp: n.View.Relpersistence == "t"}
	switch n.WithCheckOption {
	case pg.ViewCheckOption_LOCAL_CHECK_OPTION:
		v.CheckOption = "local"
	case pg.ViewCheckOption_CASCADED_CHECK_OPTION:
		v.CheckOption = "cascaded"
	}
	v.Options = c.relOptions(n.Options)
	return v
}

func (c *conv) createSchema(n *pg.CreateSchemaStmt) ast.Stmt {
	s := &ast.CreateSchema{Name: n.Schemaname, IfNotExists: n.IfNotExists}
	if n.Authrole != nil {
		r := c.role(n.Authrole)
		s.Owner = &r
	}
	for _, e := range n.SchemaElts {
		s.Elements = append(s.Elements, c.stmt(e))
	}
	return s
}

func (c *conv) alterDomain(n *pg.AlterDomainStmt) ast.Stmt {
	s := &ast.AlterDomain{Name: c.nameOf(n.TypeName, -1), ConstraintName: n.Name, IfExists: n.MissingOk}
	switch n.Subtype {
	case "T":
		if s.Kind = "drop default"; n.Def != nil {
			s.Kind, s.X, s.Text = "set default", c.expr(n.Def), c.source(n.Def)
		}
	case "N":
		s.Kind = "drop not null"
	case "O":
		s.Kind = "set not null"
	case "C":
		k := c.constraint(n.Def.GetConstraint())
		s.Kind, s.Constraint = "add constraint", &k
	case "X":
		s.Kind = "drop constraint"
	case "V":
		s.Kind = "validate constraint"
	}
	return s
}

func (c *conv) createFunction(n *pg.CreateFunctionStmt) ast.Stmt {
	f := &ast.CreateFunction{Name: c.nameOf(n.Funcname, -1), Replace: n.Replace, Procedure: n.IsProcedure}
	modes := map[pg.FunctionParameterMode]string{
		pg.FunctionParameterMode_FUNC_PARAM_IN: "in", pg.FunctionParameterMode_FUNC_PARAM_DEFAULT: "in", pg.FunctionParameterMode_FUNC_PARAM_OUT: "out",
		pg.FunctionParameterMode_FUNC_PARAM_INOUT: "inout", pg.FunctionParameterMode_FUNC_PARAM_VARIADIC: "variadic", pg.FunctionParameterMode_FUNC_PARAM_TABLE: "table",
	}
	for _, p := range n.Parameters {
		q := p.GetFunctionParameter()
		f.Params = append(f.Params, ast.FuncParam{Name: q.Name, Mode: modes[q.Mode], Type: c.typeName(q.ArgType), Default: c.expr(q.Defexpr), DefaultText: c.source(q.Defexpr)})
	}
	if n.ReturnType != nil {
		t := c.typeName(n.ReturnType)
		f.Returns = &t
	}
	given := map[string]bool{}
	for _, o := range n.Options {
		d := o.GetDefElem()
		if given[d.Defname] && d.Defname != "set" {
			fail(pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(c.pos(d.Location)))
		}
		given[d.Defname] = true
		switch d.Defname {
		case "language":
			f.Language = strings.ToLower(defText(d))
		case "as":
			f.Body, f.HasBody, f.BodyItems = defText(d), true, len(d.Arg.GetList().GetItems())
		case "volatility":
			f.Volatility = defText(d)
		case "strict":
			f.Strict = defText(d) == "true"
		case "security":
			f.SecurityDefiner = defText(d) == "true"
		case "leakproof":
			f.Leakproof = defText(d) == "true"
		case "window":
			f.Window = defText(d) == "true"
		case "parallel":
			f.Parallel = defText(d)
		case "cost":
			f.Cost = defNumber(d)
		case "rows":
			f.Rows = defNumber(d)
		default:
			f.Options = append(f.Options, d.Defname)
		}
	}
	if n.SqlBody != nil {
		f.SQLBody = []ast.Stmt{}
		c.sqlBody(f, n.SqlBody)
	}
	return f
}

// sqlBody converts RETURN x and BEGIN ATOMIC … END.
func (c *conv) sqlBody(f *ast.CreateFunction, n *pg.Node) {
	if r := n.GetReturnStmt(); r != nil {
		f.SQLBody = []ast.Stmt{&ast.Select{Targets: []ast.Target{{X: c.expr(r.Returnval)}}}}
		f.SQLBodyText = "SELECT " + c.source(r.Returnval)
		f.SQLBodyShown = "RETURN " + c.source(r.Returnval)
		return
	}
	var texts, shown []string
	for _, group := range n.GetList().GetItems() {
		for _, st := range group.GetList().GetItems() {
			if r := st.GetReturnStmt(); r != nil {
				f.SQLBody = append(f.SQLBody, &ast.Select{Targets: []ast.Target{{X: c.expr(r.Returnval)}}})
				texts, shown = append(texts, "SELECT "+c.source(r.Returnval)), append(shown, "RETURN "+c.source(r.Returnval))
				continue
			}
			f.SQLBody = append(f.SQLBody, c.stmt(st))
			texts = append(texts, deparse(st))
			shown = append(shown, texts[len(texts)-1])
		}
	}
	f.SQLBodyText = strings.Join(texts, "; ")
	f.SQLBodyShown = "BEGIN ATOMIC\n"
	for _, text := range shown {
		f.SQLBodyShown += " " + text + ";\n"
	}
	f.SQLBodyShown += "END"
}

func (c *conv) drop(n *pg.DropStmt) ast.Stmt {
	d := &ast.Drop{Object: objectName(n.RemoveType), IfExists: n.MissingOk, Cascade: n.Behavior == pg.DropBehavior_DROP_CASCADE, Concurrently: n.Concurrent}
	for _, o := range n.Objects {
		name, args, has := c.object(nil, o)
		d.Names = append(d.Names, name)
		d.Args = append(d.Args, args)
		d.HasArgs = append(d.HasArgs, has)
		d.Sub = append(d.Sub, "")
	}
	return d
}

func (c *conv) comment(n *pg.CommentStmt) ast.Stmt {
	s := &ast.Comment{Object: objectName(n.Objtype)}
	if n.Comment != "" {
		s.Text = &n.Comment
	}
	switch n.Objtype {
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_TABCONSTRAINT:
		parts := n.Object.GetList().GetItems()
		s.Name = c.nameOf(parts[:len(parts)-1], -1)
		s.Sub = strs(parts[len(parts)-1:])[0]
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		parts := n.Object.GetList().GetItems()
		s.Name, _, _ = c.object(nil, parts[0])
		s.Sub = strs(parts[1:])[0]
	default:
		s.Name, s.Args, s.HasArgs = c.object(nil, n.Object)
	}
	return s
}

func (c *conv) alterStatistics(n *pg.AlterStatsStmt) ast.Stmt {
	s := &ast.AlterStatistics{Name: c.nameOf(n.Defnames, -1), IfExists: n.MissingOk, Target: -1}
	if n.Stxstattarget != nil {
		s.Target = int(n.Stxstattarget.GetInteger().GetIval())
	}
	return s
}

func (c *conv) createStatistics(n *pg.CreateStatsStmt) ast.Stmt {
	s := &ast.CreateStatistics{Name: c.nameOf(n.Defnames, -1), IfNotExists: n.IfNotExists, Kinds: strs(n.StatTypes)}
	for _, e := range n.Exprs {
		st := e.GetStatsElem()
		if st.Expr != nil {
			return &ast.Unsupported{Tag: "CreateStats", Detail: "expression"}
		}
		s.Columns = append(s.Columns, st.Name)
	}
	if len(n.Relations) > 0 {
		s.Table = c.rangeName(n.Relations[0].GetRangeVar())
	}
	return s
}
