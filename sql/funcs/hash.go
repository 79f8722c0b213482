package funcs

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A jenkins is the state of PostgreSQL's hash function (Bob Jenkins' lookup3).
type jenkins struct{ a, b, c uint32 }

func newJenkins(size int, seed uint64) *jenkins {
	v := uint32(0x9e3779b9) + uint32(size) + 3923095
	h := &jenkins{v, v, v}
	if seed != 0 {
		h.a += uint32(seed >> 32)
		h.b += uint32(seed)
		h.mix()
	}
	return h
}

func (h *jenkins) mix() {
	step := func(x, y, z *uint32, n int) {
		*x -= *z
		*x ^= bits.RotateLeft32(*z, n)
		*z += *y
	}
	step(&h.a, &h.b, &h.c, 4)
	step(&h.b, &h.c, &h.a, 6)
	step(&h.c, &h.a, &h.b, 8)
	step(&h.a, &h.b, &h.c, 16)
	step(&h.b, &h.c, &h.a, 19)
	step(&h.c, &h.a, &h.b, 4)
}

// final returns the hash: the lower half is that without a seed.
func (h *jenkins) final() uint64 {
	step := func(x, y *uint32, n int) {
		*x ^= *y
		*x -= bits.RotateLeft32(*y, n)
	}
	step(&h.c, &h.b, 14)
	step(&h.a, &h.c, 11)
	step(&h.b, &h.a, 25)
	step(&h.c, &h.b, 16)
	step(&h.a, &h.c, 4)
	step(&h.b, &h.a, 14)
	step(&h.c, &h.b, 24)
	return uint64(h.b)<<32 | uint64(h.c)
}

func hashBytes(v string, seed uint64) uint64 {
	h := newJenkins(len(v), seed)
	k := []byte(v)
	for ; len(k) >= 12; k = k[12:] {
		h.a += binary.LittleEndian.Uint32(k)
		h.b += binary.LittleEndian.Uint32(k[4:])
		h.c += binary.LittleEndian.Uint32(k[8:])
		h.mix()
	}
	for i, x := range k {
		switch {
		case i < 4:
			h.a += uint32(x) << (8 * i)
		case i < 8:
			h.b += uint32(x) << (8 * (i - 4))
		default: // the lowest byte is the length's
			h.c += uint32(x) << (8 * (i - 7))
		}
	}
	return h.final()
}

func hashWord(v uint32, seed uint64) uint64 {
	h := newJenkins(4, seed)
	h.a += v
	return h.final()
}

// hashLong gives numbers that fit 32 bits the hash that they have there.
func hashLong(v int64, seed uint64) uint64 {
	high := uint32(v >> 32)
	if v < 0 {
		high = ^high
	}
	return hashWord(uint32(v)^high, seed)
}

func hashFloat(v float64, seed uint64) uint64 {
	if v == 0 {
		return seed
	}
	if math.IsNaN(v) {
		v = math.Float64frombits(0x7ff8000000000000)
	}
	return hashBytes(string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))), seed)
}
