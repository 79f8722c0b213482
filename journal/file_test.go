package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/kv"
)

var ctx = context.Background()

const dir = "/j"

// record returns a record whose content follows from its number.
func record(seq uint64) Record {
	value := bytes.Repeat([]byte{byte(seq)}, int(seq*7%50))
	return Record{Seq: seq, Time: kv.Timestamp(seq * 10), Kind: Ordinary,
		Mutations: []kv.Mutation{{Key: fmt.Appendf(nil, "key %d", seq), Value: value}}}
}

// records returns those from first to last.
func records(first, last uint64) (batch []Record) {
	for seq := first; seq <= last; seq++ {
		batch = append(batch, record(seq))
	}
	return batch
}

func mustOpen(t testing.TB, fs vfs.FS, segmentSize int64) *File {
	t.Helper()
	j, err := OpenFile(dir, Options{FS: fs, SegmentSize: segmentSize})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func mustAppend(t testing.TB, j *File, batch []Record) {
	t.Helper()
	if err := j.Append(batch); err != nil {
		t.Fatal(err)
	}
}

// readBack returns everything from a record on, and how it ended.
func readBack(j *File, from uint64) (all []Record, err error) {
	r, err := j.Read(from)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		batch, err := r.Next(ctx)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, batch...)
	}
}

