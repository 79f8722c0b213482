package jobs

import (
	"errors"
	"fmt"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/ddl"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/plan"
	"zorya/sql/types"
	"zorya/txn"
)

// validate checks that all rows keep a constraint that was added NOT VALID. Writers
// keep it by now: those from before were turned away when the job was made.
func (r *Runner) validate(j *catalog.Job) error {
	err := r.search(j)
	for tries := 1; errors.Is(err, txn.ErrSnapshotTooOld) && tries < 3; tries++ {
		err = r.search(j) // The machine may have slept.
	}
	if err != nil {
		return err
	}
	return r.write(func(tx *txn.Txn, snap *catalog.Snapshot) error {
		t := tableOf(snap, j.ObjectID)
		if t == nil {
			return failure{skipped}
		}
		t = t.Clone()
		for i := range t.Checks {
			if t.Checks[i].OID == j.Constraint {
				t.Checks[i].Valid = true
			}
		}
		for i := range t.FKs {
			if t.FKs[i].OID == j.Constraint {
				t.FKs[i].Valid = true
			}
		}
		ed := catalog.NewEditor(r.ctx, tx, snap)
		ed.PutQuietly(t)
		if err := ed.Flush(); err != nil {
			return err
		}
		return putStatus(tx, j, catalog.JobCompleted, "")
	})
}

// search fails if some row breaks the constraint of a job.
func (r *Runner) search(j *catalog.Job) error {
	return r.read(r.ctx, func(tx *txn.Txn, snap *catalog.Snapshot) error {
		t := tableOf(snap, j.ObjectID)
		if t == nil {
			return failure{skipped}
		}
		sql, broken := violation(snap, t, j.Constraint)
		if sql == "" {
			return nil
		}
		found, err := r.anyRow(tx, snap, sql)
		if err == nil && found {
			err = failure{broken}
		}
		return err
	})
}

// violation is a query for a row that breaks a constraint, and what the job says if
// there is one; "" if there is no such constraint.
func violation(snap *catalog.Snapshot, t *catalog.Table, oid types.OID) (sql, broken string) {
	for _, c := range t.Checks {
		if c.OID == oid {
			broken = fmt.Sprintf("check constraint \"%s\" is violated by some row", c.Name)
		}
	}
	for _, f := range t.FKs {
		if f.OID == oid {
			broken = fmt.Sprintf("insert or update on table \"%s\" violates foreign key constraint \"%s\"", t.Name, f.Name)
		}
	}
	return ddl.Violation(snap, t, oid), broken
}

// anyRow reports whether a query has a row.
func (r *Runner) anyRow(tx *txn.Txn, snap *catalog.Snapshot, sql string) (bool, error) {
	list, err := parser.Parse(sql)
	if err != nil {
		return false, err
	}
	sel, ok := list[0].Stmt.(*ast.Select)
	if !ok {
		return false, pgerr.New(pgerr.InternalError, "constraint has no query")
	}
	ctx := &funcs.Ctx{Context: r.ctx, Format: types.DefaultFormat}
	q, err := bind.Bind(r.bindEnv(snap), sel, nil)
	if err != nil {
		return false, err
	}
	p, err := plan.Build(&plan.Env{Snap: snap, Fold: ctx, Settings: plan.DefaultSettings}, q)
	if err != nil {
		return false, err
	}
	prog, err := exec.Compile(p)
	if err != nil {
		return false, err
	}
	cur, err := prog.Start(&exec.Context{Ctx: r.ctx, Env: &expr.Env{Ctx: ctx}, Tx: tx, Snap: snap, Role: catalog.AdminRole, Limits: r.Limits})
	if err != nil {
		return false, err
	}
	defer cur.Close()
	b, err := cur.Next()
	return b != nil, err
}
