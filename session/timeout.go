package session

import (
	"context"
	"errors"
	"math"
	"regexp"
	"strconv"
	"time"

	"zorya/pgerr"
)

// Units of durations in settings, larger ones first, as PostgreSQL prints them.
var durationUnits = []struct {
	name string
	size time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}}

var durationText = regexp.MustCompile(`^\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([a-zA-Z]*)\s*$`)

var errTimeout = pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout")

// parseDuration reads a setting whose unit is milliseconds if it names none, rounded
// to them.
func parseDuration(name, v string) (time.Duration, error) {
	parts := durationText.FindStringSubmatch(v)
	if parts == nil {
		return 0, invalidValue(name, v)
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return 0, invalidValue(name, v)
	}
	unit := time.Millisecond
	if word := parts[2]; word != "" {
		unit = 0
		for _, u := range durationUnits {
			if u.name == word {
				unit = u.size
			}
		}
		if unit == 0 {
			return 0, invalidValue(name, v).WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
		}
	}
	ms := math.RoundToEven(n * float64(unit) / float64(time.Millisecond))
	if ms < 0 || ms > math.MaxInt32 {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "%g ms is outside the valid range for parameter \"%s\" (0 .. %d)", ms, name, math.MaxInt32)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// canonDuration writes a duration in the largest unit that divides it.
func canonDuration(name string) func(*settings, string) (string, error) {
	return func(_ *settings, v string) (string, error) {
		d, err := parseDuration(name, v)
		if err != nil || d == 0 {
			return "0", err
		}
		for _, u := range durationUnits {
			if d%u.size == 0 {
				return strconv.FormatInt(int64(d/u.size), 10) + u.name, nil
			}
		}
		return v, nil
	}
}

// timed gives a statement its time. The function that it returns says so in the place
// of an error that only tells of the deadline, and must be called.
func (s *Session) timed(ctx context.Context) (context.Context, func(error) error) {
	if s.settings.timeout == 0 {
		return ctx, func(err error) error { return err }
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.settings.timeout, errTimeout)
	return ctx, func(err error) error {
		defer cancel()
		if err != nil && pgerr.As(err) == nil && errors.Is(err, context.DeadlineExceeded) {
			return errTimeout
		}
		return err
	}
}
