package session

import (
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// inBody turns the place of an error in a function's body into one in CREATE FUNCTION,
// where the client can see it, if the body is found there in one way.
func inBody(err error, f *ast.CreateFunction, text string) error {
	e := pgerr.As(err)
	if e == nil || e.Position == 0 || e.Where == "" {
		return err
	}
	c := *e
	c.Position, c.Where = 0, ""
	if f.SQLBody != nil {
		body := strings.TrimPrefix(f.SQLBodyText, "SELECT ")
		if at := strings.LastIndex(text, body); at >= 0 {
			c.Position = utf8.RuneCountInString(text[:at]) + e.Position - len("SELECT ")
		}
		return &c
	}
	at, raw := literalOf(text, f.Body)
	if at < 0 {
		return err
	}
	c.Position = utf8.RuneCountInString(text[:at]) + rawOffset(raw, f.Body, e.Position-1) + 1
	return &c
}

// literalOf finds the one literal in text whose value is body: where its content starts,
// and what it is written as.
func literalOf(text, body string) (at int, raw string) {
	at = -1
	for i := 0; i < len(text); i++ {
		written := body
		switch {
		case text[i] == '\'':
			written = strings.ReplaceAll(body, "'", "''")
			if !strings.HasPrefix(text[i+1:], written+"'") {
				continue
			}
		case text[i] != '$' || !strings.HasPrefix(text[i+1:], body+"$"):
			continue
		}
		if at >= 0 {
			return -1, ""
		}
		at, raw = i+1, written
	}
	return at, raw
}

// rawOffset is where character n of a literal's value stands in what is written.
func rawOffset(raw, body string, n int) int {
	if raw == body {
		return n
	}
	at := 0
	for _, r := range body {
		if n == 0 {
			break
		}
		n--
		at++
		if r == '\'' {
			at++
		}
	}
	return at
}
