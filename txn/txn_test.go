package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zorya/adjudicator"
	"zorya/kv"
	"zorya/pgerr"
)

var ctx = context.Background()

// A fixedStore holds one state, whatever the time.
type fixedStore map[string]string

func (f fixedStore) Get(_ context.Context, key kv.Key, _ kv.Timestamp) (Value, bool, error) {
	v, ok := f[string(key)]
	return Value{Bytes: []byte(v), Time: 1}, ok, nil
}

func (f fixedStore) Reader(context.Context, kv.Timestamp) StoreReader { return fixedReader{f} }

type fixedReader struct{ fixedStore }

func (r fixedReader) Get(key kv.Key) (Value, bool, error) { return r.fixedStore.Get(ctx, key, 0) }
func (r fixedReader) Close()                              {}

func (f fixedStore) Scan(_ context.Context, span kv.Span, _ kv.Timestamp, o ScanOptions) Iterator {
	it := &fixedIterator{}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if !span.Contains(kv.Key(key)) {
			continue
		}
		it.stats.Rows++
		if o.Filter != nil {
			if ok, _ := o.Filter.Match([]byte(key), []byte(f[key])); !ok {
				it.stats.Filtered++
				continue
			}
		}
		it.pairs = append(it.pairs, [2]string{key, f[key]})
	}
	if o.Reverse {
		slices.Reverse(it.pairs)
	}
	if o.Limit > 0 && len(it.pairs) > o.Limit {
		it.pairs = it.pairs[:o.Limit]
	}
	return it
}

type fixedIterator struct {
	pairs [][2]string
	at    int
	stats ScanStats
}

func (i *fixedIterator) Next() bool         { i.at++; return i.at <= len(i.pairs) }
func (i *fixedIterator) Key() []byte        { return []byte(i.pairs[i.at-1][0]) }
func (i *fixedIterator) Value() []byte      { return []byte(i.pairs[i.at-1][1]) }
func (i *fixedIterator) Time() kv.Timestamp { return 1 }
func (i *fixedIterator) Err() error         { return nil }
func (i *fixedIterator) Stats() ScanStats   { return i.stats }
func (i *fixedIterator) Close()             {}

// A clerk answers every commit with the same verdict, and keeps the request.
type clerk struct {
	verdict adjudicator.Verdict
	asked   *adjudicator.Request
	horizon kv.Timestamp
}

func (c *clerk) Commit(_ context.Context, r *adjudicator.Request) adjudicator.Verdict {
	c.asked = r
	return c.verdict
}

func (c *clerk) Horizon() kv.Timestamp { return c.horizon }

// world is a DB over a fixed store, a clerk and a clock that the test moves.
type world struct {
	*DB
	clerk   *clerk
	elapsed time.Duration
}

func newWorld(store fixedStore, limits Limits) *world {
	w := &world{clerk: &clerk{verdict: adjudicator.Verdict{Outcome: adjudicator.Committed, Time: 9}}}
	w.DB = NewDB(Parts{
		Store: store, Committer: w.clerk, Limits: limits,
		Latest:  func() kv.ReadPoint { return kv.ReadPoint{Time: 5} },
		Elapsed: func() time.Duration { return w.elapsed },
	})
	return w
}

func (w *world) begin(o Options) *Txn {
	tx, err := w.Begin(ctx, o)
	if err != nil {
		panic(err)
	}
	return tx
}

func commit(tx *Txn) error {
	_, err := tx.Commit(ctx)
	return err
}

// vowels lets values through that begin with a vowel.
type vowels struct{}

func (vowels) Match(_, value []byte) (bool, error) {
	return len(value) > 0 && strings.IndexByte("aeiou", value[0]) >= 0, nil
}

// A naive transaction keeps a whole copy of the state after every statement.
type naive struct {
	after   []map[string]string // By statement; 0 is the snapshot.
	claims  map[string]kv.Strength
	written map[string]bool
}

func (n *naive) current() map[string]string { return n.after[len(n.after)-1] }
func (n *naive) visible() map[string]string { return n.after[len(n.after)-2] }

// scan is the definition of Tx.Scan.
func (n *naive) scan(state map[string]string, span kv.Span, o ScanOptions) (pairs []string) {
	keys := slices.Sorted(maps.Keys(state))
	if o.Reverse {
		slices.Reverse(keys)
	}
	for _, key := range keys {
		ok := true
		if o.Filter != nil {
			ok, _ = o.Filter.Match(nil, []byte(state[key]))
		}
		if ok && span.Contains(kv.Key(key)) && (o.Limit == 0 || len(pairs) < o.Limit) {
			pairs = append(pairs, key+"="+state[key])
		}
	}
	return pairs
}

