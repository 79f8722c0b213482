package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// DefaultSegmentSize is where a segment ends, unless Options say otherwise: small
// enough that opening, which copies the last one, takes milliseconds.
const DefaultSegmentSize = 16 << 20

// zeroAhead is how many zeros are written behind a frame that comes to the end of
// those written before. A write inside of a file is synced sooner than one that
// makes it longer: 0.25 ms instead of 0.45 ms on ext4 (docs/design/journal-format.md).
const zeroAhead = 512 << 10

// zeros is never written to.
var zeros = make([]byte, zeroAhead)

// category labels the journal's writes in the statistics of vfs.
const category vfs.DiskWriteCategory = "zorya-journal"

// Options shape a File.
type Options struct {
	FS          vfs.FS // nil: the operating system's.
	SegmentSize int64  // Bytes; 0: DefaultSegmentSize.
	// Durable is a record that is known to have been durable: a journal that ends
	// before it is damaged.
	Durable uint64
}

// File is the Journal in a local directory.
type File struct {
	fs   vfs.FS
	dir  string
	size int64 // Where a segment ends.

	durable uint64 // See Options.
	marking sync.Mutex
	mark    marker // Guarded by marking.
	cut     Cut

	writing sync.Mutex // Held by Append and Trim while they change segments; before mu.
	buf     []byte

	mu       sync.Mutex // Guards what follows; never held during I/O.
	segments []segment  // By first; never empty; the last one grows.
	active   vfs.File   // The last segment.
	last     uint64     // The last durable record.
	appended int64      // Bytes appended since opening.
	syncs    int64      // Syncs of appended batches since opening.
	err      error      // Why the journal stopped.
	grown    chan struct{}
}

// A segment is one file. Its bytes below end are valid and durable. In an older
// segment that was there at opening, end is the file's: there may be zeros before it.
type segment struct {
	header segmentHeader
	name   string
	end    int64
	zeroed int64 // The file has zeros from end up to here. 0: not known.
}

var _ Journal = (*File)(nil)

// OpenFile opens the journal in dir, or makes one. It cuts a torn tail, and
// refuses any other damage that it sees with a CorruptError. The caller keeps
// other processes out.
func OpenFile(dir string, o Options) (*File, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = DefaultSegmentSize
	}
	j := &File{fs: o.FS, dir: dir, size: o.SegmentSize, durable: o.Durable, grown: make(chan struct{})}
	if err := j.fs.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create journal directory %s: %w", dir, err)
	}
	if err := j.syncDir(j.fs.PathDir(dir)); err != nil { // It may be new.
		return nil, fmt.Errorf("create journal directory %s: %w", dir, err)
	}
	var err error
	if j.mark.last, err = readMark(j.fs, dir); err != nil {
		return nil, err
	}
	j.durable = max(j.durable, j.mark.last[0], j.mark.last[1])
	if err := j.list(true); err != nil {
		return nil, err
	}
	if len(j.segments) > 0 {
		return j, j.recover()
	}
	if j.durable > 0 {
		return nil, &CorruptError{File: dir, Reason: fmt.Sprintf("records up to %d had been durable, but there are no segments: files are missing", j.durable)}
	}
	return j, j.roll()
}

// A Cut is a torn tail that opening has cut: bytes that were not zeros, and were no
// whole record.
type Cut struct {
	File   string
	Offset int64
	Bytes  int64 // 0: nothing was cut.
}

// Cut returns what opening has cut.
func (j *File) Cut() Cut { return j.cut }

// isNotExist reports whether a file system says that a file is not there.
func isNotExist(err error) bool { return errors.Is(err, os.ErrNotExist) }

// Create makes a journal in a directory that has none, whose next record comes
// after `last`: that of a cluster made from a backup.
func Create(dir string, o Options, last uint64) (*File, error) {
	j := &File{fs: o.FS, dir: dir, size: DefaultSegmentSize, last: last, grown: make(chan struct{})}
	if err := j.fs.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create journal directory %s: %w", dir, err)
	}
	if err := j.list(true); err != nil {
		return nil, err
	}
	if len(j.segments) > 0 {
		return nil, fmt.Errorf("create journal: %s has one already", dir)
	}
	return j, j.roll()
}

// segmentName is the name of the segment that begins with a record.
func segmentName(first uint64) string { return fmt.Sprintf("%016x.journal", first) }

// list finds the segments, and with clean removes what an interrupted creation left.
func (j *File) list(clean bool) error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return fmt.Errorf("list journal directory %s: %w", j.dir, err)
	}
	slices.Sort(names)
	for _, name := range names {
		path := j.fs.PathJoin(j.dir, name)
		stem, isSegment := strings.CutSuffix(name, ".journal")
		if clean && strings.HasSuffix(name, ".journal.tmp") {
			if err := j.fs.Remove(path); err != nil {
				return fmt.Errorf("remove unfinished segment: %w", err)
			}
		}
		if !isSegment {
			continue
		}
		first, err := strconv.ParseUint(stem, 16, 64)
		if err != nil || segmentName(first) != name {
			return &CorruptError{File: path, Reason: "not the name of a segment"}
		}
		j.segments = append(j.segments, segment{header: segmentHeader{first: first}, name: path})
	}
	return nil
}

