package check

import (
	"bytes"
	"errors"
	"slices"

	"zorya/journal"
	"zorya/kv"
	"zorya/txn"
)

// A history is what the records of the journal say that keys hold in the end:
// storage must hold just that. It knows of the records that have not been trimmed.
type history struct {
	keys map[string]said
}

// said is the last word about a key.
type said struct {
	seq     uint64
	time    kv.Timestamp
	value   []byte
	deleted bool
}

func newHistory() *history { return &history{map[string]said{}} }

// add takes the records of a frame.
func (h *history) add(batch []journal.Record) {
	for i := range batch {
		r := &batch[i]
		switch r.Kind {
		case journal.Purge:
			for key := range h.keys {
				if r.Purged.Contains(kv.Key(key)) {
					delete(h.keys, key)
				}
			}
		case journal.Backfill:
			for _, m := range r.Mutations {
				// A version from before the journal may be newer than the scan.
				if old, ok := h.keys[string(m.Key)]; ok && old.time < r.AsOf {
					delete(h.keys, string(m.Key))
				}
			}
		case journal.Ordinary:
			for _, m := range r.Mutations {
				h.keys[string(m.Key)] = said{r.Seq, r.Time, bytes.Clone(m.Value), m.Delete}
			}
		}
	}
}

// compare reports keys that do not hold what the journal says.
func (x *inspection) compare(h *history) error {
	keys := make([]string, 0, len(h.keys))
	for key := range h.keys {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		want := h.keys[key]
		v, ok, err := x.get(kv.Key(key))
		if err != nil {
			return err
		}
		if ok == want.deleted || ok && (v.Time != want.time || !bytes.Equal(v.Bytes, want.value)) {
			x.found(x.object(kv.Key(key)), "storage does not hold what record %d of the journal says", want.seq)
		}
	}
	return nil
}

// get reads a key at the newest time. An unreadable key is reported and absent.
func (x *inspection) get(key kv.Key) (v txn.Value, ok bool, err error) {
	v, ok, err = x.tx.Get(x.ctx, key)
	if err != nil && x.ctx.Err() == nil {
		x.found(x.object(key), "it cannot be read: %v", err)
		return v, false, errUnreadable
	}
	return v, ok, x.ctx.Err()
}

// errUnreadable says that damage keeps a check from going on where it is.
var errUnreadable = errors.New("unreadable")
