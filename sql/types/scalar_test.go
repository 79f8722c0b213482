package types

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"zorya/pgerr"
)

// typeOf reads a type as the recorded tables name it: numeric(5,2).
func typeOf(t *testing.T, s string) T {
	name, mod, has := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	name = strings.Trim(name, `"`)
	if s == "char(3)" {
		name = "bpchar"
	}
	ty := ByName(name)
	if ty == nil {
		t.Fatalf("no type %s", name)
	}
	if !has {
		return Of(ty.OID)
	}
	p, scale, _ := strings.Cut(mod, ",")
	n, _ := strconv.Atoi(p)
	if name != "numeric" {
		return T{ty.OID, int32(n) + 4}
	}
	m, _ := strconv.Atoi(scale)
	return T{ty.OID, int32(n<<16|m&0x7ff) + 4}
}

// TestAgainstPostgres compares text and binary output, and errors, with what
// PostgreSQL 15 gave for each input (see testdata/scalars.sh).
func TestAgainstPostgres(t *testing.T) {
	table, err := os.ReadFile("testdata/scalars.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		ty, input := typeOf(t, f[0]), ""
		if err := json.Unmarshal([]byte(f[1]), &input); err != nil {
			t.Fatal(err)
		}
		d, err := Parse(ty, input, nil)
		if state, isErr := strings.CutPrefix(f[2], "ERROR "); isErr {
			var want string
			_ = json.Unmarshal([]byte(f[3]), &want)
			if got := errorText(err); got != state+" "+want {
				t.Errorf("%s %s: got %s, want %s %s", f[0], f[1], got, state, want)
			}
			continue
		}
		var want string
		_ = json.Unmarshal([]byte(f[2]), &want)
		if err != nil {
			t.Errorf("%s %s: %v, want %q", f[0], f[1], err, want)
			continue
		}
		if d.Kind != KindOf(ty.OID) {
			t.Errorf("%s %s: kind %d", f[0], f[1], d.Kind)
		}
		if got := string(AppendText(nil, ty.OID, d, nil)); got != want {
			t.Errorf("%s %s: got %q, want %q", f[0], f[1], got, want)
		}
		checkBinary(t, f[0]+" "+f[1], ty, d, f[3])
	}
}

func checkBinary(t *testing.T, what string, ty T, d Datum, want string) {
	if want == "-" {
		return
	}
	b := AppendBinary(nil, ty.OID, d)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("%s: binary %s, want %s", what, got, want)
	}
	back, err := ParseBinary(ty, b, nil)
	if err != nil {
		t.Errorf("%s: reading binary: %v", what, err)
		return
	}
	x, y := AppendText(nil, ty.OID, d, nil), AppendText(nil, ty.OID, back, nil)
	if string(x) != string(y) {
		t.Errorf("%s: binary came back as %s", what, y)
	}
}

func errorText(err error) string {
	e := pgerr.As(err)
	if e == nil {
		return "no error"
	}
	out := e.Code + " " + e.Message
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			out += "\n" + more
		}
	}
	return out
}
