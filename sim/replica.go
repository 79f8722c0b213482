package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
	"zorya/storage"
	"zorya/txn"
)

// A replica is a storage on another machine, in some of the seeds with a network. The
// server streams to it what has become durable; what gets lost it reads from the
// journal, and if that has been trimmed, it begins anew with a copy of the server's.
type replica struct {
	w     *World
	feed  *journal.Feed
	store *storage.Store
	lives int
}

// newReplica makes a replica of a cluster that is empty.
func newReplica(w *World) (*replica, error) {
	r := &replica{w: w, feed: journal.NewFeed(0)}
	var err error
	r.store, err = storage.Open("/r", storage.Options{FS: vfs.NewMem()})
	return r, err
}

func (r *replica) close() { _ = r.store.Close() }

// stream sends records that are durable.
func (r *replica) stream(records []journal.Record) {
	batch := make([]journal.Record, len(records))
	for i := range records {
		batch[i] = clone(&records[i])
	}
	lives := r.lives
	r.w.net.carry(way{nil, false}, func() {
		if lives == r.lives { // Else it was sent to the one before.
			r.take(batch)
		}
	})
}

// take applies what comes next.
func (r *replica) take(batch []journal.Record) {
	if err := r.store.Apply(r.feed.Take(batch)); err != nil {
		r.w.fail(fmt.Errorf("I7: a replica: %w", err))
	}
}

// follow looks now and then whether something is missing.
func (r *replica) follow(f *fiber) {
	for {
		f.sleep(time.Duration(r.w.rng.IntN(4000)) * time.Millisecond)
		if r.w.m != nil && !r.w.m.broken {
			r.catchUp()
		}
	}
}

// catchUp reads what is missing, a batch or all.
func (r *replica) catchUp() {
	j := r.w.m.c.Journal()
	_, last := j.Bounds()
	r.feed.Heard(last)
	from, missing := r.feed.Missing()
	if !missing {
		return
	}
	r.w.count("caught up")
	err := r.read(from)
	if errors.Is(err, journal.ErrTrimmed) {
		err = r.restore()
	}
	if err != nil {
		r.w.fail(fmt.Errorf("I7: a replica: %w", err))
	}
}

// read takes what the journal has from a record on.
func (r *replica) read(from uint64) error {
	reader, err := r.w.m.c.Journal().Read(from)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		batch, err := reader.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.take(batch)
	}
}

// restore begins anew with a copy of the server's storage as a power loss would leave
// it: whatever the journal has lost is in that. A cluster.Copy would not do. It has no
// tombstones, and a backfill that was read before it would bring deleted rows back.
func (r *replica) restore() error {
	r.w.count("copied")
	r.close()
	r.lives++
	var err error
	if r.store, err = storage.Open(storageDir, storage.Options{FS: r.w.m.d.mem.CrashClone(vfs.CrashCloneCfg{})}); err != nil {
		return err
	}
	applied := r.store.Applied().Seq
	r.feed = journal.NewFeed(applied)
	return r.read(applied + 1)
}

// check compares all that the replica holds with the model.
func (r *replica) check() error {
	r.catchUp()
	state := r.store.Applied()
	if _, last := r.w.m.c.Journal().Bounds(); state.Seq != last {
		return fmt.Errorf("I7: a replica has %d records of %d", state.Seq, last)
	}
	if state.Seq != r.w.model.last() {
		return nil // A job is at work: the model has what is about to be appended.
	}
	want, certain := r.w.model.scan(kv.Span{}, state.Time, txn.ScanOptions{})
	it := r.store.Scan(context.Background(), kv.Span{}, state.Time, txn.ScanOptions{})
	defer it.Close()
	n := 0
	for ; it.Next(); n++ {
		if certain && (n >= len(want) || want[n].key != string(it.Key()) || want[n].time != it.Time() || !bytes.Equal(want[n].value, it.Value())) {
			return fmt.Errorf("I7: row %d of a replica is %x of %d", n, it.Key(), it.Time())
		}
	}
	if it.Err() == nil && certain && n != len(want) {
		return fmt.Errorf("I7: a replica has %d keys of %d", n, len(want))
	}
	return it.Err()
}
