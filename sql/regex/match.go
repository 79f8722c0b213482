package regex

import (
	"slices"
	"unicode"
)

// maxInsts bounds a compiled pattern, maxTotal that of all its parts together,
// maxSteps the work of one search, maxReached what is remembered of it.
const (
	maxReached = 1 << 16
	maxInsts   = 200_000
	maxTotal   = 2_000_000
	maxSteps   = 100_000_000
)

// An inst is a state: it passes a character of set, or a condition, and goes on
// at next; a fork also at other.
type inst struct {
	op          instOp
	next, other int
	set         set
	assert      byte
	look        *program
	behind, not bool
}

type instOp uint8

const (
	opChar instOp = iota
	opFork
	opAssert
	opLook
	opEnd
)

// A program is a piece as a machine of states that begins at start.
type program struct {
	insts []inst
	start int
}

// program compiles the node's piece; all nodes below too. Its states count towards
// total: each node has those of all below it again.
func (n *node) program(total *int) (*program, error) {
	if n.kind == group { // it matches what is inside
		p, err := n.kids[0].program(total)
		n.prog = p
		return p, err
	}
	if n.prog == nil {
		p := &program{}
		end := p.add(inst{op: opEnd})
		p.start = p.compile(n.re, end)
		if *total += len(p.insts); len(p.insts) > maxInsts || *total > maxTotal {
			return nil, invalid("regular expression is too complex")
		}
		n.prog = p
	}
	for _, k := range n.kids {
		if _, err := k.program(total); err != nil {
			return nil, err
		}
	}
	return n.prog, nil
}

func (p *program) add(i inst) int {
	p.insts = append(p.insts, i)
	return len(p.insts) - 1
}

// compile adds states for a piece that go on at next, and returns the first.
func (p *program) compile(re piece, next int) int {
	if len(p.insts) > maxInsts {
		return next
	}
	switch re.kind {
	case oneOf:
		return p.add(inst{op: opChar, set: re.set, next: next})
	case assertion:
		return p.add(inst{op: opAssert, assert: re.assert, next: next})
	case look:
		sub := &program{}
		end := sub.add(inst{op: opEnd})
		sub.start = sub.compile(re.kids[0], end)
		return p.add(inst{op: opLook, look: sub, behind: re.behind, not: re.negative, next: next})
	case choice:
		at := p.compile(re.kids[len(re.kids)-1], next)
		for i := len(re.kids) - 2; i >= 0; i-- {
			at = p.add(inst{op: opFork, next: p.compile(re.kids[i], next), other: at})
		}
		return at
	case repeat:
		return p.compileRepeat(re, next)
	}
	for i := len(re.kids) - 1; i >= 0; i-- {
		next = p.compile(re.kids[i], next)
	}
	return next
}

func (p *program) compileRepeat(re piece, next int) int {
	body := re.kids[0]
	if re.max == unlimited {
		again := p.add(inst{op: opFork, other: next})
		first := p.compile(body, again)
		p.insts[again].next = first
		next = again
	} else {
		end := next
		for range re.max - re.min {
			next = p.add(inst{op: opFork, next: p.compile(body, next), other: end})
		}
	}
	for range re.min {
		next = p.compile(body, next)
	}
	return next
}

// A matcher matches one pattern against one text.
type matcher struct {
	re     *Regexp
	text   []rune
	caught []int // begin and end of each group
	// reached are the ends of the matches of a node that begin at a place, ascending.
	reached map[reachKey][]int
	steps   int
	marks   map[*program]*marks
	// behind tells for each place whether what is looked for stands before it.
	behind map[*program][]bool
}

type reachKey struct {
	n    *node
	from int
}

// marks tell which states are in the set at hand.
type marks struct {
	seen       []int
	generation int
	list, next []int
}

func newMatcher(re *Regexp, text []rune) *matcher {
	return &matcher{re: re, text: text, caught: make([]int, 2*re.groups), reached: map[reachKey][]int{}, marks: map[*program]*marks{},
		behind: map[*program][]bool{}}
}

// find looks for the first match from a place on. A match that its back-references
// refuse is passed over together with all places up to its end, and the search goes
// on if characters are left, as in PostgreSQL.
func (m *matcher) find(from int) ([]int, error) {
	for from <= len(m.text) {
		last := from // where the first match ends, whatever its back-references say
		found := m.run(m.re.root.prog, from, true, func(end int) bool { last = end; return true })
		if m.steps > maxSteps {
			return nil, errTooComplex
		}
		if len(found) == 0 {
			return nil, nil
		}
		for begin := from; begin <= last; begin++ {
			if loc, err := m.findFrom(begin); loc != nil || err != nil {
				return loc, err
			}
		}
		if from = last + 1; from >= len(m.text) {
			return nil, nil
		}
	}
	return nil, nil
}

