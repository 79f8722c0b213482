package session

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/types"
	"zorya/txn"
)

// Shared is what the sessions of one cluster have in common. Its fields do not
// change once the first session is open.
type Shared struct {
	DB        *txn.DB
	Catalog   *catalog.Cache
	Profile   *profile.Profile
	Sequences *Sequences
	Jobs      Jobs
	Log       *slog.Logger
	plans     planCache
	parses    parseCache
	routines  routineCache

	conflicts  conflictLog
	injections roleInjections
	advisory   advisoryLocks
}

// Jobs is the cluster's job runner, as a session needs it.
type Jobs interface {
	// Wake says that a job may have been added.
	Wake()
	// Wait waits for the end of a job and says whether it succeeded. An unknown id
	// is an error with PostgreSQL's code.
	Wait(ctx context.Context, id string) (bool, error)
	// Analyze computes a table's statistics now.
	Analyze(ctx context.Context, table types.OID) error
}

// Options say who opens a session.
type Options struct {
	User       string // a role that may log in; the door has checked it
	Params     map[string]string
	RemoteAddr net.Addr
	PID        uint32
}

// A Session is one client's conversation. One goroutine uses it.
type Session struct {
	shared   *Shared
	prof     *profile.Profile
	user     string // session_user
	userOID  types.OID
	role     string // current_user
	roleOID  types.OID
	rolesSet map[string]types.OID // taken on, to go back to when a later one is undone
	opts     Options
	settings *settings
	started  time.Time

	status status
	txn    txnState
	stmts  map[string]*prepared
	// portals of the open transaction.
	portals map[string]*portal
	// sequence values of this session, for currval and lastval.
	currval map[types.OID]int64
	lastSeq types.OID
	// lastSnap is the catalog of the transaction that began last.
	lastSnap *catalog.Snapshot
	domains  domainSet
	// affected is how many rows the last statement of the session's own changed.
	affected int64
	calls    int          // of SQL functions that are running, each inside of the one before
	random   funcs.Random // behind random() and setseed()
	query    string       // what the client sent: current_query()
	locked   bool         // an advisory lock has been asked for
}

// txnState is the open transaction, explicit or implicit; tx is nil when there is none.
type txnState struct {
	tx       *txn.Txn
	snap     *catalog.Snapshot
	start    time.Time
	readOnly bool
	ddl      bool // a DDL statement has run
	dml      bool // a data-modifying statement has run
	changes  int  // how many statements with either have run
	queried  bool // a query or DDL statement has run
	saves    []savepoint
	deferred exec.Deferred
}

// Open makes a session. Start-up parameters that may not be set are refused with
// 0A000, as FATAL.
func Open(ctx context.Context, shared *Shared, opts Options) (*Session, error) {
	prof, err := chosenProfile(shared, opts)
	if err != nil {
		return nil, err
	}
	s := &Session{shared: shared, prof: prof, user: opts.User, role: opts.User, opts: opts, settings: newSettings(prof),
		started: time.Now(), stmts: map[string]*prepared{}, portals: map[string]*portal{}, currval: map[types.OID]int64{}}
	if prof.MultipleDDL {
		shared.DB.GuardWriters()
	}
	if err := s.findRole(ctx); err != nil {
		return nil, err
	}
	s.settings.values[settingIndex["session_authorization"]] = opts.User
	for name, value := range opts.Params {
		if strings.EqualFold(name, chosenBy) {
			continue
		}
		if !prof.SettableParam(name) {
			return nil, unsettable(name).Fatal()
		}
		if err := s.settings.set(name, value, false, false); err != nil {
			if e := pgerr.As(err); e != nil {
				err = e.Fatal()
			}
			return nil, err
		}
	}
	if err := s.startRole(ctx); err != nil {
		return nil, err
	}
	s.settings.start = append([]string(nil), s.settings.values...)
	s.settings.changed = nil
	return s, nil
}

// chosenBy is the start-up parameter by which a connection chooses its profile.
const chosenBy = "zorya.profile"

