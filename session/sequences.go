package session

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/types"
	"zorya/txn"
)

// Sequences hands out the values of a cluster's sequences. It acts outside
// transactions: values are reserved by a commit of its own, durable before the
// first of them is returned, and never given back. A crash or a clean stop loses
// what was reserved and not used. Safe for concurrent use.
type Sequences struct {
	db *txn.DB

	mu   sync.Mutex
	seqs map[types.OID]*sequence
}

// A sequence is the part of the reserved values that is not yet handed out.
type sequence struct {
	mu   sync.Mutex
	next int64
	left int64 // values from next on
	rule rule  // by which they were reserved
}

// A rule is how a sequence goes on from a value to the next.
type rule struct {
	increment, min, max int64
	cycle               bool
}

func ruleOf(d *catalog.Sequence) rule { return rule{d.Increment, d.Min, d.Max, d.Cycle} }

// reserveAhead is how many values a reservation takes for CACHE 1: enough that a
// commit is not needed for each, few enough that a crash leaves a small gap.
const reserveAhead = 32

// NewSequences returns the sequences of a cluster.
func NewSequences(db *txn.DB) *Sequences {
	return &Sequences{db: db, seqs: map[types.OID]*sequence{}}
}

func (q *Sequences) get(oid types.OID) *sequence {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.seqs[oid]
	if s == nil {
		s = &sequence{}
		q.seqs[oid] = s
	}
	return s
}

func sequenceKey(oid types.OID) kv.Key {
	return binary.BigEndian.AppendUint32([]byte{kv.System, 's'}, uint32(oid))
}

// Next returns the next value.
func (q *Sequences) Next(ctx context.Context, d *catalog.Sequence) (int64, error) {
	s := q.get(d.OID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 && s.rule != ruleOf(d) { // ALTER SEQUENCE since: on from the last value
		last := s.next - s.rule.increment
		if err := q.update(ctx, d, func(int64, bool) (int64, bool, error) { return last, true, nil }); err != nil {
			return 0, err
		}
		s.left = 0
	}
	if s.left == 0 {
		first, n, err := q.reserve(ctx, d)
		if err != nil {
			return 0, err
		}
		s.next, s.left, s.rule = first, n, ruleOf(d)
	}
	v := s.next
	s.left--
	s.next += d.Increment
	return v, nil
}

// Set makes v the sequence's value: the next one follows it, or is v itself if
// called is false.
func (q *Sequences) Set(ctx context.Context, d *catalog.Sequence, v int64, called bool) error {
	if v < d.Min || v > d.Max {
		return pgerr.New(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", v, d.Name, d.Min, d.Max)
	}
	s := q.get(d.OID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = 0
	return q.update(ctx, d, func(int64, bool) (int64, bool, error) { return v, called, nil })
}

// Last is the sequence's value as its row shows it: the last one reserved.
func (q *Sequences) Last(ctx context.Context, d *catalog.Sequence) (v int64, called bool, err error) {
	tx, err := q.db.Begin(ctx, txn.Options{ReadOnly: true})
	if err != nil {
		return 0, false, err
	}
	defer tx.Rollback()
	v, called, err = readSequence(ctx, tx, d)
	if s := q.get(d.OID); err == nil && called {
		s.mu.Lock()
		v -= s.left * s.rule.increment
		s.mu.Unlock()
	}
	return v, called, err
}

// reserve takes the next values and returns the first of them and how many.
func (q *Sequences) reserve(ctx context.Context, d *catalog.Sequence) (first, n int64, err error) {
	err = q.update(ctx, d, func(last int64, called bool) (int64, bool, error) {
		first = last
		if called {
			if first, err = step(last, d); err != nil {
				return 0, false, err
			}
		}
		last = first
		for n = 1; n < max(d.Cache, reserveAhead); n++ {
			next := last + d.Increment
			if next > d.Max || next < d.Min || (next > last) != (d.Increment > 0) {
				break
			}
			last = next
		}
		return last, true, nil
	})
	return first, n, err
}

// step is the value after v, going round if the sequence cycles.
func step(v int64, d *catalog.Sequence) (int64, error) {
	next := v + d.Increment
	if d.Increment > 0 && (next > d.Max || next < v) {
		if !d.Cycle {
			return 0, pgerr.New("2200H", "nextval: reached maximum value of sequence \"%s\" (%d)", d.Name, d.Max)
		}
		return d.Min, nil
	}
	if d.Increment < 0 && (next < d.Min || next > v) {
		if !d.Cycle {
			return 0, pgerr.New("2200H", "nextval: reached minimum value of sequence \"%s\" (%d)", d.Name, d.Min)
		}
		return d.Max, nil
	}
	return next, nil
}

// update changes a sequence's row in a transaction of its own, again on conflict.
func (q *Sequences) update(ctx context.Context, d *catalog.Sequence, f func(last int64, called bool) (int64, bool, error)) error {
	for {
		tx, err := q.db.Begin(ctx, txn.Options{})
		if err != nil {
			return err
		}
		err = func() error {
			last, called, err := readSequence(ctx, tx, d)
			if err != nil {
				return err
			}
			if last, called, err = f(last, called); err != nil {
				return err
			}
			value := binary.BigEndian.AppendUint64(nil, uint64(last))
			if called {
				value = append(value, 1)
			}
			if err := tx.Put(sequenceKey(d.OID), value, kv.Exclusive); err != nil {
				return err
			}
			_, err = tx.Commit(ctx)
			return err
		}()
		tx.Rollback()
		if pgerr.Code(err) != pgerr.SerializationFailure {
			return err
		}
	}
}

func readSequence(ctx context.Context, tx txn.Tx, d *catalog.Sequence) (last int64, called bool, err error) {
	v, ok, err := tx.Get(ctx, sequenceKey(d.OID))
	if err != nil {
		return 0, false, err
	}
	if !ok {
		return d.Start, false, nil
	}
	if len(v.Bytes) < 8 {
		return 0, false, errors.New("sequence row is too short")
	}
	return int64(binary.BigEndian.Uint64(v.Bytes)), len(v.Bytes) > 8, nil
}
