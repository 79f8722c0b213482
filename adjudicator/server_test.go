package adjudicator

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zorya/journal"
	"zorya/kv"
)

var ctx = context.Background()

// A gate is a journal and a storage that do what the test lets them do. Both
// stages wait for a word on their channel: nil lets a batch pass.
type gate struct {
	journal.Journal // Nothing else of it is called.
	toAppend        chan error
	toApply         chan error

	mu       sync.Mutex
	appended [][]journal.Record
	applied  uint64
}

func (g *gate) Append(batch []journal.Record) error {
	if err := <-g.toAppend; err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.appended = append(g.appended, append([]journal.Record(nil), batch...))
	return nil
}

func (g *gate) apply(batch []journal.Record) error {
	if err := <-g.toApply; err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.applied = batch[len(batch)-1].Seq
	return nil
}

// pass lets n batches become visible.
func (g *gate) pass(n int) {
	for range n {
		g.toAppend <- nil
		g.toApply <- nil
	}
}

func start(t *testing.T) (*Server, *gate) {
	g := &gate{toAppend: make(chan error), toApply: make(chan error)}
	began := time.Now()
	s := NewServer(Options{
		Journal: g, Apply: g.apply, Past: Past{Seq: 7, Time: 1000, Since: 1000, Epoch: 5},
		Now:     func() kv.Timestamp { return 500 },
		Elapsed: func() time.Duration { return time.Since(began) },
	})
	t.Cleanup(s.Close)
	return s, g
}

var lastID uint32

// request claims a key exclusively.
func request(snapshot kv.Timestamp, key string) *Request {
	lastID++
	return &Request{
		ID: [16]byte{byte(lastID), byte(lastID >> 8), byte(lastID >> 16)}, Snapshot: snapshot,
		Mutations: []kv.Mutation{{Key: kv.Key(key)}},
		Claims:    []kv.Claim{{Key: kv.Key(key), Strength: kv.Exclusive}},
	}
}

// ask commits in the background. In a synctest bubble the answer is there after
// Wait, or it is being waited for.
func ask(s *Server, ctx context.Context, r *Request) func() *Verdict {
	var v *Verdict
	go func() {
		answer := s.Commit(ctx, r)
		v = &answer
	}()
	synctest.Wait()
	return func() *Verdict { synctest.Wait(); return v }
}

func TestCommitIsAnsweredWhenVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		a := ask(s, ctx, request(1000, "a"))
		g.toAppend <- nil
		if a() != nil {
			t.Fatal("answered when durable, but not visible")
		}
		g.toApply <- nil
		if v := a(); v == nil || v.Outcome != Committed || v.Time != 1001 {
			t.Fatalf("got %+v", v)
		}
		if r := g.appended[0][0]; r.Seq != 8 || r.Time != 1001 || r.Kind != journal.Ordinary {
			t.Fatalf("record %+v", r)
		}
	})
}

func TestWaitingCommitsShareOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		first := ask(s, ctx, request(1000, "first"))
		var rest []func() *Verdict
		for _, key := range []string{"a", "b", "c", "d"} {
			rest = append(rest, ask(s, ctx, request(1000, key)))
		}
		g.pass(2)
		for _, v := range append(rest, first) {
			if v() == nil || v().Outcome != Committed {
				t.Fatalf("got %+v", v())
			}
		}
		if len(g.appended) != 2 || len(g.appended[1]) != 4 {
			t.Fatalf("batches %v", g.appended)
		}
	})
}

// TestLoserWaitsForItsRival: while the rival is not visible, a retry would read
// the same snapshot and lose again.
func TestLoserWaitsForItsRival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		winner := ask(s, ctx, request(1000, "a"))
		loser := ask(s, ctx, request(1000, "a"))
		g.toAppend <- nil
		late := ask(s, ctx, request(1000, "a"))
		other := ask(s, ctx, request(1000, "b"))
		if loser() != nil || late() != nil || winner() != nil {
			t.Fatal("a loser was answered before its rival is visible")
		}
		g.toApply <- nil
		for _, v := range []func() *Verdict{loser, late} {
			if v() == nil || v().Outcome != Conflicted || string(v().Key) != "a" {
				t.Fatalf("got %+v", v())
			}
		}
		if other() != nil {
			t.Fatal("answered too early")
		}
		if v := ask(s, ctx, request(1000, "a"))(); v == nil || v.Outcome != Conflicted {
			t.Fatalf("a rival that is visible is waited for: %+v", v)
		}
		g.pass(1)
	})
}

func TestConflictOverSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		descriptor := string([]byte{kv.Descriptors, 7})
		ddl := ask(s, ctx, request(1000, descriptor))
		g.pass(1)
		writer := request(1000, "row")
		writer.References = []kv.Key{kv.Key(descriptor)}
		for what, r := range map[string]*Request{"writer": writer, "second DDL": request(1000, descriptor)} {
			if v := ask(s, ctx, r)(); v == nil || v.Outcome != SchemaChanged || string(v.Key) != descriptor {
				t.Fatalf("%s: %+v", what, v)
			}
		}
		_ = ddl
	})
}

// TestFailedAppend: what was waiting is unknown, also what was judged behind it;
// what was durable before is committed; nothing commits afterwards.
func TestFailedAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		durable := ask(s, ctx, request(1000, "durable"))
		g.toAppend <- nil
		failing := ask(s, ctx, request(1000, "failing"))
		behind := ask(s, ctx, request(1000, "behind"))
		loser := ask(s, ctx, request(1000, "failing"))
		broken := errors.New("disk on fire")
		// The stages overlap: the append under way holds `failing` alone or with those
		// behind it.
		g.toAppend <- broken
		synctest.Wait()
		g.toApply <- nil
		if v := durable(); v == nil || v.Outcome != Committed {
			t.Fatalf("durable: %+v", v)
		}
		for what, v := range map[string]func() *Verdict{"failing": failing, "behind": behind} {
			if v() == nil || v().Outcome != Unknown || !errors.Is(v().Err, broken) {
				t.Fatalf("%s: %+v", what, v())
			}
		}
		if v := loser(); v == nil || v.Outcome != Conflicted {
			t.Fatalf("loser: %+v", v)
		}
		if v := ask(s, ctx, request(1000, "later"))(); v == nil || v.Outcome != Refused || !errors.Is(v.Err, broken) {
			t.Fatalf("later: %+v", v)
		}
		if !errors.Is(s.Err(), broken) {
			t.Fatalf("Err: %v", s.Err())
		}
	})
}

func TestFailedApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		first := ask(s, ctx, request(1000, "a"))
		g.toAppend <- nil
		second := ask(s, ctx, request(1000, "b"))
		g.toApply <- errors.New("storage on fire")
		g.toAppend <- nil
		for _, v := range []func() *Verdict{first, second} {
			if v() == nil || v().Outcome != Unknown {
				t.Fatalf("got %+v", v())
			}
		}
	})
}

// TestContextDecidesNothingAfterHandOver: canceled before, nothing happens;
// afterwards the commit is what it is.
func TestContextDecidesNothingAfterHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		canceled, cancel := context.WithCancel(ctx)
		v := ask(s, canceled, request(1000, "a"))
		cancel()
		if v() != nil {
			t.Fatalf("answered by the context: %+v", v())
		}
		before := ask(s, canceled, request(1000, "b"))
		if before() == nil || before().Outcome != Refused || !errors.Is(before().Err, context.Canceled) {
			t.Fatalf("got %+v", before())
		}
		g.pass(1)
		if v() == nil || v().Outcome != Committed || len(g.appended) != 1 || len(g.appended[0]) != 1 {
			t.Fatalf("got %+v, %v", v(), g.appended)
		}
	})
}

func TestAskingAgainCommitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		r := request(1000, "a")
		first, second := ask(s, ctx, r), ask(s, ctx, r)
		if second() != nil {
			t.Fatal("answered before the first")
		}
		g.pass(1)
		third := ask(s, ctx, r)
		for _, v := range []func() *Verdict{first, second, third} {
			if v() == nil || v().Outcome != Committed || v().Time != 1001 {
				t.Fatalf("got %+v", v())
			}
		}
		if len(g.appended) != 1 || len(g.appended[0]) != 1 {
			t.Fatalf("appended %v", g.appended)
		}
	})
}

func TestCloseWaitsForWhatIsJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := start(t)
		first := ask(s, ctx, request(1000, "a"))
		second := ask(s, ctx, request(1000, "b"))
		closed := false
		go func() {
			s.Close()
			closed = true
		}()
		synctest.Wait()
		if v := ask(s, ctx, request(1000, "c"))(); v == nil || v.Outcome != Refused || !errors.Is(v.Err, ErrClosed) {
			t.Fatalf("after Close: %+v", v)
		}
		if closed {
			t.Fatal("closed with commits under way")
		}
		g.pass(2)
		if first().Outcome != Committed || second().Outcome != Committed || !closed {
			t.Fatalf("%+v, %+v, closed %v", first(), second(), closed)
		}
	})
}

func TestAdmissionRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := start(t)
		full := errors.New("full")
		s.o.Admit = func() error { return full }
		if v := s.Commit(ctx, request(1000, "a")); v.Outcome != Refused || v.Err != full {
			t.Fatalf("got %+v", v)
		}
	})
}
