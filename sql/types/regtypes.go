package types

import "strconv"

// regOps are the functions of the types whose values are OIDs of objects. Names
// of objects are for those who know the catalog: here stand numbers and, except
// for operators, - for 0.
func regOps() map[string]*ops {
	out := map[string]*ops{}
	for _, name := range []string{"regproc", "regprocedure", "regoper", "regoperator", "regclass", "regtype",
		"regrole", "regnamespace", "regcollation"} {
		zero := "-"
		if name == "regoper" || name == "regoperator" {
			zero = "0"
		}
		o := unsignedOps(name)
		o.parse = func(_ T, s string, _ *Format) (Datum, error) {
			if s == "-" {
				return NewInt(0), nil
			}
			for i := range len(s) {
				if !isDigit(s[i]) {
					return Null, badSyntax(name, s)
				}
			}
			n, err := strconv.ParseUint(s, 10, 32)
			switch {
			case s == "":
				return Null, badSyntax(name, s)
			case err != nil:
				return Null, outOfRange("oid", s)
			}
			return NewInt(int64(n)), nil
		}
		o.text = func(dst []byte, d Datum, _ *Format) []byte {
			if d.I == 0 {
				return append(dst, zero...)
			}
			return strconv.AppendUint(dst, uint64(uint32(d.I)), 10)
		}
		out[name] = o
	}
	return out
}
