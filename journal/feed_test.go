package journal

import (
	"math/rand/v2"
	"testing"
)

// TestFeed sends batches over a way that loses, repeats and reorders them, and reads
// from the journal what the Feed says is missing: all records come once and in order.
func TestFeed(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 4))
		start := rng.Uint64N(5)
		var all []Record
		var way [][]Record
		f, next := NewFeed(start), start+1
		take := func(batch []Record) {
			for _, r := range f.Take(batch) {
				if r.Seq != next {
					t.Fatalf("seed %d: record %d instead of %d", seed, r.Seq, next)
				}
				next++
			}
		}
		for range 60 {
			first := uint64(len(all)) + 1
			for range 1 + rng.IntN(3) {
				all = append(all, Record{Seq: uint64(len(all)) + 1})
			}
			if rng.IntN(5) > 0 {
				way = append(way, all[first-1:])
			}
			for len(way) > 0 && rng.IntN(3) > 0 {
				i := rng.IntN(len(way))
				take(way[i])
				if rng.IntN(4) > 0 {
					way = append(way[:i:i], way[i+1:]...)
				}
			}
			if from, missing := f.Missing(); missing && rng.IntN(3) == 0 {
				take(all[from-1 : min(int(from)+1, len(all))])
			}
		}
		f.Heard(uint64(len(all)))
		for from, missing := f.Missing(); missing; from, missing = f.Missing() {
			take(all[from-1:])
		}
		if f.Applied() != uint64(len(all)) || next != f.Applied()+1 {
			t.Fatalf("seed %d: applied %d, given %d of %d", seed, f.Applied(), next-1, len(all))
		}
	}
}
