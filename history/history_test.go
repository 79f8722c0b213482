package history

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parse reads a history, a transaction a line:
//
//	ID BEGIN-END OUTCOME: OP; OP …
//	ID BEGIN<SNAPSHOT COMMIT<END OUTCOME: …
//
// with the operations "a KEY VALUE", "r KEY VALUE…", "p KEY VALUE" (replace),
// "t KEY VALUE…", "l KEY VALUE…", "s KEY VALUE…" (share).
func parse(t *testing.T, text string) []Txn {
	t.Helper()
	kinds := map[string]Kind{"a": Append, "r": Read, "t": Touch, "l": Lock, "p": Replace, "s": Share}
	var txns []Txn
	for line := range strings.Lines(text) {
		head, ops, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		f := strings.Fields(head)
		x := Txn{ID: number(t, f[0]), Outcome: Outcome(f[len(f)-1])}
		if len(f) == 3 {
			begin, end, _ := strings.Cut(f[1], "-")
			x.Begin, x.End = int64(number(t, begin)), int64(number(t, end))
		} else {
			begin, snapshot, _ := strings.Cut(f[1], "<")
			commit, end, _ := strings.Cut(f[2], "<")
			x.Begin, x.Snapshot, x.Commit, x.End = int64(number(t, begin)), int64(number(t, snapshot)), int64(number(t, commit)), int64(number(t, end))
		}
		for op := range strings.SplitSeq(ops, ";") {
			w := strings.Fields(op)
			o := Op{Kind: kinds[w[0]], Key: number(t, w[1])}
			for _, v := range w[2:] {
				o.List = append(o.List, number(t, v))
			}
			if o.Kind.appends() {
				o.Value, o.List = o.List[0], nil
			}
			x.Ops = append(x.Ops, o)
		}
		txns = append(txns, x)
	}
	return txns
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Histories, each with the violations that it has.
var histories = []struct {
	name, want, text string
}{
	{"in order", "", `
		1 0-10 ok: a 1 1; a 2 1
		2 11-20 ok: r 1 1; a 1 2; r 1 1 2
		3 21-30 ok: r 1 1 2; r 2 1`},
	{"overlapping transactions may see each other or not", "", `
		1 0-10 ok: a 1 1
		2 5-15 ok: r 1
		3 5-15 ok: r 1 1`},
	{"write skew", "", `
		1 0-10 ok: r 1; r 2; a 1 1
		2 0-10 ok: r 1; r 2; a 2 1
		3 20-30 ok: r 1 1; r 2 1`},
	{"an unknown append may be there", "", `
		1 0-10 unknown: a 1 1; a 2 1
		2 20-30 ok: r 1 1; r 2 1`},
	{"an unknown append may be missing, and come later", "", `
		1 0-10 unknown: a 1 1
		2 20-30 ok: r 1
		3 40-50 ok: r 1 1`},
	{"an unknown append is seen whole", "read skew (G-single)", `
		1 0-10 unknown: a 1 1; a 2 1
		2 20-30 ok: r 1 1; r 2`},
	{"what was seen of an unknown append stays", "non-monotonic read", `
		1 0-10 unknown: a 1 1
		2 20-30 ok: r 1 1
		3 40-50 ok: r 1`},
	{"aborted read", "aborted read (G1a)", `
		1 0-10 fail: a 1 1
		2 20-30 ok: r 1 1`},
	{"a failed transaction's append that others keep", "aborted read (G1a), dirty write", `
		1 0-10 fail: a 1 1
		2 20-30 ok: a 1 2
		3 40-50 ok: r 1 1 2`},
	{"intermediate read", "intermediate read (G1b)", `
		1 0-10 ok: a 1 1; a 1 2
		2 5-15 ok: r 1 1
		3 20-30 ok: r 1 1 2`},
	{"the own middle may be read", "", `
		1 0-10 ok: a 1 1; r 1 1; a 1 2; r 1 1 2
		2 20-30 ok: r 1 1 2`},
	{"a transaction's appends torn apart", "dirty write (G0), write cycle (G0)", `
		1 0-10 ok: a 1 1; a 1 3
		2 0-10 ok: a 1 2
		3 20-30 ok: r 1 1 2 3`},
	{"duplicate", "duplicate", `
		1 0-10 ok: a 1 1
		2 20-30 ok: r 1 1 1`},
	{"garbage", "garbage", `
		1 0-10 ok: r 1 7`},
	{"fork", "fork", `
		1 0-10 ok: a 1 1
		2 0-10 ok: a 1 2
		3 0-10 ok: r 1 1
		4 0-10 ok: r 1 2`},
	{"own append not seen", "internal", `
		1 0-10 ok: a 1 1; r 1`},
	{"reads in one transaction differ", "internal", `
		1 0-10 ok: a 1 1
		2 0-10 ok: r 1; r 1 1`},
	{"write cycle", "write cycle (G0)", `
		1 0-10 ok: a 1 1; a 2 1
		2 0-10 ok: a 1 2; a 2 2
		3 20-30 ok: r 1 1 2; r 2 2 1`},
	{"circular information flow", "circular information flow (G1c)", `
		1 0-10 ok: a 1 1; r 2 1
		2 0-10 ok: a 2 1; r 1 1`},
	{"circular information flow over a write", "circular information flow (G1c)", `
		1 0-10 ok: a 1 1; r 2 1
		2 0-10 ok: a 2 1; a 1 2
		3 20-30 ok: r 1 1 2`},
	{"read skew", "read skew (G-single)", `
		1 0-10 ok: a 1 1; a 2 1
		2 0-10 ok: r 1 1; r 2`},
	{"lost update", "lost update (P4)", `
		1 0-10 ok: r 1; a 1 1
		2 0-10 ok: r 1; a 1 2
		3 20-30 ok: r 1 1 2`},
	{"lost update by an equal value", "lost update (P4), write cycle (G0)", `
		1 0-10 ok: r 1; a 1 1
		2 0-10 ok: t 1; r 1; a 1 2
		3 20-30 ok: r 1 1 2`},
	{"long fork", "long fork (G-SI)", `
		1 0-10 ok: a 1 1
		2 0-10 ok: a 2 1
		3 0-10 ok: r 1 1; r 2
		4 0-10 ok: r 1; r 2 1`},
	{"long fork over three keys", "G-SI", `
		1 0-10 ok: a 1 1
		2 0-10 ok: a 2 1
		3 0-10 ok: a 3 1
		4 0-10 ok: r 1 1; r 2
		5 0-10 ok: r 2 1; r 3
		6 0-10 ok: r 3 1; r 1`},
	{"stale read", "stale read", `
		1 0-10 ok: a 1 1
		2 20-30 ok: r 1
		3 40-50 ok: r 1 1`},
	{"stale read of a transaction that failed", "stale read", `
		1 0-10 ok: a 1 1
		2 20-30 fail: r 1
		3 40-50 ok: r 1 1`},
	{"lost append", "lost append", `
		1 0-10 ok: a 1 1
		2 20-30 ok: r 1`},
	{"lost append, others stay", "lost append", `
		1 0-10 ok: a 1 1
		2 20-30 ok: a 1 2
		3 40-50 ok: r 1 1
		4 60-70 ok: r 1 1`},
	{"non-monotonic read", "non-monotonic read", `
		1 0-50 ok: a 1 1
		2 10-15 ok: r 1 1
		3 20-30 ok: r 1`},
	{"read from the future", "read from the future", `
		1 0-10 ok: r 1 1
		2 20-30 ok: a 1 1`},
	{"read before COMMIT was sent", "read from the future", `
		1 0<5 20<30 ok: a 1 1
		2 0<10 12<15 ok: r 1 1`},
	{"order of appends against real time", "concurrent writes", `
		1 0-10 ok: a 1 1
		2 20-30 ok: a 1 2
		3 40-50 ok: r 1 2 1`},
	{"concurrent appends", "concurrent writes", `
		1 0<10 20<30 ok: a 1 1
		2 0<15 16<30 ok: a 1 2
		3 40-50 ok: r 1 1 2`},
	{"concurrent appends, one failed", "", `
		1 0<10 20<30 ok: a 1 1
		2 0<15 16<30 fail: a 1 2
		3 40-50 ok: r 1 1`},
	{"an append and an equal value at the same time", "concurrent writes", `
		1 0<10 20<30 ok: t 1
		2 0<15 16<30 ok: a 1 2
		3 40-50 ok: r 1 2`},
	{"two equal values at the same time", "concurrent writes", `
		1 0<10 20<30 ok: t 1
		2 0<15 16<30 ok: t 1`},
	{"two equal values, one after the other", "", `
		1 0<10 20<30 ok: t 1
		2 25<35 36<40 ok: t 1`},
	{"stale reads over two keys", "stale read", `
		1 0-10 ok: a 1 1; a 2 1
		2 20-30 ok: r 1; r 2
		3 40-50 ok: r 1 1; r 2 1`},
	{"what was seen began after what was missed", "G-single in real time", `
		1 0-10 ok: a 1 1
		2 20-30 ok: a 2 1
		3 0-40 ok: r 1; r 2 1
		4 50-60 ok: r 1 1; r 2 1`},
	{"what was missed was acknowledged before what was seen was missed", "G-SI in real time", `
		1 0-100 ok: a 1 1
		2 0-10 ok: a 2 1
		3 20-30 ok: r 1
		4 0-100 ok: r 1 1; r 2`},
}

func TestHistories(t *testing.T) {
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			report, err := Check(parse(t, h.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(report.Found)), ", "); got != h.want {
				t.Errorf("found %q, want %q", got, h.want)
				for _, v := range report.Violations {
					t.Logf("%s: %s", v.Name, v.Text)
				}
			}
			for _, v := range report.Violations {
				if v.Text == "" || len(v.Txns) == 0 {
					t.Errorf("nothing is told of %s: %+v", v.Name, v)
				}
			}
		})
	}
}

