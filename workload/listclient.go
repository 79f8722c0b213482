package workload

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/history"
)

// A listClient makes transactions, one at a time, on a connection that it replaces
// when it breaks.
type listClient struct {
	load   *ListAppend
	number int
	rng    *rand.Rand
	conn   *pgx.Conn
}

func (c *listClient) close() {
	if c.conn != nil {
		closeAll([]*pgx.Conn{c.conn})
	}
}

// listTimeout bounds a transaction, and an attempt to connect: a server may stand
// still without the connection breaking.
const listTimeout = 20 * time.Second

// connected makes sure of a connection; it tells whether there is one.
func (c *listClient) connected(ctx context.Context) bool {
	if c.conn != nil && !c.conn.IsClosed() {
		return true
	}
	connecting, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	conn, err := c.load.Target.Connect(connecting)
	if level := c.load.Target.Isolation; err == nil && level != "" { // for transactions without BEGIN
		_, err = conn.Exec(connecting, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL "+level)
	}
	if err != nil {
		closeAll([]*pgx.Conn{conn})
		sleep(ctx, reconnectWait)
		return false
	}
	if c.conn != nil {
		c.load.Reconnects.Add(1)
	}
	c.conn = conn
	return true
}

// transaction makes one transaction of a random kind. It is finished even if ctx
// ends.
func (c *listClient) transaction(ctx context.Context) {
	switch kind := c.rng.IntN(40); {
	case kind < 3:
		if c.connected(ctx) {
			c.statement(context.WithoutCancel(ctx))
		}
	case kind < 6:
		if c.connected(ctx) {
			c.batch(context.WithoutCancel(ctx))
		}
	case kind < 15:
		c.run(ctx, func(ctx context.Context, x *listTxn) error { return x.several(ctx, (*listTxn).randomRead) })
	default:
		c.run(ctx, func(ctx context.Context, x *listTxn) error { return x.several(ctx, (*listTxn).randomOp) })
	}
}

// How many transactions there are for one that is rolled back, that meets an error of
// its own, and whose client leaves during COMMIT.
const (
	rollbackOneIn = 50
	errorOneIn    = 80
	leaveOneIn    = 300
)

// aFailure is a statement that fails.
const aFailure = "SELECT 1 / 0"

// run makes a transaction of what body does and records it. It returns nil if there
// is no connection.
func (c *listClient) run(ctx context.Context, body func(context.Context, *listTxn) error) *history.Txn {
	if !c.connected(ctx) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), listTimeout+c.load.Hold)
	defer cancel()
	x := c.newTxn()
	_, err := c.conn.Exec(ctx, c.load.Target.begin())
	if err == nil {
		err = body(ctx, x)
	}
	if err == nil && c.rng.IntN(errorOneIn) == 0 {
		_, err = x.query(ctx, aFailure)
	}
	switch {
	case err != nil && !c.conn.IsClosed() && c.rng.IntN(2) == 0:
		x.commitFailed(ctx, err)
	case err != nil:
		// COMMIT was not sent, so nothing of it happens.
		x.finish(history.Failed, err)
	case c.rng.IntN(rollbackOneIn) == 0:
		x.finish(history.Failed, errRolledBack)
	default:
		x.commit(ctx)
	}
	rollback(ctx, c.conn)
	return &x.Txn
}

// commit sends COMMIT and records what becomes of it.
func (x *listTxn) commit(ctx context.Context) {
	if x.c.rng.IntN(leaveOneIn) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(x.c.rng.IntN(2000))*time.Microsecond)
		defer cancel()
	}
	x.Commit = x.c.load.now()
	switch tag, err := x.sendCommit(ctx); {
	case err != nil:
		x.finish(afterCommit(err), err)
	case tag != "COMMIT":
		x.finish(history.Failed, errRolledBack)
	default:
		x.finish(history.OK, nil)
	}
}

// commitFailed sends COMMIT for a transaction in which a statement has failed: it
// should be answered by ROLLBACK, and what the server says is recorded.
func (x *listTxn) commitFailed(ctx context.Context, failure error) {
	x.Commit = x.c.load.now()
	tag, err := x.sendCommit(ctx)
	if err == nil && tag == "COMMIT" {
		x.finish(history.OK, nil)
		return
	}
	x.finish(history.Failed, failure)
}

// sendCommit sends COMMIT by one of the protocols and returns the answer's tag.
func (x *listTxn) sendCommit(ctx context.Context) (string, error) {
	if x.c.rng.IntN(2) == 0 {
		tag, err := x.c.conn.Exec(ctx, "COMMIT")
		return tag.String(), err
	}
	r := x.c.conn.PgConn().ExecParams(ctx, "COMMIT", nil, nil, nil, nil).Read()
	return r.CommandTag.String(), r.Err
}

// statement appends with a single statement outside of a transaction block.
func (c *listClient) statement(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	x := c.newTxn()
	key, value := c.load.pickToAppend(c.rng)
	x.Commit = c.load.now()
	list, found, err := x.list(ctx, "UPDATE history_a SET v = v || ',' || $2::text WHERE k = $1 RETURNING v", key, strconv.Itoa(value))
	if found || err != nil {
		x.add(history.Op{Kind: history.Append, Key: key, Value: value})
	}
	if err != nil {
		x.finish(afterCommit(err), err)
		return
	}
	if found {
		x.add(history.Op{Kind: history.Read, Key: key, List: list})
	}
	x.finish(history.OK, nil)
}

// afterCommit is the outcome of a transaction whose COMMIT was answered by an error,
// or not at all. An error that leaves the session alive says that it did not happen,
// unless it says that it does not know.
func afterCommit(err error) history.Outcome {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Severity != "ERROR" || pg.Code == "40003" || strings.HasPrefix(pg.Code, "08") {
		return history.Unknown
	}
	return history.Failed
}

// newTxn begins the record of a transaction.
func (c *listClient) newTxn() *listTxn {
	l := c.load
	return &listTxn{c: c, Txn: history.Txn{ID: int(l.ids.Add(1)), Client: c.number, Begin: l.now(), Ops: []history.Op{}}}
}

// A listTxn is a transaction under way and its record.
type listTxn struct {
	history.Txn
	c *listClient
}

// finish ends the record.
func (x *listTxn) finish(outcome history.Outcome, err error) {
	x.End, x.Outcome = x.c.load.now(), outcome
	if err != nil {
		x.Error = errorClass(err)
	}
	x.c.load.record(&x.Txn)
}

// add records an operation that was answered.
func (x *listTxn) add(op history.Op) { x.Ops = append(x.Ops, op) }

// holdOneIn is how many transactions there are for one that waits.
const holdOneIn = 2000

// several does one to four operations.
func (x *listTxn) several(ctx context.Context, do func(*listTxn, context.Context) error) error {
	for range 1 + x.c.rng.IntN(4) {
		if err := do(x, ctx); err != nil {
			return err
		}
	}
	if hold := x.c.load.Hold; hold > 0 && x.c.rng.IntN(holdOneIn) == 0 {
		timer := time.NewTimer(time.Duration(x.c.rng.Int64N(int64(hold))))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.c.load.over:
		}
		return x.readOld(ctx)
	}
	return nil
}

// readOld reads all lists, as they were at a snapshot that has grown old.
func (x *listTxn) readOld(ctx context.Context) error {
	for first := 0; first < x.c.load.keys(); first += finalKeys {
		if err := x.readSpan(ctx, first, min(first+finalKeys, x.c.load.keys())); err != nil {
			return err
		}
	}
	return nil
}
