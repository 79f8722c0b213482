// Package ddl changes the catalog: each statement of data definition and access
// control becomes changed descriptors, claims, job rows and purge requests in the
// statement's transaction. It reads no data and touches none: what takes long
// (building an index, deleting a table's rows) is left to the job runner, and what
// the profile wants done at once is told to the session as Work.
//
// create_table.go, constraint.go, index.go, alter.go: tables. drop.go, depend.go:
// dropping with dependencies. role.go, grant.go: access control. The others carry
// their object's name.
package ddl

import (
	"context"
	"fmt"
	"time"

	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
	"zorya/txn"
)

// An Env is what a DDL statement may know of its session.
type Env struct {
	Tx         txn.Tx
	Snap       *catalog.Snapshot // that of Tx's read point
	Role       types.OID         // current_user
	SearchPath []string
	Limits     profile.Limits
	// Lifts says which refusals the profile lifts (profile.Lifts); nil: none.
	Lifts func(refusal string) bool
	// InBlock is set if the transaction has other statements, so that an index must be
	// there at once and cannot be left to a job.
	InBlock bool
	Bind    Binder
	// SetSequence makes v a sequence's value: the next one follows it, or is v
	// itself if called is false. For RESTART.
	SetSequence func(ctx context.Context, seq *catalog.Sequence, v int64, called bool) error
	// Now is the time that job rows carry; zero means the clock's.
	Now time.Time
}

// A Bound is an expression that the binder has accepted, as it is to be stored.
type Bound struct {
	Text string // SQL text that binds to the same again, whatever the search path
	T    types.T
	// Cols are the columns of the table that it uses, by index; Refs are the
	// sequences, functions and domains.
	Cols []int
	Refs []types.OID
}

// A BoundView is a view's query that the binder has accepted.
type BoundView struct {
	Text string
	Cols []catalog.Col // Name and T
	Refs []types.OID   // relations, functions and domains that it uses
	// Uses are the columns used of each relation, by index.
	Uses map[types.OID][]int
	// Widths are how many columns each relation has that it names.
	Widths map[types.OID]int
	// NotUpdatable says why rows cannot be written through it; "": they can.
	NotUpdatable string
}

// A Binder resolves and checks the expressions in DDL. Snapshots given may contain
// the statement's own changes. text is the expression as written.
type Binder struct {
	// ResolveType resolves a type's name; domain is its domain, or 0.
	ResolveType func(snap *catalog.Snapshot, n ast.TypeName) (t types.T, domain types.OID, err error)
	// BindDefault checks the DEFAULT of a column (of which Name, T and Domain are
	// set) or of a domain: no columns, no subqueries.
	BindDefault func(snap *catalog.Snapshot, x ast.Expr, text string, col *catalog.Col) (Bound, error)
	// FixedDefault evaluates a column's default, as text, unless it is to be evaluated
	// for each row. text is "" for none.
	FixedDefault func(snap *catalog.Snapshot, text string, col *catalog.Col) (value *string, fixed bool, err error)
	// BindGenerated checks GENERATED ALWAYS AS (x) for a column of table: immutable.
	BindGenerated func(snap *catalog.Snapshot, table *catalog.Table, x ast.Expr, text string, col *catalog.Col) (Bound, error)
	// BindCheck checks a CHECK constraint of table: boolean.
	BindCheck func(snap *catalog.Snapshot, table *catalog.Table, x ast.Expr, text string) (Bound, error)
	// BindDomainCheck checks a CHECK constraint of a domain over base: boolean over VALUE.
	BindDomainCheck func(snap *catalog.Snapshot, base types.T, x ast.Expr, text string) (Bound, error)
	// BindIndexExpr checks an index expression, or with predicate set the boolean
	// WHERE of an index: immutable.
	BindIndexExpr func(snap *catalog.Snapshot, table *catalog.Table, x ast.Expr, text string, predicate bool) (Bound, error)
	// BindView checks a view's query.
	BindView func(snap *catalog.Snapshot, q *ast.Select, text string) (BoundView, error)
	// RetextView gives a view's query the names that what it uses has in the catalog after
	// a renaming; before is the view before it, whose text binds in that catalog.
	RetextView func(catalogBefore, after *catalog.Snapshot, before, v *catalog.Table) (text string, err error)
	// NotUpdatable says why rows cannot be written through a view; "": they can.
	NotUpdatable func(snap *catalog.Snapshot, v *catalog.Table) string
	// CheckFunction checks the body of a function LANGUAGE sql and tells what it uses.
	CheckFunction func(snap *catalog.Snapshot, f *catalog.Function) (refs []types.OID, err error)
}

