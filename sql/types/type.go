package types

import (
	_ "embed" // the table of types
	"strconv"
	"strings"

	"zorya/pgerr"
)

// typeFacts is PostgreSQL's pg_type, for the types that Zorya knows: OID, name,
// length, category, preferred, element, array and SQL name.
//
//go:embed types.tsv
var typeFacts string

// A Type is a built-in type. Immutable.
type Type struct {
	OID       OID
	Name      string // internal name: int4
	Display   string // SQL name: integer
	Kind      Kind
	Category  byte // pg_type.typcategory
	Preferred bool
	Len       int16 // bytes; -1: varies; -2: C string
	Elem      OID   // element type of an array (or of a vector); 0: no array
	Array     OID   // the type of arrays of this type; 0: there is none

	ops *ops
}

// ops are the functions of a type's values. Nobody calls them with NULL.
type ops struct {
	kind Kind
	// parse is the input function, without length coercion (see typmod).
	parse func(t T, s string, f *Format) (Datum, error)
	// text is the output function.
	text func(dst []byte, d Datum, f *Format) []byte
	// recv and send are the binary format, without length coercion.
	recv func(t T, b []byte, f *Format) (Datum, error)
	send func(dst []byte, d Datum) []byte
	// compare is the btree order; nil: the type has no order.
	compare func(a, b Datum) int
	// hash; nil: the type cannot be hashed.
	hash func(d Datum, seed uint64) uint64
	// typmod is the length coercion; nil: the type has no modifier.
	typmod func(t T, d Datum, explicit bool) (Datum, error)
	// modText prints a modifier: "(10,2)".
	modText func(mod int32) string
	// key appends an order-preserving, self-delimiting encoding of which none is
	// another's prefix; unkey reads one and returns what follows. nil: the type
	// cannot be a key.
	key   func(dst []byte, d Datum) []byte
	unkey func(b []byte) (Datum, []byte, error)
	// lossyKey: unkey cannot give back the very value (1.0 and 1.00 have one key).
	lossyKey bool
}

var (
	byOID  = map[OID]*Type{}
	byName = map[string]*Type{}
	all    []*Type
)

// Types are few and looked up for each value, so those with small OIDs stand in an
// array.
var lowOID [8192]*Type

func init() {
	table := map[string]*ops{}
	for _, part := range []map[string]*ops{scalarOps(), numericOps(), timeOps(), nestedOps(), jsonOps()} {
		for names, o := range part {
			for name := range strings.FieldsSeq(names) {
				table[name] = o
			}
		}
	}
	for line := range strings.Lines(typeFacts) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		num := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
		t := &Type{OID: OID(num(0)), Name: f[1], Len: int16(num(2)), Category: f[3][0], Preferred: f[4] == "t",
			Elem: OID(num(5)), Array: OID(num(6)), Display: f[7], Kind: KindOther}
		t.ops = table[t.Name]
		if t.ops == nil && (t.Category == 'A' || t.Elem != 0 && t.Category != 'S') {
			t.ops = table["array"]
		}
		if t.ops != nil {
			t.Kind = t.ops.kind
		}
		byOID[t.OID], byName[t.Name] = t, t
		if int(t.OID) < len(lowOID) {
			lowOID[t.OID] = t
		}
		all = append(all, t)
	}
}

// Get returns a built-in type, or nil.
func Get(oid OID) *Type {
	if int(oid) < len(lowOID) {
		return lowOID[oid]
	}
	if oid>>30 == 1 {
		return enumType(oid)
	}
	return byOID[oid]
}

// Stacks tells whether arrays of values of the type are arrays of one more dimension.
// int2vector and oidvector have elements too, but their arrays are types of their own.
func (t *Type) Stacks() bool {
	return t != nil && t.Elem != 0 && t.Category == 'A' && t.Array == 0
}

// ByName returns a type by its internal name (int4, _text), or nil.
func ByName(name string) *Type { return byName[name] }

// All are the built-in types in order of OID. Nobody changes the slice.
func All() []*Type { return all }

