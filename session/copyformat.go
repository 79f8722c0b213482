package session

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/expr"
	"zorya/sql/types"
)

// A copyFormat is COPY's options.
type copyFormat struct {
	format       string // text, csv, binary
	delim        byte
	null         string
	header       bool
	match        bool // HEADER MATCH
	quote        byte
	escape       byte
	forceQuote   []bool // by column of the data
	forceNull    []bool
	forceNotNull []bool
}

// copyOptions reads the options of a COPY statement.
func copyOptions(t *ast.Copy) (*copyFormat, error) {
	o := &copyFormat{format: "text", quote: '"'}
	bad := func(format string, args ...any) (*copyFormat, error) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, format, args...)
	}
	if f, ok := t.Options["format"]; ok {
		if o.format = strings.ToLower(f); o.format != "text" && o.format != "csv" && o.format != "binary" {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "COPY format \"%s\" not recognized", f)
		}
	}
	csv := o.format == "csv"
	o.delim, o.null = '\t', `\N`
	if csv {
		o.delim, o.null = ',', ""
	}
	one := func(name, value string, to *byte) error {
		if len(value) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY %s must be a single one-byte character", name)
		}
		*to = value[0]
		return nil
	}
	for name, v := range t.Options {
		switch name {
		case "format", "freeze":
		case "delimiter":
			if o.format == "binary" {
				return nil, pgerr.New(pgerr.SyntaxError, "cannot specify DELIMITER in BINARY mode")
			}
			if err := one("delimiter", v, &o.delim); err != nil {
				return nil, err
			}
			if v == "\n" || v == "\r" {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
			}
		case "null":
			if o.format == "binary" {
				return nil, pgerr.New(pgerr.SyntaxError, "cannot specify NULL in BINARY mode")
			}
			o.null = v
		case "header":
			switch strings.ToLower(v) {
			case "match":
				if !t.From {
					return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot use \"%s\" with HEADER in COPY TO", v)
				}
				o.header, o.match = true, true
			case "", "true", "on", "1":
				o.header = true
			}
		case "quote":
			if !csv {
				return bad("COPY quote available only in CSV mode")
			}
			if err := one("quote", v, &o.quote); err != nil {
				return nil, err
			}
		case "escape":
			if !csv {
				return bad("COPY escape available only in CSV mode")
			}
			if err := one("escape", v, &o.escape); err != nil {
				return nil, err
			}
		case "encoding":
			if _, err := canonEncoding(nil, v); err != nil {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "argument to option \"encoding\" must be a valid encoding name")
			}
		case "force_quote", "force_null", "force_not_null":
			if !csv {
				return bad("COPY %s available only in CSV mode", strings.ReplaceAll(name, "_", " "))
			}
		default:
			return nil, pgerr.New(pgerr.SyntaxError, "option \"%s\" not recognized", name)
		}
	}
	if o.escape == 0 {
		o.escape = o.quote
	}
	return o, nil
}

// resolveColumns finds the columns that FORCE_… options name ("*": all).
func (o *copyFormat) resolveColumns(t *ast.Copy, names []string) error {
	for option, to := range map[string]*[]bool{"force_quote": &o.forceQuote, "force_null": &o.forceNull, "force_not_null": &o.forceNotNull} {
		*to = make([]bool, len(names))
		for _, want := range t.ForceCols[option] {
			found := false
			for i, n := range names {
				if n == want || want == "*" {
					(*to)[i], found = true, true
				}
			}
			if !found {
				return pgerr.New(pgerr.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", strings.ToUpper(option), want)
			}
		}
	}
	return nil
}

// A copyReader takes COPY data apart into the fields of rows.
type copyReader struct {
	in    *bufio.Reader
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
	return &copyReader{in: bufio.NewReaderSize(in, 64<<10), o: o, n: n, names: names, table: table, column: -1}
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
	case r.column >= 0 && r.column < len(r.fields) && r.fields[r.column] != nil && r.o.format != "binary":
		c.Where += fmt.Sprintf(", column %s: \"%s\"", r.names[r.column], r.fields[r.column])
	case r.column >= 0:
		c.Where += fmt.Sprintf(", column %s", r.names[r.column])
	case len(r.text) > 0:
		c.Where += fmt.Sprintf(": \"%s\"", r.text)
	}
	return &c
}

func badCopy(format string, args ...any) error {
	return pgerr.New(pgerr.BadCopyFileFormat, format, args...)
}

// next returns the fields of the next row, nil at the end. A nil field is NULL.
// They are good until the next call.
func (r *copyReader) next() ([][]byte, error) {
	if r.o.format == "binary" {
		return r.nextBinary()
	}
	for {
		line, err := r.readLine()
		if err != nil || line == nil {
			return nil, err
		}
		r.text = line
		if !r.begun {
			r.begun = true
			if r.o.header {
				if r.o.match {
					if err := r.checkHeader(); err != nil {
						return nil, err
					}
				}
				continue
			}
		}
		if r.o.format == "csv" {
			err = r.splitCSV(line)
		} else {
			err = r.splitText(line)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case len(r.fields) < r.n:
			return nil, badCopy("missing data for column \"%s\"", r.names[len(r.fields)])
		case len(r.fields) > r.n:
			return nil, badCopy("extra data after last expected column")
		}
		return r.fields, nil
	}
}

