package parser

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// maxIdentifier is the longest identifier in bytes; longer ones are cut.
const maxIdentifier = 63

// LongIdentifiers are the identifiers of a text that are too long, in their order.
func LongIdentifiers(sql string) (list []string) {
	if !mayHaveLong(sql) {
		return nil
	}
	scan, err := pg.Scan(sql)
	if err != nil {
		return nil
	}
	for _, t := range scan.Tokens {
		word := sql[t.Start:t.End]
		if t.Token != pg.Token_IDENT || len(word) <= maxIdentifier {
			continue
		}
		if quoted, ok := strings.CutPrefix(word, `"`); ok {
			word = strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `""`, `"`)
		} else {
			word = strings.Map(lower, word)
		}
		if len(word) > maxIdentifier {
			list = append(list, word)
		}
	}
	return list
}

// lower folds as the lexer does: ASCII only.
func lower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// mayHaveLong looks for a long run of what identifiers consist of, or of what stands
// between quotes, so that other texts need not be scanned.
func mayHaveLong(sql string) bool {
	if len(sql) <= maxIdentifier {
		return false
	}
	run, quoted := 0, false
	for i := range len(sql) {
		c := sql[i]
		switch {
		case c == '"':
			run, quoted = 0, !quoted
		case quoted, c == '_', c == '$', c >= 0x80, c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			if run++; run > maxIdentifier {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}
