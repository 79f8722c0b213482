package session

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/ddl"
	"zorya/sql/types"
)

var errAborted = pgerr.New(pgerr.InFailedSQLTransaction,
	"current transaction is aborted, commands ignored until end of transaction block")

// endsFailure reports whether a statement may run in a failed transaction.
func (s *Session) endsFailure(tree ast.Stmt) bool {
	t, ok := tree.(*ast.Transaction)
	return ok && (t.Kind == ast.Commit || t.Kind == ast.Rollback || t.Kind == ast.RollbackTo && s.prof.Lifts("savepoint"))
}

// prepare checks a statement against the profile and analyses it. oids are the
// parameter types that the client gave.
func (s *Session) prepare(ctx context.Context, st *ast.Statement, oids []types.OID) (*prepared, error) {
	p := &prepared{st: st, tree: st.Stmt, oids: oids}
	if _, empty := st.Stmt.(*ast.Empty); empty {
		p.tree = nil
	}
	if p.tree == nil {
		return p, nil
	}
	if s.status == failed && !s.endsFailure(p.tree) {
		return nil, errAborted
	}
	if err := s.prof.Check(p.tree); err != nil {
		return nil, err
	}
	if q, ok := p.tree.(*ast.Select); ok && q.Into != nil {
		p.tree = tableOfSelect(q, st.Text)
	}
	if err := s.checkMix(p.tree); err != nil {
		return nil, err
	}
	return p, s.analyse(ctx, p)
}

// analyse finds a statement's parameter types and result fields, and its plan.
func (s *Session) analyse(ctx context.Context, p *prepared) error {
	switch t := p.tree.(type) {
	case *ast.Select, *ast.Insert, *ast.Update, *ast.Delete:
		if err := s.begin(ctx); err != nil {
			return err
		}
		plan, err := s.plan(ctx, p.st.Text, p.tree, p.oids)
		if err != nil {
			return err
		}
		p.plan, p.params, p.fields = plan, plan.query.Params, plan.fields
	case *ast.Explain:
		p.fields = explainFields(t)
		if err := s.begin(ctx); err != nil {
			return err
		}
		if err := s.prof.Check(t.Query); err != nil {
			return err
		}
		if isQuery(t.Query) {
			plan, err := s.plan(ctx, p.st.Text, t.Query, p.oids)
			if err != nil {
				return err
			}
			p.plan, p.params = plan, plan.query.Params
		}
	case *ast.Show:
		fields, err := s.showFields(t.Name)
		if err != nil {
			return err
		}
		p.fields = fields
	case *ast.CreateIndex:
		if t.Async || !s.prof.Lifts("create index") {
			p.fields = textField("job_id")
		}
	case *ast.AlterTable:
		if t.Async {
			p.fields = textField("job_id")
		}
	case *ast.Call:
		p.fields = []Field{{Name: "succeeded", Type: types.BoolOID, Size: 1, Typmod: -1}}
	case *ast.Execute:
		target, err := s.statement(t.Name)
		if err != nil {
			return err
		}
		p.fields = target.fields
	}
	return nil
}

func isQuery(tree ast.Stmt) bool {
	switch tree.(type) {
	case *ast.Select, *ast.Insert, *ast.Update, *ast.Delete:
		return true
	}
	return false
}

func textField(name string) []Field {
	return []Field{{Name: name, Type: types.TextOID, Size: -1, Typmod: -1}}
}

// run runs a portal: to its end, or until maxRows rows are sent (0: no limit).
// It returns the command tag once the portal is done.
func (s *Session) run(ctx context.Context, po *portal, maxRows int, w Results) (tag string, suspended bool, err error) {
	tree := po.stmt.tree
	if s.status == failed && !s.endsFailure(tree) {
		return "", false, errAborted
	}
	if t, ok := tree.(*ast.Transaction); ok {
		tag, err = s.transaction(ctx, t, w)
		return tag, false, err
	}
	ctx, timed := s.timed(ctx)
	defer func() { err = timed(err) }()
	if err := s.begin(ctx); err != nil {
		return "", false, err
	}
	if err := s.txn.tx.CheckAge(); err != nil {
		return "", false, err
	}
	if po.cursor == nil && !po.done {
		if err := s.mayMix(tree); err != nil {
			return "", false, err
		}
		ddl, dml := kindOf(tree)
		s.txn.ddl = s.txn.ddl || ddl
		s.txn.dml = s.txn.dml || dml
		if ddl || dml {
			s.txn.changes++
		}
		s.txn.queried = s.txn.queried || ddl || isQuery(tree)
		s.txn.tx.Step()
	}
	switch t := tree.(type) {
	case *ast.Select, *ast.Insert, *ast.Update, *ast.Delete:
		return s.runQuery(ctx, po, maxRows, w)
	case *ast.Execute:
		tag, err = s.execute(ctx, t, po.formats, w)
		return tag, false, err
	}
	out, err := s.utility(ctx, po, w)
	if err != nil {
		return "", false, err
	}
	for _, n := range out.notices {
		if err := s.notify(w, n); err != nil {
			return "", false, err
		}
	}
	return out.tag, false, s.sendRows(out.rows, po, w)
}

