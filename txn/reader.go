package txn

import (
	"context"

	"zorya/kv"
)

// A Reader reads many keys of a transaction, which is cheaper than as many calls of Get.
// It sees own writes as they are at each call, and stored ones as Get does. The bytes that
// it returns are valid until the next call. It holds on to storage until it is closed.
type Reader interface {
	Get(key kv.Key) (v Value, ok bool, err error)
	GetLatest(key kv.Key) (v Value, ok bool, err error)
	Close()
}

// A StoreReader is a Store's part of a Reader.
type StoreReader interface {
	Get(key kv.Key) (v Value, ok bool, err error)
	Close()
}

// few is how many keys are not worth the making of a StoreReader.
const few = 3

type reader struct {
	t      *Txn
	ctx    context.Context
	n      int
	stored StoreReader
}

// Reader implements Tx.
func (t *Txn) Reader(ctx context.Context) Reader { return &reader{t: t, ctx: ctx} }

// Get implements Reader.
func (r *reader) Get(key kv.Key) (Value, bool, error) { return r.get(key, r.t.statement) }

// GetLatest implements Reader.
func (r *reader) GetLatest(key kv.Key) (Value, bool, error) { return r.get(key, r.t.last+1) }

func (r *reader) get(key kv.Key, statement int) (Value, bool, error) {
	if w := r.t.buffer.lookup(key, statement); w != nil {
		return Value{Bytes: w.value}, !w.deleted, nil
	}
	if r.n++; r.n <= few {
		return r.t.db.o.Store.Get(r.ctx, key, r.t.point.Time)
	}
	if r.stored == nil {
		r.stored = r.t.db.o.Store.Reader(r.ctx, r.t.point.Time)
	}
	return r.stored.Get(key)
}

// Close implements Reader.
func (r *reader) Close() {
	if r.stored != nil {
		r.stored.Close()
		r.stored = nil
	}
}
