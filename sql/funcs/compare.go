package funcs

import (
	"cmp"
	"math"
	"strings"

	"zorya/sql/types"
)

// comparisonKernels gives a kernel to the function of every operator that is a
// btree strategy or the negator of equality: types compare through
// types.Compare, and numbers and strings through loops of their own.
func comparisonKernels() map[types.OID]kernel {
	out := map[types.OID]kernel{}
	eachLine(factOperators, func(f []string) {
		op := f[1]
		if len(op) > 2 && strings.HasPrefix(op, "~") && strings.HasSuffix(op, "~") && f[10] == "ineq" {
			// Byte by byte, as all text compares here: ~<~.
			out[oidOf(f[5])] = comparison(op[1:len(op)-1], oidOf(f[2]), oidOf(f[3]))
			return
		}
		unordered := f[9] == "0" // xid and cid are equal or not, no more
		if unordered && op != "<>" && !(op == "=" && types.KindOf(oidOf(f[2])) == types.KindInt) {
			return
		}
		if op == "<>" && f[7] != "=" || len(op) > 2 || op[0] == '*' || op[0] == '~' {
			return
		}
		out[oidOf(f[5])] = comparison(op, oidOf(f[2]), oidOf(f[3]))
	})
	return out
}

func comparison(op string, left, right types.OID) kernel {
	test := strategyTest(op)
	order := orderOf(left, right)
	k := kernel{eval: func(c *Ctx, args []types.Datum) (types.Datum, error) {
		return types.NewBool(test(order(c, args[0], args[1]))), nil
	}}
	switch {
	case types.KindOf(left) == types.KindNumeric && left == right, left == types.CharOID, left == types.XID8OID: // these two order as unsigned numbers
	case left != right && (dateLike(left) || dateLike(right)):
		return k
	case types.KindOf(left) == types.KindInt || types.KindOf(left) == types.KindBool:
		k.eval = func(_ *Ctx, args []types.Datum) (types.Datum, error) {
			return types.NewBool(test(cmp.Compare(args[0].I, args[1].I))), nil
		}
		k.vec = func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
			compareInto(op, args[0].I[:n], args[1].I[:n], out.I)
			return nil
		}
		return k
	case types.KindOf(left) == types.KindFloat:
		k.eval = func(_ *Ctx, args []types.Datum) (types.Datum, error) {
			return types.NewBool(test(compareFloat(args[0].F, args[1].F))), nil
		}
		k.vec = floatComparison(op, test)
		return k
	case left == types.TextOID && right == types.TextOID:
		k.vec = func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
			compareInto(op, args[0].S[:n], args[1].S[:n], out.I)
			return nil
		}
		return k
	}
	k.vec = func(c *Ctx, args []*types.Vec, n int, out *types.Vec) error {
		for i := 0; i < n; i++ {
			if out.Null == nil || !out.Null[i] {
				out.I[i] = bit(test(order(c, args[0].At(i), args[1].At(i))))
			}
		}
		return nil
	}
	return k
}

