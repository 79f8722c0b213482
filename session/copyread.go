package session

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"zorya/pgerr"
)

// A copyReader takes COPY data apart into the fields of rows.
type copyReader struct {
	in    *bufio.Reader
	lines *copyLines
	o     *copyFormat
	n     int
	names []string
	table string
	// For messages: the line being read, its text, and the field being converted.
	line   int
	text   []byte
	column int
	begun  bool
	fields [][]byte
}

func newCopyReader(in io.Reader, o *copyFormat, n int, names []string, table string) *copyReader {
	if o.encoding != "" && o.encoding != "SQL_ASCII" && o.format != "binary" {
		in = &recoder{in: bufio.NewReader(in), from: o.encoding}
	}
	b := bufio.NewReaderSize(in, 64<<10)
	return &copyReader{in: b, lines: &copyLines{in: b, o: o}, o: o, n: n, names: names, table: table, column: -1}
}

// at adds to an error where in the data it happened.
func (r *copyReader) at(err error) error {
	e := pgerr.As(err)
	if e == nil || e.Code == pgerr.QueryCanceled {
		return err
	}
	c := *e
	c.Where = fmt.Sprintf("COPY %s, line %d", r.table, r.line)
	switch {
	case r.column >= 0 && r.o.format == "binary", r.column >= len(r.fields) && r.column >= 0:
		c.Where += fmt.Sprintf(", column %s", r.names[r.column])
	case r.column >= 0 && r.fields[r.column] == nil:
		c.Where += fmt.Sprintf(", column %s: null input", r.names[r.column])
	case r.column >= 0:
		c.Where += fmt.Sprintf(", column %s: \"%s\"", r.names[r.column], shortened(r.fields[r.column]))
	case r.text != nil:
		c.Where += fmt.Sprintf(": \"%s\"", shortened(r.text))
	}
	return &c
}

func badCopy(format string, args ...any) error {
	return pgerr.New(pgerr.BadCopyFileFormat, format, args...)
}

// shortened is as much of some data as messages show.
func shortened(b []byte) string {
	const most = 100
	if len(b) <= most {
		return string(b)
	}
	n := most
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "..."
}

// next returns the fields of the next row, nil at the end. A nil field is NULL; there may
// be fewer fields than columns. They are good until the next call.
func (r *copyReader) next() ([][]byte, error) {
	if r.o.format == "binary" {
		return r.nextBinary()
	}
	for {
		if err := r.readLine(); err != nil || r.text == nil {
			return nil, err
		}
		if !r.begun {
			r.begun = true
			if r.o.match {
				if err := r.checkHeader(); err != nil {
					return nil, err
				}
			}
			if r.o.header {
				continue
			}
		}
		if err := r.split(); err != nil {
			return nil, err
		}
		if len(r.fields) > r.n {
			return nil, badCopy("extra data after last expected column")
		}
		return r.fields, nil
	}
}

// readLine reads the next line into text; nil at the end.
func (r *copyReader) readLine() error {
	r.line++
	r.column, r.text = -1, nil
	line, embedded, err := r.lines.next()
	r.line += embedded
	r.text = line
	if err != nil {
		r.text = nil
	}
	return err
}

func (r *copyReader) split() error {
	if r.o.format == "csv" {
		return r.splitCSV(r.text)
	}
	return r.splitText(r.text)
}

// missing is the error for a row without field i.
func (r *copyReader) missing(i int) error {
	r.column = -1
	return badCopy("missing data for column \"%s\"", r.names[i])
}

