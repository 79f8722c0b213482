package exec

import (
	"bytes"
	"slices"

	"zorya/kv"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/tuple"
	"zorya/sql/types"
	"zorya/txn"
)

// A rangeSpec says which part of an index a scan reads: conditions on its first
// key columns, compiled.
type rangeSpec struct {
	idx    *catalog.Index
	prefix []*expr.Compiled // nil: IS NULL
	lo, hi *expr.Compiled
	loIncl bool
	hiIncl bool
	ranged bool
	inList *expr.Compiled
}

func (c *compiler) ranges(n *plan.TableScan) (*rangeSpec, error) {
	s := &rangeSpec{idx: n.Index}
	for _, k := range n.Prefix {
		x, err := c.expr(k.X, nil)
		if err != nil {
			return nil, err
		}
		if k.IsNull {
			x = nil
		}
		s.prefix = append(s.prefix, x)
	}
	var err error
	if n.Range != nil {
		s.ranged, s.loIncl, s.hiIncl = true, n.Range.LoIncl, n.Range.HiIncl
		if s.lo, err = c.expr(n.Range.Lo, nil); err != nil {
			return nil, err
		}
		if s.hi, err = c.expr(n.Range.Hi, nil); err != nil {
			return nil, err
		}
	}
	s.inList, err = c.expr(n.InList, nil)
	return s, err
}

// key is the index's prefix and the key columns with equality conditions; nil if
// a condition compares with NULL.
func (s *rangeSpec) key(r *run) (kv.Key, error) {
	p := tuple.Prefix(s.idx)
	for i, x := range s.prefix {
		if x == nil {
			p = tuple.AppendIndexKey(p, s.idx, i, types.Null)
			continue
		}
		d, err := r.scalar(x)
		if err != nil || d.IsNull() {
			return nil, err
		}
		p = tuple.AppendIndexKey(p, s.idx, i, d)
	}
	return p, nil
}

// spans evaluates the conditions: the parts of the index to read, in key order.
func (s *rangeSpec) spans(r *run) ([]kv.Span, error) {
	p, err := s.key(r)
	if err != nil || p == nil {
		return nil, err
	}
	switch {
	case s.inList != nil:
		return s.listSpans(r, p)
	case s.ranged:
		return s.rangeSpans(r, p)
	}
	return []kv.Span{kv.PrefixSpan(p)}, nil
}

