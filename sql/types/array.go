package types

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"zorya/pgerr"
)

// arrayOps are the functions of all array types; those of the elements are their
// type's. An *Array says what its elements are.
func arrayOps() *ops {
	return &ops{kind: KindArray, parse: parseArray, text: arrayText, recv: recvArray, send: sendArray, compare: compareArrays, hash: hashArray, typmod: arrayTypmod}
}

// maxDims is PostgreSQL's MAXDIM.
const maxDims = 6

// CheckDims fails if an array may not have so many dimensions.
func CheckDims(n int) error {
	if n > maxDims {
		return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, maxDims)
	}
	return nil
}

// maxArraySize is PostgreSQL's MaxArraySize.
const maxArraySize = (1<<30 - 1) / 8

func malformedArray(s, detail string, args ...any) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", s).WithDetail(detail, args...)
}

// An arrayParser reads an array literal (PostgreSQL manual, 8.15.6).
type arrayParser struct {
	s     string
	at    int
	t     T // of the elements
	f     *Format
	a     *Array
	delim byte
	// known: the length of a dimension has been seen.
	known []bool
}

func parseArray(t T, s string, f *Format) (Datum, error) {
	ty := Get(t.OID)
	if ty == nil || ty.Elem == 0 {
		return Null, pgerr.New(pgerr.FeatureNotSupported, "cannot accept a value of type %s", FormatType(Of(t.OID)))
	}
	p := &arrayParser{s: s, t: T{ty.Elem, t.Typmod}, f: f, a: &Array{Elem: ty.Elem}, delim: ','}
	p.space()
	lower, dims, err := p.bounds()
	if err != nil {
		return Null, err
	}
	if p.at >= len(s) || s[p.at] != '{' {
		if dims != nil {
			return Null, malformedArray(s, "Array contents must start with \"{\".")
		}
		return Null, malformedArray(s, "Array value must start with \"{\" or dimension information.")
	}
	if err := p.level(0); err != nil {
		return Null, err
	}
	p.space()
	if p.at < len(s) {
		return Null, malformedArray(s, "Junk after closing right brace.")
	}
	a := p.a
	if len(a.Elems) == 0 {
		a.Dims = nil
	}
	if dims != nil {
		if len(dims) != len(a.Dims) {
			return Null, malformedArray(s, "Specified array dimensions do not match array contents.")
		}
		for i := range dims {
			if dims[i] != a.Dims[i] {
				return Null, malformedArray(s, "Specified array dimensions do not match array contents.")
			}
			if lower[i]+dims[i] > math.MaxInt32 {
				return Null, pgerr.New(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", lower[i])
			}
		}
		a.Lower = lower
	} else if len(a.Dims) > 0 {
		a.Lower = make([]int, len(a.Dims))
		for i := range a.Lower {
			a.Lower[i] = 1
		}
	}
	return Datum{Kind: KindArray, X: a}, nil
}

func (p *arrayParser) space() {
	for p.at < len(p.s) && isArraySpace(p.s[p.at]) {
		p.at++
	}
}

func isArraySpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// bounds reads [1:2][0:3]=.
func (p *arrayParser) bounds() (lower, dims []int, err error) {
	bad := func(detail string) ([]int, []int, error) { return nil, nil, malformedArray(p.s, "%s", detail) }
	for p.at < len(p.s) && p.s[p.at] == '[' {
		p.at++
		lo, ok := p.number()
		if !ok {
			return bad("\"[\" must introduce explicitly-specified array dimensions.")
		}
		hi := lo
		if p.at < len(p.s) && p.s[p.at] == ':' {
			p.at++
			if hi, ok = p.number(); !ok {
				return bad("Missing array dimension value.")
			}
		} else {
			lo = 1
		}
		if p.at >= len(p.s) || p.s[p.at] != ']' {
			return bad("Missing \"]\" after array dimensions.")
		}
		p.at++
		if hi < lo {
			return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if len(dims) == maxDims {
			return nil, nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (%d)", maxDims)
		}
		lower, dims = append(lower, lo), append(dims, hi-lo+1)
		p.space()
	}
	if dims == nil {
		return nil, nil, nil
	}
	if p.at >= len(p.s) || p.s[p.at] != '=' {
		return bad("Missing \"=\" after array dimensions.")
	}
	p.at++
	p.space()
	return lower, dims, nil
}

func (p *arrayParser) number() (int, bool) {
	from := p.at
	if p.at < len(p.s) && (p.s[p.at] == '-' || p.s[p.at] == '+') {
		p.at++
	}
	for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.ParseInt(p.s[from:p.at], 10, 32)
	return int(n), err == nil
}

// level reads { … } at a depth; p.at is at the brace.
func (p *arrayParser) level(depth int) error {
	if err := CheckDims(depth + 1); err != nil {
		return err
	}
	p.at++
	n, nested := 0, false
	for {
		p.space()
		if p.at >= len(p.s) {
			return malformedArray(p.s, "Unexpected end of input.")
		}
		switch c := p.s[p.at]; {
		case c == '}' && n == 0 && depth == 0:
			p.at++
			return p.close(depth, 0)
		case c == '{':
			if n > 0 && !nested {
				return malformedArray(p.s, "Unexpected \"{\" character.")
			}
			nested = true
			if err := p.level(depth + 1); err != nil {
				return err
			}
		case c == '}':
			return malformedArray(p.s, "Unexpected \"}\" character.")
		case c == p.delim:
			return malformedArray(p.s, "Unexpected \"%c\" character.", p.delim)
		default:
			if nested || len(p.a.Dims) > depth+1 {
				return p.uneven()
			}
			if err := p.element(); err != nil {
				return err
			}
		}
		n++
		p.space()
		switch {
		case p.at >= len(p.s):
			return malformedArray(p.s, "Unexpected end of input.")
		case p.s[p.at] == '}':
			p.at++
			return p.close(depth, n)
		case p.s[p.at] == p.delim:
			p.at++
		default:
			return malformedArray(p.s, "Unexpected array element.")
		}
	}
}

func (p *arrayParser) uneven() error {
	return malformedArray(p.s, "Multidimensional arrays must have sub-arrays with matching dimensions.")
}

// close notes the length of a finished level: all of one depth have the same.
func (p *arrayParser) close(depth, n int) error {
	for len(p.a.Dims) <= depth {
		p.a.Dims = append(p.a.Dims, 0)
		p.known = append(p.known, false)
	}
	if p.known[depth] && p.a.Dims[depth] != n {
		return p.uneven()
	}
	p.known[depth], p.a.Dims[depth] = true, n
	if len(p.a.Elems) > maxArraySize {
		return pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArraySize)
	}
	return nil
}

// element reads one element: quoted or not.
func (p *arrayParser) element() error {
	var b strings.Builder
	quoted, escaped := false, false
	if p.s[p.at] == '"' {
		quoted = true
		p.at++
		for {
			if p.at >= len(p.s) {
				return malformedArray(p.s, "Unexpected end of input.")
			}
			c := p.s[p.at]
			p.at++
			if c == '"' {
				break
			}
			if c == '\\' {
				if p.at >= len(p.s) {
					return malformedArray(p.s, "Unexpected end of input.")
				}
				c = p.s[p.at]
				p.at++
			}
			b.WriteByte(c)
		}
	} else {
		for p.at < len(p.s) && p.s[p.at] != p.delim && p.s[p.at] != '}' && p.s[p.at] != '{' {
			c := p.s[p.at]
			if c == '"' {
				return malformedArray(p.s, "Incorrectly quoted array element.")
			}
			p.at++
			if c == '\\' {
				if p.at >= len(p.s) {
					return malformedArray(p.s, "Unexpected end of input.")
				}
				c, escaped = p.s[p.at], true
				p.at++
			}
			b.WriteByte(c)
		}
		if p.at < len(p.s) && p.s[p.at] == '{' {
			return malformedArray(p.s, "Unexpected \"{\" character.")
		}
	}
	text := b.String()
	if !quoted {
		text = strings.TrimRight(text, " \t\n\v\f\r")
		if !escaped && strings.EqualFold(text, "null") {
			p.a.Elems = append(p.a.Elems, Null)
			return nil
		}
	}
	d, err := Parse(p.t, text, p.f)
	p.a.Elems = append(p.a.Elems, d)
	return err
}

// arrayText prints an array, with its bounds if they are not 1.
func arrayText(dst []byte, d Datum, f *Format) []byte {
	a := d.X.(*Array)
	if len(a.Elems) == 0 {
		return append(dst, "{}"...)
	}
	plain := true
	for i := range a.Dims {
		plain = plain && a.lower(i) == 1
	}
	if !plain {
		for i, n := range a.Dims {
			dst = append(dst, '[')
			dst = strconv.AppendInt(dst, int64(a.lower(i)), 10)
			dst = append(dst, ':')
			dst = strconv.AppendInt(dst, int64(a.lower(i)+n-1), 10)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	rest := a.Elems
	return a.level(dst, 0, &rest, f)
}

func (a *Array) lower(i int) int {
	if i < len(a.Lower) {
		return a.Lower[i]
	}
	return 1
}

func (a *Array) level(dst []byte, depth int, rest *[]Datum, f *Format) []byte {
	dst = append(dst, '{')
	for i := range a.Dims[depth] {
		if i > 0 {
			dst = append(dst, ',')
		}
		if depth+1 < len(a.Dims) {
			dst = a.level(dst, depth+1, rest, f)
			continue
		}
		if len(*rest) == 0 {
			break
		}
		e := (*rest)[0]
		*rest = (*rest)[1:]
		if e.IsNull() {
			dst = append(dst, "NULL"...)
			continue
		}
		from := len(dst)
		dst = AppendText(dst, a.Elem, e, f)
		dst = quoteElement(dst, from)
	}
	return append(dst, '}')
}

// quoteElement quotes the element that stands in dst from a place on, if it must be.
func quoteElement(dst []byte, from int) []byte {
	s := string(dst[from:])
	need := s == "" || strings.EqualFold(s, "null")
	for i := 0; i < len(s) && !need; i++ {
		need = s[i] == '"' || s[i] == '\\' || s[i] == '{' || s[i] == '}' || s[i] == ',' || isArraySpace(s[i])
	}
	if !need {
		return dst
	}
	dst = append(dst[:from], '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func badArrayBinary() error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "insufficient data left in message")
}

func recvArray(t T, b []byte, f *Format) (Datum, error) {
	ty := Get(t.OID)
	u32 := func() (uint32, bool) {
		if len(b) < 4 {
			return 0, false
		}
		v := binary.BigEndian.Uint32(b)
		b = b[4:]
		return v, true
	}
	ndim, ok1 := u32()
	flags, ok2 := u32()
	elem, ok3 := u32()
	switch {
	case !ok1 || !ok2 || !ok3:
		return Null, badArrayBinary()
	case ndim > maxDims:
		return Null, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", ndim, maxDims)
	case flags > 1:
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid array flags")
	case ty == nil || OID(elem) != ty.Elem:
		return Null, pgerr.New(pgerr.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)",
			elem, FormatType(Of(OID(elem))), ty.Elem, FormatType(Of(ty.Elem)))
	}
	a := &Array{Elem: ty.Elem}
	n := 1
	for range ndim {
		dim, ok1 := u32()
		lower, ok2 := u32()
		if !ok1 || !ok2 || int32(dim) < 0 {
			return Null, badArrayBinary()
		}
		if n *= int(dim); n > maxArraySize || n > len(b) {
			return Null, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArraySize)
		}
		a.Dims, a.Lower = append(a.Dims, int(dim)), append(a.Lower, int(int32(lower)))
	}
	if ndim == 0 {
		n = 0
	}
	for range n {
		size, ok := u32()
		if !ok {
			return Null, badArrayBinary()
		}
		if int32(size) < 0 {
			a.Elems = append(a.Elems, Null)
			continue
		}
		if int(size) > len(b) {
			return Null, badArrayBinary()
		}
		e, err := ParseBinary(T{ty.Elem, t.Typmod}, b[:size], f)
		if err != nil {
			return Null, err
		}
		a.Elems = append(a.Elems, e)
		b = b[size:]
	}
	if n == 0 {
		a.Dims, a.Lower = nil, nil
	}
	return Datum{Kind: KindArray, X: a}, nil
}

func sendArray(dst []byte, d Datum) []byte {
	a := d.X.(*Array)
	flags := uint32(0)
	for _, e := range a.Elems {
		if e.IsNull() {
			flags = 1
		}
	}
	dims := a.Dims
	if len(a.Elems) == 0 {
		dims = nil
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(dims)))
	dst = binary.BigEndian.AppendUint32(dst, flags)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.Elem))
	for i, n := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		dst = binary.BigEndian.AppendUint32(dst, uint32(int32(a.lower(i))))
	}
	for _, e := range a.Elems {
		dst = appendSized(dst, a.Elem, e)
	}
	return dst
}

