package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// rowType finds the table whose row type a name means; nil if there is none.
func (b *binder) rowType(n ast.TypeName) *catalog.Table {
	if b.env.Snap == nil || n.Array > 0 || len(n.Mods) > 0 || n.PctType || b.builtinType(n) != nil {
		return nil
	}
	t, _ := b.env.Snap.Relation(b.path, n.Schema, n.Name).(*catalog.Table)
	if t == nil || t.Type == 0 {
		return nil
	}
	return t
}

// valueType is the type that a name means where row types are allowed.
func (b *binder) valueType(n ast.TypeName) types.T {
	if t := b.rowType(n); t != nil && b.findDomain(n.Schema, n.Name) == nil {
		b.refObject(t.OID, "class")
		return types.Of(t.Type)
	}
	t, _ := b.resolveType(n)
	return t
}

// tableOf is the table whose row type t is, or nil.
func (b *binder) tableOf(t types.OID) *catalog.Table {
	if b.env.Snap == nil || types.Get(t) != nil {
		return nil
	}
	return b.env.Snap.TableOfType(t)
}

// isComposite tells whether a value of type t is a record.
func (b *binder) isComposite(t types.OID) bool { return isRecord(t) || b.tableOf(t) != nil }

// tableFields are the columns of a table's row type.
func tableFields(t *catalog.Table) []rel.Column {
	var list []rel.Column
	for _, c := range t.Columns {
		if !c.Dropped {
			list = append(list, rel.Column{Name: c.Name, T: c.T})
		}
	}
	return list
}

// castToRow converts x to a table's row type.
func (b *binder) castToRow(x rel.Expr, t *catalog.Table, pos int) rel.Expr {
	b.refObject(t.OID, "class")
	row := types.Of(t.Type)
	if oidOf(x) == t.Type {
		return x
	}
	cols := tableFields(t)
	if c, ok := x.(*rel.Const); ok && isUnknown(x) {
		if c.D.IsNull() {
			return &rel.Const{T: row, D: types.Null, Pos: c.Pos}
		}
		return b.rowLiteral(c, row, cols, c.Pos)
	}
	fields := b.fieldsOf(x)
	if !b.isComposite(oidOf(x)) || len(fields) == 0 {
		b.fail(pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.Type()), t.Name)
	}
	if len(fields) != len(cols) {
		detail := "Input has too few columns."
		if len(fields) > len(cols) {
			detail = "Input has too many columns."
		}
		b.throw(pos, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.Type()), t.Name).WithDetail("%s", detail))
	}
	e := &rel.RowExpr{T: row, Args: []rel.Expr{}}
	for i, c := range cols {
		var v rel.Expr = &rel.Field{T: fields[i].T, X: x, N: i, Name: fields[i].Name}
		if r, ok := x.(*rel.RowExpr); ok {
			v, e.Present = r.Args[i], r.Present
		}
		at := pos
		if k, ok := v.(*rel.Const); ok && k.Pos > 0 {
			at = k.Pos
		}
		y, ok := b.tryCoerce(v, c.T, funcs.Explicit, at)
		if !ok {
			b.throw(pos, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.Type()), t.Name).
				WithDetail("Cannot cast type %s to %s in column %d.", typeName(v.Type()), typeName(c.T), i+1))
		}
		e.Args, e.Names = append(e.Args, y), append(e.Names, c.Name)
	}
	return e
}

// rowLiteral reads the text of a row.
func (b *binder) rowLiteral(c *rel.Const, row types.T, cols []rel.Column, pos int) rel.Expr {
	rec := &types.Record{}
	for _, col := range cols {
		rec.Types, rec.Names = append(rec.Types, col.T), append(rec.Names, col.Name)
	}
	d, err := types.ParseRecord(rec, c.D.S, b.format())
	if err != nil {
		b.throw(pos, err)
	}
	return &rel.Const{T: row, D: d, Pos: c.Pos}
}

// recordCall adds to a call that makes records of JSON what their row is like: that of
// the first argument, if it has one.
func (b *binder) recordCall(c *callSite) {
	var fields []rel.Column
	if len(c.fn.Args) > 1 {
		base := c.exprs[0]
		if !b.isComposite(oidOf(base)) {
			b.fail(c.x.At, pgerr.DatatypeMismatch, "first argument of %s must be a row type", c.fn.Name)
		}
		fields = b.fieldsOf(base)
	}
	c.exprs = append(c.exprs, b.recordTemplate(fields))
}

// recordTemplate is a record of those columns, with NULLs in it, or with the templates
// of the columns that are rows themselves.
func (b *binder) recordTemplate(cols []rel.Column) rel.Expr {
	return &rel.Const{T: types.Of(types.RecordOID), D: b.templateDatum(cols)}
}

func (b *binder) templateDatum(cols []rel.Column) types.Datum {
	rec := &types.Record{}
	for _, c := range cols {
		field := types.Null
		if t := b.tableOf(c.T.OID); t != nil {
			field = b.templateDatum(tableFields(t))
		}
		rec.Types, rec.Names, rec.Fields = append(rec.Types, c.T), append(rec.Names, c.Name), append(rec.Fields, field)
	}
	return types.Datum{Kind: types.KindRecord, X: rec}
}

// templateOf is the last argument of such a call; nil for other calls.
func templateOf(call *rel.Call) *types.Record {
	if call == nil || !funcs.RecordFuncs[call.Fn.Name] || len(call.Args) == 0 {
		return nil
	}
	c, ok := call.Args[len(call.Args)-1].(*rel.Const)
	if !ok {
		return nil
	}
	rec, _ := c.D.X.(*types.Record)
	return rec
}

// sameRow refuses a record that does not have the columns that its query names.
func (b *binder) sameRow(rec *types.Record, cols []rel.Column) {
	e := pgerr.New(pgerr.DatatypeMismatch, "function return row and query-specified return row do not match")
	if n := len(rec.Types); n != len(cols) {
		plural := "s"
		if n == 1 {
			plural = ""
		}
		b.later(e.WithDetail("Returned row contains %d attribute%s, but query expects %d.", n, plural, len(cols)))
		return
	}
	for i, t := range rec.Types {
		if t.OID != cols[i].T.OID {
			b.later(e.WithDetail("Returned type %s at ordinal position %d, but query expects %s.", typeName(types.Of(t.OID)), i+1, typeName(types.Of(cols[i].T.OID))))
			return
		}
	}
}

// templateFields are the columns that the template of a call shows.
func templateFields(rec *types.Record) []rel.Column {
	var list []rel.Column
	for i, t := range rec.Types {
		list = append(list, rel.Column{Name: rec.Names[i], T: t})
	}
	return list
}
