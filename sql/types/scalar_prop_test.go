package types

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Values of each type, with many that are equal but not identical.
func genFloat(name string) *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		v := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 1, -1})).Draw(t, "v")
		if name == "float4" {
			v = float64(float32(v))
		}
		return NewFloat(v)
	})
}

func genText(name string) *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		s := rapid.OneOf(rapid.StringMatching(`[a\x01\x02 ]{0,6}`), rapid.StringN(0, 40, 63)).Draw(t, "s")
		if name == "bytea" {
			s = string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0xfe, 0xff, '\\'}), 0, 6).Draw(t, "b"))
		}
		return NewText(strings.ReplaceAll(s, "\x00", "0"))
	})
}

func genInt(lo, hi int64) *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		return NewInt(rapid.OneOf(rapid.Int64Range(lo, hi), rapid.SampledFrom([]int64{lo, 0, 1, hi})).Draw(t, "n"))
	})
}

func genNumeric() *rapid.Generator[Datum] {
	digits := rapid.OneOf(rapid.StringMatching(`[1-9]?[01]{0,3}`), rapid.StringMatching(`[0-9]{1,20}`), rapid.StringMatching(`[0-9]{0,3}0{0,40}[0-9]{0,70}`))
	return rapid.Custom(func(t *rapid.T) Datum {
		s := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + "0" + digits.Draw(t, "whole")
		s += "." + digits.Draw(t, "fraction")
		s += rapid.SampledFrom([]string{"", "", "", "e1", "e-3", "e80", "e-90", "e131000", "e-16000"}).Draw(t, "exponent")
		s = rapid.SampledFrom([]string{s, s, s, s, s, s, "NaN", "Infinity", "-Infinity"}).Draw(t, "text")
		d, err := Parse(Of(NumericOID), s, nil)
		if err != nil {
			return NewNumericSmall(0, 3)
		}
		return d
	})
}

func genInet() *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		size := rapid.SampledFrom([]int{4, 16}).Draw(t, "size")
		addr, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 10, 0x80, 0xff}), size, size).Draw(t, "addr"))
		return NewInet(netip.PrefixFrom(addr, rapid.IntRange(0, size*8).Draw(t, "bits")))
	})
}

func generators() map[string]*rapid.Generator[Datum] {
	uuid := rapid.Custom(func(t *rapid.T) Datum {
		return NewText(string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), 16, 16).Draw(t, "b")))
	})
	return map[string]*rapid.Generator[Datum]{
		"bool": rapid.Map(rapid.Bool(), NewBool), "int2": genInt(math.MinInt16, math.MaxInt16), "int4": genInt(math.MinInt32, math.MaxInt32),
		"int8": genInt(math.MinInt64, math.MaxInt64), "oid": genInt(0, math.MaxUint32), "xid8": genInt(math.MinInt64, math.MaxInt64),
		"char": genInt(-128, 127), "float4": genFloat("float4"), "float8": genFloat("float8"), "text": genText("text"),
		"varchar": genText("varchar"), "bpchar": genText("bpchar"), "name": genText("name"), "bytea": genText("bytea"), "uuid": uuid,
		"numeric": genNumeric(), "inet": genInet(), "regclass": genInt(0, math.MaxUint32),
	}
}

// TestKeyOrder: keys order as values do, read back as equal values, are no
// prefixes of each other, and equal values hash equally.
func TestKeyOrder(t *testing.T) {
	for name, gen := range generators() {
		oid := ByName(name).OID
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
			desc := rapid.Bool().Draw(t, "desc")
			order := Compare(oid, a, b)
			if Compare(oid, b, a) != -order {
				t.Fatal("order is not symmetric")
			}
			if order == 0 && Hash(oid, a, 7) != Hash(oid, b, 7) {
				t.Fatal("equal values hash differently")
			}
			if desc {
				order = -order
			}
			if !IsIndexable(oid) {
				return
			}
			x, y := AppendKey(nil, oid, a, desc, false), AppendKey(nil, oid, b, desc, false)
			if cmp.Compare(bytes.Compare(x, y), 0) != order {
				t.Fatalf("keys %x and %x, order %d", x, y, order)
			}
			if order != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
				t.Fatalf("prefix: %x %x", x, y)
			}
			back, rest, err := DecodeKey(append(bytes.Clone(x), "rest"...), oid, desc, false)
			if err != nil || string(rest) != "rest" || Compare(oid, a, back) != 0 {
				t.Fatalf("back %v %q %v", back, rest, err)
			}
			if KeyRecoverable(oid) && fmt.Sprint(a) != fmt.Sprint(back) {
				t.Fatalf("%v came back as %v", a, back)
			}
		}))
	}
}

