package cluster

import (
	"errors"

	"zorya/journal"
	"zorya/kv"
	"zorya/storage"
)

// A Copy is everything that a cluster holds as of one record, while the cluster goes
// on. It must be closed. Another cluster can be made of it, which begins a journal of
// its own: the first one's records cannot be applied to it, since it has no tombstones
// and a backfill whose entries were read before it would bring deleted rows back.
type Copy struct {
	Record  uint64       // The last record in it.
	Time    kv.Timestamp // Its commit time.
	Catalog kv.Timestamp // See kv.ReadPoint.
	snap    *storage.Snapshot
}

// Copy takes a copy that has all that has been acknowledged. It costs nothing until
// it is read.
func (c *Cluster) Copy() (*Copy, error) {
	snap, err := c.store.NewSnapshot()
	if err != nil {
		return nil, err
	}
	return &Copy{Record: snap.State.Seq, Time: snap.State.Time, Catalog: snap.State.Catalog, snap: snap}, nil
}

// Each calls f for every key, in order, with the commit time of its value. What f is
// given is valid until it returns.
func (p *Copy) Each(f func(key, value []byte, time kv.Timestamp) error) error { return p.snap.Each(f) }

// CheckTrees checks how storage keeps its versions: see storage.Store.
func (c *Cluster) CheckTrees(found func(key []byte, problem string)) (versions int64, err error) {
	return c.store.CheckTrees(found)
}

// Close lets go of the copy.
func (p *Copy) Close() error { return p.snap.Close() }

// Create makes a cluster in dir, which has none, of a copy: next returns a pair each
// until ok is false. The cluster goes on after the copy's last record. It is durable
// when Create returns.
func Create(dir string, o Options, p *Copy, next func() (key, value []byte, time kv.Timestamp, ok bool, err error)) error {
	o = o.withDefaults()
	if err := makeDir(o.FS, dir); err != nil {
		return err
	}
	lock, err := acquireLock(o.FS, dir)
	if err != nil {
		return err
	}
	// No snapshot from before the copy exists: the horizon is its time.
	st := storage.State{Seq: p.Record, Time: p.Time, Catalog: p.Catalog, Horizon: p.Time}
	err = storage.Create(o.FS.PathJoin(dir, "storage"), storage.Options{FS: o.FS, Logger: logger{o.Log}}, st, next)
	if err == nil {
		var j *journal.File
		if j, err = journal.Create(o.FS.PathJoin(dir, "journal"), journal.Options{FS: o.FS}, p.Record); err == nil {
			err = j.Close()
		}
	}
	if err == nil {
		err = syncDir(o.FS, dir)
	}
	return errors.Join(err, lock.Close())
}
