package storage

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

// benchRows is the size of the tables measured.
const benchRows = 100_000

func benchKey(i int) kv.Key {
	return binary.BigEndian.AppendUint32([]byte{kv.Data, 0, 0, 0, 1}, uint32(i))
}

// benchStore returns a store with benchRows rows of 100 bytes, on a disk.
func benchStore(b *testing.B) *Store {
	cache := pebble.NewCache(64 << 20)
	defer cache.Unref()
	s, err := Open(b.TempDir(), Options{Cache: cache})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	for at := 0; at < benchRows; at += 1000 {
		benchApply(b, s, epoch+kv.Timestamp(at), func(i int) kv.Mutation {
			return kv.Mutation{Key: benchKey(at + i), Value: make([]byte, 100)}
		})
	}
	if _, err := s.Flush(); err != nil {
		b.Fatal(err)
	}
	return s
}

// benchApply applies a record with 1,000 mutations.
func benchApply(b *testing.B, s *Store, at kv.Timestamp, m func(i int) kv.Mutation) {
	r := journal.Record{Seq: s.Applied().Seq + 1, Time: at, Kind: journal.Ordinary}
	for i := range 1000 {
		r.Mutations = append(r.Mutations, m(i))
	}
	if err := s.Apply([]journal.Record{r}); err != nil {
		b.Fatal(err)
	}
}

// heat updates every row `times` times after the snapshot that it returns.
func heat(b *testing.B, s *Store, times int) (snapshot kv.Timestamp) {
	snapshot = s.Applied().Time
	for range times {
		for at := 0; at < benchRows; at += 1000 {
			benchApply(b, s, s.Applied().Time+1000, func(i int) kv.Mutation {
				return kv.Mutation{Key: benchKey(at + i), Value: make([]byte, 100)}
			})
		}
	}
	return snapshot
}

// scanAll returns how many rows a full scan has.
func scanAll(b *testing.B, s *Store, at kv.Timestamp) (n int) {
	it := s.Scan(ctx, kv.Span{}, at, txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		n++
	}
	if it.Err() != nil {
		b.Fatal(it.Err())
	}
	return n
}

// BenchmarkLayout measures what docs/design/storage-layout.md compares.
func BenchmarkLayout(b *testing.B) {
	for _, updates := range []int{0, 10} {
		s := benchStore(b)
		old := heat(b, s, updates)
		rng := rand.New(rand.NewPCG(1, 1))
		for name, at := range map[string]kv.Timestamp{"now": s.Applied().Time, "before": old} {
			b.Run(fmt.Sprintf("updates=%d/get/%s", updates, name), func(b *testing.B) {
				for b.Loop() {
					if _, ok, err := s.Get(ctx, benchKey(rng.IntN(benchRows)), at); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
			b.Run(fmt.Sprintf("updates=%d/scan/%s", updates, name), func(b *testing.B) {
				for b.Loop() {
					if n := scanAll(b, s, at); n != benchRows {
						b.Fatal(n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
			})
		}
	}
	b.Run("queue", benchQueue)
}

// benchQueue inserts at one end and deletes at the other, with 1,000 rows alive,
// and scans: the deleted rows of the last minutes must be stepped over.
func benchQueue(b *testing.B) {
	s := benchStore(b)
	for at := 0; at < benchRows-1000; at += 1000 {
		benchApply(b, s, s.Applied().Time+1000, func(i int) kv.Mutation {
			return kv.Mutation{Key: benchKey(at + i), Delete: true}
		})
	}
	for b.Loop() {
		if n := scanAll(b, s, s.Applied().Time); n != 1000 {
			b.Fatal(n)
		}
	}
}
