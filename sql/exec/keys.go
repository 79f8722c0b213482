package exec

import (
	"cmp"
	"hash/maphash"
	"math"
	"math/bits"
	"strings"

	"zorya/sql/types"
)

var hashSeed = maphash.MakeSeed()

// nullHash is what NULL contributes to a row's hash: grouping holds NULLs equal.
const nullHash = 0x9e3779b97f4a7c15

func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return hi ^ lo
}

// plainBytes reports whether values of the type are equal exactly when their
// bytes are, and order as their bytes do (collation C).
func plainBytes(oid types.OID) bool { return oid != types.BpcharOID }

func floatBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return 0x7ff8000000000001
	}
	return math.Float64bits(f)
}

// hashInto mixes the hash of each of n values of v into out.
func hashInto(oid types.OID, v *types.Vec, n int, out []uint64) {
	for i := range n {
		if v.IsNull(i) {
			out[i] = mix(out[i], nullHash)
			continue
		}
		var h uint64
		switch {
		case v.Kind == types.KindInt || v.Kind == types.KindBool:
			h = uint64(v.I[i])
		case v.Kind == types.KindFloat:
			h = floatBits(v.F[i])
		case v.Kind == types.KindBytes && plainBytes(oid):
			h = maphash.String(hashSeed, v.S[i])
		default:
			h = types.Hash(oid, v.At(i), 0)
		}
		out[i] = mix(out[i], h)
	}
}

// equalAt compares two values of one type; NULLs are equal to each other.
func equalAt(oid types.OID, a *types.Vec, i int, b *types.Vec, j int) bool {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		return an && bn
	}
	if a.Kind == b.Kind {
		switch a.Kind {
		case types.KindInt, types.KindBool:
			return a.I[i] == b.I[j]
		case types.KindFloat:
			return floatBits(a.F[i]) == floatBits(b.F[j])
		case types.KindBytes:
			if plainBytes(oid) {
				return a.S[i] == b.S[j]
			}
		}
	}
	return types.Compare(oid, a.At(i), b.At(j)) == 0
}

// compareAt orders two values of one type that are not NULL.
func compareAt(oid types.OID, a *types.Vec, i int, b *types.Vec, j int) int {
	if a.Kind == b.Kind {
		switch a.Kind {
		case types.KindInt, types.KindBool:
			return cmp.Compare(a.I[i], b.I[j])
		case types.KindFloat:
			return compareFloat(a.F[i], b.F[j])
		case types.KindBytes:
			if plainBytes(oid) {
				return strings.Compare(a.S[i], b.S[j])
			}
		}
	}
	return types.Compare(oid, a.At(i), b.At(j))
}

// compareFloat orders as PostgreSQL does: NaN is equal to itself and greatest.
func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}

// A sortCol says how rows order by one column.
type sortCol struct {
	col        int
	oid        types.OID
	desc       bool
	nullsFirst bool
}

// compare orders value i of a and j of b, NULLs included.
func (k *sortCol) compare(a *types.Vec, i int, b *types.Vec, j int) int {
	an, bn := a.IsNull(i), b.IsNull(j)
	switch {
	case an && bn:
		return 0
	case an != bn:
		if an == k.nullsFirst {
			return -1
		}
		return 1
	}
	c := compareAt(k.oid, a, i, b, j)
	if k.desc {
		return -c
	}
	return c
}

// compareDatums is compare for single values.
func (k *sortCol) compareDatums(a, b types.Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull() != b.IsNull():
		if a.IsNull() == k.nullsFirst {
			return -1
		}
		return 1
	}
	c := types.Compare(k.oid, a, b)
	if k.desc {
		return -c
	}
	return c
}

// compareRows orders two rows of a store by keys.
func (s *rowStore) compareRows(keys []sortCol, a, b int) int {
	for k := range keys {
		va, i := s.vec(a, keys[k].col)
		vb, j := s.vec(b, keys[k].col)
		if c := keys[k].compare(va, i, vb, j); c != 0 {
			return c
		}
	}
	return 0
}

