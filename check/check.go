// Package check verifies a closed data directory: that every byte which is kept is
// what was written, and that what the bytes say is a consistent database. It
// changes nothing; a cluster is opened over a file system whose changes stay in
// memory.
//
// From the bottom up: every frame of the journal and every block of storage has its
// checksum and its place; storage stands where the journal says it does, and holds
// what the journal's records say; every descriptor, row and index entry can be
// decoded; every index has exactly the entries of its table's rows; no row breaks NOT
// NULL, a unique key or a foreign key.
package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Options say how much is checked.
type Options struct {
	// Quick checks files only: checksums and continuity, no rows.
	Quick bool
	// SkipForeignKeys leaves out the search for each row's parent.
	SkipForeignKeys bool
}

// A Finding is something that is not as it should be.
type Finding struct {
	File   string `json:"file,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
	// Object is what of SQL it concerns: a table, an index, a key.
	Object  string `json:"object,omitempty"`
	Problem string `json:"problem"`
	WayOut  string `json:"wayOut,omitempty"`
}

// String is the finding in a line.
func (f *Finding) String() string {
	var where string
	switch {
	case f.File != "" && f.Offset != nil:
		where = fmt.Sprintf("file %s, offset %d: ", f.File, *f.Offset)
	case f.File != "":
		where = fmt.Sprintf("file %s: ", f.File)
	}
	if f.Object != "" {
		where += f.Object + ": "
	}
	return where + f.Problem
}

// A Cluster is what one cluster of the directory holds.
type Cluster struct {
	Dir      string    `json:"dir"`
	Journal  Journal   `json:"journal"`
	Storage  Storage   `json:"storage"`
	Content  *Content  `json:"content,omitempty"` // nil: not checked
	Notes    []string  `json:"notes,omitempty"`   // Worth knowing, and no damage.
	Findings []Finding `json:"findings"`
	wayOut   string    // Of its findings.
}

// Journal, Storage and Content count what was checked.
type (
	Journal struct {
		Segments int    `json:"segments"`
		Bytes    int64  `json:"bytes"`
		Frames   int    `json:"frames"`
		Records  uint64 `json:"records"`
		First    uint64 `json:"first"`
		Last     uint64 `json:"last"`
		Marked   uint64 `json:"marked"`
	}
	Storage struct {
		Tables  int    `json:"tables"`
		Blocks  int    `json:"blocks"`
		Bytes   int64  `json:"bytes"`
		Applied uint64 `json:"applied"`
	}
	Content struct {
		Descriptors int   `json:"descriptors"`
		Tables      int   `json:"tables"`
		Indexes     int   `json:"indexes"`
		Rows        int64 `json:"rows"`
		Entries     int64 `json:"entries"`
		Versions    int64 `json:"versions"` // Superseded, for snapshots that may still be read.
		Purging     int64 `json:"purging"`  // Keys of dropped tables, to be removed.
	}
)

// A Report is the outcome of a check.
type Report struct {
	Dir      string    `json:"dir"`
	Clusters []Cluster `json:"clusters"`
	Findings []Finding `json:"findings"` // Of the directory itself.
}

// Sound reports whether nothing was found.
func (r *Report) Sound() bool {
	return len(r.Findings) == 0 && !slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return len(c.Findings) > 0 })
}

// Directory checks a data directory, or the directory of one cluster. An error says
// that it could not be checked; damage is in the report.
func Directory(ctx context.Context, dir string, o Options) (*Report, error) {
	r := &Report{Dir: dir, Findings: []Finding{}}
	clusters := []string{dir}
	if isDir(filepath.Join(dir, "clusters")) {
		unlock, err := lock(dir)
		if err != nil {
			return nil, err
		}
		defer unlock()
		if clusters, err = r.shared(dir); err != nil {
			return nil, err
		}
	} else if !isDir(filepath.Join(dir, "journal")) && !isDir(filepath.Join(dir, "storage")) {
		return nil, fmt.Errorf("%s is neither a data directory of zorya nor a cluster: it has no clusters, journal or storage", dir)
	}
	for _, name := range clusters {
		c, err := oneCluster(ctx, name, o)
		if err != nil {
			return nil, err
		}
		r.Clusters = append(r.Clusters, *c)
	}
	return r, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
