package node

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"zorya/cluster"
	"zorya/iam"
	"zorya/profile"
	"zorya/session"
	"zorya/sql/catalog"
	"zorya/sql/jobs"
	"zorya/sql/pgcatalog"
	"zorya/txn"
)

// clusters are the DSQL clusters of a data directory. A cluster is opened when
// somebody uses it and closed when nobody has for a while and no job runs; the
// default one stays open. Safe for concurrent use.
type clusters struct {
	dir     *directory
	options cluster.Options // that all of them share
	prof    *profile.Profile
	log     *slog.Logger
	def     string // the default cluster
	fresh   bool   // it is being made, by the first start

	mu   sync.Mutex
	byID map[string]*slot
}

// A slot is where a cluster stands. Its mutex serialises opening and closing.
type slot struct {
	mu    sync.Mutex
	open  *openCluster // nil: closed
	users int
	idle  time.Time // since when users is 0
}

// openCluster is a cluster and what serves SQL over it.
type openCluster struct {
	id     string
	c      *cluster.Cluster
	shared session.Shared
	jobs   *jobs.Runner
}

// idleTimeout is how long a cluster stays open without users.
const idleTimeout = 5 * time.Minute

// newClusterID is 26 characters of base32, as DSQL's ids are.
func newClusterID() string {
	var b [16]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// openClusters finds the clusters of a directory and makes the default one if
// there is none.
func openClusters(dir *directory, prof *profile.Profile, cfg Config) (*clusters, error) {
	cs := &clusters{dir: dir, prof: prof, log: cfg.Log, byID: map[string]*slot{}}
	cs.options = cluster.Options{FS: cfg.FS, ReplayBytes: cfg.ReplayBytes, SegmentSize: cfg.SegmentSize, Cache: cluster.NewCache()}
	if err := cs.find(); err != nil {
		return nil, err
	}
	var err error
	if cs.def, cs.fresh, err = dir.defaultCluster(); err != nil {
		return nil, err
	}
	switch {
	case cs.def == "" && len(cs.byID) > 0:
		return nil, fmt.Errorf("%s/default is missing: write the id of the default cluster into it, one of those in %s/clusters", dir.path, dir.path)
	case cs.def == "":
		cs.def = newClusterID()
		if err := dir.setDefaultCluster(cs.def, true); err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
	case cs.byID[cs.def] == nil && !cs.fresh:
		return nil, fmt.Errorf("%s names the default cluster %s, but its files are missing: %s", dir.path+"/default", cs.def, dir.cluster(cs.def))
	}
	if cs.byID[cs.def] == nil {
		cs.byID[cs.def] = &slot{}
	}
	return cs, nil
}

// find finds the clusters of the directory.
func (cs *clusters) find() error {
	files := cs.options.FS
	names, err := files.List(cs.dir.path + "/clusters")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range names {
		info, err := files.Stat(cs.dir.cluster(name))
		if err != nil {
			return err
		}
		if info.IsDir() && validClusterID.MatchString(name) {
			cs.byID[name] = &slot{}
		}
	}
	return nil
}

// established notes that the first start has made everything.
func (cs *clusters) established() error {
	if !cs.fresh {
		return nil
	}
	if err := cs.dir.setDefaultCluster(cs.def, false); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	cs.fresh = false
	return nil
}

func (cs *clusters) exists(id string) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byID[id] != nil
}

// use opens a cluster if need be and keeps it open until release is called.
func (cs *clusters) use(ctx context.Context, id string) (c *openCluster, release func(), err error) {
	cs.mu.Lock()
	s := cs.byID[id]
	cs.mu.Unlock()
	if s == nil {
		return nil, nil, iam.Denied("cluster %q is not here", id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		if s.open, err = cs.open(ctx, id); err != nil {
			return nil, nil, err
		}
	}
	s.users++
	var once sync.Once
	return s.open, func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.users--
			s.idle = time.Now()
		})
	}, nil
}

// open opens a cluster, makes its catalog if it is new, and starts its jobs.
func (cs *clusters) open(ctx context.Context, id string) (*openCluster, error) {
	lim := cs.prof.Limits
	o := cs.options
	o.Log, o.Existing = cs.log.With("cluster", id), !cs.fresh
	o.Limits = txn.Limits{Rows: lim.RowsPerTxn, Bytes: int64(lim.TxnBytes), Age: lim.TxnAge}
	c, err := cluster.Open(cs.dir.cluster(id), o)
	if err != nil {
		return nil, err
	}
	open := &openCluster{id: id, c: c}
	db := c.DB()
	if err := bootstrap(ctx, db); err != nil {
		c.Close()
		return nil, fmt.Errorf("make catalog: %w", err)
	}
	cache := catalog.NewCache(pgcatalog.Tables())
	open.jobs = jobs.Start(jobs.Config{DB: db, Catalog: cache, Changes: c.Changes, Limits: session.StatementLimits(lim), Log: cs.log.With("cluster", id)})
	open.shared = session.Shared{DB: db, Catalog: cache, Profile: cs.prof, Sequences: session.NewSequences(db), Jobs: open.jobs, Log: cs.log}
	return open, nil
}

func bootstrap(ctx context.Context, db *txn.DB) error {
	tx, err := db.Begin(ctx, txn.Options{})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := catalog.Bootstrap(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

func (o *openCluster) close() error {
	o.jobs.Stop()
	return o.c.Close()
}

// mapped checks that an IAM principal may connect as a role.
func (o *openCluster) mapped(ctx context.Context, arn, role string) error {
	tx, err := o.shared.DB.Begin(ctx, txn.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	snap, err := o.shared.Catalog.At(ctx, tx)
	if err != nil {
		return err
	}
	r := snap.RoleByName(role)
	if r == nil {
		return iam.Denied("role %q does not exist", role)
	}
	for _, m := range snap.Mappings() {
		if m.ARN == arn && m.Role == r.OID {
			return nil
		}
	}
	return iam.Denied("no AWS IAM GRANT maps %s to role %q", arn, role)
}

// closeIdle closes clusters that nobody has used for a while.
func (cs *clusters) closeIdle(now time.Time) {
	cs.mu.Lock()
	slots := make(map[string]*slot, len(cs.byID))
	for id, s := range cs.byID {
		if id != cs.def {
			slots[id] = s
		}
	}
	cs.mu.Unlock()
	for id, s := range slots {
		s.mu.Lock()
		if s.open != nil && s.users == 0 && now.Sub(s.idle) > idleTimeout && !s.open.jobs.Busy() {
			if err := s.open.close(); err != nil {
				cs.log.Error("close cluster", "cluster", id, "err", err)
			}
			s.open = nil
		}
		s.mu.Unlock()
	}
}

// close closes all clusters.
func (cs *clusters) close() error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var first error
	for id, s := range cs.byID {
		s.mu.Lock()
		if s.open != nil {
			if err := s.open.close(); err != nil && first == nil {
				first = fmt.Errorf("close cluster %s: %w", id, err)
			}
			s.open = nil
		}
		s.mu.Unlock()
	}
	return first
}
