package types

import (
	"strconv"
	"strings"
)

// Names are the names of objects, by which values of the reg* types and of
// enumerations are written.
// Kind is the type's name without reg: "class", "type", "proc", "procedure", "oper",
// "operator", "role", "namespace", "collation".
type Names interface {
	Labels
	// ResolveName finds the object that a text means; 42P01, 42704 … if there is none.
	ResolveName(kind, name string) (OID, error)
	// ObjectName is how an object is shown; false: there is none.
	ObjectName(kind string, oid OID) (string, bool)
}

// RegKind is the kind of objects that values of a reg* type are, as Names knows it,
// and "" for all other types.
func RegKind(t OID) string {
	ty := Get(t)
	if ty == nil || ty.Category != 'N' || !strings.HasPrefix(ty.Name, "reg") {
		return ""
	}
	return ty.Name[len("reg"):]
}

// regOps are the functions of the types whose values are OIDs of objects. Without
// Names a value is shown as the number that it is.
func regOps() map[string]*ops {
	out := map[string]*ops{}
	for _, kind := range []string{"proc", "procedure", "oper", "operator", "class", "type", "role", "namespace", "collation"} {
		zero := "-"
		if kind == "oper" || kind == "operator" {
			zero = "0"
		}
		o := unsignedOps("reg" + kind)
		o.parse = func(_ T, s string, f *Format) (Datum, error) { return parseReg(kind, s, f) }
		o.text = func(dst []byte, d Datum, f *Format) []byte {
			if d.I == 0 {
				return append(dst, zero...)
			}
			if f.Names != nil {
				if name, ok := f.Names.ObjectName(kind, OID(d.I)); ok {
					return append(dst, name...)
				}
			}
			return strconv.AppendUint(dst, uint64(uint32(d.I)), 10)
		}
		out["reg"+kind] = o
	}
	return out
}

// ObjectMark stands in a stored text for the name of an object, in a literal of the type t:
// the text stays as it is when the object gets another name (see Unmark).
func ObjectMark(t, oid OID) string {
	return mark + "o" + strconv.Itoa(int(t)) + "_" + strconv.Itoa(int(oid)) + mark
}

// MarkedObject is what an object's mark says.
func MarkedObject(s string) (t, oid OID, ok bool) {
	s, ok = strings.CutPrefix(s, mark+"o")
	if !ok {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(strings.TrimSuffix(s, mark), "_")
	n, err := strconv.ParseUint(first, 10, 32)
	m, err2 := strconv.ParseUint(second, 10, 32)
	return OID(n), OID(m), err == nil && err2 == nil
}

// objectName is a marked object as it stands in a literal: by number if it has gone.
func objectName(names Names, t, oid OID) string {
	if name, ok := names.ObjectName(RegKind(t), oid); ok {
		return strings.ReplaceAll(name, "'", "''")
	}
	return strconv.Itoa(int(oid))
}

// parseReg takes a number for itself, - for 0 and all else for a name.
func parseReg(kind, s string, f *Format) (Datum, error) {
	if _, oid, ok := MarkedObject(s); ok {
		return NewInt(int64(oid)), nil
	}
	if s == "-" {
		return NewInt(0), nil
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return Null, outOfRange("oid", s)
		}
		return NewInt(int64(n)), nil
	}
	if f.Names == nil {
		return Null, badSyntax("reg"+kind, s)
	}
	oid, err := f.Names.ResolveName(kind, s)
	return NewInt(int64(oid)), err
}
