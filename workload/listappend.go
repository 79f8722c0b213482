package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/history"
)

// ListAppend is a load of transactions that append to lists and read them, recorded
// so that history.Check can judge the database. A list is a row: its key, and the
// values as text. It lives in one of two tables and moves between them, so that rows
// come and go; an index that includes the values serves some of the reads.
type ListAppend struct {
	Target  *Target
	Clients int // connections, each with one transaction at a time
	// Keys are the lists in use at a time. After PerKey appends a new one takes a
	// list's place; the old one is still read now and then.
	Keys, PerKey int
	// Hold is how long a few transactions wait, at most, between their operations, with
	// a snapshot that grows old.
	Hold time.Duration
	// Rebuild drops the indexes and builds them anew all the time.
	Rebuild bool
	Seed    uint64
	// Recorded is called with each transaction, if it is set, one at a time.
	Recorded func(*history.Txn) error

	start time.Time
	over  <-chan struct{} // closed when the time is over
	mu    sync.Mutex      // guards what follows
	live  []int           // keys in use
	tried []int           // of each key, how many appends to it were tried
	txns  []history.Txn
	err   error // of Recorded
	ids   atomic.Int64
	// Connections that broke, and transactions that failed, by SQLSTATE.
	Reconnects atomic.Int64
	Rebuilds   atomic.Int64 // indexes that were built anew
	errors     map[string]int
}

// listSchema makes the tables. history_keys has the keys of lists that move: a unique
// key that is never deleted, so that two transactions cannot both make the first row.
var listSchema = []string{
	"DROP TABLE IF EXISTS history_a", "DROP TABLE IF EXISTS history_b", "DROP TABLE IF EXISTS history_keys",
	"CREATE TABLE history_keys (k int PRIMARY KEY)",
	"CREATE TABLE history_a (k int PRIMARY KEY, shard int NOT NULL, v text NOT NULL)",
	"CREATE TABLE history_b (k int PRIMARY KEY, shard int NOT NULL, v text NOT NULL)",
}

// shardKeys is how many keys share a shard, which one read by index returns.
const shardKeys = 4

// shardOf is the shard of a key.
func shardOf(key int) int { return key / shardKeys }

// moves tells whether the list under a key may change its table.
func moves(key int) bool { return key%shardKeys != shardKeys-1 }

