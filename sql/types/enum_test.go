package types

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Ranks stay in order whatever is put between which neighbours, and there is always
// room for one more.
func TestRankBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ranks []string
		for range rapid.IntRange(1, 400).Draw(t, "labels") {
			at := rapid.IntRange(0, len(ranks)).Draw(t, "at")
			low, high := "", ""
			if at > 0 {
				low = ranks[at-1]
			}
			if at < len(ranks) {
				high = ranks[at]
			}
			r := RankBetween(low, high)
			if r <= low || high != "" && r >= high || r[len(r)-1] == 0 {
				t.Fatalf("%x is not between %x and %x", r, low, high)
			}
			ranks = slices.Insert(ranks, at, r)
		}
	})
}

func TestRankBetweenGrowsSlowly(t *testing.T) {
	low, high := RankBetween("", ""), ""
	for range 1000 {
		r := RankBetween(low, high)
		if rand.IntN(2) == 0 {
			low = r
		} else {
			high = r
		}
	}
	if len(low) > 160 {
		t.Errorf("a rank of %d bytes after 1000 labels in one place", len(low))
	}
	last := ""
	for range 1000 {
		last = RankBetween(last, "")
	}
	if len(last) > 4 {
		t.Errorf("a rank of %d bytes after 1000 labels at the end", len(last))
	}
}

type someLabels map[string]string

func (l someLabels) EnumLabel(_ OID, rank string) (string, bool) { s, ok := l[rank]; return s, ok }
func (l someLabels) EnumRank(_ OID, label string) (string, bool) {
	for r, s := range l {
		if s == label {
			return r, true
		}
	}
	return "", false
}
func (l someLabels) EnumRanks(OID) []string                    { return nil }
func (l someLabels) ResolveName(_, _ string) (OID, error)      { return 0, nil }
func (l someLabels) ObjectName(_ string, o OID) (string, bool) { return "mood", o == EnumOID(7) }

func TestMarks(t *testing.T) {
	mood, names := EnumOID(7), someLabels{"\x01": "sad", "\x02": "happy"}
	if !IsEnum(mood) || IsEnum(Get(mood).Array) || IsEnum(Int4OID) || Get(Get(mood).Array).Elem != mood {
		t.Fatal("OIDs of enumerations")
	}
	array := Datum{Kind: KindArray, X: &Array{Elem: mood, Elems: []Datum{NewText("\x02"), Null}, Dims: []int{2}, Lower: []int{1}}}
	text := string(AppendText(nil, Get(mood).Array, array, DefaultFormat))
	back, err := Parse(Of(Get(mood).Array), text, DefaultFormat)
	if err != nil || Compare(Get(mood).Array, array, back) != 0 {
		t.Errorf("%q is read as %v, %v", text, back, err)
	}
	text = fmt.Sprintf("column of %s has %s", FormatType(Of(Get(mood).Array)), text)
	if got := Unmark(text, names); got != "column of mood[] has {happy,NULL}" {
		t.Errorf("%q", got)
	}
	f := *DefaultFormat
	f.Names = names
	if d, err := Parse(Of(mood), "sad", &f); err != nil || d.S != "\x01" {
		t.Errorf("sad is %v, %v", d, err)
	}
	if _, err := Parse(Of(mood), "glad", &f); err == nil || Unmark(err.Error(), names) != `invalid input value for enum mood: "glad" (SQLSTATE 22P02)` {
		t.Errorf("glad gives %v", err)
	}
}
