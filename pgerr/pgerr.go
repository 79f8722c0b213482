// Package pgerr is the one error type that reaches a client: an SQLSTATE, a
// message in PostgreSQL's wording, and the other fields of ErrorResponse
// (PostgreSQL manual, section 55.8).
package pgerr

import (
	"errors"
	"fmt"
)

// An Error is a failure that the user caused or must know of. The zero Severity
// means ERROR. Values are immutable once returned; the With methods copy.
type Error struct {
	Severity   string // "", "ERROR", "FATAL", "PANIC"; notices: "NOTICE", "WARNING".
	Code       string // SQLSTATE, five characters.
	Message    string
	Detail     string
	Hint       string
	Position   int // 1-based character offset into the statement; 0 = none.
	Where      string
	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string
}

// New returns an Error with the SQLSTATE and the formatted message.
func New(code, format string, args ...any) *Error {
	if len(args) == 0 {
		return &Error{Code: code, Message: format}
	}
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the message with its SQLSTATE, for logs.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// WithDetail returns a copy of e with the DETAIL field set.
func (e *Error) WithDetail(format string, args ...any) *Error {
	c := *e
	c.Detail = fmt.Sprintf(format, args...)
	return &c
}

// WithHint returns a copy of e with the HINT field set.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// At returns a copy of e with the position set, unless it has one already or
// pos is not positive. pos is the 1-based character offset in the statement.
func (e *Error) At(pos int) *Error {
	if e.Position > 0 || pos <= 0 {
		return e
	}
	c := *e
	c.Position = pos
	return &c
}

// Nowhere is err without a position: PostgreSQL has not the statement's text at hand in
// every place.
func Nowhere(err error) error {
	e := As(err)
	if e == nil || e.Position == 0 {
		return err
	}
	c := *e
	c.Position = 0
	return &c
}

// Fatal returns a copy of e with severity FATAL: the connection ends with it.
func (e *Error) Fatal() *Error {
	c := *e
	c.Severity = "FATAL"
	return &c
}

// As returns the *Error in err's chain, or nil if there is none.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Code returns the SQLSTATE of err: that of the *Error in its chain, XX000 for
// any other error, "" for nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	if e := As(err); e != nil {
		return e.Code
	}
	return InternalError
}
