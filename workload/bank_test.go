package workload

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// postgres is a schema of its own on the PostgreSQL server that ZORYA_TEST_PG
// names.
func postgres(t *testing.T) *Target {
	t.Helper()
	dsn := os.Getenv("ZORYA_TEST_PG")
	if dsn == "" {
		t.Skip("ZORYA_TEST_PG names no PostgreSQL server")
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	target := &Target{Config: cfg, Isolation: "repeatable read"}
	schema := "bank_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	sql(t, target, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { sql(t, target, "DROP SCHEMA "+schema+" CASCADE") })
	cfg.RuntimeParams["search_path"] = schema
	return target
}

func sql(t *testing.T, target *Target, statement string) {
	t.Helper()
	ctx := context.Background() // clean-ups run after the test's own has ended
	conn, err := target.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll([]*pgx.Conn{conn})
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func setUp(t *testing.T, target *Target, accounts int) {
	t.Helper()
	s := Setup{Accounts: accounts, Balance: 100, Connections: 3, Batch: 7}
	if err := s.Run(t.Context(), target); err != nil {
		t.Fatal(err)
	}
}

func TestSetupFinishesWhatIsThere(t *testing.T) {
	target := postgres(t)
	setUp(t, target, 20)
	sql(t, target, "DELETE FROM accounts WHERE id IN (3, 4, 15)")
	sql(t, target, "UPDATE accounts SET balance = 99 WHERE id = 5")
	setUp(t, target, 50)
	v, err := Check(t.Context(), target, 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Accounts != 50 || v.Sum != 4999 {
		t.Errorf("%d accounts, sum %d", v.Accounts, v.Sum)
	}
}

func TestBurstWithAndWithoutRetries(t *testing.T) {
	target := postgres(t)
	setUp(t, target, 10)
	path := t.TempDir() + "/journal"
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	l := Load{Target: target, Accounts: 10, Journal: j}
	without, err := l.Burst(t.Context(), 200, 8)
	if err != nil {
		t.Fatal(err)
	}
	l.Retry = true
	with, err := l.Burst(t.Context(), 200, 8)
	if err != nil {
		t.Fatal(err)
	}
	if without.Calls != 200 || without.Failed == 0 || !without.OnlyConflicts() {
		t.Errorf("without retries: %+v", without)
	}
	if with.Calls != 200 || with.Failed != 0 || with.Retries.Total == 0 {
		t.Errorf("with retries: %+v", with)
	}
	verify(t, target, path, without.Succeeded+with.Succeeded)
}

// verify checks the bank against a journal of n transfers.
func verify(t *testing.T, target *Target, path string, n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	acknowledged, err := ReadJournal(f)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Check(t.Context(), target, 100, acknowledged)
	if err != nil {
		t.Fatal(err)
	}
	if v.Wrong != 0 || v.Acknowledged != n || v.Transfers != n {
		t.Errorf("%d transfers made, found %+v", n, v)
	}
}

func TestSustainOpensConnections(t *testing.T) {
	target := postgres(t)
	setUp(t, target, 1000)
	var live strings.Builder
	l := Load{Target: target, Accounts: 1000, Retry: true}
	r, err := l.Sustain(t.Context(), Sustain{PerSecond: 100, Duration: 1200 * time.Millisecond, MaxConnections: 20, Live: &live})
	if err != nil {
		t.Fatal(err)
	}
	if r.Succeeded == 0 || r.Succeeded > 121 || r.Failed != 0 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(live.String(), "target 100/s") {
		t.Errorf("live line %q", live.String())
	}
}

// TestCheckFindsWhatIsWrong breaks the bank in each way that Check looks for.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	lost := uuid.New()
	for _, c := range []struct{ name, damage, finding string }{
		{"money made", "UPDATE accounts SET balance = 101 WHERE id = 1", "the balances add up to 1001, not 1000"},
		{"half a transfer", "UPDATE accounts SET balance = CASE id WHEN 1 THEN 99 ELSE 101 END WHERE id < 3", "account 1: the balance is -1 from what the ledger says"},
		{"an entry without money", "INSERT INTO transactions (payer_id, payee_id, amount) VALUES (1, 2, 5)", "account 2: the balance is -5 from what the ledger says"},
		{"a transfer lost", "SELECT 1", fmt.Sprintf("transfer %s {1 2 1} was acknowledged and is not there", lost)},
		{"a transfer changed", fmt.Sprintf("INSERT INTO transactions VALUES ('%s', 2, 1, 1)", lost), fmt.Sprintf("transfer %s is {2 1 1} in the ledger but was {1 2 1}", lost)},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := postgres(t)
			setUp(t, target, 10)
			sql(t, target, c.damage)
			acknowledged := map[uuid.UUID]Transfer{}
			if strings.Contains(c.finding, "transfer ") {
				acknowledged[lost] = Transfer{1, 2, 1}
			}
			v, err := Check(t.Context(), target, 100, acknowledged)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(v.Examples, "\n")+"\n", c.finding+"\n") {
				t.Errorf("found %q", v.Examples)
			}
		})
	}
}
