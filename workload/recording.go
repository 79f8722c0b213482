package workload

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"zorya/history"
)

// A Recording is a history in a file: a line of JSON that says how to judge it, and
// one for each transaction, in the order of their ends.
type Recording struct {
	Format    int    `json:"zorya_history"` // recordingFormat
	Isolation string `json:"isolation,omitempty"`
	Locks     string `json:"locks"` // see Options
	Seed      uint64 `json:"seed"`
}

const recordingFormat = 1

// Options are how to judge the history. Locks is "claim", or "wait" for databases
// where a lock only makes others wait.
func (r Recording) Options() (history.Options, error) {
	switch r.Locks {
	case "claim", "wait":
		return history.Options{LocksWait: r.Locks == "wait"}, nil
	}
	return history.Options{}, fmt.Errorf("locks claim or wait, not %q", r.Locks)
}

// WriteRecording begins a recording and returns what adds a transaction to it.
func WriteRecording(out io.Writer, r Recording) (add func(*history.Txn) error, err error) {
	r.Format = recordingFormat
	lines := json.NewEncoder(out)
	return func(t *history.Txn) error { return lines.Encode(t) }, lines.Encode(r)
}

// ReadRecording reads a recording.
func ReadRecording(in io.Reader) (r Recording, txns []history.Txn, err error) {
	lines := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	if err := lines.Decode(&r); err != nil || r.Format != recordingFormat {
		return r, nil, fmt.Errorf("not a recording of format %d: %v", recordingFormat, err)
	}
	for {
		var t history.Txn
		switch err := lines.Decode(&t); err {
		case nil:
			txns = append(txns, t)
		case io.EOF:
			return r, txns, nil
		default:
			return r, nil, fmt.Errorf("after %d transactions: %w", len(txns), err)
		}
	}
}

// A ListAppendReport is what a list-append load did and what was found in it.
type ListAppendReport struct {
	*history.Report
	Seconds    float64        `json:"seconds,omitempty"`
	Reconnects int            `json:"reconnects"`
	Rebuilds   int            `json:"rebuilds"`         // of indexes
	Errors     map[string]int `json:"errors,omitempty"` // transactions that failed or are unknown, by SQLSTATE
	CheckedIn  float64        `json:"checked_in_seconds"`
}

// Print writes the report for people.
func (r *ListAppendReport) Print(out io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%-20s "+format+"\n", append([]any{name}, args...)...)
	}
	line("Transactions", "%s: %s acknowledged, %s failed, %s unknown, of which %s happened", grouped(r.Transactions), grouped(r.OK),
		grouped(r.Failed), grouped(r.Unknown), grouped(r.Observed))
	if r.Seconds > 0 {
		line("Total time", "%.2f s, %s transactions/s, %s reconnections", r.Seconds, grouped(int(float64(r.Transactions)/r.Seconds)), grouped(r.Reconnects))
	}
	if r.Rebuilds > 0 {
		line("Indexes rebuilt", "%s", grouped(r.Rebuilds))
	}
	for _, class := range slices.Sorted(maps.Keys(r.Errors)) {
		line("  "+class, "%s", grouped(r.Errors[class]))
	}
	line("Lists", "%s with %s appends, read %s times", grouped(r.Keys), grouped(r.Appends), grouped(r.Reads))
	line("Write skews", "%s (allowed)", grouped(r.WriteSkews))
	line("Checked in", "%.2f s", r.CheckedIn)
	if r.Valid() {
		fmt.Fprintln(out, "Strong snapshot isolation: nothing speaks against it.")
		return
	}
	fmt.Fprintln(out, "Not strong snapshot isolation:")
	for _, name := range slices.Sorted(maps.Keys(r.Found)) {
		line("  "+name, "%s", grouped(r.Found[name]))
	}
	for _, v := range r.Violations {
		fmt.Fprintf(out, "\n%s (transactions %s)\n", v.Name, strings.Trim(fmt.Sprint(v.Txns), "[]"))
		for _, because := range strings.Split(v.Text, "; ") {
			fmt.Fprintln(out, "  "+because)
		}
	}
}
