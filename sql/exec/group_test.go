package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

var int8T = types.Of(types.Int8OID)

// function finds a function by its name and first argument's type (0: no arguments).
func function(t *testing.T, name string, arg types.OID) *funcs.Func {
	for _, f := range funcs.Lookup("pg_catalog", name) {
		if arg == 0 && len(f.Args) == 0 || len(f.Args) == 1 && f.Args[0] == arg {
			return f
		}
	}
	t.Fatalf("no function %s(%d)", name, arg)
	return nil
}

func intCol(id rel.ColID) rel.Expr { return &rel.Col{T: int4, ID: id} }

// TestAggregateMatchesDefinition checks hashed and sorted grouping, FILTER,
// DISTINCT, ORDER BY inside, and grouping sets.
func TestAggregateMatchesDefinition(t *testing.T) {
	count, countStar := function(t, "count", types.AnyOID), function(t, "count", 0)
	sum, arrayAgg := function(t, "sum", types.Int4OID), function(t, "array_agg", types.AnyNonArrayOID)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		v, rows := side(r, 1, r.IntN(4000))
		group := []rel.Column{{ID: 1, T: int4}}
		agg := &rel.Aggregate{Group: group, Aggs: []rel.AggCall{
			{Out: rel.Column{ID: 10, T: int8T}, Fn: countStar, Star: true},
			{Out: rel.Column{ID: 11, T: int8T}, Fn: sum, Args: []rel.Expr{intCol(2)}},
			{Out: rel.Column{ID: 12, T: int8T}, Fn: count, Args: []rel.Expr{intCol(2)}, Distinct: true},
			{Out: rel.Column{ID: 13, T: int8T}, Fn: sum, Args: []rel.Expr{intCol(2)}, Filter: compareCols('<', 1, 2)},
		}}
		for k := range 2 {
			agg.Aggs = append(agg.Aggs, rel.AggCall{Out: rel.Column{ID: rel.ColID(14 + k), T: types.Of(types.Int4ArrayOID)}, Fn: arrayAgg,
				Args: []rel.Expr{intCol(2)}, Distinct: k == 1, Order: []rel.SortKey{{Col: 2, Desc: true}}})
		}
		want := aggregateByDefinition(rows)
		for name, n := range map[string]plan.Node{
			"hashed": &plan.Aggregate{Input: v, Rel: agg},
			"sorted": &plan.Aggregate{Input: &plan.Sort{Base: plan.Base{Cols: v.Cols}, Input: v, Keys: []rel.SortKey{{Col: 1}}}, Rel: agg, Sorted: true},
		} {
			n.(*plan.Aggregate).Cols = agg.Columns()
			got := runPlan(t, n)
			sort.Strings(got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s: got %v\nwant %v", seed, name, got, want)
			}
		}
		checkGroupingSets(t, v, rows, countStar)
	}
}

func aggregateByDefinition(rows [][2]types.Datum) []string {
	type state struct {
		key          types.Datum
		n, sum, pass int64
		some, passed bool
		values       []types.Datum
	}
	groups := map[string]*state{}
	for _, row := range rows {
		k := printRow(row[0])
		g := groups[k]
		if g == nil {
			g = &state{key: row[0]}
			groups[k] = g
		}
		g.n++
		g.values = append(g.values, row[1])
		if row[1].IsNull() {
			continue
		}
		g.sum, g.some = g.sum+row[1].I, true
		if !row[0].IsNull() && row[0].I < row[1].I {
			g.pass, g.passed = g.pass+row[1].I, true
		}
	}
	maybe := func(v int64, ok bool) types.Datum {
		if ok {
			return types.NewInt(v)
		}
		return types.Null
	}
	var out []string
	for _, g := range groups {
		desc := sortCol{oid: types.Int4OID, desc: true}
		slices.SortFunc(g.values, desc.compareDatums)
		distinct := slices.CompactFunc(slices.Clone(g.values), func(a, b types.Datum) bool { return a == b })
		n := int64(len(distinct))
		if slices.ContainsFunc(distinct, types.Datum.IsNull) {
			n--
		}
		out = append(out, printRow(g.key, types.NewInt(g.n), maybe(g.sum, g.some), types.NewInt(n), maybe(g.pass, g.passed),
			arrayDatum(g.values), arrayDatum(distinct)))
	}
	sort.Strings(out)
	return out
}