// A Result is what a DDL statement answers.
type Result struct {
	Tag     string
	Columns []string // "job_id", or none
	Rows    [][]types.Datum
	Notices []*pgerr.Error
	// Snap is the catalog with the statement's changes, for later statements of a
	// transaction that may have several. It is no version that others see.
	Snap *catalog.Snapshot
	// Work is to be done to rows, in this order, before anything else.
	Work []Work
}

// statement is the state of one DDL statement.
type statement struct {
	ctx context.Context
	env *Env
	ed  *catalog.Editor
	res Result
	now time.Time
	// rewrites are the tables that get new storage, by OID.
	rewrites map[types.OID]*Rewrite
	// followers are the views whose texts name what has been renamed or moved, with what
	// that is.
	followers map[types.OID]string
}

func (s *statement) lifts(refusal string) bool { return s.env.Lifts != nil && s.env.Lifts(refusal) }

// Execute runs a statement: its changes are in env.Tx when it returns without an
// error, and take effect with the commit.
func Execute(ctx context.Context, env *Env, stmt ast.Stmt) (Result, error) {
	s := &statement{ctx: ctx, env: env, ed: catalog.NewEditor(ctx, env.Tx, env.Snap), now: env.Now}
	if s.now.IsZero() {
		s.now = time.Now()
	}
	if err := s.run(stmt); err != nil {
		return Result{}, err
	}
	s.work()
	if err := s.ed.Flush(); err != nil {
		return Result{}, err
	}
	s.res.Snap, s.res.Tag = s.ed.Snapshot(), Tag(stmt)
	return s.res, nil
}

// run executes a statement, or an element of CREATE SCHEMA.
func (s *statement) run(stmt ast.Stmt) error {
	switch t := stmt.(type) {
	case *ast.CreateTable:
		return s.createTable(t)
	case *ast.CreateIndex:
		return s.createIndex(t)
	case *ast.CreateView:
		return s.createView(t)
	case *ast.CreateSequence:
		return s.createSequence(t)
	case *ast.CreateSchema:
		return s.createSchema(t)
	case *ast.CreateDomain:
		return pgerr.Nowhere(s.createDomain(t))
	case *ast.CreateEnum:
		return s.createEnum(t)
	case *ast.AlterEnum:
		return s.alterEnum(t)
	case *ast.CreateFunction:
		return s.createFunction(t)
	case *ast.CreateStatistics:
		return s.createStatistics(t)
	case *ast.AlterStatistics:
		return s.alterStatistics(t)
	case *ast.CreateRole:
		return s.createRole(t)
	case *ast.AlterTable:
		return s.alterTable(t)
	case *ast.AlterSequence:
		return s.alterSequence(t)
	case *ast.AlterDomain:
		return pgerr.Nowhere(s.alterDomain(t))
	case *ast.AlterRole:
		return s.alterRole(t)
	case *ast.AlterRoleSet:
		return s.alterRoleSet(t)
	case *ast.Rename:
		return s.followed(s.rename(t))
	case *ast.SetSchema:
		return s.followed(s.setSchema(t))
	case *ast.AlterOwner:
		return s.alterOwner(t)
	case *ast.Drop:
		return s.drop(t)
	case *ast.DropRole:
		return s.dropRole(t)
	case *ast.GrantRole:
		return s.grantRole(t)
	case *ast.Grant:
		return s.grant(t)
	case *ast.AlterDefaultPrivileges:
		return s.alterDefaultPrivileges(t)
	case *ast.IAMGrant:
		return s.iamGrant(t)
	case *ast.Truncate:
		return s.truncate(t)
	case *ast.Comment:
		return s.comment(t)
	}
	return unsupported("unsupported statement: %s", nodeName(stmt))
}

