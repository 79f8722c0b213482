// Package exec runs physical plans: operators that pull batches of up to 1,024
// rows by column, a direct path for statements on single rows, and the one
// module that turns row changes into index entries, claims and checks.
//
// A Program is immutable: it is cached and run concurrently. A Cursor belongs to
// one goroutine and one transaction.
package exec

import (
	"context"
	"time"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
	"zorya/txn"
)

// Limits bound what one statement may use, in bytes. 0 means no limit.
type Limits struct {
	Memory int64 // of all growing structures of one query
	Key    int   // encoded key columns of an index
	Row    int   // a stored row
	Column int   // a stored value
}

// DefaultLimits are those of the original service.
var DefaultLimits = Limits{Memory: 128 << 20, Key: 1981, Row: 2 << 20, Column: 1 << 20}

// A Context is what a running statement may use. It is not shared by statements
// that run at the same time.
type Context struct {
	Ctx  context.Context
	Env  *expr.Env // parameters, literal values, functions' context; State and Outer are the executor's
	Tx   txn.Tx
	Snap *catalog.Snapshot
	Role types.OID
	// Virtual computes the rows of a virtual table, one value for each of
	// t.Columns. eq are conditions column = value that it may use to compute fewer.
	Virtual func(t *catalog.Table, eq map[int]types.Datum) ([][]types.Datum, error)
	// Bound and Default serve cascades of foreign keys into other tables: a table's
	// own expressions, and the value of a column's default. They may be nil if no
	// table has any.
	Bound   func(t *catalog.Table) (*rel.TableExprs, error)
	Default func(t *catalog.Table, col int) (types.Datum, error)
	Limits  Limits
	// Deferred takes the checks that foreign keys put off until COMMIT; nil: none do.
	Deferred *Deferred
	// Instrument collects what EXPLAIN ANALYZE prints.
	Instrument bool
}

// A Program is a plan compiled to operators.
type Program struct {
	plan   *plan.Plan
	root   spec
	direct *directPath // nil: the plan takes the operator tree
	out    []int       // root's columns that are the result's
	subs   int         // sub-plans
	ctes   int
	paced  bool         // it shows how far the root computes ahead
	main   *plan.Modify // whose row count is the statement's
}

// Compile makes a Program of p.
func Compile(p *plan.Plan) (*Program, error) { return compile(p, true) }

// CompileTree is Compile without the direct path.
func CompileTree(p *plan.Plan) (*Program, error) { return compile(p, false) }

// Plan is the plan that the program runs.
func (p *Program) Plan() *plan.Plan { return p.plan }

// A run is the state of one execution that all its operators share.
type run struct {
	*Context
	env      *expr.Env
	mem      account
	subs     []*subState
	ctes     []*cteState
	touched  map[string]bool // base keys that this statement has changed; true: by inserting or updating
	main     *plan.Modify
	changed  int64                    // rows that main has changed
	duties   []duty                   // of foreign keys, at the end of the statement
	tables   map[types.OID]*tableSpec // that cascades have compiled
	finished bool                     // all changes are made and checked
	actuals  map[plan.Node]*plan.Actual
	reader   txn.Reader // of rows by key; nil before the first
}

// lookup returns what a key holds, as the statement sees it. The bytes are valid until the
// next look-up.
func (r *run) lookup(key kv.Key) (txn.Value, bool, error) {
	if r.reader == nil {
		r.reader = r.Tx.Reader(r.Ctx)
	}
	return r.reader.Get(key)
}

// lookupLatest is lookup with the statement's own writes.
func (r *run) lookupLatest(key kv.Key) (txn.Value, bool, error) {
	if r.reader == nil {
		r.reader = r.Tx.Reader(r.Ctx)
	}
	return r.reader.GetLatest(key)
}

// release lets go of storage. Whoever makes a run that reads ends it so.
func (r *run) release() {
	if r.reader != nil {
		r.reader.Close()
		r.reader = nil
	}
}

// canceled fails once the statement has been asked to stop.
func (r *run) canceled() error {
	if r.Ctx.Err() == nil {
		return nil
	}
	return cancelError(r.Ctx)
}

func cancelError(ctx context.Context) error {
	if e := pgerr.As(context.Cause(ctx)); e != nil {
		return e
	}
	return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
}

// A spec is a compiled plan node: immutable.
type spec interface {
	// operator makes the node's state for one execution.
	operator(r *run) operator
}

// An operator yields batches. open starts it, and starts it again with the
// current outer values; it may be called many times. next returns nil at the
// end; a batch is valid, and may be changed by nobody, until the next call of next,
// open or close. close may be called at any time, also twice.
type operator interface {
	open() error
	next() (*types.Batch, error)
	close()
}

// A Cursor is a running statement.
type Cursor struct {
	r       *run
	p       *Program
	op      operator
	view    types.Batch
	direct  *directState // the direct path's; nil after Close
	rows    int64        // returned
	changed int64        // by the direct path
	err     error
	done    bool
}