// An openScan is a scan under way, and the rest of what it must return.
type openScan struct {
	it    Iterator
	want  []string
	depth int // of statements inside of others; a scan ends with its statement
}

// saved is a savepoint, and all that the model knew then.
type saved struct {
	at      Savepoint
	state   map[string]string
	claims  map[string]kv.Strength
	written map[string]bool
}

// TestTransactionAgainstModel runs random statements and savepoints, with scans that
// stay open over later statements and statements inside of others, against whole copies
// of the state.
func TestTransactionAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"", "a", "ab", "b", "c", "d", "e", "f"}).Draw(t, "key")
		})
		value := rapid.SampledFrom([]string{"axe", "bar", "egg", "tea", "ice"})
		snapshot := fixedStore(rapid.MapOf(key, value).Draw(t, "snapshot"))
		w := newWorld(snapshot, Limits{})
		tx := w.begin(Options{})
		reader := tx.Reader(ctx)
		n := &naive{claims: map[string]kv.Strength{}, written: map[string]bool{},
			after: []map[string]string{maps.Clone(snapshot), maps.Clone(snapshot)}}
		var scans []openScan
		var points []saved
		var outer []func() // ends the inner statements
		strength := rapid.SampledFrom([]kv.Strength{kv.None, kv.Share, kv.Update, kv.Exclusive})
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(*rapid.T) {
				was, seen := tx.Enter(), n.visible()
				n.after = append(n.after, maps.Clone(n.current()))
				outer = append(outer, func() {
					tx.Leave(was)
					n.after = append(n.after, seen, n.current())
				})
			},
			"leave": func(*rapid.T) {
				if last := len(outer) - 1; last >= 0 {
					outer[last]()
					outer = outer[:last]
					scans = slices.DeleteFunc(scans, func(s openScan) bool {
						if s.depth > last {
							s.it.Close()
						}
						return s.depth > last
					})
				}
			},
			"step": func(*rapid.T) {
				if len(outer) > 0 {
					return
				}
				tx.Step()
				n.after = append(n.after, maps.Clone(n.current()))
			},
			"put": func(t *rapid.T) {
				k, v, s := key.Draw(t, "key"), value.Draw(t, "value"), strength.Draw(t, "strength")
				_ = tx.Put(kv.Key(k), []byte(v), s)
				n.current()[k], n.written[k], n.claims[k] = v, true, max(s, n.claims[k])
			},
			"delete": func(t *rapid.T) {
				k, s := key.Draw(t, "key"), strength.Draw(t, "strength")
				_ = tx.Delete(kv.Key(k), s)
				delete(n.current(), k)
				n.written[k], n.claims[k] = true, max(s, n.claims[k])
			},
			"lock": func(t *rapid.T) {
				k, s := key.Draw(t, "key"), strength.Draw(t, "strength")
				_ = tx.Lock(kv.Key(k), s)
				n.claims[k] = max(s, n.claims[k])
			},
			"save": func(*rapid.T) {
				if len(outer) > 0 {
					return
				}
				p := saved{at: tx.Save(), state: maps.Clone(n.current()), claims: maps.Clone(n.claims), written: maps.Clone(n.written)}
				n.after = append(n.after, maps.Clone(n.current()))
				points = append(points, p)
			},
			"rollback to": func(t *rapid.T) {
				if len(points) == 0 || len(outer) > 0 {
					return
				}
				for _, s := range scans {
					s.it.Close()
				}
				scans = nil
				i := rapid.IntRange(0, len(points)-1).Draw(t, "savepoint")
				p := points[i]
				points = points[:i+1]
				tx.RollbackTo(p.at)
				n.claims, n.written = maps.Clone(p.claims), maps.Clone(p.written)
				n.after = append(n.after, maps.Clone(p.state), maps.Clone(p.state))
			},
			"get": func(t *rapid.T) {
				k := key.Draw(t, "key")
				read := func(what string, v Value, ok bool, err error, state map[string]string) {
					want, wantOK := state[k]
					if err != nil || ok != wantOK || string(v.Bytes) != want {
						t.Fatalf("%s %q: %q %v %v, want %q %v", what, k, v.Bytes, ok, err, want, wantOK)
					}
				}
				v, ok, err := tx.Get(ctx, kv.Key(k))
				read("Get", v, ok, err, n.visible())
				v, ok, err = tx.GetLatest(ctx, kv.Key(k))
				read("GetLatest", v, ok, err, n.current())
				v, ok, err = reader.Get(kv.Key(k))
				read("Reader.Get", v, ok, err, n.visible())
				v, ok, err = reader.GetLatest(kv.Key(k))
				read("Reader.GetLatest", v, ok, err, n.current())
			},
			"scan": func(t *rapid.T) {
				o := ScanOptions{Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.IntRange(0, 4).Draw(t, "limit")}
				if rapid.Bool().Draw(t, "filtered") {
					o.Filter = vowels{}
				}
				span := kv.Span{Start: kv.Key(key.Draw(t, "start"))}
				if rapid.Bool().Draw(t, "bounded") {
					span.End = kv.Key(key.Draw(t, "end"))
				}
				latest := o
				latest.Latest = true
				it := tx.Scan(ctx, span, latest)
				for _, want := range n.scan(n.current(), span, o) {
					if !it.Next() || string(it.Key())+"="+string(it.Value()) != want {
						t.Fatalf("latest: %v, want %q", it, want)
					}
				}
				if it.Next() {
					t.Fatal("latest: too many")
				}
				it.Close()
				scans = append(scans, openScan{tx.Scan(ctx, span, o), n.scan(n.visible(), span, o), len(outer)})
			},
			"advance": func(t *rapid.T) {
				if len(scans) == 0 {
					return
				}
				i := rapid.IntRange(0, len(scans)-1).Draw(t, "which")
				s := &scans[i]
				if s.it.Next() != (len(s.want) > 0) {
					t.Fatalf("at the end: %v, want %q", len(s.want) > 0, s.want)
				}
				if len(s.want) == 0 {
					s.it.Close()
					scans = slices.Delete(scans, i, i+1)
					return
				}
				if got := string(s.it.Key()) + "=" + string(s.it.Value()); got != s.want[0] {
					t.Fatalf("got %q, want %q", got, s.want)
				}
				s.want = s.want[1:]
			},
		})
		checkRequest(t, w, tx, n)
	})
}

