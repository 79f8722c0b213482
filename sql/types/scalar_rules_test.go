package types

import (
	"math/big"
	"strings"
	"testing"
)

// Inputs that only PostgreSQL 16 accepts; the results are those of its manual's
// rules for integer literals (0x, 0o, 0b and underscores between digits).
func TestIntegerLiterals(t *testing.T) {
	for _, c := range []struct{ typ, in, want string }{
		{"int4", "0x1F", "31"}, {"int4", "-0X7fffffff", "-2147483647"}, {"int4", "0o17", "15"}, {"int4", "0b101", "5"},
		{"int4", "1_000", "1000"}, {"int4", "0x_ff", "255"}, {"int2", "-0x8000", "-32768"}, {"int8", " 0xFFFF_FFFF ", "4294967295"},
		{"int4", "_1", "22P02 invalid input syntax for type integer: \"_1\""},
		{"int4", "1_", "22P02 invalid input syntax for type integer: \"1_\""},
		{"int4", "1__0", "22P02 invalid input syntax for type integer: \"1__0\""},
		{"int4", "0x", "22P02 invalid input syntax for type integer: \"0x\""},
		{"int4", "0b2", "22P02 invalid input syntax for type integer: \"0b2\""},
		{"int2", "0x8000", "22003 value \"0x8000\" is out of range for type smallint"},
		{"numeric", "0x1_F", "31"}, {"numeric", "-0o17", "-15"}, {"numeric", "1_000.5_0", "1000.50"}, {"numeric", "1e1_0", "10000000000"},
		{"numeric", "0xffffffffffffffffffff", "1208925819614629174706175"},
		{"numeric", "1_.5", "22P02 invalid input syntax for type numeric: \"1_.5\""},
		{"numeric", "1._5", "22P02 invalid input syntax for type numeric: \"1._5\""},
		{"numeric", "0x1.5", "22P02 invalid input syntax for type numeric: \"0x1.5\""},
		{"xid", "0x10", "16"},
	} {
		d, err := Parse(Of(ByName(c.typ).OID), c.in, nil)
		got := errorText(err)
		if err == nil {
			got = string(AppendText(nil, ByName(c.typ).OID, d, nil))
		}
		if got != c.want {
			t.Errorf("%s %q: got %s, want %s", c.typ, c.in, got, c.want)
		}
	}
}

// Explicit casts cut, assignments refuse.
func TestExplicitLength(t *testing.T) {
	for _, c := range []struct {
		typ  string
		mod  int32
		in   string
		want string
	}{
		{"varchar", 3 + 4, "ééééé", "ééé"}, {"varchar", 3 + 4, "ab", "ab"},
		{"bpchar", 3 + 4, "abcdef", "abc"}, {"bpchar", 3 + 4, "é", "é  "},
	} {
		oid := ByName(c.typ).OID
		d, err := ApplyTypmod(T{oid, c.mod}, NewText(c.in), true)
		if err != nil || d.S != c.want {
			t.Errorf("%s %q: %q, %v", c.typ, c.in, d.S, err)
		}
	}
}

func TestBadText(t *testing.T) {
	if _, err := Parse(Of(Int4OID), "1\xff", nil); errorText(err) != "22021 invalid byte sequence for encoding \"UTF8\": 0xff" {
		t.Error(err)
	}
	for _, c := range []struct{ in, want string }{
		{"a\x00b", "0x00"}, {"a\xffb", "0xff"}, {"\xc3", "0xc3"}, {"\xe4\x41\x42x", "0xe4 0x41 0x42"}, {"\xed\xa0\x80", "0xed 0xa0 0x80"},
		{"\xf8abc", "0xf8"}, {"é\xc0\x80", "0xc0 0x80"},
	} {
		for _, name := range []string{"text", "varchar", "bpchar", "name"} {
			_, err := Parse(Of(ByName(name).OID), c.in, nil)
			_, err2 := ParseBinary(Of(ByName(name).OID), []byte(c.in), nil)
			want := "22021 invalid byte sequence for encoding \"UTF8\": " + c.want
			if errorText(err) != want || errorText(err2) != want {
				t.Errorf("%s %q: %v, %v", name, c.in, err, err2)
			}
		}
	}
}

func TestBadBinary(t *testing.T) {
	const short, long = "08P01 insufficient data left in message", "22P03 incorrect binary data format"
	for _, c := range []struct{ typ, in, want string }{
		{"int4", "\x00\x00\x00", short}, {"int4", "\x00\x00\x00\x00\x00", long}, {"bool", "", short}, {"float8", "1234567", short},
		{"uuid", "123456789012345", short}, {"uuid", "12345678901234567", long},
		{"name", strings.Repeat("a", 64), "42622 identifier too long\nIdentifier must be less than 64 characters."},
		{"numeric", "\x00\x00", short}, {"numeric", "\x00\x01\x00\x00\x00\x00\x00\x00", short},
		{"numeric", "\x00\x00\x00\x00\x00\x00\x00\x00\x00", long},
		{"numeric", "\x00\x00\x00\x00\x12\x00\x00\x00", "22P03 invalid sign in external \"numeric\" value"},
		{"numeric", "\x00\x00\x00\x00\x00\x00\x40\x00", "22P03 invalid scale in external \"numeric\" value"},
		{"numeric", "\x00\x01\x00\x00\x00\x00\x00\x00\x27\x10", "22P03 invalid digit in external \"numeric\" value"},
		{"inet", "\x01\x20\x00\x04abcd", "22P03 invalid address family in external \"inet\" value"},
		{"inet", "\x02\x21\x00\x04abcd", "22P03 invalid bits in external \"inet\" value"},
	} {
		if _, err := ParseBinary(Of(ByName(c.typ).OID), []byte(c.in), nil); errorText(err) != c.want {
			t.Errorf("%s %x: %v, want %s", c.typ, c.in, err, c.want)
		}
	}
}