// Append implements Journal.
func (j *File) Append(batch []Record) error {
	if len(batch) == 0 {
		return nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	err, full, last := j.err, j.segments[len(j.segments)-1].end >= j.size, j.last
	j.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStopped, err)
	}
	for i := range batch {
		if batch[i].Seq != last+1+uint64(i) {
			panic(fmt.Sprintf("journal invariant 1: record %d follows %d", batch[i].Seq, last+uint64(i)))
		}
	}
	if full {
		if err := j.roll(); err != nil {
			return j.stop(err)
		}
	}
	return j.write(batch)
}

// write appends the frame of a batch to the last segment.
func (j *File) write(batch []Record) error {
	s := &j.segments[len(j.segments)-1]
	j.buf = appendFrame(j.buf[:0], batch, s.header.salt)
	if len(j.buf) > maxFramePayload {
		return j.stop(fmt.Errorf("batch of %d bytes is too large", len(j.buf)))
	}
	size, zeroed := int64(len(j.buf)), s.zeroed
	if s.end+size > zeroed {
		j.buf = append(j.buf, zeros[:max(0, min(zeroAhead, j.size-s.end-size))]...)
		zeroed = s.end + int64(len(j.buf))
	}
	if _, err := j.active.WriteAt(j.buf, s.end); err != nil {
		return j.stop(fmt.Errorf("write journal segment %s: %w", s.name, err))
	}
	if err := j.active.SyncData(); err != nil {
		return j.stop(fmt.Errorf("sync journal segment %s: %w", s.name, err))
	}
	j.mu.Lock() // readers copy segments
	s.end += size
	s.zeroed = zeroed
	j.last = batch[len(batch)-1].Seq
	j.appended += size
	j.syncs++
	close(j.grown)
	j.grown = make(chan struct{})
	j.mu.Unlock()
	if cap(j.buf) > 4<<20 {
		j.buf = nil // A huge transaction does not keep its memory.
	}
	return nil
}

// stop makes err the reason that nothing is appended any more.
func (j *File) stop(err error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
	return err
}

// roll begins a new segment after the last record.
func (j *File) roll() error {
	h := newSegmentHeader(j.last + 1)
	s := segment{header: h, name: j.fs.PathJoin(j.dir, segmentName(h.first)), end: segmentHeaderSize}
	f, err := j.create(s.name, h.encode())
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.active != nil {
		_ = j.active.Close() // All of it is synced.
	}
	j.segments, j.active = append(j.segments, s), f
	return nil
}

// create makes a file that appears under its name only once its content is
// durable, and returns it open for writing.
func (j *File) create(name string, content []byte) (vfs.File, error) {
	tmp := name + ".tmp"
	f, err := j.fs.Create(tmp, category)
	if err != nil {
		return nil, fmt.Errorf("create journal segment %s: %w", name, err)
	}
	if _, err = f.WriteAt(content, 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = j.fs.Rename(tmp, name)
	}
	if err == nil {
		err = j.syncDir(j.dir)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("create journal segment %s: %w", name, err)
	}
	return f, nil
}

// syncDir makes creations and removals in a directory durable.
func (j *File) syncDir(dir string) error {
	d, err := j.fs.OpenDir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Trim implements Journal: it removes the segments that hold smaller records
// only. The last one stays, unless all of it is older and it is worth ending.
func (j *File) Trim(before uint64) error {
	if err := j.endSegment(before); err != nil {
		return err
	}
	for {
		name, ok := j.forgetSegment(before)
		if !ok {
			return nil
		}
		// Synced one by one, so that a crash leaves no gap.
		if err := j.fs.Remove(name); err != nil {
			return fmt.Errorf("trim journal: %w", err)
		}
		if err := j.syncDir(j.dir); err != nil {
			return fmt.Errorf("trim journal: %w", err)
		}
	}
}

// endSegment begins a new segment if the last one has records, all of them
// smaller than before.
func (j *File) endSegment(before uint64) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	end := j.segments[len(j.segments)-1].end
	older := j.err == nil && j.last < before && end > segmentHeaderSize
	j.mu.Unlock()
	if !older {
		return nil
	}
	if err := j.roll(); err != nil {
		return j.stop(err)
	}
	return nil
}

// forgetSegment takes the first segment off the list if all of its records are
// smaller than before, and returns the name of its file.
func (j *File) forgetSegment(before uint64) (name string, ok bool) {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.segments) < 2 || j.segments[1].header.first > before {
		return "", false
	}
	name = j.segments[0].name
	j.segments = slices.Delete(j.segments, 0, 1)
	return name, true
}

// Bounds implements Journal.
func (j *File) Bounds() (first, last uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.segments[0].header.first, j.last
}

// Appended returns the number of bytes appended since the journal was opened.
func (j *File) Appended() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appended
}

// Syncs returns how often appended batches have been made durable since opening.
func (j *File) Syncs() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.syncs
}

// Err returns why the journal stopped, nil if it has not.
func (j *File) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close ends appending. Readers that wait return ErrStopped.
func (j *File) Close() error {
	return errors.Join(j.close(), j.closeMark())
}

func (j *File) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = fmt.Errorf("it is closed")
	}
	close(j.grown)
	j.grown = make(chan struct{})
	if j.active == nil {
		return nil
	}
	f := j.active
	j.active = nil
	return f.Close()
}
