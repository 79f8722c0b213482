package backup

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"zorya/cluster"
	"zorya/kv"
)

// About says what a backup holds.
type About struct {
	Cluster string       `json:"cluster"` // The cluster's id.
	Record  uint64       `json:"record"`  // The last record of the journal in it.
	Time    kv.Timestamp `json:"time"`    // Its commit time.
	Catalog kv.Timestamp `json:"catalog"` // Commit time of the last change of the schema.
	Made    time.Time    `json:"made"`
}

// shared are the files of a data directory that a backup takes along. Those after
// the first two may be missing: a server makes them.
var shared = []string{"identities.json", "ca-key.pem", "ca.pem", "credentials"}

// pairsBytes is from where on a block of pairs takes no more.
const pairsBytes = 256 << 10

// Write writes a backup of an open cluster of the data directory dir.
func Write(w io.Writer, dir, id string, c *cluster.Cluster) (err error) {
	p, err := c.Copy()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	a, err := newArchive(w)
	if err != nil {
		return err
	}
	about, err := json.Marshal(About{Cluster: id, Record: p.Record, Time: p.Time, Catalog: p.Catalog, Made: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	if err := a.block(aboutBlock, about); err != nil {
		return err
	}
	for _, name := range shared {
		if err := a.file(dir, name); err != nil {
			return err
		}
	}
	return a.pairs(p)
}

// file writes a file of the data directory, if it is there.
func (a *archive) file(dir, name string) error {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) && slices.Index(shared, name) > 1 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	b := binary.AppendUvarint(nil, uint64(len(name)))
	return a.block(fileBlock, append(append(b, name...), content...))
}

// pairs writes all keys, and the end.
func (a *archive) pairs(p *cluster.Copy) error {
	var block []byte
	count := uint64(0)
	err := p.Each(func(key, value []byte, time kv.Timestamp) error {
		count++
		block = binary.BigEndian.AppendUint64(block, uint64(time))
		block = append(binary.AppendUvarint(block, uint64(len(key))), key...)
		block = append(binary.AppendUvarint(block, uint64(len(value))), value...)
		if len(block) < pairsBytes {
			return nil
		}
		err := a.block(pairsBlock, block)
		block = block[:0]
		return err
	})
	if err == nil && len(block) > 0 {
		err = a.block(pairsBlock, block)
	}
	if err == nil {
		err = a.block(endBlock, binary.BigEndian.AppendUint64(nil, count))
	}
	if err == nil {
		err = a.w.Flush()
	}
	return err
}
