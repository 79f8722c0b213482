package funcs

import (
	"testing"

	"zorya/sql/types"
)

// Calls with the results that PostgreSQL 16's manual gives.
func TestVersion16(t *testing.T) {
	stamp := func(s string) types.Datum { return parsed(t, types.TimestampTZOID, s) }
	day := parsed(t, types.IntervalOID, "1 day")
	warsaw := types.NewText("Europe/Warsaw")
	for _, test := range []struct {
		name   string
		args   []types.Datum
		result string
	}{
		{"erf", []types.Datum{types.NewFloat(1)}, "0.8427007929497149"},
		{"erfc", []types.Datum{types.NewFloat(1)}, "0.15729920705028513"},
		{"date_add", []types.Datum{stamp("2021-10-31 00:00:00+02"), day, warsaw}, "2021-10-31 23:00:00+00"},
		{"date_subtract", []types.Datum{stamp("2021-11-01 00:00:00+01"), day, warsaw}, "2021-10-30 22:00:00+00"},
		{"random_normal", []types.Datum{types.NewFloat(7), types.NewFloat(0)}, "7"},
		{"array_sample", []types.Datum{parsed(t, types.Int4ArrayOID, "[3:4][1:1]={{5},{5}}"), types.NewInt(1)}, "{{5}}"},
		{"array_shuffle", []types.Datum{parsed(t, types.Int4ArrayOID, "[3:4]={5,5}")}, "[3:4]={5,5}"},
	} {
		for _, f := range Lookup("", test.name) {
			if len(f.Args) != len(test.args) {
				continue
			}
			d, err := f.Eval(&Ctx{Format: types.DefaultFormat}, test.args)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			result := f.Result
			if result == types.AnyArrayOID {
				result = types.Int4ArrayOID
			}
			if got := string(types.AppendText(nil, result, d, types.DefaultFormat)); got != test.result {
				t.Errorf("%s: got %s, want %s", test.name, got, test.result)
			}
		}
	}
}

func parsed(t *testing.T, oid types.OID, s string) types.Datum {
	t.Helper()
	d, err := types.Parse(types.Of(oid), s, types.DefaultFormat)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The sequence of a seed is that of PostgreSQL 15 (setseed(0.5), random() twice).
func TestSeed(t *testing.T) {
	var r Random
	r.Seed(0.5)
	for _, want := range []float64{0.9851677175347999, 0.825301858027981} {
		if got := r.Float64(); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
