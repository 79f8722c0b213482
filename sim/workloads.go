package sim

import (
	"fmt"
	"strings"
	"time"
)

// A workload is tables, transactions over them, and what must be true of them.
type workload struct {
	name  string
	setup []string
	ops   []func(*client) error
	audit func(*client) error
	// allowed are SQLSTATEs that its statements may fail with.
	allowed map[string]bool
}

func codes(list ...string) map[string]bool {
	m := map[string]bool{}
	for _, c := range list {
		m[c] = true
	}
	return m
}

// values makes the rows (0, rest), (1, rest) … of an INSERT.
func values(n int, rest string) string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("(%d, %s)", i, strings.ReplaceAll(rest, "#", fmt.Sprint(i))))
	}
	return strings.Join(rows, ", ")
}

func violated(format string, args ...any) error {
	return fmt.Errorf("violated: "+format, args...)
}

const (
	accounts = 6
	lists    = 4
	ringSize = 6
)

var workloads = []workload{
	{
		name: "bank",
		setup: []string{"create table bank (id int primary key, balance int not null)",
			"insert into bank values " + values(accounts, "100")},
		ops:   []func(*client) error{transfer, transfer, bankSum},
		audit: bankSum,
	},
	{
		name: "ring",
		setup: []string{"create table ring (id int primary key, next int not null)",
			"insert into ring select i, (i + 1) % 6 from generate_series(0, 5) i"},
		ops:   []func(*client) error{rotate, ring},
		audit: ring,
	},
	{
		name:  "counter",
		setup: []string{"create table counter (id int primary key, n int not null)", "insert into counter values " + values(2, "0")},
		ops:   []func(*client) error{increment},
		audit: counters,
	},
	{
		name:  "append",
		setup: []string{"create table lists (id int primary key, v text not null)", "insert into lists values " + values(lists, "''")},
		ops:   []func(*client) error{appendToList, readLists},
		audit: auditLists,
	},
	{
		name:  "skew",
		setup: []string{"create table oncall (id int primary key, working int not null)", "insert into oncall values (1, 1), (2, 1)"},
		ops:   []func(*client) error{goHome, comeBack, lockOnly},
		audit: someoneWorks,
	},
	{
		name:    "unique",
		setup:   []string{"create table u (id int primary key, email int unique, n int)"},
		ops:     []func(*client) error{insertUnique, updateUnique, deleteUnique, uniqueHolds},
		audit:   uniqueHolds,
		allowed: codes("23505"),
	},
	{
		name: "reference",
		setup: []string{"create table parent (id int primary key, n int)",
			"create table child (id int primary key, p int references parent (id))",
			"insert into parent values " + values(8, "0")},
		ops:     []func(*client) error{insertChild, deleteParent, insertParent, touchParent, noOrphans},
		audit:   noOrphans,
		allowed: codes("23503", "23505"),
	},
	{
		name:    "statements",
		setup:   []string{"create table own (id int primary key, n int)", "insert into own values " + values(12, "#")},
		ops:     []func(*client) error{limitAfterDelete, insertFromSelf, updateThenCount, deleteInWith},
		allowed: codes("23505"),
	},
	{
		name: "build",
		setup: []string{"create table idx (id int primary key, a int, b int)",
			"insert into idx values " + values(30, "# % 5, #")},
		ops:     []func(*client) error{churn, churn, churn, remove, remove, byIndex, byIndex, buildIndex, buildUnique, dropIndex},
		audit:   byIndex,
		allowed: codes("42P07", "42704", "23505", "55000", "0A000"),
	},
	{
		name: "enforce",
		setup: []string{"create table enf (id int primary key, b int, n int)",
			"insert into enf values " + values(20, "#, 0")},
		ops:     []func(*client) error{slipIn, slipIn, slipIn, buildClean, buildClean, dropEnforced, enforced},
		audit:   enforced,
		allowed: codes("42P07", "42704", "23505", "55000", "0A000"),
	},
	{
		name:    "schema",
		setup:   []string{"create table ddl (id int primary key, n int)", "insert into ddl values " + values(6, "0")},
		ops:     []func(*client) error{changeSchema, writeRow, writeRow, readRow},
		allowed: codes("42701", "42703", "0A000"),
	},
	{
		name: "validate",
		setup: []string{"create table p2 (id int primary key, n int)", "create table c2 (id int primary key, p int)",
			"insert into p2 values " + values(10, "0"), "insert into c2 values " + values(10, "#")},
		ops:     []func(*client) error{addReference, validate, deletePair, deletePair, deleteP2, refill, validHolds},
		audit:   validHolds,
		allowed: codes("23503", "42710", "42704", "23505", "0A000"),
	},
}

