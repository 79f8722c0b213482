package exec

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/cluster"
	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// indexedTable is t (id int primary key, u int unique, a int, b text) with an index
// on (a, b), a unique partial one on b where a < 3, and an expression index.
func indexedTable() (*catalog.Table, *rel.TableExprs) {
	text := types.Of(types.TextOID)
	t := &catalog.Table{
		Header: catalog.Header{OID: 20000, Name: "t", Schema: catalog.PublicSchema}, Kind: catalog.RelTable,
		Columns: []catalog.Col{{Name: "id", T: int4, NotNull: true}, {Name: "u", T: int4}, {Name: "a", T: int4}, {Name: "b", T: text}},
		Primary: &catalog.Index{Header: catalog.Header{OID: 20001, Name: "t_pkey"}, Primary: true, Unique: true, Keys: []catalog.IndexKey{{Col: 0, T: int4}}},
		Indexes: []*catalog.Index{
			{Header: catalog.Header{OID: 20002, Name: "t_u"}, Unique: true, Keys: []catalog.IndexKey{{Col: 1, T: int4}}},
			{Header: catalog.Header{OID: 20003, Name: "t_ab"}, Keys: []catalog.IndexKey{{Col: 2, T: int4}, {Col: 3, T: text}}},
			{Header: catalog.Header{OID: 20004, Name: "t_part"}, Unique: true, Where: "a < 3", Keys: []catalog.IndexKey{{Col: 3, T: text}}},
			{Header: catalog.Header{OID: 20005, Name: "t_expr"}, Keys: []catalog.IndexKey{{Col: -1, Expr: "coalesce(a, id)", T: int4}}},
		},
	}
	bound := &rel.TableExprs{
		IndexPred: map[types.OID]rel.Expr{20004: compareWith('<', 3, 3)},
		IndexKeys: map[types.OID][]rel.Expr{20005: {&rel.Coalesce{T: int4, Args: []rel.Expr{intCol(3), intCol(1)}}}},
	}
	for i, c := range t.Columns {
		bound.Cols = append(bound.Cols, rel.Column{ID: rel.ColID(i + 1), Name: c.Name, T: c.T})
	}
	return t, bound
}

// compareWith is column op value.
func compareWith(strategy byte, id rel.ColID, value int64) rel.Expr {
	c := compareCols(strategy, id, id).(*rel.Call)
	c.Args[1] = &rel.Const{T: int4, D: types.NewInt(value)}
	return c
}

