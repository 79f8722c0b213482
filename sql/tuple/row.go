package tuple

import (
	"encoding/binary"
	"math"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

// A row's value is
//
//	version | columns (2 bytes) | null bitmap | fixed part | ends | variable part
//
// The fixed part has a place for each column of fixed width, NULL or not; ends has
// where each other column's value ends in the variable part, in 2 bytes each, or 4
// in a row of version rowWide. So any column is found without reading the others,
// and a row that was written before a column was added tells it by its number of
// columns. Columns that the key gives back are not stored.
const (
	rowVersion = 1
	rowWide    = 2
)

// A layout says where a row's columns stand. Immutable.
type layout struct {
	t    *catalog.Table
	cols []place // in order of their place in the row
	// fixed and variable are the sizes of whole rows.
	fixed, variable int
}

// A place is a column of a layout.
type place struct {
	col   int // index in Table.Columns
	width int // of the fixed part; 0: the variable part; -1: not stored
	fixed int // offset in the fixed part, or number among the variable columns
}

// newLayout lays out the columns cols (indexes in t.Columns).
func newLayout(t *catalog.Table, cols []int) layout {
	l := layout{t: t, cols: make([]place, len(cols))}
	fixed, variable := 0, 0
	for i, c := range cols {
		p := place{col: c, width: widthOf(t.Columns[c].T.OID)}
		if p.width > 0 {
			p.fixed = fixed
			fixed += p.width
		} else {
			p.fixed = variable
			variable++
		}
		l.cols[i] = p
	}
	l.fixed, l.variable = fixed, variable
	return l
}

// rowLayout lays out the whole row of a table.
func rowLayout(t *catalog.Table) layout {
	cols := make([]int, len(t.Columns))
	for i := range cols {
		cols[i] = i
	}
	l := newLayout(t, cols)
	if t.Primary.Hidden {
		return l
	}
	fixed, variable := 0, 0
	for i := range l.cols {
		p := &l.cols[i]
		switch {
		case inKey(t.Primary, p.col):
			p.width, p.fixed = -1, 0
		case p.width > 0:
			p.fixed = fixed
			fixed += p.width
		default:
			p.fixed = variable
			variable++
		}
	}
	l.fixed, l.variable = fixed, variable
	return l
}

// sizes are the bytes of the fixed part and the number of variable columns among
// the first n columns.
func (l *layout) sizes(n int) (fixed, variable int) {
	for i := min(n, len(l.cols)) - 1; i >= 0; i-- {
		p := &l.cols[i]
		if p.width > 0 {
			fixed = max(fixed, p.fixed+p.width)
		} else if p.width == 0 {
			variable = max(variable, p.fixed+1)
		}
	}
	return fixed, variable
}

// widthOf is the bytes of a type's values if they are all as long; else 0.
func widthOf(t types.OID) int {
	ty := types.Get(t)
	if ty == nil {
		return 0
	}
	switch ty.Kind {
	case types.KindBool:
		return 1
	case types.KindInt:
		if t == types.Int2OID || t == types.Int4OID || t == types.DateOID {
			return int(ty.Len)
		}
		return 8 // oids have no sign
	case types.KindFloat:
		return 8
	case types.KindInterval:
		return 16
	case types.KindTimeTZ:
		return 12
	case types.KindBytes:
		if t == types.UUIDOID {
			return 16
		}
	}
	return 0
}

// EncodeRow is the value of a row. row has one value for each of t.Columns.
func EncodeRow(t *catalog.Table, row []types.Datum) []byte { return NewEncoder(t, t.Primary).Row(row) }

// room is about how many bytes the encoding of row's columns takes.
func (l *layout) room(row []types.Datum) int {
	n := 3 + (len(l.cols)+7)/8 + l.fixed + 2*l.variable
	for i := range l.cols {
		if p := &l.cols[i]; p.width == 0 {
			n += len(row[p.col].S)
		}
	}
	return n
}

// append appends the encoding of row's columns.
func (l *layout) append(dst []byte, row []types.Datum) []byte {
	start := len(dst)
	if out, ok := l.encode(dst, row, 2); ok {
		return out
	}
	out, _ := l.encode(dst[:start], row, 4)
	return out
}

// encode does what append does with ends of endWidth bytes, unless they are too
// narrow.
func (l *layout) encode(dst []byte, row []types.Datum, endWidth int) ([]byte, bool) {
	n, fixed, variable := len(l.cols), l.fixed, l.variable
	version := byte(rowVersion)
	if endWidth == 4 {
		version = rowWide
	}
	dst = append(dst, version, byte(n>>8), byte(n))
	nulls := len(dst)
	head := (n+7)/8 + fixed + variable*endWidth
	dst = append(dst, make([]byte, head)...)
	at := nulls + (n+7)/8
	ends := at + fixed
	body := nulls + head
	for i := range l.cols {
		p := &l.cols[i]
		if p.width < 0 {
			continue
		}
		d := row[p.col]
		if d.IsNull() || l.t.Columns[p.col].Dropped {
			dst[nulls+i/8] |= 1 << (i % 8)
		} else if p.width > 0 {
			putFixed(dst[at+p.fixed:], p.width, d)
		} else {
			dst = appendValue(dst, l.t.Columns[p.col].T.OID, d)
		}
		if p.width != 0 {
			continue
		}
		end := len(dst) - body
		if endWidth == 2 {
			if end > math.MaxUint16 {
				return dst, false
			}
			binary.LittleEndian.PutUint16(dst[ends+2*p.fixed:], uint16(end))
		} else {
			binary.LittleEndian.PutUint32(dst[ends+4*p.fixed:], uint32(end))
		}
	}
	return dst, true
}

// putFixed writes a value of fixed width.
func putFixed(b []byte, width int, d types.Datum) {
	switch d.Kind {
	case types.KindFloat:
		binary.LittleEndian.PutUint64(b, math.Float64bits(d.F))
	case types.KindBytes:
		copy(b[:width], d.S)
	case types.KindInterval:
		iv := d.X.(types.Interval)
		binary.LittleEndian.PutUint64(b, uint64(iv.Micros))
		binary.LittleEndian.PutUint32(b[8:], uint32(iv.Days))
		binary.LittleEndian.PutUint32(b[12:], uint32(iv.Months))
	case types.KindTimeTZ:
		tt := d.X.(types.TimeTZ)
		binary.LittleEndian.PutUint64(b, uint64(tt.Micros))
		binary.LittleEndian.PutUint32(b[8:], uint32(tt.Zone))
	default:
		for i := range width {
			b[i] = byte(d.I >> (8 * i))
		}
	}
}

// getFixed reads what putFixed wrote for a type.
func getFixed(b []byte, width int, kind types.Kind) types.Datum {
	switch kind {
	case types.KindFloat:
		return types.NewFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case types.KindBytes:
		return types.NewText(string(b[:width]))
	case types.KindInterval:
		return types.Datum{Kind: kind, X: types.Interval{
			Micros: int64(binary.LittleEndian.Uint64(b)),
			Days:   int32(binary.LittleEndian.Uint32(b[8:])),
			Months: int32(binary.LittleEndian.Uint32(b[12:])),
		}}
	case types.KindTimeTZ:
		return types.Datum{Kind: kind, X: types.TimeTZ{
			Micros: int64(binary.LittleEndian.Uint64(b)),
			Zone:   int32(binary.LittleEndian.Uint32(b[8:])),
		}}
	}
	return types.Datum{Kind: kind, I: getInt(b, width)}
}

func getInt(b []byte, width int) int64 {
	switch width {
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// appendValue writes a value of varying width.
func appendValue(dst []byte, t types.OID, d types.Datum) []byte {
	if d.Kind == types.KindBytes {
		return append(dst, d.S...)
	}
	return types.AppendBinary(dst, t, d)
}

// readValue reads what appendValue wrote.
func readValue(b []byte, t types.T, kind types.Kind) (types.Datum, error) {
	if kind == types.KindBytes {
		return types.NewText(string(b)), nil
	}
	return types.ParseBinary(types.Of(t.OID), b, types.DefaultFormat)
}
