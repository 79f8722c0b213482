package sim

import (
	"fmt"
	"strings"
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
