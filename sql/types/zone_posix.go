package types

import (
	"encoding/binary"
	"regexp"
	"strings"
	"time"
)

// defaultRule says when summer time is if a rule names one but does not say.
const defaultRule = ",M3.2.0,M11.1.0"

// posixRule is when summer time begins and ends: the n-th weekday of a month or the
// day of the year, and perhaps the hour.
var posixRule = func() *regexp.Regexp {
	const (
		year = `(36[0-5]|3[0-5]\d|[12]\d\d|\d\d?)`
		day  = `J(36[0-5]|3[0-5]\d|[12]\d\d|[1-9]\d?)` // counted from 1
		date = `,(M(1[0-2]|[1-9])\.[1-5]\.[0-6]|` + day + `|` + year + `)(/[-+]?\d{1,3}(:[0-5]?\d){0,2})?`
	)
	return regexp.MustCompile("^" + date + date + "$")
}()

// fixedZone makes a zone whose name and abbreviation differ, which Go's own cannot.
func fixedZone(name, abbrev string, east int) *time.Location {
	if z := compiledZone(name, abbrev, east, ""); z != nil {
		return z
	}
	return time.FixedZone(name, east)
}

// posixZone makes a zone from a rule in upper case: the abbreviation of standard
// time and hours west of UTC, then perhaps the same for summer time and when it is.
// nil: it is no rule.
func posixZone(rule string) *time.Location {
	abbrev, rest := posixName(rule)
	if rest == "" { // the abbreviation may be empty: 05:30
		return nil
	}
	west, rest, ok := posixOffset(rest)
	if !ok {
		return nil
	}
	if rest == "" {
		return compiledZone(rule, abbrev, -west, "")
	}
	summer, rest := posixName(rest)
	if summer == "" {
		return nil
	}
	summerWest := west - 3600
	if rest != "" && rest[0] != ',' && rest[0] != ';' {
		if summerWest, rest, ok = posixOffset(rest); !ok {
			return nil
		}
	}
	if rest == "" {
		rest = defaultRule
	}
	if !posixRule.MatchString(rest) {
		return nil
	}
	footer := "<" + abbrev + ">" + posixTime(west) + "<" + summer + ">" + posixTime(summerWest) + rest
	return compiledZone(rule, abbrev, -west, footer)
}

// posixName takes a zone's abbreviation, which may stand in angle brackets.
func posixName(s string) (name, rest string) {
	if strings.HasPrefix(s, "<") {
		name, rest, closed := strings.Cut(s[1:], ">")
		if !closed {
			return "", ""
		}
		return name, rest
	}
	if i := strings.IndexAny(s, "0123456789,+-"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// posixOffset takes [+-]hh[:mm[:ss]] as seconds.
func posixOffset(s string) (secs int, rest string, ok bool) {
	negative := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative, s = s[0] == '-', s[1:]
	}
	unit := 3600
	for _, limit := range []int{7*24 - 1, 59, 60} {
		if s == "" || !isDigit(s[0]) {
			return 0, "", false
		}
		n := 0
		for s != "" && isDigit(s[0]) {
			if n = n*10 + int(s[0]-'0'); n > limit {
				return 0, "", false
			}
			s = s[1:]
		}
		secs += n * unit
		if unit /= 60; s == "" || s[0] != ':' || unit == 0 {
			break
		}
		s = s[1:]
	}
	if negative {
		secs = -secs
	}
	return secs, s, true
}

// posixTime writes seconds as an offset of a rule.
func posixTime(secs int) string {
	var b []byte
	if secs < 0 {
		b, secs = append(b, '-'), -secs
	}
	b = append(appendInt(b, int64(secs/3600), 1), ':')
	b = append(append2(b, secs/60%60), ':')
	return string(append2(b, secs%60))
}

// compiledZone makes a zone in the format of the zone database (RFC 8536): one kind
// of local time without changes, and the rule for the time after.
func compiledZone(name, abbrev string, east int, footer string) *time.Location {
	header := func(b []byte, chars int) []byte {
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, 0, 1, chars} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	body := func(b []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(east)))
		b = append(b, 0, 0)
		return append(append(b, abbrev...), 0)
	}
	data := body(header(nil, len(abbrev)+1))
	data = body(header(data, len(abbrev)+1))
	data = append(append(append(data, '\n'), footer...), '\n')
	z, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil
	}
	return z
}