// wantRecords fails unless the journal holds exactly first to last.
func wantRecords(t testing.TB, j *File, first, last uint64) {
	t.Helper()
	got, err := readBack(j, first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := sameRecords(records(first, last), got); diff != "" {
		t.Fatalf("records %d to %d: %s", first, last, diff)
	}
	if _, l := j.Bounds(); l != last {
		t.Fatalf("last is %d, not %d", l, last)
	}
}

// content and setContent read and replace a file.
func content(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	b, err := readAll(fs, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stride is the distance of the places that a test damages: 1, or with -short, as with
// the race detector, one that meets each part of a frame.
func stride() int64 {
	if testing.Short() {
		return 13
	}
	return 1
}

func setContent(t testing.TB, fs vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fs.Create(name, category)
	if err != nil {
		t.Fatal(err)
	}
	// With the race detector on, Pebble's file system spoils what was written.
	if _, err := f.Write(bytes.Clone(b)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAppendReadReopen(t *testing.T) {
	fs := vfs.NewMem()
	last := uint64(0)
	for range 5 {
		j := mustOpen(t, fs, 400) // Several segments.
		wantRecords(t, j, 1, last)
		for n := uint64(1); n < 6; n++ {
			mustAppend(t, j, records(last+1, last+n))
			last += n
		}
		for from := uint64(1); from <= last+1; from++ {
			wantRecords(t, j, from, last)
		}
		if _, err := j.Read(last + 2); err == nil {
			t.Fatal("a record that does not exist can be read")
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if err := j.Append(records(last+1, last+1)); !errors.Is(err, ErrStopped) {
			t.Fatalf("append after Close: %v", err)
		}
	}
}

// damaged returns a file system whose only segment has three frames, the middle
// and the last of them at the offsets returned.
func damaged(t *testing.T) (fs vfs.FS, name string, data []byte, middle, tail int64) {
	fs = vfs.NewMem()
	j := mustOpen(t, fs, 1<<20)
	mustAppend(t, j, records(1, 3))
	middle = j.segments[0].end
	mustAppend(t, j, records(4, 5))
	tail = j.segments[0].end
	mustAppend(t, j, records(6, 8))
	name = j.segments[0].name
	_ = j.Close()
	data = content(t, fs, name)[:j.segments[0].end] // Zeros follow.
	setContent(t, fs, name, data)
	return fs, name, data, middle, tail
}

func TestTornTailIsCut(t *testing.T) {
	fs, name, data, _, tail := damaged(t)
	check := func(what string, torn []byte) {
		setContent(t, fs, name, torn)
		j, err := OpenFile(dir, Options{FS: fs})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		wantRecords(t, j, 1, 5)
		mustAppend(t, j, records(6, 6))
		_ = j.Close()
		j = mustOpen(t, fs, 0)
		wantRecords(t, j, 1, 6)
		_ = j.Close()
	}
	for size := tail; size < int64(len(data)); size += stride() {
		check(fmt.Sprintf("cut at %d", size), data[:size])
	}
	for at := tail; at < int64(len(data)); at += stride() {
		torn := bytes.Clone(data)
		torn[at] ^= 0x40
		check(fmt.Sprintf("bit flipped at %d", at), torn)
	}
	zeros := bytes.Clone(data)
	clear(zeros[tail:])
	check("zeros", zeros)
	check("zeros behind", append(bytes.Clone(data[:tail]), make([]byte, 5000)...))
}

// TestTornTailMayHoldAnything: a user's value that looks like a frame, even one
// taken from another segment, does not make a torn tail corrupt.
func TestTornTailMayHoldAnything(t *testing.T) {
	fs := vfs.NewMem()
	j := mustOpen(t, fs, 1<<20)
	mustAppend(t, j, records(1, 2))
	end := j.segments[0].end
	forged := appendFrame(nil, records(9, 9), j.segments[0].header.salt+1)
	mustAppend(t, j, []Record{{Seq: 3, Time: 30, Kind: Ordinary, Mutations: []kv.Mutation{{Key: kv.Key("k"), Value: forged}}}})
	name := j.segments[0].name
	_ = j.Close()
	data := content(t, fs, name)
	data[end] ^= 1
	setContent(t, fs, name, data)
	wantRecords(t, mustOpen(t, fs, 0), 1, 2)
}

func TestCorruptMiddleIsRefused(t *testing.T) {
	fs, name, data, middle, tail := damaged(t)
	for at := middle; at < tail; at += stride() {
		bad := bytes.Clone(data)
		bad[at] ^= 0x40
		setContent(t, fs, name, bad)
		_, err := OpenFile(dir, Options{FS: fs})
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !errors.Is(err, ErrCorrupt) {
			t.Fatalf("bit flipped at %d: %v", at, err)
		}
		if corrupt.File != name || corrupt.Offset != middle {
			t.Fatalf("bit flipped at %d: %v, but the record is at %d of %s", at, err, middle, name)
		}
		if !bytes.Equal(content(t, fs, name), bad) {
			t.Fatal("the damaged file was changed")
		}
	}
	for at := range int64(segmentHeaderSize) {
		bad := bytes.Clone(data)
		bad[at] ^= 0x40
		setContent(t, fs, name, bad)
		if _, err := OpenFile(dir, Options{FS: fs}); err == nil {
			t.Fatalf("bit flipped at %d of the segment header: opened", at)
		}
	}
}

// TestCorruptMiddleBeforeTornTail: the frame behind the damage need not be whole.
func TestCorruptMiddleBeforeTornTail(t *testing.T) {
	fs, name, data, middle, tail := damaged(t)
	bad := bytes.Clone(data[:tail+frameHeaderSize+3])
	bad[middle+30] ^= 1
	setContent(t, fs, name, bad)
	if _, err := OpenFile(dir, Options{FS: fs}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("got %v", err)
	}
}

// TestNewerRecordAtTheTailIsNotCut: it is whole, so it was committed.
func TestNewerRecordAtTheTailIsNotCut(t *testing.T) {
	fs, name, data, _, tail := damaged(t)
	h, _ := decodeSegmentHeader(data)
	frame := appendFrame(nil, records(6, 6), h.salt)
	frame[frameHeaderSize+4] = recordVersion + 1
	fh, _ := decodeFrameHeader(frame[:frameHeaderSize], h.salt)
	fh.payload = sum(frame[frameHeaderSize:])
	fh.put(frame)
	putSum(frame[20:], fh.sum(h.salt))
	setContent(t, fs, name, append(bytes.Clone(data[:tail]), frame...))
	if _, err := OpenFile(dir, Options{FS: fs}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Fatalf("got %v", err)
	}
}

// TestDamageInOlderSegment is found when it is read: a flipped bit, a missing
// end, a missing file.
func TestDamageInOlderSegment(t *testing.T) {
	build := func() (*vfs.MemFS, []segment) {
		fs := vfs.NewMem()
		j := mustOpen(t, fs, 100)
		for seq := uint64(1); seq <= 12; seq++ {
			mustAppend(t, j, records(seq, seq))
		}
		_ = j.Close()
		return fs, j.segments
	}
	expect := func(fs vfs.FS, what string) {
		j := mustOpen(t, fs, 100)
		defer j.Close()
		if got, err := readBack(j, 1); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%s: %d records, %v", what, len(got), err)
		}
	}
	fs, segments := build()
	if len(segments) < 4 {
		t.Fatalf("only %d segments", len(segments))
	}
	name := segments[1].name
	data := content(t, fs, name)[:segments[1].end] // Zeros follow.
	for at := segmentHeaderSize; at < len(data); at += int(stride()) {
		bad := bytes.Clone(data)
		bad[at] ^= 2
		setContent(t, fs, name, bad)
		expect(fs, fmt.Sprintf("bit flipped at %d", at))
	}
	for size := segmentHeaderSize; size < len(data); size += int(stride()) {
		setContent(t, fs, name, data[:size])
		expect(fs, fmt.Sprintf("cut at %d", size))
	}
	for n := 0; n < 2*frameHeaderSize; n += int(stride()) {
		setContent(t, fs, name, append(bytes.Clone(data), zeros[:n]...))
		j := mustOpen(t, fs, 100)
		wantRecords(t, j, 1, 12)
		_ = j.Close()
	}
	middle := bytes.Clone(data)
	clear(middle[segmentHeaderSize:])
	setContent(t, fs, name, middle)
	expect(fs, "zeros instead of records")
	if err := fs.Remove(name); err != nil {
		t.Fatal(err)
	}
	expect(fs, "missing file")
}

func TestTrim(t *testing.T) {
	fs := vfs.NewMem()
	j := mustOpen(t, fs, 300)
	for seq := uint64(1); seq <= 30; seq++ {
		mustAppend(t, j, records(seq, seq))
	}
	for _, before := range []uint64{1, 2, 9, 17, 30} {
		if err := j.Trim(before); err != nil {
			t.Fatal(err)
		}
		first, last := j.Bounds()
		if first > before || last != 30 {
			t.Fatalf("trim before %d: %d to %d are left", before, first, last)
		}
		wantRecords(t, j, first, 30)
	}
	if first, _ := j.Bounds(); first < 20 {
		t.Fatalf("trimming keeps records from %d on", first)
	}
	if _, err := j.Read(1); !errors.Is(err, ErrTrimmed) {
		t.Fatalf("got %v", err)
	}
	if err := j.Trim(31); err != nil {
		t.Fatal(err)
	}
	if first, last := j.Bounds(); first != 31 || last != 30 {
		t.Fatalf("after trimming all: %d to %d", first, last)
	}
	mustAppend(t, j, records(31, 33))
	_ = j.Close()
	wantRecords(t, mustOpen(t, fs, 300), 31, 33)
	if names, _ := fs.List(dir); len(names) != 1 {
		t.Fatalf("files left: %v", names)
	}
}

func TestTailFollows(t *testing.T) {
	j := mustOpen(t, vfs.NewMem(), 500)
	const last = 300
	var wg sync.WaitGroup
	for from := uint64(1); from <= 3; from++ {
		r, err := j.Tail(1)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer r.Close()
			for next := uint64(1); next <= last; {
				batch, err := r.Next(ctx)
				if err != nil {
					t.Errorf("record %d: %v", next, err)
					return
				}
				if diff := sameRecords(records(next, next+uint64(len(batch))-1), batch); diff != "" {
					t.Errorf("record %d: %s", next, diff)
					return
				}
				next += uint64(len(batch))
			}
			if _, err := r.Next(ctx); !errors.Is(err, ErrStopped) {
				t.Errorf("after Close: %v", err)
			}
		})
	}
	for seq := uint64(1); seq <= last; {
		n := min(1+rand.Uint64N(4), last-seq+1)
		mustAppend(t, j, records(seq, seq+n-1))
		seq += n
	}
	_ = j.Close()
	wg.Wait()
}

func TestTailEndsWithContext(t *testing.T) {
	j := mustOpen(t, vfs.NewMem(), 0)
	r, _ := j.Tail(1)
	defer r.Close()
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

// TestStopsAfterError: whichever operation fails, the journal stops, and opening
// it again finds all acknowledged records and at most the one that failed.
func TestStopsAfterError(t *testing.T) {
	for failing := 0; failing < 40; failing += int(min(stride(), 5)) {
		fs := vfs.NewMem()
		count, on := 0, false
		broken := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !on || op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
				return nil
			}
			if count++; count == failing+1 {
				return syscall.ENOSPC
			}
			return nil
		}))
		j, err := OpenFile(dir, Options{FS: broken, SegmentSize: 200})
		if err != nil {
			t.Fatal(err)
		}
		on = true
		acked := uint64(0)
		for err == nil && acked < 12 {
			if err = j.Append(records(acked+1, acked+1)); err == nil {
				acked++
			}
		}
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrStopped) {
				t.Fatalf("operation %d: %v", failing, err)
			}
			if err := j.Append(records(acked+1, acked+1)); !errors.Is(err, ErrStopped) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("operation %d, next append: %v", failing, err)
			}
		}
		_ = j.Close()
		j = mustOpen(t, fs, 200)
		if _, last := j.Bounds(); last != acked && last != acked+1 {
			t.Fatalf("operation %d: %d acknowledged, %d found", failing, acked, last)
		} else {
			wantRecords(t, j, 1, last)
		}
		_ = j.Close()
	}
}

