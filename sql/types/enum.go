package types

import (
	"encoding/hex"
	"strconv"
	"strings"
	"sync"

	"zorya/pgerr"
)

// A value of an enumeration is a rank: a string of bytes that stands between those of
// its neighbours. So values compare, hash and are keys without a look at the catalog,
// which has the labels, and a label that is put between two others moves none.
//
// Its OID says that a type is an enumeration, or the array of one, for the same reason.
const enumOIDs OID = 1 << 30

// EnumOID is the OID of the enumeration that is the n-th object of its cluster.
func EnumOID(n OID) OID { return enumOIDs | n<<1&(enumOIDs-1) }

// IsEnum reports whether a type is an enumeration.
func IsEnum(t OID) bool { return t>>30 == 1 && t&1 == 0 }

// RankBetween is a rank after low and before high, which is "" for no bound.
func RankBetween(low, high string) string {
	var out []byte
	bounded := high != ""
	for i := 0; ; i++ {
		l, h := 0, 256
		if i < len(low) {
			l = int(low[i])
		}
		if bounded {
			h = 0
			if i < len(high) {
				h = int(high[i])
			}
		}
		switch {
		case bounded && h-l > 1:
			return string(append(out, byte(l+(h-l)/2)))
		case !bounded && l < 255 && high == "": // at the end, where the next will come too
			return string(append(out, byte(l+1)))
		case !bounded && l < 255:
			return string(append(out, byte(l+(h-l)/2)))
		}
		out = append(out, byte(l))
		bounded = bounded && h == l
	}
}

// Labels are the labels of enumerations, which the catalog has.
type Labels interface {
	EnumLabel(t OID, rank string) (label string, ok bool)
	EnumRank(t OID, label string) (rank string, ok bool)
	EnumRanks(t OID) []string // in their order
}

// Where there is no catalog, the name of an enumeration and its labels are marks, in
// which only the OID and the rank stand. So texts in the catalog do not change with the
// names, and messages come from where the names are not known (see Unmark).
const mark = "\uFDD0" // no character: no text of a user's has a reason to have it

func typeMark(t OID) string { return mark + "t" + strconv.Itoa(int(t)) + mark }

func labelMark(t OID, rank string) string {
	return mark + "l" + strconv.Itoa(int(t)) + "_" + hex.EncodeToString([]byte(rank)) + mark
}

// MarkedType is the type that a mark names.
func MarkedType(s string) (OID, bool) {
	s, ok := strings.CutPrefix(s, mark+"t")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(s, mark), 10, 32)
	return OID(n), err == nil
}

func markedLabel(s string) (t OID, rank string, ok bool) {
	s, ok = strings.CutPrefix(s, mark+"l")
	if !ok {
		return 0, "", false
	}
	number, digits, _ := strings.Cut(strings.TrimSuffix(s, mark), "_")
	n, err := strconv.ParseUint(number, 10, 32)
	b, err2 := hex.DecodeString(digits)
	return OID(n), string(b), err == nil && err2 == nil
}

// Unmark puts names in the place of the marks in a text.
func Unmark(text string, names Names) string {
	if names == nil || !strings.Contains(text, mark) {
		return text
	}
	parts := strings.Split(text, mark)
	for i := 1; i < len(parts)-1; i++ {
		whole := mark + parts[i] + mark
		if t, ok := MarkedType(whole); ok {
			if name, ok := names.ObjectName("type", t); ok {
				parts[i] = name
			}
		} else if t, rank, ok := markedLabel(whole); ok {
			if label, ok := names.EnumLabel(t, rank); ok {
				parts[i] = label
			}
		} else if t, oid, ok := MarkedObject(whole); ok {
			parts[i] = objectName(names, t, oid)
		}
	}
	return strings.Join(parts, "")
}

var enumTypes sync.Map // OID: *Type

// enumType is the type of an OID in the range of enumerations.
func enumType(t OID) *Type {
	if ty, ok := enumTypes.Load(t); ok {
		return ty.(*Type)
	}
	ty := &Type{OID: t, Category: 'E', Len: 4, Array: t + 1, Display: typeMark(t), ops: enumOps(t)}
	if !IsEnum(t) {
		ty = &Type{OID: t, Category: 'A', Len: -1, Elem: t - 1, Display: typeMark(t-1) + "[]", ops: Get(TextArrayOID).ops}
	}
	ty.Kind = ty.ops.kind
	enumTypes.Store(t, ty)
	return ty
}

func enumOps(t OID) *ops {
	o := *Get(TextOID).ops
	o.text = func(dst []byte, d Datum, f *Format) []byte {
		if f.Names != nil {
			if label, ok := f.Names.EnumLabel(t, d.S); ok {
				return append(dst, label...)
			}
		}
		return append(dst, labelMark(t, d.S)...)
	}
	o.parse = func(_ T, s string, f *Format) (Datum, error) {
		if of, rank, ok := markedLabel(s); ok && of == t {
			return NewText(rank), nil
		}
		if f.Names != nil {
			if rank, ok := f.Names.EnumRank(t, s); ok {
				return NewText(rank), nil
			}
		}
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", typeMark(t), s)
	}
	// Without names it is storage that reads, and it has ranks.
	o.recv = func(typ T, b []byte, f *Format) (Datum, error) {
		if f.Names == nil {
			return NewText(string(b)), nil
		}
		return o.parse(typ, string(b), f)
	}
	return &o
}

// Spelled puts labels in the place of ranks in a value that is sent in binary format.
func Spelled(t OID, d Datum, f *Format) Datum {
	switch {
	case t>>30 != 1:
		return d
	case IsEnum(t):
		return NewText(string(AppendText(nil, t, d, f)))
	}
	a := *d.X.(*Array)
	a.Elems = make([]Datum, len(a.Elems))
	for i, x := range d.X.(*Array).Elems {
		if a.Elems[i] = x; !x.IsNull() {
			a.Elems[i] = Spelled(t-1, x, f)
		}
	}
	return Datum{Kind: KindArray, X: &a}
}
