package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"zorya/kv"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
	"zorya/txn"
)

// pointPlans are statements on single rows of indexedTable: $1 is the key, $2 and
// $3 are other values.
func pointPlans() map[string]*plan.Plan {
	t, bound := indexedTable()
	cols := bound.Cols
	bytea := types.Of(types.ByteaOID)
	scanRel := &rel.Scan{Table: t, Cols: cols, Attrs: []int{0, 1, 2, 3}, RowID: 10, Whole: 11}
	scan := &plan.TableScan{Base: plan.Base{Cols: scanRel.Columns()}, Scan: scanRel, Index: t.Primary, Access: plan.PrimaryScan,
		Prefix: []plan.KeyCond{{X: &rel.Param{T: int4, N: 1}}}, OneRow: true}
	filtered := *scan
	filtered.Storage = compareWith('<', 3, 4)
	var through []rel.Expr
	for _, c := range scan.Cols {
		through = append(through, &rel.Col{T: c.T, ID: c.ID})
	}
	newCol := []rel.Column{{ID: 12, T: int4}, {ID: 13, T: int4}}
	assign := &plan.Project{Base: plan.Base{Cols: append(scanRel.Columns(), newCol...)}, Input: scan,
		Exprs: append(through, &rel.Param{T: int4, N: 2}, &rel.Param{T: int4, N: 3})}
	ret := make([]rel.Column, len(cols))
	returning := &rel.Project{}
	for i, c := range cols {
		ret[i] = rel.Column{ID: c.ID + 20, T: c.T}
		returning.Exprs = append(returning.Exprs, &rel.Col{T: c.T, ID: ret[i].ID})
		returning.Cols = append(returning.Cols, rel.Column{ID: c.ID + 30, T: c.T})
	}
	row := &plan.Values{Base: plan.Base{Cols: []rel.Column{{ID: 41, T: int4}, {ID: 42, T: int4}, {ID: 43, T: int4}, {ID: 44, T: types.Of(types.TextOID)}}},
		Rows: [][]rel.Expr{{&rel.Param{T: int4, N: 1}, &rel.Param{T: int4, N: 2}, &rel.Param{T: int4, N: 3}, &rel.Const{T: types.Of(types.TextOID), D: types.NewText("x")}}}}
	out := plan.Base{Cols: returning.Cols}
	insert := rel.Insert{Table: t, Ret: ret, Returning: returning, Bound: bound}
	upsert := insert
	excluded := []rel.Column{{ID: 61, T: int4}, {ID: 62, T: int4}, {ID: 63, T: int4}, {ID: 64, T: types.Of(types.TextOID)}}
	upsert.OnConflict = &rel.OnConflict{Index: t.Primary, DoUpdate: true, Old: cols, Excluded: excluded, Attrs: []int{2}, New: []rel.Expr{intCol(63)}}
	roots := map[string]plan.Node{
		"select": &plan.Project{Base: plan.Base{Cols: []rel.Column{{ID: 50, T: int4}, {ID: 51, T: int4}}}, Input: scan, Exprs: []rel.Expr{intCol(3), intCol(2)}},
		"filter": &filtered,
		"lock":   &plan.LockRows{Base: scan.Base, Input: scan, Locks: []rel.RowLock{{Table: t, RowID: 10}}},
		"update": &plan.Modify{Base: out, Input: assign, Update: &rel.Update{Table: t, RowID: 10, Whole: 11, Old: cols,
			Attrs: []int{1, 2}, New: []rel.ColID{12, 13}, Ret: ret, Returning: returning, Bound: bound}},
		"delete": &plan.Modify{Base: out, Input: scan, Delete: &rel.Delete{Table: t, RowID: 10, Whole: 11, Old: cols, Ret: ret, Returning: returning, Bound: bound}},
		"insert": &plan.Modify{Base: out, Input: row, Insert: &insert},
		"upsert": &plan.Modify{Base: out, Input: row, Insert: &upsert},
	}
	plans := map[string]*plan.Plan{}
	for name, n := range roots {
		q := &rel.Query{Kind: name}
		for _, c := range n.Columns() {
			if c.T != bytea {
				q.Out = append(q.Out, c)
			}
		}
		plans[name] = &plan.Plan{Query: q, Root: n, Point: true}
	}
	return plans
}

