package types

import (
	_ "embed" // the names of zones
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the zones, where the system has none

	"zorya/pgerr"
)

// A zoneAt is a zone at one moment: seconds east of UTC, and its abbreviation.
type zoneAt struct {
	east int
	name string
}

// zoneOf tells what holds in a zone, which may be nil for UTC, at a moment.
func zoneOf(zone *time.Location, ts int64) zoneAt {
	if zone == nil || zone == time.UTC {
		return zoneAt{0, "UTC"}
	}
	name, east := time.Unix(unixOf(ts), 0).In(zone).Zone()
	return zoneAt{east, name}
}

// OffsetOfWall tells the offset of a wall clock time, in seconds since 1970 as if it
// were UTC; the offset is in seconds east of UTC. A time
// that the clock skips is read with the offset before the gap; one that occurs twice
// with the offset after the change.
func OffsetOfWall(zone *time.Location, wall int64) int {
	if zone == nil || zone == time.UTC {
		return 0
	}
	start := time.Unix(wall-86400, 0).In(zone)
	_, before := start.Zone()
	_, change := start.ZoneBounds()
	if change.IsZero() {
		return before
	}
	_, after := change.Zone()
	boundary := change.Unix()
	early, late := wall-int64(before), wall-int64(after)
	switch {
	case early < boundary && late < boundary:
		return before
	case early > boundary && late >= boundary:
		return after
	case early > late:
		return before
	}
	return after
}

// onlyOffset is the offset of a zone that never had another.
func onlyOffset(zone *time.Location) (east int, ok bool) {
	t := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	_, east = t.Zone()
	const steps = 1000 // a rule may go on changing for ever
	for range steps {
		_, end := t.ZoneBounds()
		if end.IsZero() || !end.After(t) {
			break
		}
		if _, other := end.Zone(); other != east {
			return 0, false
		}
		t = end
	}
	return east, true
}

// abbrevMoment finds when an abbreviation was last in use in a zone at a moment, in
// seconds since 1970, or is first after it.
func abbrevMoment(zone *time.Location, abbrev string, unix int64) (t time.Time, ok bool) {
	const steps = 400 // more changes than any zone has seen
	at := time.Unix(unix, 0).In(zone)
	t = at
	for range steps {
		if name, _ := t.Zone(); name == abbrev {
			return t, true
		}
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			break
		}
		t = start.Add(-time.Second)
	}
	t = at
	for range steps {
		_, end := t.ZoneBounds()
		if end.IsZero() {
			break
		}
		if t = end; t.Year() > 2200 {
			break
		}
		if name, _ := t.Zone(); name == abbrev {
			return t, true
		}
	}
	return at, false
}

// offsetOfAbbrev is the offset of an abbreviation that a zone gives its meaning, at a
// moment in seconds since 1970.
func offsetOfAbbrev(zone *time.Location, abbrev string, unix int64) (east int) {
	t, _ := abbrevMoment(zone, abbrev, unix)
	_, east = t.Zone()
	return east
}

// zoneAbbrevText lists PostgreSQL's default abbreviations: the name in lower case;
// seconds east of UTC, or the zone that knows; whether it is one of summer time.
//
//go:embed zone_abbrevs.tsv
var zoneAbbrevText string

// zoneNameText lists the zones of the database.
//
//go:embed zone_names.txt
var zoneNameText string

type zoneAbbrev struct {
	word
	zone string
}

var zoneAbbrevs = sync.OnceValue(func() map[string]zoneAbbrev {
	all := map[string]zoneAbbrev{}
	for line := range strings.Lines(zoneAbbrevText) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		a := zoneAbbrev{word: word{kind: wordZone}}
		east, err := strconv.Atoi(f[1])
		switch {
		case err != nil:
			a.kind, a.zone = wordZoneNamed, f[1]
		case f[2] == "t":
			a.kind = wordZoneSummer
		}
		a.value = east
		all[f[0]] = a
	}
	return all
})

var zoneNames = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(zoneNameText) {
		name := strings.TrimSuffix(line, "\n")
		all[strings.ToLower(name)] = name
	}
	return all
})

// zoneWord looks up an abbreviation in lower case, and its zone if it has one.
func zoneWord(s string) (word, *time.Location) {
	a := zoneAbbrevs()[clipWord(s)]
	if a.kind != wordZoneNamed {
		return a.word, nil
	}
	zone, err := ParseZone(a.zone)
	if err != nil {
		return word{}, nil
	}
	return a.word, zone
}

// loadedZones are the zones of the database in use, by name in lower case.
var loadedZones sync.Map

// ParseZone finds a time zone by the name that the zone database has for it, in any
// case, or makes one from a POSIX rule: EST5EDT, <+03>-3, FOO-3:30. The zone's String
// is PostgreSQL's name for it. The error is 22023. Safe for concurrent use.
func ParseZone(name string) (*time.Location, error) {
	low := strings.ToLower(name)
	if z, ok := loadedZones.Load(low); ok {
		return z.(*time.Location), nil
	}
	if full, ok := zoneNames()[low]; ok {
		if z, err := time.LoadLocation(full); err == nil {
			loadedZones.Store(low, z)
			return z, nil
		}
	}
	if z := posixZone(upperASCII(name)); z != nil {
		return z, nil
	}
	return nil, errZone(name)
}