// appendSized appends a value's length and its binary form; -1 for NULL.
func appendSized(dst []byte, t OID, d Datum) []byte {
	if d.IsNull() {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	at := len(dst)
	dst = AppendBinary(append(dst, 0, 0, 0, 0), t, d)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// compareArrays is array_cmp: element by element, then the number of elements, of
// dimensions, the dimensions and the lower bounds.
func compareArrays(x, y Datum) int {
	a, b := x.X.(*Array), y.X.(*Array)
	for i := 0; i < min(len(a.Elems), len(b.Elems)); i++ {
		if c := compareNulls(a.Elem, a.Elems[i], b.Elems[i]); c != 0 {
			return c
		}
	}
	if c := len(a.Elems) - len(b.Elems); c != 0 {
		return sign(c)
	}
	if c := len(a.Dims) - len(b.Dims); c != 0 {
		return sign(c)
	}
	for i := range a.Dims {
		if c := a.Dims[i] - b.Dims[i]; c != 0 {
			return sign(c)
		}
	}
	for i := range a.Dims {
		if c := a.lower(i) - b.lower(i); c != 0 {
			return sign(c)
		}
	}
	return 0
}

// compareNulls compares two values that may be NULL, which comes last.
func compareNulls(t OID, a, b Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	}
	return Compare(t, a, b)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func hashArray(d Datum, seed uint64) uint64 {
	a := d.X.(*Array)
	h := seed ^ uint64(len(a.Elems))*0x9e3779b97f4a7c15
	for _, e := range a.Elems {
		if e.IsNull() {
			h = h*31 + 1
		} else {
			h = h*31 ^ Hash(a.Elem, e, seed)
		}
	}
	return h
}

// arrayTypmod coerces each element.
func arrayTypmod(t T, d Datum, explicit bool) (Datum, error) {
	a := d.X.(*Array)
	c := *a
	c.Elems = make([]Datum, len(a.Elems))
	for i, e := range a.Elems {
		var err error
		if c.Elems[i], err = ApplyTypmod(T{a.Elem, t.Typmod}, e, explicit); err != nil {
			return Null, err
		}
	}
	return Datum{Kind: KindArray, X: &c}, nil
}
