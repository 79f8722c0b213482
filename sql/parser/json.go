package parser

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// json converts SQL/JSON's constructors and predicates; anything else is refused.
func (c *conv) json(n *pg.Node) ast.Expr {
	switch n := n.Node.(type) {
	case *pg.Node_JsonObjectConstructor:
		j := n.JsonObjectConstructor
		x := &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_object", AbsentOnNull: j.AbsentOnNull, UniqueKeys: j.Unique}
		c.returning(x, j.Output)
		for _, e := range j.Exprs {
			kv := e.GetJsonKeyValue()
			x.Keys = append(x.Keys, c.expr(kv.Key))
			x.Values = append(x.Values, c.jsonValue(kv.Value))
		}
		return x
	case *pg.Node_JsonArrayConstructor:
		j := n.JsonArrayConstructor
		x := &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_array", AbsentOnNull: j.AbsentOnNull}
		c.returning(x, j.Output)
		for _, e := range j.Exprs {
			x.Values = append(x.Values, c.jsonValue(e.GetJsonValueExpr()))
		}
		return x
	case *pg.Node_JsonArrayQueryConstructor:
		j := n.JsonArrayQueryConstructor
		x := &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_array", Query: c.selectNode(j.Query), AbsentOnNull: j.AbsentOnNull}
		c.returning(x, j.Output)
		return x
	case *pg.Node_JsonObjectAgg:
		j := n.JsonObjectAgg
		x := c.jsonAgg("json_objectagg", j.Constructor)
		x.Keys, x.Values = []ast.Expr{c.expr(j.Arg.Key)}, []ast.Expr{c.jsonValue(j.Arg.Value)}
		x.AbsentOnNull, x.UniqueKeys = j.AbsentOnNull, j.Unique
		return x
	case *pg.Node_JsonArrayAgg:
		j := n.JsonArrayAgg
		x := c.jsonAgg("json_arrayagg", j.Constructor)
		x.Values, x.AbsentOnNull = []ast.Expr{c.jsonValue(j.Arg)}, j.AbsentOnNull
		return x
	case *pg.Node_JsonIsPredicate:
		j := n.JsonIsPredicate
		kinds := map[pg.JsonValueType]string{pg.JsonValueType_JS_TYPE_OBJECT: "object", pg.JsonValueType_JS_TYPE_ARRAY: "array", pg.JsonValueType_JS_TYPE_SCALAR: "scalar"}
		return &ast.JSONExpr{Pos: c.at(j.Location), Kind: "is json", Values: []ast.Expr{c.expr(j.Expr)}, ItemType: kinds[j.ItemType], UniqueKeys: j.UniqueKeys}
	}
	switch n := n.Node.(type) {
	case *pg.Node_JsonParseExpr:
		j := n.JsonParseExpr
		return c.newerJSON("json", j.Location, c.jsonValue(j.Expr), j.UniqueKeys || j.Output != nil)
	case *pg.Node_JsonScalarExpr:
		j := n.JsonScalarExpr
		return c.newerJSON("json_scalar", j.Location, c.expr(j.Expr), j.Output != nil)
	case *pg.Node_JsonSerializeExpr:
		j := n.JsonSerializeExpr
		return c.newerJSON("json_serialize", j.Location, c.jsonValue(j.Expr), j.Output != nil)
	}
	c.unsupported("this expression", -1)
	return nil
}

func (c *conv) jsonAgg(kind string, k *pg.JsonAggConstructor) *ast.JSONExpr {
	x := &ast.JSONExpr{Pos: c.at(k.Location), Kind: kind, OrderBy: c.sortBy(k.AggOrder), Filter: c.expr(k.AggFilter)}
	c.returning(x, k.Output)
	if k.Over != nil {
		w := c.window(k.Over)
		x.Over = &w
	}
	return x
}

func (c *conv) jsonValue(v *pg.JsonValueExpr) ast.Expr {
	if v == nil {
		return nil
	}
	x := c.expr(v.RawExpr)
	if v.Format != nil && v.Format.FormatType == pg.JsonFormatType_JS_FORMAT_JSON {
		return &ast.JSONValue{Pos: c.at(v.Format.Location), X: x, Format: c.jsonFormat(v.Format)}
	}
	return x
}

func (c *conv) jsonFormat(f *pg.JsonFormat) ast.JSONFormat {
	names := map[pg.JsonEncoding]string{pg.JsonEncoding_JS_ENC_UTF8: "UTF8", pg.JsonEncoding_JS_ENC_UTF16: "UTF16", pg.JsonEncoding_JS_ENC_UTF32: "UTF32"}
	return ast.JSONFormat{Pos: c.at(f.Location), Encoding: names[f.Encoding]}
}

// returning converts RETURNING.
func (c *conv) returning(x *ast.JSONExpr, o *pg.JsonOutput) {
	if o == nil || o.TypeName == nil {
		return
	}
	t := c.typeName(o.TypeName)
	x.Returning = &t
	if o.Returning != nil && o.Returning.Format != nil {
		x.Format = c.jsonFormat(o.Returning.Format)
	}
}

// newerJSON converts JSON(x) and its like, which are no syntax of their own in
// PostgreSQL 16 but calls of functions.
func (c *conv) newerJSON(name string, loc int32, arg ast.Expr, more bool) ast.Expr {
	if v, formatted := arg.(*ast.JSONValue); formatted {
		fail(pgerr.New(pgerr.SyntaxError, "syntax error at or near \"FORMAT\"").At(v.Format.At))
	}
	if more {
		c.unsupported("this expression", loc)
	}
	return &ast.Func{Pos: c.at(loc), Name: name, Args: []ast.Expr{arg}}
}
