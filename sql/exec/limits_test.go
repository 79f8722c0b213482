package exec

import (
	"context"
	"math/rand/v2"
	"testing"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// firstError runs n to its end and returns how it failed.
func firstError(t *testing.T, n plan.Node, ctx context.Context, memory int64) error {
	t.Helper()
	p, err := Compile(&plan.Plan{Query: &rel.Query{Kind: "SELECT", Out: n.Columns()}, Root: n})
	if err != nil {
		t.Fatal(err)
	}
	cur, err := p.Start(&Context{Ctx: ctx, Env: &expr.Env{Ctx: &funcs.Ctx{Context: ctx}}, Limits: Limits{Memory: memory}})
	if err != nil {
		return err
	}
	defer cur.Close()
	for {
		b, err := cur.Next()
		if err != nil || b == nil {
			if _, again := cur.Next(); err != again {
				t.Errorf("the error changed from %v to %v", err, again)
			}
			return err
		}
	}
}

// growing are operators that keep their input.
func growing(t *testing.T) map[string]plan.Node {
	v, _ := side(rand.New(rand.NewPCG(1, 1)), 1, 4000)
	r, _ := side(rand.New(rand.NewPCG(2, 1)), 3, 4000)
	base := plan.Base{Cols: v.Cols}
	both := plan.Base{Cols: append(append([]rel.Column(nil), v.Cols...), r.Cols...)}
	agg := &rel.Aggregate{Aggs: []rel.AggCall{{Out: rel.Column{ID: 10, T: types.Of(types.Int4ArrayOID)}, Fn: function(t, "array_agg", types.AnyNonArrayOID), Args: []rel.Expr{intCol(1)}}}}
	cte := &plan.CTE{Rel: &rel.CTE{Cols: v.Cols}, Query: v}
	return map[string]plan.Node{
		"sort":        &plan.Sort{Base: base, Input: v, Keys: []rel.SortKey{{Col: 1}}},
		"hash join":   &plan.HashJoin{Base: both, L: v, R: r, LKeys: []rel.Expr{intCol(1)}, RKeys: []rel.Expr{intCol(3)}},
		"nested loop": &plan.NestedLoop{Base: both, L: v, R: r},
		"array_agg":   &plan.Aggregate{Base: plan.Base{Cols: agg.Columns()}, Input: v, Rel: agg},
		"cte":         &plan.With{Base: base, CTEs: []*plan.CTE{cte}, Body: &plan.CTEScan{Base: base, CTE: cte}},
	}
}

func TestQueryMemoryIsBounded(t *testing.T) {
	for name, n := range growing(t) {
		err := firstError(t, n, context.Background(), 32<<10)
		if e := pgerr.As(err); e == nil || e.Code != "54000" || e.Message != "query requires more than allowed temp space of 32 KB to execute" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, n := range growing(t) {
		err := firstError(t, n, ctx, 0)
		if e := pgerr.As(err); e == nil || e.Code != "57014" || e.Message != "canceling statement due to user request" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestFunctionsShareTheMemory: what queries in functions hold counts as the statement's
// that calls them, and is given back when they end.
func TestFunctionsShareTheMemory(t *testing.T) {
	sort := growing(t)["sort"]
	p, err := Compile(&plan.Plan{Query: &rel.Query{Kind: "SELECT", Out: sort.Columns()}, Root: sort})
	if err != nil {
		t.Fatal(err)
	}
	begin := func(c *funcs.Ctx, memory int64) (*Cursor, error) {
		cur, err := p.Start(&Context{Ctx: c.Context, Env: &expr.Env{Ctx: c}, Limits: Limits{Memory: memory}})
		if err == nil {
			_, err = cur.Next()
		}
		return cur, err
	}
	alone, err := begin(&funcs.Ctx{Context: t.Context()}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	limit := 8 * alone.r.mem.used
	alone.Close()

	c := &funcs.Ctx{Context: t.Context()}
	var open []*Cursor
	for err == nil && len(open) < 10 {
		var cur *Cursor
		cur, err = begin(c, limit)
		open = append(open, cur)
	}
	if e := pgerr.As(err); e == nil || e.Code != "54000" || len(open) < 3 {
		t.Fatalf("query %d: %v", len(open), err)
	}
	for _, cur := range open[1:] {
		cur.Close()
	}
	again, err := begin(c, limit)
	if err != nil {
		t.Fatalf("after others have ended: %v", err)
	}
	again.Close()
	open[0].Close()
	if c.Memory != nil {
		t.Error("the account outlives its statement")
	}
}
