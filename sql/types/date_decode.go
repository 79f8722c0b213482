package types

import (
	"math"
	"strings"
	"time"
)

// A decoder turns the tokens of a date, timestamp or time into a moment.
type decoder struct {
	moment
	f        *Format
	tokens   []token
	timeOnly bool // for time and timetz, in which numbers are times before they are dates

	have      fieldSet
	meridian  int
	bc        bool
	julian    bool
	textMonth bool
	unit      int            // what the next number counts
	special   int            // plainMoment, or a word that is the whole value
	zone      *time.Location // the zone, when its offset depends on the moment
	abbrev    string         // the abbreviation that named zone; "" when its full name did
}

// decodeTokens reads all tokens of s. room is that of lexMoment.
func decodeTokens(s string, room int, timeOnly bool, f *Format) (*decoder, error) {
	tokens, err := lexMoment(s, room)
	if err != nil {
		return nil, err
	}
	d := &decoder{f: f, tokens: tokens, timeOnly: timeOnly, moment: moment{order: f.DateOrder}}
	for i, t := range tokens {
		got, err := d.token(i, t)
		if err != nil {
			return nil, err
		}
		if got&d.have != 0 {
			return nil, badFormat
		}
		d.have |= got
	}
	if err := d.settleDate(d.have, d.julian, d.bc); err != nil {
		return nil, err
	}
	return d, d.settleHour(d.meridian)
}

func (d *decoder) token(i int, t token) (fieldSet, error) {
	switch t.kind {
	case tokDate:
		if d.timeOnly {
			return d.dateInTime(i, t.text)
		}
		return d.dateToken(t.text)
	case tokTime:
		return d.timeToken(t.text)
	case tokZone:
		return fZone, d.offset(t.text)
	case tokNumber:
		switch {
		case d.unit != unitNone:
			return d.numberWithUnit(t.text)
		case d.timeOnly:
			return d.numberInTime(i, t.text)
		}
		return d.number(t.text)
	}
	return d.word(i, t.text)
}

func (d *decoder) offset(s string) (err error) {
	d.west, err = readOffset(s)
	return err
}

// dateToken reads what looks like a date and may be a zone's name, or a packed time
// or Julian day with a zone.
func (d *decoder) dateToken(s string) (fieldSet, error) {
	switch {
	case d.unit == unitJulian:
		n, rest, ok := leadInt(s, 32)
		if !ok || n < 0 {
			return 0, badField
		}
		d.setDate(int(n))
		d.julian, d.unit = true, unitNone
		return fDate | fTime | fZone, d.offset(rest)
	case d.unit == unitNone && d.have&(fMonth|fDay) != fMonth|fDay:
		return d.readDate(s, d.have)
	case d.unit == unitNone && !isDigit(s[0]):
		return fZone, d.namedZone(s)
	case d.unit != unitNone && d.unit != unitTime:
		return 0, badFormat
	}
	d.unit = unitNone
	return d.packedTimeZone(s, d.have)
}

// packedTimeZone reads 150405-08.
func (d *decoder) packedTimeZone(s string, have fieldSet) (fieldSet, error) {
	i := strings.IndexByte(s, '-')
	if d.have&fTime == fTime || i < 0 {
		return 0, badFormat
	}
	if err := d.offset(s[i:]); err != nil {
		return 0, err
	}
	got, err := d.readPacked(s[:i], have)
	return got | fZone, err
}

// dateInTime does the same for times, which accept a date only when it comes first
// and something that is not a date follows.
func (d *decoder) dateInTime(i int, s string) (fieldSet, error) {
	n := len(d.tokens)
	switch {
	case i == 0 && n >= 2 && (d.tokens[n-1].kind == tokDate || d.tokens[1].kind == tokTime):
		return d.readDate(s, d.have)
	case isDigit(s[0]):
		return d.packedTimeZone(s, d.have|fDate)
	}
	return fZone, d.namedZone(s)
}

// namedZone finds a zone by its full name; that there is none is an error of its own.
func (d *decoder) namedZone(s string) error {
	zone, err := ParseZone(s)
	d.zone, d.abbrev = zone, ""
	return err
}

func (d *decoder) timeToken(s string) (fieldSet, error) {
	if !d.timeOnly && d.unit != unitNone {
		if d.unit != unitTime {
			return 0, badFormat
		}
		d.unit = unitNone
	}
	if err := d.readTime(s); err != nil {
		return 0, err
	}
	if !d.timeOnly && d.clockOverflows() {
		return 0, badField
	}
	return fTime, nil
}

