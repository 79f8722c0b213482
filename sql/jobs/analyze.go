package jobs

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// A table is analysed by itself once so many of its rows have changed since the
// last time: PostgreSQL's autovacuum_analyze_threshold and _scale_factor.
const (
	analyzeThreshold = 50
	analyzeScale     = 0.1
)

// analyzeEvery is the least time between two automatic analyses of one table: each
// makes plans anew.
const analyzeEvery = 30 * time.Second

// sampleRows is how many rows statistics are computed from; 300 × 100 buckets, as
// PostgreSQL's.
const sampleRows = 30000

// buckets is the most values in a histogram or a list of common values.
const buckets = 100

// counter remembers how many changes each table had seen when it was analysed.
type counter struct {
	mu   sync.Mutex
	seen map[types.OID]int64
	last map[types.OID]time.Time
}

// due tells the tables that have changed enough.
func (r *Runner) due(snap *catalog.Snapshot) []*catalog.Table {
	changes := r.Changes()
	r.counter.mu.Lock()
	defer r.counter.mu.Unlock()
	if r.counter.seen == nil {
		r.counter.seen, r.counter.last = map[types.OID]int64{}, map[types.OID]time.Time{}
	}
	now := time.Now()
	var list []*catalog.Table
	for _, t := range snap.Tables() {
		if t.Kind != catalog.RelTable {
			continue
		}
		if now.Sub(r.counter.last[t.OID]) < analyzeEvery {
			continue
		}
		n := changes[uint32(t.Primary.OID)]
		if float64(n-r.counter.seen[t.OID]) > analyzeThreshold+analyzeScale*snap.Stats(t.OID).Rows {
			r.counter.seen[t.OID], r.counter.last[t.OID] = n, now
			list = append(list, t)
		}
	}
	return list
}

