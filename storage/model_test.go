package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

var ctx = context.Background()

// A model is the definition: all versions of all keys, for ever.
type model struct {
	versions map[string][]version // By time.
}

func (m *model) apply(r *journal.Record) {
	at := r.Time
	if r.Kind == journal.Backfill {
		at = r.AsOf
	}
	for _, mu := range r.Mutations {
		vs := m.versions[string(mu.Key)]
		if n := len(vs); n == 0 || vs[n-1].time < at {
			m.versions[string(mu.Key)] = append(vs, version{at, mu.Delete, mu.Value})
		}
	}
	if r.Kind == journal.Purge {
		for key := range m.versions {
			if r.Purged.Contains(kv.Key(key)) {
				delete(m.versions, key)
			}
		}
	}
}

// get returns what a key held at a time, nil if nothing.
func (m *model) get(key string, at kv.Timestamp) *version {
	vs := m.versions[key]
	for i := len(vs) - 1; i >= 0; i-- {
		if vs[i].time <= at {
			if vs[i].deleted {
				return nil
			}
			return &vs[i]
		}
	}
	return nil
}

// keys are few, so that they collide, and have zero bytes and prefixes of each
// other, so that encodings must keep them apart. Unescaped, the long ones would
// stand between versions of the first.
var keys = []string{"\x10", "\x10\x00", "\x10\x00\x00", "\x10\x00\x01", "\x10\x00\xff", "\x10\x01", "\x10a", "\x10ab",
	"\x10a\x00b", "\x10\xff", "\x10\xff\xff", "\x01\x00d", "\x10\x00\x01\xff\x2a\xd5", "\x10\x00\x01\xff\x2a\xd4",
	"\x10zz1", "\x10zz2", "\x10zz3"}

// A world is a store, its model and the journal that both come from.
type world struct {
	rng     *rand.Rand
	fs      *vfs.MemFS
	s       *Store
	m       model
	records []journal.Record
	now     kv.Timestamp
	readers []openReader
	purge   int // How many more purges may come: purged keys are not used again.
}

const epoch = 1_000_000 * minute

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 0)), fs: vfs.NewCrashableMem(), now: epoch}
	w.m.versions = map[string][]version{}
	w.open()
	return w
}

func (w *world) open() {
	s, err := Open("/s", Options{FS: w.fs, MemTableSize: 64 << 10})
	if err != nil {
		panic(err)
	}
	w.s = s
}

// record makes the next record of the journal.
func (w *world) record() journal.Record {
	rng := w.rng
	w.now += 1 + kv.Timestamp(rng.Uint64N(minute/2))
	if rng.IntN(30) == 0 {
		w.now += kv.Timestamp(rng.Uint64N(60 * minute)) // The wall clock jumps.
	}
	r := journal.Record{Seq: uint64(len(w.records)) + 1, Time: w.now, Kind: journal.Ordinary}
	if n := len(w.records); n > 0 {
		r.Horizon = w.records[n-1].Horizon
		if n > 12 && rng.IntN(3) == 0 {
			r.Horizon = max(r.Horizon, w.records[n-12].Time)
		}
	}
	if n := len(w.records); n > 12 && rng.IntN(8) == 0 {
		r.Kind = journal.Backfill
		r.AsOf = max(r.Horizon, w.s.Horizon(), w.records[n-1-rng.IntN(8)].Time-kv.Timestamp(rng.IntN(2)))
	}
	if w.purge > 0 && len(w.records) > 0 && rng.IntN(40) == 0 {
		w.purge--
		r.Kind, r.Horizon = journal.Purge, w.records[len(w.records)-1].Time
		r.Purged = kv.PrefixSpan(kv.Key("\x10zz"))
	}
	for range rng.IntN(4) {
		m := w.mutation()
		taken := slices.ContainsFunc(r.Mutations, func(o kv.Mutation) bool { return bytes.Equal(o.Key, m.Key) })
		m.Fresh = r.Kind == journal.Ordinary && w.absent(m.Key) && rng.IntN(2) == 0
		if r.Kind != journal.Purge && !taken { // One mutation per key.
			r.Mutations = append(r.Mutations, m)
		}
	}
	return r
}

// absent reports whether a key certainly holds nothing after the records so far.
func (w *world) absent(key kv.Key) bool {
	for i := len(w.records) - 1; i >= 0; i-- {
		for _, m := range w.records[i].Mutations {
			if bytes.Equal(m.Key, key) {
				return m.Delete && w.records[i].Kind == journal.Ordinary
			}
		}
	}
	return true
}

