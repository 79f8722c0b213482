package catalog

import (
	"bytes"
	"context"
	"sync"

	"zorya/kv"
	"zorya/txn"
)

// keptVersions is how many snapshots a Cache keeps. Transactions hold on to their
// own; an older one that is asked for anew is loaded again.
const keptVersions = 4

// A Cache holds the last snapshots of one cluster's catalog. Safe for concurrent
// use: callers who need a version at the same time load it once.
type Cache struct {
	virtual *virtualSet
	stats   *statsStore

	mu      sync.Mutex
	entries []*entry // oldest version first
}

// An entry is a version, or the loading of one. done is closed when snap or err
// is set.
type entry struct {
	version kv.Timestamp
	done    chan struct{}
	snap    *Snapshot
	decoded map[string]stored
	err     error
}

// stored is a decoded descriptor and the commit time of its pair.
type stored struct {
	time   kv.Timestamp
	object Object
}

// NewCache returns an empty cache. virtual are the computed tables, the same for
// all versions.
func NewCache(virtual []*Table) *Cache {
	return &Cache{virtual: newVirtualSet(virtual), stats: newStatsStore()}
}

// At returns the snapshot for tx's read point. It is to be called before tx writes
// descriptors of its own (an Editor's Snapshot has those).
func (c *Cache) At(ctx context.Context, tx txn.Tx) (*Snapshot, error) {
	if err := c.stats.refresh(ctx, tx); err != nil {
		return nil, err
	}
	version := tx.ReadPoint().Catalog
	for {
		e, load := c.entry(version)
		if load {
			c.load(ctx, tx, e)
			return e.snap, e.err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Another caller's failure may be its own (a cancelled context).
		if e.err == nil {
			return e.snap, nil
		}
	}
}

// entry returns the version's entry, and whether the caller has to load it.
func (c *Cache) entry(version kv.Timestamp) (e *entry, load bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := len(c.entries)
	for i, e := range c.entries {
		if e.version == version {
			return e, false
		}
		if e.version > version {
			at = i
			break
		}
	}
	e = &entry{version: version, done: make(chan struct{})}
	c.entries = append(c.entries[:at], append([]*entry{e}, c.entries[at:]...)...)
	if len(c.entries) > keptVersions && c.entries[0] != e {
		c.entries = c.entries[1:]
	}
	return e, true
}

func (c *Cache) load(ctx context.Context, tx txn.Tx, e *entry) {
	e.snap, e.decoded, e.err = c.read(ctx, tx, e.version)
	if e.err != nil {
		c.mu.Lock()
		for i := range c.entries {
			if c.entries[i] == e {
				c.entries = append(c.entries[:i:i], c.entries[i+1:]...)
				break
			}
		}
		c.mu.Unlock()
	}
	close(e.done)
}

// known returns the descriptors of the newest loaded version.
func (c *Cache) known() map[string]stored {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.entries) - 1; i >= 0; i-- {
		select {
		case <-c.entries[i].done:
			if c.entries[i].err == nil {
				return c.entries[i].decoded
			}
		default:
		}
	}
	return nil
}

// read scans the descriptors and decodes those that are not known yet.
func (c *Cache) read(ctx context.Context, tx txn.Tx, version kv.Timestamp) (*Snapshot, map[string]stored, error) {
	known := c.known()
	s := emptySnapshot(version, c.virtual, c.stats)
	decoded := make(map[string]stored, len(known)+8)
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.Descriptors}), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		d, ok := known[string(it.Key())]
		if !ok || d.time != it.Time() || d.time == 0 {
			o, err := decode(bytes.Clone(it.Key()), it.Value())
			if err != nil {
				return nil, nil, err
			}
			d = stored{it.Time(), o}
		}
		decoded[string(it.Key())] = d
		s.add(d.object)
	}
	return s, decoded, it.Err()
}
