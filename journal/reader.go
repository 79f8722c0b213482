package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A fileReader reads one segment after the other, up to what is durable.
type fileReader struct {
	j      *File
	follow bool
	next   uint64 // Sequence number of the next record.
	skip   uint64 // Records before this one are not returned.

	f    vfs.File // nil: to be opened.
	seg  segment
	in   *bufio.Reader
	at   int64 // Offset of the next frame.
	upTo int64 // What `in` can reach.
	// ended says that zeros stand at `at`: an older segment ends there.
	ended bool
}

// Read implements Journal.
func (j *File) Read(from uint64) (Reader, error) { return j.newReader(from, false) }

// Tail implements Journal.
func (j *File) Tail(from uint64) (Reader, error) { return j.newReader(from, true) }

func (j *File) newReader(from uint64, follow bool) (Reader, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := j.segments[0].header.first
	if from < first {
		return nil, fmt.Errorf("record %d, the first is %d: %w", from, first, ErrTrimmed)
	}
	if from > j.last+1 {
		return nil, fmt.Errorf("read journal from record %d, but the last is %d", from, j.last)
	}
	for _, s := range j.segments {
		if s.header.first <= from {
			first = s.header.first
		}
	}
	return &fileReader{j: j, follow: follow, next: first, skip: from}, nil
}

// Next implements Reader.
func (r *fileReader) Next(ctx context.Context) ([]Record, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		more, err := r.advance(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			continue
		}
		batch, err := r.frame()
		if err != nil {
			return nil, err
		}
		if r.ended {
			continue
		}
		r.next = batch[len(batch)-1].Seq + 1
		if r.next <= r.skip {
			continue
		}
		if first := batch[0].Seq; first < r.skip {
			batch = batch[r.skip-first:]
		}
		return batch, nil
	}
}

// advance makes sure that there is a frame to read at r.at: it opens the next
// segment, learns how far this one goes, or waits. It reports whether there is.
func (r *fileReader) advance(ctx context.Context) (bool, error) {
	if r.f != nil && r.at < r.upTo && !r.ended {
		return true, nil
	}
	j := r.j
	j.mu.Lock()
	i := len(j.segments) - 1
	for i >= 0 && (r.f != nil && j.segments[i].header != r.seg.header || r.f == nil && j.segments[i].header.first > r.next) {
		i--
	}
	if i < 0 {
		j.mu.Unlock()
		return false, fmt.Errorf("record %d: %w", r.next, ErrTrimmed)
	}
	seg, last, grown, stopped := j.segments[i], i == len(j.segments)-1, j.grown, j.err
	var successor uint64
	if !last {
		successor = j.segments[i+1].header.first
	}
	j.mu.Unlock()
	switch {
	case r.f == nil:
		return false, r.open(seg)
	case r.ended && last:
		return false, r.corrupt("record header is damaged")
	case r.at < seg.end && !r.ended:
		r.upTo = seg.end
		r.in.Reset(io.NewSectionReader(r.f, r.at, r.upTo-r.at))
		return true, nil
	case !last && successor != r.next:
		return false, r.corrupt(fmt.Sprintf("the segment ends before record %d, the next begins with %d", r.next, successor))
	case !last:
		r.close()
		return false, nil
	case !r.follow:
		return false, io.EOF
	case stopped != nil:
		return false, fmt.Errorf("%w: %w", ErrStopped, stopped)
	}
	select {
	case <-grown:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// trimmed reports whether a segment is no longer kept.
func (j *File) trimmed(seg segment) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return seg.header.first < j.segments[0].header.first
}

// open begins to read a segment.
func (r *fileReader) open(seg segment) error {
	f, err := r.j.fs.Open(seg.name)
	if isNotExist(err) && r.j.trimmed(seg) {
		return fmt.Errorf("record %d: %w", r.next, ErrTrimmed)
	}
	if err != nil {
		return fmt.Errorf("open journal segment: %w", err)
	}
	r.f, r.seg, r.at, r.upTo = f, seg, segmentHeaderSize, segmentHeaderSize
	r.ended = false
	r.in = bufio.NewReaderSize(nil, 256<<10)
	if r.next != seg.header.first {
		return r.corrupt(fmt.Sprintf("record %d is missing before it", r.next))
	}
	return nil
}

// frame reads and decodes the frame at r.at, or sets ended.
func (r *fileReader) frame() ([]Record, error) {
	var head [frameHeaderSize]byte
	size := min(r.upTo-r.at, frameHeaderSize) // Zeros may end anywhere.
	if _, err := io.ReadFull(r.in, head[:size]); err != nil {
		return nil, r.failed(err, "record header is cut short")
	}
	if head == [frameHeaderSize]byte{} {
		r.ended = true
		return nil, nil
	}
	h, ok := decodeFrameHeader(head[:], r.seg.header.salt)
	if size < frameHeaderSize || !ok || h.first != r.next {
		return nil, r.corrupt("record header is damaged")
	}
	if int64(h.length) > r.upTo-r.at-frameHeaderSize {
		return nil, r.corrupt("record is cut short")
	}
	payload := make([]byte, h.length)
	if _, err := io.ReadFull(r.in, payload); err != nil {
		return nil, r.failed(err, "record is cut short")
	}
	batch, err := decodePayload(h, payload)
	if err != nil {
		return nil, r.corrupt(err.Error())
	}
	r.at += frameHeaderSize + int64(h.length)
	return batch, nil
}

// failed turns a read error into what it means: the end of the file, where there
// should be more, is corruption.
func (r *fileReader) failed(err error, reason string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return r.corrupt(reason)
	}
	return fmt.Errorf("read journal segment %s: %w", r.seg.name, err)
}

func (r *fileReader) corrupt(reason string) error {
	return &CorruptError{File: r.seg.name, Offset: r.at, Reason: reason}
}

func (r *fileReader) close() {
	if r.f != nil {
		_ = r.f.Close()
		r.f = nil
	}
}

// Close implements Reader.
func (r *fileReader) Close() { r.close() }
