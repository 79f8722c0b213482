package check

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"zorya/cluster"
	"zorya/journal"
	"zorya/storage"
)

// oneCluster checks a cluster.
func oneCluster(ctx context.Context, dir string, o Options) (*Cluster, error) {
	c := &Cluster{Dir: dir, Findings: []Finding{}}
	said := newHistory()
	if err := c.journal(dir, said); err != nil {
		return nil, err
	}
	if err := c.storage(dir); err != nil {
		return nil, err
	}
	c.waysOut(dir)
	if o.Quick {
		return c, nil
	}
	return c, c.content(ctx, dir, said, o)
}

// add notes a finding.
func (c *Cluster) add(f Finding) { c.Findings = append(c.Findings, f) }

// journal checks the journal's frames.
func (c *Cluster) journal(dir string, said *history) error {
	s, err := journal.Examine(filepath.Join(dir, "journal"), nil, said.add)
	if err != nil {
		return err
	}
	c.Journal = Journal{Segments: s.Segments, Bytes: s.Bytes, Frames: s.Frames, Records: s.Records, First: s.First, Last: s.Last, Marked: s.Marked}
	for _, d := range s.Damages {
		c.add(Finding{File: d.File, Offset: &d.Offset, Problem: d.Reason})
	}
	if s.TornBytes > 0 && len(s.Damages) == 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("a torn tail of %d bytes in %s, offset %d: the next start cuts it", s.TornBytes, s.TornFile, s.TornOffset))
	}
	return nil
}

// storage checks the blocks of storage, and that it stands within the journal.
func (c *Cluster) storage(dir string) error {
	where := filepath.Join(dir, "storage")
	s, err := storage.Examine(where, storage.Options{})
	if err != nil {
		return err
	}
	c.Storage = Storage{Tables: s.Tables, Blocks: s.Blocks, Bytes: s.Bytes, Applied: s.State.Seq}
	for _, d := range s.Damage {
		f := Finding{File: d.File, Problem: d.Reason}
		if d.Offset >= 0 {
			f.Offset = &d.Offset
		}
		c.add(f)
	}
	if !s.Exists && c.Journal.First == 1 && c.Journal.Last > 0 {
		c.Notes = append(c.Notes, "there is no storage: the next start makes it of the journal, which has all records")
	}
	switch {
	case len(c.Findings) > 0: // What is missing follows from them.
	case s.State.Seq > c.Journal.Last:
		c.add(Finding{File: filepath.Join(dir, "journal"), Problem: fmt.Sprintf("storage has records up to %d, but the journal ends with %d", s.State.Seq, c.Journal.Last)})
	case s.State.Seq+1 < c.Journal.First:
		c.add(Finding{File: where, Problem: fmt.Sprintf("storage has records up to %d, but the journal begins with %d", s.State.Seq, c.Journal.First)})
	}
	return nil
}

// waysOut says what can be done about what was found in files.
func (c *Cluster) waysOut(dir string) {
	c.wayOut = "restore the cluster from a backup"
	if len(c.Findings) > 0 && c.Journal.First == 1 && c.Journal.Last > 0 && !c.damaged(filepath.Join(dir, "journal")) {
		c.wayOut = "move " + filepath.Join(dir, "storage") + " away: the journal has all records, and the next start makes it again"
	}
	for i := range c.Findings {
		c.Findings[i].WayOut = c.wayOut
	}
}

// damaged reports whether something was found in a directory.
func (c *Cluster) damaged(dir string) bool {
	for _, f := range c.Findings {
		if f.File == dir || filepath.Dir(f.File) == dir {
			return true
		}
	}
	return false
}

// content opens the cluster, with all changes in memory, and checks what is in it.
func (c *Cluster) content(ctx context.Context, dir string, said *history, o Options) (err error) {
	cache := cluster.NewCache()
	defer cache.Close()
	open, err := cluster.Open(dir, cluster.Options{ReadOnly: true, Existing: true, MinFree: -1, Cache: cache})
	if errors.Is(err, cluster.ErrInUse) {
		return err
	}
	if err != nil {
		if len(c.Findings) == 0 {
			c.add(Finding{File: dir, Problem: "the cluster does not open: " + err.Error(), WayOut: c.wayOut})
		}
		return nil
	}
	defer func() { err = errors.Join(err, ignoreDamage(open.Close())) }()
	return c.inside(ctx, open, said, o)
}

// ignoreDamage drops errors of closing that follow from damage which was reported.
func ignoreDamage(err error) error {
	if errors.Is(err, storage.ErrCorrupt) {
		return nil
	}
	return err
}