// KindOf is the kind of a type's values: KindRecord for row types of tables,
// which are not built in.
func KindOf(oid OID) Kind {
	if t := Get(oid); t != nil {
		return t.Kind
	}
	return KindRecord
}

// FormatType is format_type(): "numeric(10,2)", "character varying(20)", "integer[]".
func FormatType(t T) string {
	ty := Get(t.OID)
	if ty == nil {
		return "???"
	}
	if t.Typmod < 0 {
		return ty.Display
	}
	display, suffix, base := ty.Display, "", ty
	if ty.Category == 'A' {
		if base = Get(ty.Elem); base == nil {
			return display
		}
		display, suffix = base.Display, "[]"
	}
	if base.ops == nil || base.ops.modText == nil {
		return display + suffix
	}
	mod := base.ops.modText(t.Typmod)
	// The modifier stands after the first word: timestamp(3) with time zone.
	if i := strings.Index(display, " with"); i >= 0 {
		return display[:i] + mod + display[i:] + suffix
	}
	return display + mod + suffix
}

// opsOf returns the functions of a type; row types have those of records.
func opsOf(oid OID) *ops {
	if t := Get(oid); t != nil {
		return t.ops
	}
	return Get(RecordOID).ops
}

// Parse is the input function of a type with its length coercion. Errors are
// PostgreSQL's: 22P02, 22003, 22007 …
func Parse(t T, text string, f *Format) (Datum, error) {
	o := opsOf(t.OID)
	if o == nil || o.parse == nil {
		return Null, pgerr.New(pgerr.FeatureNotSupported, "cannot accept a value of type %s", FormatType(Of(t.OID)))
	}
	if f == nil {
		f = DefaultFormat
	}
	d, err := o.parse(t, text, f)
	if err != nil || t.Typmod < 0 || o.typmod == nil {
		return d, err
	}
	return o.typmod(t, d, false)
}

// AppendText is the output function of a type. d is not NULL.
func AppendText(dst []byte, t OID, d Datum, f *Format) []byte {
	o := opsOf(t)
	if o == nil || o.text == nil {
		return append(dst, d.S...)
	}
	if f == nil {
		f = DefaultFormat
	}
	return o.text(dst, d, f)
}

// ParseBinary reads a value in binary format, with length coercion.
func ParseBinary(t T, b []byte, f *Format) (Datum, error) {
	o := opsOf(t.OID)
	if o == nil || o.recv == nil {
		return Null, pgerr.New(pgerr.UndefinedFunction, "no binary input function available for type %s", FormatType(Of(t.OID)))
	}
	if f == nil {
		f = DefaultFormat
	}
	d, err := o.recv(t, b, f)
	if err != nil || t.Typmod < 0 || o.typmod == nil {
		return d, err
	}
	return o.typmod(t, d, false)
}

// AppendBinary writes a value in binary format. d is not NULL.
func AppendBinary(dst []byte, t OID, d Datum) []byte {
	o := opsOf(t)
	if o == nil || o.send == nil {
		return AppendText(dst, t, d, DefaultFormat)
	}
	return o.send(dst, d)
}

// Compare is the btree order of a type. Neither value is NULL.
func Compare(t OID, a, b Datum) int {
	if o := opsOf(t); o != nil && o.compare != nil {
		return o.compare(a, b)
	}
	return strings.Compare(a.S, b.S)
}

// HasOrder reports whether a type has a btree order.
func HasOrder(t OID) bool { o := opsOf(t); return o != nil && o.compare != nil }

// Hash hashes a value; values that Compare finds equal hash equally. d is not NULL.
func Hash(t OID, d Datum, seed uint64) uint64 {
	if o := opsOf(t); o != nil && o.hash != nil {
		return o.hash(d, seed)
	}
	return seed
}

// ApplyTypmod is the length coercion of a type: explicit is that of a cast,
// which cuts, the other that of an assignment, which refuses. d may be NULL.
func ApplyTypmod(t T, d Datum, explicit bool) (Datum, error) {
	o := opsOf(t.OID)
	if d.IsNull() || t.Typmod < 0 || o == nil || o.typmod == nil {
		return d, nil
	}
	return o.typmod(t, d, explicit)
}
