package jobs

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/txn"
)

// A toy is a table of numbers with an index on them, and its catalog.
type toy struct {
	rows     map[int]int // Key to number.
	entries  map[[2]int]bool
	state    catalog.IndexState
	unique   bool
	finished bool
}

// write changes a row as writers do: the index is maintained, and checked where it
// must be.
func (t *toy) write(rng *rand.Rand) {
	key, n := rng.IntN(20), rng.IntN(200)
	if t.unique && t.state != catalog.IndexBuilding && slices.Contains(slices.Collect(maps.Values(t.rows)), n) {
		return
	}
	if old, ok := t.rows[key]; ok {
		delete(t.entries, [2]int{old, key})
	}
	t.rows[key] = n
	t.entries[[2]int{n, key}] = true
}

// take takes a step of a course, as buildIndex does.
func (t *toy) take(c *course, rng *rand.Rand) error {
	s := c.next()
	if rng.IntN(4) == 0 && (s == stepFill || s == stepCheck) {
		return c.chunk(nil, false, txn.ErrSnapshotTooOld)
	}
	from := 0
	if c.from != nil {
		from = int(c.from[0])
	}
	upTo := from + 1 + rng.IntN(6)
	switch s {
	case stepFill:
		for key, n := range t.rows {
			if key >= from && key < upTo {
				t.entries[[2]int{n, key}] = true
			}
		}
		return c.chunk(kv.Key{byte(upTo)}, upTo >= 20, nil)
	case stepCheck:
		var err error
		for key, n := range t.rows {
			for other, m := range t.rows {
				if key >= from && key < upTo && other != key && n == m {
					err = failure{duplicates}
				}
			}
		}
		return c.chunk(kv.Key{byte(upTo)}, upTo >= 20, err)
	case stepEnforce:
		t.state = catalog.IndexEnforcing
		c.moved(t.state)
	case stepPublish:
		t.state = catalog.IndexPublic
		c.moved(t.state)
	case stepFinish:
		t.finished = true
	}
	return nil
}

// TestCourse ends a build after any number of steps, begins it anew from what is in the
// catalog, and so on, while the table changes: at the end the index has an entry for
// each row, and, if it is unique, no two rows have one number.
func TestCourse(t *testing.T) {
	public, refused := 0, 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		toy := &toy{rows: map[int]int{}, entries: map[[2]int]bool{}, state: catalog.IndexBuilding, unique: rng.IntN(2) == 0}
		for key := range 15 {
			toy.rows[key] = rng.IntN(200)
		}
		var err error
		for life := 0; !toy.finished && err == nil; life++ {
			if life > 100 {
				t.Fatalf("seed %d: the build does not end", seed)
			}
			c := &course{state: toy.state, unique: toy.unique}
			for left := rng.IntN(12); left > 0 && err == nil && !toy.finished; left-- {
				err = toy.take(c, rng)
				toy.write(rng)
			}
		}
		if err != nil {
			refused++
			continue
		}
		public++
		if err := toy.check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if public < 1000 || refused < 100 {
		t.Errorf("%d builds ended well, %d did not: that tests little", public, refused)
	}
}

func (t *toy) check() error {
	for key, n := range t.rows {
		if !t.entries[[2]int{n, key}] {
			return fmt.Errorf("row %d with %d has no entry", key, n)
		}
		for other, m := range t.rows {
			if t.unique && other != key && m == n {
				return fmt.Errorf("rows %d and %d have %d", key, other, n)
			}
		}
	}
	return nil
}

// TestPassing: what is of the moment is repeated, what is of the data is not.
func TestPassing(t *testing.T) {
	for err, want := range map[error]bool{
		txn.ErrSnapshotTooOld:                                        true,
		pgerr.New(pgerr.SerializationFailure, "x"):                   true,
		pgerr.New(pgerr.DiskFull, "x"):                               true,
		pgerr.New("54000", "transaction age limit of 300s exceeded"): true,
		pgerr.New("54000", "transaction row limit exceeded"):         false,
		pgerr.New(pgerr.IOError, "x"):                                true,
		pgerr.New(pgerr.DataCorrupted, "x"):                          false,
		pgerr.New(pgerr.UniqueViolation, "x"):                        false,
		failure{duplicates}:                                          false,
		errors.New("x"):                                              false,
		pgerr.New(pgerr.NumericValueOutOfRange, ""):                  false,
	} {
		c := course{state: catalog.IndexBuilding}
		if got := c.chunk(nil, false, err) == nil; got != want {
			t.Errorf("%v: repeated %v, want %v", err, got, want)
		}
	}
}
