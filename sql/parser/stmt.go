package parser

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

// stmt converts a statement. What syntax trees cannot express becomes an
// *ast.Unsupported with PostgreSQL's name for it.
func (c *conv) stmt(n *pg.Node) ast.Stmt {
	switch n := n.Node.(type) {
	case *pg.Node_SelectStmt:
		return c.selectStmt(n.SelectStmt)
	case *pg.Node_InsertStmt:
		return c.insert(n.InsertStmt)
	case *pg.Node_UpdateStmt:
		return c.update(n.UpdateStmt)
	case *pg.Node_DeleteStmt:
		return c.delete(n.DeleteStmt)
	case *pg.Node_TransactionStmt:
		return c.transaction(n.TransactionStmt)
	case *pg.Node_VariableSetStmt:
		return c.set(n.VariableSetStmt)
	case *pg.Node_VariableShowStmt:
		return &ast.Show{Name: strings.ToLower(n.VariableShowStmt.Name)}
	case *pg.Node_ExplainStmt:
		return c.explain(n.ExplainStmt)
	case *pg.Node_PrepareStmt:
		p := n.PrepareStmt
		return &ast.Prepare{Name: p.Name, Types: c.typeNames(p.Argtypes), Query: c.stmt(p.Query), Text: deparse(p.Query)}
	case *pg.Node_ExecuteStmt:
		return &ast.Execute{Name: n.ExecuteStmt.Name, Args: c.exprs(n.ExecuteStmt.Params)}
	case *pg.Node_DeallocateStmt:
		return &ast.Deallocate{Name: n.DeallocateStmt.Name}
	case *pg.Node_DiscardStmt:
		what := map[pg.DiscardMode]string{pg.DiscardMode_DISCARD_ALL: "all", pg.DiscardMode_DISCARD_PLANS: "plans",
			pg.DiscardMode_DISCARD_SEQUENCES: "sequences", pg.DiscardMode_DISCARD_TEMP: "temp"}
		return &ast.Discard{What: what[n.DiscardStmt.Target]}
	case *pg.Node_CallStmt:
		f, _ := c.call(n.CallStmt.Funccall).(*ast.Func)
		return &ast.Call{Func: f}
	case *pg.Node_LockStmt:
		l := &ast.Lock{AccessShare: n.LockStmt.Mode == accessShareLock}
		for _, r := range n.LockStmt.Relations {
			l.Tables = append(l.Tables, c.rangeName(r.GetRangeVar()))
		}
		return l
	case *pg.Node_CopyStmt:
		return c.copy(n.CopyStmt)
	case *pg.Node_VacuumStmt:
		return c.vacuum(n.VacuumStmt)
	case *pg.Node_TruncateStmt:
		t := &ast.Truncate{Cascade: n.TruncateStmt.Behavior == pg.DropBehavior_DROP_CASCADE, Restart: n.TruncateStmt.RestartSeqs}
		for _, r := range n.TruncateStmt.Relations {
			t.Names = append(t.Names, c.rangeName(r.GetRangeVar()))
		}
		return t
	}
	return c.ddl(n.Node)
}

// accessShareLock is PostgreSQL's number of the weakest lock mode.
const accessShareLock = 1

func (c *conv) transaction(n *pg.TransactionStmt) ast.Stmt {
	t := &ast.Transaction{Savepoint: n.SavepointName, Chain: n.Chain}
	switch n.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_START:
		t.Kind, t.Start = ast.Begin, true
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		t.Kind = ast.Commit
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		t.Kind = ast.Rollback
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		t.Kind = ast.Savepoint
	case pg.TransactionStmtKind_TRANS_STMT_RELEASE:
		t.Kind = ast.Release
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		t.Kind = ast.RollbackTo
	case pg.TransactionStmtKind_TRANS_STMT_PREPARE:
		t.Kind = ast.PrepareTxn
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:
		t.Kind = ast.CommitPrepared
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED:
		t.Kind = ast.RollbackPrepared
	}
	c.modes(t, n.Options)
	return t
}

// modes reads transaction modes.
func (c *conv) modes(t *ast.Transaction, list []*pg.Node) {
	for _, o := range list {
		d := o.GetDefElem()
		k := d.Arg.GetAConst()
		on := k.GetIval().GetIval() != 0
		switch d.Defname {
		case "transaction_isolation":
			t.Isolation = k.GetSval().GetSval()
		case "transaction_read_only":
			t.ReadOnly = &on
		case "transaction_deferrable":
			t.Deferrable = &on
		}
	}
}

