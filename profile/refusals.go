package profile

import (
	"strings"

	"zorya/sql/ast"
)

// A refusal is a form of statement that the original does not have. refuse returns
// the text of the error (SQLSTATE 0A000), or "".
type refusal struct {
	name   string
	refuse func(ast.Stmt) string
}

// tagTexts are the answers to statements known by their tag only that break the rule
// `unsupported statement: Tag` (reference, §4.1; all but ALTER TYPE recorded).
var tagTexts = map[string]string{
	"CreateTrig": "CREATE TRIGGER not supported",
	"Merge":      "unsupported statement type: MERGE",
}

// endsNothing reports whether a statement ends what there is none of: CLOSE ALL and
// UNLISTEN *, with which pools clean up (asyncpg).
func endsNothing(u *ast.Unsupported) bool {
	return (u.Tag == "ClosePortal" || u.Tag == "Unlisten") && u.Detail == ""
}

// refusals are asked in order.
var refusals = []refusal{
	{"close all", func(s ast.Stmt) string {
		if u, ok := s.(*ast.Unsupported); ok && endsNothing(u) {
			return "unsupported statement: " + u.Tag
		}
		return ""
	}},
	{"lock access share", func(s ast.Stmt) string {
		if l, ok := s.(*ast.Lock); ok && l.AccessShare {
			return "unsupported statement: Lock"
		}
		return ""
	}},
	// There are no locks that other modes could take.
	{"lock", func(s ast.Stmt) string {
		if l, ok := s.(*ast.Lock); ok && !l.AccessShare {
			return "unsupported statement: Lock"
		}
		return ""
	}},
	{"unsupported", func(s ast.Stmt) string {
		u, ok := s.(*ast.Unsupported)
		if !ok || endsNothing(u) {
			return ""
		}
		if text := tagTexts[u.Tag]; text != "" {
			return text
		}
		return "unsupported statement: " + u.Tag
	}},
	// CREATE TYPE recorded.
	{"enum", func(s ast.Stmt) string {
		switch s.(type) {
		case *ast.CreateEnum:
			return "CREATE TYPE not supported"
		case *ast.AlterEnum:
			return "ALTER TYPE not supported"
		}
		return ""
	}},
	// Recorded.
	{"truncate", func(s ast.Stmt) string {
		if _, ok := s.(*ast.Truncate); ok {
			return "unsupported statement: Truncate"
		}
		return ""
	}},
	// Reference, §4.1.
	{"create table as", func(s ast.Stmt) string {
		if c, ok := s.(*ast.CreateTableAs); ok && !c.Materialized {
			return "unsupported statement: CreateTableAs"
		}
		return ""
	}},
	{"materialized view", func(s ast.Stmt) string {
		if c, ok := s.(*ast.CreateTableAs); ok && c.Materialized {
			return "unsupported statement: CreateTableAs"
		}
		return ""
	}},
	// Recorded.
	{"vacuum", func(s ast.Stmt) string {
		if a, ok := s.(*ast.Analyze); ok && a.Vacuum {
			return "unsupported VACUUM statement"
		}
		return ""
	}},
	// SAVEPOINT recorded, RELEASE and ROLLBACK TO in the reference, §3; the rest after their form.
	{"savepoint", func(s ast.Stmt) string {
		if t, ok := s.(*ast.Transaction); ok {
			return unsupportedTransaction(savepointWords[t.Kind])
		}
		return ""
	}},
	// The grammar that a live cluster accepted has AND NO CHAIN only. The text is not recorded.
	{"and chain", func(s ast.Stmt) string {
		if t, ok := s.(*ast.Transaction); ok && t.Chain {
			return unsupportedTransaction(chainWords[t.Kind])
		}
		return ""
	}},
	{"two-phase commit", func(s ast.Stmt) string {
		if t, ok := s.(*ast.Transaction); ok {
			return unsupportedTransaction(twoPhaseWords[t.Kind])
		}
		return ""
	}},
	// Recorded.
	{"isolation", func(s ast.Stmt) string {
		if t, ok := s.(*ast.Transaction); ok {
			return badIsolation(t)
		}
		if t, ok := s.(*ast.Set); ok && t.Txn != nil {
			if text := badIsolation(t.Txn); text != "" {
				return text
			}
		}
		return ""
	}},
	// Recorded; a bad level is named first. SET SESSION CHARACTERISTICS is in the grammar
	// that a live cluster accepted, SET TRANSACTION is not.
	{"set transaction", setModes("TRANSACTION")},
	{"set transaction snapshot", setModes("TRANSACTION SNAPSHOT")},
	// Not recorded; PostgreSQL makes the same statement of it as of CREATE TABLE AS.
	{"select into", func(s ast.Stmt) string {
		if selectsInto(s) {
			return "unsupported statement: CreateTableAs"
		}
		return ""
	}},
	// Recorded.
	{"locking", anySelect(func(q *ast.Select) string {
		for _, l := range q.Locking {
			if l.Strength != "update" && l.Strength != "key share" {
				return "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"
			}
		}
		return ""
	})},
	// Recorded.
	{"tablesample", anySelect(func(q *ast.Select) (text string) {
		for _, f := range q.From {
			eachTable(f, func(t ast.TableExpr) {
				if r, ok := t.(*ast.TableRef); ok && r.Sample {
					text = "TABLESAMPLE clause not supported"
				}
			})
		}
		return text
	})},
}

