package funcs

import (
	"bytes"
	"cmp"
	"math"

	"zorya/pgerr"
	"zorya/sql/types"
)

// compareRecordKernels compare records column by column: as values, and as bytes (the
// operators with an asterisk). Columns must have the same types.
func compareRecordKernels() kernels {
	out := kernels{}
	for name, op := range map[string]string{"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="} {
		test := strategyTest(op)
		for prefix, field := range map[string]func(t types.OID, a, b types.Datum) int{"record_": types.Compare, "record_image_": imageOrder} {
			values := prefix == "record_"
			out[prefix+name] = kernel{eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) {
				order, err := recordOrder(args[0].X.(*types.Record), args[1].X.(*types.Record), field, values, op == "=" || op == "<>")
				return types.NewBool(test(order)), err
			}}
		}
	}
	return out
}

// recordOrder compares two records; NULL is above all. With values the types must have
// the operators for that.
func recordOrder(a, b *types.Record, field func(types.OID, types.Datum, types.Datum) int, values, equality bool) (int, error) {
	for i := 0; i < min(len(a.Fields), len(b.Fields)); i++ {
		t := a.Types[i].OID
		if u := b.Types[i].OID; t != u {
			return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				types.FormatType(types.Of(t)), types.FormatType(types.Of(u)), i+1)
		}
		if values && Comparison('=', t, t) == nil {
			what := "a comparison function"
			if equality {
				what = "an equality operator"
			}
			return 0, pgerr.New(pgerr.UndefinedFunction, "could not identify %s for type %s", what, types.FormatType(types.Of(t)))
		}
		x, y := a.Fields[i], b.Fields[i]
		order := 0
		switch {
		case x.IsNull() || y.IsNull():
			order = cmp.Compare(bit(x.IsNull()), bit(y.IsNull()))
		default:
			order = field(t, x, y)
		}
		if order != 0 {
			return order, nil
		}
	}
	if len(a.Fields) != len(b.Fields) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

// imageOrder compares the bytes of two values: those of numbers as a number without a
// sign.
func imageOrder(t types.OID, a, b types.Datum) int {
	switch a.Kind {
	case types.KindInt, types.KindBool:
		return cmp.Compare(uint64(a.I), uint64(b.I))
	case types.KindFloat:
		return cmp.Compare(math.Float64bits(a.F), math.Float64bits(b.F))
	}
	return bytes.Compare(types.AppendText(nil, t, a, types.DefaultFormat), types.AppendText(nil, t, b, types.DefaultFormat))
}
