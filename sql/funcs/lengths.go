package funcs

import (
	"zorya/pgerr"
	"zorya/sql/types"
)

// castKernels: length coercions (value, typmod [, explicit]), which pg_cast lists
// from a type to itself.
func castKernels() kernels {
	out := kernels{}
	for name, t := range map[string]types.OID{
		"bpchar": types.BpcharOID, "varchar": types.VarcharOID, "numeric": types.NumericOID, "interval_scale": types.IntervalOID,
		"timestamp_scale": types.TimestampOID, "timestamptz_scale": types.TimestampTZOID, "time_scale": types.TimeOID,
		"timetz_scale": types.TimeTZOID,
	} {
		stamp := t == types.TimestampOID || t == types.TimestampTZOID
		out[name] = scalar(func(a []types.Datum) (types.Datum, error) {
			if p := a[1].I; stamp && p != -1 && (p < 0 || p > 6) {
				return types.Null, pgerr.New(pgerr.InvalidParameterValue, "timestamp(%d) precision must be between 0 and 6", p)
			}
			explicit := len(a) < 3 || a[2].Bool()
			return types.ApplyTypmod(types.T{OID: t, Typmod: int32(a[1].I)}, a[0], explicit)
		})
	}
	return out
}
