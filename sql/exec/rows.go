package exec

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

// Rows per chunk of a rowStore.
const (
	chunkBits = 10
	chunkMask = 1<<chunkBits - 1
)

// A rowStore keeps rows by column, in chunks of a batch each, and charges them to
// the query's account. Rows are numbered from 0. A column takes the kind of its
// first value that is not NULL, so that untyped NULL columns fit anywhere.
type rowStore struct {
	mem    *account
	kinds  []types.Kind
	chunks []*types.Batch
	n      int
	bytes  int64 // charged to mem
}

func newRowStore(mem *account, ncols int) *rowStore {
	return &rowStore{mem: mem, kinds: make([]types.Kind, ncols)}
}

// reset forgets all rows and gives the memory back.
func (s *rowStore) reset() {
	s.mem.release(s.bytes)
	s.chunks, s.n, s.bytes = nil, 0, 0
	clear(s.kinds)
}

// tail returns the chunk that takes the next rows and how many it has room for.
func (s *rowStore) tail() (*types.Batch, int) {
	if last := len(s.chunks) - 1; last >= 0 && s.chunks[last].Len < types.BatchSize {
		return s.chunks[last], types.BatchSize - s.chunks[last].Len
	}
	b := &types.Batch{Cols: make([]*types.Vec, len(s.kinds))}
	for i := range b.Cols {
		b.Cols[i] = &types.Vec{}
	}
	s.chunks = append(s.chunks, b)
	return b, types.BatchSize
}

// appendBatch copies all rows of b.
func (s *rowStore) appendBatch(b *types.Batch) error {
	for from := 0; from < b.Len; {
		t, room := s.tail()
		to := min(b.Len, from+room)
		var bytes int64
		for c := range s.kinds {
			src := b.Cols[c]
			if !appendRange(t.Cols[c], t.Len, src, from, to) {
				return kindError(t.Cols[c].Kind, src.Kind)
			}
			s.note(c, src.Kind)
			bytes += rangeBytes(src, from, to)
		}
		t.Len += to - from
		s.n += to - from
		from = to
		if err := s.charge(bytes); err != nil {
			return err
		}
	}
	return nil
}

// appendFrom copies the rows sel of b.
func (s *rowStore) appendFrom(b *types.Batch, sel []int) error {
	for len(sel) > 0 {
		t, room := s.tail()
		part := sel[:min(len(sel), room)]
		var bytes int64
		for c := range s.kinds {
			src := b.Cols[c]
			if !appendSel(t.Cols[c], t.Len, src, part) {
				return kindError(t.Cols[c].Kind, src.Kind)
			}
			s.note(c, src.Kind)
			for _, i := range part {
				bytes += rangeBytes(src, i, i+1)
			}
		}
		t.Len += len(part)
		s.n += len(part)
		sel = sel[len(part):]
		if err := s.charge(bytes); err != nil {
			return err
		}
	}
	return nil
}

// appendOne copies row i of columns.
func (s *rowStore) appendOne(cols []*types.Vec, i int) error {
	t, _ := s.tail()
	var bytes int64
	for c := range s.kinds {
		src := cols[c]
		if !appendRange(t.Cols[c], t.Len, src, i, i+1) {
			return kindError(t.Cols[c].Kind, src.Kind)
		}
		s.note(c, src.Kind)
		bytes += rangeBytes(src, i, i+1)
	}
	t.Len++
	s.n++
	return s.charge(bytes)
}

// appendRow copies one row.
func (s *rowStore) appendRow(row []types.Datum) error {
	t, _ := s.tail()
	var bytes int64
	for c := range s.kinds {
		d := row[c]
		if !t.Cols[c].Add(t.Len, d) {
			return kindError(t.Cols[c].Kind, d.Kind)
		}
		s.note(c, d.Kind)
		bytes += datumBytes(d)
	}
	t.Len++
	s.n++
	return s.charge(bytes)
}

func (s *rowStore) note(c int, k types.Kind) {
	if s.kinds[c] == types.KindNull {
		s.kinds[c] = k
	}
}

