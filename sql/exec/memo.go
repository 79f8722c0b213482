package exec

import (
	"encoding/binary"
	"math"

	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A memo keeps the values of a correlated sub-plan by those of the outer columns that
// it reads, as PostgreSQL's Memoize does for joins: outer rows often repeat them.
type memo struct {
	values map[string]types.Datum
	size   int // bytes, about
	key    []byte
	hits   int
	misses int
}

const (
	memoBytes = 1 << 20 // then it starts anew
	memoTrial = 4096    // misses after which few hits end it
)

// find looks the values up for env's outer columns. ok is false if the memo cannot
// have them or does no good; else a value that is not known may be kept by keep.
func (m *memo) find(outer map[rel.ColID]types.Datum, ids []rel.ColID) (d types.Datum, known, ok bool) {
	if m.misses > memoTrial && m.hits < m.misses/16 {
		m.values = nil
		return types.Null, false, false
	}
	m.key = m.key[:0]
	for _, id := range ids {
		if m.key, ok = appendIdentity(m.key, outer[id]); !ok {
			return types.Null, false, false
		}
	}
	if d, known = m.values[string(m.key)]; known {
		m.hits++
	} else {
		m.misses++
	}
	return d, known, true
}

// keep remembers a value under a key that find has left.
func (m *memo) keep(key string, d types.Datum) {
	size := len(key) + len(d.S) + 128
	if d.Kind >= types.KindArray || size > memoBytes/16 {
		return
	}
	if m.values == nil || m.size+size > memoBytes {
		m.values, m.size = map[string]types.Datum{}, 0
	}
	m.values[key] = d
	m.size += size
}

// appendIdentity writes a value so that values which differ in any way, also those
// that are equal in SQL, are written differently. It reports false for kinds whose
// values may be large.
func appendIdentity(dst []byte, d types.Datum) ([]byte, bool) {
	dst = append(dst, byte(d.Kind))
	switch d.Kind {
	case types.KindNull:
	case types.KindBool, types.KindInt:
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.I))
	case types.KindFloat:
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(d.F))
	case types.KindBytes:
		if len(d.S) > 1000 {
			return dst, false
		}
		dst = binary.AppendUvarint(dst, uint64(len(d.S)))
		dst = append(dst, d.S...)
	case types.KindNumeric:
		at := len(dst)
		dst = types.AppendBinary(append(dst, 0, 0), types.NumericOID, d)
		binary.BigEndian.PutUint16(dst[at:], uint16(len(dst)-at))
	case types.KindInterval:
		v := d.X.(types.Interval)
		dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, uint32(v.Months)), uint32(v.Days))
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Micros))
	case types.KindTimeTZ:
		v := d.X.(types.TimeTZ)
		dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(dst, uint64(v.Micros)), uint32(v.Zone))
	default:
		return dst, false
	}
	return dst, true
}

// repeatable reports whether a correlated sub-plan gives the same value whenever its
// outer columns have the same values.
func repeatable(p *plan.SubPlan) bool {
	same := true
	rel.WalkNode(p.Sub.Query, func(x rel.Expr) bool {
		switch x := x.(type) {
		case *rel.Call:
			same = same && x.Fn.Volatility != funcs.Volatile
		case *rel.Cast:
			same = same && (x.Fn == nil || x.Fn.Volatility != funcs.Volatile)
		}
		return same
	})
	return same
}

// readsCTE notes for the sub-plans being compiled that they read rows of a CTE from
// outside of them: unless it is run once, they differ from one call to the next.
func (c *compiler) readsCTE(at ctePlace) {
	if at.once {
		return
	}
	for _, s := range c.open[min(at.depth, len(c.open)):] {
		s.memo = false
	}
}
