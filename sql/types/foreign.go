package types

import "strings"

// foreignTypes are PostgreSQL's types that the dialect does not have at all.
var foreignTypes = func() map[string]string {
	m := map[string]string{"varbit": "bit varying"}
	for name := range strings.FieldsSeq(`money xml cidr macaddr macaddr8 point line lseg box path polygon circle tsvector tsquery bit pg_lsn
		int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange tstzmultirange
		datemultirange txid_snapshot pg_snapshot refcursor regconfig regdictionary`) {
		m[name] = name
	}
	return m
}()

// ForeignName is the name under which errors show a type of PostgreSQL that the
// dialect does not have; name is its internal one. ok is false for all others.
func ForeignName(name string) (shown string, ok bool) {
	shown, ok = foreignTypes[name]
	return shown, ok
}