// analyzeChanged adds ANALYZE jobs for the tables that have changed enough.
func (r *Runner) analyzeChanged() error {
	var list []*catalog.Table
	err := r.read(r.ctx, func(_ *txn.Txn, snap *catalog.Snapshot) error {
		list = r.due(snap)
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	err = r.write(func(tx *txn.Txn, snap *catalog.Snapshot) error {
		now := time.Now()
		for _, t := range list {
			err := catalog.PutJob(tx, &catalog.Job{ID: catalog.NewJobID(), Status: catalog.JobSubmitted, Type: catalog.JobAnalyze,
				ClassID: catalog.ClassRelation, ObjectID: t.OID, ObjectName: snap.SchemaName(t.Schema) + "." + t.Name, Start: now, Update: now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	r.Wake()
	return err
}

func (r *Runner) analyzeJob(j *catalog.Job) error {
	there, err := r.analyze(r.ctx, j.ObjectID)
	if err != nil {
		return err
	}
	if !there {
		return r.finish(j, catalog.JobCompleted, skipped)
	}
	return r.finish(j, catalog.JobCompleted, "")
}

// Analyze computes a table's statistics, as ANALYZE does, in transactions of its own.
func (r *Runner) Analyze(ctx context.Context, table types.OID) error {
	_, err := r.analyze(ctx, table)
	return err
}

func (r *Runner) analyze(ctx context.Context, oid types.OID) (there bool, err error) {
	var stats *catalog.TableStats
	err = r.read(ctx, func(tx *txn.Txn, snap *catalog.Snapshot) error {
		t := tableOf(snap, oid)
		if t == nil {
			return nil
		}
		there = true
		var err error
		stats, err = collect(ctx, tx, t)
		return err
	})
	if err != nil || !there {
		return there, err
	}
	err = r.write(func(tx *txn.Txn, snap *catalog.Snapshot) error {
		if tableOf(snap, oid) == nil {
			return nil
		}
		return catalog.PutStats(tx, oid, stats)
	})
	r.Catalog.StatsChanged()
	return true, err
}

// collect reads a table and computes its statistics from a sample of its rows.
func collect(ctx context.Context, tx txn.Tx, t *catalog.Table) (*catalog.TableStats, error) {
	st := &catalog.TableStats{Analyzed: time.Now().UnixNano(), Columns: map[int]catalog.ColStats{}}
	live := t.Live()
	dec := tuple.NewDecoder(t, t.Primary, live)
	var rows []sampled
	it := tx.Scan(ctx, indexSpan(t.Primary.OID), txn.ScanOptions{})
	defer it.Close()
	for n := 0; it.Next(); n++ {
		st.Rows++
		st.Bytes += float64(len(it.Key()) + len(it.Value()))
		at := n
		if n >= sampleRows {
			if at = rand.IntN(n + 1); at >= sampleRows {
				continue
			}
		}
		row := make([]types.Datum, len(live))
		if err := dec.Decode(kv.Key(it.Key()), it.Value(), row); err != nil {
			return nil, err
		}
		if n < sampleRows {
			rows = append(rows, sampled{n, row})
		} else {
			rows[at] = sampled{n, row}
		}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b sampled) int { return a.at - b.at })
	for i, c := range live {
		st.Columns[c] = columnStats(rows, i, t.Columns[c].T.OID, st.Rows)
	}
	return st, nil
}

// sampled is a row of the sample and its place in the table.
type sampled struct {
	at  int
	row []types.Datum
}

// A run is equal values in the sorted sample.
type run struct {
	d types.Datum
	n int
}

// columnStats computes what pg_stats has of column i of the sample.
func columnStats(rows []sampled, i int, t types.OID, total float64) catalog.ColStats {
	var s catalog.ColStats
	type value struct {
		d  types.Datum
		at int
	}
	var vals []value
	width := 0
	for k, r := range rows {
		d := r.row[i]
		if d.IsNull() {
			continue
		}
		width += datumWidth(t, d)
		vals = append(vals, value{d, k})
	}
	if len(rows) > 0 {
		s.NullFrac = float64(len(rows)-len(vals)) / float64(len(rows))
	}
	if len(vals) == 0 {
		return s
	}
	s.AvgWidth = width / len(vals)
	if !types.HasOrder(t) {
		s.Distinct = -1 * (1 - s.NullFrac)
		return s
	}
	slices.SortStableFunc(vals, func(a, b value) int { return types.Compare(t, a.d, b.d) })
	var runs []run
	var sumXY float64
	for k, v := range vals {
		sumXY += float64(k) * float64(v.at)
		if n := len(runs); n > 0 && types.Compare(t, runs[n-1].d, v.d) == 0 {
			runs[n-1].n++
		} else {
			runs = append(runs, run{v.d, 1})
		}
	}
	s.Correlation = correlation(len(vals), sumXY)
	s.Distinct = distinct(runs, len(vals), total*(1-s.NullFrac))
	text := func(d types.Datum) string { return string(types.AppendText(nil, t, d, types.DefaultFormat)) }
	rest := commonValues(&s, runs, len(vals), len(rows), text)
	histogram(&s, rest, text)
	return s
}

func datumWidth(t types.OID, d types.Datum) int {
	if ty := types.Get(t); ty != nil && ty.Len > 0 {
		return int(ty.Len)
	}
	if d.Kind == types.KindBytes {
		return len(d.S) + 1
	}
	return len(types.AppendBinary(nil, t, d))
}

// correlation is that of the order of values with the order of rows, as
// PostgreSQL's analyze.c computes it; both are 0 … n-1.
func correlation(n int, sumXY float64) float64 {
	f := float64(n)
	sum := (f - 1) * f / 2
	sum2 := (f - 1) * f * (2*f - 1) / 6
	if div := f*sum2 - sum*sum; div > 0 {
		return (f*sumXY - sum*sum) / div
	}
	return 1
}

// distinct estimates the number of distinct values with the estimator of Haas and
// Stokes that PostgreSQL uses: negative as a fraction of the rows.
func distinct(runs []run, n int, total float64) float64 {
	once := 0
	for _, r := range runs {
		if r.n == 1 {
			once++
		}
	}
	d := float64(len(runs))
	switch {
	case once == len(runs):
		return -1
	case once > 0 && float64(n) < total:
		f := float64(n)
		d = f * d / (f - float64(once) + float64(once)*f/total)
		d = min(max(d, float64(len(runs))), total)
	}
	if total > 0 && d > 0.1*total {
		return -d / total
	}
	return d
}

// commonValues fills in the most common values and returns the other runs.
func commonValues(s *catalog.ColStats, runs []run, n, rows int, text func(types.Datum) string) []run {
	order := make([]int, 0, len(runs))
	avg := float64(n) / float64(len(runs))
	for i, r := range runs {
		// With few values all are kept, else those that stand out.
		if r.n > 1 && (len(runs) <= buckets || float64(r.n) > 1.25*avg) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return runs[b].n - runs[a].n })
	order = order[:min(len(order), buckets)]
	common := map[int]bool{}
	for _, i := range order {
		common[i] = true
		s.MCV = append(s.MCV, text(runs[i].d))
		s.MCF = append(s.MCF, float64(runs[i].n)/float64(rows))
	}
	var rest []run
	for i, r := range runs {
		if !common[i] {
			rest = append(rest, r)
		}
	}
	return rest
}

// histogram fills in bounds that divide the remaining values into equal parts.
func histogram(s *catalog.ColStats, runs []run, text func(types.Datum) string) {
	if len(runs) < 2 {
		return
	}
	total := 0
	for _, r := range runs {
		total += r.n
	}
	bounds := min(len(runs), buckets+1)
	at, k := 0, 0
	for b := range bounds {
		want := b * (total - 1) / (bounds - 1)
		for at+runs[k].n <= want {
			at += runs[k].n
			k++
		}
		s.Histogram = append(s.Histogram, text(runs[k].d))
	}
}