// findFrom looks for the match that begins at a place.
func (m *matcher) findFrom(begin int) ([]int, error) {
	ends := m.run(m.re.root.prog, begin, false, nil)
	for i := range ends {
		end := ends[i]
		if m.re.root.flags&shorter == 0 {
			end = ends[len(ends)-1-i]
		}
		if m.matches(m.re.root, begin, end) {
			return m.result(begin, end), nil
		}
	}
	if m.steps > maxSteps {
		return nil, errTooComplex
	}
	return nil, nil
}

// findAt dissects the match that begins at begin and ends at end, or at the first
// place where one ends.
func (m *matcher) findAt(begin, end int, first bool) ([]int, error) {
	if first {
		if ends := m.run(m.re.root.prog, begin, false, func(int) bool { return true }); len(ends) > 0 {
			end = ends[0]
		}
	}
	m.matches(m.re.root, begin, end)
	if m.steps > maxSteps {
		return nil, errTooComplex
	}
	return m.result(begin, end), nil
}

// matches clears what was caught and dissects.
func (m *matcher) matches(n *node, begin, end int) bool {
	for i := range m.caught {
		m.caught[i] = -1
	}
	return m.dissect(n, begin, end)
}

func (m *matcher) result(begin, end int) []int { return append([]int{begin, end}, m.caught...) }

// ends are the places where matches of n that begin at from can end.
func (m *matcher) ends(n *node, from int) []int {
	if len(m.reached) > maxReached {
		clear(m.reached)
	}
	key := reachKey{n, from}
	if ends, ok := m.reached[key]; ok {
		return ends
	}
	ends := m.run(n.prog, from, false, nil)
	m.reached[key] = ends
	return ends
}

// canEnd tells whether a match of n can go from begin to end.
func (m *matcher) canEnd(n *node, begin, end int) bool {
	_, ok := slices.BinarySearch(m.ends(n, begin), end)
	return ok
}

// run simulates a program from a place on and returns where it can end. With
// anywhere it may begin at any later place too. stop, if set, ends it early.
func (m *matcher) run(p *program, from int, anywhere bool, stop func(end int) bool) (ends []int) {
	mk := m.marks[p]
	if mk == nil {
		mk = &marks{seen: make([]int, len(p.insts))}
		m.marks[p] = mk
	}
	mk.list = mk.list[:0]
	mk.generation++
	for at := from; ; at++ {
		if at == from || anywhere {
			m.enter(p, mk, p.start, at)
		}
		mk.list, mk.next = mk.next, mk.list[:0]
		if mk.seen[0] == mk.generation { // the end is state 0
			ends = append(ends, at)
			if stop != nil && stop(at) {
				mk.next = mk.next[:0]
				return ends
			}
		}
		if at == len(m.text) || len(mk.list) == 0 && !anywhere || m.steps > maxSteps {
			mk.next = mk.next[:0]
			return ends
		}
		mk.generation++
		m.steps += len(mk.list) + 1
		for _, s := range mk.list {
			if p.insts[s].set.has(m.text[at]) {
				m.enter(p, mk, p.insts[s].next, at+1)
			}
		}
	}
}

// enter adds a state, and those that follow without a character, to mk.next.
func (m *matcher) enter(p *program, mk *marks, state, at int) {
	for mk.seen[state] != mk.generation {
		mk.seen[state] = mk.generation
		switch i := &p.insts[state]; i.op {
		case opChar:
			mk.next = append(mk.next, state)
			return
		case opEnd:
			return
		case opFork:
			m.enter(p, mk, i.next, at)
			state = i.other
		case opAssert:
			if !m.holds(i.assert, at) {
				return
			}
			state = i.next
		default:
			if m.looks(i, at) == i.not {
				return
			}
			state = i.next
		}
	}
}

// holds tests an assertion at a place.
func (m *matcher) holds(assert byte, at int) bool {
	before := at > 0 && isWord(m.text[at-1])
	after := at < len(m.text) && isWord(m.text[at])
	switch assert {
	case 'A':
		return at == 0
	case 'Z':
		return at == len(m.text)
	case '^':
		return at == 0 || m.text[at-1] == '\n'
	case '$':
		return at == len(m.text) || m.text[at] == '\n'
	case '<':
		return !before && after
	case '>':
		return before && !after
	case 'y':
		return before != after
	}
	return before == after
}

// looks tells whether what is looked for stands behind or ahead of a place.
func (m *matcher) looks(i *inst, at int) bool {
	if !i.behind {
		return len(m.run(i.look, at, false, func(int) bool { return true })) > 0
	}
	held := m.behind[i.look]
	if held == nil {
		held = make([]bool, len(m.text)+1)
		for _, end := range m.run(i.look, 0, true, nil) {
			held[end] = true
		}
		m.behind[i.look] = held
	}
	return held[at]
}

