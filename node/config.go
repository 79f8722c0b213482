// Package node is the composition root: it opens a data directory, builds the
// parts of a process and runs them until it is told to stop.
package node

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/iam"
	"zorya/profile"
)

// Config says how a node runs. The zero value of a field means its default.
type Config struct {
	Dir      string // data directory; made if it is missing
	PgAddr   string // address of the PostgreSQL door, host:port
	HTTPAddr string // address of health and metrics; "" for none
	Region   string
	Profile  string
	// Plaintext lets clients in without TLS. Only for loopback addresses.
	Plaintext bool
	// ConnectionRate limits new connections per second, after a burst of ten times
	// as many; 0 for no limit.
	ConnectionRate int
	// SegmentSize is where a segment of a journal ends, in bytes; 0 for the default.
	SegmentSize int64
	// FS holds the clusters; nil: the operating system's. Identities and certificates
	// are always on that.
	FS vfs.FS
	// ReplayBytes bounds the journal that a cluster keeps and may have to replay after
	// a crash; 0: the cluster's own bound.
	ReplayBytes int64
	Log         *slog.Logger
}

// Defaults of a Config.
const (
	DefaultPgAddr   = "127.0.0.1:5432"
	DefaultHTTPAddr = "127.0.0.1:8080"
	DefaultRegion   = "us-east-1"
)

func (c *Config) fill() error {
	if c.Dir == "" {
		return errors.New("no data directory given")
	}
	if c.PgAddr == "" {
		c.PgAddr = DefaultPgAddr
	}
	if c.Region == "" {
		c.Region = DefaultRegion
	}
	if c.Profile == "" {
		c.Profile = profile.Default
	}
	if _, ok := profile.Lookup(c.Profile); !ok {
		return fmt.Errorf("unknown profile %q: use dsql or extended", c.Profile)
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// A directory is a data directory in use by this process.
//
//	DIR/LOCK              held while a server runs
//	DIR/ca.pem            certificate authority, for sslrootcert
//	DIR/ca-key.pem        its key
//	DIR/credentials       the root access key, as AWS tools read it
//	DIR/identities.json   users, roles, access keys
//	DIR/default           id of the default cluster; "new" behind it during the first start
//	DIR/control.sock      while a server runs: for commands on this machine
//	DIR/clusters/ID/      a cluster: journal and storage
type directory struct {
	path string
	lock *os.File
}

// ErrLocked means that another process serves the data directory.
var ErrLocked = errors.New("another zorya process is using this data directory")

// openDirectory makes the directory if it is missing and locks it.
func openDirectory(path string) (*directory, error) {
	if err := makeDirectory(filepath.Join(path, "clusters")); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", path, ErrLocked)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	return &directory{path: path, lock: lock}, nil
}

// makeDirectory makes a directory and those above it that are missing, and makes
// them durable: a directory is an entry of its parent.
func makeDirectory(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if err := makeDirectory(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(parent)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (d *directory) close() { d.lock.Close() }

func (d *directory) cluster(id string) string { return filepath.Join(d.path, "clusters", id) }

// freshMark stands in DIR/default behind the id until the first start has made
// everything: what is missing later has been lost, and is not made anew.
const freshMark = " new"

// defaultCluster reads the id of the default cluster; "" if there is none yet. fresh
// says that it was being made.
func (d *directory) defaultCluster() (id string, fresh bool, err error) {
	name := filepath.Join(d.path, "default")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", true, nil
	}
	if err != nil {
		return "", false, err
	}
	id, fresh = strings.CutSuffix(strings.TrimSuffix(string(data), "\n"), freshMark)
	if !validClusterID.MatchString(id) {
		return "", false, fmt.Errorf("%s is damaged: %q is no cluster id; write that of the cluster into it", name, id)
	}
	return id, fresh, nil
}

func (d *directory) setDefaultCluster(id string, fresh bool) error {
	if fresh {
		id += freshMark
	}
	return iam.WriteFile(filepath.Join(d.path, "default"), []byte(id+"\n"))
}

// checkFiles makes sure that what an earlier start has made is still there: files
// that would silently be made anew, with other keys in them.
func (d *directory) checkFiles() error {
	for _, pair := range [][2]string{{"identities.json", "credentials"}, {"ca.pem", "ca-key.pem"}} {
		for i, name := range pair {
			_, err := os.Stat(filepath.Join(d.path, name))
			other := pair[1-i]
			_, otherErr := os.Stat(filepath.Join(d.path, other))
			if errors.Is(err, fs.ErrNotExist) && otherErr == nil && name != "credentials" {
				return fmt.Errorf("%s is missing: restore it from a backup, or remove %s too, and new keys will be made",
					filepath.Join(d.path, name), other)
			}
		}
	}
	return nil
}

// validClusterID is the form of a cluster id: 26 characters of base32.
var validClusterID = regexp.MustCompile(`^[a-z2-7]{26}$`)
