package parser

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"zorya/sql/ast"
)

// manyRows is the length of an INSERT that is worth a look for rows of literals.
const manyRows = 2000

// insertOfLiterals parses INSERT … VALUES of many rows that are nothing but literals: the
// grammar gets the statement with its first row only, since a message for each value costs
// more than all the rest of a load. It returns nil for any other text, also for one that it
// is not certain of, and for one that is wrong.
func insertOfLiterals(sql string) []ast.Statement {
	s := rowScanner{src: strings.TrimRight(sql, space+";")}
	if len(sql) < manyRows || !s.head() {
		return nil
	}
	first := s.row()
	end := s.i
	if first == nil {
		return nil
	}
	var rows [][]ast.Expr
	for s.skip(); s.i < len(s.src); s.skip() {
		if !s.take(',') {
			return nil
		}
		row := s.row()
		if row == nil {
			return nil
		}
		rows = append(rows, row)
	}
	tree, err := pg.Parse(sql[:end])
	if err != nil || len(tree.Stmts) != 1 {
		return nil
	}
	c := &conv{src: sql, base: s.from, ascii: isASCII(sql[s.from:end])}
	insert, ok := c.stmt(tree.Stmts[0].Stmt).(*ast.Insert)
	if !ok || insert.Source == nil || len(insert.Source.Values) != 1 {
		return nil
	}
	insert.Source.Values = append(insert.Source.Values, rows...)
	return []ast.Statement{{Stmt: insert, Text: s.src[s.from:], Offset: charPos(sql, s.from) - 1}}
}

const space = " \t\n\r\f\v"

// A rowScanner reads rows of literals.
type rowScanner struct {
	src   string
	i     int
	from  int // where the statement begins
	extra int // bytes since from that begin no character
}

func (s *rowScanner) skip() {
	for s.i < len(s.src) && strings.IndexByte(space, s.src[s.i]) >= 0 {
		s.i++
	}
}

func (s *rowScanner) peek() byte {
	if s.i == len(s.src) {
		return 0
	}
	return s.src[s.i]
}

func (s *rowScanner) take(c byte) bool {
	ok := s.peek() == c
	if ok {
		s.i++
	}
	return ok
}

// count notes the characters of src[from:s.i] of several bytes.
func (s *rowScanner) count(from int) {
	for _, c := range []byte(s.src[from:s.i]) {
		if c&0xc0 == 0x80 {
			s.extra++
		}
	}
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func (s *rowScanner) word() string {
	from := s.i
	for wordByte(s.peek()) {
		s.i++
	}
	s.count(from)
	return s.src[from:s.i]
}

// head moves behind the word VALUES; what is before are names, commas and parentheses.
func (s *rowScanner) head() bool {
	s.skip()
	s.from = s.i
	if !strings.EqualFold(s.word(), "insert") {
		return false
	}
	for depth := 0; s.i < len(s.src); {
		switch c := s.src[s.i]; {
		case wordByte(c):
			if word := s.word(); depth == 0 && strings.EqualFold(word, "values") {
				return true
			}
		case c == '"':
			from := s.i
			n := strings.IndexByte(s.src[s.i+1:], '"')
			if n < 0 {
				return false
			}
			s.i += n + 2
			s.count(from)
		case c == '(' || c == ')' || c == ',' || c == '.' || strings.IndexByte(space, c) >= 0:
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
			s.i++
		default:
			return false
		}
	}
	return false
}

// row reads a row in parentheses; nil if it has anything but literals.
func (s *rowScanner) row() []ast.Expr {
	s.skip()
	if !s.take('(') {
		return nil
	}
	var row []ast.Expr
	for {
		s.skip()
		x := &ast.Const{Pos: ast.Pos{At: s.i - s.from - s.extra + 1}}
		if !s.literal(x) {
			return nil
		}
		row = append(row, x)
		s.skip() // A string that goes on in the next line is not met by a comma.
		if s.take(')') {
			return row
		}
		if !s.take(',') {
			return nil
		}
	}
}

func (s *rowScanner) literal(x *ast.Const) bool {
	switch c := s.peek(); {
	case c == '\'':
		return s.text(x)
	case c == '-' || c >= '0' && c <= '9':
		return s.number(x)
	}
	switch word := s.word(); {
	case strings.EqualFold(word, "null"):
	case strings.EqualFold(word, "true"):
		x.Kind, x.Text = ast.BoolConst, "true"
	case strings.EqualFold(word, "false"):
		x.Kind, x.Text = ast.BoolConst, "false"
	default:
		return false
	}
	return true
}

func (s *rowScanner) text(x *ast.Const) bool {
	from := s.i
	doubled := false
	for s.i++; ; s.i += 2 {
		n := strings.IndexByte(s.src[s.i:], '\'')
		if n < 0 {
			return false
		}
		if s.i += n; s.i+1 == len(s.src) || s.src[s.i+1] != '\'' {
			break
		}
		doubled = true
	}
	s.i++
	s.count(from)
	x.Kind, x.Text = ast.StringConst, s.src[from+1:s.i-1]
	if doubled {
		x.Text = strings.ReplaceAll(x.Text, "''", "'")
	}
	return true
}

// number reads a number as the grammar would print it: without zeros in front.
func (s *rowScanner) number(x *ast.Const) bool {
	from := s.i
	s.take('-')
	whole := s.digits()
	x.Kind = ast.IntConst
	if s.take('.') {
		x.Kind = ast.FloatConst
		if s.digits() == "" {
			return false
		}
	}
	x.Text = s.src[from:s.i]
	return whole != "" && (whole[0] != '0' || whole == "0" && x.Text != "-0") && !wordByte(s.peek())
}

func (s *rowScanner) digits() string {
	from := s.i
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.i++
	}
	return s.src[from:s.i]
}
