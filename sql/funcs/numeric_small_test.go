package funcs

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"zorya/sql/types"
)

// TestSmallNumerics: the quick ways give what the general ones give, with the scale.
func TestSmallNumerics(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) types.Datum {
		coef := rapid.OneOf(rapid.Int64Range(-2000, 2000), rapid.Int64Range(-1<<57, 1<<57-1), rapid.SampledFrom([]int64{-1 << 57, 1<<57 - 1, 0})).Draw(t, "coef")
		return types.NewNumericSmall(coef, rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 63)).Draw(t, "scale"))
	})
	general := map[string]func(a, b dec) dec{"numeric_add": addDec, "numeric_sub": subDec, "numeric_mul": mulDec}
	quick := numericArithKernels()
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		for name, f := range general {
			got, err := quick[name].eval(nil, []types.Datum{a, b})
			want, err2 := f(decOf(a), decOf(b)).checked()
			if err != nil || err2 != nil || decOf(got).text() != decOf(want).text() {
				t.Fatalf("%s(%s, %s) = %s, want %s", name, decOf(a).text(), decOf(b).text(), decOf(got).text(), decOf(want).text())
			}
		}
		var acc numericAcc
		want := decInt(0, 0)
		for _, d := range rapid.SliceOfN(number, 1, 20).Draw(t, "sum") {
			if err := acc.add(d); err != nil {
				t.Fatal(err)
			}
			want = addDec(want, decOf(d))
		}
		if got, err := acc.sum(); err != nil || decOf(got).text() != want.text() {
			t.Fatalf("sum = %s, want %s", decOf(got).text(), want.text())
		}
	})
}

// TestNumericToFloat: the quick way rounds as reading the digits does.
func TestNumericToFloat(t *testing.T) {
	toFloat := numericCasts()["numeric_float8"]
	rapid.Check(t, func(t *rapid.T) {
		d := types.NewNumericSmall(rapid.Int64Range(-1<<54, 1<<54).Draw(t, "coef"), rapid.IntRange(0, 25).Draw(t, "scale"))
		got, err := toFloat.eval(nil, []types.Datum{d})
		want, err2 := strconv.ParseFloat(decOf(d).text(), 64)
		if err != nil || err2 != nil || got.F != want {
			t.Fatalf("%s: got %v, want %v", decOf(d).text(), got.F, want)
		}
	})
}
