package catalog

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/types"
	"zorya/txn"
)

// statsAge is how long statistics are used before they are looked for anew;
// Cache.StatsChanged makes the next transaction look.
const statsAge = time.Second

// statsStore holds the statistics of all tables. It is shared by the snapshots of
// a Cache: statistics are not part of the catalog's version.
type statsStore struct {
	tables  atomic.Pointer[map[types.OID]*TableStats]
	version atomic.Uint64 // moves with tables
	due     atomic.Int64  // nanoseconds since start when to look again

	mu   sync.Mutex
	mark kv.Timestamp // commit time of the mark when tables was read
}

var started = time.Now()

func newStatsStore() *statsStore {
	s := &statsStore{}
	s.tables.Store(&map[types.OID]*TableStats{})
	return s
}

var noStats = &TableStats{}

// Stats returns the latest known statistics of a table. It is never nil; Analyzed
// is 0 if there are none.
func (s *Snapshot) Stats(oid types.OID) *TableStats {
	if t := (*s.stats.tables.Load())[oid]; t != nil {
		return t
	}
	return noStats
}

// ColValues are the values in a column's statistics, which hold them as text.
type ColValues struct {
	MCV, Histogram []types.Datum
}

// Values returns the values in the statistics of column attr, which has type t: nil if
// they cannot be read as such. They are parsed once.
func (t *TableStats) Values(attr int, of types.OID) *ColValues {
	if v, ok := t.values.Load(attr); ok {
		return v.(*ColValues)
	}
	st, v := t.Columns[attr], &ColValues{}
	var err1, err2 error
	v.MCV, err1 = parseAll(of, st.MCV)
	v.Histogram, err2 = parseAll(of, st.Histogram)
	if err1 != nil || err2 != nil {
		v = nil
	}
	t.values.Store(attr, v)
	return v
}

func parseAll(t types.OID, list []string) ([]types.Datum, error) {
	out := make([]types.Datum, len(list))
	for i, text := range list {
		d, err := types.Parse(types.Of(t), text, types.DefaultFormat)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

// StatsVersion changes whenever Stats may answer differently.
func (s *Snapshot) StatsVersion() uint64 { return s.stats.version.Load() }

// StatsChanged says that statistics have been committed: the next At reads them.
func (c *Cache) StatsChanged() { c.stats.due.Store(0) }

// refresh reads the statistics if they may have changed.
func (s *statsStore) refresh(ctx context.Context, tx txn.Tx) error {
	if int64(time.Since(started)) < s.due.Load() || !s.mu.TryLock() {
		return nil
	}
	defer s.mu.Unlock()
	s.due.Store(int64(time.Since(started) + statsAge))
	mark, ok, err := tx.Get(ctx, systemKey(statsMark, 0))
	if err != nil || !ok || mark.Time <= s.mark {
		return err
	}
	tables := map[types.OID]*TableStats{}
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.System, statsRow}), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		t := &TableStats{}
		if err := json.Unmarshal(it.Value(), t); err != nil || len(it.Key()) != 6 {
			return pgerr.New(pgerr.DataCorrupted, "statistics row %x is not readable", it.Key())
		}
		tables[types.OID(binary.BigEndian.Uint32(it.Key()[2:]))] = t
	}
	if err := it.Err(); err != nil {
		return err
	}
	s.mark = mark.Time
	s.tables.Store(&tables)
	s.version.Add(1)
	return nil
}

// PutStats writes a table's statistics; nil deletes them. They take effect after
// the commit, at once where Cache.StatsChanged is called, else within a second.
func PutStats(tx txn.Tx, table types.OID, t *TableStats) error {
	if err := tx.Put(systemKey(statsMark, 0), []byte{1}, kv.None); err != nil {
		return err
	}
	key := systemKey(statsRow, table)
	if t == nil {
		return tx.Delete(key, kv.None)
	}
	value, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return tx.Put(key, value, kv.None)
}

// SetStats replaces the statistics of a table in this snapshot and those that
// share with it: for tests.
func (s *Snapshot) SetStats(table types.OID, t *TableStats) {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	tables := map[types.OID]*TableStats{table: t}
	for oid, old := range *s.stats.tables.Load() {
		if oid != table {
			tables[oid] = old
		}
	}
	s.stats.tables.Store(&tables)
	s.stats.version.Add(1)
}