// chosenProfile is the profile of a session: the cluster's, or the one that the
// client asks for.
func chosenProfile(shared *Shared, opts Options) (*profile.Profile, error) {
	for name, value := range opts.Params {
		if !strings.EqualFold(name, chosenBy) {
			continue
		}
		p, ok := profile.Lookup(value)
		if !ok {
			return nil, invalidValue(chosenBy, value).WithHint("Available values: dsql, extended.").Fatal()
		}
		return p, nil
	}
	return shared.Profile, nil
}

func unsettable(name string) *pgerr.Error {
	return pgerr.New(pgerr.FeatureNotSupported, "setting configuration parameter \"%s\" not supported", name)
}

// findRole looks the session's role up.
func (s *Session) findRole(ctx context.Context) error {
	return s.withSnapshot(ctx, func(snap *catalog.Snapshot) error {
		role := snap.RoleByName(s.user)
		if role == nil {
			return pgerr.New(pgerr.InvalidAuthorization, "role \"%s\" does not exist", s.user).Fatal()
		}
		if !role.Login {
			return pgerr.New(pgerr.InvalidAuthorization, "role \"%s\" is not permitted to log in", s.user).Fatal()
		}
		s.userOID, s.roleOID = role.OID, role.OID
		s.shared.injections.order(role.OID, role.Settings[injectConflicts])
		for name, value := range role.Settings {
			if name == injectConflicts {
				continue
			}
			if err := s.settings.set(name, value, false, false); err != nil {
				s.shared.Log.Warn("setting of role ignored", "role", s.user, "name", name, "err", err)
			}
		}
		return nil
	})
}

// startRole takes on the role that the start-up packet or the settings of the session's
// user ask for.
func (s *Session) startRole(ctx context.Context) error {
	name := s.settings.value("role")
	if strings.EqualFold(name, "none") {
		return nil
	}
	return s.withSnapshot(ctx, func(snap *catalog.Snapshot) error {
		if err := s.memberRole(snap, name); err != nil {
			return pgerr.As(err).Fatal()
		}
		s.followRole()
		return nil
	})
}

