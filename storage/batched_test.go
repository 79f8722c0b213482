package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"zorya/kv"
	"zorya/txn"
)

// batchOf asks a filter about the rows of a batch, one after the other.
type batchOf struct {
	txn.RowFilter
	values [][]byte
	most   int // bytes in a batch
}

func (f *batchOf) Add(_, value []byte) error {
	f.values = append(f.values, append([]byte(nil), value...))
	return nil
}

func (f *batchOf) Passed(dst []int) ([]int, error) {
	defer func() { f.values = nil }()
	bytes := 0
	for i, v := range f.values {
		bytes += len(v)
		ok, err := f.Match(nil, v)
		if err != nil {
			return nil, err
		}
		if ok {
			dst = append(dst, i)
		}
	}
	f.most = max(f.most, bytes)
	return dst, nil
}

type matching func(value string) (bool, error)

func (m matching) Match(_, value []byte) (bool, error) { return m(string(value)) }

// TestFailingFilterComesAfterTheRowsBefore: whoever wants no more than a row does not
// meet what comes later in its batch.
func TestFailingFilterComesAfterTheRowsBefore(t *testing.T) {
	s := openMem(t)
	for i := range 40 {
		apply(t, s, kv.Timestamp(10+i), put(fmt.Sprintf("\x10%02d", i), fmt.Sprint(i)))
	}
	failure := errors.New("at 36")
	f := &batchOf{RowFilter: matching(func(v string) (bool, error) {
		if v == "36" {
			return false, failure
		}
		return strings.HasSuffix(v, "5"), nil
	})}
	it := s.Scan(t.Context(), kv.Span{}, 100, txn.ScanOptions{Filter: f})
	defer it.Close()
	var got []string
	for it.Next() {
		if it.Err() != nil {
			t.Fatalf("row %s with an error: %v", it.Value(), it.Err())
		}
		got = append(got, string(it.Value()))
	}
	if want := "[5 15 25 35]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if !errors.Is(it.Err(), failure) || it.Next() {
		t.Errorf("the scan ends with %v", it.Err())
	}
}

// TestBatchesOfLargeRowsAreSmall: a batch is bounded by its bytes, too.
func TestBatchesOfLargeRowsAreSmall(t *testing.T) {
	s := openMem(t)
	large := strings.Repeat("x", 300<<10)
	for i := range 30 {
		apply(t, s, kv.Timestamp(10+i), put(fmt.Sprintf("\x10%02d", i), large))
	}
	f := &batchOf{RowFilter: matching(func(string) (bool, error) { return true, nil })}
	it := s.Scan(t.Context(), kv.Span{}, 100, txn.ScanOptions{Filter: f})
	defer it.Close()
	n := 0
	for it.Next() {
		n++
	}
	if n != 30 || it.Err() != nil || f.most > batchBytes+len(large) {
		t.Fatalf("%d rows, %v, batches of up to %d bytes", n, it.Err(), f.most)
	}
}
