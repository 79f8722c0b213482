package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Transfer moves an amount from one account to another.
type Transfer struct {
	Payer, Payee, Amount int32
}

// randomTransfer moves 1 between two different accounts out of 1 to accounts.
func randomTransfer(accounts int) Transfer {
	payer := rand.IntN(accounts)
	payee := (payer + 1 + rand.IntN(accounts-1)) % accounts
	return Transfer{Payer: int32(payer + 1), Payee: int32(payee + 1), Amount: 1}
}

var (
	// errDeclined: the payer has less than the amount.
	errDeclined = errors.New("insufficient funds")
	errNoSuch   = errors.New("no such account")
	// errRolledBack: COMMIT was answered by ROLLBACK.
	errRolledBack = errors.New("the transaction was rolled back")
	// errVanished: a row that the transaction has seen is not there any more.
	errVanished = errors.New("the row is gone")
)

// run tries t once. It returns the id of the ledger's entry once the server has
// acknowledged the commit.
func (t Transfer) run(ctx context.Context, conn *pgx.Conn, begin string) (uuid.UUID, error) {
	if _, err := conn.Exec(ctx, begin); err != nil {
		return uuid.Nil, err
	}
	id, err := t.statements(ctx, conn)
	if err != nil {
		rollback(ctx, conn)
		return uuid.Nil, err
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err != nil {
		rollback(ctx, conn)
		return uuid.Nil, err
	}
	if tag.String() != "COMMIT" {
		return uuid.Nil, errRolledBack
	}
	return id, nil
}

func (t Transfer) statements(ctx context.Context, conn *pgx.Conn) (id uuid.UUID, err error) {
	var balance int32
	err = conn.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = $1", t.Payer).Scan(&balance)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, fmt.Errorf("%w: %d", errNoSuch, t.Payer)
	}
	if err != nil {
		return id, err
	}
	if balance < t.Amount {
		return id, errDeclined
	}
	if err := move(ctx, conn, t.Payer, -t.Amount); err != nil {
		return id, err
	}
	if err := move(ctx, conn, t.Payee, t.Amount); err != nil {
		return id, err
	}
	err = conn.QueryRow(ctx, "INSERT INTO transactions (payer_id, payee_id, amount) VALUES ($1, $2, $3) RETURNING id",
		t.Payer, t.Payee, t.Amount).Scan(&id)
	return id, err
}

// move changes the balance of one account.
func move(ctx context.Context, conn *pgx.Conn, account, amount int32) error {
	tag, err := conn.Exec(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2", amount, account)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("%w: %d", errNoSuch, account)
	}
	return nil
}

// rollback ends an open transaction. Its own failure shows at the next statement.
func rollback(ctx context.Context, conn *pgx.Conn) {
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		conn.Exec(ctx, "ROLLBACK")
	}
}

// errorClass names an error in a report: its SQLSTATE, or what else went wrong.
func errorClass(err error) string {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return pg.Code
	case errors.Is(err, errNoSuch):
		return "no such account"
	case errors.Is(err, errRolledBack):
		return "rolled back"
	case errors.Is(err, errVanished):
		return "vanished"
	}
	return "connection"
}

// retryable tells whether the transaction did nothing and may be run again: a
// conflict, or on servers with locks a deadlock. A lost connection is not: the
// commit may have happened.
func retryable(err error) bool {
	class := errorClass(err)
	return class == "40001" || class == "40P01"
}

// Waits between retries: the first at most backoffBase, doubled each time up to
// backoffMax.
const (
	backoffBase = time.Millisecond
	backoffMax  = 100 * time.Millisecond
)

// backoff is the wait before retry n, from 0: somewhere between half and the whole
// of the step, so that losers of one conflict do not meet again.
func backoff(n int) time.Duration {
	step := backoffMax
	if n < 7 {
		step = min(backoffMax, backoffBase<<n)
	}
	return step/2 + rand.N(step/2+1)
}

// sleep waits for d or until ctx is done; it tells whether d has passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
