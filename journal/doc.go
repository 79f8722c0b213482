// Package journal is the truth: a transaction is committed exactly when its
// record is in the journal. Storage is a view of it.
//
//	Append(batch)        Read(from), Tail(from)            Trim(before)
//	     │                       ▲                              │
//	     ▼                       │                              ▼
//	┌─────────┬─────────┬────────┴┐                     whole segments
//	│ 1 … 700 │701 …1399│1400 …   │  segments: files named after their first
//	└─────────┴─────────┴─────────┘  record; only the last one grows
//
// A batch is one frame: one write and one fdatasync, whatever the number of
// records. The bytes are drawn in docs/formats.md.
//
// Invariants:
//
//  1. Sequence numbers have no gap: a segment ends where the next one begins.
//  2. The next frame is written only when the last one is durable. So a crash
//     can damage the last frame of the last segment and nothing else; damage with
//     anything valid behind it is corruption, and is refused.
//  3. After an error of a write or a sync nothing is appended any more, since
//     nobody knows what the disk holds. Records that were waiting are unknown;
//     opening the journal again decides, and makes what it found durable anew.
//  4. What Read and Tail return is durable.
//
// It does not judge, order or apply records, and reads no clock.
package journal

import "context"

// A Journal is an append-only sequence of records. It is safe for concurrent
// use, except that Append is called by one goroutine at a time.
type Journal interface {
	// Append makes a batch durable. Sequence numbers continue those of the last
	// batch. An error other than ErrStopped means that the outcome is unknown;
	// after it every Append fails with ErrStopped.
	Append(batch []Record) error
	// Read returns the records from sequence number `from` up to the last durable
	// one; the reader ends with io.EOF.
	Read(from uint64) (Reader, error)
	// Tail is Read, but waits for more instead of ending.
	Tail(from uint64) (Reader, error)
	// Trim forgets records with a smaller sequence number. It may keep some.
	Trim(before uint64) error
	// Bounds returns the first record kept and the last durable one. The journal is
	// empty if last is first-1.
	Bounds() (first, last uint64)
}

// A Reader returns batches in order. It belongs to one goroutine.
type Reader interface {
	// Next returns the next batch, never an empty one. Its memory is the caller's.
	Next(ctx context.Context) ([]Record, error)
	Close()
}
