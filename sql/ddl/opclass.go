package ddl

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// opclasses are the operator classes of btree that a key may name, and the types that they
// are for. The collation is C, in which those for patterns order as the others do.
var opclasses = map[string]types.OID{
	"bool_ops": types.BoolOID, "int2_ops": types.Int2OID, "int4_ops": types.Int4OID, "int8_ops": types.Int8OID,
	"float4_ops": types.Float4OID, "float8_ops": types.Float8OID, "numeric_ops": types.NumericOID,
	"text_ops": types.TextOID, "varchar_ops": types.TextOID, "text_pattern_ops": types.TextOID, "varchar_pattern_ops": types.TextOID,
	"bpchar_ops": types.BpcharOID, "bpchar_pattern_ops": types.BpcharOID, "name_ops": types.NameOID, "char_ops": types.CharOID,
	"date_ops": types.DateOID, "time_ops": types.TimeOID, "timestamp_ops": types.TimestampOID, "timestamptz_ops": types.TimestampTZOID,
	"uuid_ops": types.UUIDOID, "oid_ops": types.OidOID,
}

// sameOrder are those that order as the default one of their type but are not it, so
// that an index shows them.
var sameOrder = map[string]bool{"varchar_ops": true, "text_pattern_ops": true, "varchar_pattern_ops": true, "bpchar_pattern_ops": true}

// opclass checks the operator class of a key of type t. It returns what an index shows of
// it: nothing if it is the default one.
func opclass(name []string, t types.OID) (string, error) {
	if len(name) == 0 {
		return "", nil
	}
	last := name[len(name)-1]
	in, ok := opclasses[last]
	switch {
	case last == "enum_ops" && types.IsEnum(t), last == "array_ops" && types.Get(t).Category == 'A':
		return "", nil
	case !ok || len(name) > 1 && name[0] != "pg_catalog":
		return "", pgerr.New(pgerr.UndefinedObject, "operator class \"%s\" does not exist for access method \"btree\"", strings.Join(name, "."))
	case t != in && !(in == types.TextOID && t == types.VarcharOID):
		return "", pgerr.New(pgerr.DatatypeMismatch, "operator class \"%s\" does not accept data type %s", last, types.FormatType(types.Of(t)))
	case sameOrder[last]:
		return last, nil
	}
	return "", nil
}
