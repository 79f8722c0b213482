package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The file DURABLE says that records up to a number had been durable: opening
// refuses a journal that ends before it, because that is no torn tail but damage.
// Without it nobody could tell a last frame that a crash has torn from a dozen that
// a disk has lost. It has two slots that are written in turn, so that a torn write
// leaves the other one; "Mark" in docs/formats.md.
const (
	markName  = "DURABLE"
	markMagic = "zoryamrk"
	markSize  = 24
	// markSlot is where the second slot begins: in a sector of its own.
	markSlot = 4096
)

// A marker writes marks. The zero value has its file closed.
type marker struct {
	f    vfs.File
	last [2]uint64 // By slot.
}

func encodeMark(last uint64) []byte {
	b := binary.BigEndian.AppendUint32([]byte(markMagic), segmentVersion)
	b = binary.BigEndian.AppendUint64(b, last)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeMark reads a slot. One that has not been written says 0.
func decodeMark(b []byte) (last uint64, ok bool) {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return 0, true
	}
	if len(b) < markSize || !bytes.Equal(b[:markSize], encodeMark(binary.BigEndian.Uint64(b[12:]))) {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[12:]), true
}

// readMark returns the marks in a journal's directory; zeros if there are none.
func readMark(fs vfs.FS, dir string) (last [2]uint64, err error) {
	name := fs.PathJoin(dir, markName)
	f, err := fs.Open(name)
	if isNotExist(err) {
		return last, nil
	}
	if err != nil {
		return last, fmt.Errorf("open journal mark: %w", err)
	}
	defer f.Close()
	good := 0
	for i := range last {
		b := make([]byte, markSize)
		n, err := f.ReadAt(b, int64(i)*markSlot)
		if err != nil && err != io.EOF {
			return last, fmt.Errorf("read journal mark %s: %w", name, err)
		}
		var ok bool
		if last[i], ok = decodeMark(b[:n]); ok {
			good++
		}
	}
	if good == 0 {
		return last, &CorruptError{File: name, Reason: "neither of its slots is whole; if nothing else is damaged, remove the file"}
	}
	return last, nil
}

// Mark notes durably how far the journal is durable, so that no later damage can
// pass for a torn tail. It does nothing if nothing has been appended since the
// last time. Appending goes on meanwhile.
func (j *File) Mark() error {
	j.marking.Lock()
	defer j.marking.Unlock()
	j.mu.Lock()
	last, stopped := j.last, j.err != nil
	j.mu.Unlock()
	if stopped || last <= max(j.mark.last[0], j.mark.last[1]) {
		return nil
	}
	if err := j.writeMark(last); err != nil {
		return fmt.Errorf("mark journal: %w", err)
	}
	return nil
}

func (j *File) writeMark(last uint64) (err error) {
	isNew := j.mark.f == nil
	if isNew {
		j.mark.f, err = j.fs.OpenReadWrite(j.fs.PathJoin(j.dir, markName), category)
		if err != nil {
			return err
		}
	}
	slot := 0
	if j.mark.last[1] < j.mark.last[0] {
		slot = 1
	}
	if _, err := j.mark.f.WriteAt(encodeMark(last), int64(slot)*markSlot); err != nil {
		return err
	}
	if err := j.mark.f.Sync(); err != nil {
		return err
	}
	if isNew {
		if err := j.syncDir(j.dir); err != nil {
			return err
		}
	}
	j.mark.last[slot] = last
	return nil
}

// closeMark closes the file of marks.
func (j *File) closeMark() error {
	j.marking.Lock()
	defer j.marking.Unlock()
	if j.mark.f == nil {
		return nil
	}
	f := j.mark.f
	j.mark.f = nil
	return f.Close()
}
