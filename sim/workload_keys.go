package sim

import (
	"fmt"
)

func insertUnique(c *client) error {
	return c.tx(func() error {
		_, err := c.sql("insert into u values (%d, %d, 0)", c.rnd(30), c.rnd(12))
		c.dawdle()
		return err
	})
}

func updateUnique(c *client) error {
	_, err := c.sql("update u set email = %d where id = %d", c.rnd(12), c.rnd(30))
	return err
}

func deleteUnique(c *client) error {
	_, err := c.sql("delete from u where email = %d", c.rnd(12))
	return err
}

func uniqueHolds(c *client) error {
	n, err := c.number("select count(*) from (select email from u group by email having count(n) > 1) d")
	if err == nil && n > 0 {
		return violated("%d values are there twice in a unique column", n)
	}
	if err != nil {
		return err
	}
	email := c.rnd(12)
	return sameCount(c, fmt.Sprintf("from u where email = %d", email), fmt.Sprintf("from u where email + 0 = %d and n is not null", email))
}

// sameCount compares two ways to the same rows in one snapshot. One of them uses a column
// that the index does not have, lest both read the index alone.
func sameCount(c *client, one, other string) error {
	return c.tx(func() error {
		a, err := c.sql("select count(*), sum(id) %s", one)
		if err != nil {
			return err
		}
		b, err := c.sql("select count(*), sum(id) %s", other)
		if err == nil && fmt.Sprint(a) != fmt.Sprint(b) {
			return violated("I6: %s finds %v, %s finds %v", one, a, other, b)
		}
		return err
	})
}

func insertChild(c *client) error {
	return c.tx(func() error {
		_, err := c.sql("insert into child values (%d, %d)", c.rnd(40), c.rnd(8))
		c.dawdle()
		return err
	})
}

func deleteParent(c *client) error {
	return c.tx(func() error {
		p := c.rnd(8)
		if c.rnd(2) == 0 {
			if _, err := c.sql("delete from child where p = %d", p); err != nil {
				return err
			}
		}
		_, err := c.sql("delete from parent where id = %d", p)
		c.dawdle()
		return err
	})
}

func insertParent(c *client) error {
	_, err := c.sql("insert into parent values (%d, 0)", c.rnd(8))
	return err
}

func touchParent(c *client) error {
	_, err := c.sql("update parent set n = n + 1 where id = %d", c.rnd(8))
	return err
}

func noOrphans(c *client) error {
	n, err := c.number("select count(*) from child where not exists (select from parent where parent.id = child.p)")
	if err == nil && n > 0 {
		return violated("%d children without a parent", n)
	}
	return err
}

// limitAfterDelete reads the first rows after it has deleted some of them.
func limitAfterDelete(c *client) error {
	return c.tx(func() error {
		if _, err := c.sql("delete from own where id < %d", c.rnd(6)); err != nil {
			return err
		}
		first, err := c.sql("select id from own order by id limit 3")
		if err != nil {
			return err
		}
		all, err := c.sql("select id from own")
		if err == nil && len(first) != min(3, len(all)) {
			return violated("limit 3 finds %d of %d rows", len(first), len(all))
		}
		return err
	})
}

// insertFromSelf must not see the rows that it inserts.
func insertFromSelf(c *client) error {
	return c.tx(func() error {
		n, err := c.number("select count(*) from own")
		if err != nil || n > 60 {
			return err
		}
		c.serial++
		base := c.rnd(1_000_000) * 100
		if _, err = c.sql("insert into own select %d + row_number() over (), 0 from own", base); err != nil {
			return err
		}
		after, err := c.number("select count(*) from own")
		if err == nil && after != 2*n {
			return violated("%d rows inserted into %d from themselves make %d", n, n, after)
		}
		if err != nil {
			return err
		}
		if _, err = c.sql("delete from own where id > 100"); err != nil {
			return err
		}
		return refillOwn(c)
	})
}

func refillOwn(c *client) error {
	_, err := c.sql("insert into own values %s on conflict (id) do nothing", values(12, "#"))
	return err
}

// updateThenCount moves rows along the key that the statement walks.
func updateThenCount(c *client) error {
	return c.tx(func() error {
		sum, err := c.number("select coalesce(sum(n), 0) from own")
		if err != nil {
			return err
		}
		n, err := c.number("select count(*) from own")
		if err != nil {
			return err
		}
		if _, err = c.sql("update own set n = n + 1 where id >= 0"); err != nil {
			return err
		}
		after, err := c.number("select coalesce(sum(n), 0) from own")
		if err == nil && after != sum+n {
			return violated("%d rows updated once: the sum went from %d to %d", n, sum, after)
		}
		return err
	})
}

// deleteInWith counts the rows in the statement that deletes some: it must not see that.
func deleteInWith(c *client) error {
	return c.tx(func() error {
		n, err := c.number("select count(*) from own")
		if err != nil {
			return err
		}
		r, err := c.sql("with gone as (delete from own where id < 4 returning id) select (select count(*) from gone), (select count(*) from own)")
		if err == nil && r[0][1] != fmt.Sprint(n) {
			return violated("a statement that deletes %s of %d rows sees %s", r[0][0], n, r[0][1])
		}
		if err != nil {
			return err
		}
		return refillOwn(c)
	})
}
