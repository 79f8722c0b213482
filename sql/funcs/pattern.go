package funcs

import (
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
	"zorya/sql/types"
)

// patternKernels: LIKE, ILIKE, regular expressions and what is built on them.
func patternKernels() kernels {
	out := kernels{}
	for prefix, fold := range map[string]bool{"": false, "ic": true} {
		for _, t := range []string{"text", "name"} {
			out[t+prefix+"like"] = likeKernel(fold, false)
			out[t+prefix+"nlike"] = likeKernel(fold, true)
			out[t+prefix+"regexeq"] = regexKernel(fold, false)
			out[t+prefix+"regexne"] = regexKernel(fold, true)
		}
	}
	out["bytealike"], out["byteanlike"] = likeKernel(false, false), likeKernel(false, true)
	out["like_escape"] = lift2(textLane, textLane, textLane, likeEscape)
	out["like_escape_bytea"] = out["like_escape"]
	out["similar_to_escape_1"] = lift1(textLane, textLane, func(p string) (string, error) { return similar(p, `\`) })
	out["similar_to_escape_2"] = lift2(textLane, textLane, textLane, similar)
	out["similar_escape"] = scalar(func(a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		escape := `\`
		if !a[1].IsNull() {
			escape = a[1].S
		}
		p, err := similar(a[0].S, escape)
		return types.NewText(p), err
	})
	return merge(out, regexKernels())
}

func likeKernel(fold, not bool) kernel {
	return lift2(textLane, textLane, boolLane, func(s, p string) (bool, error) {
		if fold {
			s, p = strings.ToLower(s), strings.ToLower(p)
		}
		m, err := like(s, p)
		return (m == likeMatch) != not, err
	})
}

var errLikeEnd = pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")

// What comes of matching a LIKE pattern. hopeless: the text ended first, so that no
// later place can match either; without it time grows exponentially with the %.
type likeResult uint8

const (
	likeMiss likeResult = iota
	likeMatch
	likeHopeless
)

// like matches s against a LIKE pattern whose escape is the backslash.
func like(s, p string) (likeResult, error) {
	for p != "" {
		if p[0] == '%' {
			return likeRest(s, p)
		}
		if s == "" {
			return likeHopeless, nil
		}
		size := 1
		switch p[0] {
		case '\\':
			if len(p) == 1 {
				return likeMiss, errLikeEnd
			}
			if p = p[1:]; s[0] != p[0] {
				return likeMiss, nil
			}
		case '_':
			_, size = utf8.DecodeRuneInString(s)
		default:
			if s[0] != p[0] {
				return likeMiss, nil
			}
		}
		s, p = s[size:], p[1:]
	}
	if s != "" {
		return likeMiss, nil
	}
	return likeMatch, nil
}

// likeRest matches s against a pattern that begins with %: it looks for places
// where the literal that follows occurs and goes on from there.
func likeRest(s, p string) (likeResult, error) {
	for p != "" && (p[0] == '%' || p[0] == '_') {
		if p[0] == '_' {
			if s == "" {
				return likeHopeless, nil
			}
			_, size := utf8.DecodeRuneInString(s)
			s = s[size:]
		}
		p = p[1:]
	}
	if p == "" {
		return likeMatch, nil
	}
	first := p[0]
	if first == '\\' {
		if len(p) == 1 {
			return likeMiss, errLikeEnd
		}
		first = p[1]
	}
	for s != "" {
		i := strings.IndexByte(s, first)
		if i < 0 {
			break
		}
		s = s[i:]
		if m, err := like(s, p); m != likeMiss || err != nil {
			return m, err
		}
		s = s[1:]
	}
	return likeHopeless, nil
}

// likeEscape rewrites a pattern with another escape character to the backslash.
func likeEscape(p, escape string) (string, error) {
	if escape == "" {
		return strings.ReplaceAll(p, `\`, `\\`), nil
	}
	if utf8.RuneCountInString(escape) != 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	if escape == `\` {
		return p, nil
	}
	var b strings.Builder
	for p != "" {
		_, size := utf8.DecodeRuneInString(p)
		c := p[:size]
		p = p[size:]
		switch {
		case c == escape:
			b.WriteByte('\\')
			if strings.HasPrefix(p, escape) {
				b.WriteString(escape)
				p = p[len(escape):]
			} else if strings.HasPrefix(p, `\`) {
				b.WriteByte('\\')
				p = p[1:]
			}
		case c == `\`:
			b.WriteString(`\\`)
		default:
			b.WriteString(c)
		}
	}
	return b.String(), nil
}

// similar turns a SIMILAR TO pattern into a regular expression.
func similar(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	var b strings.Builder
	b.WriteString("^(?:")
	bracket, escaped, quotes := false, false, 0
	for _, r := range p {
		c := string(r)
		switch {
		case escaped:
			escaped = false
			if r == '"' && !bracket {
				b.WriteString([]string{"){1,1}?(", "){1,1}(?:"}[quotes%2])
				quotes++
				continue
			}
			b.WriteString(`\` + c)
		case c == escape:
			escaped = true
		case bracket:
			if r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteString(c)
			bracket = r != ']'
		default:
			bracket = r == '['
			b.WriteString(similarChar(r))
		}
	}
	b.WriteString(")$")
	if quotes > 2 {
		return "", pgerr.New("2200C", "SQL regular expression may not contain more than two escape-double-quote separators")
	}
	return b.String(), nil
}

func similarChar(r rune) string {
	switch r {
	case '%':
		return ".*"
	case '_':
		return "."
	case '(':
		return "(?:"
	case '\\', '.', '^', '$':
		return `\` + string(r)
	}
	return string(r)
}
