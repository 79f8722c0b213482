package exec

import (
	"cmp"
	"math/bits"
	"slices"

	"zorya/sql/types"
)

// A sortEntry is a row with eight bytes of its first key that order as the key does.
type sortEntry struct {
	prefix uint64
	row    int32
	class  int8 // before prefix: NULLs of the first key stand on one side of all others
}

// A sorter orders rows of a store by keys. It sorts as PostgreSQL does (the
// quicksort of Bentley and McIlroy, "Engineering a Sort Function", 1993, which
// takes input that is in order as it is; a heap where only the first rows are
// wanted), so that rows with equal keys come in PostgreSQL's order wherever they
// come into the sort as they do there. The order of such rows depends on nothing but
// the order of the input.
type sorter struct {
	s     *rowStore
	keys  []sortCol
	exact bool // equal prefixes are equal first keys, for all entries made so far
}

func newSorter(s *rowStore, keys []sortCol) *sorter { return &sorter{s: s, keys: keys, exact: true} }

// entry makes the entry of a row.
func (o *sorter) entry(row int) sortEntry {
	k := &o.keys[0]
	v, at := o.s.vec(row, k.col)
	if v.IsNull(at) {
		if k.nullsFirst {
			return sortEntry{row: int32(row), class: -1}
		}
		return sortEntry{row: int32(row), class: 1}
	}
	p, exact := prefixOf(k.oid, v, at)
	o.exact = o.exact && exact
	if k.desc {
		p = ^p
	}
	return sortEntry{prefix: p, row: int32(row)}
}

func (o *sorter) compare(a, b *sortEntry) int {
	if a.prefix != b.prefix && a.class == b.class {
		if a.prefix < b.prefix {
			return -1
		}
		return 1
	}
	return o.compareRest(a, b)
}

// compareRest compares entries with one prefix, or on different sides of NULL.
func (o *sorter) compareRest(a, b *sortEntry) int {
	if a.class != b.class {
		return cmp.Compare(a.class, b.class)
	}
	keys := o.keys
	if o.exact || a.class != 0 {
		keys = keys[1:]
	}
	if len(keys) == 0 {
		return 0
	}
	return o.s.compareRows(keys, int(a.row), int(b.row))
}

// sortRows returns the numbers of all rows of s in the order of keys.
func sortRows(s *rowStore, keys []sortCol) []int32 {
	out := make([]int32, s.n)
	if len(keys) == 0 {
		for i := range out {
			out[i] = int32(i)
		}
		return out
	}
	o := newSorter(s, keys)
	entries := make([]sortEntry, s.n)
	for i := range entries {
		entries[i] = o.entry(i)
	}
	o.sort(entries)
	for i := range entries {
		out[i] = entries[i].row
	}
	return out
}

func (o *sorter) sort(a []sortEntry) { o.quicksort(a, 2*bits.Len(uint(len(a)))) }

// quicksort sorts. The smaller part is sorted by a call of itself, so that
// calls nest no deeper than the logarithm of the length. There are inputs, made for
// it, of which each partition splits off next to nothing: after so many partitions of
// one part another algorithm takes over.
func (o *sorter) quicksort(a []sortEntry, partitions int) {
	for ; len(a) > 1 && !o.sorted(a); partitions-- {
		if partitions == 0 {
			slices.SortFunc(a, func(x, y sortEntry) int {
				return cmp.Or(o.compare(&x, &y), cmp.Compare(x.row, y.row))
			})
			return
		}
		if len(a) < 7 {
			o.insertion(a)
			return
		}
		less, greater := o.partition(a)
		if len(less) > len(greater) {
			less, greater = greater, less
		}
		o.quicksort(less, partitions-1)
		a = greater
	}
}

func (o *sorter) sorted(a []sortEntry) bool {
	for i := 1; i < len(a); i++ {
		if o.compare(&a[i-1], &a[i]) > 0 {
			return false
		}
	}
	return true
}

func (o *sorter) insertion(a []sortEntry) {
	for i := 1; i < len(a); i++ {
		for j := i; j > 0 && o.compare(&a[j-1], &a[j]) > 0; j-- {
			a[j-1], a[j] = a[j], a[j-1]
		}
	}
}

// partition puts what equals a pivot in the middle and returns what is less and
// what is greater.
func (o *sorter) partition(a []sortEntry) (less, greater []sortEntry) {
	n := len(a)
	p := o.pivot(a)
	a[0], a[p] = a[p], a[0]
	// Equal to the pivot are [0, eqL) and (eqR, n), less [eqL, lo), greater (hi, eqR].
	eqL, lo, hi, eqR := 1, 1, n-1, n-1
	for {
		for ; lo <= hi; lo++ {
			c := o.compare(&a[lo], &a[0])
			if c > 0 {
				break
			}
			if c == 0 {
				a[eqL], a[lo] = a[lo], a[eqL]
				eqL++
			}
		}
		for ; lo <= hi; hi-- {
			c := o.compare(&a[hi], &a[0])
			if c < 0 {
				break
			}
			if c == 0 {
				a[hi], a[eqR] = a[eqR], a[hi]
				eqR--
			}
		}
		if lo > hi {
			break
		}
		a[lo], a[hi] = a[hi], a[lo]
		lo, hi = lo+1, hi-1
	}
	nless, ngreater := lo-eqL, eqR-hi
	k := min(eqL, nless)
	swapRanges(a[:k], a[lo-k:lo])
	k = min(ngreater, n-1-eqR)
	swapRanges(a[lo:lo+k], a[n-k:])
	return a[:nless], a[n-ngreater:]
}

func swapRanges(a, b []sortEntry) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// pivot returns the place of a median: of the middle one, of three, or of nine.
func (o *sorter) pivot(a []sortEntry) int {
	n := len(a)
	l, m, r := 0, n/2, n-1
	if n == 7 {
		return m
	}
	if n > 40 {
		d := n / 8
		l = o.median(a, l, l+d, l+2*d)
		m = o.median(a, m-d, m, m+d)
		r = o.median(a, r-2*d, r-d, r)
	}
	return o.median(a, l, m, r)
}

func (o *sorter) median(a []sortEntry, i, j, k int) int {
	ij, jk := o.compare(&a[i], &a[j]), o.compare(&a[j], &a[k])
	switch {
	case ij < 0 && jk < 0, ij >= 0 && jk > 0:
		return j
	case ij < 0 == (o.compare(&a[i], &a[k]) < 0):
		return k
	}
	return i
}

// prefixOf gives eight bytes of a value that order as values of the type do, and
// whether equal bytes mean equal values.
func prefixOf(oid types.OID, v *types.Vec, i int) (p uint64, exact bool) {
	switch {
	case oid == types.CharOID, oid == types.XID8OID: // ordered as unsigned numbers
		return uint64(v.I[i]), true
	case v.Kind == types.KindInt || v.Kind == types.KindBool:
		return uint64(v.I[i]) ^ 1<<63, true
	case v.Kind == types.KindFloat:
		b := floatBits(v.F[i])
		if b>>63 != 0 {
			return ^b, true
		}
		return b | 1<<63, true
	case v.Kind == types.KindBytes && plainBytes(oid):
		s := v.S[i]
		for k := range 8 {
			p <<= 8
			if k < len(s) {
				p |= uint64(s[k])
			}
		}
		return p, false
	}
	return 0, false
}
