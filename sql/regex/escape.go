package regex

import "strings"

// escapedChars are the letters that stand for a character behind a backslash.
var escapedChars = map[rune]rune{
	'a': 7, 'b': '\b', 'B': '\\', 'e': 27, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

var (
	escapedClasses    = map[rune]string{'d': "digit", 's': "space", 'w': "word", 'D': "digit", 'S': "space", 'W': "word"}
	escapedAssertions = map[rune]byte{'A': 'A', 'Z': 'Z', 'm': '<', 'M': '>', 'y': 'y', 'Y': 'Y'}
)

const badEscape = "invalid escape \\ sequence"

// escape reads a backslash and what it makes of the next characters.
func (p *parser) escape() (n *node, fixed bool) {
	if !p.has(1) {
		p.fail(badEscape)
		return newLeaf(piece{}, 0), false
	}
	r := p.in[p.at+1]
	if kind := escapedAssertions[r]; kind != 0 {
		p.at += 2
		return p.assertion(kind), true
	}
	if r >= '1' && r <= '9' {
		if n := p.backReference(); n != nil {
			return n, false
		}
	}
	s, _ := p.escapedSet()
	if p.flags.Fold && len(s) == 1 {
		s = s.folded()
	}
	return newLeaf(piece{kind: oneOf, set: s}, 0), false
}

// backReference reads a number: one digit, or more if there are so many groups;
// else it is a character in octal, and nil is returned.
func (p *parser) backReference() *node {
	at, number := p.at+1, 0
	for at < len(p.in) && isDigit(p.in[at]) && number < 1<<16 {
		number = number*10 + int(p.in[at]-'0')
		at++
	}
	if at > p.at+2 && number > len(p.groups) {
		return nil
	}
	p.at = at
	if p.inLook > 0 || number > len(p.groups) || p.groups[number-1] == nil {
		p.fail("invalid backreference number")
		return newLeaf(piece{}, 0)
	}
	p.irregular = true
	return &node{kind: backref, number: number, flags: backrefs, re: p.groups[number-1].re, min: 1, max: 1}
}

// escapedSet reads an escape that stands for a character or a class; isClass tells
// which.
func (p *parser) escapedSet() (s set, isClass bool) {
	if !p.has(1) {
		p.fail(badEscape)
		return nil, false
	}
	r := p.in[p.at+1]
	p.at += 2
	one := func(r rune) (set, bool) { return set{{r, r}}, false }
	switch {
	case escapedClasses[r] != "":
		s, _ := class(escapedClasses[r])
		if r < 'a' {
			s = s.complement()
		}
		return s, true
	case escapedChars[r] != 0:
		return one(escapedChars[r])
	case r == 'c' && p.has(0):
		p.at++
		return one(p.in[p.at-1] & 31)
	case r == 'x':
		return one(p.number(16, 1, 255))
	case r == 'u':
		return one(p.number(16, 4, 4))
	case r == 'U':
		return one(p.number(16, 8, 8))
	case isDigit(r):
		p.at--
		v := p.number(8, 1, 3)
		if v > 0xff {
			p.at--
			v >>= 3
		}
		return one(v)
	case isLetter(r):
		p.fail(badEscape)
		return nil, false
	}
	return one(r)
}

// number reads from least to most digits.
func (p *parser) number(base, least, most int) rune {
	v, n := 0, 0
	for ; n < most && p.has(0); n++ {
		d := strings.IndexRune("0123456789abcdef"[:base], p.in[p.at]|0x20)
		if p.in[p.at] < '0' || d < 0 {
			break
		}
		if v = v*base + d; v > 0x7fffffff {
			break
		}
		p.at++
	}
	if n < least || v > 0x7ffffffe {
		p.fail(badEscape)
		return 0
	}
	return rune(v)
}

// bracket reads a bracket expression.
func (p *parser) bracket() (n *node, fixed bool) {
	for text, kind := range map[string]byte{"[[:<:]]": '<', "[[:>:]]": '>'} {
		if strings.HasPrefix(string(p.in[p.at:min(p.at+7, len(p.in))]), text) {
			p.at += 7
			return p.assertion(kind), true
		}
	}
	p.at++
	negated := p.peek(0) == '^'
	if negated {
		p.at++
	}
	var s set
	for first := true; p.err == nil; first = false {
		if !p.has(0) {
			p.fail("brackets [] not balanced")
			break
		}
		if p.in[p.at] == ']' && !first {
			p.at++
			break
		}
		s = append(s, p.bracketPart(first)...)
	}
	s = s.normal()
	if p.flags.Fold {
		s = s.folded()
	}
	if negated {
		s = s.complement()
		if p.flags.LineStop {
			s = s.without('\n')
		}
	}
	return newLeaf(piece{kind: oneOf, set: s}, 0), false
}

// bracketPart reads a character, a range or a class.
func (p *parser) bracketPart(first bool) set {
	// A hyphen is itself only as the first and as the last one.
	if p.in[p.at] == '-' && !first && p.peek(1) != ']' {
		p.fail("invalid character range")
		return nil
	}
	s, isClass := p.bracketItem()
	if p.err != nil || !p.has(0) || p.peek(0) != '-' || p.peek(1) == ']' {
		return s
	}
	p.at++
	if !p.has(0) {
		p.fail("brackets [] not balanced")
		return nil
	}
	if isClass {
		p.fail("invalid character range")
		return nil
	}
	end, isClass := p.bracketItem()
	if p.err != nil {
		return nil
	}
	if isClass || s[0].lo > end[0].lo {
		p.fail("invalid character range")
		return nil
	}
	return set{{s[0].lo, end[0].lo}}
}

// bracketItem reads a character in one of its forms, or a class.
func (p *parser) bracketItem() (s set, isClass bool) {
	r := p.in[p.at]
	switch {
	case r == '\\':
		return p.escapedSet()
	case r == '[' && (p.peek(1) == ':' || p.peek(1) == '.' || p.peek(1) == '='):
		return p.named(p.peek(1))
	}
	p.at++
	return set{{r, r}}, false
}

// named reads [:class:], [.element.] and [=element=].
func (p *parser) named(mark rune) (s set, isClass bool) {
	from := p.at + 2
	end := from
	for end+1 < len(p.in) && (p.in[end] != mark || p.in[end+1] != ']') {
		end++
	}
	if end+1 >= len(p.in) {
		p.fail("brackets [] not balanced")
		return nil, false
	}
	name := string(p.in[from:end])
	p.at = end + 2
	if mark == ':' {
		if p.flags.Fold && (name == "upper" || name == "lower") {
			name = "alpha"
		}
		s, ok := class(name)
		if !ok {
			p.fail("invalid character class")
		}
		return s, true
	}
	r, ok := elements[name]
	if chars := []rune(name); len(chars) == 1 {
		r, ok = chars[0], true
	}
	if !ok {
		p.fail("invalid collating element")
	}
	return set{{r, r}}, mark == '='
}