// A lock conflicts as a write does, or makes writers wait; the latter allows more.
func TestLocks(t *testing.T) {
	const overtaken = `
		1 0<10 20<30 ok: l 1; a 2 1
		2 0<15 25<40 ok: a 1 1
		3 50-60 ok: r 1 1; r 2 1`
	const ignored = `
		1 0<10 50<60 ok: l 1; a 2 1
		2 0<15 25<40 ok: a 1 1
		3 70-80 ok: r 1 1; r 2 1`
	for _, c := range []struct {
		text  string
		waits bool
		want  string
	}{{overtaken, false, "concurrent writes"}, {overtaken, true, ""}, {ignored, false, "concurrent writes"}, {ignored, true, "lock not held"}} {
		report, err := Check(parse(t, c.text), Options{LocksWait: c.waits})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(report.Found)), ", "); got != c.want {
			t.Errorf("locks wait: %v: found %q, want %q", c.waits, got, c.want)
		}
	}
}

// Share keeps replacing writers and locks away, but no other writer.
func TestShares(t *testing.T) {
	const other = `
		1 0<10 50<60 ok: s 1; a 2 1
		2 0<15 25<40 ok: %s
		3 70-80 ok: r 1%s; r 2 1`
	for _, c := range []struct {
		op, list string
		waits    bool
		want     string
	}{
		{"a 1 1", " 1", false, ""}, {"t 1", "", false, ""}, {"s 1", "", false, ""},
		{"p 1 1", " 1", false, "concurrent writes"}, {"l 1", "", false, "concurrent writes"},
		{"p 1 1", " 1", true, "lock not held"}, {"l 1", "", true, ""},
	} {
		report, err := Check(parse(t, fmt.Sprintf(other, c.op, c.list)), Options{LocksWait: c.waits})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(report.Found)), ", "); got != c.want {
			t.Errorf("%s, locks wait: %v: found %q, want %q", c.op, c.waits, got, c.want)
		}
	}
}

