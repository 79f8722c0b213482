package funcs

import (
	"math/big"
	"strings"

	"zorya/sql/types"
)

// fromNumeric takes a numeric value apart.
func fromNumeric(d types.Datum) dec {
	text := string(types.AppendText(nil, types.NumericOID, d, types.DefaultFormat))
	switch text {
	case "NaN":
		return nan
	case "Infinity":
		return dec{inf: 1}
	case "-Infinity":
		return dec{inf: -1}
	}
	scale := 0
	if i := strings.IndexByte(text, '.'); i >= 0 {
		scale = len(text) - i - 1
		text = text[:i] + text[i+1:]
	}
	n, _ := new(big.Int).SetString(text, 10)
	if n == nil {
		n = new(big.Int)
	}
	return dec{n: n, scale: scale}
}

// text prints a as numeric's output function does.
func (a dec) text() string {
	switch {
	case a.nan:
		return "NaN"
	case a.inf > 0:
		return "Infinity"
	case a.inf < 0:
		return "-Infinity"
	}
	s := new(big.Int).Abs(a.n).String()
	if a.scale > 0 {
		if len(s) <= a.scale {
			s = strings.Repeat("0", a.scale-len(s)+1) + s
		}
		s = s[:len(s)-a.scale] + "." + s[len(s)-a.scale:]
	}
	if a.n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

func (a dec) datum() types.Datum {
	d, _ := types.Parse(types.Of(types.NumericOID), a.text(), types.DefaultFormat)
	return d
}
