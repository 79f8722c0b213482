package check

import (
	"context"
	"errors"
	"fmt"

	"zorya/cluster"
	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/pgcatalog"
	"zorya/sql/types"
	"zorya/txn"
)

// An inspection is the check of what is in a cluster, as of its newest read point.
type inspection struct {
	ctx  context.Context
	c    *Cluster
	tx   *txn.Txn
	snap *catalog.Snapshot // nil: it cannot be read
	o    Options
	n    Content
	more map[string]int // Findings beyond maxFindings, by problem.
}

// maxFindings bounds how many findings of one kind are listed; the others are counted.
const maxFindings = 50

// found notes a finding.
func (x *inspection) found(object, format string, args ...any) {
	if x.more[format]++; x.more[format] <= maxFindings {
		x.c.add(Finding{Object: object, Problem: fmt.Sprintf(format, args...), WayOut: x.c.wayOut})
	}
}

// object is what a key stands for, in words.
func (x *inspection) object(key kv.Key) string {
	if x.snap != nil {
		if p, ok := pgcatalog.Locate(x.snap, key, types.DefaultFormat); ok {
			switch {
			case p.Index == nil:
				return p.Object
			case p.Index.Hidden:
				return fmt.Sprintf("%s, row %x", p.Relation(x.snap), []byte(key[5:]))
			}
			return fmt.Sprintf("%s, %s, key %s=%s", p.Relation(x.snap), p.IndexWords(), p.Columns, p.Values)
		}
	}
	return fmt.Sprintf("key %x", []byte(key))
}

// inside checks an open cluster.
func (c *Cluster) inside(ctx context.Context, open *cluster.Cluster, said *history, o Options) error {
	tx, err := open.DB().Begin(ctx, txn.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	x := &inspection{ctx: ctx, c: c, tx: tx, o: o, more: map[string]int{}}
	trees := func() error { return x.trees(open) }
	for _, step := range []func() error{x.readCatalog, func() error { return x.compare(said) }, trees, x.system, x.data} {
		if err := step(); err != nil && !errors.Is(err, errUnreadable) {
			return err
		}
	}
	for problem, n := range x.more {
		if n > maxFindings {
			c.add(Finding{Problem: fmt.Sprintf("%d more findings like: %s", n-maxFindings, problem)})
		}
	}
	c.Content = &x.n
	return ctx.Err()
}

// trees checks what storage keeps of each key.
func (x *inspection) trees(open *cluster.Cluster) (err error) {
	x.n.Versions, err = open.CheckTrees(func(key []byte, problem string) { x.found(x.object(key), "%s", problem) })
	if err != nil && x.ctx.Err() == nil {
		x.found("storage", "it cannot all be read: %v", err)
		return errUnreadable
	}
	return x.ctx.Err()
}

// scan calls f for each pair of a span, of something that is named so. What cannot be
// read is reported.
func (x *inspection) scan(what string, span kv.Span, f func(key kv.Key, value []byte) error) error {
	it := x.tx.Scan(x.ctx, span, txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		if err := f(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		x.found(what, "it cannot all be read: %v", err)
		return errUnreadable
	}
	return nil
}

// readCatalog decodes every descriptor and looks at what they say of each other.
func (x *inspection) readCatalog() error {
	sound := true
	err := x.scan("catalog", kv.PrefixSpan(kv.Key{kv.Descriptors}), func(key kv.Key, value []byte) error {
		x.n.Descriptors++
		if err := catalog.CheckDescriptor(key, value); err != nil {
			sound = false
			x.found(x.object(key), "the descriptor cannot be read: %v", err)
		}
		return nil
	})
	if err != nil || !sound {
		return err
	}
	if x.snap, err = catalog.NewCache(pgcatalog.Tables()).At(x.ctx, x.tx); err != nil {
		x.found("catalog", "it cannot be read: %v", err)
		return errUnreadable
	}
	for _, t := range x.snap.Tables() {
		x.table(t)
	}
	return nil
}

// table checks a table's descriptor against the others.
func (x *inspection) table(t *catalog.Table) {
	name := x.object(catalog.KeyOf(t))
	if x.snap.Schema(t.Schema) == nil {
		x.found(name, "its schema %d does not exist", t.Schema)
	}
	if x.snap.Role(t.Owner) == nil {
		x.found(name, "its owner %d does not exist", t.Owner)
	}
	if t.Kind != catalog.RelTable {
		return
	}
	x.n.Tables++
	if t.Primary == nil {
		x.found(name, "it has no primary index")
	}
	for _, i := range t.AllIndexes() {
		x.n.Indexes++
		if i.Table != t.OID {
			x.found(name, "its index %q belongs to table %d", i.Name, i.Table)
		}
	}
	for _, fk := range t.FKs {
		if x.snap.Table(fk.RefTable) == nil {
			x.found(name, "its foreign key %q refers to table %d, which does not exist", fk.Name, fk.RefTable)
		}
	}
}

// system decodes the rows of the system namespace, and finds keys of no namespace.
func (x *inspection) system() error {
	if _, err := catalog.Jobs(x.ctx, x.tx); err != nil {
		x.found("sys.jobs", "it cannot be read: %v", err)
	}
	if _, err := catalog.Purges(x.ctx, x.tx); err != nil {
		x.found("dropped tables", "their list cannot be read: %v", err)
	}
	for _, span := range []kv.Span{
		{Start: kv.Key{}, End: kv.Key{kv.Descriptors}},
		{Start: kv.Key{kv.System + 1}, End: kv.Key{kv.Data}},
		{Start: kv.Key{kv.Data + 1}},
	} {
		err := x.scan(fmt.Sprintf("keys from %x", []byte(span.Start)), span, func(key kv.Key, _ []byte) error {
			x.found(x.object(key), "the key is of no namespace")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
