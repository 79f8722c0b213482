package funcs

import (
	"math"

	"zorya/pgerr"
	"zorya/sql/types"
)

var (
	errOverflow  = pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
	errUnderflow = pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
	errInputOut  = pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range")
)

// checked returns v unless it became infinite or zero where the operands say
// that it must not.
func checked(v float64, infOK, zeroOK bool) (float64, error) {
	if math.IsInf(v, 0) && !infOK {
		return 0, errOverflow
	}
	if v == 0 && !zeroOK {
		return 0, errUnderflow
	}
	return v, nil
}

func inf(v float64) bool { return math.IsInf(v, 0) }

func addFloat(a, b float64) (float64, error) { return checked(a+b, inf(a) || inf(b), true) }
func subFloat(a, b float64) (float64, error) { return checked(a-b, inf(a) || inf(b), true) }
func mulFloat(a, b float64) (float64, error) {
	return checked(a*b, inf(a) || inf(b), a == 0 || b == 0)
}
func divFloat(a, b float64) (float64, error) {
	if b == 0 && !math.IsNaN(a) {
		return 0, errDiv0
	}
	return checked(a/b, inf(a), a == 0 || inf(b))
}

// narrow rounds to float4 with float4's range.
func narrow(f func(a, b float64) (float64, error)) func(a, b float64) (float64, error) {
	return func(a, b float64) (float64, error) {
		v, err := f(a, b)
		if err != nil {
			return 0, err
		}
		r := float64(float32(v))
		return checked(r, inf(v) || inf(a) || inf(b), v == 0 || inf(b))
	}
}

func floatKernels() kernels {
	ops := map[string]func(a, b float64) (float64, error){"pl": addFloat, "mi": subFloat, "mul": mulFloat, "div": divFloat}
	out := kernels{}
	for op, f := range ops {
		out["float4"+op] = lift2(floatLane, floatLane, floatLane, narrow(f))
		for _, w := range []string{"8", "48", "84"} {
			out["float"+w+op] = lift2(floatLane, floatLane, floatLane, f)
		}
	}
	for _, w := range []string{"4", "8"} {
		out["float"+w+"um"] = pure1(floatLane, floatLane, func(v float64) float64 { return -v })
		out["float"+w+"up"] = same()
		out["float"+w+"abs"] = pure1(floatLane, floatLane, math.Abs)
	}
	return merge(out, floatCasts(), floatMath(), trigonometry())
}

func floatCasts() kernels {
	toInt := func(w intWidth) kernel {
		return lift1(floatLane, intLane, func(v float64) (int64, error) {
			r := math.RoundToEven(v)
			if math.IsNaN(r) || r < float64(w.min) || r >= -float64(w.min) {
				return 0, w.err
			}
			return int64(r), nil
		})
	}
	widen := pure1(intLane, floatLane, func(v int64) float64 { return float64(v) })
	short := pure1(intLane, floatLane, func(v int64) float64 { return float64(float32(v)) })
	return kernels{
		"i2tod": widen, "i4tod": widen, "i8tod": widen, "i2tof": short, "i4tof": short, "i8tof": short,
		"dtoi2": toInt(width2), "dtoi4": toInt(width4), "dtoi8": toInt(width8),
		"ftoi2": toInt(width2), "ftoi4": toInt(width4), "ftoi8": toInt(width8),
		"ftod": same(),
		"dtof": lift1(floatLane, floatLane, func(v float64) (float64, error) {
			return checked(float64(float32(v)), inf(v), v == 0)
		}),
	}
}

// simple lifts a float function without errors of its own.
func simple(f func(float64) float64) kernel { return pure1(floatLane, floatLane, f) }

