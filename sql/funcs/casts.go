package funcs

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/types"
)

// allows tells whether a cast declared for context need may happen in c.
func (c CastContext) allows(need CastContext) bool {
	return c == Explicit || need == Implicit || c == need
}

// FindCast returns how a value of type from becomes one of type to in the given
// context: identity, a row of pg_cast, or conversion through text, which is
// allowed to strings on assignment and from strings when explicit. Between arrays
// whose elements have a cast that needs work, the method is ByInOut and the
// caller is to cast each element. ok is false where PostgreSQL has no such cast.
func FindCast(from, to types.OID, ctx CastContext) (CastEntry, bool) {
	if from == to {
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, true
	}
	if e, ok := registry.castKeys[castKey{from, to}]; ok {
		if ctx.allows(e.Context) {
			return e, true
		}
		return CastEntry{}, false
	}
	if from == types.UnknownOID {
		return CastEntry{From: from, To: to, Context: Implicit, Method: ByInOut}, true
	}
	switch to {
	case types.AnyOID:
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, true
	case types.AnyArrayOID, types.AnyCompatibleArrayOID:
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, elemOf(from) != 0
	case types.AnyElementOID, types.AnyCompatibleOID:
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, true
	case types.AnyEnumOID:
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, types.IsEnum(from)
	case types.RecordOID:
		return CastEntry{From: from, To: to, Context: Implicit, Method: Binary}, types.Get(from) == nil
	}
	// PostgreSQL leaves int2vector and oidvector out here, which else would capture
	// what is meant for arrays.
	if fe, te := elemOf(from), elemOf(to); fe != 0 && te != 0 && to != types.Int2VectorOID && to != types.OidVectorOID {
		return arrayCast(from, to, fe, te, ctx)
	}
	return inOutCast(from, to, ctx)
}

func arrayCast(from, to, fe, te types.OID, ctx CastContext) (CastEntry, bool) {
	e, ok := FindCast(fe, te, ctx)
	if !ok {
		return CastEntry{}, false
	}
	if e.Method == Binary {
		return CastEntry{From: from, To: to, Context: e.Context, Method: Binary}, true
	}
	return CastEntry{From: from, To: to, Context: e.Context, Method: ByInOut}, true
}

func inOutCast(from, to types.OID, ctx CastContext) (CastEntry, bool) {
	need := CastContext(0)
	switch {
	case categoryOf(to) == 'S':
		need = Assignment
	case categoryOf(from) == 'S':
		need = Explicit
	default:
		return CastEntry{}, false
	}
	if !ctx.allows(need) || pseudo(to) || pseudo(from) && from != types.RecordOID && from != types.VoidOID {
		return CastEntry{}, false
	}
	return CastEntry{From: from, To: to, Context: need, Method: ByInOut}, true
}

func pseudo(t types.OID) bool {
	ty := types.Get(t)
	return ty != nil && ty.Category == 'P'
}

// elemOf returns the element type of an array type (int2vector and oidvector
// included), or 0.
func elemOf(t types.OID) types.OID {
	if ty := types.Get(t); ty != nil && ty.Category == 'A' { // name has elements and is none
		return ty.Elem
	}
	return 0
}

func arrayOf(t types.OID) types.OID {
	if t == types.UnknownOID {
		return types.TextArrayOID
	}
	if ty := types.Get(t); ty != nil {
		return ty.Array
	}
	return types.RecordArrayOID
}

func isTrueArray(t types.OID) bool { return elemOf(t) != 0 }

func isPolymorphic(t types.OID) bool {
	switch t {
	case types.AnyElementOID, types.AnyArrayOID, types.AnyNonArrayOID, types.AnyEnumOID,
		types.AnyCompatibleOID, types.AnyCompatibleArrayOID, types.AnyCompatibleNonArrayOID:
		return true
	}
	return false
}

// CommonType is the type that the values of a construct (what: "CASE", "UNION",
// "ARRAY" …) are all coerced to (manual, section 10.5). Unknown alone gives text.
func CommonType(what string, ts []types.OID) (types.OID, error) {
	t, err := ChooseType(what, ts)
	if err != nil {
		return 0, err
	}
	for _, o := range ts {
		if !canCoerce(o, t, Implicit) {
			return 0, pgerr.New(pgerr.CannotCoerce, "%s could not convert type %s to %s", what, typeName(o), typeName(t))
		}
	}
	return t, nil
}

// ChooseType is CommonType for a caller who coerces the values and so sees for itself
// whether they go.
func ChooseType(what string, ts []types.OID) (types.OID, error) {
	t, bad := commonType(ts)
	if bad != 0 {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", what, typeName(t), typeName(bad))
	}
	return t, nil
}

