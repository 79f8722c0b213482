// Package types knows PostgreSQL's types: their OIDs, text and binary formats,
// comparison, hashing and order-preserving encoding; and the two shapes in which
// values travel: a Datum (one value) and a Vec (a column of a batch).
package types

import (
	"math"
)

// A Kind is the physical representation of a value. Few kinds carry all types:
// kernels are written per kind.
type Kind uint8

// The kinds, with the types that they carry and the field of Datum and Vec that
// holds them.
const (
	KindNull     Kind = iota
	KindBool          // I: 0 or 1
	KindInt           // I: int2 int4 int8 oid reg* date(days since 2000) time(µs) timestamp(µs since 2000) timestamptz(µs since 2000 UTC) "char" xid; math.MinInt64/MaxInt64 (dates: MinInt32/MaxInt32) are -infinity/infinity
	KindFloat         // F: float4 float8
	KindBytes         // S: text varchar bpchar name json bytea uuid(16 bytes) unknown
	KindNumeric       // N
	KindInterval      // X: Interval
	KindTimeTZ        // X: TimeTZ
	KindArray         // X: *Array
	KindRecord        // X: *Record
	KindJSONB         // X: *JSONB (opaque to other packages)
	KindOther         // X: any further run-time-only value (inet …)
)

// A Datum is one value. Its meaning needs its type; Kind says which field holds
// it. The zero Datum is NULL. A Datum is immutable: nobody changes what S, N or X
// point to.
type Datum struct {
	Kind Kind
	I    int64   // KindBool, KindInt
	F    float64 // KindFloat
	S    string  // KindBytes
	X    any     // the others: Numeric, Interval, TimeTZ, *Array, *Record, *JSONB
}

// Null is the NULL value.
var Null = Datum{}

// IsNull reports whether d is NULL.
func (d Datum) IsNull() bool { return d.Kind == KindNull }

// Bool returns the truth value of a KindBool datum.
func (d Datum) Bool() bool { return d.I != 0 }

// Int, Bool, Float, Text make datums.
func NewInt(i int64) Datum     { return Datum{Kind: KindInt, I: i} }
func NewFloat(f float64) Datum { return Datum{Kind: KindFloat, F: f} }
func NewText(s string) Datum   { return Datum{Kind: KindBytes, S: s} }
func NewBool(b bool) Datum {
	if b {
		return Datum{Kind: KindBool, I: 1}
	}
	return Datum{Kind: KindBool}
}

// An Interval is months, days and microseconds, each signed, as PostgreSQL keeps them.
type Interval struct {
	Months int32
	Days   int32
	Micros int64
}

// A TimeTZ is a time of day in microseconds and its zone, in seconds west of UTC.
type TimeTZ struct {
	Micros int64
	Zone   int32
}

// An Array is an n-dimensional array in row-major order; no dimensions when empty.
type Array struct {
	Elem  OID
	Dims  []int // lengths
	Lower []int // lower bounds; 1 unless set
	Elems []Datum
}

// A Record is a row value: of a table's row type, or anonymous (RecordOID).
type Record struct {
	Types  []T
	Names  []string // may be nil
	Fields []Datum
}

// Infinite values of dates and timestamps, as PostgreSQL stores them.
const (
	TimestampInfinity    = math.MaxInt64
	TimestampNegInfinity = math.MinInt64
	DateInfinity         = math.MaxInt32
	DateNegInfinity      = math.MinInt32
)
