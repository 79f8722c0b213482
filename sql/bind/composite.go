package bind

import (
	"strconv"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

func (b *binder) row(s *scope, x *ast.Row) rel.Expr {
	e := &rel.RowExpr{T: types.Of(types.RecordOID), Args: []rel.Expr{}}
	for _, a := range b.exprList(s, x.Args) {
		e.Args = append(e.Args, b.settle(a.x, a.pos))
	}
	return e
}

// exprList binds a list in which t.* stands for all columns of t.
func (b *binder) exprList(s *scope, list []ast.Expr) []arg {
	var out []arg
	for _, x := range list {
		if c, ok := x.(*ast.ColumnRef); ok && c.Star {
			for _, t := range b.expandStar(s, c) {
				out = append(out, arg{t.x, c.At})
			}
			continue
		}
		out = append(out, arg{b.expr(s, x), startOf(x)})
	}
	return out
}

// array binds ARRAY[…]; elem is the wanted element type if a cast around it says.
func (b *binder) array(s *scope, x *ast.ArrayExpr, elem types.OID) rel.Expr {
	var args []arg
	multi := false
	for _, el := range x.Elems {
		if sub, ok := el.(*ast.ArrayExpr); ok {
			args = append(args, arg{b.array(s, sub, elem), sub.At})
			multi = true
			continue
		}
		e := b.expr(s, el)
		multi = multi || types.Get(oidOf(e)).Stacks()
		args = append(args, arg{e, startOf(el)})
	}
	if elem != 0 {
		return b.arrayOfType(args, elem, multi)
	}
	if len(args) == 0 {
		b.throw(x.At, pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."))
	}
	list, t := b.unify("ARRAY", args)
	e := &rel.ArrayExpr{Elem: t.OID, Elems: list, Multi: multi}
	if multi {
		e.T, e.Elem = types.Of(t.OID), elemOf(t.OID)
		return e
	}
	arr := arrayOf(t.OID)
	if arr == 0 && b.isComposite(t.OID) {
		arr, e.Elem = types.RecordArrayOID, types.RecordOID
	}
	if arr == 0 {
		b.fail(x.At, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(t))
	}
	e.T = types.T{OID: arr, Typmod: t.Typmod}
	return e
}

// arrayOfRows binds ARRAY[…]::t[] for a table's row type. Such an array is one of records;
// its rows have the type.
func (b *binder) arrayOfRows(s *scope, x *ast.ArrayExpr, t *catalog.Table) rel.Expr {
	e := &rel.ArrayExpr{T: types.Of(types.RecordArrayOID), Elem: types.RecordOID}
	for _, el := range x.Elems {
		e.Elems = append(e.Elems, b.castToRow(b.expr(s, el), t, startOf(el)))
	}
	return e
}

func (b *binder) arrayOfType(args []arg, elem types.OID, multi bool) rel.Expr {
	e := &rel.ArrayExpr{T: types.Of(arrayOf(elem)), Elem: elem, Multi: multi}
	want := types.Of(elem)
	if multi {
		want = e.T
	}
	for _, a := range args {
		e.Elems = append(e.Elems, b.cast(a.x, want, a.pos))
	}
	return e
}

// indirection binds x[1], (x).f and chains of them.
func (b *binder) indirection(s *scope, x *ast.Indirection) rel.Expr {
	e := b.expr(s, x.X)
	for i := 0; i < len(x.Path); i++ {
		p := x.Path[i]
		if p.Star {
			b.fail(x.At, pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		}
		if p.IsMember || p.Field != "" {
			e = b.field(e, p.Field, startOf(x.X))
			continue
		}
		j := i
		for j < len(x.Path) && !x.Path[j].Star && !x.Path[j].IsMember && x.Path[j].Field == "" {
			j++
		}
		e = b.subscript(s, e, x.Path[i:j], startOf(x.X))
		i = j - 1
	}
	return e
}

// field selects a field of a record whose columns are known.
func (b *binder) field(e rel.Expr, name string, pos int) rel.Expr {
	if row, ok := e.(*rel.RowExpr); ok && row.Names != nil {
		for i, n := range row.Names {
			if n == name {
				return row.Args[i]
			}
		}
	}
	if row, ok := e.(*rel.RowExpr); ok && b.wholeRows[row] != "" {
		if x := b.method(e, name, pos); x != nil {
			return x
		}
		b.fail(pos, pgerr.UndefinedColumn, "column %s.%s does not exist", b.wholeRows[row], name)
	}
	for i, c := range b.fieldsOf(e) {
		if c.Name == name {
			return &rel.Field{T: c.T, X: e, N: i, Name: name}
		}
	}
	if x := b.method(e, name, pos); x != nil {
		return x
	}
	if b.tableOf(oidOf(e)) != nil {
		b.fail(pos, pgerr.UndefinedColumn, "column \"%s\" not found in data type %s", name, typeName(e.Type()))
	}
	if oidOf(e) == types.RecordOID {
		b.fail(pos, pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", name)
	}
	b.fail(pos, pgerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, typeName(e.Type()))
	return nil
}

// fieldsOf returns the columns of a record, if binding knows them.
func (b *binder) fieldsOf(e rel.Expr) []rel.Column {
	switch e := e.(type) {
	case *rel.RowExpr:
		list := make([]rel.Column, len(e.Args))
		for i, a := range e.Args {
			list[i] = rel.Column{Name: "f" + strconv.Itoa(i+1), T: a.Type()}
			if e.Names != nil {
				list[i].Name = e.Names[i]
			}
		}
		return list
	case *rel.Col:
		if c := b.cols[e.ID]; c != nil && c.fields != nil {
			return c.fields
		}
	case *rel.Subquery:
		if cols := e.Query.Columns(); e.Kind == rel.ScalarQuery && len(cols) == 1 {
			return b.fieldsOf(&rel.Col{T: cols[0].T, ID: cols[0].ID})
		}
	case *rel.Subscript:
		return b.elemFields(e.X)
	case *rel.Call:
		if e.Fn.Name == "unnest" && len(e.Args) == 1 {
			return b.elemFields(e.Args[0])
		}
		if rec := templateOf(e); rec != nil {
			return templateFields(rec)
		}
		if len(e.Fn.OutTypes) == 0 {
			break
		}
		list := make([]rel.Column, len(e.Fn.OutTypes))
		for i, t := range e.Fn.OutTypes {
			list[i] = rel.Column{Name: e.Fn.OutNames[i], T: types.Of(t)}
		}
		return list
	}
	if t := b.tableOf(oidOf(e)); t != nil {
		return tableFields(t)
	}
	return nil
}

// elemFields returns the columns of the records in an array, if binding knows them.
func (b *binder) elemFields(e rel.Expr) []rel.Column {
	switch e := e.(type) {
	case *rel.ArrayExpr:
		for _, el := range e.Elems {
			if e.Multi {
				return b.elemFields(el)
			}
			if f := b.fieldsOf(el); f != nil {
				return f
			}
		}
	case *rel.Col:
		if c := b.cols[e.ID]; c != nil {
			return c.elems
		}
	}
	return nil
}

// method binds row.f where f is a user's function over rows of that table; nil if there
// is none.
func (b *binder) method(row rel.Expr, name string, pos int) rel.Expr {
	if b.env.Snap == nil || b.tableOf(oidOf(row)) == nil {
		return nil
	}
	for _, f := range b.env.Snap.ResolveFunctions(b.path, "", name) {
		if in := inputTypes(f); len(in) == 1 && in[0] == oidOf(row) && !f.Set {
			c := &callSite{x: &ast.Func{Pos: ast.Pos{At: pos}, Name: name, Args: []ast.Expr{nil}}, args: []arg{{row, pos}}}
			return b.callUser(&scope{}, c, b.userFunction(c))
		}
	}
	return nil
}

// subscript binds x[i][j] or x[lo:hi]…
func (b *binder) subscript(s *scope, e rel.Expr, path []ast.Access, pos int) rel.Expr {
	t := e.Type()
	if t.OID == types.JSONBOID {
		return b.jsonSubscript(s, e, path, pos)
	}
	elem := elemOf(t.OID)
	if t.OID == types.NameOID {
		elem = types.CharOID
	}
	if elem == 0 {
		b.fail(pos, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", typeName(t))
	}
	if err := types.CheckDims(len(path)); err != nil {
		b.throw(pos, err)
	}
	sub := &rel.Subscript{T: types.T{OID: elem, Typmod: t.Typmod}, X: e}
	b.arraySubscripts(s, sub, path)
	if sub.Slice && t.OID == types.NameOID {
		b.fail(-1, pgerr.FeatureNotSupported, "slices of fixed-length arrays not implemented")
	}
	if sub.Slice {
		sub.T = t
		if ty := types.Get(t.OID); ty != nil && ty.Array != 0 { // a part of a vector is an array
			sub.T = types.Of(arrayOf(elem))
		}
	}
	return sub
}

// arraySubscripts binds the subscripts of an array: [1], or [1:2] for a slice, of
// which all are ranges then.
func (b *binder) arraySubscripts(s *scope, sub *rel.Subscript, path []ast.Access) {
	const maxDims = 6
	if len(path) > maxDims {
		b.fail(-1, pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(path), maxDims)
	}
	for _, p := range path {
		sub.Slice = sub.Slice || p.Slice
	}
	for _, p := range path {
		hi := b.subscriptIndex(s, p.Hi)
		lo := b.subscriptIndex(s, p.Lo)
		if sub.Slice && !p.Slice {
			lo = &rel.Const{T: types.Of(types.Int4OID), D: types.NewInt(1)}
		}
		sub.Hi = append(sub.Hi, hi)
		if sub.Slice {
			sub.Lo = append(sub.Lo, lo)
		}
	}
}

func (b *binder) subscriptIndex(s *scope, x ast.Expr) rel.Expr {
	if x == nil {
		return nil
	}
	e, ok := b.tryCoerce(b.expr(s, x), types.Of(types.Int4OID), 'a', startOf(x))
	if !ok {
		b.fail(startOf(x), pgerr.DatatypeMismatch, "array subscript must have type integer")
	}
	return e
}

// jsonSubscript turns j['a'][1] into j #> array['a', '1'].
func (b *binder) jsonSubscript(s *scope, e rel.Expr, path []ast.Access, pos int) rel.Expr {
	keys := &rel.ArrayExpr{T: types.Of(types.TextArrayOID), Elem: types.TextOID}
	for _, key := range b.jsonSubscripts(s, path) {
		keys.Elems = append(keys.Elems, b.cast(key, types.Of(types.TextOID), pos))
	}
	return b.operator("", "#>", e, keys, pos, pos)
}

// jsonSubscripts binds the subscripts of a jsonb: integers and texts.
func (b *binder) jsonSubscripts(s *scope, path []ast.Access) []rel.Expr {
	var keys []rel.Expr
	for _, p := range path {
		if p.Slice {
			x := p.Hi
			if p.Lo != nil {
				x = p.Lo
			}
			b.fail(startOf(x), pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
		}
		keys = append(keys, b.jsonKey(b.expr(s, p.Hi), startOf(p.Hi)))
	}
	return keys
}

func (b *binder) jsonKey(x rel.Expr, pos int) rel.Expr {
	if isUnknown(x) {
		return b.settle(x, pos)
	}
	number, isNumber := b.tryCoerce(x, types.Of(types.Int4OID), funcs.Implicit, pos)
	text, isText := b.tryCoerce(x, types.Of(types.TextOID), funcs.Implicit, pos)
	err := pgerr.New(pgerr.DatatypeMismatch, "subscript type %s is not supported", typeName(x.Type()))
	switch {
	case isNumber && isText:
		b.throw(pos, err.WithHint("jsonb subscript must be coercible to only one type, integer or text."))
	case isNumber:
		return number
	case !isText:
		b.throw(pos, err.WithHint("jsonb subscript must be coercible to either integer or text."))
	}
	return text
}
