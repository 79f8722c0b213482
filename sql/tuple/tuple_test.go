package tuple

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// columnTypes are the types that rows of the tests are made of.
var columnTypes = []types.OID{types.Int4OID, types.TextOID, types.Int8OID, types.BoolOID, types.NumericOID, types.UUIDOID, types.IntervalOID,
	types.JSONBOID, types.DateOID, types.Float8OID, types.TextArrayOID, types.OidOID}

func randomValue(t *rapid.T, oid types.OID) types.Datum {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return types.Null
	}
	text := map[types.OID]*rapid.Generator[string]{
		types.Int4OID: rapid.SampledFrom([]string{"0", "-1", "2147483647", "-2147483648"}), types.Int8OID: rapid.SampledFrom([]string{"7", "9223372036854775807"}),
		types.TextOID: rapid.String().Filter(func(s string) bool { return bytes.IndexByte([]byte(s), 0) < 0 }), types.BoolOID: rapid.SampledFrom([]string{"t", "f"}),
		types.NumericOID: rapid.SampledFrom([]string{"1.00", "1", "-0.5", "NaN", "1e40"}), types.UUIDOID: rapid.Just("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
		types.IntervalOID: rapid.SampledFrom([]string{"1 mon -2 days 00:00:03", "0"}), types.JSONBOID: rapid.SampledFrom([]string{`{"a": [1, 1.0]}`, "null"}),
		types.DateOID: rapid.SampledFrom([]string{"2000-01-01", "infinity", "4713-01-01 BC"}), types.Float8OID: rapid.SampledFrom([]string{"0.1", "-Infinity", "NaN"}),
		types.TextArrayOID: rapid.SampledFrom([]string{"{}", `{a,NULL,"b c"}`}), types.OidOID: rapid.SampledFrom([]string{"0", "4294967295"}),
	}[oid].Draw(t, "text")
	d, err := types.Parse(types.Of(oid), text, types.DefaultFormat)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func same(t *rapid.T, what string, oid types.OID, got, want types.Datum) {
	text := func(d types.Datum) string {
		if d.IsNull() {
			return "NULL"
		}
		return string(types.AppendText(nil, oid, d, types.DefaultFormat))
	}
	if text(got) != text(want) {
		t.Fatalf("%s: %s, want %s", what, text(got), text(want))
	}
}

// A row comes back as it was stored, whole and by any choice of columns; so do the
// columns that an entry covers, and the row's key.
func TestRowsAndEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := &catalog.Table{Header: catalog.Header{OID: 100, Name: "t"}, Kind: catalog.RelTable}
		n := rapid.IntRange(2, 10).Draw(t, "columns")
		for range n {
			oid := rapid.SampledFrom(columnTypes).Draw(t, "type")
			table.Columns = append(table.Columns, catalog.Col{Name: "c", T: types.Of(oid)})
		}
		table.Columns[0].T = types.Of(rapid.SampledFrom([]types.OID{types.Int4OID, types.TextOID, types.NumericOID}).Draw(t, "key"))
		table.Primary = &catalog.Index{Header: catalog.Header{OID: 101}, Table: 100, Primary: true, Unique: true,
			Keys: []catalog.IndexKey{{Col: 0, T: table.Columns[0].T}}, Hidden: rapid.Bool().Draw(t, "hidden")}
		idx := &catalog.Index{Header: catalog.Header{OID: 102}, Table: 100, Unique: rapid.Bool().Draw(t, "unique"), NullsNotDistinct: rapid.Bool().Draw(t, "nulls")}
		for c := 1; c < n && len(idx.Keys) < 2; c++ {
			if types.IsIndexable(table.Columns[c].T.OID) {
				idx.Keys = append(idx.Keys, catalog.IndexKey{Col: c, T: table.Columns[c].T, NullsFirst: rapid.Bool().Draw(t, "first")})
			} else {
				idx.Include = append(idx.Include, c)
			}
		}
		row := make([]types.Datum, n)
		for c := range row {
			row[c] = randomValue(t, table.Columns[c].T.OID)
		}
		if row[0].IsNull() {
			row[0], _ = types.Parse(table.Columns[0].T, "1", types.DefaultFormat)
		}
		base := kv.Key(nil)
		if table.Primary.Hidden {
			base = NewHiddenKey(table)
		} else {
			base = BaseKey(table, row)
		}
		value := EncodeRow(table, row)
		got, err := DecodeRow(table, base, value)
		if err != nil {
			t.Fatal(err)
		}
		for c := range row {
			same(t, "row", table.Columns[c].T.OID, got[c], row[c])
		}
		keys := make([]types.Datum, len(idx.Keys))
		for i, k := range idx.Keys {
			keys[i] = row[k.Col]
		}
		ekey, evalue := Entry(table, idx, keys, row, base)
		if back, err := BaseKeyOf(table, idx, ekey, evalue); err != nil || !bytes.Equal(back, base) {
			t.Fatalf("base key %x, %v; want %x", back, err, base)
		}
		var covered []int
		for c := range row {
			if Covers(table, idx, c) && !(c == 0 && table.Primary.Hidden) {
				covered = append(covered, c)
			}
		}
		part := make([]types.Datum, len(covered))
		if err := NewDecoder(table, idx, covered).Decode(ekey, evalue, part); err != nil {
			t.Fatal(err)
		}
		for i, c := range covered {
			same(t, "entry", table.Columns[c].T.OID, part[i], row[c])
		}
	})
}