// withSnapshot calls f with the newest catalog, in a transaction of its own.
func (s *Session) withSnapshot(ctx context.Context, f func(*catalog.Snapshot) error) error {
	tx, err := s.shared.DB.Begin(ctx, txn.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	snap, err := s.shared.Catalog.At(ctx, tx)
	if err != nil {
		return err
	}
	return f(snap)
}

// Status is ReadyForQuery's byte.
func (s *Session) Status() byte { return s.status.wire() }

// Parameters are the settings that a client is told of at the start.
func (s *Session) Parameters() [][2]string {
	var out [][2]string
	for i, st := range settingList {
		if st.report {
			out = append(out, [2]string{st.name, s.settings.values[i]})
		}
	}
	return out
}

// Close ends the session; an open transaction is rolled back.
func (s *Session) Close() {
	s.endTxn(false)
	if s.locked {
		s.shared.advisory.releaseAll(s)
	}
}

// begin makes sure that there is a transaction: an implicit one if none is open.
func (s *Session) begin(ctx context.Context) error {
	if s.txn.tx != nil {
		return nil
	}
	readOnly := s.txn.readOnly || s.settings.value("default_transaction_read_only") == "on" && s.status == idle
	tx, err := s.shared.DB.Begin(ctx, txn.Options{ReadOnly: readOnly, Limits: s.txnLimits()})
	if err != nil {
		return err
	}
	snap, err := s.shared.Catalog.At(ctx, tx)
	if err != nil {
		tx.Rollback()
		return err
	}
	s.txn.tx, s.txn.snap, s.txn.start = tx, snap, time.Now()
	s.lastSnap = snap
	return nil
}

// commit ends the transaction and says what became of it.
func (s *Session) commit(ctx context.Context) error {
	tx, ddl := s.txn.tx, s.txn.ddl
	if tx == nil {
		s.endTxn(true)
		return nil
	}
	s.closePortals()
	if err := s.checkDeferred(ctx, true); err != nil {
		s.endTxn(false)
		return err
	}
	err := s.injected()
	if err == nil {
		_, err = tx.Commit(ctx)
		err = s.conflicted(err, s.txn.snap)
	}
	tx.Rollback()
	s.txn.tx = nil
	s.endTxn(err == nil)
	if err == nil && ddl {
		s.shared.Jobs.Wake()
	}
	return err
}

// endTxn forgets the transaction, rolling back what is not committed.
func (s *Session) endTxn(committed bool) {
	s.closePortals()
	if s.txn.tx != nil {
		s.txn.tx.Rollback()
	}
	s.txn = txnState{}
	if s.locked {
		s.shared.advisory.endTxn(s)
	}
	s.status = transitions[s.status][evEnd]
	s.settings.endTxn(committed)
	s.followRole()
}

// followRole makes current_user what the role setting says, after it may have
// been undone.
func (s *Session) followRole() {
	name := s.settings.value("role")
	if name == "none" {
		s.role, s.roleOID = s.user, s.userOID
	} else if oid, ok := s.rolesSet[name]; ok {
		s.role, s.roleOID = name, oid
	}
}

// Failed tells the session that a message failed. In an extended-protocol batch
// nothing more may come but Sync.
func (s *Session) Failed(error) {
	if s.status == idle {
		s.endTxn(false)
		return
	}
	s.status = transitions[s.status][evError]
	s.closePortals()
	if s.txn.tx != nil && len(s.txn.saves) == 0 {
		// Nothing more can come of it: let go of the snapshot now.
		s.txn.tx.Rollback()
		s.txn.tx = nil
	}
}

// Sync ends an implicit transaction.
func (s *Session) Sync(ctx context.Context, w Results) error {
	if s.status != idle {
		return s.report(w)
	}
	err := s.commit(ctx)
	if rerr := s.report(w); err == nil {
		err = rerr
	}
	return err
}

// report tells the client of changed parameters.
func (s *Session) report(w Results) error {
	for _, p := range s.settings.takeChanged() {
		if err := w.ParameterStatus(p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}

// Query runs a simple-protocol query string. Its statements are one implicit
// transaction, unless they contain transaction statements.
func (s *Session) Query(ctx context.Context, sql string, w Results) error {
	s.ClosePortal("")
	delete(s.stmts, "")
	s.query = sql
	list, err := s.shared.parse(sql)
	if err != nil {
		return s.inFailed(err)
	}
	for _, word := range parser.LongIdentifiers(sql) {
		n := pgerr.New(pgerr.NameTooLong, "identifier \"%s\" will be truncated to \"%s\"", word, types.CutName(word))
		n.Severity = "NOTICE"
		if err := s.notify(w, n); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return w.Empty()
	}
	for i := range list {
		if err := s.simple(ctx, &list[i], i == len(list)-1, w); err != nil {
			return inQuery(err, &list[i])
		}
	}
	return s.report(w)
}

// noParams is the error for $n in the simple query protocol.
func (s *Session) noParams(ctx context.Context, tree ast.Stmt) error {
	if x, ok := tree.(*ast.Explain); ok {
		tree = x.Query
	}
	env := s.bindEnv(ctx)
	env.NoParams = true
	if _, err := bind.Bind(env, tree, nil); err != nil {
		return err
	}
	return pgerr.New(pgerr.UndefinedParameter, "there is no parameter $1")
}

// inQuery makes the position of an error count from the start of the query string
// that the statement stands in.
func inQuery(err error, st *ast.Statement) error {
	e := pgerr.As(err)
	if e == nil || e.Position <= 0 || st.Offset == 0 {
		return err
	}
	c := *e
	c.Position += st.Offset
	return &c
}

// inFailed is err, unless the transaction is aborted, which comes first.
func (s *Session) inFailed(err error) error {
	if s.status == failed && pgerr.Code(err) != pgerr.SyntaxError {
		return errAborted
	}
	return err
}

// simple runs one statement of a query string and commits with the last one.
func (s *Session) simple(ctx context.Context, st *ast.Statement, last bool, w Results) error {
	p, err := s.prepare(ctx, st, nil)
	if err != nil {
		return err
	}
	if p.tree == nil {
		return w.Empty()
	}
	if len(p.params) > 0 {
		return s.noParams(ctx, p.tree)
	}
	po := &portal{stmt: p}
	defer po.close()
	if err := p.fault(); err != nil {
		return err
	}
	if err := s.describe(p, nil, w); err != nil {
		return err
	}
	tag, _, err := s.run(ctx, po, 0, w)
	if err != nil {
		return err
	}
	if last && s.status == idle {
		po.close()
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	return w.Complete(tag)
}
