package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/journal"
	"zorya/kv"
)

// failing is a file system where creating files with a text in their names fails with
// ENOSPC, and reading tables with EIO if unreadable.
type failing struct {
	vfs.FS
	text       atomic.Value
	unreadable atomic.Bool
}

func newFailing() *failing {
	f := &failing{}
	f.text.Store("")
	f.FS = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if text := f.text.Load().(string); text != "" && op.Kind == errorfs.OpCreate && strings.Contains(op.Path, text) {
			return syscall.ENOSPC
		}
		if op.Kind == errorfs.OpFileReadAt && strings.HasSuffix(op.Path, ".sst") && f.unreadable.Load() {
			return syscall.EIO
		}
		return nil
	}))
	return f
}

// TestFlushOfAFullDisk: however often a flush fails, writes go on, and are durable once
// there is room.
func TestFlushOfAFullDisk(t *testing.T) {
	fs := newFailing()
	o := Options{FS: fs, MemTableSize: 64 << 10}
	s, err := Open("/s", o)
	if err != nil {
		t.Fatal(err)
	}
	fs.text.Store(".sst")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 12 {
			apply(t, s, epoch+kv.Timestamp(i), put("\x10a", fmt.Sprint(i)))
			if _, err := s.Flush(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("flush: %v", err)
			}
		}
		fs.text.Store("")
		for seq := uint64(0); seq < 12; {
			seq, _ = s.Flush()
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a write waits for the disk")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	st, _, err := Peek("/s", o)
	if err != nil || st.Seq != 12 {
		t.Fatalf("%+v, %v", st, err)
	}
}

// TestOpenFailsQuietly: a store that cannot be opened because the disk is full leaves
// nothing at work. Pebble's own scheduler has it compact what has been torn down, and
// that ends the process.
func TestOpenFailsQuietly(t *testing.T) {
	fs := newFailing()
	o := Options{FS: fs}
	s, err := Open("/s", o)
	if err != nil {
		t.Fatal(err)
	}
	fs.unreadable.Store(true)
	for i := range 6 { // More tables than may lie in the first level; they cannot be compacted.
		r := journal.Record{Seq: uint64(i + 1), Time: epoch + kv.Timestamp(i), Kind: journal.Ordinary, Mutations: []kv.Mutation{put("\x10a", fmt.Sprint(i))}}
		if err := s.Replay([]journal.Record{r}); err != nil {
			t.Fatal(err)
		}
		for seq := uint64(0); seq <= uint64(i); {
			seq, _ = s.Flush()
		}
	}
	_ = s.Close()
	fs.unreadable.Store(false)
	fs.text.Store("temporary") // The file that becomes the list of options.
	if _, err = Open("/s", o); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v", err)
	}
	time.Sleep(300 * time.Millisecond)
	fs.text.Store("")
	if s, err = Open("/s", o); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}
