package storage

import (
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

func put(key, value string) kv.Mutation { return kv.Mutation{Key: kv.Key(key), Value: []byte(value)} }

func openMem(t *testing.T) *Store {
	t.Helper()
	s, err := Open("/s", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// apply applies one ordinary record.
func apply(t *testing.T, s *Store, at kv.Timestamp, ms ...kv.Mutation) {
	t.Helper()
	r := journal.Record{Seq: s.Applied().Seq + 1, Time: at, Kind: journal.Ordinary, Mutations: ms}
	if err := s.Apply([]journal.Record{r}); err != nil {
		t.Fatal(err)
	}
}

func TestApplyOutOfOrderIsRefused(t *testing.T) {
	s := openMem(t)
	apply(t, s, 10)
	for _, r := range []journal.Record{
		{Seq: 3, Time: 20, Kind: journal.Ordinary},
		{Seq: 2, Time: 10, Kind: journal.Ordinary},
	} {
		if err := s.Apply([]journal.Record{r}); err == nil || !strings.Contains(err.Error(), "out of order") {
			t.Fatalf("record %d of time %d: %v", r.Seq, r.Time, err)
		}
	}
	if s.Applied().Seq != 1 {
		t.Fatalf("applied %+v", s.Applied())
	}
}

func TestCatalogVersionFollowsDescriptors(t *testing.T) {
	s := openMem(t)
	apply(t, s, 10, put("\x01table", "a"))
	apply(t, s, 20, put("\x02stats", "b"), put("\x10\x00\x00\x00\x07row", "c"))
	if st := s.Applied(); st.Catalog != 10 || st.Time != 20 {
		t.Fatalf("applied %+v", st)
	}
	apply(t, s, 30, kv.Mutation{Key: kv.Key("\x01table"), Delete: true})
	if st := s.Applied(); st.Catalog != 30 {
		t.Fatalf("applied %+v", st)
	}
}

func TestChangesAreCountedByTable(t *testing.T) {
	s := openMem(t)
	apply(t, s, 10, put("\x10\x00\x00\x00\x07a", ""), put("\x10\x00\x00\x00\x07b", ""), put("\x10\x00\x00\x01\x00c", ""), put("\x02x", ""))
	if got, want := s.Changes(), (map[uint32]int64{7: 2, 256: 1}); !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// TestScanDuringWrites: an open scan sees its time, whatever is applied meanwhile.
func TestScanDuringWrites(t *testing.T) {
	s := openMem(t)
	var ms []kv.Mutation
	for i := range 2000 {
		ms = append(ms, put("\x10"+string([]byte{byte(i >> 8), byte(i)}), "old"))
	}
	apply(t, s, epoch, ms...)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for at := kv.Timestamp(epoch); ; {
			select {
			case <-stop:
				return
			default:
				at += minute / 3
				for i := range ms {
					ms[i].Value = []byte("new")
				}
				apply(t, s, at, ms[:200]...)
				apply(t, s, at+1, kv.Mutation{Key: ms[300].Key, Delete: true})
			}
		}
	})
	for range 20 {
		it := s.Scan(ctx, kv.Span{}, epoch, txn.ScanOptions{})
		n := 0
		for it.Next() {
			if string(it.Value()) != "old" || it.Time() != epoch {
				t.Fatalf("%q is %q of %d", it.Key(), it.Value(), it.Time())
			}
			n++
		}
		if it.Err() != nil || n != len(ms) {
			t.Fatalf("%d rows, %v", n, it.Err())
		}
		it.Close()
	}
	close(stop)
	wg.Wait()
}

// TestHorizonDuringScan: rows are given until the horizon passes, then an error.
func TestHorizonDuringScan(t *testing.T) {
	s := openMem(t)
	apply(t, s, epoch, put("\x10a", "1"), put("\x10b", "2"))
	it := s.Scan(ctx, kv.Span{}, epoch, txn.ScanOptions{})
	defer it.Close()
	if !it.Next() {
		t.Fatal(it.Err())
	}
	r := journal.Record{Seq: 2, Time: epoch + 2, Horizon: epoch + 1, Kind: journal.Ordinary}
	if err := s.Apply([]journal.Record{r}); err != nil {
		t.Fatal(err)
	}
	if it.Next() || it.Err() != ErrHorizon {
		t.Fatalf("row %q, %v", it.Key(), it.Err())
	}
}
