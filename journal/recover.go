package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// recover reads the headers of the segments that list found and the frames of
// the last one, cuts its torn tail, and opens it for appending.
func (j *File) recover() error {
	for i := range j.segments {
		if err := j.readHeader(&j.segments[i]); err != nil {
			return err
		}
	}
	s := &j.segments[len(j.segments)-1]
	data, err := readAll(j.fs, s.name)
	if err != nil {
		return err
	}
	end, last, err := scan(s, data)
	if err != nil {
		return err
	}
	if last < j.durable {
		return lostTail(s.name, end, last, j.durable)
	}
	s.end, j.last = end, last
	j.cut = Cut{File: s.name, Offset: end, Bytes: int64(len(bytes.TrimRight(data[end:], "\x00")))}
	if end == segmentHeaderSize && len(data) == segmentHeaderSize {
		j.active, err = j.fs.OpenReadWrite(s.name, category)
		return err
	}
	// The last segment is written anew even if nothing is cut: after a failed sync
	// the page cache may show what the disk never got, and no later sync would
	// write it (invariant 3).
	j.active, err = j.create(s.name, data[:end])
	return err
}

// readHeader fills in a segment's header and end.
func (j *File) readHeader(s *segment) error {
	f, err := j.fs.Open(s.name)
	if err != nil {
		return fmt.Errorf("open journal segment: %w", err)
	}
	defer f.Close()
	b := make([]byte, segmentHeaderSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read journal segment %s: %w", s.name, err)
	}
	first := s.header.first
	if s.header, err = decodeSegmentHeader(b[:n]); err != nil {
		return &CorruptError{File: s.name, Reason: err.Error()}
	}
	if s.header.first != first {
		return &CorruptError{File: s.name, Reason: "the header belongs to another segment"}
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read journal segment %s: %w", s.name, err)
	}
	s.end = info.Size()
	return nil
}

// scan returns where the valid frames of the last segment end and its last
// record. What follows them is a torn tail, unless it can't be one: by invariant
// 2 nothing that was written whole stands behind it.
func scan(s *segment, data []byte) (end int64, last uint64, err error) {
	at, last := segmentHeaderSize, s.header.first-1
	for at < len(data) {
		size, next, err := frameAt(data[at:], s.header.salt, last+1)
		if err == nil {
			at, last = at+size, next
			continue
		}
		corrupt := &CorruptError{File: s.name, Offset: int64(at), Reason: err.Error()}
		if !errors.Is(err, errTorn) {
			return 0, 0, corrupt
		}
		if later := findFrame(data[at+1:], s.header.salt, last); later >= 0 {
			corrupt.Reason += fmt.Sprintf(", and a valid record follows at offset %d", at+1+later)
			return 0, 0, corrupt
		}
		break
	}
	return int64(at), last, nil
}

// errTorn is wrapped by errors that a write cut short by a crash can cause.
var errTorn = errors.New("the record is not whole")

// frameAt checks the frame at the beginning of data, whose first record must
// be `first`. It returns its size and its last record.
func frameAt(data []byte, salt, first uint64) (size int, last uint64, err error) {
	if len(data) < frameHeaderSize {
		return 0, 0, errTorn
	}
	h, ok := decodeFrameHeader(data[:frameHeaderSize], salt)
	if !ok {
		return 0, 0, errTorn
	}
	if h.first != first {
		return 0, 0, fmt.Errorf("record %d stands where %d belongs", h.first, first)
	}
	if uint64(h.length) > uint64(len(data)-frameHeaderSize) {
		return 0, 0, errTorn
	}
	size = frameHeaderSize + int(h.length)
	payload := data[frameHeaderSize:size]
	if !h.matches(payload) {
		return 0, 0, errTorn
	}
	if _, err := decodePayload(h, payload); err != nil {
		return 0, 0, err
	}
	return size, h.first + uint64(h.count) - 1, nil
}

// findFrame returns the offset of a frame header whose records come after last,
// -1 if there is none. Its payload need not be whole: the header alone proves
// that everything before it had been durable.
func findFrame(data []byte, salt, last uint64) int {
	for at := 0; at+frameHeaderSize <= len(data); at++ {
		if h, ok := decodeFrameHeader(data[at:at+frameHeaderSize], salt); ok && h.first > last+1 {
			return at
		}
	}
	return -1
}

// readAll returns the content of a file.
func readAll(fs vfs.FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open journal segment: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read journal segment %s: %w", name, err)
	}
	return data, nil
}