func openDB(t testing.TB) *txn.DB {
	c, err := cluster.Open("/c", cluster.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.DB()
}

// begin starts a transaction; that fails only once a context has ended.
func begin(db *txn.DB) *txn.Txn {
	tx, err := db.Begin(context.Background(), txn.Options{})
	if err != nil {
		panic(err)
	}
	return tx
}

func startWriter(t testing.TB, db *txn.DB, s *tableSpec) (*writer, *txn.Txn) {
	tx := begin(db)
	ctx := context.Background()
	r := &run{Context: &Context{Ctx: ctx, Tx: tx}, env: &expr.Env{Ctx: &funcs.Ctx{Context: ctx, Format: types.DefaultFormat}}}
	return &writer{r, s}, tx
}

func tableForTest(t testing.TB) *tableSpec {
	table, bound := indexedTable()
	c := &compiler{p: &Program{}}
	s, err := c.table(table, bound)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func randomRow(r *rand.Rand) []types.Datum {
	maybe := func(n int) types.Datum {
		if r.IntN(4) == 0 {
			return types.Null
		}
		return types.NewInt(int64(r.IntN(n)))
	}
	row := []types.Datum{types.NewInt(int64(r.IntN(20))), maybe(20), maybe(6), types.Null}
	if r.IntN(4) > 0 {
		row[3] = types.NewText(string(rune('a' + r.IntN(8))))
	}
	return row
}

// TestRowsAndEntriesAgree makes random changes, some refused, and compares every
// index with the rows after each commit (design I6), and the rows with a model.
func TestRowsAndEntriesAgree(t *testing.T) {
	s := tableForTest(t)
	db := openDB(t)
	model := map[int64][]types.Datum{}
	r := rand.New(rand.NewPCG(7, 7))
	refused, most := 0, 0
	for range 400 {
		w, tx := startWriter(t, db, s)
		next := map[int64][]types.Datum{}
		for k, v := range model {
			next[k] = v
		}
		failed := false
		for range 1 + r.IntN(4) {
			if err := randomChange(r, w, next); err != nil {
				if pgerr.Code(err) != pgerr.UniqueViolation {
					t.Fatal(err)
				}
				failed = true
				break
			}
		}
		if failed {
			refused++
			continue
		}
		if _, err := tx.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		model = next
		most = max(most, len(model))
		agree(t, db, s, model)
	}
	if refused == 0 || most < 5 {
		t.Errorf("%d changes refused, %d rows at most: the test tests too little", refused, most)
	}
}

// randomChange makes one change to both sides. It fails the test's way if they
// disagree on whether it is allowed.
func randomChange(r *rand.Rand, w *writer, model map[int64][]types.Datum) error {
	row := randomRow(r)
	if err := w.complete(row); err != nil {
		return err
	}
	var old []types.Datum
	for _, m := range model { // any row
		old = m
		break
	}
	allowed := func(without []types.Datum) bool {
		for _, m := range model {
			if without != nil && m[0] == without[0] {
				continue
			}
			same := func(c int) bool { return !m[c].IsNull() && m[c] == row[c] }
			low := func(x []types.Datum) bool { return !x[2].IsNull() && x[2].I < 3 }
			if same(0) || same(1) || same(3) && low(m) && low(row) {
				return false
			}
		}
		return true
	}
	var err error
	ok := true
	switch what := r.IntN(3); {
	case what == 0 || old == nil:
		ok = allowed(nil)
		if err = w.insert(row); err == nil {
			model[row[0].I] = row
		}
	case what == 1:
		ok = allowed(old)
		if err = w.update(tuple.BaseKey(w.s.t, old), old, row); err == nil {
			delete(model, old[0].I)
			model[row[0].I] = row
		}
	default:
		if err = w.remove(tuple.BaseKey(w.s.t, old), old); err == nil {
			delete(model, old[0].I)
		}
	}
	if ok != (err == nil) {
		return pgerr.New(pgerr.InternalError, "row %v: allowed %v, got %v", row, ok, err)
	}
	return err
}

// agree compares the stored rows and entries with the model.
func agree(t *testing.T, db *txn.DB, s *tableSpec, model map[int64][]types.Datum) {
	t.Helper()
	w, tx := startWriter(t, db, s)
	want := map[string][]byte{}
	for _, row := range model {
		base := tuple.BaseKey(s.t, row)
		want[string(base)] = tuple.EncodeRow(s.t, row)
		for i := range s.indexes {
			e, err := w.entry(&s.indexes[i], base, row)
			if err != nil {
				t.Fatal(err)
			}
			if e.present {
				want[string(e.key)] = e.value
			}
		}
	}
	it := tx.Scan(context.Background(), kv.PrefixSpan(kv.Key{kv.Data}), txn.ScanOptions{})
	defer it.Close()
	n := 0
	for it.Next() {
		n++
		if v, ok := want[string(it.Key())]; !ok || !bytes.Equal(v, it.Value()) {
			t.Fatalf("stray or wrong key %x", it.Key())
		}
	}
	if err := it.Err(); err != nil || n != len(want) {
		t.Fatalf("%d keys stored, want %d (%v)", n, len(want), err)
	}
}

// TestClaims checks which pairs of concurrent changes conflict at commit.
func TestClaims(t *testing.T) {
	s := tableForTest(t)
	row := func(id, u, a int64, b string) []types.Datum {
		return []types.Datum{types.NewInt(id), types.NewInt(u), types.NewInt(a), types.NewText(b)}
	}
	one, two := row(1, 1, 5, "x"), row(2, 2, 5, "y")
	change := func(old, to []types.Datum) func(*writer) error {
		return func(w *writer) error { return w.update(tuple.BaseKey(s.t, old), old, to) }
	}
	insert := func(r []types.Datum) func(*writer) error { return func(w *writer) error { return w.insert(r) } }
	remove := func(r []types.Datum) func(*writer) error {
		return func(w *writer) error { return w.remove(tuple.BaseKey(s.t, r), r) }
	}
	lock := func(strength kv.Strength) func(*writer) error {
		return func(w *writer) error { return w.r.Tx.Lock(tuple.BaseKey(s.t, one), strength) }
	}
	for _, c := range []struct {
		name     string
		a, b     func(*writer) error
		conflict bool
	}{
		{"two updates of one row", change(one, row(1, 1, 6, "x")), change(one, row(1, 1, 7, "x")), true},
		{"updates to equal values", change(one, one), change(one, one), true},
		{"updates of two rows, one index value", change(one, row(1, 1, 6, "z")), change(two, row(2, 2, 6, "z")), false},
		{"update beside a foreign key's child", change(one, row(1, 1, 6, "x")), lock(kv.Share), false},
		{"update of a unique column beside a child", change(one, row(1, 9, 5, "x")), lock(kv.Share), true},
		{"update beside FOR UPDATE", change(one, row(1, 1, 6, "x")), lock(kv.Exclusive), true},
		{"delete beside a child", remove(one), lock(kv.Share), true},
		{"update and delete", change(one, row(1, 1, 6, "x")), remove(one), true},
		{"inserts of one key", insert(row(3, 3, 5, "p")), insert(row(3, 4, 5, "q")), true},
		{"inserts of one unique value", insert(row(3, 3, 5, "p")), insert(row(4, 3, 5, "q")), true},
		{"inserts of one partially unique value", insert(row(3, 3, 1, "p")), insert(row(4, 4, 2, "p")), true},
		{"inserts beyond the predicate", insert(row(3, 3, 5, "p")), insert(row(4, 4, 5, "p")), false},
		{"inserts of two rows", insert(row(3, 3, 5, "p")), insert(row(4, 4, 5, "q")), false},
		{"moving to a key that is inserted", change(one, row(7, 1, 5, "x")), insert(row(7, 4, 5, "q")), true},
		{"update to a unique value that is inserted", change(one, row(1, 8, 5, "x")), insert(row(7, 8, 5, "q")), true},
	} {
		db := openDB(t)
		w, tx := startWriter(t, db, s)
		for _, r := range [][]types.Datum{one, two} {
			if err := w.insert(r); err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		if _, err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		wa, ta := startWriter(t, db, s)
		wb, tb := startWriter(t, db, s)
		if err := c.a(wa); err != nil {
			t.Fatal(c.name, err)
		}
		if err := c.b(wb); err != nil {
			t.Fatal(c.name, err)
		}
		if _, err := ta.Commit(ctx); err != nil {
			t.Fatal(c.name, err)
		}
		if _, err := tb.Commit(ctx); (pgerr.Code(err) == pgerr.SerializationFailure) != c.conflict {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}
