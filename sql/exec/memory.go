package exec

import (
	"zorya/pgerr"
	"zorya/sql/funcs"
)

// An account is the memory that one query's growing structures hold, in bytes.
// It belongs to one running query. What queries in functions that it calls hold, it holds
// as well: however deeply they call each other, the limit is for all together.
type account struct {
	used, limit int64 // limit 0: none
	outer       *account
}

// within makes the account part of the one of the statement that c has begun with, or
// makes it that one.
func (a *account) within(c *funcs.Ctx) {
	if c == nil {
		return
	}
	if outer, ok := c.Memory.(*account); ok {
		a.outer = outer
	} else {
		c.Memory = a
	}
}

// leave gives back what within has joined.
func (a *account) leave(c *funcs.Ctx) {
	if a.outer != nil {
		a.outer.used -= a.used
		a.used, a.outer = 0, nil
	} else if c != nil && c.Memory == a {
		c.Memory = nil
	}
}

// grow charges n bytes, and fails once the query holds more than it may.
func (a *account) grow(n int64) error {
	a.used += n
	all := a.used
	if a.outer != nil {
		a.outer.used += n
		all = a.outer.used
	}
	if a.limit > 0 && all > a.limit {
		return pgerr.New(pgerr.ProgramLimitExceeded,
			"query requires more than allowed temp space of %d KB to execute", a.limit/1024)
	}
	return nil
}

// release gives n bytes back.
func (a *account) release(n int64) {
	a.used -= n
	if a.outer != nil {
		a.outer.used -= n
	}
}
