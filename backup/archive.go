// Package backup copies a cluster into one file while the cluster works, and makes
// a new data directory of such a file.
//
// A backup is a real copy: every key with its newest value as of one record of the
// journal, and the files that make the data directory what it is for its clients
// (identities, certificate authority). It knows nothing of how storage keeps its
// files. Every block of it has a checksum that knows the block's place, and a backup
// ends with a block that says how much it holds: one that is cut, mixed up or
// damaged is refused, with the offset.
package backup

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Marks and sizes of the format, "Backup" in docs/formats.md.
const (
	magic      = "zoryabak"
	version    = 1
	headerSize = 16
	blockHead  = 5
	// maxBlock bounds what a length may claim.
	maxBlock = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Kinds of blocks.
const (
	aboutBlock byte = 1 + iota // JSON: About.
	fileBlock                  // A file of the data directory.
	pairsBlock                 // Keys and values.
	endBlock                   // How many keys there are.
)

// ErrDamaged is wrapped by errors about a backup that is not as it was written.
var ErrDamaged = errors.New("the backup is damaged")

// damaged is the error for a block that begins at an offset.
func damaged(offset int64, format string, args ...any) error {
	return fmt.Errorf("%w at offset %d: %s", ErrDamaged, offset, fmt.Sprintf(format, args...))
}

// An archive writes blocks.
type archive struct {
	w     *bufio.Writer
	count uint64
	head  []byte
}

func newArchive(w io.Writer) (*archive, error) {
	a := &archive{w: bufio.NewWriterSize(w, 256<<10)}
	b := binary.BigEndian.AppendUint32([]byte(magic), version)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := a.w.Write(b)
	return a, err
}

// block writes a block.
func (a *archive) block(kind byte, payload []byte) error {
	if len(payload) > maxBlock {
		return fmt.Errorf("write backup: a block of %d bytes is too large", len(payload))
	}
	a.head = append(a.head[:0], kind)
	a.head = binary.BigEndian.AppendUint32(a.head, uint32(len(payload)))
	sum := blockSum(a.count, a.head, payload)
	a.count++
	for _, b := range [][]byte{a.head, payload, binary.BigEndian.AppendUint32(nil, sum)} {
		if _, err := a.w.Write(b); err != nil {
			return fmt.Errorf("write backup: %w", err)
		}
	}
	return nil
}

// blockSum is the checksum of a block and of its number.
func blockSum(number uint64, head, payload []byte) uint32 {
	sum := crc32.Checksum(binary.BigEndian.AppendUint64(nil, number), castagnoli)
	return crc32.Update(crc32.Update(sum, castagnoli, head), castagnoli, payload)
}

// A scanner reads blocks.
type scanner struct {
	r     *bufio.Reader
	at    int64 // Where the block that was read last begins.
	next  int64
	count uint64
	kind  byte
	data  []byte
}

func newScanner(r io.Reader) (*scanner, error) {
	s := &scanner{r: bufio.NewReaderSize(r, 256<<10), next: headerSize}
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return nil, s.failed(err)
	}
	switch {
	case string(b[:8]) != magic:
		return nil, fmt.Errorf("this is not a backup of zorya")
	case binary.BigEndian.Uint32(b[12:]) != crc32.Checksum(b[:12], castagnoli):
		return nil, damaged(0, "the header's checksum is wrong")
	case binary.BigEndian.Uint32(b[8:]) != version:
		return nil, fmt.Errorf("backup version %d: written by a newer version of Zorya", binary.BigEndian.Uint32(b[8:]))
	}
	return s, nil
}

// failed turns a read error into what it means: the end of the file, where there
// should be more, is damage.
func (s *scanner) failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damaged(s.at, "it is cut short")
	}
	return fmt.Errorf("read backup: %w", err)
}

// scan reads the next block into kind and data, which is valid until the next call.
func (s *scanner) scan() error {
	s.at = s.next
	var head [blockHead]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return s.failed(err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxBlock {
		return damaged(s.at, "a block of %d bytes", n)
	}
	size := int(n) + 4
	if cap(s.data) < size {
		s.data = make([]byte, size)
	}
	s.data = s.data[:size]
	if _, err := io.ReadFull(s.r, s.data); err != nil {
		return s.failed(err)
	}
	sum := binary.BigEndian.Uint32(s.data[n:])
	s.kind, s.data = head[0], s.data[:n]
	if sum != blockSum(s.count, head[:], s.data) {
		return damaged(s.at, "the checksum of the block is wrong")
	}
	s.next += blockHead + int64(size)
	s.count++
	return nil
}
