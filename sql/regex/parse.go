package regex

import (
	"strings"
	"unicode"
)

// maxRepeat is the largest count in braces.
const maxRepeat = 255

// A parser reads a pattern.
type parser struct {
	in     []rune
	at     int
	flags  Flags
	groups []*node // by number from 1; nil while it is open
	// irregular: it has what only the matcher of this package can do; behind: it has
	// assertions that look back.
	irregular, behind bool
	inLook            int
	err               error
}

// fail ends parsing: the rest of the pattern is not looked at.
func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = invalid(what)
	}
	p.at = len(p.in)
}

func (p *parser) pattern() (*node, error) {
	p.prefix()
	if p.err != nil {
		return nil, p.err
	}
	if p.flags.Literal {
		var all []piece
		for _, r := range p.in[p.at:] {
			all = append(all, p.char(r))
		}
		return newLeaf(piece{kids: all}, 0), nil
	}
	root := p.alternatives(false)
	if p.err == nil && p.at < len(p.in) {
		p.fail("parentheses () not balanced")
	}
	return root, p.err
}

// prefix reads a director (***: or ***=) and options ((?i)).
func (p *parser) prefix() {
	if p.flags.Literal {
		return
	}
	text := string(p.in[:min(4, len(p.in))])
	if strings.HasPrefix(text, "***") {
		switch strings.TrimPrefix(text, "***") {
		case "=":
			p.flags.Literal = true
			p.at = 4
			return
		case ":":
			p.at = 4
		default:
			p.fail("quantifier operand invalid")
			return
		}
	}
	if p.peek(0) != '(' || p.peek(1) != '?' || !isLetter(p.peek(2)) {
		return
	}
	for p.at += 2; isLetter(p.peek(0)); p.at++ {
		p.option(p.in[p.at])
	}
	if p.peek(0) != ')' {
		p.fail("invalid embedded option")
		return
	}
	p.at++
}

func isLetter(r rune) bool { return unicode.IsLetter(r) }

func (p *parser) option(r rune) {
	f := &p.flags
	switch r {
	case 'b', 'e':
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
		p.fail("invalid embedded option")
	}
}

// peek is the character n places on, 0 at the end.
func (p *parser) peek(n int) rune {
	if p.at+n < len(p.in) {
		return p.in[p.at+n]
	}
	return 0
}

func (p *parser) has(n int) bool { return p.at+n < len(p.in) }

// skip passes what means nothing: comments, and in expanded syntax white space.
func (p *parser) skip() {
	for p.has(0) {
		switch r := p.in[p.at]; {
		case r == '(' && p.peek(1) == '?' && p.peek(2) == '#':
			for p.has(0) && p.in[p.at] != ')' {
				p.at++
			}
			p.at = min(p.at+1, len(p.in))
		case p.flags.Expanded && unicode.IsSpace(r):
			p.at++
		case p.flags.Expanded && r == '#':
			for p.has(0) && p.in[p.at] != '\n' {
				p.at++
			}
		default:
			return
		}
	}
}

// atEnd tells that a branch ends here.
func (p *parser) atEnd() bool {
	p.skip()
	return !p.has(0) || p.in[p.at] == '|' || p.in[p.at] == ')'
}

// alternatives reads branches up to a closing parenthesis, which must be there if
// inside is set, or to the end.
func (p *parser) alternatives(inside bool) *node {
	first := p.branch()
	if p.peek(0) != '|' {
		return p.closed(first, inside)
	}
	n := &node{kind: either, kids: []*node{first}, flags: longer | up(first.flags)}
	for p.peek(0) == '|' {
		p.at++
		k := p.branch()
		n.kids = append(n.kids, k)
		n.flags |= up(k.flags)
	}
	n.re.kind = choice
	for _, k := range n.kids {
		n.re.kids = append(n.re.kids, k.re)
	}
	if !messy(n.flags) {
		n = newLeaf(n.re, n.flags)
	}
	return p.closed(n, inside)
}

func (p *parser) closed(n *node, inside bool) *node {
	if !inside || p.err != nil {
		return n
	}
	if p.peek(0) != ')' {
		p.fail("parentheses () not balanced")
		return n
	}
	p.at++
	return n
}

// branch reads quantified atoms. Those that need no dissection are gathered in one
// leaf; at one that does the branch is split.
func (p *parser) branch() *node {
	top := newLeaf(piece{}, 0)
	for !p.atEnd() {
		if done := p.quantified(top); done != nil {
			return done
		}
	}
	return top
}

// quantified reads an atom and its quantifier into top, or, if the atom must be
// dissected, reads the rest of the branch too and returns all of it.
func (p *parser) quantified(top *node) *node {
	atom, fixed := p.atom()
	if p.err != nil {
		return top
	}
	if fixed {
		top.re.kids = append(top.re.kids, atom.re)
		return nil
	}
	least, most, prefer := p.quantifier()
	if p.err != nil {
		return top
	}
	if most == 0 {
		return nil
	}
	f := top.flags | prefer | atom.flags
	if !messy(up(f)) && atom.kind == leaf {
		re := atom.re
		if least != 1 || most != 1 {
			re = repeated(re, least, most)
		}
		top.re.kids = append(top.re.kids, re)
		top.flags = f
		return nil
	}
	flags := combined(prefer, atom.flags)
	atom = repeatNode(atom, least, most, prefer)
	rest := newLeaf(piece{}, 0)
	if !p.atEnd() {
		rest = p.branch()
	}
	tail := newConcat(atom, rest, flags|combined(flags, rest.flags))
	return newConcat(newLeaf(top.re, top.flags), tail, top.flags|combined(top.flags, tail.flags))
}

