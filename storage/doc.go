// Package storage is a view of the journal that answers "what was under this key
// at time t". It can be thrown away and rebuilt from the journal's records.
//
// Every read is as of a time, and no reader is older than the horizon, a few
// minutes ago. So the newest version of a key stands alone in the *current* tree,
// and a version that has been superseded is filed in the *history*, in the bucket
// of the minute in which it was superseded:
//
//	current                    history
//	a → 17:05:10  "new"        17:05 │ a  16:40:00 until 17:05:10  "old"
//	b → 16:20:00  "b"                │ c  15:00:00 until 17:05:44  "c"
//	c → 17:05:44  deleted      17:06 │
//	                           deleted in 17:05: c
//
//	read a as of 17:05:30: current is not newer, so it is the answer.
//	read a as of 17:04:00: current is newer; in the buckets from 17:04 upwards
//	the newest version not after 17:04:00 is "old", and it was valid until 17:05:10.
//
// A scan walks the current tree and looks into the history only for the rows that
// changed after its time: hot rows don't slow it down with every update. Once the
// horizon has passed a minute, its bucket goes in one range deletion, and with it
// the tombstones that it lists, if they are still what they were.
//
// Invariants:
//
//  1. Records are applied in journal order, each once; the position is in the
//     same atomic write. So whatever is on disk is a prefix of the journal.
//  2. A key's current version is newer than all of its versions in the history.
//  3. The horizon is raised before anything is deleted for it, and readers check
//     it after reading: below it there is an error, never a wrong answer.
//  4. A bucket is announced to readers before it has its first entry.
//
// After a restart there are no readers of the past: Replay raises the horizon as
// it goes and files nothing.
//
// Storage never syncs for durability, reads no clock and starts no goroutine
// (Pebble has its own). The bytes are drawn in docs/formats.md.
package storage