// The cycle is told with its transactions and reasons.
func TestTelling(t *testing.T) {
	report, err := Check(parse(t, `
		1 0-10 ok: a 1 1; a 2 5
		2 20-30 ok: a 2 6
		3 40-50 ok: r 2 5`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Violation{{
		Name: "lost append", Txns: []int{2, 3},
		Text: "T2 was acknowledged before T3 began; T3 did not see T2's append of 6 to key 2",
		Cycle: []Step{
			{From: 2, To: 3, Edge: "rt", Because: "T2 was acknowledged before T3 began"},
			{From: 3, To: 2, Edge: "rw", Because: "T3 did not see T2's append of 6 to key 2"},
		},
	}}
	if !reflect.DeepEqual(report.Violations, want) {
		t.Errorf("told %+v\nwant %+v", report.Violations, want)
	}
}

func TestNoHistory(t *testing.T) {
	for _, text := range []string{
		"1 0-10 ok: a 1 1\n1 0-10 ok: a 1 2",
		"1 0-10 ok: a 1 1\n2 0-10 fail: a 1 1",
		"1 10-0 ok: a 1 1",
		"1 0<20 5<10 ok: a 1 1",
	} {
		if _, err := Check(parse(t, text), Options{}); err == nil {
			t.Errorf("no error for\n%s", text)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, x := range parse(t, "1 0-10 ok: a 1 1; r 2; r 1 1; t 3 4 5; l 3 4 5\n2 3<4 5<6 unknown: r 1") {
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		var back Txn
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(back); string(again) != string(text) {
			t.Errorf("%s\nbecame %s", text, again)
		}
	}
	for _, text := range []string{`["append",1]`, `["drop",1,2]`, `["read",1,2]`, `7`} {
		if err := json.Unmarshal([]byte(text), new(Op)); err == nil {
			t.Errorf("no error for %s", text)
		}
	}
}

// TestLarge judges a history of 100,000 transactions, without and with one stale
// read in it.
func TestLarge(t *testing.T) {
	const n, keys = 100_000, 50
	lists := make([][]int, keys)
	txns := make([]Txn, 0, n)
	for i := range n {
		k := i % keys
		if len(lists[k]) == 41 { // a new key in its place
			lists[k] = nil
		}
		id := k + keys*(i/keys/41)
		x := Txn{ID: i, Begin: int64(10 * i), End: int64(10*i + 15), Outcome: OK}
		x.Ops = []Op{{Kind: Read, Key: id, List: slices.Clone(lists[k])}, {Kind: Append, Key: id, Value: i}}
		lists[k] = append(lists[k], i)
		txns = append(txns, x)
	}
	report, err := Check(txns, Options{})
	if err != nil || !report.Valid() {
		t.Fatalf("%v %v", err, report.Violations)
	}
	stale := &txns[n/2]
	stale.Ops = stale.Ops[:1]
	stale.Ops[0].List = stale.Ops[0].List[:len(stale.Ops[0].List)-1]
	txns = slices.DeleteFunc(txns, func(x Txn) bool { // nobody saw the append that is no more
		return x.ID > n/2 && x.Ops[0].Key == stale.Ops[0].Key
	})
	if report, err = Check(txns, Options{}); err != nil || report.Valid() {
		t.Fatalf("%v: a stale read was not found", err)
	}
	if v := report.Violations[0]; len(v.Cycle) != 2 || !slices.Contains(v.Txns, n/2) {
		t.Errorf("found %s", fmt.Sprint(v))
	}
}