// repeatNode quantifies a node that must be dissected.
func repeatNode(atom *node, least, most, prefer int) *node {
	f := combined(prefer, atom.flags)
	whole := repeated(atom.re, least, most)
	switch {
	case atom.kind == backref:
		atom.min, atom.max = least, most
		atom.flags |= f
		atom.re = whole
		return atom
	case least == 1 && most == 1 && (prefer == 0 || atom.flags&(own|mixed) == 0 || prefer == atom.flags&(own|mixed)):
		return atom
	case atom.flags&(catches|backrefs) == 0:
		return newLeaf(whole, f)
	case least > 0 && atom.flags&backrefs == 0:
		// Only the last round is seen: x{m,n} is x{m-1,n-1}x, the first of which is plain.
		before := most
		if most != unlimited {
			before--
		}
		return newConcat(newLeaf(repeated(atom.re, least-1, before), f&own), atom, f)
	}
	return &node{kind: loop, kids: []*node{atom}, flags: f, re: whole, min: least, max: most}
}

// quantifier reads *, +, ?, {m,n} and a ? behind it. prefer is 0 for {m} and for
// none: then the atom's own preference counts.
func (p *parser) quantifier() (least, most, prefer int) {
	p.skip()
	exact := false
	switch p.peek(0) {
	case '*':
		least, most = 0, unlimited
	case '+':
		least, most = 1, unlimited
	case '?':
		least, most = 0, 1
	case '{':
		if !isDigit(p.peek(1)) {
			return 1, 1, 0
		}
		if least, most, exact = p.bounds(); p.err != nil {
			return
		}
	default:
		return 1, 1, 0
	}
	p.at++
	prefer = longer
	if p.peek(0) == '?' {
		p.at++
		prefer = shorter
	}
	if exact {
		prefer = 0
	}
	return least, most, prefer
}

// bounds reads {m}, {m,} and {m,n} up to the closing brace.
func (p *parser) bounds() (least, most int, exact bool) {
	number := func() int {
		n := 0
		for isDigit(p.peek(0)) && n <= maxRepeat {
			n = n*10 + int(p.in[p.at]-'0')
			p.at++
		}
		return n
	}
	p.at++
	least = number()
	most, exact = least, true
	if p.peek(0) == ',' {
		p.at++
		most, exact = unlimited, false
		if isDigit(p.peek(0)) {
			most = number()
		}
	}
	switch {
	case !p.has(0) && least <= maxRepeat:
		p.fail("braces {} not balanced")
	case p.peek(0) != '}' || least > maxRepeat || most > maxRepeat || most != unlimited && least > most:
		p.fail("invalid repetition count(s)")
	}
	return least, most, exact
}

// atom reads one atom. fixed: it is an assertion, which no quantifier may follow.
func (p *parser) atom() (n *node, fixed bool) {
	r := p.in[p.at]
	switch r {
	case '*', '+', '?':
		p.fail("quantifier operand invalid")
	case '{':
		if isDigit(p.peek(1)) {
			p.fail("quantifier operand invalid")
			break
		}
		p.at++
		return newLeaf(p.char(r), 0), false
	case '(':
		return p.parenthesis()
	case '[':
		return p.bracket()
	case '.':
		p.at++
		return newLeaf(p.anyButNewline(), 0), false
	case '^', '$':
		p.at++
		return p.assertion(byte(r)), true
	case '\\':
		return p.escape()
	default:
		p.at++
		return newLeaf(p.char(r), 0), false
	}
	return newLeaf(piece{}, 0), false
}

func (p *parser) char(r rune) piece {
	s := set{{r, r}}
	if p.flags.Fold {
		s = s.folded()
	}
	return piece{kind: oneOf, set: s}
}

func (p *parser) anyButNewline() piece {
	s := set{}.complement()
	if p.flags.LineStop {
		s = s.without('\n')
	}
	return piece{kind: oneOf, set: s}
}

func (p *parser) assertion(kind byte) *node {
	switch {
	case kind == '^' && !p.flags.LineEnds:
		kind = 'A'
	case kind == '$' && !p.flags.LineEnds:
		kind = 'Z'
	}
	p.behind = p.behind || kind == '^' || kind == 'A'
	if kind != '^' && kind != '$' && kind != 'A' && kind != 'Z' {
		p.irregular, p.behind = true, true
	}
	return newLeaf(piece{kind: assertion, assert: kind}, 0)
}

func (p *parser) parenthesis() (n *node, fixed bool) {
	p.at++
	if p.peek(0) != '?' {
		return p.group(), false
	}
	p.at++
	kind := p.peek(0)
	p.at++
	behind := false
	if kind == '<' {
		behind = true
		kind = p.peek(0)
		p.at++
	}
	switch {
	case kind == ':' && !behind:
		return p.alternatives(true), false
	case kind == '=', kind == '!':
		p.irregular, p.behind = true, true
		p.inLook++
		inner := p.alternatives(true)
		p.inLook--
		return newLeaf(piece{kind: look, kids: []piece{inner.re}, behind: behind, negative: kind == '!'}, 0), true
	}
	p.fail("quantifier operand invalid")
	return newLeaf(piece{}, 0), true
}

// group reads the inside of capturing parentheses; in look-around they catch
// nothing.
func (p *parser) group() *node {
	if p.inLook > 0 {
		return p.alternatives(true)
	}
	p.groups = append(p.groups, nil)
	number := len(p.groups)
	inner := p.alternatives(true)
	n := &node{kind: group, number: number, kids: []*node{inner}, flags: inner.flags | catches, re: inner.re}
	p.groups[number-1] = n
	return n
}
