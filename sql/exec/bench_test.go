package exec

import (
	"context"
	"testing"

	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// series is generate_series(1, n) as column id.
func series(b *testing.B, id rel.ColID, n int64) plan.Node {
	for _, f := range funcs.Lookup("pg_catalog", "generate_series") {
		if len(f.Args) == 2 && f.Args[0] == types.Int4OID {
			cols := []rel.Column{{ID: id, T: int4}}
			call := &rel.Call{T: int4, Fn: f, Args: []rel.Expr{&rel.Const{T: int4, D: types.NewInt(1)}, &rel.Const{T: int4, D: types.NewInt(n)}}}
			return &plan.FuncScan{Base: plan.Base{Cols: cols}, Rel: &rel.FuncScan{Funcs: []rel.TableFunc{{X: call, Ncols: 1}}, Cols: cols}}
		}
	}
	b.Fatal("no generate_series")
	return nil
}

func benchmark(b *testing.B, n plan.Node, rows int64) {
	p, err := Compile(&plan.Plan{Query: &rel.Query{Kind: "SELECT", Out: n.Columns()}, Root: n})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		cur, err := p.Start(&Context{Ctx: ctx, Env: &expr.Env{Ctx: &funcs.Ctx{Context: ctx}}})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := cur.Next()
			if err != nil {
				b.Fatal(err)
			}
			if batch == nil {
				break
			}
		}
		cur.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(int64(b.N)*rows), "ns/row")
}

const benchRows = 200_000

func BenchmarkSeries(b *testing.B) { benchmark(b, series(b, 1, benchRows), benchRows) }

func BenchmarkSort(b *testing.B) {
	in := series(b, 1, benchRows)
	benchmark(b, &plan.Sort{Base: plan.Base{Cols: in.Columns()}, Input: in, Keys: []rel.SortKey{{Col: 1, Desc: true}}}, benchRows)
}

func BenchmarkHashJoin(b *testing.B) {
	l, r := series(b, 1, benchRows), series(b, 2, benchRows)
	base := plan.Base{Cols: append(append([]rel.Column(nil), l.Columns()...), r.Columns()...)}
	benchmark(b, &plan.HashJoin{Base: base, L: l, R: r, LKeys: []rel.Expr{intCol(1)}, RKeys: []rel.Expr{intCol(2)}}, benchRows)
}

func BenchmarkGroup(b *testing.B) {
	in := series(b, 1, benchRows)
	for _, f := range funcs.Lookup("pg_catalog", "sum") {
		if f.Args[0] != types.Int4OID {
			continue
		}
		agg := &rel.Aggregate{Group: in.Columns(), Aggs: []rel.AggCall{{Out: rel.Column{ID: 10, T: int8T}, Fn: f, Args: []rel.Expr{intCol(1)}}}}
		benchmark(b, &plan.Aggregate{Base: plan.Base{Cols: agg.Columns()}, Input: in, Rel: agg}, benchRows)
	}
}
