package types

import "time"

// A zoneAt is a zone at one moment: seconds east of UTC, and its abbreviation.
type zoneAt struct {
	east int
	name string
}

// zoneOf tells what holds in a zone, which may be nil for UTC, at a moment.
func zoneOf(zone *time.Location, ts int64) zoneAt {
	if zone == nil || zone == time.UTC {
		return zoneAt{0, "UTC"}
	}
	name, east := time.Unix(unixOf(ts), 0).In(zone).Zone()
	return zoneAt{east, name}
}

// zoneOfLocal tells the offset of a wall clock time, in seconds east of UTC. A time
// that the clock skips is read with the offset before the gap; one that occurs twice
// with the offset after the change.
func zoneOfLocal(zone *time.Location, local int64) int {
	if zone == nil || zone == time.UTC {
		return 0
	}
	wall := unixOf(local)
	start := time.Unix(wall-86400, 0).In(zone)
	_, before := start.Zone()
	_, change := start.ZoneBounds()
	if change.IsZero() {
		return before
	}
	_, after := change.Zone()
	boundary := change.Unix()
	early, late := wall-int64(before), wall-int64(after)
	switch {
	case early < boundary && late < boundary:
		return before
	case early > boundary && late >= boundary:
		return after
	case early > late:
		return before
	}
	return after
}
