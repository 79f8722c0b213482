package session

import (
	"context"
	"fmt"
	"strings"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/ddl"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// work does what a change of the schema demands of the rows, in its transaction. The
// tables are guarded: a writer that overlaps has seen the old schema, so that one of
// the two fails.
func (s *Session) work(ctx context.Context, snap *catalog.Snapshot, list []ddl.Work) error {
	for _, w := range list {
		for _, t := range w.Tables {
			if err := s.txn.tx.Guard(catalog.KeyOf(t)); err != nil {
				return err
			}
		}
		var err error
		switch {
		case w.Rewrite != nil:
			err = s.rewrite(ctx, snap, w.Rewrite)
		case w.Build != 0:
			err = s.buildIndex(ctx, snap, w.Tables[0], w.Build)
		default:
			var row []string
			row, err = s.internal(ctx, snap, w.Query)
			if err == nil && row != nil {
				err = w.Broken(row)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// internal runs a statement of the session's own over a catalog, with all privileges.
// It returns the first row, as text; nil if there is none.
func (s *Session) internal(ctx context.Context, snap *catalog.Snapshot, sql string) (row []string, err error) {
	list, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	return s.internalTree(ctx, snap, list[0].Stmt)
}

func (s *Session) internalTree(ctx context.Context, snap *catalog.Snapshot, tree ast.Stmt) (row []string, err error) {
	oldSnap, oldRole := s.txn.snap, s.roleOID
	s.txn.snap, s.roleOID = snap, catalog.AdminRole
	defer func() { s.txn.snap, s.roleOID = oldSnap, oldRole }()
	s.txn.tx.Step()
	p, err := s.makePlan(ctx, tree, nil)
	if err != nil {
		return nil, err
	}
	cur, err := s.start(ctx, p, nil, false)
	if err != nil {
		return nil, err
	}
	defer cur.Close()
	for {
		b, err := cur.Next()
		if err != nil || b == nil {
			s.affected = cur.Affected()
			return row, err
		}
		if row == nil && b.Len > 0 {
			row = make([]string, len(b.Cols))
			for i, c := range b.Cols {
				if d := c.At(0); !d.IsNull() && i < len(p.fields) {
					row[i] = string(types.AppendText(nil, p.fields[i].Type, d, s.format()))
				}
			}
		}
	}
}

// rewrite fills a table's new storage from the old one, which it shows to an INSERT as
// a table of its own.
func (s *Session) rewrite(ctx context.Context, snap *catalog.Snapshot, r *ddl.Rewrite) error {
	t := snap.Table(r.Table)
	old := r.Old.Clone()
	old.OID, old.Type = ^types.OID(0), 0
	old.Name = fmt.Sprintf("rewritten %d", r.Table)
	old.Checks, old.FKs, old.RefBy = nil, nil, nil
	ed := catalog.NewEditor(ctx, s.txn.tx, snap) // Never flushed.
	ed.Put(old)
	var cols, values []string
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Generated != "" || i >= len(old.Columns) {
			continue
		}
		value := r.Exprs[c.Name]
		if value == "" {
			value = funcs.QuoteIdent(t.Name) + "." + funcs.QuoteIdent(old.Columns[i].Name)
		}
		cols, values = append(cols, funcs.QuoteIdent(c.Name)), append(values, value)
	}
	into := ""
	if len(cols) > 0 {
		into = "(" + strings.Join(cols, ", ") + ")"
	}
	schema := funcs.QuoteIdent(snap.SchemaName(t.Schema))
	_, err := s.internal(ctx, ed.Snapshot(), fmt.Sprintf("INSERT INTO %s.%s %s OVERRIDING SYSTEM VALUE SELECT %s FROM %s.%s AS %s", schema,
		funcs.QuoteIdent(t.Name), into, strings.Join(values, ", "), schema, funcs.QuoteIdent(old.Name), funcs.QuoteIdent(t.Name)))
	return asDDL(err, t)
}

// asDDL says of a row what PostgreSQL says of it when the schema is at fault.
func asDDL(err error, t *catalog.Table) error {
	e := pgerr.As(err)
	if e == nil {
		return err
	}
	switch e.Code {
	case pgerr.NotNullViolation:
		if e.Column != "" {
			return ddl.ContainsNulls(t, e.Schema, e.Column)
		}
	case pgerr.CheckViolation:
		if e.Constraint != "" {
			return ddl.CheckViolated(t, e.Schema, e.Constraint)
		}
	case pgerr.UniqueViolation:
		c := *e
		c.Message = fmt.Sprintf("could not create unique index \"%s\"", e.Constraint)
		c.Detail = strings.Replace(e.Detail, "already exists.", "is duplicated.", 1)
		return &c
	}
	return err
}

// buildIndex writes the entries of a new index for all rows.
func (s *Session) buildIndex(ctx context.Context, snap *catalog.Snapshot, t *catalog.Table, index types.OID) error {
	oldSnap := s.txn.snap
	s.txn.snap = snap
	defer func() { s.txn.snap = oldSnap }()
	tx := s.txn.tx
	tx.Step()
	bound, err := bind.BindTableExprs(s.bindEnv(ctx), t)
	if err != nil {
		return err
	}
	env := &expr.Env{Ctx: s.funcCtx(ctx), Domain: s.checkDomain}
	b, err := exec.NewIndexBuilder(env, StatementLimits(s.prof.Limits), t, index, bound)
	if err != nil {
		return err
	}
	it := tx.Scan(ctx, kv.PrefixSpan(tuple.Prefix(t.Primary)), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, ok, err := b.Entry(append(kv.Key(nil), it.Key()...), it.Value())
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if e.Unique {
			if _, taken, err := tx.GetLatest(ctx, e.Key); err != nil || taken {
				if err == nil {
					err = b.Duplicate(e)
				}
				return err
			}
		}
		if err := tx.Put(e.Key, e.Value, kv.Exclusive); err != nil {
			return err
		}
	}
	return it.Err()
}

// awaitIndex commits CREATE INDEX and waits until its job has built the index. If the
// job fails the index goes.
func (s *Session) awaitIndex(ctx context.Context, res ddl.Result) error {
	job := res.Rows[0][0].S
	made := newestIndex(s.txn.snap, res.Snap)
	if err := s.commit(ctx); err != nil {
		return err
	}
	ok, err := s.shared.Jobs.Wait(ctx, job)
	if err != nil || ok || made == nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	name := ast.Name{Schema: s.txn.snap.SchemaName(made.Schema), Name: made.Name}
	if _, err := s.executeDDL(ctx, s.ddlEnv(ctx), &ast.Drop{Object: "index", Names: []ast.Name{name}, IfExists: true}); err != nil {
		return err
	}
	s.txn.ddl = true
	if err := s.commit(ctx); err != nil {
		return err
	}
	e := pgerr.New(pgerr.UniqueViolation, "could not create unique index \"%s\"", made.Name)
	e.Constraint = made.Name
	return e
}

// newestIndex is the index that one catalog has more than another.
func newestIndex(before, after *catalog.Snapshot) *catalog.Index {
	for _, t := range after.Tables() {
		for _, x := range t.Indexes {
			if before.Index(x.OID) == nil {
				return x
			}
		}
	}
	return nil
}
