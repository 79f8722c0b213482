package journal

import "fmt"

// A Feed makes of records that come over several ways one sequence without gap or
// repetition, which is what storage applies: batches that their sender streams once
// they are durable, and those that are read from the journal when some are missing. It
// does no I/O.
//
//	streamed  4 5 6 │   8 9 │ 7 8 │ …      may be late, lost, there twice, overtaken
//	read                      7 8 9        while Missing
//	Take      4 5 6 │       │ 7 8 │ 9 …    each once, in order
//
// Invariant: a record is given away only if it follows the last one that was.
type Feed struct {
	applied uint64 // The last record given away.
	known   uint64 // The last one heard of.
}

// NewFeed returns a Feed for storage that has all records up to applied.
func NewFeed(applied uint64) *Feed { return &Feed{applied: applied, known: applied} }

// Take returns the records of a batch that come next. It returns none if those before
// are missing, and those that were given away before are left out.
func (f *Feed) Take(batch []Record) []Record {
	if len(batch) == 0 {
		return nil
	}
	first, last := batch[0].Seq, batch[len(batch)-1].Seq
	if last-first+1 != uint64(len(batch)) {
		panic(fmt.Sprintf("journal feed: %d records from %d to %d", len(batch), first, last))
	}
	f.known = max(f.known, last)
	if last <= f.applied || first > f.applied+1 {
		return nil
	}
	batch = batch[f.applied+1-first:]
	f.applied = last
	return batch
}

// Missing returns the record from which on the journal must be read, and whether it
// must: something has been heard of that cannot be applied yet.
func (f *Feed) Missing() (from uint64, yes bool) { return f.applied + 1, f.known > f.applied }

// Heard says that the journal has records up to last.
func (f *Feed) Heard(last uint64) { f.known = max(f.known, last) }

// Applied returns the last record given away.
func (f *Feed) Applied() uint64 { return f.applied }