// jobsEndWell: a job fails because of what is in the tables, or because they are gone,
// and not because of what the disk or the clock did while it ran.
func jobsEndWell(c *client) error {
	r, err := c.sql("select job_type, details from sys.jobs where status = 'failed'")
	if err != nil {
		return err
	}
	for _, row := range r {
		if !strings.Contains(row[1], "duplicate key") && !strings.Contains(row[1], "violate") && !strings.Contains(row[1], "nonexistent") {
			return violated("a job fails: %v", row)
		}
	}
	return nil
}

func transfer(c *client) error {
	from, to, n := c.rnd(accounts), c.rnd(accounts), 1+c.rnd(20)
	if from == to {
		return nil
	}
	return c.tx(func() error {
		have, err := c.number("select balance from bank where id = %d", from)
		if err != nil || have < n {
			return err
		}
		c.dawdle()
		if _, err := c.sql("update bank set balance = %d where id = %d", have-n, from); err != nil {
			return err
		}
		_, err = c.sql("update bank set balance = balance + %d where id = %d", n, to)
		return err
	})
}

func bankSum(c *client) error {
	return c.tx(func() error {
		before, err := c.number("select sum(balance) from bank")
		if err != nil {
			return err
		}
		c.dawdle()
		after, err := c.number("select sum(balance) from bank")
		if err == nil && (before != 100*accounts || after != before) {
			return violated("the sum is %d, then %d", before, after)
		}
		return err
	})
}

// rotate takes the node behind a random one out, and puts it in one place further.
func rotate(c *client) error {
	return c.tx(func() error {
		a := c.rnd(ringSize)
		b, err := c.number("select next from ring where id = %d", a)
		if err != nil {
			return err
		}
		d, err := c.number("select next from ring where id = %d", b)
		if err != nil {
			return err
		}
		c.dawdle()
		e, err := c.number("select next from ring where id = %d", d)
		if err != nil {
			return err
		}
		for _, u := range [][2]int{{a, d}, {d, b}, {b, e}} {
			if _, err := c.sql("update ring set next = %d where id = %d", u[1], u[0]); err != nil {
				return err
			}
		}
		return nil
	})
}

func ring(c *client) error {
	r, err := c.sql("select id, next from ring order by id")
	if err != nil {
		return err
	}
	next := map[string]string{}
	for _, row := range r {
		next[row[0]] = row[1]
	}
	at := "0"
	for i := range ringSize {
		if at = next[at]; at == "0" && i < ringSize-1 || at == "" {
			return violated("the ring is broken: %v", next)
		}
	}
	if at != "0" {
		return violated("the ring does not close: %v", next)
	}
	return nil
}

func increment(c *client) error {
	id := c.rnd(2)
	c.pending = &effect{workload: "counter", key: id}
	_, err := c.sql("update counter set n = n + 1 where id = %d", id)
	return err
}

// each calls f for what a workload's committed transactions have added.
func (w *World) each(name string, f func(e *effect, certain bool)) {
	for _, c := range w.clients {
		for _, e := range c.done {
			if e.workload == name {
				f(e, true)
			}
		}
		for _, e := range c.unknown {
			if e.workload == name {
				f(e, false)
			}
		}
	}
}

func counters(c *client) error {
	for id := range 2 {
		n, err := c.number("select n from counter where id = %d", id)
		if err != nil {
			return err
		}
		least, most := 0, 0
		c.w.each("counter", func(e *effect, certain bool) {
			if e.key == id {
				most++
				if certain {
					least++
				}
			}
		})
		if n < least || n > most {
			return violated("counter %d is %d, but %d to %d increments committed", id, n, least, most)
		}
	}
	return nil
}

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