// TestRoundTrips: text and binary formats, and the raw form of numerics, give back
// the value.
func TestRoundTrips(t *testing.T) {
	for name, gen := range generators() {
		oid := ByName(name).OID
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			d := gen.Draw(t, "d")
			f := *DefaultFormat
			f.ByteaEscape = rapid.Bool().Draw(t, "escape")
			text := string(AppendText(nil, oid, d, &f))
			same := func(how string, back Datum, err error) {
				if err != nil || string(AppendText(nil, oid, back, &f)) != text || Compare(oid, d, back) != 0 {
					t.Fatalf("%s: %s came back as %v, %v", how, text, back, err)
				}
			}
			back, err := Parse(Of(oid), text, &f)
			same("text", back, err)
			back, err = ParseBinary(Of(oid), AppendBinary(nil, oid, d), &f)
			same("binary", back, err)
		}))
	}
}

// fuzzed are the types whose input the fuzz targets try.
var fuzzed = strings.Fields("bool int2 int4 int8 oid xid8 char float4 float8 text varchar bpchar name bytea uuid tid numeric inet regclass")

// FuzzText: no text makes an input function panic, and what it accepts prints as
// something that it accepts and prints the same.
func FuzzText(f *testing.F) {
	for i, s := range []string{"1", "-0x1f", "1e5", `\x00`, "(0,1)", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "::1/3", "1_0.5e-1_0", "\\001\xff"} {
		f.Add(i, s)
	}
	f.Fuzz(func(t *testing.T, i int, s string) {
		oid := ByName(fuzzed[uint(i)%uint(len(fuzzed))]).OID
		d, err := Parse(T{oid, int32(i)}, s, nil)
		if err != nil {
			return
		}
		text := string(AppendText(nil, oid, d, nil))
		back, err := Parse(Of(oid), text, nil)
		if err != nil || string(AppendText(nil, oid, back, nil)) != text {
			t.Fatalf("%q: %q came back as %v, %v", s, text, back, err)
		}
	})
}

// FuzzBinary: the same of the binary formats and of keys.
func FuzzBinary(f *testing.F) {
	for i := range fuzzed {
		f.Add(i, []byte{0, 1, 0, 0, 0x40, 0, 0, 2, 0, 7})
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		oid := ByName(fuzzed[uint(i)%uint(len(fuzzed))]).OID
		if IsIndexable(oid) {
			if d, _, err := DecodeKey(b, oid, i < 0, false); err == nil && !d.IsNull() {
				AppendText(nil, oid, d, nil)
			}
		}
		d, err := ParseBinary(T{oid, int32(i)}, b, nil)
		if err != nil {
			return
		}
		sent := AppendBinary(nil, oid, d)
		back, err := ParseBinary(Of(oid), sent, nil)
		if err != nil || !bytes.Equal(sent, AppendBinary(nil, oid, back)) {
			t.Fatalf("%x: %x came back as %v, %v", b, sent, back, err)
		}
	})
}

// FuzzKeyOrder: of any two values that a type's input takes, the keys order as the
// values do, none is a prefix of the other, and keys read back as equal values.
func FuzzKeyOrder(f *testing.F) {
	for i, s := range []string{"1", "-1", "0", "2", "-2147483648", "x", "a", "1e300", "-inf", "abc", "1.50", "ab ", "\\x00ff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "2020-02-29", "12:00", "1 day"} {
		f.Add(i, s, "1", i%2 == 0)
	}
	types := append(strings.Fields("date time timestamp timestamptz"), fuzzed...)
	f.Fuzz(func(t *testing.T, i int, first, second string, desc bool) {
		oid := ByName(types[uint(i)%uint(len(types))]).OID
		if !IsIndexable(oid) {
			return
		}
		a, err := Parse(Of(oid), first, nil)
		b, err2 := Parse(Of(oid), second, nil)
		if err != nil || err2 != nil || a.IsNull() || b.IsNull() {
			return
		}
		order := Compare(oid, a, b)
		if desc {
			order = -order
		}
		x, y := AppendKey(nil, oid, a, desc, false), AppendKey(nil, oid, b, desc, false)
		if cmp.Compare(bytes.Compare(x, y), 0) != order {
			t.Fatalf("%q and %q: keys %x and %x, order %d", first, second, x, y, order)
		}
		if order != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
			t.Fatalf("prefix: %x %x", x, y)
		}
		back, rest, err := DecodeKey(x, oid, desc, false)
		if err != nil || len(rest) != 0 || Compare(oid, a, back) != 0 {
			t.Fatalf("%q: back %v %q %v", first, back, rest, err)
		}
	})
}
