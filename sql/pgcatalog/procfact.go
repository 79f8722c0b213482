package pgcatalog

import (
	_ "embed" // the tables of facts
	"slices"
	"strconv"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

//go:embed facts/procs.tsv
var factProcs string

//go:embed facts/aggregates.tsv
var factAggregates string

//go:embed facts/estimators.tsv
var factEstimators string

// A procFact is what pg_proc says of a built-in function beside its signature.
type procFact struct {
	oid, result types.OID
	name        string
	args        []types.OID
	strict, set bool
	volatility  byte
	kind        byte
	leakproof   bool
	parallel    byte
	referred    bool // other catalogs name it; it is there even if it cannot be called
	cost        int
	src         string
	modes       []string
	defaults    string
}

// An aggFact is a row of pg_aggregate after its kind: functions, flags, types.
type aggFact struct {
	funcs         [8]types.OID // transition, final, combine, serial, deserial, moving transition, inverse, final
	finalExtra    [2]bool
	finalModify   [2]byte
	sortOp        types.OID
	transType     types.OID
	transSpace    int
	movingType    types.OID
	movingSpace   int
	initial       any
	movingInitial any
	direct        int
}

var (
	procFacts  []*procFact
	procByOID  = map[types.OID]*procFact{}
	aggFacts   = map[types.OID]*aggFact{}
	estimators = map[types.OID][2]types.OID{} // by operator: of restrictions, of joins
)

// fields splits the lines of a table of facts.
func fields(table string, each func(f []string)) {
	for line := range strings.Lines(table) {
		each(strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func init() {
	fields(factProcs, func(f []string) {
		flags := f[4]
		p := &procFact{oid: oidOf(f[0]), name: f[1], result: oidOf(f[2]), strict: flags[0] == 's', volatility: flags[1], kind: flags[2], set: flags[3] == 'r',
			leakproof: flags[4] == 'l', parallel: flags[5], referred: flags[6] == 'r', cost: number(f[5]), src: f[6], defaults: f[8]}
		for _, a := range strings.Fields(f[3]) {
			p.args = append(p.args, oidOf(a))
		}
		if f[7] != "" {
			p.modes = strings.Split(f[7], "")
		}
		procFacts = append(procFacts, p)
		procByOID[p.oid] = p
		if p.referred && funcs.ByOID(p.oid) == nil {
			ioFuncs[p.oid] = p.name
			if _, overloaded := ioFuncOID[p.name]; !overloaded {
				ioFuncOID[p.name] = p.oid
			}
		}
	})
	fields(factAggregates, func(f []string) {
		a := &aggFact{finalExtra: [2]bool{f[9] == "t", f[10] == "t"}, finalModify: [2]byte{f[11][0], f[12][0]}, sortOp: oidOf(f[13]), transType: oidOf(f[14]),
			transSpace: number(f[15]), movingType: oidOf(f[16]), movingSpace: number(f[17]), direct: number(f[20])}
		for i := range a.funcs {
			a.funcs[i] = oidOf(f[1+i])
		}
		if f[18] != "-" {
			a.initial = f[18]
		}
		if f[19] != "-" {
			a.movingInitial = f[19]
		}
		aggFacts[oidOf(f[0])] = a
	})
	fields(factEstimators, func(f []string) { estimators[oidOf(f[0])] = [2]types.OID{oidOf(f[1]), oidOf(f[2])} })
}

// shown reports whether the function is in pg_proc though it may not exist: if another
// catalog refers to it, and the types that it takes and gives are there.
func (p *procFact) shown() bool {
	known := func(t types.OID) bool { return types.Get(t) != nil }
	return p.referred && known(p.result) && !slices.ContainsFunc(p.args, func(t types.OID) bool { return !known(t) })
}

// referredProcs adds the functions that only other catalogs refer to.
func (q *query) referredProcs() {
	for _, p := range procFacts {
		if !p.shown() || funcs.ByOID(p.oid) != nil || q.skips("oid", p.oid) || q.skipsName("proname", p.name) || q.skips("pronamespace", catalog.PgCatalog) {
			continue
		}
		q.add(p.oid, p.name, catalog.PgCatalog, catalog.AdminRole, langInternal, p.cost, 0, 0, 0, p.kind, false, p.leakproof, p.strict, p.set,
			p.volatility, p.parallel, len(p.args), 0, p.result, append([]types.OID{}, p.args...), nil, nil, nil, nil, nil, p.src, nil, nil, nil, nil)
	}
}
