// Package adjudicator decides which transactions commit, and in which order.
//
// A transaction arrives at COMMIT with its writes and with claims on keys. Of two
// concurrent transactions whose claims conflict, the first to ask commits. A
// commit then takes three steps, and three batches are under way at once:
//
//	           judge n+2          append n+1            apply n
//	Commit ──► under the lock ──► one write, one sync ──► storage, then visible ──► Committed
//	             │
//	             └─► Conflicted: answered once the rival is visible, or its retry
//	                 would read the same snapshot and lose again
//
// Core is the thought: a pure state machine. Server is the shell: it owns a Core,
// the order of the journal and two goroutines. A commit that nobody else is near takes
// its batch through the steps itself.
//
// Invariants:
//
//  1. Commit times and sequence numbers strictly increase, in the same order.
//  2. Judging counts everything judged before, durable or not. A false conflict
//     is allowed, a missed one never is.
//  3. Committed is answered only for what is durable and visible.
//  4. Once an append or an apply has failed, nothing commits any more; what was
//     judged but not answered is Unknown, never Conflicted and never lost.
//
// It knows neither SQL nor storage: keys are bytes, and applying is a function.
package adjudicator
