package funcs

import (
	"os"
	"strings"
	"testing"

	"zorya/sql/types"
)

// TestAggregates compares with PostgreSQL: a line "sum int4 1,2,NULL" is the
// aggregate over those values, the next line what it gave. Values are added one
// by one, and as a vector where the aggregate can.
func TestAggregates(t *testing.T) {
	text, err := os.ReadFile("testdata/aggregates.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		head := strings.SplitN(lines[i], " ", 3)
		arg := types.ByName(head[1]).OID
		m, err := Resolve(Lookup("", head[0]), head[0], []types.OID{arg}, nil, false)
		if err != nil {
			t.Errorf("%s: %v", lines[i], err)
			continue
		}
		var rows []types.Datum
		for _, v := range strings.Split(head[2], ",") {
			d := types.Null
			if v != "NULL" {
				if d, err = types.Parse(types.Of(arg), v, types.DefaultFormat); err != nil {
					t.Fatal(err)
				}
			}
			rows = append(rows, d)
		}
		for _, got := range []string{addOneByOne(t, m, arg, rows), addVector(t, m, arg, rows)} {
			if want := lines[i+1][2:]; got != "" && got != want {
				t.Errorf("%s: got %s, want %s", lines[i], got, want)
			}
		}
	}
}

func result(t *testing.T, m Match, a Agg) string {
	t.Helper()
	d, err := a.Result(nil)
	if err != nil {
		t.Error(m.Func.Name, err)
	}
	if d.IsNull() {
		return "NULL"
	}
	return string(types.AppendText(nil, m.Result.OID, d, types.DefaultFormat))
}

func addOneByOne(t *testing.T, m Match, arg types.OID, rows []types.Datum) string {
	a := m.Func.NewAgg(nil, []types.T{types.Of(arg)})
	for _, d := range rows {
		if m.Func.Strict && d.IsNull() {
			continue
		}
		if err := a.Add(nil, []types.Datum{d}); err != nil {
			t.Error(m.Func.Name, err)
		}
	}
	return result(t, m, a)
}

func addVector(t *testing.T, m Match, arg types.OID, rows []types.Datum) string {
	a, ok := m.Func.NewAgg(nil, []types.T{types.Of(arg)}).(VecAgg)
	if !ok {
		return ""
	}
	v := types.NewVec(types.KindOf(arg), len(rows))
	for i, d := range rows {
		v.Set(i, len(rows), d)
	}
	if err := a.AddVec(nil, []*types.Vec{v}, nil, len(rows)); err != nil {
		t.Error(m.Func.Name, err)
	}
	return result(t, m, a)
}