func strategyTest(op string) func(int) bool {
	switch op {
	case "<":
		return func(c int) bool { return c < 0 }
	case "<=":
		return func(c int) bool { return c <= 0 }
	case "=":
		return func(c int) bool { return c == 0 }
	case ">=":
		return func(c int) bool { return c >= 0 }
	case ">":
		return func(c int) bool { return c > 0 }
	}
	return func(c int) bool { return c != 0 }
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// compareInto is the inner loop of comparisons: one per operator, without calls.
func compareInto[T cmp.Ordered](op string, a, b []T, out []int64) {
	b, out = b[:len(a)], out[:len(a)]
	switch op {
	case "<":
		for i, x := range a {
			out[i] = bit(x < b[i])
		}
	case "<=":
		for i, x := range a {
			out[i] = bit(x <= b[i])
		}
	case "=":
		for i, x := range a {
			out[i] = bit(x == b[i])
		}
	case ">=":
		for i, x := range a {
			out[i] = bit(x >= b[i])
		}
	case ">":
		for i, x := range a {
			out[i] = bit(x > b[i])
		}
	default:
		for i, x := range a {
			out[i] = bit(x != b[i])
		}
	}
}

func floatComparison(op string, test func(int) bool) func(*Ctx, []*types.Vec, int, *types.Vec) error {
	return func(_ *Ctx, args []*types.Vec, n int, out *types.Vec) error {
		a, b := args[0].F[:n], args[1].F[:n]
		for i := range a {
			if a[i] != a[i] || b[i] != b[i] {
				out.I[i] = bit(test(compareFloat(a[i], b[i])))
				continue
			}
			compareInto(op, a[i:i+1], b[i:i+1], out.I[i:i+1])
		}
		return nil
	}
}

// compareFloat orders as btree does: NaN equals NaN and is above all.
func compareFloat(a, b float64) int {
	switch an, bn := math.IsNaN(a), math.IsNaN(b); {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	return cmp.Compare(a, b)
}

func dateLike(t types.OID) bool {
	return t == types.DateOID || t == types.TimestampOID || t == types.TimestampTZOID
}

// orderOf returns the three-way comparison between two types that have
// comparison operators.
func orderOf(left, right types.OID) func(c *Ctx, a, b types.Datum) int {
	if left != right && dateLike(left) && dateLike(right) {
		return func(c *Ctx, a, b types.Datum) int {
			x, y := instant(c, left, right, a.I), instant(c, right, left, b.I)
			if x == y && infiniteTimestamp(x) { // a finite date may be beyond all finite timestamps
				return cmp.Compare(beyond(right, b.I), beyond(left, a.I)) * cmp.Compare(x, 0)
			}
			return cmp.Compare(x, y)
		}
	}
	t := left
	if t == types.AnyArrayOID || t == types.RecordOID {
		return func(_ *Ctx, a, b types.Datum) int { return types.Compare(t, a, b) }
	}
	if left == types.NameOID || right == types.NameOID || t == types.TextOID {
		return func(_ *Ctx, a, b types.Datum) int { return cmp.Compare(a.S, b.S) }
	}
	return func(_ *Ctx, a, b types.Datum) int { return types.Compare(t, a, b) }
}

// beyond is 1 for a date that is finite, 0 for an infinite value.
func beyond(t types.OID, v int64) int {
	if t == types.DateOID && !infiniteDate(v) {
		return 1
	}
	return 0
}

// instant brings a date or timestamp to the scale on which it is compared with a
// value of type with: microseconds, of UTC if either is a timestamptz.
func instant(c *Ctx, t, with types.OID, v int64) int64 {
	if t == types.DateOID {
		v = dateToTimestamp(v)
	}
	if with == types.TimestampTZOID && t != types.TimestampTZOID {
		return localToUTC(v, c.zone())
	}
	return v
}

// familyKernel gives kernels to functions whose names follow a pattern over all
// types: …_larger and …_smaller, and the btree support functions …cmp.
func familyKernel(key string, fn *Func) (kernel, bool) {
	if len(fn.Args) != 2 || fn.Set {
		return kernel{}, false
	}
	order := orderOf(fn.Args[0], fn.Args[1])
	pick := func(sign int) kernel {
		return kernel{eval: func(c *Ctx, args []types.Datum) (types.Datum, error) {
			if order(c, args[0], args[1])*sign > 0 {
				return args[0], nil
			}
			return args[1], nil
		}}
	}
	switch {
	case hasSuffix(key, "larger") && fn.Args[0] == fn.Args[1]:
		return pick(1), true
	case hasSuffix(key, "smaller") && fn.Args[0] == fn.Args[1]:
		return pick(-1), true
	case hasSuffix(key, "cmp") && fn.Result == types.Int4OID && types.Get(fn.Args[0]) != nil:
		return kernel{eval: func(c *Ctx, args []types.Datum) (types.Datum, error) {
			return types.NewInt(int64(order(c, args[0], args[1]))), nil
		}}, true
	}
	return kernel{}, false
}

func hasSuffix(s, suffix string) bool {
	return len(s) > len(suffix) && s[len(s)-len(suffix):] == suffix
}
