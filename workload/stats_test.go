package workload

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

var conflict = &pgconn.PgError{Code: "40001"}

// answers is a transaction that ends with each of errs in turn.
func answers(errs ...error) func() error {
	return func() error {
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

func TestRetriedCountsAttempts(t *testing.T) {
	deadlock := &pgconn.PgError{Code: "40P01"}
	lost := errors.New("connection reset")
	for _, c := range []struct {
		name              string
		retry             bool
		answers           []error
		err               error
		retries, conflict int
	}{
		{"at once", true, []error{nil}, nil, 0, 0},
		{"conflicts", true, []error{conflict, conflict, nil}, nil, 2, 2},
		{"deadlock is no conflict but retried", true, []error{deadlock, conflict, nil}, nil, 2, 1},
		{"no retries", false, []error{conflict}, conflict, 0, 1},
		{"a lost connection may have committed", true, []error{conflict, lost}, lost, 1, 1},
		{"declined", true, []error{errDeclined}, errDeclined, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := retried(t.Context(), c.retry, answers(c.answers...))
			if o.err != c.err || o.retries != c.retries || o.conflicts != c.conflict {
				t.Errorf("got %v, %d retries, %d conflicts", o.err, o.retries, o.conflicts)
			}
		})
	}
}

func TestRetriedStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	o := retried(ctx, true, func() error {
		if tries++; tries == 3 {
			cancel()
		}
		return conflict
	})
	if o.err != error(conflict) || tries != 3 {
		t.Errorf("ended with %v after %d tries", o.err, tries)
	}
}

func TestReport(t *testing.T) {
	var s Stats
	s.add(outcome{elapsed: 2 * time.Millisecond})
	s.add(outcome{elapsed: 4 * time.Millisecond, retries: 3, conflicts: 3})
	s.add(outcome{elapsed: 6 * time.Millisecond, err: conflict, conflicts: 1})
	s.add(outcome{elapsed: 8 * time.Millisecond, err: errDeclined})
	want := Report{
		Calls: 4, Succeeded: 2, Declined: 1, Failed: 1, SuccessPercent: 75, Errors: map[string]int{"40001": 1},
		Messages:  map[string]string{"40001": conflict.Error()},
		Conflicts: 4, Seconds: 2, PerSecond: 1,
		Retries: Retries{Total: 3, Max: 3, Avg: 0.75, Transactions: 1, SharePercent: 25},
		Latency: Latency{Min: 2, Avg: 5, P50: 4.031, P99: 8, Max: 8},
	}
	r := s.report(2*time.Second, true)
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	if !r.OnlyConflicts() {
		t.Error("the one failure was a conflict")
	}
	if r := s.report(time.Second, false); r.Calls != 0 || r.Latency.Max != 0 || r.Errors != nil {
		t.Errorf("not empty after reset: %+v", r)
	}
}

// TestQuantiles compares the histogram with sorted values.
func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h histogram
	var all []time.Duration
	for range 10000 {
		d := time.Duration(1<<rng.IntN(34)+rng.IntN(1000)) * time.Nanosecond * 100
		h.add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.5, 0.9, 0.99, 1} {
		exact := all[int(q*float64(len(all)))-1]
		got := h.quantile(q)
		if got < exact-time.Microsecond || float64(got) > float64(exact)*1.033+1000 {
			t.Errorf("quantile %v: %v, exactly %v", q, got, exact)
		}
	}
}

func TestBucketsHaveNoGaps(t *testing.T) {
	for i := range len(histogram{}.buckets) - 1 {
		end := bucketEnd(i)
		if got := bucketOf(end); got != i {
			t.Fatalf("end %v of bucket %d falls into %d", end, i, got)
		}
		if got := bucketOf(end + time.Microsecond); got != i+1 {
			t.Fatalf("after %v comes bucket %d, not %d", end, got, i+1)
		}
	}
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	for n := range 100 {
		if d := backoff(n); d <= 0 || d > backoffMax || n < 7 && d > backoffBase<<n {
			t.Fatalf("wait %d is %v", n, d)
		}
	}
	if d := backoff(50); d < backoffMax/2 {
		t.Errorf("a late wait is %v", d)
	}
}

func TestRandomTransferIsBetweenTwoAccounts(t *testing.T) {
	seen := map[int32]bool{}
	for range 1000 {
		tr := randomTransfer(3)
		if tr.Payer == tr.Payee || min(tr.Payer, tr.Payee) < 1 || max(tr.Payer, tr.Payee) > 3 {
			t.Fatalf("%+v", tr)
		}
		seen[tr.Payer*10+tr.Payee] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d of 6 pairs", len(seen))
	}
}

func TestJournalReadsBack(t *testing.T) {
	path := t.TempDir() + "/journal"
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	if err := j.acknowledged(id, Transfer{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := ReadJournal(f)
	if err != nil || got[id] != (Transfer{1, 2, 3}) {
		t.Errorf("read %v, %v", got, err)
	}
	if _, err := ReadJournal(strings.NewReader("nonsense 1 2 3\n")); err == nil {
		t.Error("nonsense was read")
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
