package e2e

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"zorya/history"
	"zorya/workload"
)

// loads are a bank and a list-append load on one server, whose clients come back when
// it does.
type loads struct {
	t       *testing.T
	target  *workload.Target
	journal string // of acknowledged transfers
	bank    *workload.Load
	lists   *workload.ListAppend

	stop   context.CancelFunc
	wg     sync.WaitGroup
	txns   []history.Txn
	report workload.Report
	failed []error
}

const (
	bankAccounts = 200
	bankBalance  = 100
)

// newLoads sets up both on s; clients connect to port.
func newLoads(t *testing.T, s *server, port uint16) *loads {
	t.Helper()
	cfg := s.config(t, "admin", "")
	cfg.Port = port
	cfg.ConnectTimeout = 5 * time.Second
	admin := s.admin()
	l := &loads{t: t, journal: filepath.Join(t.TempDir(), "journal")}
	l.target = &workload.Target{Config: cfg, Password: func(context.Context) (string, error) { return admin.token(t), nil }}
	setup := workload.Setup{Accounts: bankAccounts, Balance: bankBalance, Connections: 1, Batch: bankAccounts}
	if err := setup.Run(t.Context(), l.target); err != nil {
		t.Fatal(err)
	}
	l.lists = &workload.ListAppend{Target: l.target, Clients: 5, Keys: 10, PerKey: 50, Seed: *cutsSeed, Rebuild: true}
	if err := l.lists.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	journal, err := workload.OpenJournal(l.journal)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { journal.Close() })
	l.bank = &workload.Load{Target: l.target, Accounts: bankAccounts, Retry: true, Journal: journal}
	return l
}

// start puts the loads on until finish, and returns once the first transfer has been
// acknowledged: on a busy machine the bank connects late, and would meet a fault first.
func (l *loads) start() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.t.Cleanup(stop)
	l.wg.Go(func() {
		var err error
		if l.report, err = l.bank.Drive(ctx, 5, 0, time.Hour); err != nil {
			l.failed = append(l.failed, err)
		}
	})
	lists := make(chan error, 1)
	go func() {
		var err error
		l.txns, err = l.lists.Run(ctx, time.Hour)
		lists <- err
	}()
	l.wg.Go(func() {
		if err := <-lists; err != nil {
			l.t.Error(err)
		}
	})
	for range 3000 {
		if info, err := os.Stat(l.journal); err == nil && info.Size() > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	l.t.Fatal("no transfer is acknowledged")
}

// checkBank verifies that the bank is in order and has all transfers that were
// acknowledged up to now.
func (l *loads) checkBank() {
	l.t.Helper()
	f, err := os.Open(l.journal)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	acknowledged, err := workload.ReadJournal(f)
	if err != nil {
		l.t.Fatal(err)
	}
	v, err := workload.Check(l.t.Context(), l.target, bankBalance, acknowledged)
	if err != nil {
		l.t.Fatal(err)
	}
	if v.Wrong > 0 || v.Accounts != bankAccounts {
		l.t.Fatalf("the bank is not in order: %+v", v)
	}
}

// finish ends the loads and judges them.
func (l *loads) finish() {
	l.t.Helper()
	l.stop()
	l.wg.Wait()
	for _, err := range l.failed {
		l.t.Error(err)
	}
	l.checkBank()
	report, err := history.Check(l.txns, history.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, v := range report.Violations {
		l.t.Errorf("%s: %s", v.Name, v.Text)
	}
	l.t.Logf("bank: %d transfers, failed by SQLSTATE %v; lists: %d transactions, %d acknowledged, %d unknown of which %d happened, not acknowledged by SQLSTATE %v; %d indexes rebuilt",
		l.report.Succeeded, l.report.Errors, report.Transactions, report.OK, report.Unknown, report.Observed, l.lists.Errors(), l.lists.Rebuilds.Load())
	if report.OK == 0 || l.report.Succeeded == 0 {
		l.t.Errorf("nothing was acknowledged: that says nothing")
	}
	for _, class := range slices.Sorted(maps.Keys(l.report.Errors)) {
		if class[:min(2, len(class))] == "XX" {
			l.t.Errorf("SQLSTATE %s: %s", class, l.report.Messages[class])
		}
	}
}
