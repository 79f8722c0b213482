package funcs

import (
	"fmt"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A candidate is a signature as it would serve a call: variadic arguments
// expanded, named arguments in place, defaults cut off.
type candidate struct {
	fn       *Func
	args     []types.OID // one per given argument, in the order of the call
	order    []int       // order[i]: place of given argument i in fn's list; nil: as given
	expanded bool        // the variadic array stands for the trailing arguments
	defaults []types.Datum
}

// Resolve chooses among cands, the functions that the search path gives for
// name (which is for error messages), for a call with arguments of types args;
// literals of no known type are UnknownOID, domains are their base types.
// argNames is nil or parallel to args, "" for positional ones. variadic: the call
// says VARIADIC before its last argument.
//
// With named arguments, Match.Args is in the function's order, and DefaultArgs
// may not be simply appended: see NamedOrder.
func Resolve(cands []*Func, name string, args []types.OID, argNames []string, variadic bool) (Match, error) {
	var list []candidate
	for _, fn := range cands {
		if c, ok := fit(fn, args, argNames, variadic); ok {
			list = append(list, c)
		}
	}
	list = dropShadowed(list)
	best := exact(list, args)
	if best != nil && rivaled(list, best) {
		return Match{}, ambiguous(name, args, argNames)
	}
	if best == nil {
		list = coercible(list, args)
		if len(list) > 1 {
			list = selectCandidates(list, args)
		}
		switch {
		case len(list) == 0:
			return Match{}, noFunction(name, args, argNames)
		case len(list) > 1:
			return Match{}, ambiguous(name, args, argNames)
		}
		best = &list[0]
	}
	return best.match(args)
}

func ambiguous(name string, args []types.OID, argNames []string) error {
	return pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature(name, args, argNames)).
		WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
}

// rivaled tells whether another candidate of the same schema takes the same arguments,
// because one of the two has defaults for more.
func rivaled(list []candidate, best *candidate) bool {
	for _, c := range list {
		if c.fn != best.fn && c.fn.Schema == best.fn.Schema && c.fn.Schema != "" && sameTypes(c.args, best.args) && c.expanded == best.expanded {
			return true
		}
	}
	return false
}

func noFunction(name string, args []types.OID, argNames []string) error {
	if err := foreignCall(name); err != nil {
		return err
	}
	hint := "No function matches the given name and argument types. You might need to add explicit type casts."
	return pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(name, args, argNames)).WithHint("%s", hint)
}

// signature prints a call as error messages do: foo(integer, b => unknown).
func signature(name string, args []types.OID, argNames []string) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		if argNames != nil && argNames[i] != "" {
			b.WriteString(argNames[i] + " => ")
		}
		b.WriteString(typeName(a))
	}
	return b.String() + ")"
}

// typeName is a type's name in messages. That of a row type is known to the catalog
// only: Marked stands for it until the binder puts the name there.
func typeName(o types.OID) string {
	if o != 0 && types.Get(o) == nil {
		return Marked(o)
	}
	return types.FormatType(types.Of(o))
}

// Marked stands for the name of a row type in a message.
func Marked(o types.OID) string { return fmt.Sprintf("\x02%d\x03", o) }

// Unmark puts names in the place of marks.
func Unmark(text string, name func(types.OID) string) string {
	for {
		head, rest, found := strings.Cut(text, "\x02")
		number, tail, closed := strings.Cut(rest, "\x03")
		if !found || !closed {
			return text
		}
		text = head + name(oidOf(number)) + tail
	}
}

// fit tells whether fn can take so many arguments of those names, and how.
func fit(fn *Func, args []types.OID, argNames []string, variadic bool) (candidate, bool) {
	c := candidate{fn: fn}
	n, want := len(args), len(fn.Args)
	if variadic && !fn.Variadic {
		return c, false
	}
	for i := range argNames {
		if argNames[i] != "" {
			return fitNamed(fn, args, argNames, variadic)
		}
	}
	switch {
	case fn.Variadic && !variadic && n >= want:
		elem := variadicElem(fn)
		c.args = append([]types.OID(nil), fn.Args[:want-1]...)
		for len(c.args) < n {
			c.args = append(c.args, elem)
		}
		c.expanded = true
		return c, true
	case n == want && !(fn.Variadic && !variadic):
		c.args = fn.Args
		return c, true
	case n < want && n+len(fn.Defaults) >= want && !variadic:
		c.args = fn.Args[:n]
		c.defaults = fn.Defaults[len(fn.Defaults)-(want-n):]
		return c, true
	}
	return c, false
}

