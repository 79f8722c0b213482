package funcs

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A nodeKind says what a piece of a date template is.
type nodeKind int

const (
	nodeField nodeKind = iota
	nodeSpace
	nodeSeparator
	nodeText
)

// calendarRule is the calendar that a field belongs to; a template that is read by
// must keep to one.
type calendarRule int

const (
	anyCalendar calendarRule = iota
	gregorian
	isoWeeks
)

// A templateField is a pattern of a date template.
type templateField struct {
	name  string // in upper case
	digit bool   // it reads a number without a sign of its own
	rule  calendarRule
}

// templateFields are the patterns, longer ones before their beginnings. Those of
// fieldsOfThreeCases may also be written with a capital.
var templateFields = []templateField{
	{"A.D.", false, anyCalendar}, {"A.M.", false, anyCalendar}, {"AD", false, anyCalendar}, {"AM", false, anyCalendar},
	{"B.C.", false, anyCalendar}, {"BC", false, anyCalendar}, {"CC", true, anyCalendar},
	{"DAY", false, anyCalendar}, {"DDD", true, gregorian}, {"DD", true, gregorian}, {"DY", false, anyCalendar}, {"D", true, gregorian},
	{"FF1", true, anyCalendar}, {"FF2", true, anyCalendar}, {"FF3", true, anyCalendar},
	{"FF4", true, anyCalendar}, {"FF5", true, anyCalendar}, {"FF6", true, anyCalendar}, {"FX", false, anyCalendar},
	{"HH24", true, anyCalendar}, {"HH12", true, anyCalendar}, {"HH", true, anyCalendar},
	{"IDDD", true, isoWeeks}, {"ID", true, isoWeeks}, {"IW", true, isoWeeks},
	{"IYYY", true, isoWeeks}, {"IYY", true, isoWeeks}, {"IY", true, isoWeeks}, {"I", true, isoWeeks}, {"J", true, anyCalendar},
	{"MI", true, anyCalendar}, {"MM", true, gregorian}, {"MONTH", false, gregorian}, {"MON", false, gregorian}, {"MS", true, anyCalendar},
	{"OF", false, anyCalendar}, {"P.M.", false, anyCalendar}, {"PM", false, anyCalendar}, {"Q", true, anyCalendar}, {"RM", false, gregorian},
	{"SSSSS", true, anyCalendar}, {"SSSS", true, anyCalendar}, {"SS", true, anyCalendar},
	{"TZH", false, anyCalendar}, {"TZM", true, anyCalendar}, {"TZ", false, anyCalendar}, {"US", true, anyCalendar},
	{"WW", true, gregorian}, {"W", true, gregorian},
	{"Y,YYY", true, gregorian}, {"YYYY", true, gregorian}, {"YYY", true, gregorian}, {"YY", true, gregorian}, {"Y", true, gregorian},
}

const fieldsOfThreeCases = " Day Dy Month Mon "

// A templateNode is a pattern with its modifiers, or a character.
type templateNode struct {
	kind  nodeKind
	field *templateField
	text  string // as written: the pattern, or the one character
	fill  bool   // FM: no padding
	local bool   // TM
	th    string // TH or th after the pattern
}

// parseTemplate cuts a date template into nodes. A strict one, of the SQL standard,
// allows few separators and no other text than in quotes.
func parseTemplate(t string, strict bool) (nodes []templateNode, err error) {
	for t != "" {
		n := templateNode{}
		n.prefix(&t)
		if n.takeField(&t) {
			nodes = append(nodes, n)
			continue
		}
		if t == "" {
			break
		}
		if strict && t[0] != '"' {
			if strings.IndexByte("-./,':; ", t[0]) < 0 {
				return nil, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid datetime format separator: \"%s\"", string([]rune(t)[:1]))
			}
		}
		quoted := t[0] == '"'
		var chars []string
		chars, t = literalText(t)
		for _, c := range chars {
			nodes = append(nodes, templateNode{kind: kindOfText(c, quoted), text: c})
		}
	}
	return nodes, nil
}

// prefix takes a modifier before a pattern; only one counts.
func (n *templateNode) prefix(t *string) {
	if len(*t) < 2 {
		return
	}
	switch (*t)[:2] {
	case "FM", "fm":
		n.fill = true
	case "TM", "tm":
		n.local = true
	default:
		return
	}
	*t = (*t)[2:]
}

func (n *templateNode) takeField(t *string) bool {
	for i := range templateFields {
		f := &templateFields[i]
		if len(*t) < len(f.name) || !strings.EqualFold((*t)[:len(f.name)], f.name) {
			continue
		}
		text := (*t)[:len(f.name)]
		if text != f.name && text != strings.ToLower(f.name) && !strings.Contains(fieldsOfThreeCases, " "+text+" ") {
			continue
		}
		n.field, n.text, *t = f, text, (*t)[len(text):]
		if len(*t) >= 2 && ((*t)[:2] == "TH" || (*t)[:2] == "th") {
			n.th, *t = (*t)[:2], (*t)[2:]
		}
		return true
	}
	return false
}

func kindOfText(c string, quoted bool) nodeKind {
	switch {
	case quoted:
		return nodeText
	case isSeparator(c[0]):
		return nodeSeparator
	case isSpace(c[0]):
		return nodeSpace
	}
	return nodeText
}

// isSeparator tells what separates fields: ASCII punctuation.
func isSeparator(c byte) bool {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	return c > ' ' && c < 0x7f && !letter && (c < '0' || c > '9')
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// zoned, timed and dated tell what a field says of the value: in a template of the
// standard the fields decide the type.
func (f *templateField) zoned() bool { return strings.HasPrefix(f.name, "TZ") || f.name == "OF" }

// counts tells the fields that TH makes ordinals of.
func (f *templateField) counts() bool { return f.digit && !f.zoned() }

func (f *templateField) timed() bool {
	switch f.name {
	case "A.M.", "AM", "P.M.", "PM", "HH24", "HH12", "HH", "MI", "SS", "MS", "US", "SSSS", "SSSSS":
		return true
	}
	return strings.HasPrefix(f.name, "FF")
}

func (f *templateField) dated() bool { return f.name != "FX" && !f.zoned() && !f.timed() }

// typeOfTemplate is the type of what a template of the standard reads.
func typeOfTemplate(nodes []templateNode) (types.OID, error) {
	var dated, timed, zoned bool
	for _, n := range nodes {
		if n.kind == nodeField {
			dated, timed, zoned = dated || n.field.dated(), timed || n.field.timed(), zoned || n.field.zoned()
		}
	}
	switch {
	case dated && timed && zoned:
		return types.TimestampTZOID, nil
	case dated && timed:
		return types.TimestampOID, nil
	case dated && zoned:
		return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "datetime format is zoned but not timed")
	case dated:
		return types.DateOID, nil
	case timed && zoned:
		return types.TimeTZOID, nil
	case timed:
		return types.TimeOID, nil
	}
	return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "datetime format is not dated and not timed")
}