func (w *world) mutation() kv.Mutation {
	n := len(keys)
	if w.purge == 0 {
		n -= 3
	}
	m := kv.Mutation{Key: kv.Key(keys[w.rng.IntN(n)]), Delete: w.rng.IntN(3) == 0}
	if !m.Delete {
		m.Value = fmt.Appendf(nil, "%d", w.rng.IntN(1000))
	}
	return m
}

// commit applies some new records, as one batch.
func (w *world) commit() error {
	var batch []journal.Record
	for range 1 + w.rng.IntN(4) {
		r := w.record()
		w.records = append(w.records, r)
		batch = append(batch, r)
		w.m.apply(&r)
	}
	return w.s.Apply(batch)
}

// crash loses what Pebble has not made durable, and replays the journal from the
// position found, or from some way before it.
func (w *world) crash() error {
	image := w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: w.rng.IntN(101), RNG: w.rng})
	_ = w.s.Close()
	w.fs = image
	w.open()
	applied := w.s.Applied().Seq
	if applied > uint64(len(w.records)) {
		return fmt.Errorf("position %d after %d records", applied, len(w.records))
	}
	from := applied - min(applied, w.rng.Uint64N(5))
	return w.s.Replay(w.records[from:])
}

// compare reads at a time and reports the first difference from the model.
func (w *world) compare(at kv.Timestamp) error {
	below := at < w.s.Horizon()
	for _, key := range keys {
		got, ok, err := w.s.Get(ctx, kv.Key(key), at)
		if below {
			if !errors.Is(err, ErrHorizon) {
				return fmt.Errorf("get %q at %d below the horizon %d: %v", key, at, w.s.Horizon(), err)
			}
			continue
		}
		if err != nil {
			return err
		}
		want := w.m.get(key, at)
		if ok != (want != nil) || ok && (!bytes.Equal(got.Bytes, want.value) || got.Time != want.time) {
			return fmt.Errorf("get %q at %d: %v %v, want %v", key, at, got, ok, want)
		}
	}
	return w.compareScan(at, below)
}

func (w *world) compareScan(at kv.Timestamp, below bool) error {
	span := kv.Span{Start: kv.Key(keys[w.rng.IntN(len(keys))])}
	if w.rng.IntN(2) == 0 {
		span.End = kv.Key(keys[w.rng.IntN(len(keys))])
	}
	if w.rng.IntN(3) == 0 {
		span = kv.Span{}
	}
	o := txn.ScanOptions{Reverse: w.rng.IntN(2) == 0, Limit: w.rng.IntN(6)}
	if w.rng.IntN(3) == 0 {
		o.Filter = oddValues{}
		if w.rng.IntN(2) == 0 {
			o.Filter = &batchOf{RowFilter: o.Filter}
		}
	}
	var want []string
	sorted := slices.Sorted(slices.Values(keys))
	if o.Reverse {
		slices.Reverse(sorted)
	}
	for _, key := range sorted {
		v := w.m.get(key, at)
		if v == nil || !span.Contains(kv.Key(key)) || o.Limit > 0 && len(want) == o.Limit {
			continue
		}
		if ok, _ := (oddValues{}).Match(nil, v.value); o.Filter == nil || ok {
			want = append(want, fmt.Sprintf("%q=%s@%d", key, v.value, v.time))
		}
	}
	var got []string
	it := w.s.Scan(ctx, span, at, o)
	defer it.Close()
	for it.Next() {
		got = append(got, fmt.Sprintf("%q=%s@%d", it.Key(), it.Value(), it.Time()))
	}
	if below {
		if !errors.Is(it.Err(), ErrHorizon) || len(got) > 0 {
			return fmt.Errorf("scan at %d below the horizon %d: %v, %v", at, w.s.Horizon(), got, it.Err())
		}
		return nil
	}
	if it.Err() != nil || !slices.Equal(got, want) {
		return fmt.Errorf("scan %q %+v at %d: %v, %v, want %v", span, o, at, got, it.Err(), want)
	}
	return nil
}

// oddValues lets odd values through.
type oddValues struct{}

func (oddValues) Match(_, value []byte) (bool, error) {
	return len(value) > 0 && value[len(value)-1]%2 == 1, nil
}

// An openReader is a reader, and what the keys held when it was opened: whatever happens
// since, it goes on to say so, until the horizon passes it.
type openReader struct {
	txn.StoreReader
	at   kv.Timestamp
	want map[string]*version
}

