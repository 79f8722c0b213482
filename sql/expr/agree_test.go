package expr_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// genDatum draws values of a type, edges and NULL often among them.
func genDatum(t types.OID) *rapid.Generator[types.Datum] {
	ints := func(edges ...int64) *rapid.Generator[types.Datum] {
		return rapid.Map(rapid.OneOf(rapid.SampledFrom(edges), rapid.Int64Range(-5, 5)), types.NewInt)
	}
	var g *rapid.Generator[types.Datum]
	switch t {
	case types.Int2OID:
		g = ints(math.MinInt16, math.MaxInt16)
	case types.Int4OID:
		g = ints(math.MinInt32, math.MaxInt32)
	case types.Int8OID:
		g = ints(math.MinInt64, math.MaxInt64)
	case types.BoolOID:
		g = rapid.Map(rapid.Bool(), types.NewBool)
	case types.Float4OID, types.Float8OID:
		g = rapid.Map(rapid.SampledFrom([]float64{0, 1, -1.5, 1e30, 1e-30, math.NaN(), math.Inf(1), math.Inf(-1)}), types.NewFloat)
	default:
		g = rapid.Map(rapid.SampledFrom([]string{"", "a", "ab", "b", "é"}), types.NewText)
	}
	return rapid.OneOf(g, g, g, rapid.Just(types.Null))
}

// TestVectorsAgree holds every function with a vector kernel, over types that
// genDatum knows, against its scalar one: Row value by value, Eval over a batch.
func TestVectorsAgree(t *testing.T) {
	known := map[types.OID]bool{
		types.Int2OID: true, types.Int4OID: true, types.Int8OID: true, types.BoolOID: true,
		types.Float4OID: true, types.Float8OID: true, types.TextOID: true,
	}
	tried := 0
	for _, fn := range funcs.All() {
		if fn.Vec == nil || len(fn.Args) == 0 || fn.Volatility == funcs.Volatile || fn.Name == "repeat" {
			continue
		}
		usable := true
		for _, a := range fn.Args {
			usable = usable && known[a]
		}
		if !usable {
			continue
		}
		tried++
		t.Run(fmt.Sprintf("%s-%d", fn.Name, fn.OID), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { agree(t, fn) })
		})
	}
	if tried < 150 {
		t.Errorf("only %d functions have vector kernels", tried)
	}
}

func agree(t *rapid.T, fn *funcs.Func) {
	n := rapid.IntRange(0, 5).Draw(t, "rows")
	call := &rel.Call{T: types.Of(fn.Result), Fn: fn}
	var layout []rel.Column
	batch := &types.Batch{Len: n}
	for i, a := range fn.Args {
		col := rel.Column{ID: rel.ColID(i + 1), T: types.Of(a)}
		layout = append(layout, col)
		call.Args = append(call.Args, &rel.Col{T: col.T, ID: col.ID})
		v := types.NewVec(types.KindOf(a), n)
		for r := 0; r < n; r++ {
			v.Set(r, n, genDatum(a).Draw(t, "value"))
		}
		batch.Cols = append(batch.Cols, v)
	}
	c, err := expr.Compile(call, layout, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := &expr.Env{Ctx: &funcs.Ctx{Context: context.Background(), Format: types.DefaultFormat, TxnTime: time.Unix(0, 0)}}
	vec, vecErr := c.Eval(env, batch)
	for r := 0; r < n; r++ {
		row := make([]types.Datum, len(layout))
		for i := range row {
			row[i] = batch.Cols[i].At(r)
		}
		want, err := c.Row(env, row)
		if err != nil {
			if pgerr.Code(vecErr) != pgerr.Code(err) {
				t.Fatalf("row %d fails with %v, the batch with %v", r, err, vecErr)
			}
			return
		}
		if vecErr != nil {
			continue // a later row fails
		}
		if got := vec.At(r); got != want && !(math.IsNaN(got.F) && math.IsNaN(want.F)) {
			t.Fatalf("row %d: batch gives %v, row %v", r, got, want)
		}
	}
	if vecErr != nil {
		t.Fatalf("the batch fails with %v, no row does", vecErr)
	}
}
