package funcs

import (
	_ "embed" // the tables of facts
	"strconv"
	"strings"

	"zorya/sql/types"
)

// The facts: signatures, operators and casts of PostgreSQL, extracted by
// facts/extract.sh. A signature is registered only if a kernel for it exists.
var (
	//go:embed facts/funcs.tsv
	factFuncs string
	//go:embed facts/operators.tsv
	factOperators string
	//go:embed facts/casts.tsv
	factCasts string
)

// A kernel is the code behind a signature; the fields as in Func.
type kernel struct {
	eval     func(c *Ctx, args []types.Datum) (types.Datum, error)
	vec      func(c *Ctx, args []*types.Vec, n int, out *types.Vec) error
	rows     func(c *Ctx, args []types.Datum, emit func(row []types.Datum) error) error
	typed    func(c *Ctx, args []types.Datum, argTypes []types.T, result types.T) (types.Datum, error)
	agg      func(c *Ctx, argTypes []types.T) Agg
	win      func(c *Ctx) Win
	defaults []types.Datum
}

// kernels maps the name of a C function of PostgreSQL (pg_proc.prosrc), or
// "name(argument type OIDs)" for functions that have none, to its code.
// Aggregates may also stand under "agg name", for all their signatures.
type kernels map[string]kernel

// groups are the tables of kernels, a file each.
var groups = []func() kernels{
	boolKernels, intKernels, floatKernels, numericKernels, textKernels, patternKernels, formatKernels,
	datetimeKernels, datePartKernels, overlapKernels, castKernels, uuidKernels, arrayKernels, enumKernels, jsonKernels, jsonPathKernels, systemKernels,
	sendKernels, hashKernels, setKernels, aggregateKernels, windowKernels, rangeKernels, nullKernels, compareRecordKernels, inetKernels, encodingKernels, randomKernels, aclKernels,
}

type operKey struct {
	name        string
	left, right types.OID
}

type castKey struct{ from, to types.OID }

// registry is filled once by init and never changes.
var registry struct {
	funcs     []*Func
	byOID     map[types.OID]*Func
	byName    map[string]map[string][]*Func // schema → name
	opers     []*Operator
	operKeys  map[operKey]*Operator
	operNames map[string][]*Operator
	strategy  map[byte]map[castKey]*Operator
	casts     []CastEntry
	castKeys  map[castKey]CastEntry
}

func init() {
	all := kernels{}
	for _, g := range groups {
		for name, k := range g() {
			all[name] = k
		}
	}
	registry.byOID = map[types.OID]*Func{}
	registry.byName = map[string]map[string][]*Func{}
	compare := comparisonKernels()
	eachLine(factFuncs, func(f []string) {
		fn := parseFunc(f)
		k, ok := all[f[9]]
		if !ok && fn.Kind == AggKind {
			k, ok = all["agg "+fn.Name]
		}
		if !ok {
			k, ok = compare[fn.OID]
		}
		if !ok {
			k, ok = familyKernel(f[9], fn)
		}
		if ok {
			k.attach(fn)
			add(fn)
		}
	})
	for _, fn := range append(ownFuncs(), version16()...) {
		add(fn)
	}
	registry.byName[SQLJSON] = map[string][]*Func{}
	for _, fn := range sqlJSONFuncs() {
		registry.byName[SQLJSON][fn.Name] = []*Func{fn}
	}
	loadOperators()
	loadCasts()
}

func eachLine(text string, do func(fields []string)) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if line != "" {
			do(strings.Split(line, "\t"))
		}
	}
}

func oidOf(s string) types.OID {
	n, _ := strconv.ParseUint(s, 10, 32)
	return types.OID(n)
}

func oidsOf(s string) []types.OID {
	fields := strings.Fields(s)
	out := make([]types.OID, len(fields))
	for i, f := range fields {
		out[i] = oidOf(f)
	}
	return out
}

// parseFunc reads a line of funcs.tsv: OID, name, arguments, result, flags
// (strict, volatility, kind, set, variadic, aggregate kind), number of defaults,
// argument names, output types, output names, key of the kernel.
func parseFunc(f []string) *Func {
	flags := f[4]
	fn := &Func{
		OID: oidOf(f[0]), Name: f[1], Args: oidsOf(f[2]), Result: oidOf(f[3]),
		Strict: flags[0] == 's', Volatility: Volatility(flags[1]), Kind: Kind(flags[2]),
		Set: flags[3] == 'r', Variadic: flags[4] == 'v',
	}
	if flags[5] == 'o' || flags[5] == 'h' {
		fn.OrderedSet = flags[5]
	}
	if f[6] != "" {
		fn.ArgNames = strings.Split(f[6], " ")
	}
	if f[7] != "" {
		fn.OutTypes, fn.OutNames = oidsOf(f[7]), strings.Split(f[8], " ")
		if len(fn.OutTypes) == 1 {
			fn.OutTypes = nil
		}
	}
	return fn
}