// mayMix enforces one DDL statement per transaction and no DDL with DML.
func (s *Session) mayMix(tree ast.Stmt) error {
	ddl, dml := kindOf(tree)
	if (ddl || dml || locks(tree) != "") && s.txn.tx != nil && s.txn.tx.ReadOnly() {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", commandName(tree))
	}
	if err := s.checkMix(tree); err != nil {
		return err
	}
	return nil
}

// kindOf tells whether a statement changes the catalog, and whether it changes rows.
func kindOf(tree ast.Stmt) (ddl, dml bool) {
	if e, ok := tree.(*ast.Explain); ok && e.Analyze {
		return false, profile.IsDML(e.Query)
	}
	return profile.IsDDL(tree), profile.IsDML(tree)
}

// locks is the strength with which a query, or one that is analyzed, locks rows; "" if
// it does not.
func locks(tree ast.Stmt) string {
	if e, ok := tree.(*ast.Explain); ok && e.Analyze {
		tree = e.Query
	}
	if q, ok := tree.(*ast.Select); ok && len(q.Locking) > 0 {
		return q.Locking[0].Strength
	}
	return ""
}

// checkMix refuses a statement that the open transaction's statements forbid. It is
// asked before names are looked up, too: a table that the transaction has created
// cannot be seen yet, and that is not what the client must be told.
func (s *Session) checkMix(tree ast.Stmt) error {
	lim := s.prof
	ddl, dml := profile.IsDDL(tree), profile.IsDML(tree)
	switch {
	case ddl && s.txn.ddl && !lim.MultipleDDL:
		return pgerr.New(pgerr.FeatureNotSupported, "multiple ddl statements not supported in a transaction")
	case (ddl && s.txn.dml || dml && s.txn.ddl) && !lim.MixDDLAndDML:
		return pgerr.New(pgerr.FeatureNotSupported, "ddl and dml are not supported in the same transaction")
	}
	return nil
}

var transactionNames = map[ast.TxnKind]string{ast.Begin: "BEGIN", ast.Commit: "COMMIT", ast.Rollback: "ROLLBACK", ast.RollbackTo: "ROLLBACK TO SAVEPOINT",
	ast.Savepoint: "SAVEPOINT", ast.Release: "RELEASE"}

