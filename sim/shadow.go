package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/cluster"
	"zorya/journal"
	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

// A shadow is a start of the server that the world does not go on from: on a copy of
// the disk that a crash has left, with a fault that would end it. Either it is refused
// in a way that says what is wrong, or whatever can be read is right. What the disk has
// refused to read or write is all there the next time.
type shadow struct {
	w     *World
	rng   *rand.Rand // Of its own: which files storage has is not the seed's.
	mem   *vfs.MemFS
	fault string // For messages.
	// damaged says that the copy is not what was written. Else all must come back.
	damaged bool
}

// haunt starts a shadow on what a crash has left, if it is one's turn. The world itself
// has come up from the same.
func (w *World) haunt(left *vfs.MemFS) {
	if left == nil {
		return
	}
	h := &shadow{w: w, rng: rand.New(rand.NewPCG(w.rng.Uint64(), 0)), mem: left}
	kinds := []func() error{h.flip, h.flip, h.flip, h.failReads, h.failWrites, h.fill}
	if err := kinds[h.rng.IntN(len(kinds))](); err != nil {
		w.fail(fmt.Errorf("%s: %w", h.fault, err))
	}
}

// flip changes one bit of a file of journal or storage.
func (h *shadow) flip() error {
	dir := []string{journalDir, storageDir}[h.rng.IntN(2)]
	names, err := h.mem.List(dir)
	if err != nil || len(names) == 0 {
		return err
	}
	slices.Sort(names)
	name := path.Join(dir, names[h.rng.IntN(len(names))])
	b, err := content(h.mem, name)
	if err != nil || len(bytes.TrimRight(b, "\x00")) == 0 {
		return err
	}
	at, bit := h.rng.IntN(len(bytes.TrimRight(b, "\x00"))), h.rng.IntN(8)
	b[at] ^= 1 << bit
	h.fault, h.damaged = fmt.Sprintf("bit %d of byte %d of %s flipped", bit, at, name), true
	marked := h.marked()
	if err := replace(h.mem, name, b); err != nil {
		return err
	}
	c, err := h.open(h.mem)
	if err != nil {
		h.w.count("flips refused")
		// With its list of files damaged, storage may find that others are missing.
		if !strings.Contains(err.Error(), path.Base(name)) && !(spared(name) && strings.Contains(err.Error(), "file")) {
			return fmt.Errorf("I1: the error does not name the file: %w", err)
		}
		return nil
	}
	defer func() { _ = c.Abandon() }()
	last := h.w.model.last()
	if _, found := c.Journal().Bounds(); found < last {
		h.w.count("flips in a tail that was cut")
		if cut := c.Cut(); cut.File != name || cut.Bytes == 0 || found < marked {
			return fmt.Errorf("I1: the journal ends with %d instead of %d (marked: %d), and the cut is %+v", found, last, marked, cut)
		}
	}
	return h.read(c)
}

// marked returns how far the journal says that it is durable.
func (h *shadow) marked() uint64 {
	s, err := journal.Examine(journalDir, h.mem, func([]journal.Record) {})
	if err != nil {
		return 0
	}
	return s.Marked
}

// failReads lets reads fail now and then; failWrites what changes files; fill lets
// nothing be written.
func (h *shadow) failReads() error {
	return h.fail("reads fail", syscall.EIO, 1+h.rng.IntN(10), func(op errorfs.Op) bool {
		return op.Kind == errorfs.OpFileReadAt || op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpOpen
	})
}

func (h *shadow) failWrites() error {
	return h.fail("writes fail", syscall.EIO, 1+h.rng.IntN(30), changes)
}

func (h *shadow) fill() error { return h.fail("the disk is full", syscall.ENOSPC, 100, changes) }

func changes(op errorfs.Op) bool {
	switch op.Kind {
	case errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFileSync, errorfs.OpFileSyncData:
		return !spared(op.Path)
	}
	return false
}

