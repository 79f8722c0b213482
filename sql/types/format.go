package types

import "time"

// A Format holds the settings that the text formats of values depend on.
type Format struct {
	DateStyle     string // "ISO", "SQL", "Postgres", "German"
	DateOrder     string // "MDY", "DMY", "YMD"
	IntervalStyle string // "postgres", "postgres_verbose", "sql_standard", "iso_8601"
	Zone          *time.Location
	ExtraFloat    int       // extra_float_digits; > 0 means shortest exact
	ByteaEscape   bool      // bytea_output = escape
	Now           time.Time // transaction time, for 'now', 'today' …
	Names         Names     // nil: objects have only numbers
}

// DefaultFormat is PostgreSQL's default: ISO, MDY, postgres, UTC, 1.
var DefaultFormat = &Format{DateStyle: "ISO", DateOrder: "MDY", IntervalStyle: "postgres", Zone: time.UTC, ExtraFloat: 1}

// What this package offers to others, beside the shapes in datum.go and vec.go
// (the functions stand in type.go, text.go, binary.go, compare.go, keyenc.go, rowenc.go):
//
//	type Type struct { OID; Name (internal: int4); Display (SQL name: integer); Kind; Category byte; Preferred bool; Len int16; ByVal bool; Elem, Array OID; … }
//	Get(oid OID) *Type; ByName(name string) *Type; KindOf(oid OID) Kind
//	FormatType(T) string                                   // format_type(): "numeric(10,2)", "character varying(20)"
//	Parse(t T, text string, f *Format) (Datum, error)      // input function incl. typmod coercion as input does; 22P02 etc. with PostgreSQL's texts
//	AppendText(dst []byte, t OID, d Datum, f *Format) []byte
//	ParseBinary(t T, b []byte, f *Format) (Datum, error); AppendBinary(dst []byte, t OID, d Datum) []byte
//	Compare(t OID, a, b Datum) int                         // total order of PostgreSQL's btree for the type; no NULLs
//	Hash(t OID, d Datum, seed uint64) uint64               // equal values (per Compare) hash equally
//	ApplyTypmod(t T, d Datum, explicit bool) (Datum, error)// length coercion: varchar(n), char(n), numeric(p,s), timestamp(p), interval…
//	AppendKey(dst []byte, t OID, d Datum, desc, nullsFirst bool) []byte   // order-preserving, self-delimiting, never a prefix of another
//	DecodeKey(b []byte, t OID, desc, nullsFirst bool) (Datum, rest []byte, err error)
//	type RowEncoder/RowDecoder …                           // rows: see rowenc.go
//	IsIndexable(oid OID) bool
