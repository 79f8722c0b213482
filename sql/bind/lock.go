package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/rel"
)

// A lockReq is a locking clause that applies to a query level.
type lockReq struct {
	share  bool
	name   string // FOR UPDATE …, for messages
	of     []ast.Name
	pushed bool // it stands in an enclosing query, whose LockRows does the work
}

// A rowLock is a scan whose rows are to be locked.
type rowLock struct {
	lock rel.RowLock
	col  rel.Column
	// pushed: the enclosing query's clause wants it.
	pushed bool
}

var lockNames = map[string]string{
	"update": "FOR UPDATE", "no key update": "FOR NO KEY UPDATE", "share": "FOR SHARE", "key share": "FOR KEY SHARE",
}

// checkStrengths refuses the strengths that only PostgreSQL has, also where the
// profile does not look: in subqueries of expressions.
func (b *binder) checkStrengths(list []ast.Locking) {
	for _, l := range list {
		if b.env.Extended {
			continue // FOR UPDATE, which is stronger, does for both.
		}
		if l.Strength == "share" || l.Strength == "no key update" {
			b.fail(0, pgerr.FeatureNotSupported, "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported")
		}
	}
}

func lockRequests(list []ast.Locking, pushed *lockReq) []*lockReq {
	var out []*lockReq
	for _, l := range list {
		out = append(out, &lockReq{
			share: l.Strength == "key share", name: lockNames[l.Strength],
			of: l.Of,
		})
	}
	if pushed != nil {
		out = append(out, &lockReq{share: pushed.share, name: pushed.name, pushed: true})
	}
	return out
}

// matches reports whether the clause takes in the FROM entry of that name.
func (r *lockReq) matches(name string) bool {
	for _, n := range r.of {
		if n.Name == name {
			return true
		}
	}
	return len(r.of) == 0
}

// lockFor combines the clauses that apply to a FROM entry; the strongest counts.
func (s *scope) lockFor(name string) *lockReq {
	var best *lockReq
	for _, r := range s.locking {
		if r.matches(name) && (best == nil || best.share && !r.share) {
			best = r
		}
	}
	return best
}

// pushLock is the clause that a subquery or view in FROM inherits; nil if none.
func (b *binder) pushLock(s *scope, name string) *lockReq { return s.lockFor(name) }

// lockTable arranges for the rows of a table to be locked.
func (b *binder) lockTable(s *scope, it *item) {
	r := s.lockFor(it.name)
	if r == nil {
		return
	}
	if isSequence(it.table) {
		b.later(pgerr.New(pgerr.WrongObjectType, "cannot lock rows in sequence \"%s\"", it.table.Name))
	}
	if it.table.Kind == catalog.RelVirtual {
		if b.env.Snap.Sequence(it.table.OID) != nil {
			b.throw(0, pgerr.New(pgerr.WrongObjectType, "cannot lock rows in sequence \"%s\"", it.name))
		}
		return
	}
	sc := it.scan.scan
	sc.RowID = b.newID()
	cols := sc.Columns()
	s.locks = append(s.locks, &rowLock{
		lock:   rel.RowLock{Table: it.table, RowID: sc.RowID, Share: r.share},
		col:    cols[len(cols)-1],
		pushed: r.pushed,
	})
	b.need(it.table.OID, 'w', false, false)
	b.locks = true
}

// checkNullable refuses locks on the side of an outer join that may be missing.
func (b *binder) checkNullable(kind ast.JoinKind, left, right bool) {
	if (kind == ast.LeftJoin || kind == ast.FullJoin) && right || (kind == ast.RightJoin || kind == ast.FullJoin) && left {
		b.later(pgerr.New(pgerr.FeatureNotSupported, "FOR UPDATE cannot be applied to the nullable side of an outer join"))
	}
}

// checkLocking refuses locking clauses where rows of the result are not rows of
// tables, and names that FROM does not have.
func (b *binder) checkLocking(s *scope, sel *ast.Select, aggregated bool) {
	if s.setop != "" && len(sel.Locking) > 0 {
		b.fail(0, pgerr.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", lockNames[sel.Locking[0].Strength])
	}
	for _, r := range s.locking {
		b.checkLockable(s, sel, r, aggregated)
		for i, n := range r.of {
			if n.Schema != "" || n.Catalog != "" {
				b.fail(n.Pos, pgerr.SyntaxError, "%s must specify unqualified relation names", r.name)
			}
			b.checkLocked(s, r, i)
		}
	}
}

// checkLocked checks a name in OF.
func (b *binder) checkLocked(s *scope, r *lockReq, i int) {
	n := r.of[i]
	for _, it := range s.all {
		if it.name != n.Name || !it.aliased && it.join {
			continue
		}
		what := ""
		switch {
		case it.function:
			what = "a function"
		case it.cte:
			what = "a WITH query"
		case it.join:
			what = "a join"
		}
		if what != "" {
			b.fail(n.Pos, pgerr.FeatureNotSupported, "%s cannot be applied to %s", r.name, what)
		}
		return
	}
	b.fail(n.Pos, pgerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", n.Name, r.name)
}

func (b *binder) checkLockable(s *scope, sel *ast.Select, r *lockReq, aggregated bool) {
	what := ""
	switch {
	case sel.SetOp != nil:
		what = "UNION/INTERSECT/EXCEPT"
	case sel.Values != nil:
		b.fail(0, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", r.name)
	case sel.Distinct:
		what = "DISTINCT clause"
	case len(sel.GroupBy) > 0:
		what = "GROUP BY clause"
	case sel.Having != nil:
		what = "HAVING clause"
	case aggregated:
		what = "aggregate functions"
	case len(s.windowCalls) > 0:
		what = "window functions"
	case s.hasSets:
		what = "set-returning functions in the target list"
	}
	if what != "" {
		b.fail(0, pgerr.FeatureNotSupported, "%s is not allowed with %s", r.name, what)
	}
}