var (
	savepointWords = map[ast.TxnKind]string{ast.Savepoint: "SAVEPOINT", ast.Release: "RELEASE", ast.RollbackTo: "ROLLBACK TO"}
	chainWords     = map[ast.TxnKind]string{ast.Commit: "COMMIT AND CHAIN", ast.Rollback: "ROLLBACK AND CHAIN"}
	twoPhaseWords  = map[ast.TxnKind]string{
		ast.PrepareTxn: "PREPARE TRANSACTION", ast.CommitPrepared: "COMMIT PREPARED", ast.RollbackPrepared: "ROLLBACK PREPARED",
	}
)

func unsupportedTransaction(words string) string {
	if words == "" {
		return ""
	}
	return "unsupported transaction statement: " + words
}

// setModes refuses a form of SET TRANSACTION.
func setModes(name string) func(ast.Stmt) string {
	return func(s ast.Stmt) string {
		if t, ok := s.(*ast.Set); ok && t.Txn != nil && strings.EqualFold(t.Name, name) {
			return "setting configuration parameter \"" + name + "\" not supported"
		}
		return ""
	}
}

// badIsolation refuses all levels but REPEATABLE READ, which is what there is.
func badIsolation(t *ast.Transaction) string {
	if t.Isolation == "" || t.Isolation == "repeatable read" {
		return ""
	}
	return "Unsupported isolation level: " + strings.ToUpper(t.Isolation)
}

// selectsInto reports whether a statement is SELECT INTO. (INTO elsewhere is an error in
// PostgreSQL too.)
func selectsInto(s ast.Stmt) bool {
	if e, ok := s.(*ast.Explain); ok {
		s = e.Query
	}
	q, ok := s.(*ast.Select)
	for ok && q.Into == nil && q.SetOp != nil {
		q = q.SetOp.L
	}
	return ok && q.Into != nil
}

// anySelect refuses a statement for one of the queries in it.
func anySelect(refuse func(*ast.Select) string) func(ast.Stmt) string {
	return func(s ast.Stmt) string {
		text := ""
		eachSelect(s, func(q *ast.Select) {
			if text == "" {
				text = refuse(q)
			}
		})
		return text
	}
}

// eachSelect calls f for the queries of a statement that stand in FROM, WITH, set
// operations and INSERT. Those inside expressions are the binder's to refuse.
func eachSelect(s ast.Stmt, f func(*ast.Select)) {
	with := func(w *ast.With) {
		if w != nil {
			for _, c := range w.CTEs {
				eachSelect(c.Query, f)
			}
		}
	}
	switch t := s.(type) {
	case *ast.Select:
		if t == nil {
			return
		}
		f(t)
		with(t.With)
		if t.SetOp != nil {
			eachSelect(t.SetOp.L, f)
			eachSelect(t.SetOp.R, f)
		}
		for _, from := range t.From {
			eachTable(from, func(x ast.TableExpr) {
				if q, ok := x.(*ast.Subquery); ok {
					eachSelect(q.Query, f)
				}
			})
		}
	case *ast.Insert:
		with(t.With)
		eachSelect(t.Source, f)
	case *ast.Update:
		with(t.With)
	case *ast.Delete:
		with(t.With)
	case *ast.Explain:
		eachSelect(t.Query, f)
	case *ast.CreateView:
		eachSelect(t.Query, f)
	}
}

func eachTable(t ast.TableExpr, f func(ast.TableExpr)) {
	f(t)
	if j, ok := t.(*ast.Join); ok {
		eachTable(j.L, f)
		eachTable(j.R, f)
	}
}
