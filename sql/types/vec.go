package types

import "strings"

// BatchSize is the most rows in a batch.
const BatchSize = 1024

// A Vec is a column of a batch: a kind, one slice of values in the field that the
// kind names (as in Datum), and which of them are NULL. Null is nil when none is.
// Strings in S may share memory with each other but never with buffers that are
// reused: a string taken from a Vec stays good for ever.
//
// A Vec made by one operator belongs to it until its next call of Next.
type Vec struct {
	Kind Kind
	Null []bool
	I    []int64
	F    []float64
	S    []string
	X    []any
}

// A Batch is Len rows of columns. Cols[i] has Len values at least. There is no
// selection vector: filters compact.
type Batch struct {
	Len  int
	Cols []*Vec
}

// NewVec returns a Vec of kind k with n zero values. KindNull gives a Vec in
// which every value is NULL and that has no storage.
func NewVec(k Kind, n int) *Vec {
	v := &Vec{Kind: k}
	v.Resize(n)
	return v
}

// Resize makes v hold n values, keeping storage; contents are undefined except
// that Null is nil.
func (v *Vec) Resize(n int) {
	v.Null = nil
	switch v.Kind {
	case KindNull:
	case KindBool, KindInt:
		v.I = grow(v.I, n)
	case KindFloat:
		v.F = grow(v.F, n)
	case KindBytes:
		v.S = grow(v.S, n)
	default:
		v.X = grow(v.X, n)
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// IsNull reports whether value i is NULL.
func (v *Vec) IsNull(i int) bool { return v.Kind == KindNull || v.Null != nil && v.Null[i] }

// SetNull marks value i of n as NULL.
func (v *Vec) SetNull(i, n int) {
	if v.Kind == KindNull {
		return
	}
	if v.Null == nil {
		v.Null = make([]bool, n)
	}
	v.Null[i] = true
}

// At returns value i.
func (v *Vec) At(i int) Datum {
	if v.IsNull(i) {
		return Datum{}
	}
	switch v.Kind {
	case KindBool, KindInt:
		return Datum{Kind: v.Kind, I: v.I[i]}
	case KindFloat:
		return Datum{Kind: v.Kind, F: v.F[i]}
	case KindBytes:
		return Datum{Kind: v.Kind, S: v.S[i]}
	default:
		return Datum{Kind: v.Kind, X: v.X[i]}
	}
}

// Set stores d at i of n. d must be NULL or of v's kind.
func (v *Vec) Set(i, n int, d Datum) {
	if d.Kind == KindNull {
		v.SetNull(i, n)
		return
	}
	if v.Null != nil {
		v.Null[i] = false
	}
	switch v.Kind {
	case KindBool, KindInt:
		v.I[i] = d.I
	case KindFloat:
		v.F[i] = d.F
	case KindBytes:
		v.S[i] = d.S
	default:
		v.X[i] = d.X
	}
}

// Append adds d at the end. d must be NULL or of v's kind.
func (v *Vec) Append(d Datum) {
	if v.Kind == KindNull {
		return
	}
	n := v.Len()
	if d.Kind == KindNull && v.Null == nil {
		v.Null = make([]bool, n, n+16)
	}
	if v.Null != nil {
		v.Null = append(v.Null, d.Kind == KindNull)
	}
	switch v.Kind {
	case KindBool, KindInt:
		v.I = append(v.I, d.I)
	case KindFloat:
		v.F = append(v.F, d.F)
	case KindBytes:
		v.S = append(v.S, d.S)
	default:
		v.X = append(v.X, d.X)
	}
}

// Len is the number of values; 0 for KindNull, which has no storage.
func (v *Vec) Len() int {
	switch v.Kind {
	case KindNull:
		return 0
	case KindBool, KindInt:
		return len(v.I)
	case KindFloat:
		return len(v.F)
	case KindBytes:
		return len(v.S)
	default:
		return len(v.X)
	}
}

// Fit prepares v, which holds n values, to take values of kind k: a Vec of NULLs only
// becomes one of that kind. It reports false if v holds another.
func (v *Vec) Fit(n int, k Kind) bool {
	if v.Kind == KindNull && k != KindNull {
		v.Kind = k
		v.Resize(n)
		if n > 0 {
			v.Null = make([]bool, n, max(n, 16))
			for i := range v.Null {
				v.Null[i] = true
			}
		}
	}
	return v.Kind == k
}

// Add appends d to v, which holds n values, and reports false if its kind is not v's.
func (v *Vec) Add(n int, d Datum) bool {
	if d.IsNull() {
		v.AddNulls(n, 1)
		return true
	}
	if !v.Fit(n, d.Kind) {
		return false
	}
	v.Append(d)
	return true
}

// AddInt is Add for a whole number or a bool: kind says which.
func (v *Vec) AddInt(n int, k Kind, i int64) bool {
	if v.Kind != k && !v.Fit(n, k) {
		return false
	}
	v.I = append(v.I, i)
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
	return true
}

// AddText is Add for a value of KindBytes.
func (v *Vec) AddText(n int, s string) bool {
	if v.Kind != KindBytes && !v.Fit(n, KindBytes) {
		return false
	}
	v.S = append(v.S, s)
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
	return true
}

// AddNulls appends count NULLs to v, which holds n values.
func (v *Vec) AddNulls(n, count int) {
	if v.Kind == KindNull {
		return
	}
	if v.Null == nil {
		v.Null = make([]bool, n, n+count)
	}
	for range count {
		v.Null = append(v.Null, true)
	}
	switch v.Kind {
	case KindBool, KindInt:
		v.I = append(v.I, make([]int64, count)...)
	case KindFloat:
		v.F = append(v.F, make([]float64, count)...)
	case KindBytes:
		v.S = append(v.S, make([]string, count)...)
	default:
		v.X = append(v.X, make([]any, count)...)
	}
}

// Texts makes strings, many from one allocation: a string keeps alive those of its block,
// which is larger or smaller as all of them will be kept or few.
type Texts struct {
	Block int // bytes
	block strings.Builder
}

// Make is string(b).
func (t *Texts) Make(b []byte) string {
	if 4*len(b) > t.Block {
		return string(b)
	}
	if t.block.Len()+len(b) > t.block.Cap() {
		t.block.Reset()
		t.block.Grow(t.Block)
	}
	from := t.block.Len()
	t.block.Write(b)
	return t.block.String()[from:]
}
