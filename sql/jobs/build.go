package jobs

import (
	"bytes"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// A chunk of a backfill is at most that many bytes of entries, and reads at most
// that many rows.
const (
	chunkBytes = 256 << 10
	chunkRows  = 2000
)

const duplicates = "found duplicate key(s) while validating index uniqueness"

// buildIndex takes an index from the state that it is in to PUBLIC (design §6).
func (r *Runner) buildIndex(j *catalog.Job) error {
	c, err := r.courseOf(j.ObjectID)
	for err == nil {
		switch c.next() {
		case stepFill:
			err = c.chunk(r.backfillChunk(j.ObjectID, c.from))
		case stepCheck:
			err = c.chunk(r.checkChunk(j.ObjectID, c.from))
		case stepEnforce:
			if err := r.moveIndex(j, catalog.IndexEnforcing, ""); err != nil {
				return err
			}
			c.moved(catalog.IndexEnforcing)
		case stepPublish:
			return r.moveIndex(j, catalog.IndexPublic, "")
		case stepFinish:
			return r.finish(j, catalog.JobCompleted, "")
		case stepGiveUp:
			return failure{duplicates}
		}
		if perr := r.pause(c.pause); perr != nil {
			return perr
		}
	}
	return r.buildFailed(j, err)
}

// courseOf returns where the build of an index stands.
func (r *Runner) courseOf(index types.OID) (c *course, err error) {
	err = r.read(r.ctx, func(_ *txn.Txn, snap *catalog.Snapshot) error {
		x := snap.Index(index)
		if x == nil {
			return failure{skipped}
		}
		c = &course{state: x.State, unique: x.Unique}
		return nil
	})
	return c, err
}

// buildFailed leaves the index invalid, to be dropped by its owner, if the error is
// the data's.
func (r *Runner) buildFailed(j *catalog.Job, err error) error {
	if r.ctx.Err() != nil || unable(err) {
		return err
	}
	details := err.Error()
	if e := pgerr.As(err); e != nil {
		details = e.Message
	}
	if merr := r.moveIndex(j, catalog.IndexInvalid, details); merr != nil {
		return merr
	}
	return failure{details}
}

// moveIndex sets the state of a job's index. ENFORCING turns writers from before
// away, so that all later ones check uniqueness; the others let them go on. The
// job's row moves in the same transaction.
func (r *Runner) moveIndex(j *catalog.Job, state catalog.IndexState, details string) error {
	return r.write(func(tx *txn.Txn, snap *catalog.Snapshot) error {
		x := snap.Index(j.ObjectID)
		if x == nil {
			return failure{skipped}
		}
		t := snap.Table(x.Table).Clone()
		for i, have := range t.Indexes {
			if have.OID == x.OID {
				c := have.Clone()
				c.State = state
				t.Indexes[i] = c
			}
		}
		ed := catalog.NewEditor(r.ctx, tx, snap)
		if state == catalog.IndexEnforcing {
			t.Fence++
			ed.Put(t)
		} else {
			ed.PutQuietly(t)
		}
		if err := ed.Flush(); err != nil {
			return err
		}
		switch state {
		case catalog.IndexPublic:
			return putStatus(tx, j, catalog.JobCompleted, "")
		case catalog.IndexInvalid:
			return putStatus(tx, j, catalog.JobFailed, details)
		}
		return nil
	})
}

// builder makes what computes an index's entries, for the catalog of snap.
func (r *Runner) builder(snap *catalog.Snapshot, index types.OID) (*catalog.Table, *exec.IndexBuilder, error) {
	x := snap.Index(index)
	if x == nil {
		return nil, nil, failure{skipped}
	}
	t := snap.Table(x.Table)
	bound, err := bind.BindTableExprs(r.bindEnv(snap), t)
	if err != nil {
		return nil, nil, err
	}
	env := &expr.Env{Ctx: &funcs.Ctx{Context: r.ctx, Format: types.DefaultFormat}}
	b, err := exec.NewIndexBuilder(env, r.Limits, t, index, bound)
	return t, b, err
}

func (r *Runner) bindEnv(snap *catalog.Snapshot) *bind.Env {
	return &bind.Env{Snap: snap, Role: catalog.AdminRole, ParseExpr: parser.ParseExpr, ParseSelect: parser.ParseSelect, ParseBody: parser.ParseBody}
}

// backfillChunk writes the entries of the rows from a key on (nil: from the start)
// that were there before the index, and returns where the next chunk begins. A chunk is
// a scan at a fresh snapshot, written as of that snapshot: what writers have done since
// stays.
func (r *Runner) backfillChunk(index types.OID, from kv.Key) (next kv.Key, done bool, err error) {
	var (
		descriptor kv.Key
		version    kv.Timestamp
		asOf       kv.Timestamp
		mutations  []kv.Mutation
	)
	err = r.read(r.ctx, func(tx *txn.Txn, snap *catalog.Snapshot) error {
		t, b, err := r.builder(snap, index)
		if err != nil {
			return err
		}
		descriptor = catalog.KeyOf(t)
		v, _, err := tx.Get(r.ctx, descriptor)
		if err != nil {
			return err
		}
		version, asOf = v.Time, tx.ReadPoint().Time
		span := indexSpan(t.Primary.OID)
		if from != nil {
			span.Start = from
		}
		it := tx.Scan(r.ctx, span, txn.ScanOptions{Limit: chunkRows})
		defer it.Close()
		size, rows := 0, 0
		for size < chunkBytes && it.Next() {
			rows++
			base := kv.Key(bytes.Clone(it.Key()))
			next = append(bytes.Clone(base), 0)
			e, ok, err := b.Entry(base, it.Value())
			if err != nil {
				return err
			}
			if ok {
				mutations = append(mutations, kv.Mutation{Key: e.Key, Value: e.Value})
				size += len(e.Key) + len(e.Value)
			}
		}
		done = size < chunkBytes && rows < chunkRows
		return it.Err()
	})
	if err != nil || len(mutations) == 0 {
		return next, done, err
	}
	return next, done, r.DB.Backfill(r.ctx, descriptor, version, asOf, mutations)
}

// checkChunk makes sure that each row from a key on has the entry of its own in a unique
// index whose writers all check it by now, and repairs what the build's own course has
// made wrong: an entry that two rows shared while one of them was deleted.
func (r *Runner) checkChunk(index types.OID, from kv.Key) (next kv.Key, done bool, err error) {
	tx, err := r.DB.Begin(r.ctx, txn.Options{})
	if err != nil {
		return nil, false, err
	}
	defer tx.Rollback()
	snap, err := r.Catalog.At(r.ctx, tx)
	if err != nil {
		return nil, false, err
	}
	t, b, err := r.builder(snap, index)
	if err != nil {
		return nil, false, err
	}
	tx.Reference(catalog.KeyOf(t))
	span := indexSpan(t.Primary.OID)
	if from != nil {
		span.Start = from
	}
	it := tx.Scan(r.ctx, span, txn.ScanOptions{Limit: chunkRows})
	defer it.Close()
	rows := 0
	for it.Next() {
		rows++
		base := kv.Key(bytes.Clone(it.Key()))
		next = append(bytes.Clone(base), 0)
		e, ok, err := b.Entry(base, it.Value())
		if err != nil {
			return nil, false, err
		}
		if ok && e.Unique {
			if err := r.checkEntry(tx, t, index, b, base, e); err != nil {
				return nil, false, err
			}
		}
	}
	if err := it.Err(); err != nil {
		return nil, false, err
	}
	_, err = tx.Commit(r.ctx)
	return next, rows < chunkRows, err
}

// checkEntry checks the entry of the row at base.
func (r *Runner) checkEntry(tx *txn.Txn, t *catalog.Table, index types.OID, b *exec.IndexBuilder, base kv.Key, e exec.IndexEntry) error {
	v, ok, err := tx.Get(r.ctx, e.Key)
	if err != nil {
		return err
	}
	if ok && bytes.Equal(v.Bytes, e.Value) {
		return nil
	}
	if ok && !tuple.SameBase(v.Bytes, base) {
		other, err := tuple.BaseKeyOf(t, t.Index(index), e.Key, v.Bytes)
		if err != nil {
			return err
		}
		row, live, err := tx.Get(r.ctx, other)
		if err != nil {
			return err
		}
		if live {
			have, in, err := b.Entry(other, row.Bytes)
			if err != nil {
				return err
			}
			if in && bytes.Equal(have.Key, e.Key) {
				return failure{duplicates}
			}
		}
	}
	return tx.Put(e.Key, e.Value, kv.Exclusive)
}

func indexSpan(oid types.OID) kv.Span {
	return kv.PrefixSpan(tuple.Prefix(&catalog.Index{Header: catalog.Header{OID: oid}}))
}