func errZone(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// upperASCII is s with its ASCII letters in upper case, as C does it.
func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// ParseAbbrev finds the zone of a time zone abbreviation that PostgreSQL knows by
// default, in any case: a fixed one, or for those whose meaning changed the zone
// that they come from.
func ParseAbbrev(abbrev string) (*time.Location, bool) {
	w, zone := zoneWord(strings.ToLower(abbrev))
	switch {
	case w.kind == wordUnknown:
		return nil, false
	case zone != nil:
		return zone, true
	}
	return fixedZone(strings.ToUpper(abbrev), strings.ToUpper(abbrev), w.value), true
}

// A NamedZone is a zone by the name of which a user chose it.
type NamedZone struct {
	*time.Location
	abbrev string // the abbreviation, if it is one that the zone gives its meaning
}

// ParseNamedZone finds a zone by abbreviation, name or rule.
func ParseNamedZone(name string) (NamedZone, error) {
	if w, zone := zoneWord(strings.ToLower(name)); w.kind != wordUnknown && zone != nil {
		return NamedZone{zone, strings.ToUpper(name)}, nil
	}
	if zone, ok := ParseAbbrev(name); ok {
		return NamedZone{Location: zone}, nil
	}
	zone, err := ParseZone(name)
	return NamedZone{Location: zone}, err
}

// OffsetAt is the zone's offset at a moment in seconds since 1970.
func (z NamedZone) OffsetAt(unix int64) int {
	if z.abbrev == "" {
		_, east := time.Unix(unix, 0).In(z.Location).Zone()
		return east
	}
	return offsetOfAbbrev(z.Location, z.abbrev, unix)
}

// OffsetOfWall is the offset at a wall clock time, as the function of that name
// tells it.
func (z NamedZone) OffsetOfWall(wall int64) int {
	east := OffsetOfWall(z.Location, wall)
	if z.abbrev == "" {
		return east
	}
	return offsetOfAbbrev(z.Location, z.abbrev, wall-int64(east))
}

// ParseSettingZone reads the value of the parameter TimeZone: a name or a rule as for
// ParseZone, hours east of UTC, or INTERVAL 'hh:mm'. A zone whose offset has seconds
// will not do. The error is 22023.
func ParseSettingZone(value string) (*time.Location, error) {
	invalid := pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", value)
	if len(value) >= len("interval") && strings.EqualFold(value[:len("interval")], "interval") {
		return intervalZone(value[len("interval"):], invalid)
	}
	if hours, err := strconv.ParseFloat(strings.TrimLeft(value, " "), 64); err == nil {
		if !(hours > -168 && hours < 168) {
			return nil, invalid.WithDetail("UTC timezone offset is out of range.")
		}
		return OffsetZone(int(hours * 3600)), nil
	}
	zone, err := ParseZone(value)
	if err != nil {
		return nil, invalid
	}
	if zoneOf(zone, 0).east%60 != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" appears to use leap seconds", value).
			WithDetail("PostgreSQL does not support leap seconds.")
	}
	return zone, nil
}

// intervalZone reads an interval in quotes as an offset from UTC.
func intervalZone(quoted string, invalid *pgerr.Error) (*time.Location, error) {
	text, opened := strings.CutPrefix(strings.TrimLeft(quoted, " \t\n\v\f\r"), "'")
	text, rest, closed := strings.Cut(text, "'")
	if !opened || !closed || rest != "" {
		return nil, invalid
	}
	d, err := Parse(Of(IntervalOID), text, DefaultFormat)
	if err != nil {
		return nil, err
	}
	v := d.X.(Interval)
	east := v.Micros / microSecond
	switch {
	case v.Months != 0:
		return nil, invalid.WithDetail("Cannot specify months in time zone interval.")
	case v.Days != 0:
		return nil, invalid.WithDetail("Cannot specify days in time zone interval.")
	case east <= -168*3600 || east >= 168*3600:
		return nil, invalid.WithDetail("UTC timezone offset is out of range.")
	}
	return OffsetZone(int(east)), nil
}

// ParseOffset reads a numeric offset, which has a sign, as seconds east of UTC;
// numeric is false if it is none, and the error tells one out of range.
func ParseOffset(s string) (east int, numeric bool, err error) {
	west, fault := readOffset(s)
	switch fault {
	case nil:
		return -west, true, nil
	case badFormat:
		return 0, false, nil
	}
	return 0, true, pgerr.New(pgerr.InvalidParameterValue, "numeric time zone \"%s\" out of range", s)
}

// Abbreviations calls f with the time zone abbreviations that PostgreSQL knows by
// default, in upper case: their offset at a moment, and whether it is one of summer time.
func Abbreviations(at time.Time, f func(abbrev string, east int, summer bool)) {
	for name, a := range zoneAbbrevs() {
		east, summer := a.value, a.kind == wordZoneSummer
		if a.kind == wordZoneNamed {
			zone, err := ParseZone(a.zone)
			if err != nil {
				continue
			}
			found, _ := abbrevMoment(zone, strings.ToUpper(name), at.Unix())
			_, east = found.Zone()
			summer = found.IsDST()
		}
		f(strings.ToUpper(name), east, summer)
	}
}

// OffsetZone is the zone of a fixed offset, in seconds east of UTC, named as
// PostgreSQL does: <+03>-03.
func OffsetZone(east int) *time.Location {
	abbrev := string(appendOffset(nil, east))
	west := string(appendOffset(nil, -east))
	if east == 0 {
		west = "-00"
	}
	return fixedZone("<"+abbrev+">"+west, abbrev, east)
}
