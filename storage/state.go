package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"zorya/kv"
	"zorya/txn"
)

// ErrHorizon is returned by a read of a time whose versions are no longer kept.
// It is what users are told.
var ErrHorizon error = txn.ErrSnapshotTooOld

// ErrCorrupt is wrapped by errors about bytes that storage did not write.
var ErrCorrupt = errors.New("storage is corrupt")

func corrupt(what string) error { return fmt.Errorf("%w: malformed %s", ErrCorrupt, what) }

// A State says which records have been applied.
type State struct {
	Seq     uint64       // The last record applied; 0: none.
	Time    kv.Timestamp // Its commit time.
	Catalog kv.Timestamp // Commit time of the last change of a descriptor.
	Horizon kv.Timestamp // The horizon of that record.
}

// layoutVersion is the version of the trees' encodings.
const layoutVersion = 1

func (st State) encode() []byte {
	b := []byte{layoutVersion}
	for _, v := range []uint64{st.Seq, uint64(st.Time), uint64(st.Catalog), uint64(st.Horizon)} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	return b
}

// readState returns the state on disk; the zero State if there is none yet.
func readState(db pebble.Reader) (State, error) {
	b, closer, err := db.Get(stateKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read storage state: %w", err)
	}
	defer closer.Close()
	if len(b) == 0 || b[0] != layoutVersion {
		return State{}, fmt.Errorf("storage layout is not version %d: written by another version of Zorya", layoutVersion)
	}
	if len(b) != 33 {
		return State{}, corrupt("state")
	}
	field := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	return State{field(0), kv.Timestamp(field(1)), kv.Timestamp(field(2)), kv.Timestamp(field(3))}, nil
}