// answerOf runs p in its own transaction and prints the result, or the error.
func answerOf(db *txn.DB, p *Program, params []types.Datum) string {
	ctx := context.Background()
	tx := begin(db)
	cur, err := p.Start(&Context{Ctx: ctx, Env: &expr.Env{Ctx: &funcs.Ctx{Context: ctx, Format: types.DefaultFormat}, Params: params}, Tx: tx})
	if err != nil {
		return err.Error()
	}
	defer cur.Close()
	var rows []string
	for {
		b, err := cur.Next()
		if err != nil {
			return err.Error()
		}
		if b == nil {
			break
		}
		for i := range b.Len {
			var row []types.Datum
			for _, v := range b.Cols {
				row = append(row, v.At(i))
			}
			rows = append(rows, fmt.Sprint(row))
		}
	}
	if _, err := tx.Commit(ctx); err != nil {
		return err.Error()
	}
	return fmt.Sprint(rows, cur.Affected())
}

// TestDirectPathEqualsTree runs the same random statements both ways and compares
// answers, errors and what is stored.
func TestDirectPathEqualsTree(t *testing.T) {
	type pair struct{ direct, tree *Program }
	programs := map[string]pair{}
	var names []string
	for name, p := range pointPlans() {
		direct, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := CompileTree(p)
		if err != nil {
			t.Fatal(err)
		}
		if direct.direct == nil || tree.direct != nil {
			t.Errorf("%s: direct path %v and %v", name, direct.direct != nil, tree.direct != nil)
		}
		programs[name] = pair{direct, tree}
	}
	names = append(names, "select", "filter", "lock", "update", "delete", "insert", "upsert")
	a, b := openDB(t), openDB(t)
	r := rand.New(rand.NewPCG(9, 9))
	kinds := map[string]int{}
	for range 2000 {
		name := names[r.IntN(len(names))]
		row := randomRow(r)
		if r.IntN(20) == 0 {
			row[0] = types.Null
		}
		direct, tree := answerOf(a, programs[name].direct, row), answerOf(b, programs[name].tree, row)
		if direct != tree {
			t.Fatalf("%s %v:\ndirect: %s\ntree:   %s", name, row, direct, tree)
		}
		kinds[name+direct[:1]]++
	}
	for _, name := range names {
		if kinds[name+"["] == 0 {
			t.Errorf("%s never succeeded", name)
		}
	}
	if got, want := dump(t, a), dump(t, b); got != want {
		t.Errorf("stored\n%s\nand\n%s", got, want)
	}
}

func dump(t *testing.T, db *txn.DB) string {
	it := begin(db).Scan(context.Background(), kv.PrefixSpan(kv.Key{kv.Data}), txn.ScanOptions{})
	defer it.Close()
	var out string
	for it.Next() {
		out += fmt.Sprintf("%x %x\n", it.Key(), it.Value())
	}
	if it.Err() != nil || out == "" {
		t.Error("nothing stored", it.Err())
	}
	return out
}

// BenchmarkDirectSelect is the cost of SELECT by key, without parsing and planning.
func BenchmarkDirectSelect(b *testing.B) {
	plans := pointPlans()
	db := openDB(b)
	insert, err := Compile(plans["insert"])
	if err != nil {
		b.Fatal(err)
	}
	answerOf(db, insert, []types.Datum{types.NewInt(1), types.NewInt(2), types.NewInt(3)})
	p, err := Compile(plans["select"])
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	env := &expr.Env{Ctx: &funcs.Ctx{Context: ctx}, Params: []types.Datum{types.NewInt(1)}}
	tx := begin(db)
	b.ReportAllocs()
	for b.Loop() {
		cur, err := p.Start(&Context{Ctx: ctx, Env: env, Tx: tx})
		if err != nil {
			b.Fatal(err)
		}
		if rows, _ := cur.Next(); rows.Len != 1 {
			b.Fatal("no row")
		}
		cur.Close()
	}
}