// A hashIndex finds the rows of a store by the hash of their keys. Rows with one
// hash are chained in the order in which they were added.
type hashIndex struct {
	mem    *account
	slots  []slot // a power of two
	next   []int32
	hashes []uint64
	bytes  int64
}

type slot struct{ head, tail int32 } // row + 1; 0 = empty

// add appends the next row with hash h.
func (x *hashIndex) add(h uint64) error {
	if len(x.next) >= len(x.slots)*3/4 {
		if err := x.rehash(max(64, 2*len(x.slots))); err != nil {
			return err
		}
	}
	x.next = append(x.next, 0)
	x.hashes = append(x.hashes, h)
	x.link(int32(len(x.next)), h)
	return nil
}

func (x *hashIndex) link(row int32, h uint64) {
	s := &x.slots[h&uint64(len(x.slots)-1)]
	if s.head == 0 {
		s.head = row
	} else {
		x.next[s.tail-1] = row
	}
	s.tail = row
}

func (x *hashIndex) rehash(n int) error {
	grown := int64(n-len(x.slots)) * 8 * 3 // slots, and the chains that will fill them
	x.bytes += grown
	if err := x.mem.grow(grown); err != nil {
		return err
	}
	x.slots = make([]slot, n)
	for i, h := range x.hashes {
		x.next[i] = 0
		x.link(int32(i+1), h)
	}
	return nil
}

// first returns the first row with hash h, after returns the next one; -1 at the end.
func (x *hashIndex) first(h uint64) int32 {
	if len(x.slots) == 0 {
		return -1
	}
	return x.seek(x.slots[h&uint64(len(x.slots)-1)].head, h)
}

func (x *hashIndex) after(row int32, h uint64) int32 { return x.seek(x.next[row], h) }

func (x *hashIndex) seek(row int32, h uint64) int32 {
	for ; row != 0; row = x.next[row-1] {
		if x.hashes[row-1] == h {
			return row - 1
		}
	}
	return -1
}

func (x *hashIndex) reset() {
	x.mem.release(x.bytes)
	x.slots, x.next, x.hashes, x.bytes = nil, nil, nil, 0
}

// A keyTable is the set of distinct key rows, each with a number from 0 in order
// of arrival. NULLs are equal to each other.
type keyTable struct {
	oids []types.OID
	rows *rowStore
	idx  hashIndex
	hash []uint64
}

func newKeyTable(mem *account, oids []types.OID) *keyTable {
	return &keyTable{oids: oids, rows: newRowStore(mem, len(oids)), idx: hashIndex{mem: mem}}
}

func (t *keyTable) reset() {
	t.rows.reset()
	t.idx.reset()
}

// hashes of n rows of key columns; valid until the next call.
func (t *keyTable) hashes(cols []*types.Vec, n int) []uint64 {
	if cap(t.hash) < n {
		t.hash = make([]uint64, max(n, types.BatchSize))
	}
	h := t.hash[:n]
	clear(h)
	for c, v := range cols {
		hashInto(t.oids[c], v, n, h)
	}
	return h
}

// find returns the number of row i's key, -1 if it is not there.
func (t *keyTable) find(cols []*types.Vec, i int, h uint64) int32 {
	for id := t.idx.first(h); id >= 0; id = t.idx.after(id, h) {
		if t.same(cols, i, int(id)) {
			return id
		}
	}
	return -1
}

func (t *keyTable) same(cols []*types.Vec, i, id int) bool {
	for c, v := range cols {
		kv, j := t.rows.vec(id, c)
		if !equalAt(t.oids[c], v, i, kv, j) {
			return false
		}
	}
	return true
}

// put returns the number of row i's key and whether it is new.
func (t *keyTable) put(cols []*types.Vec, i int, h uint64) (id int32, added bool, err error) {
	if id = t.find(cols, i, h); id >= 0 {
		return id, false, nil
	}
	id = int32(t.rows.n)
	if err := t.rows.appendOne(cols, i); err != nil {
		return 0, false, err
	}
	return id, true, t.idx.add(h)
}
