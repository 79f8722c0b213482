package exec

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// Foreign keys are looked at when the statement has made all its changes, as
// PostgreSQL's triggers do. A child claims its parent's row (share), so that a
// transaction that deletes the parent or changes its key meanwhile conflicts.

// A duty is what a changed row leaves to do at the end of the statement.
type duty struct {
	fk            *catalog.ForeignKey
	child, parent *catalog.Table
	// For a child: the key that it refers to. For a parent: the key that is gone, and
	// the key that took its place (nil when the row was deleted).
	key, now  []types.Datum
	fromChild bool
	// deferred is set if the duty has waited: the child may be gone by now.
	deferred bool
}

// referTo notes that the row refers to parents. old is nil for a new row.
func (w *writer) referTo(old, row []types.Datum) error {
	for i := range w.s.t.FKs {
		fk := &w.s.t.FKs[i]
		key := pick(row, fk.Cols)
		nulls := 0
		for _, d := range key {
			if d.IsNull() {
				nulls++
			}
		}
		if nulls > 0 && nulls < len(key) && fk.MatchFull {
			return w.at(pgerr.New(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", w.s.t.Name, fk.Name).
				WithDetail("MATCH FULL does not allow mixing of null and nonnull key values."), "", fk.Name)
		}
		if nulls > 0 || old != nil && w.sameKey(fk.Cols, old, row) {
			continue
		}
		w.r.duties = append(w.r.duties, duty{fk: fk, child: w.s.t, parent: w.r.Snap.Table(fk.RefTable), key: key, fromChild: true})
	}
	return nil
}

// leave notes that rows may have referred to old. row is nil when it was deleted.
func (w *writer) leave(old, row []types.Datum) {
	for _, oid := range w.s.t.RefBy {
		child := w.r.Snap.Table(oid)
		if child == nil {
			continue
		}
		for i := range child.FKs {
			fk := &child.FKs[i]
			if fk.RefTable != w.s.t.OID || row != nil && w.sameKey(fk.RefCols, old, row) {
				continue
			}
			key := pick(old, fk.RefCols)
			if slices.ContainsFunc(key, types.Datum.IsNull) {
				continue
			}
			d := duty{fk: fk, child: child, parent: w.s.t, key: key}
			if row != nil {
				d.now = pick(row, fk.RefCols)
			}
			w.r.duties = append(w.r.duties, d)
		}
	}
}

func pick(row []types.Datum, cols []int) []types.Datum {
	out := make([]types.Datum, len(cols))
	for i, c := range cols {
		out[i] = row[c]
	}
	return out
}

func (w *writer) sameKey(cols []int, a, b []types.Datum) bool {
	for _, c := range cols {
		if !sameDatum(w.s.t.Columns[c].T.OID, a[c], b[c]) {
			return false
		}
	}
	return true
}

// finish does the statement's duties; cascades may add more.
func (r *run) finish() error {
	for len(r.duties) > 0 {
		d := r.duties[0]
		r.duties = r.duties[1:]
		if err := r.canceled(); err != nil {
			return err
		}
		if d.parent == nil {
			continue
		}
		if r.Deferred != nil && r.Deferred.puts(d.fk) && (d.fromChild || isNoAction(d.action())) {
			d.deferred = true
			r.Deferred.duties = append(r.Deferred.duties, d)
			continue
		}
		if err := r.do(&d); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) do(d *duty) error {
	if d.fromChild {
		return r.needParent(d)
	}
	return r.loseParent(d)
}

// action is what the foreign key says to the change of a parent.
func (d *duty) action() byte {
	if d.now != nil {
		return d.fk.OnUpdate
	}
	return d.fk.OnDelete
}

func isNoAction(action byte) bool { return action == 'a' || action == 0 }

// needParent checks that the parent exists, and claims it.
func (r *run) needParent(d *duty) error {
	base, err := r.findParent(d.fk, d.parent, d.key)
	if err != nil {
		return err
	}
	if base == nil && d.deferred {
		// The row's key may have changed since.
		if left, err := r.children(d); err != nil || len(left) == 0 {
			return err
		}
	}
	if base == nil {
		w := writer{r, &tableSpec{t: d.child}}
		return w.at(pgerr.New(pgerr.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", d.child.Name, d.fk.Name).
			WithDetail("Key %s is not present in table \"%s\".", keyText(&w, d.child, d.fk.Cols, d.key), d.parent.Name), "", d.fk.Name)
	}
	return r.Tx.Lock(base, kv.Share)
}

// keyText prints "(a, b)=(1, 2)".
func keyText(w *writer, t *catalog.Table, cols []int, vals []types.Datum) string {
	var names, texts []string
	for i, c := range cols {
		names = append(names, funcs.QuoteIdent(t.Columns[c].Name))
		texts = append(texts, w.text(t.Columns[c].T.OID, vals[i]))
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(texts, ", ") + ")"
}

// findParent returns the base key of the row that has the key now; nil if none.
func (r *run) findParent(fk *catalog.ForeignKey, parent *catalog.Table, key []types.Datum) (kv.Key, error) {
	row := make([]types.Datum, len(parent.Columns))
	for i, c := range fk.RefCols {
		row[c] = key[i]
	}
	if err := r.asParent(fk, parent, row); err != nil {
		return nil, err
	}
	if !parent.Primary.Hidden && samePlaces(parent.Primary, fk.RefCols) {
		base := tuple.BaseKey(parent, row)
		_, ok, err := r.lookupLatest(base)
		if err != nil || !ok {
			return nil, err
		}
		return base, nil
	}
	for _, idx := range parent.Indexes {
		if idx.Unique && plainIndex(idx) && samePlaces(idx, fk.RefCols) {
			keys := make([]types.Datum, len(idx.Keys))
			for i, k := range idx.Keys {
				keys[i] = row[k.Col]
			}
			k, _ := tuple.Entry(parent, idx, keys, row, nil)
			v, ok, err := r.lookupLatest(k)
			if err != nil || !ok {
				return nil, err
			}
			return tuple.BaseKeyOf(parent, idx, k, v.Bytes)
		}
	}
	return nil, pgerr.New(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"", parent.Name)
}

// samePlaces reports whether the index's keys are exactly these columns.
func samePlaces(idx *catalog.Index, cols []int) bool {
	if len(idx.Keys) != len(cols) {
		return false
	}
	for _, k := range idx.Keys {
		if !slices.Contains(cols, k.Col) {
			return false
		}
	}
	return true
}

// loseParent does what the foreign key says for children of a key that is gone.
func (r *run) loseParent(d *duty) error {
	action := d.action()
	if isNoAction(action) {
		// Another row may have taken the key.
		if base, err := r.findParent(d.fk, d.parent, d.key); err != nil || base != nil {
			return err
		}
	}
	children, err := r.children(d)
	if err != nil || len(children) == 0 {
		return err
	}
	if isNoAction(action) || action == 'r' {
		return r.stillReferenced(d)
	}
	w, err := r.writerOf(d.child)
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := r.cascade(w, d, action, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) stillReferenced(d *duty) error {
	w := writer{r, &tableSpec{t: d.child}}
	return w.at(pgerr.New(pgerr.ForeignKeyViolation, "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"",
		d.parent.Name, d.fk.Name, d.child.Name).
		WithDetail("Key %s is still referenced from table \"%s\".", keyText(&w, d.parent, d.fk.RefCols, d.key), d.child.Name), "", d.fk.Name)
}

// A storedRow is a row and where it stands.
type storedRow struct {
	base kv.Key
	row  []types.Datum
}

func (r *run) cascade(w *writer, d *duty, action byte, c storedRow) error {
	if action == 'c' && d.now == nil {
		return w.remove(c.base, c.row)
	}
	row := slices.Clone(c.row)
	cols := d.fk.Cols
	if d.now == nil && len(d.fk.DeleteCols) > 0 {
		cols = d.fk.DeleteCols
	}
	for _, col := range cols {
		switch action {
		case 'c':
			i := slices.Index(d.fk.Cols, col)
			v, err := convert(d.now[i], d.parent.Columns[d.fk.RefCols[i]].T, d.child.Columns[col].T)
			if err != nil {
				return err
			}
			row[col] = v
		case 'd':
			v, err := r.defaultOf(w.s.t, col)
			if err != nil {
				return err
			}
			row[col] = v
		default:
			row[col] = types.Null
		}
	}
	if err := w.complete(row); err != nil {
		return err
	}
	if action == 'd' && refersTo(d, row) {
		// The default is the key that is gone.
		if base, err := r.findParent(d.fk, d.parent, pick(row, d.fk.Cols)); err != nil || base == nil {
			return cmp.Or(err, r.stillReferenced(d))
		}
	}
	return w.update(c.base, c.row, row)
}

// asParent gives the key that a child refers to the types of the parent's columns.
func (r *run) asParent(fk *catalog.ForeignKey, parent *catalog.Table, row []types.Datum) error {
	child := r.childOf(fk, parent)
	if child == nil {
		return nil
	}
	for i, c := range fk.RefCols {
		var err error
		if row[c], err = convert(row[c], child.Columns[fk.Cols[i]].T, parent.Columns[c].T); err != nil {
			return err
		}
	}
	return nil
}

// childOf finds the table that has a foreign key.
func (r *run) childOf(fk *catalog.ForeignKey, parent *catalog.Table) *catalog.Table {
	if r.Snap == nil {
		return nil
	}
	for _, oid := range parent.RefBy {
		if t := r.Snap.Table(oid); t != nil && slices.ContainsFunc(t.FKs, func(f catalog.ForeignKey) bool { return f.OID == fk.OID }) {
			return t
		}
	}
	return nil
}

// convert casts a value to another type, unless both types are the same to keys.
func convert(d types.Datum, from, to types.T) (types.Datum, error) {
	if d.IsNull() || from.OID == to.OID || types.KindOf(from.OID) == types.KindOf(to.OID) {
		return d, nil
	}
	if c, ok := funcs.FindCast(from.OID, to.OID, funcs.Explicit); ok && c.Func != nil && c.Func.Eval != nil {
		return c.Func.Eval(nil, []types.Datum{d})
	}
	return types.Parse(types.Of(to.OID), string(types.AppendText(nil, from.OID, d, types.DefaultFormat)), types.DefaultFormat)
}

// defaultOf is the value of a column's default.
func (r *run) defaultOf(t *catalog.Table, col int) (types.Datum, error) {
	if t.Columns[col].Default == "" {
		return types.Null, nil
	}
	if r.Default == nil {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "SET DEFAULT is not supported for column \"%s\"", t.Columns[col].Name)
	}
	return r.Default(t, col)
}

// writerOf compiles what a cascade needs to change rows of t.
func (r *run) writerOf(t *catalog.Table) (*writer, error) {
	if s := r.tables[t.OID]; s != nil {
		return &writer{r, s}, nil
	}
	c := &compiler{p: &Program{}}
	var bound *rel.TableExprs
	if r.Bound != nil {
		var err error
		if bound, err = r.Bound(t); err != nil {
			return nil, err
		}
	}
	s, err := c.table(t, bound)
	if err != nil {
		return nil, err
	}
	if r.tables == nil {
		r.tables = map[types.OID]*tableSpec{}
	}
	r.tables[t.OID] = s
	return &writer{r, s}, nil
}

// children reads the rows of the child table that refer to the key now.
func (r *run) children(d *duty) ([]storedRow, error) {
	idx, span := r.childSpan(d)
	it := r.Tx.Scan(r.Ctx, span, txn.ScanOptions{Latest: true})
	defer it.Close()
	var out []storedRow
	for n := 0; it.Next(); n++ {
		if n&chunkMask == 0 {
			if err := r.canceled(); err != nil {
				return nil, err
			}
		}
		base := kv.Key(bytes.Clone(it.Key()))
		if !idx.Primary {
			var err error
			if base, err = tuple.BaseKeyOf(d.child, idx, base, it.Value()); err != nil {
				return nil, err
			}
		}
		v, ok, err := r.lookupLatest(base)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		row, err := tuple.DecodeRow(d.child, base, v.Bytes)
		if err != nil {
			return nil, err
		}
		if refersTo(d, row) {
			if err := r.mem.grow(int64(len(v.Bytes)) * 2); err != nil {
				return nil, err
			}
			out = append(out, storedRow{base, row})
		}
	}
	return out, it.Err()
}

func refersTo(d *duty, row []types.Datum) bool {
	for i, c := range d.fk.Cols {
		t := d.child.Columns[c].T
		v := row[c]
		if !d.fromChild { // The key is the parent's.
			from := t
			t = d.parent.Columns[d.fk.RefCols[i]].T
			var err error
			if v, err = convert(v, from, t); err != nil {
				return false
			}
		}
		if v.IsNull() || !sameDatum(t.OID, v, d.key[i]) {
			return false
		}
	}
	return true
}

// childSpan is where children stand: under the key in an index that begins with
// the referring columns, or anywhere in the table.
func (r *run) childSpan(d *duty) (*catalog.Index, kv.Span) {
	for _, idx := range append([]*catalog.Index{d.child.Primary}, d.child.Indexes...) {
		n := len(d.fk.Cols)
		if idx.Hidden || idx.State != catalog.IndexPublic || !plainIndex(idx) || len(idx.Keys) < n {
			continue
		}
		p := tuple.Prefix(idx)
		fits := true
		for i := range n {
			at := slices.Index(d.fk.Cols, idx.Keys[i].Col)
			fits = fits && at >= 0
			fits = fits && types.KindOf(d.parent.Columns[d.fk.RefCols[at]].T.OID) == types.KindOf(idx.Keys[i].T.OID)
			if fits {
				p = tuple.AppendIndexKey(p, idx, i, d.key[at])
			}
		}
		if fits {
			return idx, kv.PrefixSpan(p)
		}
	}
	return d.child.Primary, kv.PrefixSpan(tuple.Prefix(d.child.Primary))
}
