package exec

import (
	"slices"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
)

// This file is the one place where a row change becomes a base row, index
// entries, claims and checks (design §3).

// A tableSpec is what writers of a table need, compiled. Immutable.
type tableSpec struct {
	t         *catalog.Table
	rows      *tuple.Encoder
	checks    []checkSpec
	generated []generatedSpec
	indexes   []indexSpec
	keyCols   []bool // by index in t.Columns: member of a unique index that is neither partial nor has expressions
	primary   []int  // columns of the primary key; nil if it is hidden
}

type checkSpec struct {
	name string
	view bool // WITH CHECK OPTION of the view of that name
	x    *expr.Compiled
}

type generatedSpec struct {
	attr int
	x    *expr.Compiled
}

// An indexSpec is a secondary index.
type indexSpec struct {
	idx   *catalog.Index
	pairs *tuple.Encoder
	exprs []*expr.Compiled // by key; nil: a plain column
	pred  *expr.Compiled
}

func (c *compiler) table(t *catalog.Table, bound *rel.TableExprs) (*tableSpec, error) {
	s := &tableSpec{t: t, rows: tuple.NewEncoder(t, t.Primary), keyCols: make([]bool, len(t.Columns))}
	if bound == nil {
		if needsBound(t) {
			return nil, pgerr.New(pgerr.InternalError, "expressions of table \"%s\" are not bound", t.Name)
		}
		bound = &rel.TableExprs{}
	}
	for _, ck := range bound.Checks {
		x, err := c.expr(ck.X, bound.Cols)
		if err != nil {
			return nil, err
		}
		s.checks = append(s.checks, checkSpec{ck.Name, ck.View, x})
	}
	for attr := range t.Columns {
		if bound.Generated[attr] == nil {
			continue
		}
		x, err := c.expr(bound.Generated[attr], bound.Cols)
		if err != nil {
			return nil, err
		}
		s.generated = append(s.generated, generatedSpec{attr, x})
	}
	if !t.Primary.Hidden {
		for _, k := range t.Primary.Keys {
			s.primary = append(s.primary, k.Col)
			s.keyCols[k.Col] = true
		}
	}
	for _, idx := range t.Indexes {
		x, err := c.index(t, idx, bound)
		if err != nil {
			return nil, err
		}
		s.indexes = append(s.indexes, x)
		if idx.Unique && plainIndex(idx) {
			for _, k := range idx.Keys {
				s.keyCols[k.Col] = true
			}
		}
	}
	return s, nil
}

// needsBound reports whether t has expressions of its own.
func needsBound(t *catalog.Table) bool {
	return len(t.Checks) > 0 ||
		slices.ContainsFunc(t.Columns, func(c catalog.Col) bool { return c.Generated != "" }) ||
		slices.ContainsFunc(t.Indexes, func(x *catalog.Index) bool { return !plainIndex(x) })
}

func plainIndex(idx *catalog.Index) bool {
	return idx.Where == "" && !slices.ContainsFunc(idx.Keys, func(k catalog.IndexKey) bool { return k.Col < 0 })
}

func (c *compiler) index(t *catalog.Table, idx *catalog.Index, bound *rel.TableExprs) (indexSpec, error) {
	x := indexSpec{idx: idx, pairs: tuple.NewEncoder(t, idx), exprs: make([]*expr.Compiled, len(idx.Keys))}
	var err error
	for i, k := range idx.Keys {
		if k.Col >= 0 {
			continue
		}
		keys := bound.IndexKeys[idx.OID]
		if i >= len(keys) || keys[i] == nil {
			return x, pgerr.New(pgerr.InternalError, "expressions of index \"%s\" are not bound", idx.Name)
		}
		if x.exprs[i], err = c.expr(keys[i], bound.Cols); err != nil {
			return x, err
		}
	}
	if idx.Where != "" && bound.IndexPred[idx.OID] == nil {
		return x, pgerr.New(pgerr.InternalError, "predicate of index \"%s\" is not bound", idx.Name)
	}
	x.pred, err = c.expr(bound.IndexPred[idx.OID], bound.Cols)
	return x, err
}

// A writer changes rows of a table in one execution.
type writer struct {
	r *run
	s *tableSpec
}

// An entry is a row's entry in a secondary index; absent when the index's
// predicate does not hold.
type entry struct {
	present bool
	keys    []types.Datum
	key     kv.Key
	value   []byte
	unique  bool // no second row may have it
}

