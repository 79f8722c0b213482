package funcs

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"zorya/pgerr"
	"zorya/sql/types"
)

// regexTime is how long one match may take in the backtracking engine, which
// serves patterns with back-references or look-around.
const regexTime = 2 * time.Second

// A pattern is a compiled regular expression: linear-time unless it needs more.
type pattern struct {
	fast   *regexp.Regexp
	slow   *regexp2.Regexp
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
	p, err := newPattern(text, flags)
	if err != nil {
		return nil, err
	}
	patterns.Lock()
	if len(patterns.m) >= maxPatterns {
		clear(patterns.m)
	}
	patterns.m[key] = p
	patterns.Unlock()
	return p, nil
}

func invalidRegex(what string) error {
	return pgerr.New("2201B", "invalid regular expression: %s", what)
}

func newPattern(text, flags string) (*pattern, error) {
	options, literal := "s", false
	for _, f := range flags {
		switch f {
		case 'i':
			options += "i"
		case 'c':
			options = strings.ReplaceAll(options, "i", "")
		case 'n', 'm':
			options = strings.ReplaceAll(options, "s", "") + "m"
		case 'p':
			options = strings.ReplaceAll(options, "s", "")
		case 'w':
			options += "m"
		case 's', 't', 'e', 'b', 'x':
			if f == 'x' {
				text = dropExpanded(text)
			}
		case 'q':
			literal = true
		default:
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", f)
		}
	}
	if literal {
		return finishPattern("(?"+options+")"+regexp.QuoteMeta(text), false)
	}
	body, opts, err := embedded(text, options)
	if err != nil {
		return nil, err
	}
	t := translator{in: body}
	if err := t.run(); err != nil {
		return nil, err
	}
	return finishPattern("(?"+opts+")"+t.out.String(), t.backtrack)
}

func finishPattern(text string, backtrack bool) (*pattern, error) {
	if !backtrack {
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, regexError(err)
		}
		// Of matches at one place PostgreSQL takes the longest, unless a quantifier says
		// otherwise.
		if !lazy.MatchString(text) {
			re.Longest()
		}
		return &pattern{fast: re, groups: re.NumSubexp()}, nil
	}
	re, err := regexp2.Compile(text, regexp2.None)
	if err != nil {
		return nil, invalidRegex("invalid escape \\ sequence")
	}
	re.MatchTimeout = regexTime
	return &pattern{slow: re, groups: len(re.GetGroupNumbers()) - 1}, nil
}

var lazy = regexp.MustCompile(`[*+?}]\?`)

// regexError words a compilation error as PostgreSQL does.
func regexError(err error) error {
	text := err.Error()
	for part, what := range map[string]string{
		"missing closing ]": "brackets [] not balanced", "missing closing )": "parentheses () not balanced",
		"unexpected )": "parentheses () not balanced", "missing argument to repetition": "quantifier operand invalid",
		"invalid nested repetition": "quantifier operand invalid", "invalid repeat count": "invalid repetition count(s)",
		"invalid character class range": "invalid character range", "trailing backslash": "invalid escape \\ sequence",
		"invalid escape": "invalid escape \\ sequence",
	} {
		if strings.Contains(text, part) {
			return invalidRegex(what)
		}
	}
	return invalidRegex("invalid regular expression")
}

// embedded takes a director (***: or ***=) and embedded options ((?i)) from the start.
func embedded(text, options string) (body, opts string, err error) {
	if strings.HasPrefix(text, "***=") {
		return regexp.QuoteMeta(text[4:]), options, nil
	}
	text = strings.TrimPrefix(text, "***:")
	if !strings.HasPrefix(text, "(?") {
		return text, options, nil
	}
	end := strings.IndexByte(text, ')')
	if end < 3 || strings.Trim(text[2:end], "bceimnpqstwx") != "" {
		return text, options, nil
	}
	for _, f := range text[2:end] {
		switch f {
		case 'i':
			options += "i"
		case 'n', 'm':
			options = strings.ReplaceAll(options, "s", "") + "m"
		case 'c':
			options = strings.ReplaceAll(options, "i", "")
		case 'q':
			return regexp.QuoteMeta(text[end+1:]), options, nil
		case 'x':
			text = text[:end+1] + dropExpanded(text[end+1:])
		}
	}
	return text[end+1:], options, nil
}