// number reads a number that nothing says the unit of.
func (d *decoder) number(s string) (fieldSet, error) {
	point := strings.IndexByte(s, '.')
	switch {
	case point >= 0 && d.have&fDate == 0:
		return d.readDate(s, d.have)
	case point > 2, len(s) >= 6 && (d.have&fDate == 0 || d.have&fTime == 0):
		return d.readPacked(s, d.have)
	}
	return d.readNumber(s, d.textMonth, d.have)
}

func (d *decoder) numberInTime(i int, s string) (fieldSet, error) {
	n := len(d.tokens)
	switch point := strings.IndexByte(s, '.'); {
	case point >= 0 && i == 0 && n >= 2 && d.tokens[n-1].kind == tokDate:
		return d.readDate(s, d.have)
	case point > 2, point < 0 && len(s) > 4:
		return d.readPacked(s, d.have|fDate)
	case point >= 0:
		return 0, badFormat
	}
	return d.readNumber(s, false, d.have|fDate)
}

// numberWithUnit reads a number that follows y, m, d, h, mm, s, j or t.
func (d *decoder) numberWithUnit(s string) (got fieldSet, err error) {
	unit := d.unit
	d.unit, d.special = unitNone, plainMoment
	n, rest, ok := leadInt(s, 32)
	if !ok {
		return 0, badField
	}
	if rest != "" && (rest[0] != '.' || unit != unitJulian && unit != unitTime && unit != unitSecond) {
		return 0, badFormat
	}
	v := int(n)
	switch unit {
	case unitYear:
		d.year, got = v, fYear
	case unitMonth:
		if d.have&(fMonth|fHour) == fMonth|fHour { // after an hour: minutes
			d.minute, got = v, fMinute
		} else {
			d.month, got = v, fMonth
		}
	case unitDay:
		d.day, got = v, fDay
	case unitHour:
		d.hour, got = v, fHour
	case unitMinute:
		d.minute, got = v, fMinute
	case unitSecond:
		d.second, got = v, fSecond
		if rest != "" {
			d.micros, err = readMicros(rest)
			got = fAnySecond
		}
	case unitJulian:
		return d.julianNumber(v, rest)
	case unitTime:
		have := d.have | fDate
		if got, err = d.readPacked(s, have); err == nil && got != fTime {
			err = badFormat
		}
	default:
		err = badFormat
	}
	return got, err
}

// julianNumber takes a Julian day and its fraction, a time.
func (d *decoder) julianNumber(day int, fraction string) (fieldSet, error) {
	if day < 0 {
		return 0, badField
	}
	d.setDate(day)
	d.julian = true
	if fraction == "" {
		return fDate, nil
	}
	v, err := readFraction(fraction)
	if err != nil {
		return 0, err
	}
	d.setClock(int64(v * microDay))
	return fDate | fTime, nil
}

// word reads a word: a zone's abbreviation before all others, and at last a zone's name.
func (d *decoder) word(i int, s string) (fieldSet, error) {
	w, zone := zoneWord(s)
	if w.kind == wordUnknown {
		w = dateWords[clipWord(s)]
	}
	switch w.kind {
	case wordReserved:
		return d.reserved(w.value)
	case wordMonth:
		return d.monthWord(w.value)
	case wordWeekday:
		return fWeekday, d.notInTime()
	case wordMeridian:
		d.meridian = w.value
		return fMeridian, nil
	case wordEra:
		d.bc = w.value == 1
		return fEra, nil
	case wordUnit:
		d.unit = w.value
		return 0, nil
	case wordTime:
		return 0, d.timeFollows(i)
	case wordSummer:
		d.west -= w.value
		return fSummerMod | fSummer, nil
	case wordZone:
		d.west = -w.value
		return fZone, nil
	case wordZoneSummer:
		d.west = -w.value
		return fZone | fSummer, nil
	case wordZoneNamed:
		d.zone, d.abbrev = zone, strings.ToUpper(s)
		return fZone | fZoneNamed, nil
	case wordUnknown:
		if d.namedZone(s) != nil {
			return 0, badFormat
		}
		return fZone, nil
	}
	return 0, nil
}