func (s *rowStore) charge(bytes int64) error {
	s.bytes += bytes
	return s.mem.grow(bytes)
}

func (s *rowStore) at(row, col int) types.Datum {
	return s.chunks[row>>chunkBits].Cols[col].At(row & chunkMask)
}

// vec returns the vector that holds column col of the row, and the place in it.
func (s *rowStore) vec(row, col int) (*types.Vec, int) {
	return s.chunks[row>>chunkBits].Cols[col], row & chunkMask
}

// row copies a row into dst.
func (s *rowStore) row(i int, dst []types.Datum) {
	b := s.chunks[i>>chunkBits]
	for c := range s.kinds {
		dst[c] = b.Cols[c].At(i & chunkMask)
	}
}

// batch returns rows from..(at most a chunk) as a view that shares the store's
// memory, for readers that walk it in order; nil past the end.
func (s *rowStore) batch(from int) *types.Batch {
	if from >= s.n {
		return nil
	}
	b := s.chunks[from>>chunkBits]
	at := from & chunkMask
	if at == 0 {
		return b
	}
	v := &types.Batch{Len: b.Len - at, Cols: make([]*types.Vec, len(b.Cols))}
	for c, col := range b.Cols {
		v.Cols[c] = sliceVec(col, at, b.Len)
	}
	return v
}

// gather fills out with column c of the given rows; row -1 gives NULL.
func (s *rowStore) gather(c int, rows []int32, out *types.Vec) {
	out.Kind = s.kinds[c]
	n := len(rows)
	out.Resize(n)
	if out.Kind == types.KindNull {
		return
	}
	for i, r := range rows {
		if r < 0 {
			out.SetNull(i, n)
			continue
		}
		v, at := s.chunks[r>>chunkBits].Cols[c], int(r&chunkMask)
		if v.IsNull(at) {
			out.SetNull(i, n)
			continue
		}
		switch out.Kind {
		case types.KindBool, types.KindInt:
			out.I[i] = v.I[at]
		case types.KindFloat:
			out.F[i] = v.F[at]
		case types.KindBytes:
			out.S[i] = v.S[at]
		default:
			out.X[i] = v.X[at]
		}
	}
}

// gatherBatch fills out's columns, from column at on, with the given rows.
func (s *rowStore) gatherBatch(rows []int32, out *types.Batch, at int) {
	for c := range s.kinds {
		s.gather(c, rows, out.Cols[at+c])
	}
	out.Len = len(rows)
}

func kindError(want, got types.Kind) error {
	return pgerr.New(pgerr.InternalError, "column of kind %d got a value of kind %d", want, got)
}

// newBatch makes an empty batch of n columns whose kinds are not known yet.
func newBatch(n int) *types.Batch {
	vs := make([]types.Vec, n)
	b := &types.Batch{Cols: make([]*types.Vec, n)}
	for i := range vs {
		b.Cols[i] = &vs[i]
	}
	return b
}

// resetBatch empties a batch that its operator fills by appending, keeping storage.
func resetBatch(b *types.Batch) {
	b.Len = 0
	for _, v := range b.Cols {
		v.Kind, v.Null = types.KindNull, nil
		v.I, v.F, v.S, v.X = v.I[:0], v.F[:0], v.S[:0], v.X[:0]
	}
}

// appendRange appends src[from:to] to v, which holds n values.
func appendRange(v *types.Vec, n int, src *types.Vec, from, to int) bool {
	if src.Kind == types.KindNull {
		v.AddNulls(n, to-from)
		return true
	}
	if !v.Fit(n, src.Kind) {
		return false
	}
	switch v.Kind {
	case types.KindBool, types.KindInt:
		v.I = append(v.I[:n], src.I[from:to]...)
	case types.KindFloat:
		v.F = append(v.F[:n], src.F[from:to]...)
	case types.KindBytes:
		v.S = append(v.S[:n], src.S[from:to]...)
	default:
		v.X = append(v.X[:n], src.X[from:to]...)
	}
	switch {
	case src.Null != nil:
		if v.Null == nil {
			v.Null = make([]bool, n, n+to-from)
		}
		v.Null = append(v.Null, src.Null[from:to]...)
	case v.Null != nil:
		v.Null = append(v.Null, make([]bool, to-from)...)
	}
	return true
}

