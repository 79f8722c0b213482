package bind

import (
	"reflect"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/rel"
)

// jsonFuncs are the functions that do the work of the SQL/JSON constructors.
var jsonFuncs = map[string]string{
	"json_object":    "json_build_object",
	"json_array":     "json_build_array",
	"json_objectagg": "json_object_agg",
	"json_arrayagg":  "json_agg",
}

// jsonExpr binds JSON_OBJECT, JSON_ARRAY and their aggregates as calls of the
// functions that build the same value.
func (b *binder) jsonExpr(s *scope, x *ast.JSONExpr) rel.Expr {
	name := jsonFuncs[x.Kind]
	if name == "" || x.Query != nil || x.UniqueKeys {
		b.fail(x.At, pgerr.FeatureNotSupported, "this form of SQL/JSON expression is not supported")
	}
	args := x.Values
	if len(x.Keys) > 0 {
		args = nil
		for i, k := range x.Keys {
			args = append(args, k, x.Values[i])
		}
	}
	if x.AbsentOnNull {
		for _, v := range x.Values {
			if c, ok := v.(*ast.Const); !ok || c.Kind == ast.NullConst {
				b.fail(x.At, pgerr.FeatureNotSupported, "ABSENT ON NULL is not supported here")
			}
		}
	}
	e := b.expr(s, &ast.Func{Pos: x.Pos, Name: name, Schema: "pg_catalog", Args: args, OrderBy: x.OrderBy, Filter: x.Filter, Over: x.Over})
	if x.Returning == nil {
		return e
	}
	t, domain := b.resolveType(*x.Returning)
	return b.toDomain(b.cast(e, t, x.At), domain, x.At)
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
