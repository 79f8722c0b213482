package sim

import (
	"fmt"
	"strings"
)

func appendToList(c *client) error {
	id := c.rnd(lists)
	c.serial++
	value := fmt.Sprintf("%d:%d", c.rnd(1_000_000), c.serial)
	c.pending = &effect{workload: "append", key: id, value: value}
	if c.rnd(2) == 0 {
		_, err := c.sql("update lists set v = v || '%s,' where id = %d", value, id)
		return err
	}
	return c.tx(func() error {
		r, err := c.sql("select v from lists where id = %d", id)
		if err != nil {
			return err
		}
		c.dawdle()
		_, err = c.sql("update lists set v = '%s%s,' where id = %d", r[0][0], value, id)
		return err
	})
}

// readLists reads all lists twice in one transaction.
func readLists(c *client) error {
	return c.tx(func() error {
		first, err := c.sql("select id, v from lists order by id")
		if err != nil {
			return err
		}
		c.dawdle()
		second, err := c.sql("select id, v from lists order by id desc")
		if err != nil {
			return err
		}
		for i := range first {
			if other := second[len(second)-1-i]; first[i][1] != other[1] {
				return violated("list %d is %q, then %q", i, first[i][1], other[1])
			}
		}
		return nil
	})
}

func auditLists(c *client) error {
	r, err := c.sql("select v from lists order by id")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for id := range lists {
		seen := map[string]int{}
		for _, v := range strings.Split(r[id][0], ",") {
			seen[v]++
		}
		c.w.each("append", func(e *effect, certain bool) {
			if e.key != id {
				return
			}
			known[e.value] = true
			if n := seen[e.value]; n > 1 || certain && n == 0 {
				err = violated("list %d has %s %d times", id, e.value, n)
			}
		})
		for v := range seen {
			if v != "" && !known[v] {
				return violated("list %d has %s, which nobody appended", id, v)
			}
		}
	}
	return err
}

// goHome leaves only while somebody else works: locks make it safe.
func goHome(c *client) error {
	id := 1 + c.rnd(2)
	return c.tx(func() error {
		working, err := c.number("select working from oncall where id = %d for update", 3-id)
		if err != nil || working == 0 {
			return err
		}
		c.dawdle()
		_, err = c.sql("update oncall set working = 0 where id = %d", id)
		return err
	})
}

func comeBack(c *client) error {
	_, err := c.sql("update oncall set working = 1 where id = %d", 1+c.rnd(2))
	return err
}

// lockOnly locks and writes nothing: its commit must be judged all the same.
func lockOnly(c *client) error {
	before := c.w.calls[c.f]
	err := c.tx(func() error {
		_, err := c.sql("select working from oncall where id = 1 for update")
		c.dawdle()
		return err
	})
	if err == nil && c.w.calls[c.f] == before {
		return violated("a transaction that locked a row committed without being judged")
	}
	return err
}

func someoneWorks(c *client) error {
	n, err := c.number("select count(*) from oncall where working = 1")
	if err == nil && n == 0 {
		return violated("nobody works")
	}
	return err
}
