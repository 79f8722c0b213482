package cluster

import (
	"fmt"
	"time"
)

// expireStep is how many tombstones are removed while commits wait.
const expireStep = 200

// markEvery is how long after a commit the journal says durably that it has it.
const markEvery = time.Second

// keepHouse does what must be done now and then, and nobody waits for: drop
// history that the horizon has passed, bound what Open replays, and mark the
// journal. Applying wakes it; an idle cluster costs nothing.
func (c *Cluster) keepHouse() {
	defer c.ended.Done()
	flushed := -c.replayed
	var mark <-chan time.Time
	for {
		var err error
		select {
		case _, open := <-c.chores:
			if !open {
				return
			}
			if mark == nil {
				mark = time.After(markEvery)
			}
			err = c.expire()
			if err == nil && c.journal.Appended()-flushed > c.o.ReplayBytes {
				var upTo int64
				if upTo, err = c.flush(); err == nil {
					flushed = upTo
				}
			}
		case <-mark:
			mark = nil
			if err = c.journal.Mark(); err == nil {
				continue
			}
		}
		c.report(err)
	}
}

// report notes whether housekeeping works; the next round tries again.
func (c *Cluster) report(err error) {
	if err == nil {
		c.failure.Store(nil)
		return
	}
	err = fmt.Errorf("housekeeping of cluster %s: %w", c.dir, err)
	c.failure.Store(&err)
	c.o.Log.Error(err.Error())
}

// expire drops history until nothing is left to drop.
func (c *Cluster) expire() error {
	for {
		if done, err := c.store.Expire(expireStep); done || err != nil {
			return err
		}
	}
}

// flush makes storage durable and trims the journal behind it (invariant 2). It
// returns how many bytes had been appended before.
func (c *Cluster) flush() (appended int64, err error) {
	appended = c.journal.Appended()
	seq, err := c.store.Flush()
	if err != nil {
		return 0, err
	}
	return appended, c.journal.Trim(seq + 1)
}