func (r *copyReader) checkHeader() error {
	if err := r.splitCSV(r.text); err != nil {
		return err
	}
	if len(r.fields) != r.n {
		return badCopy("wrong number of fields in header line: got %d, expected %d", len(r.fields), r.n)
	}
	for i, f := range r.fields {
		if string(f) != r.names[i] {
			return badCopy("column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f, r.names[i])
		}
	}
	return nil
}

// readLine reads a line without its end; of CSV, as many as a quoted field spans.
// nil at the end of the data or at \. by itself.
func (r *copyReader) readLine() ([]byte, error) {
	r.line++
	r.column = -1
	var line []byte
	quoted := false
	for {
		part, err := r.in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if r.o.format == "csv" {
			quoted = r.endsQuoted(part, quoted)
		}
		line = append(line, part...)
		if err != nil {
			if quoted {
				return nil, badCopy("unterminated CSV quoted field")
			}
			if len(line) == 0 {
				return nil, nil
			}
		}
		if quoted || err == nil && r.o.format == "text" && escapedEnd(line) {
			continue
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if string(line) == `\.` {
			_, err := io.Copy(io.Discard, r.in)
			return nil, err
		}
		if line == nil {
			line = []byte{}
		}
		return line, nil
	}
}

// escapedEnd reports whether a line of text format ends with a backslash before its
// newline, which makes the newline data.
func escapedEnd(line []byte) bool {
	if len(line) < 2 || line[len(line)-1] != '\n' {
		return false
	}
	n := 0
	for i := len(line) - 2; i >= 0 && line[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// endsQuoted reports whether a CSV line that begins inside quotes, or not, ends
// inside of them.
func (r *copyReader) endsQuoted(part []byte, quoted bool) bool {
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case quoted && c == r.o.escape && r.o.escape != r.o.quote && i+1 < len(part):
			i++
		case c == r.o.quote:
			quoted = !quoted
		}
	}
	return quoted
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
		at := len(r.fields)
		force := func(list []bool) bool { return at < len(list) && list[at] }
		if string(field) == r.o.null && (!wasQuoted && !force(r.o.forceNotNull) || wasQuoted && force(r.o.forceNull)) {
			field = nil
		}
		r.fields = append(r.fields, field)
		if i >= len(line) {
			return nil
		}
	}
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
		return nil, badCopy("row field count is %d, expected %d", n, r.n)
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

// A copyWriter makes COPY data of rows.
type copyWriter struct {
	o      *copyFormat
	fields []Field
	f      *types.Format
	env    *expr.Env
	buf    []byte
}

// header is what comes before the rows; it may be empty.
func (w *copyWriter) header(names []string) []byte {
	if w.o.format == "binary" {
		return append(bytes.Clone(copySignature), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	if !w.o.header {
		return nil
	}
	var b []byte
	for i, n := range names {
		if i > 0 {
			b = append(b, w.o.delim)
		}
		if w.o.format == "csv" {
			b = w.appendCSV(b, n, false)
		} else {
			b = w.appendText(b, n)
		}
	}
	return append(b, '\n')
}

func (w *copyWriter) trailer() []byte {
	if w.o.format == "binary" {
		return []byte{0xff, 0xff}
	}
	return nil
}

// row is row i of a batch, good until the next call.
func (w *copyWriter) row(b *types.Batch, i int) ([]byte, error) {
	w.buf = w.buf[:0]
	if w.o.format == "binary" {
		w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(w.fields)))
	}
	for c := range w.fields {
		d := b.Cols[c].At(i)
		t := w.fields[c].Type
		if w.o.format == "binary" {
			if d.IsNull() {
				w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			v := types.AppendBinary(nil, t, d)
			w.buf = append(binary.BigEndian.AppendUint32(w.buf, uint32(len(v))), v...)
			continue
		}
		if c > 0 {
			w.buf = append(w.buf, w.o.delim)
		}
		if d.IsNull() {
			w.buf = append(w.buf, w.o.null...)
			continue
		}
		text, err := expr.Text(w.env, t, d)
		if err != nil {
			return nil, err
		}
		if w.o.format == "csv" {
			force := c < len(w.o.forceQuote) && w.o.forceQuote[c]
			w.buf = w.appendCSV(w.buf, text, force || text == w.o.null || len(w.fields) == 1 && text == `\.`)
		} else {
			w.buf = w.appendText(w.buf, text)
		}
	}
	if w.o.format != "binary" {
		w.buf = append(w.buf, '\n')
	}
	return w.buf, nil
}

func (w *copyWriter) appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\v':
			b = append(b, '\\', 'v')
		case '\\', w.o.delim:
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return b
}

func (w *copyWriter) appendCSV(b []byte, s string, force bool) []byte {
	if !force && !strings.ContainsAny(s, string([]byte{w.o.delim, w.o.quote, '\n', '\r'})) {
		return append(b, s...)
	}
	b = append(b, w.o.quote)
	for i := 0; i < len(s); i++ {
		if s[i] == w.o.quote || s[i] == w.o.escape {
			b = append(b, w.o.escape)
		}
		b = append(b, s[i])
	}
	return append(b, w.o.quote)
}
