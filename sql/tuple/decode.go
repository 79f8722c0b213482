package tuple

import (
	"encoding/binary"

	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// A Decoder reads chosen columns from the pairs of one index. Immutable: many may
// use it at once.
type Decoder struct {
	t         *catalog.Table
	idx       *catalog.Index
	layout    layout
	keyCols   []keyTarget // from the index's key, in order
	base      []keyTarget // from the row's key at the end of an entry
	values    []valueTarget
	secondary bool
}

// A keyTarget is key column number key, wanted at out.
type keyTarget struct{ key, out int }

// A valueTarget is a column in the value.
type valueTarget struct {
	place
	at      int // number in the layout
	out     int
	kind    types.Kind
	t       types.T
	missing types.Datum // in rows older than the column
}

// NewDecoder makes a Decoder of the columns attrs (indexes in t.Columns) from the
// pairs of idx, which must cover them (see Covers).
func NewDecoder(t *catalog.Table, idx *catalog.Index, attrs []int) *Decoder {
	d := &Decoder{t: t, idx: idx, secondary: !idx.Primary}
	if d.secondary {
		d.layout = newLayout(t, storedInEntry(t, idx))
	} else {
		d.layout = rowLayout(t)
	}
	for out, c := range attrs {
		if k := keyNumber(idx, c); k >= 0 && !idx.Hidden {
			d.keyCols = append(d.keyCols, keyTarget{k, out})
		} else if at := d.layout.find(c); at >= 0 {
			d.values = append(d.values, d.target(at, out))
		} else if k := keyNumber(t.Primary, c); d.secondary && k >= 0 {
			d.base = append(d.base, keyTarget{k, out})
		}
	}
	return d
}

// keyNumber is which key column of idx gives back column c; -1 if none does.
func keyNumber(idx *catalog.Index, c int) int {
	for i, k := range idx.Keys {
		if k.Col == c && types.KeyRecoverable(k.T.OID) {
			return i
		}
	}
	return -1
}

func (l *layout) find(c int) int {
	for i := range l.cols {
		if l.cols[i].col == c && l.cols[i].width >= 0 {
			return i
		}
	}
	return -1
}

func (d *Decoder) target(at, out int) valueTarget {
	p := d.layout.cols[at]
	col := &d.t.Columns[p.col]
	v := valueTarget{place: p, at: at, out: out, kind: types.KindOf(col.T.OID), t: col.T}
	if col.Missing != nil {
		v.missing, _ = types.Parse(col.T, *col.Missing, types.DefaultFormat)
	}
	return v
}

// Decode reads a pair into row: row[i] is column attrs[i]. The values share nothing
// with key and value.
func (d *Decoder) Decode(key kv.Key, value []byte, row []types.Datum) error {
	value, err := d.decodeKey(key, value, row)
	if err != nil || len(d.values) == 0 {
		return err
	}
	r, err := d.parts(value)
	if err != nil {
		return err
	}
	for i := range d.values {
		v := &d.values[i]
		switch {
		case v.at >= r.n:
			row[v.out] = v.missing
		case r.null(v.at):
			row[v.out] = types.Null
		default:
			if row[v.out], err = r.value(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// A Scratch is what DecodeTo works with, on behalf of one goroutine.
type Scratch struct {
	Row   []types.Datum // as many as there are columns
	Texts types.Texts
}

// DecodeTo adds a pair to vectors that hold n values: out[i] gets column attrs[i].
func (d *Decoder) DecodeTo(key kv.Key, value []byte, s *Scratch, out []*types.Vec, n int) error {
	value, err := d.decodeKey(key, value, s.Row)
	if err != nil {
		return err
	}
	for _, k := range d.keyCols {
		addKey(out[k.out], n, &s.Row[k.out])
	}
	for _, k := range d.base {
		addKey(out[k.out], n, &s.Row[k.out])
	}
	if len(d.values) == 0 {
		return nil
	}
	r, err := d.parts(value)
	if err != nil {
		return err
	}
	for i := range d.values {
		v := &d.values[i]
		switch {
		case v.at >= r.n:
			out[v.out].Add(n, v.missing)
		case r.null(v.at):
			out[v.out].AddNulls(n, 1)
		case v.width > 0 && (v.kind == types.KindInt || v.kind == types.KindBool):
			out[v.out].AddInt(n, v.kind, getInt(r.fixed[v.fixed:], v.width))
		case v.width == 0 && v.kind == types.KindBytes:
			text, ok := r.variable(v.fixed)
			if !ok {
				return corrupt("row")
			}
			out[v.out].AddText(n, s.Texts.Make(text))
		default:
			x, err := r.value(v)
			if err != nil {
				return err
			}
			out[v.out].Add(n, x)
		}
	}
	return nil
}

func addKey(v *types.Vec, n int, d *types.Datum) {
	if d.Kind == types.KindInt {
		v.AddInt(n, types.KindInt, d.I)
	} else {
		v.Add(n, *d)
	}
}

// decodeKey reads the columns that are in the key, and returns the bytes that hold the
// others.
func (d *Decoder) decodeKey(key kv.Key, value []byte, row []types.Datum) ([]byte, error) {
	if len(d.keyCols) == 0 && (!d.secondary || len(d.base) == 0 && len(d.values) == 0) {
		return value, nil
	}
	rest, err := d.keys(key, row)
	if err != nil {
		return nil, err
	}
	if d.secondary && len(rest) == 0 {
		if rest, value, err = splitSuffix(value); err != nil {
			return nil, err
		}
	}
	if len(d.base) > 0 {
		if _, err := readKeys(d.t.Primary, rest, d.base, row); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// keys reads the key columns of key; of a secondary index it returns what follows.
func (d *Decoder) keys(key kv.Key, row []types.Datum) ([]byte, error) {
	if len(key) < prefixLen {
		return nil, corrupt("index key")
	}
	rest, err := readKeys(d.idx, key[prefixLen:], d.keyCols, row)
	if err != nil || !d.secondary {
		return nil, err
	}
	from := 0
	if n := len(d.keyCols); n > 0 {
		from = lastKey(d.keyCols) + 1
	}
	for i := from; i < len(d.idx.Keys); i++ {
		if rest, err = types.SkipKey(rest, d.idx.Keys[i].T.OID); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func lastKey(targets []keyTarget) int {
	last := -1
	for _, t := range targets {
		last = max(last, t.key)
	}
	return last
}

// readKeys reads the wanted key columns and returns what follows the last of them.
func readKeys(idx *catalog.Index, rest []byte, targets []keyTarget, row []types.Datum) ([]byte, error) {
	for i, last := 0, lastKey(targets); i <= last; i++ {
		k := &idx.Keys[i]
		if plainInt(k.T.OID) {
			if n, after, ok := types.TakeInt(rest); ok {
				for _, t := range targets {
					if t.key == i {
						row[t.out] = types.NewInt(n)
					}
				}
				rest = after
				continue
			}
		}
		after, err := types.SkipKey(rest, k.T.OID)
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			if t.key != i {
				continue
			}
			if row[t.out], _, err = types.DecodeKey(rest, k.T.OID, false, k.NullsFirst); err != nil {
				return nil, err
			}
		}
		rest = after
	}
	return rest, nil
}

// plainInt reports whether keys of a type are those of whole numbers.
func plainInt(t types.OID) bool {
	switch t {
	case types.Int2OID, types.Int4OID, types.Int8OID, types.DateOID, types.TimestampOID, types.TimestampTZOID:
		return true
	}
	return false
}

// parts finds the parts of a row's value.
func (d *Decoder) parts(b []byte) (r rowParts, err error) {
	if len(b) < 3 {
		return r, corrupt("row")
	}
	endWidth := 2
	switch b[0] {
	case rowVersion:
	case rowWide:
		endWidth = 4
	default:
		return r, corrupt("row")
	}
	n := int(b[1])<<8 | int(b[2])
	fixed, variable := d.layout.fixed, d.layout.variable
	if n < len(d.layout.cols) {
		fixed, variable = d.layout.sizes(n)
	}
	nulls := b[3:]
	head := (n + 7) / 8
	if n > len(d.layout.cols) || len(nulls) < head+fixed+variable*endWidth {
		return r, corrupt("row")
	}
	return rowParts{
		n: n, nulls: nulls[:head], fixed: nulls[head:], ends: nulls[head+fixed:],
		body: nulls[head+fixed+variable*endWidth:], endWidth: endWidth,
	}, nil
}

// rowParts is a row's value taken apart.
type rowParts struct {
	n                        int // columns that it has
	nulls, fixed, ends, body []byte
	endWidth                 int
}

func (r *rowParts) null(at int) bool { return r.nulls[at/8]&(1<<(at%8)) != 0 }

// value reads a column that is there and not NULL.
func (r *rowParts) value(v *valueTarget) (types.Datum, error) {
	if v.width > 0 {
		return getFixed(r.fixed[v.fixed:], v.width, v.kind), nil
	}
	text, ok := r.variable(v.fixed)
	if !ok {
		return types.Null, corrupt("row")
	}
	return readValue(text, v.t, v.kind)
}

// variable is the value of variable column i.
func (r *rowParts) variable(i int) ([]byte, bool) {
	from := 0
	if i > 0 {
		from = r.end(i - 1)
	}
	to := r.end(i)
	if from > to || to > len(r.body) {
		return nil, false
	}
	return r.body[from:to], true
}

func (r *rowParts) end(i int) int {
	if r.endWidth == 2 {
		return int(binary.LittleEndian.Uint16(r.ends[2*i:]))
	}
	return int(binary.LittleEndian.Uint32(r.ends[4*i:]))
}

// DecodeRow reads a whole row: one value for each of t.Columns.
func DecodeRow(t *catalog.Table, key kv.Key, value []byte) ([]types.Datum, error) {
	attrs := make([]int, len(t.Columns))
	for i := range attrs {
		attrs[i] = i
	}
	row := make([]types.Datum, len(attrs))
	err := NewDecoder(t, t.Primary, attrs).Decode(key, value, row)
	return row, err
}
