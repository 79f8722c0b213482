package exec

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestQuicksort sorts rows of all kinds of order with partitions enough, and with so few
// that the other algorithm takes over at each depth.
func TestQuicksort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	shapes := []func(i, n int) int{
		func(i, n int) int { return r.IntN(n) },
		func(i, n int) int { return r.IntN(5) },
		func(i, n int) int { return i },
		func(i, n int) int { return n - i },
		func(i, n int) int { return min(i, n-i) },
		func(i, n int) int { return 0 },
	}
	for _, shape := range shapes {
		for _, n := range []int{0, 1, 2, 6, 7, 8, 40, 41, 1000} {
			in := make([]sortEntry, n)
			for i := range in {
				in[i] = sortEntry{prefix: uint64(shape(i, n)), row: int32(i)}
			}
			want := slices.Clone(in)
			slices.SortStableFunc(want, func(a, b sortEntry) int { return cmp.Compare(a.prefix, b.prefix) })
			for _, partitions := range []int{0, 1, 3, 100} {
				got := slices.Clone(in)
				o := &sorter{keys: make([]sortCol, 1), exact: true}
				o.quicksort(got, partitions)
				if !slices.EqualFunc(got, want, func(a, b sortEntry) bool { return a.prefix == b.prefix }) {
					t.Fatalf("%d entries, %d partitions: not in order", n, partitions)
				}
				slices.SortFunc(got, func(a, b sortEntry) int { return cmp.Compare(a.row, b.row) })
				if !slices.Equal(got, in) {
					t.Fatalf("%d entries, %d partitions: other rows", n, partitions)
				}
			}
		}
	}
}