func (h *shadow) fail(what string, cause error, percent int, meets func(errorfs.Op) bool) error {
	h.fault = what
	rng := rand.New(rand.NewPCG(h.rng.Uint64(), 1))
	lock := make(chan struct{}, 1) // Pebble's goroutines come as well.
	c, err := h.open(errorfs.Wrap(h.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		lock <- struct{}{}
		defer func() { <-lock }()
		if !meets(op) || rng.IntN(100) >= percent {
			return nil
		}
		h.w.hits.Add(1)
		return cause
	})))
	if err == nil {
		err = h.read(c)
		_ = c.Abandon()
	} else if !errors.Is(err, cause) && !strings.Contains(err.Error(), cause.Error()) {
		err = fmt.Errorf("I9: the server does not start, and does not say that the disk has failed: %w", err)
	} else {
		h.w.count("starts refused")
		err = nil
	}
	if err != nil {
		return err
	}
	h.fault = "after " + h.fault
	if c, err = h.open(h.mem); err != nil {
		return fmt.Errorf("I1: the server does not start: %w", err)
	}
	defer func() { _ = c.Abandon() }()
	if _, found := c.Journal().Bounds(); found != h.w.model.last() {
		return fmt.Errorf("I1: the journal ends with %d instead of %d", found, h.w.model.last())
	}
	h.damaged, h.fault = false, h.fault+", all well"
	return h.strictly(c)
}

func (h *shadow) open(fs vfs.FS) (*cluster.Stepped, error) {
	return cluster.OpenStepped(clusterDir, cluster.Options{FS: fs, Clock: clock{h.w}, Cache: h.w.cache, SegmentSize: segmentSize, BlockSize: blockSize, MinFree: -1}, maxClaims)
}

// strictly reads everything; nothing may fail.
func (h *shadow) strictly(c *cluster.Stepped) error {
	failed, err := h.readAll(c)
	if err == nil && failed != nil {
		err = fmt.Errorf("I1: it cannot be read: %w", failed)
	}
	return err
}

// read reads everything; what fails must say that it is the disk.
func (h *shadow) read(c *cluster.Stepped) error {
	failed, err := h.readAll(c)
	if err == nil && failed != nil {
		h.w.count("reads refused")
		code := pgerr.Code(failed)
		if !errors.Is(failed, journal.ErrCorrupt) && !errors.Is(failed, syscall.EIO) && code != pgerr.DataCorrupted && code != pgerr.IOError {
			err = fmt.Errorf("I4: a read fails with %s: %w", code, failed)
		}
	}
	return err
}

// readAll compares the journal, a scan of all keys and each key with the model.
// It returns the last failure of a read, and what is wrong.
func (h *shadow) readAll(c *cluster.Stepped) (failed, wrong error) {
	ctx := context.Background()
	first, last := c.Journal().Bounds()
	r, err := c.Journal().Read(first)
	for err == nil {
		var batch []journal.Record
		if batch, err = r.Next(ctx); err == nil {
			wrong = errors.Join(wrong, h.w.model.holds(batch))
		}
	}
	if !errors.Is(err, io.EOF) {
		failed = err
	}
	if r != nil {
		r.Close()
	}
	if last != h.w.model.last() {
		return failed, wrong // A tail was cut: the model is of later.
	}
	state, _ := c.Applied()
	it := c.Parts().Store.Scan(ctx, kv.Span{}, state.Time, txn.ScanOptions{})
	want, certain := h.w.model.scan(kv.Span{}, state.Time, txn.ScanOptions{})
	n := 0
	for ; it.Next(); n++ {
		if certain && (n >= len(want) || want[n].key != string(it.Key()) || !bytes.Equal(want[n].value, it.Value())) {
			wrong = fmt.Errorf("I4: row %d of a scan is %x", n, it.Key())
			break
		}
	}
	if err := it.Err(); err != nil {
		failed = err
	} else if certain && n != len(want) && wrong == nil {
		wrong = fmt.Errorf("I4: a scan ends after %d rows, want %d", n, len(want))
	}
	it.Close()
	for _, key := range h.w.model.keys {
		v, ok, err := c.Parts().Store.Get(ctx, kv.Key(key), state.Time)
		want := h.w.model.get(key, state.Time)
		switch {
		case err != nil:
			failed = err
		case h.w.model.open(key, state.Time):
		case ok != (want != nil) || ok && !bytes.Equal(v.Bytes, want.value):
			wrong = fmt.Errorf("I4: get %x finds %v", key, ok)
		}
	}
	return failed, wrong
}

// replace writes a file anew.
func replace(fs vfs.FS, name string, b []byte) error {
	f, err := fs.Create(name, "sim")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// last returns the last record that is in the journal for certain.
func (m *model) last() uint64 {
	if n := len(m.records); n > 0 {
		return m.records[n-1].Seq
	}
	return 0
}

// holds checks records against those that were appended.
func (m *model) holds(found []journal.Record) error {
	for i := range found {
		at := int(found[i].Seq) - int(m.records[0].Seq)
		if at < 0 || at >= len(m.records) || !same(&m.records[at], &found[i]) {
			return fmt.Errorf("I2: record %d is not what was appended", found[i].Seq)
		}
	}
	return nil
}