// checkRequest commits and compares what the adjudicator is asked with the model.
func checkRequest(t *rapid.T, w *world, tx *Txn, n *naive) {
	if err := commit(tx); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(n.claims, func(_ string, s kv.Strength) bool { return s == kv.None })
	if len(n.written) == 0 && len(n.claims) == 0 {
		if w.clerk.asked != nil {
			t.Fatal("nothing to commit, but the adjudicator was asked")
		}
		return
	}
	r := w.clerk.asked
	for i, m := range r.Mutations {
		want, live := n.current()[string(m.Key)]
		if !n.written[string(m.Key)] || m.Delete == live || string(m.Value) != want {
			t.Fatalf("mutation %q=%q %v, want %q %v", m.Key, m.Value, m.Delete, want, live)
		}
		if i > 0 && bytes.Compare(r.Mutations[i-1].Key, m.Key) >= 0 {
			t.Fatalf("%q before %q", r.Mutations[i-1].Key, m.Key)
		}
	}
	claims := map[string]kv.Strength{}
	for _, c := range r.Claims {
		claims[string(c.Key)] = c.Strength
	}
	if len(r.Mutations) != len(n.written) || !maps.Equal(claims, n.claims) || r.Snapshot != 5 {
		t.Fatalf("request %+v, want keys %v, claims %v", r, n.written, n.claims)
	}
}

// wantError fails unless err has the SQLSTATE, message and detail.
func wantError(t *testing.T, err error, code, message, detail string) {
	t.Helper()
	e := pgerr.As(err)
	if e == nil || e.Code != code || e.Message != message || e.Detail != detail {
		t.Fatalf("got %+v, want %s %q %q", e, code, message, detail)
	}
}

func TestRowLimit(t *testing.T) {
	tx := newWorld(nil, DSQLLimits).begin(Options{})
	for range 3000 {
		if err := tx.CountRows(1); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, tx.CountRows(1), "54000", "transaction row limit exceeded", "")
	if err := newWorld(nil, Limits{}).begin(Options{}).CountRows(1e6); err != nil {
		t.Fatal(err)
	}
}

func TestSizeLimitIsCheckedAtCommit(t *testing.T) {
	w := newWorld(nil, DSQLLimits)
	tx := w.begin(Options{})
	for i := range 11 {
		if err := tx.Put(fmt.Appendf(nil, "%d", i), make([]byte, 1<<20), kv.Exclusive); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, commit(tx), "54000", "transaction size limit 10mb exceeded", "Current transaction size 12mb > 10mb")
	if w.clerk.asked != nil {
		t.Fatal("the adjudicator was asked")
	}
	// What is overwritten does not count.
	tx = w.begin(Options{})
	for range 20 {
		tx.Step()
		_ = tx.Put(kv.Key("a"), make([]byte, 1<<20), kv.Exclusive)
	}
	if err := commit(tx); err != nil {
		t.Fatal(err)
	}
}