func (k kernel) attach(fn *Func) {
	fn.Eval, fn.Vec, fn.Rows, fn.TypedEval = k.eval, k.vec, k.rows, k.typed
	fn.NewAgg, fn.NewWin, fn.Defaults = k.agg, k.win, k.defaults
}

func add(fn *Func) {
	schema := fn.Schema
	if schema == "" {
		schema = "pg_catalog"
	}
	names := registry.byName[schema]
	if names == nil {
		names = map[string][]*Func{}
		registry.byName[schema] = names
	}
	names[fn.Name] = append(names[fn.Name], fn)
	registry.funcs = append(registry.funcs, fn)
	registry.byOID[fn.OID] = fn
}

// loadOperators reads operators.tsv: OID, name, left, right, result, function,
// commutator, negator, hashes, btree strategy, estimator.
func loadOperators() {
	registry.operKeys = map[operKey]*Operator{}
	registry.operNames = map[string][]*Operator{}
	registry.strategy = map[byte]map[castKey]*Operator{}
	eachLine(factOperators, func(f []string) {
		fn := registry.byOID[oidOf(f[5])]
		if fn == nil {
			return
		}
		n, _ := strconv.Atoi(f[9])
		o := &Operator{
			OID: oidOf(f[0]), Name: f[1], Left: oidOf(f[2]), Right: oidOf(f[3]), Result: oidOf(f[4]), Func: fn,
			Commutator: f[6], Negator: f[7], Hashes: f[8] == "h", Strategy: "\x00<l=g>"[n], Sel: f[10],
		}
		registry.opers = append(registry.opers, o)
		registry.operKeys[operKey{o.Name, o.Left, o.Right}] = o
		registry.operNames[o.Name] = append(registry.operNames[o.Name], o)
		if o.Strategy != 0 {
			m := registry.strategy[o.Strategy]
			if m == nil {
				m = map[castKey]*Operator{}
				registry.strategy[o.Strategy] = m
			}
			m[castKey{o.Left, o.Right}] = o
		}
	})
}

// loadCasts reads casts.tsv: OID, source, target, function, context, method.
func loadCasts() {
	registry.castKeys = map[castKey]CastEntry{}
	eachLine(factCasts, func(f []string) {
		e := CastEntry{
			OID: oidOf(f[0]), From: oidOf(f[1]), To: oidOf(f[2]),
			Context: CastContext(f[4][0]), Method: CastMethod(f[5][0]),
		}
		if e.Method == ByFunc {
			if e.Func = registry.byOID[oidOf(f[3])]; e.Func == nil {
				return
			}
		}
		registry.casts = append(registry.casts, e)
		registry.castKeys[castKey{e.From, e.To}] = e
	})
}

// Lookup returns the functions of that name in a schema; "" is pg_catalog. The
// result must not be modified.
func Lookup(schema, name string) []*Func {
	if schema == "" {
		schema = "pg_catalog"
	}
	return registry.byName[schema][name]
}

// ByOID returns the built-in function with that OID, or nil.
func ByOID(oid types.OID) *Func { return registry.byOID[oid] }

// All returns every registered function. The result must not be modified.
func All() []*Func { return registry.funcs }

// Operators returns every operator. The result must not be modified.
func Operators() []*Operator { return registry.opers }

// Casts returns every row of pg_cast, length coercions included. The result must
// not be modified.
func Casts() []CastEntry { return registry.casts }

// Comparison returns the operator that plays a btree strategy ('<', 'l' for <=,
// '=', 'g' for >=, '>') between two types, or nil. Types without own operators
// use those of the type that they are binary-coercible to (varchar: text, arrays:
// anyarray, regclass: oid).
func Comparison(strategy byte, left, right types.OID) *Operator {
	m := registry.strategy[strategy]
	if o := m[castKey{left, right}]; o != nil {
		return o
	}
	return m[castKey{comparedAs(left), comparedAs(right)}]
}

// comparedAs is the type whose operators compare t when t has none of its own.
func comparedAs(t types.OID) types.OID {
	switch t {
	case types.VarcharOID, types.UnknownOID:
		return types.TextOID
	case types.CidrOID:
		return types.InetOID
	case types.RegclassOID, types.RegtypeOID, types.RegprocOID, types.RegprocedureOID, types.RegoperOID,
		types.RegnamespaceOID, types.RegroleOID, types.RegcollationOID:
		return types.OidOID
	}
	if len(registry.strategy['='][castKey{t, t}].name()) > 0 {
		return t
	}
	if types.IsEnum(t) {
		return types.AnyEnumOID
	}
	if isTrueArray(t) {
		return types.AnyArrayOID
	}
	if types.Get(t) == nil {
		return types.RecordOID
	}
	return t
}

func (o *Operator) name() string {
	if o == nil {
		return ""
	}
	return o.Name
}