// commonType returns the chosen type, and the type that does not go with it or 0.
func commonType(ts []types.OID) (t, bad types.OID) {
	t = types.UnknownOID
	for _, o := range ts {
		switch {
		case o == types.UnknownOID || o == t:
		case t == types.UnknownOID:
			t = o
		case categoryOf(o) != categoryOf(t):
			return t, o
		case !preferred(t) && canCoerce(t, o, Implicit) && !canCoerce(o, t, Implicit):
			t = o
		}
	}
	if t == types.UnknownOID {
		t = types.TextOID
	}
	return t, 0
}

// solve resolves polymorphic argument types declared by a function against the
// actual ones, and its result type. Types that are not polymorphic stay.
func solve(declared, actual []types.OID, result types.OID) (args []types.OID, res types.OID, err error) {
	elem, array, err := solveSimple(declared, actual)
	if err != nil {
		return nil, 0, err
	}
	compat, err := solveCompatible(declared, actual)
	if err != nil {
		return nil, 0, err
	}
	sub := func(t types.OID) types.OID {
		switch t {
		case types.AnyElementOID, types.AnyNonArrayOID, types.AnyEnumOID:
			return elem
		case types.AnyArrayOID:
			if array != 0 || elem == 0 {
				return array
			}
			return arrayOf(elem)
		case types.AnyCompatibleOID, types.AnyCompatibleNonArrayOID:
			return compat
		case types.AnyCompatibleArrayOID:
			return arrayOf(compat)
		}
		return t
	}
	args = make([]types.OID, len(declared))
	for i, d := range declared {
		args[i] = sub(d)
		if args[i] == 0 {
			return nil, 0, undetermined()
		}
	}
	if res = sub(result); res == 0 {
		if result == types.AnyArrayOID && elem != 0 {
			return nil, 0, pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", typeName(elem))
		}
		return nil, 0, undetermined()
	}
	return args, res, nil
}

func undetermined() error {
	return pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
}

// solveSimple resolves the family anyelement, anyarray, anynonarray, anyenum:
// all actual types must agree exactly.
func solveSimple(declared, actual []types.OID) (elem, array types.OID, err error) {
	found := false
	for i, d := range declared {
		a := actual[i]
		switch d {
		case types.AnyElementOID, types.AnyNonArrayOID, types.AnyEnumOID:
			found = true
			if a == types.UnknownOID {
				continue
			}
			if elem != 0 && elem != a {
				return 0, 0, notAlike("anyelement", elem, a)
			}
			if d == types.AnyNonArrayOID && isTrueArray(a) {
				return 0, 0, pgerr.New(pgerr.DatatypeMismatch, "type matched to anynonarray is an array type: %s", typeName(a))
			}
			if d == types.AnyEnumOID && !types.IsEnum(a) {
				return 0, 0, pgerr.New(pgerr.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", typeName(a))
			}
			elem = a
		case types.AnyArrayOID:
			found = true
			if a == types.UnknownOID {
				continue
			}
			if array != 0 && array != a {
				return 0, 0, notAlike("anyarray", array, a)
			}
			if a != types.AnyArrayOID && elemOf(a) == 0 {
				return 0, 0, pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", "anyarray", typeName(a))
			}
			array = a
		}
	}
	if elem == 0 && slices.Contains(declared, types.AnyEnumOID) {
		return 0, 0, pgerr.New(pgerr.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", typeName(types.UnknownOID))
	}
	if !found || array == 0 || array == types.AnyArrayOID {
		return elem, array, nil
	}
	if e := elemOf(array); elem == 0 {
		elem = e
	} else if elem != e {
		return 0, 0, pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement").
			WithDetail("%s versus %s", typeName(array), typeName(elem))
	}
	return elem, array, nil
}

func notAlike(what string, a, b types.OID) error {
	return pgerr.New(pgerr.DatatypeMismatch, "arguments declared \"%s\" are not all alike", what).
		WithDetail("%s versus %s", typeName(a), typeName(b))
}

// solveCompatible resolves the family anycompatible: the common type of all.
func solveCompatible(declared, actual []types.OID) (types.OID, error) {
	var ts []types.OID
	for i, d := range declared {
		switch d {
		case types.AnyCompatibleOID, types.AnyCompatibleNonArrayOID:
			ts = append(ts, actual[i])
		case types.AnyCompatibleArrayOID:
			if actual[i] == types.UnknownOID {
				ts = append(ts, types.UnknownOID)
				continue
			}
			e := elemOf(actual[i])
			if e == 0 {
				return 0, pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", "anycompatiblearray", typeName(actual[i]))
			}
			ts = append(ts, e)
		}
	}
	if len(ts) == 0 {
		return 0, nil
	}
	return CommonType("arguments of anycompatible family", ts)
}
