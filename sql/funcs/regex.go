package funcs

import (
	"sync"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/regex"
	"zorya/sql/types"
)

// A pattern is a compiled regular expression.
type pattern struct {
	re     *regex.Regexp
	groups int
}

type patternKey struct{ text, flags string }

// patterns caches what was compiled last; it is emptied when it is full.
var patterns = struct {
	sync.Mutex
	m map[patternKey]*pattern
}{m: map[patternKey]*pattern{}}

const maxPatterns = 256

// compilePattern compiles a PostgreSQL (advanced) regular expression. flags are
// the letters of regexp_replace() and its like, without g.
func compilePattern(text, flags string) (*pattern, error) {
	key := patternKey{text, flags}
	patterns.Lock()
	p := patterns.m[key]
	patterns.Unlock()
	if p != nil {
		return p, nil
	}
	options, err := patternFlags(flags)
	if err != nil {
		return nil, err
	}
	re, err := regex.Compile(text, options)
	if err != nil {
		return nil, err
	}
	p = &pattern{re, re.Groups()}
	patterns.Lock()
	if len(patterns.m) >= maxPatterns {
		clear(patterns.m)
	}
	patterns.m[key] = p
	patterns.Unlock()
	return p, nil
}

// patternFlags reads the letters; later ones prevail.
func patternFlags(letters string) (f regex.Flags, err error) {
	for i, r := range letters {
		switch r {
		case 'b', 'e':
			f.Literal = false
		case 'c':
			f.Fold = false
		case 'i':
			f.Fold = true
		case 'm', 'n':
			f.LineStop, f.LineEnds = true, true
		case 'p':
			f.LineStop, f.LineEnds = true, false
		case 'q':
			f.Literal = true
		case 's':
			f.LineStop, f.LineEnds = false, false
		case 't':
			f.Expanded = false
		case 'w':
			f.LineStop, f.LineEnds = false, true
		case 'x':
			f.Expanded = true
		default:
			_, n := utf8.DecodeRuneInString(letters[i:])
			return f, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", letters[i:i+n])
		}
	}
	return f, nil
}

// all returns the matches that begin at byte from or later, without overlap; at
// most limit, unless that is 0. An empty match may stand right after another one.
func (p *pattern) all(s string, from, limit int) ([][]int, error) {
	search := p.re.Search(s)
	var out [][]int
	for limit == 0 || len(out) < limit {
		loc, err := search.Next(from, p.groups > 0)
		if loc == nil || err != nil {
			return out, err
		}
		out = append(out, loc)
		from = loc[1]
		if loc[0] == loc[1] {
			if from == len(s) {
				break
			}
			_, n := utf8.DecodeRuneInString(s[from:])
			from += n
		}
	}
	return out, nil
}

func (p *pattern) match(s string) (bool, error) { return p.re.Match(s) }

func regexKernel(fold, not bool) kernel {
	flags := ""
	if fold {
		flags = "i"
	}
	return lift2(textLane, textLane, boolLane, func(s, text string) (bool, error) {
		p, err := compilePattern(text, flags)
		if err != nil {
			return false, err
		}
		m, err := p.match(s)
		return m != not, err
	})
}

// group is the text of group n of a match, NULL if it took no part.
func group(s string, loc []int, n int) types.Datum {
	if loc[2*n] < 0 {
		return types.Null
	}
	return types.NewText(s[loc[2*n]:loc[2*n+1]])
}