// complete computes generated columns and checks the row by itself.
func (w *writer) complete(row []types.Datum) error {
	for _, g := range w.s.generated {
		d, err := g.x.Row(w.r.env, row)
		if err != nil {
			return err
		}
		row[g.attr] = d
	}
	for i := range w.s.t.Columns {
		col := &w.s.t.Columns[i]
		if row[i].IsNull() && col.NotNull && !col.Dropped {
			return w.notNull(col, row)
		}
	}
	for i := range w.s.checks {
		d, err := w.s.checks[i].x.Row(w.r.env, row)
		if err != nil {
			return err
		}
		if !d.IsNull() && !d.Bool() {
			return w.checkFailed(w.s.checks[i], row)
		}
	}
	return w.columnSizes(row)
}

// baseKey is the key of a new row.
func (w *writer) baseKey(row []types.Datum) (kv.Key, error) {
	if w.s.primary == nil {
		return tuple.NewHiddenKey(w.s.t), nil
	}
	key := tuple.BaseKey(w.s.t, row)
	return key, w.keySize(w.s.t.Primary, key)
}

// entry computes the row's entry in a secondary index.
func (w *writer) entry(x *indexSpec, base kv.Key, row []types.Datum) (entry, error) {
	if x.pred != nil {
		d, err := x.pred.Row(w.r.env, row)
		if err != nil || d.IsNull() || !d.Bool() {
			return entry{}, err
		}
	}
	e := entry{present: true, keys: make([]types.Datum, len(x.idx.Keys)), unique: x.idx.Unique}
	for i, k := range x.idx.Keys {
		if x.exprs[i] == nil {
			e.keys[i] = row[k.Col]
		} else {
			d, err := x.exprs[i].Row(w.r.env, row)
			if err != nil {
				return entry{}, err
			}
			e.keys[i] = d
		}
		if e.keys[i].IsNull() && !x.idx.NullsNotDistinct {
			e.unique = false
		}
	}
	e.key, e.value = x.pairs.Entry(e.keys, row, base)
	return e, w.keySize(x.idx, e.key)
}

// strength is how an entry's key is claimed.
func (e *entry) strength() kv.Strength {
	if e.unique {
		return kv.Exclusive
	}
	return kv.None
}

// insert adds a row. The row is complete.
func (w *writer) insert(row []types.Datum) error {
	base, err := w.baseKey(row)
	if err != nil {
		return err
	}
	return w.insertAt(base, row)
}

func (w *writer) insertAt(base kv.Key, row []types.Datum) error {
	if w.s.primary != nil {
		if err := w.mustBeFree(w.s.t.Primary, base, func() []types.Datum { return w.primaryValues(row) }); err != nil {
			return err
		}
	}
	if err := w.putNewBase(base, row); err != nil {
		return err
	}
	for i := range w.s.indexes {
		x := &w.s.indexes[i]
		e, err := w.entry(x, base, row)
		if err != nil {
			return err
		}
		if err := w.putEntry(x, &e); err != nil {
			return err
		}
	}
	w.r.touch(base)
	if err := w.referTo(nil, row); err != nil {
		return err
	}
	return w.r.Tx.CountRows(1)
}

func (w *writer) primaryValues(row []types.Datum) []types.Datum {
	vals := make([]types.Datum, len(w.s.primary))
	for i, c := range w.s.primary {
		vals[i] = row[c]
	}
	return vals
}

// mustBeFree fails if the unique key has a row in the snapshot or among own writes.
// What other transactions insert at the same time is found at commit, by the claim.
func (w *writer) mustBeFree(idx *catalog.Index, key kv.Key, vals func() []types.Datum) error {
	_, taken, err := w.r.lookupLatest(key)
	if err != nil {
		return err
	}
	if taken {
		return w.duplicate(idx, vals())
	}
	return nil
}

func (w *writer) putBase(base kv.Key, row []types.Datum, s kv.Strength) error {
	value := w.s.rows.Row(row)
	if err := w.rowSize(base, value); err != nil {
		return err
	}
	return w.r.Tx.Put(base, value, s)
}

// putNewBase is putBase where no row is.
func (w *writer) putNewBase(base kv.Key, row []types.Datum) error {
	value := w.s.rows.Row(row)
	if err := w.rowSize(base, value); err != nil {
		return err
	}
	return w.r.Tx.PutNew(base, value, kv.Exclusive)
}

// putEntry adds an entry that its index does not have. The claim of its own key, or of the
// row's, sees to it that no other transaction adds it, unless the index is being built.
func (w *writer) putEntry(x *indexSpec, e *entry) error {
	if !e.present {
		return nil
	}
	if e.unique {
		if err := w.mustBeFree(x.idx, e.key, func() []types.Datum { return e.keys }); err != nil {
			return err
		}
	}
	if x.idx.State != catalog.IndexPublic {
		return w.r.Tx.Put(e.key, e.value, e.strength())
	}
	return w.r.Tx.PutNew(e.key, e.value, e.strength())
}

