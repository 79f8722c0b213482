package workload

import (
	"maps"
	"math/bits"
	"sync"
	"time"
)

// An outcome is what became of one call: a transfer and its retries.
type outcome struct {
	err       error // nil, errDeclined or a failure
	elapsed   time.Duration
	retries   int
	conflicts int // attempts that ended in 40001
}

// Stats count outcomes. The zero value is ready; it is safe for concurrent use.
type Stats struct {
	mu        sync.Mutex
	succeeded int
	declined  int
	errors    map[string]int
	messages  map[string]string // the first of each class
	conflicts int
	retries   int
	retried   int // calls with at least one retry
	mostRetry int
	latency   histogram
}

func (s *Stats) add(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.err == nil:
		s.succeeded++
	case o.err == errDeclined:
		s.declined++
	default:
		s.fail(o.err)
	}
	s.conflicts += o.conflicts
	s.retries += o.retries
	s.mostRetry = max(s.mostRetry, o.retries)
	if o.retries > 0 {
		s.retried++
	}
	s.latency.add(o.elapsed)
}

func (s *Stats) fail(err error) {
	if s.errors == nil {
		s.errors, s.messages = map[string]int{}, map[string]string{}
	}
	class := errorClass(err)
	if s.errors[class]++; s.errors[class] == 1 {
		s.messages[class] = err.Error()
	}
}

// report returns what was counted in elapsed and, if reset is set, starts anew.
func (s *Stats) report(elapsed time.Duration, reset bool) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := 0
	for _, n := range s.errors {
		failed += n
	}
	r := Report{
		Calls: s.succeeded + s.declined + failed, Succeeded: s.succeeded, Declined: s.declined, Failed: failed,
		Errors: maps.Clone(s.errors), Messages: maps.Clone(s.messages), Seconds: elapsed.Seconds(), Conflicts: s.conflicts,
		Retries: Retries{Total: s.retries, Max: s.mostRetry, Transactions: s.retried},
		Latency: s.latency.summary(),
	}
	if seconds := elapsed.Seconds(); seconds > 0 {
		r.PerSecond = float64(s.succeeded) / seconds
	}
	if r.Calls > 0 {
		r.SuccessPercent = 100 * float64(s.succeeded+s.declined) / float64(r.Calls)
		r.Retries.Avg = float64(s.retries) / float64(r.Calls)
		r.Retries.SharePercent = 100 * float64(s.retried) / float64(r.Calls)
	}
	if reset {
		s.succeeded, s.declined, s.conflicts, s.retries, s.retried, s.mostRetry = 0, 0, 0, 0, 0, 0
		s.errors, s.messages, s.latency = nil, nil, histogram{}
	}
	return r
}

// A histogram counts durations in buckets that grow with them: 32 to a doubling,
// so a value read from it is at most 3.2 % too large. It starts at 1 µs and ends
// at 2^32 µs, over an hour.
type histogram struct {
	buckets  [29 * subBuckets]uint32
	count    int
	sum      time.Duration
	min, max time.Duration
}

const (
	subBits    = 5
	subBuckets = 1 << subBits
)

func (h *histogram) add(d time.Duration) {
	if h.count == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.count++
	h.sum += d
	h.buckets[min(bucketOf(d), len(h.buckets)-1)]++
}

// bucketOf: values below 32 µs have a bucket each; above, the bits after the
// highest choose one of 32.
func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - subBits
	return shift<<subBits + int(us>>shift)
}

// bucketEnd is the largest duration of a bucket, in whole microseconds.
func bucketEnd(i int) time.Duration {
	if i < subBuckets {
		return time.Duration(i) * time.Microsecond
	}
	shift := i>>subBits - 1
	return time.Duration((uint64(i-shift<<subBits)+1)<<shift-1) * time.Microsecond
}

// quantile is the duration that the share q of all values does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(q*float64(h.count) + 0.999999)
	for i, n := range h.buckets {
		if rank -= int(n); rank <= 0 && n > 0 {
			return max(h.min, min(bucketEnd(i), h.max))
		}
	}
	return h.max
}

func (h *histogram) summary() Latency {
	if h.count == 0 {
		return Latency{}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Latency{Min: ms(h.min), Avg: ms(h.sum / time.Duration(h.count)), P50: ms(h.quantile(0.5)), P99: ms(h.quantile(0.99)), Max: ms(h.max)}
}
