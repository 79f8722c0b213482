package funcs

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

func windowKernels() kernels {
	plain := func(f func(p WinPartition, row int) types.Datum) kernel {
		return kernel{win: func(*Ctx) Win { return winFunc(f) }}
	}
	offset := func(sign int64, args int) kernel {
		return kernel{win: func(*Ctx) Win { return shifted{sign, args} }}
	}
	return kernels{
		"window_row_number": plain(func(_ WinPartition, row int) types.Datum { return types.NewInt(int64(row + 1)) }),
		"window_rank": plain(func(p WinPartition, row int) types.Datum {
			first, _ := p.PeerGroup(row)
			return types.NewInt(int64(first + 1))
		}),
		"window_dense_rank": {win: func(*Ctx) Win { return &denseRank{} }},
		"window_percent_rank": plain(func(p WinPartition, row int) types.Datum {
			if p.Len() <= 1 {
				return types.NewFloat(0)
			}
			first, _ := p.PeerGroup(row)
			return types.NewFloat(float64(first) / float64(p.Len()-1))
		}),
		"window_cume_dist": plain(func(p WinPartition, row int) types.Datum {
			_, last := p.PeerGroup(row)
			return types.NewFloat(float64(last) / float64(p.Len()))
		}),
		"window_ntile": {win: func(*Ctx) Win { return &ntile{} }},
		"window_lag":   offset(-1, 1), "window_lag_with_offset": offset(-1, 2), "window_lag_with_offset_and_default": offset(-1, 3),
		"window_lead": offset(1, 1), "window_lead_with_offset": offset(1, 2), "window_lead_with_offset_and_default": offset(1, 3),
		"window_first_value": {win: func(*Ctx) Win { return nthValue{pick: firstInFrame} }},
		"window_last_value":  {win: func(*Ctx) Win { return nthValue{pick: lastInFrame} }},
		"window_nth_value":   {win: func(*Ctx) Win { return nthValue{} }},
	}
}

type winFunc func(p WinPartition, row int) types.Datum

func (f winFunc) Value(_ *Ctx, p WinPartition, row int) (types.Datum, error) { return f(p, row), nil }

// denseRank counts peer groups; rows come in order.
type denseRank struct{ rank int64 }

func (w *denseRank) Value(_ *Ctx, p WinPartition, row int) (types.Datum, error) {
	if row == 0 {
		w.rank = 0
	}
	if first, _ := p.PeerGroup(row); first == row {
		w.rank++
	}
	return types.NewInt(w.rank), nil
}

// ntile takes the number of buckets from the partition's first row that has one, and
// counts from there.
type ntile struct{ n, first int64 }

func (w *ntile) Value(_ *Ctx, p WinPartition, row int) (types.Datum, error) {
	if w.n == 0 {
		d := p.Arg(row, 0)
		if d.IsNull() {
			return types.Null, nil
		}
		if d.I <= 0 {
			return types.Null, pgerr.New("22014", "argument of ntile must be greater than zero")
		}
		w.n, w.first = d.I, int64(row)
	}
	total, n, r := int64(p.Len()), w.n, int64(row)-w.first
	size, extra := total/n, total%n
	if r < extra*(size+1) {
		return types.NewInt(r/(size+1) + 1), nil
	}
	return types.NewInt(extra + (r-extra*(size+1))/size + 1), nil
}

// shifted is lag and lead with so many arguments: the value, the offset (1) and
// the default (NULL).
type shifted struct {
	sign int64
	args int
}

func (w shifted) Value(_ *Ctx, p WinPartition, row int) (types.Datum, error) {
	by := int64(1)
	if w.args > 1 {
		d := p.Arg(row, 1)
		if d.IsNull() {
			return types.Null, nil
		}
		by = d.I
	}
	at := int64(row) + w.sign*by
	if at >= 0 && at < int64(p.Len()) {
		return p.Arg(int(at), 0), nil
	}
	if w.args > 2 {
		return p.Arg(row, 2), nil
	}
	return types.Null, nil
}

// nthValue takes its argument's value at a row of the frame.
type nthValue struct {
	pick func(p WinPartition, row int) int // nil: the second argument says which
}

func (w nthValue) Value(_ *Ctx, p WinPartition, row int) (types.Datum, error) {
	at := -1
	if w.pick != nil {
		at = w.pick(p, row)
	} else {
		d := p.Arg(row, 1)
		if d.IsNull() {
			return types.Null, nil
		}
		if d.I <= 0 {
			return types.Null, pgerr.New("22016", "argument of nth_value must be greater than zero")
		}
		at = nthInFrame(p, row, d.I)
	}
	if at < 0 {
		return types.Null, nil
	}
	return p.Arg(at, 0), nil
}

func firstInFrame(p WinPartition, row int) int { return nthInFrame(p, row, 1) }

func lastInFrame(p WinPartition, row int) int {
	first, last := p.Frame(row)
	for i := last - 1; i >= first; i-- {
		if p.InFrame(row, i) {
			return i
		}
	}
	return -1
}

func nthInFrame(p WinPartition, row int, n int64) int {
	first, last := p.Frame(row)
	for i := first; i < last; i++ {
		if p.InFrame(row, i) {
			if n--; n == 0 {
				return i
			}
		}
	}
	return -1
}
