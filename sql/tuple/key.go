// Package tuple turns rows into key-value pairs and back: the keys of rows and of
// index entries, and the encoding of rows (docs/formats.md). Everything in it is
// a pure function of descriptors; Decoders may be used by many at once.
package tuple

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// prefixLen is the length of what stands before an index's key columns: the
// namespace and the index's OID.
const prefixLen = 5

// hiddenLen is the length of the key of a row in a table without a primary key.
const hiddenLen = 16

func corrupt(what string) error { return pgerr.New(pgerr.DataCorrupted, "%s is corrupt", what) }

// Prefix is what all keys of an index start with.
func Prefix(idx *catalog.Index) kv.Key {
	return binary.BigEndian.AppendUint32(kv.Key{kv.Data}, uint32(idx.OID))
}

// AppendIndexKey appends the value of key column i of an index. d may be NULL.
func AppendIndexKey(dst kv.Key, idx *catalog.Index, i int, d types.Datum) kv.Key {
	k := &idx.Keys[i]
	return types.AppendKey(dst, k.T.OID, d, false, k.NullsFirst)
}

// BaseKey is the key of a row, by its primary key columns. row has one value for
// each of t.Columns. The table's primary key must not be hidden.
func BaseKey(t *catalog.Table, row []types.Datum) kv.Key {
	key := make(kv.Key, prefixLen, prefixLen+16*len(t.Primary.Keys))
	key[0] = kv.Data
	binary.BigEndian.PutUint32(key[1:], uint32(t.Primary.OID))
	for i, k := range t.Primary.Keys {
		key = AppendIndexKey(key, t.Primary, i, row[k.Col])
	}
	return key
}

// lastHidden is the time in the newest hidden key of this process.
var lastHidden atomic.Int64

// NewHiddenKey is the key of a new row in a table without a primary key: the time,
// which no two keys of a process share, and random bytes, so that concurrent inserts
// never meet. So rows stand in the order of their insertion, which is how
// PostgreSQL's users know tables without a key.
func NewHiddenKey(t *catalog.Table) kv.Key {
	now := time.Now().UnixNano()
	for {
		last := lastHidden.Load()
		now = max(now, last+1)
		if lastHidden.CompareAndSwap(last, now) {
			break
		}
	}
	key := binary.BigEndian.AppendUint64(Prefix(t.Primary), uint64(now))
	key = append(key, make([]byte, hiddenLen-8)...)
	rand.Read(key[prefixLen+8:])
	return key
}

// An Encoder encodes the pairs of one index. Immutable: many may use it at once.
type Encoder struct {
	t      *catalog.Table
	idx    *catalog.Index
	layout layout
}

// NewEncoder makes an Encoder of the pairs of idx.
func NewEncoder(t *catalog.Table, idx *catalog.Index) *Encoder {
	if idx.Primary {
		return &Encoder{t, idx, rowLayout(t)}
	}
	return &Encoder{t, idx, newLayout(t, storedInEntry(t, idx))}
}

// Row is the value of a row, of a primary index. row has one value for each of the
// table's columns.
func (e *Encoder) Row(row []types.Datum) []byte {
	return e.layout.append(make([]byte, 0, e.layout.room(row)), row)
}

// Entry is NewEncoder(t, idx).Entry.
func Entry(t *catalog.Table, idx *catalog.Index, keys, row []types.Datum, base kv.Key) (kv.Key, []byte) {
	return NewEncoder(t, idx).Entry(keys, row, base)
}