// commandName is a statement's name as error messages have it.
func commandName(tree ast.Stmt) string {
	if tag := ddl.Tag(tree); tag != "" {
		return tag
	}
	switch t := tree.(type) {
	case *ast.Transaction:
		return transactionNames[t.Kind]
	case *ast.Explain:
		if t.Analyze {
			return commandName(t.Query)
		}
	case *ast.Select:
		if strength := locks(t); strength != "" {
			return "SELECT FOR " + strings.ToUpper(strength)
		}
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", tree), "*ast.")
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// transaction runs BEGIN, COMMIT and their kin.
func (s *Session) transaction(ctx context.Context, t *ast.Transaction, w Results) (string, error) {
	switch t.Kind {
	case ast.Begin:
		return s.beginBlock(t, w)
	case ast.Commit, ast.Rollback:
		return s.endBlock(ctx, t, w)
	case ast.Savepoint, ast.Release, ast.RollbackTo:
		return s.savepoint(ctx, t)
	}
	return "", pgerr.New(pgerr.FeatureNotSupported, "unsupported transaction statement: %s", commandName(t))
}

// endBlock runs COMMIT and ROLLBACK. AND CHAIN begins the next block with the modes of
// this one.
func (s *Session) endBlock(ctx context.Context, t *ast.Transaction, w Results) (tag string, err error) {
	if s.status == idle {
		if t.Chain {
			return "", pgerr.New(pgerr.NoActiveSQLTransaction, "%s AND CHAIN can only be used in transaction blocks", transactionNames[t.Kind])
		}
		if err := s.warn(w, pgerr.NoActiveSQLTransaction, "there is no transaction in progress"); err != nil {
			return "", err
		}
	}
	readOnly := s.txn.readOnly
	tag = "ROLLBACK"
	if t.Kind == ast.Commit && s.status != failed {
		tag, err = "COMMIT", s.commit(ctx)
	} else {
		s.endTxn(false)
	}
	if err == nil && t.Chain {
		_, err = s.beginBlock(&ast.Transaction{Kind: ast.Begin, ReadOnly: &readOnly}, w)
	}
	return tag, err
}

func (s *Session) beginBlock(t *ast.Transaction, w Results) (string, error) {
	tag := "BEGIN"
	if t.Start {
		tag = "START TRANSACTION"
	}
	if s.status == inTxn {
		return tag, s.warn(w, pgerr.ActiveSQLTransaction, "there is already a transaction in progress")
	}
	if readOnly := s.settings.value("default_transaction_read_only") == "on"; readOnly && t.ReadOnly == nil || t.ReadOnly != nil && *t.ReadOnly {
		if s.txn.tx != nil && s.txn.dml {
			return "", pgerr.New(pgerr.ActiveSQLTransaction, "cannot set transaction read-only mode after it has written")
		}
		s.dropSnapshot()
		s.txn.readOnly = true
	}
	s.status = transitions[s.status][evBegin]
	return tag, nil
}

// dropSnapshot lets an implicit transaction that has done nothing begin anew.
func (s *Session) dropSnapshot() {
	if s.txn.tx != nil {
		s.txn.tx.Rollback()
	}
	s.txn = txnState{}
}

func (s *Session) warn(w Results, code, format string, args ...any) error {
	n := pgerr.New(code, format, args...)
	n.Severity = "WARNING"
	return s.notify(w, n)
}

// execute runs EXECUTE name (args).
func (s *Session) execute(ctx context.Context, t *ast.Execute, formats []int16, w Results) (string, error) {
	po, err := s.executed(ctx, t)
	if err != nil {
		return "", err
	}
	po.formats = formats
	defer po.close()
	tag, _, err := s.run(ctx, po, 0, w)
	return tag, err
}

// executed makes the portal of EXECUTE: the statement with its arguments.
func (s *Session) executed(ctx context.Context, t *ast.Execute) (*portal, error) {
	p, err := s.statement(t.Name)
	if err != nil {
		return nil, err
	}
	if len(t.Args) != len(p.params) {
		return nil, pgerr.New(pgerr.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", t.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(t.Args))
	}
	params := make([]types.Datum, len(t.Args))
	for i, x := range t.Args {
		if params[i], err = s.argument(ctx, x, p.params[i], i+1); err != nil {
			return nil, err
		}
	}
	return &portal{stmt: p, params: params}, nil
}

// An output is what a utility statement answers.
type output struct {
	tag     string
	rows    [][]types.Datum
	notices []*pgerr.Error
}

// sendRows sends the rows of a utility statement.
func (s *Session) sendRows(rows [][]types.Datum, po *portal, w Results) error {
	fields := po.stmt.fields
	for _, row := range rows {
		b := &types.Batch{Len: 1, Cols: make([]*types.Vec, len(row))}
		for i, d := range row {
			b.Cols[i] = types.NewVec(d.Kind, 1)
			b.Cols[i].Set(0, 1, d)
		}
		buf, err := appendRow(w.RowBuffer(), b, 0, fields, po.formats, s.format())
		if err := cmp.Or(w.PutRows(buf), err); err != nil {
			return err
		}
	}
	return nil
}

// utility runs a statement that is neither a query nor a transaction statement.
func (s *Session) utility(ctx context.Context, po *portal, w Results) (output, error) {
	switch t := po.stmt.tree.(type) {
	case *ast.Explain:
		return s.explain(ctx, po, t)
	case *ast.Show:
		return s.show(t.Name)
	case *ast.Set:
		return s.set(t)
	case *ast.Prepare:
		return output{tag: "PREPARE"}, s.prepareSQL(ctx, t)
	case *ast.Deallocate:
		return s.deallocate(t.Name)
	case *ast.Unsupported: // CLOSE ALL and UNLISTEN *, where the profile takes them
		return output{tag: map[string]string{"ClosePortal": "CLOSE CURSOR ALL", "Unlisten": "UNLISTEN"}[t.Tag]}, nil
	case *ast.Lock:
		return s.lock(t)
	case *ast.Discard:
		return s.discard(t.What)
	case *ast.Call:
		return s.call(ctx, t)
	case *ast.Analyze:
		if s.status != idle && !s.prof.Lifts("analyze in block") {
			return output{}, pgerr.New(pgerr.ActiveSQLTransaction, "ANALYZE cannot run inside a transaction block")
		}
		return s.analyze(ctx, t)
	case *ast.SetConstraints:
		return s.setConstraints(ctx, t, w)
	case *ast.Copy:
		return s.copy(ctx, t, w)
	case *ast.CreateTableAs:
		return s.createTableAs(ctx, t)
	case *ast.CreateFunction:
		out, err := s.ddl(ctx, t)
		return out, inBody(err, t, po.stmt.st.Text)
	default:
		return s.ddl(ctx, t)
	}
}
