package bind

import (
	"reflect"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// jsonExpr binds JSON_OBJECT, JSON_ARRAY, their aggregates and IS JSON as calls of
// functions that users cannot name.
func (b *binder) jsonExpr(s *scope, x *ast.JSONExpr) rel.Expr {
	switch {
	case x.Kind == "is json":
		return b.isJSON(s, x)
	case x.Query != nil:
		return b.jsonArrayOf(s, x)
	}
	args := x.Values
	if len(x.Keys) > 0 {
		args = nil
		for i, k := range x.Keys {
			args = append(args, k, x.Values[i])
		}
	}
	result := types.Of(types.JSONOID)
	var domain types.OID
	if x.Returning != nil {
		result, domain = b.resolveType(*x.Returning)
		b.checkJSONFormat(x.Format, result.OID)
	}
	form := funcs.JSONForm{Kind: x.Kind, Binary: result.OID == types.JSONBOID, Absent: x.AbsentOnNull, Unique: x.UniqueKeys}
	var e rel.Expr
	if len(args) == 0 {
		empty := map[string]string{"json_object": "{}", "json_array": "[]"}[x.Kind]
		e = b.cast(&rel.Const{T: types.Of(types.UnknownOID), D: types.NewText(empty)}, result, x.At)
	} else {
		call := &ast.Func{Pos: x.Pos, Name: form.Name(), Schema: funcs.SQLJSON, Args: args, OrderBy: x.OrderBy, Filter: x.Filter, Over: x.Over}
		if x.Returning == nil {
			form.Binary = true
			call.IfJSONB = form.Name()
		}
		e = b.expr(s, call)
	}
	switch {
	case x.Returning == nil:
		return e
	case result.OID == types.ByteaOID && len(args) > 0:
		return b.converted("convert_to", b.cast(e, types.Of(types.TextOID), x.At), "UTF8", x.At)
	}
	return b.toDomain(b.cast(e, result, x.At), domain, x.At)
}

// checkJSONFormat refuses encodings of what a constructor returns.
func (b *binder) checkJSONFormat(f ast.JSONFormat, result types.OID) {
	if f.Encoding == "" {
		return
	}
	if result != types.ByteaOID {
		b.fail(f.At, pgerr.FeatureNotSupported, "cannot set JSON encoding for non-bytea output types")
	}
	if f.Encoding != "UTF8" {
		b.throw(f.At, pgerr.New(pgerr.FeatureNotSupported, "unsupported JSON encoding").WithHint("Only UTF8 JSON encoding is supported."))
	}
}

// converted calls a function that takes a value and the name of an encoding.
func (b *binder) converted(name string, x rel.Expr, encoding string, pos int) rel.Expr {
	fn := funcs.Lookup("pg_catalog", name)[0]
	return &rel.Call{T: types.Of(fn.Result), Fn: fn, Args: []rel.Expr{x, &rel.Const{T: types.Of(types.NameOID), D: types.NewText(encoding)}}, Pos: pos}
}

// jsonValue binds x FORMAT JSON.
func (b *binder) jsonValue(s *scope, x *ast.JSONValue) rel.Expr {
	e := b.settle(b.expr(s, x.X), startOf(x.X))
	t := oidOf(e)
	if x.Format.Encoding != "" && t != types.ByteaOID {
		b.fail(x.Format.At, pgerr.DatatypeMismatch, "JSON ENCODING clause is only allowed for bytea input type")
	}
	switch ty := types.Get(t); {
	case t == types.JSONOID || t == types.JSONBOID:
		return e
	case t == types.ByteaOID:
		encoding := x.Format.Encoding
		if encoding == "" {
			encoding = "UTF8"
		}
		e = b.converted("convert_from", e, encoding, x.Format.At)
	case ty == nil || ty.Category != 'S':
		b.fail(x.Format.At, pgerr.DatatypeMismatch, "cannot use non-string types with explicit FORMAT JSON clause")
	}
	return b.cast(e, types.Of(types.JSONOID), x.Format.At)
}

// preferJSONB takes the function for jsonb if an argument is.
func (c *callSite) preferJSONB() {
	for _, a := range c.args {
		if oidOf(a.x) == types.JSONBOID {
			c.fn = funcs.Lookup(funcs.SQLJSON, c.x.IfJSONB)[0]
			c.match.Result = types.Of(types.JSONBOID)
			return
		}
	}
}

// jsonArrayOf binds JSON_ARRAY(query), which aggregates the query's one column.
func (b *binder) jsonArrayOf(s *scope, x *ast.JSONExpr) rel.Expr {
	agg := *x
	agg.Kind, agg.Query = "json_arrayagg", nil
	agg.Values = []ast.Expr{&ast.ColumnRef{Pos: x.Pos, Parts: []string{"q", "a"}}}
	b.checkSubqueryPlace(s.kind, x.At)
	inner := b.bindSelect(x.Query, s, selectOpts{resolve: true})
	if len(inner.cols) != 1 {
		b.fail(x.At, pgerr.SyntaxError, "subquery must return only one column")
	}
	return b.sublink(s, &ast.Sublink{Pos: x.Pos, Kind: ast.ScalarSublink, Query: &ast.Select{
		Targets: []ast.Target{{X: &agg}},
		From:    []ast.TableExpr{&ast.Subquery{Query: x.Query, Alias: "q", Columns: []string{"a"}}},
	}})
}

// isJSON binds IS JSON, of strings and JSON values.
func (b *binder) isJSON(s *scope, x *ast.JSONExpr) rel.Expr {
	e := b.settle(b.expr(s, x.Values[0]), startOf(x.Values[0]))
	t := oidOf(e)
	ty := types.Get(t)
	if t != types.JSONOID && t != types.JSONBOID && t != types.ByteaOID && (ty == nil || ty.Category != 'S') {
		b.fail(startOf(x.Values[0]), pgerr.DatatypeMismatch, "cannot use type %s in IS JSON predicate", typeName(e.Type()))
	}
	if t == types.ByteaOID {
		e = b.converted("convert_from", e, "UTF8", x.At)
	}
	form := funcs.JSONForm{Kind: x.Kind, Unique: x.UniqueKeys, Item: x.ItemType}
	fn := funcs.Lookup(funcs.SQLJSON, form.Name())[0]
	return &rel.Call{T: types.Of(types.BoolOID), Fn: fn, Args: []rel.Expr{e}, Pos: x.At}
}

// walkRefs calls f for each column reference in a syntax tree.
func walkRefs(x ast.Expr, f func(*ast.ColumnRef)) { walkRefsIn(reflect.ValueOf(x), f) }

func walkRefsIn(v reflect.Value, f func(*ast.ColumnRef)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if c, ok := v.Interface().(*ast.ColumnRef); ok {
			f(c)
			return
		}
		walkRefsIn(v.Elem(), f)
	case reflect.Slice:
		for i := 0; i < v.Len(); i++ {
			walkRefsIn(v.Index(i), f)
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			if v.Type().Field(i).IsExported() {
				walkRefsIn(v.Field(i), f)
			}
		}
	}
}
