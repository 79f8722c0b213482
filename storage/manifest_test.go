package storage

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

// TestEachBitOfTheManifest flips them one by one. Either the store is refused, by a
// message that names the manifest, or it opens in a state that was, and all is right
// once the journal is replayed from there.
func TestEachBitOfTheManifest(t *testing.T) {
	for _, flushes := range []int{0, 1} { // After the manifest has begun with a list of tables.
		t.Run(fmt.Sprint(flushes), func(t *testing.T) {
			mem, records := flushed(t, vfs.NewCrashableMem(), nil, 1)
			mem, records = flushed(t, mem, records, flushes)
			records = append(records, nextRecord(records)) // In the journal only.
			name, whole := manifestOf(t, mem)
			refused := 0
			for at := range whole {
				for bit := range 8 {
					damaged := slices.Clone(whole)
					damaged[at] ^= 1 << bit
					switch err := replayed(withFile(t, mem, name, damaged), records); {
					case errors.Is(err, errWrong):
						t.Errorf("bit %d of byte %d: %v", bit, at, err)
					case err != nil && !strings.Contains(err.Error(), name):
						t.Errorf("bit %d of byte %d: the error does not name the file: %v", bit, at, err)
					case err != nil:
						refused++
					}
				}
			}
			t.Logf("%d of %d flips are refused", refused, 8*len(whole))
			if flushes > 0 && refused == 8*len(whole) {
				t.Error("a state that was is not taken up")
			}
		})
	}
}

// nextRecord changes a row, adds one and deletes the one before.
func nextRecord(records []journal.Record) journal.Record {
	n := len(records)
	return journal.Record{Seq: uint64(n + 1), Time: epoch + kv.Timestamp(n), Kind: journal.Ordinary, Mutations: []kv.Mutation{
		put("\x10a", fmt.Sprint(n)), put(fmt.Sprint("\x10b", n), "x"), {Key: kv.Key(fmt.Sprint("\x10b", n-1)), Delete: true},
	}}
}

// flushed opens a store, flushes so many times after 40 records more, and returns what a
// power loss leaves then: no compaction has removed what the manifest listed before.
func flushed(t *testing.T, fs *vfs.MemFS, records []journal.Record, more int) (*vfs.MemFS, []journal.Record) {
	t.Helper()
	s, err := Open("/s", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	for range more {
		for range 40 { // One by one they take more of Pebble's sequence numbers than a replay of all.
			records = append(records, nextRecord(records))
			if err := s.Apply(records[len(records)-1:]); err != nil {
				t.Fatal(err)
			}
		}
		for durable := 0; durable < len(records); {
			seq, err := s.Flush()
			if err != nil {
				t.Fatal(err)
			}
			durable = int(seq)
		}
	}
	left := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return left, records
}

var errWrong = errors.New("wrong")

// replayed opens a store, replays the records that it lacks, goes on, and checks what
// it holds.
func replayed(fs vfs.FS, records []journal.Record) error {
	st, _, err := Peek("/s", Options{FS: fs})
	if err != nil {
		return err
	}
	s, err := Open("/s", Options{FS: fs})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Replay(records[st.Seq:]); err != nil {
		return fmt.Errorf("%w: replay after %d: %w", errWrong, st.Seq, err)
	}
	last := len(records) - 1
	for i := range 100 { // Until what the replay did not overwrite could be seen.
		r := journal.Record{Seq: uint64(len(records) + i + 1), Time: records[last].Time + kv.Timestamp(i) + 1, Kind: journal.Ordinary,
			Mutations: []kv.Mutation{put("\x10c", fmt.Sprint(i))}}
		if err := s.Apply([]journal.Record{r}); err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
	}
	var got []string
	it := s.Scan(ctx, kv.Span{}, records[last].Time, txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		got = append(got, fmt.Sprintf("%q=%s", it.Key(), it.Value()))
	}
	want := []string{fmt.Sprintf("%q=%d", "\x10a", last), fmt.Sprintf("%q=x", fmt.Sprint("\x10b", last))}
	if it.Err() != nil || !slices.Equal(got, want) {
		return fmt.Errorf("%w: after position %d: %v, %v", errWrong, st.Seq, got, it.Err())
	}
	return nil
}

// manifestOf returns name and content of the newest manifest.
func manifestOf(t *testing.T, fs vfs.FS) (name string, content []byte) {
	t.Helper()
	names, err := fs.List("/s")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, "MANIFEST-") && n > name {
			name = n
		}
	}
	f, err := fs.Open("/s/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err = io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return name, content
}

// withFile copies the store's directory, but for one file that has this content.
func withFile(t *testing.T, from vfs.FS, name string, content []byte) vfs.FS {
	t.Helper()
	to := vfs.NewMem()
	if _, err := vfs.Clone(from, to, "/s", "/s"); err != nil {
		t.Fatal(err)
	}
	f, err := to.Create("/s/"+name, "test")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return to
}
