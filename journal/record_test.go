package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"zorya/kv"
)

// drawRecord draws a record that could be in a journal.
func drawRecord(t *rapid.T, seq uint64) Record {
	data := rapid.SliceOfN(rapid.Byte(), 0, 40)
	r := Record{
		Seq:     seq,
		Time:    kv.Timestamp(rapid.Uint64().Draw(t, "time")),
		Horizon: kv.Timestamp(rapid.Uint64().Draw(t, "horizon")),
		Kind:    rapid.SampledFrom([]Kind{Ordinary, Ordinary, Backfill, Purge}).Draw(t, "kind"),
	}
	copy(r.TxnID[:], data.Draw(t, "id"))
	switch r.Kind {
	case Backfill:
		r.AsOf, r.Descriptor = kv.Timestamp(rapid.Uint64().Draw(t, "asOf")), data.Draw(t, "descriptor")
	case Purge:
		r.Purged.Start = data.Draw(t, "start")
		if rapid.Bool().Draw(t, "bounded") {
			r.Purged.End = data.Draw(t, "end")
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "mutations") {
		m := kv.Mutation{Key: data.Draw(t, "key"), Delete: rapid.Bool().Draw(t, "delete")}
		if !m.Delete {
			m.Value = data.Draw(t, "value")
		}
		r.Mutations = append(r.Mutations, m)
	}
	return r
}

// sameRecords treats nil and empty byte strings as one, except for the end of a
// span, where nil means something.
func sameRecords(a, b []Record) string {
	for i := range a {
		if i < len(b) && (a[i].Purged.End == nil) != (b[i].Purged.End == nil) {
			return "one span has an end, the other has none"
		}
	}
	if slices.EqualFunc(a, b, equal) {
		return ""
	}
	return "difference: " + cmp.Diff(a, b, cmpopts.EquateEmpty())
}

// equal compares field by field; cmp.Diff is slow.
func equal(a, b Record) bool {
	mutations := func(a, b kv.Mutation) bool {
		return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && a.Delete == b.Delete
	}
	return a.Seq == b.Seq && a.Time == b.Time && a.Horizon == b.Horizon && a.TxnID == b.TxnID &&
		a.Kind == b.Kind && a.AsOf == b.AsOf && bytes.Equal(a.Descriptor, b.Descriptor) &&
		bytes.Equal(a.Purged.Start, b.Purged.Start) && bytes.Equal(a.Purged.End, b.Purged.End) &&
		slices.EqualFunc(a.Mutations, b.Mutations, mutations)
}

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, salt := rapid.Uint64Range(1, 1<<60).Draw(t, "first"), rapid.Uint64().Draw(t, "salt")
		var batch []Record
		for i := range rapid.IntRange(1, 5).Draw(t, "records") {
			batch = append(batch, drawRecord(t, first+uint64(i)))
		}
		b := appendFrame([]byte("before"), batch, salt)[len("before"):]
		h, ok := decodeFrameHeader(b[:frameHeaderSize], salt)
		if !ok {
			t.Fatal("header is not recognised")
		}
		if _, ok := decodeFrameHeader(b[:frameHeaderSize], salt+1); ok {
			t.Fatal("header is taken for one of another segment")
		}
		got, err := decodePayload(h, b[frameHeaderSize:])
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameRecords(batch, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzDecodeRecord: any bytes give a record or an error, never a panic, and a
// record's bytes are its only ones.
func FuzzDecodeRecord(f *testing.F) {
	f.Add(appendRecord(nil, &Record{Seq: 1, Kind: Ordinary, Mutations: []kv.Mutation{{Key: kv.Key("k"), Value: []byte("v")}}}))
	f.Add(appendRecord(nil, &Record{Seq: 2, Kind: Backfill, Descriptor: kv.Key("d"), AsOf: 7}))
	f.Add(appendRecord(nil, &Record{Seq: 3, Kind: Purge, Purged: kv.Span{Start: kv.Key("a")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		again, err := decodeRecord(appendRecord(nil, &r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameRecords([]Record{r}, []Record{again}); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestRecordOfNewerVersionIsRefused(t *testing.T) {
	b := appendRecord(nil, &Record{Seq: 1, Kind: Ordinary})
	b[0] = recordVersion + 1
	if _, err := decodeRecord(b); err == nil || !bytes.Contains([]byte(err.Error()), []byte("newer version")) {
		t.Fatalf("got %v", err)
	}
}

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func putSum(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }
