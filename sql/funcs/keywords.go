package funcs

import (
	_ "embed" // the table of keywords

	"zorya/sql/types"
)

//go:embed facts/keywords.tsv
var factKeywords string

// quotedKeywords are the keywords of PostgreSQL that are not unreserved: as
// identifiers they need quotes.
var quotedKeywords = func() map[string]bool {
	m := map[string]bool{}
	eachLine(factKeywords, func(f []string) {
		if f[1] != "U" {
			m[f[0]] = true
		}
	})
	return m
}()

// keywordClasses describe a keyword's class as pg_get_keywords does.
var keywordClasses = map[string]string{
	"U": "unreserved", "C": "unreserved (cannot be function or type name)", "T": "reserved (can be function or type name)", "R": "reserved",
}

// keywordRows are the rows of pg_get_keywords.
func keywordRows(_ *Ctx, _ []types.Datum, emit func([]types.Datum) error) (err error) {
	eachLine(factKeywords, func(f []string) {
		if err != nil {
			return
		}
		bare, label := f[2] == "t", "requires AS"
		if bare {
			label = "can be bare label"
		}
		err = emit([]types.Datum{
			types.NewText(f[0]), types.NewInt(int64(f[1][0])), types.NewBool(bare), types.NewText(keywordClasses[f[1]]), types.NewText(label),
		})
	})
	return err
}
