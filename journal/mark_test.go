package journal

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// frameEnds are the offsets behind each frame of a segment.
func frameEnds(t *testing.T, data []byte) (ends []int) {
	t.Helper()
	h, err := decodeSegmentHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	for at, next := segmentHeaderSize, h.first; ; {
		size, last, err := frameAt(data[at:], h.salt, next)
		if err != nil {
			return ends
		}
		at, next = at+size, last+1
		ends = append(ends, at)
	}
}

// journalOf makes a journal of 10 records, a frame each, all in one segment.
func journalOf(t *testing.T, mark bool) (fs vfs.FS, name string) {
	t.Helper()
	fs = vfs.NewMem()
	j := mustOpen(t, fs, 0)
	for seq := uint64(1); seq <= 10; seq++ {
		mustAppend(t, j, records(seq, seq))
		if mark && seq%3 == 1 {
			if err := j.Mark(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return fs, fs.PathJoin(dir, segmentName(1))
}

// TestMarkedTailIsNotTorn: wherever the tail of a marked journal is lost, opening
// refuses it with file and offset and changes nothing; without a mark it is cut.
func TestMarkedTailIsNotTorn(t *testing.T) {
	for _, marked := range []bool{true, false} {
		fs, name := journalOf(t, marked)
		whole := content(t, fs, name)
		ends := frameEnds(t, whole)
		if len(ends) != 10 {
			t.Fatalf("%d frames", len(ends))
		}
		for at := segmentHeaderSize; at < ends[9]; at++ {
			lost := 0
			for lost < 10 && ends[lost] <= at {
				lost++
			}
			setContent(t, fs, name, whole[:at])
			j, err := OpenFile(dir, Options{FS: fs})
			if !marked {
				if err != nil || j.last != uint64(lost) {
					t.Fatalf("cut at %d: last %d, %v; want %d", at, j.last, err, lost)
				}
				_ = j.Close()
				continue
			}
			var c *CorruptError
			start := segmentHeaderSize
			if lost > 0 {
				start = ends[lost-1]
			}
			if !errors.As(err, &c) || c.File != name || c.Offset != int64(start) || !strings.Contains(c.Reason, fmt.Sprintf("ends with %d", lost)) {
				t.Fatalf("cut at %d: %v", at, err)
			}
			if len(content(t, fs, name)) != at {
				t.Fatalf("cut at %d: the file has been changed", at)
			}
		}
	}
}

// TestTornMarkLeavesTheOtherSlot: a mark of which only a part was written does not
// count, and does no harm.
func TestTornMarkLeavesTheOtherSlot(t *testing.T) {
	fs, _ := journalOf(t, true) // Marks at 1, 4, 7, 10: slots 7 and 10.
	name := fs.PathJoin(dir, markName)
	whole := content(t, fs, name)
	for slot := range 2 {
		for i := range markSize {
			torn := append([]byte(nil), whole...)
			torn[slot*markSlot+i] ^= 0x41
			setContent(t, fs, name, torn)
			marks, err := readMark(fs, dir)
			if want := [2]uint64{7, 10}[1-slot]; err != nil || max(marks[0], marks[1]) != want {
				t.Fatalf("slot %d, byte %d: %v, %v; want %d", slot, i, marks, err, want)
			}
		}
	}
	setContent(t, fs, name, make([]byte, 0))
	if marks, err := readMark(fs, dir); err != nil || marks != [2]uint64{} {
		t.Fatalf("empty: %v, %v", marks, err)
	}
	whole[3] ^= 1
	whole[markSlot+3] ^= 1
	setContent(t, fs, name, whole)
	if _, err := OpenFile(dir, Options{FS: fs}); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), markName) {
		t.Fatalf("both slots damaged: %v", err)
	}
}

// TestMissingSegments: also the last one is missed.
func TestMissingSegments(t *testing.T) {
	build := func() (vfs.FS, []string) {
		fs := vfs.NewMem()
		j := mustOpen(t, fs, 300)
		for seq := uint64(1); seq <= 40; seq++ {
			mustAppend(t, j, records(seq, seq))
		}
		if err := j.Mark(); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range j.segments {
			names = append(names, s.name)
		}
		_ = j.Close()
		return fs, names
	}
	_, names := build()
	if len(names) < 4 {
		t.Fatalf("%d segments", len(names))
	}
	for i, missing := range names {
		fs, _ := build()
		if err := fs.Remove(missing); err != nil {
			t.Fatal(err)
		}
		s, err := Examine(dir, fs, func([]Record) {})
		if err != nil {
			t.Fatal(err)
		}
		if (len(s.Damages) == 0) != (i == 0) { // The first may have been trimmed.
			t.Errorf("segment %d of %d missing: examined as %+v", i, len(names), s)
		}
		j, err := OpenFile(dir, Options{FS: fs})
		if err == nil {
			_, err = readBack(j, j.segments[0].header.first)
			_ = j.Close()
		}
		if errors.Is(err, ErrCorrupt) != (i > 0) {
			t.Errorf("segment %d of %d missing: %v", i, len(names), err)
		}
	}
	fs, _ := build()
	for _, name := range names {
		_ = fs.Remove(name)
	}
	if _, err := OpenFile(dir, Options{FS: fs}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("all segments missing: %v", err)
	}
}

// TestExamineFindsEveryFlip: a flipped bit in any byte of a frame or of a header is
// found, with the file and the offset of the frame, and everything else is read.
func TestExamineFindsEveryFlip(t *testing.T) {
	fs, name := journalOf(t, true)
	whole := content(t, fs, name)
	ends := frameEnds(t, whole)
	whole = whole[:ends[9]+50] // Fewer zeros to search.
	setContent(t, fs, name, whole)
	examine := func() (s *Survey, got uint64) {
		s, err := Examine(dir, fs, func(batch []Record) { got += uint64(len(batch)) })
		if err != nil {
			t.Fatal(err)
		}
		return s, got
	}
	if s, got := examine(); len(s.Damages) > 0 || got != 10 || s.Frames != 10 || s.First != 1 || s.Last != 10 || s.Marked != 10 || s.TornBytes != 0 {
		t.Fatalf("undamaged: %+v, %d records", s, got)
	}
	for at := range ends[9] {
		bad := append([]byte(nil), whole...)
		bad[at] ^= 1 << (at % 8)
		setContent(t, fs, name, bad)
		s, got := examine()
		frame, start := 0, segmentHeaderSize
		for frame < 9 && ends[frame] <= at {
			start = ends[frame]
			frame++
		}
		wantRecords := uint64(9)
		if at < segmentHeaderSize {
			start, wantRecords = 0, 0
		}
		if len(s.Damages) != 1 || s.Damages[0].File != name || s.Damages[0].Offset != int64(start) || got != wantRecords {
			t.Fatalf("byte %d flipped: %d records, %v; want the frame at %d", at, got, s.Damages, start)
		}
	}
}
