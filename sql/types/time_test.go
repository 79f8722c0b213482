package types

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// momentType reads a type as the recorded table names it: timestamp(3), interval day
// to second(0).
func momentType(t testing.TB, s string) T {
	name, precision, has := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	name, mask, _ := strings.Cut(name, " ")
	p := int32(fullPrecision)
	if has {
		n, err := strconv.Atoi(precision)
		if err != nil {
			t.Fatal(err)
		}
		p = int32(n)
	}
	ty := ByName(name)
	switch {
	case ty == nil:
		t.Fatalf("no type %s", name)
	case name != "interval" && has:
		return T{ty.OID, p}
	case name != "interval" || mask == "" && !has:
		return Of(ty.OID)
	}
	for bits, mod := range intervalMods {
		if strings.TrimSpace(mod.text) == mask {
			return T{ty.OID, int32(bits<<16) | p}
		}
	}
	t.Fatalf("no range %s", mask)
	return T{}
}

func momentFormat(t testing.TB, style, zone, intervalStyle string) *Format {
	f := *DefaultFormat
	f.DateStyle, f.DateOrder, _ = strings.Cut(style, ", ")
	f.IntervalStyle = intervalStyle
	var err error
	if f.Zone, err = ParseZone(zone); err != nil {
		t.Fatal(err)
	}
	return &f
}

// TestMomentsAgainstPostgres compares text and binary output, and errors, with what
// PostgreSQL 15 gave for each input under each setting (see testdata/moments.sh).
func TestMomentsAgainstPostgres(t *testing.T) {
	table, err := os.ReadFile("testdata/moments.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		what := strings.Join(f[:5], " | ")
		ty, format := momentType(t, f[0]), momentFormat(t, f[1], f[2], f[3])
		var input, want string
		for s, to := range map[string]*string{f[4]: &input, strings.TrimSpace(f[6]): &want} {
			if strings.HasPrefix(s, `"`) {
				if err := json.Unmarshal([]byte(s), to); err != nil {
					t.Fatal(err)
				}
			}
		}
		d, err := Parse(ty, input, format)
		if state, isErr := strings.CutPrefix(f[5], "ERROR "); isErr {
			if got := errorText(err); got != state+" "+want {
				t.Errorf("%s: got %s, want %s %s", what, got, state, want)
			}
			continue
		}
		if err := json.Unmarshal([]byte(f[5]), &want); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Errorf("%s: %v, want %q", what, err, want)
			continue
		}
		if got := string(AppendText(nil, ty.OID, d, format)); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
		if got := hex.EncodeToString(AppendBinary(nil, ty.OID, d)); got != f[6] {
			t.Errorf("%s: binary %s, want %s", what, got, f[6])
		}
	}
}
