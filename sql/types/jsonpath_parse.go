package types

import (
	"strconv"
	"strings"

	"zorya/pgerr"
)

// CheckPathRegex tells whether a regular expression of a jsonpath is one. Package
// funcs, which has the engine, sets it.
var CheckPathRegex = func(_, _ string) error { return nil }

// maxPathDepth bounds how deep the expressions of a path may be nested.
const maxPathDepth = 9000

// A pathParser reads a jsonpath by recursive descent. fail ends it by a panic with
// pathFault, which parseJSONPath catches.
type pathParser struct {
	lex   pathLexer
	tok   pathToken
	depth int
}

type pathFault struct{ err error }

func parseJSONPath(s string) (d Datum, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(pathFault)
			if !ok {
				panic(r)
			}
			err = f.err
		}
	}()
	p := &pathParser{lex: pathLexer{s: s}}
	p.advance()
	if p.tok.kind == "end" {
		return Null, badSyntax("jsonpath", s)
	}
	path := &JSONPath{Strict: p.tok.kind == "strict"}
	if p.tok.kind == "strict" || p.tok.kind == "lax" {
		p.advance()
	}
	path.Expr = p.either()
	if p.tok.kind != "end" {
		p.unexpected()
	}
	checkPlaces(path.Expr, 0, false)
	return Datum{Kind: KindOther, X: path}, nil
}

func (p *pathParser) advance() {
	t, err := p.lex.next()
	if err != nil {
		panic(pathFault{err})
	}
	p.tok = t
}

func (p *pathParser) unexpected() { panic(pathFault{pathError("syntax error", p.tok.raw)}) }

// take reads a token of that kind and returns its text.
func (p *pathParser) take(kind string) string {
	if p.tok.kind != kind {
		p.unexpected()
	}
	text := p.tok.text
	p.advance()
	return text
}

func (p *pathParser) accept(kind string) bool {
	if p.tok.kind != kind {
		return false
	}
	p.advance()
	return true
}