// variadicElem is the type of each trailing argument of a variadic function.
func variadicElem(fn *Func) types.OID {
	switch last := fn.Args[len(fn.Args)-1]; last {
	case types.AnyOID:
		return types.AnyOID
	case types.AnyArrayOID:
		return types.AnyElementOID
	case types.AnyCompatibleArrayOID:
		return types.AnyCompatibleOID
	default:
		return elemOf(last)
	}
}

func fitNamed(fn *Func, args []types.OID, argNames []string, variadic bool) (candidate, bool) {
	c := candidate{fn: fn}
	if fn.ArgNames == nil || len(args) > len(fn.Args) || fn.Variadic != variadic {
		return c, false
	}
	// VARIADIC stands before the argument that is.
	if last := argNames[len(args)-1]; variadic && last != "" && last != fn.ArgNames[len(fn.ArgNames)-1] {
		return c, false
	}
	taken := make([]bool, len(fn.Args))
	for i := range args {
		at := i
		if argNames[i] != "" {
			at = indexName(fn.ArgNames, argNames[i])
		}
		if at < 0 || at >= len(taken) || taken[at] {
			return c, false
		}
		taken[at] = true
		c.order = append(c.order, at)
		c.args = append(c.args, fn.Args[at])
	}
	first := len(fn.Args) - len(fn.Defaults)
	for at, ok := range taken {
		if !ok && at < first {
			return c, false
		}
	}
	return c, true
}