// dropExpanded removes white space and comments, as the x option asks.
func dropExpanded(text string) string {
	var b strings.Builder
	bracket := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		case bracket:
			b.WriteByte(c)
			bracket = c != ']'
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
		case c == '#':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		default:
			bracket = c == '['
			b.WriteByte(c)
		}
	}
	return b.String()
}

// A translator rewrites PostgreSQL's regular expression syntax into Go's.
type translator struct {
	in        string
	out       strings.Builder
	backtrack bool // it has a back-reference or look-around
}

func (t *translator) run() error {
	for i := 0; i < len(t.in); {
		n, err := t.step(i)
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// step translates what stands at i and returns how many bytes it took.
func (t *translator) step(i int) (int, error) {
	rest := t.in[i:]
	switch {
	case rest[0] == '\\':
		return t.escape(rest, false)
	case rest[0] == '[':
		return t.bracket(rest)
	case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!"):
		t.backtrack = true
		t.out.WriteString(rest[:3])
		return 3, nil
	case strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
		t.backtrack = true
		t.out.WriteString(rest[:4])
		return 4, nil
	case strings.HasPrefix(rest, "(?#"):
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return 0, invalidRegex("parentheses () not balanced")
		}
		return end + 1, nil
	case rest[0] == '{' && (len(rest) == 1 || rest[1] < '0' || rest[1] > '9'):
		t.out.WriteString(`\{`)
		return 1, nil
	}
	t.out.WriteByte(rest[0])
	return 1, nil
}

// regexEscapes are the escapes that stand for something else in Go's syntax.
var regexEscapes = map[byte]string{
	'A': `\A`, 'Z': `\z`, 'y': `\b`, 'Y': `\B`, 'd': `\d`, 'D': `\D`,
	's': `\s`, 'S': `\S`, 'w': `\w`, 'W': `\W`, 'a': `\x07`, 'b': `\x08`, 'B': `\\`, 'e': `\x1b`,
	'f': `\f`, 'n': `\n`, 'r': `\r`, 't': `\t`, 'v': `\v`, '0': `\x00`,
}

var (
	wordEscapes = map[byte]string{'w': `\pL\pN_`, 'd': `\pN`, 's': `\s`}
	fullEscapes = map[byte]string{'w': `[\pL\pN_]`, 'W': `[^\pL\pN_]`}
)

func (t *translator) escape(rest string, inBracket bool) (int, error) {
	if len(rest) == 1 {
		return 0, invalidRegex("invalid escape \\ sequence")
	}
	c := rest[1]
	switch {
	case inBracket && wordEscapes[c] != "":
		t.out.WriteString(wordEscapes[c])
	case fullEscapes[c] != "":
		t.out.WriteString(fullEscapes[c])
	case c == 'm' || c == 'M':
		// \m and \M: word begin and end, which only the backtracking engine can tell.
		t.backtrack = true
		t.out.WriteString(map[byte]string{'m': `\b(?=\w)`, 'M': `\b(?<=\w)`}[c])
	case c >= '1' && c <= '9' && !inBracket:
		t.backtrack = true
		t.out.WriteString(rest[:2])
	case c == 'x' || c == 'u' || c == 'U':
		return t.hex(rest)
	case regexEscapes[c] != "":
		t.out.WriteString(regexEscapes[c])
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return 0, invalidRegex("invalid escape \\ sequence")
	default:
		_, size := utf8.DecodeRuneInString(rest[1:])
		t.out.WriteString(regexp.QuoteMeta(rest[1 : 1+size]))
		return 1 + size, nil
	}
	return 2, nil
}

func (t *translator) hex(rest string) (int, error) {
	digits := map[byte]int{'x': 6, 'u': 4, 'U': 8}[rest[1]]
	n := 0
	for n < digits && 2+n < len(rest) && strings.IndexByte("0123456789abcdefABCDEF", rest[2+n]) >= 0 {
		n++
	}
	if n == 0 || rest[1] != 'x' && n != digits {
		return 0, invalidRegex("invalid escape \\ sequence")
	}
	t.out.WriteString(`\x{` + rest[2:2+n] + `}`)
	return 2 + n, nil
}

// bracket copies a bracket expression: Go knows its parts, but takes [ inside
// for a class name and ] at the start for the end.
func (t *translator) bracket(rest string) (int, error) {
	switch {
	case strings.HasPrefix(rest, "[[:<:]]"):
		t.backtrack = true
		t.out.WriteString(`\b(?=\w)`)
		return 7, nil
	case strings.HasPrefix(rest, "[[:>:]]"):
		t.backtrack = true
		t.out.WriteString(`\b(?<=\w)`)
		return 7, nil
	}
	t.out.WriteByte('[')
	i := 1
	if i < len(rest) && rest[i] == '^' {
		t.out.WriteByte('^')
		i++
	}
	for first := true; i < len(rest); first = false {
		switch {
		case rest[i] == ']' && !first:
			t.out.WriteByte(']')
			return i + 1, nil
		case strings.HasPrefix(rest[i:], "[:"):
			end := strings.Index(rest[i:], ":]")
			if end < 0 {
				return 0, invalidRegex("brackets [] not balanced")
			}
			t.out.WriteString(rest[i : i+end+2])
			i += end + 2
		case strings.HasPrefix(rest[i:], "[.") || strings.HasPrefix(rest[i:], "[="):
			end := strings.Index(rest[i+2:], rest[i+1:i+2]+"]")
			if end < 0 {
				return 0, invalidRegex("brackets [] not balanced")
			}
			t.out.WriteString(regexp.QuoteMeta(rest[i+2 : i+2+end]))
			i += end + 4
		case rest[i] == '\\':
			n, err := t.escape(rest[i:], true)
			if err != nil {
				return 0, err
			}
			i += n
		case rest[i] == '[' || rest[i] == ']' || rest[i] == '^' || rest[i] == '&' || rest[i] == '~':
			t.out.WriteString(`\` + rest[i:i+1])
			i++
		default:
			t.out.WriteByte(rest[i])
			i++
		}
	}
	return 0, invalidRegex("brackets [] not balanced")
}

// byteOffsets turns the rune offsets of regexp2 into byte offsets.
func byteOffsets(s string, m *regexp2.Match) []int {
	at := make([]int, 0, len(s)+1)
	for i := range s {
		at = append(at, i)
	}
	at = append(at, len(s))
	var loc []int
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			loc = append(loc, -1, -1)
			continue
		}
		loc = append(loc, at[g.Index], at[g.Index+g.Length])
	}
	return loc
}

// all returns the matches from the left, without overlap; one if first is set.
func (p *pattern) all(s string, first bool) ([][]int, error) {
	if p.fast != nil {
		if first {
			if loc := p.fast.FindStringSubmatchIndex(s); loc != nil {
				return [][]int{loc}, nil
			}
			return nil, nil
		}
		return p.fast.FindAllStringSubmatchIndex(s, -1), nil
	}
	var out [][]int
	m, err := p.slow.FindStringMatch(s)
	for m != nil && err == nil {
		out = append(out, byteOffsets(s, m))
		if first {
			break
		}
		m, err = p.slow.FindNextMatch(m)
	}
	if err != nil {
		return nil, pgerr.New("2201B", "regular expression failed: %s", "regular expression is too complex")
	}
	return out, nil
}

func (p *pattern) match(s string) (bool, error) {
	if p.fast != nil {
		return p.fast.MatchString(s), nil
	}
	m, err := p.all(s, true)
	return len(m) > 0, err
}

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
