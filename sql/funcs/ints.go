package funcs

import (
	"math"
	"math/bits"
	"strconv"

	"zorya/pgerr"
	"zorya/sql/types"
)

// An intWidth is one of PostgreSQL's integer types.
type intWidth struct {
	digit    string // in the names of C functions: 2, 4, 8
	min, max int64
	err      *pgerr.Error
}

var (
	errInt2 = pgerr.New(pgerr.NumericValueOutOfRange, "smallint out of range")
	errInt4 = pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
	errInt8 = pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
	errOID  = pgerr.New(pgerr.NumericValueOutOfRange, "OID out of range")
	errDiv0 = pgerr.New(pgerr.DivisionByZero, "division by zero")

	width2 = intWidth{"2", math.MinInt16, math.MaxInt16, errInt2}
	width4 = intWidth{"4", math.MinInt32, math.MaxInt32, errInt4}
	width8 = intWidth{"8", math.MinInt64, math.MaxInt64, errInt8}
	widths = []intWidth{width2, width4, width8}
)

func (w intWidth) check(v int64) (int64, error) {
	if v < w.min || v > w.max {
		return 0, w.err
	}
	return v, nil
}

func boolKernels() kernels {
	toText := func(b bool) string {
		if b {
			return "true"
		}
		return "false"
	}
	return kernels{
		"int4_bool": pure1(intLane, boolLane, func(v int64) bool { return v != 0 }),
		"bool_int4": pure1(boolLane, intLane, bit),
		"booltext":  pure1(boolLane, textLane, toText),
	}
}

// intKernels has arithmetic over all pairs of widths, which PostgreSQL names
// int4pl, int48pl …, and what exists for each width.
func intKernels() kernels {
	out := kernels{}
	for i, l := range widths {
		for j, r := range widths {
			w := widths[max(i, j)]
			name := "int" + l.digit + r.digit
			if i == j {
				name = "int" + l.digit
			}
			out[name+"pl"] = intOp(w, addInt, func(a, b, s int64) bool { return (a^s)&(b^s) < 0 })
			out[name+"mi"] = intOp(w, subInt, func(a, b, s int64) bool { return (a^b)&(a^s) < 0 })
			out[name+"mul"] = lift2(intLane, intLane, intLane, w.mul)
			out[name+"div"] = lift2(intLane, intLane, intLane, w.div)
		}
		out["int"+l.digit+"mod"] = lift2(intLane, intLane, intLane, modInt)
		intWidthKernels(out, l)
	}
	for name, w := range map[string]intWidth{
		"i2toi4": width4, "i4toi2": width2, "int84": width4, "int48": width8, "int82": width2, "int28": width8,
	} {
		out[name] = lift1(intLane, intLane, w.check)
	}
	out["i8tooid"] = lift1(intLane, intLane, func(v int64) (int64, error) {
		if v < 0 || v > math.MaxUint32 {
			return 0, errOID
		}
		return v, nil
	})
	out["oidtoi8"] = same()
	out["xid8toxid"] = lift1(intLane, intLane, func(v int64) (int64, error) { return v & math.MaxUint32, nil })
	out["to_hex32"] = pure1(intLane, textLane, func(v int64) string { return strconv.FormatUint(uint64(uint32(v)), 16) })
	out["to_hex64"] = pure1(intLane, textLane, func(v int64) string { return strconv.FormatUint(uint64(v), 16) })
	return out
}

func addInt(a, b int64) int64 { return a + b }
func subInt(a, b int64) int64 { return a - b }

