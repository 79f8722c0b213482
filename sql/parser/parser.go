// Package parser turns SQL text into syntax trees (package ast). PostgreSQL's own
// grammar does the work, through libpg_query; what Aurora DSQL adds to it (CREATE
// INDEX ASYNC, ALTER TABLE ASYNC, AWS IAM GRANT and REVOKE) is found among the
// tokens before (dsql.go). All functions are safe for concurrent use.
package parser

import (
	"errors"
	"reflect"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgparser "github.com/pganalyze/pg_query_go/v6/parser"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// Parse parses a query string: any number of statements separated by semicolons.
// Empty statements are left out. Errors are 42601 with PostgreSQL's texts, 22021
// for bytes that are no UTF-8, 54001 for what is nested too deep.
func Parse(sql string) (list []ast.Statement, err error) {
	defer rescue(&err)
	if err := checkText(sql); err != nil {
		return nil, err
	}
	if list := insertOfLiterals(sql); list != nil {
		return list, nil
	}
	return parse(sql)
}

// parse is Parse of a text whose bytes are good.
func parse(sql string) (list []ast.Statement, err error) {
	if err := checkDepth(sql); err != nil {
		return nil, err
	}
	d := findDialect(sql)
	tree, err := pg.Parse(d.text)
	if err != nil {
		return nil, syntaxError(err, sql)
	}
	type placed struct {
		at int
		st ast.Statement
	}
	var all []placed
	for _, raw := range tree.Stmts {
		from := int(raw.StmtLocation)
		to := len(d.text)
		if raw.StmtLen > 0 {
			to = from + int(raw.StmtLen)
		}
		from += leading(d.text[from:to])
		c := &conv{src: sql, base: from, ascii: isASCII(sql[from:to]), async: d.isAsync(from, to)}
		st := ast.Statement{Text: strings.TrimSpace(sql[from:to]), Offset: charPos(sql, from) - 1}
		st.Stmt = c.stmt(raw.Stmt)
		st.Params = c.params
		all = append(all, placed{from, st})
	}
	for _, g := range d.iam {
		st, err := g.parse(sql)
		if err != nil {
			return nil, err
		}
		st.Offset = charPos(sql, g.from) - 1
		all = append(all, placed{g.from, st})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	for _, p := range all {
		list = append(list, p.st)
	}
	return list, nil
}

// ParseExpr parses a scalar expression.
func ParseExpr(text string) (x ast.Expr, err error) {
	const head = "SELECT "
	list, err := Parse(head + text)
	if err != nil {
		if e := pgerr.As(err); e != nil && e.Position > len(head) {
			c := *e
			c.Position -= len(head)
			return nil, &c
		}
		return nil, err
	}
	if len(list) == 1 {
		if sel, ok := list[0].Stmt.(*ast.Select); ok && len(sel.Targets) == 1 {
			t := sel.Targets[0]
			if only := (&ast.Select{Targets: sel.Targets, Pos: sel.Pos}); t.As == "" && reflect.DeepEqual(sel, only) {
				return t.X, nil
			}
		}
	}
	return nil, pgerr.New(pgerr.SyntaxError, "syntax error in expression \"%s\"", text)
}

// ParseSelect parses one query: SELECT, VALUES or a set operation.
func ParseSelect(text string) (*ast.Select, error) {
	list, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		if sel, ok := list[0].Stmt.(*ast.Select); ok {
			return sel, nil
		}
	}
	return nil, pgerr.New(pgerr.SyntaxError, "a query is expected")
}

// ParseBody parses the statements of a function's body.
func ParseBody(text string) ([]ast.Statement, error) {
	list, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var body []ast.Statement
	for _, st := range list {
		if _, empty := st.Stmt.(*ast.Empty); st.Stmt != nil && !empty {
			body = append(body, st)
		}
	}
	return body, nil
}

// ParseType parses the name of a type, with modifiers and dimensions.
func ParseType(text string) (ast.TypeName, error) {
	x, err := ParseExpr("NULL::" + text)
	if err != nil {
		return ast.TypeName{}, err
	}
	if c, ok := x.(*ast.Cast); ok {
		return c.Type, nil
	}
	return ast.TypeName{}, pgerr.New(pgerr.SyntaxError, "invalid type name \"%s\"", text)
}

// checkText refuses what PostgreSQL's parser must not see.
func checkText(sql string) error {
	if i := strings.IndexByte(sql, 0); i >= 0 {
		return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	if !utf8.ValidString(sql) {
		return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", badBytes(sql))
	}
	return nil
}

// badBytes names the first bytes of s that are no UTF-8, as PostgreSQL does.
func badBytes(s string) string {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		want := 1
		switch c := s[i]; {
		case c >= 0xf0:
			want = 4
		case c >= 0xe0:
			want = 3
		case c >= 0xc0:
			want = 2
		}
		var b strings.Builder
		for k := i; k < min(i+want, len(s)); k++ {
			if k > i {
				b.WriteByte(' ')
			}
			b.WriteString("0x" + string(hex[s[k]>>4]) + string(hex[s[k]&15]))
		}
		return b.String()
	}
	return ""
}

// syntaxError turns libpg_query's error into ours. Its positions count characters.
func syntaxError(err error, sql string) error {
	var pe *pgparser.Error
	if !errors.As(err, &pe) {
		if strings.Contains(err.Error(), "UTF-8") {
			// E'\xff' makes bytes that are no text.
			return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
		}
		// Protobuf refuses trees that are nested too deep.
		return tooComplex()
	}
	if strings.Contains(pe.Message, "stack depth") || strings.Contains(pe.Message, "memory exhausted") {
		return tooComplex()
	}
	code := pgerr.SyntaxError
	for text, c := range otherCodes {
		if strings.Contains(pe.Message, text) {
			code = c
		}
	}
	if strings.HasSuffix(pe.Message, "not supported") && !strings.HasPrefix(pe.Message, "LIMIT #,#") || strings.Contains(pe.Message, "not yet implemented") || strings.Contains(pe.Message, "not implemented") {
		code = pgerr.FeatureNotSupported
	}
	hint := ""
	if strings.HasPrefix(pe.Message, "invalid Unicode escape") {
		code, hint = unicodeFault(pe.Message, sql, pe.Cursorpos)
	}
	e := pgerr.New(code, "%s", pe.Message)
	if hint != "" {
		e = e.WithHint("%s", hint)
	}
	if pe.Cursorpos > 0 {
		e = e.At(pe.Cursorpos)
	}
	return e
}

// otherCodes are the SQLSTATEs of errors of the scanner and the grammar that are no
// syntax errors.
var otherCodes = map[string]string{
	"Unicode surrogate": pgerr.SyntaxError, "invalid byte sequence": pgerr.CharacterNotInRepertoire,
	"unsafe use of": pgerr.NonstandardUseOfEscape, "column number must be in range": pgerr.InvalidParameterValue,
	"is only supported for ON DELETE actions": pgerr.FeatureNotSupported, "constraints cannot be marked": pgerr.FeatureNotSupported,
	"precision for type float must be": pgerr.InvalidParameterValue, "frame start": pgerr.WindowingError, "frame end": pgerr.WindowingError,
	"current database cannot be changed": pgerr.FeatureNotSupported, "aggregates cannot have output arguments": pgerr.FeatureNotSupported,
	"WITH CHECK OPTION not supported on": pgerr.FeatureNotSupported, "cannot include schema elements": pgerr.FeatureNotSupported,
	"as a role name here": pgerr.ReservedName, "\" is reserved": pgerr.ReservedName,
}

// unicodeFault is SQLSTATE and hint of a bad Unicode escape at character at (from
// 1): they differ between E'…' and U&'…'.
func unicodeFault(message, sql string, at int) (code, hint string) {
	if message != "invalid Unicode escape" {
		return pgerr.SyntaxError, ""
	}
	before := []rune(sql)
	before = before[:min(max(at-1, 0), len(before))]
	quote := len(before) - 1
	for quote > 0 && before[quote] != '\'' && before[quote] != '"' {
		quote--
	}
	if quote > 0 && before[quote-1] == '&' {
		return pgerr.SyntaxError, `Unicode escapes must be \XXXX or \+XXXXXX.`
	}
	return pgerr.InvalidEscapeSequence, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
}

func tooComplex() error {
	return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
		WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
}

// leading counts the bytes before a statement's first token: blanks and comments.
func leading(s string) int {
	i := 0
	for i < len(s) {
		switch {
		case strings.IndexByte(" \t\r\n\f\v", s[i]) >= 0:
			i++
		case strings.HasPrefix(s[i:], "--"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return len(s)
			}
			i += end
		case strings.HasPrefix(s[i:], "/*"):
			depth := 0
			for i < len(s) {
				if strings.HasPrefix(s[i:], "/*") {
					depth++
					i += 2
				} else if strings.HasPrefix(s[i:], "*/") {
					depth--
					i += 2
					if depth == 0 {
						break
					}
				} else {
					i++
				}
			}
		default:
			return i
		}
	}
	return i
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// A conv converts one statement's tree.
type conv struct {
	src    string
	base   int  // where the statement begins in src, in bytes
	ascii  bool // the statement has no other characters
	async  bool // the word ASYNC stood in it
	params int  // highest $n so far
}

// pos is a byte offset in src as a 1-based offset of characters in the statement.
func (c *conv) pos(at int32) int {
	i := int(at)
	if i < c.base {
		return 0
	}
	if c.ascii {
		return i - c.base + 1
	}
	return utf8.RuneCountInString(c.src[c.base:min(i, len(c.src))]) + 1
}

func (c *conv) at(loc int32) ast.Pos { return ast.Pos{At: c.pos(loc)} }

// A failure carries an error up to the exported function.
type failure struct{ err error }

func fail(e *pgerr.Error) { panic(failure{e}) }

func rescue(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.err
	default:
		panic(r)
	}
}

func (c *conv) unsupported(what string, loc int32) {
	fail(pgerr.New(pgerr.FeatureNotSupported, "%s is not supported", what).At(c.pos(loc)))
}

// noXML refuses an expression over the type, as its name is refused.
func (c *conv) noXML() { fail(pgerr.New(pgerr.FeatureNotSupported, "datatype xml not supported")) }

// source is an expression as SQL text.
func (c *conv) source(n *pg.Node) string {
	if n == nil {
		return ""
	}
	text := deparse(&pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		TargetList:  []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: n}}}},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}}})
	return strings.TrimPrefix(text, "SELECT ")
}

