package parser

import (
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// A dialect is a query string made fit for PostgreSQL's grammar: as long as the
// original, with blanks where the words are that only DSQL has.
type dialect struct {
	text  string
	async []int // where the word ASYNC stood
	iam   []iamStatement
}

// isAsync reports whether ASYNC stood between two offsets.
func (d *dialect) isAsync(from, to int) bool {
	for _, at := range d.async {
		if at >= from && at < to {
			return true
		}
	}
	return false
}

// findDialect looks for DSQL's own syntax.
func findDialect(sql string) dialect {
	d := dialect{text: sql}
	if !containsFold(sql, "async") && !containsFold(sql, "iam") {
		return d
	}
	scan, err := pg.Scan(sql)
	if err != nil {
		return d // the parser will say it better
	}
	out := []byte(sql)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	var tokens []*pg.ScanToken
	for _, t := range scan.Tokens {
		if t.Token != pg.Token_SQL_COMMENT && t.Token != pg.Token_C_COMMENT {
			tokens = append(tokens, t)
		}
	}
	word := func(i int) string {
		if i >= len(tokens) {
			return ""
		}
		return strings.ToLower(sql[tokens[i].Start:tokens[i].End])
	}
	for i := 0; i < len(tokens); {
		end := i
		for end < len(tokens) && tokens[end].Token != pg.Token_ASCII_59 {
			end++
		}
		k := i + 1
		switch {
		case word(i) == "create" && word(k) == "unique" && word(k+1) == "index":
			k += 2
		case word(i) == "create" && word(k) == "index", word(i) == "alter" && word(k) == "table":
			k++
		default:
			k = len(tokens)
		}
		switch {
		case k < end && word(k) == "async":
			d.async = append(d.async, int(tokens[k].Start))
			blank(int(tokens[k].Start), int(tokens[k].End))
		case word(i) == "aws" && i+1 < end && word(i+1) == "iam":
			d.iam = append(d.iam, iamStatement{from: int(tokens[i].Start), tokens: tokens[i:end]})
			blank(int(tokens[i].Start), int(tokens[end-1].End))
		}
		i = end + 1
	}
	d.text = string(out)
	return d
}

// containsFold reports whether s contains a word of lower-case letters in any case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// An iamStatement is AWS IAM GRANT role TO 'arn' or AWS IAM REVOKE role FROM 'arn'.
type iamStatement struct {
	from   int
	tokens []*pg.ScanToken
}

func (g *iamStatement) parse(sql string) (ast.Statement, error) {
	last := g.tokens[len(g.tokens)-1]
	at := 2
	next := func() string {
		if at >= len(g.tokens) {
			return ""
		}
		at++
		return sql[g.tokens[at-1].Start:g.tokens[at-1].End]
	}
	bad := func() (ast.Statement, error) {
		t := g.tokens[at-1]
		return ast.Statement{}, pgerr.New(pgerr.SyntaxError, "syntax error at or near \"%s\"", sql[t.Start:t.End]).At(charPos(sql, int(t.Start)))
	}
	end := func() (ast.Statement, error) {
		return ast.Statement{}, pgerr.New(pgerr.SyntaxError, "syntax error at end of input").At(charPos(sql, int(last.End)))
	}
	st := &ast.IAMGrant{}
	prep := "to"
	switch verb := next(); strings.ToLower(verb) {
	case "":
		return end()
	case "grant":
		st.Grant = true
	case "revoke":
		prep = "from"
	default:
		return bad()
	}
	role := next()
	if role == "" {
		return end()
	}
	st.Pos = utf8.RuneCountInString(sql[g.from:g.tokens[at-1].Start]) + 1
	switch c := role[0]; {
	case c == '"':
		st.Role = strings.ReplaceAll(role[1:len(role)-1], `""`, `"`)
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf:
		st.Role = strings.ToLower(role)
	default:
		return bad()
	}
	if w := next(); w == "" {
		return end()
	} else if !strings.EqualFold(w, prep) {
		return bad()
	}
	arn := next()
	if arn == "" {
		return end()
	}
	if g.tokens[at-1].Token != pg.Token_SCONST || arn[0] != '\'' {
		return bad()
	}
	st.ARN = strings.ReplaceAll(arn[1:len(arn)-1], "''", "'")
	if at < len(g.tokens) {
		at++
		return bad()
	}
	return ast.Statement{Stmt: st, Text: sql[g.from:last.End]}, nil
}

// charPos is a byte offset as a 1-based offset of characters.
func charPos(s string, at int) int { return utf8.RuneCountInString(s[:at]) + 1 }