// Rows from before a column was added give its stored default, or NULL.
func TestAddedColumns(t *testing.T) {
	table := &catalog.Table{Header: catalog.Header{OID: 100}, Columns: []catalog.Col{{Name: "id", T: types.Of(types.Int4OID)}, {Name: "a", T: types.Of(types.TextOID)}}}
	table.Primary = &catalog.Index{Header: catalog.Header{OID: 101}, Primary: true, Keys: []catalog.IndexKey{{Col: 0, T: types.Of(types.Int4OID)}}}
	row := []types.Datum{types.NewInt(1), types.NewText("x")}
	key, value := BaseKey(table, row), EncodeRow(table, row)
	missing := "7"
	table.Columns = append(table.Columns, catalog.Col{Name: "b", T: types.Of(types.Int8OID), Missing: &missing}, catalog.Col{Name: "c", T: types.Of(types.TextOID)})
	got, err := DecodeRow(table, key, value)
	if err != nil || got[0].I != 1 || got[1].S != "x" || got[2].I != 7 || !got[3].IsNull() {
		t.Errorf("row %v, %v", got, err)
	}
}

// Rows without a key stand in the order of their insertion.
func TestHiddenKeysOrder(t *testing.T) {
	table := &catalog.Table{Primary: &catalog.Index{Header: catalog.Header{OID: 5}, Hidden: true}}
	last := NewHiddenKey(table)
	for range 10000 {
		next := NewHiddenKey(table)
		if bytes.Compare(last, next) >= 0 {
			t.Fatalf("%x after %x", next, last)
		}
		last = next
	}
}

// What is no row is an error, never a panic.
func FuzzDecode(f *testing.F) {
	table := &catalog.Table{Header: catalog.Header{OID: 100}, Columns: []catalog.Col{{T: types.Of(types.Int4OID)}, {T: types.Of(types.TextOID)}, {T: types.Of(types.NumericOID)}}}
	table.Primary = &catalog.Index{Header: catalog.Header{OID: 101}, Primary: true, Keys: []catalog.IndexKey{{Col: 1, T: types.Of(types.TextOID)}}}
	row := []types.Datum{types.NewInt(1), types.NewText("x"), types.Null}
	f.Add([]byte(BaseKey(table, row)), EncodeRow(table, row))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		_, _ = DecodeRow(table, key, value)
	})
}
