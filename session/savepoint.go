package session

import (
	"context"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/txn"
)

// A savepoint is what of a transaction ROLLBACK TO brings back. Sequences and
// prepared statements are not of a transaction.
type savepoint struct {
	name     string
	at       txn.Savepoint
	snap     *catalog.Snapshot
	ddl, dml bool
	settings int // length of the settings' undo list
	deferred int // checks of foreign keys that waited
	readOnly bool
}

// savepoint runs SAVEPOINT, RELEASE and ROLLBACK TO.
func (s *Session) savepoint(ctx context.Context, t *ast.Transaction) (string, error) {
	words := map[ast.TxnKind]string{ast.Savepoint: "SAVEPOINT", ast.Release: "RELEASE SAVEPOINT", ast.RollbackTo: "ROLLBACK TO SAVEPOINT"}
	if s.status == idle {
		return "", pgerr.New(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", words[t.Kind])
	}
	if t.Kind == ast.Savepoint {
		if err := s.begin(ctx); err != nil {
			return "", err
		}
		s.txn.saves = append(s.txn.saves, savepoint{t.Savepoint, s.txn.tx.Save(), s.txn.snap, s.txn.ddl, s.txn.dml, len(s.settings.undo), s.txn.deferred.Len(), s.txn.tx.ReadOnly()})
		return "SAVEPOINT", nil
	}
	i := len(s.txn.saves) - 1
	for i >= 0 && s.txn.saves[i].name != t.Savepoint {
		i--
	}
	if i < 0 {
		return "", pgerr.New(pgerr.InvalidSavepoint, "savepoint \"%s\" does not exist", t.Savepoint)
	}
	s.setReadOnly(s.txn.saves[i].readOnly)
	if t.Kind == ast.Release {
		s.txn.saves = s.txn.saves[:i]
		return "RELEASE", nil
	}
	s.closePortals()
	p := s.txn.saves[i]
	s.txn.saves = s.txn.saves[:i+1]
	s.txn.tx.RollbackTo(p.at)
	s.txn.snap, s.txn.ddl, s.txn.dml = p.snap, p.ddl, p.dml
	s.settings.undoTo(p.settings)
	s.txn.deferred.Truncate(min(p.deferred, s.txn.deferred.Len()))
	s.followRole()
	s.status = transitions[s.status][evRollbackTo]
	return "ROLLBACK", nil
}
