package funcs

import (
	"errors"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// truth is the value of a predicate in a jsonpath.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	unknown
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func (t truth) json() *types.JSONB {
	if t == unknown {
		return &types.JSONB{}
	}
	return &types.JSONB{Kind: types.JSONBool, Bool: t == isTrue}
}

// test computes a predicate.
func (r *pathRun) test(x *types.PathItem, v pathValue) (truth, error) {
	switch x.Op {
	case types.PathAnd, types.PathOr:
		// What decides the one way or the other at once.
		decisive := truthOf(x.Op == types.PathOr)
		a, err := r.test(x.Left, v)
		if err != nil || a == decisive {
			return a, err
		}
		b, err := r.test(x.Right, v)
		if err != nil || b == decisive || b == unknown {
			return b, err
		}
		return a, nil
	case types.PathNot:
		t, err := r.test(x.Left, v)
		if t != unknown {
			t = truthOf(t == isFalse)
		}
		return t, err
	case types.PathIsUnknown:
		t, err := r.test(x.Left, v)
		return truthOf(t == unknown), err
	case types.PathExists:
		return r.testExists(x, v)
	}
	return r.compareAll(x, v)
}

// quiet collects like collect; ok is false if there was an error of the path.
func (r *pathRun) quiet(x *types.PathItem, v pathValue, unwrap bool) (list []pathValue, ok bool, err error) {
	list, err = r.collect(x, v, unwrap)
	var f *pathFail
	if errors.As(err, &f) {
		return nil, false, nil
	}
	return list, err == nil, err
}

func (r *pathRun) testExists(x *types.PathItem, v pathValue) (truth, error) {
	some, probing := false, r.probing
	r.probing = !r.strict
	defer func() { r.probing = probing }()
	err := r.item(x.Left, v, !r.strict, func(pathValue) error {
		some = true
		if r.strict {
			return nil
		}
		return errPathDone
	})
	var f *pathFail
	if errors.As(err, &f) {
		return unknown, nil
	}
	if err == errPathDone {
		err = nil
	}
	return truthOf(some), err
}

// compareAll compares each value of the left side with each of the right. Lax mode is
// content with the first that holds, strict mode must see that none is unknown.
func (r *pathRun) compareAll(x *types.PathItem, v pathValue) (truth, error) {
	left, ok, err := r.quiet(x.Left, v, true)
	if err != nil || !ok {
		return unknown, err
	}
	right := []pathValue{{}}
	if x.Right != nil {
		if right, ok, err = r.quiet(x.Right, v, x.Op != types.PathStartsWith); err != nil || !ok {
			return unknown, err
		}
	}
	result := isFalse
	for _, a := range left {
		for _, b := range right {
			t, err := r.compareOne(x, a, b)
			switch {
			case err != nil:
				return unknown, err
			case t == unknown && r.strict, t == isTrue && !r.strict:
				return t, nil
			case t != isFalse && result != isTrue:
				result = t
			}
		}
	}
	return result, nil
}

func (r *pathRun) compareOne(x *types.PathItem, a, b pathValue) (truth, error) {
	switch x.Op {
	case types.PathLikeRegex:
		return matchRegex(x, a)
	case types.PathStartsWith:
		return startsWith(a, b), nil
	}
	c, ok, err := r.order(a, b)
	if err != nil {
		return unknown, err
	}
	if a.kind() != b.kind() && (a.kind() == types.JSONNull || b.kind() == types.JSONNull) {
		return truthOf(x.Op == types.PathNotEqual), nil
	}
	if !ok {
		return unknown, nil
	}
	switch x.Op {
	case types.PathEqual:
		return truthOf(c == 0), nil
	case types.PathNotEqual:
		return truthOf(c != 0), nil
	case types.PathLess:
		return truthOf(c < 0), nil
	case types.PathGreater:
		return truthOf(c > 0), nil
	case types.PathLessOrEqual:
		return truthOf(c <= 0), nil
	}
	return truthOf(c >= 0), nil
}

// order compares two scalars; ok is false if they cannot be compared.
func (r *pathRun) order(a, b pathValue) (c int, ok bool, err error) {
	if a.kind() != b.kind() {
		return 0, false, nil
	}
	switch a.kind() {
	case types.JSONNull:
		return 0, true, nil
	case types.JSONBool:
		switch {
		case a.v.Bool == b.v.Bool:
			return 0, true, nil
		case a.v.Bool:
			return 1, true, nil
		}
		return -1, true, nil
	case types.JSONNumber:
		return types.Compare(types.NumericOID, a.v.Num, b.v.Num), true, nil
	case types.JSONString:
		return strings.Compare(a.v.Str, b.v.Str), true, nil
	case pathMoment:
		return r.orderMoments(a, b)
	}
	return 0, false, nil
}

// arithmetic applies a binary operator to two single numbers.
func (r *pathRun) arithmetic(x *types.PathItem, v pathValue, out sink) error {
	var n [2]dec
	lists := [2][]pathValue{}
	for i, side := range []*types.PathItem{x.Left, x.Right} {
		list, err := r.collect(side, v, true)
		if err != nil {
			return err
		}
		lists[i] = list
	}
	for i, what := range []string{"left", "right"} {
		if len(lists[i]) != 1 || lists[i][0].kind() != types.JSONNumber {
			return failPath(jsonNotSingleton, "%s operand of jsonpath operator %s is not a single numeric value", what, x.Op)
		}
		n[i] = decOf(lists[i][0].v.Num)
	}
	d, err := computeDec(x.Op, n[0], n[1])
	if err != nil {
		return &pathFail{err}
	}
	return r.next(x, pathValue{v: &types.JSONB{Kind: types.JSONNumber, Num: d}}, out)
}

func computeDec(op types.PathOp, a, b dec) (types.Datum, error) {
	var d dec
	var err error
	switch op {
	case types.PathAdd:
		d = addDec(a, b)
	case types.PathSub:
		d = subDec(a, b)
	case types.PathMul:
		d = mulDec(a, b)
	case types.PathDiv:
		d, err = divDec(a, b)
	default:
		d, err = modDec(a, b)
	}
	if err != nil {
		return types.Null, err
	}
	return d.checked()
}

// sign applies a unary operator to each number.
func (r *pathRun) sign(x *types.PathItem, v pathValue, out sink) error {
	list, err := r.collect(x.Left, v, true)
	if err != nil {
		return err
	}
	for _, y := range list {
		if y.kind() != types.JSONNumber && r.probing && x.Next == nil {
			continue
		}
		if y.kind() != types.JSONNumber {
			return failPath(jsonNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", x.Op)
		}
		if x.Op == types.PathMinus {
			y = pathValue{v: &types.JSONB{Kind: types.JSONNumber, Num: decOf(y.v.Num).neg().datum()}}
		}
		if err := r.next(x, y, out); err != nil {
			return err
		}
	}
	return nil
}

// orderMoments compares two dates or times; a zoned one with another only where time
// zones may be used.
func (r *pathRun) orderMoments(a, b pathValue) (int, bool, error) {
	if a.moment == b.moment {
		return types.Compare(a.moment, a.at, b.at), true, nil
	}
	common, ok := commonMoment(a.moment, b.moment)
	if !ok {
		return 0, false, nil
	}
	var d [2]types.Datum
	for i, x := range []pathValue{a, b} {
		d[i] = x.at
		if x.moment == common {
			continue
		}
		if !r.zoned && (common == types.TimestampTZOID || common == types.TimeTZOID) {
			return 0, false, pgerr.New(pgerr.FeatureNotSupported, "cannot convert value from %s to %s without time zone usage",
				types.Get(x.moment).Name, types.Get(common).Name).WithHint("Use *_tz() function for time zone support.")
		}
		var err error
		if d[i], err = r.castMoment(x, common); err != nil {
			return 0, false, err
		}
	}
	return types.Compare(common, d[0], d[1]), true, nil
}

// commonMoment is the type in which values of two types can be compared.
func commonMoment(a, b types.OID) (types.OID, bool) {
	isTime := func(t types.OID) bool { return t == types.TimeOID || t == types.TimeTZOID }
	switch {
	case isTime(a) != isTime(b):
		return 0, false
	case isTime(a):
		return types.TimeTZOID, true
	case a == types.TimestampTZOID || b == types.TimestampTZOID:
		return types.TimestampTZOID, true
	}
	return types.TimestampOID, true
}

func (r *pathRun) castMoment(x pathValue, to types.OID) (types.Datum, error) {
	e, ok := registry.castKeys[castKey{x.moment, to}]
	if !ok || e.Func == nil {
		return types.Null, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.moment), typeName(to))
	}
	return e.Func.Eval(r.c, []types.Datum{x.at})
}
