package storage

import (
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A manifest is the file in which Pebble lists its tables, as far as it is whole.
type manifest struct {
	path    string
	records int   // At its start that are whole.
	end     int64 // Where they end.
	broken  error // What is wrong with what follows; nil: nothing does. A power loss leaves such an end, and so does damage.
}

func readManifest(fs vfs.FS, path string) (*manifest, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open manifest: %w", err)
	}
	defer f.Close()
	r := record.NewReader(f, 0)
	for m := (&manifest{path: path}); ; m.records++ {
		m.end = r.Offset()
		one, err := r.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, one)
		} else if err == io.EOF {
			return m, nil
		}
		switch {
		case err == nil:
		case isReadError(err):
			return nil, fmt.Errorf("read manifest %s: %w", path, err)
		default:
			m.broken = err
			return m, nil
		}
	}
}

// damage is what is wrong with the record after the whole ones.
func (m *manifest) damage(why string) *Damage {
	return &Damage{File: m.path, Offset: m.end, Reason: "the record is not whole: " + why}
}

// checkTables checks that the manifest of an open store says which of its tables'
// entries are visible. The first record lists the tables, and the second, made durable
// together with it, has the last sequence number; later records have both. Pebble takes
// a damaged record for the end of the manifest: without the second, the tables' entries
// would be invisible, and come back over newer ones as the journal is replayed.
func (m *manifest) checkTables(db *pebble.DB) error {
	if m.records >= 2 {
		return nil
	}
	levels, err := db.SSTables()
	if err != nil {
		return err
	}
	for _, tables := range levels {
		if len(tables) > 0 {
			return m.damage(fmt.Sprintf("%v; it would say which entries of the tables are valid", m.broken))
		}
	}
	return nil
}

// manifest reads the records of a manifest.
func (s *Survey) manifest(fs vfs.FS, path string) error {
	m, err := readManifest(fs, path)
	if err == nil && m.broken != nil {
		s.Damage = append(s.Damage, m.damage(m.broken.Error()))
	}
	return err
}
