package exec

import (
	"context"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/rel"
	"zorya/sql/types"
	"zorya/txn"
)

// A Loader inserts rows without a plan, as COPY does. It belongs to one statement.
type Loader struct {
	r *run
	w writer
}

// NewLoader makes a Loader for t, whose own expressions are bound (nil if it has
// none). c.Env, c.Tx and c.Snap are used as by a cursor.
func NewLoader(c *Context, t *catalog.Table, bound *rel.TableExprs) (*Loader, error) {
	s, err := (&compiler{p: &Program{}}).table(t, bound)
	if err != nil {
		return nil, err
	}
	env := *c.Env
	r := &run{Context: c, env: &env, mem: account{limit: c.Limits.Memory}}
	return &Loader{r, writer{r, s}}, nil
}

// Insert checks and inserts a row: a value for each of the table's columns, NULL
// for generated ones, which it fills in.
func (l *Loader) Insert(row []types.Datum) error {
	if err := l.r.canceled(); err != nil {
		return err
	}
	if err := l.w.complete(row); err != nil {
		return err
	}
	return l.w.insert(row)
}

// Close ends the statement.
func (l *Loader) Close() { l.r.release() }

// Finish does what is checked at the end of a statement: foreign keys.
func (l *Loader) Finish() error { return l.r.finish() }

// An IndexBuilder computes the entries that stored rows have in one index, for its
// backfill. It belongs to one goroutine.
type IndexBuilder struct {
	w writer
	x *indexSpec
}

// NewIndexBuilder makes an IndexBuilder for a secondary index of t.
func NewIndexBuilder(env *expr.Env, limits Limits, t *catalog.Table, index types.OID, bound *rel.TableExprs) (*IndexBuilder, error) {
	s, err := (&compiler{p: &Program{}}).table(t, bound)
	if err != nil {
		return nil, err
	}
	r := &run{Context: &Context{Limits: limits}, env: env}
	for i := range s.indexes {
		if s.indexes[i].idx.OID == index {
			return &IndexBuilder{writer{r, s}, &s.indexes[i]}, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "index %d of table \"%s\" does not exist", index, t.Name)
}

// An IndexEntry is a row's entry. Unique says that no second row may have Key;
// Values are the key columns' values, for messages.
type IndexEntry struct {
	Key    kv.Key
	Value  []byte
	Unique bool
	Values []types.Datum
}

// Entry returns the entry of the row stored under base; ok is false if the index's
// predicate leaves the row out.
func (b *IndexBuilder) Entry(base kv.Key, value []byte) (e IndexEntry, ok bool, err error) {
	row, err := b.w.decode(base, value)
	if err != nil {
		return e, false, err
	}
	x, err := b.w.entry(b.x, base, row)
	if err != nil || !x.present {
		return e, false, err
	}
	return IndexEntry{x.key, x.value, x.unique, x.keys}, true, nil
}

// Duplicate is the error for two rows with one entry of a unique index, as its
// build reports it.
func (b *IndexBuilder) Duplicate(e IndexEntry) error {
	cols, vals := b.w.keyTexts(b.x.idx, e.Values)
	return b.w.at(pgerr.New(pgerr.UniqueViolation, "could not create unique index \"%s\"", b.x.idx.Name).
		WithDetail("Key (%s)=(%s) is duplicated.", cols, vals), "", b.x.idx.Name)
}

// Parent returns the base key of the row that a foreign key's values refer to; nil
// if there is none.
func Parent(ctx context.Context, tx txn.Tx, fk *catalog.ForeignKey, parent *catalog.Table, key []types.Datum) (kv.Key, error) {
	r := &run{Context: &Context{Ctx: ctx, Tx: tx}}
	defer r.release()
	return r.findParent(fk, parent, key)
}