func (s *rangeSpec) listSpans(r *run, p []byte) ([]kv.Span, error) {
	d, err := r.scalar(s.inList)
	if err != nil || d.IsNull() {
		return nil, err
	}
	a, ok := d.X.(*types.Array)
	if !ok {
		return nil, nil
	}
	var keys [][]byte
	for _, e := range a.Elems {
		if !e.IsNull() {
			keys = append(keys, tuple.AppendIndexKey(slices.Clone(p), s.idx, len(s.prefix), e))
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	spans := make([]kv.Span, len(keys))
	for i, k := range keys {
		spans[i] = kv.PrefixSpan(k)
	}
	return spans, nil
}

// rangeSpans is the range on the next key column. NULLs are in no range.
func (s *rangeSpec) rangeSpans(r *run, p []byte) ([]kv.Span, error) {
	at := len(s.prefix)
	null := tuple.AppendIndexKey(slices.Clone(p), s.idx, at, types.Null)
	span := kv.Span{Start: p, End: null}
	if s.idx.Keys[at].NullsFirst {
		span = kv.Span{Start: kv.PrefixEnd(null), End: kv.PrefixEnd(p)}
	}
	if s.lo != nil {
		d, err := r.scalar(s.lo)
		if err != nil || d.IsNull() {
			return nil, err
		}
		span.Start = tuple.AppendIndexKey(slices.Clone(p), s.idx, at, d)
		if !s.loIncl {
			span.Start = kv.PrefixEnd(span.Start)
		}
	}
	if s.hi != nil {
		d, err := r.scalar(s.hi)
		if err != nil || d.IsNull() {
			return nil, err
		}
		span.End = tuple.AppendIndexKey(slices.Clone(p), s.idx, at, d)
		if s.hiIncl {
			span.End = kv.PrefixEnd(span.End)
		}
	}
	if span.End != nil && bytes.Compare(span.Start, span.End) >= 0 {
		return nil, nil
	}
	return []kv.Span{span}, nil
}

// scanSpec reads a stored table.
type scanSpec struct {
	n      *plan.TableScan
	table  *catalog.Table
	ranges *rangeSpec
	// Columns come from the scanned index, or, if lookup, from the base row.
	lookup  bool
	decoder *tuple.Decoder // of the index's rows, or the base rows if lookup
	data    int            // decoded columns; then the row's key and the stored row
	rowID   int            // output places, -1: not asked for
	whole   int
	out     []int // by output column: place among decoded columns; -1: RowID or Whole
	storage *filterSource
	looked  *filterSource
	filter  *expr.Compiled
	limit   *expr.Compiled
	shows   bool // it shows for how many rows filter is computed
	ncols   int
	get     bool // the condition is a full primary key: one row
}

// A filterSource makes row filters: a condition over columns of stored rows.
type filterSource struct {
	cond    *expr.Compiled
	decoder *tuple.Decoder
	ncols   int
}

func (c *compiler) tableScan(n *plan.TableScan) (spec, error) {
	cols := n.Columns()
	s := &scanSpec{n: n, table: n.Scan.Table, lookup: n.Access == plan.IndexScan, rowID: -1, whole: -1, ncols: len(cols)}
	var err error
	if s.ranges, err = c.ranges(n); err != nil {
		return nil, err
	}
	var attrs []int
	for i, col := range cols {
		switch {
		case col.ID == n.Scan.RowID && n.Scan.RowID != 0:
			s.rowID = i
			s.out = append(s.out, -1)
		case col.ID == n.Scan.Whole && n.Scan.Whole != 0:
			s.whole = i
			s.out = append(s.out, -1)
		default:
			at, err := mustPlace(n.Scan.Cols, col.ID)
			if err != nil {
				return nil, err
			}
			s.out = append(s.out, len(attrs))
			attrs = append(attrs, n.Scan.Attrs[at])
		}
	}
	s.data = len(attrs)
	source := n.Index
	if s.lookup {
		source = s.table.Primary
	}
	s.decoder = tuple.NewDecoder(s.table, source, attrs)
	if s.storage, err = c.rowFilter(n.Storage, n.Scan, n.Index); err != nil {
		return nil, err
	}
	if s.looked, err = c.rowFilter(n.Lookup, n.Scan, s.table.Primary); err != nil {
		return nil, err
	}
	if s.filter, err = c.expr(n.Filter, cols); err != nil {
		return nil, err
	}
	s.shows = plan.Observable(n.Filter)
	if s.limit, err = c.expr(n.Limit, nil); err != nil {
		return nil, err
	}
	s.get = fullKey(n)
	return s, nil
}

// fullKey reports whether n's condition is a whole primary key: at most one row.
func fullKey(n *plan.TableScan) bool {
	return n.Index.Primary && !n.Index.Hidden && len(n.Prefix) == len(n.Index.Keys) && n.InList == nil && n.Range == nil
}

func (c *compiler) rowFilter(cond rel.Expr, scan *rel.Scan, idx *catalog.Index) (*filterSource, error) {
	if cond == nil {
		return nil, nil
	}
	var cols []rel.Column
	var attrs []int
	for _, id := range expr.Cols(cond) {
		if at := place(scan.Cols, id); at >= 0 && place(cols, id) < 0 {
			cols = append(cols, scan.Cols[at])
			attrs = append(attrs, scan.Attrs[at])
		}
	}
	x, err := c.expr(cond, cols)
	if err != nil {
		return nil, err
	}
	return &filterSource{x, tuple.NewDecoder(scan.Table, idx, attrs), len(cols)}, nil
}

// A rowFilter is a txn.BatchFilter of one execution.
type rowFilter struct {
	r     *run
	s     *filterSource
	room  tuple.Scratch
	batch *types.Batch // rows added
}

// Blocks of texts: those that a filter looks at are soon forgotten, those of rows may be
// kept one by one.
const (
	filterTexts = 8 << 10
	rowTexts    = 512
)

func (f *rowFilter) Match(key, value []byte) (bool, error) {
	if err := f.s.decoder.Decode(key, value, f.room.Row); err != nil {
		return false, err
	}
	d, err := f.s.cond.Row(f.r.env, f.room.Row)
	return !d.IsNull() && d.Bool(), err
}

func (f *rowFilter) Add(key, value []byte) error {
	if f.batch == nil {
		f.batch = newBatch(f.s.ncols)
	}
	err := f.s.decoder.DecodeTo(key, value, &f.room, f.batch.Cols, f.batch.Len)
	f.batch.Len++
	return err
}

func (f *rowFilter) Passed(dst []int) ([]int, error) {
	dst, err := f.s.cond.Filter(f.r.env, f.batch, dst)
	resetBatch(f.batch)
	return dst, err
}

func scratch(cols, texts int) tuple.Scratch {
	return tuple.Scratch{Row: make([]types.Datum, cols), Texts: types.Texts{Block: texts}}
}

func (r *run) rowFilter(s *filterSource) *rowFilter {
	return &rowFilter{r: r, s: s, room: scratch(s.ncols, filterTexts)}
}

func (s *scanSpec) operator(r *run) operator {
	o := &tableScan{r: r, s: s, out: newBatch(s.ncols), room: scratch(s.data, rowTexts), sel: newSelection(s.filter, s.ncols)}
	for c, at := range s.out {
		if at >= 0 {
			o.data = append(o.data, o.out.Cols[c])
		}
	}
	if s.storage != nil {
		o.storage = r.rowFilter(s.storage)
	}
	if s.looked != nil {
		o.looked = r.rowFilter(s.looked)
	}
	return o
}

type tableScan struct {
	r       *run
	s       *scanSpec
	spans   []kv.Span
	at      int
	it      txn.Iterator
	storage *rowFilter
	looked  *rowFilter
	want    int   // rows still wanted; -1: all
	max     int   // paced
	failed  error // what comes after the rows of the last batch
	out     *types.Batch
	data    []*types.Vec // those of out that are decoded
	room    tuple.Scratch
	base    kv.Key // of the row looked up
	sel     selection

	// For EXPLAIN ANALYZE: rows read and dropped by storage, looked up and dropped by
	// the look-up, dropped here.
	read, filtered, lookups, lookupFiltered, dropped int64
	actual                                           *plan.Actual
}

// detail makes the scan report to EXPLAIN ANALYZE.
func (o *tableScan) detail(a *plan.Actual) { o.actual = a }

// report adds what was counted since the last report.
func (o *tableScan) report() {
	if a := o.actual; a != nil {
		a.Read += o.read
		a.Filtered += o.filtered
		a.Lookups += o.lookups
		a.LookupFiltered += o.lookupFiltered
		a.Removed += o.dropped
	}
	o.read, o.filtered, o.lookups, o.lookupFiltered, o.dropped = 0, 0, 0, 0, 0
}

func (o *tableScan) open() error {
	o.close()
	o.at, o.want, o.max, o.failed = 0, -1, 0, nil
	var err error
	if o.spans, err = o.s.ranges.spans(o.r); err != nil {
		return err
	}
	if o.s.n.Reverse {
		slices.Reverse(o.spans)
	}
	d, err := o.r.scalar(o.s.limit)
	if err == nil && !d.IsNull() && d.I >= 0 && d.I < 1<<31 {
		o.want = int(d.I)
	}
	return err
}

func (o *tableScan) pace(n int) {
	if o.s.shows {
		o.max = n
	}
}

func (o *tableScan) close() {
	defer o.report()
	if o.it == nil {
		return
	}
	st := o.it.Stats()
	o.read += st.Rows
	o.filtered += st.Filtered
	o.it.Close()
	o.it = nil
}

func (o *tableScan) next() (*types.Batch, error) {
	for {
		if err := o.r.canceled(); err != nil {
			return nil, err
		}
		if err := o.fill(); err != nil {
			return nil, err
		}
		if o.out.Len == 0 {
			return nil, nil
		}
		b, err := o.sel.apply(o.r.env, o.out)
		if err != nil {
			return nil, err
		}
		o.dropped += int64(o.out.Len - b.Len)
		if b.Len > 0 {
			return b, nil
		}
	}
}

// fill reads up to a batch of rows. The filter's failure comes after the rows before it,
// which may be all that is wanted.
func (o *tableScan) fill() error {
	resetBatch(o.out)
	if o.failed != nil {
		return o.failed
	}
	for o.out.Len < atMost(o.max) && o.want != 0 {
		if o.it == nil {
			if o.at >= len(o.spans) {
				break
			}
			if o.s.get {
				if err := o.getRow(); err != nil {
					return err
				}
				continue
			}
			o.it = o.r.Tx.Scan(o.r.Ctx, o.spans[o.at], o.options())
			o.at++
		}
		if !o.it.Next() {
			err := o.it.Err()
			o.close()
			if err != nil && o.out.Len > 0 {
				o.failed = err
				return nil
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := o.take(o.it.Key(), o.it.Value()); err != nil {
			return err
		}
	}
	return nil
}

func (o *tableScan) options() txn.ScanOptions {
	opts := txn.ScanOptions{Reverse: o.s.n.Reverse}
	if o.storage != nil {
		opts.Filter = o.storage
	}
	if o.want > 0 && o.looked == nil && o.s.filter == nil {
		opts.Limit = o.want
	}
	return opts
}

// getRow reads the one row of a full primary key.
func (o *tableScan) getRow() error {
	key := o.spans[o.at].Start
	o.at++
	v, ok, err := o.r.lookup(key)
	if err != nil || !ok {
		return err
	}
	o.read++
	if o.storage != nil {
		if ok, err = o.storage.Match(key, v.Bytes); err != nil || !ok {
			o.filtered++
			return err
		}
	}
	return o.take(key, v.Bytes)
}

// take adds a scanned row, looked up if need be, to the batch.
func (o *tableScan) take(key, value []byte) error {
	if o.s.lookup {
		base, err := tuple.AppendBaseKey(o.base[:0], o.s.table, o.s.n.Index, key, value)
		if err != nil {
			return err
		}
		o.base = base
		v, ok, err := o.r.lookup(base)
		if err != nil || !ok {
			return err
		}
		o.lookups++
		if o.looked != nil {
			if ok, err = o.looked.Match(base, v.Bytes); err != nil || !ok {
				o.lookupFiltered++
				return err
			}
		}
		key, value = base, v.Bytes
	}
	n := o.out.Len
	if err := o.s.decoder.DecodeTo(key, value, &o.room, o.data, n); err != nil {
		return err
	}
	if o.s.rowID >= 0 && !o.s.lookup && !o.s.n.Index.Primary {
		base, err := tuple.BaseKeyOf(o.s.table, o.s.n.Index, key, value)
		if err != nil {
			return err
		}
		key = base
	}
	if o.s.rowID >= 0 {
		o.out.Cols[o.s.rowID].Add(n, types.NewText(string(key)))
	}
	if o.s.whole >= 0 {
		o.out.Cols[o.s.whole].Add(n, types.NewText(string(value)))
	}
	o.out.Len++
	if o.want > 0 && o.s.filter == nil {
		o.want--
	}
	return nil
}