func (r *copyReader) checkHeader() error {
	if err := r.split(); err != nil {
		return err
	}
	if len(r.fields) != r.n {
		return badCopy("wrong number of fields in header line: got %d, expected %d", len(r.fields), r.n)
	}
	for i, f := range r.fields {
		if f == nil {
			return badCopy("column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, r.o.null, r.names[i])
		}
		if string(f) != r.names[i] {
			return badCopy("column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f, r.names[i])
		}
	}
	return nil
}

// splitText takes a line of text format apart.
func (r *copyReader) splitText(line []byte) error {
	r.fields = r.fields[:0]
	if r.n == 0 && len(line) == 0 {
		return nil
	}
	for {
		end, escaped := len(line), false
		for i := 0; i < len(line); i++ {
			if line[i] == '\\' {
				escaped = true
				i++
			} else if line[i] == r.o.delim {
				end = i
				break
			}
		}
		field := line[:end]
		switch {
		case string(field) == r.o.null:
			r.fields = append(r.fields, nil)
		case escaped:
			r.fields = append(r.fields, unescapeCopy(field))
		default:
			r.fields = append(r.fields, field[:len(field):len(field)])
		}
		if end == len(line) {
			return nil
		}
		line = line[end+1:]
	}
}

var copyEscapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func unescapeCopy(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c >= '0' && c <= '7':
			v := 0
			for k := 0; k < 3 && i < len(s) && s[i] >= '0' && s[i] <= '7'; k++ {
				v = v*8 + int(s[i]-'0')
				i++
			}
			i--
			out = append(out, byte(v))
		case c == 'x' && i+1 < len(s) && isHex(s[i+1]):
			v := 0
			for k := 0; k < 2 && i+1 < len(s) && isHex(s[i+1]); k++ {
				i++
				v = v*16 + hexValue(s[i])
			}
			out = append(out, byte(v))
		case copyEscapes[c] != 0:
			out = append(out, copyEscapes[c])
		default:
			out = append(out, c)
		}
	}
	return out
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func hexValue(c byte) int {
	if c <= '9' {
		return int(c - '0')
	}
	return int(c|0x20-'a') + 10
}

// splitCSV takes a record of CSV apart.
func (r *copyReader) splitCSV(line []byte) error {
	r.fields = r.fields[:0]
	if r.n == 0 && len(line) == 0 {
		return nil
	}
	for i := 0; ; i++ {
		field := []byte{}
		wasQuoted, quoted := false, false
		for ; i < len(line); i++ {
			c := line[i]
			switch {
			case quoted && c == r.o.escape && i+1 < len(line) && (line[i+1] == r.o.quote || line[i+1] == r.o.escape):
				i++
				field = append(field, line[i])
				continue
			case c == r.o.quote:
				quoted, wasQuoted = !quoted, true
				continue
			}
			if c == r.o.delim && !quoted {
				break
			}
			field = append(field, c)
		}
		if quoted {
			return badCopy("unterminated CSV quoted field")
		}
		r.fields = append(r.fields, r.csvValue(field, wasQuoted))
		if i >= len(line) {
			return nil
		}
	}
}

// csvValue is what a field means in its column: NULL or its text.
func (r *copyReader) csvValue(field []byte, quoted bool) []byte {
	at := len(r.fields)
	force := func(list []bool) bool { return at < len(list) && list[at] }
	if string(field) == r.o.null && (!quoted && !force(r.o.forceNotNull) || quoted && force(r.o.forceNull)) {
		return nil
	}
	return field
}

// copySignature begins data in binary format.
var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

func (r *copyReader) nextBinary() ([][]byte, error) {
	r.line++
	r.column = -1
	if !r.begun {
		r.begun = true
		if err := r.binaryHeader(); err != nil {
			return nil, err
		}
	}
	var n int16
	if err := binary.Read(r.in, binary.BigEndian, &n); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, unexpectedEnd(err)
	}
	if n == -1 {
		if extra, _ := io.Copy(io.Discard, r.in); extra > 0 {
			return nil, badCopy("received copy data after EOF marker")
		}
		return nil, nil
	}
	if int(n) != r.n {
		return nil, badCopy("row got %d, expected %d", n, r.n)
	}
	r.fields = r.fields[:0]
	for range r.n {
		var size int32
		if err := binary.Read(r.in, binary.BigEndian, &size); err != nil {
			return nil, unexpectedEnd(err)
		}
		switch {
		case size == -1:
			r.fields = append(r.fields, nil)
			continue
		case size < 0 || size > maxCopyField:
			return nil, badCopy("invalid field size")
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(r.in, b); err != nil {
			return nil, unexpectedEnd(err)
		}
		r.fields = append(r.fields, b)
	}
	return r.fields, nil
}

// maxCopyField bounds a field of binary data, so that a wrong length asks for no
// memory.
const maxCopyField = 16 << 20

func (r *copyReader) binaryHeader() error {
	head := make([]byte, len(copySignature)+8)
	if _, err := io.ReadFull(r.in, head); err != nil || !bytes.HasPrefix(head, copySignature) {
		if e := pgerr.As(err); e != nil {
			return e
		}
		return badCopy("COPY file signature not recognized")
	}
	if flags := binary.BigEndian.Uint32(head[len(copySignature):]); flags&^(1<<16) != 0 || flags&(1<<16) != 0 {
		return badCopy("unrecognized critical flags in COPY file header")
	}
	_, err := io.CopyN(io.Discard, r.in, int64(binary.BigEndian.Uint32(head[len(copySignature)+4:])))
	if err != nil {
		return badCopy("invalid COPY file header (wrong length)")
	}
	return nil
}

func unexpectedEnd(err error) error {
	if e := pgerr.As(err); e != nil {
		return e
	}
	return badCopy("unexpected EOF in COPY data")
}
