package types

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// Odd constants with well mixed bits.
const (
	hashA = 0xa0761d6478bd642f
	hashB = 0xe7037ed1a0b428db
	hashC = 0x8ebc6af09c88c6e3
)

// mix folds the 128-bit product of two words.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashWord hashes one word.
func hashWord(v, seed uint64) uint64 { return mix(mix(v^hashA, seed^hashB), hashC) }

// hashString hashes bytes, eight at a time.
func hashString(s string, seed uint64) uint64 {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	h := seed ^ hashB
	for len(b) > 16 {
		h = mix(binary.LittleEndian.Uint64(b)^hashA, binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var x, y uint64
	switch n := len(b); {
	case n >= 8: // the words overlap when there are fewer than 16 bytes
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		x = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return mix(hashC^uint64(len(s)), mix(x^hashA, y^h))
}

func hashInts(d Datum, seed uint64) uint64 { return hashWord(uint64(d.I), seed) }

func hashTexts(d Datum, seed uint64) uint64 { return hashString(d.S, seed) }

// hashFloats gives all NaNs one hash, and both zeros.
func hashFloats(d Datum, seed uint64) uint64 {
	switch {
	case d.F != d.F:
		return hashWord(math.MaxUint64, seed)
	case d.F == 0:
		return hashWord(0, seed)
	}
	return hashWord(math.Float64bits(d.F), seed)
}
