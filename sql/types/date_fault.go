package types

import "zorya/pgerr"

// A fault is what is wrong with a date, time or interval, before the text and the
// type are known that the message names.
type fault uint8

const (
	badFormat   fault = iota
	badField          // a part is out of range
	badMonthDay       // a month or day is, perhaps for want of another order
	badOffset         // an offset from UTC is
	badInterval       // a part of an interval is
)

func (e fault) Error() string { return faults[e].text }

// SQLSTATEs that only dates and intervals have.
const (
	invalidTimeZoneDisplacement = "22009"
	intervalFieldOverflow       = "22015"
)

var faults = [...]struct{ code, text, hint string }{
	badFormat:   {pgerr.InvalidDatetimeFormat, "invalid input syntax for type ", ""},
	badField:    {pgerr.DatetimeFieldOverflow, "date/time field value out of range", ""},
	badMonthDay: {pgerr.DatetimeFieldOverflow, "date/time field value out of range", `Perhaps you need a different "datestyle" setting.`},
	badOffset:   {invalidTimeZoneDisplacement, "time zone displacement out of range", ""},
	badInterval: {intervalFieldOverflow, "interval field value out of range", ""},
}

// momentError turns a fault into the error that the user sees; other errors pass.
func momentError(err error, typeName, input string) error {
	f, ok := err.(fault)
	if !ok {
		return err
	}
	text := faults[f].text
	if f == badFormat {
		text += typeName
	}
	return &pgerr.Error{Code: faults[f].code, Message: text + ": \"" + input + "\"", Hint: faults[f].hint}
}

// rangeError is "timestamp out of range" with the input.
func rangeError(what, input string) error {
	return &pgerr.Error{Code: pgerr.DatetimeFieldOverflow, Message: what + " out of range: \"" + input + "\""}
}
