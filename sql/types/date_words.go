package types

// A fieldSet is a set of parts of a date, time or interval.
type fieldSet uint32

// The parts. A word of a date or interval says one of them, or is of one of the
// kinds of word that come after the parts.
const (
	fYear fieldSet = 1 << iota
	fMonth
	fDay
	fDayOfYear
	fHour
	fMinute
	fSecond
	fMilli
	fMicro
	fWeek
	fDecade
	fCentury
	fMillennium
	fZone
	fSummer    // the zone was one of summer time
	fZoneNamed // the zone was an abbreviation that depends on the date
	fSummerMod // the word "DST" was there
	fMeridian
	fEra
	fWeekday
	fReserved // now, today, epoch …

	fAnySecond = fSecond | fMilli | fMicro
	fDate      = fYear | fMonth | fDay
	fTime      = fHour | fMinute | fAnySecond
)

// A wordKind says what a word does in a date or interval.
type wordKind uint8

const (
	wordUnknown wordKind = iota
	wordIgnored
	wordReserved
	wordMonth
	wordWeekday
	wordMeridian
	wordEra
	wordUnit // what the next (in intervals: the preceding) number counts
	wordTime // ISO 8601's T
	wordSummer
	wordZone       // an abbreviation of fixed offset
	wordZoneSummer // the same, of summer time
	wordZoneNamed  // an abbreviation whose offset depends on the date
	wordAgo
)

// Values of reserved words.
const (
	plainMoment = iota
	wordNow
	wordToday
	wordTomorrow
	wordYesterday
	wordAllballs
	wordEpoch
	wordInfinity
	wordNegInfinity
)

// Values of words for AM, PM and the eras.
const (
	hours24 = iota
	hoursAM
	hoursPM
)

// Units that numbers in dates and intervals may have.
const (
	unitNone = iota
	unitYear
	unitMonth
	unitDay
	unitHour
	unitMinute
	unitSecond
	unitJulian
	unitTime
	unitWeek
	unitDecade
	unitCentury
	unitMillennium
	unitMilli
	unitMicro
	unitOther // known, but no number can have it
)

type word struct {
	kind  wordKind
	value int
}

// wordLength is how many letters of a word count.
const wordLength = 10

func clipWord(s string) string {
	if len(s) > wordLength {
		return s[:wordLength]
	}
	return s
}

// dateWords are the words of dates and times.
var dateWords = func() map[string]word {
	words := map[string]word{
		"-infinity": {wordReserved, wordNegInfinity}, "infinity": {wordReserved, wordInfinity},
		"allballs": {wordReserved, wordAllballs}, "epoch": {wordReserved, wordEpoch}, "now": {wordReserved, wordNow},
		"today": {wordReserved, wordToday}, "tomorrow": {wordReserved, wordTomorrow}, "yesterday": {wordReserved, wordYesterday},
		"ad": {wordEra, 0}, "bc": {wordEra, 1}, "am": {wordMeridian, hoursAM}, "pm": {wordMeridian, hoursPM},
		"at": {wordIgnored, 0}, "on": {wordIgnored, 0}, "dst": {wordSummer, 3600}, "t": {wordTime, unitTime},
		"d": {wordUnit, unitDay}, "h": {wordUnit, unitHour}, "m": {wordUnit, unitMonth}, "mm": {wordUnit, unitMinute},
		"s": {wordUnit, unitSecond}, "y": {wordUnit, unitYear}, "j": {wordUnit, unitJulian}, "jd": {wordUnit, unitJulian},
		"julian": {wordUnit, unitJulian}, "dow": {wordUnit, unitOther}, "doy": {wordUnit, unitOther},
		"isodow": {wordUnit, unitOther}, "isoyear": {wordUnit, unitOther},
		"sept": {wordMonth, 9}, "tues": {wordWeekday, 2}, "weds": {wordWeekday, 3}, "thur": {wordWeekday, 4}, "thurs": {wordWeekday, 4},
	}
	for i, name := range []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"} {
		words[name], words[name[:3]] = word{wordMonth, i + 1}, word{wordMonth, i + 1}
	}
	for i, name := range []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		words[name], words[name[:3]] = word{wordWeekday, i}, word{wordWeekday, i}
	}
	return words
}()

// intervalWords are the units of intervals, cut to wordLength.
var intervalWords = func() map[string]word {
	words := map[string]word{"ago": {wordAgo, 0}, "@": {wordIgnored, 0}}
	for unit, names := range map[int][]string{
		unitYear:       {"y", "year", "years", "yr", "yrs"},
		unitMonth:      {"mon", "mons", "month", "months"},
		unitDay:        {"d", "day", "days"},
		unitHour:       {"h", "hour", "hours", "hr", "hrs"},
		unitMinute:     {"m", "min", "mins", "minute", "minutes"},
		unitSecond:     {"s", "sec", "second", "seconds", "secs"},
		unitWeek:       {"w", "week", "weeks"},
		unitDecade:     {"dec", "decade", "decades", "decs"},
		unitCentury:    {"c", "cent", "centuries", "century"},
		unitMillennium: {"mil", "millennia", "millennium", "mils"},
		unitMilli:      {"millisecon", "ms", "msec", "msecond", "mseconds", "msecs"},
		unitMicro:      {"microsecon", "us", "usec", "usecond", "useconds", "usecs"},
		unitOther:      {"qtr", "quarter", "timezone", "timezone_h", "timezone_m"},
	} {
		for _, name := range names {
			words[name] = word{wordUnit, unit}
		}
	}
	return words
}()

// unitFields are the parts that numbers with a unit fill.
var unitFields = [...]fieldSet{unitYear: fYear, unitMonth: fMonth, unitDay: fDay, unitHour: fHour, unitMinute: fMinute, unitSecond: fSecond,
	unitWeek: fWeek, unitDecade: fDecade, unitCentury: fCentury, unitMillennium: fMillennium, unitMilli: fMilli, unitMicro: fMicro, unitOther: 0}
