package backup

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"zorya/kv"
)

// A Reader reads a backup: About and Files at once, then pair by pair.
type Reader struct {
	About About
	Files map[string][]byte // Those of the data directory, by name.
	Keys  uint64            // Read so far.

	s     *scanner
	block []byte // What is left of a block of pairs.
	ended bool
}

// NewReader reads the beginning of a backup.
func NewReader(r io.Reader) (*Reader, error) {
	s, err := newScanner(r)
	if err != nil {
		return nil, err
	}
	b := &Reader{s: s, Files: map[string][]byte{}}
	if err := s.scan(); err != nil {
		return nil, err
	}
	if s.kind != aboutBlock || json.Unmarshal(s.data, &b.About) != nil {
		return nil, damaged(s.at, "it does not say what it holds")
	}
	for {
		if err := b.advance(); err != nil || b.ended || len(b.block) > 0 {
			return b, err
		}
	}
}

// advance reads a block.
func (b *Reader) advance() error {
	if err := b.s.scan(); err != nil {
		return err
	}
	switch data := b.s.data; b.s.kind {
	case fileBlock:
		n, w := binary.Uvarint(data)
		if w <= 0 || n > uint64(len(data)-w) || !slices.Contains(shared, string(data[w:w+int(n)])) {
			return damaged(b.s.at, "a file without a proper name")
		}
		b.Files[string(data[w:w+int(n)])] = slices.Clone(data[w+int(n):])
	case pairsBlock:
		b.block = data
	case endBlock:
		if len(data) != 8 || binary.BigEndian.Uint64(data) != b.Keys {
			return damaged(b.s.at, "%d keys were read, but it says %x", b.Keys, data)
		}
		b.ended = true
		if _, err := b.s.r.ReadByte(); err != io.EOF {
			return damaged(b.s.next, "there is more behind its end")
		}
	default:
		return damaged(b.s.at, "a block of unknown kind %d", b.s.kind)
	}
	return nil
}

// Next returns the next pair; ok is false at the end. Key and value are valid until
// the next call.
func (b *Reader) Next() (key, value []byte, time kv.Timestamp, ok bool, err error) {
	for len(b.block) == 0 && !b.ended {
		if err := b.advance(); err != nil {
			return nil, nil, 0, false, err
		}
	}
	if b.ended {
		return nil, nil, 0, false, nil
	}
	if len(b.block) > 8 {
		time = kv.Timestamp(binary.BigEndian.Uint64(b.block))
		if rest := b.block[8:]; takeBytes(&rest, &key) && takeBytes(&rest, &value) {
			b.block = rest
			b.Keys++
			return key, value, time, true, nil
		}
	}
	return nil, nil, 0, false, damaged(b.s.at, "a block of pairs that are none")
}

// takeBytes takes a length and that many bytes off the front of b.
func takeBytes(b *[]byte, v *[]byte) bool {
	n, w := binary.Uvarint(*b)
	if w <= 0 || n > uint64(len(*b)-w) {
		return false
	}
	*v, *b = (*b)[w:w+int(n)], (*b)[w+int(n):]
	return true
}

// Verify reads a backup to its end.
func Verify(r io.Reader) (*Reader, error) {
	b, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	for {
		if _, _, _, ok, err := b.Next(); err != nil || !ok {
			return b, err
		}
	}
}

// String says what the backup holds.
func (a *About) String() string {
	return fmt.Sprintf("cluster %s up to record %d, made at %s", a.Cluster, a.Record, a.Made.Format("2006-01-02 15:04:05 MST"))
}
