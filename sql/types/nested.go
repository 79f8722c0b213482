package types

import (
	"encoding/binary"
	"strconv"
	"strings"

	"zorya/pgerr"
)

// nestedOps are the functions of types whose values have values inside: arrays,
// vectors, records.
func nestedOps() map[string]*ops {
	array := arrayOps()
	anyArray := *array
	anyArray.parse, anyArray.recv = nil, nil
	return map[string]*ops{
		"array":                array,
		"anyarray":             &anyArray,
		"int2vector oidvector": {kind: KindArray, parse: parseVector, text: vectorText, recv: recvArray, send: sendArray, compare: compareArrays, hash: hashArray},
		"record":               {kind: KindRecord, parse: parseRecord, text: recordText, send: sendRecord, compare: compareRecords, hash: hashRecord},
	}
}

// parseVector reads `1 2 3`. Vectors count from 0.
func parseVector(t T, s string, f *Format) (Datum, error) {
	a := &Array{Elem: Get(t.OID).Elem}
	for w := range strings.FieldsSeq(s) {
		d, err := Parse(Of(a.Elem), w, f)
		if err != nil {
			return Null, err
		}
		a.Elems = append(a.Elems, d)
	}
	if len(a.Elems) > 0 {
		a.Dims, a.Lower = []int{len(a.Elems)}, []int{0}
	}
	return Datum{Kind: KindArray, X: a}, nil
}

func vectorText(dst []byte, d Datum, _ *Format) []byte {
	for i, e := range d.X.(*Array).Elems {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendInt(dst, e.I, 10)
	}
	return dst
}

func parseRecord(T, string, *Format) (Datum, error) {
	return Null, pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
}

// recordText prints (1,"a b",).
func recordText(dst []byte, d Datum, f *Format) []byte {
	r := d.X.(*Record)
	dst = append(dst, '(')
	for i, e := range r.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.IsNull() {
			continue
		}
		from := len(dst)
		dst = AppendText(dst, r.Types[i].OID, e, f)
		checkLength(dst)
		dst = quoteField(dst, from)
	}
	return append(dst, ')')
}

// maxNestedText is the longest text of a row or array. PostgreSQL goes on to 1 GB; but a
// few dozen brackets get there, and what they write is charged to no query's memory.
const maxNestedText = 128 << 20

// checkLength stops the writing of a text that will be too long: quotes double with
// each level of records or arrays within each other.
func checkLength(text []byte) {
	if len(text) > maxNestedText/2 {
		panic(pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").
			WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", len(text), len(text)))
	}
}

func quoteField(dst []byte, from int) []byte {
	s := string(dst[from:])
	need := s == ""
	for i := 0; i < len(s) && !need; i++ {
		need = s[i] == '"' || s[i] == '\\' || s[i] == '(' || s[i] == ')' || s[i] == ',' || isArraySpace(s[i])
	}
	if !need {
		return dst
	}
	dst = append(dst[:from], '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, s[i])
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func sendRecord(dst []byte, d Datum) []byte {
	r := d.X.(*Record)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(r.Fields)))
	for i, e := range r.Fields {
		dst = binary.BigEndian.AppendUint32(dst, uint32(r.Types[i].OID))
		dst = appendSized(dst, r.Types[i].OID, e)
	}
	return dst
}

func compareRecords(x, y Datum) int {
	a, b := x.X.(*Record), y.X.(*Record)
	for i := 0; i < min(len(a.Fields), len(b.Fields)); i++ {
		if a.Fields[i].Kind != b.Fields[i].Kind && !a.Fields[i].IsNull() && !b.Fields[i].IsNull() {
			return sign(int(a.Types[i].OID) - int(b.Types[i].OID))
		}
		if c := compareNulls(a.Types[i].OID, a.Fields[i], b.Fields[i]); c != 0 {
			return c
		}
	}
	return sign(len(a.Fields) - len(b.Fields))
}

func hashRecord(d Datum, seed uint64) uint64 {
	r := d.X.(*Record)
	h := seed + 0x9e3779b97f4a7c15
	for i, e := range r.Fields {
		if e.IsNull() {
			h = h*31 + 1
		} else {
			h = h*31 ^ Hash(r.Types[i].OID, e, seed)
		}
	}
	return h
}
