package journal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"zorya/kv"
)

// A Record is one committed transaction, or one act of a job that changes
// storage. Its encoding is "Record" in docs/formats.md.
type Record struct {
	Seq       uint64       // Its place in the journal; the first is 1.
	Time      kv.Timestamp // Commit time; larger than that of the record before.
	Horizon   kv.Timestamp // No read below this time is served once this is applied.
	TxnID     [16]byte
	Kind      Kind
	Mutations []kv.Mutation // Ordinary, Backfill. One per key; none: claims alone.
	// AsOf is the time of the scan that a Backfill comes from; its mutations are
	// as old as that. Descriptor is the catalog key that it depended on.
	AsOf       kv.Timestamp
	Descriptor kv.Key
	// Purged is the keys that a Purge removes, whatever their versions.
	Purged kv.Span
}

// A Kind says how a record is applied.
type Kind uint8

// The kinds. The zero value is invalid, so that a forgotten one is noticed.
const (
	Ordinary Kind = 1 + iota // Mutations at Time.
	Backfill                 // Mutations at AsOf, where nothing newer is.
	Purge                    // Physical deletion of Purged.
)

// recordVersion is the version of the encoding that this code writes, and the
// newest that it reads.
const recordVersion = 1

// errShort is wrapped by every decoding error.
var errShort = errors.New("malformed record")

// appendRecord appends the encoding of r, without its length.
func appendRecord(b []byte, r *Record) []byte {
	b = append(b, recordVersion, byte(r.Kind), 0)
	b = binary.BigEndian.AppendUint64(b, r.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Time))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Horizon))
	b = append(b, r.TxnID[:]...)
	switch r.Kind {
	case Backfill:
		b = binary.BigEndian.AppendUint64(b, uint64(r.AsOf))
		b = appendBytes(b, r.Descriptor)
	case Purge:
		b = appendBytes(b, r.Purged.Start)
		b = appendOptional(b, r.Purged.End, r.Purged.End != nil)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Mutations)))
	for i := range r.Mutations {
		m := &r.Mutations[i]
		b = appendBytes(b, m.Key)
		b = appendOptional(b, m.Value, !m.Delete)
	}
	return b
}

// appendBytes appends v with its length.
func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// appendOptional appends 0 if v is absent, else its length plus one, and v.
func appendOptional(b, v []byte, present bool) []byte {
	if !present {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

// decodeRecord decodes what appendRecord wrote. Keys and values alias b.
func decodeRecord(b []byte) (Record, error) {
	d := decoder{b: b}
	version, kind, flags := d.byte(), Kind(d.byte()), d.byte()
	if d.err == nil && (version != recordVersion || flags != 0) {
		return Record{}, fmt.Errorf("record version %d, flags %#x: written by a newer version of Zorya", version, flags)
	}
	r := Record{Kind: kind, Seq: d.uint64(), Time: kv.Timestamp(d.uint64()), Horizon: kv.Timestamp(d.uint64())}
	copy(r.TxnID[:], d.take(uint64(len(r.TxnID))))
	switch kind {
	case Ordinary:
	case Backfill:
		r.AsOf, r.Descriptor = kv.Timestamp(d.uint64()), d.bytes()
	case Purge:
		r.Purged.Start = d.bytes()
		r.Purged.End, _ = d.optional()
	default:
		d.fail()
	}
	r.Mutations = d.mutations()
	if d.err == nil && len(d.b) != 0 {
		d.fail()
	}
	return r, d.err
}

// A decoder takes fields off the front of b. After the first failure it returns
// zero values and keeps err.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() { d.b, d.err = nil, errShort }

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte {
	if v := d.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if v := d.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte { return d.take(d.uvarint()) }

func (d *decoder) optional() (v []byte, present bool) {
	n := d.uvarint()
	if n == 0 {
		return nil, false
	}
	return d.take(n - 1), true
}

func (d *decoder) mutations() []kv.Mutation {
	n := d.uvarint()
	if n > uint64(len(d.b)) { // Each takes at least two bytes.
		d.fail()
		return nil
	}
	if n == 0 {
		return nil
	}
	ms := make([]kv.Mutation, n)
	for i := range ms {
		ms[i].Key = d.bytes()
		var present bool
		ms[i].Value, present = d.optional()
		ms[i].Delete = !present
	}
	return ms
}
