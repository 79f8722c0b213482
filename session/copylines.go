package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"zorya/pgerr"
	"zorya/sql/funcs"
)

// copyLines cuts COPY data of the text and CSV formats into lines, by PostgreSQL's
// rules: all must end alike, \n, \r or \r\n; in text a backslash makes the end of a line
// data, in CSV quotes do.
type copyLines struct {
	in   *bufio.Reader
	o    *copyFormat
	end  lineEnd
	line []byte
	done bool // the end of the data, or \. , was met
}

// A lineEnd is how lines end; unknown before the first.
type lineEnd uint8

const (
	endUnknown lineEnd = iota
	endNewline
	endReturn
	endBoth
)

// next returns the next line, without its end; nil at the end of the data. embedded is
// the number of ends of lines inside it.
func (l *copyLines) next() (line []byte, embedded int, err error) {
	if l.done {
		return nil, 0, nil
	}
	l.line = l.line[:0]
	ended, embedded, err := l.read()
	switch {
	case err == nil && ended:
	case err == nil:
		l.done = true
		if len(l.line) == 0 {
			return nil, embedded, nil
		}
	case errors.Is(err, io.EOF):
		l.done = true
		if len(l.line) == 0 {
			return nil, embedded, nil
		}
	default:
		return nil, embedded, err
	}
	line, err = checked(l.line)
	if line == nil {
		line = []byte{}
	}
	return line, embedded, err
}

// read reads up to the end of a line, and reports whether it met one; else it was the
// mark for the end of the data.
func (l *copyLines) read() (ended bool, embedded int, err error) {
	if l.plain() {
		return true, 0, nil
	}
	csv, escape := l.o.format == "csv", l.o.escape
	if escape == l.o.quote {
		escape = 0 // a quote in quotes is twice the end of quotes
	}
	quoted, escaped := false, false
	for first := true; ; first = false {
		c, err := l.in.ReadByte()
		if err != nil {
			return false, embedded, err
		}
		if csv {
			if quoted && c == escape {
				escaped = !escaped
			}
			if c == l.o.quote && !escaped {
				quoted = !quoted
			}
			if c != escape {
				escaped = false
			}
			if quoted && (c == '\n') == (l.end == endNewline) && (c == '\n' || c == '\r') {
				embedded++ // by PostgreSQL's count, which knows no \n before the first end of a line
			}
		}
		switch {
		case (c == '\r' || c == '\n') && !quoted:
			return true, embedded, l.finish(c)
		case c == '\\' && (!csv || first):
			stop, err := l.backslash(csv)
			if stop || err != nil {
				return false, embedded, err
			}
		default:
			l.line = append(l.line, c)
		}
	}
}

// plain takes a line in which nothing has a meaning but its end, if it has been received.
func (l *copyLines) plain() bool {
	data, _ := l.in.Peek(l.in.Buffered())
	n := bytes.IndexByte(data, '\n')
	if n < 0 || l.end > endNewline {
		return false
	}
	for _, special := range []byte{'\\', '\r', l.o.quote} {
		if special != 0 && bytes.IndexByte(data[:n], special) >= 0 {
			return false
		}
	}
	l.end = endNewline
	l.line = append(l.line, data[:n]...)
	_, err := l.in.Discard(n + 1)
	return err == nil
}

// finish takes the end of a line that begins with c, and checks that it is like the
// others.
func (l *copyLines) finish(c byte) error {
	if c == '\n' {
		if l.end == endReturn || l.end == endBoth {
			return l.oddEnd("newline", `\n`)
		}
		l.end = endNewline
		return nil
	}
	if l.end == endNewline {
		return l.oddEnd("carriage return", `\r`)
	}
	if l.end == endReturn {
		return nil
	}
	if next, err := l.in.Peek(1); err == nil && next[0] == '\n' {
		_, err = l.in.Discard(1)
		l.end = endBoth
		return err
	}
	if l.end == endBoth {
		return l.oddEnd("carriage return", `\r`)
	}
	l.end = endReturn
	return nil
}

func (l *copyLines) oddEnd(what, written string) error {
	if l.o.format == "csv" {
		return pgerr.New(pgerr.BadCopyFileFormat, "unquoted %s found in data", what).
			WithHint("Use quoted CSV field to represent %s.", what)
	}
	return pgerr.New(pgerr.BadCopyFileFormat, "literal %s found in data", what).WithHint("Use \"%s\" to represent %s.", written, what)
}

// backslash takes what follows a backslash: \. ends the data (stop), any other character
// is data in text.
func (l *copyLines) backslash(csv bool) (stop bool, err error) {
	next, err := l.in.Peek(1)
	if err != nil {
		l.line = append(l.line, '\\')
		return false, nil
	}
	if next[0] == '.' {
		stop, err := l.endMark(csv)
		if stop || err != nil || !csv {
			return stop, err
		}
	}
	l.line = append(l.line, '\\')
	if !csv {
		_, err = l.in.Discard(1)
		l.line = append(l.line, next[0])
	}
	return false, err
}

// endMark reports whether what follows a backslash is the mark of the end: a point, and
// the end of the line or of the data. In CSV anything else is data.
func (l *copyLines) endMark(csv bool) (bool, error) {
	ends := map[lineEnd]string{endNewline: "\n", endReturn: "\r", endBoth: "\r\n"}
	want, known := ends[l.end]
	rest, err := l.in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	rest = rest[1:]
	switch {
	case len(rest) == 0:
	case rest[0] != '\r' && rest[0] != '\n':
		if csv {
			return false, nil
		}
		return false, badCopy("end-of-copy marker corrupt")
	case known && (len(rest) < len(want) || string(rest[:len(want)]) != want):
		if csv {
			return false, nil
		}
		return false, badCopy("end-of-copy marker does not match previous newline style")
	}
	_, err = io.Copy(io.Discard, l.in)
	return true, err
}

// checked is a line that is valid text. (PostgreSQL does not check data that says it is
// SQL_ASCII, and stores it.)
func checked(line []byte) ([]byte, error) {
	if isASCII(line) {
		return line, nil
	}
	_, err := funcs.Recode(string(line)+"\n", "UTF8", "UTF8") // the end shows in errors
	return line, err
}

// A recoder makes UTF8 of data in another encoding. It works line by line: no encoding
// has the end of a line inside a character, as some have the backslash.
type recoder struct {
	in   *bufio.Reader
	from string
	left []byte
}

func (r *recoder) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		line, err := r.in.ReadBytes('\n')
		if len(line) == 0 {
			return 0, err
		}
		text, err := funcs.Recode(string(line), r.from, "UTF8")
		if err != nil {
			return 0, err
		}
		r.left = []byte(text)
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// fromUTF8 converts text to the encoding of the data.
func (o *copyFormat) fromUTF8(text string) (string, error) {
	if o.encoding == "" || o.encoding == "SQL_ASCII" || isASCII([]byte(text)) {
		return text, nil
	}
	return funcs.Recode(text, "UTF8", o.encoding)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0 {
			return false
		}
	}
	return true
}