// grammarVersion is that of PostgreSQL's grammar, which trees carry.
var grammarVersion = sync.OnceValue(func() int32 {
	tree, err := pg.Parse("SELECT 1")
	if err != nil {
		return 0
	}
	return tree.Version
})

func deparse(stmt *pg.Node) string {
	text, err := pg.Deparse(&pg.ParseResult{Version: grammarVersion(), Stmts: []*pg.RawStmt{{Stmt: stmt}}})
	if err != nil {
		fail(pgerr.New(pgerr.FeatureNotSupported, "statement cannot be stored: %v", err))
	}
	return text
}

// strs are the values of a list of String nodes.
func strs(list []*pg.Node) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, n := range list {
		if s := n.GetString_(); s != nil {
			out = append(out, s.Sval)
		} else if n.GetAStar() != nil {
			out = append(out, "*")
		}
	}
	return out
}

// nameOf makes a Name of a dotted list.
func (c *conv) nameOf(list []*pg.Node, loc int32) ast.Name {
	parts := strs(list)
	n := ast.Name{Pos: c.pos(loc)}
	switch len(parts) {
	case 0:
	case 1:
		n.Name = parts[0]
	case 2:
		n.Schema, n.Name = parts[0], parts[1]
	case 3:
		n.Catalog, n.Schema, n.Name = parts[0], parts[1], parts[2]
	default:
		fail(pgerr.New(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, ".")).At(n.Pos))
	}
	return n
}

func (c *conv) rangeName(r *pg.RangeVar) ast.Name {
	if r == nil {
		return ast.Name{}
	}
	return ast.Name{Catalog: r.Catalogname, Schema: r.Schemaname, Name: r.Relname, Pos: c.pos(r.Location)}
}
