package regex

import (
	"strconv"
	"strings"
)

// A piece is a regular expression without what it catches: a set of texts.
type piece struct {
	kind     pieceKind
	set      set     // oneOf
	kids     []piece // sequence, choice; the one of repeat and look
	min, max int     // repeat; max may be unlimited
	assert   byte    // assertion: ^ $ A Z, < and > (word begin and end), y Y
	behind   bool    // look: at what stands before
	negative bool    // look: must not match
}

type pieceKind uint8

const (
	sequence pieceKind = iota
	oneOf
	choice
	repeat
	assertion
	look
)

const unlimited = -1

func repeated(p piece, min, max int) piece {
	return piece{kind: repeat, kids: []piece{p}, min: min, max: max}
}

// appendGo writes the piece in the syntax of package regexp, which knows all but
// look-around and word boundaries.
func (p piece) appendGo(b *strings.Builder) {
	switch p.kind {
	case oneOf:
		p.set.appendGo(b)
	case assertion:
		b.WriteString(map[byte]string{'^': `(?m:^)`, '$': `(?m:$)`, 'A': `\A`, 'Z': `\z`}[p.assert])
	case repeat:
		b.WriteString("(?:")
		p.kids[0].appendGo(b)
		b.WriteString("){" + strconv.Itoa(p.min) + ",")
		if p.max != unlimited {
			b.WriteString(strconv.Itoa(p.max))
		}
		b.WriteByte('}')
	default:
		b.WriteString("(?:")
		for i, k := range p.kids {
			if i > 0 && p.kind == choice {
				b.WriteByte('|')
			}
			k.appendGo(b)
		}
		b.WriteByte(')')
	}
}

// What is known of a node: which of its matches it prefers, and whether it must
// be dissected.
const (
	longer   = 1 << iota // prefers its longest match
	shorter              // prefers its shortest match
	mixed                // has parts that prefer one and parts that prefer the other
	catches              // has capturing parentheses
	backrefs             // has a back-reference
	own      = longer | shorter
)

// up is what a node's flags say to the node above.
func up(f int) int {
	if f&own == own {
		return f&^own | mixed
	}
	return f &^ own
}

func messy(f int) bool { return f&(mixed|catches|backrefs) != 0 }

// combined are the flags of a then b: the first preference counts.
func combined(a, b int) int {
	if a&own != 0 {
		return up(a|b) | a&own
	}
	return up(a|b) | b&own
}

type nodeKind uint8

const (
	leaf    nodeKind = iota // matches re; nobody asks how
	concat                  // two kids, one after the other
	either                  // kids are alternatives
	loop                    // its kid, min to max times
	group                   // its kid, noted as group number
	backref                 // what group number has caught, min to max times
)

// A node is a part of a pattern that may have to be dissected. re is the set of
// texts that it can match (a back-reference: that its group can).
type node struct {
	kind     nodeKind
	flags    int
	re       piece
	kids     []*node
	min, max int
	number   int
	prog     *program
}

func newLeaf(re piece, flags int) *node { return &node{re: re, flags: flags} }

func newConcat(a, b *node, flags int) *node {
	return &node{kind: concat, kids: []*node{a, b}, flags: flags, re: piece{kids: []piece{a.re, b.re}}}
}
