package parser

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// maxDepth bounds how deep a tree may be: the C code that hands it over, and
// protobuf, which allows 10,000 messages inside each other, recurse.
const maxDepth = 4500

// A text shorter than this cannot be too deep.
const shallowText = maxDepth

// checkDepth refuses what would become too deep a tree. It counts, inside of all
// open parentheses, the tokens that can make a tree deeper: operators and keywords
// since the last comma.
func checkDepth(sql string) error {
	if len(sql) < shallowText {
		return nil
	}
	tokens, err := pg.Scan(sql)
	if err != nil {
		return nil // the parser will say it better
	}
	levels := []int{0}
	depth := 0
	for _, t := range tokens.Tokens {
		switch t.Token {
		case pg.Token_ASCII_40, pg.Token_ASCII_91: // ( [
			levels = append(levels, 0)
			depth++
		case pg.Token_ASCII_41, pg.Token_ASCII_93:
			if n := len(levels); n > 1 {
				depth -= levels[n-1] + 1
				levels = levels[:n-1]
			}
		case pg.Token_ASCII_44, pg.Token_ASCII_59, pg.Token_AND, pg.Token_OR, pg.Token_WHEN, pg.Token_THEN, pg.Token_ELSE: // , ; and lists
			depth -= levels[len(levels)-1]
			levels[len(levels)-1] = 0
		case pg.Token_IDENT, pg.Token_ICONST, pg.Token_FCONST, pg.Token_SCONST, pg.Token_PARAM, pg.Token_ASCII_46,
			pg.Token_SQL_COMMENT, pg.Token_C_COMMENT:
		default:
			levels[len(levels)-1]++
			depth++
		}
		if depth > maxDepth {
			return tooComplex()
		}
	}
	return nil
}
