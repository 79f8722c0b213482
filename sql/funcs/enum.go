package funcs

import (
	"slices"

	"zorya/pgerr"
	"zorya/sql/types"
)

// enumKernels: functions that know the labels of an enumeration. Their argument says
// by its type which one is meant; it may be NULL.
func enumKernels() kernels {
	return kernels{
		"enum_first": overRanks(func(ranks []string, _ []types.Datum, _ types.OID) types.Datum { return types.NewText(ranks[0]) }),
		"enum_last": overRanks(func(ranks []string, _ []types.Datum, _ types.OID) types.Datum {
			return types.NewText(ranks[len(ranks)-1])
		}),
		"enum_range_all":    overRanks(func(ranks []string, _ []types.Datum, t types.OID) types.Datum { return rankArray(ranks, t) }),
		"enum_range_bounds": overRanks(rankRange),
	}
}

func overRanks(f func(ranks []string, args []types.Datum, t types.OID) types.Datum) kernel {
	return kernel{typed: func(c *Ctx, args []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
		t := ts[0].OID
		if !types.IsEnum(t) {
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "could not determine actual enum type")
		}
		env, err := c.env()
		if err != nil {
			return types.Null, err
		}
		ranks := env.EnumRanks(t)
		if len(ranks) == 0 {
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisite, "enum %s contains no values", typeName(t))
		}
		return f(ranks, args, t), nil
	}}
}

// rankRange is what lies between two values, both included; NULL is no bound.
func rankRange(ranks []string, args []types.Datum, t types.OID) types.Datum {
	in := slices.DeleteFunc(slices.Clone(ranks), func(r string) bool {
		return !args[0].IsNull() && r < args[0].S || !args[1].IsNull() && r > args[1].S
	})
	return rankArray(in, t)
}

func rankArray(ranks []string, t types.OID) types.Datum {
	a := &types.Array{Elem: t}
	for _, r := range ranks {
		a.Elems = append(a.Elems, types.NewText(r))
	}
	if len(ranks) > 0 {
		a.Dims, a.Lower = []int{len(ranks)}, []int{1}
	}
	return types.Datum{Kind: types.KindArray, X: a}
}
