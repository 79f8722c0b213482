package funcs

import "zorya/sql/types"

// castKernels: length coercions (value, typmod [, explicit]), which pg_cast lists
// from a type to itself.
func castKernels() kernels {
	out := kernels{}
	for name, t := range map[string]types.OID{
		"bpchar": types.BpcharOID, "varchar": types.VarcharOID, "numeric": types.NumericOID, "interval_scale": types.IntervalOID,
		"timestamp_scale": types.TimestampOID, "timestamptz_scale": types.TimestampTZOID, "time_scale": types.TimeOID,
		"timetz_scale": types.TimeTZOID,
	} {
		out[name] = scalar(func(a []types.Datum) (types.Datum, error) {
			explicit := len(a) < 3 || a[2].Bool()
			return types.ApplyTypmod(types.T{OID: t, Typmod: int32(a[1].I)}, a[0], explicit)
		})
	}
	return out
}