// TestCrash: after any crash, in the journal is what was acknowledged, and at
// most the batch that was being appended. Recovery itself crashes too.
func TestCrash(t *testing.T) {
	for seed := range 300 / uint64(stride()) {
		rng := rand.New(rand.NewPCG(seed, 0))
		fs := vfs.NewCrashableMem()
		acked, asked, trimmed := uint64(0), uint64(0), uint64(1)
		for round := range 6 {
			j, err := OpenFile(dir, Options{FS: fs, SegmentSize: 300})
			if err != nil {
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
			first, last := j.Bounds()
			if last < acked || last > asked || first > trimmed {
				t.Fatalf("seed %d, round %d: %d to %d, acknowledged %d, asked %d, trimmed to %d",
					seed, round, first, last, acked, asked, trimmed)
			}
			wantRecords(t, j, first, last)
			acked = last
			var images []*vfs.MemFS
			crash := func() {
				images = append(images, fs.CrashClone(vfs.CrashCloneCfg{
					UnsyncedDataPercent: rng.IntN(101), RNG: rng,
				}))
			}
			for range rng.IntN(8) {
				n := 1 + rng.Uint64N(3)
				mustAppend(t, j, records(acked+1, acked+n))
				acked += n
				if rng.IntN(4) == 0 {
					trimmed = max(trimmed, 1+rng.Uint64N(acked))
					if err := j.Trim(trimmed); err != nil {
						t.Fatal(err)
					}
				}
			}
			// One append that is under way when the machine stops.
			half := appendFrame(nil, records(acked+1, acked+3), j.segments[len(j.segments)-1].header.salt)
			s := j.segments[len(j.segments)-1]
			if _, err := j.active.WriteAt(half, s.end); err != nil {
				t.Fatal(err)
			}
			asked = acked + 3
			crash()
			fs = images[0]
		}
	}
}

func TestErrorsNameThePath(t *testing.T) {
	fs := vfs.NewMem()
	denied := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpCreate {
			return syscall.EROFS
		}
		return nil
	}))
	_, err := OpenFile("/data/journal", Options{FS: denied})
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "/data/journal") {
		t.Fatalf("got %v", err)
	}
}

