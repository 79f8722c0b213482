package session

import (
	"cmp"
	"container/list"
	"context"
	"strconv"
	"strings"
	"sync"

	"zorya/kv"
	"zorya/profile"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/exec"
	"zorya/sql/parser"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A planned is a statement with its plan: immutable, shared by all sessions.
type planned struct {
	query   *rel.Query
	plan    *plan.Plan
	program *exec.Program
	fields  []Field
	// catalog and stats are the versions that the plan was made with.
	catalog kv.Timestamp
	stats   uint64
	// settings and role are those of the session that made the plan.
	settings, role string
}

// A lru keeps the most recently used values of a cluster. Safe for concurrent use.
type lru[V any] struct {
	mu    sync.Mutex
	index map[string]*list.Element
	order list.List // front: used last
	size  int
}

type lruEntry[V any] struct {
	key   string
	value V
	size  int
}

func (c *lru[V]) get(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.index[key]
	if e == nil {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry[V]).value, true
}

// put adds a value; limit bounds the bytes of all keys together.
func (c *lru[V]) put(key string, v V, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index == nil {
		c.index = map[string]*list.Element{}
	}
	if e := c.index[key]; e != nil {
		e.Value.(*lruEntry[V]).value = v
		c.order.MoveToFront(e)
		return
	}
	c.index[key] = c.order.PushFront(&lruEntry[V]{key, v, len(key)})
	c.size += len(key)
	for c.size > limit && c.order.Len() > 1 {
		last := c.order.Back()
		old := c.order.Remove(last).(*lruEntry[V])
		delete(c.index, old.key)
		c.size -= old.size
	}
}

type (
	planCache  = lru[*planned]
	parseCache = lru[[]ast.Statement]
)

// Bounds of the caches, in bytes of statement text. A tree or a plan is some ten
// times as large as its text.
const (
	planCacheSize  = 4 << 20
	parseCacheSize = 4 << 20
	// maxCachedText keeps huge INSERTs out of the caches.
	maxCachedText = 32 << 10
)

// parse parses a query string, or finds that done. Trees are immutable.
func (sh *Shared) parse(sql string) ([]ast.Statement, error) {
	if list, ok := sh.parses.get(sql); ok {
		return list, nil
	}
	list, err := parser.Parse(sql)
	if err == nil && len(sql) <= maxCachedText {
		sh.parses.put(sql, list, parseCacheSize)
	}
	return list, err
}

// plan makes a statement's plan for the transaction's catalog, or finds one. text
// is the statement's own.
func (s *Session) plan(ctx context.Context, text string, tree ast.Stmt, oids []types.OID) (*planned, error) {
	key := s.planKey(text, oids)
	stats := s.txn.snap.StatsVersion()
	if p, ok := s.shared.plans.get(key); ok && p.catalog == s.txn.snap.Version && p.stats == stats {
		return p, nil
	}
	p, err := s.makePlan(ctx, tree, oids)
	if err == nil && !p.query.Uncacheable && len(text) <= maxCachedText {
		s.shared.plans.put(key, p, planCacheSize)
	}
	return p, err
}

// makePlan binds, plans and compiles a statement.
func (s *Session) makePlan(ctx context.Context, tree ast.Stmt, oids []types.OID) (*planned, error) {
	params := make([]types.T, len(oids))
	for i, o := range oids {
		params[i] = types.Of(o)
	}
	q, err := bind.Bind(s.bindEnv(ctx), tree, params)
	if err != nil {
		return nil, err
	}
	pl, err := plan.Build(s.planEnv(ctx), q)
	if err != nil {
		return nil, err
	}
	program, err := exec.Compile(pl)
	if err != nil {
		return nil, err
	}
	p := &planned{query: q, plan: pl, program: program, catalog: s.txn.snap.Version, stats: s.txn.snap.StatsVersion(),
		settings: s.settings.planKey(), role: s.role}
	if q.HasRows {
		p.fields = queryFields(q.Out)
	}
	return p, nil
}

// planKey is everything that a plan depends on beside the catalog.
func (s *Session) planKey(text string, oids []types.OID) string {
	var b strings.Builder
	b.Grow(len(text) + 64)
	b.WriteString(text)
	b.WriteByte(0)
	for _, o := range oids {
		b.WriteString(strconv.Itoa(int(o)))
		b.WriteByte(',')
	}
	b.WriteByte(0)
	b.WriteString(s.settings.planKey())
	b.WriteByte(0)
	b.WriteString(s.role)
	if s.prof != s.shared.Profile {
		b.WriteByte(0)
		b.WriteString(s.prof.Name)
	}
	return b.String()
}

func queryFields(out []rel.Column) []Field {
	fields := make([]Field, len(out))
	for i, c := range out {
		t := types.Get(c.T.OID)
		size := int16(-1)
		if t != nil {
			size = t.Len
		}
		fields[i] = Field{Name: c.Name, Table: c.Table, Attr: c.Attr, Type: c.T.OID, Size: size, Typmod: c.T.Typmod}
	}
	return fields
}

// planEnv is what the planner may know of the session.
func (s *Session) planEnv(ctx context.Context) *plan.Env {
	return &plan.Env{Snap: s.txn.snap, Fold: s.funcCtx(ctx), Settings: s.settings.planner(), Exprs: s.tableExprs(ctx)}
}

// fresh returns the statement's plan, made anew if the catalog has changed, or what
// names mean (search_path, the role).
func (s *Session) fresh(ctx context.Context, p *prepared) (*planned, error) {
	if pl := p.plan; pl.catalog == s.txn.snap.Version && pl.stats == s.txn.snap.StatsVersion() &&
		pl.settings == s.settings.planKey() && pl.role == s.role {
		return pl, nil
	}
	tree := p.tree
	if e, ok := tree.(*ast.Explain); ok {
		tree = e.Query
	}
	oids := make([]types.OID, len(p.params))
	for i, t := range p.params {
		oids[i] = t.OID
	}
	pl, err := s.plan(ctx, p.st.Text, tree, oids)
	if err != nil {
		return nil, err
	}
	if p.plan.fields != nil && !sameFields(p.plan.fields, pl.fields) {
		return nil, errResultChanged
	}
	p.plan = pl
	return pl, nil
}

func sameFields(a, b []Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// StatementLimits are a profile's limits on one statement.
func StatementLimits(lim profile.Limits) exec.Limits {
	return exec.Limits{Memory: int64(lim.QueryMemory), Key: lim.KeyBytes, Row: lim.RowBytes, Column: lim.ColumnBytes}
}

// runQuery runs a SELECT, INSERT, UPDATE or DELETE.
func (s *Session) runQuery(ctx context.Context, po *portal, maxRows int, w Results) (tag string, suspended bool, err error) {
	if po.done {
		return selectTag(po.stmt.plan.query.Kind, 0), false, nil
	}
	if po.cursor == nil {
		pl, err := s.fresh(ctx, po.stmt)
		if err != nil {
			return "", false, err
		}
		if maxRows > 0 {
			// The portal outlives this message, and its context.
			po.ctx, po.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
			ctx = po.link(ctx)
		}
		if po.cursor, err = s.start(ctx, pl, po.params, false); err != nil {
			return "", false, err
		}
	} else {
		po.link(ctx)
	}
	defer po.unlink()
	sent := 0
	for {
		if po.batch == nil || po.next >= po.batch.Len {
			po.cursor.Pace(max(maxRows-sent, 0))
			if po.batch, err = po.cursor.Next(); err != nil {
				return "", false, err
			}
			po.next = 0
			if po.batch == nil {
				break
			}
		}
		n := po.batch.Len - po.next
		if maxRows > 0 {
			n = min(n, maxRows-sent)
		}
		if err := s.sendBatch(po, n, w); err != nil {
			return "", false, err
		}
		sent += n
		if maxRows > 0 && sent == maxRows {
			return "", true, nil
		}
	}
	kind := po.stmt.plan.query.Kind
	count := po.cursor.Affected()
	if kind == "SELECT" {
		count = int64(sent)
	}
	po.done = true
	po.close()
	return selectTag(kind, count), false, nil
}

// sendBatch sends n rows of the portal's batch.
func (s *Session) sendBatch(po *portal, n int, w Results) error {
	fields := po.stmt.fields
	if fields == nil {
		po.next += n
		return nil
	}
	f := s.format()
	const rowsAtOnce = 64 // between looks at the size of the buffer
	for n > 0 {
		buf := w.RowBuffer()
		var err error
		for range min(n, rowsAtOnce) {
			if buf, err = appendRow(buf, po.batch, po.next, fields, po.formats, f); err != nil {
				break
			}
			po.next++
			n--
		}
		if err := cmp.Or(w.PutRows(buf), err); err != nil {
			return err
		}
	}
	return nil
}

func selectTag(kind string, n int64) string {
	if kind == "INSERT" {
		return "INSERT 0 " + strconv.FormatInt(n, 10)
	}
	return kind + " " + strconv.FormatInt(n, 10)
}
