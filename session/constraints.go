package session

import (
	"context"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/types"
)

// setConstraints runs SET CONSTRAINTS. What becomes immediate is checked now.
func (s *Session) setConstraints(ctx context.Context, t *ast.SetConstraints, w Results) (output, error) {
	out := output{tag: "SET CONSTRAINTS"}
	var oids []types.OID
	for _, n := range t.Names {
		found, err := s.deferrable(n, t.Deferred)
		if err != nil {
			return output{}, err
		}
		oids = append(oids, found...)
	}
	if s.status == idle {
		return out, s.warn(w, pgerr.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")
	}
	s.txn.deferred.Set(oids, t.Deferred)
	if t.Deferred {
		return out, nil
	}
	return out, s.checkDeferred(ctx, false)
}

// deferrable finds the constraints of a name, in the first schema of the search path
// that has any.
func (s *Session) deferrable(n ast.Name, deferred bool) ([]types.OID, error) {
	schemas := s.searchPath()
	if n.Schema != "" {
		schemas = []string{n.Schema}
	}
	snap := s.txn.snap
	for _, name := range schemas {
		schema := snap.SchemaByName(name)
		if schema == nil {
			continue
		}
		var oids []types.OID
		found := false
		for _, t := range snap.Tables() {
			if t.Schema != schema.OID {
				continue
			}
			for i := range t.FKs {
				if t.FKs[i].Name != n.Name {
					continue
				}
				if found = true; t.FKs[i].Deferrable {
					oids = append(oids, t.FKs[i].OID)
				}
			}
			for i := range t.Checks {
				found = found || t.Checks[i].Name == n.Name
			}
			for _, x := range t.AllIndexes() {
				found = found || x.Constraint == n.Name
			}
		}
		switch {
		case found && len(oids) == 0:
			return nil, pgerr.New(pgerr.WrongObjectType, "constraint \"%s\" is not deferrable", n.Name)
		case found:
			return oids, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" does not exist", n.Name)
}

// checkDeferred does the checks of foreign keys that the transaction has put off.
func (s *Session) checkDeferred(ctx context.Context, commit bool) error {
	if s.txn.deferred.Len() == 0 {
		return nil
	}
	return s.txn.deferred.Check(&exec.Context{Ctx: ctx, Env: &expr.Env{Ctx: s.funcCtx(ctx)}, Tx: s.txn.tx, Snap: s.txn.snap, Role: s.roleOID,
		Limits: StatementLimits(s.prof.Limits)}, commit)
}