// intOp is addition or subtraction with the loop inlined: the result is checked
// against the width, and for bigint against wrapping.
func intOp(w intWidth, op func(a, b int64) int64, wraps func(a, b, s int64) bool) kernel {
	one := func(a, b int64) (int64, error) {
		s := op(a, b)
		if wraps(a, b, s) {
			return 0, w.err
		}
		return w.check(s)
	}
	k := lift2(intLane, intLane, intLane, one)
	minus := op(0, 1) < 0
	k.vec = func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
		a, b, o := args[0].I[:n], args[1].I[:n], out.I[:n]
		for i, x := range a {
			y := b[i]
			var s int64
			var bad bool
			if minus {
				s = x - y
				bad = (x^y)&(x^s) < 0
			} else {
				s = x + y
				bad = (x^s)&(y^s) < 0
			}
			if (bad || s < w.min || s > w.max) && (out.Null == nil || !out.Null[i]) {
				return w.err
			}
			o[i] = s
		}
		return nil
	}
	return k
}

func (w intWidth) mul(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		hi -= uint64(b)
	}
	if b < 0 {
		hi -= uint64(a)
	}
	s := int64(lo)
	if int64(hi) != s>>63 {
		return 0, w.err
	}
	return w.check(s)
}

func (w intWidth) div(a, b int64) (int64, error) {
	if b == 0 {
		return 0, errDiv0
	}
	if b == -1 {
		if a == math.MinInt64 {
			return 0, w.err
		}
		return w.check(-a)
	}
	return a / b, nil
}

func modInt(a, b int64) (int64, error) {
	if b == 0 {
		return 0, errDiv0
	}
	if b == -1 {
		return 0, nil
	}
	return a % b, nil
}

func intWidthKernels(out kernels, w intWidth) {
	name, size := "int"+w.digit, uint(w.digit[0]-'0')*8
	neg := func(v int64) (int64, error) {
		if v == w.min {
			return 0, w.err
		}
		return -v, nil
	}
	abs := func(v int64) (int64, error) {
		if v < 0 {
			return neg(v)
		}
		return v, nil
	}
	out[name+"um"] = lift1(intLane, intLane, neg)
	out[name+"abs"] = lift1(intLane, intLane, abs)
	out[name+"up"] = same()
	out[name+"and"] = pure2(intLane, intLane, intLane, func(a, b int64) int64 { return a & b })
	out[name+"or"] = pure2(intLane, intLane, intLane, func(a, b int64) int64 { return a | b })
	out[name+"xor"] = pure2(intLane, intLane, intLane, func(a, b int64) int64 { return a ^ b })
	out[name+"not"] = pure1(intLane, intLane, func(a int64) int64 { return ^a })
	out[name+"shl"] = pure2(intLane, intLane, intLane, func(a, b int64) int64 { return truncInt(a<<shift(b, size), size) })
	out[name+"shr"] = pure2(intLane, intLane, intLane, func(a, b int64) int64 { return a >> shift(b, size) })
	out[name+"gcd"] = lift2(intLane, intLane, intLane, w.gcd)
	out[name+"lcm"] = lift2(intLane, intLane, intLane, w.lcm)
	out[name+"inc"] = lift1(intLane, intLane, func(v int64) (int64, error) {
		if v == w.max {
			return 0, w.err
		}
		return v + 1, nil
	})
}

// shift brings a count into range as x86 does, on which PostgreSQL's tests rely;
// smallint is shifted as a 32-bit number.
func shift(by int64, size uint) uint64 { return uint64(by) & uint64(max(size, 32)-1) }

func truncInt(v int64, size uint) int64 { return v << (64 - size) >> (64 - size) }

func (w intWidth) gcd(a, b int64) (int64, error) {
	if a == w.min && (b == 0 || b == w.min) || b == w.min && a == 0 {
		return 0, w.err
	}
	x, y := absU(a), absU(b)
	for y != 0 {
		x, y = y, x%y
	}
	return int64(x), nil
}

func absU(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func (w intWidth) lcm(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := w.gcd(a, b)
	if err != nil {
		return 0, err
	}
	v, err := w.mul(a/g, b)
	if err != nil || v == w.min {
		return 0, w.err
	}
	if v < 0 {
		v = -v
	}
	return v, nil
}
