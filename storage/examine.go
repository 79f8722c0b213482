package storage

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Peek returns the state of the store in dir without changing anything, and whether
// there is a store at all. It fails if the store cannot be opened as it is.
func Peek(dir string, o Options) (st State, exists bool, err error) {
	p := pebbleOptions(o)
	names, err := p.FS.List(dir)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, false, nil
	}
	if err != nil {
		return State{}, false, fmt.Errorf("open storage %s: %w", dir, err)
	}
	desc, err := pebble.Peek(dir, p.FS)
	if err != nil {
		return State{}, false, fmt.Errorf("open storage %s: %w", dir, err)
	}
	if !desc.Exists {
		return State{}, false, orphaned(p.FS, dir, names)
	}
	if err := checkOptions(p, dir, desc.OptionsFilename); err != nil {
		return State{}, true, err
	}
	m, err := readManifest(p.FS, desc.ManifestFilename)
	if err != nil {
		return State{}, true, err
	}
	var met *Damage
	db, err := openReadOnly(dir, o, &met)
	if err == nil {
		err = m.checkTables(db)
		if err == nil {
			st, err = readState(db)
		}
		err = errors.Join(err, db.Close())
	}
	switch damage := (*Damage)(nil); {
	case err == nil:
		return st, true, nil
	case met != nil:
		return State{}, true, met
	case errors.As(err, &damage):
		return State{}, true, damage
	case m.broken != nil && !isReadError(err):
		return State{}, true, m.damage(fmt.Sprintf("%v; what was before it is no longer there: %v", m.broken, err))
	}
	return State{}, true, fmt.Errorf("open storage %s: %w", dir, err)
}

// checkOptions checks the file in which Pebble notes the options of the last opening,
// which it would not name.
func checkOptions(p *pebble.Options, dir, name string) error {
	if name == "" {
		return nil
	}
	f, err := p.FS.Open(name)
	if err != nil {
		return fmt.Errorf("open storage %s: %w", dir, err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("open storage %s: read %s: %w", dir, name, err)
	}
	p.EnsureDefaults()
	if err := p.CheckCompatibility(dir, string(text)); err != nil {
		return &Damage{File: name, Offset: -1, Reason: fmt.Sprintf("%v; storage works without the file: remove it", err)}
	}
	return nil
}

// orphaned is the error for a directory that has a store's files, but not the one
// that says which they are. Pebble would begin anew and remove them.
func orphaned(fs vfs.FS, dir string, names []string) error {
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			return &Damage{File: fs.PathJoin(dir, "marker.manifest.*"), Offset: -1, Reason: "the file is missing, but there are tables"}
		}
	}
	return nil
}

// openReadOnly opens the Pebble store in dir, which exists. The damage that it meets
// goes to met.
func openReadOnly(dir string, o Options, met **Damage) (*pebble.DB, error) {
	p := pebbleOptions(o)
	p.ReadOnly = true
	p.Experimental.CompactionScheduler = newCompactions() // Which never begin.
	p.EventListener = &pebble.EventListener{DataCorruption: func(info pebble.DataCorruptionInfo) { *met = damageOf(info) }}
	return pebble.Open(dir, p)
}

// A Survey is what a closed store holds.
type Survey struct {
	Exists bool
	Tables int
	Blocks int // Whose checksums were right.
	Bytes  int64
	State  State
	Damage []*Damage
}

