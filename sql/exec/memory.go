package exec

import "zorya/pgerr"

// An account is the memory that one query's growing structures hold, in bytes.
// It belongs to one running query.
type account struct {
	used, limit int64 // limit 0: none
}

// grow charges n bytes, and fails once the query holds more than it may.
func (a *account) grow(n int64) error {
	a.used += n
	if a.limit > 0 && a.used > a.limit {
		return pgerr.New(pgerr.ProgramLimitExceeded,
			"query requires more than allowed temp space of %d KB to execute", a.limit/1024)
	}
	return nil
}

// release gives n bytes back.
func (a *account) release(n int64) { a.used -= n }
