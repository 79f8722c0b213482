// Package sim runs Zorya in a simulated world: the real SQL sessions, transactions,
// adjudicator, journal, storage and jobs, over a disk, clocks and connections that
// a seed rules. The server crashes and starts again between any two steps, and at
// any write to the disk; unsynced data are lost or torn; clocks jump; connections
// break with a commit under way. In some seeds commits are asked for over a network
// that loses, delays and repeats, disks are full or fail to sync, and a second machine
// starts on damaged copies of what a crash has left.
//
//	clients (SQL) ─► session ─► txn ─► network ─► Judge ─► appender ─► applier ─► visible
//	      fibers                                   │  each stage is a fiber; between any
//	                                               │  two steps of one, all others may run
//	                                               ▼
//	                                             model: what the journal says must be there
//
// One goroutine runs at a time, and the seed says which, so that a seed's trace is
// the same each time. What waits in the product (a commit, a job's pause) parks its
// fiber; what the product does between two waits is one step.
//
// After every event the model checks the invariants of docs/commit.md: every read
// is compared with what the journal's records say, every commit with all others
// whose claims it could conflict with, every recovery with what was acknowledged;
// the workloads check what SQL must show (sums, uniqueness, references, lists).
//
// Bugs tells of bugs that can be planted in the product's source, to show that the
// world finds them.
package sim
