package check

import (
	"bytes"
	"errors"

	"zorya/kv"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/tuple"
	"zorya/sql/types"
)

// An indexCheck computes the entries that rows must have in one index.
type indexCheck struct {
	idx     *catalog.Index
	builder *exec.IndexBuilder
	// complete says that each row has its entry: not while an index is built.
	complete bool
}

// A tableCheck is what the rows of one table are checked with.
type tableCheck struct {
	t       *catalog.Table
	name    string
	indexes map[*catalog.Index]*indexCheck
}

// data checks every row and every index entry.
func (x *inspection) data() error {
	if x.snap == nil {
		return errUnreadable
	}
	for _, t := range x.snap.Tables() {
		if t.Kind != catalog.RelTable || t.Primary == nil {
			continue
		}
		tc, err := x.tableCheck(t)
		if err != nil {
			x.found(x.object(catalog.KeyOf(t)), "its expressions cannot be evaluated: %v", err)
			continue
		}
		for _, step := range []func(*tableCheck) error{x.rows, x.entries} {
			if err := step(tc); err != nil && !errors.Is(err, errUnreadable) {
				return err
			}
		}
	}
	return x.strays()
}

func (x *inspection) tableCheck(t *catalog.Table) (*tableCheck, error) {
	env := &bind.Env{Snap: x.snap, Role: catalog.AdminRole, ParseExpr: parser.ParseExpr, ParseSelect: parser.ParseSelect, ParseBody: parser.ParseBody}
	bound, err := bind.BindTableExprs(env, t)
	if err != nil {
		return nil, err
	}
	tc := &tableCheck{t: t, name: x.object(catalog.KeyOf(t)), indexes: map[*catalog.Index]*indexCheck{}}
	for _, idx := range t.Indexes {
		eval := &expr.Env{Ctx: &funcs.Ctx{Context: x.ctx, Format: types.DefaultFormat}}
		b, err := exec.NewIndexBuilder(eval, exec.Limits{}, t, idx.OID, bound)
		if err != nil {
			return nil, err
		}
		tc.indexes[idx] = &indexCheck{idx: idx, builder: b, complete: idx.State == catalog.IndexPublic}
	}
	return tc, nil
}

// rows checks each row of a table, and that it has its index entries and parents.
func (x *inspection) rows(tc *tableCheck) error {
	return x.scan(tc.name, kv.PrefixSpan(tuple.Prefix(tc.t.Primary)), func(key kv.Key, value []byte) error {
		x.n.Rows++
		base := kv.Key(bytes.Clone(key))
		row, err := tuple.DecodeRow(tc.t, base, value)
		if err != nil {
			x.found(x.object(base), "the row cannot be decoded: %v", err)
			return nil
		}
		for _, i := range tc.t.Live() {
			if col := &tc.t.Columns[i]; col.NotNull && row[i].IsNull() {
				x.found(x.object(base), "column %q is NULL", col.Name)
			}
		}
		for _, ic := range tc.indexes {
			if err := x.hasEntry(ic, base, value); err != nil {
				return err
			}
		}
		return x.parents(tc, base, row)
	})
}

// hasEntry checks that a row has its entry in an index.
func (x *inspection) hasEntry(ic *indexCheck, base kv.Key, value []byte) error {
	want, in, err := ic.builder.Entry(base, value)
	if err != nil {
		x.found(x.object(base), "its entry in index \""+ic.idx.Name+"\" cannot be computed: %v", err)
		return nil
	}
	if !in || !ic.complete {
		return nil
	}
	have, ok, err := x.get(want.Key)
	switch {
	case err != nil:
		return err
	case !ok:
		x.found(x.object(base), "the row has no entry in index \"%s\"", ic.idx.Name)
	case want.Unique && !tuple.SameBase(have.Bytes, base):
		x.found(x.object(base), "another row has the same key in unique index \"%s\": %s", ic.idx.Name, x.object(want.Key))
	case !bytes.Equal(have.Bytes, want.Value):
		x.found(x.object(base), "its entry in index \"%s\" differs from the row", ic.idx.Name)
	}
	return nil
}

// parents checks that the rows exist to which a row refers.
func (x *inspection) parents(tc *tableCheck, base kv.Key, row []types.Datum) error {
	if x.o.SkipForeignKeys {
		return nil
	}
	for i := range tc.t.FKs {
		fk := &tc.t.FKs[i]
		parent := x.snap.Table(fk.RefTable)
		if !fk.Valid || parent == nil {
			continue
		}
		key, nulls := make([]types.Datum, len(fk.Cols)), 0
		for k, c := range fk.Cols {
			if key[k] = row[c]; key[k].IsNull() {
				nulls++
			}
		}
		if nulls > 0 {
			if fk.MatchFull && nulls < len(key) {
				x.found(x.object(base), "foreign key \"%s\" mixes null and nonnull values", fk.Name)
			}
			continue
		}
		found, err := exec.Parent(x.ctx, x.tx, fk, parent, key)
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		if err != nil {
			x.found(x.object(base), "its parent by foreign key \""+fk.Name+"\" cannot be read: %v", err)
		} else if found == nil {
			x.found(x.object(base), "foreign key \"%s\" refers to a row that does not exist", fk.Name)
		}
	}
	return nil
}

// entries checks that each entry of a table's indexes is the one of a row. An
// index that is unique and not yet public may have some that its build will repair.
func (x *inspection) entries(tc *tableCheck) error {
	for _, ic := range tc.indexes {
		err := x.scan(tc.name+", index \""+ic.idx.Name+"\"", kv.PrefixSpan(tuple.Prefix(ic.idx)), func(key kv.Key, value []byte) error {
			x.n.Entries++
			base, err := tuple.BaseKeyOf(tc.t, ic.idx, key, value)
			if err != nil {
				x.found(tc.name+", index \""+ic.idx.Name+"\"", "entry %x cannot be decoded: %v", []byte(key), err)
				return nil
			}
			if ic.complete || !ic.idx.Unique {
				return x.hasRow(ic, bytes.Clone(key), base)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errUnreadable) {
			return err
		}
	}
	return nil
}

// hasRow checks that the row of an entry exists and has that entry.
func (x *inspection) hasRow(ic *indexCheck, key, base kv.Key) error {
	row, ok, err := x.get(base)
	if err != nil {
		return err
	}
	if !ok {
		x.found(x.object(base), "index \"%s\" has an entry of this row, which does not exist", ic.idx.Name)
		return nil
	}
	want, in, err := ic.builder.Entry(base, row.Bytes)
	if err == nil && (!in || !bytes.Equal(want.Key, key)) {
		x.found(x.object(base), "index \"%s\" has an entry of this row that is not the row's", ic.idx.Name)
	}
	return nil
}

// strays finds keys that belong to no index. Those of dropped ones wait for their
// removal.
func (x *inspection) strays() error {
	purges, err := catalog.Purges(x.ctx, x.tx)
	if err != nil {
		return errUnreadable // Reported already.
	}
	purging := map[types.OID]bool{}
	for _, p := range purges {
		for _, oid := range p.Indexes {
			purging[oid] = true
		}
	}
	return x.scan("rows of all tables", kv.PrefixSpan(kv.Key{kv.Data}), func(key kv.Key, _ []byte) error {
		oid, ok := catalog.IndexOfKey(key)
		switch {
		case ok && x.snap.Index(oid) != nil:
		case ok && purging[oid]:
			x.n.Purging++
		default:
			x.found(x.object(key), "the key belongs to no table")
		}
		return nil
	})
}