// Examine reads every block of every table of a closed store without changing
// anything, past damage too. It returns an error only if a file cannot be read.
func Examine(dir string, o Options) (*Survey, error) {
	s := &Survey{}
	p := pebbleOptions(o)
	names, err := p.FS.List(dir)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list storage directory: %w", err)
	}
	slices.Sort(names)
	o.Cache, o.FileCache = nil, nil // Blocks are to come from the disk.
	var live map[string]bool
	if s.State, s.Exists, err = Peek(dir, o); err == nil && s.Exists {
		live, err = liveTables(dir, o)
	}
	if err != nil {
		s.Damage = append(s.Damage, asDamage(dir, err))
	}
	for _, name := range names {
		path := p.FS.PathJoin(dir, name)
		switch {
		case strings.HasSuffix(name, ".sst") && (live == nil || live[name]):
			err = s.table(p, path)
		case strings.HasPrefix(name, "MANIFEST-"):
			err = s.manifest(p.FS, path)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// asDamage makes an error of opening a Damage that names what it can.
func asDamage(dir string, err error) *Damage {
	var d *Damage
	if errors.As(err, &d) {
		return d
	}
	return &Damage{File: dir, Offset: -1, Reason: err.Error()}
}

// liveTables are the files that the newest state consists of.
func liveTables(dir string, o Options) (map[string]bool, error) {
	var met *Damage
	db, err := openReadOnly(dir, o, &met)
	if err != nil {
		return nil, err
	}
	levels, err := db.SSTables()
	live := map[string]bool{}
	for _, tables := range levels {
		for i := range tables {
			live[fmt.Sprintf("%06d.sst", uint64(tables[i].BackingSSTNum))] = true
		}
	}
	return live, errors.Join(err, db.Close())
}

// table reads the blocks of a table.
func (s *Survey) table(p *pebble.Options, path string) error {
	f, err := p.FS.Open(path)
	if err != nil {
		return fmt.Errorf("open table: %w", err)
	}
	s.Tables++
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(fmt.Errorf("open table %s: %w", path, err), f.Close())
	}
	s.Bytes += readable.Size()
	if err := s.blocks(p, readable, path); err != nil {
		if isReadError(err) {
			return fmt.Errorf("read table %s: %w", path, err)
		}
		s.Damage = append(s.Damage, &Damage{File: path, Offset: offsetIn(err), Reason: err.Error()})
	}
	return nil
}

// blocks reads a table's blocks and notes those that are damaged. Its error is for
// what keeps it from finding them.
func (s *Survey) blocks(p *pebble.Options, readable objstorage.Readable, path string) (err error) {
	// Pebble panics over some damage in the blocks that say where the others are.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, r)
		}
	}()
	ctx := context.Background()
	r, err := sstable.NewReader(ctx, readable, p.MakeReaderOptions())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	layout, err := r.Layout()
	if err != nil {
		return err
	}
	damages := len(s.Damage)
	for _, h := range handles(layout) {
		b := make([]byte, h.Length+block.TrailerLen)
		if err := readable.ReadAt(ctx, b, int64(h.Offset)); err != nil {
			return err
		}
		if err := block.ValidateChecksum(block.ChecksumTypeCRC32c, b, h); err != nil {
			s.Damage = append(s.Damage, &Damage{File: path, Offset: int64(h.Offset), Reason: err.Error()})
			continue
		}
		s.Blocks++
	}
	if len(s.Damage) > damages {
		return nil
	}
	return inOrder(r)
}

// inOrder reads a table's keys, which must ascend. A block's checksum does not know
// where the block belongs: only this tells that two have been exchanged.
func inOrder(r *sstable.Reader) (err error) {
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var last []byte
	newest := ^uint64(0)
	for pair := it.First(); pair != nil; pair = it.Next() {
		order := bytes.Compare(pair.K.UserKey, last)
		if order < 0 || order == 0 && uint64(pair.K.Trailer) >= newest {
			return fmt.Errorf("%w: key %x stands behind key %x", ErrCorrupt, pair.K.UserKey, last)
		}
		last, newest = append(last[:0], pair.K.UserKey...), uint64(pair.K.Trailer)
	}
	return it.Error()
}

// handles are the places of all blocks that a table has.
func handles(l *sstable.Layout) (list []block.Handle) {
	for i := range l.Data {
		list = append(list, l.Data[i].Handle)
	}
	for i := range l.Filter {
		list = append(list, l.Filter[i].Handle)
	}
	list = append(append(list, l.Index...), l.ValueBlock...)
	list = append(list, l.TopIndex, l.RangeDel, l.RangeKey, l.ValueIndex, l.Properties, l.MetaIndex, l.BlobReferenceIndex)
	list = slices.DeleteFunc(list, func(h block.Handle) bool { return h.Length == 0 })
	slices.SortFunc(list, func(a, b block.Handle) int { return cmp.Compare(a.Offset, b.Offset) })
	return list
}