func (c *conv) set(n *pg.VariableSetStmt) *ast.Set {
	s := &ast.Set{Name: strings.ToLower(n.Name), Local: n.IsLocal}
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		s.Name, s.Reset = "all", true
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		s.Reset, s.Default = true, n.Kind == pg.VariableSetKind_VAR_SET_DEFAULT
	case pg.VariableSetKind_VAR_SET_MULTI:
		s.Txn = &ast.Transaction{}
		if s.Name != "transaction snapshot" {
			c.modes(s.Txn, n.Args)
		}
	case pg.VariableSetKind_VAR_SET_CURRENT:
		s.Current = true
	default:
		for _, a := range n.Args {
			s.Values = append(s.Values, c.expr(a))
		}
	}
	return s
}

func (c *conv) explain(n *pg.ExplainStmt) ast.Stmt {
	e := &ast.Explain{Query: c.stmt(n.Query)}
	for _, o := range n.Options {
		d := o.GetDefElem()
		value := defText(d)
		on := value == "" || strings.EqualFold(value, "on") || strings.EqualFold(value, "true") || value == "1"
		switch d.Defname {
		case "analyze":
			e.Analyze = on
		case "verbose":
			e.Verbose = on
		}
		e.Options = append(e.Options, ast.ExplainOption{Name: d.Defname, Value: value, Pos: c.pos(d.Location)})
	}
	return e
}

// defText is the value of an option as text; "" if it has none.
// defNumber is an option's number.
func defNumber(d *pg.DefElem) *float64 {
	n, _ := strconv.ParseFloat(defText(d), 64)
	return &n
}

func defText(d *pg.DefElem) string {
	return nodeText(d.Arg)
}

func nodeText(n *pg.Node) string {
	if n == nil {
		return ""
	}
	switch v := n.Node.(type) {
	case *pg.Node_String_:
		return v.String_.Sval
	case *pg.Node_Integer:
		return strconv.Itoa(int(v.Integer.Ival))
	case *pg.Node_Float:
		return v.Float.Fval
	case *pg.Node_Boolean:
		return strconv.FormatBool(v.Boolean.Boolval)
	case *pg.Node_AConst:
		switch k := v.AConst.Val.(type) {
		case *pg.A_Const_Ival:
			return strconv.Itoa(int(k.Ival.GetIval()))
		case *pg.A_Const_Fval:
			return k.Fval.GetFval()
		case *pg.A_Const_Sval:
			return k.Sval.GetSval()
		case *pg.A_Const_Boolval:
			return strconv.FormatBool(k.Boolval.GetBoolval())
		}
	case *pg.Node_TypeName:
		return strings.Join(strs(v.TypeName.Names), ".")
	case *pg.Node_List:
		var parts []string
		for _, x := range v.List.Items {
			parts = append(parts, nodeText(x))
		}
		return strings.Join(parts, ",")
	}
	return ""
}

func (c *conv) copy(n *pg.CopyStmt) ast.Stmt {
	s := &ast.Copy{Table: c.rangeName(n.Relation), Columns: strs(n.Attlist), From: n.IsFrom, Program: n.IsProgram,
		Where: c.expr(n.WhereClause)}
	if n.Query != nil {
		s.Query = c.stmt(n.Query)
	}
	if n.Filename != "" {
		s.File = &n.Filename
	}
	for _, o := range n.Options {
		d := o.GetDefElem()
		opt := ast.CopyOption{Name: d.Defname, Pos: c.pos(d.Location)}
		switch {
		case d.Arg.GetAStar() != nil:
			opt.IsList, opt.All = true, true
		case d.Arg.GetList() != nil:
			opt.IsList, opt.List = true, strs(d.Arg.GetList().GetItems())
		case d.Arg != nil:
			opt.Value, opt.HasValue = defText(d), true
		}
		s.Options = append(s.Options, opt)
	}
	return s
}

func (c *conv) vacuum(n *pg.VacuumStmt) ast.Stmt {
	a := &ast.Analyze{Vacuum: n.IsVacuumcmd}
	for _, o := range n.Options {
		switch o.GetDefElem().Defname {
		case "verbose":
			a.Verbose = true
		case "analyze":
			a.Analyze = true
		}
	}
	for _, r := range n.Rels {
		v := r.GetVacuumRelation()
		a.Tables = append(a.Tables, c.rangeName(v.Relation))
		a.Columns = append(a.Columns, strs(v.VaCols))
	}
	return a
}