func arrayDatum(elems []types.Datum) types.Datum {
	d, _ := arrayOf(types.Int4OID, elems)
	return d
}

func checkGroupingSets(t *testing.T, v *plan.Values, rows [][2]types.Datum, countStar *funcs.Func) {
	agg := &rel.Aggregate{Group: []rel.Column{{ID: 1, T: int4}, {ID: 2, T: int4}}, Sets: [][]int{{0, 1}, {1}, {}}, GroupingID: 20,
		Aggs: []rel.AggCall{{Out: rel.Column{ID: 10, T: int8T}, Fn: countStar, Star: true}}}
	n := &plan.Aggregate{Base: plan.Base{Cols: agg.Columns()}, Input: v, Rel: agg}
	counts := map[string]int64{printRow(types.Null, types.Null) + " set 2": 0}
	for _, row := range rows {
		counts[printRow(row[0], row[1])+" set 0"]++
		counts[printRow(types.Null, row[1])+" set 1"]++
		counts[printRow(types.Null, types.Null)+" set 2"]++
	}
	got := map[string]bool{}
	for _, s := range runPlan(t, n) {
		got[s] = true
	}
	for k, c := range counts {
		var a, b string
		var set int
		fmt.Sscanf(k, "%s %s set %d", &a, &b, &set)
		if s := fmt.Sprintf("%s %s %d %d", a, b, c, set); !got[s] {
			t.Fatalf("grouping sets: no row %q in %v", s, got)
		}
	}
	if len(got) != len(counts) {
		t.Fatalf("grouping sets: %d rows, want %d", len(got), len(counts))
	}
}

// TestSetOpMatchesDefinition counts rows as the standard defines them.
func TestSetOpMatchesDefinition(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 4))
		l, lRows := side(r, 1, r.IntN(60))
		rt, rRows := side(r, 3, r.IntN(60))
		counts := map[string][2]int{}
		for i, rows := range [][][2]types.Datum{lRows, rRows} {
			for _, row := range rows {
				c := counts[printRow(row[0], row[1])]
				c[i]++
				counts[printRow(row[0], row[1])] = c
			}
		}
		cols := plan.Base{Cols: l.Cols}
		for _, op := range []rel.SetOpKind{rel.Intersect, rel.Except} {
			for _, all := range []bool{false, true} {
				var want []string
				for row, c := range counts {
					n := min(c[0], c[1])
					if op == rel.Except {
						n = max(0, c[0]-c[1])
						if !all && c[1] > 0 {
							n = 0
						}
					}
					if !all {
						n = min(n, 1)
					}
					for range n {
						want = append(want, row)
					}
				}
				got := runPlan(t, &plan.SetOp{Base: cols, Op: op, All: all, L: l, R: rt})
				sort.Strings(got)
				sort.Strings(want)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d op %d all %v: got %v want %v", seed, op, all, got, want)
				}
			}
		}
		distinct := runPlan(t, &plan.HashDistinct{Base: cols, Input: &plan.Append{Base: cols, In: []plan.Node{l, rt}}})
		sorted := &plan.Sort{Base: cols, Input: &plan.Append{Base: cols, In: []plan.Node{l, rt}}, Keys: []rel.SortKey{{Col: 1}, {Col: 2}}}
		unique := runPlan(t, &plan.Unique{Base: cols, Input: sorted})
		if len(distinct) != len(counts) || len(unique) != len(counts) {
			t.Fatalf("seed %d: %d and %d distinct rows, want %d", seed, len(distinct), len(unique), len(counts))
		}
	}
}

