package workload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Journal is the client's own list of the transfers that were acknowledged: a
// line each with the id of the ledger's entry, payer, payee and amount. A nil
// Journal notes nothing. It is safe for concurrent use.
type Journal struct {
	mu   sync.Mutex
	file *os.File
}

// OpenJournal opens a journal to append to; path is made if it is missing.
func OpenJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &Journal{file: f}, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

func (j *Journal) acknowledged(id uuid.UUID, t Transfer) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err := fmt.Fprintln(j.file, id, t.Payer, t.Payee, t.Amount)
	return err
}

// ReadJournal reads what a Journal wrote.
func ReadJournal(in io.Reader) (map[uuid.UUID]Transfer, error) {
	entries := map[uuid.UUID]Transfer{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var text string
		var t Transfer
		if _, err := fmt.Sscan(lines.Text(), &text, &t.Payer, &t.Payee, &t.Amount); err != nil {
			return nil, fmt.Errorf("journal: %q: %w", lines.Text(), err)
		}
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("journal: %q: %w", lines.Text(), err)
		}
		entries[id] = t
	}
	return entries, lines.Err()
}

// A Verdict is what Check found.
type Verdict struct {
	Accounts     int      `json:"accounts"`
	Sum          int64    `json:"sum"`          // of all balances
	Transfers    int      `json:"transfers"`    // in the ledger
	Acknowledged int      `json:"acknowledged"` // in the journal
	Wrong        int      `json:"wrong"`        // things that do not hold
	Examples     []string `json:"examples,omitempty"`
}

// maxExamples bounds the list of what is wrong.
const maxExamples = 10

func (v *Verdict) wrong(format string, args ...any) {
	v.Wrong++
	if len(v.Examples) < maxExamples {
		v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
	}
}

// Print writes the verdict for people.
func (v *Verdict) Print(out io.Writer) {
	fmt.Fprintf(out, "%-20s %s, balances add up to %d\n", "Accounts", grouped(v.Accounts), v.Sum)
	fmt.Fprintf(out, "%-20s %s\n", "Transfers", grouped(v.Transfers))
	if v.Acknowledged > 0 {
		fmt.Fprintf(out, "%-20s %s in the journal\n", "Acknowledged", grouped(v.Acknowledged))
	}
	if v.Wrong == 0 {
		fmt.Fprintln(out, "All in order.")
		return
	}
	fmt.Fprintf(out, "%d wrong:\n", v.Wrong)
	for _, e := range v.Examples {
		fmt.Fprintln(out, "  "+e)
	}
}

// Check reads the bank in one snapshot and verifies it without trust in the
// server's arithmetic: money is conserved, each balance is the first balance and
// the ledger's entries, and each acknowledged transfer is in the ledger as it was
// made. The error is for what kept it from looking.
func Check(ctx context.Context, t *Target, balance int, acknowledged map[uuid.UUID]Transfer) (v Verdict, err error) {
	conn, err := t.Connect(ctx)
	if err != nil {
		return v, err
	}
	defer closeAll([]*pgx.Conn{conn})
	if _, err := conn.Exec(ctx, t.begin()); err != nil {
		return v, err
	}
	balances, err := readBalances(ctx, conn)
	if err != nil {
		return v, err
	}
	for _, b := range balances {
		v.Sum += b
	}
	v.Accounts, v.Acknowledged = len(balances), len(acknowledged)
	if want := int64(balance) * int64(v.Accounts); v.Sum != want {
		v.wrong("the balances add up to %d, not %d", v.Sum, want)
	}
	if err := v.replay(ctx, conn, balances, acknowledged); err != nil {
		return v, err
	}
	for id, b := range balances {
		if b != int64(balance) {
			v.wrong("account %d: the balance is %d from what the ledger says", id, b-int64(balance))
		}
	}
	_, err = conn.Exec(ctx, "COMMIT")
	return v, err
}

func readBalances(ctx context.Context, conn *pgx.Conn) (map[int32]int64, error) {
	rows, err := conn.Query(ctx, "SELECT id, balance FROM accounts")
	if err != nil {
		return nil, err
	}
	balances := map[int32]int64{}
	var id int32
	var balance int64
	_, err = pgx.ForEachRow(rows, []any{&id, &balance}, func() error {
		if _, twice := balances[id]; twice {
			return fmt.Errorf("account %d is there twice", id)
		}
		balances[id] = balance
		return nil
	})
	return balances, err
}

// replay takes every entry of the ledger back out of balances and strikes it from
// the acknowledged ones; what is left of those is lost.
func (v *Verdict) replay(ctx context.Context, conn *pgx.Conn, balances map[int32]int64, acknowledged map[uuid.UUID]Transfer) error {
	rows, err := conn.Query(ctx, "SELECT id, payer_id, payee_id, amount FROM transactions")
	if err != nil {
		return err
	}
	seen := make(map[uuid.UUID]bool, len(acknowledged))
	var id uuid.UUID
	var t Transfer
	_, err = pgx.ForEachRow(rows, []any{&id, &t.Payer, &t.Payee, &t.Amount}, func() error {
		if seen[id] {
			return errors.New("transfer " + id.String() + " is there twice")
		}
		seen[id] = true
		balances[t.Payer] += int64(t.Amount)
		balances[t.Payee] -= int64(t.Amount)
		if made, ok := acknowledged[id]; ok && made != t {
			v.wrong("transfer %s is %v in the ledger but was %v", id, t, made)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.Transfers = len(seen)
	for id, t := range acknowledged {
		if !seen[id] {
			v.wrong("transfer %s %v was acknowledged and is not there", id, t)
		}
	}
	return nil
}
