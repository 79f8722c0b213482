package types

// A tokenKind is what the lexer of dates, times and intervals makes of a piece of
// text by its shape alone.
type tokenKind uint8

const (
	tokNumber  tokenKind = iota // 12, 12.5, .5
	tokDate                     // 1-2-3, 1/jan/2, America/New_York, UTC+3
	tokTime                     // 1:2:3.4
	tokString                   // january
	tokZone                     // +3, -8:30; in intervals a signed number
	tokSpecial                  // -infinity
)

// A token is a piece of text in lower case.
type token struct {
	kind tokenKind
	text string
}

const maxTokens = 25

// A lexer cuts text into tokens; what it kept so far must fit in room bytes, each
// token with an end mark.
type lexer struct {
	in   string
	out  []byte
	at   int
	room int
	bad  bool
}

func (l *lexer) peek() byte {
	if l.at < len(l.in) {
		return l.in[l.at]
	}
	return 0
}

// keep moves one byte to the token.
func (l *lexer) keep() {
	if len(l.out)+1 >= l.room {
		l.bad = true
	}
	c := l.in[l.at]
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	l.out = append(l.out, c)
	l.at++
}

// Classes of bytes that a token may go on with.
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }
func isClock(c byte) bool { return isDigit(c) || c == ':' || c == '.' }
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

func isSignedNumber(c byte) bool { return isClock(c) || c == '-' }

func isZoneName(c byte) bool {
	switch c {
	case '+', '-', '/', '_', '.', ':':
		return true
	}
	return isAlnum(c)
}

func (l *lexer) keepWhile(class func(byte) bool) {
	for l.at < len(l.in) && class(l.in[l.at]) {
		l.keep()
	}
}

// lexMoment cuts s into tokens. room is the size of PostgreSQL's buffer for the
// type, which bounds the length of an input.
func lexMoment(s string, room int) ([]token, error) {
	l := lexer{in: s, room: room, out: make([]byte, 0, min(len(s)+maxTokens, room))}
	var tokens []token
	for l.at < len(s) {
		c := s[l.at]
		if isSpace(c) {
			l.at++
			continue
		}
		if len(tokens) >= maxTokens {
			return nil, badFormat
		}
		from := len(l.out)
		kind, ok := l.token(c)
		if l.bad {
			return nil, badFormat
		}
		if !ok {
			if !isPunct(c) || c == '+' || c == '-' {
				return nil, badFormat
			}
			l.at++ // other punctuation separates
			continue
		}
		tokens = append(tokens, token{kind, string(l.out[from:])})
		l.out = append(l.out, 0)
	}
	return tokens, nil
}

// token reads one token that begins with c; not ok means that none does.
func (l *lexer) token(c byte) (kind tokenKind, ok bool) {
	switch {
	case isDigit(c):
		return l.number(), true
	case c == '.':
		l.keep()
		l.keepWhile(isDigit)
		return tokNumber, true
	case isAlpha(c):
		return l.letters(), true
	case c == '+' || c == '-':
		return l.signed()
	}
	return 0, false
}

func (l *lexer) number() tokenKind {
	l.keepWhile(isDigit)
	switch separator := l.peek(); separator {
	case ':':
		l.keepWhile(isClock)
		return tokTime
	case '-', '/', '.':
		l.keep()
		if !isDigit(l.peek()) { // the name of a month
			l.keepWhile(func(c byte) bool { return isAlnum(c) || c == separator })
			return tokDate
		}
		l.keepWhile(isDigit)
		if l.peek() == separator {
			l.keepWhile(func(c byte) bool { return isDigit(c) || c == separator })
			return tokDate
		}
		if separator == '.' {
			return tokNumber
		}
		return tokDate
	}
	return tokNumber
}

func (l *lexer) letters() tokenKind {
	from := len(l.out)
	l.keepWhile(isAlpha)
	c := l.peek()
	isName := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) { // a word such as "jd" may touch its number
		_, known := dateWords[clipWord(string(l.out[from:]))]
		isName = !known
	}
	if !isName {
		return tokString
	}
	l.keepWhile(isZoneName)
	return tokDate
}

func (l *lexer) signed() (tokenKind, bool) {
	l.keep()
	for isSpace(l.peek()) {
		l.at++
	}
	switch c := l.peek(); {
	case isDigit(c):
		l.keepWhile(isSignedNumber)
		return tokZone, true
	case isAlpha(c):
		l.keepWhile(isAlpha)
		return tokSpecial, true
	}
	l.bad = true
	return 0, false
}
