package workload

import (
	"bytes"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zorya/history"
)

// PostgreSQL keeps snapshot isolation at REPEATABLE READ and not at READ COMMITTED;
// a recording is judged as the history itself.
func TestListAppendOnPostgres(t *testing.T) {
	target := postgres(t)
	for _, c := range []struct {
		isolation string
		valid     bool
	}{{"repeatable read", true}, {"read committed", false}} {
		target.Isolation = c.isolation
		l := &ListAppend{Target: target, Clients: 6, Keys: 6, PerKey: 20, Seed: 1}
		var file bytes.Buffer
		var err error
		if l.Recorded, err = WriteRecording(&file, Recording{Locks: "wait"}); err != nil {
			t.Fatal(err)
		}
		if err := l.Setup(t.Context()); err != nil {
			t.Fatal(err)
		}
		txns, err := l.Run(t.Context(), 2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		recording, again, err := ReadRecording(&file)
		if err != nil || len(again) != len(txns) {
			t.Fatalf("%d transactions, %d recorded: %v", len(txns), len(again), err)
		}
		options, err := recording.Options()
		if err != nil {
			t.Fatal(err)
		}
		report, err := history.Check(again, options)
		if err != nil {
			t.Fatal(err)
		}
		if report.Valid() != c.valid || report.Observed != 0 || report.Appends == 0 {
			t.Errorf("%s: %d appends, found %v", c.isolation, report.Appends, report.Found)
		}
	}
}

// Only an error that says so means that the transaction did not happen.
func TestAfterCommit(t *testing.T) {
	for _, c := range []struct {
		err  error
		want history.Outcome
	}{
		{&pgconn.PgError{Severity: "ERROR", Code: "40001"}, history.Failed},
		{&pgconn.PgError{Severity: "ERROR", Code: "53100"}, history.Failed},
		{&pgconn.PgError{Severity: "ERROR", Code: "40003"}, history.Unknown},
		{&pgconn.PgError{Severity: "FATAL", Code: "57P01"}, history.Unknown},
		{&pgconn.ConnectError{}, history.Unknown},
	} {
		if got := afterCommit(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

func TestRecordingRefusesOthers(t *testing.T) {
	for _, text := range []string{"", "{}", `{"zorya_history":2}`, "{\"zorya_history\":1}\n{\"id\":\"x\"}"} {
		if _, _, err := ReadRecording(bytes.NewBufferString(text)); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
	if _, err := (Recording{Locks: "never"}).Options(); err == nil {
		t.Error("no error for unknown locks")
	}
}
