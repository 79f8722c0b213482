package types

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// genEdges draws numbers of a range, often close to those that matter.
func genEdges(lo, hi int64, edges ...int64) *rapid.Generator[int64] {
	near := rapid.Custom(func(t *rapid.T) int64 {
		n := rapid.SampledFrom(append(edges, lo, hi)).Draw(t, "edge") + rapid.Int64Range(-2, 2).Draw(t, "by")
		return max(min(n, hi), lo)
	})
	return rapid.OneOf(near, rapid.Int64Range(lo, hi))
}

func genTimestamp() *rapid.Generator[Datum] {
	finite := genEdges(timestampMin, timestampEnd-1, 0, -1, microDay, 757382400000000)
	return rapid.Map(rapid.OneOf(finite, rapid.SampledFrom([]int64{TimestampInfinity, TimestampNegInfinity})), NewInt)
}

// genInterval leaves out the least numbers, which PostgreSQL writes but cannot read.
func genInterval() *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		return newInterval(Interval{
			Months: int32(genEdges(-math.MaxInt32, math.MaxInt32, 0, 12, -12).Draw(t, "months")),
			Days:   int32(genEdges(-math.MaxInt32, math.MaxInt32, 0, 30, -30, 360).Draw(t, "days")),
			Micros: genEdges(math.MinInt64+2, math.MaxInt64-2, 0, microDay, -microDay, 30*microDay).Draw(t, "micros"),
		})
	})
}

func momentGenerators() map[string]*rapid.Generator[Datum] {
	date := rapid.OneOf(genEdges(-julianEpoch, julianEnd-julianEpoch-1, 0, -unixEpochDays), rapid.SampledFrom([]int64{DateInfinity, DateNegInfinity}))
	clock := genEdges(0, microDay, microHour)
	timetz := rapid.Custom(func(t *rapid.T) Datum {
		return newTimeTZ(clock.Draw(t, "clock"), int32(genEdges(-15*3600-59*60, 15*3600+59*60, 0, 3600, -3600).Draw(t, "west")))
	})
	return map[string]*rapid.Generator[Datum]{
		"date": rapid.Map(date, NewInt), "time": rapid.Map(clock, NewInt), "timetz": timetz,
		"timestamp": genTimestamp(), "timestamptz": genTimestamp(), "interval": genInterval(),
	}
}

// TestMomentKeys: keys order as values do, none is another's prefix, equal values
// hash equally, and keys read back as equal values.
func TestMomentKeys(t *testing.T) {
	for name, gen := range momentGenerators() {
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
			x, y := AppendKey(nil, oid, a, desc, false), AppendKey(nil, oid, b, desc, false)
			if cmp.Compare(bytes.Compare(x, y), 0) != order {
				t.Fatalf("keys %x and %x, order %d", x, y, order)
			}
			back, rest, err := DecodeKey(append(bytes.Clone(x), "rest"...), oid, desc, false)
			if err != nil || string(rest) != "rest" || Compare(oid, a, back) != 0 {
				t.Fatalf("back %v %q %v", back, rest, err)
			}
			if KeyRecoverable(oid) != (name != "interval") || name != "interval" && fmt.Sprint(a) != fmt.Sprint(back) {
				t.Fatalf("%v came back as %v", a, back)
			}
		}))
	}
}

// TestIntervalOrder compares spans with arithmetic on big numbers.
func TestIntervalOrder(t *testing.T) {
	length := func(d Datum) *big.Int {
		v := d.X.(Interval)
		days := big.NewInt(int64(v.Months)*30 + int64(v.Days))
		return days.Add(days.Mul(days, big.NewInt(microDay)), big.NewInt(v.Micros))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := genInterval().Draw(t, "a"), genInterval().Draw(t, "b")
		if got, want := Compare(IntervalOID, a, b), length(a).Cmp(length(b)); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

var momentZones = []string{"UTC", "America/New_York", "Asia/Kathmandu", "Europe/Moscow", "<-03:30>+03:30", "FOO5BAR"}

// TestMomentRoundTrips: text in every style and binary format give back the value.
// Only ISO tells the moment in zones other than UTC; the others write abbreviations.
func TestMomentRoundTrips(t *testing.T) {
	for name, gen := range momentGenerators() {
		oid := ByName(name).OID
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			d := gen.Draw(t, "d")
			f := &Format{
				DateStyle:     rapid.SampledFrom([]string{"ISO", "SQL", "Postgres", "German"}).Draw(t, "style"),
				DateOrder:     rapid.SampledFrom([]string{"MDY", "DMY"}).Draw(t, "order"),
				IntervalStyle: rapid.SampledFrom([]string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}).Draw(t, "interval style"),
				Zone:          time.UTC,
			}
			if f.DateStyle == "German" {
				f.DateOrder = "DMY"
			}
			if f.DateStyle == "ISO" {
				f.Zone, _ = ParseZone(rapid.SampledFrom(momentZones).Draw(t, "zone"))
			}
			text := AppendText(nil, oid, d, f)
			back, err := Parse(Of(oid), string(text), f)
			if err != nil || fmt.Sprint(back) != fmt.Sprint(d) {
				t.Fatalf("%v as %q came back as %v, %v", d, text, back, err)
			}
			back, err = ParseBinary(Of(oid), AppendBinary(nil, oid, d), f)
			if err != nil || fmt.Sprint(back) != fmt.Sprint(d) {
				t.Fatalf("%v came back as %v, %v", d, back, err)
			}
		}))
	}
}

