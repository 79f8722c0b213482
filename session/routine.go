package session

import (
	"context"
	"fmt"
	"strings"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// A routine is the body of an SQL function, planned for the types of a call: immutable,
// shared by all sessions.
type routine struct {
	f     *catalog.Function
	stmts []bodyStmt
	// catalog and stats are the versions that the plans were made with.
	catalog kv.Timestamp
	stats   uint64
}

type bodyStmt struct {
	*planned
	tree ast.Stmt
}

type routineCache = lru[*routine]

// routineCacheSize bounds the keys of the cache, in bytes.
const routineCacheSize = 1 << 20

// maxCalls is how deeply functions may call functions: what PostgreSQL's default stack
// allows.
const maxCalls = 5000

// CallSQL runs a function's body. Its statements are part of the one that calls it: of
// its transaction and limits, and, if the function is not volatile, of its snapshot.
func (e env) CallSQL(c *funcs.Ctx, r *funcs.Routine, args []types.Datum, emit func([]types.Datum) error) error {
	s := e.s
	if s.calls >= maxCalls {
		return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
	}
	s.calls++
	defer func() { s.calls-- }()
	body, err := s.routine(c, r)
	if err != nil {
		return err
	}
	var rows []types.Datum
	for i := range body.stmts {
		st := &body.stmts[i]
		limit := exec.AllRows
		switch last := i == len(body.stmts)-1; {
		case !last || r.Result == types.VoidOID:
			limit = 0
		case !r.Set:
			limit = 1
		}
		if rows, err = s.runBody(c, body.f, st, args, limit); err != nil {
			return bind.InFunction(err, r.Name, fmt.Sprintf("statement %d", i+1))
		}
	}
	for _, d := range rows {
		if err := emit([]types.Datum{d}); err != nil {
			return err
		}
	}
	return nil
}

// runBody runs one statement of a body, and returns up to limit rows of its one column.
func (s *Session) runBody(c *funcs.Ctx, f *catalog.Function, st *bodyStmt, args []types.Datum, limit int) ([]types.Datum, error) {
	if profile.IsDML(st.tree) {
		if err := s.mayMix(st.tree); err != nil {
			return nil, err
		}
		s.txn.dml = true
	}
	if f.Volatility == 'v' {
		outer := s.txn.tx.Enter()
		defer s.txn.tx.Leave(outer)
	}
	cur, err := s.startIn(c, st.planned, args, false)
	if err != nil {
		return nil, err
	}
	defer cur.Close()
	return cur.Column(limit)
}

// routine plans a function's body, or finds that done.
func (s *Session) routine(c *funcs.Ctx, r *funcs.Routine) (*routine, error) {
	key := s.routineKey(r)
	snap := s.txn.snap
	if known, ok := s.shared.routines.get(key); ok && known.catalog == snap.Version && known.stats == snap.StatsVersion() {
		return known, nil
	}
	list, err := bind.BindRoutine(s.bindEnv(c), r, func(tree ast.Stmt) error { return s.mayRunInBody(snap.Function(r.Func), tree) })
	if err != nil {
		return nil, err
	}
	body := &routine{f: snap.Function(r.Func), catalog: snap.Version, stats: snap.StatsVersion()}
	cacheable := true
	for _, st := range list {
		p := &planned{query: st.Query, catalog: body.catalog, stats: body.stats}
		if p.plan, err = plan.Build(s.planEnv(c), st.Query); err == nil {
			p.program, err = exec.Compile(p.plan)
		}
		if err == nil {
			err = p.plan.Fault
		}
		if err != nil {
			return nil, bind.InFunction(err, r.Name, "during startup")
		}
		body.stmts = append(body.stmts, bodyStmt{p, st.Tree})
		cacheable = cacheable && !st.Query.Uncacheable
	}
	if cacheable {
		s.shared.routines.put(key, body, routineCacheSize)
	}
	return body, nil
}

func (s *Session) routineKey(r *funcs.Routine) string {
	var b strings.Builder
	fmt.Fprint(&b, r.Func, r.Args, r.Result, r.Cols)
	return s.planKey(b.String(), nil)
}

// mayStandInBody refuses what the body of a function may not hold.
func (s *Session) mayStandInBody(f *catalog.Function, tree ast.Stmt) error {
	if isQuery(tree) {
		if q, ok := tree.(*ast.Select); ok && q.Into != nil {
			return notInFunction("SELECT INTO")
		}
		return s.prof.Check(tree)
	}
	if err := s.prof.Check(tree); err != nil {
		return err
	}
	if f.SQLBody {
		return pgerr.New(pgerr.FeatureNotSupported, "%s is not yet supported in unquoted SQL function body", commandName(tree))
	}
	return notInFunction(commandName(tree))
}

func notInFunction(command string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed in an SQL function", command)
}

// mayRunInBody refuses what a function that promises not to change anything may not do.
func (s *Session) mayRunInBody(f *catalog.Function, tree ast.Stmt) error {
	if err := s.mayStandInBody(f, tree); err != nil || f.Volatility == 'v' {
		return err
	}
	name := commandName(tree)
	if q, ok := tree.(*ast.Select); ok {
		if len(q.Locking) == 0 && !profile.IsDML(q) {
			return nil
		}
		if len(q.Locking) > 0 {
			name = "SELECT FOR UPDATE"
		}
	}
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed in a non-volatile function", name)
}

// start runs a plan with parameters.
func (s *Session) start(ctx context.Context, pl *planned, params []types.Datum, instrument bool) (*exec.Cursor, error) {
	return s.startIn(s.funcCtx(ctx), pl, params, instrument)
}

// startIn is start within what functions already know of the running statement.
func (s *Session) startIn(c *funcs.Ctx, pl *planned, params []types.Datum, instrument bool) (*exec.Cursor, error) {
	if pl.plan.Fault != nil { // before privileges, which PostgreSQL checks when it has planned
		return nil, pl.plan.Fault
	}
	if err := s.txn.snap.Check(s.roleOID, pl.query.Privs); err != nil {
		return nil, err
	}
	if pl.query.Writes || pl.query.Locks {
		for _, ref := range pl.query.Refs {
			s.txn.tx.Reference(ref.Key)
		}
	}
	lim := s.prof.Limits
	return pl.program.Start(&exec.Context{
		Ctx: c.Context, Env: &expr.Env{Ctx: c, Params: params, Domain: s.checkDomain},
		Tx: s.txn.tx, Snap: s.txn.snap, Role: s.roleOID, Virtual: s.virtualRows,
		Bound: s.tableExprs(c), Default: s.columnDefault(c),
		Limits:     StatementLimits(lim),
		Deferred:   &s.txn.deferred,
		Instrument: instrument,
	})
}
