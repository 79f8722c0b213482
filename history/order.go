package history

import (
	"cmp"
	"fmt"
	"slices"
)

// A checker holds the state of one Check.
type checker struct {
	txns    []Txn
	options Options
	report  *Report

	writes map[version]write
	keys   map[int]*key
	sorted []*key // keys by number, so that reports do not depend on chance
	seen   []bool // of each transaction: another one saw an append of it
	graph  *graph
}

// A version names a list by the key and the value that was appended last.
type version struct{ key, value int }

// A write is an append: the nth of count to the key by a transaction.
type write struct {
	txn, nth, count int
	replaces        bool // the transaction put a new row in place of the list's
}

// A key is what is known of the list under it.
type key struct {
	id    int
	order []int // the longest list that was read: the order of appends
	reads []read
	// writers are the transactions that appended to it, each once.
	writers []int
}

// A read is a list that a transaction saw under a key, without its own appends.
type read struct {
	txn    int
	list   []int
	touch  bool // it wrote the list back
	lock   bool // it locked the list
	share  bool // it kept the list's row
	forked bool // the list is no prefix of the order
}

// index finds who appended what.
func (c *checker) index() error {
	ids := make(map[int]bool, len(c.txns))
	c.seen = make([]bool, len(c.txns))
	for i := range c.txns {
		t := &c.txns[i]
		if ids[t.ID] {
			return fmt.Errorf("transaction %d is there twice", t.ID)
		}
		ids[t.ID] = true
		if t.End < t.Begin || t.Snapshot != 0 && (t.Snapshot < t.Begin || t.Snapshot > t.End) || t.Commit != 0 && (t.Commit < t.Begin || t.Commit > t.End) {
			return fmt.Errorf("transaction %d: its times run backwards", t.ID)
		}
		if err := c.indexOps(i); err != nil {
			return err
		}
	}
	for _, k := range c.keys {
		c.sorted = append(c.sorted, k)
	}
	slices.SortFunc(c.sorted, func(a, b *key) int { return cmp.Compare(a.id, b.id) })
	return nil
}

func (c *checker) indexOps(i int) error {
	t := &c.txns[i]
	var appended []version
	counts, replaces := map[int]int{}, map[int]bool{}
	for _, op := range t.Ops {
		k := c.keys[op.Key]
		if k == nil {
			k = &key{id: op.Key}
			c.keys[op.Key] = k
		}
		if !op.Kind.appends() {
			continue
		}
		replaces[op.Key] = replaces[op.Key] || op.Kind == Replace
		v := version{op.Key, op.Value}
		if _, twice := c.writes[v]; twice {
			return fmt.Errorf("transaction %d: value %d is appended twice to key %d", t.ID, op.Value, op.Key)
		}
		c.writes[v] = write{txn: i, nth: counts[op.Key]}
		if counts[op.Key] == 0 {
			k.writers = append(k.writers, i)
		}
		counts[op.Key]++
		appended = append(appended, v)
	}
	for _, v := range appended {
		w := c.writes[v]
		w.count, w.replaces = counts[v.key], replaces[v.key]
		c.writes[v] = w
	}
	return nil
}

// external takes a transaction's own appends out of what it read, and keeps the first
// read of each key. The others must be the same.
func (c *checker) external(i int) {
	t := &c.txns[i]
	own := map[int][]int{}
	first := map[int]int{} // index into the key's reads
	for _, op := range t.Ops {
		if op.Kind.appends() {
			own[op.Key] = append(own[op.Key], op.Value)
			continue
		}
		c.report.Reads++
		k, mine := c.keys[op.Key], own[op.Key]
		rest := len(op.List) - len(mine)
		if rest < 0 || !slices.Equal(op.List[rest:], mine) {
			c.tell("internal", []int{i}, "T%d read key %d as %v and should end with its own %v", t.ID, op.Key, brief(op.List), mine)
			continue
		}
		list := op.List[:rest]
		n, again := first[op.Key]
		if !again {
			n = len(k.reads)
			first[op.Key] = n
			k.reads = append(k.reads, read{txn: i, list: list})
		} else if !slices.Equal(k.reads[n].list, list) {
			c.tell("internal", []int{i}, "T%d read key %d twice: %v, then %v", t.ID, op.Key, brief(k.reads[n].list), brief(list))
		}
		k.reads[n].touch = k.reads[n].touch || op.Kind == Touch
		k.reads[n].lock = k.reads[n].lock || op.Kind == Lock
		k.reads[n].share = k.reads[n].share || op.Kind == Share
	}
}

// tell reports a violation that is no cycle.
func (c *checker) tell(name string, txns []int, format string, args ...any) {
	c.report.add(name, func() Violation {
		v := Violation{Text: fmt.Sprintf(format, args...)}
		for _, i := range txns {
			v.Txns = append(v.Txns, c.txns[i].ID)
		}
		return v
	})
}

