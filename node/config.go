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
	Log            *slog.Logger
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
//	DIR/default           id of the default cluster
//	DIR/clusters/ID/      a cluster: journal and storage
type directory struct {
	path string
	lock *os.File
}

// ErrLocked means that another process serves the data directory.
var ErrLocked = errors.New("another zorya process is using this data directory")

// openDirectory makes the directory if it is missing and locks it.
func openDirectory(path string) (*directory, error) {
	if err := os.MkdirAll(filepath.Join(path, "clusters"), 0o700); err != nil {
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

func (d *directory) close() { d.lock.Close() }

func (d *directory) cluster(id string) string { return filepath.Join(d.path, "clusters", id) }

// defaultCluster reads the id of the default cluster; "" if there is none yet.
func (d *directory) defaultCluster() (string, error) {
	data, err := os.ReadFile(filepath.Join(d.path, "default"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(data))
	if !validClusterID.MatchString(id) {
		return "", fmt.Errorf("%s: %q is no cluster id", filepath.Join(d.path, "default"), id)
	}
	return id, nil
}

func (d *directory) setDefaultCluster(id string) error {
	return iam.WriteFile(filepath.Join(d.path, "default"), []byte(id+"\n"))
}

// validClusterID is the form of a cluster id: 26 characters of base32.
var validClusterID = regexp.MustCompile(`^[a-z2-7]{26}$`)