// Entry is a row's entry in a secondary index. keys are the values of the index's
// key columns, row those of t.Columns, base the row's key. The entry of a unique
// index has the row's key in its value, so that a second row meets the same key;
// every other one has it at the end of its key. base may be nil to compute the
// key of a unique entry only.
func (e *Encoder) Entry(keys, row []types.Datum, base kv.Key) (kv.Key, []byte) {
	idx := e.idx
	key := make(kv.Key, prefixLen, prefixLen+16*len(keys)+len(base))
	key[0] = kv.Data
	binary.BigEndian.PutUint32(key[1:], uint32(idx.OID))
	unique := idx.Unique
	for i, d := range keys {
		key = AppendIndexKey(key, idx, i, d)
		if d.IsNull() && !idx.NullsNotDistinct {
			unique = false
		}
	}
	var suffix kv.Key
	if len(base) > prefixLen {
		suffix = base[prefixLen:]
	}
	value := []byte{}
	if unique {
		value = binary.AppendUvarint(value, uint64(len(suffix)))
		value = append(value, suffix...)
	} else {
		key = append(key, suffix...)
	}
	if len(e.layout.cols) > 0 && row != nil {
		value = e.layout.append(value, row)
	}
	return key, value
}

// storedInEntry are the columns whose values an entry holds beside its keys: those
// included, and key columns whose values their keys cannot give back.
func storedInEntry(t *catalog.Table, idx *catalog.Index) []int {
	var cols []int
	add := func(c int) {
		for _, have := range cols {
			if have == c {
				return
			}
		}
		cols = append(cols, c)
	}
	for _, k := range idx.Keys {
		if k.Col >= 0 && !types.KeyRecoverable(k.T.OID) {
			add(k.Col)
		}
	}
	for _, c := range idx.Include {
		if !inKey(idx, c) && !inKey(t.Primary, c) {
			add(c)
		}
	}
	for _, k := range t.Primary.Keys {
		if !types.KeyRecoverable(k.T.OID) {
			add(k.Col)
		}
	}
	return cols
}

// inKey reports whether column c can be read from an index's key.
func inKey(idx *catalog.Index, c int) bool {
	for _, k := range idx.Keys {
		if k.Col == c && types.KeyRecoverable(k.T.OID) {
			return true
		}
	}
	return false
}

// Covers reports whether an index's entries hold column c (index in t.Columns), so
// that it can be read without the row.
func Covers(t *catalog.Table, idx *catalog.Index, c int) bool {
	if idx.Primary || inKey(idx, c) || inKey(t.Primary, c) {
		return true
	}
	for _, s := range storedInEntry(t, idx) {
		if s == c {
			return true
		}
	}
	return false
}

// BaseKeyOf is the key of the row that an entry of a secondary index stands for.
// For the primary index it is key itself.
func BaseKeyOf(t *catalog.Table, idx *catalog.Index, key kv.Key, value []byte) (kv.Key, error) {
	if idx.Primary {
		return key, nil
	}
	return AppendBaseKey(nil, t, idx, key, value)
}

// AppendBaseKey appends the key of the row that an entry of a secondary index stands for.
func AppendBaseKey(dst []byte, t *catalog.Table, idx *catalog.Index, key kv.Key, value []byte) (kv.Key, error) {
	rest, err := skipKeys(idx, key, len(idx.Keys))
	if err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		if rest, _, err = splitSuffix(value); err != nil {
			return nil, err
		}
	}
	dst = slices.Grow(dst, prefixLen+len(rest))
	dst = binary.BigEndian.AppendUint32(append(dst, kv.Data), uint32(t.Primary.OID))
	return append(dst, rest...), nil
}

// skipKeys returns what follows the first n key columns.
func skipKeys(idx *catalog.Index, key []byte, n int) ([]byte, error) {
	if len(key) < prefixLen {
		return nil, corrupt("index key")
	}
	rest := []byte(key[prefixLen:])
	var err error
	for i := range n {
		k := &idx.Keys[i]
		if rest, err = types.SkipKey(rest, k.T.OID); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// splitSuffix takes the row's key from the value of a unique entry.
func splitSuffix(value []byte) (suffix, rest []byte, err error) {
	n, w := binary.Uvarint(value)
	if w <= 0 || uint64(len(value)-w) < n {
		return nil, nil, corrupt("index entry")
	}
	return value[w : w+int(n)], value[w+int(n):], nil
}

// SameBase reports whether a unique entry's value points to the row at base.
func SameBase(value []byte, base kv.Key) bool {
	suffix, _, err := splitSuffix(value)
	return err == nil && len(base) >= prefixLen && bytes.Equal(suffix, base[prefixLen:])
}
