package workload

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Setup makes the bank.
type Setup struct {
	Accounts    int
	Balance     int  // of each account at first
	Connections int  // that insert at the same time
	Batch       int  // rows in a transaction; DSQL takes at most 3,000
	Drop        bool // drop what is there first
	// Done is called with the rows of each batch, if it is set, by many goroutines.
	Done func(rows int)
}

// schema is the talk's. Each statement is a transaction of its own, as DSQL wants.
var schema = []string{
	`CREATE TABLE IF NOT EXISTS accounts (
		id int PRIMARY KEY,
		balance int NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS transactions (
		id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
		payer_id int NOT NULL,
		payee_id int NOT NULL,
		amount int NOT NULL,
		created_at timestamptz NOT NULL DEFAULT now())`,
}

var dropSchema = []string{"DROP TABLE IF EXISTS transactions", "DROP TABLE IF EXISTS accounts"}

// Run makes the tables and the accounts 1 to Accounts. What is there already stays,
// so a run that was interrupted is finished by another.
func (s *Setup) Run(ctx context.Context, t *Target) error {
	if s.Accounts < 1 || s.Batch < 1 || s.Connections < 1 {
		return errors.New("accounts, batch and connections must be at least 1")
	}
	batches := (s.Accounts + s.Batch - 1) / s.Batch
	conns, err := t.connectAll(ctx, min(s.Connections, batches))
	if err != nil {
		return err
	}
	defer closeAll(conns)
	statements := schema
	if s.Drop {
		statements = append(append([]string{}, dropSchema...), schema...)
	}
	for _, sql := range statements {
		if err := execute(ctx, conns[0], sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, conn := range conns {
		wg.Go(func() {
			for ctx.Err() == nil {
				first := (int(next.Add(1))-1)*s.Batch + 1
				if first > s.Accounts {
					return
				}
				if err := s.fill(ctx, conn, first, min(first+s.Batch-1, s.Accounts)); err != nil {
					cancel(fmt.Errorf("accounts from %d: %w", first, err))
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// fill makes the accounts first to last that are missing.
func (s *Setup) fill(ctx context.Context, conn *pgx.Conn, first, last int) error {
	var have int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM accounts WHERE id BETWEEN $1 AND $2", first, last).Scan(&have); err != nil {
		return err
	}
	insert := "INSERT INTO accounts (id, balance) SELECT g, $3::int FROM generate_series($1::int, $2::int) AS g"
	if have > 0 {
		insert += " WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE id = g)"
	}
	if have < last-first+1 {
		if err := execute(ctx, conn, insert, first, last, s.Balance); err != nil {
			return err
		}
	}
	if s.Done != nil {
		s.Done(last - first + 1)
	}
	return nil
}

// execute runs a statement and repeats it after a conflict, up to ten times: another
// setup may be at work, or the catalog has just changed.
func execute(ctx context.Context, conn *pgx.Conn, sql string, args ...any) error {
	for n := 0; ; n++ {
		_, err := conn.Exec(ctx, sql, args...)
		if err == nil || !retryable(err) || n == 10 || !sleep(ctx, backoff(n)) {
			return err
		}
	}
}

// IsMissing tells whether an error says that the bank was not set up.
func IsMissing(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}
