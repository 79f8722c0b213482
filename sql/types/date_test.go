package types

import (
	"errors"
	"strings"
	"testing"
	"time"

	"zorya/pgerr"
)

// TestRelativeWords: words that depend on the transaction's start, in its zone.
func TestRelativeWords(t *testing.T) {
	zone, err := ParseZone("Asia/Kathmandu") // +05:45
	if err != nil {
		t.Fatal(err)
	}
	f := *DefaultFormat
	f.Zone, f.Now = zone, time.Date(2024, 2, 28, 20, 30, 0, 123456789, time.UTC)
	for _, c := range [][3]string{
		{"date", "now", "2024-02-29"},
		{"date", "today", "2024-02-29"},
		{"date", "tomorrow", "2024-03-01"},
		{"date", "yesterday", "2024-02-28"},
		{"timestamp", "now", "2024-02-29 02:15:00.123456"},
		{"timestamptz", "now", "2024-02-29 02:15:00.123456+05:45"},
		{"timestamptz", "tomorrow 10:00", "2024-03-01 10:00:00+05:45"},
		{"timestamptz", "yesterday allballs", "2024-02-28 05:45:00+05:45"},
		{"time", "now", "02:15:00.123456"},
		{"timetz", "now", "02:15:00.123456+05:45"},
		{"timetz", "10:00", "10:00:00+05:45"},
	} {
		oid := ByName(c[0]).OID
		d, err := Parse(Of(oid), c[1], &f)
		if err != nil {
			t.Errorf("%s %s: %v", c[0], c[1], err)
			continue
		}
		if got := string(AppendText(nil, oid, d, &f)); got != c[2] {
			t.Errorf("%s %s: got %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// TestSettingZones: values of the parameter TimeZone, its name for them, and how
// January and July of 2024 read there, as PostgreSQL 15 has them.
func TestSettingZones(t *testing.T) {
	for _, c := range [][4]string{
		{"-8", "<-08>+08", "01/15/2024 04:00:00 -08", "07/15/2024 04:00:00 -08"},
		{"5.5", "<+05:30>-05:30", "01/15/2024 17:30:00 +05:30", "07/15/2024 17:30:00 +05:30"},
		{"-167", "<-167>+167", "01/08/2024 13:00:00 -167", "07/08/2024 13:00:00 -167"},
		{"us/EASTERN", "US/Eastern", "01/15/2024 07:00:00 EST", "07/15/2024 08:00:00 EDT"},
		{"America/Sao_Paulo", "America/Sao_Paulo", "01/15/2024 09:00:00 -03", "07/15/2024 09:00:00 -03"},
		{"foo5bar", "FOO5BAR", "01/15/2024 07:00:00 FOO", "07/15/2024 08:00:00 BAR"},
		{"UTC+3", "UTC+3", "01/15/2024 09:00:00 UTC", "07/15/2024 09:00:00 UTC"},
		{"200"}, {"168"}, {"nan"}, {""}, {"foo"}, {"A-3:30:30"}, {"FOO5BAR,M13.1.0,M10.5.0"}, {"AAA168"}, {"FOO5<BAR"}, {"Local"}, {"../UTC"},
	} {
		zone, err := ParseSettingZone(c[0])
		if c[1] == "" {
			var e *pgerr.Error
			if !errors.As(err, &e) || e.Code != pgerr.InvalidParameterValue {
				t.Errorf("%q: %v, want 22023", c[0], err)
			}
			continue
		}
		if err != nil || zone.String() != c[1] {
			t.Errorf("%q: got %v, %v, want %s", c[0], zone, err, c[1])
			continue
		}
		f := *DefaultFormat
		f.DateStyle, f.Zone = "SQL", zone
		for i, month := range []time.Month{time.January, time.July} {
			ts := NewInt(momentOf(time.Date(2024, month, 15, 12, 0, 0, 0, time.UTC)))
			if got := string(AppendText(nil, TimestampTZOID, ts, &f)); got != c[2+i] {
				t.Errorf("%q: got %s, want %s", c[0], got, c[2+i])
			}
		}
	}
}

func TestParseAbbrev(t *testing.T) {
	for _, c := range []struct {
		abbrev, zone string
	}{{"est", "EST"}, {"MSK", "Europe/Moscow"}, {"Nowhere", ""}} {
		zone, ok := ParseAbbrev(c.abbrev)
		if ok != (c.zone != "") || ok && zone.String() != c.zone {
			t.Errorf("%s: %v, %v", c.abbrev, zone, ok)
		}
	}
}

// TestMomentModifiers: format_type() of the modifiers.
func TestMomentModifiers(t *testing.T) {
	for _, c := range []struct{ typ, want string }{
		{"timestamp(3)", "timestamp(3) without time zone"},
		{"timestamptz(0)", "timestamp(0) with time zone"},
		{"time(6)", "time(6) without time zone"},
		{"timetz(2)", "time(2) with time zone"},
		{"interval (3)", "interval(3)"},
		{"interval day to second(3)", "interval day to second(3)"},
		{"interval year to month", "interval year to month"},
	} {
		if got := FormatType(momentType(t, c.typ)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.typ, got, c.want)
		}
	}
}

// TestBadMomentBinary: what recv functions refuse.
func TestBadMomentBinary(t *testing.T) {
	for _, c := range []struct {
		oid  OID
		in   string
		want string
	}{
		{DateOID, "\x7f\xff\xff\xfe", "22008 date out of range"},
		{TimeOID, "\xff\xff\xff\xff\xff\xff\xff\xff", "22008 time out of range"},
		{TimestampOID, "\x7f\xff\xff\xff\xff\xff\xff\xfe", "22008 timestamp out of range"},
		{TimestampTZOID, "\x80\x00\x00\x00\x00\x00\x00\x01", "22008 timestamp out of range"},
		{TimeTZOID, strings.Repeat("\x00", 8) + "\x7f\x00\x00\x00", "22009 time zone displacement out of range"},
		{IntervalOID, "123", "08P01 insufficient data left in message"},
		{DateOID, "12345", "22P03 incorrect binary data format"},
	} {
		if _, err := ParseBinary(Of(c.oid), []byte(c.in), nil); errorText(err) != c.want {
			t.Errorf("%d %x: got %s, want %s", c.oid, c.in, errorText(err), c.want)
		}
	}
}

func BenchmarkTimestampTZ(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		d, err := Parse(Of(TimestampTZOID), "2024-01-02 03:04:05.678901+02", DefaultFormat)
		if err != nil {
			b.Fatal(err)
		}
		buf = AppendText(buf[:0], TimestampTZOID, d, DefaultFormat)
	}
}