// brief is a list for people: the end of it if it is long.
func brief(list []int) string {
	const most = 12
	if len(list) <= most {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("[… %d more, %s", len(list)-most, fmt.Sprint(list[len(list)-most:])[1:])
}

// order finds the order of a key's appends: the longest list, which all others must
// begin. It judges each list for itself.
func (c *checker) order(k *key) {
	longest := -1
	for i := range k.reads {
		if longest < 0 || len(k.reads[i].list) > len(k.reads[longest].list) {
			longest = i
		}
	}
	if longest < 0 {
		return
	}
	k.order = k.reads[longest].list
	c.judge(k, k.reads[longest])
	for i := range k.reads {
		r := &k.reads[i]
		at := commonPrefix(r.list, k.order)
		if at < len(r.list) {
			r.forked = true
			l := k.reads[longest]
			c.tell("fork", []int{r.txn, l.txn}, "key %d: T%d read %d at place %d, T%d read %d there; no order of appends has both", k.id, c.txns[r.txn].ID, r.list[at],
				at, c.txns[l.txn].ID, k.order[at])
			c.judge(k, *r)
		}
		c.judgeEnd(k, r)
	}
}

func commonPrefix(a, b []int) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// judge looks at the values of a list and notes that their transactions happened.
func (c *checker) judge(k *key, r read) {
	places := make(map[int]int, len(r.list))
	reader := c.txns[r.txn].ID
	previous := write{txn: -1}
	for at, value := range r.list {
		if before, twice := places[value]; twice {
			c.tell("duplicate", []int{r.txn}, "key %d: T%d read %d at places %d and %d", k.id, reader, value, before, at)
			previous = write{txn: -1}
			continue
		}
		places[value] = at
		w, ok := c.writes[version{k.id, value}]
		switch {
		case !ok:
			c.tell("garbage", []int{r.txn}, "key %d: T%d read %d, which nobody appended", k.id, reader, value)
			w = write{txn: -1}
		case w.txn == r.txn:
			c.tell("internal", []int{r.txn}, "key %d: T%d read its own %d before it appended it", k.id, reader, value)
		case c.txns[w.txn].Outcome == Failed:
			c.tell("aborted read (G1a)", []int{r.txn, w.txn}, "key %d: T%d read %d, appended by T%d, which failed (%s)", k.id, reader, value,
				c.txns[w.txn].ID, c.txns[w.txn].Error)
			if at+1 < len(r.list) {
				c.tell("dirty write", []int{r.txn, w.txn}, "key %d: %d was appended by T%d, which failed, and later appends kept it", k.id, value, c.txns[w.txn].ID)
			}
		default:
			c.seen[w.txn] = true
		}
		c.adjacent(k, r, previous, w, at)
		previous = w
	}
}

// adjacent checks that the appends of one transaction stand together and in order.
func (c *checker) adjacent(k *key, r read, previous, w write, at int) {
	broken := previous.txn >= 0 && previous.txn != w.txn && previous.nth != previous.count-1
	if w.txn >= 0 && w.txn == previous.txn {
		broken = w.nth != previous.nth+1
	} else if w.txn >= 0 {
		broken = broken || w.nth != 0
	}
	if broken {
		c.tell("dirty write (G0)", []int{r.txn}, "key %d: around place %d of what T%d read, the appends of a transaction are torn apart: %v", k.id, at, c.txns[r.txn].ID,
			brief(r.list[:at+1]))
	}
}

// judgeEnd checks that a list does not end in the middle of a transaction.
func (c *checker) judgeEnd(k *key, r *read) {
	if len(r.list) == 0 {
		return
	}
	last := r.list[len(r.list)-1]
	w, ok := c.writes[version{k.id, last}]
	if ok && w.txn != r.txn && w.nth != w.count-1 {
		c.tell("intermediate read (G1b)", []int{r.txn, w.txn}, "key %d: T%d read up to %d, but T%d appended more to it", k.id, c.txns[r.txn].ID, last, c.txns[w.txn].ID)
	}
}

// happened tells whether a transaction is known to have been committed.
func (c *checker) happened(i int) bool {
	return c.txns[i].Outcome == OK || c.txns[i].Outcome == Unknown && c.seen[i]
}

// count fills in the report's numbers.
func (c *checker) count() {
	r := c.report
	r.Keys = len(c.keys)
	for i := range c.txns {
		switch c.txns[i].Outcome {
		case OK:
			r.OK++
		case Failed:
			r.Failed++
		default:
			r.Unknown++
			if c.seen[i] {
				r.Observed++
			}
		}
	}
	for _, w := range c.writes {
		if c.happened(w.txn) {
			r.Appends++
		}
	}
}