func (d *decoder) notInTime() error {
	if d.timeOnly {
		return badFormat
	}
	return nil
}

// timeFollows checks the T between a date and a time.
func (d *decoder) timeFollows(i int) error {
	if !d.timeOnly && d.have&fDate != fDate || i+1 >= len(d.tokens) {
		return badFormat
	}
	switch d.tokens[i+1].kind {
	case tokNumber, tokTime, tokDate:
		d.unit = unitTime
		return nil
	}
	return badFormat
}

func (d *decoder) monthWord(v int) (got fieldSet, err error) {
	got = fMonth
	if d.have&fMonth != 0 && !d.textMonth && d.have&fDay == 0 && d.month >= 1 && d.month <= 31 {
		d.day, got = d.month, fDay // what seemed the month was the day
	}
	d.textMonth, d.month = true, v
	return got, d.notInTime()
}

// reserved takes now, today, allballs, epoch and the like.
func (d *decoder) reserved(v int) (fieldSet, error) {
	d.special = plainMoment
	switch v {
	case wordAllballs:
		d.setClock(0)
		if !d.timeOnly {
			d.west = 0
		}
		return fTime | fZone, nil
	case wordNow:
		local, west := d.now()
		days, us := splitMicros(local)
		d.setClock(us)
		if d.timeOnly {
			return fTime, nil
		}
		d.setDate(int(days) + julianEpoch)
		d.west = west
		return fDate | fTime | fZone, nil
	}
	if d.timeOnly {
		return 0, badFormat
	}
	if v == wordEpoch || v == wordInfinity || v == wordNegInfinity {
		d.special = v
		return fReserved, nil
	}
	local, _ := d.now()
	days, _ := splitMicros(local)
	d.setDate(int(days) + julianEpoch + map[int]int{wordTomorrow: 1, wordYesterday: -1}[v])
	return fDate, nil
}

// now is the wall clock time of the transaction's start, and its zone.
func (d *decoder) now() (local int64, west int) {
	now := d.f.Now
	if now.IsZero() {
		now = time.Now()
	}
	ts := momentOf(now)
	zone := zoneOf(d.f.Zone, ts)
	return ts + int64(zone.east)*microSecond, -zone.east
}

// settleZone finds the offset of a zone that was named, or the session's, at the
// date and time, which are local.
func (d *decoder) settleZone() error {
	if (d.zone != nil || d.have&fZone == 0) && d.have&fSummerMod != 0 {
		return badFormat
	}
	switch {
	case d.zone != nil:
		d.west = d.westIn(d.zone, d.abbrev)
	case d.have&fZone == 0:
		d.west = d.westIn(d.f.Zone, "")
	}
	return nil
}

// westIn is the offset of a zone at the moment; that of its abbreviation, if there is
// one, wins over what the zone's clocks show.
func (d *decoder) westIn(zone *time.Location, abbrev string) int {
	if !ValidJulian(d.year, d.month) {
		return 0
	}
	wall := (d.days()+unixEpochDays)*86400 + d.clock()/microSecond
	east := OffsetOfWall(zone, wall)
	if abbrev != "" {
		if t, ok := abbrevMoment(zone, abbrev, wall-int64(east)); ok {
			_, east = t.Zone()
		}
	}
	return -east
}

// decodeMoment reads a date or timestamp. A special value is in d.special; all
// others have a date.
func decodeMoment(s string, room int, f *Format) (*decoder, error) {
	d, err := decodeTokens(s, room, false, f)
	if err != nil || d.special != plainMoment {
		return d, err
	}
	if d.have&fDate != fDate {
		return nil, badFormat
	}
	return d, d.settleZone()
}

// timestamp is the moment as UTC if zoned, or else as the wall clock shows it.
func (d *decoder) timestamp(zoned bool) (int64, bool) {
	switch d.special {
	case wordInfinity:
		return TimestampInfinity, true
	case wordNegInfinity:
		return TimestampNegInfinity, true
	case wordEpoch:
		return -unixEpochDays * microDay, true
	}
	if !ValidJulian(d.year, d.month) {
		return 0, false
	}
	us := d.clock()
	if zoned {
		us += int64(d.west) * microSecond
	}
	if us > math.MaxInt64-2*microDay {
		return 0, false
	}
	days, rest := splitMicros(us)
	return joinMicros(d.days()+days, rest)
}
