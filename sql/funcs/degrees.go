package funcs

import "math"

// The functions of degrees scale sines, cosines and their inverses so that the angles
// whose results are exact (0, 30, 45, 60, 90 degrees …) give exact results: each
// formula divides by its own value at such an angle.

// radian is a variable lest the compiler multiply constants more exactly than
// PostgreSQL does.
var radian = math.Pi / 180

var (
	sin30         = csin(30 * radian)
	oneMinusCos60 = 1 - ccos(60*radian)
	asinHalf      = casin(0.5)
	acosHalf      = cacos(0.5)
	atanOne       = catan(1)
	tan45         = sinQuadrant(45) / cosQuadrant(45)
	cot45         = cosQuadrant(45) / sinQuadrant(45)
)

func sinTo30(v float64) float64 { return csin(v*radian) / sin30 / 2 }

func cosTo60(v float64) float64 { return 1 - (1-ccos(v*radian))/oneMinusCos60/2 }

// sinQuadrant takes 0 to 90 degrees.
func sinQuadrant(v float64) float64 {
	if v <= 30 {
		return sinTo30(v)
	}
	return cosTo60(90 - v)
}

// cosQuadrant takes 0 to 90 degrees.
func cosQuadrant(v float64) float64 {
	if v <= 60 {
		return cosTo60(v)
	}
	return sinTo30(90 - v)
}

// quadrant brings an angle to 0 to 90 degrees: odd is the sign of an odd function
// (sine, tangent) without the second quadrant's, second says that it was in the second
// or third quadrant.
func quadrant(v float64) (q, odd float64, second bool) {
	v, odd = math.Mod(v, 360), 1
	if v < 0 {
		v, odd = -v, -1
	}
	if v > 180 {
		v, odd = 360-v, -odd
	}
	if v > 90 {
		return 180 - v, odd, true
	}
	return v, odd, false
}

func sinDegrees(v float64) float64 {
	q, odd, _ := quadrant(v)
	return odd * sinQuadrant(q)
}

func cosDegrees(v float64) float64 {
	q, _, second := quadrant(v)
	if second {
		return -cosQuadrant(q)
	}
	return cosQuadrant(q)
}

func tanDegrees(v float64) float64 {
	q, sign, second := quadrant(v)
	if second {
		sign = -sign
	}
	return positiveZero(sign * (sinQuadrant(q) / cosQuadrant(q) / tan45))
}

func cotDegrees(v float64) float64 {
	q, sign, second := quadrant(v)
	if second {
		sign = -sign
	}
	return positiveZero(sign * (cosQuadrant(q) / sinQuadrant(q) / cot45))
}

func positiveZero(v float64) float64 {
	if v == 0 {
		return 0
	}
	return v
}

// asinQuadrant takes 0 to 1.
func asinQuadrant(v float64) float64 {
	if v <= 0.5 {
		return casin(v) / asinHalf * 30
	}
	return 90 - cacos(v)/acosHalf*60
}

func asinDegrees(v float64) float64 { return math.Copysign(asinQuadrant(math.Abs(v)), v) }

func acosDegrees(v float64) float64 {
	switch {
	case v < 0:
		return 90 + asinQuadrant(-v)
	case v <= 0.5:
		return 90 - casin(v)/asinHalf*30
	}
	return cacos(v) / acosHalf * 60
}

func atanDegrees(v float64) float64     { return catan(v) / atanOne * 45 }
func atan2Degrees(y, x float64) float64 { return catan2(y, x) / atanOne * 45 }
