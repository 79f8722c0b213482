package types

// decodeClock reads a time of day with its zone; a date before it is allowed and
// serves to find the zone's offset.
func decodeClock(s string, f *Format) (*decoder, error) {
	d, err := decodeTokens(s, momentRoom, true, f)
	if err != nil {
		return nil, err
	}
	if d.clockOverflows() {
		return nil, badField
	}
	if d.have&fTime != fTime {
		return nil, badFormat
	}
	return d, d.settleClockZone()
}

// settleClockZone is settleZone for a time without a date: today's offset serves for
// the session's zone and for abbreviations; a zone by name must have but one.
func (d *decoder) settleClockZone() error {
	if d.zone == nil && d.have&fZone != 0 {
		return nil
	}
	if d.have&fSummerMod != 0 {
		return badFormat
	}
	if d.zone != nil && d.abbrev == "" {
		if east, ok := onlyOffset(d.zone); ok {
			d.west = -east
			return nil
		}
		if d.have&fDate != fDate {
			return badFormat
		}
	}
	switch d.have & fDate {
	case fDate:
	case 0:
		local, _ := d.now()
		days, _ := splitMicros(local)
		d.setDate(int(days) + julianEpoch)
	default:
		return badFormat
	}
	return d.settleZone()
}
