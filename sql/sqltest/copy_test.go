package sqltest

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// copying runs a COPY statement of a script; ok is false for others. The lines of the
// statement that begin with > are its data, in which \x.. is a byte.
func copying(t testing.TB, c *pgconn.PgConn, sql string) (a answer, ok bool) {
	for strings.HasPrefix(sql, "--") {
		_, sql, _ = strings.Cut(sql, "\n")
	}
	low := strings.ToLower(sql)
	if !strings.HasPrefix(low, "copy ") {
		return answer{}, false
	}
	var tag pgconn.CommandTag
	var err error
	var out bytes.Buffer
	if strings.Contains(low, "from stdin") {
		statement, data := copyData(sql)
		tag, err = c.CopyFrom(t.Context(), strings.NewReader(data), statement)
	} else {
		tag, err = c.CopyTo(t.Context(), &out, sql)
	}
	if e, failed := err.(*pgconn.PgError); failed {
		return answer{code: e.Code, message: e.Message + " / " + e.Detail + " / " + e.Where}, true
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	a.tag = tag.String()
	for line := range strings.Lines(out.String()) {
		a.rows = append(a.rows, strconv.Quote(line))
	}
	return a, true
}

// full is the answer with the text of an error and where in the data it is.
func (a answer) full() string {
	if a.code == "" {
		return a.String()
	}
	return strings.TrimRight("ERROR "+a.code+": "+a.message, " /") + "\n"
}

// copyData takes the data out of a statement.
func copyData(sql string) (statement, data string) {
	for line := range strings.Lines(sql + "\n") {
		text, isData := strings.CutPrefix(line, ">")
		if !isData {
			statement += line
			continue
		}
		for {
			before, after, found := strings.Cut(text, `\x`)
			data += before
			if !found || len(after) < 2 {
				break
			}
			if b, err := strconv.ParseUint(after[:2], 16, 8); err == nil {
				data += string([]byte{byte(b)})
			}
			text = after[2:]
		}
	}
	return statement, data
}
