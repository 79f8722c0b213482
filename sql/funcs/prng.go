package funcs

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A Random is a session's generator behind random(): xoroshiro128**, so that a
// seed gives the numbers that it gives in PostgreSQL. The zero Random seeds itself
// at its first use. Not safe for concurrent use.
type Random struct{ s0, s1 uint64 }

// Seed starts the sequence of setseed(v), v from -1 to 1.
func (r *Random) Seed(v float64) {
	state := uint64(int64(float64(1<<52-1) * v))
	r.s0, r.s1 = splitmix(&state), splitmix(&state)
}

func splitmix(state *uint64) uint64 {
	*state += 0x9E3779B97F4A7C15
	v := *state
	v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
	v = (v ^ v>>27) * 0x94D049BB133111EB
	return v ^ v>>31
}

// Float64 returns a number in [0, 1).
func (r *Random) Float64() float64 {
	for r.s0 == 0 && r.s1 == 0 {
		r.s0, r.s1 = rand.Uint64(), rand.Uint64()
	}
	s0, sx := r.s0, r.s1^r.s0
	v := bits.RotateLeft64(s0*5, 7) * 9
	r.s0 = bits.RotateLeft64(s0, 24) ^ sx ^ sx<<16
	r.s1 = bits.RotateLeft64(sx, 37)
	return math.Ldexp(float64(v>>12), -52)
}

// normal returns a number of the standard normal distribution (Box and Muller).
func (r *Random) normal() float64 {
	u1, u2 := 1-r.Float64(), 1-r.Float64()
	return math.Sqrt(-2*math.Log(u1)) * math.Sin(2*math.Pi*u2)
}

// random is the session's generator, or a new one where there is no session.
func (c *Ctx) random() *Random {
	if c == nil || c.Env == nil {
		return &Random{}
	}
	return c.Env.Random()
}

func randomKernels() kernels {
	return kernels{
		"drandom": ctxual(func(c *Ctx, _ []types.Datum) (types.Datum, error) {
			return types.NewFloat(c.random().Float64()), nil
		}),
		"setseed": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if !(a[0].F >= -1 && a[0].F <= 1) {
				return types.Null, pgerr.New(pgerr.InvalidParameterValue, "setseed parameter %g is out of allowed range [-1,1]", a[0].F)
			}
			c.random().Seed(a[0].F)
			return types.NewText(""), nil
		}),
	}
}