// Setup makes empty tables; old ones are dropped.
func (l *ListAppend) Setup(ctx context.Context) error {
	conn, err := l.Target.Connect(ctx)
	if err != nil {
		return err
	}
	defer closeAll([]*pgx.Conn{conn})
	for _, sql := range listSchema {
		if err := execute(ctx, conn, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	for _, table := range listTables {
		if err := makeIndex(ctx, conn, table); err != nil {
			return fmt.Errorf("index of %s: %w", table, err)
		}
	}
	return nil
}

// makeIndex makes the index by which shards are read: in the background where that is
// the only way, and waits for it.
func makeIndex(ctx context.Context, conn *pgx.Conn, table string) error {
	definition := fmt.Sprintf("%s_shard ON %s (shard) INCLUDE (v)", table, table)
	var job string
	err := conn.QueryRow(ctx, "CREATE INDEX ASYNC "+definition).Scan(&job)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42601" {
		return execute(ctx, conn, "CREATE INDEX "+definition)
	}
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CALL sys.wait_for_job('"+job+"')")
	return err
}

// rebuild drops and builds indexes until ctx ends. It fails only if the server says
// something that is neither a conflict nor a sign of its being away.
func (l *ListAppend) rebuild(ctx context.Context) error {
	var conn *pgx.Conn
	defer func() { closeAll([]*pgx.Conn{conn}) }()
	for n := 0; sleep(ctx, reconnectWait); n++ {
		if conn == nil || conn.IsClosed() {
			var err error
			if conn, err = l.Target.Connect(ctx); err != nil {
				conn = nil
				continue
			}
		}
		table := listTables[n%len(listTables)]
		err := execute(ctx, conn, "DROP INDEX IF EXISTS "+table+"_shard")
		if err == nil {
			err = makeIndex(ctx, conn, table)
		}
		switch class := errorClass(err); {
		case err == nil:
			l.Rebuilds.Add(1)
		case ctx.Err() != nil || class == "connection" || slices.Contains(awayClasses, class):
		default:
			return fmt.Errorf("rebuild of the index of %s: %w", table, err)
		}
	}
	return nil
}

// awayClasses are the SQLSTATEs of conflicts, of a server that goes down or cannot
// write, and of an index that is there because its creation was not heard of.
var awayClasses = []string{"40001", "40P01", "40003", "42P07", "53100", "57P01", "57P03", "58030"}

// Run puts the load on until the time is over or ctx ends, then reads all lists once
// more, and returns what was recorded. It goes on while the server is away. The error
// is for what kept it from working at all.
func (l *ListAppend) Run(ctx context.Context, d time.Duration) ([]history.Txn, error) {
	if l.Clients < 1 || l.Keys < 1 || l.PerKey < 1 {
		return nil, errors.New("clients, keys and appends per key must be at least 1")
	}
	l.start, l.errors = time.Now(), map[string]int{}
	for range l.Keys {
		l.live = append(l.live, l.newKey())
	}
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	l.over = timed.Done()
	var wg sync.WaitGroup
	for n := range l.Clients {
		c := &listClient{load: l, number: n, rng: rand.New(rand.NewPCG(l.Seed, uint64(n)))}
		wg.Go(func() {
			defer c.close()
			for timed.Err() == nil {
				c.transaction(timed)
			}
		})
	}
	var rebuildErr error
	if l.Rebuild {
		wg.Go(func() { rebuildErr = l.rebuild(timed) })
	}
	wg.Wait()
	err := l.readAll(context.WithoutCancel(ctx))
	return l.txns, errors.Join(err, l.err, rebuildErr)
}

// Errors returns how many transactions failed or have an unknown outcome, by SQLSTATE.
func (l *ListAppend) Errors() map[string]int { return l.errors }

// Begun is how many transactions were begun up to now.
func (l *ListAppend) Begun() int { return int(l.ids.Load()) }

// now is the time since the start, by the monotonic clock; never 0.
func (l *ListAppend) now() int64 { return int64(time.Since(l.start)) + 1 }

// pick chooses a list; old ones now and then.
func (l *ListAppend) pick(rng *rand.Rand) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rng.IntN(30) == 0 {
		return rng.IntN(len(l.tried))
	}
	return l.live[rng.IntN(len(l.live))]
}

// pickToAppend chooses a list and the value to append to it. A few go to lists that
// have not changed for long: their last versions are old.
func (l *ListAppend) pickToAppend(rng *rand.Rand) (key, value int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rng.IntN(40) == 0 {
		key = rng.IntN(len(l.tried))
	} else {
		slot := &l.live[rng.IntN(len(l.live))]
		if l.tried[*slot] >= l.PerKey {
			*slot = l.newKey()
		}
		key = *slot
	}
	l.tried[key]++
	return key, l.tried[key]
}

// newKey is a key that was not in use; the lock is held.
func (l *ListAppend) newKey() int {
	l.tried = append(l.tried, 0)
	return len(l.tried) - 1
}

// keys is how many keys there are.
func (l *ListAppend) keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tried)
}

// record keeps a transaction.
func (l *ListAppend) record(t *history.Txn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.Outcome != history.OK {
		l.errors[t.Error]++
	}
	l.txns = append(l.txns, *t)
	if l.Recorded != nil && l.err == nil {
		l.err = l.Recorded(t)
	}
}

// finalPatience is how long the last reads are tried again: the server may be coming
// up. finalKeys are the lists that one transaction reads.
const (
	finalPatience = 2 * time.Minute
	finalKeys     = 10 * shardKeys
)

// readAll reads all lists, each by its key and by the index in one transaction.
func (l *ListAppend) readAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finalPatience)
	defer cancel()
	c := &listClient{load: l, number: l.Clients, rng: rand.New(rand.NewPCG(l.Seed, uint64(l.Clients)))}
	defer c.close()
	for first := 0; first < l.keys(); first += finalKeys {
		for {
			t := c.run(ctx, func(ctx context.Context, x *listTxn) error {
				return x.readSpan(ctx, first, min(first+finalKeys, l.keys()))
			})
			if t != nil && t.Outcome == history.OK {
				break
			}
			if !sleep(ctx, reconnectWait) {
				return fmt.Errorf("lists could not be read at the end: %w", context.Cause(ctx))
			}
		}
	}
	return nil
}