func (p *pathParser) enter() {
	if p.depth++; p.depth > maxPathDepth {
		panic(pathFault{pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")})
	}
}

// isPredicate: an item with steps behind it is a value again.
func isPredicate(x *PathItem) bool { return x.Op.IsPredicate() && x.Next == nil }

func (p *pathParser) predicate(x *PathItem) *PathItem {
	if !isPredicate(x) {
		p.unexpected()
	}
	return x
}

func (p *pathParser) value(x *PathItem) *PathItem {
	if isPredicate(x) {
		p.unexpected()
	}
	return x
}

// either reads an expression or a predicate.
func (p *pathParser) either() *PathItem {
	p.enter()
	defer func() { p.depth-- }()
	x := p.conjunction()
	for p.tok.kind == "||" {
		p.predicate(x)
		p.advance()
		x = &PathItem{Op: PathOr, Left: x, Right: p.predicate(p.conjunction())}
	}
	return x
}

func (p *pathParser) conjunction() *PathItem {
	x := p.condition()
	for p.tok.kind == "&&" {
		p.predicate(x)
		p.advance()
		x = &PathItem{Op: PathAnd, Left: x, Right: p.predicate(p.condition())}
	}
	return x
}

var pathComparisons = map[string]PathOp{"==": PathEqual, "!=": PathNotEqual, "<": PathLess, ">": PathGreater, "<=": PathLessOrEqual, ">=": PathGreaterOrEqual}

func (p *pathParser) condition() *PathItem {
	if p.accept("!") {
		return &PathItem{Op: PathNot, Left: p.delimited()}
	}
	x := p.sum()
	if op, ok := pathComparisons[p.tok.kind]; ok {
		p.value(x)
		p.advance()
		return &PathItem{Op: op, Left: x, Right: p.value(p.sum())}
	}
	switch p.tok.kind {
	case "starts":
		p.value(x)
		p.advance()
		p.take("with")
		init := &PathItem{Op: PathString, Str: p.tok.text}
		if p.tok.kind == "var" {
			init.Op = PathVariable
		} else if p.tok.kind != "string" {
			p.unexpected()
		}
		p.advance()
		return &PathItem{Op: PathStartsWith, Left: x, Right: init}
	case "like_regex":
		p.value(x)
		p.advance()
		return p.likeRegex(x)
	}
	return x
}

// delimited reads what may stand behind !.
func (p *pathParser) delimited() *PathItem {
	if p.tok.kind == "exists" {
		return p.exists()
	}
	p.take("(")
	x := p.predicate(p.either())
	p.take(")")
	return x
}

func (p *pathParser) exists() *PathItem {
	p.take("exists")
	p.take("(")
	x := p.value(p.either())
	p.take(")")
	return &PathItem{Op: PathExists, Left: x}
}

func (p *pathParser) likeRegex(x *PathItem) *PathItem {
	r := &PathItem{Op: PathLikeRegex, Left: x, Str: p.take("string")}
	given := ""
	if p.accept("flag") {
		given = p.take("string")
	}
	for _, c := range given {
		if !strings.ContainsRune("ismxq", c) {
			panic(pathFault{pgerr.New(pgerr.SyntaxError, "invalid input syntax for type %s", "jsonpath").
				WithDetail("Unrecognized flag character \"%c\" in LIKE_REGEX predicate.", c)})
		}
	}
	for _, c := range "ismxq" {
		if strings.ContainsRune(given, c) {
			r.Flags += string(c)
		}
	}
	engine, err := r.EngineFlags()
	if err == nil {
		err = CheckPathRegex(r.Str, engine)
	}
	if err != nil {
		panic(pathFault{err})
	}
	return r
}

// EngineFlags translates the flags of like_regex to those of regexp_match.
func (x *PathItem) EngineFlags() (string, error) {
	flags := ""
	has := func(c string) bool { return strings.Contains(x.Flags, c) }
	if has("i") {
		flags = "i"
	}
	if has("q") {
		return flags + "q", nil
	}
	if has("x") {
		return "", pgerr.New(pgerr.FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented")
	}
	switch {
	case has("s") && has("m"):
		return flags + "w", nil
	case has("m"):
		return flags + "n", nil
	case has("s"):
		return flags + "s", nil
	}
	return flags + "p", nil
}

func (p *pathParser) sum() *PathItem {
	x := p.product()
	for p.tok.kind == "+" || p.tok.kind == "-" {
		op := map[string]PathOp{"+": PathAdd, "-": PathSub}[p.tok.kind]
		p.value(x)
		p.advance()
		x = &PathItem{Op: op, Left: x, Right: p.value(p.product())}
	}
	return x
}

func (p *pathParser) product() *PathItem {
	x := p.signed()
	for p.tok.kind == "*" || p.tok.kind == "/" || p.tok.kind == "%" {
		op := map[string]PathOp{"*": PathMul, "/": PathDiv, "%": PathMod}[p.tok.kind]
		p.value(x)
		p.advance()
		x = &PathItem{Op: op, Left: x, Right: p.value(p.signed())}
	}
	return x
}

func (p *pathParser) signed() *PathItem {
	if p.tok.kind != "+" && p.tok.kind != "-" {
		return p.primary()
	}
	p.enter()
	defer func() { p.depth-- }()
	op := map[string]PathOp{"+": PathPlus, "-": PathMinus}[p.tok.kind]
	p.advance()
	x := p.value(p.signed())
	switch {
	case x.Op != PathNumeric || x.Next != nil:
		return &PathItem{Op: op, Left: x}
	case op == PathPlus:
		return x
	}
	text := string(AppendText(nil, NumericOID, x.Num, DefaultFormat))
	if strings.HasPrefix(text, "-") {
		return &PathItem{Op: PathNumeric, Num: p.number(text[1:])}
	}
	return &PathItem{Op: PathNumeric, Num: p.number("-" + text)}
}

func (p *pathParser) number(text string) Datum {
	d, err := Parse(Of(NumericOID), text, DefaultFormat)
	if err != nil {
		panic(pathFault{err})
	}
	return d
}

// primary reads a value with the steps behind it, or something in parentheses.
func (p *pathParser) primary() *PathItem {
	t := p.tok
	x := &PathItem{Str: t.text}
	switch t.kind {
	case "(":
		return p.parenthesized()
	case "exists":
		return p.exists()
	case "string":
		x.Op = PathString
	case "var":
		x.Op = PathVariable
	case "null":
		x.Op = PathNull
	case "true", "false":
		x.Op, x.Bool = PathBool, t.kind == "true"
	case "numeric", "int":
		x.Op, x.Num = PathNumeric, p.number(t.text)
	case "$":
		x.Op = PathRoot
	case "@":
		x.Op = PathCurrent
	case "last":
		x.Op = PathLast
	default:
		p.unexpected()
	}
	p.advance()
	p.steps(x)
	return x
}

func (p *pathParser) parenthesized() *PathItem {
	p.take("(")
	x := p.either()
	p.take(")")
	if isPredicate(x) && p.tok.kind == "is" {
		p.advance()
		p.take("unknown")
		return &PathItem{Op: PathIsUnknown, Left: x}
	}
	p.steps(x)
	return x
}

// steps reads the steps behind x and appends them to its chain.
func (p *pathParser) steps(x *PathItem) {
	end := x
	for end.Next != nil {
		end = end.Next
	}
	for {
		var next *PathItem
		switch p.tok.kind {
		case ".":
			p.advance()
			next = p.member()
		case "[":
			p.advance()
			next = p.subscripts()
		case "?":
			p.advance()
			p.take("(")
			next = &PathItem{Op: PathFilter, Left: p.predicate(p.either())}
			p.take(")")
		default:
			return
		}
		end.Next, end = next, next
	}
}

// pathMethods are the methods without arguments.
var pathMethods = map[string]bool{"abs": true, "size": true, "type": true, "floor": true, "double": true, "ceiling": true, "keyvalue": true}

// member reads what follows a dot.
func (p *pathParser) member() *PathItem {
	t := p.tok
	switch {
	case t.kind == "*":
		p.advance()
		return &PathItem{Op: PathAnyKey}
	case t.kind == "**":
		p.advance()
		return p.levels()
	case t.kind == "ident" || t.kind == "string":
		p.advance()
		return &PathItem{Op: PathKey, Str: t.text}
	}
	if _, keyword := pathKeywords[t.kind]; !keyword {
		p.unexpected()
	}
	p.advance()
	if p.tok.kind != "(" || !pathMethods[t.kind] && t.kind != "datetime" {
		return &PathItem{Op: PathKey, Str: t.text}
	}
	p.advance()
	x := &PathItem{Op: PathMethod, Str: t.kind}
	if t.kind == "datetime" {
		x.Op = PathDatetime
		if p.tok.kind == "string" {
			x.Left = &PathItem{Op: PathString, Str: p.tok.text}
			p.advance()
		}
	}
	p.take(")")
	return x
}

func (p *pathParser) levels() *PathItem {
	x := &PathItem{Op: PathAny, Last: PathUnbounded}
	if !p.accept("{") {
		return x
	}
	x.First = p.level()
	x.Last = x.First
	if p.accept("to") {
		x.Last = p.level()
	}
	p.take("}")
	return x
}

func (p *pathParser) level() uint32 {
	if p.accept("last") {
		return PathUnbounded
	}
	text := p.tok.text
	p.take("int")
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		panic(pathFault{outOfRange("integer", text)})
	}
	return uint32(n)
}

func (p *pathParser) subscripts() *PathItem {
	if p.accept("*") {
		p.take("]")
		return &PathItem{Op: PathAnyArray}
	}
	x := &PathItem{Op: PathIndexArray}
	for {
		r := PathRange{From: p.value(p.either())}
		if p.accept("to") {
			r.To = p.value(p.either())
		}
		x.Subs = append(x.Subs, r)
		if !p.accept(",") {
			break
		}
	}
	p.take("]")
	return x
}

// checkPlaces refuses @ outside of filters and last outside of subscripts.
func checkPlaces(x *PathItem, filters int, inSubscript bool) {
	for ; x != nil; x = x.Next {
		switch {
		case x.Op == PathCurrent && filters == 0:
			panic(pathFault{pgerr.New(pgerr.SyntaxError, "@ is not allowed in root expressions")})
		case x.Op == PathLast && !inSubscript:
			panic(pathFault{pgerr.New(pgerr.SyntaxError, "LAST is allowed only in array subscripts")})
		}
		inner := filters
		if x.Op == PathFilter {
			inner++
		}
		if x.Left != nil {
			checkPlaces(x.Left, inner, inSubscript)
		}
		if x.Right != nil {
			checkPlaces(x.Right, inner, inSubscript)
		}
		for _, s := range x.Subs {
			checkPlaces(s.From, filters, true)
			if s.To != nil {
				checkPlaces(s.To, filters, true)
			}
		}
	}
}
