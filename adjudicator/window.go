package adjudicator

import (
	"time"

	"zorya/kv"
)

// sampleEvery is how finely a window knows the past.
const sampleEvery = 5 * time.Second

// A window answers "what was the last commit this long ago" by a monotonic
// timer. So a wall clock that jumps moves commit times, but ages nothing.
type window struct {
	age     time.Duration
	samples ring[sample]
	horizon kv.Timestamp // The last commit of some moment at least `age` ago.
}

// A sample says which commit was the last one at a moment.
type sample struct {
	elapsed time.Duration
	last    kv.Timestamp
}

// observe notes that `last` is the last commit now, and returns the horizon and
// whether it has just moved. Call it before that commit has a successor.
func (w *window) observe(elapsed time.Duration, last kv.Timestamp) (horizon kv.Timestamp, moved bool) {
	if n := w.samples.len(); n == 0 || elapsed-w.samples.at(n-1).elapsed >= sampleEvery {
		w.samples.push(sample{elapsed, last})
	}
	for w.samples.len() > 0 && w.samples.front().elapsed <= elapsed-w.age {
		old := w.samples.pop()
		moved = moved || old.last > w.horizon
		w.horizon = max(w.horizon, old.last)
	}
	return w.horizon, moved
}