// TestISOAgrees: the reader of the commonest form finds what the general one does.
func TestISOAgrees(t *testing.T) {
	digits := func(n int) *rapid.Generator[string] { return rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", n)) }
	rapid.Check(t, func(t *rapid.T) {
		s := "20" + digits(2).Draw(t, "y") + "-" + rapid.StringMatching("[01][0-9]").Draw(t, "m") + "-" + rapid.StringMatching("[0-3][0-9]").Draw(t, "d")
		s += rapid.SampledFrom([]string{"", " ", "T"}).Draw(t, "sep")
		if len(s) > 10 {
			s += digits(2).Draw(t, "h") + ":" + digits(2).Draw(t, "min") + ":" + digits(2).Draw(t, "s")
			s += rapid.StringMatching(`(\.[0-9]{0,7})?(Z|[-+][01][0-9](:[0-9][0-9])?)?`).Draw(t, "rest")
		}
		m, ok := readISO(s)
		if !ok {
			return
		}
		d, err := decodeMoment(s, timestampRoom, DefaultFormat)
		if err != nil || d.days() != m.days || d.clock() != m.micros || d.west != -m.east {
			t.Fatalf("%q: %+v, general reader %+v, %v", s, m, d, err)
		}
	})
}

var fuzzFormats = []*Format{
	DefaultFormat,
	{DateStyle: "SQL", DateOrder: "DMY", IntervalStyle: "sql_standard", Zone: time.UTC},
	{DateStyle: "Postgres", DateOrder: "YMD", IntervalStyle: "iso_8601", Zone: time.FixedZone("X", -9000)},
}

// fuzzMoments: no text makes the input function panic or give a value that cannot be
// written and read in the default format.
func fuzzMoments(f *testing.F, types []string, seeds ...string) {
	for i, s := range seeds {
		f.Add(i, s)
	}
	f.Fuzz(func(t *testing.T, i int, s string) {
		oid := ByName(types[uint(i)%uint(len(types))]).OID
		d, err := Parse(Of(oid), s, fuzzFormats[uint(i)%uint(len(fuzzFormats))])
		if err != nil {
			if state := errorText(err); strings.HasPrefix(state, "XX") {
				t.Fatal(state)
			}
			return
		}
		text := string(AppendText(nil, oid, d, nil))
		back, err := Parse(Of(oid), text, nil)
		if err != nil || Compare(oid, d, back) != 0 {
			t.Fatalf("%q: %q came back as %v, %v", s, text, back, err)
		}
	})
}

func FuzzDate(f *testing.F) {
	fuzzMoments(f, []string{"date", "timestamp", "timestamptz"}, "2024-01-02", "20240102T030405.6-08", "Jan 2 2024 3:04 PM PST", "2024-001", "J2451187.5",
		"y2001m02d04", "1/2/3 BC", "2024-01-02 03:04 Foo/Bar-5", "epoch", "2.1.2024 03:04 America/New_York", "1-jan-99 t 0405")
}

func FuzzTime(f *testing.F) {
	fuzzMoments(f, []string{"time", "timetz"}, "03:04:05.6", "030405-08", "T0304", "3:04 PM MET DST", "2024-01-02 03:04 America/New_York", "allballs", "h03mm04", "0304 FOO0BAR0")
}

func FuzzInterval(f *testing.F) {
	fuzzMoments(f, []string{"interval"}, "1 day -2:03:04.5", "1-2 3 4:5:6", "P1Y2M3DT4H5M6.7S", "P00010203T040506", "P0001-02-03T04:05:06", "1.5 weeks ago", "-1.5 mil", "@ 1 us")
}