// Start begins to run p.
func (p *Program) Start(c *Context) (*Cursor, error) {
	if p.plan.Fault != nil {
		return nil, p.plan.Fault
	}
	if p.direct != nil && !c.Instrument {
		return p.startDirect(c)
	}
	env := *c.Env
	r := &run{Context: c, env: &env, mem: account{limit: c.Limits.Memory}, main: p.main}
	env.State, env.Outer = r, map[rel.ColID]types.Datum{}
	r.mem.within(env.Ctx)
	r.subs = make([]*subState, p.subs)
	r.ctes = make([]*cteState, p.ctes)
	if c.Instrument {
		r.actuals = map[plan.Node]*plan.Actual{}
	}
	cur := &Cursor{r: r, p: p, op: p.root.operator(r)}
	if err := r.canceled(); err != nil {
		cur.Close()
		return nil, err
	}
	if err := cur.op.open(); err != nil {
		cur.Close()
		return nil, err
	}
	return cur, nil
}

// Next returns the next rows of the result, nil at the end. A batch is valid until
// the next call. After an error the cursor only repeats it.
func (c *Cursor) Next() (*types.Batch, error) {
	if c.err != nil || c.done {
		return nil, c.err
	}
	if c.direct != nil {
		c.done = true
		if c.direct.b.Len == 0 {
			return nil, nil
		}
		c.rows = int64(c.direct.b.Len)
		return c.direct.b, nil
	}
	for {
		if c.err = c.r.canceled(); c.err != nil {
			return nil, c.err
		}
		b, err := c.op.next()
		if err != nil {
			c.err = err
			return nil, err
		}
		// A statement that modifies data has made all changes when it yields anything.
		if !c.r.finished {
			c.r.finished = true
			if c.err = c.r.finish(); c.err != nil {
				return nil, c.err
			}
		}
		if b == nil {
			c.done = true
			return nil, nil
		}
		if b.Len == 0 {
			continue
		}
		c.rows += int64(b.Len)
		return c.visible(b), nil
	}
}

// Pace says that of the rows to come at most n are wanted, until the next Pace; 0: all.
func (c *Cursor) Pace(n int) {
	if c.op != nil && c.p.paced {
		pace(c.op, n)
	}
}

// AllRows is no limit.
const AllRows = -1

// Column runs the statement to its end and returns the first column of its rows. With
// limit rows, a query ends there; changes are always made to the end.
func (c *Cursor) Column(limit int) ([]types.Datum, error) {
	var out []types.Datum
	for {
		if limit > 0 {
			c.Pace(limit - len(out))
		}
		b, err := c.Next()
		if err != nil || b == nil {
			return out, err
		}
		for i := 0; i < b.Len && len(out) != limit; i++ {
			out = append(out, b.Cols[0].At(i))
		}
		if limit == AllRows && c.r != nil {
			if err := c.r.mem.grow(rangeBytes(b.Cols[0], 0, b.Len)); err != nil {
				return nil, err
			}
		}
		if len(out) == limit && limit > 0 {
			return out, nil
		}
	}
}

// visible drops the columns that only the plan needed.
func (c *Cursor) visible(b *types.Batch) *types.Batch {
	if c.p.out == nil {
		return b
	}
	c.view.Len = b.Len
	c.view.Cols = c.view.Cols[:0]
	for _, i := range c.p.out {
		c.view.Cols = append(c.view.Cols, b.Cols[i])
	}
	return &c.view
}

// Affected is the number of rows that the statement has inserted, updated or
// deleted so far; of a SELECT, the rows that Next has returned.
func (c *Cursor) Affected() int64 {
	switch {
	case c.p.main == nil:
		return c.rows
	case c.r == nil:
		return c.changed
	}
	return c.r.changed
}

// Actuals is what each node did, when Instrument was set.
func (c *Cursor) Actuals() map[plan.Node]*plan.Actual {
	if c.r == nil {
		return nil
	}
	return c.r.actuals
}

// Close ends the statement and frees what it holds.
func (c *Cursor) Close() {
	c.done = true
	if c.direct != nil {
		c.direct.release(c.p.direct)
		c.direct = nil
	}
	if c.op == nil {
		return
	}
	c.op.close()
	for _, s := range c.r.subs {
		if s != nil {
			s.close()
		}
	}
	for _, s := range c.r.ctes {
		if s != nil {
			s.close()
		}
	}
	c.r.release()
	c.r.mem.leave(c.r.env.Ctx)
}

// measured counts what an operator does, for EXPLAIN ANALYZE.
type measured struct {
	operator
	a     *plan.Actual
	loops bool // open since the last first row
}

func (m *measured) open() error {
	begin := time.Now()
	err := m.operator.open()
	m.a.Loops++
	m.loops = true
	m.a.Total += time.Since(begin)
	return err
}

func (m *measured) next() (*types.Batch, error) {
	begin := time.Now()
	b, err := m.operator.next()
	m.a.Total += time.Since(begin)
	if m.loops {
		m.a.Startup += time.Since(begin)
		m.loops = false
	}
	if b != nil {
		m.a.Rows += int64(b.Len)
	}
	return b, err
}
