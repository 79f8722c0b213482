package session

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/types"
)

// A copyWriter makes COPY data of rows.
type copyWriter struct {
	o      *copyFormat
	fields []Field
	f      *types.Format
	env    *expr.Env
	buf    []byte
}

// send writes the rows of a query, and returns how many there were.
func (w *copyWriter) send(cur *exec.Cursor, names []string, out io.WriteCloser) (n int64, err error) {
	head, err := w.header(names)
	if err != nil {
		return 0, err
	}
	if w.o.format == "binary" {
		// The header comes in one message with the first row, where clients look for it.
		out = &headed{WriteCloser: out, head: head}
	} else if _, err := out.Write(head); err != nil {
		return 0, err
	}
	for {
		b, err := cur.Next()
		if err != nil {
			return 0, err
		}
		if b == nil {
			break
		}
		for i := range b.Len {
			line, err := w.row(b, i)
			if err != nil {
				return 0, err
			}
			if _, err := out.Write(line); err != nil {
				return 0, err
			}
			n++
		}
	}
	if end := w.trailer(); end != nil {
		if _, err := out.Write(end); err != nil {
			return 0, err
		}
	}
	return n, out.Close()
}

// A headed writer puts a header before what is written first.
type headed struct {
	io.WriteCloser
	head []byte
}

func (h *headed) Write(p []byte) (int, error) {
	if h.head == nil {
		return h.WriteCloser.Write(p)
	}
	_, err := h.WriteCloser.Write(append(h.head, p...))
	h.head = nil
	return len(p), err
}

// header is what comes before the rows; it may be empty.
func (w *copyWriter) header(names []string) ([]byte, error) {
	if w.o.format == "binary" {
		return append(bytes.Clone(copySignature), 0, 0, 0, 0, 0, 0, 0, 0), nil
	}
	if !w.o.header {
		return nil, nil
	}
	var b []byte
	for i, n := range names {
		n, err := w.o.fromUTF8(n)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, w.o.delim)
		}
		if w.o.format == "csv" {
			b = w.appendCSV(b, n, false)
		} else {
			b = w.appendText(b, n)
		}
	}
	return append(b, '\n'), nil
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
			v := types.AppendBinary(nil, t, types.Spelled(t, d, w.env.Format))
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
		if err == nil {
			text, err = w.o.fromUTF8(text)
		}
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
