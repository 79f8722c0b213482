package funcs

import (
	"errors"
	"strings"
	"sync"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// isoTemplates are the forms that .datetime() takes without a template: a date, a
// time, both; a time may have a zone.
var isoTemplates = sync.OnceValue(func() (list [][]templateNode) {
	forms := []string{"yyyy-mm-dd"}
	for _, date := range []string{"", "yyyy-mm-dd ", "yyyy-mm-dd\"T\""} {
		for _, clock := range []string{"HH24:MI:SS.US", "HH24:MI:SS"} {
			for _, zone := range []string{"TZH:TZM", "TZH", ""} {
				forms = append(forms, date+clock+zone)
			}
		}
	}
	for _, f := range forms {
		nodes, _ := parseTemplate(f, true)
		list = append(list, nodes)
	}
	return list
})

// datetime is .datetime(): a string read as date, time or timestamp.
func (r *pathRun) datetime(x *types.PathItem, v pathValue) (pathValue, error) {
	if v.kind() != types.JSONString {
		return v, failPath(jsonInvalidDatetime, "jsonpath item method .%s() can only be applied to a string", "datetime")
	}
	if x.Left != nil {
		nodes, err := parseTemplate(x.Left.Str, true)
		var y pathValue
		if err == nil {
			y, err = readStandard(v.v.Str, nodes)
		}
		var pe *pgerr.Error
		if errors.As(err, &pe) {
			err = &pathFail{err}
		}
		return y, err
	}
	for _, nodes := range isoTemplates() {
		if y, err := readStandard(v.v.Str, nodes); err == nil {
			return y, nil
		}
	}
	return v, &pathFail{pgerr.New(jsonInvalidDatetime, "datetime format is not recognized: \"%s\"", v.v.Str).
		WithHint("Use a datetime template argument to specify the input data format.")}
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

// readStandard reads a string by a template of the SQL standard.
func readStandard(text string, nodes []templateNode) (pathValue, error) {
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
