package sim

import (
	"fmt"
	"time"
)

func churn(c *client) error {
	return c.tx(func() error {
		id := c.rnd(40)
		_, err := c.sql("insert into idx values (%d, %d, %d) on conflict (id) do update set a = %d, b = %d",
			id, c.rnd(5), c.rnd(60), c.rnd(5), c.rnd(60))
		c.dawdle()
		return err
	})
}

func remove(c *client) error {
	_, err := c.sql("delete from idx where id = %d", c.rnd(40))
	return err
}

func byIndex(c *client) error {
	a, b := c.rnd(5), c.rnd(60)
	if err := sameCount(c, fmt.Sprintf("from idx where a = %d", a), fmt.Sprintf("from idx where a + 0 = %d and b is not null", a)); err != nil {
		return err
	}
	return c.tx(func() error {
		valid, err := c.number("select count(*) from pg_index where indexrelid::regclass::text = 'idx_b' and indisvalid")
		if err != nil || valid == 0 {
			return err
		}
		n, err := c.number("select count(*) from (select b from idx group by b having count(a) > 1) d")
		if err == nil && n > 0 {
			return violated("%d values are there twice in a valid unique index", n)
		}
		if err != nil {
			return err
		}
		one, err := c.sql("select id from idx where b = %d", b)
		if err != nil {
			return err
		}
		other, err := c.sql("select id from idx where b + 0 = %d and a is not null", b)
		if err == nil && fmt.Sprint(one) != fmt.Sprint(other) {
			return violated("I6: the unique index finds %v, the table %v", one, other)
		}
		return err
	})
}

// slipIn inserts a duplicate while a unique index over the column is built, and
// commits a little later, perhaps when the build has looked for duplicates.
func slipIn(c *client) error {
	return c.tx(func() error {
		building, err := c.number("select count(*) from pg_index where indexrelid::regclass::text = 'enf_b' and not indisvalid")
		if err != nil || building == 0 || c.rnd(3) > 0 { // Mostly one alone: two would be found by the build.
			return err
		}
		_, err = c.sql("insert into enf select %d, b, 0 from enf where id = %d on conflict (id) do nothing", 20+c.rnd(100), c.rnd(20))
		c.f.sleep(time.Duration(500+c.rnd(1500)) * time.Millisecond)
		return err
	})
}

func buildClean(c *client) error {
	there, err := c.number("select count(*) from pg_index where indexrelid::regclass::text = 'enf_b'")
	if err != nil || there > 0 {
		return err
	}
	if _, err := c.sql("delete from enf where id >= 20"); err != nil {
		return err
	}
	_, err = c.sql("create unique index async enf_b on enf (b)")
	return err
}

// dropEnforced looks before it drops.
func dropEnforced(c *client) error {
	if err := enforced(c); err != nil || c.rnd(2) == 0 {
		return err
	}
	_, err := c.sql("drop index enf_b")
	return err
}

func enforced(c *client) error {
	return c.tx(func() error {
		valid, err := c.number("select count(*) from pg_index where indexrelid::regclass::text = 'enf_b' and indisvalid")
		if err != nil || valid == 0 {
			return err
		}
		n, err := c.number("select count(*) from (select b from enf group by b having count(n) > 1) d") // n is in the table alone
		if err == nil && n > 0 {
			return violated("%d values are there twice in a valid unique index", n)
		}
		return err
	})
}

func buildIndex(c *client) error {
	_, err := c.sql("create index async idx_a on idx (a)")
	return err
}

func buildUnique(c *client) error {
	if c.rnd(2) == 0 { // Else there are duplicates, and the build must find them.
		if _, err := c.sql("delete from idx where exists (select from idx o where o.b = idx.b and o.id < idx.id)"); err != nil {
			return err
		}
	}
	_, err := c.sql("create unique index async idx_b on idx (b)")
	return err
}

func dropIndex(c *client) error {
	_, err := c.sql("drop index %s", []string{"idx_a", "idx_b"}[c.rnd(2)])
	return err
}

// changeSchema adds or drops a column.
func changeSchema(c *client) error {
	if c.rnd(2) == 0 {
		_, err := c.sql("alter table ddl add column extra int")
		return err
	}
	_, err := c.sql("alter table ddl drop column extra")
	return err
}

func writeRow(c *client) error {
	return c.tx(func() error {
		c.dawdle()
		_, err := c.sql("update ddl set n = n + 1 where id = %d", c.rnd(6))
		return err
	})
}

// readRow reads the catalog and the table in one snapshot: they must agree.
func readRow(c *client) error {
	return c.tx(func() error {
		n, err := c.number("select count(*) from pg_attribute where attrelid = 'ddl'::regclass and attname = 'extra'")
		if err != nil {
			return err
		}
		c.dawdle()
		_, err = c.sql("select extra from ddl")
		if missing := err != nil; missing != (n == 0) && c.w.s.failure == nil && !isConflict(err) {
			return violated("the catalog has %d columns named extra, the table says %v", n, err)
		}
		return err
	})
}

func addReference(c *client) error {
	if c.rnd(3) == 0 {
		_, err := c.sql("alter table c2 drop constraint c2_p")
		return err
	}
	_, err := c.sql("alter table c2 add constraint c2_p foreign key (p) references p2 (id) not valid")
	return err
}

func validate(c *client) error {
	_, err := c.sql("alter table async c2 validate constraint c2_p")
	return err
}

// deletePair deletes a parent with its children, deleteP2 a parent alone; both take
// their time after the first look at the schema.
func deletePair(c *client) error {
	return c.tx(func() error {
		p := c.rnd(10)
		if _, err := c.sql("delete from c2 where p = %d", p); err != nil {
			return err
		}
		c.dawdle()
		_, err := c.sql("delete from p2 where id = %d", p)
		return err
	})
}

func deleteP2(c *client) error {
	return c.tx(func() error {
		if _, err := c.sql("delete from p2 where id = %d", c.rnd(10)); err != nil {
			return err
		}
		c.dawdle()
		return nil
	})
}

func refill(c *client) error {
	return c.tx(func() error {
		id := c.rnd(10)
		if _, err := c.sql("insert into p2 values (%d, 0) on conflict (id) do nothing", id); err != nil {
			return err
		}
		if c.rnd(2) == 0 { // What nobody refers to goes, so that validation can succeed.
			if _, err := c.sql("delete from c2 where not exists (select from p2 where p2.id = c2.p)"); err != nil {
				return err
			}
		}
		_, err := c.sql("insert into c2 values (%d, %d) on conflict (id) do nothing", c.rnd(20), id)
		return err
	})
}

func validHolds(c *client) error {
	return c.tx(func() error {
		valid, err := c.number("select count(*) from pg_constraint where conname = 'c2_p' and convalidated")
		if err != nil || valid == 0 {
			return err
		}
		c.w.count("valid")
		n, err := c.number("select count(*) from c2 where p is not null and not exists (select from p2 where p2.id = c2.p)")
		if err == nil && n > 0 {
			return violated("%d rows break a foreign key that is valid", n)
		}
		return err
	})
}
