package funcs

import "zorya/sql/types"

// sendKernels: functions that give a value in its type's binary format.
func sendKernels() kernels {
	out := kernels{}
	eachLine(factFuncs, func(f []string) {
		args := oidsOf(f[2])
		if !hasSuffix(f[9], "send") || oidOf(f[3]) != types.ByteaOID || len(args) != 1 || types.Get(args[0]) == nil || types.Get(args[0]).Category == 'P' {
			return
		}
		out[f[9]] = scalar(func(a []types.Datum) (types.Datum, error) {
			return types.NewText(string(types.AppendBinary(nil, args[0], a[0]))), nil
		})
	})
	return out
}
