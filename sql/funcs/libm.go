package funcs

// #cgo LDFLAGS: -lm
// #include <math.h>
import "C"

// PostgreSQL computes float8 functions with the C library, whose last bit differs from
// Go's math in a few of a hundred values, and prints all bits. So does this file.

func cexp(v float64) float64      { return float64(C.exp(C.double(v))) }
func clog(v float64) float64      { return float64(C.log(C.double(v))) }
func clog10(v float64) float64    { return float64(C.log10(C.double(v))) }
func cpow(a, b float64) float64   { return float64(C.pow(C.double(a), C.double(b))) }
func ccbrt(v float64) float64     { return float64(C.cbrt(C.double(v))) }
func csin(v float64) float64      { return float64(C.sin(C.double(v))) }
func ccos(v float64) float64      { return float64(C.cos(C.double(v))) }
func ctan(v float64) float64      { return float64(C.tan(C.double(v))) }
func casin(v float64) float64     { return float64(C.asin(C.double(v))) }
func cacos(v float64) float64     { return float64(C.acos(C.double(v))) }
func catan(v float64) float64     { return float64(C.atan(C.double(v))) }
func catan2(y, x float64) float64 { return float64(C.atan2(C.double(y), C.double(x))) }
func csinh(v float64) float64     { return float64(C.sinh(C.double(v))) }
func ccosh(v float64) float64     { return float64(C.cosh(C.double(v))) }
func ctanh(v float64) float64     { return float64(C.tanh(C.double(v))) }
func casinh(v float64) float64    { return float64(C.asinh(C.double(v))) }
func cacosh(v float64) float64    { return float64(C.acosh(C.double(v))) }
func catanh(v float64) float64    { return float64(C.atanh(C.double(v))) }