// appendSel appends the values sel of src to v, which holds n values.
func appendSel(v *types.Vec, n int, src *types.Vec, sel []int) bool {
	if src.Kind == types.KindNull {
		v.AddNulls(n, len(sel))
		return true
	}
	if !v.Fit(n, src.Kind) {
		return false
	}
	switch v.Kind {
	case types.KindBool, types.KindInt:
		for _, i := range sel {
			v.I = append(v.I, src.I[i])
		}
	case types.KindFloat:
		for _, i := range sel {
			v.F = append(v.F, src.F[i])
		}
	case types.KindBytes:
		for _, i := range sel {
			v.S = append(v.S, src.S[i])
		}
	default:
		for _, i := range sel {
			v.X = append(v.X, src.X[i])
		}
	}
	switch {
	case src.Null != nil:
		if v.Null == nil {
			v.Null = make([]bool, n, n+len(sel))
		}
		for _, i := range sel {
			v.Null = append(v.Null, src.Null[i])
		}
	case v.Null != nil:
		v.Null = append(v.Null, make([]bool, len(sel))...)
	}
	return true
}

// gatherVec fills out with the values idx of src; -1 gives NULL.
func gatherVec(src *types.Vec, idx []int32, out *types.Vec) {
	out.Kind = src.Kind
	n := len(idx)
	out.Resize(n)
	if out.Kind == types.KindNull {
		return
	}
	for i, at := range idx {
		if at < 0 || src.Null != nil && src.Null[at] {
			out.SetNull(i, n)
			continue
		}
		switch out.Kind {
		case types.KindBool, types.KindInt:
			out.I[i] = src.I[at]
		case types.KindFloat:
			out.F[i] = src.F[at]
		case types.KindBytes:
			out.S[i] = src.S[at]
		default:
			out.X[i] = src.X[at]
		}
	}
}

// compact fills out with the rows sel of b.
func compact(b *types.Batch, sel []int, out *types.Batch) {
	resetBatch(out)
	for c, v := range b.Cols {
		appendSel(out.Cols[c], 0, v, sel)
	}
	out.Len = len(sel)
}

// sliceVec is v[from:to], sharing memory.
func sliceVec(v *types.Vec, from, to int) *types.Vec {
	s := &types.Vec{Kind: v.Kind}
	if v.Kind == types.KindNull {
		return s
	}
	if v.Null != nil {
		s.Null = v.Null[from:to]
	}
	switch v.Kind {
	case types.KindBool, types.KindInt:
		s.I = v.I[from:to]
	case types.KindFloat:
		s.F = v.F[from:to]
	case types.KindBytes:
		s.S = v.S[from:to]
	default:
		s.X = v.X[from:to]
	}
	return s
}

// sliceBatch is rows from..to of b, sharing memory.
func sliceBatch(b *types.Batch, from, to int) *types.Batch {
	s := &types.Batch{Len: to - from, Cols: make([]*types.Vec, len(b.Cols))}
	for c, v := range b.Cols {
		if v != nil { // expressions pass only the columns that they need
			s.Cols[c] = sliceVec(v, from, to)
		}
	}
	return s
}

// Bytes that a value of the kinds without a Go size is taken to need.
const boxedBytes = 64

func rangeBytes(v *types.Vec, from, to int) int64 {
	n := int64(to - from)
	switch v.Kind {
	case types.KindNull:
		return 0
	case types.KindBool, types.KindInt, types.KindFloat:
		return 8 * n
	case types.KindBytes:
		sum := 16 * n
		for _, s := range v.S[from:to] {
			sum += int64(len(s))
		}
		return sum
	default:
		return boxedBytes * n
	}
}

func datumBytes(d types.Datum) int64 {
	switch d.Kind {
	case types.KindNull:
		return 1
	case types.KindBool, types.KindInt, types.KindFloat:
		return 8
	case types.KindBytes:
		return 16 + int64(len(d.S))
	default:
		return boxedBytes
	}
}
