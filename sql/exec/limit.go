package exec

import (
	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/expr"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// Limit.
type limitSpec struct {
	in            spec
	count, offset *expr.Compiled
	ties          []sortCol
	ncols         int
	paced         bool
}

func (c *compiler) limit(n *plan.Limit) (spec, error) {
	s := &limitSpec{ncols: len(n.Input.Columns()), paced: c.observer.Node(n.Input)}
	var err error
	if s.in, err = c.node(n.Input); err != nil {
		return nil, err
	}
	if s.count, err = c.expr(n.Count, nil); err != nil {
		return nil, err
	}
	if s.offset, err = c.expr(n.Offset, nil); err != nil {
		return nil, err
	}
	s.ties, err = sortCols(n.WithTies, n.Input.Columns())
	return s, err
}

func (s *limitSpec) operator(r *run) operator {
	return &limit{in: s.in.operator(r), r: r, s: s}
}

type limit struct {
	in   operator
	r    *run
	s    *limitSpec
	skip int64
	left int64     // rows still wanted; -1: all
	max  int       // paced
	last *rowStore // WITH TIES: the last row within the limit
}

func (l *limit) open() error {
	var err error
	if l.skip, l.left, err = l.r.limits(l.s.count, l.s.offset); err != nil {
		return err
	}
	l.last, l.max = nil, 0
	return l.in.open()
}

func (l *limit) close()     { l.in.close() }
func (l *limit) pace(n int) { l.max = n }

// budget is how many rows of the input the next batch may need; 0: no bound.
func (l *limit) budget() int {
	n := l.left
	switch {
	case n == 0: // ties end with the first row that is none
		return 1
	case l.max > 0 && (n < 0 || int64(l.max) < n):
		n = int64(l.max)
	case n < 0:
		return 0
	}
	return int(min(l.skip+n, types.BatchSize))
}

// limits evaluates LIMIT and OFFSET; count is -1 without LIMIT.
func (r *run) limits(countX, offsetX *expr.Compiled) (offset, count int64, err error) {
	d, err := r.scalar(offsetX)
	if err != nil {
		return 0, 0, err
	}
	if offset = d.I; offset < 0 {
		return 0, 0, pgerr.New(pgerr.InvalidRowCountInOffset, "OFFSET must not be negative")
	}
	if d, err = r.scalar(countX); err != nil {
		return 0, 0, err
	}
	if d.IsNull() {
		return offset, -1, nil
	}
	if d.I < 0 {
		return 0, 0, pgerr.New(pgerr.InvalidRowCountInLimit, "LIMIT must not be negative")
	}
	return offset, d.I, nil
}

func (l *limit) next() (*types.Batch, error) {
	for {
		if l.left == 0 && (l.last == nil || len(l.s.ties) == 0) {
			return nil, nil
		}
		if l.s.paced {
			pace(l.in, l.budget())
		}
		b, err := l.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		if l.skip >= int64(b.Len) {
			l.skip -= int64(b.Len)
			continue
		}
		if l.left == 0 {
			return l.peers(b)
		}
		from := int(l.skip)
		l.skip = 0
		to := b.Len
		if l.left >= 0 {
			to = int(min(int64(b.Len), int64(from)+l.left))
			l.left -= int64(to - from)
		}
		if l.left == 0 && len(l.s.ties) > 0 {
			l.last = newRowStore(&l.r.mem, l.s.ncols)
			if err := l.last.appendFrom(b, []int{to - 1}); err != nil {
				return nil, err
			}
			to += l.countPeers(b, to)
		}
		if from == 0 && to == b.Len {
			return b, nil
		}
		return sliceBatch(b, from, to), nil
	}
}

// countPeers counts the rows of b, from at on, that tie with the last row; it
// ends the ties if one does not.
func (l *limit) countPeers(b *types.Batch, at int) int {
	n := 0
	for ; at < b.Len; at++ {
		for _, k := range l.s.ties {
			v, i := l.last.vec(0, k.col)
			if k.compare(v, i, b.Cols[k.col], at) != 0 {
				l.last = nil
				return n
			}
		}
		n++
	}
	return n
}

func (l *limit) peers(b *types.Batch) (*types.Batch, error) {
	n := l.countPeers(b, 0)
	if n == 0 {
		return nil, nil
	}
	return sliceBatch(b, 0, n), nil
}

// LockRows claims the rows that pass.
type lockSpec struct {
	in    spec
	feed  feedSpec
	locks []rowLock
}

func (c *compiler) lockRows(n *plan.LockRows) (spec, error) {
	in, err := c.node(n.Input)
	if err != nil {
		return nil, err
	}
	s := &lockSpec{in: in, feed: c.feed(n.Input, true)}
	for _, l := range n.Locks {
		at, err := mustPlace(n.Input.Columns(), l.RowID)
		if err != nil {
			return nil, err
		}
		s.locks = append(s.locks, rowLock{at, lockStrength(l.Share)})
	}
	return s, nil
}

func (s *lockSpec) operator(r *run) operator {
	return &lockOp{feed{feedSpec: s.feed, in: s.in.operator(r)}, r, s}
}

type rowLock struct {
	at       int
	strength kv.Strength
}

func lockStrength(share bool) kv.Strength {
	if share {
		return kv.Share
	}
	return kv.Exclusive
}

type lockOp struct {
	feed
	r *run
	s *lockSpec
}

func (l *lockOp) next() (*types.Batch, error) {
	b, err := l.feed.next()
	if err != nil || b == nil {
		return nil, err
	}
	for _, lock := range l.s.locks {
		ids := b.Cols[lock.at]
		for i := range b.Len {
			if ids.IsNull(i) { // no row on this side of an outer join
				continue
			}
			if err := l.r.Tx.Lock(kv.Key(ids.S[i]), lock.strength); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}
