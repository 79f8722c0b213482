package storage

import (
	"maps"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"zorya/journal"
	"zorya/kv"
)

// trees are the trees of a store without a disk.
type trees map[string]string

func (t trees) Set(key, value []byte, _ *pebble.WriteOptions) error {
	t[string(key)] = string(value)
	return nil
}

func (t trees) DeleteRange(start, end []byte, _ *pebble.WriteOptions) error {
	maps.DeleteFunc(t, func(key, _ string) bool { return key >= string(start) && key < string(end) })
	return nil
}

// apply applies records: edits become visible together, as with a batch.
func (t trees) apply(a *applier, st State, records []journal.Record) (State, error) {
	edited := maps.Clone(t)
	a.newest = func(key kv.Key) (version, error) {
		b, ok := t[string(currentKey(nil, key))]
		if !ok {
			return version{deleted: true}, nil
		}
		return decodeCurrent([]byte(b))
	}
	a.begin(edited, st, false)
	if err := a.add(records); err != nil {
		return st, err
	}
	clear(t)
	maps.Copy(t, edited)
	return a.state, nil
}

// TestApplierMakesOneHistory: however records are cut into batches, and whichever come
// again, the trees are the same, and hold what the model says.
func TestApplierMakesOneHistory(t *testing.T) {
	for seed := range seeds(100) {
		w := newWorld(seed)
		for range 30 {
			if err := w.commit(); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.s.Close()
		var one applier
		whole := trees{}
		if _, err := whole.apply(&one, State{}, w.records); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var many applier
		pieces, st := trees{}, State{}
		for st.Seq < uint64(len(w.records)) {
			from := st.Seq - min(st.Seq, w.rng.Uint64N(4))
			to := min(st.Seq+1+w.rng.Uint64N(6), uint64(len(w.records)))
			next, err := pieces.apply(&many, st, w.records[from:to])
			if err != nil || next.Seq != to {
				t.Fatalf("seed %d: records %d to %d: applied %d, %v", seed, from+1, to, next.Seq, err)
			}
			st = next
		}
		if !maps.Equal(whole, pieces) {
			t.Fatalf("seed %d: the trees depend on how records are cut into batches", seed)
		}
		for _, key := range keys {
			want := w.m.get(key, w.now)
			v, err := decodeCurrent([]byte(whole[string(currentKey(nil, kv.Key(key)))]))
			if got := err == nil && !v.deleted; got != (want != nil) || got && (string(v.value) != string(want.value) || v.time != want.time) {
				t.Fatalf("seed %d: %q holds %v, %v; want %v", seed, key, v, err, want)
			}
		}
		if _, err := pieces.apply(&many, st, []journal.Record{{Seq: st.Seq + 2, Time: st.Time + 1, Kind: journal.Ordinary}}); err == nil {
			t.Fatalf("seed %d: a gap between records is taken", seed)
		}
	}
}