// Tag is the tag of a statement that changes the catalog, which is also its name in
// errors; "" for all others.
func Tag(stmt ast.Stmt) string {
	switch t := stmt.(type) {
	case *ast.CreateTable:
		return "CREATE TABLE"
	case *ast.CreateIndex:
		return "CREATE INDEX"
	case *ast.CreateView:
		return "CREATE VIEW"
	case *ast.CreateSequence:
		return "CREATE SEQUENCE"
	case *ast.CreateSchema:
		return "CREATE SCHEMA"
	case *ast.CreateDomain:
		return "CREATE DOMAIN"
	case *ast.CreateEnum:
		return "CREATE TYPE"
	case *ast.AlterEnum:
		return "ALTER TYPE"
	case *ast.CreateFunction:
		return "CREATE FUNCTION"
	case *ast.CreateStatistics:
		return "CREATE STATISTICS"
	case *ast.AlterStatistics:
		return "ALTER STATISTICS"
	case *ast.CreateRole:
		return "CREATE ROLE"
	case *ast.AlterTable:
		return "ALTER " + objectTag(t.Kind)
	case *ast.AlterSequence:
		return "ALTER SEQUENCE"
	case *ast.AlterDomain:
		return "ALTER DOMAIN"
	case *ast.AlterRole:
		return "ALTER ROLE"
	case *ast.AlterRoleSet:
		return "ALTER ROLE"
	case *ast.Rename:
		return renameTag(t)
	case *ast.SetSchema:
		return "ALTER " + objectTag(t.Object)
	case *ast.AlterOwner:
		return "ALTER " + objectTag(t.Object)
	case *ast.Drop:
		return "DROP " + objectTag(t.Object)
	case *ast.DropRole:
		return "DROP ROLE"
	case *ast.GrantRole:
		return grantTag(t.Grant) + " ROLE"
	case *ast.Grant:
		return grantTag(t.Grant)
	case *ast.AlterDefaultPrivileges:
		return "ALTER DEFAULT PRIVILEGES"
	case *ast.IAMGrant:
		return "AWS IAM " + grantTag(t.Grant)
	case *ast.Truncate:
		return "TRUNCATE TABLE"
	case *ast.Comment:
		return "COMMENT"
	}
	return ""
}

func grantTag(grant bool) string {
	if grant {
		return "GRANT"
	}
	return "REVOKE"
}

// nodeName is a statement's name as the original's errors have it.
func nodeName(stmt ast.Stmt) string {
	name := fmt.Sprintf("%T", stmt)
	return name[len("*ast."):]
}

func unsupported(format string, args ...any) error {
	return pgerr.New(pgerr.FeatureNotSupported, format, args...)
}

func (s *statement) snap() *catalog.Snapshot { return s.ed.Snapshot() }

// notice adds a NOTICE.
func (s *statement) notice(code, format string, args ...any) *pgerr.Error {
	n := pgerr.New(code, format, args...)
	n.Severity = "NOTICE"
	s.res.Notices = append(s.res.Notices, n)
	return n
}

// warning adds a WARNING.
func (s *statement) warning(code, format string, args ...any) {
	s.notice(code, format, args...).Severity = "WARNING"
}

// skip is the notice of IF EXISTS and IF NOT EXISTS.
func (s *statement) skip(format string, args ...any) {
	s.notice("00000", format+", skipping", args...)
}
