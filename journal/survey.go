package journal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A Survey is what a closed journal holds.
type Survey struct {
	Segments int
	Bytes    int64 // Of all segments.
	Frames   int
	Records  uint64
	First    uint64 // The first record; Last is First-1 if there is none.
	Last     uint64
	Marked   uint64 // Up to here the journal says that it had been durable.
	// TornFile is where opening cuts a torn tail, "" if there is none.
	TornFile   string
	TornOffset int64
	TornBytes  int64 // That would be cut; zeros at their end do not count.

	Damages []*CorruptError
}

// Examine reads all of a journal without changing anything, past damage too, and
// calls each with the whole frames in order. It returns an error only if a file
// cannot be read; a directory that is missing is an empty journal.
func Examine(dir string, fs vfs.FS, each func([]Record)) (*Survey, error) {
	if fs == nil {
		fs = vfs.Default
	}
	s := &Survey{First: 1}
	j := &File{fs: fs, dir: dir}
	if _, err := fs.Stat(dir); isNotExist(err) {
		return s, nil
	}
	marks, err := readMark(fs, dir)
	if err := s.damage(err); err != nil {
		return nil, err
	}
	s.Marked = max(marks[0], marks[1])
	if err := s.damage(j.list(false)); err != nil {
		return nil, err
	}
	for i := range j.segments {
		if err := s.segment(j, i, each); err != nil {
			return nil, err
		}
	}
	if s.Last < s.Marked && len(s.Damages) == 0 {
		s.Damages = append(s.Damages, lostTail(s.TornFile, s.TornOffset, s.Last, s.Marked))
	}
	return s, nil
}

// damage notes an error if it is one of damage, and returns any other.
func (s *Survey) damage(err error) error {
	var c *CorruptError
	if errors.As(err, &c) {
		s.Damages = append(s.Damages, c)
		return nil
	}
	return err
}

// segment surveys one segment.
func (s *Survey) segment(j *File, i int, each func([]Record)) error {
	seg := &j.segments[i]
	first := seg.header.first
	data, err := readAll(j.fs, seg.name)
	if err != nil {
		return err
	}
	s.Segments++
	s.Bytes += int64(len(data))
	if i == 0 {
		s.First, s.Last = first, first-1
	}
	if err := s.damage(j.readHeader(seg)); err != nil {
		return err
	}
	if first != s.Last+1 {
		s.Damages = append(s.Damages, &CorruptError{File: seg.name,
			Reason: fmt.Sprintf("records %d to %d are missing before it", s.Last+1, first-1)})
	}
	s.Last = first - 1
	if seg.header.salt == 0 && seg.header.first == 0 {
		s.Last = s.successor(j, i)
		return nil
	}
	s.frames(j, i, data, each)
	return nil
}

// successor is the last record that a segment must have had, by the one after it.
func (s *Survey) successor(j *File, i int) uint64 {
	if i+1 < len(j.segments) {
		return j.segments[i+1].header.first - 1
	}
	return s.Last
}

// frames surveys what follows a segment's header.
func (s *Survey) frames(j *File, i int, data []byte, each func([]Record)) {
	seg, isLast := &j.segments[i], i == len(j.segments)-1
	for at := segmentHeaderSize; ; {
		end := at == len(data) || len(bytes.Trim(data[at:min(at+frameHeaderSize, len(data))], "\x00")) == 0
		size, next, err := frameAt(data[at:], seg.header.salt, s.Last+1)
		if err == nil {
			h, _ := decodeFrameHeader(data[at:at+frameHeaderSize], seg.header.salt)
			batch, _ := decodePayload(h, data[at+frameHeaderSize:at+size])
			each(batch)
			s.Frames++
			s.Records += next - s.Last
			at, s.Last = at+size, next
			continue
		}
		later := findFrame(data[min(at+1, len(data)):], seg.header.salt, s.Last)
		switch {
		case later >= 0:
			// Damage in the middle: go on behind it.
			at += 1 + later
			h, _ := decodeFrameHeader(data[at:at+frameHeaderSize], seg.header.salt)
			s.Damages = append(s.Damages, &CorruptError{File: seg.name, Offset: int64(at - 1 - later),
				Reason: fmt.Sprintf("records %d to %d are damaged", s.Last+1, h.first-1)})
			s.Last = h.first - 1
			continue
		case !isLast && s.successor(j, i) != s.Last:
			s.Damages = append(s.Damages, &CorruptError{File: seg.name, Offset: int64(at),
				Reason: fmt.Sprintf("records %d to %d are damaged", s.Last+1, s.successor(j, i))})
			s.Last = s.successor(j, i)
		case isLast && !errors.Is(err, errTorn):
			s.Damages = append(s.Damages, &CorruptError{File: seg.name, Offset: int64(at), Reason: err.Error()})
		case isLast:
			s.TornFile, s.TornOffset = seg.name, int64(at)
			if !end {
				s.TornBytes = int64(len(bytes.TrimRight(data[at:], "\x00")))
			}
		}
		return
	}
}

// lostTail is the damage of a journal that ends before what had been durable.
func lostTail(file string, at int64, last, durable uint64) *CorruptError {
	return &CorruptError{File: file, Offset: at,
		Reason: fmt.Sprintf("records up to %d had been durable, but the journal ends with %d", durable, last)}
}
