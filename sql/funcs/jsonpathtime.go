package funcs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// isoMoments are the forms that .datetime() takes without a template: a date, a time,
// both; a time may have a zone.
var isoMoments = regexp.MustCompile(`^(?:(\d+)-(\d+)-(\d+))?(?:([ T]?)(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,6})?)(?: *([-+ ])(\d{1,2})(?::(\d{1,2}))?)?)?$`)

// datetime is .datetime(): a string read as date, time or timestamp.
func (r *pathRun) datetime(x *types.PathItem, v pathValue) (pathValue, error) {
	if v.kind() != types.JSONString {
		return v, failPath(jsonInvalidDatetime, "jsonpath item method .%s() can only be applied to a string", "datetime")
	}
	if x.Left != nil {
		y, err := readStandard(v.v.Str, x.Left.Str)
		var pe *pgerr.Error
		if errors.As(err, &pe) {
			err = &pathFail{err}
		}
		return y, err
	}
	unknownFormat := &pathFail{pgerr.New(jsonInvalidDatetime, "datetime format is not recognized: \"%s\"", v.v.Str).
		WithHint("Use a datetime template argument to specify the input data format.")}
	f := isoMoments.FindStringSubmatch(v.v.Str)
	if f == nil || f[0] == "" || (f[1] != "" && f[5] != "") != (f[4] != "") {
		return v, unknownFormat
	}
	m := momentParts{dated: f[1] != "", timed: f[5] != "", zoned: f[9] != "", year: f[1], month: f[2], day: f[3], hour: f[5], minute: f[6], second: f[7]}
	if m.zoned {
		m.west = zoneSeconds(f[8], f[9], f[10])
	}
	y, err := m.value()
	if err != nil {
		return v, unknownFormat
	}
	return y, nil
}

func zoneSeconds(sign, hours, minutes string) int {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if sign == "-" {
		return h*3600 + m*60
	}
	return -h*3600 - m*60
}

// momentParts are the fields of a date or time, as texts.
type momentParts struct {
	dated, timed, zoned  bool
	year, month, day     string
	hour, minute, second string
	west                 int
}

// value makes the value of the type that the fields amount to, and its ISO text.
func (m *momentParts) value() (pathValue, error) {
	date := fmt.Sprintf("%s-%s-%s", leadZeros(m.year, 4), m.month, m.day)
	clock := fmt.Sprintf("%s:%s:%s", m.hour, m.minute, m.second)
	sign, off := "+", -m.west
	if off < 0 {
		sign, off = "-", -off
	}
	zone := fmt.Sprintf("%s%02d:%02d", sign, off/3600, off/60%60)
	t, text := types.TimeOID, clock
	switch {
	case m.dated && m.timed && m.zoned:
		t, text = types.TimestampTZOID, fmt.Sprintf("%s-%s-%s %s%s", leadZeros(m.year, 4), m.month, m.day, clock, zone)
	case m.dated && m.timed:
		t, text = types.TimestampOID, fmt.Sprintf("%s-%s-%s %s", leadZeros(m.year, 4), m.month, m.day, clock)
	case m.dated:
		t, text = types.DateOID, date
	case m.zoned:
		t, text = types.TimeTZOID, clock+zone
	}
	d, err := types.Parse(types.Of(t), text, types.DefaultFormat)
	if err != nil {
		return pathValue{}, err
	}
	return momentValue(t, d, m.west), nil
}

// momentValue is a date or time as jsonpath has it, with its ISO text; west are the
// seconds of the zone that a timestamptz shows.
func momentValue(t types.OID, d types.Datum, west int) pathValue {
	f := *types.DefaultFormat
	f.Zone = time.FixedZone("", -west)
	out := string(types.AppendText(nil, t, d, &f))
	if t == types.TimestampTZOID || t == types.TimestampOID {
		out = strings.Replace(out, " ", "T", 1)
	}
	// JSON shows the minutes of a zone always.
	zoned := t == types.TimestampTZOID || t == types.TimeTZOID
	if i := strings.LastIndexAny(out, "+-"); zoned && i > 0 && len(out)-i == 3 {
		out += ":00"
	}
	return pathValue{v: &types.JSONB{Kind: types.JSONString, Str: out}, moment: t, at: d}
}

func leadZeros(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// readStandard reads a string by a template of the SQL standard.
func readStandard(text, template string) (pathValue, error) {
	nodes, err := parseTemplate(template, true)
	if err != nil {
		return pathValue{}, err
	}
	m, err := readTemplate(text, nodes, true)
	if err != nil {
		return pathValue{}, err
	}
	t, err := typeOfTemplate(nodes)
	if err != nil {
		return pathValue{}, err
	}
	d, err := m.value(t)
	if err != nil {
		return pathValue{}, err
	}
	return momentValue(t, d, -int(m.east)), nil
}

// value is what was read, as a value of type t.
func (m *templateMoment) value(t types.OID) (types.Datum, error) {
	switch t {
	case types.TimestampTZOID:
		ts, err := m.timestamp(time.UTC)
		return types.NewInt(ts), err
	case types.TimestampOID:
		ts, err := m.wall()
		return types.NewInt(ts), err
	case types.DateOID:
		d, err := m.date()
		return types.NewInt(d), err
	case types.TimeTZOID:
		return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: m.round(m.micros), Zone: int32(-m.east)}}, nil
	}
	return types.NewInt(m.round(m.micros)), nil
}