// TestOrder lists values of each type in the order of PostgreSQL's btree; = stands
// before a value that equals the one before it.
func TestOrder(t *testing.T) {
	for typ, list := range map[string]string{
		"float8":  "-Infinity -1e300 -1 -5e-324 -0 =0 1 1e300 Infinity NaN =-nan",
		"numeric": "-Infinity -100 -10 =-10.0 -1.5 -0.01 0 =0.000 =-0 0.001 0.01 =0.0100 0.1 1 1.05 1.5 10 99.9 100 1e70 Infinity NaN",
		"char":    "\\001 A a \\200 \\377",
		"xid8":    "0 1 18446744073709551615",
		"oid":     "0 1 4294967295",
		"inet":    "0.0.0.0/0 9.0.0.0/8 10.0.0.0/8 10.2.0.0/8 10.0.0.0/16 10.1.0.0/16 10.1.0.1/16 10.1.0.1 ::/0 ::1",
		"text":    "A B a aa b é",
	} {
		oid := ByName(typ).OID
		var last Datum
		for i, s := range strings.Fields(list) {
			s, equal := strings.CutPrefix(s, "=")
			d, err := Parse(Of(oid), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := -1
			if equal {
				want = 0
			}
			if i > 0 && Compare(oid, last, d) != want {
				t.Errorf("%s: %s stands wrong in %s", typ, s, list)
			}
			last = d
		}
	}
	bpchar := ByName("bpchar").OID
	if Compare(bpchar, NewText("a"), NewText("a  ")) != 0 || Compare(bpchar, NewText("a\t"), NewText("a")) <= 0 {
		t.Error("blanks at the end of bpchar")
	}
}

// Integers of different widths meet in joins.
func TestIntegersHashAlike(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 30000} {
		if h := Hash(Int2OID, NewInt(n), 3); h != Hash(Int4OID, NewInt(n), 3) || h != Hash(Int8OID, NewInt(n), 3) {
			t.Error(n)
		}
	}
	if Hash(Float4OID, NewFloat(1.5), 3) != Hash(Float8OID, NewFloat(1.5), 3) {
		t.Error("floats")
	}
}

func TestFloatDigits(t *testing.T) {
	// select set_config('extra_float_digits', …), 1/3.0::float8, 100000::float4, 1234567::float4
	for extra, want := range map[int]string{
		1: "0.3333333333333333 100000 1.234567e+06", 0: "0.333333333333333 100000 1.23457e+06", -3: "0.333333333333 1e+05 1.23e+06", -15: "0.3 1e+05 1e+06",
	} {
		f := *DefaultFormat
		f.ExtraFloat = extra
		got := string(AppendText(nil, Float8OID, NewFloat(1/3.0), &f)) + " " + string(AppendText(nil, Float4OID, NewFloat(100000), &f)) +
			" " + string(AppendText(nil, Float4OID, NewFloat(1234567), &f))
		if got != want {
			t.Errorf("%d: got %s, want %s", extra, got, want)
		}
	}
}

func TestNumericParts(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 100)
	for _, c := range []struct {
		d     Datum
		text  string
		small bool
	}{
		{NewNumericSmall(-150, 2), "-1.50", true}, {NumericFromInt(1 << 62), "4611686018427387904", false},
		{NewNumeric(huge, 70), "0.0000000000000000000000000000000000000001267650600228229401496703205376", false},
		{NewNumeric(big.NewInt(12), -2), "1200", true}, {NewNumericSmall(5, 64), "0." + strings.Repeat("0", 63) + "5", false},
		{NewNumericSpecial(NumericNegInf), "-Infinity", false},
	} {
		if got := string(AppendText(nil, NumericOID, c.d, nil)); got != c.text {
			t.Errorf("got %s, want %s", got, c.text)
		}
		if _, _, ok := NumericSmall(c.d); ok != c.small {
			t.Errorf("%s: small is %v", c.text, ok)
		}
		coef, scale, special := NumericParts(c.d)
		if special == NumericFinite && Compare(NumericOID, NewNumeric(coef, scale), c.d) != 0 {
			t.Errorf("%s: parts %v %d", c.text, coef, scale)
		}
	}
	if n := testing.AllocsPerRun(100, func() { NewNumericSmall(3, 2) }); n != 0 {
		t.Errorf("a small value allocates %v times", n)
	}
}
