package bind

import "zorya/pgerr"

// An exprKind is the place in a statement where an expression stands. It decides
// what is allowed in it and how a refusal is worded.
type exprKind uint8

const (
	kindOther exprKind = iota
	kindSelect
	kindJoinOn
	kindFromSubselect
	kindFromFunction
	kindWhere
	kindHaving
	kindFilter
	kindPartition
	kindWindowOrder
	kindFrameRange
	kindFrameRows
	kindFrameGroups
	kindUpdateSource
	kindGroupBy
	kindOrderBy
	kindDistinctOn
	kindLimit
	kindOffset
	kindReturning
	kindValues
	kindCheck
	kindDefault
	kindIndexExpr
	kindIndexPred
	kindAlterUsing
	kindExecute
	kindCall
	kindCopyWhere
	kindGenerated
)

// A kindRule says what a kind refuses. A place named "" allows it.
type kindRule struct {
	name string // as in "argument of WHERE"; ParseExprKindName
	// in says where aggregates, window functions and sets "are not allowed in".
	agg, window, set string
	subquery         string // "cannot use subquery in …"
	column           string // "cannot use column reference in …"
}

var kindRules = map[exprKind]kindRule{
	kindSelect:        {name: "SELECT"},
	kindJoinOn:        {name: "JOIN/ON", agg: "JOIN conditions", window: "JOIN conditions", set: "JOIN conditions"},
	kindFromSubselect: {name: "sub-SELECT in FROM", agg: "FROM clause of their own query level"},
	kindFromFunction:  {name: "function in FROM", agg: "functions in FROM", window: "functions in FROM"},
	kindWhere:         {name: "WHERE", agg: "WHERE", window: "WHERE", set: "WHERE"},
	kindHaving:        {name: "HAVING", window: "HAVING", set: "HAVING"},
	kindFilter:        {name: "FILTER", agg: "FILTER", window: "FILTER", set: "FILTER"},
	kindPartition:     {name: "window PARTITION BY", window: "window definitions"},
	kindWindowOrder:   {name: "window ORDER BY", window: "window definitions"},
	kindFrameRange:    {name: "window RANGE", agg: "window RANGE", window: "window definitions", set: "window definitions"},
	kindFrameRows:     {name: "window ROWS", agg: "window ROWS", window: "window definitions", set: "window definitions"},
	kindFrameGroups:   {name: "window GROUPS", agg: "window GROUPS", window: "window definitions", set: "window definitions"},
	kindUpdateSource:  {name: "UPDATE", agg: "UPDATE", window: "UPDATE", set: "UPDATE"},
	kindGroupBy:       {name: "GROUP BY", agg: "GROUP BY", window: "GROUP BY"},
	kindOrderBy:       {name: "ORDER BY"},
	kindDistinctOn:    {name: "DISTINCT ON"},
	kindLimit:         {name: "LIMIT", agg: "LIMIT", window: "LIMIT", set: "LIMIT"},
	kindOffset:        {name: "OFFSET", agg: "OFFSET", window: "OFFSET", set: "OFFSET"},
	kindReturning:     {name: "RETURNING", agg: "RETURNING", window: "RETURNING", set: "RETURNING"},
	kindValues:        {name: "VALUES", agg: "VALUES", window: "VALUES", set: "VALUES"},
	kindCheck:         stored("CHECK", "check constraints", "check constraint", ""),
	kindDefault:       stored("DEFAULT", "DEFAULT expressions", "DEFAULT expression", "DEFAULT expression"),
	kindIndexExpr:     stored("index expression", "index expressions", "index expression", ""),
	kindIndexPred:     stored("index predicate", "index predicates", "index predicate", ""),
	kindAlterUsing:    stored("USING", "transform expressions", "transform expression", ""),
	kindExecute:       stored("EXECUTE", "EXECUTE parameters", "EXECUTE parameter", ""),
	kindCall:          stored("CALL", "CALL arguments", "CALL argument", ""),
	kindCopyWhere:     stored("WHERE", "COPY FROM WHERE conditions", "COPY FROM WHERE condition", ""),
	kindGenerated:     stored("GENERATED AS", "column generation expressions", "column generation expression", ""),
}

// stored is the rule of an expression that refuses everything but scalars.
func stored(name, plural, singular, column string) kindRule {
	return kindRule{name: name, agg: plural, window: plural, set: plural, subquery: singular, column: column}
}

func (b *binder) checkAggPlace(k exprKind, grouping bool, pos int) {
	where := kindRules[k].agg
	if where == "" {
		return
	}
	what := "aggregate functions"
	if grouping {
		what = "grouping operations"
	}
	b.fail(pos, pgerr.GroupingError, "%s are not allowed in %s", what, where)
}

func (b *binder) checkWindowPlace(k exprKind, pos int) {
	if where := kindRules[k].window; where != "" {
		b.fail(pos, pgerr.WindowingError, "window functions are not allowed in %s", where)
	}
}

func (b *binder) checkSetPlace(k exprKind, pos int) {
	if where := kindRules[k].set; where != "" {
		b.fail(pos, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", where)
	}
}

func (b *binder) checkSubqueryPlace(k exprKind, pos int) {
	if where := kindRules[k].subquery; where != "" {
		b.fail(pos, pgerr.FeatureNotSupported, "cannot use subquery in %s", where)
	}
}
