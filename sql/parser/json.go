package parser

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

// json converts SQL/JSON's constructors and predicates; anything else is refused.
func (c *conv) json(n *pg.Node) ast.Expr {
	switch n := n.Node.(type) {
	case *pg.Node_JsonObjectConstructor:
		j := n.JsonObjectConstructor
		x := &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_object", AbsentOnNull: j.AbsentOnNull, UniqueKeys: j.Unique, Returning: c.returningType(j.Output)}
		for _, e := range j.Exprs {
			kv := e.GetJsonKeyValue()
			x.Keys = append(x.Keys, c.expr(kv.Key))
			x.Values = append(x.Values, c.jsonValue(kv.Value))
		}
		return x
	case *pg.Node_JsonArrayConstructor:
		j := n.JsonArrayConstructor
		x := &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_array", AbsentOnNull: j.AbsentOnNull, Returning: c.returningType(j.Output)}
		for _, e := range j.Exprs {
			x.Values = append(x.Values, c.jsonValue(e.GetJsonValueExpr()))
		}
		return x
	case *pg.Node_JsonArrayQueryConstructor:
		j := n.JsonArrayQueryConstructor
		return &ast.JSONExpr{Pos: c.at(j.Location), Kind: "json_array", Query: c.selectNode(j.Query), AbsentOnNull: j.AbsentOnNull, Returning: c.returningType(j.Output)}
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
	c.unsupported("this expression", -1)
	return nil
}

func (c *conv) jsonAgg(kind string, k *pg.JsonAggConstructor) *ast.JSONExpr {
	x := &ast.JSONExpr{Pos: c.at(k.Location), Kind: kind, Returning: c.returningType(k.Output), OrderBy: c.sortBy(k.AggOrder), Filter: c.expr(k.AggFilter)}
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
		return &ast.Cast{Pos: c.at(v.Format.Location), X: x, Type: ast.TypeName{Schema: "pg_catalog", Name: "json"}}
	}
	return x
}

func (c *conv) returningType(o *pg.JsonOutput) *ast.TypeName {
	if o == nil || o.TypeName == nil {
		return nil
	}
	t := c.typeName(o.TypeName)
	return &t
}