// openReader opens a reader at a time that a transaction could have.
func (w *world) openReader() error {
	at := w.someTime()
	r := openReader{w.s.Reader(ctx, at), at, map[string]*version{}}
	for _, key := range keys {
		r.want[key] = w.m.get(key, at)
	}
	w.readers = append(w.readers, r)
	return r.read(w)
}

// read reads all keys, in order or not, and reports the first difference.
func (r *openReader) read(w *world) error {
	order := slices.Sorted(slices.Values(keys))
	if w.rng.IntN(2) == 0 {
		w.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	below := r.at < w.s.Horizon()
	for _, key := range order {
		got, ok, err := r.Get(kv.Key(key))
		if below {
			if !errors.Is(err, ErrHorizon) {
				return fmt.Errorf("reader: get %q at %d below the horizon %d: %v", key, r.at, w.s.Horizon(), err)
			}
			continue
		}
		want := r.want[key]
		if err != nil || ok != (want != nil) || ok && (!bytes.Equal(got.Bytes, want.value) || got.Time != want.time) {
			return fmt.Errorf("reader: get %q at %d: %v %v %v, want %v", key, r.at, got, ok, err, want)
		}
	}
	return nil
}

// useReaders reads from those that are open, or closes one.
func (w *world) useReaders() error {
	if len(w.readers) > 3 {
		w.readers[0].Close()
		w.readers = w.readers[1:]
	}
	for i := range w.readers {
		if err := w.readers[i].read(w); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) closeReaders() {
	for i := range w.readers {
		w.readers[i].Close()
	}
	w.readers = nil
}

// readSomewhere compares at a time that a transaction could have.
func (w *world) readSomewhere() error {
	return w.compare(w.someTime())
}

func (w *world) someTime() kv.Timestamp {
	n := len(w.records)
	if n == 0 || w.rng.IntN(4) == 0 {
		return w.now
	}
	return w.records[n-1-w.rng.IntN(min(n, 20))].Time - kv.Timestamp(w.rng.IntN(2))
}

func runModel(seed uint64, crashes bool) error {
	w := newWorld(seed)
	defer func() { w.closeReaders(); _ = w.s.Close() }()
	w.purge = 1
	for step := range 150 {
		var err error
		switch w.rng.IntN(20) {
		case 0:
			if crashes {
				w.closeReaders()
				err = w.crash()
			}
		case 1:
			_, err = w.s.Flush()
		case 2, 3:
			_, err = w.s.Expire(1 + w.rng.IntN(3))
		case 10:
			err = w.openReader()
		case 11:
			err = w.useReaders()
		case 4, 5, 6, 7, 8, 9:
			err = w.commit()
		default:
			err = w.readSomewhere()
		}
		if err != nil {
			return fmt.Errorf("seed %d, step %d: %w", seed, step, err)
		}
	}
	return w.checkEmpty(seed)
}

// checkEmpty raises the horizon above everything and expires it: neither history
// nor tombstones may be left.
func (w *world) checkEmpty(seed uint64) error {
	w.now += 3 * minute
	end := journal.Record{Seq: uint64(len(w.records)) + 1, Time: w.now, Horizon: w.now, Kind: journal.Ordinary}
	if err := w.s.Apply([]journal.Record{end}); err != nil {
		return err
	}
	for {
		done, err := w.s.Expire(3)
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	live := 0
	for _, key := range keys {
		if w.m.get(key, w.now) != nil {
			live++
		}
	}
	it, err := w.s.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close()
	n := 0
	for it.First(); it.Valid(); it.Next() {
		n++
	}
	if n != live+1 {
		return fmt.Errorf("seed %d: %d entries left for %d live keys and the state", seed, n, live)
	}
	return nil
}

// seeds is how many histories to run: a tenth with -short, as with the race detector.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return n / 10
	}
	return n
}

// TestReadsAgreeWithModel runs random histories against the definition of
// multi-version reads. To replay a failure, run its seed alone.
func TestReadsAgreeWithModel(t *testing.T) {
	for seed := range seeds(150) {
		if err := runModel(seed, false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCrashesAgreeWithModel loses unflushed state and replays.
func TestCrashesAgreeWithModel(t *testing.T) {
	for seed := range seeds(100) {
		if err := runModel(seed, true); err != nil {
			t.Fatal(err)
		}
	}
}
