package types

import (
	"sort"
	"strings"

	"zorya/pgerr"
)

// A JSONKind is the kind of a JSON value, in the order in which jsonb compares them.
type JSONKind uint8

// The kinds.
const (
	JSONNull JSONKind = iota
	JSONString
	JSONNumber
	JSONBool
	JSONArray
	JSONObject
)

// A JSONB is a parsed JSON value. Immutable once it is in a Datum. Objects have
// their keys in jsonb's order, by length and then by bytes, each once.
type JSONB struct {
	Kind  JSONKind
	Bool  bool
	Num   Datum // numeric
	Str   string
	Keys  []string // of an object; Elems are the values
	Elems []*JSONB
}

// NewJSONB makes a datum of a tree. Objects are put in order.
func NewJSONB(v *JSONB) Datum { return Datum{Kind: KindJSONB, X: v} }

// NewJSONObject makes an object of members in any order; of equal keys the last counts.
func NewJSONObject(keys []string, values []*JSONB) *JSONB {
	o := &JSONB{Kind: JSONObject, Keys: keys, Elems: values}
	o.sortKeys()
	return o
}

// Field is the value of an object's key, or nil.
func (v *JSONB) Field(key string) *JSONB {
	i := sort.Search(len(v.Keys), func(i int) bool { return !keyLess(v.Keys[i], key) })
	if i < len(v.Keys) && v.Keys[i] == key {
		return v.Elems[i]
	}
	return nil
}

func keyLess(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// sortKeys brings the members of an object in order and drops duplicates.
func (v *JSONB) sortKeys() {
	ordered := true
	for i := 1; i < len(v.Keys) && ordered; i++ {
		ordered = keyLess(v.Keys[i-1], v.Keys[i])
	}
	if ordered {
		return
	}
	order := make([]int, len(v.Keys))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return keyLess(v.Keys[order[i]], v.Keys[order[j]]) })
	keys, elems := make([]string, 0, len(order)), make([]*JSONB, 0, len(order))
	for _, i := range order {
		if n := len(keys); n > 0 && keys[n-1] == v.Keys[i] {
			elems[n-1] = v.Elems[i]
			continue
		}
		keys, elems = append(keys, v.Keys[i]), append(elems, v.Elems[i])
	}
	v.Keys, v.Elems = keys, elems
}

func parseJSONB(_ T, s string, _ *Format) (Datum, error) {
	p := jsonParser{s: s, build: true}
	v, err := p.document()
	if err != nil {
		return Null, err
	}
	return NewJSONB(v), nil
}

func jsonbText(dst []byte, d Datum, _ *Format) []byte { return d.X.(*JSONB).Append(dst) }

// Append appends the text of v as jsonb prints it.
func (v *JSONB) Append(dst []byte) []byte {
	switch v.Kind {
	case JSONNull:
		return append(dst, "null"...)
	case JSONBool:
		if v.Bool {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case JSONNumber:
		return AppendText(dst, NumericOID, v.Num, DefaultFormat)
	case JSONString:
		return AppendJSONString(dst, v.Str)
	case JSONArray:
		dst = append(dst, '[')
		for i, e := range v.Elems {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, e := range v.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendJSONString(dst, v.Keys[i])
		dst = append(dst, ": "...)
		dst = e.Append(dst)
	}
	return append(dst, '}')
}

// AppendJSONString appends s as a JSON string, as PostgreSQL's escape_json does.
func AppendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		default:
			if k := strings.IndexByte("\b\f\n\r\t", c); k >= 0 {
				dst = append(dst, '\\', "bfnrt"[k])
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
	}
	return append(dst, '"')
}

func recvJSONB(t T, b []byte, f *Format) (Datum, error) {
	if len(b) == 0 {
		return Null, pgerr.New(pgerr.ProtocolViolation, "no data left in message")
	}
	if b[0] != 1 {
		return Null, pgerr.New(pgerr.InternalError, "unsupported jsonb version number %d", b[0])
	}
	if err := CheckUTF8(string(b[1:])); err != nil {
		return Null, err
	}
	return parseJSONB(t, string(b[1:]), f)
}

func sendJSONB(dst []byte, d Datum) []byte { return d.X.(*JSONB).Append(append(dst, 1)) }

// compareJSONB is jsonb's order (jsonb_util.c, compareJsonbContainers). A scalar at
// the top counts as an array of one, which comes before other arrays as long.
func compareJSONB(x, y Datum) int {
	a, b := x.X.(*JSONB), y.X.(*JSONB)
	ca, cb := a.Kind >= JSONArray, b.Kind >= JSONArray
	switch {
	case ca && cb:
		return a.compare(b)
	case !ca && !cb:
		return a.compare(b)
	case ca:
		return -scalarAndContainer(b, a)
	}
	return scalarAndContainer(a, b)
}

func scalarAndContainer(_, c *JSONB) int {
	// An object is greater than the array that the scalar counts as. So is every array,
	// but the empty one, which has fewer elements.
	if c.Kind == JSONArray && len(c.Elems) == 0 {
		return 1
	}
	return -1
}

func (v *JSONB) compare(o *JSONB) int {
	if v.Kind != o.Kind {
		return sign(int(v.Kind) - int(o.Kind))
	}
	switch v.Kind {
	case JSONString:
		return strings.Compare(v.Str, o.Str)
	case JSONNumber:
		return Compare(NumericOID, v.Num, o.Num)
	case JSONBool:
		switch {
		case v.Bool == o.Bool:
			return 0
		case o.Bool:
			return -1
		}
		return 1
	case JSONArray, JSONObject:
		if n := len(v.Elems) - len(o.Elems); n != 0 {
			return sign(n)
		}
		for i := range v.Elems {
			if v.Kind == JSONObject {
				if c := strings.Compare(v.Keys[i], o.Keys[i]); c != 0 {
					return c
				}
			}
			if c := v.Elems[i].compare(o.Elems[i]); c != 0 {
				return c
			}
		}
	}
	return 0
}

func hashJSONB(d Datum, seed uint64) uint64 { return d.X.(*JSONB).hash(seed) }

func (v *JSONB) hash(seed uint64) uint64 {
	h := seed*31 + uint64(v.Kind)
	switch v.Kind {
	case JSONString:
		return Hash(TextOID, NewText(v.Str), h)
	case JSONNumber:
		return Hash(NumericOID, v.Num, h)
	case JSONBool:
		if v.Bool {
			h++
		}
	case JSONArray, JSONObject:
		for i, e := range v.Elems {
			if v.Kind == JSONObject {
				h = Hash(TextOID, NewText(v.Keys[i]), h)
			}
			h = e.hash(h)
		}
	}
	return h
}
