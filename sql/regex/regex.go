// Package regex is PostgreSQL's regular expressions ("advanced" ones, manual 9.7.3):
// their syntax, which of several matches is taken, and what the parentheses catch.
//
// A pattern becomes a tree whose leaves are plain: their innards do not matter to
// anybody. Where a match begins and ends is found with sets of states, over all
// possibilities at once. Then the match is dissected along the tree, and
// each part takes the longest or shortest piece that leaves a match for the rest,
// as its quantifiers prefer. Patterns without back-references, look-around and word
// boundaries are regular: whether and where they match, package regexp tells in
// linear time.
package regex

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"zorya/pgerr"
)

// Flags are the options of a pattern; it may set them itself: (?i).
type Flags struct {
	Fold     bool // i: case does not matter
	Literal  bool // q: the text stands for itself
	Expanded bool // x: white space and comments mean nothing
	LineStop bool // p: . and [^…] do not match newlines
	LineEnds bool // w: ^ and $ match at newlines
}

// A Regexp is a compiled pattern. Immutable; safe for concurrent use.
type Regexp struct {
	root   *node
	groups int
	// linear matches the same texts; nil if the pattern is not regular.
	linear *regexp.Regexp
	// behind tells that what stands before a place may decide whether it matches.
	behind bool
	fold   bool
}

// Compile parses a pattern. Errors are those of the pattern: SQLSTATE 2201B.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	p := &parser{in: []rune(pattern), flags: flags}
	root, err := p.pattern()
	if err != nil {
		return nil, err
	}
	re := &Regexp{root: root, groups: len(p.groups), behind: p.behind, fold: p.flags.Fold}
	if _, err := root.program(new(int)); err != nil {
		return nil, err
	}
	if !p.irregular {
		var b strings.Builder
		root.re.appendGo(&b)
		if linear, err := regexp.Compile(b.String()); err == nil {
			linear.Longest()
			re.linear = linear
		}
	}
	return re, nil
}

// Groups is the number of capturing parentheses.
func (re *Regexp) Groups() int { return re.groups }

// Match tells whether s contains a match.
func (re *Regexp) Match(s string) (bool, error) {
	if re.linear != nil {
		return re.linear.MatchString(s), nil
	}
	m := re.Search(s)
	loc, err := m.Next(0, false)
	return loc != nil, err
}

// A Search looks for matches in one text. Not safe for concurrent use.
type Search struct {
	re   *Regexp
	s    string
	m    *matcher
	byte []int // offsets of characters; nil for ASCII
}

// Search prepares a search in s.
func (re *Regexp) Search(s string) *Search { return &Search{re: re, s: s} }

// Next finds the first match that begins at byte from or later: offsets of
// beginning and end, then of each group, -1 for one that took no part. With groups
// false only the first two are computed. nil: there is none.
func (s *Search) Next(from int, groups bool) ([]int, error) {
	re := s.re
	if re.linear != nil && (from == 0 || !re.behind) {
		loc := re.linear.FindStringIndex(s.s[from:])
		if loc == nil {
			return nil, nil
		}
		loc[0], loc[1] = loc[0]+from, loc[1]+from
		shorter := re.root.flags&shorter != 0
		if !shorter && (!groups || re.groups == 0) {
			return loc, nil
		}
		s.prepare()
		begin, end := s.char(loc[0]), s.char(loc[1])
		return s.offsets(s.m.findAt(begin, end, shorter))
	}
	s.prepare()
	return s.offsets(s.m.find(s.char(from)))
}

func (s *Search) prepare() {
	if s.m != nil {
		return
	}
	text := []rune(s.s)
	s.m = newMatcher(s.re, text)
	if len(text) == len(s.s) {
		return
	}
	for i := range s.s {
		s.byte = append(s.byte, i)
	}
	s.byte = append(s.byte, len(s.s))
}

// char is the number of the character at a byte offset.
func (s *Search) char(at int) int {
	if s.byte == nil {
		return at
	}
	return utf8.RuneCountInString(s.s[:at])
}

func (s *Search) offsets(loc []int, err error) ([]int, error) {
	if s.byte == nil || loc == nil {
		return loc, err
	}
	for i, c := range loc {
		if c >= 0 {
			loc[i] = s.byte[c]
		}
	}
	return loc, err
}

func invalid(what string) error {
	return pgerr.New("2201B", "invalid regular expression: %s", what)
}

var errTooComplex = pgerr.New("2201B", "regular expression failed: %s", "regular expression is too complex")
