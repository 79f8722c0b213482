package workload

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Report says what a load did. Times of calls include their retries.
type Report struct {
	Connections    int               `json:"connections"`
	ConnectSeconds float64           `json:"connect_seconds"` // to open all of them; not part of Seconds
	Calls          int               `json:"calls"`
	Succeeded      int               `json:"succeeded"`
	Declined       int               `json:"declined"` // for want of funds: answered, nothing moved
	Failed         int               `json:"failed"`
	SuccessPercent float64           `json:"success_percent"`    // succeeded or declined
	Errors         map[string]int    `json:"errors,omitempty"`   // failed calls by SQLSTATE
	Messages       map[string]string `json:"messages,omitempty"` // the first error of each SQLSTATE
	Conflicts      int               `json:"conflicts"`          // attempts that ended in 40001, retried or not
	Seconds        float64           `json:"seconds"`
	PerSecond      float64           `json:"per_second"` // succeeded calls
	Latency        Latency           `json:"latency_ms"`
	Retries        Retries           `json:"retries"`
}

// Latency is the time of calls in milliseconds.
type Latency struct {
	Min float64 `json:"min"`
	Avg float64 `json:"avg"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Retries are the attempts after the first of each call.
type Retries struct {
	Total        int     `json:"total"`
	Max          int     `json:"max"`          // of one call
	Avg          float64 `json:"avg"`          // per call
	Transactions int     `json:"transactions"` // calls with at least one
	SharePercent float64 `json:"share_percent"`
}

// OnlyConflicts tells whether nothing failed but for conflicts.
func (r *Report) OnlyConflicts() bool { return r.Failed == r.Errors["40001"]+r.Errors["40P01"] }

// Print writes the report for people.
func (r *Report) Print(out io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%-20s "+format+"\n", append([]any{name}, args...)...)
	}
	line("Connections", "%s, opened in %.2f s", grouped(r.Connections), r.ConnectSeconds)
	line("Total calls", "%s", grouped(r.Calls))
	line("Successful", "%s (%.2f %%)", grouped(r.Succeeded+r.Declined), r.SuccessPercent)
	if r.Declined > 0 {
		line("  of them declined", "%s, for want of funds", grouped(r.Declined))
	}
	line("Errors", "%s", grouped(r.Failed))
	for _, class := range slices.Sorted(maps.Keys(r.Errors)) {
		line("  "+class, "%s, such as: %s", grouped(r.Errors[class]), r.Messages[class])
	}
	line("Total time", "%.2f s", r.Seconds)
	line("Throughput", "%s transfers/s", grouped(int(r.PerSecond+0.5)))
	l := r.Latency
	line("Time of a call", "min %.2f  avg %.2f  p50 %.2f  p99 %.2f  max %.2f ms", l.Min, l.Avg, l.P50, l.P99, l.Max)
	line("Conflicts (40001)", "%s", grouped(r.Conflicts))
	line("Retries", "%s, at most %d, %.2f a call", grouped(r.Retries.Total), r.Retries.Max, r.Retries.Avg)
	line("Calls with retries", "%s (%.2f %%)", grouped(r.Retries.Transactions), r.Retries.SharePercent)
}

// grouped writes n with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