func TestAgeLimit(t *testing.T) {
	w := newWorld(nil, DSQLLimits)
	tx := w.begin(Options{})
	w.elapsed = 300 * time.Second
	if err := tx.CheckAge(); err != nil {
		t.Fatal(err)
	}
	w.elapsed = 310*time.Second + 900*time.Millisecond
	const message, detail = "transaction age limit of 300s exceeded", "Current transaction age 310s exceeds 300s"
	wantError(t, tx.CheckAge(), "54000", message, detail)
	_ = tx.Put(kv.Key("a"), nil, kv.Exclusive)
	wantError(t, commit(tx), "54000", message, detail)
	if w.clerk.asked != nil {
		t.Fatal("the adjudicator was asked")
	}
}

func TestReadOnlyRefusesWrites(t *testing.T) {
	tx := newWorld(nil, DSQLLimits).begin(Options{ReadOnly: true})
	for _, err := range []error{
		tx.Put(kv.Key("a"), nil, kv.None), tx.Delete(kv.Key("a"), kv.Update), tx.Lock(kv.Key("a"), kv.Share),
	} {
		wantError(t, err, "25006", "cannot write in a read-only transaction", "")
	}
	if err := commit(tx); err != nil {
		t.Fatal(err)
	}
}

func TestOutcomesAsErrors(t *testing.T) {
	const oc000 = "change conflicts with another transaction (OC000)"
	const oc001 = "schema has been updated by another transaction (OC001)"
	for _, c := range []struct {
		verdict       adjudicator.Verdict
		code, message string
	}{
		{adjudicator.Verdict{Outcome: adjudicator.Conflicted}, "40001", oc000},
		{adjudicator.Verdict{Outcome: adjudicator.TooOld}, "40001", oc000},
		{adjudicator.Verdict{Outcome: adjudicator.SchemaChanged}, "40001", oc001},
		{adjudicator.Verdict{Outcome: adjudicator.Unknown, Err: errors.New("x")}, "40003", "the outcome of the transaction is unknown"},
		{adjudicator.Verdict{Outcome: adjudicator.Refused, Err: fmt.Errorf("a: %w", context.Canceled)}, "57014", "canceling statement due to user request"},
		{adjudicator.Verdict{Outcome: adjudicator.Refused, Err: adjudicator.ErrClosed}, "57P03", "the cluster is shutting down"},
		{adjudicator.Verdict{Outcome: adjudicator.Refused, Err: fmt.Errorf("b: %w", syscall.ENOSPC)}, "53100", "could not commit: b: no space left on device"},
		{adjudicator.Verdict{Outcome: adjudicator.Refused, Err: errors.New("c")}, "58030", "could not commit: c"},
	} {
		w := newWorld(nil, DSQLLimits)
		w.clerk.verdict = c.verdict
		tx := w.begin(Options{})
		_ = tx.Lock(kv.Key("a"), kv.Share)
		err := commit(tx)
		if e := pgerr.As(err); e == nil || e.Code != c.code || e.Message != c.message {
			t.Errorf("outcome %d: %v", c.verdict.Outcome, err)
		}
		wantError(t, commit(tx), "25P01", "the transaction has ended", "")
	}
}

func TestReferencesTravelOnce(t *testing.T) {
	w := newWorld(nil, DSQLLimits)
	tx := w.begin(Options{})
	for range 3 {
		tx.Reference(kv.Key("d1"))
		tx.Reference(kv.Key("d2"))
	}
	_ = tx.Put(kv.Key("a"), nil, kv.Exclusive)
	if err := commit(tx); err != nil || len(w.clerk.asked.References) != 2 {
		t.Fatalf("%v, %q", err, w.clerk.asked.References)
	}
}

func TestBackfillChecksItsDescriptor(t *testing.T) {
	w := newWorld(fixedStore{"d": "index"}, DSQLLimits)
	w.clerk.horizon = 3
	for _, c := range []struct {
		key        string
		time, asOf kv.Timestamp
		code       string
	}{
		{"d", 1, 3, ""}, {"d", 2, 3, "40001"}, {"gone", 1, 3, "40001"}, {"d", 1, 2, "72000"},
	} {
		w.clerk.asked = nil
		err := w.Backfill(ctx, kv.Key(c.key), c.time, c.asOf, []kv.Mutation{{Key: kv.Key("x")}})
		if pgerr.Code(err) != c.code || (w.clerk.asked != nil) != (c.code == "") {
			t.Errorf("%+v: %v, asked %v", c, err, w.clerk.asked)
		}
	}
}