// remove deletes the row old at base.
func (w *writer) remove(base kv.Key, old []types.Datum) error {
	if err := w.r.Tx.Delete(base, kv.Exclusive); err != nil {
		return err
	}
	for i := range w.s.indexes {
		e, err := w.entry(&w.s.indexes[i], base, old)
		if err != nil {
			return err
		}
		if !e.present {
			continue
		}
		if err := w.r.Tx.Delete(e.key, e.strength()); err != nil {
			return err
		}
	}
	w.r.touch(base)
	w.leave(old, nil)
	return w.r.Tx.CountRows(1)
}

// update changes the row old at base to row, which is complete.
func (w *writer) update(base kv.Key, old, row []types.Datum) error {
	strength := kv.Update
	for i, key := range w.s.keyCols {
		if key && !sameDatum(w.s.t.Columns[i].T.OID, old[i], row[i]) {
			strength = kv.Exclusive
		}
	}
	moved := base
	if strength == kv.Exclusive && w.s.primary != nil {
		var err error
		if moved, err = w.baseKey(row); err != nil {
			return err
		}
	}
	if string(moved) != string(base) {
		return w.move(base, moved, old, row)
	}
	if err := w.putBase(base, row, strength); err != nil {
		return err
	}
	for i := range w.s.indexes {
		if err := w.updateEntry(&w.s.indexes[i], base, base, old, row); err != nil {
			return err
		}
	}
	w.r.touch(base)
	return w.changed(old, row)
}

// changed does what remains of any update.
func (w *writer) changed(old, row []types.Datum) error {
	w.leave(old, row)
	if err := w.referTo(old, row); err != nil {
		return err
	}
	return w.r.Tx.CountRows(1)
}

// move updates a row whose primary key changes: its old place becomes free.
func (w *writer) move(from, to kv.Key, old, row []types.Datum) error {
	if err := w.mustBeFree(w.s.t.Primary, to, func() []types.Datum { return w.primaryValues(row) }); err != nil {
		return err
	}
	if err := w.r.Tx.Delete(from, kv.Exclusive); err != nil {
		return err
	}
	if err := w.putNewBase(to, row); err != nil {
		return err
	}
	for i := range w.s.indexes {
		if err := w.updateEntry(&w.s.indexes[i], from, to, old, row); err != nil {
			return err
		}
	}
	w.r.touch(from)
	w.r.touch(to)
	return w.changed(old, row)
}

// updateEntry replaces a row's entry where it has changed.
func (w *writer) updateEntry(x *indexSpec, from, to kv.Key, old, row []types.Datum) error {
	was, err := w.entry(x, from, old)
	if err != nil {
		return err
	}
	now, err := w.entry(x, to, row)
	if err != nil {
		return err
	}
	if was.present && now.present && string(was.key) == string(now.key) {
		if string(was.value) == string(now.value) {
			return nil
		}
		return w.r.Tx.Put(now.key, now.value, now.strength())
	}
	if was.present {
		if err := w.r.Tx.Delete(was.key, was.strength()); err != nil {
			return err
		}
	}
	return w.putEntry(x, &now)
}

// sameDatum compares stored values of one type: equal means that no index key
// changes.
func sameDatum(oid types.OID, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return types.Compare(oid, a, b) == 0
}

// touch notes that this statement has changed the row under base.
func (r *run) touch(base kv.Key) {
	if r.touched != nil {
		r.touched[string(base)] = true
	}
}

// conflict looks for a row that stands in the way of inserting row: by the
// arbiter, or by any unique index if arbiter is nil. It returns its base key.
func (w *writer) conflict(arbiter *catalog.Index, row []types.Datum) (kv.Key, error) {
	var base kv.Key
	if w.s.primary != nil {
		var err error
		if base, err = w.baseKey(row); err != nil {
			return nil, err
		}
		if arbiter == nil || arbiter.Primary {
			_, taken, err := w.r.lookupLatest(base)
			if err != nil || taken {
				return base, err
			}
		}
	}
	if arbiter != nil && arbiter.Primary {
		return nil, nil
	}
	for i := range w.s.indexes {
		x := &w.s.indexes[i]
		if !x.idx.Unique || arbiter != nil && x.idx.OID != arbiter.OID {
			continue
		}
		// A unique entry's key does not depend on the base key.
		e, err := w.entry(x, base, row)
		if err != nil {
			return nil, err
		}
		if !e.present || !e.unique {
			continue
		}
		v, taken, err := w.r.lookupLatest(e.key)
		if err != nil {
			return nil, err
		}
		if taken {
			return tuple.BaseKeyOf(w.s.t, x.idx, e.key, v.Bytes)
		}
	}
	return nil, nil
}

// decode is the stored row under base: a value for each column of the table.
func (w *writer) decode(base kv.Key, value []byte) ([]types.Datum, error) {
	return tuple.DecodeRow(w.s.t, base, value)
}