func indexName(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// NamedOrder returns, for a call with named arguments, for each argument of fn
// the index of the given argument that serves it, or -1 where its default does.
func NamedOrder(fn *Func, argNames []string) []int {
	order := make([]int, len(fn.Args))
	for i := range order {
		order[i] = -1
	}
	for i, n := range argNames {
		at := i
		if n != "" {
			at = indexName(fn.ArgNames, n)
		}
		if at >= 0 && at < len(order) {
			order[at] = i
		}
	}
	return order
}

// dropShadowed drops candidates whose arguments another has too: one without
// variadic expansion wins.
func dropShadowed(list []candidate) []candidate {
	out := list[:0:0]
	for i, c := range list {
		shadowed := false
		for j, d := range list {
			if i != j && sameTypes(c.args, d.args) && c.order == nil && d.order == nil && rank(d) < rank(c) {
				shadowed = true
			}
		}
		if !shadowed {
			out = append(out, c)
		}
	}
	return out
}

func rank(c candidate) int {
	if c.expanded {
		return 1
	}
	return 0
}

func sameTypes(a, b []types.OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func exact(list []candidate, args []types.OID) *candidate {
	for i := range list {
		if sameTypes(list[i].args, args) {
			return &list[i]
		}
	}
	return nil
}

// coercible keeps the candidates to which all arguments can be coerced implicitly.
func coercible(list []candidate, args []types.OID) []candidate {
	var out []candidate
	for _, c := range list {
		if canCoerceAll(args, c.args) {
			out = append(out, c)
		}
	}
	return out
}

func canCoerceAll(from, to []types.OID) bool {
	generic := false
	for i := range from {
		if isPolymorphic(to[i]) {
			generic = true
			continue
		}
		if !canCoerce(from[i], to[i], Implicit) {
			return false
		}
	}
	if !generic {
		return true
	}
	// Arguments that leave the type open fit as well: the call then fails for that.
	_, _, errSimple := solveSimple(to, from)
	_, errCompatible := solveCompatible(to, from)
	return errSimple == nil && errCompatible == nil
}

func canCoerce(from, to types.OID, ctx CastContext) bool {
	if from == to || to == types.AnyOID || from == types.UnknownOID {
		return true
	}
	if from == types.RecordOID && types.Get(to) == nil {
		return true // The binder sees whether the columns fit.
	}
	_, ok := FindCast(from, to, ctx)
	return ok
}

// selectCandidates narrows candidates that all fit, by the rules of the
// manual, section 10.3 steps 4.c to 4.f.
func selectCandidates(list []candidate, args []types.OID) []candidate {
	list = keepBest(list, args, func(want, got types.OID) bool { return want == got })
	if len(list) == 1 {
		return list
	}
	list = keepBest(list, args, func(want, got types.OID) bool {
		return want == got || categoryOf(want) == categoryOf(got) && preferred(want)
	})
	if len(list) == 1 {
		return list
	}
	unknowns, known := 0, types.OID(0)
	sameKnown := true
	for _, a := range args {
		switch {
		case a == types.UnknownOID:
			unknowns++
		case known == 0:
			known = a
		case known != a:
			sameKnown = false
		}
	}
	if unknowns == 0 {
		return list
	}
	list = byUnknownCategory(list, args)
	if len(list) == 1 || known == 0 || !sameKnown {
		return list
	}
	assumed := make([]types.OID, len(args))
	for i := range assumed {
		assumed[i] = known
	}
	if left := coercible(list, assumed); len(left) == 1 {
		return left
	}
	return list
}

// keepBest keeps the candidates with the most arguments, other than unknown
// ones, for which good holds.
func keepBest(list []candidate, args []types.OID, good func(want, got types.OID) bool) []candidate {
	var out []candidate
	most := -1
	for _, c := range list {
		n := 0
		for i, a := range args {
			if a != types.UnknownOID && good(c.args[i], a) {
				n++
			}
		}
		if n > most {
			most, out = n, nil
		}
		if n == most {
			out = append(out, c)
		}
	}
	return out
}

// byUnknownCategory guesses the category of each unknown argument from the
// candidates (string wins; else all must agree) and keeps those that accept it.
func byUnknownCategory(list []candidate, args []types.OID) []candidate {
	cat := make([]byte, len(args))
	pref := make([]bool, len(args))
	for i, a := range args {
		if a != types.UnknownOID {
			continue
		}
		conflict := false
		for _, c := range list {
			ct, pt := categoryOf(c.args[i]), preferred(c.args[i])
			switch {
			case cat[i] == 0:
				cat[i], pref[i] = ct, pt
			case cat[i] == ct:
				pref[i] = pref[i] || pt
			case ct == 'S':
				cat[i], pref[i] = ct, pt
			case cat[i] != 'S':
				conflict = true
			}
		}
		if conflict && cat[i] != 'S' {
			return list
		}
	}
	var out []candidate
	for _, c := range list {
		keep := true
		for i, a := range args {
			if a == types.UnknownOID && (categoryOf(c.args[i]) != cat[i] || pref[i] && !preferred(c.args[i])) {
				keep = false
			}
		}
		if keep {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}

func categoryOf(t types.OID) byte {
	if t == types.RecordArrayOID {
		return 'P' // an array, yet filed under pseudo-types as record is
	}
	if ty := types.Get(t); ty != nil {
		return ty.Category
	}
	return 'C'
}

func preferred(t types.OID) bool {
	ty := types.Get(t)
	return ty != nil && ty.Preferred
}

// match makes the Match of a chosen candidate: polymorphic types resolved.
func (c *candidate) match(args []types.OID) (Match, error) {
	want, result, err := solve(c.args, args, c.fn.Result)
	if err != nil {
		return Match{}, err
	}
	m := Match{Func: c.fn, Result: types.Of(result), DefaultArgs: c.defaults}
	if c.order != nil {
		return c.matchNamed(m, want), nil
	}
	for i, t := range want {
		if t == types.AnyOID {
			t = args[i]
		}
		m.Args = append(m.Args, types.Of(t))
	}
	if c.expanded && c.fn.Args[len(c.fn.Args)-1] != types.AnyOID {
		m.VariadicElem = want[len(want)-1]
	}
	return m, nil
}

func (c *candidate) matchNamed(m Match, want []types.OID) Match {
	m.Args = make([]types.T, len(c.fn.Args))
	for i, t := range c.fn.Args {
		m.Args[i] = types.Of(t)
	}
	given := make([]bool, len(c.fn.Args))
	for i, at := range c.order {
		m.Args[at] = types.Of(want[i])
		given[at] = true
	}
	first := len(c.fn.Args) - len(c.fn.Defaults)
	for at, ok := range given {
		if !ok {
			m.DefaultArgs = append(m.DefaultArgs, c.fn.Defaults[at-first])
		}
	}
	return m
}
