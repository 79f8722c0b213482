package pgcatalog

import (
	"cmp"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// Languages of functions, as in pg_language.
const (
	langInternal types.OID = 12
	langC        types.OID = 13
	langSQL      types.OID = 14
	langPlpgsql  types.OID = 13575
)

// What is assumed of a function in SQL.
const (
	defaultCost = 100
	defaultRows = 1000
)

var functionSources = map[string]*source{
	"pg_proc": {columns: "oid proname pronamespace proowner prolang procost prorows provariadic prosupport prokind prosecdef proleakproof " +
		"proisstrict proretset provolatile proparallel pronargs pronargdefaults prorettype proargtypes proallargtypes proargmodes proargnames " +
		"proargdefaults protrftypes prosrc probin prosqlbody proconfig proacl", rows: procRows},
	"pg_operator": {columns: "oid oprname oprnamespace oprowner oprkind oprcanmerge oprcanhash oprleft oprright oprresult oprcom oprnegate oprcode oprrest oprjoin",
		rows: func(q *query) {
			for _, o := range funcs.Operators() {
				if q.skips("oid", o.OID) || q.skipsName("oprname", o.Name) {
					continue
				}
				kind := byte('b')
				if o.Left == 0 {
					kind = 'l'
				}
				var code types.OID
				if o.Func != nil {
					code = o.Func.OID
				}
				q.add(o.OID, o.Name, catalog.PgCatalog, catalog.AdminRole, kind, o.Strategy == '=', o.Hashes, o.Left, o.Right, o.Result,
					operOID(o.Commutator, o.Right, o.Left), operOID(o.Negator, o.Left, o.Right), code, estimators[o.OID][0], estimators[o.OID][1])
			}
		}},
	"pg_cast": {columns: "oid castsource casttarget castfunc castcontext castmethod", rows: func(q *query) {
		for _, c := range funcs.Casts() {
			if q.skips("castsource", c.From) || q.skips("casttarget", c.To) {
				continue
			}
			var f types.OID
			if c.Func != nil {
				f = c.Func.OID
			}
			q.add(c.OID, c.From, c.To, f, byte(c.Context), byte(c.Method))
		}
	}},
	"pg_aggregate": {columns: "aggfnoid aggkind aggnumdirectargs aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn " +
		"aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify aggsortop aggtranstype aggtransspace aggmtranstype aggmtransspace agginitval aggminitval",
		rows: func(q *query) {
			for _, f := range funcs.All() {
				if f.Kind != funcs.AggKind || q.skips("aggfnoid", f.OID) {
					continue
				}
				kind := byte('n')
				if f.OrderedSet != 0 {
					kind = f.OrderedSet
				}
				a := aggFacts[f.OID]
				if a == nil {
					a = &aggFact{finalModify: [2]byte{'r', 'r'}, transType: f.Result}
				}
				q.add(f.OID, kind, a.direct, a.funcs[0], a.funcs[1], a.funcs[2], a.funcs[3], a.funcs[4], a.funcs[5], a.funcs[6], a.funcs[7],
					a.finalExtra[0], a.finalExtra[1], a.finalModify[0], a.finalModify[1], a.sortOp, a.transType, a.transSpace, a.movingType, a.movingSpace,
					a.initial, a.movingInitial)
			}
		}},
	"pg_language": {columns: "oid lanname lanowner lanispl lanpltrusted lanplcallfoid laninline lanvalidator", rows: func(q *query) {
		q.add(langInternal, "internal", catalog.AdminRole, false, false, 0, 0, 0)
		q.add(langC, "c", catalog.AdminRole, false, false, 0, 0, 0)
		q.add(langSQL, "sql", catalog.AdminRole, false, true, 0, 0, 0)
		q.add(langPlpgsql, "plpgsql", catalog.AdminRole, true, true, 0, 0, 0)
	}},
}

// operOID finds an operator by name and operands; 0 if there is none.
func operOID(name string, left, right types.OID) types.OID {
	if name == "" {
		return 0
	}
	for _, o := range funcs.Operators() {
		if o.Name == name && o.Left == left && o.Right == right {
			return o.OID
		}
	}
	return 0
}

func procRows(q *query) {
	for _, f := range funcs.All() {
		if !q.skips("oid", f.OID) && !q.skipsName("proname", f.Name) {
			q.addBuiltinProc(f)
		}
	}
	q.referredProcs()
	for _, f := range q.Snap.Functions() {
		if !q.skips("oid", f.OID) && !q.skipsName("proname", f.Name) && !q.skips("pronamespace", f.Schema) {
			q.addUserProc(f)
		}
	}
}

// schemaOfFunc is the schema of a built-in function.
func schemaOfFunc(f *funcs.Func) types.OID {
	if f.Schema == "sys" {
		return catalog.SysSchema
	}
	return catalog.PgCatalog
}

func (q *query) addBuiltinProc(f *funcs.Func) {
	schema := schemaOfFunc(f)
	if q.skips("pronamespace", schema) {
		return
	}
	var variadic types.OID
	if f.Variadic && len(f.Args) > 0 {
		variadic = types.AnyOID
		if t := typeFact(f.Args[len(f.Args)-1]); t != nil && t.elem != 0 {
			variadic = t.elem
		}
	}
	var all, modes, names any
	if f.ArgNames != nil {
		names = f.ArgNames
	}
	if len(f.OutTypes) > 0 {
		var m []string
		for range f.Args {
			m = append(m, "i")
		}
		for range f.OutTypes {
			m = append(m, "o")
		}
		in := f.ArgNames
		if in == nil {
			in = make([]string, len(f.Args))
		}
		all, modes, names = append(append([]types.OID{}, f.Args...), f.OutTypes...), m, append(append([]string{}, in...), f.OutNames...)
	}
	rows := 0
	if f.Set {
		rows = 1000
	}
	fact := procByOID[f.OID]
	if fact == nil {
		fact = &procFact{parallel: 's', cost: 1, src: f.Name}
	}
	if modes == nil && fact.modes != nil {
		modes = fact.modes
	}
	var defaults any
	if len(f.Defaults) > 0 {
		defaults = fact.defaults
	}
	q.add(f.OID, f.Name, schema, catalog.AdminRole, langInternal, fact.cost, rows, variadic, 0, byte(f.Kind), false, fact.leakproof, f.Strict, f.Set,
		byte(f.Volatility), fact.parallel, len(f.Args), len(f.Defaults), f.Result, f.Args, all, modes, names, defaults, nil, fact.src, nil, nil, nil, nil)
}

func (q *query) addUserProc(f *catalog.Function) {
	in, all, modes := splitArgs(f)
	var allTypes, allModes, names any
	if all {
		declared := make([]types.OID, len(f.Args))
		for i := range f.Args {
			declared[i] = f.Declared(i)
		}
		allTypes, allModes = declared, modes
	}
	if f.ArgNames != nil {
		names = f.ArgNames
	}
	var src, body any = f.Body, nil
	if f.SQLBody {
		src, body = "", f.Body
	}
	var rows float32
	if f.Set {
		rows = cmp.Or(f.Rows, defaultRows)
	}
	var variadic types.OID
	if i := strings.IndexByte(f.ArgModes, 'v'); i >= 0 {
		if t := typeFact(f.Args[i]); t != nil {
			variadic = t.elem
		}
	}
	q.add(f.OID, f.Name, f.Schema, f.Owner, langSQL, float64(cmp.Or(f.Cost, defaultCost)), float64(rows), variadic, 0, byte('f'), false, f.Leakproof, f.Strict, f.Set,
		f.Volatility, cmp.Or(f.Parallel, 'u'), len(in), len(f.ArgDefaults), f.Declared(-1), in, allTypes, allModes, names, nil, nil, src, nil, body, nil, q.acl(f.ACL))
}

// splitArgs gives a function's input types, and whether it has other arguments.
func splitArgs(f *catalog.Function) (in []types.OID, others bool, modes []string) {
	for i := range f.Args {
		mode := byte('i')
		if i < len(f.ArgModes) {
			mode = f.ArgModes[i]
		}
		modes = append(modes, string(mode))
		if mode == 'o' || mode == 't' {
			others = true
			continue
		}
		others = others || mode != 'i'
		in = append(in, f.Declared(i))
	}
	return in, others, modes
}
