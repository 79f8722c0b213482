package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

var int4 = types.Of(types.Int4OID)

// side makes n rows of two small integers or NULLs, columns id and id+1.
func side(r *rand.Rand, id rel.ColID, n int) (*plan.Values, [][2]types.Datum) {
	v := &plan.Values{Base: plan.Base{Cols: []rel.Column{{ID: id, T: int4}, {ID: id + 1, T: int4}}}}
	var rows [][2]types.Datum
	for range n {
		var row [2]types.Datum
		var xs []rel.Expr
		for c := range row {
			if r.IntN(6) > 0 {
				row[c] = types.NewInt(int64(r.IntN(5)))
			}
			xs = append(xs, &rel.Const{T: int4, D: row[c]})
		}
		rows = append(rows, row)
		v.Rows = append(v.Rows, xs)
	}
	return v, rows
}

func compareCols(strategy byte, l, r rel.ColID) rel.Expr {
	op := funcs.Comparison(strategy, types.Int4OID, types.Int4OID)
	return &rel.Call{T: types.Of(types.BoolOID), Fn: op.Func, Op: op.Name, Oper: op,
		Args: []rel.Expr{&rel.Col{T: int4, ID: l}, &rel.Col{T: int4, ID: r}}}
}

func runPlan(t *testing.T, n plan.Node) []string {
	t.Helper()
	p, err := Compile(&plan.Plan{Query: &rel.Query{Kind: "SELECT", Out: n.Columns()}, Root: n})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	cur, err := p.Start(&Context{Ctx: ctx, Env: &expr.Env{Ctx: &funcs.Ctx{Context: ctx}}, Limits: DefaultLimits})
	if err != nil {
		t.Fatal(err)
	}
	defer cur.Close()
	var out []string
	for {
		b, err := cur.Next()
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		if b.Len > types.BatchSize {
			t.Fatalf("batch of %d rows", b.Len)
		}
		for i := range b.Len {
			var row []types.Datum
			for c := range n.Columns() {
				row = append(row, b.Cols[c].At(i))
			}
			out = append(out, printRow(row...))
		}
	}
}

func printRow(row ...types.Datum) string {
	var parts []string
	for _, d := range row {
		if d.IsNull() {
			parts = append(parts, "∅")
		} else {
			parts = append(parts, printValue(d))
		}
	}
	return strings.Join(parts, " ")
}

// joinByDefinition is L join R on l0 = r0 and, if extra, l1 < r1.
func joinByDefinition(kind rel.JoinKind, l, r [][2]types.Datum, extra bool) []string {
	var out []string
	null := types.Null
	rMatched := make([]bool, len(r))
	for _, a := range l {
		matched := false
		for k, b := range r {
			on := !a[0].IsNull() && !b[0].IsNull() && a[0].I == b[0].I
			if extra {
				on = on && !a[1].IsNull() && !b[1].IsNull() && a[1].I < b[1].I
			}
			if !on {
				continue
			}
			matched, rMatched[k] = true, true
			if kind != rel.Semi && kind != rel.Anti {
				out = append(out, printRow(a[0], a[1], b[0], b[1]))
			}
		}
		switch {
		case matched && kind == rel.Semi, !matched && kind == rel.Anti:
			out = append(out, printRow(a[0], a[1]))
		case !matched && (kind == rel.Left || kind == rel.Full):
			out = append(out, printRow(a[0], a[1], null, null))
		}
	}
	if kind == rel.Right || kind == rel.Full {
		for k, b := range r {
			if !rMatched[k] {
				out = append(out, printRow(null, null, b[0], b[1]))
			}
		}
	}
	return out
}

// TestJoinMethods checks every join method and kind against the definition.
func TestJoinMethods(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		sizes := []int{0, 1, 7, 40, 1500}
		nl, nr := sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes)-1)]
		l, lRows := side(r, 1, nl)
		rt, rRows := side(r, 3, nr)
		extra := r.IntN(2) == 0
		for kind := rel.Inner; kind <= rel.Anti; kind++ {
			want := joinByDefinition(kind, lRows, rRows, extra)
			sort.Strings(want)
			for name, n := range joinPlans(kind, l, rt, extra) {
				got := runPlan(t, n)
				sort.Strings(got)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %s of kind %d, %d and %d rows, extra %v: got %d rows, want %d", seed, name, kind, nl, nr, extra, len(got), len(want))
				}
			}
		}
	}
}

func joinPlans(kind rel.JoinKind, l, r plan.Node, extra bool) map[string]plan.Node {
	cols := append(append([]rel.Column(nil), l.Columns()...), r.Columns()...)
	if kind == rel.Semi || kind == rel.Anti {
		cols = l.Columns()
	}
	base := plan.Base{Cols: cols}
	equal, less := compareCols('=', 1, 3), compareCols('<', 2, 4)
	on, rest := equal, rel.Expr(nil)
	if extra {
		on, rest = &rel.Bool{Op: rel.And, Args: []rel.Expr{equal, less}}, less
	}
	plans := map[string]plan.Node{
		"nested loop": &plan.NestedLoop{Base: base, Kind: kind, L: l, R: r, On: on},
		"hash join": &plan.HashJoin{Base: base, Kind: kind, L: l, R: r, On: rest,
			LKeys: []rel.Expr{&rel.Col{T: int4, ID: 1}}, RKeys: []rel.Expr{&rel.Col{T: int4, ID: 3}}},
	}
	if kind != rel.Right && kind != rel.Full {
		inner := &plan.Filter{Base: plan.Base{Cols: r.Columns()}, Input: r, Cond: equal}
		plans["rescan"] = &plan.NestedLoop{Base: base, Kind: kind, L: l, R: inner, On: rest, Params: []rel.ColID{1}}
	}
	return plans
}

// TestSortMatchesDefinition checks order, stability aside, and the bounded sort.
func TestSortMatchesDefinition(t *testing.T) {
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 2))
		v, rows := side(r, 1, r.IntN(6000))
		keys := []rel.SortKey{{Col: 1, Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0}, {Col: 2, Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0}}
		slices.SortStableFunc(rows, func(a, b [2]types.Datum) int {
			for i, k := range keys {
				c := sortCol{oid: types.Int4OID, desc: k.Desc, nullsFirst: k.NullsFirst}
				if x := c.compareDatums(a[i], b[i]); x != 0 {
					return x
				}
			}
			return 0
		})
		var want []string
		for _, row := range rows {
			want = append(want, printRow(row[0], row[1]))
		}
		sorted := &plan.Sort{Base: plan.Base{Cols: v.Cols}, Input: v, Keys: keys}
		if got := runPlan(t, sorted); !slices.Equal(got, want) {
			t.Fatalf("seed %d: wrong order", seed)
		}
		limit := r.IntN(50)
		top := *sorted
		top.Limit = &rel.Const{T: types.Of(types.Int8OID), D: types.NewInt(int64(limit))}
		if got := runPlan(t, &top); !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Fatalf("seed %d: wrong first %d", seed, limit)
		}
		first := &plan.Sort{Base: plan.Base{Cols: v.Cols}, Input: v, Keys: keys[:1]}
		then := &plan.Sort{Base: plan.Base{Cols: v.Cols}, Input: first, Keys: keys, Presorted: 1}
		if got := runPlan(t, then); !slices.Equal(got, want) {
			t.Fatalf("seed %d: wrong incremental order", seed)
		}
	}
}

func printValue(d types.Datum) string {
	if a, ok := d.X.(*types.Array); ok {
		return fmt.Sprint("[", printRow(a.Elems...), "]")
	}
	return fmt.Sprint(d.I)
}