func TestForeignFilesAreRefusedOrLeft(t *testing.T) {
	fs := vfs.NewMem()
	_ = mustOpen(t, fs, 0).Close()
	setContent(t, fs, dir+"/notes.txt", []byte("x"))
	_ = mustOpen(t, fs, 0).Close()
	if names, _ := fs.List(dir); !slices.Contains(names, "notes.txt") {
		t.Fatalf("files: %v", names)
	}
	setContent(t, fs, dir+"/1.journal", []byte("x"))
	if _, err := OpenFile(dir, Options{FS: fs}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("got %v", err)
	}
}

// TestRecoveredTailIsDurable: a record that was written but never synced, and
// that opening finds, is there for good, as readers may act on it.
func TestRecoveredTailIsDurable(t *testing.T) {
	fs := vfs.NewCrashableMem()
	j := mustOpen(t, fs, 0)
	mustAppend(t, j, records(1, 2))
	s := j.segments[0]
	if _, err := j.active.WriteAt(appendFrame(nil, records(3, 3), s.header.salt), s.end); err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, fs, 0) // The process was killed, the machine goes on.
	wantRecords(t, j, 1, 3)
	fs = fs.CrashClone(vfs.CrashCloneCfg{})
	wantRecords(t, mustOpen(t, fs, 0), 1, 3)
}