func floatMath() kernels {
	return kernels{
		"dround": simple(math.RoundToEven), "dtrunc": simple(math.Trunc), "dceil": simple(math.Ceil), "dfloor": simple(math.Floor),
		"dsign": simple(func(v float64) float64 {
			switch {
			case v > 0:
				return 1
			case v < 0:
				return -1
			}
			return 0
		}),
		"dsqrt": lift1(floatLane, floatLane, func(v float64) (float64, error) {
			if v < 0 {
				return 0, pgerr.New(pgerr.InvalidArgumentForPower, "cannot take square root of a negative number")
			}
			return math.Sqrt(v), nil
		}),
		"dcbrt": simple(ccbrt),
		"dexp": lift1(floatLane, floatLane, func(v float64) (float64, error) {
			return checked(cexp(v), inf(v), math.IsInf(v, -1))
		}),
		"dlog1":               lift1(floatLane, floatLane, logarithm(clog)),
		"dlog10":              lift1(floatLane, floatLane, logarithm(clog10)),
		"dpow":                lift2(floatLane, floatLane, floatLane, powFloat),
		"dpi":                 scalar(func([]types.Datum) (types.Datum, error) { return types.NewFloat(math.Pi), nil }),
		"degrees":             simple(func(v float64) float64 { return v / (math.Pi / 180) }),
		"radians":             simple(func(v float64) float64 { return v * (math.Pi / 180) }),
		"width_bucket_float8": scalar(widthBucketFloat),
	}
}

func logarithm(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if v == 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of zero")
		}
		if v < 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
		}
		return f(v), nil
	}
}

func powFloat(a, b float64) (float64, error) {
	switch {
	case math.IsNaN(a) && b == 0, a == 1:
		return 1, nil
	case math.IsNaN(a) || math.IsNaN(b):
		return math.NaN(), nil
	case a == 0 && b < 0:
		return 0, pgerr.New(pgerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case a < 0 && !inf(b) && b != math.Floor(b):
		return 0, pgerr.New(pgerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	return checked(cpow(a, b), inf(a) || inf(b), a == 0 || inf(a) || inf(b))
}

func widthBucketFloat(a []types.Datum) (types.Datum, error) {
	v, lo, hi, n := a[0].F, a[1].F, a[2].F, a[3].I
	bad := func(text string) (types.Datum, error) {
		return types.Null, pgerr.New("2201G", "%s", text)
	}
	switch {
	case n <= 0:
		return bad("count must be greater than zero")
	case math.IsNaN(v) || math.IsNaN(lo) || math.IsNaN(hi):
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case inf(lo) || inf(hi):
		return bad("lower and upper bounds must be finite")
	case lo == hi:
		return bad("lower bound cannot equal upper bound")
	}
	below, above := v < lo, v >= hi
	pos := (v - lo) / (hi - lo)
	if lo > hi {
		below, above = v > lo, v <= hi
		pos = (lo - v) / (lo - hi)
	}
	switch {
	case below:
		return types.NewInt(0), nil
	case above:
		if n == math.MaxInt32 {
			return types.Null, errInt4
		}
		return types.NewInt(n + 1), nil
	}
	return types.NewInt(min(int64(float64(n)*pos), n-1) + 1), nil
}

func trigonometry() kernels {
	// finite refuses infinite arguments, unit those outside [-1, 1].
	finite := func(f func(float64) float64) kernel {
		return lift1(floatLane, floatLane, func(v float64) (float64, error) {
			if inf(v) {
				return 0, errInputOut
			}
			return f(v), nil
		})
	}
	bounded := func(lo, hi float64, f func(float64) float64) kernel {
		return lift1(floatLane, floatLane, func(v float64) (float64, error) {
			if v < lo || v > hi {
				return 0, errInputOut
			}
			return f(v), nil
		})
	}
	return kernels{
		"dsin": finite(csin), "dcos": finite(ccos), "dtan": finite(ctan),
		"dcot":  finite(func(v float64) float64 { return 1 / ctan(v) }),
		"dasin": bounded(-1, 1, casin), "dacos": bounded(-1, 1, cacos), "datan": simple(catan),
		"datan2": pure2(floatLane, floatLane, floatLane, catan2),
		"dsind":  finite(sinDegrees), "dcosd": finite(cosDegrees), "dtand": finite(tanDegrees), "dcotd": finite(cotDegrees),
		"dasind": bounded(-1, 1, asinDegrees), "dacosd": bounded(-1, 1, acosDegrees), "datand": simple(atanDegrees),
		"datan2d": pure2(floatLane, floatLane, floatLane, atan2Degrees),
		"dsinh":   simple(csinh), "dcosh": simple(ccosh), "dtanh": simple(ctanh), "dasinh": simple(casinh),
		"dacosh": bounded(1, math.Inf(1), cacosh), "datanh": bounded(-1, 1, catanh),
	}
}
