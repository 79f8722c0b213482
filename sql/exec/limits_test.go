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
