package storage

import (
	"sync"

	"zorya/kv"
	"zorya/txn"
)

// Rows that a filter is asked for at once: few at first, since whoever scans may need
// no more than one, and then as many as make a call cheap.
const (
	firstBatch = 32
	fullBatch  = 1024
	batchBytes = 1 << 20 // After as many bytes a batch takes no more rows.
)

// maxFreeBytes bounds what a closed iterator leaves to others.
const maxFreeBytes = 1 << 20

// A batched iterator asks its filter for many rows at once. It copies them, since the
// tree's iterator has moved on when the answer comes.
type batched struct {
	in     *iterator // without the filter
	filter txn.BatchFilter
	size   int // rows of the next batch

	*batchRows
	at     int // of passed; -1 before the first
	ended  bool
	failed error // what comes after the rows of the last batch
	err    error
	drops  int64
}

// batchRows are the rows of a batch.
type batchRows struct {
	bytes  []byte
	pairs  []pair
	passed []int // of pairs
}

// freeRows are for iterators to come: most scans are short.
var freeRows = sync.Pool{New: func() any { return new(batchRows) }}

func newBatched(in *iterator, f txn.BatchFilter) *batched {
	b := &batched{in: in, filter: f, size: firstBatch, batchRows: freeRows.Get().(*batchRows), at: -1}
	b.passed = b.passed[:0]
	return b
}

// A pair is a row in a batch: its key ends, and its value after it, at places in bytes.
type pair struct {
	start, key, value int
	time              kv.Timestamp
}

var _ txn.Iterator = (*batched)(nil)

// Next implements txn.Iterator.
func (b *batched) Next() bool {
	for b.at++; b.at >= len(b.passed); b.at = 0 {
		if b.ended {
			b.err = b.failed
			return false
		}
		b.fill()
	}
	return true
}

// fill reads a batch and asks the filter. What fails ends the scan after the rows before
// it, which may be all that is wanted.
func (b *batched) fill() {
	b.bytes, b.pairs, b.passed = b.bytes[:0], b.pairs[:0], b.passed[:0]
	for len(b.pairs) < b.size && len(b.bytes) < batchBytes {
		if !b.in.Next() {
			b.ended, b.failed = true, b.in.Err()
			break
		}
		if err := b.filter.Add(b.in.key, b.in.cur.value); err != nil {
			b.ended, b.failed = true, err
			return
		}
		p := pair{start: len(b.bytes), time: b.in.cur.time}
		b.bytes = append(b.bytes, b.in.key...)
		p.key = len(b.bytes)
		b.bytes = append(b.bytes, b.in.cur.value...)
		p.value = len(b.bytes)
		b.pairs = append(b.pairs, p)
	}
	if len(b.pairs) == 0 {
		return
	}
	b.size = min(4*b.size, fullBatch)
	var err error
	if b.passed, err = b.filter.Passed(b.passed); err != nil {
		b.oneByOne()
	}
	b.drops += int64(len(b.pairs) - len(b.passed))
}

// oneByOne finds the rows of a batch that match before the first at which the filter
// fails.
func (b *batched) oneByOne() {
	b.passed = b.passed[:0]
	for i := range b.pairs {
		p := &b.pairs[i]
		ok, err := b.filter.Match(b.bytes[p.start:p.key], b.bytes[p.key:p.value])
		if err != nil {
			b.ended, b.failed = true, err
			return
		}
		if ok {
			b.passed = append(b.passed, i)
		}
	}
}

func (b *batched) pair() *pair { return &b.pairs[b.passed[b.at]] }

// The current pair; see txn.Iterator.
func (b *batched) Key() []byte {
	p := b.pair()
	return b.bytes[p.start:p.key:p.key]
}

func (b *batched) Value() []byte {
	p := b.pair()
	return b.bytes[p.key:p.value:p.value]
}

func (b *batched) Time() kv.Timestamp { return b.pair().time }
func (b *batched) Err() error         { return b.err }

func (b *batched) Stats() txn.ScanStats {
	st := b.in.Stats()
	st.Filtered = b.drops
	return st
}

// Close implements txn.Iterator.
func (b *batched) Close() {
	b.in.Close()
	if b.batchRows != nil && cap(b.bytes) < maxFreeBytes {
		freeRows.Put(b.batchRows)
	}
	b.batchRows = nil
}