// dissect notes what the groups below n catch if n matches from begin to end; false
// if it cannot, because of what a back-reference wants. Then they have caught nothing.
func (m *matcher) dissect(n *node, begin, end int) bool {
	if m.steps++; m.steps > maxSteps {
		return false
	}
	if !m.dissectKind(n, begin, end) {
		if n.flags&catches != 0 {
			m.forget(n)
		}
		return false
	}
	return true
}

func (m *matcher) dissectKind(n *node, begin, end int) bool {
	switch n.kind {
	case concat:
		return m.dissectConcat(n, begin, end)
	case either:
		for _, k := range n.kids {
			if m.canEnd(k, begin, end) && m.dissect(k, begin, end) {
				return true
			}
		}
		return false
	case loop:
		return m.dissectLoop(n, begin, end)
	case group:
		if !m.dissect(n.kids[0], begin, end) {
			return false
		}
		m.caught[2*n.number-2], m.caught[2*n.number-1] = begin, end
		return true
	case backref:
		return m.repeats(n, begin, end)
	}
	return true
}

// forget clears what the groups below n have caught.
func (m *matcher) forget(n *node) {
	if n.kind == group {
		m.caught[2*n.number-2], m.caught[2*n.number-1] = -1, -1
	}
	for _, k := range n.kids {
		m.forget(k)
	}
}

// preferred calls try with the ends of n's matches from begin, none beyond limit, in
// the order that n prefers, until it returns true.
func (m *matcher) preferred(n *node, begin, limit int, try func(end int) bool) bool {
	ends := m.ends(n, begin)
	at, found := slices.BinarySearch(ends, limit)
	if found {
		at++
	}
	ends = ends[:at]
	for i := range ends {
		end := ends[i]
		if n.flags&shorter == 0 {
			end = ends[len(ends)-1-i]
		}
		if try(end) {
			return true
		}
	}
	return false
}

func (m *matcher) dissectConcat(n *node, begin, end int) bool {
	left, right := n.kids[0], n.kids[1]
	return m.preferred(left, begin, end, func(middle int) bool {
		if !m.canEnd(right, middle, end) {
			return false
		}
		m.forget(left)
		m.forget(right)
		return m.dissect(left, begin, middle) && m.dissect(right, middle, end)
	})
}

// dissectLoop finds rounds, each as its kid prefers; none if its kid prefers
// little, or if there is no other way. A round may be empty only if the least number of rounds asks for it.
func (m *matcher) dissectLoop(n *node, begin, end int) bool {
	kid, least := n.kids[0], max(n.min, 1)
	if n.min == 0 && begin == end && kid.flags&shorter != 0 {
		return true
	}
	most := max(end-begin, least)
	if n.max != unlimited {
		most = max(min(most, n.max), least)
	}
	ends := []int{begin}
	var round func() bool
	round = func() bool {
		if m.steps++; m.steps > maxSteps {
			return false
		}
		from, k := ends[len(ends)-1], len(ends)
		return m.preferred(kid, from, end, func(to int) bool {
			if to == from && (k >= least || least-k < end-from) && to != end {
				return false
			}
			ends = append(ends[:k], to)
			if to == end && k >= least && m.rounds(kid, ends) {
				return true
			}
			if k >= most || to == end && k >= least {
				return false
			}
			return round()
		})
	}
	if round() {
		return true
	}
	m.forget(kid)
	return n.min == 0 && begin == end
}

// rounds dissects each round; the last one's groups stay.
func (m *matcher) rounds(kid *node, ends []int) bool {
	for i := 1; i < len(ends); i++ {
		m.forget(kid)
		if !m.dissect(kid, ends[i-1], ends[i]) {
			return false
		}
	}
	return true
}

// repeats tells whether the text is what a group has caught, as often as allowed.
func (m *matcher) repeats(n *node, begin, end int) bool {
	from, to := m.caught[2*n.number-2], m.caught[2*n.number-1]
	if from < 0 {
		return false
	}
	size := to - from
	switch {
	case size == 0:
		return begin == end
	case begin == end:
		return n.min == 0
	case (end-begin)%size != 0:
		return false
	}
	count := (end - begin) / size
	if count < n.min || n.max != unlimited && count > n.max {
		return false
	}
	for i := begin; i < end; i++ {
		if !m.same(m.text[i], m.text[from+(i-begin)%size]) {
			return false
		}
	}
	return true
}

func (m *matcher) same(a, b rune) bool {
	return a == b || m.re.fold && unicode.ToLower(a) == unicode.ToLower(b)
}
