package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"zorya/kv"
	"zorya/storage"
	"zorya/txn"
)

// A watched store is the server's storage; the model looks at every answer (I4,
// I10), and scans of rows let others run in between.
type watched struct {
	txn.Store
	m *machine
}

func (s watched) Get(ctx context.Context, key kv.Key, at kv.Timestamp) (txn.Value, bool, error) {
	v, ok, err := s.Store.Get(ctx, key, at)
	s.m.judgeGet(key, at, v, ok, err)
	return v, ok, err
}

func (s watched) Reader(ctx context.Context, at kv.Timestamp) txn.StoreReader {
	return &watchedReader{s.Store.Reader(ctx, at), s.m, at}
}

type watchedReader struct {
	txn.StoreReader
	m  *machine
	at kv.Timestamp
}

func (r *watchedReader) Get(key kv.Key) (txn.Value, bool, error) {
	v, ok, err := r.StoreReader.Get(key)
	r.m.judgeGet(key, r.at, v, ok, err)
	return v, ok, err
}

// judgeGet compares what storage says that a key held with the model.
func (m *machine) judgeGet(key kv.Key, at kv.Timestamp, v txn.Value, ok bool, err error) {
	if err != nil {
		m.judgeError("get", at, err)
		return
	}
	if m.w.model.open(string(key), at) {
		return
	}
	want := m.w.model.get(string(key), at)
	if ok != (want != nil) || ok && (!bytes.Equal(v.Bytes, want.value) || v.Time != want.time) {
		m.w.fail(fmt.Errorf("I4: get %x at %d: found %v of %d, want %v", key, at, ok, v.Time, want))
	}
}

// judgeError lets an error pass that reads below the horizon must give (I10).
func (m *machine) judgeError(what string, at kv.Timestamp, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if _, horizon := m.c.Applied(); errors.Is(err, storage.ErrHorizon) && at < horizon {
		return
	}
	m.w.fail(fmt.Errorf("I10: %s at %d: %v", what, at, err))
}

func (s watched) Scan(ctx context.Context, span kv.Span, at kv.Timestamp, o txn.ScanOptions) txn.Iterator {
	want, certain := s.m.w.model.scan(span, at, o)
	return &watchedIterator{Iterator: s.Store.Scan(ctx, span, at, o), m: s.m, at: at, want: want, certain: certain,
		yields: len(span.Start) > 0 && span.Start[0] == kv.Data, limit: o.Limit, aged: s.m.w.model.changedSince(span, at)}
}

type watchedIterator struct {
	txn.Iterator
	m       *machine
	at      kv.Timestamp
	want    []pair
	found   int
	limit   int
	certain bool
	yields  bool
	aged    bool // Rows of the span have changed since at: storage will look into the history.
}

func (i *watchedIterator) Next() bool {
	if i.yields && i.m.s.current != nil && i.m.s.rng.IntN(8) == 0 {
		if n := i.m.s.rng.IntN(60); n == 0 || n < 20 && i.aged {
			i.m.s.current.sleep(time.Duration(i.m.s.rng.IntN(180)) * time.Second) // Past the horizon.
		} else {
			i.m.s.current.yield()
		}
	}
	ok := i.Iterator.Next()
	if !i.certain {
		return ok
	}
	if !ok {
		if err := i.Err(); err != nil {
			i.m.judgeError("scan", i.at, err)
		} else if i.found != len(i.want) {
			i.m.w.fail(fmt.Errorf("I4: scan at %d ends after %d rows, want %d", i.at, i.found, len(i.want)))
		}
		return false
	}
	if i.found == len(i.want) {
		i.m.w.fail(fmt.Errorf("I4: scan at %d finds %x after its end", i.at, i.Key()))
		return ok
	}
	if want := i.want[i.found]; want.key != string(i.Key()) || want.time != i.Time() || !bytes.Equal(want.value, i.Value()) {
		i.m.w.fail(fmt.Errorf("I4: scan at %d, row %d: %x of %d, want %x of %d", i.at, i.found, i.Key(), i.Time(), want.key, want.time))
	}
	i.found++
	return ok
}