// TestWindowFrames checks sum over random frames against the definition.
func TestWindowFrames(t *testing.T) {
	sum := function(t, "sum", types.Int4OID)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		v, rows := side(r, 1, r.IntN(40))
		f := randomFrame(r)
		keys := []rel.SortKey{{Col: 1}, {Col: 2}}
		in := &plan.Sort{Base: plan.Base{Cols: v.Cols}, Input: v, Keys: keys}
		out := rel.Column{ID: 10, T: int8T}
		w := &rel.Window{Partition: []rel.ColID{1}, Order: keys[1:], Funcs: []rel.WindowCall{{Out: out, Fn: sum, Args: []rel.Expr{intCol(2)}, Frame: f}}}
		got := runPlan(t, &plan.Window{Base: plan.Base{Cols: append(slices.Clone(v.Cols), out)}, Input: in, Rel: w})
		slices.SortStableFunc(rows, func(a, b [2]types.Datum) int {
			c := sortCol{oid: types.Int4OID}
			if x := c.compareDatums(a[0], b[0]); x != 0 {
				return x
			}
			return c.compareDatums(a[1], b[1])
		})
		want := framesByDefinition(rows, f)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d frame %+v:\ngot  %v\nwant %v", seed, f, got, want)
		}
	}
}

func randomFrame(r *rand.Rand) rel.Frame {
	bound := func(kinds ...ast.BoundKind) rel.FrameBound {
		return rel.FrameBound{Kind: uint8(kinds[r.IntN(len(kinds))]), Offset: &rel.Const{T: int8T, D: types.NewInt(int64(r.IntN(4)))}}
	}
	return rel.Frame{
		Mode:    []string{"rows", "groups"}[r.IntN(2)],
		Start:   bound(ast.UnboundedPreceding, ast.OffsetPreceding, ast.CurrentRow, ast.OffsetFollowing),
		End:     bound(ast.OffsetPreceding, ast.CurrentRow, ast.OffsetFollowing, ast.UnboundedFollowing),
		Exclude: []string{"", "", "current row", "group", "ties"}[r.IntN(5)],
	}
}

// framesByDefinition asks of each row of each partition whether it is in the frame.
func framesByDefinition(rows [][2]types.Datum, f rel.Frame) []string {
	var out []string
	for i := range rows {
		var sum int64
		some := false
		for j := range rows {
			if rows[i][0] != rows[j][0] || !inFrame(rows, i, j, f) || rows[j][1].IsNull() {
				continue
			}
			sum, some = sum+rows[j][1].I, true
		}
		d := types.Null
		if some {
			d = types.NewInt(sum)
		}
		out = append(out, printRow(rows[i][0], rows[i][1], d))
	}
	return out
}

func inFrame(rows [][2]types.Datum, i, j int, f rel.Frame) bool {
	peers := rows[i] == rows[j]
	// distance from i to j in rows, or in peer groups
	dist := j - i
	if f.Mode == "groups" {
		dist = 0
		for k := min(i, j); k < max(i, j); k++ {
			if rows[k] != rows[k+1] {
				dist++
			}
		}
		if j < i {
			dist = -dist
		}
	}
	at := func(b rel.FrameBound) int {
		n := int(b.Offset.(*rel.Const).D.I)
		switch ast.BoundKind(b.Kind) {
		case ast.UnboundedPreceding:
			return -1 << 20
		case ast.OffsetPreceding:
			return -n
		case ast.OffsetFollowing:
			return n
		case ast.UnboundedFollowing:
			return 1 << 20
		}
		return 0
	}
	if dist < at(f.Start) || dist > at(f.End) {
		return false
	}
	switch f.Exclude {
	case "current row":
		return i != j
	case "group":
		return !peers
	case "ties":
		return i == j || !peers
	}
	return true
}
